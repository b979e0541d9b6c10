"""History slots, the history document and the file list against the strict readers."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arr_compat import slots
from arr_compat.slots import (
    FileView,
    HistoryHeader,
    HistoryView,
)
from soulspot_arr.domain import DownloadState, GrabState
from soulspot_arr.queue_manager import OpenGrab
from soulspot_arr.rules.sentences import DISK_FULL
from tests.arr_compat import readers
from tests.arr_compat.readers import LidarrItem

MIB = 1024 * 1024
ADDED = datetime(2026, 11, 20, 9, 21, 15, tzinfo=UTC)
DONE = datetime(2026, 11, 20, 10, 22, 3, tzinfo=UTC)
ID = "SABnzbd_nzo_k3v_81ab2c4d"
TITLE = "(FLAC) Artist A - First Album - 2019-slsk3f9a2c11"
STORAGE = "/downloads/complete/music/Artist A - First Album [k3v81ab]"
FINISHED = HistoryView(
    nzo_id=ID,
    title=TITLE,
    category="music",
    added_at=ADDED,
    completed_at=DONE,
    bytes_total=412 * MIB,
    bytes_done=412 * MIB,
    storage=STORAGE,
    download_seconds=103.7,
    processing_seconds=4.2,
    stages=(
        ("Source", ("Soulseek; one peer",)),
        ("Download", ("12 files in 103 seconds", "Age: 104d")),
    ),
)


def history_of(*views: HistoryView) -> slots.Document:
    """The whole history reply for these grabs."""
    header = HistoryHeader(version="4.5.5", matched=len(views))
    return slots.history_document([slots.history_slot(view) for view in views], header)


def history_read_by_everybody(document: slots.Document) -> list[LidarrItem]:
    """Let every client read a history reply; the answer is what Lidarr sees."""
    readers.homarr_history(document)
    readers.notifiarr_history(document)
    return readers.lidarr_history(document)


# -- history slots ---------------------------------------------------------------------------------


def test_C92_C93_C97_C98_history_slot_has_these_keys_and_values() -> None:
    """Every key of the real thing, in its order, with its type."""
    assert list(slots.history_slot(FINISHED).items()) == [
        ("completed", 1_795_170_123),
        ("name", TITLE),
        ("nzb_name", f"{TITLE}.nzb"),
        ("category", "music"),
        ("pp", "D"),
        ("script", "None"),
        ("report", ""),
        ("url", None),
        ("status", "Completed"),
        ("nzo_id", ID),
        ("storage", STORAGE),
        ("path", ""),
        ("script_line", ""),
        ("download_time", 103),
        ("postproc_time", 4),
        (
            "stage_log",
            [
                {"name": "Source", "actions": ["Soulseek; one peer"]},
                {"name": "Download", "actions": ["12 files in 103 seconds", "Age: 104d"]},
            ],
        ),
        ("downloaded", 432_013_312),
        ("completeness", None),
        ("fail_message", ""),
        ("url_info", ""),
        ("bytes", 432_013_312),
        ("meta", None),
        ("series", None),
        ("md5sum", None),
        ("password", None),
        ("duplicate_key", ""),
        ("archive", False),
        ("time_added", 1_795_166_475),
        ("size", "412.0 MB"),
        ("action_line", ""),
        ("loaded", False),
        ("retry", False),
    ]


def test_S33_C84_queue_and_history_agree() -> None:
    """Id, title and category stay the same when a grab moves over."""
    grab = OpenGrab(
        nzo_id=ID,
        title=TITLE,
        category="music",
        priority=0,
        paused=False,
        status=GrabState.PROCESSING,
        storage_path=None,
        created_at=ADDED,
        bytes_total=412 * MIB,
        bytes_done=412 * MIB,
        speed=0,
    )
    queued = json.loads(slots.queue_slot(grab, 0, now=DONE))
    done = history_read_by_everybody(history_of(FINISHED))[0]
    assert (queued["nzo_id"], queued["filename"], queued["cat"]) == (ID, TITLE, "music")
    assert (done.download_id, done.title, done.category) == (ID, TITLE, "music")
    assert (done.status, done.path, done.message) == ("Completed", STORAGE, "")


def test_C96_S37_failed_slot_says_why() -> None:
    """The reason is shown in Lidarr; no path is offered and a retry is possible."""
    view = replace(FINISHED, failed=True, failure="The peer went offline", bytes_done=0)
    slot = slots.history_slot(view)
    assert (slot["status"], slot["fail_message"]) == ("Failed", "The peer went offline")
    assert (slot["storage"], slot["retry"], slot["loaded"]) == ("", True, False)
    item = history_read_by_everybody(history_of(view))[0]
    assert (item.status, item.message) == ("Failed", "The peer went offline")


def test_S34_A12_blank_category_is_the_default_one() -> None:
    """The key is `category` here, and without one Lidarr looks for `*`."""
    assert slots.history_slot(replace(FINISHED, category=""))["category"] == "*"


@pytest.mark.parametrize("failure", ["", "  ", DISK_FULL, DISK_FULL.upper()])
def test_S37_failure_is_never_blank_nor_the_disk_full_sentence(failure: str) -> None:
    """Otherwise Lidarr would show nothing, or park a release that is to blame."""
    view = replace(FINISHED, failed=True, failure=failure)
    item = history_read_by_everybody(history_of(view))[0]
    assert (item.status, item.message) == ("Failed", "The download failed")


def test_S38_parked_grab_is_only_a_warning() -> None:
    """Our own full disk is nobody's fault: the sentence makes Lidarr wait for a person."""
    view = replace(FINISHED, failed=True, parked=True, failure="ignored")
    slot = slots.history_slot(view)
    assert (slot["status"], slot["fail_message"]) == ("Failed", DISK_FULL)
    assert (slot["storage"], slot["retry"], slot["loaded"]) == ("", False, False)
    assert history_read_by_everybody(history_of(view))[0].status == "Warning"


