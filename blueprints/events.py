"""What happened: the append-only list that history, live updates and audit read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypedDict

from blueprints import schemas
from blueprints.rest import Resource, page, services

resource = Resource("events", "What happened, one fact at a time.")


class _Query(TypedDict, total=False):
    after: int
    before: int
    limit: int
    grab_id: int
    kinds: Collection[str]


@resource.route("")
@resource.arguments(schemas.EventsQuery, location="query")
@resource.response(200, schemas.EventPage)
def listing(query: _Query) -> Mapping[str, object]:
    """List events

    Newest first; with `after` the oldest first, to follow what happens.
    """
    return page(services().history.events(**query), query["limit"])
