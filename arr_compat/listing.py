"""What clients look at: queue, history, configuration and status, all from the database."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from arr_compat import access, slots, status
from arr_compat.adding import category
from soulspot_arr.domain import DownloadState, FailureKind
from soulspot_arr.queue_manager import GrabView, OpenGrab
from soulspot_arr.rules import naming

Document = Mapping[str, Any]

_STARTED = time.monotonic()


def version() -> str:
    """The SABnzbd version we claim to be."""
    return str(access.services().settings.get("lidarr.version_reported"))


# -- queue -----------------------------------------------------------------------------------------


def queue() -> str:
    """`mode=queue`, as JSON: filters as SABnzbd knows them; without a limit everything."""
    every = access.services().queue_manager.queue()
    wanted = _filter()
    listed = [grab for grab in every if wanted.takes(grab)]
    if wanted.states:
        listed = [grab for grab in listed if slots.queue_word(grab).lower() in wanted.states]
    start, limit = max(0, access.number("start")), max(0, access.number("limit"))
    shown = slots.page(listed, start, limit)
    header = slots.QueueHeader(
        server=_server(),
        totals=slots.totals(every),
        start=start,
        limit=limit,
        matched=len(listed) if wanted.names_slots else None,
    )
    now = datetime.now(UTC)
    rows = [slots.queue_slot(grab, index, now=now) for index, grab in enumerate(shown, start)]
    return slots.queue_document(rows, header)


@dataclass(frozen=True, slots=True)
class _Filter:
    """What a listing is narrowed to; read from the request once, not for every slot."""

    search: str
    nzo_ids: frozenset[str]
    categories: frozenset[str]
    priorities: frozenset[int]
    states: frozenset[str]

    @property
    def names_slots(self) -> bool:
        """Whether the header has to count what matched (contract sabnzbd §1.4.2)."""
        return bool(self.search or self.nzo_ids)

    def takes(self, view: OpenGrab | GrabView) -> bool:
        """Whether title, id, category and priority fit."""
        return (
            (not self.nzo_ids or view.nzo_id in self.nzo_ids)
            and (not self.search or self.search in view.title.lower())
            and (not self.categories or view.category in self.categories)
            and (not self.priorities or view.priority in self.priorities)
        )


def _filter() -> _Filter:
    levels = access.names("priority")
    return _Filter(
        search=access.parameter("search").lower(),
        nzo_ids=frozenset(access.names("nzo_ids")),
        categories=frozenset(category(name) for name in access.names("cat", "category")),
        # text such as "High" becomes 0 and so matches Normal (contract sabnzbd §1.4.2)
        priorities=frozenset(access.whole(level) for level in levels),
        states=frozenset(text.lower() for text in access.names("status")),
    )


def files() -> Document:
    """`mode=get_files`: of one slot; nothing for an id that is unknown, or none at all."""
    ids = access.names("value")
    rows = access.services().queue_manager.files(ids[0]) if ids else ()
    return slots.files_document(
        slots.FileView(
            file_id=str(row.id),
            name=naming.file_name(row.remote_path),
            state=DownloadState(row.status),
            size=row.size,
            bytes_done=row.bytes_done,
        )
        for row in rows
    )


# -- history ---------------------------------------------------------------------------------------


def history() -> Document:
    """`mode=history`: what Lidarr still has to import is never cut off by a limit."""
    services = access.services()
    counter = services.history.version()
    if access.parameter("last_history_update") == str(counter):
        return slots.history_unchanged()
    # Without a limit real SABnzbd lists ten rows; 0 means the same (contract sabnzbd §1.4.4).
    limit = max(0, access.number("limit")) or 10
    start = max(0, access.number("start"))
    archived = access.parameter("archive") == "1"
    wanted = _filter()
    # Filtered before it is cut: failures of another category must not push ours out.
    rows = [
        view for view in services.queue_manager.history(archived=archived) if _listed(view, wanted)
    ]
    waiting = 0 if archived else sum(not view.failed for view in rows)
    shown = rows[start : max(start + limit, waiting)]
    done, month, week, day = services.history.volumes()
    header = slots.HistoryHeader(
        version=version(),
        matched=len(rows),
        last_update=counter,
        bytes_total=done,
        bytes_month=month,
        bytes_week=week,
        bytes_day=day,
    )
    return slots.history_document([_history_slot(view) for view in shown], header)


def _listed(view: GrabView, wanted: _Filter) -> bool:
    states = {"failed"} if access.parameter("failed_only") == "1" else wanted.states
    word = "failed" if view.failed else "completed"
    return wanted.takes(view) and (not states or word in states)


def _history_slot(view: GrabView) -> slots.Document:
    ended = view.completed_at or view.created_at
    began = view.started_at or view.created_at
    arrived = view.transferred_at or ended
    storage = access.services().paths.reported(view.storage_path or "")
    lines = (f"From {view.peer} on Soulseek, {view.file_count} files",)
    return slots.history_slot(
        slots.HistoryView(
            nzo_id=view.nzo_id,
            title=view.title,
            category=view.category,
            added_at=view.created_at,
            completed_at=ended,
            bytes_total=view.bytes_total,
            bytes_done=view.bytes_done,
            failed=view.failed,
            storage=storage,
            download_seconds=(arrived - began).total_seconds(),
            processing_seconds=(ended - arrived).total_seconds(),
            failure=view.failure_message or "",
            parked=view.failure_kind == FailureKind.DISK_FULL,
            archived=view.archived_at is not None,
            stages=(("Source", (view.title,)), ("Download", lines)),
        )
    )


# -- configuration and status ----------------------------------------------------------------------


def config() -> Document:
    """`mode=get_config`."""
    services = access.services()
    view = status.ConfigView(
        api_key=str(services.settings.get("auth.api_key")),
        complete_dir=_complete_dir(),
        download_dir=_download_dir(),
        categories={
            name: services.paths.category_folder(name) for name in services.settings.categories()
        },
        sources=(services.source.name,),
    )
    section, keyword = access.parameter("section"), access.parameter("keyword")
    return status.config_document(view, section=section or None, keyword=keyword or None)


def categories() -> Document:
    """`mode=get_cats`."""
    return {"categories": ["*", *access.services().settings.categories()]}


def fullstatus() -> Document:
    """`mode=fullstatus` and `mode=status`."""
    view = status.StatusView(
        server=_server(),
        api_key=str(access.services().settings.get("auth.api_key")),
        complete_dir=_complete_dir(),
        download_dir=_download_dir(),
        uptime=time.monotonic() - _STARTED,
        warnings=_warning_rows(),
        sources=(access.services().source.name,),
    )
    return status.fullstatus(view, dashboard=access.parameter("skip_dashboard") != "1")


def server_stats() -> Document:
    """`mode=server_stats`: what arrived, by day."""
    services = access.services()
    days = {
        day: status.DayStats(received=received, tried=tried, succeeded=succeeded)
        for day, (received, tried, succeeded) in services.history.daily().items()
    }
    return status.server_stats({services.source.name: days}, today=datetime.now(UTC).date())


def warnings() -> list[slots.Document]:
    """`mode=warnings`: what the health checks complain about."""
    return status.warnings_list(_warning_rows())


def _warning_rows() -> Sequence[tuple[str, str, int, str]]:
    at, checks = access.services().health.last()
    moment = int(at.timestamp()) if at else 0
    return [
        (check["level"].upper(), f"{check['message']} {check['fix']}".strip(), moment, "health")
        for check in checks
        if check["level"] != "ok"
    ]


def _complete_dir() -> str:
    """As Lidarr sees it; absolute even while slskd has not told where it is."""
    paths = access.services().paths
    folder = paths.complete_dir
    return paths.reported(str(folder)) if folder else "/downloads/soulspot"


def _download_dir() -> str:
    root = access.services().paths.local_root
    return str(root) if root else "/downloads"


def _server() -> slots.ServerView:
    services = access.services()
    left = services.settings.pause_left()
    free, total = services.paths.free()
    return slots.ServerView(
        version=version(),
        paused=left is not None,
        pause_seconds=left or 0.0,
        download_free=free,
        download_total=total,
        complete_free=free,
        complete_total=total,
        warnings=len(_warning_rows()),
    )
