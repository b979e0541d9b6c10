"""What Lidarr keeps in its database: rows of one kind, numbered, written through to one SQLite file.

A killed process loses nothing of it, and everything else. Knows nothing about what rows mean.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar, cast

Row = dict[str, Any]
"""One JSON object, as the API reads and writes it."""


class Numbered(Protocol):
    """A row that carries its own number; 0 until it is added."""

    id: int


T = TypeVar("T", bound=Numbered)


class Store:
    """The file; `path` None keeps everything in memory."""

    def __init__(self, path: Path | None = None) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        target = ":memory:" if path is None else str(path)
        self.lock = threading.RLock()
        self._db = sqlite3.connect(target, check_same_thread=False, isolation_level=None)
        self._db.executescript(
            """
            PRAGMA journal_mode = WAL;
            PRAGMA synchronous = OFF;
            CREATE TABLE IF NOT EXISTS rows (
                kind TEXT NOT NULL,
                id INTEGER NOT NULL,
                body TEXT NOT NULL,
                PRIMARY KEY (kind, id)
            );
            """
        )

    def put(self, kind: str, number: int, body: Row) -> None:
        """Insert or replace one row."""
        with self.lock:
            self._db.execute(
                "INSERT OR REPLACE INTO rows (kind, id, body) VALUES (?, ?, ?)",
                (kind, number, json.dumps(body)),
            )

    def drop(self, kind: str, number: int) -> None:
        """Delete one row."""
        with self.lock:
            self._db.execute("DELETE FROM rows WHERE kind = ? AND id = ?", (kind, number))

    def load(self, kind: str) -> list[Row]:
        """All rows of one kind by number."""
        with self.lock:
            found = self._db.execute("SELECT body FROM rows WHERE kind = ? ORDER BY id", (kind,))
            return [cast(Row, json.loads(body)) for (body,) in found]

    def close(self) -> None:
        """Release the file."""
        with self.lock:
            self._db.close()


class Table(Generic[T]):
    """Rows of one dataclass; the objects handed out are the rows, `save` makes a change last."""

    def __init__(self, store: Store, kind: str, make: Callable[..., T]) -> None:
        self._store = store
        self._kind = kind
        self._rows: dict[int, T] = {row["id"]: make(**row) for row in store.load(kind)}
        self._last = max(self._rows, default=0)

    def add(self, row: T) -> T:
        """Number a new row (unless it brings its number) and keep it."""
        with self._store.lock:
            if row.id == 0:
                row.id = self._last + 1
            self._last = max(self._last, row.id)
            self._rows[row.id] = row
        self.save(row)
        return row

    def save(self, row: T) -> None:
        """Write a changed row."""
        self._store.put(self._kind, row.id, _body(row))

    def delete(self, number: int) -> None:
        """Forget a row; unknown numbers are fine."""
        with self._store.lock:
            self._rows.pop(number, None)
        self._store.drop(self._kind, number)

    def get(self, number: int | None) -> T | None:
        """The row of this number."""
        return None if number is None else self._rows.get(number)

    def __iter__(self) -> Iterator[T]:
        with self._store.lock:
            return iter(list(self._rows.values()))

    def __len__(self) -> int:
        return len(self._rows)


def _body(row: object) -> Row:
    return asdict(row)  # type: ignore[call-overload,no-any-return]


def known_fields(make: type, values: Row) -> Row:
    """Only those values that the dataclass has a field for."""
    names = {item.name for item in fields(make)}
    return {name: value for name, value in values.items() if name in names}
