"""What is left at slskd: batches of others, and searches of processes that were killed."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import requests
import requests_mock

from soulspot_arr.errors import SourceRefused, SourceUnavailable
from soulspot_arr.sources import SearchLimits
from tests.soulspot_arr.sources.conftest import (
    API,
    BATCHES,
    DOWNLOADS,
    KEY,
    URL,
    Bench,
    application,
    groups,
    transfer,
)


def batch_id(number: int) -> str:
    """The id of one foreign batch."""
    return f"aaaaaaaa-0000-4000-8000-{number:012}"


def left(
    count: int, ended: str, state: str = "Completed, Succeeded"
) -> Iterator[dict[str, object]]:
    """Records of a batch each, as somebody else left them."""
    for number in range(count):
        yield transfer(
            id=f"id{number}",
            filename=f"a\\{number}.mp3",
            state=state,
            batchId=batch_id(number),
            endedAt=ended or None,
            requestedAt="2026-08-22T10:00:00",
        )


def asked(bench: Bench, polls: int) -> int:
    """How many batches are looked up in so many polls."""
    for _ in range(polls):
        bench.source.poll_raw()
    return len(bench.sent("GET", "/batches/"))


def test_S4_old_records_of_others_are_never_looked_up(bench: Bench) -> None:
    """10,000 of them, which slskd keeps for ever, cost no request beyond the list itself."""
    bench.http.get(DOWNLOADS, json=groups(*left(10_000, "2026-08-22T11:00:00Z")))
    assert asked(bench, 3) == 0
    assert len(bench.sent("GET", "/transfers/downloads")) == 3


@pytest.mark.parametrize(
    ("ended", "state"),
    [("2026-08-22T17:30:00Z", "Completed, Succeeded"), ("", "Queued, Remotely")],
)
def test_S4_what_is_new_is_looked_up_once(ended: str, state: str, bench: Bench) -> None:
    """Unfinished or freshly ended: each batch costs one request in fifty polls."""
    bench.http.get(DOWNLOADS, json=groups(*left(60, ended, state)))
    for number in range(60):
        bench.http.get(f"{BATCHES}/{batch_id(number)}", status_code=404)
    assert asked(bench, 50) == 60


OURS = "51050a44-1111-4111-8111-{:012}"
SINCE = datetime(2026, 8, 22, 17, 0, tzinfo=UTC)


def search(ref: str, started: str, ended: str | None = None) -> dict[str, object]:
    """A search of slskd's list; the bench's date is 18:00."""
    return {
        "id": ref,
        "startedAt": f"2026-08-22T{started}Z",
        "endedAt": ended and f"2026-08-22T{ended}Z",
    }


def removed(bench: Bench) -> list[str]:
    """One more search; which others have been removed until then."""
    bench.http.post(API + "searches", status_code=400, json="no")
    with pytest.raises(SourceRefused):
        bench.source.search_raw("x", limits=SearchLimits(seconds=60))
    own = {request.json()["id"] for request in bench.sent("POST", "/searches")}
    ids = [request.url.rpartition("/")[2] for request in bench.sent("DELETE", "/searches/")]
    return [ref for ref in ids if ref not in own]


@pytest.fixture
def listed(bench: Bench) -> list[dict[str, object]]:
    """What slskd lists; everything can be stopped and removed."""
    found: list[dict[str, object]] = []
    bench.http.get(API + "searches", json=lambda request, context: found)
    anything = re.compile(API + "searches/.+")
    bench.http.put(anything, status_code=200)
    bench.http.delete(anything, status_code=204)
    return found


def test_S13_leftovers_of_a_killed_process_are_removed(
    bench: Bench, listed: list[dict[str, object]]
) -> None:
    """Ended or old ones of ours, once; never those of others or what is still being read."""
    listed += [
        search(OURS.format(1), "17:00:00"),
        search(OURS.format(2), "17:55:00", "17:56:00"),
        search(OURS.format(3), "17:59:30", "17:59:50"),
        search(OURS.format(4), "17:59:30"),
        search("aaaaaaaa-1111-4111-8111-111111111111", "17:10:00", "17:11:00"),
    ]
    foreign = bench.source.foreign_searches(SINCE, seconds=2)
    assert list(foreign) == [datetime(2026, 8, 22, 17, 10, tzinfo=UTC)]
    assert removed(bench) == [OURS.format(1), OURS.format(2)]
    bench.source.foreign_searches(SINCE, seconds=2)
    assert removed(bench) == [OURS.format(1), OURS.format(2)]


def test_S13_a_flood_of_leftovers_is_bounded(bench: Bench, listed: list[dict[str, object]]) -> None:
    """One search is not held up by all that a long life of crashes has left."""
    listed += [search(OURS.format(number), "12:00:00", "12:00:09") for number in range(500)]
    assert list(bench.source.foreign_searches(SINCE, seconds=2)) == []
    assert len(removed(bench)) == 50


def test_S13_our_searches_can_be_recognised(bench: Bench, listed: list[dict[str, object]]) -> None:
    """Every id is a GUID of its own with the same first eight digits."""
    for _ in range(2):
        removed(bench)
    ids = [request.json()["id"] for request in bench.sent("POST", "/searches")]
    assert len({uuid.UUID(ref) for ref in ids}) == 2
    assert {ref[:9] for ref in ids} == {"51050a44-"}


# -- searches that could not be removed at once ----------------------------------------------------

RECORD = re.compile(re.escape(API) + "searches/.+")


def unanswered_search(bench: Bench) -> str:
    """A search whose request got no answer, and of which slskd knows nothing yet; its id."""
    bench.http.post(API + "searches", exc=requests.exceptions.ReadTimeout)
    for method in ("GET", "PUT", "DELETE"):
        bench.http.register_uri(method, RECORD, status_code=404)
    with pytest.raises(SourceUnavailable):
        bench.source.search_raw("x y", limits=SearchLimits(seconds=20))
    search_id: str = bench.sent("POST", "/searches")[-1].json()["id"]
    return search_id


def made(bench: Bench) -> None:
    """slskd has them now."""
    bench.http.put(RECORD, status_code=200)
    bench.http.delete(RECORD, status_code=204)


def changes(bench: Bench) -> list[tuple[str, str]]:
    """What was stopped and removed from here on: the list is emptied by reading it."""
    found = [
        (request.method, request.url.rpartition("/")[2])
        for request in bench.http.request_history
        if request.method in {"PUT", "DELETE"}
    ]
    bench.http.reset_mock()
    return found


def test_L02_a_search_that_was_made_after_all_is_removed_by_the_next_check(bench: Bench) -> None:
    """slskd was busy for minutes and then did what it had been asked; nobody searches again."""
    late = unanswered_search(bench)
    bench.source.check_connection()
    changes(bench)
    made(bench)
    bench.source.check_connection()
    assert changes(bench) == [("PUT", late), ("DELETE", late)]
    bench.source.check_connection()
    assert changes(bench) == []


def test_L02_a_search_that_was_never_made_is_not_looked_for_for_ever(bench: Bench) -> None:
    """After some minutes no request is on its way any more."""
    never = unanswered_search(bench)
    bench.time.now += 200
    changes(bench)
    bench.source.check_connection()
    assert changes(bench) == [("PUT", never), ("DELETE", never)]
    bench.source.check_connection()
    assert changes(bench) == []


def test_L02_a_leftover_is_removed_where_it_is(bench: Bench) -> None:
    """While another address is tried out, whoever answers there is not told of our searches."""
    late = unanswered_search(bench)
    made(bench)
    elsewhere = re.compile(r"http://other\.test/.*")
    bench.http.register_uri(requests_mock.ANY, elsewhere, json=application())
    bench.source.reload_settings({"slskd.url": "http://other.test"})
    changes(bench)
    bench.source.check_connection()
    assert changes(bench) == []
    bench.source.reload_settings({"slskd.url": URL, "slskd.api_key": KEY})
    bench.source.check_connection()
    assert changes(bench) == [("PUT", late), ("DELETE", late)]
