"""Reads what Lidarr reads out of an audio file: the tags it matches by and the playing time."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import mutagen

from soulspot_arr.demo.distance import FileTags

# Per field the spellings of the tag families: easy/Vorbis names first, then ID3 frames, then ASF.
_NAMES = {
    "title": ("title", "TIT2", "Title"),
    "album": ("album", "TALB", "WM/AlbumTitle"),
    "album_artist": ("albumartist", "TPE2", "WM/AlbumArtist"),
    "artist": ("artist", "TPE1", "Author"),
    "number": ("tracknumber", "TRCK", "WM/TrackNumber"),
    "disc": ("discnumber", "TPOS", "WM/PartOfSet"),
    "disc_total": ("disctotal", "totaldiscs"),
    "date": ("date", "TDRC", "year", "WM/Year"),
    "label": ("label", "organization", "TPUB", "WM/Publisher"),
    "country": ("releasecountry", "TXXX:MusicBrainz Album Release Country"),
    "comment": ("musicbrainz_albumcomment", "TXXX:MusicBrainz Album Comment"),
    "release_id": ("musicbrainz_albumid", "TXXX:MusicBrainz Album Id", "MusicBrainz/Album Id"),
    "album_id": ("musicbrainz_releasegroupid", "TXXX:MusicBrainz Release Group Id"),
    "recording_id": ("musicbrainz_trackid", "MusicBrainz/Track Id"),
}


def read_tags(path: Path) -> FileTags:
    """The tags and the length of one file; an unreadable file loses all of them."""
    try:
        audio: Any = mutagen.File(path, easy=True)
    except (mutagen.MutagenError, OSError, ValueError, EOFError):
        audio = None
    if audio is None:
        return FileTags(str(path))
    found = {field: _first(audio.tags, names) for field, names in _NAMES.items()}
    disc, disc_total = _pair(found["disc"])
    return FileTags(
        path=str(path),
        title=found["title"],
        album=found["album"],
        # Lidarr goes by the album artist, and by the first performer only when there is none.
        artist=found["album_artist"] or found["artist"],
        number=_pair(found["number"])[0],
        disc=disc,
        disc_total=_pair(found["disc_total"])[0] or disc_total,
        year=_pair(found["date"][:4])[0],
        seconds=float(getattr(audio.info, "length", 0.0) or 0.0),
        label=found["label"],
        country=found["country"],
        comment=found["comment"],
        release_id=found["release_id"],
        album_id=found["album_id"],
        recording_id=found["recording_id"],
    )


def _first(tags: Any, names: Iterable[str]) -> str:
    if tags is None:
        return ""
    for name in names:
        try:
            value = tags.get(name)
        except (KeyError, ValueError):
            continue
        # ID3 frames wrap their texts, every other family hands out a list.
        texts = getattr(value, "text", value)
        if isinstance(texts, list | tuple):
            texts = texts[0] if texts else None
        if texts is not None and str(texts).strip():
            return str(texts).strip()
    return ""


def _pair(text: str) -> tuple[int, int]:
    numbers = [int(digits) for digits in re.findall(r"\d+", text)[:2]]
    first, second = [*numbers, 0, 0][:2]
    return first, second
