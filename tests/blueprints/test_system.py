"""Status, health and jobs."""

from __future__ import annotations

from datetime import datetime

from flask.testing import FlaskClient

from soulspot_arr import __version__
from soulspot_arr.models import JobRun
from soulspot_arr.services import Services
from tests.fakes.clock import NOON


def test_status_says_what_runs(client: FlaskClient, services: Services) -> None:
    """Version, source, database and since when."""
    body = client.get("/api/v1/system/status").get_json()
    assert body["name"] == "SoulSpot Arr"
    assert body["version"] == __version__
    assert body["source"] == "Fake network"
    assert body["database"] == "sqlite"
    assert body["data_dir"] == str(services.config.data_dir)
    assert body["url_base"] == ""
    assert datetime.fromisoformat(body["installed_at"]) == NOON
    assert datetime.fromisoformat(body["now"]) == NOON
    assert services.config.secret_key not in str(body)


def test_health_before_the_first_check(client: FlaskClient) -> None:
    """Nothing is known yet, and that is no error."""
    response = client.get("/api/v1/system/health")
    assert response.status_code == 200
    assert response.get_json() == {"checked_at": None, "checks": []}


def test_health_shows_what_the_job_found(client: FlaskClient, services: Services) -> None:
    """Every line has a code, a level, a sentence and, when it is bad, a way to mend it."""
    found = services.health.check()
    body = client.get("/api/v1/system/health").get_json()
    assert datetime.fromisoformat(body["checked_at"]) == NOON
    assert [check["code"] for check in body["checks"]] == [check.code for check in found]
    assert all(set(check) == {"code", "level", "message", "fix"} for check in body["checks"])
    assert {check["level"] for check in body["checks"]} <= {"ok", "warning", "error"}
    assert all(check["fix"] for check in body["checks"] if check["level"] == "error")


def test_doctor_examines_now(client: FlaskClient, stranger: FlaskClient) -> None:
    """The report of the command line, in the shape of health."""
    assert stranger.get("/api/v1/system/doctor").status_code == 401
    body = client.get("/api/v1/system/doctor").get_json()
    assert datetime.fromisoformat(body["checked_at"]) == NOON
    codes = [check["code"] for check in body["checks"]]
    assert codes[:2] == ["database", "slskd_reachable"]
    assert {"database_sound", "permissions", "round_trip"} <= set(codes)
    assert all(set(check) == {"code", "level", "message", "fix"} for check in body["checks"])
    assert all(check["fix"] for check in body["checks"] if check["level"] != "ok")


def test_jobs_before_the_first_run(client: FlaskClient) -> None:
    """An empty list."""
    assert client.get("/api/v1/system/jobs").get_json() == []


def test_jobs_show_their_last_run(client: FlaskClient, services: Services) -> None:
    """One row each, by name, times with a zone."""
    with services.db.write() as session:
        session.add(JobRun(name="poll", runs=7, last_started_at=NOON, last_finished_at=NOON))
        session.add(JobRun(name="health", runs=1, last_error="OSError: gone", requested_at=NOON))
    health, poll = client.get("/api/v1/system/jobs").get_json()
    assert (health["name"], health["last_error"]) == ("health", "OSError: gone")
    assert health["last_started_at"] is None
    assert datetime.fromisoformat(health["requested_at"]) == NOON
    assert (poll["name"], poll["runs"], poll["last_error"]) == ("poll", 7, None)
    assert datetime.fromisoformat(poll["last_finished_at"]) == NOON


def test_a_job_is_asked_to_run(client: FlaskClient) -> None:
    """Taken up by whichever process runs the jobs; an unknown one gets the list of names."""
    response = client.post("/api/v1/system/jobs/poll/run")
    assert response.status_code == 202
    assert datetime.fromisoformat(response.get_json()["requested_at"]) == NOON
    missing = client.post("/api/v1/system/jobs/pol/run")
    assert missing.status_code == 404
    assert "dispatch, poll" in missing.get_json()["message"]
