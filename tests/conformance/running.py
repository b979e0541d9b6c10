"""What both desks of conformance stand on: the service in a process, in front of a simulated slskd."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from soulspot_arr.simulator import SimOptions, Simulator
from tests.fakes.service_process import ServiceProcess

T = TypeVar("T")

SLSKD_KEY = "conformance-key-0123456789"


def until(question: Callable[[], T | None], what: str, *, seconds: float = 60.0) -> T:
    """Ask again and again until the answer is not None; AssertionError after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = question()
        if answer is not None:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"it did not happen: {what}")


@contextmanager
def running(
    root: Path,
    fill: Callable[[Simulator], None],
    *,
    settings: Mapping[str, str] | None = None,
    time_scale: float = 20.0,
    url_base: str = "",
) -> Iterator[tuple[ServiceProcess, Simulator]]:
    """Start an empty network that `fill` populates, then the service, and end both."""
    options = SimOptions(
        api_key=SLSKD_KEY, data_dir=root / "slskd", time_scale=time_scale, world="empty"
    )
    with Simulator(options) as simulator:
        fill(simulator)
        service = ServiceProcess(
            root / "data",
            slskd_url=simulator.url,
            slskd_key=SLSKD_KEY,
            settings=settings,
            url_base=url_base,
        )
        with service:
            yield service, simulator
