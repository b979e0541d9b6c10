"""Release titles that stock Lidarr reads back as meant.

A title is the only thing Lidarr looks at when it decides which artist, album and quality an offer
is, and it reads it with a parser full of traps. So every title is written in the one shape that
survives (contract lidarr §7.6), read back with the emulation of that parser, and only returned
when it says exactly what was meant. Nothing here measures files or chooses offers.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from itertools import product
from types import MappingProxyType

from soulspot_arr.rules.lidarr.parser import (
    ReadBack,
    read_back,
    same_album,
    search_accepts,
)
from soulspot_arr.rules.lidarr.quality import quality_of
from soulspot_arr.rules.lidarr.text import PERCENT, clean_name, cut, received

__all__ = [
    "MAX_BYTES",
    "QUALITY_OF_TOKEN",
    "ReadBack",
    "build",
    "clean_name",
    "quality_of",
    "read_back",
    "search_accepts",
]

MAX_BYTES = 251
"""Longest title in UTF-8 bytes: with ".nzb" it still fits a file name of 255 bytes."""

_VORBIS = {
    rate: f"OGG Vorbis Q{level}"
    for level, rate in enumerate(("160", "192", "224", "256", "320", "500"), start=5)
}

# Left out on purpose (contract lidarr §7.4), because title and import would disagree:
#   MP3 224, 112 and below   read as Unknown, imported as MP3-224, MP3-112 …
#   MP3 VBR V2               read as MP3-VBR-V2, but every VBR file is imported as MP3-VBR-V0
#   MP3, MP3 VBR, MP3 V0, OGG without rate    read as Unknown
#   OGG at another nominal rate, Opus below 130 kbit/s    imported as Unknown
QUALITY_OF_TOKEN: Mapping[str, str] = MappingProxyType(
    {
        "FLAC": "FLAC",
        "FLAC 24bit": "FLAC 24bit",
        "ALAC": "ALAC",
        "ALAC 24bit": "ALAC 24bit",
        **{f"MP3 {rate}": f"MP3-{rate}" for rate in (96, 128, 160, 192, 256, 320)},
        "MP3 VBR V0": "MP3-VBR-V0",
        **{f"AAC {rate}": f"AAC-{rate}" for rate in (192, 256, 320)},
        "AAC": "AAC-VBR",  # any other bitrate, constant or not
        **{f"OGG {rate}": quality for rate, quality in _VORBIS.items()},
        # Import sorts Opus into the same classes by range; the words count in brackets only.
        **{f"Opus {rate}": quality for rate, quality in _VORBIS.items()},
        "WAV": "WAV",
        "WMA": "WMA",
        "APE": "APE",
        "WavPack": "WavPack",
    }
)
"""Every quality token a title may carry, and the quality Lidarr reads and will import it as."""

# A blank breaks a trap and leaves the clean form as it is; "- " is for traps that span one
# separator. Digits come first: parted from them, a word becomes a word of its own.
_TRAPS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(trap), harmless)
    for trap, harmless in (
        (r"(?<!\d)(\d{4})[-_.](\d\d)[-_.](\d\d)(?!\d)", r"\1 \2 \3"),  # cuts off what follows
        (r"(?<!\d)(\d\d)[-_.](\d\d)[-_.](\d{4})(?!\d)", r"\1 \2 \3"),
        (r"(?<=[-_.])(\d\d)(\d{4})(?=[-_.])", r"\1 \2"),
        (r"(?i)(8|10)(?=b)", r"\1 "),  # scrubbed as video words
        (r"(?i)(320|480|720|1080|2160)(?=[ip])", r"\1 "),
        (r"(?i)([hx])[\W_]?(26[45])", r"\1- \2"),
        (r"(?i)(dd)\W?(5\W1)", r"\1- \2"),
        (r"(?i)(848|1280|1920|3840|4096)(?=x\d)", r"\1 "),
        (r"(?i)(24)[-._ ]?(bit)", r"\1- \2"),  # promise 24 bits
        (r"(?i)(flac|tr)(24)", r"\1- \2"),
        (r"(24-)(?=(?:44|48|96|192)\b)", r"\1 "),
        (r"(?i)(\d[-._ ]?v)(?=\d(?:[-._ ]|$))", r"\1 "),  # a better revision
        (r"(?i)\b(prop)(er)\b", r"\1 \2"),
        (r"(?i)(re)(pack|rip)(?=\d|\b)", r"\1 \2"),
        (r"\bREAL\b", "Real"),
        (r"(?i)(disco)(gra(?:phy|fia))", r"\1 \2"),  # turns the release into a discography
        (r"(?i)(samp)(le)", r"\1 \2"),  # refused as a sample when small
        (r"(?i)(yen)(c)", r"\1 \2"),  # refused beside "password"
        (r"(?i)(vb)(r)\b", r"\1 \2"),  # turns "MP3 320" into an unknown VBR
    )
)
# Words that set the bitrate when the token itself names none.
_RATE_WORD = re.compile(r"(?i)\b(1(?=92\b)|2(?=56\b)|3(?=20\b)|q(?=[689]\b)|itunes(?=\splus\b))")
_HIJACKER = re.compile(r"(?i)\b(?:ape|opus)\b")
_BRACKETS = str.maketrans("[]{}", "()()")
_UNWRITABLE = frozenset("<>*|%_")
_SMALL_FIRST = re.compile(r"(?i)^\W+(?:an?|à|and|of|or|the)\b\W*")


def _is_unfit(char: str) -> bool:
    """Whether a character must not stand in a title (contract lidarr §6.6, §7.6, §8.2)."""
    return char in _UNWRITABLE or unicodedata.category(char) == "Cc" or not received(char)


def _writable(char: str) -> str:
    """Map one character to what may stand in a title; what Lidarr ignores becomes a blank."""
    if unicodedata.category(char) == "Cf":  # soft hyphens, joiners, direction marks
        return ""
    return " " if _is_unfit(char) else char


def _disarmed(text: str, token: str) -> str:
    """Break every trap a name can hold, leaving its clean form alone."""
    for trap, harmless in _TRAPS:
        text = trap.sub(harmless, text)
    if token == "AAC":  # noqa: S105 - a quality token
        text = _RATE_WORD.sub(r"\1- ", text)
    return text


def _written(name: str, token: str) -> str:
    """Return the name as it may stand in a title."""
    text = cut(PERCENT, name, " percent").translate(_BRACKETS)
    text = " ".join("".join(map(_writable, text)).split())
    return _disarmed(re.sub("(?: -)+ ", " ", text), token)


def _without_parentheses(text: str) -> str:
    return " ".join(text.replace("(", " ").replace(")", " ").split())


def _wordings(name: str, plain: str, token: str) -> tuple[str, ...]:
    """Return the ways to write one name, the plainest first (contract lidarr §7.6 step 7)."""
    return (
        plain,
        # "M.I.A." is read as "M I A" and keeps its last word A; a comma keeps it from being last
        f"{plain},",
        # "...And Justice" loses its dots and would keep a leading And that the library's form lost
        _SMALL_FIRST.sub("", plain),
        _disarmed(clean_name(name), token),
    )


def _pairs(artist: str, album: str, token: str) -> Iterator[tuple[str, str]]:
    """Yield the ways to write both names, the least changed first."""
    plain_artist, plain_album = _written(artist, token), _written(album, token)
    if _HIJACKER.search(f"{plain_artist} {plain_album}"):
        # "(… ape …)" outranks the token: no parenthesis may close after such a word
        plain_artist = _without_parentheses(plain_artist)
        plain_album = _without_parentheses(plain_album)
    artists = _wordings(artist, plain_artist, token)
    # Every name without word characters maps to an artist whose own clean form is empty.
    artists = artists if clean_name(artist) else (plain_artist, "!")
    # An album without clean form is only found by its identical title.
    albums = _wordings(album, plain_album, token) if clean_name(album) else (album,)
    ranked = sorted(
        product(enumerate(albums), enumerate(artists)), key=lambda pair: pair[0][0] + pair[1][0]
    )
    yield from ((by, name) for (_, name), (_, by) in ranked if by and name)


def _says(title: str, artist: str, album: str, quality: str) -> bool:
    """Whether a title may be shown and Lidarr reads exactly this out of it."""
    if any(map(_is_unfit, title)) or "sample" in title.lower():
        return False
    if len(title.encode()) > MAX_BYTES:
        return False
    read = read_back(title)
    return (
        read is not None
        and bool(read.artist)
        and clean_name(read.artist) == clean_name(artist)
        and same_album(read.album, album)
        and read.quality == quality
        and (read.revision, read.real, read.repack, read.discography) == (1, 0, False, False)
    )


def build(
    artist: str, album: str, *, year: int | None, quality_token: str, key8: str
) -> str | None:
    """Return the title to show for a candidate, None if Lidarr would misread every wording.

    `key8` is the candidate's key, 8 lower-case hex digits; `quality_token` one of
    `QUALITY_OF_TOKEN`, any other gives None. Names are never cut: Lidarr compares whole ones.
    """
    quality = QUALITY_OF_TOKEN.get(quality_token)
    if quality is None or not artist.strip():
        return None
    stamp = f"{year:04d}" if year is not None and 0 <= year <= 9999 else "0000"
    pairs = list(_pairs(artist, album, quality_token))
    shapes = (
        *(f"({quality_token}) {by} - {name} - {stamp}" for by, name in pairs),
        # "+44" keeps its sign only where nothing stands in front of it
        *(f"{by} - {name} ({stamp}) [{quality_token}]" for by, name in pairs),
    )
    for shape in dict.fromkeys(shapes):
        title = f"{shape}-slsk{key8}"
        if _says(title, artist, album, quality):
            return title
    return None
