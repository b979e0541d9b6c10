"""slskd's webhook: the contract's events in, a hint for the monitor out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from soulspot_arr.app import create_app
from soulspot_arr.services import Services
from tests.blueprints.conftest import Start
from tests.blueprints.world import PEER, new_grab, problem, remote_path

HOOK = "/hooks/slskd"
ALBUM = "Second Sample"
LANDED = "/downloads/soulspot/Second Sample/01 - Song 1.flac"


def event(**changes: object) -> dict[str, Any]:
    """A finished file as slskd 0.26 tells it (contract slskd, appendix A5)."""
    transfer = {
        "batchId": "5c1f0000-0000-4000-8000-000000000001",
        "id": "a1b20000-0000-4000-8000-000000000001",
        "username": PEER,
        "direction": "Download",
        "filename": remote_path(ALBUM),
        "size": 1_000,
        "state": "Completed, Succeeded",
        "requestedAt": "2026-08-22T18:10:00.2",
        "averageSpeed": 943718.4,
        "placeInQueue": None,
        "exception": None,
        "percentComplete": 100,
        "remainingTime": "00:00:00",
    }
    whole: dict[str, Any] = {
        "type": "DownloadFileComplete",
        "version": 0,
        "localFilename": LANDED,
        "remoteFilename": remote_path(ALBUM),
        "transfer": transfer,
        "id": "e7000000-0000-4000-8000-000000000001",
        "timestamp": "2026-08-22T18:14:09Z",
    }
    return whole | changes


def _transfer(**changes: object) -> dict[str, Any]:
    found: dict[str, Any] = event()["transfer"]
    return found | changes


@pytest.fixture
def nzo_id(services: Services) -> str:
    """A grab whose files have been asked for, without the pause between two requests."""
    services.settings.patch({"queue.dispatch_delay": 0})
    added = services.queue_manager.add(new_grab(ALBUM))
    services.dispatcher.run()
    return added


@pytest.fixture
def polls(services: Services, nzo_id: str) -> list[str]:
    """The jobs asked for by the hook alone."""
    assert nzo_id
    jobs: list[str] = []
    services.waker.connect(jobs.append)
    return jobs


def _local_paths(services: Services, nzo_id: str) -> list[str | None]:
    return [file.local_path for file in services.queue_manager.files(nzo_id)]


def test_a_finished_file_of_ours_is_remembered(
    client: FlaskClient, services: Services, nzo_id: str, polls: list[str]
) -> None:
    """The exact path is kept for completion, and a look is taken at once."""
    response = client.post(HOOK, json=event())
    assert (response.status_code, response.get_data()) == (204, b"")
    assert _local_paths(services, nzo_id) == [LANDED, None]
    assert polls == ["poll"]


def test_the_same_event_twice(
    client: FlaskClient, services: Services, nzo_id: str, polls: list[str]
) -> None:
    """slskd repeats what it thinks was lost; the second time changes nothing."""
    for _ in range(2):
        assert client.post(HOOK, json=event()).status_code == 204
    assert _local_paths(services, nzo_id) == [LANDED, None]
    assert set(polls) == {"poll"}


def test_escaped_names_arrive_whole(client: FlaskClient, services: Services) -> None:
    """slskd escapes everything outside ASCII."""
    album = "Über – 日本 🎵"
    nzo_id = services.queue_manager.add(new_grab(album))
    services.dispatcher.run()
    told = event(remoteFilename=remote_path(album), localFilename=f"/downloads/{album}/01.flac")
    response = client.post(
        HOOK,
        data=json.dumps(told, ensure_ascii=True),
        content_type="application/json; charset=utf-8",
    )
    assert response.status_code == 204
    assert _local_paths(services, nzo_id)[0] == f"/downloads/{album}/01.flac"


@pytest.mark.parametrize(
    "changes",
    [
        {"remoteFilename": "Music\\Somebody else's.flac"},
        {"transfer": _transfer(username="somebody else")},
        {"remoteFilename": None},
        {"localFilename": None},
        {"localFilename": ["list"]},
        {"remoteFilename": 5},
        {"remoteFilename": "a\0b"},
        {"localFilename": "\ud800"},
        {"transfer": _transfer(username=None)},
        {"transfer": {}},
    ],
    ids="-".join,
)
def test_an_unknown_file_only_hastens_the_poll(
    client: FlaskClient,
    services: Services,
    nzo_id: str,
    polls: list[str],
    changes: dict[str, object],
) -> None:
    """Something finished; the poll finds out what. Odd values never break the hook."""
    response = client.post(HOOK, data=json.dumps(event(**changes)), content_type="application/json")
    assert response.status_code == 204
    assert _local_paths(services, nzo_id) == [None, None]
    assert polls == ["poll"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"type": None},
        {"type": ["DownloadFileComplete"]},
        {"type": "Noop"},
        {"type": "SoulseekClientDisconnected", "message": "bye", "exception": {}},
        event(type="DownloadDirectoryComplete"),
        event(type="UploadFileComplete"),
        event(type="PrivateMessageReceived", message={"id": 1}),
        event(transfer=None),
        event(transfer="text"),
        event(transfer=_transfer(id="00000000-0000-0000-0000-000000000000")),
    ],
    ids=lambda body: str(body.get("type")),
)
def test_other_events_are_ignored(
    client: FlaskClient,
    services: Services,
    nzo_id: str,
    polls: list[str],
    body: dict[str, object],
) -> None:
    """Other types, shapes nobody knows yet, and samples with an id of zeros."""
    assert client.post(HOOK, json=body).status_code == 204
    assert _local_paths(services, nzo_id) == [None, None]
    assert polls == []


@pytest.mark.parametrize(
    "body",
    [b"", b"hello", b"{", b"\xff", b"[]", b"null", b'"x"', b"[" * 100_000],
    ids=lambda body: repr(body[:8]),
)
def test_what_is_no_event(reader: FlaskClient, body: bytes) -> None:
    """422 for anything but a JSON object."""
    code = "unprocessable_entity"
    problem(reader.post(HOOK, data=body, content_type="application/json"), 422, code)


def test_the_content_type_does_not_matter(
    client: FlaskClient, services: Services, nzo_id: str
) -> None:
    """A proxy or script in between may have lost it."""
    assert client.post(HOOK, data=json.dumps(event())).status_code == 204
    assert _local_paths(services, nzo_id)[0] == LANDED


def test_a_huge_body_is_refused(reader: FlaskClient) -> None:
    """An event has a kilobyte or two."""
    body = b" " * (1024 * 1024 + 1)
    problem(reader.post(HOOK, data=body), 413, "request_entity_too_large")


def test_nothing_is_asked_of_the_source(app: Flask, client: FlaskClient, polls: list[str]) -> None:
    """slskd waits for the answer; what it takes to use the hint happens in a job."""
    calls: list[str] = []
    app.extensions["soulspot"].source.on_call = calls.append
    client.post(HOOK, json=event())
    assert polls == ["poll"]
    assert calls == []


# -- the secret ------------------------------------------------------------------------------------


def test_without_a_secret_of_its_own_the_api_key_is_it(
    stranger: FlaskClient, services: Services
) -> None:
    """In either header."""
    key = services.settings.get("auth.api_key")
    for header in ("X-Hook-Secret", "X-Api-Key"):
        assert stranger.post(HOOK, json={}, headers={header: key}).status_code == 204


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("X-Hook-Secret", "hook-secret", 204),
        ("X-Api-Key", "the-api-key", 204),
        ("X-Hook-Secret", "the-api-key", 401),
        ("X-Api-Key", "hook-secret", 401),
        ("X-Hook-Secret", "", 401),
        ("X-Hook-Secret", "hook-secret ", 204),
        ("X-Hook-Secret", "hook-secre", 401),
        ("X-Hook-Secret", "höök", 401),
        ("Cookie", "hook-secret", 401),
    ],
)
def test_with_a_secret_of_its_own(start: Start, header: str, value: str, status: int) -> None:
    """Each header takes its own secret only."""
    pins = {
        "SOULSPOT_SERVER_HOOK_SECRET": "hook-secret",
        "SOULSPOT_AUTH_API_KEY": "the-api-key",
    }
    stranger = create_app(start(pins)).test_client()
    response = stranger.post(HOOK, json={}, headers={header: value.strip()})
    assert response.status_code == status


def test_the_secret_does_not_open_the_rest(start: Start) -> None:
    """slskd's configuration file must not hold a key to everything."""
    stranger = create_app(start({"SOULSPOT_SERVER_HOOK_SECRET": "hook-secret"})).test_client()
    for header in ("X-Hook-Secret", "X-Api-Key"):
        response = stranger.get("/api/v1/settings", headers={header: "hook-secret"})
        problem(response, 401, "unauthorized")


def test_a_secret_in_the_query_is_not_looked_at(stranger: FlaskClient, services: Services) -> None:
    """Headers only."""
    key = services.settings.get("auth.api_key")
    response = stranger.post(HOOK, json={}, query_string={"apikey": key, "secret": key})
    problem(response, 401, "unauthorized")


def test_a_stranger_learns_nothing_about_the_body(stranger: FlaskClient) -> None:
    """The secret is asked for before the body is read."""
    problem(stranger.post(HOOK, data=b"{"), 401, "unauthorized")
