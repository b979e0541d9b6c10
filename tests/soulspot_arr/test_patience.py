"""An album that stands behind a slow one goes to somebody who is free, and to nobody else."""

from __future__ import annotations

import pytest

from soulspot_arr.domain import GrabState
from tests.soulspot_arr.workshop import Bench, offer

QUARTER = 900.0  # seconds: `queue.overtake` by default


def behind(bench: Bench, *others: str) -> str:
    """A grab that waits behind a slow one at anna's, and that these others offer as well."""
    bench.settings.patch({"stall.queued": 1e8, "stall.total": 2e8})
    bench.asked(offer("anna", "1.flac", folder="Music\\Slow"))
    names = ("2.flac", "3.flac")
    nzo_id = bench.add(offer("anna", *names), *(offer(peer, *names) for peer in others))
    bench.dispatcher.run()
    bench.look()
    return nzo_id


def later(bench: Bench, seconds: float) -> None:
    """So many seconds on, with the two cycles that a change of the peer takes."""
    bench.clock.advance(seconds)
    bench.dispatcher.run()
    bench.dispatcher.run()


def test_a_slow_album_is_overtaken(both: Bench) -> None:
    """After a quarter of an hour without a byte the free peer is asked; the slow one goes on."""
    nzo_id = behind(both, "ben")
    later(both, QUARTER - 1)
    assert both.states(nzo_id) == ["waiting"] * 2
    later(both, 2)
    assert both.states(nzo_id) == ["pending"] * 2
    assert both.grab(nzo_id).peer == "ben"
    assert [request.peer for request in both.source.requests] == ["anna", "ben"]
    assert both.queue.queue()[0].status == GrabState.QUEUED


def test_nobody_else_has_it(bench: Bench) -> None:
    """Then its turn is waited for, and no offer is used up."""
    nzo_id = behind(bench)
    later(bench, 4 * QUARTER)
    assert bench.states(nzo_id) == ["waiting"] * 2
    assert bench.events("download.failed") == []


def test_the_others_are_busy_as_well(bench: Bench) -> None:
    """From one queue into another nothing is gained; with a free one it is."""
    nzo_id = behind(bench, "ben")
    busy = bench.asked(offer("ben", "1.flac", folder="Music\\Other"))
    later(bench, 4 * QUARTER)
    assert (bench.states(nzo_id), bench.states(busy)) == (["waiting"] * 2, ["pending"])
    bench.queue.cancel([busy])
    later(bench, 1)
    assert bench.grab(nzo_id).peer == "ben"


def test_a_peer_that_sends_has_time_for_the_next_one(bench: Bench) -> None:
    """Bytes of the album before it are a reason to wait."""
    nzo_id = behind(bench, "ben")
    bench.clock.advance(QUARTER)
    bench.source.start("Music\\Slow\\1.flac", bytes_done=10)
    bench.look()
    later(bench, QUARTER - 1)
    assert bench.grab(nzo_id).peer == "anna"
    later(bench, 2)
    assert bench.grab(nzo_id).peer == "ben"


def test_a_full_house_uses_up_no_offers(bench: Bench) -> None:
    """Waiting for a slot of ours is no fault of the peer's."""
    bench.settings.patch({"queue.max_active": 1})
    first = bench.asked(offer("carl", "1.flac"))
    nzo_id = bench.add(offer("anna", "2.flac"), offer("ben", "2.flac"))
    bench.look()
    bench.source.start(bench.files(first)[0].remote_path, bytes_done=10)
    bench.look()
    later(bench, 4 * QUARTER)
    assert (bench.grab(nzo_id).peer, bench.states(nzo_id)) == ("anna", ["waiting"])


@pytest.mark.parametrize("how", ["never", "paused", "hours"])
def test_who_is_held_back_is_not_waiting(bench: Bench, how: str) -> None:
    """Turned off, or held by a pause of its own or of the queue: nothing is given up."""
    nzo_id = behind(bench, "ben")
    if how == "never":
        bench.settings.patch({"queue.overtake": 0.0})
    elif how == "paused":
        bench.order.change([nzo_id], paused=True)
    else:
        bench.order.pause()
    later(bench, 4 * QUARTER)
    assert (bench.grab(nzo_id).peer, bench.states(nzo_id)) == ("anna", ["waiting"] * 2)
