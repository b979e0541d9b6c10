"""The pattern of every REST resource: a typed, guarded flask-smorest blueprint.

A resource is a module with one `Resource`, views of three lines (take arguments, call one service
method, return) and schemas in `schemas.py`. This is the only module that knows flask-smorest is
untyped. It holds no view and no schema of its own.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from flask import Request, Response, request
from flask_smorest import Blueprint  # type: ignore[import-untyped]
from marshmallow import Schema
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import BadRequest, UnsupportedMediaType
from werkzeug.routing import BaseConverter, IntegerConverter, Map

from blueprints import auth
from soulspot_arr import gate

services = gate.services  # so that a resource needs this one room for its whole pattern
API = "/api/v1"
LARGEST_ID = 2**63 - 1  # ids are signed 64-bit integers in both databases
MAX_BODY = 1024 * 1024

_View = TypeVar("_View", bound=Callable[..., object])


class _Numbered(Protocol):
    @property
    def id(self) -> int: ...


class NzoId(BaseConverter):
    """Ids of grabs in a path; anything else is a 404 before the database is asked."""

    regex = "[A-Za-z0-9_-]{1,64}"


class RowId(IntegerConverter):
    """Ids of rows in a path; what no database could hold is a 404 before one is asked."""

    def __init__(self, map: Map) -> None:
        super().__init__(map, max=LARGEST_ID)


class _Parser(FlaskParser):
    """Arguments of views; a body that cannot be read is the caller's mistake, never a crash."""

    def load_json(self, req: Request, schema: Schema) -> object:
        """The JSON body of a request; raises UnsupportedMediaType or BadRequest.

        A schema that says `may_be_absent` takes an empty body for an empty object.
        """
        if not req.get_data() and getattr(schema, "may_be_absent", False):
            return {}
        if not req.is_json:
            raise UnsupportedMediaType("Send JSON with Content-Type: application/json.")
        try:
            return parse_json(req.get_data())
        except ValueError as error:
            raise BadRequest(f"The body is not usable JSON: {error}.") from error


class Resource(Blueprint):  # type: ignore[misc]
    """One REST resource below `/api/v1`: asks for the API key and is documented under its name."""

    ARGUMENTS_PARSER = _Parser()

    def __init__(
        self,
        name: str,
        description: str,
        *,
        prefix: str | None = None,
        guard: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(name, __name__, url_prefix=prefix or f"{API}/{name}")
        self.description = description
        self.before_request(_limit_body)
        self.before_request(guard or _require_api_key)
        self.after_request(_keep_out_of_caches)

    def route(
        self, rule: str, *, methods: Sequence[str] = ("GET",), **options: Any
    ) -> Callable[[_View], _View]:
        """Serve the view at this rule and document it under the name of the resource."""
        wrap: Callable[[_View], _View] = super().route(
            rule, methods=list(methods), tags=[self.name], **options
        )
        return wrap

    def arguments(
        self, schema: type[Schema], *, location: str = "json", **options: Any
    ) -> Callable[[_View], _View]:
        """Hand what the schema loads to the view as its first argument; 422 when it does not fit."""
        wrap: Callable[[_View], _View] = super().arguments(schema, location=location, **options)
        return wrap

    def response(
        self, status_code: int, schema: Schema | type[Schema] | None = None, **options: Any
    ) -> Callable[[_View], _View]:
        """Answer with this status and what the schema makes of the view's result."""
        wrap: Callable[[_View], _View] = super().response(status_code, schema, **options)
        return wrap

    def doc(self, **options: Any) -> Callable[[_View], _View]:
        """Add to the documentation of the view."""
        wrap: Callable[[_View], _View] = super().doc(**options)
        return wrap


def page(items: Sequence[_Numbered], limit: int) -> dict[str, object]:
    """One page of a list and the id to go on from, which is None when nothing can follow."""
    return {"items": items, "next": items[-1].id if len(items) == limit else None}


def parse_json(data: bytes) -> object:
    """The document in `data`; raises ValueError for anything a database could not keep.

    Python reads NaN, 1e999 and numbers of any length, which are no JSON to PostgreSQL.
    """
    try:
        return json.loads(data, parse_constant=_refuse, parse_float=_finite, parse_int=_bounded)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def storable(text: str) -> bool:
    """Whether both databases can keep the text: no NUL, and Unicode that can be encoded."""
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is not a number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


def _bounded(text: str) -> int:
    # Python refuses to read more than 4300 digits with a ValueError of its own.
    if len(text) > 20 or abs(int(text)) > LARGEST_ID:
        raise ValueError("a number is too large")
    return int(text)


def _require_api_key() -> None:
    auth.require_api_key(services().settings)


def _limit_body() -> None:
    request.max_content_length = MAX_BODY


def _keep_out_of_caches(response: Response) -> Response:
    response.headers.setdefault("Cache-Control", "no-store")
    return response
