"""Asking for files before 0.26, when there were no batches."""

from __future__ import annotations

from typing import Any

import pytest

from soulspot_arr.domain import Accepted, FailureKind, Refused
from soulspot_arr.errors import (
    SourceOffline,
    SourceRefused,
)
from tests.soulspot_arr.sources.asking import LOST, ONE, PEER, RUNNING, TWO, ask, transfer, user
from tests.soulspot_arr.sources.conftest import Bench

OLD_T1, OLD_T2 = transfer(ONE, "t1"), transfer(TWO, "t2")


@pytest.fixture
def old(bench: Bench) -> Bench:
    """A slskd without batches whose peer has nothing yet."""
    bench.be("0.25.1", {"directories": {"downloads": "/downloads"}})
    bench.http.get(PEER, status_code=404)
    return bench


def test_legacy_request_and_receipt(old: Bench) -> None:
    """An array of names and sizes; the folder is the immediate parent."""
    old.http.post(PEER, status_code=201, json={"enqueued": [OLD_T1, OLD_T2], "failed": []})
    receipt = old.source.download_raw(ask())
    assert receipt.batch_key is None
    assert receipt.accepted == (
        Accepted(ONE, "t1", "Album [FLAC]"),
        Accepted(TWO, "t2", "Album [FLAC]"),
    )
    assert old.sent("POST")[0].json() == [
        {"filename": ONE, "size": 10},
        {"filename": TWO, "size": 10},
    ]


@pytest.mark.parametrize(
    ("failed", "message"),
    [
        ([TWO], "slskd did not record the file"),
        ([{}], "slskd did not record the file"),
        ([{"filename": TWO, "message": RUNNING}], RUNNING),
        (None, "slskd did not record the file"),
    ],
)
def test_E13_failures_are_what_is_not_enqueued(failed: object, message: str, old: Bench) -> None:
    """The shape of `failed` differs by version and is not trusted."""
    old.http.post(PEER, status_code=201, json={"enqueued": [OLD_T1], "failed": failed})
    receipt = old.source.download_raw(ask())
    assert [item.ref for item in receipt.accepted] == ["t1"]
    assert receipt.refused == (Refused(TWO, FailureKind.BROKEN, message),)


def test_E13_all_failed_because_they_run(old: Bench) -> None:
    """201 with nothing enqueued: the running ones are found in the list."""
    old.http.post(PEER, status_code=201, json={"enqueued": [], "failed": [{}, {}]})
    old.http.get(PEER, json=user(OLD_T1, OLD_T2))
    receipt = old.source.download_raw(ask())
    assert [item.ref for item in receipt.accepted] == ["t1", "t2"]


def test_E13_an_empty_201_is_looked_up(old: Bench) -> None:
    """Up to 0.23 the answer has no body; what is new in the list is ours."""
    finished = transfer(TWO, "earlier", "Completed, Succeeded")
    refused = transfer(TWO, "t2", "Completed, Rejected", requestedAt="2026-08-22T19:00:00")
    old.http.post(PEER, status_code=201)
    old.http.get(PEER, [{"json": user(finished)}, {"json": user(finished, OLD_T1, refused)}])
    receipt = old.source.download_raw(ask())
    assert [item.ref for item in receipt.accepted] == ["t1", "t2"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("User peer one appears to be offline", "peer_offline"),
        ("One or more errors occurred. (User peer one appears to be offline)", "peer_offline"),
        ("Two or more files in request are duplicated", "broken"),
    ],
)
def test_E14_legacy_500(text: str, kind: str, old: Bench) -> None:
    """On this route every problem of the peer is a 500."""
    old.http.post(PEER, status_code=500, json=text)
    with pytest.raises(SourceRefused) as caught:
        old.source.download_raw(ask())
    assert caught.value.kind == kind


def test_legacy_500_although_some_were_queued(old: Bench) -> None:
    """Up to 0.23 one refused file makes the whole answer an error."""
    old.http.post(PEER, status_code=500, json="One or more errors occurred. (Transfer rejected: x)")
    old.http.get(PEER, [{"status_code": 404}, {"json": user(OLD_T1)}])
    receipt = old.source.download_raw(ask())
    assert [item.ref for item in receipt.accepted] == ["t1"]
    assert [item.path for item in receipt.refused] == [TWO]


def test_legacy_500_that_is_slskds_own(old: Bench) -> None:
    """Not connected: nobody else is to blame."""
    text = "The server connection must be connected and logged in to download files"
    old.http.post(PEER, status_code=500, json=text)
    with pytest.raises(SourceOffline):
        old.source.download_raw(ask())


@pytest.mark.parametrize("lost", LOST[:2])
def test_legacy_time_out_goes_on_without_us(lost: dict[str, Any], old: Bench) -> None:
    """Up to 0.23 slskd queues file after file: those not listed yet are still coming."""
    old.http.post(PEER, **lost)
    old.http.get(PEER, [{"status_code": 404}, {"json": user(OLD_T1)}])
    receipt = old.source.download_raw(ask())
    assert receipt.accepted == (
        Accepted(ONE, "t1", "Album [FLAC]"),
        Accepted(TWO, None, "Album [FLAC]"),
    )


def test_legacy_400_in_every_shape(old: Bench) -> None:
    """0.21 sends ProblemDetails, later versions strings."""
    old.http.post(PEER, status_code=400, json={"title": "One or more validation errors occurred."})
    with pytest.raises(SourceRefused, match="validation errors") as caught:
        old.source.download_raw(ask())
    assert caught.value.kind == "rejected"


@pytest.mark.parametrize("peer", [".", ".."])
def test_legacy_cannot_address_dots(peer: str, old: Bench) -> None:
    """The address would be normalised away."""
    with pytest.raises(SourceRefused):
        old.source.download_raw(ask(peer=peer))
    assert old.sent("POST") == []
