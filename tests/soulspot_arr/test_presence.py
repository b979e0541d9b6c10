"""Waiting for the only peer that has an album."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from soulspot_arr.domain import DownloadState, FailureKind
from soulspot_arr.models import Download, Grab
from soulspot_arr.presence import AT_ONCE, Presence
from tests.soulspot_arr.workshop import Bench, offer


def presence_of(bench: Bench) -> Presence:
    """The job over the rows of this bench."""
    return Presence(
        bench.db,
        bench.settings,
        bench.source,
        bench.guard,
        clock=bench.clock,
        wake=bench.wakes.append,
    )


def await_peer(bench: Bench, peer: str) -> str:
    """A grab whose files wait for a peer that is not there."""
    nzo_id = bench.add(offer(peer, "01.flac", "02.flac"))
    with bench.db.write() as session:
        session.execute(
            update(Download)
            .where(Download.peer == peer)
            .values(
                status=DownloadState.WAITING,
                failure_kind=FailureKind.PEER_OFFLINE,
                not_before=bench.clock() + timedelta(hours=6),
            )
        )
    bench.source.take_offline(peer)
    bench.wakes.clear()
    return nzo_id


def test_files_are_due_when_their_peer_is_back(both: Bench) -> None:
    """At once, without a search; told once for the grab."""
    nzo_id = await_peer(both, "ann")
    presence = presence_of(both)
    assert presence.run() == 0
    assert both.wakes == []
    both.source.take_offline("ann", back=True)
    assert presence.run() == 1
    assert both.wakes == ["dispatch"]
    assert {row.not_before for row in both.files(nzo_id)} == {both.clock()}
    assert [event.kind for event in both.events()].count("peer.returned") == 1
    assert both.source.searches == []
    assert presence.run() == 0, "nobody is awaited any more"


def test_only_awaited_peers_are_asked_about(bench: Bench) -> None:
    """Not those of grabs that are paused or over, nor of files that wait for something else."""
    calls: list[str] = []
    bench.add(offer("bob", "01.flac"))
    paused = await_peer(bench, "ann")
    bench.order.change([paused], paused=True)
    over = await_peer(bench, "cid")
    bench.queue.cancel([over])
    bench.source.on_call = calls.append
    assert presence_of(bench).run() == 0
    assert calls == []


def test_an_outage_is_no_news_of_peers(bench: Bench) -> None:
    """One question, then none until the next run."""
    for peer in ("ann", "bob", "cid"):
        await_peer(bench, peer)
    calls: list[str] = []
    bench.source.on_call = calls.append
    bench.source.down = True
    assert presence_of(bench).run() == 0
    assert calls == ["online"]


def test_many_peers_take_turns(bench: Bench) -> None:
    """Some in each run, everybody in the end."""
    for number in range(AT_ONCE + 3):
        await_peer(bench, f"peer{number:02}")
    for peer in ("peer00", "peer12"):
        bench.source.take_offline(peer, back=True)
    presence = presence_of(bench)
    assert presence.run() == 1
    bench.clock.advance(60)
    assert presence.run() == 1


def test_nobody_knows(bench: Bench) -> None:
    """The server did not say: the wait goes on as it was."""
    nzo_id = await_peer(bench, "ann")
    bench.source.unknown.add("ann")
    assert presence_of(bench).run() == 0
    assert all(row.not_before and row.not_before > bench.clock() for row in bench.files(nzo_id))


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_ended_grabs_await_nobody(bench: Bench, status: str) -> None:
    """Whatever is left of their rows."""
    await_peer(bench, "ann")
    with bench.db.write() as session:
        session.execute(update(Grab).values(status=status))
    bench.source.take_offline("ann", back=True)
    assert presence_of(bench).run() == 0


def test_who_is_there_all_the_time_keeps_its_back_off(bench: Bench) -> None:
    """Online, and yet it could not be reached: only a return is news."""
    nzo_id = await_peer(bench, "ann")
    bench.source.take_offline("ann", back=True)
    presence = presence_of(bench)
    assert presence.run() == 1
    with bench.db.write() as session:
        asked_in_vain = {
            "not_before": bench.clock() + timedelta(minutes=5),
            "claimed_at": bench.clock() + timedelta(seconds=1),
        }
        session.execute(update(Download).values(**asked_in_vain))
    bench.clock.advance(60)
    assert presence.run() == 0
    bench.source.take_offline("ann")
    presence.run()
    bench.source.take_offline("ann", back=True)
    assert presence.run() == 1
    assert {row.not_before for row in bench.files(nzo_id)} == {bench.clock()}


# -- places in queues ------------------------------------------------------------------------------


def in_line(bench: Bench, place: int) -> str:
    """A grab whose three files stand in the queue of a peer."""
    nzo_id = bench.asked()
    for row in bench.files(nzo_id):
        bench.source.queue(row.remote_path, place=place)
    bench.look()
    bench.wakes.clear()
    return nzo_id


def asked_places(bench: Bench) -> list[int | None]:
    """Places of the first grab's files that were asked for, by file."""
    with bench.db.read() as session:
        rows = session.scalars(select(Download).order_by(Download.id)).all()
        return [row.place_in_queue for row in rows if row.place_asked_at is not None]


