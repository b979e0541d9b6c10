"""The database floor: no update is lost, no naive time gets in, mistakes are told in one line."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, StatementError

from soulspot_arr import db
from soulspot_arr.db import Database
from soulspot_arr.errors import ConfigError, DatabaseTrouble
from soulspot_arr.models import JobRun
from tests.conftest import Open
from tests.fakes.clock import NOON
from tests.fakes.threads import together

# -- the file --------------------------------------------------------------------------------------


@pytest.fixture
def open_umask() -> Iterator[None]:
    """A process whose new files everybody may read, as usual."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    """Who may do what."""
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.usefixtures("open_umask")
def test_a_new_database_is_for_our_eyes_only(tmp_path: Path, open_database: Open) -> None:
    """Keys and passwords lie in it; so do the files SQLite puts beside it, and its copy."""
    path = tmp_path / "soulspot.db"
    database = open_database(f"sqlite:///{path}")
    assert not path.exists()
    db.upgrade(database)
    with database.write() as session:
        session.add(JobRun(name="poll", runs=1))
        session.flush()
        modes = {found.name: mode(found) for found in tmp_path.iterdir()}
    assert modes == {"soulspot.db": 0o600, "soulspot.db-shm": 0o600, "soulspot.db-wal": 0o600}
    db.copy_beside(database, "0001")
    (copy,) = tmp_path.glob("*.bak")
    assert mode(copy) == 0o600


@pytest.mark.usefixtures("open_umask")
def test_the_mode_of_a_database_that_is_there_is_its_owners_business(
    sqlite_url: str, open_database: Open
) -> None:
    """Somebody may have let a backup program read it."""
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    path.chmod(0o640)
    database = open_database(sqlite_url)
    with database.read() as session:
        session.execute(text("SELECT 1"))
    assert mode(path) == 0o640


# -- transactions ----------------------------------------------------------------------------------


def test_concurrent_read_modify_write_loses_nothing(sqlite_database: Database) -> None:
    """Six threads count to thirty each in one row: a write transaction has the file to itself."""
    with sqlite_database.write() as session:
        session.add(JobRun(name="count", runs=0))

    def count() -> None:
        for _ in range(30):
            with sqlite_database.write() as session:
                row = session.get(JobRun, "count")
                assert row is not None
                row.runs += 1

    together(*[count] * 6)
    with sqlite_database.read() as session:
        row = session.get(JobRun, "count")
    assert row is not None
    assert row.runs == 180


def test_readers_are_not_held_up_by_a_writer(sqlite_database: Database) -> None:
    """WAL: a poll of Lidarr is answered while a job is writing, with what was committed."""
    with sqlite_database.write() as writer:
        writer.add(JobRun(name="poll", runs=1))
        writer.flush()
        with sqlite_database.read() as reader:
            assert reader.get(JobRun, "poll") is None


def test_a_write_that_fails_leaves_nothing(database: Database) -> None:
    """An error inside takes everything back."""

    def fail() -> None:
        with database.write() as session:
            session.add(JobRun(name="poll", runs=1))
            session.flush()
            raise InterruptedError

    with pytest.raises(InterruptedError):
        fail()
    with database.read() as session:
        assert session.get(JobRun, "poll") is None


def test_what_was_read_stays_readable_after_the_session(database: Database) -> None:
    """Workshops read, leave the session, act, and write later."""
    with database.write() as session:
        session.add(JobRun(name="poll", runs=3))
    with database.read() as session:
        row = session.get(JobRun, "poll")
    assert row is not None
    assert row.runs == 3


def test_foreign_keys_hold_on_both_databases(database: Database) -> None:
    """SQLite checks them only when it is told to, on each connection."""
    statement = text(
        "INSERT INTO events (at, kind, level, grab_id, message, data) "
        "VALUES ('2026-01-01', 'x', 'info', 12345, '', '{}')"
    )
    with pytest.raises(IntegrityError), database.write() as session:
        session.execute(statement)


def test_a_lock_that_does_not_end_is_told_in_one_line(
    sqlite_url: str, open_database: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody looks into the file with another program and forgets to leave."""
    monkeypatch.setattr(db, "BUSY_TIMEOUT_MS", 100)
    one, two = open_database(sqlite_url), open_database(sqlite_url)
    with one.write() as held:
        held.add(JobRun(name="poll"))
        held.flush()
        with pytest.raises(DatabaseTrouble) as caught, two.write() as session:
            session.get(JobRun, "poll")
    assert caught.value.message == "The database cannot be used: database is locked."
    assert caught.value.retryable


