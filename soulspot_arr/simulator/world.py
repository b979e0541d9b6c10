"""The hand that arranges the simulated world: peers, files, scripts, server moods, faults.

Used in-process by tests and, one to one, by the control routes. Every call takes the clock's turn.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

from soulspot_arr.simulator.application import Application
from soulspot_arr.simulator.audio import AudioSpec
from soulspot_arr.simulator.clock import Clock
from soulspot_arr.simulator.faults import Fault, Faults, fault_from
from soulspot_arr.simulator.network import Network, Peer, SharedFile, Trickle, plan_from
from soulspot_arr.simulator.searches import Search
from soulspot_arr.simulator.transfers import Batch, Transfer
from soulspot_arr.simulator.wire import Json


class Host(Protocol):
    """What the world needs of the simulator around it."""

    @property
    def clock(self) -> Clock: ...

    @property
    def app(self) -> Application: ...


class World:
    """Everything outside slskd, and what happens to it."""

    def __init__(self, host: Host, network: Network, faults: Faults) -> None:
        self._host = host
        self.network = network
        self.faults = faults

    @property
    def peers(self) -> dict[str, Peer]:
        """Peers by name."""
        return self.network.peers

    # -- peers -----------------------------------------------------------------------------------

    def add_peer(self, name: str, **values: Json) -> Peer:
        """A new peer; keywords are Peer attributes (online, reachable, free_slots, speed, …)."""
        with self._host.clock.turn():
            return self.network.add(name, values)

    def set_peer(self, name: str, **values: Json) -> Peer:
        """Change a peer."""
        with self._host.clock.turn():
            peer = self.network.peers[name]
            peer.change(values)
            return peer

    def share(
        self,
        peer: str | Peer,
        remote_path: str,
        audio: AudioSpec | bytes | int | None = None,
        *,
        locked: bool = False,
        attributes: bool | dict[str, Json] = True,
    ) -> SharedFile:
        """Share a file: audio by description, literal bytes, a size, or None for a companion."""
        with self._host.clock.turn():
            owner = self.network.peers[peer] if isinstance(peer, str) else peer
            return self.network.share(
                owner, remote_path, audio, locked=locked, attributes=attributes
            )

    def unshare(self, peer: str, remote_path: str) -> None:
        """Take a file away."""
        with self._host.clock.turn():
            del self.network.peers[peer].files[remote_path]

    def script(self, peer: str | Peer, path: str | None, outcome: str, **values: Json) -> None:
        """What happens to transfers of a file (None: all of the peer); see network.Plan."""
        name = peer if isinstance(peer, str) else peer.name
        with self._host.clock.turn():
            if outcome in {"serial", "parallel"}:
                self.network.peers[name].parallel = 1 if outcome == "serial" else 99
                return
            self.network.script(name, path, plan_from({"outcome": outcome, **values}))

    def unscript(self, peer: str | None = None) -> None:
        """Forget the scripts of one peer, or all."""
        with self._host.clock.turn():
            self.network.unscript(peer)

    # -- searches --------------------------------------------------------------------------------

    def trickle(self, count: int, interval: float, *, files: int = 1, match: str = "") -> None:
        """Synthetic replies to searches containing `match`: one each `interval` seconds."""
        with self._host.clock.turn():
            self.network.trickles.append(Trickle(count, interval, files, match))

    def block_phrase(self, *phrases: str) -> None:
        """Queries containing one of these get no answer at all."""
        self.network.blocked_phrases.extend(phrases)

    def exclude_phrase(self, *phrases: str) -> None:
        """Files whose path contains one of these are never in search replies."""
        self.network.excluded_phrases.extend(phrases)

    def search_budget(self, searches: int, seconds: float, ban: float = 1800.0) -> None:
        """More searches than that in the window stay empty; three more bring a ban."""
        self.network.search_budget = (searches, seconds)
        self.network.ban_seconds = ban

    # -- the server ------------------------------------------------------------------------------

    def disconnect(self, *, down_for: float = 0.0) -> None:
        """Lose the server connection; it stays unreachable for `down_for` seconds."""
        with self._host.clock.turn():
            if down_for:
                self.network.server_up = False
                self._host.clock.call_later(down_for, self._server_back)
            self._host.app.link.lost()

    def _server_back(self) -> None:
        self.network.server_up = True

    def server(self, *, up: bool) -> None:
        """Make the server reachable or not, without touching an existing connection."""
        self.network.server_up = up

    def kick(self) -> None:
        """Somebody else logs in with our account."""
        with self._host.clock.turn():
            self._host.app.link.kicked()

    def reject_login(self, rejected: bool = True) -> None:
        """Wrong password from now on."""
        self.network.login_accepted = not rejected

    def ban(self, seconds: float = 1800.0) -> None:
        """The server bans us."""
        with self._host.clock.turn():
            self._host.app.ban(seconds)

    def reconnect(self) -> None:
        """The server is reachable again and we try at once."""
        with self._host.clock.turn():
            self.network.server_up = self.network.login_accepted = True
            self.network.banned_until = 0.0
            self._host.app.link.connect()

    def message(self, username: str, text: str) -> None:
        """Somebody writes to us."""
        with self._host.clock.turn():
            self._host.app.message(username, text)

    # -- troubles --------------------------------------------------------------------------------

    def fault(self, kind: str, path: str = "*", **values: Json) -> Fault:
        """Break the next answers on paths like `path`; see faults.Fault."""
        fault = fault_from({"kind": kind, "path": path, **values})
        with self._host.clock.turn():
            self.faults.add(fault)
        return fault

    def skew(self, seconds: float) -> None:
        """slskd's clock differs from everybody else's by so much."""
        self._host.clock.skew = seconds

    # -- other users of the same slskd -----------------------------------------------------------

    def foreign_search(self, text: str, *, count: int = 1) -> list[str]:
        """Finished searches somebody else made in the UI; their ids."""
        return self._in_turn(lambda app: [_foreign_search(app, text) for _ in range(count)])

    def foreign_download(
        self,
        username: str,
        filename: str,
        *,
        size: int = 1000,
        state: str = "Completed, Succeeded",
        count: int = 1,
    ) -> list[str]:
        """Records of downloads somebody else made; their ids. `{}` in the name is numbered."""
        return self._in_turn(
            lambda app: [
                _foreign_download(app, username, filename.replace("{}", str(n)), (size, state))
                for n in range(count)
            ]
        )

    def foreign_batch(self, username: str, *filenames: str, size: int = 1000) -> list[str]:
        """A batch somebody else made, finished, with its events; the transfers' ids."""
        return self._in_turn(lambda app: _foreign_batch(app, username, filenames, size))

    def _in_turn(self, work: Callable[[Application], list[str]]) -> list[str]:
        with self._host.clock.turn():
            return work(self._host.app)


