"""How sure names alone can make us that a candidate is the album that was asked for.

For an album whose tracks nobody knows. Every doubt is kept as a sentence.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from soulspot_arr.rules.matching.candidates import Candidate
from soulspot_arr.rules.matching.evidence import (
    ALBUM_NEEDED,
    ARTIST_NEEDED,
    Place,
    album_named,
    artist_named,
    marks,
    position,
    recordings,
)
from soulspot_arr.rules.matching.sought import Sought
from soulspot_arr.rules.reading import PathReading
from soulspot_arr.rules.spelling import colours, only_describes, significant, versions, words

_UNKNOWN_ARTIST = 0.35  # no name at all is a weaker doubt than another name
_ALBUM_ALONE = 0.62  # the most that a long, exact album name can prove without its artist
_REFUSED = 0.4  # the most that is left when something contradicts


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the names say: identity 0 … 1, its two parts, and what speaks against it."""

    identity: float
    artist: float
    album: float
    doubts: tuple[str, ...] = ()


def weigh(asked: Sought, candidate: Candidate) -> Evidence:
    """Weigh the names of a candidate against the question."""
    place = Place.of(candidate, asked)
    artist = artist_named(asked, candidate, place)
    if asked.artist_only:
        return _any_album(artist, candidate)
    album = album_named(asked, candidate, place)
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


def _in_most_titles(asked: Sought, candidate: Candidate) -> bool:
    """Whether two thirds of the file names hold the artist ("01-radiohead-airbag")."""
    files = candidate.files
    if len(files) < 2 or not asked.artist_words:
        return False
    hits = sum(position(asked.artist_words, significant(words(file.title))) >= 0 for file in files)
    return hits * 3 >= len(files) * 2


def _contradictions(asked: Sought, candidate: Candidate, place: Place) -> list[str]:
    """What makes it another recording or another of several namesakes."""
    reading = candidate.reading
    added, lacking = recordings(asked, reading, place)
    added |= _in_titles(candidate) - asked.versions - asked.allowed
    doubts: list[str] = []
    if added:
        doubts.append("another recording: " + ", ".join(sorted(added)))
    if lacking:
        doubts.append("not the wanted recording: " + ", ".join(sorted(lacking)))
    shades = colours(place.rest + marks(reading))
    if asked.colours and shades and not asked.colours & shades:
        doubts.append("another album of the same name: " + ", ".join(sorted(shades)))
    if asked.self_titled and _years_apart(asked, reading) and not _is_pressing(reading):
        # Albums of one name are told apart by their year alone (contract lidarr §6.3).
        doubts.append(f"another album of the same name: of {reading.year}, not {asked.year}")
    return doubts


def _in_titles(candidate: Candidate) -> frozenset[str]:
    """The words for another recording that most file names have ("01 - Airbag (Live).flac")."""
    files = candidate.files
    counts = Counter(kind for file in files for kind in versions(words(file.title)))
    return frozenset(kind for kind, count in counts.items() if count * 3 > len(files) * 2)


def _years_apart(asked: Sought, reading: PathReading) -> bool:
    return bool(asked.year and reading.year and abs(asked.year - reading.year) > 1)


def _is_pressing(reading: PathReading) -> bool:
    """Whether the year may be that of a later pressing."""
    return any(only_describes(words(tag)) and words(tag) for tag in reading.tags)


def _deductions(asked: Sought, candidate: Candidate, place: Place) -> float:
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
