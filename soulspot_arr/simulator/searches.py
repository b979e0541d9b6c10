"""Searches: two at a time, idle timers in milliseconds, results only at the very end (§3).

The only room that writes search records. Answers no HTTP.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import cast

from soulspot_arr.simulator.clock import Outcome, Script, Signal, Task, Wait
from soulspot_arr.simulator.link import ServerLink
from soulspot_arr.simulator.matching import Query
from soulspot_arr.simulator.network import Peer, SharedFile, Trickle
from soulspot_arr.simulator.process import Process
from soulspot_arr.simulator.store import Document
from soulspot_arr.simulator.wire import Json, date

_KIND = "search"
_RESPONSES = "responses"


@dataclass(frozen=True, slots=True)
class Limits:
    """The request's options; `timeout` in milliseconds of silence."""

    timeout: int = 15_000
    responses: int = 250
    files: int = 25_000
    filtering: bool = True
    minimum_files: int = 1
    minimum_speed: int = 0
    maximum_queue: int = 2_147_483_647


class Cancelled(Outcome):
    """Somebody asked the search to stop."""


class Dropped(Outcome):
    """The server connection went away."""


@dataclass(slots=True)
class Search:
    """One search as stored; dates are datetimes, counts are those last written."""

    id: str
    text: str
    token: int
    started_at: datetime
    state: str = "Requested"
    ended_at: datetime | None = None
    counts: tuple[int, int, int] = (0, 0, 0)

    @property
    def complete(self) -> bool:
        return "Completed" in self.state

    def to_json(self, responses: list[Json] | None = None) -> Document:
        """The Search object of the API."""
        return {
            "id": self.id,
            "searchText": self.text,
            "token": self.token,
            "state": self.state,
            "isComplete": self.complete,
            "startedAt": date(self.started_at),
            "endedAt": date(self.ended_at),
            "responseCount": self.counts[0],
            "fileCount": self.counts[1],
            "lockedFileCount": self.counts[2],
            "responses": responses or [],
        }


@dataclass(slots=True)
class _Run:
    """The library's side of a running search."""

    search: Search
    query: Query
    limits: Limits
    heard: Signal
    full: Signal
    responses: list[Json] = field(default_factory=list)
    counts: tuple[int, int, int] = (0, 0, 0)
    written: float = -1.0
    verdict: str = "TimedOut"
    open: bool = True


