"""Which questions share an answer."""

from __future__ import annotations

import pytest

from soulspot_arr.domain import Query
from soulspot_arr.search import _Flight
from soulspot_arr.search.keys import keys_of
from tests.soulspot_arr.search.scene import make_search, share
from tests.soulspot_arr.workshop import Bench


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Query("Sigur Rós", "Takk..."), Query("SIGUR  ROS", "takk")),
        (Query(term="AC/DC Back in Black"), Query(term="ac dc back in black")),
        (Query("Radiohead"), Query("radiohead")),
    ],
)
def test_equal_questions_have_one_key(one: Query, other: Query) -> None:
    """However they are spelled."""
    assert keys_of(one)[0] == keys_of(other)[0]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Query("Black", "Wonderful Life"), Query("Black Wonderful", "Life")),
        (Query("Ed Sheeran", "+"), Query("Ed Sheeran", "÷")),
        (Query("Weezer", "Weezer", 1994), Query("Weezer", "Weezer", 2001)),
        (Query("Weezer"), Query("", "Weezer")),
        (Query("Weezer"), Query(term="Weezer")),
        (Query("Weezer", "Weezer"), Query(term="Weezer Weezer")),
        (Query("A B", "C"), Query("A", "B C")),
    ],
)
def test_different_questions_have_different_keys(one: Query, other: Query) -> None:
    """Also those whose words are the same."""
    assert keys_of(one)[0] != keys_of(other)[0]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        (Query("Radiohead", "OK Computer"), "Radiohead OK Computer"),
        (Query("Weezer", "Weezer", 1994), "Weezer Weezer 1994"),
        (Query("Weezer", "Weezer"), "Weezer Weezer 0"),
    ],
)
def test_lidarrs_text_is_the_last_key_of_its_question(query: Query, text: str) -> None:
    """With the year where Lidarr adds it, 0 when that is unknown (contract lidarr §6.3)."""
    assert keys_of(query)[-1:] == keys_of(Query(term=text))


def test_a_year_that_lidarr_would_not_tell_has_no_text() -> None:
    """A person's year may be wrong; Lidarr's text must not get that answer."""
    assert len(keys_of(Query("Radiohead", "OK Computer", 1998))) == 1


@pytest.mark.parametrize(
    ("flying", "asked", "waits"),
    [
        (Query("Cello Ghosts", "Undertow"), Query("cello ghosts", "undertow"), True),
        (Query("Cello Ghosts", "Undertow"), Query(term="Cello Ghosts Undertow"), True),
        (Query(term="Cello Ghosts Undertow"), Query("Cello Ghosts", "Undertow"), True),
        (Query("Cello", "Ghosts Undertow"), Query("Cello Ghosts", "Undertow"), False),
    ],
)
def test_who_asks_for_the_same_waits_for_the_answer_under_way(
    bench: Bench, flying: Query, asked: Query, waits: bool
) -> None:
    """Lidarr and Prowlarr ask at one moment, one by names and one by a text."""
    share(bench, "anna")
    search = make_search(bench)
    flight = _Flight(flying, keys_of(flying))
    flight.done.set()
    search._flights |= dict.fromkeys(flight.keys, flight)
    assert len(search.find(asked)) == (0 if waits else 1)
    assert flight.followers == (1 if waits else 0)
