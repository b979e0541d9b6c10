"""Opens an audio file safely and says what it is by its bytes. Writes nothing.

What lies in a download folder was chosen by strangers: links are not followed, pipes and folders
not opened, and a name is believed only after the bytes agree.
"""

from __future__ import annotations

import errno
import os
import stat
import struct
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from mutagen import MutagenError
from mutagen.aiff import AIFF
from mutagen.asf import ASF
from mutagen.flac import FLAC
from mutagen.monkeysaudio import MonkeysAudio
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4
from mutagen.oggflac import OggFLAC
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE
from mutagen.wavpack import WavPack

from soulspot_arr.audio.values import Container, Finding, Unfit

C = Container

ENDINGS: Mapping[Container, Collection[str]] = {
    C.FLAC: {".flac"},
    C.MP3: {".mp3"},
    C.MP2: {".mp2", ".mp3"},
    C.MP4: {".m4a", ".m4b", ".m4p"},
    C.VORBIS: {".ogg", ".oga"},
    C.OPUS: {".opus", ".ogg", ".oga"},
    C.OGG_FLAC: {".ogg", ".oga"},
    C.WAV: {".wav"},
    C.AIFF: {".aif", ".aiff", ".aifc"},
    C.APE: {".ape"},
    C.WAVPACK: {".wv"},
    C.ASF: {".wma"},
    C.ADTS: (),
}
"""The endings under which Lidarr opens each container as what it is."""

_READERS: Mapping[Container, Any] = {
    C.FLAC: FLAC,
    C.MP3: MP3,
    C.MP2: MP3,
    C.MP4: MP4,
    C.VORBIS: OggVorbis,
    C.OPUS: OggOpus,
    C.OGG_FLAC: OggFLAC,
    C.WAV: WAVE,
    C.AIFF: AIFF,
    C.APE: MonkeysAudio,
    C.WAVPACK: WavPack,
    C.ASF: ASF,
}
STUMBLES = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    EOFError,
    RuntimeError,
    MemoryError,
    struct.error,
)
"""What mutagen raises, besides its own, over files that nobody could have made on purpose."""

_MAGIC = (
    (b"fLaC", C.FLAC),
    (b"MAC ", C.APE),
    (b"wvpk", C.WAVPACK),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", C.ASF),
)
_OGG = ((b"\x01vorbis", C.VORBIS), (b"OpusHead", C.OPUS), (b"\x7fFLAC", C.OGG_FLAC))


LARGEST_TAGS = 128 * 1024 * 1024
"""Bytes of a file that mutagen gets to see: it keeps all tags in memory, pictures as well."""
_MOST_READS = 200_000  # hours of sound in small pages; some files are nothing but headers
_MOST_ID3 = 16  # tags one behind the other


class _Rationed:
    """A file from its beginning, of which only so much is read."""

    def __init__(self, file: BinaryIO) -> None:
        file.seek(0)
        self.seek, self.tell = file.seek, file.tell
        self._file = file
        self._reads, self._bytes = _MOST_READS, LARGEST_TAGS

    def read(self, size: int = -1) -> bytes:
        """As a file's; raises MutagenError when the ration is used up."""
        data = self._file.read(size if 0 <= size <= self._bytes else self._bytes + 1)
        self._reads -= 1
        self._bytes -= len(data)
        if self._reads < 0 or self._bytes < 0:
            raise MutagenError("it holds more tags than any file needs")
        return data


def rationed(file: BinaryIO) -> Any:
    """The file for mutagen: what strangers have made may claim to be nothing but tags."""
    return _Rationed(file)


@contextmanager
def opened(path: Path) -> Iterator[tuple[BinaryIO, int]]:
    """The file, opened for reading, and its size in bytes; raises Unfit for anything else."""
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW  # a pipe must not hold us
    try:
        number = os.open(path, flags)
    except FileNotFoundError as error:
        raise Unfit(Finding.MISSING, f"{path.name} is not there.") from error
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno == errno.ELOOP:
            raise Unfit(Finding.NO_FILE, f"{path.name} is a link, not a file.") from error
        why = getattr(error, "strerror", None) or str(error)
        raise Unfit(Finding.UNREADABLE, f"{path.name} cannot be opened: {why}.") from error
    status = os.fstat(number)
    if not stat.S_ISREG(status.st_mode):
        os.close(number)
        raise Unfit(Finding.NO_FILE, f"{path.name} is not a plain file.")
    with os.fdopen(number, "rb") as file:
        if status.st_size == 0:
            raise Unfit(Finding.EMPTY, f"{path.name} is empty.")
        yield file, status.st_size


def id3_length(file: BinaryIO, at: int = 0) -> int:
    """Bytes of the ID3v2 tags that begin at `at`; 0 when there are none."""
    start = at
    for _ in range(_MOST_ID3):
        file.seek(at)
        head = file.read(10)
        if len(head) < 10 or head[:3] != b"ID3" or max(head[6:10]) > 0x7F:
            break
        size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
        at += 10 + size + (10 if head[5] & 0x10 else 0)
    return at - start


def tail(file: BinaryIO, start: int, size: int) -> int:
    """Where the tags at the end of a file begin: ID3v1, and an APEv2 before it."""
    end = size
    if end - start >= 128:
        file.seek(end - 128)
        end -= 128 if file.read(3) == b"TAG" else 0
    if end - start >= 32:
        file.seek(end - 32)
        foot = file.read(32)
        if foot[:8] == b"APETAGEX":
            length, _, flags = struct.unpack("<III", foot[12:24])
            end -= length + (32 if flags & 0x80000000 else 0)
    return max(start, end)


def container_of(file: BinaryIO) -> Container | None:
    """What the file is by its bytes; None when they say nothing."""
    file.seek(id3_length(file))
    head = file.read(64)
    for magic, container in _MAGIC:
        if head.startswith(magic):
            return container
    if head[:4] == b"OggS":
        packet = head[27 + head[26] :] if len(head) > 27 else b""
        return next((kind for magic, kind in _OGG if packet.startswith(magic)), None)
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return C.WAV
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return C.AIFF
    if head[4:8] == b"ftyp":
        return C.MP4
    return _by_frame(head)


def _by_frame(head: bytes) -> Container | None:
    """MPEG audio has no magic, only a frame: 11 bits set, a version, a layer."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    if version != 1 and layer == 0 and head[1] & 0xF0 == 0xF0:
        return C.ADTS
    if version == 1 or head[2] >> 4 == 15 or head[2] >> 2 & 3 == 3:
        return None
    return {1: C.MP3, 2: C.MP2}.get(layer)


def system_error(error: MutagenError) -> OSError | None:
    """The error of the system that mutagen wrapped; None when the file itself is at fault."""
    for inner in (*error.args[:1], error.__cause__, error.__context__):
        if isinstance(inner, OSError) and inner.errno is not None:  # mutagen raises bare ones
            return inner
    return None


def understood(file: BinaryIO, container: Container) -> Any:
    """The file as mutagen sees it, tags and stream. Raises MutagenError or OSError."""
    try:
        return _READERS[container](rationed(file))
    except MutagenError as error:
        raise system_error(error) or error from error
    except STUMBLES as error:
        raise MutagenError(str(error)) from error
