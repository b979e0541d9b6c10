"""Family J: the events table and webhooks."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.soulspot_arr.simulator.conftest import Make
from tests.soulspot_arr.simulator.receiver import Receiver
from tests.soulspot_arr.simulator.rig import Rig, eventually

ONE = "Music\\Artist\\Album\\01.flac"
TWO = "Music\\Artist\\Album\\02.flac"


@pytest.fixture
def receivers() -> Iterator[list[Receiver]]:
    """Receivers made by a test, closed afterwards."""
    made: list[Receiver] = []
    yield made
    for receiver in made:
        receiver.close()


def hooked(make: Make, receiver: Receiver, attempts: int = 1, on: str = "Any") -> Rig:
    """A slskd with one webhook."""
    hook = {
        "on": [on],
        "call": {"url": receiver.url, "headers": [{"name": "X-Hook-Secret", "value": "s3"}]},
        "timeout": 5000,
        "retry": {"attempts": attempts},
    }
    return make(options_overrides={"integrations.webhooks": {"bridge": hook}})


def fetch(rig: Rig, *paths: str) -> str:
    """Download files; the batch id."""
    if "anna" not in rig.world.peers:
        rig.peer("anna", *paths)
    batch = rig.batch("anna", *paths).json()["batch"]["id"]
    rig.advance(15 * len(paths))
    return str(batch)


def test_J01_paging(rig: Rig) -> None:
    """Newest first, the total in a header, bad paging 400."""
    for number in range(5):
        rig.post("events/Noop", f"n{number}")
        rig.advance(1)
    reply = rig.get("events", params={"offset": 1, "limit": 2})
    assert reply.headers["X-Total-Count"] == "6"
    stamps = [row["timestamp"] for row in rig.get("events").json()]
    assert stamps == sorted(stamps, reverse=True)
    assert [json.loads(row["data"])["message"] for row in reply.json()] == ["n3", "n2"]
    for params in ({"offset": -1}, {"limit": 0}, {"limit": "x"}):
        bad = rig.get("events", params=params)
        assert bad.status_code == 400
        assert isinstance(bad.json(), str)


def test_J02_a_late_event_is_older_than_rows_already_seen(rig: Rig) -> None:
    """The timestamp is the transfer's end, not the insertion."""
    rig.peer("anna", ONE)
    rig.world.script("anna", ONE, "slow_move", seconds=30.0)
    id_ = rig.grab("anna", ONE)
    rig.advance(15)
    rig.post("events/Noop", "meanwhile")
    rig.advance(30)
    rows = rig.get("events").json()
    kinds = [row["type"] for row in rows]
    assert kinds.index("Noop") < kinds.index("DownloadFileComplete")
    late = rows[kinds.index("DownloadFileComplete")]
    assert late["timestamp"] == rig.transfer(id_)["endedAt"]


def test_J03_data_is_a_string_of_json_with_nulls(rig: Rig) -> None:
    """And the local path is absolute."""
    fetch(rig, ONE)
    (row,) = rig.events("DownloadFileComplete")
    assert isinstance(row["data"], str)
    data = json.loads(row["data"])
    assert set(data) == {"version", "localFilename", "remoteFilename", "transfer"}
    assert data["localFilename"] == str(rig.sim.downloads_dir / "Album/01.flac")
    assert data["remoteFilename"] == ONE
    assert data["transfer"]["exception"] is None
    assert data["transfer"]["placeInQueue"] is None
    assert data["transfer"]["state"] == "Completed, Succeeded"
    assert row["timestamp"].endswith("Z")


def test_J04_the_directory_event(rig: Rig) -> None:
    """Once, after the last file of an undisturbed album."""
    fetch(rig, ONE, TWO)
    (row,) = rig.events("DownloadDirectoryComplete")
    assert json.loads(row["data"]) == {
        "version": 0,
        "localDirectoryName": str(rig.sim.downloads_dir / "Album"),
        "remoteDirectoryName": "Music\\Artist\\Album",
        "username": "anna",
    }


def test_J04_premature_and_duplicate_directory_events(rig: Rig) -> None:
    """A file waiting for its retry is not registered, so the event comes too early, then again."""
    rig.peer("anna", ONE, TWO)
    rig.world.script("anna", ONE, "report_failed", times=1, after=9.0)
    rig.world.script("anna", None, "parallel")
    fetch(rig, ONE, TWO)
    assert len(rig.events("DownloadDirectoryComplete")) == 2


