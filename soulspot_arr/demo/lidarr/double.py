"""The whole double: a listening Lidarr that can be broken, restarted and looked into.

Authentication, base path and routing; behind it stands one life after the other.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from functools import partial
from types import TracebackType
from typing import Self

from soulspot_arr.demo.lidarr.api_activity import ActivityApi
from soulspot_arr.demo.lidarr.api_library import LibraryApi
from soulspot_arr.demo.lidarr.api_settings import SettingsApi
from soulspot_arr.demo.lidarr.control import PREFIX, Control
from soulspot_arr.demo.lidarr.core import Core, DoubleOptions, Moods
from soulspot_arr.demo.lidarr.life import Life
from soulspot_arr.demo.lidarr.providers import Providers
from soulspot_arr.demo.lidarr.schemas import KINDS
from soulspot_arr.demo.lidarr.serving import (
    Faults,
    Refused,
    Reply,
    Request,
    Router,
    answer,
    serve,
)
from soulspot_arr.demo.lidarr.tables import Store
from soulspot_arr.listener import Listener

_LOGIN = b"<!doctype html><html><head><title>Login - Lidarr</title></head></html>"


class LidarrDouble:
    """One Lidarr. Start it, or use it as a context manager."""

    def __init__(self, options: DoubleOptions) -> None:
        self.options = options
        self.moods = Moods()
        self.faults = Faults()
        self.requests: deque[dict[str, object]] = deque(maxlen=2000)
        options.root_folder.mkdir(parents=True, exist_ok=True)
        data = options.data_dir
        self._store = Store(None if data is None else data / "lidarr.sqlite")
        self._listener = Listener(
            options.host, options.port, partial(serve, owner=self), name="lidarr-http"
        )
        self._turn = threading.Lock()  # of who starts or ends a life
        self._over = False
        self._control = Control(self)
        self.life, self._router = self._begin()

    def _begin(self) -> tuple[Life, Router]:
        life = Life(Core(self._store, self.options, self.moods), self._killed)
        router = Router()
        for family in KINDS:
            Providers(life.core, family, life.webhooks, life.back_off).register(router)
        for api in (LibraryApi, ActivityApi, SettingsApi):
            api(life).register(router)
        return life, router

    # -- running ---------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Where it listens, base path included."""
        return f"http://{self.options.host}:{self._listener.port}{self.options.url_base}"

    @property
    def api_key(self) -> str:
        """The key that is right at the moment."""
        return self.moods.api_key or self.options.api_key

    def start(self) -> None:
        """Listen and begin to live; OSError when the address is taken."""
        self._listener.start()
        self.life.start()

    def stop(self) -> None:
        """End everything; the data folder stays."""
        with self._turn:
            self._over = True
            self._listener.stop()
            self.life.stop()
            self._store.close()

    def refresh(self) -> None:
        """Poll and process, and come back when that is done."""
        if self.options.manual:
            self.life.refresh()
            return
        commands = self.life.commands
        for name in ("RefreshMonitoredDownloads", "ProcessMonitoredDownloads"):
            command = commands.push(name, priority="high")
            while command.status in ("queued", "started"):
                time.sleep(0.005)

    def restart(self, downtime: float = 0.0) -> None:
        """The process ends, and after a while another one starts on the same database."""
        with self._turn:
            self._listener.stop()
            self.life.stop()
        time.sleep(downtime)
        with self._turn:
            if not self._over:
                self.life, self._router = self._begin()
                self.start()

    def _killed(self) -> None:
        # From a thread of its own: the command that asks ends with the process.
        threading.Thread(target=self.restart, name="lidarr-restart", daemon=True).start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    # -- answering -------------------------------------------------------------------------------

    def is_control(self, request: Request) -> bool:
        """Whether it is for the control routes."""
        return request.path.startswith(f"/{PREFIX}/")

    def respond(self, request: Request) -> Reply:
        """One request to one answer."""
        if self.is_control(request):
            try:
                return self._control.respond(request, request.path[len(PREFIX) + 2 :])
            except Refused as refused:
                return answer(refused.body, refused.status)
        reply = self._answer(request)
        self.requests.append(
            {"method": request.method, "target": request.target, "status": reply.status}
        )
        return reply

    def _answer(self, request: Request) -> Reply:
        path, base = request.path, self.options.url_base
        if base and not path.startswith(f"{base}/"):
            return Reply(307, headers=(("Location", f"{base}{path}"),))
        path = path[len(base) :]
        if path == "/ping":
            return answer({"status": "OK"})
        if not path.startswith("/api/") and path != "/api":
            login = (("Location", f"{base}/login?returnUrl={path}"),)
            return (
                Reply(200, _LOGIN, "text/html")
                if path == "/login"
                else Reply(302, b"", "text/html", login)
            )
        if not self._admitted(request):
            return answer({"error": "Unauthorized"}, 401)
        if path.rstrip("/") == "/api":
            return answer({"current": "v1", "deprecated": []})
        try:
            if not path.startswith("/api/v1/"):
                raise Refused(404)
            return self._router.respond(request, path[len("/api/v1/") :])
        except Refused as refused:
            return answer(refused.body, refused.status)
        except (LookupError, TypeError, ValueError, OSError) as error:
            # What Lidarr cannot make sense of is a 500 with the exception's text.
            self.life.core.note(f"{request.method} {request.target}: {error!r}")
            return answer({"message": str(error), "description": repr(error)}, 500)

    def _admitted(self, request: Request) -> bool:
        """By header, by query or as bearer (contract lidarr §11)."""
        bearer = request.headers.get("authorization", "")
        given = (
            request.headers.get("x-api-key")
            or request.text("apikey")
            or (bearer[7:] if bearer.lower().startswith("bearer ") else "")
        )
        return given == self.api_key