def test_one_file_of_a_peer_is_asked_about_now_and_then(both: Bench) -> None:
    """Not at once, not for every file, and not again within ten minutes."""
    in_line(both, 17)
    calls: list[str] = []
    both.source.on_call = calls.append
    presence = presence_of(both)
    presence.run()
    assert calls == []
    both.clock.advance(61)
    presence.run()
    presence.run()
    assert calls == ["place"]
    assert asked_places(both) == [17]
    both.clock.advance(601)
    presence.run()
    assert calls == ["place"] * 2


def test_a_queue_that_moves_is_progress(both: Bench) -> None:
    """The moment is noted, so that patience begins anew."""
    nzo_id = in_line(both, 17)
    both.clock.advance(61)
    presence = presence_of(both)
    presence.run()
    assert both.files(nzo_id)[0].last_progress_at is None
    for row in both.files(nzo_id):
        both.source.queue(row.remote_path, place=12)
    both.clock.advance(601)
    presence.run()
    assert both.files(nzo_id)[0].last_progress_at == both.clock()
    assert both.files(nzo_id)[0].place_in_queue == 12


def test_a_peer_that_does_not_say_is_left_in_peace_as_long(bench: Bench) -> None:
    """The question was asked; a place that nobody confirms any more is none."""
    nzo_id = in_line(bench, 17)
    bench.source.take_offline(bench.files(nzo_id)[0].peer)
    bench.clock.advance(61)
    presence_of(bench).run()
    assert asked_places(bench) == [None]


# -- nobody else has it ----------------------------------------------------------------------------


def test_the_only_peer_is_waited_for_and_then_asked_at_once(both: Bench) -> None:
    """Offline at every attempt: the grab stays open, and no search is made when it returns."""
    nzo_id = both.add(offer("ann", "01.flac", "02.flac"))
    both.source.take_offline("ann")
    for _ in range(6):
        both.dispatcher.run()
        both.clock.advance(900)
    grab = both.grab(nzo_id)
    assert (grab.status, grab.note) == ("queued", "Waiting for ann to come online.")
    assert both.states(nzo_id) == ["waiting"] * 2
    assert [event.kind for event in both.events()].count("grab.awaiting_peer") == 1
    presence = presence_of(both)
    presence.run()
    both.source.take_offline("ann", back=True)
    assert presence.run() == 1
    assert both.dispatcher.run() == 1
    assert both.states(nzo_id) == ["pending"] * 2
    assert both.source.searches == []


def test_waiting_for_a_peer_ends(bench: Bench) -> None:
    """After a week it is said that nobody came."""
    nzo_id = bench.add(offer("ann", "01.flac"))
    bench.source.take_offline("ann")
    for _ in range(40):
        bench.dispatcher.run()
        bench.clock.advance(6 * 3600)
    grab = bench.grab(nzo_id)
    assert grab.status == "failed"
    assert grab.failure_message is not None
    assert "ann could not be reached" in grab.failure_message


def test_a_week_of_waiting_can_be_turned_off(bench: Bench) -> None:
    """Then the grab fails when its attempts are used up."""
    bench.settings.patch({"queue.await_peer": 0.0})
    nzo_id = bench.add(offer("ann", "01.flac"))
    bench.source.take_offline("ann")
    for _ in range(6):
        bench.dispatcher.run()
        bench.clock.advance(900)
    assert bench.grab(nzo_id).status == "failed"


def test_a_second_grab_learns_that_its_peer_is_back_as_well(both: Bench) -> None:
    """It may begin to wait after the first one was told: it was asked for before the peer came."""
    await_peer(both, "ann")
    presence = presence_of(both)
    both.clock.advance(60)
    both.source.take_offline("ann", back=True)
    assert presence.run() == 1
    second = both.add(offer("ann", "02.flac"))
    with both.db.write() as session:
        session.execute(
            update(Download)
            .where(Download.remote_path.endswith("02.flac"))
            .values(
                failure_kind=FailureKind.PEER_OFFLINE,
                not_before=both.clock() + timedelta(hours=6),
                claimed_at=both.clock() - timedelta(seconds=30),
            )
        )
    both.clock.advance(60)
    assert presence.run() == 1
    assert {row.not_before for row in both.files(second)} == {both.clock()}
