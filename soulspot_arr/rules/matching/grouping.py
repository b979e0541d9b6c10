"""From raw folders to candidates: what one peer shares as one album in one format.

Disc folders are joined, formats side by side are parted, and nothing but importable audio is kept.
Whether a candidate is the wanted album is not asked here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from soulspot_arr.domain import RawFile, RawFolder
from soulspot_arr.rules.discs import disc_of_folder, split_disc
from soulspot_arr.rules.matching.candidates import Candidate, CandidateFile, Shelf
from soulspot_arr.rules.matching.track_titles import key_of
from soulspot_arr.rules.quality import codec_of
from soulspot_arr.rules.reading import is_format, is_root, segments
from soulspot_arr.rules.spelling import normalise
from soulspot_arr.rules.tracks import IMPORTABLE

_CUE = "cue"
_CODECS = {**IMPORTABLE, "cue": _CUE}
_BEHIND_NUMBER = frozenset(" ._)]")
_NUMBER = re.compile(r"(?<![^\W_])((?:\d{1,2}[-.]|[A-H])?\d{1,3})(?=[\s._)\]-])")
_DIGIT = re.compile(r"\d")
_MAY_BE_COPY = re.compile(r"\d(?!\w*\Z)|copy", re.IGNORECASE)


@dataclass(slots=True)
class _Folder:
    """The audio files that one peer keeps in one remote folder, by format and name."""

    path: str
    hints: RawFolder
    parts: tuple[str, ...] = ()
    disc: int = 0
    cue: bool = False
    audio: dict[str, dict[str, RawFile]] = field(default_factory=dict)


def group(folders: Sequence[RawFolder]) -> tuple[Candidate, ...]:
    """Every album in every format that these folders hold, in the order of their paths."""
    albums: dict[tuple[str, str, str], list[_Folder]] = {}
    # In whatever order an answer comes, the same folder has to become the same candidate.
    found = sorted(_by_directory(folders), key=lambda folder: folder.path)
    for folder in found:
        folder.parts = segments(folder.path)
    counted = _counted(found)
    for folder in found:
        if (folder.hints.peer, folder.parts[:-1]) in counted and _is_number(folder.parts[-1]):
            root, folder.disc = "\\".join(folder.parts[:-1]), int(folder.parts[-1])
        else:
            root, folder.disc = _album_root(folder.parts)
        key = (folder.hints.peer, root, "")
        # "CD1" beside "Disc 1" is one album twice, and two share roots may hold one path each.
        if any(folder.disc == known.disc for known in albums.get(key, ())):
            key = (folder.hints.peer, root, folder.path.rstrip("0123456789"))
        albums.setdefault(key, []).append(folder)
    return tuple(
        candidate
        for (_, root, style), discs in albums.items()
        for beside, belonging in enumerate(_belonging(discs))
        for candidate in _candidates(root, belonging, _part(style, "beside discs" * bool(beside)))
    )


def _counted(folders: Iterable[_Folder]) -> set[tuple[str, tuple[str, ...]]]:
    """The folders, by peer, below which others are called 1, 2 … and so are discs of one album."""
    numbers: dict[tuple[str, tuple[str, ...]], set[int]] = {}
    for folder in folders:
        above = folder.parts[:-1]
        if above and _is_number(folder.parts[-1]) and not is_root(above[-1]):
            numbers.setdefault((folder.hints.peer, above), set()).add(int(folder.parts[-1]))
    return {
        place
        for place, found in numbers.items()
        if len(found) > 1 and found == set(range(1, len(found) + 1))
    }


def _is_number(name: str) -> bool:
    return len(name) < 3 and name.isdecimal()


def _part(*names: str) -> tuple[str, ...]:
    return tuple(name for name in names if name)


def _by_directory(folders: Iterable[RawFolder]) -> list[_Folder]:
    """Importable audio by peer and remote folder; the same file told twice counts once."""
    found: dict[tuple[str, str], _Folder] = {}
    for folder in folders:
        place = kind = ""
        files: dict[str, RawFile] = {}
        for file in folder.files:
            directory, slash, name = file.path.rpartition("\\")
            if "/" in name or not slash:
                directory, name = _cut(file.path, folder)
            _, dot, extension = name.rpartition(".")
            codec = _CODECS.get(extension) or _CODECS.get(extension.lower())
            if codec is None or not dot:
                continue
            if codec == "AAC":
                codec = codec_of(file) or codec
            if directory != place or codec != kind or not files:
                place, kind = directory, codec
                known = found.get((folder.peer, place))
                if known is None:
                    known = found[folder.peer, place] = _Folder(place, folder)
                files = known.audio.setdefault(kind, {})
            files.setdefault(name, file)
    return [kept for kept in found.values() if _is_audio(kept)]


def _cut(path: str, folder: RawFolder) -> tuple[str, str]:
    """The folder and the name of a file where other slashes divide, or none."""
    cut = max(path.rfind("\\"), path.rfind("/"))
    return (path[:cut], path[cut + 1 :]) if cut >= 0 else (folder.path, path)


def _is_audio(folder: _Folder) -> bool:
    """Whether music lies in it; leaves out cue sheets and what macOS puts beside its files."""
    folder.cue = folder.audio.pop(_CUE, None) is not None
    for codec, files in list(folder.audio.items()):
        for name in [name for name in files if name[0] in "._ " and _is_hidden(name)]:
            del files[name]
        if not files:
            del folder.audio[codec]
    return bool(folder.audio)


def _is_hidden(name: str) -> bool:
    return name.startswith("._") or not name.rpartition(".")[0].strip()


def _album_root(parts: tuple[str, ...]) -> tuple[str, int]:
    """The folder that holds the whole album, and which disc of it lies here (0: all of it)."""
    upper, layers = parts, ""
    while len(upper) > 1 and is_format(upper[-1]) and not disc_of_folder(upper[-1], upper[-2]):
        layers = f"\\{upper[-1]}{layers}"  # copies in two formats are two albums
        upper = upper[:-1]
    disc = disc_of_folder(upper[-1], upper[-2]) if len(upper) > 1 else 0
    if disc and not is_root(upper[-2]):
        return "\\".join(upper[:-1]) + layers, disc
    name, disc = split_disc(upper[-1]) if upper else ("", 0)
    if disc:
        return "\\".join((*upper[:-1], name)) + layers, disc
    return "\\".join(parts), 0


def _belonging(discs: list[_Folder]) -> list[list[_Folder]]:
    """Files beside disc folders are the missing first disc, or an album of their own."""
    numbers = {folder.disc for folder in discs}
    if 0 not in numbers or len(numbers) == 1:
        return [discs]
    loose = [folder for folder in discs if not folder.disc]
    if 1 not in numbers:
        for folder in loose:
            folder.disc = 1
        return [discs]
    return [[folder for folder in discs if folder.disc], loose]


def _candidates(root: str, discs: list[_Folder], part: tuple[str, ...]) -> Iterator[Candidate]:
    formats = dict.fromkeys(codec for folder in discs for codec in folder.audio)
    for codec in formats:
        shelves = tuple(
            Shelf(folder.disc, folder.audio[codec]) for folder in discs if codec in folder.audio
        )
        whole = _candidate(root, discs, shelves, part)
        if all(_each_once(shelf.files) for shelf in shelves):
            yield whole
        else:
            yield from _parted(whole)


def _each_once(names: Collection[str]) -> bool:
    """Whether no track can be there twice: every name has a number of its own, or none has any."""
    if _each_numbered(names):
        return True
    numbers: set[str] = set()
    bare = 0
    for name in names:
        head = name[:2]
        if head.isdecimal() and name[2:3] in _BEHIND_NUMBER:
            numbers.add(head.lstrip("0"))
            continue
        match = _NUMBER.search(name)
        if match is not None:
            numbers.add(match[1].lstrip("0"))
        elif _MAY_BE_COPY.search(name) is None:
            bare += 1
        else:
            return False
    return len(numbers) == len(names) or bare == len(names)


def _each_numbered(names: Collection[str]) -> bool:
    """Whether all begin alike, and go on with two digits of their own: "01 …", "Artist - 01 …"."""
    front = _alike(min(names), max(names)).rstrip("0123456789")  # of all, then
    if front and (front[-1].isalnum() or _DIGIT.search(front)):
        return False
    at, behind = len(front), len(front) + 2
    heads = {name[at:behind] for name in names}
    return (
        len(heads) == len(names)
        and all(map(str.isdecimal, heads))
        and _BEHIND_NUMBER.issuperset([name[behind : behind + 1] for name in names])
    )


def _alike(one: str, other: str) -> str:
    """What two texts begin with."""
    same = next(
        (at for at, (mine, its) in enumerate(zip(one, other, strict=False)) if mine != its),
        len(one),
    )
    return one[:same]


def _candidate(
    root: str, discs: list[_Folder], shelves: tuple[Shelf, ...], part: tuple[str, ...]
) -> Candidate:
    hints = discs[0].hints
    parts = tuple(part for part in root.split("\\") if part)
    return Candidate(
        peer=hints.peer,
        root=root,
        name=parts[-1] if parts else "",
        shelves=shelves,
        folders=parts,
        free_slot=hints.free_slot,
        speed=hints.speed,
        queue_length=hints.queue_length,
        cue=discs[0].cue,
        part=part,
    )


def _parted(whole: Candidate) -> Iterator[Candidate]:
    """Copies of the same tracks and several albums in one folder apart, as far as names allow."""
    if _once(whole.files):
        yield whole
        return
    for copies in _by_depth(whole.files):
        albums: dict[tuple[str, str], list[CandidateFile]] = {}
        if not _once(copies):
            for file in copies:
                albums.setdefault((normalise(file.by), normalise(file.of)), []).append(file)
        if len(albums) > 1 and all(of for _, of in albums):
            for claim, files in albums.items():
                yield _of_one_claim(whole, claim, files)
        else:
            yield whole.holding(copies) if len(copies) < len(whole.files) else whole


def _once(files: Sequence[CandidateFile]) -> bool:
    """Whether no two of these files are the same track."""
    return len({_place(file) for file in files}) == len(files)


def _place(file: CandidateFile) -> tuple[int, int | None, str]:
    return file.disc, file.track, key_of(file.title) if file.track is None else ""


def _by_depth(files: Sequence[CandidateFile]) -> list[Sequence[CandidateFile]]:
    """16 and 24 bit copies of the same tracks apart; anything else together."""
    depths: dict[bool, list[CandidateFile]] = {}
    for file in files:
        depths.setdefault((file.raw.bit_depth or 16) > 16, []).append(file)
    parts = list(depths.values())
    return [*parts] if len(parts) == 2 and all(map(_once, parts)) else [files]


def _of_one_claim(
    whole: Candidate, claim: tuple[str, str], files: list[CandidateFile]
) -> Candidate:
    """The files of one folder whose names claim one artist and one album; its own name is moot."""
    several = any(file.disc > 1 for file in files)
    held = files if several else [file._replace(disc=0) for file in files]
    found = whole.holding(held, *claim)
    return replace(found, folders=(), claims=(files[0].by, files[0].of))
