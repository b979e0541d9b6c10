"""Which album a grab is, told by Lidarr: its webhook says so at once, its history later.

A grab carries an id and a title; only Lidarr knows for which album it was taken. Nothing here
changes the state of a grab.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select, update

from soulspot_arr.catalogue import fields
from soulspot_arr.catalogue.fields import Row
from soulspot_arr.db import Database
from soulspot_arr.domain import OPEN_GRABS
from soulspot_arr.errors import LidarrError
from soulspot_arr.lidarr import Lidarr
from soulspot_arr.models import Grab

log = logging.getLogger(__name__)

_AT_ONCE = 10
# A grab that Lidarr's history does not know after so many looks came from somebody else.
_MOST_LOOKS = 3


@dataclass(frozen=True, slots=True)
class Album:
    """MusicBrainz' ids of an album and its artist, and Lidarr's own number of the album."""

    id: str
    artist_id: str = ""
    library_id: int | None = None


class Binding:
    """Binds grabs to albums."""

    def __init__(self, database: Database, lidarr: Lidarr) -> None:
        self._db = database
        self._lidarr = lidarr
        self._looks: dict[str, int] = {}

    def told(self, event: Row) -> bool:
        """Take a `Grab` event of Lidarr's webhook (contract lidarr §11.6); whether it was one of ours.

        One small write: Lidarr waits for the answer in the middle of its own grab.
        """
        nzo_id = fields.text(event.get("downloadId"))
        artist_id = fields.row(event.get("artist")).get("mbId")
        album = _only(
            _album(row.get("mbId"), artist_id, row.get("id"))
            for row in fields.rows(event.get("albums"))
        )
        return bool(nzo_id) and album is not None and self._bind(nzo_id, album)

    def run(self) -> int:
        """Look up open grabs that nobody told us about in Lidarr's history; how many were found."""
        if not self._lidarr.answering:
            return 0
        bound = 0
        for nzo_id in self._unbound():
            self._looks[nzo_id] += 1
            try:
                rows = self._lidarr.grabs_of(nzo_id)
            except LidarrError as error:
                log.info("Lidarr's history cannot be read: %s", error.message)
                return bound
            album = _grabbed(nzo_id, rows)
            if album is not None and self._bind(nzo_id, album):
                bound += 1
        return bound

    def _unbound(self) -> list[str]:
        query = (
            select(Grab.nzo_id)
            .where(Grab.status.in_(OPEN_GRABS), Grab.album_id.is_(None))
            .where(Grab.archived_at.is_(None))
            .order_by(Grab.id)
        )
        with self._db.read() as session:
            waiting = list(session.scalars(query))
        self._looks = {nzo_id: self._looks.get(nzo_id, 0) for nzo_id in waiting}
        return [nzo_id for nzo_id in waiting if self._looks[nzo_id] < _MOST_LOOKS][:_AT_ONCE]

    def _bind(self, nzo_id: str, album: Album) -> bool:
        values = {
            "album_id": album.id,
            "artist_id": album.artist_id or None,
            "library_id": album.library_id,
        }
        with self._db.write() as session:
            found = session.execute(
                update(Grab).where(Grab.nzo_id == nzo_id).values(values).returning(Grab.id)
            )
            return found.first() is not None


def _grabbed(nzo_id: str, rows: Sequence[Row]) -> Album | None:
    found = []
    for row in rows:
        if row.get("downloadId") == nzo_id and row.get("eventType") == "grabbed":
            album, artist = fields.row(row.get("album")), fields.row(row.get("artist"))
            ids = (album.get("foreignAlbumId"), artist.get("foreignArtistId"), album.get("id"))
            found.append(_album(*ids))
    return _only(found)


def _album(id_: object, artist_id: object, library_id: object) -> Album:
    return Album(fields.identity(id_), fields.identity(artist_id), fields.count(library_id))


def _only(albums: Iterable[Album]) -> Album | None:
    """The one album; None for a discography, which is none."""
    found = {album for album in albums if album.id}
    return found.pop() if len(found) == 1 else None
