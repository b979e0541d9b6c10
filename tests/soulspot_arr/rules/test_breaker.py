"""The circuit breaker as a value."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from soulspot_arr.domain import BreakerState
from soulspot_arr.rules import breaker as rules

POLICY = rules.BreakerPolicy(failures=3, pause=60.0)


def after(*failures: float) -> rules.Breaker:
    """A breaker after failures at these moments."""
    breaker = rules.Breaker()
    for now in failures:
        breaker = rules.failed(breaker, now=now, policy=POLICY)
    return breaker


def test_it_opens_at_the_third_failure_in_a_row() -> None:
    """Two failures are bad luck; the third one opens it for a pause."""
    assert after(1.0, 2.0).state is BreakerState.CLOSED
    opened = after(1.0, 2.0, 3.0)
    assert (opened.state, opened.opened, opened.retry) == (BreakerState.OPEN, 3.0, 63.0)


def test_an_answer_in_between_starts_the_count_anew() -> None:
    """In a row means in a row."""
    breaker = rules.succeeded(after(1.0, 2.0))
    assert rules.failed(breaker, now=3.0, policy=POLICY).state is BreakerState.CLOSED


def test_nobody_is_admitted_before_the_pause_is_over() -> None:
    """While it is open no call is made; afterwards exactly one."""
    opened = after(1.0, 2.0, 3.0)
    assert rules.admit(opened, now=62.9, policy=POLICY) is None
    probing = rules.admit(opened, now=63.0, policy=POLICY)
    assert probing is not None
    assert probing.state is BreakerState.HALF_OPEN
    assert rules.admit(probing, now=63.1, policy=POLICY) is None


def test_the_probe_decides_for_all() -> None:
    """An answer closes it; another failure leaves it alone once more, counted from then."""
    probing = rules.admit(after(1.0, 2.0, 3.0), now=70.0, policy=POLICY)
    assert probing is not None
    assert rules.succeeded(probing) == rules.Breaker()
    again = rules.failed(probing, now=85.0, policy=POLICY)
    assert (again.state, again.opened, again.retry) == (BreakerState.OPEN, 3.0, 145.0)


def test_a_probe_that_never_came_back_does_not_shut_it_for_ever() -> None:
    """Its thread was killed: after another pause the next call may try."""
    probing = rules.admit(after(1.0, 2.0, 3.0), now=63.0, policy=POLICY)
    assert probing is not None
    assert rules.admit(probing, now=123.0, policy=POLICY) is not None


def test_calls_that_began_before_prolong_nothing() -> None:
    """They fail late and say nothing new."""
    opened = after(1.0, 2.0, 3.0)
    assert rules.failed(opened, now=50.0, policy=POLICY) == opened


@given(st.lists(st.sampled_from(["ok", "fail", "ask", "wait"]), max_size=60))
def test_whatever_happens_somebody_may_ask_within_a_pause(events: list[str]) -> None:
    """No sequence of events shuts a source off for longer than one pause."""
    breaker, now = rules.Breaker(), 0.0
    for event in events:
        now += 61.0 if event == "wait" else 1.0
        if event == "ok":
            breaker = rules.succeeded(breaker)
        elif event == "fail":
            breaker = rules.failed(breaker, now=now, policy=POLICY)
        elif event == "ask":
            breaker = rules.admit(breaker, now=now, policy=POLICY) or breaker
        assert rules.admit(breaker, now=now + POLICY.pause, policy=POLICY) is not None
