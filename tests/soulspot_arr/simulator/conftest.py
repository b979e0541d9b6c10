"""Simulators for the tests: manual clock, empty world, one key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from soulspot_arr.simulator import SimOptions, Simulator
from tests.soulspot_arr.simulator.rig import KEY, Rig

Make = Callable[..., Rig]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Start simulators with other than the usual options; all are stopped at the end."""
    started: list[Rig] = []

    def build(**values: Any) -> Rig:
        values.setdefault("api_key", KEY)
        values.setdefault("manual_clock", "time_scale" not in values)
        values.setdefault("data_dir", tmp_path / f"slskd{len(started)}")
        sim = Simulator(SimOptions(**values))
        sim.start()
        started.append(Rig(sim))
        return started[-1]

    yield build
    for rig in started:
        rig.session.close()
        rig.sim.stop()


@pytest.fixture
def rig(make: Make) -> Rig:
    """A logged-in slskd 0.26.0 in an empty world."""
    return make()
