"""The Prowlarr double against scripted servers: Test forms, searches, categories, links."""

from __future__ import annotations

import pytest

from soulspot_arr.demo.prowlarr import LinkBroken, ProwlarrClient, handed_on
from tests.soulspot_arr.demo.newznab_shapes import CAPS, item, rss
from tests.soulspot_arr.demo.sabnzbd_shapes import config
from tests.soulspot_arr.demo.scripted import Answer, Scripted, as_json, as_xml

WANTED = (3000, 3010, 3040)


@pytest.fixture
def prowlarr(server: Scripted) -> ProwlarrClient:
    """A Prowlarr whose indexer has sound caps and one result for everything."""
    server.on(as_xml(rss(item())))
    server.on(as_xml(CAPS), t="caps")
    return ProwlarrClient(
        f"{server.url}/newznab/", api_key="K", download_client_url=f"{server.url}/sabnzbd"
    )


def test_3_1_the_test_form_sends_two_requests(server: Scripted, prowlarr: ProwlarrClient) -> None:
    """Caps, then a search without term, category, limit or offset."""
    assert prowlarr.test_indexer() == []
    assert server.queries() == ["t=caps&apikey=K", "t=search&extended=1&apikey=K"]
    assert server.asked[0].headers["User-Agent"].startswith("Prowlarr/")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (as_xml(rss()), "no results"),
        (as_xml('<error code="100" description="x"/>'), "Credentials"),
        (as_xml('<error code="101" description="x"/>', 401), "Credentials"),
        (as_xml(rss(item(date=""))), "not supported"),
        (Answer(b"<html>", 500, {"Content-Type": "text/html"}), "500"),
        (as_xml('<error code="500" description="Request limit reached"/>'), None),
    ],
)
def test_3_3_outcomes_of_the_test_form(
    server: Scripted, prowlarr: ProwlarrClient, answer: Answer, message: str | None
) -> None:
    """An XML error page is read even with an error status; a limit lets the test pass."""
    server.on(answer, t="search")
    findings = prowlarr.test_indexer()
    if message is None:
        assert findings == []
    else:
        assert message in findings[0].message


def test_3_8_caps_without_music_categories_never_reach_lidarr(
    server: Scripted, prowlarr: ProwlarrClient
) -> None:
    """Swallowed caps errors leave no category, which is told as a warning."""
    server.on(as_xml(CAPS.replace('max="100"', "")), t="caps")
    findings = prowlarr.test_indexer()
    assert [finding.is_warning for finding in findings] == [True, True]


def test_3_4_what_searches_become(server: Scripted, prowlarr: ProwlarrClient) -> None:
    """RSS and text arrive as t=search, album and artist as t=music; the year never does."""
    prowlarr.recent(WANTED)
    prowlarr.search_album("AC/DC", "Back in Black", WANTED, year=1980)
    prowlarr.search_artist("AC/DC", WANTED)
    prowlarr.search_text("AC/DC x", WANTED)
    common = "extended=1&cat=3010,3040,3000&apikey=K"
    page = "limit=100&offset=0"
    assert server.queries()[1:] == [
        f"t=search&{common}&{page}",
        f"t=music&{common}&artist=AC%2FDC&album=Back+in+Black&{page}",
        f"t=music&{common}&artist=AC%2FDC&{page}",
        f"t=search&{common}&q=AC%2FDC+x&{page}",
    ]


def test_3_4_the_gate_skips_searches_silently(server: Scripted, prowlarr: ProwlarrClient) -> None:
    """Without `year` in the caps a self-titled search is never sent."""
    server.on(as_xml(CAPS.replace(",year", "")), t="caps")
    assert prowlarr.search_album("Weezer", "Weezer", WANTED, year=1994) == ()
    assert len(server.asked) == 1
    assert len(prowlarr.search_album("Weezer", "Weezer", WANTED)) == 1


@pytest.mark.parametrize(
    ("category", "wanted", "kept"),
    [
        ("3040", (3040,), 1),
        ("3040", (3000,), 1),
        ("3040", (3010,), 0),
        ("3050", (3000,), 0),
        ("7020", (3000,), 0),
        ("audio", (3000,), 0),
        ("3040", (), 1),
        ("9999", (), 0),
    ],
)
def test_3_5_categories_must_come_from_the_caps_and_meet_the_wish(
    server: Scripted, prowlarr: ProwlarrClient, category: str, wanted: tuple[int, ...], kept: int
) -> None:
    """Other results are dropped without a word."""
    feed = rss(item().replace('value="3040"', f'value="{category}"'))
    server.on(as_xml(feed), t="search")
    assert len(prowlarr.recent(wanted)) == kept


@pytest.mark.parametrize(
    ("link", "survives"),
    [
        ("http://bridge:1/newznab/nzb/3f9a?apikey=K", True),
        ("http://bridge:1/nzb/Sigur%20R%C3%B3s", False),
        ("http://bridge:1/nzb/Sigur Rós", False),
        ("http://bridge:1/nzb?t=a%26b", False),
        ("http://bridge:1/nzb/a%20b", False),
        ("http://bridge:1/nzb/a%0d%0ab", False),
        ("/nzb/1", False),
    ],
)
def test_3_6_links_must_survive_the_redirect_header(link: str, *, survives: bool) -> None:
    """Plain ASCII, nothing percent-encoded, absolute."""
    if survives:
        assert handed_on(link) == link
    else:
        with pytest.raises(LinkBroken):
            handed_on(link)


def test_3_6_a_grab_in_prowlarr_hands_over_the_link(
    server: Scripted, prowlarr: ProwlarrClient
) -> None:
    """addurl is a POST with everything in the query and category prowlarr."""
    server.on(as_json({"status": True, "nzo_ids": ["x"]}), mode="addurl")
    (release,) = prowlarr.recent(WANTED)
    assert prowlarr.grab_by_url(release) == "x"
    asked = server.asked[-1]
    assert (asked.method, asked.body) == ("POST", b"")
    assert asked.raw_query == (
        "mode=addurl&name=http%3A%2F%2Fh%2Fnzb%2F1&cat=prowlarr&priority=-100&apikey=K&output=json"
    )


def test_3_9_the_download_client_needs_the_category_prowlarr(
    server: Scripted, prowlarr: ProwlarrClient
) -> None:
    """A service that only knows Lidarr's category is red in Prowlarr."""
    server.on(as_json({"version": "4.3.3"}), mode="version")
    server.on(as_json(config()), mode="get_config")
    assert prowlarr.test_download_client()[0].message == "Category does not exist"
