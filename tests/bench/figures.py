"""Counts of a bench run and what follows from them: shares with 95 % Wilson intervals, calibration."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise

BLIND = ", no lengths"  # appended to a rule's name when it was shown no durations
_Z = 1.959963984540054  # 97.5 % of a normal distribution lie below


@dataclass(frozen=True, slots=True)
class Share:
    """`count` of `total`, with the interval that holds the true share 95 times in a hundred."""

    count: int
    total: int

    @property
    def value(self) -> float:
        """The share; of nothing, it is nothing."""
        return self.count / self.total if self.total else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's interval; everything is possible when nothing was seen."""
        if not self.total:
            return 0.0, 1.0
        n, p = self.total, self.value
        middle = p + _Z * _Z / (2 * n)
        reach = _Z * math.sqrt(p * (1 - p) / n + _Z * _Z / (4 * n * n))
        scale = 1 + _Z * _Z / n
        return max(0.0, (middle - reach) / scale), min(1.0, (middle + reach) / scale)

    def text(self, times: float = 1.0, digits: int = 3) -> str:
        """`.987 (.961–.996)`."""
        low, high = self.interval
        if not self.total:
            return "–"
        cells = [f"{number * times:.{digits}f}" for number in (self.value, low, high)]
        plain = [cell[1:] if cell.startswith("0.") else cell for cell in cells]
        return f"{plain[0]} ({plain[1]}–{plain[2]})"

    def as_json(self) -> dict[str, float]:
        """For the result file."""
        low, high = self.interval
        return {"count": self.count, "total": self.total, "value": self.value} | {
            "low": low,
            "high": high,
        }


@dataclass(slots=True)
class Tally:
    """What one rule did with some targets."""

    targets: int = 0
    acceptable: int = 0  # targets with a shelf that holds an eligible edition
    picks: int = 0
    right: int = 0
    wrong: int = 0
    unfit: int = 0
    named: int = 0  # picks of the album itself whose files are the edition that the rule named
    silent: int = 0  # targets without an acceptable shelf for which nothing was picked
    milliseconds: list[float] = field(default_factory=list)

    @property
    def precision(self) -> Share:
        """Of the picks, those that are right."""
        return Share(self.right, self.picks)

    @property
    def recall(self) -> Share:
        """Of the targets that can be had, those that were had."""
        return Share(self.right, self.acceptable)

    @property
    def wrong_albums(self) -> Share:
        """Of all targets, those for which another album would have been fetched."""
        return Share(self.wrong, self.targets)

    @property
    def editions(self) -> Share:
        """Of the picks of the right album, those that are the edition they were said to be."""
        return Share(self.named, self.picks - self.wrong)

    @property
    def abstention(self) -> Share:
        """Of the targets that cannot be had, those left alone."""
        return Share(self.silent, self.targets - self.acceptable)

    @property
    def median_ms(self) -> float:
        """Milliseconds for one target, the median."""
        times = sorted(self.milliseconds)
        return times[len(times) // 2] if times else 0.0

    def as_json(self) -> dict[str, object]:
        """For the result file."""
        counts = {key: value for key, value in asdict(self).items() if key != "milliseconds"}
        return counts | {
            "precision": self.precision.as_json(),
            "recall": self.recall.as_json(),
            "wrong_albums": self.wrong_albums.as_json(),
            "editions": self.editions.as_json(),
            "abstention": self.abstention.as_json(),
            "median_ms": self.median_ms,
        }


def total(tallies: Iterable[Tally]) -> Tally:
    """The sum of some tallies."""
    whole = Tally()
    for each in tallies:
        for name in ("targets", "acceptable", "picks", "right", "wrong", "unfit", "named"):
            setattr(whole, name, getattr(whole, name) + getattr(each, name))
        whole.silent += each.silent
        whole.milliseconds += each.milliseconds
    return whole


Tallies = Mapping[tuple[str, str, str], Tally]  # by rule, part and stratum


def of_part(tallies: Tallies, rule: str, part: str) -> dict[str, Tally]:
    """The tallies of a rule on a part by stratum."""
    return {s: tally for (r, p, s), tally in tallies.items() if (r, p) == (rule, part)}


@dataclass(frozen=True, slots=True)
class Band:
    """Offers whose identity lies in one band of probability."""

    low: float
    high: float
    mean: float  # of the identities
    share: Share  # of those that are right


_EDGES = (0.0, 0.2, 0.4, 0.6, 0.75, 0.9, 0.95, 0.98, 0.99, 0.999, 1.0)


def brier(pairs: Sequence[tuple[float, bool]]) -> float:
    """Mean square of identity minus truth: 0 is perfect, 0.25 is tossing a coin."""
    return sum((p - right) ** 2 for p, right in pairs) / len(pairs) if pairs else 0.0


def reliability(pairs: Sequence[tuple[float, bool]]) -> list[Band]:
    """Said and seen, band by band; bands without an offer are left out."""
    bands = []
    for low, high in pairwise(_EDGES):
        inside = [(p, right) for p, right in pairs if low <= p < high or p == high == 1.0]
        if inside:
            mean = sum(p for p, _ in inside) / len(inside)
            share = Share(sum(right for _, right in inside), len(inside))
            bands.append(Band(low, high, mean, share))
    return bands
