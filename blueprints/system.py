"""What runs here and how it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from blueprints import schemas
from blueprints.rest import Resource, services
from soulspot_arr.history import JobView
from soulspot_arr.services import Services

resource = Resource("system", "What runs here and how it is.")


@resource.route("/status")
@resource.response(200, schemas.Status)
def status() -> Services:
    """Say what runs here"""
    return services()


@resource.route("/health")
@resource.response(200, schemas.HealthReport)
def health() -> Mapping[str, object]:
    """Show what the last health check found"""
    checked_at, checks = services().health.last()
    return {"checked_at": checked_at, "checks": checks}


@resource.route("/jobs")
@resource.response(200, schemas.JobRun(many=True))
def jobs() -> Sequence[JobView]:
    """List the background jobs with their last run"""
    return services().history.jobs()
