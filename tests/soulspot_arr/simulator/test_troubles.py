"""Family L: injected faults, skewed clocks, other users, versions; and the control routes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from soulspot_arr.errors import ConfigError
from soulspot_arr.simulator import SimOptions, Simulator
from tests.soulspot_arr.simulator.conftest import Make
from tests.soulspot_arr.simulator.rig import Rig, eventually

ONE = "Music\\Artist\\Album\\01.flac"


def test_L01_a_locked_database(rig: Rig) -> None:
    """500 with a JSON string; the next call is fine."""
    rig.world.fault("error", "*/searches", method="GET")
    reply = rig.get("searches")
    assert reply.status_code == 500
    assert "database is locked" in reply.json()
    assert rig.get("searches").status_code == 200


def test_L02_a_truncated_body(rig: Rig) -> None:
    """The announced length never arrives."""
    rig.world.fault("truncated", "*/options")
    with pytest.raises(requests.RequestException):
        rig.get("options")
    assert rig.get("options").status_code == 200


def test_L02_a_reset_before_and_after_the_work(rig: Rig) -> None:
    """The client cannot tell; asking for the batch can."""
    rig.peer("anna", ONE)
    rig.world.fault("reset", "*/batches", method="POST")
    with pytest.raises(requests.ConnectionError):
        rig.batch("anna", ONE)
    assert rig.get("transfers/downloads").json() == []
    rig.world.fault("reset", "*/batches", method="POST", after=True)
    with pytest.raises(requests.ConnectionError):
        rig.batch("anna", ONE)
    assert len(rig.get("transfers/downloads").json()) == 1


def test_L02_a_slow_answer(rig: Rig) -> None:
    """Virtual seconds pass first."""
    rig.world.fault("slow", "*/server", delay=40.0)
    pending = rig.begin("GET", "server")
    rig.advance(39)
    assert not pending.done
    rig.advance(2)
    assert pending.result().status_code == 200


@pytest.mark.parametrize("status", [502, 503, 504])
def test_L03_a_proxy_in_between(rig: Rig, status: int) -> None:
    """HTML instead of JSON."""
    rig.world.fault("proxy", status=status)
    reply = rig.get("server")
    assert reply.status_code == status
    assert reply.headers["Content-Type"] == "text/html"
    with pytest.raises(ValueError):
        reply.json()


def test_wrong_types_and_arbitrary_bodies(rig: Rig) -> None:
    """For robustness of readers."""
    rig.world.fault("wrong_types", "*/server")
    assert rig.get("server").json()["isConnected"] == 1
    rig.world.fault("body", "*/server", body={"state": None})
    assert rig.get("server").json() == {}
    rig.world.fault("error", "*", times=None, status=418, body="teapot")
    assert [rig.get("server").status_code for _ in range(3)] == [418] * 3
    rig.world.faults.clear()
    assert rig.get("server").status_code == 200


def test_L04_a_skewed_clock(rig: Rig) -> None:
    """Dates in the past or the future."""
    rig.world.skew(7200)
    stamp = rig.search("low tide")["startedAt"]
    ahead = datetime.fromisoformat(stamp) - datetime.now(UTC)
    assert timedelta(minutes=115) < ahead < timedelta(minutes=125)


def test_L05_another_user_of_the_same_slskd(rig: Rig) -> None:
    """Foreign records stand beside ours."""
    (search,) = rig.world.foreign_search("somebody else")
    (transfer,) = rig.world.foreign_download("peer", "Music\\x.mp3", state="Queued, Remotely")
    assert [s["id"] for s in rig.get("searches").json()] == [search]
    assert rig.transfer(transfer)["state"] == "Queued, Remotely"
    (batched,) = rig.world.foreign_batch("peer", "Music\\y.mp3")
    batch = rig.transfer(batched)["batchId"]
    assert rig.get(f"transfers/downloads/batches/{batch}").json()["username"] == "peer"
    assert len(rig.events("DownloadFileComplete")) == 1
    rig.delete(f"transfers/downloads/peer/{transfer}")
    rig.advance(1)
    assert rig.transfer(transfer)["state"] == "Completed, Cancelled"


@pytest.mark.parametrize(
    ("profile", "version", "batches", "nested", "watchdog"),
    [
        ("0.21", "0.21.4.0", False, False, False),
        ("0.22", "0.22.1.0", False, False, False),
        ("0.23", "0.23.2.0", False, False, True),
        ("0.24.1", "0.24.1.0", False, False, True),
        ("0.25", "0.25.1.0", False, True, True),
        ("0.26", "0.26.0.0", True, True, True),
        ("master", "0.26.0.65534", True, True, True),
    ],
)
def test_L06_version_profiles(
    make: Make, profile: str, version: str, batches: bool, nested: bool, watchdog: bool
) -> None:
    """Shapes of §10."""
    rig = make(profile=profile)
    rig.peer("anna", ONE)
    assert rig.get("application/version").json() == version
    options = rig.get("options").json()
    assert ("transfers" in options, "global" in options) == (nested, not nested)
    assert ("integrations" in options, "integration" in options) == (nested, not nested)
    assert ("connectionWatchdog" in rig.get("application").json()) is watchdog
    if profile not in {"0.21", "0.22", "0.23"}:
        assert (rig.batch("anna", ONE).status_code == 201) is batches


def test_L06_old_errors_are_objects(make: Make) -> None:
    """Before 0.22 ASP.NET's own."""
    rig = make(profile="0.21.4")
    reply = rig.get("searches/00000000-0000-0000-0000-000000000001")
    assert reply.status_code == 404
    assert reply.json()["status"] == 404


