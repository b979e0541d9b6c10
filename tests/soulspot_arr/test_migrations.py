"""Migrations: the way up and down, on both databases, and that they agree with the models."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.engine.interfaces import ReflectedIndex

from soulspot_arr import db
from soulspot_arr.db import Database
from soulspot_arr.models import Base, JobRun
from tests.conftest import Open
from tests.soulspot_arr.rows import new_download, new_grab


def run_to(database: Database, revision: str) -> None:
    """Go down or up to a revision, as the command line of the migrations would."""
    before = db.current_revision(database)
    with database.engine.execution_options(soulspot_write=True).begin() as connection:
        config = db.alembic_config(database.url)
        config.attributes["connection"] = connection
        if revision == "base" or (before is not None and revision < before):
            command.downgrade(config, revision)
        else:
            command.upgrade(config, revision)


def tables(database: Database) -> set[str]:
    """Names of all tables that are there."""
    return set(inspect(database.engine).get_table_names())


def test_up_down_up(empty_url: str, open_database: Open) -> None:
    """The way down leaves no table of ours, and the way up works again after it."""
    database = open_database(empty_url)
    assert db.current_revision(database) is None
    assert db.upgrade(database) is True
    assert tables(database) == {*Base.metadata.tables, "alembic_version"}
    run_to(database, "base")
    assert tables(database) == {"alembic_version"}
    run_to(database, "head")
    assert tables(database) == {*Base.metadata.tables, "alembic_version"}
    assert db.current_revision(database) == db.head_revision()


def test_every_single_step_goes_down_and_up(empty_url: str, open_database: Open) -> None:
    """Not only the whole ladder: each rung holds by itself."""
    database = open_database(empty_url)
    rungs = [script.revision for script in ScriptDirectory(str(db.MIGRATIONS)).walk_revisions()]
    for revision in reversed(rungs):
        before = db.current_revision(database) or "base"
        run_to(database, revision)
        run_to(database, before)
        run_to(database, revision)
    assert db.current_revision(database) == db.head_revision()


def test_migrations_run_from_a_url_alone(empty_url: str, open_database: Open) -> None:
    """For an engineer who writes the next one and tries it out."""
    database = open_database(empty_url)
    command.upgrade(db.alembic_config(database.url), "head")
    assert db.current_revision(database) == db.head_revision()


def test_the_files_are_named_after_their_revisions() -> None:
    """A start reads the names alone: Alembic must see the same ones, in the same order."""
    script = ScriptDirectory(str(db.MIGRATIONS))
    assert db.revisions() == [step.revision for step in script.walk_revisions()][::-1]
    assert db.head_revision() == script.get_current_head()


def test_a_start_on_a_current_schema_needs_no_alembic(database: Database) -> None:
    """It would take a fifth of the time until the first answer."""
    look = (
        "import sys; from soulspot_arr import db; db.upgrade(db.Database(sys.argv[1])); "
        "print('alembic' in sys.modules)"
    )
    url = database.url.render_as_string(hide_password=False)
    done = subprocess.run(
        [sys.executable, "-c", look, url], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


def test_a_second_upgrade_changes_nothing(database: Database) -> None:
    """Every start runs it."""
    assert db.upgrade(database) is False


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, Base.metadata))


def test_models_equal_migrations(database: Database) -> None:
    """What the program believes and what is on disk is the same schema."""
    with database.engine.connect() as connection:
        assert _differences(connection) == []


def test_checks_and_partial_indexes_equal_the_models(
    database: Database, tmp_path: Path, postgres_url: str, open_database: Open
) -> None:
    """Alembic compares neither CHECKs nor the WHERE of an index: compare with fresh tables."""
    fresh_url = f"sqlite:///{tmp_path}/fresh.db" if database.dialect == "sqlite" else postgres_url
    fresh = open_database(fresh_url)
    Base.metadata.create_all(fresh.engine)
    for name in Base.metadata.tables:
        assert _details(database, name) == _details(fresh, name)


def _details(database: Database, table: str) -> dict[str, object]:
    look = inspect(database.engine)
    where = f"{database.dialect}_where"
    return {
        "checks": {
            (check["name"], check["sqltext"]) for check in look.get_check_constraints(table)
        },
        "indexes": {
            (index["name"], tuple(index["column_names"]), index["unique"], _where(index, where))
            for index in look.get_indexes(table)
        },
        "unique": {
            (unique["name"], tuple(unique["column_names"]))
            for unique in look.get_unique_constraints(table)
        },
        "foreign": {
            (key["name"], key["referred_table"], str(key["options"]))
            for key in look.get_foreign_keys(table)
        },
        "primary": look.get_pk_constraint(table)["name"],
    }


def _where(index: ReflectedIndex, key: str) -> str:
    return str(index.get("dialect_options", {}).get(key))


def test_0002_keeps_grabs_and_their_downloads(database: Database) -> None:
    """Down and up again: SQLite must not rebuild a table that others refer to."""
    with database.write() as session:
        new_download(session, new_grab(session, album_id="an-album"))
    run_to(database, "0001")
    count = text("SELECT (SELECT count(*) FROM grabs), (SELECT count(*) FROM downloads)")
    with database.engine.connect() as connection:
        assert tuple(connection.execute(count).one()) == (1, 1)
    run_to(database, "0002")
    with database.engine.connect() as connection:
        assert tuple(connection.execute(count).one()) == (1, 1)
        assert connection.execute(text("SELECT album_id FROM grabs")).scalar_one() is None


def test_an_event_id_is_never_used_twice(database: Database) -> None:
    """Readers resume after the last id they saw; a purge must not make ids start over."""
    insert = text(
        "INSERT INTO events (at, kind, level, message, data) "
        "VALUES ('2026-01-01', 'x', 'info', '', '{}') RETURNING id"
    )
    with database.write() as session:
        first = session.execute(insert).scalar_one()
        session.execute(text("DELETE FROM events"))
    with database.write() as session:
        assert session.execute(insert).scalar_one() > first


# -- the copy before an upgrade --------------------------------------------------------------------


@pytest.fixture
def old_database(sqlite_database: Database) -> Database:
    """A used database whose revision is one this program leads on from."""
    with sqlite_database.write() as session:
        session.add(JobRun(name="kept", runs=7))
    return sqlite_database


def test_the_sqlite_file_is_copied_before_it_is_upgraded(old_database: Database) -> None:
    """The copy is whole (what still lay in the write-ahead log included) and names its schema."""
    db.copy_beside(old_database, "0001")
    path = Path(str(old_database.url.database))
    copies = list(path.parent.glob("soulspot.db.0001.*.bak"))
    assert len(copies) == 1
    engine = create_engine(f"sqlite:///{copies[0]}")
    with engine.connect() as connection:
        assert connection.execute(text("SELECT name, runs FROM job_runs")).all() == [("kept", 7)]
    engine.dispose()


def test_an_empty_database_is_not_copied(tmp_path: Path, open_database: Open) -> None:
    """There is nothing to lose at the first start."""
    db.upgrade(open_database(f"sqlite:///{tmp_path}/soulspot.db"))
    assert list(tmp_path.glob("*.bak")) == []


# -- several processes -----------------------------------------------------------------------------

UPGRADER = """
import sys
from soulspot_arr import db
database = db.Database(sys.argv[1])
sys.stdin.readline()
db.upgrade(database)
print(db.current_revision(database))
"""


def test_processes_that_start_together_upgrade_once(empty_url: str, open_database: Open) -> None:
    """Web and worker start at the same moment on an empty database: both end up running."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", UPGRADER, empty_url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=60)[0].strip() for process in processes]
    assert answers == [db.head_revision()] * 2
    assert tables(open_database(empty_url)) == {*Base.metadata.tables, "alembic_version"}
