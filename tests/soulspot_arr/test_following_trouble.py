"""The loop after Completed when Lidarr is slow, gone, locked or asleep, and what its webhook tells."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import update

from soulspot_arr import counters, ledger, lidarr, lidarr_queue
from soulspot_arr.demo.lidarr.tracking import State
from soulspot_arr.domain import EventRecord, GrabState, ImportState
from soulspot_arr.errors import LidarrError
from soulspot_arr.following import GONE_AFTER, PROBE_EVERY
from soulspot_arr.lidarr_queue import LidarrQueue
from soulspot_arr.models import Grab
from soulspot_arr.rules.following import QueueItem
from tests.fakes.clock import FakeClock
from tests.fakes.threads import together, until
from tests.soulspot_arr.following_stage import NZO_ID, Json, Stage, open_stage
from tests.soulspot_arr.workshop import Bench

WRONG = {"album": "Something Else Entirely", "artist": "Nobody"}
SONGS = ["01 Airbag.wav", "02 Paranoid Android.wav", "03 Lucky.wav"]


@pytest.fixture
def stage(tmp_path: Path, sqlite_url: str, clock: FakeClock) -> Iterator[Stage]:
    """Our service, and a Lidarr with one album that it wants."""
    with open_stage(tmp_path, sqlite_url, clock) as opened:
        yield opened


# -- a Lidarr that misbehaves --------------------------------------------------------------------------


def test_a_restart_between_order_and_import_loses_nothing(stage: Stage) -> None:
    """The command is orphaned; the next look orders again."""
    stage.completed(tags=WRONG)
    stage.lidarr_looks()
    stage.follow()
    stage.double.restart()
    stage.services.settings.patch({"lidarr.url": stage.double.url})
    stage.lidarr_looks()
    if not stage.taken():
        stage.clock.advance(60)
        stage.follow()
        stage.lidarr_works()
    stage.follow()
    assert stage.taken() == SONGS
    assert stage.grab().import_state == ImportState.IMPORTED


def test_a_lidarr_that_dies_between_two_files_is_helped_again(stage: Stage) -> None:
    """It comes back, has forgotten the order, and takes what is left beside what is there."""
    stage.completed(tags=WRONG)
    stage.lidarr_looks()
    stage.follow()
    stage.control("disk", diesAfter=1)
    stage.lidarr_works()
    until(lambda: stage.double.life.commands.get(1) is not None and answers(stage), seconds=20)
    stage.services.settings.patch({"lidarr.url": stage.double.url})
    assert len(stage.taken()) == 1
    stage.lidarr_looks()
    stage.clock.advance(60)
    stage.follow()
    stage.lidarr_works()
    stage.follow()
    assert stage.taken() == SONGS
    assert (stage.grab().import_state, stage.grab().import_attempts) == ("imported", 2)
    orders = sorted(stage.orders(), key=lambda order: order["id"])
    assert [order["body"]["replaceExistingFiles"] for order in orders] == [True, False]


def answers(stage: Stage) -> bool:
    """Whether Lidarr is there, in its second life."""
    try:
        orders = stage.orders()
    except requests.RequestException:
        return False
    return [order["status"] for order in orders] == ["orphaned"]


@pytest.mark.parametrize("rehearsed", [True, False], ids=["order", "removal"])
def test_an_order_that_is_lost_on_its_way_is_given_again(stage: Stage, rehearsed: bool) -> None:
    """The connection breaks after the attempt was written down: the next look decides anew."""
    stage.completed(tags=WRONG, rehearsed=rehearsed)
    stage.lidarr_looks()
    for method, path in (("POST", "/api/v1/command"), ("DELETE", "/api/v1/queue/*")):
        stage.control("fault", kind="reset", method=method, path=path)
    stage.follow()
    assert stage.grab().import_attempts == 1
    assert stage.lidarr_queue() == ["importFailed"]
    stage.double.faults.clear()
    stage.clock.advance(60)
    stage.follow()
    stage.lidarr_works()
    assert stage.lidarr_queue() == []
    assert stage.taken() == (SONGS if rehearsed else [])
    assert stage.grab().status == (GrabState.IMPORTED if rehearsed else GrabState.REMOVED)


def test_two_who_follow_at_once_order_once(stage: Stage) -> None:
    """A second process that has lost the lease without knowing it."""
    stage.completed(tags=WRONG)
    stage.lidarr_looks()
    together(stage.follow, stage.follow)
    assert stage.grab().import_attempts == 1
    assert len(stage.orders()) == 1


def test_a_client_that_lidarr_leaves_alone_is_tested(stage: Stage) -> None:
    """After an outage of ours it would not poll for up to an hour."""
    stage.lidarr_looks()
    stage.control("block", seconds=3600)
    stage.completed()
    stage.lidarr_looks()
    assert stage.lidarr_queue() == []
    stage.follow()
    stage.lidarr_works()
    assert stage.taken() == SONGS


@pytest.mark.parametrize("kind", ["html", "error", "reset", "truncated"])
def test_answers_that_are_none_change_nothing(stage: Stage, kind: str) -> None:
    """A login page, an error, a broken connection: the next look sees it all."""
    stage.completed(tags=WRONG)
    stage.lidarr_looks()
    stage.control("fault", kind=kind, path="/api/v1/queue")
    assert stage.follow() == 0
    assert stage.told() == []
    stage.double.faults.clear()
    stage.follow()
    assert stage.grab().import_attempts == 1


def test_a_slow_lidarr_is_not_waited_for(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty seconds at most in life; the job ends and comes again."""
    monkeypatch.setattr(lidarr, "DEADLINE", 0.2)
    stage.completed(tags=WRONG)
    stage.lidarr_looks()
    stage.control("fault", kind="slow", delay=1.0, path="/api/v1/queue")
    began = time.monotonic()
    assert stage.follow() == 0
    assert time.monotonic() - began < 0.9
    stage.double.faults.clear()
    stage.follow()
    assert stage.grab().import_attempts == 1


