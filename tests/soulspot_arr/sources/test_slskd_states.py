"""States and failure texts of slskd: what is final, and why something failed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from soulspot_arr.domain import FailureKind, Transfer, TransferState
from soulspot_arr.rules.failures import CONSEQUENCES, Then
from soulspot_arr.sources.slskd_records import Record
from soulspot_arr.sources.slskd_states import Finality, classify, classify_refusal
from soulspot_arr.sources.slskd_wire import Abilities
from tests.soulspot_arr.sources.conftest import FakeTime

NEW = Abilities(version="0.26.0", attempts=3)
OLD = Abilities(version="0.25.1", batches=False)
Q, A, S, F = (
    TransferState.QUEUED,
    TransferState.ACTIVE,
    TransferState.SUCCEEDED,
    TransferState.FAILED,
)


def row(
    state: str,
    *,
    attempts: int | None = 1,
    exception: str = "",
    ended: str = "t",
    enqueued: bool = True,
) -> Record:
    """A record that differs only in what decides."""
    return Record(
        id="r1",
        peer="bob",
        path="Music\\01.flac",
        state=state,
        size=100,
        bytes_done=73,
        attempts=attempts,
        speed=1048576.0,
        place_in_queue=4,
        batch_id="b1",
        exception=exception,
        ended=ended,
        since=datetime(2026, 8, 22, tzinfo=UTC),
        enqueued=enqueued,
    )


def look(finality: Finality, record: Record, able: Abilities = NEW) -> Transfer:
    """One poll of one record."""
    [found] = finality.transfers([record], able, placements={"r1": "Album"})
    return found


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("None", Q),
        ("", Q),
        ("Requested", Q),
        ("Queued", Q),
        ("Queued, Locally", Q),
        ("Queued, Remotely", Q),
        ("Remotely, Queued", Q),
        ("Queued,Remotely", Q),
        ("Initializing", A),
        ("InProgress", A),
        ("InProgress, Resumed", A),
        ("Completed, Succeeded", S),
        ("Succeeded, Completed", S),
        ("Completed, Rejected", F),
        ("Completed, Aborted", F),
        ("Completed, Cancelled", F),
        ("Completed, Errored", Q),
        ("Completed, TimedOut", Q),
        ("Completed", Q),
        ("Completed, Vaporised", Q),
        ("Paused", Q),
        ("Succeeded", Q),
    ],
)
def test_states_are_sets_of_flags(state: str, expected: TransferState, time: FakeTime) -> None:
    """Every state at first sight; unknown flags are never final."""
    assert look(Finality(time.clock), row(state)).state is expected


@pytest.mark.parametrize("state", ["Completed, Errored", "Completed, TimedOut"])
@pytest.mark.parametrize(
    ("attempts", "able", "expected"),
    [
        (1, NEW, Q),
        (2, NEW, Q),
        (3, NEW, F),
        (4, NEW, F),
        (None, NEW, Q),
        (1, Abilities(attempts=1), F),
        (0, OLD, F),
        (None, OLD, F),
    ],
)
def test_errors_are_final_after_the_last_attempt(
    state: str, attempts: int | None, able: Abilities, expected: TransferState, time: FakeTime
) -> None:
    """Since 0.26 slskd tries again by itself; before, an error was the end."""
    assert look(Finality(time.clock), row(state, attempts=attempts), able).state is expected


@pytest.mark.parametrize("state", ["Completed, Errored", "Completed, TimedOut", "Completed"])
def test_an_end_that_lasts_is_final(state: str, time: FakeTime) -> None:
    """The same final state on two polls five seconds apart."""
    finality = Finality(time.clock)
    assert look(finality, row(state)).state is Q
    time.now += 4.9
    assert look(finality, row(state)).state is Q
    time.now += 0.2
    assert look(finality, row(state)).state is F
    assert look(finality, row(state)).state is F


def test_F09_a_retry_starts_the_count_again(time: FakeTime) -> None:
    """A record that changed in between, or failed anew, is not final yet."""
    finality = Finality(time.clock)
    look(finality, row("Completed, Errored", attempts=1, ended="1"))
    time.now += 3
    waiting = look(finality, row("Queued, Locally", attempts=2, ended="1", exception="broke off"))
    assert (waiting.state, waiting.failure) == (Q, None)
    time.now += 3
    assert look(finality, row("Completed, Errored", attempts=2, ended="2")).state is Q
    time.now += 3
    assert look(finality, row("Completed, Errored", attempts=2, ended="3")).state is Q
    time.now += 6
    assert look(finality, row("Completed, Errored", attempts=2, ended="3")).state is F


def test_an_unknown_ending_never_becomes_final(time: FakeTime) -> None:
    """A flag of a version to come may mean anything."""
    finality = Finality(time.clock)
    look(finality, row("Completed, Vaporised"))
    time.now += 1000
    assert look(finality, row("Completed, Vaporised")).state is Q


@pytest.mark.parametrize("able", [NEW, OLD])
def test_H01_a_restart_gets_time_to_resume(able: Abilities, time: FakeTime) -> None:
    """slskd re-creates what its restart interrupted under a new id, so the old one waits."""
    finality = Finality(time.clock)
    record = row("Completed, Errored", attempts=3, exception="Application shut down")
    assert look(finality, record, able).state is Q
    time.now += 119
    assert look(finality, record, able).state is Q
    time.now += 2
    ended = look(finality, record, able)
    assert (ended.state, ended.failure) == (F, FailureKind.PEER_OFFLINE)


def test_memory_ends_with_the_record(time: FakeTime) -> None:
    """A record that left the list is seen for the first time when it comes back."""
    finality = Finality(time.clock)
    look(finality, row("Completed, Errored"))
    finality.transfers([], NEW, placements={})
    time.now += 60
    assert look(finality, row("Completed, Errored")).state is Q


def test_a_transfer_carries_what_was_seen(time: FakeTime) -> None:
    """Everything but the judgement is passed on."""
    assert look(Finality(time.clock), row("InProgress")) == Transfer(
        ref="r1",
        peer="bob",
        path="Music\\01.flac",
        state=A,
        size=100,
        bytes_done=73,
        batch_key="b1",
        speed=1048576.0,
        place_in_queue=4,
        placement="Album",
        since=datetime(2026, 8, 22, tzinfo=UTC),
    )


def test_only_moving_bytes_have_a_speed(time: FakeTime) -> None:
    """slskd keeps the last speed of what has ended or waits."""
    for state in ("Queued, Remotely", "Completed, Succeeded", "Completed, Rejected"):
        assert look(Finality(time.clock), row(state)).speed == 0.0


def test_F19_a_failed_move_is_told(time: FakeTime) -> None:
    """The bytes came, the file is not where it should be: succeeded, with a failure."""
    moved = look(Finality(time.clock), row("Completed, Succeeded", exception="Access denied."))
    assert (moved.state, moved.failure, moved.message) == (
        S,
        FailureKind.DISK_FULL,
        "Access denied.",
    )
    fine = look(Finality(time.clock), row("Completed, Succeeded"))
    assert (fine.failure, fine.message) == (None, "")


def test_a_failure_without_a_text_says_its_state(time: FakeTime) -> None:
    """People get a message in any case."""
    assert look(Finality(time.clock), row("Completed, Rejected")).message == "Completed, Rejected"


@pytest.mark.parametrize(
    ("enqueued", "ended", "kind"),
    [
        (True, "2026-08-22T00:00:05Z", FailureKind.CANCELLED_AT_SOURCE),
        (True, "2026-08-22T00:03:00Z", FailureKind.CANCELLED_AT_SOURCE),
        (False, "2026-08-22T00:00:05Z", FailureKind.CANCELLED_AT_SOURCE),
        (False, "2026-08-22T00:02:49.9Z", FailureKind.CANCELLED_AT_SOURCE),
        (False, "2026-08-22T00:03:00.1Z", FailureKind.TIMEOUT),
        (False, "", FailureKind.TIMEOUT),
    ],
)
def test_L04_F16_a_person_cancels_otherwise_than_slskd(
    enqueued: bool, ended: str, kind: FailureKind, time: FakeTime
) -> None:
    """slskd cancels what no peer queued for 180 s; whatever else is cancelled was meant so."""
    record = row("Completed, Cancelled", ended=ended, enqueued=enqueued)
    assert look(Finality(time.clock), record).failure is kind


@pytest.mark.parametrize("text", ["The specified source file does not exist", "Anything at all"])
def test_S1_whatever_hinders_the_move_is_not_the_peers_fault(text: str, time: FakeTime) -> None:
    """No attempt is used up for it."""
    moved = look(Finality(time.clock), row("Completed, Succeeded", exception=text))
    assert (moved.state, moved.failure) == (S, FailureKind.DISK_FULL)


K = FailureKind
X = "bob (1.2.3.4:50000)"

LATER, ELSEWHERE, NEVER = Then.AGAIN, Then.OTHER, Then.NEVER
DIRECT = "Failed to establish a direct or indirect"


@pytest.mark.parametrize(
    ("end", "text", "kind", "then"),
    [
        # contract slskd §5.7, row by row
        ("Rejected", "Transfer rejected: File not shared.", K.FILE_NOT_FOUND, NEVER),
        ("Rejected", "File not shared.", K.FILE_NOT_FOUND, NEVER),
        ("Rejected", "Too many files", K.PEER_BUSY, LATER),
        ("Rejected", "Transfer rejected: Too many files", K.PEER_BUSY, LATER),
        ("Rejected", "Banned", K.USER_BLOCKED, NEVER),
        ("Rejected", "Transfer rejected: Banned", K.USER_BLOCKED, NEVER),
        ("Rejected", "Cancelled", K.REJECTED, ELSEWHERE),
        ("Rejected", "Pending shutdown.", K.PEER_BUSY, LATER),
        ("Errored", "Download reported as failed by remote client", K.BROKEN, LATER),
        ("Errored", "User bob appears to be offline", K.PEER_OFFLINE, LATER),
        ("Errored", "User disk full appears to be offline", K.PEER_OFFLINE, LATER),
        ("Errored", f"{DIRECT} message connection to {X}", K.NETWORK, LATER),
        ("Errored", f"{DIRECT} transfer connection to {X}", K.NETWORK, LATER),
        ("TimedOut", "The wait timed out after 15000 milliseconds", K.TIMEOUT, LATER),
        ("TimedOut", "The wait timed out after 5000 milliseconds", K.TIMEOUT, LATER),
        ("TimedOut", "Inactivity timeout of 60000 milliseconds was reached", K.TIMEOUT, LATER),
        ("Errored", "Transfer failed: Remote connection closed", K.NETWORK, LATER),
        ("Errored", "Transfer failed: The connection was closed unexpectedly", K.NETWORK, LATER),
        ("Errored", "Failed to read 16384 bytes from 1.2.3.4:50000: closed unexpectedly", K.NETWORK, LATER),
        ("Errored", "closed unexpectedly", K.NETWORK, LATER),
        ("Aborted", "Transfer aborted: the remote size of 5 does not match expected size 6", K.SIZE_DIFFERS, ELSEWHERE),
        ("Aborted", "Transfer aborted: the remote size of 0 does not match expected size 6", K.SIZE_DIFFERS, ELSEWHERE),
        ("Errored", "Failed to create file 01.flac: disk full", K.DISK_FULL, LATER),
        ("Errored", "Failed to create file User bob appears to be offline.flac: I/O", K.DISK_FULL, LATER),
        ("Cancelled", "A task was canceled.", K.CANCELLED_AT_SOURCE, ELSEWHERE),
        ("Cancelled", "Operation cancelled", K.CANCELLED_AT_SOURCE, ELSEWHERE),
        ("Cancelled", "The operation was canceled.", K.CANCELLED_AT_SOURCE, ELSEWHERE),
        ("Cancelled", "", K.CANCELLED_AT_SOURCE, ELSEWHERE),
        ("TimedOut", "Download failed to enqueue remotely after hard time limit of 180 secs", K.TIMEOUT, LATER),
        ("Errored", "Application shut down", K.PEER_OFFLINE, LATER),
        ("Errored", "Disconnected)) (The operation failed", K.SOURCE_UNAVAILABLE, LATER),
        ("Errored", " Disconnected)) (The server connection went away", K.SOURCE_UNAVAILABLE, LATER),
        # slskd's own disk, as Linux, .NET and Windows say it
        ("Errored", "No space left on device : '/downloads/incomplete/01.flac'", K.DISK_FULL, LATER),
        ("Errored", "Transfer failed: No space left on device", K.DISK_FULL, LATER),
        ("Errored", "There is not enough space on the disk. : 'C:\\d\\01.flac'", K.DISK_FULL, LATER),
        ("Errored", "Not enough disk space", K.DISK_FULL, LATER),
        ("Errored", "The disk is full.", K.DISK_FULL, LATER),
        ("Errored", "Failed to create file 01.flac: Permission denied", K.DISK_FULL, LATER),
        ("Errored", "Access to the path '/downloads/incomplete' is denied.", K.DISK_FULL, LATER),
        ("Errored", "Access is denied.", K.DISK_FULL, LATER),
        ("Errored", "Read-only file system : '/downloads/incomplete/01.flac'", K.DISK_FULL, LATER),
        ("Errored", "Disk quota exceeded : '/downloads/incomplete/01.flac'", K.DISK_FULL, LATER),
        ("Errored", "You have exceeded your disk quota", K.DISK_FULL, LATER),
        ("Rejected", "Permission denied", K.REJECTED, ELSEWHERE),
        ("Rejected", "No space left on device", K.REJECTED, ELSEWHERE),
        # contract slskd §9 and §11.2
        ("Rejected", "Too many megabytes", K.PEER_BUSY, LATER),
        ("Rejected", "Too many megabytes.", K.PEER_BUSY, LATER),
        ("Rejected", "TOO MANY FILES", K.PEER_BUSY, LATER),
        ("Rejected", "Too many files this week", K.PEER_EXHAUSTED, ELSEWHERE),
        ("Rejected", "Too many files today", K.PEER_EXHAUSTED, ELSEWHERE),
        ("Rejected", "Too many megabytes this week", K.PEER_EXHAUSTED, ELSEWHERE),
        ("Rejected", "Too many megabytes today.", K.PEER_EXHAUSTED, ELSEWHERE),
        ("Rejected", "Transfer rejected: Too many failed transfers this week", K.PEER_EXHAUSTED, ELSEWHERE),
        ("Rejected", "Too many failed transfers today", K.PEER_EXHAUSTED, ELSEWHERE),
        ("Rejected", "Overwhelmed with requests; try again later.", K.PEER_BUSY, LATER),
        ("Rejected", "Transfer rejected: Overwhelmed with requests; try again later.", K.PEER_BUSY, LATER),
        ("Rejected", "Pending shutdown", K.PEER_BUSY, LATER),
        ("Rejected", "User limit of 5 files exceeded", K.PEER_BUSY, LATER),
        ("Rejected", "User limit of 50 megabytes exceeded", K.PEER_BUSY, LATER),
        ("Rejected", "Queued", K.PEER_BUSY, LATER),
        ("Rejected", "Complete", K.REJECTED, ELSEWHERE),
        ("Rejected", "File not shared", K.FILE_NOT_FOUND, NEVER),
        ("Rejected", "file not shared.", K.FILE_NOT_FOUND, NEVER),
        ("Rejected", "File read error.", K.REJECTED, ELSEWHERE),
        ("Rejected", "Remote file error", K.REJECTED, ELSEWHERE),
        ("Rejected", "Blocked country", K.USER_BLOCKED, NEVER),
        ("Rejected", "Disallowed extension", K.REJECTED, ELSEWHERE),
        ("Rejected", "Enqueue failed due to internal error", K.REJECTED, ELSEWHERE),
        ("Rejected", "", K.REJECTED, ELSEWHERE),
        ("Errored", "", K.BROKEN, LATER),
        ("TimedOut", "", K.TIMEOUT, LATER),
    ],
)  # fmt: skip
def test_classify(end: str, text: str, kind: FailureKind, then: Then) -> None:
    """By state first, by text second, in any case and with or without a full stop."""
    found = classify(frozenset({"Completed", end}), text)
    assert found is kind
    assert CONSEQUENCES[found].then is then


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("User bob appears to be offline", K.PEER_OFFLINE),
        ("One or more errors occurred. (User bob appears to be offline)", K.PEER_OFFLINE),
        (f"Failed to enqueue: {DIRECT} message connection to {X}", K.NETWORK),
        (f"{DIRECT} message connection to {X}: the server connection is fine", K.NETWORK),
        ("The wait timed out after 5000 milliseconds", K.TIMEOUT),
        ("One or more errors occurred. (Transfer rejected: File not shared.)", K.FILE_NOT_FOUND),
        ("Transfer rejected: Too many files today", K.PEER_EXHAUSTED),
        ("Transfer rejected: Banned", K.USER_BLOCKED),
        ("One or more errors occurred. (Transfer rejected: Complete) (User x appears to be offline)", K.REJECTED),
        ("The server connection must be connected and logged in to download (currently: Disconnected)", K.SOURCE_UNAVAILABLE),
        ("An error occurred while saving the entity changes. See the inner exception for details.", K.SOURCE_UNAVAILABLE),
        ("SQLite Error 5: 'database is locked'.", K.SOURCE_UNAVAILABLE),
        ("", K.SOURCE_UNAVAILABLE),
        ("Object reference not set to an instance of an object.", K.BROKEN),
        ("Skipped: Already in progress", K.BROKEN),
        ("No space left on device : '/downloads'", K.DISK_FULL),
        ("Access to the path '/downloads' is denied.", K.DISK_FULL),
    ],
)  # fmt: skip
def test_classify_refusal(text: str, kind: FailureKind) -> None:
    """Whether an error at enqueueing is the peer's, slskd's, or nobody knows."""
    assert classify_refusal(text) is kind
