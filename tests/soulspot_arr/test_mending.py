"""A grab follows its files: who stands in for a lost one, and when nobody does any more."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from soulspot_arr import ledger
from soulspot_arr.blocklist import Blocklist
from soulspot_arr.db import Database
from soulspot_arr.domain import BlockScope, DownloadState, GrabState
from soulspot_arr.models import Download, Grab
from soulspot_arr.rules.blocking import Entry
from soulspot_arr.settings import Settings
from tests.fakes.clock import NOON
from tests.soulspot_arr.mended import events, grab_of, mender, now_current, rolled, rows_of
from tests.soulspot_arr.rows import new_download, new_grab

D = DownloadState
G = GrabState


def test_nothing_moved_yet(database: Database) -> None:
    """A grab stays queued while all its files wait, without an event."""
    assert rolled(database, D.WAITING, D.QUEUED) is G.QUEUED
    assert events(database) == []


def test_the_first_bytes_start_the_grab(database: Database) -> None:
    """The moment is kept, and told once."""
    assert rolled(database, D.DOWNLOADING, D.QUEUED) is G.DOWNLOADING
    assert grab_of(database).started_at == NOON
    assert [(event.kind, event.message) for event in events(database)] == [
        ("grab.started", "anna is sending.")
    ]


def test_falling_back_into_the_queue_is_no_news(database: Database) -> None:
    """Started stays started."""
    assert rolled(database, D.QUEUED, D.WAITING, status=G.DOWNLOADING, started_at=NOON) is G.QUEUED
    assert events(database) == []


def test_the_last_file_hands_the_grab_to_completion(database: Database) -> None:
    """Also when nobody ever saw it move: small albums arrive between two looks."""
    assert rolled(database, D.COMPLETED, D.COMPLETED) is G.PROCESSING
    assert grab_of(database).transferred_at == NOON
    assert [event.kind for event in events(database)] == ["grab.processing"]


def test_a_lost_file_that_nobody_else_has_fails_the_grab(database: Database) -> None:
    """The siblings are cancelled, and the reason is a sentence for Lidarr."""
    assert rolled(database, D.COMPLETED, D.FAILED, D.QUEUED, D.WAITING) is G.FAILED
    grab = grab_of(database)
    assert grab.failure_kind == "rejected"
    assert grab.failure_message == "02 - Song.flac: anna refuses to send the file."
    assert grab.completed_at == NOON
    with database.read() as session:
        states = session.scalars(select(Download.status).order_by(Download.position)).all()
    assert states == [D.COMPLETED, D.FAILED, D.CANCELLED, D.CANCELLED]
    assert [(event.kind, event.level) for event in events(database)] == [("grab.failed", "warning")]


@pytest.mark.parametrize("seen", [G.QUEUED, G.DOWNLOADING, G.PROCESSING])
def test_when_nothing_of_an_offer_is_left_the_next_one_takes_over(
    database: Database, seen: G
) -> None:
    """Another peer under the same id, whatever the grab was doing."""
    state = rolled(database, D.FAILED, D.FAILED, peers=("anna", "bert", "carl"), status=seen)
    assert state is G.QUEUED
    grab = grab_of(database)
    assert (grab.peer, grab.offer_index, grab.started_at) == ("bert", 1, None)
    assert (grab.total_bytes, grab.file_count) == (2000, 2)
    assert [(row.peer, row.offer_index, row.status, row.current) for row in rows_of(database)] == [
        ("anna", 0, D.FAILED, False),
        ("anna", 0, D.FAILED, False),
        ("bert", 1, D.WAITING, True),
        ("bert", 1, D.WAITING, True),
    ]
    [event] = events(database)
    assert (event.kind, event.level) == ("grab.offer_changed", "warning")
    assert event.message == "01 - Song.flac: anna refuses to send the file. Trying bert instead."


def test_offers_are_used_up_one_after_the_other_and_then_the_grab_fails(database: Database) -> None:
    """Three peers, three failures, one failed grab."""
    with database.write() as session:
        grab = new_grab(session, "anna", "bert", "carl")
        ledger.add_offer(session, grab, 0, at=NOON)
    seen = []
    for _ in range(3):
        with database.write() as session:
            grab = session.get_one(Grab, 1)
            for row in ledger.current_files(session, grab):
                ledger.move_download(session, row, D.FAILED, None, at=NOON, failure_kind="too_old")
            seen.append((grab.peer, mender(database).roll_up(session, grab, at=NOON).state))
    assert seen == [("anna", G.QUEUED), ("bert", G.QUEUED), ("carl", G.FAILED)]
    assert grab_of(database).failure_kind == "too_old"


def test_a_peer_that_was_only_busy_is_asked_once_more(database: Database) -> None:
    """Left for somebody who was free, and who then fails: the first one may still send it."""
    with database.write() as session:
        grab = new_grab(session, "anna", "bert")
        ledger.add_offer(session, grab, 0, at=NOON)
    seen = []
    for _ in range(4):
        with database.write() as session:
            grab = session.get_one(Grab, 1)
            if grab.status == G.FAILED:
                break
            rows = ledger.current_files(session, grab)
            seen.append(rows[0].peer)
            kind = "passed_on" if rows[0].peer == "anna" else "rejected"
            for row in rows:
                ledger.move_download(session, row, D.FAILED, None, at=NOON, failure_kind=kind)
            mender(database).roll_up(session, grab, at=NOON)
    assert seen == ["anna", "bert", "anna"]


def test_nobody_who_is_busy_stands_in(database: Database) -> None:
    """Of two peers that have the file, the free one is asked, although it comes later."""
    with database.write() as session:
        grab = new_grab(session, "anna", "bert", "carl")
        ledger.add_offer(session, grab, 0, at=NOON)
        for row in ledger.current_files(session, grab):
            ledger.move_download(session, row, D.FAILED, None, at=NOON, failure_kind="passed_on")
        mender(database).roll_up(session, grab, at=NOON, busy={("slskd", "bert")})
        assert {row.peer for row in ledger.current_files(session, grab)} == {"carl"}


def test_files_of_an_earlier_offer_do_not_count(database: Database) -> None:
    """The failure that brought the second offer in must not fail it too."""
    with database.write() as session:
        grab = new_grab(session, "anna", "bert", offer_index=1, peer="bert")
        new_download(session, grab, D.FAILED, offer_index=0, peer="anna", current=False)
        new_download(session, grab, D.COMPLETED, position=0)
        new_download(session, grab, D.COMPLETED, position=1)
        assert mender(database).roll_up(session, grab, at=NOON).state is G.PROCESSING


def test_a_grab_whose_files_were_all_cancelled_is_cancelled(database: Database) -> None:
    """It ends, and says so."""
    assert rolled(database, D.CANCELLED, D.CANCELLED) is G.CANCELLED
    assert grab_of(database).completed_at == NOON
    assert [event.kind for event in events(database)] == ["grab.cancelled"]


def test_some_arrived_and_some_were_cancelled(database: Database) -> None:
    """Half an album is a failure with a reason of its own, not a crash."""
    assert rolled(database, D.COMPLETED, D.CANCELLED) is G.FAILED
    assert grab_of(database).failure_message == (
        "Some files were cancelled; Lidarr takes whole albums only."
    )


@pytest.mark.parametrize("seen", [G.COMPLETED, G.FAILED, G.CANCELLED, G.IMPORTED, G.REMOVED])
def test_a_grab_that_has_ended_is_never_revived(database: Database, seen: G) -> None:
    """Lidarr keeps the last state of an id for ever; another offer changes nothing about it."""
    assert rolled(database, D.FAILED, D.QUEUED, peers=("anna", "bert"), status=seen) is seen
    assert grab_of(database).offer_index == 0
    assert events(database) == []


# -- one file from another peer ---------------------------------------------------------------------


def test_a_lost_file_comes_alone_from_the_next_peer(database: Database) -> None:
    """What is here stays, what is on its way goes on, and the queue hears nothing of it."""
    states = (D.COMPLETED, D.FAILED, D.DOWNLOADING)
    state = rolled(database, *states, peers=("anna", "bert"), status=G.DOWNLOADING, started_at=NOON)
    assert state is G.DOWNLOADING
    assert now_current(database) == [
        (0, "anna", D.COMPLETED),
        (1, "bert", D.WAITING),
        (2, "anna", D.DOWNLOADING),
    ]
    grab = grab_of(database)
    assert (grab.peer, grab.offer_index, grab.total_bytes, grab.file_count) == ("anna", 0, 3000, 3)
    [event] = events(database)
    assert (event.kind, event.level, event.download_id) == ("download.substituted", "warning", 4)
    assert event.data == {
        "path": "@@music\\Artist\\Album\\02 - Song.flac",
        "peer": "bert",
        "instead_of": "anna",
        "kind": "rejected",
    }


def test_the_row_of_a_stand_in_lands_where_its_siblings_do(database: Database) -> None:
    """Same place in the album, same folder; only the peer is another."""
    rolled(database, D.COMPLETED, D.FAILED, peers=("anna", "bert"))
    old, new = rows_of(database)[1:]
    assert (old.current, new.current) == (False, True)
    assert (new.position, new.disc, new.offer_index) == (old.position, old.disc, 0)
    assert (new.remote_path, new.seconds, new.attempts) == (old.remote_path, 200, 0)


def test_a_stand_in_that_is_lost_brings_the_third_peer_and_never_the_first(
    database: Database,
) -> None:
    """Each file of each peer is tried once, and then the grab fails."""
    rolled(database, D.COMPLETED, D.FAILED, peers=("anna", "bert", "carl"))
    states = []
    for _ in range(2):
        with database.write() as session:
            grab = session.get_one(Grab, 1)
            row = ledger.current_files(session, grab)[1]
            ledger.move_download(session, row, D.FAILED, None, at=NOON, failure_kind="rejected")
            states.append((row.peer, mender(database).roll_up(session, grab, at=NOON).state))
    assert states == [("bert", G.DOWNLOADING), ("carl", G.FAILED)]
    assert len({row.peer for row in rows_of(database)}) == len(rows_of(database)) - 1


def test_siblings_that_wait_leave_with_a_file_that_is_lost_for_ever(database: Database) -> None:
    """Nobody is asked further who has banned us; what runs already may go on."""
    with database.write() as session:
        grab = new_grab(session, "anna", "bert", count=4)
        ledger.add_offer(session, grab, 0, at=NOON)
        session.flush()
        done, lost, runs, _ = ledger.current_files(session, grab)
        done.status, runs.status = D.COMPLETED, D.QUEUED
        lost.status, lost.failure_kind = D.FAILED, "file_not_found"
        mender(database).roll_up(session, grab, at=NOON)
    assert now_current(database) == [
        (0, "anna", D.COMPLETED),
        (1, "bert", D.WAITING),
        (2, "anna", D.QUEUED),
        (3, "bert", D.WAITING),
    ]
    assert [row.status for row in rows_of(database) if not row.current] == [D.FAILED, D.CANCELLED]


def test_a_file_that_was_left_untried_is_taken_up_again_in_its_row(database: Database) -> None:
    """A sibling that left waits at its old peer again when the new one fails; no second row."""
    with database.write() as session:
        grab = new_grab(session, "anna", "bert", count=3)
        ledger.add_offer(session, grab, 0, at=NOON)
        session.flush()
        done, lost, _ = ledger.current_files(session, grab)
        done.status = D.COMPLETED
        lost.status, lost.failure_kind = D.FAILED, "file_not_found"
        mender(database).roll_up(session, grab, at=NOON)
        back = ledger.current_files(session, grab)[2]
        assert back.peer == "bert"
        back.status, back.failure_kind = D.FAILED, "rejected"
        mender(database).roll_up(session, grab, at=NOON)
    assert now_current(database)[2] == (2, "anna", D.WAITING)
    assert len(rows_of(database)) == 5


def test_a_blocked_peer_stands_in_for_nobody(database: Database) -> None:
    """The blocklist is asked for substitutes and for whole offers."""
    settings = Settings(database, clock=lambda: NOON)
    Blocklist(database, settings, clock=lambda: NOON).add(Entry(BlockScope.PEER, peer="bert"))
    rolled(database, D.COMPLETED, D.FAILED, peers=("anna", "bert", "carl"))
    assert now_current(database)[1] == (1, "carl", D.WAITING)
