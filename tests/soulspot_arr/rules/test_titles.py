"""Every title that is shown must be read by Lidarr as it was meant (contract lidarr §7.6, §13.6)."""

import json
import re
import unicodedata
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soulspot_arr.rules.titles import (
    MAX_BYTES,
    QUALITY_OF_TOKEN,
    ReadBack,
    build,
    clean_name,
    quality_of,
    read_back,
    search_accepts,
)

KEY = "3f9a2c11"

# Artists and albums made to break the parser: scripts, marks, punctuation, numbers, brackets,
# dates, trap words, codec words, site names, articles at the ends, symbols, hashes, long names.
NAMES: list[tuple[str, str]] = [
    (artist, album)
    for artist, album in json.loads(
        Path(__file__).with_name("title_names.json").read_text(encoding="utf-8")
    )
]

# Lidarr cannot be told these names by any title, see the reason beside each.
HOPELESS = [
    ("", "Album"),  # no artist at all
    ("   ", "Album"),
    ("Artist", ""),
    ("Artist", "..."),  # dots become blanks, nothing is left, and it must stay identical
    ("Artist", "***"),  # scrubbed everywhere
    ("Artist", "|"),
    ("Artist", "[ ]"),  # deleted as a remark
    ("Artist", "_"),  # a blank to the parser, a wildcard to the blocklist
    ("Artist", "%"),
    ("Artist", "🎉"),  # removed from the feed
    ("Artist", " ! "),  # outer blanks are trimmed, and it must stay identical
    (" 44 ", "Album"),  # an integer is compared with its blanks, which are trimmed
    ("?", "!- - )"),  # the last word of such an album is read as the album
    ("Artist", "長" * 84),  # too long, and names are compared whole
    ("Very " * 60, "Album"),
]


def made(artist: str, album: str, token: str = "FLAC", year: int | None = 2001) -> str:
    """Build a title that must exist."""
    title = build(artist, album, year=year, quality_token=token, key8=KEY)
    assert title is not None
    return title


def read(title: str) -> ReadBack:
    """Read a title that must be readable."""
    result = read_back(title)
    assert result is not None
    return result


def assert_faithful(title: str, artist: str, album: str, token: str) -> None:
    """Check everything a shown title promises."""
    result = read(title)
    assert clean_name(result.artist) == clean_name(artist)
    assert result.artist.strip()
    assert clean_name(result.album) == clean_name(album)
    if not clean_name(album):
        assert result.album == album
    assert result.quality == QUALITY_OF_TOKEN[token]
    assert (result.revision, result.real, result.repack) == (1, 0, False)
    assert not result.discography
    assert "sample" not in title.lower()
    assert search_accepts(title, artist, album)
    assert_presentable(title)


def assert_presentable(title: str) -> None:
    """Check what a title may consist of, whatever it says."""
    assert len(title.encode()) <= MAX_BYTES
    assert title.endswith(f"-slsk{KEY}")
    assert title == title.strip()
    assert not {"%", "_"} & set(title)
    assert all(ord(char) <= 0xFFFF and unicodedata.category(char) != "Cc" for char in title)


# --- conformance rows, contract §13.6 -------------------------------------------------------------


def test_T01_plain_names() -> None:
    """An ordinary album parses to exactly its names, in the recommended shape."""
    title = made("Radiohead", "OK Computer", year=1997)
    assert title == "(FLAC) Radiohead - OK Computer - 1997-slsk3f9a2c11"
    result = read(title)
    assert (result.artist, result.album, result.quality) == ("Radiohead", "OK Computer", "FLAC")


def test_T02_slash() -> None:
    """A slash stays in the name."""
    result = read(made("AC/DC", "Back in Black", "MP3 320"))
    assert (clean_name(result.artist), result.quality) == ("acdc", "MP3-320")


