"""What a timeline is made from, and what it is: values only.

The facts carry the names of the columns they are read from. Times are aware UTC datetimes, lengths
of time seconds, sizes bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class StepKind(StrEnum):
    """What a step of a timeline is about."""

    ASKED = "asked"
    FOUND = "found"
    OFFERED = "offered"
    GRABBED = "grabbed"
    REQUESTED = "requested"
    QUEUED = "queued"
    SENDING = "sending"
    ASKED_AGAIN = "asked_again"
    LOST = "lost"
    BLOCKED = "blocked"
    STAND_IN = "stand_in"  # another peer is asked for some of the files
    NEXT_PEER = "next_peer"  # another offer takes over
    AWAITING = "awaiting"
    RETURNED = "returned"
    SEARCHING = "searching"
    FOUND_AGAIN = "found_again"
    ARRIVED = "arrived"
    VERIFIED = "verified"
    DOUBT = "doubt"
    REHEARSED = "rehearsed"
    REFUSED = "refused"  # Lidarr would not take these files: they go back
    LEFT_OUT = "left_out"  # files beside a complete album
    REPORTED = "reported"
    LIDARR = "lidarr"  # its word about the import
    IMPORTED = "imported"  # by its word
    TAKEN = "taken"  # it deleted the grab and the files are gone
    FAILED = "failed"
    CANCELLED = "cancelled"
    CLEARED = "cleared"  # deleted from the history
    NOTE = "note"


class Phase(StrEnum):
    """What the time between two steps went into."""

    TURN = "turn"
    QUEUE = "queue"
    SENDING = "sending"
    RETRYING = "retrying"
    AWAY = "away"
    LOOKING = "looking"
    CHECKING = "checking"
    LIDARR = "lidarr"


@dataclass(frozen=True, slots=True, kw_only=True)
class GrabFacts:
    """The columns of a grab."""

    nzo_id: str
    title: str
    status: str
    created_at: datetime
    updated_at: datetime
    quality: str = ""
    category: str = ""
    peer: str = ""
    release_key: str = ""
    artist: str = ""
    album: str = ""
    file_count: int = 0
    total_bytes: int = 0
    offers: Sequence[Mapping[str, Any]] = ()
    paused: bool = False
    not_before: datetime | None = None
    note: str | None = None
    failure_message: str | None = None
    storage_path: str | None = None
    started_at: datetime | None = None
    transferred_at: datetime | None = None
    completed_at: datetime | None = None
    rehearsal: Mapping[str, Any] | None = None
    import_state: str | None = None
    import_message: str | None = None
    import_seen_at: datetime | None = None
    import_attempts: int = 0
    imported_at: datetime | None = None
    archived_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """The columns of one of its files, also of one that another has replaced."""

    id: int
    peer: str
    remote_path: str
    status: str
    size: int = 0
    current: bool = True
    bytes_done: int = 0
    place_in_queue: int | None = None
    not_before: datetime | None = None
    failure_kind: str | None = None
    failure_message: str | None = None
    verified: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFacts:
    """One event about the grab or a file of it."""

    at: datetime
    kind: str
    message: str
    level: str = "info"
    download_id: int | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionFacts:
    """The question whose answer held the release."""

    id: int
    artist: str
    album: str
    year: int | None
    term: str
    outcome: str
    counts: Mapping[str, int]
    started_at: datetime
    answered_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that is kept of one grab; `offered_at` is when its release was last shown before it."""

    grab: GrabFacts
    now: datetime
    files: Sequence[FileFacts] = ()
    events: Sequence[EventFacts] = ()  # oldest first
    question: QuestionFacts | None = None
    offered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened; `after` is how long since the step before it, None for the first."""

    kind: StepKind
    at: datetime
    message: str
    level: str = "info"  # or warning, error
    reasons: tuple[str, ...] = ()
    after: float | None = None


@dataclass(frozen=True, slots=True)
class Spent:
    """How long a grab was in one phase, all together."""

    phase: Phase
    seconds: float


@dataclass(frozen=True, slots=True)
class Asked:
    """One peer that was asked: how many files, how many came, why the others did not."""

    peer: str
    files: int
    arrived: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Timeline:
    """One grab from search to import.

    `end` is the whole story in a sentence, `seconds` runs from the grab to its end or until now,
    `waiting_for` says what is going on now; None when it is over.
    """

    end: str
    over: bool
    seconds: float
    waiting_for: str | None
    steps: tuple[Step, ...]
    spent: tuple[Spent, ...]  # longest first
    peers: tuple[Asked, ...]
