"""The HTTP side of the double: a route table, JSON as Lidarr writes it, and faults.

Knows no endpoint. Every answer can be replaced, delayed, cut or withheld.
"""

from __future__ import annotations

import fnmatch
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from soulspot_arr.demo.lidarr.tables import Row
from soulspot_arr.listener import Connection


@dataclass(frozen=True, slots=True)
class Reply:
    """A finished answer; `kind` is its content type."""

    status: int
    body: bytes = b""
    kind: str = "application/json; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


def answer(value: object, status: int = 200) -> Reply:
    """A JSON answer without nulls."""
    return Reply(status, json.dumps(_without_nulls(value), ensure_ascii=False).encode())


class Refused(Exception):
    """An error answer; `body` is what Lidarr writes for it."""

    def __init__(self, status: int, body: object = None) -> None:
        super().__init__(status)
        self.status = status
        self.body = {"message": _PHRASES.get(status, "Error")} if body is None else body


_PHRASES = {404: "NotFound", 400: "BadRequest", 405: "MethodNotAllowed"}


@dataclass(slots=True)
class Request:
    """One request; query names in lower case, their values as lists.

    `afterwards` is for what has to wait until the answer is out (see `listener`).
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""
    params: dict[str, str] = field(default_factory=dict)
    afterwards: list[Callable[[], None]] = field(default_factory=list)

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    def values(self, name: str) -> list[str]:
        """All values of a query parameter, names in any case."""
        query = parse_qs(urlsplit(self.target).query, keep_blank_values=True)
        return [one for key, found in query.items() if key.lower() == name.lower() for one in found]

    def text(self, name: str, default: str = "") -> str:
        """A query parameter."""
        return next(iter(self.values(name)), default)

    def flag(self, name: str, default: bool = False) -> bool:
        """A boolean query parameter; 400 for anything but true and false."""
        text = self.text(name).lower()
        if text in ("", "true", "false"):
            return default if not text else text == "true"
        raise Refused(400, {"errors": {name: [f"The value '{text}' is not valid."]}})

    def numbers(self, name: str) -> list[int]:
        """A repeatable integer query parameter."""
        try:
            return [int(one) for one in self.values(name) if one]
        except ValueError as error:
            raise Refused(400, {"errors": {name: [str(error)]}}) from error

    def number(self, name: str, default: int = 0) -> int:
        """An integer query parameter."""
        return next(iter(self.numbers(name)), default)

    @property
    def id(self) -> int:
        """The `{id}` of the route; 404 when it is no number."""
        if not self.params["id"].isdecimal():
            raise Refused(404)
        return int(self.params["id"])

    def json(self) -> Row:
        """The body as an object; 415 without JSON type, 400 when it is none."""
        body = self.any_json()
        if not isinstance(body, dict):
            raise Refused(400, {"title": "One or more validation errors occurred.", "status": 400})
        return body

    def any_json(self) -> object:
        """The body as whatever it is."""
        if "json" not in self.headers.get("content-type", "").lower():
            raise Refused(415, {"title": "Unsupported Media Type", "status": 415})
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise Refused(400, {"title": str(error), "status": 400}) from error


Handler = Callable[[Request], Reply]


class Router:
    """Routes by method and path; literal segments win over parameters."""

    def __init__(self) -> None:
        self._routes: list[tuple[str, tuple[str, ...], Handler]] = []

    def add(self, method: str, path: str, handler: Handler) -> None:
        """Register a handler; `{name}` segments are parameters."""
        self._routes.append((method, tuple(path.split("/")), handler))
        self._routes.sort(key=lambda route: tuple(part.startswith("{") for part in route[1]))

    def respond(self, request: Request, path: str) -> Reply:
        """The answer of the best route; Refused 404 or 405 when there is none."""
        given = path.strip("/").split("/")
        known = False
        for method, pattern, handler in self._routes:
            params = _match(pattern, given)
            if params is None:
                continue
            known = True
            if method == request.method:
                request.params = params
                return handler(request)
        raise Refused(405 if known else 404)


def _match(pattern: tuple[str, ...], given: list[str]) -> dict[str, str] | None:
    if len(pattern) != len(given):
        return None
    params = {}
    for wanted, part in zip(pattern, given, strict=True):
        if wanted.startswith("{"):
            params[wanted.strip("{}")] = unquote(part)
        elif wanted.lower() != part.lower():
            return None
    return params


# -- faults ------------------------------------------------------------------------------------


@dataclass(slots=True)
class Fault:
    """A trouble on requests whose path fits the glob `path`; `times` None means always.

    kind: error (`status`, `body`), unauthorized, html (a proxy's page), slow (`delay` seconds
    before the true answer), reset, truncated. `after` lets Lidarr do the work first.
    """

    kind: str
    path: str = "*"
    method: str | None = None
    times: int | None = 1
    status: int = 500
    delay: float = 0.0
    body: object = None
    after: bool = False

    def __post_init__(self) -> None:
        kinds = {"error", "unauthorized", "html", "slow", "reset", "truncated"}
        if self.kind not in kinds:
            raise ValueError(f"unknown fault '{self.kind}'; known: {', '.join(sorted(kinds))}")

    def instead(self) -> Reply | None:
        """The answer that takes the place of the true one."""
        if self.kind == "error":
            return answer(self.body or {"message": "database is locked"}, self.status)
        if self.kind == "unauthorized":
            return answer({"error": "Unauthorized"}, 401)
        if self.kind == "html":
            return Reply(self.status, b"<html><body>Bad Gateway</body></html>", "text/html")
        return None


def fault_from(values: Row) -> Fault:
    """A Fault from JSON; ValueError for unknown fields."""
    unknown = set(values) - {item.name for item in fields(Fault)}
    if unknown:
        raise ValueError(f"not a fault: {', '.join(sorted(unknown))}")
    return Fault(**values)


class Faults:
    """The faults still to happen."""

    def __init__(self) -> None:
        self._pending: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        self._pending.append(fault)

    def clear(self) -> None:
        self._pending.clear()

    def pick(self, request: Request) -> Fault | None:
        """The first that fits; one of its times is used up."""
        with self._lock:
            for fault in self._pending:
                if fault.method not in (None, request.method):
                    continue
                if not fnmatch.fnmatchcase(request.path, fault.path):
                    continue
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self._pending.remove(fault)
                return fault
        return None


# -- the way in and out ------------------------------------------------------------------------


class Owner(Protocol):
    """Whoever answers requests."""

    faults: Faults

    def respond(self, request: Request) -> Reply:
        """The true answer."""
        ...

    def is_control(self, request: Request) -> bool:
        """Whether faults leave this request alone."""
        ...


def serve(connection: Connection, owner: Owner) -> None:
    """Read one request and deliver its answer, its fault included."""
    length = int(connection.headers.get("Content-Length") or 0)
    request = Request(
        connection.command,
        connection.path,
        connection.lowered(),
        connection.rfile.read(length),
        afterwards=connection.afterwards,
    )
    fault = None if owner.is_control(request) else owner.faults.pick(request)
    reply = None if fault is not None and not fault.after else owner.respond(request)
    if fault is not None:
        time.sleep(fault.delay)
        instead = fault.instead()
        if fault.kind == "reset":
            connection.reset()
            return
        reply = instead or reply or owner.respond(request)
    assert reply is not None
    deliver(connection, reply, cut=fault is not None and fault.kind == "truncated")


def deliver(connection: Connection, reply: Reply, *, cut: bool) -> None:
    """Write a reply, or half of it."""
    connection.send_response(reply.status)
    connection.send_header("Content-Type", reply.kind)
    for name, value in reply.headers:
        connection.send_header(name, value)
    connection.send_header("Content-Length", str(len(reply.body)))
    connection.end_headers()
    if connection.command != "HEAD":
        connection.wfile.write(reply.body[: len(reply.body) // 2] if cut else reply.body)
    if cut:
        connection.close_connection = True


def _without_nulls(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_nulls(one) for key, one in value.items() if one is not None}
    if isinstance(value, list):
        return [_without_nulls(one) for one in value]
    return value
