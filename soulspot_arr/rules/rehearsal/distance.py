"""The distance between files and an edition, as Lidarr measures it (contract lidarr §9.5).

A distance is a list of penalties between 0 and 1, each with the weight of its kind; its value is
their weighted mean. Nothing is judged here: limits belong to `judging`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from soulspot_arr.rules.rehearsal.countries import PREFERRED, countries_in, country_of
from soulspot_arr.rules.rehearsal.likeness import difference, plain_title
from soulspot_arr.rules.rehearsal.tags import FileTags, filled
from soulspot_arr.wanted import Edition, Wanted, WantedTrack

VARIOUS_ARTISTS = "89ad4ac3-39f7-470e-963a-56509c546377"
"""MusicBrainz's artist of compilations; his name is not compared."""

_GRACE = 10  # seconds a track may be longer or shorter without a penalty
_TOO_LONG = 30  # seconds beyond the grace at which the penalty is whole
_MOST_DISCS = 1_000  # what a tag claims beyond is as wrong, and need not be counted one by one

T = TypeVar("T")


class Kind(StrEnum):
    """What a penalty is for, in Lidarr's words."""

    ARTIST = "artist"
    ALBUM = "album"
    MEDIA_COUNT = "media count"
    MEDIA_FORMAT = "media format"
    YEAR = "year"
    COUNTRY = "country"
    LABEL = "label"
    COMMENT = "album disambiguation"
    ALBUM_ID = "album id"
    TRACKS = "tracks"
    MISSING = "missing tracks"
    UNMATCHED = "unmatched tracks"
    LENGTH = "track length"
    TITLE = "track title"
    INDEX = "track index"
    RECORDING_ID = "recording id"


# Core/MediaFiles/TrackImport/Identification/Distance.cs; the numbers are beets' defaults.
WEIGHTS = {
    Kind.ARTIST: 3.0,
    Kind.ALBUM: 3.0,
    Kind.MEDIA_COUNT: 1.0,
    Kind.MEDIA_FORMAT: 1.0,
    Kind.YEAR: 1.0,
    Kind.COUNTRY: 0.5,
    Kind.LABEL: 0.5,
    Kind.COMMENT: 0.5,
    Kind.ALBUM_ID: 5.0,
    Kind.TRACKS: 2.0,
    Kind.MISSING: 0.6,
    Kind.UNMATCHED: 0.9,
    Kind.LENGTH: 2.0,
    Kind.TITLE: 3.0,
    Kind.INDEX: 1.0,
    Kind.RECORDING_ID: 10.0,
}


@dataclass(frozen=True, slots=True)
class Distance:
    """Penalties by kind, in the order in which they were found."""

    penalties: tuple[tuple[Kind, float], ...] = ()

    @property
    def value(self) -> float:
        """Weighted mean of the penalties, 0 (the same) to 1; 0 when nothing could be compared."""
        # Lidarr sums up kind by kind; so do we, or the last digit may differ at a limit.
        sums: dict[Kind, float] = {}
        most = 0.0
        for kind, amount in self.penalties:
            sums[kind] = sums.get(kind, 0.0) + amount
            most += WEIGHTS[kind]
        raw = 0.0
        for kind, total in sums.items():
            raw += WEIGHTS[kind] * total
        return raw / most if most else 0.0

    @property
    def reasons(self) -> tuple[Kind, ...]:
        """The kinds that add to the value."""
        return tuple(dict.fromkeys(kind for kind, amount in self.penalties if amount))

    def share(self, kind: Kind) -> float:
        """How much of the value one kind makes."""
        most = sum(WEIGHTS[each] for each, _ in self.penalties)
        own = sum(amount for each, amount in self.penalties if each is kind)
        return WEIGHTS[kind] * own / most if most else 0.0


@dataclass(frozen=True, slots=True)
class Particulars:
    """What Lidarr knows of an edition besides its tracks; `media` holds the format of each medium.

    Unknown they count against the files, as in Lidarr an edition without them does.
    """

    media: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """An edition that the files may be."""

    album: Wanted
    edition: Edition
    particulars: Particulars = Particulars()


@dataclass(frozen=True, slots=True)
class Pair:
    """A file, the track it is taken for, and how far apart they are."""

    file: FileTags
    track: WantedTrack
    distance: Distance


@dataclass(frozen=True, slots=True)
class Pairing:
    """Which file is which track; what is left on either side."""

    pairs: tuple[Pair, ...]
    unmatched: tuple[FileTags, ...]
    missing: tuple[WantedTrack, ...]


def most_common(values: Iterable[T]) -> T:
    """The value met most often, of several the one met first; ValueError when there is none."""
    counted = Counter(values)
    return max(counted, key=counted.__getitem__)


# -- one track -------------------------------------------------------------------------------------


