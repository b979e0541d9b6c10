"""Virtual time: order, waits, cancellation, scopes, both modes."""

from __future__ import annotations

import time

import pytest

from soulspot_arr.simulator.clock import Clock, Outcome, Scope, Script, Signal, Wait
from tests.soulspot_arr.simulator.rig import eventually


class Stop(Outcome):
    """A reason to end."""


def test_events_run_in_order_at_their_own_moment() -> None:
    """Whatever the order they were asked for."""
    clock = Clock(manual=True)
    seen: list[tuple[str, float]] = []
    for name, delay in (("b", 2.0), ("a", 1.0), ("c", 3.0)):
        clock.call_later(delay, lambda n=name: seen.append((n, clock.now)))  # type: ignore[misc]
    clock.advance(2.5)
    assert seen == [("a", 1.0), ("b", 2.0)]
    assert clock.now == 2.5
    clock.advance(1)
    assert seen[-1] == ("c", 3.0)


def test_scripts_sleep_wait_and_return() -> None:
    """A signal wakes, a timeout does not count as fired."""
    clock = Clock(manual=True)
    bell = Signal(clock)

    def script() -> Script[list[object]]:
        yield 1.0
        first = yield Wait(bell, 5.0)
        second = yield Wait(bell)
        return [first, second, clock.now]

    task = clock.run(script())
    clock.call_later(10.0, bell.fire)
    clock.advance(20)
    assert task.done
    assert task.result == [False, True, 10.0]


def test_cancelling_raises_inside_the_script() -> None:
    """Which may clean up, and may survive."""
    clock = Clock(manual=True)
    log: list[str] = []

    def script() -> Script[str]:
        try:
            yield 100.0
        except Stop:
            log.append("stopped")
        yield 1.0
        return "ended"

    task = clock.run(script())
    task.cancel(Stop(), after=2.0)
    clock.advance(2.5)
    assert log == ["stopped"]
    clock.advance(1)
    assert task.result == "ended"


def test_an_unhandled_outcome_ends_the_task_with_it() -> None:
    """Other exceptions are defects and pass through."""
    clock = Clock(manual=True)

    def fails(error: Exception) -> Script[None]:
        yield 0.0
        raise error

    task = clock.run(fails(Stop("x")))
    clock.advance(1)
    assert isinstance(task.error, Stop)
    clock.run(fails(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        clock.advance(1)


def test_a_dead_scope_runs_nothing_more() -> None:
    """But open things are closed."""
    clock = Clock(manual=True)
    scope, log = Scope(), []

    def script() -> Script[None]:
        try:
            while True:
                yield 1.0
                log.append("tick")
        finally:
            log.append("closed")

    task = clock.run(script(), scope)
    clock.call_later(3.0, lambda: log.append("never"), scope)
    clock.advance(2.5)
    scope.kill()
    clock.advance(10)
    assert log == ["tick", "tick", "closed"]
    assert task.killed
    assert clock.run(script(), scope).killed
    clock.advance(10)
    assert log == ["tick", "tick", "closed"]


def test_a_scaled_clock_runs_by_itself() -> None:
    """Faster than real time, with real dates."""
    clock = Clock(scale=100)
    clock.start()
    fired: list[float] = []
    began = time.monotonic()
    with clock.turn():
        start = clock.wall()
        clock.call_later(10.0, lambda: fired.append(clock.now))
    eventually(lambda: fired)
    with clock.turn():
        passed = (clock.wall() - start).total_seconds()
    assert 0.09 < passed < time.monotonic() - began + 0.01
    clock.stop()


def test_only_manual_clocks_can_be_advanced() -> None:
    """The other one advances itself."""
    with pytest.raises(RuntimeError):
        Clock(scale=2).advance(1)
