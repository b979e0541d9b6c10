"""What ten thousand open downloads cost: claims, looks, memory, and requests to slskd."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import requests
from sqlalchemy import update

from soulspot_arr.config import Config
from soulspot_arr.db import Database
from soulspot_arr.domain import DownloadState, Offer, OfferFile, Snapshot
from soulspot_arr.mending import Mender
from soulspot_arr.models import Download, Grab
from soulspot_arr.planning import Planner
from soulspot_arr.rules import offers
from soulspot_arr.services import build
from soulspot_arr.simulator import SimOptions, Simulator
from soulspot_arr.sources.slskd_records import records, slim
from soulspot_arr.sources.slskd_states import Finality
from soulspot_arr.sources.slskd_wire import Abilities
from tests.bench import promises
from tests.bench.filled import fill
from tests.bench.measures import SLSKD_KEY, USUAL, Figure, memory_of, snapshot
from tests.fakes.fake_source import FakeSource
from tests.fakes.postgres import postgres
from tests.fakes.service_process import ServiceProcess

_FILES = 10_000
_SIZES = (10, 100, 1_000, _FILES)
_CALM = 70.0  # seconds until those who wait in queues are asked for their places
_WINDOW = 60.0  # seconds for which requests are counted
# As fast as slskd takes them: the bench is not about getting there.
_AT_ONCE = {
    "SOULSPOT_QUEUE_MAX_ACTIVE": "100000",
    "SOULSPOT_QUEUE_MAX_PER_PEER": "1000",
    "SOULSPOT_QUEUE_DISPATCHES": "100",
    "SOULSPOT_QUEUE_DISPATCH_DELAY": "0",
}


def claims(root: Path) -> list[Figure]:
    """Claims of 10,000 waiting files on PostgreSQL: as the dispatcher makes them, and the bare write.

    The dispatcher plans anew before each claim, which reads all that is under way (decision 0024).
    """
    words = "files claimed on PostgreSQL"
    return [
        _claimed(root / "bare", f"{words}: `claim` alone", _bare),
        _claimed(root / "planned", f"{words}: `claim_next`, as in use", _in_use),
    ]


def _bare(planner: Planner) -> tuple[int, float]:
    """Files, and seconds of the claims alone: what they are planned from is read page by page."""
    claimed, seconds = 0, 0.0
    while batches := planner.batches():
        began = time.perf_counter()
        mine = [planner.claim(batch) for batch in batches]
        seconds += time.perf_counter() - began
        claimed += sum(len(batch.files) for batch in mine if batch is not None)
    return claimed, seconds


def _in_use(planner: Planner) -> tuple[int, float]:
    """Files, and seconds with the plan that the dispatcher makes before each claim."""
    claimed, began = 0, time.perf_counter()
    while (batch := planner.claim_next()) is not None:
        claimed += len(batch.files)
    return claimed, time.perf_counter() - began


def _claimed(root: Path, name: str, way: Callable[[Planner], tuple[int, float]]) -> Figure:
    with postgres() as url:
        fill(url, archived=0, waiting=_FILES // 10, files=10)
        database = Database(url)
        _let_wait(database)
        with database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as session:
            session.exec_driver_sql("ANALYZE")  # as autovacuum does within a minute
        database.close()
        options = {"data_dir": str(root), "database_url": url}
        services = build(Config.load(_AT_ONCE, options), source=FakeSource())
        planner = Planner(
            services.db,
            services.settings,
            "slskd",
            mender=Mender(services.settings, services.blocklist),
            clock=services.clock,
            wake=services.waker,
        )
        claimed, seconds = way(planner)
        services.close()
    assert claimed == _FILES, claimed
    detail = f"{_FILES:,} files of {_FILES // 10:,} grabs in {seconds:.1f} s"
    return Figure(name, claimed / seconds, promises.CLAIMS, "/s", detail, at_least=True)


def _let_wait(database: Database) -> None:
    some = Offer("slskd", "peer", (OfferFile("a", "a", 1),))  # only counted, for a sentence
    with database.write() as session:
        session.execute(update(Grab).values(offers=offers.to_json([some])))
        session.execute(
            update(Download).values(
                status=DownloadState.WAITING,
                transfer_ref=None,
                claimed_at=None,
                first_seen_at=None,
                last_progress_at=None,
                bytes_done=0,
                speed=0,
            )
        )


class Listing(FakeSource):
    """A source that reads a look from slskd's answer, as the adapter does; the answer is given."""

    def __init__(self) -> None:
        super().__init__()
        self.answer = b"[]"
        self._finality = Finality()

    def poll_raw(self) -> Snapshot:
        """What the answer says."""
        found = list(records(json.loads(self.answer, object_hook=slim)))
        folders: dict[str, str | None] = {item.id: "" for item in found}
        looked = self._finality.transfers(found, Abilities(), placements=folders)
        return Snapshot(datetime.now(UTC), tuple(looked))


