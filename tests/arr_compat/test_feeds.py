"""The feed XML byte for byte, and read back the way Lidarr and Prowlarr read it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arr_compat import feeds
from arr_compat.feeds import FeedItem

NS = "{http://www.newznab.com/DTD/2010/feeds/attributes/}"
PUBLISHED = datetime(2026, 11, 20, 9, 31, 57, 654_321, tzinfo=UTC)
LINK = "http://bridge:5000/newznab/nzb/3f9a2c11?apikey=K&x=1"
SELF = "http://bridge:5000/newznab/api?t=music&cat=3000"
ITEM = FeedItem(
    guid="3f9a2c11",
    title="(FLAC) AC/DC - Back & <Black> - 1980-slsk3f9a2c11",
    link=LINK,
    size=432_013_312,
    published_at=PUBLISHED,
    categories=(3000, 3040),
    files=10,
    grabs=2,
    artist="AC/DC",
    album='Back & "Black"',
    year=1980,
    quality="FLAC",
)
LIDARR_DEFAULTS = (3000, 3010, 3030, 3040)
PROWLARR_SYNC = (3000, 3010, 3030, 3040, 3050, 3060)


def document(*lines: str) -> bytes:
    """Lines without the breaks that only make the test readable."""
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + "".join(lines).encode()


# -- how the two clients read (contracts lidarr §6.2, §6.6; Newznab §3.2, §3.5) --------------------


@dataclass
class Capabilities:
    """What is left after a client has read a capabilities document."""

    page_size: int = 100
    modes: dict[str, list[str]] = field(default_factory=dict)
    engines: dict[str, str] = field(default_factory=dict)
    categories: dict[int, str] = field(default_factory=dict)


def read_caps(data: bytes) -> Capabilities:
    """Raise where Lidarr or Prowlarr would fall back to defaults or fail."""
    assert data[:1] == b"<"
    root = fromstring(data)
    assert root.tag == "caps"
    assert root.find(".//error") is None
    limits = root.find("limits")
    assert limits is not None
    caps = Capabilities(min(100, max(int(limits.attrib["default"]), int(limits.attrib["max"]))))
    searching = root.find("searching")
    assert searching is not None
    for mode in searching:
        if mode.attrib["available"] == "yes":
            caps.modes[mode.tag] = mode.attrib["supportedParams"].split(",")  # never trimmed
            caps.engines[mode.tag] = mode.get("searchEngine", "sphinx")
    for parent in root.findall("categories/category"):
        for entry in (parent, *parent.findall("subcat")):
            caps.categories[int(entry.attrib["id"])] = entry.attrib["name"]
    return caps


def parse_date(text: str) -> datetime:
    """RFC 1123 with a numeric zone; a wrong weekday name drops the item."""
    moment = parsedate_to_datetime(text)
    assert text.endswith("+0000")
    assert text.startswith(f"{moment:%a}, ")
    return moment


@dataclass(frozen=True)
class Seen:
    """One release as a client holds it."""

    title: str
    guid: str
    url: str
    size: int
    date: datetime
    categories: frozenset[int]


def read_item(item: Element) -> Seen:
    """Raise where a client would drop this item or the page."""
    attributes = [(a.attrib["name"], a.attrib["value"]) for a in item.findall(f"{NS}attr")]
    named = dict(attributes)
    enclosures = [e for e in item.findall("enclosure") if e.get("type") == "application/x-nzb"]
    assert len(enclosures) == 1
    url = urlsplit(enclosures[0].attrib["url"])
    assert url.scheme == "http"
    assert url.netloc
    size = int(named["size"])
    assert size == int(enclosures[0].attrib["length"]) > 0
    date = parse_date(item.findtext("pubDate", ""))
    assert date == parse_date(named["usenetdate"])  # it overrides pubDate
    title, guid = item.findtext("title", ""), item.findtext("guid", "")
    assert title.strip()
    assert guid == named["guid"]
    numbers = frozenset(int(value) for name, value in attributes if name == "category")
    return Seen(title, guid, url.geturl(), size, date, numbers)


def read_feed(data: bytes, *, requested: tuple[int, ...] = ()) -> list[Seen]:
    """The releases a non-interactive search keeps when it asked for these categories."""
    assert data[:1] == b"<"
    text = data.decode("utf-8")
    assert all(ord(char) < 0x10000 for char in text)
    assert not any(ord(char) < 32 and char not in "\t\n\r" for char in text)
    root = fromstring(data)
    assert root.find(".//error") is None
    assert root.tag == "rss"
    channel = root.find("channel")
    assert channel is not None
    releases = {seen.guid: seen for seen in map(read_item, channel.findall("item"))}
    declared = set(read_caps(feeds.caps("http://bridge", version="1")).categories)
    assert all(seen.categories <= declared for seen in releases.values())
    wanted = set(requested) | (declared if 3000 in requested else set())  # a parent adds its own
    return [seen for seen in releases.values() if not requested or seen.categories & wanted]


# -- capabilities ----------------------------------------------------------------------------------


def test_N01_caps_are_these_bytes() -> None:
    """Both clients keep them for seven days: a change here must be on purpose."""
    music = 'available="yes" supportedParams="q,artist,album,year,label,genre,track"'
    assert feeds.caps("http://bridge:5000/?a=1&b=2", version="1.2.3") == document(
        '<caps><server version="1.2.3" title="SoulSpot Arr" strapline="Soulseek for Lidarr"',
        ' url="http://bridge:5000/?a=1&amp;b=2" />',
        '<limits max="100" default="100" /><retention days="3650" />',
        '<registration available="no" open="no" />',
        '<searching><search available="yes" supportedParams="q" searchEngine="raw" />',
        '<tv-search available="no" supportedParams="" />',
        '<movie-search available="no" supportedParams="" />',
        f'<audio-search {music} searchEngine="raw" />',
        f'<music-search {music} searchEngine="raw" />',
        '<book-search available="no" supportedParams="" /></searching>',
        '<categories><category id="3000" name="Audio" description="Music">',
        '<subcat id="3010" name="MP3" description="MP3 in any bitrate" />',
        '<subcat id="3030" name="Audiobook" description="Spoken word" />',
        '<subcat id="3040" name="Lossless" description="FLAC, ALAC, WAV, APE, WavPack, AIFF" />',
        '<subcat id="3050" name="Other" description="AAC, Ogg Vorbis, Opus, WMA" />',
        '<subcat id="3060" name="Foreign" description="Releases in other languages" />',
        "</category></categories></caps>",
    )


def test_N02_N03_N04_N05_caps_unlock_both_searches_with_raw_names() -> None:
    """Text search by `q`, music search by all seven words, names unmangled."""
    caps = read_caps(feeds.caps("http://bridge", version="1"))
    assert caps.page_size == 100
    assert set(caps.modes) == {"search", "audio-search", "music-search"}
    assert caps.modes["search"] == ["q"]
    seven = {"q", "artist", "album", "year", "label", "genre", "track"}
    assert set(caps.modes["audio-search"]) == seven
    assert set(caps.engines.values()) == {"raw"}


def test_N06_N50_caps_declare_every_preselected_category() -> None:
    """Names decide how Prowlarr maps them; a child is never called "Audio/…"."""
    categories = read_caps(feeds.caps("http://bridge", version="1")).categories
    assert set(categories) == {*LIDARR_DEFAULTS, *PROWLARR_SYNC}
    assert [categories[n] for n in (3000, 3010, 3040, 3050)] == [
        "Audio",
        "MP3",
        "Lossless",
        "Other",
    ]


# -- results ---------------------------------------------------------------------------------------


def test_feed_is_these_bytes() -> None:
    """One full item and one with nothing optional, as they go over the wire."""
    plain = FeedItem("g", "T", "http://b/n", 1, PUBLISHED, (3000, 3010))
    amp = LINK.replace("&", "&amp;")
    attr = '<newznab:attr name="{}" value="{}" />'.format
    date = "Fri, 20 Nov 2026 09:31:57 +0000"
    assert feeds.results([ITEM, plain], self_url=SELF, offset=0, total=2) == document(
        '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"',
        ' xmlns:newznab="http://www.newznab.com/DTD/2010/feeds/attributes/"><channel>',
        '<atom:link href="http://bridge:5000/newznab/api?t=music&amp;cat=3000"',
        ' rel="self" type="application/rss+xml" />',
        "<title>SoulSpot Arr</title><description>SoulSpot Arr API results</description>",
        "<link>http://bridge:5000/newznab/api</link><language>en-gb</language>",
        '<newznab:response offset="0" total="2" />',
        "<item><title>(FLAC) AC/DC - Back &amp; &lt;Black&gt; - 1980-slsk3f9a2c11</title>",
        f'<guid isPermaLink="false">3f9a2c11</guid><link>{amp}</link><pubDate>{date}</pubDate>',
        "<category>Audio &gt; Lossless</category>",
        "<description>(FLAC) AC/DC - Back &amp; &lt;Black&gt; - 1980-slsk3f9a2c11</description>",
        f'<enclosure url="{amp}" length="432013312" type="application/x-nzb" />',
        attr("category", 3000) + attr("category", 3040),
        attr("size", 432013312) + attr("guid", "3f9a2c11") + attr("files", 10) + attr("grabs", 2),
        attr("comments", 0) + attr("password", 0) + attr("usenetdate", date),
        attr("poster", "Soulseek") + attr("group", "soulseek"),
        attr("artist", "AC/DC") + attr("album", "Back &amp; &quot;Black&quot;"),
        attr("year", 1980) + attr("audio", "FLAC") + "</item>",
        '<item><title>T</title><guid isPermaLink="false">g</guid><link>http://b/n</link>',
        f"<pubDate>{date}</pubDate><category>Audio &gt; MP3</category>",
        "<description>T</description>",
        '<enclosure url="http://b/n" length="1" type="application/x-nzb" />',
        attr("category", 3000) + attr("category", 3010) + attr("size", 1) + attr("guid", "g"),
        attr("files", 0) + attr("grabs", 0) + attr("comments", 0) + attr("password", 0),
        attr("usenetdate", date) + attr("poster", "Soulseek") + attr("group", "soulseek"),
        "</item></channel></rss>",
    )


def test_N15_empty_result_is_a_channel_without_items() -> None:
    """ "Nothing found" is a success, never an error document."""
    data = feeds.results([], self_url=SELF, offset=0, total=0)
    assert read_feed(data) == []
    response = fromstring(data).find(f"channel/{NS}response")
    assert response is not None
    assert response.attrib == {"offset": "0", "total": "0"}


def test_N22_N24_N25_N27_item_reads_back_as_it_was() -> None:
    """Everything the clients use survives: title, guid, link, size, date, categories."""
    seen = Seen(
        ITEM.title,
        "3f9a2c11",
        LINK,
        432_013_312,
        PUBLISHED.replace(microsecond=0),
        frozenset({3000, 3040}),
    )
    assert read_feed(feeds.results([ITEM], self_url=SELF, offset=0, total=1)) == [seen]


def test_N23_N26_dates_are_in_utc_whatever_zone_they_came_in() -> None:
    """The weekday belongs to the UTC day, or the item is dropped."""
    east = timezone(timedelta(hours=13))
    late = replace(ITEM, published_at=datetime(2026, 11, 21, 3, 0, 5, tzinfo=east))
    assert b"<pubDate>Fri, 20 Nov 2026 14:00:05 +0000</pubDate>" in feeds.results(
        [late], self_url=SELF, offset=0, total=1
    )


def test_N26_every_day_of_a_year_is_dated_right() -> None:
    """Every day of a leap year reads back with its own weekday and month."""
    start = datetime(2024, 1, 1, 12, tzinfo=UTC)
    for day in range(366):
        item = replace(ITEM, published_at=start + timedelta(days=day))
        seen = read_feed(feeds.results([item], self_url=SELF, offset=0, total=1))
        assert seen[0].date == item.published_at


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("plain ü Ж 漢", "plain ü Ж 漢"),
        ("a\U0001f3b5b", "ab"),
        ("a\x00\x08\x0b\x1f\x7f\x85\x9fb", "ab"),
        ("a\ud800b\udfffc", "abc"),
        ("a\ufffe\uffffb", "ab"),
        ("a\tb\nc\rd", "a b c d"),
    ],
    ids=["kept", "emoji", "control", "surrogates", "noncharacters", "line-breaks"],
)
def test_N28_N31_text_that_clients_would_drop_is_dropped_first(raw: str, expected: str) -> None:
    """Otherwise Lidarr's idea of the title would differ from ours."""
    assert feeds.xml_text(raw) == expected
    data = feeds.results([replace(ITEM, title=raw)], self_url=SELF, offset=0, total=1)
    assert read_feed(data)[0].title == expected


