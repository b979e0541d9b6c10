"""Family H: what a restart of slskd does, and what a mere reconnect does not."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import requests

from soulspot_arr.listener import Connection
from soulspot_arr.simulator import SimOptions, Simulator, server
from soulspot_arr.simulator.server import Delivery
from tests.soulspot_arr.simulator.conftest import Make
from tests.soulspot_arr.simulator.rig import KEY, Rig, eventually

ONE = "Music\\Artist\\Album\\01.flac"
TWO = "Music\\Artist\\Album\\02.flac"


def visible(rig: Rig, user: str = "anna") -> list[dict[str, object]]:
    return list(rig.get(f"transfers/downloads/{user}").json()["directories"][0]["files"])


def test_H01_a_hard_restart(rig: Rig) -> None:
    """Unfinished become Errored; after login new records without a batch replace them."""
    rig.peer("anna", ONE, TWO)
    reply = rig.batch("anna", ONE, TWO)
    batch = reply.json()["batch"]["id"]
    old = [t["id"] for t in reply.json()["batch"]["transfers"]]
    rig.advance(4)
    rig.sim.restart()
    for id_ in old:
        now = rig.transfer(id_)
        assert now["state"] == "Completed, Errored"
        assert now["exception"] == "Application shut down"
        assert (now["removed"], "endedAt" in now) == (False, True)
    rig.advance(3)
    new = visible(rig)
    assert [t["filename"] for t in new] == [ONE, TWO]
    assert not {t["id"] for t in new} & set(old)
    assert all("batchId" not in t for t in new)
    assert all(rig.transfer(id_)["removed"] for id_ in old)
    assert [
        t["id"] for t in rig.get(f"transfers/downloads/batches/{batch}").json()["transfers"]
    ] == old
    rig.advance(60)
    assert {t["state"] for t in visible(rig)} == {"Completed, Succeeded"}


def test_a_lost_database_knows_nothing(rig: Rig) -> None:
    """Volatile: transfers, batches and their keys are gone; the files on disk are not."""
    rig.peer("anna", ONE, TWO)
    batch = rig.batch("anna", ONE, TWO).json()["batch"]["id"]
    rig.advance(4)
    rig.sim.restart(volatile=True)
    rig.advance(30)
    assert rig.get("transfers/downloads?includeRemoved=true").json() == []
    assert rig.get(f"transfers/downloads/batches/{batch}").status_code == 404


def test_H01_removed_records_are_not_resumed(rig: Rig) -> None:
    """What the user removed meanwhile stays away."""
    rig.peer("anna", ONE)
    id_ = rig.grab("anna", ONE)
    rig.advance(4)
    rig.sim.restart()
    rig.delete(f"transfers/downloads/anna/{id_}", params={"remove": "true"})
    rig.advance(10)
    assert rig.get("transfers/downloads").json() == []


def test_H01_resumed_bytes_are_kept(rig: Rig) -> None:
    """The new record starts where the partial file ends."""
    rig.peer("anna", ONE)
    rig.grab("anna", ONE)
    rig.advance(6)
    rig.sim.restart()
    rig.advance(2.2)
    (new,) = visible(rig)
    assert new["state"] == "InProgress"
    assert int(str(new["bytesTransferred"])) > 5000


def test_H01_another_process_on_the_same_data(tmp_path: Path) -> None:
    """Killing the program and starting it again is a hard restart too."""
    first = Simulator(SimOptions(data_dir=tmp_path, api_key=KEY, manual_clock=True))
    first.start()
    rig = Rig(first)
    rig.peer("anna", ONE)
    id_ = rig.grab("anna", ONE)
    search = rig.search("low tide")["id"]
    rig.advance(20)
    other = rig.grab("anna", ONE)
    rig.session.close()
    first.stop()
    second = Simulator(SimOptions(data_dir=tmp_path, api_key=KEY, manual_clock=True))
    second.start(logged_in=False)
    rig = Rig(second)
    assert rig.transfer(id_)["state"] == "Completed, Succeeded"
    assert rig.transfer(other)["exception"] == "Application shut down"
    assert rig.state(search)["state"] == "Completed, TimedOut"
    assert len(rig.events("DownloadFileComplete")) == 1
    rig.session.close()
    second.stop()


def test_H02_a_peer_that_is_offline_at_login_is_given_up(rig: Rig) -> None:
    """Errored for good."""
    peer = rig.peer("anna", ONE)
    id_ = rig.grab("anna", ONE)
    rig.advance(4)
    peer.online = False
    rig.sim.restart()
    rig.advance(30)
    peer.online = True
    rig.advance(3600)
    (only,) = visible(rig)
    assert (only["id"], only["state"]) == (id_, "Completed, Errored")


def test_H03_the_destination_is_lost(rig: Rig) -> None:
    """The resumed file lands by the default pattern."""
    rig.peer("anna", ONE)
    rig.grab("anna", ONE, options={"destination": "Mine/Only"})
    rig.advance(4)
    rig.sim.restart()
    rig.advance(30)
    assert (rig.sim.downloads_dir / "Album/01.flac").is_file()
    assert not (rig.sim.downloads_dir / "Mine").exists()


def test_H04_a_reconnect_requests_nothing_again(rig: Rig) -> None:
    """Queued transfers are untouched by losing the server."""
    rig.peer("anna", ONE)
    rig.world.script("anna", ONE, "never")
    id_ = rig.grab("anna", ONE)
    rig.advance(4)
    before = rig.transfer(id_)
    rig.world.disconnect(down_for=10)
    rig.advance(60)
    assert rig.get("server").json()["isLoggedIn"] is True
    assert rig.transfer(id_) == before
    assert [t["id"] for t in visible(rig)] == [id_]


def test_H04_data_flows_on_without_the_server(rig: Rig) -> None:
    """Peer connections live on."""
    rig.peer("anna", ONE)
    id_ = rig.grab("anna", ONE)
    rig.advance(4)
    rig.world.kick()
    rig.advance(20)
    assert rig.transfer(id_)["state"] == "Completed, Succeeded"


def test_H05_the_volatile_profile_forgets_everything(make: Make) -> None:
    """Transfers, searches and events."""
    rig = make(options_overrides={"flags.volatile": True})
    rig.peer("anna", ONE)
    rig.grab("anna", ONE)
    id_ = rig.search("low tide")["id"]
    rig.advance(30)
    rig.sim.restart()
    rig.advance(5)
    assert rig.get("transfers/downloads").json() == []
    assert rig.get(f"searches/{id_}").status_code == 404
    assert rig.events("DownloadFileComplete") == []


def test_H06_the_restart_window(rig: Rig) -> None:
    """Connections are refused, then answers come while the server is not there yet."""
    rig.sim.restart(downtime=5)
    with pytest.raises(requests.ConnectionError):
        rig.get("server")
    rig.advance(5.01)
    assert rig.get("server").json()["state"] == "None"
    rig.advance(0.3)
    assert rig.get("server").json()["state"] == "Connecting"
    rig.advance(1)
    assert rig.get("server").json()["isLoggedIn"] is True


def test_H06_requests_under_way_are_cut(rig: Rig) -> None:
    """As when a container is killed."""
    rig.peer("anna", ONE, reachable=False)
    pending = rig.begin("GET", "users/anna/info")
    rig.sim.restart()
    with pytest.raises(requests.ConnectionError):
        pending.result()


def test_a_graceful_stop_finalises_what_was_active(rig: Rig) -> None:
    """Such transfers are not resumed."""
    rig.peer("anna", ONE, TWO)
    rig.batch("anna", ONE, TWO)
    rig.advance(4)
    rig.sim.restart(graceful=True)
    rig.advance(5)
    first, second = visible(rig)
    assert (first["filename"], first["state"]) == (ONE, "Completed, Cancelled")
    assert second["filename"] == TWO


def test_a_restart_over_the_api(rig: Rig) -> None:
    """With a session token: 204, then the process is another."""
    token = rig.post("session", {"username": "slskd", "password": "slskd"}).json()["token"]
    before = rig.sim.app
    reply = rig.put("application", headers={"Authorization": f"Bearer {token}"})
    assert reply.status_code == 204
    eventually(lambda: rig.is_another(before))
    eventually(lambda: can_connect(rig))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/api/v0/application"),
        ("DELETE", "/api/v0/application"),
        ("POST", "/__sim__/restart"),
        ("POST", "/__sim__/profile"),
    ],
)
def test_the_answer_comes_first(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, method: str, path: str
) -> None:
    """On a machine that needs long for it too: who asks for the end is never cut off by it."""
    token = rig.post("session", {"username": "slskd", "password": "slskd"}).json()["token"]
    before, deliver = rig.sim.app, server.deliver

    def late(connection: Connection, delivery: Delivery) -> None:
        time.sleep(0.3)
        deliver(connection, delivery)

    monkeypatch.setattr(server, "deliver", late)
    reply = requests.request(
        method,
        rig.sim.url + path,
        headers={"Authorization": f"Bearer {token}"},
        json={"name": "0.25.1"} if path.endswith("profile") else {},
        timeout=10,
    )
    assert reply.status_code == (204 if "api" in path else 200)
    monkeypatch.undo()
    if method == "DELETE":
        eventually(lambda: not can_connect(rig))
    else:
        eventually(lambda: rig.is_another(before))
        eventually(lambda: can_connect(rig))


def can_connect(rig: Rig) -> bool:
    try:
        return rig.call("GET", "/health").status_code == 200
    except requests.ConnectionError:
        return False
