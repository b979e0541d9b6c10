"""Slots turned into what Lidarr shows and acts on: status, sizes, output path, category.

Pure (contract lidarr §3.1-§3.4).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from soulspot_arr.demo.json_reading import PRIORITIES
from soulspot_arr.demo.sabnzbd_answers import HistorySlot, Queue, QueueSlot

DISK_FULL_SENTENCE = "Unpacking failed, write error or disk is full?"
ENCRYPTED_PREFIX = "ENCRYPTED /"
_MIB = 1024 * 1024
_WAITING = frozenset({"Queued", "Grabbing", "Propagating"})


class ItemStatus(StrEnum):
    """What Lidarr makes of a slot."""

    QUEUED = "queued"
    PAUSED = "paused"
    DOWNLOADING = "downloading"
    COMPLETED = "completed"
    FAILED = "failed"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class PathMapping:
    """One Remote Path Mapping of Lidarr's settings."""

    host: str
    remote: str
    local: str


@dataclass(frozen=True, slots=True)
class DownloadItem:
    """One download as Lidarr's activity page shows it; sizes in bytes."""

    nzo_id: str
    title: str
    category: str | None
    status: ItemStatus
    size: int
    remaining_size: int
    remaining_time: timedelta | None
    in_history: bool
    output_path: str = ""
    message: str = ""
    encrypted: bool = False


def from_queue(queue: Queue) -> Iterator[DownloadItem]:
    """Items of the queue; slots marked Deleted are treated as absent."""
    for slot in queue.slots:
        if slot.status == "Deleted":
            continue
        status = _queue_status(queue, slot)
        encrypted = slot.title.startswith(ENCRYPTED_PREFIX)
        yield DownloadItem(
            nzo_id=slot.nzo_id,
            title=slot.title[len(ENCRYPTED_PREFIX) :] if encrypted else slot.title,
            category=slot.category,
            status=status,
            size=int(slot.mb * _MIB),
            remaining_size=int(slot.mb_left * _MIB),
            remaining_time=None if status is ItemStatus.PAUSED else slot.time_left,
            in_history=False,
            encrypted=encrypted,
        )


def from_history(
    slots: Iterable[HistorySlot], host: str, mappings: Iterable[PathMapping] = ()
) -> Iterator[DownloadItem]:
    """Items of the history with the output path as Lidarr would import it."""
    mappings = tuple(mappings)
    for slot in slots:
        if slot.status == "Deleted":
            continue
        path = local_path(slot.storage or "", host, mappings)
        yield DownloadItem(
            nzo_id=slot.nzo_id,
            title=slot.title,
            category=slot.category,
            status=_history_status(slot),
            size=slot.size,
            remaining_size=0,
            remaining_time=timedelta(),
            in_history=True,
            output_path=outermost_namesake(path, slot.title),
            message=slot.fail_message or "",
        )


def belongs_to(item: DownloadItem, category: str) -> bool:
    """Lidarr's own filter: the exact category, or `*` when none is configured."""
    if category.strip():
        return item.category == category
    return item.category in (category, "*")


def path_kind(path: str) -> str:
    """`unix`, `windows` or `unknown`, guessed from the text alone."""
    if path.startswith("/"):
        return "unix"
    if re.match(r"[A-Za-z]:", path) or "\\" in path:
        return "windows"
    return "unix" if "/" in path else "unknown"


def is_rooted(path: str) -> bool:
    """Whether Lidarr takes the path as absolute: from `/`, from a drive or from a share."""
    return bool(re.match(r"/|[A-Za-z]:\\|\\\\", path))


def normal_path(path: str) -> str:
    """Separators as Lidarr rewrites them: a Unix path loses backslashes and doubled slashes."""
    if path_kind(path) == "windows":
        return path.replace("/", "\\").rstrip("\\")
    fixed = re.sub(r"/+", "/", path.replace("\\", "/"))
    return fixed.rstrip("/") if len(fixed) > 1 else fixed


def local_path(storage: str, host: str, mappings: Iterable[PathMapping]) -> str:
    """The reported path after the first Remote Path Mapping that fits."""
    path = normal_path(storage)
    for mapping in mappings:
        remote = normal_path(mapping.remote)
        if mapping.host.lower() != host.lower():
            continue
        if path == remote or path.startswith(remote.rstrip("/\\") + "/"):
            rest = path[len(remote.rstrip("/\\")) :]
            return normal_path(mapping.local + rest)
    return path


def outermost_namesake(path: str, title: str) -> str:
    """The outermost ancestor folder called exactly like the title, else the path itself."""
    separator = "\\" if path_kind(path) == "windows" else "/"
    parts = path.split(separator)
    # Only the parents are compared, never the last component (contract lidarr §3.4).
    for position, part in enumerate(parts[:-1]):
        if part and part == title:
            return separator.join(parts[: position + 1])
    return path


def _queue_status(queue: Queue, slot: QueueSlot) -> ItemStatus:
    forced = slot.priority == PRIORITIES["Force"]
    if (queue.paused and not forced) or slot.status == "Paused":
        return ItemStatus.PAUSED
    if slot.status in _WAITING:
        return ItemStatus.QUEUED
    return ItemStatus.DOWNLOADING


def _history_status(slot: HistorySlot) -> ItemStatus:
    if slot.status == "Completed":
        return ItemStatus.COMPLETED
    if slot.status != "Failed":
        return ItemStatus.DOWNLOADING
    if (slot.fail_message or "").lower() == DISK_FULL_SENTENCE.lower():
        return ItemStatus.WARNING
    return ItemStatus.FAILED
