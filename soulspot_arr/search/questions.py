"""The questions that were answered by searching, with the reasons for their answers.

Written while a question is answered and read by people. What is kept of each is bounded in size, and
housekeeping deletes it after `retention.searches`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import defer

from soulspot_arr.db import Database
from soulspot_arr.domain import Clock, Query
from soulspot_arr.errors import QuestionNotFound
from soulspot_arr.models import QuestionRow
from soulspot_arr.rules.matching import explaining
from soulspot_arr.wanted import Wanted

_LOST_AFTER = timedelta(minutes=5)


class Phase(StrEnum):
    """How far a question has come."""

    RUNNING = "running"
    DIGGING = "digging"  # answered; further texts are asked in the background
    FINISHED = "finished"


class Outcome(StrEnum):
    """What came of a question."""

    SURE = "sure"
    FOUND = "found"  # acceptable, not sure
    NOTHING = "nothing"
    BUSY = "busy"  # the search budget was used up
    CUT = "cut"  # the time was over
    SKIPPED = "skipped"  # another process has just asked the same texts
    OUTAGE = "outage"
    BANNED = "banned"
    UNCONFIGURED = "unconfigured"
    LOST = "lost"  # the process was ended while it searched


@dataclass(frozen=True, slots=True)
class QuestionView:
    """One question as the edges show it, without its offers."""

    id: int
    artist: str
    album: str
    year: int | None
    term: str
    phase: Phase
    outcome: str
    provider: str
    counts: Mapping[str, int]
    started_at: datetime
    answered_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Explanation(QuestionView):
    """The same with everything that is kept of it."""

    wanted: Mapping[str, Any] | None
    rungs: Sequence[Mapping[str, Any]]
    offers: Sequence[Mapping[str, Any]]
    others: Sequence[Mapping[str, Any]]


class Questions:
    """Writes and reads them."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._db = database
        self._clock = clock

    def begin(self, key: str, query: Query) -> int:
        """A new question; its id."""
        row = QuestionRow(
            query_key=key,
            artist=query.artist,
            album=query.album,
            year=query.year,
            term=query.term,
            state=Phase.RUNNING,
            rungs=[],
            counts={},
            offers=[],
            others=[],
            started_at=self._clock(),
        )
        with self._db.write() as session:
            session.add(row)
            session.flush()
            return row.id

    def resolved(self, question_id: int, wanted: Wanted) -> None:
        """What the catalogue said."""
        known = explaining.summary(wanted) | {"settled": wanted.settled}
        self._update(question_id, provider=wanted.provider.value, wanted=known)

    def answered(
        self,
        question_id: int,
        outcome: Outcome,
        *,
        digging: bool = False,
        why: Mapping[str, Any] | None = None,
    ) -> None:
        """Lidarr has its answer; `why` is what `Climb.explained` says."""
        now = self._clock()
        self._update(
            question_id,
            state=Phase.DIGGING if digging else Phase.FINISHED,
            outcome=outcome,
            answered_at=now,
            finished_at=None if digging else now,
            **(why or {}),
        )

    def dug(self, question_id: int, why: Mapping[str, Any], *, outcome: Outcome | None) -> None:
        """What a search in the background added; with an outcome it was the last one."""
        with self._db.write() as session:
            row = session.get(QuestionRow, question_id, with_for_update=True)
            if row is None:
                return
            row.rungs = [*row.rungs, *why["rungs"]]
            row.offers = explaining.merged(row.offers, why["offers"])
            row.others = explaining.counted_together(row.others, why["others"])
            # What is remembered of the first answers is judged again, and must not count twice.
            counts = {
                name: max(row.counts.get(name, 0), more) for name, more in why["counts"].items()
            }
            counts["searches"] = row.counts.get("searches", 0) + why["counts"]["searches"]
            counts["offered"] = sum(offer["verdict"] == explaining.OFFERED for offer in row.offers)
            row.counts = counts
            if outcome is not None:
                row.state, row.outcome, row.finished_at = Phase.FINISHED, outcome, self._clock()

    def finish(self, question_id: int) -> None:
        """Digging ended without a further word."""
        with self._db.write() as session:
            session.execute(
                update(QuestionRow)
                .where(QuestionRow.id == question_id, QuestionRow.state != Phase.FINISHED)
                .values(state=Phase.FINISHED, finished_at=self._clock())
            )

    def _update(self, question_id: int, **values: Any) -> None:
        with self._db.write() as session:
            session.execute(
                update(QuestionRow).where(QuestionRow.id == question_id).values(**values)
            )

    # -- reading -----------------------------------------------------------------------------------

    def page(self, *, before: int | None = None, limit: int = 50) -> list[QuestionView]:
        """Questions, newest first, those with a smaller id than `before`."""
        heavy = (QuestionRow.wanted, QuestionRow.rungs, QuestionRow.offers, QuestionRow.others)
        query = select(QuestionRow).options(*map(defer, heavy))
        query = query.order_by(QuestionRow.id.desc()).limit(limit)
        if before is not None:
            query = query.where(QuestionRow.id < before)
        with self._db.read() as session:
            return [QuestionView(**self._brief(row)) for row in session.scalars(query)]

    def knows(self, question_id: int) -> bool:
        """Whether it is still kept."""
        with self._db.read() as session:
            return session.get(QuestionRow, question_id) is not None

    def find(self, question_id: int) -> Explanation:
        """One question with all that is kept of it; raises QuestionNotFound."""
        with self._db.read() as session:
            row = session.get(QuestionRow, question_id)
            if row is None:
                raise QuestionNotFound(f"There is no question {question_id}.")
            return Explanation(
                **self._brief(row),
                wanted=row.wanted,
                rungs=row.rungs,
                offers=row.offers,
                others=row.others,
            )

    def _brief(self, row: QuestionRow) -> dict[str, Any]:
        phase, outcome = Phase(row.state), row.outcome
        if phase is Phase.RUNNING and self._clock() - row.started_at > _LOST_AFTER:
            phase, outcome = Phase.FINISHED, Outcome.LOST.value
        return {
            "id": row.id,
            "artist": row.artist,
            "album": row.album,
            "year": row.year,
            "term": row.term,
            "phase": phase,
            "outcome": outcome,
            "provider": row.provider,
            "counts": row.counts,
            "started_at": row.started_at,
            "answered_at": row.answered_at,
            "finished_at": row.finished_at,
        }

    def prune(self, *, days: float) -> None:
        """Delete old questions."""
        before = self._clock() - timedelta(days=days)
        with self._db.write() as session:
            session.execute(delete(QuestionRow).where(QuestionRow.started_at < before))
