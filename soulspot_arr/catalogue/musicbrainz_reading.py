"""What musicbrainzngs makes of MusicBrainz' answers, as values of ours. Pure; odd fields are unknown.

What Lidarr leaves out of its library is left out here too, or the editions would never agree with
its own: media without sound, data tracks, bootlegs when there is anything else.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import replace

from soulspot_arr.catalogue import fields
from soulspot_arr.catalogue.fields import Row
from soulspot_arr.rules.library import Named
from soulspot_arr.wanted import UNKNOWN_MEDIUM, Edition, Provider, Wanted, WantedTrack

VARIOUS_ARTISTS = "89ad4ac3-39f7-470e-963a-56509c546377"

_SILENT_MEDIA = frozenset(
    {"dvd", "dvd-video", "blu-ray", "hd-dvd", "vcd", "svcd", "umd", "vhs", "laserdisc"}
)
_NO_MUSIC = frozenset({"[data track]"})
_SOUND_STATUS = frozenset({"", "official", "promotion"})
# The name on a passport says nothing about how people call their folders.
_NO_OTHER_NAME = frozenset({"legal name"})


def group_of(release: Row) -> Row:
    """The release group that a release tells of itself; empty when it does not."""
    return fields.row(release.get("release-group"))


def candidates(answer: Row) -> list[Named]:
    """The albums of a search, once under the name of each artist they are credited to."""
    found = []
    for group in fields.rows(answer.get("release-group-list")):
        credits = [fields.row(part) for part in _list(group.get("artist-credit"))]
        credits = [part for part in credits if part]
        phrase = fields.text(group.get("artist-credit-phrase"))
        for part in credits:
            artist = fields.row(part.get("artist"))
            names = (fields.text(part.get("name")), *other_names(artist))
            known = _named(group, fields.text(artist.get("name")), names)
            found.append(replace(known, artist_id=fields.identity(artist.get("id"))))
        if len(credits) > 1:
            found.append(_named(group, phrase, ()))
    return [album for album in found if album.artist and album.title and album.id]


def _named(group: Row, artist: str, names: Iterable[str]) -> Named:
    return Named(
        artist,
        fields.text(group.get("title")),
        fields.text(group.get("disambiguation")),
        year=fields.year(group.get("first-release-date")),
        aliases=fields.others(names, artist),
        id=fields.identity(group.get("id")),
        row=group,
    )


def other_names(artist: Row) -> tuple[str, ...]:
    """The aliases of an artist under which people may know the music."""
    names = (
        fields.text(alias.get("alias"))
        for alias in fields.rows(artist.get("alias-list"))
        if fields.text(alias.get("type")).lower() not in _NO_OTHER_NAME
    )
    return fields.others(names, fields.text(artist.get("name")))


def album(chosen: Named) -> Wanted:
    """The album without its editions."""
    group = chosen.row
    return Wanted(
        artist=chosen.artist,
        album=chosen.title,
        year=chosen.year,
        disambiguation=chosen.note,
        artist_id=chosen.artist_id,
        album_id=chosen.id,
        kind=primary_type(group),
        styles=secondary_types(group),
        aliases=chosen.aliases,
        provider=Provider.MUSICBRAINZ,
    )


def owners(chosen: Named) -> frozenset[str]:
    """The ids of the artists whose album it is under this name."""
    if chosen.artist_id:
        return frozenset({chosen.artist_id})
    credits = (fields.row(part) for part in _list(chosen.row.get("artist-credit")))
    artists = (fields.row(part.get("artist")) for part in credits)
    return frozenset(fields.identity(artist.get("id")) for artist in artists) - {""}


def primary_type(group: Row) -> str:
    """ "album", "ep", "single" …, empty when nobody said."""
    return fields.text(group.get("primary-type")).lower()


def secondary_types(group: Row) -> frozenset[str]:
    """ "live", "compilation" … in small letters."""
    return frozenset(kind.lower() for kind in fields.texts(group.get("secondary-type-list")))


def releases(found: Sequence[Row]) -> tuple[Row, ...]:
    """Those that count as editions: the proper ones, or whatever there is when there are none."""
    proper = [one for one in found if fields.text(one.get("status")).lower() in _SOUND_STATUS]
    return tuple(proper or found)


def edition(release: Row) -> Edition | None:
    """One release with its tracks; None when it has none."""
    title = fields.text(release.get("title"))
    credit = fields.text(release.get("artist-credit-phrase"))
    media = list(_media(release))
    tracks = tuple(track for medium in media for track in _tracks(*medium, credit=credit))
    if not tracks:
        return None
    return Edition(
        id=fields.identity(release.get("id")),
        title=title,
        tracks=tracks,
        disambiguation=fields.text(release.get("disambiguation")),
        country=fields.text(release.get("country")),
        year=fields.year(release.get("date")),
        media=_formats(media, {track.disc for track in tracks}),
        labels=_labels(release),
    )


def _formats(media: Iterable[tuple[int, Row]], used: Container[int]) -> tuple[str, ...]:
    """Of the discs that have tracks, as Lidarr keeps them."""
    found = {disc: fields.text(medium.get("format")) for disc, medium in media if disc in used}
    return tuple(found[disc] or UNKNOWN_MEDIUM for disc in sorted(found))


def _labels(release: Row) -> tuple[str, ...]:
    infos = fields.rows(release.get("label-info-list"))
    return fields.others(fields.text(fields.row(info.get("label")).get("name")) for info in infos)


def _media(release: Row) -> Iterator[tuple[int, Row]]:
    """The media that sound, with their numbers."""
    for place, medium in enumerate(fields.rows(release.get("medium-list")), start=1):
        if fields.text(medium.get("format")).lower() not in _SILENT_MEDIA:
            yield fields.count(medium.get("position")) or place, medium


def _tracks(disc: int, medium: Row, *, credit: str) -> Iterator[WantedTrack]:
    for number, track in enumerate(fields.rows(medium.get("track-list")), start=1):
        recording = fields.row(track.get("recording"))
        title = fields.text(track.get("title")) or fields.text(recording.get("title"))
        if title.lower() in _NO_MUSIC:
            continue
        artist = fields.text(track.get("artist-credit-phrase"))
        yield WantedTrack(
            title=title,
            disc=disc,
            number=fields.count(track.get("position")) or number,
            seconds=fields.seconds(track.get("track_or_recording_length")),
            artist=artist if artist != credit else "",
            recording_id=fields.identity(recording.get("id")),
            track_id=fields.identity(track.get("id")),
        )


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
