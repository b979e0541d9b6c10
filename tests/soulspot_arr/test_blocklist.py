"""The blocklist: lines by hand and by themselves, strikes, expiry, and what removing a line releases."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from soulspot_arr.blocklist import Block, Blocklist, Filter
from soulspot_arr.domain import BlockScope, DownloadState, FailureKind, GrabState
from soulspot_arr.errors import BlockExists, BlockNotFound, InvalidInput, OffersBlocked
from soulspot_arr.models import BlockRow, Download, ReleaseRow, Strike
from soulspot_arr.rules import offers
from soulspot_arr.rules.blocking import Entry
from tests.soulspot_arr.workshop import Bench, offer

PEER, FOLDER, FILE, PHRASE = BlockScope
BAD = FailureKind.CORRUPT


def listed(blocklist: Blocklist, **only: object) -> list[Block]:
    """Everything in force, newest first."""
    return blocklist.page(Filter(**only), before=None, limit=100)  # type: ignore[arg-type]


def failed(
    bench: Bench,
    nzo_id: str,
    kind: FailureKind = BAD,
    message: str = "",
    *,
    position: int = 0,
) -> Download:
    """Let one file of a grab fail for good, as whoever writes a failure does; the row afterwards."""
    file_id = bench.files(nzo_id)[position].id
    with bench.db.write() as session:
        row = session.get_one(Download, file_id)
        row.status, row.failure_kind, row.failure_message = DownloadState.FAILED, kind, message
        session.flush()
        bench.blocklist.after_failure(session, row, kind, bench.clock())
    with bench.db.read() as session:
        return session.get_one(Download, file_id)


def strikes(bench: Bench) -> list[Strike]:
    """Every strike that is kept."""
    with bench.db.read() as session:
        return list(session.scalars(select(Strike).order_by(Strike.id)))


def release(bench: Bench, key: str, peer: str, folder: str) -> None:
    """A release that was found lately."""
    with bench.db.write() as session:
        row = ReleaseRow(
            id=key * 64,
            title=key,
            artist="",
            album="",
            quality="FLAC",
            size=1,
            offers=offers.to_json([offer(peer, "01.flac", folder=folder)]),
            published_at=bench.clock(),
            last_seen_at=bench.clock(),
        )
        session.add(row)


# -- by hand ---------------------------------------------------------------------------------------


def test_a_line_is_in_force_at_once_and_told(both: Bench) -> None:
    """The picture is read again, and a blocked peer is an event."""
    assert not both.blocklist.snapshot()
    until = both.clock() + timedelta(days=2)
    added = both.blocklist.add(Entry(PEER, " anna ", reason="noise"), expires_at=until)
    assert (added.peer, added.automatic, added.failures, added.expires_at) == (
        "anna", False, 0, until,
    )  # fmt: skip
    assert both.blocklist.snapshot().reason("slskd", "Anna") == "Anna is on the blocklist: noise"
    (event,) = both.events("peer.")
    assert event.kind == "peer.blocked"
    assert event.message == f"anna is blocked until {until:%Y-%m-%d %H:%M} UTC: noise."
    assert event.data["peer"] == "anna"
    assert event.data["until"] == until.isoformat()
    assert both.blocklist.find(added.id) == added


@pytest.mark.parametrize(
    "again",
    [
        Entry(PEER, "ANNA"),
        Entry(FOLDER, "anna", "music/cello/"),
        Entry(PHRASE, "", "Best-of"),
    ],
)
def test_the_same_line_is_not_added_twice(both: Bench, again: Entry) -> None:
    """However it is written; the answer names the line that is there."""
    for entry in (
        Entry(PEER, "anna"),
        Entry(FOLDER, "anna", "Music\\Cello"),
        Entry(PHRASE, "", "best of"),
    ):
        both.blocklist.add(entry)
    with pytest.raises(BlockExists) as caught:
        both.blocklist.add(again)
    assert both.blocklist.find(caught.value.data["id"]).scope is again.scope
    both.blocklist.add(Entry(again.scope, again.peer, again.path, source="slskd2"))


@pytest.mark.parametrize(
    "entry",
    [
        Entry(PEER),
        Entry(PEER, "anna", "Music"),
        Entry(FOLDER, "anna"),
        Entry(FOLDER, "anna", "\\/"),
        Entry(FILE, "", "//"),
        Entry(PHRASE, "", "!?"),
    ],
)
def test_a_line_that_could_refuse_nothing_is_refused(bench: Bench, entry: Entry) -> None:
    """So that nobody believes to be protected."""
    with pytest.raises(InvalidInput):
        bench.blocklist.add(entry)
    assert listed(bench.blocklist) == []


def test_a_line_does_not_begin_in_the_past(bench: Bench) -> None:
    """It would be over already."""
    with pytest.raises(InvalidInput):
        bench.blocklist.add(Entry(PEER, "anna"), expires_at=bench.clock())


def test_what_refuses_nearly_everything_is_warned_of(both: Bench) -> None:
    """Measured on the releases that were found lately; it is added all the same."""
    release(both, "a", "anna", "Music\\Best\\One")
    release(both, "b", "bert", "music\\Best\\Two")
    release(both, "c", "cara", "Share\\Three")
    assert both.blocklist.add(Entry(PHRASE, "", "best")).warning == (
        "It refuses 2 of the 3 releases that were found lately."
    )
    assert both.blocklist.add(Entry(FOLDER, "", "Music")).warning
    assert both.blocklist.add(Entry(PHRASE, "", "x")).warning
    assert both.blocklist.add(Entry(PHRASE, "", "three")).warning == ""
    assert both.blocklist.add(Entry(FOLDER, "anna", "Music")).warning == ""
    assert len(listed(both.blocklist)) == 5


def test_lines_are_listed_in_pages_and_by_kind(both: Bench) -> None:
    """Newest first."""
    for peer in ("anna", "bert", "cara"):
        both.blocklist.add(Entry(PEER, peer))
    both.blocklist.add(Entry(FOLDER, "Anna", "Music"))
    assert [block.peer for block in listed(both.blocklist)] == ["Anna", "cara", "bert", "anna"]
    assert [block.scope for block in listed(both.blocklist, peer="anna")] == [FOLDER, PEER]
    assert len(listed(both.blocklist, scopes=(PEER,))) == 3
    assert listed(both.blocklist, automatic=True) == []
    assert len(listed(both.blocklist, automatic=False)) == 4
    first = both.blocklist.page(Filter(), before=None, limit=3)
    rest = both.blocklist.page(Filter(), before=first[-1].id, limit=3)
    assert [block.peer for block in rest] == ["anna"]


def test_lines_end_by_themselves(both: Bench) -> None:
    """At their moment, for everybody; housekeeping tells it and deletes the row."""
    both.blocklist.add(Entry(PEER, "anna"), expires_at=both.clock() + timedelta(hours=1))
    kept = both.blocklist.add(Entry(PEER, "bert"))
    both.clock.advance(3601)
    assert both.blocklist.snapshot().reason("slskd", "anna") is None
    assert listed(both.blocklist) == [kept]
    assert both.blocklist.expire() == 1
    assert both.blocklist.expire() == 0
    assert [event.data["peer"] for event in both.events("peer.unblocked")] == ["anna"]


def test_what_is_over_may_be_added_again(both: Bench) -> None:
    """Before housekeeping has come by."""
    both.blocklist.add(Entry(PEER, "anna"), expires_at=both.clock() + timedelta(hours=1))
    both.clock.advance(3601)
    both.blocklist.add(Entry(PEER, "anna"))
    assert both.blocklist.snapshot().reason("slskd", "anna")


def test_unknown_lines_are_told(both: Bench) -> None:
    """One alone is an error; among others it does no harm."""
    line = both.blocklist.add(Entry(PEER, "anna"))
    found = both.blocklist.remove([line.id, 99, 98])
    assert (found.removed, found.not_found, found.released) == ((line,), (98, 99), 0)
    for look in (both.blocklist.find, both.blocklist.remove_one):
        with pytest.raises(BlockNotFound):
            look(line.id)


def test_another_process_sees_a_line_within_seconds(both: Bench) -> None:
    """Pictures are kept for two seconds, and a jump of the clock ends them."""
    other = Blocklist(both.db, both.settings, clock=both.clock)
    assert not other.snapshot()
    both.blocklist.add(Entry(PEER, "anna"))
    both.clock.advance(3)
    assert other.snapshot().reason("slskd", "anna")


# -- by what went wrong ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "message", "scope", "days"),
    [
        (FailureKind.CORRUPT, "", FILE, 90),
        (FailureKind.INVALID_FORMAT, "", FILE, 90),
        (FailureKind.NOT_IMPORTABLE, "", FILE, 90),
        (FailureKind.FILE_NOT_FOUND, "File not shared.", FILE, 90),
        (FailureKind.USER_BLOCKED, "Banned", PEER, 90),
        (FailureKind.PEER_EXHAUSTED, "Too many megabytes today", PEER, 1),
        (FailureKind.PEER_EXHAUSTED, "Too many files this week", PEER, 7),
        (FailureKind.REJECTED, "", None, None),
        (FailureKind.TIMEOUT, "", None, None),
        (FailureKind.BLOCKED, "", None, None),
        (FailureKind.DISK_FULL, "", None, None),
    ],
)
def test_a_failure_leaves_a_line(
    both: Bench, kind: FailureKind, message: str, scope: BlockScope | None, days: float | None
) -> None:
    """As the table of failures says; what the peer is never asked for again is BLOCKLISTED."""
    nzo_id = both.add()
    row = failed(both, nzo_id, kind, message)
    never = scope is not None and kind is not FailureKind.PEER_EXHAUSTED
    assert row.status == (DownloadState.BLOCKLISTED if never else DownloadState.FAILED)
    assert row.failure_kind == kind
    assert len(both.events("download.blocked")) == never
    lines = listed(both.blocklist)
    if scope is None:
        assert lines == []
        return
    (line,) = lines
    assert (line.scope, line.peer, line.source) == (scope, "anna", "slskd")
    assert line.path == ("" if scope is PEER else row.remote_path)
    assert (line.automatic, line.failures) == (True, 1)
    assert line.reason
    assert line.expires_at == both.clock() + timedelta(days=days or 0)
    assert len(both.events("peer.blocked")) == (scope is PEER)


def test_the_same_failure_again_is_counted(both: Bench) -> None:
    """The later end counts; what a person wrote keeps its words and its end."""
    nzo_id = both.add()
    path = failed(both, nzo_id).remote_path
    both.clock.advance(86_400)
    failed(both, nzo_id)
    (line,) = listed(both.blocklist)
    assert (line.failures, line.expires_at) == (2, both.clock() + timedelta(days=90))
    both.blocklist.remove([line.id])
    by_hand = both.blocklist.add(Entry(FILE, "anna", path, "slskd", "mine"))
    failed(both, nzo_id)
    (line,) = listed(both.blocklist)
    assert (line.id, line.reason, line.expires_at, line.failures, line.automatic) == (
        by_hand.id, "mine", None, 1, False,
    )  # fmt: skip


def test_three_bad_files_speak_against_their_folder(both: Bench) -> None:
    """The folder is refused as a whole then, not the one beside it."""
    names = [f"0{n}.flac" for n in range(1, 5)]
    nzo_id = both.add(offer("anna", *names))
    for position in range(2):
        failed(both, nzo_id, position=position)
    assert {line.scope for line in listed(both.blocklist)} == {FILE}
    failed(both, nzo_id, position=2)
    (folder,) = listed(both.blocklist, scopes=(FOLDER,))
    assert folder.path == "Music\\Cello\\Undertow"
    assert folder.automatic
    blocks = both.blocklist.snapshot()
    assert blocks.reason("slskd", "anna", "Music\\Cello\\Undertow\\04.flac")
    assert blocks.reason("slskd", "anna", "Music\\Cello\\Undertow 2\\04.flac") is None


def test_three_albums_are_three_strikes(both: Bench) -> None:
    """Many bad files of one album are one strike; the third album blocks the peer for 14 days."""
    for album in range(3):
        assert listed(both.blocklist, scopes=(PEER,)) == []
        nzo_id = both.add(offer("anna", "01.flac", "02.flac", folder=f"Music\\{album}"))
        failed(both, nzo_id, position=0)
        failed(both, nzo_id, position=1)
        assert len(strikes(both)) == (album + 1) % 3
        both.clock.advance(86_400)
    (line,) = listed(both.blocklist, scopes=(PEER,))
    assert (line.peer, line.source, line.failures, line.automatic) == ("anna", "slskd", 3, True)
    assert line.expires_at is not None
    assert line.expires_at - line.created_at == timedelta(days=14)
    (event,) = both.events("peer.blocked")
    assert event.data["automatic"] is True


def test_strikes_count_for_a_while_only(both: Bench) -> None:
    """The first one is too old when the third one comes."""
    for album in range(3):
        failed(both, both.add(offer("anna", "01.flac", folder=f"Music\\{album}")))
        both.clock.advance(16 * 86_400)
    assert listed(both.blocklist, scopes=(PEER,)) == []
    both.clock.advance(10 * 86_400)
    both.blocklist.expire()
    assert len(strikes(both)) == 1


def test_strikes_are_those_of_one_peer(both: Bench) -> None:
    """Others' failures say nothing."""
    for peer in ("anna", "bert", "cara"):
        failed(both, both.add(offer(peer, "01.flac")))
    assert listed(both.blocklist, scopes=(PEER,)) == []


