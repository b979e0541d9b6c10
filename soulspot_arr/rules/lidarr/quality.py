"""Which quality and revision Lidarr reads out of a release title (contract lidarr §7.4).

The left-most codec word and the left-most bitrate word win, wherever they stand, and nothing but
the title is consulted. This room only reads; which words to write is decided in `titles`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from soulspot_arr.rules.lidarr.text import EDGE, lower, shadow

UNKNOWN = "Unknown"
"""Lidarr's name for a quality it cannot tell."""

_Words = Sequence[tuple[str, re.Pattern[str]]]


@dataclass(frozen=True, slots=True)
class Revision:
    """Which edition of a release Lidarr takes a title for; 1, 0 and False for an ordinary one."""

    version: int = 1
    real: int = 0
    repack: bool = False


def _word(pattern: str) -> re.Pattern[str]:
    return re.compile(f"{EDGE}(?:{pattern}){EDGE}")


def _enclosed(word: str) -> re.Pattern[str]:
    """A word that only counts after an opening and before a closing bracket (or a bar)."""
    return re.compile(rf"[(\[|].*{EDGE}{word}{EDGE}.*[)\]|]")


_MPEG = r"mpeg version \d(?:.5)? audio, layer "

# Equal positions are decided by the order of the rows.
_CODECS: _Words = (
    ("MP1", _word(f"{_MPEG}1|mp1")),
    ("MP2", _word(f"{_MPEG}2|mp2")),
    ("MP3 VBR", _word(f"mp3.*vbr|{_MPEG}3 vbr")),
    ("MP3", _word(f"mp3|{_MPEG}3")),
    ("FLAC", _word(r"(?:web)?flac(?:24(?:[-._ ]?bit)?)?|tr24")),
    ("WavPack", _word("wavpack|wv")),
    ("ALAC", _word("alac")),
    ("WMA", _word(r"wma\d?")),
    ("WAV", _word("wav|pcm")),
    ("AAC", _word("m4[abp]|aac|mp4a|mpeg-4 audio(?!.*alac)")),
    ("OGG", _word("og[ag]|vorbis")),
    ("APE", re.compile("monkey's audio")),
    ("APE", _enclosed("ape")),
    ("OGG", re.compile(r"opus version \d(?:.5)? audio")),
    ("OGG", _enclosed("opus")),
)


def _bitrate(name: str, *others: str) -> tuple[str, re.Pattern[str]]:
    return name, _word("|".join((f"{name}(?: ?kbps)?", rf"[(\[].*{name}.*[)\]]", *others)))


_BITRATES: _Words = (
    _bitrate("96"),
    _bitrate("128"),
    _bitrate("160", "q5"),
    _bitrate("192", "q6"),
    _bitrate("224", "q7"),
    _bitrate("256", r"itunes\splus", "q8"),
    _bitrate("320", "q9"),
    _bitrate("500", "q10"),
    _bitrate("v0"),
    _bitrate("v2"),
)

_24_BITS = _word(r"24[-._ ]?bit|flac24(?:[-._ ]?bit)?|tr24|24-(?:44|48|96|192)|[(\[].*24bit.*[)\]]")
_WEB = _word("web")

# "" is a title without any codec word.
_BY_BITRATE: Mapping[str, Mapping[str, str]] = {
    "": {rate: f"MP3-{rate}" for rate in ("192", "256", "320")},
    "MP3": {rate: f"MP3-{rate}" for rate in ("96", "128", "160", "192", "256", "320")},
    "MP3 VBR": {"v0": "MP3-VBR-V0", "v2": "MP3-VBR-V2"},
    "AAC": {rate: f"AAC-{rate}" for rate in ("192", "256", "320")},
    "OGG": {
        rate: f"OGG Vorbis Q{level}"
        for level, rate in enumerate(("160", "192", "224", "256", "320", "500"), start=5)
    },
}
_AT_ANY_BITRATE: Mapping[str, str] = {
    "AAC": "AAC-VBR",
    "WMA": "WMA",
    "WAV": "WAV",
    "APE": "APE",
    "WavPack": "WavPack",
}
_BY_EXTENSION: Mapping[str, str] = {
    "wma": "WMA",
    "wav": "WAV",
    "wv": "WavPack",
    "flac": "FLAC",
    "ape": "APE",
}

# A digit that is not the 3 of the word MP3, "v", a digit, a separator.
_VERSION = re.compile(rf"\d(?<!{EDGE}mp3{EDGE})[-._ ]?v(\d)[-._ ]|\[v(\d)\]|(?:repack|rerip)(\d)")
_PROPER = _word("proper")
_REPACK = _word(r"(?:repack|rerip)\d?")
_REAL = _word("REAL")


def _leftmost(words: _Words, text: str) -> str:
    hits = [
        (match.start(), row, name)
        for row, (name, pattern) in enumerate(words)
        if (match := pattern.search(text))
    ]
    return min(hits)[2] if hits else ""


def _normalised(title: str) -> str:
    return shadow(lower(title.replace("_", " ").strip()))


def _named_quality(text: str) -> str:
    codec, bitrate = _leftmost(_CODECS, text), _leftmost(_BITRATES, text)
    if codec in ("FLAC", "ALAC"):
        return f"{codec} 24bit" if _24_BITS.search(text) else codec
    quality = _BY_BITRATE.get(codec, {}).get(bitrate)
    if quality is None and not codec and _WEB.search(text):
        return "MP3-320"
    return quality or _AT_ANY_BITRATE.get(codec, UNKNOWN)


def quality_of(title: str) -> str:
    """Return the name of the quality Lidarr reads out of a title, "Unknown" if it cannot."""
    quality = _named_quality(_normalised(title))
    if quality != UNKNOWN:
        return quality
    return _BY_EXTENSION.get(title.rpartition(".")[2].lower(), UNKNOWN) if "." in title else UNKNOWN


def revision_of(title: str) -> Revision | None:
    """Return the revision Lidarr reads, None where a foreign digit breaks its conversion."""
    text = _normalised(title)
    version = 1
    match = _VERSION.search(text)
    digit = next(filter(None, match.groups())) if match else ""
    if digit:
        if not digit.isascii():
            return None
        version = int(digit)
    repack = bool(_REPACK.search(text))
    if repack or _PROPER.search(text):
        version = version + 1 if digit else 2
    return Revision(version, len(_REAL.findall(shadow(title))), repack)
