"""How many requests a cycle makes, how far apart they are, who goes in closed hours, who has a slot."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

import pytest

from soulspot_arr.domain import Priority
from soulspot_arr.models import JobRun
from soulspot_arr.ordering import Wish
from tests.soulspot_arr.workshop import Bench, offer


def add(bench: Bench, count: int, *files: str, **grab: object) -> list[str]:
    """Albums of so many peers, one each."""
    names = files or ("1.flac",)
    return [bench.add(offer(f"peer{number}", *names), **grab) for number in range(count)]


def asked(bench: Bench, ids: list[str]) -> list[int]:
    """Which of them have been asked for."""
    return [number for number, nzo_id in enumerate(ids) if bench.states(nzo_id) != ["waiting"]]


# -- pace ------------------------------------------------------------------------------------------


def test_a_cycle_makes_so_many_requests_and_asks_for_the_next(both: Bench) -> None:
    """The rest follows at once in the next cycle, not after the interval; the last one asks no more."""
    both.settings.patch({"queue.dispatches": 3})
    ids = add(both, 7)
    runs = []
    for _ in range(4):
        both.wakes.clear()
        runs.append((both.dispatcher.run(), "dispatch" in both.wakes))
    assert runs == [(3, True), (3, True), (1, False), (0, False)]
    assert asked(both, ids) == list(range(7))
    assert [request.peer for request in both.source.requests[:3]] == ["peer0", "peer1", "peer2"]


def test_a_changed_pace_counts_from_the_next_cycle(bench: Bench) -> None:
    """Also when it is changed while requests are being made."""
    bench.settings.patch({"queue.dispatches": 1})
    add(bench, 6)
    assert bench.dispatcher.run() == 1
    bench.settings.patch({"queue.dispatches": 4})
    assert bench.dispatcher.run() == 4


def test_nothing_more_is_asked_for_when_the_rest_has_no_place(bench: Bench) -> None:
    """A cycle that is over does not call the next one for what cannot be asked for."""
    bench.settings.patch({"queue.dispatches": 2, "queue.max_active": 2})
    add(bench, 4)
    bench.wakes.clear()
    assert bench.dispatcher.run() == 2
    assert "dispatch" not in bench.wakes


def test_the_delay_lies_between_all_requests(both: Bench) -> None:
    """Within a cycle, from one cycle to the next, and however often the dispatcher is woken."""
    both.settings.patch({"queue.dispatches": 2, "queue.dispatch_delay": 0.2})
    ids = add(both, 5)
    starts: list[float] = []
    both.source.on_call = lambda call: starts.append(time.monotonic())
    for _ in range(5):
        both.dispatcher.run()
    gaps = [later - earlier for earlier, later in pairwise(starts)]
    assert len(starts) == 5
    assert min(gaps) >= 0.19
    assert asked(both, ids) == list(range(5))


def test_the_first_request_does_not_wait_and_is_looked_at(bench: Bench) -> None:
    """A single grab starts at once, and its poll is not put off until the pace allows another."""
    bench.settings.patch({"queue.dispatch_delay": 30.0})
    bench.add()
    woken: list[float] = []
    began = time.monotonic()

    def stop(job: str) -> None:
        woken.append(time.monotonic() - began)
        bench.settings.patch({"queue.dispatch_delay": 0.0})

    bench.dispatcher._wake = stop
    bench.dispatcher.run()
    assert woken[0] < 5


def test_nothing_is_given_up_while_others_are_still_to_be_asked(bench: Bench) -> None:
    """After a day off, the pace lets only some go first: the others keep their chance."""
    bench.settings.patch({"queue.dispatches": 2})
    ids = add(bench, 5)
    bench.clock.advance(200_000)
    for _ in range(3):
        bench.dispatcher.run()
    assert asked(bench, ids) == list(range(5))
    assert bench.events("download.failed") == []


@pytest.mark.parametrize(("off", "kept"), [(200_000, True), (300, False)])
def test_a_standstill_of_the_service_is_nobody_s_waiting_time(
    both: Bench, off: float, kept: bool
) -> None:
    """Back after days, what finds no slot has its whole day; after a mere restart it has not."""
    both.settings.patch({"queue.max_active": 1})
    ids = add(both, 3)
    both.clock.advance(200_000 - off)
    with both.db.write() as session:
        session.add(JobRun(name="dispatch", runs=1, last_finished_at=both.clock()))
    both.clock.advance(off)
    fresh = both.new_dispatcher()
    fresh.run()
    fresh.run()
    states = [both.grab(nzo_id).status for nzo_id in ids]
    assert states == ["queued"] + (["queued"] if kept else ["failed"]) * 2


# -- closed hours ----------------------------------------------------------------------------------


@pytest.fixture
def utc() -> Iterator[None]:
    """The wall shows what the clock of the tests shows: noon."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize("closed", ["pause", "quiet", "both"])
@pytest.mark.usefixtures("utc")
def test_force_goes_on_in_closed_hours(both: Bench, closed: str) -> None:
    """Everything else waits, whatever its priority, and goes on afterwards by itself."""
    if closed != "quiet":
        both.order.pause(seconds=3600)
    if closed != "pause":
        both.settings.patch({"queue.quiet_hours": ["11:00-13:00"]})
    high = both.add(offer("ben", "1.flac"), priority=Priority.HIGH)
    forced = both.add(priority=Priority.FORCE)
    assert both.dispatcher.run() == 1
    assert (both.states(high), both.states(forced)) == (["waiting"], ["pending"] * 3)
    both.order.change([high], priority=2)
    assert both.dispatcher.run() == 1
    assert both.states(high) == ["pending"]
    later = both.add(offer("carl", "1.flac"))
    assert both.dispatcher.run() == 0
    both.clock.advance(3600)
    assert both.dispatcher.run() == 1
    assert both.states(later) == ["pending"]


