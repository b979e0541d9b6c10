"""Finishes grabs: settle, verify, gather, rehearse, report.

"Completed" is a promise that cannot be taken back (Lidarr ignores a later "Failed"), so it is made
only after the last file has its final name and content in a folder that is ours alone, and after
Lidarr's import has been rehearsed. Every step can be killed and run again: what was already moved is
found at its new place, what was already tagged says so.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from sqlalchemy import select

from soulspot_arr import disk, ledger
from soulspot_arr.completion.gathering import Gathering, NotYet, places_of
from soulspot_arr.completion.ground import Ground, Placed, held
from soulspot_arr.completion.proving import Prover
from soulspot_arr.completion.rehearsing import LeftOver, Refused, Rehearsing
from soulspot_arr.completion.returning import Returning
from soulspot_arr.completion.shelves import Shelves
from soulspot_arr.domain import EventRecord, GrabState
from soulspot_arr.errors import CompletionError, DiskFull, LidarrError
from soulspot_arr.lidarr import Lidarr
from soulspot_arr.log import about
from soulspot_arr.models import Download, Grab

log = logging.getLogger(__name__)

TELL_AGAIN_AFTER = timedelta(minutes=1)
_SETTLING = 5  # looks at what is nearly there, before the next run
_A_MOMENT = 0.3  # seconds between them


class _End(StrEnum):
    """How one attempt at a grab ended."""

    REPORTED = "reported"
    SOON = "soon"  # a file was written a moment ago
    LATER = "later"


class Completion:
    """The complete job."""

    def __init__(
        self,
        ground: Ground,
        lidarr: Lidarr,
        *,
        gathering: Gathering,
        prover: Prover,
        rehearsing: Rehearsing,
        shelves: Shelves,
        returning: Returning,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._db = ground.database
        self._settings = ground.settings
        self._clock = ground.clock
        self._wake = ground.wake
        self._paths = ground.paths
        self._lidarr = lidarr
        self._gathering = gathering
        self._prover = prover
        self._rehearsing = rehearsing
        self._shelves = shelves
        self._returning = returning
        self._pause = pause
        self._tell_again: datetime | None = None

    def run(self) -> int:
        """Work on every grab whose files have arrived; returns how many were reported.

        What nobody expected of one grab is raised after the others had their turn.
        """
        reported = 0
        trouble: Exception | None = None
        soon: set[int] | None = None
        for look in range(_SETTLING):
            if look:
                self._pause(_A_MOMENT)
            ends: dict[int, _End] = {}
            for grab in self._due(soon):
                with about(grab.nzo_id):
                    try:
                        ends[grab.id] = self._attempt(grab)
                    # One of the project's five broad handlers: one grab must not hold up the others.
                    except Exception as error:  # noqa: BLE001 - raised below
                        trouble = trouble or error
            done = list(ends.values()).count(_End.REPORTED)
            reported += done
            if done or (self._tell_again is not None and self._clock() >= self._tell_again):
                self._tell_lidarr()
            soon = {key for key, end in ends.items() if end is _End.SOON}
            if not soon:
                break
        if trouble is not None:
            raise trouble  # the job tells it
        return reported

    def _due(self, only: set[int] | None) -> list[Grab]:
        query = (
            select(Grab).where(Grab.status == GrabState.PROCESSING).order_by(Grab.transferred_at)
        )
        if only is not None:
            query = query.where(Grab.id.in_(only))
        with self._db.read() as session:
            return list(session.scalars(query))

    def _attempt(self, grab: Grab) -> _End:
        files = self._files(grab)
        try:
            with disk.told("finish the grab"):
                storage = self._finish(grab, files)
        except NotYet as reason:
            self._note(grab, str(reason))
            return _End.SOON if reason.soon else _End.LATER
        except DiskFull as error:
            if not self._paths.told_root:
                self._wake("health")  # it asks slskd for its folder
            self._wait_or_park(grab, error.message)
            return _End.LATER
        except CompletionError as error:
            self._returning.send_back(grab, error)
            return _End.LATER
        except LeftOver as spare:
            self._returning.leave_out(grab, spare.files, spare.reason)
            return _End.SOON
        except Refused as refused:
            paths = [
                Path(file.placed_path)
                for file in files
                if file.id in refused.files and file.placed_path
            ]
            self._returning.refuse(grab, refused.files, paths, refused.reason)
            return _End.LATER
        return _End.REPORTED if self._report(grab, storage) else _End.LATER

    def _files(self, grab: Grab) -> list[Download]:
        query = (
            select(Download)
            .where(Download.grab_id == grab.id, Download.current)
            .order_by(Download.position)
        )
        with self._db.read() as session:
            return list(session.scalars(query))

    def _finish(self, grab: Grab, files: Sequence[Download]) -> str:
        begun = any(file.placed_path for file in files)  # before the setting was changed
        if self._settings.get("completion.mode") == "report" and not begun:
            return self._gathering.as_told(grab, files)
        target = self._gathering.target(grab)
        if (shelved := self._shelves.go_on(grab, files, target)) is not None:
            return str(shelved)
        places = places_of(files, target)
        arrived = self._gathering.arrived(grab, files, places)
        self._prover.prove(grab, arrived)
        for file, path in arrived:
            self._gathering.place(file, path, places[file.id])
        # A peer that failed half-way may have left files here: each track once (lidarr §9.3).
        disk.remove_others(target, set(places.values()))
        placed: Placed = [(file, places[file.id]) for file in files]
        placed = self._rehearsing.rehearse(grab, placed, target)
        return str(self._shelves.finish(grab, placed, target))

    # -- what follows ------------------------------------------------------------------------------

    def _report(self, grab: Grab, storage: str) -> bool:
        now = self._clock()
        event = EventRecord("grab.completed", f"Ready for Lidarr in {storage}.")
        with self._db.write() as session:
            row = held(session, grab)
            if row is None:
                return False
            moved = ledger.move_grab(
                session,
                row,
                GrabState.COMPLETED,
                event,
                at=now,
                storage_path=storage,
                completed_at=now,
                note=None,
            )
        self._wake("cleanup")
        return moved

    def _note(self, grab: Grab, text: str) -> None:
        if grab.note == text:
            return
        with self._db.write() as session:
            row = held(session, grab)
            if row is not None:
                row.note = text

    def _wait_or_park(self, grab: Grab, why: str) -> None:
        """Ours to mend: keep everything; after a day tell Lidarr, without blaming the release."""
        since = grab.transferred_at or grab.updated_at
        if self._clock() - since < ledger.PARK_AFTER:
            if grab.note != why:
                log.warning("cannot finish %s: %s", grab.title, why)
            self._note(grab, why)
            return
        now = self._clock()
        with self._db.write() as session:
            row = held(session, grab)
            if row is None:
                return
            ledger.park(session, row, why, at=now)

    def _tell_lidarr(self) -> None:
        """Without it the import starts at Lidarr's next poll, a minute later."""
        self._tell_again = None
        try:
            self._lidarr.refresh_downloads()
        except LidarrError as error:
            self._tell_again = self._clock() + TELL_AGAIN_AFTER
            log.info("Lidarr could not be told about a finished grab: %s", error.message)
