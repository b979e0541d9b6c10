"""Puts values into an open file by mutagen, one family of tags at a time.

What is not ours stays as it is, byte for byte where the family allows it: other people's comments in
broken encodings included. Nothing here decides whether to write, or proves what was written.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from mutagen import MutagenError
from mutagen.apev2 import APENoHeaderError, APEv2
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, ID3, TXXX, UFID, Encoding, Frames, ID3NoHeaderError, PictureType
from mutagen.mp4 import MP4, MP4Cover, MP4FreeForm
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis

from soulspot_arr.audio import opening, streams
from soulspot_arr.audio.families import DASH, NAMES, UFID_OWNER, Kind
from soulspot_arr.audio.tags import Cover, TrackTags
from soulspot_arr.audio.values import Container

_TEXTS = ("title", "artist", "album", "album_artist", "date", "media")
_IDS = (
    "release_id",
    "release_group_id",
    "recording_id",
    "track_id",
    "artist_id",
    "performer_id",
)


def apply(path: Path, container: Container, tags: TrackTags, cover: Cover | None) -> None:
    """Change the tags of the file at `path` in place. Raises MutagenError or OSError."""
    try:
        if container is Container.FLAC:
            _flac(path, tags, cover)
        elif container is Container.MP3:
            _mp3(path, tags, cover)
        elif container is Container.MP4:
            _mp4(path, tags, cover)
        else:
            _ogg(path, container, tags, cover)
    except opening.STUMBLES as error:
        raise MutagenError(str(error)) from error


def _called(kind: Kind, field: str) -> str:
    """The name under which a family keeps the field."""
    return NAMES[field][kind][0]


def _texts(tags: TrackTags) -> Iterator[tuple[str, str]]:
    """Fields and values to be written as they are."""
    for field in _TEXTS:
        if value := getattr(tags, field):
            yield field, value


def _ids(tags: TrackTags) -> Iterator[tuple[str, str]]:
    """Ids to be written, and with an empty value those to be taken away."""
    for field in _IDS:
        value = getattr(tags, field)
        if value is not None:
            yield field, value


def _of(number: int, total: int) -> str:
    return f"{number}/{total}" if total else str(number)


# -- ID3 -------------------------------------------------------------------------------------------


def _mp3(path: Path, tags: TrackTags, cover: Cover | None) -> None:
    reader: Any = ID3
    try:
        found = reader(path)
    except ID3NoHeaderError:
        found = reader()
    _id3(found, tags)
    if cover is not None and not found.getall("APIC"):
        frame: Any = APIC
        kind = PictureType.COVER_FRONT
        found.add(frame(encoding=Encoding.LATIN1, mime=cover.mime, type=kind, data=cover.data))
    found.save(path, v2_version=4)
    _strip_ape(path, tags)


def _id3(found: Any, tags: TrackTags) -> None:
    """Lidarr reads names with a slash whole only from version 2.4, which is what is saved."""
    for field, value in _texts(tags):
        _set_frame(found, _called(Kind.ID3, field), value)
    if tags.number:
        _set_frame(found, "TRCK", _of(tags.number, tags.total))
    if tags.disc:
        _set_frame(found, "TPOS", _of(tags.disc, tags.discs))
    for field, value in _ids(tags):
        name, _, key = _called(Kind.ID3, field).partition(":")
        text = "desc" if name == "TXXX" else "owner"
        for frame in found.getall(name):  # other programs write them with other capitals
            if getattr(frame, text).casefold() == key.casefold():
                found.pop(frame.HashKey, None)
        if value:
            found.add(_id_frame(name, key, value))


def _set_frame(found: Any, name: str, value: str) -> None:
    found.setall(name, [Frames[name](encoding=Encoding.UTF8, text=[value])])


def _id_frame(name: str, key: str, value: str) -> Any:
    if name == "UFID":
        owned: Any = UFID
        return owned(owner=UFID_OWNER, data=value.encode("ascii", "ignore"))
    described: Any = TXXX
    return described(encoding=Encoding.UTF8, desc=key, text=[value])


def _strip_ape(path: Path, tags: TrackTags) -> None:
    """An APE tag at the end of an MP3 is asked for what ID3 does not say: no wrong ids there."""
    reader: Any = APEv2
    try:
        found = reader(path)
    except APENoHeaderError:
        return
    names = [_called(Kind.APE, field) for field, _ in _ids(tags)]
    there = [name for name in names if name in found]
    for name in there:
        del found[name]
    if there:
        found.save(path)


# -- Xiph comments ---------------------------------------------------------------------------------


def _flac(path: Path, tags: TrackTags, cover: Cover | None) -> None:
    reader: Any = FLAC
    audio = reader(path)
    if audio.tags is None:
        audio.add_tags()
        raw = b""
    else:
        raw = _flac_comment(path)
    _keep_raw(audio.tags, _edited(raw, tags))
    if cover is not None and not audio.pictures:
        audio.add_picture(_picture(cover))
    audio.save(path)
    with path.open("rb") as file:
        old_head = opening.id3_length(file)
    if old_head:  # Lidarr believes an ID3 tag before a FLAC in some fields (AudioTag.cs)
        opened: Any = ID3
        with suppress(ID3NoHeaderError):
            head = opened(path)
            _id3(head, tags)
            head.save(path, v2_version=4)


def _flac_comment(path: Path) -> bytes:
    """The body of the comment block, as it is."""
    with path.open("rb") as file:
        at = opening.id3_length(file) + 4
        while True:
            file.seek(at)
            head = file.read(4)
            length = int.from_bytes(head[1:4], "big")
            if len(head) < 4:
                return b""
            if head[0] & 0x7F == 4:
                return file.read(length)
            if head[0] & 0x80:
                return b""
            at += 4 + length


def _ogg(path: Path, container: Container, tags: TrackTags, cover: Cover | None) -> None:
    opus = container is Container.OPUS
    reader: Any = OggOpus if opus else OggVorbis
    with path.open("rb") as file:
        packet = streams.comment_packet(file)
    audio = reader(path)
    raw = packet[8 if opus else 7 :]  # "OpusTags", "\3vorbis"
    extra = []
    if cover is not None and not {"metadata_block_picture", "coverart"} & set(audio.tags.keys()):
        block = base64.b64encode(_picture(cover).write())
        extra.append(b"METADATA_BLOCK_PICTURE=" + block)
    _keep_raw(audio.tags, _edited(raw, tags, extra), framed=not opus)
    audio.save(path)


def _keep_raw(comment: Any, raw: bytes, *, framed: bool = False) -> None:
    """mutagen decodes and encodes comments again, which breaks what was broken before."""

    def write(*_: object, framing: bool = framed) -> bytes:
        return raw + (b"\x01" if framing else b"")

    comment.write = write


def _edited(raw: bytes, tags: TrackTags, extra: Iterable[bytes] = ()) -> bytes:
    """The comments with ours in place of those of the same names."""
    vendor, lines = _lines(raw)
    ours = dict(_xiph(tags))
    names = {name.casefold().encode() for name in ours}
    kept = [line for line in lines if line.partition(b"=")[0].lower() not in names]
    kept += [f"{name}={value}".encode() for name, value in ours.items() if value]
    kept += extra
    head = struct.pack("<I", len(vendor)) + vendor + struct.pack("<I", len(kept))
    return head + b"".join(struct.pack("<I", len(line)) + line for line in kept)


def _lines(raw: bytes) -> tuple[bytes, list[bytes]]:
    """Vendor and lines of a comment; what is cut at the end is left out."""
    if len(raw) < 8:
        return b"", []
    length = int.from_bytes(raw[:4], "little")
    vendor, at = raw[4 : 4 + length], 4 + length
    count = int.from_bytes(raw[at : at + 4], "little")
    at += 4
    lines = []
    for _ in range(count):
        length = int.from_bytes(raw[at : at + 4], "little")
        if at + 4 + length > len(raw):
            break
        lines.append(raw[at + 4 : at + 4 + length])
        at += 4 + length
    return vendor, lines


def _xiph(tags: TrackTags) -> Iterator[tuple[str, str]]:
    for field, value in (*_texts(tags), *_ids(tags)):
        yield _called(Kind.XIPH, field), value
    numbers = (
        ("TRACKNUMBER", tags.number),
        ("TRACKTOTAL", tags.total),
        ("TOTALTRACKS", tags.total),
        ("DISCNUMBER", tags.disc),
        ("DISCTOTAL", tags.discs),
        ("TOTALDISCS", tags.discs),
    )
    yield from ((name, str(number)) for name, number in numbers if number)


def _picture(cover: Cover) -> Any:
    made: Any = Picture
    picture = made()
    picture.type, picture.mime, picture.data = PictureType.COVER_FRONT, cover.mime, cover.data
    return picture


# -- MP4 -------------------------------------------------------------------------------------------


def _mp4(path: Path, tags: TrackTags, cover: Cover | None) -> None:
    reader: Any = MP4
    audio = reader(path)
    if audio.tags is None:
        audio.add_tags()
    found = audio.tags
    for field, value in (*_texts(tags), *_ids(tags)):
        name = _called(Kind.MP4, field)
        if not name.startswith(DASH):
            found[name] = [value.replace(";", ",")]  # TagLib ends a value there (AppleTag.cs)
            continue
        for key in [key for key in found if key.casefold() == name.casefold()]:
            del found[key]
        if value:
            freeform: Any = MP4FreeForm
            found[name] = [freeform(value.encode())]
    for name, number, total in (
        ("trkn", tags.number, tags.total),
        ("disk", tags.disc, tags.discs),
    ):
        if number:
            found[name] = [(number, total or _total(found.get(name)))]
    if cover is not None and not found.get("covr"):
        made: Any = MP4Cover
        kind = MP4Cover.FORMAT_PNG if cover.mime == "image/png" else MP4Cover.FORMAT_JPEG
        found["covr"] = [made(cover.data, imageformat=kind)]
    audio.save(path)


def _total(pairs: Any) -> int:
    """The total that is there already."""
    return int(pairs[0][1]) if pairs else 0
