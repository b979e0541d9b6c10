"""The queue as a whole: how it stands, pause, resume."""

from __future__ import annotations

from collections.abc import Mapping

from blueprints import queue_schemas as schemas
from blueprints.rest import Resource, services
from soulspot_arr.ordering import QueueState

resource = Resource("queue", "The queue as a whole: pauses, quiet hours, counts and limits.")


@resource.route("")
@resource.response(200, schemas.Queue)
def state() -> QueueState:
    """Show how the queue stands"""
    return services().ordering.state()


@resource.route("/pause", methods=["POST"])
@resource.arguments(schemas.Pause)
@resource.response(200, schemas.Queue)
def pause(body: Mapping[str, float | None]) -> QueueState:
    """Ask for nothing new until resumed, or for some seconds

    What has been asked for goes on, and grabs of priority Force are asked for all the same.
    """
    services().ordering.pause(seconds=body["seconds"])
    return services().ordering.state()


@resource.route("/resume", methods=["POST"])
@resource.response(200, schemas.Queue)
def resume() -> QueueState:
    """Go on"""
    services().ordering.resume()
    return services().ordering.state()
