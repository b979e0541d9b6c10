"""One look at the source for everything, and what is written about each file and grab."""

from __future__ import annotations

from sqlalchemy import select

from soulspot_arr.domain import FailureKind, GrabState
from soulspot_arr.models import Download
from tests.soulspot_arr.workshop import Bench, offer, statements

FOLDER = "Music\\Cello\\Undertow"
ONE, TWO, THREE = (f"{FOLDER}\\0{number}.flac" for number in (1, 2, 3))


def kinds(bench: Bench) -> list[str]:
    """The kinds of all events, oldest first."""
    return [event.kind for event in bench.events()]


# -- the way through -------------------------------------------------------------------------------


def test_first_sight_confirms_the_request(bench: Bench) -> None:
    """A requested file that the source lists is queued, with its place."""
    nzo_id = bench.asked()
    bench.source.queue(TWO, place=17)
    assert bench.look() == 3
    assert bench.states(nzo_id) == ["queued"] * 3
    assert bench.files(nzo_id)[1].place_in_queue == 17
    assert bench.queue.find(nzo_id).place_in_queue == 17
    assert bench.grab(nzo_id).status == GrabState.QUEUED


def test_the_whole_way(both: Bench) -> None:
    """Queued, bytes, one after the other, then PROCESSING; completion is woken once."""
    nzo_id = both.asked()
    both.look()
    both.source.start(ONE, bytes_done=400)
    both.look()
    assert both.states(nzo_id) == ["downloading", "queued", "queued"]
    grab = both.grab(nzo_id)
    assert (grab.status, grab.started_at) == (GrabState.DOWNLOADING, both.clock())
    assert (both.queue.find(nzo_id).bytes_done, both.queue.find(nzo_id).speed) == (400, 1_000)
    for path in (ONE, TWO, THREE):
        both.source.succeed(path)
        both.look()
    grab = both.grab(nzo_id)
    assert (grab.status, grab.transferred_at) == (GrabState.PROCESSING, both.clock())
    assert both.states(nzo_id) == ["completed"] * 3
    assert both.wakes.count("complete") == 1
    assert kinds(both).count("grab.started") == 1
    assert kinds(both)[-1] == "grab.processing"


def test_straight_to_the_end(bench: Bench) -> None:
    """A small file may be complete before the first look (slskd §5.6)."""
    nzo_id = bench.asked()
    for path in (ONE, TWO, THREE):
        bench.source.succeed(path)
    bench.look()
    assert bench.states(nzo_id) == ["completed"] * 3
    assert bench.grab(nzo_id).status == GrabState.PROCESSING
    assert bench.queue.find(nzo_id).bytes_done == 3_000


def test_only_what_changed_is_written(both: Bench) -> None:
    """An unchanged look writes nothing; progress of many files is one statement."""
    nzo_id = both.asked()
    both.look()
    for path in (ONE, TWO, THREE):
        both.source.start(path, bytes_done=100)
    both.look()
    with statements(both.db) as sent:
        assert both.look() == 0
    assert not [text for text in sent if text.startswith(("UPDATE", "INSERT"))]
    for path in (ONE, TWO, THREE):
        both.source.start(path, bytes_done=200)
    with statements(both.db) as sent:
        assert both.look() == 3
    assert len([text for text in sent if text.startswith("UPDATE")]) == 1
    assert not [text for text in sent if text.startswith("INSERT")]
    assert both.queue.find(nzo_id).bytes_done == 600


def test_progress_never_goes_back(bench: Bench) -> None:
    """Repeated or smaller counts of the source are not shown."""
    nzo_id = bench.asked()
    bench.source.start(ONE, bytes_done=500)
    bench.look()
    bench.source.start(ONE, bytes_done=300)
    bench.look()
    assert bench.files(nzo_id)[0].bytes_done == 500


def test_idle_asks_for_nothing(bench: Bench) -> None:
    """Without open files the source is left alone, and little is read."""
    bench.look()
    with statements(bench.db) as sent:
        assert bench.look() == 0
    assert bench.source.polls == 0
    assert len([text for text in sent if text.startswith("SELECT")]) <= 2


def some_time_passes(bench: Bench) -> None:
    """More than half a minute in which nothing happened at the source."""
    bench.monitor._last_move = float("-inf")


def test_only_queued_files_are_looked_at_less_often(bench: Bench) -> None:
    """Hours in peers' queues do not need a look every five seconds; news make it at once."""
    bench.asked()
    bench.look()
    for _ in range(5):  # an album of small files may be over within half a minute
        bench.monitor.tick()
    assert bench.source.polls == 6
    some_time_passes(bench)
    for _ in range(5):
        bench.monitor.tick()
    assert bench.source.polls == 6
    bench.monitor.hasten()
    bench.monitor.tick()
    assert bench.source.polls == 7
    assert bench.wakes[-1] == "poll"
    bench.source.start(ONE)
    bench.look()
    bench.monitor.tick()
    assert bench.source.polls == 9


def test_a_look_that_is_put_off_loads_no_file(both: Bench) -> None:
    """Thousands of files that wait at peers are not read every five seconds for nothing."""
    both.asked()
    both.look()
    some_time_passes(both)
    with statements(both.db) as sent:
        both.monitor.tick()
    (query,) = [text for text in sent if text.startswith("SELECT")]
    assert "remote_path" not in query


