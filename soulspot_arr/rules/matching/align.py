"""Which file is which track of one edition: pair scores, their gates, and the best assignment.

Title, length and number each testify (peers §3.4, step 5). Files that agree in everything are
paired at once; only for what is left every likely pair is weighed and assigned one to one. Whether
the whole is convincing is not asked here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from rapidfuzz.fuzz import ratio
from rapidfuzz.process import extract

from soulspot_arr.rules.matching.assignment import assign
from soulspot_arr.rules.matching.roster import Roster
from soulspot_arr.rules.matching.track_titles import (
    Spelt,
    alike,
    bare_of,
    is_foreign,
    key_of,
    spell,
)
from soulspot_arr.rules.matching.tracklist import Tracklist

SAME = 3.0
"""Seconds by which two rips of one recording differ at most."""
FARTHEST = 10.0
"""Seconds beyond which it is another recording, and Lidarr begins to punish (lidarr §9.5)."""
_NOTHING_LEFT = 15.0  # seconds at which the length stops testifying for the pair
MATCHED = 0.6
"""The least score of a pair."""

_UNKNOWN_PLACE = 0.5
_UNFETCHABLE = 0.05  # a locked or empty copy comes behind another one
_FINE = 0.001  # per second: among equals the closer length decides
_FEW_LETTERS = 50  # per cent in common; less cannot be the same title in one alphabet
_MOST_PAIRS = 6_000  # pairs whose titles are compared letter by letter


class Pair(NamedTuple):
    """A track and the file that is it; places in their lists, `gap` is how much longer the file is.

    `title` None when the name says nothing, `gap` (seconds) None when a length is unknown.
    """

    track: int
    file: int
    title: float | None
    gap: float | None
    place: float
    score: float


@dataclass(frozen=True, slots=True)
class Alignment:
    """The pairs in the order of the tracks, and what stayed without a partner.

    `missing` are places of tracks; `strayed` pairs whose titles agree and whose lengths do not.
    `extras` counts files that are neither a track nor another copy of one. `by_size` tells that
    the gaps were computed from sizes and are a few seconds wide of the truth, `straight` that the
    files follow the tracks one by one and agree in everything.
    """

    pairs: tuple[Pair, ...]
    tracks: int
    missing: tuple[int, ...] = ()
    strayed: tuple[Pair, ...] = ()
    extras: int = 0
    by_size: bool = False
    straight: bool = False

    @property
    def complete(self) -> bool:
        """Whether every track has its file."""
        return not self.missing

    def sized(self, gaps: Sequence[float]) -> Alignment:
        """The same with gaps that were computed from sizes."""
        pairs = tuple(pair._replace(gap=gap) for pair, gap in zip(self.pairs, gaps, strict=True))
        return replace(self, pairs=pairs, by_size=True)


def pair_score(title: float | None, gap: float | None, place: float) -> float:
    """How likely a file is a track, 0 … 1; 0 for what must not be paired."""
    if gap is None:
        return 0.6 * (place == 1) if title is None else 0.8 * title + 0.2 * place
    apart = abs(gap)
    if apart > FARTHEST:
        return 0.0
    length = 1.0 if apart <= SAME else (_NOTHING_LEFT - apart) / (_NOTHING_LEFT - SAME)
    if title is None:
        return 0.65 * length + 0.35 * place
    return 0.5 * title + 0.35 * length + 0.15 * place


def align(
    roster: Roster,
    tracks: Tracklist,
    allowed: frozenset[str] = frozenset(),
    *,
    hopeless: bool = False,
) -> Alignment:
    """The best one-to-one assignment of these files to these tracks.

    `allowed` are the words for another recording that the whole album is anyway. Where it is
    `hopeless`, because numbers or lengths cannot fit, only equal titles are looked at.
    """
    straight = _one_by_one(roster, tracks)
    if straight:
        close = all(gap is None or -SAME <= gap <= SAME for _, _, _, gap, _, _ in straight)
        return Alignment(straight, len(straight), straight=close)
    search = _Search(roster, tracks, allowed)
    pairs = search.solve(hopeless=hopeless)
    missing = tuple(at for at in range(len(tracks.keys)) if at not in pairs)
    kept = search.plain([pairs[at] for at in sorted(pairs)])
    strayed = tuple(pair for pair in search.strayed if pair.track not in pairs)
    used = {pair.file for pair in kept}
    return Alignment(kept, len(tracks.keys), missing, strayed, roster.extras(used))


def _one_by_one(roster: Roster, tracks: Tracklist) -> tuple[Pair, ...]:
    """The pairs of files that follow the tracks in order, name by name; empty when they do not."""
    if len(roster.keys) != len(tracks.keys) or tracks.repeats:
        return ()
    pairs: list[Pair] = []
    for at, key in enumerate(roster.keys):
        forms = tracks.forms[at]
        title = forms.get(key) or forms.get(bare_of(roster.files[at].title))
        if title is None:
            return ()
        found, wanted = roster.seconds[at], tracks.seconds[at]
        gap = None if found is None or wanted is None else found - wanted
        place = roster.places[at]
        if place is None:
            worth = _UNKNOWN_PLACE
        else:
            worth = 1.0 if at in tracks.places.get(place, ()) else 0.0
        score = pair_score(title, gap, worth)
        if score < MATCHED:
            return ()
        pairs.append(Pair(at, at, title, gap, worth, score))
    return tuple(pairs)


class _Search:
    """One alignment under way."""

    def __init__(self, roster: Roster, tracks: Tracklist, allowed: frozenset[str]) -> None:
        self._roster = roster
        self._tracks = tracks
        self._allowed = allowed
        self._edges: dict[int, dict[int, Pair]] = {}  # by track, then by file
        self._settled: dict[int, Pair] = {}
        self._taken: set[int] = set()
        self.strayed: list[Pair] = []

    def solve(self, *, hopeless: bool) -> dict[int, Pair]:
        """The chosen pairs by track."""
        for track in range(len(self._tracks.keys)):
            self._look_up(track)
        self._settle()
        if len(self._settled) == len(self._tracks.keys):
            return self._settled
        unheard = self._unheard()
        if unheard and not hopeless:
            self._look_wider(unheard)
            self._compare(self._unheard())
        edges = [
            (track, file, pair.score)
            for track, row in self._edges.items()
            if track not in self._settled
            for file, pair in row.items()
            if file not in self._taken
        ]
        for track, file in assign(edges).items():
            self._settled[track] = self._edges[track][file]
        return self._settled

    def plain(self, pairs: list[Pair]) -> tuple[Pair, ...]:
        """The pairs, with a lone name in another script taken for what it is: another title.

        Only where most names are in another script than the tracks a whole album was translated.
        """
        strange = [
            at
            for at, pair in enumerate(pairs)
            if pair.title is None
            and is_foreign(self._roster.told(pair.file), self._tracks.keys[pair.track])
        ]
        if len(strange) * 2 < len(pairs):
            for at in strange:
                pairs[at] = pairs[at]._replace(title=0.0)
        return tuple(pairs)

    def _unheard(self) -> list[int]:
        """The tracks whose title no file name has; a title with another length has been heard."""
        strayed = {pair.track for pair in self.strayed}
        return [
            track
            for track in range(len(self._tracks.keys))
            if track not in strayed and not self._edges.get(track)
        ]

    def _open_files(self) -> list[int]:
        return [file for file in range(len(self._roster.files)) if file not in self._taken]

    def _look_up(self, track: int) -> None:
        index = self._roster.index
        row: dict[int, Pair] = {}
        for spelling, worth in self._tracks.forms[track].items():
            for file in index.get(spelling, ()):
                self._weigh(track, file, worth, row)
        if row:
            self._edges[track] = row

    def _look_wider(self, tracks: list[int]) -> None:
        """Look the titles up among all the ways in which the remaining names can be read."""
        wanted: dict[str, list[tuple[int, float]]] = {}
        for track in tracks:
            for spelling, worth in self._tracks.forms[track].items():
                wanted.setdefault(spelling, []).append((track, worth))
        for file in self._open_files():
            if any(self._lengths_allow(track, file) for track in tracks):
                self._look_up_readings(file, wanted)
        self._settle()

    def _look_up_readings(self, file: int, wanted: dict[str, list[tuple[int, float]]]) -> None:
        for form in self._roster.forms(file):
            if form in wanted:
                for track, worth in wanted[form]:
                    self._weigh(track, file, worth, self._edges.setdefault(track, {}))
                return

    def _weigh(self, track: int, file: int, title: float | None, row: dict[int, Pair]) -> None:
        """Keep the pair if it may be one; remember it if only the lengths speak against it."""
        roster, tracks = self._roster, self._tracks
        found, wanted = roster.seconds[file], tracks.seconds[track]
        gap = None if found is None or wanted is None else found - wanted
        place = self._place(track, file)
        score = pair_score(title, gap, place)
        if score >= MATCHED:
            score -= roster.doubts[file] * _UNFETCHABLE + abs(gap or 0.0) * _FINE
            row[file] = Pair(track, file, title, gap, place, score)
        elif gap is not None and title is not None and title >= 0.8:
            self.strayed.append(Pair(track, file, title, gap, place, 0.0))

    def _place(self, track: int, file: int) -> float:
        place = self._roster.places[file]
        if place is None:
            return _UNKNOWN_PLACE
        return 1.0 if track in self._tracks.places.get(place, ()) else 0.0

    def _settle(self) -> None:
        """Pair at once what agrees in everything and has no rival."""
        wooed: dict[int, int] = {}
        for row in self._edges.values():
            for file in row:
                wooed[file] = wooed.get(file, 0) + 1
        for track, row in self._edges.items():
            if len(row) != 1 or track in self._settled:
                continue
            ((file, pair),) = row.items()
            if wooed[file] == 1 and (pair.gap is None or abs(pair.gap) <= SAME):
                self._settled[track] = pair
                self._taken.add(file)

    def _compare(self, tracks: list[int]) -> None:
        """Weigh every likely pair of what is left, letter by letter."""
        files = self._open_files()
        if not tracks or len(tracks) * len(files) > _MOST_PAIRS:
            return
        for track in tracks:
            near = [file for file in files if self._lengths_allow(track, file)]
            if near:
                row = self._edges.setdefault(track, {})
                for file, score in self._titles(track, near).items():
                    self._weigh(track, file, score, row)

    def _titles(self, track: int, files: list[int]) -> dict[int, float | None]:
        """How alike a title and each name are; names with no letters in common are left out."""
        first, *others = self._tracks.spelt(track)
        if first.is_blind:
            return dict.fromkeys(files)
        scores = self._titles_as(first, files)
        for wanted in others:
            for file, score in self._titles_as(wanted, files).items():
                known = scores.get(file)
                if score is not None and (known is None or score > known):
                    scores[file] = score
        return scores

    def _titles_as(self, wanted: Spelt, files: list[int]) -> dict[int, float | None]:
        """How alike one form of a title and each name are."""
        scores: dict[int, float | None] = {}
        readings: list[tuple[int, str]] = []
        latin = wanted.key.isascii()
        for file in files:
            told = self._roster.told(file)
            if not told:
                scores[file] = None
            elif latin and told[0].isascii():
                readings += [(file, text) for text in told]
            else:
                # Another script has no letter in common with a title that may sound like it.
                scores[file] = self._by_ear(told, wanted)
        names = [key_of(text) for _, text in readings]
        found: dict[str, float] = {}
        for _, _, at in extract(
            wanted.key, names, scorer=ratio, processor=None, limit=None, score_cutoff=_FEW_LETTERS
        ):
            file, text = readings[at]
            score = found.get(text)  # names that were cut off are all the same
            if score is None:
                score = found[text] = alike(spell(text), wanted, self._allowed) or 0.0
            scores[file] = max(scores.get(file) or 0.0, score)
        return scores

    def _by_ear(self, told: Sequence[str], wanted: Spelt) -> float | None:
        scores = [alike(spell(text), wanted, self._allowed) for text in told]
        return max((score for score in scores if score is not None), default=None)

    def _lengths_allow(self, track: int, file: int) -> bool:
        found, wanted = self._roster.seconds[file], self._tracks.seconds[track]
        return found is None or wanted is None or abs(found - wanted) <= FARTHEST
