"""SABnzbd rows about the life of a grab: from the peer's first byte to the end Lidarr is told.

Rows L01-L15, C-84, C-107 and C-108; what happens is scripted on the side of the simulated slskd.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from soulspot_arr.demo.library import Album, simple_album
from soulspot_arr.simulator.audio import AudioSpec
from tests.arr_compat import readers
from tests.conformance.desk import TRACKS, Desk, Json, open_desk
from tests.conformance.running import SLSKD_KEY, until
from tests.story.stage import share

pytestmark = pytest.mark.xdist_group("conformance-sab-lifecycle")

# Every failure is final at once: what follows from each is tested where it is decided.
IMPATIENT = {"SOULSPOT_RETRY_ATTEMPTS": "0", "SOULSPOT_COMPLETION_SETTLE": "2"}
ONCE = {"transfers.download.retry.attempts": 1}


def an_album(name: str, *discs: tuple[tuple[str, float], ...]) -> Album:
    """An album with an artist of its own, so that one peer shares it alone."""
    return simple_album(f"{name} Ensemble", f"{name} Suite", 2010, *(discs or (TRACKS,)))


PLAIN = an_album("Plain")
TWO_DISCS = an_album("Doubled", TRACKS, (("Harbour", 22), ("Ferry", 23)))
MIXED = an_album("Mixed")
COPIED = an_album("Copied")
WATCHED = an_album("Watched")
KILLED = an_album("Killed")
ENDINGS = {
    "reject_at_request": an_album("Rejected"),
    "deny_queued": an_album("Denied"),
    "report_failed": an_album("Reported"),
    "size_changed": an_album("Resized"),
    "no_answer": an_album("Silent"),
    "drop_mid": an_album("Broken"),
    "corrupt": an_album("Corrupt"),
    "offline": an_album("Absent"),
}
UNMOVED = an_album("Unmoved")
CANCELLED = an_album("Cancelled")
WORDS = {
    "reject_at_request": "does not share the file",
    "deny_queued": "takes no more requests",
    "report_failed": "reported as failed",
    "size_changed": "does not match expected size",
    "no_answer": "timed out",
    "drop_mid": "the connection to",
    "corrupt": "cannot be played",
    "offline": "offline",
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One service and a fast clock; every test has an album and a peer of its own."""
    albums = (PLAIN, TWO_DISCS, MIXED, COPIED, WATCHED, KILLED, UNMOVED, *ENDINGS.values())
    with open_desk(
        tmp_path_factory.mktemp("lifecycle"), *albums, settings=IMPATIENT, time_scale=30.0
    ) as opened:
        opened.simulator.change_options(dict(ONCE))
        yield opened


def finished(desk: Desk, album: Album) -> Json:
    """Its history slot, completed."""
    slot = desk.wait_ended(desk.add(album), seconds=40)
    assert slot["status"] == "Completed", slot["fail_message"]
    return slot


def contents(desk: Desk, album: Album) -> set[bytes]:
    """What its peer shares as FLAC."""
    files = desk.simulator.world.peers[desk.peer_of(album)].files
    return {file.payload.content() for path, file in files.items() if path.endswith(".flac")}


# -- completion ------------------------------------------------------------------------------------


def test_L01_C084_S40_the_slot_is_verified_in_the_queue_and_then_changes_lists_at_once(
    desk: Desk,
) -> None:
    """Never in neither list, never back in the queue, never Completed while it is checked."""
    nzo_id = desk.add(WATCHED)
    words: list[str] = []
    end = time.monotonic() + 30
    while time.monotonic() < end:
        over = desk.ended(nzo_id)
        slot = desk.queued(nzo_id)
        if slot is None:
            # Read after the queue, the history has to know it.
            assert desk.ended(nzo_id) is not None
        else:
            assert over is None
            words.append(slot["status"])
        if over is not None:
            assert slot is None
            break
    assert {"Verifying", "Moving"} & set(words), words
    shown = desk.ended(nzo_id)
    assert shown is not None
    assert (shown["status"], shown["category"]) == ("Completed", "music")


def test_L02_completed_means_the_last_byte_is_in_place(desk: Desk) -> None:
    """Across disks slskd's move is a copy that grows in view; nothing is reported before."""
    desk.behave(COPIED, "slow_move", seconds=60)
    slot = finished(desk, COPIED)
    found = {path.read_bytes() for path in Path(slot["storage"]).rglob("*") if path.is_file()}
    assert found == contents(desk, COPIED)