def test_strikes_can_be_turned_off(both: Bench) -> None:
    """`blocklist.strikes` 0; lines about files are written all the same."""
    both.settings.patch({"blocklist.strikes": 0})
    for album in range(4):
        failed(both, both.add(offer("anna", "01.flac", folder=f"Music\\{album}")))
    assert {line.scope for line in listed(both.blocklist)} == {FILE}
    assert strikes(both) == []


def test_a_peer_that_is_released_starts_anew(both: Bench) -> None:
    """Its strikes are forgotten with the line."""
    both.settings.patch({"blocklist.strikes": 2})
    for album in range(2):
        failed(both, both.add(offer("anna", "01.flac", folder=f"Music\\{album}")))
    (line,) = listed(both.blocklist, scopes=(PEER,))
    both.blocklist.remove_one(line.id)
    failed(both, both.add(offer("anna", "01.flac", folder="Music\\9")))
    assert listed(both.blocklist, scopes=(PEER,)) == []


def test_a_line_that_was_over_begins_again(both: Bench) -> None:
    """The row may still be there; the peer is blocked and told anew."""
    nzo_id = both.add()
    failed(both, nzo_id, FailureKind.PEER_EXHAUSTED, "today")
    both.clock.advance(2 * 86_400)
    failed(both, nzo_id, FailureKind.PEER_EXHAUSTED, "today")
    (line,) = listed(both.blocklist)
    assert line.created_at == both.clock()
    assert len(both.events("peer.blocked")) == 2
    with both.db.read() as session:
        assert len(session.scalars(select(BlockRow)).all()) == 1


