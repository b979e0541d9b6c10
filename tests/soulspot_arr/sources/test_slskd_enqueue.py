"""Asking slskd for files in batches, and answers that were lost."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from soulspot_arr.domain import Accepted, BatchRequest, FailureKind, OfferFile, Refused
from soulspot_arr.errors import (
    SourceAuth,
    SourceOffline,
    SourceProtocol,
    SourceRefused,
    SourceThrottled,
    SourceUnavailable,
)
from tests.soulspot_arr.sources.asking import (
    DESTINATION,
    KEY,
    LOST,
    ONE,
    PEER,
    RUNNING,
    T1,
    T2,
    TWO,
    ask,
    batch,
    transfer,
    user,
)
from tests.soulspot_arr.sources.conftest import BATCHES, DOWNLOADS, Bench, options


def test_E01_a_batch(bench: Bench) -> None:
    """Our key, exact sizes, the destination; every file with its reference and folder."""
    bench.http.post(BATCHES, status_code=201, json={"batch": batch(T1, T2), "failures": []})
    receipt = bench.source.download_raw(ask())
    assert receipt.batch_key == KEY
    assert receipt.accepted == (Accepted(ONE, "t1", DESTINATION), Accepted(TWO, "t2", DESTINATION))
    assert receipt.refused == ()
    [sent] = bench.sent("POST")
    assert sent.json() == {
        "id": KEY,
        "username": "peer one",
        "files": [{"filename": ONE, "size": 10}, {"filename": TWO, "size": 10}],
        "options": {"destination": DESTINATION},
    }
    assert sent.timeout == (5.0, 75.0)


def test_E09_options_are_never_null(bench: Bench) -> None:
    """Without a destination they are an empty object, and the pattern decides."""
    bench.http.post(BATCHES, status_code=201, json={"batch": batch(T1), "failures": []})
    receipt = bench.source.download_raw(ask(ONE, destination=""))
    assert bench.sent("POST")[0].json()["options"] == {}
    assert receipt.accepted[0].placement == "Album [FLAC]"


@pytest.mark.parametrize(
    ("root", "pattern", "destination", "placement"),
    [
        ("D:\\dl", "${SOURCE_DIRECTORY}", "soulspot/a:b", "soulspot/a_b"),
        ("/downloads", "{}", "soulspot/x", ""),
        ("/downloads", "${BATCH_ID}", "", KEY),
        (
            "/downloads",
            "${SOURCE_USERNAME}/${SOURCE_PATH}",
            "",
            "peer one/Music/Artist/Album [FLAC]",
        ),
    ],
)
def test_placement_is_told_with_the_receipt(
    root: str, pattern: str, destination: str, placement: str, bench: Bench
) -> None:
    """As this slskd will do it: host, pattern and destination."""
    bench.be("0.26.0", options(root, destination={"subdirectory": pattern}))
    bench.http.post(BATCHES, status_code=201, json={"batch": batch(T1), "failures": []})
    receipt = bench.source.download_raw(ask(ONE, destination=destination))
    assert receipt.accepted[0].placement == placement


@pytest.mark.parametrize("status", [200, 207])
def test_E02_E03_a_running_transfer_is_as_good_as_a_new_one(status: int, bench: Bench) -> None:
    """`Already in progress`: the transfer that runs is looked up, with its own folder."""
    elsewhere = transfer(TWO, "x2", "InProgress", batchId="other")
    bench.http.post(
        BATCHES,
        status_code=status,
        json={"batch": batch(T1), "failures": [{"filename": TWO, "message": RUNNING}]},
    )
    bench.http.get(PEER, json=user(T1, elsewhere))
    bench.http.get(BATCHES + "/other", json={"id": "other", "options": {"destination": "theirs"}})
    receipt = bench.source.download_raw(ask())
    assert receipt.accepted == (
        Accepted(ONE, "t1", DESTINATION),
        Accepted(TWO, "x2", "theirs", adopted=True),
    )


@pytest.mark.parametrize(
    "listing",
    [
        {"status_code": 404},
        {"json": user()},
        {"json": user(transfer(TWO, "old", "Completed, Rejected"))},
        {"json": user(transfer(TWO.upper(), "x"))},
    ],
)
def test_a_file_that_was_not_recorded_is_refused(listing: dict[str, Any], bench: Bench) -> None:
    """Nothing is invented when no such transfer runs."""
    bench.http.post(
        BATCHES,
        status_code=207,
        json={"batch": batch(T1), "failures": [{"filename": TWO, "message": RUNNING}]},
    )
    bench.http.get(PEER, **listing)
    receipt = bench.source.download_raw(ask())
    assert [item.path for item in receipt.accepted] == [ONE]
    assert receipt.refused == (Refused(TWO, FailureKind.BROKEN, RUNNING),)


@pytest.mark.parametrize("peer", ["batches", "all", ".", ".."])
def test_names_that_collide_with_routes_use_the_full_list(peer: str, bench: Bench) -> None:
    """`GET downloads/batches` may not be that user's list."""
    running = transfer(ONE, "x1", username=peer)
    bench.http.post(
        BATCHES, json={"batch": batch(), "failures": [{"filename": ONE, "message": RUNNING}]}
    )
    bench.http.get(DOWNLOADS, json=[user(running, peer=peer), user(transfer(ONE, "y1"))])
    receipt = bench.source.download_raw(ask(ONE, peer=peer))
    assert [item.ref for item in receipt.accepted] == ["x1"]


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (404, "User bob appears to be offline", "peer_offline"),
        (404, None, "peer_offline"),
        (400, "Two or more files in the request are repeated", "rejected"),
        (500, "Failed to establish a direct or indirect message connection to bob (1.2.3.4:5)", "network"),
        (500, "User bob appears to be offline", "peer_offline"),
        (500, "Object reference not set to an instance of an object.", "broken"),
    ],
)  # fmt: skip
def test_E05_E06_E08_refusals(status: int, body: str | None, kind: str, bench: Bench) -> None:
    """Each with the kind that says what may follow."""
    answer: dict[str, Any] = {"json": body} if body else {}
    bench.http.post(BATCHES, status_code=status, **answer)
    with pytest.raises(SourceRefused) as caught:
        bench.source.download_raw(ask())
    assert caught.value.kind == kind
    assert bench.http.request_history[-1].method == "POST"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"status_code": 500, "json": "The server connection must be connected and logged in to x"}, SourceOffline),
        ({"status_code": 500, "json": "SQLite Error 5: 'database is locked'."}, SourceUnavailable),
        ({"status_code": 500}, SourceUnavailable),
        ({"status_code": 401}, SourceAuth),
        ({"status_code": 429, "json": "Only one concurrent operation"}, SourceThrottled),
        ({"status_code": 415}, SourceProtocol),
        ({"status_code": 201, "json": []}, SourceProtocol),
        ({"status_code": 201, "json": {"batch": None}}, SourceProtocol),
        ({"status_code": 200, "text": "<html>"}, SourceProtocol),
        ({"exc": requests.exceptions.ConnectTimeout}, SourceUnavailable),
    ],
)  # fmt: skip
def test_E07_E11_troubles_of_slskd(
    answer: dict[str, Any], error: type[Exception], bench: Bench
) -> None:
    """Not the peer's fault: the request may be repeated as it is."""
    bench.http.post(BATCHES, **answer)
    with pytest.raises(error):
        bench.source.download_raw(ask())


