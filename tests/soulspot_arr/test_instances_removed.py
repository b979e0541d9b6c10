"""A second slskd is taken out of the configuration while files are asked for through it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from soulspot_arr import instances, scheduler
from soulspot_arr.config import Config
from soulspot_arr.domain import DownloadState
from soulspot_arr.models import Download, Event
from soulspot_arr.services import Services, build
from tests.fakes.clock import FakeClock
from tests.fakes.fake_source import FakeSource
from tests.soulspot_arr.workshop import new_grab, offer

FOLDER = "Music\\Cello\\Undertow"
PINS = {
    "SOULSPOT_QUEUE_DISPATCH_DELAY": "0",
    "SOULSPOT_QUEUE_RESCUE": "false",
    "SOULSPOT_CATALOGUE_MUSICBRAINZ": "false",
    "SOULSPOT_RETRY_BACKOFF": "60",
}
Start = Callable[[bool], Services]


@pytest.fixture
def sources(clock: FakeClock, tmp_path: Path) -> tuple[FakeSource, FakeSource]:
    """Two accounts in one network, with one folder."""
    root = tmp_path / "downloads"
    root.mkdir()
    return FakeSource(now=clock, root=root), FakeSource("slskd2", now=clock, root=root)


@pytest.fixture
def start(
    database_url: str, tmp_path: Path, clock: FakeClock, sources: tuple[FakeSource, FakeSource]
) -> Iterator[Start]:
    """Start the service over the same tables, with the second instance or without it."""
    first, second = sources
    started: list[Services] = []

    def start_(both: bool) -> Services:
        config = Config(
            data_dir=tmp_path,
            database_url=database_url,
            secret_key="0" * 64,
            slskd_instances=2 if both else 1,
            pins=PINS,
        )
        further = [second] if both else []
        started.append(build(config, source=first, further=further, clock=clock))
        started[-1].paths.remember_root(str(first.root))
        return started[-1]

    yield start_
    for services in started:
        services.close()


def rows(services: Services) -> list[Download]:
    """All files."""
    with services.db.read() as session:
        return list(session.scalars(select(Download).order_by(Download.id)))


def states(services: Services) -> list[tuple[str, str | None]]:
    """Where each file stands, and with which instance."""
    return [(row.status, row.instance) for row in rows(services)]


def removed(services: Services) -> list[Event]:
    """What was told."""
    with services.db.read() as session:
        return list(session.scalars(select(Event).where(Event.kind == instances.REMOVED)))


def asked_through_the_second(start: Start, *names: str) -> Services:
    """An album that the second instance has asked for."""
    services = start(True)
    services.queue_manager.add(new_grab(offer("anna", *names)))
    services.side_by_side.further[0].dispatcher.run()
    assert {row.instance for row in rows(services)} == {"slskd2"}
    return services


def keep_house(services: Services) -> None:
    """What the process that has just begun to run the jobs does first."""
    next(job for job in scheduler.JOBS if job.name == "housekeeping").work(services)


def test_its_files_go_on_through_the_first_one(
    start: Start, clock: FakeClock, sources: tuple[FakeSource, FakeSource]
) -> None:
    """They vanish there after a minute, are asked for again, and nothing counts against the peer."""
    first, second = sources
    old = asked_through_the_second(start, "1.flac", "2.flac")
    second.start(f"{FOLDER}\\1.flac")
    old.side_by_side.further[0].monitor.tick()
    with old.db.write() as session:
        for row in session.scalars(select(Download)):
            row.attempts = 2
    clock.advance(8 * 86_400)
    services = start(False)
    keep_house(services)
    assert {instance for _, instance in states(services)} == {None}
    services.monitor.tick()
    clock.advance(61)
    services.monitor.hasten()
    services.monitor.tick()
    assert rows(services)[0].attempts <= 1
    clock.advance(200)
    services.monitor.tick()
    services.dispatcher.run()
    assert states(services) == [(DownloadState.PENDING, None)] * 2
    assert {item.peer for item in first.poll_raw().transfers} == {"anna"}
    keys = {request.key for request in (*first.requests, *second.requests)}
    assert len(keys) == len(first.requests) + len(second.requests), "no key is used a second time"


def test_what_it_had_finished_is_found_in_the_common_folder(
    start: Start, clock: FakeClock, sources: tuple[FakeSource, FakeSource]
) -> None:
    """It wrote on after it was taken out: nobody fetches that a second time."""
    first, second = sources
    old = asked_through_the_second(start, "1.flac")
    second.start(f"{FOLDER}\\1.flac")
    old.side_by_side.further[0].monitor.tick()
    services = start(False)
    keep_house(services)
    services.monitor.tick()
    second.succeed(f"{FOLDER}\\1.flac")
    clock.advance(61)
    services.monitor.tick()
    assert states(services) == [(DownloadState.COMPLETED, None)]
    assert first.requests == []


def test_what_waits_or_is_over_is_handed_on_as_well(
    start: Start, sources: tuple[FakeSource, FakeSource]
) -> None:
    """A file that waits for its next attempt, and one that slskd would have to forget."""
    first, _ = sources
    old = asked_through_the_second(start, "1.flac", "2.flac")
    with old.db.write() as session:
        one, two = session.scalars(select(Download).order_by(Download.id))
        one.status, one.failure_kind = DownloadState.WAITING, "source_unavailable"
        two.status, two.transfer_ref = DownloadState.CANCELLED, "unknown"
    services = start(False)
    keep_house(services)
    services.dispatcher.run()
    assert states(services) == [(DownloadState.PENDING, None), (DownloadState.CANCELLED, None)]
    services.cleanup.run()
    assert rows(services)[1].released_at is not None
    assert len(first.requests) == 1


def test_it_is_told_once_and_named_in_health_for_a_day(
    start: Start, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """An event and a line in the log; health says what to do about a slskd that still runs."""
    asked_through_the_second(start, "1.flac", "2.flac")
    services = start(False)
    for _ in range(2):
        keep_house(services)
    (event,) = removed(services)
    assert event.data == {"instance": "slskd2", "files": 2}
    assert event.message in caplog.text
    checks = {check.code: check for check in services.health.examine(thorough=False)}
    assert checks["instance_removed"].level == "warning"
    assert checks["instance_removed"].message.endswith("taken over: slskd2 (2).")
    clock.advance(86_401)
    assert "instance_removed" not in {
        check.code for check in services.health.examine(thorough=False)
    }


def test_nothing_happens_while_all_are_configured(start: Start) -> None:
    """Nor when it is back: then it is no longer named."""
    services = asked_through_the_second(start, "1.flac")
    keep_house(services)
    assert states(services) == [(DownloadState.PENDING, "slskd2")]
    keep_house(start(False))
    services = start(True)
    keep_house(services)
    assert len(removed(services)) == 1
    assert "instance_removed" not in {
        check.code for check in services.health.examine(thorough=False)
    }
