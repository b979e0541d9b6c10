"""Transfers as slskd lists them, of every version since 0.21, as values: pure.

As tolerant as `slskd_wire`. What states and failure texts mean is `slskd_states`' business.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from soulspot_arr.sources.slskd_wire import (
    LARGEST_COLUMN,
    LARGEST_FILE,
    as_count,
    as_flag,
    as_int,
    as_list,
    as_message,
    as_object,
    as_text,
    as_time,
)


@dataclass(frozen=True, slots=True)
class Record:
    """One transfer as slskd keeps it."""

    id: str
    peer: str
    path: str
    state: str
    size: int
    bytes_done: int
    attempts: int | None
    speed: float
    place_in_queue: int | None
    batch_id: str | None
    exception: str
    ended: str
    since: datetime | None
    enqueued: bool = False  # the peer had queued it, in this attempt or an earlier one

    @property
    def lasted(self) -> float | None:
        """Seconds from the request to the end; None while it has none."""
        end = as_time(self.ended)
        return None if end is None or self.since is None else (end - self.since).total_seconds()

    @property
    def flags(self) -> frozenset[str]:
        """The state as the set it is: flag names joined by comma and space (contract §0.1)."""
        return _flags_of(self.state)

    @property
    def over(self) -> bool:
        """Whether slskd counts it among the ended ones, for now or for good."""
        return "Completed" in self.flags


@lru_cache(maxsize=256)
def _flags_of(state: str) -> frozenset[str]:
    """Ten thousand records bear a dozen states."""
    return frozenset(part.strip() for part in state.split(","))


def slim(item: dict[str, object]) -> object:
    """A transfer as its record, any other object as it is; for `shape` of `SlskdHttp.get`.

    Ten thousand transfers would be four times as large while all of them are JSON objects.
    """
    found = record(item) if "filename" in item and "id" in item else None
    return item if found is None else found


def record(raw: object, peer: str = "") -> Record | None:
    """One transfer object; None when it cannot be addressed, is an upload, or was removed."""
    item = as_object(raw)
    ref, path = as_text(item.get("id")), as_text(item.get("filename"))
    user = item.get("username") or peer
    if (
        not ref
        or not path
        or as_text(user) != user
        or item.get("direction") == "Upload"
        or as_flag(item.get("removed"))
    ):
        return None
    size = as_count(item.get("size"))
    done = as_count(item.get("bytesTransferred"))
    place = as_int(item.get("placeInQueue"))
    return Record(
        id=ref,
        peer=as_text(user),
        path=path,
        state=as_text(item.get("state")),
        size=size,
        # It may lag behind and may exceed the size (contract slskd §5.5).
        bytes_done=min(done, size) if size else done,
        attempts=as_int(item.get("attempts")),
        speed=float(min(as_count(item.get("averageSpeed")), LARGEST_FILE)),
        place_in_queue=place if place is not None and 0 <= place <= LARGEST_COLUMN else None,
        batch_id=as_text(item.get("batchId")).lower() or None,
        exception=as_message(item.get("exception")),
        ended=as_text(item.get("endedAt")),
        since=as_time(item.get("requestedAt")) or as_time(item.get("enqueuedAt")),
        enqueued=as_time(item.get("enqueuedAt")) is not None,
    )


def records(groups: object) -> Iterator[Record]:
    """Every transfer of `GET downloads` (groups per user) or of one user's group."""
    for group in groups if isinstance(groups, list) else [groups]:
        user = as_object(group)
        peer = as_text(user.get("username"))
        for directory in as_list(user.get("directories")):
            for raw in as_list(as_object(directory).get("files")):
                found = raw if isinstance(raw, Record) else record(raw, peer)
                if found is not None:
                    yield found if found.peer else replace(found, peer=peer)


def newest(candidates: Iterable[Record]) -> dict[str, Record]:
    """By remote path: an unfinished record before a finished one, then the latest."""
    best: dict[str, Record] = {}
    for candidate in candidates:
        rival = best.get(candidate.path)
        if rival is None or _rank(candidate) >= _rank(rival):
            best[candidate.path] = candidate
    return best


def _rank(candidate: Record) -> tuple[bool, float]:
    return (not candidate.over, candidate.since.timestamp() if candidate.since else 0.0)
