"""What every room of one running slskd process shares: clock scope, options, store, network.

A restart throws the whole process away and builds a new one on the same store and network.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from soulspot_arr.simulator.clock import Clock, Outcome, Scope, Script, T, Task
from soulspot_arr.simulator.network import Network, Peer
from soulspot_arr.simulator.options import Options, Timings
from soulspot_arr.simulator.store import Store
from soulspot_arr.simulator.versions import Profile


class SoulseekError(Outcome):
    """A failed conversation with the server or a peer; `kind` is offline, timeout or error."""

    def __init__(self, message: str, kind: str = "error") -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind


@dataclass(slots=True)
class Process:
    """One life of slskd. `real_root` is where `directories.*` really are on this machine."""

    clock: Clock
    network: Network
    options: Options
    timings: Timings
    profile: Profile
    store: Store
    windows: bool
    real_root: Path
    random: Random
    scope: Scope = field(default_factory=Scope)

    def new_id(self) -> str:
        """A GUID, repeatable for a seed."""
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def run(self, script: Script[T]) -> Task[T]:
        """Start a script that dies with this process."""
        return self.clock.run(script, self.scope)

    def later(self, delay: float, call: Callable[[], None]) -> None:
        """Call after `delay` seconds unless the process is gone by then."""
        self.clock.call_later(delay, call, self.scope)

    def timeout(self, name: str) -> float:
        """Seconds of `soulseek.connection.timeout.<name>`."""
        return self.options.number(f"soulseek.connection.timeout.{name}", 15_000) / 1000


class Directory:
    """Finding and reaching peers: address look-ups with their cache, connections, blacklist."""

    def __init__(self, process: Process, logged_in: Callable[[], bool]) -> None:
        self._process = process
        self._logged_in = logged_in
        self._seen: dict[str, float] = {}

    def require_server(self, purpose: str, state: str) -> None:
        """Raise unless we are connected and logged in."""
        if not self._logged_in():
            raise SoulseekError(
                f"The server connection must be connected and logged in to {purpose}"
                f" (currently: {state})"
            )

    def blacklisted(self, name: str) -> bool:
        """Blacklisting is by name here; slskd also knows patterns and addresses."""
        members = self._process.options.items("transfers.groups.blacklisted.members")
        return name in members

    def lookup(self, name: str) -> Script[Peer]:
        """The peer behind a name: cached 60 s, so one that just left still seems to be there."""
        network, timings = self._process.network, self._process.timings
        peer = network.peers.get(name)
        seen = self._seen.get(name)
        cached = seen is not None and self._process.clock.now - seen <= timings.endpoint_cache
        if peer is not None and cached:
            return peer
        if not network.lookups_answered:
            yield timings.server_request
            wait = int(timings.server_request * 1000)
            raise SoulseekError(f"The wait timed out after {wait} milliseconds", "timeout")
        if not self._process.clock.manual and timings.peer_lookup:
            yield timings.peer_lookup
        if peer is None or not peer.online:
            raise SoulseekError(f"User {name} appears to be offline", "offline")
        self._seen[name] = self._process.clock.now
        return peer

    def connect(self, peer: Peer, kind: str = "message") -> Script[None]:
        """Open a connection, or fail after the connect timeout."""
        if not (peer.online and peer.reachable):
            yield self._process.timeout("connect")
            raise SoulseekError(
                f"Failed to establish a direct or indirect {kind} connection to"
                f" {peer.name} ({peer.endpoint})"
            )

    def ask(self, name: str, *, wait: float | None = None) -> Script[Peer]:
        """A round trip to a peer; silent ones end in a time-out after `wait` seconds (5)."""
        peer = yield from self.lookup(name)
        yield from self.connect(peer)
        if peer.silent:
            wait = self._process.timings.server_request if wait is None else wait
            yield wait
            raise SoulseekError(
                f"The wait timed out after {int(wait * 1000)} milliseconds", "timeout"
            )
        return peer
