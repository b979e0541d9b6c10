"""The list of events: looking back and following."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from soulspot_arr.app import create_app
from soulspot_arr.services import Services
from tests.blueprints.conftest import Start, with_key
from tests.blueprints.world import new_grab, problem
from tests.fakes.clock import NOON

EVENTS = "/api/v1/events"


def _list(client: FlaskClient, **query: Any) -> dict[str, Any]:
    response = client.get(EVENTS, query_string=query)
    assert response.status_code == 200, response.get_data(as_text=True)
    body: dict[str, Any] = response.get_json()
    return body


def _ids(client: FlaskClient, **query: Any) -> list[int]:
    return [event["id"] for event in _list(client, **query)["items"]]


@pytest.fixture
def grabs(services: Services) -> list[int]:
    """Three grabs, the second of them cancelled: four events. Their ids for `grab`."""
    added = [services.queue_manager.add(new_grab(f"Album {number}")) for number in range(3)]
    services.queue_manager.cancel([added[1]])
    return [services.queue_manager.find(nzo_id).id for nzo_id in added]


def test_an_empty_list(client: FlaskClient) -> None:
    """Nothing has happened yet."""
    assert _list(client) == {"items": [], "next": None}


def test_an_event_in_full(client: FlaskClient, grabs: list[int]) -> None:
    """The newest comes first, with everything that was recorded."""
    event = _list(client)["items"][0]
    assert (event["kind"], event["level"], event["grab_id"]) == ("grab.cancelled", "info", grabs[1])
    assert event["message"] == "Deleted from the queue."
    assert event["download_id"] is None
    assert event["data"] == {}
    assert datetime.fromisoformat(event["at"]) == NOON
    assert _list(client)["items"][-1]["data"] == {"peer": "peer one", "size": 2_000}


def test_looking_back_in_pages(start: Start, database_url: str) -> None:
    """Newest first through `before`, every event once."""
    services = start(url=database_url)
    client = with_key(create_app(services), services)
    for number in range(5):
        services.queue_manager.add(new_grab(f"Album {number}"))
    page = _list(client, limit=2)
    seen = [event["id"] for event in page["items"]]
    while page["next"] is not None:
        page = _list(client, limit=2, before=page["next"])
        seen += [event["id"] for event in page["items"]]
    assert seen == sorted(seen, reverse=True)
    assert len(set(seen)) == 5


def test_following_in_pages(client: FlaskClient, services: Services, grabs: list[int]) -> None:
    """Oldest first through `after`; what happens later comes next."""
    assert len(grabs) == 3
    page = _list(client, after=0, limit=3)
    first = [event["id"] for event in page["items"]]
    assert first == sorted(first)
    assert page["next"] == first[-1]
    second = _ids(client, after=page["next"])
    assert len(second) == 1
    services.queue_manager.add(new_grab("Late"))
    assert [event["kind"] for event in _list(client, after=second[-1])["items"]] == ["grab.added"]


def test_both_ends_cut_a_window(client: FlaskClient, grabs: list[int]) -> None:
    """`after` and `before` together leave what lies between."""
    assert len(grabs) == 3
    oldest, *between, newest = sorted(_ids(client))
    assert sorted(_ids(client, after=oldest, before=newest)) == between


def test_events_of_one_grab(client: FlaskClient, grabs: list[int]) -> None:
    """The history of one album."""
    kinds = [event["kind"] for event in _list(client, grab=grabs[1])["items"]]
    assert kinds == ["grab.cancelled", "grab.added"]
    assert _ids(client, grab=2**63 - 1) == []


def test_events_of_some_kinds(client: FlaskClient, grabs: list[int]) -> None:
    """One kind, or several by repeating the parameter; an unknown kind has no events."""
    assert len(_ids(client, kind="grab.added")) == len(grabs)
    assert len(_ids(client, kind="grab.cancelled")) == 1
    assert len(_ids(client, kind=["grab.added", "grab.cancelled"])) == 4
    assert _ids(client, kind="moon.landed") == []


def test_an_event_outlives_its_grab(
    client: FlaskClient, services: Services, grabs: list[int]
) -> None:
    """A purged grab leaves its events behind, without a number."""
    from soulspot_arr.models import Grab

    with services.db.write() as session:
        session.delete(session.get(Grab, grabs[0]))
    assert _ids(client, grab=grabs[0]) == []
    assert any(event["grab_id"] is None for event in _list(client)["items"])


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"after": "yesterday"}, "after"),
        ({"after": str(2**63)}, "after"),
        ({"before": "-5"}, "before"),
        ({"limit": "100000"}, "limit"),
        ({"grab": "SABnzbd_nzo_x"}, "grab"),
        ({"grab": "1e9"}, "grab"),
        ({"kind": "everything"}, "kind"),
        ({"kind": "grab.added\0"}, "kind"),
        ({"kind": "x" * 5_000 + ".y"}, "kind"),
        ({"kind": ""}, "kind"),
    ],
)
def test_bad_questions_name_the_field(
    reader: FlaskClient, query: dict[str, str], field: str
) -> None:
    """422 and which parameter does not fit."""
    body = problem(reader.get(EVENTS, query_string=query), 422, "invalid_input")
    assert field in body["errors"]["query"]
