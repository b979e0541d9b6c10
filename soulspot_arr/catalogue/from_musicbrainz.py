"""MusicBrainz as a provider: for who has no Lidarr at hand, and for what Lidarr does not tell.

A search finds the album by its names; only names that are the same count, never the likeness that
MusicBrainz scores. Then its releases are read page by page.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import replace

import musicbrainzngs

from soulspot_arr.catalogue import fields
from soulspot_arr.catalogue import musicbrainz_reading as reading
from soulspot_arr.catalogue.fields import Row
from soulspot_arr.catalogue.musicbrainz_client import MusicBrainzClient
from soulspot_arr.catalogue.seam import Finding, Question, Tell
from soulspot_arr.domain import Query
from soulspot_arr.errors import CatalogueError
from soulspot_arr.rules.library import Library, Named, same_name
from soulspot_arr.rules.spelling import split_title
from soulspot_arr.wanted import Edition, Provider, Wanted

log = logging.getLogger(__name__)

MOST_EDITIONS = 60
_PAGE = 100
_CANDIDATES = 25
_MOST_WAITING = 3  # at one request a second a longer queue would only collect stale questions
_PATIENCE = 60.0
_FURTHER = 1.0  # seconds: each page costs one, and the first has the usual editions
_INCLUDED = ["recordings", "media", "artist-credits", "labels"]


class FromMusicBrainz:
    """The second provider. One request a second for everybody, so its answers are kept for days."""

    name = Provider.MUSICBRAINZ
    lasting = True

    def __init__(self, client: MusicBrainzClient) -> None:
        self._client = client
        self._places = threading.BoundedSemaphore(_MOST_WAITING)
        # Searches wait for albums, hardly ever for other names: these never stand in their way.
        self._place_for_names = threading.BoundedSemaphore(1)

    def set_up(self) -> bool:
        """Switched on."""
        return self._client.switched_on

    def recall(self, question: Question) -> Wanted | None:
        """Nothing: all that it said is kept."""
        return None

    def overdue(self, since: float) -> None:
        """At one request a second it may be late; who is silent shows it by himself."""

    def usable(self) -> bool:
        """Switched on, and not left alone at the moment."""
        return self._client.answering

    def look(self, question: Question, kept: Wanted | None, tell: Tell) -> Finding:
        """Find the album or, asked by an artist's id, the other names of the artist."""
        places = self._place_for_names if question.artist_id else self._places
        if not places.acquire(blocking=False):
            log.info("too many questions wait for MusicBrainz; this one is left out")
            return Finding()
        try:
            if question.artist_id:
                return self._artist(question.artist_id)
            return self._album(question, tell)
        except CatalogueError as error:
            log.info("what MusicBrainz knows is left out: %s", error.message)
            return Finding()
        finally:
            places.release()

    def _artist(self, artist_id: str) -> Finding:
        found = self._client.ask(musicbrainzngs.get_artist_by_id, artist_id, includes=["aliases"])
        artist = fields.row(found.get("artist"))
        known = Wanted(
            artist=fields.text(artist.get("name")),
            album="",
            artist_id=artist_id,
            aliases=reading.other_names(artist),
            provider=Provider.MUSICBRAINZ,
        )
        return Finding(known, settled=True)

    def _album(self, question: Question, tell: Tell) -> Finding:
        if question.album_id:
            head = Wanted("", "", album_id=question.album_id, provider=Provider.MUSICBRAINZ)
            found = self._editions(head, tell, asked=question.query)
            # Without an edition nothing is said that was not known before.
            some = found.wanted is not None and found.wanted.editions
            return found if some else Finding(settled=found.settled)
        chosen = self._search(question.query)
        if chosen is None:
            return Finding(settled=True)
        head = _called(reading.album(chosen), question.query.artist)
        tell(head)
        return self._editions(head, tell)

    def _search(self, query: Query) -> Named | None:
        terms = _terms(query)
        if not any(terms.values()):  # nothing but blanks
            return None
        answer = self._client.ask(musicbrainzngs.search_release_groups, limit=_CANDIDATES, **terms)
        return choose(query, reading.candidates(answer))

    def _editions(self, head: Wanted, tell: Tell, *, asked: Query | None = None) -> Finding:
        """The releases of the album; its names are read from them when a question is given."""
        included = _INCLUDED if asked is None else [*_INCLUDED, "release-groups"]
        until = time.monotonic() + _PATIENCE
        found: list[Row] = []
        while True:
            answer = self._client.ask(
                musicbrainzngs.browse_releases,
                release_group=head.album_id,
                includes=included,
                limit=_PAGE,
                offset=len(found),
            )
            page = fields.rows(answer.get("release-list"))
            found += page
            if asked is not None and found:
                head, asked = _named(head, asked, found[0]), None
            wanted = _with(head, found)
            tell(wanted)
            total = fields.count(answer.get("release-count")) or 0
            if not page or len(found) >= total or len(wanted.editions) >= MOST_EDITIONS:
                return Finding(wanted, settled=True)
            if time.monotonic() + _FURTHER > until:
                return Finding(wanted)


def _named(head: Wanted, asked: Query, release: Row) -> Wanted:
    """With the names of the album that the release is of.

    It is called after the one of its artists who was asked for, else after the first.
    """
    credits = reading.candidates({"release-group-list": [dict(reading.group_of(release))]})
    meant = [album for album in credits if same_name(asked.artist, album.artist)] or credits
    # Its own id may be another one by now: MusicBrainz joins albums.
    return replace(reading.album(meant[0]), album_id=head.album_id) if meant else head


def _called(album: Wanted, artist: str) -> Wanted:
    """The album under the artist's name that was asked for, if that is another one of his names.

    Lidarr takes an offer only under the name in its library (contract lidarr §7.3).
    """
    if not artist or same_name(artist, album.artist):
        return album
    return replace(
        album, artist=artist, aliases=fields.others((album.artist, *album.aliases), artist)
    )


def _terms(query: Query) -> dict[str, str]:
    """The words to search for; a joined question is looked for in both places."""
    if not query.album:
        words = fields.text(query.term)
        return {"artist": words, "releasegroup": words}
    # The words that Lidarr appended stand in no title, and its "VA" in no credit (lidarr §6.3).
    artist = "Various Artists" if query.artist == "VA" else query.artist
    title = split_title(query.artist, query.album).name
    return {"artist": fields.text(artist), "releasegroup": fields.text(title)}


def choose(query: Query, albums: Sequence[Named]) -> Named | None:
    """The one album that is meant; None when several are as likely.

    Of one artist's namesakes the plain studio album is taken: it is what Lidarr looks for unless
    it was told to want singles and live recordings too. Of several artists' nobody can tell.
    """
    found = Library(albums).find(query)
    if len({album.id for album in found}) > 1:
        if len({reading.owners(album) for album in found}) > 1:
            return None
        plain = [album for album in found if reading.primary_type(album.row) == "album"]
        studio = [album for album in plain if not reading.secondary_types(album.row)]
        found = tuple(studio or plain or found)
    return found[0] if len({album.id for album in found}) == 1 else None


def _with(head: Wanted, found: Sequence[Row]) -> Wanted:
    read = (reading.edition(release) for release in reading.releases(found))
    editions: tuple[Edition, ...] = tuple(edition for edition in read if edition is not None)
    titles = (edition.title for edition in editions)
    return replace(
        head,
        editions=editions[:MOST_EDITIONS],
        titles=fields.others(titles, head.album),
    )
