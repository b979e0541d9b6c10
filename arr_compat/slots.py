"""SABnzbd's JSON documents, built from plain views of grabs with exactly the types clients expect.

One value of a wrong type or one unknown word makes Lidarr drop the whole poll (contract lidarr
§1.4), and dashboards are stricter still (SABnzbd contract §1.3, §6). Pure: no clock, no database,
no logging. It must not decide what a grab is, only how it is told.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from json.encoder import encode_basestring_ascii as quoted
from typing import Protocol, TypeVar

from arr_compat.units import age, epoch, gibibytes, int32, mebibytes, time_left, to_units
from soulspot_arr.domain import DownloadState, GrabState, Priority
from soulspot_arr.rules.sentences import DISK_FULL

T = TypeVar("T")
Document = dict[str, object]

# Answers are read by programs, and they are trees: no blanks, and no search for circles.
encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode

_UNKNOWN_FAILURE = "The download failed"
_NOBODY_KNOWS = time_left(0)
_KEPT_SLOTS = 2_000  # about a kilobyte each; a queue beyond that is written anew at every poll


class SlotStatus(StrEnum):
    """The words we use, of the sixteen that Lidarr knows; any other one costs the whole reply."""

    QUEUED = "Queued"
    PAUSED = "Paused"
    DOWNLOADING = "Downloading"
    VERIFYING = "Verifying"
    MOVING = "Moving"
    COMPLETED = "Completed"
    FAILED = "Failed"


_PRIORITY_WORDS: Mapping[int, str] = {
    Priority.LOW: "Low",
    Priority.HIGH: "High",
    Priority.FORCE: "Force",
}
_FILE_WORDS = {DownloadState.COMPLETED: "finished", DownloadState.DOWNLOADING: "active"}


# -- what the caller fills in ----------------------------------------------------------------------


class OpenGrab(Protocol):
    """What a slot tells of a grab on its way; bytes and bytes per second.

    Once its files have arrived it has a `storage_path` as soon as they are being moved there.
    It is a value: two that are equal tell the same.
    """

    @property
    def nzo_id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def category(self) -> str: ...
    @property
    def priority(self) -> int: ...
    @property
    def paused(self) -> bool: ...
    @property
    def status(self) -> str: ...
    @property
    def storage_path(self) -> str | None: ...
    @property
    def created_at(self) -> datetime: ...
    @property
    def bytes_total(self) -> int: ...
    @property
    def bytes_done(self) -> int: ...
    @property
    def speed(self) -> int: ...
    def __hash__(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryView:
    """One grab that is over: completed, or `failed` with its reason.

    `parked` marks a failure that is our own full disk; `stages` are name and lines.
    """

    nzo_id: str
    title: str
    category: str
    added_at: datetime
    completed_at: datetime
    bytes_total: int
    bytes_done: int
    failed: bool = False
    storage: str = ""
    download_seconds: float = 0.0
    processing_seconds: float = 0.0
    failure: str = ""
    parked: bool = False
    archived: bool = False
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
    speed: int = 0


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
    last_update: int = 0
    bytes_total: int = 0
    bytes_month: int = 0
    bytes_week: int = 0
    bytes_day: int = 0


# -- queue -----------------------------------------------------------------------------------------


def queue_slot(grab: OpenGrab, index: int, *, now: datetime) -> str:
    """Return one element of `queue.slots` as JSON; `index` is its place in the whole queue."""
    lasting, added = _told(grab)
    waiting = age((now - grab.created_at).total_seconds())
    return f'{{"index":{index},{lasting},"avg_age":"{waiting}","time_added":{added}}}'


@lru_cache(maxsize=_KEPT_SLOTS)
def _told(grab: OpenGrab) -> tuple[str, int]:
    """Return what a slot tells of a grab at any time and place, as JSON, and when it was added.

    Kept, because few grabs have moved since the last poll; all that is told stands in the key.
    Written out, because hundreds of slots cost nearly twice as much by way of the encoder.
    """
    total, left, speed = grab.bytes_total, _bytes_left(grab), _speed_of(grab)
    # Never "100": what is still in the queue is not done, whatever the bytes say (C-55).
    percent = min((total - left) * 100 // total, 99) if total > 0 else 0
    text = (
        f'"nzo_id":{quoted(grab.nzo_id)},"unpackopts":"3",'
        f'"priority":"{_PRIORITY_WORDS.get(grab.priority, "Normal")}","script":"None",'
        f'"filename":{quoted(grab.title)},"labels":[],"password":"",'
        f'"cat":{quoted(grab.category or "*")},'
        f'"mbleft":"{mebibytes(left)}","mb":"{mebibytes(total)}",'
        f'"size":"{to_units(total, "B")}","sizeleft":"{to_units(left, "B")}",'
        f'"percentage":"{percent}","mbmissing":"0.00","direct_unpack":null,'
        f'"status":"{queue_word(grab)}",'
        f'"timeleft":"{time_left(left / speed) if speed else _NOBODY_KNOWS}"'
    )
    return text, epoch(grab.created_at)


def queue_word(grab: OpenGrab) -> SlotStatus:
    """Return what a slot of the queue is doing; a pause does not stop what has arrived."""
    if grab.status == GrabState.PROCESSING:
        return SlotStatus.MOVING if grab.storage_path else SlotStatus.VERIFYING
    if grab.paused:
        return SlotStatus.PAUSED
    moving = grab.status == GrabState.DOWNLOADING
    return SlotStatus.DOWNLOADING if moving else SlotStatus.QUEUED


def totals(grabs: Collection[OpenGrab]) -> QueueTotals:
    """Sum up the whole queue, whatever part of it is listed."""
    active = [grab for grab in grabs if not grab.paused]
    return QueueTotals(
        count=len(grabs),
        active=len(active),
        bytes_total=sum([grab.bytes_total for grab in active if grab.bytes_total > 0]),
        bytes_left=sum([_bytes_left(grab) for grab in active]),
        speed=sum([_speed_of(grab) for grab in active if grab.speed > 0]),
    )


def page(rows: Sequence[T], start: int, limit: int) -> Sequence[T]:
    """Cut out a page of the queue; without a limit everything is listed, whatever `start` says."""
    first = max(start, 0)
    return rows[first : first + limit] if limit > 0 else rows


def queue_document(slots: Iterable[str], header: QueueHeader) -> str:
    """Return the reply to `mode=queue`, as JSON, around the slots that are listed."""
    server, sums = header.server, header.totals
    speed = 0 if server.paused else sums.speed
    fields = {
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
    }
    return f'{{"queue":{encode(fields)[:-1]},"slots":[{",".join(slots)}]}}}}'


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


def _bytes_left(grab: OpenGrab) -> int:
    left = grab.bytes_total - grab.bytes_done if grab.bytes_done > 0 else grab.bytes_total
    return left if left > 0 else 0


def _speed_of(grab: OpenGrab) -> int:
    moving = grab.status == GrabState.DOWNLOADING and not grab.paused
    return grab.speed if moving and grab.speed > 0 else 0


def _queue_status(paused: bool, speed: int) -> str:
    if paused:
        return "Paused"
    return "Downloading" if speed > 0 else "Idle"


def _pause_text(seconds: float) -> str:
    minutes, rest = divmod(int(max(seconds, 0)), 60)
    return f"{minutes}:{rest:02}" if minutes or rest else "0"


# -- history ---------------------------------------------------------------------------------------


def history_slot(view: HistoryView) -> Document:
    """Return one element of `history.slots`; `storage` is told only when it is ready to import."""
    word = SlotStatus.FAILED if view.failed else SlotStatus.COMPLETED
    return {
        "completed": epoch(view.completed_at),
        "name": view.title,
        "nzb_name": f"{view.title}.nzb",
        "category": view.category or "*",
        "pp": "D",
        "script": "None",
        "report": "",
        "url": None,
        "status": word,
        "nzo_id": view.nzo_id,
        "storage": "" if view.failed else view.storage,
        "path": "",
        "script_line": "",
        "download_time": int32(view.download_seconds),
        "postproc_time": int32(view.processing_seconds),
        "stage_log": [{"name": name, "actions": list(lines)} for name, lines in view.stages],
        "downloaded": max(view.bytes_done, 0),
        "completeness": None,
        "fail_message": _fail_message(view) if view.failed else "",
        "url_info": "",
        "bytes": max(view.bytes_total, 0),
        "meta": None,
        "series": None,
        "md5sum": None,
        "password": None,
        "duplicate_key": "",
        "archive": view.archived,
        "time_added": epoch(view.added_at),
        "size": to_units(view.bytes_total, "B"),
        "action_line": "",
        "loaded": False,
        "retry": view.failed and not view.parked,
    }


def history_document(slots: Sequence[Document], header: HistoryHeader) -> Document:
    """Return the reply to `mode=history` around the slots that are listed."""
    history = {
        "total_size": to_units(header.bytes_total),
        "month_size": to_units(header.bytes_month),
        "week_size": to_units(header.bytes_week),
        "day_size": to_units(header.bytes_day),
        "slots": list(slots),
        "ppslots": 0,  # what is being processed is still in the queue
        "noofslots": header.matched,
        "last_history_update": header.last_update,
        "version": header.version,
    }
    return {"history": history}


def history_unchanged() -> Document:
    """Return the reply to a client whose `last_history_update` is still the current one."""
    return {"history": False}


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
