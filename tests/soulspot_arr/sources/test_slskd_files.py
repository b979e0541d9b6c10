"""slskd as somebody sees it who sets it up."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import requests_mock

from soulspot_arr.errors import SourceError
from soulspot_arr.sources.slskd import SlskdSource
from soulspot_arr.sources.slskd_http import ahead_of_us
from tests.soulspot_arr.sources.conftest import API, KEY, URL, application, options
from tests.soulspot_arr.sources.live import Live


def test_a_real_one_lists_what_lies_there(live: Live) -> None:
    """Names right below its folder, its port and its clock, over real HTTP."""
    folder = Path(live.simulator.downloads_dir)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "marker.txt").touch()
    (folder / "below").mkdir()
    (folder / "below" / "deep.txt").touch()
    seen = live.source.inspect_raw()
    assert seen.files == frozenset(name for name in os.listdir(folder) if (folder / name).is_file())
    assert "marker.txt" in (seen.files or ())
    assert "deep.txt" not in (seen.files or ())
    assert seen.listen_port == 50300
    assert seen.host == "127.0.0.1"
    assert seen.version


def test_what_it_does_not_tell_is_none(requests_mock: requests_mock.Mocker) -> None:
    """An old one without these fields, and one that refuses the listing."""
    requests_mock.get(f"{API}application", json=application("0.21.1"))
    requests_mock.get(f"{API}options", json=options())
    requests_mock.get(f"{API}files/downloads/directories", status_code=404)
    seen = SlskdSource({"slskd.url": URL, "slskd.api_key": KEY}).inspect_raw()
    assert (seen.files, seen.listen_port, seen.ahead) == (None, None, None)
    assert (seen.version, seen.host) == ("0.21.1", "slskd.test")


def test_one_that_is_away_raises(requests_mock: requests_mock.Mocker) -> None:
    """Only kinds of SourceError."""
    requests_mock.get(f"{API}application", status_code=401)
    with pytest.raises(SourceError):
        SlskdSource({"slskd.url": URL, "slskd.api_key": KEY}).inspect_raw()


@pytest.mark.parametrize("date", ["", "yesterday", "Sat, 99 Jan 2000"])
def test_a_date_that_tells_nothing(date: str) -> None:
    """Then nothing is known about its clock."""
    assert ahead_of_us(date) is None


def test_a_date_in_the_past() -> None:
    """Far behind is far below zero."""
    ahead = ahead_of_us("Sat, 01 Jan 2000 00:00:00 GMT")
    assert ahead is not None
    assert ahead < -1e8
