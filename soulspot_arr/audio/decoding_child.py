"""The decoder's own process: reads an open audio file from stdin, writes what it heard as JSON.

Run as a script, never imported by the service: a decoder is a million lines of C fed by strangers,
so it gets a process that may crash, limits that end it, and no path to open anything else. The
container's name is given because a decoder that guesses also follows playlists and links.
"""

from __future__ import annotations

import cmath
import hashlib
import json
import math
import subprocess
import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from tempfile import TemporaryFile
from typing import Any

MEMORY = 2 * 1024**3
LOUD = 10 ** (-72 / 20)
"""Amplitude below which nobody hears anything; what encoders make of silence stays beneath it."""
ENCODER_PADDING = 0.1
"""Seconds by which headers may tell more than is to be heard."""
WINDOW = 4096
WINDOWS = 48
_CODES = {"u8": "B", "s16": "h", "s32": "i", "flt": "f", "dbl": "d"}
_FULL = {"B": 128.0, "h": 2.0**15, "i": 2.0**31, "f": 1.0, "d": 1.0}


@dataclass
class Block:
    """Some sound as it left the decoder. `planes` holds one channel each, or all of them mixed."""

    samples: int
    channels: int
    code: str
    planes: list[bytes]


@dataclass
class Ear:
    """Listens to block after block and remembers what matters."""

    rate: int
    bits: int
    seconds: float
    spectrum: bool
    samples: int = 0
    blocks: int = 0
    loud: int = 0
    wide: bool = False  # whether samples came in 32 bits
    used: bool = False  # whether the low eight of 24 bits ever were
    digest: Any = field(default_factory=lambda: hashlib.md5(usedforsecurity=False))
    windows: list[list[float]] = field(default_factory=list)
    _filling: list[float] = field(default_factory=list)
    _next: int = 0

    def hear(self, block: Block) -> None:
        """Take one block in."""
        first: array[Any] = array(block.code)
        first.frombytes(block.planes[0])
        mixed = len(block.planes) == 1
        one = first[:: block.channels] if mixed else first
        middle = 128 if block.code == "B" else 0
        thin = one[::8]
        peak = max(max(thin) - middle, middle - min(thin)) / _FULL[block.code]
        self.loud += peak > LOUD
        self.blocks += 1
        if self.bits in (16, 24) and block.code in "hi" and mixed:
            self._digest(block)
        self.wide = self.wide or block.code == "i"
        if block.code == "i" and not self.used:
            self.used = any(block.planes[0][1::4])
        if self.spectrum:
            self._collect(one, _FULL[block.code], middle)
        self.samples += block.samples

    def _digest(self, block: Block) -> None:
        """FLAC's MD5 is over little-endian samples of as many bytes as they need."""
        data = block.planes[0]
        if block.code == "h":
            self.digest.update(data)
            return
        whole = len(data) // 4
        narrow = bytearray(whole * 3)
        narrow[0::3], narrow[1::3], narrow[2::3] = data[1::4], data[2::4], data[3::4]
        self.digest.update(narrow)

    def _collect(self, one: array[Any], full: float, middle: int) -> None:
        """Windows at even distances over the whole length."""
        if not self._filling and self.samples < self._next:
            return
        if len(self.windows) < WINDOWS:
            self._filling += [(value - middle) / full for value in one[: WINDOW * 2]]
        if len(self._filling) >= WINDOW:
            self.windows.append(self._filling[:WINDOW])
            self._filling = []
            self._next += max(WINDOW, int(self.seconds * self.rate / WINDOWS))


# -- decoders --------------------------------------------------------------------------------------


def by_av(form: str, ear: Ear) -> dict[str, Any]:
    """Decode with PyAV; errors in the middle are counted, one at the very end is not."""
    import av  # only one of the two decoders has to be there

    errors = pending = 0
    first: float | None = None
    with av.open(sys.stdin.buffer, "r", format=form) as container:
        stream = container.streams.audio[0]
        codec = stream.codec_context
        ear.rate = codec.rate or ear.rate
        for packet in _packets(container, stream):
            try:
                frames = packet.decode()
            except av.error.InvalidDataError:
                pending += 1
                first = ear.samples / ear.rate if first is None else first
                continue
            for frame in frames:
                if not frame.samples:
                    continue
                errors, pending = errors + pending, 0
                ear.hear(_block(frame))
        return {"codec": codec.name, "errors": errors, "first": first if errors else None}


def _packets(container: Any, stream: Any) -> Iterator[Any]:
    """What can be taken out of the container; one that is cut ends where it is cut."""
    packets = container.demux(stream)
    while True:
        try:
            yield next(packets)
        except (StopIteration, ValueError):  # PyAV's InvalidDataError is one
            return


