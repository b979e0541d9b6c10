"""How alike Lidarr finds two texts: edit distances between cleaned forms (contract lidarr §9.5).

Characters are judged as .NET does, see `rules.lidarr.text`. What the texts stand for is not known
here.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

from soulspot_arr.rules.lidarr.text import EDGE, clean_name, cut, lower, remove_accents

_BMP_END = "\uffff"
_LETTERS_AND_DIGITS = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Nd"})
# Guests are cut off wherever the word stands, "Feats of Strength" included: its dot is any sign.
_GUESTS = re.compile(rf"[\[(]*{EDGE}(?:featuring|feat.?|ft.?|produced by)\s.*", re.IGNORECASE)
_VERSION = re.compile(
    r"[\[(][^\[(]*(?:version|limited|deluxe|single|clean|album|special|bonus|promo|remaster)"
    r"[^\])]*[\])]",
    re.IGNORECASE,
)
_BRACKETS = (re.compile(r"\(.*\)"), re.compile(r"\[.*\]"))
_AFTER_DASH = re.compile(r"[-:].*")

_FAINTEST = 0.25  # the least that a search for a text within another ever answers


@lru_cache(maxsize=16_384)
def bare(text: str) -> str:
    """Letters and digits alone, small and without accents: the form in which tags are compared."""
    plain = remove_accents(lower(text))
    return "".join(
        char
        for char in plain
        if char <= _BMP_END and unicodedata.category(char) in _LETTERS_AND_DIGITS
    )


@lru_cache(maxsize=16_384)
def plain_title(title: str) -> str:
    """A track's title without its guests and without brackets about the version."""
    return cut(_VERSION, cut(_GUESTS, title).strip()).strip()


def difference(value: str | None, target: str) -> float:
    """0 for texts that are the same once cleaned, 1 for nothing in common; symmetric."""
    return 1.0 - likeness(bare(value or ""), bare(target))


def likeness(one: str, other: str) -> float:
    """1 minus the edit distance as a share of the longer text; 1 for two empty ones."""
    longer = max(len(one), len(other))
    return 1.0 - Levenshtein.distance(one, other) / longer if longer else 1.0


# -- album titles ----------------------------------------------------------------------------------


def album_likenesses(title: str, tag: str) -> tuple[float, ...]:
    """The seven comparisons by which an album may become a candidate for an album tag."""
    clean, clean_tag = clean_name(title), clean_name(tag)
    bracketless = _without_brackets(tag)
    return (
        _worded_likeness(clean, clean_tag),
        _worded_likeness(title, tag),
        _worded_likeness(clean, clean_name(bracketless)),
        _worded_likeness(clean, clean_name(_before_dash(tag))),
        _worded_likeness(clean, clean_name(_before_dash(bracketless))),
        within(clean_tag, clean),
        within(tag, title),
    )


def within(text: str, sought: str) -> float:
    """How much of the sought text the other one holds in one piece, errors allowed; 0 or .25 to 1.

    The errors are the fewest edits that turn the sought text into some part of the other.
    """
    if not text or not sought:
        return 0.0
    if sought in text:
        return 1.0
    row = list(range(len(sought) + 1))
    fewest = row[-1]
    for char in text:
        corner, row[0] = row[0], 0  # a part may begin anywhere
        for at, wanted in enumerate(sought, start=1):
            corner, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, corner + (char != wanted))
        fewest = min(fewest, row[-1])
    return max(_FAINTEST, 1.0 - fewest / len(sought))


def _worded_likeness(one: str, other: str) -> float:
    """Likeness of the wholes or, when both have several words, of the words where that is more."""
    if not one.strip() or not other.strip():
        return 0.0
    whole = likeness(one, other)
    if " " not in one or " " not in other:
        return whole
    mine, theirs = one.split(" "), other.split(" ")
    total = _words_found(mine, theirs) + _words_found(theirs, mine)
    return max(total / (len(mine) + len(theirs)), whole)


def _words_found(words: list[str], others: list[str]) -> float:
    """For each word its likest one among the others, worth less the further it has moved."""
    span = max(len(words), len(others))
    total = 0.0
    for place, word in enumerate(words):
        best, moved = 0.0, 0
        for there, other in enumerate(others):
            found = likeness(word, other) if word or other else 0.0  # two blanks in a row
            if found > best:
                best, moved = found, abs(place - there)
        total += (1.0 - moved / span) * best
    return total


def _without_brackets(text: str) -> str:
    for pattern in _BRACKETS:
        text = pattern.sub("", text).strip()
    return text


def _before_dash(text: str) -> str:
    return _AFTER_DASH.sub("", text).strip()
