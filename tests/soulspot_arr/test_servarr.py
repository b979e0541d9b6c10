"""Lidarr's and Prowlarr's API: every way in which it cannot be used is one sentence with a way out."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Iterator

import pytest
import requests

from soulspot_arr import servarr
from soulspot_arr.errors import InvalidInput, ServarrError
from soulspot_arr.servarr import LIDARR, PROWLARR, Rejected, Servarr, tidy
from tests.fakes.fake_servarr import KEY, FakeServarr, failure
from tests.fakes.http_double import HttpDouble, Reply


@pytest.fixture
def lidarr() -> Iterator[FakeServarr]:
    """A Lidarr without any entry."""
    with FakeServarr() as server:
        yield server


def client(server: HttpDouble, key: str = KEY) -> Servarr:
    """A client of it that never sleeps."""
    return Servarr(LIDARR, server.url, key, pause=lambda seconds: None)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("http://lidarr:8686", "http://lidarr:8686"),
        ("lidarr:8686/", "http://lidarr:8686"),
        (" https://music.example.org/lidarr/ ", "https://music.example.org/lidarr"),
        ("http://lidarr:8686/api/v1", "http://lidarr:8686"),
        ("http://lidarr:8686/settings/general", "http://lidarr:8686"),
        ("http://[fd00::1]:8686", "http://[fd00::1]:8686"),
    ],
)
def test_addresses_as_people_type_them(typed: str, expected: str) -> None:
    """What comes behind the URL base is left out."""
    assert tidy(typed, LIDARR) == expected


@pytest.mark.parametrize(
    "typed", ["", "http://", "ftp://lidarr", "http://a b", "http://x:99999", "http://u:p@lidarr"]
)
def test_what_is_no_address(typed: str) -> None:
    """The sentence shows what one looks like."""
    with pytest.raises(InvalidInput, match="http://lidarr:8686"):
        tidy(typed, LIDARR)


@pytest.mark.parametrize(
    ("reply", "why", "words"),
    [
        (Reply(401, b'{"error": "Unauthorized"}'), "key", "Settings > General"),
        (Reply(401, b""), "key", "API key"),
        (Reply(401, b"<html>Sign in</html>", "text/html"), "proxy", "http://lidarr:8686"),
        (Reply(403, b""), "forbidden", "http://lidarr:8686"),
        (Reply(302, b"", headers={"Location": "https://auth.example.org/?rd=x"}), "moved", "auth.example.org"),
        (Reply(302, b"", headers={"Location": "/login?returnUrl=x"}), "moved", "login page"),
        (Reply(502, b"<html>Bad gateway</html>", "text/html"), "proxy", "502"),
        (Reply(503, b"no server", "text/plain"), "proxy", "Look whether Lidarr runs"),
        (Reply(200, b"<!doctype html>", "text/html"), "foreign", "8686"),
        (Reply(404, b""), "foreign", "8686"),
        (Reply(200, b"[]"), "foreign", "8686"),
        (Reply(200, b'{"version": 3}'), "foreign", "8686"),
        (Reply(200, b'{"appName": "Sonarr", "version": "4.0.1.2"}'), "foreign", "Sonarr answers"),
        (Reply(200, b'{"appName": "Lidarr", "version": "1.4.5.3639"}'), "old", "Update Lidarr"),
        (Reply(500, b'{"message": "database is locked"}'), "status", "database is locked"),
        (Reply(503, b'{"errorMessage": "Lidarr is starting up, please try again later"}'), "starting", "minute"),
        (Reply(200, b"{" * 100_000), "foreign", "8686"),
    ],
)  # fmt: skip
def test_troubles_are_one_clear_sentence(
    lidarr: FakeServarr, reply: Reply, why: str, words: str
) -> None:
    """Each names what is wrong and what to do, and never the key."""
    lidarr.mood = lambda asked: reply
    with pytest.raises(ServarrError) as caught:
        client(lidarr).greet()
    assert caught.value.data["why"] == why
    assert words in caught.value.message
    assert KEY not in caught.value.message


def test_a_key_with_strange_characters_is_not_sent_and_not_told(lidarr: FakeServarr) -> None:
    """The library's own exception would quote it."""
    with pytest.raises(ServarrError) as caught:
        client(lidarr, "kéy\nwith a break").greet()
    assert caught.value.data["why"] == "key"
    assert "with a break" not in caught.value.message


def test_a_program_that_starts_is_waited_for(lidarr: FakeServarr) -> None:
    """It says so itself; after a while it is there."""
    starting = Reply(503, b'{"errorMessage": "Lidarr is starting up, please try again later"}')
    answers = iter([starting, starting])
    lidarr.mood = lambda asked: next(answers, None)
    assert client(lidarr).greet() == lidarr.version


def test_the_url_base_is_found_out(lidarr: FakeServarr) -> None:
    """Lidarr itself redirects to it; from then on it is used at once."""
    lidarr.base = "/music"
    asker = client(lidarr)
    assert asker.greet() == lidarr.version
    assert asker.base == f"{lidarr.url}/music"
    assert asker.rows("/indexer") == []
    assert lidarr.asked("/indexer") == ["/music/api/v1/indexer"]


