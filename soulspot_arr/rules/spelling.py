"""How names are compared: one way of spelling everything, and the words that change a meaning.

Only for comparing. What people and Lidarr see keeps its own spelling.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz


def word_set(text: str) -> frozenset[str]:
    """The blank-divided words of a table."""
    return frozenset(text.split())


# Words that name another recording, so both sides must have them or neither (peers §3.2).
# The spellings on the right are one word with the spelling on the left.
_VERSION_WORDS = {
    "live": "live concert concerts tour gig bootleg bootlegs bootlegged",
    "remix": "remix remixes remixed rmx rmxs",
    "instrumental": "instrumental instrumentals",
    "karaoke": "karaoke",
    "tribute": "tribute tributes",
    "cover": "cover covers covered",
    "demo": "demo demos",
    "acoustic": "acoustic acoustics",
    "unplugged": "unplugged",
    "rerecorded": "rerecorded rerecording rerecordings",
    "acappella": "acappella acapella acappellas acapellas cappella",
    "session": "session sessions",
    "outtakes": "outtake outtakes rehearsal rehearsals",
    "rarities": "rarity rarities bsides",
    "best": "best hits greatest anthology essential essentials",
    "orchestral": "orchestral symphonic",
    "lullaby": "lullaby lullabies",
    "slowed": "slowed screwed nightcore",
    "commentary": "commentary",
}
_VERSIONS = {word: kind for kind, row in _VERSION_WORDS.items() for word in row.split()}
_VERSION_PAIRS = {
    ("re", "recorded"): "rerecorded",
    ("b", "sides"): "rarities",
    ("style", "of"): "tribute",
    ("famous", "by"): "tribute",
    ("performed", "by"): "tribute",
    ("salute", "to"): "tribute",
    ("homage", "to"): "tribute",
    ("renditions", "of"): "tribute",
    ("rendition", "of"): "tribute",
}
_VERSION_SIGNS = frozenset(_VERSIONS) | {word for pair in _VERSION_PAIRS for word in pair[:1]}
_VERSION_SIGNS |= {"version"}
_ON_TOUR = frozenset({"live", "concert", "concerts", "gig", "bootleg"})  # beside "Tour Edition"

# Words that describe a pressing of the same recording: they never decide what an album is.
_EDITION_WORDS = word_set(
    """
    edition editions deluxe expanded extended anniversary special limited collector collectors
    remaster remastered remasters remastering reissue reissued rerelease bonus disc disk cd cdr cdm
    cds lp ep single maxi vinyl digipak digipack boxset promo advance web digital import version
    explicit uncensored mono stereo sacd mfsl mofi shm hdcd dvda hires pressing album qobuz tidal
    itunes bandcamp deezer
    """
)
# "Made in Japan" and "Made in Europe" are two albums, "Japan Edition" is none.
_EDITION_PREFIXES = word_set(
    """
    super japan japanese uk us usa eu europe european german germany france french korean 1st first
    2nd second original full complete ultimate legacy official clean dirty mix
    """
)
_PLAIN_VERSIONS = word_set(
    """
    studio main regular standard normal new old long short and the this first final international
    digitally 2cd 3cd gold platinum tour retail store target amazon hq flac mp3
    """
)
_ORDINAL = re.compile(r"\d+(?:st|nd|rd|th)\Z")
_COLOURS = word_set("blue green red white black teal grey gray yellow orange brown pink purple")
_ARTICLES = frozenset({"the", "a", "an", "and"})

_NUMERALS = "i ii iii iv v vi vii viii ix x xi xii xiii xiv xv xvi xvii xviii xix xx"
_ROMAN = {numeral: value for value, numeral in enumerate(re.split(" ", _NUMERALS), start=1)}
# On their own these letters are words, initials or bitrates; after "Vol." they are numbers.
_AMBIGUOUS_ROMAN = frozenset({"i", "v", "x"})
_COUNTED = "one two three four five six seven eight nine ten"
_SPELT = {word: value for value, word in enumerate(re.split(" ", _COUNTED), start=1)}
_NUMBER_WORDS = frozenset(_ROMAN) | frozenset(_SPELT)
_VOLUME_WORDS = word_set("vol volume vols part pt pts chapter book act")

_FOLDED = str.maketrans(
    {"ø": "o", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i", "ħ": "h"}
)
_APOSTROPHES = dict.fromkeys(map(ord, "'’‘ʼ‛`´′ʹ＇"), None)
_ACCENTED = re.compile("[\u0080-\u036f\u1e00-\u1eff\u2000-\u2bff]")
_ACCENTS = dict.fromkeys(range(0x300, 0x370))
_ACCENT_RUNS = re.compile("[\u0300-\u036f]+")
_MANGLED = frozenset("ÃâÂÐÑÅã")
_FEATURING_IN_BRACKETS = re.compile(
    r"[(\[{]\s*(?:feat|ft|featuring)\b[^)\]}]*(?:[)\]}]|\Z)", re.IGNORECASE
)
_FEATURING_TAIL = re.compile(r"(?<=\S)\s+ft\.\s.*\Z", re.DOTALL)
_ACRONYM = re.compile(r"\b(?:[^\W\d_]\.){2,}(?:[^\W\d_]\b)?")
_LETTER_SIGNS = re.compile(r"(?<=[^\W\d_])[!$](?=[^\W\d_])|\$(?=[^\W\d_]{2})")
_SIGN = {"!": "i", "$": "s"}
_NOT_ALNUM_ASCII = str.maketrans({chr(c): " " for c in range(128) if not chr(c).isalnum()})
_BLANKED = bytes(c if chr(c).isalnum() else ord(" ") for c in range(128)) + bytes(128)
_YEAR = re.compile(r"(?:19|20)\d\d\Z")
_LONGEST_DISAMBIGUATION = 8  # words


@lru_cache(maxsize=16_384)
def normalise(text: str) -> str:
    """`text` as it is compared: folded case, plain Latin letters, words divided by single blanks.

    Letters of other scripts stay as they are; a guest ("feat. …") is dropped. Applying it twice
    changes nothing. Empty when only punctuation was there.
    """
    text = _casefold(text)
    if text.isascii():
        text = text.replace("'", "").replace("`", "")
    else:
        text = text.translate(_APOSTROPHES)
    if "feat" in text or "ft" in text:
        text = _FEATURING_TAIL.sub("", _FEATURING_IN_BRACKETS.sub(" ", text))
    if "." in text:
        text = _ACRONYM.sub(lambda match: match.group().replace(".", "") + " ", text)
    if "!" in text or "$" in text:
        text = _LETTER_SIGNS.sub(lambda match: _SIGN[match.group()], text)
    text = text.replace("&", " and ")
    if text.isascii():  # bytes are translated three times as fast
        found = text.encode("ascii").translate(_BLANKED).decode("ascii").split()
    else:
        found = _fold(text.translate(_NOT_ALNUM_ASCII)).split()
    if "feat" in found or "featuring" in found:
        for index, word in enumerate(found):
            if index and word in ("feat", "featuring"):
                return " ".join(found[:index])
    return " ".join(found)


def as_question(text: str) -> str:
    """`text` as questions are compared: normalised word by word, words of signs kept as they are.

    Some albums are nothing but a sign: "+" and "÷" are two questions.
    """
    return " ".join(normalise(word) or word for word in text.split())


def _casefold(text: str) -> str:
    if text.isascii():
        return text.lower()
    if not _MANGLED.isdisjoint(text):
        text = mended(text)
    # Twice, because folding the case can undo the normal form and the other way round.
    for _ in range(2):
        text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return text


def without_accents(text: str) -> str:
    """Latin letters without their marks; for long texts that are only searched."""
    return _ACCENT_RUNS.sub("", unicodedata.normalize("NFKD", text))


def mended(text: str) -> str:
    """UTF-8 that somebody once took for a Latin alphabet ("BjÃ¶rk") as it was meant."""
    for alphabet in ("latin-1", "cp1252"):
        try:
            return text.encode(alphabet).decode("utf-8")
        except UnicodeError:
            continue
    return text


def _fold(text: str) -> str:
    """Latin letters without their marks, everything that is no letter, digit or mark blanked."""
    if text.replace(" ", "").isalnum() and not _ACCENTED.search(text):
        return text  # only letters of scripts without marks
    apart = unicodedata.normalize("NFD", text).translate(_FOLDED)
    plain = apart.translate(_ACCENTS)
    if plain.isascii():
        return plain
    kept: list[str] = []
    latin = False
    for char in apart:
        if char.isalnum():
            latin = char < "\u0370"
            kept.append(char)
        elif unicodedata.category(char).startswith("M"):
            if not latin and kept and kept[-1] != " ":
                kept.append(char)
        else:
            latin = False
            kept.append(" ")
    return unicodedata.normalize("NFC", "".join(kept))


def words(text: str) -> tuple[str, ...]:
    """The words of `text` as they are compared."""
    return tuple(normalise(text).split())


def squeeze(text: str) -> str:
    """What is left of a name of pure punctuation ("( )", "!!!"): its signs without blanks."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def significant(found: tuple[str, ...]) -> tuple[str, ...]:
    """Without articles and "and", unless nothing else is there."""
    return tuple(word for word in found if word not in _ARTICLES) or found