class Searches:
    """Start, stop, list and forget searches."""

    def __init__(self, process: Process, link: ServerLink) -> None:
        self._process = process
        self._link = link
        self._records: dict[str, Search] = {}
        self._stored: dict[str, list[Json]] = {}
        self._tasks: dict[str, Task[None]] = {}
        self._running = 0
        self._queue: deque[Signal] = deque()
        self._sent: deque[float] = deque()
        self.on_ban: list[Callable[[], None]] = []
        link.on_loss.append(self._server_lost)
        self._load()

    def get(self, id_: str) -> Search | None:
        return self._records.get(id_)

    def all(self) -> Iterable[Search]:
        return self._records.values()

    def responses(self, id_: str) -> list[Json]:
        """What was stored at the end; empty while running."""
        return self._stored.get(id_, [])

    def create(self, id_: str, text: str) -> Search:
        """Insert the record, which happens before the library is asked anything."""
        token = self._process.random.randrange(1, 2**31)
        search = Search(id_, text, token, self._process.clock.wall())
        self._records[id_] = search
        self._save(search)
        return search

    def fail_to_start(self, search: Search) -> None:
        """The leftover record of a refused search (contract slskd §3.1)."""
        search.state = "Completed, Errored"
        search.ended_at = search.started_at
        self._save(search)

    def keep(self, search: Search) -> None:
        """Write a record that somebody else brought about."""
        self._save(search)

    def start(self, search: Search, query: Query, limits: Limits) -> None:
        """Hand the search to the library."""
        clock = self._process.clock
        run = _Run(search, query.sent(), limits, Signal(clock), Signal(clock))
        self._tasks[search.id] = self._process.run(self._drive(run))

    def stop(self, id_: str) -> None:
        """Cancel a running search; nothing happens to a finished one."""
        task = self._tasks.get(id_)
        if task is not None and not task.done:
            task.cancel(Cancelled(), after=self._process.timings.cancel)

    def forget(self, id_: str) -> None:
        """Delete the record only: a running search keeps its slot (contract slskd §3.5)."""
        self._records.pop(id_, None)
        self._stored.pop(id_, None)
        self._process.store.drop(_KIND, id_)
        self._process.store.drop(_RESPONSES, id_)

    def prune(self) -> None:
        """Hard-delete records older than `retention.search` minutes."""
        minutes = self._process.options.number("retention.search")
        if not minutes:
            return
        for search in tuple(self._records.values()):
            if search.ended_at and self._process.clock.age(search.ended_at) > minutes * 60:
                self.forget(search.id)

    def _drive(self, run: _Run) -> Script[None]:
        try:
            yield from self._slot(run)
            yield from self._listen(run)
        except Cancelled:
            run.verdict = "Cancelled"
        except Dropped:
            run.verdict = "Errored"
        run.open = False
        run.search.state = f"Completed, {run.verdict}"
        run.search.counts = run.counts
        self._save(run.search)
        self._tasks.pop(run.search.id, None)
        # `endedAt` and the results follow in a later write (contract slskd §3.4).
        yield self._process.timings.results_gap
        run.search.ended_at = self._process.clock.wall()
        if run.search.id in self._records:
            self._stored[run.search.id] = run.responses
            body: Document = {"id": run.search.id, "responses": run.responses}
            self._process.store.put(_RESPONSES, run.search.id, body)
            self._save(run.search)

    def _slot(self, run: _Run) -> Script[None]:
        if self._running < self._process.profile.concurrent_searches:
            self._running += 1
            return
        run.search.state = "Queued"
        self._save(run.search)
        turn = Signal(self._process.clock)
        self._queue.append(turn)
        try:
            yield Wait(turn)
        except Outcome:
            if turn in self._queue:
                self._queue.remove(turn)
            else:
                self._release()
            raise

    def _release(self) -> None:
        if self._queue:
            self._queue.popleft().fire()
        else:
            self._running -= 1

    def _listen(self, run: _Run) -> Script[None]:
        try:
            if not self._link.logged_in:
                raise Dropped
            run.search.state = "InProgress"
            self._save(run.search)
            if self._within_budget():
                self._schedule_replies(run)
            idle = run.limits.timeout / 1000
            while (yield Wait(run.heard, idle)):
                run.heard.reset()
                if run.full.fired:
                    # Replies already on the wire may still be counted (contract C12).
                    yield 0.01
                    return
        finally:
            self._release()

    def _within_budget(self) -> bool:
        network, now = self._process.network, self._process.clock.now
        if network.search_budget is None:
            return True
        allowed, window = network.search_budget
        self._sent.append(now)
        while self._sent and now - self._sent[0] > window:
            self._sent.popleft()
        excess = len(self._sent) - allowed
        if excess >= 3:
            for listener in self.on_ban:
                listener()
        return excess <= 0

    def _schedule_replies(self, run: _Run) -> None:
        network = self._process.network
        for peer, files in network.replies(run.query):
            parts = max(1, min(peer.response_parts, len(files)))
            for part in range(parts):
                share = files[part::parts]
                delay = peer.response_delay * (part + 1)
                self._process.later(delay, partial(self._hear_peer, run, peer, share))
        if network.blocked(run.query):
            return
        for trickle in network.trickles:
            if trickle.match.lower() in run.query.text.lower():
                self._schedule_trickle(run, trickle)

    def _schedule_trickle(self, run: _Run, trickle: Trickle) -> None:
        for number in range(1, trickle.count + 1):
            name = f"trickle{number:04d}"
            title = run.query.text.replace("-", " ")
            files: list[Json] = [
                {
                    "filename": f"Music\\{title}\\{track:02d} {title}.mp3",
                    "size": 4_000_000 + number * 100 + track,
                    "code": 1,
                    "extension": "mp3",
                    "isLocked": False,
                }
                for track in range(1, trickle.files + 1)
            ]
            body = _response(name, run.search.token, (True, 1_000_000, 0), (files, []))
            self._process.later(trickle.interval * number, partial(self._hear, run, body))

    def _hear_peer(self, run: _Run, peer: Peer, files: list[SharedFile]) -> None:
        if not peer.online:
            return
        free = [_file(f) for f in files if not f.locked]
        locked = [_file(f) for f in files if f.locked]
        if peer.leaves_after is not None:
            self._process.later(peer.leaves_after, partial(setattr, peer, "online", False))
        facts = (peer.free_slots > 0, peer.shown_speed, peer.queue_length)
        self._hear(run, _response(peer.name, run.search.token, facts, (free, locked)))

    def _hear(self, run: _Run, body: dict[str, Json]) -> None:
        if not run.open or not _accepted(body, run.limits):
            return
        run.responses.append(body)
        known, files, locked = run.counts
        files += cast(int, body["fileCount"])
        run.counts = (known + 1, files, locked + cast(int, body["lockedFileCount"]))
        now = self._process.clock.now
        if now - run.written >= self._process.timings.count_write:
            run.written = now
            run.search.counts = run.counts
            self._save(run.search)
        if not run.full.fired:
            if run.counts[0] >= run.limits.responses:
                run.verdict = "ResponseLimitReached"
                run.full.fire()
            elif run.counts[1] >= run.limits.files:
                run.verdict = "FileLimitReached"
                run.full.fire()
        run.heard.fire()

    def _server_lost(self, _: str) -> None:
        for task in tuple(self._tasks.values()):
            task.cancel(Dropped())

    def _save(self, search: Search) -> None:
        if self._records.get(search.id) is search:
            self._process.store.put(_KIND, search.id, search.to_json())

    def _load(self) -> None:
        for body in self._process.store.load(_RESPONSES):
            self._stored[str(body["id"])] = cast("list[Json]", body["responses"])
        for body in self._process.store.load(_KIND):
            search = _restored(body)
            self._records[search.id] = search
            if search.ended_at is None:
                # Whatever ran is rewritten as timed out without results (contract slskd §3.3).
                search.state = "Completed, TimedOut"
                search.ended_at = self._process.clock.wall()
                search.counts = (0, 0, 0)
                self._save(search)


