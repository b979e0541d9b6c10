"""How people misspell, shorten and transliterate names before they become paths.

Text in, text out; everything that varies is decided once for a person (a `Hand`), because a
share is written by one hand.
"""

from __future__ import annotations

import random
import re
import unicodedata
from dataclasses import dataclass

_ALPHABETS = (  # Cyrillic, Greek
    "а=a б=b в=v г=g д=d е=e ё=yo ж=zh з=z и=i й=y к=k л=l м=m н=n о=o п=p р=r с=s т=t у=u ф=f "
    "х=kh ц=ts ч=ch ш=sh щ=shch ъ= ы=y ь= э=e ю=yu я=ya є=ye і=i ї=yi ґ=g ў=u "
    "α=a β=v γ=g δ=d ε=e ζ=z η=i θ=th ι=i κ=k λ=l μ=m ν=n ξ=x ο=o π=p ρ=r σ=s ς=s τ=t υ=y φ=f "
    "χ=ch ψ=ps ω=o ά=a έ=e ή=i ί=i ό=o ύ=y ώ=o"
)
_LETTERS = dict(pair.split("=") for pair in _ALPHABETS.split())
_KANA_ROWS = (
    "=アイウエオ k=カキクケコ g=ガギグゲゴ s=サシスセソ z=ザジズゼゾ t=タチツテト d=ダヂヅデド "
    "n=ナニヌネノ h=ハヒフヘホ b=バビブベボ p=パピプペポ m=マミムメモ r=ラリルレロ"
)
_KANA_ODD = "シ=shi ジ=ji チ=chi ツ=tsu フ=fu ヤ=ya ユ=yu ヨ=yo ワ=wa ヲ=wo ン=n ヴ=vu ー= ッ="
_KANA = {
    kana: row.partition("=")[0] + vowel
    for row in _KANA_ROWS.split()
    for vowel, kana in zip("aiueo", row.partition("=")[2], strict=True)
} | dict(pair.split("=") for pair in _KANA_ODD.split())
_SMALL = {"ャ": "ya", "ュ": "yu", "ョ": "yo", "ァ": "a", "ィ": "i", "ゥ": "u", "ェ": "e", "ォ": "o"}
# The letters of a hangul syllable in the order of Unicode, "-" where there is none.
_HANGUL = (
    "g kk n d tt r m b pp s ss - j jj ch k t p h",
    "a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i",
    "- k k k n n n t l k m p t t p l m p p t t ng t t k t p t",
)
_INITIALS, _VOWELS, _FINALS = (row.split() for row in _HANGUL)
_PLAIN = str.maketrans(
    {"ø": "o", "Ø": "O", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ß": "ss", "ð": "d"}
    | {"Ð": "D", "þ": "th", "Þ": "Th", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i"}
)
_QUOTES = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "‐": "-", "–": "-", "—": "-"})
_TELLING = re.compile(
    "instrumental|karaoke|acoustic|remix|record|tribute|cover|commentary|slowed|lullaby|version"
    "|outtake|quartet|rendition|volume",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"^(The|A|An|Les|Los|Die|Le|La|El) (.+)$")
_FEATURED = re.compile(r"\s*[(\[]?\b(?:feat\.?|ft\.?|featuring)\s+[^)\]]+[)\]]?", re.IGNORECASE)


def fold(text: str) -> str:
    """Latin letters without diacritics: Sigur Rós becomes Sigur Ros; other scripts stay."""
    if text.isascii():
        return text
    return "".join(map(_folded, unicodedata.normalize("NFC", text.translate(_PLAIN))))


def _folded(letter: str) -> str:
    if letter.isascii() or "LATIN" not in unicodedata.name(letter, ""):
        return letter
    parts = unicodedata.normalize("NFD", letter)
    return "".join(part for part in parts if unicodedata.category(part) != "Mn")


def straight(text: str) -> str:
    """Typographic quotes and dashes as a keyboard has them."""
    return text.translate(_QUOTES)


def latin(text: str) -> str:
    """Cyrillic, Greek, kana and hangul in Latin letters; a text with other letters stays whole."""
    out = ""
    for letter in unicodedata.normalize("NFC", text):
        small = letter.lower()
        if small in _LETTERS:
            plain = _LETTERS[small]
            out += plain.capitalize() if letter != small else plain
        else:
            out = _with_syllable(out, letter)
    return out[:1].upper() + out[1:] if is_latin(out) else text


