"""Asking peers for files: the plan, the claim, the receipt, and what refusals lead to."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from soulspot_arr.domain import (
    BatchRequest,
    FailureKind,
    GrabState,
    Priority,
    Receipt,
)
from soulspot_arr.errors import (
    SourceAuth,
    SourceProtocol,
    SourceRefused,
    SourceThrottled,
    SourceUnavailable,
)
from tests.fakes.fake_source import FakeSource
from tests.soulspot_arr.workshop import Bench, offer, statements

# -- asking ----------------------------------------------------------------------------------------


def test_receipt_is_kept(both: Bench) -> None:
    """References, placements and the batch key are written down; the monitor is woken."""
    nzo_id = both.asked()
    (request,) = both.source.requests
    assert (request.peer, len(request.files)) == ("anna", 3)
    for row in both.files(nzo_id):
        assert (row.status, row.batch_key) == ("pending", request.key)
        assert row.placement == f"soulspot-incoming/{nzo_id}/0"
        assert row.transfer_ref == both.source.of(row.remote_path).ref
        assert row.claimed_at == both.clock()
    assert both.wakes == ["dispatch", "poll"]
    assert both.dispatcher.run() == 0


def test_idle_costs_one_look_and_no_request(bench: Bench) -> None:
    """Without waiting files nothing is asked and hardly anything read."""
    bench.dispatcher.run()
    with statements(bench.db) as sent:
        assert bench.dispatcher.run() == 0
    assert bench.source.requests == []
    assert len([text for text in sent if text.startswith("SELECT")]) <= 2
    assert not [text for text in sent if text.startswith(("UPDATE", "INSERT"))]


def test_two_discs_are_two_requests(bench: Bench) -> None:
    """Each disc has its own destination."""
    discs = replace(
        offer("anna"),
        files=(*offer("anna", "1.flac", disc=1).files, *offer("anna", "2.flac", disc=2).files),
    )
    nzo_id = bench.asked(discs)
    places = sorted(request.destination for request in bench.source.requests)
    assert places == [f"soulspot-incoming/{nzo_id}/0/CD{disc}" for disc in (1, 2)]


def test_one_album_at_a_time_for_each_peer(bench: Bench) -> None:
    """The second album of a peer is asked for when the first has ended, others' at once."""
    first = bench.add(offer("anna", "1.flac"))
    second = bench.add(offer("anna", "2.flac"))
    third = bench.add(offer("ben", "3.flac"))
    bench.dispatcher.run()
    assert [bench.states(one)[0] for one in (first, second, third)] == [
        "pending",
        "waiting",
        "pending",
    ]
    bench.queue.cancel([first])
    bench.dispatcher.run()
    assert bench.states(second) == ["pending"]


def test_second_grab_of_the_same_files_waits(bench: Bench) -> None:
    """The same files are never asked for twice at once."""
    bench.settings.patch({"queue.max_per_peer": 5})
    first, second = bench.add(), bench.add()
    assert bench.dispatcher.run() == 1
    assert bench.states(first) == ["pending"] * 3
    assert bench.states(second) == ["waiting"] * 3


def test_higher_priority_is_asked_for_first(bench: Bench) -> None:
    """Within the slots the queue's order decides."""
    bench.settings.patch({"queue.max_active": 1})
    low = bench.add(offer("anna", "1.flac"))
    high = bench.add(offer("ben", "2.flac"), priority=Priority.HIGH)
    bench.dispatcher.run()
    assert (bench.states(low), bench.states(high)) == (["waiting"], ["pending"])


def test_two_dispatchers_ask_for_each_file_once(both: Bench) -> None:
    """Two processes at the same moment claim every file exactly once."""
    ids = [both.add(offer(f"peer{number}", "1.flac", "2.flac", "3.flac")) for number in range(8)]
    dispatchers = [both.dispatcher, both.new_dispatcher()]
    gate = threading.Barrier(2)

    def run(index: int) -> int:
        gate.wait()
        return dispatchers[index].run()

    with ThreadPoolExecutor(2) as pool:
        asked = sum(pool.map(run, range(2)))
    wanted = [
        (request.peer, file.path) for request in both.source.requests for file in request.files
    ]
    assert len(wanted) == len(set(wanted)) == 24
    assert asked == len(both.source.requests) >= 8
    assert all(both.states(nzo_id) == ["pending"] * 3 for nzo_id in ids)


# -- refusals --------------------------------------------------------------------------------------


