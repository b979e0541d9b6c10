"""The only writer of states.

Every change of a grab or a download goes through here: look the step up in the transition table,
compare-and-set, append the event, all in the caller's transaction. A compare-and-set that finds
another state is not an error: somebody was faster, the caller skips (False is returned).
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, exists, func, or_, select, update
from sqlalchemy.orm import Session

from soulspot_arr.domain import (
    LIVE_DOWNLOADS,
    OPEN_DOWNLOADS,
    OPEN_GRABS,
    DownloadState,
    EventRecord,
    FailureKind,
    GrabState,
)
from soulspot_arr.errors import IllegalTransition
from soulspot_arr.log import about
from soulspot_arr.models import Download, Event, Grab
from soulspot_arr.rules import lifecycle, offers, sentences

log = logging.getLogger(__name__)

_LEVELS = {"debug": logging.DEBUG, "warning": logging.WARNING, "error": logging.ERROR}
# A full disk or a wrong path is ours to mend: wait this long before Lidarr is told.
PARK_AFTER = timedelta(hours=24)


def move_download(
    session: Session,
    download: Download,
    to: DownloadState,
    event: EventRecord | None,
    *,
    at: datetime,
    **fields: Any,
) -> bool:
    """Move one file from the state it was read in to `to`; other columns may change with it.

    Raises IllegalTransition when no row of the table leads there.
    """
    seen = DownloadState(download.status)
    if not lifecycle.allowed(seen, to):
        raise IllegalTransition(f"a download cannot go from {seen} to {to}", id=download.id)
    if not _compare_and_set(session, Download, download.id, seen, to, at=at, fields=fields):
        return False
    _note_full_disk(session, download.grab_id, to, fields.get("failure_kind"), at=at)
    session.expire(download)
    if event is not None:
        record(session, event, at=at, grab_id=download.grab_id, download_id=download.id)
    return True


def _note_full_disk(
    session: Session, grab_id: int, to: DownloadState, failure: object, *, at: datetime
) -> None:
    """Since when a full disk at the source holds a grab up: until none of its files waits for room."""
    grab = update(Grab).where(Grab.id == grab_id).execution_options(synchronize_session=False)
    if to is DownloadState.WAITING and failure == FailureKind.DISK_FULL:
        session.execute(grab.where(Grab.disk_full_since.is_(None)).values(disk_full_since=at))
    elif to not in LIVE_DOWNLOADS:  # asking again mends nothing yet
        held_up = exists().where(
            Download.grab_id == grab_id,
            Download.status.in_(OPEN_DOWNLOADS),
            Download.failure_kind == FailureKind.DISK_FULL,
        )
        over = grab.where(Grab.disk_full_since.is_not(None), ~held_up)
        session.execute(over.values(disk_full_since=None))


def move_grab(
    session: Session,
    grab: Grab,
    to: GrabState,
    event: EventRecord | None,
    *,
    at: datetime,
    **fields: Any,
) -> bool:
    """Move one grab from the state it was read in to `to`; other columns may change with it."""
    seen = GrabState(grab.status)
    if not lifecycle.allowed_grab(seen, to):
        raise IllegalTransition(f"a grab cannot go from {seen} to {to}", id=grab.id)
    fields["version"] = Grab.version + 1
    if not _compare_and_set(session, Grab, grab.id, seen, to, at=at, fields=fields):
        return False
    session.expire(grab)
    if event is not None:
        record(session, event, at=at, grab_id=grab.id)
    return True


def hold(session: Session, grab_ids: Iterable[int]) -> None:
    """Lock these grabs before their files are written, always in the same order.

    Two writers on PostgreSQL would otherwise wait for each other's rows and one of them would fail.
    """
    ids = sorted(set(grab_ids))
    if ids:
        query = select(Grab.id).where(Grab.id.in_(ids)).order_by(Grab.id)
        session.execute(query.with_for_update(key_share=True)).all()


def add_offer(session: Session, grab: Grab, index: int, *, at: datetime) -> None:
    """Add the files of one offer of a grab, all waiting; `grab.id` must be known."""
    offer = offers.from_json(grab.offers)[index]
    session.add_all(
        Download(
            grab_id=grab.id,
            offer_index=index,
            position=position,
            disc=file.disc,
            source=offer.source,
            peer=offer.peer,
            locator=file.locator,
            remote_path=file.path,
            size=file.size,
            seconds=file.seconds,
            status=DownloadState.WAITING,
            created_at=at,
            updated_at=at,
        )
        for position, file in enumerate(offer.files)
    )


def cancel_files(session: Session, grab: Grab, *, at: datetime) -> None:
    """Cancel every open file of a grab; the grab's own event says why."""
    rows = session.scalars(
        select(Download).where(Download.grab_id == grab.id, Download.status.in_(OPEN_DOWNLOADS))
    ).all()
    for download in rows:
        move_download(session, download, DownloadState.CANCELLED, None, at=at, speed=0)


