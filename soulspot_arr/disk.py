"""Files on disk: find, move, remove. Knows no database and no source.

Moves are safe to repeat and to kill: a file appears under its final name whole or not at all. What
is written outside a folder it has to stay in is refused (`OutsideRoot`).
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from soulspot_arr.errors import DiskFull, OutsideRoot
from soulspot_arr.rules import naming
from soulspot_arr.sources.landing import landed_as

# Lidarr ignores this ending, should it ever look early (contract lidarr §9.3).
PARTIAL = ".partial~"
_COPY_BLOCK = 1024 * 1024


@contextmanager
def told(action: str) -> Iterator[None]:
    """Turn operating-system errors into `DiskFull`: whatever it is, no peer is to blame for it."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        place = f" ({error.filename})" if error.filename else ""
        hint = ""
        if error.errno in {errno.EACCES, errno.EPERM}:
            hint = " The service needs read and write permission there."
        raise DiskFull(f"Cannot {action}: {reason}{place}.{hint}") from error


def find_landed(folder: Path, name: str, size: int, *, since: float = 0.0) -> Path | None:
    """The file that landed in `folder` as `name`, of exactly `size` bytes; newest if several.

    Another spelling in Unicode and the suffix slskd adds on a collision count as the same name. What
    was last written before `since` (POSIX time) lay there before and is somebody else's.
    """
    try:
        entries = [entry for entry in os.scandir(folder) if landed_as(name, entry.name)]
    except (OSError, ValueError):
        return None
    whole = [Path(entry.path) for entry in entries if _size(Path(entry.path)) == size]
    newest = max(whole, key=_modified, default=None)
    return newest if newest is not None and _modified(newest) >= since else None


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size if path.is_file() else None
    except (OSError, ValueError):
        return None


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def is_quiet(path: Path, *, now: float, seconds: float = 1.0) -> bool:
    """Whether nothing was written to the file for a moment (`now` is POSIX time).

    A copy between disks shows a growing file under its final name (contract slskd §5.10).
    """
    age = now - _modified(path)
    return age >= seconds or age < -60  # a clock far ahead on the other side never gets quiet


def move_whole(source: Path, target: Path, *, root: Path, keep: bool = False) -> None:
    """Move a file so that `target` appears whole or not at all; `target` must be below `root`.

    With `keep` it is copied: the source is somebody else's.
    """
    if not naming.contained(str(root), str(target)):
        raise OutsideRoot(f"{target} would lie outside {root}.")
    with told(f"move {source.name}"):
        target.parent.mkdir(parents=True, exist_ok=True)
        if not keep and _renamed(source, target):
            return
        draft = target.with_name(naming.safe_component(target.name, 240) + PARTIAL)
        try:
            _copy(source, draft)
        except OSError:
            with suppress(OSError):
                draft.unlink()  # half a file must not keep a full disk full
            raise
        with suppress(OSError):  # some network disks refuse dates and modes
            shutil.copystat(source, draft)
        os.replace(draft, target)
        if not keep:
            source.unlink()


def _copy(source: Path, draft: Path) -> None:
    with source.open("rb") as reader, draft.open("wb") as writer:
        shutil.copyfileobj(reader, writer, _COPY_BLOCK)
        writer.flush()
        os.fsync(writer.fileno())


def _renamed(source: Path, target: Path) -> bool:
    """False when the two are on different disks."""
    try:
        os.replace(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        return False
    return True


def remove_tree(path: Path, *, root: Path) -> None:
    """Delete a folder of ours; it must lie strictly below `root`. Missing ones are fine."""
    if path == root or not naming.contained(str(root), str(path)):
        raise OutsideRoot(f"{path} is not below {root} and is not deleted.")
    if path.is_symlink():
        raise OutsideRoot(f"{path} is a link and is not followed.")
    with told(f"remove {path.name}"):
        try:
            shutil.rmtree(path)
        except FileNotFoundError:
            return
        except NotADirectoryError:
            path.unlink(missing_ok=True)


def remove_others(folder: Path, keep: Collection[Path]) -> None:
    """Delete every file below a folder of ours alone, but those; links are not followed."""
    with told(f"tidy {folder.name}"):
        for parent, _, names in os.walk(folder):
            for name in names:
                if (found := Path(parent) / name) not in keep:
                    found.unlink(missing_ok=True)


def remove_empty(folders: Iterable[Path]) -> None:
    """Remove those of the folders that are empty; anything else stays."""
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:
            continue


def make_folder(path: Path) -> None:
    """Create a folder and its parents."""
    with told(f"create {path}"):
        path.mkdir(parents=True, exist_ok=True)


def free_bytes(path: Path) -> tuple[int, int]:
    """Free and total bytes of the disk that holds `path` or its nearest parent; zeros if unknown."""
    for candidate in (path, *path.parents):
        try:
            usage = shutil.disk_usage(candidate)
        except OSError:
            continue
        return usage.free, usage.total
    return 0, 0


def can_write(path: Path) -> str | None:
    """None when files can be made in the folder, else why not."""
    probe = path / ".soulspot-write-test"  # always the same: what a killed process left goes first
    try:
        path.mkdir(parents=True, exist_ok=True)
        probe.unlink(missing_ok=True)
        probe.touch()
        probe.unlink(missing_ok=True)
    except OSError as error:
        return error.strerror or str(error)
    return None


def holds_files(path: str | None) -> bool:
    """Whether anything but empty folders is there; False when it cannot be looked at."""
    if not path:
        return False
    place = Path(path)
    try:
        return place.is_file() or any(found.is_file() for found in place.rglob("*"))
    except OSError:
        return False