def test_two_processes_write_the_same_line_at_once(both: Bench) -> None:
    """Neither transaction is lost, and both are counted."""
    ready = threading.Barrier(4)

    def note(_: int) -> None:
        ready.wait(10)
        with both.db.write() as session:
            entry = Entry(PEER, "anna", "", "slskd", "noise")
            both.blocklist.quarantine(session, entry, days=1, count=2, at=both.clock())

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(note, range(4)))
    (line,) = listed(both.blocklist)
    assert line.failures == 8
    assert len(both.events("peer.blocked")) == 1


# -- in the queue ----------------------------------------------------------------------------------


def test_what_was_blocked_meanwhile_is_not_asked_for(both: Bench) -> None:
    """Its files are BLOCKLISTED, and the next peer is asked in the same run."""
    nzo_id = both.add(offer("anna", "01.flac"), offer("bert", "01.flac"))
    both.blocklist.add(Entry(PEER, "anna", reason="noise"))
    both.dispatcher.run()
    assert {request.peer for request in both.source.requests} == {"bert"}
    assert both.grab(nzo_id).status == GrabState.QUEUED
    (event,) = both.events("download.blocked")
    assert event.data["peer"] == "anna"
    assert event.message == "01.flac is not asked for: anna is on the blocklist: noise."
    with both.db.read() as session:
        old = session.scalars(select(Download).where(Download.peer == "anna")).one()
    assert (old.status, old.failure_kind) == (DownloadState.BLOCKLISTED, FailureKind.BLOCKED)


