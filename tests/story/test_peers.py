"""Albums that survive their peers, over real HTTP: one id, one import, and nothing fetched twice."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from soulspot_arr.demo.events import DownloadFailed, Event, Imported
from soulspot_arr.demo.library import simple_album
from tests.story.lidarr import imported
from tests.story.stage import SLSKD_KEY, Stage, share, stage

TRACKS = (("Overture", 14), ("Salt Road", 15), ("Low Tide", 16), ("Lantern", 17), ("Ferry", 18))
ALBUM = simple_album("Marta Quill", "Harbour Letters", 2013, TRACKS)
FAST, SLOW, LATE = "dusty_shelf", "second_shelf", "third_shelf"
SETTINGS = {
    "SOULSPOT_JOBS_RESCUE": "0.3",
    "SOULSPOT_STALL_QUEUED": "2",
    "SOULSPOT_QUEUE_CLAIM_TTL": "3",  # killed between the claim and the request
    "SOULSPOT_QUEUE_DISPATCH_DELAY": "0",
    # A story must not wait until a text may be asked again.
    "SOULSPOT_SEARCH_CACHE": "0",
    "SOULSPOT_SEARCH_DIG": "0",
}


def path_of(number: int) -> str:
    """How a peer calls one of the tracks."""
    title = TRACKS[number - 1][0]
    folder = f"@@mvxyz\\Music\\{ALBUM.artist}\\{ALBUM.title} ({ALBUM.year})"
    return f"{folder}\\{number:02d} - {title}.flac"


def prepare(on: Stage, *others: str) -> None:
    """The album at the first peer and at these, who are slower."""
    share(on.simulator, FAST, ALBUM)
    for name in others:
        on.simulator.world.add_peer(name, free_slots=1, speed=800_000)
        share(on.simulator, name, ALBUM)


def transfers(on: Stage) -> list[tuple[str, str, str]]:
    """Peer, file name and state of everything that slskd was ever asked for."""
    answer = requests.get(
        f"{on.simulator.url}/api/v0/transfers/downloads?includeRemoved=true",
        headers={"X-API-Key": SLSKD_KEY},
        timeout=9,
    )
    return [
        (user["username"], file["filename"].rpartition("\\")[2], file["state"])
        for user in answer.json()
        for folder in user["directories"]
        for file in folder["files"]
    ]


def fetched(on: Stage) -> Counter[str]:
    """How often each file came whole, by name."""
    return Counter(name for _, name, state in transfers(on) if "Succeeded" in state)


def asked_of(on: Stage, peer: str) -> set[str]:
    """The numbers of the files that this peer was asked for."""
    return {name[:2] for who, name, _ in transfers(on) if who == peer}


def kinds(on: Stage) -> list[str]:
    """What happened, oldest first."""
    body = on.service.rest("/events?limit=500")
    items = body["items"] if isinstance(body, dict) else body
    assert isinstance(items, list)
    return [item["kind"] for item in sorted(items, key=lambda item: int(item["id"]))]


def wait(happened: Callable[[], bool], what: str, *, seconds: float = 30.0) -> None:
    """Until it has happened."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if happened():
            return
        time.sleep(0.05)
    raise AssertionError(f"never: {what}")


def assert_imported_once(on: Stage, nzo_id: str) -> list[Event]:
    """Imported under this id, with every track, and no failure on the way."""
    events = on.lidarr.play(imported(nzo_id), seconds=60.0)
    assert [event for event in events if isinstance(event, DownloadFailed)] == []
    assert sum(isinstance(event, Imported) for event in events) == 1
    assert len(list((on.root / "library").rglob("*.flac"))) == len(TRACKS)
    assert on.lidarr.window.blocklist() == []
    return events


@pytest.mark.parametrize("profile", ["0.25", "0.26", "master"])
def test_one_file_that_is_lost_for_good_comes_from_another_peer(
    tmp_path: Path, profile: str
) -> None:
    """Four files of the first peer, one of the second, nothing twice; whatever the slskd."""
    with stage(tmp_path, profile=profile, settings=SETTINGS, library=(ALBUM,)) as on:
        prepare(on, SLOW)
        on.simulator.world.script(FAST, path_of(2), "reject_at_request", text="File not shared.")
        nzo_id = on.grab(ALBUM)
        assert_imported_once(on, nzo_id)
        assert asked_of(on, SLOW) == {"02"}
        assert set(fetched(on).values()) == {1}
        assert kinds(on).count("download.substituted") == 1
        assert "grab.offer_changed" not in kinds(on)


