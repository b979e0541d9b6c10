"""All records of the catalogue by artist, and strangers to make decoys of.

A sibling is another album by the target's artist. Where the catalogue has none, a stranger's
record is recast under the artist's name: a listener can tell it from the target by every title.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from tests.corpus.catalogue import HARD_STRATUM, SAME_MASTER, Target
from tests.corpus.mutations import fold
from tests.corpus.records import VARIOUS, Record, Song, foreign, record, version

_MOST_SHARED = 0.2  # of the titles: a stranger that shares more could be the album itself
_UNLIKE = {"live", "remix", "demo"}


@cache
def plain(text: str) -> str:
    """A name as it is compared when decoys are chosen."""
    return re.sub(r"[\W_]+", "", fold(text).casefold()) or text.casefold()


def names(target: Target) -> tuple[str, ...]:
    """Every name of the target's artist, as compared; always in the same order."""
    known = (target.wanted.artist, *target.wanted.aliases)
    return tuple(dict.fromkeys(plain(name) for name in known))


@dataclass(slots=True)
class Library:
    """The catalogue, indexed for the makers of decoys."""

    targets: Sequence[Target]
    _by_artist: dict[str, list[Target]] = field(default_factory=dict)
    _by_stratum: dict[str, list[Target]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for target in self.targets:
            for name in names(target):
                self._by_artist.setdefault(name, []).append(target)
            self._by_stratum.setdefault(target.stratum, []).append(target)

    def siblings(self, target: Target) -> list[Record]:
        """Other albums by the artist in the catalogue, with the truth about shared recordings."""
        near = {
            other.id: other
            for name in names(target)
            for other in self._by_artist.get(name, ())
            if other.id != target.id
            # Hard cases stand in other strata as well, under slightly other names.
            and (other.stratum == HARD_STRATUM) == (target.stratum == HARD_STRATUM)
            and not _same_album(other, target)
        }
        return [related(record(other), target, owner=other.id) for other in near.values()]

    def stranger(self, target: Target, rng: random.Random) -> Record:
        """A record of the same stratum by somebody else that shares no more than few titles."""
        pool: Sequence[Target] = self._by_stratum[target.stratum]
        if len(pool) < 8:
            pool = list(self.targets)
        titles = {plain(track.title) for track in target.recordings().values()}
        for attempt in range(200):
            other = rng.choice(pool if attempt < 100 else self.targets)
            if other.id == target.id or _same_artist(other, target):
                continue
            own = [plain(track.title) for track in other.first.tracks]
            if sum(title in titles for title in own) <= _MOST_SHARED * len(own):
                found = record(other)
                return replace(found, songs=foreign(found, other.id))
        raise LookupError(f"nobody in the catalogue is a stranger to {target.id}")

    def recast(self, target: Target, rng: random.Random) -> Record:
        """A stranger's record under the artist's name."""
        found = self.stranger(target, rng)
        for _ in range(20):
            if plain(found.album) != plain(found.artist):
                break
            found = self.stranger(target, rng)
        return replace(
            found,
            artist=target.wanted.artist,
            songs=tuple(replace(song, artist="") for song in found.songs)
            if not record(target).various
            else found.songs,
        )

    def other_albums(self, target: Target, rng: random.Random, count: int) -> list[Record]:
        """Albums by the same artist: siblings first, in any order, then recast strangers."""
        siblings = self.siblings(target)
        rng.shuffle(siblings)
        found = siblings[:count]
        while len(found) < count:
            found.append(self.recast(target, rng))
        return found


def _same_artist(one: Target, other: Target) -> bool:
    """Various artists are nobody."""
    if one.wanted.artist == other.wanted.artist == VARIOUS:
        return False
    return not set(names(one)).isdisjoint(names(other))


def _same_album(one: Target, other: Target) -> bool:
    return (
        plain(one.wanted.album) == plain(other.wanted.album)
        and one.wanted.disambiguation == other.wanted.disambiguation
        and one.wanted.year == other.wanted.year
    )


def related(other: Record, target: Target, *, owner: str) -> Record:
    """A sibling's songs: the very recording, another version of a song of the target, or neither.

    An equal title of equal length is the same recording, unless one of the two albums is live, a
    remix or classical: there the same work is played again.
    """
    again = bool((other.styles ^ target.wanted.styles) & _UNLIKE) or target.stratum == "classical"
    both_live = bool(other.styles & target.wanted.styles & _UNLIKE)
    known: dict[str, list[tuple[float, str, str]]] = {}
    for track in target.recordings().values():
        known.setdefault(plain(track.title), []).append(
            (track.seconds or 0, track.recording_id, track.artist)
        )
    songs = []
    for song, strange in zip(other.songs, foreign(other, owner), strict=True):
        songs.append(_relate(song, strange, known.get(plain(song.title), ()), again or both_live))
    return replace(other, songs=tuple(songs))


def _relate(
    song: Song, strange: Song, twins: Iterable[tuple[float, str, str]], again: bool
) -> Song:
    for seconds, key, artist in twins:
        if plain(artist) != plain(song.artist):
            continue
        if not again and abs(seconds - song.seconds) <= SAME_MASTER:
            return replace(song, key=key)
        return version(replace(strange, key=key), "other", seconds=song.seconds)
    return strange
