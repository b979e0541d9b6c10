"""Digging deeper: what goes on in the background when nothing sure was found."""

from __future__ import annotations

import dataclasses

import pytest
from sqlalchemy import select, update

from soulspot_arr.domain import Query
from soulspot_arr.errors import SourceOffline, SourceUnavailable
from soulspot_arr.models import Answer, Dig, SearchRow
from soulspot_arr.search.keys import keys_of
from tests.soulspot_arr.search.scene import (
    ASKED,
    UNDERTOW,
    dig,
    make_search,
    share,
)
from tests.soulspot_arr.workshop import Bench

ODD = "Stuff\\Sorted\\The Ghost Cellos - Undertow"


def open_digs(bench: Bench) -> list[Dig]:
    """What waits to be dug for."""
    with bench.db.read() as session:
        return list(session.scalars(select(Dig)))


def answer(bench: Bench) -> Answer:
    """The kept answer."""
    with bench.db.read() as session:
        found = session.get(Answer, keys_of(ASKED)[0])
    assert found is not None
    return found


def test_later_rungs_find_what_the_first_ones_did_not(both: Bench) -> None:
    """The find is merged into the kept answer: the next search has it without asking anybody."""
    share(both, "anna", ODD)
    search = make_search(both, UNDERTOW, search__rungs=2)
    both.source.silence("undertow 1994")
    assert search.find(ASKED) == []
    assert search.questions.page()[0].phase == "digging"
    dug = dig(both, search)
    asked = len(both.source.searches)
    (found,) = search.find(ASKED)
    assert (found.artist, found.album) == ("Cello Ghosts", "Undertow")
    assert len(both.source.searches) == asked
    assert len(set(both.source.searches)) == asked, "no text is asked twice"
    assert 1 <= len(dug) <= 10
    assert open_digs(both) == []
    (question,) = search.questions.page()
    assert (question.phase, question.outcome) == ("finished", "sure")
    assert question.counts["searches"] == 2 + len(dug)


def test_nothing_sure_leaves_something_to_dig_for_and_something_sure_nothing(bench: Bench) -> None:
    """A sure offer of acceptable quality is the end of searching."""
    share(bench, "anna")
    search = make_search(bench, UNDERTOW)
    assert len(search.find(ASKED)) == 1
    assert open_digs(bench) == []
    assert len(bench.source.searches) == 1


def test_the_whole_ladder_makes_a_miss(both: Bench) -> None:
    """Only when the last text was asked is the album not to be had, for six hours at first."""
    search = make_search(both, UNDERTOW, search__rungs=1)
    assert search.find(ASKED) == []
    assert (answer(both).misses, answer(both).whole) == (0, False)
    assert dig(both, search)
    assert (answer(both).misses, answer(both).whole) == (1, True)
    asked = len(both.source.searches)
    both.clock.advance(21_600 - 60)
    assert search.find(ASKED) == []
    assert len(both.source.searches) == asked
    assert search.questions.page()[0].outcome == "nothing"


def test_finds_of_the_background_stand_beside_those_of_the_first_answer(both: Bench) -> None:
    """Better ones go first."""
    share(both, "ben", "Music\\Cello Ghosts - Undertow EP")  # acceptable, not sure
    search = make_search(both, search__rungs=1, search__per_quality=2)
    first = search.find(ASKED)
    assert [release.offers[0].peer for release in first] == ["ben"]
    assert search.questions.page()[0].outcome == "found"
    share(both, "anna")
    dig(both, search)
    second = search.find(ASKED)
    assert [release.offers[0].peer for release in second] == ["anna", "ben"]
    assert second[1].title == first[0].title


def test_the_limit_for_each_quality_holds_over_all_rungs(bench: Bench) -> None:
    """Two here: whatever was found first gives way to what is better."""
    share(bench, "ben", "Music\\Cello Ghosts - Undertow EP")
    search = make_search(bench, search__rungs=1, search__per_quality=2)
    assert len(search.find(ASKED)) == 1
    share(bench, "anna")
    share(bench, "cleo")
    dig(bench, search)
    assert {found.offers[0].peer for found in search.find(ASKED)} == {"anna", "cleo"}


