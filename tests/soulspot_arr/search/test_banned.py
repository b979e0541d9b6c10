"""A ban notices itself in the middle of a search, and nothing is searched until it is over."""

from __future__ import annotations

from soulspot_arr.domain import Query
from soulspot_arr.errors import SourceOffline
from soulspot_arr.models import SearchRow
from tests.soulspot_arr.search.scene import ASKED, UNDERTOW, latest, make_search, share
from tests.soulspot_arr.workshop import Bench


def answered_before(bench: Bench) -> None:
    """A text that was answered well, hours ago."""
    with bench.db.write() as session:
        session.add(
            SearchRow(
                source="slskd",
                query_key="k",
                text="well known",
                started_at=bench.clock(),
                finished_at=bench.clock(),
                outcome="completed",
                found=50,
            )
        )
    bench.clock.advance(7_200)


def test_sudden_silence_is_checked_once_and_is_a_ban(both: Bench) -> None:
    """The control is silent too: no more searches, nothing kept, health and events say it."""
    answered_before(both)
    search = make_search(both, UNDERTOW, search__ban_after=3)
    assert search.find(ASKED) == []
    assert both.source.searches[3:] == ["well known"]
    question = latest(search)
    assert question.outcome == "banned"
    assert search.find(Query("Cello Ghosts", "Breakwater")) == []
    assert len(both.source.searches) == 4
    assert search.bans.until is not None
    assert [event.kind for event in both.events("source.")] == ["source.banned"]
    share(both, "anna")
    both.source.share("zoe", "Well Known\\Things", "a.mp3")
    both.clock.advance(1_800)
    assert len(search.find(ASKED)) == 1
    assert both.source.searches[4:] == ["well known", "cello ghosts undertow"]
    assert [event.kind for event in both.events("source.")] == ["source.banned", "source.unbanned"]


def test_a_control_that_answers_clears_the_doubt(bench: Bench) -> None:
    """Nobody shares the album, that is all: a miss like every other."""
    answered_before(bench)
    bench.source.share("zoe", "Well Known\\Things", "a.mp3")
    search = make_search(bench, UNDERTOW, search__ban_after=3, search__rungs=10)
    assert search.find(ASKED) == []
    assert bench.source.searches.count("well known") == 1
    assert latest(search).outcome == "nothing"
    assert search.bans.until is None


def test_doubt_that_cannot_be_cleared_is_no_miss(bench: Bench) -> None:
    """The only text that was ever answered was asked a moment ago: wait and see."""
    share(bench, "anna")
    search = make_search(bench, UNDERTOW, search__ban_after=2, search__rungs=10, search__dig=0)
    assert len(search.find(ASKED)) == 1
    assert search.find(Query("Nobody", "Nothing At All")) == []
    before = len(bench.source.searches)
    bench.clock.advance(601)
    search.find(Query("Nobody", "Nothing At All"))
    assert len(bench.source.searches) > before, "it was not kept for hours"


def test_after_the_pause_the_control_goes_first(bench: Bench) -> None:
    """A ban that still lasts costs one search, not a whole ladder."""
    answered_before(bench)
    search = make_search(bench, UNDERTOW, search__ban_after=3)
    search.find(ASKED)
    before = len(bench.source.searches)
    bench.clock.advance(1_800)
    assert search.find(ASKED) == []
    assert bench.source.searches[before:] == ["well known"]
    assert search.bans.until is not None


def test_a_connection_lost_after_many_searches_is_a_ban(bench: Bench) -> None:
    """Eight of ten searches of the window are used when slskd is logged out (slskd §3.8)."""
    search = make_search(bench, UNDERTOW, search__rate=10)
    bench.source.foreign = [bench.clock()] * 7
    bench.source.break_next("search", SourceOffline("logged out", source="slskd"))
    assert search.find(ASKED) == []
    assert search.bans.until is not None
    assert bench.source.searches == []
    assert search.find(ASKED) == []
    assert latest(search).outcome == "banned"


def test_a_connection_lost_in_a_calm_hour_is_no_ban(bench: Bench) -> None:
    """slskd was restarted, that is all."""
    share(bench, "anna")
    search = make_search(bench, UNDERTOW)
    bench.source.break_next("search", SourceOffline("logged out", source="slskd"))
    assert search.find(ASKED) == []
    assert search.bans.until is None
    assert len(search.find(ASKED)) == 1
