"""What the rooms of completion stand on, and a grab as it is now: locked, and still theirs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import Session

from soulspot_arr import ledger
from soulspot_arr.db import Database
from soulspot_arr.domain import Clock, GrabState
from soulspot_arr.mending import Mender
from soulspot_arr.models import Download, Grab
from soulspot_arr.paths import Paths
from soulspot_arr.settings import Settings

Placed = Sequence[tuple[Download, Path]]
"""Files, and where each of them lies."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Handed to each of them; `wake` asks for a run of a job."""

    database: Database
    settings: Settings
    paths: Paths
    mender: Mender
    clock: Clock
    wake: Callable[[str], None]


def held(
    session: Session, grab: Grab, states: Collection[GrabState] = (GrabState.PROCESSING,)
) -> Grab | None:
    """The row, locked; None when somebody has moved the grab to another state meanwhile."""
    ledger.hold(session, [grab.id])
    row = session.get(Grab, grab.id)
    return row if row is not None and row.status in states else None
