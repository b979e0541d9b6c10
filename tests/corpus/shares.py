"""Shelves: one record as one peer shows it, with the truth about every file and a label.

The label follows from the truth; nobody writes it by hand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from soulspot_arr.domain import RawFile, RawFolder
from soulspot_arr.wanted import Edition
from tests.corpus.catalogue import Target


class Label(StrEnum):
    """What a shelf is to the target."""

    EXACT = "exact release"  # the tracks of an eligible edition, each once, and nothing else
    OTHER_EDITION = "other edition"  # the tracks of an edition that Lidarr would not import
    SUBSET = "subset"  # of the album, but no eligible edition is complete
    SUPERSET = "superset"  # an eligible edition and more
    WRONG_VERSION = "wrong version"  # half or more are other versions of its songs
    WRONG_ALBUM = "wrong album"
    NOISE = "noise"  # not even an album


@dataclass(frozen=True, slots=True)
class Peer:
    """Who shares, and how fast he would give."""

    name: str
    free_slot: bool = True
    speed: int = 1_000_000
    queue_length: int = 0


@dataclass(frozen=True, slots=True)
class Shelf:
    """One record at one peer. `truth` maps the path of every audio file to its recording."""

    peer: str
    kind: str  # how it came about, for reports: "plain", "live, unnamed"
    folders: tuple[RawFolder, ...]
    truth: Mapping[str, str]
    label: Label

    @property
    def files(self) -> list[RawFile]:
        """Every file of every folder."""
        return [file for folder in self.folders for file in folder.files]


@dataclass(frozen=True, slots=True)
class World:
    """Everything the network shows about a target."""

    target: Target
    shelves: tuple[Shelf, ...]
    folders: tuple[RawFolder, ...] = field(default=(), repr=False)  # of all shelves, shuffled

    @property
    def truth(self) -> dict[tuple[str, str], str]:
        """The recording of every audio file by peer and path."""
        return {
            (shelf.peer, path): key for shelf in self.shelves for path, key in shelf.truth.items()
        }

    @property
    def acceptable(self) -> bool:
        """Whether some shelf holds a whole eligible edition that can be fetched."""
        return any(holds(self.target, shelf) for shelf in self.shelves)


def keys(edition: Edition) -> Counter[str]:
    """The recordings of an edition, each as often as it is on it."""
    return Counter(track.recording_id for track in edition.tracks)


def fetchable(shelf: Shelf) -> Counter[str]:
    """The recordings that the peer would give, with how often he has them."""
    return Counter(
        shelf.truth[file.path]
        for file in shelf.files
        if file.path in shelf.truth and not file.locked and file.size > 0
    )


def holds(target: Target, shelf: Shelf) -> bool:
    """Whether an eligible edition is complete on this shelf and can be fetched."""
    have = fetchable(shelf)
    return any(not keys(edition) - have for edition in target.wanted.eligible())


def label(target: Target, truth: Mapping[str, str], *, noise: bool = False) -> Label:
    """What files with these recordings are to the target."""
    have = Counter(truth.values())
    own = set(target.recordings())
    if any(keys(edition) == have for edition in target.wanted.eligible()):
        return Label.EXACT
    if any(not keys(edition) - have for edition in target.wanted.eligible()):
        return Label.SUPERSET
    if any(keys(edition) == have for edition in target.wanted.editions):
        return Label.OTHER_EDITION
    total = sum(have.values())
    mine = sum(count for key, count in have.items() if key in own)
    if any(key.startswith("image:") for key in have):
        return Label.SUBSET
    versions = sum(count for key, count in have.items() if key.startswith("version:"))
    if versions * 2 >= total and versions > mine:
        return Label.WRONG_VERSION
    if mine * 2 > total:
        return Label.SUBSET
    return Label.NOISE if noise else Label.WRONG_ALBUM


def folder_of(path: str) -> str:
    """Up to the last separator, as the source cuts it."""
    return path[: max(path.rfind("\\"), path.rfind("/"), 0)]


def in_folders(peer: Peer, files: Iterable[RawFile]) -> tuple[RawFolder, ...]:
    """Files as the source hands them over: by the folder they lie in."""
    found: dict[str, list[RawFile]] = {}
    for file in files:
        found.setdefault(folder_of(file.path), []).append(file)
    return tuple(
        RawFolder(peer.name, path, tuple(inside), peer.free_slot, peer.speed, peer.queue_length)
        for path, inside in found.items()
    )


@dataclass(frozen=True, slots=True)
class Music:
    """One audio file and the recording that is in it."""

    file: RawFile
    key: str


def shelve(
    target: Target,
    peer: Peer,
    music: Sequence[Music],
    *,
    kind: str,
    noise: bool = False,
    besides: Sequence[RawFile] = (),
) -> Shelf:
    """A shelf of these files, and files besides that are no music; paths are made unique."""
    apart = _apart(music)
    truth = {each.file.path: each.key for each in apart}
    return Shelf(
        peer=peer.name,
        kind=kind,
        folders=in_folders(peer, [*(each.file for each in apart), *besides]),
        truth=truth,
        label=label(target, truth, noise=noise),
    )


def _apart(music: Sequence[Music]) -> list[Music]:
    """Two files of one name cannot lie in one folder: later ones get a number, as a disk does."""
    seen: dict[str, int] = {}
    result = []
    for one in music:
        each, path = one, one.file.path
        count = seen.get(path.lower(), 0)
        seen[path.lower()] = count + 1
        if count:
            stem, dot, extension = path.rpartition(".")
            path = f"{stem} ({count}){dot}{extension}"
            each = Music(replace(each.file, path=path, locator=path), each.key)
        result.append(each)
    return result


def with_files(shelf: Shelf, change: Mapping[str, RawFile]) -> Shelf:
    """The same shelf with some files described otherwise."""
    folders = tuple(
        replace(folder, files=tuple(change.get(file.path, file) for file in folder.files))
        for folder in shelf.folders
    )
    return replace(shelf, folders=folders)
