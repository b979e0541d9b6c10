"""Family G: cancel, remove, lists, positions, retention."""

from __future__ import annotations

import uuid

import pytest

from tests.soulspot_arr.simulator.conftest import Make
from tests.soulspot_arr.simulator.rig import Rig

ONE = "Music\\Artist\\Album\\01.flac"
TWO = "Music\\Artist\\Album\\02.flac"


def listed(rig: Rig) -> list[str]:
    """Ids in `GET downloads`."""
    return [
        file["id"]
        for user in rig.get("transfers/downloads").json()
        for folder in user["directories"]
        for file in folder["files"]
    ]


def done(rig: Rig, path: str = ONE) -> str:
    """A finished download of a new peer."""
    rig.peer("anna", path)
    id_ = rig.grab("anna", path)
    rig.advance(30)
    assert rig.transfer(id_)["state"] == "Completed, Succeeded"
    return id_


def test_G01_cancelling_an_active_download(rig: Rig) -> None:
    """204 at once, Cancelled shortly after, the partial file stays."""
    rig.peer("anna", ONE)
    id_ = rig.grab("anna", ONE)
    rig.advance(5)
    reply = rig.delete(f"transfers/downloads/anna/{id_}")
    assert (reply.status_code, reply.content) == (204, b"")
    assert rig.transfer(id_)["state"] == "InProgress"
    rig.advance(1)
    last = rig.transfer(id_)
    assert last["state"] == "Completed, Cancelled"
    assert last["exception"] == "A task was canceled."
    assert (rig.sim.incomplete_dir / "anna/Music/Artist/Album/01.flac").stat().st_size > 1000


@pytest.mark.parametrize("wait", [0.0, 0.2, 2.0])
def test_G01_cancelling_before_the_data_flows(rig: Rig, wait: float) -> None:
    """In every waiting state."""
    rig.peer("anna", ONE)
    rig.world.script("anna", ONE, "never")
    id_ = rig.grab("anna", ONE)
    rig.advance(wait)
    rig.delete(f"transfers/downloads/anna/{id_}")
    rig.advance(1)
    assert rig.transfer(id_)["state"] == "Completed, Cancelled"


def test_G01_cancelling_during_a_retry_wait(rig: Rig) -> None:
    """Ends it, keeping the older end and text."""
    rig.peer("anna", ONE)
    rig.world.script("anna", ONE, "report_failed", after=1.0)
    id_ = rig.grab("anna", ONE)
    rig.advance(1.5)
    assert rig.transfer(id_)["attempts"] == 2
    rig.delete(f"transfers/downloads/anna/{id_}")
    rig.advance(60)
    last = rig.transfer(id_)
    assert (last["state"], last["attempts"]) == ("Completed, Cancelled", 2)


def test_G01_cancelling_one_lets_the_next_go(rig: Rig) -> None:
    """The peer's slot is free again."""
    rig.peer("anna", ONE, TWO)
    one, two = rig.grab("anna", ONE), rig.grab("anna", TWO)
    rig.advance(5)
    rig.delete(f"transfers/downloads/anna/{one}")
    rig.advance(2)
    assert rig.transfer(two)["state"] == "InProgress"


def test_G01_cancelling_what_waits_for_its_turn(rig: Rig) -> None:
    """Files beyond the five of a large request have no task yet."""
    paths = [f"Music\\Box\\{n:02d}.flac" for n in range(31)]
    rig.peer("anna", *paths)
    rig.world.script("anna", None, "no_answer")
    last = rig.batch("anna", *paths).json()["batch"]["transfers"][-1]["id"]
    rig.advance(1)
    rig.delete(f"transfers/downloads/anna/{last}")
    rig.advance(1)
    assert rig.transfer(last)["state"] == "Completed, Cancelled"
    rig.advance(2000)
    assert rig.transfer(last)["attempts"] == 0


def test_G02_removing_an_active_one_takes_two_calls(rig: Rig) -> None:
    """The final write undoes the first removal."""
    rig.peer("anna", ONE)
    id_ = rig.grab("anna", ONE)
    rig.advance(5)
    path = f"transfers/downloads/anna/{id_}"
    assert rig.delete(path, params={"remove": "true"}).status_code == 204
    rig.advance(1)
    assert rig.transfer(id_)["state"] == "Completed, Cancelled"
    assert listed(rig) == [id_]
    assert rig.delete(path, params={"remove": "true"}).status_code == 204
    assert listed(rig) == []
    assert rig.transfer(id_)["removed"] is True


def test_G03_deleting_a_finished_one_changes_nothing(rig: Rig) -> None:
    """Without `remove` it is a no-op."""
    id_ = done(rig)
    before = rig.transfer(id_)
    assert rig.delete(f"transfers/downloads/anna/{id_}").status_code == 204
    rig.advance(1)
    assert rig.transfer(id_) == before
    assert (rig.sim.downloads_dir / "Album/01.flac").is_file()


