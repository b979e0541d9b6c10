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

from sqlalchemy import ColumnElement, CursorResult, and_, exists, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from soulspot_arr import counters
from soulspot_arr.domain import (
    LIVE_DOWNLOADS,
    OPEN_DOWNLOADS,
    OPEN_GRABS,
    RUNNING_DOWNLOADS,
    TRANSFERRING_GRABS,
    DownloadState,
    EventRecord,
    FailureKind,
    GrabState,
    ImportState,
    Offer,
    OfferFile,
)
from soulspot_arr.errors import IllegalTransition
from soulspot_arr.log import about
from soulspot_arr.models import Download, Event, Grab
from soulspot_arr.rules import lifecycle, offers, sentences

log = logging.getLogger(__name__)

_LEVELS = {"debug": logging.DEBUG, "warning": logging.WARNING, "error": logging.ERROR}
# A full disk or a wrong path is ours to mend: wait this long before Lidarr is told.
PARK_AFTER = timedelta(hours=24)
_MOMENTS = (
    Download.claimed_at,
    Download.first_seen_at,
    Download.last_progress_at,
    Download.missing_since,
    Download.offline_since,
    Download.updated_at,
    Grab.transferred_at,
    Grab.rescue_since,
    Grab.disk_full_since,
)
WATCHED = (Download.first_seen_at, Download.last_progress_at, Download.missing_since)
AWAITED = (Download.offline_since,)
_REPORTED = (GrabState.COMPLETED, GrabState.IMPORTED)
_ORDER_LOCK = 0x50_75_65_75_65  # any number that nobody else locks in this database


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
    failure = fields.get("failure_kind")
    counters.moved(session, seen, to, failure=failure, size=download.size)
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


def hold_of(session: Session, *which: ColumnElement[bool]) -> None:
    """Lock the grabs of these files, before files of many grabs are written in one statement."""
    hold(session, session.scalars(select(Download.grab_id).where(*which).distinct()))


def hold_free(session: Session, grab_id: int, file_ids: Collection[int]) -> list[int]:
    """Lock a grab that may be asked for and those of these files that still wait; their ids.

    What another process has locked is its work and is left out: nobody is waited for.
    """
    grab = select(Grab.id).where(
        Grab.id == grab_id, Grab.status.in_(TRANSFERRING_GRABS), Grab.paused.is_(False)
    )
    if session.scalar(grab.with_for_update(key_share=True, skip_locked=True)) is None:
        return []
    files = select(Download.id).where(
        Download.id.in_(list(file_ids)), Download.status == DownloadState.WAITING
    )
    return list(session.scalars(files.order_by(Download.id).with_for_update(skip_locked=True)))


def claim(
    session: Session,
    file_ids: Collection[int],
    *,
    batch_key: str,
    instance: str | None,
    at: datetime,
) -> None:
    """Waiting files become PENDING in one statement, so that thousands a second can.

    Raises IntegrityError when another grab asks the same peer for the same file by now.
    """
    session.execute(
        update(Download)
        .where(Download.id.in_(list(file_ids)), Download.status == DownloadState.WAITING)
        .values(
            status=DownloadState.PENDING,
            instance=instance,
            batch_key=batch_key,
            claimed_at=at,
            updated_at=at,
        )
        .execution_options(synchronize_session=False)
    )


def hold_order(session: Session) -> None:
    """Let one writer at a time count the queue or arrange it; before any row is held.

    Two who move grabs at once take turns, and a queue of limited length lets nobody slip past.
    """
    if session.get_bind().dialect.name == "postgresql":  # SQLite has one writer at a time anyway
        session.execute(select(func.pg_advisory_xact_lock(_ORDER_LOCK)))


def named(session: Session, nzo_ids: Collection[str], states: Collection[GrabState]) -> list[Grab]:
    """The grabs with these ids that are in one of these states, held for this transaction."""
    query = select(Grab).where(Grab.nzo_id.in_(list(nzo_ids)), Grab.status.in_(list(states)))
    return list(session.scalars(query.order_by(Grab.id).with_for_update(key_share=True)))


def add_offer(
    session: Session, grab: Grab, index: int, *, at: datetime, without: Collection[int] = ()
) -> None:
    """Add the files of one offer of a grab, all waiting; `grab.id` must be known.

    Those at the places `without` are here already.
    """
    offer = offers.from_json(grab.offers)[index]
    session.add_all(
        new_file(grab, offer, file, at=at, offer_index=index, position=position)
        for position, file in enumerate(offer.files)
        if position not in without
    )


