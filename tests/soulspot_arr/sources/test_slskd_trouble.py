"""Every way in which slskd cannot be reached has a fix of its own that a person can follow."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests
import urllib3

from soulspot_arr.db import Database
from soulspot_arr.domain import SourceStatus
from soulspot_arr.errors import InvalidSetting
from soulspot_arr.settings import Settings
from soulspot_arr.sources.slskd import SETTINGS, SlskdSource
from soulspot_arr.sources.slskd_http import speaks_tls
from tests.fakes.clock import FakeClock
from tests.soulspot_arr.sources.conftest import API, KEY, Bench, application

PAGE = b"<!doctype html><html><title>Welcome to my NAS</title></html>"


def answer(status: int, body: bytes) -> bytes:
    """A whole HTTP answer."""
    head = f"HTTP/1.1 {status} Whatever\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body


@contextmanager
def listening(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port whose connections are handed to `serve`, one after the other."""
    listener = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                try:
                    serve(connection)
                except OSError:
                    continue

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def saying(reply: bytes) -> Callable[[socket.socket], None]:
    """A service that gives every request the same answer."""

    def serve(connection: socket.socket) -> None:
        connection.settimeout(5)
        connection.recv(65536)
        connection.sendall(reply)

    return serve


def tls(connection: socket.socket) -> None:
    """A service that speaks TLS and hangs up on everything else, as slskd's port for https does.

    It has no certificate, so the talk ends with an alert instead of a handshake.
    """
    connection.settimeout(5)
    with ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).wrap_socket(connection, server_side=True):
        raise AssertionError("a handshake without a certificate")


def hanging(connection: socket.socket) -> None:
    """A service that takes the request and falls silent."""
    connection.settimeout(5)
    connection.recv(65536)
    connection.recv(1)


def check(url: str, key: str = KEY) -> SourceStatus:
    """What the adapter says about an address."""
    values = {"slskd.url": url, "slskd.api_key": key, "slskd.connect_timeout": 1.0}
    source = SlskdSource({**values, "slskd.read_timeout": 1.0}, sleep=lambda seconds: None)
    try:
        return source.check_connection()
    finally:
        source.close()


def told(status: SourceStatus, code: str, detail: str, *fix: str) -> None:
    """The code, a part of the sentence, and parts of the fix; both are whole sentences."""
    assert (status.ok, status.code) == (False, code)
    assert detail in status.detail
    for part in fix:
        assert part in status.fix
    assert status.detail.endswith(".")
    assert status.fix.endswith(".")
    assert KEY not in repr(status)


# -- no connection ---------------------------------------------------------------------------------


def test_a_name_that_nobody_knows() -> None:
    """The commonest mistake in Docker: two containers in different networks, or another name."""
    status = check("http://no-such-container.invalid:5030")
    told(status, "unreachable", "name is not known", "'no-such-container.invalid'", "network")
    assert "http://slskd:5030" in status.fix


def test_a_port_where_nobody_listens_on_this_machine() -> None:
    """In a container, localhost is the wrong place to look."""
    with listening(hanging) as port:
        pass
    told(check(f"http://127.0.0.1:{port}"), "unreachable", "connection refused", "localhost")


def refused() -> Exception:
    """What the library raises for another machine that refuses."""
    pool = urllib3.HTTPConnectionPool("slskd.test", 5030)
    reason = urllib3.exceptions.NewConnectionError(
        urllib3.connection.HTTPConnection("slskd.test"), "refused"
    )
    reason.__cause__ = ConnectionRefusedError(111, "Connection refused")
    return requests.exceptions.ConnectionError(urllib3.exceptions.MaxRetryError(pool, "/", reason))


def untrusted() -> Exception:
    """What the library raises for a certificate nobody has signed."""
    pool = urllib3.HTTPSConnectionPool("slskd.test", 5031)
    inner = ssl.SSLCertVerificationError(1, "certificate verify failed: self-signed certificate")
    reason = urllib3.exceptions.SSLError(inner)
    return requests.exceptions.SSLError(urllib3.exceptions.MaxRetryError(pool, "/", reason))


