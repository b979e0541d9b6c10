"""Brings a grab in line with its files, and finds a way on when one of them is lost.

First the one file from another peer, then the next offer as a whole, then one further search; only
when nothing is left the grab fails. All of it under one `nzo_id`, in the caller's transaction, and
from rows alone: whatever is cut off here is decided again in the same way.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from soulspot_arr import absence, ledger, replacing
from soulspot_arr.blocklist import Blocklist
from soulspot_arr.domain import (
    OPEN_GRABS,
    DownloadState,
    EventRecord,
    FailureKind,
    GrabState,
    OfferFile,
    Rescue,
)
from soulspot_arr.models import Download, Grab
from soulspot_arr.rules import failures, lifecycle, offers, sentences, substitution
from soulspot_arr.rules.substitution import Chances, Piece, Rotation, StandIns
from soulspot_arr.rules.watching import Step
from soulspot_arr.settings import Settings

D = DownloadState

Peer = tuple[str, str]
"""A source and the name of a peer in its network."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a grab, and the jobs that have work by that: to be woken after the commit."""

    state: GrabState
    jobs: tuple[str, ...] = ()


_JOBS = {
    GrabState.PROCESSING: ("complete",),
    GrabState.FAILED: ("cleanup",),
    GrabState.CANCELLED: ("cleanup",),
}


# Should nobody be able to say whether a peer is there, it is asked all the same now and then.
_LOOK_AGAIN = timedelta(hours=6)
_AT_LEAST = timedelta(minutes=1)


