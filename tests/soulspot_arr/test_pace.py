"""When peers may be asked, and how fast: hours and pace by themselves, without a dispatcher."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from soulspot_arr.pace import Hours, Pace
from tests.soulspot_arr.workshop import Bench

Zone = Callable[[str], None]


@pytest.fixture
def zone() -> Iterator[Zone]:
    """Let this process live in a time zone for one test."""
    with pytest.MonkeyPatch.context() as patch:

        def live_in(name: str) -> None:
            patch.setenv("TZ", name)
            time.tzset()

        yield live_in
    time.tzset()


@pytest.fixture
def hours(bench: Bench) -> Hours:
    """The hours of the workbench."""
    return Hours(bench.settings, clock=bench.clock)


# -- hours -----------------------------------------------------------------------------------------


def test_quiet_hours_are_those_of_the_wall_here(bench: Bench, hours: Hours, zone: Zone) -> None:
    """Noon in Greenwich is one o'clock in Prague and nine in the evening in Tokyo."""
    bench.settings.patch({"queue.quiet_hours": ["12:30-13:30"]})
    quiet = {}
    for name in ("UTC", "Europe/Prague", "Asia/Tokyo"):
        zone(name)
        quiet[name] = hours.closed()
    assert quiet == {"UTC": False, "Europe/Prague": True, "Asia/Tokyo": False}
    zone("Europe/Prague")
    assert hours.quiet_until == datetime(2026, 3, 14, 12, 30, tzinfo=UTC)


def test_a_pause_and_its_end(bench: Bench, hours: Hours) -> None:
    """Closed until then; afterwards the setting is back to what a person would expect."""
    bench.order.pause(seconds=60)
    ends = [hours.paused_until if hours.closed() else "open"]
    bench.clock.advance(61)
    ends.append(hours.paused_until if hours.closed() else "open")
    assert ends == [bench.clock() - timedelta(seconds=1), "open"]
    assert hours.paused_until is None
    assert bench.settings.get("queue.paused") is False


def test_patience_leaves_quiet_hours_out(bench: Bench, hours: Hours, zone: Zone) -> None:
    """A day of waiting takes a day and a half when a third of it is quiet."""
    zone("UTC")
    assert hours.patience_since("queue.max_wait") == bench.clock() - timedelta(days=1)
    bench.settings.patch({"queue.quiet_hours": ["23:00-07:00"]})
    assert hours.patience_since("queue.max_wait") == bench.clock() - timedelta(hours=40)
    bench.settings.patch({"queue.max_wait": 999_999_999.0})
    since = hours.patience_since("queue.max_wait")
    assert since is not None
    assert since < bench.clock() - timedelta(days=10_000)


def test_nobody_has_waited_since_a_pause(bench: Bench, hours: Hours) -> None:
    """What waited through it gets its whole time."""
    bench.order.pause()
    bench.clock.advance(90_000)
    bench.order.resume()
    assert hours.patience_since("queue.max_wait") is None
    bench.clock.advance(86_401)
    assert hours.patience_since("queue.max_wait") is not None


# -- pace ------------------------------------------------------------------------------------------


class Pulse:
    """Seconds that pass when a test says so."""

    now = 100.0

    def __call__(self) -> float:
        """The present second."""
        return self.now


def test_pace_counts_the_requests_of_a_cycle(bench: Bench) -> None:
    """Spent before the first cycle, and again after so many; the next cycle has all of them."""
    pace = Pace(bench.settings, pulse=Pulse())
    bench.settings.patch({"queue.dispatches": 2})
    assert [pace.spent] == [True]
    for _ in range(2):
        pace.begin()
        taken = 0
        while not pace.spent:
            pace.take()
            taken += 1
        assert taken == 2


def test_pace_keeps_the_delay_over_cycles(bench: Bench) -> None:
    """The first request starts at once; a new cycle does not shorten the wait of the next."""
    pulse = Pulse()
    pace = Pace(bench.settings, pulse=pulse)
    bench.settings.patch({"queue.dispatch_delay": 2.0})
    waits: list[float] = []

    def note() -> None:
        waits.append(pace.wait)

    pace.begin()
    note()
    pace.take()
    note()
    pulse.now += 1.5
    pace.begin()
    note()
    pace.started()  # it went out later than it was taken
    note()
    pulse.now += 60
    note()
    bench.settings.patch({"queue.dispatch_delay": 0.0})
    pace.take()
    note()
    assert waits == [0, 2, 0.5, 2, 0, 0]