def test_E04_the_same_key_again_is_the_same_request(bench: Bench) -> None:
    """The batch that exists is the receipt."""
    bench.http.post(BATCHES, status_code=409, json="A batch with that id already exists")
    bench.http.get(f"{BATCHES}/{KEY}", json=batch(T1, T2))
    receipt = bench.source.download_raw(ask())
    assert receipt.accepted == (Accepted(ONE, "t1", DESTINATION), Accepted(TWO, "t2", DESTINATION))


@pytest.mark.parametrize("held", [batch(), batch(transfer(ONE, "t1", removed=True)), {"id": KEY}])
def test_E06_an_empty_batch_needs_a_new_key(held: dict[str, Any], bench: Bench) -> None:
    """A failed connect burns the id for ever (contract slskd §5.3)."""
    bench.http.post(BATCHES, status_code=409, json="exists")
    bench.http.get(f"{BATCHES}/{KEY}", json=held)
    bench.http.get(PEER, status_code=404)
    with pytest.raises(SourceRefused) as caught:
        bench.source.download_raw(ask())
    assert (caught.value.kind, caught.value.data["spent_key"]) == ("broken", KEY)
    assert sum(bench.time.slept) < 5


def test_E03_E04_the_same_key_when_all_were_running(bench: Bench) -> None:
    """The batch is empty because nothing was left to record: what runs is the receipt."""
    bench.http.post(BATCHES, status_code=409, json="exists")
    bench.http.get(f"{BATCHES}/{KEY}", json=batch())
    bench.http.get(PEER, json=user(transfer(ONE, "x1"), transfer(TWO, "x2")))
    assert [item.ref for item in bench.source.download_raw(ask()).accepted] == ["x1", "x2"]


