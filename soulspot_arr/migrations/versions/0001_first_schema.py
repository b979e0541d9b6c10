"""The first schema.

Revision: 0001
Revises: nothing
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from soulspot_arr.db import BigKey, Json, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "answers",
        sa.Column("query_key", sa.String(length=64), nullable=False),
        sa.Column("release_keys", Json, nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("query_key", name=op.f("pk_answers")),
    )
    op.create_table(
        "grabs",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("nzo_id", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("peer", sa.Text(), nullable=False),
        sa.Column("release_key", sa.String(length=64), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("artist", sa.Text(), nullable=False),
        sa.Column("album", sa.Text(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=True),
        sa.Column("quality", sa.Text(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("failure_kind", sa.String(length=32), nullable=True),
        sa.Column("failure_message", sa.Text(), nullable=True),
        sa.Column("total_bytes", sa.BigInteger(), nullable=False),
        sa.Column("file_count", sa.Integer(), nullable=False),
        sa.Column("offers", Json, nullable=False),
        sa.Column("offer_index", sa.SmallInteger(), nullable=False),
        sa.Column("storage_path", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("disk_full_since", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("transferred_at", UtcDateTime(), nullable=True),
        sa.Column("completed_at", UtcDateTime(), nullable=True),
        sa.Column("archived_at", UtcDateTime(), nullable=True),
        sa.Column("cleaned_at", UtcDateTime(), nullable=True),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "status IN ('queued', 'downloading', 'processing', 'completed', 'failed', 'cancelled', 'imported', 'removed')",
            name=op.f("ck_grabs_status"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grabs")),
        sa.UniqueConstraint("nzo_id", name=op.f("uq_grabs_nzo_id")),
    )
    with op.batch_alter_table("grabs", schema=None) as batch_op:
        batch_op.create_index("ix_grabs_completed_at", ["completed_at"], unique=False)
        batch_op.create_index(
            "ix_grabs_open",
            ["priority", "position"],
            unique=False,
            sqlite_where=sa.text("status IN ('downloading', 'processing', 'queued')"),
            postgresql_where=sa.text("status IN ('downloading', 'processing', 'queued')"),
        )
        batch_op.create_index("ix_grabs_release_key", ["release_key"], unique=False)
        batch_op.create_index(
            "ix_grabs_status_archived_at", ["status", "archived_at"], unique=False
        )

    op.create_table(
        "job_runs",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("last_started_at", UtcDateTime(), nullable=True),
        sa.Column("last_finished_at", UtcDateTime(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("runs", sa.BigInteger(), nullable=False),
        sa.Column("requested_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_job_runs")),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("acquired_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "releases",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("artist", sa.Text(), nullable=False),
        sa.Column("album", sa.Text(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=True),
        sa.Column("quality", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("offers", Json, nullable=False),
        sa.Column("published_at", UtcDateTime(), nullable=False),
        sa.Column("last_seen_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_releases")),
    )
    with op.batch_alter_table("releases", schema=None) as batch_op:
        batch_op.create_index("ix_releases_last_seen_at", ["last_seen_at"], unique=False)

    op.create_table(
        "searches",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("query_key", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("rung", sa.SmallInteger(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("kept", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_searches")),
    )
    with op.batch_alter_table("searches", schema=None) as batch_op:
        batch_op.create_index(
            "ix_searches_source_started_at", ["source", "started_at"], unique=False
        )

    op.create_table(
        "settings",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("value", Json, nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_settings")),
    )
    op.create_table(
        "downloads",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("grab_id", BigKey, nullable=False),
        sa.Column("offer_index", sa.SmallInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("disc", sa.SmallInteger(), nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("peer", sa.Text(), nullable=False),
        sa.Column("locator", sa.Text(), nullable=False),
        sa.Column("remote_path", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("not_before", UtcDateTime(), nullable=True),
        sa.Column("claimed_at", UtcDateTime(), nullable=True),
        sa.Column("batch_key", sa.String(length=36), nullable=True),
        sa.Column("transfer_ref", sa.Text(), nullable=True),
        sa.Column("spent_ref", sa.Text(), nullable=True),
        sa.Column("adopted", sa.Boolean(), nullable=False),
        sa.Column("bytes_done", sa.BigInteger(), nullable=False),
        sa.Column("speed", sa.BigInteger(), nullable=False),
        sa.Column("place_in_queue", sa.Integer(), nullable=True),
        sa.Column("missing_since", UtcDateTime(), nullable=True),
        sa.Column("first_seen_at", UtcDateTime(), nullable=True),
        sa.Column("last_progress_at", UtcDateTime(), nullable=True),
        sa.Column("failure_kind", sa.String(length=32), nullable=True),
        sa.Column("failure_message", sa.Text(), nullable=True),
        sa.Column("placement", sa.Text(), nullable=True),
        sa.Column("local_path", sa.Text(), nullable=True),
        sa.Column("placed_path", sa.Text(), nullable=True),
        sa.Column("released_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "status IN ('waiting', 'pending', 'queued', 'downloading', 'completed', 'failed', 'cancelled', 'blocklisted')",
            name=op.f("ck_downloads_status"),
        ),
        sa.CheckConstraint("bytes_done >= 0", name=op.f("ck_downloads_bytes_done")),
        sa.CheckConstraint("size >= 0", name=op.f("ck_downloads_size")),
        sa.ForeignKeyConstraint(
            ["grab_id"], ["grabs.id"], name=op.f("fk_downloads_grab_id_grabs"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_downloads")),
        sa.UniqueConstraint(
            "grab_id",
            "offer_index",
            "remote_path",
            name=op.f("uq_downloads_grab_id_offer_index_remote_path"),
        ),
    )
    with op.batch_alter_table("downloads", schema=None) as batch_op:
        batch_op.create_index("ix_downloads_batch_key", ["batch_key"], unique=False)
        batch_op.create_index(
            "ix_downloads_progress",
            ["grab_id", "offer_index", "bytes_done", "speed"],
            unique=False,
        )
        batch_op.create_index(
            "ix_downloads_status_not_before", ["status", "not_before"], unique=False
        )
        batch_op.create_index(
            "uq_downloads_live",
            ["source", "peer", "remote_path"],
            unique=True,
            sqlite_where=sa.text("status IN ('downloading', 'pending', 'queued')"),
            postgresql_where=sa.text("status IN ('downloading', 'pending', 'queued')"),
        )

    op.create_table(
        "events",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("kind", sa.String(length=48), nullable=False),
        sa.Column("level", sa.String(length=8), nullable=False),
        sa.Column("grab_id", BigKey, nullable=True),
        sa.Column("download_id", BigKey, nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("data", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["grab_id"], ["grabs.id"], name=op.f("fk_events_grab_id_grabs"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.create_index("ix_events_at", ["at"], unique=False)
        batch_op.create_index("ix_events_grab_id_id", ["grab_id", "id"], unique=False)
        batch_op.create_index("ix_events_kind_id", ["kind", "id"], unique=False)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.drop_index("ix_events_kind_id")
        batch_op.drop_index("ix_events_grab_id_id")
        batch_op.drop_index("ix_events_at")

    op.drop_table("events")
    with op.batch_alter_table("downloads", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_downloads_live",
            sqlite_where=sa.text("status IN ('downloading', 'pending', 'queued')"),
            postgresql_where=sa.text("status IN ('downloading', 'pending', 'queued')"),
        )
        batch_op.drop_index("ix_downloads_status_not_before")
        batch_op.drop_index("ix_downloads_progress")
        batch_op.drop_index("ix_downloads_batch_key")

    op.drop_table("downloads")
    op.drop_table("settings")
    with op.batch_alter_table("searches", schema=None) as batch_op:
        batch_op.drop_index("ix_searches_source_started_at")

    op.drop_table("searches")
    with op.batch_alter_table("releases", schema=None) as batch_op:
        batch_op.drop_index("ix_releases_last_seen_at")

    op.drop_table("releases")
    op.drop_table("leases")
    op.drop_table("job_runs")
    with op.batch_alter_table("grabs", schema=None) as batch_op:
        batch_op.drop_index("ix_grabs_status_archived_at")
        batch_op.drop_index("ix_grabs_release_key")
        batch_op.drop_index(
            "ix_grabs_open",
            sqlite_where=sa.text("status IN ('downloading', 'processing', 'queued')"),
            postgresql_where=sa.text("status IN ('downloading', 'processing', 'queued')"),
        )
        batch_op.drop_index("ix_grabs_completed_at")

    op.drop_table("grabs")
    op.drop_table("answers")
