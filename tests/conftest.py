"""What every test may ask for: a clock, and databases that are real and empty.

`database` runs a test twice, on a SQLite file and on a PostgreSQL server of our own (a wheel brings
it along, nothing has to be installed); `sqlite_database` is for tests that do not care.
"""

from __future__ import annotations

import gc
import itertools
import shutil
import signal
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from soulspot_arr import db
from soulspot_arr.db import Database
from tests.fakes.clock import FakeClock
from tests.fakes.postgres import administer, drop_database, new_database, postgres

_numbers = itertools.count(1)

# A busy machine is no failure: properties have no deadline.
settings.register_profile("house", deadline=None)
settings.load_profile("house")


# Folders whose tests start processes and wait for them, or take very long.
_WAITING = {"story", "conformance", "demo", "simulator", "contracts", "model"}
# Folders whose tests go once more through lines that the tests of the rooms have measured.
_REPEATING = {"agreement", "conformance", "corpus", "corpus_import", "house", "model", "story"}
# So many rows of a table are measured; the others are the same lines again.
_ROWS = 8
# By then (of all) those that wait have begun: the last one would keep a worker alone at work.
_BEGUN = 0.7


def pytest_configure() -> None:
    """Hear Ctrl-C, as what the tests start has to: a shell makes jobs in its background deaf to it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None]:
    """What is measured, as the files say it, and after the shuffling the order of the files.

    Those that wait and those that compute take turns: a processor at rest does the others' work.
    """
    rows = Counter[str]()
    for item in items:
        function = item.nodeid.partition("[")[0]
        rows[function] += 1
        if rows[function] > _ROWS or _repeats(item):
            item.add_marker(pytest.mark.no_cover)
    yield
    files = dict.fromkeys(item.path for item in items)
    waiting = [path for path in files if not _WAITING.isdisjoint(path.parts)]
    computing = [path for path in files if _WAITING.isdisjoint(path.parts)]
    turn = {path: at * _BEGUN / len(waiting) for at, path in enumerate(waiting)}
    turn |= {path: at / len(computing) for at, path in enumerate(computing)}
    items.sort(key=lambda item: turn[item.path])


def _repeats(item: pytest.Item) -> bool:
    """Whether a test runs lines again that others measure: counting them doubles its time.

    So do whole stories, corpora, the hundred examples of a property, and the second database.
    """
    on_postgres = any(mark.args == ("postgresql",) for mark in item.iter_markers("xdist_group"))
    property_ = bool(getattr(getattr(item, "obj", None), "is_hypothesis_test", False))
    return on_postgres or property_ or not _REPEATING.isdisjoint(item.path.parts)


def pytest_collection_finish() -> None:
    """Twelve thousand tests stay until the end: to look through them for garbage is a sixth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish() -> None:
    """Look once at what is left over; pytest would do so five times."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def clock() -> FakeClock:
    """Noon of a fixed day; moves only by `advance`."""
    return FakeClock()


def _name() -> str:
    return f"test_{next(_numbers)}"


# -- PostgreSQL ------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """One server for the whole session of this process; the URL of its first database."""
    with postgres() as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """An empty PostgreSQL database for one test."""
    url = new_database(postgres_server, _name())
    yield url
    drop_database(postgres_server, url)


_OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND backend_type = 'client backend'
"""
_SCHEMA = """
SELECT md5(string_agg(seen, ',' ORDER BY seen)) FROM (
    SELECT oid || relname AS seen FROM pg_class WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT attrelid || attname FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid
        WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT 'c' || oid FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT version_num FROM alembic_version
) AS everything
"""
_EMPTY = """
DO $$ DECLARE name text; BEGIN
    PERFORM set_config('session_replication_role', 'replica', true);  -- in any order
    FOR name IN SELECT tablename FROM pg_tables
        WHERE schemaname = 'public' AND tablename <> 'alembic_version'
    LOOP EXECUTE format('DELETE FROM %I', name); END LOOP;
    FOR name IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'
    LOOP PERFORM setval(format('%I', name)::regclass, 1, false); END LOOP;
END $$
"""


class _Reused:
    """A PostgreSQL database with the schema: its rows are deleted after every test.

    That takes milliseconds, a new copy of the template half a second. Whoever touches the schema,
    or leaves a connection open, gets a new copy all the same.
    """

    def __init__(self, server: str, template: str) -> None:
        self._server = server
        self._template = template
        self._schema = ""
        self.url = ""

    def take(self) -> str:
        """The URL of an empty one."""
        if not self.url:
            self.url = new_database(self._server, _name(), self._template)
            self._schema = self._ask(_SCHEMA)
        return self.url

    def give_back(self) -> None:
        """Make it as good as new, or throw it away."""
        try:
            as_new = self._ask(_OTHERS) == "0" and self._ask(_SCHEMA) == self._schema
        except SQLAlchemyError:  # the very tables may be missing
            as_new = False
        if as_new:
            administer(self.url, _EMPTY)
        else:
            drop_database(self._server, self.url)
            self.url = ""

    def _ask(self, question: str) -> str:
        engine = create_engine(db.parse_url(self.url))
        with engine.connect() as connection:
            answer = connection.execute(text(question)).scalar_one()
        engine.dispose()
        return str(answer)


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
def migrated_postgres(postgres_server: str) -> _Reused:
    """PostgreSQL at the newest schema, for one test after the other."""
    url = new_database(postgres_server, _name())
    database = Database(url)
    db.upgrade(database)
    database.close()
    return _Reused(postgres_server, str(make_url(url).database))


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
def migrated_postgres_url(migrated_postgres: _Reused) -> Iterator[str]:
    """A PostgreSQL database with the schema and no rows."""
    yield migrated_postgres.take()
    migrated_postgres.give_back()


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
