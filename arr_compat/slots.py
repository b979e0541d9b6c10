"""SABnzbd's JSON documents, built from plain views of grabs with exactly the types clients expect.

One value of a wrong type or one unknown word makes Lidarr drop the whole poll (contract lidarr
§1.4), and dashboards are stricter still (SABnzbd contract §1.3, §6). Pure: no clock, no database,
no logging. It must not decide what a grab is, only how it is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import isfinite
from typing import TypeVar

from arr_compat.units import age, epoch, gibibytes, int32, mebibytes, time_left, to_units
from soulspot_arr.domain import TRANSFERRING_GRABS, DownloadState, GrabState, Priority
from soulspot_arr.rules.sentences import DISK_FULL

T = TypeVar("T")
Document = dict[str, object]

_UNKNOWN_FAILURE = "The download failed"


class SlotStatus(StrEnum):
    """The sixteen words Lidarr knows; any other one costs the whole reply."""

    GRABBING = "Grabbing"
    QUEUED = "Queued"
    PAUSED = "Paused"
    CHECKING = "Checking"
    DOWNLOADING = "Downloading"
    QUICK_CHECK = "QuickCheck"
    VERIFYING = "Verifying"
    REPAIRING = "Repairing"
    FETCHING = "Fetching"
    EXTRACTING = "Extracting"
    MOVING = "Moving"
    RUNNING = "Running"
    COMPLETED = "Completed"
    FAILED = "Failed"
    DELETED = "Deleted"  # "pretend this slot is not there"
    PROPAGATING = "Propagating"


# A state that is missing in a table should not have been listed; `Deleted` hides just that slot.
_QUEUE_WORDS = {
    GrabState.QUEUED: SlotStatus.QUEUED,
    GrabState.DOWNLOADING: SlotStatus.DOWNLOADING,
    GrabState.PROCESSING: SlotStatus.MOVING,
}
_HISTORY_WORDS = {
    GrabState.PROCESSING: SlotStatus.MOVING,
    GrabState.COMPLETED: SlotStatus.COMPLETED,
    GrabState.FAILED: SlotStatus.FAILED,
}
_PRIORITY_WORDS = {Priority.LOW: "Low", Priority.HIGH: "High", Priority.FORCE: "Force"}
_FILE_WORDS = {DownloadState.COMPLETED: "finished", DownloadState.DOWNLOADING: "active"}


# -- what the caller fills in ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueView:
    """One grab that is still on its way; bytes, bytes per second, `age` of the offer in seconds.

    `step` names what is being done while the grab is processing, or a special kind of transfer.
    """

    nzo_id: str
    title: str
    category: str
    state: GrabState
    added_at: datetime
    bytes_total: int
    bytes_done: int = 0
    speed: float = 0.0
    priority: Priority = Priority.NORMAL
    paused: bool = False
    age: float | None = None
    step: SlotStatus | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryView:
    """One grab whose transfers are over; for one still being processed `completed_at` is now.

    `parked` marks a grab that waits for space on our own disk; `stages` are name and lines.
    """

    nzo_id: str
    title: str
    category: str
    state: GrabState
    added_at: datetime
    completed_at: datetime
    bytes_total: int
    bytes_done: int
    storage: str = ""
    download_seconds: float = 0.0
    processing_seconds: float = 0.0
    failure: str = ""
    parked: bool = False
    archived: bool = False
    step: SlotStatus | None = None
    step_detail: str = ""
    stages: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileView:
    """One file of a grab."""

    file_id: str
    name: str
    state: DownloadState
    size: int
    bytes_done: int = 0
    age: float | None = None


@dataclass(frozen=True, slots=True)
class QueueTotals:
    """Sums over the whole queue; `active`, bytes and speed leave paused grabs out."""

    count: int = 0
    active: int = 0
    bytes_total: int = 0
    bytes_left: int = 0
    speed: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerView:
    """What every listing tells about this server; free and total bytes of both folders."""

    version: str
    paused: bool = False
    pause_seconds: float = 0.0
    download_free: int = 0
    download_total: int = 0
    complete_free: int = 0
    complete_total: int = 0
    speed_limit: int = 0  # bytes per second, 0 for none
    speed_limit_percent: int = 100
    warnings: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueHeader:
    """What stands above the slots; `matched` is given only when `search` or `nzo_ids` filtered."""

    server: ServerView
    totals: QueueTotals
    start: int = 0
    limit: int = 0
    matched: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryHeader:
    """Counts after filters, and bytes downloaded ever, this month, this week and today."""

    version: str
    matched: int
    processing: int = 0
    last_update: int = 0
    bytes_total: int = 0
    bytes_month: int = 0
    bytes_week: int = 0
    bytes_day: int = 0


# -- queue -----------------------------------------------------------------------------------------


def queue_slot(view: QueueView, index: int) -> Document:
    """Return one element of `queue.slots`; `index` is its place in the whole queue."""
    left = _bytes_left(view)
    speed = _speed_of(view)
    return {
        "index": index,
        "nzo_id": view.nzo_id,
        "unpackopts": "3",
        "priority": _PRIORITY_WORDS.get(view.priority, "Normal"),
        "script": "None",
        "filename": view.title,
        "labels": [],
        "password": "",
        "cat": view.category or "*",
        "mbleft": mebibytes(left),
        "mb": mebibytes(view.bytes_total),
        "size": to_units(view.bytes_total, "B"),
        "sizeleft": to_units(left, "B"),
        "percentage": _percentage(view),
        "mbmissing": "0.00",
        "direct_unpack": None,
        "status": _queue_word(view).value,
        "timeleft": time_left(left / speed if speed else 0),
        "avg_age": age(view.age),
        "time_added": epoch(view.added_at),
    }


def totals(views: Iterable[QueueView]) -> QueueTotals:
    """Sum up the whole queue, whatever part of it is listed."""
    every = list(views)
    active = [view for view in every if not view.paused]
    return QueueTotals(
        count=len(every),
        active=len(active),
        bytes_total=sum(max(view.bytes_total, 0) for view in active),
        bytes_left=sum(_bytes_left(view) for view in active),
        speed=sum(_speed_of(view) for view in active),
    )


def page(rows: Sequence[T], start: int, limit: int) -> Sequence[T]:
    """Cut out a page of the queue; without a limit everything is listed, whatever `start` says."""
    first = max(start, 0)
    return rows[first : first + limit] if limit > 0 else rows


def queue_document(slots: Sequence[Document], header: QueueHeader) -> Document:
    """Return the reply to `mode=queue` around the slots that are listed."""
    server, sums = header.server, header.totals
    speed = 0.0 if server.paused else sums.speed
    queue = {
        **server_fields(server),
        "kbpersec": f"{speed / 1024:.2f}",
        "speed": to_units(speed),
        "mbleft": mebibytes(sums.bytes_left),
        "mb": mebibytes(sums.bytes_total),
        "sizeleft": to_units(sums.bytes_left, "B"),
        "size": to_units(sums.bytes_total, "B"),
        "noofslots_total": sums.active,  # the names mislead: this is the smaller one (§1.4.2)
        "noofslots": sums.count if header.matched is None else header.matched,
        "start": header.start,
        "limit": header.limit,
        "finish": header.start + header.limit if header.limit else 0,
        "status": _queue_status(server.paused, speed),
        "timeleft": time_left(sums.bytes_left / speed if speed else 0),
        "slots": list(slots),
    }
    return {"queue": queue}


def server_fields(server: ServerView) -> Document:
    """Return the fields that `queue` and `fullstatus` have in common."""
    return {
        "version": server.version,
        "paused": server.paused,
        "pause_int": _pause_text(server.pause_seconds),
        "paused_all": False,
        "diskspace1": gibibytes(server.download_free),
        "diskspace2": gibibytes(server.complete_free),
        "diskspace1_norm": to_units(server.download_free),
        "diskspace2_norm": to_units(server.complete_free),
        "diskspacetotal1": gibibytes(server.download_total),
        "diskspacetotal2": gibibytes(server.complete_total),
        "speedlimit": str(server.speed_limit_percent),
        "speedlimit_abs": str(server.speed_limit),
        "have_warnings": str(server.warnings),
        "finishaction": None,
        "quota": "0 B",
        "have_quota": False,
        "left_quota": "0 B",
        "cache_art": "0",
        "cache_size": "0 B",
    }


def _bytes_left(view: QueueView) -> int:
    return max(view.bytes_total - max(view.bytes_done, 0), 0)


def _speed_of(view: QueueView) -> float:
    moving = view.state is GrabState.DOWNLOADING and not view.paused
    return view.speed if moving and isfinite(view.speed) and view.speed > 0 else 0.0


def _percentage(view: QueueView) -> str:
    """Never "100": what is still in the queue is not done, whatever the bytes say (C-55)."""
    if view.bytes_total <= 0:
        return "0"
    return str(min(max(view.bytes_done, 0) * 100 // view.bytes_total, 99))


def _queue_word(view: QueueView) -> SlotStatus:
    if view.paused and view.state in TRANSFERRING_GRABS:
        return SlotStatus.PAUSED
    word = _QUEUE_WORDS.get(view.state, SlotStatus.DELETED)
    return word if view.step is None or word is SlotStatus.DELETED else view.step


def _queue_status(paused: bool, speed: float) -> str:
    if paused:
        return "Paused"
    return "Downloading" if speed > 0 else "Idle"


def _pause_text(seconds: float) -> str:
    minutes, rest = divmod(int(max(seconds, 0)), 60)
    return f"{minutes}:{rest:02}" if minutes or rest else "0"


# -- history ---------------------------------------------------------------------------------------


def history_slot(view: HistoryView) -> Document:
    """Return one element of `history.slots`; `storage` is told only when it is ready to import."""
    word = _history_word(view)
    failed, done = word is SlotStatus.FAILED, word is SlotStatus.COMPLETED
    active = not failed and not done
    return {
        "completed": epoch(view.completed_at),
        "name": view.title,
        "nzb_name": f"{view.title}.nzb",
        "category": view.category or "*",
        "pp": "D",
        "script": "None",
        "report": "",
        "url": None,
        "status": word.value,
        "nzo_id": view.nzo_id,
        "storage": view.storage if done else "",
        "path": "",
        "script_line": "",
        "download_time": int32(view.download_seconds),
        "postproc_time": int32(view.processing_seconds),
        "stage_log": [{"name": name, "actions": list(lines)} for name, lines in view.stages],
        "downloaded": max(view.bytes_done, 0),
        "completeness": None,
        "fail_message": _fail_message(view) if failed else "",
        "url_info": "",
        "bytes": max(view.bytes_total, 0),
        "meta": None,
        "series": "" if active else None,
        "md5sum": "" if active else None,
        "password": None,
        "duplicate_key": "",
        "archive": view.archived,
        "time_added": epoch(view.added_at),
        "size": to_units(view.bytes_total, "B"),
        "action_line": f"{word.value}: {view.step_detail}" if active and view.step_detail else "",
        "loaded": active,
        "retry": failed and not view.parked,
    }


def history_document(slots: Sequence[Document], header: HistoryHeader) -> Document:
    """Return the reply to `mode=history` around the slots that are listed."""
    history = {
        "total_size": to_units(header.bytes_total),
        "month_size": to_units(header.bytes_month),
        "week_size": to_units(header.bytes_week),
        "day_size": to_units(header.bytes_day),
        "slots": list(slots),
        "ppslots": header.processing,
        "noofslots": header.matched,
        "last_history_update": header.last_update,
        "version": header.version,
    }
    return {"history": history}


def history_unchanged() -> Document:
    """Return the reply to a client whose `last_history_update` is still the current one."""
    return {"history": False}


def _history_word(view: HistoryView) -> SlotStatus:
    if view.parked and view.state is GrabState.PROCESSING:
        return SlotStatus.FAILED
    word = _HISTORY_WORDS.get(view.state, SlotStatus.DELETED)
    return view.step if view.step is not None and word is SlotStatus.MOVING else word


def _fail_message(view: HistoryView) -> str:
    if view.parked:
        return DISK_FULL
    # A peer must not be able to talk its way out of the blocklist with that one sentence.
    if not view.failure.strip() or view.failure.casefold() == DISK_FULL.casefold():
        return _UNKNOWN_FAILURE
    return view.failure


# -- files -----------------------------------------------------------------------------------------


def files_document(files: Iterable[FileView]) -> Document:
    """Return the reply to `mode=get_files`; an unknown id is an empty list."""
    return {"files": [_file_entry(file) for file in files]}


def _file_entry(file: FileView) -> Document:
    word = _FILE_WORDS.get(file.state, "queued")
    entry: Document = {
        "filename": file.name,
        "mbleft": mebibytes(file.size - max(file.bytes_done, 0)),
        "mb": mebibytes(file.size),
        "bytes": f"{max(file.size, 0)}.00",  # text with decimals, as the real thing sends it
        "age": age(file.age),
        "nzf_id": file.file_id,
        "status": word,
    }
    return entry | {"set": ""} if word == "queued" else entry
