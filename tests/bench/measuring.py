"""One run over worlds: every rule decides, and everything is counted."""

from __future__ import annotations

import gc
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from soulspot_arr.domain import RawFolder
from tests.bench import own_rule
from tests.bench.failures import Failure
from tests.bench.figures import BLIND, Tally
from tests.bench.peer_rules import RULES as PEERS
from tests.bench.peer_rules import Rule
from tests.bench.searching import Climb, Effort, climb
from tests.corpus.catalogue import Target
from tests.corpus.shares import World
from tests.corpus.verdict import Verdict, judge, named_right

RULES: dict[str, Rule] = {"ours": own_rule.ours, **PEERS}


@dataclass(slots=True)
class Run:
    """Everything counted in one run."""

    tallies: dict[tuple[str, str, str], Tally] = field(default_factory=dict)  # rule, part, stratum
    pairs: dict[str, list[tuple[float, bool]]] = field(default_factory=dict)  # by part
    climbs: dict[tuple[str, str], list[Climb]] = field(default_factory=dict)  # by part and stratum
    shown: dict[str, Counter[Verdict]] = field(default_factory=dict)  # all sure offers, by part
    failures: list[Failure] = field(default_factory=list)  # ours, of the tuning part
    remaining: list[str] = field(default_factory=list)  # ours, of both parts, a line each
    crowd_seconds: float | None = None

    def efforts(self) -> dict[tuple[str, str], Effort]:
        """What searching cost, by part and stratum."""
        return {key: Effort(climbs) for key, climbs in self.climbs.items()}


def part_of(target: Target) -> str:
    """`frozen` or `tuning`."""
    return "frozen" if target.frozen else "tuning"


def without_lengths(folders: Sequence[RawFolder]) -> tuple[RawFolder, ...]:
    """The same folders as clients show them that send no lengths."""
    return tuple(
        replace(folder, files=tuple(replace(file, seconds=None) for file in folder.files))
        for folder in folders
    )


def measure(run: Run, world: World, name: str, rule: Rule, folders: Sequence[RawFolder]) -> None:
    """Let a rule decide, and count what came out."""
    target = world.target
    tally = run.tallies.setdefault((name, part_of(target), target.stratum), Tally())
    gc.freeze()  # as the service does after its start: the corpus is not the rule's to walk through
    began = time.process_time()  # of the processor, so that a busy machine tells the same
    pick = rule(target.wanted, folders)
    tally.milliseconds.append((time.process_time() - began) * 1000)
    acceptable = world.acceptable
    verdict = judge(world, pick) if pick else None
    tally.targets += 1
    tally.acceptable += acceptable
    if pick:
        tally.picks += 1
        tally.right += verdict is Verdict.RIGHT
        tally.wrong += verdict is Verdict.WRONG
        tally.unfit += verdict is Verdict.UNFIT
        named = named_right(world, pick) if pick.edition else verdict is Verdict.RIGHT
        tally.named += named and verdict is not Verdict.WRONG
    else:
        tally.silent += not acceptable
    failed = verdict is not Verdict.RIGHT and (pick is not None or acceptable)
    if failed and name in {"ours", "ours" + BLIND}:
        said = f"{part_of(target)}: {name}: {verdict or 'missed'}: {target.id}"
        run.remaining.append(said)
        if not target.frozen:
            run.failures.append(Failure(name, world, pick, verdict))


def calibrate(run: Run, world: World) -> None:
    """Set the identity of every offer that nothing speaks against beside the truth."""
    pairs = run.pairs.setdefault(part_of(world.target), [])
    for judged in own_rule.appraised(world.target.wanted, world.folders, minimum=0.0):
        if judged.decision.accepted:
            right = judge(world, own_rule.as_pick(judged)) is Verdict.RIGHT
            pairs.append((judged.decision.identity, right))


def weigh(run: Run, world: World) -> None:
    """Judge every sure offer that Lidarr would be shown, not the first alone."""
    counts = run.shown.setdefault(part_of(world.target), Counter())
    for pick in own_rule.sure(own_rule.chosen(world.target.wanted, world.folders)):
        counts[judge(world, pick)] += 1


def execute(chosen: Sequence[World], names: Sequence[str]) -> Run:
    """All rules on all worlds."""
    run = Run()
    for number, world in enumerate(chosen, 1):
        bare = without_lengths(world.folders)
        for name in names:
            measure(run, world, name, RULES[name], world.folders)
            measure(run, world, name + BLIND, RULES[name], bare)
        if "ours" in names:
            calibrate(run, world)
            weigh(run, world)
            key = part_of(world.target), world.target.stratum
            run.climbs.setdefault(key, []).append(climb(world))
        if number % 100 == 0:
            print(f"{number} of {len(chosen)} targets", file=sys.stderr, flush=True)
    return run
