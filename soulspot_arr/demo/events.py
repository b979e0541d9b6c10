"""What happened in Lidarr, as values a presenter can print and a test can compare. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Choice:
    """One release of Lidarr's interactive search with its verdict; `size` in bytes."""

    title: str
    quality: str
    size: int
    rejections: tuple[str, ...]
    guid: str
    indexer_id: int

    @property
    def approved(self) -> bool:
        """Whether Lidarr would take it by itself."""
        return not self.rejections


@dataclass(frozen=True, slots=True)
class Grabbed:
    """A release was handed to the download client."""

    nzo_id: str
    title: str


@dataclass(frozen=True, slots=True)
class GrabRefused:
    """One candidate could not be grabbed."""

    title: str
    reason: str


@dataclass(frozen=True, slots=True)
class Progress:
    """One download as the queue shows it; sizes in bytes, `seconds_left` 0 when unknown."""

    nzo_id: str
    title: str
    status: str
    size: int
    size_left: int
    seconds_left: int


@dataclass(frozen=True, slots=True)
class DownloadFailed:
    """A failed download was blocklisted."""

    nzo_id: str
    title: str
    reason: str


@dataclass(frozen=True, slots=True)
class Imported:
    """A download reached the library."""

    nzo_id: str
    title: str
    files: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class ImportStuck:
    """Lidarr complains about a download; only in `importPending` it will try again."""

    nzo_id: str
    state: str
    messages: tuple[str, ...]


Event = Grabbed | GrabRefused | Progress | DownloadFailed | Imported | ImportStuck
