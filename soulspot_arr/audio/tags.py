"""What is written into a file, and what writing came to. Values only."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, replace
from enum import StrEnum

from soulspot_arr.rules.rehearsal.tags import FileTags, filled
from soulspot_arr.wanted import Edition, Wanted, WantedTrack

_NO_WORD = re.compile(r"[\W_]+")


class TagMode(StrEnum):
    """When tags are written."""

    NEVER = "never"
    WHEN_NEEDED = "when_needed"  # when Lidarr would stumble over what is there
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class TrackTags:
    """What the catalogue says about one file; empty texts and zeros leave what is there.

    `number` and `total` count on the disc. `date` is a year, a month (YYYY-MM) or a day. Ids are
    MusicBrainz': a text is written, "" takes away what is there, None leaves it. They may be given
    only for a file whose sound was verified: an id is strong enough to smuggle the wrong song
    into a library (contract lidarr §9.5). `recording_id` is the sound, `track_id` its place on this
    release, `artist_id` the album's artist, `performer_id` the track's.
    """

    title: str = ""
    artist: str = ""
    album: str = ""
    album_artist: str = ""
    number: int = 0
    total: int = 0
    disc: int = 0
    discs: int = 0
    date: str = ""
    media: str = ""
    release_id: str | None = None
    release_group_id: str | None = None
    recording_id: str | None = None
    track_id: str | None = None
    artist_id: str | None = None
    performer_id: str | None = None


def tags_of(album: Wanted, edition: Edition, track: WantedTrack, *, proven: bool) -> TrackTags:
    """What the file of this track is to say, as the catalogue knows it.

    `proven` tells that its sound was verified to be this track: only then ids are given. Otherwise
    those that the file brings are as doubtful as ours, and go where we know better.
    """
    discs = Counter(one.disc for one in edition.tracks)
    various = album.artist.casefold() == "various artists"
    year = edition.year or album.year

    def known(value: str) -> str | None:
        return (value if proven else "") if value else None

    return TrackTags(
        title=track.title,
        artist=track.artist or ("" if various else album.artist),
        album=album.album,
        album_artist=album.artist,
        number=track.number,
        total=discs[track.disc],
        disc=track.disc,
        discs=len(discs),
        date=f"{year:04d}" if year else "",
        media=edition.medium_of(track.disc),
        release_id=known(edition.id),
        release_group_id=known(album.album_id),
        recording_id=known(track.recording_id),
        track_id=known(track.track_id),
        artist_id=known(album.artist_id),
    )


@dataclass(frozen=True, slots=True)
class Cover:
    """A front cover to put into files that have none; at most 4 MB of JPEG or PNG."""

    data: bytes

    @property
    def mime(self) -> str:
        """Its kind; empty when it is neither."""
        if self.data.startswith(b"\xff\xd8\xff"):
            return "image/jpeg"
        return "image/png" if self.data.startswith(b"\x89PNG\r\n\x1a\n") else ""


@dataclass(frozen=True, slots=True)
class Written:
    """What became of one file. `reason` says why nothing was written.

    `fields` are the values that Lidarr read otherwise before.
    """

    changed: bool
    reason: str = ""
    fields: tuple[str, ...] = ()


_TEXTS = ("title", "album")
_IDS = ("release_id", "release_group_id", "recording_id", "track_id", "artist_id")


def needed(there: FileTags, wanted: TrackTags) -> tuple[str, ...]:
    """The values over which Lidarr would stumble: missing or other names and numbers, wrong ids.

    A missing id is no obstacle, nor is another way to write the same words.
    """
    found = [name for name in _TEXTS if _differs(getattr(there, name), getattr(wanted, name))]
    if _differs(there.by, wanted.album_artist or wanted.artist):
        found.append("album_artist")
    if wanted.number and there.track != wanted.number:
        found.append("number")
    if wanted.disc and there.disc != wanted.disc and (there.disc or wanted.discs > 1):
        found.append("disc")
    if wanted.discs and there.discs and there.discs != wanted.discs:
        found.append("discs")
    return (*found, *_wrong_ids(there, wanted))


def sparing(there: FileTags, wanted: TrackTags) -> TrackTags:
    """Without a bare year where the file knows the day of that year."""
    same = wanted.date.isdigit() and int(wanted.date) == there.year
    return replace(wanted, date="") if same else wanted


def missed(there: FileTags, wanted: TrackTags) -> tuple[str, ...]:
    """The values that were to be written and are not read back as they should be."""
    texts = {
        "title": there.title,
        "album": there.album,
        "artist": there.artist,
        "album_artist": there.album_artist,
        "media": there.media,
    }
    found = [
        name
        for name, value in texts.items()
        if getattr(wanted, name) and _key(value or "") != _key(getattr(wanted, name))
    ]
    numbers = {
        "number": there.track,
        "total": there.tracks,
        "disc": there.disc,
        "discs": there.discs,
    }
    found += [
        name
        for name, value in numbers.items()
        if getattr(wanted, name) and value != getattr(wanted, name)
    ]
    if wanted.date and not wanted.date.startswith(f"{there.year:04d}"):
        found.append("date")
    for name in _IDS:
        value = getattr(wanted, name)
        if value is not None and (getattr(there, name) or "") != value:
            found.append(name)
    return tuple(found)


def _wrong_ids(there: FileTags, wanted: TrackTags) -> list[str]:
    wrong = []
    for name in _IDS:
        value, tag = getattr(wanted, name), getattr(there, name)
        if value is not None and filled(tag) and tag.strip().lower() != value.lower():
            wrong.append(name)
    return wrong


def _differs(there: str | None, wanted: str) -> bool:
    return bool(wanted) and _key(there or "") != _key(wanted)


def _key(text: str) -> str:
    """Words without case, signs and compatibility forms; signs alone stay what they are."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return _NO_WORD.sub("", plain) or plain
