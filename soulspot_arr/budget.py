"""The shared search budget: how often the Soulseek server may be asked.

The server bans fast clients for 30 minutes without a word (contract slskd §11.1). The count covers
all our processes (rows) and everybody else who searches through the same slskd.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, text, update

from soulspot_arr import clockwatch
from soulspot_arr.db import Database
from soulspot_arr.domain import Clock
from soulspot_arr.models import SearchRow
from soulspot_arr.settings import Settings
from soulspot_arr.sources import DownloadSource, Guard

log = logging.getLogger(__name__)


class SearchBudget:
    """Hands out the right to make one search."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        source: DownloadSource,
        guard: Guard,
        *,
        clock: Clock,
    ) -> None:
        self._db = database
        self._settings = settings
        self._source = source
        self._guard = guard
        self._clock = clock

    def take(self, query_key: str, words: str, rung: int, *, patience: float) -> int | None:
        """Wait at most `patience` seconds for a free place; returns the row of this search.

        None when none came free in time. Raises SourceError when the source is down.
        """
        until = time.monotonic() + patience
        while True:
            with self._guard("count searches"):
                others = self._source.foreign_searches(self._window_start())
            row_id, wait = self._try(query_key, words, rung, others)
            if row_id is not None:
                return row_id
            if time.monotonic() + wait > until:
                log.info("the search budget is used up for %.0f s more", wait)
                return None
            time.sleep(wait)

    def _window_start(self) -> datetime:
        return self._clock() - timedelta(seconds=self._settings.get("search.rate_window"))

    def _try(
        self, query_key: str, words: str, rung: int, others: Sequence[datetime]
    ) -> tuple[int | None, float]:
        """The new row, or how long to wait until a place is free."""
        window = timedelta(seconds=self._settings.get("search.rate_window"))
        with self._db.write() as session:
            session.connection()  # takes the lock of SQLite: whoever was first is in the past now
            if self._db.dialect == "postgresql":  # count and insert are one step, as on SQLite
                session.execute(text("LOCK TABLE searches IN SHARE ROW EXCLUSIVE MODE"))
            now = self._clock()
            own = session.scalars(
                select(SearchRow.started_at).where(
                    SearchRow.source == self._source.name,
                    SearchRow.started_at > now - window,
                    # What a clock that was ahead has left must not block searches for hours.
                    SearchRow.started_at <= now + timedelta(seconds=clockwatch.LIMIT),
                )
            ).all()
            recent = sorted([*own, *(at for at in others if now - window < at <= now)])
            allowed = int(self._settings.get("search.rate"))
            if len(recent) >= allowed:
                free_at = recent[len(recent) - allowed] + window
                return None, max(0.05, (free_at - now).total_seconds())
            row = SearchRow(
                source=self._source.name,
                query_key=query_key,
                text=words,
                rung=rung,
                started_at=now,
            )
            session.add(row)
            session.flush()
            return row.id, 0.0

    def done(self, row_id: int, outcome: str, *, found: int, kept: int) -> None:
        """Write down how a search ended."""
        with self._db.write() as session:
            session.execute(
                update(SearchRow)
                .where(SearchRow.id == row_id)
                .values(finished_at=self._clock(), outcome=outcome, found=found, kept=kept)
            )
