"""What paths say: the golden corpus, marks of the pressing, numbers settled by the whole folder."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soulspot_arr.rules.reading import (
    is_format,
    is_root,
    read_path,
    segments,
)
from soulspot_arr.rules.tracks import read_track, settle, split_extension
from tests.soulspot_arr.rules.golden_paths import GOLDEN, Row


@pytest.mark.parametrize("row", GOLDEN, ids=lambda row: row[0])
def test_golden_corpus(row: Row) -> None:
    """Every known habit is read as a person would read it."""
    path, *expected = row
    found = read_path(path)
    assert [
        found.artist, found.album, found.year, found.disc, found.track, found.title
    ] == expected  # fmt: skip


def test_the_corpus_is_large_enough() -> None:
    """A habit once known is never dropped silently."""
    assert len({row[0] for row in GOLDEN}) == len(GOLDEN) >= 120


@pytest.mark.parametrize(
    ("path", "tags"),
    [
        (r"Music\Nirvana - Nevermind [Japan] [SHM-CD]\01.flac", ("Japan", "SHM-CD")),
        (r"Music\Weezer\Weezer (Blue Album) (1994)\01.flac", ("Blue Album",)),
        (r"Music\Radiohead - OK Computer (1997) [24bit 96kHz]\01.flac", ("24bit 96kHz",)),
        (r"Music\Nirvana\Nevermind (1991) (2011 Remaster)\01.flac", ("2011 Remaster",)),
        (r"Music\Radiohead\OK Computer - Deluxe Edition\01.flac", ("Deluxe Edition",)),
        (r"Music\Oasis\(What's the Story) Morning Glory\01.flac", ()),
    ],
)
def test_marks_of_the_pressing_are_tags(path: str, tags: tuple[str, ...]) -> None:
    """What only describes is taken off the name, what is part of it stays."""
    assert read_path(path).tags == tags


def test_letters_decomposed_by_a_mac_are_read_alike() -> None:
    """NFD paths give the same numbers and parts as NFC ones."""
    found = read_path("Music\\Bjo\u0308rk\\De\u0301but (1993)\\01 - Human.flac")
    assert (found.artist, found.album, found.year) == ("Bjo\u0308rk", "De\u0301but", 1993)


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        (r"@@abcde\Music\A", ("Music", "A")),
        (r"@@abcd\Music", ("@@abcd", "Music")),  # four letters are no share mark
        ("C:\\a/b\\\\c", ("a", "b", "c")),
        ("/a//b/", ("a", "b")),
        ("", ()),
    ],
)
def test_segments(path: str, parts: tuple[str, ...]) -> None:
    """Drive and share mark go, both slashes divide."""
    assert segments(path) == parts


@pytest.mark.parametrize(
    ("name", "format_only"),
    [
        ("FLAC", True),
        ("[FLAC 24-96]", True),
        ("MP3 320", True),
        ("24bit 44.1kHz", True),
        ("WEB", True),
        ("V0", True),
        ("16-44", True),
        ("Flac Attack", False),
        ("Wave", False),
        ("", False),
        ("1997", False),
    ],
)
def test_is_format(name: str, *, format_only: bool) -> None:
    """Names that tell how it was encoded, and nothing else."""
    assert is_format(name) is format_only


def test_roots() -> None:
    """Folders that hold any music name no artist."""
    assert all(map(is_root, ("Music", "Soulseek Downloads", "SHARED", "Hip-Hop")))
    assert not any(map(is_root, ("Radiohead", "Music for Airports")))


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("01.flac", ("01", "flac")),
        ("a.b.FLAC", ("a.b", "flac")),
        ("Vol. 2", ("Vol. 2", "")),
        ("cover.jpg", ("cover", "jpg")),
        ("flac", ("flac", "")),
    ],
)
def test_split_extension(name: str, parts: tuple[str, str]) -> None:
    """Only kinds of files that are shared count as extensions."""
    assert split_extension(name) == parts


# -- numbers of a whole folder ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "places"),
    [
        (["01 - a", "02 - b"], [(0, 1), (0, 2)]),
        (["1-01 a", "1-02 b", "2-01 c"], [(1, 1), (1, 2), (2, 1)]),
        (["101 a", "102 b", "201 c"], [(1, 1), (1, 2), (2, 1)]),
        (["101 a", "102 b", "bonus"], [(1, 1), (1, 2), (0, None)]),
        (["099 a", "100 b", "101 c"], [(0, 99), (0, 100), (0, 101)]),
        (["01-99 problems", "02-b", "03-c"], [(0, 1), (0, 2), (0, 3)]),
        (["01 - a", "02 - b", "7 rings"], [(0, 1), (0, 2), (0, None)]),
        (["01 a", "02 b", "10 c", "11 d"], [(0, 1), (0, 2), (0, 10), (0, 11)]),
        (["1 a", "2 b", "10 c", "11 d"], [(0, 1), (0, 2), (0, 10), (0, 11)]),
        (["99 Problems"], [(0, None)]),
        (["A1 a", "A2 b", "B1 c"], [(0, 1), (0, 2), (0, 3)]),
        (["A1 a", "A3 b", "B1 c"], [(1, 1), (1, 3), (2, 1)]),
        (["a", "b", "B2 Bomber"], [(0, None), (0, None), (0, None)]),
        (["Track 1", "Track 2"], [(0, 1), (0, 2)]),
        (["a", "b"], [(0, None), (0, None)]),
        ([], []),
    ],
)
def test_settle(names: list[str], places: list[tuple[int, int | None]]) -> None:
    """Numbers that mislead alone are read right beside their neighbours."""
    settled = settle([read_track(name) for name in names])
    assert [(name.disc, name.track) for name in settled] == places


def test_a_number_given_back_is_part_of_the_title_again() -> None:
    """ "7 rings" is a title, "01-99 problems" is track 1 called "99 problems"."""
    names = [read_track(name) for name in ("01 - a", "02 - b", "7 rings")]
    assert settle(names)[2].title == "7 rings"
    names = [read_track(name) for name in ("01-99 problems", "02-b")]
    assert settle(names)[0].title == "99 problems"


@settings(deadline=None)
@given(st.text(st.characters(), max_size=200))
def test_read_path_takes_anything(path: str) -> None:
    """Surrogates, NUL and any script are read without an error."""
    found = read_path(path)
    assert found.disc >= 0


@settings(deadline=None, max_examples=20)
@given(st.sampled_from(["(", "[1", " - ", "a b", "CD1 ", "\\", "1997 ", "\u202e", "FLAC ", "."]))
def test_read_path_is_quick_on_long_names(piece: str) -> None:
    """Ten thousand characters of one habit do not make any pattern run wild."""
    assert read_path("Music\\" + piece * (10_000 // len(piece)) + "\\01.flac").disc >= 0


@pytest.mark.parametrize("piece", ["24-96-", "24 96 ", "16 44.1 khz ", "cd-rip-", "1 2 ", '12" '])
@pytest.mark.parametrize("end", ["z", " (x)", "[1997] z"])
def test_read_path_is_quick_on_repeated_marks(piece: str, end: str) -> None:
    """A long run of marks that can be divided in many ways is read in one of them."""
    name = f"a (x) {piece * 70}{end}"
    assert read_path(f"Music\\{name}\\{name}.flac").disc >= 0
