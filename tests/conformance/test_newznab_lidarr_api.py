"""Lidarr's own API next to the feed: exact names of the library, and what happens when it fails.

Row N20 of contract lidarr §13.4 and W05-W07 of §13.7, with a real HTTP double of Lidarr.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from soulspot_arr.demo.events import Event, Grabbed, Imported, Searched
from soulspot_arr.demo.sabnzbd_client import SabnzbdClient
from soulspot_arr.demo.stock_lidarr import StockLidarr
from soulspot_arr.rules.lidarr.parser import search_accepts
from soulspot_arr.simulator.world import World
from tests.conformance.indexer import Indexer, dead_address, open_indexer, share_folder
from tests.conformance.running import until
from tests.story.stage import ONE_DISC, share

pytestmark = pytest.mark.xdist_group(name="conformance-newznab-lidarr-api")

KEY = "lidarr-key-0123456789"
LIBRARY = [
    {
        "title": "Weezer",
        "disambiguation": "Blue Album",
        "releaseDate": "1994-05-10T00:00:00Z",
        "artist": {"artistName": "Weezer"},
    },
    {
        "title": "Weezer",
        "disambiguation": "Green Album",
        "releaseDate": "2001-05-15T00:00:00Z",
        "artist": {"artistName": "Weezer"},
    },
    {
        "title": "Back in Black",
        "disambiguation": "",
        "releaseDate": "1980-07-25T00:00:00Z",
        "artist": {"artistName": "AC/DC"},
    },
    {
        "title": "When Your Heart Stops Beating",
        "releaseDate": "2006-11-13T00:00:00Z",
        "artist": {"artistName": "+44"},
    },
]


@dataclass(slots=True)
class LidarrDouble:
    """Answers `/api/v1/album` and `/command` like a Lidarr; its mood can be changed."""

    url: str = ""
    key: str = KEY
    command_states: list[str] = field(default_factory=list)
    asked: list[tuple[str, str, Any]] = field(default_factory=list)

    def posts(self) -> list[str]:
        """Names of the commands that were posted."""
        return [body["name"] for method, _, body in self.asked if method == "POST" and body]

    def answer(self, method: str, path: str, body: object, key: str) -> tuple[int, object]:
        """Status and body for one request."""
        self.asked.append((method, path, body))
        if key != self.key:
            return 401, {"error": "Unauthorized"}
        if path == "/api/v1/album":
            return 200, LIBRARY
        if path == "/api/v1/system/status":
            return 200, {"appName": "Lidarr", "version": "2.9.6.4552"}
        if path.startswith("/api/v1/command"):
            state = self.command_states.pop(0) if self.command_states else "completed"
            return 201 if method == "POST" else 200, {"id": 7, "status": state}
        return 404, {"message": "NotFound"}


@contextmanager
def serving(double: LidarrDouble) -> Iterator[LidarrDouble]:
    """The double on a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._respond()

        def do_POST(self) -> None:
            self._respond()

        def _respond(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or b"null")
            path = urlsplit(self.path).path
            status, found = double.answer(
                self.command, path, body, self.headers.get("X-Api-Key", "")
            )
            content = json.dumps(found).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *arguments: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    double.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield double
    finally:
        server.shutdown()
        server.server_close()


def build(world: World) -> None:
    """Two albums of one name, some others, and one with real audio."""
    share_folder(world, "blue", r"Music\Weezer\1994 - Weezer (Blue Album)")
    share_folder(world, "green", r"Music\Weezer\2001 - Weezer (Green Album)")
    share_folder(world, "loud", r"Music\ACDC\Back In Black (1980)")
    share_folder(world, "plus", r"Music\+44\When Your Heart Stops Beating (2006)")
    world.add_peer("dusty_shelf", free_slots=1, speed=8_000_000, response_delay=0.2)


@pytest.fixture(scope="module")
def lidarr() -> Iterator[LidarrDouble]:
    """One Lidarr for the module."""
    with serving(LidarrDouble()) as double:
        yield double


@pytest.fixture(scope="module")
def indexer(tmp_path_factory: pytest.TempPathFactory, lidarr: LidarrDouble) -> Iterator[Indexer]:
    """The service, told where that Lidarr is."""
    settings = {"SOULSPOT_LIDARR_URL": lidarr.url, "SOULSPOT_LIDARR_API_KEY": KEY}
    with open_indexer(tmp_path_factory.mktemp("names"), build, settings=settings) as opened:
        share(opened.simulator, "dusty_shelf", ONE_DISC)
        yield opened


def stock(indexer: Indexer, root: Path) -> StockLidarr:
    """The Lidarr that searches, grabs and imports."""
    client = SabnzbdClient(indexer.service.sabnzbd, indexer.service.api_key)
    return StockLidarr(indexer.lidarr(), client, library=(ONE_DISC,), library_root=root)


def play_to_the_import(indexer: Indexer, root: Path) -> None:
    """A whole grab from search to import."""
    player = stock(indexer, root)
    found = player.search(ONE_DISC)
    assert isinstance(found, Searched)
    events: list[Event] = list(player.grab_best(ONE_DISC, found.decisions))
    assert any(isinstance(event, Grabbed) for event in events), events

    def imported() -> bool | None:
        events.extend(player.refresh())
        return True if any(isinstance(event, Imported) for event in events) else None

    until(imported, "the album is imported", seconds=40)


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


def test_the_library_is_read_once_for_many_searches(indexer: Indexer, lidarr: LidarrDouble) -> None:
    """It may hold thousands of albums."""
    for album in ("Nothing", "Never", "Nowhere"):
        indexer.album("Nobody Whatsoever", album)
    assert [path for _, path, _ in lidarr.asked].count("/api/v1/album") == 1


def test_W06_a_command_that_had_already_started_is_posted_again(
    indexer: Indexer, lidarr: LidarrDouble, tmp_path: Path
) -> None:
    """It may have looked before our news."""
    before = lidarr.posts()
    lidarr.command_states[:] = ["started", "started", "completed", "queued"]
    play_to_the_import(indexer, tmp_path)
    until(
        lambda: True if len(lidarr.posts()) - len(before) >= 2 else None,
        "the command is posted twice",
    )
    assert set(lidarr.posts()) == {"RefreshMonitoredDownloads"}


@pytest.mark.parametrize("trouble", ["wrong key", "unreachable"])
def test_W05_W07_a_failing_lidarr_api_disturbs_nothing(tmp_path: Path, trouble: str) -> None:
    """Search, grab and import go on; a refused key is told once and not shown again."""
    with serving(LidarrDouble()) as refusing:
        address = refusing.url if trouble == "wrong key" else dead_address()
        settings = {
            "SOULSPOT_LIDARR_URL": address,
            "SOULSPOT_LIDARR_API_KEY": "wrong-key-0123456789",
        }
        with open_indexer(tmp_path, build, settings=settings) as opened:
            share(opened.simulator, "dusty_shelf", ONE_DISC)
            (item,) = opened.album("Weezer", "Weezer Blue Album")
            assert search_accepts(item.title, "Weezer", "Weezer")
            shown = len(refusing.asked)
            play_to_the_import(opened, tmp_path / "library")
            log = opened.service.log.read_text()
    if trouble == "wrong key":
        # The search and the start of the service may both have asked before the first answer.
        assert 1 <= len(refusing.asked) == shown <= 2
        assert sum("its own API is not used" in line for line in log.splitlines()) == 1
    assert "Traceback" not in log
