"""Reading a timeline: the right grab, its question, its files and events, on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, update

from soulspot_arr.domain import FailureKind, GrabState
from soulspot_arr.errors import GrabNotFound, InvalidQuery
from soulspot_arr.history import History
from soulspot_arr.models import Answer, Event, Grab, QuestionRow, ReleaseRow
from soulspot_arr.timeline import Told
from tests.soulspot_arr.workshop import Bench, flac, offer


def story(bench: Bench, nzo_id: str) -> Told:
    """What is told of a grab."""
    return History(bench.db, clock=bench.clock).timeline(nzo_id)


def kinds(told: Told) -> list[str]:
    """The names of its steps."""
    return [step.kind.value for step in told.timeline.steps]


def set_columns(bench: Bench, nzo_id: str, /, **values: Any) -> None:
    """Change a grab behind everybody's back."""
    with bench.db.write() as session:
        session.execute(update(Grab).where(Grab.nzo_id == nzo_id).values(**values))


def ask(bench: Bench, key: str, *, ago: float, **columns: Any) -> int:
    """A question that was answered in two seconds, so many seconds ago."""
    began = bench.clock() - timedelta(seconds=ago)
    values: dict[str, Any] = {
        "query_key": key, "artist": "Cello", "album": "Undertow", "term": "", "outcome": "found",
        "state": "finished", "rungs": [], "counts": {"searches": 2, "peers": 5, "offered": 3},
        "offers": [], "others": [], "started_at": began,
        "answered_at": began + timedelta(seconds=2),
    }  # fmt: skip
    row = QuestionRow(**(values | columns))
    with bench.db.write() as session:
        session.add(row)
        session.flush()
        return row.id


def answer(bench: Bench, key: str, question_id: int | None, *release_keys: str) -> None:
    """A kept answer that holds these releases."""
    with bench.db.write() as session:
        row = Answer(query_key=key, release_keys=list(release_keys), question_id=question_id)
        row.misses, row.whole, row.answered_at = 0, True, bench.clock()
        session.add(row)


# -- the way of a grab -----------------------------------------------------------------------------


def test_a_grab_is_told_as_it_went(both: Bench) -> None:
    """From handing over to the report, out of real rows and events."""
    nzo_id = both.arrived({"01 - One.flac": flac(), "02 - Two.flac": flac(seed=1)})
    both.clock.advance(20)
    both.calm()
    told = story(both, nzo_id)
    assert kinds(told)[:2] == ["grabbed", "requested"]
    assert kinds(told)[-1] == "arrived"
    assert told.timeline.waiting_for == "Its files are being checked."
    assert told.timeline.seconds == 20
    assert [asked.peer for asked in told.timeline.peers] == ["anna"]
    assert told.grab.title == both.grab(nzo_id).title


def test_a_failure_tells_who_was_asked(bench: Bench) -> None:
    """Two peers, both of which do not share it."""
    nzo_id = bench.asked(offer("anna", "01.flac"), offer("ben", "01.flac"))
    path = "Music\\Cello\\Undertow\\01.flac"
    for peer in ("anna", "ben"):
        bench.dispatcher.run()
        bench.clock.advance(5)
        bench.source.fail(path, FailureKind.FILE_NOT_FOUND, "File not shared.", peer=peer)
        bench.look()
    told = story(bench, nzo_id)
    assert told.grab.status == GrabState.FAILED
    assert [(asked.peer, asked.arrived) for asked in told.timeline.peers] == [
        ("anna", 0),
        ("ben", 0),
    ]
    assert {"next_peer", "lost", "failed"} <= set(kinds(told))
    assert told.timeline.end.startswith("Failed 10 s after it was grabbed, with two peers asked. ")


def test_purged_events_leave_the_milestones(both: Bench) -> None:
    """Housekeeping deletes them after a month."""
    nzo_id = both.asked()
    later = both.clock() + timedelta(seconds=30)
    set_columns(both, nzo_id, status=GrabState.IMPORTED, imported_at=later, completed_at=later)
    with both.db.write() as session:
        session.execute(delete(Event))
    told = story(both, nzo_id)
    assert kinds(told) == ["grabbed", "reported", "imported"]
    assert told.timeline.end == "Imported into Lidarr 30 s after it was grabbed."


# -- which grab ------------------------------------------------------------------------------------


def test_a_grab_is_found_by_the_end_of_its_id(both: Bench) -> None:
    """As far as it is unique; an underscore is an underscore."""
    names = ("SABnzbd_nzo_aaaaaaaa_1xy", "SABnzbd_nzo_bbbbbbbbz1xy")
    for name in names:
        set_columns(both, both.add(), nzo_id=name)
    assert story(both, names[0]).grab.nzo_id == names[0]
    assert story(both, "_1xy").grab.nzo_id == names[0]
    assert story(both, "z1xy").grab.nzo_id == names[1]
    with pytest.raises(InvalidQuery, match="More than one grab ends with '1xy'"):
        story(both, "1xy")


