"""What one look at the source means for a file that was asked for: pure decisions.

`correlate` finds each file's transfer, `advance` says what is written because of it, `failed` what
follows from an attempt that is over. Patience is counted here; who looks, and when, is not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from soulspot_arr.domain import DownloadState, FailureKind, Transfer, TransferState
from soulspot_arr.rules import naming
from soulspot_arr.rules.lifecycle import GiveUp, RetryPolicy, retry

D = DownloadState
_RUNNING = frozenset({TransferState.QUEUED, TransferState.ACTIVE})


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
    best_place: Any
    speed: Any
    placement: Any
    missing_since: Any
    offline_since: Any
    first_seen_at: Any
    last_progress_at: Any


@dataclass(frozen=True, slots=True)
class WatchPolicy:
    """Patience while a transfer is at the source. Seconds."""

    stall_queued: float = 21_600.0
    stall_transfer: float = 1_800.0
    stall_total: float = 43_200.0
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


@dataclass(frozen=True, slots=True)
class Company:
    """What the other files tell of a peer; peers serve one file at a time, so they matter.

    `moved`: the last moment at which anything came from it. `serves`: another file of ours is being
    sent or stands in its queue. `answers`: it tells our place when it is asked.
    """

    moved: datetime | None = None
    serves: bool = False
    answers: bool = False

    @property
    def serving(self) -> bool:
        """Whether the peer does something for us, if not with this file."""
        return self.serves or self.moved is not None


ALONE = Company()


def companies(
    downloads: Iterable[Tracked],
    found: Mapping[int, Transfer | None],
    moved: Mapping[str, datetime],
) -> dict[str, Company]:
    """By peer, from one look: `found` as `correlate` gives it, `moved` when each sent last."""
    serves: dict[str, bool] = {}
    answers: dict[str, bool] = {}
    for row in downloads:
        seen = found[row.id]
        serves[row.peer] = serves.get(row.peer, False) or (
            seen is not None and seen.state in _RUNNING
        )
        told = row.status == D.QUEUED and row.place_in_queue is not None
        answers[row.peer] = answers.get(row.peer, False) or told
    return {peer: Company(moved.get(peer), serves[peer], answers[peer]) for peer in serves}


# A transfer that is cancelled because it stood still is gone at the source after this time (s).
ASK_ANEW_AFTER = 30.0

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


def is_of_attempt(transfer: Transfer, download: Tracked) -> bool:
    """Whether a transfer of this file may be that of its last attempt, under another reference.

    What is begun before we asked is somebody else's. What runs for a file that had a transfer of
    ours is ours: the source keeps one for each file (contract slskd §5.4).
    """
    if (transfer.peer, transfer.path) != (download.peer, download.remote_path):
        return False
    if download.transfer_ref and transfer.state in _RUNNING:
        return True
    asked = download.claimed_at
    return bool(asked and transfer.since and transfer.since >= asked - CLOCK_SKEW)


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
    company: Company = ALONE,
) -> Step | None:
    """What one look at the source means for a live download; None when nothing changed.

    A waiting sibling of a moving file is not stuck.
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
        if kind is FailureKind.CANCELLED_AT_SOURCE and transfer.ref == download.spent_ref:
            kind = FailureKind.VANISHED  # it was us, who had asked before
        why = transfer.message or "The source gave no reason."
        return failed(
            download, kind, why, now=now, policy=policy, fields=fields, served=company.serving
        )
    if transfer.state is TransferState.ACTIVE:
        idle = _idle_since(download, None, now)
        moved = "bytes_done" in fields
        if not moved and download.status == D.DOWNLOADING and _older(idle, policy.stall_transfer):
            return _stalled(download, "no data arrived", now=now, policy=policy, fields=fields)
        if download.status != D.DOWNLOADING:
            fields["last_progress_at"] = now  # hours in the queue are no stall of the transfer
        return _towards(download, D.DOWNLOADING, fields, first=download.bytes_done == 0)
    still = download.status == D.QUEUED and "last_progress_at" not in fields
    if still and (stuck := _in_queue(download, fields, company, now=now, policy=policy)):
        return stuck
    if download.status == D.DOWNLOADING:
        fields["last_progress_at"] = now  # slskd starts over at the end of the peer's queue
    return _towards(download, D.QUEUED, fields, first=True)


