"""One search at slskd: start it, watch it, stop it in time, read the answers, remove it.

Answers exist only after the search has ended, and are written after the end is announced (contract
slskd §3.4), so part of the time is kept in reserve for stopping and reading.
"""

from __future__ import annotations

import logging
import math
import threading
import uuid
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from soulspot_arr.domain import FailureKind, RawFolder
from soulspot_arr.errors import (
    SourceError,
    SourceOffline,
    SourceRefused,
    SourceThrottled,
    SourceUnavailable,
)
from soulspot_arr.sources import SearchLimits
from soulspot_arr.sources.slskd_http import LIST_TIMEOUT, NAME, Reply, SlskdHttp, Unanswered
from soulspot_arr.sources.slskd_wire import as_int, as_object, as_text, as_time, raw_folders

log = logging.getLogger(__name__)

_AT_ONCE = 2  # slskd runs two searches and queues the rest (contract slskd §3.4)
_LOOK_EVERY = 0.3
_LONGEST_RESERVE = 6.0
_LONGEST_CLEAN_UP = 1.0
_OWN_IDS = "51050a44-"  # every search of ours, of any process of ours, has an id that begins so
_ABANDONED = timedelta(minutes=10)
_READ_WITHIN = timedelta(minutes=1)  # another process may be about to read what has just ended
_SWEPT_AT_ONCE = 50
_LATEST_START = 180.0  # a request that got no answer may be carried out as late as that
_GONE = 204  # slskd's only word for it (contract slskd §3.5); a 200 is that of somebody else
_UNKNOWN = 404


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """How slskd is asked; `idle_timeout` in seconds of silence."""

    response_limit: int
    file_limit: int
    idle_timeout: float


@dataclass(frozen=True, slots=True)
class _Leftover:
    """A search to be removed; from `settled_at` on, slskd not knowing it means that it is gone."""

    id: str
    base: str
    settled_at: float


class SearchDesk:
    """Where all searches of this process pass: one is started at a time, two run."""

    def __init__(self) -> None:
        self.starting = threading.Lock()
        self._running = threading.BoundedSemaphore(_AT_ONCE)
        self._leftovers: deque[_Leftover] = deque(maxlen=_SWEPT_AT_ONCE)
        self._looked_at: SlskdHttp | None = None

    def run(
        self, http: SlskdHttp, text: str, *, options: SearchOptions, limits: SearchLimits
    ) -> list[RawFolder]:
        """Search and return by the limit; raises `SourceError` when nothing could be asked."""
        begun = http.clock()
        if not self._running.acquire(timeout=max(limits.seconds * 0.5, 0.0)):
            message = "Two searches are running already"
            raise SourceThrottled(message, source=NAME, retry_after=limits.seconds / 2)
        search = _Search(self, http, limits=limits, begun=begun)
        try:
            self.sweep(http, search.stop_at)
            return search.run(text, options)
        finally:
            self._running.release()

    def foreign(
        self, http: SlskdHttp, since: datetime, *, now: datetime, seconds: float
    ) -> list[datetime]:
        """When searches were started that are not ours, from `since` on."""
        try:
            reply = http.get("searches", until=http.clock() + seconds)
        except SourceUnavailable as error:
            if error.data.get("why") != "slow":
                raise
            # Nothing is pruned by default: the list may be long (contract slskd §3.7).
            message = "slskd takes too long to list its searches"
            raise SourceThrottled(message, source=NAME, retry_after=seconds) from error
        listed = _ok(reply, "the list of searches").need_list("the list of searches")
        self._adopt_leftovers(http, listed, now)
        starts = []
        for item in listed:
            search = as_object(item)
            started = as_time(search.get("startedAt"))
            if started is not None and started >= since and not _is_ours(search):
                starts.append(started)
        return sorted(starts)

    def _adopt_leftovers(self, http: SlskdHttp, listed: list[object], now: datetime) -> None:
        """Once for each slskd: what a killed process of ours left is removed by the next search."""
        if self._looked_at is http:
            return
        self._looked_at = http
        found = (as_object(item) for item in listed)
        left = [as_text(item.get("id")) for item in found if _is_abandoned(item, now)]
        for search_id in left[:_SWEPT_AT_ONCE]:
            self.leave_behind(http, search_id)

    def leave_behind(self, http: SlskdHttp, search_id: str, *, later: float = 0.0) -> None:
        """Remember a search to be removed by `sweep`; it may come into being `later` (seconds)."""
        self._leftovers.append(_Leftover(search_id, http.base, http.clock() + later))

    def sweep(self, http: SlskdHttp, until: float = math.inf) -> None:
        """Remove what earlier searches left, for a second at most."""
        until = min(until, http.clock() + _LONGEST_CLEAN_UP)
        for _ in range(len(self._leftovers)):
            try:
                left = self._leftovers.popleft()
            except IndexError:  # another thread was faster
                return
            elsewhere = left.base != http.base
            status = None if elsewhere else _remove(http, left.id, until=until, running=True)
            if status is None or (status == _UNKNOWN and http.clock() < left.settled_at):
                self._leftovers.append(left)
            if status is None and not elsewhere:
                return


