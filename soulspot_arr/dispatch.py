"""Asks peers for the files that wait: plan, claim, ask, keep the receipt.

A crash may happen anywhere. A claim is in the database before the request goes out, the batch key
follows from the claim alone, and a repeated key is one request: asking again is harmless.
"""

from __future__ import annotations

import hashlib
import logging
import uuid
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from soulspot_arr import ledger
from soulspot_arr.db import Database
from soulspot_arr.domain import (
    LIVE_DOWNLOADS,
    TRANSFERRING_GRABS,
    BatchRequest,
    Clock,
    DownloadState,
    EventRecord,
    FailureKind,
    GrabState,
    OfferFile,
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
from soulspot_arr.paths import destination
from soulspot_arr.rules import lifecycle
from soulspot_arr.settings import RESUMED_AT, Settings
from soulspot_arr.sources import DownloadSource, Guard

log = logging.getLogger(__name__)

# slskd admits two enqueue calls at a time (contract slskd §1.7); a dead peer holds one for 15 s.
IN_FLIGHT = 2
# More than 30 files in one request are asked for five at a time while a 180 s limit runs (§5.2).
BATCH_FILES = 30
_ASKED = frozenset({DownloadState.PENDING, DownloadState.CANCELLED})
_NAMESPACE = uuid.UUID("7c9a2f64-6f0c-4a55-9d53-9e0f5a4f2f0e")


@dataclass(frozen=True, slots=True)
class Waiting:
    """One waiting file as the plan sees it."""

    id: int
    grab_id: int
    nzo_id: str
    offer_index: int
    disc: int
    peer: str
    path: str
    attempts: int
    file: OfferFile


@dataclass(frozen=True, slots=True)
class Batch:
    """What is asked of one peer in one request."""

    files: tuple[Waiting, ...]

    @property
    def peer(self) -> str:
        """Whom it is asked of."""
        return self.files[0].peer

    @property
    def key(self) -> str:
        """Follows from what is asked and how often it failed: the same claim is the same key.

        A request that failed at the peer burns its key at slskd (§5.3); the attempt makes it fresh.
        """
        first = self.files[0]
        paths = "\0".join(sorted(file.path for file in self.files))
        digest = hashlib.sha256(paths.encode("utf-8", "surrogatepass")).hexdigest()
        attempt = sum(file.attempts for file in self.files)  # grows with each one of them
        name = f"{first.nzo_id}/{first.offer_index}/{first.disc}/{digest}/{attempt}"
        return str(uuid.uuid5(_NAMESPACE, name))

    def request(self) -> BatchRequest:
        """The request as a source understands it."""
        first = self.files[0]
        return BatchRequest(
            key=self.key,
            peer=first.peer,
            files=tuple(file.file for file in self.files),
            destination=destination(first.nzo_id, first.offer_index, first.disc),
        )


def plan(
    waiting: Sequence[Waiting],
    live: Iterable[tuple[int, str, str]],
    *,
    max_active: int,
    max_per_peer: int,
) -> list[Batch]:
    """Which files to ask for now, in the order given; `live` are (grab id, peer, path).

    One album at a time for each peer, its files together, never the same file twice at once.
    """
    busy = {(peer, path) for _, peer, path in live}
    serving: dict[str, set[int]] = {}
    for grab_id, peer, _ in live:
        serving.setdefault(peer, set()).add(grab_id)
    slots = max_active - len(busy)
    groups: dict[tuple[int, int, int, str], list[Waiting]] = {}
    for file in waiting:
        if slots <= 0:
            break
        grabs = serving.setdefault(file.peer, set())
        if file.grab_id not in grabs and len(grabs) >= max_per_peer:
            continue
        if (file.peer, file.path) in busy:
            continue
        grabs.add(file.grab_id)
        busy.add((file.peer, file.path))
        slots -= 1
        groups.setdefault((file.grab_id, file.offer_index, file.disc, file.peer), []).append(file)
    return [
        Batch(tuple(files[start : start + BATCH_FILES]))
        for files in groups.values()
        for start in range(0, len(files), BATCH_FILES)
    ]


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
    ) -> None:
        self._db = database
        self._settings = settings
        self._source = source
        self._guard = guard
        self._clock = clock
        self._wake = wake

    def run(self) -> int:
        """Ask for what may be asked for now; returns the number of requests made."""
        if self._paused():
            return 0
        claimed = self._claim(self._plan()) if self._source.is_configured() else []
        self._expire()  # last: after a long standstill everything gets its chance first
        if not claimed:
            return 0
        outage: list[SourceError] = []
        with ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="ask") as pool:
            asked = sum(pool.map(lambda batch: self._ask(batch, outage), claimed))
        if asked:
            self._wake("poll")
        return asked

    def _paused(self) -> bool:
        if not self._settings.get("queue.paused"):
            return False
        until = str(self._settings.get("queue.resume_at"))
        if not until or datetime.fromisoformat(until) > self._clock():
            return True
        try:  # a moment that has passed must not cut short the next pause
            self._settings.patch({"queue.paused": False, "queue.resume_at": ""})
            self._settings.put_internal({RESUMED_AT: until})
        except LockedByEnvironment:
            log.debug("the pause that is over is pinned by the environment")
        return False

    def _plan(self) -> list[Batch]:
        now = self._clock()
        query = (
            select(Download, Grab.nzo_id)
            .join(Grab)
            .where(
                Download.status == DownloadState.WAITING,
                Download.source == self._source.name,
                (Download.not_before.is_(None)) | (Download.not_before <= now),
                Grab.status.in_(TRANSFERRING_GRABS),
                Grab.paused.is_(False),
            )
            .order_by(Grab.priority.desc(), Grab.position, Grab.id, Download.position)
            .limit(2000)
        )
        running = select(Download.grab_id, Download.peer, Download.remote_path).where(
            Download.status.in_(LIVE_DOWNLOADS)
        )
        with self._db.read() as session:
            waiting = [_waiting(row, nzo_id) for row, nzo_id in session.execute(query)]
            live = [(row[0], row[1], row[2]) for row in session.execute(running)] if waiting else []
        return plan(
            waiting,
            live,
            max_active=self._settings.get("queue.max_active"),
            max_per_peer=self._settings.get("queue.max_per_peer"),
        )

    def _claim(self, batches: list[Batch]) -> list[Batch]:
        """WAITING becomes PENDING, or somebody was faster and the file is left out."""
        claimed: list[Batch] = []
        now = self._clock()
        for batch in batches:
            try:
                with self._db.write() as session:
                    mine = _claim_files(session, batch, now=now)
            except IntegrityError:
                # Another process asked for the same file in this very moment: next time.
                continue
            if mine is not None:
                claimed.append(mine)
        return claimed

    def _ask(self, batch: Batch, outage: list[SourceError]) -> bool:
        """One request; whatever becomes of it is written down. False when nothing was asked."""
        if outage:
            self._refused(batch, _ours(outage[0]), outage[0].message)
            return False
        try:
            with self._guard("ask a peer for files"):
                receipt = self._source.download_raw(batch.request())
        except SourceRefused as error:
            self._refused(batch, FailureKind(error.kind), error.message)
        except SourceError as error:
            if not isinstance(error, SourceThrottled):
                outage.append(error)
            if isinstance(error, SourceProtocol):
                log.warning("slskd answered something that is not understood: %s", error.message)
            self._refused(batch, _ours(error), error.message)
        else:
            self._received(batch, receipt)
        return True

    def _received(self, batch: Batch, receipt: Receipt) -> None:
        now = self._clock()
        accepted = {entry.path: entry for entry in receipt.accepted}
        refused = {entry.path: entry for entry in receipt.refused}
        with self._db.write() as session:
            ledger.hold(session, [batch.files[0].grab_id])
            for file in batch.files:
                row = session.get(Download, file.id)
                if row is None or row.status not in _ASKED:
                    continue
                if (entry := accepted.get(file.path)) is not None:
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
                words = f"Asked {batch.peer} for {len(accepted)} of {len(batch.files)} files."
                event = EventRecord("download.dispatched", words)
                ledger.record(session, event, at=now, grab_id=grab.id)
                if refused:
                    self._roll_up(session, grab, now=now)

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
        if grab.offer_index != offer:
            self._wake("dispatch")
        elif state is GrabState.FAILED:
            self._wake("cleanup")

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

    def _expire(self) -> None:
        """What has waited longer than `queue.max_wait` is given up."""
        now = self._clock()
        limit = now - timedelta(seconds=self._settings.get("queue.max_wait"))
        ends = (self._settings.get("queue.resume_at"), self._settings.internal(RESUMED_AT))
        if any(end and datetime.fromisoformat(str(end)) > limit for end in ends):
            return  # a pause is nobody's waiting time
        query = (
            select(Download)
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
            old = {row.id: row.grab_id for row in session.scalars(query)}
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


def _claim_files(session: Session, batch: Batch, *, now: datetime) -> Batch | None:
    rows: list[Download] = []
    ledger.hold(session, [batch.files[0].grab_id])
    for file in batch.files:
        row = session.get(Download, file.id)
        if row is None or row.status != DownloadState.WAITING:
            continue
        if ledger.move_download(session, row, DownloadState.PENDING, None, at=now, claimed_at=now):
            rows.append(row)
    if not rows:
        return None
    claimed = {row.id for row in rows}
    mine = Batch(tuple(file for file in batch.files if file.id in claimed))
    for row in rows:
        row.batch_key = mine.key
    return mine


def _waiting(row: Download, nzo_id: str) -> Waiting:
    file = OfferFile(row.locator, row.remote_path, row.size, row.disc, row.seconds)
    return Waiting(
        id=row.id,
        grab_id=row.grab_id,
        nzo_id=nzo_id,
        offer_index=row.offer_index,
        disc=row.disc,
        peer=row.peer,
        path=row.remote_path,
        attempts=row.attempts,
        file=file,
    )


def _ours(error: SourceError) -> FailureKind:
    """Failures that are not the peer's."""
    if isinstance(error, SourceAuth):
        return FailureKind.SOURCE_AUTH
    if isinstance(error, SourceThrottled):
        return FailureKind.SOURCE_THROTTLED
    return FailureKind.SOURCE_UNAVAILABLE
