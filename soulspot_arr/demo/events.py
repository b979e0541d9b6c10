"""What happened, as values a presenter can print and a test can compare. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from soulspot_arr.demo.decisions import Decision
from soulspot_arr.demo.download_items import ItemStatus
from soulspot_arr.demo.library import Album


class TrackedState(StrEnum):
    """Lidarr's own memory of a download, kept per id for ever."""

    DOWNLOADING = "downloading"
    FAILED_PENDING = "downloadFailedPending"
    DOWNLOAD_FAILED = "downloadFailed"
    IMPORT_BLOCKED = "importBlocked"
    IMPORT_PENDING = "importPending"
    IMPORT_FAILED = "importFailed"
    IMPORTED = "imported"


FINAL_STATES = frozenset(
    {TrackedState.DOWNLOAD_FAILED, TrackedState.IMPORT_FAILED, TrackedState.IMPORTED}
)


@dataclass(frozen=True, slots=True)
class Searched:
    """A search came back and every result was judged."""

    album: Album
    decisions: tuple[Decision, ...]


@dataclass(frozen=True, slots=True)
class SearchFailed:
    """The indexer could not be asked."""

    album: Album
    reason: str


@dataclass(frozen=True, slots=True)
class Grabbed:
    """A release was handed to the download client."""

    nzo_id: str
    album: Album
    decision: Decision


@dataclass(frozen=True, slots=True)
class GrabSkipped:
    """One candidate could not be grabbed; the next one is tried unless `pending`."""

    album: Album
    decision: Decision
    reason: str
    pending: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """One download as the poll saw it; sizes in bytes."""

    nzo_id: str
    title: str
    status: ItemStatus
    size: int
    remaining_size: int
    remaining_time: timedelta | None
    state: TrackedState
    message: str = ""


@dataclass(frozen=True, slots=True)
class PollFailed:
    """The whole poll was lost."""

    reason: str


@dataclass(frozen=True, slots=True)
class Untracked:
    """A download vanished from both lists: no failure, no new search, just gone."""

    nzo_id: str


@dataclass(frozen=True, slots=True)
class DownloadFailed:
    """A failed download was blocklisted."""

    nzo_id: str
    album: Album
    title: str
    reason: str


@dataclass(frozen=True, slots=True)
class Imported:
    """An album reached the library; `distance` is how far its tags were from the catalogue."""

    nzo_id: str
    album: Album
    files: tuple[Path, ...]
    distance: float | None


@dataclass(frozen=True, slots=True)
class ImportStuck:
    """An import attempt did not succeed; only `importPending` is tried again."""

    nzo_id: str
    state: TrackedState
    messages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Removed:
    """The download was deleted from the client."""

    nzo_id: str


@dataclass(frozen=True, slots=True)
class RemovalFailed:
    """Deleting from the client failed; an imported download is deleted again next time."""

    nzo_id: str
    reason: str


Event = (
    Searched
    | SearchFailed
    | Grabbed
    | GrabSkipped
    | Progress
    | PollFailed
    | Untracked
    | DownloadFailed
    | Imported
    | ImportStuck
    | Removed
    | RemovalFailed
)