@pytest.mark.parametrize("name", ["", "nobody", "%", "_"])
def test_a_grab_that_is_not_there(bench: Bench, name: str) -> None:
    """One clear sentence; no pattern finds one by chance."""
    set_columns(bench, bench.add(), nzo_id="SABnzbd-nzo-0000")
    with pytest.raises(GrabNotFound, match=f"There is no grab '{name}'"):
        story(bench, name)


# -- its question ----------------------------------------------------------------------------------


def test_the_question_whose_answer_held_the_release(both: Bench) -> None:
    """Found by the release, whatever the names were; the last one before the grab."""
    ask(both, "k" * 64, ago=90, artist="Somebody", album="Else")
    last = ask(both, "k" * 64, ago=30, artist="Chelo", album="Undertow")
    ask(both, "x" * 64, ago=10, artist="Nobody", album="Nothing")
    nzo_id = both.add()
    both.clock.advance(60)
    ask(both, "k" * 64, ago=0, artist="Later", album="Undertow")
    answer(both, "k" * 64, last, "b" * 64, "a" * 64)
    answer(both, "x" * 64, None, "c" * 64)
    steps = story(both, nzo_id).timeline.steps
    assert steps[0].message == '"Chelo - Undertow" was asked for.'
    assert steps[1].message == ("Found, but not surely: 2 searches, 5 peers, 3 releases offered.")
    assert [step.after for step in steps[:3]] == [None, 2, 28]


def test_the_question_by_its_names_when_the_answer_is_gone(both: Bench) -> None:
    """Answers are kept for a day, questions for a week; another album is never taken for it."""
    nzo_id = both.add()
    assert kinds(story(both, nzo_id)) == ["grabbed"]
    ask(both, "k" * 64, ago=40, artist="CELLO", album="undertow")
    ask(both, "k" * 64, ago=20, album="Upriver")
    ask(both, "k" * 64, ago=9 * 86_400)
    steps = story(both, nzo_id).timeline.steps
    assert steps[0].message == '"CELLO - undertow" was asked for.'
    set_columns(both, nzo_id, artist="", album="", release_key="")
    answer(both, "k" * 64, 1, "a" * 64)
    assert kinds(story(both, nzo_id)) == ["grabbed"]


def test_when_the_release_was_shown_last(bench: Bench) -> None:
    """A later search does not move the offer behind the grab."""
    nzo_id = bench.add()
    values: dict[str, Any] = {
        "id": "a" * 64, "title": "T", "artist": "Cello", "album": "Undertow", "quality": "FLAC",
        "size": 1, "offers": [], "published_at": bench.clock(),
        "last_seen_at": bench.clock() - timedelta(seconds=7),
    }  # fmt: skip
    with bench.db.write() as session:
        session.add(ReleaseRow(**values))
    assert kinds(story(bench, nzo_id)) == ["offered", "grabbed"]
    with bench.db.write() as session:
        session.execute(
            update(ReleaseRow).values(last_seen_at=bench.clock() + timedelta(seconds=1))
        )
    assert kinds(story(bench, nzo_id)) == ["grabbed"]


# -- the list --------------------------------------------------------------------------------------


def test_the_latest_grabs_newest_first(both: Bench) -> None:
    """With what became of them; filtered by state and cut by number."""
    history = History(both.db, clock=both.clock)
    added = [both.add() for _ in range(4)]
    both.clock.advance(12)
    now = both.clock()
    set_columns(both, added[0], status=GrabState.FAILED, failure_message="Lost.", completed_at=now)
    set_columns(both, added[1], status=GrabState.COMPLETED, import_state="failed")
    set_columns(both, added[2], status=GrabState.IMPORTED, imported_at=now)
    both.clock.advance(8)
    found = history.newest(limit=9)
    assert [line.nzo_id for line in found] == added[::-1]
    assert [(line.outcome, line.seconds, line.reason) for line in found] == [
        ("queued", 20, ""),
        ("imported", 12, ""),
        ("refused", 20, "Lidarr refused it."),
        ("failed", 12, "Lost."),
    ]
    assert [line.ended_at for line in found] == [None, now, None, now]
    assert [line.nzo_id for line in history.newest(limit=1)] == added[3:]
    some = history.newest(limit=9, states=[GrabState.FAILED, GrabState.QUEUED])
    assert [line.nzo_id for line in some] == [added[3], added[0]]
