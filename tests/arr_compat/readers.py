"""How strictly each client reads SABnzbd's JSON, written from the contracts alone.

Every function raises `ValueError` where the client would drop the reply (contracts lidarr §1.4 and
§3, SABnzbd §6). They share no code with the documents they judge.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import Decimal

Json = dict[str, object]

LIDARR_WORDS = {
    "grabbing",
    "queued",
    "paused",
    "checking",
    "downloading",
    "quickcheck",
    "verifying",
    "repairing",
    "fetching",
    "extracting",
    "moving",
    "running",
    "completed",
    "failed",
    "deleted",
    "propagating",
}
DISK_FULL = "unpacking failed, write error or disk is full?"


@dataclass(frozen=True)
class LidarrItem:
    """What Lidarr shows after mapping one slot."""

    download_id: str
    title: str
    category: str
    status: str
    size: int
    seconds: int = 0
    path: str = ""
    message: str = ""


def over_the_wire(document: object) -> Json:
    """The document as it arrives; the top level has to be an object that is not empty."""
    received = json.loads(json.dumps(document))
    require(isinstance(received, dict) and bool(received), "not a JSON object")
    assert isinstance(received, dict)
    return received


def require(condition: bool, complaint: str) -> None:
    """Raise `ValueError` unless `condition` holds."""
    if not condition:
        raise ValueError(complaint)


def obj(value: object) -> Json:
    """A JSON object."""
    require(isinstance(value, dict), f"not an object: {value!r}")
    assert isinstance(value, dict)
    return value


def array(value: object) -> list[Json]:
    """A JSON array of objects."""
    require(isinstance(value, list), f"not a list: {value!r}")
    assert isinstance(value, list)
    return [obj(item) for item in value]


def text(value: object) -> str:
    """A JSON string."""
    require(isinstance(value, str), f"not a text: {value!r}")
    assert isinstance(value, str)
    return value


def whole(value: object, highest: int = 2**63 - 1) -> int:
    """A JSON integer; a boolean or 1.0 is none."""
    require(type(value) is int, f"not an integer: {value!r}")
    assert isinstance(value, int)
    require(0 <= value <= highest, f"out of range: {value!r}")
    return value


def boolean(value: object) -> bool:
    """A JSON boolean."""
    require(isinstance(value, bool), f"not a boolean: {value!r}")
    return value is True


def number_text(value: object) -> Decimal:
    """A JSON string that holds a number, as Go programs demand it."""
    require(re.fullmatch(r"\d+(\.\d+)?", text(value)) is not None, f"no number: {value!r}")
    return Decimal(text(value))


def size_text(value: object) -> None:
    """ "N U" as exportarr splits it, or a bare zero."""
    form = r"(0|\d+(\.\d)? (B|KB?|MB?|GB?|TB?|PB?))"
    require(re.fullmatch(form, text(value)) is not None, f"no size: {value!r}")


def time_parts(value: object) -> int:
    """Seconds of a `timeleft` with exactly three or four integer parts."""
    require(re.fullmatch(r"\d+(:\d+){2,3}", text(value)) is not None, f"no time: {value!r}")
    days, hours, minutes, seconds = [0, *map(int, text(value).split(":"))][-4:]
    require(minutes < 60 and seconds < 60, f"no time: {value!r}")
    require(text(value).count(":") == 2 or hours < 24, f"no time: {value!r}")
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def status_word(value: object) -> str:
    """One of the sixteen words."""
    require(text(value).casefold() in LIDARR_WORDS, f"unknown status: {value!r}")
    return text(value)


def lidarr_queue(document: object) -> list[LidarrItem]:
    """Read `mode=queue` as Lidarr does: one bad slot and the whole poll is lost."""
    queue = obj(over_the_wire(document)["queue"])
    paused = boolean(queue["paused"])
    items = []
    for slot in array(queue["slots"]):
        word = status_word(slot["status"])
        if word == "Deleted":
            continue
        whole(slot["index"])
        require(re.fullmatch(r"\d+", text(slot["percentage"])) is not None, "percentage")
        status = "Downloading"
        if (paused and slot["priority"] != "Force") or word == "Paused":
            status = "Paused"
        elif word in {"Queued", "Grabbing", "Propagating"}:
            status = "Queued"
        title = text(slot["filename"])
        require(not title.startswith("ENCRYPTED /"), "encrypted")
        megabytes, left = number_text(slot["mb"]), number_text(slot["mbleft"])
        require(left <= megabytes, "more left than there is")
        size = int(megabytes * 1024 * 1024)
        seconds = time_parts(slot["timeleft"])
        identity = (text(slot["nzo_id"]), title, text(slot["cat"]))
        items.append(LidarrItem(*identity, status, size, seconds))
    ids = [item.download_id for item in items]
    require(len(set(ids)) == len(ids) and all(ids), "ids are not unique")
    return items


def lidarr_history(document: object) -> list[LidarrItem]:
    """Read `mode=history` as Lidarr does."""
    items = []
    for slot in array(obj(over_the_wire(document)["history"])["slots"]):
        word = status_word(slot["status"])
        if word == "Deleted":
            continue
        message = text(slot["fail_message"])
        whole(slot["download_time"], 2**31 - 1)
        status = word if word in {"Completed", "Failed"} else "Downloading"
        if word == "Failed" and message.casefold() == DISK_FULL:
            status = "Warning"
        items.append(
            LidarrItem(
                text(slot["nzo_id"]),
                text(slot["name"]),
                text(slot["category"]),
                status,
                whole(slot["bytes"]),
                path=text(slot["storage"]),
                message=message,
            )
        )
    return items


def homarr_queue(document: object) -> None:
    """Homarr's schema: one wrong type fails the whole widget."""
    queue = obj(over_the_wire(document)["queue"])
    boolean(queue["paused"])
    number_text(queue["kbpersec"])
    for slot in array(queue["slots"]):
        whole(slot["index"])
        for key in ("status", "mb", "filename", "cat", "timeleft", "percentage", "nzo_id"):
            text(slot[key])