def _foreign_search(app: Application, text: str) -> str:
    search: Search = app.searches.create(app.process.new_id(), text)
    search.state = "Completed, TimedOut"
    search.ended_at = search.started_at + timedelta(seconds=15)
    app.searches.keep(search)
    return search.id


def _foreign_batch(
    app: Application, username: str, filenames: tuple[str, ...], size: int
) -> list[str]:
    records = app.downloads.records
    batch = Batch(app.process.new_id(), username, app.process.clock.wall())
    records.add_batch(batch)
    ids = []
    for filename in filenames:
        ids.append(_foreign_download(app, username, filename, (size, "Completed, Succeeded")))
        record = records.get(ids[-1])
        assert record is not None
        record.batch_id = batch.id
        records.save(record)
        app.downloads.announce(record, ["foreign"])
    return ids


def _foreign_download(
    app: Application, username: str, filename: str, facts: tuple[int, str]
) -> str:
    size, state = facts
    now = app.process.clock.wall()
    complete = state.startswith("Completed")
    record = Transfer(
        id=app.process.new_id(),
        username=username,
        filename=filename,
        size=size,
        requested_at=now,
        state=state,
        started_at=now if complete else None,
        ended_at=now if complete else None,
        bytes=size if state.endswith("Succeeded") else 0,
        attempts=1,
    )
    app.downloads.records.add(record)
    return record.id
