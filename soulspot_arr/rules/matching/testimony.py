"""What the names of a candidate testify, for a list of tracks to confirm or to outvote.

Under whichever of his names the artist is found; a clear name is read at a glance. What follows
from the testimony is decided in `editions`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from anyascii import anyascii

from soulspot_arr.rules.matching.candidates import Candidate
from soulspot_arr.rules.matching.evidence import (
    ALBUM_NEEDED,
    ARTIST_NEEDED,
    OTHERS_PLAY,
    Place,
    album_named,
    artist_named,
    position,
    recordings,
)
from soulspot_arr.rules.matching.sought import SOUNDTRACK, Sought, Words
from soulspot_arr.rules.reading import PathReading, is_dump, is_format
from soulspot_arr.rules.spelling import (
    essence,
    likeness,
    normalise,
    numerals,
    only_describes,
    significant,
    squeeze,
    versions,
    word_set,
    words,
)

_YEAR = re.compile(r"(?:19|20)\d\d\Z")
_PLAYS = word_set("plays performs sings covers does interprets spielt singt joue chante")
_DISC = re.compile(r"\A\s*(?:cd|dis[ck]|vol)?[\s._-]*\d{1,2}\b[\s._:-]*", re.IGNORECASE)
_BESIDE = re.compile(r"\s+(?:[+&_/,;]|and|und|et|y)\s+|\s*[+;/]\s*")
_PLAIN = word_set(
    "flac mp3 m4a aac alac ogg opus wav ape wma lossless web cd vinyl 320 256 192 v0 v2 vbr cbr "
    "kbps 16 24 44 48 88 96 1 2 16bit 24bit bit khz 44khz 48khz 96khz"
)


class Claim(StrEnum):
    """Who is named where the artist should be."""

    ITSELF = "itself"
    NOBODY = "nobody"
    SHELF = "shelf"  # a folder above or the file names say something else, which may be no artist
    ANOTHER = "another"  # the album's own folder names somebody else


@dataclass(frozen=True, slots=True)
class Names:
    """What the names of a candidate testify, for a list of tracks to confirm or to outvote.

    `artist` and `album` are 0 … 1; `unnamed` tells that no album is named at all, as in a folder
    with all songs of an artist. `added` and `lacking` are the words for another recording that
    only the folder has, or only the album's own title.
    """

    artist: float
    claim: Claim
    album: float
    unnamed: bool = False
    other_volume: bool = False
    added: frozenset[str] = frozenset()
    lacking: frozenset[str] = frozenset()
    year: int | None = None

    @property
    def named(self) -> bool:
        """Whether the folder says that it is this album."""
        return self.album >= ALBUM_NEEDED and not self.other_volume


def testify(asked: Sought, candidate: Candidate, *, proven: bool) -> Names:
    """Read the names of a candidate; under whichever name of the artist they agree best.

    Where its tracks are `proven` it is enough that both names occur.
    """
    plain = _plainly(asked, candidate, proven=proven)
    if plain is not None:
        return plain
    place = Place.of(candidate, asked)
    artist = artist_named(asked, candidate, place)
    if place.holds_artist and _is_played_by_others(asked, place):
        artist = 0.5
    elif asked.self_titled and place.holds_artist and not _named_twice(asked, candidate, place):
        artist = ARTIST_NEEDED if candidate.reading.year in asked.years else 0.5
    elif artist < ARTIST_NEEDED:
        if asked.others:
            text = _squeezed_path(candidate)
            for other in asked.others:
                if "".join(other.artist_words) in text:
                    known_as = Place.of(candidate, other)
                    score = artist_named(other, candidate, known_as)
                    if score > artist:
                        artist, asked, place = score, other, known_as
        if artist < ARTIST_NEEDED:
            artist = max(artist, _by_surname(asked, candidate, place), _by_sound(asked, candidate))
    reading = candidate.reading
    album, other_volume = _album_of_volume(asked, candidate, place)
    added, lacking = recordings(asked, reading, place)
    return Names(
        artist=artist,
        claim=Claim.ITSELF if artist >= ARTIST_NEEDED else _claim(asked, candidate, place),
        album=album,
        unnamed=album < ALBUM_NEEDED and _is_unnamed(asked, reading, place),
        other_volume=other_volume,
        added=added - asked.allowed,
        lacking=lacking,
        year=reading.year,
    )


def _named_twice(asked: Sought, candidate: Candidate, place: Place) -> bool:
    """Whether artist and album of one name stand in two places; one proves only one of them."""
    own, name = significant(place.words), asked.artist_words
    at = position(name, own)
    if position(name, own[at + len(name) :]) >= 0:
        return True
    above = candidate.folders[-4:-1]
    return any(position(name, significant(words(folder))) >= 0 for folder in above)


def is_strange(asked: Sought, candidate: Candidate) -> bool:
    """Whether the folder has words nothing explains, such as another player of the same work."""
    known = {word for album in asked.albums for word in album}
    known.update(word for one in (asked, *asked.others) for word in one.artist_words)
    return any(
        word not in known and not word.isdecimal() and word not in _PLAIN
        for word in essence(Place.of(candidate, asked).rest)
    )


def names_album(asked: Sought, folder: str) -> bool:
    """Whether a folder inside a candidate ("CD2 - Ellington at Newport") is called like the album."""
    found = essence(words(_DISC.sub("", folder)))
    rest = found
    at = position(asked.artist_words, found)
    if at >= 0:
        rest = found[:at] + found[at + len(asked.artist_words) :]
    dated = tuple(word for word in rest if not _YEAR.match(word))
    return found in asked.albums or rest in asked.albums or dated in asked.albums


def hint(asked: Sought, candidate: Candidate) -> Names:
    """What a glance at the path says; for candidates that are refused whatever it is."""
    own, path, years = _path_words(candidate)
    artist = not asked.artist_words or path.issuperset(asked.artist_words)
    album = any(path.issuperset(form) for form in asked.albums)
    return Names(
        artist=1.0 if artist else 0.5,
        claim=Claim.ITSELF if artist else Claim.SHELF,
        album=1.0 if album else 0.5,
        unnamed=False,
        added=versions(own) - asked.allowed - versions(asked.artist_words),
        year=int(years[0]) if len(years) == 1 else None,
    )


def is_suspect(asked: Sought, candidate: Candidate) -> bool:
    """Whether the own folder has a word for another recording, so that its names come first."""
    own = candidate.folders[-1:] or candidate.claims or ()
    return bool(versions(words(" ".join(own))) - asked.allowed)


def _path_words(candidate: Candidate) -> tuple[Words, set[str], list[str]]:
    """The words of the own folder, those of the whole path, and the years in the own one."""
    folders = candidate.folders
    if not folders:
        own = words(" ".join(candidate.claims or ()))
        return own, set(own), []
    own = words(folders[-1])
    path = set(own)
    for name in folders[-3:-1]:
        path.update(words(name))
    return own, path, [word for word in own if _YEAR.match(word)]


def _plainly(asked: Sought, candidate: Candidate, *, proven: bool) -> Names | None:
    """What a folder says that is called for artist and album and hardly anything else."""
    folders, artist = candidate.folders, asked.artist_words
    if not folders or not artist or asked.various:
        return None
    if is_format(folders[-1]):
        folders = folders[:-1] or folders
    own = significant(words(folders[-1]))
    at = position(artist, own)
    rest = own if at < 0 else own[:at] + own[at + len(artist) :]
    if at < 0 and (len(folders) < 2 or significant(words(folders[-2])) != artist):
        return None
    if (
        proven
        and not versions(own) - asked.allowed
        and set(asked.albums[:1])
        and _holds(asked, own)
    ):
        return Names(1.0, Claim.ITSELF, 1.0, year=_only_year(own, asked))
    if asked.self_titled:
        return None
    for form in asked.albums[:1] if asked.versions else asked.albums:
        at = position(form, rest)
        if at >= 0:
            left = rest[:at] + rest[at + len(form) :]
            years = [word for word in left if _YEAR.match(word)]
            marks = tuple(word for word in left if word not in _PLAIN and word not in years)
            if len(years) < 2 and only_describes(marks):
                year = int(years[0]) if years else None
                return Names(1.0, Claim.ITSELF, 1.0, year=year)
    return None


def _holds(asked: Sought, own: Words) -> bool:
    return any(set(form) <= set(own) for form in asked.albums)


def _only_year(own: Words, asked: Sought) -> int | None:
    years = [word for word in own if _YEAR.match(word) and (word,) not in asked.albums]
    return int(years[0]) if len(years) == 1 else None


def _squeezed_path(candidate: Candidate) -> str:
    text = normalise(" ".join((*candidate.folders[-4:], candidate.by)))
    if not text.isascii():
        text = f"{text} {normalise(anyascii(text))}"
    return text.replace(" ", "")


def _is_played_by_others(asked: Sought, place: Place) -> bool:
    """ "Daft Punk plays 10,000 Maniacs": the artist is what is played, not who plays."""
    found = significant(place.words)
    at = position(asked.artist_words, found)
    return (
        at > 1 and found[at - 1] in _PLAYS and not set(found[: at - 1]) <= set(asked.artist_words)
    )


def _by_surname(asked: Sought, candidate: Candidate, place: Place) -> float:
    """ "Bowie", or the composer beside the conductor: a whole, long family name."""
    if asked.various or len(asked.artist_words) < 2 or len(asked.artist_words[-1]) < 5:
        return 0.0
    surname = asked.artist_words[-1]
    above = {word for name in candidate.folders[-3:-1] for word in words(name)}
    return ARTIST_NEEDED if surname in above or surname in place.words else 0.0


def _by_sound(asked: Sought, candidate: Candidate) -> float:
    """The artist written in another alphabet than the catalogue's."""
    name = candidate.reading.artist
    if normalise(name).isascii():
        return 0.0
    heard = significant(words(anyascii(name)))
    return 0.9 * any(heard == one.artist_words for one in (asked, *asked.others))


