"""The lines of the blocklist as rows: read, written once, told of. Decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from soulspot_arr import ledger
from soulspot_arr.db import insert_into
from soulspot_arr.domain import BlockScope, EventRecord
from soulspot_arr.errors import InvalidInput
from soulspot_arr.models import BlockRow
from soulspot_arr.rules import blocking
from soulspot_arr.rules.blocking import Entry

_SCOPES = {str(scope): scope for scope in BlockScope}


@dataclass(frozen=True, slots=True)
class Block:
    """One line as the edges show it; what is said only once, when it is added, comes last.

    `held_back` counts the files of open grabs that are not fetched by it.
    """

    id: int
    source: str
    scope: BlockScope
    peer: str
    path: str
    reason: str
    automatic: bool
    failures: int
    created_at: datetime
    expires_at: datetime | None
    warning: str = ""
    held_back: int = 0


def entry_of(row: BlockRow) -> Entry:
    """The line as the rules understand it."""
    return Entry(BlockScope(row.scope), row.peer, row.path, row.source, row.reason)


def view_of(row: BlockRow) -> Block:
    """The line as the edges show it."""
    return Block(
        id=row.id,
        source=row.source,
        scope=BlockScope(row.scope),
        peer=row.peer,
        path=row.path,
        reason=row.reason,
        automatic=row.automatic,
        failures=row.failures,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )


def in_force(at: datetime) -> Select[BlockRow]:
    """The lines that are not over at this moment."""
    return select(BlockRow).where(_lasts(at))


def entries(session: Session, at: datetime) -> list[Entry]:
    """The same as the rules understand them; columns only, because there may be thousands."""
    columns = select(BlockRow.scope, BlockRow.peer, BlockRow.path, BlockRow.source, BlockRow.reason)
    rows = session.execute(columns.where(_lasts(at)).order_by(BlockRow.id))
    return [Entry(_SCOPES[scope], *texts) for scope, *texts in rows]


def checked(entry: Entry) -> Entry:
    """A line that a person wrote, tidied; raises InvalidInput when it could never refuse anything."""
    peer, path = entry.peer.strip(), entry.path.strip()
    tidy = Entry(entry.scope, peer, path, entry.source.strip(), entry.reason.strip())
    if entry.scope is BlockScope.PEER:
        if not peer or path:
            raise InvalidInput("A line about a peer names the peer, and no path.")
        return tidy
    spell: Callable[[str], str] = blocking.place
    if entry.scope is BlockScope.PHRASE:
        spell = blocking.spelt
    if not spell(path):
        what = "letters or digits" if entry.scope is BlockScope.PHRASE else "a name"
        raise InvalidInput(f"The path of a line about a {entry.scope} needs {what}.")
    return tidy


def new_row(entry: Entry, *, at: datetime, until: datetime | None) -> BlockRow:
    """A line that a person wrote, not yet in the database."""
    return BlockRow(
        source=entry.source,
        scope=entry.scope,
        peer=entry.peer,
        path=entry.path,
        reason=entry.reason,
        automatic=False,
        failures=0,
        created_at=at,
        expires_at=until,
    )


def write(
    session: Session, entry: Entry, *, at: datetime, days: float | None, count: int = 1
) -> None:
    """A line that was caused by something: a new one, or an older one that was caused once more.

    The later end counts. What a person wrote stays as it is, but for the count.
    """
    until = None if days is None else at + timedelta(days=days)
    if _insert(session, entry, at=at, until=until, count=count):
        tell_blocked(session, entry, at=at, until=until, automatic=True)
        return
    row = session.scalars(select(BlockRow).where(*_is(entry)).with_for_update()).one()
    over = row.expires_at is not None and row.expires_at <= at
    row.failures += count
    if over or row.automatic:
        row.expires_at = until if over else _later(row.expires_at, until)
        row.automatic, row.reason = True, entry.reason
    if over:
        row.created_at = at
        tell_blocked(session, entry, at=at, until=until, automatic=True)
    session.flush()


def tell_blocked(
    session: Session, entry: Entry, *, at: datetime, until: datetime | None, automatic: bool
) -> None:
    """The event of a blocked peer; other lines have none."""
    if entry.scope is not BlockScope.PEER:
        return
    lasts = f"until {until:%Y-%m-%d %H:%M} UTC" if until is not None else "for good"
    words = f"{entry.peer} is blocked {lasts}"
    data = {
        "peer": entry.peer,
        "source": entry.source,
        "reason": entry.reason,
        "automatic": automatic,
        "until": until.isoformat() if until is not None else None,
    }
    said = f"{words}: {entry.reason.rstrip('.')}." if entry.reason else f"{words}."
    ledger.record(session, EventRecord("peer.blocked", said, "warning", data), at=at)


def _insert(
    session: Session, entry: Entry, *, at: datetime, until: datetime | None, count: int
) -> bool:
    """One statement on both databases: two processes may write the same line at once."""
    statement = insert_into(session, BlockRow).values(
        source=entry.source,
        scope=entry.scope,
        peer=entry.peer,
        path=entry.path,
        reason=entry.reason,
        automatic=True,
        failures=count,
        created_at=at,
        expires_at=until,
    )
    found = session.execute(statement.on_conflict_do_nothing().returning(BlockRow.id))
    return found.first() is not None


def _lasts(at: datetime) -> ColumnElement[bool]:
    return or_(BlockRow.expires_at.is_(None), BlockRow.expires_at > at)


def _is(entry: Entry) -> tuple[ColumnElement[bool], ...]:
    return (
        BlockRow.source == entry.source,
        BlockRow.scope == entry.scope,
        BlockRow.peer == entry.peer,
        BlockRow.path == entry.path,
    )


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    """The later of two ends; None is no end at all."""
    return None if one is None or other is None else max(one, other)
