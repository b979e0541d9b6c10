"""Time in which nobody could look, because the source or we were away, is nobody's patience."""

from __future__ import annotations

from datetime import timedelta

import pytest

from soulspot_arr.absence import Absence
from soulspot_arr.domain import FailureKind
from soulspot_arr.errors import SourceProtocol, SourceUnavailable
from soulspot_arr.monitor import Monitor
from soulspot_arr.presence import Presence
from tests.soulspot_arr.workshop import Bench, offer

ONE = "Music\\Cello\\Undertow\\01.flac"
HOUR = 3_600.0
WEEK = 7 * 24 * HOUR


def usual() -> float:
    """Seconds between two looks."""
    return 60.0


USUAL = timedelta(seconds=180)  # with what the notes may be late


def absence_of(bench: Bench) -> Absence:
    """As a process has it that has just begun."""
    return Absence(bench.db, "looks", clock=bench.clock, usual=usual)


def look(looks: Absence) -> timedelta:
    """One look that succeeded; for how much longer than usual there was none before it."""
    gap = looks.gap()
    looks.looked()
    return gap


def fresh_monitor(bench: Bench) -> Monitor:
    """As a process has it that has just begun."""
    return Monitor(
        bench.db,
        bench.settings,
        bench.source,
        bench.guard,
        paths=bench.paths,
        mender=bench.mender,
        clock=bench.clock,
        wake=bench.wakes.append,
    )


def presence_of(bench: Bench) -> Presence:
    """The presence job."""
    common = (bench.db, bench.settings, bench.source, bench.guard)
    return Presence(*common, clock=bench.clock, wake=bench.wakes.append)


def out_for(bench: Bench, seconds: float) -> None:
    """The source is away for so long, and asked all along."""
    while seconds > 0:
        bench.source.break_next("poll", SourceUnavailable("away", source="slskd"))
        bench.clock.advance(600)
        bench.look()
        seconds -= 600


# -- the gap itself --------------------------------------------------------------------------------


def test_ordinary_looks_are_no_absence(both: Bench) -> None:
    """The first one, and those that come as often as they should."""
    looks = absence_of(both)
    for _ in range(30):
        assert look(looks) == timedelta(0)
        both.clock.advance(59)


def test_a_gap_is_told_once(both: Bench) -> None:
    """By the first look after it; in the same process or in another one."""
    looks = absence_of(both)
    look(looks)
    both.clock.advance(HOUR)
    assert look(looks) == timedelta(seconds=HOUR) - USUAL
    assert look(looks) == timedelta(0)
    both.clock.advance(WEEK)
    assert look(absence_of(both)) == timedelta(seconds=WEEK) - USUAL
    assert look(absence_of(both)) == timedelta(0)


def test_what_another_process_looked_at_was_looked_at(both: Bench) -> None:
    """Whoever takes over the jobs again after hours has missed nothing."""
    first, second = absence_of(both), absence_of(both)
    look(first)
    for _ in range(100):
        both.clock.advance(60)
        look(second)
    both.clock.advance(60)
    assert look(first) == timedelta(0)


def test_a_gap_is_told_until_it_has_been_made_up_for(both: Bench) -> None:
    """Whoever is killed in between finds it again."""
    look(absence_of(both))
    both.clock.advance(HOUR)
    for _ in range(2):
        assert absence_of(both).gap() == timedelta(seconds=HOUR) - USUAL
    assert look(absence_of(both)) == timedelta(seconds=HOUR) - USUAL
    assert absence_of(both).gap() == timedelta(0)


def test_a_clock_that_was_set_back_makes_no_gap(both: Bench) -> None:
    """Nor does it hide the next one."""
    looks = absence_of(both)
    look(looks)
    both.clock.advance(-WEEK)
    assert look(looks) == timedelta(0)
    both.clock.advance(HOUR)
    assert look(looks) == timedelta(seconds=HOUR) - USUAL


# -- transfers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["queued", "downloading"])
def test_an_outage_of_hours_is_no_stall(both: Bench, state: str) -> None:
    """The file keeps its place in the peer's queue, and no attempt is used up."""
    nzo_id = both.asked(offer("anna", "01.flac"))
    if state == "downloading":
        both.source.start(ONE, bytes_done=10)
    both.look()
    out_for(both, 8 * HOUR)
    both.look()
    (row,) = both.files(nzo_id)
    assert (row.status, row.attempts) == (state, 0)
    assert both.source.forgotten == []


