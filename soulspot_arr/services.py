"""Builds everything once and hands it out as one frozen object. Starts no thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from soulspot_arr import db
from soulspot_arr.cleanup import Cleanup
from soulspot_arr.completion import Completion
from soulspot_arr.config import Config
from soulspot_arr.db import Database
from soulspot_arr.dispatch import Dispatcher
from soulspot_arr.domain import Clock
from soulspot_arr.errors import ConfigError
from soulspot_arr.health import Health, tell_source_change
from soulspot_arr.history import History
from soulspot_arr.lidarr import Lidarr
from soulspot_arr.monitor import Monitor
from soulspot_arr.paths import Paths
from soulspot_arr.queue_manager import QueueManager
from soulspot_arr.search import Search
from soulspot_arr.settings import Settings
from soulspot_arr.sources import DownloadSource, Guard
from soulspot_arr.sources.slskd import SlskdSource


class Waker:
    """Carries "there is work" from a workshop to the scheduler, if one runs in this process."""

    def __init__(self) -> None:
        self._target: Callable[[str], None] | None = None

    def connect(self, target: Callable[[str], None] | None) -> None:
        """Deliver to this scheduler from now on; None for nobody."""
        self._target = target

    def __call__(self, job: str) -> None:
        """Ask for a run of a job."""
        if self._target is not None:
            self._target(job)


@dataclass(frozen=True, slots=True)
class Services:
    """Everything built, for the front rooms and the scheduler."""

    config: Config
    clock: Clock
    db: Database
    settings: Settings
    paths: Paths
    source: DownloadSource
    guard: Guard
    lidarr: Lidarr
    search: Search
    queue_manager: QueueManager
    dispatcher: Dispatcher
    monitor: Monitor
    completion: Completion
    cleanup: Cleanup
    health: Health
    history: History
    waker: Waker
    reload_source: Callable[[], None]

    def close(self) -> None:
        """Give the database back."""
        self.db.close()


def build(
    config: Config, *, source: DownloadSource | None = None, clock: Clock = db.utc_now
) -> Services:
    """Open the database and wire the rooms together. Raises ConfigError or InvalidSetting."""
    database = Database(config.database_url)
    source = source or SlskdSource()
    settings = Settings(database, clock=clock, pins=config.pins, specs=source.settings)
    _open(database, settings, migrate=config.auto_migrate)
    reload_source = _reloader(settings, source)
    reload_source()
    waker = Waker()
    paths = Paths(settings)
    guard = Guard(source.name, tell_source_change(database, clock=clock, name=source.label))
    lidarr = Lidarr(settings)
    return Services(
        config=config,
        clock=clock,
        db=database,
        settings=settings,
        paths=paths,
        source=source,
        guard=guard,
        lidarr=lidarr,
        search=Search(
            database, settings, source, guard, lidarr, clock=clock, refresh=reload_source
        ),
        queue_manager=QueueManager(database, settings, clock=clock, wake=waker),
        dispatcher=Dispatcher(database, settings, source, guard, clock=clock, wake=waker),
        monitor=Monitor(database, settings, source, guard, paths=paths, clock=clock, wake=waker),
        completion=Completion(database, settings, paths, lidarr, clock=clock, wake=waker),
        cleanup=Cleanup(database, settings, paths, source, guard, clock=clock),
        health=Health(database, settings, paths, source, lidarr, clock=clock),
        history=History(database, clock=clock),
        waker=waker,
        reload_source=reload_source,
    )


def _open(database: Database, settings: Settings, *, migrate: bool) -> None:
    try:
        if migrate:
            db.upgrade(database)
        else:
            db.require_current(database)
        with db.explained():
            settings.prepare()
    except ConfigError:
        database.close()
        raise


def _reloader(settings: Settings, source: DownloadSource) -> Callable[[], None]:
    """A function that hands changed settings to the source; cheap when nothing changed."""
    lock = threading.Lock()
    known: dict[str, object] = {}

    def reload() -> None:
        values = {spec.key: settings.get(spec.key) for spec in source.settings}
        with lock:
            if values == known:
                return
            known.clear()
            known.update(values)
        source.reload_settings(values)

    return reload
