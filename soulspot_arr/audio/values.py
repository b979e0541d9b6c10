"""The words of this floor: what is expected of a file, what was measured, what was found wrong.

Values only: nothing here opens a file. Times are seconds, rates Hz, bitrates kbit/s.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from soulspot_arr.domain import FailureKind


class Container(StrEnum):
    """What a file is by its bytes, whatever its name says."""

    FLAC = "flac"
    MP3 = "mp3"
    MP2 = "mp2"
    MP4 = "mp4"
    VORBIS = "vorbis"
    OPUS = "opus"
    OGG_FLAC = "ogg-flac"
    WAV = "wav"
    AIFF = "aiff"
    APE = "ape"
    WAVPACK = "wavpack"
    ASF = "asf"
    ADTS = "adts"


class Finding(StrEnum):
    """What is wrong with a file."""

    MISSING = "missing"
    NO_FILE = "no_file"  # a link, a folder, a pipe
    UNREADABLE = "unreadable"  # our own permissions or disk
    EMPTY = "empty"
    NO_AUDIO = "no_audio"
    RENAMED = "renamed"  # its ending lies
    TRUNCATED = "truncated"
    DAMAGED = "damaged"
    SILENT = "silent"
    WRONG_LENGTH = "wrong_length"  # other content than the track
    OTHER_FORMAT = "other_format"  # worse than what was offered
    FAKE_LOSSLESS = "fake_lossless"


KINDS = {
    Finding.MISSING: FailureKind.VANISHED,
    Finding.NO_FILE: FailureKind.INVALID_FORMAT,
    Finding.UNREADABLE: FailureKind.DISK_FULL,  # ours to mend: no peer is to blame
    Finding.EMPTY: FailureKind.CORRUPT,
    Finding.NO_AUDIO: FailureKind.CORRUPT,
    Finding.RENAMED: FailureKind.INVALID_FORMAT,
    Finding.TRUNCATED: FailureKind.CORRUPT,
    Finding.DAMAGED: FailureKind.CORRUPT,
    Finding.SILENT: FailureKind.CORRUPT,
    Finding.WRONG_LENGTH: FailureKind.NOT_IMPORTABLE,
    Finding.OTHER_FORMAT: FailureKind.INVALID_FORMAT,
    Finding.FAKE_LOSSLESS: FailureKind.INVALID_FORMAT,
}
"""What each finding is to the retry rule."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the file should be: the length of its track, and the quality that was offered.

    None and an empty codec expect nothing. `codec` is one of `domain.Quality`'s.
    """

    seconds: float | None = None
    codec: str = ""
    bitrate: int | None = None
    vbr: bool = False
    bit_depth: int | None = None
    sample_rate: int | None = None


class FakeLossless(StrEnum):
    """What is done about a spectrum that ends where a lossy encoder cuts."""

    OFF = "off"
    REPORT = "report"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Strictness:
    """How hard a file is looked at; the defaults find everything but fake lossless."""

    decode: bool = True
    reject_silence: bool = True
    fake_lossless: FakeLossless = FakeLossless.OFF


@dataclass(frozen=True, slots=True)
class Facts:
    """What was measured. `bit_depth` is None for lossy codecs.

    `decoded`: every frame was turned into sound; `proven`: the sound is what FLAC's own MD5 says.
    `guessed`: the file does not tell its length, and `seconds` was computed from its size.
    `heard` is the length of that sound, `sounding` the share of it that is louder than -72 dBFS,
    `cutoff` the frequency (Hz) above which the spectrum falls off a cliff; None when not looked at.
    """

    container: Container
    codec: str
    size: int
    seconds: float
    sample_rate: int = 0
    channels: int = 0
    bit_depth: int | None = None
    bitrate: int = 0
    decoded: bool = False
    proven: bool = False
    heard: float | None = None
    sounding: float | None = None
    cutoff: float | None = None
    guessed: bool = False


@dataclass(frozen=True, slots=True)
class Verification:
    """The verdict on one file. `reason` is one sentence for people, empty when all is well.

    `doubts` are sentences about what is odd and was let through.
    """

    finding: Finding | None = None
    reason: str = ""
    facts: Facts | None = None
    doubts: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing speaks against the file."""
        return self.finding is None

    @property
    def kind(self) -> FailureKind | None:
        """What the finding is to the retry rule; None when all is well."""
        return KINDS[self.finding] if self.finding is not None else None


class Unfit(Exception):  # not an error: how the steps of a verification end it
    """The file cannot be what was wanted."""

    def __init__(self, finding: Finding, reason: str) -> None:
        super().__init__(reason)
        self.finding = finding
        self.reason = reason
