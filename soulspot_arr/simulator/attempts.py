"""One download from first request to final folder, with slskd's retries (contract slskd §5.6-§5.10).

The only room that moves a transfer through its states while it is running.
"""

from __future__ import annotations

import math
import re
import shutil
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from soulspot_arr.simulator.clock import Outcome, Script, Signal, Task, Wait
from soulspot_arr.simulator.files import Files, Landing
from soulspot_arr.simulator.link import ServerLink
from soulspot_arr.simulator.network import Peer, Plan
from soulspot_arr.simulator.process import Directory, Process, SoulseekError
from soulspot_arr.simulator.transfers import (
    IN_PROGRESS,
    INITIALIZING,
    QUEUED_LOCALLY,
    QUEUED_REMOTELY,
    REQUESTED,
    SUCCEEDED,
    Records,
    Transfer,
)
from soulspot_arr.simulator.uploads import Ticket, Uploads

_DISK_FULL = "No space left on device"


class Failed(Outcome):
    """An attempt ended: the flag beside `Completed`, and whether slskd tries again."""

    def __init__(self, flag: str, message: str, *, retried: bool = False) -> None:
        super().__init__(message)
        self.flag = flag
        self.message = message
        self.retried = retried


def cancelled(message: str = "A task was canceled.") -> Failed:
    """What a cancellation looks like inside a running download."""
    return Failed("Cancelled", message)