def test_L05_completed_stays_completed(desk: Desk) -> None:
    """Lidarr ignores a later Failed: not even a vanished folder or peer changes the word."""
    slot = finished(desk, PLAIN)
    shutil.rmtree(slot["storage"])
    desk.simulator.world.set_peer(desk.peer_of(PLAIN), online=False)
    end = time.monotonic() + 2
    while time.monotonic() < end:
        shown = desk.ended(slot["nzo_id"])
        assert shown is not None
        assert shown["status"] == "Completed"
        time.sleep(0.1)
    desk.simulator.world.set_peer(desk.peer_of(PLAIN), online=True)


def test_L06_the_folder_holds_each_track_once_in_one_codec(desk: Desk) -> None:
    """Copies in another codec, covers and logs beside them would fail the whole import."""
    peer = desk.peer_of(MIXED)
    share(desk.simulator, peer, MIXED, codec="mp3")
    folder = next(iter(desk.simulator.world.peers[peer].files)).rpartition("\\")[0]
    for extra in ("cover.jpg", "rip.log", "album.cue", "playlist.m3u"):
        desk.simulator.world.share(peer, f"{folder}\\{extra}", 1000)
    desk.simulator.world.share(peer, f"{folder}\\Bonus\\99 - Demo.flac", AudioSpec(9))
    storage = Path(finished(desk, MIXED)["storage"])
    names = sorted(path.name for path in storage.rglob("*") if path.is_file())
    assert len(names) == len(TRACKS)
    assert len({name.rpartition(".")[2] for name in names}) == 1
    assert [name[:2] for name in names] == ["01", "02"]


def test_L07_L10_the_folder_is_one_that_lidarr_can_take(desk: Desk) -> None:
    """No marker of an unfinished unpack, as open as the service's umask allows, and movable."""
    storage = Path(finished(desk, PLAIN)["storage"])
    assert not [part for part in storage.parts if part.startswith(("_UNPACK_", "_FAILED_", "."))]
    umask = os.umask(0)
    os.umask(umask)
    assert storage.stat().st_mode & 0o777 == 0o777 & ~umask
    for path in storage.rglob("*.flac"):
        assert path.stat().st_mode & 0o600 == 0o600
        path.rename(storage / f"renamed {path.name}")
    storage.rename(storage.with_name("taken"))
    shutil.rmtree(storage.with_name("taken"))


def test_L08_two_discs_are_flat_or_called_cd_and_a_number(desk: Desk) -> None:
    """Anything else Lidarr takes for two albums."""
    storage = Path(finished(desk, TWO_DISCS)["storage"])
    folders = {path.parent.relative_to(storage).as_posix() for path in storage.rglob("*.flac")}
    assert folders in ({"."}, {"CD1", "CD2"})
    assert len(list(storage.rglob("*.flac"))) == 4


# -- failure ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", WORDS)
def test_L03_what_will_not_finish_is_told_as_failed(desk: Desk, ending: str) -> None:
    """With a reason, under its id and category, until somebody deletes it."""
    album, peer = ENDINGS[ending], desk.peer_of(ENDINGS[ending])
    desk.nzb(album)
    if ending == "offline":
        desk.simulator.world.set_peer(peer, online=False)
    else:
        values = {"size": 77} if ending == "size_changed" else {}
        desk.behave(album, ending, **values)
    nzo_id = desk.add(album)
    slot = desk.wait_ended(nzo_id, seconds=40)
    assert slot["status"] == "Failed"
    assert WORDS[ending] in slot["fail_message"]
    (item,) = [
        item
        for item in readers.lidarr_history(desk.call("history", limit=1000))
        if item.download_id == nzo_id
    ]
    assert (item.status, item.category) == ("Failed", "music")
    time.sleep(0.5)
    assert desk.ended(nzo_id) is not None


def test_F19_a_move_that_fails_is_nobodys_fault(desk: Desk) -> None:
    """slskd's disk is mended by a person: until then the album waits, and then it comes."""
    desk.behave(UNMOVED, "move_fails")
    nzo_id = desk.add(UNMOVED)

    def noticed() -> Json | None:
        page = desk.service.rest("/events?kind=download.retry_scheduled")
        assert isinstance(page, dict)
        events: list[Json] = page["items"]
        return next((event for event in events if "denied" in event["message"]), None)

    assert until(noticed, "the file that could not be moved waits")
    assert desk.queued(nzo_id) is not None
    assert desk.ended(nzo_id) is None


