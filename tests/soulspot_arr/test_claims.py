"""Claims of several workers at once: each file is one worker's, and nobody waits for anybody."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from soulspot_arr import ledger
from soulspot_arr.domain import DownloadState
from soulspot_arr.models import Download
from soulspot_arr.planning import Planner
from tests.conftest import Open
from tests.fakes.clock import FakeClock
from tests.fakes.threads import together
from tests.soulspot_arr.workshop import Bench, offer


def planner(bench: Bench) -> Planner:
    """One of several workers over the same tables."""
    return Planner(
        bench.db,
        bench.settings,
        "slskd",
        mender=bench.mender,
        clock=bench.clock,
        wake=bench.wakes.append,
    )


def add_albums(bench: Bench, count: int) -> None:
    """Albums of three files, each at a peer of its own."""
    for number in range(count):
        names = [f"{number}-{track}.flac" for track in range(3)]
        bench.add(offer(f"peer{number}", *names), release_key=f"{number:064x}")


def test_four_workers_share_the_queue_and_no_file_is_taken_twice(both: Bench) -> None:
    """Every file of thirty albums is claimed by exactly one of them."""
    add_albums(both, 30)
    taken: list[list[int]] = [[], [], [], []]

    def work(mine: list[int]) -> None:
        worker = planner(both)
        for _ in range(60):
            batch = worker.claim_next()
            mine += [file.id for file in batch.files] if batch else []

    together(*[lambda mine=mine: work(mine) for mine in taken])
    claimed = [number for mine in taken for number in mine]
    assert len(claimed) == len(set(claimed)) == 90
    with both.db.read() as session:
        assert set(session.scalars(select(Download.status))) == {DownloadState.PENDING}


def test_the_same_plan_of_two_workers_is_claimed_by_one(both: Bench) -> None:
    """Both have read the same rows; the slower one gets nothing, and no error."""
    add_albums(both, 1)
    first, second = planner(both), planner(both)
    (plan,), (same,) = first.batches(), second.batches()
    assert first.claim(plan) == plan
    assert second.claim(same) is None


def test_of_a_plan_that_is_partly_taken_the_rest_is_claimed(both: Bench) -> None:
    """The key follows from what was really claimed."""
    add_albums(both, 1)
    worker = planner(both)
    (plan,) = worker.batches()
    with both.db.write() as session:
        row = session.get_one(Download, plan.files[0].id)
        ledger.move_download(session, row, DownloadState.CANCELLED, None, at=both.clock(), speed=0)
    mine = worker.claim(plan)
    assert mine is not None
    assert [file.id for file in mine.files] == [file.id for file in plan.files[1:]]
    assert mine.key != plan.key
    with both.db.read() as session:
        assert session.get_one(Download, plan.files[1].id).batch_key == mine.key


@pytest.mark.parametrize("words", ["paused", "cancelled"])
def test_what_was_stopped_after_the_plan_is_not_claimed(both: Bench, words: str) -> None:
    """A person was faster than the worker."""
    nzo_id = both.add(offer("anna", "1.flac"))
    worker = planner(both)
    (plan,) = worker.batches()
    if words == "paused":
        both.order.change([nzo_id], paused=True)
    else:
        both.queue.cancel([nzo_id])
    assert worker.claim(plan) is None


@pytest.mark.xdist_group("postgresql")
def test_what_another_worker_has_locked_is_skipped_not_waited_for(
    migrated_postgres_url: str, open_database: Open, clock: FakeClock, tmp_path: Path
) -> None:
    """The second album is claimed while somebody is at work on the first; SQLite has one writer."""
    bench = Bench(open_database(migrated_postgres_url), clock, tmp_path / "downloads")
    add_albums(bench, 2)
    other = open_database(migrated_postgres_url)
    with other.write() as session:
        ledger.hold(session, [1])
        batch = planner(bench).claim_next()
        assert batch is not None
        assert batch.peer == "peer1"
        assert planner(bench).claim_next() is None
    first = planner(bench).claim_next()
    assert first is not None
    assert first.peer == "peer0"