@pytest.mark.parametrize("state", ["queued", "downloading"])
def test_a_week_switched_off_is_no_stall(both: Bench, state: str) -> None:
    """Another process looks at what this one has left."""
    nzo_id = both.asked(offer("anna", "01.flac"))
    if state == "downloading":
        both.source.start(ONE, bytes_done=10)
    both.look()
    both.clock.advance(8 * 24 * HOUR)
    again = fresh_monitor(both)
    again.tick()
    (row,) = both.files(nzo_id)
    assert (row.status, row.attempts) == (state, 0)


def test_what_was_waited_before_the_outage_counts_on(bench: Bench) -> None:
    """Nobody's patience begins anew: three hours before and three after it are six."""
    nzo_id = bench.asked(offer("anna", "01.flac"))
    bench.look()
    bench.watch(3 * HOUR)
    out_for(bench, 5 * HOUR)
    bench.watch(3 * HOUR - 700)
    assert bench.states(nzo_id) == ["queued"]
    bench.watch(1_500)
    (row,) = bench.files(nzo_id)
    assert (row.status, row.failure_kind, row.attempts) == ("waiting", "stalled", 1)


# -- awaited peers ---------------------------------------------------------------------------------


def awaited(bench: Bench) -> str:
    """A grab that waits for its only peer, and is looked after for a moment."""
    nzo_id = bench.add(offer("ann", "01.flac"))
    bench.source.take_offline("ann")
    for _ in range(6):
        bench.dispatcher.run()
        bench.clock.advance(900)
    assert bench.grab(nzo_id).note == "Waiting for ann to come online."
    presence_of(bench).run()
    return nzo_id


def test_a_peer_is_awaited_for_as_long_as_somebody_looked(both: Bench) -> None:
    """Eight days switched off do not end the wait of one, whoever is asked first afterwards."""
    both.settings.patch({"queue.await_peer": 24 * HOUR})
    nzo_id = awaited(both)
    both.clock.advance(8 * 24 * HOUR)
    both.dispatcher.run()
    assert both.grab(nzo_id).status == "queued"
    presence = presence_of(both)
    presence.run()
    for _ in range(32 * 6):
        both.clock.advance(600)
        both.dispatcher.run()
        presence.run()
    grab = both.grab(nzo_id)
    assert (grab.status, grab.failure_kind) == ("failed", FailureKind.PEER_OFFLINE)


def test_an_outage_of_eight_days_ends_no_wait(both: Bench) -> None:
    """The source was away, and a probe now and then found it so: nobody looked for the peer."""
    nzo_id = awaited(both)
    presence = presence_of(both)
    both.source.down = True
    for _ in range(8 * 6):
        both.clock.advance(4 * HOUR)
        both.look()
        presence.run()
        both.dispatcher.run()
    both.source.down = False
    for _ in range(12):
        both.clock.advance(600)
        both.dispatcher.run()
        presence.run()
    grab = both.grab(nzo_id)
    assert (grab.status, grab.note) == ("queued", "Waiting for ann to come online.")


def test_a_peer_about_whom_nobody_can_say_anything_keeps_nobody_from_the_others(
    bench: Bench,
) -> None:
    """Its name makes every question fail; the other peer comes back and is asked."""
    odd, other = awaited(bench), bench.add(offer("ben", "02.flac"))
    bench.source.take_offline("ben")
    for _ in range(6):
        bench.dispatcher.run()
        bench.clock.advance(900)
    bench.source.take_offline("ben", back=True)
    presence = presence_of(bench)
    for _ in range(3):
        bench.source.break_next("online", SourceProtocol("an odd name", source="slskd"))
        bench.clock.advance(60)
        presence.run()
    bench.dispatcher.run()
    assert (bench.states(odd), bench.states(other)) == (["waiting"], ["pending"])


def test_a_paused_queue_awaits_nobody(bench: Bench) -> None:
    """A pause of ten days is not waited for the peer."""
    nzo_id = awaited(bench)
    bench.settings.patch({"queue.paused": True})
    presence = presence_of(bench)
    for _ in range(10 * 24):
        bench.clock.advance(HOUR)
        presence.run()
    bench.settings.patch({"queue.paused": False})
    bench.dispatcher.run()
    assert bench.grab(nzo_id).status == "queued"
