"""What SABnzbd conformance needs: the service in a process, slskd simulated, and calls to it.

`Desk.call` is as strict as the strictest client: HTTP 200, JSON content type, a JSON object that is
not empty, no byte order mark. It imports nothing of the emulation it judges.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from soulspot_arr.demo.library import Album, simple_album
from soulspot_arr.demo.newznab_client import NewznabClient
from soulspot_arr.simulator import Simulator
from tests.conformance.running import SLSKD_KEY, running, until
from tests.fakes.service_process import ServiceProcess
from tests.story.stage import share

Json = dict[str, Any]
Multipart = Mapping[str, tuple[str | None, bytes] | tuple[str | None, bytes, str]]

TRACKS = (("Lantern", 20), ("Quarry", 21))

QUICK = simple_album("Marlow Fen", "Copper Weather", 2009, TRACKS)  # arrives at once
STILL = simple_album("Ansel Rook", "Patient Water", 2013, TRACKS)  # its peer never sends
SLOW = simple_album("Vera Lindqvist", "Glacier Radio", 2001, TRACKS)  # moves, but hardly
REFUSED = simple_album("Dorian Vale", "Closed Harbour", 1998, TRACKS)  # its peer refuses every file
BEHAVIOUR: Mapping[str, tuple[str, dict[str, float | str]]] = {
    QUICK.title: ("normal", {}),
    STILL.title: ("never", {}),
    SLOW.title: ("normal", {"speed": 500.0}),
    REFUSED.title: ("reject_at_request", {"text": "Cancelled"}),  # blocks nobody
}


def json_object(answer: requests.Response, *, status: int = 200) -> Json:
    """The body as every client needs it."""
    assert answer.status_code == status, answer.text[:500]
    assert answer.headers["Content-Type"].replace(" ", "").lower().startswith("application/json")
    assert answer.content[:1] == b"{", answer.content[:20]
    body = json.loads(answer.content.decode("utf-8"))
    assert isinstance(body, dict)
    assert body
    return body


@dataclass(slots=True)
class Desk:
    """A running service, the simulated slskd behind it, and the NZBs fetched so far."""

    service: ServiceProcess
    simulator: Simulator
    root: Path
    _nzbs: dict[str, bytes] = field(default_factory=dict)
    _titles: dict[str, str] = field(default_factory=dict)

    # -- requests --------------------------------------------------------------------------------

    @property
    def endpoint(self) -> str:
        """Where Lidarr sends everything."""
        return f"{self.service.sabnzbd}/api"

    def get(self, **parameters: str | int) -> requests.Response:
        """One GET exactly as given: no key, no `output`, redirects not followed."""
        return requests.get(self.endpoint, params=parameters, timeout=20, allow_redirects=False)

    def call(self, mode: str, **parameters: str | int) -> Json:
        """One GET with the key."""
        query = {"mode": mode, **parameters, "apikey": self.service.api_key, "output": "json"}
        return json_object(self.get(**query))

    def queue(self, **parameters: str | int) -> Json:
        """`mode=queue`; the object below `queue`."""
        found = self.call("queue", **parameters)["queue"]
        assert isinstance(found, dict)
        return found

    def history(self, **parameters: str | int) -> Json:
        """`mode=history`; the object below `history`."""
        found = self.call("history", **parameters)["history"]
        assert isinstance(found, dict)
        return found

    def post(self, files: Multipart | None, **parameters: str | int) -> Json:
        """`mode=addfile` with the key; options in the query, as Lidarr does it."""
        query = {"mode": "addfile", **parameters, "apikey": self.service.api_key, "output": "json"}
        return json_object(requests.post(self.endpoint, params=query, files=files, timeout=60))

    # -- grabs -----------------------------------------------------------------------------------

    def nzb(self, album: Album) -> bytes:
        """The NZB of an album, searched and fetched once over the feed."""
        if album.title not in self._nzbs:
            client = NewznabClient(self.service.newznab, "/api", self.service.api_key, pacing=0.0)
            release = client.search_album(album.artist, album.title, year=album.year)[0]
            self._nzbs[album.title] = client.fetch_nzb(release.url)
            self._titles[album.title] = release.title
        return self._nzbs[album.title]

    def title(self, album: Album) -> str:
        """The release title in the feed."""
        self.nzb(album)
        return self._titles[album.title]

    def add(self, album: Album, **parameters: str | int) -> str:
        """Upload the NZB of an album; its one new id."""
        options = {"cat": "music", "priority": -100, **parameters}
        answer = self.post({"name": ("x.nzb", self.nzb(album), "application/x-nzb")}, **options)
        assert answer["status"] is True, answer
        (nzo_id,) = answer["nzo_ids"]
        assert isinstance(nzo_id, str)
        return nzo_id

    def queued(self, nzo_id: str) -> Json | None:
        """The queue slot of a grab."""
        slots: list[Json] = self.queue()["slots"]
        return next((slot for slot in slots if slot["nzo_id"] == nzo_id), None)

    def ended(self, nzo_id: str) -> Json | None:
        """The history slot of a grab."""
        slots: list[Json] = self.history(limit=1000)["slots"]
        return next((slot for slot in slots if slot["nzo_id"] == nzo_id), None)

    def wait_ended(self, nzo_id: str, *, seconds: float = 30.0) -> Json:
        """Its history slot as soon as there is one."""
        return until(lambda: self.ended(nzo_id), f"{nzo_id} in the history", seconds=seconds)

    def wait_status(self, nzo_id: str, *words: str, seconds: float = 30.0) -> Json:
        """Its queue slot as soon as it shows one of these words."""

        def look() -> Json | None:
            slot = self.queued(nzo_id)
            return slot if slot is not None and slot["status"] in words else None

        return until(look, f"{nzo_id} shows {words}", seconds=seconds)

    def state(self, nzo_id: str) -> str:
        """What the service itself says of a grab."""
        found = self.service.rest(f"/grabs/{nzo_id}")
        assert isinstance(found, dict)
        return str(found["state"])

    # -- slskd -----------------------------------------------------------------------------------

    def transfers(self) -> list[Json]:
        """Downloads slskd shows, flat."""
        answer = requests.get(
            f"{self.simulator.url}/api/v0/transfers/downloads",
            headers={"X-API-Key": SLSKD_KEY},
            timeout=9,
        )
        return [
            {**file, "username": user["username"]}
            for user in answer.json()
            for folder in user["directories"]
            for file in folder["files"]
        ]

    def behave(self, album: Album, outcome: str, **values: float | str) -> None:
        """What its peer does from now on with every file (see the simulator's world)."""
        behave(self.simulator, album, outcome, **values)

    def peer_of(self, album: Album) -> str:
        """Who shares it."""
        return peer_of(album)


@contextmanager
def open_desk(
    root: Path,
    *albums: Album,
    settings: Mapping[str, str] | None = None,
    time_scale: float = 20.0,
) -> Iterator[Desk]:
    """Start everything with these albums shared, each by a peer of its own, and end it."""

    def fill(simulator: Simulator) -> None:
        for album in albums:
            peer = peer_of(album)
            if peer not in simulator.world.peers:
                simulator.world.add_peer(peer, free_slots=1, speed=8_000_000, response_delay=0.2)
            share(simulator, peer, album)
            outcome, values = BEHAVIOUR.get(album.title, ("normal", {}))
            behave(simulator, album, outcome, **values)

    with running(root, fill, settings=settings, time_scale=time_scale) as (service, simulator):
        desk = Desk(service, simulator, root)
        # The folders of the categories are made by the first look at slskd's own folder.
        until(lambda: _complete_dir(desk), "the folder for finished grabs is there", seconds=30)
        yield desk


def peer_of(album: Album) -> str:
    """Who shares it."""
    return album.artist.lower().replace(" ", "_")


def behave(simulator: Simulator, album: Album, outcome: str, **values: float | str) -> None:
    """What an album's peer does from now on with every file (see the simulator's world)."""
    simulator.world.unscript(peer_of(album))
    simulator.world.script(peer_of(album), None, outcome, **values)


def _complete_dir(desk: Desk) -> bool | None:
    return True if (desk.simulator.downloads_dir / "soulspot" / "music").is_dir() else None
