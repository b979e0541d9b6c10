"""How alike Lidarr finds two texts: edit distances, fuzzy names, text contained in text.

Pure. Every function takes texts as they are; who wants clean names cleans them before.
"""

from __future__ import annotations

import re
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

from soulspot_arr.rules.lidarr.text import lower, remove_accents

_BRACKETS = (re.compile(r"\(.*\)"), re.compile(r"\[.*\]"))
_AFTER_DASH = re.compile(r"[-:].*")
# MusicBrainz writes guests into the credit and the pressing into the release, never into a title.
_GUESTS = re.compile(r"[\[(]*\b(?:featuring|feat.?|ft.?|produced by)\s.*", re.IGNORECASE)
_PRESSING = re.compile(
    r"[(\[][^(\[]*(?:version|limited|deluxe|single|clean|album|special|bonus|promo|remaster)"
    r"[^)\]]*[)\]]",
    re.IGNORECASE,
)
_MANGLED = (
    (": ", " - "),
    (":", "-"),
    ("\\", "+"),
    ("/", "+"),
    ("<", ""),
    (">", ""),
    ("?", "!"),
    ("*", "-"),
    ("|", ""),
    ('"', ""),
)


def edits(left: str, right: str) -> float:
    """1 for equal texts down to 0; two empty texts are equal."""
    longest = max(len(left), len(right))
    return 1.0 - Levenshtein.distance(left, right) / longest if longest else 1.0


def fuzzy(left: str, right: str) -> float:
    """Likeness of names: by words when both have several, never below the plain edit distance."""
    if not left.strip() or not right.strip():
        return 0.0
    whole = edits(left, right)
    if " " not in left or " " not in right:
        return whole
    first, second = left.split(" "), right.split(" ")
    words = _words(first, second) + _words(second, first)
    return max(words / (len(first) + len(second)), whole)


def _words(ours: list[str], theirs: list[str]) -> float:
    """Each word's best counterpart, worth less the further it stands from its place."""
    longest = max(len(ours), len(theirs))
    total = 0.0
    for at, word in enumerate(ours):
        high, away = 0.0, 0
        for place, other in enumerate(theirs):
            value = edits(word, other)
            if value > high:
                high, away = value, abs(at - place)
        total += (1.0 - away / longest) * high
    return total


def within(pattern: str, text: str) -> float:
    """How well the pattern is found somewhere inside the text; 1 when it is there unchanged."""
    if not pattern or not text:
        return 0.0
    if pattern in text:
        return 1.0
    row = [0] * (len(text) + 1)  # a match may begin anywhere at no cost
    for count, char in enumerate(pattern, start=1):
        diagonal, row[0] = row[0], count
        for at, other in enumerate(text, start=1):
            cheapest = min(diagonal + (char != other), row[at] + 1, row[at - 1] + 1)
            diagonal, row[at] = row[at], cheapest
    return max(1.0 - min(row) / len(pattern), 0.25)


def penalty(value: str, target: str) -> float:
    """0 to 1 for a tag against the catalogue: letters and digits only, no accents, no case."""
    left, right = letters(value), letters(target)
    if not left:
        return 1.0 if right else 0.0
    return 1.0 - edits(left, right)


@lru_cache(maxsize=65536)
def letters(text: str) -> str:
    """What is compared of a text: signs beyond the BMP and digits such as "³" are not."""
    plain = (char for char in remove_accents(lower(text)) if char <= "\uffff")
    return "".join(char for char in plain if char.isalpha() or char.isdecimal())


def track_title(tag: str) -> str:
    """A title tag without guests and without remarks about the pressing."""
    return _PRESSING.sub("", _GUESTS.sub("", tag).strip()).strip()


def without_brackets(text: str) -> str:
    """The text without round, then without square brackets and what they hold."""
    for pattern in _BRACKETS:
        text = pattern.sub("", text).strip()
    return text


def before_dash(text: str) -> str:
    """The text up to the first hyphen or colon."""
    return _AFTER_DASH.sub("", text).strip()


def file_name(text: str) -> str:
    """A name as Lidarr writes it to disk, with the replacements of its default settings."""
    for bad, good in _MANGLED:
        text = text.replace(bad, good)
    return text.lstrip(" .").rstrip(" .") or "_"


def shortened(name: str, most: int) -> str:
    """A name of at most so many bytes; what is cut off its end leaves three dots."""
    if len(name.encode()) <= most:
        return name
    return name.encode()[: most - 3].decode(errors="ignore").rstrip(" .") + "..."
