"""Priorities, places, pauses and scheduled starts, also by two people at the same moment."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import update

from soulspot_arr.db import Database, utc_now
from soulspot_arr.domain import GrabState, Priority
from soulspot_arr.errors import Conflict, GrabNotFound, InvalidInput
from soulspot_arr.models import Grab
from soulspot_arr.ordering import Ordering, Wish
from soulspot_arr.settings import Settings
from tests.soulspot_arr.workshop import Bench, offer


def end(bench: Bench, nzo_id: str, status: GrabState) -> None:
    """Put a grab into an ended state."""
    with bench.db.write() as session:
        session.execute(update(Grab).where(Grab.nzo_id == nzo_id).values(status=status))


def titles(bench: Bench) -> str:
    """The queue in its order."""
    return "".join(view.title for view in bench.queue.queue())


# -- one command -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "index", "place", "order"),
    [
        ("c", 0, 0, "cabd"),
        ("a", 3, 3, "bcda"),
        ("a", 99, 3, "bcda"),
        ("d", -5, 0, "dabc"),
        ("b", 2, 2, "acbd"),
        ("b", 1, 1, "abcd"),
    ],
)
def test_move_to(bench: Bench, who: str, index: int, place: int, order: str) -> None:
    """A grab goes to a place in the queue; places outside are the ends."""
    ids = {name: bench.add(title=name) for name in "abcd"}
    assert bench.order.move_to(ids[who], index) == place
    assert "".join(view.title for view in bench.queue.queue()) == order


def test_move_to_takes_the_priority_of_the_neighbours(bench: Bench) -> None:
    """Moving before a grab of high priority needs that priority, or it would jump back."""
    bench.add(title="high", priority=Priority.HIGH)
    low = bench.add(title="low", priority=Priority.LOW)
    assert bench.order.move_to(low, 0) == 0
    assert [view.title for view in bench.queue.queue()] == ["low", "high"]


def test_nobody_is_forced_by_being_moved(bench: Bench) -> None:
    """Force means quiet hours and pauses as well: only who says it gets it."""
    forced = bench.add(title="forced", priority=Priority.FORCE)
    bench.add(title="high", priority=Priority.HIGH)
    low, other = (bench.add(title=name, priority=Priority.LOW) for name in ("low", "other"))
    assert bench.order.move_to(low, 0) == 1
    assert bench.order.move_several([other], before=forced) == {other: 1}
    assert [bench.queue.find(each).priority for each in (forced, low, other)] == [2, 1, 1]
    bench.order.arrange(low, Wish(priority=Priority.FORCE, position=0))
    assert [view.title for view in bench.queue.queue()] == ["low", "forced", "other", "high"]


def test_move_to_alone_and_unknown(bench: Bench) -> None:
    """The only grab stays, and an unknown one is -1."""
    nzo_id = bench.add()
    assert bench.order.move_to(nzo_id, 5) == 0
    assert bench.order.move_to("SABnzbd_nzo_unknown", 0) == -1


def test_change_sets_columns_of_open_grabs_only(bench: Bench) -> None:
    """Pause, priority, category and title change; ended grabs and unknown ids are left alone."""
    open_one, ended = bench.add(), bench.add()
    end(bench, ended, GrabState.FAILED)
    count = bench.order.change([open_one, ended, "x"], paused=True, category="jazz", priority=2)
    assert count == 1
    view = bench.queue.find(open_one)
    assert (view.paused, view.category, view.priority) == (True, "jazz", 2)
    assert bench.queue.find(ended).category == "music"
    assert "jazz" in bench.settings.categories()


def test_pause_and_resume(bench: Bench) -> None:
    """An open-ended pause lasts until it is lifted."""
    assert bench.settings.pause_left() is None
    bench.order.pause()
    bench.clock.advance(1_000_000)
    assert bench.settings.pause_left() == 0
    bench.order.resume()
    assert bench.settings.pause_left() is None
    assert bench.wakes == ["dispatch"]


def test_pause_with_an_end(bench: Bench) -> None:
    """A timed pause counts down and ends by itself; a later open one is open again."""
    bench.order.pause(seconds=600)
    bench.clock.advance(200)
    assert bench.settings.pause_left() == 400
    bench.clock.advance(400)
    assert bench.settings.pause_left() is None
    bench.order.pause()
    assert bench.settings.pause_left() == 0


def test_commands_of_many_threads_do_not_fail(both: Bench) -> None:
    """Lidarr, a person and the monitor write at once; nobody's write is lost or refused."""
    ids = [both.asked(offer("anna", f"{n}.flac", folder=f"Music\\{n}")) for n in range(6)]

    def work(index: int) -> int:
        for number in range(8):
            both.order.change([ids[index]], category=f"c{number}")
            both.order.move_to(ids[-1 - index], 0)
            both.monitor.tick()
        return both.queue.cancel([ids[index]])

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(4))) == [1, 1, 1, 1]
    assert len(both.queue.queue()) == 2


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        (Wish(priority=Priority.LOW), {"priority": -1}),
        (Wish(priority=Priority.HIGH), {"priority": 1}),
        (Wish(priority=Priority.DEFAULT), {"priority": 0}),
        (Wish(priority=Priority.PAUSED), {"paused": True, "priority": 0}),
        (Wish(priority=Priority.FORCE), {"priority": 2, "paused": False}),
        (Wish(priority=Priority.FORCE, paused=True), {"priority": 2, "paused": True}),
        (Wish(paused=True, category="jazz"), {"paused": True, "category": "jazz"}),
        (Wish(), {"paused": False, "priority": 0, "category": "music"}),
    ],
    ids=str,
)
def test_arrange(bench: Bench, wish: Wish, expected: dict[str, object]) -> None:
    """Everything that is named changes, nothing else; the dispatcher looks again."""
    nzo_id = bench.add()
    bench.wakes.clear()
    bench.order.arrange(nzo_id, wish)
    view = bench.queue.find(nzo_id)
    assert {name: getattr(view, name) for name in expected} == expected
    assert bench.wakes == ["dispatch"]


