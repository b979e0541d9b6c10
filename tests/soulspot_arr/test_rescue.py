"""The rescue job: one more search before a grab fails, and what becomes of what it finds."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from soulspot_arr.db import Database
from soulspot_arr.domain import FailureKind, GrabState, Offer, Query, Release, Rescue
from soulspot_arr.models import Download
from soulspot_arr.rescue import Rescuer
from tests.fakes.clock import FakeClock
from tests.soulspot_arr.workshop import TITLE, Bench, offer

ONE, TWO, THREE = (f"Music\\Cello\\Undertow\\0{number}.flac" for number in (1, 2, 3))


class Searches:
    """A search that finds what the test says; None while the network cannot be asked."""

    def __init__(self) -> None:
        self.asked: list[Query] = []
        self.found: list[Release] | None = []

    def once_more(self, query: Query) -> list[Release] | None:
        """As scripted in `found`."""
        self.asked.append(query)
        return self.found


def release(*offers: Offer, quality: str = "FLAC") -> Release:
    """A release of these offers."""
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return Release("b" * 64, TITLE, "Cello", "Undertow", 1994, quality, 900, offers, moment)


def album(peer: str, size: int = 1_000) -> Offer:
    """The three files as this peer shares them."""
    return offer(peer, "01.flac", "02.flac", "03.flac", size=size)


class Stage:
    """A grab of anna's whose second file is lost, and the job that looks for another peer."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.searches = Searches()
        self.nzo_id = bench.asked(album("anna"))
        for path in (ONE, THREE):
            bench.source.succeed(path)
        bench.source.fail(TWO, FailureKind.REJECTED, "Cancelled")
        bench.look()
        self.job = Rescuer(
            bench.db,
            bench.settings,
            self.searches,
            mender=bench.mender,
            clock=bench.clock,
            wake=bench.wakes.append,
        )

    def senders(self) -> list[tuple[str, str]]:
        """Peer and state of the files that make up the grab."""
        return [(row.peer, row.status) for row in self.bench.files(self.nzo_id)]

    def rescue(self) -> str | None:
        """How far the search has come."""
        return self.bench.grab(self.nzo_id).rescue


@pytest.fixture
def stage(database: Database, clock: FakeClock, tmp_path: Path) -> Stage:
    """On both databases, with the further search turned on."""
    return Stage(Bench(database, clock, tmp_path / "downloads", pins={}))


def test_the_grab_waits_for_the_search_and_is_not_failed(stage: Stage) -> None:
    """In the queue, with a note; nobody is searched for while the job has not run."""
    grab = stage.bench.grab(stage.nzo_id)
    assert (grab.status, grab.rescue) == (GrabState.DOWNLOADING, Rescue.WANTED)
    assert stage.bench.wakes.count("rescue") == 1
    for _ in range(3):
        stage.bench.look()
    assert [view.nzo_id for view in stage.bench.queue.queue()] == [stage.nzo_id]
    assert stage.searches.asked == []
    assert stage.bench.wakes.count("complete") == 0


def test_one_file_of_a_third_peer_completes_the_album(stage: Stage) -> None:
    """Searched once, by artist and album; only what is missing is fetched."""
    stage.searches.found = [release(album("zoe"), album("ben"))]
    assert stage.job.run() == 1
    assert stage.searches.asked == [Query("Cello", "Undertow", 1994)]
    assert stage.senders() == [("anna", "completed"), ("zoe", "waiting"), ("anna", "completed")]
    assert stage.rescue() == Rescue.DONE
    assert stage.bench.grab(stage.nzo_id).note is None
    assert "dispatch" in stage.bench.wakes
    stage.bench.dispatcher.run()
    assert [(r.peer, len(r.files)) for r in stage.bench.source.requests] == [
        ("anna", 3),
        ("zoe", 1),
    ]
    stage.bench.source.succeed(TWO, peer="zoe")
    stage.bench.look()
    assert stage.bench.grab(stage.nzo_id).status == GrabState.PROCESSING
    kinds = [event.kind for event in stage.bench.events("grab.")]
    assert kinds[-3:] == ["grab.rescue_wanted", "grab.rescued", "grab.processing"]


def test_the_second_peer_that_was_found_stands_in_for_the_first(stage: Stage) -> None:
    """What the search has found is remembered like the first offers; no third search."""
    stage.searches.found = [release(album("zoe"), album("ben"))]
    stage.job.run()
    for peer in ("zoe", "ben"):
        stage.bench.dispatcher.run()
        stage.bench.source.fail(TWO, FailureKind.REJECTED, "Cancelled", peer=peer)
        stage.bench.look()
    assert stage.job.run() == 0
    assert len(stage.searches.asked) == 1
    (view,) = stage.bench.queue.history()
    assert (view.nzo_id, view.status) == (stage.nzo_id, GrabState.FAILED)
    assert "ben refuses to send the file" in str(view.failure_message)


@pytest.mark.parametrize(
    "found",
    [
        [],
        [release(album("anna"))],
        [release(album("ben"), quality="MP3 320")],
        [release(offer("ben", "02.flac", size=999))],
    ],
    ids=["nothing", "the same peer", "another quality", "another track"],
)
def test_nothing_that_helps_is_a_failure_with_the_reason(
    stage: Stage, found: list[Release]
) -> None:
    """Now Lidarr is told, with the sentence of what went wrong."""
    stage.searches.found = found
    assert stage.job.run() == 1
    grab = stage.bench.grab(stage.nzo_id)
    assert (grab.status, grab.failure_kind) == (GrabState.FAILED, "rejected")
    assert grab.failure_message == "02.flac: anna refuses to send the file (Cancelled)."
    assert "cleanup" in stage.bench.wakes


