"""Family B: the server connection, options, health, version."""

from __future__ import annotations

import json

from tests.soulspot_arr.simulator.conftest import Make
from tests.soulspot_arr.simulator.rig import Rig


def server(rig: Rig) -> dict[str, object]:
    return dict(rig.get("server").json())


def test_B01_normal(rig: Rig) -> None:
    """Connected and logged in, with an address."""
    assert server(rig) == {
        "address": "vps.slsknet.org",
        "ipEndPoint": "208.76.170.59:2271",
        "state": "Connected, LoggedIn",
        "isConnected": True,
        "isConnecting": False,
        "isLoggedIn": True,
        "isLoggingIn": False,
        "isTransitioning": False,
    }


def test_B02_before_the_first_connect(rig: Rig) -> None:
    """State None, no address, all false."""
    rig.sim.restart()
    now = server(rig)
    assert now["state"] == "None"
    assert "address" not in now
    assert "ipEndPoint" not in now
    assert not any(value for name, value in now.items() if name != "state")


def test_B03_a_lost_connection_is_retried_with_growing_waits(rig: Rig) -> None:
    """Disconnected between attempts; the next one is announced."""
    rig.world.disconnect(down_for=40)
    assert rig.get("application").json()["connectionWatchdog"]["isEnabled"] is True
    rig.advance(0.5)
    assert server(rig)["state"] == "Disconnected"
    assert "address" not in server(rig)
    seen = set()
    for _ in range(39 * 20):
        rig.advance(0.05)
        watchdog = rig.sim.app.link.watchdog()
        if watchdog["nextAttemptAt"]:
            seen.add(str(watchdog["nextAttemptAt"]))
    assert 4 <= len(seen) <= 7
    assert rig.get("application").json()["connectionWatchdog"]["nextAttemptAt"].endswith("Z")
    rig.advance(60)
    assert server(rig)["isLoggedIn"] is True


def test_B04_logging_in(rig: Rig) -> None:
    """Connected alone does not mean ready."""
    rig.world.disconnect()
    rig.advance(0.6)
    now = server(rig)
    assert now["state"] == "Connected, LoggingIn"
    assert (now["isConnected"], now["isLoggedIn"]) == (True, False)
    assert (now["isLoggingIn"], now["isTransitioning"]) == (True, True)


def test_B05_put_server(rig: Rig) -> None:
    """205 while the watchdog runs, 200 when it had to be started; the state follows later."""
    rig.delete("server", json="enough")
    first = rig.put("server")
    assert (first.status_code, first.content) == (200, b"")
    assert server(rig)["isConnected"] is False
    assert rig.put("server").status_code == 205
    rig.advance(2)
    assert server(rig)["isLoggedIn"] is True
    assert rig.put("server").status_code == 200


def test_B06_an_intentional_disconnect_lasts(rig: Rig) -> None:
    """204 and no automatic reconnect; without a JSON body 415."""
    assert rig.delete("server").status_code == 415
    assert rig.delete("server", json="maintenance").status_code == 204
    rig.advance(3600)
    assert server(rig)["state"] == "Disconnected"


def test_B07_kicked_stays_away(rig: Rig) -> None:
    """The same account elsewhere: until told otherwise."""
    rig.world.kick()
    rig.advance(3600)
    assert server(rig)["state"] == "Disconnected"
    rig.put("server")
    rig.advance(2)
    assert server(rig)["isLoggedIn"] is True


def test_B07_a_rejected_login_stops_the_watchdog(rig: Rig) -> None:
    """A wrong password is not tried again."""
    rig.world.reject_login()
    rig.world.disconnect()
    rig.advance(600)
    assert server(rig)["state"] == "Disconnected"
    assert rig.get("application").json()["connectionWatchdog"]["isEnabled"] is False


def test_B08_a_ban(rig: Rig) -> None:
    """A message from `server`, then every login stays unanswered for half an hour."""
    rig.world.ban()
    (row,) = rig.events("PrivateMessageReceived")
    message = json.loads(row["data"])["message"]
    assert (message["username"], message["direction"]) == ("server", "In")
    assert rig.get("conversations/server/messages").json()[0]["message"] == message["message"]
    assert server(rig)["isLoggedIn"] is False
    rig.advance(3)
    assert server(rig)["state"] == "Connected, LoggingIn"
    rig.advance(900)
    assert server(rig)["isLoggedIn"] is False
    rig.advance(1300)
    assert server(rig)["isLoggedIn"] is True


def test_B09_health_says_nothing_about_soulseek(rig: Rig) -> None:
    """Anonymous, plain text, healthy while disconnected."""
    rig.world.kick()
    reply = rig.call("GET", "/health", headers={"X-API-Key": "none"})
    assert (reply.status_code, reply.text) == (200, "Healthy")
    assert reply.headers["Content-Type"].startswith("text/plain")


def test_B10_options(make: Make) -> None:
    """Paths, retry, destination and retention visible; secrets starred; nulls absent."""
    rig = make(
        options_overrides={
            "transfers.download.destination.exists": "overwrite",
            "retention": {"search": 60},
            "web.authentication.apiKeys": {"one": {"key": "0123456789abcdef"}},
        }
    )
    options = rig.get("options").json()
    assert options["directories"]["downloads"] == str(rig.sim.downloads_dir)
    download = options["transfers"]["download"]
    assert download["retry"] == {
        "attempts": 3,
        "delay": 5000,
        "maxDelay": 60000,
        "partial": "resume",
    }
    assert download["destination"]["subdirectory"] == "${SOURCE_DIRECTORY}"
    assert download["destination"]["exists"] == "overwrite"
    assert "mode" not in download["destination"]["permissions"]
    assert options["retention"]["search"] == 60
    assert "succeeded" not in options["retention"]["transfers"]["download"]
    assert options["soulseek"]["password"] == "*****"
    assert options["web"]["authentication"]["apiKeys"]["one"]["key"] == "*****"


def test_B11_version(rig: Rig) -> None:
    """A JSON string with four parts."""
    assert rig.get("application/version").json() == "0.26.0.0"
    assert rig.get("application").json()["version"]["current"] == "0.26.0.0"
    assert rig.get("application").json()["users"] == []
