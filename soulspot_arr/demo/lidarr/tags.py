"""What Lidarr's tag reader finds in an audio file: the fields it compares and the quality it sees.

The file's ending decides how it is read, so a renamed file is unreadable and loses every tag, as
with Lidarr's TagLib (contract lidarr §9.5). Reads one file, writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mutagen
from mutagen.aiff import AIFF
from mutagen.asf import ASF
from mutagen.flac import FLAC
from mutagen.id3 import ID3
from mutagen.monkeysaudio import MonkeysAudio
from mutagen.mp3 import MP3, BitrateMode
from mutagen.mp4 import MP4
from mutagen.oggflac import OggFLAC
from mutagen.oggopus import OggOpus
from mutagen.oggspeex import OggSpeex
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE
from mutagen.wavpack import WavPack

from soulspot_arr.demo.lidarr.countries import country
from soulspot_arr.demo.lidarr.likeness import track_title
from soulspot_arr.rules.lidarr.quality import UNKNOWN, quality_of

_OGG = (OggVorbis, OggOpus, OggFLAC, OggSpeex)
_READERS: Mapping[str, tuple[type[Any], ...]] = {
    ".mp2": (MP3,),
    ".mp3": (MP3,),
    ".m4a": (MP4,),
    ".m4b": (MP4,),
    ".m4p": (MP4,),
    ".ogg": _OGG,
    ".oga": _OGG,
    ".opus": _OGG,
    ".wma": (ASF,),
    ".wav": (WAVE,),
    ".wv": (WavPack,),
    ".flac": (FLAC,),
    ".ape": (MonkeysAudio,),
    ".aif": (AIFF,),
    ".aiff": (AIFF,),
    ".aifc": (AIFF,),
}
AUDIO_ENDINGS = frozenset(_READERS)
"""The endings Lidarr takes for music (contract lidarr §9.3)."""

# Field by field: the ID3 frame, the Vorbis comment, the MP4 atom, the APE key, the ASF attribute.
_FIELDS: Mapping[str, tuple[str, str, str, str, str]] = {
    "title": ("TIT2", "title", "\xa9nam", "Title", "Title"),
    "album": ("TALB", "album", "\xa9alb", "Album", "WM/AlbumTitle"),
    "performer": ("TPE1", "artist", "\xa9ART", "Artist", "Author"),
    "album_artist": ("TPE2", "albumartist", "aART", "Album Artist", "WM/AlbumArtist"),
    "number": ("TRCK", "tracknumber", "trkn", "Track", "WM/TrackNumber"),
    "disc": ("TPOS", "discnumber", "disk", "Disc", "WM/PartOfSet"),
    "discs": ("", "disctotal", "", "", ""),
    "year": ("TDRC", "date", "\xa9day", "Year", "WM/Year"),
    "label": ("TPUB", "label", "publisher", "Label", "WM/Publisher"),
    "organization": ("", "organization", "", "", ""),
    "title_sort": ("TSOT", "titlesort", "sonm", "TitleSort", "WM/TitleSortOrder"),
    "album_sort": ("TSOA", "albumsort", "soal", "AlbumSort", "WM/AlbumSortOrder"),
}
_IDS: Mapping[str, tuple[str, str, str]] = {
    "release_id": ("MusicBrainz Album Id", "musicbrainz_albumid", "MusicBrainz/Album Id"),
    "album_id": (
        "MusicBrainz Release Group Id",
        "musicbrainz_releasegroupid",
        "MusicBrainz/Release Group Id",
    ),
    "recording_id": ("MusicBrainz Track Id", "musicbrainz_trackid", "MusicBrainz/Track Id"),
    "country": (
        "MusicBrainz Album Release Country",
        "releasecountry",
        "MusicBrainz/Album Release Country",
    ),
    "comment": (
        "MusicBrainz Album Comment",
        "musicbrainz_albumcomment",
        "MusicBrainz/Album Comment",
    ),
}
_MP3_RATES = frozenset({8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320})
_VORBIS_RATES = {160: "Q5", 192: "Q6", 224: "Q7", 256: "Q8", 320: "Q9", 500: "Q10"}
_OPUS_LIMITS = ((130, ""), (180, "Q5"), (205, "Q6"), (240, "Q7"), (290, "Q8"), (410, "Q9"))


@dataclass(slots=True)
class FileTags:
    """What was read; None and 0 where nothing was found. The file name may fill gaps later."""

    title: str | None = None
    clean_title: str | None = None
    album: str | None = None
    artist: str | None = None
    number: int = 0
    disc: int = 0
    discs: int = 0
    year: int = 0
    seconds: float = 0.0
    label: str | None = None
    country: str | None = None
    comment: str | None = None
    album_id: str | None = None
    release_id: str | None = None
    recording_id: str | None = None
    quality: str = UNKNOWN


@dataclass(slots=True, eq=False)
class LocalFile:
    """One file on its way in; compared by identity."""

    path: str
    size: int
    tags: FileTags = field(default_factory=FileTags)


def read_file(path: str, size: int) -> LocalFile:
    """A file with its tags."""
    return LocalFile(path, size, read_tags(path))


def read_tags(path: str) -> FileTags:
    """All fields of one file; only the quality (from its name) when it cannot be read."""
    readers = _READERS.get(Path(path).suffix.lower(), ())
    try:
        audio: Any = mutagen.File(path, options=list(readers)) if readers else None
    except (mutagen.MutagenError, OSError, ValueError, EOFError, IndexError, KeyError):
        audio = None
    if audio is None:
        return FileTags(quality=quality_of(path))
    found = _values(audio, path)
    disc, discs = _pair(found("disc"))
    title = found("title") or found("title_sort")
    artist = found("album_artist")
    return FileTags(
        title=title,
        clean_title=None if title is None else track_title(title),
        album=found("album") or found("album_sort"),
        # The first album artist, and the first performer only when there is none.
        artist=artist if artist and artist.strip() else found("performer"),
        number=_pair(found("number"))[0],
        disc=disc,
        discs=_pair(found("discs"))[0] or discs,
        year=_number((found("year") or "")[:4]),
        seconds=float(getattr(audio.info, "length", 0.0) or 0.0),
        label=found("label"),
        country=country(found("country")),
        comment=found("comment"),
        album_id=found("album_id"),
        release_id=found("release_id"),
        recording_id=found("recording_id"),
        quality=_quality(audio, path),
    )


def _values(audio: Any, path: str) -> Callable[[str], str | None]:
    tags = audio.tags
    if isinstance(audio, MP3 | WAVE | AIFF):
        return lambda name: _id3(tags, name)
    if isinstance(audio, MP4):
        return lambda name: _mp4(tags, name)
    if isinstance(audio, ASF):
        return lambda name: _keyed(tags, name, 4, 2)
    if isinstance(audio, MonkeysAudio | WavPack):
        return lambda name: _keyed(tags, name, 3, 1)
    return _vorbis(tags, path)


def _vorbis(tags: Any, path: str) -> Callable[[str], str | None]:
    """Comments first; an ID3 tag stuck onto a FLAC fills what they lack, and hides the label."""
    foreign = _stuck_on(path)

    def found(name: str) -> str | None:
        key = "organization" if name == "label" and foreign is not None else name
        value = None if tags is None else _keyed(tags, key, 1, 1)
        if name in ("label", "comment") and foreign is None:
            values = _list(tags, _FIELDS["label"][1] if name == "label" else _IDS["comment"][1])
            return values[0] if len(values) == 1 else None
        if name == "album_artist" and value is None:
            value = next(iter(_list(tags, "album artist") or _list(tags, "ensemble")), None)
        return _id3(foreign, name) if value is None and foreign is not None else value

    return found


def _stuck_on(path: str) -> Any:
    if not path.lower().endswith(".flac"):
        return None
    try:
        return ID3(path)  # type: ignore[no-untyped-call]
    except (mutagen.MutagenError, OSError, ValueError, EOFError):
        return None


def _list(tags: Any, key: str) -> Sequence[str]:
    values = [] if tags is None else tags.get(key) or []
    return [str(value) for value in values]


def _keyed(tags: Any, name: str, column: int, id_column: int) -> str | None:
    key = _FIELDS[name][column] if name in _FIELDS else _IDS[name][id_column]
    value = None if tags is None or not key else tags.get(key)
    return _first(value)


def _id3(tags: Any, name: str) -> str | None:
    if tags is None:
        return None
    if name == "recording_id":
        owner = tags.get("UFID:http://musicbrainz.org")
        return None if owner is None else owner.data.decode("latin-1") or None
    if name in _IDS:
        return _described(tags, name)
    frame = tags.get(_FIELDS[name][0])
    texts = [] if frame is None else [str(text) for text in frame.text]
    if name in ("performer", "album_artist"):
        # Up to ID3v2.3 a slash parts the names, whatever it stands for.
        return _first(texts[0].split("/") if texts and tags.version < (2, 4) else texts)
    return "; ".join(texts) or None


def _described(tags: Any, name: str) -> str | None:
    """A frame with a description, in any capitals; of several comments Lidarr takes none."""
    for frame in tags.getall("TXXX"):
        if frame.desc.lower() == _IDS[name][0].lower():
            texts = [str(text) for text in frame.text]
            return None if name == "comment" and len(texts) > 1 else ";".join(texts) or None
    return None


def _mp4(tags: Any, name: str) -> str | None:
    if tags is None:
        return None
    if name in _IDS or name == "label":
        word = _IDS[name][0] if name in _IDS else _FIELDS[name][2]
        value = tags.get(f"----:com.apple.iTunes:{word}")
        return bytes(value[0]).decode("utf-8", "replace") if value else None
    key = _FIELDS[name][2]
    value = tags.get(key) if key else None
    if value and isinstance(value[0], tuple):
        return "/".join(str(number) for number in value[0])
    text = _first(value)
    return text.split(";")[0].strip() or None if text else None  # TagLib parts names there


def _first(value: Any) -> str | None:
    texts = getattr(value, "text", value)
    if isinstance(texts, list | tuple):
        texts = texts[0] if texts else None
    return None if texts is None else str(texts).split("\0", maxsplit=1)[0] or None


def _pair(text: str | None) -> tuple[int, int]:
    """`3/12` as (3, 12); 0 for what is missing or no number."""
    first, second = [*map(_number, (text or "").split("/")), 0][:2]
    return first, second


def _number(text: str) -> int:
    """What .NET takes for a number of 32 bits; 0 for anything else."""
    digits = text.strip().removeprefix("+")
    number = int(digits) if digits.isascii() and digits.isdecimal() else 0
    return number if number < 2**32 else 0


def _quality(audio: Any, path: str) -> str:
    """The quality of the stream (contract lidarr §7.4, last column); by name when it has none."""
    info = audio.info
    rate = round(getattr(info, "bitrate", 0) / 1000)
    quality = UNKNOWN
    if isinstance(audio, FLAC | OggFLAC):
        quality = "FLAC 24bit" if info.bits_per_sample == 24 else "FLAC"
    elif isinstance(audio, MP3):
        quality = _mp3(info, rate)
    elif isinstance(audio, MP4):
        quality = _m4a(info, rate)
    elif isinstance(audio, OggOpus):
        quality = _opus(path, info.length)
    elif isinstance(audio, OggVorbis):
        level = _VORBIS_RATES.get(rate or _estimated(path, info.length))
        quality = f"OGG Vorbis {level}" if level else UNKNOWN
    else:
        named = {ASF: "WMA", WAVE: "WAV", MonkeysAudio: "APE", WavPack: "WavPack"}
        quality = named.get(type(audio), UNKNOWN)
    return quality if quality != UNKNOWN else quality_of(path)


def _mp3(info: Any, rate: int) -> str:
    if info.layer != 3:
        return UNKNOWN
    if info.bitrate_mode in (BitrateMode.VBR, BitrateMode.ABR):
        return "MP3-VBR-V0"
    return f"MP3-{rate}" if rate in _MP3_RATES else UNKNOWN


def _m4a(info: Any, rate: int) -> str:
    if str(info.codec).startswith("alac"):
        return "ALAC 24bit" if info.bits_per_sample == 24 else "ALAC"
    return f"AAC-{rate}" if rate in (192, 256, 320) else "AAC-VBR"


def _opus(path: str, seconds: float) -> str:
    rate = _estimated(path, seconds)
    level = next((name for limit, name in _OPUS_LIMITS if rate < limit), "Q10")
    return f"OGG Vorbis {level}" if level else UNKNOWN


def _estimated(path: str, seconds: float) -> int:
    """What Lidarr makes of the size when the reader tells no bitrate, as for Opus."""
    return int(Path(path).stat().st_size * 8 / (seconds * 1024)) if seconds else 0
