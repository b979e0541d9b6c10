"""The life of a file and of a grab: tables, and what one look at the source means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from soulspot_arr.domain import (
    OPEN_DOWNLOADS,
    DownloadState,
    FailureKind,
    GrabState,
    Transfer,
    TransferState,
)
from soulspot_arr.rules.lifecycle import (
    CLOCK_SKEW,
    GRAB_TRANSITIONS,
    TRANSITIONS,
    GiveUp,
    NextOffer,
    RetryAt,
    RetryPolicy,
    Step,
    WatchPolicy,
    advance,
    allowed,
    allowed_grab,
    correlate,
    retry,
    roll_up,
)
from tests.fakes.clock import NOON

D = DownloadState
G = GrabState
T = TransferState
F = FailureKind

POLICY = WatchPolicy(stall_queued=3600, stall_transfer=600, claim_ttl=120, vanished_after=60)
PATH = "@@music\\Album\\01.flac"


def ago(seconds: float) -> datetime:
    """So many seconds before now."""
    return NOON - timedelta(seconds=seconds)


@dataclass(slots=True)
class Row:
    """A download as far as these rules look at it."""

    id: int = 1
    peer: str = "anna"
    remote_path: str = PATH
    size: int = 1000
    status: D = D.QUEUED
    attempts: int = 0
    batch_key: str | None = None
    transfer_ref: str | None = "t1"
    spent_ref: str | None = None
    claimed_at: datetime | None = field(default_factory=lambda: ago(30))
    bytes_done: int = 0
    place_in_queue: int | None = None
    speed: int = 0
    placement: str | None = None
    missing_since: datetime | None = None
    first_seen_at: datetime | None = field(default_factory=lambda: ago(20))
    last_progress_at: datetime | None = None


PENDING = Row(status=D.PENDING, transfer_ref=None, first_seen_at=None)
QUEUED = Row()
MOVING = Row(status=D.DOWNLOADING, bytes_done=400, last_progress_at=ago(10), speed=50)


def transfer(state: T, **values: Any) -> Transfer:
    """What the source says about that file."""
    given = {"ref": "t1", "peer": "anna", "path": PATH, "size": 1000, "bytes_done": 0, **values}
    return Transfer(state=state, **given)


def look(row: Row, seen: Transfer | None, **how: Any) -> Step | None:
    """One look at noon."""
    return advance(row, seen, now=NOON, policy=how.pop("policy", POLICY), **how)


# -- the two tables --------------------------------------------------------------------------------


def test_every_state_is_in_its_table_and_can_be_reached() -> None:
    """No state is forgotten, none leads to itself, none hangs in the air."""
    assert set(TRANSITIONS) == set(D)
    assert set(GRAB_TRANSITIONS) == set(G)
    for table, start in ((TRANSITIONS, D.WAITING), (GRAB_TRANSITIONS, G.QUEUED)):
        assert _reachable(table, start) == set(table)
        assert all(state not in targets for state, targets in table.items())


def _reachable(table: Mapping[Any, frozenset[Any]], start: Any) -> set[Any]:
    found, todo = {start}, [start]
    while todo:
        new = table[todo.pop()] - found
        found |= new
        todo += new
    return found


def test_what_can_never_be_taken_back() -> None:
    """Lidarr ignores a later word on a completed grab; what was imported or removed has ended."""
    assert GRAB_TRANSITIONS[G.COMPLETED] == {G.IMPORTED, G.REMOVED}
    assert GRAB_TRANSITIONS[G.FAILED] == {G.REMOVED}
    assert GRAB_TRANSITIONS[G.IMPORTED] == GRAB_TRANSITIONS[G.REMOVED] == frozenset()
    assert all(D.WAITING in TRANSITIONS[state] for state in (D.FAILED, D.CANCELLED, D.BLOCKLISTED))
    assert all(D.CANCELLED in TRANSITIONS[state] for state in OPEN_DOWNLOADS)


def test_allowed_reads_the_tables() -> None:
    """One example of each answer."""
    assert allowed(D.WAITING, D.PENDING)
    assert not allowed(D.WAITING, D.COMPLETED)
    assert allowed_grab(G.PROCESSING, G.COMPLETED)
    assert not allowed_grab(G.COMPLETED, G.FAILED)


# -- failures --------------------------------------------------------------------------------------

RETRY = RetryPolicy(attempts=2, backoff=(60.0, 300.0), busy_wait=900.0)

COUNTED = [F.PEER_OFFLINE, F.BROKEN, F.STALLED, F.VANISHED, F.CORRUPT]
UNCOUNTED = [
    (F.SOURCE_THROTTLED, 5),
    (F.SOURCE_UNAVAILABLE, 15),
    (F.SOURCE_AUTH, 60),
    (F.DISK_FULL, 300),
]
FINAL = [F.REJECTED, F.CANCELLED_AT_SOURCE, F.NOT_IMPORTABLE, F.BLOCKED, F.TOO_OLD]


def test_every_failure_has_a_row() -> None:
    """A new kind must be decided about, not fall into a default."""
    rows = {*COUNTED, *FINAL, F.PEER_BUSY, *(kind for kind, _ in UNCOUNTED)}
    assert rows == set(F)


@pytest.mark.parametrize("kind", COUNTED)
def test_what_may_pass_is_tried_again_with_growing_patience(kind: F) -> None:
    """One minute, five minutes, then it is over."""
    verdicts = [retry(kind, attempts, now=NOON, policy=RETRY) for attempts in range(3)]
    assert verdicts == [
        RetryAt(NOON + timedelta(seconds=60), counted=True),
        RetryAt(NOON + timedelta(seconds=300), counted=True),
        GiveUp.EXHAUSTED,
    ]


@pytest.mark.parametrize(("kind", "seconds"), UNCOUNTED)
def test_what_is_not_the_peers_fault_uses_no_attempt_up(kind: F, seconds: int) -> None:
    """However often it happens."""
    expected = RetryAt(NOON + timedelta(seconds=seconds), counted=False)
    assert retry(kind, 99, now=NOON, policy=RETRY) == expected


@pytest.mark.parametrize("kind", FINAL)
def test_what_will_not_change_is_final_at_once(kind: F) -> None:
    """A refusal is not asked for again."""
    assert retry(kind, 0, now=NOON, policy=RETRY) is GiveUp.FINAL


def test_a_busy_peer_is_left_alone_for_longer() -> None:
    """A full queue at the peer empties in a quarter of an hour at best."""
    expected = RetryAt(NOON + timedelta(seconds=900), counted=True)
    assert retry(F.PEER_BUSY, 0, now=NOON, policy=RETRY) == expected
    patient = replace(RETRY, backoff=(3600.0,))
    expected = RetryAt(NOON + timedelta(seconds=3600), counted=True)
    assert retry(F.PEER_BUSY, 0, now=NOON, policy=patient) == expected


def test_the_last_pause_serves_for_all_further_attempts() -> None:
    """More attempts than pauses, and no pause at all."""
    many = replace(RETRY, attempts=9)
    expected = RetryAt(NOON + timedelta(seconds=300), counted=True)
    assert retry(F.BROKEN, 7, now=NOON, policy=many) == expected
    none = replace(RETRY, backoff=())
    assert retry(F.BROKEN, 0, now=NOON, policy=none) == RetryAt(NOON, counted=True)
    assert retry(F.BROKEN, 0, now=NOON, policy=replace(RETRY, attempts=0)) is GiveUp.EXHAUSTED


# -- which transfer is ours ------------------------------------------------------------------------


def found(row: Row, *transfers: Transfer) -> str | None:
    """The reference of the transfer that belongs to the row."""
    match = correlate([row], transfers)[row.id]
    return match.ref if match else None


def test_the_reference_finds_it_whatever_else_is_listed() -> None:
    """Also when a newer record of the same file exists."""
    old = transfer(T.ACTIVE, ref="t1", since=ago(900))
    new = transfer(T.ACTIVE, ref="t2", since=ago(1))
    assert found(QUEUED, new, old) == "t1"


def test_the_batch_finds_it_before_the_first_reference_is_known() -> None:
    """Our key and the path together; a stranger's newer transfer of the same file is not ours."""
    row = replace(PENDING, batch_key="b1")
    ours = transfer(T.QUEUED, ref="x", batch_key="b1", since=ago(5))
    other = transfer(T.QUEUED, ref="y", batch_key="b2", since=ago(1))
    assert found(row, other, ours) == "x"


