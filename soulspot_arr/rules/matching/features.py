"""What speaks for and against a candidate being an edition, in numbers, and what it adds up to.

One visible table of weights, a logistic curve, and two constants that a labelled corpus calibrates
(peers §3.4, step 6). Only identity: how good the format is and how soon it may arrive are numbers
of their own and never enter here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import exp, log
from types import MappingProxyType
from typing import NamedTuple

from soulspot_arr.rules.matching.align import SAME, Alignment
from soulspot_arr.rules.matching.testimony import Claim, Names

NEUTRAL_TITLE = 0.5
"""What a file without a title counts."""
NEUTRAL_LENGTH = 0.6
"""What a pair counts when one of the lengths is unknown."""
BY_SIZE = 6.0
"""Seconds by which a length computed from a size may miss: tags and pictures differ."""
_PROOF = 8  # tracks that agree in title and length and need no name any more
_HALVED = 20
_FAR = 30.0  # beyond that a logit is certain, and would only outweigh the others
_ARTIST = {Claim.NOBODY: 0.35, Claim.SHELF: 0.25, Claim.ANOTHER: 0.0}


class Features(NamedTuple):
    """The evidence for one candidate and one edition; most are shares 0 … 1."""

    coverage: float  # tracks with a file
    incomplete: float  # 1 when one is missing
    titles: float  # mean likeness of the paired titles
    thin: float  # pairs without any title, the fewer tracks the more
    worst_title: float  # 1 when one of them is less than half alike
    lengths: float  # pairs within 3 s
    untimed: float  # pairs without a known length
    strange: float  # untimed, where the folder has words that nothing explains
    alone: float  # untimed, where no other peer claims to have the album
    vouched: float  # untimed, times the other peers with the same sizes, at most 2
    outlier: float  # 1 when a size contradicts the length of its track
    closeness: float  # mean of 1 - gap / 10 s
    artist: float
    stranded: float  # another or no artist is named, the fewer tracks the more
    album: float
    proof: float  # names are not needed when enough tracks agree in title and length
    stranger: float  # 1 when the folder names another album
    buried: float  # extra files in a folder with another name
    extras: float  # extra files where the folder names this album
    year: float  # 1 the same, 0 unknown, -1 another
    discs: float  # 1 the same layout, 0 untold, -1 another
    agreement: float  # other peers with the same lengths, at most 3
    monitored: float  # 1 for the edition Lidarr has chosen


class Circumstances(NamedTuple):
    """What the alignment itself does not show; as in `Features`."""

    year: float = 0.0
    discs: float = 0.0
    monitored: bool = False
    strange: bool = False


WEIGHTS: Mapping[str, float] = MappingProxyType(
    {
        "coverage": 6.0,
        "incomplete": -3.0,
        "titles": 3.0,
        "thin": -4.0,
        "worst_title": -6.0,
        "lengths": 8.0,
        "untimed": -1.3,
        "strange": -1.0,
        "alone": 0.5,
        "vouched": 1.5,
        "outlier": -5.0,
        "closeness": 1.0,
        "artist": 2.0,
        "stranded": -6.0,
        "album": 3.0,
        "proof": 2.5,
        "stranger": -1.5,
        "buried": -4.0,
        "extras": -1.0,
        "year": 0.3,
        "discs": 0.3,
        "agreement": 0.2,
        "monitored": 0.3,
    }
)
"""What each feature adds to the logit."""
INTERCEPT = -17.0

CALIBRATION = (1.0, 0.0)
"""Slope and shift that turn the logit into a probability; found by `fit` on a labelled corpus."""

_WEIGHTS = tuple(WEIGHTS[name] for name in Features._fields)


def measure(alignment: Alignment, names: Names, *, files: int, place: Circumstances) -> Features:
    """The feature vector of one alignment; `agreement` is known only beside other candidates."""
    tracks, pairs = alignment.tracks, alignment.pairs
    count = len(pairs) or 1
    titles = lengths = closeness = 0.0
    worst, solid, untimed, untitled, outlier = 1.0, 0, 0, 0, False
    same = BY_SIZE if alignment.by_size else SAME
    for _, _, title, gap, _, _ in pairs:
        alike = NEUTRAL_TITLE if title is None else title
        titles += alike
        untitled += title is None
        worst = min(worst, alike)
        if gap is None:
            untimed += 1
            continue
        apart = abs(gap)
        lengths += apart <= same
        solid += apart <= same and alike >= 0.8
        closeness += 1 - apart / (same + 7)
        outlier = outlier or apart > 2 * same
    extras = alignment.extras / files if files else 0.0
    stranger = not names.named and not names.unnamed
    return Features(
        coverage=len(pairs) / tracks,
        incomplete=float(len(pairs) < tracks),
        titles=titles / count,
        thin=untitled / count / count,
        worst_title=float(worst < 0.5),
        lengths=(lengths + NEUTRAL_LENGTH * untimed) / count,
        untimed=untimed / count,
        strange=place.strange * untimed / count,
        alone=0.0,
        vouched=0.0,
        outlier=float(outlier and alignment.by_size),
        closeness=(closeness + NEUTRAL_LENGTH * untimed) / count,
        artist=_ARTIST.get(names.claim, names.artist),
        stranded=float(names.claim is not Claim.ITSELF) / count,
        album=names.album if names.named else 0.0,
        proof=0.0 if names.named else min(solid / _PROOF, 1.0),
        stranger=float(stranger),
        buried=extras if stranger else 0.0,
        extras=extras if names.named else 0.0,
        year=place.year,
        discs=place.discs,
        agreement=0.0,
        monitored=float(place.monitored),
    )


def logit(features: Features) -> float:
    """The weighted sum."""
    total = INTERCEPT
    for weight, value in zip(_WEIGHTS, features, strict=True):
        total += weight * value
    return total


def probability(score: float, calibration: tuple[float, float] = CALIBRATION) -> float:
    """The calibrated probability of a logit."""
    slope, shift = calibration
    return 1 / (1 + exp(-max(min(slope * score + shift, 50.0), -50.0)))


def contributions(features: Features) -> dict[str, float]:
    """What each feature adds to the logit, for people who want to know why."""
    return {name: round(WEIGHTS[name] * getattr(features, name), 3) for name in WEIGHTS}


def fit(scored: Iterable[tuple[float, bool]], *, rounds: int = 100) -> tuple[float, float]:
    """Slope and shift under which these logits are probabilities of their labels (Platt).

    Labels are softened as Platt proposed, so that a clean separation stays finite. Returns the
    identity (1, 0) when one of the two labels does not occur.
    """
    rows = [(max(min(score, _FAR), -_FAR), label) for score, label in scored]
    right = sum(label for _, label in rows)
    wrong = len(rows) - right
    if not right or not wrong:
        return 1.0, 0.0
    aims = [
        (score, (right + 1) / (right + 2) if label else 1 / (wrong + 2)) for score, label in rows
    ]
    slope, shift, loss = 1.0, 0.0, _loss(aims, 1.0, 0.0)
    for _ in range(rounds):
        step = _newton_step(aims, slope, shift)
        for halved in range(_HALVED):  # far from the answer a whole step leads astray
            nearer = slope - step[0] / 2**halved, shift - step[1] / 2**halved
            found = _loss(aims, *nearer)
            if found < loss:
                (slope, shift), loss = nearer, found
                break
        else:
            break
    return slope, shift


def _newton_step(
    aims: Sequence[tuple[float, float]], slope: float, shift: float
) -> tuple[float, float]:
    down = across = 0.0
    curve = [1e-6, 0.0, 1e-6]  # a little more than nothing keeps the system solvable
    for score, aim in aims:
        found = probability(score, (slope, shift))
        miss, spread = found - aim, found * (1 - found)
        down += miss * score
        across += miss
        curve[0] += spread * score * score
        curve[1] += spread * score
        curve[2] += spread
    area = curve[0] * curve[2] - curve[1] ** 2
    return (
        (curve[2] * down - curve[1] * across) / area,
        (curve[0] * across - curve[1] * down) / area,
    )


def _loss(aims: Sequence[tuple[float, float]], slope: float, shift: float) -> float:
    total = 0.0
    for score, aim in aims:
        found = min(max(probability(score, (slope, shift)), 1e-12), 1 - 1e-12)
        total -= aim * log(found) + (1 - aim) * log(1 - found)
    return total
