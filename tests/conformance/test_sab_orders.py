"""SABnzbd rows that change the queue: delete, pause, move, rename, re-categorise.

Rows D01, D07, D09 and C-60…C-70; each test makes its own grabs, and the queue is empty afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conformance.desk import SLOW, STILL, Desk, Json, open_desk
from tests.conformance.running import until

pytestmark = pytest.mark.xdist_group("conformance-sab-orders")


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One service for the whole module."""
    with open_desk(tmp_path_factory.mktemp("orders"), STILL, SLOW) as opened:
        yield opened


@pytest.fixture
def desk(started: Desk) -> Iterator[Desk]:
    """The service with an empty queue that is not paused."""
    yield started
    started.call("resume")
    started.call("queue", name="delete", value="all", del_files=1)
    assert started.queue()["slots"] == []


def order(desk: Desk) -> list[str]:
    return [slot["nzo_id"] for slot in desk.queue()["slots"]]


def slot_of(desk: Desk, nzo_id: str) -> Json:
    found = desk.queued(nzo_id)
    assert found is not None
    return found


# -- delete ----------------------------------------------------------------------------------------


def test_D01_D07_C060_delete_cancels_the_transfer_and_removes_its_files(desk: Desk) -> None:
    """The slot is gone at once; soon slskd has forgotten the transfer, and no download is left.

    The partial file in slskd's own `incomplete` folder is slskd's (contract slskd §5.11).
    """
    nzo_id = desk.add(SLOW)
    desk.wait_status(nzo_id, "Downloading")
    peer = desk.peer_of(SLOW)
    until(lambda: [t for t in desk.transfers() if t["username"] == peer] or None, "a transfer")
    answer = desk.call("queue", name="delete", del_files=1, value=nzo_id)
    assert answer == {"status": True, "nzo_ids": [nzo_id]}
    assert desk.queued(nzo_id) is None
    assert desk.ended(nzo_id) is None

    def clean() -> bool | None:
        gone = all(transfer["username"] != peer for transfer in desk.transfers())
        left = list(desk.simulator.downloads_dir.rglob("*.flac"))
        return True if gone and not left else None

    until(clean, "slskd forgets the transfer and no file is left")


def test_C061_an_unknown_id_is_deleted_with_a_yes(desk: Desk) -> None:
    """An error would make Lidarr repeat the call for ever; twice is as good as once."""
    nzo_id = desk.add(STILL)
    for value in ("SABnzbd_nzo_unknown", nzo_id, nzo_id):
        assert desk.call("queue", name="delete", del_files=1, value=value)["status"] is True


def test_C062_several_ids_and_all_of_them(desk: Desk) -> None:
    """`a,b` and `all`."""
    a, b, c, d = (desk.add(STILL) for _ in range(4))
    assert set(desk.call("queue", name="delete", value=f"{a},{b}")["nzo_ids"]) == {a, b}
    assert set(order(desk)) == {c, d}
    assert desk.call("queue", name="delete", value="all")["status"] is True
    assert order(desk) == []


def test_C062_all_may_be_narrowed_by_a_search(desk: Desk) -> None:
    """`search` belongs to `all` and to `purge`."""
    still, slow = desk.add(STILL), desk.add(SLOW)
    desk.call("queue", name="delete", value="all", search="glacier")
    assert order(desk) == [still]
    assert slow not in order(desk)
    assert desk.call("queue", name="purge")["status"] is True
    assert order(desk) == []


def test_delete_without_a_value_says_what_is_missing(desk: Desk) -> None:
    """SABnzbd §1.4.3."""
    answer = desk.call("queue", name="delete")
    assert answer == {"status": False, "error": "expects one parameter"}


def test_D09_deleting_from_the_history_what_is_still_queued_cancels_it(desk: Desk) -> None:
    """Lidarr looks the queue up first, and the slot may have moved meanwhile."""
    nzo_id = desk.add(STILL)
    answer = desk.call("history", name="delete", del_files=1, archive=0, value=nzo_id)
    assert answer == {"status": True}
    assert desk.queued(nzo_id) is None
    assert desk.ended(nzo_id) is None
    assert desk.state(nzo_id) == "cancelled"


# -- pause -----------------------------------------------------------------------------------------


def test_C063_one_slot_is_paused_and_resumed(desk: Desk) -> None:
    """Paused, it is not handed to the peer; resumed, it is."""
    nzo_id = desk.add(STILL, priority=-2)
    answer = desk.call("queue", name="pause", value=nzo_id)
    assert answer == {"status": True, "nzo_ids": [nzo_id]}
    assert slot_of(desk, nzo_id)["status"] == "Paused"
    assert desk.call("queue", name="resume", value=nzo_id)["nzo_ids"] == [nzo_id]
    assert slot_of(desk, nzo_id)["status"] == "Queued"
    peer = desk.peer_of(STILL)
    until(lambda: [t for t in desk.transfers() if t["username"] == peer] or None, "a transfer")


