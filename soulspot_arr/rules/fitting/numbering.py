"""When the numbers of the files hold, whatever their lengths would allow besides.

In an album of twenty tracks some file of another version has, by chance, the length of some other
track, and a few more files make a ring of them. A whole numbering is no chance: it goes before
lengths, not before titles.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from soulspot_arr.rules.fitting.comparison import ALIKE, Comparison, Possible, tolerance
from soulspot_arr.rules.fitting.statements import Statement
from soulspot_arr.rules.matching.tracklist import Place
from soulspot_arr.wanted import WantedTrack


def held(comparison: Comparison, possible: Possible) -> Possible:
    """The pairs that may be when every file stays the track of its number.

    All of them when the files have no whole numbering, or when most lengths contradict it and
    tell the tracks apart by themselves.
    """
    numbers = numbering(comparison.told, comparison.tracks.tracks)
    if numbers is None:
        return possible
    titled = {
        piece
        for (piece, track), one in possible.items()
        if track != numbers.get(piece)
        and (one.title or 0.0) >= ALIKE
        and (one.title or 0.0) > _own_title(comparison, numbers, piece)
    }
    others = {place: one for place, one in possible.items() if place[0] not in titled}
    if _is_contradicted(comparison, numbers) and _told_by_lengths(comparison, others):
        return possible
    return {
        (piece, track): one
        for (piece, track), one in possible.items()
        if piece in titled or numbers.get(piece) == track
    }


def numbering(told: Sequence[Statement], tracks: Sequence[WantedTrack]) -> dict[int, int] | None:
    """The track of each piece by its number, by their places; None unless it is whole.

    Whole is one that gives each track one file, or, where there are fewer, each file one track.
    """
    several = len({track.disc for track in tracks}) > 1
    own = {(track.disc * several, track.number): at for at, track in enumerate(tracks)}
    through = {(track.disc * several, at): at - 1 for at, track in enumerate(tracks, start=1)}
    if several:
        through |= {(0, at): at - 1 for at in range(1, len(tracks) + 1)}
    for known in (own, through):
        found = _numbered(told, known, several=several)
        if len(found) == min(len(told), len(tracks)) == len(set(found.values())):
            return found
    return None


def _numbered(
    told: Sequence[Statement], known: Mapping[Place, int], *, several: bool
) -> dict[int, int]:
    """The pieces whose numbers mean one track and no other."""
    found: dict[int, int] = {}
    for at, one in enumerate(told):
        places = {(disc * several, number) for disc, number in one.places}
        meant = {known[place] for place in places if place in known}
        if len(meant) == 1:
            found[at] = meant.pop()
    return found


def _own_title(comparison: Comparison, numbers: Mapping[int, int], piece: int) -> float:
    """How alike the titles of a file and of the track of its number are; 0 for unknown."""
    track = numbers.get(piece)
    return 0.0 if track is None else comparison.title(piece, track) or 0.0


def _is_contradicted(comparison: Comparison, numbers: Mapping[int, int]) -> bool:
    """Whether most files that can be compared are not as long as the tracks of their numbers."""
    known = [place for place in numbers.items() if comparison.gap(*place) is not None]
    wrong = sum(not comparison.fits(*place) for place in known)
    return wrong * 2 > len(known)


def _told_by_lengths(comparison: Comparison, possible: Possible) -> bool:
    """Whether no file is as long as two tracks, and no two of the tracks are equally long."""
    if len({piece for piece, _ in possible}) < len(possible):
        return False
    lengths = sorted(
        comparison.tracks.seconds[track] or 0.0 for track in {at for _, at in possible}
    )
    return all(longer - one > tolerance(one) for one, longer in pairwise(lengths))
