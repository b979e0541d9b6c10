"""Family A: credentials, roles, base path, content types."""

from __future__ import annotations

import pytest
import requests

from tests.soulspot_arr.simulator.conftest import Make
from tests.soulspot_arr.simulator.rig import KEY, Rig

READ_ONLY = "a-read-only-key-0123"
READ_WRITE = "a-read-write-key-012"


def keyed(make: Make) -> Rig:
    """A slskd with further keys of lesser roles."""
    keys = {
        "ro": {"key": READ_ONLY, "role": "readonly"},
        "rw": {"key": READ_WRITE, "role": "readwrite"},
        "far": {"key": "a-key-from-elsewhere", "role": "readwrite", "cidr": "10.0.0.0/8"},
    }
    return make(options_overrides={"web.authentication.apiKeys": keys})


def test_A01_no_credentials_is_an_empty_401(rig: Rig) -> None:
    """The challenge names Bearer and the body is empty."""
    reply = requests.get(f"{rig.api}/server", timeout=5)
    assert (reply.status_code, reply.content) == (401, b"")
    assert reply.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("key", ["wrong-key-of-decent-length", "short", ""])
def test_A02_an_unknown_or_short_key_is_401(rig: Rig, key: str) -> None:
    """No hint why."""
    reply = rig.get("searches", headers={"X-API-Key": key})
    assert (reply.status_code, reply.content) == (401, b"")


def test_A03_a_key_used_outside_its_network_is_401(make: Make) -> None:
    """The CIDR is checked against the TCP peer."""
    rig = keyed(make)
    reply = rig.get("server", headers={"X-API-Key": "a-key-from-elsewhere"})
    assert (reply.status_code, reply.content) == (401, b"")


def test_A04_a_read_only_key_may_search_download_and_cancel(make: Make) -> None:
    """Roles are hardly enforced."""
    rig = keyed(make)
    rig.peer("anna", "Music\\a b\\01.mp3")
    rig.session.headers["X-API-Key"] = READ_ONLY
    assert rig.post("searches", {"searchText": "some thing"}).status_code == 200
    id_ = rig.grab("anna", "Music\\a b\\01.mp3")
    assert rig.delete(f"transfers/downloads/anna/{id_}").status_code == 204


@pytest.mark.parametrize(("method", "path"), [("PUT", "application"), ("GET", "options/yaml")])
def test_A05_some_routes_refuse_api_keys(rig: Rig, method: str, path: str) -> None:
    """Restart and YAML want a session token."""
    reply = rig.call(method, path)
    assert (reply.status_code, reply.content) == (401, b"")


def test_A06_a_read_write_key_may_not_patch_options(make: Make) -> None:
    """The overlay needs an administrator."""
    rig = keyed(make)
    reply = rig.call("PATCH", "options", {}, headers={"X-API-Key": READ_WRITE})
    assert (reply.status_code, reply.content) == (403, b"")


def test_A07_session_login(rig: Rig) -> None:
    """Good, wrong and blank credentials."""
    good = rig.post("session", {"username": "slskd", "password": "slskd"})
    token = good.json()
    assert good.status_code == 200
    assert token["tokenType"] == "Bearer"
    assert token["expires"] - token["issued"] == 604_800
    bearer = {"Authorization": f"Bearer {token['token']}"}
    assert requests.get(f"{rig.api}/session", headers=bearer, timeout=5).status_code == 200
    wrong = rig.post("session", {"username": "slskd", "password": "no"})
    assert (wrong.status_code, wrong.content) == (401, b"")
    blank = rig.post("session", {"username": " ", "password": ""})
    assert blank.status_code == 400
    assert isinstance(blank.json(), str)


def test_A07_the_key_probe(rig: Rig) -> None:
    """`GET /session` with a key is 200 and empty."""
    reply = rig.get("session")
    assert (reply.status_code, reply.content) == (200, b"")


