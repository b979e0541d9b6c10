"""The shared search budget: how often the Soulseek server may be asked.

The server bans fast clients for 30 minutes without a word (contract slskd §11.1). The count covers
all our processes (rows) and everybody else who searches through the same slskd.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, func, select, text, update
from sqlalchemy.orm import Session

from soulspot_arr import clockwatch
from soulspot_arr.db import Database
from soulspot_arr.domain import TRANSFERRING_GRABS, Clock, Rescue
from soulspot_arr.errors import AskedAlready, SourceThrottled
from soulspot_arr.models import COMPLETED, RUNNING, Grab, SearchRow
from soulspot_arr.settings import Settings
from soulspot_arr.sources import DownloadSource, Guard

log = logging.getLogger(__name__)

# Lidarr is waiting while the searches of others are counted.
_COUNT_WITHIN = 2.0
_COUNT_AGAIN = 60.0  # seconds after it took longer than that

RESCUE = "rescue"
"""The kind of a search for a grab that nobody can send any more."""
# Of the places of a window, for such searches while a grab wants one: enough for a whole ladder.
# Lidarr may search for its whole library for days, and each free place has many takers then.
_RESCUE_SHARE = 1 / 6


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a search is made for: the question, the rung of its ladder and what that tries."""

    query_key: str
    rung: int = 0
    kind: str = ""
    question_id: int | None = None


@dataclass(frozen=True, slots=True)
class _Asked:
    words: str
    purpose: Purpose
    repeat_after: timedelta


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
        self._others: tuple[tuple[datetime, datetime], ...] = ()
        self._count_from = float("-inf")

    def take(
        self, words: str, purpose: Purpose, *, patience: float, repeat_after: float = 0.0
    ) -> int | None:
        """Wait at most `patience` seconds for a free place; returns the row of this search.

        None when none came free in time. Raises SourceError when the source is down, and
        AskedAlready when anybody of us has asked the same text within `repeat_after` seconds.
        """
        until = time.monotonic() + patience
        asked = _Asked(words, purpose, timedelta(seconds=repeat_after))
        while True:
            row_id, wait = self._try(asked, self._count_others())
            if row_id is not None:
                return row_id
            if time.monotonic() + wait > until:
                log.info("the search budget is used up for %.0f s more", wait)
                return None
            time.sleep(wait)

    def _count_others(self) -> Sequence[datetime]:
        """Starts of others' searches by our clock, as known last when the source takes too long.

        A moment in our future comes from a clock that is ahead: it counts from our first sight of
        it, for one window like every other.
        """
        if time.monotonic() >= self._count_from:
            now = self._clock()
            since = now - timedelta(seconds=self._settings.get("search.rate_window"))
            try:
                with self._guard("count searches"):
                    listed = self._source.foreign_searches(since, seconds=_COUNT_WITHIN)
            except SourceThrottled as error:
                log.info("others' searches are not counted for a while: %s", error.message)
                self._count_from = time.monotonic() + _COUNT_AGAIN
            else:
                seen = dict(self._others)
                self._others = tuple((at, min(at, now, seen.get(at, now))) for at in listed)
        return [counted for _, counted in self._others]

    def used(self, *, afresh: bool = True) -> float:
        """Which share of the searches of the present window is used up, by us and by others.

        `afresh` False counts those of others as they were known last. Otherwise raises SourceError
        when the source is down.
        """
        others = self._count_others() if afresh else [counted for _, counted in self._others]
        with self._db.read() as session:
            return len(self._recent(session, others)) / int(self._settings.get("search.rate"))

    def _recent(self, session: Session, others: Sequence[datetime]) -> list[datetime]:
        """Starts within the window by our clock, in their order."""
        now, window = self._clock(), timedelta(seconds=self._settings.get("search.rate_window"))
        own = session.scalars(
            select(SearchRow.started_at).where(
                SearchRow.source == self._source.name,
                SearchRow.started_at > now - window,
                # What a clock that was ahead has left must not block searches for hours.
                SearchRow.started_at <= now + timedelta(seconds=clockwatch.LIMIT),
            )
        ).all()
        return sorted([*own, *(at for at in others if now - window < at <= now)])

    def _try(self, asked: _Asked, others: Sequence[datetime]) -> tuple[int | None, float]:
        """The new row, or how long to wait until a place is free."""
        window = timedelta(seconds=self._settings.get("search.rate_window"))
        with self._db.write() as session:
            session.connection()  # takes the lock of SQLite: whoever was first is in the past now
            if self._db.dialect == "postgresql":  # count and insert are one step, as on SQLite
                session.execute(text("LOCK TABLE searches IN SHARE ROW EXCLUSIVE MODE"))
            now = self._clock()
            self._refuse_repeated(session, asked, now)
            recent = self._recent(session, others)
            allowed = int(self._settings.get("search.rate"))
            if asked.purpose.kind != RESCUE:
                allowed -= self._kept_for_rescues(session, allowed, now)
            if len(recent) >= allowed:
                free_at = recent[len(recent) - allowed] + window
                return None, max(0.05, (free_at - now).total_seconds())
            row = SearchRow(
                source=self._source.name,
                query_key=asked.purpose.query_key,
                question_id=asked.purpose.question_id,
                text=asked.words,
                rung=asked.purpose.rung,
                kind=asked.purpose.kind,
                started_at=now,
            )
            session.add(row)
            session.flush()
            return row.id, 0.0

    def _kept_for_rescues(self, session: Session, rate: int, now: datetime) -> int:
        """How many places of this window nobody else may take; what was used of them is over."""
        share = max(int(rate * _RESCUE_SHARE), min(1, rate - 1))
        wanted = exists().where(
            Grab.rescue == Rescue.WANTED,
            Grab.status.in_(TRANSFERRING_GRABS),
            Grab.paused.is_(False),
        )
        if not share or not session.scalar(select(wanted)):
            return 0
        window = timedelta(seconds=self._settings.get("search.rate_window"))
        made = session.scalar(
            select(func.count()).where(
                SearchRow.source == self._source.name,
                SearchRow.kind == RESCUE,
                SearchRow.started_at > now - window,
                SearchRow.started_at <= now + timedelta(seconds=clockwatch.LIMIT),
            )
        )
        return max(0, share - (made or 0))

    def _refuse_repeated(self, session: Session, asked: _Asked, now: datetime) -> None:
        """An equal text within minutes is what the server bans for (contract slskd §11.1).

        One that failed has not reached the network, so it does not count.
        """
        at = session.scalar(
            select(func.max(SearchRow.started_at)).where(
                SearchRow.text == asked.words,  # through whichever instance
                SearchRow.outcome.in_((RUNNING, COMPLETED)),
                SearchRow.started_at > now - asked.repeat_after,
                SearchRow.started_at <= now + timedelta(seconds=clockwatch.LIMIT),
            )
        )
        if at is not None and asked.repeat_after:
            raise AskedAlready(f"{asked.words!r} was asked a moment ago.", at=at)

    def judged(self, row_id: int, kept: int) -> None:
        """Write down how many offers there were to choose from after this search."""
        with self._db.write() as session:
            session.execute(update(SearchRow).where(SearchRow.id == row_id).values(kept=kept))

    def done(self, row_id: int, outcome: str, *, found: int) -> None:
        """Write down how a search ended."""
        with self._db.write() as session:
            session.execute(
                update(SearchRow)
                .where(SearchRow.id == row_id)
                .values(finished_at=self._clock(), outcome=outcome, found=found)
            )