def test_T03_initials() -> None:
    """Dotted initials ending in A get the comma."""
    title = made("M.I.A.", "Kala", year=2007)
    assert title == "(FLAC) M.I.A., - Kala - 2007-slsk3f9a2c11"
    assert clean_name(read(title).artist) == "mi"


def test_T04_signed_number() -> None:
    """A signed number only survives in the classic shape."""
    title = made("+44", "When Your Heart Stops Beating", year=2006)
    assert title == "+44 - When Your Heart Stops Beating (2006) [FLAC]-slsk3f9a2c11"
    assert read(title).artist == "+44"


def test_T05_parenthesis_in_album() -> None:
    """An album keeps its parenthesis."""
    album = "1989 (Taylor’s Version)"
    assert read(made("Taylor Swift", album)).album == album


def test_T06_square_brackets() -> None:
    """Square brackets would be deleted, so they become round."""
    title = made("Freddie Mercury", "Mr. Bad Guy [Special Edition]", year=2019)
    assert title.startswith("(FLAC) Freddie Mercury - Mr. Bad Guy (Special Edition) - 2019")
    assert search_accepts(title, "Freddie Mercury", "Mr. Bad Guy [Special Edition]")


def test_T07_various_artists_with_number() -> None:
    """The artist is spelled out and the 96 does not become the bitrate."""
    result = read(made("Various Artists", "Now That’s What I Call Music! 96", "MP3 320"))
    assert (result.artist, result.quality) == ("Various Artists", "MP3-320")


@pytest.mark.parametrize(
    ("artist", "album"),
    [
        ("Pet Shop Boys", "Discography: The Complete Singles Collection"),
        ("The Discography Band", "First"),
        ("Banda", "DISCOGRAFIA"),
    ],
)
def test_T08_discography(artist: str, album: str) -> None:
    """The word never turns a release into a discography."""
    result = read(made(artist, album))
    assert not result.discography
    assert clean_name(result.album) == clean_name(album)


def test_T09_date() -> None:
    """A date does not cut the title off."""
    title = made("Metallica", "2010-07-12: Sofia", year=2010)
    assert title == "(FLAC) Metallica - 2010 07 12: Sofia - 2010-slsk3f9a2c11"
    assert read(title).album == "2010 07 12: Sofia"


def test_T10_scrubbed_words() -> None:
    """8B is not taken for a bit depth."""
    title = made("8Ball & MJG", "On Top of the World", "MP3 320")
    assert clean_name(read(title).artist) == "8ballmjg"


def test_T11_opus_is_a_name() -> None:
    """Opus (Deluxe) does not hijack the codec."""
    assert read(made("Eric Prydz", "Opus (Deluxe)", "MP3 320")).quality == "MP3-320"


@pytest.mark.parametrize(
    "word", ["proper", "Proper", "repack", "RERIP", "REAL", "sample", "repack2"]
)
@pytest.mark.parametrize("place", ["artist", "album"])
def test_T12_better_editions(word: str, place: str) -> None:
    """Trap words give no second revision and no sample."""
    names = (f"The {word} Band", "First") if place == "artist" else ("Band", f"{word} {word}")
    title = made(*names)
    result = read(title)
    assert (result.revision, result.real, result.repack) == (1, 0, False)
    assert "sample" not in title.lower()
    assert clean_name(result.artist) == clean_name(names[0])


@pytest.mark.parametrize(
    ("artist", "album"), [("Sigur Rós", "( )"), ("Justice", "†"), ("!!!", "Wallop"), ("Foo", "!!!")]
)
def test_T13_names_without_letters(artist: str, album: str) -> None:
    """Names without a clean form are written exactly as they are."""
    title = made(artist, album)
    assert f" {artist} - {album} - " in title
    assert search_accepts(title, artist, album)


def test_T14_vbr() -> None:
    """Variable MP3 is offered as V0, the class every such file is imported as."""
    assert read(made("Motörhead", "Ace of Spades", "MP3 VBR V0")).quality == "MP3-VBR-V0"


