"""Builds everything once and hands it out as one frozen object. Starts no thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from soulspot_arr import db
from soulspot_arr.blocklist import Blocklist
from soulspot_arr.breakers import Breakers
from soulspot_arr.catalogue import Catalogue
from soulspot_arr.catalogue.binding import Binding
from soulspot_arr.catalogue.covers import Covers
from soulspot_arr.catalogue.from_lidarr import FromLidarr
from soulspot_arr.catalogue.from_musicbrainz import FromMusicBrainz
from soulspot_arr.catalogue.musicbrainz_client import MusicBrainzClient
from soulspot_arr.cleanup import Cleanup
from soulspot_arr.commands import Commands
from soulspot_arr.completion import Completion
from soulspot_arr.completion.albums import Albums
from soulspot_arr.completion.finishing import Finishing
from soulspot_arr.completion.ground import Ground
from soulspot_arr.completion.proving import Prover
from soulspot_arr.config import Config
from soulspot_arr.db import Database
from soulspot_arr.dispatch import Dispatcher
from soulspot_arr.domain import Clock
from soulspot_arr.errors import ConfigError
from soulspot_arr.following import Follower
from soulspot_arr.health import Health, tell_source_change
from soulspot_arr.history import History
from soulspot_arr.jobs import Jobs
from soulspot_arr.lidarr import Lidarr
from soulspot_arr.lidarr_queue import LidarrQueue
from soulspot_arr.mending import Mender
from soulspot_arr.metrics import Metrics
from soulspot_arr.monitor import Monitor
from soulspot_arr.ordering import Ordering
from soulspot_arr.paths import Paths
from soulspot_arr.planning import Instances
from soulspot_arr.presence import Presence
from soulspot_arr.queue_manager import QueueManager
from soulspot_arr.rescue import Rescuer
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
class Instance:
    """One instance of a source, with a guard and workshops of its own."""

    source: DownloadSource
    guard: Guard
    reload: Reloader
    dispatcher: Dispatcher
    monitor: Monitor
    presence: Presence
    cleanup: Cleanup


class SideBySide:
    """Runs a job for the first instance, and for each further one in a thread that nobody waits for."""

    def __init__(self, further: Sequence[Instance]) -> None:
        self.further = tuple(further)
        self._pool = ThreadPoolExecutor(max(1, 3 * len(further)), thread_name_prefix="instance")
        self._runs: dict[tuple[str, str], Future[object]] = {}

    def __call__(
        self, job: str, first: Callable[[], object], other: Callable[[Instance], object]
    ) -> None:
        """An instance that is still at it is left to it; what broke at the last run is raised now."""
        ended = [self._start(job, instance, other) for instance in self.further]
        first()
        for run in ended:
            if run is not None:
                run.result()

    def _start(
        self, job: str, instance: Instance, work: Callable[[Instance], object]
    ) -> Future[object] | None:
        key = (job, instance.source.name)
        last = self._runs.get(key)
        if last is not None and not last.done():
            return None
        self._runs[key] = self._pool.submit(work, instance)
        return last

    def close(self) -> None:
        """Start nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)


@dataclass(frozen=True, slots=True)
class _Base:
    """What every instance stands on."""

    database: Database
    settings: Settings
    paths: Paths
    breakers: Breakers
    blocklist: Blocklist
    mender: Mender
    clock: Clock
    waker: Waker
    instances: Instances = field(default_factory=Instances)

    def instance(self, source: DownloadSource) -> Instance:
        """Everything that one instance needs of its own."""
        reload = Reloader(self.settings, source)
        reload()
        told = tell_source_change(self.database, clock=self.clock, name=source.label)
        guard = self.breakers.guard(source.name, told)
        common = (self.database, self.settings, source, guard)
        dispatcher = Dispatcher(
            *common,
            mender=self.mender,
            clock=self.clock,
            wake=self.waker,
            refresh=reload,
        )
        dispatcher.join(self.instances)
        reload.connect(dispatcher.source_changed)
        monitor = Monitor(
            *common, paths=self.paths, mender=self.mender, clock=self.clock, wake=self.waker
        )
        cleanup = Cleanup(
            *(self.database, self.settings, self.paths, source, guard),
            clock=self.clock,
            wake=self.waker,
        )
        presence = Presence(*common, clock=self.clock, wake=self.waker)
        return Instance(source, guard, reload, dispatcher, monitor, presence, cleanup)


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
    breakers: Breakers
    lidarr: Lidarr
    catalogue: Catalogue
    binding: Binding
    search: Search
    queue_manager: QueueManager
    ordering: Ordering
    commands: Commands
    blocklist: Blocklist
    dispatcher: Dispatcher
    monitor: Monitor
    presence: Presence
    completion: Completion
    follower: Follower
    prover: Prover
    albums: Albums
    rescuer: Rescuer
    cleanup: Cleanup
    health: Health
    history: History
    jobs: Jobs
    metrics: Metrics
    waker: Waker
    reload_source: Callable[[], None]
    side_by_side: SideBySide

    @property
    def instances(self) -> tuple[str, ...]:
        """Names of the instances of the source that have an address, and always of the first one."""
        further = [each.source for each in self.side_by_side.further]
        return (self.source.name, *(each.name for each in further if each.is_configured()))

    def close(self) -> None:
        """Give the database back."""
        self.side_by_side.close()
        self.db.close()


