"""How the clients of other people decide whether a shared path answers a query.

Three temperaments: slskd (SQLite FTS5: folded tokens, phrases, no wildcards), Nicotine+ (lower
case, punctuation to blanks, `*suffix`), SoulseekQt (ignores queries with certain punctuation).
Pure functions over prepared word lists; no peers, no clock.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

_PUNCTUATION = re.compile(r"[!\"#$%&'()*+,\-./:;<=>?@\[\]^_`{|}~\\–—‐‘’“”„…]")
# Characters for which the official client was seen not to answer (peers §3.5).
_QT_REFUSES = set("!\"#$%&'()*+,./:;<=>?@[]^`{|}~\\–—‘’“”")


@dataclass(frozen=True, slots=True)
class Query:
    """What went out to the network: terms and exclusions as slskd split them."""

    terms: tuple[str, ...]
    exclusions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """As stored by slskd: terms first, then exclusions."""
        return " ".join([*self.terms, *(f"-{word}" for word in self.exclusions)])

    def sent(self) -> Query:
        """What leaves the library: one-character terms are removed (contract §3.1)."""
        return Query(tuple(term for term in self.terms if len(term) > 1), self.exclusions)


def parse(text: str) -> Query:
    """Split on single spaces; `-word` becomes an exclusion; duplicates go."""
    terms: dict[str, None] = {}
    exclusions: dict[str, None] = {}
    for token in text.split(" "):
        if token.startswith("-") and len(token) > 1:
            exclusions[token[1:]] = None
        elif token:
            terms[token] = None
    return Query(tuple(terms), tuple(exclusions))


@lru_cache(maxsize=65536)
def folded(text: str) -> tuple[str, ...]:
    """FTS5's unicode61 tokens: letters and digits, case and diacritics folded."""
    plain = unicodedata.normalize("NFD", text)
    kept = "".join(
        character
        if unicodedata.category(character)[0] in "LN" or unicodedata.category(character) == "Co"
        else ("" if unicodedata.category(character)[0] == "M" else " ")
        for character in plain
    )
    return tuple(kept.casefold().split())


@lru_cache(maxsize=65536)
def lowered(text: str) -> tuple[str, ...]:
    """Nicotine+'s words: lower case, punctuation as blanks, accents kept."""
    return tuple(_PUNCTUATION.sub(" ", text.lower()).split())


Test = Callable[[str], bool]


def _never(_: str) -> bool:
    return False


def _has_phrase(words: tuple[str, ...], phrase: tuple[str, ...]) -> bool:
    if len(phrase) == 1:
        return phrase[0] in words
    width = len(phrase)
    return any(words[at : at + width] == phrase for at in range(len(words) - width + 1))


def slskd(query: Query) -> Test:
    """Each term is a quoted phrase, all ANDed; a term of punctuation only matches nothing."""
    phrases = [folded(term) for term in query.terms]
    barred = [phrase for phrase in map(folded, query.exclusions) if phrase]
    if not phrases or not all(phrases):
        return _never

    def test(path: str) -> bool:
        words = folded(path)
        return all(_has_phrase(words, phrase) for phrase in phrases) and not any(
            _has_phrase(words, phrase) for phrase in barred
        )

    return test


def _flat(terms: Iterable[str]) -> set[str]:
    return {word for term in terms for word in lowered(term)}


def nicotine(query: Query) -> Test:
    """All words, `*suffix` endings and no excluded word; needs one complete word."""
    if len(query.text) < 3:
        return _never
    suffixes = {
        word for term in query.terms if term.startswith("*") for word in lowered(term[1:])[:1]
    }
    whole = _flat(term for term in query.terms if not term.startswith("*"))
    barred = _flat(query.exclusions)
    if not whole:
        return _never

    def test(path: str) -> bool:
        words = set(lowered(path))
        if not whole <= words or barred & words:
            return False
        return all(any(word.endswith(suffix) for word in words) for suffix in suffixes)

    return test


def soulseekqt(query: Query) -> Test:
    """Like Nicotine+ without wildcards, but silent when the query holds certain punctuation."""
    if any(_QT_REFUSES & set(term) for term in query.terms):
        return _never
    return nicotine(query)


TEMPERAMENTS: dict[str, Callable[[Query], Test]] = {
    "slskd": slskd,
    "nicotine": nicotine,
    "qt": soulseekqt,
}
FILES_PER_REPLY = {"slskd": 500, "nicotine": 300, "qt": 500}
