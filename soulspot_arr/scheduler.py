"""Background jobs: a table, a wrapper around each run, and APScheduler to call them.

A job is: am I the leader, call one method of a workshop, note how it ended, never raise out. The
intervals are the safety net; `wake` is the latency: what adds work asks for the job at once.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from soulspot_arr import instances, jobs
from soulspot_arr.errors import DatabaseTrouble
from soulspot_arr.lease import LeaseKeeper
from soulspot_arr.log import about
from soulspot_arr.models import JobRun
from soulspot_arr.services import Services

log = logging.getLogger(__name__)

# A run that changed nothing is written down at most this often, and what goes on failing is told
# again as often (seconds).
_NOTED_EVERY = 60.0
_SOON = 0.05  # seconds; a lease is over only after its last moment
_NO_DATABASE = (SQLAlchemyError, DatabaseTrouble)


@dataclass(frozen=True, slots=True)
class Job:
    """One scheduled function; `interval` names the setting that holds its seconds."""

    name: str
    interval: str
    work: Callable[[Services], object]
    words: str


def _keep_house(services: Services) -> None:
    # First and at once in a process that has just begun to run the jobs: these files wait for it.
    instances.take_over(services.db, services.instances, clock=services.clock)
    services.cleanup.purge()
    services.catalogue.prune()
    services.search.prune()
    services.blocklist.expire()


def _dispatch(services: Services) -> None:
    services.side_by_side("dispatch", services.dispatcher.run, lambda each: each.dispatcher.run())


def _poll(services: Services) -> None:
    services.side_by_side("poll", services.monitor.tick, lambda each: each.monitor.tick())


def _look_after_peers(services: Services) -> None:
    services.side_by_side("presence", services.presence.run, lambda each: each.presence.run())


def _clean(services: Services) -> None:
    services.side_by_side("cleanup", services.cleanup.run, lambda each: each.cleanup.forget())


def _bind(services: Services) -> None:
    services.binding.run()
    services.albums.run()


JOBS: tuple[Job, ...] = (
    Job("dispatch", "jobs.dispatch", _dispatch, "asks peers for waiting files"),
    Job("poll", "jobs.poll", _poll, "looks at the transfers"),
    Job("prove", "jobs.prove", lambda s: s.prover.run(), "listens to files as they arrive"),
    Job("complete", "jobs.complete", lambda s: s.completion.run(), "finishes arrived grabs"),
    Job("follow", "jobs.follow", lambda s: s.follower.run(), "follows imports in Lidarr"),
    Job("rescue", "jobs.rescue", lambda s: s.rescuer.run(), "searches once more for lost grabs"),
    Job("presence", "jobs.presence", _look_after_peers, "looks after peers we wait for"),
    Job("dig", "jobs.dig", lambda s: s.search.digger.run(), "searches on for what was not found"),
    Job("cleanup", "jobs.health", _clean, "removes what is over"),
    Job("health", "jobs.health", lambda s: s.health.check(), "checks the surroundings"),
    Job("bind", "jobs.health", _bind, "asks which albums grabs are, and for their tracks"),
    Job("housekeeping", "jobs.housekeeping", _keep_house, "purges old rows"),
)


HEARTBEAT = (jobs.HEARTBEAT, "jobs.heartbeat")


@dataclass(slots=True)
class _Run:
    """What is remembered of one job between its runs."""

    wanted: threading.Event = field(default_factory=threading.Event)
    busy: threading.Lock = field(default_factory=threading.Lock)
    noted_at: float = float("-inf")
    told_at: float = float("-inf")
    error: str | None = None
    runs: int = 0
    failures: int = 0  # in a row
    asked: bool = False  # by a person: this run is written down


class Scheduler:
    """Owns the threads of the jobs; started and stopped by the command line only."""

    def __init__(self, services: Services, *, holder: str | None = None) -> None:
        self._services = services
        self._lease = LeaseKeeper(services.db, clock=services.clock, holder=holder)
        self._leader = False
        self._stopped = False
        self._told_waiting = False
        self._beating = threading.Lock()
        self._runs = {job.name: _Run() for job in JOBS}
        self._intervals: dict[str, float] = {}
        self._aps = BackgroundScheduler(
            # Every job may hang in a request at once; the heartbeat must still come through.
            executors={"default": ThreadPoolExecutor(len(JOBS) + 3)},
            # One run at a time is what `busy` sees to. APScheduler gets room for more, or it would
            # drop a wake that comes while it still counts the run that is just ending.
            job_defaults={"coalesce": True, "max_instances": 3, "misfire_grace_time": None},
            timezone=UTC,
        )
        logging.getLogger("apscheduler").setLevel(logging.ERROR)

    @property
    def leading(self) -> bool:
        """Whether this process runs the jobs at the moment."""
        return self._leader

    def start(self, *, after: float = 0.0) -> None:
        """Start the threads; after so many seconds take the lease if it is free, and work."""
        self._services.waker.connect(self.wake)
        name, key = HEARTBEAT
        self._intervals[name] = self._seconds(key)
        self._aps.add_job(
            self._heartbeat,
            "interval",
            seconds=self._intervals[name],
            id=name,
            max_instances=1,
            next_run_time=datetime.now(UTC) + timedelta(seconds=after),
        )
        for job in JOBS:
            self._intervals[job.name] = self._seconds(job.interval)
            self._aps.add_job(
                self._guarded,
                "interval",
                seconds=self._intervals[job.name],
                id=job.name,
                args=[job],
            )
        self._aps.start()

    def stop(self, *, patience: float = 4.0) -> bool:
        """Give running jobs so many seconds to end and hand the lease back; whether all ended.

        A job may hang in a request to slskd for a minute, a container is killed after ten seconds.
        Whatever is cut off is taken up again from the rows at the next start.
        """
        self._services.waker.connect(None)
        self._stopped = True
        if self._aps.running:
            self._aps.shutdown(wait=False)
        deadline = time.monotonic() + patience
        locks = [self._beating, *(run.busy for run in self._runs.values())]
        ended = [_is_free(lock, deadline) for lock in locks]
        if self._leader:
            self._leader = False
            try:
                self._lease.hand_back()
            except _NO_DATABASE as error:
                log.warning("the lease was not handed back and has to expire: %s", error)
        return all(ended)

    def wake(self, name: str) -> None:
        """Run a job, or the heartbeat, as soon as a thread is free; also while it is running."""
        run = self._runs.get(name)
        if run is not None:
            run.wanted.set()
        elif name != HEARTBEAT[0]:
            return
        try:
            self._aps.modify_job(name, next_run_time=datetime.now(UTC))
        except JobLookupError:
            log.debug("%s is not scheduled yet", name)

    def _seconds(self, key: str) -> float:
        return float(self._services.settings.get(key))

    # -- runs --------------------------------------------------------------------------------------

    def _guarded(self, job: Job) -> None:
        run = self._runs[job.name]
        again = True
        while again and not self._stopped and run.busy.acquire(blocking=False):
            try:
                run.wanted.clear()
                if self._leader:
                    self._run(job, run)
            finally:
                run.busy.release()
            # After the release: whoever was turned away at the lock has set it before.
            again = run.wanted.is_set()

    def _run(self, job: Job, run: _Run) -> None:
        started, began = self._services.clock(), time.monotonic()
        asked, run.asked = run.asked, False
        error: str | None = None
        with about(job.name):
            try:
                job.work(self._services)
            # One of the project's five broad handlers: a broken run must not stop the next one.
            except Exception as caught:
                error = f"{type(caught).__name__}: {caught}"
                if error != run.error:
                    run.told_at = time.monotonic()
                    log.exception("%s failed and will be tried again", job.name)
            else:
                if run.error is not None:
                    log.info("%s works again", job.name)
        run.runs += 1
        run.failures = run.failures + 1 if error else 0
        changed = error != run.error
        run.error = error
        if error and time.monotonic() - run.told_at > _NOTED_EVERY:
            run.told_at = time.monotonic()
            log.warning("%s still fails, %d times in a row: %s", job.name, run.failures, error)
        if changed or asked or time.monotonic() - run.noted_at > _NOTED_EVERY:
            self._note(job, run, started, seconds=time.monotonic() - began)

    def _note(self, job: Job, run: _Run, started: datetime, *, seconds: float) -> None:
        run.noted_at = time.monotonic()
        ended = self._services.clock()
        try:
            with self._services.db.write() as session:
                row = session.get(JobRun, job.name) or JobRun(name=job.name, runs=0)
                row.last_started_at = started
                row.last_finished_at = ended
                row.last_milliseconds = round(seconds * 1000)
                row.last_error = run.error
                row.failures = run.failures
                row.next_run_at = ended + timedelta(seconds=self._seconds(job.interval))
                row.runs += run.runs
                session.add(row)
            run.runs = 0
        except _NO_DATABASE:  # bookkeeping must not stop a job; the health check tells it
            log.debug("the run of %s could not be noted", job.name, exc_info=True)

    # -- heartbeat ---------------------------------------------------------------------------------

    def _heartbeat(self) -> None:
        """Renew the lease, take over settings, honour what was asked for by another process."""
        with self._beating:
            if not self._stopped:
                self._beat()

    def _beat(self) -> None:
        try:
            leads = self._lease.take(self._seconds("jobs.lease_ttl"))
        except _NO_DATABASE as error:  # without a database there is no leader
            log.warning("the lease could not be renewed: %s", error)
            leads = False
        gained = leads and not self._leader
        if not leads and not self._told_waiting:
            log.info("another process runs the jobs; this one answers and waits")
        self._told_waiting = not leads
        self._leader = leads
        if not leads:
            self._await_expiry()
            return
        self._services.reload_source()
        self._reschedule()
        if gained:
            log.info("this process runs the jobs")
            for job in JOBS:
                self.wake(job.name)
            self._services.health.greet_lidarr()
        self._run_requested()

    def _await_expiry(self) -> None:
        """Look in the moment the other's lease ends, not up to a whole heartbeat later."""
        left = self._lease.others_left
        name = HEARTBEAT[0]
        if left is None or left >= self._intervals[name] or self._stopped:
            return
        soon = datetime.now(UTC) + timedelta(seconds=max(left, 0.0) + _SOON)
        self._aps.modify_job(name, next_run_time=soon)

    def _reschedule(self) -> None:
        for name, key in [(job.name, job.interval) for job in JOBS] + [HEARTBEAT]:
            seconds = self._seconds(key)
            if seconds != self._intervals[name]:
                self._intervals[name] = seconds
                self._aps.reschedule_job(name, trigger="interval", seconds=seconds)

    def _run_requested(self) -> None:
        with self._services.db.read() as session:
            asked = session.scalars(select(JobRun.name).where(JobRun.requested_at.is_not(None)))
            names = list(asked)
        if not names:
            return
        with self._services.db.write() as session:
            for row in session.scalars(select(JobRun).where(JobRun.name.in_(names))):
                row.requested_at = None
        for name in names:
            if name in self._runs:
                self._runs[name].asked = True
                self.wake(name)


def _is_free(lock: threading.Lock, deadline: float) -> bool:
    if not lock.acquire(timeout=max(0.0, deadline - time.monotonic())):
        return False
    lock.release()
    return True
