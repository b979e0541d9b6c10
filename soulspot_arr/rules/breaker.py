"""Whether a source may be called: after several failures in a row it is left alone for a while.

Pure: a breaker is a value, each event makes a new one. Moments are seconds of a clock that never
jumps; whoever shows them to people translates them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from soulspot_arr.domain import BreakerState


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """`failures` in a row open it; `pause` seconds later one call may try."""

    failures: int = 3
    pause: float = 60.0


@dataclass(frozen=True, slots=True)
class Breaker:
    """How things stand; `opened` and `retry` are moments, meaningless while it is closed."""

    state: BreakerState = BreakerState.CLOSED
    failures: int = 0
    opened: float = 0.0
    retry: float = 0.0


def admit(breaker: Breaker, *, now: float, policy: BreakerPolicy) -> Breaker | None:
    """The breaker as it is once this call has begun; None when the call must not be made.

    Half open means that one call is finding out for all. Should it never come back (its thread was
    killed), the next one may try after another pause.
    """
    if breaker.state is BreakerState.CLOSED:
        return breaker
    if now < breaker.retry:
        return None
    return replace(breaker, state=BreakerState.HALF_OPEN, retry=now + policy.pause)


def succeeded(breaker: Breaker) -> Breaker:
    """After an answer, whatever it said."""
    return breaker if breaker == Breaker() else Breaker()


def failed(breaker: Breaker, *, now: float, policy: BreakerPolicy) -> Breaker:
    """After a call that found nobody.

    While it is open such calls began before that: they tell nothing new and prolong nothing.
    """
    failures = breaker.failures + 1
    if breaker.state is BreakerState.OPEN:
        return breaker
    if breaker.state is BreakerState.CLOSED and failures < policy.failures:
        return replace(breaker, failures=failures)
    opened = now if breaker.state is BreakerState.CLOSED else breaker.opened
    return Breaker(BreakerState.OPEN, failures, opened, now + policy.pause)
