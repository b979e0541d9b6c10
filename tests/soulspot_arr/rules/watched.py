"""A file under way, what a source says of it, and one look at both; for tests of its life."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from soulspot_arr.domain import DownloadState, Transfer, TransferState
from soulspot_arr.rules.watching import Step, WatchPolicy, advance
from tests.fakes.clock import NOON

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
    status: DownloadState = DownloadState.QUEUED
    attempts: int = 0
    batch_key: str | None = None
    transfer_ref: str | None = "t1"
    spent_ref: str | None = None
    claimed_at: datetime | None = field(default_factory=lambda: ago(30))
    bytes_done: int = 0
    place_in_queue: int | None = None
    best_place: int | None = None
    speed: int = 0
    placement: str | None = None
    missing_since: datetime | None = None
    offline_since: datetime | None = None
    first_seen_at: datetime | None = field(default_factory=lambda: ago(20))
    last_progress_at: datetime | None = None


PENDING = Row(status=DownloadState.PENDING, transfer_ref=None, first_seen_at=None)
QUEUED = Row()
MOVING = Row(status=DownloadState.DOWNLOADING, bytes_done=400, last_progress_at=ago(10), speed=50)


def transfer(state: TransferState, **values: Any) -> Transfer:
    """What the source says about that file."""
    given = {"ref": "t1", "peer": "anna", "path": PATH, "size": 1000, "bytes_done": 0, **values}
    return Transfer(state=state, **given)


def look(row: Row, seen: Transfer | None, **how: Any) -> Step | None:
    """One look at noon."""
    return advance(row, seen, now=NOON, policy=how.pop("policy", POLICY), **how)
