"""A clock that jumps takes nobody's patience, neither at peers nor in our queue."""

from __future__ import annotations

from datetime import timedelta

import pytest

from soulspot_arr.clockwatch import ClockWatch
from soulspot_arr.domain import FailureKind
from tests.fakes.clock import FakeClock
from tests.soulspot_arr.workshop import Bench, offer

ONE = "Music\\Cello\\Undertow\\01.flac"


class Pulse:
    """Seconds that pass while the machine is awake; whatever else the clock shows is a jump."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def pulse(both: Bench) -> Pulse:
    """The workbench, watched."""
    pulse = Pulse()
    both.monitor.watch = ClockWatch(both.clock, pulse)
    both.dispatcher.watch = ClockWatch(both.clock, pulse)
    return pulse


@pytest.mark.parametrize(
    ("awake", "shown", "jump"),
    [(5, 5, 0), (5, 64, 0), (5, 66, 61), (5, 28_805, 28_800), (5, -3_595, -3_600), (900, 900, 0)],
)
def test_jump_is_what_the_clock_shows_beyond_the_time_that_passed(
    clock: FakeClock, awake: float, shown: float, jump: float
) -> None:
    """Small corrections are none; a jump is told once."""
    pulse = Pulse()
    watch = ClockWatch(clock, pulse)
    pulse.seconds += awake
    clock.advance(shown)
    assert watch.jump() == pytest.approx(jump)
    assert watch.jump() == 0


def test_clock_that_is_handed_in_is_believed(clock: FakeClock) -> None:
    """A clock other than the machine's own cannot jump against itself."""
    watch = ClockWatch(clock)
    clock.advance(86_400)
    assert watch.jump() == 0


@pytest.mark.parametrize("hours", [8, -8, -9_000])
def test_patience_with_peers_starts_anew(both: Bench, pulse: Pulse, hours: int) -> None:
    """Nothing has stalled or vanished while we slept; from then on everything is as ever."""
    first = both.asked()
    gone = both.asked(offer("ben", "1.flac", folder="Music\\Else"))
    both.look()
    both.source.start(ONE)
    both.source.vanish("Music\\Else\\1.flac")
    both.look()
    both.clock.advance(hours * 3_600)
    both.look()
    assert both.states(first) == ["downloading", "queued", "queued"]
    assert both.states(gone) == ["queued"]
    for _ in range(31):
        both.clock.advance(60)
        pulse.seconds += 60
        both.look()
    assert both.states(first) == ["waiting", "queued", "queued"]
    assert both.states(gone) == ["waiting"]
    kinds = {both.files(first)[0].failure_kind, both.files(gone)[0].failure_kind}
    assert kinds == {FailureKind.STALLED, FailureKind.VANISHED}


def test_claim_from_the_future_lapses_in_time(both: Bench, pulse: Pulse) -> None:
    """A request of which nothing is known is made again although the clock went back."""
    nzo_id = both.asked(offer("anna", "01.flac"))
    both.source.vanish(ONE)
    both.look()
    both.clock.advance(-90_000)
    both.look()
    both.clock.advance(121)
    pulse.seconds += 121
    both.look()
    assert both.states(nzo_id) == ["waiting"]


def test_waiting_in_our_queue_starts_anew(both: Bench, pulse: Pulse) -> None:
    """Two days of sleep are nobody's waiting time."""
    both.settings.patch({"stall.queued": 1e8})
    both.asked(offer("anna", "1.flac"))
    second = both.add(offer("anna", "2.flac"))
    both.clock.advance(timedelta(days=2).total_seconds())
    both.dispatcher.run()
    assert both.states(second) == ["waiting"]
    both.clock.advance(86_401)
    pulse.seconds += 86_401
    both.dispatcher.run()
    assert both.states(second) == ["failed"]


def test_moment_of_the_next_try_follows_the_clock_back(both: Bench, pulse: Pulse) -> None:
    """A back-off of minutes does not become a year because the clock was a year ahead."""
    both.source.take_offline("anna")
    nzo_id = both.asked(offer("anna", "1.flac"))
    assert both.states(nzo_id) == ["waiting"]
    both.source.take_offline("anna", back=True)
    both.clock.advance(-31_536_000)
    both.dispatcher.run()
    assert both.states(nzo_id) == ["pending"]
