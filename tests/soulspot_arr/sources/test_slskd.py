"""The slskd source: settings, connection check, polling and cancelling."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from soulspot_arr.domain import FailureKind, TransferRef, TransferState
from soulspot_arr.errors import SourceAuth, SourceProtocol, SourceUnavailable
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
    options,
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


# -- polling ---------------------------------------------------------------------------------------


def transfer(**fields: Any) -> dict[str, Any]:
    """One transfer of the list."""
    return {
        "id": ID,
        "username": "bob",
        "direction": "Download",
        "filename": "@@abcde\\Music\\Album\\01.flac",
        "size": 100,
        "state": "InProgress",
        "requestedAt": "2026-08-22T18:10:00.2",
        "bytesTransferred": 73,
        "averageSpeed": 1048576.5,
        "attempts": 1,
        **fields,
    }


def groups(*transfers: dict[str, Any]) -> list[dict[str, Any]]:
    """The list as slskd groups it."""
    return [
        {
            "username": item["username"],
            "directories": [{"directory": "d", "fileCount": 1, "files": [item]}],
        }
        for item in transfers
    ]


def test_poll_is_one_request(bench: Bench) -> None:
    """After the first look nothing but the list is read."""
    bench.http.get(DOWNLOADS, json=groups(transfer()))
    bench.source.poll_raw()
    before = bench.http.call_count
    snapshot = bench.source.poll_raw()
    assert bench.http.call_count == before + 1
    assert snapshot.at == datetime(2026, 8, 22, 18, 0, tzinfo=UTC)
    [found] = snapshot.transfers
    assert (found.ref, found.peer, found.path) == (ID, "bob", "@@abcde\\Music\\Album\\01.flac")
    assert (found.state, found.size, found.bytes_done) == (TransferState.ACTIVE, 100, 73)
    assert (found.speed, found.placement, found.batch_key) == (1048576.0, "Album", None)
    assert found.since == datetime(2026, 8, 22, 18, 10, 0, 200000, UTC)


def test_poll_asks_once_about_an_unknown_batch(bench: Bench) -> None:
    """A batch from before our own start still tells where its files go."""
    bench.http.get(
        DOWNLOADS, json=groups(transfer(batchId=BATCH.upper()), transfer(id=ID2, batchId=BATCH))
    )
    bench.http.get(
        f"{BATCHES}/{BATCH}", json={"id": BATCH, "options": {"destination": "soulspot/x\\CD1"}}
    )
    for _ in range(3):
        first, second = bench.source.poll_raw().transfers
        assert (first.placement, second.placement) == ("soulspot/x/CD1", "soulspot/x/CD1")
        assert first.batch_key == BATCH
    assert len(bench.sent("GET", "/batches/")) == 1


@pytest.mark.parametrize(
    ("answer", "placement", "asked"),
    [
        ({"status_code": 404}, "Album", 1),
        ({"json": {"id": BATCH, "options": {}}}, "Album", 1),
        ({"json": {"id": BATCH}}, "Album", 1),
        ({"status_code": 500, "json": "locked"}, None, 6),
        ({"status_code": 400}, "Album", 1),
    ],
)
def test_batches_that_tell_nothing(
    answer: dict[str, Any], placement: str | None, asked: int, bench: Bench
) -> None:
    """Gone or without a folder: by the pattern. Not answered: not known yet, asked again."""
    bench.http.get(DOWNLOADS, json=groups(transfer(batchId=BATCH)))
    bench.http.get(f"{BATCHES}/{BATCH}", **answer)
    for _ in range(2):
        assert bench.source.poll_raw().transfers[0].placement == placement
    assert len(bench.sent("GET", "/batches/")) == asked


def test_a_poll_asks_about_few_batches(bench: Bench) -> None:
    """Others may have queued thousands: unfinished ones first, the rest in later polls."""
    many = [
        transfer(id=str(number), batchId=f"b{number}", state="Completed, Succeeded")
        for number in range(60)
    ]
    running = transfer(id="live", batchId="live")
    bench.http.get(DOWNLOADS, json=groups(*many, running))
    for number in range(60):
        bench.http.get(f"{BATCHES}/b{number}", json={"options": {"destination": f"d{number}"}})
    bench.http.get(f"{BATCHES}/live", json={"options": {"destination": "mine"}})
    found = {item.ref: item for item in bench.source.poll_raw().transfers}
    assert found["live"].placement == "mine"
    assert len(bench.sent("GET", "/batches/")) == 25
    for _ in range(2):
        found = {item.ref: item for item in bench.source.poll_raw().transfers}
    assert found["59"].placement == "d59"


def test_I02_pattern_of_braces_asks_about_nothing(bench: Bench) -> None:
    """Everything lands in the root, whatever the batches say."""
    bench.be("0.26.0", options(destination={"subdirectory": "{}"}))
    bench.http.get(DOWNLOADS, json=groups(transfer(batchId=BATCH)))
    assert bench.source.poll_raw().transfers[0].placement == ""
    assert bench.sent("GET", "/batches/") == []


def test_unknown_search_tokens_are_not_guessed(bench: Bench) -> None:
    """Somebody else's batch may name a search whose text goes into the folder."""
    bench.be("0.26.0", options(destination={"subdirectory": "${SEARCH_TEXT}/x"}))
    bench.http.get(DOWNLOADS, json=groups(transfer(batchId=BATCH), transfer(id=ID2)))
    bench.http.get(f"{BATCHES}/{BATCH}", json={"id": BATCH, "searchId": ID})
    named, free = bench.source.poll_raw().transfers
    assert (named.placement, free.placement) == (None, "unknown_search_text/x")


