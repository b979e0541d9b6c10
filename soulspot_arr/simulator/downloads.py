"""Enqueue, cancel, remove, resume and prune downloads (contract slskd §5.2-§5.4, §5.8-§5.12).

Decides which records exist and which jobs run; how one job runs is `attempts`' business.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from functools import partial

from soulspot_arr.simulator.attempts import Attempts, Job, cancelled
from soulspot_arr.simulator.clock import Script, Signal, Wait
from soulspot_arr.simulator.events import Events
from soulspot_arr.simulator.files import Landing
from soulspot_arr.simulator.link import ServerLink
from soulspot_arr.simulator.process import Directory, Process, SoulseekError
from soulspot_arr.simulator.transfers import QUEUED_REMOTELY, Batch, Records, Transfer
from soulspot_arr.simulator.wire import Json

ACTIVE = "Skipped: Already in progress"
_SHUT_DOWN = "Application shut down"
_AT_ONCE = 30
_POOL = 5


@dataclass(slots=True)
class Enqueued:
    """What one request came to: new records, and (filename, text) of the refused."""

    accepted: list[Transfer] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)


class Downloads:
    """slskd's download service."""

    def __init__(self, process: Process, link: ServerLink, events: Events) -> None:
        self._process = process
        self._link = link
        self._events = events
        self.directory = Directory(process, lambda: link.logged_in)
        self.records = Records(process)
        self.attempts = Attempts(process, link, self.records, self.directory)
        self.attempts.on_landed = self._landed
        self._jobs: dict[str, Job] = {}
        self._resumable = self._shut_down_leftovers()
        link.on_login.append(self._resume)

    # -- asking ----------------------------------------------------------------------------------

    def reach(self, username: str) -> Script[None]:
        """Address look-up and blacklist check, which come before anything is written."""
        self.directory.require_server("get user endpoint", self._link.state)
        yield from self.directory.lookup(username)
        if self.directory.blacklisted(username):
            raise SoulseekError(f"User {username} appears to be offline", "offline")

    def enqueue(
        self, username: str, files: list[tuple[str, int]], batch: Batch | None = None
    ) -> Script[Enqueued]:
        """Connect, then record and start every file not already active."""
        self.directory.require_server("get user endpoint", self._link.state)
        peer = yield from self.directory.lookup(username)
        yield from self.directory.connect(peer)
        result = self._record(username, files, batch)
        self._process.later(0.0, partial(self._start, result.jobs, len(files) <= _AT_ONCE))
        return result

    def _record(self, username: str, files: list[tuple[str, int]], batch: Batch | None) -> Enqueued:
        known = self.records.of_user(username)
        active = {t.filename for t in known if not t.complete or t.ended_at is None}
        active |= {job.record.filename for job in self._jobs.values() if self._holds(job, username)}
        result = Enqueued()
        for filename, size in files:
            if filename in active:
                result.refused.append((filename, ACTIVE))
                continue
            for old in known:
                if old.filename == filename and not old.removed:
                    old.removed = True
                    self.records.save(old)
            record = Transfer(
                id=self._process.new_id(),
                username=username,
                filename=filename,
                size=size,
                requested_at=self._process.clock.wall(),
                batch_id=batch.id if batch else None,
            )
            self.records.add(record)
            job = Job(record, Signal(self._process.clock))
            self._jobs[record.id] = job
            result.accepted.append(record)
            result.jobs.append(job)
        return result

    def _holds(self, job: Job, username: str) -> bool:
        return job.record.username == username and job.registered

    def _start(self, jobs: list[Job], at_once: bool) -> None:
        """All at once up to 30 files; beyond, five at a time ask their peer (contract §5.2)."""
        if at_once:
            for job in jobs:
                self._process.run(self._supervise(job))
            return
        waiting = deque(jobs)
        for _ in range(_POOL):
            self._process.run(self._work_off(waiting))

    def _work_off(self, waiting: deque[Job]) -> Script[None]:
        while waiting:
            yield from self._supervise(waiting.popleft())

    def _supervise(self, job: Job) -> Script[None]:
        """Start a job and hold its place until the peer queued it, it ended, or 180 s passed."""
        if job.record.complete:
            return
        job.task = self._process.run(self._life(job))
        if job.settled.fired:
            return
        if (yield Wait(job.settled, self._process.timings.enqueue_limit)):
            return
        if self._process.profile.enqueue_limit_cancels:
            job.task.cancel(cancelled())
        elif self._process.profile.async_enqueue:
            # The record is failed while the transfer secretly goes on (contract slskd §5.7).
            job.record.state = "Completed, TimedOut"
            job.record.ended_at = self._process.clock.wall()
            job.record.exception = (
                "Download failed to enqueue remotely after hard time limit of 180 secs"
            )
            self.records.save(job.record)

    def _life(self, job: Job) -> Script[None]:
        try:
            yield from self.attempts.download(job)
        finally:
            self._jobs.pop(job.record.id, None)

    def wait_settled(self, jobs: list[Job]) -> Script[list[str]]:
        """Before 0.24: block until each file was queued or failed; the failures' texts."""
        failures = []
        for job in jobs:
            if not job.settled.fired:
                yield Wait(job.settled)
            if job.record.complete and job.record.exception:
                failures.append(job.record.exception)
        return failures

    # -- ending ----------------------------------------------------------------------------------

    def cancel(self, id_: str) -> None:
        """Signal cancellation; finished transfers are left alone."""
        record = self.records.get(id_)
        job = self._jobs.get(id_)
        if record is None or (record.complete and job is None):
            return
        if job is not None and job.task is not None:
            if record.state != "Completed, Succeeded":
                job.task.cancel(cancelled(), after=self._process.timings.cancel)
            return
        self._process.later(self._process.timings.cancel, partial(self._cancel_idle, record))

    def _cancel_idle(self, record: Transfer) -> None:
        """A record nothing works on: waiting for its turn, or stuck."""
        if record.complete:
            return
        self._jobs.pop(record.id, None)
        record.ended_at = record.ended_at or self._process.clock.wall()
        record.exception = record.exception or "The operation was canceled."
        record.state = "Completed, Cancelled"
        self.records.save(record)

    def remove(self, id_: str) -> None:
        """Hide a finished record; on a running one it changes nothing (contract slskd §5.11)."""
        record = self.records.get(id_)
        if record is not None and record.complete:
            record.removed = True
            self.records.save(record)

    def remove_all_completed(self) -> None:
        """`DELETE downloads/all/completed`: everyone's."""
        for record in self.records:
            if record.complete and not record.removed and record.direction == "Download":
                self.remove(record.id)

    def prune(self) -> None:
        """Transfer retention in minutes; Rejected counts only under `failed`."""
        errored = {"Errored", "Aborted", "TimedOut"}
        groups = {
            "succeeded": {"Succeeded"},
            "cancelled": {"Cancelled"},
            "errored": errored,
            "failed": errored | {"Cancelled", "Rejected"},
        }
        for name, flags in groups.items():
            minutes = self._process.options.number(f"retention.transfers.download.{name}")
            if minutes:
                self._prune_states({f"Completed, {flag}" for flag in flags}, minutes * 60)

    def _prune_states(self, states: set[str], seconds: float) -> None:
        for record in self.records:
            if record.state not in states or record.ended_at is None or record.removed:
                continue
            if self._process.clock.age(record.ended_at) > seconds:
                self.remove(record.id)

    # -- asking the peer -------------------------------------------------------------------------

    def place_in_queue(self, record: Transfer) -> Script[int]:
        """Ask the peer; raises SoulseekError when it cannot or will not say."""
        job = self._jobs.get(record.id)
        if job is None or not job.registered:
            raise SoulseekError(
                f"A download of {record.filename} from user {record.username} is not active"
            )
        yield from self.directory.ask(record.username)
        place = self.attempts.uploads.place(job.ticket) if job.ticket else 0
        if record.state == QUEUED_REMOTELY:
            record.place = place
            self.records.save(record)
        return place

    # -- restart ---------------------------------------------------------------------------------

    def _shut_down_leftovers(self) -> list[Transfer]:
        """At start every unfinished transfer becomes Errored (contract slskd §5.9)."""
        left = [t for t in self.records if not t.complete and t.direction == "Download"]
        for record in left:
            record.state = "Completed, Errored"
            record.ended_at = self._process.clock.wall()
            record.exception = _SHUT_DOWN
            self.records.save(record)
        return left

    def _resume(self) -> None:
        """After the first login only: per user, as new records without a batch."""
        wanted = [record for record in self._resumable if not record.removed]
        self._resumable = []
        users = dict.fromkeys(record.username for record in wanted)
        groups = {
            user: [(t.filename, t.size) for t in wanted if t.username == user] for user in users
        }
        self._process.run(self._resume_groups(groups))

    def _resume_groups(self, groups: dict[str, list[tuple[str, int]]]) -> Script[None]:
        for username, files in groups.items():
            try:
                yield from self.enqueue(username, files)
            except SoulseekError:
                continue  # the group stays Errored and is never tried again

    # -- landing ---------------------------------------------------------------------------------

    def announce(self, record: Transfer, folder: list[str]) -> None:
        """Events as if a record had landed in `folder` below the downloads directory."""
        files = self.attempts.files
        self._landed(record, files.target(record.filename, folder, make=False))

    def _landed(self, record: Transfer, landing: Landing) -> None:
        """The file event, and the directory event when nothing else of it is registered."""
        body: dict[str, Json] = {
            "localFilename": landing.shown,
            "remoteFilename": record.filename,
            "transfer": dict(self.records.json(record)),
        }
        self._events.raise_event("DownloadFileComplete", body, record.ended_at)
        for job in self._jobs.values():
            same = job.record.directory == record.directory
            if same and self._holds(job, record.username):
                return
        directory: dict[str, Json] = {
            "localDirectoryName": landing.shown_directory,
            "remoteDirectoryName": record.directory,
            "username": record.username,
        }
        self._events.raise_event("DownloadDirectoryComplete", directory, record.ended_at)

    def stop_gracefully(self) -> None:
        """A graceful stop finalises what is active, so it will not be resumed (§5.9)."""
        for job in tuple(self._jobs.values()):
            record = job.record
            if record.state in {"InProgress", "Initializing"}:
                record.state = "Completed, Cancelled"
                record.ended_at = self._process.clock.wall()
                record.exception = "The operation was canceled."
                self.records.save(record)
