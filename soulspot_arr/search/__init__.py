"""A question from Lidarr becomes offers, kept as releases that can be grabbed.

The only place where Lidarr waits for the network, so everything here has a limit: the answer is
there within the budget, whatever slskd does. An outage is an empty answer, never an error. What is
not found in that time is dug for in the background.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from soulspot_arr.bans import BanWatch
from soulspot_arr.blocklist import Blocklist
from soulspot_arr.budget import SearchBudget
from soulspot_arr.catalogue import Catalogue
from soulspot_arr.db import Database
from soulspot_arr.domain import Clock, Query, Release
from soulspot_arr.errors import DatabaseTrouble, TooManyQuestions
from soulspot_arr.search import live
from soulspot_arr.search.answers import Answers
from soulspot_arr.search.asker import Asker
from soulspot_arr.search.askers import Askers
from soulspot_arr.search.climb import MOST
from soulspot_arr.search.desk import Desk
from soulspot_arr.search.dig import Digger
from soulspot_arr.search.echoes import EchoWatch
from soulspot_arr.search.keys import keys_of
from soulspot_arr.search.lessons import LessonBook
from soulspot_arr.search.questions import Outcome, Questions
from soulspot_arr.search.recent import RecentAnswers
from soulspot_arr.settings import Settings
from soulspot_arr.sources import DownloadSource, Guard

__all__ = ["MOST", "Search"]

log = logging.getLogger(__name__)

# After the budget the answer still has to be written down.
_GRACE = 2.0
# Each one holds a thread of the web server; further ones get an empty feed at once.
_FOLLOWERS = 6
_BEGIN_WITHIN = 10.0  # seconds; a question begins with one write
_NO_DATABASE = (SQLAlchemyError, DatabaseTrouble)
# The network was asked: what is not there is not there.
_HEARD = frozenset({Outcome.SURE, Outcome.FOUND, Outcome.NOTHING, Outcome.CUT})


@dataclass(slots=True)
class _Flight:
    """One question being answered; equal ones wait for it."""

    query: Query
    keys: tuple[str, ...]
    rescue: bool = False  # for a grab that is lost, not for somebody who looks around
    dig: bool = True  # whether anybody would hear of what is found later
    begun: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)
    releases: list[Release] = field(default_factory=list)
    question_id: int | None = None
    outcome: Outcome | None = None
    doubtful: bool = False  # its silence may be that of a ban
    followers: int = 0


class Search:
    """Finds releases and remembers them."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        source: DownloadSource,
        guard: Guard,
        catalogue: Catalogue,
        *,
        clock: Clock,
        refresh: Callable[[], None] = lambda: None,
        blocklist: Blocklist | None = None,
    ) -> None:
        self._refresh = refresh
        blocklist = blocklist or Blocklist(database, settings, clock=clock)
        self.questions = Questions(database, clock=clock)
        self._echoes = EchoWatch(database, blocklist, source.name, clock=clock)
        recent = RecentAnswers(lambda: settings.repeat_after, clock=clock)
        self._ask_by = (database, settings, clock)
        self.askers = Askers(recent)
        self.bans = self.add_instance(source, guard)
        self._desk = Desk(
            settings=settings,
            clock=clock,
            source=source,
            catalogue=catalogue,
            asker=self.askers,
            answers=Answers(database, settings, clock=clock, blocklist=blocklist),
            questions=self.questions,
            lessons=LessonBook(database, clock=clock),
            blocklist=blocklist,
        )
        self.digger = Digger(database, self._desk)
        self._flights: dict[str, _Flight] = {}
        self._lock = threading.Lock()

    def add_instance(self, source: DownloadSource, guard: Guard) -> BanWatch:
        """Search through this instance of the source as well; what watches it for bans."""
        database, settings, clock = self._ask_by
        bans = BanWatch(database, settings, source.name, clock=clock)
        asker = Asker(
            settings,
            source,
            guard,
            budget=SearchBudget(database, settings, source, guard, clock=clock),
            bans=bans,
            recent=self.askers.recent,
            heard=self._echoes.hear,
        )
        self.askers.add(asker)
        return bans

    @property
    def epoch(self) -> datetime:
        """A moment that never moves and lies safely in the past: date of the placeholder."""
        return self._desk.settings.installed_at.replace(microsecond=0) - timedelta(days=8)

    def find(self, query: Query) -> list[Release]:
        """Releases for a question, best first, at most 99; empty when nothing can be found now."""
        keys = keys_of(query)
        kept = self._desk.answers.fresh(keys[0])
        if kept is not None:
            return kept[0]
        flight = self._take_off(keys, query)
        if flight is None:
            log.info("too many searches are waiting; answering empty")
            return []
        if not flight.done.wait(self._desk.settings.get("search.budget") + _GRACE):
            log.warning("searching %s takes too long; answering empty", _words(query))
        return flight.releases

    def once_more(self, query: Query) -> list[Release] | None:
        """Search now, whatever was answered before; None when the network cannot be asked now.

        The budget, bans and the rule not to repeat a text within minutes hold here as well. It goes
        beside the questions that wait, with a share of the budget, and is not dug for: a grab is
        decided by this answer.
        """
        flight = self._take_off(keys_of(query), query, anew=True, rescue=True)
        if flight is None:
            return None
        flight.done.wait(self._desk.settings.get("search.budget") + _GRACE)
        heard = flight.outcome in _HEARD and not flight.doubtful
        return flight.releases if flight.releases or heard else None

    def ask(self, query: Query) -> int:
        """Begin to answer as `find` does; the id of the question, to be read until it is finished.

        A question that was answered a moment ago is not asked again. Raises TooManyQuestions, and
        DatabaseTrouble when it cannot be written down.
        """
        keys = keys_of(query)
        kept = self._desk.answers.fresh(keys[0])
        if kept is not None and kept[1] is not None and self.questions.knows(kept[1]):
            return kept[1]
        flight = self._take_off(keys, query, anew=True)
        if flight is None:
            raise TooManyQuestions("Too many searches are waiting; try again in a minute.")
        flight.begun.wait(_BEGIN_WITHIN)
        if flight.question_id is None:
            raise DatabaseTrouble("The question could not be written down; see the log.")
        return flight.question_id

    def release(self, key: str) -> Release:
        """A remembered release by the first 32 digits of its key.

        Raises ReleaseGone when it is not kept any more and NotFound for what cannot be a key.
        """
        return self._desk.answers.release(key)

    def prune(self) -> None:
        """Delete explanations, lessons and echoes that are too old; raises DatabaseTrouble."""
        self.questions.prune(days=self._desk.settings.get("retention.searches"))
        self._desk.lessons.prune()
        self._echoes.prune()

    # -- one flight for equal questions ------------------------------------------------------------

    def _take_off(
        self, keys: tuple[str, ...], query: Query, *, anew: bool = False, rescue: bool = False
    ) -> _Flight | None:
        """The flight that answers this question; None when too many are under way."""
        with self._lock:
            running = self._running(keys)
            if running is not None:
                running.followers += 1
                running.dig |= not rescue
                return running if running.followers <= _FOLLOWERS else None
            under_way = {id(flight) for flight in self._flights.values() if not flight.rescue}
            if not rescue and len(under_way) >= self._desk.settings.get("search.waiting"):
                return None
            flight = _Flight(query, keys, rescue=rescue, dig=not rescue)
            for key in keys:
                self._flights.setdefault(key, flight)
        # In a thread of its own, so that nobody waits for a source or a Lidarr that hangs.
        try:
            threading.Thread(
                target=self._fly, args=(flight, anew), name="search", daemon=True
            ).start()
        except RuntimeError as error:  # the system has no thread left
            log.warning("no search can be started: %s", error)
            self._land(flight)
            return None
        return flight

    def _running(self, keys: tuple[str, ...]) -> _Flight | None:
        """The flight of an equal question, or of the text that asks for the same."""
        same, text = self._flights.get(keys[0]), self._flights.get(keys[-1])
        return same or (text if text is not None and text.query.term else None)

    def _land(self, flight: _Flight) -> None:
        with self._lock:
            for key in flight.keys:
                if self._flights.get(key) is flight:
                    del self._flights[key]
        flight.begun.set()
        flight.done.set()

    def _fly(self, flight: _Flight, anew: bool) -> None:
        try:
            # It may have come in while we boarded.
            kept = None if anew else self._desk.answers.fresh(flight.keys[0])
            if kept is not None:
                flight.releases, flight.question_id = kept
            else:
                self._answer(flight)
        except _NO_DATABASE:
            log.exception("searching %s failed; answering empty", _words(flight.query))
        finally:
            self._land(flight)

    def _answer(self, flight: _Flight) -> None:
        """Search, hand the releases over, then write down why they are what they are."""
        query, keys = flight.query, flight.keys
        question_id = flight.question_id = self.questions.begin(keys[0], query)
        flight.begun.set()
        self._refresh()
        if not self._desk.source.is_configured():
            log.warning("slskd is not set up; answering empty")
            self.questions.answered(question_id, Outcome.UNCONFIGURED)
            return
        began = time.monotonic()
        found = live.search(
            self._desk,
            query,
            question_id=question_id,
            rescue=flight.rescue,
            told=lambda wanted: self.questions.resolved(question_id, wanted),
        )
        flight.releases, flight.outcome = found.releases, found.outcome
        flight.doubtful = found.climb.doubtful
        digs = flight.dig and found.may_dig
        digging = digs and self.digger.hand_over(found.climb, question_id)
        asked_all = found.climb.next() is None or not self._desk.settings.get("search.dig")
        if not found.releases and found.whole and asked_all:
            self._desk.answers.missed(keys, question_id)
        self.questions.answered(
            question_id, found.outcome, digging=digging, why=found.climb.explained()
        )
        log.info(
            "searched %s: %d offers in %.1f s%s", _words(query), len(found.releases),
            time.monotonic() - began, ", digging on" if digging else "",
        )  # fmt: skip


def _words(query: Query) -> str:
    return " - ".join(part for part in (query.artist, query.album, query.term) if part)