def test_finality_needs_the_configured_attempts(bench: Bench) -> None:
    """The number of attempts is slskd's setting."""
    bench.be("0.26.0", options(retry={"attempts": 2}))
    failed = transfer(state="Completed, Errored", attempts=2, exception="Transfer failed: closed")
    bench.http.get(DOWNLOADS, json=groups(failed))
    [found] = bench.source.poll_raw().transfers
    assert (found.state, found.failure) == (TransferState.FAILED, FailureKind.BROKEN)


def test_before_0_26_an_error_is_final_at_once(bench: Bench) -> None:
    """Older versions do not try again."""
    bench.be("0.25.1", {"directories": {"downloads": "/d"}})
    bench.http.get(DOWNLOADS, json=groups(transfer(state="Completed, Errored", attempts=0)))
    [found] = bench.source.poll_raw().transfers
    assert (found.state, found.placement) == (TransferState.FAILED, "Album")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"json": {"x": 1}}, SourceProtocol),
        ({"json": None}, SourceProtocol),
        ({"status_code": 404}, SourceProtocol),
        ({"text": "<html>"}, SourceProtocol),
        ({"content": b'[{"username": "b'}, SourceUnavailable),
        ({"status_code": 401}, SourceAuth),
        ({"status_code": 500, "json": "locked"}, SourceUnavailable),
    ],
)
def test_poll_trouble(answer: dict[str, Any], error: type[Exception], bench: Bench) -> None:
    """A bad list is an error, never an empty snapshot."""
    bench.http.get(DOWNLOADS, **answer)
    with pytest.raises(error):
        bench.source.poll_raw()


@pytest.mark.parametrize(
    "rubbish",
    [
        [
            None,
            5,
            "x",
            {},
            {"directories": None},
            {"username": "b", "directories": [None, {"files": [1]}]},
        ],
        groups(transfer(id=None), transfer(filename=None)),
        [],
    ],
)
def test_poll_survives_rubbish(rubbish: list[Any], bench: Bench) -> None:
    """Every field is optional."""
    bench.http.get(DOWNLOADS, json=rubbish)
    assert bench.source.poll_raw().transfers == ()


