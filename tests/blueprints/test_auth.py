"""Nobody comes in without the key, by any door."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from soulspot_arr.app import create_app
from soulspot_arr.services import Services
from tests.blueprints.conftest import Start
from tests.blueprints.world import problem

STATUS = "/api/v1/system/status"

# A route that is not in this table fails the build: give it tests of its own, then a row.
ROUTES = {
    ("GET", "/api/v1/blocklist"),
    ("POST", "/api/v1/blocklist"),
    ("GET", "/api/v1/blocklist/<row_id:block_id>"),
    ("DELETE", "/api/v1/blocklist/<row_id:block_id>"),
    ("POST", "/api/v1/blocklist/delete"),
    ("GET", "/api/v1/events"),
    ("GET", "/api/v1/grabs"),
    ("GET", "/api/v1/grabs/<nzo_id:nzo_id>"),
    ("PATCH", "/api/v1/grabs/<nzo_id:nzo_id>"),
    ("DELETE", "/api/v1/grabs/<nzo_id:nzo_id>"),
    ("POST", "/api/v1/grabs/<nzo_id:nzo_id>/retry"),
    ("POST", "/api/v1/grabs/actions"),
    ("GET", "/api/v1/queue"),
    ("POST", "/api/v1/queue/pause"),
    ("POST", "/api/v1/queue/resume"),
    ("GET", "/api/v1/searches"),
    ("POST", "/api/v1/searches"),
    ("GET", "/api/v1/searches/<row_id:question_id>"),
    ("GET", "/api/v1/settings"),
    ("PATCH", "/api/v1/settings"),
    ("GET", "/api/v1/system/doctor"),
    ("GET", "/api/v1/system/health"),
    ("GET", "/api/v1/system/jobs"),
    ("POST", "/api/v1/system/jobs/<name>/run"),
    ("GET", "/api/v1/system/status"),
    ("POST", "/hooks/lidarr"),
    ("PUT", "/hooks/lidarr"),
    ("POST", "/hooks/slskd"),
}


def _routes(app: Flask) -> Iterator[tuple[str, str]]:
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(("/api/v1", "/hooks")):
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                yield method, rule.rule


def test_the_table_of_routes_is_complete(app: Flask) -> None:
    """A new route is noticed, and a route that went away too."""
    assert set(_routes(app)) == ROUTES


@pytest.mark.parametrize(("method", "rule"), sorted(ROUTES))
def test_every_route_asks_for_the_key(unchanged: Flask, method: str, rule: str) -> None:
    """Without a key and with a wrong one: 401, a challenge, and nothing else."""
    stranger = unchanged.test_client()
    path = re.sub("<.*?>", "SABnzbd_nzo_abcdefghijkl", re.sub("<row_id:.*?>", "1", rule))
    for headers in ({}, {"X-Api-Key": "0" * 32}, {"Authorization": "Bearer nonsense"}):
        response = stranger.open(path, method=method, headers=headers)
        problem(response, 401, "unauthorized")
        assert response.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(("method", "rule"), sorted(ROUTES))
def test_every_route_is_documented(unchanged: Flask, method: str, rule: str) -> None:
    """Summary, tag, and a schema for what it answers and for its errors."""
    document = unchanged.test_client().get("/api/docs/openapi.json").get_json()
    path = re.sub("<(?:[^:>]*:)?(.*?)>", r"{\1}", rule)
    operation = document["paths"][path][method.lower()]
    assert operation["summary"]
    assert operation["tags"][0] in {tag["name"] for tag in document["tags"]}
    good = [status for status in operation["responses"] if status.startswith("2")]
    assert good
    for status in good:
        content = operation["responses"][status].get("content")
        assert status == "204" if content is None else content["application/json"]["schema"]
    assert "default" in operation["responses"]


@pytest.mark.parametrize(
    ("header", "form"),
    [
        ("X-Api-Key", "{}"),
        ("x-api-key", "{}"),
        ("Authorization", "Bearer {}"),
        ("Authorization", "bearer  {} "),
    ],
)
def test_the_key_opens_in_either_header(
    stranger: FlaskClient, services: Services, header: str, form: str
) -> None:
    """X-Api-Key, or a bearer token, whatever the case of the names."""
    key = services.settings.get("auth.api_key")
    assert stranger.get(STATUS, headers={header: form.format(key)}).status_code == 200


@pytest.mark.parametrize("name", ["apikey", "api_key", "X-Api-Key"])
def test_a_key_in_the_query_is_not_looked_at(
    stranger: FlaskClient, services: Services, name: str
) -> None:
    """Addresses end up in logs and histories."""
    key = services.settings.get("auth.api_key")
    problem(stranger.get(STATUS, query_string={name: key}), 401, "unauthorized")


def test_a_basic_password_is_no_key(stranger: FlaskClient, services: Services) -> None:
    """Only the bearer scheme carries a key."""
    response = stranger.get(STATUS, auth=("user", services.settings.get("auth.api_key")))
    problem(response, 401, "unauthorized")


def test_keys_outside_ascii_are_compared_as_bytes(start: Start) -> None:
    """A key with an umlaut is never ours, and does not break the comparison either."""
    services = start({"SOULSPOT_AUTH_API_KEY": "schluessel-bund"})
    stranger = create_app(services).test_client()
    sent = "schlüssel-bund".encode().decode("latin-1")
    for key in (sent, "schlüssel-bund"):
        problem(stranger.get(STATUS, headers={"X-Api-Key": key}), 401, "unauthorized")
    assert stranger.get(STATUS, headers={"X-Api-Key": "schluessel-bund"}).status_code == 200


def test_a_changed_key_counts_at_once(client: FlaskClient, stranger: FlaskClient) -> None:
    """The old key stops working with the request that changes it."""
    changed = client.patch("/api/v1/settings", json={"auth.api_key": "a-brand-new-key"})
    assert changed.status_code == 200
    problem(client.get(STATUS), 401, "unauthorized")
    assert stranger.get(STATUS, headers={"X-Api-Key": "a-brand-new-key"}).status_code == 200


def test_ping_needs_no_key(stranger: FlaskClient) -> None:
    """A container's health check has none."""
    assert stranger.get("/ping").get_json()["status"] == "ok"


@pytest.mark.parametrize("path", [STATUS, "/api/v1/nothing", "/api/docs", "/ping", "/hooks/slskd"])
def test_answers_carry_safe_headers_and_no_cookie(client: FlaskClient, path: str) -> None:
    """Nothing is sniffed, and nobody is recognised by a cookie."""
    response = client.get(path)
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in response.headers


def test_answers_with_data_stay_out_of_caches(client: FlaskClient) -> None:
    """A proxy must not keep what a key was needed for."""
    assert client.get(STATUS).headers["Cache-Control"] == "no-store"
