"""Which release a group of files is: candidates from the tags, the nearest one wins.

It reads the library and decides nothing about coming in (contract lidarr §9.5). Fingerprinting is
not played: this Lidarr has no `fpcalc`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from soulspot_arr.demo.lidarr.distance import (
    Distance,
    Mapping,
    album_distance,
    running_number,
    track_distance,
)
from soulspot_arr.demo.lidarr.file_names import fill_gaps
from soulspot_arr.demo.lidarr.grouping import group, is_various, most_common
from soulspot_arr.demo.lidarr.library import Library
from soulspot_arr.demo.lidarr.pairing import assign
from soulspot_arr.demo.lidarr.records import VARIOUS_ARTISTS, Album, Artist, Release, Track
from soulspot_arr.demo.lidarr.tags import LocalFile


@dataclass(frozen=True, slots=True)
class Overrides:
    """What is known beforehand: a grab knows the artist, a person may know more."""

    artist: Artist | None = None
    album: Album | None = None
    release: Release | None = None


@dataclass(slots=True)
class Identified:
    """One group and what it was taken for; without `release` nothing resembles it."""

    files: list[LocalFile]
    release: Release | None = None
    album: Album | None = None
    distance: Distance = field(default_factory=Distance)
    mapping: Mapping = field(default_factory=lambda: Mapping([], [], []))

    def track_of(self, file: LocalFile) -> tuple[Track, Distance] | None:
        """The track a file was paired with."""
        return next(
            ((track, distance) for one, track, distance in self.mapping.pairs if one is file), None
        )


def identify(
    library: Library, files: Sequence[LocalFile], overrides: Overrides, *, single: bool = False
) -> list[Identified]:
    """Group the files and find the release of each group."""
    groups = [list(files)] if single else group(files)
    found = []
    for members in groups:
        fill_gaps(members)
        found.append(_nearest(library, members, _candidates(library, members, overrides)))
    return found


def _candidates(
    library: Library, files: Sequence[LocalFile], overrides: Overrides
) -> list[Release]:
    tagged = _tagged_release(library, files)
    if overrides.release is not None:
        return [overrides.release]
    if overrides.album is not None:
        if tagged is not None and tagged.album_id == overrides.album.id:
            return [tagged]
        return _by_track_count(library, files, overrides.album)
    if overrides.artist is not None:
        if tagged is not None and library.album_of(tagged).artist_id == overrides.artist.id:
            return [tagged]
        return _of_artist(library, files, overrides.artist)
    if tagged is not None:
        return [tagged]
    return _of_anybody(library, files)


def _tagged_release(library: Library, files: Sequence[LocalFile]) -> Release | None:
    ids = {file.tags.release_id for file in files}
    wanted = ids.pop() if len(ids) == 1 else None
    if not wanted or not wanted.strip():
        return None
    return next((one for one in library.releases if wanted in (one.foreign_id, *one.old_ids)), None)


def _by_track_count(library: Library, files: Sequence[LocalFile], album: Album) -> list[Release]:
    def difference(release: Release) -> int:
        return abs(len(files) - len(library.tracks_of(release.id)))

    return sorted(library.releases_of(album.id), key=difference)


def _of_artist(library: Library, files: Sequence[LocalFile], artist: Artist) -> list[Release]:
    title = most_common(file.tags.album for file in files)
    # Without an album tag only a fingerprint could help (contract lidarr §9.5, step 3).
    if not title or not title.strip():
        return []
    return [
        release
        for album in library.album_candidates(artist.id, title)
        for release in _by_track_count(library, files, album)
    ]


def _of_anybody(library: Library, files: Sequence[LocalFile]) -> list[Release]:
    artists = []
    if is_various(files):
        artists += [one for one in library.artists if one.foreign_id == VARIOUS_ARTISTS]
    name = most_common(file.tags.artist for file in files)
    if name and name.strip():
        artists += library.artist_candidates(name)
    return [release for artist in artists for release in _of_artist(library, files, artist)]


def _nearest(library: Library, files: list[LocalFile], candidates: Sequence[Release]) -> Identified:
    files = list(dict.fromkeys(files))  # odd folders name a file twice
    best = Identified(files)
    least = 1.0
    for release in candidates:
        album = library.album_of(release)
        mapping = _pair(files, library.tracks_of(release.id))
        distance = album_distance(files, library.artist_of(album), album, release, mapping)
        if distance.value < least:
            least = distance.value
            best = Identified(files, release, album, distance, mapping)
            if least == 0.0:
                break
    return best


def _pair(files: Sequence[LocalFile], tracks: Sequence[Track]) -> Mapping:
    """The cheapest one-to-one pairing of files and tracks."""
    running = [running_number(track, tracks) for track in tracks]
    distances = [
        [
            track_distance(file.tags, track, number)
            for track, number in zip(tracks, running, strict=True)
        ]
        for file in files
    ]
    solution = assign([[distance.value for distance in row] for row in distances])
    pairs = [(files[row], tracks[column], distances[row][column]) for row, column in solution]
    paired, placed = {row for row, _ in solution}, {column for _, column in solution}
    return Mapping(
        pairs,
        [file for row, file in enumerate(files) if row not in paired],
        [track for column, track in enumerate(tracks) if column not in placed],
    )
