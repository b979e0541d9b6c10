"""FLAC streams of quiet noise: every frame valid, every size known before a byte is made.

Frames are mid/side with a verbatim mid channel and a constant side channel, so a stereo stream at
16 bit/44.1 kHz runs at about 706 kbit/s: a believable size for very little work. CRCs of the large
repeated bodies are computed once; a frame's own CRC follows by linearity. No tags logic beyond
writing what it is given; no files.
"""

from __future__ import annotations

import hashlib
import random
import struct
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

BLOCK = 4096
_BODIES = 8
_RATE_CODES = {44100: 9, 48000: 10, 88200: 1, 96000: 11, 176400: 2, 192000: 3}
_BIT_CODES = {16: 4, 24: 6}
_PADDING = 8192
_MID_SIDE = 10


def _crc_table(polynomial: int, bits: int) -> tuple[int, ...]:
    top, mask = 1 << (bits - 1), (1 << bits) - 1
    table = []
    for byte in range(256):
        value = byte << (bits - 8)
        for _ in range(8):
            value = ((value << 1) ^ polynomial if value & top else value << 1) & mask
        table.append(value)
    return tuple(table)


_CRC8 = _crc_table(0x07, 8)
_CRC16 = _crc_table(0x8005, 16)


def _crc8(data: bytes) -> int:
    value = 0
    for byte in data:
        value = _CRC8[value ^ byte]
    return value


def _crc16(data: bytes, value: int = 0) -> int:
    for byte in data:
        value = ((value << 8) & 0xFFFF) ^ _CRC16[(value >> 8) ^ byte]
    return value


@lru_cache(maxsize=64)
def _shift(length: int) -> tuple[int, ...]:
    """What each CRC bit becomes after `length` zero bytes; CRCs are linear, so this is enough."""
    step = [_crc16(b"\0", 1 << bit) for bit in range(16)]
    result = [1 << bit for bit in range(16)]
    while length:
        if length & 1:
            result = [_apply(step, value) for value in result]
        step = [_apply(step, value) for value in step]
        length >>= 1
    return tuple(result)


def _apply(matrix: Sequence[int], value: int) -> int:
    total = 0
    bit = 0
    while value:
        if value & 1:
            total ^= matrix[bit]
        value >>= 1
        bit += 1
    return total


@lru_cache(maxsize=256)
def _body(bits: int, number: int, samples: int) -> tuple[bytes, int, bytes]:
    """Subframes of one block, their CRC-16, and the little-endian PCM they decode to."""
    noise = random.Random(number * 31 + bits)
    quiet = 1 << (bits - 8)
    mids = [noise.randrange(-quiet, quiet) for _ in range(samples)]
    width = bits // 8
    mid = b"".join(value.to_bytes(width, "big", signed=True) for value in mids)
    pcm = b"".join(value.to_bytes(width, "little", signed=True) * 2 for value in mids)
    # Subframe headers: 0x02 verbatim; 0x00 constant. The side sample has one bit more than the
    # mid ones, so 8 + bits + 1 bits follow, padded to a byte.
    side = bytes((8 + bits + 1 + 7) // 8)
    body = b"\x02" + mid + side
    return body, _crc16(body), pcm


def _utf8_number(value: int) -> bytes:
    if value < 0x80:
        return bytes([value])
    extra = 1
    while value >= 1 << (5 * extra + 6):
        extra += 1
    lead = (0xFF << (7 - extra)) & 0xFF
    out = [lead | (value >> (6 * extra))]
    out += [0x80 | ((value >> (6 * shift)) & 0x3F) for shift in range(extra - 1, -1, -1)]
    return bytes(out)


def _number_length(value: int) -> int:
    return len(_utf8_number(value))


def _frame(number: int, rate: int, bits: int, content: tuple[int, int]) -> bytes:
    body_number, samples = content
    short = samples != BLOCK
    head = bytes(
        (
            0xFF,
            0xF8,
            ((7 if short else 12) << 4) | _RATE_CODES[rate],
            (_MID_SIDE << 4) | (_BIT_CODES[bits] << 1),
        )
    )
    head += _utf8_number(number)
    if short:
        head += struct.pack(">H", samples - 1)
    head += bytes([_crc8(head)])
    body, body_crc, _ = _body(bits, body_number, samples)
    crc = _apply(_shift(len(body)), _crc16(head)) ^ body_crc
    return head + body + struct.pack(">H", crc)


def _blocks(samples: int) -> list[int]:
    full, rest = divmod(samples, BLOCK)
    return [BLOCK] * full + ([rest] if rest else [])


def _comment(tags: Sequence[tuple[str, str]]) -> bytes:
    vendor = b"reference noise"
    out = struct.pack("<I", len(vendor)) + vendor + struct.pack("<I", len(tags))
    for key, value in tags:
        line = f"{key.upper()}={value}".encode()
        out += struct.pack("<I", len(line)) + line
    return out


def _metadata(kind: int, data: bytes, last: bool = False) -> bytes:
    return bytes([kind | (0x80 if last else 0)]) + len(data).to_bytes(3, "big") + data


def _order(seed: int, count: int) -> list[int]:
    pick = random.Random(seed)
    return [pick.randrange(_BODIES) for _ in range(count)]


def _frame_size(number: int, bits: int, samples: int) -> int:
    head = 4 + _number_length(number) + (0 if samples == BLOCK else 2) + 1
    return head + 1 + samples * bits // 8 + (8 + bits + 1 + 7) // 8 + 2


def size(samples: int, *, bits: int, tags: Sequence[tuple[str, str]]) -> int:
    """Exact bytes of `build` with the same arguments."""
    meta = 4 + (4 + 34) + (4 + len(_comment(tags))) + (4 + _PADDING)
    full, rest = divmod(samples, BLOCK)
    # Only the coded frame number changes the size of a full frame.
    total = full * (_frame_size(0, bits, BLOCK) - 1)
    edges = [0, 0x80, 0x800, 0x10000, 0x200000]
    for length, (low, high) in enumerate(pairwise(edges), start=1):
        total += length * max(0, min(full, high) - low)
    return meta + total + (_frame_size(full, bits, rest) if rest else 0)


def build(
    samples: int, rate: int, *, bits: int, tags: Sequence[tuple[str, str]], seed: int
) -> bytes:
    """A complete stereo FLAC file; `seed` makes the audio of different tracks differ."""
    blocks = _blocks(samples)
    order = _order(seed, len(blocks))
    digest = hashlib.md5(usedforsecurity=False)
    frames = []
    for number, (body, count) in enumerate(zip(order, blocks, strict=True)):
        frames.append(_frame(number, rate, bits, (body, count)))
        digest.update(_body(bits, body, count)[2])
    sizes = [len(frame) for frame in frames] or [0]
    info = struct.pack(">HH", BLOCK, BLOCK)
    info += min(sizes).to_bytes(3, "big") + max(sizes).to_bytes(3, "big")
    packed = (rate << 44) | (1 << 41) | ((bits - 1) << 36) | samples
    info += packed.to_bytes(8, "big") + digest.digest()
    head = b"fLaC" + _metadata(0, info) + _metadata(4, _comment(tags))
    return head + _metadata(1, bytes(_PADDING), last=True) + b"".join(frames)
