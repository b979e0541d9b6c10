"""What an album really is: exact names, every edition with its tracks, other names.

Whoever searches asks here first and waits no longer than it wants to. Lidarr is asked before
MusicBrainz, because the import is judged by what Lidarr knows; after both come the names as they
were asked. The room decides nothing about offers, and it never fails a search: whatever goes wrong,
the answer is there in time, with what is sure.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.exc import SQLAlchemyError

from soulspot_arr.catalogue import fields
from soulspot_arr.catalogue.errand import Errand, Report
from soulspot_arr.catalogue.musicbrainz_reading import VARIOUS_ARTISTS
from soulspot_arr.catalogue.seam import CatalogueProvider, Finding, Question
from soulspot_arr.catalogue.shelf import Shelf
from soulspot_arr.db import Database
from soulspot_arr.domain import Clock, Query
from soulspot_arr.errors import DatabaseTrouble
from soulspot_arr.rules.spelling import split_title
from soulspot_arr.settings import Settings
from soulspot_arr.wanted import Provider, Wanted

log = logging.getLogger(__name__)

# Of the time that is left, for a provider after whom another one can be asked.
_SHARE = 0.6
_NAMES_PATIENCE = 4.0  # seconds
_NO_DATABASE = (SQLAlchemyError, DatabaseTrouble)
_WORTH_A_WAIT = 0.5  # seconds; who had less of them has not proven slow
_END_OF_LATIN = "\u0250"


class Catalogue:
    """Asks its providers in their order and keeps what they say."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        providers: Sequence[CatalogueProvider],
        *,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._providers = tuple(providers)
        self._shelf = Shelf(database, clock=clock)

    def resolve(self, query: Query, *, seconds: float) -> Wanted:
        """The album that is meant, within so many seconds; never raises.

        Without a provider that knows it: the names as asked, and no editions. A provider that
        takes longer goes on by itself, and what it finds is there for the next question. The
        answer is not `settled` when somebody who could know better was not heard.
        """
        names = as_asked(query)
        if not names.album:
            return names
        try:
            return self._resolve(query, names, until=time.monotonic() + seconds)
        except _NO_DATABASE as error:
            log.warning("names are taken as asked: %s", error)
            return replace(names, settled=False)

    def album(self, query: Query, *, album_id: str, seconds: float) -> Wanted:
        """The album with this MusicBrainz id, within so many seconds; never raises.

        The question's names stand in where nobody knows better. Without an id it is `resolve`.
        """
        if not album_id:
            return self.resolve(query, seconds=seconds)
        names = replace(as_asked(query), album_id=album_id)
        until = time.monotonic() + seconds
        try:
            known = self._resolve(query, names, until=until)
        except _NO_DATABASE as error:
            log.warning("the album is taken as asked: %s", error)
            return replace(names, settled=False)
        if not known.editions:
            # The search for it may have kept what a silent provider said.
            other = self.resolve(query, seconds=max(0.0, until - time.monotonic()))
            known = other if other.album_id == album_id else known
        named = known.artist and known.album
        return known if named else replace(known, artist=names.artist, album=names.album)

    def prune(self) -> None:
        """Delete kept answers that nobody asked for in a long time; raises DatabaseTrouble."""
        self._shelf.prune(days=self._settings.get("catalogue.fresh"))

    def _resolve(self, query: Query, names: Wanted, *, until: float) -> Wanted:
        known: Wanted | None = None
        settled = True
        for place, provider in enumerate(self._providers, start=1):
            another = any(later.usable() for later in self._providers[place:])
            share = _SHARE if another else 1.0
            question = Question(query, album_id=known.album_id if known else names.album_id)
            heard = self._ask(provider, question, seconds=(until - time.monotonic()) * share)
            found = heard.wanted
            settled = settled and heard.settled
            known = _completed(known, found) if known else found
            if known and (known.editions or not known.album_id):
                break  # known as well as it can be
        known = self._with_other_names(known, until) if known else names
        return replace(known, settled=settled)

    def _ask(self, provider: CatalogueProvider, question: Question, *, seconds: float) -> Finding:
        """What the provider says now; what it said before when it is silent or too slow.

        What it said before is an answer, and settled; that it knew nothing then is none.
        """
        kept = self._shelf.find(provider.name, question)
        before = kept.wanted if kept else None
        fresh = kept is not None and self._shelf.is_fresh(
            kept, days=self._settings.get("catalogue.fresh")
        )
        if (provider.lasting and fresh) or not provider.set_up():
            return Finding(before, settled=True)
        if not provider.usable():
            return self._remembered(provider, question, before)

        def work(report: Report[Finding]) -> None:
            try:
                found = provider.look(
                    question, before if fresh else None, lambda wanted: report(Finding(wanted))
                )
            except _NO_DATABASE as error:  # the settings cannot be read
                log.warning("the catalogue cannot ask %s: %s", provider.name, error)
                return
            report(found)
            known = fresh and found.wanted == before
            never = kept is None and found.wanted is None and not provider.lasting
            if found.settled and not known and not never:
                self._shelf.put(provider.name, question, found.wanted)

        began = time.monotonic()
        found = Errand(work, name="catalogue").wait(seconds)
        if found is None and seconds >= _WORTH_A_WAIT:
            provider.overdue(began)
        if found is None or not (found.settled or found.wanted):
            return self._remembered(provider, question, before)
        if found.wanted is None:
            return found
        wanted = _completed(found.wanted, before)
        return Finding(wanted, settled=found.settled or bool(before and wanted.editions))

    @staticmethod
    def _remembered(
        provider: CatalogueProvider, question: Question, before: Wanted | None
    ) -> Finding:
        """For want of an answer: what the provider itself remembers, with the tracks of before."""
        now = provider.recall(question)
        if now is None:
            return Finding(before, settled=before is not None)
        return Finding(_completed(now, before), settled=before is not None)

    def _with_other_names(self, wanted: Wanted, until: float) -> Wanted:
        """With the artist's aliases, which Lidarr's API does not tell.

        They are waited for only where hardly a share is labelled otherwise: a name without a Latin
        letter. In all other cases they are there for the next question.
        """
        if wanted.aliases or wanted.artist_id in {"", VARIOUS_ARTISTS}:
            return wanted
        for provider in self._providers:
            if provider.name is Provider.MUSICBRAINZ:
                question = Question(Query(), artist_id=wanted.artist_id)
                left = min(_NAMES_PATIENCE, until - time.monotonic())
                patience = 0.0 if _has_latin(wanted.artist) else left
                artist = self._ask(provider, question, seconds=patience).wanted
                if artist is not None:
                    names = fields.others((artist.artist, *artist.aliases), wanted.artist)
                    return replace(wanted, aliases=names)
        return wanted


