"""How often the Soulseek server may be asked, by us and by everybody else."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from soulspot_arr.budget import RESCUE, Purpose, SearchBudget
from soulspot_arr.domain import GrabState, Rescue
from soulspot_arr.errors import SourceThrottled, SourceUnavailable
from soulspot_arr.models import SearchRow
from tests.soulspot_arr.rows import new_grab
from tests.soulspot_arr.workshop import Bench


def make_budget(bench: Bench, rate: int = 3, window: float = 60) -> SearchBudget:
    """A budget of so many searches in a window of so many seconds."""
    bench.settings._pins.update({"search.rate": rate, "search.rate_window": window})
    return SearchBudget(bench.db, bench.settings, bench.source, bench.guard, clock=bench.clock)


def take(budget: SearchBudget, patience: float = 0) -> int | None:
    """One search."""
    return budget.take("cello undertow", Purpose("k" * 64), patience=patience)


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


def test_searches_of_others_before_the_window_do_not_count(bench: Bench) -> None:
    """They are over for the Soulseek server as well."""
    budget = make_budget(bench, rate=1)
    bench.source.foreign = [bench.clock() - timedelta(seconds=60)]
    assert take(budget) is not None


@pytest.mark.parametrize("ahead", [1, 30, 300, 86_400])
def test_searches_of_others_by_a_clock_that_is_ahead_count_for_one_window(
    bench: Bench, ahead: float
) -> None:
    """Contract slskd L04: counted from our first sight of them, neither never nor for hours."""
    budget = make_budget(bench, rate=2)
    bench.source.foreign = [bench.clock() + timedelta(seconds=ahead)] * 2
    assert take(budget) is None
    bench.clock.advance(59)
    assert take(budget) is None
    bench.clock.advance(1)
    assert take(budget) is not None
    bench.clock.advance(ahead)  # their moment comes, and has been counted already
    bench.clock.advance(-1)
    assert take(budget) is not None


def test_our_own_clock_that_was_set_back_does_not_hide_what_others_did(bench: Bench) -> None:
    """By an hour: what was seen before counts once more, for one window."""
    budget = make_budget(bench, rate=1)
    bench.source.search_from_elsewhere()
    assert take(budget) is None
    bench.clock.advance(-3_600)
    assert take(budget) is None
    bench.clock.advance(60)
    assert take(budget) is not None


def slow_list() -> SourceThrottled:
    """slskd does not get its list of searches together in time."""
    return SourceThrottled("too slow", source="slskd", retry_after=2)


def test_count_that_takes_long_holds_nobody_up(bench: Bench) -> None:
    """The searches that are known count on, the next ones are made without asking for others."""
    budget = make_budget(bench, rate=3)
    bench.source.search_from_elsewhere()
    assert take(budget) is not None
    calls: list[str] = []
    bench.source.on_call = calls.append
    bench.source.break_next("foreign", slow_list())
    bench.source.search_from_elsewhere()  # nobody knows of this one
    assert take(budget) is not None
    assert take(budget) is None
    assert calls == ["foreign"]
    bench.clock.advance(61)
    assert take(budget) is not None


def test_count_is_asked_for_again_after_a_while(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slskd that was busy for a moment is not left uncounted for ever."""
    monkeypatch.setattr("soulspot_arr.budget._COUNT_AGAIN", 0.0)
    budget = make_budget(bench, rate=2)
    bench.source.break_next("foreign", slow_list())
    assert take(budget) is not None
    bench.source.search_from_elsewhere()
    assert take(budget) is None


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
    assert take(budget, patience=20) is not None
    moving.join()
    assert time.monotonic() - began >= 0.1


def test_never_waits_longer_than_its_patience(bench: Bench) -> None:
    """A place that is too far away is not waited for at all."""
    budget = make_budget(bench, rate=1)
    take(budget)
    began = time.monotonic()
    assert take(budget, patience=0.3) is None
    assert time.monotonic() - began < 20  # the clock stands still, so no place ever comes free


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
    purpose = Purpose("k" * 64, 2, "starred", 7)
    row_id = budget.take("cello undertow", purpose, patience=0)
    assert row_id is not None
    bench.clock.advance(7)
    budget.done(row_id, "completed", found=12)
    budget.judged(row_id, 3)
    with bench.db.read() as session:
        (row,) = session.scalars(select(SearchRow))
    assert (row.text, row.rung, row.outcome) == ("cello undertow", 2, "completed")
    assert (row.kind, row.question_id, row.found, row.kept) == ("starred", 7, 12, 3)
    assert row.finished_at is not None
    assert row.finished_at - row.started_at == timedelta(seconds=7)


# -- a share for grabs that nobody can send any more -----------------------------------------------


def take_all(budget: SearchBudget, kind: str = "") -> int:
    """How many searches of this kind are allowed now."""
    taken = 0
    while budget.take("cello undertow", Purpose("k" * 64, kind=kind), patience=0) is not None:
        taken += 1
    return taken


def want_rescue(bench: Bench, **columns: Any) -> None:
    """A grab that is to be searched for once more."""
    with bench.db.write() as session:
        new_grab(session, rescue=Rescue.WANTED, **columns)


@pytest.mark.parametrize(
    ("rate", "questions", "rescues"), [(30, 25, 5), (12, 10, 2), (6, 5, 1), (2, 1, 1), (1, 1, 0)]
)
def test_a_share_is_kept_while_a_grab_wants_a_rescue(
    bench: Bench, rate: int, questions: int, rescues: int
) -> None:
    """Whoever searches for a whole library leaves it; together they are within the budget."""
    budget = make_budget(bench, rate)
    want_rescue(bench)
    assert take_all(budget) == questions
    assert take_all(budget, RESCUE) == rescues


def test_what_was_used_of_the_share_is_kept_no_longer(both: Bench) -> None:
    """Many lost grabs do not shut Lidarr out: beyond the share all are alike."""
    budget = make_budget(both, rate=12)
    want_rescue(both)
    for _ in range(2):
        assert budget.take("x", Purpose("k", kind=RESCUE), patience=0) is not None
    assert take_all(budget) == 10
    both.clock.advance(61)
    assert take_all(budget, RESCUE) == 12


@pytest.mark.parametrize("columns", [None, {"paused": True}, {"status": GrabState.FAILED}])
def test_nothing_is_kept_when_no_grab_would_use_it(
    bench: Bench, columns: dict[str, Any] | None
) -> None:
    """The share of nobody belongs to everybody."""
    budget = make_budget(bench, rate=12)
    if columns is not None:
        want_rescue(bench, **columns)
    assert take_all(budget) == 12
