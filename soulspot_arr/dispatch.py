"""Asks peers for the files that wait: plan, claim, ask, keep the receipt.

A crash may happen anywhere. A claim is in the database before the request goes out, the batch key
follows from the claim alone, and a repeated key is one request: asking again is harmless.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from soulspot_arr import ledger
from soulspot_arr.clockwatch import ClockWatch
from soulspot_arr.db import Database
from soulspot_arr.domain import (
    TRANSFERRING_GRABS,
    Accepted,
    Clock,
    DownloadState,
    EventRecord,
    FailureKind,
    GrabState,
    Receipt,
)
from soulspot_arr.errors import (
    LockedByEnvironment,
    SourceAuth,
    SourceError,
    SourceProtocol,
    SourceRefused,
    SourceThrottled,
)
from soulspot_arr.models import Download, Grab
from soulspot_arr.planning import BATCH_FILES, Batch, Planner, Waiting, plan
from soulspot_arr.rules import lifecycle, offers
from soulspot_arr.settings import RESUMED_AT, Settings
from soulspot_arr.sources import DownloadSource, Guard

__all__ = ["BATCH_FILES", "Batch", "Dispatcher", "Waiting", "plan"]

log = logging.getLogger(__name__)

# slskd admits two enqueue calls at a time (contract slskd §1.7); a dead peer holds one for 15 s.
IN_FLIGHT = 2
_LOOK_AGAIN = 1.0  # seconds; a grab may come in while the only question is at a dead peer
_ASKED = frozenset({DownloadState.PENDING, DownloadState.CANCELLED})


@dataclass(slots=True)
class _Round:
    """What the workers of one run share; `turn` guards it and tells that an answer came."""

    turn: threading.Condition = field(default_factory=threading.Condition)
    asking: set[int] = field(default_factory=set)  # files whose answer is not there yet
    outage: bool = False

    def answered(self, batch: Batch) -> None:
        """Let the others look again: what this batch held back may be free now."""
        with self.turn:
            self.asking.difference_update(file.id for file in batch.files)
            self.turn.notify_all()


class Dispatcher:
    """The dispatch job."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        source: DownloadSource,
        guard: Guard,
        *,
        clock: Clock,
        wake: Callable[[str], None],
        refresh: Callable[[], None] = lambda: None,
        pulse: Callable[[], float] | None = None,
    ) -> None:
        self._db = database
        self._settings = settings
        self._source = source
        self._guard = guard
        self._clock = clock
        self._wake = wake
        self._refresh = refresh
        self._planner = Planner(database, settings, source.name, clock=clock)
        self._watch = ClockWatch(clock, pulse)
        self._halted = False
        self._source_is_new = True  # a restart may have mended what the last process met

    def source_changed(self) -> None:
        """The source has other settings: what the old ones met says nothing about the new ones."""
        self._source_is_new = True
        self._wake("dispatch")

    def run(self) -> int:
        """Ask for what may be asked for now; returns the number of requests made."""
        self._refresh()
        if self._source_is_new:
            self._source_is_new = False
            self._end_rest()
        if jump := self._watch.jump():
            self._start_anew(back=jump < 0)
        if self._paused():
            return 0
        asked = self._ask_all() if self._source.is_configured() else 0
        if not self._halted:
            self._expire()  # last: after a long standstill everything gets its chance first
        if asked:
            self._wake("poll")
        return asked

    def _ask_all(self) -> int:
        """Plan, claim and ask until nothing is left; grabs that are added meanwhile take part.

        A claim lasts two minutes and a dead peer may take 15 s of it: nothing is claimed in stock.
        """
        outlook = self._planner.outlook()
        if outlook.resting:
            self._halted = True
            return 0
        round_ = _Round()
        first = self._next(round_) if outlook.due and outlook.free > 0 else None
        asked = self._share(round_, first) if first is not None else 0
        if self._halted and not round_.outage:  # an outage is nobody's waiting time
            self._start_anew()
        self._halted = round_.outage
        return asked

    def _end_rest(self) -> None:
        """Files that wait because the source was away, or refused our key, are due at once."""
        now = self._clock()
        resting = (
            Download.status == DownloadState.WAITING,
            Download.source == self._source.name,
            Download.failure_kind.in_([FailureKind.SOURCE_AUTH, FailureKind.SOURCE_UNAVAILABLE]),
            Download.not_before > now,
        )
        with self._db.write() as session:
            session.execute(update(Download).where(*resting).values(not_before=now))

    def _start_anew(self, *, back: bool = False) -> None:
        """From here on waiting counts; when the clock went `back`, every next try is due."""
        now = self._clock()
        self._settings.put_internal({RESUMED_AT: now.isoformat()})
        if back:
            with self._db.write() as session:
                session.execute(
                    update(Download)
                    .where(Download.status == DownloadState.WAITING, Download.not_before > now)
                    .values(not_before=now)
                )

    def _share(self, round_: _Round, first: Batch) -> int:
        starts = [first, *[None] * (IN_FLIGHT - 1)]
        with ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="ask") as pool:
            return sum(pool.map(lambda start: self._work(round_, start), starts))

    def _work(self, round_: _Round, batch: Batch | None) -> int:
        asked = 0
        while batch := batch or self._next(round_):
            try:
                self._ask(batch, round_)
            finally:
                round_.answered(batch)
            asked += 1
            batch = None
        return asked

    def _next(self, round_: _Round) -> Batch | None:
        """The next batch, claimed; None when nothing is left and nobody's answer is awaited."""
        with round_.turn:
            while not round_.outage and not self._paused():
                # After an outage one request finds out for all whether the source is back.
                probing = self._guard.reachable is False and round_.asking
                batch = None if probing else self._planner.claim_next(round_.asking)
                if batch is not None:
                    round_.asking.update(file.id for file in batch.files)
                    return batch
                if not round_.asking:
                    break
                round_.turn.wait(_LOOK_AGAIN)
        return None

    def _paused(self) -> bool:
        if self._settings.pause_left() is not None:
            return True
        ended = self._settings.get("queue.paused") and str(self._settings.get("queue.resume_at"))
        if not ended:
            return False
        try:  # a moment that has passed must not cut short the next pause
            self._settings.patch({"queue.paused": False, "queue.resume_at": ""})
            self._settings.put_internal({RESUMED_AT: ended})
        except LockedByEnvironment:
            log.debug("the pause that is over is pinned by the environment")
        return False

    def _ask(self, batch: Batch, round_: _Round) -> None:
        """One request; whatever becomes of it is written down."""
        try:
            with self._guard("ask a peer for files"):
                receipt = self._source.download_raw(batch.request())
        except SourceRefused as error:
            self._refused(batch, FailureKind(error.kind), error.message)
        except SourceError as error:
            if not isinstance(error, SourceThrottled):
                round_.outage = True
            if isinstance(error, SourceProtocol):
                log.warning("slskd answered something that is not understood: %s", error.message)
            self._refused(batch, _ours(error), error.message)
        else:
            self._received(batch, receipt)

    def _received(self, batch: Batch, receipt: Receipt) -> None:
        now = self._clock()
        accepted = {entry.path: entry for entry in receipt.accepted}
        refused = {entry.path: entry for entry in receipt.refused}
        with self._db.write() as session:
            ledger.hold(session, [batch.files[0].grab_id])
            for file in batch.files:
                row = session.get(Download, file.id)
                if row is not None and row.status == DownloadState.WAITING:
                    self._claim_again(session, row, batch.key)
                if row is None:
                    continue
                entry = accepted.get(file.path)
                _note_owner(row, entry, batch.key)  # also when a poll was faster than this answer
                if row.status not in _ASKED:
                    continue
                if entry is not None:
                    # Also when it was cancelled while we asked: what was started has to be stopped.
                    row.batch_key = receipt.batch_key
                    row.transfer_ref = entry.ref
                    row.placement = entry.placement
                    row.updated_at = now
                elif row.status == DownloadState.CANCELLED:
                    continue
                elif (refusal := refused.get(file.path)) is not None:
                    self._write_failure(session, row, refusal.kind, refusal.message, now=now)
            grab = session.get(Grab, batch.files[0].grab_id)
            if grab is not None:
                event = EventRecord("download.dispatched", _asked_for(batch, len(accepted), grab))
                ledger.record(session, event, at=now, grab_id=grab.id)
                if refused:
                    self._roll_up(session, grab, now=now)

    def _claim_again(self, session: Session, row: Download, key: str) -> None:
        """The answer took longer than the claim lasted; it is still the answer to this request."""
        if row.batch_key != key:
            return
        now = self._clock()
        try:
            with session.begin_nested():
                ledger.move_download(
                    session, row, DownloadState.PENDING, None, at=now, claimed_at=now
                )
        except IntegrityError:
            log.debug("another grab asks for %s by now", row.remote_path)

    def _refused(self, batch: Batch, kind: FailureKind, message: str) -> None:
        now = self._clock()
        with self._db.write() as session:
            ledger.hold(session, [batch.files[0].grab_id])
            grab = session.get(Grab, batch.files[0].grab_id)
            policy = self._settings.retry_policy()
            if kind is FailureKind.PEER_OFFLINE and grab and _is_replaceable(session, grab):
                policy = replace(policy, attempts=0)
            for file in batch.files:
                row = session.get(Download, file.id)
                if row is not None and row.status == DownloadState.PENDING:
                    self._write_failure(session, row, kind, message, now=now, policy=policy)
            if grab is not None:
                self._roll_up(session, grab, now=now)

    def _roll_up(self, session: Session, grab: Grab, *, now: datetime) -> None:
        if grab.status not in TRANSFERRING_GRABS:
            return
        offer = grab.offer_index
        state = ledger.roll_up(session, grab, at=now)
        rotated = grab.offer_index != offer
        if rotated:
            self._wake("dispatch")
        if rotated or state is GrabState.FAILED:
            self._wake("cleanup")  # what else was asked of this peer is stopped there

    def _write_failure(
        self,
        session: Session,
        row: Download,
        kind: FailureKind,
        message: str,
        *,
        now: datetime,
        policy: lifecycle.RetryPolicy | None = None,
    ) -> None:
        watch = lifecycle.WatchPolicy(retry=policy or self._settings.retry_policy())
        step = lifecycle.failed(row, kind, message, now=now, policy=watch, fields={})
        assert step.to is not None
        level = "warning" if step.to is DownloadState.FAILED else "info"
        event = EventRecord(step.event, step.message, level, {"path": row.remote_path})
        ours = step.fields.get("attempts") == row.attempts
        # An outage is told once, as an event of the source, not every few seconds for every file.
        ledger.move_download(session, row, step.to, None if ours else event, at=now, **step.fields)

    def _waiting_since(self, limit: datetime, *, now: datetime) -> dict[int, int]:
        """Grabs by file, without those whose peer is sending: it will have time for them too."""
        query = (
            select(Download.id, Download.grab_id)
            .join(Grab)
            .where(
                Download.status == DownloadState.WAITING,
                Download.created_at < limit,
                (Download.not_before.is_(None)) | (Download.not_before < limit),
                Grab.status.in_(TRANSFERRING_GRABS),
                Grab.paused.is_(False),
            )
            .limit(500)
        )
        with self._db.read() as session:
            if session.scalar(query.limit(1)) is None:
                return {}
            name = self._source.name
            sending = ledger.last_progress(session, name, since=limit, until=now)
            query = query.where(Download.peer.not_in(sending))
            return {row.id: row.grab_id for row in session.execute(query)}

    def _expire(self) -> None:
        """What has waited longer than `queue.max_wait` is given up."""
        now = self._clock()
        limit = now - timedelta(seconds=self._settings.get("queue.max_wait"))
        ends = (self._settings.get("queue.resume_at"), self._settings.internal(RESUMED_AT))
        if any(end and datetime.fromisoformat(str(end)) > limit for end in ends):
            return  # a pause is nobody's waiting time
        old = self._waiting_since(limit, now=now)
        if not old:
            return
        message = "Nobody could be asked for the file in time."
        with self._db.write() as session:
            ledger.hold(session, old.values())
            for row_id in old:
                row = session.get(Download, row_id)
                if row is None or row.status != DownloadState.WAITING:
                    continue  # its grab has ended with a sibling
                self._write_failure(session, row, FailureKind.TOO_OLD, message, now=now)
                grab = session.get(Grab, row.grab_id)
                if grab is not None:
                    self._roll_up(session, grab, now=now)


