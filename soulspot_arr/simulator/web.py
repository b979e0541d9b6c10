"""Requests, replies and the route table, as ASP.NET would match them (contract slskd §0.1, §5.1).

Knows the framework's habits (415, 405, literal segments first, raw request target) but no slskd
endpoint and no socket.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import parse_qs, unquote

from soulspot_arr.simulator.clock import Outcome, Script
from soulspot_arr.simulator.wire import Json, encode, without_nulls

_JSON = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Reply:
    """A finished HTTP answer."""

    status: int
    body: bytes = b""
    content_type: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


def reply_json(
    value: Json, status: int = 200, *, headers: tuple[tuple[str, str], ...] = ()
) -> Reply:
    """A JSON body with every null property left out."""
    return Reply(status, encode(without_nulls(value)), _JSON, headers)


def empty(status: int) -> Reply:
    """A status without body (automatic ProblemDetails is switched off since 0.22)."""
    return Reply(status)


class Refused(Outcome):
    """Raised by a handler to answer with an error."""

    def __init__(self, status: int, message: str | None = None) -> None:
        super().__init__(message or str(status))
        self.status = status
        self.message = message

    def reply(self) -> Reply:
        """Errors with a text are JSON string literals; without, the body is empty."""
        return empty(self.status) if self.message is None else reply_json(self.message, self.status)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls: `scheme` is apikey, jwt or none; `role` as slskd names it."""

    scheme: str
    name: str
    role: str


@dataclass(slots=True)
class Request:
    """One request with its path still raw, because only some parameters decode `%2F`.

    `afterwards` is for what has to wait until the answer is out (see `listener`).
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""
    client: str = "127.0.0.1"
    params: dict[str, str] = field(default_factory=dict)
    principal: Principal | None = None
    afterwards: list[Callable[[], None]] = field(default_factory=list)

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        parsed = parse_qs(self.target.partition("?")[2], keep_blank_values=True)
        return {key.lower(): values[-1] for key, values in parsed.items()}

    def flag(self, name: str) -> bool:
        """A boolean query parameter; anything unparsable is a 400 like any other bad model."""
        text = self.query.get(name.lower())
        if text is None or text.lower() == "false":
            return False
        if text.lower() == "true":
            return True
        raise Refused(400, f"The value '{text}' is not valid.")

    def number(self, name: str, default: int) -> int:
        """An integer query parameter."""
        text = self.query.get(name.lower())
        if text is None:
            return default
        if not re.fullmatch(r"-?\d+", text):
            raise Refused(400, f"The value '{text}' is not valid.")
        return int(text)

    def json(self) -> Json:
        """The body as JSON, or 400."""
        try:
            return cast(Json, json.loads(self.body))
        except ValueError as error:
            raise Refused(400, f"The JSON value could not be converted: {error}") from error

    def fields(self) -> dict[str, Json]:
        """The body as a model: property names match case-insensitively, so keys are lowered."""
        return lowered(self.json())

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


def lowered(value: Json) -> dict[str, Json]:
    """An object with lower-case keys, or 400 when `value` is none."""
    if not isinstance(value, dict):
        raise Refused(400, "A non-empty request body is required.")
    return {key.lower(): item for key, item in value.items()}


Handler = Callable[[Request], "Reply | Script[Reply]"]


@dataclass(frozen=True, slots=True)
class Route:
    """`access`: any, anonymous, admin (any scheme, Administrator) or jwt (JWT Administrator)."""

    method: str
    pattern: tuple[str, ...]
    handler: Handler
    access: str = "any"
    needs_body: bool = False

    def match(self, segments: list[str]) -> dict[str, str] | None:
        """The route parameters when `segments` (raw) fit this pattern."""
        if len(segments) != len(self.pattern):
            return None
        params: dict[str, str] = {}
        for wanted, given in zip(self.pattern, segments, strict=True):
            if not wanted.startswith("{"):
                if wanted.lower() != decode(given).lower():
                    return None
            else:
                name = wanted.strip("{}")
                # Only user names are decoded from the raw target; elsewhere %2F survives.
                params[name] = unquote(given) if name == "username" else decode(given)
        return params

    @property
    def rank(self) -> tuple[bool, ...]:
        """Literal segments win over parameters, leftmost first."""
        return tuple(part.startswith("{") for part in self.pattern)


def decode(segment: str) -> str:
    """Percent-decode a path segment except an encoded slash."""
    return "%2F".join(unquote(part) for part in re.split("%2[fF]", segment))


def split_path(path: str) -> list[str]:
    """Segments of a raw path after the dot-segment removal every web server does."""
    segments: list[str] = []
    for part in path.split("/"):
        plain = unquote(part)
        if plain == "..":
            del segments[-1:]
        elif part and plain != ".":
            segments.append(part)
    return segments


class Router:
    """The route table of one application."""

    def __init__(self) -> None:
        self._routes: list[Route] = []

    def add(
        self, method: str, path: str, handler: Handler, *, access: str = "any", body: bool = False
    ) -> None:
        """Register `handler`; `{name}` segments are parameters."""
        pattern = tuple(part for part in path.split("/") if part)
        self._routes.append(Route(method, pattern, handler, access, body))
        self._routes.sort(key=lambda route: route.rank)

    def find(self, method: str, segments: list[str]) -> tuple[Route, dict[str, str]] | None:
        """The best route; raises 405 when only the method is wrong, None when nothing fits."""
        known = False
        for route in self._routes:
            params = route.match(segments)
            if params is None:
                continue
            known = True
            if route.method == method:
                return route, params
        if known:
            raise Refused(405)
        return None


def check_content_type(request: Request, route: Route) -> None:
    """Controllers consume JSON only: another type, or none where a body is bound, is 415."""
    kind = request.media_type
    if (kind and kind != "application/json") or (route.needs_body and not kind):
        raise Refused(415)
