"""The double as a whole: its own clock, faults, restarts, grabs, and an import from end to end."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mutagen
import pytest
import requests

from soulspot_arr.demo import programme
from soulspot_arr.demo.lidarr import serving
from soulspot_arr.demo.lidarr.seeding import artists_of
from soulspot_arr.listener import Connection
from soulspot_arr.simulator.audio import AudioSpec, tagged
from tests.soulspot_arr.demo.lidarr.stage import (
    SONGS,
    TITLE,
    FakeSabnzbd,
    Stage,
    artist,
    filled,
    release,
    write_songs,
)
from tests.soulspot_arr.demo.newznab_shapes import CAPS, NZB, item, rss
from tests.soulspot_arr.demo.scripted import Answer, Scripted, as_xml

NZO = "SABnzbd_nzo_1"


def wait_for(happened: Callable[[], bool], seconds: float = 15.0) -> None:
    """Until it happens; an assertion otherwise."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)


@pytest.fixture
def running(tmp_path: Path, sabnzbd: FakeSabnzbd) -> Iterator[Stage]:
    """A Lidarr with its own clock, two hundred times as fast."""
    stage = Stage(tmp_path, sabnzbd, manual=False, time_scale=200.0, rename=True)
    yield stage
    stage.close()


def test_from_completed_to_the_library(running: Stage) -> None:
    """FLAC of one disc and MP3 of the other, tagged, found by the poll, moved, removed."""
    second = [("Fitter Happier", 2.0), ("No Surprises", 3.0)]
    first = [("Airbag", 2.0), ("Lucky", 2.5)]
    running.control("artist", **artist(release(first, second)))
    running.add_client()
    folder = running.downloads / "job"
    for disc, (songs, codec) in enumerate(((first, "flac"), (second, "mp3")), start=1):
        home = folder / f"CD{disc}"
        home.mkdir(parents=True)
        for number, (title, seconds) in enumerate(songs, start=1):
            tags = {"title": title, "album": "OK Computer", "artist": "Radiohead"}
            tags |= {"tracknumber": str(number), "discnumber": f"{disc}/2", "date": "1997"}
            spec = AudioSpec(seconds, codec=codec, tags=tagged(tags))
            (home / f"{number:02d}.{codec}").write_bytes(spec.content())
    running.grabbed(NZO)
    running.sabnzbd.done(NZO, folder)
    album = running.library / "Radiohead" / "OK Computer (1997)"
    wait_for(lambda: running.sabnzbd.deletions() != [])
    assert sorted(path.relative_to(album).as_posix() for path in album.rglob("*.*")) == [
        "CD 01/Radiohead - OK Computer - 01 - Airbag.flac",
        "CD 01/Radiohead - OK Computer - 02 - Lucky.flac",
        "CD 02/Radiohead - OK Computer - 01 - Fitter Happier.mp3",
        "CD 02/Radiohead - OK Computer - 02 - No Surprises.mp3",
    ]
    [flac, *_] = sorted(album.rglob("*.flac"))
    [mp3, *_] = sorted(album.rglob("*.mp3"))
    for path in (flac, mp3):
        audio: Any = mutagen.File(path)
        assert audio.info.length == pytest.approx(2.0, abs=0.1)
    assert not folder.exists()
    qualities = {one["quality"]["quality"]["name"] for one in running.get("trackfile", albumId=1)}
    assert qualities == {"FLAC", "MP3-320"}


def test_a_refresh_by_command_is_at_once(stage: Stage) -> None:
    """RefreshMonitoredDownloads polls and queues the processing (§11.1)."""
    folder = stage.downloads / "job"
    write_songs(folder)
    stage.grabbed(NZO)
    stage.sabnzbd.done(NZO, folder)
    stage.call("POST", "command", {"name": "RefreshMonitoredDownloads"})
    stage.double.life.commands.run_waiting()
    names = {one["name"]: one["status"] for one in stage.get("command")}
    assert names == {
        "RefreshMonitoredDownloads": "completed",
        "ProcessMonitoredDownloads": "completed",
    }
    assert stage.state(NZO) == "imported"


def test_the_clock_polls_by_itself(running: Stage) -> None:
    """About once a minute of Lidarr's; a grab hastens it by five seconds (§4)."""
    running.add_client()
    running.sabnzbd.log.clear()
    wait_for(lambda: len(running.sabnzbd.asked("mode=history")) >= 3)


# -- restarts --------------------------------------------------------------------------------------


