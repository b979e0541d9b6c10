"""Fixtures: a fake SABnzbd, a stage with it, and a stage with one album in its library."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.soulspot_arr.demo.lidarr.stage import FakeSabnzbd, Stage, artist


@pytest.fixture
def sabnzbd(tmp_path: Path) -> Iterator[FakeSabnzbd]:
    """An empty SABnzbd whose folder exists."""
    with FakeSabnzbd(tmp_path / "complete") as running:
        yield running


@pytest.fixture
def bare(tmp_path: Path, sabnzbd: FakeSabnzbd) -> Iterator[Stage]:
    """A fresh Lidarr."""
    stage = Stage(tmp_path, sabnzbd)
    yield stage
    stage.close()


@pytest.fixture
def stage(bare: Stage) -> Stage:
    """A Lidarr with our client and one wanted album of three songs."""
    bare.control("artist", **artist())
    bare.add_client()
    return bare
