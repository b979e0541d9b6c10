"""A line that a person adds stops what is under way; one that came by itself does not."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from soulspot_arr.commands import Commands
from soulspot_arr.domain import BlockScope, DownloadState, FailureKind, GrabState
from soulspot_arr.errors import BlockExists
from soulspot_arr.models import Download
from soulspot_arr.rules.blocking import Entry
from tests.soulspot_arr.workshop import Bench, offer

PEER, FOLDER, FILE, PHRASE = BlockScope
ALBUM = "Music\\Cello\\Undertow"
NAMES = ("01.flac", "02.flac", "03.flac", "04.flac")


def commands(bench: Bench) -> Commands:
    """As the services have them."""
    return Commands(bench.queue, bench.order, bench.blocklist, mender=bench.mender)


def under_way(bench: Bench) -> str:
    """Of anna's four files one is here, one is being sent, one is queued, one was just asked for."""
    nzo_id = bench.asked(offer("anna", *NAMES), offer("bert", *NAMES, folder="Bert\\Undertow"))
    bench.source.succeed(f"{ALBUM}\\01.flac")
    bench.source.start(f"{ALBUM}\\02.flac")
    bench.look()
    with bench.db.write() as session:
        row = session.scalars(
            select(Download).where(Download.remote_path == f"{ALBUM}\\04.flac")
        ).one()
        row.status = DownloadState.PENDING
    assert bench.states(nzo_id) == ["completed", "downloading", "queued", "pending"]
    bench.wakes.clear()
    return nzo_id


def of_anna(bench: Bench) -> list[Download]:
    """The rows of her files, in order."""
    query = select(Download).where(Download.peer == "anna").order_by(Download.position)
    with bench.db.read() as session:
        return list(session.scalars(query))


@pytest.mark.parametrize(
    ("entry", "stopped"),
    [
        (Entry(PEER, "Anna", reason="noise"), "234"),
        (Entry(FOLDER, "anna", ALBUM), "234"),
        (Entry(FOLDER, "", ALBUM), "234"),
        (Entry(FILE, "anna", f"{ALBUM}\\03.flac"), "3"),
        (Entry(FILE, "", f"{ALBUM}\\01.flac"), ""),
        (Entry(PHRASE, "", "cello undertow"), "234"),
        (Entry(PEER, "cleo"), ""),
        (Entry(PEER, "anna", source="elsewhere"), ""),
    ],
    ids=str,
)
def test_what_is_under_way_is_stopped(both: Bench, entry: Entry, stopped: str) -> None:
    """It is cancelled at the source and comes from elsewhere; what has arrived stays."""
    nzo_id = under_way(both)
    line = commands(both).block(entry)
    assert (line.held_back, line.warning) == (len(stopped), "")
    was = [str(number) in stopped for number in range(1, 5)]
    rows = of_anna(both)
    assert [row.status == DownloadState.BLOCKLISTED for row in rows] == was
    assert {row.failure_kind for row in rows if row.status == "blocklisted"} <= {"blocked"}
    assert rows[0].status == DownloadState.COMPLETED
    assert (set(both.wakes) == {"cleanup", "dispatch"}) is bool(stopped)
    both.cleanup.run()
    assert {ref.ref for ref in both.source.forgotten} == {
        row.transfer_ref for row in rows if row.status == DownloadState.BLOCKLISTED
    }
    both.dispatcher.run()
    asked = {file.path for one in both.source.requests for file in one.files if one.peer == "bert"}
    assert asked == {f"Bert\\Undertow\\0{number}.flac" for number in stopped}
    assert both.grab(nzo_id).status == GrabState.DOWNLOADING
    assert len(both.files(nzo_id)) == 4


def test_it_is_told_what_happened(both: Bench) -> None:
    """For each file, with the words of the person."""
    under_way(both)
    commands(both).block(Entry(FILE, "anna", f"{ALBUM}\\02.flac", reason="hisses"))
    (event,) = both.events("download.blocked")
    assert event.message == (
        f'02.flac is not fetched any further: the file "{ALBUM}\\02.flac" is on the blocklist: '
        "hisses."
    )


def test_what_waits_is_held_back_at_once(both: Bench) -> None:
    """Nobody has to wait for its turn, and nothing was asked for that had to be cancelled."""
    nzo_id = both.add(offer("anna", "01.flac"), offer("bert", "01.flac"))
    assert commands(both).block(Entry(PEER, "anna")).held_back == 1
    assert [(row.peer, row.status) for row in both.files(nzo_id)] == [("bert", "waiting")]
    both.dispatcher.run()
    assert {request.peer for request in both.source.requests} == {"bert"}


