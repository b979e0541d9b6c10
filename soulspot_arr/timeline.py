"""Reads what is kept of a grab, for its timeline and for the list of the latest ones.

It only reads. What a timeline says is decided in `rules.timeline`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Select, Text, cast, func, or_, select
from sqlalchemy.orm import DeclarativeBase, Session

from soulspot_arr.domain import GrabState
from soulspot_arr.errors import GrabNotFound, InvalidQuery
from soulspot_arr.models import Answer, Download, Event, Grab, QuestionRow, ReleaseRow
from soulspot_arr.rules import timeline, timeline_words
from soulspot_arr.rules.timeline_facts import (
    EventFacts,
    Facts,
    FileFacts,
    GrabFacts,
    QuestionFacts,
    Timeline,
)

_MOST_EVENTS = 5_000
_LONGEST_BEFORE = timedelta(days=7)  # no older question is kept
_HEAVY = {"offers", "rehearsal"}  # a line of the list needs neither

Values = TypeVar("Values", GrabFacts, FileFacts, EventFacts, QuestionFacts)


@dataclass(frozen=True, slots=True)
class Line:
    """One grab in a list: what has become of it, how long that took (seconds), and why."""

    nzo_id: str
    title: str
    state: str
    outcome: str
    created_at: datetime
    ended_at: datetime | None
    seconds: float
    reason: str


@dataclass(frozen=True, slots=True)
class Told:
    """One grab with its timeline."""

    grab: GrabFacts
    timeline: Timeline


def told(session: Session, name: str, *, now: datetime) -> Told:
    """One grab by its `nzo_id` or a unique end of it; raises GrabNotFound or InvalidQuery."""
    id_ = _named(session, name)
    (grab,) = _read(session, GrabFacts, _columns(GrabFacts, Grab).where(Grab.id == id_))
    files = _columns(FileFacts, Download).where(Download.grab_id == id_).order_by(Download.id)
    events = _columns(EventFacts, Event).where(Event.grab_id == id_).order_by(Event.id)
    facts = Facts(
        grab=grab,
        now=now,
        files=_read(session, FileFacts, files),
        events=_read(session, EventFacts, events.limit(_MOST_EVENTS)),
        question=_question(session, grab),
        offered_at=session.scalar(
            select(ReleaseRow.last_seen_at).where(ReleaseRow.id == grab.release_key)
        ),
    )
    return Told(grab, timeline.timeline(facts))


def newest(
    session: Session, *, limit: int, states: Collection[GrabState] = (), now: datetime
) -> list[Line]:
    """The latest grabs, newest first."""
    query = _columns(GrabFacts, Grab, without=_HEAVY).order_by(Grab.id.desc()).limit(limit)
    if states:
        query = query.where(Grab.status.in_(list(states)))
    return [_line(grab, now) for grab in _read(session, GrabFacts, query)]


def _line(grab: GrabFacts, now: datetime) -> Line:
    ended = timeline_words.ended_at(grab)
    return Line(
        nzo_id=grab.nzo_id,
        title=grab.title,
        state=grab.status,
        outcome=timeline_words.outcome(grab),
        created_at=grab.created_at,
        ended_at=ended,
        seconds=max(0.0, ((ended or now) - grab.created_at).total_seconds()),
        reason=timeline_words.reason(grab),
    )


def _columns(
    kind: type[Values], table: type[DeclarativeBase], without: Collection[str] = ()
) -> Select[Any]:
    """Those columns that bear the names of the fields; no row is loaded for them."""
    names = [field.name for field in fields(kind) if field.name not in without]
    return select(*(getattr(table, name) for name in names))


def _read(session: Session, kind: type[Values], query: Select[Any]) -> list[Values]:
    return [kind(**row._mapping) for row in session.execute(query)]


def _named(session: Session, name: str) -> int:
    exact = session.scalar(select(Grab.id).where(Grab.nzo_id == name))
    if exact is not None:
        return exact
    ending = Grab.nzo_id.endswith(name, autoescape=True)
    found = session.scalars(select(Grab.id).where(ending).order_by(Grab.id).limit(2)).all()
    if not found or not name:
        raise GrabNotFound(f"There is no grab '{name}'.")
    if len(found) > 1:
        raise InvalidQuery(f"More than one grab ends with '{name}'; give more of its id.")
    return found[0]


# -- the question ----------------------------------------------------------------------------------


def _question(session: Session, grab: GrabFacts) -> QuestionFacts | None:
    """The last question before the grab whose answer held the release.

    Answers name their releases, but only the latest of equal questions keeps one; then, and when
    the answer is gone, the question is known by its names.
    """
    keys, ids = _answers(session, grab)
    names = (
        func.lower(QuestionRow.artist) == func.lower(grab.artist),
        func.lower(QuestionRow.album) == func.lower(grab.album),
    )
    known = or_(QuestionRow.id.in_(ids), QuestionRow.query_key.in_(keys))
    query = (
        _columns(QuestionFacts, QuestionRow)
        .where(QuestionRow.started_at <= grab.created_at)
        .where(QuestionRow.started_at >= grab.created_at - _LONGEST_BEFORE)
        .order_by(QuestionRow.id.desc())
        .limit(1)
    )
    found = _read(session, QuestionFacts, query.where(known)) if keys or ids else []
    if not found and grab.artist and grab.album:
        found = _read(session, QuestionFacts, query.where(*names))
    return found[0] if found else None


def _answers(session: Session, grab: GrabFacts) -> tuple[Sequence[str], Sequence[int]]:
    if not grab.release_key:
        return [], []
    held = cast(Answer.release_keys, Text).contains(grab.release_key, autoescape=True)
    rows = session.execute(select(Answer.query_key, Answer.question_id).where(held)).all()
    return [row.query_key for row in rows], [row.question_id for row in rows if row.question_id]
