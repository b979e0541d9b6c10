"""SABnzbd's answers decoded into values, as strictly as Lidarr decodes them.

Pure. A value that Lidarr cannot read raises WholePollLost naming slot, field and value; what the
values mean for a download is decided in `download_items`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from soulspot_arr.demo.faults import ClientError, WholePollLost
from soulspot_arr.demo.json_reading import JsonObject, parse_object

_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+|x)")


@dataclass(frozen=True, slots=True)
class QueueSlot:
    """One element of `queue.slots`; sizes in MiB."""

    nzo_id: str
    title: str
    category: str | None
    status: str
    mb: Decimal
    mb_left: Decimal
    time_left: timedelta
    percentage: int
    index: int
    priority: int


@dataclass(frozen=True, slots=True)
class Queue:
    """The whole download queue."""

    paused: bool
    slots: tuple[QueueSlot, ...]
    default_root: str | None


@dataclass(frozen=True, slots=True)
class HistorySlot:
    """One element of `history.slots`; size in bytes."""

    nzo_id: str
    title: str
    category: str | None
    status: str
    storage: str | None
    size: int
    fail_message: str | None
    download_time: int


@dataclass(frozen=True, slots=True)
class Category:
    """A category of the client and its folder below `complete_dir`."""

    name: str | None
    folder: str
    priority: int


@dataclass(frozen=True, slots=True)
class Sorting:
    """A sorting switch and the categories it covers."""

    name: str
    enabled: bool
    categories: tuple[str, ...]

    def covers(self, category: str) -> bool:
        """Whether Lidarr believes that this sorting would touch the category."""
        if not self.enabled:
            return False
        # A switch without a list is read as "everything" (contract lidarr §2).
        return not self.categories or (category or "Default") in self.categories


@dataclass(frozen=True, slots=True)
class Config:
    """The part of `get_config` that Lidarr reads."""

    complete_dir: str | None
    pre_check: bool
    sortings: tuple[Sorting, ...]
    categories: tuple[Category, ...]
    history_retention: str | None
    history_retention_option: str | None
    history_retention_number: int

    def category(self, name: str) -> Category | None:
        """The category of exactly this name."""
        return next((entry for entry in self.categories if entry.name == name), None)

    def removes_completed(self) -> bool:
        """Whether Lidarr's health check would say that the client forgets finished downloads."""
        option = self.history_retention_option or ""
        if option == "all":
            return False
        if option in ("number-archive", "number-delete", "all-archive", "all-delete"):
            return True
        if option in ("days-archive", "days-delete"):
            return self.history_retention_number < 14
        legacy = (self.history_retention or "").strip()
        if legacy.endswith("d"):
            days = legacy[:-1]
            return (int(days) if days.isdecimal() else 0) < 14
        return legacy not in ("", "0")


def raise_for_error(text: str) -> None:
    """The probe Lidarr runs on every body; ClientError when the body counts as an error."""
    try:
        value = json.loads(text)
    except ValueError:
        if text == "":
            raise ClientError("the body is empty, which Lidarr trips over") from None
        if text.lower().startswith("error"):
            raise ClientError(text.replace("error: ", "")) from None
        return
    if value is None:
        raise ClientError("the body is the JSON literal null, which Lidarr trips over")
    if not isinstance(value, dict):
        return
    probe = JsonObject(value, "error probe")
    status = probe.raw("status")
    if status is False or (isinstance(status, str) and status.lower() == "false"):
        raise ClientError(str(probe.raw("error") or "the client answered status false"))


def read_version(text: str) -> str | None:
    """The `version` text; None when it is absent or unreadable."""
    try:
        return parse_object(text, "version").text("version")
    except WholePollLost:
        return None


def parse_version(version: str | None) -> tuple[int, int, int] | None:
    """Three numbers out of a version text, `develop` being 3.0.0; None when Lidarr finds none."""
    if version is None:
        return None
    match = _VERSION.search(version)
    if match is None:
        return (3, 0, 0) if version.lower() == "develop" else None
    patch = match.group(3)
    return int(match.group(1)), int(match.group(2)), 0 if patch == "x" else int(patch)


def read_config(text: str) -> Config:
    """The configuration; WholePollLost when Lidarr could not read it."""
    config = parse_object(text, "config").child("config", "config")
    misc = config.child("misc", "config.misc")
    tv_sorting = Sorting("TV", misc.boolean("enable_tv_sorting"), misc.text_list("tv_categories"))
    movie_sorting = Sorting(
        "Movie", misc.boolean("enable_movie_sorting"), misc.text_list("movie_categories")
    )
    date_sorting = Sorting(
        "Date",
        misc.boolean("enable_date_sorting"),
        misc.text_list("date_categories", single_allowed=True),
    )
    return Config(
        complete_dir=misc.text("complete_dir"),
        pre_check=misc.boolean("pre_check"),
        sortings=(tv_sorting, movie_sorting, date_sorting),
        categories=tuple(
            Category(entry.text("name"), entry.required_text("dir"), entry.int32("priority"))
            for entry in config.children("categories", required=False)
        ),
        history_retention=misc.text("history_retention"),
        history_retention_option=misc.text("history_retention_option"),
        history_retention_number=misc.int32("history_retention_number"),
    )


def read_complete_dir(text: str) -> str | None:
    """`completedir` out of a full status."""
    return parse_object(text, "fullstatus").child("status", "fullstatus").text("completedir")


def read_queue(text: str) -> Queue:
    """The queue; one unreadable slot loses all of it."""
    queue = parse_object(text, "queue").child("queue", "queue")
    slots = tuple(
        QueueSlot(
            nzo_id=_identity(slot),
            title=slot.required_text("filename"),
            category=slot.text("cat"),
            status=slot.status("status"),
            mb=slot.decimal("mb"),
            mb_left=slot.decimal("mbleft"),
            time_left=slot.timeleft("timeleft"),
            percentage=slot.int32("percentage"),
            index=slot.int32("index"),
            priority=slot.priority("priority"),
        )
        for slot in queue.children("slots")
    )
    return Queue(queue.boolean("paused"), slots, queue.text("my_home"))


def read_history(text: str) -> tuple[HistorySlot, ...]:
    """The history; one unreadable slot loses all of it."""
    history = parse_object(text, "history").child("history", "history")
    history.boolean("paused")
    return tuple(
        HistorySlot(
            nzo_id=_identity(slot),
            title=slot.required_text("name"),
            category=slot.text("category"),
            status=slot.status("status"),
            storage=slot.text("storage"),
            size=slot.int64("bytes"),
            fail_message=slot.text("fail_message"),
            download_time=slot.int32("download_time"),
        )
        for slot in history.children("slots")
    )


def read_added_ids(text: str) -> tuple[str, ...]:
    """The ids an upload returned; any other shape counts as "no id"."""
    try:
        return parse_object(text, "addfile").text_list("nzo_ids")
    except WholePollLost:
        return ()


def _identity(slot: JsonObject) -> str:
    nzo_id = slot.required_text("nzo_id")
    if not nzo_id:
        raise WholePollLost(slot.where, "nzo_id", nzo_id, "an empty id cannot be tracked")
    return nzo_id