def test_a_stale_picture_does_not_hold_back(both: Bench) -> None:
    """Another process has taken the line off a moment ago."""
    nzo_id = both.add(offer("anna", "01.flac"))
    line = both.blocklist.add(Entry(PEER, "anna"))
    assert both.blocklist.snapshot()
    Blocklist(both.db, both.settings, clock=both.clock).remove_one(line.id)
    both.dispatcher.run()
    assert both.states(nzo_id) == ["pending"]


def test_taking_a_line_off_releases_what_it_held_back(both: Bench) -> None:
    """A grab that still looks for another peer goes on; one that another line refuses does not."""
    both = Bench(both.db, both.clock, both.root, pins={})  # looks for others before it fails
    nzo_id = both.add(offer("anna", "01.flac"))
    other = both.add(offer("bert", "01.flac", folder="Music\\Other"))
    lines = [both.blocklist.add(Entry(PEER, peer)) for peer in ("anna", "bert")]
    both.blocklist.add(Entry(PHRASE, "", "other"))
    both.dispatcher.run()
    assert both.states(nzo_id) == both.states(other) == ["blocklisted"]
    both.wakes.clear()
    assert both.blocklist.remove([line.id for line in lines]).released == 1
    assert both.wakes == ["dispatch"]
    assert both.states(nzo_id) == ["waiting"]
    assert both.states(other) == ["blocklisted"]
    both.dispatcher.run()
    assert both.states(nzo_id) == ["pending"]


