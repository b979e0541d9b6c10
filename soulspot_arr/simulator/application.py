"""One running slskd put together: its rooms, its ticks, and the Soulseek mishaps that hit it.

Built anew at every (re)start; HTTP is somebody else's.
"""

from __future__ import annotations

from collections.abc import Callable

from soulspot_arr.simulator.attempts import Attempts
from soulspot_arr.simulator.auth import Gate
from soulspot_arr.simulator.clock import Script
from soulspot_arr.simulator.downloads import Downloads
from soulspot_arr.simulator.events import Events
from soulspot_arr.simulator.link import ServerLink
from soulspot_arr.simulator.process import Process
from soulspot_arr.simulator.searches import Searches
from soulspot_arr.simulator.web import Refused
from soulspot_arr.simulator.wire import Json, date

_FILE_PRUNE = 1800.0


class Throttle:
    """A semaphore that never waits: beyond `slots` the answer is 429 (contract slskd §1.7)."""

    def __init__(self, slots: int) -> None:
        self._free = slots

    def take(self) -> None:
        """Hold a slot or refuse."""
        if self._free <= 0:
            raise Refused(
                429,
                "Only one concurrent operation is permitted."
                " Wait until the previous request completes",
            )
        self._free -= 1

    def give(self) -> None:
        self._free += 1


class Application:
    """One life of slskd."""

    def __init__(self, process: Process, api_key: str | None) -> None:
        self.process = process
        self.gate = Gate(process, api_key)
        self.link = ServerLink(process)
        self.events = Events(process)
        self.searches = Searches(process, self.link)
        self.downloads = Downloads(process, self.link, self.events)
        self.downloads.attempts.search_values = self._search_values
        throttled = process.profile.throttles_posts
        self.search_throttle = Throttle(1 if throttled else 10**9)
        self.enqueue_throttle = Throttle(2 if throttled else 10**9)
        self.on_exit: Callable[[bool], None] = lambda _restart: None
        self.messages: list[dict[str, Json]] = []
        self.searches.on_ban.append(self.ban)
        self.link.on_login.append(self._connected)
        self.link.on_loss.append(self._disconnected)
        process.run(self._prune())
        process.run(self._prune_files())

    @property
    def attempts(self) -> Attempts:
        return self.downloads.attempts

    @property
    def agent(self) -> bool:
        """Relay agents refuse to search, transfer or talk to users (contract slskd §1.4)."""
        options = self.process.options
        return options.flag("relay.enabled") and options.text("relay.mode").lower() == "agent"

    def boot(self, *, logged_in: bool) -> None:
        """Begin: already online, or through the whole login."""
        if logged_in:
            self.link.connect_now()
        elif not self.process.options.flag("flags.noConnect"):
            self.process.later(self.process.timings.connect / 2, self._first_connect)

    def _first_connect(self) -> None:
        self.link.connect()

    def ban(self, seconds: float | None = None) -> None:
        """The server's 30 minutes: a message, then silence (contract slskd §3.8)."""
        network, clock = self.process.network, self.process.clock
        if clock.now < network.banned_until:
            return
        seconds = network.ban_seconds if seconds is None else seconds
        network.banned_until = clock.now + seconds
        self.message("server", f"You have been banned for {int(seconds / 60)} minutes.")
        self.link.lost("Remote connection closed")

    def message(self, username: str, text: str) -> None:
        """A private message arrives."""
        body: dict[str, Json] = {
            "timestamp": date(self.process.clock.wall()),
            "id": len(self.messages) + 1,
            "username": username,
            "direction": "In",
            "message": text,
            "isAcknowledged": False,
            "wasReplayed": False,
        }
        self.messages.append(body)
        if self.process.profile.message_events:
            self.events.raise_event("PrivateMessageReceived", {"message": body})

    def _connected(self) -> None:
        if self.process.profile.connection_events:
            self.events.raise_event("SoulseekClientConnected", {})

    def _disconnected(self, reason: str) -> None:
        if self.process.profile.connection_events:
            body: dict[str, Json] = {"message": reason, "exception": None}
            self.events.raise_event("SoulseekClientDisconnected", body)

    def _search_values(self, search_id: str) -> dict[str, str]:
        search = self.searches.get(search_id)
        if search is None:
            return {}
        text = search.text.replace("/", "_").replace("\\", "_").replace("\0", "_")
        return {"SEARCH_ID": search.id, "SEARCH_TEXT": text}

    def _prune(self) -> Script[None]:
        while True:
            yield self.process.timings.prune
            self.searches.prune()
            self.downloads.prune()

    def _prune_files(self) -> Script[None]:
        while True:
            yield _FILE_PRUNE
            self.attempts.files.prune()
