"""`/searches` (contract slskd §3): validation, the leftover records, the one-at-a-time POST."""

from __future__ import annotations

from dataclasses import dataclass

from soulspot_arr.simulator.application import Application
from soulspot_arr.simulator.clock import Script
from soulspot_arr.simulator.matching import Query, parse
from soulspot_arr.simulator.searches import Limits, Search
from soulspot_arr.simulator.web import Refused, Reply, Request, Router, empty, reply_json
from soulspot_arr.simulator.wire import Json, parse_guid

_INT_MAX = 2_147_483_647


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    default: int
    minimum: int


_NUMBERS = (
    _Field("searchTimeout", 15_000, 5),
    _Field("responseLimit", 250, 0),
    _Field("fileLimit", 25_000, 0),
    _Field("minimumResponseFileCount", 1, 0),
    _Field("minimumPeerUploadSpeed", 0, 0),
    _Field("maximumPeerQueueLength", _INT_MAX, 0),
)


class SearchRoutes:
    """Handlers of the search endpoints."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def register(self, router: Router) -> None:
        """Add the routes below `/api/v0`."""
        router.add("POST", "searches", self._post, body=True)
        router.add("GET", "searches", self._list)
        router.add("GET", "searches/{id}", self._get)
        router.add("GET", "searches/{id}/responses", self._responses)
        router.add("PUT", "searches/{id}", self._stop)
        router.add("DELETE", "searches/{id}", self._delete)

    def _guard(self) -> None:
        if self._app.agent:
            raise Refused(403)

    def _find(self, request: Request) -> Search:
        self._guard()
        # A non-GUID id is simply not found (contract slskd §3.5).
        search = self._app.searches.get(parse_guid(request.params["id"]) or "")
        if search is None:
            raise Refused(404)
        return search

    def _list(self, _: Request) -> Reply:
        self._guard()
        return reply_json([search.to_json() for search in self._app.searches.all()])

    def _get(self, request: Request) -> Reply:
        search = self._find(request)
        wanted = request.flag("includeResponses")
        responses = self._app.searches.responses(search.id) if wanted else []
        return reply_json(search.to_json(responses))

    def _responses(self, request: Request) -> Reply:
        return reply_json(self._app.searches.responses(self._find(request).id))

    def _stop(self, request: Request) -> Reply:
        self._app.searches.stop(self._find(request).id)
        return empty(200)

    def _delete(self, request: Request) -> Reply:
        self._app.searches.forget(self._find(request).id)
        return empty(204)

    def _post(self, request: Request) -> Script[Reply]:
        self._guard()
        body = request.fields()
        limits = _limits(body, validate=self._app.process.profile.validates_numbers)
        text = _text(body)
        id_ = self._id(body)
        self._app.search_throttle.take()
        try:
            pause = self._app.process.timings.search_post
            if pause and not (self._app.process.clock.manual and pause < 0.1):
                yield pause
            return reply_json(self._begin(id_, parse(text), limits).to_json())
        finally:
            self._app.search_throttle.give()

    def _id(self, body: dict[str, Json]) -> str:
        given = body.get("id")
        if given is None:
            return self._app.process.new_id()
        id_ = parse_guid(given)
        if id_ is None:
            raise Refused(400, f"The JSON value could not be converted to a Guid: {given}")
        return id_

    def _begin(self, id_: str, query: Query, limits: Limits) -> Search:
        searches, link = self._app.searches, self._app.link
        if searches.get(id_) is not None:
            # The database refuses the second insert; there is no 409 here (contract slskd §3.1).
            raise Refused(
                500,
                "An error occurred while saving the entity changes."
                " See the inner exception for details.",
            )
        search = searches.create(id_, query.text)
        if not query.terms:
            searches.fail_to_start(search)
            raise Refused(400, "Search query must contain at least one non-exclusion term")
        if not link.logged_in:
            searches.fail_to_start(search)
            raise Refused(
                409,
                "The server connection must be connected and logged in to perform a search"
                f" (currently: {link.state})",
            )
        if not query.sent().terms:
            searches.fail_to_start(search)
            raise Refused(
                400, "Search query must contain at least one term longer than 1 character"
            )
        searches.start(search, query, limits)
        return search


def _text(body: dict[str, Json]) -> str:
    text = body.get("searchtext")
    if not isinstance(text, str) or not text.strip():
        raise Refused(400, "SearchText may not be null or empty")
    return text


def _limits(body: dict[str, Json], *, validate: bool) -> Limits:
    values: dict[str, int] = {}
    for item in _NUMBERS:
        value = body.get(item.name.lower())
        if value is None:
            value = item.default
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _INT_MAX:
            raise Refused(400, f"The JSON value could not be converted: {item.name}")
        if validate and value < item.minimum:
            raise Refused(
                400,
                f"The field {item.name} must be between {item.minimum} and {_INT_MAX}.",
            )
        values[item.name] = max(value, 0)
    filtering = body.get("filterresponses")
    if filtering is not None and not isinstance(filtering, bool):
        raise Refused(400, "The JSON value could not be converted: filterResponses")
    return Limits(
        timeout=values["searchTimeout"],
        responses=values["responseLimit"],
        files=values["fileLimit"],
        filtering=True if filtering is None else filtering,
        minimum_files=values["minimumResponseFileCount"],
        minimum_speed=values["minimumPeerUploadSpeed"],
        maximum_queue=values["maximumPeerQueueLength"],
    )
