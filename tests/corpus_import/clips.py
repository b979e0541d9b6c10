"""Audio files of any length for next to no work: one sound of each kind, repeated until it is long.

Every file is put together byte by byte around packets of a real encoder: real containers that
decode to their end, a few kilobytes to some hundred. What is heard is a hum or nothing at all.
"""

from __future__ import annotations

import io
import math
import struct
import zlib
from array import array
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import av
from mutagen.ogg import OggPage

RATE = 8_000  # samples a second, in mono: nobody listens
_WAVE = 220.0


def clip(kind: str, seconds: float) -> bytes:
    """A file of this kind (an ending without its dot) that plays for so long, to a tenth or so."""
    return _KINDS[kind](max(seconds, 0.2))


@cache
def _encoded(
    container: str, codec: str, *options: tuple[str, str], layout: str = "mono", loud: int = 3000
) -> bytes:
    """Two seconds of a real encoder."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as writer:
        stream: Any = writer.add_stream(codec, rate=RATE, options=dict(options))
        stream.layout = layout
        resampler = av.AudioResampler(format=stream.format.name, layout=layout, rate=RATE)
        wave = (int(loud * math.sin(at * _WAVE * math.tau / RATE)) for at in range(RATE))
        pcm = array("h", wave).tobytes()
        for at in range(2):
            frame: Any = av.AudioFrame(format="s16", layout="mono", samples=RATE)
            frame.planes[0].update(pcm)
            frame.sample_rate, frame.pts = RATE, at * RATE
            for ready in resampler.resample(frame):
                writer.mux(stream.encode(ready))
        writer.mux(stream.encode(None))
    return file.getvalue()


def _packets(data: bytes) -> Iterator[bytes]:
    with av.open(io.BytesIO(data), "r") as reader:
        yield from (bytes(packet) for packet in reader.demux(audio=0) if packet.size)


@cache
def _middle(data: bytes) -> bytes:
    """A packet that may follow itself."""
    found = list(_packets(data))
    return found[len(found) // 2]


# -- FLAC ------------------------------------------------------------------------------------------

_BLOCK = 32_768  # samples in a frame; all are alike, so it takes a dozen bytes


def _crc(data: bytes, polynomial: int, bits: int) -> int:
    value, top = 0, 1 << (bits - 1)
    for byte in data:
        value ^= byte << (bits - 8)
        for _ in range(8):
            value = (value << 1) ^ (polynomial if value & top else 0)
        value &= (1 << bits) - 1
    return value


@cache
def _flac_frame(number: int, samples: int) -> bytes:
    told = chr(number).encode()  # frames are numbered the way UTF-8 writes characters
    head = b"\xff\xf8\x74\x08" + told + struct.pack(">H", samples - 1)
    frame = head + bytes((_crc(head, 0x07, 8),)) + b"\0" + struct.pack(">h", 0)
    return frame + struct.pack(">H", _crc(frame, 0x8005, 16))


def _flac(seconds: float) -> bytes:
    samples = round(seconds * RATE)
    full, rest = divmod(samples, _BLOCK)
    frames = [_flac_frame(number, _BLOCK) for number in range(full)]
    if rest:
        frames.append(_flac_frame(full, rest))
    told = (RATE << 44) | (15 << 36) | samples  # one channel of 16 bits; no MD5, as some encoders
    info = struct.pack(">HH", _BLOCK, _BLOCK) + bytes(6) + told.to_bytes(8, "big") + bytes(16)
    return b"fLaC\x80\0\0\x22" + info + b"".join(frames)


# -- MP3 -------------------------------------------------------------------------------------------

_MP3_HEAD = b"\xff\xe3\x18\xc4"  # MPEG 2.5, layer III, 8 kbit/s, 8 kHz, mono
_MP3_FRAME = _MP3_HEAD.ljust(72, b"\0")  # 576 samples of nothing


def _mp3(seconds: float) -> bytes:
    count = max(1, round(seconds * RATE / 576))
    told = b"Info" + struct.pack(">III", 3, count, (count + 1) * len(_MP3_FRAME))
    return (_MP3_HEAD + bytes(9) + told).ljust(72, b"\0") + _MP3_FRAME * count


# -- MP4 -------------------------------------------------------------------------------------------


def _box(name: bytes, *parts: bytes) -> bytes:
    inside = b"".join(parts)
    return struct.pack(">I", len(inside) + 8) + name + inside


@cache
def _described(data: bytes) -> bytes:
    """The box of an MP4 that tells a decoder how to begin."""
    at = data.index(b"stsd") - 4
    return data[at : at + int.from_bytes(data[at : at + 4], "big")]


def _mp4(seconds: float) -> bytes:
    model = _encoded("ipod", "aac", ("b", "16k"), loud=0)
    packet = _middle(model)
    count = max(1, round(seconds * RATE / 1024))
    length = count * 1024
    matrix = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    kind = _box(b"ftyp", b"M4A \0\0\2\0M4A isomiso2")

    def movie(offset: int) -> bytes:
        table = _box(
            b"stbl",
            _described(model),
            _box(b"stts", struct.pack(">4I", 0, 1, count, 1024)),
            _box(b"stsc", struct.pack(">5I", 0, 1, 1, count, 1)),
            _box(b"stsz", struct.pack(">3I", 0, len(packet), count)),
            _box(b"stco", struct.pack(">3I", 0, 1, offset)),
        )
        here = _box(b"dinf", _box(b"dref", struct.pack(">2I", 0, 1), _box(b"url ", b"\0\0\0\1")))
        sound = _box(b"minf", _box(b"smhd", bytes(8)), here, table)
        times = struct.pack(">5I2H", 0, 0, 0, RATE, length, 0x55C4, 0)
        handler = _box(b"hdlr", bytes(8) + b"soun" + bytes(13))
        track = struct.pack(">6I", 7, 0, 0, 1, 0, length) + bytes(16) + matrix + bytes(8)
        whole = struct.pack(">5IIH", 0, 0, 0, RATE, length, 0x10000, 0x100) + bytes(10) + matrix
        media = _box(b"mdia", _box(b"mdhd", times), handler, sound)
        return _box(
            b"moov",
            _box(b"mvhd", whole + bytes(24) + struct.pack(">I", 2)),
            _box(b"trak", _box(b"tkhd", track), media),
        )

    offset = len(kind) + len(movie(0)) + 8
    return kind + movie(offset) + _box(b"mdat", packet * count)


# -- Ogg -------------------------------------------------------------------------------------------

_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def _page(packets: list[bytes], position: int, *, number: int, flags: int) -> bytes:
    """Everything in it ends on it; `position` is the sample at which it ends."""
    sizes = b"".join(b"\xff" * (len(one) // 255) + bytes((len(one) % 255,)) for one in packets)
    told = struct.pack("<4sBBqIII", b"OggS", 0, flags, position, 1, number, 0)
    page = told + bytes((len(sizes),)) + sizes + b"".join(packets)
    # Ogg's checksum is the usual one with all bits the other way round, and begins with nothing.
    mirrored = ~zlib.crc32(page.translate(_MIRRORED), 0xFFFFFFFF) & 0xFFFFFFFF
    check = int(f"{mirrored:032b}"[::-1], 2)
    return page[:22] + struct.pack("<I", check) + page[26:]


def _ogg(heads: list[list[bytes]], packet: bytes, count: int, ends: Callable[[int], int]) -> bytes:
    """Pages with the header packets, then the sound; `ends` tells where so many packets end."""
    told = [(packets, 0) for packets in heads]
    most = 255 // (len(packet) // 255 + 1)
    for first in range(0, count, most):
        last = min(first + most, count)
        told.append(([packet] * (last - first), ends(last)))
    flags = [2, *[0] * (len(told) - 2), 4]  # the first one, the last one
    return b"".join(
        _page(packets, position, number=number, flags=flags[number])
        for number, (packets, position) in enumerate(told)
    )


@cache
def _heads(data: bytes, count: int) -> list[bytes]:
    """The header packets of an Ogg file."""
    file = io.BytesIO(data)
    pages: list[Any] = []
    while True:
        try:
            pages.append(OggPage(file))  # type: ignore[no-untyped-call]
        except EOFError:
            packets: list[bytes] = OggPage.to_packets(pages)  # type: ignore[no-untyped-call]
            return packets[:count]


def _vorbis(seconds: float) -> bytes:
    model = _encoded("ogg", "vorbis", ("strict", "-2"), layout="stereo")
    identity, comment, setup = _heads(model, 3)
    block = 1 << (identity[28] >> 4)  # samples of a long block; each packet adds half of it
    samples = round(seconds * RATE)
    count = math.ceil(samples / (block // 2)) + 1
    return _ogg(
        [[identity], [comment, setup]],
        _middle(model),
        count,
        lambda last: min((last - 1) * (block // 2), samples),
    )


def _opus(seconds: float) -> bytes:
    model = _encoded("ogg", "libopus", ("b", "6k"), ("frame_duration", "60"))
    identity, comment = _heads(model, 2)
    skipped = int.from_bytes(identity[10:12], "little")
    samples = round(seconds * 48_000) + skipped
    count = math.ceil(samples / 2880)
    return _ogg(
        [[identity], [comment]],
        _middle(model),
        count,
        lambda last: min(last * 2880, samples),
    )


# -- others ----------------------------------------------------------------------------------------

_ASF_FILE = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")


def _asf(seconds: float) -> bytes:
    """The one kind whose sound is shorter than it claims; it stands for files that are too many."""
    data = bytearray(_encoded("asf", "wmav2", ("b", "24k")))
    at = data.index(_ASF_FILE) + 64
    preroll = int.from_bytes(data[at + 16 : at + 24], "little")
    data[at : at + 8] = struct.pack("<Q", round(seconds * 1e7) + preroll * 10_000)
    return bytes(data)


_KINDS: Mapping[str, Callable[[float], bytes]] = {
    "flac": _flac,
    "mp3": _mp3,
    "m4a": _mp4,
    "ogg": _vorbis,
    "opus": _opus,
    "wma": _asf,
}
