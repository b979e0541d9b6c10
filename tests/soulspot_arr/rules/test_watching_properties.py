"""Whatever a source reports and whatever the row says: only legal steps, and sane numbers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from soulspot_arr.domain import (
    LIVE_DOWNLOADS,
    DownloadState,
    FailureKind,
    GrabState,
    Transfer,
    TransferState,
)
from soulspot_arr.rules.lifecycle import RetryPolicy, allowed, roll_up
from soulspot_arr.rules.watching import Company, Step, WatchPolicy, advance, correlate
from tests.fakes.clock import NOON
from tests.soulspot_arr.rules.watched import PATH, Row

moments = st.one_of(
    st.none(), st.integers(-200_000, 200_000).map(lambda s: NOON + timedelta(seconds=s))
)
numbers = st.integers(-(10**12), 10**13)
rows = st.builds(
    Row,
    status=st.sampled_from(sorted(LIVE_DOWNLOADS)),
    size=st.integers(0, 10**12),
    attempts=st.integers(0, 5),
    transfer_ref=st.sampled_from([None, "t1", "t2"]),
    spent_ref=st.sampled_from([None, "t1", "t2"]),
    batch_key=st.sampled_from([None, "b1"]),
    claimed_at=moments,
    bytes_done=st.integers(0, 1),
    missing_since=moments,
    first_seen_at=moments,
    last_progress_at=moments,
)
transfers = st.builds(
    Transfer,
    ref=st.sampled_from(["t1", "t2", "t3"]),
    peer=st.just("anna"),
    path=st.just(PATH),
    state=st.sampled_from(TransferState),
    size=numbers,
    bytes_done=numbers,
    batch_key=st.sampled_from([None, "b1", "b2"]),
    speed=st.floats(0, 1e9),
    place_in_queue=st.one_of(st.none(), st.integers(0, 10_000)),
    failure=st.one_of(st.none(), st.sampled_from(FailureKind)),
    since=moments,
)
policies = st.builds(
    WatchPolicy,
    stall_queued=st.floats(1, 1e6),
    stall_transfer=st.floats(1, 1e6),
    claim_ttl=st.floats(1, 1e5),
    retry=st.builds(
        RetryPolicy,
        attempts=st.integers(0, 4),
        backoff=st.lists(st.floats(0, 1e6), max_size=3).map(tuple),
    ),
)


def within(row: Row) -> Row:
    """A row as the database would hold it: no more bytes than the file has."""
    return replace(row, bytes_done=min(row.bytes_done * (row.size // 2 or 1), row.size))


def applied(row: Row, step: Step) -> Row:
    """The row after the step."""
    known = {name: value for name, value in step.fields.items() if name in Row.__slots__}
    return replace(row, status=step.to or row.status, **known)


@given(rows.map(within), st.one_of(st.none(), transfers), policies, moments)
def test_a_look_takes_only_legal_steps_and_keeps_the_bytes_in_bounds(
    row: Row, seen: Transfer | None, policy: WatchPolicy, sibling: object
) -> None:
    """Never an illegal transition, never negative or more than the file."""
    step = advance(row, seen, now=NOON, policy=policy, company=Company(moved=sibling))  # type: ignore[arg-type]
    if step is None:
        return
    assert step.to is None or allowed(row.status, step.to)
    assert step.to is not None or step.fields
    assert not step.event or step.message
    after = applied(row, step)
    assert 0 <= after.bytes_done <= row.size
    assert after.speed >= 0
    assert row.attempts <= after.attempts <= row.attempts + 1


@given(rows.map(within), transfers, policies)
def test_the_same_look_twice_changes_nothing_the_second_time(
    row: Row, seen: Transfer, policy: WatchPolicy
) -> None:
    """What was written is not written again; only failures and arrivals end the looking."""
    step = advance(row, seen, now=NOON, policy=policy)
    after = row if step is None else applied(row, step)
    if after.status in LIVE_DOWNLOADS:
        assert advance(after, seen, now=NOON, policy=policy) is None


@given(st.lists(rows.map(within), max_size=4), st.lists(transfers, max_size=5))
def test_correlation_answers_for_every_row_and_never_with_a_spent_transfer(
    many: list[Row], seen: list[Transfer]
) -> None:
    """Every row has an answer; a transfer found by path is not the one already dealt with."""
    numbered = [replace(row, id=number) for number, row in enumerate(many)]
    matches = correlate(numbered, seen)
    assert set(matches) == {row.id for row in numbered}
    for row in numbered:
        match = matches[row.id]
        if match is not None and match.ref != row.transfer_ref:
            assert match.ref != row.spent_ref
            assert (match.peer, match.path) == (row.peer, row.remote_path)


@given(st.lists(st.sampled_from(DownloadState)))
def test_every_mixture_of_files_makes_a_grab(states: list[DownloadState]) -> None:
    """Total, and blind to the order of the files."""
    verdict = roll_up(states)
    assert isinstance(verdict, GrabState)
    assert verdict is roll_up(reversed(states))
    assert verdict not in {GrabState.COMPLETED, GrabState.IMPORTED, GrabState.REMOVED}
