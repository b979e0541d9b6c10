"""The files of one candidate, prepared for being matched with lists of tracks.

Most names are looked up as they are. Only where that fails the name is read in other ways:
without the artist, the album or the mark that all names of the folder share.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from soulspot_arr.rules.matching.candidates import Candidate, CandidateFile
from soulspot_arr.rules.matching.track_titles import bare_of, is_blind, key_of
from soulspot_arr.rules.matching.tracklist import Place
from soulspot_arr.rules.spelling import essence, versions, words
from soulspot_arr.rules.tracks import DASH

Words = tuple[str, ...]

_SHARED = 0.8  # of the names have to begin or end alike before that is taken off
_LONGEST_AFFIX = 8  # words
_MANY = 2_000  # files; beyond that no name is read a second time


class Roster:
    """What the file names and lengths of one candidate say, as far as somebody asks."""

    def __init__(self, candidate: Candidate, names: Sequence[Words]) -> None:
        files = candidate.files
        self.candidate = candidate
        self._known = names
        self.files: tuple[CandidateFile, ...] = files
        self.keys = _without_common([key_of(file.title) for file in files], names)
        self.seconds: list[float | None] = [
            seconds if (seconds := file.raw.seconds) and seconds > 0 else None for file in files
        ]
        self.places: list[Place | None] = [
            None if file.track is None else (file.disc, file.track) for file in files
        ]
        self._names: tuple[Words, ...] | None = None
        self._doubts: list[int] | None = None
        self._index: dict[str, list[int]] | None = None
        self._texts: dict[int, list[str]] = {}
        self._told: dict[int, tuple[str, ...]] = {}
        self._affixes: tuple[Words, Words] | None = None

    @property
    def index(self) -> dict[str, list[int]]:
        """The files by their plain names."""
        if self._index is None:
            index: dict[str, list[int]] = {}
            for at, key in enumerate(self.keys):
                index.setdefault(key, []).append(at)
            self._index = index
        return self._index

    @property
    def doubts(self) -> list[int]:
        """How many reasons there are to prefer another copy of a file, where there is one."""
        if self._doubts is None:
            self._doubts = [file.raw.locked + (file.raw.size <= 0) for file in self.files]
            if any(file.of for file in self.files):
                self._mark_other_albums(self._doubts)
        return self._doubts

    @property
    def names(self) -> tuple[Words, ...]:
        """What file names may repeat: artist and album, as they are known and as they stand here."""
        if self._names is None:
            reading = self.candidate.reading
            here = (words(reading.artist), words(reading.album), words(self.candidate.name))
            self._names = tuple(dict.fromkeys(name for name in (*self._known, *here) if name))
        return self._names

    def forms(self, file: int) -> Iterator[str]:
        """The spellings under which a title may be looked up, the likeliest first."""
        for text in self._readings(file):
            key = key_of(text)
            yield key
            bare = bare_of(text)
            if bare != key:
                yield bare

    def told(self, file: int) -> tuple[str, ...]:
        """The readings of one name that say anything."""
        found = self._told.get(file)
        if found is None:
            texts = (text for text in self._readings(file) if not is_blind(key_of(text)))
            found = self._told[file] = tuple(texts)
        return found

    def extras(self, used: Collection[int]) -> int:
        """How many files are neither used nor another copy of a used one."""
        if len(used) == len(self.files):
            return 0
        heard = {self.keys[at] for at in used}
        return sum(key not in heard for at, key in enumerate(self.keys) if at not in used)

    def _mark_other_albums(self, doubts: list[int]) -> None:
        """In a folder with many albums a file that claims another one comes behind."""
        albums = {essence(name) for name in self._known}
        for at, file in enumerate(self.files):
            if file.of and essence(words(file.of)) not in albums:
                doubts[at] += 1

    def _readings(self, file: int) -> Iterator[str]:
        """Every way to read a name, each once and found only when it is asked for."""
        known = self._texts.get(file)
        if known is not None:
            yield from known
            return
        found: list[str] = []
        for text in self._read(file):
            if text and text not in found:
                found.append(text)
                yield text
        self._texts[file] = found

    def _read(self, at: int) -> Iterator[str]:
        """Every way to read a name, the plain one first."""
        file, key = self.files[at], self.keys[at]
        yield file.title
        if len(self.files) > _MANY:
            return
        plain = found = tuple(key.split())
        yield " ".join(self._without_names(plain))
        if file.by:
            parts = DASH.split(file.title)
            yield from (" - ".join(parts[at:]) for at in range(1, len(parts)))
            yield " - ".join(parts[:-1])
        before, behind = self.affixes
        if before and found[: len(before)] == before:
            found = found[len(before) :]
        if behind and found[-len(behind) :] == behind:
            found = found[: -len(behind)]
        if found != plain:
            yield " ".join(found)
            yield " ".join(self._without_names(found))
        if file.track is not None:
            yield f"{file.track} {key}"  # "99 Problems" was read as track 99

    def _without_names(self, found: Words) -> Words:
        """Without artist, album and number in front, and without the artist behind."""
        again = True
        while again:
            again = False
            for name in self.names:
                if len(found) > len(name) and found[: len(name)] == name:
                    found, again = found[len(name) :], True
            if len(found) > 1 and found[0].isdecimal() and len(found[0]) < 4:
                found, again = found[1:], True
        for name in self.names:
            if len(found) > len(name) and found[-len(name) :] == name:
                return found[: -len(name)]
        return found

    @property
    def affixes(self) -> tuple[Words, Words]:
        """The words with which nearly all names begin, and those with which they end."""
        if self._affixes is None:
            names = [tuple(key.split()) for key in self.keys[:_MANY]]
            self._affixes = _shared(names), _shared([name[::-1] for name in names])[::-1]
        return self._affixes


def _without_common(keys: list[str], names: Sequence[Words]) -> list[str]:
    """Without the artist or the album that every single name begins with."""
    if len(keys) < 2:
        return keys
    for name in names:
        front = " ".join(name) + " "
        if keys[0].startswith(front) and all(key.startswith(front) for key in keys):
            return [key[len(front) :] for key in keys]
    return keys


def _shared(names: Sequence[Words]) -> Words:
    """The longest beginning that nearly all names have, never a whole name."""
    if len(names) < 3:
        return ()
    best: Words = ()
    for size in range(1, _LONGEST_AFFIX + 1):
        counts = Counter(name[:size] for name in names if len(name) > size)
        if not counts:
            break
        affix, count = counts.most_common(1)[0]
        if count < _SHARED * len(names) or _counts(affix):
            break
        best = affix
    return best


def _counts(affix: Words) -> bool:
    """Whether words say which recording it is: "(Live)" behind every name is no ornament."""
    return bool(versions(affix) or versions(affix[::-1])) or "version" in affix
