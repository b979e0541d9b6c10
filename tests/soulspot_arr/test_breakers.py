"""Guards with a breaker, and the rows that show it to people."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy.orm import Session

from soulspot_arr.breakers import Breakers
from soulspot_arr.db import Database
from soulspot_arr.domain import BreakerState
from soulspot_arr.errors import DatabaseTrouble, SourceThrottled, SourceUnavailable
from soulspot_arr.sources import Guard
from tests.fakes.threads import together
from tests.soulspot_arr.workshop import Bench

GONE = SourceUnavailable("gone", source="slskd")


def lose(bench: Bench, times: int) -> None:
    """So many calls in a row that find nobody."""
    for _ in range(times):
        with pytest.raises(SourceUnavailable), bench.guard("poll"):
            raise GONE


def lose_once(guard: Guard) -> None:
    """One call that finds nobody, or is not even made."""
    with pytest.raises(SourceUnavailable), guard("poll"):
        raise GONE


def shown(bench: Bench) -> BreakerState:
    """What people see."""
    (view,) = bench.breakers.views()
    return view.breaker


def another_process(bench: Bench) -> tuple[Breakers, Guard]:
    """One with breakers of its own over the same tables."""
    breakers = Breakers(
        bench.db, bench.settings, clock=bench.clock, pulse=lambda: bench.clock().timestamp()
    )
    return breakers, breakers.guard("slskd", lambda ok, detail: None)


def test_after_three_failures_nobody_is_asked_for_a_minute(bench: Bench) -> None:
    """The call is refused before it is made, with a sentence that says for how long."""
    lose(bench, 3)
    made = []
    with pytest.raises(SourceUnavailable, match="failed 3 times in a row"), bench.guard("poll"):
        made.append(1)
    bench.clock.advance(60)
    with bench.guard("poll"):
        made.append(2)
    assert made == [2]
    assert bench.guard.resting == 0


def test_other_errors_do_not_open_it(bench: Bench) -> None:
    """Who answers that it is busy is there."""
    for _ in range(5):
        with pytest.raises(SourceThrottled), bench.guard("poll"):
            raise SourceThrottled("busy", source="slskd", retry_after=1.0)
    assert bench.guard.resting == 0


def test_the_row_follows_the_breaker(bench: Bench) -> None:
    """Open with its reason and its next try, then closed."""
    lose(bench, 3)
    (view,) = bench.breakers.views()
    now = bench.clock()
    assert (view.name, view.breaker, view.failures) == ("slskd", BreakerState.OPEN, 3)
    assert (view.detail, view.opened_at, view.retry_at) == ("gone", now, now + timedelta(minutes=1))
    bench.clock.advance(60)
    with bench.guard("poll"):
        pass
    assert bench.breakers.views()[0].breaker is BreakerState.CLOSED


def test_settings_take_effect_at_the_next_call(bench: Bench) -> None:
    """Both numbers are read when they are needed."""
    bench.settings.patch({"breaker.failures": 1, "breaker.pause": 5.0})
    lose(bench, 1)
    assert bench.guard.resting == 5


def test_a_row_of_a_process_that_is_gone_is_no_news(bench: Bench) -> None:
    """Whoever was killed while it was open cannot close it."""
    lose(bench, 3)
    bench.clock.advance(241)
    assert bench.breakers.views()[0].breaker is BreakerState.CLOSED


def test_health_names_it_and_meets_the_source_alive(bench: Bench) -> None:
    """A line while slskd is left alone; the check that reaches slskd ends that at once."""
    bench.source.down = True
    lose(bench, 3)
    lines = [check.message for check in bench.health.check() if check.code == "source_breaker"]
    assert len(lines) == 1
    assert "failed 3 times in a row (gone)" in lines[0]
    bench.source.down = False
    bench.health.check()
    assert bench.guard.resting == 0
    assert "source_breaker" not in {check.code for check in bench.health.check()}


class Slow(Database):
    """A database that keeps one writer waiting."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.inside, self.go = threading.Event(), threading.Event()

    @contextmanager
    def write(self) -> Iterator[Session]:
        """The first time only after `go`."""
        if not self.inside.is_set():
            self.inside.set()
            self.go.wait(30)
        with super().write() as session:
            yield session


