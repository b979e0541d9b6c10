"""How names become words that can be asked for.

Every peer reads a text in its own way (peers §3.5): all words must be in the path; a sign by itself
or a leading dash spoils the whole question; one letter is dropped on the way; some fold diacritics
and some do not. Which texts are asked, and in which order, is decided in `ladder`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from anyascii import anyascii

from soulspot_arr.rules.spelling import versions, word_set, words

Words = tuple[str, ...]

MAX_WORDS = 6
"""More words find less: each of them has to be in the path."""

_BRACKETED = re.compile(r"\s[(\[{][^()\[\]{}]*[)\]}]\s*\Z")
_APOSTROPHES = re.compile(r"['’‘ʼ`´′]")
_DOTTED = re.compile(r"(?<![^\W_])(?:[^\W\d_]\.){2,}(?:[^\W\d_](?![^\W_]))?\.?")
_SIGNS_AS_LETTERS = re.compile(r"(?<=[^\W\d_])[!$](?=[^\W\d_])|\$(?=[^\W\d_]{2})")
_GUEST = re.compile(r"\s[(\[]?(?:feat|ft)\.\s.*\Z|\s[(\[]?featuring\s.*\Z", re.IGNORECASE)
_END_OF_LATIN = "\u0250"

# Half of the shares write "&" or "Volume", or leave the article out.
_LEFT_OUT = frozenset({"the", "a", "an", "and", "n", "vol", "vols", "volume"})
COMMON = word_set("of in to on for from with at by my your is it el la le les los die der das de")
# In half of all titles: rare to nobody.
_EVERYDAY = COMMON | word_set(
    """
    love you me we are am be been was this that these what where when who why how all one two no not
    don can will would out up down over now never ever again away back go gone come here there about
    little night day time life heart world baby girl boy man like want know get got let make say
    intro outro interlude untitled track part remix version live edit mix song theme prelude finale
    """
)
_ROMAN = {"ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8", "ix": "9"}
_ROMAN |= {"xi": "11", "xii": "12", "xiii": "13", "xiv": "14", "xv": "15", "xvi": "16"}
_ROMAN |= {"xvii": "17"}
_ARABIC = {arabic: roman for roman, arabic in _ROMAN.items()}


# -- from a name to its words ----------------------------------------------------------------------


def plain(text: str) -> Words:
    """The words a peer can find: signs blanked, letters with their marks, no single characters."""
    text = _GUEST.sub("", unicodedata.normalize("NFC", text)).lower()
    # Dotted initials are single letters to every index; joined they are at least one word.
    text = _DOTTED.sub(lambda match: match.group().replace(".", "") + " ", text)
    found = [word for word in "".join(map(_blanked, text)).split() if len(word) > 1]
    kept = [word for word in found if word not in _LEFT_OUT]
    return tuple(dict.fromkeys(kept or found))


def _blanked(char: str) -> str:
    if char.isalnum() or (char >= "\u0300" and unicodedata.category(char).startswith("M")):
        return char
    return " "


def without_brackets(text: str) -> str:
    """Without the brackets at the end, as long as a word is left that can be asked for."""
    while True:
        shorter = _BRACKETED.sub("", text)
        if shorter == text or not plain(shorter):
            return text
        text = shorter


# -- other spellings -------------------------------------------------------------------------------


def folded(found: Words) -> Words:
    """The words without the marks of their letters."""
    return tuple(word for part in found for word in words(part) if len(word) > 1)


def joined(text: str) -> Words:
    """`don't` as `dont`, `AC/DC` as `acdc`, `P!nk` as `pink`."""
    text = _APOSTROPHES.sub("", text)
    text = _SIGNS_AS_LETTERS.sub(lambda m: "i" if m.group() == "!" else "s", text)
    return folded(plain(re.sub(r"(?<=[^\W_])[/.\-](?=[^\W_])", "", text)))


def renumbered(title: str) -> Words:
    """`Chicago 4` as `Chicago IV`, and the other way round as far as a number can be asked for."""
    found = words(without_brackets(title))
    other = tuple(_ROMAN.get(word, _ARABIC.get(word, word)) for word in found)
    return plain(" ".join(other)) if other != found else ()


def is_latin(text: str) -> bool:
    """Whether half of its letters are Latin; names without any letter count as Latin."""
    letters = [char for char in text if char.isalpha()]
    return sum(char < _END_OF_LATIN for char in letters) * 2 >= len(letters)


def in_latin(text: str) -> Words:
    """How another script sounds in Latin letters; empty for Chinese characters.

    Those are read in one way in China and in several in Japan: a guess would only cost a search.
    """
    if is_latin(text) or any("CJK" in unicodedata.name(char, "") for char in text):
        return ()
    return plain(anyascii(text))


# -- choosing words --------------------------------------------------------------------------------


def distinctive(found: Words) -> Words:
    """The words that tell one name from another."""
    return tuple(word for word in found if word not in COMMON and not word.isdecimal())


def fit(by: Words, album: Words) -> Words:
    """At most six different words: common ones go first, then the shortest of the album."""
    found = list(dict.fromkeys((*by, *album)))
    for word in [word for word in found if word in COMMON]:
        if len(found) > MAX_WORDS:
            found.remove(word)
    surplus = sorted(found[1:], key=lambda word: (word in by, len(word)))
    for word in surplus[: max(len(found) - MAX_WORDS, 0)]:
        found.remove(word)
    return tuple(found)


def weight(word: str) -> tuple[bool, int]:
    """For sorting: numbers tell volumes apart; long words are rare."""
    return word.isdecimal(), len(word)


def starred(by: Words, intact: Words) -> Words:
    """One word of the artist without its first letter, which the server does not recognise.

    A star finds nothing at slskd's own shares, and other clients need a whole word beside it
    (peers §3.5), hence one star only.
    """
    target = max(by, key=len, default="")
    whole = tuple(word for word in intact if word != target)
    if len(target) < 3 or not whole:
        return ()
    others = tuple(word for word in by if word != target)
    return fit((f"*{target[1:]}", *others), whole)


def rare_titles(titles: Iterable[str], known: Words) -> tuple[Words, ...]:
    """The words of the titles that hardly any other record has, rarest first; at most four each.

    `known` are the words of artist and album: a title track tells nothing more. A word that stands
    in several of the titles counts for less, as does one that everybody sings about.
    """
    ordinary = (title for title in titles if not versions(words(title)))
    found = list(dict.fromkeys(plain(without_brackets(title)) for title in ordinary))
    spread: dict[str, int] = {}
    for title in found:
        for word in set(title):
            spread[word] = spread.get(word, 0) + 1
    scored = [
        (sum(_rarity(word, spread) for word in title[:5] if word not in known), title)
        for title in found
        if title
    ]
    scored.sort(key=lambda item: -item[0])
    return tuple(_shortened(title, spread) for score, title in scored if score >= _LEAST_RARITY)


_LEAST_RARITY = 5.0  # one word of five letters, or two shorter ones


def _rarity(word: str, spread: dict[str, int]) -> float:
    if word in _EVERYDAY or word.isdecimal():
        return 0.5
    return min(len(word), 9) / spread[word]


def _shortened(title: Words, spread: dict[str, int]) -> Words:
    best = sorted(title, key=lambda word: -_rarity(word, spread))[:4]
    return tuple(word for word in title if word in best)


def askable(texts: Iterable[Words]) -> Iterator[tuple[int, str]]:
    """Place and text of each question that can be asked, once however its words are ordered."""
    seen: set[frozenset[str]] = set()
    for place, found in enumerate(texts):
        asked = frozenset(found)
        if asked not in seen and any(len(word) > 1 and word[0] != "*" for word in found):
            seen.add(asked)
            yield place, " ".join(found)
