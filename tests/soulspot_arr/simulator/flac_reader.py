"""A small FLAC decoder written from the format description, to check what the simulator writes.

Reads only what it needs to: fixed block size, constant and verbatim subframes, stereo decorrelation.
It shares no code with the generator and computes every CRC bit by bit.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Decoded:
    """STREAMINFO as written, and what the frames really hold."""

    rate: int
    channels: int
    bits: int
    total: int
    md5: bytes
    decoded: int
    decoded_md5: bytes
    frame_sizes: tuple[int, int]
    announced_sizes: tuple[int, int]


class Bits:
    """Reads big-endian bits."""

    def __init__(self, data: bytes, at: int) -> None:
        self.data, self.at, self.bit = data, at, 0

    def take(self, count: int) -> int:
        first, last = self.bit, self.bit + count
        chunk = int.from_bytes(self.data[self.at : self.at + (last + 7) // 8], "big")
        self.at, self.bit = self.at + last // 8, last % 8
        spare = -last % 8
        return chunk >> spare & ((1 << count) - 1) if first or spare else chunk

    def signed(self, count: int) -> int:
        value = self.take(count)
        return value - (1 << count) if value >> (count - 1) else value

    def align(self) -> None:
        if self.bit:
            self.at, self.bit = self.at + 1, 0


def crc(data: bytes, polynomial: int, width: int) -> int:
    value, top, mask = 0, 1 << (width - 1), (1 << width) - 1
    for byte in data:
        value ^= byte << (width - 8)
        for _ in range(8):
            value = (value << 1 ^ polynomial if value & top else value << 1) & mask
    return value


def decode(data: bytes) -> Decoded:
    """Decode a whole stereo file; raises AssertionError where it is not valid."""
    assert data[:4] == b"fLaC"
    at, last, info = 4, False, b""
    while not last:
        last, kind = bool(data[at] & 0x80), data[at] & 0x7F
        length = int.from_bytes(data[at + 1 : at + 4], "big")
        if kind == 0:
            info = data[at + 4 : at + 4 + length]
        at += 4 + length
    packed = int.from_bytes(info[10:18], "big")
    bits = (packed >> 36 & 31) + 1
    digest, decoded, number, sizes = hashlib.md5(usedforsecurity=False), 0, 0, []
    while at < len(data):
        end, pcm, count = frame(data, at, number, bits)
        digest.update(pcm)
        sizes.append(end - at)
        at, number, decoded = end, number + 1, decoded + count
    return Decoded(
        packed >> 44,
        (packed >> 41 & 7) + 1,
        bits,
        packed & (1 << 36) - 1,
        info[18:],
        decoded,
        digest.digest(),
        (min(sizes), max(sizes)),
        (int.from_bytes(info[4:7], "big"), int.from_bytes(info[7:10], "big")),
    )


def frame(data: bytes, at: int, number: int, bits: int) -> tuple[int, bytes, int]:
    """One frame: where it ends, its interleaved PCM, its samples."""
    reader = Bits(data, at)
    assert reader.take(16) == 0xFFF8
    size_code, _rate, channels, depth = (reader.take(n) for n in (4, 4, 4, 3))
    assert reader.take(1) == 0
    assert (channels, {4: 16, 6: 24}[depth]) == (10, bits)
    assert utf8(reader) == number
    assert size_code in {7, 12}
    count = 4096 if size_code == 12 else reader.take(16) + 1
    head = data[at : reader.at]
    assert reader.take(8) == crc(head, 0x07, 8)
    mid = subframe(reader, bits, count)
    side = subframe(reader, bits + 1, count)
    reader.align()
    body = data[at : reader.at]
    assert reader.take(16) == crc(body, 0x8005, 16)
    width, pcm = bits // 8, bytearray()
    for middle, difference in zip(mid, side, strict=True):
        doubled = middle << 1 | difference & 1
        for value in ((doubled + difference) >> 1, (doubled - difference) >> 1):
            pcm += value.to_bytes(width, "little", signed=True)
    return reader.at, bytes(pcm), count


def utf8(reader: Bits) -> int:
    first = reader.take(8)
    if first < 0x80:
        return first
    extra = 1
    while first & 0x40 >> extra:
        extra += 1
    value = first & (0x3F >> extra)
    for _ in range(extra):
        byte = reader.take(8)
        assert byte >> 6 == 2
        value = value << 6 | byte & 0x3F
    return value


def subframe(reader: Bits, bits: int, count: int) -> list[int]:
    assert reader.take(1) == 0
    kind = reader.take(6)
    assert reader.take(1) == 0
    if kind == 0:
        return [reader.signed(bits)] * count
    assert kind == 1
    return [reader.signed(bits) for _ in range(count)]
