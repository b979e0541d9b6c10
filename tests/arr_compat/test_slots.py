"""Queue slots and the queue document against the strict readers of Lidarr and the dashboards."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arr_compat import slots
from arr_compat.slots import QueueHeader, QueueTotals, ServerView
from soulspot_arr.domain import OPEN_GRABS, GrabState, Priority
from soulspot_arr.queue_manager import OpenGrab
from tests.arr_compat import readers
from tests.arr_compat.readers import LidarrItem

MIB = 1024 * 1024
ADDED = datetime(2026, 11, 20, 9, 21, 15, tzinfo=UTC)
NOW = ADDED + timedelta(days=104)
ID = "SABnzbd_nzo_k3v_81ab2c4d"
TITLE = "(FLAC) Artist A - First Album - 2019-slsk3f9a2c11"
SERVER = ServerView(
    version="4.5.5",
    download_free=80_992_346_890,
    download_total=270_550_000_000,
    complete_free=1_945_695_000_000,
    complete_total=3_932_364_000_000,
    warnings=2,
)
GRAB = OpenGrab(
    nzo_id=ID,
    title=TITLE,
    category="music",
    priority=Priority.NORMAL,
    paused=False,
    status=GrabState.DOWNLOADING,
    storage_path=None,
    created_at=ADDED,
    bytes_total=412 * MIB,
    bytes_done=184_130_000,
    speed=4 * MIB,
)
WAITING = GRAB._replace(
    nzo_id="b", status=GrabState.QUEUED, bytes_total=388 * MIB, bytes_done=0, speed=0
)
HELD = WAITING._replace(nzo_id="c", paused=True, bytes_total=95 * MIB)


def slot_of(grab: slots.OpenGrab, index: int = 0) -> readers.Json:
    """One slot as a client reads it."""
    return readers.obj(json.loads(slots.queue_slot(grab, index, now=NOW)))


def document_of(rows: Iterable[str], header: QueueHeader) -> slots.Document:
    """The whole reply as a client reads it."""
    return readers.obj(json.loads(slots.queue_document(rows, header)))


def queue_of(*grabs: OpenGrab, server: ServerView = SERVER) -> slots.Document:
    """The whole reply for these grabs."""
    header = QueueHeader(server=server, totals=slots.totals(grabs))
    return document_of((slots.queue_slot(g, i, now=NOW) for i, g in enumerate(grabs)), header)


def header_of(document: slots.Document) -> readers.Json:
    """The header fields of a queue reply."""
    return readers.obj(document["queue"])


def read_by_everybody(document: slots.Document) -> list[LidarrItem]:
    """Let every client read a queue reply; the answer is what Lidarr sees."""
    readers.homarr_queue(document)
    readers.notifiarr_queue(document)
    readers.exportarr_queue(document)
    return readers.lidarr_queue(document)


# -- queue slots -----------------------------------------------------------------------------------


def test_C46_to_C55_queue_slot_has_these_keys_and_values() -> None:
    """Every key of the real thing, in its order, with its type; no `eta`."""
    assert list(slot_of(GRAB, 3).items()) == [
        ("index", 3),
        ("nzo_id", ID),
        ("unpackopts", "3"),
        ("priority", "Normal"),
        ("script", "None"),
        ("filename", TITLE),
        ("labels", []),
        ("password", ""),
        ("cat", "music"),
        ("mbleft", "236.40"),
        ("mb", "412.00"),
        ("size", "412.0 MB"),
        ("sizeleft", "236.4 MB"),
        ("percentage", "42"),
        ("mbmissing", "0.00"),
        ("direct_unpack", None),
        ("status", "Downloading"),
        ("timeleft", "0:00:59"),
        ("avg_age", "104d"),
        ("time_added", 1_795_166_475),
    ]


def test_a_slot_that_was_told_before_follows_time_and_place() -> None:
    """What is kept of a grab that has not moved is neither its age nor its index."""
    slot_of(GRAB, 3)
    later = readers.obj(json.loads(slots.queue_slot(GRAB, 1, now=NOW + timedelta(days=2))))
    assert (later["index"], later["avg_age"]) == (1, "106d")
    assert {**later, "index": 3, "avg_age": "104d"} == slot_of(GRAB, 3)


@pytest.mark.parametrize(
    "change",
    [
        {"bytes_done": GRAB.bytes_done + 50_000_000},
        {"speed": GRAB.speed * 2},
        {"paused": True},
        {"priority": 1},
        {"category": "other"},
        {"title": "Renamed"},
        {"status": GrabState.QUEUED},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_slot_that_was_told_before_follows_its_row(change: dict[str, object]) -> None:
    """Whatever another process has written shows in the next poll."""
    before = slot_of(GRAB)
    moved = GRAB._replace(**change)  # type: ignore[arg-type]
    assert slot_of(moved) != before
    assert slot_of(GRAB) == before


@pytest.mark.parametrize(
    ("state", "paused", "storage", "word", "shown"),
    [
        (GrabState.QUEUED, False, None, "Queued", "Queued"),
        (GrabState.QUEUED, True, None, "Paused", "Paused"),
        (GrabState.QUEUED, False, "/music/sent back", "Queued", "Queued"),
        (GrabState.DOWNLOADING, False, None, "Downloading", "Downloading"),
        (GrabState.DOWNLOADING, True, None, "Paused", "Paused"),
        (GrabState.PROCESSING, False, None, "Verifying", "Downloading"),
        (GrabState.PROCESSING, True, None, "Verifying", "Downloading"),
        (GrabState.PROCESSING, False, "/music/here", "Moving", "Downloading"),
    ],
)
def test_C49_S25_L01_status_words_of_the_queue(
    state: GrabState, paused: bool, storage: str | None, word: str, shown: str
) -> None:
    """Each state of a grab has one word, and Lidarr understands what is meant."""
    grab = GRAB._replace(status=state, paused=paused, storage_path=storage)
    assert slots.queue_word(grab) == slot_of(grab)["status"] == word
    assert [item.status for item in read_by_everybody(queue_of(grab))] == [shown]


@pytest.mark.parametrize(
    ("priority", "word"),
    [
        (Priority.DEFAULT, "Normal"),
        (Priority.PAUSED, "Normal"),
        (Priority.LOW, "Low"),
        (Priority.NORMAL, "Normal"),
        (Priority.HIGH, "High"),
        (Priority.FORCE, "Force"),
    ],
)
def test_C53_S29_A10_priority_words(priority: Priority, word: str) -> None:
    """Every priority that `addfile` takes has a word."""
    assert slot_of(GRAB._replace(priority=priority))["priority"] == word


@pytest.mark.parametrize(
    ("total", "done", "percent", "mb", "left"),
    [
        (0, 0, "0", "0.00", "0.00"),
        (-1, 0, "0", "0.00", "0.00"),
        (100 * MIB, 0, "0", "100.00", "100.00"),
        (100 * MIB, -MIB, "0", "100.00", "100.00"),
        (3 * MIB, 2 * MIB, "66", "3.00", "1.00"),
        (100 * MIB, 100 * MIB - 1, "99", "100.00", "0.00"),
        (100 * MIB, 100 * MIB, "99", "100.00", "0.00"),
        (100 * MIB, 120 * MIB, "99", "100.00", "0.00"),
        (10**13, 1, "0", "9536743.16", "9536743.16"),
    ],
)
def test_C51_C55_S27_S28_amounts(total: int, done: int, percent: str, mb: str, left: str) -> None:
    """Truncated to whole percent, never 100 while queued, never more left than there is."""
    grab = GRAB._replace(bytes_total=total, bytes_done=done)
    slot = slot_of(grab)
    assert (slot["percentage"], slot["mb"], slot["mbleft"]) == (percent, mb, left)
    assert len(read_by_everybody(queue_of(grab))) == 1


@pytest.mark.parametrize(
    ("state", "paused", "speed", "expected"),
    [
        (GrabState.DOWNLOADING, False, 4 * MIB, "0:00:59"),
        (GrabState.DOWNLOADING, False, 1, "365:00:00:00"),
        (GrabState.DOWNLOADING, False, 0, "0:00:00"),
        (GrabState.DOWNLOADING, False, -1, "0:00:00"),
        (GrabState.DOWNLOADING, True, 4 * MIB, "0:00:00"),
        (GrabState.QUEUED, False, 4 * MIB, "0:00:00"),
        (GrabState.PROCESSING, False, 4 * MIB, "0:00:00"),
    ],
)
def test_C50_S26_time_left_of_a_slot(
    state: GrabState, paused: bool, speed: int, expected: str
) -> None:
    """Only what is really moving has a time."""
    grab = GRAB._replace(status=state, paused=paused, speed=speed)
    assert slot_of(grab)["timeleft"] == expected


def test_C48_A12_category_is_echoed_and_blank_is_the_default_one() -> None:
    """Lidarr compares it case-sensitively; without one it looks for `*`."""
    assert slot_of(GRAB._replace(category="Readarr"))["cat"] == "Readarr"
    assert slot_of(GRAB._replace(category=""))["cat"] == "*"


@given(
    st.lists(
        st.builds(
            OpenGrab,
            nzo_id=st.uuids().map(str),
            title=st.text(min_size=1).map("(FLAC) {}".format),
            category=st.text(),
            priority=st.integers(-100, 3),
            paused=st.booleans(),
            status=st.sampled_from(sorted(OPEN_GRABS)),
            storage_path=st.none() | st.text(),
            created_at=st.datetimes(min_value=datetime(1980, 1, 1), timezones=st.just(UTC)),
            bytes_total=st.integers(-1, 2**50),
            bytes_done=st.integers(-1, 2**50),
            speed=st.integers(-1, 2**63 - 1),
        ),
        max_size=4,
        unique_by=lambda view: view.nzo_id,
    )
)
@settings(max_examples=100, deadline=None, database=None)
def test_S41_any_queue_can_be_read_by_every_client(grabs: list[OpenGrab]) -> None:
    """Emoji, quotes and control characters in names, absurd numbers, every state."""
    items = {item.download_id: item.title for item in read_by_everybody(queue_of(*grabs))}
    assert items == {grab.nzo_id: grab.title for grab in grabs}


# -- queue header ----------------------------------------------------------------------------------


def test_C33_to_C45_queue_header_has_these_keys_and_values() -> None:
    """One grab moving, one waiting, one paused: sums leave the paused one out."""
    header = header_of(queue_of(GRAB, WAITING, HELD))
    assert [slot["nzo_id"] for slot in readers.array(header.pop("slots"))] == [ID, "b", "c"]
    assert list(header.items()) == [
        ("version", "4.5.5"),
        ("paused", False),
        ("pause_int", "0"),
        ("paused_all", False),
        ("diskspace1", "75.43"),
        ("diskspace2", "1812.07"),
        ("diskspace1_norm", "75.4 G"),
        ("diskspace2_norm", "1.8 T"),
        ("diskspacetotal1", "251.97"),
        ("diskspacetotal2", "3662.30"),
        ("speedlimit", "100"),
        ("speedlimit_abs", "0"),
        ("have_warnings", "2"),
        ("finishaction", None),
        ("quota", "0 B"),
        ("have_quota", False),
        ("left_quota", "0 B"),
        ("cache_art", "0"),
        ("cache_size", "0 B"),
        ("kbpersec", "4096.00"),
        ("speed", "4.0 M"),
        ("mbleft", "624.40"),
        ("mb", "800.00"),
        ("sizeleft", "624.4 MB"),
        ("size", "800.0 MB"),
        ("noofslots_total", 2),
        ("noofslots", 3),
        ("start", 0),
        ("limit", 0),
        ("finish", 0),
        ("status", "Downloading"),
        ("timeleft", "0:02:36"),
    ]


def test_C33_S19_empty_queue_is_complete_too() -> None:
    """`slots` is there, amounts are zero, the status is Idle."""
    document = queue_of()
    assert read_by_everybody(document) == []
    header = header_of(document)
    assert header["slots"] == []
    assert (header["mb"], header["size"], header["speed"]) == ("0.00", "0 B", "0")
    assert (header["status"], header["timeleft"], header["noofslots"]) == ("Idle", "0:00:00", 0)


def test_C35_C45_paused_queue() -> None:
    """Nothing moves any more, and the header says so."""
    document = queue_of(GRAB, server=replace(SERVER, paused=True))
    header = header_of(document)
    assert (header["paused"], header["status"]) == (True, "Paused")
    assert (header["kbpersec"], header["speed"], header["timeleft"]) == ("0.00", "0", "0:00:00")
    assert [item.status for item in read_by_everybody(document)] == ["Paused"]


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, "0"), (-5, "0"), (0.5, "0"), (59, "0:59"), (299, "4:59"), (300, "5:00")],
)
def test_C43_C71_pause_countdown(seconds: float, expected: str) -> None:
    """Minutes and seconds while a timed pause runs."""
    header = header_of(queue_of(server=replace(SERVER, paused=True, pause_seconds=seconds)))
    assert header["pause_int"] == expected


def test_C43_C72_speed_limit() -> None:
    """Percent and bytes per second, both as text."""
    header = header_of(
        queue_of(server=replace(SERVER, speed_limit=524_288, speed_limit_percent=50))
    )
    assert (header["speedlimit"], header["speedlimit_abs"]) == ("50", "524288")


def test_C57_header_counts_everything_whatever_is_listed() -> None:
    """With `limit=1` there is one slot, but the totals are those of the whole queue."""
    grabs = [GRAB, WAITING, HELD]
    header = QueueHeader(server=SERVER, totals=slots.totals(grabs), start=1, limit=1)
    shown = [slots.queue_slot(grab, 1, now=NOW) for grab in slots.page(grabs, 1, 1)]
    document = document_of(shown, header)
    assert [item.download_id for item in read_by_everybody(document)] == ["b"]
    queue = header_of(document)
    assert (queue["noofslots"], queue["mb"], queue["finish"]) == (3, "800.00", 2)


def test_C59_search_narrows_the_count() -> None:
    """`noofslots` becomes the number that matched only for `search` and `nzo_ids`."""
    header = QueueHeader(server=SERVER, totals=QueueTotals(count=3), matched=1)
    assert header_of(document_of([], header))["noofslots"] == 1


@pytest.mark.parametrize(
    ("start", "limit", "expected"),
    [
        (0, 0, "abc"),
        (2, 0, "abc"),
        (0, -1, "abc"),
        (0, 1, "a"),
        (1, 1, "b"),
        (-1, 2, "ab"),
        (1, 100, "bc"),
        (9, 5, ""),
    ],
)
def test_C56_C58_S20_S21_page(start: int, limit: int, expected: str) -> None:
    """No limit lists everything; a limit is an upper bound."""
    assert "".join(slots.page(list("abc"), start, limit)) == expected
