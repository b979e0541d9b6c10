"""Which words to ask a source for, strictest first.

Every peer reads the text in its own way (peers §3.5): all words must be in the path; a sign by
itself or a leading dash spoils the whole question; one letter is dropped on the way; some fold
diacritics and some do not; the server answers some artists' names with silence.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from soulspot_arr.domain import Query
from soulspot_arr.rules.evidence import is_various
from soulspot_arr.rules.spelling import split_title, word_set, words
from soulspot_arr.rules.tracks import LONGEST_NAME

MAX_WORDS = 6
"""More words find less: each of them has to be in the path."""
ENOUGH_RUNGS = 4

_BRACKETED = re.compile(r"\s[(\[{][^()\[\]{}]*[)\]}]\s*\Z")
_APOSTROPHES = re.compile(r"['’‘ʼ`´′]")
_DOTTED = re.compile(r"(?<![^\W_])(?:[^\W\d_]\.){2,}(?:[^\W\d_](?![^\W_]))?\.?")
_SIGNS_AS_LETTERS = re.compile(r"(?<=[^\W\d_])[!$](?=[^\W\d_])|\$(?=[^\W\d_]{2})")
_GUEST = re.compile(r"\s[(\[]?(?:feat|ft)\.\s.*\Z|\s[(\[]?featuring\s.*\Z", re.IGNORECASE)
_TAIL_YEAR = re.compile(r"\s+(?:(?:19|20)\d\d|0)\s*\Z")

# Half of the shares write "&" or "Volume", or leave the article out.
_LEFT_OUT = frozenset({"the", "a", "an", "and", "n", "vol", "vols", "volume"})
_COMMON = word_set("of in to on for from with at by my your is it el la le les los die der das de")
_ROMAN = {"ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8", "ix": "9"}
_ROMAN |= {
    "xi": "11",
    "xii": "12",
    "xiii": "13",
    "xiv": "14",
    "xv": "15",
    "xvi": "16",
    "xvii": "17",
}
_ARABIC = {arabic: roman for roman, arabic in _ROMAN.items()}

Words = tuple[str, ...]


def ladder(query: Query) -> tuple[str, ...]:
    """Texts to search for, best first, each askable; empty when the names hold nothing to ask for.

    At least four as long as one word of two characters is there.
    """
    query = Query(_cut(query.artist), _cut(query.album), query.year, _cut(query.term))
    if query.artist or query.album:
        by = () if is_various(query.artist) else _plain(query.artist)
        core = _core(query)
        rungs = _album_rungs(query, by, core) if query.album else _artist_rungs(query.artist, by)
    else:
        by, core = _plain(query.term), ()
        rungs = _term_rungs(query.term, by)
    texts = _askable(rungs)
    if len(texts) < ENOUGH_RUNGS and (by or core):
        texts = _askable((*(tuple(text.split()) for text in texts), *_fillers(by, core)))
    return texts


def _cut(text: str) -> str:
    return " ".join(text[:LONGEST_NAME].split())


def _core(query: Query) -> Words:
    """The words of the album's own name, without what Lidarr appended and brackets at its end."""
    title = split_title(query.artist, query.album).name
    return _plain(_without_brackets(title)) or _plain(title)


def _album_rungs(query: Query, by: Words, core: Words) -> Iterator[Words]:
    album = _plain(_without_brackets(query.album)) or core
    year = (str(query.year),) if query.year else ()
    yield _fit(by, album)
    title = split_title(query.artist, query.album).name
    for artist, name in _twins(query.artist, by, title, core):
        yield _fit(artist, name)
    if core != album:
        yield _fit(by, core)
    if other := _renumbered(title):
        yield _fit(by, other)
    rare = _distinctive(core)
    if len(rare) > 1:
        yield _fit((), core)
    elif core and year:
        yield _fit(core, year)
    yield _starred(by, core) or _starred(by, year or ("flac",))
    if len(rare) == 1 and len(rare[0]) > 3:
        yield _fit((), core)
    # What follows may be a disambiguation that no share knows.
    short = 2 if by else 3
    if len(rare) > short:
        yield _fit(by, rare[:short])
        yield _fit(by, tuple(sorted(core, key=_weight, reverse=True)[:short]))
    if year:
        yield _fit(by, year)