def test_J04_a_missing_directory_event(rig: Rig) -> None:
    """None when the last file to end failed."""
    rig.peer("anna", ONE, TWO)
    rig.world.script("anna", TWO, "deny_queued", after=25.0)
    fetch(rig, ONE, TWO)
    assert len(rig.events("DownloadFileComplete")) == 1
    assert rig.events("DownloadDirectoryComplete") == []


def test_webhook_bodies(make: Make, receivers: list[Receiver]) -> None:
    """Event fields at top level, nulls included, ASCII only, own headers."""
    receivers.append(Receiver())
    rig = hooked(make, receivers[0], on="downloadfilecomplete")
    fetch(rig, "Music\\Ártist\\Album\\01.flac")
    eventually(lambda: receivers[0].bodies)
    body = receivers[0].bodies[0]
    (row,) = rig.events("DownloadFileComplete")
    assert (body["id"], body["timestamp"], body["type"]) == (
        row["id"],
        row["timestamp"],
        row["type"],
    )
    assert (body["version"], body["transfer"]["exception"]) == (0, None)
    assert body["remoteFilename"] == "Music\\Ártist\\Album\\01.flac"
    assert b"\\u00c1rtist" in receivers[0].raw[0]
    assert receivers[0].headers[0]["x-hook-secret"] == "s3"
    assert receivers[0].headers[0]["content-type"] == "application/json; charset=utf-8"
    assert len(receivers[0].bodies) == 1


def test_J05_a_failing_receiver_is_tried_again(make: Make, receivers: list[Receiver]) -> None:
    """As often as configured; the id tells duplicates apart."""
    receivers.append(Receiver(500, 503))
    rig = hooked(make, receivers[0], attempts=3, on="Noop")
    rig.post("events/Noop", "hello")
    eventually(lambda: waited(rig) and len(receivers[0].bodies) >= 3)
    assert len({body["id"] for body in receivers[0].bodies}) == 1
    assert len(receivers[0].bodies) == 3


def waited(rig: Rig) -> bool:
    """Let the back-off between attempts pass."""
    rig.advance(2)
    return True


def test_J05_then_it_is_dropped(make: Make, receivers: list[Receiver]) -> None:
    """One attempt by default."""
    receivers.append(Receiver(500))
    rig = hooked(make, receivers[0], on="Noop")
    rig.post("events/Noop", "one")
    eventually(lambda: len(receivers[0].bodies) == 1)
    rig.advance(100)
    rig.post("events/Noop", "two")
    eventually(lambda: len(receivers[0].bodies) == 2)
    assert [body["message"] for body in receivers[0].bodies] == ["one", "two"]


def test_J06_without_webhooks_the_table_is_filled(rig: Rig) -> None:
    """It does not depend on them."""
    fetch(rig, ONE)
    assert rig.get("options").json()["integrations"]["webhooks"] == {}
    assert len(rig.events("DownloadFileComplete")) == 1


def test_J07_a_sample_event(rig: Rig) -> None:
    """201 and an all-zero transfer id."""
    reply = rig.post("events/downloadfilecomplete", "disambiguator")
    assert reply.status_code == 201
    (row,) = rig.events("DownloadFileComplete")
    zero = "00000000-0000-0000-0000-000000000000"
    assert json.loads(row["data"])["transfer"]["id"] == zero
    assert rig.post("events/nonsense", "x").status_code == 400


def test_no_event_tells_of_failures(rig: Rig) -> None:
    """Nor of batches, searches or progress."""
    rig.peer("anna", ONE)
    rig.world.script("anna", ONE, "reject_at_request")
    rig.search("low tide")
    rig.batch("anna", ONE)
    rig.advance(60)
    kinds = {row["type"] for row in rig.get("events").json()}
    assert kinds == {"SoulseekClientConnected"}


def test_events_survive_a_restart(rig: Rig) -> None:
    """They are never pruned."""
    fetch(rig, ONE)
    before = rig.events("DownloadFileComplete")
    rig.sim.restart()
    assert rig.events("DownloadFileComplete") == before


def test_before_0_22_there_are_no_events(make: Make) -> None:
    """The endpoint came with them."""
    assert make(profile="0.21.4").get("events").status_code == 404
