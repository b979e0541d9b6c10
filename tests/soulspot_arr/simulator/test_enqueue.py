"""Family E: asking for files, by batch and the old way."""

from __future__ import annotations

import uuid

import pytest
import requests

from tests.soulspot_arr.simulator.conftest import Make
from tests.soulspot_arr.simulator.rig import KEY, Rig, eventually

ONE = "@@abcde\\Music\\Artist\\Album\\01.flac"
TWO = "@@abcde\\Music\\Artist\\Album\\02.flac"
BATCHES = "transfers/downloads/batches"


def files(*paths: str, size: int = 10_000) -> list[dict[str, object]]:
    return [{"filename": path, "size": size} for path in paths]


def test_E01_all_new(rig: Rig) -> None:
    """201, everything queued locally, nothing failed."""
    rig.peer("anna", ONE, TWO)
    id_ = str(uuid.uuid4())
    reply = rig.batch("anna", ONE, TWO, id=id_.upper(), options={"destination": "A/B"})
    body = reply.json()
    assert reply.status_code == 201
    assert body["failures"] == []
    batch = body["batch"]
    assert (batch["id"], batch["username"], batch["direction"]) == (id_, "anna", "Download")
    assert batch["options"] == {"destination": "A/B"}
    assert batch["createdAt"].endswith("Z")
    assert "searchId" not in batch
    for transfer in batch["transfers"]:
        assert transfer["state"] == "Queued, Locally"
        assert (transfer["attempts"], transfer["removed"]) == (0, False)
        assert transfer["batchId"] == id_
        assert not transfer["requestedAt"].endswith("Z")
        assert (transfer["bytesRemaining"], transfer["percentComplete"]) == (10_000, 0)
        assert not {"startedAt", "endedAt", "exception", "placeInQueue"} & transfer.keys()
    assert rig.get(f"{BATCHES}/{id_}").json()["id"] == id_


def test_E02_some_active(rig: Rig) -> None:
    """207 names them."""
    rig.peer("anna", ONE, TWO)
    rig.batch("anna", ONE)
    reply = rig.batch("anna", ONE, TWO)
    assert reply.status_code == 207
    assert [t["filename"] for t in reply.json()["batch"]["transfers"]] == [TWO]
    assert reply.json()["failures"] == [
        {"filename": ONE, "message": "Skipped: Already in progress"}
    ]


def test_E03_all_active(rig: Rig) -> None:
    """200, and an empty batch exists."""
    rig.peer("anna", ONE)
    rig.batch("anna", ONE)
    reply = rig.batch("anna", ONE)
    assert reply.status_code == 200
    assert reply.json()["batch"]["transfers"] == []
    assert len(reply.json()["failures"]) == 1


def test_E04_a_used_id_is_409(rig: Rig) -> None:
    """With a JSON string."""
    rig.peer("anna", ONE, TWO)
    id_ = str(uuid.uuid4())
    rig.batch("anna", ONE, id=id_)
    reply = rig.batch("anna", TWO, id=id_)
    assert reply.status_code == 409
    assert reply.json() == f"A batch with ID {id_} already exists"


def test_E05_offline_and_blacklisted_are_404(make: Make) -> None:
    """Told alike, and no batch row is made."""
    rig = make(options_overrides={"transfers.groups.blacklisted.members": ["bert"]})
    rig.peer("anna", ONE, online=False)
    rig.peer("bert", ONE)
    for name in ("anna", "bert", "nobody"):
        id_ = str(uuid.uuid4())
        reply = rig.batch(name, ONE, id=id_)
        assert reply.status_code == 404
        assert reply.json() == f"User {name} appears to be offline"
        assert rig.get(f"{BATCHES}/{id_}").status_code == 404


def test_E06_an_unreachable_peer_burns_the_id(rig: Rig) -> None:
    """500 after ten seconds, an empty batch, and 409 ever after."""
    peer = rig.peer("anna", ONE, reachable=False)
    id_ = str(uuid.uuid4())
    body = {"id": id_, "username": "anna", "files": files(ONE)}
    pending = rig.begin("POST", BATCHES, body)
    rig.advance(9.9)
    assert not pending.done
    rig.advance(0.2)
    assert pending.result().status_code == 500
    assert "Failed to establish a direct or indirect" in pending.result().json()
    assert rig.get(f"{BATCHES}/{id_}").json()["transfers"] == []
    peer.reachable = True
    assert rig.post(BATCHES, body).status_code == 409