def test_without_both_the_newest_of_the_same_file_is_taken() -> None:
    """slskd re-creates transfers with new references and no batch after its own restart."""
    row = replace(QUEUED, transfer_ref="gone", batch_key="b1")
    assert (
        found(
            row,
            transfer(T.QUEUED, ref="a", since=ago(60)),
            transfer(T.QUEUED, ref="b", since=ago(5)),
        )
        == "b"
    )
    assert found(row, transfer(T.QUEUED, ref="a", since=None)) == "a"


@pytest.mark.parametrize(
    "stranger",
    [transfer(T.ACTIVE, ref="x", peer="bert"), transfer(T.ACTIVE, ref="x", path=PATH + "c")],
)
def test_another_peer_or_another_path_is_another_file(stranger: Transfer) -> None:
    """Both have to agree to the letter."""
    assert found(PENDING, stranger) is None


def test_an_attempt_that_is_over_never_comes_back() -> None:
    """Its record may stay listed at the source for weeks."""
    row = replace(PENDING, spent_ref="old", batch_key="b1")
    spent = transfer(T.FAILED, ref="old", batch_key="b1", since=NOON, failure=F.BROKEN)
    assert found(row, spent) is None
    assert found(row, spent, transfer(T.QUEUED, ref="new", since=NOON)) == "new"


