"""Soulseek through slskd: the download source.

The modules `slskd*` of this room are the only ones that know slskd's REST API. This one keeps the
settings, the probe of what the service can do, and the calls of the contract; searching and
enqueueing have modules of their own. Nothing here decides what is wanted.
"""

from __future__ import annotations

import logging
import re
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from soulspot_arr.domain import (
    BatchRequest,
    RawFolder,
    Receipt,
    SettingSpec,
    Snapshot,
    SourceStatus,
    TransferRef,
)
from soulspot_arr.errors import SourceError, SourceThrottled, SourceUnavailable
from soulspot_arr.sources import SearchLimits, slskd_files, slskd_folders, slskd_peers
from soulspot_arr.sources.slskd_enqueue import AWKWARD, DOTS, Destinations, Enqueue
from soulspot_arr.sources.slskd_http import (
    ENQUEUE_TIMEOUT,
    LIST_TIMEOUT,
    NAME,
    Address,
    SlskdHttp,
    base_url,
    foreign,
    segment,
)
from soulspot_arr.sources.slskd_records import record, records, slim
from soulspot_arr.sources.slskd_search import SearchDesk, SearchOptions
from soulspot_arr.sources.slskd_states import Finality
from soulspot_arr.sources.slskd_trouble import UNCONFIGURED, outage, standing
from soulspot_arr.sources.slskd_wire import (
    Abilities,
    abilities,
    as_object,
    has_batches,
    is_application,
    is_logged_in,
    version_of,
)

log = logging.getLogger(__name__)

_PROBE_AGAIN = 3600.0
_FORGET_WITHIN = 5.0
_SCHEMES = frozenset({"http", "https"})
_HOST = re.compile(r"[\w.-]+|[0-9A-Fa-f:.]+(%[\w.-]+)?")  # a name (Docker allows "_"), or IPv6
_ENQUEUES_AT_ONCE = 2  # slskd's own limit (contract slskd §1.7)


def _url_complaint(value: object) -> str | None:
    if not str(value).strip():
        return None
    try:
        parts = urlsplit(base_url(str(value)))
        host, port = parts.hostname or "", parts.port
    except ValueError:  # a port that is no number, a bracket that is never closed
        host, port = "", 0
    # "http:/slskd" and "http://http://slskd" are read as a machine that is called http.
    named = _HOST.fullmatch(host) is not None and host not in _SCHEMES
    if named and parts.scheme in _SCHEMES and port != 0 and not parts.netloc.endswith(":"):
        return None
    return "(SOULSPOT_SLSKD_URL) must look like http://slskd:5030: slskd's name or address and port"


def _key_complaint(value: object) -> str | None:
    text = str(value).strip()
    usable = text.isprintable() and " " not in text
    return None if usable else "contains characters that cannot be part of a key"


SETTINGS: tuple[SettingSpec, ...] = (
    SettingSpec("slskd.url", str, "", "Address of slskd, for instance http://slskd:5030.", check=_url_complaint),
    SettingSpec("slskd.api_key", str, "", "A key from slskd's web.authentication.api_keys; give it the role readwrite.", secret=True, check=_key_complaint),
    SettingSpec("slskd.verify_tls", bool, True, "Check slskd's certificate; off for its self-signed one."),
    SettingSpec("slskd.response_limit", int, 1000, "A search ends when this many peers answered.", minimum=1, maximum=10_000),
    SettingSpec("slskd.file_limit", int, 25_000, "A search ends when this many files were found.", minimum=1, maximum=250_000),
    SettingSpec("slskd.idle_timeout", float, 8.0, "A search ends after this many seconds without a further answer.", minimum=0.1, maximum=60),
    SettingSpec("slskd.connect_timeout", float, 5.0, "Seconds to wait for a connection to slskd.", minimum=0.1, maximum=60),
    SettingSpec("slskd.read_timeout", float, 20.0, "Seconds to wait for an ordinary answer of slskd; long ones get more.", minimum=1, maximum=300),
)  # fmt: skip


def settings_of(name: str) -> tuple[SettingSpec, ...]:
    """The same settings for each slskd: `slskd2.url` is the address of the second one."""
    if name == NAME:
        return SETTINGS
    return tuple(
        replace(spec, key=f"{name}.{spec.key.partition('.')[2]}", check=_check_of(name, spec))
        for spec in SETTINGS
    )


def _check_of(name: str, spec: SettingSpec) -> Callable[[Any], str | None] | None:
    told = spec.check
    if told is None:
        return None

    def check(value: Any) -> str | None:
        complaint = told(value)
        return complaint and complaint.replace("SOULSPOT_SLSKD_", f"SOULSPOT_{name.upper()}_")

    return check


