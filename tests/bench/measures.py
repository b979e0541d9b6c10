"""What is measured, each against the real thing: a process, a database file, real HTTP."""

from __future__ import annotations

import io
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path

import requests
from sqlalchemy import event

from arr_compat import nzb
from soulspot_arr.config import Config
from soulspot_arr.domain import (
    Offer,
    OfferFile,
    Query,
    Snapshot,
    Transfer,
    TransferState,
)
from soulspot_arr.rules import matching
from soulspot_arr.services import build
from soulspot_arr.simulator import SimOptions, Simulator
from soulspot_arr.sources import slskd_wire
from tests.bench.filled import fill
from tests.fakes.fake_source import FakeSource
from tests.fakes.service_process import ServiceProcess

SLSKD_KEY = "bench-key-0123456789"
# The intervals a user has, not the hurried ones of the stories.
USUAL = {
    "SOULSPOT_JOBS_HEARTBEAT": "10",
    "SOULSPOT_JOBS_LEASE_TTL": "25",
    "SOULSPOT_JOBS_DISPATCH": "5",
    "SOULSPOT_JOBS_POLL": "5",
    "SOULSPOT_JOBS_POLL_QUEUED": "30",
    "SOULSPOT_JOBS_COMPLETE": "5",
    "SOULSPOT_JOBS_HEALTH": "60",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number and what was promised; `unit` is part of both."""

    name: str
    value: float
    limit: float
    unit: str
    detail: str = ""
    at_least: bool = False

    @property
    def kept(self) -> bool:
        """Whether the promise was kept."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def row(self) -> str:
        """One line of the table."""
        mark = "" if self.kept else "   MISSED"
        sign = "≥" if self.at_least else "≤"
        measured, promised = f"{self.value:.4g} {self.unit}", f"{sign} {self.limit:g} {self.unit}"
        return f"{self.name:<46} {measured:>12} {promised:>12}  {self.detail}{mark}"

    def as_json(self) -> dict[str, object]:
        """For the result file."""
        return {**asdict(self), "kept": self.kept}


def _p99(samples: Sequence[float]) -> float:
    return statistics.quantiles(samples, n=100)[98]


def _ms(samples: Sequence[float]) -> str:
    return f"median {statistics.median(samples) * 1000:.1f} ms, {len(samples)} samples"


# -- start -----------------------------------------------------------------------------------------


def start(root: Path) -> list[Figure]:
    """From the start of the process to its first answer, in an empty data directory."""
    samples = []
    for number in range(5):
        service = ServiceProcess(root / f"data{number}", from_nothing=True)
        began = time.perf_counter()
        service.start()
        samples.append(time.perf_counter() - began)
        service.stop()
    median = statistics.median(samples)
    return [Figure("start to first answer (median of 5)", median, 2.0, "s")]


# -- polls and adding ------------------------------------------------------------------------------


def poll(root: Path) -> list[Figure]:
    """Lidarr's poll: queue, then history, with a large history behind them; and its recent feed."""
    data = root / "data"
    data.mkdir()
    fill(f"sqlite:///{data / 'soulspot.db'}", archived=10_000, waiting=500, files=12)
    with ServiceProcess(data, settings=USUAL, from_nothing=True) as service:
        client = HTTPConnection("127.0.0.1", service.port, timeout=30)
        key = service.api_key
        queue = f"/sabnzbd/api?mode=queue&start=0&limit=0&category=music&apikey={key}&output=json"
        history = queue.replace("mode=queue", "mode=history").replace("limit=0", "limit=60")
        recent = f"/newznab/api?t=music&cat=3000,3040&extended=1&offset=0&limit=100&apikey={key}"
        samples, feeds = [], []
        for _ in range(320):
            began = time.perf_counter()
            slots = _get(client, queue)
            _get(client, history)
            samples.append(time.perf_counter() - began)
            began = time.perf_counter()
            _get(client, recent)
            feeds.append(time.perf_counter() - began)
        client.close()
    listed = len(json.loads(slots)["queue"]["slots"])
    assert listed == 500, listed
    samples, feeds = samples[20:], feeds[20:]
    name = "queue + history poll, 10,000 + 500 grabs (p99)"
    return [
        Figure(name, _p99(samples) * 1000, 30, "ms", _ms(samples)),
        Figure("recent feed (p99)", _p99(feeds) * 1000, 200, "ms", _ms(feeds)),
    ]


def _get(client: HTTPConnection, path: str) -> bytes:
    """One answer, whole; a leaner client than most, so that the service is what is measured."""
    client.request("GET", path)
    answer = client.getresponse()
    assert answer.status == 200
    return answer.read()


def _offer(number: int) -> Offer:
    files = tuple(
        OfferFile(path, path, 25_000_000 + position, 0, 240)
        for position in range(12)
        for path in [f"Music\\Artist {number}\\Album {number}\\{position:02d} - Some Title.flac"]
    )
    return Offer("slskd", f"peer{number}", files)


def addfile(root: Path) -> list[Figure]:
    """A grab handed over, multipart and all."""
    data = root / "data"
    samples = []
    with ServiceProcess(data, settings=USUAL, from_nothing=True) as service:
        secret = (data / "secret.key").read_text().strip().encode()
        session = requests.Session()
        for number in range(220):
            sealed = nzb.SealedGrab(
                title=f"(FLAC) Artist {number} - Album {number} - 2001-slsk{number:08x}",
                release_key=f"{number:064x}",
                artist=f"Artist {number}",
                album=f"Album {number}",
                year=2001,
                quality="FLAC",
                score=1000,
                offers=tuple(_offer(number * 10 + n) for n in range(4)),
            )
            upload = {"name": ("x.nzb", io.BytesIO(nzb.seal(sealed, secret)), "application/x-nzb")}
            query = {"mode": "addfile", "cat": "music", "apikey": service.api_key}
            began = time.perf_counter()
            answer = session.post(f"{service.sabnzbd}/api", params=query, files=upload, timeout=30)
            samples.append(time.perf_counter() - began)
            assert answer.json()["status"] is True
    samples = samples[20:]
    return [
        Figure(
            "addfile, 12 files, 3 alternates (p99)", _p99(samples) * 1000, 200, "ms", _ms(samples)
        )
    ]


# -- search ----------------------------------------------------------------------------------------


def _responses(peers: int, folders: int, files: int) -> list[dict[str, object]]:
    """What slskd answers: each peer with several folders, some of them the album that is wanted."""
    return [
        {
            "username": f"peer {peer}",
            "token": peer,
            "hasFreeUploadSlot": peer % 3 == 0,
            "uploadSpeed": 100_000 + peer * 1000,
            "queueLength": peer % 40,
            "fileCount": folders * files,
            "files": [
                {
                    "filename": f"@@abcde\\Music\\Bench Artist\\{_name(folder, peer)}\\"
                    f"{track:02d} - Some Track Title {track}.{'flac' if peer % 2 else 'mp3'}",
                    "size": 25_000_000 + track * 1000 + peer,
                    "code": 1,
                    "extension": "",
                    "length": 240 + track,
                    **({"bitDepth": 16, "sampleRate": 44100} if peer % 2 else {"bitRate": 320}),
                    "isLocked": False,
                }
                for folder in range(folders)
                for track in range(1, files + 1)
            ],
            "lockedFileCount": 0,
            "lockedFiles": [],
        }
        for peer in range(peers)
    ]


def _name(folder: int, peer: int) -> str:
    names = (
        "Wanted Album (2001)",
        "2001 - Wanted Album [FLAC]",
        "Other Album",
        "Wanted Album Live",
    )
    return names[folder % 4] if folder < 4 else f"Album {folder} ({1980 + peer % 40})"


def search(_root: Path) -> list[Figure]:
    """One search answer of 250 peers and 25,000 files: read, then grouped, judged, ranked."""
    raw = _responses(250, 8, 12) + _responses(1, 8, 125)
    count = sum(len(folder.files) for folder in slskd_wire.raw_folders(raw))
    query = Query(artist="Bench Artist", album="Wanted Album", year=2001)
    body = json.dumps(raw).encode()
    samples, reads = [], []
    shown = 0
    for _ in range(7):
        began = time.perf_counter()
        slskd_wire.raw_folders(json.loads(body))
        reads.append(time.perf_counter() - began)
        began = time.perf_counter()
        folders = slskd_wire.raw_folders(raw)
        judged = matching.appraise(query, matching.group(folders))
        shown = len(matching.select(judged, per_quality=3, limit=99, alternates=3))
        samples.append(time.perf_counter() - began)
    assert shown > 0
    detail = f"{count} files, {shown} offers shown"
    return [
        Figure("search answer read (median of 7)", statistics.median(reads), 0.5, "s", detail),
        Figure("search answer judged (median of 7)", statistics.median(samples), 1.0, "s", detail),
    ]


# -- monitor ---------------------------------------------------------------------------------------


class Frozen(FakeSource):
    """A source whose next look is given."""

    def __init__(self) -> None:
        super().__init__()
        self.look = Snapshot(at=datetime.now(UTC), transfers=())

    def poll_raw(self) -> Snapshot:
        """What was given."""
        return self.look


def monitor(root: Path) -> list[Figure]:
    """One look at 5,000 transfers of which 100 have moved."""
    root.joinpath("data").mkdir()
    config = Config.load({}, {"data_dir": str(root / "data")})
    fill(config.database_url, archived=0, waiting=500, files=10)
    source = Frozen()
    services = build(config, source=source)
    samples, writes = [], []
    for turn in range(1, 8):
        source.look = snapshot(turn)
        statements: list[int] = []
        listener = _row_counter(statements)
        event.listen(services.db.engine, "after_cursor_execute", listener)
        began = time.perf_counter()
        services.monitor.tick()
        samples.append(time.perf_counter() - began)
        event.remove(services.db.engine, "after_cursor_execute", listener)
        writes.append(sum(statements))
    services.close()
    median = statistics.median(samples[1:])
    rows = max(writes[1:])
    return [
        Figure("monitor tick, 5,000 transfers (median of 6)", median, 0.5, "s"),
        Figure("rows written when 100 transfers moved", rows, 100, "rows"),
    ]


def snapshot(turn: int, count: int = 5000) -> Snapshot:
    """Every transfer; with each look another hundred has got further."""
    transfers = []
    for number in range(count):
        grab, position = number // 10 + 1, number % 10
        extra = 500_000 if number // 100 <= turn else 0
        transfers.append(
            Transfer(
                ref=f"ref-{grab}-{position}",
                peer=f"peer{grab % 97}",
                path=f"Music\\Artist {grab}\\Album\\{position:02d} - Title.flac",
                state=TransferState.ACTIVE,
                size=25_000_000,
                bytes_done=1_000_000 * position + extra,
                speed=100_000.0,
            )
        )
    return Snapshot(at=datetime.now(UTC), transfers=tuple(transfers))


def _row_counter(into: list[int]) -> Callable[..., None]:
    def count(
        _connection: object, cursor: object, statement: str, parameters: object, *_: object
    ) -> None:
        if statement.startswith("UPDATE"):
            many = isinstance(parameters, list)
            into.append(len(parameters) if many else 1)  # type: ignore[arg-type]

    return count


# -- idle ------------------------------------------------------------------------------------------


def idle(root: Path) -> list[Figure]:
    """Two quiet minutes with the default intervals: requests to slskd, processor, memory."""
    minutes = float(os.environ.get("SOULSPOT_BENCH_IDLE_MINUTES", "2"))
    options = SimOptions(api_key=SLSKD_KEY, data_dir=root / "slskd", world="empty")
    with Simulator(options) as simulator:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SOULSPOT_")}
        service = ServiceProcess(root / "data")
        process = subprocess.Popen(
            [sys.executable, "-m", "soulspot_arr", "serve", "--data-dir", str(root / "data")],
            env=environment
            | {
                "SOULSPOT_PORT": str(service.port),
                "SOULSPOT_HOST": "127.0.0.1",
                "SOULSPOT_SLSKD_URL": simulator.url,
                "SOULSPOT_SLSKD_API_KEY": SLSKD_KEY,
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            time.sleep(15)  # the first checks are over
            before, asked = _cpu(process.pid), len(simulator.requests)
            time.sleep(minutes * 60)
            used, requests_made = _cpu(process.pid) - before, len(simulator.requests) - asked
            memory = memory_of(process.pid)
        finally:
            process.terminate()
            process.wait(timeout=20)
    return [
        Figure("idle: requests to slskd", requests_made / minutes, 2, "/min"),
        Figure("idle: processor", used / (minutes * 60) * 100, 0.5, "% core"),
        Figure("idle: memory", memory / 1024**2, 120, "MiB"),
    ]


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_of(pid: int, *, peak: bool = False) -> int:
    """Bytes that a process holds in memory, or the most it ever held."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:" if peak else "VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0
