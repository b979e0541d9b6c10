"""Whatever goes wrong is told in one JSON shape; nothing of the inside gets out."""

from __future__ import annotations

import logging

import pytest
from flask import Blueprint, Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from soulspot_arr.errors import (
    Conflict,
    DatabaseTrouble,
    FileCorrupt,
    ForeignNzb,
    GrabNotFound,
    IllegalTransition,
    InvalidQuery,
    InvalidSetting,
    LidarrError,
    LockedByEnvironment,
    ReleaseGone,
    SoulSpotError,
    SourceAuth,
    SourceProtocol,
    SourceRefused,
    SourceThrottled,
    SourceUnavailable,
)
from tests.blueprints.world import problem

SECRET = "postgresql://user:hunter2@host"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InvalidSetting("no"), 422),
        (InvalidQuery("no"), 422),
        (ForeignNzb("no"), 422),
        (GrabNotFound("no"), 404),
        (ReleaseGone("no"), 410),
        (Conflict("no"), 409),
        (IllegalTransition("no"), 409),
        (LockedByEnvironment("no"), 409),
        (SourceUnavailable("no", source="slskd"), 503),
        (SourceThrottled("no", source="slskd", retry_after=2.4), 503),
        (SourceRefused("no", source="slskd", kind="rejected"), 502),
        (SourceAuth("no", source="slskd"), 502),
        (SourceProtocol("no", source="slskd", excerpt="<html>"), 502),
        (LidarrError("no"), 502),
        (DatabaseTrouble("no"), 503),
        (FileCorrupt("no"), 500),
        (SoulSpotError("no"), 500),
    ],
    ids=lambda value: value.code if isinstance(value, SoulSpotError) else str(value),
)
def test_each_error_of_ours_has_its_status(
    app: Flask, stranger: FlaskClient, error: SoulSpotError, status: int
) -> None:
    """The stable code and the sentence travel; data of the error stay inside."""

    def view() -> str:
        raise error

    app.add_url_rule("/broken", view_func=view)
    body = problem(stranger.get("/broken"), status, error.code)
    assert body["message"] == "no"
    assert set(body) == {"code", "status", "message", "error_code", "ref"}


def test_a_throttled_source_says_when_to_come_back(app: Flask, stranger: FlaskClient) -> None:
    """Retry-After in whole seconds, never zero."""

    def view() -> str:
        raise SourceThrottled("busy", source="slskd", retry_after=0.3)

    app.add_url_rule("/busy", view_func=view)
    assert stranger.get("/busy").headers["Retry-After"] == "1"


def test_the_unexpected_is_told_without_details(
    app: Flask, stranger: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    """A reference instead of a traceback, and the same reference in the log."""

    def view() -> str:
        raise RuntimeError(SECRET)

    app.add_url_rule("/api/v1/broken", view_func=view)
    with caplog.at_level(logging.ERROR):
        response = stranger.get("/api/v1/broken")
    body = problem(response, 500, "internal_error")
    assert "hunter2" not in response.get_data(as_text=True)
    assert any(body["ref"] in record.getMessage() for record in caplog.records)
    assert any(record.exc_info for record in caplog.records)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1", 404, "not_found"),
        ("GET", "/api/v1/nothing", 404, "not_found"),
        ("GET", "/api/v2/grabs", 404, "not_found"),
        ("GET", "/api/docs/index.html", 404, "not_found"),
        ("GET", "/api/docs/..%2f..%2fapp.py", 404, "not_found"),
        ("POST", "/api/v1/grabs", 405, "method_not_allowed"),
        ("PUT", "/api/v1/settings", 405, "method_not_allowed"),
        ("DELETE", "/api/v1/events", 405, "method_not_allowed"),
        ("POST", "/api/v1/system/jobs", 405, "method_not_allowed"),
        ("GET", "/hooks/slskd", 405, "method_not_allowed"),
        ("GET", "/api/v1/grabs/SABnzbd_nzo_x/retry", 405, "method_not_allowed"),
    ],
)
def test_wrong_addresses_and_methods(
    reader: FlaskClient, method: str, path: str, status: int, code: str
) -> None:
    """JSON as well; a wrong method learns the right ones."""
    response = reader.open(path, method=method)
    problem(response, status, code)
    assert ("Allow" in response.headers) == (status == 405)


def test_errors_of_other_rooms_stay_theirs(app: Flask, stranger: FlaskClient) -> None:
    """A blueprint that answers its errors itself keeps its own language."""

    def mine(error: Exception) -> tuple[str, int]:
        code = error.code if isinstance(error, HTTPException) else None
        return f"mine: {type(error).__name__}", code or 200

    def view(kind: str) -> str:
        raise {"ours": Conflict("no"), "other": KeyError("x"), "http": RequestEntityTooLarge()}[
            kind
        ]

    room = Blueprint("room", "room")
    room.register_error_handler(Exception, mine)
    room.add_url_rule("/room/<kind>", view_func=view)
    app.register_blueprint(room)
    assert stranger.get("/room/ours").get_data(as_text=True) == "mine: Conflict"
    assert stranger.get("/room/other").get_data(as_text=True) == "mine: KeyError"
    assert stranger.get("/room/http").get_data(as_text=True) == "mine: RequestEntityTooLarge"


def test_the_emulation_keeps_its_envelope(stranger: FlaskClient) -> None:
    """SABnzbd tells a missing key with 200 and a sentence that Lidarr knows."""
    response = stranger.get("/sabnzbd/api", query_string={"mode": "queue", "output": "json"})
    assert response.status_code == 200
    assert response.get_json()["status"] is False