@pytest.mark.parametrize(
    ("failure", "detail", "fix"),
    [
        (refused(), "connection refused", "Nothing listens on that port"),
        (requests.exceptions.ConnectTimeout(), "no answer at that address", "firewall"),
        (requests.exceptions.ReadTimeout(), "did not answer in time", "SLSKD_READ_TIMEOUT"),
        (untrusted(), "certificate is not trusted", "SOULSPOT_SLSKD_VERIFY_TLS to false"),
    ],
)
def test_each_failure_has_its_own_fix(
    failure: Exception, detail: str, fix: str, bench: Bench
) -> None:
    """Refused by another machine, silence, slowness, a certificate."""
    bench.http.get(API + "application", exc=failure)
    told(bench.source.check_connection(), "unreachable", detail, fix)


def test_silence_after_the_request() -> None:
    """The same over a real socket."""
    with listening(hanging) as port:
        told(check(f"http://127.0.0.1:{port}"), "unreachable", "in time", "look again")


@pytest.mark.parametrize("status", [500, 502])
def test_errors_of_slskd_and_of_what_stands_before_it(status: int, bench: Bench) -> None:
    """JSON is slskd's own, a page is a proxy's."""
    body = '"database is locked"' if status == 500 else "<html>Bad Gateway"
    bench.http.get(API + "application", status_code=status, text=body)
    fix = "slskd's log" if status == 500 else "A proxy answers"
    told(bench.source.check_connection(), "unreachable", str(status), fix)


# -- http and https mixed up -----------------------------------------------------------------------


def test_https_to_a_port_that_speaks_http() -> None:
    """slskd's 5030 with https:// before it."""
    with listening(saying(answer(400, b"Bad Request"))) as port:
        status = check(f"https://127.0.0.1:{port}")
    told(status, "unreachable", "says https, but that port speaks plain http", "Write http://")


def test_http_to_a_port_that_speaks_https() -> None:
    """slskd's 5031 with http:// before it: it hangs up without a word."""
    with listening(tls) as port:
        status = check(f"http://127.0.0.1:{port}")
    told(status, "unreachable", "says http, but that port speaks https", "Write https://")
    assert "SOULSPOT_SLSKD_VERIFY_TLS" in status.fix


def test_http_to_a_proxy_that_speaks_https() -> None:
    """Some answer 400 with a page before they listen to TLS."""
    page = answer(400, b"<html>The plain HTTP request was sent to HTTPS port</html>")

    def serve(connection: socket.socket) -> None:
        (saying(page) if connection.recv(1, socket.MSG_PEEK) == b"G" else tls)(connection)

    with listening(serve) as port:
        told(check(f"http://127.0.0.1:{port}"), "unreachable", "speaks https", "Write https://")


def test_a_connection_that_breaks_off_is_not_taken_for_https() -> None:
    """slskd that restarts all the time hangs up, too."""
    with listening(lambda connection: connection.close()) as port:
        told(check(f"http://127.0.0.1:{port}"), "unreachable", "broke off", "keeps restarting")


def test_what_a_port_speaks() -> None:
    """TLS, something else, nothing; never an exception."""
    with listening(tls) as port:
        assert speaks_tls(f"http://127.0.0.1:{port}") is True
    assert speaks_tls(f"http://127.0.0.1:{port}") is None
    with listening(saying(b"HTTP/1.1 400")) as port:
        assert speaks_tls(f"https://127.0.0.1:{port}") is False
    with listening(hanging) as port:
        assert speaks_tls(f"https://127.0.0.1:{port}", seconds=0.2) is None
    assert speaks_tls("http://[broken") is None
    assert speaks_tls("") is None


# -- keys ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "detail", "fix"),
    [
        ("", "none is set", "SOULSPOT_SLSKD_API_KEY"),
        ("0123456789abcdef-wrong", "rejects the API key", "web.authentication.api_keys"),
        ("too-short", "rejects the API key", "has 9 characters"),
        ("role=readwrite;0123456789abcdef", "rejects the API key", "last semicolon"),
    ],
)
def test_no_key_a_wrong_key_a_mangled_key(key: str, detail: str, fix: str) -> None:
    """slskd answers all of them alike, with 401 and no word."""
    with listening(saying(answer(401, b""))) as port:
        status = check(f"http://127.0.0.1:{port}", key)
    told(status, "auth", detail, fix)
    assert "slskd's own" not in status.fix
    assert not key or key not in repr(status)


def test_a_refusal_in_words_is_hardly_slskds() -> None:
    """Another program of the same house asks for its own key."""
    with listening(saying(answer(401, b'{"error": "Unauthorized"}'))) as port:
        told(check(f"http://127.0.0.1:{port}"), "auth", "rejects", "the address is slskd's own")


