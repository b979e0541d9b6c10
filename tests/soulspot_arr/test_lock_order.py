"""Writers of many grabs at once on PostgreSQL: whoever waits for another one is not waited for.

SQLite has one writer at a time. Here each test lets two of them work on the same rows again and again;
in the wrong order PostgreSQL would end one of them with "deadlock detected" within a second or two.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from soulspot_arr import ledger
from soulspot_arr.blocklist import Filter
from soulspot_arr.commands import Commands
from soulspot_arr.domain import BlockScope, DownloadState, FailureKind, Rescue
from soulspot_arr.models import Download, Grab
from soulspot_arr.ordering import Wish
from soulspot_arr.rules.blocking import Entry
from tests.conftest import Open
from tests.fakes.clock import FakeClock
from tests.soulspot_arr.workshop import Bench, offer

pytestmark = pytest.mark.xdist_group("postgresql")

GRABS = 12
TIMES = 20  # the wrong order ends in a deadlock within a few
NOISE = Entry(BlockScope.PEER, "anna", reason="noise")


@pytest.fixture
def bench(
    migrated_postgres_url: str, open_database: Open, clock: FakeClock, tmp_path: Path
) -> Bench:
    """A workbench over PostgreSQL."""
    return Bench(open_database(migrated_postgres_url), clock, tmp_path / "downloads")


@pytest.fixture
def ids(bench: Bench) -> list[str]:
    """Grabs with a file of anna's each, in the order of their rows."""
    return [
        bench.add(offer("anna", f"{n}.flac", folder=f"M\\{n}"), title=str(n)) for n in range(GRABS)
    ]


def together(*works: Callable[[], object]) -> None:
    """Do all of them so many times, and go on until the last has; what one raises is raised."""
    ended = threading.Semaphore(0)

    def repeat(work: Callable[[], object]) -> None:
        try:
            for _ in range(TIMES):
                work()
        finally:
            ended.release()
        while not _all_ended(ended, len(works)):
            work()

    with ThreadPoolExecutor(len(works)) as pool:
        list(pool.map(repeat, works))


def _all_ended(ended: threading.Semaphore, works: int) -> bool:
    """Whether all of them have done their part."""
    got = sum(ended.acquire(blocking=False) for _ in range(works))
    if got:
        ended.release(got)
    return got == works


def looking(bench: Bench) -> Callable[[], None]:
    """As the monitor writes what it has seen: all grabs held, then a row of each of them."""
    with bench.db.read() as session:
        grabs = list(session.scalars(select(Grab.id).order_by(Grab.id)))

    def look() -> None:
        with bench.db.write() as session:
            ledger.hold(session, grabs)
            for grab_id in reversed(grabs):
                mine = update(Download).where(Download.grab_id == grab_id)
                session.execute(mine.values(bytes_done=Download.bytes_done + 1))

    return look


def test_a_place_is_given_while_the_monitor_writes(bench: Bench, ids: list[str]) -> None:
    """A place concerns the whole queue: all of it is held before the one that moves."""
    last = ids[-1]
    together(
        looking(bench),
        lambda: bench.order.arrange(last, Wish(position=0, paused=True)),
        lambda: bench.order.arrange(last, Wish(position=GRABS, paused=False)),
        lambda: bench.order.move_several(ids[3:5], 2),
    )


def _blocked(bench: Bench) -> None:
    """Every file is BLOCKLISTED in a grab that looks for somebody else."""
    with bench.db.write() as session:
        session.execute(update(Download).values(status=DownloadState.BLOCKLISTED))
        session.execute(update(Grab).values(rescue=str(Rescue.WANTED)))


def _failing(bench: Bench) -> Callable[[], None]:
    """As a file fails for good: its grab is held, then the line is written that follows from it."""
    with bench.db.read() as session:
        files = list(session.scalars(select(Download.id).order_by(Download.id)))

    def fail() -> None:
        for row_id in files:
            with bench.db.write() as session:
                row = session.get_one(Download, row_id)
                ledger.hold(session, [row.grab_id])
                kind = FailureKind.USER_BLOCKED
                bench.blocklist.after_failure(session, row, kind, bench.clock())

    return fail


def test_lines_are_taken_off_while_files_fail(bench: Bench, ids: list[str]) -> None:
    """A file that fails holds its grab and then writes a line; taking off must not cross that."""

    def take_off() -> None:
        lines = bench.blocklist.page(Filter(), before=None, limit=50)
        bench.blocklist.remove([line.id for line in lines])
        _blocked(bench)

    _blocked(bench)
    together(_failing(bench), take_off)
    assert len(ids) == GRABS


def test_lines_end_while_files_fail(bench: Bench, ids: list[str]) -> None:
    """The same by themselves."""

    def expire() -> None:
        bench.clock.advance(timedelta(days=91).total_seconds())
        bench.blocklist.expire()
        _blocked(bench)

    _blocked(bench)
    together(_failing(bench), expire)
    assert len(ids) == GRABS


def test_a_person_blocks_while_the_monitor_writes(bench: Bench, ids: list[str]) -> None:
    """What is under way is stopped and let go again, and again."""
    commands = Commands(bench.queue, bench.order, bench.blocklist, mender=bench.mender)

    def block() -> None:
        line = commands.block(NOISE)
        bench.blocklist.remove_one(line.id)
        with bench.db.write() as session:
            ledger.hold(session, session.scalars(select(Grab.id)))
            session.execute(update(Download).values(status=DownloadState.WAITING))
            session.execute(update(Grab).values(status="queued"))

    together(looking(bench), block)
    assert len(ids) == GRABS


def test_transfers_are_forgotten_while_the_monitor_writes(bench: Bench, ids: list[str]) -> None:
    """Cleanup notes what was released of many grabs at once."""
    with bench.db.write() as session:
        session.execute(
            update(Download).values(status=DownloadState.CANCELLED, claimed_at=bench.clock())
        )
    bench.clock.advance(1_000)

    def forget() -> None:
        bench.cleanup.forget()
        with bench.db.write() as session:
            ledger.hold(session, session.scalars(select(Grab.id)))
            session.execute(update(Download).values(released_at=None))

    together(looking(bench), forget)
    assert len(ids) == GRABS
