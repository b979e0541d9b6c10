"""What Lidarr learns from file names where tags are missing: artist, number and disc of a track.

A name is cut into fields in one of a few orders, and only an order that fits every file of the
release counts. The title it yields is not compared with anything later (contract lidarr §9.5), so
it is not kept here. Source: Aggregation/Aggregators/AggregateFilenameInfo.cs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from soulspot_arr.rules.lidarr.text import remove_accents
from soulspot_arr.rules.rehearsal.tags import FileTags, filled

# Tried in this order, and each one that fits fills what is still missing.
_ORDERS = (
    "track artist title tag",
    "track artist tag title",
    "track artist title",
    "artist tag track title",
    "artist track title tag",
    "artist track title",
    "artist title tag",
    "artist tag title",
    "artist title",
    "track title",
    "track tag title",
    "track title tag",
)
# Signs a field may have, and signs that divide fields; the same ones all through a name.
_SPELLINGS = ((r"A-Za-z0-9,().&'’\s", r"\s_-"), (r"A-Za-z0-9,().&'’_", r"\s-"))

_BY_HUNDREDS = 100  # "203" is track 3 of disc 2
_LARGEST = 2**31 - 1  # of a larger number Lidarr gives up on all the names


class _TooLarge(Exception):
    """A number that Lidarr cannot hold."""


def _pattern(order: str, field: str, dividers: str) -> re.Pattern[str]:
    first, *others = (
        rf"(?P<{name}>\d+)" if name == "track" else rf"(?P<{name}>[{field}]+)"
        for name in order.split()
    )
    rest = r"(?P=divider)".join(others)
    return re.compile(rf"{first}(?P<divider>[{dividers}]+){rest}")


_PATTERNS = tuple(
    (
        re.compile(rf"[{field}](?:[{field}{dividers}]*[{field}])?"),
        tuple(_pattern(order, field, dividers) for order in _ORDERS),
    )
    for field, dividers in _SPELLINGS
)


def complete(files: Sequence[FileTags]) -> tuple[FileTags, ...]:
    """The files of one release with what their names say where the tags say nothing."""
    found = tuple(files)
    if all(filled(file.title) and file.track and file.disc for file in found):
        return found
    names = [_stem(file.path) for file in found]
    try:
        for matches in _readings(names):
            found = _filled_in(found, matches)
    except _TooLarge:
        pass
    return found


def _stem(path: str) -> str:
    name = path.rpartition("/")[2]
    return remove_accents(name.rpartition(".")[0] if "." in name else name)


def _readings(names: Sequence[str]) -> Iterator[list[re.Match[str]]]:
    """The matches of each order that fits all the names."""
    for fits, patterns in _PATTERNS:
        if not all(map(fits.fullmatch, names)):  # the patterns would try in vain for long
            continue
        for pattern in patterns:
            matches = []
            for name in names:
                match = pattern.fullmatch(name)
                if match is None:
                    break
                matches.append(match)
            else:
                yield matches


def _filled_in(
    files: tuple[FileTags, ...], matches: Sequence[re.Match[str]]
) -> tuple[FileTags, ...]:
    fields = matches[0].re.groupindex
    if "tag" in fields and not _uniform(matches, "tag"):
        return files
    artist = None
    if "artist" in fields:
        # One of two fields must be the same in all names; that one is the artist.
        name = next((name for name in ("artist", "title") if _uniform(matches, name)), None)
        if name is None:
            return files
        artist = matches[0][name].strip()
    return tuple(
        _told(file, match, artist=artist) for file, match in zip(files, matches, strict=True)
    )


def _told(file: FileTags, match: re.Match[str], *, artist: str | None) -> FileTags:
    """One file with the fields it lacks."""
    if artist is not None and not filled(file.by):
        file = replace(file, artist=artist, album_artist=None)
    if "track" in match.re.groupindex and not file.track:
        return _numbered(file, match["track"])
    return file


def _uniform(matches: Sequence[re.Match[str]], name: str) -> bool:
    return len({match[name] for match in matches}) == 1


def _numbered(file: FileTags, digits: str) -> FileTags:
    number = int(digits)
    if number > _LARGEST:
        raise _TooLarge
    if number > _BY_HUNDREDS:
        return replace(file, disc=number // _BY_HUNDREDS, track=number % _BY_HUNDREDS)
    return replace(file, track=number)
