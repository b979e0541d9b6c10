"""How much speaks for a piece being a track: title, number, length, and what forbids it.

One piece and one track at a time; which pairs are made is decided in `pairing`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from soulspot_arr.rules.fitting.statements import Statement
from soulspot_arr.rules.matching.track_titles import alike
from soulspot_arr.rules.matching.tracklist import Tracklist
from soulspot_arr.rules.spelling import versions, words

ALIKE = 0.6
"""A title from which on it speaks for the pair; below .5 it speaks against it."""
_UNLIKE = 0.5

_LONG = 600.0
_OFF, _OFF_OF_LONG = 3.0, 5.0
"""Seconds two copies of one recording differ by at most; tracks over ten minutes may by more."""

_SILENT = 0.5  # worth of a title that cannot be compared, and of a number that is not told
_HALVED = ALIKE / 2  # the same title as another version: `alike` takes half of it off
_MOST = 3  # titles from which on most of them can speak for the whole album
_MANY = 20_000  # pairs; beyond, titles are only looked up

# Recordings that are as long as the original, and words that are no other recording of it.
_AS_LONG = frozenset({"instrumental", "karaoke", "acappella", "tribute", "rerecorded"})
_REMARKS = frozenset({"cover", "best", "session", "rarities", "outtakes", "commentary", "lullaby"})


def tolerance(seconds: float) -> float:
    """How many seconds a file may be longer or shorter than a track of that length."""
    return _OFF_OF_LONG if seconds > _LONG else _OFF


class Pair(NamedTuple):
    """A piece and a track by their places; `title` None when it cannot be compared.

    `gap` is how many seconds the file is longer, None when a length is unknown.
    """

    piece: int
    track: int
    title: float | None
    gap: float | None
    place: float

    @property
    def strange(self) -> bool:
        """Whether the title speaks against it."""
        return self.title is not None and self.title < _UNLIKE

    @property
    def words(self) -> float:
        """What title and number say for it, 0 to .69; strange titles are all the same."""
        title = _SILENT if self.title is None else self.title
        return 0.5 * title * (not self.strange) + 0.19 * self.place

    @property
    def score(self) -> float:
        """How much speaks for it, 0 to 1; 0 for what must not be paired."""
        if self.gap is not None:
            return self.words + 0.3 - 0.01 * abs(self.gap) / _OFF_OF_LONG
        told = self.place == 1 if self.title is None else self.title >= ALIKE
        return self.words if told else 0.0


Possible = dict[tuple[int, int], Pair]
"""Pairs by the places of piece and track."""


class Comparison:
    """The pieces beside one list of tracks; `allowed` are words for what the whole album is."""

    def __init__(
        self, told: Sequence[Statement], tracks: Tracklist, allowed: frozenset[str]
    ) -> None:
        self.told = told
        self.tracks = tracks
        named = [words(f"{one.title} {one.disambiguation}") for one in tracks.editions]
        self._allowed = allowed.union(*map(versions, named))
        self._said = [_said(one) for one in told]
        self._common = self._said_by_most()
        self._spellings: dict[str, dict[int, float]] = {}
        for at, forms in enumerate(tracks.forms):
            for spelling, worth in forms.items():
                self._spellings.setdefault(spelling, {})[at] = worth
        self._exact = [self._looked_up(one) for one in told]

    def possible(self) -> tuple[Possible, frozenset[int]]:
        """Every pair that may be, and the pieces that say they are another version of a track."""
        found: Possible = {}
        altered: set[int] = set()
        for at, one in enumerate(self.told):
            for track in self._reachable(at) if one.readable else ():
                title = self.title(at, track)
                if title is not None and self.is_altered(at, track):
                    if title >= _HALVED:
                        altered.add(at)
                    continue
                pair = Pair(at, track, title, self.gap(at, track), self.place(at, track))
                if pair.score:
                    found[at, track] = pair
        return found, frozenset(altered)

    def gap(self, piece: int, track: int) -> float | None:
        """By how many seconds the file is longer; None when a length is unknown."""
        length, seconds = self.told[piece].length, self.tracks.seconds[track]
        return None if length is None or seconds is None else length.seconds - seconds

    def fits(self, piece: int, track: int) -> bool:
        """Whether the lengths do not contradict."""
        gap, seconds = self.gap(piece, track), self.tracks.seconds[track]
        return gap is None or seconds is None or abs(gap) <= tolerance(seconds)

    def is_altered(self, piece: int, track: int) -> bool:
        """Whether the file says that it is another version than the track."""
        if not self._said[piece]:
            return False
        own = [spelt.versions for spelt in self.tracks.spelt(track)]
        added = self._said[piece].difference(self._allowed, _REMARKS, *own)
        if self.gap(piece, track) is not None:
            added -= self._common
        return bool(added)

    def title(self, piece: int, track: int) -> float | None:
        """How alike the titles are, 0 to 1; None when they cannot be compared."""
        exact = self._exact[piece].get(track)
        if exact is not None:
            return exact
        scores = [
            score
            for wanted in self.tracks.spelt(track)
            if not wanted.is_blind
            for reading in self.told[piece].titles
            if (score := alike(reading, wanted, self._allowed)) is not None
        ]
        return max(scores, default=None)

    def place(self, piece: int, track: int) -> float:
        """1 when the number agrees, 0 when it does not, between them when none is told."""
        places = self.told[piece].places
        if not places:
            return _SILENT
        return float(any(track in self.tracks.places.get(place, ()) for place in places))

    def _reachable(self, piece: int) -> list[int]:
        """The tracks whose lengths do not contradict; of very many, those that are called alike."""
        found = [track for track in range(len(self.tracks.keys)) if self.fits(piece, track)]
        if len(self.told) * len(found) > _MANY:
            return [track for track in found if track in self._exact[piece]] or found
        return found

    def _looked_up(self, one: Statement) -> dict[int, float]:
        found: dict[int, float] = {}
        for key in one.keys:
            for track, worth in self._spellings.get(key, {}).items():
                found[track] = max(found.get(track, 0.0), worth)
        return found

    def _said_by_most(self) -> frozenset[str]:
        """Other recordings that most titles name: the whole album is one, if its lengths say so."""
        counts = Counter(kind for said in self._said for kind in said)
        return frozenset(
            kind
            for kind, count in counts.items()
            if count >= _MOST
            and count * 2 > len(self.told)
            and kind not in _AS_LONG
            and not kind.endswith(" version")
        )


def _said(one: Statement) -> frozenset[str]:
    """The other recordings that a file is, however its title is read."""
    if not one.first:
        return frozenset()
    return frozenset.intersection(*(reading.versions for reading in one.first))
