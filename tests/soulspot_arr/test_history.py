"""Looking back: events and job runs for the edges."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from soulspot_arr import ledger
from soulspot_arr.domain import EventRecord, GrabState
from soulspot_arr.history import History
from soulspot_arr.models import Grab
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


def ended(bench: Bench, status: GrabState, **columns: object) -> str:
    """A grab of 3,000 bytes in three files that ended now."""
    nzo_id = bench.add()
    values = {"status": status, "completed_at": bench.clock(), **columns}
    with bench.db.write() as session:
        session.execute(update(Grab).where(Grab.nzo_id == nzo_id).values(**values))
    return nzo_id


def test_volumes_count_what_was_completed(both: Bench) -> None:
    """Ever, this month, this week and today; failures and cancellations count nothing."""
    history = History(both.db, clock=both.clock)
    both.clock.now = datetime(2026, 3, 1, 23, tzinfo=UTC)  # a Sunday
    ended(both, GrabState.IMPORTED)
    both.clock.now = datetime(2026, 3, 31, 12, tzinfo=UTC)
    ended(both, GrabState.COMPLETED)
    both.clock.now = datetime(2026, 4, 1, 12, tzinfo=UTC)  # the Wednesday after that Tuesday
    assert history.volumes() == (6_000, 0, 3_000, 0)
    ended(both, GrabState.COMPLETED)
    ended(both, GrabState.FAILED, failure_message="lost")
    ended(both, GrabState.CANCELLED)
    assert history.volumes() == (6_000, 0, 3_000, 0)  # kept for a minute
    both.clock.advance(60)
    assert history.volumes() == (9_000, 3_000, 6_000, 3_000)


def test_daily_counts_bytes_and_files(both: Bench) -> None:
    """Per day what came and what was tried; a cancelled grab is neither."""
    ended(both, GrabState.COMPLETED)
    ended(both, GrabState.FAILED, failure_message="lost")
    ended(both, GrabState.CANCELLED)
    first = both.clock().date()
    both.clock.advance(86_400)
    ended(both, GrabState.IMPORTED)
    history = History(both.db, clock=both.clock)
    assert history.daily() == {first: (3_000, 6, 3), both.clock().date(): (3_000, 3, 3)}
    both.clock.advance(366 * 86_400)
    assert list(history.daily()) == [first + timedelta(days=1)]


def test_version_grows_with_every_change_of_the_history(bench: Bench) -> None:
    """Clients that poll skip a history that has not changed."""
    history = History(bench.db, clock=bench.clock)
    assert history.version() == 0
    write(bench, "grab.added", "download.queued")
    assert history.version() == 0
    seen = [history.version()]
    for kind in ("grab.completed", "grab.failed", "grab.imported", "grab.removed"):
        write(bench, kind)
        seen.append(history.version())
    assert seen == sorted(set(seen))
