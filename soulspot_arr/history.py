"""What happened, for the edges: events, timelines of grabs, and sums over what was fetched.

It only reads. Events are written by `ledger`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import case, func, select

from soulspot_arr import ledger
from soulspot_arr.db import Database
from soulspot_arr.domain import Clock, GrabState
from soulspot_arr.models import Event, Grab
from soulspot_arr.timeline import Line, Told, newest, told

# Above every id: the keys of both databases are signed 64-bit integers.
_ABOVE_ALL = 2**63 - 1
# One look into the index for each kind; a maximum over all of them would read every event.
_NEWEST = select(
    *(
        select(func.max(Event.id)).where(Event.kind == kind).scalar_subquery()
        for kind in ("grab.completed", "grab.failed", "grab.imported", "grab.removed")
    )
)


@dataclass(frozen=True, slots=True)
class EventView:
    """One event as the edges show it; `grab_id` is None when the grab has been purged."""

    id: int
    at: datetime
    kind: str
    level: str
    grab_id: int | None
    download_id: int | None
    message: str
    data: Mapping[str, Any]


class History:
    """Looks back; every answer comes from the database."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._db = database
        self._clock = clock
        self._volumes: tuple[datetime | None, tuple[int, int, int, int]] = (None, (0, 0, 0, 0))

    def events(
        self,
        *,
        after: int | None = None,
        before: int | None = None,
        limit: int = 100,
        grab_id: int | None = None,
        kinds: Collection[str] = (),
    ) -> list[EventView]:
        """With `after` the events above that id, oldest first; otherwise the newest first.

        `before` keeps only those below that id and, given together with `after`, wins the order.
        """
        if after is None and before is None:
            before = _ABOVE_ALL
        with self._db.read() as session:
            rows = ledger.tail(
                session,
                after=after or 0,
                before=before,
                limit=limit,
                grab_id=grab_id,
                kinds=kinds,
            )
            return [
                EventView(
                    id=row.id,
                    at=row.at,
                    kind=row.kind,
                    level=row.level,
                    grab_id=row.grab_id,
                    download_id=row.download_id,
                    message=row.message,
                    data=row.data,
                )
                for row in rows
            ]

    def timeline(self, name: str) -> Told:
        """One grab from search to import, by its `nzo_id` or a unique end of it.

        Raises GrabNotFound, and InvalidQuery when several end like that.
        """
        with self._db.read() as session:
            return told(session, name, now=self._clock())

    def newest(self, *, limit: int, states: Collection[GrabState] = ()) -> list[Line]:
        """The latest grabs and what has become of them, newest first."""
        with self._db.read() as session:
            return newest(session, limit=limit, states=states, now=self._clock())

    def version(self) -> int:
        """A counter that grows whenever the history changes, also across restarts."""
        with self._db.read() as session:
            return max(found or 0 for found in session.execute(_NEWEST).one())

    def daily(self) -> dict[date, tuple[int, int, int]]:
        """Per day: bytes of completed grabs, files asked for, files that arrived; one year."""
        since = self._clock() - timedelta(days=366)
        query = select(
            Grab.completed_at, Grab.total_bytes, Grab.file_count, Grab.failure_message
        ).where(Grab.completed_at >= since, Grab.status != GrabState.CANCELLED)
        days: dict[date, tuple[int, int, int]] = {}
        with self._db.read() as session:
            for ended, size, files, failure in session.execute(query):
                assert ended is not None  # the query asks for it
                got, tried, arrived = days.get(ended.date(), (0, 0, 0))
                ok = failure is None
                days[ended.date()] = (
                    got + (size if ok else 0),
                    tried + files,
                    arrived + (files if ok else 0),
                )
        return days

    def volumes(self) -> tuple[int, int, int, int]:
        """Bytes of completed grabs: ever, this month, this week, today; kept for a minute."""
        now = self._clock()
        kept_at, kept = self._volumes
        if kept_at is not None and timedelta() <= now - kept_at < timedelta(minutes=1):
            return kept
        today = now.replace(hour=0, minute=0, second=0, microsecond=0)
        starts = (today.replace(day=1), today - timedelta(days=today.weekday()), today)
        done = Grab.failure_message.is_(None)
        columns = [
            func.sum(case((Grab.completed_at >= start, Grab.total_bytes))) for start in starts
        ]
        query = select(func.sum(Grab.total_bytes), *columns).where(
            Grab.completed_at.is_not(None), done, Grab.status != GrabState.CANCELLED
        )
        with self._db.read() as session:
            ever, month, week, day = (int(found or 0) for found in session.execute(query).one())
        self._volumes = (now, (ever, month, week, day))
        return ever, month, week, day
