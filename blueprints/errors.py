"""Errors become answers here, and only here: one JSON shape, never a page or a traceback.

The handlers are registered for the whole application by class and not by status code, so that a
blueprint which answers its errors in a language of its own keeps doing so.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from uuid import uuid4

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException, InternalServerError

from soulspot_arr.errors import (
    Conflict,
    DatabaseTrouble,
    InvalidInput,
    LidarrError,
    NotFound,
    ReleaseGone,
    SoulSpotError,
    SourceError,
    SourceOffline,
    SourceThrottled,
    SourceUnavailable,
    TooManyQuestions,
)

log = logging.getLogger(__name__)

# The first matching row counts: the special before the general.
_STATUS: tuple[tuple[type[SoulSpotError], HTTPStatus], ...] = (
    (InvalidInput, HTTPStatus.UNPROCESSABLE_ENTITY),
    (ReleaseGone, HTTPStatus.GONE),
    (NotFound, HTTPStatus.NOT_FOUND),
    (Conflict, HTTPStatus.CONFLICT),
    (SourceUnavailable, HTTPStatus.SERVICE_UNAVAILABLE),
    (SourceOffline, HTTPStatus.SERVICE_UNAVAILABLE),
    (SourceThrottled, HTTPStatus.SERVICE_UNAVAILABLE),
    (SourceError, HTTPStatus.BAD_GATEWAY),
    (LidarrError, HTTPStatus.BAD_GATEWAY),
    (DatabaseTrouble, HTTPStatus.SERVICE_UNAVAILABLE),
    (TooManyQuestions, HTTPStatus.SERVICE_UNAVAILABLE),
)


def register(app: Flask) -> None:
    """Answer every error that no blueprint answers itself."""
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(SoulSpotError, _known_error)


def _known_error(error: SoulSpotError) -> Response:
    status = next(
        (status for kind, status in _STATUS if isinstance(error, kind)),
        HTTPStatus.INTERNAL_SERVER_ERROR,
    )
    response = _problem(status, error.message, code=error.code)
    if isinstance(error, SourceThrottled):
        response.headers["Retry-After"] = str(max(1, round(error.retry_after)))
    return response


def _http_error(error: HTTPException) -> Response:
    if isinstance(error, InternalServerError) and error.original_exception is not None:
        return _unexpected(error.original_exception)
    status = HTTPStatus(error.code or 500)
    found = _validation(error)
    if found:
        message = f"The request does not fit: {'; '.join(_sentences(found))}."
        response = _problem(status, message, code=InvalidInput.code, errors=found)
    else:
        name = status.name.lower()
        response = _problem(status, error.description or error.name, code=name)
    for header, value in error.get_headers():
        if header.lower() != "content-type":
            response.headers[header] = value
    return response


def _unexpected(error: BaseException) -> Response:
    # Flask has just logged the traceback; this line ties it to what the caller was shown.
    ref = uuid4().hex[:8]
    log.error("%s %s broke, ref %s: %s", request.method, request.path, ref, type(error).__name__)
    message = f"Something went wrong in here; the log says more about {ref}."
    return _answer(HTTPStatus.INTERNAL_SERVER_ERROR, message, code="internal_error", ref=ref)


def _problem(
    status: HTTPStatus, message: str, *, code: str, errors: Mapping[str, object] | None = None
) -> Response:
    ref = uuid4().hex[:8]
    level = logging.WARNING if status >= HTTPStatus.INTERNAL_SERVER_ERROR else logging.DEBUG
    log.log(level, "%s %s: %s (%s, ref %s)", request.method, request.path, message, code, ref)
    return _answer(status, message, code=code, ref=ref, errors=errors)


def _answer(
    status: HTTPStatus,
    message: str,
    *,
    code: str,
    ref: str,
    errors: Mapping[str, object] | None = None,
) -> Response:
    body: dict[str, object] = {
        "code": status.value,
        "status": status.phrase,
        "message": message,
        "error_code": code,
        "ref": ref,
    }
    if errors:
        body["errors"] = errors
    response = jsonify(body)
    response.status_code = status
    return response


def _validation(error: HTTPException) -> Mapping[str, object] | None:
    """What webargs found wrong with the arguments: {location: {field: [complaint]}}."""
    found = getattr(error, "data", {}).get("messages")
    return found if isinstance(found, Mapping) else None


def _sentences(found: object, path: str = "") -> list[str]:
    if isinstance(found, Mapping):
        return [
            sentence
            for key, inner in found.items()
            for sentence in _sentences(inner, f"{path}.{key}" if path else str(key))
        ]
    complaints = found if isinstance(found, list) else [found]
    return [f"{path}: {str(complaint).rstrip('.')}" for complaint in complaints]
