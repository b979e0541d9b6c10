"""MPEG-1 Layer III streams of a soft hum, CBR with an Info frame or VBR with a Xing frame.

Every frame carries granules with a few low spectral lines, which decoders turn into sound; the rest
of a frame is ancillary filler. Which lines sound differs from frame to frame and per seed. Nothing
is encoded at run time: a frame is written bit by bit once and kept. Sizes are known before a byte
is made. No files.
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
_TIMBRES = 16
# Spectral lines are coded in pairs; so few of them that they fit into the smallest frame.
_PAIRS = 16
# The step that makes a line of 1 about a hundredth of full scale; 210 would be full scale.
_GAIN = 184
# Code table 1 of the standard: what two neighbouring lines, each sounding or not, are written as.
_CODES = {(0, 0): "1", (0, 1): "001", (1, 0): "01", (1, 1): "000"}
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


@lru_cache(maxsize=_TIMBRES)
def _sound(timbre: int) -> tuple[bytes, bytes]:
    """Side information and main data of one frame: both granules of both channels sound alike."""
    pick = random.Random(timbre)
    lines = "".join(_pair(pick) for _ in range(_PAIRS))
    granule = (
        f"{len(lines):012b}{_PAIRS:09b}{_GAIN:08b}"
        "0000"  # no scale factors are stored
        "0"  # long blocks
        "000010000100001"  # code table 1 in all three regions
        "0110110"  # the regions' borders, which do not matter then
        "000"  # no pre-emphasis, fine scale, first table of small values
    )
    # The main data begin in this very frame, so each one can be decoded without its neighbours.
    return _bytes(f"{0:09b}{0:03b}{0:08b}" + granule * 4), _bytes(lines * 4)


def _pair(pick: random.Random) -> str:
    """Two neighbouring lines with the signs of those that sound."""
    lines = (int(pick.random() < 0.4), int(pick.random() < 0.4))
    return _CODES[lines] + "".join(pick.choice("01") for line in lines if line)


def _bytes(bits: str) -> bytes:
    whole = (len(bits) + 7) // 8
    return int(bits.ljust(whole * 8, "0"), 2).to_bytes(whole)


@lru_cache(maxsize=512)
def _frame(bitrate: int, rate: int, padded: bool, timbre: int | None) -> bytes:
    """One frame; without a timbre it is silent."""
    head = bytes(
        (
            0xFF,
            0xFB,
            (_BITRATES.index(bitrate) << 4) | (_RATES[rate] << 2) | (2 if padded else 0),
            0x40,
        )
    )
    length = _frame_length(bitrate, rate, padded)
    side, main = (bytes(_SIDE_INFO), b"") if timbre is None else _sound(timbre)
    rest = length - len(head) - len(side) - len(main)
    # No 0xFF in the filler: nothing in it can be taken for a frame's sync word.
    filler = bytes(random.Random(timbre or 0).choices(range(0xFF), k=rest))
    return head + side + main + filler


def _header_frame(frames: int, audio: int, rate: int, bitrate: int | None) -> bytes:
    frame = bytearray(_frame(bitrate or 224, rate, False, None))
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
    timbres = random.Random(seed).choices(range(_TIMBRES), k=count)
    for number, timbre in enumerate(timbres):
        if bitrate is None:
            frames.append(_frame(_v0_at(seed, number), rate, False, timbre))
        else:
            padded = _pads(bitrate, rate, number + 1) > _pads(bitrate, rate, number)
            frames.append(_frame(bitrate, rate, padded, timbre))
    audio = b"".join(frames)
    return _id3(tags) + _header_frame(count, len(audio), rate, bitrate) + audio
