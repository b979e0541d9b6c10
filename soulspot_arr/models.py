"""The tables. Models carry properties, not queries; a query lives in the workshop that needs it.

One schema for SQLite and PostgreSQL: 64-bit keys, enums as text with a CHECK (changing a native
PostgreSQL enum is a migration trap), and a naming convention for every constraint, because SQLite
batch migrations can only address what has a name.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger as Big
from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    MetaData,
    SmallInteger,
    String,
    Text,
    TextClause,
    UniqueConstraint,
    bindparam,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from soulspot_arr.db import BigKey, Json, UtcDateTime
from soulspot_arr.domain import LIVE_DOWNLOADS, OPEN_GRABS, DownloadState, GrabState

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Common metadata."""

    metadata = MetaData(naming_convention=NAMING)


def _one_of(column: str, states: type[StrEnum]) -> str:
    return f"{column} IN ({', '.join(repr(state.value) for state in states)})"


def _among(states: Collection[StrEnum]) -> TextClause:
    return text(f"status IN ({', '.join(sorted(repr(state.value) for state in states))})")


_LIVE = _among(LIVE_DOWNLOADS)
_OPEN = _among(OPEN_GRABS)


class Grab(Base):
    """One album that Lidarr handed over: one `nzo_id`, one SABnzbd slot."""

    __tablename__ = "grabs"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    nzo_id: Mapped[str] = mapped_column(String(40), unique=True)
    source: Mapped[str] = mapped_column(String(32))
    peer: Mapped[str] = mapped_column(Text)
    release_key: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(Text)  # exactly as offered: Lidarr matches on it
    category: Mapped[str] = mapped_column(Text)
    artist: Mapped[str] = mapped_column(Text, default="")
    album: Mapped[str] = mapped_column(Text, default="")
    year: Mapped[int | None] = mapped_column(SmallInteger)
    quality: Mapped[str] = mapped_column(Text, default="")
    score: Mapped[int] = mapped_column(default=0)
    album_id: Mapped[str | None] = mapped_column(String(64))  # MusicBrainz' release group
    artist_id: Mapped[str | None] = mapped_column(String(64))
    library_id: Mapped[int | None] = mapped_column()  # Lidarr's own number of the album
    wanted: Mapped[dict[str, Any] | None] = mapped_column(Json)  # the catalogue, when searching
    priority: Mapped[int] = mapped_column(SmallInteger, default=0)
    paused: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(Big, default=0)  # order in the queue, lower first
    status: Mapped[str] = mapped_column(String(16))
    failure_kind: Mapped[str | None] = mapped_column(String(32))
    failure_message: Mapped[str | None] = mapped_column(Text)
    total_bytes: Mapped[int] = mapped_column(Big, default=0)
    file_count: Mapped[int] = mapped_column(default=0)
    offers: Mapped[list[dict[str, Any]]] = mapped_column(Json)  # main offer and alternates
    offer_index: Mapped[int] = mapped_column(SmallInteger, default=0)
    storage_path: Mapped[str | None] = mapped_column(Text)  # ours; mapped when it is reported
    note: Mapped[str | None] = mapped_column(Text)  # what completion is doing or waiting for
    disk_full_since: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the source's disk
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    transferred_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # last file arrived
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # reported, either way
    archived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cleaned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # leftovers removed
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    downloads: Mapped[list[Download]] = relationship(
        back_populates="grab", order_by="Download.position", passive_deletes=True
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it once
    __table_args__ = (
        CheckConstraint(_one_of("status", GrabState), name="status"),
        Index("ix_grabs_status_archived_at", "status", "archived_at"),
        # The queue is read every minute and must not grow slower with the history behind it.
        Index(
            "ix_grabs_open",
            "priority",
            "position",
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        Index("ix_grabs_release_key", "release_key"),
        Index("ix_grabs_completed_at", "completed_at"),
    )


class Download(Base):
    """One file of a grab, with its own state."""

    __tablename__ = "downloads"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    grab_id: Mapped[int] = mapped_column(ForeignKey("grabs.id", ondelete="CASCADE"))
    offer_index: Mapped[int] = mapped_column(SmallInteger, default=0)
    position: Mapped[int] = mapped_column(default=0)
    disc: Mapped[int] = mapped_column(SmallInteger, default=0)
    source: Mapped[str] = mapped_column(String(32))
    peer: Mapped[str] = mapped_column(Text)
    locator: Mapped[str] = mapped_column(Text)  # opaque; for the source only
    remote_path: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(Big)
    seconds: Mapped[int | None] = mapped_column()
    status: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    not_before: Mapped[datetime | None] = mapped_column(UtcDateTime)
    claimed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    batch_key: Mapped[str | None] = mapped_column(String(36))
    transfer_ref: Mapped[str | None] = mapped_column(Text)
    spent_ref: Mapped[str | None] = mapped_column(Text)  # an attempt that is over: never again ours
    adopted: Mapped[bool] = mapped_column(default=False)  # somebody else started it: hands off
    bytes_done: Mapped[int] = mapped_column(Big, default=0)
    speed: Mapped[int] = mapped_column(Big, default=0)  # bytes/s as last seen
    place_in_queue: Mapped[int | None] = mapped_column()
    missing_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    first_seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_progress_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failure_kind: Mapped[str | None] = mapped_column(String(32))
    failure_message: Mapped[str | None] = mapped_column(Text)
    placement: Mapped[str | None] = mapped_column(Text)  # folder relative to the source's root
    local_path: Mapped[str | None] = mapped_column(Text)  # exact path, when the source told it
    placed_path: Mapped[str | None] = mapped_column(Text)  # where completion put it
    released_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the source has forgotten it
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    grab: Mapped[Grab] = relationship(back_populates="downloads")

    __table_args__ = (
        CheckConstraint(_one_of("status", DownloadState), name="status"),
        CheckConstraint("size >= 0", name="size"),
        CheckConstraint("bytes_done >= 0", name="bytes_done"),
        UniqueConstraint("grab_id", "offer_index", "remote_path"),
        # One file is never asked for twice at once; a second grab of the same file simply waits.
        Index(
            "uq_downloads_live",
            "source",
            "peer",
            "remote_path",
            unique=True,
            sqlite_where=_LIVE,
            postgresql_where=_LIVE,
        ),
        Index("ix_downloads_status_not_before", "status", "not_before"),
        Index("ix_downloads_batch_key", "batch_key"),
        # Holds all that the sums of the queue need: the rows themselves are not read for them.
        Index("ix_downloads_progress", "grab_id", "offer_index", "bytes_done", "speed"),
    )


def _spelled_out(column: ColumnElement[Any], states: Collection[StrEnum]) -> ColumnElement[bool]:
    """The same words as in `_among`: for values that are bound SQLite uses no partial index."""
    return column.in_(bindparam(None, sorted(states), expanding=True, literal_execute=True))


IS_OPEN = _spelled_out(Grab.__table__.c.status, OPEN_GRABS)
IS_LIVE = _spelled_out(Download.__table__.c.status, LIVE_DOWNLOADS)


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


class Event(Base):
    """A fact that happened; append-only. History, live updates and audit read this one table."""

    __tablename__ = "events"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(String(48))
    level: Mapped[str] = mapped_column(String(8), default="info")
    grab_id: Mapped[int | None] = mapped_column(ForeignKey("grabs.id", ondelete="SET NULL"))
    download_id: Mapped[int | None] = mapped_column(BigKey)
    message: Mapped[str] = mapped_column(Text)
    data: Mapped[dict[str, Any]] = mapped_column(Json)

    __table_args__ = (
        Index("ix_events_kind_id", "kind", "id"),
        Index("ix_events_grab_id_id", "grab_id", "id"),
        Index("ix_events_at", "at"),
        {"sqlite_autoincrement": True},  # an id is never used twice: readers resume after it
    )


class SettingRow(Base):
    """A runtime setting that differs from its default; keys that start with `_` are our own."""

    __tablename__ = "settings"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[Any] = mapped_column(Json)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Lease(Base):
    """Who may run the jobs; one row, taken by compare-and-set."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    holder: Mapped[str] = mapped_column(String(64))
    acquired_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class JobRun(Base):
    """The last run of each job."""

    __tablename__ = "job_runs"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    last_started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_error: Mapped[str | None] = mapped_column(Text)
    runs: Mapped[int] = mapped_column(Big, default=0)
    requested_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