def homarr_history(document: object) -> None:
    """Homarr's schema of the history."""
    for slot in array(obj(over_the_wire(document)["history"])["slots"]):
        for key in ("category", "status", "nzo_id", "name"):
            text(slot[key])
        for key in ("download_time", "completed", "postproc_time", "bytes"):
            whole(slot[key])


def notifiarr_queue(document: object) -> None:
    """Notifiarr's Go types: numbers inside strings, and no `eta`."""
    queue = obj(over_the_wire(document)["queue"])
    for key in ("mb", "mbleft", "kbpersec", "speedlimit"):
        number_text(queue[key])
    for key in ("diskspace1", "diskspace2", "diskspacetotal1", "diskspacetotal2"):
        number_text(queue[key])
    for key in ("size", "sizeleft", "speed", "diskspace1_norm", "diskspace2_norm", "cache_size"):
        require(re.match(r"\d", text(queue[key])) is not None, key)
    for key in ("have_warnings", "pause_int", "speedlimit_abs", "cache_art", "quota"):
        text(queue[key])
    for slot in array(queue["slots"]):
        for key in ("mb", "mbleft", "mbmissing", "percentage"):
            number_text(slot[key])
        for key in ("unpackopts", "avg_age"):
            text(slot[key])
        require(isinstance(slot["labels"], list), "labels")
        require("eta" not in slot, "eta")


def notifiarr_history(document: object) -> None:
    """Notifiarr's and Home Assistant's reading of the history."""
    history = obj(over_the_wire(document)["history"])
    for key in ("total_size", "month_size", "week_size", "day_size"):
        size_text(history[key])
    for key in ("noofslots", "ppslots", "last_history_update"):
        whole(history[key])
    for slot in array(history["slots"]):
        boolean(slot["retry"])
        boolean(slot["loaded"])
        text(slot["action_line"])
        for stage in array(slot["stage_log"]):
            text(stage["name"])
            lines = stage["actions"]
            require(isinstance(lines, list), "actions")
            assert isinstance(lines, list)
            require(all(isinstance(line, str) for line in lines), "actions")


def exportarr_queue(document: object) -> None:
    """exportarr: one violation fails the scrape."""
    queue = obj(over_the_wire(document)["queue"])
    for key in ("paused", "paused_all", "have_quota"):
        boolean(queue[key])
    for key in ("size", "sizeleft", "speed", "quota", "left_quota", "cache_size"):
        size_text(queue[key])
    for key in ("mb", "mbleft", "kbpersec", "diskspace1", "diskspacetotal1", "speedlimit_abs"):
        number_text(queue[key])
    for key in ("noofslots_total", "noofslots"):
        whole(queue[key])
    for key in ("pause_int", "timeleft"):
        require(re.fullmatch(r"\d+(:\d+){0,3}", text(queue[key])) is not None, key)
    require(queue["status"] in {"Idle", "Paused", "Downloading"}, "status")
    require(queue["finishaction"] is None, "finishaction")


def exportarr_stats(document: object) -> None:
    """exportarr's `server_stats`: article counters are maps from date to integer."""
    stats = over_the_wire(document)
    for key in ("total", "month", "week", "day"):
        whole(stats[key])
    for server in obj(stats["servers"]).values():
        entry = obj(server)
        for key in ("total", "month", "week", "day"):
            whole(entry[key])
        for key in ("daily", "articles_tried", "articles_success"):
            for day, count in obj(entry[key]).items():
                require(re.fullmatch(r"\d{4}-\d\d-\d\d", day) is not None, day)
                whole(count)


def lidarr_config(document: object) -> tuple[str, dict[str, str]]:
    """Read `get_config` as Lidarr does: the complete folder, and category to folder."""
    config = obj(over_the_wire(document)["config"])
    misc = obj(config["misc"])
    for key in ("enable_tv_sorting", "enable_movie_sorting", "enable_date_sorting", "pre_check"):
        require(misc.get(key, False) in (False, 0), key)
        require(not isinstance(misc.get(key), str), key)
    for key in ("tv_categories", "movie_categories", "date_categories"):
        require(misc.get(key) is None or isinstance(misc[key], list), key)
    require(text(misc["history_retention_option"]) == "all", "retention")
    require(text(misc["history_retention"]) == "", "retention")
    whole(misc["history_retention_number"])
    require(isinstance(config["servers"], list), "servers")
    folders = {}
    for category in array(config["categories"]):
        require(type(category["priority"]) is int, "priority")
        folder = text(category["dir"])
        require(not folder.endswith("*"), "no folder per job")
        folders[text(category["name"])] = folder
    return text(misc["complete_dir"]), folders