def track_distance(file: FileTags, track: WantedTrack, *, running: int) -> Distance:
    """How far a file is from a track whose number, counted over all discs, is `running`."""
    found: list[tuple[Kind, float]] = []
    whole_seconds = int(track.seconds or 0)  # Lidarr cuts the catalogue's milliseconds off
    if whole_seconds > 0:
        off = abs(file.seconds - whole_seconds) - _GRACE
        found.append((Kind.LENGTH, _ratio(off, _TOO_LONG)))
    # A title that was read from the file's name does not count (contract lidarr §9.5).
    found.append((Kind.TITLE, difference(plain_title(file.title or ""), track.title)))
    if file.track > 0 and track.number > 0:
        found.append((Kind.INDEX, float(file.track not in (track.number, running))))
    if filled(file.recording_id):
        found.append((Kind.RECORDING_ID, float(file.recording_id != track.recording_id)))
    if file.heard is not None:
        found.append((Kind.RECORDING_ID, float(track.recording_id not in file.heard)))
    return Distance(tuple(found))


def running_numbers(tracks: Sequence[WantedTrack]) -> list[int]:
    """For each track its number counted on over the discs before its own."""
    per_disc = Counter(track.disc for track in tracks)
    before = {disc: sum(n for other, n in per_disc.items() if other < disc) for disc in per_disc}
    return [track.number + before[track.disc] for track in tracks]


# -- the whole -------------------------------------------------------------------------------------


def album_distance(
    files: Sequence[FileTags], candidate: Candidate, pairing: Pairing, *, year: int
) -> Distance:
    """How far the files are from an edition when each is the track that the pairing says.

    `year` is the present one: the older the album, the less a wrong year counts.
    """
    found = [
        *_names(files, candidate.album),
        *_media(files, candidate),
        *_dates(files, candidate, year),
        *_origin(files, candidate),
    ]
    release_id = most_common(file.release_id for file in files)
    if filled(release_id):
        found.append((Kind.ALBUM_ID, float(release_id != candidate.edition.id)))
    found += [(Kind.TRACKS, pair.distance.value) for pair in pairing.pairs]
    # Neither counts more often than there are files.
    found += [(Kind.MISSING, 1.0)] * min(len(pairing.missing), len(files))
    found += [(Kind.UNMATCHED, 1.0)] * min(len(pairing.unmatched), len(files))
    return Distance(tuple(found))


def _names(files: Sequence[FileTags], album: Wanted) -> list[tuple[Kind, float]]:
    found = []
    if album.artist_id != VARIOUS_ARTISTS:
        by = most_common(file.by for file in files)
        found.append((Kind.ARTIST, difference(by, album.artist)))
    title = most_common(file.album for file in files)
    found.append((Kind.ALBUM, difference(title, album.album)))
    return found


def _media(files: Sequence[FileTags], candidate: Candidate) -> list[tuple[Kind, float]]:
    found = []
    said = most_common(file.discs for file in files) or max(file.disc for file in files)
    if said > 0:
        real = len(candidate.particulars.media) or candidate.edition.discs
        found += [(Kind.MEDIA_COUNT, 1.0)] * abs(min(said, _MOST_DISCS) - real) or [
            (Kind.MEDIA_COUNT, 0.0)
        ]
    if "Unknown" in candidate.particulars.media:
        found.append((Kind.MEDIA_FORMAT, 1.0))
    return found


def _dates(files: Sequence[FileTags], candidate: Candidate, year: int) -> list[tuple[Kind, float]]:
    said = most_common(file.year for file in files)
    known = [found for found in (candidate.album.year, candidate.edition.year) if found]
    if said <= 0 or not known:
        return []
    if said in known:
        return [(Kind.YEAR, 0.0)]
    return [(Kind.YEAR, _ratio(abs(said - known[0]), abs(year - known[0])))]


def _origin(files: Sequence[FileTags], candidate: Candidate) -> list[tuple[Kind, float]]:
    released = countries_in(candidate.edition.country)
    country = most_common(country_of(file.country) for file in files)
    if country is not None:
        found = [(Kind.COUNTRY, float(country not in released))]
    else:
        found = [(Kind.COUNTRY, _by_preference(released))]
    label = most_common(file.label for file in files)
    if filled(label):
        found.append((Kind.LABEL, float(label not in candidate.particulars.labels)))
    comment = most_common(file.comment for file in files)
    if filled(comment):
        found.append((Kind.COMMENT, difference(comment, candidate.edition.disambiguation)))
    return found


def _by_preference(released: Sequence[str]) -> float:
    places = [place for place, name in enumerate(PREFERRED) if name in released]
    return places[0] / len(PREFERRED) if places else 1.0


def _ratio(value: float, most: float) -> float:
    return max(min(value, most), 0.0) / most if most > 0 else 0.0
