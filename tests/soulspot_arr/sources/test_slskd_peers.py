"""Presence of a peer, and our place in its queue, as slskd tells them (contract slskd §4, §5.12)."""

from __future__ import annotations

import pytest
import requests

from soulspot_arr.domain import TransferRef
from soulspot_arr.errors import SourceError, SourceOffline, SourceUnavailable
from tests.soulspot_arr.sources.conftest import API, Bench

REF = TransferRef("peer / one", "0b7e0a52-3f1d-4a52-9a53-4d9f5a4f2f0e")
STATUS = f"{API}users/peer%20%2F%20one/status"
POSITION = f"{API}transfers/downloads/peer%20%2F%20one/{REF.ref}/position"


@pytest.mark.parametrize(
    ("body", "there"),
    [
        ({"isPrivileged": False, "presence": "Online"}, True),
        ({"presence": "Away"}, True),
        ({"presence": "Offline"}, False),
        ({"presence": None}, None),
        ({}, None),
        ([], None),
    ],
)
def test_presence(bench: Bench, body: object, there: bool | None) -> None:
    """Who is away shares all the same; a field that is missing says nothing."""
    bench.http.get(STATUS, json=body)
    assert bench.source.online_raw(REF.peer, seconds=5) is there


def test_a_name_on_slskds_own_blacklist_is_not_there(bench: Bench) -> None:
    """404 without a body (contract slskd §4)."""
    bench.http.get(STATUS, status_code=404)
    assert bench.source.online_raw(REF.peer, seconds=5) is False


def test_a_server_that_does_not_answer_says_nothing(bench: Bench) -> None:
    """500 with a time-out text, or no answer at all in our time."""
    bench.http.get(STATUS, status_code=500, json="The wait timed out after 5000 milliseconds")
    assert bench.source.online_raw(REF.peer, seconds=5) is None
    bench.http.get(STATUS, exc=requests.exceptions.ReadTimeout)
    assert bench.source.online_raw(REF.peer, seconds=5) is None


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (
            {
                "status_code": 500,
                "json": "The server connection must be connected and logged in to get user status",
            },
            SourceOffline,
        ),
        ({"exc": requests.exceptions.ConnectionError("refused")}, SourceUnavailable),
    ],
)
def test_an_outage_is_no_news_of_the_peer(
    bench: Bench, answer: dict[str, object], error: type[SourceError]
) -> None:
    """Nobody is thought offline because we are."""
    bench.http.get(STATUS, **answer)  # type: ignore[arg-type]
    with pytest.raises(error):
        bench.source.online_raw(REF.peer, seconds=5)


@pytest.mark.parametrize(
    ("answer", "place"),
    [
        ({"json": 17}, 17),
        ({"json": 0}, 0),
        ({"json": 12.0}, 12),
        ({"json": -3}, None),
        ({"json": 10**12}, None),
        ({"json": True}, None),
        ({"json": "17"}, None),
        ({"status_code": 404}, None),
        ({"status_code": 500, "json": "User x appears to be offline"}, None),
    ],
)
def test_place(bench: Bench, answer: dict[str, object], place: int | None) -> None:
    """An estimate of the peer, which may be nonsense."""
    bench.http.get(POSITION, **answer)  # type: ignore[arg-type]
    assert bench.source.place_raw(REF, seconds=5) == place


def test_only_what_is_a_reference_is_asked_for(bench: Bench) -> None:
    """No request at all for anything else, and none for names that no route can carry."""
    assert bench.source.place_raw(TransferRef("p", "all/completed"), seconds=5) is None
    assert bench.source.online_raw("..", seconds=5) is None
    assert bench.http.request_history == []