@pytest.mark.parametrize("state", [T.SUCCEEDED, T.FAILED])
def test_an_ended_record_of_an_earlier_grab_does_not_answer_a_new_one(state: T) -> None:
    """The same album was fetched before, its records were never removed."""
    earlier = transfer(state, ref="x", since=ago(86_400))
    assert found(PENDING, earlier) is None
    assert found(PENDING, replace(earlier, since=None)) is None
    assert found(replace(PENDING, claimed_at=None), earlier) is None


def test_a_transfer_may_be_over_before_the_first_look() -> None:
    """Small files: recorded after our request, ended before the poll, and clocks may differ."""
    assert found(PENDING, transfer(T.SUCCEEDED, ref="x", since=ago(10))) == "x"
    skewed = ago(30) - CLOCK_SKEW
    assert found(PENDING, transfer(T.SUCCEEDED, ref="x", since=skewed)) == "x"
    assert (
        found(PENDING, transfer(T.SUCCEEDED, ref="x", since=skewed - timedelta(seconds=1))) is None
    )


def test_a_running_record_of_the_same_file_is_joined() -> None:
    """Whoever asked for it: the source transfers one file once."""
    assert found(PENDING, transfer(T.ACTIVE, ref="x", since=ago(86_400))) == "x"


def test_each_file_finds_its_own() -> None:
    """Several files, several peers, one snapshot."""
    rows = [
        Row(id=1, transfer_ref="a"),
        Row(id=2, transfer_ref=None, remote_path="2"),
        Row(id=3, peer="bert", transfer_ref=None),
    ]
    seen = [transfer(T.ACTIVE, ref="a"), transfer(T.QUEUED, ref="b", path="2")]
    matches = correlate(rows, seen)
    assert [match.ref if match else None for match in matches.values()] == ["a", "b", None]
    assert correlate([], seen) == {}
    assert correlate([QUEUED], []) == {1: None}


# -- one look --------------------------------------------------------------------------------------


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
            replace(MOVING, attempts=2),
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
    assert look(QUEUED, transfer(T.QUEUED, place_in_queue=7)) == Step(None, {"place_in_queue": 7})
    row = replace(QUEUED, place_in_queue=7, missing_since=ago(5))
    assert look(row, transfer(T.QUEUED)) == Step(
        None, {"place_in_queue": None, "missing_since": None}
    )


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
    assert not stalled(row, transfer(T.QUEUED), sibling_progress=ago(60))
    assert stalled(row, transfer(T.QUEUED), sibling_progress=ago(3700))


def test_a_transfer_without_a_new_byte_is_stuck() -> None:
    """Whatever its siblings do; a new byte in the same look saves it."""
    row = replace(MOVING, last_progress_at=ago(601), first_seen_at=ago(900))
    same = transfer(T.ACTIVE, bytes_done=400)
    assert stalled(row, same)
    assert stalled(row, same, sibling_progress=ago(1))
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
    step = look(replace(MOVING, missing_since=ago(60), attempts=2), None)
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
        {"claimed_at": None},
        "download.retry_scheduled",
        "The request was never confirmed; asking again.",
    )
    assert look(replace(PENDING, claimed_at=None), None) is None


# -- a grab and its files --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("states", "left", "expected"),
    [
        ([D.WAITING], 0, G.QUEUED),
        ([D.PENDING, D.QUEUED], 0, G.QUEUED),
        ([D.DOWNLOADING, D.QUEUED], 0, G.DOWNLOADING),
        ([D.COMPLETED, D.QUEUED], 0, G.DOWNLOADING),
        ([D.COMPLETED, D.WAITING], 0, G.DOWNLOADING),
        ([D.COMPLETED, D.COMPLETED], 0, G.PROCESSING),
        ([D.FAILED, D.DOWNLOADING], 0, G.FAILED),
        ([D.BLOCKLISTED, D.COMPLETED], 0, G.FAILED),
        ([D.FAILED, D.DOWNLOADING], 1, NextOffer.ROTATE),
        ([D.BLOCKLISTED], 3, NextOffer.ROTATE),
        ([D.CANCELLED, D.CANCELLED], 3, G.CANCELLED),
        ([D.CANCELLED, D.WAITING], 0, G.QUEUED),
        ([D.CANCELLED, D.COMPLETED], 0, G.FAILED),
        ([], 0, G.FAILED),
    ],
)
def test_what_a_grab_is_given_its_files(
    states: list[D], left: int, expected: GrabState | NextOffer
) -> None:
    """The first match wins, in the order of the table."""
    assert roll_up(states, alternates_left=left) is expected
