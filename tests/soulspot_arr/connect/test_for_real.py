"""Lidarr's and Prowlarr's Tests carried out for real: against our own application, over HTTP.

What they ask is written down in contract lidarr §2, §6.5 and contract sabnzbd §3.3, §3.9.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import pytest
import requests

from soulspot_arr.connect.entries import value_of
from tests.fakes.fake_servarr import FakeServarr, Json, failure
from tests.fakes.serving import serving
from tests.soulspot_arr.connect.conftest import Bureau

OURS = "SoulSpot Arr"


def press_test(kind: str, row: Json) -> Iterator[Json]:
    """The Test of one entry, with the requests that it makes."""
    try:
        complaint = {"downloadclient": _client, "indexer": _indexer, "notification": _hook}[kind](
            row
        )
    except (requests.RequestException, ValueError, KeyError) as error:
        complaint = f"Unable to connect: {type(error).__name__}"
    if complaint:
        yield failure(complaint)


def _client(row: Json) -> str:
    base = str(value_of(row, ".urlBase") or "").strip("/")
    scheme = "https" if value_of(row, ".useSsl") else "http"
    address = f"{scheme}://{value_of(row, '.host')}:{value_of(row, '.port')}/{base}/api"

    def ask(mode: str) -> Any:
        asked = {"mode": mode, "apikey": value_of(row, ".apiKey"), "output": "json"}
        return requests.get(address, params=asked, timeout=10).json()

    if not ask("version").get("version"):
        return "Unknown version"
    config = ask("get_config")
    if config.get("error"):
        return str(config["error"])
    category = value_of(row, ".musicCategory") or value_of(row, ".category")
    names = [each["name"] for each in config["config"]["categories"]]
    return "" if category in names else "Category does not exist"


def _indexer(row: Json) -> str:
    address = f"{str(value_of(row, '.baseUrl')).rstrip('/')}{value_of(row, '.apiPath')}"
    key = {"apikey": value_of(row, ".apiKey")}
    caps = ElementTree.fromstring(requests.get(address, {"t": "caps", **key}, timeout=10).content)
    if caps.tag != "caps":
        return "Unable to read the capabilities"
    categories = ",".join(map(str, value_of(row, ".categories") or ()))
    asked = {"t": "search", "extended": "1", "offset": "0", "limit": "100", **key}
    if categories:
        asked |= {"cat": categories}
    feed = ElementTree.fromstring(requests.get(address, asked, timeout=10).content)
    if feed.tag == "error":
        return f"Indexer says: {feed.get('description')}"
    return "" if feed.findall(".//item") else "No results in the configured categories"


def _hook(row: Json) -> str:
    answer = requests.post(
        str(value_of(row, ".url")),
        json={"eventType": "Test", "instanceName": "Lidarr"},
        auth=(str(value_of(row, ".username") or ""), str(value_of(row, ".password") or "")),
        timeout=10,
    )
    return "" if answer.status_code < 400 else f"Unable to post to webhook: {answer.status_code}"


@pytest.fixture
def address(bureau: Bureau) -> Iterator[str]:
    """Where the application of this installation listens."""
    with serving(bureau.services) as url:
        yield url


def test_lidarr_is_green(bureau: Bureau, lidarr: FakeServarr, address: str) -> None:
    """Every Test that Lidarr makes is answered by us, with the keys that connect wrote."""
    lidarr.judge = press_test
    assert bureau.connect(lidarr, address=address) == 0
    assert [lidarr.names(kind) for kind in lidarr.kept] == [[OURS]] * 3
    lidarr.writes = []
    assert bureau.connect(lidarr, address=address) == 0
    assert lidarr.writes == []


def test_prowlarr_is_green(bureau: Bureau, prowlarr: FakeServarr, address: str) -> None:
    """Its Test asks without categories, and its category is known without being told."""
    prowlarr.judge = press_test
    assert bureau.connect(prowlarr, address=address) == 0
    assert prowlarr.names("indexer") == [OURS]


def test_a_category_that_is_new_is_known_in_time(
    bureau: Bureau, lidarr: FakeServarr, address: str
) -> None:
    """It is learnt before Lidarr asks whether it exists."""
    lidarr.judge = press_test
    assert bureau.connect(lidarr, address=address, category="vinyl") == 0


def test_the_working_address_is_found_among_wrong_ones(
    bureau: Bureau, lidarr: FakeServarr, address: str
) -> None:
    """A public address that leads nowhere does not hinder; the entry made by hand works."""
    port = int(address.rpartition(":")[2])
    lidarr.judge = press_test
    lidarr.keep(
        "downloadclient", "Sabnzbd", OURS, host="127.0.0.1", port=port, urlBase="sabnzbd",
        apiKey="wrong", musicCategory="music", enable=True,
    )  # fmt: skip
    bureau.services.settings.patch({"server.public_url": "http://127.0.0.1:1"})
    assert bureau.connect(lidarr, address="") == 0
    assert lidarr.names("downloadclient") == [OURS]
    assert lidarr.value("downloadclient", OURS, "port") == port
    assert lidarr.value("indexer", OURS, "baseUrl") == f"{address}/newznab"