def test_live_questions_keep_a_third_of_the_budget(bench: Bench) -> None:
    """Two of three searches of the window are used: the background waits."""
    search = make_search(bench, UNDERTOW, search__rungs=1, search__rate=3)
    search.find(ASKED)
    bench.source.foreign = [bench.clock()] * 2
    bench.clock.advance(11)
    assert search.digger.run() == 0
    bench.clock.advance(220)
    assert search.digger.run() == 1


def test_a_killed_process_loses_nothing_and_repeats_nothing(both: Bench) -> None:
    """It dies in the middle of a search; the next one goes on, later than ten minutes after."""
    share(both, "anna", ODD)
    both.source.silence("1994")
    search = make_search(both, UNDERTOW, search__rungs=1)
    search.find(ASKED)

    def die(call: str) -> None:
        if call == "search":
            raise KeyboardInterrupt

    both.clock.advance(11)
    both.source.on_call = die
    with pytest.raises(KeyboardInterrupt):
        search.digger.run()
    both.source.on_call = lambda call: None
    with both.db.read() as session:
        lost = session.scalars(select(SearchRow).where(SearchRow.outcome == "running")).one()
    again = make_search(both, UNDERTOW)
    assert again.digger.run() == 0, "it is still claimed by the dead one"
    both.clock.advance(300)
    assert again.digger.run() == 0
    assert lost.text not in both.source.searches
    both.clock.advance(301)
    dig(both, again)
    assert lost.text in both.source.searches
    assert len(again.find(ASKED)) == 1
    assert open_digs(both) == []


def test_two_processes_never_ask_the_same_text(both: Bench) -> None:
    """A row is claimed by one of them, and the budget refuses what the other has just asked."""
    one, other = (make_search(both, UNDERTOW, search__rungs=1) for _ in range(2))
    one.find(ASKED)
    both.clock.advance(11)
    (row,) = open_digs(both)
    assert one.digger._claim(row)
    assert not other.digger._claim(row)
    with both.db.write() as session:
        session.execute(update(Dig).values(not_before=both.clock()))
    assert one.digger.run() == 1
    with both.db.write() as session:  # as if the other one had read it before
        session.execute(update(Dig).values(asked=row.asked, not_before=both.clock()))
    assert other.digger.run() == 0
    assert len(set(both.source.searches)) == len(both.source.searches) == 2


@pytest.mark.parametrize("error", [SourceUnavailable, SourceOffline])
def test_an_outage_only_puts_it_off(bench: Bench, error: type[SourceUnavailable]) -> None:
    """The same text is asked a minute later; nothing is counted as a miss."""
    search = make_search(bench, UNDERTOW, search__rungs=1)
    search.find(ASKED)
    bench.clock.advance(11)
    bench.source.break_next("search", error("down", source="slskd"))
    assert search.digger.run() == 0
    bench.clock.advance(30)
    assert search.digger.run() == 0
    bench.clock.advance(31)
    assert search.digger.run() == 1
    assert answer(bench).misses == 0


def test_an_outage_is_not_dug_for(bench: Bench) -> None:
    """A slskd that comes back must not find hundreds of old questions waiting."""
    search = make_search(bench, UNDERTOW)
    bench.source.down = True
    assert search.find(ASKED) == []
    assert open_digs(bench) == []
    assert search.questions.page()[0].outcome == "outage"


def test_a_spent_budget_is_dug_for_and_not_remembered(bench: Bench) -> None:
    """The texts that could not be asked while Lidarr waited are asked when there is room."""
    share(bench, "anna")
    search = make_search(bench, UNDERTOW, search__budget=5.0, search__rate=3)
    bench.source.foreign = [bench.clock()] * 3
    assert search.find(ASKED) == []
    assert search.questions.page()[0].outcome == "busy"
    assert len(open_digs(bench)) == 1
    bench.clock.advance(220)
    assert dig(bench, search) == ["cello ghosts undertow"]
    assert len(search.find(ASKED)) == 1


