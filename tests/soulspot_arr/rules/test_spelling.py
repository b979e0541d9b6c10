"""One way of spelling, and the words that change a meaning."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soulspot_arr.rules.spelling import (
    colours,
    dice,
    essence,
    likeness,
    normalise,
    numerals,
    only_describes,
    split_title,
    squeeze,
    versions,
    words,
)


@pytest.mark.parametrize(
    ("text", "spelt"),
    [
        ("OK Computer", "ok computer"),
        ("Simon & Garfunkel", "simon and garfunkel"),
        ("Don’t / Don't", "dont dont"),
        ("Sigur Rós", "sigur ros"),
        ("Sigur Ro\u0301s", "sigur ros"),
        ("Ænima", "aenima"),
        ("Motörhead", "motorhead"),
        ("Mø", "mo"),
        ("Straße", "strasse"),
        ("İstanbul", "istanbul"),
        ("P!nk", "pink"),
        ("Ke$ha", "kesha"),
        ("A$AP Rocky", "asap rocky"),
        ("M.I.A.", "mia"),
        ("R.E.M", "rem"),
        ("E.P.", "ep"),
        ("AC/DC", "ac dc"),
        ("Guns N’ Roses", "guns n roses"),
        ("Song (feat. Somebody) [Live]", "song live"),
        ("Song ft. Somebody", "song"),
        ("Song featuring Somebody", "song"),
        ("ＦＵＬＬ　Ｗｉｄｔｈ", "full width"),
        ("Й ё", "й ё"),
        ("坂本龍一", "坂本龍一"),
        ("ガンダム", "ガンダム"),
        ("Ελλάς", "ελλάσ"),
        ("فيروز", "فيروز"),
        ("हिन्दी", "हिन्दी"),
        ("…And Justice for All", "and justice for all"),
        ("( )", ""),
        ("!!!", ""),
        ("+44", "44"),
        ("", ""),
        ("\ud800x\0y", "x y"),
    ],
)
def test_normalise(text: str, spelt: str) -> None:
    """Case, signs and Latin marks go; other scripts keep their letters."""
    assert normalise(text) == spelt


@settings(deadline=None, max_examples=400)
@given(st.text(st.characters(), max_size=80))
def test_normalise_twice_changes_nothing(text: str) -> None:
    """What is compared is stable."""
    assert normalise(normalise(text)) == normalise(text)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Nevermind (Deluxe Edition)", "nevermind"),
        ("Nevermind 2011 Remaster", "nevermind"),
        ("Nevermind 20th Anniversary Super Deluxe Edition", "nevermind"),
        ("The Wall", "wall"),
        ("Made in Japan", "made in japan"),
        ("Made in Japan (Japanese Edition)", "made in japan"),
        ("1989", "1989"),
        ("The Album", "album"),
        ("EP", "ep"),
        ("The The", "the the"),
        ("Disintegration + Bonus Tracks", "disintegration"),
    ],
)
def test_essence(text: str, kept: str) -> None:
    """Words for a pressing go, as long as a name is left."""
    assert " ".join(essence(words(text))) == kept


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Live at Leeds", {"live"}),
        ("Alive", set()),
        ("Olive Covered", {"cover"}),
        ("Discovery", set()),
        ("Greatest Hits", {"best"}),
        ("The Remixes", {"remix"}),
        ("Re-Recorded", {"rerecorded"}),
        ("B-Sides", {"rarities"}),
        ("A Cappella", {"acappella"}),
        ("Demonstration", set()),
    ],
)
def test_versions(text: str, kinds: set[str]) -> None:
    """Other recordings are told by whole words."""
    assert versions(words(text)) == kinds


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Neon Future II", {2}),
        ("Neon Future 2", {2}),
        ("Vol. I", {1}),
        ("Vol. V", {5}),
        ("Part Two", {2}),
        ("X", set()),
        ("V", set()),
        ("1989", set()),
        ("Now 96", {96}),
        ("Chapter X", {10}),
    ],
)
def test_numerals(text: str, values: set[int]) -> None:
    """Volumes are numbers, years and lone letters are not."""
    assert numerals(words(text)) == values


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [
        ("ok computer", "ok computer", 1.0, 1.0),
        ("okcomputer", "ok computer", 1.0, 1.0),
        ("blood sugar sex magik", "blood sugar sex magic", 0.9, 1.0),
        ("bleach", "bleach boys", 0.6, 0.72),
        ("ok", "okay", 0.0, 0.0),
        ("", "a", 0.0, 0.0),
    ],
)
def test_likeness(one: str, other: str, low: float, high: float) -> None:
    """Words count; letters count where only a space or one letter differs in a long name."""
    assert low <= likeness(tuple(one.split()), tuple(other.split())) <= high


def test_dice_counts_repetitions() -> None:
    """ "The The" is not "The"."""
    assert dice(("the", "the"), ("the",)) == pytest.approx(2 / 3)
    assert dice(("the", "the"), ("the", "the")) == 1.0
    assert dice((), ("the",)) == 0.0


@pytest.mark.parametrize(
    ("artist", "album", "name", "rest"),
    [
        ("Weezer", "Weezer Blue Album", "Weezer", "Blue Album"),
        ("The Beatles", "The Beatles white album", "The Beatles", "white album"),
        ("Nirvana", "Nevermind deluxe edition", "Nevermind", "deluxe edition"),
        ("Nirvana", "Incesticide 2011 remaster", "Incesticide", "2011 remaster"),
        ("Weezer", "Weezer", "Weezer", ""),
        ("Metallica", "Metallica Through the Never", "Metallica Through the Never", ""),
        ("Jay-Z", "The Black Album", "The Black Album", ""),
        ("Taylor Swift", "Red", "Red", ""),
        ("Amy Winehouse", "Back to Black", "Back to Black", ""),
        ("Nirvana", "Nevermind (deluxe edition)", "Nevermind (deluxe edition)", ""),
        ("Prince", "1999", "1999", ""),
        ("", "", "", ""),
    ],
)
def test_split_title(artist: str, album: str, name: str, rest: str) -> None:
    """What Lidarr appends to tell namesakes apart comes off, real titles stay whole."""
    title = split_title(artist, album)
    assert (title.name, title.disambiguation) == (name, rest)


def test_what_only_describes() -> None:
    """Pressings, colours and years describe; names do not."""
    assert only_describes(words("Blue Album"))
    assert only_describes(words("2011 Remaster"))
    assert only_describes(words("Japanese Edition"))
    assert not only_describes(words("Through the Never"))
    assert colours(words("The Blue Album")) == {"blue"}
    assert squeeze(" ( ) ") == "()"
