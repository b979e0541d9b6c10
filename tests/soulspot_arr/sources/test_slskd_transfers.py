"""Polling and cancelling through the slskd source."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from soulspot_arr.domain import FailureKind, TransferRef, TransferState
from soulspot_arr.errors import SourceAuth, SourceProtocol, SourceUnavailable
from soulspot_arr.sources.slskd_enqueue import Destinations
from soulspot_arr.sources.slskd_http import Address, SlskdHttp
from soulspot_arr.sources.slskd_records import record
from soulspot_arr.sources.slskd_wire import Abilities
from tests.soulspot_arr.sources.conftest import (
    API,
    BATCHES,
    DOWNLOADS,
    URL,
    Bench,
    groups,
    options,
    transfer,
)

ID = "11111111-1111-4111-8111-111111111111"
ID2 = "22222222-2222-4222-8222-222222222222"
BATCH = "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb"


# -- polling ---------------------------------------------------------------------------------------


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


def test_the_memory_of_batches_is_bounded(bench: Bench) -> None:
    """Years of batches do not pile up: the oldest is asked about again."""
    destinations = Destinations()
    for number in range(5_001):
        destinations.remember(f"b{number}", f"d{number}")
    http = SlskdHttp(Address(URL))
    bench.http.get(f"{BATCHES}/b0", json={"options": {"destination": "again"}})
    found = [
        item
        for number in (0, 5_000)
        if (item := record(transfer(id=f"r{number}", batchId=f"b{number}"))) is not None
    ]
    placements = destinations.placements(http, found, able=Abilities(root="/d"))
    assert placements == {"r0": "again", "r5000": "d5000"}
    assert len(bench.sent("GET", "/batches/")) == 1


def test_I02_pattern_of_braces_asks_about_nothing(bench: Bench) -> None:
    """Everything lands in the root, whatever the batches say."""
    bench.be("0.26.0", options(destination={"subdirectory": "{}"}))
    bench.http.get(DOWNLOADS, json=groups(transfer(batchId=BATCH)))
    assert bench.source.poll_raw().transfers[0].placement == ""
    assert bench.sent("GET", "/batches/") == []


def test_what_came_before_a_downgrade_stays_where_it_is() -> None:
    """An old slskd does not know batches; what has a new id since is fetched by its own rules."""
    destinations, http = Destinations(), SlskdHttp(Address(URL))
    destinations.remember(BATCH, "ours")
    new, old = Abilities(root="/d"), Abilities(root="/d", batches=False)
    before = record(transfer(id="came", batchId=BATCH))
    assert before is not None
    assert destinations.placements(http, [before], able=new) == {"came": "ours"}
    lists = [  # with the field of 0.25, and without it
        [transfer(id="came", batchId=BATCH), transfer(id="again", batchId=None)],
        [transfer(id="came"), transfer(id="again")],
    ]
    for listed in lists:
        found = [item for raw in listed if (item := record(raw)) is not None]
        told = destinations.placements(http, found, able=old)
        assert told == {"came": "ours", "again": "Album"}
    unseen = record(transfer(id="never seen", batchId=ID))
    assert unseen is not None
    told = destinations.placements(http, [unseen], able=old)
    assert told == {"never seen": None}, "whoever asked for it knows better"


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
    assert (found.state, found.failure) == (TransferState.FAILED, FailureKind.NETWORK)


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
