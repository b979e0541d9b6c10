"""Finishes grabs: settle, verify, gather, report.

"Completed" is a promise that cannot be taken back (Lidarr ignores a later "Failed"), so it is made
only after the last file has its final name and content in a folder that is ours alone. Every step
can be killed and run again: what was already moved is found at its new place.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from soulspot_arr import disk, ledger
from soulspot_arr.db import Database
from soulspot_arr.domain import (
    Clock,
    DownloadState,
    EventRecord,
    FailureKind,
    GrabState,
)
from soulspot_arr.errors import CompletionError, DiskFull, FileCorrupt, FilesMissing, LidarrError
from soulspot_arr.lidarr import Lidarr
from soulspot_arr.log import about
from soulspot_arr.mending import Mender
from soulspot_arr.models import Download, Grab
from soulspot_arr.paths import Paths, destination
from soulspot_arr.rules import naming, watching
from soulspot_arr.settings import Settings

log = logging.getLogger(__name__)

TELL_AGAIN_AFTER = timedelta(minutes=1)


class NotYet(Exception):  # not an error: come back at the next run
    """A file has not settled yet."""


class Completion:
    """The complete job."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        paths: Paths,
        lidarr: Lidarr,
        *,
        mender: Mender,
        clock: Clock,
        wake: Callable[[str], None],
    ) -> None:
        self._db = database
        self._settings = settings
        self._paths = paths
        self._lidarr = lidarr
        self._mender = mender
        self._clock = clock
        self._wake = wake
        self._tell_again: datetime | None = None

    def run(self) -> int:
        """Work on every grab whose files have arrived; returns how many were reported.

        What nobody expected of one grab is raised after the others had their turn.
        """
        query = (
            select(Grab).where(Grab.status == GrabState.PROCESSING).order_by(Grab.transferred_at)
        )
        with self._db.read() as session:
            grabs = list(session.scalars(query))
        reported = 0
        trouble: Exception | None = None
        for grab in grabs:
            with about(grab.nzo_id):
                try:
                    reported += self._attempt(grab)
                # One of the project's five broad handlers: one grab must not hold up the others.
                except Exception as error:  # noqa: BLE001 - raised below
                    trouble = trouble or error
        if reported or (self._tell_again is not None and self._clock() >= self._tell_again):
            self._tell_lidarr()
        if trouble is not None:
            raise trouble  # the job tells it
        return reported

    def _attempt(self, grab: Grab) -> bool:
        files = self._files(grab)
        try:
            with disk.told("finish the grab"):
                storage = self._finish(grab, files)
        except NotYet as reason:
            self._note(grab, str(reason))
            return False
        except DiskFull as error:
            self._wait_or_park(grab, error.message)
            return False
        except CompletionError as error:
            self._send_back(grab, error)
            return False
        return self._report(grab, storage)

    def _files(self, grab: Grab) -> list[Download]:
        query = (
            select(Download)
            .where(Download.grab_id == grab.id, Download.current)
            .order_by(Download.position)
        )
        with self._db.read() as session:
            return list(session.scalars(query))

    # -- the steps ---------------------------------------------------------------------------------

    def _finish(self, grab: Grab, files: Sequence[Download]) -> str:
        if self._settings.get("completion.mode") == "report":
            return self._as_told(grab, files)
        target = self._target(grab)
        places = _places(files, target)
        # What was placed for an earlier peer and lies elsewhere now goes out of the way first.
        files = sorted(files, key=lambda file: file.placed_path is None)
        taken = {file.placed_path: file.id for file in files if file.placed_path}
        arrived = []
        for file in files:
            place = places[file.id]
            spots = [Path(file.placed_path)] if file.placed_path else []
            spots += [place] if taken.get(str(place), file.id) == file.id else []
            arrived.append((file, self._arrived(grab, file, spots)))
        for file, path in arrived:
            self._prove(file, path)
        for file, path in arrived:
            self._place(file, path, places[file.id])
        # A peer that failed half-way may have left files here: each track once (lidarr §9.3).
        disk.remove_others(target, set(places.values()))
        return str(target)

    def _as_told(self, grab: Grab, files: Sequence[Download]) -> str:
        """`report` mode: the files cannot be seen; the folder slskd was told is reported."""
        if not self._paths.told_root:
            raise DiskFull("slskd's download folder is not known yet.")
        wanted = destination(grab.nzo_id, grab.offer_index, 0)
        for file in files:
            placement = (file.placement or "").replace("\\", "/")
            if placement == wanted or placement.startswith(wanted + "/"):
                continue
            if file.batch_key is None:  # no other peer would change that
                raise FilesMissing(
                    "slskd did not put the files into a folder of their own; mode 'report' needs "
                    "slskd 0.26 or newer."
                )
            raise FilesMissing(  # slskd forgets the folder when it is restarted (slskd §5.9)
                f"slskd did not put {naming.file_name(file.remote_path)} into its folder.",
                download_id=file.id,
                kind=FailureKind.VANISHED,
            )
        return self._paths.told_folder(wanted)

    def _target(self, grab: Grab) -> Path:
        """The folder of this grab alone, named like its title; remembered before it is made."""
        complete = self._paths.complete_dir
        if complete is None:
            raise DiskFull("The folder for finished grabs is not known: slskd was never reached.")
        if grab.storage_path:
            return Path(grab.storage_path)
        parent = complete / self._paths.category_folder(grab.category)
        name = naming.safe_component(grab.title, 230)
        names = (name, *(f"{name}.{grab.nzo_id[-digits:]}" for digits in (4, 12)))
        free = [str(parent / name) for name in names if not (parent / name).exists()]
        with self._db.write() as session:
            taken = set(
                session.scalars(select(Grab.storage_path).where(Grab.storage_path.in_(free)))
            )
            storage = next((parent / Path(path).name for path in free if path not in taken), None)
            row = self._held(session, grab)
            if row is None or storage is None:
                raise NotYet("changed meanwhile")
            row.storage_path = str(storage)
        grab.storage_path = str(storage)
        return storage

    def _arrived(self, grab: Grab, file: Download, spots: Sequence[Path]) -> Path:
        """Where the file is now, whole and quiet. Raises NotYet, DiskFull or FilesMissing."""
        for placed in spots:
            if placed.is_file() and placed.stat().st_size == file.size:
                return placed  # moved before we were killed, or kept from an earlier peer
        root = self._paths.local_root
        if not self._paths.visible():
            raise DiskFull(
                f"slskd's download folder is not visible here as {root}. Mount it at the same "
                "place in both containers, or set paths.local_root."
            )
        found = self._paths.landed(file)
        if found is not None:
            if not disk.is_quiet(found, now=self._clock().timestamp()):
                raise NotYet(f"Waiting for {found.name} to settle.")
            return found
        since = grab.transferred_at or grab.updated_at
        patience = timedelta(seconds=self._settings.get("completion.settle"))
        name = naming.file_name(file.remote_path)
        if self._clock() - since < patience:
            raise NotYet(f"Waiting for {name} to appear.")
        raise FilesMissing(
            f"{name} did not appear in {root} with its exact size.",
            download_id=file.id,
            kind=FailureKind.VANISHED,
        )

    def _prove(self, file: Download, path: Path) -> None:
        try:
            disk.prove_audio(path)
        except FileCorrupt as error:
            error.data["download_id"] = file.id
            if not file.adopted:  # somebody else's file is left where it is
                error.data["path"] = path
            raise

    def _place(self, file: Download, path: Path, place: Path) -> None:
        complete = self._paths.complete_dir
        assert complete is not None
        if path != place:
            ours = not file.adopted or str(path) == file.placed_path
            disk.move_whole(path, place, root=complete, keep=not ours)
        if file.placed_path != str(place):
            with self._db.write() as session:
                row = session.get(Download, file.id)
                if row is not None:
                    row.placed_path = str(place)

    # -- what follows ------------------------------------------------------------------------------

    def _report(self, grab: Grab, storage: str) -> bool:
        now = self._clock()
        event = EventRecord("grab.completed", f"Ready for Lidarr in {storage}.")
        with self._db.write() as session:
            row = self._held(session, grab)
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
            row = self._held(session, grab)
            if row is not None:
                row.note = text

    def _held(self, session: Session, grab: Grab) -> Grab | None:
        """The grab as it is now, locked; None when it is no longer ours to work on."""
        ledger.hold(session, [grab.id])
        row = session.get(Grab, grab.id)
        return row if row is not None and row.status == GrabState.PROCESSING else None

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
            row = self._held(session, grab)
            if row is None:
                return
            ledger.park(session, row, why, at=now)

    def _send_back(self, grab: Grab, error: CompletionError) -> None:
        """One file is missing or broken: the retry rule decides, the grab follows."""
        log.warning("%s", error.message)
        download_id = error.data.get("download_id")
        kind = FailureKind(error.data.get("kind", FailureKind.CORRUPT))
        broken = error.data.get("path")
        if isinstance(broken, Path):
            self._drop(broken)
        now = self._clock()
        jobs = ["cleanup", "dispatch"]
        with self._db.write() as session:
            held = self._held(session, grab)
            if held is None:
                return
            row = session.get(Download, download_id) if download_id else None
            if row is None:
                self._fail_whole(session, held, error, now=now)
            elif row.status == DownloadState.COMPLETED:
                self._write_back(session, row, kind, error.message, now=now)
                jobs += self._mender.roll_up(session, held, at=now).jobs
        for job in dict.fromkeys(jobs):
            self._wake(job)

    def _write_back(
        self, session: Session, row: Download, kind: FailureKind, message: str, *, now: datetime
    ) -> None:
        policy = watching.WatchPolicy(retry=self._settings.retry_policy())
        step = watching.failed(row, kind, message, now=now, policy=policy, fields={})
        step = replace(step, fields={**step.fields, "placed_path": None})
        event = EventRecord(step.event, message, "warning", {"path": row.remote_path})
        self._mender.take(session, row, step, event, at=now)

    def _fail_whole(
        self, session: Session, grab: Grab, error: CompletionError, *, now: datetime
    ) -> None:
        event = EventRecord("grab.failed", error.message, "error")
        ledger.move_grab(
            session,
            grab,
            GrabState.FAILED,
            event,
            at=now,
            failure_kind=str(FailureKind.NOT_IMPORTABLE),
            failure_message=error.message,
            completed_at=now,
        )

    def _drop(self, path: Path) -> None:
        """A broken file must not be resumed or found again."""
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("the broken file %s stays: %s", path.name, error.strerror)

    def _tell_lidarr(self) -> None:
        """Without it the import starts at Lidarr's next poll, a minute later."""
        self._tell_again = None
        try:
            self._lidarr.refresh_downloads()
        except LidarrError as error:
            self._tell_again = self._clock() + TELL_AGAIN_AFTER
            log.info("Lidarr could not be told about a finished grab: %s", error.message)


def _places(files: Sequence[Download], target: Path) -> dict[int, Path]:
    """Final path of each file: discs in `CD1`, `CD2` (contract lidarr §9.4), never two alike."""
    places: dict[int, Path] = {}
    taken: set[str] = set()
    # What has its name already keeps it, also when another peer's file of that name joins it.
    for file in sorted(files, key=lambda file: file.placed_path is None):
        name = naming.safe_component(naming.file_name(file.remote_path))
        folder = target / naming.disc_folder(file.disc) if file.disc else target
        if str(folder / name).casefold() in taken:
            name = naming.safe_component(f"{file.position:03d} {name}")
        taken.add(str(folder / name).casefold())
        places[file.id] = folder / name
    return places
