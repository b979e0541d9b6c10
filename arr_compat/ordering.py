"""What clients do with slots: delete, pause, move, rename, retry. Always idempotent.

Deleting says yes for ids that are unknown or gone: an error makes Lidarr repeat the call for ever
(contract lidarr §3.6).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from typing import Any

from arr_compat import access
from arr_compat.adding import category
from soulspot_arr.domain import GrabState, Priority
from soulspot_arr.errors import Conflict, NotFound, QueueFull

Document = Mapping[str, Any]
_MISSING: Document = {"status": False, "error": "expects one parameter"}
_UNKNOWN: Document = {"status": False, "error": "item does not exist"}
_LONGEST_PAUSE = 366 * 24 * 60  # minutes; further on dates overflow


def _ids() -> list[str]:
    return access.names("value")


def _matching_search(nzo_ids: Collection[tuple[str, str]]) -> list[str]:
    text = access.parameter("search").lower()
    return [nzo_id for nzo_id, title in nzo_ids if text in title.lower()]


# -- queue -----------------------------------------------------------------------------------------


def delete_from_queue() -> Document:
    """`value` is a list of ids, or `all`."""
    ids = _ids()
    if not ids:
        return _MISSING
    manager = access.services().queue_manager
    if ids == ["all"]:
        ids = _matching_search([(view.nzo_id, view.title) for view in manager.queue()])
    manager.cancel(ids)
    return {"status": True, "nzo_ids": ids}


def purge_queue() -> Document:
    """Delete everything that matches `search`."""
    manager = access.services().queue_manager
    ids = _matching_search([(view.nzo_id, view.title) for view in manager.queue()])
    manager.cancel(ids)
    return {"status": True, "nzo_ids": ids}


def _pause_some(paused: bool) -> Document:
    ids = _ids()
    if not ids:
        return {"status": False, "nzo_ids": False}
    access.services().ordering.change(ids, paused=paused)
    return {"status": True, "nzo_ids": ids}


def set_priority() -> Document:
    """Answers the place in the queue, -1 for an unknown id; a number it does not know is Normal."""
    ids = _ids()
    level = access.number("value2", Priority.NORMAL)
    services = access.services()
    if level == Priority.PAUSED:
        services.ordering.change(ids, paused=True)
    else:
        known = Priority.LOW <= level <= Priority.FORCE
        services.ordering.change(ids, priority=int(level if known else Priority.NORMAL))
    order = [view.nzo_id for view in services.queue_manager.queue()]
    return {"position": order.index(ids[0]) if ids and ids[0] in order else -1}


def rename() -> Document:
    """`value2` is the new title."""
    title = access.line(access.parameter("value2"), 400)
    ids = _ids()
    return {"status": bool(ids and title and access.services().ordering.change(ids, title=title))}


def _accepted() -> Document:
    return {"status": True}


QUEUE_ACTIONS: Mapping[str, Callable[[], Document]] = {
    "delete": delete_from_queue,
    "purge": purge_queue,
    "pause": lambda: _pause_some(True),
    "resume": lambda: _pause_some(False),
    "priority": set_priority,
    "rename": rename,
    "sort": _accepted,
    "change_complete_action": _accepted,
    "delete_nzf": lambda: {"status": False, "nzf_ids": []},
}


def switch() -> Document:
    """Put a slot at a place, or before another slot."""
    ids, target = _ids(), access.parameter("value2").strip()
    manager = access.services().queue_manager
    views = manager.queue()
    order = [view.nzo_id for view in views]
    index = order.index(target) if target in order else access.number("value2")
    place = access.services().ordering.move_to(ids[0], index) if ids else -1
    levels = {view.nzo_id: view.priority for view in manager.queue()}
    return {"result": {"position": place, "priority": levels.get(ids[0], 0) if ids else 0}}


def change_category() -> Document:
    """`value2` is the new category."""
    changed = access.services().ordering.change(
        _ids(), category=category(access.parameter("value2"))
    )
    return {"status": bool(changed)}


# -- everything ------------------------------------------------------------------------------------


def pause() -> Document:
    """Ask for nothing new until resumed."""
    access.services().ordering.pause()
    return {"status": True}


def resume() -> Document:
    """Go on."""
    access.services().ordering.resume()
    return {"status": True}


def set_pause() -> Document:
    """`value` is a number of minutes; 0 resumes."""
    minutes = min(access.number("value"), _LONGEST_PAUSE)
    ordering = access.services().ordering
    if minutes > 0:
        ordering.pause(seconds=minutes * 60)
    else:
        ordering.resume()
    return {"status": True}


# -- history ---------------------------------------------------------------------------------------


def delete_from_history() -> Document:
    """`value` is a list of ids, `all`, `failed` or `completed`; archives unless `archive=0`.

    The files of a completed grab are never touched: Lidarr removes them itself (C-102).
    """
    ids = _ids()
    if not ids:
        return _MISSING
    manager = access.services().queue_manager
    wanted = {
        "all": {GrabState.COMPLETED, GrabState.FAILED},
        "failed": {GrabState.FAILED},
        "completed": {GrabState.COMPLETED},
    }.get(ids[0].lower() if len(ids) == 1 else "")
    if wanted is not None:
        rows = [(view.nzo_id, view.title) for view in manager.history() if view.status in wanted]
        ids = _matching_search(rows)
    manager.delete_history(ids, archive=access.parameter("archive", "1").strip() != "0")
    return {"status": True}


HISTORY_ACTIONS: Mapping[str, Callable[[], Document]] = {
    "delete": delete_from_history,
    "mark_as_completed": _accepted,
}


def retry() -> Document:
    """A failed slot starts again under a new id."""
    ids = _ids()
    if not ids:
        return _MISSING
    try:
        return {"status": True, "nzo_id": access.services().queue_manager.retry(ids[0])}
    except QueueFull:
        raise  # it does exist, and may be tried again later
    except (NotFound, Conflict):
        return _UNKNOWN


def retry_all() -> Document:
    """Every failed slot; here `status` is the list of new ids."""
    manager = access.services().queue_manager
    failed = [view.nzo_id for view in manager.history() if view.status is GrabState.FAILED]
    fresh = []
    for nzo_id in failed:
        with suppress(NotFound, Conflict):  # somebody deleted it meanwhile
            fresh.append(manager.retry(nzo_id))
    return {"status": fresh}


def cancel_processing() -> Document:
    """Stop slots that are being finished; others are not touched."""
    manager = access.services().queue_manager
    finishing = {v.nzo_id for v in manager.queue() if v.status == GrabState.PROCESSING}
    ids = [nzo_id for nzo_id in _ids() if nzo_id in finishing]
    if not manager.cancel(ids):
        return _UNKNOWN
    return {"status": True, "nzo_ids": ids}
