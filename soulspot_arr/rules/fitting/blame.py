"""Why files are not the album, and which of them are to blame, in words for a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from soulspot_arr.rules.fitting.comparison import ALIKE, Comparison
from soulspot_arr.rules.fitting.pairing import pair
from soulspot_arr.rules.fitting.statements import Statement
from soulspot_arr.rules.fitting.values import Refusal
from soulspot_arr.rules.matching.editions import Target
from soulspot_arr.rules.matching.tracklist import Tracklist
from soulspot_arr.rules.rehearsal import Verdict, reasons
from soulspot_arr.wanted import Wanted

_FEW = 3  # one file of so many may be wrong in an album that otherwise fits
_EXPLAINED = 20  # wrong files that are looked at for the sentence
_LISTS = 8  # lists of tracks that are looked at to tell why


def unsafe(verdict: Verdict) -> str:
    """Why Lidarr's verdict is no yes to rely on, though the sound is right."""
    agrees = f"{int((1 - verdict.distance) * 1000) / 10} %"
    if not verdict.accepted:
        told = " ".join(found.sentence for found in verdict.rejections)
        return f"Lidarr would refuse the files, which agree with the album by {agrees}: {told}"
    others = {one.match.candidate.album for one in verdict.groups if one.match} - {verdict.album}
    if others:
        title = sorted(other.album for other in others)[0]
        return f"Lidarr would take the files for another album, “{title}”."
    return (
        f"Lidarr would find the files and the album agree by {agrees}, the worst file by "
        f"{int((1 - verdict.worst) * 1000) / 10} %: too little to rely on."
    )


def refusal(told: Sequence[Statement], target: Target, album: Wanted) -> Refusal:
    """What the nearest edition lacks, and which files are wrong in it."""
    cases = [_Case(told, tracks, target) for tracks in _nearest(target, len(told))]
    best = min(cases, key=lambda case: case.faults)
    return best.refusal(album)


def _nearest(target: Target, count: int) -> list[Tracklist]:
    near = sorted(target.lists, key=lambda one: abs(len(one.keys) - count))
    return near[:_LISTS]


class _Wrong(NamedTuple):
    """Why a file is no track; the greater the weight, the more it explains."""

    weight: int
    sentence: str


class _Case:
    """The files beside one list of tracks."""

    def __init__(self, told: Sequence[Statement], tracks: Tracklist, target: Target) -> None:
        self._told = told
        self._tracks = tracks
        self._comparison = Comparison(told, tracks, target.asked.allowed)
        self._pairing = pair(self._comparison)

    @property
    def faults(self) -> tuple[int, int, bool]:
        """How much is wrong; the list with the least is the one the files were meant to be."""
        pairing = self._pairing
        chosen = any(edition.monitored for edition in self._tracks.editions)
        return max(len(pairing.loose), len(pairing.missing)), len(pairing.loose), not chosen

    def refusal(self, album: Wanted) -> Refusal:
        """The single files that are wrong, or else the whole."""
        pairing = self._pairing
        missing = [self._tracks.tracks[at] for at in pairing.missing]
        if not pairing.loose:
            return Refusal(reasons.missing(missing).sentence)
        told = (self._wrong(at, album) for at in pairing.loose[:_EXPLAINED])
        _, reason = max(told, key=lambda one: one.weight)
        wrong = len(pairing.loose)
        keys = frozenset(self._told[at].piece.key for at in pairing.loose)
        few = wrong * _FEW <= len(self._told) and len(missing) <= wrong
        spare = keys if not missing else frozenset[int]()
        if wrong > 1:
            reason = f"{wrong} of {len(self._told)} files are wrong: {reason}"
        if spare:
            reason += f" All tracks are there without {'it' if wrong == 1 else 'them'}."
        return Refusal(reason, keys if few else frozenset(), spare)

    def _wrong(self, at: int, album: Wanted) -> _Wrong:
        told = self._told[at]
        name = f"“{told.name}”"
        if not told.readable:
            return _Wrong(1, f"{name} cannot be read.")
        claimed = self._claimed(at)
        if claimed is None:
            return _Wrong(0, f"{name} is no track of “{album.album}”.")
        track = self._tracks.tracks[claimed]
        if at in self._pairing.altered:
            return _Wrong(2, f"{name} says that it is another version of “{track.title}”.")
        fits = self._comparison.fits(at, claimed)
        if fits and claimed not in self._pairing.missing:
            return _Wrong(1, f"{name} is a second copy of “{track.title}”.")
        if fits or told.length is None:
            return _Wrong(1, f"{name} cannot be told to be “{track.title}”.")
        lengths = f"is {_clock(told.length.seconds)} long, the track “{track.title}” "
        return _Wrong(3, f"{name} {lengths}{_clock(track.seconds or 0.0)}: another version.")

    def _claimed(self, at: int) -> int | None:
        """The track that the file says it is, one without a file before any other."""
        best: tuple[float, float, float] = (0.0, 0.0, 0.0)
        found = None
        for track in range(len(self._tracks.keys)):
            title = self._comparison.title(at, track)
            place = self._comparison.place(at, track)
            if (title is None and place < 1) or (title is not None and title < ALIKE):
                continue
            claim = (title or 0.0, float(track in self._pairing.missing), place)
            if found is None or claim > best:
                best, found = claim, track
        return found


def _clock(seconds: float) -> str:
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
