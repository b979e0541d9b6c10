"""Exact names from Lidarr's library."""

from __future__ import annotations

from typing import Any

import pytest

from soulspot_arr.domain import Query
from soulspot_arr.rules.library import exact_names


def album(
    artist: object, title: object, date: object = "1994-05-10T00:00:00Z", note: object = None
) -> dict[str, Any]:
    """An album as Lidarr's API lists it."""
    return {
        "title": title,
        "disambiguation": note,
        "releaseDate": date,
        "artist": {"artistName": artist},
    }


WEEZER = [
    album("Weezer", "Weezer", note="Blue Album"),
    album("Weezer", "Weezer", "2001-05-15T00:00:00Z", note="Green Album"),
    album("Weezer", "Pinkerton", "1996-09-24T00:00:00Z"),
]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (Query("Weezer", "Weezer Blue Album"), Query("Weezer", "Weezer", 1994)),
        (Query("weezer", "WEEZER Green Album"), Query("Weezer", "Weezer", 2001)),
        (Query("Weezer", "Weezer Blue Album", 2014), Query("Weezer", "Weezer", 1994)),
        (Query("weezer", "pinkerton"), Query("Weezer", "Pinkerton", 1996)),
        (Query(term="weezer pinkerton"), Query("Weezer", "Pinkerton", 1996)),
        (Query(term="Weezer Weezer Green Album"), Query("Weezer", "Weezer", 2001)),
    ],
)
def test_the_librarys_own_names_are_found(query: Query, expected: Query) -> None:
    """Spelling, an appended disambiguation and a joined term do not matter."""
    assert exact_names(query, WEEZER) == expected


@pytest.mark.parametrize(
    "query",
    [
        Query("Weezer", "Weezer"),
        Query("Weezer", "Maladroit"),
        Query("Weezer", "Pinkerton", 2016),
        Query("Nirvana", "Pinkerton"),
        Query(term="pinkerton"),
        Query(artist="Weezer"),
        Query(),
    ],
)
def test_what_names_no_single_album_stays_as_it_was(query: Query) -> None:
    """Two candidates, none, another year, another artist, half a name."""
    assert exact_names(query, WEEZER) == query


def test_the_same_album_listed_twice_is_one() -> None:
    """Equal names are no contradiction."""
    assert exact_names(Query("Weezer", "Pinkerton"), [*WEEZER, WEEZER[2]]).year == 1996


@pytest.mark.parametrize("date", [None, "", "0001-01-01T00:00:00Z", "soon", 1994])
def test_a_date_that_is_none_leaves_the_year_open(date: object) -> None:
    """Lidarr writes year 1 for "unknown"; then the question's own year stays."""
    found = exact_names(Query("A", "B", 1990), [album("A", "B", date)])
    assert found == Query("A", "B", 1990)


@pytest.mark.parametrize(
    "entry",
    [{}, {"title": "B"}, {"title": "B", "artist": None}, {"title": 5, "artist": {"artistName": "A"}}, album(None, "B"), album("A", "B", note=7)],
)  # fmt: skip
def test_entries_of_an_odd_shape_are_passed_over(entry: dict[str, Any]) -> None:
    """Lidarr's answer is not ours to trust."""
    assert exact_names(Query("A", "B"), [entry]) == Query("A", "B")