def test_E07_without_a_server_connection_it_is_500(rig: Rig) -> None:
    """A JSON string, for both routes."""
    rig.peer("anna", ONE)
    rig.world.kick()
    for reply in (rig.batch("anna", ONE), rig.post("transfers/downloads/anna", files(ONE))):
        assert reply.status_code == 500
        assert "must be connected and logged in" in reply.json()


@pytest.mark.parametrize(
    "change",
    [
        {"files": [{"filename": ONE}]},
        {"files": [{"filename": ONE, "size": -1}]},
        {"files": [{"filename": ONE, "size": "big"}]},
        {"files": [{"filename": " ", "size": 1}]},
        {"files": files(ONE, ONE)},
        {"files": files("Music\\..\\x.flac")},
        {"files": [None]},
        {"files": []},
        {"files": None},
        {"username": " "},
        {"username": "x" * 501},
        {"id": "nope"},
        {"id": ""},
        {"id": "00000000-0000-0000-0000-000000000000"},
        {"searchId": "nope"},
        {"options": {"destination": "/abs"}},
        {"options": {"destination": "C:\\abs"}},
        {"options": {"destination": "\\\\nas\\abs"}},
        {"options": {"destination": "a/../b"}},
        {"options": {"destination": "  "}},
    ],
)
def test_E08_invalid_batches_are_400(rig: Rig, change: dict[str, object]) -> None:
    """A JSON string, and nothing happens."""
    rig.peer("anna", ONE)
    reply = rig.post(BATCHES, {"username": "anna", "files": files(ONE), **change})
    assert reply.status_code == 400
    assert isinstance(reply.json(), str)
    assert rig.get("transfers/downloads").json() == []


@pytest.mark.parametrize("form", ["{0}", "{{{0}}}", "({0})", "N"])
def test_E08_every_guid_form_is_accepted(rig: Rig, form: str) -> None:
    """Braces, parentheses, no dashes, any case; answered in one form."""
    rig.peer("anna", ONE)
    id_ = uuid.uuid4()
    given = id_.hex.upper() if form == "N" else form.format(id_)
    assert rig.batch("anna", ONE, id=given).json()["batch"]["id"] == str(id_)


def test_E09_null_options_are_500(rig: Rig) -> None:
    """The null reference comes after the peer look-up, and no batch remains."""
    rig.peer("anna", ONE)
    id_ = str(uuid.uuid4())
    reply = rig.batch("anna", ONE, id=id_, options=None)
    assert reply.status_code == 500
    assert isinstance(reply.json(), str)
    assert rig.get(f"{BATCHES}/{id_}").status_code == 404


def test_E10_external_ids_are_dropped(make: Make) -> None:
    """Accepted, then gone; the pattern token gets its fallback."""
    rig = make(
        options_overrides={
            "transfers.download.destination.subdirectory": "${BATCH_EXTERNAL_ID}/${BATCH_ID}"
        }
    )
    rig.peer("anna", ONE)
    reply = rig.batch("anna", ONE, options={"externalId": "mine"})
    assert reply.json()["batch"]["options"] == {}
    rig.advance(30)
    folder = rig.sim.downloads_dir / "unknown_batch_external_id" / reply.json()["batch"]["id"]
    assert (folder / "01.flac").is_file()


def test_E11_two_enqueues_are_admitted_and_the_third_is_429(rig: Rig) -> None:
    """Both routes share the two slots."""
    rig.peer("dead", ONE, reachable=False)
    rig.peer("anna", ONE)
    first = rig.begin("POST", BATCHES, {"username": "dead", "files": files(ONE)})
    second = rig.begin("POST", "transfers/downloads/dead", files(TWO))
    third = rig.batch("anna", ONE)
    assert third.status_code == 429
    assert third.json().startswith("Only one concurrent operation is permitted")
    rig.advance(11)
    assert (first.result().status_code, second.result().status_code) == (500, 500)
    assert rig.batch("anna", ONE).status_code == 201


def test_E12_the_work_goes_on_without_the_client(make: Make) -> None:
    """A client that hung up still gets its batch."""
    rig = make()
    rig.peer("anna", ONE)
    rig.world.fault("slow", f"*/{BATCHES}", delay=30.0)
    id_ = str(uuid.uuid4())
    body = {"id": id_, "username": "anna", "files": files(ONE)}
    headers = {"X-API-Key": KEY}
    with pytest.raises(requests.Timeout):
        requests.post(f"{rig.api}/{BATCHES}", json=body, headers=headers, timeout=(5, 0.1))
    assert rig.get(f"{BATCHES}/{id_}").status_code == 404
    rig.advance(31)
    eventually(lambda: rig.get(f"{BATCHES}/{id_}").status_code == 200)


