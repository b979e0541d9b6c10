"""What becomes of files that fail: the next attempt, the next peer, or a sentence in the history."""

from __future__ import annotations

import pytest

from soulspot_arr.domain import FailureKind, GrabState
from soulspot_arr.errors import SourceUnavailable
from tests.soulspot_arr.workshop import Bench, offer

FOLDER = "Music\\Cello\\Undertow"
ONE, TWO = (f"{FOLDER}\\0{number}.flac" for number in (1, 2))


def test_second_attempt_is_not_confused_by_the_first(both: Bench) -> None:
    """A failed file is asked for again after the back-off; its old record never comes back."""
    nzo_id = both.asked(offer("anna", "01.flac"))
    both.look()
    both.source.fail(ONE, FailureKind.BROKEN, "Transfer failed: Remote connection closed")
    old = both.source.of(ONE)
    both.source.break_next("cancel", SourceUnavailable("hiccup", source="slskd"))
    both.look()
    (row,) = both.files(nzo_id)
    assert (row.status, row.attempts, row.spent_ref) == ("waiting", 1, old.ref)
    assert (row.transfer_ref, row.bytes_done) == (None, 0)
    both.clock.advance(59)
    assert both.dispatcher.run() == 0
    both.clock.advance(1)
    both.dispatcher.run()
    assert both.source.of(ONE).ref != old.ref
    both.look()
    (row,) = both.files(nzo_id)
    assert (row.status, row.attempts) == ("queued", 1)
    assert old.ref in {ref.ref for ref in both.source.forgotten}
    both.source.succeed(ONE)
    both.look()
    assert both.grab(nzo_id).status == GrabState.PROCESSING


def test_old_record_is_not_taken_for_the_new_request(bench: Bench) -> None:
    """While the request is under way the failed record of an earlier grab is the newest one."""
    first = bench.asked(offer("anna", "01.flac"))
    bench.look()
    bench.source.fail(ONE, FailureKind.REJECTED, "Banned")
    bench.source.break_next("cancel", SourceUnavailable("hiccup", source="slskd"))
    bench.look()
    assert bench.grab(first).status == GrabState.FAILED
    old = bench.source.of(ONE)
    bench.clock.advance(10)
    second = bench.queue.retry(first)
    bench.cleanup.run()
    bench.source._transfers[old.ref] = old  # slskd drops records some time after it was told to

    bench.during("download", bench.look)
    bench.dispatcher.run()
    assert bench.states(second) == ["pending"]
    bench.look()
    assert bench.states(second) == ["queued"]


def test_finished_record_of_an_earlier_grab_is_not_taken_either(bench: Bench) -> None:
    """An album that is grabbed again is not complete because the first one was."""
    first = bench.asked(offer("anna", "01.flac"))
    bench.source.succeed(ONE)
    bench.look()
    assert bench.grab(first).status == GrabState.PROCESSING
    second = bench.add(offer("anna", "01.flac"))
    bench.during("download", bench.look)
    bench.dispatcher.run()
    assert bench.states(second) == ["pending"]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (FailureKind.REJECTED, "refuses to send the file"),
        (FailureKind.BROKEN, "the transfer from anna failed"),
        (FailureKind.PEER_OFFLINE, "anna could not be reached"),
        (FailureKind.PEER_BUSY, "takes no more requests"),
    ],
)
def test_L03_failure_ends_in_a_sentence(bench: Bench, kind: FailureKind, words: str) -> None:
    """When nothing is left to try, the history says who and why, with the peer's own words."""
    bench.settings.patch({"queue.await_peer": 0.0})
    nzo_id = bench.asked(offer("anna", "01.flac"))
    for _ in range(4):
        bench.source.fail(ONE, kind, "their words")
        bench.look()
        bench.clock.advance(1_000)
        bench.dispatcher.run()
        if bench.grab(nzo_id).status == GrabState.FAILED:
            break
    (view,) = bench.queue.history()
    assert view.failure_message is not None
    assert words in view.failure_message
    assert "anna" in view.failure_message
    assert "their words" in view.failure_message
    assert (view.failure_kind, view.completed_at is not None) == (kind, True)
    assert bench.events()[-1].kind == "grab.failed"


