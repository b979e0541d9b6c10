"""Session, application, server, options, events, conversations and small rest (§1.5, §2, §7).

Translates HTTP to the application's rooms; decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import cast

from soulspot_arr.simulator.application import Application
from soulspot_arr.simulator.events import TYPES
from soulspot_arr.simulator.web import Refused, Reply, Request, Router, empty, reply_json
from soulspot_arr.simulator.wire import Json

_OVERLAY = {"listenPort", "listenIpAddress"}


class CoreRoutes:
    """Handlers for everything that is neither search, transfer, user nor file."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def register(self, router: Router) -> None:
        """Add the routes below `/api/v0`."""
        add = router.add
        add("GET", "session", lambda _: empty(200))
        add("GET", "session/enabled", self._enabled, access="anonymous")
        add("POST", "session", self._login, access="anonymous", body=True)
        add("GET", "server", lambda _: reply_json(self._app.link.describe()))
        add("PUT", "server", self._connect)
        add("DELETE", "server", self._disconnect, body=True)
        add("GET", "application", self._application)
        add("GET", "application/version", self._version)
        add("GET", "application/version/latest", lambda _: reply_json(self._version_state()))
        add("POST", "application/loopback", lambda _: empty(200), body=True)
        add("PUT", "application", self._exits(restart=True), access="jwt")
        add("DELETE", "application", self._exits(restart=False), access="jwt")
        add("GET", "options", self._options)
        add("GET", "options/startup", self._options)
        add("PATCH", "options", self._patch_options, access="admin", body=True)
        for path in ("options/yaml", "options/yaml/location", "options/debug"):
            add("GET", path, self._remote_configuration, access="jwt")
        add("PUT", "options/yaml", self._remote_configuration, access="jwt", body=True)
        add("GET", "events", self._events)
        add("POST", "events/{type}", self._raise, body=True)
        add("GET", "logs", lambda _: reply_json([]))
        add("GET", "conversations", self._conversations)
        add("GET", "conversations/{username}", self._conversation)
        add("GET", "conversations/{username}/messages", self._messages)
        add("PUT", "conversations/{username}", self._acknowledge)

    def _exits(self, *, restart: bool) -> Callable[[Request], Reply]:
        def handle(request: Request) -> Reply:
            request.afterwards.append(partial(self._app.on_exit, restart))
            return empty(204)

        return handle

    def _enabled(self, _: Request) -> Reply:
        return reply_json(not self._app.gate.disabled)

    def _login(self, request: Request) -> Reply:
        given = request.fields()
        username, password = given.get("username"), given.get("password")
        if not (isinstance(username, str) and isinstance(password, str)):
            raise Refused(400, "Username and/or password missing or invalid")
        if not username.strip() or not password.strip():
            raise Refused(400, "Username and/or password missing or invalid")
        token = self._app.gate.login(username, password)
        if token is None:
            raise Refused(401)
        return reply_json(token)

    def _refuse_agent(self) -> None:
        if self._app.agent:
            raise Refused(403)

    def _connect(self, _: Request) -> Reply:
        self._refuse_agent()
        return empty(205 if self._app.link.connect() else 200)

    def _disconnect(self, request: Request) -> Reply:
        self._refuse_agent()
        reason = request.json()
        if not isinstance(reason, str):
            raise Refused(400, "The message field is required.")
        self._app.link.disconnect(reason)
        return empty(204)

    def _version(self, _: Request) -> Reply:
        return reply_json(self._app.process.profile.version)

    def _version_state(self) -> dict[str, Json]:
        profile = self._app.process.profile
        version = profile.version
        return {
            "full": f"{version} ({version})",
            "current": version,
            "latest": version,
            "isUpdateAvailable": False,
            "isCanary": profile.master,
            "isDevelopment": False,
        }

    def _application(self, _: Request) -> Reply:
        process, link = self._app.process, self._app.link
        shares = process.options.items("shares.directories")
        body: dict[str, Json] = {
            "version": self._version_state(),
            "pendingReconnect": False,
            "pendingRestart": False,
            "server": link.describe(),
            "relay": {"mode": process.options.text("relay.mode"), "agents": []},
            "user": {
                "username": process.options.text("soulseek.username") if link.logged_in else None,
                "privileges": {"isPrivileged": False, "privilegesRemaining": 0},
                "statistics": {
                    "averageSpeed": 0,
                    "directoryCount": len(shares),
                    "fileCount": 0,
                    "uploadCount": 0,
                },
            },
            "distributedNetwork": {"branchLevel": 0, "canAcceptChildren": link.logged_in},
            "shares": {
                "scanPending": False,
                "scanning": False,
                "ready": True,
                "faulted": False,
                "cancelled": False,
                "scanProgress": 1,
                "hosts": ["local"],
                "directories": len(shares),
                "files": len(shares) * 12,
            },
            "rooms": [],
            "users": [],
        }
        if process.profile.since(0, 23, 2):
            body["connectionWatchdog"] = link.watchdog()
        return reply_json(body)

    def _options(self, _: Request) -> Reply:
        process = self._app.process
        return reply_json(process.options.shown(process.profile))

    def _remote_configuration(self, _: Request) -> Reply:
        if not self._app.process.options.flag("remoteConfiguration"):
            raise Refused(403)
        return reply_json("")

    def _patch_options(self, request: Request) -> Reply:
        self._remote_configuration(request)
        body = request.json()
        overlay = cast("dict[str, Json]", body if isinstance(body, dict) else {})
        soulseek = overlay.get("soulseek")
        if isinstance(soulseek, dict):
            changes = {f"soulseek.{k}": v for k, v in soulseek.items() if k in _OVERLAY}
            self._app.process.options.change(changes)
        return empty(200)

    def _events(self, request: Request) -> Reply:
        self._need_events()
        offset, limit = request.number("offset", 0), request.number("limit", 100)
        if offset < 0:
            raise Refused(400, "Offset must be greater than or equal to zero")
        if limit <= 0:
            raise Refused(400, "Limit must be greater than zero")
        rows, total = self._app.events.page(offset, limit)
        return reply_json(rows, headers=(("X-Total-Count", str(total)),))

    def _raise(self, request: Request) -> Reply:
        self._need_events()
        kind = next((t for t in TYPES if t.lower() == request.params["type"].lower()), None)
        if kind is None:
            raise Refused(400, f"Unknown event type {request.params['type']}")
        message = request.json()
        return reply_json(self._app.events.sample(kind, str(message)), 201)

    def _need_events(self) -> None:
        if not self._app.process.profile.events:
            raise Refused(404)

    def _conversations(self, _: Request) -> Reply:
        names = dict.fromkeys(str(message["username"]) for message in self._app.messages)
        return reply_json([self._overview(name) for name in names])

    def _overview(self, name: str) -> dict[str, Json]:
        own = [m for m in self._app.messages if m["username"] == name]
        unread = [m for m in own if not m["isAcknowledged"]]
        return {
            "username": name,
            "isActive": True,
            "unAcknowledgedMessageCount": len(unread),
            "hasUnAcknowledgedMessages": bool(unread),
        }

    def _conversation(self, request: Request) -> Reply:
        name = request.params["username"]
        own: list[Json] = [dict(m) for m in self._app.messages if m["username"] == name]
        if not own:
            raise Refused(404)
        body = self._overview(name)
        if request.query.get("includemessages", "true").lower() != "false":
            body["messages"] = own
        return reply_json(body)

    def _messages(self, request: Request) -> Reply:
        name = request.params["username"]
        return reply_json([dict(m) for m in self._app.messages if m["username"] == name])

    def _acknowledge(self, request: Request) -> Reply:
        for message in self._app.messages:
            if message["username"] == request.params["username"]:
                message["isAcknowledged"] = True
        return empty(200)


def health(_: Request) -> Reply:
    """Healthy whenever the process serves HTTP; says nothing about Soulseek (§2.4)."""
    return Reply(200, b"Healthy", "text/plain")


def page(_: Request) -> Reply:
    """The UI's fallback: any extension-less path outside the API is this page with 200 (§0.1)."""
    body = b'<!doctype html><html><head><title>slskd</title></head><body><div id="root"></div></body></html>'
    return Reply(200, body, "text/html")
