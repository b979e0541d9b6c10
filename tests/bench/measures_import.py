"""From the last byte to the start of the import: everything between slskd and Lidarr, as in use.

The service runs at the intervals a user has, against a simulated slskd and a simulated Lidarr that
looks by itself only once a minute: it starts to import when the service has told it to look.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import requests

from soulspot_arr.demo.library import simple_album
from soulspot_arr.simulator import SimOptions, Simulator
from soulspot_arr.simulator.wire import Json
from tests.bench.measures import USUAL, Figure
from tests.fakes.service_process import API_KEY, ServiceProcess
from tests.story.lidarr import story_lidarr
from tests.story.stage import SLSKD_KEY, share

_ALBUM = simple_album(
    "Vela Norrin",
    "Twelve Rooms",
    2015,
    tuple((f"Room {name}", 55 + number) for number, name in enumerate("ABCDEFGHIJKL")),
)
_SPEED = 5_000_000  # bytes a second of the peer
_PATIENCE = 120.0
_LOOK = 0.01
_RUNS = 3
_PROMISED = {True: 3.0, False: 8.0}


def handover(root: Path) -> list[Figure]:
    """Twelve FLAC files without tags: heard, tagged, rehearsed, moved, told."""
    figures = []
    for hooked, limit in _PROMISED.items():
        samples = [_run(root / f"{hooked}{number}", hooked=hooked) for number in range(_RUNS)]
        name = f"last byte to import, {'with' if hooked else 'without'} webhook"
        detail = f"median of {_RUNS}, worst {max(samples):.1f} s, 12 FLAC files"
        figures.append(Figure(name, statistics.median(samples), limit, "s", detail))
    return figures


def _run(root: Path, *, hooked: bool) -> float:
    options = SimOptions(
        api_key=SLSKD_KEY,
        data_dir=root / "slskd",
        time_scale=1.0,
        world="empty",
    )
    with (
        Simulator(options) as simulator,
        story_lidarr(root / "library", _ALBUM, time_scale=1.0, manual=False) as lidarr,
    ):
        simulator.world.add_peer("dusty_shelf", free_slots=1, speed=_SPEED)
        share(simulator, "dusty_shelf", _ALBUM, tags=False)
        settings = USUAL | lidarr.settings
        service = ServiceProcess(
            root / "data", slskd_url=simulator.url, slskd_key=SLSKD_KEY, settings=settings
        )
        if hooked:
            simulator.change_options({"integrations.webhooks": _hooks(service.port)})
        with service:
            lidarr.connect(service)
            lidarr.grab(lidarr.offers(_ALBUM))
            arrived = _until(lambda: _all_here(simulator))
            return _until(lambda: any(lidarr.library.rglob("*.flac"))) - arrived


def _hooks(port: int) -> dict[str, Json]:
    headers: Json = [{"name": "X-Hook-Secret", "value": API_KEY}]
    call = {"url": f"http://127.0.0.1:{port}/hooks/slskd", "headers": headers}
    hook: dict[str, Json] = {"on": ["DownloadFileComplete"], "call": call, "timeout": 5000}
    return {"soulspot": {**hook, "retry": {"attempts": 1}}}


def _all_here(simulator: Simulator) -> bool:
    answer = requests.get(
        f"{simulator.url}/api/v0/transfers/downloads",
        headers={"X-API-Key": SLSKD_KEY},
        timeout=20,
    )
    files = [
        file for peer in answer.json() for folder in peer["directories"] for file in folder["files"]
    ]
    done = [file for file in files if "Succeeded" in file["state"]]
    return len(done) == len(_ALBUM.editions[0].tracks)


def _until(happened: Callable[[], bool]) -> float:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        if happened():
            return time.monotonic()
        time.sleep(_LOOK)
    raise TimeoutError("it did not happen")
