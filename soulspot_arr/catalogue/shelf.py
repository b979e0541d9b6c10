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
from soulspot_arr.domain import Clock, Query
from soulspot_arr.errors import DatabaseTrouble
from soulspot_arr.models import CatalogueRow
from soulspot_arr.rules.spelling import as_question
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
        document = codec.to_json(wanted) if wanted is not None else None
        key, *joined = keys_of(question)
        try:
            with self._db.write() as session:
                if wanted is None:
                    # It says nothing about others whose names join to the same text.
                    session.execute(
                        delete(CatalogueRow).where(
                            CatalogueRow.provider == provider.value, CatalogueRow.key.in_(joined)
                        )
                    )
                for one in sorted([key, *joined] if wanted is not None else [key]):
                    row = {"provider": provider.value, "key": one, "wanted": document}
                    session.merge(CatalogueRow(**row, asked_at=self._clock()))
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
    """Equal for questions that mean the same, however they are spelled.

    "Black" with "Wonderful Life" is not "Black Wonderful" with "Life".
    """
    if question.album_id or question.artist_id:
        return f"album {question.album_id}" if question.album_id else f"artist {question.artist_id}"
    query = question.query
    return _key(query, query.artist, query.album, query.term)


def keys_of(question: Question) -> tuple[str, ...]:
    """Under which an answer is found: by its own question, and by Lidarr's second one for it.

    That one is the joined text (contract lidarr §6.3), and means whatever can be read in it.
    """
    query = question.query
    if not (query.artist and query.album):
        return (key_of(question),)
    return key_of(question), _key(query, "", "", f"{query.artist} {query.album}")


def _key(query: Query, *asked: str) -> str:
    compared = "\0".join((*map(as_question, asked), str(query.year or "")))
    return hashlib.sha256(compared.encode("utf-8", "surrogatepass")).hexdigest()
