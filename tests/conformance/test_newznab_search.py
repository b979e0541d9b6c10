"""Newznab rows of real searches: what is found, what an item says, and the NZB behind it.

Rows N13-N19, N21, N25-N36 of contract lidarr §13.4, G01, G04, G05 of §13.5, and of contract
sabnzbd-newznab-prowlarr §7.2 (here `NP_`) those about searches and items.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import permutations
from urllib.parse import quote

import pytest
import requests
from defusedxml.ElementTree import fromstring

from soulspot_arr.demo.decisions import BlocklistRow, is_blocklisted
from soulspot_arr.demo.feed import parse_date, read_feed
from soulspot_arr.rules.lidarr.parser import read_back, search_accepts
from soulspot_arr.simulator.world import World
from tests.conformance.indexer import (
    NEWZNAB,
    Indexer,
    Item,
    document,
    error_code,
    open_indexer,
    read_items,
    share_folder,
)

pytestmark = pytest.mark.xdist_group(name="conformance-newznab-search")

BYTES: dict[str, int] = {}


def build(world: World) -> None:
    """Three peers with some albums of a few artists, and one with names that XML dislikes."""
    for peer in ("ann", "bob"):
        folder = r"@@share\Music\Radiohead\OK Computer (1997)"
        BYTES[f"{peer} FLAC"] = share_folder(world, peer, folder)
        share_folder(world, peer, r"@@share\Music\Radiohead\Kid A (2000)")
    share_folder(world, "cleo", r"Music\Radiohead - OK Computer", kind="MP3 320")
    share_folder(world, "cleo", r"Music\Radiohead - OK Computer (Live)", kind="FLAC")
    share_folder(world, "cleo", r"Music\Radiohead\Amnesiac (2001)", kind="MP3 VBR V0")
    share_folder(world, "bob", r"Music\ACDC\Back In Black (1980)")
    share_folder(world, "ann", r"Music\Weezer\Weezer (1994)")
    share_folder(world, "bob", r"Music\Weezer\Weezer (2001)")
    share_folder(world, "ann", r"Music\+44\When Your Heart Stops Beating (2006)")
    share_folder(
        world,
        "ann",
        r"Music <new>\Simon & Garfunkel\Bookends (1968)",
        named="{number:02d} - Rock & Roll <{title}> \U0001f3b8",
    )
    world.share("ann", r"@@share\Music\Radiohead\OK Computer (1997)\folder.jpg", 48_000)


@pytest.fixture(scope="module")
def indexer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Indexer]:
    """The service in front of that world."""
    with open_indexer(tmp_path_factory.mktemp("search"), build) as opened:
        yield opened


@pytest.fixture(scope="module")
def found(indexer: Indexer) -> list[Item]:
    """The answer to the album search most rows look at."""
    return indexer.album("Radiohead", "OK Computer")


# -- what is found ---------------------------------------------------------------------------------


def test_N13_NP_11_only_matching_candidates(found: list[Item]) -> None:
    """Neither the live recording nor other albums; an empty `q` is ignored."""
    assert len(found) == 3
    assert all(search_accepts(item.title, "Radiohead", "OK Computer") for item in found)
    assert sorted(item.quality for item in found) == ["FLAC", "FLAC", "MP3 320"]


def test_N14_NP_15_nothing_found_is_an_empty_channel(indexer: Indexer) -> None:
    """HTTP 200, `total` 0, no element called error."""
    root = indexer.ask("music", q="", artist="Nobody Known", album="Never Recorded")
    assert root.find("channel") is not None
    assert read_items(root) == []
    assert next(root.iter("error"), None) is None
    assert [response.get("total") for response in root.iter(f"{NEWZNAB}response")] == ["0"]


def test_N15_NP_18_NP_44_fewer_than_a_page_and_the_total_is_true(indexer: Indexer) -> None:
    """A full page would make Lidarr ask for up to 29 more."""
    root = indexer.ask("music", artist="Radiohead", album="OK Computer")
    items = read_items(root)
    assert 0 < len(items) < 100
    (response,) = root.iter(f"{NEWZNAB}response")
    assert (response.get("offset"), response.get("total")) == ("0", str(len(items)))


def test_N12_NP_16_the_second_page_is_empty_and_costs_no_search(indexer: Indexer) -> None:
    """Lidarr pages on; slskd must not notice."""
    before = indexer.searches()
    for offset in (1, 99, 100, 2900):
        assert indexer.album("Radiohead", "Second Page Only", offset=offset) == []
    assert indexer.searches() == before


@pytest.mark.parametrize(
    ("limit", "most"), [("1000", 99), ("1", 1), ("2", 2), ("0", 99), ("-5", 99)]
)
def test_NP_17_a_limit_is_kept_or_clamped(
    indexer: Indexer, found: list[Item], limit: str, most: int
) -> None:
    """NZBHydra2 asks for a thousand; the best ones stay."""
    items = indexer.album("Radiohead", "OK Computer", limit=limit)
    assert [item.guid for item in items] == [item.guid for item in found][:most]


def test_N17_NP_12_an_artist_search_finds_several_albums(indexer: Indexer) -> None:
    """Each title says which one it is."""
    items = indexer.items(q="", artist="Radiohead")
    albums = set()
    for item in items:
        read = read_back(item.title)
        assert read is not None, item.title
        assert read.artist == "Radiohead"
        albums.add(read.album)
    assert albums >= {"OK Computer", "Kid A", "Amnesiac"}


@pytest.mark.parametrize(
    "query", ["AC%2FDC%20Back%20in%20Black", "AC%2FDC+Back+in+Black", "ac%2fdc%20BACK%20in%20black"]
)
def test_N18_NP_14_a_text_search_is_split(indexer: Indexer, query: str) -> None:
    """Plus and %20 are blanks, the case does not matter."""
    key = indexer.service.api_key
    items = read_items(document(indexer.get(f"?t=search&cat=3000&apikey={key}&q={query}")))
    assert [item.quality for item in items] == ["FLAC"]
    assert search_accepts(items[0].title, "AC/DC", "Back in Black")


def test_N19_NP_13_the_year_tells_namesakes_apart(indexer: Indexer) -> None:
    """1994 is the blue one."""
    (item,) = indexer.album("Weezer", "Weezer", year=1994)
    assert " - 1994-slsk" in item.title
    for odd in ("0", "", "unknown", "99999"):
        assert indexer.album("Weezer", "Weezer", year=odd)


def test_N21_a_name_that_lost_its_sign_still_answers(indexer: Indexer) -> None:
    """`+44` arrives as ` 44`."""
    key = indexer.service.api_key
    query = "&q=&artist=%2044&album=When%20Your%20Heart%20Stops%20Beating"
    items = read_items(document(indexer.get(f"?t=music&cat=3000&apikey={key}{query}")))
    assert len(items) == 1


def test_NP_19_odd_numbers_are_no_numbers(indexer: Indexer, found: list[Item]) -> None:
    """Prowlarr sends what is meant for `maxage` as three others."""
    odd = {"minage": "", "maxage": "1.5", "minsize": "abc", "maxsize": "-", "limit": "many"}
    items = indexer.album("Radiohead", "OK Computer", **odd)
    assert [item.guid for item in items] == [item.guid for item in found]


def test_NP_21_unknown_parameters_are_ignored(indexer: Indexer, found: list[Item]) -> None:
    """NZBHydra2's `password=1` and the rest of the specification."""
    extra: dict[str, str | int] = {"password": 1, "attrs": "poster,size", "del": 1, "o": "xml"}
    items = indexer.album("Radiohead", "OK Computer", **extra)
    assert [item.guid for item in items] == [item.guid for item in found]


