"""The workbench of the workshops, on one database or on both."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from soulspot_arr.db import Database
from tests.fakes.clock import FakeClock
from tests.soulspot_arr.workshop import Bench


@pytest.fixture
def bench(sqlite_database: Database, clock: FakeClock, tmp_path: Path) -> Bench:
    """A workbench over SQLite, for tests to which the dialect does not matter."""
    return Bench(sqlite_database, clock, tmp_path / "downloads")


@pytest.fixture
def both(database: Database, clock: FakeClock, tmp_path: Path) -> Bench:
    """A workbench over SQLite and over PostgreSQL."""
    return Bench(database, clock, tmp_path / "downloads")


@pytest.fixture
def other_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on another file system than `tmp_path`."""
    folder = Path(tempfile.mkdtemp(dir="/dev/shm"))
    assert folder.stat().st_dev != tmp_path.stat().st_dev
    yield folder
    shutil.rmtree(folder)
