"""Which album a grab is: told by Lidarr's webhook, or looked up in its history. Writes on both databases."""

from __future__ import annotations

from typing import Any

import pytest

from soulspot_arr.catalogue.binding import Binding
from soulspot_arr.domain import GrabState
from soulspot_arr.models import Grab
from tests.fakes.fake_lidarr import FakeLidarr
from tests.fakes.http_double import Reply
from tests.soulspot_arr.catalogue.conftest import connect
from tests.soulspot_arr.rows import new_grab
from tests.soulspot_arr.workshop import Bench

ALBUM = "b1392450-e666-3926-a536-22c65f834433"
ARTIST = "a74b1b7f-71a5-4011-9441-d0b5e4122711"


def start(bench: Bench, lidarr: FakeLidarr) -> Binding:
    """The room, set up for this Lidarr."""
    connect(bench, lidarr, None)
    return Binding(bench.db, bench.lidarr)


@pytest.fixture
def binding(bench: Bench, lidarr: FakeLidarr) -> Binding:
    """The room, with a Lidarr whose history is empty."""
    return start(bench, lidarr)


@pytest.fixture
def nzo_id(bench: Bench) -> str:
    """An open grab."""
    return bench.add()


def event(nzo_id: object, **changes: object) -> dict[str, Any]:
    """A `Grab` of Lidarr's webhook (contract lidarr §11.6)."""
    found: dict[str, Any] = {
        "eventType": "Grab",
        "instanceName": "Lidarr",
        "artist": {"id": 3, "name": "Radiohead", "mbId": ARTIST},
        "albums": [{"id": 7, "mbId": ALBUM, "title": "OK Computer"}],
        "release": {"releaseTitle": "x"},
        "downloadClient": "SoulSpot",
        "downloadClientType": "SABnzbd",
        "downloadId": nzo_id,
    }
    return found | changes


def row(nzo_id: str, **changes: object) -> dict[str, Any]:
    """A row of Lidarr's history."""
    found: dict[str, Any] = {
        "id": 1,
        "albumId": 7,
        "eventType": "grabbed",
        "downloadId": nzo_id,
        "album": {"id": 7, "foreignAlbumId": ALBUM},
        "artist": {"id": 3, "foreignArtistId": ARTIST},
    }
    return found | changes


def ids(grab: Grab) -> tuple[object, ...]:
    """What a grab is bound to."""
    return grab.album_id, grab.artist_id, grab.library_id


BOUND = (ALBUM, ARTIST, 7)
FREE = (None, None, None)


def test_the_webhook_binds(both: Bench, lidarr: FakeLidarr) -> None:
    """Ids only: the state of the grab and its version are not touched."""
    binding, nzo_id = start(both, lidarr), both.add()
    before = both.grab(nzo_id)
    assert binding.told(event(nzo_id))
    after = both.grab(nzo_id)
    assert ids(after) == BOUND
    assert (after.status, after.version) == (before.status, before.version)


@pytest.mark.parametrize(
    "changes",
    [
        {"downloadId": "SABnzbd_nzo_somebodys"},
        {"downloadId": None},
        {"downloadId": ["x"]},
        {"downloadId": ""},
        {"downloadId": "a\0b"},
        {"albums": None},
        {"albums": []},
        {"albums": [None, 5]},
        {"albums": [{"id": 7}]},
        {"albums": [{"mbId": 5}]},
        {"albums": [{"mbId": "x" * 65}]},
        {"albums": [{"mbId": "one"}, {"mbId": "two"}]},
    ],
    ids=repr,
)
def test_what_tells_no_album_of_ours_binds_nothing(
    bench: Bench, binding: Binding, nzo_id: str, changes: dict[str, object]
) -> None:
    """Other clients' grabs, discographies, shapes nobody knows."""
    assert not binding.told(event(nzo_id, **changes))
    assert ids(bench.grab(nzo_id)) == FREE


@pytest.mark.parametrize(
    ("changes", "bound"),
    [
        ({"artist": None}, (ALBUM, None, 7)),
        ({"albums": [{"mbId": ALBUM, "id": "x"}]}, (ALBUM, ARTIST, None)),
        ({"albums": [{"mbId": ALBUM, "id": 2**70}]}, (ALBUM, ARTIST, None)),
        ({"albums": [{"mbId": ALBUM, "id": 7}] * 2}, BOUND),
    ],
)
def test_what_is_missing_stays_open(
    bench: Bench, binding: Binding, nzo_id: str, changes: dict[str, object], bound: object
) -> None:
    """The album is what counts."""
    assert binding.told(event(nzo_id, **changes))
    assert ids(bench.grab(nzo_id)) == bound


