"""Lidarr's distance: the numbers of contract lidarr §9.5 and peers §4.2, row by row."""

from __future__ import annotations

from typing import Any

import pytest

from soulspot_arr.demo.lidarr.distance import (
    Mapping,
    album_distance,
    running_number,
    track_distance,
)
from soulspot_arr.demo.lidarr.records import VARIOUS_ARTISTS, Album, Artist, Release, Track
from soulspot_arr.demo.lidarr.tags import FileTags, LocalFile
from soulspot_arr.demo.lidarr.verdicts import ALBUM_LIMIT, TRACK_LIMIT

NIRVANA = Artist("Nirvana", "nirvana", "/music/Nirvana", id=1)
NEVERMIND = Album(1, "Nevermind", "nevermind", id=1, release_date="1991-09-24")
CD = {"mediumNumber": 1, "mediumName": "", "mediumFormat": "CD"}


def release(**more: Any) -> Release:
    """The release of the tests: American, one disc."""
    values: dict[str, Any] = {"countries": ["United States"], "media": [CD], "id": 1}
    return Release(1, "right-release", "Nevermind", **{**values, **more})


def track(number: int = 1, title: str = "In Bloom", seconds: float = 200.0) -> Track:
    """One track."""
    return Track(1, title, number, 1, round(seconds * 1000), f"t{number}", f"r{number}", id=number)


def tags(number: int = 1, **more: Any) -> FileTags:
    """Perfect tags of that track, with changes."""
    values: dict[str, Any] = {
        "title": "In Bloom",
        "clean_title": "In Bloom",
        "album": "Nevermind",
        "artist": "Nirvana",
        "number": number,
        "disc": 1,
        "year": 1991,
        "seconds": 200.0,
    }
    return FileTags(**{**values, **more})


def whole(count: int, **more: Any) -> float:
    """The album distance of this many files whose tags all have these changes."""
    tracks = [track(number) for number in range(1, count + 1)]
    files = [LocalFile(f"/d/{one.number}.flac", 1, tags(one.number, **more)) for one in tracks]
    pairs = [
        (file, one, track_distance(file.tags, one, running_number(one, tracks)))
        for file, one in zip(files, tracks, strict=True)
    ]
    found = album_distance(files, NIRVANA, NEVERMIND, release(), Mapping(pairs, [], []))
    return found.value


@pytest.mark.parametrize(
    ("changes", "numbers"),
    [
        ({"album": "Nevermind (Deluxe Edition)"}, {1: 0.17, 4: 0.11, 10: 0.06}),
        ({"artist": "Various Artists"}, {1: 0.25, 4: 0.16, 10: 0.09}),
        ({"artist": None}, {1: 0.29, 4: 0.18, 10: 0.11}),
        (
            {"album": "Nevermind (Deluxe Edition)", "artist": "Various Artists"},
            {1: 0.41, 4: 0.26, 10: 0.15},
        ),
    ],
    ids=["deluxe", "various", "no-artist", "both"],
)
def test_the_sensitivity_table(changes: dict[str, Any], numbers: dict[int, float]) -> None:
    """Defects of the tags by number of tracks (contract §9.5)."""
    # The contract computed with a name of its own for the artist; it shows in the third digit.
    for count, number in numbers.items():
        assert whole(count, **changes) == pytest.approx(number, abs=0.006)


def test_untagged_files() -> None:
    """No artist, no album, no year, no disc: below a dozen tracks nothing passes (peers §4.2)."""
    bare: dict[str, Any] = {"artist": None, "album": None, "year": 0, "disc": 0}
    numbers = {count: round(whole(count, **bare), 3) for count in (4, 8, 10, 12, 16)}
    # The table of the peers counts 12 files at .197; the others agree with the formula to .001.
    assert numbers == {4: 0.414, 8: 0.267, 10: 0.226, 12: 0.197, 16: 0.156}


def test_another_editions_release_id() -> None:
    """Short releases fail on it (peers §4.2)."""
    changes: dict[str, Any] = {"release_id": "another", "disc": 0}
    assert [round(whole(count, **changes), 3) for count in (1, 4, 6, 8)] == [
        0.345,
        0.244,
        0.204,
        0.175,
    ]


