"""One search at slskd, against a scripted slskd whose time is ours."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from soulspot_arr.errors import (
    SourceAuth,
    SourceOffline,
    SourceProtocol,
    SourceRefused,
    SourceThrottled,
    SourceUnavailable,
)
from soulspot_arr.sources import SearchLimits
from tests.soulspot_arr.sources.conftest import API, Bench, FakeTime

SEARCHES = API + "searches"
ONE = re.compile(re.escape(SEARCHES) + r"/[0-9a-f-]{36}\Z")
ANSWERS = re.compile(re.escape(SEARCHES) + r"/[0-9a-f-]{36}/responses\Z")
LIMITS = SearchLimits(seconds=20, enough_peers=60, dry_after=2)


def answers(peers: int) -> list[dict[str, Any]]:
    """What so many peers answered."""
    return [
        {"username": f"p{n}", "files": [{"filename": f"Music\\A\\{n}.mp3", "size": 5}]}
        for n in range(peers)
    ]


class Searches:
    """slskd's side of one search: answers trickle in, the end comes, the list later."""

    def __init__(self, bench: Bench, *, rate: float = 10.0, ends_after: float = 3.0) -> None:
        self.time: FakeTime = bench.time
        self.rate = rate  # peers a second
        self.ends_after = ends_after
        self.gap = 0.5  # between the flag and the list (contract slskd §3.4)
        self.started = 0.0
        self.ended: float | None = None
        self.peers_at_most = 10_000
        self.calls: list[str] = []
        self.body: dict[str, Any] = {}
        bench.http.post(SEARCHES, json=self.start)
        bench.http.get(ONE, json=self.show)
        bench.http.get(ANSWERS, json=self.list)
        bench.http.put(ONE, text=self.stop)
        bench.http.delete(ONE, text=self.remove)

    def start(self, request: Any, context: Any) -> dict[str, Any]:
        self.calls.append("POST")
        self.body = request.json()
        self.started = self.time.now
        return self.show(request, context)

    def _over_at(self) -> float:
        natural = self.started + self.ends_after
        return natural if self.ended is None else min(natural, self.ended)

    @property
    def peers(self) -> int:
        listened = min(self.time.now, self._over_at()) - self.started
        return min(int(listened * self.rate), self.peers_at_most)

    def show(self, request: Any, context: Any) -> dict[str, Any]:
        over = self.time.now >= self._over_at()
        stored = self.time.now >= self._over_at() + self.gap
        record = {
            "id": self.body["id"],
            "state": "Completed, TimedOut" if over else "InProgress",
            "isComplete": over,
            "startedAt": "2026-08-22T18:00:00Z",
            "responseCount": self.peers,
            "responses": [],
        }
        return record | ({"endedAt": "2026-08-22T18:00:09Z"} if stored else {})

    def list(self, request: Any, context: Any) -> list[dict[str, Any]]:
        self.calls.append("LIST")
        return answers(self.peers) if self.time.now >= self._over_at() + self.gap else []

    def stop(self, request: Any, context: Any) -> str:
        self.calls.append("PUT")
        self.ended = self.time.now
        return ""

    def remove(self, request: Any, context: Any) -> str:
        self.calls.append("DELETE")
        context.status_code = 204
        return ""


def test_a_search_from_post_to_delete(bench: Bench) -> None:
    """Ends by itself, waits for the stored list, reads it, removes the record."""
    slskd = Searches(bench)
    found = bench.source.search_raw("Radiohead OK Computer", limits=LIMITS)
    assert len(found) == 30
    assert slskd.calls == ["POST", "LIST", "DELETE"]


def test_C08_what_is_sent(bench: Bench) -> None:
    """Milliseconds, high limits, no filters, our own id."""
    slskd = Searches(bench)
    bench.source.search_raw("Bj\u00f6rk D\u00e9but", limits=LIMITS)
    search_id = slskd.body.pop("id")
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", search_id)
    assert slskd.body == {
        "searchText": "Bj\u00f6rk D\u00e9but",
        "searchTimeout": 8000,
        "responseLimit": 1000,
        "fileLimit": 25_000,
        "filterResponses": False,
    }


def test_ids_are_fresh(bench: Bench) -> None:
    """A duplicate id is a server error."""
    slskd = Searches(bench)
    ids = set()
    for _ in range(3):
        slskd.ended = None
        bench.source.search_raw("x y", limits=LIMITS)
        ids.add(slskd.body["id"])
    assert len(ids) == 3


