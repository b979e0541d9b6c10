"""The catalogue's kept answers, which album a grab or a release is, and how questions were answered.

Revision: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from soulspot_arr.db import BigKey, Json, UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ADDED = (
    ("grabs", "album_id", sa.String(length=64)),
    ("grabs", "artist_id", sa.String(length=64)),
    ("grabs", "library_id", sa.Integer()),
    ("grabs", "wanted", Json),
    ("releases", "wanted", Json),
    ("searches", "question_id", BigKey),
    ("searches", "kind", sa.String(length=16)),
    ("answers", "standings", Json),
    ("answers", "question_id", BigKey),
)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "catalogue",
        sa.Column("provider", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("wanted", Json, nullable=True),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("provider", "key", name=op.f("pk_catalogue")),
    )
    op.create_index("ix_catalogue_asked_at", "catalogue", ["asked_at"], unique=False)
    for table, name, kind in _ADDED:
        op.add_column(table, sa.Column(name, kind, nullable=True))
    for name, count in (("misses", sa.SmallInteger()), ("whole", sa.Boolean())):
        column = sa.Column(name, count, nullable=False, server_default=sa.text("'0'"))
        op.add_column("answers", column)
    # One number of seconds has become a list of them: what was set before means something else now.
    op.execute("DELETE FROM settings WHERE key = 'search.empty_cache'")
    _create_questions()
    _create_memory()


def _create_questions() -> None:
    op.create_table(
        "questions",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("query_key", sa.String(length=64), nullable=False),
        sa.Column("artist", sa.Text(), nullable=False),
        sa.Column("album", sa.Text(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=True),
        sa.Column("term", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("provider", sa.String(length=16), nullable=False),
        sa.Column("wanted", Json, nullable=True),
        sa.Column("rungs", Json, nullable=False),
        sa.Column("counts", Json, nullable=False),
        sa.Column("offers", Json, nullable=False),
        sa.Column("others", Json, nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questions")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_questions_started_at", "questions", ["started_at"], unique=False)
    op.create_table(
        "digs",
        sa.Column("query_key", sa.String(length=64), nullable=False),
        sa.Column("query", Json, nullable=False),
        sa.Column("question_id", BigKey, nullable=True),
        sa.Column("asked", Json, nullable=False),
        sa.Column("remaining", sa.SmallInteger(), nullable=False),
        sa.Column("not_before", UtcDateTime(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("query_key", name=op.f("pk_digs")),
    )
    op.create_index("ix_digs_not_before", "digs", ["not_before"], unique=False)


def _create_memory() -> None:
    op.create_table(
        "lessons",
        sa.Column("artist", sa.String(length=300), nullable=False),
        sa.Column("worked", Json, nullable=False),
        sa.Column("filtered", sa.Boolean(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("artist", name=op.f("pk_lessons")),
    )
    op.create_table(
        "bans",
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_bans")),
    )


def downgrade() -> None:
    """Take back."""
    op.execute("DELETE FROM settings WHERE key = 'search.empty_cache'")
    # Not in a batch: that copies the table and drops the old one, and with it, by their foreign
    # key, all downloads. SQLite drops a column by itself since 3.35.
    for table in ("bans", "lessons", "digs", "questions"):
        op.drop_table(table)
    for name in ("whole", "misses"):
        op.drop_column("answers", name)
    for table, name, _ in reversed(_ADDED):
        op.drop_column(table, name)
    op.drop_index("ix_catalogue_asked_at", table_name="catalogue")
    op.drop_table("catalogue")
