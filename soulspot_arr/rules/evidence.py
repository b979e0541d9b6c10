"""How sure names alone can make us that a candidate is the album that was asked for.

Artist and album have to be found in different places of the path, so that a folder called
"Weezer" does not prove the album "Weezer" by itself. Every doubt is kept as a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from rapidfuzz import fuzz

from soulspot_arr.domain import Query
from soulspot_arr.rules.grouping import Candidate
from soulspot_arr.rules.reading import PathReading, is_format, is_root
from soulspot_arr.rules.spelling import (
    colours,
    counted,
    essence,
    likeness,
    normalise,
    numerals,
    only_describes,
    significant,
    split_title,
    squeeze,
    versions,
    word_set,
    words,
)
from soulspot_arr.rules.tracks import DASH

ARTIST_NEEDED = 0.7
"""Below this the artist counts as not found (peers §3.4, step 4)."""
ALBUM_NEEDED = 0.82
"""Below this the folder is another album: one word too many beside two right ones."""

_UNKNOWN_ARTIST = 0.35  # no name at all is a weaker doubt than another name
_ALBUM_ALONE = 0.62  # the most that a long, exact album name can prove without its artist
_REFUSED = 0.4  # the most that is left when something contradicts

# On a stage these words are used for each other; the rest of the name tells the albums apart.
_ON_STAGE = frozenset({"live", "unplugged", "acoustic", "session"})
_OTHERS_PLAY = frozenset({"tribute", "karaoke", "cover", "lullaby"})
_VARIOUS = frozenset({"various artists", "various", "va", "v a", "diverse", "verschiedene"})

_YEAR_OR_NONE = re.compile(r"(?:(?:19|20)\d\d|0)\Z")
_NOTE = re.compile(r"\s*\(([^()]*)\)\s*\Z")
_COUNTING_NOTES = word_set(
    "version versions soundtrack ost score cast musical motion picture film movie part vol volume"
)

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the names say: identity 0 … 1, its two parts, and what speaks against it."""

    identity: float
    artist: float
    album: float
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sought:
    """One question, prepared once for all candidates; `albums` are the forms of its album name."""

    artist: str
    artist_words: Words
    album: str
    albums: tuple[Words, ...]
    year: int | None
    versions: frozenset[str]
    colours: frozenset[str]
    various: bool
    self_titled: bool

    @property
    def artist_only(self) -> bool:
        """Whether any album of the artist is wanted."""
        return not self.album


def is_various(artist: str) -> bool:
    """Whether this stands for a compilation instead of an artist."""
    return normalise(artist) in _VARIOUS


@lru_cache(maxsize=1024)
def sought(artist: str, album: str, year: int | None) -> Sought:
    """Prepare a question."""
    title = split_title(artist, album)
    full, name = words(album), words(title.name)
    forms = [essence(full)]
    artist_words = significant(words(artist))
    if title.disambiguation:
        forms.append(essence(name))
    # "Weezer Blue Album" is kept as "Weezer\\Blue Album" too
    rest = full[len(artist_words) :]
    if title.disambiguation and rest and significant(full)[: len(artist_words)] == artist_words:
        forms.append(essence(rest))
    return Sought(
        artist=artist,
        artist_words=artist_words,
        album=album,
        albums=tuple(dict.fromkeys(form for form in forms if form)),
        year=year,
        versions=versions(full),
        colours=colours(words(title.disambiguation)),
        various=is_various(artist),
        self_titled=bool(artist_words) and artist_words == significant(name),
    )


def understand(query: Query, reading: PathReading) -> Sought:
    """The question as it concerns one folder; a free term is divided by what the folder says."""
    if query.artist or query.album:
        return sought(query.artist, query.album, query.year)
    by, rest = divide_term(query.term, reading.artist)
    if not by:
        return sought("", query.term, query.year)
    parts = rest.split()
    year = query.year
    literal = essence(words(rest)) == essence(words(reading.album))
    if len(parts) > 1 and not literal and _YEAR_OR_NONE.match(parts[-1]):
        # Lidarr's second question ends in the year, or in "0" (contract lidarr §6.3).
        year, rest = int(parts[-1]) or None, " ".join(parts[:-1])
    return sought(by, rest, year)


