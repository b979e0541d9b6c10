"""Verifies one file: is it the sound that was wanted, whole, and what its name says?

Gets a path and what is expected, returns a frozen verdict, changes nothing and never raises for
what a file may be. Cheap questions come first; the decoder hears only what passed them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from mutagen import MutagenError
from mutagen.mp3 import BitrateMode

from soulspot_arr.audio import decoding, opening, spectrum, structure
from soulspot_arr.audio.decoding import Decoder, Heard, Sound
from soulspot_arr.audio.values import (
    Container,
    Expected,
    Facts,
    FakeLossless,
    Finding,
    Strictness,
    Unfit,
    Verification,
)

_LOSSLESS = {"FLAC", "ALAC", "WAV", "AIFF", "APE", "WV"}
_CODECS = {
    Container.FLAC: "FLAC",
    Container.MP3: "MP3",
    Container.MP2: "MP2",
    Container.VORBIS: "OGG",
    Container.OPUS: "OPUS",
    Container.OGG_FLAC: "FLAC",
    Container.WAV: "WAV",
    Container.AIFF: "AIFF",
    Container.APE: "APE",
    Container.WAVPACK: "WV",
    Container.ASF: "WMA",
}
_LONG = 600.0
_HARDLY_ANY = 0.01
# The stream of a file is at most as large as plain samples; covers may come on top of it.
_MOST_COVER = 128 * 1024 * 1024
_PLAIN = 8 * 384_000 * 4  # bytes a second of the widest sound there is
_LOSSY = 1_000_000 // 8
_MOST_MP3 = 330_000 // 8
_LONGEST = 86_400.0
# A peer's bitrate is an average, rounded, and of a variable one little more than a guess.
_CONSTANT, _VARIABLE = 0.9, 0.75

Find = Callable[[], Decoder | None]


def verify(
    path: Path,
    expected: Expected,
    strictness: Strictness | None = None,
    *,
    find_decoder: Find = decoding.decoder,
) -> Verification:
    """The verdict on the file at `path`; takes about a second for five minutes when it decodes."""
    strictness = strictness or Strictness()
    bench = _Bench(path, expected, strictness)
    try:
        with opening.opened(path) as (file, size):
            bench.look(file, size)
            found = find_decoder() if strictness.decode else None
            if found is None:
                bench.settle()
            else:
                bench.listen(file, found)
    except Unfit as unfit:
        return Verification(unfit.finding, unfit.reason, bench.facts, tuple(bench.doubts))
    except OSError as error:  # a disk that fails, a network share that went away
        reason = f"{path.name} cannot be read: {error.strerror or error}."
        return Verification(Finding.UNREADABLE, reason, bench.facts, tuple(bench.doubts))
    return Verification(facts=bench.facts, doubts=tuple(bench.doubts))


def tolerance(seconds: float) -> float:
    """Seconds by which a file may differ from its track: 3, and 5 over ten minutes."""
    return 5.0 if seconds > _LONG else 3.0


def clock(seconds: float) -> str:
    """A length as people write it."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


