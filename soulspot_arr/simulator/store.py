"""What survives a restart: searches, transfers, batches and events, one JSON document each.

A write-through SQLite file, so that killing the process loses nothing that slskd would have kept.
Knows nothing about what the documents mean.
"""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import cast

from soulspot_arr.simulator.wire import Json

Document = dict[str, Json]


class Store:
    """Documents by kind and id, listed in the order they were first written."""

    def __init__(self, path: Path | None) -> None:
        """`path` None keeps everything in memory (the volatile profile)."""
        target = ":memory:" if path is None else str(path)
        # The simulator serialises all access under its clock's lock.
        self._db = sqlite3.connect(target, check_same_thread=False, isolation_level=None)
        self._db.executescript(
            """
            PRAGMA journal_mode = WAL;
            PRAGMA synchronous = OFF;
            CREATE TABLE IF NOT EXISTS documents (
                seq INTEGER PRIMARY KEY AUTOINCREMENT,
                kind TEXT NOT NULL,
                id TEXT NOT NULL,
                body TEXT NOT NULL,
                UNIQUE (kind, id)
            );
            """
        )

    def put(self, kind: str, id_: str, body: Document) -> None:
        """Insert or replace, keeping the document's place in the order."""
        self._db.execute(
            "INSERT INTO documents (kind, id, body) VALUES (?, ?, ?)"
            " ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body",
            (kind, id_, json.dumps(body)),
        )

    def drop(self, kind: str, id_: str) -> None:
        """Forget one document."""
        self._db.execute("DELETE FROM documents WHERE kind = ? AND id = ?", (kind, id_))

    def load(self, kind: str) -> list[Document]:
        """All documents of one kind, oldest first."""
        rows = self._db.execute("SELECT body FROM documents WHERE kind = ? ORDER BY seq", (kind,))
        return [cast(Document, json.loads(body)) for (body,) in rows]

    def clear(self) -> None:
        """Forget everything."""
        self._db.execute("DELETE FROM documents")

    def close(self) -> None:
        """Release the file."""
        self._db.close()
