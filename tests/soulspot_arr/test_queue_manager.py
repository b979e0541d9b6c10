"""What clients do with grabs: accept, look, cancel, delete, retry."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text, update

from soulspot_arr.domain import BlockScope, DownloadState, GrabState, Priority
from soulspot_arr.errors import Conflict, GrabNotFound, QueueFull
from soulspot_arr.models import Download, Grab
from soulspot_arr.rules.blocking import Entry
from tests.soulspot_arr.rows import new_grab
from tests.soulspot_arr.workshop import TITLE, Bench, offer, statements


def end(bench: Bench, nzo_id: str, status: GrabState, **columns: object) -> None:
    """Put a grab into an ended state at the present moment."""
    values = {"status": status, "completed_at": bench.clock(), **columns}
    with bench.db.write() as session:
        session.execute(update(Grab).where(Grab.nzo_id == nzo_id).values(**values))


def progress(bench: Bench, nzo_id: str, *bytes_done: int, speed: int = 0) -> None:
    """Let the files of a grab have come so far."""
    with bench.db.write() as session:
        for row, done in zip(bench.files(nzo_id), bytes_done, strict=True):
            session.execute(
                update(Download)
                .where(Download.id == row.id)
                .values(bytes_done=done, speed=speed, status=DownloadState.DOWNLOADING)
            )


# -- accepting -------------------------------------------------------------------------------------


def test_A03_grab_is_in_the_queue_at_once_and_dispatch_is_woken(bench: Bench) -> None:
    """A handed-over grab is visible with its title, size and category before anything is asked."""
    nzo_id = bench.add()
    (view,) = bench.queue.queue()
    assert (view.nzo_id, view.title, view.category) == (nzo_id, TITLE, "music")
    assert (view.status, view.bytes_total, view.bytes_done) == (GrabState.QUEUED, 3_000, 0)
    assert bench.queue.find(nzo_id).file_count == 3
    assert bench.wakes == ["dispatch"]
    assert bench.states(nzo_id) == ["waiting"] * 3
    assert [event.kind for event in bench.events()] == ["grab.added"]


def test_A05_same_release_twice_gets_two_ids(bench: Bench) -> None:
    """Ids are never used twice, even for an equal release."""
    first, second = bench.add(), bench.add()
    assert first != second
    assert all(
        nzo_id.startswith("SABnzbd_nzo_") and len(nzo_id) == 24 for nzo_id in (first, second)
    )


@pytest.mark.parametrize(("setting", "kept"), [(3, 4), (1, 2), (0, 1)])
def test_alternates_are_cut_by_the_setting(bench: Bench, setting: int, kept: int) -> None:
    """Only as many further peers are kept as `queue.alternates` allows."""
    bench.settings.patch({"queue.alternates": setting})
    peers = [offer(name, "01.flac") for name in ("anna", "ben", "cem", "dora")]
    nzo_id = bench.add(*peers)
    assert [kept["peer"] for kept in bench.grab(nzo_id).offers] == ["anna", "ben", "cem", "dora"][
        :kept
    ]


@pytest.mark.parametrize(
    ("priority", "stored", "paused"),
    [
        (Priority.DEFAULT, 0, False),
        (Priority.PAUSED, 0, True),
        (Priority.LOW, -1, False),
        (Priority.NORMAL, 0, False),
        (Priority.HIGH, 1, False),
        (Priority.FORCE, 2, False),
    ],
    ids=lambda value: f"A10-{value}",
)
def test_A10_priorities(bench: Bench, priority: Priority, stored: int, paused: bool) -> None:
    """Every priority of SABnzbd is taken; -2 means paused, -100 the default."""
    view = bench.queue.find(bench.add(priority=priority))
    assert (view.priority, view.paused) == (stored, paused)


def test_category_of_a_grab_is_learnt(bench: Bench) -> None:
    """A category that a client used is offered from then on; `*` is none."""
    bench.add(category="jazz & blues")
    bench.add(category="*")
    assert "jazz & blues" in bench.settings.categories()
    assert "*" not in bench.settings.categories()


# -- looking ---------------------------------------------------------------------------------------


def test_queue_order_is_priority_then_arrival(bench: Bench) -> None:
    """Higher priorities first, equal ones as they came."""
    ids = {
        name: bench.add(title=name, priority=priority)
        for name, priority in [
            ("normal 1", Priority.NORMAL),
            ("low", Priority.LOW),
            ("high", Priority.HIGH),
            ("normal 2", Priority.NORMAL),
        ]
    }
    assert [view.title for view in bench.queue.queue()] == ["high", "normal 1", "normal 2", "low"]
    assert bench.queue.find(ids["low"]).title == "low"


def test_progress_counts_only_the_current_offer(both: Bench) -> None:
    """Bytes, speed and place are sums over the files in use, not over what was replaced."""
    nzo_id = both.add(offer("anna", "01.flac", "02.flac"), offer("ben", "1.flac", "2.flac"))
    progress(both, nzo_id, 400, 500, speed=100)
    view = both.queue.find(nzo_id)
    assert (view.bytes_done, view.speed) == (900, 200)
    with both.db.write() as session:
        session.execute(update(Download).values(current=False))
    assert (both.queue.find(nzo_id).bytes_done, both.queue.find(nzo_id).speed) == (0, 0)
    assert both.queue.queue()[0].bytes_done == 0


def test_progress_never_exceeds_the_size(bench: Bench) -> None:
    """A source that counts too much cannot make the remaining size negative."""
    nzo_id = bench.add()
    progress(bench, nzo_id, 1_500, 1_500, 1_500)
    assert bench.queue.find(nzo_id).bytes_done == 3_000


def test_processing_grab_is_in_the_queue_with_all_its_bytes(bench: Bench) -> None:
    """While files are being checked the grab is still on its way (L01)."""
    nzo_id = bench.add()
    end(bench, nzo_id, GrabState.PROCESSING, completed_at=None)
    (view,) = bench.queue.queue()
    assert (view.status, view.bytes_done) == (GrabState.PROCESSING, 3_000)
    assert bench.queue.history() == []


def test_history_puts_completed_first_and_newest_first(both: Bench) -> None:
    """What Lidarr still has to import comes before failures, each newest first."""
    for title, status in [
        ("done 1", GrabState.COMPLETED),
        ("lost 1", GrabState.FAILED),
        ("done 2", GrabState.COMPLETED),
        ("lost 2", GrabState.FAILED),
        ("gone", GrabState.CANCELLED),
    ]:
        both.clock.advance(60)
        end(both, both.add(title=title), status)
    assert [view.title for view in both.queue.history()] == ["done 2", "done 1", "lost 2", "lost 1"]


@pytest.mark.parametrize(
    ("limit", "titles"),
    [
        (None, ["d2", "d1", "d0", "f2", "f1", "f0"]),
        (5, ["d2", "d1", "d0", "f2", "f1"]),
        (3, ["d2", "d1", "d0"]),
        (1, ["d2", "d1", "d0"]),
        (0, ["d2", "d1", "d0"]),
    ],
)
def test_limit_never_cuts_completed_rows(
    bench: Bench, limit: int | None, titles: list[str]
) -> None:
    """Lidarr asks for 60 and never pages: only failures may be left out."""
    for number in range(3):
        bench.clock.advance(60)
        end(bench, bench.add(title=f"d{number}"), GrabState.COMPLETED)
        end(bench, bench.add(title=f"f{number}"), GrabState.FAILED)
    assert [view.title for view in bench.queue.history(limit=limit)] == titles


def test_D02_archived_rows_are_hidden_and_can_be_listed(bench: Bench, tmp_path: Path) -> None:
    """`archive=1` hides a row from the history; the archive still shows it."""
    nzo_id = bench.add()
    end(bench, nzo_id, GrabState.COMPLETED, storage_path=str(tmp_path / "taken"))
    assert bench.queue.delete_history([nzo_id], archive=True) == 1
    assert bench.queue.history() == []
    (view,) = bench.queue.history(archived=True)
    assert (view.nzo_id, view.status) == (nzo_id, GrabState.IMPORTED)
    assert view.archived_at == bench.clock()


def test_page_walks_through_all_states_newest_first(bench: Bench) -> None:
    """Pages continue below an id and may be narrowed to states."""
    ids = [bench.add(title=f"grab {number}") for number in range(5)]
    end(bench, ids[1], GrabState.FAILED)
    first = bench.queue.page(before=None, limit=2)
    assert [view.title for view in first] == ["grab 4", "grab 3"]
    rest = bench.queue.page(before=first[-1].id, limit=9)
    assert [view.title for view in rest] == ["grab 2", "grab 1", "grab 0"]
    lost = bench.queue.page(before=None, limit=9, states=[GrabState.FAILED])
    assert [view.title for view in lost] == ["grab 1"]


def test_files_are_those_of_the_current_offer(bench: Bench) -> None:
    """Files come in their order; an unknown id has none."""
    nzo_id = bench.add()
    names = [row.remote_path.rpartition("\\")[2] for row in bench.queue.files(nzo_id)]
    assert names == ["01.flac", "02.flac", "03.flac"]
    assert bench.queue.files("SABnzbd_nzo_unknown") == []
    with pytest.raises(GrabNotFound):
        bench.queue.find("SABnzbd_nzo_unknown")


@pytest.mark.parametrize("count", [2, 40])
def test_a_look_costs_the_same_number_of_statements(both: Bench, count: int) -> None:
    """Queue and history are one statement each, however many grabs there are."""
    for number in range(count):
        nzo_id = both.add(title=f"grab {number}")
        if number % 2:
            end(both, nzo_id, GrabState.COMPLETED if number % 4 == 1 else GrabState.FAILED)
    with statements(both.db) as sent:
        both.queue.queue()
        both.queue.history(limit=60)
    assert len([text for text in sent if text.startswith("SELECT")]) == 2


def test_a_long_history_does_not_slow_the_queue_down(bench: Bench) -> None:
    """Only open grabs are read, and of their files only an index, whatever statistics there are."""
    bench.add()
    with bench.db.write() as session:
        for number in range(300):
            new_grab(session, number=number, status=GrabState.REMOVED)
        session.execute(text("ANALYZE"))
    bench.db.close()  # statistics are read when a connection is made
    with statements(bench.db) as sent:
        bench.queue.queue()
    (query,) = [sql for sql in sent if sql.startswith("SELECT")]
    with bench.db.engine.connect() as connection:
        values = ("",) * query.count("?")
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", values).all()
    plan = " ".join(row.detail for row in rows)
    assert plan.count("ix_grabs_open") == 1
    assert plan.count("COVERING INDEX ix_downloads_progress") == 2


# -- ending ----------------------------------------------------------------------------------------


def test_D01_cancel_ends_the_grab_and_its_files_once(both: Bench) -> None:
    """Cancelling twice, or an unknown id, changes nothing more."""
    nzo_id = both.asked()
    assert both.queue.cancel([nzo_id, "SABnzbd_nzo_unknown"]) == 1
    assert both.queue.cancel([nzo_id]) == 0
    assert both.queue.queue() == []
    assert both.queue.history() == []
    assert both.states(nzo_id) == ["cancelled"] * 3
    assert len(both.events("grab.cancelled")) == 1
    assert both.wakes.count("cleanup") == 1


def test_cancel_leaves_ended_grabs_alone(bench: Bench) -> None:
    """Completed cannot be taken back, not even by a queue delete."""
    nzo_id = bench.add()
    end(bench, nzo_id, GrabState.COMPLETED)
    assert bench.queue.cancel([nzo_id]) == 0
    assert bench.queue.find(nzo_id).status is GrabState.COMPLETED


@pytest.mark.parametrize("archive", [True, False])
def test_D03_D04_D05_D06_history_delete_is_idempotent(
    both: Bench, tmp_path: Path, archive: bool
) -> None:
    """Repeated, unknown and folder already gone: always fine, one event, and the row is hidden."""
    nzo_id = both.add()
    end(both, nzo_id, GrabState.COMPLETED, storage_path=str(tmp_path / "gone"))
    assert both.queue.delete_history([nzo_id, "unknown"], archive=archive) == 1
    assert both.queue.delete_history([nzo_id], archive=archive) == 0
    assert both.queue.history() == []
    assert bool(both.queue.history(archived=True)) is archive
    assert len(both.events("grab.imported")) == 1


def test_delete_with_files_left_is_a_removal_not_an_import(bench: Bench, tmp_path: Path) -> None:
    """Files that Lidarr has not taken tell that the grab was thrown away."""
    folder = tmp_path / "album" / "CD1"
    folder.mkdir(parents=True)
    (folder / "01.flac").write_bytes(b"x")
    nzo_id = bench.add()
    end(bench, nzo_id, GrabState.COMPLETED, storage_path=str(folder.parent))
    bench.queue.delete_history([nzo_id], archive=False)
    assert bench.queue.find(nzo_id).status is GrabState.REMOVED
    assert (folder / "01.flac").exists()


def test_delete_with_empty_folders_left_is_an_import(bench: Bench, tmp_path: Path) -> None:
    """Empty folders are what Lidarr leaves when it moved the files."""
    (tmp_path / "album" / "CD1").mkdir(parents=True)
    nzo_id = bench.add()
    end(bench, nzo_id, GrabState.COMPLETED, storage_path=str(tmp_path / "album"))
    bench.queue.delete_history([nzo_id], archive=True)
    assert bench.queue.find(nzo_id).status is GrabState.IMPORTED


def test_deleting_a_failed_grab_removes_it(bench: Bench) -> None:
    """A failure that Lidarr has dealt with disappears."""
    nzo_id = bench.add()
    end(bench, nzo_id, GrabState.FAILED)
    assert bench.queue.delete_history([nzo_id], archive=False) == 1
    assert bench.queue.find(nzo_id).status is GrabState.REMOVED


def test_D09_history_delete_of_an_open_grab_cancels_it(bench: Bench) -> None:
    """Lidarr may not know that the grab went back to the queue."""
    nzo_id = bench.asked()
    bench.queue.delete_history([nzo_id], archive=True)
    assert bench.queue.find(nzo_id).status is GrabState.CANCELLED
    assert bench.states(nzo_id) == ["cancelled"] * 3


def test_retry_makes_a_new_grab_and_removes_the_old(bench: Bench) -> None:
    """A grab that was seen to fail is never revived: the new one has another id and all offers."""
    nzo_id = bench.add(offer("anna", "01.flac"), offer("ben", "1.flac"), priority=Priority.HIGH)
    end(bench, nzo_id, GrabState.FAILED)
    fresh = bench.queue.retry(nzo_id)
    assert fresh != nzo_id
    view = bench.queue.find(fresh)
    assert (view.status, view.title, view.priority) == (GrabState.QUEUED, TITLE, 1)
    assert len(bench.grab(fresh).offers) == 2
    assert bench.queue.history() == []
    assert bench.queue.find(nzo_id).status is GrabState.REMOVED


def test_retry_is_taken_whatever_the_blocklist_says(bench: Bench) -> None:
    """A person asks for it: what is held back is searched for once more instead of refused."""
    nzo_id = bench.add()
    end(bench, nzo_id, GrabState.FAILED)
    bench.blocklist.add(Entry(BlockScope.PEER, peer="anna"))
    fresh = bench.queue.retry(nzo_id)
    assert bench.queue.find(fresh).status is GrabState.QUEUED
    bench.dispatcher.run()
    assert bench.source.requests == []
    assert bench.queue.find(fresh).failure_kind == "blocked"


def test_retry_of_open_completed_or_unknown_is_refused(bench: Bench) -> None:
    """Only what failed or was cancelled can be tried again."""
    nzo_id = bench.add()
    with pytest.raises(Conflict):
        bench.queue.retry(nzo_id)
    end(bench, nzo_id, GrabState.COMPLETED)
    with pytest.raises(Conflict):
        bench.queue.retry(nzo_id)
    with pytest.raises(GrabNotFound):
        bench.queue.retry("SABnzbd_nzo_unknown")


# -- a queue that is full --------------------------------------------------------------------------


def test_a_full_queue_refuses_and_keeps_nothing(both: Bench) -> None:
    """Beyond `queue.max_length` open grabs the next one is refused, until one of them ends."""
    both.settings.patch({"queue.max_length": 2})
    first, second = both.add(), both.add()
    with pytest.raises(QueueFull, match=r"2 of at most 2 grabs are open"):
        both.add()
    assert [view.nzo_id for view in both.queue.queue()] == [first, second]
    both.queue.cancel([first])
    third = both.add()
    assert [view.nzo_id for view in both.queue.queue()] == [second, third]


def test_a_queue_without_a_limit(bench: Bench) -> None:
    """0 turns it off; a limit below what is open loses nothing."""
    bench.settings.patch({"queue.max_length": 0})
    ids = [bench.add() for _ in range(3)]
    bench.settings.patch({"queue.max_length": 1})
    assert [view.nzo_id for view in bench.queue.queue()] == ids
    with pytest.raises(QueueFull):
        bench.add()


def test_a_retry_into_a_full_queue_changes_nothing(bench: Bench) -> None:
    """The failed grab stays in the history and can be tried again later."""
    bench.settings.patch({"queue.max_length": 1})
    failed = bench.add()
    end(bench, failed, GrabState.FAILED, failure_message="gone")
    other = bench.add()
    with pytest.raises(QueueFull):
        bench.queue.retry(failed)
    assert bench.queue.find(failed).status is GrabState.FAILED
    bench.queue.cancel([other])
    assert bench.queue.find(bench.queue.retry(failed)).status is GrabState.QUEUED


def test_many_at_once_do_not_slip_past_the_limit(both: Bench) -> None:
    """Whoever comes at the same moment is counted as well."""
    both.settings.patch({"queue.max_length": 5})

    def hand_over(number: int) -> bool:
        try:
            both.add(offer(f"peer{number}", "1.flac"))
        except QueueFull:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(hand_over, range(12)))
    assert sum(taken) == 5
    assert len(both.queue.queue()) == 5
    assert len({both.grab(view.nzo_id).position for view in both.queue.queue()}) == 5
