"""HTTP towards slskd: headers, quoting, retries, and every kind of bad answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import requests_mock

from soulspot_arr.errors import (
    SourceAuth,
    SourceError,
    SourceProtocol,
    SourceThrottled,
    SourceUnavailable,
)
from soulspot_arr.sources.slskd_http import (
    Address,
    Reply,
    SlskdHttp,
    Unanswered,
    base_url,
    segment,
)
from tests.soulspot_arr.sources.conftest import API, KEY, URL, FakeTime

PAGE = b"<!doctype html><html><title>slskd</title></html>"


@pytest.fixture
def wire() -> Iterator[requests_mock.Mocker]:
    with requests_mock.Mocker(case_sensitive=True) as mocker:
        yield mocker


@pytest.fixture
def http(time: FakeTime) -> SlskdHttp:
    return SlskdHttp(Address(URL, KEY), clock=time.clock, sleep=time.sleep)


# -- asking ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "used"),
    [
        ("http://slskd:5030", "http://slskd:5030"),
        (" http://slskd:5030/ ", "http://slskd:5030"),
        ("slskd:5030", "http://slskd:5030"),
        ("https://host/slskd/", "https://host/slskd"),
        ("http://slskd:5030/api/v0/", "http://slskd:5030"),
        ("http://slskd:5030/api", "http://slskd:5030"),
        ("http://slskd:5030/?x=1#y", "http://slskd:5030"),
        ("", ""),
        ("  ", ""),
    ],
)
def test_base_url(typed: str, used: str) -> None:
    """People paste addresses in many forms."""
    assert base_url(typed) == used


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("peer one", "peer%20one"),
        ("a/b", "a%2Fb"),
        ("a\\b", "a%5Cb"),
        ("100%", "100%25"),
        ("what?#&", "what%3F%23%26"),
        ("Bj\u00f6rk", "Bj%C3%B6rk"),
        ("+", "%2B"),
    ],
)
def test_segments_are_quoted_completely(text: str, quoted: str) -> None:
    """Soulseek user names contain anything."""
    assert segment(text) == quoted


def test_every_request_carries_key_and_type(http: SlskdHttp, wire: requests_mock.Mocker) -> None:
    """slskd answers 415 to any other content type, even on GET."""
    wire.get(API + "x", json={})
    wire.post(API + "x", json={})
    wire.delete(API + "x", status_code=204)
    http.get("x")
    http.send("POST", "x", {"a": "\u00e9"})
    http.send("DELETE", "x")
    for request in wire.request_history:
        assert request.headers["Content-Type"] == "application/json"
        assert request.headers["X-API-Key"] == KEY.encode()
    assert wire.request_history[1].json() == {"a": "\u00e9"}


def test_without_a_key_none_is_sent(wire: requests_mock.Mocker) -> None:
    """slskd can be run without authentication."""
    wire.get(API + "x", json=1)
    SlskdHttp(Address(URL)).get("x")
    assert "X-API-Key" not in wire.request_history[0].headers


@pytest.mark.parametrize("verify", [True, False])
def test_certificates_are_checked_as_set(verify: bool, wire: requests_mock.Mocker) -> None:
    """The environment has no say in it."""
    wire.get(API + "x", json=1)
    SlskdHttp(Address(URL, KEY, verify_tls=verify)).get("x")
    assert wire.request_history[0].verify is verify


def test_quoted_segments_survive_the_session(http: SlskdHttp, wire: requests_mock.Mocker) -> None:
    """`%2F` in a user name stays what it is on the way out."""
    wire.get(API + "transfers/downloads/a%2Fb%20c", json=[])
    assert http.get(f"transfers/downloads/{segment('a/b c')}").body == []
    assert "a%2Fb%20c" in wire.request_history[0].url


# -- good and bad answers --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "body"),
    [(b"", None), (b"  ", None), (b"[]", []), (b'"text"', "text"), (b"true", True)],
)
def test_bodies(content: bytes, body: object, http: SlskdHttp, wire: requests_mock.Mocker) -> None:
    """JSON of any type, or nothing."""
    wire.get(API + "x", content=content)
    assert http.get("x").body == body


@pytest.mark.parametrize(
    ("status", "content", "expected"),
    [
        (200, PAGE, SourceProtocol),
        (404, PAGE, SourceProtocol),
        (200, b"Healthy", SourceProtocol),
        (200, b"[" * 100_000, SourceUnavailable),
        (200, b'{"a": [1, 2', SourceUnavailable),
        (200, b'"half a str', SourceUnavailable),
        (401, b"", SourceAuth),
        (401, PAGE, SourceAuth),
        (403, b"", SourceAuth),
        (500, b'"SQLite Error 5: database is locked"', SourceUnavailable),
        (502, PAGE, SourceUnavailable),
        (503, b"", SourceUnavailable),
        (504, PAGE, SourceUnavailable),
    ],
)
def test_bad_answers_to_get(
    status: int,
    content: bytes,
    expected: type[SourceError],
    http: SlskdHttp,
    wire: requests_mock.Mocker,
) -> None:
    """Each becomes one kind of `SourceError`, and no message knows the key."""
    wire.get(API + "x", status_code=status, content=content)
    with pytest.raises(expected) as caught:
        http.get("x")
    assert caught.value.source == "slskd"
    assert KEY not in str(caught.value) + repr(caught.value.data)


def test_an_excerpt_is_kept_without_the_key(http: SlskdHttp, wire: requests_mock.Mocker) -> None:
    """What was answered instead helps people; the key must not be in it."""
    wire.get(API + "x", text=f"<html>sign in {KEY} {'x' * 5000}")
    with pytest.raises(SourceProtocol) as caught:
        http.get("x")
    assert caught.value.data["excerpt"].startswith("<html>sign in ***** x")
    assert len(caught.value.data["excerpt"]) <= 160


@pytest.mark.parametrize("status", [400, 404, 409, 415])
def test_refusals_are_answers(status: int, http: SlskdHttp, wire: requests_mock.Mocker) -> None:
    """What a 4xx means is for the caller to say."""
    wire.get(API + "x", status_code=status, json="why")
    reply = http.get("x")
    assert (reply.status, reply.message) == (status, "why")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("User bob appears to be offline", "User bob appears to be offline"),
        ({"type": "x", "title": "One or more validation errors", "status": 400}, "One or more validation errors"),
        ({"title": "t", "detail": "the detail"}, "the detail"),
        ({"message": "m"}, "m"),
        ({}, ""),
        (None, ""),
        ([], ""),
    ],
)  # fmt: skip
def test_error_texts_of_all_versions(body: object, message: str) -> None:
    """JSON string, ProblemDetails, or nothing."""
    assert Reply(400, body).message == message


def test_wrong_json_types_are_told() -> None:
    """A list where an object belongs is a protocol error with an excerpt."""
    with pytest.raises(SourceProtocol, match="not understood"):
        Reply(200, []).need_object("x")
    with pytest.raises(SourceProtocol) as caught:
        Reply(200, {"a": 1}).need_list("x")
    assert "'a': 1" in caught.value.data["excerpt"]


# -- trying again ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "first",
    [
        {"status_code": 500, "json": "database is locked"},
        {"status_code": 502, "content": PAGE},
        {"exc": requests.exceptions.ConnectionError("reset")},
        {"exc": requests.exceptions.ChunkedEncodingError("cut")},
        {"content": b'{"cut'},
    ],
)
def test_L01_L02_a_get_is_tried_again(
    first: dict[str, Any], http: SlskdHttp, wire: requests_mock.Mocker, time: FakeTime
) -> None:
    """A hiccup of slskd or of the line is not worth an error."""
    wire.get(API + "x", [first, {"json": 7}])
    assert http.get("x").body == 7
    assert len(time.slept) == 1


def test_a_get_gives_up_after_three_tries(
    http: SlskdHttp, wire: requests_mock.Mocker, time: FakeTime
) -> None:
    """And says what the last answer was."""
    wire.get(API + "x", status_code=500, json="database is locked")
    with pytest.raises(SourceUnavailable, match="database is locked"):
        http.get("x")
    assert wire.call_count == 3
    assert sum(time.slept) < 2


@pytest.mark.parametrize(
    "slow", [requests.exceptions.ReadTimeout, requests.exceptions.ConnectTimeout]
)
def test_a_slow_get_is_not_repeated(
    slow: type[Exception], http: SlskdHttp, wire: requests_mock.Mocker
) -> None:
    """Waiting three times as long would help nobody."""
    wire.get(API + "x", exc=slow)
    with pytest.raises(SourceUnavailable):
        http.get("x")
    assert wire.call_count == 1


def test_no_try_begins_after_the_deadline(
    http: SlskdHttp, wire: requests_mock.Mocker, time: FakeTime
) -> None:
    """`until` bounds the pauses as well."""
    wire.get(API + "x", status_code=500, json="busy")
    with pytest.raises(SourceUnavailable):
        http.get("x", until=time.now + 0.1)
    assert wire.call_count == 1
    with pytest.raises(SourceUnavailable, match="No time"):
        http.get("x", until=time.now)
    assert wire.call_count == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize(
    "failure",
    [
        {"exc": requests.exceptions.ReadTimeout("slow")},
        {"exc": requests.exceptions.ConnectionError("reset")},
        {"status_code": 502, "content": PAGE},
        {"status_code": 201, "content": b'{"batch": {'},
    ],
)
def test_a_change_is_never_repeated(
    method: str, failure: dict[str, Any], http: SlskdHttp, wire: requests_mock.Mocker
) -> None:
    """slskd may be carrying it out: the caller has to find out."""
    wire.register_uri(method, API + "x", **failure)
    with pytest.raises(Unanswered):
        http.send(method, "x", {})
    assert wire.call_count == 1


def test_a_json_500_to_a_change_is_an_answer(http: SlskdHttp, wire: requests_mock.Mocker) -> None:
    """Its text says whose fault it is."""
    wire.post(API + "x", status_code=500, json="User bob appears to be offline")
    assert http.send("POST", "x", {}).message == "User bob appears to be offline"


def test_429_is_waited_out(http: SlskdHttp, wire: requests_mock.Mocker, time: FakeTime) -> None:
    """Half a second to five, with jitter."""
    busy = {"status_code": 429, "json": "Only one concurrent operation is permitted. Wait"}
    wire.post(API + "x", [busy, busy, {"status_code": 201, "json": 1}])
    assert http.send("POST", "x", {}).status == 201
    assert len(time.slept) == 2
    assert all(0.5 <= pause <= 5 for pause in time.slept)


def test_429_for_ever_is_throttling(
    http: SlskdHttp, wire: requests_mock.Mocker, time: FakeTime
) -> None:
    """After a few waits the caller is told to come back."""
    wire.post(API + "x", status_code=429, json="Only one concurrent operation is permitted")
    with pytest.raises(SourceThrottled) as caught:
        http.send("POST", "x", {})
    assert 0 < caught.value.retry_after <= 5
    assert wire.call_count == 5
    with pytest.raises(SourceThrottled):
        http.send("POST", "x", {}, until=time.now + 0.4)
    assert wire.call_count == 6


# -- addresses that lead astray --------------------------------------------------------------------


def test_A14_a_redirect_to_https_keeps_method_body_and_key(
    http: SlskdHttp, wire: requests_mock.Mocker
) -> None:
    """slskd can force https with a 307."""
    secure = "https://slskd.test:5031/api/v0/x"
    wire.post(API + "x", status_code=307, headers={"Location": secure})
    wire.post(secure, json={"ok": True})
    assert http.send("POST", "x", {"a": 1}).body == {"ok": True}
    assert wire.request_history[1].json() == {"a": 1}
    assert wire.request_history[1].headers["X-API-Key"] == KEY.encode()


@pytest.mark.parametrize(
    ("method", "status", "target"),
    [
        ("GET", 302, "https://login.test/?next=slskd"),
        ("GET", 307, "https://login.test/"),
        ("POST", 302, "/login"),
        ("GET", 302, "/api/v0/x"),
    ],
)
def test_the_key_follows_nobody(
    method: str, status: int, target: str, http: SlskdHttp, wire: requests_mock.Mocker
) -> None:
    """Login pages, other hosts and circles are protocol errors."""
    wire.register_uri(method, API + "x", status_code=status, headers={"Location": target})
    with pytest.raises(SourceProtocol):
        http._exchange(method, "x")
    assert {request.hostname for request in wire.request_history} == {"slskd.test"}


@pytest.mark.parametrize("url", ["http://", "ftp://slskd", "http://[broken", "http://a b"])
def test_unusable_addresses(url: str) -> None:
    """Rubbish in the setting is an unreachable service, not a crash."""
    with pytest.raises(SourceUnavailable):
        SlskdHttp(Address(url, KEY)).get("x")


def test_no_address() -> None:
    """Nothing is asked before an address is set."""
    with pytest.raises(SourceUnavailable, match="not set"):
        SlskdHttp(Address("")).get("x")


def test_a_key_that_cannot_be_sent_stays_secret() -> None:
    """The library would quote the key in its error."""
    http = SlskdHttp(Address("http://127.0.0.1:9", "abc\ndef-secret"))
    with pytest.raises(SourceAuth) as caught:
        http.get("x")
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