def test_T15_24_bits() -> None:
    """24-bit FLAC keeps its class."""
    title = made("Metallica", "72 Seasons", "FLAC 24bit")
    assert title.startswith("(FLAC 24bit) ")
    assert read(title).quality == "FLAC 24bit"


@pytest.mark.parametrize("year", [None, 0, -5, 10000])
def test_T16_unknown_year(year: int | None) -> None:
    """A year nobody knows, or that has no four digits, is 0000."""
    title = made("Nirvana", "Nevermind", year=year)
    assert title == "(FLAC) Nirvana - Nevermind - 0000-slsk3f9a2c11"
    assert read(title).year is None


@pytest.mark.parametrize(
    "token", ["MP3 224", "MP3 112", "MP3 VBR V2", "MP3 V0", "OGG", "Opus 96", ""]
)
def test_T17_misread_qualities_are_not_offered(token: str) -> None:
    """A token that Lidarr reads as Unknown, or imports as something else, gives no title."""
    assert token not in QUALITY_OF_TOKEN
    assert build("Artist", "Album", year=2001, quality_token=token, key8=KEY) is None


@pytest.mark.parametrize(("artist", "album"), NAMES)
def test_T18_suffix_and_length(artist: str, album: str) -> None:
    """Every title ends in its key and fits a file name together with .nzb."""
    title = made(artist, album)
    assert re.fullmatch(r".+-slsk[0-9a-f]{8}", title)
    assert len(f"{title}.nzb".encode()) <= 255


def test_T18_keys_make_titles_different() -> None:
    """Two candidates of one album never share a title, nor does one contain the other."""
    titles = [
        build("Radiohead", "OK Computer", year=1997, quality_token="FLAC", key8=key)
        for key in ("00000001", "00000002")
    ]
    assert None not in titles
    assert len(set(titles)) == 2


# --- nasty and ordinary names ---------------------------------------------------------------------


def test_there_are_enough_names() -> None:
    """The table is as large as it is meant to be and holds no pair twice."""
    assert len({*NAMES}) == len(NAMES) >= 300


@pytest.mark.parametrize("token", QUALITY_OF_TOKEN)
def test_every_name_in_every_quality(token: str) -> None:
    """Each pair of the table gives a faithful title with each token."""
    for artist, album in NAMES:
        assert_faithful(made(artist, album, token), artist, album, token)


@pytest.mark.parametrize(("artist", "album"), HOPELESS)
def test_hopeless_names_give_no_title(artist: str, album: str) -> None:
    """Where Lidarr would misread every wording, nothing is shown."""
    for token in QUALITY_OF_TOKEN:
        assert build(artist, album, year=2001, quality_token=token, key8=KEY) is None


@pytest.mark.parametrize(
    ("token", "possible"), [("FLAC", True), ("MP3 320", False), ("OGG 256", True), ("AAC", True)]
)
def test_rate_words_beside_a_signed_number(token: str, possible: bool) -> None:
    """Behind "+44" the token stands last, so a rate word in the album decides."""
    title = build("+44", "q8", year=2001, quality_token=token, key8=KEY)
    assert (title is not None) is possible


@pytest.mark.parametrize(
    ("artist", "album", "written"),
    [
        ("Swans", "Live - 1999 - Berlin", "Swans - Live 1999 Berlin"),
        ("{{Braces}}", "[In]", "((Braces)) - (In)"),
        ("100% Free", "5%a", "100 percent Free - 5 percenta"),
        ("a_b", "x|y <3", "a b - x y 3"),
        ("Bjo\u0308rk", "Soft\u00adHyphen", "Bjo\u0308rk - SoftHyphen"),
        ("x264", "720p DD5.1 10bit", "x- 264 - 720 p DD- 5.1 10 bit"),
        ("Blink 182 v2 x", "24-bit", "Blink 182 v 2 x - 24- bit"),
        ("The REAL Thing", "Foo-991231-x", "The Real Thing - Foo-99 1231-x"),
        ("...And You Will Know", "…And Justice", "You Will Know - …And Justice"),
        ("Metallica", "...And Justice for All", "Metallica - Justice for All"),
        ("Opus III", "Mind Fruit (Remixes)", "Opus III - Mind Fruit Remixes"),
        ("***", "Stars", "! - Stars"),
        ("Long name " * 12, "Album" * 24, "longname" * 12 + " - " + "Album" * 24),
    ],
)
def test_wording(artist: str, album: str, written: str) -> None:
    """How traps are broken: as little as possible, and readable for a person."""
    assert made(artist, album) == f"(FLAC) {written} - 2001-slsk{KEY}"


