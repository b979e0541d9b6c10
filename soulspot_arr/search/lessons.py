"""What searching has taught about artists, kept in the database."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from soulspot_arr.db import Database
from soulspot_arr.domain import Clock
from soulspot_arr.models import LessonRow
from soulspot_arr.rules.planning.climbing import Lessons
from soulspot_arr.rules.spelling import normalise, squeeze

_FORGOTTEN_AFTER = timedelta(days=90)  # the network's lists change
_LONGEST = 300


class LessonBook:
    """Reads and writes what is known about an artist; equal names are one artist."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._db = database
        self._clock = clock

    def of(self, artist: str) -> Lessons:
        """What is known; nothing about nobody."""
        with self._db.read() as session:
            row = session.get(LessonRow, _key(artist)) if artist else None
        if row is None:
            return Lessons()
        return Lessons(tuple(row.worked), row.filtered)

    def keep(self, artist: str, lessons: Lessons, *, before: Lessons) -> None:
        """Write down what is known now, also that it is still what was known before."""
        row = LessonRow(
            artist=_key(artist),
            worked=list(lessons.worked),
            filtered=lessons.filtered,
            updated_at=self._clock(),
        )
        if not row.artist or lessons == before == Lessons():
            return
        try:
            with self._db.write() as session:
                session.merge(row)
        except IntegrityError:  # another question about the artist has just written the first row
            with self._db.write() as session:
                session.merge(row)

    def prune(self) -> None:
        """Forget what is too old to be trusted."""
        with self._db.write() as session:
            session.execute(
                delete(LessonRow).where(LessonRow.updated_at < self._clock() - _FORGOTTEN_AFTER)
            )


def _key(artist: str) -> str:
    return (normalise(artist) or squeeze(artist))[:_LONGEST]
