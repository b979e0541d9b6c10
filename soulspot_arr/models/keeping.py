"""The blocklist, the ledger of events, and what the processes remember of themselves."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger as Big
from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from soulspot_arr.db import BigKey, Json, UtcDateTime
from soulspot_arr.domain import (
    BlockScope,
    BreakerState,
)
from soulspot_arr.models.base import Base, one_of


class BlockRow(Base):
    """One line of the blocklist; empty texts instead of NULL, so that it is unique on both databases."""

    __tablename__ = "blocklist"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    source: Mapped[str] = mapped_column(String(32), default="")  # empty: whatever the source
    scope: Mapped[str] = mapped_column(String(16))
    peer: Mapped[str] = mapped_column(Text, default="")
    path: Mapped[str] = mapped_column(Text, default="")  # folder, file or phrase
    reason: Mapped[str] = mapped_column(Text, default="")
    automatic: Mapped[bool] = mapped_column(default=False)
    failures: Mapped[int] = mapped_column(default=0)  # how often it was the reason to be added
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # None: for good

    __table_args__ = (
        CheckConstraint(one_of("scope", BlockScope), name="scope"),
        UniqueConstraint("source", "scope", "peer", "path"),
        Index("ix_blocklist_expires_at", "expires_at"),
    )


class Strike(Base):
    """One failure that speaks against a peer; three in a month block it for a while."""

    __tablename__ = "strikes"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    source: Mapped[str] = mapped_column(String(32))
    peer: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    grab_id: Mapped[int | None] = mapped_column(ForeignKey("grabs.id", ondelete="SET NULL"))

    __table_args__ = (Index("ix_strikes_source_peer_at", "source", "peer", "at"),)


class Echo(Base):
    """A text that a peer has answered with nothing but its own words; kept for a day."""

    __tablename__ = "echoes"

    source: Mapped[str] = mapped_column(String(32), primary_key=True)
    peer: Mapped[str] = mapped_column(Text, primary_key=True)
    text: Mapped[str] = mapped_column(Text, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_echoes_at", "at"),)


class SourceRow(Base):
    """How things stand with one source: its circuit breaker, for every process to see."""

    __tablename__ = "sources"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    breaker: Mapped[str] = mapped_column(String(16), default=BreakerState.CLOSED)
    failures: Mapped[int] = mapped_column(default=0)  # in a row
    detail: Mapped[str] = mapped_column(Text, default="")
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    retry_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (CheckConstraint(one_of("breaker", BreakerState), name="breaker"),)


class Look(Base):
    """When a look of this kind last succeeded: what lies between two of them is nobody's patience."""

    __tablename__ = "looks"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Counter(Base):
    """One figure that only ever grows; `counters` knows the names."""

    __tablename__ = "counters"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    label: Mapped[str] = mapped_column(String(64), primary_key=True)  # empty: there is one alone
    value: Mapped[int] = mapped_column(Big, default=0)


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
    last_milliseconds: Mapped[int | None] = mapped_column()
    failures: Mapped[int] = mapped_column(default=0)  # in a row
    next_run_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    runs: Mapped[int] = mapped_column(Big, default=0)
    requested_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
