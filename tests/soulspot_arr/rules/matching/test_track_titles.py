"""How alike titles and names of files are: pressings, recordings, parts, scripts, cut names."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soulspot_arr.rules.matching.track_titles import (
    alike,
    bare_of,
    is_blind,
    is_foreign,
    key_of,
    spell,
)


@pytest.mark.parametrize(
    ("name", "title", "low", "high"),
    [
        ("Airbag", "Airbag", 1.0, 1.0),
        ("airbag", "AIRBAG", 1.0, 1.0),
        ("Airbag (2011 Remaster)", "Airbag", 0.98, 0.98),
        ("Airbag - Remastered 2009", "Airbag", 0.98, 0.98),
        ("Airbag (Digital Remaster)", "Airbag", 0.98, 0.98),
        ("Airbag (Album Version)", "Airbag", 0.98, 0.98),
        ("Airbag (Bonus Track)", "Airbag", 0.98, 0.98),
        ("Airbag [Mono]", "Airbag", 0.98, 0.98),
        ("airbag bonus track", "Airbag", 0.98, 0.98),
        ("airbag album version", "Airbag", 0.98, 0.98),
        ("Airbag (feat. Somebody)", "Airbag", 1.0, 1.0),
        ("Airbag feat. Somebody (Live)", "Airbag (Live)", 1.0, 1.0),
        ("Air bag", "Airbag", 0.97, 0.97),
        ("Exit Music", "Exit Music (For a Film)", 0.95, 0.95),
        ("Airbga", "Airbag", 0.6, 0.9),
        ("Being for the Benefit of M", "Being for the Benefit of Mr. Kite!", 0.93, 0.93),
        ("Police Karma", "Karma Police", 0.9, 0.97),
        ("Lucky", "Airbag", 0.0, 0.3),
        ("Airbag (Live)", "Airbag", 0.2, 0.5),
        ("Airbag (Remix)", "Airbag", 0.2, 0.5),
        ("Airbag (Taylor's Version)", "Airbag", 0.0, 0.5),
        ("Airbag (Instrumental)", "Airbag (Karaoke)", 0.2, 0.5),
        ("Live Forever", "Live Forever", 1.0, 1.0),
        ("Airbag (Reprise)", "Airbag", 0.3, 0.75),
        ("Airbag (2019 Mix)", "Airbag", 0.9, 1.0),
        ("Airbag (Club Mix)", "Airbag", 0.3, 0.75),
        ("Part II", "Part III", 0.0, 0.5),
        ("Part 2", "Part II", 0.5, 1.0),
        ("Echoes", "Echoes, Part 1", 0.5, 0.8),
        ("Группа крови", "Gruppa krovi", 0.9, 0.95),
        ("Yue Liang Dai Biao Wo De Xin", "月亮代表我的心", 0.9, 0.95),
        ("月光", "月光", 1.0, 1.0),
        ("月光", "太陽", 0.0, 0.5),
    ],
)
def test_alike(name: str, title: str, low: float, high: float) -> None:
    """Marks of a pressing cost nothing, another recording or part costs half."""
    found = alike(spell(name), spell(title))
    assert found is not None
    assert low <= found <= high


def test_a_translation_proves_nothing_either_way() -> None:
    """Another script that does not sound like the title is unknown, not wrong."""
    assert alike(spell("Merry Christmas Mr. Lawrence"), spell("戦場のメリークリスマス")) is None


def test_words_of_the_whole_album_do_not_count() -> None:
    """On a live album "(Live)" behind every name says nothing new."""
    for title in ("Airbag", "Dumb"):
        live, plain = spell(f"{title} (Live)"), spell(title)
        assert (alike(live, plain, frozenset({"live"})) or 0.0) >= 0.95
        assert (alike(live, plain) or 0.0) < 0.5


@pytest.mark.parametrize(
    ("title", "key"),
    [
        ("Song (1)", "song"),
        ("Song - copy", "song"),
        ("Song_123456789012345678", "song"),
        ("( )", "()"),
        ("…", "..."),
    ],
)
def test_keys(title: str, key: str) -> None:
    """Marks on a second copy go, signs stay where nothing else is there."""
    assert key_of(title) == key


@pytest.mark.parametrize(
    ("title", "bare"),
    [
        ("Airbag (2011 Remaster)", "airbag"),
        ("Remastered", "remastered"),
        ("Stereo", "stereo"),
        ("1979 (Remastered 2012)", "1979"),
        ("Original Version", "original version"),
    ],
)
def test_bare_names_never_vanish(title: str, bare: str) -> None:
    """A title that is nothing but marks keeps them."""
    assert spell(title).bare == bare
    assert bare_of(title) in (bare, "")


@pytest.mark.parametrize(
    ("key", "blind"),
    [("", True), ("track 7", True), ("07", True), ("untitled", True), ("hidden track", True),
     ("airbag", False), ("99 problems", False), ("★", True), ("?", True), ("กขคื", False)],
)  # fmt: skip
def test_blind_names(key: str, *, blind: bool) -> None:
    """Names that only count say nothing about the title."""
    assert is_blind(key) is blind


def test_foreign_names() -> None:
    """Only a name in another script than a Latin title is foreign."""
    assert is_foreign(["джим"], "stay clean")
    assert not is_foreign(["jim"], "stay clean")
    assert not is_foreign(["jim"], "月光")
    assert not is_foreign([], "stay clean")


@settings(deadline=None)
@given(st.text(st.characters(), max_size=60), st.text(st.characters(), max_size=60))
def test_any_text_can_be_compared(one: str, other: str) -> None:
    """Between nothing and everything, and never an error."""
    found = alike(spell(one), spell(other))
    assert found is None or 0.0 <= found <= 1.0
