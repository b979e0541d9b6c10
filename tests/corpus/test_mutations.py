"""How names change before they become paths."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from tests.corpus.mutations import (
    Hand,
    article_gone,
    article_last,
    fold,
    hand,
    is_latin,
    latin,
    misspell,
    shortened,
)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Sigur Rós", "Sigur Ros"),
        ("Blåmørke", "Blamorke"),
        ("Motörhead", "Motorhead"),
        ("Straße", "Strasse"),
        ("椎名林檎", "椎名林檎"),
        ("キャンプ", "キャンプ"),
        ("Чайковский", "Чайковский"),
        ("Để Mị nói", "De Mi noi"),
    ],
)
def test_folding_drops_marks_and_nothing_else(text: str, plain: str) -> None:
    """What has no marks stays."""
    assert fold(text) == plain


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Группа крови", "Gruppa krovi"),
        ("Кино", "Kino"),
        ("Μίκης", "Mikis"),
        ("モルヒネ", "Moruhine"),
        ("フィッシュマンズ", "Fishumanzu"),
        ("キャンプ", "Kyanpu"),
        ("空中キャンプ", "空中キャンプ"),
        ("소녀시대", "Sonyeosidae"),
        ("警告", "警告"),
    ],
)
def test_scripts_with_letters_are_transliterated(text: str, written: str) -> None:
    """Chinese characters have no letters to go by."""
    assert latin(text) == written
    assert is_latin(written) is (written != text)


@pytest.mark.parametrize(
    ("who", "text", "written"),
    [
        (Hand(), "AC/DC", "AC_DC"),
        (Hand(slash="-"), "AC/DC", "AC-DC"),
        (Hand(), "4:44", "4-44"),
        (Hand(colon="_"), "4:44", "4_44"),
        (Hand(), "Alchemy: Live", "Alchemy - Live"),
        (Hand(), "What?", "What_"),
        (Hand(apostrophe=""), "Don’t", "Dont"),
        (Hand(case="title"), "in the it’s end", "In The It's End"),
        (Hand(blank="_"), "OK Computer", "OK_Computer"),
        (Hand(marks="fold"), "Björk", "Bjork"),
        (Hand(marks="mojibake"), "Björk", "BjÃ¶rk"),
        (Hand(ampersand="and"), "Simon & Garfunkel", "Simon and Garfunkel"),
        (Hand(featured="drop"), "Song (feat. Somebody)", "Song"),
        (Hand(featured="ft."), "Song (feat. Somebody)", "Song (ft. Somebody)"),
        (Hand(punctuation=False), "R.E.M. (live!)", "R E M live"),
        (Hand(punctuation=False), "!!!", "!!!"),
        (Hand(script="latin"), "Кино", "Kino"),
        (Hand(), "Untitled...", "Untitled"),
        (Hand(), "...", "..."),
    ],
)
def test_a_hand_writes_names_in_its_own_way(who: Hand, text: str, written: str) -> None:
    """A row for every habit."""
    assert who.write(text) == written


@given(st.text(max_size=40), st.integers(0, 10_000))
def test_whatever_is_written_is_one_part_of_a_path(text: str, seed: int) -> None:
    """Never empty, never with a separator in it."""
    written = hand(random.Random(seed), foreign=bool(seed % 2)).write(text)
    assert written.strip()
    assert "/" not in written
    assert "\\" not in written


@given(st.sampled_from(["Paranoid Android", "Subterranean Homesick Alien", "Lucky", "Karaoke"]))
def test_a_misspelling_is_one_slip(text: str) -> None:
    """In long words alone, and never in the words that tell versions apart."""
    for seed in range(30):
        wrong = misspell(text, random.Random(seed))
        assert Levenshtein.distance(text, wrong) <= 2
        assert wrong == text or len(text) > 8


def test_articles_move_or_go() -> None:
    """The Beatles are found under B."""
    assert article_last("The Beatles") == "Beatles, The"
    assert article_gone("The Beatles") == "Beatles"
    assert article_gone("The The") == "The The"
    assert article_last("Therapy?") == "Therapy?"


def test_names_are_cut_at_a_length_without_loose_ends() -> None:
    """Old burners kept 64 letters."""
    assert shortened("A long name - with more", 13) == "A long name"
    assert shortened("short", 13) == "short"