def test_expiry_releases_as_well(both: Bench) -> None:
    """Nobody has to be there."""
    both = Bench(both.db, both.clock, both.root, pins={})  # looks for others before it fails
    nzo_id = both.add(offer("anna", "01.flac"))
    both.blocklist.add(Entry(PEER, "anna"), expires_at=both.clock() + timedelta(minutes=5))
    both.dispatcher.run()
    assert both.states(nzo_id) == ["blocklisted"]
    both.clock.advance(301)
    both.blocklist.expire()
    assert both.states(nzo_id) == ["waiting"]


def test_a_grab_begins_with_the_first_offer_that_is_allowed(both: Bench) -> None:
    """The main one was blocked between the search and the grab."""
    both.blocklist.add(Entry(PEER, "anna"))
    nzo_id = both.add(offer("anna", "01.flac"), offer("bert", "01.flac", size=7))
    grab = both.grab(nzo_id)
    assert (grab.peer, grab.total_bytes, len(grab.offers)) == ("bert", 7, 1)


def test_a_grab_from_nobody_is_refused(both: Bench) -> None:
    """With the reason, and without a trace."""
    both.blocklist.add(Entry(FILE, "", "Music\\Cello\\Undertow\\01.flac", reason="noise"))
    with pytest.raises(OffersBlocked, match="noise"):
        both.add(offer("anna", "01.flac"), offer("bert", "01.flac"))
    assert both.queue.queue() == []
