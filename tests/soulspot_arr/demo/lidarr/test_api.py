"""The API: authentication, shapes of contract lidarr §11, commands with their dedupe rule."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import requests

from soulspot_arr.demo.lidarr.commands import Command, CommandQueue
from soulspot_arr.demo.lidarr.tables import Row, Store
from tests.soulspot_arr.demo.lidarr.stage import KEY, SONGS, Stage, write_songs

NZO = "SABnzbd_nzo_1"


# -- front door ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "query", "status"),
    [
        ({"X-Api-Key": KEY}, {}, 200),
        ({}, {"apikey": KEY}, 200),
        ({"Authorization": f"Bearer {KEY}"}, {}, 200),
        ({}, {}, 401),
        ({"X-Api-Key": "wrong"}, {}, 401),
    ],
)
def test_three_ways_to_show_the_key(
    bare: Stage, headers: dict[str, str], query: dict[str, str], status: int
) -> None:
    """Header, query or bearer; everything else is 401."""
    url = f"{bare.double.url}/api/v1/system/status"
    assert requests.get(url, headers=headers, params=query, timeout=5).status_code == status


def test_outside_the_api(bare: Stage) -> None:
    """Ping answers anybody, pages lead to the login, unknown routes and methods are told apart."""
    url = bare.double.url
    assert requests.get(f"{url}/ping", timeout=5).json() == {"status": "OK"}
    page = requests.get(f"{url}/queue", timeout=5, allow_redirects=False)
    assert (page.status_code, page.headers["Location"]) == (302, "/login?returnUrl=/queue")
    assert bare.call("GET", "nonsense").status_code == 404
    assert bare.call("DELETE", "album").status_code == 405
    assert bare.call("GET", "album/77").json() == {"message": "NotFound"}


def test_the_status_names_the_version(bare: Stage) -> None:
    """`/system/status`, with a version that can be changed."""
    found = bare.get("system/status")
    assert (found["appName"], found["version"]) == ("Lidarr", "2.14.5.4836")
    bare.control("version", version="1.4.5.3639")
    assert bare.get("system/status")["version"] == "1.4.5.3639"


def test_a_base_path(bare: Stage, tmp_path: Path) -> None:
    """Below a URL base only that base answers."""
    other = Stage(tmp_path / "other", bare.sabnzbd, url_base="/music")
    try:
        assert other.double.url.endswith("/music")
        assert other.get("system/status")["urlBase"] == "/music"
        outside = other.double.url.removesuffix("/music") + "/api/v1/system/status"
        answer = requests.get(outside, timeout=5, allow_redirects=False)
        assert (answer.status_code, answer.headers["Location"]) == (
            307,
            "/music/api/v1/system/status",
        )
    finally:
        other.close()


# -- library ---------------------------------------------------------------------------------------


def test_albums_carry_releases_and_artist(stage: Stage) -> None:
    """`/album` in its three forms (§11.2)."""
    [album] = stage.get("album")
    assert (album["title"], album["artist"]["artistName"]) == ("OK Computer", "Radiohead")
    assert (album["anyReleaseOk"], album["monitored"], album["duration"]) == (True, True, 63_000)
    [release] = album["releases"]
    assert (release["trackCount"], release["mediumCount"], release["monitored"]) == (3, 1, True)
    assert "tracks" not in release
    assert stage.get("album", foreignAlbumId=album["foreignAlbumId"]) == [album]
    assert stage.get("album", foreignAlbumId="nobody") == []
    assert stage.get("album", albumIds=[1, 2]) == [album]
    assert stage.get("album/1")["id"] == 1


def test_tracks_by_release(stage: Stage) -> None:
    """`/track` needs to be asked for something (§11.2)."""
    assert stage.call("GET", "track").status_code == 400
    by_release = stage.get("track", albumReleaseId=1)
    assert [(one["title"], one["duration"], one["trackNumber"]) for one in by_release] == [
        (song[0], int(song[1] * 1000), str(at)) for at, song in enumerate(SONGS, start=1)
    ]
    assert stage.get("track", albumId=1) == by_release
    assert stage.get("track", trackIds=[2])[0]["foreignRecordingId"] == "rec-2"
    assert not by_release[0]["hasFile"]


def test_wanted_lists_what_is_missing(stage: Stage) -> None:
    """A page of albums; with the artist on demand."""
    found = stage.get("wanted/missing", includeArtist="true")
    assert (found["totalRecords"], found["pageSize"], found["page"]) == (1, 10, 1)
    assert found["records"][0]["artist"]["artistName"] == "Radiohead"
    assert "artist" not in stage.get("wanted/missing")["records"][0]
    album = stage.get("album/1") | {"monitored": False}
    assert stage.call("PUT", "album/1", album).status_code == 202
    assert stage.get("wanted/missing")["totalRecords"] == 0


def test_parse_tests_a_title(stage: Stage) -> None:
    """Lidarr's parser and mapping (§11.2)."""
    found = stage.get("parse", title="(FLAC) Radiohead - OK Computer - 1997-slsk3f9a2c11")
    assert found["parsedAlbumInfo"]["quality"]["quality"]["name"] == "FLAC"
    assert [album["id"] for album in found["albums"]] == [1]
    assert "parsedAlbumInfo" not in stage.get("parse", title="nothing")


