"""What must hold whatever happens, read from the tables alone.

A trigger writes down every change of a state, whoever makes it and by which statement.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import text

from soulspot_arr import db
from soulspot_arr.db import Database
from soulspot_arr.domain import DownloadState, GrabState, Priority, Rescue
from soulspot_arr.rules import lifecycle
from tests.model.house import House
from tests.model.network import PEERS

_TRIGGERS = """
CREATE TABLE model_moves (number INTEGER PRIMARY KEY, kind TEXT, row INTEGER, old TEXT, new TEXT);
CREATE TRIGGER model_grabs AFTER UPDATE OF status ON grabs WHEN OLD.status <> NEW.status BEGIN
    INSERT INTO model_moves (kind, row, old, new) VALUES ('grab', OLD.id, OLD.status, NEW.status);
END;
CREATE TRIGGER model_files AFTER UPDATE OF status ON downloads WHEN OLD.status <> NEW.status BEGIN
    INSERT INTO model_moves (kind, row, old, new) VALUES ('file', OLD.id, OLD.status, NEW.status);
END
"""
_ILLEGAL_BYTES = """
SELECT id, bytes_done, size, speed FROM downloads
WHERE bytes_done < 0 OR bytes_done > size OR speed < 0
"""
# Nothing of it waits, is under way or is being searched for: nobody would ever come back to it.
_STUCK = """
SELECT g.nzo_id, g.status, g.rescue,
    (SELECT group_concat(d.status || '/' || d.current) FROM downloads d WHERE d.grab_id = g.id)
FROM grabs g
WHERE g.status IN ('queued', 'downloading') AND coalesce(g.rescue, '') <> 'wanted'
    AND NOT EXISTS (SELECT 1 FROM downloads d WHERE d.grab_id = g.id AND d.current
        AND d.status IN ('waiting', 'pending', 'queued', 'downloading'))
"""
_UNREADY = """
SELECT g.nzo_id, d.remote_path, d.status FROM grabs g JOIN downloads d ON d.grab_id = g.id
WHERE g.status IN ('processing', 'completed', 'imported') AND d.current AND d.status <> 'completed'
"""
_TWICE = """
SELECT g.nzo_id, d.position, count(*) FROM downloads d JOIN grabs g ON g.id = d.grab_id
WHERE d.current GROUP BY g.nzo_id, d.position HAVING count(*) > 1
UNION ALL
SELECT max(g.nzo_id), d.remote_path, count(*) FROM downloads d JOIN grabs g ON g.id = d.grab_id
WHERE d.status IN ('pending', 'queued', 'downloading')
GROUP BY d.source, d.peer, d.remote_path HAVING count(*) > 1
"""
# Given up, or one failure away from it with a transfer that has vanished already.
_LOST = """
SELECT d.position, d.peer FROM downloads d JOIN grabs g ON g.id = d.grab_id
WHERE (d.status IN ('failed', 'blocklisted') OR d.missing_since IS NOT NULL)
"""
# What has ended, and what another file stands in for, asks nobody for anything any more.
_REVIVED = """
SELECT g.nzo_id, g.status, d.remote_path, d.status, d.current
FROM downloads d JOIN grabs g ON g.id = d.grab_id
WHERE d.status IN ('waiting', 'pending', 'queued', 'downloading')
    AND (NOT d.current OR g.status NOT IN ('queued', 'downloading', 'processing'))
"""


def make_template(path: Path) -> Path:
    """An empty database with the schema and the triggers, to be copied."""
    database = Database(f"sqlite:///{path}")
    db.upgrade(database)
    with database.engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.executescript(_TRIGGERS)
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


class Rulebook:
    """Checks a house; remembers how far the moves were read."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._read = 0

    def check(self) -> None:
        """AssertionError with what is wrong."""
        self._legal_moves()
        for words, question in (
            ("bytes out of range", _ILLEGAL_BYTES),
            ("no next step", _STUCK),
            ("called done without its files", _UNREADY),
            ("one file twice", _TWICE),
            ("goes on after its end", _REVIVED),
        ):
            assert self._rows(question) == [], words
        ids = [row[0] for row in self._rows("SELECT nzo_id FROM grabs ORDER BY id")]
        assert ids == self._house.ids, "a grab keeps its one id"
        assert self._house.network.asked_twice == []
        assert self._house.network.live_twice() == []

    def _legal_moves(self) -> None:
        for number, kind, row, old, new in self._rows(
            f"SELECT number, kind, row, old, new FROM model_moves WHERE number > {self._read}"
        ):
            legal = (
                lifecycle.allowed_grab(GrabState(old), GrabState(new))
                if kind == "grab"
                else lifecycle.allowed(DownloadState(old), DownloadState(new))
            )
            assert legal, f"{kind} {row} went from {old} to {new}"
            self._read = number

    def attempts(self, *, waiting: bool = False) -> dict[int, int]:
        """Attempts used up, by file; with `waiting` only of those that nobody may ask for now."""
        question = "SELECT d.id, d.attempts FROM downloads d JOIN grabs g ON g.id = d.grab_id"
        if waiting:
            question += f" WHERE d.status = 'waiting' AND g.priority < {int(Priority.FORCE)}"
        return dict(self._rows(question))

    def sees_all(self) -> bool:
        """Whether everything that is under way is under way at the source too, and well."""
        known = {item.ref for item in self._house.network.listed() if item.failure is None}
        asked = self._rows(
            "SELECT transfer_ref, missing_since FROM downloads "
            "WHERE status IN ('pending', 'queued', 'downloading')"
        )
        return all(ref in known and missing is None for ref, missing in asked)

    def hopeless(self, *, substitute: bool) -> set[str]:
        """Grabs of which a file was lost for good at everybody that they know or may still find."""
        found = set()
        for grab, offers, rescue in self._rows("SELECT nzo_id, offers, rescue FROM grabs"):
            peers = {offer["peer"] for offer in json.loads(offers)}
            known = peers if rescue == Rescue.DONE else {*peers, *PEERS}
            lost: dict[int, set[str]] = {}
            for position, peer in self._rows(f"{_LOST} AND g.nzo_id = '{grab}'"):
                lost.setdefault(position if substitute else 0, set()).add(peer)
            if any(known <= gone for gone in lost.values()):
                found.add(grab)
        return found

    def told(self, nzo_ids: Sequence[str]) -> list[str]:
        """How these grabs and their files stand, for whoever reads why a life failed."""
        lines = [f"at {self._house.clock()}"] if nzo_ids else []
        for nzo_id in nzo_ids:
            view = self._house.view(nzo_id)
            lines.append(f"{nzo_id} {view.album} {view.status} of {view.peer}, note {view.note}")
            lines += [
                f"  {row.status} {row.remote_path} of {row.peer}, {row.attempts} attempts, not before "
                f"{row.not_before}, claimed {row.claimed_at}, seen {row.first_seen_at}, progress "
                f"{row.last_progress_at}, missing {row.missing_since}, {row.failure_kind}"
                for row in self._house.bench.files(nzo_id)
            ]
        return lines

    def _rows(self, question: str) -> list[tuple[Any, ...]]:
        with self._house.db.read() as session:
            return [tuple(row) for row in session.execute(text(question))]


def files_below(folder: Path) -> list[str]:
    """Every file below a folder, relative to it."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def remove(folder: Path) -> None:
    """The playground of one example is gone."""
    shutil.rmtree(folder, ignore_errors=True)
