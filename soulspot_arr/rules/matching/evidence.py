"""What the names of a candidate testify: which artist, which album, which recording of it.

Artist and album have to be found in different places of the path, so that a folder called
"Weezer" does not prove the album "Weezer" by itself. What follows from it is decided elsewhere:
in `testimony` beside a list of tracks, in `names_only` without one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from rapidfuzz import fuzz

from soulspot_arr.rules.matching.candidates import Candidate
from soulspot_arr.rules.matching.sought import Sought, Words, is_various
from soulspot_arr.rules.reading import PathReading, is_format, is_root
from soulspot_arr.rules.spelling import (
    counted,
    essence,
    likeness,
    numerals,
    significant,
    squeeze,
    versions,
    word_set,
    words,
)
from soulspot_arr.rules.tracks import DASH

__all__ = [
    "ALBUM_NEEDED",
    "ARTIST_NEEDED",
    "OTHERS_PLAY",
    "Place",
    "album_named",
    "artist_named",
    "is_various",
    "marks",
    "position",
    "recordings",
]

ARTIST_NEEDED = 0.7
"""Below this the artist counts as not found (peers §3.4, step 4)."""
ALBUM_NEEDED = 0.82
"""Below this the folder is another album: one word too many beside two right ones."""

# On a stage these words are used for each other; the rest of the name tells the albums apart.
_ON_STAGE = frozenset({"live", "unplugged", "acoustic", "session"})
OTHERS_PLAY = frozenset({"tribute", "karaoke", "cover", "lullaby"})

_YEAR = re.compile(r"(?:19|20)\d\d\Z")
_NOTE = re.compile(r"\s*\(([^()]*)\)\s*\Z")
_COUNTING_NOTES = word_set(
    "version versions soundtrack ost score cast musical motion picture film movie part vol volume"
)


@dataclass(frozen=True, slots=True)
class Place:
    """The album's own folder name, with and without the artist in it."""

    words: Words  # all of it
    rest: Words  # without the artist, format marks and the year
    holds_artist: bool

    @classmethod
    def of(cls, candidate: Candidate, asked: Sought) -> Place:
        reading, artist = candidate.reading, asked.artist_words
        if not candidate.folders:
            found = words(reading.album)
            return cls(found, found, holds_artist=False)
        found = tuple(
            word for part in DASH.split(candidate.name.replace("_", " ")) for word in words(part)
        )
        start = position(artist, significant(found))
        rest = significant(found)
        if start >= 0:
            rest = rest[:start] + rest[start + len(artist) :]
        noise = {word for tag in reading.tags if is_format(tag) for word in words(tag)}
        kept = tuple(word for word in rest if word not in noise and not is_format(word))
        dated = tuple(word for word in kept if word != str(reading.year))
        # A year beside the artist names no album, except one that is called so ("1989").
        holds = start >= 0 and bool(dated or kept in asked.albums)
        return cls(found, (dated or kept) if holds else dated or rest, holds_artist=holds)


def position(needle: Words, hay: Words) -> int:
    """Where `needle` stands in `hay` as consecutive words; -1 when it does not."""
    if not needle or needle[0] not in hay:
        return -1
    size = len(needle)
    return next((i for i in range(len(hay) - size + 1) if hay[i : i + size] == needle), -1)


def artist_named(asked: Sought, candidate: Candidate, place: Place) -> float:
    """How well the artist is named, in any place but the one that names the album."""
    if not asked.artist or place.holds_artist:
        return 1.0
    if asked.various:
        return _various(asked, candidate.reading)
    texts = [candidate.reading.artist, candidate.by]
    above = [name for name in candidate.folders[-4:-1] if not is_root(name)]
    texts += above
    if "/" in asked.artist:
        texts += [f"{one} {other}" for one, other in pairwise(above)]  # "AC/DC" became two folders
    best = max((resemblance(asked, text) for text in texts if text), default=0.0)
    if best < ARTIST_NEEDED and not asked.artist_words and candidate.folders:
        best = float(squeeze(candidate.name).startswith(squeeze(asked.artist)))
    if best < ARTIST_NEEDED and asked.self_titled and _is_the_year(asked, candidate.reading):
        best = ARTIST_NEEDED  # one folder "Weezer (1994)": the year is a second witness
    return best


