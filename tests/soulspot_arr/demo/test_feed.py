"""Feeds as Lidarr reads them: what loses the feed, what loses an item, what is merely changed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from soulspot_arr.demo.faults import ApiKeyRefused, FeedUnsupported, IndexerFault, LimitReached
from soulspot_arr.demo.feed import parse_date, read_feed
from soulspot_arr.demo.nzb_file import validate_nzb
from tests.soulspot_arr.demo.newznab_shapes import NZB, item, rss

URL = "http://box:1/newznab/api?t=music&apikey=K"
MOMENT = datetime(2024, 3, 5, 10, 15, 42, tzinfo=UTC)


def test_6_6_a_sound_item() -> None:
    """Every field arrives; the size attribute beats the enclosure's length."""
    (release,) = read_feed(rss(item()), URL).releases
    assert release.title == "(FLAC) Radiohead - OK Computer - 1997-slsk3f9a2c11"
    assert (release.guid, release.published) == ("slsk-1", MOMENT)
    assert (release.url, release.size) == ("http://h/nzb/1", 2000)
    assert release.categories == ("3040",)


@pytest.mark.parametrize("date", ["", "<pubDate/>", "<pubDate>  </pubDate>"])
def test_6_6_one_item_without_date_loses_the_whole_feed(date: str) -> None:
    """The feed is unsupported although the first item is fine."""
    with pytest.raises(FeedUnsupported):
        read_feed(rss(item(), item(date=date)), URL)


@pytest.mark.parametrize(
    "date",
    [
        "Mon, 05 Mar 2024 10:15:42 +0000",
        "1709633742",
        "20240305",
        "Di, 05 Mär 2024 10:15:42 +0000",
        "Tue, 31 Feb 2024 10:15:42 +0000",
        "yesterday",
    ],
)
def test_6_6_an_unreadable_date_drops_only_its_item(date: str) -> None:
    """A wrong weekday, an epoch number or another language costs one item."""
    feed = read_feed(rss(item(date=f"<pubDate>{date}</pubDate>"), item(guid="2")), URL)
    assert [release.guid for release in feed.releases] == ["2"]
    assert len(feed.dropped) == 1


@pytest.mark.parametrize(
    "text",
    [
        "Tue, 05 Mar 2024 10:15:42 +0000",
        "Tue, 05 Mar 2024 10:15:42 GMT",
        "Tuesday, 5 March 2024 10:15:42 GMT",
        "05 Mar 2024 11:15:42 +01:00",
        "Tue, 05 Mar 2024 10:15:42 EST",
        "2024-03-05T10:15:42Z",
        "2024-03-05T12:15:42+02:00",
        "2024-03-05 10:15:42",
    ],
)
def test_6_6_dates_lidarr_reads(text: str) -> None:
    """All these are one moment; an alphabetic zone is dropped and read as UTC."""
    assert parse_date(text) == MOMENT


def test_6_6_usenetdate_overrides_pubdate() -> None:
    """The attribute wins, even over a missing element."""
    attrs = '<newznab:attr name="UsenetDate" value="2024-03-05T10:15:42Z"/>'
    (release,) = read_feed(rss(item(date="", attrs=attrs)), URL).releases
    assert release.published == MOMENT


@pytest.mark.parametrize(
    ("enclosure", "url"),
    [
        ('<enclosure url="http://h/1" type="application/x-nzb"/>', "http://h/1"),
        ('<enclosure url="/nzb/7" type="application/x-nzb"/>', "http://box:1/nzb/7"),
        ('<enclosure url="http://h/1" type="application/nzb"/>', ""),
        ('<enclosure url="http://h/1"/>', ""),
        ("", ""),
        (
            '<enclosure url="http://h/0" type="text/plain"/>'
            '<enclosure url="http://h/2" type="application/x-nzb"/>',
            "http://h/2",
        ),
    ],
)
def test_6_6_which_enclosure_supplies_the_link(enclosure: str, url: str) -> None:
    """Only the exact type counts; relative links are resolved against the request."""
    (release,) = read_feed(rss(item(enclosure=enclosure)), URL).releases
    assert release.url == url


