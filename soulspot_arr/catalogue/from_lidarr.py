"""Lidarr as a provider: the album by its exact names, and the tracks of all its releases.

One request for the library (rarely), one for the album, and one for each release whose tracks are
not known from before. What may change at any moment, the chosen release and whether any will do,
is read each time.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import replace

from soulspot_arr.catalogue import lidarr_reading as reading
from soulspot_arr.catalogue.errand import side_by_side
from soulspot_arr.catalogue.lidarr_reading import Pressing
from soulspot_arr.catalogue.seam import Finding, Question, Tell
from soulspot_arr.domain import Query
from soulspot_arr.errors import LidarrError
from soulspot_arr.lidarr import Lidarr, Row
from soulspot_arr.rules.library import Library, Named, named
from soulspot_arr.wanted import Edition, Provider, Wanted

log = logging.getLogger(__name__)

MOST_EDITIONS = 60
"""Some albums have hundreds of releases; the rarest shapes of them come last."""
_AT_ONCE = 4
_PATIENCE = 60.0  # seconds for the tracks of all releases; the search has long gone on by then
_LIST_PATIENCE = 90.0  # a library of 20,000 albums takes Lidarr half a minute to list
_MOST_MISSES = 3  # releases that Lidarr answers with an error, before the rest is left alone
_YOUNG = 60.0  # an album that was added a minute ago is searched for right now


class FromLidarr:
    """The first provider: whatever it knows is what the import will be judged by."""

    name = Provider.LIDARR
    lasting = False

    def __init__(self, lidarr: Lidarr) -> None:
        self._lidarr = lidarr
        self._indexed: tuple[list[Row], Library] = ([], Library(()))

    def set_up(self) -> bool:
        """Address and key are there."""
        return self._lidarr.configured

    def usable(self) -> bool:
        """Set up, and not silent a moment ago."""
        return self._lidarr.answering

    def recall(self, question: Question) -> Wanted | None:
        """The names and flags of the library as it was listed last."""
        if question.album_id:
            row = self._listed(question.album_id)
        else:
            row = _only(self._index(self._lidarr.listed).find(question.query))
        return reading.album(row) if row is not None else None

    def overdue(self, since: float) -> None:
        """Who has not said a word since then is left alone for a while."""
        self._lidarr.unheard(since)

    def look(self, question: Question, kept: Wanted | None, tell: Tell) -> Finding:
        """Find the album, then read its editions, the most telling first."""
        head: Wanted | None = None
        album_id = question.album_id
        row = self._listed(album_id)
        try:
            if not album_id:
                row, young = self._row(question.query)
                if row is None:
                    return Finding(settled=young)
            if row is not None:
                head = reading.album(row)
                tell(head)
                album_id = head.album_id
            if not album_id:
                return Finding(head, settled=True)
            now = self._lidarr.album(album_id)
            if now is None:  # removed since the library was listed
                return Finding(settled=True)
        except LidarrError as error:
            log.info("what Lidarr knows of the album is left out: %s", error.message)
            return Finding(head)
        head = reading.album(reading.together(row or {}, now))
        reader = _Reader(self._lidarr, head, reading.pressings(now)[:MOST_EDITIONS], tell)
        whole = reader.read(kept.editions if kept and kept.album_id == head.album_id else ())
        wanted = reader.wanted()
        return Finding(wanted, settled=whole or bool(wanted.editions))

    def _row(self, query: Query) -> tuple[Row | None, bool]:
        """The entry of the one album that is meant, and whether the list was young enough to say.

        Where nothing is found a list that is not young is read anew, though not each time.
        """
        found = self._index(self._lidarr.albums(patience=_LIST_PATIENCE)).find(query)
        young = True
        if not found:
            albums = self._lidarr.albums(patience=_LIST_PATIENCE, age=_YOUNG)
            found = self._index(albums).find(query)
            young = self._lidarr.listed_within(_YOUNG)
        return _only(found), young

    def _listed(self, album_id: str) -> Row | None:
        """The entry with this id in the library as it was listed last."""
        rows = self._lidarr.listed if album_id else []
        return next((row for row in rows if row.get("foreignAlbumId") == album_id), None)

    def _index(self, albums: list[Row]) -> Library:
        known, library = self._indexed
        if known is not albums:
            library = Library(found for album in albums if (found := named(album)))
            self._indexed = (albums, library)
        return library


def _only(found: Sequence[Named]) -> Row | None:
    if len(found) > 1:
        log.info("%d albums of the library have these names; none is taken", len(found))
    return dict(found[0].row) if len(found) == 1 else None


class _Reader:
    """Reads the tracks of an album's releases, a few at a time, and tells what is there so far."""

    def __init__(
        self, lidarr: Lidarr, head: Wanted, pressings: Sequence[Pressing], tell: Tell
    ) -> None:
        self._lidarr = lidarr
        self._head = head
        self._pressings = pressings
        self._tell = tell
        self._lock = threading.Lock()
        self._read: dict[int, Edition] = {}
        self._until = time.monotonic() + _PATIENCE
        self._misses = 0
        self._over = False

    def read(self, kept: Sequence[Edition]) -> bool:
        """Read all, except the tracks that were kept; whether nothing was missed."""
        known = {edition.id: edition.tracks for edition in kept if edition.id}
        missing = []
        for pressing in self._pressings:
            if tracks := known.get(pressing.edition.id):
                self._read[pressing.number] = replace(pressing.edition, tracks=tracks)
            else:
                missing.append(pressing)
        if missing:
            self._take(missing[0])  # alone, because it is the one that counts
            side_by_side(self._take, missing[1:], at_once=min(_AT_ONCE, len(missing) - 1))
        return not self._misses

    def _take(self, pressing: Pressing) -> None:
        if self._over:
            return
        try:
            if time.monotonic() > self._until:
                raise LidarrError("It takes too long.")
            tracks = reading.tracks(self._lidarr.tracks(pressing.number))
        except LidarrError as error:
            log.info("tracks of %s are left out: %s", self._head.album, error.message)
            self._misses += 1
            self._over = self._misses >= _MOST_MISSES or "status" not in error.data
            return
        if not tracks:
            return
        with self._lock:
            self._read[pressing.number] = replace(pressing.edition, tracks=tracks)
            self._tell(self._wanted())

    def wanted(self) -> Wanted:
        """The album with the editions that were read."""
        with self._lock:
            return self._wanted()

    def _wanted(self) -> Wanted:
        editions = tuple(
            self._read[pressing.number]
            for pressing in self._pressings
            if pressing.number in self._read
        )
        if not self._head.any_edition and not any(edition.monitored for edition in editions):
            editions = ()  # without the one that Lidarr insists on, the others would mislead
        return replace(self._head, editions=editions)
