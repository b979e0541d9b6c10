"""The simulator as one object: a clock, a network, a slskd process and its HTTP address.

The process can be restarted; the network, the faults and the request log outlive it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from types import TracebackType
from typing import NamedTuple, Self

from soulspot_arr.errors import ConfigError
from soulspot_arr.listener import Listener
from soulspot_arr.simulator.application import Application
from soulspot_arr.simulator.auth import check_key
from soulspot_arr.simulator.clock import Clock, Scope, Script, T, Task
from soulspot_arr.simulator.control import Control
from soulspot_arr.simulator.faults import Faults
from soulspot_arr.simulator.front import Front
from soulspot_arr.simulator.network import Network
from soulspot_arr.simulator.options import Options, Timings
from soulspot_arr.simulator.process import Process
from soulspot_arr.simulator.server import Delivery, serve
from soulspot_arr.simulator.store import Store
from soulspot_arr.simulator.versions import Profile
from soulspot_arr.simulator.web import Request
from soulspot_arr.simulator.wire import Json
from soulspot_arr.simulator.world import World
from soulspot_arr.simulator.worlds import populate

_WINDOWS_ROOT = "D:\\slskd"


@dataclass(frozen=True)
class SimOptions:
    """How to simulate. `api_key` None switches authentication off; `port` 0 takes a free one.

    `profile`: 0.21, 0.22, 0.23, 0.24.1, 0.25.1, 0.26.0 or master (any 0.21-0.26 release works).
    `world`: demo or empty. `options_overrides` are slskd options by dotted path or nested, e.g.
    `{"transfers.download.retry.attempts": 1}`; keys below `timings` are simulator timings.
    """

    data_dir: Path
    host: str = "127.0.0.1"
    port: int = 0
    api_key: str | None = None
    profile: str = "0.26.0"
    os_profile: str = "linux"
    time_scale: float = 1.0
    manual_clock: bool = False
    url_base: str = "/"
    world: str = "empty"
    seed: int = 0
    options_overrides: Mapping[str, Json] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.api_key is not None:
            check_key(self.api_key)
        if self.os_profile not in {"linux", "windows"}:
            raise ConfigError(f"unknown os profile '{self.os_profile}'")
        if self.world not in {"demo", "empty"}:
            raise ConfigError(f"unknown world '{self.world}'")
        if self.time_scale <= 0:
            raise ConfigError("time_scale must be greater than zero")
        Profile.parse(self.profile)


class Seen(NamedTuple):
    """One request to slskd: `at` is virtual seconds, `status` 0 when no answer was sent."""

    method: str
    path: str
    status: int
    at: float


class Simulator:
    """A simulated slskd on a loopback port."""

    def __init__(self, options: SimOptions) -> None:
        self.options = options
        self.clock = Clock(scale=options.time_scale, manual=options.manual_clock)
        self.network = Network(options.seed)
        self.faults = Faults()
        self.world = World(self, self.network, self.faults)
        self.requests: deque[Seen] = deque(maxlen=100_000)
        self.timings = Timings()
        overrides = dict(options.options_overrides)
        timings = overrides.pop("timings", None)
        if isinstance(timings, dict):
            self.timings.change({name: float(str(value)) for name, value in timings.items()})
        self._overrides: dict[str, Json] = overrides
        self._profile = Profile.parse(options.profile)
        self._windows = options.os_profile == "windows"
        self._random = Random(options.seed)
        self._app: Application | None = None
        self._front: Front | None = None
        # HTTP requests whose answer takes (virtual) time right now.
        self.waiting = 0
        self._counting = threading.Lock()
        self._control = Control(self)
        answer = partial(serve, respond=self._respond)
        self._listener = Listener(options.host, options.port, answer, name="sim-http")
        options.data_dir.mkdir(parents=True, exist_ok=True)
        if options.world == "demo":
            populate(self.network)

    # -- life ------------------------------------------------------------------------------------

    def start(self, *, logged_in: bool = True) -> None:
        """Serve; `logged_in` False goes through connecting and login first."""
        self.clock.start()
        with self.clock.turn():
            self._boot(logged_in=logged_in)
        self._listener.start()

    def stop(self) -> None:
        """End for good; what slskd would keep stays in `data_dir`."""
        self._listener.stop()
        with self.clock.turn():
            self._kill()
        self.clock.stop()

    def restart(
        self, graceful: bool = False, *, downtime: float = 0.0, volatile: bool = False
    ) -> None:
        """Kill (or stop) the process and start it again, refusing connections meanwhile.

        With `volatile` its database is lost: transfers, batches, searches and events.
        """
        with self.clock.turn():
            if graceful:
                self.app.downloads.stop_gracefully()
            if volatile:
                self.app.process.store.clear()
            self._kill()
        self._listener.stop()
        if downtime:
            with self.clock.turn():
                self.clock.call_later(downtime, self._come_back)
        else:
            self._come_back()

    def _come_back(self) -> None:
        with self.clock.turn():
            self._boot(logged_in=False)
        self._listener.start()

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

    def _boot(self, *, logged_in: bool) -> None:
        data_dir = self.options.data_dir.absolute()
        root = _WINDOWS_ROOT if self._windows else str(data_dir)
        separator = "\\" if self._windows else "/"
        slskd = Options(
            f"{root}{separator}downloads", f"{root}{separator}incomplete", self._overrides
        )
        slskd.change({"web.urlBase": self.options.url_base})
        if self.options.api_key is None:
            slskd.change({"web.authentication.disabled": True})
        store = Store(None if slskd.flag("flags.volatile") else data_dir / "state.db")
        process = Process(
            clock=self.clock,
            network=self.network,
            options=slskd,
            timings=self.timings,
            profile=self._profile,
            store=store,
            windows=self._windows,
            real_root=data_dir,
            random=self._random,
        )
        self._app = Application(process, self.options.api_key)
        self._app.on_exit = self._exit_asked
        self._front = Front(self._app, self.options.url_base)
        self._app.boot(logged_in=logged_in)

    def _exit_asked(self, restart: bool) -> None:
        if restart:
            self.restart(graceful=True)
        else:
            self._listener.stop()

    def _kill(self) -> None:
        if self._app is not None:
            self._app.process.scope.kill()
            self._app.process.store.close()
            self._app = self._front = None

    # -- look and steer --------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """`http://host:port`, without the url base."""
        return f"http://{self.options.host}:{self._listener.port}"

    @property
    def app(self) -> Application:
        """The running process; raises RuntimeError while it is down."""
        if self._app is None:
            raise RuntimeError("the simulated slskd is not running")
        return self._app

    @property
    def downloads_dir(self) -> Path:
        """The real downloads folder."""
        return self.options.data_dir / "downloads"

    @property
    def incomplete_dir(self) -> Path:
        """The real folder of partial files."""
        return self.options.data_dir / "incomplete"

    def describe(self) -> dict[str, Json]:
        """What is going on, for the control routes and people."""
        with self.clock.turn():
            app = self._app
            return {
                "profile": self._profile.name,
                "os": "windows" if self._windows else "linux",
                "now": self.clock.now,
                "manual": self.clock.manual,
                "running": app is not None,
                "server": app.link.state if app else None,
                "downloads": str(self.downloads_dir.absolute()),
                "peers": len(self.network.peers),
                "requests": len(self.requests),
            }

    def advance(self, seconds: float) -> None:
        """Let virtual time pass (manual clock only)."""
        self.clock.advance(seconds)

    def change_options(self, overrides: Mapping[str, Json]) -> None:
        """Change slskd options now and for later restarts."""
        with self.clock.turn():
            self._overrides.update(overrides)
            self.app.process.options.change(overrides)

    def change_profile(self, name: str, os_profile: str | None = None) -> None:
        """Become another release at the next restart."""
        self._profile = Profile.parse(name)
        if os_profile is not None:
            self._windows = os_profile == "windows"

    # -- HTTP ------------------------------------------------------------------------------------

    def _respond(self, request: Request) -> Delivery:
        if self._control.owns(request):
            return Delivery(self._control.respond(request))
        delivery = self._answer(request)
        status = 0 if delivery.reply is None else delivery.reply.status
        self.requests.append(Seen(request.method, request.target, status, self.clock.now))
        return delivery

    def _answer(self, request: Request) -> Delivery:
        front = self._front
        if front is None:
            return Delivery(None)
        return front.answer(request, self.faults, partial(self.run_blocking, scope=front.scope))

    def run_blocking(self, script: Script[T], *, scope: Scope) -> Task[T]:
        """Run a script of the process of this scope and wait for its end, from an HTTP thread.

        The script goes on when the client hangs up: slskd's handlers take no cancellation.
        """
        with self.clock.turn():
            task = self.clock.run(script, scope)
        with self._counting:
            self.waiting += 1
        task.finished.wait()
        with self._counting:
            self.waiting -= 1
        return task
