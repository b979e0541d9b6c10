"""Which album a grab is to be, with every edition: asked of the catalogue once, kept with the grab.

The search kept only the edition that the offer seemed to be; what the files really are is settled
against all of them.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import select

from soulspot_arr import ledger
from soulspot_arr.catalogue import Catalogue, codec
from soulspot_arr.completion.gathering import NotYet
from soulspot_arr.completion.ground import Ground
from soulspot_arr.domain import DownloadState, Query
from soulspot_arr.lidarr import Lidarr
from soulspot_arr.models import IS_OPEN, Download, Grab
from soulspot_arr.wanted import Wanted

log = logging.getLogger(__name__)

AWAITED = "Waiting for the catalogue to answer."
_OUTAGE = timedelta(minutes=2)  # after which an album is reported as it is
_PATIENCE = 10.0  # seconds for one question
_ASK_AGAIN = timedelta(minutes=5)
_AT_ONCE = 5


class Albums:
    """Remembers the answer in the grab's row."""

    def __init__(self, ground: Ground, catalogue: Catalogue, lidarr: Lidarr) -> None:
        self._db = ground.database
        self._clock = ground.clock
        self._catalogue = catalogue
        self._lidarr = lidarr
        self._asked: dict[tuple[int, str | None], datetime] = {}
        self._silent: dict[int, datetime] = {}  # had no answer while nobody was waiting yet

    def run(self) -> int:
        """Ask ahead for grabs of which a first file is here; returns how many were found."""
        now = self._clock()
        # Completion may add to it meanwhile.
        asked = {key: at for key, at in list(self._asked.items()) if _is_recent(at, now)}
        self._asked = dict(asked)
        self._silent = {key: at for key, at in self._silent.items() if _is_recent(at, now)}
        query = (
            select(Grab)
            .where(IS_OPEN, Grab.wanted_at.is_(None), Grab.album != "")
            .where(
                Grab.downloads.any(Download.status == DownloadState.COMPLETED),
                Grab.id.not_in({*self._silent, *(grab_id for grab_id, _ in asked)}),
            )
            .order_by(Grab.id)
            .limit(_AT_ONCE)
        )
        with self._db.read() as session:
            grabs = list(session.scalars(query))
        found = 0
        for grab in grabs:
            with suppress(NotYet):  # completion asks again, and waits
                if self._ask(grab) is not None:
                    found += 1
                    continue
            self._silent[grab.id] = now
        return found

    def of(self, grab: Grab) -> Wanted | None:
        """The album with its editions; None when nobody knows them. Raises NotYet."""
        known = codec.from_json(grab.wanted)
        if grab.wanted_at is not None and known is not None and _is(known, grab):
            return known
        asked = self._asked.get((grab.id, grab.album_id))
        recent = asked is not None and _is_recent(asked, self._clock())
        found = None if recent else self._ask(grab)
        if found is not None:
            return found
        if known is not None and known.editions and _is(known, grab):
            return known
        return None

    def undecided(self, grab: Grab) -> bool:
        """Whether somebody who was not heard yet may know more editions than the search kept."""
        asked = (grab.id, grab.album_id) in self._asked
        return grab.wanted_at is None and not asked and self._may_wait(grab)

    def _may_wait(self, grab: Grab) -> bool:
        """Lidarr is restarted now and then; who has never heard of it does not wait for it."""
        now = self._clock()
        return self._lidarr.silent and now - (grab.transferred_at or now) < _OUTAGE

    def _ask(self, grab: Grab) -> Wanted | None:
        """What the catalogue says now, kept if it is whole. Raises NotYet while nobody answers."""
        query = Query(artist=grab.artist, album=grab.album, year=grab.year)
        found = self._catalogue.album(query, album_id=grab.album_id or "", seconds=_PATIENCE)
        now = self._clock()
        if not found.editions:
            kept = codec.from_json(grab.wanted)
            if found.settled or not self._may_wait(grab):
                self._asked[grab.id, grab.album_id] = now
            elif kept is None or not kept.editions:
                raise NotYet(AWAITED)
            return None
        document = codec.to_json(found)
        with self._db.write() as session:
            ledger.hold(session, [grab.id])
            row = session.get(Grab, grab.id)
            if row is not None:
                row.wanted, row.wanted_at = document, now
        grab.wanted, grab.wanted_at = document, now
        return found


def _is_recent(asked: datetime, now: datetime) -> bool:
    """Not what lies ahead either: the clock was set back since."""
    return timedelta(0) <= now - asked < _ASK_AGAIN


def _is(known: Wanted, grab: Grab) -> bool:
    """Lidarr may have told since that it meant another album of that name."""
    return not (known.album_id and grab.album_id) or known.album_id == grab.album_id
