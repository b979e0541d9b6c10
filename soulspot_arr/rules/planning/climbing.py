"""Which text is asked next, when it is enough, and what a climb teaches about its artist.

Every question costs one of few searches, so the ladder is not climbed rung by rung: what cannot be
answered is left out, what worked for this artist before goes first. Pure; the planner carries it out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from soulspot_arr.rules.matching.verdicts import LIKELY, Judged
from soulspot_arr.rules.planning.ladder import Kind, Rung
from soulspot_arr.rules.profiles import Profile

_MOST_KINDS = 3  # that are remembered for an artist


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one rung: how many folders answered (None when nobody knows).

    `likely` says that this rung brought an offer that is likely the album, `sure` that it is, and
    `enough` that nothing more has to be asked.
    """

    rung: Rung
    answers: int | None = None
    likely: bool = False
    sure: bool = False
    enough: bool = False


@dataclass(frozen=True, slots=True)
class Lessons:
    """What earlier climbs taught about an artist.

    `worked` are the kinds of rungs that brought something sure, the latest first; `filtered` says
    that the network answers the name with silence.
    """

    worked: tuple[str, ...] = ()
    filtered: bool = False


def next_rung(
    rungs: Sequence[Rung], outcomes: Sequence[Outcome], lessons: Lessons = Lessons()
) -> Rung | None:
    """The text to ask next; None when it is enough, or when nothing is left that could help."""
    if any(outcome.enough for outcome in outcomes):
        return None
    asked = {outcome.rung.text for outcome in outcomes}
    silent = [outcome.rung for outcome in outcomes if outcome.answers == 0]
    stars = lessons.filtered or any(rung.named for rung in silent)
    open_rungs = [
        rung
        for rung in rungs
        if rung.text not in asked
        and (stars or rung.kind is not Kind.STARRED)
        and not any(known.words <= rung.words for known in silent)
    ]
    return min(open_rungs, key=lambda rung: _turn(rung, rungs, lessons), default=None)


def _turn(rung: Rung, rungs: Sequence[Rung], lessons: Lessons) -> tuple[bool, int, int]:
    hushed = lessons.filtered and rung.named
    worked = lessons.worked
    before = worked.index(rung.kind) if rung.kind in worked else len(worked)
    return hushed, before, rungs.index(rung)


def learned(lessons: Lessons, outcomes: Iterable[Outcome]) -> Lessons:
    """What is known about the artist after this climb."""
    worked, filtered = lessons.worked, lessons.filtered
    heard = silent = past_the_filter = False
    for outcome in outcomes:
        kind = outcome.rung.kind
        if outcome.sure:
            others = tuple(known for known in worked if known != kind)
            worked = (kind.value, *others)[:_MOST_KINDS]
        if outcome.rung.named:
            heard |= bool(outcome.answers)
            silent |= outcome.answers == 0
        else:
            # Any album of that name answers without the artist, so only a find counts there.
            starred = kind is Kind.STARRED and bool(outcome.answers)
            past_the_filter |= starred or outcome.likely
    if heard:
        filtered = False
    elif silent and past_the_filter:
        filtered = True
    return Lessons(worked, filtered)


def is_enough(judged: Iterable[Judged], *, profile: Profile, several: int) -> bool:
    """Whether a further question could add nothing: a sure offer of acceptable quality.

    Acceptable is a lossless one or the best class of the profile; of others it takes `several`.
    """
    sure = [item for item in judged if item.decision.accepted and item.enough]
    best = len(profile.classes)
    good = any(
        quality is not None and (quality.lossless or profile.place(quality) == best)
        for quality in (item.candidate.quality for item in sure)
    )
    return good or len(sure) >= several


def found_by(judged: Iterable[Judged], *, sure: bool) -> bool:
    """Whether something accepted is surely (or at least likely) the album."""
    return any(
        item.decision.accepted and (item.enough if sure else item.decision.identity >= LIKELY)
        for item in judged
    )