def test_force_ends_the_pause_of_its_grab(bench: Bench) -> None:
    """Whoever forces a grab wants it now, whichever way it is said."""
    ids = [bench.add(priority=Priority.PAUSED) for _ in range(2)]
    bench.order.change(ids[:1], priority=2)
    bench.order.change_several(ids[1:], Wish(priority=Priority.FORCE))
    assert [view.paused for view in bench.queue.queue()] == [False, False]


def test_a_priority_and_a_place_together(bench: Bench) -> None:
    """The priority is kept: the place is the nearest among its equals."""
    ids = {name: bench.add(title=name) for name in "abcd"}
    bench.order.arrange(ids["d"], Wish(priority=Priority.HIGH, position=3))
    bench.order.arrange(ids["c"], Wish(priority=Priority.HIGH, position=0))
    assert titles(bench) == "cdab"
    assert [bench.queue.find(ids[name]).position for name in "cdab"] == [0, 1, 2, 3]


def test_several_are_moved_together(bench: Bench) -> None:
    """In the order given, to a place or before another; who is unknown is left out."""
    ids = {name: bench.add(title=name) for name in "abcde"}
    places = bench.order.move_several([ids["e"], "unknown", ids["b"]], 1)
    assert (titles(bench), places) == ("aebcd", {ids["e"]: 1, ids["b"]: 2})
    bench.order.move_several([ids["d"], ids["c"]], before=ids["e"])
    assert titles(bench) == "adceb"


def test_before_whom_nobody_can_be_put(bench: Bench) -> None:
    """A neighbour that is unknown or over is a clear answer, and nothing moves."""
    ids = {name: bench.add(title=name) for name in "abc"}
    with pytest.raises(GrabNotFound):
        bench.order.move_several([ids["c"]], before="unknown")
    end(bench, ids["a"], GrabState.FAILED)
    with pytest.raises(Conflict, match="failed"):
        bench.order.move_several([ids["c"]], before=ids["a"])
    assert titles(bench) == "bc"