def divide_term(term: str, artist: str) -> tuple[str, str]:
    """`term` as artist and rest in its own spelling, when it begins with the words of `artist`."""
    wanted = "".join(significant(words(artist)))
    parts = term.split()
    for index in range(1, len(parts) + 1) if wanted else ():
        head = " ".join(parts[:index])
        if "".join(significant(words(head))) == wanted:
            rest = " ".join(parts[index:]).lstrip(" -–—")
            return head, rest
    return "", term


def weigh(asked: Sought, candidate: Candidate) -> Evidence:
    """Weigh the names of a candidate against the question."""
    place = _Place.of(candidate, asked)
    artist = _artist(asked, candidate, place)
    if asked.artist_only:
        return _any_album(artist, candidate)
    album = _album(asked, candidate, place)
    if artist < ARTIST_NEEDED <= album and _in_most_titles(asked, candidate):
        artist = 0.9
    if max(artist, album) < ALBUM_NEEDED and artist < ARTIST_NEEDED:
        doubt = f'neither artist nor album agree: "{candidate.name}"'
        return Evidence(round(0.4 * artist + 0.6 * album, 4) * 0.5, artist, album, (doubt,))
    doubts = _contradictions(asked, candidate, place)
    identity = 0.4 * artist + 0.6 * album - _deductions(asked, candidate, place)
    if artist < ARTIST_NEEDED:
        named = bool(candidate.reading.artist or candidate.by)
        long_name = len(asked.albums[0]) >= 3 if asked.albums else False
        if named or not long_name or album < 0.99:
            identity = min(identity, _REFUSED)
            doubts.append("another artist" if named else "the artist is named nowhere")
        else:
            identity = min(identity + 0.4 * _UNKNOWN_ARTIST, _ALBUM_ALONE)
    if album < ALBUM_NEEDED:
        identity = min(identity, _REFUSED)
        doubts.append(f'another album: "{candidate.reading.album or candidate.name}"')
    if doubts:
        identity = min(identity, _REFUSED)
    return Evidence(round(min(max(identity, 0.0), 1.0), 4), artist, album, tuple(doubts))


def _any_album(artist: float, candidate: Candidate) -> Evidence:
    doubts = [] if artist >= ARTIST_NEEDED else ["another artist"]
    if not candidate.reading.album:
        doubts.append("the folder does not tell which album it is")
    return Evidence(artist if not doubts else min(artist, _REFUSED), artist, 0.0, tuple(doubts))


@dataclass(frozen=True, slots=True)
class _Place:
    """The album's own folder name, with and without the artist in it."""

    words: Words  # all of it
    rest: Words  # without the artist, format marks and the year
    holds_artist: bool

    @classmethod
    def of(cls, candidate: Candidate, asked: Sought) -> _Place:
        reading, artist = candidate.reading, asked.artist_words
        if not candidate.folders:
            found = words(reading.album)
            return cls(found, found, holds_artist=False)
        found = tuple(
            word for part in DASH.split(candidate.name.replace("_", " ")) for word in words(part)
        )
        start = _position(artist, significant(found))
        rest = significant(found)
        if start >= 0:
            rest = rest[:start] + rest[start + len(artist) :]
        noise = {word for tag in reading.tags if is_format(tag) for word in words(tag)}
        kept = tuple(word for word in rest if word not in noise and not is_format(word))
        dated = tuple(word for word in kept if word != str(reading.year))
        # A year beside the artist names no album, except one that is called so ("1989").
        holds = start >= 0 and bool(dated or kept in asked.albums)
        return cls(found, (dated or kept) if holds else dated or rest, holds_artist=holds)


def _position(needle: Words, hay: Words) -> int:
    """Where `needle` stands in `hay` as consecutive words; -1 when it does not."""
    if not needle or needle[0] not in hay:
        return -1
    size = len(needle)
    return next((i for i in range(len(hay) - size + 1) if hay[i : i + size] == needle), -1)


def _artist(asked: Sought, candidate: Candidate, place: _Place) -> float:
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


