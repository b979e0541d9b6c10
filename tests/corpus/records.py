"""What lies behind a share: songs with their true recordings, and the records they form.

A record is a pressing as somebody owns it, before anybody has named a file. Recordings of the
target carry its recording ids; everything else carries a key that says what it is instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from soulspot_arr.wanted import Edition, WantedTrack
from tests.corpus.catalogue import Target, chance

VARIOUS = "Various Artists"


@dataclass(frozen=True, slots=True)
class Song:
    """One file's worth of music. `key` is the recording's id, or says what it is instead."""

    key: str
    title: str
    seconds: float
    artist: str = ""  # empty when it is the record's
    disc: int = 1
    number: int = 1


@dataclass(frozen=True, slots=True)
class Record:
    """An album, single, box or bootleg in somebody's collection."""

    artist: str
    album: str
    year: int | None
    songs: tuple[Song, ...]
    discs: tuple[str, ...] = ()  # subtitles by disc
    disambiguation: str = ""
    note: str = ""  # what stands behind the album's name: "Deluxe Edition", "Live at …"
    styles: frozenset[str] = field(default_factory=frozenset)

    @property
    def various(self) -> bool:
        """Whether its tracks are by different artists."""
        return len({song.artist for song in self.songs if song.artist}) > 1

    @property
    def disc_count(self) -> int:
        """How many discs it lies on."""
        return max((song.disc for song in self.songs), default=1)


def song(track: WantedTrack) -> Song:
    """A track of the target, as somebody has ripped it."""
    return Song(
        key=track.recording_id,
        title=track.title,
        seconds=(track.seconds or 180.0) + _slip(track),
        artist=track.artist,
        disc=track.disc,
        number=track.number,
    )


def _slip(track: WantedTrack) -> float:
    """One length in 700 is wrong in the catalogue: a hidden song, or another edition's track."""
    if chance(track.recording_id, "slip") >= 1 / 700:
        return 0.0
    return 11 + 17 * chance(track.recording_id, "how far")  # Lidarr would still import it


def record(target: Target, edition: Edition | None = None) -> Record:
    """An edition of the target; the first one unless told otherwise."""
    edition = edition or target.first
    wanted = target.wanted
    return Record(
        artist=wanted.artist,
        album=wanted.album,
        year=edition.year or wanted.year,
        songs=tuple(song(track) for track in edition.tracks),
        discs=target.discs,
        disambiguation=wanted.disambiguation,
        note=edition.disambiguation,
        styles=wanted.styles,
    )


def numbered(songs: Sequence[Song], *, discs: Sequence[int] | None = None) -> tuple[Song, ...]:
    """Songs in this order with new numbers, on one disc or on the discs given."""
    counts: dict[int, int] = {}
    result = []
    for place, each in enumerate(songs):
        disc = discs[place] if discs else 1
        counts[disc] = counts.get(disc, 0) + 1
        result.append(replace(each, disc=disc, number=counts[disc]))
    return tuple(result)


def foreign(source: Record, owner: str) -> tuple[Song, ...]:
    """The songs of another record, keyed as strangers: they are nothing of the target's."""
    return tuple(
        replace(each, key=f"other:{owner}:{each.disc}-{each.number}") for each in source.songs
    )


def version(each: Song, how: str, *, seconds: float, title: str | None = None) -> Song:
    """Another version of a song: "live", "remix" … with its own length."""
    return replace(
        each,
        key=f"version:{how}:{each.key}",
        seconds=max(5.0, seconds),
        title=each.title if title is None else title,
    )
