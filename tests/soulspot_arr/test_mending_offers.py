"""How a grab goes on when its present offer is used up: the next one, and one further search."""

from __future__ import annotations

from typing import Any

import pytest

from soulspot_arr import ledger
from soulspot_arr.db import Database
from soulspot_arr.domain import DownloadState, GrabState, Offer, OfferFile, Rescue
from soulspot_arr.models import Grab
from soulspot_arr.rules import offers
from tests.fakes.clock import NOON
from tests.soulspot_arr.mended import events, grab_of, mender, now_current, rolled
from tests.soulspot_arr.rows import new_grab

D = DownloadState
G = GrabState

# -- the whole offer -------------------------------------------------------------------------------


def albums(*lengths: tuple[int, ...]) -> list[Offer]:
    """The same album at several peers, with tracks of these seconds."""
    return [
        Offer(
            "slskd",
            peer,
            tuple(
                OfferFile(f"{peer}\\0{n} - T{n}.flac", f"{peer}\\0{n} - T{n}.flac", 100 * n, 0, s)
                for n, s in enumerate(seconds, start=1)
            ),
        )
        for peer, seconds in zip(("anna", "bert", "carl"), lengths, strict=False)
    ]


def of_album(
    database: Database, *lengths: tuple[int, ...], states: tuple[D, ...], **pins: str
) -> G:
    """A grab of such offers whose first one has files in these states, rolled up."""
    stored = offers.to_json(albums(*lengths))
    with database.write() as session:
        grab = new_grab(session, "anna", offers=stored, artist="A", album="B")
        ledger.add_offer(session, grab, 0, at=NOON)
        session.flush()
        for row, state in zip(ledger.current_files(session, grab), states, strict=True):
            row.status = state
            row.failure_kind = "rejected" if state is D.FAILED else None
        return mender(database, **pins).roll_up(session, grab, at=NOON).state


def test_what_is_complete_is_kept_when_the_offer_changes(database: Database) -> None:
    """Bert has no file like the lost one, but two of those that are here."""
    state = of_album(
        database,
        (100, 200, 300),
        (101, 250, 302),
        states=(D.COMPLETED, D.FAILED, D.COMPLETED),
    )
    assert state is G.DOWNLOADING
    assert now_current(database) == [
        (0, "anna", D.COMPLETED),
        (1, "bert", D.WAITING),
        (2, "anna", D.COMPLETED),
    ]
    grab = grab_of(database)
    assert (grab.peer, grab.offer_index, grab.total_bytes) == ("bert", 1, 600)
    [event] = events(database)
    assert (event.kind, event.data) == ("grab.offer_changed", {"peer": "bert", "kept": 2})


def test_nothing_is_kept_where_nobody_gathers_the_files(database: Database) -> None:
    """In `report` mode all files have to lie in one folder."""
    of_album(
        database,
        (100, 200),
        (101, 250),
        states=(D.COMPLETED, D.FAILED),
        COMPLETION_MODE="report",
    )
    assert now_current(database) == [(0, "bert", D.WAITING), (1, "bert", D.WAITING)]


def test_an_offer_that_needs_nothing_more_is_complete_at_once(database: Database) -> None:
    """The lost bonus track is no part of the other edition."""
    state = of_album(
        database, (100, 200, 300), (101, 201), states=(D.COMPLETED, D.COMPLETED, D.FAILED)
    )
    assert state is G.PROCESSING
    assert grab_of(database).file_count == 2


def test_files_are_not_replaced_one_by_one_when_that_is_turned_off(database: Database) -> None:
    """The whole album changes its peer at once; what is here stays."""
    of_album(
        database,
        (100, 200),
        (100, 200),
        states=(D.COMPLETED, D.FAILED),
        QUEUE_SUBSTITUTE="false",
    )
    assert grab_of(database).offer_index == 1
    assert now_current(database) == [(0, "anna", D.COMPLETED), (1, "bert", D.WAITING)]


# -- one more search -------------------------------------------------------------------------------