def _in_most_titles(asked: Sought, candidate: Candidate) -> bool:
    """Whether two thirds of the file names hold the artist ("01-radiohead-airbag")."""
    files = candidate.files
    if len(files) < 2 or not asked.artist_words:
        return False
    hits = sum(_position(asked.artist_words, significant(words(file.title))) >= 0 for file in files)
    return hits * 3 >= len(files) * 2


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
    if (versions(found) & _OTHERS_PLAY) - versions(wanted):
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


def _album(asked: Sought, candidate: Candidate, place: _Place) -> float:
    """How well the folder names the album, 0 … 1, by the best of its readings."""
    reading = candidate.reading
    if not asked.albums:
        sign = squeeze(asked.album)
        if squeeze(reading.album) == sign:
            return 1.0
        return 0.9 if sign and sign in squeeze(candidate.name) else 0.0
    forms = [essence(words(reading.album)), essence(place.rest)]
    if reading.year is not None and reading.album.isdecimal():
        forms.append((str(reading.year),))  # "1989 - 2014" as well as "2014 - 1989"
    if asked.versions & _ON_STAGE:
        forms.append(tuple(word for word in forms[0] if word != "live"))  # "Unplugged … (Live)"
    best = _closest(asked, forms)
    if best < ALBUM_NEEDED:
        best = 0.85 * (_closest(asked, [_without_note(asked, reading.album)]) >= 0.95)
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


def _contradictions(asked: Sought, candidate: Candidate, place: _Place) -> list[str]:
    """What makes it another recording or another of several namesakes."""
    reading = candidate.reading
    tags = tuple(word for tag in reading.tags if not is_format(tag) for word in words(tag))
    theirs = versions(place.rest + tags)
    if "cover" in theirs and "cover" not in versions(words(reading.album)):
        theirs -= {"cover"}  # "[Covers]" means pictures
    mine = asked.versions
    if mine & _ON_STAGE and theirs & _ON_STAGE:
        mine, theirs = mine - _ON_STAGE, theirs - _ON_STAGE
    doubts: list[str] = []
    if theirs - mine:
        doubts.append("another recording: " + ", ".join(sorted(theirs - mine)))
    if mine - theirs:
        doubts.append("not the wanted recording: " + ", ".join(sorted(mine - theirs)))
    shades = colours(place.rest + tags)
    if asked.colours and shades and not asked.colours & shades:
        doubts.append("another album of the same name: " + ", ".join(sorted(shades)))
    if asked.self_titled and _years_apart(asked, reading) and not _is_pressing(reading):
        # Albums of one name are told apart by their year alone (contract lidarr §6.3).
        doubts.append(f"another album of the same name: of {reading.year}, not {asked.year}")
    return doubts


def _years_apart(asked: Sought, reading: PathReading) -> bool:
    return bool(asked.year and reading.year and abs(asked.year - reading.year) > 1)


def _is_pressing(reading: PathReading) -> bool:
    """Whether the year may be that of a later pressing."""
    return any(only_describes(words(tag)) and words(tag) for tag in reading.tags)


def _deductions(asked: Sought, candidate: Candidate, place: _Place) -> float:
    """Small doubts: the year, a pressing that was not asked for, a shelf of live recordings."""
    reading = candidate.reading
    lost = 0.0
    edition = set(words(reading.album) + tuple(w for tag in reading.tags for w in words(tag)))
    if asked.year and reading.year and abs(asked.year - reading.year) > 1:
        namesake = asked.self_titled and not edition & {
            "deluxe",
            "remaster",
            "remastered",
            "edition",
        }
        # Albums of one name are told apart by their year alone.
        lost += 0.45 if namesake else 0.05
    wanted = set(words(asked.album))
    if {"deluxe", "expanded", "anniversary", "bonus"} & edition - wanted:
        lost += 0.04
    if {"single", "ep"} & (edition ^ wanted):
        lost += 0.12  # "Hybrid Theory EP" is a record of its own
    if not asked.versions and any(versions(words(name)) for name in candidate.folders[-2:-1]):
        lost += 0.0 if place.holds_artist else 0.08
    return lost
