"""Figures that only grow: whoever counts, whatever is purged, and on both databases."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import partial

import pytest
from sqlalchemy import delete, text
from sqlalchemy.exc import DBAPIError

from soulspot_arr import counters
from soulspot_arr.db import Database
from soulspot_arr.domain import DownloadState, FailureKind
from soulspot_arr.errors import DatabaseTrouble, SourceUnavailable
from soulspot_arr.models import Download, Event, Grab
from tests.conftest import Open
from tests.fakes.threads import together
from tests.soulspot_arr.workshop import Bench, offer

D = DownloadState


def figures(database: Database, name: str) -> Mapping[str, int]:
    """As a scrape reads them."""
    with database.read() as session:
        return counters.read(session, name)


def test_figures_grow_and_outlive_the_process(database: Database, open_database: Open) -> None:
    """What is counted is added to what another process has counted."""
    for each in (database, open_database(database.url.render_as_string(hide_password=False))):
        with each.write() as session:
            counters.add(session, "apples", "red")
            counters.add(session, "apples", "red", 2)
            counters.add(session, "apples", "green")
    assert figures(database, "apples") == {"red": 6, "green": 2}
    assert figures(database, "pears") == {}


def test_a_transaction_that_is_rolled_back_has_counted_nothing(database: Database) -> None:
    """The figure belongs to the fact it was written with; what a savepoint kept is counted once."""

    def fail() -> None:
        with database.write() as session:
            counters.add(session, "apples")
            session.execute(text("SELECT nonsense"))

    with pytest.raises((DBAPIError, DatabaseTrouble)):
        fail()
    with database.write() as session:
        counters.add(session, "apples")
        with session.begin_nested():
            counters.add(session, "apples")
    assert figures(database, "apples") == {"": 2}


def test_many_writers_lose_nothing_and_do_not_block_each_other(database: Database) -> None:
    """The same rows, counted in opposite orders beside locks on others: no deadlock, no lost one."""

    def count(number: int) -> None:
        labels = ["a", "b", "c"] if number % 2 else ["c", "b", "a"]
        for _ in range(20):
            with database.write() as session:
                for label in labels:
                    counters.add(session, "apples", label)
                    session.flush()

    together(*(partial(count, number) for number in range(6)))
    assert figures(database, "apples") == {"a": 120, "b": 120, "c": 120}


@pytest.mark.parametrize(
    ("seen", "to", "failure", "counted"),
    [
        (D.DOWNLOADING, D.WAITING, "stalled", {"stalled": 1}),
        (D.PENDING, D.FAILED, "rejected", {"rejected": 1}),
        (D.COMPLETED, D.FAILED, "corrupt", {"corrupt": 1}),
        (D.WAITING, D.FAILED, "too_old", {"too_old": 1}),
        (D.WAITING, D.BLOCKLISTED, "blocked", {"blocked": 1}),
        (D.QUEUED, D.WAITING, None, {}),
        (D.FAILED, D.BLOCKLISTED, "corrupt", {}),
        (D.FAILED, D.WAITING, "peer_offline", {}),
        (D.QUEUED, D.CANCELLED, None, {}),
    ],
)
def test_a_failure_is_counted_when_it_happens(
    sqlite_database: Database,
    seen: DownloadState,
    to: DownloadState,
    failure: str | None,
    counted: dict[str, int],
) -> None:
    """Once for each attempt; what a row only carries on from an earlier one is no news."""
    with sqlite_database.write() as session:
        counters.moved(session, seen, to, failure=failure, size=5)
    assert figures(sqlite_database, counters.FAILURES) == counted
    assert figures(sqlite_database, counters.RECEIVED) == {}


def test_what_the_queue_does_is_counted(both: Bench) -> None:
    """A refusal and an arrival, written where every state is written; a purge takes nothing away."""
    both.settings.patch({"retry.attempts": 1})
    both.asked(offer("anna", "01.flac", "02.flac", size=700))
    folder = "Music\\Cello\\Undertow"
    both.source.succeed(f"{folder}\\01.flac", write=False)
    both.source.fail(f"{folder}\\02.flac", FailureKind.TIMEOUT)
    both.look()
    for _ in range(2):
        assert figures(both.db, counters.FAILURES) == {"timeout": 1}
        assert figures(both.db, counters.RECEIVED) == {"": 700}
        with both.db.write() as session:
            for table in (Download, Event, Grab):
                session.execute(delete(table))


@pytest.mark.parametrize(
    ("seconds", "bound"), [(0.0, "0.05"), (0.05, "0.05"), (0.051, "0.1"), (31.0, "+Inf")]
)
def test_a_look_falls_into_the_lowest_bucket_that_holds_it(
    sqlite_database: Database, seconds: float, bound: str
) -> None:
    """The bounds belong to their buckets; nothing is too slow for the last one."""
    with sqlite_database.write() as session:
        counters.looked(session, "slskd", seconds)
    assert figures(sqlite_database, counters.LOOKS) == {f"slskd/{bound}": 1}
    assert figures(sqlite_database, counters.LOOKING) == {"slskd": round(seconds * 1_000_000)}


def test_every_look_of_the_monitor_is_counted_and_nothing_else(bench: Bench) -> None:
    """One that fails as well; none while slskd is left alone, and not what others ask of it."""

    def counted() -> int:
        return sum(figures(bench.db, counters.LOOKS).values())

    bench.asked()
    assert counted() == 0
    bench.look()
    assert counted() == 1
    bench.source.break_next("poll", SourceUnavailable("gone", source="slskd"), times=3)
    for _ in range(5):
        bench.look()
    assert counted() == 1, "they are written once a minute"
    bench.clock.advance(60)
    bench.look()
    assert counted() == 5


def test_a_look_that_takes_long_is_seen(bench: Bench) -> None:
    """The figure is the time of slskd's answer, not that of the job around it."""
    bench.asked()
    waiting = threading.Event()
    bench.during("poll", lambda: waiting.wait(0.06))
    bench.look()
    took = figures(bench.db, counters.LOOKING)["slskd"]
    assert took > 60_000