def test_a_restart_forgets_only_what_was_in_memory(stage: Stage) -> None:
    """Library, settings and histories stay; the queue is rebuilt by the next poll."""
    stage.grabbed(NZO)
    stage.sabnzbd.loading(NZO)
    stage.refresh()
    stage.control("restart", downtime=0.1)

    def down() -> bool:
        try:
            return stage.queued() == []
        except requests.ConnectionError:
            return False

    wait_for(down)
    assert [one["title"] for one in stage.get("album")] == ["OK Computer"]
    assert len(stage.get("downloadclient")) == 1
    stage.refresh()
    [row] = stage.queued()
    assert (row["downloadId"], row["indexer"]) == (NZO, "SoulSpot")


def test_the_answer_comes_before_the_restart(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine that needs long for it too."""
    before, deliver = stage.double.life, serving.deliver

    def late(connection: Connection, reply: serving.Reply, *, cut: bool) -> None:
        time.sleep(0.3)
        deliver(connection, reply, cut=cut)

    monkeypatch.setattr(serving, "deliver", late)
    assert stage.control("restart") == {"ok": True}
    wait_for(lambda: stage.double.life is not before)


def test_everything_survives_on_disk(tmp_path: Path, sabnzbd: FakeSabnzbd) -> None:
    """Another process on the same data folder goes on."""
    first = Stage(tmp_path, sabnzbd)
    first.control("artist", **artist())
    first.add_client()
    folder = first.downloads / "job"
    write_songs(folder, SONGS[:2])
    first.grabbed(NZO)
    sabnzbd.done(NZO, folder)
    first.refresh()
    first.close()
    second = Stage(tmp_path, sabnzbd)
    try:
        second.refresh()
        assert second.state(NZO) == "importFailed"
        assert second.events(NZO) == ["grabbed", "albumImportIncomplete"]
    finally:
        second.close()


# -- faults ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"kind": "unauthorized"}, 401),
        ({"kind": "error", "status": 503}, 503),
        ({"kind": "html", "status": 502}, 502),
    ],
)
def test_answers_can_be_replaced(bare: Stage, fault: dict[str, object], status: int) -> None:
    """Once, then all is well again."""
    bare.control("fault", path="/api/v1/health", **fault)
    assert bare.call("GET", "system/status").status_code == 200
    assert bare.call("GET", "health").status_code == status
    assert bare.call("GET", "health").status_code == 200


def test_slow_cut_and_lost_answers(bare: Stage) -> None:
    """A true answer late, half of it, or none."""
    bare.control("fault", kind="slow", delay=0.3)
    began = time.monotonic()
    assert bare.call("GET", "system/status").status_code == 200
    assert time.monotonic() - began >= 0.3
    for kind in ("truncated", "reset"):
        bare.control("fault", kind=kind)
        with pytest.raises(requests.RequestException):
            bare.call("GET", "system/status")


def test_work_can_be_done_before_the_answer_is_lost(bare: Stage) -> None:
    """`after`: the tag is there, the client does not know."""
    bare.control("fault", kind="reset", path="/api/v1/tag", after=True)
    with pytest.raises(requests.RequestException):
        bare.call("POST", "tag", {"label": "x"})
    assert len(bare.get("tag")) == 1


def test_a_key_that_changes(bare: Stage) -> None:
    """Unauthorised until the new one is shown."""
    bare.control("key", apiKey="another")
    assert bare.call("GET", "system/status").status_code == 401
    bare.session.headers["X-Api-Key"] = "another"
    assert bare.call("GET", "system/status").status_code == 200


def test_unknown_faults_are_told(bare: Stage) -> None:
    """400 with a sentence, faults can be taken back."""
    url = f"{bare.double.url}/__sim__/fault"
    answer = bare.session.post(url, json={"kind": "earthquake"}, timeout=5)
    assert answer.status_code == 400
    assert "unknown fault 'earthquake'" in answer.json()["message"]
    bare.control("fault", kind="unauthorized", times=None)
    assert bare.call("GET", "health").status_code == 401
    assert bare.session.delete(url, timeout=5).status_code == 200
    assert bare.call("GET", "health").status_code == 200


# -- grabs -----------------------------------------------------------------------------------------


@pytest.fixture
def offering(stage: Stage, server: Scripted) -> Stage:
    """A stage with an indexer that has one release of the album."""
    found = item(
        TITLE.replace("WAV", "FLAC"),
        enclosure=f'<enclosure url="{server.url}/?nzb=1" length="9" type="application/x-nzb"/>',
    )
    server.on(as_xml(rss(found)), t="music")
    server.on(as_xml(CAPS), t="caps")
    server.on(Answer(NZB, 200), nzb="1")
    [form] = stage.get("indexer/schema")
    body = filled(form, {"baseUrl": server.url}) | {"name": "SoulSpot", "downloadClientId": 1}
    switches = ("enableRss", "enableAutomaticSearch", "enableInteractiveSearch")
    assert stage.call("POST", "indexer", body | dict.fromkeys(switches, True)).status_code == 201
    return stage


def test_an_interactive_grab(offering: Stage) -> None:
    """Search, decision, grab; the same release is refused while it is in the queue (§11.4, §8.1)."""
    [row] = offering.get("release", albumId=1)
    assert (row["approved"], row["rejections"]) == (True, [])
    grab = {"guid": row["guid"], "indexerId": row["indexerId"]}
    assert offering.call("POST", "release", grab).status_code == 200
    [history] = offering.get("history")["records"]
    assert (history["downloadId"], history["data"]["releaseSource"]) == (
        "SABnzbd_nzo_added",
        "InteractiveSearch",
    )
    offering.sabnzbd.loading("SABnzbd_nzo_added", row["title"])
    offering.refresh()
    [row] = offering.get("release", albumId=1)
    assert row["rejected"]
    assert "queue" in row["rejections"][0]
    missing = {"guid": "unknown", "indexerId": 1}
    assert offering.call("POST", "release", missing).status_code == 404


@pytest.mark.parametrize(
    ("name", "body"),
    [("AlbumSearch", {"albumIds": [1]}), ("RssSync", {}), ("MissingAlbumSearch", {})],
)
def test_grabs_by_command(offering: Stage, name: str, body: dict[str, object]) -> None:
    """Searches and the feed end in a grab of what is missing."""
    offering.call("POST", "command", {"name": name, **body})
    offering.double.life.commands.run_waiting()
    assert offering.events("SABnzbd_nzo_added") == ["grabbed"]


def test_what_failed_is_blocklisted_by_title_and_date(offering: Stage) -> None:
    """The new search finds the same release and refuses it (§8.2)."""
    offering.call("POST", "command", {"name": "AlbumSearch", "albumIds": [1]})
    offering.double.life.commands.run_waiting()
    title = TITLE.replace("WAV", "FLAC")
    offering.sabnzbd.done("SABnzbd_nzo_added", "", title, status="Failed", fail_message="gone")
    offering.refresh()
    [row] = offering.get("release", albumId=1)
    assert row["rejections"] == ["Release is blocklisted"]
    assert offering.events("SABnzbd_nzo_added") == ["grabbed", "downloadFailed"]


def test_a_release_can_be_pushed(offering: Stage, server: Scripted) -> None:
    """Judged like the feed, and grabbed when it is approved (§11.4)."""
    body = {
        "title": TITLE.replace("WAV", "FLAC"),
        "downloadUrl": f"{server.url}/?nzb=1",
        "protocol": "usenet",
        "publishDate": "2024-03-05T10:15:42Z",
    }
    [row] = offering.call("POST", "release/push", body).json()
    assert row["approved"]
    assert offering.events("SABnzbd_nzo_added") == ["grabbed"]
    assert offering.call("POST", "release/push", {"title": "x"}).status_code == 400


def test_the_demos_albums_can_be_its_library(bare: Stage) -> None:
    """What the demo waits for, with discs, profile and accents."""
    for spec in artists_of([programme.NORTHBOUND, programme.LUMIERE]):
        bare.control("artist", **spec)
    albums = {one["title"]: one["releases"][0] for one in bare.get("album")}
    assert {title: one["mediumCount"] for title, one in albums.items()} == {
        "Northbound": 2,
        "Lumière d'Août": 1,
    }
    tracks = bare.get("track", albumReleaseId=albums["Northbound"]["id"])
    assert [(one["mediumNumber"], one["trackNumber"]) for one in tracks[5:7]] == [
        (1, "6"),
        (2, "1"),
    ]


# -- the program -----------------------------------------------------------------------------------


def test_it_runs_as_a_program(tmp_path: Path) -> None:
    """Prints where it listens, serves its library file, ends on SIGTERM."""
    library = tmp_path / "library.json"
    library.write_text(json.dumps([artist()]))
    arguments = ["--port", "0", "--data-dir", str(tmp_path / "data"), "--library", str(library)]
    command = [sys.executable, "-m", "soulspot_arr", "simulate-lidarr", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert first.startswith("simulated Lidarr 2.14.5.4836 listening on http://127.0.0.1:")
        key = {"X-Api-Key": "simulated-lidarr-key"}
        found = requests.get(f"{first.split()[-1]}/api/v1/album", headers=key, timeout=5)
        process.terminate()
        assert process.wait(timeout=10) == 0
    assert [one["title"] for one in found.json()] == ["OK Computer"]


def test_it_knows_nothing_of_our_own_prediction() -> None:
    """The two are compared with each other, so neither may look at the other."""
    room = Path(__file__).parents[4] / "soulspot_arr" / "demo" / "lidarr"
    sources = [path.read_text(encoding="utf-8") for path in room.glob("*.py")]
    assert len(sources) > 20
    assert not any("rehearsal" in text for text in sources)