# -- queue, history, blocklist ---------------------------------------------------------------------


def test_the_queue_and_its_details(stage: Stage) -> None:
    """The same row in `/queue` and `/queue/details`, with the album on demand (§11.3)."""
    stage.grabbed(NZO)
    stage.sabnzbd.loading(NZO)
    stage.refresh()
    page = stage.get("queue", includeAlbum="true")
    [row] = page["records"]
    assert page["totalRecords"] == 1
    assert row["album"]["title"] == "OK Computer"
    assert (row["protocol"], row["downloadClient"], row["indexer"]) == (
        "usenet",
        "SoulSpot",
        "SoulSpot",
    )
    assert stage.get("queue/details", albumIds=1)[0]["id"] == row["id"]
    assert stage.get("queue/details", artistId=9) == []
    assert stage.get("queue/status")["totalCount"] == 1


def test_unknown_artists_are_shown_on_demand(stage: Stage) -> None:
    """Items without artist need includeUnknownArtistItems."""
    stage.sabnzbd.loading("SABnzbd_nzo_x", "(FLAC) Nobody - Nothing - 2001-slsk00000001")
    stage.refresh()
    assert stage.get("queue")["records"] == []
    assert len(stage.queued()) == 1


@pytest.mark.parametrize("skip", [False, True])
def test_removal_with_blocklist(stage: Stage, skip: bool) -> None:
    """Out of the client, onto the blocklist, a new search unless told not to (§11.3, §3.6)."""
    folder = stage.downloads / "job"
    write_songs(folder, SONGS[:2])
    stage.grabbed(NZO)
    stage.sabnzbd.done(NZO, folder)
    stage.refresh()
    [row] = stage.queued()
    answer = stage.call(
        "DELETE", f"queue/{row['id']}", removeFromClient=True, blocklist=True, skipRedownload=skip
    )
    assert answer.status_code == 200
    assert stage.queued() == []
    assert not folder.exists()
    # The failure handler removes a second time (§3.6).
    assert stage.sabnzbd.deletions() == [f"history:{NZO}:1"] * 2
    assert stage.get("blocklist")["records"][0]["message"] == "Manually marked as failed"
    searches = [one for one in stage.get("command") if one["name"] == "AlbumSearch"]
    assert len(searches) == (0 if skip else 1)
    assert stage.call("DELETE", f"queue/{row['id']}").status_code == 404


def test_removal_out_of_sight_only(stage: Stage) -> None:
    """Neither from the client nor blocklisted: ignored for good."""
    stage.grabbed(NZO)
    stage.sabnzbd.loading(NZO)
    stage.refresh()
    [row] = stage.queued()
    body = {"ids": [row["id"]]}
    assert stage.call("DELETE", "queue/bulk", body, removeFromClient=False).status_code == 200
    stage.refresh()
    assert stage.queued() == []
    assert stage.sabnzbd.deletions() == []
    assert stage.events(NZO)[-1] == "downloadIgnored"


def test_history_rows_and_their_data(stage: Stage) -> None:
    """Filters by number of the event; the grab's data in camel case (§11.3)."""
    stage.grabbed(NZO)
    page = stage.get("history", downloadId=NZO, eventType=1, includeAlbum="true")
    [row] = page["records"]
    assert row["album"]["id"] == 1
    assert {"indexer", "publishedDate", "size", "downloadUrl", "guid", "releaseSource"} <= set(
        row["data"]
    )
    assert stage.get("history", eventType=[3, 8])["totalRecords"] == 0
    assert len(stage.get("history/since", date="2020-01-01")) == 1
    assert stage.call("POST", f"history/failed/{row['id']}", {}).status_code == 200
    blocked = stage.get("blocklist")["records"]
    assert len(blocked) == 1
    stage.call("DELETE", f"blocklist/{blocked[0]['id']}")
    assert stage.get("blocklist")["totalRecords"] == 0