def _with_syllable(before: str, letter: str) -> str:
    code = ord(letter)
    if 0xAC00 <= code <= 0xD7A3:
        initial, rest = divmod(code - 0xAC00, 588)
        parts = (_INITIALS[initial], _VOWELS[rest // 28], _FINALS[rest % 28])
        return before + "".join(part for part in parts if part != "-")
    if 0x3041 <= code <= 0x3096:  # hiragana lies 0x60 below katakana
        letter = chr(code + 0x60)
    if letter in _SMALL:  # フィ is fi, キャ is kya, シャ is sha
        stem = before[:-1] if before[-1:] in set("aiueo") else before
        glide = _SMALL[letter]
        return stem + (glide[-1] if stem.endswith(("sh", "ch", "j")) else glide)
    return before + _KANA.get(letter, letter)


def is_latin(text: str) -> bool:
    """Whether every letter of it is a Latin one."""
    return all("LATIN" in unicodedata.name(letter, "") for letter in text if letter.isalpha())


def article_last(name: str) -> str:
    """`The Beatles` as `Beatles, The`."""
    found = _ARTICLE.match(name)
    return f"{found[2]}, {found[1]}" if found else name


def article_gone(name: str) -> str:
    """`The Beatles` as `Beatles`; a name that is nothing but an article stays."""
    found = _ARTICLE.match(name)
    return found[2] if found and found[1] == "The" and len(found[2]) > 3 else name


def misspell(text: str, rng: random.Random) -> str:
    """One letter too few, too many, exchanged or wrong, inside the longest word of six or more.

    Words that say which version it is stay whole: they may be all that a listener has to go by.
    """
    words = [match for match in re.finditer(r"[A-Za-z]{6,}", text) if not _TELLING.match(match[0])]
    if not words:
        return text
    word = max(words, key=lambda match: len(match[0]))
    place = rng.randrange(word.start() + 1, word.end() - 1)
    how = rng.randrange(4)
    if how == 0:
        return text[:place] + text[place + 1 :]
    if how == 1:
        return text[:place] + text[place] + text[place:]
    if how == 2:
        return text[: place - 1] + text[place] + text[place - 1] + text[place + 1 :]
    return text[:place] + rng.choice("aeiourstn") + text[place + 1 :]


def shortened(text: str, length: int) -> str:
    """Cut like an old CD burner did."""
    return text[:length].rstrip(" .-_([") if len(text) > length else text


@dataclass(frozen=True, slots=True)
class Hand:
    """How one person writes names on a disk."""

    slash: str = "_"  # stands for what a file system forbids
    colon: str = " -"
    case: str = ""  # "", "lower", "upper", "title"
    blank: str = " "
    apostrophe: str = "'"
    marks: str = "keep"  # diacritics: "keep", "fold", "nfd", "mojibake"
    script: str = "keep"  # "keep", "latin"
    ampersand: str = ""  # "", "and", "&"
    featured: str = "keep"  # "keep", "drop", "ft."
    punctuation: bool = True
    article: str = "keep"  # "keep", "last", "gone"
    limit: int = 120

    def artist(self, name: str) -> str:
        """An artist's name as this person writes it."""
        if self.article == "last":
            name = article_last(name)
        elif self.article == "gone":
            name = article_gone(name)
        return self.write(name)

    def write(self, text: str) -> str:
        """A name as a part of a path; never empty, never with a separator in it."""
        plain = straight(text)
        if self.featured != "keep":
            plain = self._featured(plain)
        if self.script == "latin":
            plain = latin(plain)
        if self.ampersand == "and":
            plain = plain.replace(" & ", " and ")
        elif self.ampersand == "&":
            plain = re.sub(r" and ", " & ", plain, flags=re.IGNORECASE)
        if not self.punctuation:
            bare = re.sub(r"[^\w\s'&-]", " ", plain)
            plain = bare if re.search(r"\w", bare) else plain
        plain = self._allowed(plain)
        plain = self._marks(self._case(re.sub(r"\s+", " ", plain).strip()))
        plain = plain.replace(" ", self.blank)
        return plain.rstrip(". ") or plain or "_"

    def _featured(self, text: str) -> str:
        if self.featured == "drop":
            return _FEATURED.sub("", text) or text
        return re.sub(r"\bfeat\.? ", "ft. ", text)

    def _allowed(self, text: str) -> str:
        text = text.replace("'", self.apostrophe)
        text = text.replace(": ", f"{self.colon} ").replace(":", self.colon.strip())
        text = re.sub(r'["*<>|?]', "_" if self.slash == "_" else "", text)
        text = re.sub(r"[/\\]", self.slash, text)
        return text if text.strip() else "_"

    def _marks(self, text: str) -> str:
        if self.marks == "fold":
            return fold(text)
        if self.marks == "mojibake" and is_latin(text):
            garbled = text.encode("utf-8").decode("latin-1")  # UTF-8 read as Windows text
            return "".join(letter for letter in garbled if letter.isprintable())
        return unicodedata.normalize("NFD", text) if self.marks == "nfd" else text

    def _case(self, text: str) -> str:
        if self.case == "lower":
            return text.lower()
        if self.case == "upper":
            return text.upper()
        if self.case == "title":
            return re.sub(r"(?<![\w'’])\w", lambda letter: letter[0].upper(), text)
        return text


def hand(rng: random.Random, *, foreign: bool = False) -> Hand:
    """A person drawn by lot; `foreign` ones often transliterate."""

    def one(*choices: tuple[float, str]) -> str:
        roll = rng.random()
        for share, value in choices:
            roll -= share
            if roll < 0:
                return value
        return choices[0][1]

    return Hand(
        slash=one((0.6, "_"), (0.2, "-"), (0.1, " "), (0.1, "")),
        colon=one((0.4, " -"), (0.35, "_"), (0.25, "")),
        case=one((0.66, ""), (0.24, "title"), (0.08, "lower"), (0.02, "upper")),
        blank=one((0.9, " "), (0.08, "_"), (0.02, ".")),
        apostrophe=one((0.75, "'"), (0.12, "’"), (0.08, ""), (0.05, "_")),
        marks=one((0.54, "keep"), (0.33, "fold"), (0.11, "nfd"), (0.02, "mojibake")),
        script=one((0.65, "keep"), (0.35, "latin")) if foreign else "keep",
        ampersand=one((0.84, ""), (0.1, "and"), (0.06, "&")),
        featured=one((0.72, "keep"), (0.14, "drop"), (0.14, "ft.")),
        punctuation=rng.random() >= 0.1,
        article=one((0.84, "keep"), (0.08, "last"), (0.08, "gone")),
        limit=64 if rng.random() < 0.05 else 120,
    )
