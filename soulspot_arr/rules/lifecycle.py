"""What happens next to a download and to a grab: tables and pure decisions.

The two transition tables are the law for `ledger`. `advance` says what one look at the source means
for one file, `retry` what follows from a failure, `roll_up` what a grab is, given its files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from soulspot_arr.domain import (
    OPEN_DOWNLOADS,
    DownloadState,
    FailureKind,
    GrabState,
    Transfer,
    TransferState,
)

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

    attempts: int = 2
    backoff: tuple[float, ...] = (60.0, 300.0, 900.0)
    busy_wait: float = 900.0  # "Too many files": the same peer later, in 15 to 60 minutes


@dataclass(frozen=True, slots=True)
class RetryAt:
    """Ask the same peer again at `when`; `counted` says whether an attempt was used up."""

    when: datetime
    counted: bool


class GiveUp(StrEnum):
    """This file will not come from this peer."""

    FINAL = "final"
    EXHAUSTED = "exhausted"


# Ours or the way to the peer, never the peer's fault: no attempt is used up.
_UNCOUNTED: Mapping[FailureKind, float] = {
    FailureKind.SOURCE_THROTTLED: 5.0,
    FailureKind.SOURCE_UNAVAILABLE: 15.0,
    FailureKind.SOURCE_AUTH: 60.0,
    FailureKind.DISK_FULL: 300.0,
}
_FINAL = frozenset(
    {
        FailureKind.REJECTED,
        FailureKind.CANCELLED_AT_SOURCE,
        FailureKind.NOT_IMPORTABLE,
        FailureKind.BLOCKED,
        FailureKind.TOO_OLD,
    }
)


def retry(
    failure: FailureKind, attempts: int, *, now: datetime, policy: RetryPolicy
) -> RetryAt | GiveUp:
    """What follows from a failure after `attempts` earlier ones."""
    if failure in _UNCOUNTED:
        return RetryAt(now + timedelta(seconds=_UNCOUNTED[failure]), counted=False)
    if failure in _FINAL:
        return GiveUp.FINAL
    if attempts >= policy.attempts:
        return GiveUp.EXHAUSTED
    wait = policy.backoff[min(attempts, len(policy.backoff) - 1)] if policy.backoff else 0.0
    if failure is FailureKind.PEER_BUSY:
        wait = max(wait, policy.busy_wait)
    return RetryAt(now + timedelta(seconds=wait), counted=True)


# -- one file --------------------------------------------------------------------------------------


class Tracked(Protocol):
    """What these rules need to know of a download row."""

    id: Any
    peer: Any
    remote_path: Any
    size: Any
    status: Any
    attempts: Any
    batch_key: Any
    transfer_ref: Any
    spent_ref: Any
    claimed_at: Any
    bytes_done: Any
    place_in_queue: Any
    speed: Any
    placement: Any
    missing_since: Any
    first_seen_at: Any
    last_progress_at: Any


@dataclass(frozen=True, slots=True)
class WatchPolicy:
    """Patience while a transfer is at the source. Seconds."""

    stall_queued: float = 21_600.0
    stall_transfer: float = 1_800.0
    claim_ttl: float = 120.0
    vanished_after: float = 60.0
    retry: RetryPolicy = field(default_factory=RetryPolicy)


@dataclass(frozen=True, slots=True)
class Step:
    """What to write for one download: a new state or none, columns, and the event's words."""

    to: DownloadState | None
    fields: Mapping[str, Any]
    event: str = ""
    message: str = ""
    release: bool = False  # the source should drop the transfer that is over


# A record made before our claim may be an earlier download of the same file. Clocks of two machines
# differ, so this much earlier still counts as ours.
CLOCK_SKEW = timedelta(minutes=5)


