"""The list of grabs, one grab, cancel and retry."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from soulspot_arr.app import create_app
from soulspot_arr.domain import FailureKind, GrabState
from soulspot_arr.services import Services
from tests.blueprints.conftest import Start, with_key
from tests.blueprints.world import PEER, new_grab, problem, remote_path
from tests.fakes.clock import NOON
from tests.fakes.fake_source import FakeSource

GRABS = "/api/v1/grabs"


def _list(client: FlaskClient, **query: Any) -> dict[str, Any]:
    response = client.get(GRABS, query_string=query)
    assert response.status_code == 200, response.get_data(as_text=True)
    body: dict[str, Any] = response.get_json()
    return body


def _fail(services: Services, nzo_id: str, album: str) -> None:
    """Let the source give the first file of a grab up for good."""
    source = services.source
    assert isinstance(source, FakeSource)
    services.settings.patch({"queue.rescue": False})
    services.dispatcher.run()
    source.fail(remote_path(album), FailureKind.REJECTED, "Transfer rejected: File not shared.")
    services.monitor.hasten()
    services.monitor.tick()
    assert services.queue_manager.find(nzo_id).status is GrabState.FAILED


def test_an_empty_list(client: FlaskClient) -> None:
    """No rows and nothing to go on from."""
    assert _list(client) == {"items": [], "next": None}


def test_one_grab_in_full(client: FlaskClient, services: Services) -> None:
    """Everything a person wants to know, with the type that the document promises."""
    nzo_id = services.queue_manager.add(new_grab(tracks=2))
    body = client.get(f"{GRABS}/{nzo_id}").get_json()
    assert body["nzo_id"] == nzo_id
    assert body["title"] == "The Examples - Second Sample (2001) [FLAC]"
    assert (body["artist"], body["album"]) == ("The Examples", "Second Sample")
    assert (body["state"], body["peer"], body["category"]) == ("queued", PEER, "music")
    assert (body["bytes_total"], body["bytes_done"], body["speed"]) == (2_000, 0, 0)
    assert (body["file_count"], body["offer_index"], body["priority"]) == (2, 0, 0)
    assert body["paused"] is False
    assert datetime.fromisoformat(body["created_at"]) == NOON
    assert body["completed_at"] is None
    document = client.get("/api/docs/openapi.json").get_json()
    schemas = document["components"]["schemas"]
    assert set(body) == set(schemas["GrabStory"]["properties"])
    (item,) = _list(client)["items"]
    assert set(item) == set(schemas["Grab"]["properties"])


def test_a_grab_tells_which_album_it_is(client: FlaskClient, services: Services) -> None:
    """In the list as well; null until a search or Lidarr's webhook has told it."""
    nzo_id = services.queue_manager.add(new_grab())
    (item,) = _list(client)["items"]
    assert (item["album_id"], item["artist_id"]) == (None, None)
    event = {
        "eventType": "Grab",
        "downloadId": nzo_id,
        "artist": {"mbId": "a" * 36},
        "albums": [{"id": 7, "mbId": "b" * 36}],
    }
    assert client.post("/hooks/lidarr", json=event).get_json() == {"bound": True}
    (item,) = _list(client)["items"]
    assert item.items() <= client.get(f"{GRABS}/{nzo_id}").get_json().items()
    assert (item["album_id"], item["artist_id"]) == ("b" * 36, "a" * 36)


def test_the_list_is_read_in_pages(start: Start, database_url: str) -> None:
    """Newest first; `next` leads through all of them once, also while new ones arrive."""
    services = start(url=database_url)
    client = with_key(create_app(services), services)
    added = [services.queue_manager.add(new_grab(f"Album {number}")) for number in range(5)]
    page = _list(client, limit=2)
    seen = [item["nzo_id"] for item in page["items"]]
    services.queue_manager.add(new_grab("Late"))
    while page["next"] is not None:
        page = _list(client, limit=2, before=page["next"])
        seen += [item["nzo_id"] for item in page["items"]]
    assert seen == added[::-1]


def test_a_full_last_page_is_followed_by_an_empty_one(
    client: FlaskClient, services: Services
) -> None:
    """The end is known when a page is not full."""
    for number in range(2):
        services.queue_manager.add(new_grab(f"Album {number}"))
    page = _list(client, limit=2)
    assert page["next"] == page["items"][-1]["id"]
    assert _list(client, limit=2, before=page["next"]) == {"items": [], "next": None}