@dataclass(frozen=True, slots=True)
class _Values:
    """The settings by their short names."""

    url: str
    api_key: str
    verify_tls: bool
    response_limit: int
    file_limit: int
    idle_timeout: float
    connect_timeout: float
    read_timeout: float

    @classmethod
    def read(cls, values: Mapping[str, object], specs: Sequence[SettingSpec]) -> _Values:
        """Settings that are missing have their default."""
        given = {}
        for spec in specs:
            value = values.get(spec.key)
            name = spec.key.partition(".")[2]
            given[name] = spec.default if value is None else spec.type(value)
        return cls(**given)

    def address(self) -> Address:
        return Address(
            url=self.url,
            api_key=self.api_key,
            verify_tls=self.verify_tls,
            connect_timeout=self.connect_timeout,
            read_timeout=self.read_timeout,
        )

    def search_options(self) -> SearchOptions:
        return SearchOptions(self.response_limit, self.file_limit, self.idle_timeout)


class _Link:
    """One slskd under one revision of the settings, and all that was learned about it."""

    def __init__(self, values: _Values, http: SlskdHttp) -> None:
        self.values = values
        self.http = http
        self.finality = Finality(http.clock)
        self.destinations = Destinations()
        self._able: Abilities | None = None
        self._probed_at = 0.0
        self._outages = 0
        self._logged_in = False
        self._lock = threading.Lock()

    def application(self) -> Mapping[str, object]:
        """slskd's state of itself; notices restarts and reconnects on the way."""
        reply = self.http.get("application")
        state = as_object(reply.body)
        if reply.status != 200 or not is_application(state):
            raise foreign(reply.status)
        logged_in, version = is_logged_in(state), version_of(state)
        with self._lock:
            changed = self._able is not None and self._able.version != version
            if changed or (logged_in and not self._logged_in):
                self._probed_at = -_PROBE_AGAIN  # options may differ now (contract slskd §12)
            self._logged_in = logged_in
        return state

    def able(self, state: Mapping[str, object] | None = None) -> Abilities:
        """What it can do; asked again hourly and after an outage. `state` saves a request."""
        with self._lock:
            known, age = self._able, self.http.clock() - self._probed_at
            if known is not None and age < _PROBE_AGAIN and self._outages == self.http.outages:
                return known
        outages = self.http.outages
        try:
            fresh = self._probe(state if state is not None else self.application())
        except SourceUnavailable:
            if known is None:
                raise
            return known  # better old than none; asked again the next time
        with self._lock:
            self._able, self._probed_at, self._outages = fresh, self.http.clock(), outages
        return fresh

    def _probe(self, state: Mapping[str, object]) -> Abilities:
        version = version_of(state)
        reply = self.http.get("options")
        options = reply.need_object("its options") if reply.status == 200 else {}
        batches = has_batches(version, options)
        if batches is None:
            # A build without a version: only 0.26 explains why this is no batch (contract §5.1).
            answer = self.http.get("transfers/downloads/batches/none")
            batches = answer.status == 400 and bool(answer.message)
        return abilities(version, options, batches=batches)


