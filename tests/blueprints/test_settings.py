"""Looking at settings and changing them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from soulspot_arr.app import create_app
from soulspot_arr.services import Services
from tests.blueprints.conftest import Start, with_key
from tests.blueprints.world import problem

SETTINGS = "/api/v1/settings"
BUDGET = "search.budget"


def _all(client: FlaskClient) -> dict[str, dict[str, Any]]:
    return {setting["key"]: setting for setting in client.get(SETTINGS).get_json()}


def test_every_setting_is_listed(client: FlaskClient, services: Services) -> None:
    """The registry in its order, with what a form needs to know about each."""
    listed = client.get(SETTINGS).get_json()
    assert [setting["key"] for setting in listed] == list(services.settings.specs)
    document = client.get("/api/docs/openapi.json").get_json()
    promised = document["components"]["schemas"]["Setting"]["properties"]
    assert all(set(setting) == set(promised) for setting in listed)
    assert all(setting["help"] for setting in listed)


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        (BUDGET, {"type": "number", "minimum": 5, "maximum": 70, "default": 60.0}),
        ("search.rungs", {"type": "integer", "value": 5}),
        ("queue.paused", {"type": "boolean", "value": False, "changed": False}),
        ("retry.backoff", {"type": "array", "value": ["60", "300", "900"]}),
        ("completion.mode", {"type": "string", "choices": ["verify", "report"]}),
        ("lidarr.url", {"variable": "SOULSPOT_LIDARR_URL", "pinned": False, "secret": False}),
        ("auth.api_key", {"secret": True, "value": "********", "changed": True}),
        ("auth.password", {"secret": True, "value": "", "changed": False}),
    ],
)
def test_a_setting_describes_itself(
    client: FlaskClient, key: str, shown: dict[str, object]
) -> None:
    """Type, limits, choices and value; a secret that is set is masked."""
    assert shown.items() <= _all(client)[key].items()


def test_no_secret_gets_out(client: FlaskClient, services: Services) -> None:
    """Neither by listing, nor by changing, nor through the event of the change."""
    key = services.settings.get("auth.api_key")
    client.patch(SETTINGS, json={"lidarr.api_key": "lidarr-secret"})
    for path in (SETTINGS, "/api/v1/events", "/api/v1/system/status"):
        text = client.get(path).get_data(as_text=True)
        assert key not in text
        assert "lidarr-secret" not in text
    assert services.settings.get("lidarr.api_key") == "lidarr-secret"


def test_a_change_takes_effect(client: FlaskClient, services: Services) -> None:
    """Several at once; the answer is the new list, and the change is an event."""
    response = client.patch(SETTINGS, json={BUDGET: 45, "queue.paused": True})
    assert response.status_code == 200
    assert response.get_json() == client.get(SETTINGS).get_json()
    assert services.settings.get(BUDGET) == 45.0
    assert services.settings.get("queue.paused") is True
    (event,) = client.get("/api/v1/events?kind=settings.changed").get_json()["items"]
    assert event["data"] == {BUDGET: 45.0, "queue.paused": True}


def test_an_empty_change_changes_nothing(client: FlaskClient) -> None:
    """It is fine, and the list is the answer."""
    before = client.get(SETTINGS).get_json()
    response = client.patch(SETTINGS, json={})
    assert (response.status_code, response.get_json()) == (200, before)


def test_the_list_may_be_sent_back(client: FlaskClient, services: Services) -> None:
    """A form that sends everything does not replace secrets by their mask."""
    client.patch(SETTINGS, json={"lidarr.api_key": "lidarr-secret"})
    known = services.settings.get("auth.api_key")
    changes = {key: setting["value"] for key, setting in _all(client).items()}
    assert client.patch(SETTINGS, json=changes | {BUDGET: 30}).status_code == 200
    assert services.settings.get("auth.api_key") == known
    assert services.settings.get("lidarr.api_key") == "lidarr-secret"
    assert services.settings.get(BUDGET) == 30.0


def test_an_emptied_secret_is_emptied(client: FlaskClient, services: Services) -> None:
    """Only the mask means "as it was"."""
    client.patch(SETTINGS, json={"lidarr.api_key": "lidarr-secret"})
    client.patch(SETTINGS, json={"lidarr.api_key": ""})
    assert services.settings.get("lidarr.api_key") == ""


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (BUDGET, "45"),
        (BUDGET, True),
        (BUDGET, None),
        (BUDGET, 4.9),
        (BUDGET, 71),
        (BUDGET, {}),
        (BUDGET, [45]),
        ("search.rungs", 2.5),
        ("search.rungs", 0),
        ("queue.paused", 1),
        ("queue.paused", "true"),
        ("lidarr.categories", "music"),
        ("lidarr.categories", ["music", 1]),
        ("retry.backoff", ["soon"]),
        ("completion.mode", "magic"),
        ("lidarr.url", "lidarr:8686"),
        ("auth.api_key", ""),
        ("auth.api_key", "short"),
        ("paths.complete_dir", "relative/folder"),
    ],
)
def test_values_that_do_not_fit(
    client: FlaskClient, services: Services, key: str, value: object
) -> None:
    """422 names the key; nothing is changed, not even the good half of the request."""
    body = problem(
        client.patch(SETTINGS, json={"queue.max_active": 7, key: value}), 422, "invalid_setting"
    )
    assert key in body["message"]
    assert services.settings.get("queue.max_active") != 7


@pytest.mark.parametrize("key", ["search.budgt", "", "_revision", "a" * 5_000, "auth", "__class__"])
def test_unknown_settings(reader: FlaskClient, key: str) -> None:
    """422; reserved rows cannot be reached this way."""
    problem(reader.patch(SETTINGS, json={key: 1}), 422, "invalid_setting")


def test_a_near_miss_is_pointed_out(reader: FlaskClient) -> None:
    """People mistype."""
    body = problem(reader.patch(SETTINGS, json={"search.budgt": 1}), 422, "invalid_setting")
    assert BUDGET in body["message"]


@pytest.mark.parametrize("value", ["a\0b", "\ud800", ["fine", "\0"]])
def test_texts_that_no_database_keeps(start: Start, database_url: str, value: object) -> None:
    """422 on both databases, by name; neither NUL nor half a character is stored."""
    services = start(url=database_url)
    client = with_key(create_app(services), services)
    key = "lidarr.categories" if isinstance(value, list) else "auth.user"
    response = client.patch(
        SETTINGS, data=json.dumps({key: value}), content_type="application/json"
    )
    body = problem(response, 422, "invalid_input")
    assert key in body["errors"]["json"]


def test_any_other_text_is_kept(start: Start, database_url: str) -> None:
    """Umlauts, quotes, other scripts and emoji come back as they were."""
    services = start(url=database_url)
    client = with_key(create_app(services), services)
    text = 'Zoë\'s "Öl" \\u0000 日本 🎵'
    assert client.patch(SETTINGS, json={"auth.user": text}).status_code == 200
    assert _all(client)["auth.user"]["value"] == text


def test_a_pinned_setting_is_locked(start: Start) -> None:
    """409 names the variable; the list says so beforehand."""
    services = start({"SOULSPOT_SEARCH_BUDGET": "30"})
    client = with_key(create_app(services), services)
    setting = _all(client)[BUDGET]
    assert (setting["pinned"], setting["value"]) == (True, 30.0)
    body = problem(client.patch(SETTINGS, json={BUDGET: 45}), 409, "locked_by_environment")
    assert "SOULSPOT_SEARCH_BUDGET" in body["message"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "bad_request"),
        (b"{", 400, "bad_request"),
        (b"{'queue.paused': true}", 400, "bad_request"),
        (b"\xff\xfe\xfd", 400, "bad_request"),
        (b'{"search.budget": NaN}', 400, "bad_request"),
        (b'{"search.budget": Infinity}', 400, "bad_request"),
        (b'{"search.budget": 1e999}', 400, "bad_request"),
        (b'{"queue.max_active": 9223372036854775808}', 400, "bad_request"),
        (b'{"queue.max_active": ' + b"9" * 5_000 + b"}", 400, "bad_request"),
        (b"[" * 100_000, 400, "bad_request"),
        (b'{"a":' * 100_000, 400, "bad_request"),
        (b"[]", 422, "invalid_input"),
        (b"null", 422, "invalid_input"),
        (b'"queue.paused"', 422, "invalid_input"),
        (b"7", 422, "invalid_input"),
        (b" " * (1024 * 1024 + 1), 413, "request_entity_too_large"),
    ],
    ids=lambda value: repr(value[:24]) if isinstance(value, bytes) else str(value),
)
def test_bodies_that_cannot_be_read(
    reader: FlaskClient, body: bytes, status: int, code: str
) -> None:
    """400 for what is no JSON or no number, 422 for another document, 413 for a huge one."""
    problem(reader.patch(SETTINGS, data=body, content_type="application/json"), status, code)


@pytest.mark.parametrize(
    "content_type", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
)
def test_other_kinds_of_body(reader: FlaskClient, content_type: str | None) -> None:
    """415: a form that was sent by mistake must not look like success."""
    response = reader.patch(SETTINGS, data=b'{"queue.paused": true}', content_type=content_type)
    problem(response, 415, "unsupported_media_type")
