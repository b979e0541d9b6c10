"""Download links behind URL bases and reverse proxies: what Lidarr gets must lead back to us.

Row N29 of contract lidarr §13.4 and NP_32 of contract sabnzbd-newznab-prowlarr §7.2; §3.6 for what
survives Prowlarr.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from soulspot_arr.demo.newznab_client import NewznabClient
from soulspot_arr.demo.prowlarr import ProwlarrClient, handed_on
from soulspot_arr.demo.sabnzbd_client import SabnzbdClient
from soulspot_arr.simulator.world import World
from tests.conformance.indexer import Indexer, document, open_indexer, share_folder
from tests.conformance.proxy import proxy
from tests.fakes.service_process import ServiceProcess

pytestmark = pytest.mark.xdist_group(name="conformance-links")

ARTIST, ALBUM = "Ødegård & Søn", "100% Ægte [Live?]"


def build(world: World) -> None:
    """One album whose names would make terrible links."""
    share_folder(world, "dot.ty peer/1", "Musik\\Ødegård & Søn\\100% Ægte [Live?] (2010)")


@pytest.fixture(scope="module")
def based(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Indexer]:
    """The service below /soulspot, not trusting any proxy."""
    with open_indexer(tmp_path_factory.mktemp("based"), build, url_base="/soulspot") as opened:
        yield opened


@pytest.fixture(scope="module")
def trusting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Indexer]:
    """The service without URL base, behind one proxy that it believes."""
    settings = {"SOULSPOT_TRUSTED_PROXIES": "1"}
    with open_indexer(tmp_path_factory.mktemp("trusting"), build, settings=settings) as opened:
        yield opened


def link(service: ServiceProcess, base: str) -> str:
    """The link of the only release, asked for through `base`; Lidarr can fetch it as it is."""
    client = NewznabClient(f"{base}/newznab", "/api", service.api_key, pacing=0.0)
    (release,) = client.search_album(ARTIST, ALBUM)
    return release.url


def bare(service: ServiceProcess) -> str:
    """Where the process listens, without any base."""
    return f"http://127.0.0.1:{service.port}"


def test_the_link_carries_the_url_base(based: Indexer) -> None:
    """And can be fetched by somebody who has nothing but the link."""
    found = link(based.service, based.service.url)
    assert found.startswith(f"{based.service.url}/newznab/api?")
    assert requests.get(found, timeout=9).status_code == 200


def test_everything_works_below_the_url_base(based: Indexer) -> None:
    """Both Test buttons of both programs; ping and the REST API too."""
    service = based.service
    assert NewznabClient(service.newznab, "/api", service.api_key, pacing=0.0).test() == []
    assert SabnzbdClient(service.sabnzbd, service.api_key).test() == []
    client = ProwlarrClient(
        service.newznab, "/api", service.api_key, download_client_url=service.sabnzbd
    )
    assert client.test_indexer() == client.test_download_client() == []
    assert service.rest("/system/status")


def test_a_proxy_that_keeps_the_prefix(based: Indexer) -> None:
    """The usual one: same path inside and outside; links go through the proxy again."""
    with proxy(bare(based.service), prefix="/soulspot") as outside:
        found = link(based.service, outside)
        assert found.startswith(f"{outside}/newznab/api?")
        assert requests.get(found, timeout=9).status_code == 200


def test_a_proxy_that_strips_the_prefix(based: Indexer) -> None:
    """The service sees bare paths, its links have the base all the same."""
    with proxy(bare(based.service), prefix="/soulspot", strips=True) as outside:
        found = link(based.service, outside)
        assert found.startswith(f"{outside}/newznab/api?")
        assert requests.get(found, timeout=9).status_code == 200


@pytest.mark.parametrize("strips", [True, False], ids=["strips", "keeps"])
def test_test_buttons_work_through_a_proxy(based: Indexer, strips: bool) -> None:
    """Whichever way the prefix is handled."""
    with proxy(bare(based.service), prefix="/soulspot", strips=strips) as outside:
        key = based.service.api_key
        assert NewznabClient(f"{outside}/newznab", "/api", key, pacing=0.0).test() == []
        assert SabnzbdClient(f"{outside}/sabnzbd", key).test() == []


def test_forwarded_headers_of_a_trusted_proxy_make_the_link(trusting: Indexer) -> None:
    """Scheme, host, port and prefix as the world outside knows them."""
    headers = {
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "music.example.org",
        "X-Forwarded-Port": "8443",
        "X-Forwarded-Prefix": "/arr/soulspot",
        "X-Forwarded-For": "203.0.113.9",
    }
    with proxy(
        bare(trusting.service), prefix="/arr/soulspot", strips=True, forwarded=headers
    ) as outside:
        found = link(trusting.service, outside)
        assert found.startswith("https://music.example.org:8443/arr/soulspot/newznab/api?t=get&id=")
        inside = found.replace("https://music.example.org:8443/arr/soulspot", outside)
        assert requests.get(inside, timeout=9).status_code == 200


def test_forwarded_headers_of_strangers_are_ignored(based: Indexer) -> None:
    """Nobody may turn our links to another host."""
    headers = {"X-Forwarded-Host": "evil.example.org", "X-Forwarded-Proto": "https"}
    with proxy(bare(based.service), prefix="/soulspot", forwarded=headers) as outside:
        assert link(based.service, outside).startswith(f"{bare(based.service)}/soulspot/newznab/")


def test_the_public_url_wins(based: Indexer) -> None:
    """NP-32: Prowlarr searches through one address, Lidarr fetches through another."""
    with based.changed({"server.public_url": "http://soulspot.lan:8765/base/"}):
        found = link(based.service, based.service.url)
    assert found.startswith("http://soulspot.lan:8765/base/newznab/api?t=get&id=")


def test_NP_32_links_survive_prowlarr(based: Indexer) -> None:
    """Plain ASCII, an opaque id, nothing to un-escape, whatever peer and album are called."""
    client = ProwlarrClient(based.service.newznab, "/api", based.service.api_key)
    (release,) = client.search_album(ARTIST, ALBUM, (3000, 3040))
    assert handed_on(release.url) == release.url
    assert requests.get(handed_on(release.url), timeout=9).status_code == 200


@pytest.mark.parametrize("host", ["evil.example.org:80", "a b", "x@y", "[::1]:80", "ünï", ""])
def test_an_odd_host_header_breaks_nothing(based: Indexer, host: str) -> None:
    """Answered in XML or refused by the server itself, never a server error."""
    answer = requests.get(
        f"{based.endpoint}?t=search&apikey={based.service.api_key}",
        headers={"Host": host.encode("utf-8").decode("latin-1")},
        timeout=9,
    )
    assert answer.status_code < 500
    if answer.status_code == 200:
        document(answer)
