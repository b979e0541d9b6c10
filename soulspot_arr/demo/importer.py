"""Lidarr's completed download handling: identify a finished folder, move it, or say why not.

It works on real files below the reported path and in one library folder. Fingerprinting is not
played: files without usable tags fail here, as they do in a Lidarr without `fpcalc`. The caller
keeps the states; this room only says which result an attempt has (contract lidarr §9).
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from soulspot_arr.demo import folder_scan
from soulspot_arr.demo.audio_tags import read_tags
from soulspot_arr.demo.distance import (
    ALBUM_LIMIT,
    TRACK_LIMIT,
    FileTags,
    Match,
    match_edition,
    most_common,
    similarity,
)
from soulspot_arr.demo.download_items import path_kind
from soulspot_arr.demo.library import Album, Edition, WantedTrack
from soulspot_arr.rules.lidarr.text import clean_name


class ImportState(StrEnum):
    """What Lidarr remembers after an attempt; `failed` is never tried again."""

    IMPORTED = "imported"
    PENDING = "importPending"
    FAILED = "importFailed"


@dataclass(frozen=True, slots=True)
class ImportResult:
    """The outcome of one attempt, with every complaint Lidarr would show."""

    state: ImportState
    messages: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
    distance: float | None = None


@dataclass(frozen=True, slots=True)
class _Verdict:
    """One group of files: its best match and why it is refused, if it is."""

    files: tuple[FileTags, ...]
    match: Match | None
    rejections: tuple[str, ...]


def import_download(
    output_path: str, grabbed: Album, *, library: Sequence[Album], library_root: Path
) -> ImportResult:
    """Try to import what lies at `output_path` for the artist of the grabbed album."""
    if not output_path:
        return _pending("Download doesn't contain intermediate path, Skipping.")
    if path_kind(output_path) != "unix":
        return _pending(
            f"[{output_path}] is not a valid local path. You may need a Remote Path Mapping."
        )
    source = Path(output_path)
    if not source.exists():
        return _pending(f"No files found are eligible for import in {output_path}")
    if source in {artist_folder(library_root, album.artist) for album in library}:
        return _pending("Import path is mapped to an artist folder")
    paths = folder_scan.audio_files(source) if source.is_dir() else _single_file(source)
    if not paths:
        reason = folder_scan.empty_reason(source) if source.is_dir() else ""
        return _pending(reason or f"No files found are eligible for import in {output_path}")
    candidates = [
        album for album in library if clean_name(album.artist) == clean_name(grabbed.artist)
    ]
    groups = folder_scan.group_files([read_tags(path) for path in paths])
    verdicts = _largest_only([_judge(group, candidates) for group in groups])
    return _carry_out(verdicts, source, grabbed=grabbed, library_root=library_root)


def artist_folder(library_root: Path, artist: str) -> Path:
    """Where an artist's albums live."""
    return library_root / _safe(artist)


def album_folder(library_root: Path, album: Album) -> Path:
    """Where one album's files go: `Artist/Album (Year)`."""
    year = f" ({album.year})" if album.year else ""
    return artist_folder(library_root, album.artist) / _safe(album.title + year)


def _judge(files: Sequence[FileTags], candidates: Sequence[Album]) -> _Verdict:
    this_year = datetime.now(UTC).year
    matches = [
        match_edition(files, album, edition, this_year=this_year)
        for album, edition in _editions(files, candidates)
    ]
    if not matches:
        return _Verdict(tuple(files), None, ("Couldn't find similar album for this release",))
    best = min(matches, key=lambda match: match.distance)
    return _Verdict(tuple(files), best, tuple(_rejections(files, best)))


def _rejections(files: Sequence[FileTags], best: Match) -> Iterable[str]:
    if best.distance > ALBUM_LIMIT:
        yield f"Album match is not close enough: {1 - best.distance:.1%} vs {1 - ALBUM_LIMIT:.0%}"
    worst = max((cost for _, _, cost in best.pairs), default=1.0)
    if worst > TRACK_LIMIT:
        yield f"Worst track match is not close enough: {1 - worst:.1%} vs {1 - TRACK_LIMIT:.0%}"
    if best.missing:
        yield f"Has missing tracks: {', '.join(track.title for track in best.missing)}"
    if best.unmatched:
        yield f"Has unmatched tracks: {', '.join(Path(tags.path).name for tags in best.unmatched)}"
    if not best.edition.monitored and not best.album.any_edition_ok:
        yield "Album release not requested"
    if any(folder_scan.is_unpacking(Path(tags.path)) for tags in files):
        yield "File is still being unpacked"


