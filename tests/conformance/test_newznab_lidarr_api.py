"""Lidarr's own API next to the feed: exact names of the library, and what happens when it fails.

Row N20 of contract lidarr §13.4 and W05-W07 of §13.7, with a Lidarr that really searches, polls and
imports.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from soulspot_arr.demo.library import Album, simple_album
from soulspot_arr.rules.lidarr.parser import search_accepts
from soulspot_arr.simulator.world import World
from tests.conformance.indexer import Indexer, dead_address, open_indexer, share_folder
from tests.conformance.running import until
from tests.story.lidarr import LIDARR_KEY, StoryLidarr, imported, story_lidarr
from tests.story.stage import ONE_DISC, share

pytestmark = pytest.mark.xdist_group(name="conformance-newznab-lidarr-api")

TITLES = ("Quarry 1", "Weir 2", "Anvil 3", "Orchard 4", "Ferry 5")


def album(
    artist: str, title: str, year: int, disambiguation: str = "", *, tracks: int = 4
) -> Album:
    """An album with the songs that everybody here shares, each `tracks` minutes long."""
    songs = [(name, 60.0 * tracks) for name in TITLES[:tracks]]
    return simple_album(artist, title, year, tuple(songs), disambiguation=disambiguation)


LIBRARY = (
    album("Weezer", "Weezer", 1994, "Blue Album"),
    album("Weezer", "Weezer", 2001, "Green Album", tracks=5),
    album("AC/DC", "Back in Black", 1980),
    album("+44", "When Your Heart Stops Beating", 2006),
    ONE_DISC,
)


def build(world: World) -> None:
    """Two albums of one name, some others, and one with real audio."""
    share_folder(world, "blue", r"Music\Weezer\1994 - Weezer (Blue Album)")
    share_folder(world, "green", r"Music\Weezer\2001 - Weezer (Green Album)", 5, seconds=300)
    share_folder(world, "loud", r"Music\ACDC\Back In Black (1980)")
    share_folder(world, "plus", r"Music\+44\When Your Heart Stops Beating (2006)")
    world.add_peer("dusty_shelf", free_slots=1, speed=8_000_000, response_delay=0.2)


@pytest.fixture(scope="module")
def lidarr(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoryLidarr]:
    """One Lidarr for the module."""
    with story_lidarr(tmp_path_factory.mktemp("library"), *LIBRARY) as opened:
        yield opened


@pytest.fixture(scope="module")
def indexer(tmp_path_factory: pytest.TempPathFactory, lidarr: StoryLidarr) -> Iterator[Indexer]:
    """The service, told where that Lidarr is."""
    root = tmp_path_factory.mktemp("names")
    with open_indexer(root, build, settings=lidarr.settings) as opened:
        share(opened.simulator, "dusty_shelf", ONE_DISC)
        lidarr.connect(opened.service)
        yield opened


def play_to_the_import(lidarr: StoryLidarr) -> None:
    """A whole grab from search to import."""
    nzo_id = lidarr.grab(lidarr.offers(ONE_DISC))
    lidarr.play(imported(nzo_id), seconds=40)
    assert len(list(lidarr.library.rglob("*.flac"))) == ONE_DISC.track_count


def posted(lidarr: StoryLidarr) -> int:
    """How many commands the service has posted: nobody else does."""
    wanted = ("POST", "/api/v1/command", 201)
    return sum(
        (seen["method"], seen["target"], seen["status"]) == wanted
        for seen in tuple(lidarr.double.requests)
    )


@pytest.mark.parametrize(
    ("appended", "year"), [("Weezer Blue Album", 1994), ("Weezer Green Album", 2001)]
)
def test_N20_a_disambiguation_is_taken_off_again(
    indexer: Indexer, appended: str, year: int
) -> None:
    """Lidarr asks for "Weezer Blue Album" and refuses it as a title."""
    (item,) = indexer.album("Weezer", appended)
    assert search_accepts(item.title, "Weezer", "Weezer")
    assert f" - Weezer - {year}-slsk" in item.title
    assert "Album" not in item.title


def test_N18_N21_names_are_the_librarys(indexer: Indexer) -> None:
    """Of a text search, and of a name whose plus got lost for good."""
    (item,) = indexer.items("search", q="ac dc back in black")
    assert "AC/DC - Back in Black - 1980" in item.title
    (item,) = indexer.album("44", "When Your Heart Stops Beating")
    assert search_accepts(item.title, "+44", "When Your Heart Stops Beating")


def test_the_library_is_read_once_for_many_searches(indexer: Indexer, lidarr: StoryLidarr) -> None:
    """It may hold thousands of albums."""
    for title in ("Nothing", "Never", "Nowhere"):
        indexer.album("Nobody Whatsoever", title)
    targets = [seen["target"] for seen in tuple(lidarr.double.requests)]
    assert targets.count("/api/v1/album") == 1


@contextmanager
def another_client_that_hangs(lidarr: StoryLidarr) -> Iterator[socket.socket]:
    """A second download client of this Lidarr, which takes every request and answers none."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"{lidarr.double.url}/api/v1/downloadclient"
        headers = {"X-Api-Key": LIDARR_KEY}
        body = requests.get(f"{url}/schema", headers=headers, timeout=9).json()[0]
        for entry in body["fields"]:
            given = {"host": "127.0.0.1", "port": listening.getsockname()[1], "apiKey": "any"}
            entry["value"] = given.get(entry["name"], entry.get("value"))
        # Saved without being asked: first switched off, then by force.
        body |= {"name": "The other one", "enable": False}
        saved = requests.post(url, json=body, headers=headers, timeout=9).json()
        address = f"{url}/{saved['id']}"
        forced = {"forceSave": "true"}
        answer = requests.put(
            address, json=body | saved | {"enable": True}, params=forced, headers=headers, timeout=9
        )
        assert answer.status_code == 202, answer.text
        try:
            yield listening
        finally:
            requests.delete(address, headers=headers, timeout=9)


