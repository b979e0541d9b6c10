"""What the emulated SABnzbd tells about itself: `fullstatus`, `server_stats` and `get_config`.

Built from plain views with exactly the types clients expect, like the slots. Pure: no clock, no
disk, no logging. It must not read a setting or look for a folder; the caller knows them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from arr_compat.slots import Document, ServerView, server_fields
from arr_compat.units import age
from soulspot_arr.domain import Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusView:
    """The server's own state; folders as Lidarr sees them, `uptime` in seconds.

    A warning is type, text, time (Unix seconds) and origin.
    """

    server: ServerView
    api_key: str
    complete_dir: str
    download_dir: str
    uptime: float = 0.0
    warnings: Sequence[tuple[str, str, int, str]] = ()
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigView:
    """What `get_config` shows; `categories` maps each name to its folder below `complete_dir`."""

    api_key: str
    complete_dir: str
    download_dir: str
    categories: Mapping[str, str]
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DayStats:
    """What one source did on one day: bytes fetched, files asked for, files that arrived."""

    received: int
    tried: int = 0
    succeeded: int = 0


def warnings_list(warnings: Iterable[tuple[str, str, int, str]]) -> list[Document]:
    """Return the elements of `warnings`, as in `mode=warnings` and in `fullstatus`."""
    return [
        {"type": kind, "text": text, "time": moment, "origin": origin}
        for kind, text, moment, origin in warnings
    ]


def fullstatus(view: StatusView, *, dashboard: bool = False) -> Document:
    """Return the reply to `mode=fullstatus`; the network keys only when `dashboard` is wanted."""
    network: Document = {
        "active_socks5_proxy": None,
        "localipv4": None,
        "publicipv4": None,
        "ipv6": None,
        "dnslookup": True,
    }
    status: Document = {
        "uptime": age(view.uptime),
        "color_scheme": "Auto",
        "pid": 0,
        "active_lang": "en",
        "rtl": False,
        "url_base": "",
        "windows": False,
        "macos": False,
        "power_options": False,
        "pp_pause_event": False,
        "apikey": view.api_key,
        "new_release": None,
        "new_rel_url": None,
        **server_fields(view.server),
        "logfile": "",
        "weblogfile": None,
        "loglevel": "1",
        "folders": [],
        "configfn": "",
        "warnings": warnings_list(view.warnings),
        "delayed_assembler": 0,
        "loadavg": "",
        "pystone": 0,
        "downloaddir": view.download_dir,
        "downloaddirspeed": 0,
        "completedir": view.complete_dir,
        "completedirspeed": 0,
        "internetbandwidth": 0,
        **(network if dashboard else {}),
        "servers": [_connection(name) for name in view.sources],
    }
    return {"status": status}


def server_stats(servers: Mapping[str, Mapping[date, DayStats]], *, today: date) -> Document:
    """Return the reply to `mode=server_stats`: sums per calendar day, week (Monday) and month."""
    days = [entry for history in servers.values() for entry in history.items()]
    per_server = {name: _server_entry(history, today) for name, history in servers.items()}
    return {**_sums(days, today), "servers": per_server}


def config_document(
    view: ConfigView, *, section: str | None = None, keyword: str | None = None
) -> Document:
    """Return the reply to `mode=get_config`, narrowed to a section and to one key in it."""
    config: dict[str, object] = {
        "misc": _misc(view),
        "categories": _categories(view.categories),
        "servers": [_server_config(name) for name in view.sources],
    }
    if section:  # a keyword without a section is ignored (SABnzbd contract §1.4.7)
        chosen = config.get(section)
        if keyword:
            chosen = _narrowed(chosen, keyword)
        config = {section: chosen} if chosen is not None else {}
    return {"config": config}


# -- fullstatus and server_stats -------------------------------------------------------------------


def _connection(name: str) -> Document:
    return {
        "servername": name,
        "serveractive": True,
        "serveractiveconn": 0,
        "servertotalconn": 1,
        "serverconnections": [],
        "serverssl": 0,
        "serversslinfo": "",
        "serveripaddress": "",
        "servercanonname": "",
        "serverwarning": "",
        "servererror": "",
        "serverpriority": 0,
        "serveroptional": 0,
        "serverbps": "0",
    }


def _server_entry(history: Mapping[date, DayStats], today: date) -> Document:
    """The article counters are date maps; exportarr drops the whole scrape otherwise (C-30)."""
    days = sorted(history.items())
    return {
        **_sums(days, today),
        "daily": {day.isoformat(): stats.received for day, stats in days},
        "articles_tried": {day.isoformat(): stats.tried for day, stats in days},
        "articles_success": {day.isoformat(): stats.succeeded for day, stats in days},
    }


def _sums(days: Iterable[tuple[date, DayStats]], today: date) -> dict[str, int]:
    monday = today - timedelta(days=today.weekday())
    starts = {"total": date.min, "month": today.replace(day=1), "week": monday, "day": today}
    rows = list(days)
    return {
        name: sum(stats.received for day, stats in rows if day >= start)
        for name, start in starts.items()
    }


# -- get_config ------------------------------------------------------------------------------------


def _misc(view: ConfigView) -> Document:
    """Only what is read or shown; every flag is a real boolean, "0" would be fatal to Lidarr."""
    return {
        "language": "en",
        "api_key": view.api_key,
        "nzb_key": view.api_key,
        "download_dir": view.download_dir,
        "complete_dir": view.complete_dir,
        "pre_check": False,
        # Gone from current SABnzbd; saying "off" is safer than leaving a client to guess.
        "enable_tv_sorting": False,
        "tv_categories": [],
        "enable_movie_sorting": False,
        "movie_categories": [],
        "enable_date_sorting": False,
        "date_categories": [],
        # Anything but "all" makes Lidarr warn that we remove downloads (contract lidarr §10).
        "history_retention": "",
        "history_retention_option": "all",
        "history_retention_number": 0,
        "history_limit": 10,
        "url_base": "",
    }


def _categories(folders: Mapping[str, str]) -> list[Document]:
    """List `*` first, then every name as it was given: Lidarr compares case-sensitively."""
    names = ["*", *(name for name in folders if name != "*")]
    return [_category(name, order, folders.get(name, "")) for order, name in enumerate(names)]


def _category(name: str, order: int, folder: str) -> Document:
    default = name == "*"
    return {
        "name": name,
        "order": order,
        "pp": "3" if default else "",
        "script": "None" if default else "Default",
        "dir": folder.rstrip("*"),  # a trailing star means "no folder per job" and fails the Test
        "newzbin": "",
        "priority": int(Priority.NORMAL if default else Priority.DEFAULT),
    }


def _server_config(name: str) -> Document:
    return {
        "name": name,
        "displayname": name,
        "host": name,
        "port": 0,
        "timeout": 60,
        "username": "",
        "password": "",
        "connections": 1,
        "ssl": 0,
        "enable": 1,
        "required": 0,
        "optional": 0,
        "retention": 0,
        "priority": 0,
        "notes": "",
    }


def _narrowed(section: object, keyword: str) -> object:
    """Return one key of a section, or one named entry of a list; None when there is none."""
    if isinstance(section, dict):
        return {keyword: section[keyword]} if keyword in section else None
    if isinstance(section, list):
        return [entry for entry in section if entry["name"] == keyword] or None
    return None
