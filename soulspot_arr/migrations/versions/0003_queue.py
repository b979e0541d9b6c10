"""The queue that survives: blocklist, strikes, breakers, substitutes, rescue, health of jobs.

Revision: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from soulspot_arr.db import BigKey, UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ADDED = (
    ("grabs", "not_before", UtcDateTime(), None),
    ("grabs", "rescue", sa.String(length=16), None),
    ("grabs", "rescue_since", UtcDateTime(), None),
    ("downloads", "current", sa.Boolean(), sa.true()),
    ("downloads", "place_asked_at", UtcDateTime(), None),
    ("downloads", "best_place", sa.Integer(), None),
    ("downloads", "instance", sa.String(length=32), None),
    ("downloads", "offline_since", UtcDateTime(), None),
    ("downloads", "earlier_attempts", sa.SmallInteger(), sa.text("'0'")),
    ("job_runs", "last_milliseconds", sa.Integer(), None),
    ("job_runs", "failures", sa.Integer(), sa.text("'0'")),
    ("job_runs", "next_run_at", UtcDateTime(), None),
)
_UNRELEASED = "status IN ('blocklisted', 'cancelled', 'failed') AND released_at IS NULL"
_OLD_KEY = ["grab_id", "offer_index", "remote_path"]
_NEW_KEY = ["grab_id", "offer_index", "peer", "remote_path"]


def upgrade() -> None:
    """Apply."""
    for table, name, kind, value in _ADDED:
        op.add_column(table, sa.Column(name, kind, nullable=value is None, server_default=value))
    op.create_index("ix_grabs_rescue", "grabs", ["rescue"], unique=False)
    op.execute(
        "UPDATE downloads SET current = (offer_index = (SELECT offer_index FROM grabs"
        " WHERE grabs.id = downloads.grab_id))"
    )
    _rekey(_OLD_KEY, _NEW_KEY)
    _index_progress("current")
    # Transfers that are over and still known to the source: their files are not asked for again.
    over = sa.text(_UNRELEASED)
    op.create_index(
        "ix_downloads_unreleased", "downloads", ["source", "peer", "remote_path"],
        unique=False, sqlite_where=over, postgresql_where=over,
    )  # fmt: skip
    _create_blocklist()
    _create_memory()
    # A longer lease would let half a minute pass before another worker takes over; so it may not be.
    op.execute(
        "DELETE FROM settings WHERE key = 'jobs.lease_ttl'"
        " AND CAST(CAST(value AS TEXT) AS FLOAT) > 28"
    )


def downgrade() -> None:
    """Take back."""
    for table in ("counters", "looks", "sources", "echoes", "strikes", "blocklist"):
        op.drop_table(table)
    _tell_by_offer_index()
    op.drop_index("ix_downloads_unreleased", table_name="downloads")
    _index_progress("offer_index")
    _rekey(_NEW_KEY, _OLD_KEY)
    op.drop_index("ix_grabs_rescue", table_name="grabs")
    for table, name, _, _ in reversed(_ADDED):
        op.drop_column(table, name)


_GRABS = sa.table("grabs", sa.column("id"), sa.column("offer_index"), sa.column("status"))
_FILES = sa.table(
    "downloads",
    *map(sa.column, ("id", "grab_id", "offer_index", "remote_path", "status", "speed")),
    *map(sa.column, ("failure_kind", "failure_message")),
    sa.column("current", sa.Boolean()),
)


def _tell_by_offer_index() -> None:
    """Before, a file belonged to its grab when both had the same offer index, one of each path.

    Files that make up a grab get its index. One that does not keeps its own when that is an earlier
    one; else it is parked below zero, where nobody looks for it and the source can still be told to
    forget it. Two that count and have the same path had no place together: the second is given up,
    the first counts as lost, and an open grab goes to its next offer.
    """
    connection = op.get_bind()
    query = sa.select(
        _FILES.c.id,
        _FILES.c.grab_id,
        _FILES.c.offer_index,
        _FILES.c.remote_path,
        _FILES.c.current,
        _GRABS.c.offer_index.label("now"),
    ).join_from(_FILES, _GRABS, _GRABS.c.id == _FILES.c.grab_id)
    rows = connection.execute(query.order_by(_FILES.c.current.desc(), _FILES.c.id)).all()
    lowest: dict[int, int] = {}
    for row in rows:
        lowest[row.grab_id] = min(lowest.get(row.grab_id, 0), row.offer_index)
    taken: dict[tuple[int, int, str], int] = {}
    parked: list[tuple[int, int]] = []
    counted: list[tuple[int, int]] = []
    doubles: list[tuple[int, int, int]] = []
    for row in rows:
        key = (row.grab_id, row.now if row.current else row.offer_index, row.remote_path)
        if key not in taken and (row.current or row.offer_index < row.now):
            taken[key] = row.id
            counted += [(row.id, row.now)] if row.current else []
            continue
        if row.current:
            doubles.append((row.id, taken[key], row.grab_id))
        lowest[row.grab_id] -= 1
        parked.append((row.id, lowest[row.grab_id]))
    for file_id, index in [*parked, *counted]:  # in this order no two ever meet
        connection.execute(
            _FILES.update()
            .where(_FILES.c.id == file_id, _FILES.c.offer_index != index)
            .values(offer_index=index)
        )
    for second, first, grab_id in doubles:
        _part(connection, second, first, grab_id)


def _part(connection: sa.Connection, second: int, first: int, grab_id: int) -> None:
    status = connection.scalar(sa.select(_GRABS.c.status).where(_GRABS.c.id == grab_id))
    if status not in {"queued", "downloading", "processing"}:
        return
    why = "Two peers sent files of one name; the version before this one takes one of each."
    lost = {"failure_kind": "broken", "failure_message": why, "speed": 0}
    for file_id, state in ((first, "failed"), (second, "cancelled")):
        one = _FILES.update().where(_FILES.c.id == file_id)
        connection.execute(one.values(status=state, **lost))
    connection.execute(_GRABS.update().where(_GRABS.c.id == grab_id).values(status="queued"))


def _rekey(old: list[str], new: list[str]) -> None:
    # Nothing refers to `downloads`: SQLite's copy of the table takes nothing else with it.
    with op.batch_alter_table("downloads", schema=None) as batch:
        batch.drop_constraint(f"uq_downloads_{'_'.join(old)}", type_="unique")
        batch.create_unique_constraint(f"uq_downloads_{'_'.join(new)}", new)


def _index_progress(member: str) -> None:
    op.drop_index("ix_downloads_progress", table_name="downloads")
    columns = ["grab_id", member, "bytes_done", "speed"]
    op.create_index("ix_downloads_progress", "downloads", columns, unique=False)


def _create_blocklist() -> None:
    op.create_table(
        "blocklist",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("peer", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "scope IN ('peer', 'folder', 'file', 'phrase')", name=op.f("ck_blocklist_scope")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blocklist")),
        sa.UniqueConstraint(
            "source", "scope", "peer", "path", name=op.f("uq_blocklist_source_scope_peer_path")
        ),
    )
    op.create_index("ix_blocklist_expires_at", "blocklist", ["expires_at"], unique=False)
    op.create_table(
        "strikes",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("peer", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("grab_id", BigKey, nullable=True),
        sa.ForeignKeyConstraint(
            ["grab_id"], ["grabs.id"], name=op.f("fk_strikes_grab_id_grabs"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_strikes")),
    )
    op.create_index("ix_strikes_source_peer_at", "strikes", ["source", "peer", "at"], unique=False)


def _create_memory() -> None:
    """What processes remember of peers, of sources, and of themselves."""
    op.create_table(
        "echoes",
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("peer", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("source", "peer", "text", name=op.f("pk_echoes")),
    )
    op.create_index("ix_echoes_at", "echoes", ["at"], unique=False)
    op.create_table(
        "sources",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("breaker", sa.String(length=16), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=True),
        sa.Column("retry_at", UtcDateTime(), nullable=True),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "breaker IN ('closed', 'open', 'half_open')", name=op.f("ck_sources_breaker")
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_sources")),
    )
    op.create_table(
        "looks",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_looks")),
    )
    op.create_table(
        "counters",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("label", sa.String(length=64), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", "label", name=op.f("pk_counters")),
    )
