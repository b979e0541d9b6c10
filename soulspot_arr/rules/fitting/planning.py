"""From the files of a job to what is to be done: as they are, with other tags, or not at all.

The ladder: as Lidarr would read them now; in folders by disc; with the tags of each edition that
the sound allows, the best first. Whatever it is, Lidarr's rehearsed verdict has the last word.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from soulspot_arr.rules.fitting import blame
from soulspot_arr.rules.fitting.comparison import Comparison, tolerance
from soulspot_arr.rules.fitting.formats import in_one_format
from soulspot_arr.rules.fitting.future import written
from soulspot_arr.rules.fitting.layout import by_disc
from soulspot_arr.rules.fitting.pairing import Pairing, pair
from soulspot_arr.rules.fitting.statements import Statement, statements
from soulspot_arr.rules.fitting.values import Piece, Placed, Plan, Refusal
from soulspot_arr.rules.matching.editions import Target
from soulspot_arr.rules.rehearsal import Circumstances, FileTags, Verdict, rehearse
from soulspot_arr.wanted import Edition, Wanted, WantedTrack

_TRIED = 12
"""Editions whose tags are rehearsed; they differ little where so many fit."""


def plan(
    pieces: Sequence[Piece], album: Wanted, circumstances: Circumstances, *, tags: bool
) -> Plan | Refusal:
    """How these files can be imported as the album, or why not.

    `album` has at least one edition; `tags` says whether tags may be written.
    """
    eligible = tuple(edition for edition in album.eligible() if edition.tracks)
    if not eligible:
        return Refusal("Lidarr wants an edition of the album whose tracks nobody knows.")
    if not pieces:
        return Refusal("There is no file.")
    target = Target.of(replace(album, editions=eligible))

    def best(some: Sequence[Piece]) -> Plan | Refusal:
        return _Job(some, album, circumstances, target).best(tags=tags)

    found = best(pieces)
    if isinstance(found, Refusal) and (found.spare or not found.blamed):
        kept = in_one_format(pieces, best)
        if kept is not None and kept.spare != found.spare:
            return kept
    return found


@dataclass(frozen=True, slots=True)
class _Fit:
    """An edition that the sound allows, and the track of each piece."""

    edition: Edition
    tracks: tuple[WantedTrack, ...]
    rank: tuple[bool, float, float, int]


class _Job:
    """One job under consideration."""

    def __init__(
        self,
        pieces: Sequence[Piece],
        album: Wanted,
        circumstances: Circumstances,
        target: Target,
    ) -> None:
        self._pieces = pieces
        self._album = album
        self._circumstances = circumstances
        self._target = target
        self._told = statements(pieces, target)

    def best(self, *, tags: bool) -> Plan | Refusal:
        """The first rung that holds."""
        now = [piece.tags for piece in self._pieces]
        untouched = self._rehearsed(now)
        as_now = self._as_they_are(untouched)
        if as_now is not None and not tags:
            return as_now
        fits = sorted(self._fits(), key=lambda fit: fit.rank)
        if as_now is not None and _same(as_now, fits):
            return as_now
        refused = untouched
        apart = len(untouched.groups) != 1 or bool(untouched.passed_over)
        for fit in fits[:_TRIED]:
            for files, as_is in self._rungs(fit, now, tags=tags, apart=apart):
                verdict = self._rehearsed(files)
                if found := self._agreed(fit, verdict, files, as_is=as_is):
                    return found
                refused = verdict
        if as_now is not None:
            return as_now
        if fits:
            return Refusal(blame.unsafe(refused))
        return blame.refusal(self._told, self._target, self._album)

    def _rehearsed(self, files: Sequence[FileTags]) -> Verdict:
        return rehearse(files, self._album, self._circumstances)

    # -- with the tags of now ----------------------------------------------------------------------

    def _as_they_are(self, verdict: Verdict) -> Plan | None:
        """The plan to leave everything as it is, when Lidarr sees what the sound allows."""
        if not verdict.safe or len(verdict.groups) != 1:
            return None
        match = verdict.groups[0].match
        assert match is not None  # a safe verdict has one
        found = {one.file.path: one.track for one in match.pairing.pairs}
        edition = match.candidate.edition
        tracks = [found.get(piece.tags.path) for piece in self._pieces]
        chosen = tuple(track for track in tracks if track is not None)
        if len(chosen) < len(tracks) or not self._allows(edition, chosen):
            return None
        return Plan(edition, self._placed(chosen), as_is=True, verdict=verdict)

    def _allows(self, edition: Edition, chosen: Sequence[WantedTrack]) -> bool:
        """Whether the sound of no file contradicts the track Lidarr takes it for."""
        tracklist = next(one for one in self._target.lists if edition in one.editions)
        comparison = Comparison(self._told, tracklist, self._target.asked.allowed)
        places = {id(track): at for at, track in enumerate(edition.tracks)}
        return all(
            _near(told, track) and not comparison.is_altered(at, places[id(track)])
            for at, (told, track) in enumerate(zip(self._told, chosen, strict=True))
        )

    # -- with others -------------------------------------------------------------------------------

    def _fits(self) -> Iterator[_Fit]:
        """Every edition with a track for each piece, and a piece for each track."""
        order = {id(edition): at for at, edition in enumerate(self._target.wanted.editions)}
        for tracklist in self._target.lists:
            if len(tracklist.keys) != len(self._pieces):
                continue
            pairing = pair(Comparison(self._told, tracklist, self._target.asked.allowed))
            if not pairing.complete:
                continue
            for edition in tracklist.editions:
                chosen = tuple(edition.tracks[one.track] for one in pairing.pairs)
                if all(map(_near, self._told, chosen)):
                    rank = self._rank(edition, pairing, order[id(edition)])
                    yield _Fit(edition, chosen, rank)

    def _rank(
        self, edition: Edition, pairing: Pairing, place: int
    ) -> tuple[bool, float, float, int]:
        """The chosen edition, then the likest titles, then the nearest lengths."""
        wanted = edition.monitored or (bool(edition.id) and edition.id == self._album.chosen_id)
        titles = sum(one.title or 0.0 for one in pairing.pairs)
        gaps = sum(abs(one.gap or 0.0) for one in pairing.pairs)
        return not wanted, -round(titles, 2), round(gaps, 1), place

    def _rungs(
        self, fit: _Fit, now: Sequence[FileTags], *, tags: bool, apart: bool
    ) -> Iterator[tuple[list[FileTags], bool]]:
        """What may become of the files, from the least change to the greatest.

        Other folders only where Lidarr did not see one album, `apart`, in those of now.
        """
        moved = by_disc(now, fit.tracks, several=fit.edition.discs > 1)
        elsewhere = apart and moved != now
        if elsewhere:
            yield moved, True
        if tags:
            yield self._written(fit, now), False
            if elsewhere:
                yield self._written(fit, moved), False

    def _written(self, fit: _Fit, files: Sequence[FileTags]) -> list[FileTags]:
        return [
            written(file, self._album, fit.edition, track, proven=_proven(told, track))
            if told.readable
            else file
            for file, told, track in zip(files, self._told, fit.tracks, strict=True)
        ]

    def _agreed(
        self, fit: _Fit, verdict: Verdict, files: Sequence[FileTags], *, as_is: bool
    ) -> Plan | None:
        """The plan, when Lidarr safely takes every file for the very track it is."""
        if not verdict.safe or len(verdict.groups) != 1:
            return None
        match = verdict.groups[0].match
        assert match is not None  # a safe verdict has one
        found = {one.file.path: one.track for one in match.pairing.pairs}
        if match.candidate.edition != fit.edition:
            return None
        chosen = [found.get(file.path) for file in files]
        if not all(map(_interchangeable, chosen, fit.tracks)):
            return None
        return Plan(fit.edition, self._placed(fit.tracks, files), as_is=as_is, verdict=verdict)

    def _placed(
        self, tracks: Sequence[WantedTrack], files: Sequence[FileTags] = ()
    ) -> tuple[Placed, ...]:
        paths = [file.path for file in files] or [piece.tags.path for piece in self._pieces]
        return tuple(
            Placed(told.piece.key, track, _proven(told, track), path)
            for told, track, path in zip(self._told, tracks, paths, strict=True)
        )


def _same(found: Plan, fits: Sequence[_Fit]) -> bool:
    """Whether Lidarr pairs as the sound does; where no edition fits by that, it may."""
    mine = next((fit.tracks for fit in fits if fit.edition == found.edition), None)
    return mine is None or mine == tuple(one.track for one in found.placed)


def _interchangeable(one: WantedTrack | None, other: WantedTrack) -> bool:
    """Whether two tracks are one to Lidarr where no id tells them apart."""
    return one is not None and (one.title, one.seconds) == (other.title, other.seconds)


def _near(told: Statement, track: WantedTrack) -> bool:
    """Whether the lengths do not contradict each other."""
    if told.length is None or not track.seconds or track.seconds <= 0:
        return True
    return abs(told.length.seconds - track.seconds) <= tolerance(track.seconds)


def _proven(told: Statement, track: WantedTrack) -> bool:
    """Whether both lengths are known, the file's as one that was heard, and agree."""
    known = told.length is not None and told.length.measured and bool(track.seconds)
    return known and _near(told, track)
