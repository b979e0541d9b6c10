"""Which waiting files are asked for next, and the claim that makes them ours; asks nobody itself."""

from __future__ import annotations

import hashlib
import threading
import uuid
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from soulspot_arr import ledger
from soulspot_arr.blocklist import hold_back
from soulspot_arr.db import Database
from soulspot_arr.domain import (
    GIVEN_UP,
    LIVE_DOWNLOADS,
    TRANSFERRING_GRABS,
    BatchRequest,
    Clock,
    DownloadState,
    FailureKind,
    OfferFile,
    Priority,
    network,
)
from soulspot_arr.mending import Mender
from soulspot_arr.models import Download, Grab, of_instance, spelled_out
from soulspot_arr.paths import destination
from soulspot_arr.settings import Settings

# More than 30 files in one request are asked for five at a time while a 180 s limit runs (§5.2).
BATCH_FILES = 30
_PAGE = 200  # rows
_OUTAGES = (FailureKind.SOURCE_UNAVAILABLE, FailureKind.SOURCE_AUTH)
_UNANSWERED = timedelta(hours=1)
_LONGEST_REST = timedelta(seconds=60)
# Who has a free slot sends within seconds. What stands in a peer's queue for longer may stand there
# for hours; it takes nothing from anybody and must not keep others out.
_SETTLED = timedelta(seconds=60)
# Who took no more of ours is asked again in smaller portions (contract slskd §11.2), the next one
# when it has had the time to refuse the last.
PORTION = 5
_ANSWERS_IN = timedelta(seconds=30)
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
    attempts: int  # of all times
    file: OfferFile
    spent: str | None = None  # its transfer that is over, when there was one
    refused: bool = False  # its peer took no more of ours when it was asked


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

        A request that failed at the peer burns its key at slskd (§5.3); the attempt makes it fresh,
        or the transfer that is over where the failure was ours and no attempt was used up.
        """
        first = self.files[0]
        paths = "\0".join(sorted(file.path for file in self.files))
        digest = hashlib.sha256(paths.encode("utf-8", "surrogatepass")).hexdigest()
        attempt = sum(file.attempts for file in self.files)  # only ever grows
        spent = "/".join(sorted(file.spent for file in self.files if file.spent))
        asked = f"{first.nzo_id}/{first.offer_index}/{first.disc}/{first.peer}"
        name = f"{asked}/{digest}/{attempt}/{spent}"
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


@dataclass(frozen=True, slots=True)
class Outlook:
    """Whether asking can lead anywhere: one cheap look before anything is loaded."""

    free: int  # files that may be asked for
    due: bool  # something waits whose time has come
    resting: bool  # an outage of the source was met a moment ago


class Instances:
    """The instances of one source in this process: who cannot be asked, and who may claim now.

    One claim at a time, so that no two of them turn to the same peer in the same moment.
    """

    def __init__(self) -> None:
        self.claiming = threading.Lock()
        self._away: dict[str, Callable[[], bool]] = {}

    def add(self, name: str, away: Callable[[], bool]) -> None:
        """One more instance; `away()` says whether it cannot be asked at the moment."""
        self._away[name] = away

    def away(self) -> list[str]:
        """Names of those that cannot be asked at the moment."""
        return [name for name, away in self._away.items() if away()]

    def stands_in(self, name: str) -> bool:
        """Whether this one is away and another one is there: nothing has to be tried with it."""
        away = self.away()
        return name in away and len(away) < len(self._away)


Live = tuple[int, str, str]  # grab id, peer, path


def plan(
    waiting: Sequence[Waiting], live: Iterable[Live], *, max_active: int, max_per_peer: int
) -> list[Batch]:
    """Which files to ask for now, in the order given.

    One album at a time for each peer, its files together, never the same file twice at once.
    """
    live = list(live)
    busy = {(peer, path) for _, peer, path in live}
    serving = _serving(live)
    slots = max_active - len(busy)
    groups: dict[tuple[int, int, int, str], list[Waiting]] = {}
    portions: dict[str, int] = {}
    for file in waiting:
        if slots <= 0:
            break
        grabs = serving.setdefault(file.peer, set())
        if file.grab_id not in grabs and len(grabs) >= max_per_peer:
            continue
        if (file.peer, file.path) in busy:
            continue
        if file.refused:
            if portions.get(file.peer, 0) >= PORTION:
                continue
            portions[file.peer] = portions.get(file.peer, 0) + 1
        grabs.add(file.grab_id)
        busy.add((file.peer, file.path))
        slots -= 1
        groups.setdefault((file.grab_id, file.offer_index, file.disc, file.peer), []).append(file)
    return [
        Batch(tuple(files[start : start + BATCH_FILES]))
        for files in groups.values()
        for start in range(0, len(files), BATCH_FILES)
    ]


class Planner:
    """Finds the next batch and claims it, one at a time, so that each plan knows the last claim."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        source_name: str,
        *,
        mender: Mender,
        clock: Clock,
        wake: Callable[[str], None],
    ) -> None:
        self._db = database
        self._settings = settings
        self._instance = source_name
        self._source = network(source_name)
        self.instances = Instances()
        self._mender = mender
        self._clock = clock
        self._wake = wake

    def outlook(self, *, forced: bool = False) -> Outlook:
        """How things stand now; with `forced` for grabs of priority Force alone."""
        now = self._clock()
        live = (
            select(func.count())
            .where(self._is_active(), of_instance(self._instance))
            .scalar_subquery()
        )
        rest = exists().where(
            Download.status == DownloadState.WAITING,
            of_instance(self._instance),
            Download.failure_kind.in_(_OUTAGES),
            Download.not_before > now,
            Download.not_before <= now + _LONGEST_REST,
        )
        due = select(Download.id).join(Grab).where(*self._due(forced)).exists()
        with self._db.read() as session:
            used, waits, rests = session.execute(select(live, due, rest)).one()
        return Outlook(self._settings.get("queue.max_active") - used, bool(waits), bool(rests))

    def claim_next(self, left_out: Collection[int] = (), *, forced: bool = False) -> Batch | None:
        """Claim what comes next, except these files; None when nothing may be asked for now."""
        outlook = self.outlook(forced=forced)
        if outlook.free <= 0 or not outlook.due or outlook.resting:
            return None
        with self.instances.claiming:
            return self._claim_one(left_out, forced)

    def _claim_one(self, left_out: Collection[int], forced: bool) -> Batch | None:
        batches = self.batches(left_out, forced=forced)
        while batches:
            batch = batches.pop(0)
            if self._hold_back(batch):
                batches = self.batches(left_out, forced=forced)  # somebody else may stand in for it
                continue
            if (mine := self.claim(batch)) is not None:
                return mine
        return None

    def claim(self, batch: Batch) -> Batch | None:
        """Make what was planned ours, in the database; without what another process was faster at."""
        try:
            with self._db.write() as session:
                instance = self._instance if self._instance != self._source else None
                return _claim(session, batch, instance=instance, at=self._clock())
        except IntegrityError:
            return None  # the same file is asked for since this very moment: next time

    def _hold_back(self, batch: Batch) -> bool:
        """Whether files of it were blocked after they had been accepted; they are BLOCKLISTED now."""
        known = self._mender.blocklist.snapshot()
        if not known or not any(
            known.blocked(self._source, file.peer, file.path) for file in batch.files
        ):
            return False
        now, held, outcome = self._clock(), False, None
        with self._db.write() as session:
            ledger.hold(session, [batch.files[0].grab_id])
            # Read anew: a block may have been taken off just now.
            blocks = self._mender.blocklist.read(session)
            for file in batch.files:
                row = session.get(Download, file.id)
                why = blocks.reason(self._source, file.peer, file.path)
                if why is not None and row is not None and row.status == DownloadState.WAITING:
                    held |= hold_back(session, row, why, at=now)
            grab = session.get(Grab, batch.files[0].grab_id)
            if held and grab is not None:
                outcome = self._mender.roll_up(session, grab, at=now)
        self._mender.blocklist.forget()
        for job in outcome.jobs if outcome is not None else ():
            self._wake(job)
        return held

    def _due(self, forced: bool) -> tuple[ColumnElement[bool], ...]:
        now = self._clock()
        urgent = Grab.priority >= Priority.FORCE
        on_time = or_(Grab.not_before.is_(None), Grab.not_before <= now)
        return (
            Download.status == DownloadState.WAITING,
            self._may_ask(),
            or_(Download.not_before.is_(None), Download.not_before <= now),
            Grab.status.in_(TRANSFERRING_GRABS),
            Grab.paused.is_(False),
            urgent if forced else or_(urgent, on_time),
        )

    def _may_ask(self) -> ColumnElement[bool]:
        """What was never asked for is anybody's; what was stays with its instance while that is there.

        A request that an outage left unanswered may be running: for an hour only its own can tell.
        """
        instance = func.coalesce(Download.instance, Download.source)
        answered = or_(
            Download.failure_kind.is_(None),
            Download.failure_kind.not_in(_OUTAGES),
            Download.updated_at < self._clock() - _UNANSWERED,
        )
        homeless = and_(instance.in_(self.instances.away()), answered)
        return and_(
            Download.source == self._source,
            or_(of_instance(self._instance), Download.batch_key.is_(None), homeless),
        )

    def _is_active(self) -> ColumnElement[bool]:
        """Asked for, and not just standing in its peer's queue."""
        return and_(
            Download.status.in_(LIVE_DOWNLOADS),
            or_(
                Download.status != DownloadState.QUEUED,
                Download.first_seen_at.is_(None),
                Download.first_seen_at > self._clock() - _SETTLED,
            ),
        )

    def batches(self, left_out: Collection[int] = (), *, forced: bool = False) -> list[Batch]:
        """What the first page of the queue that holds anything allows to ask for; claims nothing."""
        running = select(
            Download.grab_id,
            Download.peer,
            Download.remote_path,
            and_(self._is_active(), of_instance(self._instance)),
            func.coalesce(Download.instance, Download.source),
        ).where(Download.status.in_(LIVE_DOWNLOADS))
        max_per_peer = self._settings.get("queue.max_per_peer")
        start = 0
        with self._db.read() as session:
            found_live = session.execute(running).all()
            live: list[Live] = [(row[0], row[1], row[2]) for row in found_live]
            waits = sum(not row[3] for row in found_live)
            max_active = waits + self._settings.get("queue.max_active")
            query = self._askable(live, max_per_peer, forced)
            # Whom another instance asks already is left to it: one peer, one instance at a time.
            there = {self._instance, *self.instances.away()}
            left = {row[1] for row in found_live if row[4] not in there} | self._full(session)
            query = query.where(Download.peer.not_in(left))
            while True:
                rows = session.execute(query.limit(_PAGE).offset(start)).all()
                found = [_waiting(row, nzo) for row, nzo in rows if row.id not in left_out]
                batches = plan(found, live, max_active=max_active, max_per_peer=max_per_peer)
                if batches or len(rows) < _PAGE:
                    return batches
                start += _PAGE

    def _full(self, session: Session) -> set[str]:
        """Peers that took no more of ours a moment ago, or may be about to say so."""
        now = self._clock()
        refused = and_(Download.status == DownloadState.WAITING, Download.not_before > now)
        asked = and_(Download.status.in_(LIVE_DOWNLOADS), Download.claimed_at > now - _ANSWERS_IN)
        query = select(Download.peer).where(
            Download.source == self._source,
            Download.failure_kind == FailureKind.PEER_BUSY,
            or_(refused, asked),
        )
        return set(session.scalars(query.distinct()))

    def _askable(
        self, live: Sequence[Live], max_per_peer: int, forced: bool
    ) -> Select[Download, str]:
        """Due files in the queue's order, without those behind a peer that has enough to serve.

        Somebody's whole collection in the queue must not hide what other peers could send.
        """
        full = [peer for peer, ids in _serving(live).items() if len(ids) >= max_per_peer]
        served = {grab_id for grab_id, _, _ in live}
        return (
            select(Download, Grab.nzo_id)
            .join(Grab)
            .where(*self._due(forced))
            .where(or_(Download.peer.not_in(full), Download.grab_id.in_(served)))
            .where(~_dying(self._instance))
            .order_by(Grab.priority.desc(), Grab.position, Grab.id, Download.position)
        )


