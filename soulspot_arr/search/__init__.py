"""A question from Lidarr becomes offers, kept as releases that can be grabbed.

The only place where Lidarr waits for the network, so everything here has a limit: the answer is
there within the budget, whatever slskd does. An outage is an empty answer, never an error. What is
not found in that time is dug for in the background.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from soulspot_arr.bans import BanWatch
from soulspot_arr.budget import SearchBudget
from soulspot_arr.catalogue import Catalogue
from soulspot_arr.db import Database
from soulspot_arr.domain import Clock, Query, Release
from soulspot_arr.errors import DatabaseTrouble, TooManyQuestions
from soulspot_arr.rules.spelling import normalise
from soulspot_arr.search import live
from soulspot_arr.search.answers import Answers
from soulspot_arr.search.asker import Asker
from soulspot_arr.search.climb import MOST
from soulspot_arr.search.desk import Desk
from soulspot_arr.search.dig import Digger
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


@dataclass(slots=True)
class _Flight:
    """One question being answered; equal ones wait for it."""

    begun: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)
    releases: list[Release] = field(default_factory=list)
    question_id: int | None = None
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
    ) -> None:
        self._refresh = refresh
        self.bans = BanWatch(database, settings, source.name, clock=clock)
        self.questions = Questions(database, clock=clock)
        asker = Asker(
            settings,
            source,
            guard,
            budget=SearchBudget(database, settings, source, guard, clock=clock),
            bans=self.bans,
            recent=RecentAnswers(lambda: settings.repeat_after, clock=clock),
        )
        self._desk = Desk(
            settings=settings,
            clock=clock,
            source=source,
            catalogue=catalogue,
            asker=asker,
            answers=Answers(database, settings, clock=clock),
            questions=self.questions,
            lessons=LessonBook(database, clock=clock),
        )
        self.digger = Digger(database, self._desk)
        self._flights: dict[str, _Flight] = {}
        self._lock = threading.Lock()

    @property
    def epoch(self) -> datetime:
        """A moment that never moves and lies safely in the past: date of the placeholder."""
        return self._desk.settings.installed_at.replace(microsecond=0) - timedelta(days=8)

    def find(self, query: Query) -> list[Release]:
        """Releases for a question, best first, at most 99; empty when nothing can be found now."""
        key = key_of(query)
        kept = self._desk.answers.fresh(key)
        if kept is not None:
            return kept[0]
        flight = self._take_off(key, query)
        if flight is None:
            log.info("too many searches are waiting; answering empty")
            return []
        if not flight.done.wait(self._desk.settings.get("search.budget") + _GRACE):
            log.warning("searching %s takes too long; answering empty", _words(query))
        return flight.releases

    def ask(self, query: Query) -> int:
        """Begin to answer as `find` does; the id of the question, to be read until it is finished.

        A question that was answered a moment ago is not asked again. Raises TooManyQuestions, and
        DatabaseTrouble when it cannot be written down.
        """
        key = key_of(query)
        kept = self._desk.answers.fresh(key)
        if kept is not None and kept[1] is not None and self.questions.knows(kept[1]):
            return kept[1]
        flight = self._take_off(key, query, anew=True)
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
        """Delete explanations and lessons that are too old; raises DatabaseTrouble."""
        self.questions.prune(days=self._desk.settings.get("retention.searches"))
        self._desk.lessons.prune()

    # -- one flight for equal questions ------------------------------------------------------------

    def _take_off(self, key: str, query: Query, *, anew: bool = False) -> _Flight | None:
        """The flight that answers this question; None when too many are under way."""
        with self._lock:
            running = self._flights.get(key)
            if running is not None:
                running.followers += 1
                return running if running.followers <= _FOLLOWERS else None
            if len(self._flights) >= self._desk.settings.get("search.waiting"):
                return None
            flight = self._flights[key] = _Flight()
        work = (key, query, flight, anew)
        # In a thread of its own, so that nobody waits for a source or a Lidarr that hangs.
        try:
            threading.Thread(target=self._fly, args=work, name="search", daemon=True).start()
        except RuntimeError as error:  # the system has no thread left
            log.warning("no search can be started: %s", error)
            with self._lock:
                self._flights.pop(key, None)
            return None
        return flight

    def _fly(self, key: str, query: Query, flight: _Flight, anew: bool) -> None:
        try:
            # It may have come in while we boarded.
            kept = None if anew else self._desk.answers.fresh(key)
            if kept is not None:
                flight.releases, flight.question_id = kept
            else:
                self._answer(key, query, flight)
        except _NO_DATABASE:
            log.exception("searching %s failed; answering empty", _words(query))
        finally:
            with self._lock:
                self._flights.pop(key, None)
            flight.begun.set()
            flight.done.set()

    def _answer(self, key: str, query: Query, flight: _Flight) -> None:
        """Search, hand the releases over, then write down why they are what they are."""
        question_id = flight.question_id = self.questions.begin(key, query)
        flight.begun.set()
        self._refresh()
        if not self._desk.source.is_configured():
            log.warning("slskd is not set up; answering empty")
            self.questions.answered(question_id, Outcome.UNCONFIGURED)
            return
        began = time.monotonic()
        found = live.search(
            self._desk,
            key,
            query,
            question_id=question_id,
            told=lambda wanted: self.questions.resolved(question_id, wanted),
        )
        flight.releases = found.releases
        digging = found.may_dig and self.digger.hand_over(key, found.climb, question_id)
        asked_all = found.climb.next() is None or not self._desk.settings.get("search.dig")
        if not found.releases and found.whole and asked_all:
            self._desk.answers.missed(key, question_id)
        self.questions.answered(
            question_id, found.outcome, digging=digging, why=found.climb.explained()
        )
        log.info(
            "searched %s: %d offers in %.1f s%s", _words(query), len(found.releases),
            time.monotonic() - began, ", digging on" if digging else "",
        )  # fmt: skip


def key_of(query: Query) -> str:
    """The same for an album search and for the text search Lidarr makes when that found nothing."""
    text = " ".join(part for part in (query.artist, query.album, query.term) if part)
    kind = "artist" if query.artist and not query.album else "album"
    # Some albums are nothing but a sign: "+" and "÷" are two questions.
    compared = " ".join(normalise(word) or word for word in text.split())
    parts = (kind, compared, str(query.year or ""))
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _words(query: Query) -> str:
    return " - ".join(part for part in (query.artist, query.album, query.term) if part)
