"""What both ways of searching work with: while Lidarr waits, and in the background."""

from __future__ import annotations

import time
from dataclasses import dataclass

from soulspot_arr.blocklist import Blocklist
from soulspot_arr.budget import Purpose
from soulspot_arr.catalogue import Catalogue
from soulspot_arr.catalogue.errand import side_by_side
from soulspot_arr.domain import Clock, Query, RawFolder
from soulspot_arr.rules.matching.promising import Place
from soulspot_arr.rules.planning.ladder import Rung
from soulspot_arr.search.answers import Answers, Find
from soulspot_arr.search.asker import Reply
from soulspot_arr.search.askers import Askers
from soulspot_arr.search.climb import Aim, Climb
from soulspot_arr.search.finds import finds_of
from soulspot_arr.search.lessons import LessonBook
from soulspot_arr.search.questions import Questions
from soulspot_arr.settings import Settings
from soulspot_arr.sources import DownloadSource
from soulspot_arr.wanted import Wanted

# slskd itself waits five seconds for a peer (contract slskd §4).
_LONGEST_LOOK, _SHORTEST_LOOK = 6.0, 1.0


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything that answering a question takes."""

    settings: Settings
    clock: Clock
    source: DownloadSource
    catalogue: Catalogue
    asker: Askers
    answers: Answers
    questions: Questions
    lessons: LessonBook
    blocklist: Blocklist

    def climb(self, query: Query, wanted: Wanted) -> Climb:
        """A climb at its foot."""
        aim = Aim.of(self.settings, self.blocklist.snapshot(), source=self.source.name)
        return Climb(query, wanted, self.lessons.of(_artist(query, wanted)), aim)

    def ask(self, climb: Climb, rung: Rung, why: Purpose, *, seconds: float, wait: float) -> Reply:
        """Ask one text and take what came back; waits at most so long for a place in the budget."""
        began = time.monotonic()
        reply = self.asker.ask(rung.text, why, seconds=seconds, patience=wait)
        kept = climb.take(rung, reply, seconds=time.monotonic() - began)
        if reply.row_id is not None and reply.heard:
            self.asker.budget.judged(reply.row_id, kept)
        return reply

    def look_up(self, climb: Climb, *, seconds: float) -> None:
        """Complete promising folders by what their peers list; ends within so many seconds."""
        places = climb.promising(int(self.settings.get("search.lookups")))
        if not places or seconds < _SHORTEST_LOOK:
            return
        began = time.monotonic()
        found: list[RawFolder] = []

        def look(place: Place) -> None:
            folder = self.asker.folder(*place, seconds=min(seconds, _LONGEST_LOOK))
            if folder is not None:
                found.append(folder)

        side_by_side(look, places, at_once=len(places))
        climb.complete(places, found, seconds=time.monotonic() - began)

    def learn(self, climb: Climb) -> None:
        """Keep what the climb has taught about the artist."""
        artist = _artist(climb.query, climb.wanted)
        self.lessons.keep(artist, climb.lessons, before=climb.before)

    def finds(self, climb: Climb) -> list[Find]:
        """The offers to show, as releases."""
        epoch = self.settings.installed_at
        return finds_of(climb.choices, climb.wanted, source=self.source.name, epoch=epoch)


def _artist(query: Query, wanted: Wanted) -> str:
    return wanted.artist or query.artist
