"""Events of a grab as steps that a person reads: what happened to many files at once is one step.

An event of a kind that is not known here is a step all the same, in its own words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from soulspot_arr.rules import naming
from soulspot_arr.rules.timeline_facts import EventFacts, FileFacts, Phase, Step, StepKind
from soulspot_arr.rules.timeline_words import counted, sentence

_GRAB: Mapping[str, StepKind] = {
    "grab.added": StepKind.GRABBED,
    "grab.offer_changed": StepKind.NEXT_PEER,
    "grab.awaiting_peer": StepKind.AWAITING,
    "grab.rescue_wanted": StepKind.SEARCHING,
    "grab.rescued": StepKind.FOUND_AGAIN,
    "grab.started": StepKind.SENDING,
    "grab.processing": StepKind.ARRIVED,
    "grab.rehearsed": StepKind.REHEARSED,
    "grab.unrehearsed": StepKind.REHEARSED,
    "grab.refused": StepKind.REFUSED,
    "grab.left_out": StepKind.LEFT_OUT,
    "grab.completed": StepKind.REPORTED,
    "grab.imported": StepKind.TAKEN,
    "grab.removed": StepKind.CLEARED,
    "grab.cancelled": StepKind.CANCELLED,
    "grab.failed": StepKind.FAILED,
    "download.dispatched": StepKind.REQUESTED,
    "peer.returned": StepKind.RETURNED,
    "import.imported": StepKind.IMPORTED,
}
_FILE: Mapping[str, StepKind] = {
    "download.queued": StepKind.QUEUED,
    "download.retry_scheduled": StepKind.ASKED_AGAIN,
    "download.failed": StepKind.LOST,
    "download.substituted": StepKind.STAND_IN,
    "download.blocked": StepKind.BLOCKED,
    "download.doubtful": StepKind.DOUBT,
}
_BYTES = frozenset({"download.started", "download.completed"})
_PHASES: Mapping[str, Phase] = {
    "grab.added": Phase.TURN,
    "download.dispatched": Phase.QUEUE,
    "download.started": Phase.SENDING,
    "download.completed": Phase.SENDING,
    "grab.started": Phase.SENDING,
    "download.retry_scheduled": Phase.RETRYING,
    "download.substituted": Phase.TURN,
    "grab.offer_changed": Phase.TURN,
    "grab.rescued": Phase.TURN,
    "peer.returned": Phase.TURN,
    "grab.awaiting_peer": Phase.AWAY,
    "grab.rescue_wanted": Phase.LOOKING,
    "grab.processing": Phase.CHECKING,
    "grab.completed": Phase.LIDARR,
}


def phases(events: Iterable[EventFacts]) -> Iterator[tuple[datetime, Phase]]:
    """From when on the grab was in which phase."""
    now: Phase | None = None
    for event in events:
        phase = _PHASES.get(event.kind)
        if phase is None or (phase is Phase.QUEUE and now is Phase.SENDING):
            continue  # a further request does not stop what is being sent
        now = phase
        yield event.at, phase


def steps(events: Sequence[EventFacts], files: Mapping[int, FileFacts]) -> Iterator[Step]:
    """The steps that these events tell of; oldest first."""
    stretch: dict[tuple[str, ...], _Group] = {}
    senders = _Senders(events)
    for event in events:
        if event.kind in _FILE:
            key = _key(event, files)
            stretch.setdefault(key, _Group(_FILE[event.kind], event.at)).events.append(event)
        elif event.kind in _BYTES:
            yield from senders.heard_of(event, files)
        elif not (event.kind == "grab.started" and senders.known):
            yield from _told(stretch, senders, files)
            kind = _GRAB.get(event.kind, _other(event.kind))
            yield Step(kind, event.at, event.message, event.level)
    yield from _told(stretch, senders, files)


def _other(kind: str) -> StepKind:
    return StepKind.LIDARR if kind.startswith("import.") else StepKind.NOTE


# -- who sends -------------------------------------------------------------------------------------


class _Senders:
    """The first bytes of each peer, which are a step unless everything was there with them."""

    def __init__(self, events: Iterable[EventFacts]) -> None:
        self.moments = {event.at for event in events if event.kind in _BYTES}
        self.known = bool(self.moments)
        self._arrived = {event.at for event in events if event.kind == "grab.processing"}
        self._heard: set[str] = set()

    def heard_of(self, event: EventFacts, files: Mapping[int, FileFacts]) -> Iterator[Step]:
        peer = _peer(event, files)
        if peer in self._heard or event.at in self._arrived:
            return
        self._heard.add(peer)
        yield Step(StepKind.SENDING, event.at, f"{peer or 'The peer'} is sending.")


# -- many files, one step --------------------------------------------------------------------------


@dataclass(slots=True)
class _Group:
    kind: StepKind
    at: datetime
    events: list[EventFacts] = field(default_factory=list)

    @property
    def files(self) -> int:
        return len({event.download_id for event in self.events})


def _peer(event: EventFacts, files: Mapping[int, FileFacts]) -> str:
    file = files.get(event.download_id or 0)
    return str(event.data.get("peer") or (file.peer if file is not None else ""))


def _key(event: EventFacts, files: Mapping[int, FileFacts]) -> tuple[str, ...]:
    """What is told as one: alike for one peer, and for failures of one reason."""
    one_reason = event.kind in {"download.failed", "download.retry_scheduled", "download.doubtful"}
    return event.kind, _peer(event, files), event.message if one_reason else ""


def _told(
    stretch: dict[tuple[str, ...], _Group], senders: _Senders, files: Mapping[int, FileFacts]
) -> Iterator[Step]:
    for (kind, peer, _), group in stretch.items():
        if kind == "download.queued" and group.at in senders.moments:
            continue  # whoever sends already has merely not come to these
        yield _step(group, peer, files)
    stretch.clear()


def _step(group: _Group, peer: str, files: Mapping[int, FileFacts]) -> Step:
    first, count = group.events[0], group.files
    what = _named(first, files) if count == 1 else counted(count, "file")
    reasons: tuple[str, ...] = ()
    if group.kind is StepKind.QUEUED:
        verb = "waits" if count == 1 else "wait"
        words = f"{what} {verb} in {peer or 'the peer'}'s queue."
    elif group.kind is StepKind.STAND_IN:
        before = first.data.get("instead_of")
        words = f"{peer} is asked for {what}" + (f" instead of {before}." if before else ".")
        reasons = (first.message,)
    elif group.kind is StepKind.BLOCKED:
        words = first.message if count == 1 else f"{what} of {peer} will not be asked for again."
        reasons = () if count == 1 else (first.message, f"and {count - 1} more alike")
    else:
        words = sentence(first.message)
        if count > 1 or not words.startswith(what):
            words = f"{what}{f' of {peer}' if peer else ''}: {words}"
        if len(group.events) > count:
            times = len(group.events) // count
            reasons = (f"{times} times, the last at {group.events[-1].at:%H:%M:%S}",)
    return Step(group.kind, group.at, words, first.level, reasons)


def _named(event: EventFacts, files: Mapping[int, FileFacts]) -> str:
    file = files.get(event.download_id or 0)
    path = str(event.data.get("path") or (file.remote_path if file is not None else ""))
    return naming.file_name(path) or "1 file"
