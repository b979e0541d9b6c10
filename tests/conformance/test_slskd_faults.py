"""What Lidarr and people see when slskd is wrong, slow, restarted, banned or away.

Rows of contract slskd §13.3 as a client meets them: A02, A12, B03, B07, B08, C03, C05, C07, C09, C20,
C22, C27, E11, L01-L03, L06 and the wrong types of §0.1; G06 of contract lidarr §13.5. Always the
same promise: a search is a feed in time, health says what to mend, and nothing that was grabbed is
lost.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests

from soulspot_arr.demo.events import Choice, DownloadFailed
from soulspot_arr.demo.library import simple_album
from soulspot_arr.simulator.world import World
from tests.conformance.indexer import (
    Indexer,
    dead_address,
    open_indexer,
    share_folder,
)
from tests.conformance.running import SLSKD_KEY, until
from tests.conformance.web_page import web_page
from tests.story.lidarr import StoryLidarr, imported, story_lidarr
from tests.story.stage import share

pytestmark = pytest.mark.xdist_group(name="conformance-slskd-faults")

BUDGET = 6.0
IN_TIME = 30.0  # seconds; the budget, its short grace, and a machine that has other things to do
# Nothing about slskd is pinned: the tests point the service at wrong addresses and back.
SETTINGS = {
    "SOULSPOT_SLSKD_URL": "",
    "SOULSPOT_SLSKD_API_KEY": "",
    "SOULSPOT_SEARCH_BUDGET": "",
    "SOULSPOT_SEARCH_EMPTY_CACHE": "0",
    "SOULSPOT_SEARCH_CACHE": "0",
    "SOULSPOT_SEARCH_RUNGS": "2",
    "SOULSPOT_SEARCH_BAN_PAUSE": "3",
    "SOULSPOT_SEARCH_DIG": "0",  # slskd runs two searches at once: none of them in the background
    "SOULSPOT_SLSKD_READ_TIMEOUT": "2",
    "SOULSPOT_SLSKD_CONNECT_TIMEOUT": "1",
}
TRACKS = (("Lantern", 12), ("Quarry", 13))
ARTIST, ALBUM = "Ida Foss", "Quiet Engines"


def build(world: World) -> None:
    """One album to search for; those that are grabbed come with their tests."""
    share_folder(world, "ann", r"Music\Ida Foss\Quiet Engines (2012)")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Indexer]:
    """One service for all troubles."""
    root = tmp_path_factory.mktemp("faults")
    with (
        open_indexer(root, build, settings=SETTINGS) as opened,
        opened.changed({"slskd.url": opened.simulator.url, "slskd.api_key": SLSKD_KEY}),
        opened.changed({"search.budget": BUDGET}),
    ):
        yield opened


@pytest.fixture
def indexer(running: Indexer) -> Iterator[Indexer]:
    """Mended after every test."""
    yield running
    world = running.simulator.world
    world.faults.clear()
    world.network.blocked_phrases.clear()
    world.network.trickles.clear()
    world.network.search_budget = None
    world.reject_login(False)
    world.reconnect()


@pytest.fixture
def watched(indexer: Indexer) -> Indexer:
    """The last health report is good, so a red one is news."""
    wait_healthy(indexer)
    return indexer


def wait_healthy(indexer: Indexer) -> None:
    """Until no check is an error, as an outage may have ended a moment ago."""

    def healthy() -> bool | None:
        levels = indexer.health()
        return True if levels and "error" not in levels.values() else None

    until(healthy, "everything is healthy", seconds=60)


def wait_red(indexer: Indexer, code: str) -> None:
    """Until this very check is an error."""
    until(lambda: indexer.health().get(code) == "error" or None, f"{code} is an error")


def searched(indexer: Indexer) -> tuple[int, float]:
    """How many items the search finds, and how long it takes; fails for anything but a feed."""
    began = time.monotonic()
    count = len(indexer.album(ARTIST, ALBUM))
    return count, time.monotonic() - began


def assert_empty_in_time(indexer: Indexer) -> None:
    """An empty feed although slskd would keep one waiting for much longer."""
    count, seconds = searched(indexer)
    assert count == 0
    assert seconds < IN_TIME


def assert_mended(indexer: Indexer) -> None:
    """The same search finds the album, without any hand laid on the service."""
    until(lambda: True if searched(indexer)[0] == 1 else None, "the search works again")


# -- wrong settings --------------------------------------------------------------------------------


def test_slskd_A02_a_wrong_key_is_named(watched: Indexer) -> None:
    """401 without a body."""
    with watched.changed({"slskd.api_key": "not-the-right-key-0000"}):
        assert_empty_in_time(watched)
        wait_red(watched, "slskd_key")
        assert watched.health()["slskd_reachable"] == "ok"
    assert_mended(watched)


def test_slskd_A12_a_web_page_is_not_slskd(watched: Indexer) -> None:
    """200 with HTML for every path, as slskd itself answers below a wrong base address."""
    with web_page() as url, watched.changed({"slskd.url": url}):
        assert_empty_in_time(watched)
        wait_red(watched, "slskd_reachable")
    with watched.changed({"slskd.url": f"{watched.simulator.url}/no/such/base"}):
        assert_empty_in_time(watched)
        wait_red(watched, "slskd_reachable")
    assert_mended(watched)


@pytest.mark.parametrize("body", [b"[]", b"{}", b"null", b'"0.26.0"', b"17", b'{"status": "ok"}'])
def test_json_of_something_else_is_not_slskd(watched: Indexer, body: bytes) -> None:
    """The port belongs to another program."""
    with web_page(body, "application/json") as url, watched.changed({"slskd.url": url}):
        assert_empty_in_time(watched)
        wait_red(watched, "slskd_reachable")
    assert_mended(watched)


def test_an_address_where_nobody_listens(watched: Indexer) -> None:
    """Connection refused: empty at once, and not when the budget of a minute is over."""
    with watched.changed({"slskd.url": dead_address(), "search.budget": 70}):
        assert_empty_in_time(watched)
        wait_red(watched, "slskd_reachable")
    assert_mended(watched)


# -- sick answers ----------------------------------------------------------------------------------

_FAULTS: dict[str, tuple[str, dict[str, object]]] = {
    "L01 database locked": ("error", {"status": 500}),
    "C05 not logged in": ("error", {"status": 409, "path": "*/searches", "method": "POST"}),
    "C03 always 429": ("error", {"status": 429, "path": "*/searches", "method": "POST"}),
    "C07 refused text": ("error", {"status": 400, "path": "*/searches", "method": "POST"}),
    "L03 bad gateway": ("proxy", {"status": 502}),
    "L03 unavailable": ("proxy", {"status": 503}),
    "a login page": ("proxy", {"status": 200}),
    "L02 cut off": ("truncated", {}),
    "L02 reset": ("reset", {}),
    "L02 reset after the work": ("reset", {"after": True}),
    "L02 very slow": ("slow", {"delay": 2_000.0}),
    "null everywhere": ("body", {"body": None}),
    "a list everywhere": ("body", {"body": [1, "two", {}]}),
    "an object everywhere": ("body", {"body": {"id": 5, "state": [], "endedAt": {}}}),
}


@pytest.mark.parametrize("name", _FAULTS)
def test_slskd_C03_C05_C07_L01_L02_L03_sick_answers_are_an_empty_feed_in_time(
    indexer: Indexer, name: str
) -> None:
    """As long as it lasts; the next search after it works."""
    kind, values = _FAULTS[name]
    path = str(values.get("path", "*/searches*"))
    rest = {key: value for key, value in values.items() if key != "path"}
    indexer.simulator.world.fault(kind, path, times=None, **rest)  # type: ignore[arg-type]
    assert_empty_in_time(indexer)
    indexer.simulator.world.faults.clear()
    assert_mended(indexer)


@pytest.mark.parametrize("kind", ["error", "proxy", "truncated", "reset", "wrong_types"])
def test_slskd_L01_L02_one_sick_answer_loses_nothing(indexer: Indexer, kind: str) -> None:
    """A single GET that fails, or one with numbers as texts, is survived by the same search."""
    indexer.simulator.world.fault(kind, "*/searches/*", method="GET", times=1)
    assert searched(indexer)[0] == 1


def test_slskd_C03_a_throttled_start_is_repeated_or_empty(indexer: Indexer) -> None:
    """One 429: the answer is in time either way, and no search is left behind."""
    indexer.simulator.world.fault("error", "*/searches", method="POST", times=1, status=429)
    _, seconds = searched(indexer)
    assert seconds < IN_TIME
    assert_mended(indexer)
    until(lambda: True if not indexer.kept_searches() else None, "no search is left behind")


def test_wrong_types_in_every_answer_are_read(indexer: Indexer) -> None:
    """Numbers as texts and booleans as numbers, as a careless proxy writes them."""
    indexer.simulator.world.fault("wrong_types", "*/searches*", times=None)
    count, seconds = searched(indexer)
    assert count in {0, 1}
    assert seconds < IN_TIME
    indexer.simulator.world.faults.clear()
    assert_mended(indexer)


# -- moods of the server ---------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["B03 lost", "B07 kicked", "B07 refused", "B08 banned"])
def test_slskd_B03_B07_B08_C05_offline_is_an_empty_feed_and_named(
    watched: Indexer, how: str
) -> None:
    """C05: 409 and a leftover record, which is removed; the health report says why."""
    world = watched.simulator.world
    if how == "B08 banned":
        world.ban(10_000)
    elif how == "B07 kicked":
        world.kick()
    else:
        world.reject_login(how == "B07 refused")
        world.disconnect(down_for=10_000 if how == "B03 lost" else 0)
    assert_empty_in_time(watched)
    wait_red(watched, "soulseek_login")
    assert watched.health()["slskd_key"] == "ok"
    world.reconnect()
    assert_mended(watched)
    until(lambda: True if not watched.kept_searches() else None, "the leftovers are removed")


def test_slskd_C20_a_restart_during_a_search(indexer: Indexer) -> None:
    """What was found is lost; the feed is empty or found by the next text, and in time."""
    indexer.simulator.world.trickle(500, 1.5, match="quiet")
    restart = threading.Thread(target=indexer.simulator.restart, daemon=True)
    indexer.simulator.clock.call_later(10.0, restart.start)
    _, seconds = searched(indexer)
    assert seconds < IN_TIME
    restart.join(20)
    assert not restart.is_alive()
    indexer.simulator.world.network.trickles.clear()
    assert_mended(indexer)


def test_slskd_C22_a_swallowed_query_is_asked_in_other_words(indexer: Indexer) -> None:
    """The server answers some words with silence; a later text drops the letter it knows."""
    indexer.simulator.world.block_phrase("ida foss quiet engines")
    assert searched(indexer)[0] == 1


def test_slskd_C09_a_search_that_gets_stuck(indexer: Indexer) -> None:
    """It never ends, whatever it is told: empty in time, and stopped as soon as slskd listens.

    So does every other text of the question: none of them may find the album after all.
    """
    world = indexer.simulator.world
    world.trickle(50_000, 0.3)
    world.fault("error", "*/searches/*", method="PUT", times=None)
    assert_empty_in_time(indexer)
    stuck = indexer.kept_searches()
    assert stuck
    world.faults.clear()
    world.network.trickles.clear()
    until(lambda: set(stuck).isdisjoint(indexer.kept_searches()) or None, "they are stopped")
    for search in stuck:
        seen = [one for one in indexer.simulator.requests if search in one.path]
        # Removing alone leaves its slot occupied.
        assert [(one.method, one.status) for one in seen[-2:]] == [("PUT", 200), ("DELETE", 204)]
    assert_mended(indexer)


def test_slskd_C27_a_ban_by_the_server_is_survived(watched: Indexer) -> None:
    """Others used the budget up: silence, then offline; every search stays a feed."""
    world = watched.simulator.world
    world.search_budget(0, 10_000, ban=10_000)
    for _ in range(3):
        assert_empty_in_time(watched)
    wait_red(watched, "soulseek_login")
    world.network.search_budget = None
    world.reconnect()
    assert_mended(watched)


def test_N08_the_feed_is_never_empty_whatever_slskd_does(indexer: Indexer) -> None:
    """Nor does it wait for slskd: it asks nobody."""
    indexer.simulator.world.fault("slow", "*", times=None, delay=2_000.0)
    before = indexer.searches()
    began = time.monotonic()
    for kind in ("music", "search"):
        assert len(indexer.items(kind)) == 1
    assert time.monotonic() - began < IN_TIME
    assert indexer.searches() == before


# -- grabs -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lidarr(tmp_path_factory: pytest.TempPathFactory, running: Indexer) -> Iterator[StoryLidarr]:
    """A Lidarr that knows the service; the service does not know its API."""
    with story_lidarr(tmp_path_factory.mktemp("library")) as opened:
        opened.connect(running.service)
        yield opened


Offered = tuple[Choice, ...]


def offered(lidarr: StoryLidarr, indexer: Indexer, title: str, *, others: int = 0) -> Offered:
    """A new album that somebody (and so many others) share, found but not grabbed yet."""
    # An artist for each: without renaming all files of one artist lie in one folder.
    album = simple_album(f"Marlow Fen {title}", title, 2009, TRACKS)
    lidarr.want(album)
    for number in range(others + 1):
        peer = f"{title.lower().replace(' ', '_')}_{number}"
        indexer.simulator.world.add_peer(peer, free_slots=1, speed=3_000_000, response_delay=0.2)
        share(indexer.simulator, peer, album)
    return lidarr.offers(album)


def assert_imported(lidarr: StoryLidarr, nzo_id: str) -> None:
    """It ends in Lidarr's library, and nothing was reported as failed on the way."""
    if not imported(nzo_id)(lidarr.seen):
        lidarr.play(imported(nzo_id), seconds=120)
    assert lidarr.window.blocklist() == []


