"""slskd comes back as another version while files are on their way: all arrive, and none twice.

With the version go batches, destinations and slskd's own retries (contract slskd §10); the restart
gives every unfinished transfer a new id and takes its batch from it (§5.9).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from soulspot_arr.simulator import SimOptions, Simulator
from tests.fakes.service_process import ServiceProcess
from tests.fakes.threads import until
from tests.story.handed import FILES, SECRET, asked, completed, hand_over
from tests.story.stage import SLSKD_KEY

GRABS = 4
WHOLE = [f"{track:02d} - Track.flac" for track in range(1, FILES + 1)]
SETTINGS = {
    "SOULSPOT_SECRET_KEY": SECRET,
    "SOULSPOT_BREAKER_PAUSE": "1",
    "SOULSPOT_QUEUE_CLAIM_TTL": "3",
    "SOULSPOT_COMPLETION_SETTLE": "5",
}


def underway(simulator: Simulator) -> Counter[tuple[str, str]]:
    """How often each file is under way at this slskd."""
    return Counter(
        (peer, path) for peer, path, state in asked(simulator) if "Completed" not in state
    )


def arrived(simulator: Simulator) -> Counter[tuple[str, str]]:
    """How often each file came whole."""
    return Counter((peer, path) for peer, path, state in asked(simulator) if "Succeeded" in state)


def stored(service: ServiceProcess) -> dict[str, list[str]]:
    """By grab: the names of the files that Lidarr would take."""
    history = service.sab("history", limit="60")["history"]
    assert isinstance(history, dict)
    return {
        slot["name"]: sorted(path.name for path in Path(slot["storage"]).rglob("*.flac"))
        for slot in history["slots"]
    }


def follow(service: ServiceProcess, simulator: Simulator) -> None:
    """Until everything is completed; no file is ever under way twice."""
    end = time.monotonic() + 60
    while len(completed(service)) < GRABS:
        assert max(underway(simulator).values(), default=0) <= 1
        assert time.monotonic() < end, asked(simulator)
        time.sleep(0.2)


@pytest.mark.parametrize(
    ("before", "after", "downtime"),
    [
        ("0.22", "0.26", 0.0),
        ("0.25", "0.26", 30.0),
        ("0.26", "0.25", 30.0),
        ("0.26", "0.22", 0.0),
    ],
)
def test_another_version_under_live_transfers(
    tmp_path: Path, before: str, after: str, downtime: float
) -> None:
    """Some files have come, some are coming, some stand in a queue; then slskd is another one."""
    # What lies between the last byte and the move is the next test's.
    with stage(tmp_path, profile=before, move=0.0) as (service, simulator):
        until(lambda: len(arrived(simulator)) >= 2 and len(underway(simulator)) >= GRABS, 30)
        simulator.change_profile(after)
        simulator.restart(downtime=downtime)
        until(lambda: _version(simulator) == after, 30)
        follow(service, simulator)
        assert list(stored(service).values()) == [WHOLE] * GRABS
        came = arrived(simulator)
    assert len(came) == GRABS * FILES
    assert set(came.values()) == {1}, "no file was fetched twice"


def test_slskd_ends_between_the_last_byte_and_the_move(tmp_path: Path) -> None:
    """It says "Succeeded" of files it never moved: those are fetched once more, and no other."""
    with stage(tmp_path, profile="0.26", move=45.0) as (service, simulator):
        until(lambda: arrived(simulator), 30)
        simulator.restart()
        lost = set(arrived(simulator))
        assert lost
        follow(service, simulator)
        assert list(stored(service).values()) == [WHOLE] * GRABS
        came = arrived(simulator)
    assert {file for file, times in came.items() if times > 1} == lost
    assert (len(came), max(came.values())) == (GRABS * FILES, 2)


@contextmanager
def stage(root: Path, *, profile: str, move: float) -> Iterator[tuple[ServiceProcess, Simulator]]:
    """Grabs that have just been handed over; `move` seconds lie behind each last byte."""
    options = SimOptions(
        api_key=SLSKD_KEY,
        data_dir=root / "slskd",
        profile=profile,
        time_scale=15.0,
        world="empty",
        options_overrides={"timings": {"move": move}},
    )
    with Simulator(options) as simulator:
        service = ServiceProcess(
            root / "data", slskd_url=simulator.url, slskd_key=SLSKD_KEY, settings=SETTINGS
        )
        with service:
            for number in range(GRABS):
                hand_over(service, number, simulator)
                simulator.world.set_peer(f"peer{number}", speed=40_000)
            yield service, simulator


def _version(simulator: Simulator) -> str:
    try:
        answer = requests.get(
            f"{simulator.url}/api/v0/application",
            headers={"X-API-Key": SLSKD_KEY},
            timeout=5,
        )
    except requests.ConnectionError:
        return ""
    told = str(answer.json()["version"]["current"])
    return "master" if "65534" in told else ".".join(told.split(".")[:2])
