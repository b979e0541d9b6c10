"""The blocklist: who and what is refused, written by hand or by what went wrong.

It keeps the lines and hands out a picture of them for whoever has to decide. It decides about no
offer and no transfer itself: a search refuses, a claim holds back, a substitute is chosen elsewhere,
all by the same `rules.blocking`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from soulspot_arr import ledger
from soulspot_arr.blocklist import blame, files, lines
from soulspot_arr.blocklist.files import about, called, hold_back
from soulspot_arr.blocklist.lines import Block, checked, entry_of, in_force, new_row, view_of
from soulspot_arr.db import Database
from soulspot_arr.domain import (
    BlockScope,
    Clock,
    DownloadState,
    EventRecord,
    FailureKind,
)
from soulspot_arr.errors import BlockExists, BlockNotFound, InvalidInput
from soulspot_arr.models import BlockRow, Download, Grab, ReleaseRow, Strike
from soulspot_arr.rules import blocking, failures, offers
from soulspot_arr.rules.blocking import Blocks, Entry
from soulspot_arr.settings import Settings

__all__ = ["Block", "Blocklist", "Filter", "Removed", "RollUp", "hold_back"]

RollUp = Callable[[Session, Grab, datetime], Collection[str]]
"""Brings a grab in line with its files and returns the jobs to wake; see `mending`."""

FRESH_SECONDS = 2.0
"""How long a picture is used, as long as settings are: another process may have changed it."""
_SAMPLE = 500  # releases that a new line is tried on


@dataclass(frozen=True, slots=True)
class Removed:
    """What became of a wish to remove lines; `released` counts files that are asked for again."""

    removed: tuple[Block, ...]
    not_found: tuple[int, ...]
    released: int


@dataclass(frozen=True, slots=True)
class Filter:
    """Which lines to list; None and empty mean all."""

    scopes: Collection[BlockScope] = ()
    peer: str = ""
    automatic: bool | None = None


@dataclass(slots=True)
class _Picture:
    """The lines as they were read last; `lock` guards it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    blocks: Blocks = field(default_factory=Blocks)
    read_at: float = float("-inf")
    moment: datetime | None = None


