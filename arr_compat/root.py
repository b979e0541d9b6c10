"""Both emulations at `/api`, for clients whose URL base is empty (SABnzbd contract C-01, C-02).

`t` belongs to Newznab, everything else to SABnzbd (contract lidarr §1.1). It only chooses.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response
from werkzeug.exceptions import HTTPException

from arr_compat import access, newznab, sabnzbd
from soulspot_arr.errors import SoulSpotError

blueprint = Blueprint("emulations", __name__)


@blueprint.route("/api", methods=["GET", "POST"])
@blueprint.route("/api/", methods=["GET", "POST"])
def api() -> Response:
    """Hand the request to the emulation it is meant for."""
    room: Callable[[], Response] = newznab.api if _for_indexer() else sabnzbd.api
    return room()


@blueprint.errorhandler(HTTPException)
def _http_error(error: HTTPException) -> Response:
    room: Callable[[HTTPException], Response]
    room = newznab.http_error if _for_indexer() else sabnzbd.http_error
    return room(error)


@blueprint.errorhandler(SoulSpotError)
def _told(error: SoulSpotError) -> Response:
    room: Callable[[SoulSpotError], Response] = newznab.told if _for_indexer() else sabnzbd.told
    return room(error)


@blueprint.errorhandler(Exception)
def _broken(error: Exception) -> Response:
    room: Callable[[Exception], Response] = newznab.broken if _for_indexer() else sabnzbd.broken
    return room(error)


def _for_indexer() -> bool:
    """From the query alone: the body may be what the error is about."""
    return access.asked("t") and not access.asked("mode")