def test_a_spoilt_file_comes_from_another_peer_after_all_had_arrived(tmp_path: Path) -> None:
    """Found out when the album is finished: never completed before, never failed after."""
    with stage(tmp_path, settings=SETTINGS, library=(ALBUM,)) as on:
        prepare(on, SLOW)
        on.simulator.world.script(FAST, path_of(5), "corrupt")
        nzo_id = on.grab(ALBUM)
        assert_imported_once(on, nzo_id)
        assert asked_of(on, SLOW) == {"05"}
        assert fetched(on)["05 - Ferry.flac"] == 2
        told = kinds(on)
        assert told.count("grab.processing") == 2
        assert told.count("grab.completed") == 1


def test_a_peer_that_vanishes_after_three_of_five(tmp_path: Path) -> None:
    """What is here stays; the two others come from the second peer."""
    with stage(tmp_path, settings=SETTINGS, library=(ALBUM,)) as on:
        prepare(on, SLOW)
        on.simulator.world.set_peer(FAST, speed=60_000, advertised_speed=8_000_000)
        nzo_id = on.grab(ALBUM)
        wait(lambda: sum(fetched(on).values()) >= 3, "three files are here")
        on.simulator.world.set_peer(FAST, online=False)
        assert_imported_once(on, nzo_id)
        mine = {name[:2] for who, name, state in transfers(on) if who == FAST and "Succ" in state}
        assert len(mine) >= 3
        assert asked_of(on, SLOW) == {f"{n:02d}" for n in range(1, 6)} - mine
        assert set(fetched(on).values()) == {1}


def test_a_third_peer_is_found_when_all_that_were_remembered_fail(tmp_path: Path) -> None:
    """One more search under the same id; only the lost file is asked of whom it finds."""
    with stage(tmp_path, settings=SETTINGS, library=(ALBUM,)) as on:
        prepare(on, SLOW)
        for peer in (FAST, SLOW):
            on.simulator.world.script(peer, path_of(4), "deny_queued", text="Cancelled")
        nzo_id = on.grab(ALBUM)
        on.simulator.world.add_peer(LATE, free_slots=1, speed=1_000_000)
        share(on.simulator, LATE, ALBUM)
        assert_imported_once(on, nzo_id)
        assert (asked_of(on, SLOW), asked_of(on, LATE)) == ({"04"}, {"04"})
        assert set(fetched(on).values()) == {1}
        assert kinds(on).count("grab.rescued") == 1


def test_when_nobody_is_found_lidarr_is_told_why(tmp_path: Path) -> None:
    """Failed once, with the file, the peer and its words; and never completed."""
    with stage(tmp_path, settings=SETTINGS, library=(ALBUM,)) as on:
        prepare(on)
        on.simulator.world.script(FAST, path_of(3), "deny_queued", text="Cancelled")
        nzo_id = on.grab(ALBUM)
        events = on.lidarr.play(lambda seen: any(isinstance(e, DownloadFailed) for e in seen))
        (failed,) = [event for event in events if isinstance(event, DownloadFailed)]
        assert failed.nzo_id == nzo_id
        assert "03 - Low Tide.flac: dusty_shelf refuses to send the file" in failed.reason
        told = kinds(on)
        assert told.count("grab.rescue_wanted") == told.count("grab.failed") == 1
        assert "grab.completed" not in told


@pytest.mark.parametrize(
    "moment", ["download.failed", "download.substituted", "grab.rescue_wanted", "grab.rescued"]
)
def test_killed_on_the_way_the_album_still_arrives_once(tmp_path: Path, moment: str) -> None:
    """kill -9 after each step of the way: everything goes on from the rows."""
    with stage(tmp_path, settings=SETTINGS, library=(ALBUM,)) as on:
        prepare(on, SLOW)
        for peer in (FAST, SLOW):
            on.simulator.world.script(peer, path_of(4), "deny_queued", text="Cancelled")
        nzo_id = on.grab(ALBUM)
        on.simulator.world.add_peer(LATE, free_slots=1, speed=1_000_000)
        share(on.simulator, LATE, ALBUM)
        wait(lambda: moment in kinds(on), moment)
        on.service.kill()
        on.service.start()
        assert_imported_once(on, nzo_id)
        assert set(fetched(on).values()) == {1}
        assert kinds(on).count("grab.failed") == 0
