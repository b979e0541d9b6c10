"""The rows of Lidarr's database: artists, albums, releases, tracks, files, histories, settings.

Values only. Numbers are Lidarr's own ids, `foreign_id` is the MusicBrainz one, moments are ISO text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from soulspot_arr.demo.lidarr.tables import Row

VARIOUS_ARTISTS = "89ad4ac3-39f7-470e-963a-56509c546377"

GRABBED = "grabbed"
TRACK_IMPORTED = "trackFileImported"
DOWNLOAD_FAILED = "downloadFailed"
FILE_DELETED = "trackFileDeleted"
IMPORT_INCOMPLETE = "albumImportIncomplete"
DOWNLOAD_IMPORTED = "downloadImported"
IGNORED = "downloadIgnored"
EVENT_NUMBERS = {
    GRABBED: 1,
    TRACK_IMPORTED: 3,
    DOWNLOAD_FAILED: 4,
    FILE_DELETED: 5,
    IMPORT_INCOMPLETE: 7,
    DOWNLOAD_IMPORTED: 8,
    IGNORED: 10,
}
"""Event types of the history as the API numbers them (contract lidarr §11.3)."""


def now() -> str:
    """This moment as Lidarr writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass(slots=True)
class Artist:
    """An artist of the library; `path` is the folder that imports go to."""

    name: str
    foreign_id: str
    path: str
    id: int = 0
    monitored: bool = True
    profile: str = "Any"
    tags: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Album:
    """An album (release group); `release_date` is a day or empty."""

    artist_id: int
    title: str
    foreign_id: str
    id: int = 0
    release_date: str = ""
    disambiguation: str = ""
    album_type: str = "Album"
    monitored: bool = True
    any_release_ok: bool = True

    @property
    def year(self) -> int:
        return int(self.release_date[:4] or 0)


@dataclass(slots=True)
class Release:
    """One pressing; exactly one of an album is monitored. `media` are `{number, name, format}`."""

    album_id: int
    foreign_id: str
    title: str
    id: int = 0
    disambiguation: str = ""
    countries: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    media: list[Row] = field(default_factory=list)
    release_date: str = ""
    monitored: bool = False
    old_ids: list[str] = field(default_factory=list)

    @property
    def year(self) -> int:
        return int(self.release_date[:4] or 0)


@dataclass(slots=True)
class Track:
    """A track of one release; `number` counts within its medium, `duration` is milliseconds."""

    release_id: int
    title: str
    number: int
    medium: int
    duration: int
    foreign_id: str
    recording_id: str
    id: int = 0
    file_id: int = 0
    old_recording_ids: list[str] = field(default_factory=list)


@dataclass(slots=True)
class TrackFile:
    """A file in the library."""

    album_id: int
    path: str
    size: int
    quality: str
    id: int = 0
    added: str = ""


@dataclass(slots=True)
class Happening:
    """A row of the history that people see."""

    event: str
    artist_id: int
    album_id: int
    source_title: str
    download_id: str
    id: int = 0
    track_id: int = 0
    quality: str = "Unknown"
    date: str = ""
    data: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class DownloadRow:
    """A row of the download history, from which states are seeded after a restart."""

    event: str
    download_id: str
    id: int = 0
    date: str = ""
    messages: list[Row] = field(default_factory=list)


@dataclass(slots=True)
class Blocked:
    """A blocklisted release; `published` has whole seconds (contract lidarr §8.2)."""

    artist_id: int
    album_ids: list[int]
    title: str
    quality: str
    published: str
    size: int
    indexer: str
    message: str
    id: int = 0
    date: str = ""


@dataclass(slots=True)
class Provider:
    """An indexer, download client, notification or import list; `body` as the API shows it."""

    kind: str
    body: Row
    id: int = 0


@dataclass(slots=True)
class Setting:
    """A tag, path mapping, root folder or configuration page."""

    kind: str
    body: Row
    id: int = 0