@lru_cache(maxsize=16_384)
def essence(found: tuple[str, ...]) -> tuple[str, ...]:
    """Without articles and words for a pressing ("2011 Remaster"), unless nothing else is there."""
    plain = _without_editions(significant(found))
    if 1 < len(plain) < len(significant(found)) and _YEAR.match(plain[-1]):
        plain = plain[:-1]
    return plain or significant(found)


def _without_editions(found: tuple[str, ...]) -> tuple[str, ...]:
    bonus = "bonus" in found
    kept: list[str] = []
    described = False  # whether the word that follows is one
    for word in reversed(found):
        if word in _EDITION_WORDS or (bonus and word in ("track", "tracks")):
            described = True
        else:
            if not (described and (word in _EDITION_PREFIXES or _ORDINAL.match(word))):
                kept.append(word)
            described = False
    return tuple(reversed(kept))


def versions(found: tuple[str, ...]) -> frozenset[str]:
    """Which other recordings these words name: live, remix, demo …"""
    if _VERSION_SIGNS.isdisjoint(found):
        return frozenset()
    kinds = {_VERSIONS[word] for word in found if word in _VERSIONS}
    for first, second, third in zip(found, found[1:], (*found[2:], ""), strict=False):
        if (first, second) in _VERSION_PAIRS:
            kinds.add(_VERSION_PAIRS[first, second])
        elif second == "version" and _is_own(first) and not _goes_on(third):
            kinds.add(f"{first} version")
        elif first == "tour" and second in _EDITION_WORDS:
            kinds -= {"live"} if not _ON_TOUR.intersection(found) else set()
    return frozenset(kinds)


