"""The lease: one leader among many, by the clock and by what is known about dead processes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from soulspot_arr import ledger
from soulspot_arr.db import Database
from soulspot_arr.lease import SCHEDULER, LeaseKeeper, is_dead, new_holder
from soulspot_arr.models import Lease
from tests.fakes.clock import NOON, FakeClock
from tests.fakes.threads import together

TTL = 30.0


def keeper(database: Database, clock: FakeClock, holder: str) -> LeaseKeeper:
    """A process of this name; names without a known host are never taken for dead."""
    return LeaseKeeper(database, clock=clock, holder=holder)


def row(database: Database) -> Lease | None:
    """The lease as it is stored."""
    with database.read() as session:
        return session.get(Lease, SCHEDULER)


def test_of_eight_who_want_it_one_gets_it(database: Database, clock: FakeClock) -> None:
    """At the same moment, on an empty table; the others are told no, not an error."""
    keepers = [keeper(database, clock, f"other:{n}:x") for n in range(8)]
    results = together(*[lambda k=k: k.take(TTL) for k in keepers])
    assert results.count(True) == 1
    kept = row(database)
    assert kept is not None
    assert kept.holder == keepers[results.index(True)].holder


def test_of_eight_who_want_an_expired_one_one_gets_it(database: Database, clock: FakeClock) -> None:
    """The same when somebody held it before."""
    assert keeper(database, clock, "gone:1:x").take(TTL)
    clock.advance(TTL + 1)
    keepers = [keeper(database, clock, f"other:{n}:x") for n in range(8)]
    assert together(*[lambda k=k: k.take(TTL) for k in keepers]).count(True) == 1


def test_the_holder_renews(database: Database, clock: FakeClock) -> None:
    """The expiry moves, the moment of acquiring does not, and it is told once."""
    mine = keeper(database, clock, "a:1:x")
    assert mine.take(TTL)
    clock.advance(10)
    assert mine.take(TTL)
    kept = row(database)
    assert kept is not None
    assert kept.acquired_at == NOON
    assert (kept.expires_at - clock()).total_seconds() == TTL
    with database.read() as session:
        assert [event.kind for event in ledger.tail(session)] == ["lease.taken"]


def test_nobody_steals_early(database: Database, clock: FakeClock) -> None:
    """Up to the very moment of the expiry."""
    assert keeper(database, clock, "a:1:x").take(TTL)
    clock.advance(TTL)
    assert not keeper(database, clock, "b:1:x").take(TTL)


def test_an_expired_lease_is_taken_over(database: Database, clock: FakeClock) -> None:
    """And the one who lost it learns so at its next heartbeat."""
    first, second = keeper(database, clock, "a:1:x"), keeper(database, clock, "b:1:x")
    assert first.take(TTL)
    clock.advance(TTL + 0.1)
    assert second.take(TTL)
    assert not first.take(TTL)
    kept = row(database)
    assert kept is not None
    assert (kept.holder, kept.acquired_at) == ("b:1:x", clock())


def test_who_waits_knows_for_how_long(database: Database, clock: FakeClock) -> None:
    """Until the present holder's lease is over; a lease of one's own is nothing to wait for."""
    first, second = keeper(database, clock, "a:1:x"), keeper(database, clock, "b:1:x")
    assert first.take(TTL)
    clock.advance(10)
    assert not second.take(TTL)
    assert (first.others_left, second.others_left) == (None, TTL - 10)
    clock.advance(TTL)
    assert second.take(TTL)
    assert second.others_left is None


def test_a_lease_that_was_handed_back_is_free_at_once(database: Database, clock: FakeClock) -> None:
    """A restart does not wait for the expiry."""
    first, second = keeper(database, clock, "a:1:x"), keeper(database, clock, "b:1:x")
    assert first.take(TTL)
    first.hand_back()
    assert second.take(TTL)
    first.hand_back()  # not its own any more: nothing happens
    kept = row(database)
    assert kept is not None
    assert kept.holder == "b:1:x"


def test_each_takeover_is_told(database: Database, clock: FakeClock) -> None:
    """Who leads can be read back from the events."""
    mine = keeper(database, clock, "a:1:x")
    for _ in range(2):
        assert mine.take(TTL)
        mine.hand_back()
    with database.read() as session:
        words = [event.message for event in ledger.tail(session)]
    assert words == ["a:1:x runs the jobs now."] * 2


def holder_of(pid: int, host: str | None = None) -> str:
    """The name a process would have."""
    return f"{host or socket.gethostname()[:30]}:{pid}:abcd1234"


@pytest.fixture
def dead_pid() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait(30)
    return process.pid


def test_the_dead_of_this_host_are_known(dead_pid: int) -> None:
    """A killed process leaves its lease behind; a running one and other hosts are respected."""
    assert is_dead(holder_of(dead_pid))
    assert not is_dead(holder_of(os.getppid()))
    assert not is_dead(holder_of(dead_pid, "another-host"))
    assert not is_dead("nonsense")
    assert not is_dead("")


def test_an_earlier_life_of_this_process_is_dead() -> None:
    """A restarted container has the same host name and the same process id."""
    assert is_dead(holder_of(os.getpid()))


def test_a_dead_holder_is_replaced_at_once(
    database: Database, clock: FakeClock, dead_pid: int
) -> None:
    """After `kill -9` the next start does not wait half a minute."""
    assert keeper(database, clock, holder_of(dead_pid)).take(TTL)
    assert keeper(database, clock, "b:1:x").take(TTL)


def test_names_are_unique_and_fit_the_column() -> None:
    """Two schedulers never share a name."""
    assert new_holder() != new_holder()
    assert len(new_holder()) <= 64
    assert new_holder().split(":")[1] == str(os.getpid())
