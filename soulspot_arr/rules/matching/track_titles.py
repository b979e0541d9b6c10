"""How alike the title of a track and the name of a file are.

A title is compared as it is spelt, then without what only marks a pressing ("2011 Remaster"),
then without its brackets, and across scripts by how it sounds. Words for another recording and
numbers of parts have to agree, whatever the rest looks like.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from anyascii import anyascii
from rapidfuzz import fuzz

from soulspot_arr.rules.spelling import (
    normalise,
    numerals,
    squeeze,
    versions,
    without_versions,
    word_set,
)

_GUEST = re.compile(
    r"\s*[(\[{]\s*(?:feat|ft|featuring|with|duet with)\b[^)\]}]*(?:[)\]}]|\Z)"
    r"|(?<=\S)\s+(?:feat\.?|ft\.|featuring)\s[^(\[{]*",
    re.IGNORECASE,
)
_MAY_HAVE_GUEST = re.compile(r"\b(?:feat|ft|with)", re.IGNORECASE)
_BRACKETED = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}")
_COPY_MARK = re.compile(r"(?:\s*\(\d\)|[\s_-]+copy|_\d{18})\Z", re.IGNORECASE)
_YEAR = re.compile(r"(?:19|20)\d\d\Z")

# Words that never tell one track of an album from another.
_PRESSED = word_set("remaster remastered remasters remastering explicit uncensored bonustrack")
_BESIDE_PRESSED = word_set("digital digitally version edition edit")
_PLAIN_VERSION = word_set(
    "album original lp single full studio stereo mono explicit clean main regular standard cd"
)
_MARKS = word_set("mono stereo single album original lp bonus track tracks cd clean hidden")
# Another treatment of the same track: a weaker difference than another recording of it.
_SHADES = word_set("reprise edit dub extended mix rmx medley interlude outtake alternate")
_NO_MIX = word_set("original stereo mono new album main")
_TELLING = _PRESSED | _MARKS | {"version"}
_BLIND = word_set("track titel piste pista audio audiotrack unknown untitled title hidden bonus")

_BY_SOUND = 0.95  # the most that a transliterated title can prove
_WITHOUT_BRACKETS = 0.95
_IN_ANY_ORDER = 0.97
_CUT_SHORT = 18  # letters of a name that a program may have cut off there


@dataclass(frozen=True, slots=True)
class Spelt:
    """One title in the forms in which it is compared."""

    key: str
    bare: str  # without marks of the pressing
    short: str  # without brackets
    versions: frozenset[str] = frozenset()
    shades: frozenset[str] = frozenset()
    numbers: frozenset[int] = frozenset()
    is_blind: bool = False  # whether it says nothing at all ("Track 7")


@lru_cache(maxsize=8192)
def key_of(title: str) -> str:
    """The title as it is looked up; a name of pure punctuation keeps its signs."""
    if title[-1:] in ")yY" or "_" in title:
        title = _COPY_MARK.sub("", title)
    return normalise(title) or squeeze(title)


@lru_cache(maxsize=8192)
def bare_of(title: str) -> str:
    """The title as it is looked up, without marks of the pressing."""
    key = key_of(title)
    found = key.split()
    return " ".join(_without_marks(found, title)) if not _TELLING.isdisjoint(found) else key


@lru_cache(maxsize=8192)
def spell(title: str) -> Spelt:
    """Prepare a title; guests are left out, and so is the mark on a second copy."""
    text = _COPY_MARK.sub("", title)
    if _MAY_HAVE_GUEST.search(text):
        text = _GUEST.sub(" ", text).strip() or title
    key = normalise(text) or squeeze(text)
    found = tuple(key.split())
    short = bare = key
    if "(" in text or "[" in text or "{" in text:
        short = normalise(_BRACKETED.sub(_unless_it_counts, text)) or key
    if not _TELLING.isdisjoint(found):
        bare = " ".join(_without_marks(found, text)) or key
        short = " ".join(_without_marks(short.split(), short)) or key
    return Spelt(
        key=key,
        bare=bare,
        short=short,
        versions=versions(found),
        shades=_shades(found),
        numbers=numerals(found),
        is_blind=is_blind(key),
    )


def _unless_it_counts(match: re.Match[str]) -> str:
    """Brackets with another recording or a part in them belong to the title."""
    found = tuple(normalise(match.group()).split())
    counts = versions(found) or _shades(found) or numerals(found)
    return match.group() if counts else " "


def _without_marks(found: Sequence[str], text: str) -> list[str]:
    marks = {
        word
        for match in _BRACKETED.finditer(text)
        for word in normalise(match.group()).split()
        if word in _MARKS
    }
    kept: list[str] = []
    for at, word in enumerate(found):
        if word in _PRESSED or word in marks:
            continue
        if word in _BESIDE_PRESSED or (at and _YEAR.match(word)):
            beside = (*found[max(at - 2, 0) : at], *found[at + 1 : at + 3])
            if not _PRESSED.isdisjoint(beside):
                continue
        if word == "version" and at and found[at - 1] in _PLAIN_VERSION:
            if kept and kept[-1] == found[at - 1]:
                kept.pop()
            continue
        if word in ("track", "tracks") and kept and kept[-1] == "bonus":
            kept.pop()
            continue
        kept.append(word)
    return kept


def _shades(found: tuple[str, ...]) -> frozenset[str]:
    if _SHADES.isdisjoint(found):
        return frozenset()
    shades = _SHADES.intersection(found)
    if "mix" in shades and any(
        word == "mix" and (before in _NO_MIX or _YEAR.match(before))
        for before, word in pairwise(found)
    ):
        shades -= {"mix"}
    return shades


def alike(file: Spelt, track: Spelt, allowed: frozenset[str] = frozenset()) -> float | None:
    """How alike they are, 0 … 1; None when their scripts cannot be compared.

    `allowed` are the words for another recording that the whole album is anyway.
    """
    if file.key == track.key:
        return 1.0
    score = _likeness(file, track)
    if score is None:
        return None
    apart = file.versions ^ track.versions
    if apart - allowed:
        score *= 0.5
    elif apart and score < _IN_ANY_ORDER:  # "(Live)" behind the titles of a live album
        plain = [" ".join(without_versions(tuple(one.key.split()))) for one in (file, track)]
        score = max(score, _IN_ANY_ORDER * fuzz.ratio(*plain) / 100)
    elif file.shades != track.shades:
        score *= 0.75
    if file.numbers != track.numbers and (file.numbers | track.numbers) != {1}:
        score *= 0.5 if file.numbers and track.numbers else 0.75
    return score


def is_foreign(readings: Sequence[str], track: str) -> bool:
    """Whether a name is in another script though the track's title is in Latin letters."""
    return bool(readings) and _latin(track) and not any(map(_latin, readings))