def test_L06_old_searches_have_no_queue(make: Make) -> None:
    """Unlimited before 0.22.3, ten until 0.23."""
    rig = make(profile="0.22.1")
    ids = [rig.search(f"query {n:02d}")["id"] for n in range(12)]
    assert {rig.state(id_)["state"] for id_ in ids} == {"InProgress"}
    rig = make(profile="0.23.2")
    ids = [rig.search(f"query {n:02d}")["id"] for n in range(12)]
    assert [rig.state(id_)["state"] for id_ in ids].count("Queued") == 2


def test_L06_one_release_misreads_names_behind_a_base(make: Make) -> None:
    """0.24.2 takes the literal `downloads` for the user."""
    file = [{"filename": ONE, "size": 10}]
    for profile, name in (("0.24.2", "downloads"), ("0.24.3", "anna")):
        rig = make(profile=profile, url_base="/slskd")
        reply = rig.call("POST", "/slskd/api/v0/transfers/downloads/anna", file)
        assert reply.json() == f"User {name} appears to be offline"


def test_L06_search_numbers_are_checked_since_0_24_4(make: Make) -> None:
    """Before, a timeout of 4 is taken."""
    rig = make(profile="0.24.1")
    assert rig.post("searches", {"searchText": "a bc", "searchTimeout": 4}).status_code == 200


# -- the control routes ------------------------------------------------------------------------


def control(rig: Rig, method: str, path: str, body: object = None) -> Any:
    """A control request that must succeed."""
    reply = requests.request(method, f"{rig.sim.url}/__sim__/{path}", json=body, timeout=10)
    assert reply.status_code == 200, reply.text
    return reply.json()


def test_the_world_can_be_driven_over_http(rig: Rig) -> None:
    """Peers, files, scripts and the clock."""
    control(rig, "POST", "peers", {"name": "anna", "speed": 1000.0, "response_delay": 1.0})
    control(
        rig, "POST", "files", {"peer": "anna", "path": ONE, "seconds": 2, "tags": {"title": "T"}}
    )
    control(rig, "POST", "files", {"peer": "anna", "path": "M\\n.txt", "bytes": "hello"})
    control(rig, "POST", "script", {"peer": "anna", "path": ONE, "outcome": "never"})
    id_ = rig.search("album")["id"]
    control(rig, "POST", "clock", {"advance": 30})
    ((file,),) = [r["files"] for r in rig.get(f"searches/{id_}/responses").json()]
    transfer = rig.grab("anna", ONE, size=file["size"])
    control(rig, "POST", "clock", {"advance": 30})
    assert rig.transfer(transfer)["state"] == "Queued, Remotely"
    control(rig, "PATCH", "peers/anna", {"online": False})
    assert control(rig, "GET", "peers")[0]["online"] is False
    control(rig, "DELETE", "script")
    control(rig, "POST", "reset")
    assert control(rig, "GET", "peers") == []