@pytest.mark.parametrize("state", [GrabState.COMPLETED, GrabState.FAILED, GrabState.CANCELLED])
def test_what_is_over_cannot_be_arranged(bench: Bench, state: GrabState) -> None:
    """409 for a person, with the state; an id that nobody knows is another matter."""
    nzo_id = bench.add()
    end(bench, nzo_id, state)
    with pytest.raises(Conflict, match=str(state)):
        bench.order.arrange(nzo_id, Wish(paused=True))
    with pytest.raises(GrabNotFound):
        bench.order.arrange("unknown", Wish(paused=True))


# -- a start ---------------------------------------------------------------------------------------


def test_a_scheduled_grab_starts_when_its_time_has_come(both: Bench) -> None:
    """Nothing is asked for before; others are."""
    later, now = both.add(), both.add(offer("ben", "1.flac"))
    start = both.clock() + timedelta(hours=3)
    both.order.arrange(later, Wish(schedule=True, not_before=start))
    assert both.queue.find(later).not_before == start
    both.dispatcher.run()
    assert (both.states(later), both.states(now)) == (["waiting"] * 3, ["pending"])
    both.clock.advance(3 * 3600 - 1)
    assert both.dispatcher.run() == 0
    both.clock.advance(1)
    assert both.dispatcher.run() == 1
    assert both.states(later) == ["pending"] * 3


def test_a_start_can_be_taken_back(bench: Bench) -> None:
    """None is at once; a wish that does not speak of it leaves it."""
    nzo_id = bench.add()
    start = bench.clock() + timedelta(days=2)
    bench.order.arrange(nzo_id, Wish(schedule=True, not_before=start))
    bench.order.arrange(nzo_id, Wish(priority=Priority.HIGH))
    assert bench.queue.find(nzo_id).not_before == start
    bench.order.arrange(nzo_id, Wish(schedule=True))
    assert bench.queue.find(nzo_id).not_before is None


@pytest.mark.parametrize("ago", [timedelta(0), timedelta(seconds=1), timedelta(days=4000)], ids=str)
def test_a_start_in_the_past_is_refused(bench: Bench, ago: timedelta) -> None:
    """With the reason, and nothing of the wish is done."""
    nzo_id = bench.add()
    wish = Wish(Priority.HIGH, schedule=True, not_before=bench.clock() - ago)
    with pytest.raises(InvalidInput, match="lies in the past"):
        bench.order.arrange(nzo_id, wish)
    view = bench.queue.find(nzo_id)
    assert (view.priority, view.not_before) == (0, None)


def test_waiting_for_a_start_is_nobody_s_patience(bench: Bench) -> None:
    """What starts in three days has its whole day of `queue.max_wait` from then on."""
    bench.settings.patch({"stall.queued": 1e8, "stall.total": 2e8})
    bench.asked(offer("anna", "1.flac"))
    nzo_id = bench.add(offer("anna", "2.flac"))
    bench.look()
    start = bench.clock() + timedelta(days=3)
    bench.order.arrange(nzo_id, Wish(schedule=True, not_before=start))
    bench.clock.advance(4 * 86_400 - 1)
    bench.dispatcher.run()
    assert bench.states(nzo_id) == ["waiting"]
    bench.clock.advance(2)
    bench.dispatcher.run()
    assert bench.states(nzo_id) == ["failed"]


def test_a_pause_of_one_grab_is_no_waiting_time(bench: Bench) -> None:
    """Resumed after a week behind a busy peer, it has its day."""
    bench.settings.patch({"stall.queued": 1e8, "stall.total": 2e8})
    bench.asked(offer("anna", "1.flac"))
    nzo_id = bench.add(offer("anna", "2.flac"), priority=Priority.PAUSED)
    bench.look()
    bench.clock.advance(7 * 86_400)
    bench.order.change([nzo_id], paused=False)
    bench.dispatcher.run()
    assert bench.states(nzo_id) == ["waiting"]
    bench.clock.advance(86_401)
    bench.dispatcher.run()
    assert bench.states(nzo_id) == ["failed"]