def test_NP_09_a_category_keeps_its_qualities(indexer: Indexer) -> None:
    """3010 is MP3, 3040 lossless, 3000 both, 3050 none of these."""
    asked = {
        number: {item.quality for item in indexer.album("Radiohead", "OK Computer", cat=number)}
        for number in ("3000", "3010", "3040", "3050", "3010,3040")
    }
    assert asked == {
        "3000": {"FLAC", "MP3 320"},
        "3010": {"MP3 320"},
        "3040": {"FLAC"},
        "3050": set(),
        "3010,3040": {"FLAC", "MP3 320"},
    }


def test_N16_NP_40_a_search_ends_in_time(indexer: Indexer) -> None:
    """Within the budget, and so within the 75 s that both clients grant."""
    began = time.monotonic()
    indexer.album("Nobody Heard Of", "This One Either")
    assert time.monotonic() - began < 60


# -- items -----------------------------------------------------------------------------------------


def test_N25_N26_NP_22_NP_23_dates_are_whole_seconds_of_the_past(found: list[Item]) -> None:
    """RFC 1123 with a numeric zone and the right weekday."""
    for item in found:
        moment = parse_date(item.published)
        assert item.published.endswith(" +0000")
        assert format_datetime(moment) == item.published
        assert timedelta(days=1) < datetime.now(UTC) - moment < timedelta(days=30)
        assert item.values("usenetdate") == [item.published]