def as_asked(query: Query) -> Wanted:
    """The names of a question for want of better ones."""
    if not query.album:
        return Wanted(query.artist, query.term, year=query.year)
    title = split_title(query.artist, query.album)
    return Wanted(query.artist, title.name, year=query.year, disambiguation=title.disambiguation)


def _completed(known: Wanted, other: Wanted | None) -> Wanted:
    """What is known, with the editions of another answer about the same album."""
    if known.editions or other is None or other.album_id != known.album_id:
        return known
    # Both are Lidarr's words then; MusicBrainz has none about it.
    any_edition = known.any_edition and (other.any_edition or other.provider is not known.provider)
    editions = other.editions
    if known.chosen_id:  # Lidarr has MusicBrainz' ids
        editions = tuple(
            replace(edition, monitored=edition.id == known.chosen_id) for edition in editions
        )
    if not any_edition and not any(edition.monitored for edition in editions):
        # Which one Lidarr insists on is not among them: better none than a wrong one.
        return replace(known, any_edition=False)
    return replace(
        known,
        any_edition=any_edition,
        editions=editions,
        titles=known.titles or fields.others(other.titles, known.album),
        aliases=known.aliases or other.aliases,
    )


def _has_latin(name: str) -> bool:
    return any(char.isalpha() and char < _END_OF_LATIN for char in name)
