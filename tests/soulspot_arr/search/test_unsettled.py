"""An album that nobody could settle, because a catalogue was silent: nothing is kept for long."""

from __future__ import annotations

from dataclasses import replace

import pytest

from soulspot_arr.wanted import Wanted
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