def is_blind(key: str) -> bool:
    """Whether a name says nothing at all ("track 7")."""
    found = key.split()
    if found and found[0] not in _BLIND and not found[0].isdecimal():
        # The first word tells, mostly; signs say nothing that a name spelt out would repeat.
        return not (found[0].isalnum() or any(map(str.isalnum, key)))
    return all(word in _BLIND or word.isdecimal() for word in found)


def _likeness(file: Spelt, track: Spelt) -> float | None:
    one, other = file.bare, track.bare
    if one == other:
        return 0.98
    if one.replace(" ", "") == other.replace(" ", ""):
        return 0.97
    score = fuzz.ratio(one, other) / 100
    if score < 0.97:  # the words in another order, where that makes them more alike
        score = max(score, _IN_ANY_ORDER * fuzz.token_sort_ratio(one, other) / 100)
    if score < 0.9:
        if file.short != one or track.short != other:
            score = max(score, _WITHOUT_BRACKETS * fuzz.ratio(file.short, track.short) / 100)
        if len(one) >= _CUT_SHORT and other.startswith(one):
            score = max(score, 0.93)
    if score < 0.75 and not (one.isascii() and other.isascii()):
        return _across_scripts(one, other, score)
    return score


def _across_scripts(one: str, other: str, score: float) -> float | None:
    sound = fuzz.ratio(_sound(one), _sound(other)) / 100
    if sound >= 0.75:
        return max(score, _BY_SOUND * sound)
    # A translation, or characters that are read differently in each language, proves nothing.
    return None if _latin(one) != _latin(other) else score


@lru_cache(maxsize=4096)
def _sound(text: str) -> str:
    return normalise(anyascii(text)).replace(" ", "")


def _latin(text: str) -> bool:
    return all(char < "\u0370" for char in text if char.isalpha())
