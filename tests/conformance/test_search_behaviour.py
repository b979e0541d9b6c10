"""How searches behave towards slskd and over time: how many, how long, which folders, same names.

Rows N32, N33, N36 of contract lidarr §13.4 over time, G02 and G03 of §13.5, NP_18, NP_29, NP_41 of
contract sabnzbd-newznab-prowlarr §7.2, and what contract slskd §3, §11.1 and §12 ask of a client.
"""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from soulspot_arr.demo.prowlarr import ProwlarrClient
from soulspot_arr.simulator.world import World
from tests.conformance.indexer import Indexer, Item, Setting, open_indexer, share_folder
from tests.conformance.running import until

pytestmark = pytest.mark.xdist_group(name="conformance-search-behaviour")

FREE = {
    "SOULSPOT_SLSKD_IDLE_TIMEOUT": "",
    "SOULSPOT_SEARCH_RATE_WINDOW": "",
    "SOULSPOT_SEARCH_BUDGET": "",
    "SOULSPOT_SEARCH_DRY_AFTER": "",
}
BASE: dict[str, Setting] = {
    "search.dig": 0,  # what goes on in the background has tests of its own
    "slskd.idle_timeout": 2,
    "search.rate_window": 1,
    "search.budget": 20,
    "search.dry_after": 0.5,
}
MANY = 150
_SYLLABLES = ("ka", "lo", "mi", "ru", "se", "ta", "vo", "ne", "dri", "gul", "pha", "zor")


def _word(number: int) -> str:
    chance = random.Random(number)
    return "".join(chance.choice(_SYLLABLES) for _ in range(4)).capitalize()


def build(world: World) -> None:
    """Albums with one flaw each, twins, and an artist with very many of them."""
    for number in range(9):
        share_folder(
            world, f"lone{number}", rf"Music\Halden Ray\{_word(9000 + number)} Street (2004)"
        )
    for peer in ("ann", "bob"):
        share_folder(world, peer, r"Music\Orla Quint\Paper Tide (2011)", 6)
    for peer, count in (("full1", 12), ("full2", 12), ("half", 7), ("most", 11)):
        share_folder(world, peer, r"Music\Orla Quint\Broken Counts (2012)", count)
    share_folder(world, "ann", r"Music\Orla Quint\Locked Room (2013)", 5, locked=2)
    share_folder(world, "bob", r"Music\Orla Quint\Missing Piece (2014)", [1, 2, 4, 5])
    for disc in (1, 2, 3):
        share_folder(world, "cleo", rf"Music\Orla Quint\Three Rooms (2015)\CD{disc}", 3 + disc)
    for kind in ("FLAC", "FLAC 24bit", "MP3 320", "MP3 VBR V0"):
        for copy in range(5):
            peer = f"{kind} {copy}".replace(" ", "").lower()
            share_folder(world, peer, rf"Music\Orla Quint\Every Shade (2016) [{kind}]", kind=kind)
    for number in range(MANY):
        folder = rf"Music\Prolific Pia\{_word(number)} {_word(5000 + number)} (2001)"
        share_folder(world, f"fan{number}", folder, 2)
    for number in range(12):
        folder = r"Music\Crowd Pleaser\Common Ground (2018)"
        # Apart from each other: slskd writes its counts four times a second at most (C09).
        delay = 0.2 + 0.3 * number
        world.add_peer(f"crowd{number}", free_slots=1, speed=2_000_000, response_delay=delay)
        share_folder(world, f"crowd{number}", folder, kind="MP3 320")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Indexer]:
    """One service whose search settings are free to change."""
    with open_indexer(tmp_path_factory.mktemp("behaviour"), build, settings=FREE) as opened:
        yield opened


@pytest.fixture
def indexer(running: Indexer) -> Iterator[Indexer]:
    """The same with quick searches."""
    with running.changed(BASE):
        yield running


@pytest.fixture
def forgetful(indexer: Indexer) -> Iterator[Indexer]:
    """Every question is asked anew, as if hours had passed."""
    with indexer.changed({"search.cache": 0, "search.empty_cache": ["0"]}):
        yield indexer


def street(number: int) -> str:
    return f"{_word(9000 + number)} Street"


def facts(items: list[Item]) -> set[tuple[str, str, str, int, str]]:
    """What identifies items for Lidarr, and where their link leads."""
    return {(item.title, item.guid, item.published, item.size, item.url) for item in items}


# -- how many searches -----------------------------------------------------------------------------


