"""What Lidarr sees in a finished folder: eligible audio files, and which of them form one album.

It reads names and directory entries, nothing else (contract lidarr §9.3, §9.4).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from pathlib import Path

from soulspot_arr.demo.distance import FileTags, most_common, similarity

AUDIO_SUFFIXES = frozenset(
    [
        ".mp2",
        ".mp3",
        ".m4a",
        ".m4b",
        ".m4p",
        ".ogg",
        ".oga",
        ".opus",
        ".wma",
        ".wav",
        ".wv",
        ".flac",
        ".ape",
        ".aif",
        ".aiff",
        ".aifc",
    ]
)
EXECUTABLE_SUFFIXES = frozenset({".exe", ".bat", ".cmd", ".sh"})
ARCHIVE_SUFFIXES = frozenset({".rar", ".zip", ".7z", ".tar", ".gz", ".bz2", ".r00"})
UNPACKING_PREFIXES = ("_UNPACK_", "_FAILED_")
_SKIPPED_FOLDERS = frozenset({"extras", "@eadir", ".@__thumb", "extrafanart", "plex versions"})
_SKIPPED_FILES = frozenset({"thumbs.db", ".ds_store"})
_DISC_MARKERS = ("dis[ck]", "cd")
_VARIOUS = frozenset({"", "various artists", "various", "va", "unknown"})


def audio_files(root: Path) -> list[Path]:
    """Every eligible audio file below `root`, sorted."""
    return sorted(
        path
        for path in root.rglob("*")
        if path.suffix.lower() in AUDIO_SUFFIXES and path.is_file() and not _is_skipped(root, path)
    )


def empty_reason(root: Path) -> str:
    """Why a folder without audio is refused with its own sentence; empty when it is merely empty."""
    suffixes = {path.suffix.lower() for path in root.rglob("*") if path.is_file()}
    if suffixes & EXECUTABLE_SUFFIXES:
        return "Caution: Found executable file"
    if suffixes & ARCHIVE_SUFFIXES:
        return "Found archive file, might need to be extracted"
    return ""


def is_unpacking(path: Path) -> bool:
    """Whether an ancestor folder makes Lidarr believe that the file is still being unpacked."""
    return any(parent.name.startswith(UNPACKING_PREFIXES) for parent in path.parents)


def worth_keeping(root: Path) -> bool:
    """Whether something remains that keeps Lidarr from deleting the folder after an import."""
    large_archive = any(
        path.suffix.lower() == ".rar" and path.stat().st_size > 10 * 1024 * 1024
        for path in root.rglob("*")
        if path.is_file()
    )
    return large_archive or bool(audio_files(root))


def group_files(files: Sequence[FileTags]) -> list[list[FileTags]]:
    """Files that Lidarr would treat as one release, by folder and, failing that, by tags."""
    groups: list[list[FileTags]] = []
    leftover: list[FileTags] = []
    for group in _by_folder(files):
        if looks_like_one_release(group):
            groups.append(group)
        else:
            leftover.extend(group)
    remaining: list[FileTags] = []
    for group in _by(leftover, lambda tags: (tags.album,)):
        if looks_like_one_release(group):
            groups.append(group)
        else:
            remaining.extend(group)
    return groups + _by(remaining, lambda tags: (tags.artist, tags.album))


def looks_like_one_release(files: Sequence[FileTags]) -> bool:
    """Whether the tags agree well enough on one album and, unless various, on one artist."""
    for ids in ({tags.album_id for tags in files}, {tags.release_id for tags in files}):
        if len(ids - {""}) > 1:
            return False
    if not _agree([tags.album for tags in files], 0.25):
        return False
    artists = [tags.artist for tags in files]
    various = not _agree(artists, 0.75) or most_common(artists, "").lower() in _VARIOUS
    return various or _agree(artists, 0.25)


def _agree(values: Sequence[str], threshold: float) -> bool:
    """Lidarr's "common entry" test; near spellings of the most frequent value count with it."""
    leader = most_common(values, "")
    counts = {value: values.count(value) for value in values}
    distinct, together = len(counts), counts[leader]
    for value, count in counts.items():
        if value != leader and value.strip() and leader.strip() and similarity(leader, value) > 0.9:
            distinct -= 1
            together += count
    scattered = distinct / len(values) > threshold or together / len(values) < 1 - threshold
    return distinct <= 1 or not scattered


def _by_folder(files: Sequence[FileTags]) -> list[list[FileTags]]:
    folders: dict[str, list[FileTags]] = {}
    for tags in files:
        folders.setdefault(str(Path(tags.path).parent), []).append(tags)
    groups: list[list[FileTags]] = []
    continues: re.Pattern[str] | None = None
    for folder in sorted(folders):
        if continues is not None and continues.fullmatch(folder):
            groups[-1].extend(folders[folder])
            continue
        groups.append(list(folders[folder]))
        continues = _disc_siblings(folder)
    return groups


def _disc_siblings(folder: str) -> re.Pattern[str] | None:
    """The pattern of folders that continue a multi-disc set begun by `folder`."""
    for marker in _DISC_MARKERS:
        match = re.match(rf"(.*{marker}[\W_]*)\d", folder, re.IGNORECASE)
        if match is not None:
            # Digits and nothing else may follow: "CD1 - Live" never joins (contract lidarr §9.4).
            return re.compile(re.escape(match.group(1)) + r"\d+", re.IGNORECASE)
    return None


def _by(
    files: Iterable[FileTags], key: Callable[[FileTags], tuple[str, ...]]
) -> list[list[FileTags]]:
    ordered = sorted(files, key=key)
    return [list(group) for _, group in groupby(ordered, key)]


def _is_skipped(root: Path, path: Path) -> bool:
    name = path.name.lower()
    if name in _SKIPPED_FILES or name.startswith("._") or name.endswith(".partial~"):
        return True
    folders = path.relative_to(root).parts[:-1]
    return any(part.lower() in _SKIPPED_FOLDERS or part.startswith(".") for part in folders)
