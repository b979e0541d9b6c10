"""The loop after Completed, with a Lidarr that really imports: every way out of its queue."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from soulspot_arr.demo.lidarr.tracking import State
from soulspot_arr.domain import GrabState, ImportState
from soulspot_arr.following import GONE_AFTER, PROBE_EVERY
from tests.fakes.clock import FakeClock
from tests.fakes.threads import until
from tests.soulspot_arr.following_stage import NZO_ID, Stage, open_stage

WRONG = {"album": "Something Else Entirely", "artist": "Nobody"}
SONGS = ["01 Airbag.wav", "02 Paranoid Android.wav", "03 Lucky.wav"]


@pytest.fixture
def stage(tmp_path: Path, sqlite_url: str, clock: FakeClock) -> Iterator[Stage]:
    """Our service, and a Lidarr with one album that it wants."""
    with open_stage(tmp_path, sqlite_url, clock) as opened:
        yield opened


# -- imported ----------------------------------------------------------------------------------------


def test_an_import_is_confirmed_by_the_history(stage: Stage) -> None:
    """Lidarr took the files and deleted the row: our conclusion is followed by its own word."""
    stage.completed()
    stage.lidarr_looks()
    grab = stage.grab()
    assert (grab.status, grab.import_state) == (GrabState.IMPORTED, ImportState.IMPORTED)
    assert grab.import_seen_at is None
    stage.follow()
    grab = stage.grab()
    assert grab.import_seen_at == stage.clock()
    assert grab.imported_at is not None
    assert stage.told() == ["grab.imported"]
    assert stage.taken() == SONGS


def test_the_webhook_counts_an_import_before_anything_is_deleted(stage: Stage) -> None:
    """It comes with the import itself; the deletion a moment later is no guess any more."""
    stage.add_webhook()
    stage.completed()
    stage.lidarr_looks()
    grab = stage.grab()
    assert grab.import_seen_at is not None
    assert (grab.status, grab.import_state) == (GrabState.IMPORTED, ImportState.IMPORTED)
    assert stage.told() == ["import.imported", "grab.imported"]


def test_an_import_counts_also_when_lidarr_removes_nothing(stage: Stage) -> None:
    """With Remove Completed off the row stays in our history and leaves Lidarr's queue."""
    [client] = stage.api("GET", "downloadclient")
    stage.api(
        "PUT", f"downloadclient/{client['id']}", {**client, "removeCompletedDownloads": False}
    )
    stage.completed()
    stage.lidarr_looks()
    assert stage.grab().import_state is None
    stage.follow()
    grab = stage.grab()
    assert (grab.status, grab.import_state) == (GrabState.COMPLETED, ImportState.IMPORTED)
    assert stage.told() == ["import.imported"]
    asked = len(stage.double.requests)
    stage.follow()
    assert [row["target"] for row in list(stage.double.requests)[asked:]] == [
        "/api/v1/queue?page=1&pageSize=1000&includeUnknownArtistItems=true"
    ]


def test_a_deletion_without_an_import_is_corrected(stage: Stage) -> None:
    """Who removes a waiting download in Lidarr has its folder deleted as after an import."""
    stage.completed()
    stage.double.life.handling.poll()
    [row] = stage.api("GET", "queue")["records"]
    stage.api("DELETE", f"queue/{row['id']}")
    assert stage.grab().import_state == ImportState.IMPORTED
    stage.clock.advance(GONE_AFTER.total_seconds())
    stage.follow()
    grab = stage.grab()
    assert (grab.import_state, grab.imported_at) == (ImportState.GONE, None)
    assert stage.told() == ["grab.imported", "import.gone"]


def test_an_import_begins_at_once(tmp_path: Path, sqlite_url: str, clock: FakeClock) -> None:
    """Lidarr is told, and polls and imports without waiting for its minute."""
    with open_stage(tmp_path, sqlite_url, clock, manual=False) as stage:
        stage.add_webhook()
        stage.completed()
        began = time.monotonic()
        stage.services.lidarr.refresh_downloads()
        until(lambda: stage.grab().import_seen_at is not None, seconds=10)
        assert time.monotonic() - began < 3.0


# -- refused -----------------------------------------------------------------------------------------


def test_wrong_tags_are_imported_by_order(stage: Stage) -> None:
    """We know the track of every file: Lidarr is told, and takes them."""
    stage.completed(tags=WRONG)
    stage.lidarr_looks()
    assert stage.lidarr_queue() == ["importFailed"]
    assert stage.follow()
    grab = stage.grab()
    assert (grab.import_state, grab.import_attempts) == (ImportState.FAILED, 1)
    assert "similar album" in str(grab.import_message)
    stage.lidarr_works()
    assert stage.taken() == SONGS
    stage.follow()
    assert stage.grab().imported_at is not None
    assert stage.lidarr_queue() == []
    assert stage.told()[:2] == ["import.failed", "import.ordered"]


