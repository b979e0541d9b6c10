"""What clients do with grabs: hand one over, look at the queue and the history, order, delete.

Everything here is answered from the database in milliseconds; the source is never asked. Deleting
and cancelling only changes rows: `cleanup` makes the source forget and removes files afterwards.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Row, case, cast, func, select
from sqlalchemy.orm import Session

from soulspot_arr import ledger
from soulspot_arr.db import Database
from soulspot_arr.domain import (
    OPEN_GRABS,
    Clock,
    EventRecord,
    GrabState,
    NewGrab,
    Priority,
)
from soulspot_arr.errors import Conflict, GrabNotFound
from soulspot_arr.models import IS_OPEN, Download, Grab, ReleaseRow
from soulspot_arr.rules import offers
from soulspot_arr.settings import RESUMED_AT, Settings
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
    bytes_done: int = 0
    speed: int = 0
    place_in_queue: int | None = None
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
    """A whole number over the files of the current offer of each grab; None without files."""
    mine = (_FILES.grab_id == _GRABS.id, _FILES.offer_index == _GRABS.offer_index)
    query = select(cast(figure, BigInteger)).where(*mine)
    return query.correlate(Grab.__table__).scalar_subquery()


_DONE = _over_files(func.sum(_FILES.bytes_done))
_SPEED = _over_files(func.sum(_FILES.speed))
_PLACE = _over_files(func.min(_FILES.place_in_queue))
_WHOLE = select(*_columns(GrabView._fields, bytes_done=_DONE, speed=_SPEED, place_in_queue=_PLACE))
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
    .order_by(_GRABS.priority.desc(), _GRABS.position, _GRABS.id)
)


class QueueManager:
    """Commands and looks from outside. `wake(job)` asks the scheduler to run a job now."""

    def __init__(
        self, database: Database, settings: Settings, *, clock: Clock, wake: Callable[[str], None]
    ) -> None:
        self._db = database
        self._settings = settings
        self._clock = clock
        self._wake = wake

    # -- accepting ---------------------------------------------------------------------------------

    def add(self, new: NewGrab) -> str:
        """Keep a grab and wake the dispatcher; returns its fresh `nzo_id`.

        Ids are never used twice: Lidarr caches the final state of an id for ever (lidarr §5.5).
        """
        now = self._clock()
        main = new.offers[0]
        kept = new.offers[: 1 + self._settings.get("queue.alternates")]
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
        """The files of the current offer of a grab; empty for an unknown one."""
        query = (
            select(Download)
            .join(Grab)
            .where(Grab.nzo_id == nzo_id, Download.offer_index == Grab.offer_index)
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
            for grab in _named(session, nzo_ids, OPEN_GRABS):
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

        A completed grab whose folder Lidarr has taken counts as imported (contract lidarr §9.7).
        """
        self.cancel(nzo_ids, reason="Deleted from the history while it was running.")
        with self._db.read() as session:
            taken = {
                grab.id: not has_audio(grab.storage_path)
                for grab in _named(session, nzo_ids, {GrabState.COMPLETED})
            }
        now = self._clock()
        ended = 0
        with self._db.write() as session:
            for grab in _named(session, nzo_ids, HISTORY):
                imported = taken.get(grab.id, False)
                to = GrabState.IMPORTED if imported else GrabState.REMOVED
                kind = "grab.imported" if imported else "grab.removed"
                words = "Lidarr took the files." if imported else "Deleted from the history."
                event = EventRecord(kind, words)
                stamp = now if archive else None
                if ledger.move_grab(
                    session, grab, to, event, at=now, archived_at=stamp, cleaned_at=None
                ):
                    ended += 1
        if ended:
            self._wake("cleanup")
        return ended

    def retry(self, nzo_id: str) -> str:
        """Hand a failed or cancelled grab over again under a new id, which is returned.

        A grab that Lidarr has seen fail is never revived. Raises GrabNotFound or Conflict.
        """
        with self._db.read() as session:
            grab = session.scalar(select(Grab).where(Grab.nzo_id == nzo_id))
        if grab is None:
            raise GrabNotFound(f"There is no grab {nzo_id!r}.")
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
        fresh = self.add(new)
        self.delete_history([nzo_id], archive=False)
        return fresh

    # -- ordering ----------------------------------------------------------------------------------

    def change(self, nzo_ids: Collection[str], **columns: object) -> int:
        """Set `paused`, `priority`, `category` or `title` of open grabs; returns how many."""
        with self._db.write() as session:
            grabs = _named(session, nzo_ids, OPEN_GRABS)
            for grab in grabs:
                for name, value in columns.items():
                    setattr(grab, name, value)
                grab.updated_at = self._clock()
        if "category" in columns:
            self._settings.learn_category(str(columns["category"]))
        self._wake("dispatch")
        return len(grabs)

    def move_to(self, nzo_id: str, index: int) -> int:
        """Put a grab at a place in the queue; returns the place it has now, -1 if unknown."""
        with self._db.write() as session:
            query = select(Grab).where(Grab.status.in_(OPEN_GRABS)).order_by(Grab.id)
            rows = list(session.scalars(query.with_for_update(key_share=True)))
            rows.sort(key=lambda grab: (-grab.priority, grab.position))
            mine = next((grab for grab in rows if grab.nzo_id == nzo_id), None)
            if mine is None:
                return -1
            rows.remove(mine)
            place = max(0, min(index, len(rows)))
            rows.insert(place, mine)
            neighbour = rows[place + 1] if place + 1 < len(rows) else rows[place - 1]
            mine.priority = neighbour.priority
            for position, grab in enumerate(rows, start=1):
                grab.position = position
        return place

    def pause(self, *, seconds: float | None = None) -> None:
        """Ask for nothing new until `resume`, or for so many seconds."""
        until = "" if seconds is None else (self._clock() + timedelta(seconds=seconds)).isoformat()
        self._settings.patch({"queue.paused": True, "queue.resume_at": until})

    def resume(self) -> None:
        """Go on; the moment is kept, because what waited through a pause is not too old."""
        self._settings.patch({"queue.paused": False, "queue.resume_at": ""})
        self._settings.put_internal({RESUMED_AT: self._clock().isoformat()})
        self._wake("dispatch")


def has_audio(storage: str | None) -> bool:
    """Whether anything but an empty folder is left where a grab was reported."""
    if not storage:
        return False
    path = Path(storage)
    try:
        return path.is_file() or any(found.is_file() for found in path.rglob("*"))
    except OSError:
        return False


def _named(session: Session, nzo_ids: Collection[str], states: Collection[GrabState]) -> list[Grab]:
    query = select(Grab).where(Grab.nzo_id.in_(list(nzo_ids)), Grab.status.in_(list(states)))
    return list(session.scalars(query.order_by(Grab.id).with_for_update(key_share=True)))


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
