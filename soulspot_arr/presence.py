"""Looks after peers: whom we wait for, and how their queues move.

A file whose peer was offline waits with a moment far ahead. This job asks the source now and then
whether that peer has come back, and then makes its files due at once, without any search. Of those
that let us wait in line it asks our place, rarely: a queue that moves is no stuck one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select, update

from soulspot_arr import ledger
from soulspot_arr.absence import Absence, between_peers, peers_of
from soulspot_arr.db import Database
from soulspot_arr.domain import (
    TRANSFERRING_GRABS,
    Clock,
    DownloadState,
    EventRecord,
    FailureKind,
    TransferRef,
)
from soulspot_arr.errors import SourceError
from soulspot_arr.models import Download, Grab, of_instance
from soulspot_arr.pace import Hours
from soulspot_arr.settings import Settings
from soulspot_arr.sources import DownloadSource, Guard

log = logging.getLogger(__name__)

AT_ONCE = 10  # peers asked about in one run: it is a question to the Soulseek server
_KEPT = timedelta(days=1)  # what was heard of a peer
_SETTLED = timedelta(minutes=1)  # who has a free slot begins within seconds
_PATIENCE = 6.0  # seconds for one answer; slskd itself gives up after 5 (contract slskd §4)


@dataclass(frozen=True, slots=True)
class _Look:
    """What was last heard of a peer."""

    at: datetime
    there: datetime | None  # since when every look has found it there


class Presence:
    """The presence job of one source."""

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
        self._hours = Hours(settings, clock=clock)
        self._absence = Absence(
            database, peers_of(source.name), clock=clock, usual=lambda: between_peers(settings)
        )
        # Only to take turns and to see changes; lost without harm.
        self._looks: dict[str, _Look] = {}

    def run(self) -> int:
        """Ask about some of the peers; returns how many awaited ones have come back."""
        if not self._source.is_configured():
            return 0
        back = self._ask_for_awaited()
        if self._is_there() and not self._guard.resting:
            self._after_absence()
            self._ask_for_places()
        if back:
            self._wake("dispatch")
        return back

    def _is_there(self) -> bool:
        return self._guard.reachable is not False

    def _ask_for_awaited(self) -> int:
        """How many have come back; those that were not asked about for longest come first."""
        back = 0
        for peer in sorted(self._awaited(), key=self._last_look)[:AT_ONCE]:
            with self._if_anybody_can_say(peer):
                since = self._there_since(peer)
                back += since is not None and self._resume(peer, since)
            if not self._is_there():
                break
        return back

    def _ask_for_places(self) -> None:
        for row in self._queueing():
            with self._if_anybody_can_say(row.peer):
                self._ask_place(row)
            if not self._is_there():
                break

    @contextmanager
    def _if_anybody_can_say(self, peer: str) -> Iterator[None]:
        """A question that fails is asked again in its turn; it keeps nobody from the others."""
        try:
            yield
        except SourceError as error:
            self._looks[peer] = _Look(self._clock(), None)
            log.debug("nobody can say how %s is: %s", peer, error.message)

    def _after_absence(self) -> None:
        """Time in which nobody could look, or in which the queue was paused, is not waited."""
        if self._hours.paused:
            return
        if gap := self._absence.gap():
            here = (
                Download.status == DownloadState.WAITING,
                Download.offline_since.is_not(None),
                of_instance(self._source.name),
            )
            with self._db.write() as session:
                ledger.lend_time(session, here, ledger.AWAITED, by=gap, at=self._clock())
        self._absence.looked()

    def _last_look(self, peer: str) -> float:
        look = self._looks.get(peer)
        return look.at.timestamp() if look is not None else float("-inf")

    def _there_since(self, peer: str) -> datetime | None:
        """Since when our looks have found the peer there; None when it is not."""
        with self._guard("ask whether a peer is online"):
            there = self._source.online_raw(peer, seconds=_PATIENCE)
        now = self._clock()
        before = self._looks.get(peer)
        fresh = {name: look for name, look in self._looks.items() if now - look.at < _KEPT}
        streak = before.there if before is not None else None
        look = _Look(now, (streak or now) if there else None)
        self._looks = {**fresh, peer: look}
        return look.there

    def _awaited(self) -> list[str]:
        """Peers whose files wait for them, whose grab waits longest first."""
        query = (
            select(Download.peer)
            .join(Grab)
            .where(*self._waiting(), Grab.status.in_(TRANSFERRING_GRABS), Grab.paused.is_(False))
            .group_by(Download.peer)
            .order_by(func.min(Grab.position))
        )
        with self._db.read() as session:
            return list(session.scalars(query))

    def _waiting(self) -> tuple[ColumnElement[bool], ...]:
        return (
            Download.status == DownloadState.WAITING,
            of_instance(self._source.name),
            Download.failure_kind == FailureKind.PEER_OFFLINE,
            Download.not_before > self._clock(),
        )

    # -- places in queues --------------------------------------------------------------------------

    def _queueing(self) -> list[Download]:
        """One file of each peer that lets us wait and was not asked for long."""
        now = self._clock()
        long_ago = now - timedelta(seconds=self._settings.get("stall.position"))
        mine = (Download.status == DownloadState.QUEUED, of_instance(self._source.name))
        # Who was asked about one file lately is not asked about another one.
        lately = select(Download.peer).where(*mine, Download.place_asked_at > long_ago)
        first = (
            select(func.min(Download.id))
            .where(
                *mine,
                Download.first_seen_at < now - _SETTLED,
                Download.transfer_ref.is_not(None),
                Download.peer.not_in(lately),
            )
            .group_by(Download.peer)
        )
        oldest = (Download.place_asked_at.is_not(None), Download.place_asked_at, Download.id)
        query = select(Download).where(Download.id.in_(first)).order_by(*oldest).limit(AT_ONCE)
        with self._db.read() as session:
            return list(session.scalars(query))

    def _ask_place(self, row: Download) -> None:
        with self._guard("ask for a place in a queue"):
            place = self._source.place_raw(
                TransferRef(row.peer, row.transfer_ref or ""), seconds=_PATIENCE
            )
        now = self._clock()
        # Who does not answer any more is no longer given the time of one that does.
        columns: dict[str, object] = {"place_asked_at": now, "place_in_queue": place}
        if place is not None and (row.best_place is None or place < row.best_place):
            columns["best_place"] = place
            if row.best_place is not None:
                columns["last_progress_at"] = now
        with self._db.write() as session:
            session.execute(
                update(Download)
                .where(Download.id == row.id, Download.status == DownloadState.QUEUED)
                .values(**columns)
                .execution_options(synchronize_session=False)
            )

    # -- coming back -------------------------------------------------------------------------------

    def _resume(self, peer: str, since: datetime) -> bool:
        """Make due what was last asked of this peer before it came; whether there was anything.

        Who is there all the time and could not be reached nevertheless keeps its back-off.
        """
        now = self._clock()
        asked = func.coalesce(Download.claimed_at, Download.updated_at)
        theirs = (*self._waiting(), Download.peer == peer, asked <= since)
        with self._db.write() as session:
            ledger.hold_of(session, *theirs)
            due = session.execute(
                update(Download)
                .where(*theirs)
                .values(not_before=now, updated_at=now)
                .returning(Download.grab_id)
                .execution_options(synchronize_session=False)
            )
            files = due.scalars().all()
            for grab_id in sorted(set(files)):
                words = f"{peer} is online again; asking for {files.count(grab_id)} files."
                event = EventRecord("peer.returned", words, data={"peer": peer})
                ledger.record(session, event, at=now, grab_id=grab_id)
        return bool(files)