def new_file(
    grab: Grab, offer: Offer, file: OfferFile, *, at: datetime, **columns: Any
) -> Download:
    """The row of one file that waits to be asked for; `columns` say which file of the grab it is."""
    values: dict[str, Any] = {"offer_index": grab.offer_index, "disc": file.disc, **columns}
    return Download(
        grab_id=grab.id,
        current=True,
        source=offer.source,
        peer=offer.peer,
        locator=file.locator,
        remote_path=file.path,
        size=file.size,
        seconds=file.seconds,
        status=DownloadState.WAITING,
        created_at=at,
        updated_at=at,
        **values,
    )


def current_files(session: Session, grab: Grab) -> list[Download]:
    """The files that make up a grab now, as they are stored, in their order."""
    query = (
        select(Download)
        .where(Download.grab_id == grab.id, Download.current)
        .order_by(Download.position, Download.id)
        .execution_options(populate_existing=True)
    )
    return list(session.scalars(query))


def cancel_files(session: Session, grab: Grab, *, at: datetime) -> None:
    """Cancel every open file of a grab; the grab's own event says why."""
    rows = session.scalars(
        select(Download).where(Download.grab_id == grab.id, Download.status.in_(OPEN_DOWNLOADS))
    ).all()
    for download in rows:
        move_download(session, download, DownloadState.CANCELLED, None, at=at, speed=0)


def forget_the_future(session: Session, *, at: datetime, longest: float) -> None:
    """Moments that lie ahead were noted before the clock was set back: they are now.

    Patience that is counted from them would last until the clock has caught up. No file is told to
    wait for more than `longest` seconds: whichever does is due.
    """
    hold_of(session, Download.status.in_(OPEN_DOWNLOADS))
    too_far = Download.not_before > at + timedelta(seconds=longest)
    waits = update(Download).where(Download.status == DownloadState.WAITING, too_far)
    session.execute(waits.values(not_before=at))
    for moment in _MOMENTS:
        ahead = update(moment.class_).where(moment > at)
        session.execute(ahead.values({moment.key: at}).execution_options(synchronize_session=False))


def lend_time(
    session: Session,
    which: Sequence[ColumnElement[bool]],
    moments: Sequence[InstrumentedAttribute[datetime | None]],
    *,
    by: timedelta,
    at: datetime,
) -> int:
    """Move moments from which patience is counted later, by a time that counts for nobody.

    Returns how many were moved.
    """
    moved = 0
    rows = session.execute(select(Download.id, Download.grab_id, *moments).where(*which)).all()
    hold(session, {row.grab_id for row in rows})
    for moment in moments:
        later = [
            {"id": row.id, moment.key: min(at, value + by)}
            for row in rows
            if (value := getattr(row, moment.key)) is not None
        ]
        if later:
            session.execute(update(Download), later)
        moved += len(later)
    return moved


def note_import(
    session: Session,
    grab_id: int,
    state: ImportState,
    event: EventRecord | None,
    *,
    at: datetime,
    **fields: Any,
) -> bool:
    """Keep Lidarr's word about a grab that was reported to it; the event is appended if it is news.

    What Lidarr itself has called imported stays so, whatever an older answer says that comes late.
    """
    hold(session, [grab_id])
    grab = session.get(Grab, grab_id, populate_existing=True)
    if grab is None or grab.status not in _REPORTED:
        return False
    if grab.import_state == ImportState.IMPORTED and grab.import_seen_at is not None:
        return False
    news = (grab.import_state, grab.import_message) != (state, fields.get("import_message"))
    if news and event is not None:
        record(session, event, at=at, grab_id=grab_id)
    if grab.import_state != state:
        counters.add(session, counters.IMPORTS, str(state))
    values = {"import_message": None, **fields, "import_state": str(state), "import_seen_at": at}
    session.execute(
        update(Grab)
        .where(Grab.id == grab_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    session.expire(grab)
    return news


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


def is_served(session: Session, row: Download, *, since: datetime) -> bool:
    """Whether this file's peer sends other files, has some in its queue, or sent some since then."""
    others = and_(Download.source == row.source, Download.peer == row.peer, Download.id != row.id)
    serves = or_(Download.status.in_(RUNNING_DOWNLOADS), Download.last_progress_at >= since)
    return session.scalar(select(Download.id).where(others, serves).limit(1)) is not None


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
