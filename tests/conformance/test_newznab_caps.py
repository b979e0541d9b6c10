"""Newznab rows that need no Soulseek: capabilities, errors, and the item for both Test buttons.

A fresh installation whose slskd cannot be reached. Rows N01-N12, N22, N35 of contract lidarr
§13.4, W05 of §13.7, and of contract sabnzbd-newznab-prowlarr §7.2 (here `NP_`) what needs no offer.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from xml.etree.ElementTree import Element

import pytest
import requests

from soulspot_arr.demo.feed import parse_date
from soulspot_arr.demo.newznab_client import NewznabClient
from soulspot_arr.demo.prowlarr import ProwlarrClient
from soulspot_arr.demo.sabnzbd_client import SabnzbdClient
from soulspot_arr.rules.lidarr.parser import read_back
from tests.conformance.indexer import dead_address, document, error_code, read_items
from tests.conformance.running import SLSKD_KEY, until
from tests.fakes.service_process import ServiceProcess

pytestmark = pytest.mark.xdist_group(name="conformance-newznab-caps")

CATEGORIES = (3000, 3010, 3030, 3040, 3050, 3060)
RECENT = "&cat=3000,3010,3030,3040&extended=1&offset=0&limit=100"


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    """Just installed; slskd's address leads nowhere and Lidarr's own API neither."""
    settings = {
        "SOULSPOT_LIDARR_URL": dead_address(),
        "SOULSPOT_LIDARR_API_KEY": "0123456789ab",
        "SOULSPOT_SEARCH_BUDGET": "70",
    }
    with ServiceProcess(
        tmp_path_factory.mktemp("fresh") / "data",
        slskd_url=dead_address(),
        slskd_key=SLSKD_KEY,
        settings=settings,
    ) as service:
        yield service


def get(service: ServiceProcess, query: str, *, key: str | None = "") -> requests.Response:
    """One GET; the right key unless another one (or None) is given."""
    shown = "" if key is None else f"&apikey={key or service.api_key}"
    return requests.get(f"{service.newznab}/api?{query}{shown}", timeout=80)


@pytest.fixture(scope="module")
def caps(fresh: ServiceProcess) -> Element:
    """The capabilities as everybody sees them."""
    return document(get(fresh, "t=caps", key=None))


# -- Test buttons ----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/newznab/api", "/newznab/api/", "/newznab", "/api"])
def test_lidarrs_test_button_is_green_without_slskd(fresh: ServiceProcess, path: str) -> None:
    """§6.5: also for those who typed another path into the form."""
    base, _, last = path.strip("/").rpartition("/")
    indexer = NewznabClient(f"{fresh.url}/{base}", f"/{last}", fresh.api_key, pacing=0.0)
    assert indexer.test() == []
    assert SabnzbdClient(fresh.sabnzbd, fresh.api_key).test() == []


@pytest.mark.parametrize("category", CATEGORIES)
def test_lidarrs_test_button_is_green_for_every_single_category(
    fresh: ServiceProcess, category: int
) -> None:
    """SABnzbd contract §3.10 point 3: whichever a user picks."""
    client = NewznabClient(fresh.newznab, "/api", fresh.api_key, (category,), pacing=0.0)
    assert client.test() == []


def test_prowlarrs_test_buttons_are_green_without_slskd(fresh: ServiceProcess) -> None:
    """§3.3 and §3.9, the download client with Prowlarr's own category."""
    prowlarr = ProwlarrClient(
        fresh.newznab, "/api", fresh.api_key, download_client_url=fresh.sabnzbd
    )
    assert prowlarr.test_indexer() == []
    assert prowlarr.test_download_client() == []


def test_a_wrong_key_is_named_by_both_test_buttons(fresh: ServiceProcess) -> None:
    """And not taken for a broken feed."""
    lidarr = NewznabClient(fresh.newznab, "/api", "wrong-key-12345", pacing=0.0)
    assert [finding.field for finding in lidarr.test()] == ["ApiKey"]
    prowlarr = ProwlarrClient(fresh.newznab, "/api", "wrong-key-12345")
    assert [finding.field for finding in prowlarr.test_indexer()] == ["ApiKey"]


# -- capabilities ----------------------------------------------------------------------------------


def test_N01_NP_01_NP_07_caps_are_xml_without_a_byte_order_mark(fresh: ServiceProcess) -> None:
    """Open to everybody, complete from the first second on (NP-07: kept for seven days)."""
    for key in ("", None):
        answer = get(fresh, "t=caps", key=key)
        assert document(answer).tag == "caps"
        assert answer.content.startswith(b"<")


def test_N02_NP_02_limits_are_whole_numbers(caps: Element) -> None:
    """Without both Prowlarr works with defaults for a week."""
    limits = caps.find("limits")
    assert limits is not None
    assert int(limits.attrib["default"]) == int(limits.attrib["max"]) == 100


