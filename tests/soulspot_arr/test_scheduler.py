"""Jobs: who runs them, when, and what happens when one breaks."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import text

from soulspot_arr.config import Config
from soulspot_arr.lease import SCHEDULER, LeaseKeeper
from soulspot_arr.models import JobRun, Lease
from soulspot_arr.scheduler import HEARTBEAT, JOBS, Scheduler
from soulspot_arr.services import Services, build
from soulspot_arr.specs import CORE_SPECS
from tests.fakes.clock import FakeClock
from tests.fakes.fake_source import FakeSource
from tests.fakes.threads import until


class Work:
    """Stands in for every workshop: counts, may fail, may take as long as a test wants."""

    def __init__(self) -> None:
        self.calls = 0
        self.at_once = 0
        self.most_at_once = 0
        self.error: Exception | None = None
        self.inside = threading.Event()
        self.go = threading.Event()
        self.go.set()

    def run(self) -> None:
        """One run, under whatever name the job calls it."""
        self.calls += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.inside.set()
        self.go.wait(30)
        self.at_once -= 1
        if self.error is not None:
            raise self.error

    tick = check = purge = run


class Nurse(Work):
    """Stands in for health, which also greets Lidarr."""

    greetings = 0

    def greet_lidarr(self) -> None:
        """Count."""
        self.greetings += 1


class House:
    """Services whose workshops are stand-ins, and the schedulers over them."""

    def __init__(self, services: Services) -> None:
        self.dispatch, self.poll, self.complete = Work(), Work(), Work()
        self.clean, self.health = Work(), Nurse()
        self.services = replace(
            services,
            dispatcher=cast(Any, self.dispatch),
            monitor=cast(Any, self.poll),
            completion=cast(Any, self.complete),
            cleanup=cast(Any, self.clean),
            health=cast(Any, self.health),
        )
        self.works = [self.dispatch, self.poll, self.complete, self.clean, self.health]
        self.started: list[Scheduler] = []

    def start(self, holder: str = "a:1:x") -> Scheduler:
        """Start a scheduler under this name."""
        scheduler = Scheduler(self.services, holder=holder)
        self.started.append(scheduler)
        scheduler.start()
        return scheduler

    def settled(self, *works: Work) -> None:
        """Wait until each has run at least once and nothing runs any more."""
        until(lambda: all(work.calls and not work.at_once for work in works or self.works))

    def noted(self, name: str) -> JobRun | None:
        """What is written down about a job."""
        with self.services.db.read() as session:
            return session.get(JobRun, name)


# Only the heartbeat comes by itself: every other run in these tests was asked for.
RARELY = {f"SOULSPOT_JOBS_{name}": "3600" for name in ("DISPATCH", "POLL", "COMPLETE", "HEALTH")}


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path, clock: FakeClock) -> Iterator[House]:
    """A house whose clock stands still, with quick heartbeats."""
    config = Config(
        data_dir=tmp_path,
        database_url=sqlite_url,
        secret_key="0" * 64,
        pins=RARELY,
    )
    services = build(config, source=FakeSource(), clock=clock)
    services.settings.patch({"jobs.heartbeat": 0.1})
    house = House(services)
    yield house
    for work in house.works:
        work.go.set()
    for scheduler in house.started:
        scheduler.stop()
    services.close()


# -- the table -------------------------------------------------------------------------------------


def test_every_job_has_an_interval_that_is_a_setting() -> None:
    """Names are unique and short enough for their column; each says what it does."""
    keys = {spec.key for spec in CORE_SPECS}
    assert all(job.interval in keys and job.words for job in JOBS)
    assert HEARTBEAT[1] in keys
    names = [job.name for job in JOBS]
    assert len(set(names)) == len(names)
    assert all(len(name) <= 32 for name in names)


# -- leading ---------------------------------------------------------------------------------------


def test_the_leader_runs_every_job_at_once(house: House) -> None:
    """Work that waited through a restart does not wait for the first interval."""
    scheduler = house.start()
    house.settled()
    until(lambda: house.clean.calls == 2)  # cleanup and housekeeping
    assert scheduler.leading
    until(lambda: house.health.greetings == 1)


def test_who_does_not_lead_does_nothing(house: House, clock: FakeClock) -> None:
    """Neither by itself nor when woken; and takes over when the leader falls silent."""
    LeaseKeeper(house.services.db, clock=clock, holder="other:1:x").take(30)
    scheduler = house.start()
    scheduler.wake("dispatch")
    time.sleep(0.5)
    assert not scheduler.leading
    assert [work.calls for work in house.works] == [0] * 5
    assert house.health.greetings == 0
    clock.advance(31)
    house.settled()
    assert scheduler.leading


def test_who_waits_leads_the_moment_the_lease_of_a_dead_leader_ends(
    house: House, clock: FakeClock
) -> None:
    """Not up to a whole heartbeat later: another worker has to be there within half a minute."""
    LeaseKeeper(house.services.db, clock=clock, holder="other:1:x").take(30)
    clock.advance(29.5)
    house.services.settings.patch({"jobs.lease_ttl": 28.0, "jobs.heartbeat": 28.0})
    scheduler = house.start()
    time.sleep(0.2)
    assert not scheduler.leading
    clock.advance(0.6)
    until(lambda: scheduler.leading, 5)


def test_of_two_one_leads_and_stopping_hands_over_at_once(house: House) -> None:
    """The clock stands still: only the lease that was handed back can make the second lead."""
    first = house.start("a:1:x")
    until(lambda: first.leading)
    second = house.start("b:1:x")
    time.sleep(0.4)
    assert (first.leading, second.leading) == (True, False)
    assert first.stop() is True
    until(lambda: second.leading)
    assert not first.leading


def test_who_loses_the_lease_stops_working(house: House) -> None:
    """Another process took over while this one slept."""
    scheduler = house.start()
    house.settled()
    with house.services.db.write() as session:
        session.get_one(Lease, SCHEDULER).holder = "other:1:x"
    until(lambda: not scheduler.leading)
    before = house.dispatch.calls
    scheduler.wake("dispatch")
    time.sleep(0.3)
    assert house.dispatch.calls == before


def test_without_a_database_nobody_leads_and_all_goes_on_afterwards(house: House) -> None:
    """An outage of the database ends by itself."""
    scheduler = house.start()
    house.settled()
    with house.services.db.write() as session:
        session.execute(text("ALTER TABLE leases RENAME TO away"))
    until(lambda: not scheduler.leading)
    with house.services.db.write() as session:
        session.execute(text("ALTER TABLE away RENAME TO leases"))
    until(lambda: scheduler.leading)


# -- waking ----------------------------------------------------------------------------------------


def test_a_wake_runs_the_job_at_once(house: House) -> None:
    """Through the waker, as a workshop does it."""
    house.start()
    house.settled()
    before = house.dispatch.calls
    house.services.waker("dispatch")
    until(lambda: house.dispatch.calls == before + 1)


def test_a_wake_during_a_run_runs_the_job_again(house: House) -> None:
    """What was added behind the run's back is not left until the next interval."""
    house.dispatch.go.clear()
    scheduler = house.start()
    until(house.dispatch.inside.is_set)
    scheduler.wake("dispatch")
    time.sleep(0.2)
    assert house.dispatch.calls == 1
    house.dispatch.go.set()
    until(lambda: house.dispatch.calls == 2)
    time.sleep(0.3)
    assert house.dispatch.calls == 2


