"""A clock that only moves when a test says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


class FakeClock:
    """Callable like `db.utc_now`; always an aware UTC datetime."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> datetime:
        """Move on by so many seconds and return the new moment."""
        self.now += timedelta(seconds=seconds)
        return self.now
