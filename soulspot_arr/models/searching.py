"""What was searched, found, answered and learnt."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger as Big
from sqlalchemy import (
    Index,
    SmallInteger,
    String,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column

from soulspot_arr.db import BigKey, Json, UtcDateTime
from soulspot_arr.models.base import Base

RUNNING, COMPLETED = "running", "completed"
"""Outcomes of a search that reached the network; any other one is the code of an error."""


class SearchRow(Base):
    """One search that was asked of a source, for the budget and for people."""

    __tablename__ = "searches"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    source: Mapped[str] = mapped_column(String(32))
    query_key: Mapped[str] = mapped_column(String(64))
    question_id: Mapped[int | None] = mapped_column(BigKey)
    text: Mapped[str] = mapped_column(Text)
    rung: Mapped[int] = mapped_column(SmallInteger, default=0)
    kind: Mapped[str | None] = mapped_column(String(16))  # what the rung tries, or "control"
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(String(32), default=RUNNING)
    found: Mapped[int] = mapped_column(default=0)  # folders that came back
    kept: Mapped[int] = mapped_column(default=0)  # offers good enough to show

    __table_args__ = (Index("ix_searches_source_started_at", "source", "started_at"),)


class Answer(Base):
    """What was answered to a query, so that an equal one need not search again.

    `misses` counts the whole ladders in a row that found nothing; `whole` tells that the last one
    was.
    """

    __tablename__ = "answers"

    query_key: Mapped[str] = mapped_column(String(64), primary_key=True)
    release_keys: Mapped[list[str]] = mapped_column(Json)  # best first
    standings: Mapped[list[list[float]] | None] = mapped_column(Json)  # what orders them
    misses: Mapped[int] = mapped_column(SmallInteger, default=0)
    whole: Mapped[bool] = mapped_column(default=False)
    question_id: Mapped[int | None] = mapped_column(BigKey)
    answered_at: Mapped[datetime] = mapped_column(UtcDateTime)


class QuestionRow(Base):
    """One question that was answered by searching, and why the answer is what it is.

    `state`: running, digging (further texts are asked in the background) or finished.
    """

    __tablename__ = "questions"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    query_key: Mapped[str] = mapped_column(String(64))
    artist: Mapped[str] = mapped_column(Text)  # as it was asked
    album: Mapped[str] = mapped_column(Text)
    year: Mapped[int | None] = mapped_column(SmallInteger)
    term: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16), default="running")
    outcome: Mapped[str] = mapped_column(String(16), default="")
    provider: Mapped[str] = mapped_column(String(16), default="")
    wanted: Mapped[dict[str, Any] | None] = mapped_column(Json)  # what the catalogue said, in short
    rungs: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    counts: Mapped[dict[str, int]] = mapped_column(Json)
    offers: Mapped[list[dict[str, Any]]] = mapped_column(Json)  # the best, with their verdicts
    others: Mapped[list[dict[str, Any]]] = mapped_column(Json)  # reasons against the rest, counted
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("ix_questions_started_at", "started_at"),
        {"sqlite_autoincrement": True},  # a link to an explanation never shows another one
    )


class Dig(Base):
    """A question whose further texts are asked in the background, one at a time."""

    __tablename__ = "digs"

    query_key: Mapped[str] = mapped_column(String(64), primary_key=True)
    query: Mapped[dict[str, Any]] = mapped_column(Json)
    question_id: Mapped[int | None] = mapped_column(BigKey)
    asked: Mapped[list[list[Any]]] = mapped_column(Json)  # kind, text and folders of each outcome
    remaining: Mapped[int] = mapped_column(SmallInteger)  # texts that may still be asked
    not_before: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_digs_not_before", "not_before"),)


class LessonRow(Base):
    """What searching has taught about an artist."""

    __tablename__ = "lessons"

    artist: Mapped[str] = mapped_column(String(300), primary_key=True)  # as names are compared
    worked: Mapped[list[str]] = mapped_column(Json)  # kinds of rungs, the latest first
    filtered: Mapped[bool] = mapped_column(default=False)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Ban(Base):
    """The last time a network shut us out, or seemed to."""

    __tablename__ = "bans"

    source: Mapped[str] = mapped_column(String(32), primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    began_at: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    ended: Mapped[bool] = mapped_column(default=False)  # its end has been told


class ReleaseRow(Base):
    """An offer that was shown to Lidarr and may be grabbed."""

    __tablename__ = "releases"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)  # release_key
    title: Mapped[str] = mapped_column(Text)
    artist: Mapped[str] = mapped_column(Text)
    album: Mapped[str] = mapped_column(Text)
    year: Mapped[int | None] = mapped_column(SmallInteger)
    quality: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(Big)
    score: Mapped[int] = mapped_column(default=0)
    offers: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    wanted: Mapped[dict[str, Any] | None] = mapped_column(Json)  # the catalogue, when searching
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_releases_last_seen_at", "last_seen_at"),)


class CatalogueRow(Base):
    """What a provider of the catalogue said to a question; `wanted` empty: it knew nothing."""

    __tablename__ = "catalogue"

    provider: Mapped[str] = mapped_column(String(16), primary_key=True)
    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    wanted: Mapped[dict[str, Any] | None] = mapped_column(Json)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_catalogue_asked_at", "asked_at"),)