def without_versions(found: tuple[str, ...]) -> tuple[str, ...]:
    """Without the words for another recording, unless nothing else is there."""
    return tuple(word for word in found if word not in _VERSIONS) or found


def _goes_on(word: str) -> bool:
    """ "Version orchestre": what kind of version it is stands behind the word."""
    return bool(word) and word not in _EDITION_WORDS and not word.isdecimal()


def _is_own(word: str) -> bool:
    """ "Taylor's Version", "Spanish Version": somebody's own recording, and no kind of pressing."""
    return not (
        word in _EDITION_WORDS
        or word in _EDITION_PREFIXES
        or word in _PLAIN_VERSIONS
        or word in _VERSIONS
        or word.isdecimal()
        or _ORDINAL.match(word)
    )


def numerals(found: tuple[str, ...]) -> frozenset[int]:
    """The volume numbers among these words, however they are written; years do not count."""
    if _NUMBER_WORDS.isdisjoint(found) and not any(map(str.isdecimal, found)):
        return frozenset()
    return frozenset(int(word) for word in counted(found) if len(word) <= 3 and word.isdecimal())


def counted(found: tuple[str, ...]) -> tuple[str, ...]:
    """The words with every volume number in digits ("Future II", "Part Two")."""
    kept: list[str] = []
    previous = ""
    for word in found:
        after_volume = previous in _VOLUME_WORDS
        value = None
        if word in _ROMAN and (after_volume or word not in _AMBIGUOUS_ROMAN):
            value = _ROMAN[word]
        elif word in _SPELT and after_volume:
            value = _SPELT[word]
        elif word.isdecimal() and len(word) <= 3:
            value = int(word)  # "02" is 2
        kept.append(word if value is None else str(value))
        previous = word
    return tuple(kept)


