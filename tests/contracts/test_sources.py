"""The contract of download sources, over every source there is and over the fake."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from soulspot_arr.domain import FailureKind, RawFile
from soulspot_arr.simulator import SimOptions, Simulator
from soulspot_arr.sources.slskd import SlskdSource
from tests.contracts.peer_contract import PeerContract
from tests.contracts.source_contract import SourceBench, SourceContract
from tests.fakes.fake_source import FakeSource

KEY = "contract-key-0123456789"


class FakeBench(SourceBench):
    """The fake is its own world."""

    def __init__(self, fake: FakeSource) -> None:
        self.fake = fake
        self.source = fake
        self.root = fake.root
        self.destinations = fake.batches

    def share(self, peer: str, path: str, size: int, *, locked: bool = False) -> None:
        folder = path[: max(path.rfind("\\"), path.rfind("/"), 0)]
        self.fake.share(peer, folder, RawFile(path, path, size, locked=locked))

    def script(self, peer: str, path: str, outcome: str) -> None:
        if outcome == "never":
            self.fake.stick(peer, path)
        elif outcome == "reject":
            self.fake.will_fail(peer, path, FailureKind.FILE_NOT_FOUND, "File not shared.")
        elif outcome == "busy":
            self.fake.will_fail(peer, path, FailureKind.PEER_BUSY, "Too many files")

    def take_offline(self, peer: str) -> None:
        self.fake.take_offline(peer)

    def cut(self) -> None:
        self.fake.down = True

    def mend(self) -> None:
        self.fake.down = False

    def lock_out(self) -> None:
        self.fake.locked_out = True

    def foreign_search(self) -> None:
        self.fake.search_from_elsewhere()


class TestFakeSource(PeerContract, SourceContract):
    """The double keeps the contract it stands for."""

    @pytest.fixture(params=[True, False], ids=["batches", "no-batches"])
    def bench(self, request: pytest.FixtureRequest, tmp_path: Path) -> SourceBench:
        return FakeBench(FakeSource(root=tmp_path, auto=True, batches=request.param))


OUTCOMES: dict[str, dict[str, Any]] = {
    "never": {"outcome": "never"},
    "reject": {"outcome": "reject_at_request", "text": "File not shared."},
    "busy": {"outcome": "reject_at_request", "text": "Too many files"},
    "flaky": {"outcome": "drop_mid", "times": 1, "at": 0.5},
}


class SlskdBench(SourceBench):
    """The real adapter over HTTP against a simulated slskd; `profile` is its version."""

    def __init__(self, simulator: Simulator, profile: str) -> None:
        self.simulator = simulator
        self.root = simulator.downloads_dir
        self.destinations = self.tries_again = profile in {"0.26.0", "master"}
        self._values = {
            "slskd.url": simulator.url,
            "slskd.api_key": KEY,
            # The simulator's seconds are shorter than ours.
            "slskd.idle_timeout": 4.0,
        }
        self.slskd = SlskdSource(self._values, sleep=lambda seconds: time.sleep(seconds / 5))
        self.source = self.slskd

    def share(self, peer: str, path: str, size: int, *, locked: bool = False) -> None:
        if peer not in self.simulator.world.peers:
            self.simulator.world.add_peer(peer, response_delay=0.5)
        self.simulator.world.share(peer, path, size, locked=locked)

    def script(self, peer: str, path: str, outcome: str) -> None:
        if outcome in OUTCOMES:
            self.simulator.world.script(peer, path, **OUTCOMES[outcome])

    def take_offline(self, peer: str) -> None:
        self.simulator.world.set_peer(peer, online=False)

    def cut(self) -> None:
        self.simulator.world.fault("reset", times=None)

    def mend(self) -> None:
        self.simulator.world.faults.clear()

    def lock_out(self) -> None:
        self.source.reload_settings({**self._values, "slskd.api_key": "wrong-key-0123456789"})

    def foreign_search(self) -> None:
        self.simulator.world.foreign_search("somebody else")


class TestSlskd(PeerContract, SourceContract):
    """Supported and best-effort versions of slskd."""

    @pytest.fixture(params=["0.22", "0.25.1", "0.26.0", "master"])
    def bench(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SourceBench]:
        options = SimOptions(
            api_key=KEY, data_dir=tmp_path, profile=request.param, time_scale=40, world="empty"
        )
        with Simulator(options) as simulator:
            bench = SlskdBench(simulator, request.param)
            yield bench
            bench.slskd.close()