def test_N27_NP_24_the_size_is_the_sum_of_the_audio(found: list[Item]) -> None:
    """The cover does not count."""
    for item in found:
        assert item.length == item.values("size")[0]
    flac = {item.size for item in found if item.quality == "FLAC"}
    assert flac == {BYTES["ann FLAC"], BYTES["bob FLAC"]}


def test_NP_27_the_size_fits_the_quality(found: list[Item]) -> None:
    """Sixteen minutes: about 880 kbit/s as FLAC and 320 as MP3."""
    for item in found:
        kilobits = item.size * 8 / 1000 / (4 * 240)
        assert 300 < kilobits < 350 if item.quality == "MP3 320" else 700 < kilobits < 1000


def test_N28_NP_31_hostile_names_stay_readable(indexer: Indexer) -> None:
    """Ampersands, angle brackets and an emoji: escaped or left out, never fatal."""
    key = indexer.service.api_key
    answer = indexer.get(t="music", artist="Simon & Garfunkel", album="Bookends", apikey=key)
    (item,) = read_items(document(answer))
    assert not re.search(rb"&(?!amp;|lt;|gt;|quot;|apos;|#\d+;)", answer.content)
    feed = read_feed(answer.text, answer.url)
    assert [release.title for release in feed.releases] == [item.title]
    assert search_accepts(item.title, "Simon & Garfunkel", "Bookends")


def test_N29_N32_NP_32_NP_35_links_are_fetched_as_they_are(found: list[Item]) -> None:
    """Absolute, plain ASCII, nothing to escape, no header and no key needed, more than once."""
    for item in found:
        assert re.fullmatch(r"http://[a-z0-9.:]+/[A-Za-z0-9/?&=._-]+", item.url)
        assert quote(item.url, safe=":/?&=") == item.url
        first, second = (
            requests.get(item.url, headers={"User-Agent": ""}, timeout=9) for _ in "ab"
        )
        assert first.status_code == second.status_code == 200
        assert first.content == second.content


def test_N30_NP_25_NP_26_attributes_have_names_and_the_right_namespace(found: list[Item]) -> None:
    """Parent and child category, size and the rest; nothing of a peer's name."""
    expected = {"FLAC": ["3000", "3040"], "MP3 320": ["3000", "3010"]}
    for item in found:
        assert item.values("category") == expected[item.quality]
        assert item.values("files") == ["4"]
        text = " ".join(value for _, value in item.attributes) + item.title
        assert not {"ann", "bob", "cleo"} & set(re.findall(r"\w+", text.lower()))


def test_N31_nothing_is_called_error(indexer: Indexer) -> None:
    """Anywhere in a document that is none."""
    for query in ("t=caps", "t=search", "t=music&artist=Radiohead&album=OK%20Computer"):
        root = document(indexer.get(f"?{query}&apikey={indexer.service.api_key}"))
        assert next(root.iter("error"), None) is None


def test_N33_NP_29_two_peers_differ_in_title_and_date(found: list[Item]) -> None:
    """Otherwise a failure of one would block the other."""
    one, other = (item for item in found if item.quality == "FLAC")
    assert one.title != other.title
    assert one.title[:-8] == other.title[:-8]
    assert parse_date(one.published) != parse_date(other.published)
    assert one.guid != other.guid


