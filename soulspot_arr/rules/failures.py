"""What follows from each kind of failure: one table, read by everybody who has to decide.

Nothing here knows how often something has failed; `lifecycle.retry` counts, `substitution` finds who
stands in, and the blocklist keeps what must not be asked again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from soulspot_arr.domain import BlockScope, FailureKind

F = FailureKind


class Then(StrEnum):
    """Where the file is asked for next."""

    AGAIN = "again"  # at the same peer, later; elsewhere when the attempts are used up
    OTHER = "other"  # at another peer, now
    NEVER = "never"  # at another peer, now; this peer is not asked for it in any grab to come


@dataclass(frozen=True, slots=True)
class Consequence:
    """What one kind of failure leads to.

    `counted`: it uses up an attempt. `wait`: seconds before the same peer is asked again, at least.
    `about_peer`: it says something about the peer, not about the one file. `absent`: the peer could
    not be reached, so nothing is lost by asking somebody else at once. `strike`: it speaks against
    the peer. `full`: the peer takes no more of ours for now, which uses up nothing as long as it
    serves us. `block`, `days`: the line that goes onto the blocklist, and for how long.
    """

    then: Then
    counted: bool = True
    wait: float = 0.0
    about_peer: bool = False
    absent: bool = False
    strike: bool = False
    full: bool = False
    block: BlockScope | None = None
    days: float | None = None

    @property
    def leaves_peer(self) -> bool:
        """Whether siblings that nobody has been asked for yet go to another peer as well."""
        return self.then is Then.NEVER or self.about_peer


_FILE_DAYS = 90.0
_PEER_DAYS = 90.0
_BAD_FILE = Consequence(Then.NEVER, strike=True, block=BlockScope.FILE, days=_FILE_DAYS)

CONSEQUENCES: Mapping[FailureKind, Consequence] = {
    # Ours, or the way to the source: no attempt is used up, and nobody is blamed.
    F.SOURCE_UNAVAILABLE: Consequence(Then.AGAIN, counted=False, wait=15.0),
    F.SOURCE_THROTTLED: Consequence(Then.AGAIN, counted=False, wait=5.0),
    F.SOURCE_AUTH: Consequence(Then.AGAIN, counted=False, wait=60.0),
    F.DISK_FULL: Consequence(Then.AGAIN, counted=False, wait=300.0),
    # It may pass: the same peer again, after the back-off.
    F.PEER_OFFLINE: Consequence(Then.AGAIN, about_peer=True, absent=True),
    F.NETWORK: Consequence(Then.AGAIN, about_peer=True, absent=True),
    F.TIMEOUT: Consequence(Then.AGAIN, about_peer=True, absent=True),
    # "Too many files": the same peer in 15 to 60 minutes (contract slskd §11.2).
    F.PEER_BUSY: Consequence(Then.AGAIN, wait=900.0, about_peer=True, full=True),
    # The transfer that stood still has to be cancelled before the file is asked for anew.
    F.STALLED: Consequence(Then.AGAIN, wait=30.0, about_peer=True),
    F.BROKEN: Consequence(Then.AGAIN),
    F.VANISHED: Consequence(Then.AGAIN),
    # Asking the same peer again would only annoy.
    F.REJECTED: Consequence(Then.OTHER),
    F.SIZE_DIFFERS: Consequence(Then.OTHER),
    F.CANCELLED_AT_SOURCE: Consequence(Then.OTHER),
    F.TOO_OLD: Consequence(Then.OTHER),
    F.PASSED_ON: Consequence(Then.OTHER),
    F.BLOCKED: Consequence(Then.OTHER),
    F.PEER_EXHAUSTED: Consequence(Then.OTHER, about_peer=True, block=BlockScope.PEER, days=7.0),
    # Never again.
    # "File not shared." is also said to whom a peer has banned (contract slskd §9), and peers clear
    # up their folders: no strike.
    F.FILE_NOT_FOUND: Consequence(Then.NEVER, block=BlockScope.FILE, days=_FILE_DAYS),
    F.CORRUPT: _BAD_FILE,
    F.INVALID_FORMAT: _BAD_FILE,
    # A good file of another version or edition: no reproach, but of no use for this album either.
    F.NOT_IMPORTABLE: Consequence(Then.NEVER, block=BlockScope.FILE, days=_FILE_DAYS),
    F.USER_BLOCKED: Consequence(
        Then.NEVER, about_peer=True, strike=True, block=BlockScope.PEER, days=_PEER_DAYS
    ),
}

_DAILY = re.compile(r"\btoday\b", re.IGNORECASE)


def consequence(kind: str | None) -> Consequence:
    """What follows from a failure of this kind; one that is not known is a broken transfer."""
    try:
        return CONSEQUENCES[FailureKind(kind or "")]
    except ValueError:
        return CONSEQUENCES[F.BROKEN]


def days_of(kind: FailureKind, message: str) -> float | None:
    """For how many days the blocklist keeps what this failure says; None for no line at all.

    A peer that has enough of us for "today" is asked again tomorrow.
    """
    found = CONSEQUENCES[kind]
    if kind is F.PEER_EXHAUSTED and _DAILY.search(message):
        return 1.0
    return found.days if found.block is not None else None