def test_L04_a_cancellation_in_slskd_is_a_failure(tmp_path: Path) -> None:
    """Disappearing would leave Lidarr waiting without a new search; no attempt is made again."""
    with open_desk(tmp_path, CANCELLED, time_scale=30.0) as desk:
        _cancel_in_slskd(desk, CANCELLED)


def _cancel_in_slskd(desk: Desk, album: Album) -> None:
    peer = desk.peer_of(album)
    desk.behave(album, "never")
    nzo_id = desk.add(album)

    def transfers() -> list[Json] | None:
        mine = [transfer for transfer in desk.transfers() if transfer["username"] == peer]
        return mine if len(mine) == len(TRACKS) else None

    for transfer in until(transfers, "slskd knows the transfers"):
        url = f"{desk.simulator.url}/api/v0/transfers/downloads/{peer}/{transfer['id']}"
        requests.delete(url, headers={"X-API-Key": SLSKD_KEY}, timeout=9)
    slot = desk.wait_ended(nzo_id)
    assert slot["status"] == "Failed"
    assert "cancelled in slskd" in slot["fail_message"]


def test_C108_a_cancellation_in_our_own_api_is_no_failure(desk: Desk) -> None:
    """Failed would put the release on Lidarr's blocklist."""
    desk.behave(KILLED, "never")
    nzo_id = desk.add(KILLED)
    url = f"{desk.service.url}/api/v1/grabs/{nzo_id}"
    answer = requests.delete(url, headers={"X-Api-Key": desk.service.api_key}, timeout=9)
    assert answer.status_code in {200, 204}, answer.text
    assert desk.queued(nzo_id) is None
    assert desk.ended(nzo_id) is None


# -- restart ---------------------------------------------------------------------------------------


def test_L12_C107_a_killed_service_continues_under_the_same_id(desk: Desk) -> None:
    """kill -9 while bytes move: same id, valid words all the way, and it completes."""
    desk.behave(KILLED, "normal", speed=30_000)
    nzo_id = desk.add(KILLED)
    before = desk.wait_status(nzo_id, "Downloading")
    desk.service.kill()
    desk.service.start()
    after = desk.queued(nzo_id)
    assert after is not None
    for name in ("filename", "cat", "mb", "priority"):
        assert after[name] == before[name]
    readers.lidarr_queue(desk.call("queue"))
    assert desk.wait_ended(nzo_id, seconds=40)["status"] == "Completed"


# -- Lidarr's own API ------------------------------------------------------------------------------


class Recorder(BaseHTTPRequestHandler):
    """A Lidarr that says yes and remembers what it was asked."""

    asked: list[tuple[str, str]]

    def do_GET(self) -> None:
        self._answer(
            {"version": "2.14.5", "status": "completed"} if "album" not in self.path else []
        )

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.asked.append((self.path, body.decode()))
        self._answer({"id": 1, "status": "queued"})

    def _answer(self, document: object) -> None:
        content = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def lidarr() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Its address and what was posted to it."""
    asked: list[tuple[str, str]] = []
    handler = type("Handler", (Recorder,), {"asked": asked})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


def test_L13_L15_lidarr_is_told_at_the_start_and_at_each_completion(
    tmp_path: Path, lidarr: tuple[str, list[tuple[str, str]]]
) -> None:
    """Its back-off is lifted, and the import starts within seconds instead of a minute."""
    url, asked = lidarr
    settings = {"SOULSPOT_LIDARR_URL": url, "SOULSPOT_LIDARR_API_KEY": "k" * 32}
    with open_desk(tmp_path, PLAIN, settings=settings) as desk:
        tests = {"/api/v1/downloadclient/testall", "/api/v1/indexer/testall"}
        until(lambda: tests <= {path for path, _ in asked} or None, "both tests at the start")
        assert not [path for path, _ in asked if path.endswith("/command")]
        desk.wait_ended(desk.add(PLAIN))
        told = until(
            lambda: next((body for path, body in asked if path.endswith("/command")), None),
            "the refresh after the completion",
        )
        assert json.loads(told) == {"name": "RefreshMonitoredDownloads"}
