"""Whatever happens in whatever order: nothing is lost, nothing is stuck, nothing is asked for twice.

Hypothesis makes up lives of the queue. A failing one is printed as a program that can be pasted
into a test. `MODEL_EXAMPLES=2000 pytest tests/model` looks further, by chance instead of the same
lives every time; so does `make chaos`.
"""

from __future__ import annotations

import atexit
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import cache
from pathlib import Path

from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from soulspot_arr.domain import BlockScope, FailureKind, GrabState, Priority
from soulspot_arr.errors import Conflict, OffersBlocked
from soulspot_arr.models import BlockRow
from soulspot_arr.ordering import Wish
from soulspot_arr.rules.blocking import Entry
from tests.model.house import ENDED, JOBS, House
from tests.model.network import ALBUMS, EVERY_FILE, PEERS
from tests.model.rules import Rulebook, files_below, make_template, remove

EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "0"))
MOST_GRABS = 6
# Once the world is kind: two days cover every back-off, every stall and the wait for a peer.
ROUNDS, LONGEST = 60, 3_600.0

peers = st.permutations(PEERS).flatmap(
    lambda names: st.integers(1, len(names)).map(lambda number: names[:number])
)
wishes = st.tuples(st.sampled_from(ALBUMS), peers)
number = st.integers(0, 5)
PRIORITIES = [Priority.LOW, Priority.NORMAL, Priority.HIGH, Priority.FORCE]
OPEN = (GrabState.QUEUED, GrabState.DOWNLOADING, GrabState.PROCESSING)


@cache
def template() -> Path:
    """Made once for each process."""
    folder = Path(tempfile.mkdtemp(prefix="soulspot-model-"))
    atexit.register(remove, folder)
    return make_template(folder / "template.db")


