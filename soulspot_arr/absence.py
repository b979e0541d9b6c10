"""How long nobody could look: the source was away, or we were. Such time is nobody's patience.

Every good look is noted in the database, once a minute. Whoever looks again after a gap learns how
long it was, in whichever process, and moves the moments from which patience is counted.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from soulspot_arr.db import Database, insert_into
from soulspot_arr.domain import Clock
from soulspot_arr.models import Look
from soulspot_arr.settings import Settings

_NOTED_EVERY = timedelta(seconds=60)


def between_peers(settings: Settings) -> float:
    """Seconds that may lie between two looks at awaited peers."""
    return max(600.0, 2.0 * float(settings.get("jobs.presence")))


def transfers_of(source: str) -> str:
    """The looks at the transfers of a source."""
    return f"transfers of {source}"


def peers_of(source: str) -> str:
    """The looks at awaited peers through a source."""
    return f"peers of {source}"


def lasts(session: Session, name: str, *, usual: float, at: datetime) -> bool:
    """Whether looks of this kind have stopped and not been taken up again, as far as is known."""
    row = session.get(Look, name)
    return row is not None and at - row.at > timedelta(seconds=usual) + 2 * _NOTED_EVERY


class Absence:
    """Looks of one kind. `usual()` says how many seconds lie between two of them at most."""

    def __init__(
        self, database: Database, name: str, *, clock: Clock, usual: Callable[[], float]
    ) -> None:
        self._db = database
        self._name = name
        self._clock = clock
        self._usual = usual
        self._seen: datetime | None = None
        self._noted: datetime | None = None

    def gap(self) -> timedelta:
        """A look has succeeded: for how long more than usual none did before it; mostly zero.

        Told until `looked` says that it has been made up for. What lies within the usual counts as
        looked: whoever can only look now and then still sees what stands still.
        """
        now = self._clock()
        limit = timedelta(seconds=self._usual()) + 2 * _NOTED_EVERY
        gap = self._since(now)
        if gap > limit or self._noted is None:  # another process may have looked meanwhile
            gap = min(gap, self._since_noted(now))
        return max(gap - limit, timedelta(0))

    def looked(self) -> None:
        """From here on it counts as looked."""
        now = self._clock()
        if self._noted is None or abs(now - self._noted) >= _NOTED_EVERY:
            self._note(now)
        self._seen = now

    def _since(self, now: datetime) -> timedelta:
        return now - self._seen if self._seen is not None else timedelta.max

    def _since_noted(self, now: datetime) -> timedelta:
        with self._db.read() as session:
            row = session.get(Look, self._name)
        return now - row.at if row is not None else timedelta(0)

    def _note(self, now: datetime) -> None:
        with self._db.write() as session:
            noted = insert_into(session, Look).values(name=self._name, at=now)
            session.execute(noted.on_conflict_do_update(index_elements=["name"], set_={"at": now}))
        self._noted = now
