"""The background jobs as people see them: their last run, and "run it now".

The scheduler runs them and writes these rows; what a person asks for is written here, so that it
works whichever process serves the request.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from soulspot_arr.db import Database
from soulspot_arr.domain import Clock
from soulspot_arr.errors import NotFound
from soulspot_arr.models import JobRun

NAMES = (
    "dispatch",
    "poll",
    "prove",
    "complete",
    "follow",
    "rescue",
    "presence",
    "dig",
    "cleanup",
    "health",
    "bind",
    "housekeeping",
)
HEARTBEAT = "heartbeat"


@dataclass(frozen=True, slots=True)
class JobView:
    """The last noted run of one job; `last_error` is None when it went well.

    Runs that changed nothing are noted once a minute; `next_run_at` is the latest moment.
    """

    name: str
    last_started_at: datetime | None
    last_finished_at: datetime | None
    last_error: str | None
    last_milliseconds: int | None
    failures: int
    next_run_at: datetime | None
    runs: int
    requested_at: datetime | None


class Jobs:
    """Looks at the rows, and asks for runs."""

    def __init__(self, database: Database, *, clock: Clock, wake: Callable[[str], None]) -> None:
        self._db = database
        self._clock = clock
        self._wake = wake

    def views(self) -> list[JobView]:
        """Every job that has run at least once or was asked for, by name."""
        query = select(
            JobRun.name,
            JobRun.last_started_at,
            JobRun.last_finished_at,
            JobRun.last_error,
            JobRun.last_milliseconds,
            JobRun.failures,
            JobRun.next_run_at,
            JobRun.runs,
            JobRun.requested_at,
        ).order_by(JobRun.name)
        with self._db.read() as session:
            return [JobView(*row) for row in session.execute(query)]

    def ask(self, name: str) -> JobView:
        """Have this job run now, in the process that runs the jobs; raises NotFound."""
        if name not in NAMES:
            raise NotFound(f"There is no job {name!r}. There are: {', '.join(NAMES)}.")
        with self._db.write() as session:
            row = session.get(JobRun, name) or JobRun(name=name, runs=0)
            row.requested_at = self._clock()
            session.add(row)
        self._wake(HEARTBEAT)  # it looks for what is asked; without a scheduler here, in seconds
        return next(view for view in self.views() if view.name == name)
