"""A whole application over real services; only the download source is a double."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from soulspot_arr.app import create_app
from soulspot_arr.config import Config
from soulspot_arr.services import Services, build
from tests.fakes.clock import FakeClock
from tests.fakes.fake_source import FakeSource

Start = Callable[..., Services]


@pytest.fixture
def start(tmp_path: Path, sqlite_url: str, clock: FakeClock) -> Iterator[Start]:
    """Build services around a database; `environ` pins settings and sets boot options."""
    started: list[Services] = []

    def start_(environ: Mapping[str, str] | None = None, *, url: str = sqlite_url) -> Services:
        config = Config.load(environ or {}, {"data_dir": tmp_path / "data", "database_url": url})
        started.append(build(config, source=FakeSource(root=tmp_path / "slskd"), clock=clock))
        return started[-1]

    yield start_
    for services in started:
        services.close()


@pytest.fixture
def services(start: Start) -> Services:
    """Services as after a first start."""
    return start()


@pytest.fixture
def app(services: Services) -> Flask:
    """The application around them."""
    return create_app(services)


@pytest.fixture
def stranger(app: Flask) -> FlaskClient:
    """A client that shows no key."""
    return app.test_client()


@pytest.fixture
def client(app: Flask, services: Services) -> FlaskClient:
    """A client that shows the API key."""
    return with_key(app, services)


@pytest.fixture
def woken(services: Services) -> list[str]:
    """The jobs that were asked to run at once, in order."""
    jobs: list[str] = []
    services.waker.connect(jobs.append)
    return jobs


@pytest.fixture(scope="module")
def unchanged(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """One application for those tests of a module that change nothing."""
    folder = tmp_path_factory.mktemp("data")
    url = f"sqlite:///{shutil.copy(migrated_sqlite, folder / 'soulspot.db')}"
    config = Config.load({}, {"data_dir": folder, "database_url": url})
    services = build(config, source=FakeSource(), clock=FakeClock())
    yield create_app(services)
    services.close()


@pytest.fixture
def reader(unchanged: Flask) -> FlaskClient:
    """A client with the key, for tests that change nothing."""
    return with_key(unchanged, unchanged.extensions["soulspot"])


def with_key(app: Flask, services: Services) -> FlaskClient:
    """A client that shows the API key of these services."""
    client = app.test_client()
    client.environ_base["HTTP_X_API_KEY"] = services.settings.get("auth.api_key")
    return client
