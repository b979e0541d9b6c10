"""The Newznab double against scripted servers: requests, tiers, paging, Test button, NZB links."""

from __future__ import annotations

import re
import socket

import pytest

from soulspot_arr.demo.faults import (
    ApiKeyRefused,
    IndexerFault,
    InvalidNzb,
    LimitReached,
    NzbFetchFailed,
    ReleaseUnavailable,
)
from soulspot_arr.demo.newznab_client import NewznabClient, sphinx_name
from tests.soulspot_arr.demo.newznab_shapes import CAPS, NZB, item, rss
from tests.soulspot_arr.demo.scripted import Answer, Asked, Scripted, as_xml

PREFIX = "cat=3000,3010,3030,3040&extended=1&apikey=K&offset=0&limit=100"


@pytest.fixture
def indexer(server: Scripted) -> NewznabClient:
    """An indexer without pauses whose server offers recommended caps and empty feeds."""
    server.on(as_xml(rss()))
    server.on(as_xml(CAPS), t="caps")
    return NewznabClient(f"{server.url}/newznab/", "/api/", "K", pacing=0)


def test_6_3_album_search_asks_both_tiers_when_nothing_is_found(
    server: Scripted, indexer: NewznabClient
) -> None:
    """Exact query strings; `q` is present and empty in the first tier."""
    assert indexer.search_album("AC/DC", "Back in Black", year=1980) == ()
    assert server.queries() == [
        "t=caps&apikey=K",
        f"t=music&{PREFIX}&q=&artist=AC%2FDC&album=Back%20in%20Black",
        f"t=search&{PREFIX}&q=AC%2FDC%20Back%20in%20Black",
    ]
    assert server.asked[1].path == "/newznab/api"
    assert server.asked[1].headers["Accept"] == (
        "application/rss+xml, text/rss+xml, application/xml, text/xml"
    )


def test_6_3_the_second_tier_is_spared_when_the_first_found_something(
    server: Scripted, indexer: NewznabClient
) -> None:
    """One valid release is enough, whatever the decision engine says later."""
    server.on(as_xml(rss(item())), t="music")
    assert len(indexer.search_album("A", "B")) == 1
    assert [asked.value("t") for asked in server.asked] == ["caps", "music"]


def test_6_3_an_item_without_link_does_not_stop_the_second_tier(
    server: Scripted, indexer: NewznabClient
) -> None:
    """Blank titles and missing links are not valid releases."""
    server.on(as_xml(rss(item(" "), item(enclosure=""))), t="music")
    assert indexer.search_album("A", "B") == ()
    assert server.asked[-1].value("t") == "search"


@pytest.mark.parametrize(
    ("artist", "album", "disambiguation", "year", "tail"),
    [
        ("Weezer", "Weezer", "Blue Album", 1994, "artist=Weezer&album=Weezer%20Blue%20Album"),
        ("Weezer", "Weezer", "", 1994, "artist=Weezer&album=Weezer&year=1994"),
        ("Weezer", "Weezer", "", 0, "artist=Weezer&album=Weezer"),
        ("+44", "x", "", 2006, "artist=%2044&album=x"),
        ("Sigur Rós", "( )", "", 2002, "artist=Sigur%20R%C3%B3s&album=%28%20%29"),
    ],
)
def test_6_3_names_on_the_wire(
    server: Scripted,
    indexer: NewznabClient,
    *,
    artist: str,
    album: str,
    disambiguation: str,
    year: int,
    tail: str,
) -> None:
    """Disambiguations are appended, the year only goes with self-titled albums."""
    indexer.search_album(artist, album, disambiguation=disambiguation, year=year)
    assert server.queries()[1].endswith(f"&q=&{tail}")


def test_6_3_the_text_tier_of_a_self_titled_album_carries_the_year(
    server: Scripted, indexer: NewznabClient
) -> None:
    """Zero is sent when the year is unknown."""
    indexer.search_album("Weezer", "Weezer", year=0)
    assert server.queries()[-1].endswith("&q=Weezer%20Weezer%200")


def test_6_3_artist_search_and_rss(server: Scripted, indexer: NewznabClient) -> None:
    """A discography search sends only the artist; RSS sends no term at all."""
    indexer.search_artist("P!nk")
    indexer.recent()
    assert server.queries()[1:] == [
        f"t=music&{PREFIX}&q=&artist=P%21nk",
        f"t=search&{PREFIX}&q=P%21nk",
        f"t=music&{PREFIX}",
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("AC/DC", "AC DC"),
        ("P!nk", "P nk"),
        ("The Wall", "Wall"),
        ("Various Artists", "VA"),
        ("Sigur Rós", "Sigur Ros"),
        ("Florence + the Machine", "Florence the Machine"),
        ("+44", "44"),
        ("4:44", "4 44"),
        ("Guns N’ Roses", "Guns N' Roses"),
        ("M.I.A.", "M I A"),
        ("( )", "( )"),
    ],
)
def test_6_3_names_are_mangled_for_an_engine_that_is_not_raw(name: str, expected: str) -> None:
    """The table of the contract."""
    assert sphinx_name(name) == expected


def test_6_3_without_raw_the_mangled_names_are_sent(
    server: Scripted, indexer: NewznabClient
) -> None:
    """Why an indexer should declare itself raw."""
    server.on(as_xml(CAPS.replace(' searchEngine="raw"', "")), t="caps")
    indexer.search_album("The Beatles", "1")
    assert server.queries()[1].endswith("&q=&artist=Beatles&album=1")


