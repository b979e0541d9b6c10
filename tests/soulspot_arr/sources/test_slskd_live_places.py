"""The place the adapter tells is the place where the file lands, over real HTTP."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from soulspot_arr.domain import (
    TransferState,
)
from soulspot_arr.sources.landing import landed_as, landing_name, looks_like_windows
from tests.soulspot_arr.sources.live import ENDED, PATH, Live

NAMES = [
    PATH,
    "Music\\Pink Floyd\\The Wall\\CD1\\01 In the Flesh.flac",
    "C:\\Users\\bob\\Music\\Back in Black\\01 Hells Bells.mp3",
    "\\\\NAS\\share\\Albums\\Kind of Blue\\01 So What.flac",
    "/home/u/music/Geogaddi/01 Ready Lets Go.flac",
    "@@abcde\\song.mp3",
    "@@abcd\\song.mp3",
    "C:\\song.mp3",
    "song.mp3",
    'Music\\Vol: 2 "Live" <mix>*\\01 What?.mp3',
    "Music\\R.E.M.\\Green. \\07 Pretend .mp3",
    "Music\\AC/DC\\Powerage\\01 Rock.mp3",
    "music\\Bjo\u0308rk\\De\u0301but\\01.flac",
    "Music\\...And Justice\\...\\01.mp3",
    "D: Music\\01.mp3",
]


def _lands(live: Live, path: str, destination: str) -> None:
    live.peer(path)
    live.ask(path, destination=destination)
    done = live.end()
    assert done.state is TransferState.SUCCEEDED
    windows = looks_like_windows(live.source.check_connection().root)
    assert done.placement is not None
    expected = live.simulator.downloads_dir / done.placement / landing_name(path, windows)
    give_up = time.monotonic() + 30
    while not expected.exists():
        there = [str(item) for item in live.simulator.downloads_dir.rglob("*")]
        assert time.monotonic() < give_up, f"{expected} is not among {there}"
        time.sleep(0.02)


@pytest.mark.parametrize("path", NAMES)
@pytest.mark.parametrize("os_profile", ["linux", "windows"])
def test_I01_I04_the_told_place_is_the_real_one(
    os_profile: str, path: str, live_with: Callable[..., Live]
) -> None:
    """Rows of contract slskd §6.5 by the default pattern, on both hosts."""
    _lands(live_with(os_profile=os_profile), path, "")


@pytest.mark.parametrize("path", NAMES)
def test_older_versions_told_and_real_place(path: str, live_with: Callable[..., Live]) -> None:
    """Up to 0.25.1 by the immediate parent (contract slskd §6.6)."""
    _lands(live_with("0.25.1"), path, "")


@pytest.mark.parametrize(
    ("pattern", "destination"),
    [
        ("${SOURCE_DIRECTORY}", "soulspot/SABnzbd_nzo_x/CD1"),
        ("{}", "soulspot/x"),
        ("{}", ""),
        ("${SOURCE_USERNAME}/${SOURCE_PATH}", ""),
        ("slsk/${source_directory}-${NOPE}", ""),
        ("${BATCH_ID}/${BATCH_EXTERNAL_ID}/${SEARCH_ID}-${SEARCH_TEXT}", ""),
    ],
)
@pytest.mark.parametrize("os_profile", ["linux", "windows"])
def test_I02_patterns_told_and_real_place(
    os_profile: str, pattern: str, destination: str, live_with: Callable[..., Live]
) -> None:
    """Every token, and the pattern that ignores destinations."""
    key = "transfers.download.destination.subdirectory"
    live = live_with(os_profile=os_profile, options_overrides={key: pattern})
    _lands(live, PATH, destination)


def test_F21_a_taken_name(live: Live) -> None:
    """The copy gets a time stamp and is still recognised."""
    for name in ("bob", "eve"):
        live.peer(name=name)
        live.ask(peer=name)
        live.until(lambda found: all(item.state in ENDED for item in found))
        time.sleep(0.1)
    names = [item.name for item in (live.simulator.downloads_dir / "soulspot/a").iterdir()]
    assert len(names) == 2
    assert all(landed_as("01 - Low Tide.flac", name) for name in names)
