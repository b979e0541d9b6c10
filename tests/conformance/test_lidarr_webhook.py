"""Lidarr's webhook (Connect) and its history, over real HTTP: which album a grab is, and its import.

Rows W01 to W04 of contract lidarr §13.7. The ids are read where they are kept, in the
database of the running service.
"""

from __future__ import annotations

import sqlite3
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.conformance.desk import QUICK, STILL, Desk, open_desk
from tests.conformance.running import until
from tests.fakes.fake_lidarr import KEY, FakeLidarr

pytestmark = pytest.mark.xdist_group(name="conformance-lidarr-webhook")

ALBUM = "b1392450-e666-3926-a536-22c65f834433"
ARTIST = "a74b1b7f-71a5-4011-9441-d0b5e4122711"


@pytest.fixture(scope="module")
def lidarr() -> Iterator[FakeLidarr]:
    """A Lidarr with an empty library and an empty history."""
    with FakeLidarr() as double:
        yield double


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, lidarr: FakeLidarr) -> Iterator[Desk]:
    """A service that may ask this Lidarr."""
    settings = {
        "SOULSPOT_LIDARR_URL": lidarr.url,
        "SOULSPOT_LIDARR_API_KEY": KEY,
        "SOULSPOT_CATALOGUE_MUSICBRAINZ": "false",
    }
    root = tmp_path_factory.mktemp("webhook")
    with open_desk(root, STILL, QUICK, settings=settings) as opened:
        yield opened


@pytest.fixture
def nzo_id(desk: Desk) -> Iterator[str]:
    """A grab that waits for its peer."""
    added = desk.add(STILL)
    yield added
    desk.call("queue", name="delete", value=added, del_files=1)


def tell(desk: Desk, event: dict[str, Any]) -> requests.Response:
    """Send an event as Lidarr does: JSON, user name and password, no redirects."""
    return requests.post(
        f"{desk.service.url}/hooks/lidarr",
        json=event,
        auth=("lidarr", desk.service.api_key),
        allow_redirects=False,
        timeout=20,
    )


def kept(desk: Desk, nzo_id: str) -> tuple[object, ...]:
    """The ids that are stored on the grab."""
    path: Path = desk.service.data_dir / "soulspot.db"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        query = "SELECT album_id, artist_id, library_id FROM grabs WHERE nzo_id = ?"
        found = connection.execute(query, (nzo_id,)).fetchone()
    assert isinstance(found, tuple)
    return found


def grabbed(nzo_id: str) -> dict[str, Any]:
    """What Lidarr tells after it handed a release over (contract lidarr §11.6)."""
    return {
        "eventType": "Grab",
        "instanceName": "Lidarr",
        "applicationUrl": "",
        "artist": {"id": 3, "name": STILL.artist, "mbId": ARTIST, "type": "Person"},
        "albums": [{"id": 7, "mbId": ALBUM, "title": STILL.title, "albumType": "Album"}],
        "release": {"quality": "FLAC", "releaseTitle": "x", "indexer": "SoulSpot", "size": 1},
        "downloadClient": "SoulSpot Arr",
        "downloadClientType": "SABnzbd",
        "downloadId": nzo_id,
    }


def test_W01_the_test_button_is_green(desk: Desk) -> None:
    """Within a second."""
    answer = tell(desk, grabbed("SABnzbd_nzo_test") | {"eventType": "Test"})
    assert answer.status_code == 200


def test_W02_a_grab_learns_the_ids_of_its_album(desk: Desk, nzo_id: str) -> None:
    """They are stored on it by the time Lidarr has its answer."""
    assert kept(desk, nzo_id) == (None, None, None)
    assert tell(desk, grabbed(nzo_id)).status_code == 200
    assert kept(desk, nzo_id) == (ALBUM, ARTIST, 7)


def test_W02_the_history_is_the_second_way(desk: Desk, lidarr: FakeLidarr, nzo_id: str) -> None:
    """For who has set no webhook up."""
    lidarr.history = [
        {
            "id": 1,
            "eventType": "grabbed",
            "downloadId": nzo_id,
            "album": {"id": 7, "foreignAlbumId": ALBUM},
            "artist": {"id": 3, "foreignArtistId": ARTIST},
        }
    ]
    found = until(lambda: _known(desk, nzo_id), "the grab knows its album", seconds=15)
    assert found == (ALBUM, ARTIST, 7)


def _known(desk: Desk, nzo_id: str) -> tuple[object, ...] | None:
    found = kept(desk, nzo_id)
    return found if found[0] else None