def _editions(
    files: Sequence[FileTags], candidates: Sequence[Album]
) -> list[tuple[Album, Edition]]:
    """Candidates by release id when all files agree on a known one, else by album tag."""
    release_ids = {tags.release_id for tags in files}
    every = [(album, edition) for album in candidates for edition in album.editions]
    if len(release_ids) == 1 and (release_id := release_ids.pop()):
        exact = [pair for pair in every if pair[1].release_id == release_id]
        if exact:
            return exact
    tag = most_common((tags.album for tags in files), "")
    if not tag:
        return []
    return [pair for pair in every if _resembles(pair[0].title, tag)]


def _resembles(title: str, tag: str) -> bool:
    """Lidarr's generous album lookup; the distance decides afterwards."""
    bare = (re.sub(r"[(\[].*[)\]]", "", text).strip() for text in (title, tag))
    before_dash = (re.split(r"[-:]", text)[0].strip() for text in (title, tag))
    for pair in ((title, tag), tuple(bare), tuple(before_dash)):
        left, right = (clean_name(text) for text in pair)
        if left and right and (similarity(left, right) > 0.7 or left in right or right in left):
            return True
    return title == tag


def _largest_only(verdicts: Sequence[_Verdict]) -> list[_Verdict]:
    """Of several groups that match one album only the largest is accepted."""
    kept: list[_Verdict] = []
    taken: set[tuple[str, str]] = set()
    for verdict in sorted(verdicts, key=lambda entry: -len(entry.files)):
        if verdict.match is None or verdict.rejections:
            kept.append(verdict)
            continue
        key = (verdict.match.album.artist, verdict.match.album.title)
        if key in taken:
            kept.append(replace(verdict, rejections=("Another group of files fits better",)))
        else:
            taken.add(key)
            kept.append(verdict)
    return kept


def _carry_out(
    verdicts: Sequence[_Verdict], source: Path, *, grabbed: Album, library_root: Path
) -> ImportResult:
    imported: list[Path] = []
    messages: list[str] = []
    for verdict in verdicts:
        if verdict.match is None or verdict.rejections:
            reason = "; ".join(verdict.rejections)
            messages.extend(f"{Path(tags.path).name}: {reason}" for tags in verdict.files)
            continue
        for tags, track, _ in verdict.match.pairs:
            target = _target(library_root, verdict.match, tags, track)
            try:
                imported.append(_move(Path(tags.path), target))
            except OSError as error:
                messages.append(f"{Path(tags.path).name}: {error.strerror or error}")
    if imported and source.is_dir() and not folder_scan.worth_keeping(source):
        shutil.rmtree(source, ignore_errors=True)
    distance = min((v.match.distance for v in verdicts if v.match is not None), default=None)
    enough = len(imported) >= max(1, grabbed.track_count)
    state = ImportState.IMPORTED if enough or not messages else ImportState.FAILED
    if state is ImportState.FAILED:
        messages.insert(
            0,
            "One or more tracks expected in this release were not imported or missing "
            "from the release",
        )
    return ImportResult(state, tuple(messages), tuple(imported), distance)


def _move(source: Path, target: Path) -> Path:
    if target.exists():
        raise FileExistsError(17, "destination exists already", str(target))
    target.parent.mkdir(parents=True, exist_ok=True)
    # A move, not a copy: the source folder must grant deletion (contract lidarr §9.3).
    shutil.move(source, target)
    return target


def _target(library_root: Path, match: Match, tags: FileTags, track: WantedTrack) -> Path:
    disc = f"{track.disc}-" if match.edition.discs > 1 else ""
    name = _safe(f"{disc}{track.number:02d} - {track.title}")
    return album_folder(library_root, match.album) / f"{name}{Path(tags.path).suffix.lower()}"


def _single_file(path: Path) -> list[Path]:
    return [path] if path.suffix.lower() in folder_scan.AUDIO_SUFFIXES else []


def _pending(message: str) -> ImportResult:
    return ImportResult(ImportState.PENDING, (message,))


def _safe(name: str) -> str:
    cleaned = re.sub(r'[<>|"\x00-\x1f]', "", name.replace("/", "+").replace("\\", "+"))
    return re.sub(r"[?*:]", "-", cleaned).strip(" .") or "_"
