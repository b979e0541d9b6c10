"""The set-up against the demo's Lidarr, which really asks us: nobody scripts its answers here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from soulspot_arr import doctor
from soulspot_arr.demo.lidarr.core import DoubleOptions
from soulspot_arr.demo.lidarr.double import LidarrDouble
from soulspot_arr.doctor import round_trip
from tests.fakes.serving import serving
from tests.soulspot_arr.connect.conftest import Bureau


@pytest.fixture
def double(tmp_path: Path) -> Iterator[LidarrDouble]:
    """A fresh Lidarr below a URL base."""
    options = DoubleOptions(root_folder=tmp_path / "library", url_base="/music")
    with LidarrDouble(options) as lidarr:
        yield lidarr


@pytest.fixture
def address(bureau: Bureau) -> Iterator[str]:
    """Where the application of this installation listens."""
    with serving(bureau.services) as url:
        yield url


def listed(double: LidarrDouble, kind: str) -> list[dict[str, object]]:
    """Entries as it shows them."""
    answer = requests.get(
        f"{double.url}/api/v1/{kind}", headers={"X-Api-Key": double.api_key}, timeout=10
    )
    found: list[dict[str, object]] = answer.json()
    return found


def changes(double: LidarrDouble) -> list[str]:
    """Requests that changed something."""
    tests = ("/test", "/command")
    return [
        f"{each['method']} {each['target']}"
        for each in double.requests
        if each["method"] != "GET" and not str(each["target"]).endswith(tests)
    ]


def test_there_and_back(bureau: Bureau, double: LidarrDouble, address: str) -> None:
    """Set up below a URL base that nobody named, once, and taken back without a trace."""
    bare = double.url.removesuffix("/music")
    account = {"url": bare, "key": double.api_key, "address": address}
    desk = bureau.desk("lidarr", **account)
    assert desk.connect() == 0
    (client,), (indexer,) = listed(double, "downloadclient"), listed(double, "indexer")
    assert indexer["downloadClientId"] == client["id"]
    assert len(listed(double, "notification")) == 1
    assert bureau.services.settings.get("lidarr.url") == double.url
    before = changes(double)
    assert bureau.desk("lidarr").connect() == 0
    assert changes(double) == before
    assert bureau.desk("lidarr").disconnect() == 0
    assert [listed(double, kind) for kind in ("downloadclient", "indexer", "notification")] == [
        [], [], []
    ]  # fmt: skip


def test_the_doctor_finds_everything_in_order(
    bureau: Bureau, double: LidarrDouble, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It sees our disk, and its Tests reach us."""
    monkeypatch.setattr(round_trip, "_CLEANED_WITHIN", 0.0)
    account = {"url": double.url, "key": double.api_key, "address": address}
    assert bureau.desk("lidarr", **account).connect() == 0
    found = {check.code: check for check in doctor.examine(bureau.services, own_url=address)}
    for code in ("lidarr_entries", "same_folder_lidarr", "path_mappings", "lidarr_health"):
        assert found[code].level == "ok", found[code]
    assert found["round_trip"].level == "ok"