@pytest.mark.parametrize(
    "event",
    [
        {"eventType": "SomethingOfTomorrow"},
        {"eventType": "Download", "album": {"mbId": ALBUM}, "trackFiles": [], "more": {"x": [1]}},
        {"eventType": "ImportFailure", "tracks": [], "trackFiles": []},
        {"eventType": "Grab"},
        {},
    ],
    ids=["unknown", "download", "import failure", "bare grab", "nothing"],
)
def test_W04_what_is_unknown_is_welcome(desk: Desk, nzo_id: str, event: dict[str, Any]) -> None:
    """Other events, and fields that nobody knows yet; no grab is touched."""
    assert tell(desk, event | {"furtherField": None}).status_code == 200
    assert kept(desk, nzo_id) == (None, None, None)


# -- what becomes of an import -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def finished(desk: Desk) -> str:
    """A grab that is ready for Lidarr, of which Lidarr has not said a word."""
    return finish(desk)


def finish(desk: Desk) -> str:
    """Hand an album over and wait until it is ready."""
    added = desk.add(QUICK)
    assert desk.wait_ended(added)["status"] == "Completed"
    return added


def imported(nzo_id: str, files: int) -> dict[str, Any]:
    """What Lidarr tells after an import (contract lidarr §11.6)."""
    return {
        "eventType": "Download",
        "artist": {"id": 3, "name": QUICK.artist, "mbId": ARTIST},
        "album": {"id": 7, "mbId": ALBUM, "title": QUICK.title},
        "tracks": [{"id": n, "title": "x", "trackNumber": "1"} for n in range(files)],
        "trackFiles": [{"id": n, "path": "/music/x.flac", "size": 1} for n in range(files)],
        "isUpgrade": False,
        "downloadClient": "SoulSpot Arr",
        "downloadClientType": "SABnzbd",
        "downloadId": nzo_id,
    }


def word(desk: Desk, nzo_id: str) -> object:
    """What is kept of Lidarr's word about the import."""
    path: Path = desk.service.data_dir / "soulspot.db"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        query = "SELECT import_state FROM grabs WHERE nzo_id = ?"
        return connection.execute(query, (nzo_id,)).fetchone()[0]


def looks(lidarr: FakeLidarr) -> int:
    """How often the queue was asked for."""
    return sum(asked.path == "/api/v1/queue" for asked in lidarr.log)


@pytest.mark.parametrize("kind", ["ImportFailure", "DownloadFailure"])
def test_W03_a_failure_has_the_queue_looked_at(
    desk: Desk, lidarr: FakeLidarr, finished: str, kind: str
) -> None:
    """It names nobody: the queue is read at once, not at the job's next turn."""
    before = looks(lidarr)
    event = {"eventType": kind, "tracks": [], "trackFiles": []}
    assert tell(desk, event).status_code == 200
    until(lambda: looks(lidarr) > before or None, "Lidarr's queue is read", seconds=15)
    assert word(desk, finished) is None


def test_an_import_counts_by_the_time_lidarr_has_its_answer(desk: Desk) -> None:
    """And a part of one does not."""
    finished = finish(desk)
    assert tell(desk, imported(finished, files=1)).status_code == 200
    assert word(desk, finished) is None
    assert tell(desk, imported(finished, files=2)).status_code == 200
    assert word(desk, finished) == "imported"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 422),
        (b"[1]", 422),
        (b"\xff\xfe", 422),
        (b'{"eventType": "Download", "downloadId": "' + b"x" * 17_000_000 + b'"}', 413),
        (b'{"eventType": {"a": 1}, "downloadId": [1], "trackFiles": "x"}', 200),
        (b'{"eventType": "Download", "downloadId": "\\ud800\\u0000"}', 200),
    ],
    ids=["empty", "cut", "list", "binary", "huge", "types", "half a pair"],
)
def test_bodies_that_are_no_event_are_refused_clearly(
    desk: Desk, finished: str, body: bytes, status: int
) -> None:
    """A 4xx with a sentence, or nothing that matters; no grab is touched."""
    answer = requests.post(
        f"{desk.service.url}/hooks/lidarr",
        data=body,
        headers={"Content-Type": "application/json"},
        auth=("lidarr", desk.service.api_key),
        timeout=60,
    )
    assert answer.status_code == status
    assert answer.text
    assert word(desk, finished) is None


def test_it_is_answered_in_milliseconds_while_others_write(desk: Desk, finished: str) -> None:
    """Lidarr waits for it in the middle of its import; two hundred times, beside a busy queue."""
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            added = desk.add(STILL)
            desk.call("queue", name="delete", value=added, del_files=1)

    busy = threading.Thread(target=write)
    busy.start()
    took = []
    try:
        with requests.Session() as session:
            session.auth = ("lidarr", desk.service.api_key)
            for number in range(200):
                kind = ("Download", "Grab", "ImportFailure", "DownloadFailure")[number % 4]
                event = imported(finished, files=1) | {"eventType": kind}
                began = time.perf_counter()
                answer = session.post(f"{desk.service.url}/hooks/lidarr", json=event, timeout=20)
                took.append(time.perf_counter() - began)
                assert answer.status_code == 200
    finally:
        stop.set()
        busy.join()
    assert statistics.median(took) < 0.05, sorted(took)[-10:]
