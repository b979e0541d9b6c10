"""One folder seen by three programs: a marker file is put there, looked for, moved, and taken away.

It writes nothing else, and reads nothing but owners and modes.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from soulspot_arr.doctor.facts import Folder, Owner

_LOOKED_AT = 200  # folders of slskd's whose modes are read


@dataclass(slots=True)
class Marker:
    """Where the marker is now, and what was learnt by putting it there."""

    path: Path
    trouble: str = ""
    one_disk: bool | None = None
    written_at: float | None = None  # by the clock of the disk

    def move_to(self, folder: Path) -> bool:
        """Move it as a finished file is moved; False when that is impossible."""
        target = folder / self.path.name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            try:
                self.path.rename(target)
                self.one_disk = True
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                self.one_disk = False
                target.touch()
                self.path.unlink()
        except OSError as error:
            self.trouble = error.strerror or str(error)
            with suppress(OSError):
                target.unlink()
            return False
        self.path = target
        return True


@contextmanager
def marker_in(folder: Path) -> Iterator[Marker]:
    """A marker in this folder; wherever it was moved to, it is gone afterwards."""
    # No dot in front: slskd need not list what is hidden.
    marker = Marker(folder / f"soulspot-doctor-{secrets.token_hex(6)}.txt")
    try:
        marker.path.touch()
        marker.written_at = marker.path.stat().st_mtime
    except OSError as error:
        marker.trouble = error.strerror or str(error)
    try:
        yield marker
    finally:
        with suppress(OSError):
            marker.path.unlink()


@dataclass(frozen=True, slots=True)
class Views:
    """How the two other programs look at the marker."""

    slskd: Callable[[str], bool | None]  # by its name
    lidarr: Callable[[Path], tuple[str, bool | None]]  # by its path here
    elsewhere: Callable[[Path], str]  # another path at which Lidarr sees it, empty for none


def look(
    root: Path, source_root: str, complete: Path | None, views: Views
) -> tuple[Folder, float | None]:
    """The proof, and when the marker was written by the clock of the disk (POSIX time).

    Without `complete` the marker stays where it is: only slskd is asked.
    """
    with marker_in(root) as marker:
        found = Folder(str(root), source_root, str(complete or ""))
        if marker.trouble:
            return replace(found, trouble=marker.trouble), None
        found = replace(found, slskd_sees=views.slskd(marker.path.name))
        if complete is not None and marker.move_to(complete):
            found = _placed(found, marker, views)
        return replace(found, unplaced=marker.trouble), marker.written_at


def _placed(found: Folder, marker: Marker, views: Views) -> Folder:
    """What Lidarr sees of it."""
    path, seen = views.lidarr(marker.path)
    there = views.elsewhere(marker.path) if seen is False else ""
    return replace(
        found,
        one_disk=marker.one_disk,
        lidarr_path=_folder_of(path),
        lidarr_sees=seen,
        elsewhere=_pair(str(marker.path), there) if there else None,
        found_at=_folder_of(there),
    )


def _folder_of(path: str) -> str:
    """The folder of a file there, whatever its slashes."""
    return path[: max(path.rfind("/"), path.rfind("\\"), 0)]


def _pair(ours: str, theirs: str) -> tuple[str, str]:
    """Where two paths of one file part, seen from their end; a pair needs a folder of ours."""
    here, there = ours.split("/"), theirs.split("/")
    while len(here) > 2 and len(there) > 2 and here[-1] == there[-1]:
        here, there = here[:-1], there[:-1]
    return "/".join(here), "/".join(there)


def owner_of(root: Path | None, wished: dict[str, str]) -> Owner:
    """Who we are, and which folders of slskd's we could not empty."""
    me = Owner(os.geteuid(), os.getegid(), _umask(), wished=wished)
    if root is None:
        return me
    locked: list[Path] = []
    user = locked_user = None
    try:
        user = root.stat().st_uid
        locked = [folder for folder in _folders(root) if not os.access(folder, os.W_OK | os.X_OK)]
        locked_user = locked[0].stat().st_uid if locked else None
    except OSError:
        pass  # that it cannot be seen is told by another check
    return Owner(
        me.user, me.group, me.umask, user, tuple(map(str, locked)), locked_user, wished=wished
    )


def _folders(root: Path) -> Iterator[Path]:
    """Folders below, the nearest first, at most some hundred of them."""
    waiting, seen = [root], 0
    while waiting and seen < _LOOKED_AT:
        try:
            below = sorted(entry.path for entry in os.scandir(waiting.pop(0)) if _is_folder(entry))
        except OSError:
            continue
        for path in map(Path, below[: _LOOKED_AT - seen]):
            seen += 1
            yield path
            waiting.append(path)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False)


def _umask() -> int | None:
    """Read, not set: setting it to read it would touch every thread."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    for line in status.splitlines():
        name, _, value = line.partition(":")
        if name == "Umask":
            return int(value.strip(), 8)
    return None
