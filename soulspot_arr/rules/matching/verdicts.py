"""The verdict on every candidate: with the tracks of the album's editions, or by names alone.

Three numbers are kept apart and never blended: identity (is it that album), quality and utility
(how soon). What is refused is refused in words.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from soulspot_arr.domain import Decision, Query, Rejection
from soulspot_arr.rules.matching.align import Alignment
from soulspot_arr.rules.matching.candidates import Candidate
from soulspot_arr.rules.matching.corrections import corrected
from soulspot_arr.rules.matching.editions import (
    REFUSED,
    Fit,
    Glance,
    Target,
    agreeing,
    glance,
    look,
)
from soulspot_arr.rules.matching.features import Features
from soulspot_arr.rules.matching.flaws import flaws, too_few
from soulspot_arr.rules.matching.names_only import Evidence, weigh
from soulspot_arr.rules.matching.reasons import (
    MOST,
    against,
    in_favour,
    incomplete,
    misfit,
    other_edition,
)
from soulspot_arr.rules.matching.sought import Sought, sought_of, understand
from soulspot_arr.rules.matching.testimony import Names
from soulspot_arr.rules.quality import rank_of, token, utility
from soulspot_arr.rules.spelling import essence, normalise, split_title, words
from soulspot_arr.wanted import Edition, Wanted

SURE, LIKELY = 0.9, 0.75
"""Identity bands: within one, quality and utility decide."""
NAMED = 0.899
"""The most that names alone can prove once the catalogue was asked: never SURE."""
_FEWER, _MORE = 0.12, 0.04  # identity lost by another number of files than most peers have


@dataclass(frozen=True, slots=True)
class Judged:
    """A candidate with its verdict and the names its release will carry (None: cannot be told).

    The candidate of an accepted one holds exactly the files that would be fetched. `usual` tells
    that it has as many files as most peers have, or every track of an edition. `fit` says which
    edition it is and which file is which track, and `names` what the names testify, where tracks are known.
    """

    candidate: Candidate
    decision: Decision
    artist: str | None
    album: str | None
    year: int | None
    usual: bool = False
    fit: Fit | None = None
    names: Names | None = None
    place: int = 0  # how much the quality profile likes its format

    @property
    def reasons(self) -> tuple[str, ...]:
        """At most three sentences, the weightiest first."""
        if not self.decision.accepted:
            return tuple(rejection.reason for rejection in self.decision.rejections)[:MOST]
        if self.fit is None or self.names is None:
            return ("only names to go by",)
        return in_favour(self.names, self.fit)

    @property
    def token(self) -> str | None:
        """The quality words of its title."""
        quality = self.candidate.quality
        return token(quality) if quality is not None else None

    @property
    def edition(self) -> Edition | None:
        """The edition it is."""
        return self.fit.edition if self.fit is not None else None

    @property
    def alignment(self) -> Alignment | None:
        """Which file is which track; places of files are those in `candidate.files`."""
        return self.fit.alignment if self.fit is not None else None

    @property
    def features(self) -> Features | None:
        """The evidence in numbers."""
        return self.fit.features if self.fit is not None else None

    @property
    def automatic(self) -> bool:
        """Whether nobody needs to look at it: sure, and proven by a list of tracks."""
        proven = self.fit is not None and self.fit.alignment.complete
        return proven and self.decision.accepted and self.decision.identity >= SURE

    @property
    def enough(self) -> bool:
        """Whether another question could not make it surer: sure, or as sure as names can be."""
        return self.decision.identity >= (NAMED if self.fit is None else SURE)


# -- with a list of tracks -------------------------------------------------------------------------


@dataclass(slots=True)
class _Seen:
    """One candidate on its way to a verdict; no names when a glance was enough."""

    candidate: Candidate
    glance: Glance
    names: Names | None = None
    gates: tuple[str, ...] = ()
    fits: list[Fit] = field(default_factory=list)  # best first

    @property
    def fit(self) -> Fit | None:
        """The best explanation."""
        return self.fits[0] if self.fits else None


def by_tracks(
    target: Target, candidates: Sequence[Candidate], minimum: float
) -> tuple[Judged, ...]:
    """Verdicts on candidates beside the tracks of every edition, in their order."""
    seen = [_look(target, candidate) for candidate in candidates]
    better = corrected(target, [(item.candidate.peer, fit) for item in seen for fit in item.fits])
    if better is not None:
        target = better
        seen = [_look(target, candidate) for candidate in candidates]
    _compare(seen)
    return tuple(_verdict(target, item, minimum) for item in seen)


def _compare(seen: Sequence[_Seen]) -> None:
    """Let those that could be the album testify for each other."""
    whole = [(item, item.fits[0]) for item in seen if item.fits and item.fits[0].shape]
    crowds = agreeing([(item.candidate.peer, fit) for item, fit in whole])
    claiming = {item.candidate.peer for item, _ in whole if item.names and item.names.named}
    for (item, fit), others in zip(whole, crowds, strict=True):
        alone = claiming == {item.candidate.peer}
        if others or alone:
            item.fits[0] = fit.beside(others, alone=alone)


def _look(target: Target, candidate: Candidate) -> _Seen:
    seen = glance(target, candidate)
    if not seen.lists:
        return _Seen(candidate, seen)
    near = look(target, candidate, seen)
    return _Seen(candidate, seen, near.names, near.gates, list(near.fits))


def _verdict(target: Target, item: _Seen, minimum: float) -> Judged:
    names, fit = item.names, item.fit
    if names is None or fit is None or fit.identity < minimum:
        return _refused(target, item)
    wanted, candidate = target.wanted, item.candidate
    rejections = _unimportable(wanted, fit)
    if not rejections:
        candidate, fit = _restricted(target, candidate, fit)
        rejections = flaws(candidate, mapped=True)
    return Judged(
        candidate,
        _decision(candidate, fit.identity, rejections),
        wanted.artist or None,
        wanted.album or None,
        wanted.year or names.year,
        usual=fit.alignment.complete,
        fit=fit,
        names=names,
    )


def _refused(target: Target, item: _Seen) -> Judged:
    """Something else: how well it sounds and how soon it might be here is nobody's question."""
    names, fit, wanted = item.names, item.fit, target.wanted
    identity = 0.0 if fit is None else fit.identity
    if names is None:
        found: tuple[str, ...] = (misfit(item.candidate, item.glance),)
    else:
        found = (*item.gates, *against(item.candidate, names, fit))[:MOST]
        if item.gates:
            identity = min(REFUSED, 0.5 * names.artist + 0.5 * names.album)
    rejections = tuple(map(Rejection, found or ("too little agrees",)))
    decision = Decision(round(identity, 4), quality=0, utility=0.0, rejections=rejections)
    year = wanted.year if names is None else wanted.year or names.year
    return Judged(
        item.candidate,
        decision,
        wanted.artist or None,
        wanted.album or None,
        year,
        fit=fit,
        names=names,
    )


