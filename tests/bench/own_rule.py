"""Our own rule as the bench sees it: the public front of `rules.matching`, and nothing behind it."""

from __future__ import annotations

from collections.abc import Sequence

from soulspot_arr.domain import Query, RawFolder
from soulspot_arr.rules import matching
from soulspot_arr.wanted import Wanted
from tests.corpus.verdict import Pick


def query(wanted: Wanted) -> Query:
    """The question in the catalogue's own names; Lidarr adds the year to self-titled ones alone."""
    return Query(
        artist=wanted.artist,
        album=wanted.album,
        year=wanted.year if wanted.artist == wanted.album else None,
    )


def appraised(
    wanted: Wanted, folders: Sequence[RawFolder], *, minimum: float | None = None
) -> tuple[matching.Judged, ...]:
    """Every offer with its verdict; `minimum` as the front has it unless given."""
    asked, candidates = query(wanted), matching.group(folders)
    if minimum is None:
        return matching.appraise(asked, candidates, wanted=wanted)
    return matching.appraise(asked, candidates, wanted=wanted, minimum=minimum)


def chosen(wanted: Wanted, folders: Sequence[RawFolder]) -> tuple[matching.Choice, ...]:
    """What Lidarr would be shown, best first."""
    return matching.select(appraised(wanted, folders))


def as_pick(judged: matching.Judged) -> Pick:
    """The files that would be fetched, and the edition that they are said to be."""
    peer = judged.candidate.peer
    return Pick(
        files=tuple((peer, file.raw.path) for file in judged.candidate.files),
        edition=judged.edition,
        identity=judged.decision.identity,
    )


def sure(choices: Sequence[matching.Choice]) -> list[Pick]:
    """All that would be taken without asking, best first."""
    return [
        as_pick(choice.main) for choice in choices if choice.main.decision.identity >= matching.SURE
    ]


def ours(wanted: Wanted, folders: Sequence[RawFolder]) -> Pick | None:
    """The first choice that is sure."""
    return next(iter(sure(chosen(wanted, folders))), None)