@pytest.mark.usefixtures("utc")
def test_force_does_not_wait_for_its_start(both: Bench) -> None:
    """Whoever forces a scheduled grab does not mean tomorrow."""
    nzo_id = both.add()
    start = both.clock() + timedelta(days=1)
    both.order.arrange(nzo_id, Wish(schedule=True, not_before=start))
    assert both.dispatcher.run() == 0
    both.order.arrange(nzo_id, Wish(priority=Priority.FORCE))
    assert both.dispatcher.run() == 1


def test_a_forced_grab_that_is_paused_itself_waits(bench: Bench) -> None:
    """A person said so, later and about this one."""
    nzo_id = bench.add(priority=Priority.FORCE)
    bench.order.change([nzo_id], paused=True)
    assert bench.dispatcher.run() == 0
    bench.order.change([nzo_id], paused=False)
    assert bench.dispatcher.run() == 1


@pytest.mark.usefixtures("utc")
def test_what_runs_goes_on_in_quiet_hours(bench: Bench) -> None:
    """Nothing new is asked for; what peers have been asked for arrives."""
    nzo_id = bench.asked()
    waiting = bench.add(offer("ben", "1.flac"))
    bench.settings.patch({"queue.quiet_hours": ["11:00-13:00"]})
    bench.source.auto = True
    for _ in range(3):
        bench.dispatcher.run()
        bench.look()
    assert bench.states(nzo_id) == ["completed"] * 3
    bench.settings.patch({"queue.quiet_hours": []})
    bench.dispatcher.run()
    assert bench.states(waiting) == ["pending"]


@pytest.mark.usefixtures("utc")
def test_quiet_hours_are_no_waiting_time(bench: Bench) -> None:
    """An hour of patience that is mostly quiet lasts longer, and nothing ends while it is quiet."""
    patience = {"queue.max_wait": 3600.0, "stall.queued": 1e8, "stall.total": 2e8}
    bench.settings.patch({**patience, "queue.quiet_hours": ["12:30-20:30"]})
    bench.asked(offer("anna", "1.flac"))
    nzo_id = bench.add(offer("anna", "2.flac"))
    bench.look()
    for hours in (4.0, 4.75):  # in the quiet hours, and a quarter of an hour after them
        bench.clock.advance(hours * 3600)
        bench.dispatcher.run()
        assert bench.states(nzo_id) == ["waiting"]
    bench.clock.advance(901)
    bench.dispatcher.run()
    assert bench.states(nzo_id) == ["failed"]


# -- slots -----------------------------------------------------------------------------------------


def test_who_only_stands_in_a_queue_keeps_nobody_out(both: Bench) -> None:
    """Slow peers take all slots for a minute; then others are asked although nothing has moved."""
    both.settings.patch({"queue.max_active": 4})
    slow = add(both, 2, "1.flac", "2.flac")
    fast = both.add(offer("fast", "1.flac", "2.flac"))
    both.dispatcher.run()
    both.look()
    assert both.states(slow[1]) == ["queued"] * 2
    assert both.dispatcher.run() == 0
    both.clock.advance(59)
    assert both.dispatcher.run() == 0
    both.clock.advance(2)
    assert both.dispatcher.run() == 1
    assert both.states(fast) == ["pending"] * 2


def test_what_moves_is_never_more_than_allowed(bench: Bench) -> None:
    """Files that arrive, or were asked for a moment ago, fill their slots however long they take."""
    bench.settings.patch({"queue.max_active": 2})
    first = bench.asked(offer("anna", "1.flac", "2.flac"))
    other = bench.add(offer("ben", "1.flac"))
    bench.look()
    for row in bench.files(first):
        bench.source.start(row.remote_path, bytes_done=10)
    bench.look()
    bench.clock.advance(300)
    assert bench.dispatcher.run() == 0
    assert bench.states(other) == ["waiting"]


def test_an_album_at_a_time_also_while_its_files_only_wait(bench: Bench) -> None:
    """A peer whose queue is long is not asked for a second album on top."""
    first = bench.asked(offer("anna", "1.flac"))
    second = bench.add(offer("anna", "2.flac"))
    bench.look()
    bench.clock.advance(3600)
    assert bench.dispatcher.run() == 0
    assert (bench.states(first), bench.states(second)) == (["queued"], ["waiting"])


def test_limits_of_slots_and_peers_count_from_the_next_cycle(bench: Bench) -> None:
    """Both may be raised while everything is full."""
    bench.settings.patch({"queue.max_active": 1})
    bench.asked(offer("anna", "1.flac"))
    second, other = bench.add(offer("anna", "2.flac")), bench.add(offer("ben", "1.flac"))
    assert bench.dispatcher.run() == 0
    bench.settings.patch({"queue.max_active": 9})
    assert bench.dispatcher.run() == 1
    assert (bench.states(second), bench.states(other)) == (["waiting"], ["pending"])
    bench.settings.patch({"queue.max_per_peer": 2})
    assert bench.dispatcher.run() == 1
    assert bench.states(second) == ["pending"]