def test_G04_unknown_and_malformed_ids(rig: Rig) -> None:
    """204 and an empty 400."""
    assert rig.delete(f"transfers/downloads/anna/{uuid.uuid4()}").status_code == 204
    reply = rig.delete("transfers/downloads/anna/nope")
    assert (reply.status_code, reply.content) == (400, b"")
    reply = rig.get("transfers/downloads/anna/nope")
    assert (reply.status_code, reply.content) == (400, b"")
    assert rig.get("transfers/downloads/batches/nope").status_code == 400
    assert isinstance(rig.get("transfers/downloads/batches/nope").json(), str)


def test_G05_clearing_hides_everyones_finished(rig: Rig) -> None:
    """Of all users; active ones stay."""
    done(rig)
    rig.world.foreign_download("somebody", "Music\\x.mp3")
    rig.peer("bert", TWO)
    active = rig.grab("bert", TWO)
    assert rig.delete("transfers/downloads/all/completed").status_code == 204
    assert listed(rig) == [active]


def test_G06_a_user_without_visible_downloads_is_404(rig: Rig) -> None:
    """Empty body, also when all are removed."""
    id_ = done(rig)
    assert rig.get("transfers/downloads/anna").status_code == 200
    rig.delete(f"transfers/downloads/anna/{id_}", params={"remove": "true"})
    reply = rig.get("transfers/downloads/anna")
    assert (reply.status_code, reply.content) == (404, b"")
    assert rig.get("transfers/downloads/nobody").status_code == 404


def test_G07_the_user_in_the_path_is_ignored(rig: Rig) -> None:
    """And removed records are readable."""
    id_ = done(rig)
    rig.delete(f"transfers/downloads/anna/{id_}", params={"remove": "true"})
    assert rig.get(f"transfers/downloads/whoever/{id_}").json()["id"] == id_
    assert rig.get(f"transfers/downloads/anna/{uuid.uuid4()}").status_code == 404


def test_G08_the_position(rig: Rig) -> None:
    """An integer while queued, stored until the next state change."""
    rig.peer("anna", ONE, TWO, free_slots=0, queue_length=4)
    rig.grab("anna", ONE)
    id_ = rig.grab("anna", TWO)
    rig.advance(2)
    reply = rig.get(f"transfers/downloads/anna/{id_}/position")
    assert (reply.status_code, reply.json()) == (200, 6)
    assert rig.transfer(id_)["placeInQueue"] == 6
    rig.advance(60)
    assert rig.get(f"transfers/downloads/anna/{id_}/position").json() == 4
    rig.advance(75)
    assert rig.transfer(id_)["state"] == "InProgress"
    assert "placeInQueue" not in rig.transfer(id_)


def test_G08_positions_that_cannot_be_had(rig: Rig) -> None:
    """Not active 500, silent 500 after five seconds, unknown 404, malformed 400."""
    id_ = done(rig)
    reply = rig.get(f"transfers/downloads/anna/{id_}/position")
    assert reply.status_code == 500
    assert isinstance(reply.json(), str)
    peer = rig.peer("bert", TWO)
    rig.world.script("bert", TWO, "never")
    other = rig.grab("bert", TWO)
    rig.advance(2)
    peer.silent = True
    pending = rig.begin("GET", f"transfers/downloads/bert/{other}/position")
    rig.advance(5.1)
    assert pending.result().status_code == 500
    assert rig.get(f"transfers/downloads/anna/{uuid.uuid4()}/position").status_code == 404
    assert rig.get("transfers/downloads/anna/nope/position").status_code == 400


def test_G09_retention_hides_finished_records(make: Make) -> None:
    """At a tick, per kind; readable by id for ever. Rejected is not among the errored."""
    rig = make(
        options_overrides={
            "retention.transfers.download.succeeded": 10,
            "retention.transfers.download.errored": 10,
        }
    )
    id_ = done(rig)
    for flag in ("Errored", "Aborted", "TimedOut"):
        rig.world.foreign_download("x", f"Music\\{flag}.mp3", state=f"Completed, {flag}")
    kept = rig.world.foreign_download("x", "Music\\r.mp3", state="Completed, Rejected")
    rig.advance(1000)
    assert listed(rig) == kept
    assert rig.transfer(id_)["removed"] is True


def test_G10_ten_thousand_old_records(rig: Rig) -> None:
    """Megabytes per poll."""
    rig.world.foreign_download("hoarder", "Music\\Some Artist\\Some Album\\{}.flac", count=10_000)
    body = rig.get("transfers/downloads").content
    assert len(body) > 4_000_000


def test_lists_are_grouped_by_guessed_directory(rig: Rig) -> None:
    """A slash anywhere makes it the separator."""
    rig.peer("anna", "Music\\AC/DC\\Powerage\\01.mp3", TWO)
    rig.batch("anna", "Music\\AC/DC\\Powerage\\01.mp3", TWO)
    (group,) = rig.get("transfers/downloads").json()
    assert [(d["directory"], d["fileCount"]) for d in group["directories"]] == [
        ("Music\\AC", 1),
        ("Music\\Artist\\Album", 1),
    ]
    assert rig.get("transfers/downloads/anna").json() == group


def test_uploads_have_the_same_shape(rig: Rig) -> None:
    """Nobody downloads from us here."""
    assert rig.get("transfers/uploads").json() == []
    assert rig.delete("transfers/uploads/all/completed").status_code == 204
