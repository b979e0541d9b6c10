"""The printed tables of `make bench-matching`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tests.bench.figures import BLIND, Share, Tallies, Tally, brier, of_part, reliability, total
from tests.bench.searching import Effort
from tests.corpus.catalogue import STRATA
from tests.corpus.shares import World
from tests.corpus.verdict import Verdict

PARTS = ("tuning", "frozen")
Pairs = Mapping[str, Sequence[tuple[float, bool]]]
Efforts = Mapping[tuple[str, str], Effort]  # by part and stratum
_HEAD = (
    f"{'':<22} {'targets':>7} {'picks':>5}  {'precision@1':<17} {'recall':<17} "
    f"{'wrong per 1,000':<19} {'edition':<17} {'abstains':<17} {'ms':>6}"
)


def corpus(worlds: Sequence[World]) -> Iterator[str]:
    """What the run looked at."""
    shelves = [len(world.shelves) for world in worlds]
    if shelves:
        yield (
            f"{len(worlds)} targets, {sum(shelves)} shelves ({min(shelves)} to {max(shelves)} each),"
            f" {sum(world.acceptable for world in worlds)} targets can be had"
        )


def whole(tallies: Tallies) -> Iterator[str]:
    """All rules on each part, with and without lengths."""
    rules = list(dict.fromkeys(rule for rule, _, _ in tallies))
    rules.sort(key=lambda name: name.endswith(BLIND))
    for part in PARTS:
        yield f"\n{part.upper()} PART, all strata (95 % Wilson intervals)"
        yield _HEAD
        for rule in rules:
            yield _row(rule, total(of_part(tallies, rule, part).values()))


def by_stratum(tallies: Tallies, rule: str) -> Iterator[str]:
    """One rule, stratum by stratum, on each part."""
    for part in PARTS:
        strata = of_part(tallies, rule, part)
        if strata:
            yield f"\n{rule}, {part} part by stratum"
            yield _HEAD
            yield from (_row(name, strata[name]) for name in STRATA if name in strata)


def _row(name: str, tally: Tally) -> str:
    return (
        f"{name:<22} {tally.targets:>7} {tally.picks:>5}  {tally.precision.text():<17} "
        f"{tally.recall.text():<17} {tally.wrong_albums.text(1000, 1):<19} "
        f"{tally.editions.text():<17} {tally.abstention.text():<17} {tally.median_ms:>6.2f}"
    )


def side_by_side(tallies: Tallies) -> Iterator[str]:
    """Precision@1 with recall, and wrong albums per 1,000, of all rules in each stratum."""
    rules = [r for r in dict.fromkeys(rule for rule, _, _ in tallies) if not r.endswith(BLIND)]
    for part in PARTS:
        cells = {rule: of_part(tallies, rule, part) for rule in rules}
        names = [name for name in STRATA if any(name in strata for strata in cells.values())]
        if not names:
            continue
        yield f"\nprecision@1 / recall / wrong albums per 1,000, {part} part"
        yield f"{'':<12} {'n':>4}  " + " ".join(f"{rule:<16}" for rule in rules)
        for name in names:
            row = [cells[rule].get(name, Tally()) for rule in rules]
            shown = [
                f"{t.precision.value:.2f} {t.recall.value:.2f} {t.wrong_albums.value * 1000:>4.0f}"
                for t in row
            ]
            yield f"{name:<12} {row[0].targets:>4}  " + " ".join(f"{text:<16}" for text in shown)


def shown(counts: Mapping[str, Mapping[Verdict, int]]) -> Iterator[str]:
    """All sure offers that Lidarr would be shown, not the first alone."""
    for part, found in counts.items():
        every = sum(found.values())
        cells = ", ".join(
            f"{verdict.value} {Share(found.get(verdict, 0), every).text()}" for verdict in Verdict
        )
        yield f"\nall {every} sure offers shown, {part} part: {cells}"


def calibration(pairs: Pairs) -> Iterator[str]:
    """Our identity against the truth."""
    for part in PARTS:
        found = pairs.get(part, ())
        if not found:
            continue
        yield (
            f"\ncalibration of our identity, {part} part: "
            f"{len(found)} offers, Brier {brier(found):.4f}"
        )
        yield f"{'said':>12} {'mean':>7} {'offers':>7}  right"
        for band in reliability(found):
            edges = f"{band.low:g}–{band.high:g}"
            yield f"{edges:>12} {band.mean:>7.3f} {band.share.total:>7}  {band.share.text()}"


def calibration_json(pairs: Sequence[tuple[float, bool]]) -> dict[str, object]:
    """One part's calibration for the result file."""
    rows = [
        {"low": band.low, "high": band.high, "mean": band.mean} | band.share.as_json()
        for band in reliability(pairs)
    ]
    return {"brier": brier(pairs), "rows": rows}


def searches(efforts: Efforts) -> Iterator[str]:
    """What searching costs, stratum by stratum."""
    for part in PARTS:
        rows = [(name, efforts[part, name]) for name in STRATA if (part, name) in efforts]
        if not rows:
            continue
        every = Effort([climb for _, effort in rows for climb in effort.climbs])
        yield f"\nsearches per album, {part} part"
        yield (
            f"{'':<22} {'albums':>7} {'mean':>6} {'can be had':>11}  "
            f"{'first text':<17} {'found rightly':<17} {'wrong per 1,000':<19}"
        )
        for name, effort in [*rows, ("all", every)]:
            yield (
                f"{name:<22} {len(effort.climbs):>7} {effort.mean:>6.2f} "
                f"{effort.mean_possible:>11.2f}  {effort.first.text():<17} "
                f"{effort.right.text():<17} {effort.wrong.text(1000, 1):<19}"
            )