def test_number_in_name_does_not_set_an_open_rate() -> None:
    """AAC without a rate stays AAC-VBR beside numbers that look like one."""
    title = made("320 Colours", "iTunes Plus", "AAC")
    assert read(title).quality == "AAC-VBR"


def test_names_are_never_cut() -> None:
    """A title one byte too long is refused, not shortened: Lidarr compares whole names."""
    room = MAX_BYTES - len(f"(FLAC) A -  - 2001-slsk{KEY}".encode())
    assert len(made("A", "b" * room).encode()) == MAX_BYTES
    assert build("A", "b" * (room + 1), year=2001, quality_token="FLAC", key8=KEY) is None


def test_lone_surrogates_are_survived() -> None:
    """Broken text from outside gives a title or nothing, never an error."""
    assert made("Foo\ud800", "Bar") == f"(FLAC) Foo - Bar - 2001-slsk{KEY}"
    assert build("Foo", "\ud800", year=2001, quality_token="FLAC", key8=KEY) is None


# --- tokens ---------------------------------------------------------------------------------------


def test_tokens_are_read_as_promised() -> None:
    """The table of tokens agrees with the emulation in both shapes."""
    for token, quality in QUALITY_OF_TOKEN.items():
        assert quality_of(f"({token}) Artist - Album - 2001-slsk{KEY}") == quality
        assert quality_of(f"Artist - Album (2001) [{token}]-slsk{KEY}") == quality


# --- properties -----------------------------------------------------------------------------------

# Every word and every bit of punctuation of the table, to be put together anew.
FRAGMENTS = sorted({part for name in chain(*NAMES) for part in re.split(r"(\W+)", name) if part})
PIECES = st.one_of(st.sampled_from(FRAGMENTS), st.just(" "), st.just(" - "), st.text(max_size=6))
ANY_NAME = st.lists(PIECES, max_size=7).map("".join)
TOKENS = st.sampled_from(sorted(QUALITY_OF_TOKEN))


@settings(deadline=None, max_examples=400)
@given(ANY_NAME, ANY_NAME, TOKENS, st.none() | st.integers())
def test_any_names_give_a_faithful_title_or_none(
    artist: str, album: str, token: str, year: int | None
) -> None:
    """Building never fails, and what it returns says what was meant."""
    title = build(artist, album, year=year, quality_token=token, key8=KEY)
    if title is not None:
        assert_faithful(title, artist, album, token)


PLAIN_WORDS = st.text(
    alphabet=st.characters(categories=["L", "Nd"], max_codepoint=0xFFFF), min_size=1, max_size=12
)


@settings(deadline=None, max_examples=200)
@given(PLAIN_WORDS, PLAIN_WORDS, TOKENS)
def test_words_always_give_a_title(artist: str, album: str, token: str) -> None:
    """Names of plain letters and digits are never hopeless, in any script Lidarr can receive."""
    assert_faithful(made(artist, album, token), artist, album, token)


@settings(deadline=None, max_examples=300)
@given(ANY_NAME)
def test_reading_never_fails(title: str) -> None:
    """Any text can be handed to the emulation."""
    read_back(title)
    assert quality_of(title)
    assert search_accepts(title, title, title) in (True, False)
