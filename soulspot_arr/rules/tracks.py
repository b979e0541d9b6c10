"""What a file name says about its track: disc, number, title, and whose track it claims to be.

One name at a time; habits that only a whole folder can settle are settled in `settle`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from soulspot_arr.rules.spelling import word_set

IMPORTABLE = {
    "flac": "FLAC",
    "mp3": "MP3",
    "m4a": "AAC",
    "m4b": "AAC",
    "m4p": "AAC",
    "ogg": "OGG",
    "oga": "OGG",
    "opus": "OPUS",
    "wma": "WMA",
    "wav": "WAV",
    "wv": "WV",
    "ape": "APE",
    "aif": "AIFF",
    "aiff": "AIFF",
    "aifc": "AIFF",
    "mp2": "MP2",
}
"""Codec of every extension that Lidarr's import looks at (contract lidarr §9.3)."""

_OTHER_FILES = word_set(
    """
    aac dsf dff mpc tak tta mka ac3 dts shn mid cue log m3u m3u8 pls nfo sfv md5 ffp txt pdf rtf jpg
    jpeg png gif bmp webp tif tiff mp4 mkv avi mpg mpeg wmv flv mov webm vob iso zip rar 7z torrent
    ini db url html htm lrc par2 accurip xml
    """
)

LONGEST_NAME = 512
"""Characters of a name that are read; no disk holds half as many."""