def _unimportable(wanted: Wanted, fit: Fit) -> tuple[Rejection, ...]:
    """Lidarr takes an edition whole, and only one that it wants (contract lidarr §9.3, §9.6)."""
    if not fit.alignment.complete:
        # The search answer may have been cut short, so this can change.
        return tuple(Rejection(why, permanent=False) for why in incomplete(fit))
    if not fit.eligible:
        return (Rejection(other_edition(fit, next(wanted.eligible(), None))),)
    return ()


def _restricted(target: Target, candidate: Candidate, fit: Fit) -> tuple[Candidate, Fit]:
    """Exactly the files of the edition in the order of its tracks; the rest stays with the peer."""
    files = tuple(candidate.files[pair.file] for pair in fit.alignment.pairs)
    fit = fit.in_order()
    if len(files) < len(candidate.files):
        # Another set of files of this folder is another offer.
        candidate = candidate.holding(files, f"{normalise(target.wanted.album)} {len(files)}")
    elif files != candidate.files:
        candidate = candidate.holding(files)
    if not any(file.raw.seconds or file.raw.bitrate for file in files):
        lengths = tuple(length for length in fit.tracks.seconds if length is not None)
        if len(lengths) == len(files):
            candidate = replace(candidate, lengths=lengths)
    return candidate, fit


# -- with names alone ------------------------------------------------------------------------------


