"""A simulated slskd with the adapter beside it, both in quick time."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any

from soulspot_arr.domain import (
    BatchRequest,
    OfferFile,
    Transfer,
    TransferState,
)
from soulspot_arr.simulator import Simulator
from soulspot_arr.sources import SearchLimits
from soulspot_arr.sources.slskd import SlskdSource

KEY = "live-key-0123456789"
SCALE = 60.0
SIZE = 30_000
PATH = "@@qhzvx\\Music\\Marlow Finch\\Harbour Lights [FLAC]\\01 - Low Tide.flac"
ENDED = {TransferState.SUCCEEDED, TransferState.FAILED}
LIMITS = SearchLimits(seconds=240, enough_peers=60, dry_after=1)


class Live:
    """A simulated slskd, its world, and the adapter; adapter seconds are scaled like slskd's."""

    def __init__(self, simulator: Simulator) -> None:
        scale = simulator.options.time_scale
        self.simulator = simulator
        self.world = simulator.world
        self.values = {
            "slskd.url": simulator.url,
            "slskd.api_key": KEY,
            "slskd.idle_timeout": 5.0,
            # The adapter's clock runs as fast as slskd's, the machine does not.
            "slskd.read_timeout": 2_000.0,
        }
        self.source = SlskdSource(
            self.values,
            clock=lambda: time.monotonic() * scale,
            sleep=lambda seconds: time.sleep(seconds / scale),
        )

    def peer(self, path: str = PATH, name: str = "bob", size: int = SIZE, **values: Any) -> None:
        """A peer that shares one file."""
        if name not in self.world.peers:
            self.world.add_peer(name, response_delay=0.5, **values)
        self.world.share(name, path, size)

    def ask(
        self, path: str = PATH, size: int = SIZE, peer: str = "bob", destination: str = "soulspot/a"
    ) -> str:
        """Request one file; its reference."""
        request = BatchRequest(str(uuid.uuid4()), peer, (OfferFile(path, path, size),), destination)
        [accepted] = self.source.download_raw(request).accepted
        assert accepted.ref is not None
        return accepted.ref

    def until(
        self, wanted: Callable[[list[Transfer]], bool], seconds: float = 60
    ) -> list[Transfer]:
        """Poll until the list looks as wanted."""
        give_up = time.monotonic() + seconds
        while True:
            found = list(self.source.poll_raw().transfers)
            if wanted(found):
                return found
            assert time.monotonic() < give_up, found
            time.sleep(0.02)

    def end(self, seconds: float = 60) -> Transfer:
        """The only transfer, when it is over."""
        [last] = self.until(lambda found: bool(found) and found[0].state in ENDED, seconds)
        return last
