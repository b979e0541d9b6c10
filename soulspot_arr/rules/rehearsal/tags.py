"""What Lidarr reads out of one audio file, as a plain value.

Whoever opens files fills it in; nothing here reads anything. None means that the tag is not there,
an empty text that it is there and empty: to Lidarr these are two values (contract lidarr §9.5).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileTags:
    """One file. `FileTags(path)` alone is a file that cannot be read: Lidarr then has no tags.

    `path` is the one below the job's folder, with slashes. Numbers are 0 and `seconds` is 0.0 when
    unknown. `artist` and `album_artist` are the first of several names.
    `country`, `label` and `comment` (the album's disambiguation) are those of the release. `tracks`,
    `media`, `track_id` and `artist_id` are read by Lidarr, but nothing is decided by them. `heard`
    holds the recordings that a fingerprint of the audio names, None when nobody asked.
    """

    path: str
    title: str | None = None
    artist: str | None = None
    album_artist: str | None = None
    album: str | None = None
    year: int = 0
    disc: int = 0
    discs: int = 0
    track: int = 0
    tracks: int = 0
    media: str | None = None
    country: str | None = None
    label: str | None = None
    comment: str | None = None
    release_id: str | None = None
    release_group_id: str | None = None
    recording_id: str | None = None
    track_id: str | None = None
    artist_id: str | None = None
    seconds: float = 0.0
    heard: frozenset[str] | None = None

    @property
    def by(self) -> str | None:
        """The one artist Lidarr compares: the album's, else the track's."""
        return self.album_artist if filled(self.album_artist) else self.artist

    @property
    def folder(self) -> str:
        """The folder that holds it, below the job's; empty for that one."""
        return self.path.rpartition("/")[0]


def filled(text: str | None) -> bool:
    """Whether there is more in it than blanks."""
    return bool(text and text.strip())
