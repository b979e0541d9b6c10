"""How alike two texts are to Lidarr: cleaned, cut and compared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soulspot_arr.rules.rehearsal.likeness import (
    album_likenesses,
    bare,
    difference,
    likeness,
    plain_title,
    within,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sigur Rós – ( )", "sigurros"),
        ("AC/DC", "acdc"),
        ("½ Mile", "mile"),
        ("Verve Remixed³", "ververemixed"),
        ("Ⅷ", ""),
        ("漢字 12", "漢字12"),
        ("𝔄bc", "bc"),
        ("Straße_1", "straße1"),
    ],
)
def test_bare(text: str, expected: str) -> None:
    """Letters and digits as .NET counts them, small, without accents."""
    assert bare(text) == expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Song (feat. Somebody)", "Song"),
        ("Song [ft Somebody]", "Song"),
        ("Song featuring Somebody (Live)", "Song"),
        ("Song (Produced By Somebody)", "Song"),
        ("Feats of Strength", ""),
        ("Defeat me", "Defeat me"),
        ("Left Behind", "Left Behind"),
        ("Song (Single Version)", "Song"),
        ("Song (2009 Remaster)", "Song"),
        ("Song (Remastered) [Bonus Track]", "Song"),
        ("Song (Live)", "Song (Live)"),
        ("Song (Acoustic Version) Reprise", "Song  Reprise"),
        ("(unclosed version", "(unclosed version"),
    ],
)
def test_plain_title(title: str, expected: str) -> None:
    """Guests and versions are cut off; other brackets stay (contract lidarr §9.5)."""
    assert plain_title(title) == expected


@pytest.mark.parametrize(
    ("value", "target", "expected"),
    [
        ("abcd", "bcde", 0.5),
        ("", "bcd", 1.0),
        (None, "bcd", 1.0),
        ("value", "", 1.0),
        ("", "", 0.0),
        ("!", "?", 0.0),
    ],
)
def test_difference(value: str | None, target: str, expected: float) -> None:
    """Edit distance as a share of the longer one; nothing at all is no difference."""
    assert difference(value, target) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "sought", "expected"),
    [
        ("the white album remastered", "white album", 1.0),
        ("the whyte album", "white album", 1 - 1 / 11),
        ("whit", "white", 0.8),
        ("xyz", "abc", 0.25),
        ("", "abc", 0.0),
        ("abc", "", 0.0),
        ("wholly different", "nevermind", 1 - 6 / 9),
    ],
)
def test_within(text: str, sought: str, expected: float) -> None:
    """A text is looked for inside another one, with as few errors as it takes."""
    assert within(text, sought) == pytest.approx(expected)


def test_album_by_its_words() -> None:
    """Words that have changed their places still count, the less the further they went."""
    whole = likeness("Abbey Road Live", "Live Abbey Road")
    assert album_likenesses("Abbey Road Live", "Live Abbey Road")[1] == pytest.approx(5 / 9)
    assert whole < 5 / 9
    assert max(album_likenesses("Nevermind", "Nevermind (Deluxe) [FLAC]")) == 1.0
    assert max(album_likenesses("Nevermind", "In Utero")) <= 0.7
    assert max(album_likenesses("( )", "Untitled")) <= 0.7
    assert album_likenesses("( )", "( )")[1] == 1.0  # nothing is left of it once it is cleaned
    assert album_likenesses("( )", "( )")[0] == 0.0


TEXT = st.text(max_size=12)


@given(TEXT, TEXT)
def test_the_same_both_ways(one: str, other: str) -> None:
    """It does not matter which text is the tag; every answer is a share."""
    assert difference(one, other) == difference(other, one)
    assert likeness(one, other) == likeness(other, one)
    assert 0.0 <= difference(one, other) <= 1.0
    assert 0.0 <= within(one, other) <= 1.0


@given(TEXT)
def test_a_text_is_like_itself(text: str) -> None:
    """No difference, whatever the text is made of."""
    assert difference(text, text) == 0.0
    assert difference(text.upper(), text.upper()) == 0.0


@given(st.text("abc", max_size=8), st.text("abc", min_size=1, max_size=5))
def test_within_tries_every_part(text: str, sought: str) -> None:
    """No part of the text is nearer than the answer says."""
    parts = {text[i:j] for i in range(len(text) + 1) for j in range(i, len(text) + 1)}
    fewest = min(_edits(part, sought) for part in parts)
    expected = max(0.25, 1 - fewest / len(sought)) if text else 0.0
    assert within(text, sought) == pytest.approx(expected)


def _edits(one: str, other: str) -> int:
    longer = max(len(one), len(other))
    return round((1 - likeness(one, other)) * longer) if longer else 0