def _in_queue(
    download: Tracked,
    fields: dict[str, Any],
    company: Company,
    *,
    now: datetime,
    policy: WatchPolicy,
) -> Step | None:
    """What follows when neither the file nor its peer has moved for too long.

    Queues of hours are normal (contract slskd §11.2), and asking anew leads to their end: who tells
    our place is given the longer time.
    """
    patience = policy.stall_total if company.answers else policy.stall_queued
    if _older(_idle_since(download, company.moved, now), patience):
        reason = "nothing moved in the peer's queue"
        return _stalled(download, reason, now=now, policy=policy, fields=fields)
    if _older(_idle_since(download, None, now), policy.stall_total):
        return _asked_anew(download, fields, now=now)
    return None


def _observed(download: Tracked, transfer: Transfer, *, now: datetime) -> dict[str, Any]:
    """The columns that this look changes."""
    seen: dict[str, Any] = {
        "transfer_ref": transfer.ref,
        "placement": _placement(download, transfer),
        "place_in_queue": _place(download, transfer),
        "speed": int(transfer.speed) if transfer.state is TransferState.ACTIVE else 0,
        "missing_since": None,
        "offline_since": None,
        # patience begins with the first look at this attempt, whatever an earlier one left behind
        "first_seen_at": (download.first_seen_at if download.status != D.PENDING else None) or now,
    }
    done = max(0, min(transfer.bytes_done, download.size))
    started_over = transfer.state is TransferState.ACTIVE and done < download.bytes_done // 2
    if done > download.bytes_done or started_over:
        # Progress may repeat or step back a little (contract slskd F24): only growth counts, or an
        # attempt of slskd's own that begins at zero because it overwrites what was there (§5.7).
        seen |= {"bytes_done": done, "last_progress_at": now}
    best = download.best_place if download.status != D.PENDING else None
    place = transfer.place_in_queue
    if place is not None and (best is None or place < best):
        # Only a better one than ever: peers estimate, and let others pass (contract slskd §5.12).
        seen["best_place"] = place
        if best is not None:
            seen["last_progress_at"] = now  # the queue moves
    return {name: value for name, value in seen.items() if getattr(download, name) != value}


def _placement(download: Tracked, transfer: Transfer) -> Any:
    """Where the source puts the file. A version of slskd that knows no folders of ours does not move
    what an earlier one has put into one.
    """
    known = download.placement
    if transfer.placement is None:
        return known
    same = known is not None and transfer.ref == download.transfer_ref
    return known if same and naming.is_incoming(known) else transfer.placement


def _place(download: Tracked, transfer: Transfer) -> Any:
    """As the source lists it; what a peer told us when we asked stays while the file waits."""
    if transfer.place_in_queue is None and transfer.state is TransferState.QUEUED:
        return download.place_in_queue if download.status == D.QUEUED else None
    return transfer.place_in_queue


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


def _asked_anew(download: Tracked, fields: dict[str, Any], *, now: datetime) -> Step:
    """A file that stood still while its siblings moved: a peer that was restarted forgot its queue.

    Its partial file stays at the source, so nothing is fetched twice; no attempt is used up.
    """
    written = {
        **fields,
        "not_before": now + timedelta(seconds=ASK_ANEW_AFTER),
        "transfer_ref": None,
        "spent_ref": fields.get("transfer_ref", download.transfer_ref),
        "claimed_at": None,
        "first_seen_at": None,
        "place_in_queue": None,
        "best_place": None,
        "speed": 0,
    }
    message = "Nothing moved for too long; asking the same peer anew."
    return Step(D.WAITING, written, "download.retry_scheduled", message, release=True)


def _missing(download: Tracked, *, now: datetime, policy: WatchPolicy) -> Step | None:
    if download.status == D.PENDING:
        claimed = download.claimed_at or now
        if now - claimed <= timedelta(seconds=policy.claim_ttl):
            return None
        message = "The request was never confirmed; asking again."
        # A key whose transfers are gone stays burnt: what was accepted and never seen is spent.
        spent = download.transfer_ref or download.spent_ref
        fields = {"claimed_at": None, "transfer_ref": None, "spent_ref": spent}
        return Step(D.WAITING, fields, "download.retry_scheduled", message)
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
    served: bool = False,
) -> Step:
    """The step that follows from a failed attempt: again later, or given up.

    `served`: the peer does something for us, if not with this file.
    """
    verdict = retry(kind, download.attempts, now=now, policy=policy.retry, served=served)
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
        "best_place": None,
        "first_seen_at": None,  # `last_progress_at` stays: this peer did move then
        "bytes_done": 0,
        "local_path": None,
    }
    return Step(D.WAITING, written, "download.retry_scheduled", message, release=True)