@pytest.mark.parametrize(
    ("longer", "expected"), [(25, 0.127), (35, 0.212)], ids=["accepted", "rejected"]
)
def test_all_tracks_longer(longer: int, expected: float) -> None:
    """A live recording of 25 s more per track comes in (peers §4.2)."""
    found = whole(12, seconds=200.0 + longer, disc=0)
    assert round(found, 3) == expected
    assert (found > ALBUM_LIMIT) is (longer == 35)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, 0.0),
        ({"seconds": 210.0}, 0.0),
        ({"seconds": 225.0}, 0.5 * 2 / 6),
        ({"seconds": 260.0}, 2 / 6),
        ({"clean_title": None}, 3 / 6),
        ({"number": 7}, 1 / 6),
        ({"number": 0}, 0.0),
        ({"recording_id": "r1"}, 0.0),
        ({"recording_id": "wrong"}, 10 / 16),
        ({"clean_title": "Lithium", "seconds": 500.0, "number": 9, "recording_id": "r1"}, None),
    ],
)
def test_one_file_against_one_track(changes: dict[str, Any], expected: float | None) -> None:
    """Weights and penalties of a track (contract §9.5)."""
    found = track_distance(tags(**changes), track(), 1).value
    if expected is None:
        # A wholly wrong track with our recording id slips below the limit (peers §4.2).
        assert 0.3 < found < TRACK_LIMIT
    else:
        assert found == pytest.approx(expected)


def test_the_running_number_is_as_good() -> None:
    """Track 2 of disc 2 may be tagged 2 or counted through (contract §9.5)."""
    tracks = [Track(1, "A", at, disc, 0, "", "") for disc in (1, 2) for at in (1, 2)]
    running = running_number(tracks[3], tracks)
    values = [track_distance(FileTags(number=at), tracks[3], running).penalties for at in (2, 3, 4)]
    assert [found["track_index"] for found in values] == [[0.0], [1.0], [0.0]]


@pytest.mark.parametrize(
    ("changes", "of", "penalties"),
    [
        ({}, {}, {"country": 0.0, "year": 0.0, "media_count": 0.0}),
        ({"year": 0, "disc": 0}, {"countries": []}, {"country": 1.0}),
        ({}, {"countries": ["[Worldwide]", "Japan"]}, {"country": 0.75}),
        ({"country": "Japan"}, {"countries": ["[Worldwide]", "Japan"]}, {"country": 0.0}),
        ({"country": "Japan"}, {}, {"country": 1.0}),
        ({"discs": 3}, {}, {"media_count": 1.0}),
        ({"label": "DGC"}, {"labels": ["DGC"]}, {"label": 0.0}),
        ({"label": "dgc"}, {"labels": ["DGC"]}, {"label": 1.0}),
        ({"comment": "blue"}, {"disambiguation": "blue"}, {"album_disambiguation": 0.0}),
        ({"release_id": "older"}, {"old_ids": ["older"]}, {"album_id": 0.0}),
        ({}, {"media": [{"mediumFormat": "Unknown"}]}, {"media_format": 1.0}),
    ],
)
def test_the_rest_of_the_album(
    changes: dict[str, Any], of: dict[str, Any], penalties: dict[str, float]
) -> None:
    """Year, country, label, comment, media: what counts and how much (contract §9.5)."""
    file = LocalFile("/d/1.flac", 1, tags(**changes))
    pairs = [(file, track(), track_distance(file.tags, track(), 1))]
    found = album_distance([file], NIRVANA, NEVERMIND, release(**of), Mapping(pairs, [], []))
    for key, value in penalties.items():
        assert max(found.penalties[key]) == pytest.approx(value), key
    if "discs" in changes:
        assert found.penalties["media_count"] == [1.0, 1.0]


def test_various_artists_are_not_compared() -> None:
    """An album artist who is Various Artists costs nothing whatever the tag says."""
    various = Artist("Various Artists", VARIOUS_ARTISTS, "/music/VA", id=2)
    file = LocalFile("/d/1.flac", 1, tags(artist="Somebody"))
    found = album_distance([file], various, NEVERMIND, release(), Mapping([], [], []))
    assert "artist" not in found.penalties


def test_missing_and_unmatched_count_at_most_as_often_as_there_are_files() -> None:
    """One file of a box set is not drowned by what is missing."""
    file = LocalFile("/d/1.flac", 1, tags())
    mapping = Mapping([(file, track(), track_distance(file.tags, track(), 1))], [], [track()] * 9)
    found = album_distance([file], NIRVANA, NEVERMIND, release(), mapping)
    assert found.penalties["missing_tracks"] == [1.0]
    assert found.reasons == "[missing tracks]"
