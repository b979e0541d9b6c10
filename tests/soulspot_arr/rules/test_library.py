"""Which album a question names: exact names, and every form in which Lidarr asks for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from soulspot_arr.domain import Query
from soulspot_arr.rules.library import Library, Named, exact_names, mangled, same_name


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


# -- finding -------------------------------------------------------------------------------------

NAMES = [
    ("AC/DC", "Back in Black"),
    ("P!nk", "M!ssundaztood"),
    ("Pink Floyd", "The Wall"),
    ("The Beatles", "1"),
    ("Various Artists", "Now That’s What I Call Music! 96"),
    ("Sigur Rós", "( )"),
    ("Florence + the Machine", "Lungs"),
    ("+44", "When Your Heart Stops Beating"),
    ("Jay-Z", "4:44"),
    ("Guns N’ Roses", "Use Your Illusion I"),
    ("Guns N’ Roses", "Use Your Illusion II"),
    ("M.I.A.", "Kala"),
    ("!!!", "Louden Up Now"),
    ("Justice", "†"),
    ("Ed Sheeran", "+"),
    ("Ed Sheeran", "÷"),
    ("Metallica", "…And Justice for All"),
    ("Simon & Garfunkel", "Bookends"),
    ("椎名林檎", "無罪モラトリアム"),
    ("Сплин", "25-й кадр"),
    ("Motörhead", "Ace of Spades"),
    ("The 1975", "The 1975"),
]
SHELF = Library(Named(artist, title, year=1994, id=title) for artist, title in NAMES)
FOUND = [pair for pair in NAMES if pair[1] != "+"]


def sent(text: str) -> str:
    """How a name arrives: a plus is a blank by then (lidarr §6.3)."""
    return text.replace("+", " ")


def ids(query: Query, library: Library = SHELF) -> list[str]:
    """What the question finds."""
    return [album.id for album in library.find(query)]


@pytest.mark.parametrize(("artist", "title"), FOUND)
@pytest.mark.parametrize("spell", [str, mangled, str.upper], ids=["raw", "sphinx", "capitals"])
def test_every_form_in_which_lidarr_asks_finds_its_album(
    artist: str, title: str, spell: Callable[[str], str]
) -> None:
    """Both questions, for a "raw" search engine and for another one (contract lidarr §6.3)."""
    by, what = sent(spell(artist)), sent(spell(title))
    assert ids(Query(by, what)) == [title]
    assert ids(Query(term=f"{by} {what}")) == [title]
    assert ids(Query(term=f"{by} {what} 1994")) == [title]


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("AC/DC", "AC DC"),
        ("P!nk", "P nk"),
        ("The Wall", "Wall"),
        ("The Beatles", "Beatles"),
        ("Various Artists", "VA"),
        ("Sigur Rós", "Sigur Ros"),
        ("Florence + the Machine", "Florence the Machine"),
        ("+44", "44"),
        ("4:44", "4 44"),
        ("Guns N’ Roses", "Guns N' Roses"),
        ("M.I.A.", "M I A"),
        ("( )", "( )"),
    ],
)
def test_sphinx_forms_of_the_contract(name: str, form: str) -> None:
    """The table of contract lidarr §6.3."""
    assert mangled(name) == form


@pytest.mark.parametrize(
    "query",
    [
        Query("Ed Sheeran", " "),  # what is left of "+"
        Query(term="Ed Sheeran"),
        Query(term="Sigur Rós"),
        Query("Sigur Rós", "[ ]"),
        Query("Pink Floyd", "The Wall Live"),
        Query("Floyd", "The Wall"),
        Query("MIA", "Kalas"),
        Query("", "Kala"),
        Query("Guns N Roses", "Use Your Illusion"),
        Query(term="Kala"),
    ],
)
def test_what_is_only_like_a_name_finds_nothing(query: Query) -> None:
    """A wrong album is worse than none."""
    assert ids(query) == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (Query("Weezer", "Weezer"), ["plain"]),
        (Query("Weezer", "Weezer", 1994), ["plain"]),
        (Query("Weezer", "Weezer Green Album"), ["green"]),
        (Query(term="weezer weezer green album"), ["green"]),
        (Query("Peter Gabriel", "Peter Gabriel"), ["1977", "1978"]),
        (Query("Peter Gabriel", "Peter Gabriel", 1978), ["1978"]),
        (Query(term="Peter Gabriel Peter Gabriel 1977"), ["1977"]),
        (Query("Sia", "Alive!"), ["loud"]),
        (Query("Sia", "alive"), ["quiet"]),
        (Query("Prince", "1999"), ["1999"]),
        (Query("The Artist", "1999"), ["1999"]),
        (Query(term="The Artist 1999"), ["1999"]),
    ],
)
def test_namesakes_are_told_apart_where_the_question_allows(query: Query, found: list[str]) -> None:
    """By the disambiguation, the year, the spelling; else all of them are told."""
    library = Library(
        [
            Named("Weezer", "Weezer", "", 1994, id="plain"),
            Named("Weezer", "Weezer", "Green Album", 2001, id="green"),
            Named("Peter Gabriel", "Peter Gabriel", "", 1977, id="1977"),
            Named("Peter Gabriel", "Peter Gabriel", "", 1978, id="1978"),
            Named("Sia", "Alive", "", 2015, id="quiet"),
            Named("Sia", "Alive!", "", 2016, id="loud"),
            Named("Prince", "1999", "", 1982, ("The Artist",), id="1999"),
        ]
    )
    assert ids(query, library) == found


def test_a_large_library_is_no_obstacle() -> None:
    """One of 20,000 albums is found, by its parts and by one text."""
    names = (Named(f"Band {n % 2000}", f"Album {n}", id=str(n)) for n in range(20_000))
    library = Library(names)
    assert ids(Query("band 7", "album 2007"), library) == ["2007"]
    assert ids(Query(term="band 7 album 2007"), library) == ["2007"]


@pytest.mark.parametrize(
    ("asked", "name", "same"),
    [
        ("AC DC", "AC/DC", True),
        ("beatles", "The Beatles", True),
        ("VA", "Various Artists", True),
        ("Ryuichi Sakamoto", "坂本龍一", False),
    ],
)
def test_same_names(asked: str, name: str, same: bool) -> None:
    """Whether one may be Lidarr's spelling of the other."""
    assert same_name(asked, name) is same
