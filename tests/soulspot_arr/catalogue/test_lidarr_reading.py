"""Lidarr's JSON as values: numbers anew on each disc, flags, and nothing that breaks on odd types."""

from __future__ import annotations

from typing import Any

import pytest

from soulspot_arr.catalogue import lidarr_reading as reading
from soulspot_arr.wanted import Edition, Provider, Wanted, WantedTrack
from tests.fakes import fake_lidarr
from tests.fakes.fake_lidarr import album, release

SONGS = (("Airbag", 284_000), ("Paranoid Android", 383_000))


def test_an_album() -> None:
    """Every field that Lidarr has."""
    row = album(
        7,
        "Radiohead",
        "OK Computer",
        release(1, *SONGS),
        release(2, *SONGS, title="OKNOTOK"),
        disambiguation="a note",
        albumType="EP",
        secondaryTypes=["Live", "Compilation", "Studio"],
        anyReleaseOk=False,
    )
    assert reading.album(row) == Wanted(
        artist="Radiohead",
        album="OK Computer",
        year=1997,
        disambiguation="a note",
        artist_id="artist-radiohead",
        album_id="album-7",
        library_id=7,
        kind="ep",
        styles=frozenset({"live", "compilation"}),
        titles=("OKNOTOK",),
        any_edition=False,
        provider=Provider.LIDARR,
    )


def test_an_album_of_wrong_types() -> None:
    """What cannot be read is unknown, and any release will do unless Lidarr says no."""
    names = [
        "id",
        "title",
        "disambiguation",
        "foreignAlbumId",
        "anyReleaseOk",
        "albumType",
        "secondaryTypes",
        "releaseDate",
        "releases",
        "artist",
    ]
    for odd in (None, 5.5, "\0", [None, 3], {"x": 1}, True):
        found = reading.album(dict.fromkeys(names, odd))
        assert (found.artist, found.album, found.any_edition) == ("", "", True)
        assert (found.year, found.kind, found.styles) == (None, "", frozenset())
        assert reading.pressings(dict.fromkeys(names, odd)) == []


def test_a_release_without_its_tracks() -> None:
    """Countries are names, as many as there are labels and media."""
    (found,) = reading.pressings(
        {
            "releases": [
                release(
                    3,
                    *SONGS,
                    title="OK",
                    disambiguation="first",
                    country=["Europe", "[Worldwide]"],
                    monitored=True,
                    media=[
                        {"mediumNumber": 2, "mediumName": "Live", "mediumFormat": "Unknown"},
                        {"mediumNumber": 1, "mediumName": "", "mediumFormat": "CD"},
                    ],
                    label=["Parlophone", "", "Capitol"],
                )
            ]
        }
    )
    assert found.number == 3
    assert found.edition == Edition(
        id="release-3",
        title="OK",
        tracks=(),
        disambiguation="first",
        country="Europe, [Worldwide]",
        monitored=True,
        media=("CD", "Unknown"),
        labels=("Parlophone", "Capitol"),
    )


@pytest.mark.parametrize("odd", [None, 5, "CD", [None, 3], {"mediumFormat": "CD"}])
def test_media_and_labels_of_wrong_types(odd: object) -> None:
    """They are unknown then, and the release is read nevertheless."""
    (found,) = reading.pressings({"releases": [release(3, *SONGS, media=odd, label=odd)]})
    assert (found.edition.media, found.edition.labels) == ((), ())


@pytest.mark.parametrize("changes", [{"id": None}, {"id": "x"}, {"id": 0}])
def test_a_release_that_cannot_be_asked_for_is_left_out(changes: dict[str, object]) -> None:
    """Its tracks could never be read."""
    assert reading.pressings({"releases": [release(3, *SONGS) | changes, None, 5]}) == []


def test_releases_that_tell_most_come_first() -> None:
    """The monitored one, then one of each shape, frequent shapes first, then their likes."""
    short, long = SONGS, (*SONGS, ("Lucky", 259_000))
    found = reading.pressings(
        {
            "releases": [
                release(1, *long),
                release(2, *short),
                release(3, *short),
                release(4, *short, discs=(1, 1)),
                release(5, *long, monitored=True),
            ]
        }
    )
    assert [pressing.number for pressing in found] == [5, 2, 4, 1, 3]


def test_tracks_in_their_order() -> None:
    """However they are listed; zero is an unknown length, and titles may be equal."""
    rows = release(1, ("Intro", 0), ("Song", 1500), ("Song", 1500), discs=(1, 2))["tracks"]
    assert reading.tracks(list(reversed(rows))) == (
        WantedTrack("Intro", 1, 1, None, "", "recording-Intro", "track-1-1"),
        WantedTrack("Song", 2, 1, 1.5, "", "recording-Song", "track-1-2"),
        WantedTrack("Song", 2, 2, 1.5, "", "recording-Song", "track-1-3"),
    )


def _numbers(*rows: dict[str, Any]) -> list[tuple[int, int]]:
    return [(track.disc, track.number) for track in reading.tracks(rows)]


def _row(disc: object, absolute: object, number: object = "") -> fake_lidarr.Json:
    return {"mediumNumber": disc, "absoluteTrackNumber": absolute, "trackNumber": number}


@pytest.mark.parametrize(
    ("rows", "numbers"),
    [
        ([_row(1, 1), _row(1, 2), _row(2, 3), _row(2, 4)], [(1, 1), (1, 2), (2, 1), (2, 2)]),
        ([_row(1, 1), _row(1, 3)], [(1, 1), (1, 3)]),
        ([_row(1, 0, "A1"), _row(1, 0, "A2")], [(1, 1), (1, 2)]),
        ([_row(1, None, "2"), _row(1, None, "1")], [(1, 1), (1, 2)]),
        ([_row(1, 1), _row(1, 1)], [(1, 1), (1, 2)]),
        ([_row(None, "x"), _row([], {})], [(1, 1), (1, 2)]),
        ([_row(1, 1), _row(3, 1)], [(1, 1), (3, 1)]),
    ],
    ids=["running", "gap", "sides", "printed", "equal", "odd", "disc left out"],
)
def test_numbers_start_anew_on_each_disc(
    rows: list[dict[str, Any]], numbers: list[tuple[int, int]]
) -> None:
    """Whatever Lidarr was told by its own source."""
    assert _numbers(*rows) == numbers


def test_three_hundred_tracks() -> None:
    """A box is an album too."""
    songs = [(f"Song {n}", 1000 + n) for n in range(300)]
    found = reading.tracks(release(1, *songs, discs=(100, 100, 100))["tracks"])
    assert len(found) == 300
    assert (found[299].disc, found[299].number, found[299].title) == (3, 100, "Song 299")


def test_no_tracks() -> None:
    """Nothing in, nothing out."""
    assert reading.tracks([]) == ()