def test_6_5_a_torrent_enclosure_empties_the_result() -> None:
    """Torrent types without a single NZB type look like a Torznab indexer."""
    torrent = '<enclosure url="http://h/1" type="application/x-bittorrent"/>'
    assert read_feed(rss(item(enclosure=torrent)), URL).releases == ()


def test_6_6_sizes_fall_back_to_the_enclosure_and_then_to_zero() -> None:
    """An unreadable attribute is no error."""
    odd = '<newznab:attr name="size" value="big"/>'
    nothing = '<enclosure url="http://h/1" length="x" type="application/x-nzb"/>'
    feed = read_feed(rss(item(attrs=odd), item(attrs=odd, enclosure=nothing)), URL)
    assert [release.size for release in feed.releases] == [1000, 0]


def test_6_6_an_attribute_without_name_drops_its_item() -> None:
    """Lidarr dereferences the name of every newznab:attr it walks past."""
    feed = read_feed(rss(item(attrs='<newznab:attr value="1"/>'), item(guid="2")), URL)
    assert [release.guid for release in feed.releases] == ["2"]


def test_6_6_emoji_and_control_characters_vanish_from_titles() -> None:
    """Characters outside the BMP are removed before parsing, named entities are converted."""
    (release,) = read_feed(rss(item("A 🎵 B\x07 &eacute; &amp; &uuml;")), URL).releases
    assert release.title == "A  B é & ü"


def test_6_6_a_missing_guid_is_invented_anew_each_time() -> None:
    """Without guid nothing can be recognised again."""
    text = rss(item().replace("<guid>slsk-1</guid>", ""))
    first, second = (read_feed(text, URL).releases[0].guid for _ in range(2))
    assert first != second


@pytest.mark.parametrize("text", ["\ufeff" + rss(item()), "", "{}", "<rss>", rss("<item>&</item>")])
def test_6_6_documents_that_are_not_xml(text: str) -> None:
    """A byte order mark, emptiness, JSON and raw ampersands are failures."""
    with pytest.raises(IndexerFault):
        read_feed(text, URL)


@pytest.mark.parametrize("text", ["<rss><channel/></rss>", "<rss/>", "<x><y/></x>"])
def test_6_4_nothing_found_is_a_success(text: str) -> None:
    """A channel without items, or none, is an empty result."""
    assert read_feed(text, URL).releases == ()


@pytest.mark.parametrize(
    ("code", "description", "fault"),
    [
        ("100", "Incorrect user credentials", ApiKeyRefused),
        ("199", "x", ApiKeyRefused),
        ("500", "Request limit reached", LimitReached),
        ("500", "Request limit reached (10/10)", IndexerFault),
        ("200", "Missing parameter", IndexerFault),
        ("x", "y", IndexerFault),
    ],
)
def test_6_7_error_documents(code: str, description: str, fault: type[IndexerFault]) -> None:
    """Each kind of error document raises exactly its own kind."""
    with pytest.raises(IndexerFault) as raised:
        read_feed(f'<error code="{code}" description="{description}"/>', URL)
    assert type(raised.value) is fault


def test_6_7_an_error_element_anywhere_is_an_error() -> None:
    """Even inside an item."""
    with pytest.raises(IndexerFault):
        read_feed(rss('<item><error code="900" description="x"/></item>'), URL)


@pytest.mark.parametrize(
    "content",
    [
        NZB,
        b"\xef\xbb\xbf" + NZB,
        b"<nzb><file/></nzb>",
        b'<!DOCTYPE nzb SYSTEM "nzb.dtd"><nzb><!-- c --><head/><file/></nzb>',
    ],
)
def test_5_3_valid_nzbs(content: bytes) -> None:
    """Any namespace or none, byte order mark, DTD and comments are fine."""
    validate_nzb(content)