def _renumbered(title: str) -> Words:
    """`Chicago 4` as `Chicago IV`, and the other way round as far as a number can be asked for."""
    found = words(_without_brackets(title))
    other = tuple(_ROMAN.get(word, _ARABIC.get(word, word)) for word in found)
    return _plain(" ".join(other)) if other != found else ()


def _weight(word: str) -> tuple[bool, int]:
    """Numbers tell volumes apart; long words are rare."""
    return word.isdecimal(), len(word)


def _artist_rungs(artist: str, by: Words) -> Iterator[Words]:
    yield _fit(by, ())
    for twin, _ in _twins(artist, by, "", ()):
        yield _fit(twin, ())
    yield _starred(by[-1:], by[:-1])
    yield _starred(by, ("flac",))


def _term_rungs(term: str, full: Words) -> Iterator[Words]:
    yield _fit(full, ())
    short = _plain(_without_brackets(_TAIL_YEAR.sub("", term))) or full
    yield _fit(short, ())
    for twin, _ in _twins(term, short, "", ()):
        yield _fit(twin, ())
    yield _starred(short[:1], short[1:])
    if len(short) > 2:
        yield tuple(sorted(short, key=len, reverse=True)[:3])
        yield _fit((), short[1:])


def _fillers(by: Words, core: Words) -> Iterator[Words]:
    """Narrower and wider questions: answers are samples, and each draws another one."""
    yield _fit(by, (*core, "flac"))
    yield _fit(by, (*core, "mp3"))
    yield _fit((), core)
    yield _fit(by, ())
    yield _fit(by, (*core, "m4a"))


def _plain(text: str) -> Words:
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


def _without_brackets(text: str) -> str:
    """Without the brackets at the end, as long as a word is left that can be asked for."""
    while True:
        shorter = _BRACKETED.sub("", text)
        if shorter == text or not _plain(shorter):
            return text
        text = shorter


def _twins(artist: str, by: Words, title: str, core: Words) -> Iterator[tuple[Words, Words]]:
    """Other spellings of the same: folded letters, joined apostrophes and signs, compatibility."""
    folded = (_folded(by), _folded(core))
    if folded != (by, core):
        yield folded
    joined = (_joined(artist) if by else by, _joined(_without_brackets(title)) if core else core)
    if joined not in ((by, core), folded):
        yield joined


def _folded(found: Words) -> Words:
    return tuple(word for part in found for word in words(part) if len(word) > 1)


def _joined(text: str) -> Words:
    """`don't` as `dont`, `AC/DC` as `acdc`, `P!nk` as `pink`."""
    text = _APOSTROPHES.sub("", text)
    text = _SIGNS_AS_LETTERS.sub(lambda m: "i" if m.group() == "!" else "s", text)
    return _folded(_plain(re.sub(r"(?<=[^\W_])[/.\-](?=[^\W_])", "", text)))


def _distinctive(found: Words) -> Words:
    return tuple(word for word in found if word not in _COMMON and not word.isdecimal())


def _fit(by: Words, album: Words) -> Words:
    """At most six different words: common ones go first, then the shortest of the album."""
    found = list(dict.fromkeys((*by, *album)))
    for word in [word for word in found if word in _COMMON]:
        if len(found) > MAX_WORDS:
            found.remove(word)
    surplus = sorted(found[1:], key=lambda word: (word in by, len(word)))
    for word in surplus[: max(len(found) - MAX_WORDS, 0)]:
        found.remove(word)
    return tuple(found)


def _starred(by: Words, intact: Words) -> Words:
    """One word of the artist without its first letter, which the server does not recognise.

    A star finds nothing at slskd's own shares, and other clients need a whole word beside it
    (peers §3.5), hence one star only.
    """
    target = max(by, key=len, default="")
    whole = tuple(word for word in intact if word != target)
    if len(target) < 3 or not whole:
        return ()
    others = tuple(word for word in by if word != target)
    return _fit((f"*{target[1:]}", *others), whole)


def _askable(rungs: Iterable[Words]) -> tuple[str, ...]:
    """Each text once, however its letters are cased or its words are ordered."""
    texts: dict[frozenset[str], str] = {}
    for rung in rungs:
        if any(len(word) > 1 and not word.startswith("*") for word in rung):
            texts.setdefault(frozenset(rung), " ".join(rung))
    return tuple(texts.values())