def test_nobody_else_has_it(both: Bench) -> None:
    """The grab fails with the reason; its other files are cancelled."""
    nzo_id = both.asked()
    both.look()
    commands(both).block(Entry(FILE, "anna", f"{ALBUM}\\02.flac"))
    assert both.states(nzo_id) == ["cancelled", "blocklisted", "cancelled"]
    grab = both.grab(nzo_id)
    assert (grab.status, grab.failure_kind) == (GrabState.FAILED, FailureKind.BLOCKED)
    assert both.cleanup.forget() == 3
    assert both.source.poll_raw().transfers == ()


def test_grabs_that_are_over_are_left_alone(bench: Bench) -> None:
    """Cancelled by hand, failed, or just being finished: there is nothing to stop."""
    over = bench.asked(offer("anna", "a.flac", folder="A"))
    bench.queue.cancel([over])
    bench.arrived({"b.flac": b"sound"}, folder="B")
    line = commands(bench).block(Entry(PEER, "anna"))
    assert line.held_back == 0
    assert {row.status for row in of_anna(bench)} == {"cancelled", "completed"}


def test_what_somebody_else_has_started_is_not_cancelled(both: Bench) -> None:
    """The file is not ours any more; the transfer never was."""
    theirs = both.source._record("anna", f"{ALBUM}\\01.flac", 1_000, None, "Undertow")
    both.asked(offer("anna", "01.flac"))
    commands(both).block(Entry(PEER, "anna"))
    both.cleanup.run()
    assert [item.ref for item in both.source.poll_raw().transfers] == [theirs.ref]


@pytest.mark.parametrize("path", ["x", "flac"])
def test_a_line_that_is_warned_of_stops_nothing(both: Bench, path: str) -> None:
    """It refuses (nearly) everything: a slip of the keyboard must not end all grabs at once."""
    nzo_id = under_way(both)
    before = both.states(nzo_id)
    line = commands(both).block(Entry(PHRASE, "", path))
    assert line.warning
    assert line.held_back == 0
    assert both.states(nzo_id) == before


def test_an_equal_line_changes_nothing(both: Bench) -> None:
    """Refused as a whole: whoever is under way goes on."""
    both.blocklist.add(Entry(PEER, "anna"))
    nzo_id = both.asked(offer("bert", "01.flac"))
    with pytest.raises(BlockExists):
        commands(both).block(Entry(PEER, "ANNA"))
    assert both.states(nzo_id) == ["pending"]


@pytest.mark.parametrize("by", ["quarantine", "strikes"])
def test_lines_that_come_by_themselves_let_it_arrive(both: Bench, by: str) -> None:
    """They judge what is to come; what is on its way is judged when it is here."""
    both.settings.patch({"blocklist.strikes": 1})
    nzo_id = under_way(both)
    before = both.states(nzo_id)
    with both.db.write() as session:
        if by == "quarantine":
            entry = Entry(PEER, "anna", source="slskd", reason="answers everything")
            both.blocklist.quarantine(session, entry, days=7, count=3, at=both.clock())
        else:
            other = session.get_one(Download, both.files(nzo_id)[0].id)
            kind = FailureKind.CORRUPT
            both.blocklist.after_failure(session, other, kind, both.clock())
    assert both.blocklist.snapshot().reason("slskd", "anna") is not None
    assert both.states(nzo_id) == before
    both.source.start(f"{ALBUM}\\03.flac")
    both.look()
    assert both.states(nzo_id)[1:3] == ["downloading", "downloading"]


def test_released_again_it_is_asked_for_anew(both: Bench) -> None:
    """A person who has second thoughts before anybody else was found gets the files after all."""
    both = Bench(both.db, both.clock, both.root, pins={})  # looks for others before it fails
    nzo_id = both.asked(offer("anna", "01.flac"))
    both.look()
    line = commands(both).block(Entry(PEER, "anna"))
    assert both.wakes[-3:] == ["cleanup", "rescue", "dispatch"]
    assert both.grab(nzo_id).rescue == "wanted"
    both.cleanup.run()
    assert both.blocklist.remove_one(line.id).released == 1
    both.dispatcher.run()
    both.look()
    assert both.states(nzo_id) == ["queued"]
    (transfer,) = both.source.poll_raw().transfers
    assert transfer.ref == both.files(nzo_id)[0].transfer_ref
