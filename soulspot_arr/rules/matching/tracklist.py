"""The track lists of an album's editions, prepared once for all candidates.

Editions with one list share it, so that it is aligned once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from soulspot_arr.rules.matching.track_titles import Spelt, bare_of, key_of, spell
from soulspot_arr.wanted import Edition, Wanted, WantedTrack

Place = tuple[int, int]

_PART = 0.95
"""What the name of a movement is worth without the work it belongs to."""
_SHORT = 0.95
"""What a name is worth without what stands in brackets behind it, however much that is."""
_BEHIND_WORK = re.compile(r":(?=\s+\S)")
_AS_LONG = 0.5  # seconds within which two lists are one


@dataclass(slots=True)
class Tracklist:
    """One list of tracks and the editions that have it.

    `forms` are the spellings of each title under which a file may be found, with their worth;
    `places` tells which tracks may bear a disc and a number (disc 0: a single disc, or numbers
    that run through). `lengths` are the seconds in order of size, empty unless all are known;
    `signs` are the longest words of the titles, `repeats` tells that two of them are one. `parts`
    are the titles without the work that tracks beside them share ("Symphony no. 2: I. Allegro").
    `corrected` are the tracks whose lengths are those of the peers, not of the catalogue.
    """

    tracks: tuple[WantedTrack, ...]
    editions: list[Edition]
    keys: list[str]
    seconds: list[float | None]
    forms: list[dict[str, float]]
    places: dict[Place, tuple[int, ...]]
    lengths: list[float]
    discs: int
    signs: list[str]
    repeats: bool
    parts: list[str]
    eligible: bool = False
    corrected: frozenset[int] = frozenset()
    _spelt: dict[int, tuple[Spelt, ...]] = field(default_factory=dict)

    def spelt(self, track: int) -> tuple[Spelt, ...]:
        """The title of a track in every form, and the movement alone where it has one."""
        found = self._spelt.get(track)
        if found is None:
            part = self.parts[track]
            whole = spell(self.tracks[track].title)
            found = self._spelt[track] = (whole, spell(part)) if part else (whole,)
        return found


def tracklists(wanted: Wanted) -> list[Tracklist]:
    """Every different list of tracks of the album; those Lidarr would import are `eligible`."""
    eligible = {id(edition) for edition in wanted.eligible()}
    lists: dict[tuple[object, ...], Tracklist] = {}
    for edition in wanted.editions:
        if not edition.tracks:
            continue
        identity = tuple(
            (track.disc, track.number, key_of(track.title), _rounded(track.seconds))
            for track in edition.tracks
        )
        known = lists.get(identity)
        if known is None:
            known = lists[identity] = _prepare(edition, wanted.artist)
        known.editions.append(edition)
        known.eligible = known.eligible or id(edition) in eligible
    return list(lists.values())


def _rounded(seconds: float | None) -> int | None:
    return round(seconds / (2 * _AS_LONG)) if seconds is not None and seconds > 0 else None


def _prepare(edition: Edition, artist: str) -> Tracklist:
    tracks = edition.tracks
    seconds = [track.seconds if track.seconds and track.seconds > 0 else None for track in tracks]
    known = [length for length in seconds if length is not None]
    keys = [key_of(track.title) for track in tracks]
    parts = _parts([track.title for track in tracks])
    return Tracklist(
        tracks=tracks,
        editions=[],
        keys=keys,
        seconds=seconds,
        forms=[_forms(track, artist, part) for track, part in zip(tracks, parts, strict=True)],
        places=_places(tracks),
        lengths=sorted(known) if len(known) == len(tracks) else [],
        discs=edition.discs,
        signs=[
            max(key.split(), key=len, default="")
            for key in (key_of(part) or key for part, key in zip(parts, keys, strict=True))
        ],
        repeats=len(set(keys)) < len(keys),
        parts=parts,
    )


def _parts(titles: Sequence[str]) -> list[str]:
    """What stands behind the work that a track shares with others; empty where it shares none."""
    works = Counter(title[:at] for title in titles for at in _colons(title))
    found: list[str] = []
    for title in titles:
        shared = [at for at in _colons(title) if works[title[:at]] > 1]
        found.append(title[shared[-1] + 1 :].strip() if shared else "")
    return found


def _colons(title: str) -> list[int]:
    return [match.start() for match in _BEHIND_WORK.finditer(title)] if ": " in title else []


def _forms(track: WantedTrack, artist: str, part: str) -> dict[str, float]:
    key = key_of(track.title)
    found = {key: 1.0}
    for by in filter(None, (key_of(track.artist), key_of(artist))):
        found.setdefault(f"{by} {key}", 1.0)
        found.setdefault(f"{key} {by}", 1.0)
    found.setdefault(bare_of(track.title), 0.98)
    found.setdefault(key_of(part), _PART)
    if "(" in track.title or "[" in track.title:
        found.setdefault(spell(track.title).short, _SHORT)
    found.pop("", None)
    return found


def _places(tracks: Iterable[WantedTrack]) -> dict[Place, tuple[int, ...]]:
    """Disc and number, the number alone, and the number counted through all discs."""
    rows = list(tracks)
    found: dict[Place, tuple[int, ...]] = {}
    several = len({track.disc for track in rows}) > 1
    for at, track in enumerate(rows):
        for place in {(track.disc, track.number), (0, at + 1), (track.disc, at + 1)}:
            found[place] = (*found.get(place, ()), at)
        if not several and track.number != at + 1:
            found[0, track.number] = (*found.get((0, track.number), ()), at)
    return found
