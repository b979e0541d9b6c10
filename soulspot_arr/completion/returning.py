"""What arrived and is no good goes back: one file, or the whole offer.

The retry rule decides about the file, the mender about the grab; here the two are only told.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from soulspot_arr import ledger
from soulspot_arr.completion.ground import Ground, held
from soulspot_arr.domain import (
    OPEN_GRABS,
    DownloadState,
    EventRecord,
    FailureKind,
    GrabState,
)
from soulspot_arr.errors import CompletionError
from soulspot_arr.models import Download, Grab
from soulspot_arr.rules import watching

log = logging.getLogger(__name__)


class Returning:
    """Writes failures of completion; wakes who has work by that."""

    def __init__(self, ground: Ground) -> None:
        self._db = ground.database
        self._settings = ground.settings
        self._mender = ground.mender
        self._clock = ground.clock
        self._wake = ground.wake

    def send_back(self, grab: Grab, error: CompletionError) -> None:
        """One file is missing or broken; without a file, there is nothing left to try.

        `data["path"]` of the error is a broken file of ours, which goes; `data["others"]` are
        errors of the same kind about further files.
        """
        log.warning("%s", error.message)
        download_id = error.data.get("download_id")
        kind = FailureKind(error.data.get("kind", FailureKind.CORRUPT))
        broken = error.data.get("path")
        if isinstance(broken, Path):
            _drop(broken)
        if isinstance(download_id, int):
            errors = (error, *error.data.get("others", ()))
            self._return(grab, {one.data["download_id"]: one.message for one in errors}, kind)
            return
        with self._db.write() as session:
            row = held(session, grab)
            if row is not None:
                _fail_whole(session, row, error, now=self._clock())
        self._wake("cleanup")

    def refuse(
        self, grab: Grab, reasons: Mapping[int, str], paths: Collection[Path], reason: str
    ) -> None:
        """These files (ids, each with its reason) are not what was wanted; `paths` are removed."""
        log.warning("%s: %s", grab.title, reason)
        with self._db.write() as session:
            row = held(session, grab)
            if row is None:
                return
            event = EventRecord("grab.refused", reason, "warning", {"files": len(reasons)})
            ledger.record(session, event, at=self._clock(), grab_id=grab.id)
            row.rehearsal = None
        for path in paths:
            _drop(path)
        self._return(grab, reasons, FailureKind.NOT_IMPORTABLE)

    def leave_out(self, grab: Grab, files: Mapping[int, Path], reason: str) -> None:
        """Files (ids, each with its place) beside a complete album do not count any more, and go."""
        log.info("%s: %s", grab.title, reason)
        now = self._clock()
        with self._db.write() as session:
            row = held(session, grab)
            if row is None:
                return
            for download_id in files:
                file = session.get(Download, download_id)
                if file is not None and file.current:
                    file.current = False
                    row.file_count -= 1
                    row.total_bytes -= file.size
            event = EventRecord("grab.left_out", reason, data={"files": len(files)})
            ledger.record(session, event, at=now, grab_id=grab.id)
        for path in files.values():
            _drop(path)

    def _return(self, grab: Grab, reasons: Mapping[int, str], kind: FailureKind) -> None:
        now = self._clock()
        jobs = ["cleanup", "dispatch"]
        with self._db.write() as session:
            row = held(session, grab, OPEN_GRABS)
            if row is None:
                return
            changed = False
            for download_id, reason in reasons.items():
                file = session.get(Download, download_id)
                if file is not None and file.status == DownloadState.COMPLETED:
                    changed |= self._write_back(session, file, kind, reason, now=now)
            if changed:
                row.note = None  # whatever was waited for, it is not any more
                jobs += self._mender.roll_up(session, row, at=now).jobs
        for job in dict.fromkeys(jobs):
            self._wake(job)

    def _write_back(
        self, session: Session, row: Download, kind: FailureKind, message: str, *, now: datetime
    ) -> bool:
        policy = watching.WatchPolicy(retry=self._settings.retry_policy())
        step = watching.failed(row, kind, message, now=now, policy=policy, fields={})
        gone = {"placed_path": None, "verified": None}
        step = replace(step, fields={**step.fields, **gone})
        event = EventRecord(step.event, message, "warning", {"path": row.remote_path})
        return self._mender.take(session, row, step, event, at=now)


def _fail_whole(session: Session, grab: Grab, error: CompletionError, *, now: datetime) -> None:
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


def _drop(path: Path) -> None:
    """A broken file must not be resumed or found again."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        log.warning("the broken file %s stays: %s", path.name, error.strerror)