def test_a_title_that_lidarr_cannot_read_is_imported_by_order(stage: Stage) -> None:
    """importBlocked: it cannot tell the album, and we can."""
    stage.completed()
    tracked_title = "Airbag to Lucky"
    stage.change(title=tracked_title)
    stage.double.life.core.history.delete(1)
    stage.lidarr_looks()
    assert stage.lidarr_queue() == ["importBlocked"]
    stage.follow()
    assert stage.grab().import_state == ImportState.BLOCKED
    stage.lidarr_works()
    assert stage.taken() == SONGS


def test_unknown_files_are_dropped_blocklisted_and_searched_again(stage: Stage) -> None:
    """Without a mapping the release is given up, and Lidarr looks for another one."""
    folder = stage.completed(rehearsed=False, tags=WRONG)
    stage.lidarr_looks()
    stage.follow()
    assert stage.lidarr_queue() == []
    assert len(stage.api("GET", "blocklist")["records"]) == 1
    assert len(stage.orders("AlbumSearch")) == 1
    assert stage.grab().status == GrabState.REMOVED
    assert stage.grab().imported_at is None
    assert not folder.exists()
    assert stage.told() == ["import.failed", "import.dropped", "grab.removed"]


def test_a_file_that_the_rehearsal_does_not_know_makes_the_mapping_unknown(stage: Stage) -> None:
    """Nothing is imported by guess."""
    folder = stage.completed(tags=WRONG)
    (folder / "01 Airbag.wav").rename(folder / "01 Another.wav")
    stage.lidarr_looks()
    stage.follow()
    assert stage.orders() == []
    assert stage.grab().status == GrabState.REMOVED


def test_two_attempts_and_no_more(stage: Stage) -> None:
    """An order that does not help is not given for ever."""
    stage.completed(tags=WRONG)
    stage.lidarr_looks()
    for attempts in (1, 2):
        stage.follow()
        assert stage.grab().import_attempts == attempts
        for command in stage.double.life.commands.all():
            command.status = "orphaned"  # as after a restart in the middle
        stage.follow()
        assert stage.grab().import_attempts == attempts, "what went wrong has time to pass"
        stage.clock.advance(60)
    stage.follow()
    assert stage.grab().status == GrabState.REMOVED
    assert len(stage.api("GET", "blocklist")["records"]) == 1


def test_permissions_stop_and_are_tried_again_when_mended(stage: Stage) -> None:
    """Nothing is deleted, it is told once, and the import follows the mending."""
    folder = stage.completed()
    stage.control("disk", denied=[str(folder)])
    stage.lidarr_looks()
    assert stage.lidarr_queue() == ["importFailed"]
    for _ in range(3):
        stage.follow()
    grab = stage.grab()
    assert (grab.import_state, grab.import_attempts) == (ImportState.FAILED, 0)
    assert "PUID" in str(grab.import_message)
    assert stage.told() == ["import.stopped"]
    assert stage.orders() == []
    stage.control("disk", denied=[])
    stage.clock.advance(PROBE_EVERY.total_seconds())
    stage.follow()
    stage.lidarr_works()
    assert stage.taken() == SONGS
    stage.follow()
    assert stage.grab().import_state == ImportState.IMPORTED


def test_a_full_disk_stops_and_is_tried_again(stage: Stage) -> None:
    """Lidarr says no more than that it failed: the release is not blamed for that."""
    stage.completed()
    stage.control("disk", full=True)
    stage.lidarr_looks()
    stage.follow()
    assert stage.told() == ["import.stopped"]
    for full, wait in ((True, PROBE_EVERY), (False, 2 * PROBE_EVERY)):
        stage.control("disk", full=full)
        stage.clock.advance(wait.total_seconds() - 1)
        orders = len(stage.orders())
        stage.follow()
        assert len(stage.orders()) == orders
        stage.clock.advance(1)
        stage.follow()
        assert len(stage.orders()) == orders + 1
        stage.lidarr_works()
    assert stage.taken() == SONGS
    assert stage.grab().import_state == ImportState.IMPORTED


def test_a_folder_that_lidarr_does_not_see_is_told_and_imports_by_itself(stage: Stage) -> None:
    """importPending with a warning: Lidarr tries every minute."""
    folder = stage.completed()
    stage.control("disk", hidden=[str(folder)])
    stage.lidarr_looks()
    stage.follow()
    stage.follow()
    assert stage.lidarr_queue() == ["importPending"]
    assert stage.grab().import_state == ImportState.PENDING
    assert "paths.mappings" in str(stage.grab().import_message)
    assert stage.told() == ["import.stopped"]
    stage.control("disk", hidden=[])
    stage.lidarr_looks()
    stage.follow()
    assert stage.grab().import_state == ImportState.IMPORTED


def test_what_is_not_an_upgrade_is_shelved(stage: Stage) -> None:
    """Blocklisted, or it would be grabbed again; and no search, for what is there is better."""
    stage.completed()
    refuse(stage, "Not an upgrade for existing album file(s)")
    stage.follow()
    assert stage.lidarr_queue() == []
    assert len(stage.api("GET", "blocklist")["records"]) == 1
    assert stage.orders("AlbumSearch") == stage.orders() == []
    assert stage.grab().status == GrabState.REMOVED
    assert stage.told() == ["import.failed", "import.dropped", "grab.removed"]


