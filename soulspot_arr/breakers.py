"""Guards around sources, what people see of their breakers, and how long looks take.

One row for each source tells what was learned of it last, whichever process learned it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.exc import SQLAlchemyError

from soulspot_arr import clockwatch, counters
from soulspot_arr.db import Database, insert_into
from soulspot_arr.domain import BreakerState, Clock
from soulspot_arr.errors import DatabaseTrouble
from soulspot_arr.models import SourceRow
from soulspot_arr.rules.breaker import Breaker, BreakerPolicy
from soulspot_arr.settings import Settings
from soulspot_arr.sources.guard import LOOK, Guard

log = logging.getLogger(__name__)

_NOTED_EVERY = 60.0  # seconds
_NO_DATABASE = (SQLAlchemyError, DatabaseTrouble)


@dataclass(frozen=True, slots=True)
class SourceView:
    """How things stand with one source; `failures` in a row, `retry_at` while it is left alone."""

    name: str
    breaker: BreakerState
    failures: int
    detail: str
    opened_at: datetime | None
    retry_at: datetime | None


class Breakers:
    """Makes the guards of this process and keeps the rows."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        *,
        clock: Clock,
        pulse: Callable[[], float] = time.monotonic,
    ) -> None:
        self._db = database
        self._settings = settings
        self._clock = clock
        self._pulse = pulse
        self._guards: dict[str, Guard] = {}
        self._looks: dict[str, list[float]] = {}  # seconds of those that are not written yet
        self._noted: dict[str, float] = {}
        self._counting = threading.Lock()

    def guard(self, source: str, on_change: Callable[[bool, str], None]) -> Guard:
        """The guard for a source; one for each process."""
        made = Guard(
            source,
            on_change,
            policy=self.policy,
            on_breaker=lambda breaker, detail: self._keep(source, breaker, detail),
            on_took=lambda action, seconds: self._count(source, action, seconds),
            pulse=self._pulse,
        )
        self._guards[source] = made
        return made

    def alive(self, source: str) -> None:
        """This source has answered somebody who did not ask through its guard.

        That also ends what another process has written, which may call it rarely, or never again.
        """
        if source in self._guards:
            self._guards[source].revive("answer")
        view = next((each for each in self.views() if each.name == source), None)
        if view is not None and view.breaker is not BreakerState.CLOSED:
            self._keep(source, Breaker(), "")

    def policy(self) -> BreakerPolicy:
        """The settings as a frozen policy."""
        return BreakerPolicy(
            failures=self._settings.get("breaker.failures"),
            pause=self._settings.get("breaker.pause"),
        )

    def _keep(self, source: str, breaker: Breaker, detail: str) -> None:
        """The guard calls in order; what another process has learned later than this stays."""
        now, pulse = self._clock(), self._pulse()
        shut = breaker.state is not BreakerState.CLOSED
        row = {
            "breaker": breaker.state,
            "failures": breaker.failures,
            "detail": detail if shut else "",
            "opened_at": now - timedelta(seconds=pulse - breaker.opened) if shut else None,
            "retry_at": now + timedelta(seconds=breaker.retry - pulse) if shut else None,
            "updated_at": now,
        }
        ahead = SourceRow.updated_at > now + timedelta(seconds=clockwatch.LIMIT)  # a clock was set
        older = or_(SourceRow.updated_at <= now, ahead)
        try:
            with self._db.write() as session:
                statement = insert_into(session, SourceRow).values(name=source, **row)
                session.execute(
                    statement.on_conflict_do_update(index_elements=["name"], set_=row, where=older)
                )
        except _NO_DATABASE as error:
            log.warning("the state of %s could not be written down: %s", source, error)

    def _count(self, source: str, action: str, seconds: float) -> None:
        """Every look counts; they are written together, so that a look that finds no news is none."""
        if action != LOOK:
            return
        now = self._pulse()
        with self._counting:
            self._looks.setdefault(source, []).append(seconds)
            if now - self._noted.get(source, float("-inf")) < _NOTED_EVERY:
                return
            self._noted[source] = now
            looks = self._looks.pop(source)
        try:
            with self._db.write() as session:
                for each in looks:
                    counters.looked(session, source, each)
        except _NO_DATABASE as error:
            log.debug("%d looks at %s could not be counted: %s", len(looks), source, error)

    def views(self) -> list[SourceView]:
        """All sources that ever had trouble, by name.

        A breaker that nobody has moved for several pauses belonged to a process that is gone.
        """
        moved_since = self._clock() - timedelta(seconds=60 + 3 * self.policy().pause)
        with self._db.read() as session:
            rows = list(session.scalars(select(SourceRow).order_by(SourceRow.name)))
        return [_view(row) if row.updated_at > moved_since else _closed(row.name) for row in rows]


def _view(row: SourceRow) -> SourceView:
    return SourceView(
        name=row.name,
        breaker=BreakerState(row.breaker),
        failures=row.failures,
        detail=row.detail,
        opened_at=row.opened_at,
        retry_at=row.retry_at,
    )


def _closed(name: str) -> SourceView:
    return SourceView(name, BreakerState.CLOSED, 0, "", None, None)
