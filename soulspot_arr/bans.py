"""Notices that a network has shut us out, and keeps everybody quiet until that is over.

The Soulseek server bans fast clients for 30 minutes without a word: searches come back empty, or
the connection is lost (contract slskd §3.8, §11.1). Nothing here searches: it says what to ask to be
certain, and it remembers. The state lies in the database, so all processes keep quiet together.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from soulspot_arr import ledger
from soulspot_arr.db import Database
from soulspot_arr.domain import Clock, EventRecord
from soulspot_arr.models import COMPLETED, Ban, SearchRow
from soulspot_arr.settings import Settings

log = logging.getLogger(__name__)

BUSY = 0.8
"""Share of the search budget after which a lost connection looks like a ban."""
_WELL = 5  # folders; fewer may have been those of one peer, who is simply away
_SILENT = "searches come back empty, also one that used to be answered"
_LOST = "the connection to Soulseek was lost after many searches"


@dataclass(frozen=True, slots=True)
class Doubt:
    """Several searches in a row were silent; `control` is a text that was answered before.

    It is empty when there is none that may be asked again now.
    """

    control: str


class BanWatch:
    """Watches one source."""

    def __init__(
        self, database: Database, settings: Settings, source_name: str, *, clock: Clock
    ) -> None:
        self._db = database
        self._settings = settings
        self._source = source_name
        self._clock = clock

    @property
    def until(self) -> datetime | None:
        """When searching may go on; None when it may right now."""
        with self._db.read() as session:
            ban = session.get(Ban, self._source)
        return ban.until if ban is not None and self._holds(ban) else None

    def banned(self) -> bool:
        """Whether nothing may be searched now; tells the end of a ban when it is over."""
        with self._db.read() as session:
            ban = session.get(Ban, self._source)
        if ban is None or ban.ended:
            return False
        if self._holds(ban):
            return True
        self._tell_end()
        return False

    def doubt(self) -> Doubt | None:
        """Whether the last searches were all silent though earlier ones were not.

        Searches that failed do not count: they say nothing about the network.
        """
        ended = select(SearchRow.found).where(
            SearchRow.source == self._source, SearchRow.outcome == COMPLETED
        )
        several = int(self._settings.get("search.ban_after"))
        with self._db.read() as session:
            last = list(session.scalars(ended.order_by(SearchRow.id.desc()).limit(several)))
            if len(last) < several or any(last):
                return None
            if not session.scalar(ended.where(SearchRow.found > 0).limit(1)):
                return None  # nothing was ever answered: that is another trouble
            return Doubt(self._control(session))

    def silent(self) -> datetime:
        """The control search was silent as well: begin a ban; returns its end."""
        return self._begin(_SILENT)

    def lost(self, *, used: float) -> None:
        """The network was lost while this share of the search budget was used."""
        if used >= BUSY:
            self._begin(_LOST)

    def _control(self, session: Session) -> str:
        """The text that was answered best, unless it was asked a moment ago."""
        pause = timedelta(seconds=self._settings.repeat_after)
        query = (
            select(SearchRow.text)
            .where(
                SearchRow.source == self._source,
                SearchRow.outcome == COMPLETED,
                SearchRow.found >= _WELL,
                SearchRow.started_at <= self._clock() - pause,
            )
            .order_by(SearchRow.found.desc(), SearchRow.id.desc())
        )
        recent = select(SearchRow.text).where(
            SearchRow.source == self._source, SearchRow.started_at > self._clock() - pause
        )
        return session.scalar(query.where(SearchRow.text.not_in(recent)).limit(1)) or ""

    def _holds(self, ban: Ban) -> bool:
        # A clock that was ahead when it began must not make it longer than a ban is.
        pause = timedelta(seconds=self._settings.get("search.ban_pause"))
        return not ban.ended and self._clock() < ban.until <= self._clock() + pause

    def _begin(self, reason: str) -> datetime:
        now = self._clock()
        until = now + timedelta(seconds=self._settings.get("search.ban_pause"))
        try:
            with self._db.write() as session:
                known = session.get(Ban, self._source, with_for_update=True)
                if known is not None and self._holds(known):
                    return known.until  # another process was faster
                ban = known or Ban(source=self._source)
                ban.reason, ban.began_at, ban.until, ban.ended = reason, now, until, False
                session.add(ban)
                words = (
                    f"Soulseek seems to have banned us: {reason}. No searches until "
                    f"{until:%H:%M} UTC."
                )
                event = EventRecord(
                    "source.banned", words, "error", {"until": until.isoformat(), "reason": reason}
                )
                ledger.record(session, event, at=now)
        except IntegrityError:  # the very first ban, begun by two processes at once
            return until
        log.warning("%s", words)
        return until

    def _tell_end(self) -> None:
        with self._db.write() as session:
            told = session.execute(
                update(Ban)
                .where(Ban.source == self._source, Ban.ended.is_(False))
                .values(ended=True)
                .returning(Ban.source)
            )
            if told.first() is None:
                return
            words = "The pause after a suspected ban is over: searching again."
            ledger.record(session, EventRecord("source.unbanned", words), at=self._clock())
        log.info("%s", words)
