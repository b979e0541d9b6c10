"""Text in columns: nothing a stranger calls himself breaks a table."""

from __future__ import annotations

import pytest

from soulspot_arr.rules import columns


@pytest.mark.parametrize(
    ("text", "width"),
    [("", 0), ("abc", 3), ("音楽", 4), ("e\u0301", 1), ("\u1112\u1161\u11ab", 2)],
)
def test_how_wide_a_text_is(text: str, width: int) -> None:
    """Chinese takes two columns a letter, what is combined none."""
    assert columns.width(text) == width


@pytest.mark.parametrize(
    "text", ["short", "much too long a name", "音楽音楽音楽音楽", "a\x1b[2Jb\n"]
)
def test_filled_to_exactly_so_many_columns(text: str) -> None:
    """Cut with a sign that something is missing, and never moving the cursor."""
    shown = columns.fit(text, 9)
    assert columns.width(shown) == 9
    assert "\x1b" not in shown
    assert "\n" not in shown


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("one two three", ["one two", "three"]),
        ("one  \n two", ["one two"]),
        ("aaaaaaaaaaaa", ["aaaaaaaa", "aaaa"]),
        ("in /abc/defgh/i", ["in", "/abc/", "defgh/i"]),
        ("音楽音楽音 x", ["音楽音楽", "音 x"]),
    ],
)
def test_wrapped_between_words_and_folders(text: str, lines: list[str]) -> None:
    """A word that is too long is broken, a path behind one of its folders."""
    assert columns.wrapped(text, 8) == lines


def test_a_letter_wider_than_the_room_is_shown_all_the_same() -> None:
    """Rather than waiting for room for ever."""
    assert columns.wrapped("音楽", 1) == ["音", "楽"]
