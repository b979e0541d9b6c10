"""Leaves no traces: transfers that are over are forgotten at the source, leftovers removed, old rows purged.

Only what is ours is touched: our own transfers by their references, our own folders, and single
files of grabs that were given up. Removed is never what Lidarr may still import.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import ColumnElement, and_, delete, or_, select, text, update
from sqlalchemy.orm import Session

from soulspot_arr import disk, ledger
from soulspot_arr.db import Database
from soulspot_arr.domain import (
    GIVEN_UP,
    TRANSFERRING_GRABS,
    Clock,
    DownloadState,
    FailureKind,
    GrabState,
    Transfer,
    TransferRef,
)
from soulspot_arr.errors import CompletionError, OutsideRoot, SourceError
from soulspot_arr.models import Answer, Download, Event, Grab, ReleaseRow, SearchRow, of_instance
from soulspot_arr.paths import Paths
from soulspot_arr.rules import watching
from soulspot_arr.settings import Settings
from soulspot_arr.sources import DownloadSource, Guard

log = logging.getLogger(__name__)

_AT_ONCE = 60
_TRIED_LATELY = timedelta(minutes=30)  # what waits for room is asked for every five minutes
_ENDED = (
    GrabState.COMPLETED,
    GrabState.FAILED,
    GrabState.CANCELLED,
    GrabState.IMPORTED,
    GrabState.REMOVED,
)


class Cleanup:
    """The cleanup and housekeeping jobs."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        paths: Paths,
        source: DownloadSource,
        guard: Guard,
        *,
        clock: Clock,
        wake: Callable[[str], None],
    ) -> None:
        self._db = database
        self._settings = settings
        self._paths = paths
        self._source = source
        self._guard = guard
        self._clock = clock
        self._wake = wake

    def run(self) -> int:
        """Park what a full disk holds up, forget at the source what ended, remove leftovers."""
        self._park()
        return self.forget() + self._remove_leftovers()

    def _park(self) -> None:
        """A disk that has been full at slskd for a day is told to Lidarr; no release is blamed.

        The day begins with the first file that found it full: what waited in a queue before that
        was no trouble of ours.
        """
        now = self._clock()
        query = (
            select(Grab, Download.failure_message)
            .join(Download)
            .where(
                Download.status == DownloadState.WAITING,
                Download.failure_kind == FailureKind.DISK_FULL,
                Grab.disk_full_since < now - ledger.PARK_AFTER,
                Download.updated_at > now - _TRIED_LATELY,  # not what we left behind a week ago
                Grab.status.in_(TRANSFERRING_GRABS),
            )
        )
        with self._db.read() as session:
            full = {grab.id: message for grab, message in session.execute(query)}
        if not full:
            return
        with self._db.write() as session:
            ledger.hold(session, full)
            for grab_id, message in full.items():
                grab = session.get(Grab, grab_id)
                if grab is not None and grab.status in TRANSFERRING_GRABS:
                    ledger.park(session, grab, message or "The disk is full at slskd.", at=now)

    # -- at the source -----------------------------------------------------------------------------

    def forget(self) -> int:
        """Drop at the source what is over; how many files that settled."""
        settled = last = self._forget_some()
        while last == _AT_ONCE:
            settled += (last := self._forget_some())
        return settled

    def _forget_some(self) -> int:
        rows = self._unreleased()
        if not rows:
            return 0
        ours = [row for row in rows if not row.adopted]
        try:
            known = self._references(ours)
            spent = [TransferRef(row.peer, row.spent_ref) for row in ours if row.spent_ref]
            left = self._drop([*dict.fromkeys([*known.values(), *spent])])
        except SourceError as error:
            log.debug("the source keeps ended transfers for now: %s", error.message)
            return 0
        now = self._clock()
        gone = {row_id for row_id, ref in known.items() if ref not in left}
        never = {row.id for row in ours if row.id not in known and self._never_came(row, now)}
        over = gone | never | {row.id for row in rows if row.adopted}
        return self._note_released([row for row in rows if row.id in over], at=now)

    def _drop(self, refs: Sequence[TransferRef]) -> Collection[TransferRef]:
        """Have these forgotten; which ones are not. One that cannot be keeps none of the others."""
        if not refs:
            return ()
        try:
            return self._forgotten(refs)
        except SourceError:
            if len(refs) == 1:
                raise
        left: set[TransferRef] = set()
        for ref in refs:
            if self._guard.reachable is False or self._guard.resting:
                return {*left, *refs[refs.index(ref) :]}
            try:
                left |= set(self._forgotten([ref]))
            except SourceError as error:
                log.debug("one ended transfer stays at the source: %s", error.message)
                left.add(ref)
        return left

    def _forgotten(self, refs: Sequence[TransferRef]) -> Sequence[TransferRef]:
        with self._guard("forget transfers that are over"):
            return self._source.cancel_raw(refs, forget=True)

    def _note_released(self, rows: Sequence[Download], *, at: datetime) -> int:
        """Only what is still over: one that was let go, or asked for anew meanwhile, has another."""
        attempts = {row.id: _attempt(row) for row in rows}
        given_up = False
        with self._db.write() as session:
            ledger.hold(session, [row.grab_id for row in rows])
            query = select(Download).join(Grab).where(Download.id.in_(attempts), _is_over())
            settled = [row for row in session.scalars(query) if _attempt(row) == attempts[row.id]]
            for row in settled:
                row.released_at = at
                given_up |= row.status in GIVEN_UP
        if given_up:
            self._wake("dispatch")  # their files may be asked for again
        return len(settled)

    def _unreleased(self) -> list[Download]:
        query = (
            select(Download)
            .join(Grab)
            .where(_is_over(), Download.released_at.is_(None), _asked())
            .where(of_instance(self._source.name))
            .order_by(Download.id)
            .limit(_AT_ONCE)
        )
        with self._db.read() as session:
            return list(session.scalars(query))

    def _references(self, rows: Sequence[Download]) -> dict[int, TransferRef]:
        """Transfers to drop.

        One look finds those whose request was never confirmed to us, and those that bear another
        reference since slskd was restarted (contract slskd §5.9).
        """
        known = {
            row.id: TransferRef(row.peer, row.transfer_ref) for row in rows if row.transfer_ref
        }
        unsure = [row for row in rows if not row.transfer_ref or _was_stopped(row)]
        if not unsure:
            return known
        with self._guard("look for unconfirmed transfers"):
            listed = self._source.poll_raw().transfers
        refs = {entry.ref for entry in listed}
        unsure = [row for row in unsure if row.transfer_ref not in refs]
        found = watching.correlate(unsure, self._perhaps_ours(unsure, listed))
        with self._db.write() as session:
            for row in unsure:
                if (transfer := found[row.id]) is not None:
                    known[row.id] = TransferRef(transfer.peer, transfer.ref)
                    self._note_transfer(session, row, transfer)
        return known

    def _note_transfer(self, session: Session, row: Download, transfer: Transfer) -> None:
        """Also where it lands: what has arrived of it is to be removed."""
        row.transfer_ref, row.placement = transfer.ref, transfer.placement or row.placement
        same = (Download.id == row.id, Download.status == row.status)
        columns = {"transfer_ref": row.transfer_ref, "placement": row.placement}
        session.execute(update(Download).where(*same).values(columns))

    def _perhaps_ours(
        self, unsure: Sequence[Download], listed: Sequence[Transfer]
    ) -> list[Transfer]:
        """Transfers of these files that belong to no other row and to nobody else."""
        mine = {row.batch_key for row in unsure if row.batch_key}
        rows = {(row.peer, row.remote_path): row for row in unsure}
        perhaps = [
            entry
            for entry in listed
            if entry.batch_key in mine
            or ((row := rows.get((entry.peer, entry.path))) and watching.is_of_attempt(entry, row))
        ]
        refs = [entry.ref for entry in perhaps]
        query = select(Download.transfer_ref).where(Download.transfer_ref.in_(refs))
        with self._db.read() as session:
            taken = set(session.scalars(query)) if refs else set()
        return [entry for entry in perhaps if entry.ref not in taken]

    def _never_came(self, row: Download, now: datetime) -> bool:
        patience = timedelta(seconds=self._settings.get("queue.claim_ttl"))
        return now - (row.claimed_at or row.updated_at) > patience

    # -- on disk -----------------------------------------------------------------------------------

    def _remove_leftovers(self) -> int:
        """Per ended grab, once all its transfers are released: nothing can be written any more."""
        root = self._paths.local_root
        blind = self._settings.get("completion.mode") == "report"
        if not self._paths.told_root or not (blind or self._paths.visible()):
            return 0
        pending = (
            select(Download.id)
            .where(
                Download.grab_id == Grab.id,
                _asked(),
                Download.released_at.is_(None),
            )
            .exists()
        )
        # Parked because our own disk is full: the files stay until somebody deletes the grab.
        parked = and_(
            Grab.status == GrabState.FAILED, Grab.failure_kind == str(FailureKind.DISK_FULL)
        )
        query = (
            select(Grab)
            .where(Grab.status.in_(_ENDED), Grab.cleaned_at.is_(None), ~pending)
            .where(or_(Grab.failure_kind.is_(None), ~parked))
            .limit(_AT_ONCE)
        )
        with self._db.read() as session:
            grabs = list(session.scalars(query))
            files = {grab.id: list(grab.downloads) for grab in grabs}
        done = 0
        for grab in grabs:
            try:
                # Lidarr still has to take the files of a completed grab that is reported in place.
                in_place = grab.status == GrabState.COMPLETED and self._reports_in_place(grab)
                if root is not None and not in_place:
                    self._remove_for(grab, files[grab.id], root=root)
            except OutsideRoot as error:
                log.warning(
                    "leftovers of %s are not ours to remove: %s", grab.nzo_id, error.message
                )
            except CompletionError as error:
                log.warning("leftovers of %s stay: %s", grab.nzo_id, error.message)
                continue
            done += 1
            self._mark_cleaned(grab)  # deleting the grab later makes it due once more
        return done

    def _mark_cleaned(self, grab: Grab) -> None:
        with self._db.write() as session:
            session.execute(update(Grab).where(Grab.id == grab.id).values(cleaned_at=self._clock()))

    def _reports_in_place(self, grab: Grab) -> bool:
        incoming = self._paths.incoming(grab.nzo_id)
        return bool(
            incoming and grab.storage_path and Path(grab.storage_path).is_relative_to(incoming)
        )

    def _remove_for(self, grab: Grab, files: Sequence[Download], *, root: Path) -> None:
        for file in files:
            self._remove_unplaced(grab, file, root=root)
        incoming = self._paths.incoming(grab.nzo_id)
        if incoming is not None and incoming.exists():
            disk.remove_tree(incoming, root=root)
        complete = self._paths.complete_dir
        if complete is None or not grab.storage_path:
            return
        storage = Path(grab.storage_path)
        if _never_reported(grab):
            disk.remove_tree(storage, root=complete)
        elif grab.status in {GrabState.IMPORTED, GrabState.REMOVED}:
            discs = [*storage.glob("CD*"), *storage.glob("Disc *")] if storage.is_dir() else []
            disk.remove_empty([*discs, storage])

    def _remove_unplaced(self, grab: Grab, file: Download, *, root: Path) -> None:
        """A file that arrived for a grab that did not need it any more."""
        if file.placed_path or file.status not in {
            DownloadState.COMPLETED,
            DownloadState.CANCELLED,
        }:
            return
        given_up = grab.status in {GrabState.FAILED, GrabState.CANCELLED, GrabState.REMOVED}
        if not given_up and file.current:
            return
        found = self._paths.landed(file)
        if found is None or not file.transfer_ref or file.adopted:
            return
        with disk.told(f"remove {found.name}"):
            found.unlink(missing_ok=True)
        if found.parent != root:
            disk.remove_empty([found.parent])

    # -- old rows ----------------------------------------------------------------------------------

    def purge(self) -> None:
        """Delete rows that are older than their retention."""
        now = self._clock()

        def before(key: str) -> datetime:
            return now - timedelta(days=self._settings.get(key))

        kept = select(Grab.release_key).where(Grab.archived_at.is_(None))
        with self._db.write() as session:
            session.execute(delete(Event).where(Event.at < before("retention.events")))
            session.execute(
                delete(SearchRow).where(SearchRow.started_at < before("retention.searches"))
            )
            # An empty answer is given for days, and counts in the one that follows.
            longest = max(float(step) for step in self._settings.get("search.empty_cache"))
            kept_for = timedelta(days=1, seconds=longest)
            session.execute(delete(Answer).where(Answer.answered_at < now - kept_for))
            session.execute(
                delete(ReleaseRow).where(
                    ReleaseRow.last_seen_at < before("retention.releases"),
                    ReleaseRow.id.not_in(kept),
                )
            )
            over = (GrabState.IMPORTED, GrabState.REMOVED, GrabState.CANCELLED)
            old = select(Grab.id).where(
                Grab.status.in_(over),
                Grab.cleaned_at.is_not(None),
                Grab.updated_at < before("retention.archived"),
            )
            ids = list(session.scalars(old.order_by(Grab.id).with_for_update()))
            session.execute(delete(Grab).where(Grab.id.in_(ids)))
            if self._db.dialect == "sqlite":
                session.execute(text("PRAGMA optimize"))


def _is_over() -> ColumnElement[bool]:
    """Files whose transfers nobody needs any more."""
    arrived = Download.status == DownloadState.COMPLETED
    return or_(
        Download.status.in_(GIVEN_UP),
        and_(arrived, or_(Grab.status.in_(_ENDED), ~Download.current)),
    )


def _was_stopped(row: Download) -> bool:
    """Given up while it may have been under way: its reference may be out of date.

    What has failed was seen to end; what runs under that name since then is somebody else's.
    """
    return row.status == DownloadState.CANCELLED or row.failure_kind == FailureKind.BLOCKED


def _attempt(row: Download) -> tuple[str | None, ...]:
    return row.transfer_ref, row.spent_ref, row.batch_key


def _asked() -> ColumnElement[bool]:
    """Files that the source was asked for, now or in an attempt that is over."""
    marks = (Download.claimed_at, Download.spent_ref, Download.batch_key)
    return or_(*(mark.is_not(None) for mark in marks))


def _never_reported(grab: Grab) -> bool:
    """Whether Lidarr was never told of the folder: it holds leftovers, not an album."""
    given_up = grab.status in {GrabState.FAILED, GrabState.CANCELLED}
    return given_up or grab.failure_message is not None  # a failure that was deleted since
