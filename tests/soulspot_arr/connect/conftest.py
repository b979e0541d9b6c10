"""A desk over real services, and programs over real HTTP that never keep anybody waiting."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from soulspot_arr.config import Config
from soulspot_arr.connect.command import Desk, Request
from soulspot_arr.connect.connector import Patience
from soulspot_arr.services import Services, build
from tests.fakes.clock import FakeClock
from tests.fakes.fake_servarr import KEY, FakeServarr
from tests.fakes.fake_source import FakeSource

OUR_KEY = "0123456789abcdef0123456789abcdef"


class Bureau:
    """Runs the commands of one installation and keeps what they said."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.said = ""
        self.waited: list[float] = []

    def desk(self, program: str, **changes: object) -> Desk:
        """A desk for one command; it prints into `said`."""
        lines: list[str] = []
        self._lines = lines
        patience = Patience(rounds=3, pause=4.0, sleep=self.waited.append)
        return Desk(self.services, Request(program, **changes), lines.append, patience)  # type: ignore[arg-type]

    def connect(self, other: FakeServarr, **changes: object) -> int:
        """`connect` with the address and the key of a program."""
        wanted: dict[str, object] = {
            "url": other.url,
            "key": KEY,
            "address": "http://soulspot:8585",
        }
        return self._run(self.desk(other.name.lower(), **(wanted | changes)).connect)

    def disconnect(self, program: str = "lidarr", **changes: object) -> int:
        """`disconnect`, with what is known."""
        return self._run(self.desk(program, **changes).disconnect)

    def _run(self, command: Callable[[], int]) -> int:
        try:
            return command()
        finally:
            self.said = "\n".join(self._lines)


Open = Callable[..., Bureau]


@pytest.fixture
def open_bureau(tmp_path: Path, sqlite_url: str, clock: FakeClock) -> Iterator[Open]:
    """Installations over one database; `environ` pins settings."""
    opened: list[Services] = []

    def open_(environ: Mapping[str, str] | None = None) -> Bureau:
        pins = {"SOULSPOT_AUTH_API_KEY": OUR_KEY, **(environ or {})}
        config = Config.load(pins, {"data_dir": tmp_path / "data", "database_url": sqlite_url})
        (tmp_path / "slskd").mkdir(exist_ok=True)
        opened.append(build(config, source=FakeSource(root=tmp_path / "slskd"), clock=clock))
        return Bureau(opened[-1])

    yield open_
    for services in opened:
        services.close()


@pytest.fixture
def bureau(open_bureau: Open) -> Bureau:
    """An installation that nobody has connected yet."""
    return open_bureau()


@pytest.fixture
def lidarr() -> Iterator[FakeServarr]:
    """A Lidarr without any entry."""
    with FakeServarr() as server:
        yield server


@pytest.fixture
def prowlarr() -> Iterator[FakeServarr]:
    """A Prowlarr without any entry."""
    with FakeServarr("Prowlarr", "2.3.6.5300") as server:
        yield server