def test_N03_NP_03_text_search_takes_q(caps: Element) -> None:
    """Below a `searching` wrapper."""
    search = caps.find("searching/search")
    assert search is not None
    assert search.get("available") == "yes"
    assert "q" in search.attrib["supportedParams"].split(",")


def test_N04_N05_NP_04_NP_05_audio_search_takes_raw_names(caps: Element) -> None:
    """Split without trimming; `year` keeps Prowlarr from dropping self-titled albums."""
    for tag in ("audio-search", "music-search"):
        mode = caps.find(f"searching/{tag}")
        assert mode is not None
        assert mode.get("available") == "yes"
        assert {"q", "artist", "album", "year", "label", "genre", "track"} == {
            *mode.attrib["supportedParams"].split(",")
        }
    for tag in ("search", "audio-search"):
        mode = caps.find(f"searching/{tag}")
        assert mode is not None
        assert mode.get("searchEngine") == "raw"
    assert all(mode.get("available") in {"yes", "no"} for mode in caps.findall("searching/*"))


def test_N06_NP_06_NP_50_categories_have_ids_and_names(caps: Element) -> None:
    """Names decide how Prowlarr maps them; the ids are those it hands to Lidarr."""
    found = {
        int(element.attrib["id"]): element.attrib["name"]
        for element in (*caps.findall("categories/category"), *caps.iter("subcat"))
    }
    assert {3000, 3010, 3040} <= set(found) <= set(CATEGORIES)
    assert {found[n] for n in (3000, 3010, 3040, 3050)} == {"Audio", "MP3", "Lossless", "Other"}


def test_N07_caps_tell_a_wrong_key(fresh: ServiceProcess) -> None:
    """200 with code 100."""
    assert error_code(get(fresh, "t=caps", key="wrong")) == 100


# -- the recent feed -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["music", "search"])
def test_N08_N09_N11_NP_10_the_feed_is_never_empty(fresh: ServiceProcess, kind: str) -> None:
    """On a fresh installation, with slskd out of reach."""
    (item,) = read_items(document(get(fresh, f"t={kind}{RECENT}")))
    assert item.url.startswith("http://")


def test_NP_08_a_bare_search_has_an_item(fresh: ServiceProcess) -> None:
    """Prowlarr's Test asks nothing else."""
    (item,) = read_items(document(get(fresh, "t=search&extended=1")))
    assert set(item.values("category")) <= {str(number) for number in CATEGORIES}


@pytest.mark.parametrize("kind", ["music", "search"])
@pytest.mark.parametrize("category", CATEGORIES)
def test_NP_09_the_item_carries_the_category_asked_for(
    fresh: ServiceProcess, kind: str, category: int
) -> None:
    """With its parent; otherwise Prowlarr drops it."""
    (item,) = read_items(document(get(fresh, f"t={kind}&cat={category}&offset=0&limit=100")))
    assert {"3000", str(category)} <= set(item.values("category"))


def test_N10_the_newest_item_never_changes(fresh: ServiceProcess) -> None:
    """Identical bytes: no "sync did not cover the gap" in Lidarr."""
    assert get(fresh, f"t=music{RECENT}").content == get(fresh, f"t=music{RECENT}").content


def test_N10_the_newest_item_survives_a_restart(fresh: ServiceProcess) -> None:
    """The process is another one, the item the same."""
    before = get(fresh, f"t=music{RECENT}").content
    fresh.stop()
    fresh.start()
    assert get(fresh, f"t=music{RECENT}").content == before


def test_NP_30_the_filler_is_old_and_no_album(fresh: ServiceProcess) -> None:
    """An RSS sync must never grab it; its link says that it is gone."""
    (item,) = read_items(document(get(fresh, f"t=music{RECENT}")))
    assert read_back(item.title) is None
    assert datetime.now(UTC) - parse_date(item.published) > timedelta(days=7)
    assert requests.get(item.url, timeout=9).status_code in {404, 410}


@pytest.mark.parametrize("kind", ["music", "search"])
def test_N12_NP_16_past_the_end_there_is_nothing(fresh: ServiceProcess, kind: str) -> None:
    """A valid channel without items."""
    root = document(get(fresh, f"t={kind}&cat=3000&offset=100&limit=100"))
    assert root.find("channel") is not None
    assert read_items(root) == []


def test_NP_20_only_unknown_categories_are_an_empty_set(fresh: ServiceProcess) -> None:
    """No error."""
    assert read_items(document(get(fresh, "t=search&cat=7000,2000"))) == []


# -- errors ----------------------------------------------------------------------------------------


