"""The bad network: a simulated slskd in a process of its own, and what is made to go wrong with it."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from soulspot_arr.domain import Offer, OfferFile
from soulspot_arr.simulator.audio import AudioSpec
from tests.fakes.service_process import free_port
from tests.fakes.threads import until

KEY = "chaos-key-0123456789"
SCALE = 10.0  # the network lives so many times as fast as we do
FILES = 3
ROUGH = ("rowan", "sorrel", "thistle", "umber", "vetch", "wren")  # named first, and mostly no good
FAIR = ("alder", "birch", "cedar", "dogwood", "elder", "fir")  # troubled at times, sound in the end
NARROW = ("hazel", "ivy")  # take one file of ours at a time into their queue
PEERS = (*ROUGH, *FAIR, *NARROW)
# What a rough peer does to the first file of an album. The words decide what we may do next.
TROUBLES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("offline_mid", {"times": 1}),
    ("drop_mid", {"times": 4}),
    ("stall", {"times": 4}),
    ("reject_at_request", {"text": "File not shared."}),
    ("reject_at_request", {"text": "File read error"}),
    ("deny_queued", {"text": "Cancelled"}),
    ("report_failed", {"times": 4}),
    ("corrupt", {}),
    ("slow", {"times": 1}),
)
FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "error", "path": "*/transfers/*", "status": 500, "times": 4},
    {"kind": "proxy", "path": "*", "status": 502, "times": 3},
    {"kind": "truncated", "path": "*/downloads*", "method": "GET", "times": 2},
    {"kind": "reset", "path": "*/batches", "method": "POST", "after": True, "times": 1},
    {"kind": "reset", "path": "*/transfers/*", "times": 2},
    {"kind": "slow", "path": "*/transfers/*", "delay": 8.0, "times": 2},
)


_SYLLABLES = ("ba", "ke", "li", "mo", "nu", "ra", "se", "ti", "vo", "zu")


def _word(number: int) -> str:
    """A word of its own for each number: a search must find one album and no other."""
    return "".join(_SYLLABLES[int(digit)] for digit in f"{number:03}").capitalize()


@dataclass(frozen=True, slots=True)
class Album:
    """One album of the run; nobody can send it when it is not `obtainable`."""

    number: int
    offers: tuple[Offer, ...]
    obtainable: bool

    @property
    def title(self) -> str:
        """As Lidarr sees it."""
        return f"(FLAC) {self.artist} - {self.name} - 2001-slsk{self.number:08x}"

    @property
    def artist(self) -> str:
        """A name that no other album of the run has."""
        return f"{_word(self.number)} Quartet"

    @property
    def name(self) -> str:
        """Of the album itself."""
        return f"Songs of {_word(self.number)}"


class Network:
    """`soulspot-arr simulate-slskd` and the hand that arranges its world."""

    def __init__(self, root: Path, chance: random.Random) -> None:
        self.root = root / "slskd"
        self.downloads = self.root / "downloads"
        self.url = f"http://127.0.0.1:{free_port()}"
        self.troubles: dict[str, int] = {}
        self.before_the_loss: list[dict[str, Any]] = []  # what slskd has forgotten
        self._chance = chance
        self._log = root / "slskd.log"
        self._session = requests.Session()
        self._session.headers.update({"X-API-Key": KEY})

    def __enter__(self) -> Self:
        options = {
            "--port": self.url.rpartition(":")[2],
            "--api-key": KEY,
            "--data-dir": str(self.root),
            "--world": "empty",
            "--time-scale": f"{SCALE:g}",
        }
        words = [word for pair in options.items() for word in pair]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "soulspot_arr", "simulate-slskd", *words],
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        until(lambda: b"listening on" in self._log.read_bytes())
        for peer in PEERS:
            limit = 1 if peer in NARROW else None
            values = {"free_slots": 2, "parallel": 2, "speed": 150_000, "queue_limit": limit}
            self._post("peers", name=peer, **values)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    # -- albums ------------------------------------------------------------------------------------

    def make_album(self, number: int) -> Album:
        """An album of two peers, the rough one first; every twelfth is refused by both.

        Another twelfth has one peer only, who takes fewer files at once than the album has.
        """
        if number % 12 == 3:
            return self._make_narrow_album(number)
        obtainable = number % 12 != 7
        peers = (self._chance.choice(ROUGH), self._chance.choice(FAIR))
        bare = Album(number, (), obtainable)
        offers = tuple(self._share(peer, bare) for peer in peers)
        if not obtainable:
            for offer in offers:
                for file in offer.files:
                    self._script(offer.peer, file.path, "reject_at_request", text="Banned files")
        else:
            outcome, more = self._chance.choice(TROUBLES)
            self._script(peers[0], offers[0].files[0].path, outcome, **more)
            self.count(outcome)
            if self._chance.random() < 0.3:
                self._script(peers[1], offers[1].files[-1].path, "drop_mid", times=1)
                self.count("drop_mid")
        return replace(bare, offers=offers)

    def _make_narrow_album(self, number: int) -> Album:
        bare = Album(number, (), obtainable=True)
        self.count("album of a peer with a full queue")
        return replace(bare, offers=(self._share(self._chance.choice(NARROW), bare),))

    def _share(self, peer: str, album: Album) -> Offer:
        files = []
        for track in range(1, FILES + 1):
            path = f"Music\\{album.artist}\\{album.name}\\{track:02d} - Track {track}.flac"
            seed = album.number * 10 + track
            audio = AudioSpec(3, "flac", seed=seed)
            self._post("files", peer=peer, path=path, seconds=3, seed=seed)
            files.append(OfferFile(path, path, audio.size, 0, 3))
        return Offer("slskd", peer, tuple(files))

    # -- troubles ----------------------------------------------------------------------------------

    def make_trouble(self) -> None:
        """One thing goes wrong now."""
        what = self._chance.random()
        if what < 0.12:
            self._post("restart", graceful=self._chance.random() < 0.5, downtime=8.0)
            self.count("slskd restarted")
            time.sleep(0.2)  # it answers first and goes down then
            until(self._is_up)
        elif what < 0.5:
            peer = self._chance.choice(PEERS)
            online = self._chance.random() < 0.5
            self._session.patch(f"{self.url}/__sim__/peers/{peer}", json={"online": online})
            self.count("peer comes" if online else "peer goes")
        else:
            fault = self._chance.choice(FAULTS)
            self._post("fault", **fault)
            self.count(f"answer: {fault['kind']}")

    def lose_database(self) -> None:
        """slskd comes back without a memory of anything that it was asked for."""
        self.before_the_loss += self._everything()
        self._post("restart", volatile=True, downtime=8.0)
        self.count("slskd lost its database")
        time.sleep(0.2)
        until(self._is_up)

    def be_kind(self, albums: list[Album]) -> None:
        """No further trouble, but for what nobody shares."""
        until(self._is_up)
        self._session.delete(f"{self.url}/__sim__/fault").raise_for_status()
        self._session.delete(f"{self.url}/__sim__/script").raise_for_status()
        for album in albums:
            for offer in album.offers if not album.obtainable else ():
                for file in offer.files:
                    self._script(offer.peer, file.path, "reject_at_request", text="Banned files")
        for peer in PEERS:
            self._session.patch(f"{self.url}/__sim__/peers/{peer}", json={"online": True})

    def _is_up(self) -> bool:
        try:
            return self._session.get(f"{self.url}/__sim__/state", timeout=5).status_code == 200
        except requests.RequestException:
            return False

    def count(self, what: str) -> None:
        """One more of these."""
        self.troubles[what] = self.troubles.get(what, 0) + 1

    def _script(self, peer: str, path: str, outcome: str, **more: Any) -> None:
        self._post("script", peer=peer, path=path, outcome=outcome, **more)

    def _post(self, route: str, **body: Any) -> None:
        answer = self._session.post(f"{self.url}/__sim__/{route}", json=body, timeout=30)
        assert answer.status_code == 200, answer.text

    # -- looking -----------------------------------------------------------------------------------

    def refusals(self, text: str) -> int:
        """How often somebody refused with these words."""
        return sum(text in item.get("exception", "") for item in self.ever())

    def ever(self) -> list[dict[str, Any]]:
        """Everything that slskd was ever asked for, with what it has forgotten."""
        return [*self.before_the_loss, *self.transfers(removed=True)]

    def _everything(self) -> list[dict[str, Any]]:
        """All it was ever asked for; a fault that is on must not hide it."""
        while True:
            try:
                return self.transfers(removed=True)
            except (requests.RequestException, ValueError):
                time.sleep(0.1)

    def transfers(self, *, removed: bool) -> list[dict[str, Any]]:
        """What slskd lists, with what it was told to forget if `removed`."""
        answer = self._session.get(
            f"{self.url}/api/v0/transfers/downloads",
            params={"includeRemoved": str(removed).lower()},
            timeout=30,
        )
        answer.raise_for_status()
        return [
            {"peer": user["username"], **file}
            for user in answer.json()
            for folder in user["directories"]
            for file in folder["files"]
        ]
