"""The import that is rehearsed and followed: what was measured, foreseen, and said by Lidarr.

Revision: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from soulspot_arr.db import Json, UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ADDED = (
    ("grabs", "wanted_at", UtcDateTime(), None),
    ("grabs", "rehearsal", Json, None),
    ("grabs", "import_state", sa.String(length=24), None),
    ("grabs", "import_message", sa.Text(), None),
    ("grabs", "import_seen_at", UtcDateTime(), None),
    ("grabs", "import_attempts", sa.SmallInteger(), sa.text("'0'")),
    ("grabs", "imported_at", UtcDateTime(), None),
    ("downloads", "verified", Json, None),
)


def upgrade() -> None:
    """Apply."""
    for table, name, kind, value in _ADDED:
        op.add_column(table, sa.Column(name, kind, nullable=value is None, server_default=value))
    # Lidarr deletes with `archive=1` what it has imported, and nothing else (contract lidarr §3.6).
    op.execute("UPDATE grabs SET imported_at = archived_at WHERE status = 'imported'")


def downgrade() -> None:
    """Take back."""
    for table, name, _, _ in reversed(_ADDED):
        op.drop_column(table, name)
