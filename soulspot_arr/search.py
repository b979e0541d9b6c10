"""A question from Lidarr becomes offers, kept as releases that can be grabbed.

The only place where Lidarr waits for the network, so everything here has a limit: the answer is
there within the budget, whatever slskd does. An outage is an empty answer, never an error.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from soulspot_arr.budget import SearchBudget
from soulspot_arr.db import Database
from soulspot_arr.domain import Clock, Query, RawFolder, Release
from soulspot_arr.errors import DatabaseTrouble, LidarrError, NotFound, ReleaseGone, SourceError
from soulspot_arr.lidarr import Lidarr
from soulspot_arr.models import Answer, ReleaseRow
from soulspot_arr.rules import library, matching, naming, offers, titles
from soulspot_arr.rules.spelling import normalise
from soulspot_arr.settings import Settings
from soulspot_arr.sources import DownloadSource, Guard, SearchLimits

log = logging.getLogger(__name__)

# Fewer than a page of 100: a full page makes Lidarr ask on (contract lidarr §6.4).
MOST = 99
# After the budget the answer still has to be written down.
_GRACE = 2.0
# Each one holds a thread of the web server; further ones get an empty feed at once.
_FOLLOWERS = 6
# A search that may run for less is not worth its place in the budget.
_SHORTEST = 4.0


@dataclass(slots=True)
class _Flight:
    """One question being answered; equal ones wait for it."""

    done: threading.Event = field(default_factory=threading.Event)
    releases: list[Release] = field(default_factory=list)
    followers: int = 0


class Search:
    """Finds releases and remembers them."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        source: DownloadSource,
        guard: Guard,
        lidarr: Lidarr,
        *,
        clock: Clock,
        refresh: Callable[[], None] = lambda: None,
    ) -> None:
        self._db = database
        self._settings = settings
        self._source = source
        self._guard = guard
        self._lidarr = lidarr
        self._clock = clock
        self._refresh = refresh
        self._budget = SearchBudget(database, settings, source, guard, clock=clock)
        self._flights: dict[str, _Flight] = {}
        self._lock = threading.Lock()

    @property
    def epoch(self) -> datetime:
        """A moment that never moves and lies safely in the past: date of the placeholder."""
        return self._settings.installed_at.replace(microsecond=0) - timedelta(days=8)

    def find(self, query: Query) -> list[Release]:
        """Releases for a question, best first, at most 99; empty when nothing can be found now."""
        key = _key(query)
        kept = self._kept(key)
        if kept is not None:
            return kept
        flight, leads = self._board(key)
        if flight is None:
            log.info("too many searches are waiting; answering empty")
            return []
        if leads:
            work = (key, query, flight)
            threading.Thread(target=self._fly, args=work, name="search", daemon=True).start()
        if not flight.done.wait(self._settings.get("search.budget") + _GRACE):
            log.warning("searching %s takes too long; answering empty", _words(query))
        return flight.releases

    def _fly(self, key: str, query: Query, flight: _Flight) -> None:
        """In a thread of its own, so that nobody waits for a source or a Lidarr that hangs."""
        try:
            kept = self._kept(key)  # it may have come in while we boarded
            flight.releases = kept if kept is not None else self._answer(key, query)
        except (SQLAlchemyError, DatabaseTrouble):
            log.exception("searching %s failed; answering empty", _words(query))
        finally:
            with self._lock:
                self._flights.pop(key, None)
            flight.done.set()

    def release(self, key: str) -> Release:
        """A remembered release by the first 32 digits of its key.

        Raises ReleaseGone when it is not kept any more and NotFound for what cannot be a key.
        """
        if len(key) != 32 or not all(digit in "0123456789abcdef" for digit in key):
            raise NotFound(f"{key!r} is not a release.")
        with self._db.read() as session:
            row = session.scalar(
                select(ReleaseRow).where(ReleaseRow.id >= key, ReleaseRow.id <= key + "g")
            )
        if row is None:
            raise ReleaseGone("The release is not kept any more; search again.")
        return _release(row)

    # -- one flight for equal questions ------------------------------------------------------------

    def _board(self, key: str) -> tuple[_Flight | None, bool]:
        with self._lock:
            running = self._flights.get(key)
            if running is not None:
                running.followers += 1
                return (running if running.followers <= _FOLLOWERS else None), False
            if len(self._flights) >= self._settings.get("search.waiting"):
                return None, False
            flight = _Flight()
            self._flights[key] = flight
            return flight, True

    def _kept(self, key: str) -> list[Release] | None:
        now = self._clock()
        with self._db.read() as session:
            answer = session.get(Answer, key)
            if answer is None:
                return None
            name = "search.cache" if answer.release_keys else "search.empty_cache"
            if now - answer.answered_at > timedelta(seconds=self._settings.get(name)):
                return None
            rows = session.scalars(
                select(ReleaseRow).where(ReleaseRow.id.in_(answer.release_keys))
            ).all()
        by_key = {row.id: _release(row) for row in rows}
        return [by_key[found] for found in answer.release_keys if found in by_key]

    # -- asking ------------------------------------------------------------------------------------

    def _answer(self, key: str, query: Query) -> list[Release]:
        self._refresh()
        if not self._source.is_configured():
            log.warning("slskd is not set up; answering empty")
            return []
        started = time.monotonic()
        query = self._exact(query)
        chosen, complete = self._climb(key, query, started=started)
        releases = self._remember(key, chosen, complete=complete)
        log.info(
            "searched %s: %d offers in %.1f s", _words(query), len(releases),
            time.monotonic() - started,
        )  # fmt: skip
        return releases

    def _exact(self, query: Query) -> Query:
        """The library's own names: Lidarr appends disambiguations to what it asks (lidarr §6.3)."""
        try:
            return library.exact_names(query, self._lidarr.albums())
        except LidarrError as error:
            log.info("names are taken as asked: %s", error.message)
            return query

    def _climb(
        self, key: str, query: Query, *, started: float
    ) -> tuple[tuple[matching.Choice, ...], bool]:
        """Ask rung by rung until enough is sure or the time is over.

        The second value tells whether the ladder was climbed as planned; an answer that was cut
        short by an outage or by the budget is not kept.
        """
        budget = float(self._settings.get("search.budget"))
        ladder = matching.ladder(query)[: self._settings.get("search.rungs")]
        found: dict[tuple[str, str], RawFolder] = {}
        chosen: tuple[matching.Choice, ...] = ()
        for rung, words in enumerate(ladder):
            left = budget - (time.monotonic() - started)
            if left < min(_SHORTEST, budget / 2):
                return chosen, bool(chosen)
            try:
                fresh = self._ask(key, words, rung, left=left)
            except SourceError as error:
                log.warning("search %r failed: %s", words, error.message)
                return chosen, bool(chosen)
            if fresh is None:
                return chosen, bool(chosen)
            row_id, folders = fresh
            _merge(found, folders)
            chosen = self._choose(query, list(found.values()))
            self._budget.done(row_id, "completed", found=len(folders), kept=len(chosen))
            if self._is_enough(chosen):
                break
        return chosen, True

    def _is_enough(self, chosen: Sequence[matching.Choice]) -> bool:
        """Every rung costs one of few searches: one sure lossless offer, or several sure ones."""
        sure = [choice.main for choice in chosen if choice.main.decision.identity >= matching.SURE]
        lossless = any(
            found.candidate.quality is not None and found.candidate.quality.lossless
            for found in sure
        )
        return lossless or len(sure) >= self._settings.get("search.enough_offers")

    def _ask(
        self, key: str, words: str, rung: int, *, left: float
    ) -> tuple[int, Sequence[RawFolder]] | None:
        began = time.monotonic()
        row_id = self._budget.take(key, words, rung, patience=left / 2)
        if row_id is None:
            return None
        limits = SearchLimits(
            seconds=max(1.0, left - (time.monotonic() - began)),
            enough_peers=self._settings.get("search.enough_peers"),
            dry_after=self._settings.get("search.dry_after"),
        )
        try:
            with self._guard("search"):
                folders = self._source.search_raw(words, limits=limits)
        except SourceError as error:
            self._budget.done(row_id, error.code, found=0, kept=0)
            raise
        return row_id, folders

    def _choose(self, query: Query, folders: Sequence[RawFolder]) -> tuple[matching.Choice, ...]:
        minimum = self._settings.get("search.minimum_identity")
        judged = matching.appraise(query, matching.group(folders), minimum=minimum)
        return matching.select(
            judged,
            per_quality=self._settings.get("search.per_quality"),
            limit=MOST,
            alternates=self._settings.get("queue.alternates"),
        )

    # -- remembering -------------------------------------------------------------------------------

    def _remember(
        self, key: str, chosen: Sequence[matching.Choice], *, complete: bool
    ) -> list[Release]:
        epoch = self._settings.installed_at
        built = [self._release(choice, epoch) for choice in chosen]
        releases = [release for release in built if release is not None]
        answered = key if complete else None
        try:
            return self._write(answered, releases)
        except IntegrityError:  # another question has just found the same: now the rows are there
            return self._write(answered, releases)

    def _write(self, answered: str | None, releases: Sequence[Release]) -> list[Release]:
        now = self._clock()
        with self._db.write() as session:
            kept = []
            for found in sorted(releases, key=lambda release: release.key):
                row = session.get(ReleaseRow, found.key)
                release = _fuller(row, found)
                title = _stable_title(row, release)
                session.merge(_row(release, title=title, seen_at=now))
                kept.append(_release(_row(release, title=title, seen_at=now)))
            place = {release.key: at for at, release in enumerate(releases)}
            kept.sort(key=lambda release: place[release.key])
            if answered is not None:
                keys = [release.key for release in kept]
                session.merge(Answer(query_key=answered, release_keys=keys, answered_at=now))
        return kept

    def _release(self, choice: matching.Choice, epoch: datetime) -> Release | None:
        main = choice.main
        artist, album, token = main.artist, main.album, main.token
        if artist is None or album is None or token is None:
            return None
        candidate = main.candidate
        offer = matching.to_offer(candidate, self._source.name)
        key = naming.release_key(offer.source, offer.peer, candidate.root, token, *candidate.part)
        title = titles.build(artist, album, year=main.year, quality_token=token, key8=key[:8])
        if title is None:
            log.info("no title for %s - %s survives Lidarr's parser", artist, album)
            return None
        others = [
            matching.to_offer(other.candidate, self._source.name) for other in choice.alternates
        ]
        return Release(
            key=key,
            title=title,
            artist=artist,
            album=album,
            year=main.year,
            quality=token,
            score=round(main.decision.identity * 1000),
            offers=(offer, *others),
            published_at=naming.publish_date(key, epoch),
        )


