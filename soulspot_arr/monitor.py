"""Watches the source: one poll for everything, then what the rules say about each file.

Only this module looks at transfers; Lidarr, the API and the command line read our tables.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from soulspot_arr import ledger
from soulspot_arr.absence import Absence, transfers_of
from soulspot_arr.clockwatch import ClockWatch
from soulspot_arr.db import Database
from soulspot_arr.domain import (
    LIVE_DOWNLOADS,
    TRANSFERRING_GRABS,
    Clock,
    DownloadState,
    EventRecord,
    FailureKind,
    Rescue,
    Transfer,
    TransferRef,
    network,
)
from soulspot_arr.errors import SourceError
from soulspot_arr.mending import Mender
from soulspot_arr.models import IS_LIVE, Download, Grab, of_instance
from soulspot_arr.paths import Paths
from soulspot_arr.rules import watching
from soulspot_arr.settings import Settings
from soulspot_arr.sources import DownloadSource, Guard
from soulspot_arr.sources.guard import LOOK

log = logging.getLogger(__name__)

_LONGEST_WAIT = 86_400.0  # seconds; nothing but `retry.backoff` makes a file wait for more
_AT_ONCE = 500  # references in one query
_STRAYS_EVERY = 60.0  # seconds
_NEWS = (DownloadState.QUEUED, DownloadState.DOWNLOADING, DownloadState.COMPLETED)
_UNWRITABLE = (DataError, IntegrityError, OverflowError, ValueError)

_TABLE = Download.__table__.c
# Grabs on their way of which nothing is. Put together once: every few seconds, for weeks.
_STRAYS = (
    select(Grab)
    .where(Grab.status.in_(TRANSFERRING_GRABS))
    .where(or_(Grab.rescue.is_(None), Grab.rescue != Rescue.WANTED))  # that job goes on
    .where(
        ~select(Download.id)
        .where(
            Download.grab_id == Grab.id,
            Download.current,
            Download.status.in_([*LIVE_DOWNLOADS, DownloadState.WAITING]),
        )
        .exists()
    )
)


@dataclass(slots=True)
class _Live:
    """The columns of a live file that a look needs: there may be thousands of them."""

    id: int
    grab_id: int
    peer: str
    remote_path: str
    size: int
    status: str
    attempts: int
    batch_key: str | None
    transfer_ref: str | None
    spent_ref: str | None
    adopted: bool
    claimed_at: datetime | None
    bytes_done: int
    place_in_queue: int | None
    best_place: int | None
    speed: int
    placement: str | None
    missing_since: datetime | None
    offline_since: datetime | None
    first_seen_at: datetime | None
    last_progress_at: datetime | None


_Change = tuple[_Live, watching.Step]


class Monitor:
    """The poll job."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        source: DownloadSource,
        guard: Guard,
        *,
        paths: Paths,
        mender: Mender,
        clock: Clock,
        wake: Callable[[str], None],
    ) -> None:
        self._db = database
        self._settings = settings
        self._paths = paths
        self._mender = mender
        self._source = source
        self._guard = guard
        self._clock = clock
        self._wake = wake
        self._last_poll = self._last_move = float("-inf")
        self._unwritable: set[int] = set()
        self._is_first = True
        self._strays_at = float("-inf")
        self._absence = Absence(
            database,
            transfers_of(source.name),
            clock=clock,
            usual=lambda: 2.0 * settings.get("jobs.poll_queued"),
        )
        self.watch = ClockWatch(clock)

    def tick(self) -> int:
        """Look once and write what changed; returns the number of files that did.

        While everything is only queued at peers, a look every `jobs.poll_queued` seconds is enough.
        """
        if jump := self.watch.jump():
            self._start_anew(jump)
        elif self._is_first:  # the clock may have been set back while nobody watched it
            with self._db.write() as session:
                self._forget_the_future(session)
        self._is_first = False
        states = self._live_states() if self._source.is_configured() else set()
        if not states or time.monotonic() - self._strays_at >= _STRAYS_EVERY:
            self._roll_up_strays()
        if not states:
            return 0
        if states == {DownloadState.QUEUED} and not self._due():
            return 0
        downloads = self._live()
        try:
            with self._guard(LOOK):
                snapshot = self._source.poll_raw()
        except SourceError as error:
            log.debug("no look at the transfers: %s", error.message)
            return 0
        self._last_poll = time.monotonic()
        if gap := self._absence.gap():
            downloads = self._after(gap)
        self._absence.looked()
        transfers = self._without_others(downloads, snapshot.transfers)
        steps = self._steps(downloads, watching.correlate(downloads, transfers))
        written, jobs = self._write(steps)
        if any(step.fields.get("bytes_done") or step.to in _NEWS for _, step in written):
            self._last_move = self._last_poll
        # Before anybody asks anew: the source must not take the new request for the old transfer.
        self._release(_over(downloads, written, transfers))
        for job in jobs:
            self._wake(job)
        return len(written)

    def hasten(self) -> None:
        """The source told us something happened: look at the next tick, however quiet it was."""
        self._last_poll = float("-inf")
        self._wake("poll")

    def landed(self, peer: str, remote_path: str, local_path: str) -> bool:
        """Remember the exact path a source told for a finished file; whether it was one of ours."""
        with self._db.write() as session:
            row = session.scalar(
                select(Download)
                .where(
                    Download.peer == peer,
                    Download.remote_path == remote_path,
                    Download.status.in_(LIVE_DOWNLOADS | {DownloadState.COMPLETED}),
                    Download.placed_path.is_(None),
                )
                .order_by(Download.id.desc())
            )
            if row is None:
                return False
            row.local_path = local_path
        self.hasten()
        return True

    # -- one look ----------------------------------------------------------------------------------

    def _live_states(self) -> set[str]:
        """Which states live files are in."""
        query = select(_TABLE.status).where(IS_LIVE, of_instance(self._source.name))
        with self._db.read() as session:
            return set(session.scalars(query.distinct()))

    def _live(self) -> list[_Live]:
        query = select(*(_TABLE[name] for name in _Live.__slots__)).where(
            IS_LIVE, of_instance(self._source.name)
        )
        with self._db.read() as session:
            return [_Live(*row) for row in session.execute(query)]

    def _start_anew(self, jump: float) -> None:
        """Moments that were noted before the clock jumped say nothing about peers."""
        log.warning("the clock jumped by %.0f s: patience with peers starts anew", jump)
        now = self._clock()
        live = update(Download).where(
            Download.status.in_(LIVE_DOWNLOADS), of_instance(self._source.name)
        )
        with self._db.write() as session:
            session.execute(live.values(first_seen_at=now, last_progress_at=None))
            session.execute(
                live.where(Download.missing_since.is_not(None)).values(missing_since=now)
            )
            self._forget_the_future(session)

    def _after(self, gap: timedelta) -> list[_Live]:
        """Nobody could look for so long: that was no stall of any file, and no peer's fault."""
        here = (Download.status.in_(LIVE_DOWNLOADS), of_instance(self._source.name))
        with self._db.write() as session:
            moved = ledger.lend_time(session, here, ledger.WATCHED, by=gap, at=self._clock())
        if moved:
            minutes = round(gap.total_seconds() / 60)
            log.info("no look at the transfers for %d minutes: no file loses by that", minutes)
        return self._live()

    def _forget_the_future(self, session: Session) -> None:
        longest = max([_LONGEST_WAIT, *self._settings.retry_policy().backoff])
        ledger.forget_the_future(session, at=self._clock(), longest=longest)

    def _without_others(
        self, downloads: Sequence[_Live], transfers: Sequence[Transfer]
    ) -> Sequence[Transfer]:
        """Leave out what an earlier grab of the same file has left at the source.

        While a request is under way the old record is still the newest one of its path.
        """
        unsure = {(row.peer, row.remote_path) for row in downloads if not row.transfer_ref}
        refs = [item.ref for item in transfers if (item.peer, item.path) in unsure]
        if not refs:
            return transfers
        over = select(Download.transfer_ref).where(Download.status.not_in(LIVE_DOWNLOADS))
        known: set[str | None] = set()
        with self._db.read() as session:
            for start in range(0, len(refs), _AT_ONCE):
                some = Download.transfer_ref.in_(refs[start : start + _AT_ONCE])
                known.update(session.scalars(over.where(some)))
        return [item for item in transfers if item.ref not in known]

    def _due(self) -> bool:
        """A file that was queued a moment ago may begin at once, and so may the next of an album."""
        pause = float(self._settings.get("jobs.poll_queued"))
        now = time.monotonic()
        return now - self._last_poll >= pause or now - self._last_move < pause

    def _steps(
        self, downloads: Sequence[_Live], found: Mapping[int, Transfer | None]
    ) -> list[_Change]:
        now = self._clock()
        policy = self._policy()
        since = now - timedelta(seconds=policy.stall_queued)
        with self._db.read() as session:
            moving = ledger.last_progress(
                session, network(self._source.name), since=since, until=now
            )
        companies = watching.companies(downloads, found, moving)
        steps = []
        for download in downloads:
            step = watching.advance(
                download,
                found[download.id],
                now=now,
                policy=policy,
                company=companies[download.peer],
            )
            if step is not None:
                steps.append((download, self._unless_in_place(download, step)))
        return steps

    def _unless_in_place(self, download: _Live, step: watching.Step) -> watching.Step:
        """A transfer that vanished may have succeeded and been cleared while we were away."""
        if step.fields.get("failure_kind") != FailureKind.VANISHED:
            return step
        with self._db.read() as session:
            row = session.get(Download, download.id)
        in_place = row is not None and self._paths.landed(row) is not None
        return watching.found_in_place(download) if in_place else step

    def _policy(self) -> watching.WatchPolicy:
        return watching.WatchPolicy(
            stall_queued=self._settings.get("stall.queued"),
            stall_transfer=self._settings.get("stall.transfer"),
            stall_total=self._settings.get("stall.total"),
            claim_ttl=self._settings.get("queue.claim_ttl"),
            retry=self._settings.retry_policy(),
        )

    # -- writing -----------------------------------------------------------------------------------

    def _write(self, steps: Sequence[_Change]) -> tuple[Sequence[_Change], list[str]]:
        """Write all of it at once, or grab by grab when that fails.

        Returns what was written, and the jobs that have work by that.

        What cannot be stored (a number out of range, a text with a NUL) harms its own grab alone.
        """
        try:
            return steps, self._write_together(steps)
        except _UNWRITABLE:
            by_grab: dict[int, list[_Change]] = {}
            for download, step in steps:
                by_grab.setdefault(download.grab_id, []).append((download, step))
        done: list[_Change] = []
        jobs: dict[str, None] = {}
        for group in by_grab.values():
            if (woken := self._write_alone(group)) is not None:
                done += group
                jobs |= dict.fromkeys(woken)
        return done, list(jobs)

    def _write_alone(self, steps: Sequence[_Change]) -> list[str] | None:
        """The jobs that have work; None when it could not be written."""
        grab_id = steps[0][0].grab_id
        try:
            return self._write_together(steps)
        except _UNWRITABLE as error:
            level = logging.DEBUG if grab_id in self._unwritable else logging.ERROR
            words = "what the source says about the files of grab %d cannot be stored: %s"
            log.log(level, words, grab_id, type(error).__name__)
            self._unwritable.add(grab_id)  # told once, not every few seconds
            return None

    def _write_together(self, steps: Sequence[_Change]) -> list[str]:
        """Write all of it, or nothing; the jobs that have work by that."""
        if not steps:
            return []
        now = self._clock()
        progress = [
            {"id": download.id, **step.fields} for download, step in steps if step.to is None
        ]
        moves = [(download, step) for download, step in steps if step.to is not None]
        with self._db.write() as session:
            ledger.hold(session, [download.grab_id for download, _ in steps])
            self._write_progress(session, progress)
            touched = {
                download.grab_id
                for download, step in moves
                if self._move(session, download, step, now=now)
            }
            outcomes = [
                self._mender.roll_up(session, grab, at=now)
                for grab in session.scalars(
                    select(Grab).where(Grab.id.in_(touched), Grab.status.in_(TRANSFERRING_GRABS))
                )
            ]
        jobs = ["dispatch"] if moves else []
        if any(step.to is DownloadState.COMPLETED for _, step in moves):
            jobs += ["prove", "bind"]
        return list(dict.fromkeys([*jobs, *(job for outcome in outcomes for job in outcome.jobs)]))

    def _write_progress(self, session: Session, rows: list[dict[str, Any]]) -> None:
        """Columns only; rows that write the same columns share one statement."""
        by_columns: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        for row in rows:
            by_columns.setdefault(tuple(sorted(row)), []).append(row)
        for group in by_columns.values():
            session.execute(update(Download), group)

    def _move(
        self, session: Session, download: _Live, step: watching.Step, *, now: datetime
    ) -> bool:
        row = session.get(Download, download.id)
        if row is None or row.status != download.status:
            return False  # cancelled or changed while we looked
        assert step.to is not None
        event = None
        if step.event:
            level = "warning" if step.to is DownloadState.FAILED else "info"
            event = EventRecord(step.event, step.message, level, {"path": download.remote_path})
        if step.fields.get("failure_kind") == FailureKind.SOURCE_UNAVAILABLE:
            event = None  # an outage is told once, as an event of the source
        return self._mender.take(session, row, step, event, at=now)

    def _release(self, refs: list[TransferRef]) -> None:
        """Attempts that are over are cancelled and forgotten at the source."""
        if not refs:
            return
        try:
            with self._guard("drop transfers that are over"):
                self._source.cancel_raw(refs, forget=True)
        except SourceError as error:
            log.debug("transfers stay listed at the source: %s", error.message)

    def _roll_up_strays(self) -> None:
        """A grab whose files ended while we were down is brought in line."""
        self._strays_at = time.monotonic()
        with self._db.read() as session:
            if session.scalar(_STRAYS.limit(1)) is None:
                return
        with self._db.write() as session:
            outcomes = [
                self._mender.roll_up(session, grab, at=self._clock())
                for grab in session.scalars(
                    _STRAYS.order_by(Grab.id).with_for_update(key_share=True)
                ).all()
            ]
        for job in dict.fromkeys(job for outcome in outcomes for job in outcome.jobs):
            self._wake(job)


def _over(
    downloads: Sequence[_Live],
    steps: Sequence[_Change],
    transfers: Sequence[Transfer],
) -> list[TransferRef]:
    """What the source should drop: attempts that ended now, and older ones it still lists."""
    listed = {item.ref for item in transfers}
    ended = [
        (download.peer, step.fields.get("spent_ref") or download.transfer_ref)
        for download, step in steps
        if step.release and not download.adopted
    ]
    left = [
        (row.peer, row.spent_ref)
        for row in downloads
        if row.spent_ref in listed and row.spent_ref != row.transfer_ref and not row.adopted
    ]
    return [TransferRef(peer, ref) for peer, ref in dict.fromkeys([*ended, *left]) if ref]
