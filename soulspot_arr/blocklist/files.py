"""Files of open grabs that lines concern: held back, stopped, and let go again.

Whoever writes them holds their grabs before it locks a line (`ledger.hold`): a file that fails does
the same, and the other way round two writers would wait for each other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from soulspot_arr import ledger
from soulspot_arr.domain import (
    OPEN_DOWNLOADS,
    TRANSFERRING_GRABS,
    DownloadState,
    EventRecord,
    FailureKind,
)
from soulspot_arr.models import Download, Grab
from soulspot_arr.rules import lifecycle, naming
from soulspot_arr.rules.blocking import Blocks, Entry

_PLACE = (Download.source, Download.peer, Download.remote_path)


def hold_concerned(session: Session, entry: Entry) -> list[int]:
    """Lock the grabs that wait for, or fetch, what this line refuses; their ids."""
    blocks = Blocks.of([entry])
    query = (
        select(Download.grab_id, *_PLACE)
        .join(Grab)
        .where(Download.status.in_(OPEN_DOWNLOADS), Grab.status.in_(TRANSFERRING_GRABS))
    )
    ids = {grab_id for grab_id, *place in session.execute(query) if blocks.blocked(*place)}
    ledger.hold(session, ids)
    return sorted(ids)


def stop(
    session: Session, entry: Entry, grab_ids: Collection[int], *, at: datetime
) -> list[Download]:
    """What this line refuses in these grabs, which are held, becomes BLOCKLISTED; those files."""
    blocks = Blocks.of([entry])
    query = select(Download).where(
        Download.grab_id.in_(grab_ids), Download.status.in_(OPEN_DOWNLOADS)
    )
    stopped = []
    for row in session.scalars(query.order_by(Download.id)).all():
        why = blocks.reason(row.source, row.peer, row.remote_path)
        if why is not None and hold_back(session, row, why, at=at):
            stopped.append(row)
    return stopped


def hold_back(session: Session, download: Download, why: str, *, at: datetime) -> bool:
    """An open file that may not be fetched becomes BLOCKLISTED; False: somebody was faster."""
    waits = download.status == DownloadState.WAITING
    words = "is not asked for" if waits else "is not fetched any further"
    event = EventRecord(
        "download.blocked", f"{called(download)} {words}: {why}.", "warning", about(download)
    )
    return ledger.move_download(
        session,
        download,
        DownloadState.BLOCKLISTED,
        event,
        at=at,
        failure_kind=str(FailureKind.BLOCKED),
        failure_message=why,
        speed=0,
    )


def hold_blocked(session: Session) -> set[int]:
    """Lock the open grabs of which a file is BLOCKLISTED; their ids."""
    ids = set(session.scalars(_blocked().with_only_columns(Download.grab_id)))
    ledger.hold(session, ids)
    return ids


def release(
    session: Session,
    gone: Iterable[Entry],
    left: Blocks,
    held: Collection[int],
    *,
    at: datetime,
) -> int:
    """Files that only the lines which are `gone` held back wait again; how many.

    Grabs of which a file was blocked since they were `held` are taken as well, unless another writer
    has them just now: a lock is held on the lines, so nobody may be waited for.
    """
    over = Blocks.of(gone)
    free = [
        row
        for row in session.scalars(_blocked().order_by(Download.id))
        if over.blocked(row.source, row.peer, row.remote_path)
        and not left.blocked(row.source, row.peer, row.remote_path)
    ]
    late = {row.grab_id for row in free} - set(held)
    mine = {*held, *session.scalars(_unless_locked(late))} if late else held
    return sum(_let_go(session, row, at=at) for row in free if row.grab_id in mine)


def _unless_locked(grab_ids: Collection[int]) -> Select[int]:
    query = select(Grab.id).where(Grab.id.in_(grab_ids)).order_by(Grab.id)
    return query.with_for_update(key_share=True, skip_locked=True)


def _blocked() -> Select[Download]:
    return (
        select(Download)
        .join(Grab)
        .where(
            Download.status == DownloadState.BLOCKLISTED,
            Download.current,
            Grab.status.in_(TRANSFERRING_GRABS),
        )
    )


def _let_go(session: Session, download: Download, *, at: datetime) -> bool:
    words = f"{called(download)} was released from the blocklist."
    event = EventRecord("download.retry_scheduled", words, data=about(download))
    fresh = lifecycle.afresh(download)
    return ledger.move_download(session, download, DownloadState.WAITING, event, at=at, **fresh)


def called(download: Download) -> str:
    """The name of a file for people."""
    return naming.file_name(download.remote_path) or download.remote_path


def about(download: Download) -> dict[str, str]:
    """The data of an event of a file."""
    return {"path": download.remote_path, "peer": download.peer}
