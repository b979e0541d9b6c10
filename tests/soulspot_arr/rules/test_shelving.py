"""Where a file goes in a library folder: templates, unknown values, and names that lead nowhere."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soulspot_arr.rules.naming import contained
from soulspot_arr.rules.shelving import ShelfTags, shelf_path, spellings
from soulspot_arr.specs import TEMPLATE_FIELDS

USUAL = "{album_artist}/{album} ({year})/{disc_track} {title}"
SONG = ShelfTags(
    title="Airbag",
    artist="Radiohead",
    album="OK Computer",
    album_artist="Radiohead",
    year=1997,
    track=1,
    disc=1,
    discs=1,
    quality="FLAC",
)


@pytest.mark.parametrize(
    ("template", "path"),
    [
        (USUAL, "Radiohead/OK Computer (1997)/01 Airbag.flac"),
        ("{artist} - {title}", "Radiohead - Airbag.flac"),
        ("{quality}/{year} {album}/{disc}.{track}", "FLAC/1997 OK Computer/1.01.flac"),
        (" {album} / {title} ", "OK Computer/Airbag.flac"),
        ("Music/{album_artist} [{quality}]/{title}", "Music/Radiohead [FLAC]/Airbag.flac"),
    ],
)
def test_a_template(template: str, path: str) -> None:
    """Every field, whatever stands around it; the ending is that of the file."""
    assert shelf_path(template, SONG, name="x.flac") == path


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"discs": 2}, "Radiohead/OK Computer (1997)/1-01 Airbag.flac"),
        ({"disc": 2, "discs": 0}, "Radiohead/OK Computer (1997)/2-01 Airbag.flac"),
        ({"disc": 0, "discs": 2}, "Radiohead/OK Computer (1997)/01 Airbag.flac"),
        ({"track": 112}, "Radiohead/OK Computer (1997)/112 Airbag.flac"),
        ({"year": 0}, "Radiohead/OK Computer/01 Airbag.flac"),
        ({"track": 0}, "Radiohead/OK Computer (1997)/Airbag.flac"),
        ({"title": ""}, "Radiohead/OK Computer (1997)/01 a song.flac"),
        ({"title": "\0 "}, "Radiohead/OK Computer (1997)/01 a song.flac"),
        ({"album_artist": ""}, "Radiohead/OK Computer (1997)/01 Airbag.flac"),
        ({"album_artist": "", "artist": ""}, "Unknown Artist/OK Computer (1997)/01 Airbag.flac"),
        ({"album": ""}, "Radiohead/Unknown Album (1997)/01 Airbag.flac"),
        ({"album": "( )", "year": 0}, "Radiohead/( )/01 Airbag.flac"),
        ({"album": "( )"}, "Radiohead/( ) (1997)/01 Airbag.flac"),
        ({"track": 0, "title": "...Baby"}, "Radiohead/OK Computer (1997)/_...Baby.flac"),
        ({"title": "Mr. {year}"}, "Radiohead/OK Computer (1997)/01 Mr. {year}.flac"),
        ({"title": "AC/DC\\x"}, "Radiohead/OK Computer (1997)/01 AC-DC-x.flac"),
        ({"album_artist": "../.."}, "_..-/OK Computer (1997)/01 Airbag.flac"),
        ({"album_artist": "CON"}, "CON_/OK Computer (1997)/01 Airbag.flac"),
    ],
)
def test_what_tags_may_say(changes: dict[str, object], path: str) -> None:
    """Unknown values go with their brackets and signs; no value makes a folder of its own."""
    tags = replace(SONG, **changes)  # type: ignore[arg-type]
    assert shelf_path(USUAL, tags, name="a song.flac") == path


@pytest.mark.parametrize(
    ("template", "path"),
    [
        ("{track} - {title}", "Airbag.flac"),
        ("{title} - {track}", "Airbag.flac"),
        ("{artist} - {track} - {title}", "Radiohead - Airbag.flac"),
        ("{title} ({year} {quality})", "Airbag.flac"),
        ("{title} [{year}] x", "Airbag x.flac"),
        ("{title} ({year}, live)", "Airbag (live).flac"),
        ("{title} (live, {year})", "Airbag (live).flac"),
        ("{year}/{quality}/{title}", "Airbag.flac"),
        ("{year} - {quality}/{album}/{title}", "OK Computer/Airbag.flac"),
        ("Track {track}", "Airbag.flac"),
        ("{disc_track}", "Airbag.flac"),
    ],
)
def test_the_signs_around_what_is_unknown(template: str, path: str) -> None:
    """Nothing dangles, and files of an album never share a name for want of a number."""
    tags = replace(SONG, year=0, track=0, quality="")
    assert shelf_path(template, tags, name="x.flac") == path


@pytest.mark.parametrize(
    ("name", "ending"),
    [("x.MP3", ".MP3"), ("x", ""), (".flac", ""), ("x.tar.ogg", ".ogg"), ("Mr. Somebody Else", "")],
)
def test_the_ending(name: str, ending: str) -> None:
    """As it is; what is too long for one belongs to the name."""
    assert shelf_path("{title}", SONG, name=name) == f"Airbag{ending}"


def test_names_that_are_too_long_are_cut() -> None:
    """With room for a number and for the ending of an unfinished copy."""
    tags = replace(SONG, title="ö" * 400, album="x" * 400)
    path = shelf_path(USUAL, tags, name="x.flac")
    assert path.endswith("ö.flac")
    assert all(len(part.encode()) <= 240 for part in path.split("/"))


def test_further_spellings() -> None:
    """The number stands before the ending, and only in the name."""
    found = list(islice(spellings("a.b/01 Mr. X.flac"), 3))
    assert found == ["a.b/01 Mr. X.flac", "a.b/01 Mr. X (2).flac", "a.b/01 Mr. X (3).flac"]


_words = st.text(st.sampled_from("./\\ \0({[]})-_,aä:*?\n"), max_size=8) | st.text(max_size=300)
_parts = st.lists(
    st.sampled_from([f"{{{field}}}" for field in TEMPLATE_FIELDS]) | st.sampled_from(" -.()[],x"),
    min_size=1,
    max_size=6,
).map("".join)


@given(
    template=st.lists(_parts, min_size=1, max_size=3).map("/".join),
    tags=st.builds(
        ShelfTags,
        title=_words,
        artist=_words,
        album=_words,
        album_artist=_words,
        year=st.integers(0, 9999),
        track=st.integers(0, 200),
        disc=st.integers(0, 20),
        quality=_words,
    ),
    name=_words.filter(lambda name: name.strip() != ""),
)
def test_no_tag_leads_out_of_the_folder(template: str, tags: ShelfTags, name: str) -> None:
    """Whatever the values: a path below the folder, as deep as the template at most."""
    path = shelf_path(template, tags, name=name)
    assert contained("/library", f"/library/{path}")
    assert 1 <= len(path.split("/")) <= template.count("/") + 1
    assert all(part not in ("", ".", "..") for part in path.split("/"))
