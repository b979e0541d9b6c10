"""Asking the same peer again: in portions when it takes no more, with a fresh key, after the last is gone."""

from __future__ import annotations

import pytest

from soulspot_arr.commands import Commands
from soulspot_arr.domain import BlockScope, FailureKind
from soulspot_arr.errors import SourceUnavailable
from soulspot_arr.rules.blocking import Entry
from tests.soulspot_arr.workshop import Bench, offer

NAMES = [f"{number:02}.flac" for number in range(1, 11)]
FOLDER = "Music\\Cello\\Undertow"


def refuse_beyond(bench: Bench, nzo_id: str, limit: int) -> list[str]:
    """The peer keeps so many files in its queue and refuses what was asked for beyond; their names."""
    taken = [row for row in bench.files(nzo_id) if row.status in {"queued", "downloading"}]
    new = [row for row in bench.files(nzo_id) if row.status == "pending"]
    refused = new[max(0, limit - len(taken)) :]
    for row in refused:
        bench.source.fail(row.remote_path, FailureKind.PEER_BUSY, "Too many files")
    bench.look()
    return [row.remote_path.rpartition("\\")[2] for row in refused]


def pending(bench: Bench, nzo_id: str) -> int:
    """How many files were asked for and not answered."""
    return bench.states(nzo_id).count("pending")


# -- "Too many files" ------------------------------------------------------------------------------


def test_an_album_comes_from_a_peer_that_takes_two_files_at_a_time(both: Bench) -> None:
    """Ten files, and never more than two in its queue: it takes hours, and loses no attempt."""
    nzo_id = both.asked(offer("anna", *NAMES))
    refused = refuse_beyond(both, nzo_id, 2)
    assert len(refused) == 8
    for _ in range(30):
        if both.grab(nzo_id).status == "processing":
            break
        for row in both.files(nzo_id):
            if row.status == "queued":
                both.source.succeed(row.remote_path)
        both.look()
        both.watch(901)
        both.dispatcher.run()
        refuse_beyond(both, nzo_id, 2)
    assert both.grab(nzo_id).status == "processing"
    assert {row.attempts for row in both.files(nzo_id)} == {0}


def test_who_takes_no_more_is_asked_again_in_portions(bench: Bench) -> None:
    """Five at a time after a quarter of an hour, the next five when it had time to refuse."""
    nzo_id = bench.asked(offer("anna", *NAMES))
    refuse_beyond(bench, nzo_id, 1)
    bench.watch(890)
    assert bench.dispatcher.run() == 0
    bench.watch(20)
    assert bench.dispatcher.run() == 1
    assert pending(bench, nzo_id) == 5
    bench.clock.advance(10)
    assert bench.dispatcher.run() == 0
    bench.watch(31)
    assert bench.dispatcher.run() == 1


def test_a_peer_that_has_just_refused_is_left_in_peace_with_all_albums(bench: Bench) -> None:
    """The next grab does not begin with what it has just refused to the first."""
    bench.settings.patch({"queue.max_per_peer": 2})
    first = bench.asked(offer("anna", "01.flac", "02.flac"))
    refuse_beyond(bench, first, 1)
    second = bench.add(offer("anna", "03.flac"))
    other = bench.add(offer("ben", "03.flac"))
    bench.dispatcher.run()
    assert (bench.states(second), bench.states(other)) == (["waiting"], ["pending"])


def test_who_serves_us_with_nothing_uses_up_its_attempts(bench: Bench) -> None:
    """A peer that takes not a single file is given up after the three attempts."""
    nzo_id = bench.asked(offer("anna", "01.flac"))
    for _ in range(4):
        refuse_beyond(bench, nzo_id, 0)
        bench.watch(901)
        bench.dispatcher.run()
    grab = bench.grab(nzo_id)
    assert (grab.status, grab.failure_kind) == ("failed", "peer_busy")


# -- a transfer of ours that is not gone yet ---------------------------------------------------------


