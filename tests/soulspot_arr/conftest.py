"""The workbench of the workshops, on one database or on both."""

from __future__ import annotations

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
