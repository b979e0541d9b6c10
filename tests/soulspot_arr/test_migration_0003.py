"""The queue that survives, taken back: what version 0002 makes of a grab with files of many peers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from soulspot_arr import db
from soulspot_arr.db import Database
from soulspot_arr.domain import BlockScope, DownloadState, GrabState, Rescue
from soulspot_arr.models import BlockRow, Echo, Grab, Look, SourceRow, Strike
from tests.fakes.clock import NOON
from tests.soulspot_arr.rows import new_download, new_grab
from tests.soulspot_arr.test_migrations import run_to

D = DownloadState
PATHS = ["M\\1.flac", "M\\2.flac"]

# What version 0002 takes for the files of a grab, whatever else lies there.
BELONGS = text(
    "SELECT d.peer, d.remote_path, d.status FROM downloads d JOIN grabs g ON g.id = d.grab_id "
    "WHERE g.nzo_id = :nzo_id AND d.offer_index = g.offer_index ORDER BY d.position, d.id"
)
NEXT = text(
    "SELECT count(*) FROM downloads d JOIN grabs g ON g.id = d.grab_id "
    "WHERE d.offer_index > g.offer_index"
)

File = tuple[int, str, str, DownloadState, bool]  # offer index, peer, path, state, current

SUBSTITUTED: list[File] = [
    (0, "anna", PATHS[0], D.BLOCKLISTED, False),
    (0, "cleo", PATHS[0], D.WAITING, True),
    (0, "anna", PATHS[1], D.DOWNLOADING, True),
]
ROTATED: list[File] = [  # a stand-in of the first offer that was kept, and what was left there
    (0, "anna", PATHS[0], D.FAILED, False),
    (0, "cleo", PATHS[0], D.CANCELLED, False),
    (0, "cleo", PATHS[1], D.COMPLETED, True),
    (0, "anna", PATHS[1], D.FAILED, False),
    (1, "ben", PATHS[0], D.QUEUED, True),
]
BACK_AGAIN: list[File] = [  # over the third offer to the second one
    (0, "anna", PATHS[0], D.FAILED, False),
    (2, "cleo", PATHS[0], D.CANCELLED, False),
    (2, "cleo", PATHS[1], D.COMPLETED, True),
    (1, "ben", PATHS[1], D.FAILED, False),
    (1, "ben", PATHS[0], D.PENDING, True),
]


def _grab(database: Database, number: int, index: int, files: list[File], **columns: Any) -> str:
    with database.write() as session:
        grab = new_grab(session, "anna", "ben", "cleo", number=number, offer_index=index, **columns)
        for place, (offer_index, peer, path, status, current) in enumerate(files):
            new_download(
                session,
                grab,
                status,
                position=place,
                offer_index=offer_index,
                peer=peer,
                remote_path=path,
                current=current,
                locator=f"{number} {place}",
                source=f"net{number}",  # a live file is one grab's alone
                earlier_attempts=4,
                instance="slskd2",
            )
        return grab.nzo_id


def belongs(database: Database, nzo_id: str) -> list[tuple[str, str, str]]:
    """Peer, path and state of the files that version 0002 would see."""
    with database.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(BELONGS, {"nzo_id": nzo_id})]


def _count(database: Database, what: str) -> int:
    with database.engine.connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {what}")).scalar_one())


def _current(files: list[File]) -> list[tuple[str, str, str]]:
    return [(peer, path, str(state)) for _, peer, path, state, current in files if current]


@pytest.fixture
def filled(database: Database) -> Database:
    """Whatever else there may be: lines, strikes, echoes, breakers, looks, a wanted rescue."""
    with database.write() as session:
        line = {"source": "", "reason": "noise", "automatic": False, "failures": 0}
        session.add(BlockRow(scope=BlockScope.PEER, peer="anna", path="", created_at=NOON, **line))
        grab = new_grab(session, number=90)
        session.add(Strike(source="slskd", peer="anna", kind="corrupt", at=NOON, grab_id=grab.id))
        session.add(Echo(source="slskd", peer="dora", text="undertow", at=NOON))
        breaker = {"breaker": "open", "failures": 3, "detail": "away", "updated_at": NOON}
        session.add(SourceRow(name="slskd", opened_at=NOON, **breaker))
        session.add(Look(name="slskd", at=NOON))
    return database


@pytest.mark.parametrize(
    ("index", "files"),
    [(0, SUBSTITUTED), (1, ROTATED), (1, BACK_AGAIN)],
    ids=["substituted", "rotated", "back-again"],
)
def test_a_grab_is_made_up_of_the_same_files_before(
    filled: Database, index: int, files: list[File]
) -> None:
    """Files that stand in or were kept count; those that were replaced do not, and none is lost."""
    nzo_id = _grab(filled, 1, index, files)
    run_to(filled, "0002")
    assert belongs(filled, nzo_id) == _current(files)
    assert _count(filled, "downloads") == len(files)
    with filled.engine.connect() as connection:  # nothing is in the way of its next offer
        assert connection.execute(NEXT).scalar_one() == 0
    run_to(filled, "head")
    again = text("SELECT peer, remote_path, status FROM downloads WHERE current ORDER BY position")
    with filled.engine.connect() as connection:
        assert [tuple(row) for row in connection.execute(again)] == _current(files)


def test_down_and_up_twice(filled: Database) -> None:
    """What was put aside at the first time is not in the way at the second one."""
    nzo_id = _grab(filled, 1, 1, ROTATED)
    for _ in range(2):
        run_to(filled, "0002")
        assert belongs(filled, nzo_id) == _current(ROTATED)
        run_to(filled, "head")
    assert db.current_revision(filled) == db.head_revision()


def test_everything_at_once(filled: Database) -> None:
    """Several grabs, one of them with a rescue that is wanted and one that is scheduled."""
    moments = {"rescue_since": NOON, "not_before": NOON + timedelta(days=1)}
    grabs = {
        _grab(filled, 1, 0, SUBSTITUTED, rescue=Rescue.WANTED, **moments): SUBSTITUTED,
        _grab(filled, 2, 1, ROTATED, rescue=Rescue.DONE): ROTATED,
        _grab(filled, 3, 1, BACK_AGAIN, status=GrabState.COMPLETED): BACK_AGAIN,
    }
    run_to(filled, "0002")
    assert [belongs(filled, nzo_id) for nzo_id in grabs] == [*map(_current, grabs.values())]
    run_to(filled, "head")
    with filled.read() as session:
        assert session.query(Grab).filter(Grab.rescue.is_not(None)).count() == 0
    assert [_count(filled, name) for name in ("blocklist", "strikes", "looks")] == [0, 0, 0]
    assert _count(filled, "downloads WHERE earlier_attempts = 0") == len(
        SUBSTITUTED + ROTATED + BACK_AGAIN
    )


@pytest.mark.parametrize(("seconds", "kept"), [("120.0", 0), ("29", 0), ("28.0", 1), ("5", 1)])
def test_a_lease_that_is_too_long_is_forgotten(database: Database, seconds: str, kept: int) -> None:
    """It would still be in force, although it may no longer be set."""
    run_to(database, "0002")
    with database.engine.begin() as connection:
        row = "INSERT INTO settings (key, value, updated_at) VALUES ('jobs.lease_ttl', '{}', '{}')"
        connection.execute(text(row.format(seconds, NOON.date())))
    run_to(database, "head")
    assert _count(database, "settings WHERE key = 'jobs.lease_ttl'") == kept


@pytest.mark.parametrize(
    ("status", "after", "belonging"),
    [
        (GrabState.PROCESSING, "queued", [("anna", PATHS[0], "failed")]),
        (GrabState.DOWNLOADING, "queued", [("anna", PATHS[0], "failed")]),
        (GrabState.IMPORTED, "imported", [("anna", PATHS[0], "completed")]),
    ],
)
def test_two_files_of_one_path(
    database: Database, status: GrabState, after: str, belonging: list[tuple[str, str, str]]
) -> None:
    """Both count, which 0002 cannot say: an open grab takes its next offer, no album lacks a track."""
    files: list[File] = [
        (0, "anna", PATHS[0], D.COMPLETED, True),
        (0, "cleo", PATHS[0], D.COMPLETED, True),
    ]
    nzo_id = _grab(database, 1, 0, files, status=status)
    run_to(database, "0002")
    assert belongs(database, nzo_id) == belonging
    with database.engine.connect() as connection:
        assert connection.execute(text("SELECT status FROM grabs")).scalar_one() == after
