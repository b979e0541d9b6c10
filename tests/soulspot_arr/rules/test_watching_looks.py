"""What one look at the source means for a file, and what a failure leaves behind."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from soulspot_arr.domain import DownloadState, FailureKind, Transfer, TransferState
from soulspot_arr.rules.lifecycle import allowed
from soulspot_arr.rules.watching import Step
from tests.fakes.clock import NOON
from tests.soulspot_arr.rules.watched import MOVING, PENDING, QUEUED, Row, ago, look, transfer

D = DownloadState
T = TransferState
F = FailureKind


@pytest.mark.parametrize(
    ("row", "seen", "to", "event"),
    [
        (PENDING, transfer(T.QUEUED), D.QUEUED, "download.queued"),
        (PENDING, transfer(T.ACTIVE), D.DOWNLOADING, "download.started"),
        (PENDING, transfer(T.SUCCEEDED), D.COMPLETED, "download.completed"),
        (PENDING, transfer(T.FAILED, failure=F.REJECTED), D.FAILED, "download.failed"),
        (PENDING, transfer(T.FAILED, failure=F.BROKEN), D.WAITING, "download.retry_scheduled"),
        (QUEUED, transfer(T.ACTIVE), D.DOWNLOADING, "download.started"),
        (QUEUED, transfer(T.SUCCEEDED), D.COMPLETED, "download.completed"),
        (QUEUED, transfer(T.FAILED, failure=F.PEER_BUSY), D.WAITING, "download.retry_scheduled"),
        (MOVING, transfer(T.QUEUED), D.QUEUED, ""),
        (replace(QUEUED, bytes_done=400), transfer(T.ACTIVE), D.DOWNLOADING, ""),
        (MOVING, transfer(T.SUCCEEDED), D.COMPLETED, "download.completed"),
        (MOVING, transfer(T.FAILED, failure=F.BROKEN), D.WAITING, "download.retry_scheduled"),
        (
            replace(MOVING, attempts=3),
            transfer(T.FAILED, failure=F.BROKEN),
            D.FAILED,
            "download.failed",
        ),
    ],
)
def test_each_row_of_the_transition_table_that_a_look_can_cause(
    row: Row, seen: Transfer, to: D, event: str
) -> None:
    """State and event; every step is one that the ledger will take."""
    step = look(row, seen)
    assert step is not None
    assert (step.to, step.event) == (to, event)
    assert allowed(row.status, to)


@pytest.mark.parametrize("state", [D.PENDING, D.QUEUED, D.DOWNLOADING])
def test_a_record_that_ended_without_a_reason_counts_as_broken(state: D) -> None:
    """A source may not know why; the attempt is over all the same."""
    step = look(replace(QUEUED, status=state), transfer(T.FAILED))
    assert step is not None
    assert (step.to, step.fields["failure_kind"]) == (D.WAITING, "broken")
    assert step.message == "The source gave no reason."


def test_success_with_a_complaint_is_a_failure() -> None:
    """The bytes came, but the source could not move the file into place."""
    step = look(MOVING, transfer(T.SUCCEEDED, failure=F.BROKEN, message="denied"))
    assert step is not None
    assert (step.to, step.message) == (D.WAITING, "denied")


def test_nothing_new_is_no_step() -> None:
    """A quiet queue costs no write."""
    assert look(QUEUED, transfer(T.QUEUED)) is None
    assert look(MOVING, transfer(T.ACTIVE, bytes_done=400, speed=50.0)) is None


def test_a_file_in_the_queue_tells_its_place() -> None:
    """Only the columns that changed are written."""
    assert look(QUEUED, transfer(T.QUEUED, place_in_queue=7)) == Step(
        None, {"place_in_queue": 7, "best_place": 7}
    )
    row = replace(QUEUED, place_in_queue=7, missing_since=ago(5))
    assert look(row, transfer(T.QUEUED)) == Step(None, {"missing_since": None})


def test_new_bytes_are_progress() -> None:
    """Bytes, speed and the moment."""
    step = look(MOVING, transfer(T.ACTIVE, bytes_done=700, speed=99.9))
    assert step == Step(None, {"speed": 99, "bytes_done": 700, "last_progress_at": NOON})


@pytest.mark.parametrize(("reported", "kept"), [(390, 400), (400, 400), (5000, 1000), (-5, 400)])
def test_bytes_stay_between_what_was_seen_and_the_size(reported: int, kept: int) -> None:
    """Sources step back a little, and report more than there is (contract slskd F23, F24)."""
    row = replace(MOVING, bytes_done=400)
    step = look(row, transfer(T.ACTIVE, bytes_done=reported if reported >= 0 else 380, speed=50))
    assert (step.fields.get("bytes_done", 400) if step else 400) == kept


def test_an_attempt_of_the_source_that_starts_over_counts_from_its_beginning() -> None:
    """slskd may overwrite what was there; growth from zero is growth, not a stall."""
    step = look(replace(MOVING, bytes_done=900), transfer(T.ACTIVE, bytes_done=10, speed=50))
    assert step == Step(None, {"bytes_done": 10, "last_progress_at": NOON})


def test_a_waiting_record_that_forgot_its_bytes_takes_nothing_back() -> None:
    """Between two attempts of the source the number may be zero."""
    step = look(MOVING, transfer(T.QUEUED, bytes_done=0))
    assert step is not None
    assert "bytes_done" not in step.fields
    assert step.fields["speed"] == 0


def test_what_the_first_look_writes() -> None:
    """The reference, the moment, and where the file will land."""
    step = look(PENDING, transfer(T.QUEUED, placement="soulspot/x", place_in_queue=3))
    assert step is not None
    assert step.fields == {
        "transfer_ref": "t1",
        "placement": "soulspot/x",
        "place_in_queue": 3,
        "best_place": 3,
        "first_seen_at": NOON,
    }


def test_a_placement_is_not_forgotten() -> None:
    """A look that does not know it leaves what the receipt said."""
    row = replace(QUEUED, placement="soulspot/x")
    assert look(row, transfer(T.QUEUED)) is None
    assert look(row, transfer(T.QUEUED, placement="other")) == Step(None, {"placement": "other"})


def test_arrival_fills_the_bar() -> None:
    """The last report may lag behind; a finished file is whole."""
    step = look(replace(MOVING, place_in_queue=2), transfer(T.SUCCEEDED, bytes_done=0))
    assert step is not None
    assert (step.fields["bytes_done"], step.fields["speed"]) == (1000, 0)
    assert step.fields["place_in_queue"] is None
    assert step.release is False


# -- after a failure -------------------------------------------------------------------------------


def test_a_new_attempt_starts_from_a_clean_row() -> None:
    """Nothing of the old attempt answers for the new one; when bytes last came remains known."""
    seen = transfer(T.FAILED, failure=F.PEER_OFFLINE, message="User anna appears to be offline")
    step = look(replace(MOVING, place_in_queue=3, placement="p"), seen)
    assert step is not None
    assert step.release is True
    assert step.message == "User anna appears to be offline"
    assert step.fields == {
        "failure_kind": "peer_offline",
        "failure_message": "User anna appears to be offline",
        "attempts": 1,
        "not_before": NOON + timedelta(seconds=60),
        "transfer_ref": None,
        "spent_ref": "t1",
        "claimed_at": None,
        "first_seen_at": None,
        "missing_since": None,
        "bytes_done": 0,
        "speed": 0,
        "place_in_queue": None,
        "best_place": None,
        "local_path": None,
    }


def test_the_spent_reference_is_the_one_just_seen() -> None:
    """A transfer that failed before its reference was ever stored is spent as well."""
    step = look(PENDING, transfer(T.FAILED, ref="t9", failure=F.BROKEN))
    assert step is not None
    assert step.fields["spent_ref"] == "t9"


def test_giving_up_keeps_the_reason_and_drops_the_transfer() -> None:
    """The record at the source is not needed any more."""
    step = look(QUEUED, transfer(T.FAILED, failure=F.REJECTED, message="File not shared."))
    assert step is not None
    assert (step.to, step.release, step.message) == (D.FAILED, True, "File not shared.")
    assert step.fields["failure_kind"] == "rejected"
    assert "attempts" not in step.fields
