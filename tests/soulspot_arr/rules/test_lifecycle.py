"""The life of a file and of a grab: what follows what, after which failure, and for the album."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from soulspot_arr.domain import OPEN_DOWNLOADS, DownloadState, FailureKind, GrabState
from soulspot_arr.rules.failures import CONSEQUENCES, Then
from soulspot_arr.rules.lifecycle import (
    GRAB_TRANSITIONS,
    TRANSITIONS,
    GiveUp,
    RetryAt,
    RetryPolicy,
    allowed,
    allowed_grab,
    retry,
    roll_up,
)
from tests.fakes.clock import NOON

D = DownloadState
G = GrabState
F = FailureKind

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

RETRY = RetryPolicy(attempts=2, backoff=(60.0, 300.0))

COUNTED = [kind for kind, row in CONSEQUENCES.items() if row.then is Then.AGAIN and row.counted]
UNCOUNTED = [
    (F.SOURCE_THROTTLED, 5),
    (F.SOURCE_UNAVAILABLE, 15),
    (F.SOURCE_AUTH, 60),
    (F.DISK_FULL, 300),
]
FINAL = [kind for kind, row in CONSEQUENCES.items() if row.then is not Then.AGAIN]


def test_every_failure_is_decided_about() -> None:
    """The lists below leave none out."""
    assert {*COUNTED, *FINAL, *(kind for kind, _ in UNCOUNTED)} == set(F)


@pytest.mark.parametrize("kind", [kind for kind in COUNTED if kind is not F.PEER_BUSY])
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


# -- a grab and its files --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([D.WAITING], G.QUEUED),
        ([D.PENDING, D.QUEUED], G.QUEUED),
        ([D.DOWNLOADING, D.QUEUED], G.DOWNLOADING),
        ([D.COMPLETED, D.QUEUED], G.DOWNLOADING),
        ([D.COMPLETED, D.WAITING], G.DOWNLOADING),
        ([D.COMPLETED, D.COMPLETED], G.PROCESSING),
        ([D.FAILED, D.DOWNLOADING], G.FAILED),
        ([D.BLOCKLISTED, D.COMPLETED], G.FAILED),
        ([D.CANCELLED, D.CANCELLED], G.CANCELLED),
        ([D.CANCELLED, D.WAITING], G.QUEUED),
        ([D.CANCELLED, D.COMPLETED], G.FAILED),
        ([], G.FAILED),
    ],
)
def test_what_a_grab_is_given_its_files(states: list[D], expected: GrabState) -> None:
    """The first match wins, in the order of the table."""
    assert roll_up(states) is expected