def _accepted(body: dict[str, Json], limits: Limits) -> bool:
    if not limits.filtering:
        return True
    files = cast(int, body["fileCount"]) + cast(int, body["lockedFileCount"])
    return (
        files >= limits.minimum_files
        and cast(int, body["uploadSpeed"]) >= limits.minimum_speed
        and cast(int, body["queueLength"]) < limits.maximum_queue
    )


def _file(file: SharedFile) -> Json:
    # `isLocked` is never filled in; the array a file sits in says it (contract slskd §3.6).
    return {
        "filename": file.path,
        "size": file.size,
        "code": 1,
        "extension": file.extension,
        **file.shown,
        "isLocked": False,
    }


def _response(
    username: str,
    token: int,
    facts: tuple[bool, int, int],
    files: tuple[list[Json], list[Json]],
) -> dict[str, Json]:
    return {
        "username": username,
        "token": token,
        "hasFreeUploadSlot": facts[0],
        "uploadSpeed": facts[1],
        "queueLength": facts[2],
        "fileCount": len(files[0]),
        "files": files[0],
        "lockedFileCount": len(files[1]),
        "lockedFiles": files[1],
    }


def _restored(body: Document) -> Search:
    ended = body.get("endedAt")
    counts = tuple(
        cast(int, body[name]) for name in ("responseCount", "fileCount", "lockedFileCount")
    )
    return Search(
        id=str(body["id"]),
        text=str(body["searchText"]),
        token=cast(int, body["token"]),
        started_at=datetime.fromisoformat(str(body["startedAt"])),
        state=str(body["state"]),
        ended_at=datetime.fromisoformat(str(ended)) if ended else None,
        counts=cast("tuple[int, int, int]", counts),
    )
