"""What the demo reads of the service itself."""

from __future__ import annotations

import pytest
import requests

from soulspot_arr.demo.rest_client import OFFER_CHANGED, STARTED, News, RestClient, Step, Timeline
from tests.soulspot_arr.demo.scripted import Scripted, as_json
from tests.soulspot_arr.demo.small_service import SmallService


@pytest.fixture
def rest(server: Scripted) -> RestClient:
    """A client of the scripted server."""
    return RestClient(server.url, "key-of-the-demo")


def test_news_are_told_once_and_in_order(server: Scripted, rest: RestClient) -> None:
    """Each call asks for what came after the last one."""
    service = SmallService(server)
    service.happen(OFFER_CHANGED, "anna went offline.")
    service.happen(STARTED, "bert is sending.")
    assert rest.news(OFFER_CHANGED, STARTED) == [
        News(OFFER_CHANGED, "anna went offline."),
        News(STARTED, "bert is sending."),
    ]
    assert rest.news(OFFER_CHANGED, STARTED) == []
    service.happen(STARTED, "bert is sending again.")
    assert [news.message for news in rest.news(STARTED)] == ["bert is sending again."]


def test_the_question_is_what_the_rest_api_documents(server: Scripted, rest: RestClient) -> None:
    """The key in the header, several kinds by repeating the parameter."""
    SmallService(server)
    rest.news(OFFER_CHANGED, STARTED)
    (asked,) = server.asked
    assert asked.headers["X-Api-Key"] == "key-of-the-demo"
    assert asked.raw_query == "after=0&kind=grab.offer_changed&kind=grab.started"


@pytest.mark.parametrize(
    ("checked_at", "ready"), [(None, False), ("2026-08-22T18:00:00+00:00", True)]
)
def test_it_is_ready_after_the_first_health_check(
    checked_at: str | None, ready: bool, server: Scripted, rest: RestClient
) -> None:
    """Not as soon as it answers."""
    server.rules.append(
        lambda asked: (
            as_json({"checked_at": checked_at, "checks": []})
            if asked.path == "/api/v1/system/health"
            else None
        )
    )
    assert rest.is_ready() is ready


def test_a_timeline_counts_from_its_first_step(server: Scripted, rest: RestClient) -> None:
    """Seconds, oldest first, without what only developers want to know."""
    rows = [
        {"at": "2026-01-02T03:04:05+00:00", "level": "info", "message": "Asked."},
        {"at": "2026-01-02T03:04:06+00:00", "level": "debug", "message": "Claimed."},
        {"at": "2026-01-02T03:05:05.5+00:00", "level": "warning", "message": "Lost."},
    ]
    service = SmallService(server)
    service.grabs["SABnzbd_nzo_1"] = {"timeline": {"steps": rows, "end": "It ended well."}}
    told = rest.timeline("SABnzbd_nzo_1")
    assert told == Timeline((Step(0.0, "Asked."), Step(60.5, "Lost.")), "It ended well.")


def test_a_grab_without_a_timeline_has_no_steps(server: Scripted, rest: RestClient) -> None:
    """The service may be one that does not tell it."""
    SmallService(server)
    assert rest.timeline("SABnzbd_nzo_1") == Timeline((), "")


def test_a_refusal_is_not_an_empty_answer(server: Scripted, rest: RestClient) -> None:
    """A wrong key must not look like a quiet service."""

    server.rules.append(lambda _: as_json({"message": "The API key is wrong."}, status=401))
    with pytest.raises(requests.HTTPError, match="401"):
        rest.news(STARTED)
