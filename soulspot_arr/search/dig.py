"""Digging deeper: the texts that nobody waited for are asked in the background, one at a time.

A question that was answered without anything sure leaves a row here. Each run asks one text of one
question, and only while at least a third of the search budget is free for live questions. What is
found is merged into the kept answer, so it is there when Lidarr asks the next time. The rows are all
there is: a killed process loses nothing, and the same text is not asked again within minutes.
"""

from __future__ import annotations

import logging
from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update

from soulspot_arr.budget import Purpose
from soulspot_arr.db import Database
from soulspot_arr.domain import Query
from soulspot_arr.errors import SourceError
from soulspot_arr.models import Dig
from soulspot_arr.search.asker import Reply, Status
from soulspot_arr.search.climb import (
    Climb,
    only_settled,
    outcomes_from_json,
    outcomes_to_json,
)
from soulspot_arr.search.desk import Desk
from soulspot_arr.search.keys import keys_of
from soulspot_arr.search.questions import Outcome

log = logging.getLogger(__name__)

FREE = 1 / 3
"""Share of the search budget that is left to live questions."""
_MOST_OPEN = 200
_LASTS = timedelta(hours=24)
_BREATH = timedelta(seconds=10)  # Lidarr's next question comes within seconds and goes first
_CLAIM = timedelta(minutes=5)
_AFTER_TROUBLE = timedelta(minutes=1)
_CATALOGUE_SECONDS = 15.0


class Digger:
    """The dig job, and the way to hand a question to it."""

    def __init__(self, database: Database, desk: Desk) -> None:
        self._db = database
        self._desk = desk

    def hand_over(self, climb: Climb, question_id: int | None) -> bool:
        """Go on with this question in the background; whether there is anything to go on with."""
        remaining = int(self._desk.settings.get("search.dig"))
        if remaining < 1 or climb.enough or climb.next() is None:
            return False
        now = self._desk.clock()
        row = Dig(
            query_key=keys_of(climb.query)[0],
            query=asdict(climb.query),
            question_id=question_id,
            # Answers to half-known names have to be heard again.
            asked=outcomes_to_json(climb.outcomes if climb.wanted.settled else (), settled=True),
            remaining=remaining,
            not_before=now + _BREATH,
            created_at=now,
        )
        with self._db.write() as session:
            waiting = session.scalar(select(func.count()).select_from(Dig)) or 0
            if waiting >= _MOST_OPEN:
                log.info("too much waits to be dug for; this question is left as it is")
                return False
            session.merge(row)
        return True

    def run(self) -> int:
        """Ask one text of the question that has waited longest; how many were asked."""
        self._desk.asker.recent.forget()
        row = self._due()
        if row is None or not self._desk.source.is_configured() or self._desk.asker.bans.banned():
            return 0
        if self._desk.clock() - row.created_at > _LASTS:
            self._end(row)
            return 0
        try:
            if self._desk.asker.budget.used() > 1 - FREE or not self._claim(row):
                return 0
        except SourceError as error:
            log.debug("digging waits: %s", error.message)
            return 0
        return self._dig(row)

    def _due(self) -> Dig | None:
        query = select(Dig).where(Dig.not_before <= self._desk.clock()).order_by(Dig.not_before)
        with self._db.read() as session:
            return session.scalars(query.limit(1)).first()

    def _claim(self, row: Dig) -> bool:
        """Take it by compare-and-set: whoever dies with it gives it back in a few minutes."""
        with self._db.write() as session:
            taken = session.execute(
                update(Dig)
                .where(Dig.query_key == row.query_key, Dig.not_before == row.not_before)
                .values(not_before=self._desk.clock() + _CLAIM)
                .returning(Dig.query_key)
            )
            return taken.first() is not None

    def _dig(self, row: Dig) -> int:
        desk = self._desk
        climb = self._climb(row)
        rung = climb.next() if row.remaining > 0 else None
        if rung is None:
            self._give_up(row, certain=climb.wanted.settled)
            return 0
        why = Purpose(row.query_key, len(row.asked), rung.kind.value, row.question_id)
        seconds = desk.settings.get("search.first_answer")
        reply = desk.ask(climb, rung, why, seconds=seconds, wait=0.0)
        if not reply.heard:
            self._put_off(row, self._again(reply))
            return 0
        desk.look_up(climb, seconds=seconds)
        self._keep(row, climb)
        return 1

    def _climb(self, row: Dig) -> Climb:
        query = Query(**row.query)
        climb = self._desk.climb(
            query, self._desk.catalogue.resolve(query, seconds=_CATALOGUE_SECONDS)
        )
        if climb.wanted.settled:
            # What was heard while the catalogue was silent has to be heard again.
            row.asked = only_settled(row.asked)
        asked = outcomes_from_json(row.asked)
        climb.recall(asked)
        for outcome in asked:
            climb.remember(self._desk.asker.recent.get(outcome.rung.text) or ())
        return climb

    def _again(self, reply: Reply) -> datetime:
        """When the same text may be tried once more."""
        now = self._desk.clock()
        if reply.status is Status.SKIPPED and reply.asked_at is not None:
            pause = timedelta(seconds=self._desk.settings.repeat_after)
            return max(now, reply.asked_at + pause)
        if reply.status is Status.BANNED:
            return self._desk.asker.bans.until or now
        return now if reply.status is Status.BUSY else now + _AFTER_TROUBLE

    def _put_off(self, row: Dig, until: datetime) -> None:
        with self._db.write() as session:
            session.execute(
                update(Dig).where(Dig.query_key == row.query_key).values(not_before=until)
            )

    def _keep(self, row: Dig, climb: Climb) -> None:
        """The finds into the answer, the lesson into the book, the rest into the row."""
        self._desk.learn(climb)
        finds = self._desk.finds(climb)
        if finds:
            settled = climb.wanted.settled
            self._desk.answers.add(_keys(row), finds, row.question_id, settled=settled)
            log.info("dug for %s: %d offers", climb.wanted.album or row.query_key, len(finds))
        over = climb.sure or climb.next() is None or row.remaining <= 1
        if row.question_id is not None:
            outcome = self._outcome(row, climb) if over else None
            self._desk.questions.dug(row.question_id, climb.explained(), outcome=outcome)
        if over:
            heard_all = not climb.doubtful and not climb.withheld
            self._give_up(row, certain=climb.wanted.settled and heard_all)
            return
        new = climb.outcomes[len(row.asked) :]
        with self._db.write() as session:
            session.execute(
                update(Dig)
                .where(Dig.query_key == row.query_key)
                .values(
                    asked=[*row.asked, *outcomes_to_json(new, settled=climb.wanted.settled)],
                    remaining=row.remaining - 1,
                    not_before=self._desk.clock(),
                )
            )

    def _outcome(self, row: Dig, climb: Climb) -> Outcome:
        if climb.certain:
            return Outcome.SURE
        kept = self._desk.answers.fresh(_keys(row)[0])
        return Outcome.FOUND if kept is not None and kept[0] else Outcome.NOTHING

    def _give_up(self, row: Dig, *, certain: bool = True) -> None:
        """The ladder is climbed to its end: an answer that is still empty is a miss now.

        Not where the silence may have been that of a ban.
        """
        if certain:
            self._desk.answers.missed(_keys(row), row.question_id)
        self._end(row)

    def _end(self, row: Dig) -> None:
        with self._db.write() as session:
            session.execute(delete(Dig).where(Dig.query_key == row.query_key))
        if row.question_id is not None:
            self._desk.questions.finish(row.question_id)


def _keys(row: Dig) -> tuple[str, ...]:
    return keys_of(Query(**row.query))