def test_only_the_databases_own_troubles_are_called_so(database: Database) -> None:
    """A broken constraint is a bug or a race of ours and keeps its name."""
    with database.write() as session:
        session.add(JobRun(name="poll"))
    with pytest.raises(IntegrityError), database.write() as session:
        session.add(JobRun(name="poll"))


def test_a_server_that_was_restarted_is_no_trouble(
    postgres_server: str, migrated_postgres_url: str, open_database: Open
) -> None:
    """Connections that died in the pool are replaced before anybody notices."""
    database = open_database(migrated_postgres_url)
    with database.write() as session:
        session.add(JobRun(name="poll", runs=5))
    other = open_database(postgres_server)
    with other.read() as session:
        name = {"name": database.url.database}
        kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
        assert session.execute(text(kill), name).all()
    with database.read() as session:
        assert session.get_one(JobRun, "poll").runs == 5


WRITER = """
import sys
from soulspot_arr.db import Database
from soulspot_arr.models import JobRun
database = Database(sys.argv[1])
for _ in range(40):
    with database.write() as session:
        session.get(JobRun, "count").runs += 1
database.close()
"""


def test_a_second_process_writes_to_the_same_database(database: Database) -> None:
    """Web and worker share one database; both count, and neither gets in the other's way."""
    with database.write() as session:
        session.add(JobRun(name="count", runs=0))
    url = database.url.render_as_string(hide_password=False)
    lock = " with_for_update=True" if database.dialect == "postgresql" else ""
    script = WRITER.replace('"count")', f'"count",{lock})') if lock else WRITER
    process = subprocess.Popen([sys.executable, "-c", script, url])
    for _ in range(40):
        with database.write() as session:
            row = session.get(JobRun, "count", with_for_update=True)
            assert row is not None
            row.runs += 1
    assert process.wait(30) == 0
    with database.read() as session:
        row = session.get(JobRun, "count")
    assert row is not None
    assert row.runs == 80


# -- times -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("hours", [0, 2, -7])
def test_times_come_back_as_the_same_moment_in_utc(database: Database, hours: int) -> None:
    """Whatever zone went in, on both databases."""
    moment = NOON.astimezone(timezone(timedelta(hours=hours))).replace(microsecond=123456)
    with database.write() as session:
        session.add(JobRun(name="poll", requested_at=moment))
    with database.read() as session:
        row = session.get(JobRun, "poll")
    assert row is not None
    assert row.requested_at == moment
    assert row.requested_at is not None
    assert row.requested_at.tzinfo is UTC


def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    """A naive datetime is a bug, and would shift by hours without a sound."""
    with pytest.raises(StatementError, match="without a time zone"), database.write() as session:
        session.add(JobRun(name="poll", requested_at=datetime(2026, 1, 1)))


def test_no_time_stays_no_time(database: Database) -> None:
    """None in, None out."""
    with database.write() as session:
        session.add(JobRun(name="poll"))
    with database.read() as session:
        row = session.get(JobRun, "poll")
    assert row is not None
    assert row.requested_at is None


# -- addresses -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text_", "driver"),
    [
        ("sqlite:////data/soulspot.db", "sqlite"),
        ("postgresql://u:p@db/soulspot", "postgresql+psycopg"),
        ("postgres://u:p@db/soulspot", "postgresql+psycopg"),
        ("postgresql+psycopg://u:p@db/soulspot", "postgresql+psycopg"),
        ("postgresql://u:p%40ss@db:5433/soulspot?sslmode=require", "postgresql+psycopg"),
        ("postgresql:///soulspot?host=/run/postgresql", "postgresql+psycopg"),
    ],
)
def test_database_urls_in_their_usual_forms(text_: str, driver: str) -> None:
    """The forms that other programs and hosting panels hand out."""
    assert db.parse_url(text_).drivername == driver


