"""The catalogue for tests of others: it knows what it was told and remembers what it was asked."""

from __future__ import annotations

import pytest

from soulspot_arr.domain import Query
from soulspot_arr.wanted import Provider, Wanted
from tests.fakes.fake_catalogue import FakeCatalogue

BLUE = Wanted("Weezer", "Weezer", 1994, "Blue Album", provider=Provider.LIDARR)


@pytest.mark.parametrize(
    "query",
    [
        Query("Weezer", "Weezer Blue Album"),
        Query("weezer", "weezer"),
        Query(term="Weezer Weezer Blue Album"),
    ],
)
def test_it_knows_what_it_was_told(query: Query) -> None:
    """By artist and title, with and without the disambiguation."""
    catalogue = FakeCatalogue(BLUE)
    assert catalogue.resolve(query, seconds=3) is BLUE
    assert (catalogue.asked, catalogue.seconds) == ([query], [3])


def test_all_else_is_as_asked() -> None:
    """Names only, from nobody."""
    found = FakeCatalogue(BLUE).resolve(Query("Weezer", "Pinkerton"), seconds=3)
    assert (found.artist, found.album, found.provider) == ("Weezer", "Pinkerton", Provider.NOBODY)


def test_pruning_is_counted() -> None:
    """For tests of housekeeping."""
    catalogue = FakeCatalogue()
    catalogue.prune()
    assert catalogue.pruned == 1
