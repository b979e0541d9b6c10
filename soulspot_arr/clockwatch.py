"""Notices that the machine's clock jumped (it slept, or its time was set right); judges nothing."""

from __future__ import annotations

import time
from collections.abc import Callable

from soulspot_arr.db import utc_now
from soulspot_arr.domain import Clock

LIMIT = 60.0  # seconds; less is the ordinary correction of a clock


class ClockWatch:
    """Compares the clock with one that nobody sets and that stands still while the machine sleeps.

    A clock that is handed in is taken at its word; `pulse` (seconds) says otherwise.
    """

    def __init__(self, clock: Clock, pulse: Callable[[], float] | None = None) -> None:
        self._clock = clock
        own = time.monotonic if clock is utc_now else self._seconds
        self._pulse = pulse or own
        self._apart = self._distance()

    def jump(self) -> float:
        """Seconds by which the clock jumped since the last call, negative for back; 0.0 if not."""
        before, self._apart = self._apart, self._distance()
        jumped = self._apart - before
        return jumped if abs(jumped) > LIMIT else 0.0

    def _distance(self) -> float:
        return self._seconds() - self._pulse()

    def _seconds(self) -> float:
        return self._clock().timestamp()
