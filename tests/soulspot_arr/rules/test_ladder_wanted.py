"""The ladder of an album that the catalogue knows: exact names, other names, titles of tracks."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soulspot_arr.domain import Query
from soulspot_arr.rules.planning.ladder import MAX_WORDS, Kind, ladder, rungs
from soulspot_arr.wanted import Edition, Provider, Wanted, WantedTrack


def album(artist: str, title: str, *tracks: str, **more: Any) -> Wanted:
    """An album with one edition of these tracks."""
    edition = Edition("e", title, tuple(WantedTrack(track) for track in tracks))
    editions = (edition,) if tracks else ()
    return Wanted(artist, title, editions=editions, provider=Provider.LIDARR, **more)


def asked(wanted: Wanted, question: Query | None = None) -> list[tuple[str, str]]:
    """Kind and text of every rung."""
    found = rungs(question or Query(wanted.artist, wanted.album), wanted)
    return [(rung.kind.value, rung.text) for rung in found]


BLUE = album(
    "Weezer",
    "Weezer",
    "My Name Is Jonas",
    "Undone - The Sweater Song",
    "Holiday",
    disambiguation="Blue Album",
    year=1994,
)
SAKAMOTO = album(
    "坂本龍一",
    "戦場のメリークリスマス",
    "Germination",
    aliases=("Ryuichi Sakamoto", "坂本 龍一"),
    titles=("Merry Christmas, Mr. Lawrence",),
    year=1983,
)
BEEFHEART = album(
    "Captain Beefheart & His Magic Band", "Trout Mask Replica", aliases=("Captain Beefheart",)
)


@pytest.mark.parametrize(
    ("wanted", "rung"),
    [
        (BLUE, ("plain", "weezer")),
        (BLUE, ("noted", "weezer blue album")),
        (BLUE, ("year", "weezer 1994")),
        (BLUE, ("track", "weezer undone sweater song")),
        (BLUE, ("track_titles", "undone sweater song")),
        (SAKAMOTO, ("plain", "坂本龍一 戦場のメリークリスマス")),
        (SAKAMOTO, ("alias", "ryuichi sakamoto merry christmas mr lawrence")),
        (SAKAMOTO, ("localised", "坂本龍一 merry christmas mr lawrence")),
        (album("Кино", "Группа крови"), ("folded", "kino gruppa krovi")),
        (album("Кино", "Группа крови", aliases=("Kino",)), ("alias", "kino gruppa krovi")),
        (BEEFHEART, ("alias", "captain beefheart trout mask replica")),
        (album("Led Zeppelin", "Led Zeppelin IV", "Going to California"), ("track", "led zeppelin going to california")),
        (album("Curtis Mayfield", "Superfly", titles=("Super Fly",)), ("localised", "curtis mayfield super fly")),
        (album("Various Artists", "Pulp Fiction", "Misirlou", "Jungle Boogie"), ("track", "pulp fiction jungle boogie")),
        (album("Beyoncé", "Lemonade"), ("folded", "beyonce lemonade")),
        (album("M.I.A.", "ΛΛΛYΛ", titles=("Maya",)), ("alias", "mia maya")),
        (album("Chicago", "Chicago IV", year=1971), ("year", "chicago 1971")),
        (album("Chicago", "Chicago XVI"), ("volume", "chicago 16")),
        (album("Eagles", "Greatest Hits, Volume 2"), ("volume", "eagles greatest hits ii")),
    ],
)  # fmt: skip
def test_a_rung_for_each_habit(wanted: Wanted, rung: tuple[str, str]) -> None:
    """Other names, numbers, scripts, notes and tracks each have their own."""
    assert rung in asked(wanted)


def test_a_number_of_one_digit_leaves_no_artist_alone() -> None:
    """ "4" is dropped on its way, and what is left brings a cut-off sample (peers §3.5, 8)."""
    texts = [text for _, text in asked(album("Chicago", "Chicago IV", "Goodbye", year=1971))]
    assert texts[0] == "chicago iv"
    assert "chicago" not in texts


def test_the_disambiguation_is_not_part_of_the_name() -> None:
    """Lidarr asks for "Weezer Blue Album"; the shares are called Weezer (lidarr §6.3)."""
    found = asked(BLUE, Query("Weezer", "Weezer Blue Album"))
    assert found == asked(BLUE)
    assert found[0] == ("plain", "weezer")


def test_names_that_nobody_knew_are_taken_as_asked() -> None:
    """Without a provider the guess what is a disambiguation may be wrong: both forms are asked."""
    query = Query("Weezer", "Weezer Blue Album")
    nobody = Wanted("Weezer", "Weezer", disambiguation="Blue Album")
    assert ladder(query, wanted=nobody) == ladder(query)


def test_a_title_that_cannot_be_asked_for_is_found_by_its_tracks() -> None:
    """`( )` is no word to any index, and the artist alone is too much (peers §3.5, 8)."""
    found = asked(album("Sigur Rós", "( )", "Vaka", "Fyrsta", "Samskeyti", year=2002))
    assert found[:2] == [("year", "sigur rós 2002"), ("track", "sigur rós samskeyti")]
    assert "artist" not in [kind for kind, _ in found]
    crosses = album("†††", "†††", "Bermuda Locket", titles=("Crosses",), year=2014)
    assert asked(crosses)[0] == ("localised", "crosses")


def test_vague_titles_go_by_their_tracks_before_other_names_do() -> None:
    """A single, an EP, one word, the artist's own name (peers §3.5, 5)."""
    for wanted in (
        album("Broken", "Broken", "Happiness in Slavery", titles=("Halo 5",)),
        album("Aphex Twin", "Water Curses", "Street Flash", kind="ep", titles=("Agua",)),
    ):
        kinds = [kind for kind, _ in asked(wanted)]
        assert kinds.index("track") < kinds.index("localised")


