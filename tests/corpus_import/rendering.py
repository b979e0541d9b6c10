"""Puts a folder of the corpus on a disk: real files whose tags say what the values say.

The tags are written by mutagen alone, under the names that Picard gives them, so that neither our
own writer nor the double's reader has a say in what is right.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from mutagen import id3
from mutagen.asf import ASF
from mutagen.flac import FLAC
from mutagen.mp4 import MP4, MP4FreeForm
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis

from soulspot_arr.rules.rehearsal import FileTags
from tests.corpus_import.clips import clip

_UNREADABLE = b"RIFF or something of that kind, cut off\0" * 40
_ITUNES = "----:com.apple.iTunes:"

# Field: the description of its ID3 frame, its Xiph comment; other formats use the same words.
_NAMED = {
    "country": ("MusicBrainz Album Release Country", "releasecountry"),
    "comment": ("MusicBrainz Album Comment", "musicbrainz_albumcomment"),
    "release_id": ("MusicBrainz Album Id", "musicbrainz_albumid"),
    "release_group_id": ("MusicBrainz Release Group Id", "musicbrainz_releasegroupid"),
    "track_id": ("MusicBrainz Release Track Id", "musicbrainz_releasetrackid"),
    "artist_id": ("MusicBrainz Album Artist Id", "musicbrainz_albumartistid"),
}


def render(home: Path, files: Iterable[FileTags]) -> None:
    """Write the files below `home`; one whose tags are all missing is no audio at all."""
    for tags in files:
        path = home / tags.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(audio(tags))


def audio(tags: FileTags) -> bytes:
    """One file: as long as it says, of the kind that its name says, with these tags."""
    kind = tags.path.rpartition(".")[2]
    if tags == FileTags(tags.path):
        return _UNREADABLE
    sound = clip(kind, tags.seconds)
    if tags == FileTags(tags.path, seconds=tags.seconds):
        return sound
    return _DRESSED[kind](sound, tags)


def _numbers(tags: FileTags) -> tuple[str, str]:
    """Track and disc, each with its total behind a slash."""
    return tuple(
        f"{number}/{total}" if total else str(number)
        for number, total in ((tags.track, tags.tracks), (tags.disc, tags.discs))
    )  # type: ignore[return-value]


def _named(tags: FileTags) -> Iterable[tuple[str, str, str]]:
    for field, (description, comment) in _NAMED.items():
        value: str | None = getattr(tags, field)
        if value:
            yield description, comment, value


def _id3(sound: bytes, tags: FileTags) -> bytes:
    kinds: Any = id3  # its classes carry no types
    frames = kinds.ID3()
    track, disc = _numbers(tags)
    texts = {
        "TIT2": tags.title,
        "TPE1": tags.artist,
        "TPE2": tags.album_artist,
        "TALB": tags.album,
        "TPUB": tags.label,
        "TMED": tags.media,
        "TDRC": str(tags.year) if tags.year else None,
        "TRCK": track if tags.track else None,
        "TPOS": disc if tags.disc else None,
    }
    for name, text in texts.items():
        if text is not None:
            frames.add(getattr(kinds, name)(encoding=3, text=[text]))
    for description, _, value in _named(tags):
        frames.add(kinds.TXXX(encoding=3, desc=description, text=[value]))
    if tags.recording_id:
        owner = "http://musicbrainz.org"
        frames.add(kinds.UFID(owner=owner, data=tags.recording_id.encode()))
    file = io.BytesIO(sound)
    frames.save(file, v2_version=4)
    return file.getvalue()


def _xiph(make: Callable[[Any], Any]) -> Callable[[bytes, FileTags], bytes]:
    def dressed(sound: bytes, tags: FileTags) -> bytes:
        file = io.BytesIO(sound)
        found = make(file)
        texts = {
            "title": tags.title,
            "artist": tags.artist,
            "albumartist": tags.album_artist,
            "album": tags.album,
            "label": tags.label,
            "media": tags.media,
            "date": str(tags.year or ""),
            "tracknumber": str(tags.track or ""),
            "tracktotal": str(tags.tracks or ""),
            "discnumber": str(tags.disc or ""),
            "disctotal": str(tags.discs or ""),
            "musicbrainz_trackid": tags.recording_id,
        }
        if found.tags is None:
            found.add_tags()
        texts |= {comment: value for _, comment, value in _named(tags)}
        for name, text in texts.items():
            if text:
                found[name] = [text]
        file.seek(0)
        found.save(file)
        return file.getvalue()

    return dressed


def _mp4(sound: bytes, tags: FileTags) -> bytes:
    file = io.BytesIO(sound)
    found: Any = MP4(file)  # type: ignore[no-untyped-call]
    free: Any = MP4FreeForm
    if found.tags is None:
        found.add_tags()
    texts = {
        "\xa9nam": tags.title,
        "\xa9ART": tags.artist,
        "aART": tags.album_artist,
        "\xa9alb": tags.album,
        "\xa9day": str(tags.year or ""),
    }
    for name, text in texts.items():
        if text:
            found[name] = [text]
    if tags.track:
        found["trkn"] = [(tags.track, tags.tracks)]
    if tags.disc:
        found["disk"] = [(tags.disc, tags.discs)]
    own = {description: value for description, _, value in _named(tags)}
    own |= {"MEDIA": tags.media or "", "LABEL": tags.label or ""}
    own |= {"MusicBrainz Track Id": tags.recording_id or ""}
    for name, text in own.items():
        if text:
            found[_ITUNES + name] = [free(text.encode())]
    file.seek(0)
    found.save(file)
    return file.getvalue()


def _asf(sound: bytes, tags: FileTags) -> bytes:
    file = io.BytesIO(sound)
    found: Any = ASF(file)  # type: ignore[no-untyped-call]
    track, disc = _numbers(tags)
    texts = {
        "Title": tags.title,
        "Author": tags.artist,
        "WM/AlbumArtist": tags.album_artist,
        "WM/AlbumTitle": tags.album,
        "WM/Publisher": tags.label,
        "WM/Media": tags.media,
        "WM/Year": str(tags.year or ""),
        "WM/TrackNumber": track if tags.track else "",
        "WM/PartOfSet": disc if tags.disc else "",
        "MusicBrainz/Track Id": tags.recording_id,
    }
    texts |= {name.replace("MusicBrainz ", "MusicBrainz/"): text for name, _, text in _named(tags)}
    for name, text in texts.items():
        if text:
            found[name] = [text]
    file.seek(0)
    found.save(file)
    return file.getvalue()


_DRESSED: Mapping[str, Callable[[bytes, FileTags], bytes]] = {
    "mp3": _id3,
    "flac": _xiph(FLAC),
    "ogg": _xiph(OggVorbis),
    "opus": _xiph(OggOpus),
    "m4a": _mp4,
    "wma": _asf,
}