@pytest.mark.parametrize("gap", [0.0, 0.5, 3.0])
def test_C11_the_completion_race(gap: float, bench: Bench) -> None:
    """`isComplete` comes before the list is stored."""
    slskd = Searches(bench)
    slskd.gap = gap
    assert len(bench.source.search_raw("x y", limits=LIMITS)) == 30
    assert slskd.calls == ["POST", "LIST", "DELETE"]


def test_C11_an_empty_list_is_read_again(bench: Bench) -> None:
    """When counted answers are not there yet."""
    Searches(bench)
    bench.http.get(ANSWERS, [{"json": []}, {"json": []}, {"json": answers(3)}])
    assert len(bench.source.search_raw("x y", limits=LIMITS)) == 3


def test_C15_enough_peers_and_a_dry_flow_stop_it(bench: Bench) -> None:
    """Nobody waits for the idle time-out when plenty answered and no more come."""
    slskd = Searches(bench, rate=100, ends_after=60)
    slskd.peers_at_most = 80
    begun = bench.time.now
    found = bench.source.search_raw("x y", limits=LIMITS)
    assert len(found) == 80
    assert slskd.calls == ["POST", "PUT", "LIST", "DELETE"]
    assert bench.time.now - begun < 5


def test_too_few_peers_are_waited_for(bench: Bench) -> None:
    """A dry flow alone is slskd's business."""
    slskd = Searches(bench, rate=100, ends_after=10)
    slskd.peers_at_most = 10
    begun = bench.time.now
    assert len(bench.source.search_raw("x y", limits=LIMITS)) == 10
    assert bench.time.now - begun > 10
    assert "PUT" not in slskd.calls


def test_C09_a_trickle_is_stopped_in_time(bench: Bench) -> None:
    """slskd knows no absolute limit, we do: answers that came are kept."""
    slskd = Searches(bench, rate=1.0, ends_after=600)
    begun = bench.time.now
    found = bench.source.search_raw("x y", limits=LIMITS)
    assert 10 <= len(found) <= 16
    assert bench.time.now - begun <= 20
    assert slskd.calls == ["POST", "PUT", "LIST", "DELETE"]


def test_no_results_are_fine(bench: Bench) -> None:
    """An unknown album is no error, and an empty list is not fetched."""
    slskd = Searches(bench, rate=0)
    assert list(bench.source.search_raw("x y", limits=LIMITS)) == []
    assert slskd.calls == ["POST", "DELETE"]


@pytest.mark.parametrize(
    ("answer", "error", "removed"),
    [
        (
            {"status_code": 409, "json": "The server connection must be ..."},
            SourceOffline,
            True,
        ),
        ({"status_code": 400, "json": "Query must have a term"}, SourceRefused, True),
        ({"status_code": 400, "json": {"title": "validation"}}, SourceRefused, True),
        ({"status_code": 500, "json": "database is locked"}, SourceUnavailable, True),
        ({"status_code": 415}, SourceProtocol, True),
        ({"status_code": 401}, SourceAuth, False),
        ({"status_code": 429, "json": "Only one concurrent"}, SourceThrottled, False),
        ({"text": "<html>"}, SourceProtocol, False),
    ],
)
def test_C05_C07_refused_searches_leave_nothing_behind(
    answer: dict[str, Any], error: type[Exception], removed: bool, bench: Bench
) -> None:
    """slskd stores the record before it refuses."""
    slskd = Searches(bench)
    bench.http.post(SEARCHES, **answer)
    with pytest.raises(error):
        bench.source.search_raw("-foo", limits=LIMITS)
    assert ("DELETE" in slskd.calls) is removed


def test_a_refused_query_is_not_retryable(bench: Bench) -> None:
    """One-letter words cannot be searched: that stays so."""
    Searches(bench)
    bench.http.post(SEARCHES, status_code=400, json="No valid search terms")
    with pytest.raises(SourceRefused, match="No valid search terms") as caught:
        bench.source.search_raw("X", limits=LIMITS)
    assert (caught.value.kind, caught.value.retryable) == ("rejected", False)


def test_an_unreachable_slskd_is_told(bench: Bench) -> None:
    """Connection refused: at once, with nothing to clean up."""
    bench.http.post(SEARCHES, exc=requests.exceptions.ConnectTimeout)
    with pytest.raises(SourceUnavailable):
        bench.source.search_raw("x y", limits=LIMITS)
    assert bench.http.call_count == 1


