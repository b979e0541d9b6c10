"""What a music library knows about its albums: editions, tracks, durations, quality profile.

Pure values; where they come from (MusicBrainz in a real Lidarr) is not played.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain


@dataclass(frozen=True, slots=True)
class WantedTrack:
    """One track as the catalogue lists it; `seconds` 0 means unknown."""

    title: str
    seconds: float
    number: int
    disc: int = 1
    recording_id: str = ""


@dataclass(frozen=True, slots=True)
class Edition:
    """One pressing of an album (Lidarr's "album release")."""

    tracks: tuple[WantedTrack, ...]
    monitored: bool = True
    year: int = 0
    countries: tuple[str, ...] = ("[Worldwide]",)
    labels: tuple[str, ...] = ()
    disambiguation: str = ""
    release_id: str = ""

    @property
    def seconds(self) -> int:
        """Whole seconds of all tracks."""
        return int(sum(track.seconds for track in self.tracks))

    @property
    def discs(self) -> int:
        """How many media the edition has."""
        return len({track.disc for track in self.tracks})


@dataclass(frozen=True, slots=True)
class Album:
    """A monitored album; `profile` is the name of one of Lidarr's default quality profiles."""

    artist: str
    title: str
    year: int
    editions: tuple[Edition, ...]
    disambiguation: str = ""
    profile: str = "Any"
    any_edition_ok: bool = True

    @property
    def wanted_editions(self) -> tuple[Edition, ...]:
        """The editions whose duration and track count Lidarr goes by."""
        return tuple(
            edition for edition in self.editions if edition.monitored or self.any_edition_ok
        )

    @property
    def track_count(self) -> int:
        """How many tracks make the album complete: those of the monitored editions."""
        return sum(len(edition.tracks) for edition in self.editions if edition.monitored)


def simple_album(
    artist: str,
    title: str,
    year: int,
    *discs: tuple[tuple[str, float], ...],
    profile: str = "Any",
    disambiguation: str = "",
) -> Album:
    """An album with one edition; each disc is a row of (track title, seconds)."""
    tracks = chain.from_iterable(
        (
            WantedTrack(name, seconds, number, disc)
            for number, (name, seconds) in enumerate(rows, start=1)
        )
        for disc, rows in enumerate(discs, start=1)
    )
    return Album(
        artist=artist,
        title=title,
        year=year,
        editions=(Edition(tuple(tracks), year=year),),
        disambiguation=disambiguation,
        profile=profile,
    )