def test_rare_titles_are_chosen() -> None:
    """Not the title track, not what everybody sings about, not another recording."""
    wanted = album(
        "Radiohead",
        "OK Computer",
        "Intro",
        "I Love You",
        "OK Computer",
        "Subterranean Homesick Alien (Live)",
        "Karma Police",
        "Paranoid Android",
    )
    titles = [text for kind, text in asked(wanted) if kind == "track_titles"]
    assert titles == ["paranoid android", "karma police"]


def test_the_shortest_edition_tells_the_tracks() -> None:
    """A bonus track would only be found in one of the editions."""
    plain = Edition("a", "Album", (WantedTrack("Karma Police"),))
    bonus = Edition("b", "Album", (WantedTrack("Karma Police"), WantedTrack("Polyethylene Parts")))
    chosen = Edition("c", "Album", (*bonus.tracks, WantedTrack("Pearly")), monitored=True)
    wanted = Wanted("Radiohead", "OK Computer", editions=(bonus, plain), provider=Provider.LIDARR)
    assert ("track_titles", "karma police") in asked(wanted)
    assert ("track_titles", "polyethylene parts") not in asked(wanted)
    only = Wanted(
        "Radiohead",
        "OK Computer",
        any_edition=False,
        editions=(plain, chosen),
        provider=Provider.LIDARR,
    )
    assert ("track_titles", "polyethylene parts") in asked(only)


@pytest.mark.parametrize(
    ("query", "named"),
    [
        (Query("Pink Floyd", "Animals", 1977), {"plain", "year pink floyd 1977"}),
        (Query("Beyoncé", "Lemonade"), {"plain", "folded"}),
        (Query("AC/DC", "Powerage"), {"plain", "joined"}),
        (Query("Various Artists", "Pulp Fiction"), set()),
        (Query(term="AC/DC Powerage"), {"plain", "joined"}),
    ],
)
def test_which_rungs_hold_the_artists_name(query: Query, named: set[str]) -> None:
    """A filter of the server silences them all, and none of the others."""
    found = {
        f"{rung.kind} {rung.text}" if rung.kind is Kind.YEAR else rung.kind.value
        for rung in rungs(query)
        if rung.named and rung.kind not in {Kind.FORMAT, Kind.ARTIST}
    }
    assert found == named


def test_kinds_are_stable_names() -> None:
    """They are kept in the database."""
    assert {kind.value for kind in Kind} == {
        "plain", "folded", "joined", "noted", "short", "volume", "starred", "album", "year",
        "track", "track_titles", "rare_words", "alias", "localised", "format", "artist",
    }  # fmt: skip


NAMES = st.text(st.characters(), max_size=40)


@settings(deadline=None, max_examples=200)
@given(NAMES, NAMES, st.lists(NAMES, max_size=4), NAMES, NAMES, NAMES)
def test_no_rung_is_ever_refused(
    artist: str, title: str, tracks: list[str], alias: str, other: str, note: str
) -> None:
    """Whatever a catalogue says: six words at most, none of one letter, one whole word at least."""
    wanted = album(
        artist,
        title,
        *tracks,
        aliases=(alias,),
        titles=(other,),
        disambiguation=note,
        year=1999,
    )
    found = rungs(Query(artist, title), wanted)
    assert len({rung.words for rung in found}) == len(found)
    for rung in found:
        words = rung.text.split(" ")
        assert 1 <= len(words) <= MAX_WORDS
        assert all(len(word) > 1 and not word.startswith("-") for word in words)
        assert any(not word.startswith("*") for word in words)
        rung.text.encode()