def test_a_lost_answer_is_looked_for(bench: Bench) -> None:
    """The id is ours: a search whose creation was not confirmed can still be read."""
    slskd = Searches(bench)

    def start_and_break(request: Any, context: Any) -> str:
        slskd.start(request, context)
        raise requests.exceptions.ReadTimeout

    bench.http.post(SEARCHES, text=start_and_break)
    assert len(bench.source.search_raw("x y", limits=LIMITS)) == 30
    assert slskd.calls == ["POST", "LIST", "DELETE"]


def test_a_search_that_was_never_created(bench: Bench) -> None:
    """The request was lost on its way: nothing is claimed, and in time."""
    Searches(bench)
    bench.http.post(SEARCHES, exc=requests.exceptions.ReadTimeout)
    bench.http.get(ONE, status_code=404)
    begun = bench.time.now
    with pytest.raises(SourceUnavailable):
        bench.source.search_raw("x y", limits=LIMITS)
    assert bench.time.now - begun <= 20.5


def hang(time: FakeTime, seconds: float) -> Callable[[Any, Any], str]:
    """An answer that does not come: the time-out passes."""

    def answer(request: Any, context: Any) -> str:
        time.now += min(request.timeout[1], seconds)
        raise requests.exceptions.ReadTimeout

    return answer


def test_L02_a_slskd_that_hangs_after_the_start(bench: Bench) -> None:
    """Back by the deadline, and not as if nobody had answered; the next search removes the record."""
    slskd = Searches(bench)
    for method, address in (("GET", ONE), ("GET", ANSWERS), ("PUT", ONE), ("DELETE", ONE)):
        bench.http.register_uri(method, address, text=hang(bench.time, 999))
    begun = bench.time.now
    with pytest.raises(SourceThrottled):
        bench.source.search_raw("x y", limits=LIMITS)
    assert bench.time.now - begun <= 20.5
    first = slskd.body["id"]
    bench.http.post(SEARCHES, exc=requests.exceptions.ConnectTimeout)
    with pytest.raises(SourceUnavailable):  # still hanging: the leftover stays on the list
        bench.source.search_raw("x y", limits=LIMITS)
    healthy = Searches(bench)
    bench.source.search_raw("x y", limits=LIMITS)
    assert first in bench.sent("DELETE")[-2].url
    assert healthy.calls[:3] == ["PUT", "DELETE", "POST"]


def test_a_removal_that_slskd_did_not_confirm_is_repeated(bench: Bench) -> None:
    """Whoever says 200 instead has removed nothing; the next search does."""
    slskd = Searches(bench)
    bench.http.delete(ONE, text="null")
    bench.source.search_raw("x y", limits=LIMITS)
    first = slskd.body["id"]
    Searches(bench)
    bench.source.search_raw("x y", limits=LIMITS)
    assert first in bench.sent("DELETE")[1].url


def test_C18_a_search_that_cannot_be_stopped_is_not_removed(bench: Bench) -> None:
    """It would run on in its slot with nobody left to stop it; the next search tries again."""
    slskd = Searches(bench, ends_after=999)
    bench.http.put(ONE, status_code=500, json="database is locked")
    with pytest.raises(SourceThrottled):
        bench.source.search_raw("x y", limits=LIMITS)
    assert "DELETE" not in slskd.calls
    healthy = Searches(bench)
    bench.source.search_raw("x y", limits=LIMITS)
    assert healthy.calls[:3] == ["PUT", "DELETE", "POST"]


def test_a_connection_lost_during_the_search_is_no_silence(bench: Bench) -> None:
    """`Completed, Errored` without answers says nothing about the text (contract slskd §3.3)."""
    slskd = Searches(bench, rate=0)
    show = slskd.show
    bench.http.get(
        ONE, json=lambda *call: show(*call) | {"state": "Completed, Errored", "isComplete": True}
    )
    with pytest.raises(SourceOffline):
        bench.source.search_raw("x y", limits=LIMITS)


def test_L02_a_slskd_that_hangs_from_the_start(bench: Bench) -> None:
    """Nothing is known, so nothing is claimed; but in time."""
    bench.http.register_uri(
        requests_any_method(), re.compile(re.escape(API)), text=hang(bench.time, 999)
    )
    begun = bench.time.now
    with pytest.raises(SourceUnavailable):
        bench.source.search_raw("x y", limits=LIMITS)
    assert bench.time.now - begun <= 20.5


def requests_any_method() -> Any:
    """Matches every method."""
    import requests_mock

    return requests_mock.ANY


