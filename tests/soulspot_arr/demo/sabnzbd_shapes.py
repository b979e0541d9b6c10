"""Sound answers of a SABnzbd, with room to spoil one field at a time."""

from __future__ import annotations

from tests.soulspot_arr.demo.scripted import Scripted, as_json

TITLE = "(FLAC) AC/DC - Back in Black - 1980-slsk3f9a2c11"


def queue_slot(**changes: object) -> dict[str, object]:
    """A sound queue slot with some fields replaced."""
    slot: dict[str, object] = {
        "nzo_id": "SABnzbd_nzo_a",
        "filename": TITLE,
        "cat": "music",
        "status": "Downloading",
        "mb": "371.52",
        "mbleft": "120.10",
        "percentage": "67",
        "timeleft": "0:03:21",
        "priority": "Normal",
        "index": 0,
    }
    return slot | changes


def history_slot(**changes: object) -> dict[str, object]:
    """A sound history slot with some fields replaced."""
    slot: dict[str, object] = {
        "nzo_id": "SABnzbd_nzo_b",
        "name": TITLE,
        "category": "music",
        "status": "Completed",
        "bytes": 389567123,
        "download_time": 812,
        "fail_message": "",
        "storage": "/downloads/complete/music/job",
    }
    return slot | changes


def config(**misc: object) -> dict[str, object]:
    """A configuration that earns a green tick, with some misc fields replaced."""
    defaults: dict[str, object] = {
        "complete_dir": "/downloads",
        "history_retention_option": "all",
    }
    return {
        "config": {
            "misc": defaults | misc,
            "categories": [{"name": "*", "dir": ""}, {"name": "music", "dir": "music"}],
            "servers": [],
        }
    }


def lists(server: Scripted, queue: object = (), history: object = ()) -> None:
    """Script the two lists of a poll."""
    server.on(as_json({"queue": {"paused": False, "slots": queue}}), mode="queue")
    server.on(as_json({"history": {"slots": history}}), mode="history")
