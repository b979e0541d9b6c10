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
from soulspot_arr.sources.slskd_records import Record
from soulspot_arr.sources.slskd_wire import Abilities

UNCHANGED_FOR = 5.0  # seconds after which an ended state without a successor counts as final
RESTART_GRACE = 120.0  # seconds in which slskd re-creates what its own restart interrupted
ENQUEUE_LIMIT = 170.0  # slskd itself cancels after 180 s; its dates are taken a little apart

_KNOWN_ENDS = frozenset({"Succeeded", "Rejected", "Aborted", "Cancelled", "Errored", "TimedOut"})
_FINAL = frozenset({"Rejected", "Aborted", "Cancelled"})
_MAYBE_FINAL = frozenset({"Errored", "TimedOut"})
_ACTIVE = frozenset({"Initializing", "InProgress"})
_RESTARTED = "application shut down"

# What a peer refuses with, as a whole text without "Transfer rejected:" and a full stop at its end
# (contract slskd §5.7, §9, §11.2); the first match wins. Whatever else it says is a plain refusal.
_REFUSALS: tuple[tuple[re.Pattern[str], FailureKind], ...] = (
    (re.compile(r"too many .*(this week|today)"), FailureKind.PEER_EXHAUSTED),
    (
        re.compile(
            r"too many (files|megabytes)|user limit of .* exceeded|pending shutdown"
            r"|overwhelmed( with requests.*)?|queued"
        ),
        FailureKind.PEER_BUSY,
    ),
    (re.compile(r"banned|blocked country"), FailureKind.USER_BLOCKED),
    (re.compile(r"file not shared"), FailureKind.FILE_NOT_FOUND),
)
_OFFLINE = re.compile(r"appears to be offline")
_UNCONNECTED = re.compile(r"failed to establish|direct or indirect")
_BROKEN_OFF = re.compile(
    r"connection (was )?closed|closed unexpectedly|transfer failed|failed to read"
)
_SILENT = re.compile(r"wait timed out|inactivity timeout|enqueue remotely")
_NOT_CONNECTED = re.compile(r"must be connected and logged in|server connection")
# What is left of "(currently: Disconnected)) (…" when everything before a colon is lost (§5.7).
_GARBLED = re.compile(r"\W*disconnected\)\)")
# slskd's own disk: .NET's texts on Linux and Windows, and the system's (contract slskd §5.7, §5.10).
_DISK = re.compile(
    r"no space left|not enough (disk )?space|disk( is)? full"
    r"|quota (was )?exceeded|exceeded .*quota|permission denied"
    r"|access (to the path .* is |is )?denied|read-only file system"
)
_DATABASE = re.compile(r"database|saving the entity changes|sqlite")
_REJECTED = "transfer rejected:"
_NO_FILE = "failed to create file"  # ours could not be made


def classify(flags: frozenset[str], text: str) -> FailureKind:
    """Why a transfer that ended in these states failed."""
    reason = _plain(text)
    if "Rejected" in flags:
        return _refusal(reason)
    if "Aborted" in flags:
        return FailureKind.SIZE_DIFFERS
    if "Cancelled" in flags:
        return FailureKind.CANCELLED_AT_SOURCE
    if _GARBLED.match(reason) or not_logged_in(text):
        return FailureKind.SOURCE_UNAVAILABLE
    # After a restart slskd resumes whatever it can; what is left had no peer (contract H02).
    if reason == _RESTARTED:
        return FailureKind.PEER_OFFLINE
    kind = _trouble(reason)
    if kind is FailureKind.BROKEN and "TimedOut" in flags:
        return FailureKind.TIMEOUT
    return kind


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _refusal(reason: str) -> FailureKind:
    """What a peer means that refuses with this text."""
    reason = reason.removeprefix(_REJECTED).strip().rstrip(".")
    for pattern, kind in _REFUSALS:
        if pattern.fullmatch(reason):
            return kind
    return FailureKind.REJECTED


def _trouble(reason: str) -> FailureKind:
    """What an error text means, wherever it was met; names of files and users may say anything."""
    if reason.startswith(_NO_FILE):
        return FailureKind.DISK_FULL
    if _OFFLINE.search(reason):
        return FailureKind.PEER_OFFLINE
    if _SILENT.search(reason):
        return FailureKind.TIMEOUT
    if _UNCONNECTED.search(reason):
        return FailureKind.NETWORK
    if _DISK.search(reason):
        return FailureKind.DISK_FULL
    return FailureKind.NETWORK if _BROKEN_OFF.search(reason) else FailureKind.BROKEN


def not_logged_in(text: str) -> bool:
    """Whether slskd could not ask anybody because it has no connection to Soulseek."""
    reason = _plain(text)
    reached = _OFFLINE.search(reason) or _UNCONNECTED.search(reason)
    return bool(_NOT_CONNECTED.search(reason)) and not reached


def classify_refusal(text: str) -> FailureKind:
    """Why a request to fetch files was answered with an error of this text."""
    reason = _plain(text)
    if not_logged_in(text) or not reason:
        return FailureKind.SOURCE_UNAVAILABLE
    _, told, refused = reason.partition(_REJECTED)
    if told:  # up to 0.23 slskd waits for the peer's word before it answers (contract slskd §10)
        return _refusal(refused.rstrip(" )"))
    kind = _trouble(reason)
    unknown = kind is FailureKind.BROKEN
    return FailureKind.SOURCE_UNAVAILABLE if unknown and _DATABASE.search(reason) else kind


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
        return FailureKind.TIMEOUT
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