def test_L01_hiccups_while_watching(bench: Bench) -> None:
    """A few failed looks do not end a search."""
    slskd = Searches(bench)
    looks = iter(range(1000))

    def show(request: Any, context: Any) -> Any:
        if next(looks) % 2:
            context.status_code = 500
            return "database is locked"
        return slskd.show(request, context)

    bench.http.get(ONE, json=show)
    assert len(bench.source.search_raw("x y", limits=LIMITS)) == 30


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"status_code": 401}, SourceAuth),
        ({"text": "<html>"}, SourceProtocol),
        ({"json": []}, SourceProtocol),
        ({"status_code": 404}, SourceUnavailable),
    ],
)
def test_trouble_while_watching(
    answer: dict[str, Any], error: type[Exception], bench: Bench
) -> None:
    """What cannot get better is told at once."""
    Searches(bench)
    bench.http.get(ONE, **answer)
    begun = bench.time.now
    with pytest.raises(error):
        bench.source.search_raw("x y", limits=LIMITS)
    assert bench.time.now - begun < 2


def test_a_list_of_the_wrong_type(bench: Bench) -> None:
    """Answers that are no array are a protocol error, and the search is removed."""
    slskd = Searches(bench)
    bench.http.get(ANSWERS, json={"a": 1})
    with pytest.raises(SourceProtocol):
        bench.source.search_raw("x y", limits=LIMITS)
    assert slskd.calls[-1] == "DELETE"


def test_C18_a_running_search_is_stopped_before_it_is_removed(bench: Bench) -> None:
    """Removing alone would leave its slot occupied."""
    slskd = Searches(bench)
    bench.http.get(ONE, status_code=401)
    with pytest.raises(SourceAuth):
        bench.source.search_raw("x y", limits=LIMITS)
    assert slskd.calls == ["POST", "PUT", "DELETE"]


# -- others on the same slskd ----------------------------------------------------------------------


def test_L05_foreign_searches(bench: Bench) -> None:
    """Since a moment, in order, without our own."""
    slskd = Searches(bench)
    bench.source.search_raw("x y", limits=LIMITS)
    listed = [
        {"id": "b", "startedAt": "2026-08-22T18:05:00.5Z"},
        {"id": slskd.body["id"], "startedAt": "2026-08-22T18:04:00Z"},
        {"id": "a", "startedAt": "2026-08-22T18:01:00"},
        {"id": "old", "startedAt": "2026-08-22T17:00:00Z"},
        {"id": "odd"},
        None,
    ]
    bench.http.get(SEARCHES, json=listed)
    since = datetime(2026, 8, 22, 18, 0, tzinfo=UTC)
    assert list(bench.source.foreign_searches(since, seconds=2)) == [
        datetime(2026, 8, 22, 18, 1, tzinfo=UTC),
        datetime(2026, 8, 22, 18, 5, 0, 500000, UTC),
    ]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"json": {}}, SourceProtocol),
        ({"status_code": 401}, SourceAuth),
        ({"exc": requests.exceptions.ConnectionError}, SourceUnavailable),
    ],
)
def test_foreign_searches_trouble(
    answer: dict[str, Any], error: type[Exception], bench: Bench
) -> None:
    """Only source errors leave."""
    bench.http.get(SEARCHES, **answer)
    with pytest.raises(error):
        bench.source.foreign_searches(datetime(2026, 8, 22, tzinfo=UTC), seconds=2)


def test_L02_a_list_of_searches_that_takes_long_is_not_waited_for(bench: Bench) -> None:
    """Slow is not down: the caller learns in time that it has to go on without the list."""
    bench.http.get(SEARCHES, text=hang(bench.time, 999))
    begun = bench.time.now
    with pytest.raises(SourceThrottled):
        bench.source.foreign_searches(datetime(2026, 8, 22, tzinfo=UTC), seconds=2)
    assert bench.time.now - begun <= 2
    assert bench.http.call_count == 1


def test_L04_searches_of_a_clock_that_is_ahead_are_listed(bench: Bench) -> None:
    """What to make of moments in our future is the budget's business."""
    bench.http.get(SEARCHES, json=[{"id": "a", "startedAt": "2026-08-22T19:30:00Z"}])
    since = datetime(2026, 8, 22, 17, 56, tzinfo=UTC)
    assert list(bench.source.foreign_searches(since, seconds=2)) == [
        datetime(2026, 8, 22, 19, 30, tzinfo=UTC)
    ]
