"""Where files land: sanitising, patterns, collisions, the incomplete folder (contract slskd §6).

Computes with slskd's idea of the paths and touches the real disk below `real_root`; on the Windows
profile the two differ. Knows transfers only as names.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from soulspot_arr.simulator.process import Process
from soulspot_arr.simulator.wire import ticks

_WINDOWS_FORBIDDEN = re.compile(r'[\x00-\x1f"<>|:*?\\/]')
_UNIX_FORBIDDEN = re.compile(r"[\x00\\/]")
_SLASHES = re.compile(r"[\\/]")
_DRIVE = re.compile(r"^[A-Za-z]:[\\/]?")
_UNC = re.compile(r"^[\\/]{2}[^\\/]+[\\/]?")
_QT_MARKER = re.compile(r"^@@[A-Za-z0-9]{5,}[\\/]?")
_TOKEN = re.compile(r"\$\{([^{}]*)\}")


def sanitize_segment(segment: str, *, windows: bool) -> str:
    """Forbidden characters become `_`; so does a segment that is exactly `.` or `..`."""
    clean = (_WINDOWS_FORBIDDEN if windows else _UNIX_FORBIDDEN).sub("_", segment)
    return "_" if clean in {".", ".."} else clean


def segments_of(path: str, *, windows: bool) -> list[str]:
    """Non-empty parts of a path with either slash, each sanitised."""
    return [sanitize_segment(part, windows=windows) for part in _SLASHES.split(path) if part]


def strip_root(path: str) -> str:
    """Drop a leading drive, UNC host or SoulseekQt share marker."""
    return _QT_MARKER.sub("", _UNC.sub("", _DRIVE.sub("", path)))


def source_segments(filename: str, *, windows: bool) -> list[str]:
    """Remote directory of a file without root, as SOURCE_PATH uses it.

    slskd sanitises first and strips the root after, so on Windows a drive survives as `C_` and a
    UNC host as a plain folder (contract slskd §6.2).
    """
    clean = "/".join(segments_of(filename, windows=windows))
    return [part for part in strip_root(clean).split("/") if part][:-1]


def incomplete_segments(filename: str, *, windows: bool) -> list[str]:
    """Remote directory for the incomplete folder: root stripped from the raw name."""
    parts = [part for part in _SLASHES.split(strip_root(filename)) if part][:-1]
    return [sanitize_segment(part, windows=windows) for part in parts]


def file_name(filename: str, *, windows: bool) -> str:
    """Last part of a remote name, sanitised; raises OSError when it ends in a slash."""
    last = _SLASHES.split(filename)[-1]
    if not last:
        raise OSError("The path is empty. (Parameter 'path')")
    return sanitize_segment(last, windows=windows)


@dataclass(frozen=True, slots=True)
class Landing:
    """A finished move: the path slskd reports, the real one, and the reported directory."""

    shown: str
    real: Path
    shown_directory: str


class Files:
    """The downloads and incomplete folders of one process."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.downloads = process.real_root / "downloads"
        self.incomplete = process.real_root / "incomplete"
        self.downloads.mkdir(parents=True, exist_ok=True)
        self.incomplete.mkdir(parents=True, exist_ok=True)

    def incomplete_path(self, username: str, filename: str) -> Path:
        """Where the partial file of a transfer is kept."""
        windows = self._process.windows
        name = file_name(filename, windows=windows)
        if not self._process.profile.destinations:
            parents = [part for part in _SLASHES.split(filename) if part][:-1][-1:]
            return self._real(
                self.incomplete, [sanitize_segment(p, windows=windows) for p in parents], name
            )
        folder = [
            sanitize_segment(username, windows=windows),
            *incomplete_segments(filename, windows=windows),
        ]
        return self._real(self.incomplete, folder, name)

    def subdirectory(
        self, filename: str, *, destination: str | None, values: Mapping[str, str]
    ) -> list[str]:
        """Folder below D as segments; `values` are the pattern tokens except the source's."""
        windows = self._process.windows
        if not self._process.profile.destinations:
            parents = [part for part in _SLASHES.split(filename) if part][:-1]
            return [sanitize_segment(part, windows=windows) for part in parents[-1:]]
        pattern = self._process.options.text("transfers.download.destination.subdirectory")
        if pattern == "{}":
            return []
        if destination and destination.strip():
            return segments_of(destination, windows=windows)
        source = source_segments(filename, windows=windows)
        tokens = {
            **values,
            "SOURCE_PATH": "/".join(source),
            "SOURCE_DIRECTORY": source[-1] if source else "",
        }
        filled = _TOKEN.sub(lambda m: tokens.get(m[1].upper(), m[0]), pattern)
        return segments_of(filled, windows=windows)

    def target(self, filename: str, subdirectory: list[str], *, make: bool = True) -> Landing:
        """Where a file would go now, with the collision rule applied; makes the folder."""
        name = file_name(filename, windows=self._process.windows)
        real = self._real(self.downloads, subdirectory, name)
        if make:
            real.parent.mkdir(parents=True, exist_ok=True)
        folder = self.shown_directory(subdirectory)
        separator = "\\" if self._process.windows else "/"
        if self._overwrites() or not real.exists():
            return Landing(f"{folder}{separator}{name}", real, folder)
        stem, dot, extension = name.rpartition(".")
        if not dot:
            stem, extension = name, ""
        number = ticks(self._process.clock.wall())
        # Without a stem the suffix sticks to the folder's own name: one level up (§6.2 step 4).
        base = f"{folder}{separator}{stem}" if stem else folder
        while real.exists():
            added = f"_{number}{dot}{extension}"
            real = real.with_name(stem + added) if stem else Path(f"{real.parent}{added}")
            shown = base + added
            number += 1
        return Landing(shown, real, folder)

    def shown_directory(self, subdirectory: list[str]) -> str:
        """D plus the sub-directory, as slskd writes it."""
        separator = "\\" if self._process.windows else "/"
        root = self._process.options.text("directories.downloads").rstrip("\\/")
        return separator.join([root, *subdirectory])

    def move(self, source: Path, landing: Landing) -> None:
        """Rename into place, stamp the present, and drop the emptied parent."""
        landing.real.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(source, landing.real)
        self.settle(source, landing)

    def settle(self, source: Path, landing: Landing) -> None:
        """What follows the bytes: mtime, mode, and removal of the empty source folder."""
        self._stamp(landing.real, self._process.clock.wall())
        mode = self._process.options.text("transfers.download.destination.permissions.mode")
        if mode:
            landing.real.chmod(int(mode, 8))
        if source.parent != self.incomplete and not any(source.parent.iterdir()):
            source.parent.rmdir()

    def prune(self) -> None:
        """File retention: delete by last access, every 30 minutes (contract slskd §5.11)."""
        for root, name in ((self.downloads, "complete"), (self.incomplete, "incomplete")):
            minutes = self._process.options.number(f"retention.files.{name}")
            if not minutes:
                continue
            for path in [p for p in root.rglob("*") if p.is_file()]:
                accessed = datetime.fromtimestamp(path.stat().st_atime, UTC)
                if self._process.clock.age(accessed) > minutes * 60:
                    path.unlink()

    def _overwrites(self) -> bool:
        if not self._process.profile.destinations:
            return False
        strategy = self._process.options.text("transfers.download.destination.exists")
        return strategy.lower() == "overwrite"

    def _real(self, root: Path, folder: list[str], name: str) -> Path:
        if self._process.windows:
            # Windows itself drops trailing dots and spaces (contract slskd §6.5 row 11).
            folder = [part.rstrip(". ") or part for part in folder]
        return root.joinpath(*folder, name)

    def _stamp(self, path: Path, moment: datetime) -> None:
        os.utime(path, (moment.timestamp(), moment.timestamp()))
