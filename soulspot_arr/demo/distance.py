"""How far a folder of tagged files is from an edition: Lidarr's weighted penalties.

Pure (contract lidarr §9.5). 0 is a perfect match; an album above 0.20 or a track above 0.40 is
refused.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from soulspot_arr.demo.library import Album, Edition, WantedTrack

T = TypeVar("T")

ALBUM_LIMIT = 0.20
TRACK_LIMIT = 0.40
_WEIGHTS = {
    "artist": 3.0,
    "album": 3.0,
    "media_count": 1.0,
    "year": 1.0,
    "country": 0.5,
    "label": 0.5,
    "album_disambiguation": 0.5,
    "album_id": 5.0,
    "tracks": 2.0,
    "missing_tracks": 0.6,
    "unmatched_tracks": 0.9,
    "track_title": 3.0,
    "track_index": 1.0,
    "track_length": 2.0,
    "recording_id": 10.0,
}
_COUNTRY_PREFERENCE = ("United States", "United Kingdom", "Europe", "[Worldwide]")
# The catalogue never lists guests or pressings in a track title (contract lidarr §9.5).
_GUESTS = re.compile(r"[\[(]?\b(?:feat(?:uring)?\.?|ft\.?|produced by)\s.*", re.IGNORECASE)
_PRESSING = re.compile(
    r"[(\[][^()\[\]]*(?:"
    "version|limited|deluxe|single|clean|album|special|bonus|promo|remaster"
    r")[^()\[\]]*[)\]]",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class FileTags:
    """What Lidarr reads out of one audio file; empty strings and zeros where nothing was found."""

    path: str
    title: str = ""
    album: str = ""
    artist: str = ""
    number: int = 0
    disc: int = 0
    disc_total: int = 0
    year: int = 0
    seconds: float = 0.0
    label: str = ""
    country: str = ""
    comment: str = ""
    release_id: str = ""
    album_id: str = ""
    recording_id: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """The best pairing of files and tracks of one edition."""

    album: Album
    edition: Edition
    pairs: tuple[tuple[FileTags, WantedTrack, float], ...]
    missing: tuple[WantedTrack, ...]
    unmatched: tuple[FileTags, ...]
    distance: float


class Penalties:
    """A growing list of weighted penalties between 0 and 1."""

    def __init__(self) -> None:
        self._entries: list[tuple[str, float]] = []

    def add(self, key: str, penalty: float) -> None:
        """One penalty under a known key."""
        self._entries.append((key, penalty))

    def normalized(self) -> float:
        """Weighted sum divided by the largest possible one; 0 without entries."""
        largest = sum(_WEIGHTS[key] for key, _ in self._entries)
        return (
            sum(_WEIGHTS[key] * value for key, value in self._entries) / largest if largest else 0
        )


def levenshtein(left: str, right: str) -> int:
    """The number of single-character edits between two texts."""
    previous = list(range(len(right) + 1))
    for row, char in enumerate(left, start=1):
        current = [row]
        for column, other in enumerate(right, start=1):
            change = previous[column - 1] + (char != other)
            current.append(min(previous[column] + 1, current[-1] + 1, change))
        previous = current
    return previous[-1]


def similarity(left: str, right: str) -> float:
    """1 for equal texts, 0 for texts without anything in common."""
    longest = max(len(left), len(right))
    return 1.0 - levenshtein(left, right) / longest if longest else 1.0


def text_penalty(value: str, target: str) -> float:
    """How much a tag differs from the catalogue, letters and digits only."""
    left, right = _letters(value), _letters(target)
    if not left:
        return 1.0 if right else 0.0
    return 1.0 - similarity(left, right)


def track_penalty(tags: FileTags, track: WantedTrack, running_number: int) -> float:
    """The distance of one file from one track."""
    penalties = Penalties()
    length = int(track.seconds)
    if length > 0:
        difference = abs(tags.seconds - length) - 10
        penalties.add("track_length", min(max(difference, 0.0), 30.0) / 30)
    title = _PRESSING.sub("", _GUESTS.sub("", tags.title).strip()).strip()
    penalties.add("track_title", text_penalty(title, track.title))
    if tags.number > 0 and track.number > 0:
        wrong = tags.number not in (track.number, running_number)
        penalties.add("track_index", float(wrong))
    if tags.recording_id:
        penalties.add("recording_id", float(tags.recording_id != track.recording_id))
    return penalties.normalized()


def match_edition(
    files: Sequence[FileTags], album: Album, edition: Edition, *, this_year: int
) -> Match:
    """Pair files with the tracks of one edition and measure the whole."""
    costs = [
        [track_penalty(tags, track, edition.running_number(track)) for track in edition.tracks]
        for tags in files
    ]
    chosen = assign(costs)
    pairs = tuple((files[row], edition.tracks[col], costs[row][col]) for row, col in chosen)
    rows, columns = {row for row, _ in chosen}, {col for _, col in chosen}
    missing = tuple(track for col, track in enumerate(edition.tracks) if col not in columns)
    unmatched = tuple(tags for row, tags in enumerate(files) if row not in rows)
    penalties = Penalties()
    _album_penalties(penalties, files, album, edition)
    _year_penalty(penalties, files, album, edition, this_year=this_year)
    for _, _, cost in pairs:
        penalties.add("tracks", cost)
    # No more of these than there are files, as in Lidarr's own sum.
    for _ in missing[: len(files)]:
        penalties.add("missing_tracks", 1.0)
    for _ in unmatched[: len(files)]:
        penalties.add("unmatched_tracks", 1.0)
    return Match(album, edition, pairs, missing, unmatched, penalties.normalized())


def most_common(values: Iterable[T], nothing: T) -> T:
    """The most frequent value, the earliest one on a tie."""
    ranked = Counter(values).most_common(1)
    return ranked[0][0] if ranked else nothing


def assign(costs: Sequence[Sequence[float]]) -> list[tuple[int, int]]:
    """The cheapest one-to-one pairing of rows and columns (Hungarian method), sorted by row."""
    if not costs or not costs[0]:
        return []
    if len(costs) > len(costs[0]):
        turned = [list(column) for column in zip(*costs, strict=True)]
        return sorted((col, row) for row, col in assign(turned))
    height, width = len(costs), len(costs[0])
    row_potential, column_potential = [0.0] * (height + 1), [0.0] * (width + 1)
    owner = [0] * (width + 1)
    for row in range(1, height + 1):
        owner[0] = row
        _augment(costs, owner, row_potential, column_potential)
    return sorted(
        (owner[column] - 1, column - 1) for column in range(1, width + 1) if owner[column]
    )


def _augment(
    costs: Sequence[Sequence[float]],
    owner: list[int],
    row_potential: list[float],
    column_potential: list[float],
) -> None:
    """One shortest augmenting path; columns and rows are counted from 1, column 0 is the start."""
    width = len(owner)
    slack, came_from, used = [float("inf")] * width, [0] * width, [False] * width
    column = 0
    while owner[column]:
        used[column] = True
        row = owner[column]
        for other in range(1, width):
            if used[other]:
                continue
            reduced = costs[row - 1][other - 1] - row_potential[row] - column_potential[other]
            if reduced < slack[other]:
                slack[other], came_from[other] = reduced, column
        nearest = min(
            (other for other in range(1, width) if not used[other]), key=slack.__getitem__
        )
        delta = slack[nearest]
        for other in range(width):
            if used[other]:
                row_potential[owner[other]] += delta
                column_potential[other] -= delta
            else:
                slack[other] -= delta
        column = nearest
    while column:
        owner[column] = owner[came_from[column]]
        column = came_from[column]


def _album_penalties(
    penalties: Penalties, files: Sequence[FileTags], album: Album, edition: Edition
) -> None:
    if album.artist.lower() != "various artists":
        artist = most_common((tags.artist for tags in files), "")
        penalties.add("artist", text_penalty(artist, album.artist))
    title = most_common((tags.album for tags in files), "")
    penalties.add("album", text_penalty(title, album.title))
    discs = most_common((tags.disc_total for tags in files), 0)
    discs = discs or max((tags.disc for tags in files), default=0)
    if discs > 0:
        difference = abs(discs - edition.discs)
        for _ in range(difference):
            penalties.add("media_count", 1.0)
        if difference == 0:
            penalties.add("media_count", 0.0)
    penalties.add("country", _country_penalty(files, edition))
    label = most_common((tags.label for tags in files), "")
    if label:
        penalties.add("label", float(label not in edition.labels))
    comment = most_common((tags.comment for tags in files), "")
    if comment:
        penalties.add("album_disambiguation", text_penalty(comment, edition.disambiguation))
    release_id = most_common((tags.release_id for tags in files), "")
    if release_id:
        penalties.add("album_id", float(release_id != edition.release_id))


def _year_penalty(
    penalties: Penalties,
    files: Sequence[FileTags],
    album: Album,
    edition: Edition,
    *,
    this_year: int,
) -> None:
    year = most_common((tags.year for tags in files), 0)
    known = album.year or edition.year
    if year <= 0 or known <= 0:
        return
    if year in (album.year, edition.year):
        penalties.add("year", 0.0)
        return
    span = abs(this_year - known)
    penalties.add("year", min(abs(year - known), span) / span if span else 0.0)


def _country_penalty(files: Sequence[FileTags], edition: Edition) -> float:
    if not edition.countries:
        return 1.0
    country = most_common((tags.country for tags in files), "")
    if country:
        return float(country not in edition.countries)
    ranks = [rank for rank, name in enumerate(_COUNTRY_PREFERENCE) if name in edition.countries]
    return ranks[0] / len(_COUNTRY_PREFERENCE) if ranks else 1.0


def _letters(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text.lower())
    plain = "".join(char for char in decomposed if unicodedata.category(char) != "Mn")
    return "".join(char for char in unicodedata.normalize("NFC", plain) if char.isalnum())
