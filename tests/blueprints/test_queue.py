"""The queue over REST: its state, pauses, changes of one grab, and commands for several."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from soulspot_arr.app import create_app
from soulspot_arr.domain import GrabState, Priority
from soulspot_arr.models import Grab
from soulspot_arr.services import Services
from tests.blueprints.conftest import Start, with_key
from tests.blueprints.world import new_grab, problem
from tests.fakes.clock import NOON, FakeClock

QUEUE = "/api/v1/queue"
GRABS = "/api/v1/grabs"
ACTIONS = f"{GRABS}/actions"
YEAR = 366 * 86_400


def add(services: Services, *names: str) -> list[str]:
    """Albums with these names, in this order."""
    return [services.queue_manager.add(new_grab(name)) for name in names]


def end(services: Services, nzo_id: str, state: GrabState) -> None:
    """Put a grab into an ended state."""
    with services.db.write() as session:
        session.execute(update(Grab).where(Grab.nzo_id == nzo_id).values(status=state))


def order(services: Services) -> list[str]:
    """The queue."""
    return [view.nzo_id for view in services.queue_manager.queue()]


def act(client: FlaskClient, action: str, ids: list[str], **more: Any) -> list[dict[str, Any]]:
    """A command for several; the results."""
    answer = client.post(ACTIONS, json={"action": action, "nzo_ids": ids, **more})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    results: list[dict[str, Any]] = answer.get_json()["results"]
    return results


# -- the queue -------------------------------------------------------------------------------------


def test_the_state_of_an_empty_queue(reader: FlaskClient) -> None:
    """Everything is there, and the limits are the defaults."""
    assert reader.get(QUEUE).get_json() == {
        "paused": False,
        "until": None,
        "quiet": False,
        "quiet_until": None,
        "grabs": {
            "open": 0,
            "queued": 0,
            "downloading": 0,
            "processing": 0,
            "paused": 0,
            "scheduled": 0,
            "forced": 0,
        },
        "files": {"waiting": 0, "pending": 0, "queued": 0, "downloading": 0},
        "limits": {
            "max_length": 1000,
            "max_active": 100,
            "max_per_peer": 1,
            "dispatches": 5,
            "dispatch_delay": 2.0,
            "quiet_hours": [],
        },
    }


def test_pause_and_resume(client: FlaskClient, services: Services, woken: list[str]) -> None:
    """Each answers how the queue stands then; a resume wakes the dispatcher."""
    body = client.post(f"{QUEUE}/pause", json={"seconds": 90}).get_json()
    assert body["paused"] is True
    assert datetime.fromisoformat(body["until"]) == NOON + timedelta(seconds=90)
    assert services.settings.pause_left() == 90
    assert woken == []
    body = client.post(f"{QUEUE}/resume").get_json()
    assert (body["paused"], body["until"]) == (False, None)
    assert woken == ["dispatch"]


@pytest.mark.parametrize(
    "options", [{}, {"json": {}}, {"json": {"seconds": None}}, {"content_type": "text/plain"}]
)
def test_a_pause_without_an_end(client: FlaskClient, options: dict[str, Any]) -> None:
    """With or without a body; a second one in a row is as good as the first."""
    for _ in range(2):
        body = client.post(f"{QUEUE}/pause", **options).get_json()
        assert (body["paused"], body["until"]) == (True, None)


@pytest.mark.parametrize("seconds", [0, -1, YEAR + 1, 1e30, "soon", [], {}])
def test_a_pause_that_makes_no_sense(reader: FlaskClient, seconds: object) -> None:
    """422, and nothing is paused."""
    body = problem(reader.post(f"{QUEUE}/pause", json={"seconds": seconds}), 422, "invalid_input")
    assert "seconds" in body["errors"]["json"]
    assert reader.get(QUEUE).get_json()["paused"] is False


def test_a_pinned_pause_is_not_lifted(start: Start) -> None:
    """409 with the variable that holds it."""
    services = start({"SOULSPOT_QUEUE_PAUSED": "true"})
    client = with_key(create_app(services), services)
    body = problem(client.post(f"{QUEUE}/resume"), 409, "locked_by_environment")
    assert "SOULSPOT_QUEUE_PAUSED" in body["message"]


@pytest.mark.parametrize(("method", "tail"), [("GET", ""), ("POST", "/pause"), ("POST", "/resume")])
def test_strangers_learn_nothing(stranger: FlaskClient, method: str, tail: str) -> None:
    """401 before anything happens."""
    problem(stranger.open(QUEUE + tail, method=method), 401, "unauthorized")


# -- one grab --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"priority": 2}, {"priority": 2, "paused": False, "position": 0}),
        ({"priority": -1}, {"priority": -1, "position": 2}),
        ({"priority": -2}, {"priority": 0, "paused": True}),
        ({"priority": -100}, {"priority": 0}),
        ({"position": 0}, {"position": 0, "priority": 0}),
        ({"position": 99}, {"position": 2}),
        ({"priority": 1, "position": 2}, {"priority": 1, "position": 0}),
        ({"paused": True}, {"paused": True}),
        ({"category": "jazz"}, {"category": "jazz"}),
        (
            {"not_before": "2026-03-14T15:00:00+02:00"},
            {"not_before": "2026-03-14T13:00:00+00:00"},
        ),
        ({"not_before": None}, {"not_before": None}),
    ],
    ids=str,
)
def test_one_grab_is_changed(
    client: FlaskClient, services: Services, change: dict[str, Any], expected: dict[str, Any]
) -> None:
    """The answer is the grab as it is afterwards."""
    _, middle, _ = add(services, "One", "Two", "Three")
    answer = client.patch(f"{GRABS}/{middle}", json=change)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    body = answer.get_json()
    assert {name: body[name] for name in expected} == expected
    assert client.get(f"{GRABS}/{middle}").get_json().items() >= body.items()


def test_a_start_in_the_past(client: FlaskClient, services: Services) -> None:
    """Refused with the reason, whatever zone it is told in, and nothing else of it is done."""
    (nzo_id,) = add(services, "One")
    change = {"not_before": "2026-03-14T13:00:00+01:30", "paused": True, "priority": 1}
    body = problem(client.patch(f"{GRABS}/{nzo_id}", json=change), 422, "invalid_input")
    assert "lies in the past" in body["message"]
    view = services.queue_manager.find(nzo_id)
    assert (view.not_before, view.paused, view.priority) == (None, False, 0)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"priority": 3}, "priority"),
        ({"priority": -3}, "priority"),
        ({"priority": 10**18}, "priority"),
        ({"priority": 1.5}, "priority"),
        ({"priority": "high"}, "priority"),
        ({"priority": None}, "priority"),
        ({"position": -1}, "position"),
        ({"position": 10**9}, "position"),
        ({"position": "first"}, "position"),
        ({"paused": "perhaps"}, "paused"),
        ({"paused": None}, "paused"),
        ({"not_before": "tomorrow"}, "not_before"),
        ({"not_before": "2026-12-31T12:00:00"}, "not_before"),
        ({"not_before": "9999-12-31T23:59:59+00:00"}, "not_before"),
        ({"not_before": "0001-01-01T00:00:00+14:00"}, "not_before"),
        ({"category": ""}, "category"),
        ({"category": "x" * 81}, "category"),
        ({"category": "a\0b"}, "category"),
        ({"category": "a\nb"}, "category"),
        ({"priority": -2, "paused": False}, "paused"),
        ({"colour": "red"}, "colour"),
        ({}, "_schema"),
    ],
    ids=str,
)
def test_changes_that_make_no_sense(
    reader: FlaskClient, change: dict[str, Any], field: str
) -> None:
    """422 names the field, before anybody looks for the grab."""
    body = problem(reader.patch(f"{GRABS}/SABnzbd_nzo_unknown", json=change), 422, "invalid_input")
    assert field in body["errors"]["json"]


def test_changing_what_is_unknown_or_over(client: FlaskClient, services: Services) -> None:
    """404 and 409: the state is told."""
    problem(client.patch(f"{GRABS}/nobody", json={"paused": True}), 404, "grab_not_found")
    (nzo_id,) = add(services, "One")
    end(services, nzo_id, GrabState.COMPLETED)
    body = problem(client.patch(f"{GRABS}/{nzo_id}", json={"paused": True}), 409, "conflict")
    assert "completed" in body["message"]


def test_a_place_is_told_for_open_grabs_only(client: FlaskClient, services: Services) -> None:
    """In the list as well, newest first."""
    first, second, third = add(services, "One", "Two", "Three")
    end(services, first, GrabState.FAILED)
    items = client.get(GRABS).get_json()["items"]
    assert [(item["nzo_id"], item["position"]) for item in items] == [
        (third, 1),
        (second, 0),
        (first, None),
    ]


# -- several ---------------------------------------------------------------------------------------


def test_unknown_ids_are_told_and_the_others_done(client: FlaskClient, services: Services) -> None:
    """One answer for each id, in their order; one that comes twice counts once."""
    first, second, over = add(services, "One", "Two", "Three")
    end(services, over, GrabState.FAILED)
    results = act(client, "pause", [second, "nobody", over, first, second])
    shown = [(one["nzo_id"], one["ok"], one["state"], one["error_code"]) for one in results]
    assert shown == [
        (second, True, "queued", None),
        ("nobody", False, None, "grab_not_found"),
        (over, False, "failed", "conflict"),
        (first, True, "queued", None),
    ]
    assert "nobody" in results[1]["message"]
    assert "failed" in results[2]["message"]
    assert all(view.paused for view in services.queue_manager.queue())
    assert [one["ok"] for one in act(client, "resume", [first, second])] == [True, True]
    assert not any(view.paused for view in services.queue_manager.queue())


def test_only_unknown_ids(reader: FlaskClient) -> None:
    """Still a clear answer, for every command."""
    for action, more in (
        ("pause", {}),
        ("resume", {}),
        ("cancel", {}),
        ("retry", {}),
        ("priority", {"priority": 1}),
        ("move", {"position": 0}),
    ):
        (result,) = act(reader, action, ["../etc/pa%sswd 🎵"], **more)
        assert (result["ok"], result["error_code"]) == (False, "grab_not_found"), action


def test_priorities_and_places_of_several(client: FlaskClient, services: Services) -> None:
    """Moved together in the order given; the places are told."""
    a, b, c, d = add(services, "A", "B", "C", "D")
    results = act(client, "priority", [c, d], priority=1)
    assert [one["ok"] for one in results] == [True, True]
    assert order(services) == [c, d, a, b]
    results = act(client, "move", [b, "nobody", d], position=0)
    assert order(services) == [b, d, c, a]
    assert [(one["ok"], one["position"]) for one in results] == [
        (True, 0),
        (False, None),
        (True, 1),
    ]
    act(client, "move", [a], before=d)
    assert order(services) == [b, a, d, c]


def test_before_nobody(client: FlaskClient, services: Services) -> None:
    """The whole command is refused and nothing moves."""
    a, b = add(services, "A", "B")
    body = {"action": "move", "nzo_ids": [b], "before": "nobody"}
    problem(client.post(ACTIONS, json=body), 404, "grab_not_found")
    assert order(services) == [a, b]


def test_several_are_cancelled(client: FlaskClient, services: Services, woken: list[str]) -> None:
    """A cancelled one is cancelled, however often; what ended otherwise is told."""
    first, over = add(services, "One", "Two")
    end(services, over, GrabState.IMPORTED)
    woken.clear()
    for _ in range(2):
        results = act(client, "cancel", [first, over])
        assert [(one["ok"], one["state"]) for one in results] == [
            (True, "cancelled"),
            (False, "imported"),
        ]
    assert woken == ["cleanup"]


def test_several_are_retried_until_the_queue_is_full(
    client: FlaskClient, services: Services
) -> None:
    """What finds no room is told, stays failed and can be tried again later."""
    first, second, third, running = add(services, "One", "Two", "Three", "Four")
    for nzo_id in (first, second, third):
        end(services, nzo_id, GrabState.FAILED)
    services.settings.patch({"queue.max_length": 2})
    results = act(client, "retry", [running, first, second, third])
    assert [one["error_code"] for one in results] == ["conflict", None, "queue_full", "queue_full"]
    assert [one["state"] for one in results] == ["queued", "removed", "failed", "failed"]
    assert order(services) == [running, results[1]["new_nzo_id"]]
    services.queue_manager.cancel([running])
    (again,) = act(client, "retry", [second])
    assert again["ok"] is True


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"action": "explode", "nzo_ids": ["a"]}, "action"),
        ({"nzo_ids": ["a"]}, "action"),
        ({"action": "pause"}, "nzo_ids"),
        ({"action": "pause", "nzo_ids": []}, "nzo_ids"),
        ({"action": "pause", "nzo_ids": "all"}, "nzo_ids"),
        ({"action": "pause", "nzo_ids": ["a"] * 501}, "nzo_ids"),
        ({"action": "pause", "nzo_ids": ["a\0"]}, "nzo_ids"),
        ({"action": "pause", "nzo_ids": [None]}, "nzo_ids"),
        ({"action": "pause", "nzo_ids": ["a"], "priority": 1}, "priority"),
        ({"action": "priority", "nzo_ids": ["a"]}, "priority"),
        ({"action": "priority", "nzo_ids": ["a"], "priority": 7}, "priority"),
        ({"action": "move", "nzo_ids": ["a"]}, "position"),
        ({"action": "move", "nzo_ids": ["a"], "position": 0, "before": "b"}, "position"),
        ({"action": "move", "nzo_ids": ["a"], "position": -1}, "position"),
        ({"action": "move", "nzo_ids": ["a"], "before": "a"}, "before"),
        ({"action": "pause", "nzo_ids": ["a"], "force": True}, "force"),
    ],
    ids=str,
)
def test_commands_that_make_no_sense(reader: FlaskClient, body: object, field: str) -> None:
    """422 names the field, and nothing is done."""
    found = problem(reader.post(ACTIONS, json=body), 422, "invalid_input")
    assert field in found["errors"]["json"]


@pytest.mark.parametrize("body", [b"", b"[]", b"pause", b'{"action": NaN}'])
def test_commands_that_cannot_be_read(reader: FlaskClient, body: bytes) -> None:
    """Never a crash; here a body is needed."""
    for method, path in (("POST", ACTIONS), ("PATCH", f"{GRABS}/nobody")):
        answer = reader.open(path, method=method, data=body, content_type="application/json")
        assert answer.status_code in {400, 422}, answer.get_data(as_text=True)


# -- a full queue ----------------------------------------------------------------------------------


def test_a_full_queue_is_a_conflict(client: FlaskClient, services: Services) -> None:
    """A retry is refused with the reason; the same one succeeds when there is room."""
    failed, running = add(services, "One", "Two")
    end(services, failed, GrabState.FAILED)
    services.settings.patch({"queue.max_length": 1})
    body = problem(client.post(f"{GRABS}/{failed}/retry"), 409, "queue_full")
    assert "1 of at most 1" in body["message"]
    services.queue_manager.cancel([running])
    assert client.post(f"{GRABS}/{failed}/retry").status_code == 201


def test_a_scheduled_grab_over_both_databases(
    start: Start, database_url: str, clock: FakeClock
) -> None:
    """The moment comes back in UTC, and the counts tell it."""
    services = start(url=database_url)
    client = with_key(create_app(services), services)
    (nzo_id,) = add(services, "One")
    change = {"not_before": "2026-03-15T00:00:00+12:00", "priority": 1}
    assert client.patch(f"{GRABS}/{nzo_id}", json=change).status_code == 422  # that was noon here
    clock.advance(-60)
    body = client.patch(f"{GRABS}/{nzo_id}", json=change).get_json()
    assert (body["not_before"], body["priority"]) == ("2026-03-14T12:00:00+00:00", Priority.HIGH)
    assert client.get(QUEUE).get_json()["grabs"]["scheduled"] == 1
    clock.advance(60)
    assert client.get(QUEUE).get_json()["grabs"]["scheduled"] == 0
