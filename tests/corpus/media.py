"""What files weigh and what peers tell about them.

Attribute combinations follow the clients (contract slskd §3.6): lossy files carry a bitrate,
lossless ones a length with rate and depth, and anything may be missing.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum

from soulspot_arr.domain import RawFile

EXTENSIONS = {
    "FLAC": "flac",
    "MP3": "mp3",
    "AAC": "m4a",
    "OGG": "ogg",
    "OPUS": "opus",
    "ALAC": "m4a",
    "WMA": "wma",
    "APE": "ape",
}


class Lengths(StrEnum):
    """How far a peer's lengths can be trusted."""

    TOLD = "told"
    MISSING = "missing"
    ZERO = "zero"
    OFF = "off"  # wrong by one or two seconds, as an estimate of a VBR file is
    PREGAP = "pregap"  # gaps lie at the head of a track instead of the tail of the one before
    VINYL = "vinyl"  # cut by hand from a turntable that runs as it likes
    PATCHY = "patchy"  # only some files have been scanned


@dataclass(frozen=True, slots=True)
class Rip:
    """Format of a share, and what its owner's client says about it."""

    codec: str
    bitrate: int  # kbit/s; of lossless files the rough average
    depth: int = 16
    rate: int = 44_100
    vbr: bool = False
    lengths: Lengths = Lengths.TOLD
    says_bitrate: bool = True
    rounds_up: bool = False
    upper: bool = False  # `.FLAC`, `.MP3`

    @property
    def lossless(self) -> bool:
        """Whether the codec keeps every bit."""
        return self.codec in {"FLAC", "ALAC", "APE"}

    @property
    def extension(self) -> str:
        """Without the dot."""
        plain = EXTENSIONS[self.codec]
        return plain.upper() if self.upper else plain

    @property
    def tag(self) -> str:
        """What people write behind an album: FLAC, 24-96, 320, V0."""
        if self.lossless:
            return self.codec if self.depth == 16 else f"{self.codec} {self.depth}-{self.rate_khz}"
        return "V0" if self.vbr and self.codec == "MP3" else str(self.bitrate)

    @property
    def rate_khz(self) -> str:
        """Sample rate in thousands: 44.1, 96."""
        return f"{self.rate / 1000:g}"


_RIPS: tuple[tuple[float, Rip], ...] = (
    (40, Rip("FLAC", 850)),
    (4, Rip("FLAC", 1600, depth=24)),
    (4, Rip("FLAC", 2800, depth=24, rate=96_000)),
    (20, Rip("MP3", 320)),
    (9, Rip("MP3", 245, vbr=True)),
    (4, Rip("MP3", 256)),
    (5, Rip("MP3", 192)),
    (3, Rip("MP3", 128)),
    (4, Rip("AAC", 256)),
    (2, Rip("OGG", 192, vbr=True)),
    (2, Rip("OPUS", 128, vbr=True)),
    (1, Rip("ALAC", 850)),
    (1, Rip("WMA", 192)),
    (1, Rip("APE", 820)),
)
_LENGTHS: tuple[tuple[float, Lengths], ...] = (
    (0.73, Lengths.TOLD),
    (0.08, Lengths.MISSING),
    (0.02, Lengths.ZERO),
    (0.08, Lengths.OFF),
    (0.04, Lengths.PREGAP),
    (0.03, Lengths.VINYL),
    (0.02, Lengths.PATCHY),
)


def rip(rng: random.Random, *, told: bool = False) -> Rip:
    """A format drawn by lot; `told` insists on lengths."""
    weights = [weight for weight, _ in _RIPS]
    base = rng.choices([each for _, each in _RIPS], weights)[0]
    lengths = rng.choices([each for _, each in _LENGTHS], [share for share, _ in _LENGTHS])[0]
    if told and lengths in {Lengths.MISSING, Lengths.ZERO, Lengths.PATCHY}:
        lengths = Lengths.TOLD
    return Rip(
        codec=base.codec,
        bitrate=base.bitrate + (rng.randrange(-12, 13) if base.vbr else 0),
        depth=base.depth,
        rate=base.rate,
        vbr=base.vbr,
        lengths=lengths,
        says_bitrate=rng.random() < 0.85,
        rounds_up=rng.random() < 0.3,
        upper=rng.random() < 0.03,
    )


def raw(path: str, seconds: float, rip_: Rip, rng: random.Random) -> RawFile:
    """One audio file of this format, with what its peer tells."""
    rate = rip_.bitrate * (rng.uniform(0.75, 1.2) if rip_.lossless or rip_.vbr else 1.0)
    size = int(seconds * rate * 125) + rng.randrange(20_000, 400_000)
    length = _length(seconds, rip_, rng)
    lossless = rip_.lossless and rip_.codec != "APE"
    return RawFile(
        locator=path,
        path=path,
        size=size,
        bitrate=round(rate) if rip_.says_bitrate and not rip_.lossless else None,
        sample_rate=rip_.rate if lossless and length is not None else None,
        bit_depth=rip_.depth if lossless and length is not None else None,
        seconds=length,
        vbr=rip_.vbr if rip_.says_bitrate and not rip_.lossless and rng.random() < 0.5 else None,
    )


def _length(seconds: float, rip_: Rip, rng: random.Random) -> int | None:
    if rip_.lengths is Lengths.MISSING:
        return None
    if rip_.lengths is Lengths.PATCHY and rng.random() < 0.4:
        return None
    if rip_.lengths is Lengths.ZERO:
        return 0
    if rip_.lengths is Lengths.OFF:
        seconds += rng.choice((-2, -1, -1, 0, 1, 1, 2))
    elif rip_.lengths is Lengths.PREGAP:
        seconds += rng.choice((-3, -2, 0, 0, 2, 3))
    elif rip_.lengths is Lengths.VINYL:
        seconds += max(-6.0, min(6.0, rng.gauss(0.5, 2.5)))
    return max(1, round(seconds) if rip_.rounds_up else int(seconds))