def test_partial_receipt_retries_only_the_refused_file(bench: Bench) -> None:
    """What was taken goes on; what was not is asked for again after the back-off."""
    nzo_id = bench.add()
    path = "Music\\Cello\\Undertow\\02.flac"
    bench.source.refuse("anna", path, kind=FailureKind.PEER_BUSY, message="Too many files")
    bench.dispatcher.run()
    first, second, third = bench.files(nzo_id)
    assert [first.status, second.status, third.status] == ["pending", "waiting", "pending"]
    assert (second.attempts, second.failure_kind) == (1, "peer_busy")
    assert second.failure_message == "Too many files"
    assert second.not_before is not None
    assert (second.not_before - bench.clock()).total_seconds() == 900
    assert bench.dispatcher.run() == 0


@pytest.mark.parametrize(
    ("kind", "attempts", "wait"),
    [
        (FailureKind.PEER_OFFLINE, 1, 60),
        (FailureKind.BROKEN, 1, 60),
        (FailureKind.PEER_BUSY, 1, 900),
        (FailureKind.SOURCE_THROTTLED, 0, 5),
    ],
)
def test_refused_request_is_made_again_later(
    bench: Bench, kind: FailureKind, attempts: int, wait: float
) -> None:
    """Peers that are away or busy are asked again, with a fresh key when an attempt was used."""
    nzo_id = bench.add()
    bench.source.break_next("download", SourceRefused("no", source="slskd", kind=kind))
    bench.dispatcher.run()
    assert bench.states(nzo_id) == ["waiting"] * 3
    assert {row.attempts for row in bench.files(nzo_id)} == {attempts}
    bench.clock.advance(wait - 1)
    assert bench.dispatcher.run() == 0
    bench.clock.advance(1)
    assert bench.dispatcher.run() == 1
    assert bench.states(nzo_id) == ["pending"] * 3


def test_attempts_run_out_and_the_grab_fails_with_a_sentence(bench: Bench) -> None:
    """After the last attempt, and the patience with a peer, Lidarr is told who was offline."""
    bench.settings.patch({"queue.await_peer": 0.0})
    nzo_id = bench.add()
    bench.source.take_offline("anna")
    for _ in range(4):
        bench.dispatcher.run()
        bench.clock.advance(1_000)
    grab = bench.grab(nzo_id)
    assert grab.status == GrabState.FAILED
    assert grab.failure_message is not None
    assert "anna could not be reached" in grab.failure_message
    assert grab.completed_at is not None
    assert len({request.key for request in bench.source.requests}) == 4
    assert "cleanup" in bench.wakes


def test_final_refusal_turns_to_the_next_peer_at_once(bench: Bench) -> None:
    """ "File not shared" is final: another peer is asked under the same id, without a pause."""
    nzo_id = bench.add(offer("anna", "01.flac"), offer("ben", "1.flac"))
    bench.source.refuse("anna", kind=FailureKind.REJECTED, message="File not shared.")
    bench.dispatcher.run()
    grab = bench.grab(nzo_id)
    assert (grab.status, grab.peer, grab.offer_index) == (GrabState.QUEUED, "ben", 1)
    assert bench.states(nzo_id) == ["pending"]
    assert [request.peer for request in bench.source.requests] == ["anna", "ben"]
    assert bench.source.requests[-1].destination.endswith("/1")
    (event,) = bench.events("grab.offer_changed")
    assert "File not shared" in event.message
    assert "cleanup" in bench.wakes  # what else anna was asked for is stopped there


def test_final_refusal_of_one_file_cancels_its_siblings(bench: Bench) -> None:
    """Half an album is of no use: the siblings are not fetched from that peer."""
    nzo_id = bench.add()
    path = "Music\\Cello\\Undertow\\02.flac"
    bench.source.refuse("anna", path, kind=FailureKind.REJECTED, message="File not shared.")
    bench.dispatcher.run()
    assert bench.grab(nzo_id).status == GrabState.FAILED
    assert bench.states(nzo_id) == ["cancelled", "failed", "cancelled"]


# -- outages ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "wait"),
    [
        (SourceUnavailable("slskd is down", source="slskd"), 15),
        (SourceAuth("slskd refuses the key", source="slskd"), 60),
        (SourceProtocol("not understood", source="slskd"), 15),
    ],
    ids=lambda value: type(value).__name__,
)
def test_outage_stops_the_cycle_and_uses_no_attempt(
    bench: Bench, error: SourceUnavailable, wait: float
) -> None:
    """While slskd is away only what was under way is asked; everything waits a moment."""
    ids = [bench.add(offer(f"peer{number}", "1.flac")) for number in range(9)]
    bench.source.break_next("download", error, times=99)
    bench.dispatcher.run()
    assert [bench.states(nzo_id) for nzo_id in ids] == [["waiting"]] * 9
    assert {bench.files(nzo_id)[0].attempts for nzo_id in ids} == {0}
    left = len(bench.source._errors["download"])
    assert 99 - left <= 2  # two calls may have been in flight
    bench.clock.advance(wait - 1)
    assert bench.dispatcher.run() == 0
    bench.source._errors.clear()
    bench.clock.advance(1)
    bench.dispatcher.run()
    assert [bench.states(nzo_id) for nzo_id in ids] == [["pending"]] * 9


