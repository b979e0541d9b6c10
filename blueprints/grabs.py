"""Albums that were handed over: the queue and the history in one list."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypedDict

from blueprints import queue_schemas, schemas, timeline_schemas
from blueprints.rest import Resource, page, services
from soulspot_arr.commands import Command, Outcome
from soulspot_arr.domain import GrabState
from soulspot_arr.ordering import Wish
from soulspot_arr.queue_manager import GrabView

resource = Resource("grabs", "Albums that were handed over: the queue and the history.")


class _Query(TypedDict, total=False):
    before: int
    limit: int
    state: Collection[GrabState]


@resource.route("")
@resource.arguments(schemas.GrabsQuery, location="query")
@resource.response(200, schemas.GrabPage)
def listing(query: _Query) -> Mapping[str, object]:
    """List grabs of all states, newest first"""
    found = services().queue_manager.page(
        before=query.get("before"), limit=query["limit"], states=query["state"]
    )
    return page(found, query["limit"])


@resource.route("/<nzo_id:nzo_id>")
@resource.response(200, timeline_schemas.GrabStory)
def one(nzo_id: str) -> Mapping[str, object]:
    """Show one grab, with its timeline from search to import"""
    grab = services().queue_manager.find(nzo_id)
    return {**grab._asdict(), "story": services().history.timeline(nzo_id)}


@resource.route("/<nzo_id:nzo_id>", methods=["PATCH"])
@resource.arguments(queue_schemas.GrabChanges)
@resource.response(200, schemas.Grab)
def change(wish: Wish, nzo_id: str) -> GrabView:
    """Change the priority, the place, the pause, the start or the category of a grab

    All or nothing; the answer is the grab as it is afterwards. What has been asked for goes on.
    """
    services().ordering.arrange(nzo_id, wish)
    return services().queue_manager.find(nzo_id)


@resource.route("/actions", methods=["POST"])
@resource.arguments(queue_schemas.GrabActions)
@resource.response(200, queue_schemas.Outcomes)
def act(command: Command) -> Mapping[str, list[Outcome]]:
    """Do the same with several grabs

    The answer says for each id what became of it; an id that is not known keeps no other from it.
    """
    return {"results": services().commands.carry_out(command)}


@resource.route("/<nzo_id:nzo_id>", methods=["DELETE"])
@resource.response(200, schemas.Grab)
def cancel(nzo_id: str) -> GrabView:
    """Cancel a grab

    The answer is the grab as it is afterwards: one that is already over stays as it was.
    """
    services().queue_manager.cancel([nzo_id], reason="Cancelled through the API.")
    return services().queue_manager.find(nzo_id)


@resource.route("/<nzo_id:nzo_id>/retry", methods=["POST"])
@resource.response(201, schemas.Grab)
def retry(nzo_id: str) -> GrabView:
    """Try a failed or cancelled grab again

    The answer is a new grab with an id of its own: Lidarr never looks at an ended id again.
    """
    fresh = services().queue_manager.retry(nzo_id)
    return services().queue_manager.find(fresh)