class _Bench:
    """One file under the lamp. Each step ends the work with Unfit, or adds to facts and doubts."""

    def __init__(self, path: Path, expected: Expected, strictness: Strictness) -> None:
        self._name = path.name
        self._ending = path.suffix.lower()
        self._expected = expected
        self._strictness = strictness
        self._digest = 0
        self._guessed = False  # the length is computed from the size
        self._sound_bytes = 0
        self.facts: Facts | None = None
        self.doubts: list[str] = []

    # -- from outside ------------------------------------------------------------------------------

    def look(self, file: BinaryIO, size: int) -> None:
        """Container, ending, structure, format, claimed length."""
        container = opening.container_of(file)
        if container is None and self._ending in (".mp3", ".mp2"):
            container = Container.MP3  # junk may stand before the first frame
        if container is None:
            raise Unfit(Finding.NO_AUDIO, f"{self._name} holds no audio.")
        if self._ending not in opening.ENDINGS[container]:
            words = f"{self._name} is not what its ending says: it holds {container}."
            raise Unfit(Finding.RENAMED, words)
        try:
            audio = opening.understood(file, container)
        except MutagenError as error:
            raise self._unreadable(file, container, size) from error
        measured = _measured(audio, container, size)
        facts = self.facts = replace(measured, guessed=_is_guess(audio, container))
        self._digest = int(getattr(audio.info, "md5_signature", 0) or 0)
        self._guessed = facts.guessed
        missing = structure.shortfall(file, container, size)
        if missing:
            raise Unfit(Finding.TRUNCATED, f"{self._name} is not whole: {missing}.")
        if not 0 < facts.seconds < _LONGEST:
            raise Unfit(Finding.NO_AUDIO, f"{self._name} holds no audio of a length that can be.")
        self._plausible(facts)
        self._as_offered(facts)
        self._sound_bytes = size - opening.id3_length(file)
        if not self._guessed:
            self._as_long(facts.seconds)
            self._as_dense(facts)

    def _unreadable(self, file: BinaryIO, container: Container, size: int) -> Unfit:
        missing = structure.shortfall(file, container, size)
        if missing:
            return Unfit(Finding.TRUNCATED, f"{self._name} is not whole: {missing}.")
        return Unfit(Finding.NO_AUDIO, f"{self._name} cannot be read as audio.")

    def _plausible(self, facts: Facts) -> None:
        rate = _PLAIN if facts.codec in _LOSSLESS else _LOSSY
        if facts.codec in _LOSSLESS and facts.sample_rate and facts.bit_depth:
            width = (facts.bit_depth + 7) // 8
            rate = facts.sample_rate * max(1, facts.channels) * width * 11 // 10
        if facts.size > _MOST_COVER + rate * (facts.seconds + 1):
            words = (
                f"{self._name} has far more bytes than {clock(facts.seconds)} of audio can need."
            )
            raise Unfit(Finding.DAMAGED, words)

    def _as_offered(self, facts: Facts) -> None:
        wanted = self._expected
        if (wanted.codec, facts.codec) == ("AAC", "ALAC"):  # many peers tell no more than ".m4a"
            self.doubts.append(f"{self._name} is ALAC, more than the AAC offered.")
        elif wanted.codec and facts.codec != wanted.codec:
            self._other(f"{facts.codec} instead of {wanted.codec}")
        self._compare("bit", facts.bit_depth, wanted.bit_depth)
        self._compare("Hz", facts.sample_rate or None, wanted.sample_rate)

    def _as_dense(self, facts: Facts) -> None:
        wanted = self._expected
        if wanted.bitrate and facts.bitrate and facts.codec not in _LOSSLESS:
            share = _CONSTANT if facts.codec == "MP3" and not wanted.vbr else _VARIABLE
            if facts.bitrate < wanted.bitrate * share:
                self._other(f"{facts.bitrate} kbit/s instead of {wanted.bitrate}")

    def _compare(self, unit: str, found: int | None, wanted: int | None) -> None:
        if found and wanted and found < wanted:
            self._other(f"{found} {unit} instead of {wanted}")
        if found and wanted and found > wanted:
            self.doubts.append(f"{self._name} has {found} {unit}, more than the {wanted} offered.")

    def _other(self, what: str) -> None:
        raise Unfit(Finding.OTHER_FORMAT, f"{self._name} is not what was offered: {what}.")

    def _as_long(self, seconds: float) -> None:
        wanted = self._expected.seconds
        if wanted is not None and abs(seconds - wanted) > tolerance(wanted):
            words = f"{self._name} lasts {clock(seconds)}, its track {clock(wanted)}"
            raise Unfit(Finding.WRONG_LENGTH, f"{words}: it holds something else.")

    def settle(self) -> None:
        """Nobody can listen: what was looked at has to do."""
        assert self.facts is not None
        self._as_long(self.facts.seconds)
        self.doubts.append(f"{self._name} was not decoded: only its structure is known.")

    # -- from inside -------------------------------------------------------------------------------

    def listen(self, file: BinaryIO, decoder: Decoder) -> None:
        """Every frame decoded: errors, length, MD5, silence, spectrum."""
        facts = self.facts
        assert facts is not None
        sound = Sound(
            facts.container,
            facts.seconds,
            facts.sample_rate,
            facts.channels,
            facts.bit_depth or 0,
        )
        lossless = facts.codec in _LOSSLESS
        looking = lossless and self._strictness.fake_lossless is not FakeLossless.OFF
        heard = decoder.hear(file, facts.size, sound, spectrum=looking)
        if heard.broken or not heard.samples:
            why = heard.broken or "no sound came out of it"
            raise Unfit(Finding.DAMAGED, f"{self._name} cannot be decoded: {why}.")
        edge = spectrum.cutoff(heard.bands, heard.rate) if looking else None
        if self._guessed:
            bitrate = round(self._sound_bytes / heard.seconds / 125)
            facts = replace(facts, seconds=heard.seconds, bitrate=bitrate)
        self.facts = replace(
            facts,
            decoded=True,
            heard=heard.seconds,
            sounding=heard.sounding,
            cutoff=edge,
        )
        self._whole(facts, heard)
        self._signed(facts, heard)
        silent = heard.sounding < _HARDLY_ANY and heard.sounding * heard.seconds < 1
        if silent and self._strictness.reject_silence:
            raise Unfit(Finding.SILENT, f"{self._name} is silent from beginning to end.")
        self._as_long(heard.seconds)
        if self._guessed:
            self._as_dense(self.facts)
        self._genuine(facts, heard, edge)

    def _whole(self, facts: Facts, heard: Heard) -> None:
        if self._guessed:
            if self._sound_bytes > _MOST_MP3 * (heard.seconds + 1):
                words = f"{self._name} has far more bytes than {clock(heard.seconds)} of sound."
                raise Unfit(Finding.DAMAGED, words)
        elif heard.seconds < facts.seconds - max(0.5, facts.seconds * 0.005):
            words = f"{self._name} claims {clock(facts.seconds)} and ends after"
            raise Unfit(Finding.TRUNCATED, f"{words} {clock(heard.seconds)}.")
        if heard.errors:
            spots = f"{heard.errors} broken {'spots' if heard.errors > 1 else 'spot'}"
            where = f", the first at {clock(heard.first_error)}" if heard.first_error else ""
            raise Unfit(Finding.DAMAGED, f"{self._name} is damaged: {spots}{where}.")

    def _signed(self, facts: Facts, heard: Heard) -> None:
        """FLAC carries the MD5 of its own samples; some encoders leave it out."""
        if facts.container is not Container.FLAC or not self._digest:
            return
        if facts.bit_depth not in (16, 24) or not heard.md5:
            return
        if f"{self._digest:032x}" != heard.md5:
            words = f"{self._name} is damaged: its sound differs from its own MD5."
            raise Unfit(Finding.DAMAGED, words)
        assert self.facts is not None
        self.facts = replace(self.facts, proven=True)

    def _genuine(self, facts: Facts, heard: Heard, edge: float | None) -> None:
        suspicions = []
        if edge is not None:
            half = facts.sample_rate / 2000
            what = "raised from a lower rate" if edge > 20_000 else "made from a lossy one"
            suspicions.append(
                f"{self._name} looks {what}: nothing above {edge / 1000:.1f} of {half:.1f} kHz."
            )
        if heard.padded and self._strictness.fake_lossless is not FakeLossless.OFF:
            suspicions.append(f"{self._name} has 24 bits of which only 16 are used.")
        if suspicions and self._strictness.fake_lossless is FakeLossless.REJECT:
            raise Unfit(Finding.FAKE_LOSSLESS, suspicions[0])
        self.doubts += suspicions


