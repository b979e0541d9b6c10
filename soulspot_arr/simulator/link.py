"""slskd's connection to the Soulseek server: login, loss, watchdog, kick and ban (§2.1).

Decides only whether we are online; searches and transfers ask it or listen to it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from soulspot_arr.simulator.clock import Outcome, Script, Task
from soulspot_arr.simulator.process import Process
from soulspot_arr.simulator.wire import Json, date

NONE = "None"
DISCONNECTED = "Disconnected"
CONNECTING = "Connecting"
CONNECTED = "Connected"
LOGGING_IN = "Connected, LoggingIn"
LOGGED_IN = "Connected, LoggedIn"

_ADDRESS = "vps.slsknet.org"
_ENDPOINT = "208.76.170.59:2271"


class _Stop(Outcome):
    """Ends the watchdog."""


class ServerLink:
    """The client's server connection and the watchdog that keeps it."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._watchdog: Task[None] | None = None
        self._next_attempt: datetime | None = None
        self.state = NONE
        self.on_login: list[Callable[[], None]] = []
        self.on_loss: list[Callable[[str], None]] = []

    @property
    def logged_in(self) -> bool:
        return self.state == LOGGED_IN

    @property
    def trying(self) -> bool:
        """Whether the watchdog is at work."""
        return self._watchdog is not None and not self._watchdog.done

    def describe(self) -> dict[str, Json]:
        """The body of `GET /server`."""
        up = self.state.startswith(CONNECTED)
        return {
            "address": _ADDRESS if up else None,
            "ipEndPoint": _ENDPOINT if up else None,
            "state": self.state,
            "isConnected": up,
            "isConnecting": self.state == CONNECTING,
            "isLoggedIn": self.logged_in,
            "isLoggingIn": self.state == LOGGING_IN,
            "isTransitioning": self.state in {CONNECTING, LOGGING_IN, "Disconnecting"},
        }

    def watchdog(self) -> dict[str, Json]:
        """`connectionWatchdog` of the application state."""
        return {
            "isEnabled": self.trying,
            "isAttemptingConnection": self.trying and self._next_attempt is None,
            "isAwaitingVpn": False,
            "nextAttemptAt": date(self._next_attempt),
        }

    def connect_now(self) -> None:
        """Be logged in without any delay, as a slskd that has been up for a while."""
        self.state = LOGGED_IN
        self._announce()

    def connect(self) -> bool:
        """Start the watchdog, or restart its back-off; whether it was already trying."""
        already = self.trying
        if already and self._watchdog is not None:
            self._watchdog.kill()
        elif self.logged_in:
            return already
        self._next_attempt = None
        self._watchdog = self._process.run(self._keep_trying())
        return already

    def disconnect(self, reason: str) -> None:
        """A person's wish: no automatic reconnect follows."""
        self._stop_watchdog()
        self._lose(reason)

    def lost(self, reason: str = "Remote connection closed") -> None:
        """The connection broke: the watchdog starts at once."""
        self._lose(reason)
        if not self.trying:
            self._watchdog = self._process.run(self._keep_trying())

    def kicked(self) -> None:
        """The same account logged in elsewhere: stay away until told otherwise."""
        self._stop_watchdog()
        self._lose("Another client logged in using the same username")

    def _stop_watchdog(self) -> None:
        if self.trying and self._watchdog is not None:
            self._watchdog.kill()
        self._next_attempt = None

    def _lose(self, reason: str) -> None:
        was_up = self.state.startswith(CONNECTED)
        self.state = DISCONNECTED
        if was_up:
            for listener in self.on_loss:
                listener(reason)

    def _announce(self) -> None:
        for listener in self.on_login:
            listener()

    def _keep_trying(self) -> Script[None]:
        failures = 0
        while True:
            try:
                yield from self._attempt()
            except _Stop:
                return
            if self.logged_in:
                return
            # Attempts follow after about 0-1, 1-2, 3-4, 7-8 … seconds, capped at 300.
            pause = min(2**failures - 1, 300) + self._process.random.random()
            failures += 1
            clock = self._process.clock
            self._next_attempt = clock.wall() + timedelta(seconds=pause / clock.scale)
            yield pause
            self._next_attempt = None

    def _attempt(self) -> Script[None]:
        network, timings = self._process.network, self._process.timings
        self.state = CONNECTING
        yield timings.connect
        if not network.server_up:
            self.state = DISCONNECTED
            return
        self.state = CONNECTED
        yield 0.0
        self.state = LOGGING_IN
        if self._process.clock.now < network.banned_until:
            # Banned logins get no reply at all (contract slskd §3.8).
            yield timings.login_timeout
            self.state = DISCONNECTED
            return
        yield timings.login
        if not network.login_accepted:
            self.state = DISCONNECTED
            raise _Stop
        self.state = LOGGED_IN
        self._announce()
