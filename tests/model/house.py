"""The service of the model: every job over one database, killed and started again at any statement.

A `Killed` leaves the process in the middle of a job, as kill -9 does: nothing is handed back, and
no further statement or request of it is carried out.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import event

from soulspot_arr.clockwatch import ClockWatch
from soulspot_arr.db import Database
from soulspot_arr.domain import GrabState, Priority, Query, Release
from soulspot_arr.presence import Presence
from soulspot_arr.queue_manager import GrabView
from soulspot_arr.rescue import Rescuer
from tests.fakes.clock import FakeClock
from tests.model.network import Network, offer, release
from tests.soulspot_arr.workshop import Bench

JOBS = ("dispatch", "poll", "complete", "rescue", "presence", "cleanup", "housekeeping")
_FOREVER = 1_000_000_000
ENDED = frozenset(GrabState) - {GrabState.QUEUED, GrabState.DOWNLOADING, GrabState.PROCESSING}


class Killed(BaseException):
    """The process is gone."""


class Searches:
    """The search behind the rescue job: these peers have every album, or nobody can be asked."""

    def __init__(self) -> None:
        self.peers: Sequence[str] | None = ()

    def once_more(self, query: Query) -> list[Release] | None:
        """As scripted in `peers`."""
        if self.peers is None:
            return None
        return [release(query.album, self.peers)] if self.peers else []


class House:
    """The process that runs now, and what outlives it."""

    def __init__(
        self, folder: Path, template: Path, *, batches: bool, substitute: bool = True
    ) -> None:
        self.folder = folder
        self._substitute = substitute
        self.url = f"sqlite:///{shutil.copy(template, folder / 'soulspot.db')}"
        self.clock = FakeClock()
        self.lived = 0.0  # seconds, by a clock that nobody sets
        self.network = Network(folder / "downloads", self.clock, batches=batches)
        self.network.on_call = lambda call: self._live_on()
        self.searches = Searches()
        self.statements_left = _FOREVER
        self.ids: list[str] = []
        self.start()

    # -- life and death ----------------------------------------------------------------------------

    def start(self) -> None:
        """A new process over what the last one has left."""
        self.statements_left = _FOREVER
        self.db = Database(self.url)
        event.listen(self.db.engine, "before_cursor_execute", self._before_statement)
        pins = {
            "SOULSPOT_QUEUE_AWAIT_PEER": "86400",
            "SOULSPOT_QUEUE_SUBSTITUTE": str(self._substitute).lower(),
        }
        self.bench = Bench(
            self.db,
            self.clock,
            self.folder / "downloads",
            pins=pins,
            batches=self.network.batches,
            known=self.network,
            pulse=lambda: self.lived,
        )
        for workshop in (self.bench.monitor, self.bench.dispatcher):
            workshop.watch = ClockWatch(self.clock, lambda: self.lived)
        common = (self.db, self.bench.settings, self.network, self.bench.guard)
        wake = self.bench.wakes.append
        self.presence = Presence(*common, clock=self.clock, wake=wake)
        self.rescuer = Rescuer(
            self.db,
            self.bench.settings,
            self.searches,
            mender=self.bench.mender,
            clock=self.clock,
            wake=wake,
        )

    def stop(self) -> None:
        """The process ends."""
        self.statements_left = _FOREVER
        self.db.close()

    def restart(self) -> None:
        """Ended, and started again."""
        self.stop()
        self.start()

    def killed_in(self, job: str, statements: int) -> bool:
        """Run a job and kill the process after so many statements; whether it came to that."""
        self.statements_left = statements
        try:
            self.run(job)
        except Killed:
            return True
        finally:
            self.restart()
        return False

    def _before_statement(self, *arguments: Any) -> None:
        self.statements_left -= 1
        self._live_on()

    def _live_on(self) -> None:
        if self.statements_left < 0:
            raise Killed

    # -- time --------------------------------------------------------------------------------------

    def be_off(self, seconds: float) -> None:
        """Nobody is there for so long; then a new process begins."""
        self.stop()
        self.pass_time(seconds)
        self.start()

    def pass_time(self, seconds: float) -> None:
        """Time that everybody notices."""
        self.lived += seconds
        self.clock.advance(seconds)

    # -- work --------------------------------------------------------------------------------------

    def run(self, job: str) -> None:
        """One run of a job, as the scheduler would make it."""
        if job == "poll":
            self.bench.look()
        else:
            work = {
                "dispatch": self.bench.dispatcher.run,
                "complete": self.bench.completion.run,
                "rescue": self.rescuer.run,
                "presence": self.presence.run,
                "cleanup": self.bench.cleanup.run,
                "housekeeping": self.bench.blocklist.expire,
            }
            if job == "complete":
                self.bench.calm()
            work[job]()

    def add(self, album: str, peers: Sequence[str], priority: Priority) -> str:
        """Somebody grabs an album."""
        nzo_id = self.bench.add(
            *(offer(peer, album) for peer in peers), album=album, priority=priority
        )
        self.ids.append(nzo_id)
        return nzo_id

    def view(self, nzo_id: str) -> GrabView:
        """How a grab stands."""
        return self.bench.queue.find(nzo_id)

    def in_state(self, *states: GrabState) -> list[str]:
        """The grabs in these states, in the order they were made."""
        return [nzo_id for nzo_id in self.ids if self.view(nzo_id).status in states]

    def import_(self, nzo_id: str) -> None:
        """What Lidarr does with a completed grab: take the files, delete the entry."""
        storage = self.view(nzo_id).storage_path
        assert storage is not None
        shutil.rmtree(storage)
        self.bench.queue.delete_history([nzo_id], archive=True)

    def settle(self) -> None:
        """One round of everything, in which the network goes two steps on."""
        for job in JOBS:
            self.run(job)
            if job in {"dispatch", "poll"}:
                self.network.step()
        self.run("poll")
        self.run("complete")
