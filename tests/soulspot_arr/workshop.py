"""A workbench for tests of the workshops: real tables, a scripted source, a clock that stands still.

`Bench` wires the rooms as `services` does, but lets a test see who was woken and what was asked.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import event, select

from soulspot_arr.bans import BanWatch
from soulspot_arr.blocklist import Blocklist
from soulspot_arr.breakers import Breakers
from soulspot_arr.cleanup import Cleanup
from soulspot_arr.completion import Completion
from soulspot_arr.completion.albums import Albums
from soulspot_arr.completion.covering import FindCover
from soulspot_arr.completion.finishing import Finishing, no_cover
from soulspot_arr.completion.ground import Ground
from soulspot_arr.completion.proving import Prover
from soulspot_arr.db import Database
from soulspot_arr.dispatch import Dispatcher
from soulspot_arr.domain import NewGrab, Offer, OfferFile, Priority
from soulspot_arr.health import Health
from soulspot_arr.lidarr import Lidarr
from soulspot_arr.mending import Mender
from soulspot_arr.models import Download, Event, Grab
from soulspot_arr.monitor import Monitor
from soulspot_arr.ordering import Ordering
from soulspot_arr.paths import Paths
from soulspot_arr.queue_manager import QueueManager
from soulspot_arr.settings import Settings
from soulspot_arr.simulator.audio import AudioSpec
from soulspot_arr.sources import Guard
from tests.fakes.clock import FakeClock
from tests.fakes.fake_catalogue import FakeCatalogue
from tests.fakes.fake_source import FakeSource

TITLE = "(FLAC) Cello - Undertow - 1994-slsk0123abcd"


def flac(seconds: float = 1.0, seed: int = 0) -> bytes:
    """A tiny real FLAC file."""
    return AudioSpec(seconds, seed=seed).content()


def mp3(seconds: float = 1.0) -> bytes:
    """A tiny real MP3 file."""
    return AudioSpec(seconds, codec="mp3", bitrate=64).content()


def offer(
    peer: str, *names: str, folder: str = "Music\\Cello\\Undertow", size: int = 1_000, disc: int = 0
) -> Offer:
    """An offer of files with these names in one folder."""
    paths = [f"{folder}\\{name}" for name in names]
    return Offer("slskd", peer, tuple(OfferFile(path, path, size, disc) for path in paths))


def new_grab(*offers: Offer, **changes: Any) -> NewGrab:
    """What a client hands over; by default three files of one peer."""
    values: dict[str, Any] = {
        "release_key": "a" * 64,
        "title": TITLE,
        "artist": "Cello",
        "album": "Undertow",
        "year": 1994,
        "quality": "FLAC",
        "score": 990,
        "offers": offers or (offer("anna", "01.flac", "02.flac", "03.flac"),),
        "category": "music",
        "priority": Priority.NORMAL,
    }
    return NewGrab(**(values | changes))


class StillLidarr(Lidarr):
    """The real client, which a test can make believe that Lidarr has just stopped to answer."""

    still = False

    @property
    def silent(self) -> bool:
        """By word of the test."""
        return self.still or super().silent


@dataclass(slots=True)
class Bench:
    """Everything a workshop needs; `wakes` collects the jobs that were asked for."""

    db: Database
    clock: FakeClock
    root: Path
    # No further search before a grab fails, unless a test is about it.
    # Nor is every frame decoded, unless a test is about the sound.
    pins: dict[str, str] = field(
        default_factory=lambda: {
            "SOULSPOT_QUEUE_RESCUE": "false",
            "SOULSPOT_COMPLETION_DECODE": "false",
        }
    )
    # As fast as the source answers, unless a test is about the pace.
    pace: dict[str, float] = field(
        default_factory=lambda: {"queue.dispatches": 100, "queue.dispatch_delay": 0.0}
    )
    batches: bool = True
    # A network that was there before, as after a restart of ours.
    known: FakeSource | None = None
    # Seconds of a clock that nobody sets; without it the clock itself is taken at its word.
    pulse: Callable[[], float] | None = None
    wakes: list[str] = field(default_factory=list)
    changes: list[tuple[bool, str]] = field(default_factory=list)
    settings: Settings = field(init=False)
    source: FakeSource = field(init=False)
    guard: Guard = field(init=False)
    paths: Paths = field(init=False)
    lidarr: StillLidarr = field(init=False)
    blocklist: Blocklist = field(init=False)
    mender: Mender = field(init=False)
    queue: QueueManager = field(init=False)
    order: Ordering = field(init=False)
    dispatcher: Dispatcher = field(init=False)
    monitor: Monitor = field(init=False)
    completion: Completion = field(init=False)
    prover: Prover = field(init=False)
    albums: Albums = field(init=False)
    catalogue: FakeCatalogue = field(default_factory=FakeCatalogue)
    cleanup: Cleanup = field(init=False)
    bans: BanWatch = field(init=False)
    breakers: Breakers = field(init=False)
    health: Health = field(init=False)

    def __post_init__(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        self.settings = Settings(self.db, clock=self.clock, pins=self.pins)
        self.settings.prepare()
        self.settings.put_internal(self.pace)
        self.source = self.known or FakeSource(root=self.root, now=self.clock, batches=self.batches)
        self.breakers = Breakers(
            self.db,
            self.settings,
            clock=self.clock,
            pulse=self.pulse or (lambda: self.clock().timestamp()),
        )
        self.guard = self.breakers.guard(
            "slskd", lambda ok, detail: self.changes.append((ok, detail))
        )
        self.paths = Paths(self.settings)
        self.paths.remember_root(str(self.root))
        self.lidarr = StillLidarr(self.settings, pause=lambda seconds: None)
        wake = self.wakes.append
        common = (self.db, self.settings, self.source, self.guard)
        self.blocklist = Blocklist(self.db, self.settings, clock=self.clock, wake=wake)
        self.queue = QueueManager(
            self.db, self.settings, clock=self.clock, wake=wake, blocklist=self.blocklist
        )
        self.order = Ordering(self.db, self.settings, clock=self.clock, wake=wake)
        self.mender = Mender(self.settings, self.blocklist)
        self.dispatcher = self.new_dispatcher()
        self.monitor = Monitor(
            *common, paths=self.paths, mender=self.mender, clock=self.clock, wake=wake
        )
        self.finish_with(no_cover)
        self.cleanup = Cleanup(
            *(self.db, self.settings, self.paths, self.source, self.guard),
            clock=self.clock,
            wake=wake,
        )
        self.bans = BanWatch(self.db, self.settings, "slskd", clock=self.clock)
        self.health = Health(
            self.db,
            self.settings,
            self.paths,
            self.source,
            self.lidarr,
            bans=self.bans,
            breakers=self.breakers,
            clock=self.clock,
        )

    def finish_with(self, find_cover: FindCover) -> None:
        """Build completion anew, with this archive of covers."""
        ground = Ground(
            *(self.db, self.settings, self.paths, self.mender, self.clock), self.wakes.append
        )
        finishing = Finishing.build(
            *(ground, self.lidarr, self.catalogue),
            find_cover=find_cover,
            pause=lambda seconds: None,
        )
        self.completion, self.prover = finishing.completion, finishing.prover
        self.albums = finishing.albums

    def new_dispatcher(self) -> Dispatcher:
        """A further dispatcher over the same tables, as a second process has one."""
        return Dispatcher(
            self.db,
            self.settings,
            self.source,
            self.guard,
            mender=self.mender,
            clock=self.clock,
            wake=self.wakes.append,
        )

    # -- moving along ------------------------------------------------------------------------------

    def add(self, *offers: Offer, **changes: Any) -> str:
        """Hand a grab over."""
        return self.queue.add(new_grab(*offers, **changes))

    def look(self) -> int:
        """One look at the source that is never put off."""
        self.monitor.hasten()
        return self.monitor.tick()

    def watch(self, seconds: float, *, every: float = 100.0) -> None:
        """Let time pass while somebody looks all along, the last time at its end."""
        while seconds > 0:
            self.clock.advance(min(every, seconds))
            seconds -= every
            self.look()

    def asked(self, *offers: Offer, **changes: Any) -> str:
        """Hand a grab over and ask for its files."""
        nzo_id = self.add(*offers, **changes)
        self.dispatcher.run()
        return nzo_id

    def arrived(self, files: dict[str, bytes], *, folder: str = "Music\\X\\Y", **grab: Any) -> str:
        """A grab of one folder whose files, with these contents, have all arrived; PROCESSING."""
        paths = {f"{folder}\\{name}": data for name, data in files.items()}
        main = Offer(
            "slskd",
            "anna",
            tuple(OfferFile(path, path, len(data)) for path, data in paths.items()),
        )
        return self.delivered(main, paths, **grab)

    def delivered(self, main: Offer, contents: dict[str, bytes], **grab: Any) -> str:
        """The same for any offer; `contents` by remote path."""
        nzo_id = self.asked(main, **grab)
        for file in main.files:
            if file.path in contents:
                self.source.contents(file.path, contents[file.path])
            self.source.succeed(file.path, peer=main.peer, write=file.path in contents)
        self.calm()
        self.look()
        return nzo_id

    def during(self, call: str, action: Callable[[], object]) -> None:
        """Do something while the next such call to the source is under way, once."""

        def once(name: str) -> None:
            if name == call:
                self.source.on_call = lambda name: None
                action()

        self.source.on_call = once

    def calm(self, folder: Path | None = None, *, seconds: float = 10.0) -> None:
        """Let every file below the download root have been written so many seconds ago."""
        then = self.clock().timestamp() - seconds
        for found in (folder or self.root).rglob("*"):
            if found.is_file():
                os.utime(found, (then, then))

    # -- looking -----------------------------------------------------------------------------------

    def grab(self, nzo_id: str) -> Grab:
        """The row of a grab."""
        with self.db.read() as session:
            return session.scalars(select(Grab).where(Grab.nzo_id == nzo_id)).one()

    def files(self, nzo_id: str, offer_index: int | None = None) -> list[Download]:
        """The rows that make it up now, or all that were added for one offer."""
        grab = self.grab(nzo_id)
        which = Download.current if offer_index is None else Download.offer_index == offer_index
        query = (
            select(Download).where(Download.grab_id == grab.id, which).order_by(Download.position)
        )
        with self.db.read() as session:
            return list(session.scalars(query))

    def states(self, nzo_id: str, offer_index: int | None = None) -> list[str]:
        """The states of its files, in their order."""
        return [row.status for row in self.files(nzo_id, offer_index)]

    def events(self, kind: str = "") -> list[Event]:
        """What was written down, oldest first."""
        with self.db.read() as session:
            rows = session.scalars(select(Event).order_by(Event.id))
            return [row for row in rows if row.kind.startswith(kind)]


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """Collect the SQL that is sent to a database."""
    sent: list[str] = []

    def note(*arguments: Any) -> None:
        sent.append(str(arguments[2]))

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