def test_W06_a_command_that_had_already_started_is_posted_again(
    indexer: Indexer, lidarr: StoryLidarr
) -> None:
    """It may have looked before our news: it had, and hangs at another client since then."""
    before = posted(lidarr)
    with another_client_that_hangs(lidarr) as hanging:
        looking = threading.Thread(target=lidarr.double.refresh)
        looking.start()
        try:
            held, _ = hanging.accept()
            nzo_id = lidarr.grab(lidarr.offers(ONE_DISC))
            until(lambda: posted(lidarr) > before or None, "the end of the download is told")
            assert posted(lidarr) == before + 1
            held.close()
        finally:
            hanging.close()
            looking.join()
        until(lambda: posted(lidarr) >= before + 2 or None, "the command is posted twice")
    lidarr.play(imported(nzo_id), seconds=40)
    commands = lidarr.double.life.commands.all()
    manual = {command.name for command in commands if command.trigger == "manual"}
    assert manual == {"RefreshMonitoredDownloads"}


@pytest.mark.parametrize("trouble", ["wrong key", "unreachable"])
def test_W05_W07_a_failing_lidarr_api_disturbs_nothing(tmp_path: Path, trouble: str) -> None:
    """Search, grab and import go on; a refused key is told once and not shown again."""
    with story_lidarr(tmp_path / "library", *LIBRARY) as lidarr:
        settings = {
            "SOULSPOT_LIDARR_URL": lidarr.double.url if trouble == "wrong key" else dead_address(),
            "SOULSPOT_LIDARR_API_KEY": "wrong-key-0123456789",
        }
        with open_indexer(tmp_path, build, settings=settings) as opened:
            share(opened.simulator, "dusty_shelf", ONE_DISC)
            lidarr.connect(opened.service)
            (item,) = opened.album("Weezer", "Weezer Blue Album")
            assert search_accepts(item.title, "Weezer", "Weezer")
            shown = refused(lidarr)
            play_to_the_import(lidarr)
            log = opened.service.log.read_text()
    if trouble == "wrong key":
        # The search and the start of the service may both have asked before the first answer.
        assert 1 <= refused(lidarr) == shown <= 2
        assert sum("its own API is not used" in line for line in log.splitlines()) == 1
    assert "Traceback" not in log


def refused(lidarr: StoryLidarr) -> int:
    """How often a wrong key was shown."""
    return sum(seen["status"] == 401 for seen in tuple(lidarr.double.requests))