def _block(frame: Any) -> Block:
    form = frame.format
    channels = len(frame.layout.channels)
    length = frame.samples * form.bytes * (1 if form.is_planar else channels)
    planes = [bytes(plane)[:length] for plane in frame.planes]
    return Block(frame.samples, channels, _CODES[form.name.removesuffix("p")], planes)


def by_ffmpeg(program: str, form: str, ear: Ear, channels: int) -> dict[str, Any]:
    """Decode with the ffmpeg that was found.

    It does not say where it stumbled, and junk after the sound makes it complain as well: what it
    says counts only when sound is missing.
    """
    wide = ear.bits > 16
    command = [program, "-nostdin", "-hide_banner", "-v", "error", "-f", form]
    command += ["-i", "file:/dev/stdin", "-map", "0:a:0", "-ac", str(channels)]
    command += ["-f", "s32le" if wide else "s16le", "pipe:1"]
    width = channels * (4 if wide else 2)
    with (
        TemporaryFile() as complaining,
        subprocess.Popen(  # noqa: S603 - no shell, and no word of it comes from a peer
            command, stdin=sys.stdin.buffer, stdout=subprocess.PIPE, stderr=complaining
        ) as process,
    ):
        assert process.stdout is not None
        while data := process.stdout.read(width * WINDOW):
            whole = len(data) - len(data) % width
            if whole:
                code = "i" if wide else "h"
                ear.hear(Block(whole // width, channels, code, [data[:whole]]))
        failed = process.wait()
        complaining.seek(0)
        complaints = complaining.read(64_000).decode(errors="replace").splitlines()
        if failed and not ear.samples:
            raise ValueError(complaints[-1] if complaints else "ffmpeg failed")
    lost = ear.seconds - ear.samples / ear.rate > ENCODER_PADDING
    return {"codec": "", "errors": len(complaints) if lost else 0, "first": None}


# -- spectrum --------------------------------------------------------------------------------------


def _fft(values: list[complex], roots: dict[int, list[complex]]) -> list[complex]:
    size = len(values)
    if size == 1:
        return values
    even, odd = _fft(values[0::2], roots), _fft(values[1::2], roots)
    turned = [root * value for root, value in zip(roots[size], odd, strict=True)]
    pairs = list(zip(even, turned, strict=True))
    return [a + b for a, b in pairs] + [a - b for a, b in pairs]


def power(windows: list[list[float]]) -> list[float]:
    """Mean power of each frequency bin; two real windows go through one complex transform."""
    roots = {
        2**level: [cmath.exp(-2j * cmath.pi * k / 2**level) for k in range(2 ** (level - 1))]
        for level in range(1, WINDOW.bit_length())
    }
    shape = [0.5 - 0.5 * math.cos(2 * math.pi * k / WINDOW) for k in range(WINDOW)]
    total = [0.0] * (WINDOW // 2)
    for left, right in zip(windows[0::2], windows[1::2], strict=False):
        both = zip(left, right, shape, strict=True)
        bins = _fft([complex(a * s, b * s) for a, b, s in both], roots)
        for k in range(1, WINDOW // 2):
            total[k] += (abs(bins[k]) ** 2 + abs(bins[-k]) ** 2) / 2
    return total


def _bands(ear: Ear) -> list[float]:
    """The spectrum in decibels, twenty bins to a band."""
    bins = power(ear.windows)
    sums = [sum(bins[k : k + 20]) for k in range(0, len(bins) - 19, 20)]
    scale = max(1, len(ear.windows)) * WINDOW * WINDOW
    return [round(10 * math.log10(value / scale + 1e-20), 1) for value in sums]


# -- the process -----------------------------------------------------------------------------------


def _limit(seconds: int) -> None:
    """No more memory and time than a decoder may need, and no dump of it; ffmpeg inherits them."""
    try:
        import resource
    except ImportError:  # not on Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))


def main() -> None:
    """Decode stdin as told in the first argument."""
    told = json.loads(sys.argv[1])
    _limit(told["patience"])
    ear = Ear(told["rate"] or 44100, told["bits"], told["seconds"], told["spectrum"])
    try:
        if told["ffmpeg"]:
            heard = by_ffmpeg(told["ffmpeg"], told["form"], ear, told["channels"])
        else:
            heard = by_av(told["form"], ear)
    except (OSError, ValueError, IndexError, KeyError, MemoryError) as error:
        print(
            json.dumps({"broken": getattr(error, "strerror", "") or str(error) or "out of memory"})
        )
        return
    heard |= {
        "samples": ear.samples,
        "rate": ear.rate,
        "sounding": ear.loud / ear.blocks if ear.blocks else 0.0,
        "md5": ear.digest.hexdigest(),
        "padded": ear.bits == 24 and ear.wide and not ear.used,
        "bands": _bands(ear) if ear.spectrum and ear.windows else [],
    }
    print(json.dumps(heard))


if __name__ == "__main__":
    assert array("i").itemsize == 4
    main()
