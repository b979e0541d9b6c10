"""`/users` (contract slskd §4): status, info, endpoint, browse and directory contents."""

from __future__ import annotations

from functools import partial

from soulspot_arr.simulator.application import Application
from soulspot_arr.simulator.clock import Script
from soulspot_arr.simulator.network import Peer, SharedFile, split_remote
from soulspot_arr.simulator.process import SoulseekError
from soulspot_arr.simulator.web import Refused, Reply, Request, Router, reply_json
from soulspot_arr.simulator.wire import Json

_ATTRIBUTES = {
    "bitRate": "BitRate",
    "length": "Length",
    "isVariableBitRate": "VariableBitRate",
    "sampleRate": "SampleRate",
    "bitDepth": "BitDepth",
}


class UserRoutes:
    """Handlers of the user endpoints."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._directory = app.downloads.directory
        self._browsed: dict[str, int] = {}

    def register(self, router: Router) -> None:
        """Add the routes below `/api/v0`."""
        router.add("GET", "users/{username}/status", self._status)
        router.add("GET", "users/{username}/info", self._info)
        router.add("GET", "users/{username}/endpoint", self._endpoint)
        router.add("GET", "users/{username}/browse", self._browse)
        router.add("GET", "users/{username}/browse/status", self._browse_status)
        router.add("POST", "users/{username}/directory", self._contents, body=True)

    def _name(self, request: Request) -> str:
        if self._app.agent:
            raise Refused(403)
        name = request.params["username"]
        if self._directory.blacklisted(name):
            raise Refused(404)
        return name

    def _require_server(self, purpose: str) -> None:
        self._directory.require_server(purpose, self._app.link.state)

    def _ask(self, request: Request, purpose: str, wait: float | None = None) -> Script[Peer]:
        """The peer after a round trip; offline is 404, everything else 500."""
        name = self._name(request)
        try:
            self._require_server(purpose)
            return (yield from self._directory.ask(name, wait=wait))
        except SoulseekError as error:
            if error.kind == "offline":
                raise Refused(404, error.message) from error
            text = error.message
            if text.startswith("Failed to establish"):
                text = f"Failed to {purpose} {name}: {text}"
            raise Refused(500, text) from error

    def _status(self, request: Request) -> Script[Reply]:
        name = self._name(request)
        network, timings = self._app.process.network, self._app.process.timings
        try:
            self._require_server("get user status")
        except SoulseekError as error:
            raise Refused(500, error.message) from error
        if not network.lookups_answered:
            yield timings.server_request
            wait = int(timings.server_request * 1000)
            raise Refused(500, f"The wait timed out after {wait} milliseconds")
        peer = network.peers.get(name)
        presence = "Offline"
        if peer is not None and peer.online:
            presence = "Away" if peer.away else "Online"
        return reply_json({"isPrivileged": False, "presence": presence})

    def _info(self, request: Request) -> Script[Reply]:
        peer = yield from self._ask(request, "retrieve information for user")
        return reply_json(
            {
                "description": peer.description,
                "hasFreeUploadSlot": peer.free_slots > 0,
                "hasPicture": False,
                "queueLength": peer.queue_length,
                "uploadSlots": max(peer.free_slots, 1),
            }
        )

    def _endpoint(self, request: Request) -> Script[Reply]:
        name = self._name(request)
        try:
            self._require_server("get user endpoint")
            peer = yield from self._directory.lookup(name)
        except SoulseekError as error:
            raise Refused(404 if error.kind == "offline" else 500, error.message) from error
        address, port = peer.address
        return reply_json({"addressFamily": "InterNetwork", "address": address, "port": port})

    def _browse(self, request: Request) -> Script[Reply]:
        wait = self._app.process.timings.browse_timeout
        peer = yield from self._ask(request, "browse user", wait)
        free: dict[str, list[SharedFile]] = {}
        locked: dict[str, list[SharedFile]] = {}
        for file in peer.files.values():
            group = locked if file.locked else free
            group.setdefault(split_remote(file.path)[0], []).append(file)
        self._browsed[peer.name] = sum(len(files) for files in free.values()) * 120
        self._app.process.later(5.0, partial(self._forget_browse, peer.name))
        return reply_json(
            {
                "directories": [_folder(name, files) for name, files in free.items()],
                "directoryCount": len(free),
                "lockedDirectories": [_folder(name, files) for name, files in locked.items()],
                "lockedDirectoryCount": len(locked),
            }
        )

    def _forget_browse(self, name: str) -> None:
        self._browsed.pop(name, None)

    def _browse_status(self, request: Request) -> Reply:
        name = self._name(request)
        size = self._browsed.get(name)
        if size is None:
            raise Refused(404)
        return reply_json(
            {
                "username": name,
                "bytesTransferred": size,
                "bytesRemaining": 0,
                "percentComplete": 100.0,
                "size": size,
            }
        )

    def _contents(self, request: Request) -> Script[Reply]:
        wanted = request.fields().get("directory")
        if not isinstance(wanted, str) or not wanted.strip():
            self._name(request)
            raise Refused(400)
        peer = yield from self._ask(request, "retrieve directory contents from")
        names = {split_remote(file.path)[0] for file in peer.files.values()}
        inside = (wanted + "\\", wanted + "/")
        found = sorted(n for n in names if n == wanted or n.startswith(inside))
        folders: list[Json] = [_folder(name, peer.folder(name)) for name in found]
        if self._app.process.profile.directory_array:
            return reply_json(folders)
        return reply_json(folders[0] if folders else {"name": wanted, "fileCount": 0, "files": []})


def _folder(name: str, files: list[SharedFile]) -> dict[str, Json]:
    return {"name": name, "fileCount": len(files), "files": [_raw(file) for file in files]}


def _raw(file: SharedFile) -> Json:
    """The library's own file type: bare name and an attribute list beside the named ones."""
    attributes: list[Json] = [
        {"type": _ATTRIBUTES[name], "value": int(value)}
        for name, value in file.shown.items()
        if name in _ATTRIBUTES and isinstance(value, (int, bool))
    ]
    return {
        "attributeCount": len(attributes),
        "attributes": attributes,
        "code": 1,
        "extension": file.extension,
        "filename": split_remote(file.path)[1],
        "size": file.size,
        **file.shown,
    }
