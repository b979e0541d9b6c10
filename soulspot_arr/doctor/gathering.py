"""Asks everybody: slskd, Lidarr, the disk, the database and ourselves. Judges nothing.

What cannot be found out is left out, and nothing here raises: another check says why.
"""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass, field, replace
from typing import Protocol, runtime_checkable

from sqlalchemy.exc import SQLAlchemyError

from soulspot_arr import disk
from soulspot_arr.budget import SearchBudget
from soulspot_arr.config import environment
from soulspot_arr.doctor.facts import Budget, Door, Facts, Folder, Peerage
from soulspot_arr.doctor.lidarr_side import LidarrSide
from soulspot_arr.doctor.marker import Views, look, owner_of
from soulspot_arr.doctor.round_trip import travel
from soulspot_arr.errors import SoulSpotError, SourceError
from soulspot_arr.services import Services
from soulspot_arr.sources.slskd_files import Inspection

_PORT_SECONDS = 3.0


@runtime_checkable
class Inspectable(Protocol):
    """A source that tells more of itself than the work needs."""

    def inspect_raw(self) -> Inspection:
        """All of it; raises SourceError."""


@dataclass(slots=True)
class Gatherer:
    """One examination."""

    services: Services
    own_url: str
    _clocks: dict[str, float] = field(default_factory=dict)

    def gather(self, *, ask_lidarr: bool = True, place: bool = True) -> Facts:
        """Everything that can be found out now; takes seconds, and a minute at most.

        Without `place` nothing is put among the finished grabs: it is known that it cannot be.
        """
        seen = self._inspection()
        lidarr = LidarrSide(self.services)
        if ask_lidarr:
            lidarr.begin()
        folder = self._folder(seen, lidarr, place=place)
        if lidarr.ahead is not None:
            self._clocks["Lidarr"] = lidarr.ahead
        report = self.services.settings.get("completion.mode") == "report"
        root = self.services.paths.local_root if self.services.paths.visible() else None
        free, total = disk.free_bytes(self.services.config.data_dir)
        return Facts(
            peerage=self._peerage(seen),
            folder=folder,
            owner=None if report else owner_of(root, _wished()),
            clocks=dict(self._clocks),
            database=self._database(),
            data_free=free if total else None,
            budget=self._budget(),
            lidarr=lidarr.view(),
            door=self._door(),
        )

    # -- slskd -------------------------------------------------------------------------------------

    def _inspection(self) -> Inspection | None:
        source = self.services.source
        if not (isinstance(source, Inspectable) and source.is_configured()):
            return None
        try:
            seen = source.inspect_raw()
        except SourceError:
            return None  # why is told by the chain of health
        if seen.ahead is not None:
            self._clocks["slskd"] = seen.ahead
        return seen

    def _peerage(self, seen: Inspection | None) -> Peerage | None:
        if seen is None:
            return None
        return Peerage(seen.version, seen.listen_port, _is_open(seen.host, seen.listen_port))

    # -- folders -----------------------------------------------------------------------------------

    def _folder(self, seen: Inspection | None, lidarr: LidarrSide, *, place: bool) -> Folder | None:
        paths, settings = self.services.paths, self.services.settings
        root, complete = paths.local_root, paths.complete_dir
        if settings.get("completion.mode") == "report" or not paths.visible():
            return None
        if root is None or complete is None:
            return None
        target = complete / paths.category_folder(settings.categories()[0]) if place else None
        views = Views(
            slskd=lambda name: self._slskd_sees(seen, name),
            lidarr=lidarr.sees,
            elsewhere=lidarr.elsewhere,
        )
        folder, written_at = look(root, paths.source_root, target, views)
        if written_at is not None:
            self._clocks["the downloads' disk"] = written_at - time.time()
        return replace(folder, complete=str(complete))

    def _slskd_sees(self, before: Inspection | None, name: str) -> bool | None:
        again = self._inspection() if before is not None else None
        return None if again is None or again.files is None else name in again.files

    # -- ourselves ---------------------------------------------------------------------------------

    def _database(self) -> str | None:
        """What SQLite finds wrong with its own file; PostgreSQL looks after itself."""
        database = self.services.db
        if database.dialect != "sqlite":
            return ""
        try:
            with database.engine.connect() as connection:
                found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
        except SQLAlchemyError as error:
            found = getattr(error, "orig", None) or type(error).__name__
        return "" if found == "ok" else str(found)

    def _budget(self) -> Budget | None:
        if not self.services.source.is_configured():
            return None
        services, settings = self.services, self.services.settings
        common = (services.db, settings, services.source, services.guard)
        try:
            used = SearchBudget(*common, clock=services.clock).used()
        except SoulSpotError:
            return None
        return Budget(used, settings.get("search.rate"), settings.get("search.rate_window"))

    def _door(self) -> Door:
        key = str(self.services.settings.get("auth.api_key"))
        return travel(self.own_url, key, database=self.services.db, clock=self.services.clock)


def _wished() -> dict[str, str]:
    given = environment()
    return {name: given[name] for name in ("PUID", "PGID") if given.get(name)}


def _is_open(host: str, port: int | None) -> bool | None:
    if not host or port is None:
        return None
    try:
        with socket.create_connection((host, port), _PORT_SECONDS):
            return True
    except OSError:
        return False