def test_NP_41_equal_questions_at_once_are_one_search(indexer: Indexer) -> None:
    """Prowlarr, Lidarr and an impatient person."""
    before = indexer.searches()
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: indexer.album("Halden Ray", street(0)), range(6)))
    assert indexer.searches() - before == 1
    assert all(len(items) == 1 for items in answers)
    assert len({frozenset(facts(items)) for items in answers}) == 1


def test_NP_41_lidarrs_tiers_pages_and_prowlarr_share_one_answer(indexer: Indexer) -> None:
    """One album, asked in every way both programs have."""
    before = indexer.searches()
    prowlarr = ProwlarrClient(indexer.service.newznab, "/api", indexer.service.api_key)
    artist, album = "Halden Ray", street(1)
    first = indexer.lidarr().search_album(artist, album)
    assert len(first) == 1
    assert indexer.album(artist, album, offset=100) == []
    second = prowlarr.search_album(artist, album, (3000, 3040))
    third = prowlarr.search_text(f"{artist} {album}", (3000, 3040))
    assert [r.guid for r in (*first, *second, *third)] == [first[0].guid] * 3
    assert indexer.searches() - before == 1


def test_NP_41_nothing_found_is_remembered_as_well(indexer: Indexer) -> None:
    """Lidarr's second tier right after an empty first one costs nothing."""
    before = indexer.searches()
    assert indexer.lidarr().search_album("Nobody Inparticular", "Nothing Ofthesort") == ()
    climbed = indexer.searches() - before
    assert 1 <= climbed <= 5
    assert indexer.lidarr().search_album("Nobody Inparticular", "Nothing Ofthesort") == ()
    assert indexer.searches() - before == climbed


