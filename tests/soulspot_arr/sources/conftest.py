"""What the tests of the slskd adapter share: a clock of their own and a scripted slskd."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests_mock

from soulspot_arr.simulator import SimOptions, Simulator
from soulspot_arr.sources.slskd import SlskdSource
from tests.soulspot_arr.sources.live import KEY as LIVE_KEY
from tests.soulspot_arr.sources.live import SCALE, Live

URL = "http://slskd.test:5030"
API = URL + "/api/v0/"
KEY = "0123456789abcdef-secret"
DOWNLOADS = API + "transfers/downloads"
BATCHES = DOWNLOADS + "/batches"


class FakeTime:
    """A monotonic clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def application(version: str = "0.26.0", *, logged_in: bool = True, **more: Any) -> dict[str, Any]:
    """slskd's state of itself, as far as the adapter reads it."""
    state = "Connected, LoggedIn" if logged_in else "Disconnected"
    return {
        "version": {"current": version, "full": f"{version} ({version})"},
        "server": {"state": state, "isConnected": logged_in, "isLoggedIn": logged_in},
        "shares": {"files": 120, "directories": 9, "scanning": False},
        "user": {"username": "soulspot"},
        **more,
    }


def options(root: str = "/downloads", **download: Any) -> dict[str, Any]:
    """Effective options of 0.26 with changed download settings."""
    return {
        "directories": {"downloads": root, "incomplete": "/incomplete"},
        "transfers": {
            "download": {
                "slots": 2147483647,
                "retry": {"attempts": 3, "delay": 5000},
                "destination": {"subdirectory": "${SOURCE_DIRECTORY}", "exists": "rename"},
                **download,
            }
        },
        "retention": {},
    }


def transfer(**fields: Any) -> dict[str, Any]:
    """One transfer of the list of downloads."""
    return {
        "id": "11111111-1111-4111-8111-111111111111",
        "username": "bob",
        "direction": "Download",
        "filename": "@@abcde\\Music\\Album\\01.flac",
        "size": 100,
        "state": "InProgress",
        "requestedAt": "2026-08-22T18:10:00.2",
        "bytesTransferred": 73,
        "averageSpeed": 1048576.5,
        "attempts": 1,
        **fields,
    }


def groups(*transfers: dict[str, Any]) -> list[dict[str, Any]]:
    """The list of downloads as slskd groups it."""
    return [
        {
            "username": item["username"],
            "directories": [{"directory": "d", "fileCount": 1, "files": [item]}],
        }
        for item in transfers
    ]


class Bench:
    """A source over scripted answers; `http` takes further ones."""

    def __init__(self, http: requests_mock.Mocker, time: FakeTime) -> None:
        self.http = http
        self.time = time
        self.source = SlskdSource(
            {"slskd.url": URL, "slskd.api_key": KEY},
            clock=time.clock,
            sleep=time.sleep,
            now=lambda: datetime(2026, 8, 22, 18, 0, tzinfo=UTC),
        )
        self.be("0.26.0")

    def be(self, version: str, settings: dict[str, Any] | None = None) -> None:
        """Answer as this version."""
        self.http.get(API + "application", json=application(version))
        self.http.get(API + "options", json=options() if settings is None else settings)

    def sent(self, method: str, path: str = "") -> list[Any]:
        """Requests of one method whose address contains `path`, in order."""
        return [
            request
            for request in self.http.request_history
            if request.method == method and path in request.url
        ]


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def bench(time: FakeTime) -> Iterator[Bench]:
    with requests_mock.Mocker(case_sensitive=True) as http:
        yield Bench(http, time)


@pytest.fixture
def live_with(tmp_path: Path) -> Iterator[Callable[..., Live]]:
    """Start a simulated slskd of a profile with options."""
    running: list[Live] = []

    def start(profile: str = "0.26.0", **more: Any) -> Live:
        options = SimOptions(
            api_key=LIVE_KEY, data_dir=tmp_path, profile=profile, **{"time_scale": SCALE, **more}
        )
        simulator = Simulator(options)
        simulator.start()
        running.append(Live(simulator))
        return running[-1]

    yield start
    for live in running:
        live.source.close()
        live.simulator.stop()


@pytest.fixture
def live(live_with: Callable[..., Live]) -> Live:
    return live_with()