# -- commands --------------------------------------------------------------------------------------


def test_a_command_is_queued_and_looked_up(stage: Stage) -> None:
    """201 with the resource; any case of the name, unknown names are a 500 (§11.1)."""
    made = stage.call("POST", "command", {"name": "refreshmonitoreddownloads"})
    assert made.status_code == 201
    assert (made.json()["name"], made.json()["status"]) == ("RefreshMonitoredDownloads", "queued")
    assert stage.get(f"command/{made.json()['id']}")["commandName"] == "Refresh Monitored Downloads"
    stage.double.life.commands.run_waiting()
    ended = stage.get(f"command/{made.json()['id']}")
    assert (ended["status"], ended["result"]) == ("completed", "successful")
    assert stage.call("POST", "command", {"name": "Nonsense"}).status_code == 500
    assert stage.call("GET", "command/999").status_code == 404


def nothing(_: Command) -> None:
    """Do nothing."""


@pytest.mark.parametrize(
    ("name", "first", "second", "same"),
    [
        ("RefreshMonitoredDownloads", {}, {}, True),
        ("AlbumSearch", {"albumIds": [1, 2]}, {"albumIds": [2, 1]}, True),
        ("AlbumSearch", {"albumIds": [1]}, {"albumIds": [2]}, False),
        ("MissingAlbumSearch", {}, {"artistId": 1}, False),
        ("DownloadedAlbumsScan", {"path": "/a"}, {"path": "/b"}, False),
        # Two missing values end the comparison: the mode is never looked at.
        (
            "DownloadedAlbumsScan",
            {"path": "/a", "importMode": "move"},
            {"path": "/a", "importMode": "copy"},
            True,
        ),
        (
            "ManualImport",
            {"files": [{"path": "/a", "albumId": 1}], "importMode": "move"},
            {"files": [{"path": "/a", "albumId": 2}], "importMode": "move"},
            True,
        ),
    ],
)
def test_equal_commands_are_queued_once(name: str, first: Row, second: Row, same: bool) -> None:
    """The waiting one is given back; after its end a new one is made (§11.1)."""
    queue = CommandQueue(Store(), nothing)
    one = queue.push(name, first)
    assert (queue.push(name, second).id == one.id) is same
    queue.run_waiting()
    assert queue.push(name, first).id != one.id


def test_commands_that_need_the_disk_wait_for_each_other() -> None:
    """One at a time; others pass them (§4)."""
    seen: list[str] = []

    def work(command: Command) -> None:
        seen.append(f"+{command.name}")
        time.sleep(0.1 if command.name != "CheckHealth" else 0.0)
        seen.append(f"-{command.name}")

    queue = CommandQueue(Store(), work)
    for name in ("DownloadedAlbumsScan", "ManualImport", "CheckHealth"):
        queue.push(name, {"path": "/a", "files": []})
    queue.start()
    deadline = time.monotonic() + 5
    while len(seen) < 6 and time.monotonic() < deadline:
        time.sleep(0.01)
    queue.stop()
    assert seen.index("-DownloadedAlbumsScan") < seen.index("+ManualImport")
    assert seen.index("+CheckHealth") < seen.index("-DownloadedAlbumsScan")


def test_commands_of_a_killed_process_are_orphans() -> None:
    """What ran is orphaned, what waited goes on."""
    store = Store()
    queue = CommandQueue(store, nothing)
    first, second = queue.push("RssSync"), queue.push("CheckHealth")
    assert queue._take() is first
    after = CommandQueue(store, nothing)
    found = {command.id: command.status for command in after.all()}
    assert found == {first.id: "orphaned", second.id: "queued"}


def test_a_scan_by_path(stage: Stage) -> None:
    """DownloadedAlbumsScan imports into the tracked download and completes it (§11.1)."""
    stage.grabbed(NZO)
    stage.sabnzbd.loading(NZO)
    stage.refresh()
    folder = stage.downloads / "elsewhere"
    write_songs(folder)
    body = {"name": "DownloadedAlbumsScan", "path": str(folder), "downloadClientId": NZO}
    number = stage.call("POST", "command", body).json()["id"]
    stage.double.life.commands.run_waiting()
    assert stage.get(f"command/{number}")["result"] == "successful"
    assert stage.state(NZO) == "imported"