def test_source_without_an_address_is_not_asked(bench: Bench) -> None:
    """Nothing is read or lost while the settings are missing; afterwards the same files go on."""
    nzo_id = bench.asked()
    bench.source.configured = False
    with statements(bench.db) as sent:
        assert bench.look() == 0
    assert not [text for text in sent if "remote_path" in text]
    assert (bench.source.polls, bench.changes) == (0, [])
    bench.source.configured = True
    assert bench.look() == 3
    assert bench.states(nzo_id) == ["queued"] * 3


# -- the source itself -----------------------------------------------------------------------------


def test_L12_restart_of_the_source_goes_unnoticed(bench: Bench) -> None:
    """New references, no batch any more, another folder: the same files go on (slskd §5.9)."""
    nzo_id = bench.asked()
    bench.source.start(ONE, bytes_done=500)
    bench.look()
    before = {row.transfer_ref for row in bench.files(nzo_id)}
    bench.source.restart()
    bench.look()
    rows = bench.files(nzo_id)
    assert before.isdisjoint({row.transfer_ref for row in rows})
    assert {row.placement for row in rows} == {"Undertow"}
    assert {row.attempts for row in rows} == {0}
    for path in (ONE, TWO, THREE):
        bench.source.succeed(path)
    bench.look()
    assert bench.grab(nzo_id).status == GrabState.PROCESSING


def test_outage_changes_nothing_and_is_told_once(bench: Bench) -> None:
    """While slskd is away it is asked three times, then once a minute; no file loses its patience."""
    nzo_id = bench.asked()
    bench.source.start(ONE)
    bench.look()
    calls: list[str] = []
    bench.source.on_call = calls.append
    bench.source.down = True
    before = [vars(row) | {"_sa_instance_state": 0} for row in bench.files(nzo_id)]
    for _ in range(20):
        bench.clock.advance(5)
        bench.monitor.tick()
    assert calls == ["poll"] * 4  # at 5, 10, 15 and 75 seconds
    after = [vars(row) | {"_sa_instance_state": 0} for row in bench.files(nzo_id)]
    assert after == before
    assert [ok for ok, _ in bench.changes] == [False]
    bench.source.down = False
    bench.clock.advance(60)
    bench.look()
    assert bench.states(nzo_id)[0] == "downloading"
    assert [ok for ok, _ in bench.changes] == [False, True]


def test_transfers_of_others_are_left_alone(bench: Bench) -> None:
    """What a person fetches through the same slskd is neither taken for ours nor cancelled."""
    bench.source._record("stranger", "Music\\Else\\01.flac", 10, None, "Else")
    nzo_id = bench.asked()
    bench.look()
    bench.source.fail("Music\\Else\\01.flac", FailureKind.REJECTED)
    bench.look()
    assert bench.states(nzo_id) == ["queued"] * 3
    assert bench.source.forgotten == []


def test_cancelled_while_we_look(both: Bench) -> None:
    """A delete between the look and the write wins; nothing is revived."""
    nzo_id = both.asked(offer("anna", "01.flac"))
    both.look()
    both.source.succeed(ONE)
    both.during("poll", lambda: both.queue.cancel([nzo_id]))
    both.look()
    assert both.states(nzo_id) == ["cancelled"]
    assert both.grab(nzo_id).status == GrabState.CANCELLED
    assert "download.completed" not in kinds(both)


def test_progress_of_a_cancelled_file_is_harmless(bench: Bench) -> None:
    """Bytes counted while somebody cancels do not bring the file back."""
    nzo_id = bench.asked(offer("anna", "01.flac"))
    bench.source.start(ONE, bytes_done=5)
    bench.look()
    bench.source.start(ONE, bytes_done=9)
    bench.during("poll", lambda: bench.queue.cancel([nzo_id]))
    bench.look()
    assert bench.states(nzo_id) == ["cancelled"]


# -- what the source told --------------------------------------------------------------------------


def test_landed_remembers_the_exact_path(bench: Bench) -> None:
    """A webhook's path is kept for the file it belongs to, and a look follows."""
    nzo_id = bench.asked()
    assert bench.monitor.landed("anna", TWO, "/downloads/x/02_638.flac")
    assert [row.local_path for row in bench.files(nzo_id)] == [
        None,
        "/downloads/x/02_638.flac",
        None,
    ]
    assert bench.wakes[-1] == "poll"


def test_landed_of_unknown_or_ended_files_is_nobodys(bench: Bench) -> None:
    """Other people's downloads and cancelled files are none of ours."""
    nzo_id = bench.asked()
    assert not bench.monitor.landed("ben", TWO, "/downloads/x")
    assert not bench.monitor.landed("anna", "Music\\Else\\1.flac", "/downloads/x")
    bench.queue.cancel([nzo_id])
    assert not bench.monitor.landed("anna", TWO, "/downloads/x")


def test_landed_prefers_the_newest_grab_of_the_file(bench: Bench) -> None:
    """An earlier grab of the same file that never came to its end does not take the path."""
    bench.asked(offer("anna", "01.flac"))
    bench.source.succeed(ONE)
    bench.look()
    second = bench.asked(offer("anna", "01.flac"))
    assert bench.monitor.landed("anna", ONE, "/downloads/new")
    assert bench.files(second)[0].local_path == "/downloads/new"


def test_strays_are_brought_in_line(both: Bench) -> None:
    """Files that all ended while no roll-up was written do not leave the grab hanging."""
    nzo_id = both.asked(offer("anna", "01.flac"))
    with both.db.write() as session:
        row = session.scalars(select(Download)).one()
        row.status = "completed"
    both.look()
    assert both.grab(nzo_id).status == GrabState.PROCESSING
    assert both.wakes[-1] == "complete"