def roll_up(session: Session, grab: Grab, *, at: datetime) -> GrabState:
    """Bring a grab in line with the files of its current offer; returns its state afterwards.

    When a file is lost for good and another peer offers the same album, that offer takes over under
    the same `nzo_id`; only when none is left is the grab failed.
    """
    seen = GrabState(grab.status)
    if seen not in OPEN_GRABS:
        return seen  # what Lidarr has seen end is never revived
    rows = session.scalars(
        select(Download)
        .where(Download.grab_id == grab.id, Download.offer_index == grab.offer_index)
        .execution_options(populate_existing=True)
    ).all()
    left = len(grab.offers) - 1 - grab.offer_index
    verdict = lifecycle.roll_up((DownloadState(row.status) for row in rows), alternates_left=left)
    if isinstance(verdict, lifecycle.NextOffer):
        return _next_offer(session, grab, rows, at=at)
    if verdict is seen:
        return seen
    if verdict is GrabState.FAILED:
        _fail(session, grab, rows, at=at)
    elif verdict is GrabState.PROCESSING:
        event = EventRecord("grab.processing", "Every file has arrived; checking them.")
        move_grab(session, grab, verdict, event, at=at, transferred_at=at)
    elif verdict is GrabState.DOWNLOADING and grab.started_at is None:
        event = EventRecord("grab.started", f"{grab.peer} is sending.")
        move_grab(session, grab, verdict, event, at=at, started_at=at)
    elif verdict is GrabState.CANCELLED:
        event = EventRecord("grab.cancelled", "Every file was cancelled.")
        move_grab(session, grab, verdict, event, at=at, completed_at=at)
    else:
        move_grab(session, grab, verdict, None, at=at)
    return verdict


def _lost(rows: Sequence[Download]) -> Download | None:
    return next((row for row in rows if row.status in {"failed", "blocklisted"}), None)


def _reason(grab: Grab, row: Download | None) -> str:
    if row is None:  # some arrived, the others were cancelled one by one
        return "Some files were cancelled; Lidarr takes whole albums only."
    return sentences.failure(
        row.failure_kind, row.failure_message, peer=grab.peer, path=row.remote_path
    )


def _next_offer(
    session: Session, grab: Grab, rows: Sequence[Download], *, at: datetime
) -> GrabState:
    why = _reason(grab, _lost(rows))
    cancel_files(session, grab, at=at)
    index = grab.offer_index + 1
    offer = offers.from_json(grab.offers)[index]
    columns = {
        "offer_index": index,
        "peer": offer.peer,
        "source": offer.source,
        "total_bytes": offer.size,
        "file_count": len(offer.files),
        "started_at": None,
    }
    event = EventRecord("grab.offer_changed", f"{why} Trying {offer.peer} instead.", "warning")
    if grab.status == GrabState.QUEUED:
        for name, value in columns.items():
            setattr(grab, name, value)
        record(session, event, at=at, grab_id=grab.id)
    elif not move_grab(session, grab, GrabState.QUEUED, event, at=at, **columns):
        return GrabState(grab.status)
    add_offer(session, grab, index, at=at)
    session.flush()
    return GrabState.QUEUED


def _fail(session: Session, grab: Grab, rows: Sequence[Download], *, at: datetime) -> None:
    lost = _lost(rows)
    why = _reason(grab, lost)
    cancel_files(session, grab, at=at)
    kind = lost.failure_kind if lost is not None else None
    event = EventRecord("grab.failed", why, "warning", {"kind": kind})
    move_grab(
        session,
        grab,
        GrabState.FAILED,
        event,
        at=at,
        failure_kind=kind,
        failure_message=why,
        completed_at=at,
    )


def park(session: Session, grab: Grab, why: str, *, at: datetime) -> None:
    """Tell Lidarr of trouble that is ours, after a day: a warning that blames no release."""
    cancel_files(session, grab, at=at)
    event = EventRecord("grab.failed", f"Given up after a day: {why}", "error")
    move_grab(
        session,
        grab,
        GrabState.FAILED,
        event,
        at=at,
        failure_kind=str(FailureKind.DISK_FULL),
        failure_message=sentences.DISK_FULL,
        completed_at=at,
        note=why,
    )


def _compare_and_set(
    session: Session,
    table: type[Download] | type[Grab],
    row_id: int,
    seen: str,
    to: str,
    *,
    at: datetime,
    fields: dict[str, Any],
) -> bool:
    session.flush()
    result = session.execute(
        update(table)
        .where(table.id == row_id, table.status == seen)
        .values(status=str(to), updated_at=at, **fields)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)
    return result.rowcount == 1


def record(
    session: Session,
    event: EventRecord,
    *,
    at: datetime,
    grab_id: int | None = None,
    download_id: int | None = None,
) -> None:
    """Append one fact; what happens to a grab is also a line for the person who reads the log."""
    if event.kind.startswith("grab."):
        grab = session.get(Grab, grab_id) if grab_id is not None else None
        with about(grab.nzo_id) if grab is not None else nullcontext():
            log.log(_LEVELS.get(event.level, logging.INFO), "%s", event.message)
    session.add(
        Event(
            at=at,
            kind=event.kind,
            level=event.level,
            grab_id=grab_id,
            download_id=download_id,
            message=event.message,
            data=dict(event.data),
        )
    )


def tail(
    session: Session,
    *,
    after: int = 0,
    before: int | None = None,
    limit: int = 100,
    grab_id: int | None = None,
    kinds: Collection[str] = (),
) -> list[Event]:
    """Events with ids above `after`, oldest first; with `before`, the newest below it first."""
    query = select(Event).where(Event.id > after).limit(limit)
    if before is not None:
        query = query.where(Event.id < before).order_by(Event.id.desc())
    else:
        query = query.order_by(Event.id)
    if grab_id is not None:
        query = query.where(Event.grab_id == grab_id)
    if kinds:
        query = query.where(Event.kind.in_(list(kinds)))
    return list(session.scalars(query))


def last_progress(
    session: Session, source: str, *, since: datetime, until: datetime
) -> dict[str, datetime]:
    """When bytes last came from each peer between these moments, for any grab of that time.

    A file that has arrived counts: whoever sends one file after the other is not standing still.
    """
    query = (
        select(Download.peer, func.max(Download.last_progress_at))
        .join(Grab)
        .where(
            Download.source == source,
            Download.last_progress_at.between(since, until),
            or_(Grab.status.in_(OPEN_GRABS), Grab.completed_at >= since),
        )
        .group_by(Download.peer)
    )
    return {peer: at for peer, at in session.execute(query) if at is not None}