def _is_ours(search: Mapping[str, object]) -> bool:
    return as_text(search.get("id")).lower().startswith(_OWN_IDS)


def _is_abandoned(search: Mapping[str, object], now: datetime) -> bool:
    """Ours, and so old that no other process of ours can still be reading it."""
    started, ended = as_time(search.get("startedAt")), as_time(search.get("endedAt"))
    old = started is not None and now - started > _ABANDONED
    return _is_ours(search) and (old or (ended is not None and now - ended > _READ_WITHIN))


class _Search:
    """One search under our own id."""

    def __init__(
        self, desk: SearchDesk, http: SlskdHttp, *, limits: SearchLimits, begun: float
    ) -> None:
        self.id = _OWN_IDS + str(uuid.uuid4())[len(_OWN_IDS) :]
        self._desk = desk
        self._http = http
        self._limits = limits
        self._deadline = begun + limits.seconds
        self.stop_at = self._deadline - min(_LONGEST_RESERVE, limits.seconds * 0.25)
        self._read_by = self._deadline - min(_LONGEST_CLEAN_UP, limits.seconds * 0.05)
        self._path = f"searches/{self.id}"
        self._seen: Mapping[str, object] = {}
        self._exists = False  # slskd may hold a record of it
        self._confirmed = False
        self._unsure = False  # slskd may still be about to make one

    def run(self, text: str, options: SearchOptions) -> list[RawFolder]:
        """From POST to DELETE; removes the record whatever happens."""
        try:
            self._start(text, options)
            self._watch()
            if not self._ended:
                self._stop()
            return self._collect()
        finally:
            self._clean_up()

    @property
    def _ended(self) -> bool:
        """`isComplete` is too early: the answers follow with `endedAt` (contract slskd §3.4)."""
        return bool(self._seen.get("endedAt"))

    @property
    def _peers(self) -> int | None:
        return as_int(self._seen.get("responseCount"))

    def _start(self, text: str, options: SearchOptions) -> None:
        body = {
            "id": self.id,
            "searchText": text,
            # Milliseconds, whatever slskd's documentation says (contract slskd §3.1).
            "searchTimeout": max(5, int(min(options.idle_timeout, self._limits.seconds) * 1000)),
            "responseLimit": options.response_limit,
            "fileLimit": options.file_limit,
            "filterResponses": False,
        }
        wait = max(0.0, self.stop_at - self._http.clock())
        if not self._desk.starting.acquire(timeout=wait):
            message = "Another search is being started"
            raise SourceThrottled(message, source=NAME, retry_after=1.0)
        try:
            reply = self._http.send("POST", "searches", body, until=self.stop_at)
        except Unanswered:
            self._exists = self._unsure = True  # the id is ours, so it can be looked for
            return
        finally:
            self._desk.starting.release()
        self._exists = True
        self._check_started(reply)
        self._confirmed = True

    def _check_started(self, reply: Reply) -> None:
        if reply.status in {200, 201}:
            return
        if reply.status == 400:
            message = f"slskd cannot search for this: {reply.message or 'no reason given'}"
            raise SourceRefused(message, source=NAME, kind=FailureKind.REJECTED)
        if reply.status == 409:
            message = "slskd is not logged in to Soulseek"
            raise SourceOffline(message, source=NAME, status=409)
        _ok(reply, "a new search")

    def _watch(self) -> None:
        """Until it has ended, enough peers answered, or the time for listening is over."""
        most, changed = -1, self._http.clock()
        while not self._ended and (now := self._http.clock()) < self.stop_at:
            self._http.sleep(min(_LOOK_EVERY, self.stop_at - now))
            if not self._look(self.stop_at):
                continue
            peers = self._peers or 0
            if peers > most:
                most, changed = peers, self._http.clock()
            dry = self._http.clock() - changed >= self._limits.dry_after
            if peers >= self._limits.enough_peers and dry:
                return

    def _look(self, until: float) -> bool:
        """Read the record; False when slskd did not say (it may the next time)."""
        try:
            reply = self._http.get(self._path, until=until)
        except SourceUnavailable as error:
            log.debug("a look at search %s failed: %s", self.id, error)
            return False
        if reply.status == 404 and not self._confirmed:
            return False  # the request whose answer was lost may still be on its way
        if reply.status == 404:
            self._exists = False
            raise SourceUnavailable("Somebody removed the search from slskd", source=NAME)
        self._seen = _ok(reply, "a search").need_object("a search")
        self._confirmed, self._unsure = True, False
        return True

    def _stop(self) -> None:
        """Ask it to end and wait until its answers are stored."""
        try:
            self._http.send("PUT", self._path, until=self._read_by)
        except SourceUnavailable as error:
            log.debug("search %s could not be stopped: %s", self.id, error)
        while not self._ended and self._http.clock() < self._read_by:
            if not self._look(self._read_by) or not self._ended:
                self._http.sleep(0.1)

    def _collect(self) -> list[RawFolder]:
        if not self._confirmed:
            raise SourceUnavailable("slskd did not say whether it searches", source=NAME)
        if self._ended and self._peers == 0:
            # Silence says something about a text only when the network was there (slskd §3.3).
            if "Errored" in as_text(self._seen.get("state")):
                raise SourceOffline("slskd lost Soulseek during the search", source=NAME)
            return []
        while True:
            answers = self._answers()
            if answers or self._http.clock() + _LOOK_EVERY >= self._read_by:
                break
            self._http.sleep(_LOOK_EVERY)
        if not answers:
            message = "slskd did not hand out the answers to a search in time"
            raise SourceThrottled(message, source=NAME, retry_after=self._limits.seconds)
        return raw_folders(answers)

    def _answers(self) -> list[object]:
        try:
            reply = self._http.get(
                f"{self._path}/responses", timeout=LIST_TIMEOUT, until=self._read_by
            )
        except SourceUnavailable as error:
            log.debug("answers of search %s could not be read: %s", self.id, error)
            return []
        return _ok(reply, "search answers").need_list("search answers")

    def _clean_up(self) -> None:
        """Searches grow for ever unless they are removed (contract slskd §3.5, §3.7)."""
        if not self._exists:
            return
        now = self._http.clock()
        until = max(self._deadline, now + 0.25)
        status = _remove(self._http, self.id, until=until, running=not self._ended)
        if status is None or (status == _UNKNOWN and self._unsure):
            later = _LATEST_START if self._unsure else 0.0
            self._desk.leave_behind(self._http, self.id, later=later)


def _remove(http: SlskdHttp, search_id: str, *, until: float, running: bool) -> int | None:
    """How slskd answered: removed or unknown, None for not removed.

    Removing a running one would leave its slot occupied, so it is stopped first, and kept while
    slskd refuses to stop it: without its record nobody could try again.
    """
    path = f"searches/{search_id}"
    try:
        stopped = http.send("PUT", path, until=until).status if running else _GONE
        if stopped >= 400 and stopped != _UNKNOWN:
            log.debug("search %s could not be stopped (%d)", search_id, stopped)
            return None
        status = http.send("DELETE", path, until=until).status
    except SourceError as error:
        log.debug("search %s could not be removed: %s", search_id, error)
        return None
    return status if status in {_GONE, _UNKNOWN} else None


def _ok(reply: Reply, what: str) -> Reply:
    if reply.status >= 500:
        message = f"slskd failed at {what}: {reply.message or reply.status}"
        raise SourceUnavailable(message, source=NAME, status=reply.status)
    if reply.status not in {200, 201}:
        raise reply.unexpected(what)
    return reply
