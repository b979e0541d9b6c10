"""The numbers others have worked out for Lidarr's formula: ours must come to the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from soulspot_arr.rules.rehearsal import Candidate, FileTags, Reason
from soulspot_arr.rules.rehearsal.distance import album_distance
from soulspot_arr.rules.rehearsal.pairing import pair
from soulspot_arr.wanted import Wanted
from tests.soulspot_arr.rules.rehearsal import folders

Spoil = Callable[[tuple[FileTags, ...]], tuple[FileTags, ...]]


def _each(**changes: object) -> Spoil:
    return lambda files: tuple(replace(file, **changes) for file in files)  # type: ignore[arg-type]


DELUXE = _each(album="Nevermind (Deluxe Edition)")
VARIOUS = _each(artist="Various Artists", album_artist="Various Artists")
NO_ARTIST = _each(artist=None, album_artist=None)
BOTH = _each(
    album="Nevermind (Deluxe Edition)", artist="Various Artists", album_artist="Various Artists"
)


@pytest.mark.parametrize(
    ("spoil", "count", "distance", "imports"),
    [
        pytest.param(DELUXE, 1, 0.17, True, id="deluxe-1"),
        pytest.param(DELUXE, 4, 0.11, True, id="deluxe-4"),
        pytest.param(DELUXE, 10, 0.06, True, id="deluxe-10"),
        pytest.param(VARIOUS, 1, 0.25, False, id="various-artists-1"),
        pytest.param(VARIOUS, 4, 0.16, True, id="various-artists-4"),
        pytest.param(VARIOUS, 10, 0.09, True, id="various-artists-10"),
        pytest.param(NO_ARTIST, 1, 0.29, False, id="no-artist-1"),
        pytest.param(NO_ARTIST, 4, 0.18, True, id="no-artist-4"),
        pytest.param(NO_ARTIST, 10, 0.11, True, id="no-artist-10"),
        pytest.param(BOTH, 1, 0.41, False, id="deluxe-various-1"),
        pytest.param(BOTH, 4, 0.26, False, id="deluxe-various-4"),
        pytest.param(BOTH, 10, 0.15, True, id="deluxe-various-10"),
    ],
)
def test_sensitivity_of_the_contract(
    spoil: Spoil, count: int, distance: float, imports: bool
) -> None:
    """Contract lidarr §9.5, second table: one defect, by number of tracks."""
    wanted = folders.of(count)
    files = spoil(folders.files(wanted))
    silent = [replace(file, path=f"{place}!.flac") for place, file in enumerate(files)]
    found = folders.verdict(silent, wanted)  # names that tell nothing
    assert found.distance == pytest.approx(distance, abs=0.006)
    assert found.imports is imports


@pytest.mark.parametrize("count", [1, 4, 10])
def test_without_titles_every_track_is_too_far(count: int) -> None:
    """Contract lidarr §9.5, last row: 0.50 per track, whatever the names of the files say."""
    wanted = folders.of(count)
    found = folders.verdict(folders.files(wanted, title=None), wanted)
    assert found.worst == pytest.approx(0.5)
    assert Reason.TRACK_FAR in {one.reason for one in found.rejections} or found.distance > 0.2
    assert not found.imports


# -- peers §4.2 ------------------------------------------------------------------------------------


def _distance_of(files: tuple[FileTags, ...], wanted: Wanted) -> float:
    """The album distance to the only edition, candidate or not."""
    (only,) = wanted.editions
    pairing = pair(files, only.tracks)
    candidate = Candidate(wanted, only)
    return album_distance(files, candidate, pairing, year=folders.YEAR).value


@pytest.mark.parametrize(
    ("count", "distance"),
    [
        pytest.param(4, 0.414, id="4"),
        pytest.param(8, 0.267, id="8"),
        pytest.param(10, 0.226, id="10"),
        pytest.param(12, 0.197, id="12"),
        pytest.param(16, 0.156, id="16"),
    ],
)
def test_untagged_with_perfect_titles(count: int, distance: float) -> None:
    """The number is right; yet without an album tag there is no candidate that it could let pass."""
    wanted = folders.of(count)
    files = tuple(
        FileTags(file.path, title=file.title, track=file.track, seconds=file.seconds)
        for file in folders.files(wanted)
    )
    files = tuple(replace(file, path=f"{n:02} - x.flac") for n, file in enumerate(files, start=1))
    assert _distance_of(files, wanted) == pytest.approx(distance, abs=0.0006)
    found = folders.verdict(files, wanted)
    assert [one.reason for one in found.rejections] == [Reason.NO_ALBUM]
    assert found.groups[0].fingerprint


@pytest.mark.parametrize(
    ("count", "distance", "imports"),
    [
        pytest.param(1, 0.242, False, id="1"),
        pytest.param(2, 0.200, True, id="2"),
        pytest.param(6, 0.118, True, id="6"),
    ],
)
def test_half_similar_album_tag_wrong_year_no_country(
    count: int, distance: float, imports: bool
) -> None:
    """Ten letters of an album title beside "deluxe flac", 6 of 20 years off, no country."""
    pressing = folders.edition(folders.tracks(count), country="", year=None)
    wanted = folders.album(pressing, album="Red Horizon", year=2006)
    files = folders.files(wanted, album="Red Horizon (Deluxe) [FLAC]", year=2012, disc=0, discs=0)
    found = folders.verdict(files, wanted)
    assert found.distance == pytest.approx(distance, abs=0.0006)
    assert found.imports is imports


@pytest.mark.parametrize(
    ("count", "distance", "imports"),
    [
        pytest.param(1, 0.345, False, id="1"),
        pytest.param(4, 0.244, False, id="4"),
        pytest.param(6, 0.204, False, id="6"),
        pytest.param(8, 0.175, True, id="8"),
    ],
)
def test_id_of_another_edition(count: int, distance: float, imports: bool) -> None:
    """The release id of an edition that Lidarr does not have."""
    wanted = folders.of(count)
    files = folders.files(wanted, release_id="somewhere-else", disc=0, discs=0)
    found = folders.verdict(files, wanted)
    assert found.distance == pytest.approx(distance, abs=0.0006)
    assert found.imports is imports


def test_one_wrong_recording_id_rejects_the_album() -> None:
    """That one track is 0.625 away and takes the eleven perfect ones with it."""
    wanted = folders.of(12)
    first, *others = folders.with_ids(wanted)
    found = folders.verdict([replace(first, recording_id="another"), *others], wanted)
    assert found.worst == pytest.approx(0.625)
    assert [one.reason for one in found.rejections] == [Reason.TRACK_FAR]


@pytest.mark.parametrize(
    ("seconds", "distance", "imports"),
    [
        pytest.param(25, 0.127, True, id="25s-wrong-audio-imported"),
        pytest.param(35, 0.212, False, id="35s"),
    ],
)
def test_all_tracks_are_longer(seconds: float, distance: float, imports: bool) -> None:
    """A concert under the tags of the studio album, twelve tracks."""
    wanted = folders.of(12)
    files = folders.longer(folders.files(wanted, disc=0, discs=0), seconds)
    found = folders.verdict(files, wanted)
    assert found.distance == pytest.approx(distance, abs=0.0006)
    assert found.imports is imports
    assert not found.safe or imports


def test_a_concert_that_says_so() -> None:
    """20 s longer and "(Live)" in every title of seven or eight letters."""
    titles = ["Orchard", "Lantern", "Whisper", "Compass", "Granite", "Voltage", "Tundras"]
    titles += ["Midnight", "Sapphire", "Festival", "Overcast", "Junction"]
    found = tuple(
        replace(track, title=title) for track, title in zip(folders.tracks(12), titles, strict=True)
    )
    wanted = folders.album(folders.edition(found))
    files = [
        replace(file, title=f"{file.title} (Live)", disc=0, discs=0)
        for file in folders.longer(folders.files(wanted), 20)
    ]
    said = folders.verdict(files, wanted)
    assert said.distance == pytest.approx(0.218, abs=0.001)
    assert not said.imports


def test_numbers_for_names_with_right_recordings() -> None:
    """No titles at all, but ids of edition and recordings: accepted, the worst track at 0.19."""
    wanted = folders.of(12)
    files = folders.with_ids(wanted, title=None, disc=0, discs=0)
    numbered = [replace(file, path=f"{n:02}.flac") for n, file in enumerate(files, start=1)]
    found = folders.verdict(numbered, wanted)
    assert found.distance == pytest.approx(0.123, abs=0.0006)
    assert found.worst == pytest.approx(0.19, abs=0.005)
    assert found.safe


def test_our_id_smuggles_a_wrong_track_in() -> None:
    """Title, length and number are wrong, the recording id is not: 0.375 of 0.40, let through."""
    wanted = folders.of(12)
    *others, last = folders.with_ids(wanted)
    smuggled = replace(last, title="?", track=99, seconds=900.0)
    found = folders.verdict([*others, smuggled], wanted)
    assert found.worst == pytest.approx(0.375)
    assert found.imports
    assert not found.safe