def test_the_row_is_written_in_the_order_of_what_happened(bench: Bench) -> None:
    """A thread that is held up on its way to the database must not have the last word."""
    slow = Slow(bench.db.url.render_as_string(hide_password=False))
    told: list[bool] = []
    breakers = Breakers(
        slow, bench.settings, clock=bench.clock, pulse=lambda: bench.clock().timestamp()
    )
    guard = breakers.guard("slskd", lambda ok, detail: told.append(ok))
    bench.settings.patch({"breaker.failures": 1})
    loses = threading.Thread(target=partial(lose_once, guard))
    finds = threading.Thread(target=partial(guard.revive, "answer"))
    loses.start()
    assert slow.inside.wait(30)  # OPEN is about to be written
    finds.start()
    finds.join(0.2)
    assert guard.resting == 60  # nobody who only looks has to wait for the database
    slow.go.set()
    for thread in (loses, finds):
        thread.join(30)
    slow.close()
    assert guard.resting == 0
    assert shown(bench) is BreakerState.CLOSED
    assert told == [False, True]


def test_threads_leave_the_row_as_the_breaker_is(both: Bench) -> None:
    """Whatever the order: what is shown at the end is what is so."""
    both.settings.patch({"breaker.failures": 1})

    def lose_often() -> None:
        for _ in range(15):
            lose_once(both.guard)

    def find_often() -> None:
        for _ in range(15):
            both.guard.revive("answer")

    together(lose_often, find_often, lose_often, find_often)
    open_ = both.guard.resting > 0
    assert shown(both) is (BreakerState.OPEN if open_ else BreakerState.CLOSED)


def test_what_another_process_learned_later_stays(both: Bench) -> None:
    """One row for all: old news is not written over new ones, wherever its writer was held up."""
    early, late = another_process(both), another_process(both)
    for _ in range(3):
        lose_once(early[1])
    both.clock.advance(70)
    for _ in range(3):
        lose_once(late[1])
    both.clock.advance(-50)
    early[1].revive("answer")  # what was so 50 seconds ago
    assert shown(both) is BreakerState.OPEN
    both.clock.advance(51)
    early[1].revive("answer")
    early[0].alive("slskd")
    assert shown(both) is BreakerState.CLOSED


def test_the_check_that_reaches_slskd_ends_what_another_process_wrote(bench: Bench) -> None:
    """That one may have been killed, or may not call again for an hour."""
    _, guard = another_process(bench)
    for _ in range(3):
        lose_once(guard)
    assert shown(bench) is BreakerState.OPEN
    bench.clock.advance(1)
    assert "source_breaker" not in {check.code for check in bench.health.check()}
    assert shown(bench) is BreakerState.CLOSED


def test_a_row_from_a_clock_that_was_ahead_is_written_over(bench: Bench) -> None:
    """It would be the latest news for hours."""
    lose(bench, 3)
    bench.clock.advance(-7200)
    bench.guard.revive("answer")
    assert shown(bench) is BreakerState.CLOSED


def test_a_database_that_is_away_stops_no_call(bench: Bench) -> None:
    """The row is for people; whoever calls slskd needs it not."""
    broken = Broken(bench.db.url.render_as_string(hide_password=False))
    guard = Breakers(broken, bench.settings, clock=bench.clock).guard("slskd", lambda *_: None)
    for _ in range(3):
        lose_once(guard)
    broken.close()
    assert guard.resting > 0


class Broken(Database):
    """A database that cannot be written."""

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Never."""
        with super().read() as session:
            yield session
        raise DatabaseTrouble("The disk is full.")
