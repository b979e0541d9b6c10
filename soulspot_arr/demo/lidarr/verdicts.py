"""Lidarr's import decision: every group and every file is let in, or refused with its reasons.

It looks at rows, tags and the state of the library; it moves nothing (contract lidarr §9.5, §9.6).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from soulspot_arr.demo.decisions import QUALITIES
from soulspot_arr.demo.lidarr.identification import Identified, Overrides, identify
from soulspot_arr.demo.lidarr.library import Library
from soulspot_arr.demo.lidarr.records import DOWNLOAD_IMPORTED, GRABBED, Album, Happening, Release
from soulspot_arr.demo.lidarr.records import Track as LibraryTrack
from soulspot_arr.demo.lidarr.tags import LocalFile

ALBUM_LIMIT = 0.20
TRACK_LIMIT = 0.40


@dataclass(slots=True)
class Verdict:
    """One file: what it was taken for and why it stays outside, if it does."""

    file: LocalFile
    album: Album | None = None
    release: Release | None = None
    track: LibraryTrack | None = None
    quality: str = "Unknown"
    rejections: list[str] = field(default_factory=list)

    @property
    def approved(self) -> bool:
        """Whether it may come in."""
        return not self.rejections


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a decision depends on besides files and catalogue."""

    library: Library
    history: Iterable[Happening]
    root_folders: Sequence[str]
    working_folders: Sequence[str] = ("_UNPACK_", "_FAILED_")
    download_id: str | None = None
    free_bytes: int | None = None


def decide(
    files: Sequence[LocalFile],
    overrides: Overrides,
    around: Circumstances,
    *,
    single: bool = False,
) -> list[Verdict]:
    """One verdict per file, the groups judged first."""
    return judge(identify(around.library, files, overrides, single=single), overrides, around)


def judge(
    groups: Sequence[Identified], overrides: Overrides, around: Circumstances
) -> list[Verdict]:
    """One verdict for each file of groups that were identified, in their order."""
    judged = [(one, list(_group_reasons(one, around))) for one in groups]
    _only_the_largest(judged)
    verdicts = []
    for one, reasons in judged:
        for file in one.files:
            verdict = _verdict(one, file, overrides)
            verdict.rejections = reasons or list(_file_reasons(one, verdict, around))
            verdicts.append(verdict)
    return verdicts


def _verdict(one: Identified, file: LocalFile, overrides: Overrides) -> Verdict:
    found = one.track_of(file)
    if one.release is None:
        return Verdict(file, overrides.album, overrides.release, quality=file.tags.quality)
    track = found[0] if found is not None else None
    return Verdict(file, one.album, one.release, track, quality=file.tags.quality)


def _only_the_largest(judged: Sequence[tuple[Identified, list[str]]]) -> None:
    taken: set[int] = set()
    accepted = [entry for entry in judged if not entry[1]]
    for one, reasons in sorted(accepted, key=lambda entry: -len(entry[0].files)):
        assert one.album is not None
        if one.album.id in taken:
            reasons.append("Multiple versions of an album not supported")
        taken.add(one.album.id)


def _group_reasons(one: Identified, around: Circumstances) -> Iterator[str]:
    if one.release is None or one.album is None:
        homes = dict.fromkeys(str(PurePosixPath(file.path).parent) for file in one.files)
        yield f"Couldn't find similar album for [{', '.join(homes)}]"
        return
    yield from _closeness(one)
    if one.mapping.unmatched:
        yield "Has unmatched tracks"
    elif one.mapping.missing:
        yield "Has missing tracks"
    if not (one.release.monitored or one.album.any_release_ok):
        yield "Album release not requested"
    yield from _compared_to_library(one, one.album, one.release, around)
    yield from _imported_before(one.album, one.release, around)
    home = around.library.artist_of(one.album).path
    if not _inside_a_root(home, around.root_folders):
        yield f"Destination folder {home} is not in a Root Folder"


def _closeness(one: Identified) -> Iterator[str]:
    distance = one.distance.value
    if distance > ALBUM_LIMIT:
        yield (
            f"Album match is not close enough: {_percent(distance)} vs "
            f"{1 - ALBUM_LIMIT:.0%} {one.distance.reasons}"
        )
        return
    if not one.mapping.pairs:
        yield "No tracks matched"
        return
    worst = max((found for _, _, found in one.mapping.pairs), key=lambda found: found.value)
    if worst.value > TRACK_LIMIT:
        yield (
            f"Worst track match: {_percent(worst.value)} vs {1 - TRACK_LIMIT:.0%} {worst.reasons}"
        )


def _compared_to_library(
    one: Identified, album: Album, release: Release, around: Circumstances
) -> Iterator[str]:
    """MoreTracks and AlbumUpgrade: only when the release would change."""
    current = around.library.monitored(album.id)
    if current is None or current.id == release.id:
        return
    owned = [track for track in around.library.tracks_of(current.id) if track.file_id]
    if len(one.files) < len(owned):
        yield "Has fewer tracks than existing release"
    qualities = [file.quality for file in around.library.files_of(album.id)]
    if owned and qualities:
        least = min(_rank(file.tags.quality) for file in one.files)
        if min(map(_rank, qualities)) > least:
            yield "Not an upgrade for existing album file(s)"


def _imported_before(album: Album, release: Release, around: Circumstances) -> Iterator[str]:
    has_files = any(track.file_id for track in around.library.tracks_of(release.id))
    if around.download_id is None or not has_files:
        return
    rows = [
        row
        for row in around.history
        if row.album_id == album.id and row.download_id == around.download_id
    ]
    imported = max((row.date for row in rows if row.event == DOWNLOAD_IMPORTED), default="")
    grabbed = max((row.date for row in rows if row.event == GRABBED), default="")
    if imported and imported > grabbed:
        yield f"Album already imported at {imported}"


def _file_reasons(one: Identified, verdict: Verdict, around: Circumstances) -> Iterator[str]:
    found = one.track_of(verdict.file)
    if found is None:
        yield f"Couldn't parse track from: {PurePosixPath(verdict.file.path).name}"
        return
    track, distance = found
    if distance.value > TRACK_LIMIT:
        yield (
            f"Track match is not close enough: {_percent(distance.value)} vs "
            f"{1 - TRACK_LIMIT:.0%} {distance.reasons}"
        )
    existing = around.library.files.get(track.file_id)
    if existing is not None and _rank(verdict.quality) < _rank(existing.quality):
        yield f"Not an upgrade for existing track file(s). New Quality is {verdict.quality}"
    if around.free_bytes is not None and around.free_bytes < verdict.file.size:
        yield "Not enough free space"
    parents = PurePosixPath(verdict.file.path).parents
    if any(parent.name.startswith(tuple(around.working_folders)) for parent in parents):
        yield "File is still being unpacked"


def _inside_a_root(path: str, roots: Sequence[str]) -> bool:
    return any(path.startswith(root.rstrip("/") + "/") for root in roots)


def _rank(quality: str) -> int:
    return QUALITIES.get(quality, QUALITIES["Unknown"]).group


def _percent(distance: float) -> str:
    return f"{(1 - distance) * 100:.1f}%"
