"""Looking back: events and job runs for the edges."""

from __future__ import annotations

from soulspot_arr import ledger
from soulspot_arr.domain import EventRecord
from soulspot_arr.history import History
from soulspot_arr.models import JobRun
from tests.soulspot_arr.workshop import Bench


def write(bench: Bench, *kinds: str, grab_id: int | None = None) -> None:
    """Append events of these kinds, a minute apart."""
    for kind in kinds:
        bench.clock.advance(60)
        with bench.db.write() as session:
            event = EventRecord(kind, f"{kind} happened", data={"n": 1})
            ledger.record(session, event, at=bench.clock(), grab_id=grab_id)


def test_events_newest_first_and_page_by_page(both: Bench) -> None:
    """Without a starting point the newest come first; `before` continues below."""
    write(both, "a", "b", "c", "d")
    history = History(both.db, clock=both.clock)
    first = history.events(limit=2)
    assert [event.kind for event in first] == ["d", "c"]
    rest = history.events(before=first[-1].id, limit=9)
    assert [event.kind for event in rest] == ["b", "a"]
    assert first[0].at == both.clock()
    assert (first[0].message, dict(first[0].data)) == ("d happened", {"n": 1})


def test_events_after_an_id_come_oldest_first(both: Bench) -> None:
    """A reader resumes where it stopped, in the order in which things happened."""
    write(both, "a", "b", "c")
    history = History(both.db, clock=both.clock)
    start = history.events(after=0, limit=1)[0]
    assert [event.kind for event in history.events(after=start.id)] == ["b", "c"]
    assert history.events(after=history.events()[0].id) == []


def test_events_of_one_grab_and_of_some_kinds(bench: Bench) -> None:
    """Both narrow the answer."""
    nzo_id = bench.add()
    grab_id = bench.grab(nzo_id).id
    write(bench, "a", "b")
    write(bench, "b", "c", grab_id=grab_id)
    history = History(bench.db, clock=bench.clock)
    assert [event.kind for event in history.events(grab_id=grab_id)] == ["c", "b", "grab.added"]
    assert [event.kind for event in history.events(kinds=["b"])] == ["b", "b"]
    assert [event.kind for event in history.events(kinds=["b"], grab_id=grab_id)] == ["b"]


def test_jobs_by_name(both: Bench) -> None:
    """Every job that has run, with how it ended."""
    with both.db.write() as session:
        session.add(JobRun(name="poll", runs=3, last_started_at=both.clock(), last_error="Boom"))
        session.add(JobRun(name="complete", runs=1))
    complete, poll = History(both.db, clock=both.clock).jobs()
    assert (complete.name, complete.runs, complete.last_error) == ("complete", 1, None)
    assert (poll.name, poll.last_started_at, poll.last_error) == ("poll", both.clock(), "Boom")