class Blocklist:
    """The lines and the strikes. `wake(job)` asks the scheduler to run a job now."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        *,
        clock: Clock,
        wake: Callable[[str], None] = lambda job: None,
    ) -> None:
        self._db = database
        self._settings = settings
        self._clock = clock
        self._wake = wake
        self._picture = _Picture()

    # -- looking -----------------------------------------------------------------------------------

    def snapshot(self) -> Blocks:
        """Everything that is refused now, at most two seconds old."""
        now = self._clock()
        kept = self._picture
        with kept.lock:
            old = time.monotonic() - kept.read_at > FRESH_SECONDS
            # The clock may jump, and lines end by it.
            if old or kept.moment is None or abs((now - kept.moment).total_seconds()) > 1:
                with self._db.read() as session:
                    kept.blocks = self.read(session)
                kept.read_at, kept.moment = time.monotonic(), now
            return kept.blocks

    def read(self, session: Session) -> Blocks:
        """The same as this transaction sees it, with what it has written itself."""
        return Blocks.of(lines.entries(session, self._clock()))

    def forget(self) -> None:
        """Let the next `snapshot` read again."""
        with self._picture.lock:
            self._picture.read_at = float("-inf")

    def page(self, only: Filter, *, before: int | None, limit: int) -> list[Block]:
        """Lines in force, newest first, below the id `before`."""
        query = in_force(self._clock()).order_by(BlockRow.id.desc()).limit(limit)
        if only.scopes:
            query = query.where(BlockRow.scope.in_(list(only.scopes)))
        if only.peer:
            # SQLite lowers no letter beyond ASCII.
            lower = func.lower(BlockRow.peer) == only.peer.lower()
            query = query.where(or_(BlockRow.peer == only.peer, lower))
        if only.automatic is not None:
            query = query.where(BlockRow.automatic.is_(only.automatic))
        if before is not None:
            query = query.where(BlockRow.id < before)
        with self._db.read() as session:
            return [view_of(row) for row in session.scalars(query)]

    def find(self, block_id: int) -> Block:
        """One line; raises BlockNotFound."""
        with self._db.read() as session:
            row = session.scalar(in_force(self._clock()).where(BlockRow.id == block_id))
        if row is None:
            raise BlockNotFound(f"The blocklist has no line {block_id}.")
        return view_of(row)

    # -- by hand -----------------------------------------------------------------------------------

    def add(
        self,
        entry: Entry,
        *,
        expires_at: datetime | None = None,
        roll_up: RollUp | None = None,
    ) -> Block:
        """Refuse something from now on. Raises InvalidInput, or BlockExists for an equal line.

        With `roll_up` what is under way stops as well, in the same transaction: that is called for
        each grab which lost files by it, and returns the jobs to wake. A line that has to be warned
        of stops nothing: it may be a slip, and what Lidarr has seen fail cannot be brought back.
        """
        entry, now = checked(entry), self._clock()
        if expires_at is not None and expires_at <= now:
            raise InvalidInput("The line would be over before it begins: choose a later moment.")
        jobs: list[str] = []
        try:
            with self._db.write() as session:
                held = files.hold_concerned(session, entry) if roll_up is not None else []
                added = self._add_line(session, entry, at=now, until=expires_at)
                if roll_up is not None and held and not added.warning:
                    stopped = files.stop(session, entry, held, at=now)
                    added = replace(added, held_back=len(stopped))
                    jobs = _roll_up(session, stopped, roll_up, at=now)
        except IntegrityError as error:  # somebody has just added the same
            raise BlockExists("The blocklist has this line already.") from error
        self.forget()
        for job in dict.fromkeys(jobs):
            self._wake(job)
        return added

    def _add_line(
        self, session: Session, entry: Entry, *, at: datetime, until: datetime | None
    ) -> Block:
        self._refuse_repeated(session, entry, at=at)
        row = new_row(entry, at=at, until=until)
        session.add(row)
        session.flush()
        lines.tell_blocked(session, entry, at=at, until=until, automatic=False)
        return replace(view_of(row), warning=_warning(session, entry))

    def _refuse_repeated(self, session: Session, entry: Entry, *, at: datetime) -> None:
        rows = session.scalars(select(BlockRow).where(BlockRow.scope == entry.scope)).all()
        for row in rows:
            if not blocking.same(entry_of(row), entry):
                continue
            if row.expires_at is None or row.expires_at > at:
                raise BlockExists(f"The blocklist has this line already: {row.id}.", id=row.id)
            session.delete(row)
        session.flush()

    def remove(self, block_ids: Collection[int]) -> Removed:
        """Take lines off; files of open grabs that only they held back are asked for again.

        The strikes of a peer that is released are forgotten: it starts anew.
        """
        now = self._clock()
        with self._db.write() as session:
            held = files.hold_blocked(session)
            query = in_force(now).where(BlockRow.id.in_(list(block_ids))).order_by(BlockRow.id)
            rows = session.scalars(query.with_for_update()).all()
            removed = tuple(map(view_of, rows))
            released = self._take_off(session, rows, held, at=now)
        self._changed(released)
        not_found = sorted(set(block_ids) - {block.id for block in removed})
        return Removed(removed, tuple(not_found), released)

    def remove_one(self, block_id: int) -> Removed:
        """Take one line off as `remove` does; raises BlockNotFound."""
        found = self.remove([block_id])
        if not found.removed:
            raise BlockNotFound(f"The blocklist has no line {block_id}.")
        return found

    def expire(self) -> int:
        """Take off what is over, and forget strikes that do not count any more; how many lines."""
        now = self._clock()
        window = timedelta(days=self._settings.get("blocklist.window"))
        with self._db.write() as session:
            held = files.hold_blocked(session)
            query = select(BlockRow).where(BlockRow.expires_at <= now).order_by(BlockRow.id)
            rows = session.scalars(query.with_for_update()).all()
            released = self._take_off(session, rows, held, at=now)
            session.execute(delete(Strike).where(Strike.at < now - window))
        self._changed(released)
        return len(rows)

    def _changed(self, released: int) -> None:
        self.forget()
        if released:
            self._wake("dispatch")

    def _take_off(
        self, session: Session, rows: Sequence[BlockRow], held: Collection[int], *, at: datetime
    ) -> int:
        """How many files are asked for again; `held` are the grabs that may have some."""
        entries = list(map(entry_of, rows))
        for row in rows:
            if row.scope == BlockScope.PEER:
                session.execute(delete(Strike).where(Strike.peer == row.peer))
                data = {"peer": row.peer, "source": row.source}
                event = EventRecord(
                    "peer.unblocked", f"{row.peer} is no longer blocked.", data=data
                )
                ledger.record(session, event, at=at)
            session.delete(row)
        session.flush()
        return files.release(session, entries, self.read(session), held, at=at) if entries else 0

    # -- by what went wrong ------------------------------------------------------------------------

    def after_failure(
        self, session: Session, download: Download, kind: FailureKind, at: datetime
    ) -> None:
        """What a file that FAILED for good leaves here, in the caller's transaction.

        A line where `rules.failures` has one, a strike where the failure speaks against the peer. A
        file that the peer is never asked for again becomes BLOCKLISTED: roll the grab up afterwards.
        """
        blame.note(session, download, kind, at=at)
        limits = blame.Limits(
            int(self._settings.get("blocklist.strikes")),
            float(self._settings.get("blocklist.window")),
            float(self._settings.get("blocklist.peer_days")),
        )
        blame.strike(session, download, kind, at=at, limits=limits)
        final = failures.consequence(kind).then is failures.Then.NEVER
        if final and download.status == DownloadState.FAILED:
            words = f"{download.peer} is not asked for {called(download)} again."
            event = EventRecord("download.blocked", words, "warning", about(download))
            ledger.move_download(session, download, DownloadState.BLOCKLISTED, event, at=at)
        self.forget()

    def quarantine(
        self, session: Session, entry: Entry, *, days: float, count: int, at: datetime
    ) -> None:
        """Refuse a peer for some days for what it was seen to do so many times."""
        lines.write(session, entry, at=at, days=days, count=count)
        self.forget()


def _roll_up(
    session: Session, stopped: Iterable[Download], roll_up: RollUp, *, at: datetime
) -> list[str]:
    """The jobs that have work when these files were stopped: first of all what ends transfers."""
    jobs: list[str] = []
    for grab_id in sorted({row.grab_id for row in stopped}):
        grab = session.get(Grab, grab_id)
        if grab is not None:
            jobs += ["cleanup", *roll_up(session, grab, at)]
    return jobs


def _warning(session: Session, entry: Entry) -> str:
    """What a person should know about a pattern that refuses (nearly) everything."""
    wide = blocking.too_wide(entry)
    if wide or entry.peer:
        return wide
    newest = select(ReleaseRow.offers).order_by(ReleaseRow.last_seen_at.desc()).limit(_SAMPLE)
    mains = [offers.from_json(stored[:1])[0] for stored in session.scalars(newest) if stored]
    line = Blocks.of([entry])
    refused = sum(line.refuses(offer) is not None for offer in mains)
    if refused * 2 <= len(mains):
        return ""
    return f"It refuses {refused} of the {len(mains)} releases that were found lately."
