"""What slots mean to Lidarr: status, category, output path."""

from __future__ import annotations

import pytest

from soulspot_arr.demo.download_items import (
    DISK_FULL_SENTENCE,
    ItemStatus,
    PathMapping,
    local_path,
    outermost_namesake,
)
from soulspot_arr.demo.sabnzbd_client import SabnzbdClient
from tests.soulspot_arr.demo.sabnzbd_shapes import history_slot, lists, queue_slot
from tests.soulspot_arr.demo.scripted import Scripted, as_json


@pytest.mark.parametrize(
    ("paused", "changes", "expected"),
    [
        (False, {"status": "Queued"}, ItemStatus.QUEUED),
        (False, {"status": "Grabbing"}, ItemStatus.QUEUED),
        (False, {"status": "Propagating"}, ItemStatus.QUEUED),
        (False, {"status": "Moving"}, ItemStatus.DOWNLOADING),
        (False, {"status": "Completed"}, ItemStatus.DOWNLOADING),
        (False, {"status": "Failed"}, ItemStatus.DOWNLOADING),
        (False, {"status": "Paused"}, ItemStatus.PAUSED),
        (True, {"status": "Downloading"}, ItemStatus.PAUSED),
        (True, {"status": "Downloading", "priority": "Force"}, ItemStatus.DOWNLOADING),
    ],
)
def test_3_1_queue_status_mapping(
    server: Scripted,
    client: SabnzbdClient,
    *,
    paused: bool,
    changes: dict[str, object],
    expected: ItemStatus,
) -> None:
    """A queue slot is queued, paused or downloading, never finished."""
    lists(server)
    body = {"queue": {"paused": paused, "slots": [queue_slot(**changes)]}}
    server.on(as_json(body), mode="queue")
    (item,) = client.items()
    assert item.status is expected
    assert (item.remaining_time is None) == (expected is ItemStatus.PAUSED)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ItemStatus.COMPLETED),
        ({"status": "Failed", "fail_message": "peer gone"}, ItemStatus.FAILED),
        ({"status": "Failed", "fail_message": DISK_FULL_SENTENCE.upper()}, ItemStatus.WARNING),
        ({"status": "Moving"}, ItemStatus.DOWNLOADING),
        ({"status": None}, ItemStatus.DOWNLOADING),
    ],
)
def test_3_2_history_status_mapping(
    server: Scripted, client: SabnzbdClient, changes: dict[str, object], expected: ItemStatus
) -> None:
    """History decides about completed, failed and the parked warning."""
    lists(server, (), [history_slot(**changes)])
    (item,) = client.items()
    assert item.status is expected


def test_3_1_encrypted_and_deleted_slots(server: Scripted, client: SabnzbdClient) -> None:
    """The encrypted prefix is stripped and flagged, slots marked Deleted do not exist."""
    slots = [queue_slot(filename="ENCRYPTED /x - y"), queue_slot(nzo_id="d", status="Deleted")]
    lists(server, slots, [history_slot(status="Deleted")])
    (item,) = client.items()
    assert (item.title, item.encrypted) == ("x - y", True)


def test_3_3_foreign_categories_are_filtered_by_lidarr_itself(
    server: Scripted, client: SabnzbdClient
) -> None:
    """Only the exact category survives, whatever the service filtered."""
    slots = [queue_slot(nzo_id=cat, cat=cat) for cat in ("music", "Music", "tv", "*")]
    lists(server, slots)
    assert [item.nzo_id for item in client.items()] == ["music"]
    unnamed = SabnzbdClient(f"{server.url}/sabnzbd", "K", "")
    assert [item.nzo_id for item in unnamed.items()] == ["*"]


@pytest.mark.parametrize(
    ("storage", "expected"),
    [
        ("/d/Job", "/d/Job"),
        ("/d/Title/Job", "/d/Title"),
        ("/Title/a/Title/b", "/Title"),
        ("/d/Title", "/d/Title"),
        ("/d/title/Job", "/d/title/Job"),
        ("C:\\x\\Title\\Job", "C:\\x\\Title"),
    ],
)
def test_3_4_the_outermost_ancestor_called_like_the_title_wins(storage: str, expected: str) -> None:
    """Only parents are compared, exactly, and the outermost one replaces the path."""
    assert outermost_namesake(storage, "Title") == expected


@pytest.mark.parametrize(
    ("storage", "expected"),
    [
        ("/downloads/music/a", "/mnt/music/a"),
        ("/downloads", "/mnt"),
        ("/downloadsx/a", "/downloadsx/a"),
        ("/d//a\\b/", "/d/a/b"),
        ("", ""),
    ],
)
def test_3_4_remote_paths_are_mapped_by_leading_segments(storage: str, expected: str) -> None:
    """A mapping applies to whole segments only; slashes are repaired as Lidarr does."""
    mappings = [PathMapping("other", "/", "/no"), PathMapping("BOX", "/downloads/", "/mnt/")]
    assert local_path(storage, "box", mappings) == expected