def _various(asked: Sought, reading: PathReading) -> float:
    """A compilation names nobody; below somebody's name only a longer title can be one."""
    if is_various(reading.artist):
        return 1.0
    if asked.artist_only:
        return 0.0
    if not reading.artist:
        return 1.0
    return ARTIST_NEEDED if any(len(form) > 1 for form in asked.albums) else 0.5


def _is_the_year(asked: Sought, reading: PathReading) -> bool:
    return reading.year is not None and reading.year == asked.year and not reading.artist


def resemblance(asked: Sought, text: str) -> float:
    """How well one piece of text names the artist, 0 … 1."""
    wanted, found = asked.artist_words, significant(words(text))
    if not wanted:
        return float(bool(asked.artist) and squeeze(text) == squeeze(asked.artist))
    if not found:
        return 0.0
    left, right = "".join(wanted), "".join(found)
    if left == right:
        return 1.0
    if (versions(found) & OTHERS_PLAY) - versions(wanted):
        return 0.0
    if set(wanted) <= set(found):
        return 0.9  # "Radiohead Discography", "Bowie, David", "Jay-Z & Kanye West"
    together = words(asked.artist)
    size = len(words(text))
    if words(text) == together[:size] and together[size : size + 1] in (("and",), ("with",)):
        return 0.8  # "Bob Marley" for "Bob Marley & The Wailers"
    if min(len(left), len(right)) < 5:
        return 0.0
    return 0.97 * fuzz.ratio(left, right, score_cutoff=85) / 100


def album_named(asked: Sought, candidate: Candidate, place: Place) -> float:
    """How well the folder names the album, 0 … 1, by the best of its readings."""
    reading = candidate.reading
    if not words(asked.album):
        sign = squeeze(asked.album)
        if squeeze(reading.album) == sign:
            return 1.0
        if sign and sign in squeeze(candidate.name):
            return 0.9
    forms = [essence(words(reading.album)), essence(place.rest)]
    if reading.year is not None and reading.album.isdecimal():
        forms.append((str(reading.year),))  # "1989 - 2014" as well as "2014 - 1989"
    dated = str(reading.year)
    if any(form[-1:] == (dated,) for form in asked.albums):
        forms.append((*forms[0], dated))  # "Pop Ambient 2005": the year belongs to the name
    if asked.versions & _ON_STAGE:
        forms.append(tuple(word for word in forms[0] if word != "live"))  # "Unplugged … (Live)"
    best = _closest(asked, forms)
    if best < ALBUM_NEEDED:
        best = max(best, 0.85 * (_closest(asked, [_without_note(asked, reading.album)]) >= 0.95))
    return best


def _closest(asked: Sought, forms: Sequence[Words]) -> float:
    return max(
        (
            _of_one_volume(wanted, form)
            for wanted in asked.albums
            for form in dict.fromkeys(forms)
            if form
        ),
        default=0.0,
    )


def _without_note(asked: Sought, album: str) -> Words:
    """A name without the note in brackets behind it ("Nevermind (DGC)"), unless the note counts."""
    match = _NOTE.search(album)
    if match is None or "(" in asked.album:
        return ()
    note = words(match[1])
    if versions(note) or numerals(note) or _COUNTING_NOTES.intersection(note):
        return ()
    return essence(words(album[: match.start()]))


def _of_one_volume(wanted: Words, found: Words) -> float:
    score = likeness(wanted, found)
    if score < 0.4:
        return score
    mine, theirs = numerals(wanted), numerals(found)
    if mine != theirs and (mine | theirs) != {1}:
        return min(score, 0.5)
    return likeness(counted(wanted), counted(found)) if mine else score


def recordings(
    asked: Sought, reading: PathReading, place: Place
) -> tuple[frozenset[str], frozenset[str]]:
    """The words for another recording that only the folder has, and only the wanted title."""
    theirs = versions(place.rest + marks(reading))
    if "cover" in theirs and "cover" not in versions(words(reading.album)):
        theirs -= {"cover"}  # "[Covers]" means pictures
    mine = asked.versions
    if (mine | asked.allowed) & _ON_STAGE and theirs & _ON_STAGE:
        mine, theirs = mine - _ON_STAGE, theirs - _ON_STAGE
    return theirs - mine, mine - theirs


def marks(reading: PathReading) -> Words:
    return tuple(word for tag in reading.tags if not is_format(tag) for word in words(tag))