def queue_ids(indexer: Indexer) -> list[str]:
    """What Lidarr would see in the queue."""
    queue = indexer.service.sab("queue")["queue"]
    assert isinstance(queue, dict)
    return [slot["nzo_id"] for slot in queue["slots"]]


@contextmanager
def trouble(indexer: Indexer, name: str) -> Iterator[None]:
    """slskd is of no use for a while, in one of many ways."""
    world = indexer.simulator.world
    wrong: dict[str, str | float] = {}
    if name == "Unreachable":
        wrong = {"slskd.url": dead_address()}
    elif name == "Offline":
        world.disconnect(down_for=10_000)
    elif name == "Failing":
        world.fault("error", "*/transfers/*", times=None)
    elif name == "Throttled":
        world.fault("error", "*/transfers/*", method="POST", times=None, status=429)
    else:
        world.fault("proxy", "*/transfers/*", times=None, status=200)
    with indexer.changed(wrong):
        if wrong:
            assert_empty_in_time(indexer)  # the new address is in force
        yield
    world.faults.clear()
    world.reconnect()
    assert_mended(indexer)


def test_slskd_E07_E11_L01_L03_grabs_wait_and_finish_when_slskd_is_back(
    indexer: Indexer, lidarr: StoryLidarr
) -> None:
    """G06: taken at once, queued all the time, never failed, and all of them finished afterwards."""
    waiting = []
    for name in ("Unreachable", "Offline", "Failing", "Throttled", "Login Page"):
        found = offered(lidarr, indexer, f"Patient {name}")
        with trouble(indexer, name):
            nzo_id = lidarr.grab(found)
            for _ in range(4):
                assert nzo_id in queue_ids(indexer)
                time.sleep(0.3)
        waiting.append(nzo_id)
    for nzo_id in waiting:
        assert_imported(lidarr, nzo_id)