@pytest.mark.parametrize("seen", [G.QUEUED, G.DOWNLOADING, G.PROCESSING])
def test_when_nobody_is_left_one_more_search_is_wanted(database: Database, seen: G) -> None:
    """The lost file stays lost, the others go on, and the grab is not failed."""
    states = (D.COMPLETED, D.FAILED, D.QUEUED)
    state = rolled(database, *states, status=seen, artist="A", album="B", started_at=NOON)
    assert state is G.DOWNLOADING
    grab = grab_of(database)
    assert (grab.rescue, grab.rescue_since) == (Rescue.WANTED, NOON)
    assert grab.note == "Looking for another peer."
    assert now_current(database)[1] == (1, "anna", D.FAILED)
    assert [event.kind for event in events(database)] == ["grab.rescue_wanted"]


def test_a_search_is_wanted_once(database: Database) -> None:
    """Rolling up again tells nothing anew; after the search the next loss is the last."""
    rolled(database, D.QUEUED, D.FAILED, artist="A", album="B")
    with database.write() as session:
        grab = session.get_one(Grab, 1)
        assert mender(database).roll_up(session, grab, at=NOON).state is G.QUEUED
        grab.rescue = str(Rescue.DONE)
        assert mender(database).roll_up(session, grab, at=NOON).state is G.FAILED
    assert [event.kind for event in events(database)] == ["grab.rescue_wanted", "grab.failed"]
    assert grab_of(database).note is None


@pytest.mark.parametrize(
    ("columns", "settings"),
    [
        ({}, {}),
        ({"artist": "A"}, {}),
        ({"artist": "A", "album": "B"}, {"QUEUE_RESCUE": "false"}),
        ({"artist": "A", "album": "B"}, {"QUEUE_ALTERNATES": "0"}),
    ],
    ids=["nothing known", "no album", "turned off", "no alternates"],
)
def test_no_search_where_it_could_find_nothing(
    database: Database, columns: dict[str, str], settings: dict[str, str]
) -> None:
    """Nothing to search by, or not wished."""
    known: dict[str, Any] = dict(columns)
    assert rolled(database, D.FAILED, settings=settings, **known) is G.FAILED


def test_no_other_peer_at_all_without_alternates(database: Database) -> None:
    """`queue.alternates` 0 turns everything off."""
    off = {"QUEUE_ALTERNATES": "0"}
    assert rolled(database, D.FAILED, D.QUEUED, peers=("anna", "bert"), settings=off) is G.FAILED


def test_a_lost_file_that_was_released_ends_the_wish_to_search(database: Database) -> None:
    """Somebody took the line off the blocklist before the search was made."""
    rolled(database, D.QUEUED, D.FAILED, artist="A", album="B")
    with database.write() as session:
        grab = session.get_one(Grab, 1)
        lost = ledger.current_files(session, grab)[1]
        ledger.move_download(session, lost, D.WAITING, None, at=NOON)
        mender(database).roll_up(session, grab, at=NOON)
    assert (grab_of(database).rescue, grab_of(database).note) == (None, None)


def test_a_stand_in_that_is_on_its_way_keeps_its_place_when_its_peer_takes_over(
    database: Database,
) -> None:
    """What the next peer was asked for already is neither cancelled nor asked for again."""
    with database.write() as session:
        grab = new_grab(session, "anna", "bert")
        ledger.add_offer(session, grab, 0, at=NOON)
        first, second = ledger.current_files(session, grab)
        ledger.move_download(session, first, D.FAILED, None, at=NOON, failure_kind="rejected")
        mender(database).roll_up(session, grab, at=NOON)
        stand_in = next(row for row in ledger.current_files(session, grab) if row.peer == "bert")
        ledger.claim(session, [stand_in.id], batch_key="k", instance=None, at=NOON)
        session.refresh(stand_in)
        ledger.move_download(session, stand_in, D.QUEUED, None, at=NOON, transfer_ref="t1")
        session.refresh(second)
        ledger.move_download(session, second, D.FAILED, None, at=NOON, failure_kind="user_blocked")
        mender(database).roll_up(session, grab, at=NOON)
        rows = ledger.current_files(session, grab)
        assert [(row.peer, row.status) for row in rows] == [("bert", "queued"), ("bert", "waiting")]
        assert rows[0].id == stand_in.id
        assert rows[0].transfer_ref == "t1"