@pytest.mark.parametrize(
    ("path", "status", "result"),
    [("/does/not/exist", "completed", "unsuccessful"), ("", "failed", "unsuccessful")],
)
def test_a_scan_of_nothing(stage: Stage, path: str, status: str, result: str) -> None:
    """The command ends, and says that it reached nothing."""
    body = {"name": "DownloadedAlbumsScan", "path": path}
    number = stage.call("POST", "command", body).json()["id"]
    stage.double.life.commands.run_waiting()
    found = stage.get(f"command/{number}")
    assert (found["status"], found["result"]) == (status, result)


def test_nonsense_is_answered(stage: Stage) -> None:
    """A wrong type in an order fails the command, in a form it is a 500; nothing stops working."""
    body = {"name": "ArtistSearch", "artistId": "nobody"}
    number = stage.call("POST", "command", body).json()["id"]
    stage.double.life.commands.run_waiting()
    assert stage.get(f"command/{number}")["status"] == "failed"
    assert stage.call("PUT", "album/1", {"releases": [{}]}).status_code == 500
    assert stage.call("PUT", "album/1", [1]).status_code == 400
    url = f"{stage.double.url}/api/v1/command"
    assert stage.session.post(url, data="{", timeout=5).status_code == 415
    kind = {"Content-Type": "application/json"}
    assert stage.session.post(url, data="{", headers=kind, timeout=5).status_code == 400
    assert stage.call("GET", "queue", includeAlbum="perhaps").status_code == 400
    assert stage.get("system/status")["appName"] == "Lidarr"


# -- manual import ---------------------------------------------------------------------------------


def test_a_failed_import_is_rescued_by_hand(stage: Stage) -> None:
    """Preview by download, the mapping sent back, every threshold bypassed (§11.1)."""
    folder = stage.downloads / "job"
    write_songs(folder, title="-")
    stage.grabbed(NZO)
    stage.sabnzbd.done(NZO, folder)
    stage.refresh()
    assert stage.state(NZO) == "importFailed"
    preview = stage.get("manualimport", downloadId=NZO)
    assert [one["tracks"][0]["id"] for one in preview] == [1, 2, 3]
    assert all(one["rejections"] for one in preview)
    assert preview[0]["audioTags"]["trackNumbers"] == [1]
    files = [
        {
            "path": one["path"],
            "artistId": one["artist"]["id"],
            "albumId": one["album"]["id"],
            "albumReleaseId": one["albumReleaseId"],
            "trackIds": [track["id"] for track in one["tracks"]],
            "quality": one["quality"],
            "downloadId": NZO,
        }
        for one in preview
    ]
    body = {
        "name": "ManualImport",
        "files": files,
        "importMode": "move",
        "replaceExistingFiles": False,
    }
    made = stage.call("POST", "command", body).json()
    assert made["priority"] == "high"
    stage.double.life.commands.run_waiting()
    assert stage.get(f"command/{made['id']}")["status"] == "completed"
    assert stage.state(NZO) == "imported"
    assert not folder.exists()
    assert stage.get("track", albumReleaseId=1)[0]["hasFile"]


def test_a_manual_import_of_what_is_not_there_fails(stage: Stage) -> None:
    """Wrong numbers or paths break the command."""
    file = {"path": "/nowhere.flac", "artistId": 1, "albumId": 1, "albumReleaseId": 1}
    for change in ({"trackIds": [99]}, {"trackIds": [1]}):
        body = {"name": "ManualImport", "files": [file | change]}
        number = stage.call("POST", "command", body).json()["id"]
        stage.double.life.commands.run_waiting()
        assert stage.get(f"command/{number}")["status"] == "failed"


def test_a_preview_can_be_corrected(stage: Stage) -> None:
    """POST judges the same files as one release of the chosen album."""
    folder = stage.downloads / "job"
    files = write_songs(folder, album="Something")
    stage.refresh()
    [first, *_] = stage.get("manualimport", folder=str(folder), artistId=1)
    assert first["rejections"][0]["reason"].startswith("Couldn't find similar album")
    items = [
        {"id": at, "path": str(path), "artistId": 1, "albumId": 1}
        for at, path in enumerate(files, 1)
    ]
    answer = stage.call("POST", "manualimport", items)
    assert answer.status_code == 202
    assert [one["album"]["id"] for one in answer.json()] == [1, 1, 1]
    assert stage.get("manualimport", folder="/does/not/exist") == []
