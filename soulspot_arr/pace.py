"""When peers may be asked at all, and how fast: pauses, quiet hours, the delay between requests.

It asks nobody and chooses nothing; who is next is the planner's.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from soulspot_arr.domain import Clock
from soulspot_arr.errors import LockedByEnvironment
from soulspot_arr.rules import quiet_hours
from soulspot_arr.settings import RESUMED_AT, Settings

log = logging.getLogger(__name__)

_LONGEST_PATIENCE = timedelta(days=36_500)


class Hours:
    """The hours in which only grabs of priority Force are asked for."""

    def __init__(self, settings: Settings, *, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock

    def closed(self) -> bool:
        """Whether the queue is paused, or these are quiet hours; a pause that is over is ended."""
        return self._is_paused() or self.quiet

    @property
    def quiet(self) -> bool:
        """Whether the clock on the wall shows a quiet time."""
        return quiet_hours.is_quiet(self._spans, _local(self._clock()))

    @property
    def quiet_until(self) -> datetime | None:
        """When the quiet hours that are now end; None when it is not quiet."""
        return quiet_hours.quiet_until(self._spans, self._clock(), _local)

    @property
    def paused_until(self) -> datetime | None:
        """When the pause that is now ends by itself; None without a pause and for one without end."""
        return self._clock() + timedelta(seconds=left) if (left := self._pause_left) else None

    @property
    def paused(self) -> bool:
        """Whether a person or a client has paused the queue."""
        return self._pause_left is not None

    def patience_since(self, key: str) -> datetime | None:
        """Whoever waits since before this moment has waited for the seconds of this setting.

        Neither pauses nor quiet hours are anybody's waiting time. None: nobody has; 0 is for ever.
        """
        now = self._clock()
        seconds = self._settings.get(key)
        back = quiet_hours.waited(self._spans, _local(now), seconds)
        if back is None or not seconds:
            return None
        limit = now - min(back, _LONGEST_PATIENCE)
        ends = (self._settings.get("queue.resume_at"), self._settings.internal(RESUMED_AT))
        if any(end and datetime.fromisoformat(str(end)) > limit for end in ends):
            return None
        return limit

    @property
    def _spans(self) -> tuple[quiet_hours.Span, ...]:
        return quiet_hours.parse(self._settings.get("queue.quiet_hours"))

    @property
    def _pause_left(self) -> float | None:
        return self._settings.pause_left()

    def _is_paused(self) -> bool:
        if self.paused:
            return True
        ended = self._settings.get("queue.paused") and str(self._settings.get("queue.resume_at"))
        if not ended:
            return False
        try:  # a moment that has passed must not cut short the next pause
            self._settings.patch({"queue.paused": False, "queue.resume_at": ""})
            self._settings.put_internal({RESUMED_AT: ended})
        except LockedByEnvironment:
            log.debug("the pause that is over is pinned by the environment")
        return False


class Pace:
    """How many requests a cycle may still make, and how long the next one has to wait.

    The delay holds between any two requests, also across cycles: waking the dispatcher again and
    again makes nothing faster.
    """

    def __init__(self, settings: Settings, *, pulse: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._pulse = pulse
        self._last = float("-inf")
        self._left = 0

    def begin(self) -> None:
        """A new cycle."""
        self._left = self._settings.get("queue.dispatches")

    @property
    def spent(self) -> bool:
        """Whether this cycle has made all its requests."""
        return self._left <= 0

    @property
    def wait(self) -> float:
        """Seconds until the next request may start."""
        delay = float(self._settings.get("queue.dispatch_delay"))
        return max(0.0, self._last + delay - self._pulse())

    def take(self) -> None:
        """One of this cycle's requests is about to be made."""
        self._left -= 1
        self.started()

    def started(self) -> None:
        """It starts now: the delay counts from here."""
        self._last = self._pulse()


def _local(moment: datetime) -> datetime:
    """What the wall shows where this service runs (the variable TZ)."""
    return moment.astimezone()
