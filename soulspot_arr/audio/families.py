"""One face for the families of tags: ID3, Xiph comments, APE, ASF and MP4 atoms, by field.

The names of each field are those that TagLib and Lidarr's AudioTag.cs look for; MusicBrainz' own
list (Picard's tag mapping) agrees. Reading only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mutagen.apev2 import APEv2
from mutagen.asf import ASFTags
from mutagen.id3 import ID3
from mutagen.mp4 import MP4Tags

DASH = "----:com.apple.iTunes:"
UFID_OWNER = "http://musicbrainz.org"


class Kind(StrEnum):
    """A family of tags."""

    ID3 = "id3"
    XIPH = "xiph"
    APE = "ape"
    ASF = "asf"
    MP4 = "mp4"


K = Kind
Names = Mapping[str, Mapping[Kind, tuple[str, ...]]]

NAMES: Names = {
    "title": {
        K.ID3: ("TIT2", "TSOT"),
        K.XIPH: ("TITLE", "TITLESORT"),
        K.APE: ("Title", "TitleSort"),
        K.ASF: ("Title", "WM/TitleSortOrder"),
        K.MP4: ("©nam", "sonm"),
    },
    "artist": {
        K.ID3: ("TPE1",),
        K.XIPH: ("ARTIST",),
        K.APE: ("Artist",),
        K.ASF: ("Author",),
        K.MP4: ("©ART",),
    },
    "album_artist": {
        K.ID3: ("TPE2",),
        K.XIPH: ("ALBUMARTIST", "ALBUM ARTIST", "ENSEMBLE"),
        K.APE: ("Album Artist", "AlbumArtist"),
        K.ASF: ("WM/AlbumArtist", "AlbumArtist"),
        K.MP4: ("aART",),
    },
    "album": {
        K.ID3: ("TALB", "TSOA"),
        K.XIPH: ("ALBUM", "ALBUMSORT"),
        K.APE: ("Album", "AlbumSort"),
        K.ASF: ("WM/AlbumTitle", "Album", "WM/AlbumSortOrder"),
        K.MP4: ("©alb", "soal"),
    },
    "date": {
        K.ID3: ("TDRC",),
        K.XIPH: ("DATE",),
        K.APE: ("Year",),
        K.ASF: ("WM/Year",),
        K.MP4: ("©day",),
    },
    "track": {
        K.ID3: ("TRCK",),
        K.XIPH: ("TRACKNUMBER",),
        K.APE: ("Track",),
        K.ASF: ("WM/TrackNumber",),
        K.MP4: ("trkn",),
    },
    "tracks": {K.XIPH: ("TRACKTOTAL",), K.ASF: ("TrackTotal",)},
    "disc": {
        K.ID3: ("TPOS",),
        K.XIPH: ("DISCNUMBER",),
        K.APE: ("Disc",),
        K.ASF: ("WM/PartOfSet",),
        K.MP4: ("disk",),
    },
    "discs": {K.XIPH: ("DISCTOTAL",)},
    "media": {
        K.ID3: ("TMED",),
        K.XIPH: ("MEDIA",),
        K.APE: ("Media",),
        K.ASF: ("WM/Media",),
        K.MP4: (DASH + "MEDIA",),
    },
    "label": {K.XIPH: ("LABEL",), K.APE: ("Label",)},
    "publisher": {
        K.ID3: ("TPUB",),
        K.XIPH: ("ORGANIZATION",),
        K.ASF: ("WM/Publisher",),
        K.MP4: (DASH + "publisher",),
    },
    "country": {
        K.ID3: ("TXXX:MusicBrainz Album Release Country",),
        K.XIPH: ("RELEASECOUNTRY",),
        K.APE: ("RELEASECOUNTRY",),
        K.ASF: ("MusicBrainz/Album Release Country",),
        K.MP4: (DASH + "MusicBrainz Album Release Country",),
    },
    "comment": {
        K.ID3: ("TXXX:MusicBrainz Album Comment",),
        K.XIPH: ("MUSICBRAINZ_ALBUMCOMMENT",),
        K.APE: ("MUSICBRAINZ_ALBUMCOMMENT",),
        K.ASF: ("MusicBrainz/Album Comment",),
        K.MP4: (DASH + "MusicBrainz Album Comment",),
    },
    "release_id": {
        K.ID3: ("TXXX:MusicBrainz Album Id",),
        K.XIPH: ("MUSICBRAINZ_ALBUMID",),
        K.APE: ("MUSICBRAINZ_ALBUMID",),
        K.ASF: ("MusicBrainz/Album Id",),
        K.MP4: (DASH + "MusicBrainz Album Id",),
    },
    "release_group_id": {
        K.ID3: ("TXXX:MusicBrainz Release Group Id",),
        K.XIPH: ("MUSICBRAINZ_RELEASEGROUPID",),
        K.APE: ("MUSICBRAINZ_RELEASEGROUPID",),
        K.ASF: ("MusicBrainz/Release Group Id",),
        K.MP4: (DASH + "MusicBrainz Release Group Id",),
    },
    "recording_id": {
        K.ID3: ("UFID:" + UFID_OWNER,),
        K.XIPH: ("MUSICBRAINZ_TRACKID",),  # called so before recordings had a name
        K.APE: ("MUSICBRAINZ_TRACKID",),
        K.ASF: ("MusicBrainz/Track Id",),
        K.MP4: (DASH + "MusicBrainz Track Id",),
    },
    "track_id": {
        K.ID3: ("TXXX:MusicBrainz Release Track Id",),
        K.XIPH: ("MUSICBRAINZ_RELEASETRACKID",),
        K.APE: ("MUSICBRAINZ_RELEASETRACKID",),
        K.ASF: ("MusicBrainz/Release Track Id",),
        K.MP4: (DASH + "MusicBrainz Release Track Id",),
    },
    "artist_id": {
        K.ID3: ("TXXX:MusicBrainz Album Artist Id",),
        K.XIPH: ("MUSICBRAINZ_ALBUMARTISTID",),
        K.APE: ("MUSICBRAINZ_ALBUMARTISTID",),
        K.ASF: ("MusicBrainz/Album Artist Id",),
        K.MP4: (DASH + "MusicBrainz Album Artist Id",),
    },
    "performer_id": {
        K.ID3: ("TXXX:MusicBrainz Artist Id",),
        K.XIPH: ("MUSICBRAINZ_ARTISTID",),
        K.APE: ("MUSICBRAINZ_ARTISTID",),
        K.ASF: ("MusicBrainz/Artist Id",),
        K.MP4: (DASH + "MusicBrainz Artist Id",),
    },
}


@dataclass(frozen=True, slots=True)
class Family:
    """The tags of one family in one file; names are compared without case."""

    kind: Kind
    values: Mapping[str, tuple[str, ...]]
    version: tuple[int, int] = (0, 0)

    def texts(self, field: str) -> tuple[str, ...]:
        """Every value of the first name of the field that has any."""
        for name in NAMES[field].get(self.kind, ()):
            found = self.values.get(name.casefold())
            if found:
                return found
        return ()

    def text(self, field: str) -> str | None:
        """The value; several are joined in ID3, of all others the first counts."""
        found = self.texts(field)
        if not found:
            return None
        return "; ".join(found) if self.kind is Kind.ID3 and len(found) > 1 else found[0]

    def only(self, field: str) -> str | None:
        """The value when it is the only one; Lidarr has no use for two."""
        found = self.texts(field)
        return found[0] if len(found) == 1 else None


def family(tags: Any) -> Family:
    """What mutagen read, under one face."""
    if isinstance(tags, ID3):
        return Family(Kind.ID3, _id3(tags), tuple(tags.version[:2]))
    if isinstance(tags, MP4Tags):
        return Family(Kind.MP4, _mp4(tags))
    if isinstance(tags, APEv2):
        ape: Any = tags  # mutagen's methods carry no types
        found = {key: tuple(str(value).split("\0")) for key, value in ape.items()}
        return Family(Kind.APE, _folded(found))
    if isinstance(tags, ASFTags):
        listed: dict[str, tuple[str, ...]] = {}
        for key, value in tags:
            listed[key] = (*listed.get(key, ()), str(value))
        return Family(Kind.ASF, _folded(listed))
    pairs: dict[str, tuple[str, ...]] = {}
    for key, value in tags:
        pairs[key.casefold()] = (*pairs.get(key.casefold(), ()), value)
    return Family(Kind.XIPH, pairs)


def _folded(values: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    return {key.casefold(): found for key, found in values.items()}


def _id3(tags: Any) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for frame in tags.values():
        if frame.FrameID == "UFID":
            text = frame.data.decode("latin-1").rstrip("\0")
            found[f"ufid:{frame.owner}".casefold()] = (text,) if text else ()
            continue
        if not hasattr(frame, "text") or isinstance(frame.text, str):
            continue
        name = f"TXXX:{frame.desc}" if frame.FrameID == "TXXX" else frame.FrameID
        texts = [str(text) for text in frame.text]
        while texts and not texts[-1]:
            texts.pop()
        found.setdefault(name.casefold(), tuple(texts))
    return found


def _mp4(tags: Any) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for key, value in tags.items():
        texts: list[str] = []
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, bytes):
                texts.append(one.decode("utf-8", "replace"))
            elif isinstance(one, tuple):
                texts.append("/".join(str(number) for number in one))
            else:  # TagLib takes a semicolon for the end of a value
                texts += [part.strip() for part in str(one).split(";")]
        found[key.casefold()] = tuple(texts)
    return found