def _answer(look: Snapshot) -> bytes:
    """slskd's list of these transfers, with every field that it has while they run."""
    by_peer: dict[str, list[dict[str, object]]] = {}
    for item in look.transfers:
        record: dict[str, object] = {
            "batchId": None,
            "id": item.ref,
            "username": item.peer,
            "direction": "Download",
            "filename": item.path,
            "size": item.size,
            "state": "InProgress",
            "requestedAt": "2026-01-01T12:00:00.1234567",
            "enqueuedAt": "2026-01-01T12:00:01.1234567",
            "startedAt": "2026-01-01T12:00:02.1234567Z",
            "bytesTransferred": item.bytes_done,
            "averageSpeed": item.speed,
            "bytesRemaining": item.size - item.bytes_done,
            "elapsedTime": "00:01:28.7604750",
            "percentComplete": 100 * item.bytes_done / item.size,
            "remainingTime": "00:40:11.2500000",
            "attempts": 1,
            "removed": False,
        }
        by_peer.setdefault(item.peer, []).append(record)
    groups = [
        {"username": peer, "directories": [{"directory": "Music", "files": files}]}
        for peer, files in by_peer.items()
    ]
    return json.dumps(groups).encode()


def open_downloads(root: Path) -> list[Figure]:
    """One look at 10,000 transfers of which 100 have moved, from slskd's answer to the last write."""
    root.joinpath("data").mkdir()
    config = Config.load({}, {"data_dir": str(root / "data")})
    fill(config.database_url, archived=0, waiting=_FILES // 10, files=10)
    source = Listing()
    services = build(config, source=source)
    samples = []
    for turn in range(1, 8):
        source.answer = _answer(snapshot(turn, _FILES))
        began = time.perf_counter()
        services.monitor.tick()
        samples.append(time.perf_counter() - began)
    services.close()
    median = statistics.median(samples[1:])
    name = "monitor tick, 10,000 transfers (median of 6)"
    return [Figure(name, median, promises.TICK, "s", "with slskd's answer read")]


@dataclass(frozen=True, slots=True)
class _Minute:
    """A minute of a service that is busy with so many files."""

    looks: int
    places: int
    others: int
    memory: int  # bytes, at its end
    peak: int

    @property
    def asked(self) -> int:
        """Requests to slskd."""
        return self.looks + self.places + self.others


def requests_to_slskd(root: Path) -> list[Figure]:
    """A real service and so many files at slskd: what it asks in a minute, and its memory."""
    for files in _SIZES:  # one after the other: migrations do not run side by side
        _prepare(root / str(files), files)
    with ThreadPoolExecutor(len(_SIZES)) as pool:
        minutes = list(pool.map(lambda files: _count(root / str(files), files), _SIZES))
    # With many peers in whose queues we stand, ten a minute are asked for our place; and a health
    # check may or may not fall into the window.
    limit = minutes[0].asked + promises.MORE_REQUESTS
    table = [
        Figure(
            f"requests to slskd with {files:,} files",
            minute.asked,
            limit,
            "/min",
            f"{minute.looks} looks, {minute.places} places in queues, {minute.others} others; "
            f"{minute.memory / 1024**2:.0f} MiB",
        )
        for files, minute in zip(_SIZES, minutes, strict=True)
    ]
    last, limit = minutes[-1], promises.MEMORY
    name = "memory with 10,000 open downloads"
    return [
        *table,
        Figure(name, last.memory / 1024**2, limit, "MiB", "of the service's own process"),
        Figure(f"{name}, peak", last.peak / 1024**2, limit, "MiB", "since its start"),
    ]


def _prepare(root: Path, files: int) -> None:
    data = root / "data"
    data.mkdir(parents=True)
    url = f"sqlite:///{data / 'soulspot.db'}"
    each = min(files, 100)
    fill(url, archived=0, waiting=files // each, files=each)
    database = Database(url)
    _let_wait(database)
    database.close()


def _count(root: Path, files: int) -> _Minute:
    """A minute of its life, once all files are at slskd and one moves per peer."""
    data = root / "data"
    database = Database(f"sqlite:///{data / 'soulspot.db'}")
    options = SimOptions(api_key=SLSKD_KEY, data_dir=root / "slskd", world="empty")
    with Simulator(options) as simulator:
        with database.read() as session:
            for peer, path, size in session.query(
                Download.peer, Download.remote_path, Download.size
            ):
                if peer not in simulator.world.peers:
                    simulator.world.add_peer(peer, free_slots=1, speed=10_000)
                simulator.world.share(peer, path, size)
        database.close()
        service = ServiceProcess(
            data,
            slskd_url=simulator.url,
            slskd_key=SLSKD_KEY,
            settings=USUAL | _AT_ONCE,
            from_nothing=True,  # its memory is measured
        )
        with service:
            _await_listed(simulator, files)
            time.sleep(_CALM)
            before = len(simulator.requests)
            time.sleep(_WINDOW)
            asked = [seen.path.partition("?")[0] for seen in list(simulator.requests)[before:]]
            looks = sum(path.endswith("transfers/downloads") for path in asked)
            places = sum(path.endswith("/position") for path in asked)
            others = len(asked) - looks - places
            memory, peak = memory_of(service.pid), memory_of(service.pid, peak=True)
            return _Minute(looks, places, others, memory, peak)


def _await_listed(simulator: Simulator, files: int) -> None:
    until = time.monotonic() + 300
    while time.monotonic() < until:
        listed = requests.get(
            f"{simulator.url}/api/v0/transfers/downloads",
            headers={"X-API-Key": SLSKD_KEY},
            timeout=60,
        ).json()
        if sum(len(folder["files"]) for user in listed for folder in user["directories"]) >= files:
            return
        time.sleep(2)
    raise TimeoutError("not everything was asked for in time")