def test_a_role_that_is_too_low(bench: Bench) -> None:
    """403: also what a relay agent says."""
    bench.http.get(API + "application", status_code=403)
    told(bench.source.check_connection(), "auth", "does not allow", "readwrite")


# -- strangers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        {"version": "2.1.0"},
        {"version": {"current": "2.1.0"}},
        {"version": "2.1.0", "appName": "Lidarr", "server": "kestrel"},
        {"server": {"name": "nas"}, "version": {"number": 3}},
        {"server": {"state": "running"}},
        {"version": None, "server": None},
        {"status": "ok", "name": "SoulSpot Arr", "version": "0.1.0"},
        ["version", "server"],
        "0.26.0.0",
    ],
)
def test_a_version_is_not_enough_to_be_slskd(body: object) -> None:
    """Whoever answers JSON at that port is recognised by more than one of slskd's own parts."""
    with listening(saying(answer(200, json.dumps(body).encode()))) as port:
        status = check(f"http://127.0.0.1:{port}")
    told(status, "not_slskd", "This address answers, but it is not slskd", "slskd's own address")


@pytest.mark.parametrize(
    ("reply", "detail"),
    [
        (answer(200, PAGE), "it is not slskd"),
        (answer(404, b""), "it is not slskd"),
        (answer(200, b"<html><title>slskd</title>"), "slskd's web page"),
    ],
)
def test_pages_are_not_slskd(reply: bytes, detail: str) -> None:
    """slskd's own page, behind a path too much, is told apart from other pages."""
    with listening(saying(reply)) as port:
        told(check(f"http://127.0.0.1:{port}"), "not_slskd", detail, "without a path")


@pytest.mark.parametrize(
    "state",
    [
        application(),
        {**application(), "server": None},
        {**application(), "shares": {}},
        {"version": {"full": "0.0.0"}, "server": {"isConnected": False, "isLoggedIn": False}},
    ],
)
def test_slskd_is_recognised_with_parts_missing(state: dict[str, Any], bench: Bench) -> None:
    """Every field is optional to a tolerant client (contract slskd §10)."""
    bench.http.get(API + "application", json=state)
    assert bench.source.check_connection().code in {"", "offline"}


# -- the address as a setting ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "fine"),
    [
        ("http://slskd:5030", True),
        ("http://slskd_1:5030", True),
        ("nas.local", True),
        ("http://192.168.1.5:5030/slskd", True),
        ("http://[fe80::1]:5030", True),
        ("https://schlüssel.example", True),
        ("http:/slskd:5030", False),
        ("http//slskd:5030", False),
        ("http://http://slskd:5030", False),
        ("http://slskd:", False),
        ("http://slskd:0", False),
        ("http://slskd:99999", False),
        ("http://slskd:5030port", False),
        ("http://${SLSKD_HOST}:5030", False),
        ("http://<address of slskd>:5030", False),
        ("http://my slskd:5030", False),
        ("http://[broken", False),
        ("ws://slskd:5030", False),
    ],
)
def test_an_address_that_cannot_work_is_refused_when_it_is_set(value: str, fine: bool) -> None:
    """The sentence names the variable and shows how it should look."""
    [complain] = [spec.check for spec in SETTINGS if spec.key == "slskd.url"]
    assert complain is not None
    said = complain(value)
    assert (said is None) is fine
    assert fine or "SOULSPOT_SLSKD_URL" in str(said)
    assert fine or "http://slskd:5030" in str(said)


def test_a_pinned_address_that_cannot_work_stops_the_start(sqlite_database: Database) -> None:
    """In one sentence: which variable, what is in it, and how it should look."""
    pins = {"SOULSPOT_SLSKD_URL": "http:/slskd:5030"}
    with pytest.raises(InvalidSetting) as caught:
        Settings(sqlite_database, clock=FakeClock(), pins=pins, specs=SETTINGS)
    assert caught.value.message == (
        "slskd.url (SOULSPOT_SLSKD_URL) must look like http://slskd:5030: slskd's name or address "
        "and port (got 'http:/slskd:5030')."
    )


def test_an_address_that_was_kept_from_before_is_told(bench: Bench) -> None:
    """What an older version took must not break the check."""
    told(check("http://a b"), "unreachable", "not a usable URL", "http://slskd:5030")