class SlskdSource:
    """The `DownloadSource` for slskd. All methods may be called from several threads."""

    def __init__(
        self,
        values: Mapping[str, object] | None = None,
        *,
        name: str = NAME,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.name = name
        self.label = f"Soulseek ({name})"
        self.settings = settings_of(name)
        self._clock = clock
        self._sleep = sleep
        self._now = now
        self._desk = SearchDesk()
        self._enqueues = threading.BoundedSemaphore(_ENQUEUES_AT_ONCE)
        self._link = self._new_link(_Values.read(values or {}, self.settings))

    def _new_link(self, values: _Values) -> _Link:
        return _Link(values, SlskdHttp(values.address(), clock=self._clock, sleep=self._sleep))

    def close(self) -> None:
        """Give idle connections back; the source stays usable."""
        self._link.http.close()

    # -- settings and state --------------------------------------------------------------------

    def is_configured(self) -> bool:
        """An address is enough: slskd can be run without keys."""
        return bool(base_url(self._link.values.url))

    def reload_settings(self, values: Mapping[str, object]) -> None:
        """Calls under way finish with the old session; equal values change nothing."""
        fresh = _Values.read(values, self.settings)
        if fresh != self._link.values:
            self._link = self._new_link(fresh)

    def check_connection(self) -> SourceStatus:
        """One request when nothing has changed or was left behind; never raises."""
        if not self.is_configured():
            return UNCONFIGURED
        link = self._link
        try:
            state = link.application()
            status = standing(state, link.able(state))
            self._desk.sweep(link.http)
            return status
        except SourceError as error:
            return outage(error, link.values.address())

    def inspect_raw(self) -> slskd_files.Inspection:
        """What only a person who mends something wants to know; raises SourceError."""
        return slskd_files.inspect(self._link.http)

    # -- searching -----------------------------------------------------------------------------

    def search_raw(self, text: str, *, limits: SearchLimits) -> Sequence[RawFolder]:
        """What peers answered by the limit; a slskd that hangs yields what is there, or nothing."""
        link = self._link
        options = link.values.search_options()
        return self._desk.run(link.http, text, options=options, limits=limits)

    def folder_raw(self, peer: str, path: str, *, seconds: float) -> RawFolder | None:
        """What the peer itself lists in a folder."""
        return slskd_folders.ask_for(self._link.http, peer, path, seconds=seconds)

    def foreign_searches(self, since: datetime, *, seconds: float) -> Sequence[datetime]:
        """Starts of searches that others made through this slskd, by slskd's clock."""
        return self._desk.foreign(self._link.http, since, now=self._now(), seconds=seconds)

    # -- peers ---------------------------------------------------------------------------------

    def online_raw(self, peer: str, *, seconds: float) -> bool | None:
        """Whether a peer is there, as the Soulseek server sees it."""
        return slskd_peers.is_online(self._link.http, peer, seconds=seconds)

    def place_raw(self, ref: TransferRef, *, seconds: float) -> int | None:
        """Our place in the peer's queue, as the peer sees it."""
        if not _is_guid(ref.ref):
            return None
        return slskd_peers.place(self._link.http, ref, seconds=seconds)

    # -- transfers -----------------------------------------------------------------------------

    def download_raw(self, request: BatchRequest) -> Receipt:
        """Ask a peer for files; may be repeated with the same key."""
        if not self._enqueues.acquire(timeout=ENQUEUE_TIMEOUT):
            message = "Two requests to peers are under way already"
            raise SourceThrottled(message, source=NAME, retry_after=5.0)
        try:
            link = self._link
            enqueue = Enqueue(link.http, request, able=link.able(), destinations=link.destinations)
            return enqueue.run()
        finally:
            self._enqueues.release()

    def poll_raw(self) -> Snapshot:
        """All downloads in one request; a few more only for what was never seen before."""
        link = self._link
        able = link.able()
        at = self._now()
        reply = link.http.get("transfers/downloads", timeout=LIST_TIMEOUT, shape=slim)
        if reply.status != 200:
            raise reply.unexpected("the list of downloads")
        found = list(records(reply.need_list("the list of downloads")))
        placements = link.destinations.placements(link.http, found, able=able, now=at)
        return Snapshot(at, tuple(link.finality.transfers(found, able, placements=placements)))

    def cancel_raw(
        self, refs: Sequence[TransferRef], *, forget: bool = False
    ) -> Sequence[TransferRef]:
        """Stop these transfers and no others; waits up to 5 s for their end when forgetting.

        Returns those that had not ended by then.
        """
        http = self._link.http
        pending = [ref for ref in refs if _is_guid(ref.ref)]
        for ref in pending:
            _delete(http, ref, remove=forget)
        if not forget:
            return []
        # Removing a running one only cancels it (contract slskd G02): once more when it has ended.
        give_up = http.clock() + _FORGET_WITHIN
        while pending:
            pending = [ref for ref in pending if not _forgotten(http, ref)]
            if pending and http.clock() >= give_up:
                log.warning("%d cancelled transfers did not end in time", len(pending))
                return pending
            if pending:
                http.sleep(0.25)
        return []


def _is_guid(ref: str) -> bool:
    """Anything else is not an id: `all/completed` would remove everybody's downloads."""
    try:
        uuid.UUID(ref)
    except ValueError:
        return False
    return True


def _transfer_path(ref: TransferRef, awkward: frozenset[str]) -> str:
    # slskd goes by the id alone; a name that the route cannot carry is left out (contract G07).
    peer = "-" if ref.peer in awkward else ref.peer
    return f"transfers/downloads/{segment(peer)}/{segment(ref.ref)}"


def _delete(http: SlskdHttp, ref: TransferRef, *, remove: bool) -> None:
    query = "?remove=true" if remove else ""
    reply = http.send("DELETE", _transfer_path(ref, DOTS) + query)
    if reply.status >= 500:
        message = f"slskd could not cancel a transfer: {reply.message or reply.status}"
        raise SourceUnavailable(message, source=NAME, status=reply.status)
    if reply.status not in {200, 204, 400, 404}:
        raise reply.unexpected("a cancellation")


def _forgotten(http: SlskdHttp, ref: TransferRef) -> bool:
    reply = http.get(_transfer_path(ref, AWKWARD))
    found = record(reply.body, ref.peer) if reply.status == 200 else None
    if found is None:  # unknown, or already marked as removed
        return True
    if not found.over:
        return False
    _delete(http, ref, remove=True)
    return True
