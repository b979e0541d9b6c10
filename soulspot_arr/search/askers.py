"""Which instance of a source a text is asked through: one asker for each, and one is chosen anew.

Every instance has a budget, a ban watch and an account of its own; what they hear is the same network.
"""

from __future__ import annotations

from soulspot_arr.bans import BanWatch
from soulspot_arr.budget import Purpose, SearchBudget
from soulspot_arr.domain import RawFolder
from soulspot_arr.search.asker import Asker, Reply
from soulspot_arr.search.recent import RecentAnswers


class Askers:
    """All instances as one asker; `recent` is common to them."""

    def __init__(self, recent: RecentAnswers) -> None:
        self._askers: list[Asker] = []
        self.recent = recent

    def add(self, asker: Asker) -> None:
        """One more instance."""
        self._askers.append(asker)

    def ask(self, text: str, purpose: Purpose, *, seconds: float, patience: float) -> Reply:
        """Ask through the instance that can be asked and has most of its budget left."""
        return self._best().ask(text, purpose, seconds=seconds, patience=patience)

    def folder(self, peer: str, path: str, *, seconds: float) -> RawFolder | None:
        """What a peer itself lists in a folder; None when it does not say, now or a moment ago."""
        return self._best().folder(peer, path, seconds=seconds)

    @property
    def bans(self) -> BanWatch:
        """Of the instance that would be asked now: banned only when all others are, or away."""
        return self._best().bans

    @property
    def budget(self) -> SearchBudget:
        """Of the instance that would be asked now."""
        return self._best().budget

    def _best(self) -> Asker:
        """The first one that is there, not banned, and has used the least share of its budget."""
        if len(self._askers) == 1:
            return self._askers[0]
        return min(self._askers, key=_burden)


def _burden(asker: Asker) -> tuple[bool, bool, float]:
    if asker.away:
        return True, True, 1.0
    return False, asker.bans.banned(), asker.budget.used(afresh=False)
