"""The world over HTTP under `/__sim__/`, for tests in other processes and for the demo.

JSON in, JSON out; one route per World method. No part of slskd; not logged, never broken by faults.

    GET  state | peers | requests
    POST peers {name, …}            PATCH peers/{username} {…}
    POST files {peer, path, seconds|bytes|size, …}
    POST script {peer, path?, outcome, …}      DELETE script
    POST fault {kind, path, …}                 DELETE fault
    POST trickle | budget | phrases
    POST server {action: disconnect|kick|ban|reconnect|reject_login|up|down, …}
    POST clock {advance | skew}     POST restart {graceful, downtime, volatile}
    POST profile {name, os}         POST options {…}         POST timings {…}
    POST message {username, text}   POST foreign {search | username, filename, …}
    POST reset
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from soulspot_arr.errors import ConfigError
from soulspot_arr.simulator.audio import AudioSpec, tagged
from soulspot_arr.simulator.clock import Clock
from soulspot_arr.simulator.options import Timings
from soulspot_arr.simulator.web import Refused, Reply, Request, Router, reply_json, split_path
from soulspot_arr.simulator.wire import Json
from soulspot_arr.simulator.world import World

if TYPE_CHECKING:
    from collections import deque

    from soulspot_arr.simulator.simulator import Seen

PREFIX = "__sim__"


class Controlled(Protocol):
    """What the control routes need of the simulator."""

    clock: Clock
    world: World
    timings: Timings
    requests: deque[Seen]

    def advance(self, seconds: float) -> None: ...

    def restart(
        self, graceful: bool = False, *, downtime: float = 0.0, volatile: bool = False
    ) -> None: ...

    def change_profile(self, name: str, os_profile: str | None = None) -> None: ...

    def change_options(self, overrides: Mapping[str, Json]) -> None: ...

    def describe(self) -> dict[str, Json]: ...


class Control:
    """The control routes of one simulator."""

    def __init__(self, simulator: Controlled) -> None:
        self._simulator = simulator
        self._router = Router()
        self._register()

    def owns(self, request: Request) -> bool:
        """Whether a request is for us."""
        return split_path(request.path)[:1] == [PREFIX]

    def respond(self, request: Request) -> Reply:
        """Answer a control request; mistakes are 400 with a sentence."""
        try:
            found = self._router.find(request.method, split_path(request.path)[1:])
            if found is None:
                raise Refused(404, "no such control route")
            route, request.params = found
            result = route.handler(request)
        except Refused as refused:
            return refused.reply()
        except (ConfigError, KeyError, TypeError, ValueError) as error:
            return reply_json(f"{type(error).__name__}: {error}", 400)
        if not isinstance(result, Reply):
            raise TypeError("control routes answer at once")
        return result

    def _register(self) -> None:
        add, world = self._router.add, self._simulator.world
        add("GET", "state", lambda _: reply_json(self._simulator.describe()))
        add("GET", "peers", self._peers)
        add("GET", "requests", self._requests)
        add("DELETE", "requests", self._does(lambda _: self._simulator.requests.clear()))
        add("POST", "peers", self._does(lambda body: world.add_peer(**body)))
        add("PATCH", "peers/{username}", self._set_peer)
        add("POST", "files", self._does(self._share))
        add("DELETE", "files", self._does(lambda body: world.unshare(**body)))
        add("POST", "script", self._does(self._script))
        add("DELETE", "script", self._does(lambda _: world.unscript()))
        add("POST", "fault", self._does(lambda body: world.fault(**body)))
        add("DELETE", "fault", self._does(lambda _: world.faults.clear()))
        add("POST", "trickle", self._does(lambda body: world.trickle(**body)))
        add("POST", "budget", self._does(lambda body: world.search_budget(**body)))
        add("POST", "phrases", self._does(self._phrases))
        add("POST", "server", self._does(self._server))
        add("POST", "clock", self._does(self._clock))
        add("POST", "message", self._does(lambda body: world.message(**body)))
        add("POST", "foreign", self._foreign)
        add("POST", "restart", lambda request: self._restart(request, **_object(request)))
        add("POST", "profile", self._profile)
        add("POST", "options", self._does(self._simulator.change_options))
        add("POST", "timings", self._does(self._simulator.timings.change))
        add("POST", "reset", self._does(self._reset))

    def _does(self, work: Callable[..., object]) -> Callable[[Request], Reply]:
        """A handler that hands the JSON object to `work` and answers 200."""

        def handle(request: Request) -> Reply:
            work(_object(request))
            return reply_json({"ok": True})

        return handle

    def _peers(self, _: Request) -> Reply:
        with self._simulator.clock.turn():
            return reply_json(
                [
                    {
                        "name": peer.name,
                        "online": peer.online,
                        "client": peer.client,
                        "files": len(peer.files),
                        "freeSlots": peer.free_slots,
                        "queueLength": peer.queue_length,
                        "description": peer.description,
                    }
                    for peer in self._simulator.world.peers.values()
                ]
            )

    def _requests(self, _: Request) -> Reply:
        return reply_json(
            [
                {"method": seen.method, "path": seen.path, "status": seen.status, "at": seen.at}
                for seen in tuple(self._simulator.requests)
            ]
        )

    def _set_peer(self, request: Request) -> Reply:
        body = _object(request)
        if not body:
            raise Refused(400, "a JSON object is needed")
        self._simulator.world.set_peer(request.params["username"], **body)
        return reply_json({"ok": True})

    def _share(self, body: dict[str, Json]) -> None:
        peer, path = str(body.pop("peer")), str(body.pop("path"))
        locked = bool(body.pop("locked", False))
        attributes = body.pop("attributes", True)
        if not isinstance(attributes, (bool, dict)):
            raise Refused(400, "attributes is a boolean or an object")
        audio: AudioSpec | bytes | int | None = None
        if "seconds" in body:
            tags = body.pop("tags", {})
            pairs = {k: str(v) for k, v in tags.items()} if isinstance(tags, dict) else {}
            audio = AudioSpec(tags=tagged(pairs), **body)  # type: ignore[arg-type]
        elif "bytes" in body:
            audio = str(body["bytes"]).encode()
        elif "size" in body:
            audio = int(str(body["size"]))
        self._simulator.world.share(peer, path, audio, locked=locked, attributes=attributes)

    def _script(self, body: dict[str, Json]) -> None:
        peer, path = str(body.pop("peer")), body.pop("path", None)
        outcome = str(body.pop("outcome"))
        self._simulator.world.script(peer, None if path is None else str(path), outcome, **body)

    def _phrases(self, body: dict[str, Json]) -> None:
        network = self._simulator.world.network
        for name, target in (
            ("blocked", network.blocked_phrases),
            ("excluded", network.excluded_phrases),
        ):
            given = body.get(name)
            if isinstance(given, list):
                target[:] = [str(item) for item in given]

    def _server(self, body: dict[str, Json]) -> None:
        world = self._simulator.world
        seconds = float(str(body.get("seconds", 0)))
        actions: dict[str, Callable[[], None]] = {
            "disconnect": lambda: world.disconnect(down_for=seconds),
            "kick": world.kick,
            "ban": lambda: world.ban(seconds or 1800.0),
            "reconnect": world.reconnect,
            "reject_login": world.reject_login,
            "up": lambda: world.server(up=True),
            "down": lambda: world.server(up=False),
        }
        actions[str(body["action"])]()

    def _clock(self, body: dict[str, Json]) -> None:
        if "skew" in body:
            self._simulator.world.skew(float(str(body["skew"])))
        if "advance" in body:
            if not self._simulator.clock.manual:
                raise ConfigError("only a manual clock can be advanced")
            self._simulator.advance(float(str(body["advance"])))

    def _restart(
        self,
        request: Request,
        *,
        graceful: bool = False,
        downtime: float = 0.0,
        volatile: bool = False,
    ) -> Reply:
        request.afterwards.append(
            partial(self._simulator.restart, graceful, downtime=float(downtime), volatile=volatile)
        )
        return reply_json({"ok": True})

    def _profile(self, request: Request) -> Reply:
        body = _object(request)
        os_profile = body.get("os")
        name = str(body["name"])
        self._simulator.change_profile(name, None if os_profile is None else str(os_profile))
        return self._restart(request)

    def _foreign(self, request: Request) -> Reply:
        body = _object(request)
        world = self._simulator.world
        if "search" in body:
            text, count = str(body["search"]), int(str(body.get("count", 1)))
            ids = world.foreign_search(text, count=count)
        else:
            ids = world.foreign_download(**body)
        return reply_json(list(ids))

    def _reset(self, _: dict[str, Json]) -> None:
        """Back to a world without peers, scripts, faults and memories of requests."""
        world, network = self._simulator.world, self._simulator.world.network
        with self._simulator.clock.turn():
            world.faults.clear()
            network.unscript()
            network.peers.clear()
            network.trickles.clear()
            network.blocked_phrases.clear()
            network.excluded_phrases.clear()
            network.search_budget = None
            self._simulator.requests.clear()


def _object(request: Request) -> dict[str, Any]:
    """The body as an object, empty without one; 400 for anything else."""
    body = request.json() if request.body else {}
    if not isinstance(body, dict):
        raise Refused(400, "a JSON object is needed")
    return body