def test_an_old_probe_beats_none(bench: Bench) -> None:
    """When the options cannot be read again, the ones known stay good."""
    bench.http.get(DOWNLOADS, json=groups(transfer()))
    bench.source.poll_raw()
    bench.time.now += 4000
    bench.http.get(API + "options", status_code=500, json="locked")
    assert bench.source.poll_raw().transfers[0].placement == "Album"


# -- cancelling ------------------------------------------------------------------------------------


def test_cancel_sends_one_delete_per_id(bench: Bench) -> None:
    """Names quoted, nothing removed, nothing else touched."""
    bench.http.delete(requests_any(), status_code=204)
    bench.source.cancel_raw([TransferRef("a/b c", ID), TransferRef("..", ID2)])
    assert [request.url for request in bench.sent("DELETE")] == [
        f"{DOWNLOADS}/a%2Fb%20c/{ID}",
        f"{DOWNLOADS}/-/{ID2}",
    ]


def requests_any() -> Any:
    """Matches every address of the transfers."""
    import re

    return re.compile(re.escape(DOWNLOADS))


@pytest.mark.parametrize("ref", ["completed", "", "../..", "all/completed", "7"])
def test_cancel_sends_ids_only(ref: str, bench: Bench) -> None:
    """`DELETE downloads/all/completed` would remove everybody's downloads."""
    bench.source.cancel_raw([TransferRef("all", ref)], forget=True)
    assert bench.http.call_count == 0


@pytest.mark.parametrize(
    "answer", [{"status_code": 204}, {"status_code": 404}, {"status_code": 400}]
)
def test_cancel_is_idempotent(answer: dict[str, Any], bench: Bench) -> None:
    """Unknown and ended transfers are fine."""
    bench.http.delete(requests_any(), **answer)
    bench.source.cancel_raw([TransferRef("bob", ID)])
    assert len(bench.sent("DELETE")) == 1


def test_G02_forget_waits_for_the_end(bench: Bench) -> None:
    """Removing a running transfer only cancels it: once more when it is over."""
    bench.http.delete(requests_any(), status_code=204)
    bench.http.get(
        f"{DOWNLOADS}/bob/{ID}",
        [
            {"json": transfer(state="InProgress")},
            {"json": transfer(state="InProgress")},
            {"json": transfer(state="Completed, Cancelled")},
        ],
    )
    bench.source.cancel_raw([TransferRef("bob", ID)], forget=True)
    assert [request.query for request in bench.sent("DELETE")] == ["remove=true", "remove=true"]
    assert len(bench.sent("GET")) == 3


@pytest.mark.parametrize(
    "answer",
    [{"json": transfer(state="Completed, Succeeded", removed=True)}, {"status_code": 404}],
)
def test_forget_of_an_ended_one_is_done_at_once(answer: dict[str, Any], bench: Bench) -> None:
    """Already hidden or unknown: nothing more to do."""
    bench.http.delete(requests_any(), status_code=204)
    bench.http.get(f"{DOWNLOADS}/bob/{ID}", **answer)
    bench.source.cancel_raw([TransferRef("bob", ID)], forget=True)
    assert len(bench.sent("DELETE")) == 1
    assert bench.time.slept == []


def test_forget_is_bounded(bench: Bench) -> None:
    """A transfer that never ends costs five seconds."""
    bench.http.delete(requests_any(), status_code=204)
    bench.http.get(f"{DOWNLOADS}/-/{ID}", json=transfer())
    bench.source.cancel_raw([TransferRef("batches", ID)], forget=True)
    assert 4.5 <= sum(bench.time.slept) <= 6


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"status_code": 401}, SourceAuth),
        ({"status_code": 500, "json": "locked"}, SourceUnavailable),
        ({"exc": requests.exceptions.ConnectionError}, SourceUnavailable),
        ({"status_code": 415}, SourceProtocol),
    ],
)
def test_cancel_trouble(answer: dict[str, Any], error: type[Exception], bench: Bench) -> None:
    """What could not be asked is told."""
    bench.http.delete(requests_any(), **answer)
    with pytest.raises(error):
        bench.source.cancel_raw([TransferRef("bob", ID)])