def test_N22_NP_36_searches_need_the_key(fresh: ServiceProcess) -> None:
    """Missing or wrong: 200 with code 100."""
    for key in (None, "wrong", "%00", "x" * 5000):
        assert error_code(get(fresh, f"t=music{RECENT}", key=key)) == 100
        assert error_code(get(fresh, "t=search&q=anything", key=key)) == 100


def test_the_key_is_taken_from_a_header_too(fresh: ServiceProcess) -> None:
    """Some tools keep it out of addresses."""
    headers = {"X-Api-Key": fresh.api_key}
    answer = requests.get(f"{fresh.newznab}/api?t=search", headers=headers, timeout=9)
    assert len(read_items(document(answer))) == 1


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", 200),
        ("t=", 200),
        ("t=unheard-of", 202),
        ("t=getnfo&id=1", 203),
        ("t=info&id=1", 203),
        ("t=register", 203),
        ("t=cartadd&id=1", 203),
        ("t=details", 300),
        ("t=details&id=unknown", 300),
        ("t=details&guid=soulspot-00000000000000000000000000000000", 300),
        ("t=get", 200),
    ],
    ids=lambda value: str(value) or "no t",
)
def test_NP_37_NP_47_NP_48_errors_have_the_codes_of_the_specification(
    fresh: ServiceProcess, query: str, code: int
) -> None:
    """HTTP 200, whatever is wrong."""
    assert error_code(get(fresh, query)) == code


@pytest.mark.parametrize("kind", ["tvsearch", "movie", "book"])
def test_NP_45_other_media_are_not_available(fresh: ServiceProcess, kind: str) -> None:
    """NZBHydra2 and Readarr ask on."""
    assert error_code(get(fresh, f"t={kind}&q=anything")) == 203


@pytest.mark.parametrize("identity", ["0" * 32, "f" * 64, "no-such-thing"])
def test_NP_34_an_unknown_id_is_gone(fresh: ServiceProcess, identity: str) -> None:
    """404 or 410 is "release unavailable" for Lidarr; anything else would blame the indexer."""
    answer = get(fresh, f"t=get&id={identity}")
    assert answer.status_code in {404, 410}
    assert "xml" in answer.headers["Content-Type"]


@pytest.mark.parametrize("short", [("c", "caps"), ("s", "rss"), ("audio", "rss")])
def test_short_forms_are_understood(fresh: ServiceProcess, short: tuple[str, str]) -> None:
    """§4.1; the case does not matter."""
    for kind in (short[0], short[0].upper()):
        assert document(get(fresh, f"t={kind}&extended=1")).tag == short[1]


# -- transport -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["application/rss+xml, text/rss+xml", "text/plain", "*/*", ""])
def test_N35_NP_42_NP_43_any_accept_header_gets_xml(fresh: ServiceProcess, kind: str) -> None:
    """Never 406, never a cookie."""
    url = f"{fresh.newznab}/api?t=music{RECENT}&apikey={fresh.api_key}"
    assert document(requests.get(url, headers={"Accept": kind}, timeout=9)).tag == "rss"


@pytest.mark.parametrize("path", ["/newznab/api", "/newznab/api/", "/newznab/", "/api/"])
def test_NP_49_slashes_and_HEAD_are_no_404(fresh: ServiceProcess, path: str) -> None:
    """And no redirect: not everybody follows one."""
    for method in ("GET", "HEAD", "POST"):
        answer = requests.request(
            method, f"{fresh.url}{path}?t=caps", timeout=9, allow_redirects=False
        )
        assert answer.status_code == 200
        assert "xml" in answer.headers["Content-Type"]


def test_NP_46_json_is_not_spoken_and_xml_stays(fresh: ServiceProcess) -> None:
    """`o=json` is optional."""
    assert document(get(fresh, "t=caps&o=json")).tag == "caps"


# -- searches without slskd ------------------------------------------------------------------------


def test_N14_NP_39_a_search_without_slskd_is_empty_at_once(fresh: ServiceProcess) -> None:
    """No error document, no 5xx: both would make Lidarr avoid us for hours. Nor a minute's wait."""
    began = time.monotonic()
    root = document(get(fresh, f"t=music{RECENT}&q=&artist=Radiohead&album=Kid%20A"))
    assert time.monotonic() - began < 30
    assert read_items(root) == []
    response = root.find(
        f"channel/{{{'http://www.newznab.com/DTD/2010/feeds/attributes/'}}}response"
    )
    assert response is not None
    assert response.get("total") == "0"


def test_the_outage_is_seen_in_the_health_report(fresh: ServiceProcess) -> None:
    """Lidarr is kept happy, people are told."""

    def broken() -> bool | None:
        report = fresh.rest("/system/health")
        assert isinstance(report, dict)
        levels = {check["code"]: check["level"] for check in report["checks"]}
        return True if levels.get("slskd_reachable") == "error" else None

    assert until(broken, "slskd_reachable is an error")
