"""Injected troubles between client and slskd: errors, proxies, slow, cut and lost answers (L01-L03).

Rewrites replies; the application never knows.
"""

from __future__ import annotations

import fnmatch
import json
from dataclasses import dataclass, fields
from typing import cast

from soulspot_arr.errors import ConfigError
from soulspot_arr.simulator.web import Reply, Request, reply_json
from soulspot_arr.simulator.wire import Json, encode

KINDS = frozenset({"error", "proxy", "slow", "truncated", "reset", "wrong_types", "body"})
_LOCKED = "SQLite Error 5: 'database is locked'."


@dataclass(slots=True)
class Fault:
    """One trouble on requests whose path fits the glob `path`.

    kind: error (JSON string, `status`), proxy (HTML, `status`), slow (`delay` virtual seconds
    before the answer), truncated, reset, wrong_types, body (`body` instead of the real one).
    `times` None means always. `after` True lets slskd do the work before the trouble.
    """

    kind: str
    path: str = "*"
    method: str | None = None
    times: int | None = 1
    status: int = 0
    delay: float = 0.0
    body: Json = None
    after: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ConfigError(f"unknown fault '{self.kind}'; known: {', '.join(sorted(KINDS))}")


class Faults:
    """The faults still to happen, in the order they were given."""

    def __init__(self) -> None:
        self._pending: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self._pending.append(fault)

    def clear(self) -> None:
        self._pending.clear()

    def pick(self, request: Request) -> Fault | None:
        """The first fault that fits; consumes one of its times."""
        for fault in self._pending:
            if fault.method not in {None, request.method}:
                continue
            if not fnmatch.fnmatchcase(request.path, fault.path):
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self._pending.remove(fault)
            return fault
        return None


def fault_from(values: dict[str, Json]) -> Fault:
    """A Fault from JSON; raises ConfigError on unknown fields."""
    unknown = set(values) - {item.name for item in fields(Fault)}
    if unknown or "kind" not in values:
        raise ConfigError(f"not a fault: {', '.join(sorted(unknown)) or 'kind is missing'}")
    return Fault(**values)  # type: ignore[arg-type]


def instead(fault: Fault) -> Reply | None:
    """The answer that replaces slskd's, when the fault does not need the real one."""
    if fault.kind == "error":
        return reply_json(fault.body if fault.body is not None else _LOCKED, fault.status or 500)
    if fault.kind == "proxy":
        status = fault.status or 502
        page = (
            f"<html><head><title>{status}</title></head><body><center>nginx</center></body></html>"
        )
        return Reply(status, page.encode(), "text/html")
    if fault.kind == "body":
        return reply_json(fault.body, fault.status or 200)
    return None


def wrong_types(reply: Reply) -> Reply:
    """Numbers as strings and booleans as numbers, as a careless proxy or plugin might write."""
    if not reply.body or "json" not in (reply.content_type or ""):
        return reply
    body = _twist(cast(Json, json.loads(reply.body)))
    return Reply(reply.status, encode(body), reply.content_type, reply.headers)


def _twist(value: Json) -> Json:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, list):
        return [_twist(item) for item in value]
    if isinstance(value, dict):
        return {key: _twist(item) for key, item in value.items()}
    return value