def test_lost_file_turns_to_the_next_peer_and_drops_the_first(bench: Bench) -> None:
    """Where no single file can stand in, the siblings are cancelled here and at the source."""
    nzo_id = bench.asked(
        offer("anna", "01.flac", "02.flac"), offer("ben", "1.flac", "2.flac", size=1_100)
    )
    bench.look()
    bench.source.start(TWO)
    bench.look()
    bench.source.fail(ONE, FailureKind.REJECTED, "File not shared.")
    bench.look()
    grab = bench.grab(nzo_id)
    assert (grab.status, grab.peer, grab.total_bytes) == (GrabState.QUEUED, "ben", 2_200)
    assert bench.states(nzo_id, 0) == ["failed", "cancelled"]
    assert bench.states(nzo_id) == ["waiting", "waiting"]
    assert {"dispatch", "cleanup"} <= set(bench.wakes[-2:])
    bench.cleanup.run()
    assert len(bench.source.forgotten) >= 2
    bench.dispatcher.run()
    assert bench.source.requests[-1].peer == "ben"
    bench.look()
    assert bench.states(nzo_id) == ["queued", "queued"]
    assert bench.queue.find(nzo_id).bytes_done == 0


def test_peer_that_was_given_up_is_stopped_at_once(bench: Bench) -> None:
    """It must not go on sending beside the next one until somebody happens to clean up."""
    bench.asked(offer("anna", "01.flac", "02.flac"), offer("ben", "1.flac", "2.flac", size=1_100))
    bench.source.start(TWO)
    bench.look()
    bench.wakes.clear()
    bench.source.fail(ONE, FailureKind.REJECTED, "File not shared.")
    bench.look()
    assert set(bench.wakes[-2:]) == {"cleanup", "dispatch"}


def test_file_that_could_not_be_moved_is_a_failure(bench: Bench) -> None:
    """ "Succeeded" with an error text means that the file is not in place (slskd §5.10)."""
    nzo_id = bench.asked(offer("anna", "01.flac"))
    bench.source.break_move(ONE)
    bench.look()
    assert bench.states(nzo_id) == ["waiting"]


def test_L04_cancelled_at_the_source_is_a_failure_not_a_disappearance(bench: Bench) -> None:
    """Whoever cancelled in slskd: the grab goes on or fails, but never vanishes."""
    nzo_id = bench.asked(offer("anna", "01.flac"))
    bench.look()
    bench.source.fail(ONE, FailureKind.CANCELLED_AT_SOURCE, "A task was canceled.")
    bench.look()
    assert [view.nzo_id for view in bench.queue.history()] == [nzo_id]


def test_what_stands_in_the_queue_of_a_vanished_peer_comes_from_elsewhere(bench: Bench) -> None:
    """Its sibling was given up because the peer is gone: hours in a queue of nobody help no one."""
    names = ("01.flac", "02.flac", "03.flac")
    nzo_id = bench.asked(offer("anna", *names), offer("ben", *names))
    bench.source.succeed(ONE, peer="anna")
    bench.look()
    bench.source.take_offline("anna")
    bench.source.fail(TWO, FailureKind.NETWORK, "Remote connection closed", peer="anna")
    for _ in range(3):
        bench.look()
        bench.clock.advance(1_000)
        bench.dispatcher.run()
    files = bench.files(nzo_id)
    assert [row.peer for row in files] == ["anna", "ben", "ben"]
    assert files[0].status == "completed"
    bench.cleanup.run()
    assert [item.peer for item in bench.source.poll_raw().transfers] == ["anna", "ben", "ben"]
