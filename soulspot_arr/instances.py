"""What becomes of the files of an instance that is no longer configured: the first one has them.

Nobody looks at the transfers of such a slskd any more, so without this its files would wait for ever.
The first one does not know them: it sees them vanish, looks whether they lie in the common folder,
and asks their peers again. Asks nobody itself.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from soulspot_arr import ledger
from soulspot_arr.db import Database
from soulspot_arr.domain import LIVE_DOWNLOADS, OPEN_DOWNLOADS, Clock, EventRecord, network
from soulspot_arr.models import Download, Event

log = logging.getLogger(__name__)

REMOVED = "source.removed"
_TOLD_FOR = timedelta(days=1)


def take_over(database: Database, names: Sequence[str], *, clock: Clock) -> int:
    """Hand the files of all instances but these to the first of them; how many of them are open.

    To be called by the process that runs the jobs: another one may still have an older list.
    """
    strangers = _strangers(names)
    with database.read() as session:
        if session.scalar(select(Download.id).where(*strangers).limit(1)) is None:
            return 0
    now = clock()
    with database.write() as session:
        open_ = (*strangers, Download.status.in_(OPEN_DOWNLOADS))
        ledger.hold(session, session.scalars(select(Download.grab_id).where(*open_).distinct()))
        query = select(Download.instance, func.count()).where(*open_).group_by(Download.instance)
        counted = {str(name): count for name, count in session.execute(query)}
        _begin_anew(session, (*strangers, Download.status.in_(LIVE_DOWNLOADS)), at=now)
        # Those that are over as well: the first one is asked to forget what it never had.
        session.execute(update(Download).where(*strangers).values(instance=None))
        for name, count in counted.items():
            data = {"instance": name, "files": count}
            event = EventRecord(REMOVED, _told(name, count, names[0]), "warning", data)
            ledger.record(session, event, at=now)
            log.warning("%s", event.message)
    return sum(counted.values())


def lately_removed(session: Session, names: Collection[str], *, at: datetime) -> dict[str, int]:
    """Instances whose open files were taken over within a day, with their number."""
    query = select(Event.data).where(Event.kind == REMOVED, Event.at > at - _TOLD_FOR)
    found: dict[str, int] = {}
    for data in session.scalars(query):
        if data["instance"] not in names:
            found[data["instance"]] = found.get(data["instance"], 0) + int(data["files"])
    return found


def _strangers(names: Sequence[str]) -> tuple[ColumnElement[bool], ...]:
    return (
        Download.source == network(names[0]),
        Download.instance.is_not(None),
        Download.instance.not_in(names),
    )


def _begin_anew(session: Session, which: Sequence[ColumnElement[bool]], *, at: datetime) -> None:
    """That they are not found is no fault of their peers: patience and attempts begin anew."""
    fresh = {
        "attempts": 0,
        # The next request must not bear the key of an earlier one.
        "earlier_attempts": Download.earlier_attempts + Download.attempts + 1,
        "first_seen_at": at,
        "last_progress_at": None,
        "missing_since": None,
        "place_in_queue": None,
        "speed": 0,
        "adopted": False,
        "updated_at": at,
    }
    session.execute(
        update(Download).where(*which).values(fresh).execution_options(synchronize_session=False)
    )


def _told(name: str, count: int, first: str) -> str:
    files = "1 file that was" if count == 1 else f"{count} files that were"
    return f"{name} is not configured any more: {files} asked for through it go on through {first}."
