"""What a failure leaves on the blocklist: a line about the file or the peer, and a strike.

Everything happens in the transaction that lets the file fail, so that no crash can part the two.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from soulspot_arr.blocklist import lines
from soulspot_arr.domain import BlockScope, FailureKind
from soulspot_arr.models import BlockRow, Download, Strike
from soulspot_arr.rules import blocking, failures, naming, sentences
from soulspot_arr.rules.blocking import Blocks, Entry

_SPOILT = 3  # files of one folder after which the folder is refused as a whole


class Limits(NamedTuple):
    """How many strikes within how many days block a peer, and for how many."""

    strikes: int
    window: float
    peer_days: float


def note(session: Session, download: Download, kind: FailureKind, *, at: datetime) -> None:
    """The line that `rules.failures` has for this failure, if any."""
    scope = failures.consequence(kind).block
    if scope is None:
        return
    message = download.failure_message or ""
    reason = sentences.failure(kind, message, peer=download.peer)
    path = "" if scope is BlockScope.PEER else download.remote_path
    entry = Entry(scope, download.peer, path, download.source, reason)
    days = failures.days_of(kind, message)
    lines.write(session, entry, at=at, days=days)
    if scope is BlockScope.FILE:
        _note_folder(session, entry, at=at, days=days)


def _note_folder(session: Session, entry: Entry, *, at: datetime, days: float | None) -> None:
    """Several spoilt files speak against the folder that they lie in."""
    folder = entry.path.removesuffix(naming.file_name(entry.path)).rstrip("\\/")
    if not blocking.place(folder):
        return
    beside = lines.in_force(at).where(
        BlockRow.scope == BlockScope.FILE,
        BlockRow.source == entry.source,
        BlockRow.peer == entry.peer,
        BlockRow.automatic.is_(True),
        func.substr(BlockRow.path, 1, len(folder)) == folder,
    )
    whole = replace(entry, scope=BlockScope.FOLDER, path=folder)
    inside = Blocks.of([whole])
    spoilt = [
        row
        for row in session.scalars(beside)
        if inside.reason(entry.source, entry.peer, row.path) is not None
    ]
    if len(spoilt) >= _SPOILT:
        reason = f"{len(spoilt)} files in it were of no use. {entry.reason}"
        lines.write(session, replace(whole, reason=reason), at=at, days=days)


def strike(
    session: Session, download: Download, kind: FailureKind, *, at: datetime, limits: Limits
) -> None:
    """Count a failure that speaks against a peer, and block the peer when it is one too many.

    One album is one strike, however many of its files are spoilt; whoever is blocked gets none.
    """
    if not limits.strikes or not failures.consequence(kind).strike:
        return
    blocked = lines.in_force(at).where(
        BlockRow.scope == BlockScope.PEER,
        BlockRow.source.in_((download.source, "")),
        BlockRow.peer == download.peer,
    )
    if session.scalar(blocked.limit(1)) is not None:
        return
    mine = (Strike.source == download.source, Strike.peer == download.peer)
    recent = select(Strike).where(*mine, Strike.at > at - timedelta(days=limits.window))
    known = session.scalars(recent).all()
    if any(strike.grab_id == download.grab_id for strike in known):
        return
    new = Strike(source=download.source, peer=download.peer, kind=str(kind), at=at)
    new.grab_id = download.grab_id
    session.add(new)
    session.flush()
    count = len(known) + 1
    if count < limits.strikes:
        return
    said = sentences.failure(kind, None, peer=download.peer)
    albums = "1 album" if count == 1 else f"{count} albums"
    reason = f"{albums} failed within {limits.window:g} days; the last time: {said}"
    entry = Entry(BlockScope.PEER, download.peer, "", download.source, reason)
    lines.write(session, entry, at=at, days=limits.peer_days, count=count)
    session.execute(delete(Strike).where(*mine))  # a peer that comes back starts anew
