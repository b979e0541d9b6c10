"""How Lidarr sees a piece of text: its characters, its word borders, its clean names.

Lidarr is a .NET program, and .NET and Python disagree about what a word character is, how text
is lower-cased and what the feed reader lets through. Every rule of the parser emulation stands on
this room, so the differences are settled here once. It must not know about titles or qualities.
"""

import re
import unicodedata
from functools import cache

_BMP_END = 0xFFFF

# .NET's \w: letters, non-spacing marks, decimal digits, connectors (contract lidarr §7.3).
# Python's counts ² ½ Ⅷ as word characters and combining marks or ‿ as none.
_WORD_CATEGORIES = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Nd", "Pc"})
_ANY_LETTER = "ǁ"
_ANY_SYMBOL = "¤"

# .NET's \b also takes the two invisible joiners for word characters, though \w does not.
_INSIDE = r"[\w\u200c\u200d]"
EDGE = rf"(?:(?<!{_INSIDE})(?={_INSIDE})|(?<={_INSIDE})(?!{_INSIDE}))"
"""Regular-expression text for .NET's word border, to be used on a `shadow`."""

_UNFIT_FOR_FEED = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd]")
_INTEGER = re.compile(r"[\t-\r ]*([+-]?)0*([0-9]{0,19})[\t-\r ]*")
PERCENT = re.compile(rf"(?<!{_INSIDE})\d+(%)")
"""A percent sign that counts as a word, captured alone; to be used on a `shadow`."""
_SMALL_WORD = r"(?:an?|à|and|of|or|the)"
_NOISE = re.compile(rf"(?:{EDGE}|_)(?!\A){_SMALL_WORD}(?!$)(?:{EDGE}|_)|\W|_", re.IGNORECASE)


@cache
def _shade(char: str) -> str:
    """Replace one character where Python would judge it differently from .NET."""
    if char in "ıſ":  # Python's IGNORECASE takes them for i and s
        return _ANY_LETTER
    word = ord(char) <= _BMP_END and unicodedata.category(char) in _WORD_CATEGORIES
    if word == (char.isalnum() or char == "_"):
        return char
    return _ANY_LETTER if word else _ANY_SYMBOL


def shadow(text: str) -> str:
    r"""Return text of the same length on which Python's \w, \W and \d answer as .NET's do."""
    return text if text.isascii() else "".join(map(_shade, text))


def cut(pattern: re.Pattern[str], text: str, put: str = "") -> str:
    """Replace every part whose shadow the pattern (or its one captured group) matches."""
    kept, position = [], 0
    for match in pattern.finditer(shadow(text)):
        start, end = match.span(match.lastindex or 0)
        kept += [text[position:start], put]
        position = end
    return "".join([*kept, text[position:]])


def received(text: str) -> str:
    """Return the text as it arrives through a feed: no control and no non-BMP characters."""
    return _UNFIT_FOR_FEED.sub("", text)


def lower(text: str) -> str:
    """Lower-case character by character: no final sigma, and İ stays (invariant culture)."""
    return "".join(char if char == "İ" else char.lower() for char in text)


def remove_accents(text: str) -> str:
    """Drop non-spacing marks after full decomposition, then compose what is left."""
    kept = (
        char
        for char in unicodedata.normalize("NFD", text)
        if unicodedata.category(char) != "Mn" or ord(char) > _BMP_END
    )
    return unicodedata.normalize("NFC", "".join(kept))


def _is_integer(name: str) -> bool:
    """Whether .NET reads the whole name as a signed 64-bit integer."""
    match = _INTEGER.fullmatch(name)
    if match is None or not name.strip("\t\n\v\f\r +-"):
        return False
    sign, digits = match.groups()
    return -(2**63) <= int(f"{sign}{digits or 0}") < 2**63


def clean_name(name: str) -> str:
    """Return the form in which Lidarr compares artist and album names (contract lidarr §7.3)."""
    if _is_integer(name):
        return name
    return remove_accents(lower(cut(_NOISE, cut(PERCENT, name, "percent"))))
