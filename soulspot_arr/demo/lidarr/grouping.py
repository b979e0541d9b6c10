"""Which files of a folder Lidarr takes for one release (contract lidarr §9.4).

Pure: it looks at paths and tags. The list may name a file twice, as Lidarr's does for unpadded disc
folders (`CD2` also claims `CD20`).
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from pathlib import PurePosixPath
from typing import TypeVar

from soulspot_arr.demo.lidarr.likeness import edits
from soulspot_arr.demo.lidarr.tags import LocalFile

K = TypeVar("K", bound=Hashable)

_MARKERS = ("dis[ck]", "cd")
_VARIOUS = frozenset({"", "various artists", "various", "va", "unknown"})
_FUZZ = 0.9
_SIGNS = " _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$"  # before digits, and these before letters


def group(files: Sequence[LocalFile]) -> list[list[LocalFile]]:
    """By folder; what does not look like one release by album tag, then by artist and album."""
    groups: list[list[LocalFile]] = []
    left: list[LocalFile] = []
    for members in _by_folder(files):
        if looks_single(members):
            groups.append(members)
        else:
            left.extend(members)
    rest: list[LocalFile] = []
    for members in _by(left, lambda file: file.tags.album):
        if looks_single(members):
            groups.append(members)
        else:
            rest.extend(members)
    return [*groups, *_by(rest, lambda file: (file.tags.artist, file.tags.album))]


def looks_single(files: Sequence[LocalFile]) -> bool:
    """Whether ids, album tags and (unless various) artist tags agree."""
    for ids in (
        {file.tags.album_id for file in files},
        {file.tags.release_id for file in files},
    ):
        if sum(1 for one in ids if one and one.strip()) > 1:
            return False
    if not _agree([file.tags.album for file in files], 0.25):
        return False
    return is_various(files) or _agree([file.tags.artist for file in files], 0.25)


def is_various(files: Sequence[LocalFile]) -> bool:
    """Whether the artists differ so much, or are called so, that it must be a compilation."""
    artists = [file.tags.artist for file in files]
    leader = most_common(artists)
    # A missing tag is no name, not even an empty one.
    return not _agree(artists, 0.75) or (leader is not None and leader.lower() in _VARIOUS)


def most_common(values: Iterable[K]) -> K:
    """The most frequent value, the first on a tie."""
    return Counter(values).most_common(1)[0][0]


def _agree(values: Sequence[str | None], threshold: float) -> bool:
    counts = Counter(values).most_common()
    leader, together = counts[0]
    distinct = len(counts)
    for value, count in counts[1:]:
        if leader and leader.strip() and value and value.strip() and edits(leader, value) > _FUZZ:
            distinct -= 1
            together += count
    scattered = distinct / len(values) > threshold or together / len(values) < 1 - threshold
    return not (distinct > 1 and scattered)


def _by(files: Iterable[LocalFile], key: Callable[[LocalFile], Hashable]) -> list[list[LocalFile]]:
    found: dict[Hashable, list[LocalFile]] = {}
    for file in files:
        found.setdefault(key(file), []).append(file)
    return list(found.values())


def _by_folder(files: Sequence[LocalFile]) -> list[list[LocalFile]]:
    homes = [(file, str(PurePosixPath(file.path).parent)) for file in files]
    groups: list[list[LocalFile]] = []
    continues: re.Pattern[str] | None = None
    for folder in sorted({home for _, home in homes}, key=_spoken):
        if continues is not None and continues.fullmatch(folder):
            # By the beginning of the path: a shorter number claims the longer ones as well.
            groups[-1].extend(file for file in files if file.path.startswith(folder))
            continue
        groups.append([file for file, home in homes if home == folder])
        continues = _siblings(folder)
    return groups


def _spoken(folder: str) -> tuple[list[tuple[int, str]], str]:
    """The place of a folder in a list that .NET sorts: by language, not by code point."""
    plain = (unicodedata.normalize("NFD", char)[0].lower() for char in folder)
    places = [
        (_SIGNS.find(char), char) if char in _SIGNS else (len(_SIGNS), char) for char in plain
    ]
    return places, folder


def _siblings(folder: str) -> re.Pattern[str] | None:
    for marker in _MARKERS:
        found = re.match(rf"(.*{marker}[\W_]*)\d", folder, re.IGNORECASE)
        if found is not None:
            return re.compile(re.escape(found[1]) + r"\d+", re.IGNORECASE)
    return None