def _stable_title(row: ReleaseRow | None, release: Release) -> str:
    """The same offer keeps its title for ever, unless Lidarr could not match it to this question.

    Lidarr's blocklist compares titles (contract lidarr §8.2).
    """
    if row is None:
        return release.title
    fits = titles.search_accepts(row.title, release.artist, release.album)
    return row.title if fits and row.quality == release.quality else release.title


def _fuller(row: ReleaseRow | None, release: Release) -> Release:
    """An answer is a sample (contract slskd §11.1): one that shows less takes no files away."""
    known = offers.from_json(row.offers) if row is not None else ()
    if not known:
        return release
    shown = {file.path for file in release.offers[0].files}
    missed = {file.path for file in known[0].files} > shown
    return replace(release, offers=(known[0], *release.offers[1:])) if missed else release


def _key(query: Query) -> str:
    """The same for an album search and for the text search Lidarr makes when that found nothing."""
    text = " ".join(part for part in (query.artist, query.album, query.term) if part)
    kind = "artist" if query.artist and not query.album else "album"
    # Some albums are nothing but a sign: "+" and "÷" are two questions.
    compared = " ".join(normalise(word) or word for word in text.split())
    parts = (kind, compared, str(query.year or ""))
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _words(query: Query) -> str:
    return " - ".join(part for part in (query.artist, query.album, query.term) if part)


def _merge(found: dict[tuple[str, str], RawFolder], folders: Sequence[RawFolder]) -> None:
    """Answers are samples (contract slskd §11.1): the fuller picture of a folder wins."""
    for folder in folders:
        known = found.get((folder.peer, folder.path))
        if known is None or len(folder.files) > len(known.files):
            found[folder.peer, folder.path] = folder


def _row(release: Release, *, title: str, seen_at: datetime) -> ReleaseRow:
    return ReleaseRow(
        id=release.key,
        title=title,
        artist=release.artist,
        album=release.album,
        year=release.year,
        quality=release.quality,
        size=release.size,
        score=release.score,
        offers=offers.to_json(release.offers),
        published_at=release.published_at,
        last_seen_at=seen_at,
    )


def _release(row: ReleaseRow) -> Release:
    return Release(
        key=row.id,
        title=row.title,
        artist=row.artist,
        album=row.album,
        year=row.year,
        quality=row.quality,
        score=row.score,
        offers=offers.from_json(row.offers),
        published_at=row.published_at,
    )
