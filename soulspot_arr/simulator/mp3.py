"""MPEG-1 Layer III streams of silence, CBR with an Info frame or VBR with a Xing frame.

Every frame carries an empty granule, which decoders turn into silence; the rest of a frame is
ancillary filler that differs per seed. Sizes are known before a byte is made. No files.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Sequence
from functools import lru_cache

_BITRATES = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_RATES = {44100: 0, 48000: 1, 32000: 2}
_SIDE_INFO = 32
_SAMPLES = 1152
# A period of frame bitrates whose mean is about 245 kbit/s, which is what V0 usually gives.
_V0 = (256, 224, 256, 320, 224, 192, 256, 256, 224, 320, 224, 192, 256, 224, 256, 224)
_FRAMES = {
    "artist": b"TPE1",
    "albumartist": b"TPE2",
    "album": b"TALB",
    "title": b"TIT2",
    "tracknumber": b"TRCK",
    "discnumber": b"TPOS",
    "date": b"TDRC",
}


def _synchsafe(value: int) -> bytes:
    return bytes((value >> shift) & 0x7F for shift in (21, 14, 7, 0))


def _id3(tags: Sequence[tuple[str, str]]) -> bytes:
    if not tags:
        return b""
    out = b""
    for key, value in tags:
        name = _FRAMES.get(key.lower(), b"TXXX")
        text = value if name != b"TXXX" else f"{key}\0{value}"
        data = b"\x03" + text.encode()
        out += name + _synchsafe(len(data)) + b"\0\0" + data
    return b"ID3\x04\0\0" + _synchsafe(len(out)) + out


def _frame_length(bitrate: int, rate: int, padded: bool) -> int:
    return 144_000 * bitrate // rate + int(padded)


def frame_count(seconds: float, rate: int) -> int:
    """Audio frames that cover `seconds`."""
    return max(1, round(seconds * rate / _SAMPLES))


def _pads(bitrate: int, rate: int, count: int) -> int:
    """How many of the first `count` CBR frames carry a padding byte."""
    return count * (144_000 * bitrate % rate) // rate


def _cbr_total(bitrate: int, rate: int, count: int) -> int:
    return count * _frame_length(bitrate, rate, False) + _pads(bitrate, rate, count)


def _v0_at(seed: int, number: int) -> int:
    return _V0[(seed + number) % len(_V0)]


def _v0_total(seed: int, rate: int, count: int) -> int:
    rounds, rest = divmod(count, len(_V0))
    whole = sum(_frame_length(rate_, rate, False) for rate_ in _V0)
    return rounds * whole + sum(_frame_length(_v0_at(seed, n), rate, False) for n in range(rest))


def size(
    count: int, rate: int, *, bitrate: int | None, tags: Sequence[tuple[str, str]], seed: int
) -> int:
    """Exact bytes of `build`; `bitrate` in kbit/s, None for VBR."""
    vbr = bitrate is None
    audio = _v0_total(seed, rate, count) if vbr else _cbr_total(bitrate or 0, rate, count)
    return len(_id3(tags)) + _frame_length(bitrate or 224, rate, False) + audio


@lru_cache(maxsize=512)
def _frame(bitrate: int, rate: int, padded: bool, filler: int) -> bytes:
    head = bytes(
        (
            0xFF,
            0xFB,
            (_BITRATES.index(bitrate) << 4) | (_RATES[rate] << 2) | (2 if padded else 0),
            0x40,
        )
    )
    length = _frame_length(bitrate, rate, padded)
    rest = length - len(head) - _SIDE_INFO
    # No 0xFF in the filler: nothing in it can be taken for a frame's sync word.
    noise = bytes(random.Random(filler).choices(range(0xFF), k=rest))
    return head + bytes(_SIDE_INFO) + noise


def _header_frame(frames: int, audio: int, rate: int, bitrate: int | None) -> bytes:
    frame = bytearray(_frame(bitrate or 224, rate, False, 0))
    toc = bytes(min(255, 256 * step // 100) for step in range(100))
    xing = b"Info" if bitrate else b"Xing"
    xing += struct.pack(">III", 0x0F, frames, audio + len(frame)) + toc + struct.pack(">I", 78)
    frame[4 + _SIDE_INFO : 4 + _SIDE_INFO + len(xing)] = xing
    return bytes(frame)


def build(
    count: int, rate: int, *, bitrate: int | None, tags: Sequence[tuple[str, str]], seed: int
) -> bytes:
    """A complete MP3 file of `count` frames."""
    frames = []
    for number in range(count):
        filler = (seed + number) % 16
        if bitrate is None:
            frames.append(_frame(_v0_at(seed, number), rate, False, filler))
        else:
            padded = _pads(bitrate, rate, number + 1) > _pads(bitrate, rate, number)
            frames.append(_frame(bitrate, rate, padded, filler))
    audio = b"".join(frames)
    return _id3(tags) + _header_frame(count, len(audio), rate, bitrate) + audio
