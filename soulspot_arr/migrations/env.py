"""Alembic's entry: runs revisions on the connection or URL that `soulspot_arr.db` hands over."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, create_engine

from soulspot_arr.models import Base


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        # SQLite cannot alter most things in place: tables are copied instead.
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    engine = create_engine(context.config.attributes["url"])
    with engine.connect() as opened:
        _run(opened)
        opened.commit()
    engine.dispose()
