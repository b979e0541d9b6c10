"""Which edition of the album a candidate is, if any: gates, cheap screens, alignments, the best fit.

Every edition is tried that could fit at all by number and lengths; equal track lists are aligned
once. Whether Lidarr would import the edition is said, and left to others to act upon.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from soulspot_arr.domain import RawFile
from soulspot_arr.rules.matching.align import SAME, Alignment, align
from soulspot_arr.rules.matching.candidates import Candidate
from soulspot_arr.rules.matching.features import (
    Circumstances,
    Features,
    logit,
    measure,
    probability,
)
from soulspot_arr.rules.matching.roster import Roster
from soulspot_arr.rules.matching.screen import hears, lengths_of, mentions, names_of, reach
from soulspot_arr.rules.matching.sizes import gaps_by_size, same_shares, shares
from soulspot_arr.rules.matching.sought import Sought, Words, sought_of
from soulspot_arr.rules.matching.testimony import (
    Claim,
    Names,
    hint,
    is_strange,
    is_suspect,
    names_album,
    testify,
)
from soulspot_arr.rules.matching.track_titles import key_of
from soulspot_arr.rules.matching.tracklist import Tracklist, tracklists
from soulspot_arr.rules.reading import SEPARATORS
from soulspot_arr.rules.spelling import versions, words
from soulspot_arr.wanted import Edition, Wanted

_EACH = 6  # one doubtful length among so many tracks
_MOST_LISTS = 8
"""Track lists of one album that a single candidate is aligned with."""
_PROOF = 6  # tracks that agree in title and length
REFUSED = 0.4
"""The most that is left when a gate is shut."""
_PARTLY = (0.0, 0.6)  # share of the files with a word of the folder: a bonus of such recordings


@dataclass(frozen=True, slots=True)
class Target:
    """The wanted album, prepared once for all candidates."""

    wanted: Wanted
    asked: Sought
    lists: tuple[Tracklist, ...]
    names: tuple[Words, ...]  # of artist and album: what file names may repeat

    @classmethod
    def of(cls, wanted: Wanted) -> Target:
        """Prepare what the catalogue says."""
        asked = sought_of(wanted)
        artists = (words(asked.artist), *(words(other.artist) for other in asked.others))
        albums = (words(wanted.album), *(words(title) for title in wanted.titles))
        names = dict.fromkeys(name for name in (*artists, *albums) if name)
        return cls(wanted, asked, tuple(tracklists(wanted)), tuple(names))


@dataclass(frozen=True, slots=True)
class Fit:
    """One candidate seen as one edition; `eligible` when Lidarr would import that edition."""

    edition: Edition
    tracks: Tracklist
    eligible: bool
    alignment: Alignment
    features: Features
    score: float
    identity: float
    shape: tuple[float, ...] = ()  # lengths, or else shares of bytes, in the order of the tracks
    timed: bool = False

    def beside(self, others: int, *, alone: bool) -> Fit:
        """The same beside other peers: so many have the same recording, or nobody has the album."""
        untimed = self.features.untimed
        features = self.features._replace(
            agreement=float(min(others, 3)),
            vouched=min(others, 2) * untimed,
            alone=alone * untimed,
        )
        score = logit(features)
        return replace(self, features=features, score=score, identity=probability(score))

    def in_order(self) -> Fit:
        """The same for a candidate that holds nothing but its files, in the order of the tracks."""
        if all(pair.file == at for at, pair in enumerate(self.alignment.pairs)):
            return self
        pairs = tuple(pair._replace(file=at) for at, pair in enumerate(self.alignment.pairs))
        return replace(self, alignment=replace(self.alignment, pairs=pairs))


def interchangeable(one: Fit | None, other: Fit | None) -> bool:
    """Whether a file of one may stand in for the same track of the other."""
    if one is None or other is None:
        return one is other
    return one.tracks is other.tracks or (one.timed and _same_shape(one, other))


def gates(candidate: Candidate, names: Names) -> tuple[str, ...]:
    """What no list of tracks can make good: somebody else, another volume, another recording."""
    shut: list[str] = []
    if names.claim is Claim.ANOTHER:
        shut.append("another artist")
    if names.other_volume:
        shut.append(f'another volume: "{candidate.reading.album or candidate.name}"')
    added = _unexplained(names.added, candidate)
    if added:
        shut.append("another recording: " + ", ".join(sorted(added)))
    return tuple(shut)


def _unexplained(added: frozenset[str], candidate: Candidate) -> frozenset[str]:
    """Words of the folder that some of its files bear too only announce a bonus."""
    if not added or not candidate.files:
        return added
    heard = [versions(tuple(key_of(file.title).split())) for file in candidate.files]
    least, most = _PARTLY
    return frozenset(
        word
        for word in added
        if not least < sum(word in found for found in heard) / len(heard) < most
    )


class Glance(NamedTuple):
    """The lists of tracks that are worth an alignment, the likeliest first.

    `hopeless` when none can be complete and one is tried only to tell people why. Where not even
    that is worth the while, `misfits` of `tracks` can have no file of their length, and the whole
    is `longer` by so many seconds; or the path is not even `named` like the album.
    """

    lists: tuple[Tracklist, ...] = ()
    hopeless: bool = False
    named: bool = True
    misfits: int = 0
    tracks: int = 0
    longer: float = 0.0


def glance(target: Target, candidate: Candidate) -> Glance:
    """What number and lengths of the files and the words of their names leave possible."""
    named = not target.asked.albums or mentions(candidate, target.asked.albums)
    lists: Sequence[Tracklist] = target.lists
    count = len(candidate.raws)
    if not named:
        names = names_of(candidate)
        lists = [one for one in lists if len(one.keys) <= count and hears(names, one, count)]
        if not lists:
            return Glance(named=False)
    lengths = lengths_of(candidate)
    possible: list[tuple[int, float, int]] = []
    for at, tracks in enumerate(lists):
        size = len(tracks.keys)
        if size <= count:
            reached, apart = reach(tracks, count, lengths)
            if reached == size:
                possible.append((-size, apart, at))
    if not possible:
        return _hopeless(target, candidate, lengths) if named else Glance(named=False)
    possible.sort()
    chosen = [lists[at] for _, _, at in possible]
    needed = [tracks for tracks in chosen[_MOST_LISTS:] if _only_choice(target, tracks)]
    return Glance((*chosen[:_MOST_LISTS], *needed))


def _hopeless(target: Target, candidate: Candidate, lengths: Sequence[float]) -> Glance:
    """What to tell about a candidate that is called like the album and can be no edition of it."""
    count = len(candidate.raws)
    tracks = _nearest(target, count)
    size = len(tracks.keys)
    reached, _ = reach(tracks, count, lengths)
    few = max(size // _EACH, 1)  # doubtful lengths may be the catalogue's mistake
    near = count < size or size - reached <= few
    if near and hears(names_of(candidate), tracks, count):
        return Glance((tracks,), hopeless=True)
    if count >= size:
        longer = sum(lengths) - sum(tracks.lengths) if len(lengths) == size else 0.0
        return Glance(misfits=size - reached, tracks=size, longer=longer)
    return Glance()


def _nearest(target: Target, count: int) -> Tracklist:
    """An edition Lidarr would take with about as many tracks."""
    return min(target.lists, key=lambda one: (not one.eligible, abs(len(one.keys) - count)))


@dataclass(frozen=True, slots=True)
class Look:
    """A candidate seen from near: what its names testify, shut gates, and the editions it may be.

    The best explanation comes first; an eligible edition before the others when it is complete.
    """

    names: Names
    gates: tuple[str, ...] = ()
    fits: tuple[Fit, ...] = ()


def look(target: Target, candidate: Candidate, seen: Glance) -> Look:
    """Align a candidate with the lists that a glance left over."""
    asked = target.asked
    if is_suspect(asked, candidate):
        names = testify(asked, candidate, proven=False)
        shut = gates(candidate, names)
        if shut:  # no list of tracks could open it
            return Look(names, shut)
    roster = Roster(candidate, target.names)
    aligned = _alignments(target, roster, seen)
    if seen.hopeless:
        names = hint(asked, candidate)
    else:
        names = testify(asked, candidate, proven=any(map(_is_proof, aligned)))
    shut = gates(candidate, names)
    if shut:
        return Look(names, shut)
    found = [_fit(target, roster, names, *pair) for pair in aligned]
    return Look(names, (), tuple(sorted(found, key=_preference, reverse=True)))


_Aligned = tuple[Tracklist, Alignment]


def _alignments(target: Target, roster: Roster, seen: Glance) -> list[_Aligned]:
    found: list[_Aligned] = []
    allowed = target.asked.allowed
    whole = False
    for tracks in seen.lists:
        alignment = align(roster, tracks, allowed, hopeless=seen.hopeless)
        found.append((tracks, alignment))
        whole = whole or (tracks.eligible and alignment.complete)
        if tracks.eligible and alignment.straight:
            return [(tracks, alignment)]
    if not whole and not seen.hopeless:
        nearest = _nearest(target, len(roster.files))
        if nearest not in seen.lists:
            found.append((nearest, align(roster, nearest, allowed, hopeless=True)))
    return found


def _is_proof(aligned: _Aligned) -> bool:
    """Whether so many titles and lengths agree that no name could outvote them."""
    pairs = aligned[1].pairs
    return (
        len(pairs) >= _PROOF
        and aligned[1].complete
        and all(
            pair.gap is not None and abs(pair.gap) <= SAME and (pair.title or 0.0) >= 0.9
            for pair in pairs
        )
    )


def _preference(fit: Fit) -> tuple[bool, float]:
    complete = fit.alignment.complete
    return complete and fit.eligible, fit.score + 4 * complete


def _only_choice(target: Target, tracks: Tracklist) -> bool:
    return tracks.eligible and not target.wanted.any_edition


def _fit(
    target: Target, roster: Roster, names: Names, tracks: Tracklist, alignment: Alignment
) -> Fit:
    asked, candidate = target.asked, roster.candidate
    raws = [roster.files[pair.file].raw for pair in alignment.pairs] if alignment.complete else []
    gaps = [pair.gap for pair in alignment.pairs]
    timed = bool(raws) and None not in gaps
    if raws and not any(gaps) and (computed := gaps_by_size(raws, tracks.seconds)):
        alignment = alignment.sized(computed)
    if raws and not names.named and len(roster.files) > len(raws):
        names = _inside(target, raws, names)
    edition = _edition(target, tracks, names.year)
    circumstances = Circumstances(
        year=_year(asked, names.year),
        discs=_discs({roster.files[pair.file].disc for pair in alignment.pairs}, tracks.discs),
        monitored=edition.monitored,
        strange=bool(raws) and None in gaps and is_strange(asked, candidate),
    )
    features = measure(alignment, names, files=len(roster.files), place=circumstances)
    score = logit(features)
    return Fit(
        edition=edition,
        tracks=tracks,
        eligible=tracks.eligible,
        alignment=alignment,
        features=features,
        score=score,
        identity=probability(score),
        shape=tuple(float(raw.seconds or 0) for raw in raws)
        if timed
        else shares([raw.size for raw in raws]),
        timed=timed,
    )


def _inside(target: Target, raws: Sequence[RawFile], names: Names) -> Names:
    """A box names the album at the folder of its disc."""
    folders = {SEPARATORS.split(raw.path)[-2:-1][0] for raw in raws if SEPARATORS.search(raw.path)}
    if len(folders) == 1 and names_album(target.asked, folders.pop()):
        return replace(names, album=0.95, unnamed=False, other_volume=False)
    return names


def _edition(target: Target, tracks: Tracklist, year: int | None) -> Edition:
    """Of the editions with one list: one Lidarr would take, the one it chose, the one of the year."""
    if len(tracks.editions) == 1:
        return tracks.editions[0]
    eligible = {id(edition) for edition in target.wanted.eligible()}
    return max(
        tracks.editions,
        key=lambda edition: (
            id(edition) in eligible,
            edition.monitored,
            year is not None and edition.year == year,
        ),
    )


def _year(asked: Sought, year: int | None) -> float:
    if year is None or not asked.years:
        return 0.0
    if year in asked.years:
        return 1.0
    return 0.0 if any(abs(year - known) <= 1 for known in asked.years) else -1.0


def _discs(found: set[int], wanted: int) -> float:
    if len(found) == wanted:
        return 1.0
    return 0.0 if len(found) <= 1 else -1.0


def agreeing(fits: Sequence[tuple[str, Fit]]) -> list[int]:
    """For each fit, given with its peer, how many other peers have files of the same shape."""
    crowds: list[tuple[Fit, set[str]]] = []
    joined: list[set[str]] = []
    for peer, fit in fits:
        crowd = next((peers for first, peers in crowds if _same_shape(first, fit)), None)
        if crowd is None:
            crowd = set()
            crowds.append((fit, crowd))
        crowd.add(peer)
        joined.append(crowd)
    return [len(crowd) - 1 for crowd in joined]


def _same_shape(one: Fit, other: Fit) -> bool:
    if one.timed != other.timed or len(one.shape) != len(other.shape):
        return False
    if not one.timed:
        return one.tracks is other.tracks and same_shares(one.shape, other.shape)
    return all(
        abs(mine - theirs) <= SAME for mine, theirs in zip(one.shape, other.shape, strict=True)
    )
