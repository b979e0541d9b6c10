"""The ledger: only legal steps, each once, each with its event in the same transaction."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from soulspot_arr import ledger
from soulspot_arr.db import Database
from soulspot_arr.domain import DownloadState, EventRecord, GrabState
from soulspot_arr.errors import IllegalTransition
from soulspot_arr.models import Download, Event, Grab
from soulspot_arr.rules.lifecycle import GRAB_TRANSITIONS, TRANSITIONS
from tests.fakes.clock import NOON, FakeClock
from tests.fakes.threads import together
from tests.soulspot_arr.rows import new_download, new_grab

D = DownloadState
G = GrabState
EVENT = EventRecord("download.queued", "Waiting.", data={"path": "x"})


def download_of(database: Database, number: int = 1) -> Download:
    """The row as it is stored now."""
    with database.read() as session:
        return session.get_one(Download, number)


def grab_of(database: Database, number: int = 1) -> Grab:
    """The row as it is stored now."""
    with database.read() as session:
        return session.get_one(Grab, number)


def events(database: Database) -> list[Event]:
    """Everything that was recorded, oldest first."""
    with database.read() as session:
        return ledger.tail(session)


# -- one step --------------------------------------------------------------------------------------

DOWNLOAD_STEPS = [(a, b) for a in D for b in D]
GRAB_STEPS = [(a, b) for a in G for b in G]


def test_every_step_of_a_download_is_taken_or_refused_as_the_table_says(
    sqlite_database: Database,
) -> None:
    """All 64 pairs: the legal ones write state and event, the others raise and write nothing."""
    with sqlite_database.write() as session:
        grab = new_grab(session)
        for position, (seen, _) in enumerate(DOWNLOAD_STEPS):
            new_download(session, grab, seen, position=position)
    for number, (seen, to) in enumerate(DOWNLOAD_STEPS, start=1):
        with sqlite_database.write() as session:
            download = session.get_one(Download, number)
            if to in TRANSITIONS[seen]:
                assert ledger.move_download(session, download, to, EVENT, at=NOON) is True
            else:
                with pytest.raises(IllegalTransition):
                    ledger.move_download(session, download, to, EVENT, at=NOON)
        expected = to if to in TRANSITIONS[seen] else seen
        assert download_of(sqlite_database, number).status == expected
    assert len(events(sqlite_database)) == sum(len(targets) for targets in TRANSITIONS.values())


def test_every_step_of_a_grab_is_taken_or_refused_as_the_table_says(
    sqlite_database: Database,
) -> None:
    """All 64 pairs, and each step that is taken raises the version by one."""
    with sqlite_database.write() as session:
        for number, (seen, _) in enumerate(GRAB_STEPS, start=1):
            new_grab(session, number=number, status=seen)
    for number, (seen, to) in enumerate(GRAB_STEPS, start=1):
        legal = to in GRAB_TRANSITIONS[seen]
        with sqlite_database.write() as session:
            grab = session.get_one(Grab, number)
            if legal:
                assert ledger.move_grab(session, grab, to, EVENT, at=NOON) is True
            else:
                with pytest.raises(IllegalTransition):
                    ledger.move_grab(session, grab, to, EVENT, at=NOON)
        kept = grab_of(sqlite_database, number)
        assert (kept.status, kept.version) == ((to, 2) if legal else (seen, 1))
    assert len(events(sqlite_database)) == sum(
        len(targets) for targets in GRAB_TRANSITIONS.values()
    )


def test_a_step_writes_columns_moment_and_event_together(
    database: Database, clock: FakeClock
) -> None:
    """What belongs to one fact is one transaction, on both databases."""
    with database.write() as session:
        new_download(session, new_grab(session), D.PENDING)
    clock.advance(5)
    with database.write() as session:
        row = session.get_one(Download, 1)
        ledger.move_download(session, row, D.QUEUED, EVENT, at=clock(), transfer_ref="t1")
        assert row.status == D.QUEUED  # the object in hand follows
    kept = download_of(database)
    assert (kept.status, kept.transfer_ref, kept.updated_at) == (D.QUEUED, "t1", clock())
    [event] = events(database)
    assert (event.kind, event.message, event.level) == ("download.queued", "Waiting.", "info")
    assert (event.grab_id, event.download_id, event.data) == (1, 1, {"path": "x"})
    assert event.at == clock()


def test_a_step_without_an_event_records_nothing(database: Database) -> None:
    """Some steps are told by the grab's own event."""
    with database.write() as session:
        row = new_download(session, new_grab(session))
        ledger.move_download(session, row, D.CANCELLED, None, at=NOON)
    assert events(database) == []


def test_somebody_was_faster(database: Database) -> None:
    """A step from a state that is not there any more is skipped: no change, no event, no error."""
    with database.write() as session:
        new_download(session, new_grab(session), D.QUEUED)
    with database.read() as session:
        stale = session.get_one(Download, 1)
    with database.write() as session:
        session.execute(update(Download).values(status=D.CANCELLED))
    with database.write() as session:
        assert ledger.move_download(session, stale, D.COMPLETED, EVENT, at=NOON) is False
    assert download_of(database).status == D.CANCELLED
    assert events(database) == []


def test_of_many_who_take_the_same_step_one_does(database: Database) -> None:
    """Eight threads saw the file waiting; it is claimed once."""
    with database.write() as session:
        new_download(session, new_grab(session))

    def claim() -> bool:
        with database.write() as session:
            row = session.get_one(Download, 1)
            if row.status != D.WAITING:
                return False
            return ledger.move_download(session, row, D.PENDING, EVENT, at=NOON)

    assert together(*[claim] * 8).count(True) == 1
    assert len(events(database)) == 1


