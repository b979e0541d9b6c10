"""One grab over the REST API: what it is, and its timeline from search to import."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from soulspot_arr.domain import GrabState
from soulspot_arr.models import Grab
from soulspot_arr.services import Services
from tests.blueprints.world import PEER, new_grab, problem
from tests.fakes.clock import NOON, FakeClock

GRABS = "/api/v1/grabs"


def read(client: FlaskClient, nzo_id: str) -> dict[str, Any]:
    """One grab in full."""
    response = client.get(f"{GRABS}/{nzo_id}")
    assert response.status_code == 200, response.get_data(as_text=True)
    body: dict[str, Any] = response.get_json()
    return body


def change(services: Services, nzo_id: str, **columns: Any) -> None:
    """Let the grab have gone on."""
    with services.db.write() as session:
        session.execute(update(Grab).where(Grab.nzo_id == nzo_id).values(**columns))


def test_a_new_grab_has_one_step(client: FlaskClient, services: Services) -> None:
    """It was handed over and waits."""
    nzo_id = services.queue_manager.add(new_grab(tracks=2, offers=2))
    body = read(client, nzo_id)
    assert body["timeline"] == {
        "end": "On its way for 0 s.",
        "over": False,
        "seconds": 0.0,
        "waiting_for": "It waits for its turn to be asked for.",
        "steps": [
            {
                "step": "grabbed",
                "at": NOON.isoformat(),
                "after": None,
                "level": "info",
                "message": f"Handed over: 2 files, 0 MiB, from {PEER}, 1 alternate, category music.",
                "reasons": [],
            }
        ],
        "spent": [],
        "peers": [{"peer": PEER, "files": 2, "arrived": 0, "reason": ""}],
    }
    assert body["import_state"] is None
    assert body["imported_at"] is None


def test_an_import_in_numbers(client: FlaskClient, services: Services, clock: FakeClock) -> None:
    """Moments with a zone, lengths of time in seconds, Lidarr's word beside the state."""
    nzo_id = services.queue_manager.add(new_grab())
    ended = clock() + timedelta(seconds=90.5)
    change(
        services,
        nzo_id,
        status=GrabState.IMPORTED,
        started_at=clock() + timedelta(seconds=60),
        transferred_at=clock() + timedelta(seconds=80),
        completed_at=clock() + timedelta(seconds=82),
        imported_at=ended,
        import_state="imported",
        import_seen_at=ended,
        rehearsal={"distance": 0.05, "tagged": 2, "reasons": ["a year differs"]},
    )
    body = read(client, nzo_id)
    assert (body["state"], body["import_state"], body["import_message"]) == (
        "imported", "imported", None,
    )  # fmt: skip
    assert datetime.fromisoformat(body["imported_at"]) == ended
    assert datetime.fromisoformat(body["import_seen_at"]) == ended
    story = body["timeline"]
    assert (story["over"], story["seconds"], story["waiting_for"]) == (True, 90.5, None)
    assert [(step["step"], step["after"]) for step in story["steps"]] == [
        ("grabbed", None), ("sending", 60.0), ("arrived", 20.0), ("rehearsed", 2.0),
        ("reported", 0.0), ("imported", 8.5),
    ]  # fmt: skip
    assert story["steps"][3]["reasons"] == ["a year differs"]
    assert story["spent"][0] == {"phase": "turn", "seconds": 60.0}


def test_the_document_knows_every_field(client: FlaskClient, services: Services) -> None:
    """What is answered is what is promised, with the names a step can have."""
    nzo_id = services.queue_manager.add(new_grab())
    body = read(client, nzo_id)
    schemas = client.get("/api/docs/openapi.json").get_json()["components"]["schemas"]
    assert set(body) == set(schemas["GrabStory"]["properties"])
    assert set(body["timeline"]) == set(schemas["Timeline"]["properties"])
    assert set(body["timeline"]["steps"][0]) == set(schemas["Step"]["properties"])
    assert "imported" in schemas["Step"]["properties"]["step"]["enum"]


@pytest.mark.parametrize("name", ["nope", "SABnzbd"])
def test_only_a_whole_id_names_a_grab(client: FlaskClient, services: Services, name: str) -> None:
    """The end of one is for people at a terminal."""
    services.queue_manager.add(new_grab())
    problem(client.get(f"{GRABS}/{name}"), 404, "grab_not_found")
