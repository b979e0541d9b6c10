"""How far files are from a release: Lidarr's weighted penalties between 0 and 1.

Pure (contract lidarr §9.5). Who may come in is decided in `verdicts`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from soulspot_arr.demo.lidarr import likeness
from soulspot_arr.demo.lidarr.grouping import most_common
from soulspot_arr.demo.lidarr.records import VARIOUS_ARTISTS, Album, Artist, Release, Track
from soulspot_arr.demo.lidarr.tags import FileTags, LocalFile

_WEIGHTS = {
    "artist": 3.0,
    "album": 3.0,
    "media_count": 1.0,
    "media_format": 1.0,
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
_PREFERRED_COUNTRIES = ("United States", "United Kingdom", "Europe", "[Worldwide]")


@dataclass(slots=True)
class Distance:
    """Penalties by their key."""

    penalties: dict[str, list[float]] = field(default_factory=dict)

    def add(self, key: str, penalty: float) -> None:
        """One more penalty between 0 and 1."""
        self.penalties.setdefault(key, []).append(penalty)

    def ratio(self, key: str, value: float, span: float) -> None:
        """`value` as a part of `span`, both ends clipped; nothing without a span."""
        self.add(key, max(min(value, span), 0.0) / span if span > 0 else 0.0)

    def text(self, key: str, value: str | None, target: str) -> None:
        """The edit distance of two texts."""
        self.add(key, likeness.penalty(value or "", target))

    def count(self, key: str, value: int, target: int) -> None:
        """One full penalty for each one missing or too many."""
        for _ in range(abs(value - target)):
            self.add(key, 1.0)
        if value == target:
            self.add(key, 0.0)

    @property
    def value(self) -> float:
        """The weighted sum as a part of the largest possible one; 0 without any."""
        largest = sum(_WEIGHTS[key] * len(values) for key, values in self.penalties.items())
        total = sum(_WEIGHTS[key] * sum(values) for key, values in self.penalties.items())
        return total / largest if largest else 0.0

    @property
    def reasons(self) -> str:
        """What is not perfect, as Lidarr shows it; empty when all is."""
        worse = [key.replace("_", " ") for key, values in self.penalties.items() if max(values) > 0]
        return f"[{', '.join(worse)}]" if worse else ""


@dataclass(slots=True)
class Mapping:
    """Files paired with the tracks of one release, and what is left on either side."""

    pairs: list[tuple[LocalFile, Track, Distance]]
    unmatched: list[LocalFile]
    missing: list[Track]


def running_number(track: Track, tracks: Iterable[Track]) -> int:
    """The track's number when the media are counted through."""
    return track.number + sum(1 for other in tracks if other.medium < track.medium)


def track_distance(tags: FileTags, track: Track, running: int) -> Distance:
    """One file against one track."""
    found = Distance()
    seconds = track.duration // 1000
    if seconds > 0:
        found.ratio("track_length", abs(tags.seconds - seconds) - 10, 30)
    # The title from a file name does not count: what is compared was cleaned before (§9.5).
    found.text("track_title", tags.clean_title, track.title)
    if tags.number > 0 and track.number > 0:
        found.add("track_index", float(tags.number not in (track.number, running)))
    if tags.recording_id and tags.recording_id.strip():
        known = {track.recording_id, *track.old_recording_ids}
        found.add("recording_id", float(tags.recording_id not in known))
    return found


def album_distance(
    files: Sequence[LocalFile], artist: Artist, album: Album, release: Release, mapping: Mapping
) -> Distance:
    """All files against one release of one album."""
    tags = [file.tags for file in files]
    found = Distance()
    if artist.foreign_id != VARIOUS_ARTISTS:
        found.text("artist", most_common(one.artist for one in tags), artist.name)
    # Always the album's title: those of releases differ for no reason a tag would know.
    found.text("album", most_common(one.album for one in tags), album.title)
    discs = most_common(one.discs for one in tags) or max(one.disc for one in tags)
    if discs > 0:
        found.count("media_count", discs, len(release.media))
    if any(medium["mediumFormat"] == "Unknown" for medium in release.media):
        found.add("media_format", 1.0)
    _year(found, most_common(one.year for one in tags), album.year, release.year)
    _country(found, most_common(one.country for one in tags), release.countries)
    label = most_common(one.label for one in tags)
    if label and label.strip():
        found.add("label", float(label not in release.labels))
    comment = most_common(one.comment for one in tags)
    if comment and comment.strip():
        found.text("album_disambiguation", comment, release.disambiguation)
    release_id = most_common(one.release_id for one in tags)
    if release_id and release_id.strip():
        known = {release.foreign_id, *release.old_ids}
        found.add("album_id", float(release_id not in known))
    for _, _, distance in mapping.pairs:
        found.add("tracks", distance.value)
    # Never more of these than there are files.
    for _ in mapping.missing[: len(files)]:
        found.add("missing_tracks", 1.0)
    for _ in mapping.unmatched[: len(files)]:
        found.add("unmatched_tracks", 1.0)
    return found


def _year(found: Distance, year: int, of_album: int, of_release: int) -> None:
    if year <= 0 or not (of_album or of_release):
        return
    if year in (of_album, of_release):
        found.add("year", 0.0)
        return
    known = of_album or of_release
    found.ratio("year", abs(year - known), abs(datetime.now(UTC).year - known))


def _country(found: Distance, tagged: str | None, countries: Sequence[str]) -> None:
    if not countries:
        found.add("country", 1.0)
    elif tagged is not None:
        found.add("country", float(tagged not in countries))
    else:
        ranks = [at for at, name in enumerate(_PREFERRED_COUNTRIES) if name in countries]
        found.add("country", ranks[0] / len(_PREFERRED_COUNTRIES) if ranks else 1.0)
