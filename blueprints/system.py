"""What runs here and how it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from blueprints import schemas
from blueprints.rest import Resource, services
from soulspot_arr import doctor
from soulspot_arr.jobs import JobView
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


@resource.route("/doctor")
@resource.response(200, schemas.HealthReport)
def examine() -> Mapping[str, object]:
    """Examine the whole chain now

    Takes seconds: it asks slskd and Lidarr, and puts a file into the downloads for a moment.
    """
    return {"checked_at": services().clock(), "checks": doctor.examine(services())}


@resource.route("/jobs")
@resource.response(200, schemas.JobRun(many=True))
def jobs() -> Sequence[JobView]:
    """List the background jobs with their last run"""
    return services().jobs.views()


@resource.route("/jobs/<name>/run", methods=["POST"])
@resource.response(202, schemas.JobRun)
def run_job(name: str) -> JobView:
    """Run a background job now

    It is asked for here and run by the process that runs the jobs, at the latest at its next
    heartbeat; `requested_at` becomes null when that process has taken it up.
    """
    return services().jobs.ask(name)
