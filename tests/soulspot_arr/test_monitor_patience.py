"""How long the monitor waits: for what vanished, for what stands still, for busy peers."""

from __future__ import annotations

import pytest

from soulspot_arr.domain import FailureKind
from soulspot_arr.monitor import Monitor
from tests.soulspot_arr.workshop import Bench, offer

FOLDER = "Music\\Cello\\Undertow"
ONE, TWO, THREE = (f"{FOLDER}\\0{number}.flac" for number in (1, 2, 3))
PATIENCE = 21_600  # `stall.queued`, seconds


def serve(bench: Bench, path: str, *, seconds: int) -> None:
    """Let bytes of a file come steadily for so long."""
    for turn in range(1, seconds // 300 + 1):
        bench.clock.advance(300)
        bench.source.start(path, bytes_done=turn)
        bench.look()


# -- one file --------------------------------------------------------------------------------------


def test_vanished_needs_two_looks_and_a_minute(bench: Bench) -> None:
    """Missing once means nothing; after a minute it counts as an attempt."""
    nzo_id = bench.asked(offer("anna", "01.flac"))
    bench.look()
    bench.source.vanish(ONE)
    bench.look()
    assert bench.states(nzo_id) == ["queued"]
    bench.clock.advance(59)
    bench.look()
    assert bench.states(nzo_id) == ["queued"]
    bench.clock.advance(1)
    bench.look()
    (row,) = bench.files(nzo_id)
    assert (row.status, row.attempts, row.failure_kind) == ("waiting", 1, "vanished")


def test_vanished_transfer_whose_file_is_in_place_is_not_fetched_again(bench: Bench) -> None:
    """slskd finished and somebody cleared its list while we were away: the file counts."""
    nzo_id = bench.asked(offer("anna", "01.flac"))
    bench.look()
    bench.source.succeed(ONE)
    bench.source.vanish(ONE)
    bench.look()
    bench.clock.advance(61)
    bench.look()
    assert bench.states(nzo_id) == ["completed"]
    assert len(bench.source.requests) == 1


def test_file_that_shows_up_again_was_never_gone(bench: Bench) -> None:
    """A short gap in the list leaves no trace."""
    nzo_id = bench.asked(offer("anna", "01.flac"))
    bench.look()
    kept = bench.source.of(ONE)
    bench.source.vanish(ONE)
    bench.look()
    bench.source._transfers[kept.ref] = kept
    bench.clock.advance(30)
    bench.look()
    (row,) = bench.files(nzo_id)
    assert (row.status, row.missing_since) == ("queued", None)


def test_stalled_transfer_is_cancelled_and_tried_again(bench: Bench) -> None:
    """No byte for half an hour: dropped at the source, then asked for again."""
    nzo_id = bench.asked(offer("anna", "01.flac"))
    bench.source.start(ONE, bytes_done=10)
    bench.look()
    ref = bench.source.of(ONE).ref
    bench.watch(1_800)
    assert bench.states(nzo_id) == ["downloading"]
    bench.clock.advance(1)
    bench.look()
    (row,) = bench.files(nzo_id)
    assert (row.status, row.failure_kind, row.attempts) == ("waiting", "stalled", 1)
    assert [entry.ref for entry in bench.source.forgotten] == [ref]


def test_queue_without_movement_stalls_after_hours(bench: Bench) -> None:
    """Six hours in a queue in which nothing moves is enough."""
    nzo_id = bench.asked(offer("anna", "01.flac"))
    bench.look()
    bench.watch(21_600, every=170)
    assert bench.states(nzo_id) == ["queued"]
    bench.watch(1)
    assert bench.states(nzo_id) == ["waiting"]


def test_sibling_that_moves_keeps_the_others_alive(bench: Bench) -> None:
    """Peers send one file after the other: waiting files of a moving album are not stuck."""
    nzo_id = bench.asked(offer("anna", "01.flac", "02.flac", size=10_000))
    bench.look()
    for hour in range(1, 10):
        bench.clock.advance(3_600)
        bench.source.start(ONE, bytes_done=hour * 1_000)
        bench.look()
        bench.clock.advance(1)
        bench.source.queue(ONE)
        bench.look()
    assert bench.states(nzo_id)[1] == "queued"
    assert {row.attempts for row in bench.files(nzo_id)} == {0}


# -- files of one peer -----------------------------------------------------------------------------


def test_file_that_has_arrived_keeps_its_siblings_in_the_queue(both: Bench) -> None:
    """Between two files of an album that takes more than six hours nobody loses the place."""
    nzo_id = both.asked()
    both.look()
    serve(both, ONE, seconds=PATIENCE + 600)
    both.source.succeed(ONE)
    both.look()
    both.clock.advance(31)
    both.look()
    assert both.states(nzo_id) == ["completed", "queued", "queued"]
    both.watch(PATIENCE, every=170)
    assert both.states(nzo_id) == ["completed", "waiting", "waiting"]


def test_file_that_broke_off_keeps_its_siblings_in_the_queue(bench: Bench) -> None:
    """A peer that was sending a moment ago is not standing still."""
    nzo_id = bench.asked()
    bench.look()
    serve(bench, ONE, seconds=PATIENCE + 600)
    bench.source.fail(ONE, FailureKind.BROKEN, "Connection reset")
    bench.look()
    bench.clock.advance(31)
    bench.look()
    assert bench.states(nzo_id) == ["waiting", "queued", "queued"]


@pytest.mark.parametrize("end", ["processing", "completed"])
def test_album_that_has_ended_keeps_the_next_one_in_the_queue(bench: Bench, end: str) -> None:
    """Two albums of one peer: what came for the first is time the second had to wait."""
    bench.settings.patch({"queue.max_per_peer": 2})
    first = bench.asked(offer("anna", "01.flac"))
    second = bench.asked(offer("anna", "02.flac"))
    bench.look()
    serve(bench, ONE, seconds=PATIENCE + 600)
    bench.source.succeed(ONE)
    bench.look()
    if end == "completed":
        bench.calm()
        bench.completion.run()
    assert bench.grab(first).status != "downloading"
    bench.clock.advance(31)
    bench.look()
    assert bench.states(second) == ["queued"]


# -- what cannot be stored -------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["first", "last"])
def test_grab_that_cannot_be_written_does_not_hold_up_the_others(both: Bench, order: str) -> None:
    """A place in the queue that no column holds: its own grab waits, every other goes on."""
    poisoned = both.asked() if order == "first" else ""
    other = both.asked(offer("ben", "1.flac", folder="Music\\Else"))
    poisoned = poisoned or both.asked()
    both.look()
    both.source.queue(ONE, place=2**70)
    both.source.succeed("Music\\Else\\1.flac")
    assert both.look() == 1
    assert both.states(other) == ["completed"]
    assert both.grab(other).status == "processing"
    assert both.states(poisoned) == ["queued"] * 3
    both.source.queue(ONE, place=3)
    both.look()
    assert both.files(poisoned)[0].place_in_queue == 3


def test_transfer_whose_end_cannot_be_written_stays_at_the_source(both: Bench) -> None:
    """What we could not note down must not be forgotten there."""
    nzo_id = both.asked(offer("anna", "01.flac"))
    both.look()
    both.source.fail(ONE, FailureKind.REJECTED, "no \ud800 thanks")
    both.look()
    if both.states(nzo_id) == ["queued"]:
        assert both.source.forgotten == []
    else:
        assert both.states(nzo_id) == ["failed"]


def test_a_clock_that_was_set_back_while_we_were_down_stops_no_patience(bench: Bench) -> None:
    """Moments ahead are now: a file that never appears is missed after minutes, not after days."""
    nzo_id = bench.asked(offer("anna", "01.flac"))
    bench.source.succeed("Music\\Cello\\Undertow\\01.flac", write=False)
    bench.look()
    waiting = bench.asked(offer("bert", "02.flac"))
    bench.source.fail("Music\\Cello\\Undertow\\02.flac", FailureKind.BROKEN)
    bench.look()
    bench.clock.advance(-200_000)
    started_again = Monitor(
        bench.db,
        bench.settings,
        bench.source,
        bench.guard,
        paths=bench.paths,
        mender=bench.mender,
        clock=bench.clock,
        wake=bench.wakes.append,
    )
    started_again.tick()
    assert bench.grab(nzo_id).transferred_at == bench.clock()
    assert [row.not_before for row in bench.files(waiting)] == [bench.clock()]
    bench.clock.advance(301)
    bench.completion.run()
    assert bench.states(nzo_id) == ["waiting"]
