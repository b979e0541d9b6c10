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

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from soulspot_arr import ledger, patience
from soulspot_arr.clockwatch import ClockWatch
from soulspot_arr.db import Database
from soulspot_arr.domain import (
    GIVEN_UP,
    TRANSFERRING_GRABS,
    Accepted,
    Clock,
    DownloadState,
    EventRecord,
    FailureKind,
    Receipt,
    network,
)
from soulspot_arr.errors import (
    SourceAuth,
    SourceError,
    SourceProtocol,
    SourceRefused,
    SourceThrottled,
)
from soulspot_arr.mending import Mender, Outcome
from soulspot_arr.models import Download, Grab, of_instance
from soulspot_arr.pace import Hours, Pace
from soulspot_arr.planning import BATCH_FILES, Batch, Instances, Planner, Waiting, plan
from soulspot_arr.rules import failures, lifecycle, offers, watching
from soulspot_arr.settings import RESUMED_AT, Settings
from soulspot_arr.sources import DownloadSource, Guard

__all__ = ["BATCH_FILES", "Batch", "Dispatcher", "Waiting", "plan"]

log = logging.getLogger(__name__)

# slskd admits two enqueue calls at a time (contract slskd §1.7); a dead peer holds one for 15 s.
IN_FLIGHT = 2
_LOOK_AGAIN = 1.0  # seconds; a grab may come in while the only question is at a dead peer
_SERVED_LATELY = timedelta(hours=6)
_ASKED = GIVEN_UP | {DownloadState.PENDING}


@dataclass(slots=True)
class _Cycle:
    """What the workers of one run share; `answer` guards it and tells that an answer came."""

    answer: threading.Condition = field(default_factory=threading.Condition)
    asking: set[int] = field(default_factory=set)  # files whose answer is not there yet
    outage: bool = False
    begun: bool = False

    def is_first(self) -> bool:
        """True once: for the first answer."""
        with self.answer:
            begun, self.begun = self.begun, True
        return not begun

    def answered(self, batch: Batch) -> None:
        """Let the others look again: what this batch held back may be free now."""
        with self.answer:
            self.asking.difference_update(file.id for file in batch.files)
            self.answer.notify_all()