def test_another_copy_of_the_whole_album_takes_over(stage: Stage) -> None:
    """No single file fits, but the album is the same: the offer changes, what fits is kept."""
    other = album("ben", size=1_100)
    stage.searches.found = [release(other)]
    stage.job.run()
    assert stage.senders() == [("ben", "waiting")] * 3
    assert stage.bench.grab(stage.nzo_id).peer == "ben"


def test_while_the_network_cannot_be_asked_the_grab_waits(stage: Stage) -> None:
    """A ban, an outage, a spent budget: later, and nothing fails before it could be asked."""
    stage.searches.found = None
    for _ in range(5):
        assert stage.job.run() == 0
        stage.bench.clock.advance(86_400)
    assert stage.rescue() == Rescue.WANTED
    stage.searches.found = []
    assert stage.job.run() == 1
    assert stage.bench.grab(stage.nzo_id).status == GrabState.FAILED


def test_what_is_not_lost_any_more_is_not_searched_for(stage: Stage) -> None:
    """A person released the lost file before the search: the one search is kept for later."""
    with stage.bench.db.write() as session:
        lost = session.scalars(select(Download).where(Download.status == "failed")).one()
        lost.status = "waiting"
    assert stage.job.run() == 0
    assert stage.searches.asked == []
    grab = stage.bench.grab(stage.nzo_id)
    assert (grab.rescue, grab.note) == (None, None)


def test_when_the_network_cannot_be_asked_it_is_asked_for_one_grab_only(stage: Stage) -> None:
    """The others would hear the same, and a search may take a minute."""
    bench = stage.bench
    other = bench.asked(offer("dora", "9.flac"), title="another")
    bench.source.fail("Music\\Cello\\Undertow\\9.flac", FailureKind.REJECTED, "Cancelled")
    bench.look()
    assert bench.grab(other).rescue == Rescue.WANTED
    stage.searches.found = None
    assert stage.job.run() == 0
    assert len(stage.searches.asked) == 1
    stage.searches.found = []
    assert stage.job.run() == 2


def test_a_paused_grab_is_not_searched_for(stage: Stage) -> None:
    """Nothing is asked of the network for it, and it is not given up."""
    stage.bench.order.change([stage.nzo_id], paused=True)
    assert stage.job.run() == 0
    assert stage.searches.asked == []
    stage.bench.order.change([stage.nzo_id], paused=False)
    assert stage.job.run() == 1


def test_a_search_that_is_turned_off_meanwhile_is_not_made(stage: Stage) -> None:
    """The wish ends, and the grab with it."""
    stage.bench.settings.patch({"queue.rescue": False})
    assert stage.job.run() == 1
    assert stage.searches.asked == []
    assert stage.bench.grab(stage.nzo_id).status == GrabState.FAILED


def test_a_grab_that_was_deleted_while_we_searched_stays_deleted(stage: Stage) -> None:
    """What was found is of no use any more."""
    stage.searches.found = [release(album("zoe"))]
    real = stage.searches.once_more

    def deleted_meanwhile(query: Query) -> list[Release] | None:
        stage.bench.queue.cancel([stage.nzo_id])
        return real(query)

    stage.searches.once_more = deleted_meanwhile  # type: ignore[method-assign]
    stage.job.run()
    grab = stage.bench.grab(stage.nzo_id)
    assert (grab.status, grab.rescue, len(grab.offers)) == (GrabState.CANCELLED, "wanted", 1)
    assert stage.job.run() == 0


def test_killed_while_searching_searches_again(stage: Stage) -> None:
    """The wish is in the row until what came of it is written."""

    def killed(query: Query) -> list[Release] | None:
        raise KeyboardInterrupt

    stage.searches.once_more, real = killed, stage.searches.once_more  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        stage.job.run()
    assert stage.rescue() == Rescue.WANTED
    stage.searches.once_more = real  # type: ignore[method-assign]
    stage.searches.found = [release(album("zoe"))]
    assert stage.job.run() == 1
    assert ("zoe", "waiting") in stage.senders()


def test_a_spoilt_file_that_completion_sends_back_goes_the_same_way(stage: Stage) -> None:
    """Also from PROCESSING a search is wanted, never a failure after the files were here."""
    bench = stage.bench
    nzo_id = bench.arrived({"x.flac": b"\0" * 500}, title="another")
    bench.completion.run()
    grab = bench.grab(nzo_id)
    assert (grab.status, grab.rescue) == (GrabState.QUEUED, Rescue.WANTED)


def test_a_grab_whose_texts_were_just_asked_does_not_keep_the_others_waiting(stage: Stage) -> None:
    """Whoever cannot be searched for now has its next turn after the others."""
    first, bench = stage, stage.bench
    other = bench.asked(offer("bert", "04.flac", folder="Music\\Cello\\Tide"), album="Tide")
    bench.source.fail("Music\\Cello\\Tide\\04.flac", FailureKind.REJECTED, "Cancelled")
    bench.look()
    first.searches.found = None
    assert first.job.run() == 0
    first.searches.found = []
    first.searches.asked.clear()
    assert first.job.run() == 2
    assert [query.album for query in first.searches.asked] == ["Tide", "Undertow"]
    assert bench.grab(other).status == GrabState.FAILED