@pytest.mark.parametrize(
    ("text_", "words"),
    [
        ("", "is not understood"),
        ("soulspot.db", "is not understood"),
        ("nosuchthing://x/y", "is not understood"),
        ("postgresql://u:p@db:port/x", "is not understood"),
        ("postgresql+psycopg2://u:p@db/x", "driver for this database is not installed"),
        ("sqlite+aiosqlite:///x.db", "driver for this database is not installed"),
        ("mysql://u:p@db/x", "driver for this database is not installed"),
        ("sqlite://", "in memory cannot be used"),
        ("sqlite:///:memory:", "in memory cannot be used"),
    ],
)
def test_database_urls_that_cannot_work_are_told(text_: str, words: str) -> None:
    """One sentence with the way out, instead of a traceback."""
    with pytest.raises(ConfigError, match=words):
        Database(text_)


def test_the_password_stays_out_of_the_complaint() -> None:
    """The sentence may end up in a bug report."""
    with pytest.raises(ConfigError) as caught:
        Database("postgresql://u:hunter2@db:port/x")
    assert "hunter2" not in caught.value.message


# -- databases that cannot be used -----------------------------------------------------------------


def refusal(database: Database) -> str:
    """The sentence of the ConfigError that an upgrade raises."""
    with pytest.raises(ConfigError) as caught:
        db.upgrade(database)
    assert "\n" not in caught.value.message
    return caught.value.message


def test_a_file_that_is_no_database_is_refused_and_left_alone(
    tmp_path: Path, open_database: Open
) -> None:
    """A wrong path must not destroy somebody's file."""
    path = tmp_path / "soulspot.db"
    path.write_text("These are my holiday notes. " * 100)
    database = open_database(f"sqlite:///{path}")
    assert refusal(database) == "The database is damaged or not ours: file is not a database."
    assert path.read_text().startswith("These are my holiday notes.")
    with pytest.raises(ConfigError, match="file is not a database"):
        db.current_revision(database)


def test_a_folder_that_does_not_exist_is_told(tmp_path: Path, open_database: Open) -> None:
    """The database URL may point outside the data directory."""
    database = open_database(f"sqlite:///{tmp_path}/missing/soulspot.db")
    assert refusal(database) == "The database cannot be used: unable to open database file."


def test_a_server_that_does_not_answer_is_told_in_one_line(
    tmp_path: Path, open_database: Open
) -> None:
    """libpq's answers have several lines; a person gets one."""
    database = open_database(f"postgresql://u@/x?host={tmp_path}")
    assert refusal(database).startswith("The database cannot be used: ")


def test_a_server_without_our_database_is_told(postgres_url: str, open_database: Open) -> None:
    """A mistyped name is the usual mistake."""
    database = open_database(postgres_url.replace("/test_", "/missing_"))
    assert "does not exist" in refusal(database)


def test_a_database_of_a_newer_version_is_refused(database: Database) -> None:
    """Going back to an old version must not touch what the new one wrote."""
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert refusal(database) == (
        "The database was made by a newer version (schema 9999). Install that version again, or "
        "restore the copy that was made beside the database before its upgrade."
    )


def test_tables_of_somebody_else_are_refused_and_nothing_is_left_behind(
    empty_url: str, open_database: Open
) -> None:
    """An upgrade happens as a whole or not at all."""
    database = open_database(empty_url)
    with database.write() as session:
        session.execute(text("CREATE TABLE settings (mine TEXT)"))
    assert "already exists" in refusal(database)
    with database.read() as session, pytest.raises(Exception, match="grabs"):
        session.execute(text("SELECT * FROM grabs"))


def test_a_missing_schema_is_told_when_migrating_is_turned_off(
    empty_url: str, open_database: Open
) -> None:
    """With auto_migrate off the service says what to run."""
    database = open_database(empty_url)
    with pytest.raises(ConfigError, match=r"has schema none, this version needs \d+. Run"):
        db.require_current(database)
    db.upgrade(database)
    db.require_current(database)
