"""SABnzbd rows that change the history: delete, archive, retry; each test makes its own grabs.

Rows D02-D08 and C-99…C-105.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from soulspot_arr.demo.library import Album
from tests.conformance.desk import QUICK, REFUSED, STILL, Desk, Json, open_desk

pytestmark = pytest.mark.xdist_group("conformance-sab-history-orders")


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One service for the whole module."""
    root = tmp_path_factory.mktemp("history-orders")
    with open_desk(root, QUICK, REFUSED, STILL) as opened:
        yield opened


@pytest.fixture
def desk(started: Desk) -> Iterator[Desk]:
    """The service with an empty queue and history."""
    yield started
    for mode in ("queue", "history"):
        started.call(mode, name="delete", value="all", archive=0)
    assert started.history()["slots"] == []


def ended(desk: Desk, album: Album) -> Json:
    """A grab of its own that is over."""
    return desk.wait_ended(desk.add(album))


def delete(desk: Desk, value: str, archive: int | None = 1) -> Json:
    """Lidarr's R8."""
    options: dict[str, str | int] = {} if archive is None else {"archive": archive}
    return desk.call("history", name="delete", del_files=1, value=value, **options)


# -- delete ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("album", [REFUSED, QUICK], ids=["failed", "completed"])
def test_D02_D04_D07_an_archived_slot_is_hidden_and_may_be_deleted_again(
    desk: Desk, album: Album
) -> None:
    """An item that is still listed would be deleted again every minute."""
    nzo_id = ended(desk, album)["nzo_id"]
    for _ in range(3):
        assert delete(desk, nzo_id) == {"status": True}
        assert desk.ended(nzo_id) is None
    assert nzo_id in [slot["nzo_id"] for slot in desk.history(archive=1, limit=60)["slots"]]


@pytest.mark.parametrize("album", [REFUSED, QUICK], ids=["failed", "completed"])
def test_D03_D07_C099_without_the_archive_it_is_gone_for_good(desk: Desk, album: Album) -> None:
    """Lidarr's call for failed items."""
    nzo_id = ended(desk, album)["nzo_id"]
    assert delete(desk, nzo_id, archive=0) == {"status": True}
    assert desk.ended(nzo_id) is None
    archive = desk.history(archive=1, limit=1000)["slots"]
    assert nzo_id not in [slot["nzo_id"] for slot in archive]


def test_archiving_is_what_happens_without_a_word(desk: Desk) -> None:
    """Prowlarr sends no `archive`; SABnzbd archives since 4.3."""
    nzo_id = ended(desk, REFUSED)["nzo_id"]
    assert delete(desk, nzo_id, archive=None) == {"status": True}
    assert nzo_id in [slot["nzo_id"] for slot in desk.history(archive=1, limit=60)["slots"]]


@pytest.mark.parametrize("archive", [0, 1])
def test_D05_D07_C100_an_unknown_id_is_fine(desk: Desk, archive: int) -> None:
    """Whatever it is."""
    for value in ("SABnzbd_nzo_unknown", "x" * 500, "a,b,c"):
        assert delete(desk, value, archive) == {"status": True}


def test_D06_D07_the_folder_may_be_gone_already(desk: Desk) -> None:
    """Lidarr deletes it itself, on its own filesystem, before it calls."""
    slot = ended(desk, QUICK)
    shutil.rmtree(slot["storage"])
    assert delete(desk, slot["nzo_id"]) == {"status": True}
    assert desk.ended(slot["nzo_id"]) is None
    assert desk.state(slot["nzo_id"]) == "imported"


def test_D08_C102_nothing_on_disk_is_deleted(desk: Desk) -> None:
    """Neither beside the folder of the job nor, of a completed one, in it."""
    category = desk.simulator.downloads_dir / "soulspot" / "music"
    for place in (category, category.parent, category.parent.parent):
        (place / "keep me.flac").write_bytes(b"somebody else's")
    slot, second = ended(desk, QUICK), ended(desk, QUICK)
    assert slot["storage"] != second["storage"]
    delete(desk, slot["nzo_id"], archive=0)
    time.sleep(1.5)  # more than one interval of the clean-up
    assert desk.state(slot["nzo_id"]) == "removed"
    for place in (category, category.parent, category.parent.parent):
        assert (place / "keep me.flac").read_bytes() == b"somebody else's"
    for storage in (slot["storage"], second["storage"]):
        assert len(list(Path(storage).glob("*.flac"))) == 2


@pytest.mark.parametrize(
    ("value", "left"),
    [("failed", {"Completed"}), ("completed", {"Failed"}), ("all", set())],
    ids=["C101 failed", "C101 completed", "C101 all"],
)
def test_C101_groups_are_deleted_by_name(desk: Desk, value: str, left: set[str]) -> None:
    """What is still queued is no history and stays."""
    waiting = desk.add(STILL)
    ended(desk, QUICK)
    ended(desk, REFUSED)
    assert desk.call("history", name="delete", value=value) == {"status": True}
    assert {slot["status"] for slot in desk.history(limit=60)["slots"]} == left
    assert desk.queued(waiting) is not None


def test_delete_without_a_value_says_what_is_missing(desk: Desk) -> None:
    """As in the real thing."""
    answer = desk.call("history", name="delete")
    assert answer == {"status": False, "error": "expects one parameter"}


def test_a_deletion_changes_the_counter_of_the_history(desk: Desk) -> None:
    """A client that keeps what it read must notice."""
    nzo_id = ended(desk, REFUSED)["nzo_id"]
    before = desk.history()["last_history_update"]
    delete(desk, nzo_id)
    assert desk.history()["last_history_update"] > before


# -- retry -----------------------------------------------------------------------------------------


def test_C103_a_failed_slot_is_tried_again_under_a_new_id(desk: Desk) -> None:
    """The old one leaves the history; its id is never used again."""
    nzo_id = ended(desk, REFUSED)["nzo_id"]
    answer = desk.call("retry", value=nzo_id)
    assert answer["status"] is True
    fresh = answer["nzo_id"]
    assert isinstance(fresh, str)
    assert fresh != nzo_id
    assert desk.ended(nzo_id) is None
    assert desk.wait_ended(fresh)["name"] == desk.title(REFUSED)


@pytest.mark.parametrize("what", ["unknown", "completed", "queued"])
def test_C104_nothing_else_can_be_tried_again(desk: Desk, what: str) -> None:
    """An unknown id, and what has not failed."""
    value = "SABnzbd_nzo_unknown"
    if what == "completed":
        value = ended(desk, QUICK)["nzo_id"]
    elif what == "queued":
        value = desk.add(STILL)
    answer = desk.call("retry", value=value)
    assert answer == {"status": False, "error": "item does not exist"}


def test_C105_all_failed_slots_at_once(desk: Desk) -> None:
    """Here `status` is a list of ids."""
    old = {ended(desk, REFUSED)["nzo_id"] for _ in range(2)}
    fresh = desk.call("retry_all")["status"]
    assert len(fresh) == len(set(fresh) - old) == 2
    for nzo_id in fresh:
        desk.wait_ended(nzo_id)
    assert desk.call("history", name="delete", value="all") == {"status": True}
    assert desk.call("retry_all") == {"status": []}


def test_mark_as_completed_is_accepted(desk: Desk) -> None:
    """SABnzbd §1.4.5."""
    assert desk.call("history", name="mark_as_completed", value="x") == {"status": True}
