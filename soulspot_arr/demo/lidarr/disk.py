"""Lidarr's own look at the file system, with the troubles that can be switched on.

`hidden` paths do not exist for Lidarr (another container), `denied` ones can be read but not
changed (another user), `full` means that nothing can be written, and after `dies_after` more moves
or copies the process is killed. Knows nothing about music.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from soulspot_arr.demo.lidarr.tables import Row
from soulspot_arr.demo.lidarr.tags import AUDIO_ENDINGS

_SKIPPED_FOLDERS = re.compile(
    r"(?:^|/)(?:extras|@eadir|\.@__thumb|extrafanart|plex versions|\.[^/]+)/", re.IGNORECASE
)
_SKIPPED_FILES = re.compile(r"^\._|^thumbs\.db$|^\.ds_store$|\.partial~$", re.IGNORECASE)
EXECUTABLE_ENDINGS = frozenset({".exe", ".bat", ".cmd", ".sh"})
ARCHIVE_ENDINGS = frozenset({".rar", ".zip", ".7z", ".tar", ".gz", ".bz2", ".r00", ".tgz"})
_LARGE_RAR = 10 * 1024 * 1024


class ProcessKilled(Exception):
    """The process ends here and now; nothing behind this line happens."""


@dataclass(slots=True)
class Disk:
    """The file system as one Lidarr sees it."""

    hidden: list[str] = field(default_factory=list)
    denied: list[str] = field(default_factory=list)
    full: bool = False
    dies_after: int | None = None

    def sees(self, path: str) -> bool:
        """Whether a path exists for Lidarr."""
        return not _below(path, self.hidden) and os.path.exists(path)

    def is_folder(self, path: str) -> bool:
        """Whether Lidarr sees a folder there."""
        return self.sees(path) and os.path.isdir(path)

    def is_file(self, path: str) -> bool:
        """Whether Lidarr sees a file there."""
        return self.sees(path) and os.path.isfile(path)

    def writable(self, path: str) -> bool:
        """Whether Lidarr may write into a folder."""
        return not _below(path, self.denied) and os.access(path, os.W_OK)

    def files(self, folder: str) -> Iterator[Path]:
        """Every file below a folder that Lidarr may look into."""
        for home, _, names in os.walk(folder):
            for name in sorted(names):
                path = Path(home, name)
                if self.is_file(str(path)):
                    yield path

    def audio_files(self, folder: str, *, every: bool = False) -> list[Path]:
        """Music below a folder, sorted; `every` keeps what an import skips (contract §9.3)."""
        return sorted(
            path
            for path in self.files(folder)
            if path.suffix.lower() in AUDIO_ENDINGS
            and (every or not _skipped(path.relative_to(folder).as_posix()))
        )

    def endings(self, folder: str) -> set[str]:
        """The endings of all files below a folder."""
        return {path.suffix.lower() for path in self.files(folder)}

    def worth_keeping(self, folder: str) -> bool:
        """Whether music or a large archive remains (contract §9.7, step 2)."""
        if not self.is_folder(folder) or self.audio_files(folder, every=True):
            return True
        rars = (path for path in self.files(folder) if path.suffix.lower() == ".rar")
        return any(path.stat().st_size > _LARGE_RAR for path in rars)

    def make_folder(self, path: str) -> None:
        """Create a folder with its parents."""
        self._check(path)
        os.makedirs(path, exist_ok=True)

    def move(self, source: str, target: str) -> None:
        """Move a file; the source folder must grant deletion."""
        self._check(source)
        self._check(target, writes=True)
        self._live_on()
        shutil.move(source, target)

    def copy(self, source: str, target: str) -> None:
        """Copy a file."""
        self._check(target, writes=True)
        self._live_on()
        shutil.copy2(source, target)

    def delete_file(self, path: str) -> None:
        """Delete a file that is there."""
        self._check(path)
        os.unlink(path)

    def delete_tree(self, path: str) -> None:
        """Delete a folder with everything in it."""
        self._check(path)
        shutil.rmtree(path)

    def look(self, query: str, *, files: bool, bare_folders: bool) -> Row:
        """The answer of Lidarr's folder chooser: what lies beside the last part of the query."""
        query = query if query.strip() else "/"
        if bare_folders and query.startswith("/") and self.is_folder(query):
            return self._contents(query, files)
        path = query[: query.rfind("/") + 1]
        return self._contents(path, files) if path else {"directories": [], "files": []}

    def _contents(self, path: str, files: bool) -> Row:
        found: Row = {"directories": [], "files": []}
        bare = path.rstrip("/") or "/"
        if bare != "/":
            found["parent"] = os.path.dirname(bare).rstrip("/") + "/"
        if not self.is_folder(bare):
            return found
        try:
            entries = sorted(os.scandir(bare), key=lambda entry: entry.name)
        except OSError:
            return found
        for entry in entries:
            if not self.sees(entry.path):
                continue
            row: Row = {"name": entry.name, "path": entry.path}
            row["lastModified"] = _moment(entry.stat().st_mtime)
            if entry.is_dir():
                row |= {"type": "folder", "path": f"{entry.path}/"}
                found["directories"].append(row)
            elif files:
                suffix = Path(entry.name).suffix
                row |= {"type": "file", "extension": suffix, "size": entry.stat().st_size}
                found["files"].append(row)
        return found

    def free_bytes(self, folder: str) -> int | None:
        """Free space around a folder; None when it cannot be told."""
        return shutil.disk_usage(folder).free if self.is_folder(folder) else None

    def protected(self, path: str) -> bool:
        """Whether Lidarr cannot delete a path, because of who it is or where it runs."""
        return _below(path, self.hidden) or _below(path, self.denied)

    def _live_on(self) -> None:
        if self.dies_after is None:
            return
        self.dies_after -= 1
        if self.dies_after < 0:
            self.dies_after = None
            raise ProcessKilled

    def _check(self, path: str, *, writes: bool = False) -> None:
        if _below(path, self.denied):
            raise PermissionError(errno.EACCES, "Access to the path is denied", path)
        if writes and self.full:
            raise OSError(errno.ENOSPC, "No space left on device", path)


def _below(path: str, roots: list[str]) -> bool:
    return any(path == root or path.startswith(root.rstrip("/") + "/") for root in roots)


def _skipped(inside: str) -> bool:
    return bool(_SKIPPED_FOLDERS.search(inside) or _SKIPPED_FILES.search(Path(inside).name))


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
