"""One question on its way up the ladder: what was heard so far, and what it amounts to.

It asks nobody and keeps nothing: whoever climbs, while Lidarr waits or in the background, asks for
`next()`, brings what came back, and looks at the choices.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from soulspot_arr.domain import Query, RawFolder, Rejection
from soulspot_arr.rules import matching
from soulspot_arr.rules.blocking import Blocks
from soulspot_arr.rules.matching import explaining
from soulspot_arr.rules.matching.promising import Place, promising
from soulspot_arr.rules.matching.verdicts import SURE
from soulspot_arr.rules.planning import climbing
from soulspot_arr.rules.planning.climbing import Lessons, Outcome
from soulspot_arr.rules.planning.ladder import Kind, Rung, rungs
from soulspot_arr.rules.profiles import PROFILES, Profile
from soulspot_arr.search.asker import Reply, Status
from soulspot_arr.settings import Settings
from soulspot_arr.wanted import Wanted

# Fewer than a page of 100: a full page makes Lidarr ask on (contract lidarr §6.4).
MOST = 99
_OLD_ENTRY = 4  # of a time when it was not kept whether the album was settled
LOOKUP = "lookup"
"""Kind of the line that tells of folders looked up at their peers."""


@dataclass(frozen=True, slots=True)
class Aim:
    """What the settings and the blocklist say about choosing from a source's answers."""

    profile: Profile
    minimum: float
    per_quality: int
    alternates: int
    several: int
    source: str = ""
    blocks: Blocks = field(default_factory=Blocks)

    @classmethod
    def of(cls, settings: Settings, blocks: Blocks, *, source: str) -> Aim:
        """As both are now."""
        profile = PROFILES[settings.get("quality.profile")].without(
            excluded_words=settings.get("quality.excluded_words"),
            peers=settings.get("quality.excluded_peers"),
        )
        return cls(
            profile=profile,
            minimum=settings.get("search.minimum_identity"),
            per_quality=settings.get("search.per_quality"),
            alternates=settings.get("queue.alternates"),
            several=settings.get("search.enough_offers"),
            source=source,
            blocks=blocks,
        )

    def unless_blocked(self, item: matching.Judged) -> matching.Judged:
        """Refuse an offer that nothing but the blocklist speaks against."""
        if not item.decision.accepted or not self.blocks:
            return item
        candidate = item.candidate
        paths = (raw.path for raw in candidate.raws)
        why = self.blocks.reason_of(self.source, candidate.peer, paths)
        if why is None:
            return item
        return replace(item, decision=replace(item.decision, rejections=(Rejection(why),)))


