"""MusicBrainz' web service as far as the catalogue asks it: real HTTP, and XML as version 2 has it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from tests.fakes.http_double import Asked, HttpDouble, Reply

NAMESPACE = "http://musicbrainz.org/ns/mmd-2.0#"
EXTENSION = "http://musicbrainz.org/ns/ext#-2.0"


@dataclass(frozen=True, slots=True)
class Artist:
    """An artist with aliases as pairs of name and type."""

    id: str
    name: str
    aliases: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Track:
    """One track; `length` in milliseconds, 0 for unknown."""

    title: str
    length: int = 0
    artist: Artist | None = None


@dataclass(frozen=True, slots=True)
class Medium:
    """One disc."""

    tracks: tuple[Track, ...]
    format: str = "CD"


@dataclass(frozen=True, slots=True)
class Release:
    """One edition."""

    id: str
    title: str
    media: tuple[Medium, ...]
    status: str = "Official"
    country: str = "GB"
    date: str = "1997-06-16"
    note: str = ""
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """One release group with its releases."""

    id: str
    title: str
    artists: tuple[Artist, ...]
    releases: tuple[Release, ...] = ()
    type: str = "Album"
    secondary: tuple[str, ...] = ()
    note: str = ""
    date: str = "1997-06-16"


def songs(*titles: str, length: int = 200_000) -> tuple[Medium, ...]:
    """One disc with these tracks."""
    return (Medium(tuple(Track(title, length) for title in titles)),)


class FakeMusicBrainz(HttpDouble):
    """Knows these groups; `page` is the most releases it hands out at once."""

    def __init__(self, *groups: Group) -> None:
        super().__init__()
        self.groups = groups
        self.page = 100

    def reply(self, asked: Asked) -> Reply:
        """Answer a search, a browse or a lookup."""
        if asked.path == "/ws/2/release-group/":
            return self._search(asked.query["query"])
        if asked.path == "/ws/2/release/":
            return self._browse(asked)
        for group in self.groups:
            for artist in group.artists:
                if asked.path == f"/ws/2/artist/{artist.id}":
                    return _xml(_artist(artist))
        return error(404, "Not Found")

    def _search(self, query: str) -> Reply:
        """Whatever shares a word with the question, which is how loose the real one is."""
        asked = set(re.findall(r"\w+", query.casefold())) - {"artist", "releasegroup", "and"}
        found = [
            group
            for group in self.groups
            if asked & set(re.findall(r"\w+", f"{group.title} {_credit(group)}".casefold()))
        ]
        listed = _element("release-group-list", count=str(len(found)), offset="0")
        listed.extend(_group(group) for group in found)
        return _xml(listed)

    def _browse(self, asked: Asked) -> Reply:
        groups = [group for group in self.groups if group.id == asked.query.get("release-group")]
        if not groups:
            return error(404, "Not Found")
        releases = groups[0].releases
        start = int(asked.query.get("offset", 0))
        listed = _element("release-list", count=str(len(releases)))
        told = asked.query["inc"].split()
        listed.extend(
            _release(release, groups[0], told)
            for release in releases[start : start + min(self.page, int(asked.query["limit"]))]
        )
        return _xml(listed)


def error(status: int, words: str, **headers: str) -> Reply:
    """An error as the web service tells it."""
    body = f'<?xml version="1.0"?><error><text>{words}</text></error>'.encode()
    return Reply(status, body, "application/xml", headers)


def busy(seconds: int | None = None) -> Reply:
    """Asked too fast."""
    told = {} if seconds is None else {"Retry-After": str(seconds)}
    return error(503, "Your requests are exceeding the allowable rate limit.", **told)


def _credit(group: Group) -> str:
    return " & ".join(artist.name for artist in group.artists)


def _element(name: str, *inner: ET.Element, text: str = "", **attributes: str) -> ET.Element:
    made = ET.Element(f"{{{NAMESPACE}}}{name}", attributes)
    made.text = text or None
    made.extend(inner)
    return made


def _artist(artist: Artist, *, whole: bool = True) -> ET.Element:
    made = _element("artist", _element("name", text=artist.name), id=artist.id, type="Group")
    if whole and artist.aliases:
        listed = _element("alias-list", count=str(len(artist.aliases)))
        for name, kind in artist.aliases:
            alias = _element("alias", text=name, **{"sort-name": name})
            if kind:
                alias.set("type", kind)
            listed.append(alias)
        made.append(listed)
    return made


def _artist_credit(artists: Iterable[Artist], *, whole: bool) -> ET.Element:
    made = _element("artist-credit")
    several = tuple(artists)
    for at, artist in enumerate(several):
        part = _element("name-credit", _artist(artist, whole=whole))
        if at < len(several) - 1:
            part.set("joinphrase", " & ")
        made.append(part)
    return made


def _group(group: Group) -> ET.Element:
    made = _element(
        "release-group",
        _element("title", text=group.title),
        _element("first-release-date", text=group.date),
        _element("primary-type", text=group.type),
        _artist_credit(group.artists, whole=True),
        id=group.id,
        type=group.type,
    )
    made.set(f"{{{EXTENSION}}}score", "100")
    if group.note:
        made.append(_element("disambiguation", text=group.note))
    if group.secondary:
        kinds = (_element("secondary-type", text=kind) for kind in group.secondary)
        made.append(_element("secondary-type-list", *kinds))
    return made


def _release(release: Release, group: Group, told: Collection[str]) -> ET.Element:
    media = _element("medium-list", count=str(len(release.media)))
    for position, medium in enumerate(release.media, start=1):
        tracks = _element("track-list", count=str(len(medium.tracks)), offset="0")
        for number, track in enumerate(medium.tracks, start=1):
            tracks.append(_track(track, number, f"{release.id}-{position}-{number}", group))
        media.append(
            _element(
                "medium",
                _element("position", text=str(position)),
                _element("format", text=medium.format),
                tracks,
            )
        )
    made = _element(
        "release",
        _element("title", text=release.title),
        _element("status", text=release.status),
        _artist_credit(group.artists, whole=False),
        _element("date", text=release.date),
        _element("country", text=release.country),
        media,
        id=release.id,
    )
    if release.note:
        made.append(_element("disambiguation", text=release.note))
    if "release-groups" in told:
        made.append(_group(group))
    if "labels" in told and release.labels:
        infos = [
            _element("label-info", _element("label", _element("name", text=name), id=name))
            for name in release.labels
        ]
        made.append(_element("label-info-list", *infos, count=str(len(infos))))
    return made


def _track(track: Track, number: int, id_: str, group: Group) -> ET.Element:
    by = (track.artist,) if track.artist else group.artists
    recording = _element(
        "recording",
        _element("title", text=track.title),
        _artist_credit(by, whole=False),
        id=f"recording-{track.title}",
    )
    made = _element(
        "track",
        _element("position", text=str(number)),
        _element("number", text=str(number)),
        recording,
        id=id_,
    )
    if track.length:
        recording.append(_element("length", text=str(track.length)))
    return made


def _xml(inner: ET.Element) -> Reply:
    body = ET.tostring(_element("metadata", inner), encoding="utf-8", xml_declaration=True)
    return Reply(200, body, "application/xml; charset=utf-8")
