"""The seam of the catalogue: what a provider is asked, and what it may answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from soulspot_arr.domain import Query
from soulspot_arr.wanted import Provider, Wanted

Tell = Callable[[Wanted], None]


@dataclass(frozen=True, slots=True)
class Question:
    """Which album is meant: by a question of Lidarr's, or by an id when that is known already.

    With nothing but `artist_id` it asks for the other names of that artist.
    """

    query: Query
    album_id: str = ""
    artist_id: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """An answer. `settled` says it is whole, so it may be kept; nothing found can be settled too."""

    wanted: Wanted | None = None
    settled: bool = False


class CatalogueProvider(Protocol):
    """Somebody who knows albums. `name` is the key under which its answers are kept."""

    @property
    def name(self) -> Provider:
        """Who it is."""
        ...

    @property
    def lasting(self) -> bool:
        """Whether a fresh answer is used without asking again."""
        ...

    def usable(self) -> bool:
        """Whether asking makes sense now: set up, and not silent a moment ago."""
        ...

    def set_up(self) -> bool:
        """Whether it is to be asked at all; one that is not can know nothing."""
        ...

    def recall(self, question: Question) -> Wanted | None:
        """What it remembers of the album without asking anybody."""
        ...

    def overdue(self, since: float) -> None:
        """Somebody waited in vain from this moment (monotonic) on."""
        ...

    def look(self, question: Question, kept: Wanted | None, tell: Tell) -> Finding:
        """Find the album. Runs in a thread of its own, takes its time, never raises.

        `kept` is the fresh answer to the same question, to build upon. `tell` hands over what is
        sure so far: whoever cannot wait for the end takes the last of it.
        """
        ...