def test_the_list_is_filtered_by_state(client: FlaskClient, services: Services) -> None:
    """One state, or several by repeating the parameter."""
    kept = services.queue_manager.add(new_grab("Kept"))
    ended = services.queue_manager.add(new_grab("Ended"))
    services.queue_manager.cancel([ended])

    def named(*states: str) -> list[str]:
        return [item["nzo_id"] for item in _list(client, state=list(states))["items"]]

    assert named("queued") == [kept]
    assert named("cancelled") == [ended]
    assert named("queued", "cancelled") == [ended, kept]
    assert named("imported") == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "501"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"limit": ""}, "limit"),
        ({"limit": "1.5"}, "limit"),
        ({"limit": "9" * 5_000}, "limit"),
        ({"before": "-1"}, "before"),
        ({"before": str(2**63)}, "before"),
        ({"before": "null"}, "before"),
        ({"before": "1\0"}, "before"),
        ({"state": "sleeping"}, "state"),
        ({"state": "queued,failed"}, "state"),
    ],
)
def test_bad_questions_name_the_field(
    reader: FlaskClient, query: dict[str, str], field: str
) -> None:
    """422, and the sentence says which parameter does not fit."""
    body = problem(reader.get(GRABS, query_string=query), 422, "invalid_input")
    assert field in body["errors"]["query"]
    assert f"query.{field}" in body["message"]


def test_the_largest_id_is_fine(start: Start, database_url: str) -> None:
    """The edge of 64 bits reaches the database and comes back."""
    services = start(url=database_url)
    client = with_key(create_app(services), services)
    assert _list(client, before=2**63 - 1)["items"] == []
    assert _list(client, before=0)["items"] == []


@pytest.mark.parametrize(
    "nzo_id", ["SABnzbd_nzo_unknown", "0", "x" * 64, "x" * 5_000, "%00", "a%2Fb", "%F0%9F%8E%B5"]
)
@pytest.mark.parametrize(("method", "tail"), [("GET", ""), ("DELETE", ""), ("POST", "/retry")])
def test_unknown_grabs(reader: FlaskClient, method: str, tail: str, nzo_id: str) -> None:
    """404, whether the id could exist or not."""
    response = reader.open(f"{GRABS}/{nzo_id}{tail}", method=method)
    assert response.get_json()["error_code"] in {"grab_not_found", "not_found"}
    problem(response, 404, response.get_json()["error_code"])


def test_cancel_ends_a_grab(client: FlaskClient, services: Services, woken: list[str]) -> None:
    """The answer is the cancelled grab; the clean-up is asked for."""
    nzo_id = services.queue_manager.add(new_grab())
    response = client.delete(f"{GRABS}/{nzo_id}")
    assert response.status_code == 200
    assert response.get_json()["state"] == "cancelled"
    assert woken == ["dispatch", "cleanup"]
    assert {file.status for file in services.queue_manager.files(nzo_id)} == {"cancelled"}


def test_cancel_can_be_repeated(client: FlaskClient, services: Services) -> None:
    """The second time nothing happens, and the answer is the same."""
    nzo_id = services.queue_manager.add(new_grab())
    first = client.delete(f"{GRABS}/{nzo_id}").get_json()
    assert client.delete(f"{GRABS}/{nzo_id}").get_json() == first


def test_cancel_leaves_an_ended_grab_alone(client: FlaskClient, services: Services) -> None:
    """A failed grab stays failed: Lidarr has seen it."""
    nzo_id = services.queue_manager.add(new_grab("Lost"))
    _fail(services, nzo_id, "Lost")
    assert client.delete(f"{GRABS}/{nzo_id}").get_json()["state"] == "failed"


def test_retry_makes_a_new_grab(client: FlaskClient, services: Services, woken: list[str]) -> None:
    """Same album under a fresh id; the old one leaves the history."""
    old = services.queue_manager.add(new_grab("Again"))
    _fail(services, old, "Again")
    woken.clear()
    response = client.post(f"{GRABS}/{old}/retry")
    assert response.status_code == 201
    fresh = response.get_json()
    assert fresh["nzo_id"] != old
    assert (fresh["state"], fresh["album"]) == ("queued", "Again")
    assert re.fullmatch("SABnzbd_nzo_[a-z0-9_]{12}", fresh["nzo_id"])
    assert client.get(f"{GRABS}/{old}").get_json()["state"] == "removed"
    assert "dispatch" in woken


def test_retry_refuses_what_is_still_open(client: FlaskClient, services: Services) -> None:
    """409: there is nothing to try again."""
    nzo_id = services.queue_manager.add(new_grab())
    body = problem(client.post(f"{GRABS}/{nzo_id}/retry"), 409, "conflict")
    assert "queued" in body["message"]


def test_retry_looks_at_no_body(client: FlaskClient, services: Services) -> None:
    """Clients send empty bodies and empty objects alike."""
    for body in (b"", b"{}", b"nonsense"):
        nzo_id = services.queue_manager.add(new_grab())
        services.queue_manager.cancel([nzo_id])
        response = client.post(f"{GRABS}/{nzo_id}/retry", data=body)
        assert response.status_code == 201


@pytest.mark.parametrize("tail", ["", "/"])
def test_a_trailing_slash_changes_nothing(
    client: FlaskClient, services: Services, tail: str
) -> None:
    """No redirect: a key would not survive one everywhere."""
    nzo_id = services.queue_manager.add(new_grab())
    assert client.get(GRABS + tail).status_code == 200
    assert client.get(f"{GRABS}/{nzo_id}{tail}").status_code == 200
    services.queue_manager.cancel([nzo_id])
    assert client.post(f"{GRABS}/{nzo_id}/retry{tail}").status_code == 201
