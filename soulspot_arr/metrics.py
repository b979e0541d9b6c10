"""What Prometheus wants to know, read from the database at the moment it asks.

Nothing is counted in memory: any process answers for all of them, and a restart loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import accumulate
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from sqlalchemy import Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from soulspot_arr import __version__, counters
from soulspot_arr.breakers import Breakers
from soulspot_arr.db import Database
from soulspot_arr.domain import (
    BreakerState,
    Clock,
    DownloadState,
    FailureKind,
    GrabState,
    ImportState,
)
from soulspot_arr.models import IS_LIVE, Download, Grab, JobRun, SearchRow
from soulspot_arr.settings import Settings

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics(Collector):
    """Answers a scrape; `sources` are the names of all instances that are configured."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        breakers: Breakers,
        *,
        sources: Sequence[str],
        clock: Clock,
    ) -> None:
        self._db = database
        self._settings = settings
        self._breakers = breakers
        self._names = tuple(sources)
        self._clock = clock

    def text(self) -> bytes:
        """Everything in Prometheus' text format 0.0.4; raises DatabaseTrouble."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        return generate_latest(registry)

    def describe(self) -> Iterable[Metric]:
        """Nothing ahead of time: a description would need a look at the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        """One look at the database for each family."""
        info = GaugeMetricFamily("soulspot_info", "Always 1.", labels=["version"])
        info.add_metric([__version__], 1)
        yield info
        with self._db.read() as session:
            yield from _states(session)
            yield from _failures(session)
            yield _imports(session)
            yield from _bytes(session)
            yield from self._searches(session)
            yield _looks(self._names, session)
            yield from _jobs(session)
        yield from self._sources()

    def _searches(self, session: Session) -> Iterator[Metric]:
        window = self._settings.get("search.rate_window")
        since = self._clock() - timedelta(seconds=window)
        recent = select(SearchRow.source, func.count()).where(SearchRow.started_at > since)
        counted = {name: n for name, n in session.execute(recent.group_by(SearchRow.source))}
        used = GaugeMetricFamily(
            "soulspot_search_budget_used",
            "Searches of this service in the present rate window.",
            labels=["source"],
        )
        for name in self._names:
            used.add_metric([name], counted.get(name, 0))
        yield used
        yield GaugeMetricFamily(
            "soulspot_search_budget",
            "Searches allowed in it, for each source.",
            value=self._settings.get("search.rate"),
        )
        yield GaugeMetricFamily("soulspot_search_budget_seconds", "Length of it.", value=window)

    def _sources(self) -> Iterator[Metric]:
        state = GaugeMetricFamily(
            "soulspot_source_breaker",
            "1 for the state the circuit breaker of a source is in.",
            labels=["source", "state"],
        )
        failures = GaugeMetricFamily(
            "soulspot_source_failures",
            "Failed calls in a row that opened it; 0 while it is closed.",
            labels=["source"],
        )
        views = {view.name: view for view in self._breakers.views()}
        for name in self._names:
            view = views.get(name)
            now = view.breaker if view is not None else BreakerState.CLOSED
            for each in BreakerState:
                state.add_metric([name, each], float(now is each))
            failures.add_metric([name], view.failures if view is not None else 0)
        yield from (state, failures)


def _by(column: InstrumentedAttribute[Any]) -> Select[Any, int]:
    return select(column, func.count()).group_by(column)


def _states(session: Session) -> Iterator[Metric]:
    grabs = GaugeMetricFamily("soulspot_grabs", "Albums by state.", labels=["state"])
    albums = {state: n for state, n in session.execute(_by(Grab.status))}
    for state in GrabState:
        grabs.add_metric([state], albums.get(state, 0))
    yield grabs
    downloads = GaugeMetricFamily("soulspot_downloads", "Files by state.", labels=["state"])
    files = {state: n for state, n in session.execute(_by(Download.status))}
    for kind in DownloadState:
        downloads.add_metric([kind], files.get(kind, 0))
    yield downloads


def _failures(session: Session) -> Iterator[Metric]:
    failed = CounterMetricFamily(
        "soulspot_failures", "Attempts to get a file that failed, by class.", labels=["kind"]
    )
    counted = counters.read(session, counters.FAILURES)
    for kind in FailureKind:
        failed.add_metric([kind], counted.get(kind, 0))
    yield failed


def _imports(session: Session) -> Metric:
    said = CounterMetricFamily(
        "soulspot_imports", "What became of albums that were reported to Lidarr.", labels=["state"]
    )
    counted = counters.read(session, counters.IMPORTS)
    for state in ImportState:
        said.add_metric([state], counted.get(state, 0))
    return said


def _bytes(session: Session) -> Iterator[Metric]:
    yield CounterMetricFamily(
        "soulspot_received_bytes",
        "Bytes of the files that have arrived.",
        value=counters.read(session, counters.RECEIVED).get("", 0),
    )
    live = select(
        func.sum(Download.size), func.sum(Download.bytes_done), func.sum(Download.speed)
    ).where(IS_LIVE)
    size, done, speed = (int(value or 0) for value in session.execute(live).one())
    yield GaugeMetricFamily(
        "soulspot_live_bytes", "Size of all files that are asked for at the moment.", value=size
    )
    yield GaugeMetricFamily(
        "soulspot_live_bytes_done", "How much of that is there, as last seen.", value=done
    )
    yield GaugeMetricFamily(
        "soulspot_bytes_per_second", "Of all transfers, as last seen.", value=speed
    )


def _looks(names: Sequence[str], session: Session) -> Metric:
    family = HistogramMetricFamily(
        "soulspot_look_seconds",
        "How long one look at all transfers of a source took.",
        labels=["source"],
    )
    counted = counters.read(session, counters.LOOKS)
    took = counters.read(session, counters.LOOKING)
    for name in names:
        family.add_metric([name], _buckets(name, counted), took.get(name, 0) / 1_000_000)
    return family


def _buckets(name: str, counted: Mapping[str, int]) -> list[tuple[str, float]]:
    """Prometheus wants in each bucket all that were not slower than its bound."""
    each = [counted.get(f"{name}/{bound}", 0) for bound in counters.BOUNDS]
    return list(zip(counters.BOUNDS, map(float, accumulate(each)), strict=True))


def _jobs(session: Session) -> Iterator[Metric]:
    seconds = GaugeMetricFamily(
        "soulspot_job_seconds", "How long the last noted run of a job took.", labels=["job"]
    )
    runs = CounterMetricFamily(
        "soulspot_job_runs", "Runs; written down once a minute.", labels=["job"]
    )
    failures = GaugeMetricFamily("soulspot_job_failures", "Failed runs in a row.", labels=["job"])
    ended = GaugeMetricFamily(
        "soulspot_job_last_end_seconds", "Unix time of the last noted end.", labels=["job"]
    )
    for row in session.scalars(select(JobRun).order_by(JobRun.name)):
        runs.add_metric([row.name], row.runs)
        failures.add_metric([row.name], row.failures)
        if row.last_milliseconds is not None:
            seconds.add_metric([row.name], row.last_milliseconds / 1000)
        if row.last_finished_at is not None:
            ended.add_metric([row.name], row.last_finished_at.timestamp())
    yield from (seconds, runs, failures, ended)
