"""How many searches an album costs: the ladder's texts are asked one by one until a choice is sure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from soulspot_arr.domain import RawFile, RawFolder
from soulspot_arr.rules.planning.ladder import ladder
from soulspot_arr.specs import CORE_SPECS
from soulspot_arr.wanted import Wanted
from tests.bench import own_rule
from tests.bench.figures import Share
from tests.corpus.network import Network
from tests.corpus.shares import World
from tests.corpus.verdict import Verdict, judge

RUNGS = next(int(spec.default) for spec in CORE_SPECS if spec.key == "search.rungs")


@dataclass(frozen=True, slots=True)
class Climb:
    """One album: how many texts were asked, and what came of it."""

    searches: int
    found: bool  # something sure
    verdict: Verdict | None
    possible: bool  # whether the world holds an acceptable shelf at all


def texts(wanted: Wanted) -> tuple[str, ...]:
    """The rungs that are tried for one question, as many as the setting allows."""
    return ladder(own_rule.query(wanted), wanted=wanted)[:RUNGS]


def climb(world: World) -> Climb:
    """Ask until something is sure or the rungs end."""
    found: dict[tuple[str, str], dict[str, RawFile]] = {}
    hints: dict[tuple[str, str], RawFolder] = {}
    rungs, network = texts(world.target.wanted), Network(world)
    for number, text in enumerate(rungs, 1):
        for folder in network.answer(text):
            key = folder.peer, folder.path
            hints.setdefault(key, folder)
            found.setdefault(key, {}).update({file.path: file for file in folder.files})
        sure = own_rule.sure(own_rule.chosen(world.target.wanted, _folders(found, hints)))
        if sure:
            return Climb(number, True, judge(world, sure[0]), world.acceptable)
    return Climb(len(rungs), False, None, world.acceptable)


def _folders(
    found: Mapping[tuple[str, str], Mapping[str, RawFile]],
    hints: Mapping[tuple[str, str], RawFolder],
) -> list[RawFolder]:
    return [
        RawFolder(
            peer=peer,
            path=path,
            files=tuple(files.values()),
            free_slot=hints[peer, path].free_slot,
            speed=hints[peer, path].speed,
            queue_length=hints[peer, path].queue_length,
        )
        for (peer, path), files in found.items()
    ]


@dataclass(frozen=True, slots=True)
class Effort:
    """The climbs of some targets together."""

    climbs: Sequence[Climb]

    @property
    def mean(self) -> float:
        """Searches per album, hopeless albums included."""
        return sum(each.searches for each in self.climbs) / max(1, len(self.climbs))

    @property
    def mean_possible(self) -> float:
        """Searches per album that can be had."""
        possible = [each.searches for each in self.climbs if each.possible]
        return sum(possible) / max(1, len(possible))

    @property
    def first(self) -> Share:
        """Of the albums that can be had, those that the first text found."""
        possible = [each for each in self.climbs if each.possible]
        return Share(sum(each.found and each.searches == 1 for each in possible), len(possible))

    @property
    def right(self) -> Share:
        """Of the albums that can be had, those rightly found by searching."""
        possible = [each for each in self.climbs if each.possible]
        return Share(sum(each.verdict is Verdict.RIGHT for each in possible), len(possible))

    @property
    def wrong(self) -> Share:
        """Of all albums, those for which searching ended at another album."""
        return Share(sum(c.verdict is Verdict.WRONG for c in self.climbs), len(self.climbs))

    def as_json(self) -> dict[str, object]:
        """For the result file."""
        return {
            "mean": self.mean,
            "mean_possible": self.mean_possible,
            "first": self.first.as_json(),
            "right": self.right.as_json(),
            "wrong": self.wrong.as_json(),
        }
