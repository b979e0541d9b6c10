"""What Lidarr says of us: our entries there, its health, its path mappings, and what it sees.

Reads and presses Test, changes nothing. What there was no time for is remembered by name, so that
nobody takes silence for good news.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar
from urllib.parse import quote

from soulspot_arr.connect import standing
from soulspot_arr.connect.command import Desk, Request
from soulspot_arr.connect.entries import Kind, value_of
from soulspot_arr.connect.plan import Action, Step
from soulspot_arr.doctor.asking import HEALTH, MAPPINGS, Hurried, Unasked, in_parallel
from soulspot_arr.doctor.facts import Entry, LidarrView, PathMapping, PathWay
from soulspot_arr.errors import InvalidInput, ServarrError
from soulspot_arr.servarr import Program, Rejected
from soulspot_arr.services import Services

_LOOK_SECONDS = 10.0
_LOOKS = 60  # places at which Lidarr is asked for a file that it does not see
_ROOTS = frozenset({"data", "downloads", "media", "mnt", "music", "nas", "pool", "share", "srv"})
_T = TypeVar("_T")


@dataclass(slots=True)
class LidarrSide:
    """One examination of Lidarr: `begin`, then `sees`, then `view`."""

    services: Services
    way: PathWay | None = None
    _lidarr: Hurried | None = None
    _steps: list[Step] = field(default_factory=list)
    _trouble: ServarrError | None = None
    _complaints: tuple[tuple[str, str, bool], ...] | None = None
    _unasked: list[str] = field(default_factory=list)

    @property
    def ahead(self) -> float | None:
        """Seconds by which Lidarr's clock is ahead of ours."""
        return self._lidarr.ahead if self._lidarr is not None else None

    def begin(self) -> None:
        """Ask for everything that is answered with a list."""
        if not self.services.lidarr.configured:
            return
        desk = Desk(self.services, Request("lidarr", dry=True), tell=lambda line: None)
        try:
            self._steps = desk.rehearse(self._make)
            self._complaints = self._in_time("its health", self._ailments, None)
            self.way = self._in_time("its path mappings", self._path_way, None)
        except Unasked:
            self._unasked.append("our entries there, its health and its path mappings")
        except ServarrError as error:
            self._trouble = error
        except InvalidInput as error:
            self._trouble = ServarrError(error.message)

    def sees(self, path: Path) -> tuple[str, bool | None]:
        """Where Lidarr looks for this file of ours, and whether it finds it there."""
        reported = self.services.paths.reported(str(path))
        looked_at = reported if self.way is None else replace(self.way, reported=reported).looked_at
        if self._lidarr is None or self._trouble is not None:
            return looked_at, None
        try:
            return looked_at, self._lidarr.sees_file(looked_at)
        except Unasked:
            self._unasked.append("whether it sees what we place")
        except ServarrError:
            pass
        return looked_at, None

    def elsewhere(self, path: Path) -> str:
        """Another place at which Lidarr finds this file of ours; empty for none."""
        if self._lidarr is None:
            return ""
        reported = self.services.paths.reported(str(path))
        try:
            if self.way is not None and self.way.applying and self._lidarr.sees_file(reported):
                return reported
            return _elsewhere(self._lidarr, path)
        except Unasked:
            self._unasked.append("where else it might see what we place")
        except ServarrError:
            pass
        return ""

    def view(self) -> LidarrView | None:
        """All that is known by now; presses Test on what is there."""
        if self._lidarr is None and self._trouble is None:
            return None
        slowest = self._lidarr.slowest if self._lidarr is not None else 0.0
        if self._trouble is not None:
            old = self._trouble.data.get("why") == "old"
            return LidarrView(trouble=self._trouble.message, too_old=old, slowest=slowest)
        untested = tuple(Entry(step.title, step.action.value) for step in self._steps)
        entries = self._tested()
        return LidarrView(
            entries=untested if entries is None else entries,
            tested=entries is not None,
            complaints=self._complaints,
            paths=self.way,
            slowest=slowest,
            unasked=tuple(self._unasked),
        )

    # -- asking ------------------------------------------------------------------------------------

    def _make(
        self, program: Program, url: str, key: str, *, pause: Callable[[float], None]
    ) -> Hurried:
        self._lidarr = Hurried(program, url, key, pause=pause)
        return self._lidarr

    def _in_time(self, what: str, ask: Callable[[Hurried], _T], nothing: _T) -> _T:
        """The answer; `nothing` when there was no time, which is remembered."""
        try:
            return nothing if self._lidarr is None else ask(self._lidarr)
        except Unasked:
            self._unasked.append(what)
            return nothing

    def _ailments(self, lidarr: Hurried) -> tuple[tuple[str, str, bool], ...] | None:
        rows = [*lidarr.rows(f"/{Kind.CLIENT}"), *lidarr.rows(f"/{Kind.INDEXER}")]
        ours = {step.name for step in self._steps}
        others = {str(row.get("name") or "") for row in rows} - ours
        found = standing.about_us(lidarr.rows(HEALTH), ours=ours, others=others)
        return tuple((each.words, each.fix, each.grave) for each in found)

    def _path_way(self, lidarr: Hurried) -> PathWay | None:
        complete = self.services.paths.complete_dir
        client = next((step for step in self._steps if step.kind is Kind.CLIENT), None)
        if complete is None or client is None or client.action is Action.CREATE:
            return None
        return PathWay(
            host=str(value_of(client.body, ".host") or ""),
            reported=self.services.paths.reported(str(complete)),
            ours=tuple(self.services.settings.get("paths.mappings")),
            theirs=tuple(_mapping(row) for row in lidarr.rows(MAPPINGS)),
        )

    def _tested(self) -> tuple[Entry, ...] | None:
        """Our entries after Lidarr's Test of each; None when they did not end in time."""
        if (lidarr := self._lidarr) is None:
            return None
        try:
            return tuple(in_parallel(lambda step: _entry(lidarr, step), self._steps))
        except Unasked:
            return None