def test_6_4_full_pages_are_followed_by_offset(server: Scripted, indexer: NewznabClient) -> None:
    """Two full pages and a short one are three requests; equal guids collapse."""

    def page(asked: Asked) -> Answer | None:
        if asked.value("t") != "music":
            return None
        offset = int(asked.value("offset") or 0)
        count = 100 if offset < 200 else 5
        return as_xml(rss(*(item(guid=f"g{offset // 200}-{n}") for n in range(count))))

    server.rules.insert(0, page)
    found = indexer.search_album("A", "B")
    assert [asked.value("offset") for asked in server.asked[1:]] == ["0", "100", "200"]
    assert len(found) == 105


def test_6_4_a_server_that_ignores_offset_is_asked_ten_times(
    server: Scripted, indexer: NewznabClient
) -> None:
    """The loop ends at a thousand items."""
    server.on(as_xml(rss(*(item(guid=str(n)) for n in range(100)))), t="music")
    indexer.search_album("A", "B")
    assert len(server.asked) == 11


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (Answer(b"x", 500), IndexerFault),
        (as_xml('<error code="100" description="x"/>', 401), IndexerFault),
        (Answer(b"", 429, {"Retry-After": "30"}), LimitReached),
        (Answer(b"<html>", 200, {"Content-Type": "text/html"}), IndexerFault),
        (as_xml('<error code="101" description="x"/>'), ApiKeyRefused),
    ],
)
def test_6_7_failures_of_a_search(
    server: Scripted, indexer: NewznabClient, answer: Answer, fault: type[IndexerFault]
) -> None:
    """An error status is never read; an error document in a 200 is."""
    server.on(answer, t="music")
    with pytest.raises(IndexerFault) as raised:
        indexer.search_album("A", "B")
    assert type(raised.value) is fault


def test_6_5_test_button_is_green(server: Scripted, indexer: NewznabClient) -> None:
    """RSS with at least one item, then caps."""
    server.on(as_xml(rss(item(enclosure=""))), t="music")
    assert indexer.test() == []


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (as_xml(rss()), "no results in the configured categories"),
        (as_xml('<error code="100" description="x"/>'), "Invalid API Key"),
        (as_xml(rss(item(date=""))), "pubDate"),
        (Answer(b"", 503), "503"),
    ],
)
def test_6_5_test_button_is_red(
    server: Scripted, indexer: NewznabClient, answer: Answer, message: str
) -> None:
    """No item, a wrong key, a missing date and an outage are told apart."""
    server.on(answer, t="music")
    (finding,) = indexer.test()
    assert message in finding.message
    assert not finding.is_warning


def test_6_5_silent_defaults_show_up_as_warnings(server: Scripted, indexer: NewznabClient) -> None:
    """What Lidarr hides is told here."""
    server.on(as_xml(rss(item())), t="music")
    server.on(as_xml(CAPS.replace('max="100"', "")), t="caps")
    (finding,) = indexer.test()
    assert finding.is_warning


def test_6_2_caps_are_fetched_once_but_failures_are_not_kept(
    server: Scripted, indexer: NewznabClient
) -> None:
    """A broken first answer is asked again, a good one never."""
    server.on(as_xml("<caps"), t="caps")
    with pytest.raises(IndexerFault):
        indexer.capabilities()
    server.on(as_xml(CAPS), t="caps")
    indexer.capabilities()
    indexer.capabilities()
    assert len(server.asked) == 2


def test_5_2_an_nzb_link_gets_no_key_and_follows_redirects(
    server: Scripted, indexer: NewznabClient
) -> None:
    """The link is fetched exactly as it stands in the feed, without an Accept header."""
    server.on(Answer(b"", 301, {"Location": "/get?id=2"}), id="1")
    server.on(Answer(NZB), id="2")
    assert indexer.fetch_nzb(f"{server.url}/get?id=1") == NZB
    assert server.queries() == ["id=1", "id=2"]
    assert "Accept" not in server.asked[0].headers


@pytest.mark.parametrize(
    ("status", "fault", "requests"),
    [
        (404, ReleaseUnavailable, 1),
        (410, ReleaseUnavailable, 1),
        (403, NzbFetchFailed, 1),
        (503, NzbFetchFailed, 3),
        (408, NzbFetchFailed, 3),
    ],
)
def test_5_4_outcomes_of_an_nzb_link(
    server: Scripted,
    indexer: NewznabClient,
    status: int,
    fault: type[Exception],
    *,
    requests: int,
) -> None:
    """Gone is nobody's fault; server errors are tried three times and blamed on the indexer."""
    server.on(Answer(b"", status), id="1")
    with pytest.raises(fault):
        indexer.fetch_nzb(f"{server.url}/get?id=1", retry_pause=0)
    assert len(server.asked) == requests


def test_5_4_a_refused_link_is_not_blamed_on_the_indexer(indexer: NewznabClient) -> None:
    """A connection failure skips the candidate without penalty."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(NzbFetchFailed) as raised:
        indexer.fetch_nzb(f"http://127.0.0.1:{port}/x")
    assert not raised.value.indexer_blamed


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "Invalid NZB"),
        (b"{}", "Invalid NZB"),
        (b"<nzb><a>&</a><file/></nzb>", "Invalid NZB"),
        (b"<rss/>", "Unexpected root"),
        (b'<nzb xmlns="a"><head><file/></head></nzb>', "No files"),
        (b'<nzb xmlns="a"><file xmlns="b"/></nzb>', "No files"),
        (b'<error code="300" description="gone"/>', "300 - gone"),
    ],
)
def test_5_3_invalid_nzbs(
    server: Scripted, indexer: NewznabClient, content: bytes, message: str
) -> None:
    """Root, namespace and a direct file child are all that is looked at."""
    server.on(Answer(content), id="1")
    with pytest.raises(InvalidNzb, match=re.escape(message)):
        indexer.fetch_nzb(f"{server.url}/get?id=1")
