"""Finds the sound in a file, so that it can be proven unchanged while everything else changes.

For each container that is tagged here: the byte ranges of the sound itself, and a skeleton of what
is needed to play it (tables of an MP4, header packets and page marks of an Ogg). Reads only.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, cast

from soulspot_arr.audio import opening
from soulspot_arr.audio.structure import Atom, atoms
from soulspot_arr.audio.values import Container

_BLOCK = 256 * 1024
_HEADER_PACKETS = {Container.VORBIS: 3, Container.OPUS: 2}
_TABLES = (b"moov", b"trak", b"mdia", b"minf", b"stbl")


class Unmappable(Exception):  # not an error: such a file is left alone
    """The sound of the file cannot be told from the rest of it."""


@dataclass(slots=True)
class Stream:
    """Where the sound lies: offsets and lengths in order, and what else belongs to it."""

    pieces: list[tuple[int, int]] = field(default_factory=list)
    skeleton: list[bytes] = field(default_factory=list)

    @property
    def length(self) -> int:
        """Bytes of the sound."""
        return sum(length for _, length in self.pieces)


def stream_of(file: BinaryIO, container: Container, size: int) -> Stream:
    """The sound of an open file. Raises Unmappable for other containers and broken files."""
    try:
        if container is Container.FLAC:
            return _flac(file, size)
        if container is Container.MP3:
            start = opening.id3_length(file)
            return Stream([(start, opening.tail(file, start, size) - start)])
        if container is Container.MP4:
            return _mp4(file, size)
        if container in _HEADER_PACKETS:
            return _ogg(file, size, _HEADER_PACKETS[container])
    except (IndexError, struct.error) as error:
        raise Unmappable("it is not built as it should be") from error
    raise Unmappable(f"{container} is not a kind that is tagged here")


def fingerprint(path: Path) -> str:
    """SHA-256 (hex) of the sound: the same before and after any change of tags."""
    with opening.opened(path) as (file, size):
        container = opening.container_of(file)
        if container is None:
            raise Unmappable("it holds no audio")
        stream = stream_of(file, container, size)
        digest = hashlib.sha256()
        for part in stream.skeleton:
            digest.update(part)
        for block in _blocks(file, stream):
            digest.update(block)
    return digest.hexdigest()


def same(left: tuple[BinaryIO, Stream], right: tuple[BinaryIO, Stream]) -> bool:
    """Whether two open files hold the same sound, byte for byte."""
    a, b = left[1], right[1]
    if a.skeleton != b.skeleton or [n for _, n in a.pieces] != [n for _, n in b.pieces]:
        return False
    pairs = zip(_blocks(*left), _blocks(*right), strict=True)
    return all(one == other for one, other in pairs)


def _blocks(file: BinaryIO, stream: Stream) -> Iterator[bytes | bytearray]:
    """The sound in blocks, each valid until the next is asked for.

    Into one buffer again and again: fresh ones cost more than reading and comparing them.
    """
    whole = bytearray(_BLOCK)
    reader = cast(BufferedReader, file)
    for start, length in stream.pieces:
        file.seek(start)
        for at in range(0, length, _BLOCK):
            if length - at < _BLOCK:
                yield file.read(length - at)
            else:
                count = reader.readinto(whole)
                yield whole if count == _BLOCK else whole[:count]


def _flac(file: BinaryIO, size: int) -> Stream:
    at = opening.id3_length(file) + 4
    last, info = False, b""
    while not last:
        file.seek(at)
        head = file.read(4)
        last = bool(head[0] & 0x80)
        if head[0] & 0x7F == 0:
            info = file.read(34)
        at += 4 + int.from_bytes(head[1:], "big")
    if at > size:
        raise Unmappable("its blocks reach beyond its end")
    return Stream([(at, opening.tail(file, at, size) - at)], [info])


# -- MP4 -------------------------------------------------------------------------------------------


def _mp4(file: BinaryIO, size: int) -> Stream:
    stream = Stream()
    tables: list[Atom] = []
    for atom in atoms(file, 0, size):
        if atom.name == b"moof":
            raise Unmappable("it is cut into fragments")
        if atom.end > size:
            raise Unmappable("its boxes reach beyond its end")
        if atom.name == b"mdat":
            stream.pieces.append((atom.content, atom.end - atom.content))
        tables += _inside(file, atom, _TABLES)
    for table in tables:
        file.seek(table.content)
        data = file.read(table.end - table.content)
        if table.name in (b"stco", b"co64"):
            data = _relative(data, stream.pieces, wide=table.name == b"co64")
        stream.skeleton.append(table.name + data)
    if not stream.pieces or not stream.skeleton:
        raise Unmappable("its sound is not where it should be")
    return stream


def _inside(file: BinaryIO, atom: Atom, path: tuple[bytes, ...]) -> list[Atom]:
    """The sample tables below a box."""
    if atom.name != path[0]:
        return []
    children = list(atoms(file, atom.content, atom.end))
    if len(path) == 1:
        return children
    return [found for child in children for found in _inside(file, child, path[1:])]


def _relative(data: bytes, pieces: list[tuple[int, int]], *, wide: bool) -> bytes:
    """Chunk offsets counted from the sound instead of the file: those do not move."""
    count = int.from_bytes(data[4:8], "big")
    width = 8 if wide else 4
    offsets = struct.unpack(f">{count}{'Q' if wide else 'I'}", data[8 : 8 + width * count])
    places = []
    for offset in offsets:
        before = 0
        for start, length in pieces:
            if start <= offset <= start + length:
                places.append(before + offset - start)
                break
            before += length
        else:
            raise Unmappable("its tables lead elsewhere")
    return repr(places).encode()


# -- Ogg -------------------------------------------------------------------------------------------


def _ogg(file: BinaryIO, size: int, headers: int) -> Stream:
    stream = Stream()
    packets: list[bytes] = [b""]
    at = 0
    while at < size:
        file.seek(at)
        head = file.read(27)
        if head[:4] != b"OggS" or len(head) < 27:
            stream.pieces.append((at, size - at))  # whatever it is, it must stay
            break
        lacing = file.read(head[26])
        body = sum(lacing)
        if len(packets) <= headers:
            _collect(packets, lacing, file.read(body))
        else:
            stream.skeleton.append(head[5:18] + lacing)  # flags, position, stream; not the CRC
            stream.pieces.append((at + 27 + len(lacing), body))
        at += 27 + len(lacing) + body
    if len(packets) <= headers:
        raise Unmappable("its headers are not whole")
    # All but the comment: what a decoder is set up with.
    stream.skeleton += [packets[0], *packets[2:headers]]
    return stream


def _collect(packets: list[bytes], lacing: bytes, body: bytes) -> None:
    at = 0
    for length in lacing:
        packets[-1] += body[at : at + length]
        at += length
        if length < 255:
            packets.append(b"")


def comment_packet(file: BinaryIO) -> bytes:
    """The second packet of an Ogg stream: its comments, as they are."""
    packets: list[bytes] = [b""]
    at = 0
    while len(packets) < 3:
        file.seek(at)
        head = file.read(27)
        if len(head) < 27 or head[:4] != b"OggS":
            raise Unmappable("its headers are not whole")
        lacing = file.read(head[26])
        _collect(packets, lacing, file.read(sum(lacing)))
        at = file.tell()
    return packets[1]