def test_a_url_base_that_is_not_there_is_named(lidarr: FakeServarr) -> None:
    """Lidarr serves its page for every unknown path."""
    with pytest.raises(ServarrError, match="/wrong the URL base"):
        Servarr(LIDARR, f"{lidarr.url}/wrong", KEY).greet()


def test_the_key_does_not_follow_a_redirect_to_another_machine(lidarr: FakeServarr) -> None:
    """Even one that looks like our own question."""
    with FakeServarr() as other:
        target = f"http://localhost:{other.url.rpartition(':')[2]}/api/v1/system/status"
        lidarr.mood = lambda asked: Reply(307, b"", headers={"Location": target})
        with pytest.raises(ServarrError, match="leads somewhere else"):
            client(lidarr).greet()
        assert other.log == []


def test_nobody_listens() -> None:
    """Start it, or another port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(ServarrError, match=r"nothing listens there\. Start Prowlarr"):
        Servarr(PROWLARR, f"http://127.0.0.1:{port}", KEY).greet()


def test_unknown_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """The most common mistake between containers."""

    def unknown(*arguments: object, **named: object) -> list[object]:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(ServarrError, match="that name is not known here"):
        Servarr(LIDARR, "http://lidar:8686", KEY).greet()


def test_slow_answers_end(lidarr: FakeServarr, monkeypatch: pytest.MonkeyPatch) -> None:
    """A trickle must not hold a person up for ever."""
    monkeypatch.setattr(servarr, "CONNECT", 0.2)
    lidarr.mood = lambda asked: Reply(200, b" " * 100 + b"{}", headers={"X-Trickle": "0.05"})
    with pytest.raises(ServarrError, match="does not answer in time"):
        client(lidarr).call("GET", "/system/status", patience=0.3)


def test_https_at_a_port_for_http(lidarr: FakeServarr) -> None:
    """The scheme is the only mistake."""
    with pytest.raises(ServarrError, match="Write http:// instead"):
        Servarr(LIDARR, lidarr.url.replace("http:", "https:"), KEY).greet()


def test_plain_http_at_a_port_for_https() -> None:
    """Whoever speaks TLS hangs up on it."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            for _ in range(2):
                connection, _ = server.accept()
                with connection:
                    # An alert of TLS to the greeting of a client, nothing to plain text.
                    if connection.recv(4096)[:1] == b"\x16":
                        connection.sendall(b"\x15\x03\x01\x00\x02\x02\x28")

        listener = threading.Thread(target=hang_up)
        listener.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(ServarrError, match="Write https:// instead"):
            Servarr(LIDARR, url, KEY).greet()
        listener.join()


def test_a_certificate_that_is_not_trusted() -> None:
    """Told apart from not understanding each other at all."""
    reason = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] self-signed")
    assert servarr.cause(requests.exceptions.SSLError(reason)) == "certificate"
    assert servarr.cause(requests.exceptions.SSLError(ssl.SSLError(1, "handshake"))) == "tls"


def test_complaints_are_read(lidarr: FakeServarr) -> None:
    """In the program's own words, warnings told from errors; attempted values are not repeated."""
    lines = [
        failure("Unable to connect", field="Host") | {"attemptedValue": "a secret"},
        failure("A category is recommended", warning=True),
    ]
    lidarr.mood = lambda asked: Reply(400, json.dumps([*lines, 7]).encode())
    with pytest.raises(Rejected) as caught:
        client(lidarr).test("indexer", {})
    assert [(each.field, each.warning) for each in caught.value.complaints] == [
        ("Host", False),
        ("", True),
    ]
    assert caught.value.message == "Lidarr says: Unable to connect. A category is recommended."
    assert "secret" not in caught.value.message


def test_keys_in_what_it_says_are_masked(lidarr: FakeServarr) -> None:
    """It quotes the address that it asked."""
    line = failure(f"HTTP 500 at [http://us/newznab/api?t=caps&apikey=our-key] with {KEY}")
    lidarr.mood = lambda asked: Reply(400, json.dumps([line]).encode())
    with pytest.raises(Rejected) as caught:
        client(lidarr).test("indexer", {})
    assert "apikey=*****] with *****" in caught.value.message
    assert "our-key" not in caught.value.message


def test_removing_what_is_gone_is_fine(lidarr: FakeServarr) -> None:
    """Only that: other errors are told."""
    client(lidarr).remove("indexer", 99)
    lidarr.mood = lambda asked: Reply(500, b"{}")
    with pytest.raises(ServarrError, match="500"):
        client(lidarr).remove("indexer", 99)


def test_its_clock_is_noticed(lidarr: FakeServarr) -> None:
    """From the date that every answer carries."""
    asker = client(lidarr)

    asker.greet()
    assert asker.ahead is not None
    assert abs(asker.ahead) < 5
