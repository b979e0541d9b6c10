"""Which files Lidarr takes for one release, before it knows which (contract lidarr §9.4).

Folders first, disc folders together; where the tags of a folder disagree, by album tag, then by
artist and album tag. Source: Identification/TrackGroupingService.cs.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence

from soulspot_arr.rules.lidarr.text import shadow
from soulspot_arr.rules.rehearsal.likeness import likeness
from soulspot_arr.rules.rehearsal.tags import FileTags, filled
from soulspot_arr.rules.tracks import IMPORTABLE

Group = tuple[FileTags, ...]

_SKIPPED_FOLDER = re.compile(
    r"(?:^|/)(?:extras|@eadir|\.@__thumb|extrafanart|plex versions|\.[^\\/]+)/", re.IGNORECASE
)

# The last disc word before a number counts, in the folder's whole path; "disc" goes before "cd".
_DISC_WORDS = (
    re.compile(r".*dis[ck][\W_]*(?=\d)", re.IGNORECASE),
    re.compile(r".*cd[\W_]*(?=\d)", re.IGNORECASE),
)

_DISSENT = 0.25  # share of files that may have other tags
_DISSENT_OF_MANY = 0.75  # the same, to tell whether there is one artist at all
_TYPO = 0.9  # texts more alike than this are one
_VARIOUS = frozenset({"", "various artists", "various", "va", "unknown"})

# How the culture of an invariant .NET orders signs, all of them before digits and letters.
_SIGNS = "_-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$"


def eligible(path: str) -> bool:
    """Whether Lidarr looks at the file at all; the path is that below the job's folder."""
    name = path.rpartition("/")[2]
    kind = name.rpartition(".")[2].lower() if "." in name else ""
    return kind in IMPORTABLE and not name.startswith("._") and not _SKIPPED_FOLDER.search(path)


def group(files: Sequence[FileTags], root: str = "") -> list[Group]:
    """The releases the files seem to be; in odd layouts a file is in two of them, as in Lidarr.

    `root` is the job's folder as Lidarr sees it: of "/mnt/disk1" it thinks that it is a disc.
    """
    groups: list[Group] = []
    rest: list[FileTags] = []
    for folder in _by_folder(files, root):
        if is_single_release(folder):
            groups.append(folder)
        else:
            rest += folder
    strays: list[FileTags] = []
    for album in _by(rest, [file.album for file in rest]):
        if is_single_release(album):
            groups.append(album)
        else:
            strays += album
    return groups + _by(strays, [(file.by, file.album) for file in strays])


def is_single_release(files: Sequence[FileTags]) -> bool:
    """Whether the tags agree well enough: at most one id, one album, one artist or many."""
    for ids in ({file.release_group_id for file in files}, {file.release_id for file in files}):
        if sum(map(filled, ids)) > 1:
            return False
    if not _agree([file.album for file in files], _DISSENT):
        return False
    return is_various(files) or _agree([file.by for file in files], _DISSENT)


def is_various(files: Sequence[FileTags]) -> bool:
    """Whether it looks like a compilation of many artists."""
    artists = [file.by for file in files]
    if not _agree(artists, _DISSENT_OF_MANY):
        return True
    commonest = Counter(artists).most_common(1)[0][0]
    return commonest is not None and commonest.lower() in _VARIOUS


def _agree(values: Sequence[str | None], dissent: float) -> bool:
    """Whether there are few values and one of them, typing errors included, is that of most."""
    (commonest, most), *others = Counter(values).most_common()
    distinct = 1 + len(others)
    for value, times in others:
        if _typo(commonest, value):
            distinct -= 1
            most += times
    if distinct == 1:
        return True
    return distinct / len(values) <= dissent and most / len(values) >= 1 - dissent


def _typo(one: str | None, other: str | None) -> bool:
    if not one or not other or not one.strip() or not other.strip():
        return False
    return likeness(one, other) > _TYPO


def _by(files: Sequence[FileTags], keys: Sequence[Hashable]) -> list[Group]:
    """The files of each key, in the order in which keys come first."""
    found: dict[Hashable, list[FileTags]] = {}
    for file, key in zip(files, keys, strict=True):
        found.setdefault(key, []).append(file)
    return [tuple(group) for group in found.values()]


def _by_folder(files: Sequence[FileTags], root: str) -> Iterator[Group]:
    """The files of each folder; disc folders that follow each other give one group."""
    group: list[FileTags] = []
    goes_on: re.Pattern[str] | None = None
    for folder in _ordered({file.folder for file in files}):
        whole = f"{root}/{folder}" if folder else root
        if goes_on and goes_on.fullmatch(shadow(whole)):
            # By the beginning of the path: "Disc 2" brings the files of "Disc 20" as well.
            group += [file for file in files if file.path.startswith(folder)]
            continue
        if group:
            yield tuple(group)
        group = [file for file in files if file.folder == folder]
        goes_on = _further_discs(whole)
    if group:
        yield tuple(group)


def _further_discs(folder: str) -> re.Pattern[str] | None:
    """What the folders of further discs look like; None when the folder is not of a disc."""
    path = shadow(folder)
    for word in _DISC_WORDS:
        if match := word.match(path):
            return re.compile(re.escape(match[0]) + r"\d+", re.IGNORECASE)
    return None


def _ordered(folders: Iterable[str]) -> list[str]:
    return sorted(folders, key=lambda folder: ([_rank(char) for char in folder], folder))


def _rank(char: str) -> tuple[int, int, str]:
    """The place of a sign in an ordering that knows languages: blanks, signs, digits, letters."""
    base = unicodedata.normalize("NFD", char)[0].casefold()
    if base.isspace():
        return (0, 0, "")
    if base.isdecimal():
        return (2, unicodedata.decimal(base), "")
    if base.isalpha():
        return (3, 0, base)
    return (1, _SIGNS.find(base) % 99, base)
