"""One grab from search to import, put together from what the tables keep of it.

Events tell the most; where they have been deleted already, the columns of the grab still tell its
milestones. Nothing is judged here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from soulspot_arr.domain import DownloadState, GrabState, ImportState
from soulspot_arr.rules import naming, sentences, timeline_events, timeline_words
from soulspot_arr.rules.timeline_facts import (
    Asked,
    Facts,
    FileFacts,
    GrabFacts,
    Phase,
    QuestionFacts,
    Spent,
    Step,
    StepKind,
    Timeline,
)
from soulspot_arr.rules.timeline_words import counted, sentence, size, took

# Of one moment the earlier in the story comes first.
_RANKS = {kind: rank for rank, kind in enumerate(StepKind)}
_OUTCOMES = {
    "sure": "Surely found",
    "found": "Found, but not surely",
    "nothing": "Nothing found",
}
_MOST_REASONS = 12


def timeline(facts: Facts) -> Timeline:
    """Everything worth telling about one grab."""
    grab = facts.grab
    ended = timeline_words.ended_at(grab)
    until = max(ended or facts.now, grab.created_at)
    spent = _spent(facts, until)
    peers = _peers(facts.files)
    seconds = (until - grab.created_at).total_seconds()
    return Timeline(
        end=timeline_words.ending(grab, seconds=seconds, spent=spent, peers=len(peers)),
        over=ended is not None,
        seconds=seconds,
        waiting_for=timeline_words.waiting_for(grab, facts.files, now=facts.now),
        steps=_spaced(_steps(facts)),
        spent=spent,
        peers=peers,
    )


# -- the steps -------------------------------------------------------------------------------------


def _steps(facts: Facts) -> list[Step]:
    by_id = {file.id: file for file in facts.files}
    told = [_dressed(step, facts) for step in timeline_events.steps(facts.events, by_id)]
    known = {step.kind for step in told}
    known |= {StepKind.CLEARED} if StepKind.TAKEN in known else set()
    found = [
        *_before(facts),
        *told,
        *(step for step in _milestones(facts) if step.kind not in known),
        *_verified(facts),
        *(step for step in _rehearsed(facts.grab) if step.kind not in known),
        *_of_lidarr(facts.grab, known),
    ]
    return sorted(found, key=lambda step: (step.at, _turn(step)))


def _turn(step: Step) -> int:
    """Troubles of one moment stay in the order in which they were written down."""
    rank = _RANKS[step.kind]
    tied = (_RANKS[StepKind.REQUESTED], _RANKS[StepKind.FOUND_AGAIN])
    return tied[0] if tied[0] <= rank <= tied[1] else rank


def _spaced(steps: Sequence[Step]) -> tuple[Step, ...]:
    befores = [None, *(step.at for step in steps)]
    return tuple(
        replace(step, after=(step.at - before).total_seconds() if before is not None else None)
        for step, before in zip(steps, befores, strict=False)
    )


def _dressed(step: Step, facts: Facts) -> Step:
    """With what the columns know better than the event."""
    grab = facts.grab
    if step.kind is StepKind.GRABBED:
        return replace(step, message=_grabbed(grab))
    if step.kind is StepKind.ARRIVED:
        return replace(step, message=_arrived(grab))
    if step.kind is StepKind.REHEARSED:
        words = step.message.removeprefix("Rehearsed: ")
        return replace(step, message=words, reasons=_reasons(grab.rehearsal or {}))
    return step


def _before(facts: Facts) -> Iterator[Step]:
    asked, grab = facts.question, facts.grab
    if asked is not None:
        yield Step(StepKind.ASKED, asked.started_at, f"{_asked_for(asked)} was asked for.")
        if asked.answered_at is not None and asked.answered_at <= grab.created_at:
            yield Step(StepKind.FOUND, asked.answered_at, _found(asked))
    shown = facts.offered_at
    answered = asked.answered_at if asked is not None else None
    if shown is None or shown > grab.created_at:
        return
    if answered is None or (shown - answered).total_seconds() > 1:
        yield Step(StepKind.OFFERED, shown, f"Offered as {grab.title}.")


def _asked_for(asked: QuestionFacts) -> str:
    names = " - ".join(part for part in (asked.artist, asked.album, asked.term) if part)
    return f'"{names}"' + (f" ({asked.year})" if asked.year else "")


def _found(asked: QuestionFacts) -> str:
    said = _OUTCOMES.get(asked.outcome, f"Answered ({asked.outcome})" if asked.outcome else "Found")
    counts = asked.counts
    searches = counts.get("searches", 0)
    how = f"{searches} {'search' if searches == 1 else 'searches'}"
    return (
        f"{said}: {how}, {counted(counts.get('peers', 0), 'peer')}, "
        f"{counted(counts.get('offered', 0), 'release')} offered."
    )


def _grabbed(grab: GrabFacts) -> str:
    first = str(grab.offers[0].get("peer", "")) if grab.offers else grab.peer
    what = f"{counted(grab.file_count, 'file')}, {size(grab.total_bytes)}"
    spare = len(grab.offers) - 1
    more = f", {counted(spare, 'alternate')}" if spare > 0 else ""
    category = f", category {grab.category}" if grab.category not in {"", "*"} else ""
    return f"Handed over: {what}{f', from {first}' if first else ''}{more}{category}."


def _arrived(grab: GrabFacts) -> str:
    return f"{counted(grab.file_count, 'file')}, {size(grab.total_bytes)}: all here."


def _milestones(facts: Facts) -> Iterator[Step]:
    """What the columns tell; only used where no event does."""
    grab, status = facts.grab, facts.grab.status
    yield Step(StepKind.GRABBED, grab.created_at, _grabbed(grab))
    if grab.started_at is not None:
        yield Step(StepKind.SENDING, grab.started_at, f"{grab.peer or 'The peer'} is sending.")
    if grab.transferred_at is not None:
        yield Step(StepKind.ARRIVED, grab.transferred_at, _arrived(grab))
    ended = grab.completed_at
    if ended is not None and grab.failure_message:
        yield Step(StepKind.FAILED, ended, sentence(grab.failure_message), "warning")
    elif ended is not None and status == GrabState.CANCELLED:
        yield Step(StepKind.CANCELLED, ended, "Cancelled.")
    elif ended is not None:
        where = f" in {grab.storage_path}" if grab.storage_path else ""
        yield Step(StepKind.REPORTED, ended, f"Ready for Lidarr{where}.")
    if grab.imported_at is not None:
        yield Step(StepKind.IMPORTED, grab.imported_at, "Lidarr has imported it.")
    elif status == GrabState.IMPORTED:
        at = grab.archived_at or grab.updated_at
        yield Step(StepKind.TAKEN, at, "Lidarr took the files.")
    if grab.archived_at is not None and (status == GrabState.REMOVED or grab.imported_at):
        yield Step(StepKind.CLEARED, grab.archived_at, "Deleted from the history.")


# -- what was proven, and what Lidarr says ---------------------------------------------------------


def _verified(facts: Facts) -> Iterator[Step]:
    heard = [file for file in facts.files if file.current and file.verified]
    at = facts.grab.transferred_at
    if not heard or at is None:
        return
    known = [file.verified for file in heard if file.verified is not None]
    wholly = sum(bool(entry.get("decoded")) for entry in known)
    proven = sum(bool(entry.get("proven")) for entry in known)
    formats = list(dict.fromkeys(filter(None, map(_format, known))))
    length = sum(_number(entry.get("seconds")) for entry in known)
    total = sum(file.current for file in facts.files)
    parts = [", ".join(formats[:3])] if formats else []
    parts += [took(length)] if length else []
    parts += [f"{wholly} heard to the end"] if wholly else []
    parts += [f"{proven} proven by their checksums"] if proven else []
    told = f": {', '.join(parts)}" if parts else ""
    doubts = tuple(
        f"{naming.file_name(file.remote_path)}: {doubt}"
        for file in heard
        for doubt in _texts((file.verified or {}).get("doubts"))
    )
    words = f"{len(heard)} of {counted(total, 'file')} verified{told}."
    level = "warning" if doubts else "info"
    yield Step(StepKind.VERIFIED, at, words, level, doubts[:_MOST_REASONS])


def _format(entry: Mapping[str, Any]) -> str:
    codec = str(entry.get("codec") or "")
    depth, rate = _number(entry.get("bit_depth")), _number(entry.get("sample_rate"))
    if depth and rate:
        return f"{codec} {depth:.0f}/{rate / 1000:g}"
    bitrate = _number(entry.get("bitrate"))
    return f"{codec} {bitrate:.0f}" if codec and bitrate else codec


def _rehearsed(grab: GrabFacts) -> Iterator[Step]:
    entry = grab.rehearsal
    if not entry:
        return
    at = _moment(entry.get("at")) or grab.completed_at or grab.transferred_at
    if at is None:
        return
    edition = entry.get("edition_title") or grab.album
    safe = bool(entry.get("safe", True))
    words = "Lidarr will take it" if safe else "Lidarr may refuse it"
    words += f' as "{edition}"' if edition else ""
    figures = [
        f"{name} {_number(entry[key]):.2f}"
        for key, name in (("distance", "distance"), ("worst", "worst track"))
        if isinstance(entry.get(key), int | float)
    ]
    words += f": {', '.join(figures)}." if figures else "."
    words += _tagged(entry)
    yield Step(StepKind.REHEARSED, at, words, "info" if safe else "warning", _reasons(entry))


def _reasons(entry: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(_texts(entry.get("reasons")))[:_MOST_REASONS]


def _tagged(entry: Mapping[str, Any]) -> str:
    tagged = int(_number(entry.get("tagged")))
    if tagged:
        return f" {counted(tagged, 'file')} tagged."
    return " Nothing had to be tagged." if entry.get("as_is") else ""


def _of_lidarr(grab: GrabFacts, known: set[StepKind]) -> Iterator[Step]:
    """Its last word, unless an event or the import itself says the same."""
    at, state = grab.import_seen_at, grab.import_state
    said = StepKind.LIDARR in known or grab.imported_at is not None
    if said or at is None or state is None or state == ImportState.IMPORTED:
        return
    refused = state in {ImportState.BLOCKED, ImportState.FAILED, ImportState.GONE}
    reasons = [line.strip() for line in (grab.import_message or "").splitlines() if line.strip()]
    if grab.import_attempts:
        times = timeline_words.spelled(grab.import_attempts, "time")
        reasons.append(f"It was tried to mend that {times}.")
    words = timeline_words.OF_LIDARR.get(state, sentence(f"Lidarr says {state}"))
    level = "warning" if refused else "info"
    yield Step(StepKind.LIDARR, at, words, level, tuple(reasons[:_MOST_REASONS]))


# -- sums ------------------------------------------------------------------------------------------


def _spent(facts: Facts, until: datetime) -> tuple[Spent, ...]:
    """Longest first; a phase that took no time is left out."""
    marks = sorted([(facts.grab.created_at, Phase.TURN), *_marks(facts)], key=lambda mark: mark[0])
    sums: dict[Phase, float] = {}
    ends = [*(at for at, _ in marks[1:]), until]
    for (at, phase), end in zip(marks, ends, strict=True):
        seconds = (min(end, until) - at).total_seconds()
        if seconds > 0:
            sums[phase] = sums.get(phase, 0.0) + seconds
    found = [Spent(phase, seconds) for phase, seconds in sums.items()]
    return tuple(sorted(found, key=lambda part: -part.seconds))


def _marks(facts: Facts) -> list[tuple[datetime, Phase]]:
    """By the events, and by the columns where no event tells of a phase."""
    grab, told = facts.grab, list(timeline_events.phases(facts.events))
    columns = [
        (grab.started_at, Phase.SENDING),
        (grab.transferred_at, Phase.CHECKING),
        (None if _ended_badly(grab) else grab.completed_at, Phase.LIDARR),
    ]
    if not told and grab.transferred_at is not None:
        # What went before the first byte, in our queue or in the peer's, is not told apart there.
        first = Phase.QUEUE if grab.started_at is not None else Phase.SENDING
        columns.append((grab.created_at, first))
    known = {phase for _, phase in told}
    return told + [(at, phase) for at, phase in columns if at is not None and phase not in known]


def _ended_badly(grab: GrabFacts) -> bool:
    return grab.failure_message is not None or grab.status == GrabState.CANCELLED


def _peers(files: Sequence[FileFacts]) -> tuple[Asked, ...]:
    """In the order in which they were asked; files that are merely spare do not count."""
    found: dict[str, list[FileFacts]] = {}
    for file in sorted(files, key=lambda file: file.id):
        found.setdefault(file.peer, []).append(file)
    return tuple(
        Asked(
            peer,
            len({file.remote_path for file in asked}),
            len({file.remote_path for file in asked if file.status == DownloadState.COMPLETED}),
            next((why for file in asked if (why := _why(file))), ""),
        )
        for peer, asked in found.items()
    )


def _why(file: FileFacts) -> str:
    if file.status == DownloadState.COMPLETED or file.failure_kind is None:
        return ""
    return sentences.failure(file.failure_kind, file.failure_message, peer="")


# -- reading what others wrote ---------------------------------------------------------------------


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value] if value else []
    return [str(entry) for entry in value if entry] if isinstance(value, list | tuple) else []


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
