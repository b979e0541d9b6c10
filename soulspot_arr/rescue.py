"""Searches once more for grabs whose remembered offers are used up.

What it finds is added to the offers of the grab; who takes over from there is for `mending` to decide.
It asks nobody for files. While the network cannot be asked the grab waits: no outage fails it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from soulspot_arr import ledger
from soulspot_arr.db import Database
from soulspot_arr.domain import (
    TRANSFERRING_GRABS,
    Clock,
    EventRecord,
    Offer,
    Priority,
    Query,
    Release,
    Rescue,
)
from soulspot_arr.log import about
from soulspot_arr.mending import Mender, pieces_of
from soulspot_arr.models import Download, Grab
from soulspot_arr.pace import Hours
from soulspot_arr.rules import lifecycle, offers, substitution
from soulspot_arr.settings import Settings


class Searcher(Protocol):
    """The part of `search.Search` that is used here."""

    def once_more(self, query: Query) -> list[Release] | None:
        """Releases of a search made now; None when the network cannot be asked."""


class Rescuer:
    """The rescue job."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        search: Searcher,
        *,
        mender: Mender,
        clock: Clock,
        wake: Callable[[str], None],
    ) -> None:
        self._db = database
        self._settings = settings
        self._search = search
        self._mender = mender
        self._clock = clock
        self._wake = wake
        self._hours = Hours(settings, clock=clock)
        self._put_off: dict[int, int] = {}  # how often; only to take turns, lost without harm

    def run(self) -> int:
        """Search for every grab that wants it, the longest waiting first; how many were decided.

        When the network cannot be asked for one of them, the others have their turn at the next
        run, and this one after them: its texts may only have been asked a moment ago.
        """
        query = (
            select(Grab)
            .where(Grab.rescue == Rescue.WANTED, Grab.status.in_(TRANSFERRING_GRABS))
            .where(Grab.paused.is_(False))
            .order_by(Grab.rescue_since, Grab.id)
        )
        if self._hours.closed():
            query = query.where(Grab.priority >= Priority.FORCE)
        with self._db.read() as session:
            grabs = list(session.scalars(query))
        self._put_off = {grab.id: self._put_off.get(grab.id, 0) for grab in grabs}
        decided = 0
        for grab in sorted(grabs, key=lambda grab: self._put_off[grab.id]):
            with about(grab.nzo_id):
                if not self._is_lost(grab):
                    continue
                found = self._look(grab)
                if found is None:
                    self._put_off[grab.id] += 1
                    break
                decided += 1
                self._decide(grab, found)
        return decided

    def _is_lost(self, grab: Grab) -> bool:
        """Whether anything is lost still; what is not needed any more is not searched for."""
        with self._db.read() as session:
            rows = ledger.current_files(session, grab)
        if any(row.status in lifecycle.LOST for row in rows):
            return True
        self._decide(grab, None)
        return False

    def _look(self, grab: Grab) -> Sequence[Release] | None:
        """What there is; None while the network cannot be asked, however long that lasts."""
        if not (self._settings.get("queue.rescue") and self._settings.get("queue.alternates")):
            return ()
        return self._search.once_more(Query(artist=grab.artist, album=grab.album, year=grab.year))

    def _decide(self, grab: Grab, found: Sequence[Release] | None) -> None:
        """What follows; `found` is None when nothing was lost and therefore nobody was asked."""
        now = self._clock()
        with self._db.write() as session:
            ledger.hold(session, [grab.id])
            row = session.get(Grab, grab.id)
            if row is None or row.rescue != Rescue.WANTED or row.status not in TRANSFERRING_GRABS:
                return  # deleted or released while we searched
            rows = ledger.current_files(session, row)
            if not any(file.status in lifecycle.LOST for file in rows):
                row.rescue, row.note = None, None  # the lost file has been released meanwhile
                return
            if found is None:
                return  # lost again in this moment: at the next run
            further = self._further(session, row, rows, found)
            row.rescue, row.note = str(Rescue.DONE), None
            if further:
                row.offers = [*row.offers, *offers.to_json(further)]
                peers = [offer.peer for offer in further]
                event = EventRecord(
                    "grab.rescued", f"Found again at {', '.join(peers)}.", data={"peers": peers}
                )
                ledger.record(session, event, at=now, grab_id=row.id)
            session.flush()
            outcome = self._mender.roll_up(session, row, at=now)
        for job in outcome.jobs:
            self._wake(job)

    def _further(
        self, session: Session, grab: Grab, rows: Sequence[Download], found: Sequence[Release]
    ) -> tuple[Offer, ...]:
        """Offers of the same quality from peers that the grab does not know yet."""
        alike = [release for release in found if release.quality == grab.quality]
        return substitution.further(
            pieces_of(rows),
            [offer for release in alike for offer in release.offers],
            self._mender.chances(session, grab),
            most=int(self._settings.get("queue.alternates")),
        )
