"""Does a file reach its own end? Reads headers only, so a truncated file is found in milliseconds.

Every container promises a length somewhere; what is promised and not there was never transferred.
Formats without such a promise are left to the decoder. Knows nothing of tags.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from soulspot_arr.audio.opening import id3_length, tail
from soulspot_arr.audio.values import Container

_UNKNOWN = {0, 0xFFFFFFFF}  # a length that was not known when the header was written
_TAIL = 65_536
_MOST_PARTS = 100_000  # boxes or chunks; a file may be nothing but empty ones
_SLACK = 0.98  # of the bytes an MP3's own header promises; encoders count them differently


class Atom(NamedTuple):
    """One box of an MP4 file: where its content starts and where it ends."""

    name: bytes
    start: int
    content: int
    end: int


def shortfall(file: BinaryIO, container: Container, size: int) -> str:
    """What is missing at the end of the file, as words for a sentence; empty when nothing is."""
    if container is Container.MP4:
        return _mp4(file, size)
    if container in (Container.VORBIS, Container.OPUS, Container.OGG_FLAC):
        return _ogg(file, size)
    if container is Container.FLAC:
        return _flac(file, size)
    if container in (Container.WAV, Container.AIFF):
        return _chunks(file, size, big=container is Container.AIFF)
    if container in (Container.MP3, Container.MP2):
        return _mpeg(file, size)
    return ""


def _lacks(missing: int) -> str:
    return f"{missing:,} bytes are missing at its end"


def atoms(file: BinaryIO, start: int, end: int) -> Iterator[Atom]:
    """The boxes between two offsets; the last one may claim to end beyond."""
    for _ in range(_MOST_PARTS):
        if start + 8 > end:
            return
        file.seek(start)
        head = file.read(16)
        if len(head) < 8:
            return
        length, name, content = int.from_bytes(head[:4], "big"), head[4:8], start + 8
        if length == 1 and len(head) == 16:
            length, content = int.from_bytes(head[8:], "big"), start + 16
        elif length == 0:
            length = end - start
        if length < content - start:
            return
        yield Atom(name, start, content, start + length)
        start += length


def _mp4(file: BinaryIO, size: int) -> str:
    names = set()
    for atom in atoms(file, 0, size):
        names.add(atom.name)
        if atom.end > size:
            return _lacks(atom.end - size)
    return "" if {b"moov", b"mdat"} <= names else "a part of it is missing"


def _ogg(file: BinaryIO, size: int) -> str:
    start = max(0, size - _TAIL - 65_307)  # no page is longer
    file.seek(start)
    data = file.read()
    at = data.rfind(b"OggS")
    while at >= 0:
        head = data[at : at + 27]
        if len(head) < 27 or len(data) < at + 27 + head[26]:
            return "its last page is cut"
        body = sum(data[at + 27 : at + 27 + head[26]])
        end = at + 27 + head[26] + body
        if end > len(data):
            return _lacks(end - len(data))
        # The letters may stand in the sound by chance; a page's version is 0.
        if head[4] == 0:
            return "" if head[5] & 4 else "the mark of its end is missing"
        at = data.rfind(b"OggS", 0, at)
    return "its last page is missing"


def _chunks(file: BinaryIO, size: int, *, big: bool) -> str:
    wanted = b"SSND" if big else b"data"
    at = 12 + id3_length(file)
    for _ in range(_MOST_PARTS):
        if at + 8 > size:
            break
        file.seek(at)
        name, length = struct.unpack(">4sI" if big else "<4sI", file.read(8))
        if name == wanted:
            missing = at + 8 + length - size
            return _lacks(missing) if missing > 0 and length not in _UNKNOWN else ""
        at += 8 + length + length % 2
    return "its sound is missing"


def _flac(file: BinaryIO, size: int) -> str:
    """The last frame that can be found tells how far the sound goes."""
    at = id3_length(file) + 4
    file.seek(at)
    block = file.read(4 + 34)
    if len(block) < 38 or block[0] & 0x7F:
        return "a part of it is missing"
    smallest = int.from_bytes(block[4:6], "big")
    largest = int.from_bytes(block[11:14], "big") or _TAIL
    total = int.from_bytes(block[17:22], "big") & 0xFFFFFFFFF
    if not total:
        return ""
    end = tail(file, at, size)
    start = max(at, end - 2 * largest - 2048)
    file.seek(start)
    data = file.read(end - start)
    reached = max(_frame_ends(data, smallest), default=0)
    return "" if reached >= total else "its last frames are missing"


def _frame_ends(data: bytes, fixed: int) -> Iterator[int]:
    """The number of the sample at which each FLAC frame in the data ends."""
    place = data.find(b"\xff")
    while place >= 0:
        head = data[place : place + 16].ljust(16, b"\0")  # a last frame of silence is as short
        if head[1] & 0xFE == 0xF8:
            end = _frame_end(head, fixed)
            if end:
                yield end
        place = data.find(b"\xff", place + 1)


def _frame_end(head: bytes, fixed: int) -> int:
    """The sample at which a frame ends; 0 when this is not the head of a frame."""
    ones = (~head[4] & 0xFF).bit_length()  # of the lead byte of a number like UTF-8's
    extra = max(0, 7 - ones)
    code = head[2] >> 4
    if not code or ones == 7 or extra > 6:
        return 0
    number = head[4] & (0x7F >> extra)
    for byte in head[5 : 5 + extra]:
        number = number << 6 | byte & 0x3F
    at = 5 + extra
    if code == 6:
        samples, at = head[at] + 1, at + 1
    elif code == 7:
        samples, at = int.from_bytes(head[at : at + 2], "big") + 1, at + 2
    else:
        samples = 192 if code == 1 else 576 << (code - 2) if code < 6 else 256 << (code - 8)
    at += {12: 1, 13: 2, 14: 2}.get(head[2] & 0xF, 0)
    if at >= len(head) or _crc8(head[:at]) != head[at]:
        return 0
    first = number if head[1] & 1 else number * fixed
    return first + samples


def _crc8(data: bytes) -> int:
    value = 0
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value << 1 ^ 0x07) & 0xFF if value & 0x80 else value << 1
    return value


def _mpeg(file: BinaryIO, size: int) -> str:
    start = id3_length(file)
    file.seek(start)
    head = file.read(512)
    promised = _promised(head)
    missing = promised - (size - start)
    return _lacks(missing) if promised and size - start < promised * _SLACK else ""


def _promised(head: bytes) -> int:
    """Bytes of sound that the Xing, Info or VBRI header of an MP3 tells; 0 when it tells none."""
    for mark in (b"Xing", b"Info"):
        at = head.find(mark, 4, 48)
        if at > 0 and len(head) >= at + 16:
            flags = int.from_bytes(head[at + 4 : at + 8], "big")
            place = at + 8 + (4 if flags & 1 else 0)
            return int.from_bytes(head[place : place + 4], "big") if flags & 2 else 0
    if head[36:40] == b"VBRI" and len(head) >= 50:
        return int.from_bytes(head[46:50], "big")
    return 0