def test_too_many_questions_at_once_are_empty_at_once(indexer: Indexer) -> None:
    """Four may wait; a fifth must not hold a thread of the server."""
    world = indexer.simulator.world
    world.fault("slow", "*/searches", method="POST", times=None, delay=16.0)
    ended: list[tuple[bool, int]] = []

    def ask(number: int) -> None:
        items = indexer.album("Halden Ray", street(number))
        ended.append((bool(items), number))

    try:
        threads = [threading.Thread(target=ask, args=(number,)) for number in range(2, 8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(40)
    finally:
        world.faults.clear()
    assert [found for found, _ in ended] == [False, False, True, True, True, True]


def test_slskd_C15_enough_answers_stop_the_search_by_PUT(forgetful: Indexer) -> None:
    """And not the silence that would end it otherwise; what was found is kept."""
    seen = len(forgetful.simulator.requests)
    changes: dict[str, Setting] = {
        "slskd.idle_timeout": 60,
        "search.budget": 60,
        "search.enough_peers": 10,
    }
    with forgetful.changed(changes):
        items = forgetful.album("Crowd Pleaser", "Common Ground")
    assert len(items) == 3
    methods = [
        request.method
        for request in list(forgetful.simulator.requests)[seen:]
        if "/searches/" in request.path and request.method != "GET"
    ]
    assert methods[:2] == ["PUT", "DELETE"]


def test_slskd_C09_a_search_that_never_falls_silent_ends_within_the_budget(
    forgetful: Indexer,
) -> None:
    """C09: an answer every now and then keeps it running for ever; its results still count."""
    world = forgetful.simulator.world
    world.trickle(4000, 1.5, match="paper")
    began = time.monotonic()
    try:
        with forgetful.changed({"search.budget": 5}):
            items = forgetful.album("Orla Quint", "Paper Tide")
    finally:
        world.network.trickles.clear()
    assert len(items) == 2
    assert time.monotonic() - began < 30  # the answers come for five minutes


def test_slskd_C17_L05_our_searches_are_removed_and_foreign_ones_stay(forgetful: Indexer) -> None:
    """L05; slskd would keep ours for ever."""
    foreign = forgetful.simulator.world.foreign_search("somebody else's question", count=3)
    forgetful.album("Halden Ray", street(8))
    forgetful.album("Nobody Atall", "Nothing Whatsoever")
    assert set(foreign) <= set(forgetful.kept_searches())
    until(
        lambda: True if len(forgetful.kept_searches()) == len(foreign) else None,
        "only foreign searches are left",
    )


# -- which folders ---------------------------------------------------------------------------------


def test_NP_29_two_peers_are_two_releases(indexer: Indexer) -> None:
    """With the same size and different everything else."""
    one, other = indexer.album("Orla Quint", "Paper Tide")
    assert one.size == other.size
    assert not {one.title, one.guid, one.url, one.published} & {
        other.title,
        other.guid,
        other.url,
        other.published,
    }


def test_slskd_C24_locked_files_are_not_offered(indexer: Indexer) -> None:
    """C24: they only come as `lockedFiles`, and the album would never be whole."""
    assert indexer.album("Orla Quint", "Locked Room") == []


def test_a_folder_with_a_hole_is_not_offered(indexer: Indexer) -> None:
    """Track 3 is missing; Lidarr imports whole albums."""
    assert indexer.album("Orla Quint", "Missing Piece") == []


def test_a_folder_far_shorter_than_the_others_is_not_offered(indexer: Indexer) -> None:
    """Twelve, twelve, eleven and seven: the seven go, the twelves lead."""
    items = indexer.album("Orla Quint", "Broken Counts")
    assert [item.values("files") for item in items] == [["12"], ["12"], ["11"]]


def test_discs_are_joined(indexer: Indexer) -> None:
    """Three folders, one release with all their files."""
    (item,) = indexer.album("Orla Quint", "Three Rooms")
    assert item.values("files") == ["15"]
    files = indexer.simulator.world.peers["cleo"].files
    expected = sum(file.size for path, file in files.items() if "Three Rooms" in path)
    assert item.size == expected


def test_N36_every_quality_is_shown_with_at_most_three_peers(indexer: Indexer) -> None:
    """N36: the best first; Lidarr's profile chooses."""
    items = indexer.album("Orla Quint", "Every Shade")
    shown = [item.quality for item in items]
    assert shown == sorted(shown, key=["FLAC 24bit", "FLAC", "MP3 320", "MP3 VBR V0"].index)
    assert {quality: shown.count(quality) for quality in shown} == {
        "FLAC 24bit": 3,
        "FLAC": 3,
        "MP3 320": 3,
        "MP3 VBR V0": 3,
    }


def test_N15_NP_18_never_a_full_page(indexer: Indexer) -> None:
    """150 peers, 150 albums: 99 items, each another album, and Lidarr asks no second page."""
    client = indexer.lidarr()
    releases = client.search_artist("Prolific Pia")
    assert len(releases) == 99
    assert len({release.title[:-8] for release in releases}) == 99
    assert len([url for url in client.asked if "t=music" in url]) == 1


# -- hours later -----------------------------------------------------------------------------------


def test_N32_the_same_folders_keep_title_guid_date_and_size(forgetful: Indexer) -> None:
    """Also after a restart, with one peer gone meanwhile and another one come."""
    world = forgetful.simulator.world
    for peer in ("old1", "old2"):
        share_folder(world, peer, r"Music\Orla Quint\Long Memory (2019)")
    before = facts(forgetful.album("Orla Quint", "Long Memory"))
    searches = forgetful.searches()
    forgetful.service.stop()
    forgetful.service.start()
    assert facts(forgetful.album("Orla Quint", "Long Memory")) == before
    assert forgetful.searches() > searches
    world.set_peer("old1", online=False)
    share_folder(world, "new1", r"Music\Orla Quint\Long Memory (2019)")
    after = facts(forgetful.album("Orla Quint", "Long Memory"))
    assert len(before) == len(after) == 2
    assert len(before & after) == 1


def test_N32_a_text_search_keeps_them_too(forgetful: Indexer) -> None:
    """Found by the album search first."""
    before = facts(forgetful.album("Orla Quint", "Paper Tide"))
    assert facts(forgetful.items("search", q="Orla Quint Paper Tide")) == before


def test_G02_the_link_works_after_a_restart(indexer: Indexer) -> None:
    """With the very same content; delay profiles keep links for days."""
    (item, _) = indexer.album("Orla Quint", "Paper Tide")
    before = requests.get(item.url, timeout=9)
    indexer.service.kill()
    indexer.service.start()
    after = requests.get(item.url, timeout=9)
    assert (before.status_code, after.status_code) == (200, 200)
    assert before.content == after.content


def test_G03_a_release_that_is_not_kept_any_more_is_gone(forgetful: Indexer) -> None:
    """410 with an XML error, so that Lidarr tries the next one."""
    share_folder(forgetful.simulator.world, "passing", r"Music\Orla Quint\Short Stay (2020)")
    (item,) = forgetful.album("Orla Quint", "Short Stay")
    with sqlite3.connect(forgetful.service.data_dir / "soulspot.db", timeout=10) as database:
        database.execute("DELETE FROM releases WHERE title = ?", (item.title,))
    database.close()
    answer = requests.get(item.url, timeout=9)
    assert answer.status_code == 410
    assert "xml" in answer.headers["Content-Type"]
