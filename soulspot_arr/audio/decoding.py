"""Has a file decoded to its last frame, in a process of its own. Judges nothing.

Two decoders will do: PyAV (the extra `decode`), else an `ffmpeg` on the PATH. Without either a file
is looked at from outside only, and the verdict says so.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import BinaryIO

from soulspot_arr.audio.values import Container

_CHILD = Path(__file__).with_name("decoding_child.py")
_FORMS = {
    Container.FLAC: "flac",
    Container.MP3: "mp3",
    Container.MP2: "mp3",
    Container.MP4: "mov",
    Container.VORBIS: "ogg",
    Container.OPUS: "ogg",
    Container.OGG_FLAC: "ogg",
    Container.WAV: "wav",
    Container.AIFF: "aiff",
    Container.APE: "ape",
    Container.WAVPACK: "wv",
    Container.ASF: "asf",
}
_AT_LEAST, _AT_MOST = 30.0, 900.0
_STOPPED = frozenset(
    -getattr(signal, name) for name in ("SIGHUP", "SIGINT", "SIGTERM") if hasattr(signal, name)
)
"""How a decoder ends with the service; for want of memory or time it gets SIGKILL."""
_BYTES_A_SECOND = 1_000_000
"""Even a single board computer decodes more than that; who takes longer feeds us something else."""


@dataclass(frozen=True, slots=True)
class Sound:
    """The claims of a stream that its decoder has to know."""

    container: Container
    seconds: float
    rate: int
    channels: int
    bits: int  # 0 for lossy codecs


@dataclass(frozen=True, slots=True)
class Heard:
    """What came out of the decoder. `broken` says why nothing did.

    `errors` counts broken spots with sound after them. `md5` is that of the samples as FLAC counts
    it, `padded` tells that 24 bits carry 16, `bands` is the spectrum in decibels from 0 to half
    the rate.
    """

    broken: str = ""
    seconds: float = 0.0
    samples: int = 0
    errors: int = 0
    first_error: float | None = None
    sounding: float = 0.0
    md5: str = ""
    padded: bool = False
    bands: tuple[float, ...] = ()
    rate: int = 0


@dataclass(frozen=True, slots=True)
class Decoder:
    """One way to decode: an ffmpeg program, or PyAV when `ffmpeg` is empty."""

    ffmpeg: str = ""
    at_least: float = _AT_LEAST

    def hear(self, file: BinaryIO, size: int, sound: Sound, *, spectrum: bool = False) -> Heard:
        """Decode the whole file; never raises for what a file can do to it.

        Raises OSError when the decoder was stopped from outside, as with the whole service.
        """
        patience = min(self.at_least + size / _BYTES_A_SECOND, _AT_MOST)
        told = {
            "form": _FORMS[sound.container],
            "seconds": sound.seconds,
            "rate": sound.rate,
            "channels": sound.channels,
            "bits": sound.bits,
            "spectrum": spectrum,
            "ffmpeg": self.ffmpeg,
            "patience": round(patience) + 1,
        }
        os.lseek(file.fileno(), 0, os.SEEK_SET)  # the child reads where this one stands
        try:
            ended = subprocess.run(  # noqa: S603 - our own script; no word of it comes from a peer
                [sys.executable, "-I", str(_CHILD), json.dumps(told)],
                stdin=file,
                capture_output=True,
                start_new_session=True,  # Ctrl-C is for us
                timeout=patience,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Heard(broken=f"the decoder was still busy after {patience:.0f} seconds")
        if ended.returncode in _STOPPED:
            raise OSError(errno.EINTR, "the decoder was stopped")
        return _heard(ended.stdout, ended.returncode)


def _heard(answer: bytes, status: int) -> Heard:
    try:
        told = json.loads(answer)
    except ValueError:
        return Heard(broken=f"the decoder broke down (status {status})")
    if "broken" in told:
        return Heard(broken=str(told["broken"]))
    rate = int(told["rate"])
    return Heard(
        seconds=told["samples"] / rate if rate else 0.0,
        samples=told["samples"],
        errors=told["errors"],
        first_error=told["first"],
        sounding=told["sounding"],
        md5=told["md5"],
        padded=told["padded"],
        bands=tuple(told["bands"]),
        rate=rate,
    )


@cache
def decoder() -> Decoder | None:
    """The best decoder of this installation; None when there is none."""
    if find_spec("av") is not None:
        return Decoder()
    found = shutil.which("ffmpeg")
    return Decoder(ffmpeg=found) if found else None