class Slots:
    """`transfers.download.slots`: enforced before the request is sent (contract slskd §5.8)."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._used = 0
        self._queue: deque[Signal] = deque()

    def take(self) -> Script[None]:
        """Wait for a slot."""
        if self._used < self._process.options.number("transfers.download.slots"):
            self._used += 1
            return
        turn = Signal(self._process.clock)
        self._queue.append(turn)
        try:
            yield Wait(turn)
        except Outcome:
            if turn in self._queue:
                self._queue.remove(turn)
            else:
                self.give()
            raise

    def give(self) -> None:
        """Return a slot; the longest waiting download gets it."""
        if self._queue:
            self._queue.popleft().fire()
        else:
            self._used -= 1


@dataclass(slots=True, eq=False)
class Job:
    """A running download. `registered`: known to the network library, which is what counts for
    the directory event; `settled` fires when the peer queued it or it ended."""

    record: Transfer
    settled: Signal
    registered: bool = False
    task: Task[None] | None = None
    ticket: Ticket | None = None
    plan: Plan = field(default_factory=Plan)


@dataclass(slots=True)
class _Stream:
    """The data phase: the open partial file and what flows into it."""

    file: BinaryIO
    content: bytes
    offset: int
    end: int
    speed: float
    began: float
    struck: bool = False


class Attempts:
    """Runs jobs."""

    def __init__(
        self, process: Process, link: ServerLink, records: Records, directory: Directory
    ) -> None:
        self._process = process
        self._link = link
        self._records = records
        self._directory = directory
        self.files = Files(process)
        self.uploads = Uploads(process)
        self._slots = Slots(process)
        self.on_landed: Callable[[Transfer, Landing], None] = lambda _record, _landing: None
        self.search_values: Callable[[str], dict[str, str]] = lambda _id: {}

    def download(self, job: Job) -> Script[None]:
        """All attempts of one transfer and the move that follows success."""
        record = job.record
        try:
            yield from self._until_final(job)
        except Failed as failure:
            self._finish(record, failure)
        finally:
            job.registered = False
            job.settled.fire()
        if record.state == SUCCEEDED:
            yield from self._land(job)

    def _until_final(self, job: Job) -> Script[None]:
        record = job.record
        limit = int(self._process.options.number("transfers.download.retry.attempts", 1))
        limit = limit if self._process.profile.retries else 1
        record.attempts = 1
        self._records.save(record)
        while True:
            try:
                yield from self._attempt(job)
            except Failed as failure:
                if not failure.retried or record.attempts >= limit:
                    raise
                self._finish(record, failure)
                job.settled.fire()
            else:
                return
            yield self._process.timings.retry_gap
            yield from self._wait_to_retry(record)

    def _wait_to_retry(self, record: Transfer) -> Script[None]:
        """The wait shows the next attempt's number beside the last one's end and text (§5.7)."""
        done = record.attempts
        record.attempts += 1
        self._enter(record, QUEUED_LOCALLY)
        options = self._process.options
        base = options.number("transfers.download.retry.delay", 5000) / 1000
        cap = options.number("transfers.download.retry.maxDelay", 60_000) / 1000
        pause = min(math.floor((2**done - 1) / 2) * base, cap)
        yield pause + self._process.random.random() * base
        record.ended_at = record.started_at = record.exception = None
        record.bytes, record.speed = 0, 0.0
        self._records.save(record)

    def _attempt(self, job: Job) -> Script[None]:
        record = job.record
        job.registered = True
        if not self._link.logged_in:
            raise Failed("Errored", f"{self._link.state})) (The server connection", retried=True)
        yield from self._slots.take()
        try:
            job.plan = self._process.network.plan_for(record.username, record.filename)
            try:
                peer = yield from self._ask(job)
            except SoulseekError as error:
                flag = "TimedOut" if error.kind == "timeout" else "Errored"
                raise Failed(flag, error.message, retried=True) from error
            yield from self._queue(job, peer)
            yield from self._receive(job, peer)
        finally:
            self._slots.give()
            job.registered = False
            if job.ticket is not None:
                self.uploads.leave(job.ticket)
                job.ticket = None

    def _ask(self, job: Job) -> Script[Peer]:
        record, plan = job.record, job.plan
        peer = yield from self._directory.lookup(record.username)
        yield from self._directory.connect(peer)
        self._enter(record, REQUESTED)
        if plan.outcome == "no_answer" or peer.silent:
            wait = self._process.timeout("inactivity")
            yield wait
            raise SoulseekError(
                f"The wait timed out after {int(wait * 1000)} milliseconds", "timeout"
            )
        if plan.outcome != "instant":
            yield self._process.timings.negotiation
        shared = peer.files.get(record.filename)
        if plan.outcome == "reject_at_request" or shared is None or shared.locked:
            reason = plan.text or "File not shared."
            raise Failed("Rejected", f"Transfer rejected: {reason}")
        if self.uploads.is_full(peer):
            raise Failed("Rejected", "Transfer rejected: Too many files")
        return peer

    def _queue(self, job: Job, peer: Peer) -> Script[None]:
        """In the peer's queue: nothing here ever times out (contract slskd §5.6)."""
        record, plan = job.record, job.plan
        record.enqueued_at = record.enqueued_at or self._process.clock.wall()
        self._enter(record, QUEUED_REMOTELY)
        job.settled.fire()
        refusing = plan.outcome in {"deny_queued", "report_failed"}
        served = plan.outcome != "never" and not refusing
        job.ticket = self.uploads.join(peer, served=served)
        if refusing:
            yield plan.after
            if plan.outcome == "deny_queued":
                raise Failed("Rejected", plan.text or "Too many files")
            raise Failed("Errored", "Download reported as failed by remote client", retried=True)
        if plan.outcome != "instant":
            yield self._process.timings.offer
        if not job.ticket.granted.fired:
            yield Wait(job.ticket.granted)
        announced = plan.size if plan.outcome == "size_changed" else None
        if announced is None:
            announced = peer.files[record.filename].size if record.filename in peer.files else 0
        if announced != record.size:
            raise Failed(
                "Aborted",
                f"Transfer aborted: the remote size of {announced}"
                f" does not match expected size {record.size}",
            )

    def _receive(self, job: Job, peer: Peer) -> Script[None]:
        record, plan = job.record, job.plan
        self._enter(record, INITIALIZING)
        if plan.outcome != "instant":
            yield self._process.timings.initializing
        stream = self._open(job, peer)
        with stream.file:
            record.started_at = self._process.clock.wall()
            record.bytes = record.start_offset = stream.offset
            record.speed = 0.0
            self._enter(record, IN_PROGRESS)
            while record.bytes < stream.end:
                if plan.outcome != "instant":
                    yield self._tick(stream, record)
                yield from self._flow(job, peer, stream)
        record.ended_at = self._process.clock.wall()
        record.bytes = stream.end
        seconds = self._process.clock.now - stream.began
        rate = self._process.clock.scale
        record.speed = (stream.end - stream.offset) / max(seconds, 0.001) * rate
        self._enter(record, SUCCEEDED)

    def _tick(self, stream: _Stream, record: Transfer) -> float:
        left = (stream.end - record.bytes) / stream.speed
        return min(self._process.timings.progress, max(left, 0.001))

    def _open(self, job: Job, peer: Peer) -> _Stream:
        record, plan = job.record, job.plan
        try:
            path = self.files.incomplete_path(record.username, record.filename)
            if plan.outcome == "disk_full":
                raise OSError(f"{_DISK_FULL} : '{path}'")
            path.parent.mkdir(parents=True, exist_ok=True)
            offset = path.stat().st_size if path.exists() and self._resumes() else 0
            file = path.open("ab" if offset else "wb")
        except OSError as error:
            name = re.split(r"[\\/]", record.filename)[-1]
            why = error.strerror or str(error)
            raise Failed("Errored", f"Failed to create file {name}: {why}", retried=True) from error
        content = peer.files[record.filename].payload.content()
        if plan.outcome == "corrupt":
            content = bytes(byte ^ 0x5A for byte in content[:65536]) + content[65536:]
        if plan.outcome == "overrun":
            content += content[: max(1, len(content) // 20)]
        speed = plan.speed or (peer.speed / 10 if plan.outcome == "slow" else peer.speed)
        now = self._process.clock.now
        return _Stream(file, content, offset, max(len(content), offset), speed, now)

    def _resumes(self) -> bool:
        partial = self._process.options.text("transfers.download.retry.partial").lower()
        return self._process.profile.retries and partial == "resume"

    def _flow(self, job: Job, peer: Peer, stream: _Stream) -> Script[None]:
        """One progress tick: bytes to disk, and whatever the script has in store."""
        record, plan = job.record, job.plan
        seconds = self._process.clock.now - stream.began
        reach = stream.end
        if plan.outcome != "instant":
            reach = min(stream.end, stream.offset + int(seconds * stream.speed + 0.5))
        strikes = plan.outcome in {"stall", "offline_mid", "drop_mid"}
        if strikes:
            reach = min(reach, max(int(record.size * plan.at), stream.offset))
        stream.file.write(stream.content[record.bytes : reach])
        stream.file.flush()
        if seconds >= 1.0:
            current = stream.speed * self._process.clock.scale
            record.speed = current if not record.speed else record.speed * 0.8 + current * 0.2
        record.bytes = reach
        self._records.save(record)
        if plan.outcome == "jitter":
            yield from self._jitter(record)
        if strikes and reach >= int(record.size * plan.at):
            yield from self._strike(plan, peer)
        if not (peer.online and peer.reachable):
            raise self._broken(peer)

    def _jitter(self, record: Transfer) -> Script[None]:
        """Progress events are asynchronous: a stale one may be written after a newer one."""
        true = record.bytes
        record.bytes = max(0, true - self._process.random.randrange(1, 65_536))
        self._records.save(record)
        yield self._process.timings.progress / 5
        record.bytes = true

    def _strike(self, plan: Plan, peer: Peer) -> Script[None]:
        if plan.outcome == "stall":
            wait = self._process.timeout("transfer")
            yield wait
            text = f"Inactivity timeout of {int(wait * 1000)} milliseconds was reached"
            raise Failed("TimedOut", text, retried=True)
        if plan.outcome == "offline_mid":
            peer.online = False
        raise self._broken(peer)

    def _broken(self, peer: Peer) -> Failed:
        text = f"Failed to read 16384 bytes from {peer.endpoint}: Remote connection closed"
        return Failed("Errored", text, retried=True)

    def _land(self, job: Job) -> Script[None]:
        """Success precedes the move, and the move may fail without changing it (§5.10)."""
        record, plan = job.record, job.plan
        yield self._process.timings.move
        try:
            source = self.files.incomplete_path(record.username, record.filename)
            if plan.outcome == "move_fails":
                target = self.files.shown_directory(self._subdirectory(record))
                raise PermissionError(f"Access to the path '{target}' is denied.")
            landing = self.files.target(record.filename, self._subdirectory(record))
            if plan.outcome == "slow_move":
                yield from self._copy_slowly(source, landing, plan.seconds)
            else:
                self.files.move(source, landing)
        except OSError as error:
            record.exception = str(error)
            self._records.save(record)
            return
        self.on_landed(record, landing)

    def _copy_slowly(self, source: Path, landing: Landing, seconds: float) -> Script[None]:
        """Across devices a move is a copy: the target grows in view."""
        size = source.stat().st_size
        steps = max(2, int(seconds / 0.25))
        with source.open("rb") as reading, landing.real.open("wb") as writing:
            for _ in range(steps):
                shutil.copyfileobj(_Limited(reading, size // steps + 1), writing)
                writing.flush()
                yield seconds / steps
        source.unlink()
        self.files.settle(source, landing)

    def _subdirectory(self, record: Transfer) -> list[str]:
        batch = self._records.batch(record.batch_id)
        values = {
            "SOURCE_USERNAME": re.sub(r"[\x00\\/]", "_", record.username),
            "BATCH_ID": batch.id if batch else "unknown_batch_id",
            # Only `destination` of a batch's options is ever stored (contract slskd §5.3).
            "BATCH_EXTERNAL_ID": "unknown_batch_external_id",
            "SEARCH_ID": "unknown_search_id",
            "SEARCH_TEXT": "unknown_search_text",
        }
        if batch and batch.search_id:
            values |= self.search_values(batch.search_id)
        destination = batch.destination if batch else None
        return self.files.subdirectory(record.filename, destination=destination, values=values)

    def _enter(self, record: Transfer, state: str) -> None:
        record.state = state
        record.place = None
        if state in {REQUESTED, QUEUED_REMOTELY, INITIALIZING, IN_PROGRESS}:
            record.ended_at = record.exception = None
        self._records.save(record)

    def _finish(self, record: Transfer, failure: Failed) -> None:
        """Final texts are written once: an earlier end and text stay (contract slskd §5.7)."""
        record.ended_at = record.ended_at or self._process.clock.wall()
        record.started_at = record.started_at or record.ended_at
        record.exception = record.exception or failure.message
        self._enter(record, f"Completed, {failure.flag}")


class _Limited:
    """A reader that ends after so many bytes."""

    def __init__(self, file: BinaryIO, left: int) -> None:
        self._file = file
        self._left = left

    def read(self, size: int = -1) -> bytes:
        size = self._left if size < 0 else min(size, self._left)
        self._left -= size
        return self._file.read(size)