def test_A08_without_authentication_everything_answers(make: Make) -> None:
    """The switched-off profile says so itself."""
    rig = make(api_key=None)
    assert requests.get(f"{rig.api}/server", timeout=5).status_code == 200
    assert requests.get(f"{rig.api}/session/enabled", timeout=5).json() is False


def test_A09_tokens_die_with_the_process(rig: Rig) -> None:
    """The signing key is random."""
    token = rig.post("session", {"username": "slskd", "password": "slskd"}).json()["token"]
    rig.sim.restart()
    reply = requests.get(
        f"{rig.api}/server", headers={"Authorization": f"Bearer {token}"}, timeout=5
    )
    assert reply.status_code == 401


def test_A10_the_url_base_is_optional(make: Make) -> None:
    """Requests with and without the prefix are served."""
    rig = make(url_base="/slskd")
    assert rig.call("GET", "/slskd/api/v0/server").json()["isConnected"] is True
    assert rig.call("GET", "/api/v0/server").json()["isConnected"] is True


@pytest.mark.parametrize("path", ["/api/v0/nothing", "/api/v1/server", "/api"])
def test_A11_unknown_api_paths_are_an_empty_404(rig: Rig, path: str) -> None:
    """Even without credentials."""
    reply = requests.get(rig.sim.url + path, timeout=5)
    assert (reply.status_code, reply.content) == (404, b"")


def test_A12_other_paths_look_like_success(rig: Rig) -> None:
    """The UI page, so a wrong base URL is 200 text/html."""
    reply = rig.call("GET", "/wrong/place")
    assert reply.status_code == 200
    assert reply.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", None])
def test_A13_wrong_content_type_is_415(rig: Rig, content_type: str | None) -> None:
    """Also when none is given with a body."""
    headers = {} if content_type is None else {"Content-Type": content_type}
    reply = rig.call("POST", "searches", data=b'{"searchText":"a b"}', headers=headers)
    assert (reply.status_code, reply.content) == (415, b"")


def test_A13_a_foreign_content_type_spoils_even_a_get(rig: Rig) -> None:
    """Controllers consume JSON only."""
    assert rig.get("server", headers={"Content-Type": "text/plain"}).status_code == 415


def test_A14_forced_https_redirects(make: Make) -> None:
    """307 keeps method and body."""
    rig = make(options_overrides={"web.https.force": True})
    reply = rig.get("server", allow_redirects=False)
    assert reply.status_code == 307
    assert reply.headers["Location"] == "https://127.0.0.1:5031/api/v0/server"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "searches"),
        ("GET", "transfers/downloads"),
        ("GET", "users/anna/status"),
        ("PUT", "server"),
    ],
)
def test_A15_a_relay_agent_refuses(make: Make, method: str, path: str) -> None:
    """403 empty, while `GET /server` still works."""
    rig = make(options_overrides={"relay.enabled": True, "relay.mode": "agent"})
    reply = rig.call(method, path)
    assert (reply.status_code, reply.content) == (403, b"")
    assert rig.get("server").status_code == 200


def test_the_supported_versions_are_announced(rig: Rig) -> None:
    """Every API answer names version 0."""
    assert rig.get("server").headers["api-supported-versions"] == "0"
    assert rig.get("server", headers={"X-API-Key": KEY}).status_code == 200


def test_chunked_bodies_are_read(rig: Rig) -> None:
    """As every web server does."""
    reply = rig.call(
        "POST",
        "searches",
        data=iter([b'{"searchText":', b'"low tide"}']),
        headers={"Content-Type": "application/json; charset=utf-8"},
    )
    assert reply.json()["searchText"] == "low tide"


def test_property_and_path_names_ignore_case(rig: Rig) -> None:
    """Framework habits."""
    assert rig.post("SEARCHES", {"SEARCHTEXT": "low tide"}).json()["searchText"] == "low tide"


def test_a_wrong_method_is_405(rig: Rig) -> None:
    """The path exists, the verb does not."""
    assert rig.call("PATCH", "searches", {}).status_code == 405