def test_an_error_later_in_the_transaction_takes_step_and_event_back(database: Database) -> None:
    """There is no event of something that did not happen."""
    with database.write() as session:
        new_download(session, new_grab(session))

    def interrupted() -> None:
        with database.write() as session:
            row = session.get_one(Download, 1)
            ledger.move_download(session, row, D.PENDING, EVENT, at=NOON)
            raise InterruptedError

    with pytest.raises(InterruptedError):
        interrupted()
    assert download_of(database).status == D.WAITING
    assert events(database) == []


def test_two_writers_of_the_same_grabs_wait_for_each_other(database: Database) -> None:
    """Whatever order they name them in: neither fails, both write."""
    with database.write() as session:
        for number in (1, 2):
            new_download(session, new_grab(session, number=number), position=number)

    def touch(order: tuple[int, int]) -> None:
        with database.write() as session:
            ledger.hold(session, order)
            for number in order:
                session.execute(
                    update(Download)
                    .where(Download.grab_id == number)
                    .values(attempts=Download.attempts + 1)
                )

    together(*[lambda: touch((1, 2)), lambda: touch((2, 1))] * 6)
    assert [download_of(database, number).attempts for number in (1, 2)] == [12, 12]
    with database.write() as session:
        ledger.hold(session, [])  # nothing to lock is nothing to do


# -- the tables guard themselves -------------------------------------------------------------------


def test_one_file_is_never_asked_for_twice_at_once(database: Database) -> None:
    """A second live download of the same file is refused by the database itself."""
    with database.write() as session:
        first = new_download(session, new_grab(session, number=1), D.QUEUED)
        second = new_download(session, new_grab(session, number=2), D.WAITING)
        assert (first.peer, first.remote_path) == (second.peer, second.remote_path)

    def claim() -> None:
        with database.write() as session:
            row = session.get_one(Download, 2)
            ledger.move_download(session, row, D.PENDING, EVENT, at=NOON)

    with pytest.raises(IntegrityError):
        claim()
    with database.write() as session:
        ledger.move_download(session, session.get_one(Download, 1), D.COMPLETED, None, at=NOON)
    claim()
    assert download_of(database, 2).status == D.PENDING


@pytest.mark.parametrize(
    "columns", [{"status": "lost"}, {"size": -1}, {"bytes_done": -1}], ids=["state", "size", "done"]
)
def test_values_outside_the_vocabulary_are_refused(
    database: Database, columns: dict[str, Any]
) -> None:
    """CHECKs hold on both databases."""
    with database.write() as session:
        new_download(session, new_grab(session))
    with pytest.raises(IntegrityError), database.write() as session:
        session.execute(update(Download).values(**columns))


def test_an_nzo_id_exists_once(database: Database) -> None:
    """Lidarr knows a grab by nothing else."""
    with database.write() as session:
        new_grab(session, number=1)
    with pytest.raises(IntegrityError), database.write() as session:
        new_grab(session, number=1)


def test_files_go_with_their_grab_and_events_stay(database: Database) -> None:
    """A purged grab leaves its history behind."""
    with database.write() as session:
        grab = new_grab(session)
        ledger.move_download(session, new_download(session, grab), D.PENDING, EVENT, at=NOON)
    with database.write() as session:
        session.delete(session.get_one(Grab, 1))
    with database.read() as session:
        assert session.scalars(select(Download)).all() == []
        assert [event.grab_id for event in ledger.tail(session)] == [None]


# -- files of an offer ----------------------------------------------------------------------------


def test_the_files_of_an_offer_are_taken_over_as_they_were_shown(database: Database) -> None:
    """Path, locator, size, disc and length go from the release to the row."""
    with database.write() as session:
        ledger.add_offer(session, new_grab(session, "anna", count=2), 0, at=NOON)
    with database.read() as session:
        rows = session.scalars(select(Download).order_by(Download.position)).all()
    assert [(row.remote_path[-13:], row.size, row.seconds, row.disc) for row in rows] == [
        ("01 - Song.flac"[-13:], 1000, 200, 0),
        ("02 - Song.flac"[-13:], 1000, 200, 0),
    ]
    assert all(row.locator == row.remote_path and row.status == D.WAITING for row in rows)


# -- reading the facts -----------------------------------------------------------------------------


def test_the_tail_is_read_forwards_backwards_and_filtered(database: Database) -> None:
    """Live readers resume after an id, pages go back from one."""
    with database.write() as session:
        grab = new_grab(session)
        for number in range(6):
            kind = "grab.added" if number % 2 else "search.finished"
            record = EventRecord(kind, str(number))
            ledger.record(session, record, at=NOON, grab_id=grab.id if number > 3 else None)
            session.flush()
    with database.read() as session:
        first = ledger.tail(session)[0].id

        def words(**how: Any) -> list[str]:
            return [event.message for event in ledger.tail(session, **how)]

        assert words() == ["0", "1", "2", "3", "4", "5"]
        assert words(after=first + 3) == ["4", "5"]
        assert words(limit=2) == ["0", "1"]
        assert words(before=first + 5, limit=2) == ["4", "3"]
        assert words(grab_id=grab.id) == ["4", "5"]
        assert words(kinds=["grab.added"]) == ["1", "3", "5"]