@pytest.mark.parametrize("lost", LOST)
def test_E12_a_lost_answer_is_looked_up(lost: dict[str, Any], bench: Bench) -> None:
    """slskd carried on: the batch appears, then its transfers, one by one."""
    bench.http.post(BATCHES, **lost)
    bench.http.get(
        f"{BATCHES}/{KEY}",
        [
            {"status_code": 404},
            {"json": batch()},
            {"json": batch(T1)},
            {"json": batch(T1, T2)},
        ],
    )
    receipt = bench.source.download_raw(ask())
    assert [item.ref for item in receipt.accepted] == ["t1", "t2"]
    assert len(bench.sent("POST")) == 1


def test_E12_part_of_a_lost_answer(bench: Bench) -> None:
    """When the batch no longer grows, the rest was not taken."""
    bench.http.post(BATCHES, exc=requests.exceptions.ReadTimeout)
    bench.http.get(f"{BATCHES}/{KEY}", json=batch(T1))
    bench.http.get(PEER, json=user(T1))
    receipt = bench.source.download_raw(ask())
    assert [item.path for item in receipt.accepted] == [ONE]
    assert [item.path for item in receipt.refused] == [TWO]


def test_a_lost_request_may_be_repeated(bench: Bench) -> None:
    """No batch appears: slskd never saw it, the same key is still good."""
    bench.http.post(BATCHES, exc=requests.exceptions.ConnectionError)
    bench.http.get(f"{BATCHES}/{KEY}", status_code=404)
    with pytest.raises(SourceUnavailable):
        bench.source.download_raw(ask())
    assert 15 <= sum(bench.time.slept) <= 25


def test_a_lost_request_to_a_dead_peer(bench: Bench) -> None:
    """The batch exists and stays empty: the peer was not reached."""
    bench.http.post(BATCHES, exc=requests.exceptions.ReadTimeout)
    bench.http.get(f"{BATCHES}/{KEY}", json=batch())
    bench.http.get(PEER, status_code=404)
    with pytest.raises(SourceRefused) as caught:
        bench.source.download_raw(ask())
    assert caught.value.kind == "broken"


@pytest.mark.parametrize(
    "path",
    [
        "Music\\..\\x.mp3",
        "Music/./x.mp3",
        "..\\x.mp3",
        "Music\\..",
        "Mu\0sic\\x.mp3",
        "a/../../b.mp3",
    ],
)
@pytest.mark.parametrize("version", ["0.26.0", "0.22.0"])
def test_E08_climbing_paths_are_refused_before_any_request(
    path: str, version: str, bench: Bench
) -> None:
    """slskd would refuse the whole request; older versions would not."""
    bench.be(version)
    with pytest.raises(SourceRefused) as caught:
        bench.source.download_raw(ask(ONE, path))
    assert caught.value.kind == "rejected"
    assert bench.sent("POST") == []


def test_three_dots_are_a_name(bench: Bench) -> None:
    """`...` climbs nowhere."""
    path = "Music\\...\\01.mp3"
    bench.http.post(BATCHES, status_code=201, json={"batch": batch(transfer(path, "t1"))})
    assert bench.source.download_raw(ask(path)).accepted[0].ref == "t1"


def test_the_locator_is_what_is_asked_for(bench: Bench) -> None:
    """The core's path comes back, slskd's name goes out; doubles are asked once."""
    bench.http.post(BATCHES, status_code=201, json={"batch": batch(T1)})
    files = (OfferFile(ONE, "shown", 10), OfferFile(ONE, "shown", 10))
    receipt = bench.source.download_raw(BatchRequest(KEY, "peer one", files, DESTINATION))
    assert [item.path for item in receipt.accepted] == ["shown"]
    assert bench.sent("POST")[0].json()["files"] == [{"filename": ONE, "size": 10}]


def test_nothing_is_asked_for_nothing(bench: Bench) -> None:
    """An empty request is an empty receipt."""
    receipt = bench.source.download_raw(BatchRequest(KEY, "bob", (), ""))
    assert (receipt.accepted, receipt.refused) == ((), ())
    assert bench.sent("POST") == []


def test_our_own_batch_is_known_to_the_poll(bench: Bench) -> None:
    """The destination of a receipt is remembered, not asked for."""
    bench.http.post(BATCHES, status_code=201, json={"batch": batch(T1, T2)})
    bench.source.download_raw(ask())
    bench.http.get(DOWNLOADS, json=[user(T1)])
    assert bench.source.poll_raw().transfers[0].placement == DESTINATION
    assert bench.sent("GET", "/batches/") == []
