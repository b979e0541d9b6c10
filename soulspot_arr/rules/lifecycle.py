"""What happens next to a download and to a grab: tables and pure decisions.

The two transition tables are the law for `ledger`. `retry` says what follows from a failure, `roll_up` what a grab is, given its files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from soulspot_arr.domain import (
    OPEN_DOWNLOADS,
    DownloadState,
    FailureKind,
    GrabState,
)
from soulspot_arr.rules import failures

D = DownloadState
G = GrabState

TRANSITIONS: Mapping[DownloadState, frozenset[DownloadState]] = {
    D.WAITING: frozenset({D.PENDING, D.BLOCKLISTED, D.FAILED, D.CANCELLED}),
    D.PENDING: frozenset(
        {D.WAITING, D.QUEUED, D.DOWNLOADING, D.COMPLETED, D.FAILED, D.BLOCKLISTED, D.CANCELLED}
    ),
    D.QUEUED: frozenset(
        {D.DOWNLOADING, D.COMPLETED, D.WAITING, D.FAILED, D.BLOCKLISTED, D.CANCELLED}
    ),
    D.DOWNLOADING: frozenset(
        {D.QUEUED, D.COMPLETED, D.WAITING, D.FAILED, D.BLOCKLISTED, D.CANCELLED}
    ),
    D.COMPLETED: frozenset({D.WAITING, D.FAILED}),
    D.FAILED: frozenset({D.BLOCKLISTED, D.WAITING}),
    D.CANCELLED: frozenset({D.WAITING}),
    D.BLOCKLISTED: frozenset({D.WAITING}),
}

GRAB_TRANSITIONS: Mapping[GrabState, frozenset[GrabState]] = {
    G.QUEUED: frozenset({G.DOWNLOADING, G.PROCESSING, G.FAILED, G.CANCELLED}),
    G.DOWNLOADING: frozenset({G.QUEUED, G.PROCESSING, G.FAILED, G.CANCELLED}),
    G.PROCESSING: frozenset({G.COMPLETED, G.FAILED, G.QUEUED, G.DOWNLOADING, G.CANCELLED}),
    # "Completed" cannot be taken back: Lidarr ignores a later "Failed" (contract lidarr §3.5).
    G.COMPLETED: frozenset({G.IMPORTED, G.REMOVED}),
    G.FAILED: frozenset({G.REMOVED}),
    G.CANCELLED: frozenset({G.REMOVED}),
    G.IMPORTED: frozenset(),
    G.REMOVED: frozenset(),
}


def allowed(seen: DownloadState, to: DownloadState) -> bool:
    """Whether a file may go from `seen` to `to`."""
    return to in TRANSITIONS[seen]


def allowed_grab(seen: GrabState, to: GrabState) -> bool:
    """Whether a grab may go from `seen` to `to`."""
    return to in GRAB_TRANSITIONS[seen]


# -- failures --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and when the same peer is asked again. Seconds."""

    attempts: int = 3
    backoff: tuple[float, ...] = (60.0, 300.0, 900.0)


@dataclass(frozen=True, slots=True)
class RetryAt:
    """Ask the same peer again at `when`; `counted` says whether an attempt was used up."""

    when: datetime
    counted: bool


class GiveUp(StrEnum):
    """This file will not come from this peer."""

    FINAL = "final"
    EXHAUSTED = "exhausted"


def retry(
    failure: FailureKind,
    attempts: int,
    *,
    now: datetime,
    policy: RetryPolicy,
    served: bool = False,
) -> RetryAt | GiveUp:
    """When the same peer is asked again after `attempts` earlier failures, if it is at all.

    slskd's own attempts are over by then: the source says "failed" when it has given up itself.
    `served`: other files of ours stand in the peer's queue, or came from it lately.
    """
    follows = failures.CONSEQUENCES[failure]
    if follows.then is not failures.Then.AGAIN:
        return GiveUp.FINAL
    if not follows.counted or (follows.full and served):
        return RetryAt(now + timedelta(seconds=follows.wait), counted=False)
    if attempts >= policy.attempts:
        return GiveUp.EXHAUSTED
    wait = policy.backoff[min(attempts, len(policy.backoff) - 1)] if policy.backoff else 0.0
    return RetryAt(now + timedelta(seconds=max(wait, follows.wait)), counted=True)


# -- starting anew ------------------------------------------------------------------------------


class Begun(Protocol):
    """What is left behind by a file that starts anew."""

    attempts: Any
    earlier_attempts: Any
    transfer_ref: Any
    spent_ref: Any


def afresh(download: Begun) -> dict[str, Any]:
    """The columns of a file that starts anew, whatever it has behind it.

    Its attempts no longer count, but they are not forgotten: the next request must not bear the
    key of an earlier one, which is burnt at slskd (contract slskd §5.3).
    """
    return {
        "attempts": 0,
        "earlier_attempts": download.earlier_attempts + download.attempts + 1,
        "not_before": None,
        "claimed_at": None,
        "first_seen_at": None,
        "missing_since": None,
        "failure_kind": None,
        "failure_message": None,
        "bytes_done": 0,
        "speed": 0,
        "place_in_queue": None,
        "best_place": None,
        "spent_ref": download.transfer_ref or download.spent_ref,  # that attempt is over
        "transfer_ref": None,
        "local_path": None,
        "placed_path": None,
        "verified": None,
        "released_at": None,
    }


# -- one grab --------------------------------------------------------------------------------------


LOST = frozenset({D.FAILED, D.BLOCKLISTED})


def roll_up(children: Iterable[DownloadState]) -> GrabState:
    """The state of a grab, given the files that make it up now; the first match wins.

    FAILED is the last word: what can stand in for a lost file is found before (`substitution`).
    """
    states = list(children)
    if any(state in LOST for state in states):
        return G.FAILED
    open_ones = [state for state in states if state in OPEN_DOWNLOADS]
    done = any(state is D.COMPLETED for state in states)
    if any(state is D.DOWNLOADING for state in states) or (done and open_ones):
        return G.DOWNLOADING
    if open_ones:
        return G.QUEUED
    if states and all(state is D.CANCELLED for state in states):
        return G.CANCELLED
    # Lidarr refuses an album with a missing track (contract lidarr §9.3): all of it, or nothing.
    if states and all(state is D.COMPLETED for state in states):
        return G.PROCESSING
    return G.FAILED