def test_slskd_A02_a_grab_with_a_wrong_key_only_waits(
    indexer: Indexer, lidarr: StoryLidarr
) -> None:
    """Queued and never failed; it is asked for again within a minute after the key is mended.

    Taken out of the queue at the end, because nobody is asked for anything in that minute.
    """
    found = offered(lidarr, indexer, "Locked Out")
    with indexer.changed({"slskd.api_key": "not-the-right-key-0000"}):
        assert_empty_in_time(indexer)
        nzo_id = lidarr.grab(found)
        time.sleep(1.5)
        assert nzo_id in queue_ids(indexer)
    assert nzo_id in queue_ids(indexer)
    seen = lidarr.refresh()
    assert all(not isinstance(event, DownloadFailed) for event in seen)
    assert nzo_id in {row["downloadId"] for row in lidarr.window.queued()}
    assert indexer.service.sab("queue", name="delete", value=nzo_id)["status"] is True


@pytest.mark.parametrize("graceful", [True, False], ids=["graceful", "hard"])
def test_slskd_H01_H06_a_restart_of_slskd_in_the_middle(
    indexer: Indexer, lidarr: StoryLidarr, graceful: bool
) -> None:
    """Ids change, connections are refused for a while; the album arrives under the same id.

    What slskd itself ends in an orderly stop looks like cancelled by a person and comes from the
    other peer (contract slskd §5.9).
    """
    title = f"Restarted {'Softly' if graceful else 'Harshly'}"
    found = offered(lidarr, indexer, title, others=1)
    peers = [name for name in indexer.simulator.world.peers if name.startswith("restarted_")]
    for peer in peers:
        indexer.simulator.world.set_peer(peer, speed=20_000)
    nzo_id = lidarr.grab(found)

    def moving() -> bool | None:
        answer = requests.get(
            f"{indexer.simulator.url}/api/v0/transfers/downloads",
            headers={"X-API-Key": SLSKD_KEY},
            timeout=9,
        )
        return True if "InProgress" in answer.text else None

    until(moving, "bytes are moving")
    indexer.simulator.restart(graceful, downtime=20.0)
    for peer in peers:
        indexer.simulator.world.set_peer(peer, speed=5_000_000)
    assert_imported(lidarr, nzo_id)


def test_G06_links_work_while_slskd_is_away(indexer: Indexer) -> None:
    """Nothing about an NZB needs slskd: no 503, hence no retry and no blame."""
    (item,) = indexer.album(ARTIST, ALBUM)
    with indexer.changed({"slskd.url": dead_address()}):
        assert requests.get(item.url, timeout=9).status_code == 200
