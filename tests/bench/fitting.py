"""Fits the calibration of our identity on the tuning part, by the rule's own pure function."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from soulspot_arr.rules.matching import features
from tests.bench import own_rule
from tests.bench.figures import brier
from tests.corpus.shares import World
from tests.corpus.verdict import Verdict, judge


def scored(worlds: Iterable[World]) -> Iterator[tuple[float, bool]]:
    """The logit of every offer that nothing speaks against, and whether its files are right."""
    for world in worlds:
        if world.target.frozen:
            continue
        for judged in own_rule.appraised(world.target.wanted, world.folders, minimum=0.0):
            if judged.features is not None and judged.decision.accepted:
                right = judge(world, own_rule.as_pick(judged)) is Verdict.RIGHT
                yield features.logit(judged.features), right


def fitted(worlds: Iterable[World]) -> Iterator[str]:
    """The constants, ready to be put into `rules/features.py`, and what they are worth."""
    pairs = list(scored(worlds))
    slope, shift = features.fit(pairs)
    for name, calibration in (("uncalibrated", (1.0, 0.0)), ("fitted", (slope, shift))):
        said = [(features.probability(score, calibration), right) for score, right in pairs]
        yield f"{name:<14} slope {calibration[0]:.4f} shift {calibration[1]:+.4f} Brier {brier(said):.5f}"
    yield f"on {len(pairs)} offers of the tuning part"