def test_the_last_word_counts(bench: Bench, binding: Binding, nzo_id: str) -> None:
    """Lidarr knows better than a search did."""
    binding.told(event(nzo_id, albums=[{"mbId": "another", "id": 1}]))
    binding.told(event(nzo_id))
    assert ids(bench.grab(nzo_id)) == BOUND


# -- the history -----------------------------------------------------------------------------------


def test_the_history_binds_what_nobody_told(both: Bench, lidarr: FakeLidarr) -> None:
    """One request for each open grab that is free, none when all are bound."""
    binding, nzo_id = start(both, lidarr), both.add()
    lidarr.history = [
        row("another"),
        row(nzo_id, eventType="downloadImported", album={"foreignAlbumId": "wrong"}),
        row(nzo_id),
    ]
    assert binding.run() == 1
    assert ids(both.grab(nzo_id)) == BOUND
    assert len(lidarr.log) == 1
    asked = lidarr.log[0].query
    assert (asked["downloadId"], asked["eventType"]) == (nzo_id, "1")
    assert binding.run() == 0
    assert len(lidarr.log) == 1


def test_ended_grabs_are_not_looked_up(both: Bench, lidarr: FakeLidarr) -> None:
    """Only what still has to be finished."""
    binding = start(both, lidarr)
    with both.db.write() as session:
        for number, state in enumerate(GrabState, start=1):
            new_grab(session, number=number, status=state)
    binding.run()
    assert len(lidarr.log) == 3  # queued, downloading, processing


def test_somebody_elses_grab_is_given_up(
    bench: Bench, binding: Binding, nzo_id: str, lidarr: FakeLidarr
) -> None:
    """After three looks; Lidarr is not asked about it for ever."""
    for _ in range(6):
        assert binding.run() == 0
    assert len(lidarr.log) == 3
    assert ids(bench.grab(nzo_id)) == FREE


def test_few_at_a_time(bench: Bench, binding: Binding, lidarr: FakeLidarr) -> None:
    """A hundred grabs are no burst of a hundred requests, and each gets its turn."""
    with bench.db.write() as session:
        for number in range(1, 26):
            new_grab(session, number=number)
    binding.run()
    assert len(lidarr.log) == 10
    for _ in range(20):
        binding.run()
    assert len({asked.query["downloadId"] for asked in lidarr.log}) == 25


@pytest.mark.parametrize(
    "history",
    [
        [{"downloadId": "{}", "eventType": "grabbed"}],
        [{"downloadId": "{}", "eventType": "grabbed", "album": 5, "artist": []}],
        [{"downloadId": "{}", "eventType": 1, "album": {"foreignAlbumId": ALBUM}}],
    ],
)
def test_odd_rows_bind_nothing(
    bench: Bench,
    binding: Binding,
    nzo_id: str,
    lidarr: FakeLidarr,
    history: list[dict[str, Any]],
) -> None:
    """Lidarr's answer is not ours to trust."""
    lidarr.history = [entry | {"downloadId": nzo_id} for entry in history]
    assert binding.run() == 0
    assert ids(bench.grab(nzo_id)) == FREE


@pytest.mark.parametrize(
    "reply", [Reply(500, b""), Reply(401, b""), Reply(200, b"<html>"), Reply(200, b"{}")]
)
def test_trouble_is_no_error_of_the_job(
    bench: Bench, binding: Binding, nzo_id: str, lidarr: FakeLidarr, reply: Reply
) -> None:
    """It is looked up another time, and not for ever."""
    lidarr.mood = lambda asked: reply
    for _ in range(6):
        assert binding.run() == 0
    assert ids(bench.grab(nzo_id)) == FREE
    assert len(lidarr.log) <= 3


def test_a_lidarr_without_a_history_still_lists_its_albums(
    bench: Bench, binding: Binding, nzo_id: str, lidarr: FakeLidarr
) -> None:
    """An error about this one question says nothing about the others."""
    lidarr.mood = lambda asked: Reply(404, b"{}") if "history" in asked.path else None
    assert binding.run() == 0
    assert bench.lidarr.answering


def test_without_lidarrs_api_nothing_is_asked(
    bench: Bench, binding: Binding, nzo_id: str, lidarr: FakeLidarr
) -> None:
    """Not even the database."""
    bench.settings.patch({"lidarr.api_key": ""})
    assert binding.run() == 0
    assert lidarr.log == []
