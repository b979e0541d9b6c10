"""What an album really is: the values that the catalogue hands to matching.

Lidarr calls an edition a release; here that word is taken by what Lidarr is shown
(`docs/vocabulary.md`). Lengths are seconds, ids are MusicBrainz ids as text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

UNKNOWN_MEDIUM = "Unknown"
"""Lidarr's word for a medium whose format nobody knows; its import counts it as a fault."""


class Provider(StrEnum):
    """Who said what the album is."""

    LIDARR = "lidarr"
    MUSICBRAINZ = "musicbrainz"
    NOBODY = "none"  # names only, as they were asked


@dataclass(frozen=True, slots=True)
class WantedTrack:
    """One track of an edition; `seconds` None when unknown, `artist` empty when it is the album's.

    `disc` and `number` count from 1, the number anew on each disc.
    """

    title: str
    disc: int = 1
    number: int = 0
    seconds: float | None = None
    artist: str = ""
    recording_id: str = ""
    track_id: str = ""


@dataclass(frozen=True, slots=True)
class Edition:
    """One pressing of the album with its own list of tracks, in order of disc and number.

    `media` is the format of each disc in their order: "CD", "Digital Media" …, and `UNKNOWN_MEDIUM`
    where nobody said; empty when the provider tells nothing of them.
    """

    id: str
    title: str
    tracks: tuple[WantedTrack, ...]
    disambiguation: str = ""
    country: str = ""
    year: int | None = None
    monitored: bool = False  # the one Lidarr has chosen
    media: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The first label it came out on; empty when unknown."""
        return self.labels[0] if self.labels else ""

    def medium_of(self, disc: int) -> str:
        """Format of the disc with this number; empty when unknown."""
        discs = sorted({track.disc for track in self.tracks})
        if disc not in discs or len(discs) != len(self.media):
            return ""
        medium = self.media[discs.index(disc)]
        return medium if medium != UNKNOWN_MEDIUM else ""

    @property
    def discs(self) -> int:
        """How many media the tracks lie on."""
        return len({track.disc for track in self.tracks})

    @property
    def seconds(self) -> float | None:
        """Length of the whole; None when a single track's is unknown."""
        lengths = [track.seconds for track in self.tracks]
        if not lengths or any(length is None for length in lengths):
            return None
        return sum(length for length in lengths if length is not None)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The album that is asked for: exact names, every edition, and which of them will do.

    `album` is the plain title; `disambiguation` is what Lidarr appends to it in a question
    (contract lidarr §6.3). `kind` is "album", "ep", "single" … and `styles` hold what it is
    besides: "compilation", "live", "soundtrack", "remix" … all in small letters.
    """

    artist: str
    album: str
    year: int | None = None
    disambiguation: str = ""
    artist_id: str = ""
    album_id: str = ""
    library_id: int | None = None  # Lidarr's own number of the album
    kind: str = ""
    styles: frozenset[str] = frozenset()
    aliases: tuple[str, ...] = ()  # other names of the artist
    titles: tuple[str, ...] = ()  # other names of the album
    any_edition: bool = True
    editions: tuple[Edition, ...] = ()
    chosen_id: str = ""  # of the edition that Lidarr has chosen, known before its tracks are
    provider: Provider = Provider.NOBODY
    settled: bool = True  # whether everybody was heard who could have known better

    def eligible(self) -> Iterator[Edition]:
        """The editions that Lidarr would import: all of them, or only the one it has chosen."""
        chosen = [edition for edition in self.editions if edition.monitored]
        yield from self.editions if self.any_edition or not chosen else chosen