class Queue(RuleBasedStateMachine):
    """One life of the queue."""

    house: House
    rulebook: Rulebook

    @initialize(
        batches=st.booleans(),
        substitute=st.sampled_from([True, True, False]),
        first=st.lists(wishes, min_size=1, max_size=3),
    )
    def begin(self, batches: bool, substitute: bool, first: list[tuple[str, list[str]]]) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="soulspot-model-"))
        self.substitute = substitute
        self.house = House(self.folder, template(), batches=batches, substitute=substitute)
        self.rulebook = Rulebook(self.house)
        for album, names in first:
            self.house.add(album, names, Priority.NORMAL)
        self.house.run("dispatch")

    # -- people ------------------------------------------------------------------------------------

    @precondition(lambda self: len(self.house.ids) < MOST_GRABS)
    @rule(wish=wishes, priority=st.sampled_from(PRIORITIES))
    def grab(self, wish: tuple[str, list[str]], priority: Priority) -> None:
        with suppress(OffersBlocked):  # everybody is on the blocklist: refused with the reason
            self.house.add(*wish, priority)

    def _one(self, which: int, *states: GrabState) -> str | None:
        found = self.house.in_state(*states)
        return found[which % len(found)] if found else None

    @rule(which=number, how=st.sampled_from(["import", "import", "cancel", "delete"]))
    def lidarr_or_a_person_ends_it(self, which: int, how: str) -> None:
        queue = self.house.bench.queue
        if how == "import" and (nzo_id := self._one(which, GrabState.COMPLETED)):
            self.house.import_(nzo_id)
        elif how == "cancel" and (nzo_id := self._one(which, *OPEN)):
            queue.cancel([nzo_id])
        elif how == "delete" and (nzo_id := self._one(which, *OPEN, GrabState.FAILED)):
            queue.delete_history([nzo_id], archive=False)

    @precondition(lambda self: len(self.house.ids) < MOST_GRABS)
    @rule(which=number)
    def retry_by_hand(self, which: int) -> None:
        if nzo_id := self._one(which, GrabState.FAILED, GrabState.CANCELLED, GrabState.REMOVED):
            self.house.ids.append(self.house.bench.queue.retry(nzo_id))

    @rule(which=number, paused=st.booleans())
    def pause_grab(self, which: int, paused: bool) -> None:
        if nzo_id := self._one(which, *OPEN):
            self.house.bench.order.arrange(nzo_id, Wish(paused=paused))

    @rule(which=number, priority=st.sampled_from(PRIORITIES))
    def give_priority(self, which: int, priority: Priority) -> None:
        if nzo_id := self._one(which, *OPEN):
            self.house.bench.order.arrange(nzo_id, Wish(priority=priority))

    @rule(which=number, seconds=st.none() | st.sampled_from([60.0, 5_000.0, 90_000.0]))
    def schedule(self, which: int, seconds: float | None) -> None:
        start = None if seconds is None else self.house.clock() + timedelta(seconds=seconds)
        if nzo_id := self._one(which, *OPEN):
            self.house.bench.order.arrange(nzo_id, Wish(schedule=True, not_before=start))

    @rule(hours=st.sampled_from(["", "00:00-12:00", "22:00-13:00"]))
    def quiet_hours(self, hours: str) -> None:
        self.house.bench.settings.patch({"queue.quiet_hours": [hours] if hours else []})

    @rule(how=st.sampled_from(["pause", "resume", "move"]), which=number, place=number)
    def arrange_the_queue(self, how: str, which: int, place: int) -> None:
        order = self.house.bench.order
        if how == "pause":
            order.pause()
        elif how == "resume":
            order.resume()
        elif nzo_id := self._one(which, *OPEN):
            order.move_to(nzo_id, place)

    @rule(what=st.sampled_from(["", *PEERS, ALBUMS[0]]), days=st.none() | st.integers(1, 3))
    def block_or_release(self, what: str, days: int | None) -> None:
        if not what:
            self._unblock()
            return
        entry = (
            Entry(BlockScope.PEER, peer=what)
            if what in PEERS
            else Entry(BlockScope.PHRASE, path=what)
        )
        end = None if days is None else self.house.clock() + timedelta(days=days)
        with suppress(Conflict):  # it is there already
            self.house.bench.blocklist.add(entry, expires_at=end)

    # -- jobs --------------------------------------------------------------------------------------

    @rule(job=st.sampled_from(JOBS))
    def run_job(self, job: str) -> None:
        self.house.run(job)

    @rule(rounds=st.integers(1, 3))
    def it_goes_on(self, rounds: int) -> None:
        for _ in range(rounds):
            self.house.run("dispatch")
            self.house.network.step()
            self.house.run("poll")

    @rule()
    def everything_runs(self) -> None:
        self.house.settle()

    @rule(job=st.sampled_from(JOBS), statements=st.integers(0, 40))
    def kill_us_in(self, job: str, statements: int) -> None:
        self.house.killed_in(job, statements)

    @rule()
    def restart_us(self) -> None:
        self.house.restart()

    @rule(names=st.none() | st.just([]) | peers)
    def searches_find(self, names: list[str] | None) -> None:
        self.house.searches.peers = names

    # -- the network -------------------------------------------------------------------------------

    @rule()
    def transfers_move(self) -> None:
        self.house.network.step()

    @precondition(lambda self: self.house.network.live())
    @rule(which=number, kind=st.sampled_from(FailureKind))
    def transfer_fails(self, which: int, kind: FailureKind) -> None:
        live = self.house.network.live()
        self.house.network.fail_transfer(live[which % len(live)], kind)

    @precondition(lambda self: self.house.network.listed())
    @rule(which=number)
    def transfer_vanishes(self, which: int) -> None:
        listed = self.house.network.listed()
        self.house.network.vanish_transfer(listed[which % len(listed)])

    @rule(peer=st.sampled_from(PEERS), there=st.booleans())
    def peer_comes_or_goes(self, peer: str, there: bool) -> None:
        self.house.network.take_offline(peer, back=there)

    @rule(
        place=st.sampled_from(EVERY_FILE),
        whole=st.booleans(),
        kind=st.sampled_from(FailureKind),
    )
    def peer_refuses(self, place: tuple[str, str], whole: bool, kind: FailureKind) -> None:
        peer, path = place
        self.house.network.refuse(peer, None if whole else path, kind=kind)

    @rule(place=st.sampled_from(EVERY_FILE))
    def peer_sends_noise(self, place: tuple[str, str]) -> None:
        self.house.network.spoil(place[1])

    @rule(what=st.sampled_from(["down", "down", "locked", "well", "restart", "wipe", "lose"]))
    def something_is_with_the_source(self, what: str) -> None:
        network = self.house.network
        if what == "restart":
            network.restart()
        elif what == "wipe":
            network.wipe()
        elif what == "lose":
            network.lose_answer = True
        else:
            network.down, network.locked_out = what == "down", what == "locked"

    # -- time --------------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([1.0, 20.0, 70.0, 400.0, 1_000.0, 8_000.0, 30_000.0, 100_000.0]))
    def time_passes(self, seconds: float) -> None:
        self.house.pass_time(seconds)

    @rule(seconds=st.sampled_from([-200_000.0, -3_000.0, -30.0, 45.0, 5_000.0, 400_000.0]))
    def clock_is_set(self, seconds: float) -> None:
        self.house.clock.advance(seconds)

    # -- time in which nobody can do anything costs nothing but itself --------------------------------

    def _costs_nothing(self, spent: Callable[[], None], *, waiting: bool = False) -> None:
        """No attempt is used up by it; what had gone wrong before is seen before."""
        network = self.house.network
        if network.down or network.locked_out or network.lose_answer:
            return
        self.house.run("poll")
        if not self.rulebook.sees_all():
            return
        before = self.rulebook.attempts(waiting=waiting)
        spent()
        after = self.rulebook.attempts()
        grown = {row: used for row, used in before.items() if after.get(row, 0) > used}
        assert not grown, "attempts were used up although nobody could have done anything"

    @rule(hours=st.sampled_from([1, 7, 30]))
    def outage(self, hours: int) -> None:
        def spent() -> None:
            self.house.network.down = True
            for _ in range(6):
                for job in ("dispatch", "poll", "presence", "rescue"):
                    self.house.run(job)
                self.house.pass_time(hours * 600.0)
            self.house.network.down = False
            self.house.run("poll")
            self.house.pass_time(100.0)
            self.house.run("poll")

        self._costs_nothing(spent)

    @rule(hours=st.sampled_from([1, 7, 200]))
    def nobody_is_there(self, hours: int) -> None:
        def spent() -> None:
            self.house.be_off(hours * 3600.0)
            self.house.run("poll")

        self._costs_nothing(spent)

    @rule(hours=st.sampled_from([1, 30]))
    def everything_is_paused(self, hours: int) -> None:
        def spent() -> None:
            self.house.bench.order.pause()
            for _ in range(4):
                self.house.pass_time(hours * 900.0)
                for job in ("dispatch", "presence"):
                    self.house.run(job)
            self.house.bench.order.resume()

        self._costs_nothing(spent, waiting=True)

    # -- what holds --------------------------------------------------------------------------------

    @invariant()
    def nothing_is_wrong(self) -> None:
        if hasattr(self, "rulebook"):
            self.rulebook.check()

    def teardown(self) -> None:
        """Once the world is kind every open grab is completed, and nothing is left anywhere."""
        if not hasattr(self, "rulebook"):
            return
        try:
            self._live_happily()
        finally:
            self.house.stop()
            remove(self.folder)

    def _live_happily(self) -> None:
        house = self.house
        house.network.be_kind()
        house.searches.peers = PEERS
        self._unblock()
        house.bench.settings.patch({"queue.quiet_hours": []})
        house.bench.order.resume()
        for nzo_id in house.in_state(*OPEN):
            house.bench.order.arrange(nzo_id, Wish(paused=False, schedule=True))
        wanted = self._can_be_had()
        for turn in range(ROUNDS):
            if not house.in_state(*OPEN):
                break
            house.settle()
            self.rulebook.check()
            house.pass_time(min(60.0 * 1.3**turn, LONGEST))
        stuck = self.rulebook.told(house.in_state(*OPEN))
        assert not stuck, "every grab ends once the world is kind:\n" + "\n".join(stuck)
        lost = self.rulebook.told(sorted(wanted - set(house.in_state(GrabState.COMPLETED))))
        assert not lost, "what everybody has must be completed:\n" + "\n".join(lost)
        self._nothing_is_left()

    def _can_be_had(self) -> set[str]:
        """What is open now, but for what was lost for good before the world became kind."""
        house = self.house
        for _ in range(3):  # whatever has happened is heard of
            house.pass_time(70.0)
            house.run("poll")
            house.run("complete")
        return set(house.in_state(*OPEN)) - self.rulebook.hopeless(substitute=self.substitute)

    def _nothing_is_left(self) -> None:
        house = self.house
        for nzo_id in house.in_state(GrabState.COMPLETED):
            house.import_(nzo_id)
        for _ in range(3):
            house.pass_time(200.0)
            house.network.step()
            house.run("cleanup")
        assert set(house.in_state(*ENDED)) == set(house.ids)
        left = [f"{item.ref} {item.path} of {item.peer}" for item in house.network.listed()]
        assert not left, "nothing is left at the source:\n" + "\n".join(left)
        assert files_below(self.folder / "downloads") == [], "nothing is left on disk"

    def _unblock(self) -> None:
        with self.house.db.read() as session:
            ids = list(session.scalars(select(BlockRow.id)))
        self.house.bench.blocklist.remove(ids)


def how_long(examples: int) -> settings:
    """So many lives; the same every time when it is none."""
    return settings(
        max_examples=examples or 16,
        stateful_step_count=40,
        deadline=None,
        database=None,
        derandomize=not examples,
        suppress_health_check=list(HealthCheck),
    )


def live(examples: int, number: int) -> None:
    """Other lives with each number; AssertionError with the program of one that went wrong."""
    run_state_machine_as_test(seed(number)(Queue), settings=how_long(examples))


Queue.TestCase.settings = how_long(EXAMPLES)
TestQueue = Queue.TestCase
