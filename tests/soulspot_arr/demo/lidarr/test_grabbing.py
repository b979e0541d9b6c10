"""Candidates of an automatic search, one after the other (contract lidarr §5.4)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from soulspot_arr.demo.library import simple_album
from soulspot_arr.demo.lidarr.core import CLIENT
from tests.soulspot_arr.demo.sabnzbd_shapes import config
from tests.soulspot_arr.demo.scripted import Scripted, as_json, scripted_server
from tests.soulspot_arr.demo.small_service import SmallService
from tests.story.lidarr import StoryLidarr, enter, story_lidarr

ALBUM = simple_album("Radiohead", "OK Computer", 1997, (("Airbag", 28), ("Lucky", 31)))
TITLES = [f"(FLAC) Radiohead - OK Computer - 1997-slsk0000000{n}" for n in range(3)]


@pytest.fixture
def server() -> Iterator[Scripted]:
    """A scripted HTTP server."""
    with scripted_server() as running:
        yield running


@pytest.fixture
def service(server: Scripted, tmp_path: Path) -> SmallService:
    """A service with three releases of the album."""
    (tmp_path / "complete" / "music").mkdir(parents=True)
    body: dict[str, Any] = config(complete_dir=str(tmp_path / "complete"))
    server.on(as_json({"version": "4.5.1"}), mode="version")
    server.on(as_json(body), mode="get_config")
    return SmallService(server, list(TITLES))


@pytest.fixture
def lidarr(service: SmallService, tmp_path: Path) -> Iterator[StoryLidarr]:
    """A Lidarr that wants the album and uses that service."""
    with story_lidarr(tmp_path / "library", ALBUM) as opened:
        enter(opened.double, service.server.url, "key")
        yield opened


def search(lidarr: StoryLidarr) -> None:
    """What Lidarr does by itself."""
    lidarr.double.life.commands.push("AlbumSearch", {"albumIds": [1]})
    lidarr.double.life.commands.run_waiting()


def fetched(service: SmallService) -> list[str]:
    """NZBs that were asked for."""
    return [asked.path for asked in service.server.asked if asked.path.startswith("/nzb/")]


def test_a_dead_link_costs_one_candidate(lidarr: StoryLidarr, service: SmallService) -> None:
    """The next one is taken, the rest is left alone, and nothing is blocklisted."""
    service.nzb_status["0"] = 404
    search(lidarr)
    assert fetched(service) == ["/nzb/0", "/nzb/1"]
    assert [slot["filename"] for slot in service.queue] == [TITLES[1]]
    assert lidarr.window.blocklist() == []


def test_an_unreachable_client_ends_the_row(lidarr: StoryLidarr, service: SmallService) -> None:
    """The others wait for the next occasion instead of being tried."""
    (client,) = lidarr.double.life.core.of_providers(CLIENT)
    (port,) = [entry for entry in client.body["fields"] if entry["name"] == "port"]
    port["value"] = 9
    search(lidarr)
    assert fetched(service) == ["/nzb/0"]
    assert service.uploads == 0
    assert lidarr.window.blocklist() == []