# -- the whole queue -------------------------------------------------------------------------------


def test_the_state_counts(both: Bench) -> None:
    """Open grabs by what holds them, their files by state, and the limits in force."""
    both.asked(offer("anna", "1.flac", "2.flac"), priority=Priority.FORCE)
    both.add(priority=Priority.PAUSED)
    both.order.arrange(
        both.add(), Wish(schedule=True, not_before=both.clock() + timedelta(hours=1))
    )
    end(both, both.add(), GrabState.FAILED)
    both.settings.patch({"queue.max_length": 7})
    both.order.pause(seconds=60)
    state = both.order.state()
    assert state.grabs == {
        "open": 3,
        "queued": 3,
        "downloading": 0,
        "processing": 0,
        "paused": 1,
        "scheduled": 1,
        "forced": 1,
    }
    assert state.files == {"waiting": 9, "pending": 2, "queued": 0, "downloading": 0}
    assert (state.paused, state.until) == (True, both.clock() + timedelta(seconds=60))
    assert (state.quiet, state.quiet_until) == (False, None)
    assert state.limits["max_length"] == 7
    both.order.pause()
    assert (both.order.state().paused, both.order.state().until) == (True, None)


# -- two at once -----------------------------------------------------------------------------------


def reorder(url: str, ids: list[str], index: int, times: int) -> list[int]:
    """Somebody who moves grabs again and again, with an engine of their own."""
    database = Database(url)
    try:
        ordering = Ordering(
            database, Settings(database, clock=utc_now), clock=utc_now, wake=lambda job: None
        )
        return [ordering.move_to(ids[turn % len(ids)], index) for turn in range(times)]
    finally:
        database.close()


def assert_sound(bench: Bench, ids: list[str]) -> None:
    """Nobody is lost or doubled, and every place is taken once."""
    queue = [view.nzo_id for view in bench.queue.queue()]
    assert sorted(queue) == sorted(ids)
    assert [bench.queue.find(nzo_id).position for nzo_id in queue] == list(range(len(ids)))
    assert len({bench.grab(nzo_id).position for nzo_id in ids}) == len(ids)


def test_two_processes_reorder_at_once(both: Bench, database_url: str) -> None:
    """Every move is done as if the other had come before or after it, and each is told its place."""
    ids = [both.add(title=str(number)) for number in range(8)]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        front = pool.submit(reorder, database_url, ids[:4], 0, 12)
        back = pool.submit(reorder, database_url, ids[4:], 7, 12)
        assert front.result(timeout=120) == [0] * 12
        assert back.result(timeout=120) == [7] * 12
    assert_sound(both, ids)
    order = [view.nzo_id for view in both.queue.queue()]
    assert order == [ids[3], ids[2], ids[1], ids[0], *ids[4:]]


def test_reordering_while_grabs_come_and_end(both: Bench) -> None:
    """People move, Lidarr adds and deletes, priorities change: the queue stays one queue."""
    ids = [both.add(offer(f"peer{number}", "1.flac")) for number in range(6)]

    def add(turn: int) -> None:
        ids.append(both.add(offer(f"further{turn}", "1.flac")))

    actions: list[Callable[[int], object]] = [
        lambda turn: both.order.move_to(ids[turn % 6], 0),
        lambda turn: both.order.move_several([ids[turn % 3 + 3], ids[turn % 3]], 2),
        lambda turn: both.order.change([ids[turn % 6]], priority=turn % 3 - 1),
        add,
    ]

    def work(number: int) -> None:
        for turn in range(6):
            actions[number](turn)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    queue = [view.nzo_id for view in both.queue.queue()]
    assert sorted(queue) == sorted(ids)
    levels = [view.priority for view in both.queue.queue()]
    assert levels == sorted(levels, reverse=True)
    both.order.move_to(ids[0], 3)
    assert_sound(both, ids)
