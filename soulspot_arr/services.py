"""Builds everything once and hands it out as one frozen object. Starts no thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from soulspot_arr import db
from soulspot_arr.catalogue import Catalogue
from soulspot_arr.catalogue.binding import Binding
from soulspot_arr.catalogue.from_lidarr import FromLidarr
from soulspot_arr.catalogue.from_musicbrainz import FromMusicBrainz
from soulspot_arr.catalogue.musicbrainz_client import MusicBrainzClient
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


class Reloader:
    """Hands changed settings to the source; cheap when nothing changed."""

    def __init__(self, settings: Settings, source: DownloadSource) -> None:
        self._settings = settings
        self._source = source
        self._lock = threading.Lock()
        self._known: dict[str, object] | None = None
        self._told: Callable[[], None] = lambda: None

    def connect(self, told: Callable[[], None]) -> None:
        """Call this whenever the source has got other settings than before."""
        self._told = told

    def __call__(self) -> None:
        """Look at the settings, and take them over if they are others."""
        values = {spec.key: self._settings.get(spec.key) for spec in self._source.settings}
        with self._lock:
            if values == self._known:
                return
            self._known = values
        self._source.reload_settings(values)
        self._told()


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
    catalogue: Catalogue
    binding: Binding
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
    reload_source = Reloader(settings, source)
    reload_source()
    waker = Waker()
    paths = Paths(settings)
    guard = Guard(source.name, tell_source_change(database, clock=clock, name=source.label))
    lidarr = Lidarr(settings)
    albums = (FromLidarr(lidarr), FromMusicBrainz(MusicBrainzClient(settings)))
    dispatcher = Dispatcher(
        database, settings, source, guard, clock=clock, wake=waker, refresh=reload_source
    )
    reload_source.connect(dispatcher.source_changed)
    catalogue = Catalogue(database, settings, albums, clock=clock)
    search = Search(
        database, settings, source, guard, catalogue, clock=clock, refresh=reload_source
    )
    return Services(
        config=config,
        clock=clock,
        db=database,
        settings=settings,
        paths=paths,
        source=source,
        guard=guard,
        lidarr=lidarr,
        catalogue=catalogue,
        binding=Binding(database, lidarr),
        search=search,
        queue_manager=QueueManager(database, settings, clock=clock, wake=waker),
        dispatcher=dispatcher,
        monitor=Monitor(database, settings, source, guard, paths=paths, clock=clock, wake=waker),
        completion=Completion(database, settings, paths, lidarr, clock=clock, wake=waker),
        cleanup=Cleanup(database, settings, paths, source, guard, clock=clock),
        health=Health(database, settings, paths, source, lidarr, bans=search.bans, clock=clock),
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
