"""What files are, in which words that may be promised to Lidarr, and how soon they may arrive.

Measured from extensions and attributes alone. Nothing is guessed upwards: what cannot be told has
no token and is not offered.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from statistics import fmean, median

from soulspot_arr.domain import Quality, RawFile
from soulspot_arr.rules.tracks import IMPORTABLE

_MP3_RATES = (320, 256, 224, 192, 160, 128, 112, 96, 80, 64, 56, 48, 40, 32)
_MP3_TOKENS = frozenset({320, 256, 192, 160, 128, 96})  # 224 and 112 read back as Unknown (§7.4)
_AAC_TOKENS = frozenset({320, 256, 192})
_VORBIS_RATES = (500, 320, 256, 224, 192, 160)
_OPUS_FLOORS = ((410, 500), (290, 320), (240, 256), (205, 224), (180, 192), (130, 160))

# A rate computed from size and whole seconds reads high (artwork, tags) rather than low.
_COMPUTED_LOW, _COMPUTED_HIGH = 0.985, 1.06
_REPORTED_TOLERANCE = 2  # kbit/s; clients round differently
_GROWING, _SPREAD = 4, 20  # files, and seconds by which they differ, before growth tells a rate
_LARGEST_PICTURES = 40_000  # kbit; 5 MB
_LOSSLESS_M4A = 450  # kbit/s; AAC ends at 320, ALAC of real music starts above
_HIRES = 64_000  # Hz; above this nobody keeps 16 bits
_CD_RATE = 44_100  # Hz; the lowest that is usual, so what does not tell its rate is not suspected
_SHORTEST_SAMPLE = 60  # seconds; less says nothing about a record
# Share of the uncompressed bits below which packed music is suspected, by sample rate (Hz).
# CD rips lie between 0.4 and 0.8, real 24-bit ones between 0.55 and 0.8 (0.35 at 192 kHz).
_HOLLOW_16 = ((float("inf"), 0.18),)
_HOLLOW_24 = ((48_000, 0.42), (96_000, 0.30), (float("inf"), 0.20))
_CLAIMS_24 = re.compile(r"(?<![^\W_])(?:24[-_. ]?bits?|24[-_/. x](?:44|48|88|96|176|192))", re.I)

_LOSSLESS_RANK = {"FLAC": 90, "ALAC": 88, "WV": 86, "APE": 84, "WAV": 82, "AIFF": 81}
_LOSSY_WORTH = {"MP3": 1.0, "AAC": 1.15, "OGG": 1.15, "OPUS": 1.25, "WMA": 0.8}


def codec_of(file: RawFile) -> str | None:
    """Codec by extension, `.m4a` by its attributes; None for what Lidarr does not import."""
    _, _, extension = file.path.rpartition(".")
    codec = IMPORTABLE.get(extension.lower())
    if codec == "AAC" and _is_alac(file):
        return "ALAC"
    return codec


def _is_alac(file: RawFile) -> bool:
    if file.bit_depth is not None and file.bit_depth > 0 and not file.bitrate:
        return True  # only lossless files are described by their bit depth (contract slskd §3.6)
    return (bitrate_of(file) or 0) > _LOSSLESS_M4A


def bitrate_of(file: RawFile) -> int | None:
    """kbit/s as reported, else from size and length; None when neither is known."""
    if file.bitrate is not None and file.bitrate > 0:
        return file.bitrate
    if file.seconds is not None and file.seconds > 0 and file.size > 0:
        return round(file.size * 8 / file.seconds / 1000)
    return None


def measure(files: Sequence[RawFile]) -> Quality | None:
    """The quality of files that belong together; None when they are mixed, foreign or none."""
    codecs = {codec_of(file) for file in files}
    if len(codecs) != 1:
        return None
    codec = codecs.pop()
    if codec is None or codec == "MP2":
        return None
    told = [bitrate_of(file) for file in files]
    rates = [rate for rate in told if rate is not None]
    if codec == "MP3":
        bitrate, vbr = _measure_mp3(files, rates)
        return Quality(codec, bitrate=bitrate, vbr=vbr)
    plain = Quality(codec, bitrate=round(median(rates)) if rates else None)
    if plain.lossless:
        sample_rate = min((file.sample_rate for file in files if file.sample_rate), default=None)
        depth = _bit_depth(files)
        return Quality(
            codec,
            bitrate=plain.bitrate,
            bit_depth=depth,
            sample_rate=sample_rate,
            doubt=_doubt(files, depth or 16, sample_rate or _CD_RATE),
        )
    if codec in ("AAC", "OGG") and rates:
        standards = tuple(_AAC_TOKENS) if codec == "AAC" else _VORBIS_RATES
        return Quality(codec, bitrate=_near(median(rates), standards, codec) or plain.bitrate)
    return plain


def _near(rate: float, standards: Sequence[int], codec: str) -> int | None:
    # Vorbis is imported by its nominal rate, from which the average strays by a few percent;
    # AAC keeps its own number, because "any other" is a class of its own (contract lidarr §7.4).
    tolerance = 0.06 if codec == "OGG" else 0.012
    return next((value for value in standards if abs(rate - value) <= value * tolerance), None)


def _bit_depth(files: Sequence[RawFile]) -> int | None:
    """The smallest depth among the files; without attributes what rate or folder name imply."""
    known = [file.bit_depth for file in files if file.bit_depth]
    if known:
        return min(known)
    if any((file.sample_rate or 0) > _HIRES for file in files):
        return 24
    return 24 if files and all(_CLAIMS_24.search(file.path) for file in files) else None


def _doubt(files: Sequence[RawFile], depth: int, sample_rate: int) -> str:
    """Why lossless files may be no such thing: fewer bits per second than such music needs.

    Bits that were padded and frequencies that were made up pack to almost nothing, so what claims
    more than it holds is conspicuously small. A suspicion, no proof: silence packs well too.
    """
    timed = [(file.size, file.seconds) for file in files if file.seconds and file.size > 0]
    seconds = sum(length for _, length in timed)
    if seconds < _SHORTEST_SAMPLE:
        return ""
    share = sum(size for size, _ in timed) * 8 / seconds / (depth * sample_rate * 2)
    floors = _HOLLOW_24 if depth > 16 else _HOLLOW_16
    floor = next(least for rate, least in floors if sample_rate <= rate)
    if share >= floor:
        return ""
    rate = f"{sample_rate / 1000:g} kHz"
    return f"only {share:.0%} of what {depth} bits at {rate} hold: padded or upsampled?"


def _measure_mp3(files: Sequence[RawFile], rates: Sequence[int]) -> tuple[int | None, bool]:
    """Bitrate and whether it is variable: from the flag, else from rates no constant file has."""
    highest = bool(rates) and min(rates) >= _MP3_RATES[0]  # nothing variable stays up there
    if not highest and sum(file.vbr is True for file in files) * 2 > len(files):
        return (round(fmean(rates)) if rates else None), True
    if not rates:
        return None, False
    snapped = [_snap(file) for file in files if bitrate_of(file) is not None]
    constant = Counter(rate for rate in snapped if rate is not None)
    computed = all(not file.bitrate for file in files)
    if computed and len(snapped) > 2:
        # Averages of variable files fall near a standard by chance, but not all near the same.
        best, count = constant.most_common(1)[0] if constant else (0, 0)
        steady = _growth(files) or (best if count * 5 >= len(snapped) * 4 else 0)
        return (steady, False) if steady else (round(fmean(rates)), True)
    if constant.total() * 2 > len(snapped):
        most = max(constant.values())
        return min(rate for rate, count in constant.items() if count == most), False
    return round(fmean(rates)), True


def _growth(files: Sequence[RawFile]) -> int | None:
    """The constant rate by which sizes grow with lengths; None when they do not, or hardly differ.

    Large pictures make every file read too high, but all by the same number of bytes.
    """
    timed = [(file.seconds, file.size / 125) for file in files if file.seconds and file.size > 0]
    if len(timed) < _GROWING:
        return None
    middle = fmean(length for length, _ in timed)
    spread = sum((length - middle) ** 2 for length, _ in timed)
    if spread < len(timed) * _SPREAD**2:
        return None
    slope = sum((length - middle) * bits for length, bits in timed) / spread
    start = fmean(bits for _, bits in timed) - slope * middle
    # Lengths are whole seconds, so a file may be off by one.
    steady = all(abs(start + slope * length - bits) <= 1.5 * slope for length, bits in timed)
    if not steady or not 0 <= start <= _LARGEST_PICTURES:
        return None
    return next((rate for rate in _MP3_RATES if abs(slope - rate) <= rate * 0.015), None)


def _snap(file: RawFile) -> int | None:
    """The constant rate this file has, or None when it has none of them."""
    rate = bitrate_of(file) or 0
    if rate > _MP3_RATES[0]:
        return _MP3_RATES[0]  # there is nothing above: pictures, or another unit
    if file.bitrate:
        return next((r for r in _MP3_RATES if abs(r - rate) <= _REPORTED_TOLERANCE), None)
    return next(
        (r for r in _MP3_RATES if r * _COMPUTED_LOW <= rate <= r * _COMPUTED_HIGH),
        None,
    )


def token(quality: Quality) -> str | None:
    """The words for a release title that import will confirm; None when none would be true."""
    codec, rate = quality.codec, quality.bitrate
    if codec in ("FLAC", "ALAC"):
        # Only exactly 24 bits are imported as such (contract lidarr §7.4).
        return f"{codec} 24bit" if quality.bit_depth == 24 else codec
    if codec == "MP3":
        if quality.vbr:
            return "MP3 VBR V0"  # every variable MP3 is imported as V0
        return f"MP3 {rate}" if rate in _MP3_TOKENS else None
    if codec == "AAC" and rate is not None:
        return f"AAC {rate}" if rate in _AAC_TOKENS else "AAC"
    if codec == "OGG":
        return f"OGG {rate}" if rate in _VORBIS_RATES else None
    if codec == "OPUS" and rate is not None:
        return next((f"Opus {name}" for floor, name in _OPUS_FLOORS if rate >= floor), None)
    return {"WAV": "WAV", "WMA": "WMA", "APE": "APE", "WV": "WavPack"}.get(codec)


def promised(token: str, extension: str) -> Quality | None:
    """What the words of `token` promise about a file of this ending; None: nothing about it."""
    codec, _, rest = token.partition(" ")
    codec = {"Opus": "OPUS", "WavPack": "WV"}.get(codec, codec)
    usual = IMPORTABLE.get(extension.lower().lstrip("."))
    if codec != usual and (codec, usual) != ("ALAC", "AAC"):
        return None
    if codec in ("FLAC", "ALAC"):
        return Quality(codec, bit_depth=24 if rest == "24bit" else None)
    return Quality(codec, bitrate=int(rest) if rest.isdigit() else None, vbr="VBR" in rest)


def rank_of(quality: Quality) -> int:
    """0 … 99, higher is better: lossless above lossy, more bits above fewer, doubtful ones below."""
    if quality.codec in _LOSSLESS_RANK:
        # Hollow 24 bits are worth less than honest 16, which they were made from.
        extra = 9 if quality.bit_depth == 24 else 0
        return _LOSSLESS_RANK[quality.codec] + (-1 if quality.doubt else extra)
    worth = (quality.bitrate or 0) * _LOSSY_WORTH.get(quality.codec, 0.5)
    if quality.vbr:
        worth *= 1.15  # a variable file spends its bits where they are heard
    return min(round(worth / 5), 80)


def utility(*, free_slot: bool, queue_length: int, speed: int, size: int) -> float:
    """0 … 1, how soon `size` bytes are likely here: a free slot, a short queue, then the speed.

    `speed` is in bytes per second; 0 means that nobody knows it, not that it is slow.
    """
    waiting = 1 / (1 + max(queue_length, 0) / 5)
    minutes = max(size, 0) / speed / 60 if speed > 0 else 10.0
    pace = 1 / (1 + minutes / 10)
    return 0.5 * free_slot + 0.3 * waiting + 0.2 * pace