class Mender:
    """Decides with the settings and the blocklist as they are now."""

    def __init__(self, settings: Settings, blocklist: Blocklist) -> None:
        self._settings = settings
        self.blocklist = blocklist

    def take(
        self,
        session: Session,
        row: Download,
        step: Step,
        event: EventRecord | None,
        *,
        at: datetime,
    ) -> bool:
        """Write the step of one file; what fails for good goes onto the blocklist as well.

        False when somebody was faster. The grab is rolled up afterwards.
        """
        assert step.to is not None
        if not ledger.move_download(session, row, step.to, event, at=at, **step.fields):
            return False
        if step.to is D.FAILED:
            kind = FailureKind(row.failure_kind or FailureKind.BROKEN)
            self.blocklist.after_failure(session, row, kind, at)
        return True

    def roll_up(
        self, session: Session, grab: Grab, *, at: datetime, busy: Collection[Peer] = ()
    ) -> Outcome:
        """Bring a grab in line with the files that make it up now; the caller holds it.

        Nobody of the `busy` (source and peer) stands in for what is lost.
        """
        seen = GrabState(grab.status)
        if seen not in OPEN_GRABS:
            return Outcome(seen)  # what Lidarr has seen end is never revived
        rows = ledger.current_files(session, grab)
        if any(row.status in lifecycle.LOST for row in rows):
            return self._mend(session, grab, rows, self.chances(session, grab, busy=busy), at=at)
        if grab.rescue == Rescue.WANTED:  # what was lost has been released by a person
            grab.rescue, grab.note = None, None
        return _follow(session, grab, rows, at=at)

    def replaceable(
        self,
        session: Session,
        grab: Grab,
        files: Collection[int],
        *,
        kind: str,
        busy: Collection[Peer] = (),
    ) -> bool:
        """Whether somebody else than the `busy` could send these files of a grab (ids) right now.

        False as soon as anything has arrived from the peers they were asked of: those who send are
        worth waiting for.
        """
        rows = ledger.current_files(session, grab)
        peers = {(row.source, row.peer) for row in rows if row.id in files}
        arrived = {(row.source, row.peer) for row in rows if row.status == D.COMPLETED}
        if not self._alternates or peers & arrived:
            return False
        pieces = [
            replace(piece, state=D.FAILED, failure=kind) if row.id in files else piece
            for row, piece in zip(rows, pieces_of(rows), strict=True)
        ]
        chances = self.chances(session, grab, busy=busy)
        if failures.consequence(kind).about_peer:
            chances = replace(chances, avoided={*chances.avoided, *peers})
        repair = substitution.mend(pieces, chances)
        return isinstance(repair, Rotation) or (isinstance(repair, StandIns) and repair.whole)

    def chances(self, session: Session, grab: Grab, *, busy: Collection[Peer] = ()) -> Chances:
        """What may stand in for a lost file of a grab, without peers that have enough to serve."""
        blocks = self.blocklist.read(session)
        given_up = session.scalars(
            select(Download).where(Download.grab_id == grab.id, Download.status.in_(lifecycle.LOST))
        ).all()
        return Chances(
            offers.from_json(grab.offers),
            grab.offer_index,
            failed={
                (row.source, row.peer, row.remote_path) for row in given_up if not _untried(row)
            },
            avoided={
                (row.source, row.peer)
                for row in given_up
                if failures.consequence(row.failure_kind).about_peer
            }.union(busy),
            blocked=lambda *place: blocks.reason(*place) is not None,
            single=bool(self._settings.get("queue.substitute")),
            mixed=self._mixed,
        )

    @property
    def _mixed(self) -> bool:
        """Where nobody gathers the files they have to lie in one folder."""
        return str(self._settings.get("completion.mode")) != "report"

    @property
    def _alternates(self) -> int:
        return int(self._settings.get("queue.alternates"))

    def _mend(
        self,
        session: Session,
        grab: Grab,
        rows: Sequence[Download],
        chances: Chances,
        *,
        at: datetime,
    ) -> Outcome:
        if not self._alternates:
            return self._give_up(session, grab, rows, at=at)
        repair = substitution.mend(pieces_of(rows), chances)
        if isinstance(repair, Rotation):
            event = replacing.rotate(session, grab, rows, repair, mixed=self._mixed, at=at)
            return _changed(session, grab, event, at=at)
        if isinstance(repair, StandIns) and repair.whole:
            replacing.substitute(session, grab, rows, repair, at=at)
            return _changed(session, grab, None, at=at, note=None)
        if not self._may_search(grab):
            return self._give_up(session, grab, rows, at=at)
        if repair is not None:
            replacing.substitute(session, grab, rows, repair, at=at)
        return _want_rescue(session, grab, at=at)

    def _give_up(
        self, session: Session, grab: Grab, rows: Sequence[Download], *, at: datetime
    ) -> Outcome:
        """Nobody else has it: wait for peers that are only offline, or fail."""
        # Who never asks a peer twice does not wait for one either.
        again = self._settings.get("retry.attempts") > 0
        patience = timedelta(seconds=self._settings.get("queue.await_peer") if again else 0)
        lost = [row for row in rows if row.status in lifecycle.LOST]
        comes_back = all(
            row.status == D.FAILED
            and row.failure_kind == FailureKind.PEER_OFFLINE
            and (at - (row.offline_since or at) < patience or self._unwatched(session, row, at=at))
            for row in lost
        )
        if not (lost and comes_back and patience):
            return _fail(session, grab, rows, at=at)
        return _await(session, grab, lost, patience, at=at)

    def _unwatched(self, session: Session, row: Download, *, at: datetime) -> bool:
        """Whether its peer may have come and gone while nobody looked: we or the source were away."""
        kind = absence.peers_of(row.instance or row.source)
        return absence.lasts(session, kind, usual=absence.between_peers(self._settings), at=at)

    def _may_search(self, grab: Grab) -> bool:
        """Whether a further search is under way, or is still allowed and could find anything."""
        if grab.rescue == Rescue.WANTED:
            return True
        wished = bool(self._settings.get("queue.rescue"))
        return grab.rescue is None and wished and bool(grab.artist and grab.album)


def pieces_of(rows: Sequence[Download]) -> list[Piece]:
    """The rows of a grab as the rules see them."""
    return [
        Piece(
            OfferFile(row.locator, row.remote_path, row.size, row.disc, row.seconds),
            row.source,
            row.peer,
            D(row.status),
            row.failure_kind,
        )
        for row in rows
    ]


def _untried(row: Download) -> bool:
    """Left for somebody who was free, or blocked at the time: it may be had later, once more."""
    kinds = {FailureKind.PASSED_ON, FailureKind.BLOCKED}
    return row.failure_kind in kinds and not row.earlier_attempts


# -- following the files ---------------------------------------------------------------------------


def _follow(session: Session, grab: Grab, rows: Sequence[Download], *, at: datetime) -> Outcome:
    seen = GrabState(grab.status)
    state = lifecycle.roll_up(D(row.status) for row in rows)
    if state is GrabState.FAILED:
        return _fail(session, grab, rows, at=at)
    if state is seen:
        return Outcome(seen)
    event, columns = _news(grab, rows, state, at=at)
    ledger.move_grab(session, grab, state, event, at=at, **columns)
    return Outcome(state, _JOBS.get(state, ()))


