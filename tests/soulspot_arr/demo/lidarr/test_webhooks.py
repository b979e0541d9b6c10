"""Connect: which events are sent, with which fields, and what a bad receiver changes (§11.6)."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from tests.soulspot_arr.demo.lidarr.stage import SONGS, TITLE, Stage, write_songs
from tests.soulspot_arr.demo.scripted import Answer, Scripted

NZO = "SABnzbd_nzo_1"
ALL = ("onGrab", "onReleaseImport", "onUpgrade", "onDownloadFailure", "onImportFailure")


def told(server: Scripted) -> list[dict[str, Any]]:
    """The bodies that arrived."""
    return [json.loads(asked.body) for asked in server.asked]


@pytest.fixture
def hooked(stage: Stage, server: Scripted) -> Stage:
    """A stage whose Lidarr tells the scripted server everything."""
    server.on(Answer(b"", 200))
    made = stage.add_webhook(f"{server.url}/hooks/lidarr", *ALL)
    assert made.status_code == 201, made.text
    return stage


def test_saving_sends_a_test(hooked: Stage, server: Scripted) -> None:
    """The dummy has the shape of a grab."""
    [body] = told(server)
    assert (body["eventType"], body["instanceName"]) == ("Test", "Lidarr")
    assert body["artist"]["name"] == "Test Name"
    assert body["albums"] == [{"id": 123, "title": "Test title"}]
    assert server.asked[0].headers["Content-Type"] == "application/json"


def test_a_receiver_that_refuses_is_not_kept(stage: Stage, server: Scripted) -> None:
    """Above 399 the save fails with the field's name."""
    answer = stage.add_webhook(f"{server.url}/hooks/lidarr", *ALL)
    assert answer.status_code == 400
    assert answer.json()[0]["propertyName"] == "Url"
    assert stage.get("notification") == []


def test_a_login_and_put(stage: Stage, server: Scripted) -> None:
    """Basic authentication and method 2."""
    server.on(Answer(b"", 200))
    fields: dict[str, object] = {"username": "u", "password": "p"}
    assert stage.add_webhook(server.url, "onGrab", **fields).status_code == 201
    expected = "Basic " + base64.b64encode(b"u:p").decode()
    assert server.asked[0].headers["Authorization"] == expected


def test_a_grab(hooked: Stage, server: Scripted) -> None:
    """Artist, albums, release and the id of the download."""
    hooked.grabbed(NZO)
    body = told(server)[-1]
    assert (body["eventType"], body["downloadId"]) == ("Grab", NZO)
    assert (body["downloadClient"], body["downloadClientType"]) == ("SoulSpot", "SABnzbd")
    assert body["release"]["releaseTitle"] == TITLE
    [album] = body["albums"]
    assert set(album) >= {"id", "mbId", "title", "albumType", "secondaryAlbumTypes", "releaseDate"}
    assert body["artist"]["mbId"] == "artist-Radiohead"


def test_an_import(hooked: Stage, server: Scripted) -> None:
    """One message for the album, with tracks and files; an upgrade names what was deleted."""
    for name, upgrade in ((NZO, False), ("SABnzbd_nzo_2", True)):
        folder = hooked.downloads / name
        write_songs(folder)
        hooked.grabbed(name)
        hooked.sabnzbd.done(name, folder)
        hooked.refresh()
        body = told(server)[-1]
        assert (body["eventType"], body["downloadId"]) == ("Download", name)
        assert body["isUpgrade"] is upgrade
        assert [track["title"] for track in body["tracks"]] == [song[0] for song in SONGS]
        assert all(Path(file["path"]).exists() for file in body["trackFiles"])
        assert ("deletedFiles" in body) is upgrade


def test_an_import_failure_names_nothing(hooked: Stage, server: Scripted) -> None:
    """No artist, no album, no id."""
    folder = hooked.downloads / "job"
    write_songs(folder, SONGS[:2])
    hooked.grabbed(NZO)
    hooked.sabnzbd.done(NZO, folder)
    hooked.refresh()
    assert told(server)[-1] == {
        "eventType": "ImportFailure",
        "instanceName": "Lidarr",
        "applicationUrl": "",
        "tracks": [],
        "trackFiles": [],
        "isUpgrade": False,
    }


def test_a_download_failure(hooked: Stage, server: Scripted) -> None:
    """Sent for tracked downloads; a history row marked by hand is not (§11.6)."""
    hooked.grabbed(NZO)
    hooked.sabnzbd.done(NZO, "", status="Failed", fail_message="gone")
    hooked.refresh()
    body = told(server)[-1]
    assert (body["eventType"], body["downloadId"]) == ("DownloadFailure", NZO)
    assert body["releaseTitle"] == TITLE
    hooked.grabbed("SABnzbd_nzo_2")
    count = len(server.asked)
    [row, *_] = hooked.get("history", downloadId="SABnzbd_nzo_2")["records"]
    hooked.call("POST", f"history/failed/{row['id']}", {})
    assert len(server.asked) == count


def test_switches_and_tags_choose(stage: Stage, server: Scripted) -> None:
    """An event that is off, or a tag the artist does not have, is not sent."""
    server.on(Answer(b"", 200))
    assert stage.add_webhook(server.url, "onReleaseImport").status_code == 201
    stage.grabbed(NZO)
    assert [body["eventType"] for body in told(server)] == ["Test"]
    [hook] = stage.get("notification")
    tagged = hook | {"onGrab": True, "tags": [5]}
    assert stage.call("PUT", f"notification/{hook['id']}", tagged).status_code == 202
    stage.grabbed("SABnzbd_nzo_2")
    assert {body["eventType"] for body in told(server)} == {"Test"}


def test_a_failing_receiver_changes_nothing(hooked: Stage, server: Scripted) -> None:
    """It is sent once, and noted."""
    server.rules.clear()
    folder = hooked.downloads / "job"
    write_songs(folder)
    hooked.grabbed(NZO)
    hooked.sabnzbd.done(NZO, folder)
    hooked.refresh()
    assert hooked.state(NZO) == "imported"
    log = hooked.session.get(f"{hooked.double.url}/__sim__/log", timeout=5).json()
    assert any("unable to send Download to Hook" in line for line in log)
