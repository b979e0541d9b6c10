"""Climbing while Lidarr waits: rung by rung, until it is enough or the time is over.

Decides when to stop and what may be kept of the answer. It writes no explanation and does not dig.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from soulspot_arr.budget import RESCUE, Purpose
from soulspot_arr.domain import Query, Release
from soulspot_arr.search.asker import Status
from soulspot_arr.search.climb import Climb
from soulspot_arr.search.desk import Desk
from soulspot_arr.search.keys import keys_of
from soulspot_arr.search.questions import Outcome
from soulspot_arr.wanted import Wanted

# A search that may run for less is not worth its place in the budget.
_SHORTEST = 4.0
# Of the whole time, and at most so many seconds, for finding out what the album is.
_CATALOGUE_SHARE, _CATALOGUE_SECONDS = 0.25, 15.0

_CUT_SHORT = {
    Status.BUSY: Outcome.BUSY,
    Status.FAILED: Outcome.OUTAGE,
    Status.BANNED: Outcome.BANNED,
}


@dataclass(frozen=True, slots=True)
class Found:
    """An answer; `cut` is what cut the climb short, None when it ended as planned."""

    releases: list[Release]
    climb: Climb
    cut: Outcome | None = None

    @property
    def outcome(self) -> Outcome:
        """What came of the question."""
        if self.climb.certain:
            return Outcome.SURE
        if self.releases:
            return Outcome.FOUND
        return self.cut or (Outcome.SKIPPED if self.climb.gaps else Outcome.NOTHING)

    @property
    def whole(self) -> bool:
        """Whether every text was asked, nobody was kept silent, and the album is what it is."""
        silence = self.climb.doubtful or self.climb.gaps or self.climb.withheld
        return self.cut is None and not silence and self.climb.wanted.settled

    @property
    def may_dig(self) -> bool:
        """Whether further texts could find more, and the network is there to be asked."""
        asks_for_an_album = bool(self.climb.query.album or self.climb.query.term)
        away = self.cut in {Outcome.OUTAGE, Outcome.BANNED}
        return asks_for_an_album and not away and not self.climb.sure


def search(
    desk: Desk,
    query: Query,
    *,
    question_id: int,
    told: Callable[[Wanted], None],
    rescue: bool = False,
) -> Found:
    """Search within the budget and keep the answer; `told` hears what the album is.

    That a `rescue` found nothing is not kept: nobody digs for it, so the next question has to.
    """
    began = time.monotonic()
    budget = float(desk.settings.get("search.budget"))
    share = min(budget * _CATALOGUE_SHARE, _CATALOGUE_SECONDS)
    wanted = desk.catalogue.resolve(query, seconds=share)
    told(wanted)
    climb = desk.climb(query, wanted)
    keys = keys_of(query)
    purpose = Purpose(keys[0], kind=RESCUE if rescue else "", question_id=question_id)
    cut = _climb(desk, climb, purpose, began=began)
    desk.learn(climb)
    finds = desk.finds(climb)
    if finds or (cut is None and not rescue and not climb.gaps and not climb.withheld):
        kept = desk.answers.keep(keys, finds, question_id, settled=wanted.settled)
        return Found(kept, climb, cut)
    # An outage, a ban, a spent budget, a blocked peer: nothing that may be remembered.
    return Found([], climb, cut)


def _climb(desk: Desk, climb: Climb, purpose: Purpose, *, began: float) -> Outcome | None:
    """Ask rung by rung; what cut the climb short."""
    budget = float(desk.settings.get("search.budget"))
    first_answer = float(desk.settings.get("search.first_answer"))
    for place in range(int(desk.settings.get("search.rungs"))):
        rung = climb.next()
        if rung is None:
            return None
        # What is acceptable but not sure is not kept from Lidarr for long.
        limit = min(budget, first_answer) if climb.choices else budget
        left = limit - (time.monotonic() - began)
        if left < min(_SHORTEST, budget / 2):
            return Outcome.CUT
        kind = purpose.kind or rung.kind.value
        why = Purpose(purpose.query_key, place, kind, purpose.question_id)
        reply = desk.ask(climb, rung, why, seconds=min(left, first_answer), wait=left / 2)
        if reply.status in _CUT_SHORT:
            return _CUT_SHORT[reply.status]
        desk.look_up(climb, seconds=budget - (time.monotonic() - began))
    return None