def _news(
    grab: Grab, rows: Sequence[Download], state: GrabState, *, at: datetime
) -> tuple[EventRecord | None, dict[str, Any]]:
    """What is told of a new state, and the columns that belong to it."""
    if state is GrabState.PROCESSING:
        event = EventRecord("grab.processing", "Every file has arrived; checking them.")
        return event, {"transferred_at": at}
    if state is GrabState.DOWNLOADING and grab.started_at is None:
        sender = next((row.peer for row in rows if row.status == D.DOWNLOADING), grab.peer)
        return EventRecord("grab.started", f"{sender} is sending."), {"started_at": at}
    if state is GrabState.CANCELLED:
        return EventRecord("grab.cancelled", "Every file was cancelled."), {"completed_at": at}
    return None, {}


def _states(rows: Sequence[Download]) -> list[DownloadState]:
    """Of the files of a grab; for what is lost another way is being found: it waits."""
    return [D.WAITING if row.status in lifecycle.LOST else D(row.status) for row in rows]


def _changed(
    session: Session, grab: Grab, event: EventRecord | None, *, at: datetime, **columns: Any
) -> Outcome:
    """After a change of its files: the new columns, the state that follows, and who has work."""
    session.flush()
    rows = ledger.current_files(session, grab)
    state = lifecycle.roll_up(_states(rows))
    columns |= {"total_bytes": sum(row.size for row in rows), "file_count": len(rows)}
    if state is GrabState.PROCESSING:
        columns["transferred_at"] = at
    if state == grab.status:
        for name, value in columns.items():
            setattr(grab, name, value)
        if event is not None:
            ledger.record(session, event, at=at, grab_id=grab.id)
        session.flush()
    else:
        ledger.move_grab(session, grab, state, event, at=at, **columns)
    jobs = ("complete",) if state is GrabState.PROCESSING else ("dispatch", "cleanup")
    return Outcome(state, jobs)


# -- ways on ---------------------------------------------------------------------------------------


def _want_rescue(session: Session, grab: Grab, *, at: datetime) -> Outcome:
    if grab.rescue == Rescue.WANTED:
        return _follow_rest(session, grab, at=at)
    lost = replacing.first_lost(ledger.current_files(session, grab))
    event = EventRecord(
        "grab.rescue_wanted",
        f"{replacing.reason(lost)} {sentences.LOOKING}",
        "warning",
        {"kind": lost.failure_kind if lost is not None else None},
    )
    outcome = _changed(
        session,
        grab,
        event,
        at=at,
        rescue=str(Rescue.WANTED),
        rescue_since=at,
        note=sentences.LOOKING,
    )
    return Outcome(outcome.state, ("rescue", *outcome.jobs))


def _follow_rest(session: Session, grab: Grab, *, at: datetime) -> Outcome:
    """While a search is awaited the other files go on."""
    rows = ledger.current_files(session, grab)
    state = lifecycle.roll_up(_states(rows))
    if state is not GrabState(grab.status):
        event, columns = _news(grab, rows, state, at=at)
        ledger.move_grab(session, grab, state, event, at=at, **columns)
    return Outcome(state)


def _await(
    session: Session, grab: Grab, lost: Sequence[Download], patience: timedelta, *, at: datetime
) -> Outcome:
    """The files wait for their peer; the presence job makes them due when it is back."""
    peers = " and ".join(sorted({row.peer for row in lost}))
    note = f"Waiting for {peers} to come online."
    event = EventRecord("grab.awaiting_peer", f"Nobody else has it. {note}", "warning")
    told = grab.note == note
    for row in lost:
        since = row.offline_since or at
        ends = max(since + patience, at + _AT_LEAST)  # then it is asked for the last time
        kept = {
            "not_before": min(at + _LOOK_AGAIN, ends),
            "offline_since": since,
            "claimed_at": row.claimed_at,
            "failure_kind": row.failure_kind,
            "failure_message": row.failure_message,
        }
        ledger.move_download(
            session,
            row,
            D.WAITING,
            None,
            at=at,
            **(lifecycle.afresh(row) | kept),
        )
    return _changed(session, grab, None if told else event, at=at, note=note)


# -- the end ---------------------------------------------------------------------------------------


def _fail(session: Session, grab: Grab, rows: Sequence[Download], *, at: datetime) -> Outcome:
    lost = replacing.first_lost(rows)
    why = replacing.reason(lost)
    ledger.cancel_files(session, grab, at=at)
    kind = lost.failure_kind if lost is not None else None
    event = EventRecord("grab.failed", why, "warning", {"kind": kind})
    ledger.move_grab(
        session,
        grab,
        GrabState.FAILED,
        event,
        at=at,
        failure_kind=kind,
        failure_message=why,
        completed_at=at,
        note=None,
    )
    return Outcome(GrabState.FAILED, _JOBS[GrabState.FAILED])
