"""What counts as movement in a peer's queue, and what a file is told about its place."""

from __future__ import annotations

from dataclasses import replace

from soulspot_arr.domain import DownloadState, FailureKind, TransferState
from soulspot_arr.rules.lifecycle import RetryPolicy
from soulspot_arr.rules.watching import Company, WatchPolicy
from tests.fakes.clock import NOON
from tests.soulspot_arr.rules.watched import QUEUED, ago, look, transfer

T = TransferState
D = DownloadState
HOUR = 3_600


def test_only_a_place_better_than_ever_is_movement() -> None:
    """Peers estimate, and let others pass: up and down is standing still."""
    row = replace(QUEUED, place_in_queue=6, best_place=5, first_seen_at=ago(HOUR - 1))
    step = look(row, transfer(T.QUEUED, place_in_queue=5))
    assert step is not None
    assert "last_progress_at" not in step.fields
    better = look(row, transfer(T.QUEUED, place_in_queue=4))
    assert better is not None
    assert (better.fields["best_place"], better.fields["last_progress_at"]) == (4, NOON)


def test_the_first_place_is_no_movement() -> None:
    """It is where the waiting begins."""
    step = look(QUEUED, transfer(T.QUEUED, place_in_queue=40))
    assert step is not None
    assert step.fields["best_place"] == 40
    assert "last_progress_at" not in step.fields


def test_a_new_attempt_has_a_best_place_of_its_own() -> None:
    """The end of the queue is no step back."""
    row = replace(QUEUED, status=D.PENDING, best_place=3, first_seen_at=None)
    step = look(row, transfer(T.QUEUED, place_in_queue=50))
    assert step is not None
    assert step.fields["best_place"] == 50


def test_who_tells_our_place_is_given_the_longer_time() -> None:
    """It is alive, and asking anew leads to the end of its queue."""
    policy = WatchPolicy(stall_queued=HOUR, stall_total=2 * HOUR)
    row = replace(QUEUED, first_seen_at=ago(HOUR + 1))
    silent = look(row, transfer(T.QUEUED), policy=policy)
    assert silent is not None
    assert silent.fields["failure_kind"] == FailureKind.STALLED
    assert look(row, transfer(T.QUEUED), policy=policy, company=Company(answers=True)) is None
    longer = replace(row, first_seen_at=ago(2 * HOUR + 1))
    step = look(longer, transfer(T.QUEUED), policy=policy, company=Company(answers=True))
    assert step is not None
    assert step.fields["failure_kind"] == FailureKind.STALLED


def test_a_full_peer_that_serves_us_uses_up_nothing() -> None:
    """ "Too many files" is counted only by a peer that has none of ours and sends none."""
    policy = WatchPolicy(retry=RetryPolicy(attempts=3))
    full = transfer(T.FAILED, failure=FailureKind.PEER_BUSY, message="Too many files")
    row = replace(QUEUED, attempts=3)
    alone = look(row, full, policy=policy)
    assert alone is not None
    assert alone.to is D.FAILED
    for company in (Company(serves=True), Company(moved=ago(60))):
        step = look(row, full, policy=policy, company=company)
        assert step is not None
        assert (step.to, step.fields["attempts"]) == (D.WAITING, 3)


def test_the_cancellation_of_our_own_earlier_attempt_is_none_of_a_person() -> None:
    """The request met a transfer that we were just cancelling: asked for again."""
    row = replace(QUEUED, transfer_ref="t1", spent_ref="t1")
    over = transfer(T.FAILED, failure=FailureKind.CANCELLED_AT_SOURCE, message="Cancelled")
    step = look(row, over)
    assert step is not None
    assert (step.to, step.fields["failure_kind"]) == (D.WAITING, FailureKind.VANISHED)


def test_a_file_does_not_leave_a_folder_of_ours() -> None:
    """An older version of slskd says by its own rule where a file lies; it does not move it."""
    ours = replace(QUEUED, placement="soulspot-incoming/nzo/0")
    step = look(ours, transfer(T.QUEUED, placement="Undertow"))
    assert step is None or "placement" not in step.fields
    other = look(ours, transfer(T.QUEUED, ref="t2", placement="Undertow"))
    assert other is not None
    assert other.fields["placement"] == "Undertow"