def correlate(
    downloads: Iterable[Tracked], transfers: Sequence[Transfer]
) -> dict[int, Transfer | None]:
    """Find each download's transfer: by reference, by batch key and path, else newest by path.

    References change when the source restarts (contract slskd §5.9), so the peer and the remote
    path are the stable key; a transfer that a download has already dealt with never comes back.
    """
    by_ref = {transfer.ref: transfer for transfer in transfers}
    by_path: dict[tuple[str, str], list[Transfer]] = {}
    for transfer in transfers:
        by_path.setdefault((transfer.peer, transfer.path), []).append(transfer)
    found: dict[int, Transfer | None] = {}
    for download in downloads:
        same_path = by_path.get((download.peer, download.remote_path), [])
        direct = by_ref.get(download.transfer_ref) if download.transfer_ref else None
        found[download.id] = direct or _by_path(download, same_path)
    return found


def _by_path(download: Tracked, candidates: list[Transfer]) -> Transfer | None:
    fresh = [transfer for transfer in candidates if transfer.ref != download.spent_ref]
    for transfer in fresh:
        if download.batch_key and transfer.batch_key == download.batch_key:
            return transfer
    usable = [transfer for transfer in fresh if _may_be_ours(download, transfer)]
    return max(usable, key=_age_key, default=None)


def _may_be_ours(download: Tracked, transfer: Transfer) -> bool:
    ended = transfer.state in {TransferState.SUCCEEDED, TransferState.FAILED}
    if not ended or download.status != D.PENDING:
        return True
    if transfer.since is None or download.claimed_at is None:
        return False
    return bool(transfer.since >= download.claimed_at - CLOCK_SKEW)


def _age_key(transfer: Transfer) -> float:
    return transfer.since.timestamp() if transfer.since else 0.0


def advance(
    download: Tracked,
    transfer: Transfer | None,
    *,
    now: datetime,
    policy: WatchPolicy,
    sibling_progress: datetime | None = None,
) -> Step | None:
    """What one look at the source means for a live download; None when nothing changed.

    `sibling_progress` is the last moment at which any file of the same peer moved: peers serve one
    file at a time, so a waiting sibling of a moving file is not stuck.
    """
    if transfer is None:
        return _missing(download, now=now, policy=policy)
    fields = _observed(download, transfer, now=now)
    if transfer.state is TransferState.SUCCEEDED and transfer.failure is None:
        fields |= {"bytes_done": download.size, "speed": 0, "place_in_queue": None}
        fields["last_progress_at"] = now  # the siblings' turn comes now: their patience lasts
        return Step(D.COMPLETED, fields, "download.completed", "The file has arrived.")
    if transfer.state in {TransferState.SUCCEEDED, TransferState.FAILED}:
        kind = transfer.failure or FailureKind.BROKEN
        why = transfer.message or "The source gave no reason."
        return failed(download, kind, why, now=now, policy=policy, fields=fields)
    if transfer.state is TransferState.ACTIVE:
        idle = _idle_since(download, None, now)
        moved = "bytes_done" in fields
        if not moved and download.status == D.DOWNLOADING and _older(idle, policy.stall_transfer):
            return _stalled(download, "no data arrived", now=now, policy=policy, fields=fields)
        if download.status != D.DOWNLOADING:
            fields["last_progress_at"] = now  # hours in the queue are no stall of the transfer
        return _towards(download, D.DOWNLOADING, fields, first=download.bytes_done == 0)
    idle = _idle_since(download, sibling_progress, now)
    if download.status == D.QUEUED and _older(idle, policy.stall_queued):
        reason = "nothing moved in the peer's queue"
        return _stalled(download, reason, now=now, policy=policy, fields=fields)
    if download.status == D.DOWNLOADING:
        fields["last_progress_at"] = now  # slskd starts over at the end of the peer's queue
    return _towards(download, D.QUEUED, fields, first=True)


def _observed(download: Tracked, transfer: Transfer, *, now: datetime) -> dict[str, Any]:
    """The columns that this look changes."""
    seen: dict[str, Any] = {
        "transfer_ref": transfer.ref,
        "placement": transfer.placement if transfer.placement is not None else download.placement,
        "place_in_queue": transfer.place_in_queue,
        "speed": int(transfer.speed) if transfer.state is TransferState.ACTIVE else 0,
        "missing_since": None,
        # patience begins with the first look at this attempt, whatever an earlier one left behind
        "first_seen_at": (download.first_seen_at if download.status != D.PENDING else None) or now,
    }
    done = max(0, min(transfer.bytes_done, download.size))
    started_over = transfer.state is TransferState.ACTIVE and done < download.bytes_done // 2
    if done > download.bytes_done or started_over:
        # Progress may repeat or step back a little (contract slskd F24): only growth counts, or an
        # attempt of slskd's own that begins at zero because it overwrites what was there (§5.7).
        seen |= {"bytes_done": done, "last_progress_at": now}
    return {name: value for name, value in seen.items() if getattr(download, name) != value}