def _claim(asked: Sought, candidate: Candidate, place: Place) -> Claim:
    reading = candidate.reading
    found = significant(words(reading.artist))
    above = tuple(word for name in candidate.folders[-3:-1] for word in words(name))
    if (versions(found + above) & OTHERS_PLAY) - asked.allowed:
        return Claim.ANOTHER
    if not found:
        return Claim.SHELF if candidate.by else Claim.NOBODY
    if position(asked.artist_words, found) >= 0:
        return Claim.SHELF
    own = position(found, significant(place.words)) >= 0
    same_script = "".join(found).isascii() == "".join(asked.artist_words).isascii()
    return Claim.ANOTHER if own and same_script and not asked.various else Claim.SHELF


def _is_unnamed(asked: Sought, reading: PathReading, place: Place) -> bool:
    found = significant(words(reading.album))
    if not found:
        return not squeeze(reading.album)
    names = (asked.artist_words, *(other.artist_words for other in asked.others))
    for name in names:
        start = position(name, found)
        if start >= 0:
            found = found[:start] + found[start + len(name) :]
            break
    return all(word.isdecimal() for word in found) or is_dump(" ".join(found))


def _album_of_volume(asked: Sought, candidate: Candidate, place: Place) -> tuple[float, bool]:
    """How well the album is named, and whether it is another volume of the same name."""
    score = album_named(asked, candidate, place)
    if score >= ALBUM_NEEDED or not asked.albums:
        return score, False
    reading = candidate.reading
    if any(part in asked.albums for part in _several(reading.album)):
        return 0.95, False
    if asked.soundtrack or SOUNDTRACK.intersection(asked.albums[0]):
        bare = [_without(SOUNDTRACK, form) for form in asked.albums]
        theirs = [_without(SOUNDTRACK, words(reading.album)), _without(SOUNDTRACK, place.rest)]
        score = max(score, *(likeness(one, two) for one in bare for two in theirs))
    if not normalise(reading.album).isascii():
        roman = "".join(words(anyascii(reading.album)))
        score = max(score, *(0.95 * ("".join(form) == roman) for form in asked.albums))
    theirs_counted = numerals(essence(words(reading.album)))
    other = bool(theirs_counted) and all(
        numerals(form) and numerals(form) != theirs_counted for form in asked.albums
    )
    return score, other and score >= 0.4


def _several(album: str) -> Iterator[Words]:
    """The names in "Punisher & Hotel California": two records in one folder."""
    parts = _BESIDE.split(album)
    if len(parts) > 1:
        yield from (essence(words(part)) for part in parts)


def _without(left_out: frozenset[str], found: Words) -> Words:
    return tuple(word for word in essence(found) if word not in left_out)
