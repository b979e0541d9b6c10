"""`connect prowlarr`: indexer and client there, bound, with what its forms insist on."""

from __future__ import annotations

import copy

import pytest

from soulspot_arr.errors import InvalidInput
from tests.fakes.fake_servarr import KEY, FakeServarr
from tests.soulspot_arr.connect.conftest import OUR_KEY, Bureau

OURS = "SoulSpot Arr"


def test_everything_is_made(bureau: Bureau, prowlarr: FakeServarr) -> None:
    """The plain Newznab form is used, with a profile that exists and with redirect."""
    assert bureau.connect(prowlarr) == 0
    assert prowlarr.value("indexer", OURS, "baseUrl") == "http://soulspot:8585/newznab"
    assert prowlarr.value("indexer", OURS, "apiKey") == OUR_KEY
    assert prowlarr.value("indexer", OURS, "redirect") is True
    assert prowlarr.value("indexer", OURS, "enable") is True
    assert prowlarr.value("indexer", OURS, "appProfileId") == 3
    assert prowlarr.value("indexer", OURS, "downloadClientId") == 1
    assert prowlarr.value("downloadclient", OURS, "category") == "prowlarr"
    assert prowlarr.value("downloadclient", OURS, "urlBase") == "/sabnzbd"
    assert prowlarr.names("notification") == []
    assert "soulspot-arr connect lidarr" in bureau.said


def test_twice_is_once_and_back_again(bureau: Bureau, prowlarr: FakeServarr) -> None:
    """Its key is kept nowhere, so it is asked for each time; the address is known."""
    prowlarr.keep("indexer", "Newznab", "Usenet", baseUrl="https://indexer.example", apiKey="y")
    before = copy.deepcopy(prowlarr.kept)
    bureau.connect(prowlarr)
    prowlarr.writes = []
    assert bureau.connect(prowlarr) == 0
    assert prowlarr.writes == []
    with pytest.raises(InvalidInput, match="--api-key"):
        bureau.disconnect("prowlarr")
    assert bureau.disconnect("prowlarr", key=KEY) == 0
    assert prowlarr.kept == before


def test_our_settings_for_lidarr_stay_alone(
    bureau: Bureau, prowlarr: FakeServarr, lidarr: FakeServarr
) -> None:
    """The two are set up beside each other; taking one back leaves the other."""
    bureau.connect(lidarr)
    bureau.connect(prowlarr)
    assert bureau.services.settings.get("lidarr.url") == lidarr.url
    bureau.disconnect("prowlarr", key=KEY)
    assert lidarr.names("indexer") == [OURS]
    assert bureau.services.settings.get("lidarr.url") == lidarr.url
    bureau.disconnect()
    assert lidarr.names("indexer") == []


def test_a_rehearsal_only_reads(bureau: Bureau, prowlarr: FakeServarr) -> None:
    """Nothing is posted, not even a Test."""
    assert bureau.connect(prowlarr, dry=True) == 0
    assert {asked.method for asked in prowlarr.log} == {"GET"}
    assert "Sync Profile              3" in bureau.said
