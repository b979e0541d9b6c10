"""One more search for a grab that nobody can send: made now, within the same limits as any."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from soulspot_arr.budget import Purpose
from soulspot_arr.domain import Query, Rescue
from soulspot_arr.errors import SourceUnavailable
from soulspot_arr.models import Dig, SearchRow
from soulspot_arr.search import _Flight
from soulspot_arr.search.asker import Status
from tests.fakes.threads import until
from tests.soulspot_arr.rows import new_grab
from tests.soulspot_arr.search.scene import ASKED, UNDERTOW, make_search, share
from tests.soulspot_arr.workshop import Bench


def test_a_kept_answer_does_not_count(bench: Bench) -> None:
    """Who came online after the first answer is found, though that answer is still kept."""
    share(bench, "anna")
    search = make_search(bench, UNDERTOW)
    assert [release.offers[0].peer for release in search.find(ASKED)] == ["anna"]
    bench.clock.advance(700)
    share(bench, "ben")
    assert len(search.find(ASKED)) == 1
    found = search.once_more(ASKED)
    assert found is not None
    assert {offer.peer for release in found for offer in release.offers} == {"anna", "ben"}


def test_a_text_is_not_repeated_within_minutes(bench: Bench) -> None:
    """What was heard a moment ago is used instead."""
    share(bench, "anna")
    search = make_search(bench, UNDERTOW)
    search.find(ASKED)
    asked = list(bench.source.searches)
    assert search.once_more(ASKED)
    assert bench.source.searches == asked


def test_nothing_there_is_an_answer_and_nobody_to_ask_is_none(bench: Bench) -> None:
    """Only what the network really said may let a grab fail."""
    search = make_search(bench, UNDERTOW)
    assert search.once_more(ASKED) == []
    bench.clock.advance(100_000)
    bench.source.break_next("search", SourceUnavailable("gone", source="slskd"), times=9)
    assert search.once_more(ASKED) is None
    bench.source.configured = False
    assert search.once_more(ASKED) is None


def test_a_ban_is_respected(bench: Bench) -> None:
    """Nothing is asked while Soulseek has shut us out."""
    search = make_search(bench, UNDERTOW)
    search.bans.silent()
    assert search.once_more(ASKED) is None
    assert bench.source.searches == []


@pytest.mark.parametrize("waiting", [1, 3])
def test_it_goes_beside_the_questions_that_wait(bench: Bench, waiting: int) -> None:
    """Lidarr may keep every place taken for days; the one of the rescue takes none of them."""
    share(bench, "anna")
    search = make_search(bench, UNDERTOW, search__waiting=waiting)
    for number in range(waiting):
        search._flights[str(number)] = _Flight(Query(term=str(number)), (str(number),))
    assert search.once_more(ASKED)
    search._flights["rescue"] = _Flight(Query(term="x"), ("rescue",), rescue=True)
    del search._flights["0"]
    assert search.find(ASKED)


def digs(bench: Bench) -> int:
    """How many questions wait to be dug for."""
    with bench.db.read() as session:
        return session.scalar(select(func.count()).select_from(Dig)) or 0


def test_nothing_is_dug_for_what_nobody_waits_for(bench: Bench) -> None:
    """The grab is decided by the answer that is there; whoever asks later is dug for as ever."""
    search = make_search(bench, UNDERTOW, search__rungs=1)
    assert search.once_more(ASKED) == []
    assert digs(bench) == 0
    assert search.find(ASKED) == []
    assert digs(bench) == 1, "that a rescue found nothing keeps no question from being answered"
    assert [row.kind for row in searches(bench)] == ["rescue"]


def test_who_joins_the_search_of_a_rescue_is_dug_for(bench: Bench) -> None:
    """Lidarr asks for the same album while it is searched for."""
    search = make_search(bench, UNDERTOW, search__rungs=1)
    bench.during("search", lambda: joined.append(search.ask(ASKED)))
    joined: list[int] = []
    search.once_more(ASKED)
    assert len(joined) == 1
    until(lambda: digs(bench) == 1)


def searches(bench: Bench) -> list[SearchRow]:
    """What was asked of the network."""
    with bench.db.read() as session:
        return list(session.scalars(select(SearchRow).order_by(SearchRow.id)))


def test_lidarr_cannot_use_up_the_whole_budget_while_a_grab_is_lost(bench: Bench) -> None:
    """It searches for a thousand albums; the lost one is searched for all the same, at once."""
    share(bench, "anna")
    search = make_search(bench, UNDERTOW, search__budget=5)
    with bench.db.write() as session:
        new_grab(session, rescue=Rescue.WANTED)
    asker = search.askers
    told = [asker.ask(f"album {n}", Purpose("k"), seconds=5, patience=0) for n in range(30)]
    assert [reply.status for reply in told].count(Status.BUSY) == 5
    assert search.once_more(ASKED)
