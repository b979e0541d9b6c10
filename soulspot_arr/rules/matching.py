"""From a question and raw folders to a short, ordered and explained list of offers.

Three numbers are kept apart and never blended: identity (is it that album), quality and utility
(how soon). A fast wrong folder must not beat a slow right one. The steps live next door: `ladder`,
`reading`, `grouping`, `evidence`, `flaws`, `quality`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from soulspot_arr.domain import Decision, Query, Rejection
from soulspot_arr.rules.evidence import (
    Evidence,
    Sought,
    understand,
    weigh,
)
from soulspot_arr.rules.flaws import flaws, too_few
from soulspot_arr.rules.grouping import Candidate, CandidateFile, group, to_offer
from soulspot_arr.rules.ladder import ladder
from soulspot_arr.rules.quality import rank_of, token, utility
from soulspot_arr.rules.reading import PathReading, read_path
from soulspot_arr.rules.spelling import essence, normalise, split_title, words

__all__ = [
    "LIKELY",
    "SURE",
    "Candidate",
    "CandidateFile",
    "Choice",
    "Judged",
    "PathReading",
    "appraise",
    "group",
    "judge",
    "ladder",
    "named",
    "normalise",
    "rank",
    "read_path",
    "select",
    "to_offer",
    "usual_count",
    "words",
]

SURE, LIKELY = 0.9, 0.75  # identity bands: within one, quality and utility decide
_SIMILAR_SIZE = 0.15
_FEWER, _MORE = 0.12, 0.04  # identity lost by another number of files than most peers have


@dataclass(frozen=True, slots=True)
class Judged:
    """A candidate with its verdict and the names its release will carry (None: cannot be told).

    `usual` tells that it has as many files as most peers have.
    """

    candidate: Candidate
    decision: Decision
    artist: str | None
    album: str | None
    year: int | None
    usual: bool = False

    @property
    def token(self) -> str | None:
        """The quality words of its title."""
        quality = self.candidate.quality
        return token(quality) if quality is not None else None


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to show to Lidarr: the chosen candidate and others' copies of the same."""

    main: Judged
    alternates: tuple[Judged, ...] = ()


def judge(query: Query, candidate: Candidate, *, minimum: float = 0.6) -> Decision:
    """The verdict on one candidate by itself; `appraise` knows more when there are others."""
    return _verdict(query, candidate, minimum)[0]


def _verdict(
    query: Query, candidate: Candidate, minimum: float
) -> tuple[Decision, tuple[str | None, str | None, int | None]]:
    asked = understand(query, candidate.reading)
    evidence = weigh(asked, candidate)
    names = _names(query, asked, candidate)
    if evidence.identity < minimum:
        # Something else altogether: what else is wrong with it would not help anybody.
        rejections: tuple[Rejection, ...] = (Rejection(_why_not(evidence)),)
    elif None in names[:2]:
        rejections = (Rejection("artist or album cannot be told from the path"),)
    else:
        rejections = flaws(candidate)
    quality = candidate.quality
    decision = Decision(
        identity=evidence.identity,
        quality=rank_of(quality) if quality is not None else 0,
        utility=utility(
            free_slot=candidate.free_slot,
            queue_length=candidate.queue_length,
            speed=candidate.speed,
            size=candidate.size,
        ),
        rejections=rejections,
    )
    return decision, names


def _why_not(evidence: Evidence) -> str:
    return "; ".join(evidence.doubts) or (
        f"the names agree too little: artist {evidence.artist:.0%}, album {evidence.album:.0%}"
    )


def named(query: Query, candidate: Candidate) -> tuple[str | None, str | None, int | None]:
    """Artist, album and year for the title: as Lidarr spells them where it asked for an album.

    What Lidarr appended to tell namesakes apart is taken off again. Without an album in the
    question the folder has to name it; None for what cannot be told.
    """
    return _names(query, understand(query, candidate.reading), candidate)


def _names(
    query: Query, asked: Sought, candidate: Candidate
) -> tuple[str | None, str | None, int | None]:
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


def appraise(
    query: Query, candidates: Sequence[Candidate], *, minimum: float = 0.6
) -> tuple[Judged, ...]:
    """Judge all candidates of one question together, in their order."""
    judged = []
    for candidate in candidates:
        decision, names = _verdict(query, candidate, minimum)
        judged.append(Judged(candidate, decision, *names))
    usual = usual_count(judged) if query.album else None
    return tuple(_beside_others(item, usual) for item in judged)


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


def rank(judged: Iterable[Judged]) -> tuple[Judged, ...]:
    """Best first: identity band, the usual number of files, quality, utility; the order is total."""
    return tuple(sorted(judged, key=_order))


def _order(item: Judged) -> tuple[int, bool, int, float, float, str, str]:
    decision, candidate = item.decision, item.candidate
    band = (decision.identity >= SURE) + (decision.identity >= LIKELY)
    first = candidate.files[0].raw.path if candidate.files else candidate.root
    return (
        -band,
        not item.usual,
        -decision.quality,
        -decision.utility,
        -decision.identity,
        candidate.peer,
        first,
    )


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
            and abs(candidate.size - size) <= size * _SIMILAR_SIZE
        ):
            peers.add(candidate.peer)
            yield other