def test_long_outage_writes_no_event_for_each_try(bench: Bench) -> None:
    """A day without slskd must not fill the events with the same words."""
    nzo_id = bench.add()
    bench.source.down = True
    for _ in range(50):
        bench.dispatcher.run()
        bench.clock.advance(20)
    assert len(bench.events()) == 1
    assert [ok for ok, _ in bench.changes] == [False]
    bench.source.down = False
    bench.dispatcher.run()
    assert bench.states(nzo_id) == ["pending"] * 3
    assert [ok for ok, _ in bench.changes] == [False, True]


def test_throttled_request_does_not_stop_the_others(bench: Bench) -> None:
    """429 means "busy", not "down": the next peer is asked."""
    ids = [bench.add(offer(f"peer{number}", "1.flac")) for number in range(5)]
    throttled = SourceThrottled("both slots busy", source="slskd", retry_after=1)
    bench.source.break_next("download", throttled)
    bench.dispatcher.run()
    assert sorted(bench.states(nzo_id)[0] for nzo_id in ids) == ["pending"] * 4 + ["waiting"]


def test_source_that_breaks_its_contract_cannot_stop_the_job(bench: Bench) -> None:
    """A stray error of a source counts as an outage."""
    nzo_id = bench.add()

    def explode(call: str) -> None:
        raise ZeroDivisionError(call)

    bench.source.on_call = explode
    bench.dispatcher.run()
    assert bench.states(nzo_id) == ["waiting"] * 3


def test_unconfigured_source_is_not_asked(bench: Bench) -> None:
    """Before slskd is set up grabs simply wait."""
    nzo_id = bench.add()
    bench.source.configured = False
    assert bench.dispatcher.run() == 0
    assert bench.states(nzo_id) == ["waiting"] * 3


# -- crashes ---------------------------------------------------------------------------------------


class Killed(BaseException):
    """Stands for the process being killed: nothing catches it."""


def test_crash_before_the_request_asks_again_with_the_same_key(both: Bench) -> None:
    """Killed between claim and request: after the claim's time the same request goes out."""
    nzo_id = both.add()

    def die(call: str) -> None:
        raise Killed

    both.source.on_call = die
    with pytest.raises(Killed):
        both.dispatcher.run()
    both.source.on_call = lambda call: None
    (key,) = {row.batch_key for row in both.files(nzo_id)}
    assert both.states(nzo_id) == ["pending"] * 3
    assert both.dispatcher.run() == 0
    both.clock.advance(119)
    both.look()
    assert both.states(nzo_id) == ["pending"] * 3
    both.clock.advance(2)
    both.look()
    assert both.states(nzo_id) == ["waiting"] * 3
    both.dispatcher.run()
    assert [request.key for request in both.source.requests] == [key]
    assert {row.attempts for row in both.files(nzo_id)} == {0}


class Forgetful(FakeSource):
    """Takes a request and then dies with us before the answer is there."""

    def download_raw(self, request: BatchRequest) -> Receipt:
        """Record, then kill."""
        super().download_raw(request)
        raise Killed


def test_crash_after_the_request_is_found_by_the_next_look(bench: Bench) -> None:
    """Killed between request and receipt: the transfers are recognised by their batch key."""
    nzo_id = bench.add()
    lost = Forgetful(root=bench.root, now=bench.clock)
    bench.source = lost
    with pytest.raises(Killed):
        bench.new_dispatcher().run()
    assert {row.transfer_ref for row in bench.files(nzo_id)} == {None}
    fresh = Bench(bench.db, bench.clock, bench.root)
    fresh.monitor._source = lost
    fresh.look()
    assert fresh.states(nzo_id) == ["queued"] * 3
    assert all(row.transfer_ref for row in fresh.files(nzo_id))


def test_grab_cancelled_while_we_ask_keeps_the_reference(both: Bench) -> None:
    """The transfer that came into being meanwhile has to be stopped later: its address is kept."""
    nzo_id = both.add()
    both.during("download", lambda: both.queue.cancel([nzo_id]))
    both.dispatcher.run()
    rows = both.files(nzo_id)
    assert [row.status for row in rows] == ["cancelled"] * 3
    assert [row.transfer_ref for row in rows] == [
        both.source.of(row.remote_path).ref for row in rows
    ]
    both.cleanup.run()
    assert len(both.source.forgotten) == 3
