"""The double over HTTP under `/__sim__/`, for tests in other processes and for the demo.

JSON in, JSON out; no part of Lidarr, never broken by faults.

    GET  state | log | requests
    POST artist {name, foreignId?, path?, profile?, albums: [{title, foreignId?, date?,
         disambiguation?, anyReleaseOk?, releases: [{foreignId?, title?, country?, label?, format?,
         date?, monitored?, media: [[[title, seconds, recordingId?], …], …]}]}]}
    POST grabbed {downloadId, title, albumId, …}   a grab as if this Lidarr had made it
    POST refresh                                   poll and process, answered when done
    POST fault {kind, path, …}      DELETE fault
    POST disk {hidden: [paths], denied: [paths], full: bool, diesAfter: moves}
    POST version {version}          POST key {apiKey}
    POST block {seconds}            every download client as after a long outage
    POST restart {downtime}
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from soulspot_arr.demo.feed import FoundRelease
from soulspot_arr.demo.lidarr.clients import enabled_clients
from soulspot_arr.demo.lidarr.resources import Resources
from soulspot_arr.demo.lidarr.serving import Refused, Reply, Request, Router, answer, fault_from
from soulspot_arr.demo.lidarr.tables import Row
from soulspot_arr.rules.lidarr.quality import quality_of

if TYPE_CHECKING:
    from soulspot_arr.demo.lidarr.double import LidarrDouble

PREFIX = "__sim__"


class Control:
    """The control routes of one double."""

    def __init__(self, double: LidarrDouble) -> None:
        self._double = double
        self._router = Router()
        add = self._router.add
        add("GET", "state", lambda _: answer(self._state()))
        add("GET", "log", lambda _: answer(double.life.core.log))
        add("GET", "requests", lambda _: answer(list(double.requests)))
        add("POST", "artist", self._artist)
        add("POST", "grabbed", self._grabbed)
        add("POST", "refresh", self._does(lambda _: double.refresh()))
        add("POST", "fault", self._does(lambda body: double.faults.add(fault_from(body))))
        add("DELETE", "fault", self._does(lambda _: double.faults.clear()))
        add("POST", "disk", self._does(self._disk))
        add("POST", "version", self._does(self._version))
        add("POST", "key", self._does(self._key))
        add("POST", "block", self._does(self._block))
        add("POST", "restart", self._restart)

    def respond(self, request: Request, path: str) -> Reply:
        """Answer a control request; mistakes are 400 with a sentence."""
        try:
            return self._router.respond(request, path)
        except (KeyError, TypeError, ValueError) as error:
            return answer({"message": f"{type(error).__name__}: {error}"}, 400)

    def _does(self, work: Callable[[Row], object]) -> Callable[[Request], Reply]:
        def handle(request: Request) -> Reply:
            work(_object(request))
            return answer({"ok": True})

        return handle

    def _artist(self, request: Request) -> Reply:
        core = self._double.life.core
        artist = core.library.add_artist(request.json(), core.root_folders[0])
        return answer(Resources(core).artist(artist), 201)

    def _grabbed(self, request: Request) -> Reply:
        body = request.json()
        life = self._double.life
        album = life.core.library.albums.get(int(body["albumId"]))
        if album is None:
            raise Refused(404)
        published = str(body.get("published") or "2026-01-01T00:00:00+00:00")
        title = str(body["title"])
        release = FoundRelease(
            title,
            str(body.get("guid") or title),
            datetime.fromisoformat(published).astimezone(UTC),
            str(body.get("url") or "http://localhost/nzb"),
            int(body.get("size") or 0),
        )
        clients = enabled_clients(life.core)
        life.books.grabbed(
            [album],
            release,
            str(body["downloadId"]),
            quality=quality_of(title),
            indexer=str(body.get("indexer") or "SoulSpot"),
            client=str(clients[0].body["name"]) if clients else "",
            source=str(body.get("source") or "UserInvokedSearch"),
        )
        return answer({"ok": True}, 201)

    def _disk(self, body: Row) -> None:
        disk = self._double.life.core.disk
        disk.hidden = [str(one) for one in body.get("hidden", disk.hidden)]
        disk.denied = [str(one) for one in body.get("denied", disk.denied)]
        disk.full = bool(body.get("full", disk.full))
        if "diesAfter" in body:
            disk.dies_after = int(body["diesAfter"])

    def _version(self, body: Row) -> None:
        self._double.moods.version = str(body["version"])

    def _key(self, body: Row) -> None:
        self._double.moods.api_key = str(body["apiKey"])

    def _block(self, body: Row) -> None:
        life = self._double.life
        for client in enabled_clients(life.core):
            life.back_off.block(client.id, float(str(body.get("seconds", 3600))))

    def _restart(self, request: Request) -> Reply:
        downtime = float(str(_object(request).get("downtime", 0.0)))
        request.afterwards.append(partial(self._double.restart, downtime))
        return answer({"ok": True})

    def _state(self) -> Row:
        life = self._double.life
        library = life.core.library
        return {
            "version": life.core.version,
            "rootFolders": life.core.root_folders,
            "artists": len(library.artists),
            "albums": len(library.albums),
            "files": [file.path for file in library.files],
            "downloads": {one.item.nzo_id: one.state.value for one in life.tracker.all()},
            "disk": {
                "hidden": life.core.disk.hidden,
                "denied": life.core.disk.denied,
                "full": life.core.disk.full,
            },
        }


def _object(request: Request) -> Row:
    """The body, empty without one."""
    return request.json() if request.body else {}