def test_it_can_be_turned_off(bench: Bench) -> None:
    """Then the texts that Lidarr waits for are the whole ladder."""
    search = make_search(bench, UNDERTOW, search__rungs=1, search__dig=0)
    assert search.find(ASKED) == []
    assert open_digs(bench) == []
    assert answer(bench).misses == 1


def test_the_number_of_texts_is_limited(bench: Bench) -> None:
    """`search.dig` further ones, whatever the ladder holds."""
    search = make_search(bench, UNDERTOW, search__rungs=1, search__dig=2)
    search.find(ASKED)
    assert len(dig(bench, search)) == 2
    assert answer(bench).misses == 1


def test_what_waits_is_limited(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A search for everything that is missing must not fill weeks; nothing is claimed of it."""
    monkeypatch.setattr("soulspot_arr.search.dig._MOST_OPEN", 1)
    search = make_search(bench, search__rungs=1)
    search.find(ASKED)
    assert search.find(Query("Cello Ghosts", "Breakwater")) == []
    assert len(open_digs(bench)) == 1
    question = search.questions.page()[0]
    assert (question.phase, question.outcome) == ("finished", "nothing")
    with bench.db.read() as session:
        assert {row.misses for row in session.scalars(select(Answer))} == {0}


def test_nothing_is_dug_for_while_slskd_is_away_or_we_are_banned(bench: Bench) -> None:
    """The row waits."""
    search = make_search(bench, UNDERTOW, search__rungs=1)
    search.find(ASKED)
    bench.clock.advance(11)
    bench.source.down = True
    assert search.digger.run() == 0
    bench.source.down = False
    bench.source.configured = False
    assert search.digger.run() == 0
    bench.source.configured = True
    until = search.bans.silent()
    assert search.digger.run() == 0
    bench.clock.now = until
    assert search.digger.run() == 1


def test_a_ban_that_is_noticed_while_digging_puts_it_off(bench: Bench) -> None:
    """Until the pause is over; the text was silent, and that says nothing."""
    with bench.db.write() as session:
        session.add(
            SearchRow(
                source="slskd",
                query_key="k",
                text="well known",
                started_at=bench.clock(),
                outcome="completed",
                found=50,
            )
        )
    bench.clock.advance(3_600)
    search = make_search(bench, UNDERTOW, search__rungs=1, search__ban_after=2)
    search.find(ASKED)
    bench.clock.advance(11)
    assert search.digger.run() == 0
    (row,) = open_digs(bench)
    assert row.not_before == search.bans.until
    assert len(row.asked) == 1
    assert answer(bench).misses == 0


def test_an_old_one_is_given_up_without_a_verdict(bench: Bench) -> None:
    """After a day nobody waits for it any more, and it proves nothing."""
    search = make_search(bench, UNDERTOW, search__rungs=1)
    search.find(ASKED)
    bench.clock.advance(86_401)
    assert search.digger.run() == 0
    assert open_digs(bench) == []
    assert answer(bench).misses == 0
    assert search.questions.page()[0].phase == "finished"


def test_questions_take_turns(bench: Bench) -> None:
    """The one that has waited longest is next."""
    other = dataclasses.replace(UNDERTOW, album="Breakwater", album_id="c" * 36)
    search = make_search(bench, UNDERTOW, other, search__rungs=1)
    search.find(ASKED)
    search.find(Query("Cello Ghosts", "Breakwater"))
    texts = dig(bench, search, most=4)
    assert ["undertow" in text for text in texts] == [True, False, True, False]


def test_artists_are_not_dug_for(bench: Bench) -> None:
    """All that an artist has is never surely anything."""
    search = make_search(bench, search__rungs=1)
    search.find(Query("Cello Ghosts"))
    assert open_digs(bench) == []