def build(
    config: Config,
    *,
    source: DownloadSource | None = None,
    further: Sequence[DownloadSource] = (),
    clock: Clock = db.utc_now,
) -> Services:
    """Open the database and wire the rooms together. Raises ConfigError or InvalidSetting."""
    database = Database(config.database_url)
    others = [SlskdSource(name=f"slskd{n}") for n in range(2, config.slskd_instances + 1)]
    sources = [source or SlskdSource(), *(further or others)]
    specs = [spec for each in sources for spec in each.settings]
    settings = Settings(database, clock=clock, pins=config.pins, specs=specs)
    _open(database, settings, migrate=config.auto_migrate)
    waker = Waker()
    blocklist = Blocklist(database, settings, clock=clock, wake=waker)
    base = _Base(
        database,
        settings,
        Paths(settings),
        Breakers(database, settings, clock=clock),
        blocklist,
        Mender(settings, blocklist),
        clock,
        waker,
    )
    return _wire(config, base, sources)


def _wire(config: Config, base: _Base, sources: Sequence[DownloadSource]) -> Services:
    database, settings, paths, breakers = base.database, base.settings, base.paths, base.breakers
    mender, clock, waker, blocklist = base.mender, base.clock, base.waker, base.blocklist
    lidarr = Lidarr(settings)
    first, *further = [base.instance(each) for each in sources]
    reload_source = _all_of([instance.reload for instance in (first, *further)])
    catalogue = _catalogue(database, settings, lidarr, clock=clock)
    queue = QueueManager(database, settings, clock=clock, wake=waker, blocklist=blocklist)
    ordering = Ordering(database, settings, clock=clock, wake=waker)
    search = Search(
        *(database, settings, first.source, first.guard, catalogue),
        clock=clock,
        refresh=reload_source,
        blocklist=blocklist,
    )
    finishing = _finishing(base, lidarr, catalogue)
    health = Health(
        *(database, settings, paths, first.source, lidarr),
        bans=search.bans,
        breakers=breakers,
        clock=clock,
    )
    for instance in further:
        health.add_instance(instance.source, search.add_instance(instance.source, instance.guard))
    return Services(
        config=config,
        clock=clock,
        db=database,
        settings=settings,
        paths=paths,
        source=first.source,
        guard=first.guard,
        breakers=breakers,
        lidarr=lidarr,
        catalogue=catalogue,
        binding=Binding(database, lidarr),
        search=search,
        queue_manager=queue,
        ordering=ordering,
        commands=Commands(queue, ordering, blocklist, mender=mender),
        blocklist=blocklist,
        dispatcher=first.dispatcher,
        monitor=first.monitor,
        presence=first.presence,
        completion=finishing.completion,
        follower=Follower(database, settings, LidarrQueue(lidarr), clock=clock, wake=waker),
        prover=finishing.prover,
        albums=finishing.albums,
        rescuer=Rescuer(database, settings, search, mender=mender, clock=clock, wake=waker),
        cleanup=first.cleanup,
        health=health,
        history=History(database, clock=clock),
        jobs=Jobs(database, clock=clock, wake=waker),
        metrics=Metrics(
            database, settings, breakers, sources=[each.name for each in sources], clock=clock
        ),
        waker=waker,
        reload_source=reload_source,
        side_by_side=SideBySide(further),
    )


def _finishing(base: _Base, lidarr: Lidarr, catalogue: Catalogue) -> Finishing:
    ground = Ground(
        *(base.database, base.settings, base.paths, base.mender), clock=base.clock, wake=base.waker
    )
    covers = Covers(base.settings)
    return Finishing.build(ground, lidarr, catalogue, find_cover=covers.front)


def _all_of(works: Sequence[Callable[[], None]]) -> Callable[[], None]:
    def each() -> None:
        for work in works:
            work()

    return each


def _catalogue(
    database: Database, settings: Settings, lidarr: Lidarr, *, clock: Clock
) -> Catalogue:
    albums = (FromLidarr(lidarr), FromMusicBrainz(MusicBrainzClient(settings)))
    return Catalogue(database, settings, albums, clock=clock)


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
