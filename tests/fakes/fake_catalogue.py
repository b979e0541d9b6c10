"""A catalogue that knows what it was told, for tests of whoever asks it."""

from __future__ import annotations

from dataclasses import replace

from soulspot_arr.catalogue import Catalogue, as_asked
from soulspot_arr.domain import Query
from soulspot_arr.wanted import Wanted


class FakeCatalogue(Catalogue):
    """Answers with the albums it was given, and with the names as asked for all others.

    A question means an album when artist and title (with or without the disambiguation) are spelled
    alike but for their case. `asked` and `seconds` keep what was asked and how long it might take.
    """

    def __init__(self, *albums: Wanted) -> None:
        self.albums = list(albums)
        self.asked: list[Query] = []
        self.seconds: list[float] = []
        self.pruned = 0
        self.settled = True  # whether everybody was heard who could know better

    def resolve(self, query: Query, *, seconds: float) -> Wanted:
        """The album that is meant."""
        self.asked.append(query)
        self.seconds.append(seconds)
        words = " ".join((query.artist, query.album, query.term)).casefold().split()
        for album in self.albums:
            plain = f"{album.artist} {album.album}"
            if words in (
                plain.casefold().split(),
                f"{plain} {album.disambiguation}".casefold().split(),
            ):
                return album
        return replace(as_asked(query), settled=self.settled)

    def album(self, query: Query, *, album_id: str, seconds: float) -> Wanted:
        """The album of this id, else the one that is meant."""
        known = [album for album in self.albums if album_id and album.album_id == album_id]
        return known[0] if known else self.resolve(query, seconds=seconds)

    def prune(self) -> None:
        """Count the call."""
        self.pruned += 1
