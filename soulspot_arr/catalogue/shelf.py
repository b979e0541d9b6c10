"""Keeps what providers said, in the database: so nobody is asked twice, and a dead one is missed less.

A cache and nothing more: when the database cannot be used it is an empty one.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from soulspot_arr.catalogue import codec
from soulspot_arr.catalogue.seam import Question
from soulspot_arr.db import Database
from soulspot_arr.domain import Clock
from soulspot_arr.errors import DatabaseTrouble
from soulspot_arr.models import CatalogueRow
from soulspot_arr.rules.spelling import normalise
from soulspot_arr.wanted import Provider, Wanted

log = logging.getLogger(__name__)

# What was not found may have been entered since.
ABSENT_FRESH = timedelta(hours=6)
# Beyond its freshness an answer is kept this much longer, for the day its provider is dead.
STALE_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer from before; `wanted` None says that nothing was found then."""

    wanted: Wanted | None
    at: datetime


class Shelf:
    """The kept answers of all providers."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._db = database
        self._clock = clock

    def find(self, provider: Provider, question: Question) -> Kept | None:
        """What the provider said to an equal question, of whatever age."""
        try:
            with self._db.read() as session:
                row = session.get(CatalogueRow, (provider.value, key_of(question)))
        except (SQLAlchemyError, DatabaseTrouble) as error:
            log.warning("the kept answers of the catalogue cannot be read: %s", error)
            return None
        if row is None:
            return None
        wanted = codec.from_json(row.wanted) if row.wanted is not None else None
        unreadable = row.wanted is not None and wanted is None  # of another version, or damaged
        return None if unreadable else Kept(wanted, row.asked_at)

    def is_fresh(self, kept: Kept, *, days: float) -> bool:
        """Whether the answer may be used without asking again; an empty one ages faster."""
        limit = timedelta(days=days)
        if kept.wanted is None:
            limit = min(limit, ABSENT_FRESH)
        # A clock that was ahead must not make an answer eternal.
        return abs(self._clock() - kept.at) < limit

    def put(self, provider: Provider, question: Question, wanted: Wanted | None) -> None:
        """Keep an answer in place of an older one."""
        row = CatalogueRow(
            provider=provider.value,
            key=key_of(question),
            wanted=codec.to_json(wanted) if wanted is not None else None,
            asked_at=self._clock(),
        )
        try:
            with self._db.write() as session:
                session.merge(row)
        except IntegrityError:  # another process has just kept the same
            log.debug("the answer is there already")
        except (SQLAlchemyError, DatabaseTrouble) as error:
            log.warning("an answer of the catalogue could not be kept: %s", error)

    def prune(self, *, days: float) -> None:
        """Delete what was not asked again for long; raises DatabaseTrouble."""
        before = self._clock() - timedelta(days=days) - STALE_FOR
        with self._db.write() as session:
            session.execute(delete(CatalogueRow).where(CatalogueRow.asked_at < before))


def key_of(question: Question) -> str:
    """Equal for questions that mean the same, however their words are divided or spelled."""
    if question.album_id or question.artist_id:
        return f"album {question.album_id}" if question.album_id else f"artist {question.artist_id}"
    query = question.query
    asked = " ".join((query.artist, query.album, query.term)).split()
    # Some albums are nothing but a sign: "+" and "÷" are two questions.
    words = " ".join(normalise(word) or word for word in asked)
    compared = f"{words}\0{query.year or ''}"
    return hashlib.sha256(compared.encode("utf-8", "surrogatepass")).hexdigest()
