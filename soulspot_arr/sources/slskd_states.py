"""What slskd's states and failure texts mean: which are final, and why something failed.

Texts are never parsed strictly: the state decides first, the text second (contract slskd §5.7).
The only memory is how long a record has looked the same, because since 0.26 a failed transfer may
come back to life by itself.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from soulspot_arr.domain import FailureKind, Transfer, TransferState
from soulspot_arr.sources.slskd_wire import Abilities, Record

UNCHANGED_FOR = 5.0  # seconds after which an ended state without a successor counts as final
RESTART_GRACE = 120.0  # seconds in which slskd re-creates what its own restart interrupted
ENQUEUE_LIMIT = 170.0  # slskd itself cancels after 180 s; its dates are taken a little apart

_KNOWN_ENDS = frozenset({"Succeeded", "Rejected", "Aborted", "Cancelled", "Errored", "TimedOut"})
_FINAL = frozenset({"Rejected", "Aborted", "Cancelled"})
_MAYBE_FINAL = frozenset({"Errored", "TimedOut"})
_ACTIVE = frozenset({"Initializing", "InProgress"})
_RESTARTED = "application shut down"

# Refusals that pass: the peer's queue is full for us, or the peer is busy (contract slskd §11.2).
# "Too many files this week" is not among them, hence whole texts.
_BUSY = re.compile(
    r"too many (files|megabytes)|user limit of .* exceeded|pending shutdown"
    r"|overwhelmed( with requests.*)?|queued"
)
_OFFLINE = re.compile(
    r"appears to be offline|failed to establish|direct or indirect|enqueue remotely"
)
_STALLED = re.compile(r"inactivity timeout")
_NOT_CONNECTED = re.compile(r"must be connected and logged in|server connection")
_SILENT = re.compile(r"wait timed out")
# slskd's own disk: .NET's texts on Linux and Windows, and the system's (contract slskd §5.7, §5.10).
_DISK = re.compile(
    r"no space left|not enough (disk )?space|disk( is)? full|quota (was )?exceeded|exceeded .*quota"
    r"|permission denied|access (to the path .* is |is )?denied|read-only file system"
)
_DATABASE = re.compile(r"database|saving the entity changes|sqlite")


def classify(flags: frozenset[str], text: str) -> FailureKind:
    """Why a transfer that ended in these states failed."""
    reason = " ".join(text.casefold().split())
    if "Rejected" in flags:
        reason = reason.removeprefix("transfer rejected:").strip().rstrip(".")
        return FailureKind.PEER_BUSY if _BUSY.fullmatch(reason) else FailureKind.REJECTED
    if "Aborted" in flags:  # the size differs: the search answer was wrong
        return FailureKind.REJECTED
    if "Cancelled" in flags:
        return FailureKind.CANCELLED_AT_SOURCE
    if _DISK.search(reason):
        return FailureKind.DISK_FULL
    if _STALLED.search(reason):
        return FailureKind.STALLED
    # After a restart slskd resumes whatever it can; what is left had no peer (contract H02).
    if _OFFLINE.search(reason) or reason == _RESTARTED:
        return FailureKind.PEER_OFFLINE
    return FailureKind.BROKEN


def not_logged_in(text: str) -> bool:
    """Whether slskd could not ask anybody because it has no connection to Soulseek."""
    reason = text.casefold()
    return bool(_NOT_CONNECTED.search(reason)) and not _OFFLINE.search(reason)


def classify_refusal(text: str) -> FailureKind:
    """Why a request to fetch files was answered with an error of this text."""
    reason = text.casefold()
    if not_logged_in(text):
        return FailureKind.SOURCE_UNAVAILABLE
    if _OFFLINE.search(reason) or _SILENT.search(reason):
        return FailureKind.PEER_OFFLINE
    if not reason.strip() or _DATABASE.search(reason):
        return FailureKind.SOURCE_UNAVAILABLE
    return FailureKind.DISK_FULL if _DISK.search(reason) else FailureKind.BROKEN


@dataclass(frozen=True, slots=True)
class _Sighting:
    """How a record looked, and since when it has looked like that."""

    looks: tuple[str, int | None, str]
    since: float


class Finality:
    """Reduces records to transfers; remembers how long ended ones have not changed."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: dict[str, _Sighting] = {}
        self._lock = threading.Lock()

    def transfers(
        self, found: Iterable[Record], able: Abilities, *, placements: dict[str, str | None]
    ) -> list[Transfer]:
        """All records of one poll; `placements` by record id."""
        now = self._clock()
        with self._lock:
            result, seen = [], {}
            for record in found:
                if record.over:
                    seen[record.id] = self._sighting(record, now)
                age = now - seen[record.id].since if record.over else 0.0
                placement = placements.get(record.id)
                result.append(_transfer(record, able, age=age, placement=placement))
            self._seen = seen
        return result

    def _sighting(self, record: Record, now: float) -> _Sighting:
        looks = (record.state, record.attempts, record.ended)
        known = self._seen.get(record.id)
        return known if known is not None and known.looks == looks else _Sighting(looks, now)


def judge(record: Record, able: Abilities, *, age: float) -> TransferState:
    """What the core may act on; `age` is for how many seconds the record has looked like this."""
    flags = record.flags
    if not record.over:
        return TransferState.ACTIVE if flags & _ACTIVE else TransferState.QUEUED
    if flags - _KNOWN_ENDS != {"Completed"}:  # a flag of a version to come
        return TransferState.QUEUED
    if "Succeeded" in flags:
        return TransferState.SUCCEEDED
    return TransferState.FAILED if _is_final(record, able, age=age) else TransferState.QUEUED


def _is_final(record: Record, able: Abilities, *, age: float) -> bool:
    if record.flags & _FINAL:
        return True
    if record.exception.casefold().rstrip(".") == _RESTARTED:
        return age >= RESTART_GRACE
    if record.flags & _MAYBE_FINAL:
        if not able.batches:  # no automatic retry before 0.26
            return True
        if record.attempts is not None and record.attempts >= able.attempts:
            return True
    return age >= UNCHANGED_FOR


def _why(record: Record) -> FailureKind:
    never_queued = not record.enqueued and (record.lasted is None or record.lasted >= ENQUEUE_LIMIT)
    if "Cancelled" in record.flags and never_queued:
        # What no peer queued within 180 s is cancelled by slskd, not by a person (§5.7).
        return FailureKind.PEER_OFFLINE
    return classify(record.flags, record.exception)


def _transfer(record: Record, able: Abilities, *, age: float, placement: str | None) -> Transfer:
    state = judge(record, able, age=age)
    failure = None
    if state is TransferState.FAILED:
        failure = _why(record)
    elif state is TransferState.SUCCEEDED and record.exception:
        # The bytes came and could not be moved (contract slskd §5.10): never the peer's fault.
        failure = FailureKind.DISK_FULL
    return Transfer(
        ref=record.id,
        peer=record.peer,
        path=record.path,
        state=state,
        size=record.size,
        bytes_done=record.bytes_done,
        batch_key=record.batch_id,
        # A stalled or ended transfer keeps its last speed (contract slskd §5.5).
        speed=record.speed if state is TransferState.ACTIVE else 0.0,
        place_in_queue=record.place_in_queue,
        failure=failure,
        message=record.exception or (record.state if failure else ""),
        placement=placement,
        since=record.since,
    )