@given(st.text(min_size=1), st.text(), st.text())
@settings(max_examples=80, deadline=None, database=None)
def test_N31_any_names_give_a_sound_document(title: str, artist: str, album: str) -> None:
    """Names come from strangers and may hold anything."""
    item = replace(ITEM, title=f"x{title}", artist=artist, album=album)
    data = feeds.results([item], self_url=SELF, offset=0, total=1)
    assert data == feeds.results([item], self_url=SELF, offset=0, total=1)
    assert read_feed(data)[0].title == feeds.xml_text(f"x{title}")


@pytest.mark.parametrize(
    ("quality", "child"),
    [
        ("FLAC", 3040),
        ("FLAC 24bit", 3040),
        ("ALAC 24bit", 3040),
        ("WAV", 3040),
        ("APE", 3040),
        ("WavPack", 3040),
        ("AIFF", 3040),
        ("MP3 320", 3010),
        ("MP3 VBR V0", 3010),
        ("mp3", 3010),
        ("AAC 256", 3050),
        ("OGG Q8", 3050),
        ("Opus 160", 3050),
        ("WMA", 3050),
        ("Unknown", 3050),
        ("", 3050),
    ],
)
def test_N25_every_quality_has_parent_and_child_category(quality: str, child: int) -> None:
    """Prowlarr keeps an item only when it carries a category that was asked for."""
    assert feeds.categories_for(quality) == (3000, child)


