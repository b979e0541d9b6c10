"""What clients and people do with the queue: priorities, places, pauses, scheduled starts.

Only rows change here; who is asked when follows from them at the next cycle of the dispatcher. What
has been asked for already goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, select, update
from sqlalchemy.orm import Session

from soulspot_arr import ledger
from soulspot_arr.db import Database
from soulspot_arr.domain import (
    OPEN_DOWNLOADS,
    OPEN_GRABS,
    Clock,
    DownloadState,
    GrabState,
    Priority,
)
from soulspot_arr.errors import Conflict, GrabNotFound, InvalidInput
from soulspot_arr.models import IS_OPEN, Download, Grab
from soulspot_arr.pace import Hours
from soulspot_arr.rules import queue_order
from soulspot_arr.rules.queue_order import Place
from soulspot_arr.settings import RESUMED_AT, Settings

LONGEST = timedelta(days=366)
"""The longest pause that ends by itself."""

_LIMITS = (
    "max_length",
    "max_active",
    "max_per_peer",
    "dispatches",
    "dispatch_delay",
    "quiet_hours",
)
_GRABS = Grab.__table__.c


@dataclass(frozen=True, slots=True)
class Wish:
    """What shall be otherwise with a grab; None leaves it as it is.

    `position` counts from 0. A start needs `schedule`, because None means at once.
    """

    priority: Priority | None = None
    position: int | None = None
    paused: bool | None = None
    category: str | None = None
    schedule: bool = False
    not_before: datetime | None = None

    def columns(self) -> dict[str, object]:
        """The columns that change, without the place."""
        changed: dict[str, object] = {}
        if self.category is not None:
            changed["category"] = self.category
        if self.priority is not None:
            changed |= _of_priority(self.priority)
        if self.paused is not None:
            changed["paused"] = self.paused
        if self.schedule:
            changed["not_before"] = self.not_before
        return changed


@dataclass(frozen=True, slots=True)
class QueueState:
    """The queue at a glance. `until` is None without a pause and for one without an end."""

    paused: bool
    until: datetime | None
    quiet: bool
    quiet_until: datetime | None
    grabs: Mapping[str, int]
    files: Mapping[str, int]
    limits: Mapping[str, Any]


class Ordering:
    """Commands about the order; `wake(job)` asks the scheduler to run a job now."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        *,
        clock: Clock,
        wake: Callable[[str], None],
    ) -> None:
        self._db = database
        self._settings = settings
        self._clock = clock
        self._wake = wake
        self._hours = Hours(settings, clock=clock)

    # -- grabs -------------------------------------------------------------------------------------

    def arrange(self, nzo_id: str, wish: Wish) -> None:
        """Change one open grab, everything or nothing.

        Raises GrabNotFound, Conflict when it is over, InvalidInput for a start that cannot be kept.
        """
        with self._db.write() as session:
            # First: the moment is judged when it is this command's turn.
            ledger.hold_order(session)
            self._require_future(wish)
            if wish.position is not None:  # all of them, before one of them: see `ledger.hold`
                ledger.hold(session, session.scalars(select(Grab.id).where(IS_OPEN)))
            grabs = ledger.named(session, [nzo_id], OPEN_GRABS)
            if not grabs:
                raise _not_open(session, nzo_id)
            self._set(session, grabs, wish.columns())
            if wish.position is not None:
                keep = wish.priority is not None
                self._move(session, [nzo_id], lambda rest: wish.position or 0, keep_priority=keep)
        self._tell(wish.category)

    def change(self, nzo_ids: Collection[str], **columns: object) -> int:
        """Set `paused`, `priority`, `category` or `title` of open grabs; returns how many."""
        if columns.get("priority") == Priority.FORCE:
            columns = {**_of_priority(Priority.FORCE), **columns}
        return len(self._change(nzo_ids, columns))

    def change_several(self, nzo_ids: Collection[str], wish: Wish) -> list[str]:
        """The same wish for several grabs, but for the place; returns the ids that are open."""
        return self._change(nzo_ids, wish.columns())

    def _change(self, nzo_ids: Collection[str], columns: Mapping[str, object]) -> list[str]:
        with self._db.write() as session:
            grabs = ledger.named(session, nzo_ids, OPEN_GRABS)
            self._set(session, grabs, columns)
            found = [grab.nzo_id for grab in grabs]
        category = columns.get("category")
        self._tell(str(category) if category is not None else None)
        return found

    def move_to(self, nzo_id: str, index: int) -> int:
        """Put a grab at a place in the queue; returns the place it has now, -1 if unknown."""
        places = self.move_several([nzo_id], index)
        return places.get(nzo_id, -1)

    def move_several(
        self, nzo_ids: Sequence[str], index: int = 0, *, before: str | None = None
    ) -> dict[str, int]:
        """Put grabs together, in this order, at a place or before another grab.

        Returns the places they have now, without those that are not open. Raises GrabNotFound or
        Conflict when there is nobody `before` whom they could be put.
        """
        with self._db.write() as session:
            ledger.hold_order(session)

            def at(rest: Sequence[str]) -> int:
                if before is None:
                    return index
                if before not in rest:
                    raise _not_open(session, before)
                return rest.index(before)

            places = self._move(session, nzo_ids, at)
        self._wake("dispatch")
        return places

    def _set(self, session: Session, grabs: Sequence[Grab], columns: Mapping[str, object]) -> None:
        now = self._clock()
        resumed = [grab.id for grab in grabs if grab.paused and columns.get("paused") is False]
        for grab in grabs:
            for name, value in columns.items():
                setattr(grab, name, value)
            grab.updated_at = now
        session.flush()
        if resumed:  # its pause was nobody's waiting time: what waits has waited since now
            waits = (Download.grab_id.in_(resumed), Download.status == DownloadState.WAITING)
            overdue = (Download.not_before.is_(None)) | (Download.not_before < now)
            session.execute(update(Download).where(*waits, overdue).values(not_before=now))
            session.execute(update(Download).where(*waits).values(offline_since=None))

    def _move(
        self,
        session: Session,
        nzo_ids: Sequence[str],
        at: Callable[[Sequence[str]], int],
        *,
        keep_priority: bool = False,
    ) -> dict[str, int]:
        """Under the lock of the order. `at` gets the ids of the others, in their order."""
        query = select(Grab.id, Grab.nzo_id, Grab.priority, Grab.position).where(IS_OPEN)
        rows = session.execute(query.order_by(Grab.id).with_for_update(key_share=True)).all()
        names = {row.id: row.nzo_id for row in rows}
        ids = {row.nzo_id: row.id for row in rows}
        queue = [Place(row.id, row.priority, row.position) for row in rows]
        chosen = [ids[nzo_id] for nzo_id in nzo_ids if nzo_id in ids]
        rest = [names[place.id] for place in queue_order.in_order(queue) if place.id not in chosen]
        after = queue_order.moved(queue, chosen, at(rest), keep_priority=keep_priority)
        self._write(session, queue_order.changes(queue, after))
        order = [place.id for place in after]
        return {names[each]: order.index(each) for each in chosen}

    def _write(self, session: Session, places: Sequence[Place]) -> None:
        """Past the version of the rows: a place is no news for whoever works on a grab."""
        if not places:
            return
        statement = (
            update(Grab.__table__)  # type: ignore[arg-type]
            .where(_GRABS.id == bindparam("row"))
            .values(priority=bindparam("level"), position=bindparam("place"))
        )
        values = [
            {"row": place.id, "level": place.priority, "place": place.position} for place in places
        ]
        session.connection().execute(statement, values)

    def _require_future(self, wish: Wish) -> None:
        now = self._clock()
        if wish.schedule and wish.not_before is not None and wish.not_before <= now:
            raise InvalidInput(
                f"The start lies in the past: {wish.not_before.isoformat()} was before now, "
                f"{now.isoformat(timespec='seconds')}. Leave it empty to start at once."
            )

    def _tell(self, category: str | None) -> None:
        if category is not None:
            self._settings.learn_category(category)
        self._wake("dispatch")

    # -- the whole queue ---------------------------------------------------------------------------

    def pause(self, *, seconds: float | None = None) -> None:
        """Ask for nothing new until `resume`, or for so many seconds."""
        until = "" if seconds is None else (self._clock() + timedelta(seconds=seconds)).isoformat()
        self._settings.patch({"queue.paused": True, "queue.resume_at": until})

    def resume(self) -> None:
        """Go on; the moment is kept, because what waited through a pause is not too old."""
        self._settings.patch({"queue.paused": False, "queue.resume_at": ""})
        self._settings.put_internal({RESUMED_AT: self._clock().isoformat()})
        self._wake("dispatch")

    def state(self) -> QueueState:
        """How the queue stands."""
        in_state = {
            str(state): func.count().filter(_GRABS.status == state) for state in sorted(OPEN_GRABS)
        }
        grabs: dict[str, ColumnElement[int]] = {
            "open": func.count(),
            **in_state,
            "paused": func.count().filter(_GRABS.paused),
            "scheduled": func.count().filter(_GRABS.not_before > self._clock()),
            "forced": func.count().filter(_GRABS.priority >= Priority.FORCE),
        }
        open_files = (
            select(Download.status, func.count())
            .where(Download.status.in_(OPEN_DOWNLOADS))
            .group_by(Download.status)
        )
        with self._db.read() as session:
            counted = session.execute(select(*grabs.values()).where(IS_OPEN)).one()
            files: dict[str, int] = {row[0]: row[1] for row in session.execute(open_files)}
        hours = self._hours
        return QueueState(
            paused=hours.paused,
            until=hours.paused_until,
            quiet=hours.quiet,
            quiet_until=hours.quiet_until,
            grabs=dict(zip(grabs, counted, strict=True)),
            files={str(state): files.get(state, 0) for state in sorted(OPEN_DOWNLOADS)},
            limits={name: self._settings.get(f"queue.{name}") for name in _LIMITS},
        )


def _of_priority(level: Priority) -> dict[str, object]:
    """What a priority of SABnzbd's means for the columns: one of them is a pause in disguise."""
    if level is Priority.PAUSED:
        return {"paused": True}
    if level is Priority.DEFAULT:
        return {"priority": int(Priority.NORMAL)}
    if level is Priority.FORCE:  # whoever forces a grab wants it now
        return {"priority": int(level), "paused": False}
    return {"priority": int(level)}


def _not_open(session: Session, nzo_id: str) -> Conflict | GrabNotFound:
    state = session.scalar(select(Grab.status).where(Grab.nzo_id == nzo_id))
    if state is None:
        return GrabNotFound(f"There is no grab {nzo_id!r}.")
    return Conflict(
        f"The grab is {GrabState(state)}; only one on its way has a place in the queue."
    )
