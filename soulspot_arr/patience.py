"""Gives up at their peers the files that have waited long enough for their turn.

Two kinds: those that nobody could be asked for in all the time they have, and those that stand behind
another album of a peer that sends nothing, although somebody who is free has them too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from soulspot_arr import ledger
from soulspot_arr.db import Database
from soulspot_arr.domain import (
    LIVE_DOWNLOADS,
    TRANSFERRING_GRABS,
    Clock,
    DownloadState,
    EventRecord,
    FailureKind,
)
from soulspot_arr.mending import Mender, Outcome, Peer
from soulspot_arr.models import Download, Grab, JobRun
from soulspot_arr.pace import Hours
from soulspot_arr.rules import offers, watching
from soulspot_arr.settings import Settings

# Runs are noted once a minute; a restart or another leader takes over within seconds.
_STANDSTILL = timedelta(minutes=10)
_MOST = 500  # files at once; the others have their turn in the next cycle

Files = dict[int, int]
"""Grabs by file, both as ids."""


class Patience:
    """Looks for such files after each cycle of the dispatcher."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        source: str,
        *,
        mender: Mender,
        clock: Clock,
        wake: Callable[[str], None],
    ) -> None:
        self._db = database
        self._settings = settings
        self._source = source
        self._mender = mender
        self._clock = clock
        self._wake = wake
        self._hours = Hours(settings, clock=clock)

    def expire(self) -> None:
        """What has waited longer than `queue.max_wait` is given up at its peer.

        After `queue.overtake` as well, when it stands behind another album and others are free.
        """
        now = self._clock()
        last = self._hours.patience_since("queue.max_wait")
        soon = self._hours.patience_since("queue.overtake")
        moments = [moment for moment in (last, soon) if moment is not None]
        with self._db.read() as session:
            if not moments or not anybody(session, max(moments)):
                return
            old = too_old(session, self._source, since=last, now=now) if last else {}
            behind: Files = {}
            busy: set[str] = set()
            if soon:
                behind, busy = overtaken(session, self._source, since=soon, now=now)
        waiting = {**behind, **old}
        if not waiting:
            return
        outcomes = []
        with self._db.write() as session:
            ledger.hold(session, waiting.values())
            for grab_id in sorted(set(waiting.values())):
                files = [row for row, grab in waiting.items() if grab == grab_id]
                grab = session.get(Grab, grab_id)
                if grab is None:
                    continue
                if old.keys() & files:
                    words = "Nobody could be asked for the file in time."
                    self._leave(session, files, FailureKind.TOO_OLD, words, at=now)
                    outcomes.append(self._roll_up(session, grab, at=now))
                else:
                    outcomes.append(self._pass_on(session, grab, files, busy=busy, at=now))
        for job in dict.fromkeys(job for outcome in outcomes if outcome for job in outcome.jobs):
            self._wake(job)

    def _pass_on(
        self, session: Session, grab: Grab, files: list[int], *, busy: set[str], at: datetime
    ) -> Outcome | None:
        """To somebody who is free; while there is nobody the files go on waiting."""
        others, kind = {(self._source, peer) for peer in busy}, FailureKind.PASSED_ON
        if not self._mender.replaceable(session, grab, files, kind=kind, busy=others):
            return None
        self._leave(session, files, kind, "Its peer is busy with another album.", at=at)
        return self._roll_up(session, grab, busy=others, at=at)

    def _leave(
        self, session: Session, files: list[int], kind: FailureKind, message: str, *, at: datetime
    ) -> None:
        policy = watching.WatchPolicy()
        for row_id in files:
            row = session.get(Download, row_id)
            if row is not None and row.status == DownloadState.WAITING:
                step = watching.failed(row, kind, message, now=at, policy=policy, fields={})
                about = {"path": row.remote_path}
                event = EventRecord(step.event, step.message, "warning", about)
                self._mender.take(session, row, step, event, at=at)

    def _roll_up(
        self, session: Session, grab: Grab, *, busy: Collection[Peer] = (), at: datetime
    ) -> Outcome | None:
        if grab.status not in TRANSFERRING_GRABS:
            return None
        return self._mender.roll_up(session, grab, at=at, busy=busy)


def stood_still(session: Session, *, now: datetime) -> bool:
    """Whether the last process that asked peers for anything has ended long ago."""
    last = session.scalar(select(JobRun.last_finished_at).where(JobRun.name == "dispatch"))
    return last is not None and last < now - _STANDSTILL


def anybody(session: Session, since: datetime) -> bool:
    """Whether any file waits since before this moment: one cheap look that mostly says no."""
    return session.scalar(_waiting(since).limit(1)) is not None


def too_old(session: Session, source: str, *, since: datetime, now: datetime) -> Files:
    """Files that wait since then, without those whose peer is sending: it has time for them too."""
    sending = ledger.last_progress(session, source, since=since, until=now)
    query = _waiting(since).where(Download.peer.not_in(sending)).limit(_MOST)
    return {row.id: row.grab_id for row in session.execute(query)}


def overtaken(
    session: Session, source: str, *, since: datetime, now: datetime
) -> tuple[Files, set[str]]:
    """Files that wait since then behind another album, and that a peer who is free offers too.

    And the peers that are not free.
    """
    serving = _serving(session, source)
    sending = ledger.last_progress(session, source, since=since, until=now)
    slow = serving.keys() - sending.keys()
    query = _waiting(since).add_columns(Download.peer)
    query = query.where(Download.source == source, Download.peer.in_(slow))
    behind = {
        row.id: row.grab_id
        for row in session.execute(query)
        if row.grab_id not in serving[row.peer]  # otherwise it waits for a slot, or for its rest
    }
    free = _offered_elsewhere(session, set(behind.values()), serving.keys())
    return {row_id: grab_id for row_id, grab_id in behind.items() if grab_id in free}, set(serving)


def _serving(session: Session, source: str) -> dict[str, set[int]]:
    """Of whom something is wanted at the moment, and for which grabs."""
    live = select(Download.peer, Download.grab_id).where(
        Download.source == source, Download.status.in_(LIVE_DOWNLOADS)
    )
    grabs: dict[str, set[int]] = {}
    for row in session.execute(live.distinct()):
        grabs.setdefault(row.peer, set()).add(row.grab_id)
    return grabs


def _offered_elsewhere(
    session: Session, grab_ids: Collection[int], busy: Collection[str]
) -> set[int]:
    """Grabs that somebody offers of whom nothing is wanted at the moment."""
    query = select(Grab.id, Grab.offers).where(Grab.id.in_(grab_ids))
    return {
        row.id
        for row in session.execute(query)
        if any(peer not in busy for peer in offers.peers(row.offers))
    }


def _waiting(since: datetime) -> Select[int, int]:
    return (
        select(Download.id, Download.grab_id)
        .join(Grab)
        .where(
            Download.status == DownloadState.WAITING,
            Download.created_at < since,
            (Download.not_before.is_(None)) | (Download.not_before < since),
            (Grab.not_before.is_(None)) | (Grab.not_before < since),
            Grab.status.in_(TRANSFERRING_GRABS),
            Grab.paused.is_(False),
        )
    )
