"""How long is waited: for a peer's queue, for the next byte, and for what cannot be seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from soulspot_arr.domain import DownloadState, Transfer, TransferState
from soulspot_arr.rules.watching import Company, Step, advance
from tests.fakes.clock import NOON
from tests.soulspot_arr.rules.watched import (
    MOVING,
    PENDING,
    POLICY,
    QUEUED,
    Row,
    ago,
    look,
    transfer,
)

D = DownloadState
T = TransferState

# -- stalls ----------------------------------------------------------------------------------------


def stalled(row: Row, seen: Transfer, **how: Any) -> bool:
    """Whether this look takes the file for stuck."""
    step = look(row, seen, **how)
    return step is not None and step.fields.get("failure_kind") == "stalled"


def test_a_queue_in_which_nothing_moves_is_left_after_a_while() -> None:
    """The limit itself is still patience."""
    assert not stalled(replace(QUEUED, first_seen_at=ago(3600)), transfer(T.QUEUED))
    assert stalled(replace(QUEUED, first_seen_at=ago(3601)), transfer(T.QUEUED))


def test_a_waiting_file_is_not_stuck_while_its_sibling_moves() -> None:
    """Peers serve one file at a time."""
    row = replace(QUEUED, first_seen_at=ago(9000))
    assert not stalled(row, transfer(T.QUEUED), company=Company(moved=ago(60)))
    assert stalled(row, transfer(T.QUEUED), company=Company(moved=ago(3700)))


def test_a_transfer_without_a_new_byte_is_stuck() -> None:
    """Whatever its siblings do; a new byte in the same look saves it."""
    row = replace(MOVING, last_progress_at=ago(601), first_seen_at=ago(900))
    same = transfer(T.ACTIVE, bytes_done=400)
    assert stalled(row, same)
    assert stalled(row, same, company=Company(moved=ago(1)))
    assert not stalled(row, replace(same, bytes_done=401))
    assert not stalled(replace(row, last_progress_at=ago(600)), same)


def test_hours_in_the_queue_are_no_stall_of_the_transfer() -> None:
    """The patience of the transfer begins when it starts, also before the first byte."""
    row = replace(QUEUED, first_seen_at=ago(3000))
    step = look(row, transfer(T.ACTIVE))
    assert step is not None
    assert step.to is D.DOWNLOADING
    started = replace(row, status=D.DOWNLOADING, last_progress_at=step.fields["last_progress_at"])
    assert look(started, transfer(T.ACTIVE)) is None
    later = advance(started, transfer(T.ACTIVE), now=NOON + timedelta(seconds=601), policy=POLICY)
    assert later is not None
    assert later.fields["failure_kind"] == "stalled"


def test_falling_back_into_the_queue_begins_a_new_wait() -> None:
    """The source tries again by itself and stands at the end of the peer's queue."""
    row = replace(MOVING, last_progress_at=ago(9000), first_seen_at=ago(9000))
    step = look(row, transfer(T.QUEUED))
    assert step is not None
    assert (step.to, step.fields["last_progress_at"]) == (D.QUEUED, NOON)


def test_a_queue_that_moves_is_no_stall() -> None:
    """A smaller place is progress; a larger one, or the first one told, is none."""
    row = replace(QUEUED, first_seen_at=ago(9000), place_in_queue=40, best_place=40)
    step = look(row, transfer(T.QUEUED, place_in_queue=39))
    assert step == Step(None, {"place_in_queue": 39, "best_place": 39, "last_progress_at": NOON})
    assert stalled(row, transfer(T.QUEUED, place_in_queue=41))
    assert stalled(
        replace(row, place_in_queue=None, best_place=None), transfer(T.QUEUED, place_in_queue=3)
    )


def test_a_place_that_was_asked_for_outlives_a_look_that_tells_none() -> None:
    """Older versions of slskd list no places; while the file waits ours is kept."""
    row = replace(QUEUED, place_in_queue=40)
    assert look(row, transfer(T.QUEUED)) is None
    begun = look(row, transfer(T.ACTIVE))
    assert begun is not None
    assert begun.fields["place_in_queue"] is None


def test_a_file_that_never_moves_beside_busy_siblings_is_asked_for_anew() -> None:
    """After half a day the peer may have forgotten it: the same peer, no attempt used up."""
    row = replace(QUEUED, first_seen_at=ago(43_201), attempts=1, transfer_ref="t1")
    step = look(row, transfer(T.QUEUED), company=Company(moved=ago(5)))
    assert step is not None
    assert (step.to, step.release) == (D.WAITING, True)
    assert step.fields["not_before"] == NOON + timedelta(seconds=30)  # the old one is dropped first
    assert "attempts" not in step.fields
    assert "failure_kind" not in step.fields
    younger = replace(row, first_seen_at=ago(43_200))
    assert look(younger, transfer(T.QUEUED), company=Company(moved=ago(5))) is None


def test_a_clock_that_was_put_back_is_no_stall() -> None:
    """Moments in the future are patience, not an overflow."""
    row = replace(QUEUED, first_seen_at=ago(-9000), claimed_at=ago(-9000))
    assert not stalled(row, transfer(T.QUEUED))
    assert look(replace(PENDING, claimed_at=ago(-9000)), None) is None


# -- missing ---------------------------------------------------------------------------------------


def test_one_look_without_the_transfer_is_only_noted() -> None:
    """An answer may be incomplete while the source restarts."""
    assert look(MOVING, None) == Step(None, {"missing_since": NOON, "speed": 0})


def test_missing_for_a_minute_is_gone() -> None:
    """Then it is an attempt like any other."""
    assert look(replace(MOVING, missing_since=ago(59)), None) is None
    step = look(replace(MOVING, missing_since=ago(60)), None)
    assert step is not None
    assert (step.to, step.fields["failure_kind"]) == (D.WAITING, "vanished")
    step = look(replace(MOVING, missing_since=ago(60), attempts=3), None)
    assert step is not None
    assert step.to is D.FAILED


def test_what_comes_back_in_time_is_as_before() -> None:
    """After a restart of the source, under a new reference."""
    row = replace(MOVING, missing_since=ago(30))
    step = look(row, transfer(T.ACTIVE, ref="t2", bytes_done=400, speed=50))
    assert step == Step(None, {"transfer_ref": "t2", "missing_since": None})


def test_a_request_that_was_never_confirmed_is_made_again() -> None:
    """No attempt is used up: nobody knows whether it was ever sent."""
    assert look(replace(PENDING, claimed_at=ago(120)), None) is None
    step = look(replace(PENDING, claimed_at=ago(121)), None)
    assert step == Step(
        D.WAITING,
        {"claimed_at": None, "transfer_ref": None, "spent_ref": None},
        "download.retry_scheduled",
        "The request was never confirmed; asking again.",
    )
    assert look(replace(PENDING, claimed_at=None), None) is None


def test_what_was_accepted_and_never_seen_is_asked_for_under_a_new_key() -> None:
    """Its transfer is gone; the same key would only bring the same dead transfer back."""
    row = replace(PENDING, claimed_at=ago(121), transfer_ref="t9")
    step = look(row, None)
    assert step is not None
    assert step.fields == {"claimed_at": None, "transfer_ref": None, "spent_ref": "t9"}
