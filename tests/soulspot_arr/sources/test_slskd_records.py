"""Transfers as slskd lists them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from soulspot_arr.sources.slskd_records import Record, newest, record, records, slim


def transfer(**fields: Any) -> dict[str, Any]:
    """One transfer object."""
    return {
        "id": "11111111-1111-1111-1111-111111111111",
        "username": "bob",
        "direction": "Download",
        "filename": "Music\\Album\\01.flac",
        "size": 100,
        "state": "Queued, Remotely",
        "requestedAt": "2026-08-22T18:10:00.2",
        "bytesTransferred": 0,
        "averageSpeed": 0,
        "attempts": 1,
        **fields,
    }


@pytest.mark.parametrize(
    ("raw", "size", "done"),
    [
        ({"bytesTransferred": 40}, 100, 40),
        ({"bytesTransferred": 140}, 100, 100),
        ({"bytesTransferred": -5}, 100, 0),
        ({"size": -1, "bytesTransferred": 7}, 0, 7),
        ({"size": 100.0, "bytesTransferred": 12.5}, 100, 12),
        ({"size": None, "bytesTransferred": None}, 0, 0),
        ({"bytesRemaining": -40, "percentComplete": 140.0}, 100, 0),
    ],
)
def test_F23_bytes_are_clamped(raw: dict[str, Any], size: int, done: int) -> None:
    """Bytes stay between nothing and the size, whatever slskd counts."""
    found = record(transfer(**raw))
    assert found is not None
    assert (found.size, found.bytes_done) == (size, done)


@pytest.mark.parametrize(
    "raw",
    [
        None,
        [],
        "x",
        {},
        transfer(id=None),
        transfer(id=5),
        transfer(filename=""),
        transfer(direction="Upload"),
        transfer(removed=True),
        transfer(filename="a\\\0.mp3"),
        transfer(username="b\ud800b"),
    ],
)
def test_what_is_no_transfer_of_ours_is_skipped(raw: object) -> None:
    """Uploads, removed records and rubbish do not become records."""
    assert record(raw) is None


def test_records_walk_users_and_folders() -> None:
    """Groups, one user's group, and holes in them."""
    group = {
        "username": "bob",
        "directories": [{"directory": "Music", "files": [transfer(username=None)]}],
    }
    assert [
        found.peer for found in records([group, None, {"directories": [5, {"files": [5]}]}])
    ] == ["bob"]
    assert [found.peer for found in records(group)] == ["bob"]
    assert list(records(None)) == []


def test_transfers_become_records_while_they_are_read() -> None:
    """Whatever else is in the answer stays as it is, and so does what is no transfer of ours."""
    group = {
        "username": "bob",
        "directories": [
            {
                "directory": "Music",
                "files": [
                    transfer(id="a"),
                    transfer(id="b", username=None),
                    transfer(id="c", removed=True),
                    transfer(id="d", direction="Upload"),
                    {"id": 5, "filename": []},
                    {"filename": "x"},
                    5,
                ],
            }
        ],
    }
    text = json.dumps([group, {"id": "no transfer"}, None])
    shaped = json.loads(text, object_hook=slim)
    assert shaped[0]["directories"][0]["directory"] == "Music"
    assert isinstance(shaped[0]["directories"][0]["files"][0], Record)
    assert list(records(shaped)) == list(records(json.loads(text)))
    assert [(found.id, found.peer) for found in records(shaped)] == [("a", "bob"), ("b", "bob")]


def test_newest_prefers_the_unfinished_one() -> None:
    """A running transfer wins over a later finished one; else the latest wins."""
    old = record(transfer(id="a", state="Completed, Errored", requestedAt="2026-08-22T18:00:00"))
    new = record(transfer(id="b", state="Completed, Errored", requestedAt="2026-08-22T19:00:00"))
    running = record(transfer(id="c", requestedAt="2026-08-22T17:00:00"))
    assert old is not None
    assert new is not None
    assert running is not None
    assert newest([new, old])["Music\\Album\\01.flac"].id == "b"
    assert newest([running, new, old])["Music\\Album\\01.flac"].id == "c"
