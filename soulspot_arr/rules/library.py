"""Matches a question with the albums of Lidarr's library, to get at the exact names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from soulspot_arr.domain import Query
from soulspot_arr.rules.spelling import normalise


def exact_names(query: Query, albums: Iterable[Mapping[str, Any]]) -> Query:
    """The question with the library's own artist, title and year, if it names one album there.

    Lidarr appends a disambiguation to the title it asks for ("Weezer Blue Album"), and a text
    search joins artist and title; the offered title has to carry the plain ones (lidarr §6.3).
    """
    found = [names for album in albums if (names := _names(album)) and _asks(query, *names)]
    exact = {(artist, title, year) for artist, title, _, year in found}
    if len(exact) != 1:
        return query
    artist, title, year = exact.pop()
    return replace(query, artist=artist, album=title, year=year or query.year, term="")


def _names(album: Mapping[str, Any]) -> tuple[str, str, str, int | None] | None:
    owner = album.get("artist")
    artist = owner.get("artistName") if isinstance(owner, Mapping) else None
    title, note = album.get("title"), album.get("disambiguation") or ""
    if not (isinstance(artist, str) and isinstance(title, str) and isinstance(note, str)):
        return None
    date = album.get("releaseDate")
    year = date[:4] if isinstance(date, str) else ""
    return artist, title, note, int(year) if year.isdecimal() and year > "1000" else None


def _asks(query: Query, artist: str, title: str, note: str, year: int | None) -> bool:
    titles = {normalise(title), normalise(f"{title} {note}")}
    if query.artist and query.album:
        same_year = query.year is None or year is None or query.year == year or bool(note)
        return (
            normalise(query.artist) == normalise(artist)
            and normalise(query.album) in titles
            and same_year
        )
    if query.term:
        asked = normalise(query.term)
        return any(asked == normalise(f"{artist} {name}") for name in titles)
    return False