def test_parked_is_forgotten_once_the_grab_is_completed() -> None:
    """A mark that was not cleared in time must not turn a success into a warning."""
    slot = slots.history_slot(replace(FINISHED, parked=True))
    assert (slot["status"], slot["fail_message"], slot["storage"]) == ("Completed", "", STORAGE)


def test_C92_S35_numbers_stay_inside_the_types_of_the_readers() -> None:
    """Negative or endless durations and sizes do not break the reply."""
    view = replace(
        FINISHED, bytes_total=-1, bytes_done=-1, download_seconds=1e12, processing_seconds=-5.0
    )
    slot = slots.history_slot(view)
    assert (slot["bytes"], slot["downloaded"], slot["size"]) == (0, 0, "0 B")
    assert (slot["download_time"], slot["postproc_time"]) == (2**31 - 1, 0)


@given(
    st.builds(
        HistoryView,
        nzo_id=st.uuids().map(str),
        title=st.text(min_size=1),
        category=st.text(),
        failed=st.booleans(),
        added_at=st.just(ADDED),
        completed_at=st.just(DONE),
        bytes_total=st.integers(-1, 2**50),
        bytes_done=st.integers(-1, 2**50),
        storage=st.text(),
        download_seconds=st.floats(-1, 1e12),
        failure=st.text(),
        parked=st.booleans(),
        archived=st.booleans(),
        stages=st.just((("Source", ()), ("Download", ("a;b", "c")))),
    )
)
@settings(max_examples=100, deadline=None, database=None)
def test_S41_any_history_can_be_read_by_every_client(view: HistoryView) -> None:
    """And only a completed grab ever offers a path to import."""
    (item,) = history_read_by_everybody(history_of(view))
    assert item.title == view.title
    assert item.path == ("" if view.failed else view.storage)
    assert (item.status == "Completed") is not view.failed
    assert (item.message != "") == (item.status in {"Failed", "Warning"})


# -- history header --------------------------------------------------------------------------------


def test_C34_C87_history_document() -> None:
    """Sizes as text with a unit, counts as integers."""
    header = HistoryHeader(
        version="4.5.5",
        matched=7,
        last_update=42,
        bytes_total=137_657_000_000,
        bytes_month=13_314_000_000,
        bytes_week=1_181_000_000,
        bytes_day=0,
    )
    document = slots.history_document([], header)
    readers.notifiarr_history(document)
    assert document == {
        "history": {
            "total_size": "128.2 G",
            "month_size": "12.4 G",
            "week_size": "1.1 G",
            "day_size": "0",
            "slots": [],
            "ppslots": 0,
            "noofslots": 7,
            "last_history_update": 42,
            "version": "4.5.5",
        }
    }


def test_C88_unchanged_history() -> None:
    """Exactly this, and still an object."""
    assert json.dumps(slots.history_unchanged()) == '{"history": false}'


# -- files -----------------------------------------------------------------------------------------


def test_C106_files() -> None:
    """Bytes are text with decimals; only what waits carries `set`; unknown ids give no files."""
    views = [
        FileView(
            file_id="1", name="a.flac", state=DownloadState.COMPLETED, size=MIB, bytes_done=MIB
        ),
        FileView(
            file_id="2",
            name="b.flac",
            state=DownloadState.DOWNLOADING,
            size=2 * MIB,
            bytes_done=MIB,
        ),
        FileView(
            file_id="3", name="c.flac", state=DownloadState.WAITING, size=60_000_000, age=7200.0
        ),
    ]
    document = slots.files_document(views)
    files = readers.array(document["files"])
    assert [file["status"] for file in files] == ["finished", "active", "queued"]
    assert [file["mbleft"] for file in files] == ["0.00", "1.00", "57.22"]
    assert [list(file)[-1] for file in files] == ["status", "status", "set"]
    assert files[2] == {
        "filename": "c.flac",
        "mbleft": "57.22",
        "mb": "57.22",
        "bytes": "60000000.00",
        "age": "2h",
        "nzf_id": "3",
        "status": "queued",
        "set": "",
    }
    assert slots.files_document([]) == {"files": []}
