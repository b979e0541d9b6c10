"""Peers that answer everything are noticed, and blocked for a while.

Counted are different texts of one day that a peer has answered with nothing but their own words. The
count lies in the database, so a restart forgets nothing. A single answer of another kind clears a
peer: whoever shares something of their own does not answer everything.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from soulspot_arr.blocklist import Blocklist
from soulspot_arr.db import Database
from soulspot_arr.domain import BlockScope, Clock, RawFolder
from soulspot_arr.models import Echo
from soulspot_arr.rules import echoing
from soulspot_arr.rules.blocking import Entry

log = logging.getLogger(__name__)

SEVERAL = 3  # different texts
_WITHIN = timedelta(days=1)
_BLOCKED_DAYS = 7.0


class EchoWatch:
    """Watches the answers of one source."""

    def __init__(
        self, database: Database, blocklist: Blocklist, source_name: str, *, clock: Clock
    ) -> None:
        self._db = database
        self._blocklist = blocklist
        self._source = source_name
        self._clock = clock

    def hear(self, text: str, folders: Sequence[RawFolder]) -> None:
        """Look at the answer to a text that the network was really asked for."""
        heard = echoing.hear(text, folders)
        blocks = self._blocklist.snapshot()
        echoes = {peer for peer in heard.echoes if blocks.reason(self._source, peer) is None}
        suspects = self._suspects()
        cleared = suspects.intersection(heard.honest)
        if not echoes and not cleared:
            return
        try:
            self._note(text, echoes, cleared)
        except IntegrityError:  # another process has just noted the same
            self._note(text, echoes, cleared)

    def prune(self) -> None:
        """Forget what is older than a day."""
        with self._db.write() as session:
            session.execute(delete(Echo).where(Echo.at <= self._clock() - _WITHIN))

    def _note(self, text: str, echoes: AbstractSet[str], cleared: AbstractSet[str]) -> None:
        now = self._clock()
        with self._db.write() as session:
            for peer in sorted(cleared):
                session.execute(delete(Echo).where(*self._by(peer)))
            for peer in sorted(echoes):
                session.merge(Echo(source=self._source, peer=peer, text=text, at=now))
                session.flush()
                self._judge(session, peer, at=now)

    def _judge(self, session: Session, peer: str, *, at: datetime) -> None:
        mine = (*self._by(peer), Echo.at > at - _WITHIN)
        count = session.scalar(select(func.count()).select_from(Echo).where(*mine)) or 0
        if count < SEVERAL:
            return
        reason = f"answered {count} different searches of one day with nothing but their own words"
        entry = Entry(BlockScope.PEER, peer, "", self._source, reason)
        self._blocklist.quarantine(session, entry, days=_BLOCKED_DAYS, count=count, at=at)
        session.execute(delete(Echo).where(*self._by(peer)))
        log.warning("%s %s; blocked for %g days", peer, reason, _BLOCKED_DAYS)

    def _by(self, peer: str) -> tuple[ColumnElement[bool], ...]:
        return Echo.source == self._source, Echo.peer == peer

    def _suspects(self) -> set[str]:
        query = select(Echo.peer).where(Echo.source == self._source).distinct()
        with self._db.read() as session:
            return set(session.scalars(query))
