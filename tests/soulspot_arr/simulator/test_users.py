"""Family D: asking the server and peers about users."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from soulspot_arr.simulator.audio import AudioSpec
from tests.soulspot_arr.simulator.conftest import Make
from tests.soulspot_arr.simulator.rig import Rig


def test_D01_status_asks_the_server(rig: Rig) -> None:
    """Works for offline and unknown users."""
    rig.peer("anna", online=False)
    rig.peer("bert")
    rig.peer("carl", away=True)
    for name, presence in {"anna": "Offline", "bert": "Online", "carl": "Away"}.items():
        reply = rig.get(f"users/{name}/status")
        assert reply.json() == {"isPrivileged": False, "presence": presence}


@pytest.mark.parametrize("route", ["info", "browse", "endpoint"])
def test_D02_asking_an_offline_user_is_404(rig: Rig, route: str) -> None:
    """With a JSON string."""
    rig.peer("anna", online=False)
    reply = rig.get(f"users/anna/{route}")
    assert reply.status_code == 404
    assert reply.json() == "User anna appears to be offline"
    assert rig.post("users/anna/directory", {"directory": "x"}).status_code == 404


@pytest.mark.parametrize("route", ["info", "browse"])
def test_D03_an_unreachable_peer_is_500_after_ten_seconds(rig: Rig, route: str) -> None:
    """The text names both ways that failed."""
    rig.peer("anna", reachable=False)
    pending = rig.begin("GET", f"users/anna/{route}")
    rig.advance(9.9)
    assert not pending.done
    rig.advance(0.2)
    reply = pending.result()
    assert reply.status_code == 500
    assert "direct or indirect message connection to anna (" in reply.json()


@pytest.mark.parametrize(("route", "seconds"), [("info", 5), ("browse", 60)])
def test_D04_a_silent_peer_times_out(rig: Rig, route: str, seconds: int) -> None:
    """Five seconds, a minute for browsing."""
    rig.peer("anna", silent=True)
    pending = rig.begin("GET", f"users/anna/{route}")
    rig.advance(seconds - 0.1)
    assert not pending.done
    rig.advance(0.2)
    assert pending.result().status_code == 500
    assert pending.result().json() == f"The wait timed out after {seconds}000 milliseconds"


def test_D05_directory_contents_have_bare_names(rig: Rig) -> None:
    """An array of directories; sub-directories may be among them."""
    rig.peer("anna")
    rig.world.share("anna", "Music\\Set\\01.mp3", AudioSpec(5, "mp3"))
    rig.world.share("anna", "Music\\Set\\CD2\\02.mp3", 10)
    body = rig.post("users/anna/directory", {"directory": "Music\\Set"}).json()
    assert [item["name"] for item in body] == ["Music\\Set", "Music\\Set\\CD2"]
    file = body[0]["files"][0]
    assert (body[0]["fileCount"], file["filename"]) == (1, "01.mp3")
    assert {"type": "BitRate", "value": 320} in file["attributes"]
    assert file["attributeCount"] == len(file["attributes"])


def test_D05_an_unknown_directory_is_an_empty_array(rig: Rig) -> None:
    """Not a 404; a blank one is 400 without a body."""
    rig.peer("anna", "Music\\Set\\01.mp3")
    assert rig.post("users/anna/directory", {"directory": "Nope"}).json() == []
    blank = rig.post("users/anna/directory", {"directory": " "})
    assert (blank.status_code, blank.content) == (400, b"")


def test_D05_before_0_22_3_one_directory_object(make: Make) -> None:
    """The array came later."""
    rig = make(profile="0.22.1")
    rig.peer("anna", "Music\\Set\\01.mp3")
    body = rig.post("users/anna/directory", {"directory": "Music\\Set"}).json()
    assert (body["name"], body["fileCount"]) == ("Music\\Set", 1)


def test_D06_a_peer_that_just_left_looks_unreachable(rig: Rig) -> None:
    """Addresses are remembered for a minute."""
    peer = rig.peer("anna")
    assert rig.get("users/anna/info").status_code == 200
    peer.online = False
    pending = rig.begin("GET", "users/anna/info")
    rig.advance(11)
    assert pending.result().status_code == 500
    rig.advance(60)
    assert rig.get("users/anna/info").status_code == 404


def test_D07_a_blacklisted_peer_is_an_empty_404(make: Make) -> None:
    """Masked on all user routes."""
    rig = make(options_overrides={"transfers.groups.blacklisted.members": ["anna"]})
    rig.peer("anna")
    for route in ("status", "info", "endpoint", "browse"):
        reply = rig.get(f"users/anna/{route}")
        assert (reply.status_code, reply.content) == (404, b"")


def test_browse_and_its_status(rig: Rig) -> None:
    """Locked folders apart; the status lives for five seconds more."""
    rig.peer("anna", "Music\\Set\\01.mp3")
    rig.world.share("anna", "Private\\02.mp3", 10, locked=True)
    assert rig.get("users/anna/browse/status").status_code == 404
    body = rig.get("users/anna/browse").json()
    assert (body["directoryCount"], body["lockedDirectoryCount"]) == (1, 1)
    assert body["directories"][0]["files"][0]["filename"] == "01.mp3"
    assert rig.get("users/anna/browse/status").json()["percentComplete"] == 100
    rig.advance(6)
    assert rig.get("users/anna/browse/status").status_code == 404


@pytest.mark.parametrize("name", ["peer one", "a/b", "100%", "ünï", "a+b?c#d", "batches"])
def test_names_are_decoded_from_the_raw_target(rig: Rig, name: str) -> None:
    """Also slashes and percent signs."""
    rig.peer(name)
    assert rig.get(f"users/{quote(name, safe='')}/info").status_code == 200


def test_without_a_server_connection_it_is_500(rig: Rig) -> None:
    """With the library's sentence."""
    rig.peer("anna")
    rig.world.kick()
    for route in ("status", "info", "endpoint"):
        reply = rig.get(f"users/anna/{route}")
        assert reply.status_code == 500
        assert reply.json().startswith("The server connection must be connected and logged in")