class Climb:
    """The rungs of one question, their outcomes, and the offers that were found."""

    def __init__(self, query: Query, wanted: Wanted, lessons: Lessons, aim: Aim) -> None:
        self.query = query
        self.wanted = wanted
        self.before = lessons
        self.aim = aim
        self.rungs = rungs(query, wanted)
        self.outcomes: list[Outcome] = []
        self.log: list[dict[str, Any]] = []
        self.judged: tuple[matching.Judged, ...] = ()
        self.choices: tuple[matching.Choice, ...] = ()
        self.candidates = 0
        self.doubtful = False  # some of the silence may be that of a ban
        self.gaps = False  # some text was asked by somebody else
        self.withheld = False  # the blocklist refused what would have been offered
        self._found: dict[Place, RawFolder] = {}
        self._looked_up: set[Place] = set()

    def next(self) -> Rung | None:
        """The text to ask next; None when it is enough or nothing is left."""
        return climbing.next_rung(self.rungs, self.outcomes, self.before)

    @property
    def sure(self) -> bool:
        """Whether an offer is as surely the album as asking can make it."""
        return climbing.found_by(self.judged, sure=True)

    @property
    def certain(self) -> bool:
        """Whether an offer is surely the album: names alone never say so."""
        return any(
            item.decision.accepted and item.decision.identity >= SURE for item in self.judged
        )

    @property
    def enough(self) -> bool:
        """Whether nothing more has to be asked."""
        return any(outcome.enough for outcome in self.outcomes)

    @property
    def lessons(self) -> Lessons:
        """What is known about the artist now."""
        return climbing.learned(self.before, self.outcomes)

    @property
    def folders(self) -> list[RawFolder]:
        """Everything that was heard, each folder as fully as it was ever shown."""
        return list(self._found.values())

    def recall(self, outcomes: Iterable[Outcome]) -> None:
        """Take over what was asked before; the folders of that time are not known any more."""
        self.outcomes += outcomes

    def remember(self, folders: Sequence[RawFolder]) -> None:
        """Take over folders of an earlier answer."""
        self._merge(folders)

    def take(self, rung: Rung, reply: Reply, *, seconds: float) -> int:
        """Take what came back for a rung; returns how many offers there are to choose from."""
        offers = len(self.choices)
        if reply.heard:
            self._hear(rung, reply.folders)
            self.doubtful |= reply.doubtful
        elif reply.status is Status.SKIPPED:
            self.outcomes.append(Outcome(rung))
            self.gaps = True
        self.note(rung.kind, rung.text, reply, seconds=seconds, more=len(self.choices) - offers)
        return len(self.choices)

    def promising(self, most: int) -> list[Place]:
        """Peers and folders that are worth a look at the peer's own list, `most` in one climb."""
        if self.sure:
            return []
        blocks, source = self.aim.blocks, self.aim.source
        places = (
            place
            for place in promising(self.judged, self.wanted)
            if blocks.reason(source, *place) is None
        )
        return [place for place in places if place not in self._looked_up][
            : max(0, most - len(self._looked_up))
        ]

    def complete(
        self, places: Sequence[Place], folders: Sequence[RawFolder], *, seconds: float
    ) -> None:
        """Take folders that were looked up at these places."""
        self._looked_up.update(places)
        offers = len(self.choices)
        for folder in folders:
            known = self._found.get((folder.peer, folder.path))
            shown = {file.path for file in known.files} if known is not None else set()
            # What the search said about a file holds: a list does not tell which are locked.
            new = tuple(file for file in folder.files if file.path not in shown)
            self._merge([replace(known or folder, files=new)])
        if folders and self.outcomes:
            self._judge(self.outcomes.pop())
        reply = Reply(Status.ANSWERED, folders, note=f"{len(places)} asked")
        more = len(self.choices) - offers
        self.note(LOOKUP, "folders at their peers", reply, seconds=seconds, more=more)

    def note(self, kind: str, text: str, reply: Reply, *, seconds: float, more: int = 0) -> None:
        """A line of the explanation."""
        self.log.append(
            {
                "kind": str(kind),
                "text": text,
                "outcome": reply.status.value,
                "note": reply.note,
                "folders": len(reply.folders),
                "files": sum(len(folder.files) for folder in reply.folders),
                "offers": more,
                "seconds": round(seconds, 1),
            }
        )

    def _hear(self, rung: Rung, folders: Sequence[RawFolder]) -> None:
        self._merge(folders)
        self._judge(Outcome(rung, len(folders)), anew=bool(folders))

    def _judge(self, outcome: Outcome, *, anew: bool = True) -> None:
        """Judge everything together, and say what the last rung brought about."""
        sure, likely = self.sure, climbing.found_by(self.judged, sure=False)
        if anew or not self.judged:
            self._choose()
        self.outcomes.append(
            Outcome(
                outcome.rung,
                outcome.answers,
                likely=outcome.likely
                or (not likely and climbing.found_by(self.judged, sure=False)),
                sure=outcome.sure or (not sure and self.sure),
                enough=climbing.is_enough(
                    self.judged, profile=self.aim.profile, several=self.aim.several
                ),
            )
        )

    def _choose(self) -> None:
        candidates = matching.group(self.folders)
        self.candidates = len(candidates)
        judged = matching.appraise(
            self.query,
            candidates,
            wanted=self.wanted,
            minimum=self.aim.minimum,
            profile=self.aim.profile,
        )
        self.judged = tuple(map(self.aim.unless_blocked, judged))
        # Only the blocklist turns an accepted offer into another object.
        self.withheld = any(was is not now for was, now in zip(judged, self.judged, strict=True))
        self.choices = matching.select(
            self.judged,
            per_quality=self.aim.per_quality,
            limit=MOST,
            alternates=self.aim.alternates,
        )

    def _merge(self, folders: Sequence[RawFolder]) -> None:
        """Answers are samples (contract slskd §11.1): a folder holds all that was ever shown."""
        for folder in folders:
            key = folder.peer, folder.path
            known = self._found.get(key)
            shown = (*known.files, *folder.files) if known is not None else folder.files
            files = {file.path: file for file in shown}
            self._found[key] = replace(folder, files=tuple(files.values()))

    def explained(self) -> dict[str, Any]:
        """What is kept of it for people: offers, the others' reasons, counts, rungs."""
        offers, others = explaining.explained(self.judged, self.choices)
        counts = {
            "searches": sum(
                line["outcome"] == Status.ANSWERED and line["kind"] != LOOKUP for line in self.log
            ),
            "peers": len({peer for peer, _ in self._found}),
            "folders": len(self._found),
            "candidates": self.candidates,
            "accepted": sum(item.decision.accepted for item in self.judged),
            "offered": len(self.choices),
        }
        return {"offers": offers, "others": others, "counts": counts, "rungs": self.log}


def outcomes_to_json(outcomes: Iterable[Outcome], *, settled: bool) -> list[list[Any]]:
    """What was asked, for a row: kind, text, whether the artist is named, folders.

    `settled` says whether the answers were judged as what the album really is.
    """
    return [
        [outcome.rung.kind.value, outcome.rung.text, outcome.rung.named, outcome.answers, settled]
        for outcome in outcomes
    ]


def outcomes_from_json(stored: Iterable[Sequence[Any]]) -> list[Outcome]:
    """The reverse of `outcomes_to_json`, without what came of it."""
    return [
        Outcome(Rung(Kind(kind), text, named), answers) for kind, text, named, answers, *_ in stored
    ]


def only_settled(stored: Iterable[list[Any]]) -> list[list[Any]]:
    """Those of a row that need not be heard again once it is known what the album is."""
    return [entry for entry in stored if len(entry) == _OLD_ENTRY or entry[-1] is True]
