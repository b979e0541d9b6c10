"""`Wanted` as JSON and back, for the columns that keep it. Pure.

A document of another version or shape is read as nothing: who reads it asks anew.
"""

from __future__ import annotations

import math
from typing import Any, TypeVar

from soulspot_arr.wanted import Edition, Provider, Wanted, WantedTrack

VERSION = 1

_T = TypeVar("_T")


def to_json(wanted: Wanted) -> dict[str, Any]:
    """A document that `from_json` reads back to an equal value, which is settled."""
    return {
        "v": VERSION,
        "artist": wanted.artist,
        "album": wanted.album,
        "year": wanted.year,
        "disambiguation": wanted.disambiguation,
        "artist_id": wanted.artist_id,
        "album_id": wanted.album_id,
        "library_id": wanted.library_id,
        "kind": wanted.kind,
        "styles": sorted(wanted.styles),
        "aliases": list(wanted.aliases),
        "titles": list(wanted.titles),
        "any_edition": wanted.any_edition,
        "editions": [_edition_to_json(edition) for edition in wanted.editions],
        "chosen_id": wanted.chosen_id,
        "provider": wanted.provider.value,
    }


def _edition_to_json(edition: Edition) -> dict[str, Any]:
    return {
        "id": edition.id,
        "title": edition.title,
        "disambiguation": edition.disambiguation,
        "country": edition.country,
        "year": edition.year,
        "monitored": edition.monitored,
        "media": list(edition.media),
        "labels": list(edition.labels),
        # Lists instead of objects: an album may have sixty editions, and names would be most of it.
        "tracks": [
            [
                track.title,
                track.disc,
                track.number,
                track.seconds,
                track.artist,
                track.recording_id,
                track.track_id,
            ]
            for track in edition.tracks
        ],
    }


def from_json(document: object) -> Wanted | None:
    """The value of a document; None when it is not one of ours."""
    try:
        found = _exactly(dict, document)
        return _wanted(found) if found["v"] == VERSION else None
    except (KeyError, TypeError, ValueError):
        return None


def _wanted(found: dict[str, Any]) -> Wanted:
    return Wanted(
        artist=_exactly(str, found["artist"]),
        album=_exactly(str, found["album"]),
        year=_whole(found["year"]),
        disambiguation=_exactly(str, found["disambiguation"]),
        artist_id=_exactly(str, found["artist_id"]),
        album_id=_exactly(str, found["album_id"]),
        library_id=_whole(found["library_id"]),
        kind=_exactly(str, found["kind"]),
        styles=frozenset(_texts(found["styles"])),
        aliases=_texts(found["aliases"]),
        titles=_texts(found["titles"]),
        any_edition=_exactly(bool, found["any_edition"]),
        editions=tuple(_edition(entry) for entry in _exactly(list, found["editions"])),
        chosen_id=_exactly(str, found.get("chosen_id", "")),  # older documents have none
        provider=Provider(_exactly(str, found["provider"])),
    )


def _edition(document: object) -> Edition:
    found = _exactly(dict, document)
    return Edition(
        id=_exactly(str, found["id"]),
        title=_exactly(str, found["title"]),
        tracks=tuple(_track(entry) for entry in _exactly(list, found["tracks"])),
        disambiguation=_exactly(str, found["disambiguation"]),
        country=_exactly(str, found["country"]),
        year=_whole(found["year"]),
        monitored=_exactly(bool, found["monitored"]),
        media=_texts(found.get("media", [])),  # older documents have neither
        labels=_texts(found.get("labels", [])),
    )


def _track(document: object) -> WantedTrack:
    title, disc, number, seconds, artist, recording_id, track_id = _exactly(list, document)
    return WantedTrack(
        title=_exactly(str, title),
        disc=_exactly(int, disc),
        number=_exactly(int, number),
        seconds=_length(seconds),
        artist=_exactly(str, artist),
        recording_id=_exactly(str, recording_id),
        track_id=_exactly(str, track_id),
    )


def _exactly(kind: type[_T], value: object) -> _T:
    if type(value) is not kind:  # True is an int to isinstance
        raise TypeError(f"{kind.__name__} expected")
    return value


def _whole(value: object) -> int | None:
    return None if value is None else _exactly(int, value)


def _length(value: object) -> float | None:
    if value is None:
        return None
    # SQLite and PostgreSQL give 30.0 back as 30.
    length = float(value) if type(value) is int else _exactly(float, value)
    if not (math.isfinite(length) and length > 0):
        raise ValueError("no length")
    return length


def _texts(value: object) -> tuple[str, ...]:
    return tuple(_exactly(str, entry) for entry in _exactly(list, value))