def test_no_wake_is_lost_and_no_job_runs_beside_itself(house: House) -> None:
    """A hundred wakes from many threads: after the last one there is a run, always one at a time."""
    scheduler = house.start()
    house.settled()
    for _ in range(100):
        before = house.dispatch.calls
        scheduler.wake("dispatch")
        until(lambda before=before: house.dispatch.calls > before)  # type: ignore[misc]
    threads = [threading.Thread(target=scheduler.wake, args=("dispatch",)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    house.settled()
    assert house.dispatch.most_at_once == 1


def test_a_wake_for_nobody_is_nothing(house: House) -> None:
    """Before the start, after the stop, and for a job that does not exist."""
    house.services.waker("dispatch")
    scheduler = house.start()
    scheduler.wake("no such job")
    house.settled()
    scheduler.stop()
    before = house.dispatch.calls
    house.services.waker("dispatch")
    scheduler.wake("dispatch")
    assert house.dispatch.calls == before


def test_another_process_asks_for_a_run(house: House, clock: FakeClock) -> None:
    """The page may be served elsewhere: it writes `requested_at`, the leader's heartbeat sees it."""
    house.start()
    house.settled()
    until(lambda: house.noted("health"))
    before = house.health.calls
    with house.services.db.write() as session:
        session.get_one(JobRun, "health").requested_at = clock()
    until(lambda: house.health.calls == before + 1)
    row = house.noted("health")
    assert row is not None
    assert row.requested_at is None


def test_a_changed_interval_is_taken_over(house: House) -> None:
    """Without a restart."""
    house.services.settings.patch({"jobs.housekeeping": 86400.0})
    house.start()
    house.settled()
    before = house.clean.calls
    house.services.settings.patch({"jobs.housekeeping": 1.0})
    until(lambda: house.clean.calls >= before + 2)


# -- breaking --------------------------------------------------------------------------------------


def test_a_broken_job_is_noted_told_once_and_tried_again(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """The others go on; when it works again the note is taken back, and that is told too."""
    caplog.set_level(logging.INFO)
    house.poll.error = ZeroDivisionError("by zero")
    scheduler = house.start()
    house.settled()
    for count in (2, 3):
        scheduler.wake("poll")
        until(lambda count=count: house.poll.calls >= count)  # type: ignore[misc]
    until(lambda: _error(house, "poll") == "ZeroDivisionError: by zero")
    assert caplog.messages.count("poll failed and will be tried again") == 1
    assert _error(house, "dispatch") is None
    house.poll.error = None
    scheduler.wake("poll")
    until(lambda: _error(house, "poll") is None)
    assert "poll works again" in caplog.messages


def _error(house: House, name: str) -> str | None:
    row = house.noted(name)
    return row.last_error if row is not None else None


def test_runs_are_written_down_with_their_moments(house: House, clock: FakeClock) -> None:
    """The first run at once; quiet ones after it are only counted."""
    house.start()
    until(lambda: all(house.noted(job.name) for job in JOBS))
    row = house.noted("dispatch")
    assert row is not None
    assert (row.last_started_at, row.last_finished_at) == (clock(), clock())
    assert row.runs >= 1
    assert row.last_error is None


# -- stopping --------------------------------------------------------------------------------------


def test_stopping_waits_for_what_is_running(house: House) -> None:
    """A job that ends soon ends in peace, and no new one begins."""
    house.poll.go.clear()
    scheduler = house.start()
    until(house.poll.inside.is_set)
    scheduler.wake("poll")
    threading.Timer(0.3, house.poll.go.set).start()
    assert scheduler.stop() is True
    assert (house.poll.calls, house.poll.at_once) == (1, 0)


def test_stopping_does_not_wait_for_ever(house: House) -> None:
    """slskd may hold a request for a minute; the lease is handed back all the same."""
    house.poll.go.clear()
    scheduler = house.start()
    until(house.poll.inside.is_set)
    began = time.monotonic()
    assert scheduler.stop(patience=0.3) is False
    assert time.monotonic() - began < 20  # the job never ends
    with house.services.db.read() as session:
        assert session.get(Lease, SCHEDULER) is None


@pytest.mark.parametrize("started", [False, True])
def test_stopping_is_possible_at_any_time(house: House, started: bool) -> None:
    """Before the start, and twice."""
    scheduler = house.start() if started else Scheduler(house.services)
    stop: Callable[[], bool] = scheduler.stop
    assert stop() is True
