"""What Lidarr's API says of an album, as values of ours. Pure; odd fields are unknown ones.

Fields as `AlbumResource`, `AlbumReleaseResource` and `TrackResource` of Lidarr have them (contract
lidarr §11.2). Lidarr has no names of track artists and no aliases in them, though it knows both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from soulspot_arr.catalogue import fields
from soulspot_arr.catalogue.fields import Row
from soulspot_arr.wanted import Edition, Provider, Wanted, WantedTrack


@dataclass(frozen=True, slots=True)
class Pressing:
    """One release of the album before its tracks are read; `number` is Lidarr's own id of it."""

    number: int
    edition: Edition
    shape: tuple[object, ...]  # equal for releases that most likely have equal tracks


def album(row: Row) -> Wanted:
    """The album without its editions; names are empty when they cannot be read."""
    owner = fields.row(row.get("artist"))
    name = fields.text(row.get("title"))
    releases = fields.rows(row.get("releases"))
    titles = (fields.text(entry.get("title")) for entry in releases)
    chosen = (entry for entry in releases if entry.get("monitored") is True)
    return Wanted(
        artist=fields.text(owner.get("artistName")),
        album=name,
        year=fields.year(row.get("releaseDate")),
        disambiguation=fields.text(row.get("disambiguation")),
        artist_id=fields.identity(owner.get("foreignArtistId")),
        album_id=fields.identity(row.get("foreignAlbumId")),
        library_id=fields.count(row.get("id")),
        kind=fields.text(row.get("albumType")).lower(),
        # "Studio" is Lidarr's word for none of them.
        styles=frozenset(style.lower() for style in fields.texts(row.get("secondaryTypes")))
        - {"studio"},
        titles=fields.others(titles, name),
        any_edition=row.get("anyReleaseOk") is not False,
        chosen_id=fields.identity(next(chosen, {}).get("foreignReleaseId")),
        provider=Provider.LIDARR,
    )


def together(listed: Row, now: Row) -> Row:
    """The album as it is now; names that its answer does not tell are those of the list."""
    told = {name: value for name, value in now.items() if value is not None}
    if not fields.text(told.get("title")):
        told.pop("title", None)
    if not fields.text(fields.row(told.get("artist")).get("artistName")):
        told.pop("artist", None)
    return {**listed, **told}


def pressings(row: Row) -> list[Pressing]:
    """The releases of an album, those first whose tracks tell the most.

    That is the monitored one, then one of each shape, the most frequent shapes first.
    """
    found = [_pressing(entry) for entry in fields.rows(row.get("releases"))]
    known = [pressing for pressing in found if pressing is not None]
    frequency = Counter(pressing.shape for pressing in known)
    known.sort(key=lambda one: (not one.edition.monitored, -frequency[one.shape]))
    seen: set[tuple[object, ...]] = set()
    again: list[Pressing] = []
    first: list[Pressing] = []
    for pressing in known:
        (again if pressing.shape in seen else first).append(pressing)
        seen.add(pressing.shape)
    return first + again


def _pressing(row: Row) -> Pressing | None:
    number = fields.count(row.get("id"))
    if number is None:
        return None
    media = fields.rows(row.get("media"))
    edition = Edition(
        id=fields.identity(row.get("foreignReleaseId")),
        title=fields.text(row.get("title")),
        tracks=(),
        disambiguation=fields.text(row.get("disambiguation")),
        country=", ".join(fields.texts(row.get("country"))),
        monitored=row.get("monitored") is True,
        media=_formats(media),
        labels=fields.texts(row.get("label")),
    )
    shape = (len(media), fields.count(row.get("trackCount")), fields.seconds(row.get("duration")))
    return Pressing(number, edition, shape)


def _formats(media: Iterable[Row]) -> tuple[str, ...]:
    """In Lidarr's words, its "Unknown" too: the import is judged by them (contract lidarr §9.5)."""
    ordered = sorted(media, key=lambda medium: fields.count(medium.get("mediumNumber")) or 0)
    return tuple(fields.text(medium.get("mediumFormat")) for medium in ordered)


def tracks(answer: Sequence[Row]) -> tuple[WantedTrack, ...]:
    """The tracks of one release in their order, numbered anew on each disc."""
    found = sorted((_track(row) for row in answer), key=lambda track: (track.disc, track.number))
    counted: list[WantedTrack] = []
    for _, disc in groupby(found, key=lambda track: track.disc):
        counted += _numbered(list(disc), before=len(counted))
    return tuple(counted)


def _track(row: Row) -> WantedTrack:
    return WantedTrack(
        title=fields.text(row.get("title")),
        disc=fields.count(row.get("mediumNumber")) or 1,
        # "absolute" is the place on the medium, `trackNumber` what is printed there ("A1").
        number=fields.count(row.get("absoluteTrackNumber"))
        or fields.count(row.get("trackNumber"))
        or 0,
        seconds=fields.seconds(row.get("duration")),
        recording_id=fields.identity(row.get("foreignRecordingId")),
        track_id=fields.identity(row.get("foreignTrackId")),
    )


def _numbered(disc: list[WantedTrack], *, before: int) -> Iterable[WantedTrack]:
    numbers = [track.number for track in disc]
    if 0 in numbers or len(set(numbers)) < len(numbers):
        return [replace(track, number=place) for place, track in enumerate(disc, start=1)]
    if before and numbers[0] == before + 1:  # counted on over the discs
        return [replace(track, number=track.number - before) for track in disc]
    return disc