def test_server_moods_and_faults_over_http(rig: Rig) -> None:
    """Disconnect, kick, ban, reconnect, faults, messages, options."""
    for action in ("disconnect", "kick", "ban"):
        control(rig, "POST", "server", {"action": action, "seconds": 60})
        assert rig.get("server").json()["isLoggedIn"] is False
        control(rig, "POST", "server", {"action": "reconnect"})
        rig.advance(2)
        assert rig.get("server").json()["isLoggedIn"] is True
    control(rig, "POST", "fault", {"kind": "proxy", "path": "*/server", "status": 503})
    assert rig.get("server").status_code == 503
    control(rig, "POST", "message", {"username": "server", "text": "hi"})
    assert rig.get("conversations/server").json()["messages"][-1]["message"] == "hi"
    control(rig, "POST", "options", {"remoteFileManagement": True})
    assert rig.get("options").json()["remoteFileManagement"] is True
    control(rig, "POST", "timings", {"results_gap": 3})
    control(rig, "POST", "phrases", {"blocked": ["bad words"]})
    control(rig, "POST", "trickle", {"count": 2, "interval": 0.1})
    control(rig, "POST", "budget", {"searches": 30, "seconds": 220})
    assert control(rig, "POST", "foreign", {"search": "theirs"}) == [
        s["id"] for s in rig.get("searches").json()
    ]


def test_requests_are_logged_without_the_control_ones(rig: Rig) -> None:
    """So that tests can count what reaches slskd."""
    rig.get("server")
    rig.get("searches/none")
    seen = control(rig, "GET", "requests")
    assert [(s["method"], s["path"], s["status"]) for s in seen] == [
        ("GET", "/api/v0/server", 200),
        ("GET", "/api/v0/searches/none", 404),
    ]
    assert [s.path for s in rig.sim.requests] == [s["path"] for s in seen]


def test_mistakes_in_control_requests_are_400(rig: Rig) -> None:
    """With a sentence."""
    for path, body in [
        ("peers", {"name": "anna", "colour": "red"}),
        ("script", {"peer": "anna", "outcome": "explode"}),
        ("fault", {"kind": "gremlin"}),
        ("timings", {"lunch": 3}),
        ("server", {"action": "dance"}),
        ("restart", {"slowly": True}),
        ("restart", {"downtime": "lunch"}),
        ("peers", []),
    ]:
        reply = requests.post(f"{rig.sim.url}/__sim__/{path}", json=body, timeout=5)
        assert reply.status_code == 400, (path, body)
        assert isinstance(reply.json(), str)


def test_restart_and_profile_over_http(rig: Rig) -> None:
    """The answer comes first, then slskd goes down and comes back as another release."""
    before = rig.sim.app
    control(rig, "POST", "profile", {"name": "0.25.1", "os": "windows"})
    eventually(lambda: rig.is_another(before))

    def version() -> object:
        try:
            return rig.get("application/version").json()
        except requests.ConnectionError:
            return None

    eventually(lambda: version() == "0.25.1.0")
    assert control(rig, "GET", "state")["os"] == "windows"


@pytest.mark.parametrize(
    "values",
    [
        {"api_key": "short"},
        {"profile": "1.0"},
        {"os_profile": "beos"},
        {"world": "flat"},
        {"time_scale": 0.0},
    ],
)
def test_impossible_options_are_refused(tmp_path: Any, values: dict[str, Any]) -> None:
    """At construction."""
    with pytest.raises(ConfigError):
        Simulator(SimOptions(data_dir=tmp_path, **values))
