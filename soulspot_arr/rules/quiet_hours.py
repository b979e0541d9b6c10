"""Quiet hours: is it quiet now, until when, and how long ago did a wait begin that leaves them out.

What counts is the time that a clock on the wall shows. So a span holds on the days of summer and
winter time as well: an hour that comes twice is quiet twice, one that is skipped is nobody's. Callers
bring the local time; nothing here knows a time zone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

_DAY = 24 * 60  # minutes
# A day that is an hour longer, from its first minute to its last.
_LONGEST = _DAY + 60


@dataclass(frozen=True, slots=True)
class Span:
    """From `begin` up to, and without, `end`, in minutes of the day; over midnight when `end` is not later."""

    begin: int
    end: int

    def holds(self, minute: int) -> bool:
        """Whether this minute of the day (0 to 1439) lies in it."""
        if self.begin < self.end:
            return self.begin <= minute < self.end
        return minute >= self.begin or minute < self.end


def parse(texts: Iterable[str]) -> tuple[Span, ...]:
    """Spans from texts such as `23:00-07:00`, as the setting has checked them."""
    return tuple(Span(*(_minutes(part) for part in text.split("-"))) for text in texts)


def is_quiet(spans: Sequence[Span], local: datetime) -> bool:
    """Whether the clock on the wall shows a quiet time."""
    minute = local.hour * 60 + local.minute
    return any(span.holds(minute) for span in spans)


def quiet_until(
    spans: Sequence[Span], moment: datetime, local: Callable[[datetime], datetime]
) -> datetime | None:
    """The first moment from here on that is not quiet; None when it is not quiet now.

    None as well when it never ends. `local` says what the wall shows at a moment.
    """
    if not is_quiet(spans, local(moment)):
        return None
    full = moment.replace(second=0, microsecond=0)  # zones differ from UTC by whole minutes
    later = (full + timedelta(minutes=minute) for minute in range(1, _LONGEST + 1))
    return next((each for each in later if not is_quiet(spans, local(each))), None)


def waited(spans: Sequence[Span], local: datetime, seconds: float) -> timedelta | None:
    """How long ago a wait began that has now lasted `seconds`, quiet hours not counted.

    Every day is taken to have 24 hours. None when it is always quiet: no wait ever lasts so long.
    """
    quiet = [any(span.holds(minute) for span in spans) for minute in range(_DAY)]
    awake = 60.0 * quiet.count(False)  # seconds of each day
    if not awake:
        return None
    days, left = divmod(seconds, awake)
    passed = 0.0
    minute = local.hour * 60 + local.minute
    step = local.second + local.microsecond / 1e6  # what has passed of this minute
    while left > 0:
        counted = 0.0 if quiet[minute] else min(left, step)
        left -= counted
        passed += counted if counted and not left else step
        minute, step = (minute - 1) % _DAY, 60.0
    return timedelta(days=days, seconds=passed)


def _minutes(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])