def test_a_request_that_is_refused_concerns_that_grab_alone(stage: Stage) -> None:
    """An error of Lidarr's about one folder; the other grab gets its import in the same look."""
    stage.completed(tags=WRONG)
    stage.completed(number=2, tags=WRONG)
    stage.lidarr_looks()
    stage.control("fault", kind="error", status=500, path="/api/v1/manualimport", times=1)
    stage.follow()
    assert (stage.grab().import_attempts, stage.grab(2).import_attempts) == (0, 1)


def test_one_silence_does_not_keep_the_others_waiting(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A box set whose tags Lidarr reads for minutes comes last at the next look."""
    real = LidarrQueue.order

    def order(
        self: LidarrQueue, item: QueueItem, rehearsal: Mapping[str, Any] | None
    ) -> list[Json] | None:
        if item.nzo_id == NZO_ID:
            raise LidarrError("Lidarr does not answer.")
        return real(self, item, rehearsal)

    monkeypatch.setattr(LidarrQueue, "order", order)
    stage.completed(tags=WRONG)
    stage.completed(number=2, tags=WRONG)
    stage.lidarr_looks()
    stage.follow()
    assert stage.grab(2).import_attempts == 0
    stage.follow()
    assert (stage.grab().import_attempts, stage.grab(2).import_attempts) == (0, 1)


def test_an_artist_that_only_a_person_can_clear_is_not_previewed_every_minute(
    stage: Stage,
) -> None:
    """Told once, nothing deleted; the folder is looked into again after the pause of a probe."""
    stage.completed(tags=WRONG, rehearsed=False)
    stage.double.life.handling.poll()
    tracked = stage.double.life.tracker.find(NZO_ID)
    assert tracked is not None
    tracked.state = State.IMPORT_BLOCKED
    tracked.warn("Unable to import automatically, found multiple artists: A, B")
    for _ in range(3):
        stage.follow()
    assert stage.told() == ["import.stopped"]
    assert previews(stage) == 1
    stage.clock.advance(PROBE_EVERY.total_seconds())
    stage.follow()
    assert previews(stage) == 2
    assert stage.lidarr_queue() == ["importBlocked"]


def previews(stage: Stage) -> int:
    """How often Lidarr was asked what it makes of the folder."""
    return sum("/manualimport" in str(row["target"]) for row in stage.double.requests)


def test_another_version_with_fields_of_its_own_is_followed(stage: Stage) -> None:
    """Whatever it calls itself: the words decide."""
    stage.control("version", version="3.1.7.9999")
    stage.completed(tags=WRONG)
    stage.lidarr_looks()
    stage.follow()
    stage.lidarr_works()
    assert stage.taken() == SONGS


def test_a_queue_of_many_pages_is_read_whole(stage: Stage) -> None:
    """Ours may stand behind a thousand of others."""
    stage.completed(tags=WRONG)
    stage.completed(number=2, tags=WRONG)
    stage.lidarr_looks()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lidarr_queue, "_PAGE", 1)
        stage.follow()
    assert (stage.grab().import_state, stage.grab(2).import_state) == ("failed", "failed")


def test_a_refused_key_is_no_error_of_the_job(stage: Stage) -> None:
    """Unauthorised: told once by the client, asked again when the key changes."""
    stage.completed(tags=WRONG)
    stage.lidarr_looks()
    stage.control("key", apiKey="another")
    for _ in range(3):
        assert stage.follow() == 0
    assert stage.grab().import_attempts == 0


def test_grabs_of_other_clients_are_left_alone_after_a_few_looks(stage: Stage) -> None:
    """Lidarr's history has never heard of them."""
    stage.completed()
    stage.change(nzo_id="SABnzbd_nzo_stranger")
    for _ in range(6):
        stage.follow()
        stage.clock.advance(timedelta(minutes=10).total_seconds())
    asked = [row for row in stage.double.requests if "/history" in str(row["target"])]
    assert len(asked) == 3
    assert stage.told() == []


def test_nothing_is_asked_while_nothing_waits(stage: Stage) -> None:
    """Lidarr is left in peace."""
    before = len(stage.double.requests)
    assert stage.follow() == 0
    assert len(stage.double.requests) == before


def test_who_is_left_alone_has_lost_nothing(stage: Stage) -> None:
    """Lidarr could not poll us for long: that is no word about the import."""
    stage.completed(tags=WRONG)
    stage.lidarr_looks()
    stage.services.settings.patch({"lidarr.mend": False})
    stage.follow()
    stage.control("block", seconds=36_000)
    tracker = stage.double.life.tracker
    tracker.keep_only([])
    stage.clock.advance(GONE_AFTER.total_seconds() + 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage.services.lidarr, "forget_backoff", lambda: None)
        stage.follow()
    assert stage.grab().import_state == ImportState.FAILED


def test_lidarrs_word_is_kept_on_both_databases(both: Bench) -> None:
    """News is told once; what it has called imported stays so."""
    nzo_id = both.add()
    with both.db.write() as session:
        session.execute(update(Grab).values(status=GrabState.COMPLETED))
    number = both.grab(nzo_id).id

    def say(state: ImportState, **fields: object) -> bool:
        with both.db.write() as session:
            event = EventRecord(f"import.{state}", "x")
            return ledger.note_import(session, number, state, event, at=both.clock(), **fields)

    assert say(ImportState.FAILED, import_message="a")
    assert not say(ImportState.FAILED, import_message="a")
    assert say(ImportState.FAILED, import_message="b")
    assert say(ImportState.IMPORTED, imported_at=both.clock())
    assert not say(ImportState.FAILED, import_message="a")
    grab = both.grab(nzo_id)
    assert (grab.import_state, grab.import_message) == ("imported", None)
    assert [event.kind for event in both.events("import.")] == [
        "import.failed",
        "import.failed",
        "import.imported",
    ]
    with both.db.read() as session:
        assert counters.read(session, counters.IMPORTS) == {"failed": 1, "imported": 1}


# -- hooks -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["ImportFailure", "DownloadFailure"])
def test_failures_wake_the_job(stage: Stage, kind: str) -> None:
    """Neither names a grab for certain."""
    stage.follower.heard({"eventType": kind, "downloadId": NZO_ID})
    assert stage.woken == ["follow"]


def test_an_import_of_a_part_is_not_counted(stage: Stage) -> None:
    """Lidarr tells also of an album of which one file of three came in."""
    stage.completed()
    event = {"eventType": "Download", "downloadId": NZO_ID, "trackFiles": [{"id": 1}]}
    stage.follower.heard(event)
    assert stage.grab().import_state is None
    assert stage.woken == ["follow"]
    stage.follower.heard({**event, "trackFiles": [{"id": 1}] * 3})
    assert stage.grab().import_state == ImportState.IMPORTED


@pytest.mark.parametrize(
    "event",
    [
        {"eventType": "Download"},
        {"eventType": "Download", "downloadId": 7},
        {"eventType": "Download", "downloadId": "unknown"},
        {"eventType": "Download", "downloadId": "with\0nul"},
        {"eventType": "Download", "downloadId": "half a pair \ud800"},
        {"eventType": ["Download"], "downloadId": NZO_ID},
        {"eventType": "Grab", "downloadId": NZO_ID},
        {},
    ],
)
def test_events_that_tell_nothing_change_nothing(stage: Stage, event: dict[str, object]) -> None:
    """Whatever a webhook sends, nothing is lost and nobody is woken."""
    stage.completed()
    stage.follower.heard(event)
    assert stage.grab().import_state is None
    assert stage.woken == []
