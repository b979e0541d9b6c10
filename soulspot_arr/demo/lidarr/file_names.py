"""What Lidarr guesses from file names when tags lack a title, a track or a disc number.

Names are read only if all of a group fit one pattern; what is found fills gaps and replaces nothing
(contract lidarr §9.5). It changes the tags in memory, never a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from soulspot_arr.demo.lidarr.tags import LocalFile
from soulspot_arr.rules.lidarr.text import remove_accents

_ALPHABETS = ((r"a-z0-9,().&'’\s", r"\s_-"), (r"a-z0-9,().&'’_", r"\s-"))
# The order in which parts of a name are tried; every later separator equals the first.
_SHAPES = (
    ("track", "artist", "title", "tag"),
    ("track", "artist", "tag", "title"),
    ("track", "artist", "title"),
    ("artist", "tag", "track", "title"),
    ("artist", "track", "title", "tag"),
    ("artist", "track", "title"),
    ("artist", "title", "tag"),
    ("artist", "tag", "title"),
    ("artist", "title"),
    ("track", "title"),
    ("track", "tag", "title"),
    ("track", "title", "tag"),
    ("title",),
)


def fill_gaps(files: Sequence[LocalFile]) -> None:
    """Complete the tags of one group from its names, when any of them needs it."""
    needed = (
        not (file.tags.title or "").strip() or file.tags.number == 0 or file.tags.disc == 0
        for file in files
    )
    if not any(needed):
        return
    for pattern in _patterns():
        names = [remove_accents(PurePosixPath(file.path).stem) for file in files]
        found = [pattern.match(name) for name in names]
        matches = [match for match in found if match is not None]
        if len(matches) == len(files):
            _apply(files, matches)


def _patterns() -> Iterator[re.Pattern[str]]:
    for letters, separators in _ALPHABETS:
        for shape in _SHAPES:
            yield re.compile("^" + "".join(_parts(shape, letters, separators)) + "$", re.IGNORECASE)


def _parts(shape: Sequence[str], letters: str, separators: str) -> Iterator[str]:
    for at, part in enumerate(shape):
        if at:
            yield rf"(?P<sep>[{separators}]+)" if at == 1 else "(?P=sep)"
        yield r"(?P<track>\d+)" if part == "track" else rf"(?P<{part}>[{letters}]+)"


def _same(matches: Sequence[re.Match[str]], part: str) -> bool:
    return len({match[part] for match in matches}) == 1


def _apply(files: Sequence[LocalFile], matches: Sequence[re.Match[str]]) -> None:
    parts = matches[0].re.groupindex
    if "tag" in parts and not _same(matches, "tag"):
        return
    title_part = "title"
    if "artist" in parts:
        # Of artist and title the one that never changes is the artist.
        names = [part for part in ("artist", "title") if _same(matches, part)]
        if not names:
            return
        title_part = "title" if names[0] == "artist" else "artist"
        for file in files:
            if not (file.tags.artist or "").strip():
                file.tags.artist = matches[0][names[0]].strip()
    for file, match in zip(files, matches, strict=True):
        if not (file.tags.title or "").strip():
            file.tags.title = match[title_part].strip()
        if "track" in parts and file.tags.number == 0:
            _number(file, int(match["track"]))


def _number(file: LocalFile, number: int) -> None:
    """Three digits are a disc and a track."""
    if number > 100:
        file.tags.disc, number = divmod(number, 100)
    file.tags.number = number
