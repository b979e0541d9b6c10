"""One run of dispatch while peers are slow, dead or many, and answers come late."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from soulspot_arr import dispatch
from soulspot_arr.domain import BatchRequest, Receipt
from soulspot_arr.errors import SourceUnavailable
from tests.fakes.fake_source import FakeSource
from tests.soulspot_arr.workshop import Bench, offer, statements

LONG = 30.0  # seconds; only a failing test waits so long


class Slow(FakeSource):
    """Does something while a request is under way, before it is carried out."""

    meanwhile: Callable[[BatchRequest], object] = staticmethod(lambda request: None)

    def download_raw(self, request: BatchRequest) -> Receipt:
        """Let the test act first."""
        self.meanwhile(request)
        return super().download_raw(request)


@pytest.fixture
def slow(both: Bench) -> Slow:
    """The workbench's source, replaced by one that takes its time."""
    source = Slow(root=both.root, now=both.clock)
    both.source = both.monitor._source = both.cleanup._source = source
    both.dispatcher = both.new_dispatcher()
    return source


def album(number: int) -> str:
    """The folder of an album."""
    return f"Music\\Cello\\{number}"


# -- dead peers and healthy ones -------------------------------------------------------------------


def test_grab_that_comes_while_a_dead_peer_is_asked_is_asked_at_once(
    both: Bench, slow: Slow
) -> None:
    """One dead peer holds one of the two calls; the other serves whoever comes."""
    good_was_asked = threading.Event()
    added: list[str] = []

    def meanwhile(request: BatchRequest) -> None:
        if request.peer == "good":
            good_was_asked.set()
            return
        added.append(both.add(offer("good", "1.flac", folder="Music\\Else")))
        assert good_was_asked.wait(LONG)

    slow.meanwhile = meanwhile
    both.add(offer("dead", "1.flac"))
    assert both.dispatcher.run() == 2
    assert both.states(added[0]) == ["pending"]


def test_files_are_claimed_only_when_they_are_asked_for(both: Bench, slow: Slow) -> None:
    """While two calls are under way everything else still waits, free for anybody."""
    claimed: list[int] = []
    ids = [both.add(offer(f"peer{number}", "1.flac")) for number in range(6)]

    def meanwhile(request: BatchRequest) -> None:
        claimed.append(sum(both.states(nzo_id) == ["pending"] for nzo_id in ids))

    slow.meanwhile = meanwhile
    assert both.dispatcher.run() == 6
    assert claimed[0] <= 2
    assert len(slow.requests) == 6


# -- answers that come after the claim has lapsed --------------------------------------------------