def _towards(
    download: Tracked, to: DownloadState, fields: dict[str, Any], *, first: bool
) -> Step | None:
    if download.status == to:
        return Step(None, fields) if fields else None
    if to is D.QUEUED:
        event = "download.queued" if download.status == D.PENDING else ""
        return Step(to, fields, event, "Waiting in the peer's queue.")
    event = "download.started" if first else ""
    return Step(to, fields, event, "Bytes are arriving.")


def _idle_since(download: Tracked, sibling: datetime | None, now: datetime) -> timedelta:
    moments = [download.last_progress_at, download.first_seen_at, sibling]
    latest = max((moment for moment in moments if moment is not None), default=now)
    return now - latest


def _older(age: timedelta, seconds: float) -> bool:
    return age > timedelta(seconds=seconds)


def _stalled(
    download: Tracked, why: str, *, now: datetime, policy: WatchPolicy, fields: dict[str, Any]
) -> Step:
    message = f"Stalled: {why}."
    return failed(download, FailureKind.STALLED, message, now=now, policy=policy, fields=fields)


def _missing(download: Tracked, *, now: datetime, policy: WatchPolicy) -> Step | None:
    if download.status == D.PENDING:
        claimed = download.claimed_at or now
        if now - claimed <= timedelta(seconds=policy.claim_ttl):
            return None
        message = "The request was never confirmed; asking again."
        return Step(D.WAITING, {"claimed_at": None}, "download.retry_scheduled", message)
    if download.missing_since is None:
        return Step(None, {"missing_since": now, "speed": 0})
    if now - download.missing_since < timedelta(seconds=policy.vanished_after):
        return None
    message = "slskd no longer knows the transfer."
    return failed(download, FailureKind.VANISHED, message, now=now, policy=policy, fields={})


def found_in_place(download: Tracked) -> Step:
    """The step for a file that lies whole where it belongs, although its transfer is gone."""
    fields = {"bytes_done": download.size, "speed": 0, "missing_since": None}
    return Step(D.COMPLETED, fields, "download.completed", "The file is there already.")


def failed(
    download: Tracked,
    kind: FailureKind,
    message: str,
    *,
    now: datetime,
    policy: WatchPolicy,
    fields: Mapping[str, Any],
) -> Step:
    """The step that follows from a failed attempt: again later, or given up."""
    verdict = retry(kind, download.attempts, now=now, policy=policy.retry)
    written: dict[str, Any] = {
        **fields,
        "failure_kind": str(kind),
        "failure_message": message,
        "speed": 0,
        "place_in_queue": None,
        "missing_since": None,
    }
    if isinstance(verdict, GiveUp):
        return Step(D.FAILED, written, "download.failed", message, release=True)
    spent = fields.get("transfer_ref", download.transfer_ref)
    written |= {
        "attempts": download.attempts + 1 if verdict.counted else download.attempts,
        "not_before": verdict.when,
        "transfer_ref": None,
        "spent_ref": spent,
        "claimed_at": None,
        "first_seen_at": None,  # `last_progress_at` stays: this peer did move then
        "bytes_done": 0,
        "local_path": None,
    }
    return Step(D.WAITING, written, "download.retry_scheduled", message, release=True)


# -- one grab --------------------------------------------------------------------------------------


class NextOffer(StrEnum):
    """A file is lost for good and another peer offers the same album."""

    ROTATE = "rotate"


def roll_up(children: Iterable[DownloadState], *, alternates_left: int) -> GrabState | NextOffer:
    """The state of a grab, given the files of its current offer; the first match wins."""
    states = list(children)
    if any(state in {D.FAILED, D.BLOCKLISTED} for state in states):
        return NextOffer.ROTATE if alternates_left > 0 else G.FAILED
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