def _is_replaceable(session: Session, grab: Grab) -> bool:
    """Whether another peer's offer waits and nothing of this one has arrived.

    Waiting minutes for a peer that is not there makes sense only when nobody else has the album.
    """
    if grab.offer_index + 1 >= len(grab.offers):
        return False
    arrived = select(Download.id).where(
        Download.grab_id == grab.id,
        Download.offer_index == grab.offer_index,
        Download.status == DownloadState.COMPLETED,
    )
    return session.scalar(arrived.limit(1)) is None


def _ours(error: SourceError) -> FailureKind:
    """Failures that are not the peer's."""
    if isinstance(error, SourceAuth):
        return FailureKind.SOURCE_AUTH
    if isinstance(error, SourceThrottled):
        return FailureKind.SOURCE_THROTTLED
    return FailureKind.SOURCE_UNAVAILABLE


def _asked_for(batch: Batch, accepted: int, grab: Grab) -> str:
    """Which part of the album a request was for: each disc is asked for by itself."""
    first = batch.files[0]
    album = offers.from_json(grab.offers)[first.offer_index]
    disc = f" (disc {first.disc})" if first.disc else ""
    short = f"; {accepted or 'none'} accepted" if accepted < len(batch.files) else ""
    return f"Asked {batch.peer} for {len(batch.files)} of {len(album.files)} files{disc}{short}."


def _note_owner(row: Download, entry: Accepted | None, key: str) -> None:
    """Who started the transfer: what a person started is never cancelled, forgotten or moved."""
    if entry is None or row.batch_key != key:
        return
    if row.adopted and not entry.adopted:
        row.spent_ref = None  # theirs; this attempt is ours to stop and to forget
    row.adopted = entry.adopted