# -- the placeholder -------------------------------------------------------------------------------


@pytest.mark.parametrize("category", PROWLARR_SYNC)
def test_N08_N09_N10_each_single_category_gets_the_placeholder(category: int) -> None:
    """A Test with just one category ticked must find something in it."""
    item = feeds.placeholder(LINK, epoch=PUBLISHED, categories=[category])
    data = feeds.results([item], self_url=SELF, offset=0, total=1)
    assert len(read_feed(data, requested=(category,))) == 1


@pytest.mark.parametrize(
    ("asked", "carried"),
    [
        ((), (3000, 3010, 3030, 3040, 3050, 3060)),
        ((9999,), (3000, 3010, 3030, 3040, 3050, 3060)),
        ((3000,), (3000,)),
        ((3040, 3010), (3000, 3010, 3040)),
        (LIDARR_DEFAULTS, LIDARR_DEFAULTS),
        ((3010, 103010), (3000, 3010)),
    ],
)
def test_placeholder_carries_what_was_asked_for(
    asked: tuple[int, ...], carried: tuple[int, ...]
) -> None:
    """Only ids of our own capabilities, and all of them when nothing known was asked for."""
    assert feeds.placeholder(LINK, epoch=PUBLISHED, categories=asked).categories == carried


def test_N10_N30_placeholder_is_constant_and_no_album() -> None:
    """Same guid, title, date and link every time; no hyphen, bracket or digit to parse."""
    first = feeds.placeholder(LINK, epoch=PUBLISHED, categories=[3000])
    second = feeds.placeholder(LINK, epoch=PUBLISHED, categories=[3040])
    assert replace(first, categories=()) == replace(second, categories=())
    assert first.published_at == PUBLISHED
    assert first.size > 0
    assert not set(first.title) & set("-–()[]%_0123456789")
    assert "disco" not in first.title.casefold()


# -- errors ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (100, "Incorrect user credentials"),
        (101, "Account suspended"),
        (102, "Insufficient privileges/not authorized"),
        (200, "Missing parameter"),
        (201, "Incorrect parameter"),
        (202, "No such function"),
        (203, "Function not available"),
        (300, "No such item"),
        (310, "Item already exists"),
        (500, "Request limit reached"),
        (501, "Download limit reached"),
        (900, "Unknown error"),
        (910, "API Disabled"),
        (999, "Unknown error"),
    ],
)
def test_N07_N22_N37_N38_error_documents_have_the_standard_texts(code: int, text: str) -> None:
    """Some of them are compared word for word by Lidarr and Prowlarr."""
    assert feeds.error(code) == document(f'<error code="{code}" description="{text}" />')


def test_error_with_a_text_of_its_own() -> None:
    """A description given by the caller is escaped and cleaned like any other text."""
    root = fromstring(feeds.error(201, 'cat "a" & \x00b'))
    assert root.tag == "error"
    assert root.attrib == {"code": "201", "description": 'cat "a" & b'}
