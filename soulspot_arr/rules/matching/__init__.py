"""From a question and raw folders to a short, ordered and explained list of offers.

Three numbers are kept apart and never blended: identity (is it that album), quality and utility
(how soon). A fast wrong folder must not beat a slow right one. The steps live next door:
`reading`, `grouping`, `evidence`, `editions`, `align`, `features`, `verdicts`, `flaws`, `quality`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from soulspot_arr.domain import Query
from soulspot_arr.rules.matching.candidates import Candidate, CandidateFile, to_offer
from soulspot_arr.rules.matching.editions import Target, interchangeable
from soulspot_arr.rules.matching.grouping import group
from soulspot_arr.rules.matching.verdicts import (
    LIKELY,
    NAMED,
    SURE,
    Judged,
    by_names,
    by_tracks,
    usual_count,
)
from soulspot_arr.rules.profiles import Profile
from soulspot_arr.rules.reading import PathReading, read_path
from soulspot_arr.rules.spelling import normalise, words
from soulspot_arr.wanted import Wanted

__all__ = [
    "LIKELY",
    "NAMED",
    "SURE",
    "Candidate",
    "CandidateFile",
    "Choice",
    "Judged",
    "PathReading",
    "appraise",
    "group",
    "normalise",
    "rank",
    "read_path",
    "select",
    "standing",
    "to_offer",
    "usual_count",
    "words",
]

_SIMILAR_SIZE = 0.15


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to show to Lidarr: the chosen candidate and others' copies of the same."""

    main: Judged
    alternates: tuple[Judged, ...] = ()


def appraise(
    query: Query,
    candidates: Sequence[Candidate],
    *,
    wanted: Wanted | None = None,
    minimum: float = 0.6,
    profile: Profile | None = None,
) -> tuple[Judged, ...]:
    """Judge all candidates of one question together, in their order.

    With the tracks of an edition every candidate is aligned with them, and only then a verdict can
    be automatic. When the catalogue was asked and knew no tracks, names prove at most `NAMED`.
    """
    if wanted is not None and any(edition.tracks for edition in wanted.editions):
        judged = by_tracks(Target.of(wanted), candidates, minimum)
    else:
        judged = by_names(query, candidates, wanted, minimum)
    return judged if profile is None else tuple(_under(profile, item) for item in judged)


def _under(profile: Profile, item: Judged) -> Judged:
    """What a quality profile makes of an offer against which nothing else speaks."""
    candidate, quality = item.candidate, item.candidate.quality
    if quality is None or not item.decision.accepted:
        return item
    lengths = [raw.seconds for raw in candidate.raws]
    known = [length for length in lengths if length is not None]
    objections = profile.objections(
        quality,
        peer=candidate.peer,
        folders=candidate.folders,
        size=candidate.size,
        seconds=float(sum(known)) if len(known) == len(lengths) else 0.0,
    )
    decision = replace(item.decision, rejections=objections)
    return replace(item, decision=decision, place=profile.place(quality))


def rank(judged: Iterable[Judged]) -> tuple[Judged, ...]:
    """Best first: identity band, the usual number of files, quality, utility; the order is total.

    Qualities are compared as the profile of `appraise` likes them, then by their own rank.
    """
    return tuple(sorted(judged, key=_order))


def standing(item: Judged) -> tuple[float, ...]:
    """What orders offers, lower is better: two of equal standing are told apart by peer and path."""
    decision = item.decision
    band = (decision.identity >= SURE) + (decision.identity >= LIKELY)
    return (
        -band,
        not item.usual,
        -item.place,
        -decision.quality,
        -decision.utility,
        -decision.identity,
    )


def _order(item: Judged) -> tuple[tuple[float, ...], str, str]:
    candidate = item.candidate
    first = candidate.files[0].raw.path if candidate.files else candidate.root
    return standing(item), candidate.peer, first


def select(
    judged: Iterable[Judged], *, per_quality: int = 3, limit: int = 99, alternates: int = 3
) -> tuple[Choice, ...]:
    """The accepted ones worth showing, best first: `per_quality` of each album in each quality.

    Each carries up to `alternates` copies of other peers: same quality, same number of files,
    about the same size. When `limit` cuts, every album and quality keeps its best one first.
    """
    ordered = rank(item for item in judged if item.decision.accepted and item.token)
    copies: dict[tuple[str, ...], list[Judged]] = {}
    for item in ordered:
        copies.setdefault(_kind(item), []).append(item)
    kept: list[Judged] = []
    for turn in range(per_quality):
        kept += [rows[turn] for rows in copies.values() if turn < len(rows)][: limit - len(kept)]
    return tuple(
        Choice(item, tuple(_others(item, copies[_kind(item)], alternates))) for item in rank(kept)
    )


def _kind(item: Judged) -> tuple[str, ...]:
    """What releases have in common that could replace each other."""
    return normalise(item.artist or ""), normalise(item.album or ""), item.token or ""


def _others(item: Judged, copies: Sequence[Judged], wanted: int) -> Iterator[Judged]:
    peers = {item.candidate.peer}
    count, size = len(item.candidate.files), item.candidate.size
    for other in copies:
        if len(peers) > wanted:
            return
        candidate = other.candidate
        if (
            candidate.peer not in peers
            and len(candidate.files) == count
            and interchangeable(item.fit, other.fit)
            and abs(candidate.size - size) <= size * _SIMILAR_SIZE
        ):
            peers.add(candidate.peer)
            yield other