def _dying(instance: str) -> ColumnElement[bool]:
    """A transfer of this very file is over for us, but may still run at this instance.

    Asked for now, it would be taken for somebody else's, and then be cancelled under our hands.
    """
    older = aliased(Download)
    first = instance == network(instance)
    return (
        select(older.id)
        .where(
            older.source == Download.source,
            older.instance.is_(None) if first else older.instance == instance,
            older.peer == Download.peer,
            older.remote_path == Download.remote_path,
            spelled_out(older.status, GIVEN_UP),
            older.released_at.is_(None),
            or_(older.transfer_ref.is_not(None), older.batch_key.is_not(None)),
            older.adopted.is_(False),
        )
        .exists()
    )


def _serving(live: Iterable[Live]) -> dict[str, set[int]]:
    grabs: dict[str, set[int]] = {}
    for grab_id, peer, _ in live:
        grabs.setdefault(peer, set()).add(grab_id)
    return grabs


def _claim(session: Session, batch: Batch, *, instance: str | None, at: datetime) -> Batch | None:
    """WAITING becomes PENDING; without the files for which somebody was faster."""
    free = set(ledger.hold_free(session, batch.files[0].grab_id, [file.id for file in batch.files]))
    if not free:
        return None
    mine = Batch(tuple(file for file in batch.files if file.id in free))
    ledger.claim(session, free, batch_key=mine.key, instance=instance, at=at)
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
        attempts=row.attempts + row.earlier_attempts,
        file=file,
        spent=row.spent_ref,
        refused=row.failure_kind == FailureKind.PEER_BUSY,
    )