def test_N34_no_title_is_part_of_another(indexer: Indexer) -> None:
    """Lidarr's blocklist asks with LIKE."""
    titles = [item.title for item in indexer.items(q="", artist="Radiohead")]
    assert len(titles) >= 5
    assert not [title for title in titles if set(title) & set("%_")]
    assert not [(a, b) for a, b in permutations(titles, 2) if a.lower() in b.lower()]


def test_N33_a_blocklisted_peer_leaves_the_other_one_grabbable(indexer: Indexer) -> None:
    """With Lidarr's own comparison of title, date and size."""
    releases = indexer.lidarr().search_album("Radiohead", "OK Computer")
    failed = releases[0]
    row = BlocklistRow("Radiohead", failed.title, failed.published, failed.size, "SoulSpot")
    blocked = [
        release
        for release in releases
        if is_blocklisted(release, [row], artist="Radiohead", indexer="SoulSpot")
    ]
    assert blocked == [failed]
    assert len(releases) == 3


def test_N36_the_best_candidate_comes_first(found: list[Item]) -> None:
    """Lossless before lossy; Lidarr keeps our order where it sees no difference."""
    assert [item.quality for item in found] == ["FLAC", "FLAC", "MP3 320"]


def test_NP_28_titles_say_everything_by_themselves(found: list[Item]) -> None:
    """Prowlarr hands on no other attribute."""
    for item in found:
        read = read_back(item.title)
        assert read is not None
        assert (read.artist, read.album) == ("Radiohead", "OK Computer")
        assert read.quality == {"FLAC": "FLAC", "MP3 320": "MP3-320"}[item.quality]


# -- one release -----------------------------------------------------------------------------------


def test_G01_NP_33_the_link_is_an_nzb(indexer: Indexer, found: list[Item]) -> None:
    """Root and files in one namespace, its media type, a file name; by guid and key as well."""
    for url in (
        found[0].url,
        f"{indexer.endpoint}?t=get&id={found[0].guid}&apikey={indexer.service.api_key}",
    ):
        answer = requests.get(url, timeout=9)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("application/x-nzb")
        assert re.search(r'filename="?[\w.-]+\.nzb', answer.headers["Content-Disposition"])
        root = fromstring(answer.content)
        assert root.tag == "{http://www.newzbin.com/DTD/2003/nzb}nzb"
        assert root.findall("{http://www.newzbin.com/DTD/2003/nzb}file")


def test_G04_hostile_names_inside_the_nzb_are_escaped(indexer: Indexer) -> None:
    """It parses, and nothing readable got lost."""
    (item,) = indexer.album("Simon & Garfunkel", "Bookends")
    text = requests.get(item.url, timeout=9).content
    assert fromstring(text).tag.endswith("nzb")
    assert not re.search(rb"&(?!amp;|lt;|gt;|quot;|apos;|#\d+;)", text)


def test_G05_the_link_needs_no_header(found: list[Item]) -> None:
    """No Accept, any agent, no cookie."""
    for headers in ({}, {"User-Agent": "x"}, {"Accept": "text/html", "Cookie": "a=b"}):
        answer = requests.get(found[0].url, headers=headers, timeout=9)
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers


def test_a_changed_signature_opens_nothing(indexer: Indexer, found: list[Item]) -> None:
    """Without the key a link is good for its own release only."""
    other = found[1].url.partition("&id=")[2].partition("&")[0]
    mine = found[0].url.partition("&id=")[2].partition("&")[0]
    for url in (
        found[0].url.replace(mine, other),
        found[0].url[:-1],
        f"{indexer.endpoint}?t=get&id={mine}",
    ):
        assert error_code(requests.get(url, timeout=9)) == 100


def test_NP_47_details_show_the_one_item(indexer: Indexer, found: list[Item]) -> None:
    """By `id` and by `guid`, both in use."""
    for name in ("id", "guid"):
        (item,) = read_items(indexer.ask("details", **{name: found[0].guid}))
        assert (item.title, item.published, item.url) == (
            found[0].title,
            found[0].published,
            found[0].url,
        )
