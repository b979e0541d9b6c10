"""Which folders of an answer are worth a look at their peer's own list.

A search answer is a sample: peers cap it, and a text with the title of a track brings that track
alone. What is shown of such a folder may already say that the rest is the album.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from soulspot_arr.rules.matching.align import SAME
from soulspot_arr.rules.matching.candidates import Candidate
from soulspot_arr.rules.matching.features import logit, probability
from soulspot_arr.rules.matching.verdicts import LIKELY, Judged
from soulspot_arr.rules.spelling import words
from soulspot_arr.wanted import Wanted, WantedTrack

Place = tuple[str, str]  # peer and folder

_SHORTEST_TITLE = 5  # letters; shorter ones are in many names
_MOST_FOLDERS = 4  # of one album: more discs are not looked up one by one


def promising(judged: Iterable[Judged], wanted: Wanted) -> Iterator[Place]:
    """Peers and folders, those first that are likelier to be the album and sooner here."""
    tracks = [track for edition in wanted.eligible() for track in edition.tracks]
    rated = []
    for item in judged:
        if item.decision.accepted or item.candidate.locked:
            continue
        hope = _hope(item, tracks)
        if hope >= LIKELY:
            candidate = item.candidate
            rated.append((-hope, not candidate.free_slot, candidate.queue_length, candidate))
    rated.sort(key=lambda row: row[:3])
    for _, _, _, candidate in rated:
        for folder in _folders(candidate):
            yield candidate.peer, folder


def _hope(item: Judged, tracks: list[WantedTrack]) -> float:
    """How likely it is the album if nothing is missing but what the answer did not show."""
    if item.features is not None:
        if not item.features.incomplete:
            return 0.0
        whole = item.features._replace(coverage=1.0, incomplete=0.0)
        return max(probability(logit(whole)), _by_title(item.candidate, tracks))
    if tracks:
        return _by_title(item.candidate, tracks)
    may_change = any(not rejection.permanent for rejection in item.decision.rejections)
    return item.decision.identity if may_change else 0.0


def _by_title(candidate: Candidate, tracks: list[WantedTrack]) -> float:
    """A few files, each of them a track of the album in title and length."""
    raws = candidate.raws
    if not tracks or len(raws) >= len({(track.disc, track.number) for track in tracks}):
        return 0.0
    for raw in raws:
        found = set(words(_stem(raw.path)))
        if not any(_is(track, found, raw.seconds) for track in tracks):
            return 0.0
    return LIKELY


def _is(track: WantedTrack, found: set[str], seconds: int | None) -> bool:
    title = words(track.title)
    told = sum(map(len, title)) >= _SHORTEST_TITLE and found.issuperset(title)
    known = seconds is not None and track.seconds is not None
    return told and known and abs((seconds or 0) - (track.seconds or 0.0)) <= SAME


def _split(path: str) -> int:
    return max(path.rfind("\\"), path.rfind("/"))


def _stem(path: str) -> str:
    name = path[_split(path) + 1 :]
    return name.rpartition(".")[0] or name


def _folders(candidate: Candidate) -> list[str]:
    found = dict.fromkeys(raw.path[: max(_split(raw.path), 0)] for raw in candidate.raws)
    return [folder for folder in found if folder][:_MOST_FOLDERS]
