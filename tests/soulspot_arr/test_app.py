"""The front door: starts no thread, serves below its base, trusts only the proxies it was told of."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask, request

import blueprints
from soulspot_arr.app import create_app
from soulspot_arr.config import Config
from soulspot_arr.errors import ConfigError
from soulspot_arr.services import Services, build
from tests.fakes.fake_source import FakeSource

Open = Callable[..., Services]


@pytest.fixture
def services(sqlite_url: str, tmp_path: Path) -> Iterator[Open]:
    """Build services with other than the usual boot options."""
    built: list[Services] = []

    def open_(**options: object) -> Services:
        values = {"data_dir": tmp_path, "database_url": sqlite_url, "secret_key": "0" * 64}
        config = Config(**{**values, **options})  # type: ignore[arg-type]
        built.append(build(config, source=FakeSource()))
        return built[-1]

    yield open_
    for each in built:
        each.close()


def test_creating_the_app_starts_no_thread(services: Open) -> None:
    """Web servers fork, tools import: only the command line starts threads."""
    before = set(threading.enumerate())
    create_app(services())
    assert set(threading.enumerate()) == before


def test_ping_needs_no_key(services: Open) -> None:
    """For the health check of a container."""
    answer = create_app(services()).test_client().get("/ping")
    assert answer.status_code == 200
    assert answer.get_json()["status"] == "ok"


def test_everything_is_served_below_the_url_base_and_at_the_root(services: Open) -> None:
    """A proxy may take the base away or leave it."""
    client = create_app(services(url_base="/music")).test_client()
    assert client.get("/music/ping").status_code == 200
    assert client.get("/ping").status_code == 200
    assert client.get("/other/ping").status_code == 404


@pytest.mark.parametrize(
    ("base", "path", "headers", "target"),
    [
        ("", "/", {}, "/api/docs"),
        ("/music", "/music/", {}, "/music/api/docs"),
        ("/music", "/music", {}, "/music/api/docs"),
        ("/music", "/", {}, "/music/api/docs"),  # a proxy has taken the base away
        ("", "/", {"X-Forwarded-Prefix": "/told"}, "/told/api/docs"),
        ("/a/b", "/a/b/?x=1", {}, "/a/b/api/docs"),
    ],
)
def test_the_bare_address_leads_to_the_page_that_explains_the_rest(
    services: Open, base: str, path: str, headers: dict[str, str], target: str
) -> None:
    """Below the base, in front of and behind a proxy; no key is needed, and the page is there."""
    app = create_app(services(url_base=base, trusted_proxies=1))
    answer = app.test_client().get(path, headers=headers)
    assert (answer.status_code, answer.headers["Location"]) == (302, target)
    assert app.test_client().post("/").status_code == 405
    if not headers:
        assert app.test_client().get(target).status_code == 200


def _caller(app: Flask) -> str | None:
    app.add_url_rule("/caller", "caller", lambda: request.remote_addr or "")
    headers = {"X-Forwarded-For": "198.51.100.7"}
    return app.test_client().get("/caller", headers=headers).get_data(as_text=True)


def test_only_known_proxies_are_believed(services: Open) -> None:
    """Without one, anybody could claim any address."""
    assert _caller(create_app(services())) == "127.0.0.1"
    assert _caller(create_app(services(trusted_proxies=1))) == "198.51.100.7"


def test_a_stranger_of_the_same_name_is_refused(
    services: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`blueprints` is a common folder name; the sentence says where it was imported from."""
    monkeypatch.setattr(blueprints, "SOULSPOT_ARR", "0.0.0")
    with pytest.raises(ConfigError, match=r"'blueprints' was imported from .*PYTHONSAFEPATH"):
        create_app(services())


def test_nothing_is_lost_when_services_are_built_twice(services: Open) -> None:
    """A second start finds key and moment of the first."""
    first, second = services(), services()
    assert first.settings.get("auth.api_key") == second.settings.get("auth.api_key")
    assert first.settings.installed_at == second.settings.installed_at


def test_without_migrations_an_old_schema_is_refused(services: Open, tmp_path: Path) -> None:
    """The database is given back before the error leaves."""
    with pytest.raises(ConfigError, match="Run `soulspot-arr db upgrade`"):
        services(database_url=f"sqlite:///{tmp_path}/new.db", auto_migrate=False)