def colours(found: tuple[str, ...]) -> frozenset[str]:
    """Colour words: what tells albums of one name apart ("Blue Album")."""
    return frozenset(word for word in found if word in _COLOURS)


def only_describes(found: tuple[str, ...]) -> bool:
    """Whether these words say nothing but which pressing or which of several namesakes is meant."""
    return all(
        word in _COLOURS or word in _ARTICLES or word in _EDITION_PREFIXES or _YEAR.match(word)
        for word in _without_editions(found)
    )


def names_pressing(found: tuple[str, ...]) -> bool:
    """Whether one of these words stands for a pressing; "album" alone does not."""
    return any(word in _EDITION_WORDS and word != "album" for word in found)


def dice(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    """Shared words of two names, 0 … 1, counted as often as they occur."""
    if not one or not other:
        return 0.0
    if one == other:
        return 1.0
    if len(one) <= 8 and len(other) <= 8 and len(set(one)) == len(one):
        shared = len(set(one).intersection(other))
    else:
        shared = sum((Counter(one) & Counter(other)).values())
    return 2 * shared / (len(one) + len(other))


def likeness(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    """How alike two names are, 0 … 1: their words, or their letters when only those agree."""
    if not one or not other:
        return 0.0
    if one == other:
        return 1.0
    left, right = "".join(one), "".join(other)
    if left == right:
        return 1.0
    score = dice(one, other)
    if score < 0.95 and min(len(left), len(right)) >= 5:
        # Letters alone mislead on short names, so they count for long ones that nearly agree.
        spelt = fuzz.ratio(left, right, score_cutoff=88) / 100
        score = max(score, spelt * 0.97)
    return score


@dataclass(frozen=True, slots=True)
class Title:
    """An album's name and what Lidarr appended to it; both in their own spelling."""

    name: str
    disambiguation: str = ""


def split_title(artist: str, album: str) -> Title:
    """Take the disambiguation off an album name that Lidarr put there without any sign.

    Lidarr sends "Weezer Blue Album" for the album "Weezer" (contract lidarr §6.3). Told without a
    catalogue: the rest of a self-titled name, or trailing words in small letters after a name in
    capitals, when they only describe.
    """
    parts = album.split()
    for index in range(max(len(parts) - _LONGEST_DISAMBIGUATION, 1), len(parts)):
        head, tail = " ".join(parts[:index]), " ".join(parts[index:])
        if not words(tail) or not only_describes(words(tail)) or not words(head):
            continue
        self_titled = significant(words(head)) == significant(words(artist))
        in_small_letters = tail == tail.lower() and head != head.lower() and "(" not in head + tail
        if self_titled or (in_small_letters and not tail.isdecimal()):
            return Title(head, tail)
    return Title(album)
