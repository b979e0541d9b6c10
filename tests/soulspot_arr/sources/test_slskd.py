"""The slskd source: settings, connection check, polling and cancelling."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from soulspot_arr.sources import DownloadSource
from soulspot_arr.sources.slskd import SETTINGS, SlskdSource
from tests.soulspot_arr.sources.conftest import (
    API,
    BATCHES,
    DOWNLOADS,
    KEY,
    URL,
    Bench,
    application,
    groups,
    options,
    transfer,
)

ID = "11111111-1111-4111-8111-111111111111"
ID2 = "22222222-2222-4222-8222-222222222222"
BATCH = "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb"


# -- settings --------------------------------------------------------------------------------------


def test_it_is_a_download_source() -> None:
    """The protocol is kept, checked by the type checker as well."""
    source: DownloadSource = SlskdSource()
    assert (source.name, source.label) == ("slskd", "Soulseek (slskd)")


def test_settings_are_declared_once() -> None:
    """Names, types and defaults of what slskd needs."""
    declared = {spec.key: spec for spec in SETTINGS}
    assert {key: spec.default for key, spec in declared.items()} == {
        "slskd.url": "",
        "slskd.api_key": "",
        "slskd.verify_tls": True,
        "slskd.response_limit": 1000,
        "slskd.file_limit": 25_000,
        "slskd.idle_timeout": 8.0,
        "slskd.connect_timeout": 5.0,
        "slskd.read_timeout": 20.0,
    }
    assert [key for key, spec in declared.items() if spec.secret] == ["slskd.api_key"]
    assert all(isinstance(spec.default, spec.type) and spec.help for spec in SETTINGS)


@pytest.mark.parametrize(
    ("key", "value", "fine"),
    [
        ("slskd.url", "", True),
        ("slskd.url", "http://slskd:5030", True),
        ("slskd.url", "slskd:5030", True),
        ("slskd.url", "https://[::1]:5031/base", True),
        ("slskd.url", "ftp://slskd", False),
        ("slskd.url", "http://", False),
        ("slskd.url", "http://slskd:port", False),
        ("slskd.api_key", "", True),
        ("slskd.api_key", KEY, True),
        ("slskd.api_key", "two words 0123456789", False),
        ("slskd.api_key", "line\nbreak0123456789", False),
    ],
)
def test_settings_complain(key: str, value: str, fine: bool) -> None:
    """Values that cannot work are refused with a reason."""
    [check] = [spec.check for spec in SETTINGS if spec.key == key]
    assert check is not None
    assert (check(value) is None) is fine


def test_an_address_is_enough_to_try() -> None:
    """slskd can run without keys, but not nowhere."""
    assert not SlskdSource().is_configured()
    assert not SlskdSource({"slskd.url": "  "}).is_configured()
    assert SlskdSource({"slskd.url": URL}).is_configured()


def test_reload_swaps_address_and_key(bench: Bench) -> None:
    """New settings hold from the next call on; what was probed is forgotten."""
    bench.http.get(DOWNLOADS, json=[])
    bench.source.poll_raw()
    other = "http://other.test/api/v0/"
    bench.http.get(other + "application", json=application())
    bench.http.get(other + "options", json=options())
    bench.http.get(other + "transfers/downloads", json=[])
    bench.source.reload_settings(
        {"slskd.url": "http://other.test", "slskd.api_key": "another-key-00000"}
    )
    bench.source.poll_raw()
    requests_seen = bench.http.request_history
    assert requests_seen[-1].hostname == "other.test"
    assert requests_seen[-1].headers["X-API-Key"] == b"another-key-00000"
    assert [request.path for request in requests_seen[-3:]] == [
        "/api/v0/application",
        "/api/v0/options",
        "/api/v0/transfers/downloads",
    ]


def test_reload_with_equal_settings_keeps_the_probe(bench: Bench) -> None:
    """A heartbeat that hands over the same values costs nothing."""
    bench.source.check_connection()
    bench.source.reload_settings({"slskd.url": URL, "slskd.api_key": KEY})
    before = bench.http.call_count
    bench.source.check_connection()
    assert bench.http.call_count == before + 1


def test_reload_while_others_call(bench: Bench) -> None:
    """Calls and reloads from many threads never see half a session."""
    bench.http.get(DOWNLOADS, json=[])
    with ThreadPoolExecutor(4) as pool:
        polls = [pool.submit(bench.source.poll_raw) for _ in range(80)]
        for number in range(50):
            bench.source.reload_settings({"slskd.url": URL, "slskd.api_key": f"{number:020}"})
        assert [poll.result().transfers for poll in polls] == [()] * 80


# -- are you there ---------------------------------------------------------------------------------


def test_check_says_all_is_well(bench: Bench) -> None:
    """Version, account, shares and root, and no code."""
    status = bench.source.check_connection()
    assert (status.ok, status.code, status.fix) == (True, "", "")
    assert (status.version, status.account) == ("0.26.0", "soulspot")
    assert (status.shared_files, status.root) == (120, "/downloads")
    assert status.detail == "slskd 0.26.0 is logged in as soulspot."


def test_check_is_one_request_when_nothing_changed(bench: Bench) -> None:
    """An idle service asks once a minute, and for the options once an hour."""
    bench.source.check_connection()
    first = bench.http.call_count
    for _ in range(30):
        bench.time.now += 60
        bench.source.check_connection()
    assert bench.http.call_count == first + 30
    bench.time.now += 1900
    bench.source.check_connection()
    assert bench.http.call_count == first + 32


def test_options_are_read_again_after_a_reconnect(bench: Bench) -> None:
    """slskd may have been restarted with other options."""
    bench.source.check_connection()
    bench.http.get(API + "application", json=application(logged_in=False))
    assert bench.source.check_connection().code == "offline"
    bench.be("0.26.0", options("/elsewhere"))
    assert bench.source.check_connection().root == "/elsewhere"


def test_options_are_read_again_after_an_outage_and_an_update(bench: Bench) -> None:
    """Whatever came back may be another version."""
    bench.source.check_connection()
    bench.http.get(API + "application", exc=requests.exceptions.ConnectionError)
    assert bench.source.check_connection().code == "unreachable"
    bench.be("0.26.0", options("/second"))
    assert bench.source.check_connection().root == "/second"
    bench.be("0.27.0", options("/third"))
    status = bench.source.check_connection()
    assert (status.version, status.root) == ("0.27.0", "/third")


def test_not_configured(bench: Bench) -> None:
    """Without an address nothing is asked."""
    status = SlskdSource().check_connection()
    assert (status.ok, status.code) == (False, "unconfigured")
    assert status.fix
    assert bench.http.call_count == 0


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"exc": requests.exceptions.ConnectionError}, "unreachable"),
        ({"exc": requests.exceptions.ReadTimeout}, "unreachable"),
        ({"exc": requests.exceptions.SSLError}, "unreachable"),
        ({"status_code": 502, "text": "<html>bad gateway"}, "unreachable"),
        ({"status_code": 500, "json": "database is locked"}, "unreachable"),
        ({"status_code": 401}, "auth"),
        ({"status_code": 403}, "auth"),
        ({"text": "<!doctype html><title>slskd</title>"}, "not_slskd"),
        ({"status_code": 404}, "not_slskd"),
        ({"json": []}, "not_slskd"),
        ({"json": {"appName": "Lidarr"}}, "not_slskd"),
        ({"json": "text"}, "not_slskd"),
    ],
)
def test_check_names_the_trouble(answer: dict[str, Any], code: str, bench: Bench) -> None:
    """Never an exception: a code, a sentence, and how to mend it; the key nowhere."""
    bench.http.get(API + "application", **answer)
    status = bench.source.check_connection()
    assert (status.ok, status.code) == (False, code)
    assert status.detail.endswith(".")
    assert status.fix.endswith(".")
    assert KEY not in repr(status)


@pytest.mark.parametrize(
    ("state", "settings", "ok", "code"),
    [
        ({"server": {"state": "None"}}, {}, False, "offline"),
        ({"server": None}, {}, False, "offline"),
        ({"server": {"isConnected": True, "isLoggedIn": False}}, {}, False, "offline"),
        ({}, {"transfers": {"download": {"destination": {"subdirectory": "{}"}}}}, True, "pattern"),
        ({}, {"retention": {"files": {"complete": 60}}}, True, "retention_deletes_files"),
        ({}, {"transfers": {"download": {"slots": 1}}}, True, "slots"),
        ({"shares": {"files": 0}}, {}, True, "no_shares"),
        ({"shares": {"files": 0, "scanning": True}}, {}, True, ""),
        ({"shares": {}}, {}, True, ""),
    ],
)
def test_check_warns(
    state: dict[str, Any], settings: dict[str, Any], ok: bool, code: str, bench: Bench
) -> None:
    """What makes downloads fail later is told before."""
    bench.http.get(API + "application", json=application(**state))
    bench.http.get(API + "options", json={**options(), **settings})
    status = bench.source.check_connection()
    assert (status.ok, status.code) == (ok, code)
    assert bool(status.fix) is bool(code)


def test_the_worst_problem_names_the_code(bench: Bench) -> None:
    """All sentences are told, the code is the first one's."""
    bench.http.get(API + "application", json=application(logged_in=False, shares={"files": 0}))
    bench.http.get(API + "options", json=options(slots=2))
    status = bench.source.check_connection()
    assert (status.ok, status.code) == (False, "offline")
    assert "slots" in status.fix
    assert "shares nothing" in status.detail


@pytest.mark.parametrize(
    ("settings", "none_answer", "placement"),
    [
        (options(), None, "x"),
        ({"directories": {"downloads": "/d"}}, {"status_code": 400, "json": "not a GUID"}, "x"),
        ({"directories": {"downloads": "/d"}}, {"status_code": 400}, "@@abcde"),
        ({"directories": {"downloads": "/d"}}, {"status_code": 404}, "@@abcde"),
    ],
)
def test_a_build_without_a_version_is_probed(
    settings: dict[str, Any], none_answer: dict[str, Any] | None, placement: str, bench: Bench
) -> None:
    """`0.0.0` says nothing; options or the batch route do."""
    bench.be("0.0.0", settings)
    if none_answer is not None:
        bench.http.get(BATCHES + "/none", **none_answer)
    path = "@@abcde\\x\\1.mp3" if placement == "x" else "@@abcde\\1.mp3"
    bench.http.get(DOWNLOADS, json=groups(transfer(filename=path)))
    assert bench.source.poll_raw().transfers[0].placement == placement
