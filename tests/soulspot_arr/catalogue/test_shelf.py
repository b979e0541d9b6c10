"""Kept answers, on both databases: one for each provider and question, each with its age."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select, update

from soulspot_arr.catalogue.seam import Question
from soulspot_arr.catalogue.shelf import Kept, Shelf, key_of
from soulspot_arr.db import Database
from soulspot_arr.domain import Query
from soulspot_arr.models import CatalogueRow
from soulspot_arr.wanted import Provider, Wanted
from tests.fakes.clock import NOON, FakeClock
from tests.soulspot_arr.catalogue.test_codec import WHOLE

ASKED = Question(Query("Sigur Rós", "( )"))
DAY = 86_400.0


@pytest.fixture
def shelf(database: Database, clock: FakeClock) -> Shelf:
    """An empty shelf."""
    return Shelf(database, clock=clock)


def test_an_answer_is_found_again(shelf: Shelf, clock: FakeClock) -> None:
    """Whole, of its provider only; a later one takes its place."""
    assert shelf.find(Provider.LIDARR, ASKED) is None
    shelf.put(Provider.LIDARR, ASKED, WHOLE)
    assert shelf.find(Provider.LIDARR, ASKED) == Kept(WHOLE, NOON)
    assert shelf.find(Provider.MUSICBRAINZ, ASKED) is None
    later = clock.advance(5)
    shelf.put(Provider.LIDARR, ASKED, None)
    assert shelf.find(Provider.LIDARR, ASKED) == Kept(None, later)
    shelf.put(Provider.LIDARR, ASKED, WHOLE)
    assert shelf.find(Provider.LIDARR, ASKED) == Kept(WHOLE, later)


@pytest.mark.parametrize("document", [{"v": 0}, [], "x", 5])
def test_a_damaged_or_older_answer_is_none(
    shelf: Shelf, database: Database, document: object
) -> None:
    """It is asked again and written over."""
    shelf.put(Provider.LIDARR, ASKED, WHOLE)
    with database.write() as session:
        session.execute(update(CatalogueRow).values(wanted=document))
    assert shelf.find(Provider.LIDARR, ASKED) is None
    shelf.put(Provider.LIDARR, ASKED, WHOLE)
    assert shelf.find(Provider.LIDARR, ASKED) == Kept(WHOLE, NOON)


@pytest.mark.parametrize(
    ("wanted", "age", "days", "fresh"),
    [
        (WHOLE, 6.9 * DAY, 7, True),
        (WHOLE, 7.1 * DAY, 7, False),
        (WHOLE, 0, 0, False),
        (None, 5 * 3600, 7, True),
        (None, 7 * 3600, 7, False),
        (None, 5 * 3600, 0.1, False),
        (WHOLE, -8 * DAY, 7, False),
    ],
)
def test_freshness(
    shelf: Shelf, clock: FakeClock, wanted: Wanted | None, age: float, days: float, fresh: bool
) -> None:
    """Days for what was found, hours for what was not; a clock that was ahead does not count."""
    kept = Kept(wanted, clock())
    clock.advance(age)
    assert shelf.is_fresh(kept, days=days) is fresh


def test_pruning(shelf: Shelf, clock: FakeClock, database: Database) -> None:
    """What nobody asked for again goes, a month after it was fresh."""
    shelf.put(Provider.LIDARR, ASKED, WHOLE)
    clock.advance(30 * DAY)
    shelf.put(Provider.MUSICBRAINZ, ASKED, WHOLE)
    clock.advance(6 * DAY)
    shelf.prune(days=7)
    assert shelf.find(Provider.LIDARR, ASKED) is not None
    clock.advance(2 * DAY)
    shelf.prune(days=7)
    with database.read() as session:
        assert set(session.scalars(select(CatalogueRow.provider))) == {"musicbrainz"}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (Query("Radiohead", "OK Computer"), Query("radiohead", "ok  COMPUTER"), True),
        (Query("Radiohead", "OK Computer"), Query("Radiohead OK", "Computer"), False),
        (Query(term="Radiohead OK Computer"), Query(term="radiohead ok computer"), True),
        (Query("Radiohead", "OK Computer"), Query("Radiohead", "OK Computer", 1997), False),
        (Query("Ed Sheeran", "+"), Query("Ed Sheeran", "÷"), False),
        (Query("Radiohead", "Kid A"), Query("Radiohead", "Kid B"), False),
    ],
)
def test_equal_questions_have_one_key(one: Query, other: Query, same: bool) -> None:
    """Their spelling does not matter; where the artist ends does."""
    assert (key_of(Question(one)) == key_of(Question(other))) is same


def test_ids_have_keys_of_their_own() -> None:
    """An album and an artist of the same id never meet, and each key fits its column."""
    id_ = "x" * 64
    keys = {
        key_of(Question(Query(), album_id=id_)),
        key_of(Question(Query(), artist_id=id_)),
        key_of(Question(Query("\ud800", "x" * 5_000))),
    }
    assert len(keys) == 3
    assert max(len(key) for key in keys) <= 80


def test_many_put_the_same_at_once(shelf: Shelf) -> None:
    """Two processes find the same album: nobody fails, and it is there once."""
    threads = [
        threading.Thread(target=shelf.put, args=(Provider.LIDARR, ASKED, WHOLE)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shelf.find(Provider.LIDARR, ASKED) == Kept(WHOLE, NOON)


def test_without_a_database_it_is_empty(shelf: Shelf, database: Database) -> None:
    """A cache that cannot be read or written fails nobody."""
    shelf.put(Provider.LIDARR, ASKED, WHOLE)
    CatalogueRow.__table__.drop(database.engine)  # type: ignore[attr-defined]
    assert shelf.find(Provider.LIDARR, ASKED) is None
    shelf.put(Provider.LIDARR, ASKED, WHOLE)


def test_lidarrs_second_question_finds_the_answer_to_its_first(shelf: Shelf) -> None:
    """An album that is there answers the joined text too; one that is not says nothing of it."""
    asked, joined = Question(Query("Black", "Life")), Question(Query(term="Black Life"))
    shelf.put(Provider.LIDARR, asked, WHOLE)
    assert shelf.find(Provider.LIDARR, joined) == Kept(WHOLE, NOON)
    shelf.put(Provider.LIDARR, asked, None)
    assert shelf.find(Provider.LIDARR, joined) is None
    assert shelf.find(Provider.LIDARR, asked) == Kept(None, NOON)