@pytest.mark.parametrize(
    ("profile", "failed"), [("0.26.0", [{}]), ("0.25.1", [ONE]), ("0.24.1", [ONE])]
)
def test_E13_legacy_with_every_file_active(make: Make, profile: str, failed: object) -> None:
    """201 all the same; the failures' shape changed in 0.26."""
    rig = make(profile=profile)
    rig.peer("anna", ONE)
    first = rig.post("transfers/downloads/anna", files(ONE))
    assert first.status_code == 201
    (new,) = first.json()["enqueued"]
    assert new["requestedAt"].endswith("Z")
    second = rig.post("transfers/downloads/anna", files(ONE))
    assert second.status_code == 201
    assert second.json() == {"enqueued": [], "failed": failed}


def test_E13_before_0_24_legacy_blocks_and_says_nothing(make: Make) -> None:
    """The answer comes when every file was queued; its body is empty."""
    rig = make(profile="0.23.2")
    rig.peer("anna", ONE, TWO)
    pending = rig.begin("POST", "transfers/downloads/anna", files(ONE, TWO))
    assert not pending.done
    rig.advance(1)
    reply = pending.result()
    assert (reply.status_code, reply.content) == (201, b"")


def test_E13_before_0_24_one_refused_file_is_a_500(make: Make) -> None:
    """Although the other was queued."""
    rig = make(profile="0.21.4")
    rig.peer("anna", ONE, TWO)
    rig.world.script("anna", ONE, "reject_at_request")
    pending = rig.begin("POST", "transfers/downloads/anna", files(ONE, TWO))
    rig.advance(2)
    assert pending.result().status_code == 500
    assert "File not shared." in pending.result().json()
    assert len(rig.get("transfers/downloads").json()[0]["directories"][0]["files"]) == 2


def test_E14_legacy_to_an_offline_peer_is_500(rig: Rig) -> None:
    """Never 404 on this route."""
    rig.peer("anna", ONE, online=False)
    reply = rig.post("transfers/downloads/anna", files(ONE))
    assert reply.status_code == 500
    assert reply.json() == "User anna appears to be offline"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ([], 400),
        ([None], 400),
        ({"filename": ONE}, 400),
        (files("a\\.\\b"), 400),
        (files(ONE, ONE), 500),
    ],
)
def test_E14_bad_legacy_bodies(rig: Rig, body: object, status: int) -> None:
    """400 for the model, 500 for duplicates."""
    rig.peer("anna", ONE)
    reply = rig.post("transfers/downloads/anna", body)
    assert reply.status_code == status
    assert isinstance(reply.json(), str)


def test_E15_legacy_without_a_size_aborts_later(rig: Rig) -> None:
    """Zero is taken for the size."""
    rig.peer("anna", ONE)
    reply = rig.post("transfers/downloads/anna", [{"filename": ONE}])
    (transfer,) = reply.json()["enqueued"]
    assert transfer["size"] == 0
    rig.advance(20)
    now = rig.transfer(transfer["id"])
    assert now["state"] == "Completed, Aborted"
    assert now["exception"] == (
        "Transfer aborted: the remote size of 10000 does not match expected size 0"
    )


def test_E16_asking_again_supersedes(rig: Rig) -> None:
    """A new id; the old record is hidden but readable."""
    rig.peer("anna", ONE)
    old = rig.grab("anna", ONE)
    rig.advance(30)
    assert rig.transfer(old)["state"] == "Completed, Succeeded"
    new = rig.grab("anna", ONE)
    assert new != old
    assert rig.transfer(old)["removed"] is True
    listed = rig.get("transfers/downloads/anna").json()["directories"][0]["files"]
    assert [t["id"] for t in listed] == [new]
    everything = rig.get("transfers/downloads", params={"includeRemoved": "true"}).json()
    assert len(everything[0]["directories"][0]["files"]) == 2


def test_batches_do_not_exist_before_0_26(make: Make) -> None:
    """The path is the legacy route for a user called batches: an object is a 400."""
    rig = make(profile="0.25.1")
    rig.peer("anna", ONE)
    reply = rig.batch("anna", ONE)
    assert reply.status_code == 400
    assert rig.get(f"{BATCHES}/{uuid.uuid4()}").status_code == 404


def test_a_user_called_batches_needs_the_batch_route(rig: Rig) -> None:
    """The literal segment wins."""
    rig.peer("batches", ONE)
    assert rig.post(BATCHES, files(ONE)).status_code == 400
    assert rig.batch("batches", ONE).status_code == 201
