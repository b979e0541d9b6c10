"""The SABnzbd routes: one endpoint, a table of modes, answers from the database.

Every mode answers HTTP 200 with a non-empty JSON object (contract lidarr §1.3), with one exception:
`translate` with a wrong key is a 403, because Homarr's set-up relies on that status (C-08).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from flask import Blueprint, Response
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from arr_compat import access, adding, listing, ordering, slots
from arr_compat.access import Access
from soulspot_arr.errors import SoulSpotError

log = logging.getLogger(__name__)

blueprint = Blueprint("sabnzbd", __name__)

Document = Mapping[str, Any]
NOT_IMPLEMENTED: Document = {"status": False, "error": "not implemented"}


@blueprint.route("/api", methods=["GET", "POST"])
@blueprint.route("/api/", methods=["GET", "POST"])
def api() -> Response:
    """Dispatch on `mode`."""
    mode = access.parameter("mode")
    if mode in _OPEN:
        return _json(_OPEN[mode]())
    denied = _denied()
    if denied:
        status = 403 if mode == "translate" else 200
        return _json({"status": False, "error": denied}, status)
    handler = _MODES.get(mode)
    return _json(handler() if handler else NOT_IMPLEMENTED)


def _denied() -> str | None:
    verdict = access.credentials()
    if verdict is Access.GRANTED:
        return None
    # Lidarr's Test looks for these very words in a 200 answer (contract lidarr §1.3).
    return "API Key Required" if verdict is Access.MISSING else "API Key Incorrect"


def _json(answer: Document | str, status: int = 200) -> Response:
    body = answer if isinstance(answer, str) else slots.encode(answer)
    response = Response(body, status=status, content_type="application/json;charset=UTF-8")
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


@blueprint.errorhandler(HTTPException)
def http_error(error: HTTPException) -> Response:
    """What Flask itself refuses, in the language of this emulation."""
    if isinstance(error, RequestEntityTooLarge):
        return _json({"status": False, "nzo_ids": [], "error": "The upload is too large"})
    return _json({"status": False, "error": error.name})


@blueprint.errorhandler(SoulSpotError)
def told(error: SoulSpotError) -> Response:
    """An error of ours, in its own words: a full disk, a setting that is pinned."""
    log.warning("sabnzbd request failed: %s", error.message)
    return _json({"status": False, "error": error.message})


@blueprint.errorhandler(Exception)
def broken(error: Exception) -> Response:
    """One of the project's five broad handlers: a JSON sentence instead of a stack trace (C-109)."""
    ref = uuid4().hex[:8]
    log.exception("sabnzbd request failed, ref %s", ref, exc_info=error)
    return _json({"status": False, "error": f"internal error, see the log for {ref}"})


def _version() -> Document:
    return {"version": listing.version()}


def _auth() -> Document:
    """Looks at `key`, not at `apikey`, and calls an absent one right (contract sabnzbd §1.2)."""
    key = access.parameter("key")
    return {"auth": "apikey" if not key or access.is_key(key) else "badkey"}


def _done() -> Document:
    return {"status": True}


def _translate() -> Document:
    return {"value": access.parameter("value")}


def _warnings() -> Document:
    name = access.parameter("name")
    if name == "clear":
        return {"status": True}
    return {"warnings": listing.warnings()} if name in {"", "show"} else NOT_IMPLEMENTED


def _config() -> Document:
    handler = {"set_pause": ordering.set_pause, "speedlimit": _done}.get(access.parameter("name"))
    return handler() if handler else NOT_IMPLEMENTED


def _queue() -> Document | str:
    handler = ordering.QUEUE_ACTIONS.get(access.parameter("name"))
    return handler() if handler else listing.queue()


def _history() -> Document:
    handler = ordering.HISTORY_ACTIONS.get(access.parameter("name"))
    return handler() if handler else listing.history()


_OPEN: Mapping[str, Callable[[], Document]] = {"version": _version, "auth": _auth}

# shutdown and restart say yes and do nothing: a stray call must not stop the container (C-111).
_MODES: Mapping[str, Callable[[], Document | str]] = {
    "get_config": listing.config,
    "get_cats": listing.categories,
    "get_scripts": lambda: {"scripts": []},
    "fullstatus": listing.fullstatus,
    "status": listing.fullstatus,
    "server_stats": listing.server_stats,
    "warnings": _warnings,
    "queue": _queue,
    "history": _history,
    "get_files": listing.files,
    "addfile": adding.addfile,
    "addurl": adding.addurl,
    "pause": ordering.pause,
    "resume": ordering.resume,
    "config": _config,
    "switch": ordering.switch,
    "change_cat": ordering.change_category,
    "change_script": _done,
    "change_opts": _done,
    "retry": ordering.retry,
    "retry_all": ordering.retry_all,
    "cancel_pp": ordering.cancel_processing,
    "translate": _translate,
    "shutdown": _done,
    "restart": _done,
    "disconnect": _done,
    "watched_now": _done,
    "rss_now": _done,
    "pause_pp": _done,
    "resume_pp": _done,
    "reset_quota": _done,
    "browse": lambda: {"paths": []},
}