@pytest.fixture
def lapsed(both: Bench, slow: Slow, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grabs of which the first was answered only after its claim had lapsed, and no other one."""
    monkeypatch.setattr(dispatch, "IN_FLIGHT", 1)
    ids = [both.add(offer(f"peer{number}", "1.flac")) for number in range(4)]
    once = threading.Lock()

    def meanwhile(request: BatchRequest) -> None:
        if once.acquire(blocking=False):
            both.clock.advance(130)
            both.look()

    slow.meanwhile = meanwhile
    both.dispatcher.run()
    return ids


def test_late_answer_is_kept_and_nothing_asked_twice(
    both: Bench, slow: Slow, lapsed: list[str]
) -> None:
    """The request that outlived its claim is the one that counts."""
    assert [both.states(nzo_id) for nzo_id in lapsed] == [["pending"]] * 4
    assert all(row.transfer_ref for nzo_id in lapsed for row in both.files(nzo_id))
    both.look()
    assert both.dispatcher.run() == 0
    assert [both.states(nzo_id) for nzo_id in lapsed] == [["queued"]] * 4
    assert len(slow.requests) == 4


def test_late_answer_of_a_file_that_another_grab_asks_for(both: Bench, slow: Slow) -> None:
    """Two requests for one file cannot both be live: the other grab keeps it."""
    both.settings.patch({"queue.max_per_peer": 2})
    first = both.add(offer("anna", "01.flac"))

    def meanwhile(request: BatchRequest) -> None:
        if slow.requests:
            return
        slow.meanwhile = lambda request: None
        both.clock.advance(130)
        both.look()
        second.append(both.add(offer("anna", "01.flac", "02.flac")))
        both.order.change([first], paused=True)
        both.new_dispatcher().run()

    second: list[str] = []
    slow.meanwhile = meanwhile
    both.dispatcher.run()
    assert both.states(first) == ["waiting"]
    assert both.states(second[0]) == ["pending", "pending"]


def test_cancel_of_a_lapsed_claim_reaches_the_source(both: Bench, slow: Slow) -> None:
    """The answer was lost and the claim has lapsed, but the transfer runs: it is stopped."""
    nzo_id = both.add(offer("anna", "01.flac"))

    def meanwhile(request: BatchRequest) -> None:
        slow.meanwhile = lambda request: None
        slow.download_raw(request)
        raise SourceUnavailable("no answer in time", source="slskd")

    slow.meanwhile = meanwhile
    both.dispatcher.run()
    assert both.states(nzo_id) == ["waiting"]
    assert both.files(nzo_id)[0].claimed_at is None
    both.queue.cancel([nzo_id])
    both.cleanup.run()
    assert [transfer.path for transfer in slow.poll_raw().transfers] == []


# -- long queues -----------------------------------------------------------------------------------


def test_collection_of_one_peer_does_not_hide_the_others(bench: Bench) -> None:
    """Whatever one peer has waiting, the album of another is asked for in the same run."""
    for number in range(25):
        names = [f"{track:02}.flac" for track in range(20)]
        bench.add(offer("hoarder", *names, folder=album(number)))
    other = bench.add(offer("ben", "1.flac"))
    bench.dispatcher.run()
    assert bench.states(other) == ["pending"]
    assert [request.peer for request in bench.source.requests] == ["hoarder", "ben"]


def test_same_files_again_and_again_do_not_hide_the_others(bench: Bench) -> None:
    """A page full of files that are live already is not the end of the queue."""
    bench.settings.patch({"queue.max_per_peer": 9, "queue.max_active": 500})
    names = [f"{track:03}.flac" for track in range(110)]
    for _ in range(3):
        bench.add(offer("anna", *names))
    other = bench.add(offer("ben", "1.flac"))
    bench.dispatcher.run()
    assert bench.states(other) == ["pending"]


def test_full_slots_load_nothing(bench: Bench) -> None:
    """A long queue costs one look while no place is free."""
    bench.settings.patch({"queue.max_active": 1})
    bench.asked(offer("anna", "1.flac"))
    for number in range(5):
        bench.add(offer(f"peer{number}", "1.flac", "2.flac"))
    with statements(bench.db) as sent:
        assert bench.dispatcher.run() == 0
    assert not [text for text in sent if "remote_path" in text]


# -- outages ---------------------------------------------------------------------------------------


def test_lasting_outage_is_probed_by_one_request_and_gives_nothing_up(bench: Bench) -> None:
    """Days without slskd: one request now and then, and afterwards everybody still waits."""
    bench.settings.patch({"queue.max_active": 2})
    ids = [bench.add(offer(f"peer{number}", "1.flac")) for number in range(6)]
    calls: list[str] = []
    bench.source.on_call = calls.append
    bench.source.down = True
    bench.dispatcher.run()
    calls.clear()
    bench.clock.advance(90_000)
    bench.dispatcher.run()
    bench.dispatcher.run()
    assert calls == ["download"]
    bench.source.down = False
    bench.clock.advance(16)
    bench.dispatcher.run()
    bench.dispatcher.run()
    states = [bench.states(nzo_id)[0] for nzo_id in ids]
    assert sorted(states) == ["pending"] * 2 + ["waiting"] * 4
