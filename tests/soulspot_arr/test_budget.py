"""How often the Soulseek server may be asked, by us and by everybody else."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from soulspot_arr.budget import SearchBudget
from soulspot_arr.errors import SourceUnavailable
from soulspot_arr.models import SearchRow
from tests.soulspot_arr.workshop import Bench


def make_budget(bench: Bench, rate: int = 3, window: float = 60) -> SearchBudget:
    """A budget of so many searches in a window of so many seconds."""
    bench.settings._pins.update({"search.rate": rate, "search.rate_window": window})
    return SearchBudget(bench.db, bench.settings, bench.source, bench.guard, clock=bench.clock)


def take(budget: SearchBudget, patience: float = 0) -> int | None:
    """One search."""
    return budget.take("k" * 64, "cello undertow", 0, patience=patience)


def test_places_run_out_and_come_back(bench: Bench) -> None:
    """After the window has passed the oldest search no longer counts."""
    budget = make_budget(bench)
    for _ in range(3):
        assert take(budget) is not None
        bench.clock.advance(10)
    assert take(budget) is None
    bench.clock.advance(29)
    assert take(budget) is None
    bench.clock.advance(1)
    assert take(budget) is not None
    assert take(budget) is None


def test_searches_of_others_count(bench: Bench) -> None:
    """People and programs that search through the same slskd share our budget (slskd §11.1)."""
    budget = make_budget(bench)
    bench.source.search_from_elsewhere()
    bench.source.search_from_elsewhere()
    assert take(budget) is not None
    assert take(budget) is None
    bench.clock.advance(61)
    assert take(budget) is not None


def test_searches_of_others_outside_the_window_do_not_count(bench: Bench) -> None:
    """Old ones, and those of a clock that is ahead, are left out."""
    budget = make_budget(bench, rate=1)
    now = bench.clock()
    bench.source.foreign = [now - timedelta(seconds=60), now + timedelta(seconds=60)]
    assert take(budget) is not None


@pytest.mark.parametrize(("back", "free"), [(5, False), (3_600, True)])
def test_own_searches_of_a_clock_that_was_ahead(both: Bench, back: float, free: bool) -> None:
    """A clock that was set back by an hour does not block searches for an hour; seconds count."""
    budget = make_budget(both)
    for _ in range(3):
        assert take(budget) is not None
    both.clock.advance(-back)
    assert (take(budget) is not None) is free


def test_budget_survives_a_restart_and_is_shared_by_processes(both: Bench) -> None:
    """The count lives in rows."""
    for _ in range(3):
        assert take(make_budget(both)) is not None
    assert take(make_budget(both)) is None


def test_threads_never_take_more_than_there_is(both: Bench) -> None:
    """Counting and taking are one step on both databases."""
    budgets = [make_budget(both, rate=5), make_budget(both, rate=5)]
    gate = threading.Barrier(4)

    def run(index: int) -> int:
        gate.wait(10)
        return sum(take(budgets[index % 2]) is not None for _ in range(4))

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(run, range(4))) == 5


def test_waits_for_a_place_within_its_patience(bench: Bench) -> None:
    """A place that comes free soon is waited for; the clock moves while we sleep."""
    budget = make_budget(bench, rate=1, window=0.2)
    assert take(budget) is not None
    began = time.monotonic()
    moving = threading.Timer(0.1, lambda: bench.clock.advance(1))
    moving.start()
    assert take(budget, patience=2) is not None
    moving.join()
    assert 0.1 <= time.monotonic() - began < 6


def test_never_waits_longer_than_its_patience(bench: Bench) -> None:
    """A place that is too far away is not waited for at all."""
    budget = make_budget(bench, rate=1)
    take(budget)
    began = time.monotonic()
    assert take(budget, patience=0.3) is None
    assert time.monotonic() - began < 3


def test_source_that_is_down_is_told(bench: Bench) -> None:
    """Without the others' count nothing is asked."""
    budget = make_budget(bench)
    bench.source.down = True
    with pytest.raises(SourceUnavailable):
        take(budget)
    with bench.db.read() as session:
        assert session.scalars(select(SearchRow)).all() == []


def test_outcome_is_written_down(bench: Bench) -> None:
    """Each search keeps its words, its rung and how it ended."""
    budget = make_budget(bench)
    row_id = budget.take("k" * 64, "cello undertow", 2, patience=0)
    assert row_id is not None
    bench.clock.advance(7)
    budget.done(row_id, "completed", found=12, kept=3)
    with bench.db.read() as session:
        (row,) = session.scalars(select(SearchRow))
    assert (row.text, row.rung, row.outcome) == ("cello undertow", 2, "completed")
    assert (row.found, row.kept) == (12, 3)
    assert row.finished_at is not None
    assert row.finished_at - row.started_at == timedelta(seconds=7)
