"""One leader among several processes, by a row with an expiry.

The lease is for economy (one poller), the ledger is for safety: a process that wakes up late can at
worst waste one poll. The same code serves SQLite and PostgreSQL and a test's clock.
"""

from __future__ import annotations

import os
import secrets
import socket
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, case, delete, or_, update
from sqlalchemy.exc import IntegrityError

from soulspot_arr import ledger
from soulspot_arr.db import Database
from soulspot_arr.domain import Clock, EventRecord
from soulspot_arr.models import Lease

SCHEDULER = "scheduler"


def new_holder() -> str:
    """A name for this process: host, process id and a random part."""
    return f"{socket.gethostname()[:30]}:{os.getpid()}:{secrets.token_hex(4)}"


class LeaseKeeper:
    """Takes, renews and hands back one lease."""

    def __init__(
        self, database: Database, *, clock: Clock, holder: str | None = None, name: str = SCHEDULER
    ) -> None:
        self._db = database
        self._clock = clock
        self.holder = holder or new_holder()
        self._name = name
        self._held = False
        self._other_until: datetime | None = None

    def take(self, ttl: float) -> bool:
        """Take or renew for `ttl` seconds; whether it is ours now."""
        now = self._clock()
        until = now + timedelta(seconds=ttl)
        held = self._renew(now, until) or self._insert(now, until)
        if held and not self._held:
            with self._db.write() as session:
                event = EventRecord("lease.taken", f"{self.holder} runs the jobs now.", "debug")
                ledger.record(session, event, at=now)
        self._held = held
        return held

    @property
    def others_left(self) -> float | None:
        """Seconds until the lease that another process holds is over; None when it is ours."""
        if self._held or self._other_until is None:
            return None
        return (self._other_until - self._clock()).total_seconds()

    def _renew(self, now: datetime, until: datetime) -> bool:
        with self._db.write() as session:
            row = session.get(Lease, self._name)
            if row is None:
                return False
            self._other_until = row.expires_at
            mine_or_over = [Lease.holder == self.holder, Lease.expires_at < now]
            if is_dead(row.holder):
                mine_or_over.append(Lease.holder == row.holder)
            result = session.execute(
                update(Lease)
                .where(Lease.name == self._name, or_(*mine_or_over))
                .values(
                    holder=self.holder,
                    acquired_at=case((Lease.holder == self.holder, Lease.acquired_at), else_=now),
                    expires_at=until,
                )
                .execution_options(synchronize_session=False)
            )
            assert isinstance(result, CursorResult)
            return result.rowcount == 1

    def _insert(self, now: datetime, until: datetime) -> bool:
        try:
            with self._db.write() as session:
                if session.get(Lease, self._name) is not None:
                    return False
                session.add(
                    Lease(name=self._name, holder=self.holder, acquired_at=now, expires_at=until)
                )
        except IntegrityError:
            return False
        return True

    def hand_back(self) -> None:
        """Let somebody else take over at once."""
        with self._db.write() as session:
            session.execute(
                delete(Lease).where(Lease.name == self._name, Lease.holder == self.holder)
            )
        self._held = False


def is_dead(holder: str) -> bool:
    """Whether the holder was a process of this very host that is gone.

    After a kill the next start need not wait for the expiry. A restarted container has the same
    host name and often the same process id: then the random part tells that it is not us.
    """
    host, _, rest = holder.partition(":")
    pid_text = rest.partition(":")[0]
    if host != socket.gethostname()[:30] or not pid_text.isdecimal():
        return False
    pid = int(pid_text)
    if pid == os.getpid():
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
