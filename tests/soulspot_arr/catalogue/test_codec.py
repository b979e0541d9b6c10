"""`Wanted` as JSON: read back it is equal, and what is damaged or of another version is nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soulspot_arr.catalogue.codec import from_json, to_json
from soulspot_arr.wanted import Edition, Provider, Wanted, WantedTrack

WHOLE = Wanted(
    artist="Sigur Rós",
    album="( )",
    year=2002,
    disambiguation="untitled",
    artist_id="artist",
    album_id="album",
    library_id=7,
    kind="album",
    styles=frozenset({"live", "compilation"}),
    aliases=("シガー・ロス",),
    titles=("Untitled",),
    any_edition=False,
    editions=(
        Edition(
            id="edition",
            title="( )",
            tracks=(
                WantedTrack("Vaka", 1, 1, 398.0, "", "recording", "track"),
                WantedTrack("Fyrsta", 2, 1, None, "Somebody"),
            ),
            disambiguation="two discs",
            country="GB",
            year=2002,
            monitored=True,
            media=("CD", "Unknown"),
            labels=("FatCat", "Smekkleysa"),
        ),
    ),
    provider=Provider.LIDARR,
)


@pytest.mark.parametrize("wanted", [WHOLE, Wanted("", ""), Wanted("A", "B", year=None)])
def test_what_goes_in_comes_out(wanted: Wanted) -> None:
    """Through the text of a document, as the database keeps it."""
    assert from_json(json.loads(json.dumps(to_json(wanted)))) == wanted


_tracks = st.builds(
    WantedTrack,
    title=st.text(),
    disc=st.integers(1, 99),
    number=st.integers(0, 999),
    seconds=st.none() | st.floats(0.001, 80_000),
    artist=st.text(),
    recording_id=st.text(),
    track_id=st.text(),
)
_editions = st.builds(
    Edition,
    id=st.text(),
    title=st.text(),
    tracks=st.lists(_tracks, max_size=3).map(tuple),
    year=st.none() | st.integers(1000, 9999),
    monitored=st.booleans(),
    media=st.lists(st.text(), max_size=2).map(tuple),
    labels=st.lists(st.text(), max_size=2).map(tuple),
)


@given(
    st.builds(
        Wanted,
        artist=st.text(),
        album=st.text(),
        styles=st.frozensets(st.text(), max_size=3),
        editions=st.lists(_editions, max_size=3).map(tuple),
        provider=st.sampled_from(Provider),
    )
)
def test_any_album_comes_back(wanted: Wanted) -> None:
    """Whatever the names and numbers."""
    assert from_json(json.loads(json.dumps(to_json(wanted)))) == wanted


def test_a_whole_number_of_seconds_is_a_length() -> None:
    """PostgreSQL gives 30.0 back as 30."""
    document = to_json(WHOLE)
    document["editions"][0]["tracks"][0][3] = 398
    assert from_json(document) == WHOLE


def test_a_document_from_before_media_and_labels() -> None:
    """Both are unknown then, everything else is as it was."""
    document = to_json(WHOLE)
    (edition,) = document["editions"]
    del edition["media"], edition["labels"]
    found = from_json(document)
    assert found is not None
    assert found == replace(WHOLE, editions=(replace(WHOLE.editions[0], media=(), labels=()),))


def _changed(**changes: object) -> dict[str, Any]:
    return to_json(WHOLE) | changes


def _edition(**changes: object) -> dict[str, Any]:
    return _changed(editions=[to_json(WHOLE)["editions"][0] | changes])


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        "text",
        {},
        _changed(v=2),
        _changed(v=None),
        _changed(artist=None),
        _changed(year="2002"),
        _changed(library_id=True),
        _changed(styles="live"),
        _changed(aliases=[1]),
        _changed(any_edition=1),
        _changed(editions={}),
        _changed(editions=[None]),
        _changed(provider="somebody"),
        _changed(provider=[]),
        _edition(tracks=[[]]),
        _edition(tracks=[["a", 1, 1, None, "", ""]]),
        _edition(tracks=[["a", 1, 1, -3, "", "", ""]]),
        _edition(tracks=[["a", 1, 1, float("nan"), "", "", ""]]),
        _edition(tracks=[["a", 1.5, 1, None, "", "", ""]]),
        _edition(tracks=["1234567"]),
        _edition(monitored="yes"),
        _edition(media=["CD", 3]),
        _edition(labels="FatCat"),
        {name: value for name, value in to_json(WHOLE).items() if name != "titles"},
    ],
)
def test_what_is_not_ours_is_nothing(document: object) -> None:
    """Of an older version or damaged: a miss, never an exception."""
    assert from_json(document) is None
