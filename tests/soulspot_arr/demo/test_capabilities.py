"""Caps as Lidarr and Prowlarr read them, pitfalls included."""

from __future__ import annotations

import pytest

from soulspot_arr.demo.capabilities import read_capabilities
from soulspot_arr.demo.faults import ApiKeyRefused, IndexerFault
from soulspot_arr.demo.prowlarr import read_prowlarr_capabilities
from tests.soulspot_arr.demo.newznab_shapes import CAPS


def test_6_2_recommended_caps_are_read_without_notes() -> None:
    """Raw engines, both tiers, page size 100 and all categories."""
    caps = read_capabilities(CAPS)
    assert caps.notes == ()
    assert (caps.page_size, caps.text_engine, caps.audio_engine) == (100, "raw", "raw")
    assert caps.searches_audio
    assert caps.searches_text
    assert caps.categories == ((3000, "Audio"), (3010, "MP3"), (3040, "Lossless"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('default="100" ', ""),
        ('max="100"', ""),
        ('max="100"', 'max="many"'),
        ('<search available="yes"', "<search"),
        ('<audio-search available="yes"', "<audio-search"),
        ("<searching>", "<searching><tv-search/>"),
        ('id="3010" ', ""),
        ('id="3010"', 'id="x"'),
        ('name="Lossless"', ""),
        ("</caps>", '<error code="900" description="x"/></caps>'),
        ("</caps>", "<error/></caps>"),
    ],
)
def test_6_2_mistakes_that_silently_leave_the_defaults(old: str, new: str) -> None:
    """Lidarr hides these and works with sphinx defaults; the note tells."""
    assert old in CAPS
    caps = read_capabilities(CAPS.replace(old, new))
    assert (caps.audio_engine, caps.audio_params) == ("sphinx", ("q", "artist", "album"))
    assert len(caps.notes) == 1
    assert "silently" in caps.notes[0]


@pytest.mark.parametrize(
    "text",
    ["\ufeff" + CAPS, " " + CAPS, "", "caps", "<caps>", "<rss/>", "<html><body/></html>"],
)
def test_6_2_unreadable_caps_are_raised(text: str) -> None:
    """A byte order mark, a leading space, or another document is not hidden."""
    with pytest.raises(IndexerFault):
        read_capabilities(text)


@pytest.mark.parametrize(
    ("old", "new", "audio", "text"),
    [
        ('"q,artist,album,year"', '"q, artist, album"', False, True),
        ('"q,artist,album,year"', '"artist,album"', False, True),
        ('supportedParams="q,artist,album,year" ', "", True, True),
        ('<audio-search available="yes"', '<audio-search available="no"', False, True),
        ('<search available="yes"', '<search available="Yes"', True, False),
        ("audio-search", "music-search", False, True),
    ],
)
def test_6_2_which_tiers_exist(old: str, new: str, *, audio: bool, text: bool) -> None:
    """Parameters are split on commas without trimming; only `yes` counts."""
    caps = read_capabilities(CAPS.replace(old, new))
    assert (caps.searches_audio, caps.searches_text) == (audio, text)
    assert bool(caps.notes) == (not (audio and text))


def test_6_2_an_engine_that_is_not_exactly_raw_is_noted() -> None:
    """`RAW` is not `raw`."""
    caps = read_capabilities(CAPS.replace("raw", "RAW"))
    assert len(caps.notes) == 2


def test_6_2_the_page_size_never_exceeds_a_hundred() -> None:
    """min(100, max(default, max))."""
    assert read_capabilities(CAPS.replace('"100"', '"500"')).page_size == 100
    small = CAPS.replace('default="100"', 'default="10"').replace('max="100"', 'max="25"')
    assert read_capabilities(small).page_size == 25


def test_6_7_a_key_error_in_caps_is_raised() -> None:
    """Codes 100 to 199 are key errors even here."""
    with pytest.raises(ApiKeyRefused):
        read_capabilities('<error code="100" description="Incorrect user credentials"/>')


@pytest.mark.parametrize("description", ["Missing parameter", "the apikey is missing"])
def test_6_7_missing_key_texts_count_only_without_a_key(description: str) -> None:
    """Without a key these descriptions mean a key error, with one they leave the defaults."""
    document = f'<error code="200" description="{description}"/>'
    with pytest.raises(ApiKeyRefused):
        read_capabilities(document, key_sent=False)
    assert read_capabilities(document, key_sent=True).notes


def test_prowlarr_3_2_caps_with_categories_sync_to_lidarr() -> None:
    """Sound caps give music search and categories."""
    caps = read_prowlarr_capabilities(CAPS)
    assert caps.music_params == {"q", "artist", "album", "year"}
    assert caps.expand((3000,)) == (3010, 3040, 3000)
    assert caps.expand((3010,)) == (3010,)
    assert caps.syncs_to_lidarr()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('max="100"', ""),
        ('available="yes"', ""),
        ('name="MP3"', ""),
        ('id="3040"', 'id="flac"'),
        ("</caps>", '<error code="100" description="x"/></caps>'),
    ],
)
def test_prowlarr_3_2_mistakes_leave_no_categories_at_all(old: str, new: str) -> None:
    """Prowlarr's default knows no category, so the indexer never reaches Lidarr."""
    caps = read_prowlarr_capabilities(CAPS.replace(old, new))
    assert caps.categories == ()
    assert caps.note
    assert not caps.syncs_to_lidarr()


def test_prowlarr_3_2_params_ignore_case_and_blanks() -> None:
    """Unlike Lidarr, Prowlarr matches the words loosely."""
    caps = read_prowlarr_capabilities(CAPS.replace("q,artist,album,year", "Q, Artist,ALBUM,x"))
    assert caps.music_params == {"q", "artist", "album"}
