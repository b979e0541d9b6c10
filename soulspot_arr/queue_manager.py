"""What clients do with grabs: hand one over, look at the queue and the history, delete.

Everything here is answered from the database in milliseconds; the source is never asked. Deleting
and cancelling only changes rows: `cleanup` makes the source forget and removes files afterwards.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Row, case, cast, func, select
from sqlalchemy.orm import Session

from soulspot_arr import counters, disk, ledger
from soulspot_arr.blocklist import Blocklist
from soulspot_arr.db import Database
from soulspot_arr.domain import (
    OPEN_GRABS,
    Clock,
    EventRecord,
    GrabState,
    ImportState,
    NewGrab,
    Offer,
    Priority,
)
from soulspot_arr.errors import Conflict, GrabNotFound, OffersBlocked, QueueFull
from soulspot_arr.models import IS_OPEN, Download, Grab, ReleaseRow
from soulspot_arr.rules import following, lifecycle, offers
from soulspot_arr.settings import Settings
from soulspot_arr.wanted import Provider

# SABnzbd's alphabet for ids; clients treat them as opaque (contract sabnzbd §2.2).
_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789_"
HISTORY = (GrabState.COMPLETED, GrabState.FAILED)


class OpenGrab(NamedTuple):
    """One grab on its way, as a poll of the queue needs it; bytes and bytes per second.

    A tuple of few columns, because a queue of hundreds is read once or more in every minute.
    """

    nzo_id: str
    title: str
    category: str
    priority: int
    paused: bool
    status: str
    storage_path: str | None
    created_at: datetime
    bytes_total: int
    bytes_done: int
    speed: int


class GrabView(NamedTuple):
    """One grab as the edges show it; sizes in bytes, speed in bytes per second."""

    id: int
    nzo_id: str
    title: str
    category: str
    artist: str
    album: str
    quality: str
    peer: str
    priority: int
    paused: bool
    status: GrabState
    bytes_total: int
    file_count: int
    offer_index: int
    failure_kind: str | None
    failure_message: str | None
    storage_path: str | None
    note: str | None
    created_at: datetime
    started_at: datetime | None
    transferred_at: datetime | None
    completed_at: datetime | None
    archived_at: datetime | None
    not_before: datetime | None
    bytes_done: int = 0
    speed: int = 0
    place_in_queue: int | None = None
    position: int | None = None  # from 0, in our queue; None when it is not on its way
    album_id: str | None = None  # MusicBrainz' ids, as a search or Lidarr told them
    artist_id: str | None = None

    @property
    def failed(self) -> bool:
        """Whether it ended badly; stays true when it is deleted."""
        return self.failure_message is not None


_ARRIVED = frozenset({GrabState.COMPLETED, GrabState.IMPORTED, GrabState.PROCESSING})
# The tables themselves: for plain columns the ORM would look at each row once more.
_GRABS, _FILES = Grab.__table__.c, Download.__table__.c


def _columns(fields: Iterable[str], **figures: ColumnElement[Any]) -> list[ColumnElement[Any]]:
    """What fills these fields, in their order: a figure, or the column of that name."""
    known = {"bytes_total": _GRABS.total_bytes, **figures}
    return [known[name] if name in known else _GRABS[name] for name in fields]


def _over_files(figure: ColumnElement[Any]) -> ColumnElement[Any]:
    """A whole number over the files that make up each grab now; None without files."""
    mine = (_FILES.grab_id == _GRABS.id, _FILES.current)
    query = select(cast(figure, BigInteger)).where(*mine)
    return query.correlate(Grab.__table__).scalar_subquery()


_DONE = _over_files(func.sum(_FILES.bytes_done))
_SPEED = _over_files(func.sum(_FILES.speed))
_PLACE = _over_files(func.min(_FILES.place_in_queue))
_ORDER = (_GRABS.priority.desc(), _GRABS.position, _GRABS.id)
_PLACES = (
    select(_GRABS.id, (func.row_number().over(order_by=_ORDER) - 1).label("place"))
    .where(IS_OPEN)
    .subquery()
)
_WHOLE = select(
    *_columns(
        GrabView._fields,
        bytes_done=_DONE,
        speed=_SPEED,
        place_in_queue=_PLACE,
        position=_PLACES.c.place,
    )
).select_from(Grab.__table__.outerjoin(_PLACES, _PLACES.c.id == _GRABS.id))
_STORED = select(*_columns(n for n in GrabView._fields if n not in GrabView._field_defaults))
_NEWEST = (_GRABS.completed_at.desc(), _GRABS.id.desc())
_HISTORY = _STORED.where(_GRABS.status.in_(HISTORY), _GRABS.archived_at.is_(None)).order_by(
    _GRABS.status == GrabState.FAILED, *_NEWEST
)
_QUEUE = (
    select(
        *_columns(
            OpenGrab._fields,
            bytes_done=case(
                (_GRABS.status == GrabState.PROCESSING, _GRABS.total_bytes),
                else_=func.coalesce(_DONE, 0),
            ),
            speed=case(
                # Most of a long queue waits: what nobody sends needs no summing up.
                (_GRABS.status == GrabState.DOWNLOADING, func.coalesce(_SPEED, 0)),
                else_=0,
            ),
        )
    )
    .where(IS_OPEN)
    .order_by(*_ORDER)
)


class QueueManager:
    """Commands and looks from outside. `wake(job)` asks the scheduler to run a job now."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        *,
        clock: Clock,
        wake: Callable[[str], None],
        blocklist: Blocklist | None = None,
    ) -> None:
        self._db = database
        self._settings = settings
        self._clock = clock
        self._wake = wake
        self._blocklist = blocklist or Blocklist(database, settings, clock=clock)

    # -- accepting ---------------------------------------------------------------------------------

    def add(self, new: NewGrab) -> str:
        """Keep a grab and wake the dispatcher; returns its fresh `nzo_id`.

        Ids are never used twice: Lidarr caches the final state of an id for ever (lidarr §5.5).
        Raises OffersBlocked when everything that it could be fetched from is on the blocklist, and
        QueueFull.
        """
        return self._accept(new, self._allowed(new))

    def _accept(
        self, new: NewGrab, chosen: Sequence[Offer], *, instead_of: Grab | None = None
    ) -> str:
        now = self._clock()
        kept = chosen[: 1 + self._settings.get("queue.alternates")]
        main = kept[0]
        nzo_id = "SABnzbd_nzo_" + "".join(secrets.choice(_ALPHABET) for _ in range(12))
        paused = new.priority is Priority.PAUSED
        grab = Grab(
            nzo_id=nzo_id,
            source=main.source,
            peer=main.peer,
            release_key=new.release_key,
            title=new.title,
            category=new.category,
            artist=new.artist,
            album=new.album,
            year=new.year,
            quality=new.quality,
            score=new.score,
            priority=int(Priority.NORMAL if new.priority < Priority.LOW else new.priority),
            paused=paused,
            status=GrabState.QUEUED,
            total_bytes=main.size,
            file_count=len(main.files),
            offers=offers.to_json(kept),
            created_at=now,
            updated_at=now,
        )
        with self._db.write() as session:
            self._require_room(session)
            if instead_of is not None:
                _retire(session, instead_of, at=now)
            last = session.scalar(select(func.max(Grab.position)))
            grab.position = (last or 0) + 1
            _recall(session, grab)
            session.add(grab)
            session.flush()
            ledger.add_offer(session, grab, 0, at=now)
            event = EventRecord(
                "grab.added", f"Accepted {new.title}.", data={"peer": main.peer, "size": main.size}
            )
            ledger.record(session, event, at=now, grab_id=grab.id)
        self._settings.learn_category(new.category)
        self._wake("dispatch")
        return nzo_id

    def _allowed(self, new: NewGrab) -> tuple[Offer, ...]:
        """The offers that the blocklist leaves; it may have grown since they were found."""
        blocks = self._blocklist.snapshot()
        allowed = tuple(offer for offer in new.offers if blocks.refuses(offer) is None)
        if not allowed:
            why = blocks.refuses(new.offers[0])
            raise OffersBlocked(f"Nobody is left to ask for {new.title}: {why}.")
        return allowed

    def _require_room(self, session: Session) -> None:
        ledger.hold_order(session)
        longest = self._settings.get("queue.max_length")
        if not longest:
            return
        length = session.scalar(select(func.count()).select_from(Grab.__table__).where(IS_OPEN))
        if (length or 0) >= longest:
            raise QueueFull(
                f"The queue is full: {length} of at most {longest} grabs are open. "
                "Hand it over again when some of them have ended."
            )

    # -- looking -----------------------------------------------------------------------------------

    def queue(self) -> list[OpenGrab]:
        """Everything on its way, in the order it will be worked on."""
        with self._db.read() as session:
            return [OpenGrab._make(row) for row in session.execute(_QUEUE).all()]

    def history(self, *, archived: bool = False, limit: int | None = None) -> list[GrabView]:
        """What ended and was not deleted; what Lidarr still has to import comes first.

        Lidarr asks for 60 rows and never pages, so a completed row is never cut off by `limit`:
        only failed ones are (contract lidarr §4). With `archived`, the archived rows instead.
        """
        query = _HISTORY
        if archived:
            query = _STORED.where(_GRABS.archived_at.is_not(None)).order_by(*_NEWEST).limit(limit)
        with self._db.read() as session:
            views = [_view(row) for row in session.execute(query)]
        if archived or limit is None:
            return views
        completed = sum(view.status is GrabState.COMPLETED for view in views)
        return views[: max(limit, completed)]

    def find(self, nzo_id: str) -> GrabView:
        """One grab in any state; raises GrabNotFound."""
        with self._db.read() as session:
            row = session.execute(_WHOLE.where(_GRABS.nzo_id == nzo_id)).first()
        if row is None:
            raise GrabNotFound(f"There is no grab {nzo_id!r}.")
        return _view(row)

    def states(self, nzo_ids: Collection[str]) -> dict[str, GrabState]:
        """The states of grabs; ids that are not known are left out."""
        query = select(_GRABS.nzo_id, _GRABS.status).where(_GRABS.nzo_id.in_(list(nzo_ids)))
        with self._db.read() as session:
            return {row[0]: GrabState(row[1]) for row in session.execute(query)}

    def page(
        self, *, before: int | None, limit: int, states: Collection[GrabState] = ()
    ) -> list[GrabView]:
        """Grabs of all states, newest first, below the id `before`."""
        query = _WHOLE.order_by(_GRABS.id.desc()).limit(limit)
        if states:
            query = query.where(_GRABS.status.in_(list(states)))
        if before is not None:
            query = query.where(_GRABS.id < before)
        with self._db.read() as session:
            return [_view(row) for row in session.execute(query)]

    def files(self, nzo_id: str) -> list[Download]:
        """The files that make up a grab now; empty for an unknown one."""
        query = (
            select(Download)
            .join(Grab)
            .where(Grab.nzo_id == nzo_id, Download.current)
            .order_by(Download.position)
        )
        with self._db.read() as session:
            return list(session.scalars(query))

    # -- ending ------------------------------------------------------------------------------------

    def cancel(self, nzo_ids: Collection[str], *, reason: str = "Deleted from the queue.") -> int:
        """Cancel open grabs; ids that are unknown or already over are left alone. Idempotent."""
        now = self._clock()
        ended = 0
        with self._db.write() as session:
            for grab in ledger.named(session, nzo_ids, OPEN_GRABS):
                event = EventRecord("grab.cancelled", reason)
                if not ledger.move_grab(
                    session, grab, GrabState.CANCELLED, event, at=now, completed_at=now
                ):
                    continue
                ended += 1
                ledger.cancel_files(session, grab, at=now)
        if ended:
            self._wake("cleanup")
        return ended

    def delete_history(self, nzo_ids: Collection[str], *, archive: bool) -> int:
        """Take ended grabs out of the history; open ones are cancelled. Idempotent.

        What Lidarr has called imported is. Otherwise that is concluded from a folder that is empty
        by then, unless it had refused the files: it empties the folder whenever it deletes, and
        keeps the row (`archive`) of what did not fail (contract lidarr §3.6, §9.7).
        """
        self.cancel(nzo_ids, reason="Deleted from the history while it was running.")
        with self._db.read() as session:
            emptied = {
                grab.id: not disk.holds_files(grab.storage_path)
                for grab in ledger.named(session, nzo_ids, {GrabState.COMPLETED})
            }
        now = self._clock()
        ended = 0
        with self._db.write() as session:
            for grab in ledger.named(session, nzo_ids, HISTORY):
                end = following.end_of(grab.import_state, emptied=emptied.get(grab.id, False))
                fields: dict[str, Any] = {"archived_at": now if archive else None}
                if end.concluded and archive:
                    # Nobody has said so yet: the follow job asks Lidarr itself.
                    fields |= {"import_state": ImportState.IMPORTED.value, "imported_at": now}
                    fields |= {"import_message": None, "import_seen_at": None}
                    counters.add(session, counters.IMPORTS, ImportState.IMPORTED)
                event = EventRecord(end.event, end.words)
                if ledger.move_grab(
                    session, grab, end.to, event, at=now, cleaned_at=None, **fields
                ):
                    ended += 1
        if ended:
            self._wake("cleanup")
            self._wake("follow")
        return ended

    def retry(self, nzo_id: str) -> str:
        """Hand a failed or cancelled grab over again under a new id, which is returned.

        A grab that Lidarr has seen fail is never revived. What the blocklist holds back of its
        offers by now is searched for once more; those that lost no file come first, also when a
        further search had found them. Both grabs change at once or not at all. Raises GrabNotFound
        or Conflict, among the latter QueueFull.
        """
        with self._db.read() as session:
            grab = session.scalar(select(Grab).where(Grab.nzo_id == nzo_id))
            if grab is None:
                raise GrabNotFound(f"There is no grab {nzo_id!r}.")
            given_up = select(Download).where(
                Download.grab_id == grab.id, Download.status.in_(lifecycle.LOST)
            )
            lost = {(row.source, row.peer, row.remote_path) for row in session.scalars(given_up)}
        if grab.status not in {GrabState.FAILED, GrabState.CANCELLED, GrabState.REMOVED}:
            raise Conflict(f"The grab is {grab.status}; only a failed one can be tried again.")
        new = NewGrab(
            release_key=grab.release_key,
            title=grab.title,
            artist=grab.artist,
            album=grab.album,
            year=grab.year,
            quality=grab.quality,
            score=grab.score,
            offers=offers.from_json(grab.offers),
            category=grab.category,
            priority=Priority(grab.priority),
        )
        blocks = self._blocklist.snapshot()

        def is_spent(offer: Offer) -> bool:
            places = {(offer.source, offer.peer, file.path) for file in offer.files}
            return bool(places & lost) or blocks.refuses(offer) is not None

        fresh = self._accept(new, sorted(new.offers, key=is_spent), instead_of=grab)
        self._wake("cleanup")
        return fresh


