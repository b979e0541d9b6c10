"""An album that nobody could settle, because a catalogue was silent: nothing is kept for long."""

from __future__ import annotations

from dataclasses import replace

import pytest

from soulspot_arr.wanted import Wanted
from tests.fakes.fake_catalogue import FakeCatalogue
from tests.soulspot_arr.search.scene import ASKED, UNDERTOW, dig, make_search, share
from tests.soulspot_arr.search.test_dig import answer
from tests.soulspot_arr.workshop import Bench

UNSETTLED = replace(UNDERTOW, settled=False)


@pytest.mark.parametrize(("wanted", "misses"), [(UNDERTOW, 1), (UNSETTLED, 0)])
def test_an_outage_of_the_catalogue_is_no_miss(both: Bench, wanted: Wanted, misses: int) -> None:
    """Neither while Lidarr waits nor at the end of the ladder."""
    search = make_search(both, wanted, search__dig=0, search__rungs=20)
    assert search.find(ASKED) == []
    kept = answer(both)
    assert (kept.misses, kept.whole) == (misses, misses == 1)


@pytest.mark.parametrize(("wanted", "misses"), [(UNDERTOW, 1), (UNSETTLED, 0)])
def test_digging_without_the_catalogue_makes_no_miss(
    bench: Bench, wanted: Wanted, misses: int
) -> None:
    """The ladder was climbed for names that may be wrong."""
    search = make_search(bench, wanted, search__rungs=1)
    assert search.find(ASKED) == []
    dig(bench, search)
    assert answer(bench).misses == misses


@pytest.mark.parametrize(("wanted", "again"), [(UNDERTOW, False), (UNSETTLED, True)])
def test_finds_for_an_unsettled_album_are_kept_for_minutes(
    bench: Bench, wanted: Wanted, again: bool
) -> None:
    """Only as long as the same text must not be asked twice."""
    share(bench, "anna")
    search = make_search(bench, wanted)
    assert search.find(ASKED)
    asked = len(bench.source.searches)
    bench.clock.advance(5 * 60)
    assert search.find(ASKED)
    assert len(bench.source.searches) == asked
    bench.clock.advance(6 * 60)
    assert search.find(ASKED)
    assert (len(bench.source.searches) > asked) is again


def test_what_was_heard_while_the_catalogue_was_silent_is_heard_again(bench: Bench) -> None:
    """It fell silent in the middle of the dig: half-known names let the album pass, tracks do not."""
    share(bench, "anna", "Stuff\\Sorted\\The Ghost Cellos - Undertow")
    bench.source.silence("undertow 1994")
    search = make_search(bench, UNDERTOW, search__rungs=1, search__dig=30)
    catalogue = search._desk.catalogue
    assert isinstance(catalogue, FakeCatalogue)
    assert search.find(ASKED) == []
    catalogue.albums = [replace(UNDERTOW, editions=(), aliases=(), settled=False)]
    asked = dig(bench, search, most=2)
    assert len(asked) == 2
    catalogue.albums = [UNDERTOW]
    bench.clock.advance(601)
    again = dig(bench, search)
    assert set(asked) <= set(again)
    assert len(search.find(ASKED)) == 1


def test_what_was_heard_with_the_catalogue_is_not_heard_again(bench: Bench) -> None:
    """Its silence afterwards makes no text worth a second search."""
    search = make_search(bench, UNDERTOW, search__rungs=1, search__dig=30)
    catalogue = search._desk.catalogue
    assert isinstance(catalogue, FakeCatalogue)
    assert search.find(ASKED) == []
    asked = dig(bench, search, most=2)
    catalogue.albums = [UNSETTLED]
    bench.clock.advance(601)
    more = dig(bench, search, most=1)
    catalogue.albums = [UNDERTOW]
    bench.clock.advance(601)
    rest = dig(bench, search)
    assert asked
    assert not set(asked) & {*more, *rest}
    assert set(more) <= set(rest)