def _is_guess(audio: Any, container: Container) -> bool:
    """An MP3 without a header frame does not say how long it is."""
    mode = getattr(audio.info, "bitrate_mode", None)
    return container in (Container.MP3, Container.MP2) and mode == BitrateMode.UNKNOWN


def _measured(audio: Any, container: Container, size: int) -> Facts:
    info = audio.info
    codec = _CODECS.get(container, "")
    if container is Container.MP4:
        codec = "ALAC" if str(getattr(info, "codec", "")).lower() == "alac" else "AAC"
    seconds = float(getattr(info, "length", 0.0) or 0.0)
    if not math.isfinite(seconds):
        seconds = 0.0
    bitrate = int(getattr(info, "bitrate", 0) or 0) // 1000
    if not bitrate and seconds > 0:
        bitrate = int(size * 8 / seconds / 1000)
    depth = getattr(info, "bits_per_sample", None) or getattr(info, "sample_size", None)
    return Facts(
        container=container,
        codec=codec,
        size=size,
        seconds=seconds,
        sample_rate=int(getattr(info, "sample_rate", 0) or (container is Container.OPUS) * 48_000),
        channels=int(getattr(info, "channels", 0) or 0),
        bit_depth=int(depth) if depth and codec in _LOSSLESS else None,
        bitrate=bitrate,
    )
