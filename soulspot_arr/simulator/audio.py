"""What a shared file contains: real FLAC or MP3 by description, or plain bytes.

Sizes are exact without making the file, so a world of thousands of files costs no memory;
contents are made when a transfer needs them and kept for the last few. No paths, no network.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Protocol

from soulspot_arr.simulator import flac, mp3
from soulspot_arr.simulator.wire import Json

Tags = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class AudioSpec:
    """One track that sounds. `codec` is flac or mp3; `bitrate` in kbit/s (MP3 CBR); `vbr` means V0.

    What is to be heard follows from `seed`, or from the tags when that is 0.

    Tag names: artist, albumartist, album, title, tracknumber, discnumber, date (others are kept).
    """

    seconds: float
    codec: str = "flac"
    rate: int = 44100
    bits: int = 16
    bitrate: int = 320
    vbr: bool = False
    tags: Tags = ()
    seed: int = 0

    @property
    def size(self) -> int:
        """Exact bytes of `content`."""
        return _size(self)

    def content(self) -> bytes:
        """The file."""
        return _content(self)

    @property
    def sound(self) -> int:
        """What tells its audio from that of other tracks."""
        return self.seed or (zlib.crc32(repr(self.tags).encode()) if self.tags else 0)

    def attributes(self) -> dict[str, Json]:
        """What a peer's client announces about it, under slskd's names."""
        length = int(self.seconds)
        if self.codec == "flac":
            return {"bitDepth": self.bits, "sampleRate": self.rate, "length": length}
        bitrate = 245 if self.vbr else self.bitrate
        return {"bitRate": bitrate, "length": length, "isVariableBitRate": self.vbr}


def tagged(tags: Mapping[str, str]) -> Tags:
    """Tags as the hashable form an AudioSpec takes."""
    return tuple(tags.items())


@lru_cache(maxsize=8192)
def _size(spec: AudioSpec) -> int:
    if spec.codec == "flac":
        return flac.size(round(spec.seconds * spec.rate), bits=spec.bits, tags=spec.tags)
    count = mp3.frame_count(spec.seconds, spec.rate)
    bitrate = None if spec.vbr else spec.bitrate
    return mp3.size(count, spec.rate, bitrate=bitrate, tags=spec.tags, seed=spec.sound)


@lru_cache(maxsize=4)
def _content(spec: AudioSpec) -> bytes:
    if spec.codec == "flac":
        samples = round(spec.seconds * spec.rate)
        return flac.build(samples, spec.rate, bits=spec.bits, tags=spec.tags, seed=spec.sound)
    count = mp3.frame_count(spec.seconds, spec.rate)
    bitrate = None if spec.vbr else spec.bitrate
    return mp3.build(count, spec.rate, bitrate=bitrate, tags=spec.tags, seed=spec.sound)


class Payload(Protocol):
    """Anything that can be shared."""

    @property
    def size(self) -> int: ...

    def content(self) -> bytes: ...

    def attributes(self) -> dict[str, Json]: ...


@dataclass(frozen=True, slots=True)
class Plain:
    """Literal bytes."""

    data: bytes

    @property
    def size(self) -> int:
        return len(self.data)

    def content(self) -> bytes:
        return self.data

    def attributes(self) -> dict[str, Json]:
        return {}


@dataclass(frozen=True, slots=True)
class Filler:
    """`size` bytes of nothing in particular, for covers, logs and archives."""

    size: int
    head: bytes = b""

    def content(self) -> bytes:
        body = self.head + bytes(range(1, 254)) * (self.size // 253 + 1)
        return body[: self.size]

    def attributes(self) -> dict[str, Json]:
        return {}


_JPEG = bytes.fromhex("ffd8ffe000104a46494600010101004800480000")
_TEXT = {".cue", ".log", ".m3u", ".m3u8", ".nfo", ".txt", ".sfv", ".md5"}


def extra(name: str) -> Payload:
    """A believable companion file for `name`; its size follows from the name alone."""
    suffix = PurePosixPath(name.replace("\\", "/")).suffix.lower()
    spread = zlib.crc32(name.encode("utf-8", "surrogatepass"))
    if suffix in {".jpg", ".jpeg", ".png"}:
        return Filler(60_000 + spread % 240_000, _JPEG)
    if suffix in _TEXT:
        return Filler(400 + spread % 6_000, f"{name}\r\n".encode("utf-8", "replace"))
    return Filler(1_000_000 + spread % 4_000_000)


def payload_for(audio: AudioSpec | bytes | int | None, name: str) -> Payload:
    """The payload for what a caller shares: a spec, bytes, a size, or None for a companion."""
    if isinstance(audio, bytes):
        return Plain(audio)
    if isinstance(audio, int):
        return Filler(audio)
    return audio if audio is not None else extra(name)
