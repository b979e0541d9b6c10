"""Prowlarr in front of the service: its searches, the gate before them, links, and addurl.

Contract sabnzbd-newznab-prowlarr §3 and the rows of §7.2 that name PRW (here `NP_`).
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from soulspot_arr.demo.prowlarr import LIDARR_SYNC_CATEGORIES, ProwlarrClient, handed_on
from soulspot_arr.rules.lidarr.parser import search_accepts
from soulspot_arr.simulator.world import World
from tests.conformance.indexer import Indexer, document, open_indexer, read_items, share_folder

pytestmark = pytest.mark.xdist_group(name="conformance-prowlarr")

ALL = LIDARR_SYNC_CATEGORIES


def build(world: World) -> None:
    """A few albums in two qualities."""
    share_folder(world, "ann", r"Music\Ida Foss\Quiet Engines (2012)")
    share_folder(world, "bob", r"Music\Ida Foss\Quiet Engines (2012)", kind="MP3 320")
    share_folder(world, "bob", r"Music\Ida Foss\Second Shift (2015)")
    share_folder(world, "cleo", r"Music\Weezer\Weezer (1994)")
    share_folder(world, "dora", r"Music\Otto Brandt\Third Watch (2018)")


@pytest.fixture(scope="module")
def indexer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Indexer]:
    """The service in front of that world."""
    with open_indexer(tmp_path_factory.mktemp("prowlarr"), build) as opened:
        yield opened


@pytest.fixture
def prowlarr(indexer: Indexer) -> ProwlarrClient:
    """A freshly added indexer with our SABnzbd next to it."""
    service = indexer.service
    return ProwlarrClient(
        service.newznab, "/api", service.api_key, download_client_url=service.sabnzbd
    )


def test_both_test_buttons_are_green(prowlarr: ProwlarrClient) -> None:
    """§3.3 and §3.9, without a warning."""
    assert prowlarr.test_indexer() == []
    assert prowlarr.test_download_client() == []


def test_NP_02_NP_50_the_caps_reach_lidarr(prowlarr: ProwlarrClient) -> None:
    """No silent fallback, all seven words, every category of the app sync."""
    caps = prowlarr.capabilities()
    assert caps.note == ""
    assert caps.music_params == {"q", "artist", "album", "year", "label", "genre", "track"}
    assert caps.ids == set(ALL)
    assert caps.syncs_to_lidarr()


@pytest.mark.parametrize("category", ALL)
def test_NP_09_its_rss_has_an_item_for_every_category(
    prowlarr: ProwlarrClient, category: int
) -> None:
    """§3.4: always a plain search without `q`; Lidarr tests its copy of the indexer with it."""
    assert len(prowlarr.recent((category,))) == 1


def test_an_album_search_through_prowlarr(prowlarr: ProwlarrClient) -> None:
    """The same results as directly; only the title survives, and it is enough."""
    found = prowlarr.search_album("Ida Foss", "Quiet Engines", ALL)
    assert len(found) == 2
    assert all(search_accepts(release.title, "Ida Foss", "Quiet Engines") for release in found)
    assert all(release.size > 0 for release in found)


def test_NP_12_an_artist_search_through_prowlarr(prowlarr: ProwlarrClient) -> None:
    """A discography search finds both albums."""
    titles = [release.title for release in prowlarr.search_artist("Ida Foss", ALL)]
    assert {"Quiet Engines", "Second Shift"} == {
        album for album in ("Quiet Engines", "Second Shift") if any(album in t for t in titles)
    }


def test_NP_14_the_fallback_tier_through_prowlarr(prowlarr: ProwlarrClient) -> None:
    """`q=A B`, form-encoded."""
    assert len(prowlarr.search_text("Ida Foss Second Shift", ALL)) == 1


def test_NP_05_a_self_titled_album_passes_the_gate(prowlarr: ProwlarrClient) -> None:
    """The year is needed in the caps and then not sent."""
    assert len(prowlarr.search_album("Weezer", "Weezer", ALL, year=1994)) == 1


@pytest.mark.parametrize(
    ("categories", "kinds"), [((3010,), {"MP3"}), ((3040,), {"FLAC"}), ((3000,), {"MP3", "FLAC"})]
)
def test_NP_25_results_survive_its_category_filter(
    prowlarr: ProwlarrClient, categories: tuple[int, ...], kinds: set[str]
) -> None:
    """A release without a declared category of the search is dropped."""
    found = prowlarr.search_album("Ida Foss", "Quiet Engines", categories)
    assert {release.title[1:5].strip(" )") for release in found} == kinds


def test_terms_in_braces_are_fields(indexer: Indexer) -> None:
    """§3.4: what people type into Prowlarr's own search box may arrive unchanged."""
    query = "{artist:Ida Foss}{album:Second Shift}"
    (item,) = read_items(indexer.ask("search", q=query, cat=3000))
    assert search_accepts(item.title, "Ida Foss", "Second Shift")


def test_NP_19_its_odd_numbers_are_ignored(indexer: Indexer) -> None:
    """The known bug: three parameters with the value of a fourth."""
    odd = "&minage=&maxage=&minsize=&maxsize=&limit=100&offset=0"
    key = indexer.service.api_key
    query = (
        f"?t=music&extended=1&cat=3010,3040,3000&apikey={key}&artist=Ida+Foss&album=Second+Shift"
    )
    assert len(read_items(document(indexer.get(query + odd)))) == 1


def test_NP_32_a_grab_in_prowlarr_follows_the_redirect(prowlarr: ProwlarrClient) -> None:
    """301 to our link as .NET writes it: the NZB is there, without any key of ours added."""
    (release,) = prowlarr.search_album("Ida Foss", "Second Shift", ALL)
    answer = requests.get(handed_on(release.url), timeout=9)
    assert answer.status_code == 200
    assert answer.content.lstrip().startswith(b"<?xml")


def test_NP_35_prowlarrs_own_grab_uses_addurl(indexer: Indexer, prowlarr: ProwlarrClient) -> None:
    """§3.6: our SABnzbd takes our own link.

    An album of its own: these files hold no audio, so it is refused as soon as it has arrived.
    """
    (release,) = prowlarr.search_album("Otto Brandt", "Third Watch", ALL)
    nzo_id = prowlarr.grab_by_url(release)
    found = indexer.service.rest(f"/grabs/{nzo_id}")
    assert isinstance(found, dict)
    assert (found["title"], found["category"]) == (release.title, "prowlarr")