WIDE = str.maketrans(
    {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    | {"【": "[", "】": "]", "〔": "[", "〕": "]", "\u3000": " "}
)
"""Signs, digits and letters of East Asian width, and the brackets of the region, as plain ones."""

DASH = re.compile(r"\s+[-–—―]+\s*|[-–—―]+\s+|_-_")
"""What divides the parts of a name: a dash with a blank on at least one side."""

_NUMBER = re.compile(
    r"""[\s\[(\#]*(?:
        (?:cd|dis[ck]|d)\s?(?P<disc_word>\d{1,2})[\s._-]*(?:track|tr|t)[\s._-]?(?P<track_word>\d{1,3})
      | (?:cd|dis[ck])\s?(?P<disc_mark>\d{1,2})[\s._-]+(?P<track_mark>\d{1,3})
      | (?P<disc_dash>\d{1,2})(?:[-.x]|\s-\s(?=\d\d[\s.]*-\s))(?P<track_dash>\d\d)
      | (?P<disc_zero>0[1-9])(?P<track_zero>\d\d)
      | (?P<side>[A-H])(?P<track_side>\d{1,2})
      | (?:audio\s?)?(?:track|titel|piste|pista)[\s._-]*(?P<track_name>\d{1,3})
      | (?P<plain>\d{1,3})
    )(?![^\W_]|,\d)(?P<close>[\])]?[\s._]*[-–—.:)\]_]?)[\s._-]*""",
    re.VERBOSE | re.IGNORECASE,
)
_CLEAR = frozenset({"plain", "zero", ""})
_USUAL = re.compile(r"(\d\d)(?:\.? |\.? - )(?=[^\W\d_])")
_GLUED = re.compile(r"(?P<plain>0\d)(?=[^\W\d_])")
_INNER = re.compile(
    r"(?P<before>.*?(?:\s[-–—]\s*|[-–—]\s))[\[(#]?(?P<number>\d{1,3})[\])]?"
    r"(?:\.\s*|\s+[-–—]+\s+|\s+)(?P<title>\S.*)\Z"
)

_HYPHENED = re.compile(r"(?P<before>[^\W\d][^-]*)-(?P<number>[0-2]\d)-(?P<title>[^\W\d].*)\Z")


class TrackName(NamedTuple):
    """What one file name says; `track` None and `disc` 0 mean that it says nothing about it.

    `by` and `of` are the artist and the album the name itself claims. `style` tells how the number
    was written: "plain" (`01 - `), "zero" (`01 `), "weak" (`7 `: could be part of the title),
    "joined" (`1-01`), "hundreds" (`101`), "side" (`A1`) or "".
    """

    title: str = ""
    track: int | None = None
    disc: int = 0
    side: str = ""
    by: str = ""
    of: str = ""
    style: str = ""


def split_extension(name: str) -> tuple[str, str]:
    """Stem and lower-case extension; no extension when what follows the dot names no file kind."""
    stem, dot, extension = name.rpartition(".")
    extension = extension.lower()
    if dot and (extension in IMPORTABLE or extension in _OTHER_FILES):
        return stem, extension
    return name, ""


@lru_cache(maxsize=8192)
def read_track(stem: str) -> TrackName:
    """Read a file name without its extension."""
    stem = stem[:LONGEST_NAME]
    text = stem.replace("_", " ")
    if not text.isascii():
        text = text.translate(WIDE)
    usual = _USUAL.match(text)
    if usual and (usual[1] < "10" or usual.end() > 3):  # four names of five, without the long way
        title = text[usual.end() :].strip()
        style = "plain" if usual.end() > 3 else "zero"
        return TrackName(title, int(usual[1]), by=_claim(title), style=style)
    match = _NUMBER.match(text)
    if match is None:
        glued = _GLUED.match(text)
        if glued is None:
            return _read_inner(text)
        title = text[glued.end() :].strip()
        return TrackName(title, int(glued["plain"]), by=_claim(title), style="plain")
    title = text[match.end() :].strip()
    disc, track, side, style = _numbers(match, bare=not title)
    if style in ("weak", "side"):
        inner = _read_inner(text)  # "50 Cent - 01 - Intro", "D12 - 03 - …"
        if inner.track is not None:
            return inner
    return TrackName(title, track, disc, side, _claim(title), style=style)


def _numbers(match: re.Match[str], *, bare: bool) -> tuple[int, int, str, str]:
    """Disc, track, side and style of a leading number."""
    digits = match["plain"]
    if digits is None:
        for kind in ("word", "mark", "dash", "zero"):
            if match[f"disc_{kind}"] is not None:
                return int(match[f"disc_{kind}"]), int(match[f"track_{kind}"]), "", "joined"
        if match["side"] is not None:
            return 0, int(match["track_side"]), match["side"].upper(), "side"
        return 0, int(match["track_name"]), "", "plain"
    number = int(digits)
    if len(digits) == 3 and digits[0] != "0" and number % 100:
        return number // 100, number % 100, "", "hundreds"
    if bare or match["close"].strip():
        return 0, number, "", "plain"
    counted = digits.startswith("0") or len(digits) == 3
    return 0, number, "", "zero" if counted else "weak"


def _read_inner(text: str) -> TrackName:
    """`Artist - Album - 01 - Title`, `Artist - 01 - Title`, or a title without any number."""
    match = _INNER.match(text) or _HYPHENED.match(text) if _may_be_divided(text) else None
    if match is None:
        title = text.strip()
        return TrackName(title, by=_claim(title))
    claims = [part for part in DASH.split(match["before"]) if part.strip(" -–—")]
    return TrackName(
        title=match["title"].strip(),
        track=int(match["number"]),
        by=claims[0].strip() if claims else "",
        of=" - ".join(claims[1:]).strip(),
        style="plain",
    )


def _may_be_divided(text: str) -> bool:
    """Whether a dash can be in it at all; most names have none."""
    return "-" in text or not text.isascii()


def _claim(title: str) -> str:
    """`Artist - Title` behind the number claims an artist; who is right, the folder decides."""
    if not _may_be_divided(title):
        return ""
    parts = [part.strip() for part in DASH.split(title) if part.strip()]
    return parts[0] if len(parts) > 1 else ""


def settle(names: Sequence[TrackName]) -> tuple[TrackName, ...]:
    """Read the numbers of one folder together, because a single name can mislead.

    "01-99 Problems" is no disc 1 when its neighbours are "02-…", "101" is no disc 1 beside "099",
    "7 Rings" is no track 7 beside "03 - …", and the sides of a record are counted on.
    """
    if {name.style for name in names} <= _CLEAR:
        return tuple(names)
    styles = Counter(name.style for name in names if name.style)
    simple = styles["plain"] + styles["zero"] + styles["weak"]
    if styles["joined"] and styles["joined"] <= simple:
        names = [_joined_to_plain(name) for name in names]
    if styles["hundreds"] and (styles["hundreds"] < simple or not _has_discs_by_hundreds(names)):
        names = [_hundreds_to_plain(name) for name in names]
    if styles["weak"] and not _weak_counts(styles, names):
        names = [_weak_to_title(name) for name in names]
    if styles["side"] * 2 > len(names):
        return _count_sides(names)
    return tuple(_side_to_title(name) if name.style == "side" else name for name in names)


def _joined_to_plain(name: TrackName) -> TrackName:
    if name.style != "joined":
        return name
    title = f"{name.track} {name.title}".strip()
    return name._replace(disc=0, track=name.disc, title=title, style="plain")


def _has_discs_by_hundreds(names: Sequence[TrackName]) -> bool:
    """Whether "101 … 112, 201 …" starts at 1 on every disc it names."""
    firsts: dict[int, int] = {}
    for name in names:
        if name.style == "hundreds" and name.track is not None:
            firsts[name.disc] = min(firsts.get(name.disc, name.track), name.track)
    return bool(firsts) and min(firsts) == 1 and all(first <= 2 for first in firsts.values())


def _hundreds_to_plain(name: TrackName) -> TrackName:
    if name.style != "hundreds" or name.track is None:
        return name
    return name._replace(disc=0, track=name.disc * 100 + name.track, style="plain")


def _weak_counts(styles: Counter[str], names: Sequence[TrackName]) -> bool:
    """Whether "10 Song" is track 10 here, as it is after "09 Song" and beside "9 Song"."""
    if styles["plain"]:
        return False
    if styles["zero"] or styles["weak"] >= max(3, 0.8 * len(names)):
        return True
    numbers = [name.track for name in names if name.track is not None]
    return len(set(numbers)) == len(numbers) and max(numbers) <= 2 * len(names)


def _weak_to_title(name: TrackName) -> TrackName:
    if name.style != "weak":
        return name
    return name._replace(track=None, title=f"{name.track} {name.title}".strip(), style="")


def _side_to_title(name: TrackName) -> TrackName:
    return name._replace(
        track=None, side="", title=f"{name.side}{name.track} {name.title}".strip(), style=""
    )


def _count_sides(names: Sequence[TrackName]) -> tuple[TrackName, ...]:
    """Number the tracks of a record through, A1 … B1 …, unless one side has a hole."""
    sides = sorted((name.side, name.track or 0) for name in names if name.style == "side")
    counts: dict[str, list[int]] = {}
    for side, number in sides:
        counts.setdefault(side, []).append(number)
    whole = all(numbers == list(range(1, len(numbers) + 1)) for numbers in counts.values())
    if not whole:
        return tuple(
            name._replace(disc=ord(name.side) - 64) if name.style == "side" else name
            for name in names
        )
    running = {place: index for index, place in enumerate(sides, start=1)}
    return tuple(
        name._replace(track=running[(name.side, name.track or 0)]) if name.style == "side" else name
        for name in names
    )