def test_what_is_in_the_library_already_leaves_the_queue(stage: Stage) -> None:
    """Neither blocklisted nor searched for again, and counted as what it is."""
    stage.completed()
    refuse(stage, "Album already imported at 11/21/2026 10:15:00")
    stage.follow()
    assert stage.lidarr_queue() == []
    assert stage.api("GET", "blocklist")["records"] == []
    assert (stage.grab().status, stage.grab().import_state) == ("imported", "imported")


def test_what_is_imported_leaves_the_queue_although_the_first_try_failed(stage: Stage) -> None:
    """The connection broke after it was counted: the queue is cleared at the next look."""
    stage.completed()
    refuse(stage, "Album already imported at 11/21/2026 10:15:00")
    stage.control("fault", kind="reset", method="DELETE", path="/api/v1/queue/*", times=1)
    stage.follow()
    assert stage.grab().import_state == ImportState.IMPORTED
    assert stage.lidarr_queue() == ["importFailed"]
    stage.follow()
    assert stage.lidarr_queue() == []
    assert stage.api("GET", "blocklist")["records"] == []


def test_an_import_that_hangs_with_every_file_in_counts(stage: Stage) -> None:
    """It may not delete the folder, and Lidarr stays "importing" until it is restarted (§9.7)."""
    [client] = stage.api("GET", "downloadclient")
    unremoved = {**client, "removeCompletedDownloads": False}
    stage.api("PUT", f"downloadclient/{client['id']}", unremoved)
    stage.completed()
    stage.lidarr_looks()
    tracked = stage.double.life.tracker.find(NZO_ID)
    assert tracked is not None
    tracked.state = State.IMPORTING
    stage.follow()
    assert stage.grab().import_state == ImportState.IMPORTING
    assert stage.told() == []
    stage.clock.advance(timedelta(minutes=31).total_seconds())
    stage.follow()
    assert stage.grab().import_state == ImportState.IMPORTED


def test_nothing_is_tried_while_there_is_no_room(stage: Stage) -> None:
    """Lidarr's root folders say how much is free."""
    folder = stage.completed()
    stage.control("disk", denied=[str(folder)])
    stage.lidarr_looks()
    stage.follow()
    for size, orders in ((10**18, 0), (1000, 1)):
        stage.change(total_bytes=size)
        stage.clock.advance(timedelta(hours=1).total_seconds())
        stage.follow()
        assert len(stage.orders()) == orders


def refuse(stage: Stage, reason: str) -> None:
    """Lidarr has refused every file for this reason."""
    stage.double.life.handling.poll()
    tracked = stage.double.life.tracker.find(NZO_ID)
    assert tracked is not None
    tracked.state = State.IMPORT_FAILED
    tracked.complain([{"title": name, "messages": [reason]} for name in SONGS])


def test_without_lidarr_mend_it_is_only_told(stage: Stage) -> None:
    """A person wants to decide."""
    stage.services.settings.patch({"lidarr.mend": False})
    stage.completed(tags=WRONG)
    stage.lidarr_looks()
    stage.follow()
    assert stage.told() == ["import.failed"]
    assert stage.lidarr_queue() == ["importFailed"]
    assert stage.orders() == []


def test_a_person_who_takes_it_out_has_the_last_word(stage: Stage) -> None:
    """Out of the queue and ignored: told once, nothing else."""
    stage.services.settings.patch({"lidarr.mend": False})
    folder = stage.completed(tags=WRONG)
    stage.lidarr_looks()
    stage.follow()
    [row] = stage.api("GET", "queue")["records"]
    stage.api("DELETE", f"queue/{row['id']}", removeFromClient="false")
    stage.services.settings.patch({"lidarr.mend": True})
    for _ in range(2):
        stage.follow()
    assert stage.grab().import_state == ImportState.GONE
    assert stage.told() == ["import.failed", "import.gone"]
    assert stage.orders() == []
    assert len(list(folder.iterdir())) == 3


def test_a_manual_import_of_a_person_is_not_disturbed(stage: Stage) -> None:
    """While any is under way nothing is ordered or removed."""
    stage.completed(tags=WRONG)
    stage.lidarr_looks()
    stage.api("POST", "command", {"name": "ManualImport", "files": []})
    stage.follow()
    assert stage.grab().import_attempts == 0
    assert stage.lidarr_queue() == ["importFailed"]


def test_downloads_of_others_are_never_touched(stage: Stage) -> None:
    """A refused import whose id is none of ours stays as it is."""
    stage.completed(tags=WRONG)
    stage.completed(number=2, tags=WRONG)
    stage.lidarr_looks()
    with stage.services.db.write() as session:
        session.delete(stage.grab(2))
    stage.follow()
    stage.lidarr_works()
    assert stage.lidarr_queue() == ["importFailed"]
    targets = [str(row["target"]) for row in stage.double.requests if row["method"] != "GET"]
    assert not [target for target in targets if target.startswith("/api/v1/queue/")]
