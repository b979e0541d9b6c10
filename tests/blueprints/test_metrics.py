"""What Prometheus gets."""

from __future__ import annotations

import re
from pathlib import Path

from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import update

from soulspot_arr import counters
from soulspot_arr.domain import (
    DownloadState,
    FailureKind,
    GrabState,
    ImportState,
    NewGrab,
    Offer,
    OfferFile,
)
from soulspot_arr.models import Download, JobRun, SearchRow
from soulspot_arr.services import Services
from tests.fakes.clock import NOON

FILES = tuple(OfferFile(f"l{n}", f"Music\\Cello\\0{n}.flac", 1000, 0, 60) for n in (1, 2))
GRAB = NewGrab("k" * 64, "Cello - Undertow", "Cello", "Undertow", 2001, "FLAC", 1, (Offer("slskd", "ann", FILES),))  # fmt: skip


def scrape(client: FlaskClient) -> dict[tuple[str, tuple[str, ...]], float]:
    """Every sample by its name and the values of its labels, in the order of their names."""
    response = client.get("/metrics")
    assert response.status_code == 200
    assert response.content_type == "text/plain; version=0.0.4; charset=utf-8"
    return {
        (sample.name, tuple(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(response.get_data(as_text=True))
        for sample in family.samples
    }


def test_an_empty_service_has_every_state_at_zero(client: FlaskClient) -> None:
    """A graph needs the zero as much as the one."""
    found = scrape(client)
    for state in GrabState:
        assert found["soulspot_grabs", (state,)] == 0
    for kind in DownloadState:
        assert found["soulspot_downloads", (kind,)] == 0
    for reason in FailureKind:
        assert found["soulspot_failures_total", (reason,)] == 0
    for said in ImportState:
        assert found["soulspot_imports_total", (said,)] == 0
    for bound in counters.BOUNDS:
        assert found["soulspot_look_seconds_bucket", (bound, "slskd")] == 0
    assert found["soulspot_received_bytes_total", ()] == 0
    assert found["soulspot_search_budget", ()] == 30
    assert found["soulspot_search_budget_used", ("slskd",)] == 0
    assert found["soulspot_source_breaker", ("slskd", "closed")] == 1


def test_what_is_there_is_counted(client: FlaskClient, services: Services) -> None:
    """Grabs, files, bytes, searches and jobs, from the rows alone."""
    services.queue_manager.add(GRAB)
    with services.db.write() as session:
        session.add(
            JobRun(name="poll", runs=7, failures=2, last_milliseconds=34, last_finished_at=NOON)
        )
        now = services.clock()
        for source in ("slskd", "slskd", "slskd2"):
            session.add(SearchRow(source=source, query_key="k", text="t", started_at=now))
        moving = {"status": DownloadState.DOWNLOADING, "bytes_done": 400, "speed": 20}
        session.execute(update(Download).where(Download.position == 0).values(moving))
    found = scrape(client)
    assert found["soulspot_grabs", ("queued",)] == 1
    assert found["soulspot_downloads", ("waiting",)] == 1
    assert found["soulspot_live_bytes", ()] == 1000
    assert found["soulspot_live_bytes_done", ()] == 400
    assert found["soulspot_bytes_per_second", ()] == 20
    assert found["soulspot_search_budget_used", ("slskd",)] == 2
    assert found["soulspot_job_runs_total", ("poll",)] == 7
    assert found["soulspot_job_failures", ("poll",)] == 2
    assert found["soulspot_job_seconds", ("poll",)] == 0.034
    assert found["soulspot_job_last_end_seconds", ("poll",)] == NOON.timestamp()


def test_counters_are_read_from_their_rows(client: FlaskClient, services: Services) -> None:
    """Failures, bytes and looks, as `rate()` and `histogram_quantile()` want them."""
    with services.db.write() as session:
        counters.add(session, counters.FAILURES, "timeout", 3)
        counters.add(session, counters.RECEIVED, amount=5_000)
        for seconds in (0.02, 0.2, 0.2, 40.0):
            counters.looked(session, "slskd", seconds)
    found = scrape(client)
    assert found["soulspot_failures_total", ("timeout",)] == 3
    assert found["soulspot_received_bytes_total", ()] == 5_000
    buckets = [found["soulspot_look_seconds_bucket", (each, "slskd")] for each in counters.BOUNDS]
    assert buckets == [1, 1, 3, 3, 3, 3, 3, 3, 3, 4]
    assert found["soulspot_look_seconds_count", ("slskd",)] == 4
    assert found["soulspot_look_seconds_sum", ("slskd",)] == 40.42


def test_every_metric_is_documented_with_its_type_and_labels(
    client: FlaskClient, services: Services
) -> None:
    """`docs/metrics.md` has a row for each, and none for what is gone."""
    with services.db.write() as session:
        session.add(JobRun(name="poll", runs=1, last_milliseconds=1, last_finished_at=NOON))
    page = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(soulspot_\w+)` \| (\w+) \|([^|]*)\|", page, re.MULTILINE)
    told = {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}
    found = {}
    for family in text_string_to_metric_families(client.get("/metrics").get_data(as_text=True)):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        found[name] = (family.type, labels)
    assert found == told


def test_it_needs_the_key(services: Services, client: FlaskClient) -> None:
    """Names of albums are not in it, but how much somebody downloads is nobody's business."""
    bare = client.application.test_client()
    assert bare.get("/metrics").status_code == 401
    key = services.settings.get("auth.api_key")
    assert bare.get("/metrics", headers={"Authorization": f"Bearer {key}"}).status_code == 200