def test_C063_unknown_ids_are_fine_and_none_are_not(desk: Desk) -> None:
    """Both as in the real thing."""
    assert desk.call("queue", name="pause", value="unknown") == {
        "status": True,
        "nzo_ids": ["unknown"],
    }
    assert desk.call("queue", name="pause") == {"status": False, "nzo_ids": False}


def test_C070_everything_is_paused_and_resumed(desk: Desk) -> None:
    """`queue.paused` follows, and nothing new is asked for meanwhile."""
    assert desk.call("pause") == {"status": True}
    queue = desk.queue()
    assert (queue["paused"], queue["status"], queue["pause_int"]) == (True, "Paused", "0")
    nzo_id = desk.add(SLOW)
    assert desk.call("resume") == {"status": True}
    assert desk.queue()["paused"] is False
    desk.wait_status(nzo_id, "Downloading")


# -- order and names -------------------------------------------------------------------------------


def test_C064_a_priority_moves_a_slot_to_the_front(desk: Desk) -> None:
    """The answer is its place, without `status`; -1 for an unknown id."""
    first, second = desk.add(STILL), desk.add(STILL)
    assert order(desk) == [first, second]
    assert desk.call("queue", name="priority", value=second, value2=1) == {"position": 0}
    assert order(desk) == [second, first]
    assert slot_of(desk, second)["priority"] == "High"
    assert desk.call("queue", name="priority", value="unknown", value2=1) == {"position": -1}


@pytest.mark.parametrize(
    ("level", "word"),
    [(-100, "Normal"), (-1, "Low"), (0, "Normal"), (2, "Force"), (7, "Normal"), (-9, "Normal")],
)
def test_C064_every_level_has_a_word(desk: Desk, level: int, word: str) -> None:
    """-100 is the default, which is Normal, and so is what it does not know."""
    nzo_id = desk.add(STILL)
    desk.call("queue", name="priority", value=nzo_id, value2=level)
    assert slot_of(desk, nzo_id)["priority"] == word


def test_C065_a_slot_is_renamed(desk: Desk) -> None:
    """False when there is nothing to rename or no name."""
    nzo_id = desk.add(STILL)
    assert desk.call("queue", name="rename", value=nzo_id, value2="Nový název") == {"status": True}
    assert slot_of(desk, nzo_id)["filename"] == "Nový název"
    assert desk.call("queue", name="rename", value="unknown", value2="x") == {"status": False}
    assert desk.call("queue", name="rename", value=nzo_id, value2="") == {"status": False}


@pytest.mark.parametrize(
    "parameters",
    [
        {"name": "sort", "sort": "avg_age", "dir": "asc"},
        {"name": "change_complete_action", "value": "shutdown_program"},
    ],
    ids=["C066 sort", "C066 complete action"],
)
def test_C066_what_does_not_matter_here_is_accepted(desk: Desk, parameters: dict[str, str]) -> None:
    """LunaSea offers it."""
    assert desk.call("queue", **parameters) == {"status": True}


def test_C068_switch_puts_a_slot_at_a_place_or_before_another(desk: Desk) -> None:
    """LunaSea needs `result.position`."""
    a, b, c = (desk.add(STILL) for _ in range(3))
    assert desk.call("switch", value=c, value2=0)["result"] == {"position": 0, "priority": 0}
    assert order(desk) == [c, a, b]
    assert desk.call("switch", value=b, value2=a)["result"]["position"] == 1
    assert order(desk) == [c, b, a]
    assert desk.call("switch", value="unknown", value2=0)["result"]["position"] == -1


def test_C069_a_slot_changes_its_category(desk: Desk) -> None:
    """The new one is known from then on."""
    nzo_id = desk.add(STILL)
    assert desk.call("change_cat", value=nzo_id, value2="Audiobooks") == {"status": True}
    assert slot_of(desk, nzo_id)["cat"] == "Audiobooks"
    assert "Audiobooks" in desk.call("get_cats")["categories"]
    assert desk.call("change_cat", value="unknown", value2="music") == {"status": False}


def test_cancel_pp_leaves_alone_what_is_not_being_finished(desk: Desk) -> None:
    """SABnzbd §1.4.1: it stops post-processing, nothing else."""
    nzo_id = desk.add(STILL)
    answer = desk.call("cancel_pp", value=nzo_id)
    assert answer == {"status": False, "error": "item does not exist"}
    assert desk.queued(nzo_id) is not None
