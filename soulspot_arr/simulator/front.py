"""The front door of the simulated slskd: base path, authentication, routing, faults.

One request in, one delivery out; the handlers behind it run under the clock.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath

from soulspot_arr.simulator import faults as trouble
from soulspot_arr.simulator.application import Application
from soulspot_arr.simulator.clock import Scope, Script, Task
from soulspot_arr.simulator.routes_core import CoreRoutes, health, page
from soulspot_arr.simulator.routes_files import FileRoutes
from soulspot_arr.simulator.routes_searches import SearchRoutes
from soulspot_arr.simulator.routes_transfers import TransferRoutes
from soulspot_arr.simulator.routes_users import UserRoutes
from soulspot_arr.simulator.server import Delivery
from soulspot_arr.simulator.web import (
    Refused,
    Reply,
    Request,
    Router,
    check_content_type,
    empty,
    reply_json,
    split_path,
)

RunBlocking = Callable[[Script[Reply]], Task[Reply]]


class Front:
    """Routes of one process."""

    def __init__(self, app: Application, url_base: str) -> None:
        self._app = app
        self._base = [part for part in url_base.split("/") if part]
        # 0.24.2 alone took the wrong segment for the user name behind a base path (§1.6).
        self._misreads_names = bool(self._base) and app.process.profile.release == (0, 24, 2)
        self._router = Router()
        for routes in (CoreRoutes, SearchRoutes, TransferRoutes, UserRoutes, FileRoutes):
            routes(app).register(self._router)

    @property
    def scope(self) -> Scope:
        """The life of the process whose routes these are."""
        return self._app.process.scope

    def answer(
        self, request: Request, faults: trouble.Faults, run_blocking: RunBlocking
    ) -> Delivery:
        """The delivery for a request, with any injected fault applied."""
        fault = faults.pick(request)
        if fault is None:
            return Delivery(self._reply(request, run_blocking))
        if fault.delay:
            run_blocking(_pause(fault.delay))
        if fault.kind == "reset" and not fault.after:
            return Delivery(None)
        made = trouble.instead(fault)
        if made is not None and not fault.after:
            return Delivery(made)
        reply = self._reply(request, run_blocking)
        if fault.kind == "reset":
            return Delivery(None)
        if fault.kind == "wrong_types" and reply is not None:
            reply = trouble.wrong_types(reply)
        return Delivery(made or reply, "truncated" if fault.kind == "truncated" else "whole")

    def _reply(self, request: Request, run_blocking: RunBlocking) -> Reply | None:
        task = run_blocking(self._handle(request))
        if task.killed:
            return None
        if isinstance(task.error, Refused):
            return self._refusal(task.error)
        if task.error is not None:
            raise task.error
        return task.result

    def _refusal(self, refused: Refused) -> Reply:
        reply = refused.reply()
        if reply.status == 401:
            return Reply(401, headers=(("WWW-Authenticate", "Bearer"),))
        if self._app.process.profile.problem_details and refused.status < 500:
            # ASP.NET's own error objects, before slskd switched them off in 0.22.
            body = {"type": "about:blank", "title": refused.message, "status": refused.status}
            encoded = reply_json(dict(body), refused.status)
            return Reply(refused.status, encoded.body, "application/problem+json; charset=utf-8")
        return reply

    def _handle(self, request: Request) -> Script[Reply]:
        options = self._app.process.options
        if options.flag("web.https.force"):
            host = request.headers.get("host", "localhost").partition(":")[0]
            port = int(options.number("web.https.port"))
            location = f"https://{host}:{port}{request.target}"
            return Reply(307, headers=(("Location", location),))
        segments = split_path(request.path)
        if self._base and segments[: len(self._base)] == self._base:
            segments = segments[len(self._base) :]
        if [part.lower() for part in segments[:1]] != ["api"]:
            return _outside(request, segments)
        if [part.lower() for part in segments[1:2]] != ["v0"]:
            raise Refused(404)
        return (yield from self._call(request, segments[2:]))

    def _call(self, request: Request, segments: list[str]) -> Script[Reply]:
        found = self._router.find(request.method, segments)
        if found is None:
            raise Refused(404)
        route, request.params = found
        if self._misreads_names and "username" in request.params:
            request.params["username"] = "downloads"
        request.principal = self._app.gate.admit(request, route.access)
        check_content_type(request, route)
        result = route.handler(request)
        if not isinstance(result, Reply):
            result = yield from result
        headers = (*result.headers, ("api-supported-versions", "0"))
        return Reply(result.status, result.body, result.content_type, headers)


def _outside(request: Request, segments: list[str]) -> Reply:
    """Health, hubs, static files, and the page every other path gets."""
    if [part.lower() for part in segments] == ["health"]:
        return health(request)
    if segments and segments[0].lower() in {"hub", "metrics", "swagger"}:
        return empty(404)
    if segments and PurePosixPath(segments[-1]).suffix:
        return empty(404)
    return page(request)


def _pause(seconds: float) -> Script[Reply]:
    yield seconds
    return empty(200)