def by_names(
    query: Query, candidates: Sequence[Candidate], wanted: Wanted | None, minimum: float
) -> tuple[Judged, ...]:
    """Verdicts on candidates of an album whose tracks nobody knows, in their order."""
    if wanted is not None and wanted.artist and wanted.album:
        query = Query(wanted.artist, wanted.album, wanted.year)
        judged = [_named(query, candidate, minimum, sought_of(wanted)) for candidate in candidates]
    else:
        judged = [_named(query, candidate, minimum) for candidate in candidates]
    usual = usual_count(judged) if query.album else None
    seen = [_beside_others(item, usual) for item in judged]
    # Nobody asked the catalogue: then the caller has to know how far names can be trusted.
    return tuple(seen if wanted is None else map(_unproven, seen))


def _named(
    query: Query, candidate: Candidate, minimum: float, asked: Sought | None = None
) -> Judged:
    asked = asked or understand(query, candidate.reading)
    evidence = weigh(asked, candidate)
    for other in asked.others if evidence.identity < minimum else ():
        evidence = max(evidence, weigh(other, candidate), key=lambda found: found.identity)
    names = _names(query, asked, candidate)
    if evidence.identity < minimum:
        # Something else altogether: what else is wrong with it would not help anybody.
        rejections: tuple[Rejection, ...] = (Rejection(_why_not(evidence)),)
    elif None in names[:2]:
        rejections = (Rejection("artist or album cannot be told from the path"),)
    else:
        rejections = flaws(candidate)
    decision = _decision(candidate, evidence.identity, rejections)
    return Judged(candidate, decision, *names)


def _why_not(evidence: Evidence) -> str:
    return "; ".join(evidence.doubts) or (
        f"the names agree too little: artist {evidence.artist:.0%}, album {evidence.album:.0%}"
    )


def _names(
    query: Query, asked: Sought, candidate: Candidate
) -> tuple[str | None, str | None, int | None]:
    """Artist, album and year for the title: as Lidarr spells them where it asked for an album.

    What Lidarr appended to tell namesakes apart is taken off again. Without an album in the
    question the folder has to name it; None for what cannot be told.
    """
    reading = candidate.reading
    by = _composed(reading.artist or candidate.by)
    album = _composed(reading.album)
    year = asked.year or reading.year
    if query.album:
        return query.artist or by, split_title(query.artist, query.album).name, year
    if query.artist:
        return query.artist, album, reading.year
    if album and essence(words(asked.album)) == essence(words(album)):
        album = asked.album  # the question spells better than a folder
    return asked.artist or by, album, year


def _composed(name: str) -> str | None:
    """A name from a path as Lidarr would write it: macOS shares decompose their letters."""
    return unicodedata.normalize("NFC", name) or None


def usual_count(judged: Iterable[Judged]) -> int | None:
    """How many files most peers have of the album; None when no two of them agree."""
    peers: dict[int, set[str]] = {}
    for item in judged:
        if item.decision.identity >= LIKELY:
            peers.setdefault(len(item.candidate.files), set()).add(item.candidate.peer)
    votes = max(map(len, peers.values()), default=0)
    return max(n for n, names in peers.items() if len(names) == votes) if votes > 1 else None


def _beside_others(item: Judged, usual: int | None) -> Judged:
    """What the others' number of files says about this one."""
    count = len(item.candidate.files)
    if usual is None or item.decision.identity < LIKELY:
        return item
    if count == usual:
        return replace(item, usual=True)
    # A folder that stops early is less sure than one with a track too many.
    doubt = _FEWER if count < usual else _MORE
    rejections = (*item.decision.rejections, *too_few(item.candidate, usual))
    identity = round(item.decision.identity - doubt, 4)
    return replace(item, decision=replace(item.decision, identity=identity, rejections=rejections))


def _unproven(item: Judged) -> Judged:
    if item.decision.identity <= NAMED:
        return item
    return replace(item, decision=replace(item.decision, identity=NAMED))


# -- both ------------------------------------------------------------------------------------------


def _decision(candidate: Candidate, identity: float, rejections: tuple[Rejection, ...]) -> Decision:
    quality = candidate.quality
    return Decision(
        identity=round(identity, 4),
        quality=rank_of(quality) if quality is not None else 0,
        utility=utility(
            free_slot=candidate.free_slot,
            queue_length=candidate.queue_length,
            speed=candidate.speed,
            size=candidate.size,
        ),
        rejections=rejections,
    )
