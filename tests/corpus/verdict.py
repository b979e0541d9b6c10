"""Judges what a rule picked in a world, by nothing but the truth about the files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from soulspot_arr.wanted import Edition
from tests.corpus.shares import World, keys

UNKNOWN = "other:unknown"  # a file that is no music of the world: a hidden file, a cue sheet


class Verdict(StrEnum):
    """What a pick is worth."""

    RIGHT = "right"  # exactly the tracks of an eligible edition, each once, all fetchable
    WRONG = "wrong album"  # half or more are not recordings of the album
    UNFIT = "incomplete or too much"  # the album, but not as Lidarr would import it


@dataclass(frozen=True, slots=True)
class Pick:
    """What a rule would fetch without asking: files by peer and path.

    One peer in nearly all cases; soularr may take the discs of an album from several.
    """

    files: tuple[tuple[str, str], ...]
    edition: Edition | None = None  # the one the rule says it is
    identity: float = 1.0


def recordings(world: World, files: Iterable[tuple[str, str]]) -> Counter[str]:
    """The true recordings of some files of a world."""
    truth = world.truth
    return Counter(truth.get(file, UNKNOWN) for file in files)


def judge(world: World, pick: Pick) -> Verdict:
    """Whether the pick is right, another album, or the album in a state that cannot be imported."""
    have = recordings(world, pick.files)
    own = set(world.target.recordings())
    strange = sum(
        count for key, count in have.items() if key not in own and not key.startswith("image:")
    )
    if not pick.files or strange * 2 >= sum(have.values()):
        return Verdict.WRONG
    fits = any(keys(edition) == have for edition in world.target.wanted.eligible())
    return Verdict.RIGHT if fits and not _out_of_reach(world, pick) else Verdict.UNFIT


def named_right(world: World, pick: Pick) -> bool:
    """Whether the files are exactly the edition that the rule named, and Lidarr would import it."""
    if pick.edition is None or pick.edition.id not in {
        e.id for e in world.target.wanted.eligible()
    }:
        return False
    return keys(pick.edition) == recordings(world, pick.files)


def _out_of_reach(world: World, pick: Pick) -> bool:
    chosen = set(pick.files)
    return any(
        file.locked or file.size == 0
        for folder in world.folders
        for file in folder.files
        if (folder.peer, file.path) in chosen
    )