def test_grabbed_again_before_its_transfer_is_gone(both: Bench) -> None:
    """The running transfer is ours: not taken for somebody else's, and not cancelled later on."""
    first = both.asked(offer("anna", "01.flac", "02.flac"))
    both.look()
    both.queue.cancel([first])
    second = both.add(offer("anna", "01.flac", "02.flac"))
    both.dispatcher.run()
    assert both.states(second) == ["waiting"] * 2
    both.cleanup.run()
    both.dispatcher.run()
    both.look()
    both.cleanup.run()
    both.look()
    assert both.states(second) == ["queued"] * 2
    assert [row.adopted for row in both.files(second)] == [False, False]
    assert {row.attempts for row in both.files(second)} == {0}


@pytest.mark.parametrize("batches", [True, False])
def test_blocked_while_it_is_being_asked(bench: Bench, batches: bool) -> None:
    """The answer comes after the file was given up: what it started is stopped all the same."""
    bench.source.batches = batches
    nzo_id = bench.add(offer("anna", "01.flac", "02.flac"))
    commands = Commands(bench.queue, bench.order, bench.blocklist, mender=bench.mender)
    bench.during("download", lambda: commands.block(Entry(BlockScope.PEER, "anna")))
    bench.dispatcher.run()
    assert bench.states(nzo_id) == ["blocklisted"] * 2
    bench.cleanup.run()
    assert list(bench.source.poll_raw().transfers) == []
    assert all(row.released_at for row in bench.files(nzo_id))


def test_one_transfer_that_cannot_be_forgotten_keeps_none_of_the_others(bench: Bench) -> None:
    """slskd answers nonsense for one of them, every time."""
    first = bench.asked(offer("anna", "01.flac"))
    second = bench.asked(offer("ben", "02.flac"))
    bench.look()
    odd = bench.files(first)[0].transfer_ref
    bench.source.unforgettable = odd
    bench.queue.cancel([first, second])
    for _ in range(3):
        bench.cleanup.run()
    assert [item.ref for item in bench.source.poll_raw().transfers] == [odd]
    assert bench.files(second)[0].released_at is not None
    assert bench.files(first)[0].released_at is None


def test_a_transfer_that_has_another_reference_since_a_restart_is_stopped(bench: Bench) -> None:
    """slskd was restarted before anybody looked again, and then the grab was deleted."""
    nzo_id = bench.asked(offer("anna", "01.flac"))
    bench.look()
    bench.source.restart()
    bench.queue.cancel([nzo_id])
    bench.cleanup.run()
    assert list(bench.source.poll_raw().transfers) == []


def test_what_a_person_starts_after_a_failure_of_ours_is_left_alone(bench: Bench) -> None:
    """The same file of the same peer, before our row was settled."""
    nzo_id = bench.asked(offer("anna", "01.flac"))
    bench.look()
    path = f"{FOLDER}\\01.flac"
    bench.source.fail(path, FailureKind.FILE_NOT_FOUND, "File not shared.")
    bench.look()
    assert bench.states(nzo_id) == ["blocklisted"]
    theirs = bench.source.start_by_hand("anna", path)
    bench.cleanup.run()
    assert [item.ref for item in bench.source.poll_raw().transfers] == [theirs]


# -- keys ------------------------------------------------------------------------------------------


def test_no_request_bears_the_key_of_an_earlier_one(both: Bench) -> None:
    """Not even after a peer was waited for, and the attempts before that no longer count."""
    nzo_id = both.add(offer("ann", "01.flac"))
    both.source.take_offline("ann")
    for _ in range(9):
        both.dispatcher.run()
        both.clock.advance(7 * 3_600)
    assert both.grab(nzo_id).status == "queued"
    keys = [request.key for request in both.source.requests]
    assert len(keys) >= 6
    assert len(set(keys)) == len(keys)


def test_an_unanswered_request_is_repeated_under_its_key(both: Bench) -> None:
    """It may have arrived: only the same key is surely the same request."""
    nzo_id = both.add(offer("ann", "01.flac"))
    both.source.break_next("download", SourceUnavailable("cut off", source="slskd"))
    both.dispatcher.run()
    asked = both.files(nzo_id)[0].batch_key
    both.clock.advance(60)
    both.dispatcher.run()
    assert both.files(nzo_id)[0].batch_key == asked
