"""What sizes say where lengths are missing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from soulspot_arr.domain import RawFile
from soulspot_arr.rules.matching.sizes import gaps_by_size, same_shares, shares

SECONDS = (200.0, 240.0, 310.0, 180.0)


def mp3(seconds: float, *, cover: int = 0, rate: int = 320) -> RawFile:
    """A file of a constant rate with a picture in it."""
    return RawFile("id", "x.mp3", round(seconds * rate * 125) + cover, bitrate=rate)


def test_files_of_a_constant_rate_are_as_long_as_they_are_large() -> None:
    """A picture that all have in common is no music."""
    files = [mp3(seconds, cover=400_000) for seconds in SECONDS]
    gaps = gaps_by_size(files, SECONDS)
    assert gaps is not None
    assert max(map(abs, gaps)) < 0.1


def test_another_recording_shows_in_its_sizes() -> None:
    """One longer track stands out."""
    files = [mp3(seconds) for seconds in (*SECONDS[:3], 220.0)]
    gaps = gaps_by_size(files, SECONDS)
    assert gaps is not None
    assert gaps[3] == pytest.approx(40.0)


@pytest.mark.parametrize(
    "files",
    [
        [mp3(seconds) for seconds in SECONDS[:2]],
        [replace(mp3(seconds), path="x.flac") for seconds in SECONDS],
        [replace(mp3(seconds), vbr=True) for seconds in SECONDS],
        [replace(mp3(seconds), bitrate=None) for seconds in SECONDS],
        [replace(mp3(seconds), bitrate=245) for seconds in SECONDS],
        [replace(mp3(seconds), size=0) for seconds in SECONDS],
        [mp3(200.0, rate=128), *(mp3(seconds) for seconds in SECONDS[1:])],
    ],
    ids=["few", "flac", "variable", "untold", "no constant rate", "empty", "mixed"],
)
def test_other_files_say_nothing(files: list[RawFile]) -> None:
    """Only the same constant rate in every file can be counted on."""
    assert gaps_by_size(files, SECONDS[: len(files)]) is None


def test_unknown_tracks_say_nothing() -> None:
    """The catalogue has to know every length."""
    assert gaps_by_size([mp3(200.0)] * 4, (200.0, None, 200.0, 200.0)) is None


def test_shares() -> None:
    """Two rips of one recording divide their bytes alike, whatever the format's level."""
    one, other = shares([10, 20, 30]), shares([101, 201, 301])
    assert same_shares(one, other)
    assert not same_shares(one, shares([10, 25, 30]))
    assert not same_shares(one, shares([10, 20, 30, 40]))
    assert shares([10, 0, 30]) == shares([1, 2]) == ()
