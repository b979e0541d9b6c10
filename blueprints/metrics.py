"""`/metrics` for Prometheus: text, not JSON, and outside of `/api/v1`, where scrapers look for it."""

from __future__ import annotations

from flask import Blueprint, Response

from blueprints import auth
from blueprints.rest import services
from soulspot_arr.metrics import CONTENT_TYPE

blueprint = Blueprint("metrics", __name__)


@blueprint.get("/metrics")
def scrape() -> Response:
    """Everything that is measured, for whoever has the API key."""
    auth.require_api_key(services().settings)
    return Response(services().metrics.text(), content_type=CONTENT_TYPE)
