"""What the project promises about matching, checked on the frozen part alone, and about the queue."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from tests.bench.figures import BLIND, of_part, total
from tests.bench.measuring import Run

# With 10,000 open downloads.
TICK = 0.5  # seconds for one look
CLAIMS = 1_000  # files a second on PostgreSQL
MEMORY = 200  # MiB of the service, at any moment
MORE_REQUESTS = 12  # a minute, than with 10 files: ten questions for a place, two of a health check

_SMALL = 60  # targets: no stratum below may have more than one wrong album


@dataclass(frozen=True, slots=True)
class Promise:
    """One number: what was measured, and the bound it has to keep."""

    name: str
    value: float
    bound: float
    at_least: bool = False

    @property
    def kept(self) -> bool:
        """Whether it is."""
        return self.value >= self.bound if self.at_least else self.value <= self.bound

    def as_json(self) -> dict[str, object]:
        """For the result file."""
        return {**asdict(self), "kept": self.kept}

    def row(self) -> str:
        """One line of the table."""
        sign = "≥" if self.at_least else "≤"
        mark = "kept" if self.kept else "MISSED"
        return f"{self.name:<52} {self.value:>9.4g}  {sign} {self.bound:<7g} {mark}"


def check(run: Run) -> list[Promise]:
    """The promises that this run can speak about."""
    strata = of_part(run.tallies, "ours", "frozen")
    if not strata:
        return []
    whole = total(strata.values())
    blind = total(of_part(run.tallies, "ours" + BLIND, "frozen").values())
    repeated = [tally.wrong for tally in strata.values() if tally.targets < _SMALL]
    found = [
        Promise("precision@1", whole.precision.value, 0.990, at_least=True),
        Promise("recall", whole.recall.value, 0.970, at_least=True),
        Promise("wrong albums per 1,000", whole.wrong_albums.value * 1000, 3),
        Promise("wrong albums in any one small stratum", max(repeated, default=0), 1),
        Promise("edition accuracy", whole.editions.value, 0.95, at_least=True),
        Promise("without lengths: wrong albums per 1,000", blind.wrong_albums.value * 1000, 20),
        Promise("milliseconds per target, median", whole.median_ms, 5),
    ]
    if run.crowd_seconds is not None:
        found.append(Promise("seconds for 250 peers with 25,000 files", run.crowd_seconds, 0.5))
    effort = run.efforts().get(("frozen", "mainstream"))
    if effort:
        found.append(Promise("searches per album, mainstream", effort.mean, 1.5))
    return found
