"""Lidarr's webhook (Connect): which album a grab is, and a friendly answer to everything else."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from soulspot_arr.app import create_app
from soulspot_arr.models import Grab
from soulspot_arr.services import Services
from tests.blueprints.conftest import Start
from tests.blueprints.world import new_grab, problem

HOOK = "/hooks/lidarr"
ALBUM = "b1392450-e666-3926-a536-22c65f834433"
ARTIST = "a74b1b7f-71a5-4011-9441-d0b5e4122711"


def grabbed(nzo_id: str, **changes: object) -> dict[str, Any]:
    """A `Grab` with all its fields (contract lidarr §11.6)."""
    event: dict[str, Any] = {
        "eventType": "Grab",
        "instanceName": "Lidarr",
        "applicationUrl": "",
        "artist": {
            "id": 3,
            "name": "Radiohead",
            "disambiguation": "",
            "path": "/music/Radiohead",
            "mbId": ARTIST,
            "type": "Group",
            "overview": "…",
            "genres": ["rock"],
            "images": [],
            "tags": [],
        },
        "albums": [
            {
                "id": 7,
                "mbId": ALBUM,
                "title": "OK Computer",
                "disambiguation": "",
                "albumType": "Album",
                "secondaryAlbumTypes": [],
                "releaseDate": "1997-06-16T00:00:00Z",
                "genres": [],
                "images": [],
            }
        ],
        "release": {
            "quality": "FLAC",
            "qualityVersion": 1,
            "releaseGroup": "slsk0123abcd",
            "releaseTitle": "(FLAC) Radiohead - OK Computer - 1997-slsk0123abcd",
            "indexer": "SoulSpot",
            "size": 300000000,
            "customFormatScore": 0,
            "customFormats": [],
        },
        "downloadClient": "SoulSpot Arr",
        "downloadClientType": "SABnzbd",
        "downloadId": nzo_id,
    }
    return event | changes


@pytest.fixture
def nzo_id(services: Services) -> str:
    """A grab as Lidarr has just handed it over."""
    return services.queue_manager.add(new_grab())


def bound(services: Services, nzo_id: str) -> tuple[object, ...]:
    """What is known of the album of a grab."""
    with services.db.read() as session:
        grab = session.scalars(select(Grab).where(Grab.nzo_id == nzo_id)).one()
        return grab.album_id, grab.artist_id, grab.library_id


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_W02_a_grab_learns_its_album(
    client: FlaskClient, services: Services, nzo_id: str, method: str
) -> None:
    """With either of the methods that Lidarr's form offers."""
    response = client.open(HOOK, method=method, json=grabbed(nzo_id))
    assert (response.status_code, response.get_json()) == (200, {"bound": True})
    assert bound(services, nzo_id) == (ALBUM, ARTIST, 7)


@pytest.mark.parametrize(
    "event",
    [
        grabbed("SABnzbd_nzo_unknown00000", eventType="Test"),
        {"eventType": "Test"},
        {"eventType": "Download", "isUpgrade": False, "trackFiles": []},
        {"eventType": "DownloadFailure", "downloadId": "x"},
        {"eventType": "ImportFailure", "tracks": [], "trackFiles": []},
        {"eventType": "Rename"},
        {"eventType": "Health", "level": "warning"},
        {"eventType": "SomethingNew", "further": {"fields": [1, 2]}},
        {"eventType": None},
        {"eventType": ["Grab"]},
        {"eventType": "Grab"},
        {"eventType": "Grab", "albums": 5, "artist": "x", "downloadId": {}},
        {},
    ],
    ids=lambda event: str(event.get("eventType")),
)
def test_W01_W04_everything_else_is_welcome(
    client: FlaskClient, services: Services, nzo_id: str, event: dict[str, object]
) -> None:
    """The test button, other events, kinds and fields that nobody knows yet: 200, nothing changes."""
    response = client.post(HOOK, json=event)
    assert (response.status_code, response.get_json()) == (200, {"bound": False})
    assert bound(services, nzo_id) == (None, None, None)


def test_W02_a_test_never_binds(client: FlaskClient, services: Services, nzo_id: str) -> None:
    """Even if it looks like a grab of ours."""
    assert client.post(HOOK, json=grabbed(nzo_id, eventType="Test")).status_code == 200
    assert bound(services, nzo_id) == (None, None, None)


def test_an_extra_field_does_not_matter(
    client: FlaskClient, services: Services, nzo_id: str
) -> None:
    """Another version of Lidarr tells more."""
    event = grabbed(nzo_id, tomorrow={"deep": [{"er": None}]})
    assert client.post(HOOK, data=json.dumps(event)).get_json() == {"bound": True}
    assert bound(services, nzo_id) == (ALBUM, ARTIST, 7)


@pytest.mark.parametrize("body", [b"", b"hello", b"{", b"\xff", b"[]", b"null", b"[" * 100_000])
def test_what_is_no_event(reader: FlaskClient, body: bytes) -> None:
    """422 for anything but a JSON object."""
    response = reader.post(HOOK, data=body, content_type="application/json")
    problem(response, 422, "unprocessable_entity")


# -- who may come in -------------------------------------------------------------------------------


def basic(user: str, password: str) -> dict[str, str]:
    """What Lidarr makes of the form's user name and password."""
    return {"Authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode()}


PINS = {"SOULSPOT_SERVER_HOOK_SECRET": "hook-secret", "SOULSPOT_AUTH_API_KEY": "the-api-key"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (basic("lidarr", "the-api-key"), 200),
        (basic("", "the-api-key"), 200),
        (basic("the-api-key", ""), 401),
        (basic("", ""), 401),
        (basic("lidarr", "wrong"), 401),
        (basic("lidarr", "Schlüssel 鍵"), 401),
        ({"Authorization": "Basic"}, 401),
        ({"Authorization": "Basic !!!"}, 401),
        ({"Authorization": "Basic " + b64encode(b"no colon").decode()}, 401),
        ({"Authorization": "Digest username=x"}, 401),
        ({"X-Api-Key": "the-api-key"}, 200),
        ({"X-Hook-Secret": "hook-secret"}, 200),
        ({"X-Hook-Secret": "the-api-key"}, 401),
        ({}, 401),
    ],
)
def test_who_may_tell(start: Start, headers: dict[str, str], status: int) -> None:
    """The key as password, whatever the user name; or the headers that slskd may show."""
    stranger = create_app(start(PINS)).test_client()
    assert stranger.post(HOOK, json={"eventType": "Test"}, headers=headers).status_code == status


def test_the_password_opens_hooks_only(start: Start) -> None:
    """The REST API keeps to its own header."""
    stranger = create_app(start(PINS)).test_client()
    response = stranger.get("/api/v1/settings", headers=basic("lidarr", "the-api-key"))
    problem(response, 401, "unauthorized")