class Dispatcher:
    """The dispatch job."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        source: DownloadSource,
        guard: Guard,
        *,
        mender: Mender,
        clock: Clock,
        wake: Callable[[str], None],
        refresh: Callable[[], None] = lambda: None,
    ) -> None:
        self._db = database
        self._settings = settings
        self._source = source
        self._guard = guard
        self._mender = mender
        self._clock = clock
        self._wake = wake
        self._refresh = refresh
        self._planner = Planner(
            database, settings, source.name, mender=mender, clock=clock, wake=wake
        )
        self._hours = Hours(settings, clock=clock)
        self._pace = Pace(settings)
        self._patience = patience.Patience(
            database, settings, source.name, mender=mender, clock=clock, wake=wake
        )
        self.watch = ClockWatch(clock)
        self._halted = False
        self._hurried = False  # the last cycle had more to ask for than it may
        self._is_first = True
        self._source_is_new = True  # a restart may have mended what the last process met

    def join(self, instances: Instances) -> None:
        """Ask side by side with other instances of the same source."""
        instances.add(self._source.name, self._is_away)
        self._planner.instances = instances

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
        if jump := self.watch.jump():
            self._start_anew(back=jump < 0)
        elif self._is_first and self._stood_still():
            self._start_anew()
        self._is_first = False
        closed = self._hours.closed()
        asked = self._ask_all() if self._source.is_configured() else 0
        if self._speaks_for_all() and not self._halted and not self._hurried and not closed:
            self._patience.expire()  # last: after a long standstill everything gets its chance first
        if asked > 1:
            self._wake("poll")  # for the others than the first
        return asked

    def _speaks_for_all(self) -> bool:
        """One instance looks for files that waited too long: the first, while it is there."""
        first = network(self._source.name)
        return self._source.name == first or first in self._planner.instances.away()

    def _is_away(self) -> bool:
        unreachable = self._guard.reachable is False or bool(self._guard.resting)
        return unreachable or not self._source.is_configured()

    def _ask_all(self) -> int:
        """Plan, claim and ask until nothing is left or the cycle has made all its requests.

        Grabs that are added meanwhile take part. A claim lasts two minutes and a dead peer may take
        15 s of it: nothing is claimed in stock.
        """
        self._hurried = False
        self._pace.begin()
        outlook = self._planner.outlook(forced=self._hours.closed())
        spared = self._planner.instances.stands_in(
            self._source.name
        )  # the health check tells its return
        if outlook.resting or self._guard.resting or spared:
            self._halted = True
            return 0
        cycle = _Cycle()
        first = self._next(cycle) if outlook.due and outlook.free > 0 else None
        asked = self._share(cycle, first) if first is not None else 0
        self._hurried = self._pace.spent and not cycle.outage and self._is_more_due()
        if self._hurried:
            self._wake("dispatch")
        if self._halted and not cycle.outage:  # an outage is nobody's waiting time
            self._start_anew()
        self._halted = cycle.outage
        return asked

    def _is_more_due(self) -> bool:
        outlook = self._planner.outlook(forced=self._hours.closed())
        return outlook.due and outlook.free > 0 and not outlook.resting

    def _stood_still(self) -> bool:
        """Whether nobody has run this job for so long that waiting means nothing."""
        with self._db.read() as session:
            return patience.stood_still(session, now=self._clock())

    def _end_rest(self) -> None:
        """Files that wait because the source was away, or refused our key, are due at once."""
        now = self._clock()
        resting = (
            Download.status == DownloadState.WAITING,
            of_instance(self._source.name),
            Download.failure_kind.in_([FailureKind.SOURCE_AUTH, FailureKind.SOURCE_UNAVAILABLE]),
            Download.not_before > now,
        )
        with self._db.write() as session:
            ledger.hold_of(session, *resting)
            session.execute(update(Download).where(*resting).values(not_before=now))

    def _start_anew(self, *, back: bool = False) -> None:
        """From here on waiting counts; when the clock went `back`, every next try is due."""
        now = self._clock()
        self._settings.put_internal({RESUMED_AT: now.isoformat()})
        if back:
            waits = (Download.status == DownloadState.WAITING, Download.not_before > now)
            with self._db.write() as session:
                ledger.hold_of(session, *waits)
                session.execute(update(Download).where(*waits).values(not_before=now))

    def _share(self, cycle: _Cycle, first: Batch) -> int:
        starts = [first, *[None] * (IN_FLIGHT - 1)]
        with ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="ask") as pool:
            return sum(pool.map(lambda start: self._work(cycle, start), starts))

    def _work(self, cycle: _Cycle, batch: Batch | None) -> int:
        asked = 0
        while batch := batch or self._next(cycle):
            try:
                self._ask(batch, cycle)
            finally:
                cycle.answered(batch)
            asked += 1
            if cycle.is_first():
                self._wake("poll")  # what it starts is not left alone until the others are asked
            batch = None
        return asked

    def _next(self, cycle: _Cycle) -> Batch | None:
        """The next batch, claimed, as soon as the pace allows it.

        None when nothing is left and nobody's answer is awaited, or the cycle is over.
        """
        with cycle.answer:
            while not cycle.outage and not self._pace.spent:
                if wait := self._pace.wait:
                    cycle.answer.wait(min(wait, _LOOK_AGAIN))
                    continue
                # After an outage one request finds out for all whether the source is back.
                probing = self._guard.reachable is False and cycle.asking
                batch = None if probing else self._claim(cycle)
                if batch is not None:
                    cycle.asking.update(file.id for file in batch.files)
                    return batch
                if not cycle.asking:
                    break
                cycle.answer.wait(_LOOK_AGAIN)
        return None

    def _claim(self, cycle: _Cycle) -> Batch | None:
        batch = self._planner.claim_next(cycle.asking, forced=self._hours.closed())
        if batch is not None:
            self._pace.take()
        return batch

    def _ask(self, batch: Batch, cycle: _Cycle) -> None:
        """One request; whatever becomes of it is written down."""
        try:
            with self._guard("ask a peer for files"):
                self._pace.started()
                receipt = self._source.download_raw(batch.request())
        except SourceRefused as error:
            self._refused(batch, FailureKind(error.kind), error.message)
        except SourceError as error:
            if not isinstance(error, SourceThrottled):
                cycle.outage = True
            if isinstance(error, SourceProtocol):
                log.warning("slskd answered something that is not understood: %s", error.message)
            unsent = bool(error.data.get("unsent"))
            self._refused(batch, _ours(error), error.message, unsent=unsent)
        else:
            self._received(batch, receipt)

    def _received(self, batch: Batch, receipt: Receipt) -> None:
        now = self._clock()
        accepted = {entry.path: entry for entry in receipt.accepted}
        refused = {entry.path: entry for entry in receipt.refused}
        outcome = None
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
                    # Also when it was given up while we asked: what was started has to be stopped.
                    row.released_at = None
                    row.batch_key = receipt.batch_key
                    row.transfer_ref = entry.ref
                    row.placement = entry.placement
                    row.updated_at = now
                elif row.status != DownloadState.PENDING:
                    continue
                elif (refusal := refused.get(file.path)) is not None:
                    self._write_failure(session, row, refusal.kind, refusal.message, now=now)
            grab = session.get(Grab, batch.files[0].grab_id)
            if grab is not None:
                event = EventRecord("download.dispatched", _asked_for(batch, len(accepted), grab))
                ledger.record(session, event, at=now, grab_id=grab.id)
                if refused:
                    outcome = self._roll_up(session, grab, now=now)
        self._wake_all(outcome)

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

    def _refused(
        self, batch: Batch, kind: FailureKind, message: str, *, unsent: bool = False
    ) -> None:
        now = self._clock()
        outcome = None
        with self._db.write() as session:
            ledger.hold(session, [batch.files[0].grab_id])
            grab = session.get(Grab, batch.files[0].grab_id)
            policy = self._settings.retry_policy()
            if grab is not None and self._is_replaceable(session, grab, batch, kind):
                policy = replace(policy, attempts=0)
            for file in batch.files:
                row = session.get(Download, file.id)
                if row is not None and row.status == DownloadState.PENDING:
                    self._write_failure(session, row, kind, message, now=now, policy=policy)
                    if unsent:
                        row.batch_key = None  # any instance may ask for it
            if grab is not None:
                outcome = self._roll_up(session, grab, now=now)
        self._wake_all(outcome)

    def _is_replaceable(
        self, session: Session, grab: Grab, batch: Batch, kind: FailureKind
    ) -> bool:
        """Whether to turn to another peer at once.

        Waiting minutes for a peer that is not there makes sense only when nobody else has the album.
        """
        if not failures.consequence(kind).absent:
            return False
        asked = {file.id for file in batch.files}
        return self._mender.replaceable(session, grab, asked, kind=kind)

    def _roll_up(self, session: Session, grab: Grab, *, now: datetime) -> Outcome | None:
        if grab.status not in TRANSFERRING_GRABS:
            return None
        return self._mender.roll_up(session, grab, at=now)

    def _wake_all(self, *outcomes: Outcome | None) -> None:
        for job in dict.fromkeys(job for outcome in outcomes if outcome for job in outcome.jobs):
            self._wake(job)

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
        watch = watching.WatchPolicy(retry=policy or self._settings.retry_policy())
        full = failures.consequence(kind).full
        served = full and ledger.is_served(session, row, since=now - _SERVED_LATELY)
        step = watching.failed(row, kind, message, now=now, policy=watch, fields={}, served=served)
        assert step.to is not None
        level = "warning" if step.to is DownloadState.FAILED else "info"
        event = EventRecord(step.event, step.message, level, {"path": row.remote_path})
        ours = step.fields.get("attempts") == row.attempts
        # An outage is told once, as an event of the source, not every few seconds for every file.
        self._mender.take(session, row, step, None if ours else event, at=now)


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
