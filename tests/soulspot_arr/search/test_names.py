"""Names as Lidarr's own library spells them, through the real catalogue."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from soulspot_arr.catalogue import Catalogue
from soulspot_arr.catalogue.from_lidarr import FromLidarr
from soulspot_arr.domain import Query
from soulspot_arr.rules import titles
from soulspot_arr.search import Search
from tests.soulspot_arr.lidarr_double import KEY, LidarrDouble
from tests.soulspot_arr.search.scene import share
from tests.soulspot_arr.workshop import Bench

ASKED = Query("Cello Ghosts", "Undertow", 1994)


def make_search(bench: Bench) -> Search:
    """A search whose catalogue asks Lidarr."""
    albums = (FromLidarr(bench.lidarr),)
    catalogue = Catalogue(bench.db, bench.settings, albums, clock=bench.clock)
    return Search(bench.db, bench.settings, bench.source, bench.guard, catalogue, clock=bench.clock)


@pytest.fixture
def library(bench: Bench) -> Iterator[LidarrDouble]:
    """A Lidarr with a library, and its address in the settings."""
    double = LidarrDouble()
    bench.settings.patch({"lidarr.url": double.url, "lidarr.api_key": KEY})
    yield double
    double.close()


def test_N20_title_carries_the_librarys_name(bench: Bench, library: LidarrDouble) -> None:
    """Lidarr appends disambiguations to its question; the title must not (lidarr §6.3)."""
    library.albums = [
        {
            "title": "Undertow",
            "disambiguation": "Harbour Album",
            "releaseDate": "1994-05-10T00:00:00Z",
            "artist": {"artistName": "Cello Ghosts"},
        }
    ]
    share(bench, "anna")
    (found,) = make_search(bench).find(Query("Cello Ghosts", "Undertow Harbour Album"))
    assert titles.search_accepts(found.title, "Cello Ghosts", "Undertow")
    assert "Harbour" not in found.title
    assert (found.artist, found.album, found.year) == ("Cello Ghosts", "Undertow", 1994)


def test_sick_lidarr_does_not_hold_a_search_up(bench: Bench, library: LidarrDouble) -> None:
    """Names are then taken as they were asked for."""
    library.failing["/album"] = (500, "")
    share(bench, "anna")
    assert len(make_search(bench).find(ASKED)) == 1
