"""The arithmetic of the matching bench."""

from __future__ import annotations

import pytest

from tests.bench.figures import Share, Tally, brier, reliability, total
from tests.bench.measuring import Run
from tests.bench.promises import check
from tests.bench.searching import Climb, Effort
from tests.corpus.verdict import Verdict


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [
        # Values of Wilson's formula as published tables have them.
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (5, 10, 0.2366, 0.7634),
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 0, 0.0, 1.0),
    ],
)
def test_intervals_are_wilsons(count: int, of: int, low: float, high: float) -> None:
    """They never leave the range of a share, however few were seen."""
    assert Share(count, of).interval == pytest.approx((low, high), abs=5e-5)


def test_a_share_is_printed_with_its_interval() -> None:
    """Nothing seen is a dash, not a zero."""
    assert Share(5, 10).text() == ".500 (.237–.763)"
    assert Share(1, 100).text(1000, 0) == "10 (2–54)"
    assert Share(0, 0).text() == "–"


def test_tallies_add_up() -> None:
    """Strata together are the whole."""
    one = Tally(10, 9, 8, 7, 1, 0, 6, 1, [1.0, 3.0])
    other = Tally(5, 5, 5, 4, 0, 1, 4, 0, [2.0])
    both = total([one, other])
    assert (both.targets, both.picks, both.median_ms) == (15, 13, 2.0)
    assert both.precision == Share(11, 13)
    assert both.recall == Share(11, 14)
    assert both.wrong_albums == Share(1, 15)
    assert both.editions == Share(10, 12)
    assert both.abstention == Share(1, 1)


def test_calibration_compares_what_was_said_with_what_was_seen() -> None:
    """The last band takes certainty in."""
    pairs = [(1.0, True), (1.0, True), (0.95, False), (0.1, False)]
    assert brier(pairs) == pytest.approx((0.95**2 + 0.01) / 4)
    bands = reliability(pairs)
    assert [(band.low, band.share) for band in bands] == [
        (0.0, Share(0, 1)),
        (0.95, Share(0, 1)),
        (0.999, Share(2, 2)),
    ]
    assert brier([]) == 0.0


def test_searches_are_counted_for_hopeless_albums_too() -> None:
    """The mean over those that can be had stands beside it."""
    effort = Effort(
        [
            Climb(1, True, Verdict.RIGHT, True),
            Climb(2, True, Verdict.WRONG, True),
            Climb(6, False, None, False),
        ]
    )
    assert (effort.mean, effort.mean_possible) == (3.0, 1.5)
    assert effort.first == Share(1, 2)
    assert effort.right == Share(1, 2)
    assert effort.wrong == Share(1, 3)


def test_promises_need_a_frozen_part() -> None:
    """A run without it promises nothing."""
    run = Run()
    assert check(run) == []
    run.tallies["ours", "frozen", "live"] = Tally(10, 10, 10, 9, 1, 0, 9, 0, [1.0])
    kept = {promise.name: promise.kept for promise in check(run)}
    assert kept["precision@1"] is False
    assert kept["wrong albums per 1,000"] is False
    assert kept["wrong albums in any one small stratum"] is True
    assert kept["milliseconds per target, median"] is True