def _retire(session: Session, seen: Grab, *, at: datetime) -> None:
    """A grab that is tried again disappears; raises Conflict when somebody else was faster."""
    ledger.hold(session, [seen.id])
    grab = session.get(Grab, seen.id)
    if grab is None or grab.version != seen.version:
        raise Conflict("The grab has changed meanwhile: look at it again.")
    if grab.status == GrabState.REMOVED:
        grab.updated_at = at  # a second one who wants the same has to see that
        return
    event = EventRecord("grab.removed", "Tried again as a new grab.")
    ledger.move_grab(session, grab, GrabState.REMOVED, event, at=at, cleaned_at=None)


def _view(row: Row[*tuple[Any, ...]]) -> GrabView:
    view = GrabView(*row)
    state = GrabState(view.status)
    # A source that counts too much cannot exceed the size.
    done = view.bytes_total if state in _ARRIVED else min(view.bytes_done or 0, view.bytes_total)
    return view._replace(status=state, bytes_done=done, speed=view.speed or 0)


def _recall(session: Session, grab: Grab) -> None:
    """What the search knew of the album; which one it is, nobody but Lidarr may say."""
    release = session.get(ReleaseRow, grab.release_key)
    wanted = release.wanted if release is not None else None
    if wanted is None:
        return
    grab.wanted = wanted
    if wanted.get("provider") == Provider.LIDARR:
        grab.album_id = wanted.get("album_id") or None
        grab.artist_id = wanted.get("artist_id") or None
        grab.library_id = wanted.get("library_id")
