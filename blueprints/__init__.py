"""The REST API below `/api/v1`, its documentation, and the hooks that other programs call.

Views translate between HTTP and the services and decide nothing. To add a resource: one module
with a `Resource`, its schemas in `schemas.py`, one line in `RESOURCES`.
"""

from __future__ import annotations

from flask import Flask, Response
from flask_smorest import Blueprint  # type: ignore[import-untyped]

from blueprints import (
    blocklist,
    docs,
    errors,
    events,
    grabs,
    hooks,
    metrics,
    queue,
    rest,
    searches,
    settings,
    system,
)
from soulspot_arr import __version__

SOULSPOT_ARR = __version__

RESOURCES = (
    grabs.resource,
    queue.resource,
    searches.resource,
    blocklist.resource,
    events.resource,
    settings.resource,
    system.resource,
    hooks.resource,
)


def register(app: Flask) -> None:
    """Add everything; services are expected in `app.extensions["soulspot"]`."""
    app.url_map.converters["nzo_id"] = rest.NzoId
    app.url_map.converters["row_id"] = rest.RowId
    app.after_request(_no_sniffing)
    api = docs.new_api()
    api.init_app(app, spec_kwargs={"tags": [_tag(resource) for resource in RESOURCES]})
    errors.register(app)  # after flask-smorest, whose own handler it replaces
    room = Blueprint("soulspot", __name__)
    for resource in RESOURCES:
        room.register_blueprint(resource)
    api.register_blueprint(room)
    app.register_blueprint(docs.blueprint, name="soulspot.docs")
    app.register_blueprint(metrics.blueprint, name="soulspot.metrics")


def _tag(resource: rest.Resource) -> dict[str, str]:
    return {"name": resource.name, "description": resource.description}


def _no_sniffing(response: Response) -> Response:
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    return response
