"""Which waiting files are asked for next, and the claim that makes them ours; asks nobody itself."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Select, bindparam, exists, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from soulspot_arr import ledger
from soulspot_arr.db import Database, UtcDateTime
from soulspot_arr.domain import (
    TRANSFERRING_GRABS,
    BatchRequest,
    Clock,
    DownloadState,
    FailureKind,
    OfferFile,
)
from soulspot_arr.models import IS_LIVE, Download, Grab
from soulspot_arr.paths import destination
from soulspot_arr.settings import Settings

# More than 30 files in one request are asked for five at a time while a 180 s limit runs (§5.2).
BATCH_FILES = 30
_PAGE = 200  # rows
_OUTAGES = (FailureKind.SOURCE_UNAVAILABLE, FailureKind.SOURCE_AUTH)
_LONGEST_REST = timedelta(seconds=60)
_NAMESPACE = uuid.UUID("7c9a2f64-6f0c-4a55-9d53-9e0f5a4f2f0e")

# Put together once: this is asked every few seconds, for weeks, and hardly ever is anything due.
_NOW, _MINE = bindparam("now", type_=UtcDateTime()), Download.source == bindparam("source")
_DUE = (
    Download.status == DownloadState.WAITING,
    _MINE,
    or_(Download.not_before.is_(None), Download.not_before <= _NOW),
    Grab.status.in_(TRANSFERRING_GRABS),
    Grab.paused.is_(False),
)
_RESTING = exists().where(
    Download.status == DownloadState.WAITING,
    _MINE,
    Download.failure_kind.in_(_OUTAGES),
    Download.not_before > _NOW,
    Download.not_before <= bindparam("rested", type_=UtcDateTime()),
)
_OUTLOOK = select(
    select(func.count()).where(IS_LIVE).scalar_subquery(),
    select(Download.id).join(Grab).where(*_DUE).exists(),
    _RESTING,
)
_RUNNING = select(Download.grab_id, Download.peer, Download.remote_path).where(IS_LIVE)


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
    spent: str | None = None  # its transfer that is over, when there was one


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
        attempt = sum(file.attempts for file in self.files)  # grows with each one of them
        spent = "/".join(sorted(file.spent for file in self.files if file.spent))
        name = f"{first.nzo_id}/{first.offer_index}/{first.disc}/{digest}/{attempt}/{spent}"
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


class Planner:
    """Finds the next batch and claims it, one at a time, so that each plan knows the last claim."""

    def __init__(
        self, database: Database, settings: Settings, source_name: str, *, clock: Clock
    ) -> None:
        self._db = database
        self._settings = settings
        self._source = source_name
        self._clock = clock

    def outlook(self) -> Outlook:
        """How things stand now."""
        now = self._clock()
        asked = {"now": now, "source": self._source, "rested": now + _LONGEST_REST}
        with self._db.read() as session:
            used, waits, rests = session.execute(_OUTLOOK, asked).one()
        return Outlook(self._settings.get("queue.max_active") - used, bool(waits), bool(rests))

    def claim_next(self, left_out: Collection[int] = ()) -> Batch | None:
        """Claim what comes next, except these files; None when nothing may be asked for now."""
        outlook = self.outlook()
        if outlook.free <= 0 or not outlook.due or outlook.resting:
            return None
        for batch in self._plan(left_out):
            try:
                with self._db.write() as session:
                    mine = _claim(session, batch, clock=self._clock)
            except IntegrityError:
                # Another process asked for the same file in this very moment: next time.
                continue
            if mine is not None:
                return mine
        return None

    def _plan(self, left_out: Collection[int]) -> list[Batch]:
        """The batches of the first page of the queue that holds any."""
        asked = {"now": self._clock(), "source": self._source}
        max_active = self._settings.get("queue.max_active")
        max_per_peer = self._settings.get("queue.max_per_peer")
        start = 0
        with self._db.read() as session:
            live: list[Live] = [(row[0], row[1], row[2]) for row in session.execute(_RUNNING)]
            query = self._askable(live, max_per_peer)
            while True:
                rows = session.execute(query.limit(_PAGE).offset(start), asked).all()
                found = [_waiting(row, nzo) for row, nzo in rows if row.id not in left_out]
                batches = plan(found, live, max_active=max_active, max_per_peer=max_per_peer)
                if batches or len(rows) < _PAGE:
                    return batches
                start += _PAGE

    def _askable(self, live: Sequence[Live], max_per_peer: int) -> Select[Download, str]:
        """Due files in the queue's order, without those behind a peer that has enough to serve.

        Somebody's whole collection in the queue must not hide what other peers could send.
        """
        full = [peer for peer, ids in _serving(live).items() if len(ids) >= max_per_peer]
        served = {grab_id for grab_id, _, _ in live}
        return (
            select(Download, Grab.nzo_id)
            .join(Grab)
            .where(*_DUE)
            .where(or_(Download.peer.not_in(full), Download.grab_id.in_(served)))
            .order_by(Grab.priority.desc(), Grab.position, Grab.id, Download.position)
        )


def _serving(live: Iterable[Live]) -> dict[str, set[int]]:
    grabs: dict[str, set[int]] = {}
    for grab_id, peer, _ in live:
        grabs.setdefault(peer, set()).add(grab_id)
    return grabs


def _claim(session: Session, batch: Batch, *, clock: Clock) -> Batch | None:
    """WAITING becomes PENDING, or somebody was faster and the file is left out."""
    now = clock()
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
        spent=row.spent_ref,
    )
