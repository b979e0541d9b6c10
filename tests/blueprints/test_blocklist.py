"""The blocklist over REST: listed, added, taken off, and clear answers to what makes no sense."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from soulspot_arr.domain import BlockScope
from soulspot_arr.rules.blocking import Entry
from soulspot_arr.services import Services
from tests.blueprints.world import PEER, new_grab, problem

LINES = "/api/v1/blocklist"


def add(client: FlaskClient, **body: Any) -> dict[str, Any]:
    """Add a line; the answer."""
    answer = client.post(LINES, json=body)
    assert answer.status_code == 201, answer.get_data(as_text=True)
    found: dict[str, Any] = answer.get_json()
    return found


def listed(client: FlaskClient, query: str = "") -> list[dict[str, Any]]:
    """The first page."""
    answer = client.get(f"{LINES}{query}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    items: list[dict[str, Any]] = answer.get_json()["items"]
    return items


def test_a_line_comes_and_goes(client: FlaskClient, services: Services) -> None:
    """Added, shown, listed, taken off; unknown afterwards."""
    until = (services.clock() + timedelta(days=3)).isoformat()
    line = add(client, scope="peer", peer="anna", reason="sends noise", expires_at=until)
    assert line == {
        "id": line["id"],
        "scope": "peer",
        "source": "",
        "peer": "anna",
        "path": "",
        "reason": "sends noise",
        "automatic": False,
        "failures": 0,
        "created_at": services.clock().isoformat(),
        "expires_at": until,
        "warning": "",
        "held_back": 0,
    }
    once = {"warning", "held_back"}
    shown = {name: value for name, value in line.items() if name not in once}
    assert client.get(f"{LINES}/{line['id']}").get_json() == shown
    assert listed(client) == [shown]
    answer = client.delete(f"{LINES}/{line['id']}")
    assert (answer.status_code, answer.get_json()) == (
        200,
        {"removed": [shown], "not_found": [], "released": 0},
    )
    assert listed(client) == []
    problem(client.get(f"{LINES}/{line['id']}"), 404, "block_not_found")
    problem(client.delete(f"{LINES}/{line['id']}"), 404, "block_not_found")


def test_lines_are_filtered_and_paged(client: FlaskClient) -> None:
    """Newest first, `next` leads on."""
    for name in ("anna", "bert", "cara"):
        add(client, scope="peer", peer=name)
    add(client, scope="phrase", path="karaoke version")
    assert [line["peer"] for line in listed(client, "?scope=peer")] == ["cara", "bert", "anna"]
    assert len(listed(client, "?scope=peer&scope=phrase")) == 4
    assert [line["peer"] for line in listed(client, "?peer=BERT")] == ["bert"]
    assert listed(client, "?automatic=true") == []
    assert len(listed(client, "?automatic=false")) == 4
    first = client.get(f"{LINES}?limit=3").get_json()
    rest = client.get(f"{LINES}?limit=3&before={first['next']}").get_json()
    assert [line["peer"] for line in rest["items"]] == ["anna"]
    assert rest["next"] is None


def test_several_are_taken_off_at_once(client: FlaskClient) -> None:
    """Unknown ids are told and do no harm."""
    ids = [add(client, scope="peer", peer=name)["id"] for name in ("anna", "bert", "cara")]
    answer = client.post(f"{LINES}/delete", json={"ids": [ids[0], 99_999, ids[2]]})
    assert answer.status_code == 200
    body = answer.get_json()
    assert [line["id"] for line in body["removed"]] == [ids[0], ids[2]]
    assert body["not_found"] == [99_999]
    assert [line["id"] for line in listed(client)] == [ids[1]]


def test_an_equal_line_is_a_conflict(client: FlaskClient) -> None:
    """However it is written."""
    add(client, scope="folder", peer="anna", path="Music\\Noise")
    again = {"scope": "folder", "peer": "ANNA", "path": "music/noise/"}
    body = problem(client.post(LINES, json=again), 409, "block_exists")
    assert str(listed(client)[0]["id"]) in body["message"]


def test_a_pattern_that_refuses_everything_is_warned_of(client: FlaskClient) -> None:
    """It is added all the same."""
    assert "letters" in add(client, scope="phrase", path="a")["warning"]
    assert "FLAC" in add(client, scope="phrase", path="flac")["warning"]
    assert add(client, scope="phrase", path="karaoke")["warning"] == ""


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"scope": "planet", "path": "x"},
        {"scope": "peer"},
        {"scope": "peer", "peer": " "},
        {"scope": "peer", "peer": "anna", "path": "x"},
        {"scope": "folder", "peer": "anna"},
        {"scope": "folder", "path": "/"},
        {"scope": "file", "path": ""},
        {"scope": "phrase", "path": "!?"},
        {"scope": "phrase", "path": "a\0b"},
        {"scope": "phrase", "path": "\ud800"},
        {"scope": "phrase", "path": "ä" * 1_000},
        {"scope": "peer", "peer": "p" * 301},
        {"scope": "peer", "peer": 7},
        {"scope": "peer", "peer": "anna", "expires_at": "2001-01-01T00:00:00+00:00"},
        {"scope": "peer", "peer": "anna", "expires_at": "2001-01-01T00:00:00"},
        {"scope": "peer", "peer": "anna", "expires_at": "9999-12-31T23:59:59-12:00"},
        {"scope": "peer", "peer": "anna", "expires_at": "tomorrow"},
        {"scope": "peer", "peer": "anna", "colour": "red"},
    ],
)
def test_what_makes_no_sense_is_refused(client: FlaskClient, body: dict[str, Any]) -> None:
    """422 with a sentence; nothing is added."""
    problem(client.post(LINES, json=body), 422, "invalid_input")
    assert listed(client) == []


@pytest.mark.parametrize(
    "body", [{}, {"ids": []}, {"ids": ["x"]}, {"ids": [-1]}, {"ids": [1] * 501}]
)
def test_a_batch_of_nonsense_is_refused(client: FlaskClient, body: dict[str, Any]) -> None:
    """422 and nothing happens."""
    added = add(client, scope="peer", peer="anna", reason="sends noise")
    problem(client.post(f"{LINES}/delete", json=body), 422, "invalid_input")
    assert [line["id"] for line in listed(client)] == [added["id"]]


@pytest.mark.parametrize("query", ["?scope=planet", "?before=-1", "?limit=0", "?peer=%00"])
def test_a_query_of_nonsense_is_refused(client: FlaskClient, query: str) -> None:
    """422, not an empty list."""
    problem(client.get(f"{LINES}{query}"), 422, "invalid_input")


def test_the_key_is_asked_for(stranger: FlaskClient) -> None:
    """Of every method."""
    for method, path in (
        ("GET", LINES),
        ("POST", LINES),
        ("GET", f"{LINES}/1"),
        ("DELETE", f"{LINES}/1"),
        ("POST", f"{LINES}/delete"),
    ):
        problem(stranger.open(path, method=method), 401, "unauthorized")


def test_a_retry_is_taken_whoever_is_blocked(client: FlaskClient, services: Services) -> None:
    """A person asked for it: what the blocklist holds back is searched for once more."""
    nzo_id = services.queue_manager.add(new_grab())
    client.delete(f"/api/v1/grabs/{nzo_id}")
    services.blocklist.add(Entry(BlockScope.PEER, PEER, reason="noise"))
    answer = client.post(f"/api/v1/grabs/{nzo_id}/retry")
    assert answer.status_code == 201
    services.dispatcher.run()
    fresh = answer.get_json()["nzo_id"]
    assert {file.status for file in services.queue_manager.files(fresh)} <= {
        "blocklisted",
        "cancelled",
    }


def test_what_is_under_way_is_stopped_and_counted(
    client: FlaskClient, services: Services, woken: list[str]
) -> None:
    """The next peer is asked; the transfers are cancelled at once."""
    nzo_id = services.queue_manager.add(new_grab(tracks=2, offers=2))
    services.dispatcher.run()
    woken.clear()
    assert add(client, scope="peer", peer=PEER)["held_back"] == 2
    assert set(woken) == {"cleanup", "dispatch"}
    assert {file.status for file in services.queue_manager.files(nzo_id)} == {"waiting"}
    assert services.queue_manager.find(nzo_id).peer != PEER
    services.cleanup.run()
    assert services.source.poll_raw().transfers == ()


def test_released_files_are_counted_and_asked_for(
    client: FlaskClient, services: Services, woken: list[str]
) -> None:
    """What the line held back goes on at once."""
    services.queue_manager.add(new_grab(tracks=2))
    line = add(client, scope="peer", peer=PEER)
    services.dispatcher.run()
    woken.clear()
    answer = client.delete(f"{LINES}/{line['id']}").get_json()
    assert answer["released"] == 2
    assert woken == ["dispatch"]
