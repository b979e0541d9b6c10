"""The network of the model: few peers, few albums, and everything that goes wrong with them.

Names and files are few on purpose, so that grabs meet each other at the same peer and file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from soulspot_arr.domain import (
    BatchRequest,
    FailureKind,
    Offer,
    OfferFile,
    Receipt,
    Release,
    Transfer,
)
from soulspot_arr.errors import SourceUnavailable
from tests.fakes.fake_source import LIVE, FakeSource
from tests.soulspot_arr.workshop import TITLE, flac

PEERS = ("anna", "bert", "cleo")
ALBUMS = ("Undertow", "Tide")
TITLES = ("Overture", "Salt Road", "Low Tide")
SOUND = {title: flac(0.2 + 0.1 * number) for number, title in enumerate(TITLES)}
QUEUE_LIMIT = 2  # files of ours that `cleo` takes into her queue


def folder(peer: str, album: str) -> str:
    """Where a peer keeps an album; two of them keep it in folders of the same name."""
    return f"Music\\Cello\\{album}" if peer != "cleo" else f"Cleo\\{album}"


def paths(peer: str, album: str) -> list[str]:
    """The remote paths of an album at a peer; one of them names files in another way."""
    dash = "" if peer == "cleo" else "- "
    return [
        f"{folder(peer, album)}\\{number:02d} {dash}{title}.flac"
        for number, title in enumerate(TITLES, 1)
    ]


def sound(path: str) -> bytes:
    """What is in the file."""
    return next(data for title, data in SOUND.items() if path.endswith(f"{title}.flac"))


def noise(path: str) -> bytes:
    """As long, but no music."""
    return b"no music at all".ljust(len(sound(path)), b"\0")


def offer(peer: str, album: str) -> Offer:
    """An album as a peer shares it."""
    files = tuple(OfferFile(path, path, len(sound(path))) for path in paths(peer, album))
    return Offer("slskd", peer, files)


def release(album: str, peers: Sequence[str]) -> Release:
    """What a search made now finds."""
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    offers = tuple(offer(peer, album) for peer in peers)
    return Release("b" * 64, TITLE, "Cello", album, 1994, "FLAC", 900, offers, moment)


EVERY_FILE = [(peer, path) for peer in PEERS for album in ALBUMS for path in paths(peer, album)]


class Network(FakeSource):
    """The scripted source, which can also lose an answer, and notes what is asked for twice."""

    def __init__(self, root: Path, now: Callable[[], datetime], *, batches: bool) -> None:
        super().__init__(root=root, now=now, batches=batches)
        self.lose_answer = False
        self.asked_twice: list[str] = []
        for _, path in EVERY_FILE:
            self.contents(path, sound(path))

    def download_raw(self, request: BatchRequest) -> Receipt:
        """Note a file that is asked for although it is on its way to the very same place."""
        known = request.key in self._by_key
        for file in request.files:
            item = self._live(request.peer, file.path)
            same = item is not None and item.placement == request.destination
            if self.batches and same and not known and item is not None and item.batch_key:
                self.asked_twice.append(f"{file.path} of {request.peer}")
        receipt = super().download_raw(request)
        if request.peer == "cleo":
            self._turn_away(request.peer)
        if self.lose_answer:
            self.lose_answer = False
            raise SourceUnavailable("the answer was lost on its way", source=self.name)
        return receipt

    def _turn_away(self, peer: str) -> None:
        """Her queue is full: the others are refused after they had been recorded."""
        waiting = [item for item in self.live() if item.peer == peer]
        for item in waiting[QUEUE_LIMIT:]:
            self._fail(item, FailureKind.PEER_BUSY, "Too many files")

    def live(self) -> list[Transfer]:
        """What is under way, oldest first."""
        return [item for item in self._transfers.values() if item.state in LIVE]

    def listed(self) -> list[Transfer]:
        """Everything it knows of."""
        return list(self._transfers.values())

    def fail_transfer(self, item: Transfer, kind: FailureKind) -> None:
        """One transfer ends badly."""
        self._fail(item, kind, f"{kind} as the model says")

    def vanish_transfer(self, item: Transfer) -> None:
        """One transfer is no longer known."""
        del self._transfers[item.ref]

    def wipe(self) -> None:
        """Its database is gone: transfers, batches and their keys."""
        self._transfers.clear()
        self._by_key.clear()
        self._burnt.clear()

    def spoil(self, path: str) -> None:
        """What arrives under this name is no audio from now on."""
        self.contents(path, noise(path))

    def live_twice(self) -> list[tuple[str, str]]:
        """Files that are under way more than once."""
        counted = Counter((item.peer, item.path) for item in self.live())
        return [place for place, number in counted.items() if number > 1]

    def be_kind(self) -> None:
        """From now on everybody is there, and everybody sends what was asked for."""
        self.down = self.locked_out = self.lose_answer = False
        self._offline.clear()
        self._refusals.clear()
        self._errors.clear()
        self._failing.clear()
        self._stuck.clear()
        for _, path in EVERY_FILE:
            self.contents(path, sound(path))
