"""Where several peers agree with each other against the catalogue about the length of a track.

MusicBrainz has lengths of another mix, or counts the silence before a hidden track. Then every
copy of the right album differs in that one track, and by the same seconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from statistics import median

from soulspot_arr.rules.matching.align import SAME
from soulspot_arr.rules.matching.editions import Fit, Target
from soulspot_arr.rules.matching.tracklist import Tracklist

_WITNESSES = 3  # peers; two for a small difference
_SMALL = 15.0  # seconds
_REST = 0.7  # of the tracks have to agree
_EACH = 6  # one doubtful length among so many tracks

_Length = tuple[str, float]  # a title as it is compared, and the seconds of the catalogue


def corrected(target: Target, fits: Iterable[tuple[str, Fit]]) -> Target | None:
    """The album with the lengths peers agree on; `fits` come with their peers. None if none is."""
    lengths = _agreed(fits)
    if not lengths:
        return None
    return replace(target, lists=tuple(_with(tracks, lengths) for tracks in target.lists))


def _agreed(fits: Iterable[tuple[str, Fit]]) -> dict[_Length, float]:
    against: dict[_Length, dict[str, float]] = {}
    confirming: dict[_Length, set[str]] = {}
    for peer, fit in fits:
        tracks, alignment = fit.tracks, fit.alignment
        for pair in alignment.pairs:
            if pair.gap is not None and abs(pair.gap) <= SAME and not alignment.by_size:
                confirming.setdefault(_length(tracks, pair.track), set()).add(peer)
        if alignment.strayed and _is_sound(fit):
            for pair in alignment.strayed:
                said = _length(tracks, pair.track)
                against.setdefault(said, {})[peer] = said[1] + (pair.gap or 0.0)
    return {
        said: length
        for said, found in against.items()
        if (length := _common(said[1], found, len(confirming.get(said, ())))) is not None
    }


def _length(tracks: Tracklist, track: int) -> _Length:
    return tracks.keys[track], tracks.seconds[track] or 0.0


def _is_sound(fit: Fit) -> bool:
    """Whether all but a track or two agree."""
    alignment = fit.alignment
    return (
        len({pair.track for pair in alignment.strayed}) <= max(alignment.tracks // _EACH, 1)
        and len(alignment.pairs) >= _REST * alignment.tracks
        and fit.features.lengths >= _REST
    )


def _common(said: float, found: dict[str, float], confirming: int) -> float | None:
    """The length most peers have, if they are enough and outnumber those of the catalogue's."""
    lengths = list(found.values())
    crowd = max(
        ([other for other in lengths if abs(other - one) <= SAME] for one in lengths), key=len
    )
    needed = _WITNESSES - (abs(median(crowd) - said) <= _SMALL)
    return median(crowd) if len(crowd) >= needed and len(crowd) > 2 * confirming else None


def _with(tracks: Tracklist, lengths: dict[_Length, float]) -> Tracklist:
    changed = {
        at: lengths[said]
        for at in range(len(tracks.keys))
        if (said := _length(tracks, at)) in lengths
    }
    if not changed:
        return tracks
    seconds = [changed.get(at, known) for at, known in enumerate(tracks.seconds)]
    in_order = sorted(length for length in seconds if length is not None)
    return replace(
        tracks,
        seconds=seconds,
        lengths=in_order if len(in_order) == len(seconds) else [],
        corrected=frozenset(changed),
    )
