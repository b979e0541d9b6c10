"""The other side of a download: how a peer serves its queue, one of our files after another.

A line per peer; its own foreign queue comes first. Grants turns, moves no bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

from soulspot_arr.simulator.clock import Signal
from soulspot_arr.simulator.network import Peer
from soulspot_arr.simulator.process import Process


@dataclass(slots=True, eq=False)
class Ticket:
    """One of our files in a peer's queue; `served` False means this peer never gets to it."""

    peer: Peer
    granted: Signal
    served: bool = True
    running: bool = False


class _Line:
    """Our files in one peer's queue, in order."""

    def __init__(self) -> None:
        self.tickets: list[Ticket] = []
        self.opens_at: float | None = None


class Uploads:
    """Every peer's queue as far as it concerns us."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._lines: dict[str, _Line] = {}
        process.network.on_change = self._peers_changed

    def join(self, peer: Peer, *, served: bool = True) -> Ticket:
        """Queue at the end of the peer's line."""
        ticket = Ticket(peer, Signal(self._process.clock), served)
        line = self._lines.setdefault(peer.name, _Line())
        if not line.tickets:
            self._enter(peer, line)
        line.tickets.append(ticket)
        self._pump(peer.name)
        return ticket

    def leave(self, ticket: Ticket) -> None:
        """Done, cancelled or failed: the next file may go."""
        line = self._lines[ticket.peer.name]
        if ticket in line.tickets:
            line.tickets.remove(ticket)
        if not line.tickets:
            line.opens_at = None
        self._pump(ticket.peer.name)

    def is_full(self, peer: Peer) -> bool:
        """Whether this peer takes no further file of ours into its queue (contract slskd §9)."""
        line = self._lines.get(peer.name)
        return (
            peer.queue_limit is not None and len(line.tickets if line else ()) >= peer.queue_limit
        )

    def place(self, ticket: Ticket) -> int:
        """An estimate as peers give it: strangers ahead plus our own files ahead."""
        line = self._lines[ticket.peer.name]
        own = line.tickets.index(ticket) if ticket in line.tickets else 0
        ahead = 0
        if line.opens_at is not None and ticket.peer.queue_pace:
            wait = max(0.0, line.opens_at - self._process.clock.now)
            ahead = int(wait / ticket.peer.queue_pace + 0.999)
        return ahead + own + (0 if ticket.running else 1)

    def _enter(self, peer: Peer, line: _Line) -> None:
        strangers = peer.queue_length or int(peer.free_slots <= 0)
        line.opens_at = self._process.clock.now + strangers * peer.queue_pace
        if strangers:
            self._process.later(strangers * peer.queue_pace, lambda: self._pump(peer.name))

    def _pump(self, name: str) -> None:
        line = self._lines.get(name)
        if line is None or not line.tickets or line.opens_at is None:
            return
        peer = line.tickets[0].peer
        if not (peer.online and peer.reachable) or self._process.clock.now < line.opens_at:
            return
        busy = sum(ticket.running for ticket in line.tickets)
        for ticket in line.tickets:
            if busy >= peer.parallel:
                return
            if ticket.served and not ticket.running:
                ticket.running = True
                busy += 1
                ticket.granted.fire()

    def _peers_changed(self) -> None:
        self._process.later(0.0, self._pump_all)

    def _pump_all(self) -> None:
        for name in tuple(self._lines):
            self._pump(name)
