"""How long is waited for a place in the queue, for a pause to end, for a peer that is away."""

from __future__ import annotations

import pytest

from soulspot_arr.db import Database
from soulspot_arr.domain import GrabState, Priority
from tests.fakes.clock import FakeClock
from tests.soulspot_arr.workshop import Bench, offer

# -- pauses and patience ---------------------------------------------------------------------------


def test_pause_asks_for_nothing_until_it_ends(bench: Bench) -> None:
    """A timed pause holds everything back and ends by itself."""
    nzo_id = bench.add()
    bench.order.pause(seconds=600)
    assert bench.dispatcher.run() == 0
    bench.clock.advance(601)
    assert bench.dispatcher.run() == 1
    assert bench.states(nzo_id) == ["pending"] * 3


def test_paused_grab_is_left_out(bench: Bench) -> None:
    """Priority -2 starts paused; others go on; a change lets it go."""
    held = bench.add(priority=Priority.PAUSED)
    other = bench.add(offer("ben", "1.flac"))
    bench.dispatcher.run()
    assert (bench.states(held), bench.states(other)) == (["waiting"] * 3, ["pending"])
    bench.order.change([held], paused=False)
    bench.dispatcher.run()
    assert bench.states(held) == ["pending"] * 3


def test_what_waits_too_long_is_given_up(bench: Bench) -> None:
    """A peer that is busy with another album for a day is given up, with a sentence."""
    bench.settings.patch({"stall.queued": 1e8})
    first = bench.asked(offer("anna", "1.flac"))
    second = bench.add(offer("anna", "2.flac", "3.flac"))
    bench.look()
    bench.clock.advance(86_401)
    bench.dispatcher.run()
    grab = bench.grab(second)
    assert grab.status == GrabState.FAILED
    assert grab.failure_message is not None
    assert "waited too long" in grab.failure_message
    assert bench.states(second) == ["failed", "failed"]
    assert bench.states(first) == ["queued"]


def test_expired_grab_turns_to_the_next_peer(bench: Bench) -> None:
    """Another peer may have room."""
    bench.settings.patch({"stall.queued": 1e8})
    bench.asked(offer("anna", "1.flac"))
    nzo_id = bench.add(offer("anna", "2.flac", "3.flac"), offer("ben", "2.flac", "3.flac"))
    bench.look()
    bench.clock.advance(86_401)
    bench.dispatcher.run()
    bench.dispatcher.run()
    assert bench.grab(nzo_id).peer == "ben"
    assert bench.states(nzo_id) == ["pending"] * 2


def test_standstill_of_ours_is_no_waiting_time(bench: Bench) -> None:
    """After two days off, everything is asked for before anything is given up."""
    nzo_id = bench.add()
    bench.clock.advance(200_000)
    bench.dispatcher.run()
    assert bench.states(nzo_id) == ["pending"] * 3


@pytest.mark.parametrize("seconds", [None, 190_000.0])
def test_pause_is_no_waiting_time(bench: Bench, seconds: float | None) -> None:
    """What waited through a long pause gets its day afterwards, even behind a busy peer."""
    bench.settings.patch({"stall.queued": 1e8})
    bench.asked(offer("anna", "1.flac"))
    nzo_id = bench.add(offer("anna", "2.flac"))
    bench.look()
    bench.order.pause(seconds=seconds)
    bench.clock.advance(200_000)
    if seconds is None:
        bench.order.resume()
    bench.dispatcher.run()
    assert bench.states(nzo_id) == ["waiting"]
    bench.clock.advance(86_401)
    bench.dispatcher.run()
    assert bench.states(nzo_id) == ["failed"]


def test_setting_up_nothing_twice_over_a_restart(
    sqlite_database: Database, clock: FakeClock, bench: Bench
) -> None:
    """A new process goes on with what the old one has asked for."""
    nzo_id = bench.asked()
    again = Bench(sqlite_database, clock, bench.root)
    assert again.dispatcher.run() == 0
    assert again.source.requests == []
    assert again.states(nzo_id) == ["pending"] * 3


# -- peers that are not there ----------------------------------------------------------------------


def test_absent_peer_is_replaced_at_once_when_another_has_the_album(bench: Bench) -> None:
    """Nobody waits minutes for a peer that is offline while the next one has the same album."""
    nzo_id = bench.add(offer("anna", "01.flac", "02.flac"), offer("ben", "1.flac", "2.flac"))
    bench.source.take_offline("anna")
    bench.dispatcher.run()
    assert bench.grab(nzo_id).peer == "ben"
    bench.dispatcher.run()
    assert bench.states(nzo_id) == ["pending"] * 2
    assert [request.peer for request in bench.source.requests] == ["anna", "ben"]


def test_absent_peer_is_waited_for_when_something_has_arrived(bench: Bench) -> None:
    """What is complete is not thrown away because the peer went to sleep."""
    bench.settings.patch({"queue.max_active": 1})
    nzo_id = bench.asked(offer("anna", "01.flac", "02.flac"), offer("ben", "1.flac", "2.flac"))
    bench.source.succeed("Music\\Cello\\Undertow\\01.flac")
    bench.look()
    bench.source.take_offline("anna")
    bench.dispatcher.run()
    assert bench.grab(nzo_id).peer == "anna"
    assert bench.states(nzo_id) == ["completed", "waiting"]


# -- peers that have their hands full --------------------------------------------------------------


def test_second_album_of_a_peer_that_keeps_sending_is_not_given_up(bench: Bench) -> None:
    """A day behind the first album is no lost time as long as bytes come; a day after, it is."""
    bench.settings.patch({"stall.queued": 1e8})
    path = "Music\\Cello\\Undertow\\1.flac"
    bench.asked(offer("anna", "1.flac"))
    second = bench.add(offer("anna", "2.flac"))
    for hour in range(1, 27):
        bench.source.start(path, bytes_done=hour)
        bench.look()
        bench.clock.advance(3_600)
        bench.dispatcher.run()
    assert bench.states(second) == ["waiting"]
    bench.source.queue(path)
    bench.look()
    bench.clock.advance(86_401)
    bench.dispatcher.run()
    assert bench.states(second) == ["failed"]