def _entry(lidarr: Hurried, step: Step) -> Entry:
    """What would change, and what Lidarr's own Test says of what is there."""
    if step.action is not Action.KEEP:
        return Entry(step.title, step.action.value)
    try:
        lidarr.test(step.kind, step.body)
    except Rejected as error:
        red = " ".join(each.words for each in error.complaints if not each.warning)
        return Entry(step.title, step.action.value, red)
    except Unasked:
        raise
    except ServarrError as error:
        return Entry(step.title, step.action.value, error.message)
    return Entry(step.title, step.action.value)


def _mapping(row: Mapping[str, Any]) -> PathMapping:
    return PathMapping(*(str(row.get(name) or "") for name in ("host", "remotePath", "localPath")))


def _elsewhere(lidarr: Hurried, path: Path) -> str:
    """Where the end of the path leads to a file below another root there; empty for nowhere."""
    parts = PurePosixPath(path).parts[1:]
    until = time.monotonic() + _LOOK_SECONDS
    for base in _bases(lidarr)[:_LOOKS]:
        for cut in range(len(parts) - 1):
            if time.monotonic() > until:
                return ""
            there = "/".join((base, *parts[cut:]))
            if lidarr.sees_file(there):
                return there
    return ""


def _bases(lidarr: Hurried) -> Sequence[str]:
    """Folders at the top of what Lidarr sees, and below those in which downloads usually lie."""
    tops = _below(lidarr, "/")
    inner = [
        folder
        for top in tops
        if PurePosixPath(top).name.lower() in _ROOTS
        for folder in _below(lidarr, f"{top}/")
    ]
    return [*tops, *inner]


def _below(lidarr: Hurried, path: str) -> list[str]:
    found = lidarr.call("GET", f"/filesystem?path={quote(path)}&includeFiles=false")
    listed = found.get("directories") if isinstance(found, dict) else None
    return [
        str(entry["path"]).rstrip("/")
        for entry in listed or ()
        if isinstance(entry, dict) and str(entry.get("path") or "").startswith("/")
    ]
