"""The Lidarr of the stories: the simulated one in this process, connected to a running service.

Manual: nothing happens in it before `refresh`, except that it answers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from soulspot_arr.demo.events import Choice, Event, Grabbed, Imported
from soulspot_arr.demo.library import Album
from soulspot_arr.demo.lidarr.core import DoubleOptions
from soulspot_arr.demo.lidarr.double import LidarrDouble
from soulspot_arr.demo.lidarr.seeding import artists_of
from soulspot_arr.demo.lidarr_window import LidarrWindow
from tests.fakes.service_process import ServiceProcess

LIDARR_KEY = "lidarr-key-0123456789abcdef"


@dataclass(slots=True)
class StoryLidarr:
    """A Lidarr with a library folder, and a person in front of it."""

    double: LidarrDouble
    window: LidarrWindow
    seen: list[Event] = field(default_factory=list)

    @property
    def settings(self) -> dict[str, str]:
        """What the service has to know of it."""
        return {"SOULSPOT_LIDARR_URL": self.double.url, "SOULSPOT_LIDARR_API_KEY": LIDARR_KEY}

    @property
    def library(self) -> Path:
        """Where imported files are."""
        return self.double.options.root_folder

    def want(self, *albums: Album) -> None:
        """Add albums of artists that are new to it."""
        core = self.double.life.core
        for spec in artists_of(albums):
            core.library.add_artist(spec, core.root_folders[0])

    def connect(self, service: ServiceProcess) -> None:
        """Enter client and indexer as a person would; the service must run."""
        enter(self.double, service.url, service.api_key)

    # -- what a person does ------------------------------------------------------------------------

    def offers(self, album: Album) -> tuple[Choice, ...]:
        """A search that found something."""
        found = self.window.search(album)
        assert found, self.double.life.core.log
        return found

    def grab(self, choices: Sequence[Choice]) -> str:
        """Hand the best one over; its id."""
        events = self.window.grab_best(choices)
        ids = [event.nzo_id for event in events if isinstance(event, Grabbed)]
        assert len(ids) == 1, (choices, events)
        return ids[0]

    def refresh(self) -> list[Event]:
        """A minute of Lidarr: the poll, the processing, and what is to be seen of it."""
        self.double.refresh()
        events = self.window.look()
        self.seen += events
        return events

    def play(self, until: Callable[[list[Event]], bool], *, seconds: float = 120.0) -> list[Event]:
        """Lidarr's minutes, played fast, until something happened; all events of this play."""
        seen: list[Event] = []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            seen += self.refresh()
            if until(seen):
                return seen
            time.sleep(0.1)
        log = self.double.life.core.log[-6:]
        raise AssertionError(f"it did not happen; the last events were {seen[-6:]}, {log}")


def imported(nzo_id: str) -> Callable[[list[Event]], bool]:
    """Whether this grab was imported."""
    return lambda seen: any(isinstance(e, Imported) and e.nzo_id == nzo_id for e in seen)


def enter(double: LidarrDouble, service_url: str, service_key: str) -> None:
    """Download client and indexer into the forms of a Lidarr; saving presses their Test buttons."""
    address = urlsplit(service_url)
    client = _save(
        double,
        "downloadclient",
        {"enable": True},
        host=address.hostname,
        port=address.port,
        urlBase=f"{address.path}/sabnzbd".strip("/"),
        apiKey=service_key,
        musicCategory="music",
    )
    switches = ("enableRss", "enableAutomaticSearch", "enableInteractiveSearch")
    _save(
        double,
        "indexer",
        dict.fromkeys(switches, True) | {"downloadClientId": client["id"]},
        baseUrl=f"{service_url}/newznab",
        apiPath="/api",
        apiKey=service_key,
    )


def _save(
    double: LidarrDouble, kind: str, switches: dict[str, Any], **values: object
) -> dict[str, Any]:
    url, headers = f"{double.url}/api/v1/{kind}", {"X-Api-Key": double.api_key}
    (form, *_) = requests.get(f"{url}/schema", headers=headers, timeout=20).json()
    for entry in form["fields"]:
        entry["value"] = values.get(entry["name"], entry.get("value"))
    body = {**form, "name": "SoulSpot", **switches}
    answer = requests.post(url, json=body, headers=headers, timeout=60)
    assert answer.status_code == 201, answer.text
    saved: dict[str, Any] = answer.json()
    return saved


@contextmanager
def story_lidarr(
    library: Path,
    *albums: Album,
    api_key: str = LIDARR_KEY,
    time_scale: float = 200.0,
    manual: bool = True,
) -> Iterator[StoryLidarr]:
    """A fresh Lidarr that wants these albums; what it waits is divided by the scale."""
    options = DoubleOptions(library, api_key=api_key, manual=manual, time_scale=time_scale)
    with LidarrDouble(options) as double:
        lidarr = StoryLidarr(double, LidarrWindow(double.url, api_key))
        lidarr.want(*albums)
        yield lidarr
