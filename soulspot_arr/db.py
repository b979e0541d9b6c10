"""Engine, sessions and the two column types that make SQLite and PostgreSQL behave alike.

`read()` and `write()` are the only ways to a session. On SQLite `write()` begins IMMEDIATE: with
the driver's default 300 concurrent read-modify-write commits lost 250 updates without one error.
No network or file I/O happens inside a write transaction: read, act, short write.
"""

from __future__ import annotations

import logging
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import (
    JSON,
    BigInteger,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Integer,
    create_engine,
    event,
    inspect,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from soulspot_arr.errors import ConfigError, DatabaseTrouble

if TYPE_CHECKING:
    from alembic.config import Config as AlembicConfig

log = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_TIMEOUT_MS = 10_000
_UPGRADE_LOCK = 7_685_083_728_585  # any number that nobody else takes in the same database

# SQLite numbers rows only for a plain INTEGER key; PostgreSQL wants 64 bits.
BigKey = BigInteger().with_variant(Integer(), "sqlite")
Json = JSON().with_variant(JSONB(), "postgresql")
# None is no value at all, rather than the JSON word for it: so it can be looked for.
JsonOrNull = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def utc_now() -> datetime:
    """The clock of the running service."""
    return datetime.now(UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC datetimes in and out on both databases; naive values are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive values; SQLite stores the UTC wall clock."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without a time zone must not reach the database")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """PostgreSQL answers in the zone of its session."""
        return None if value is None else value.astimezone(UTC)

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """Read SQLite's text in one step: a look at all downloads reads tens of thousands."""
        if dialect.name == "sqlite":
            return _from_sqlite
        return super().result_processor(dialect, coltype)


def _from_sqlite(text: str | None) -> datetime | None:
    """The wall clock that was stored, with the zone that SQLite forgets."""
    return None if text is None else datetime.fromisoformat(f"{text}+00:00")


class Database:
    """One engine and its two context managers."""

    def __init__(self, url: str) -> None:
        self.url = parse_url(url)
        self.dialect = self.url.get_backend_name()
        self.engine = self._engine()

    def _engine(self) -> Engine:
        if self.dialect == "sqlite":
            engine = create_engine(
                self.url,
                connect_args={"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False},
                pool_size=16,
                max_overflow=48,
            )
            event.listen(engine, "do_connect", self._keep_private)
            event.listen(engine, "connect", _sqlite_connected)
            event.listen(engine, "begin", _sqlite_begin)
            return engine
        return create_engine(self.url, pool_pre_ping=True, pool_size=8, max_overflow=40)

    def _keep_private(self, *_: object) -> None:
        """Make a missing file before the driver does: it would let every user read our secrets.

        What SQLite puts beside the file (`-wal`, `-shm`) gets the same mode.
        """
        name = str(self.url.database)
        if not name.startswith("file:"):  # SQLite's own way to say much more than a path
            _touch_private(Path(name))

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one consistent state; what was read stays readable afterwards."""
        with _troubles(), Session(self.engine, expire_on_commit=False) as session:
            yield session  # closing ends the transaction; a rollback would expire every object

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that commits at the end, or rolls everything back on an error."""
        engine = self.engine.execution_options(soulspot_write=True)
        with _troubles(), Session(engine, expire_on_commit=False) as session, session.begin():
            yield session

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


def insert_into(session: Session, table: type[DeclarativeBase]) -> sqlite.Insert:
    """An INSERT that knows ON CONFLICT: two processes may write the same row at once.

    Both databases have it in the same words; SQLAlchemy has a class for each.
    """
    if session.get_bind().dialect.name == "postgresql":
        return cast(sqlite.Insert, postgresql.insert(table))
    return sqlite.insert(table)


def _touch_private(path: Path) -> None:
    """An empty file for our eyes only, unless there is one; what cannot be made is not our news."""
    with suppress(OSError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def _sqlite_connected(connection: Any, _record: Any) -> None:
    # SQLAlchemy decides when a transaction begins (below), not the driver.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.close()


def _sqlite_begin(connection: Any) -> None:
    writing = connection.get_execution_options().get("soulspot_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def parse_url(text: str) -> URL:
    """Read a database URL; raises ConfigError with the supported forms."""
    try:
        url = make_url(text)
        if url.drivername in {"postgresql", "postgres"}:
            url = url.set(drivername="postgresql+psycopg")
        url.get_dialect().import_dbapi()
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise ConfigError(
            f"The database URL is not understood ({error}). Use sqlite:////data/soulspot.db or "
            "postgresql://user:password@host/name."
        ) from error
    except ImportError as error:
        raise ConfigError(
            f"The driver for this database is not installed ({error}). For PostgreSQL install "
            "soulspot-arr[postgres]."
        ) from error
    if url.drivername not in {"sqlite", "sqlite+pysqlite", "postgresql+psycopg"}:
        raise ConfigError("Only SQLite and PostgreSQL are supported as a database.")
    if url.get_backend_name() == "sqlite" and url.database in {None, "", ":memory:"}:
        raise ConfigError("A database in memory cannot be used: name a file in the URL.")
    return url


@contextmanager
def _troubles() -> Iterator[None]:
    """A full disk, a lock that does not end or a server that went away, as an error of ours."""
    try:
        yield
    except OperationalError as error:
        raise DatabaseTrouble(f"The database cannot be used: {_one_line(error)}.") from error


@contextmanager
def explained() -> Iterator[None]:
    """Turns a database that cannot be opened or is not ours into a ConfigError of one line."""
    try:
        yield
    except OperationalError as error:
        raise ConfigError(f"The database cannot be used: {_one_line(error)}.") from error
    except DatabaseTrouble as error:
        raise ConfigError(error.message) from error
    except DBAPIError as error:
        raise ConfigError(f"The database is damaged or not ours: {_one_line(error)}.") from error


def _one_line(error: DBAPIError) -> str:
    return " ".join(str(error.orig).split()).rstrip(".")


def alembic_config(url: URL) -> AlembicConfig:
    """Alembic's configuration for the migrations inside the package."""
    # Alembic takes a fifth of a start, and only a schema that is behind needs it.
    from alembic.config import Config as AlembicConfig

    config = AlembicConfig()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = url
    return config


def current_revision(database: Database) -> str | None:
    """The schema revision of the database; None for an empty one. Raises ConfigError."""
    with explained(), database.engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return None if found is None else str(found)


def revisions() -> list[str]:
    """Every revision this program knows, oldest first: their files are named after them."""
    files = (MIGRATIONS / "versions").glob("[0-9]*_*.py")
    return sorted(file.name.partition("_")[0] for file in files)


def head_revision() -> str:
    """The newest revision this program knows."""
    known = revisions()
    if not known:
        raise ConfigError("The installation is incomplete: it holds no migrations.")
    return known[-1]


def require_current(database: Database) -> None:
    """Raise ConfigError unless the schema is the one of this program."""
    before, head = current_revision(database), head_revision()
    if before != head:
        raise ConfigError(
            f"The database has schema {before or 'none'}, this version needs {head}. Run "
            "`soulspot-arr db upgrade`, or set SOULSPOT_AUTO_MIGRATE to true."
        )


def upgrade(database: Database) -> bool:
    """Bring the schema to the newest revision; a SQLite file is copied beside itself first.

    Returns whether anything changed. Raises ConfigError when the database cannot be opened, is
    damaged, read-only, or newer than this program.
    """
    before, head = current_revision(database), head_revision()
    if before == head:
        return False
    if before is not None and before not in revisions():
        raise ConfigError(
            f"The database was made by a newer version (schema {before}). Install that version "
            "again, or restore the copy that was made beside the database before its upgrade."
        )
    with explained():
        if before is not None:
            copy_beside(database, before)
        with database.engine.execution_options(soulspot_write=True).begin() as connection:
            if database.dialect == "postgresql":  # SQLite is locked as a whole by now
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_UPGRADE_LOCK})")
            _migrate(connection, database.url)
    log.info("database schema is now %s (was %s)", head, before or "empty")
    return True


def _migrate(connection: Connection, url: URL) -> None:
    config = alembic_config(url)
    from alembic import command

    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def copy_beside(database: Database, revision: str) -> None:
    """Copy a SQLite file, named after its schema and the moment; nothing for PostgreSQL."""
    if database.dialect != "sqlite" or not database.url.database:
        return
    path = Path(database.url.database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    copy = path.with_name(f"{path.name}.{revision}.{int(time.time())}.bak")
    try:
        _touch_private(copy)  # not readable by others even while it is being written
        shutil.copy2(path, copy)
    except OSError as error:
        raise ConfigError(
            f"The database cannot be copied to {copy} before its upgrade: {error.strerror}."
        ) from error
    log.info("copied the database to %s before the upgrade", copy.name)
