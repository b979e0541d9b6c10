"""Albums on their way, and their files."""

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
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    and_,
    bindparam,
    text,
)
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column, relationship

from soulspot_arr.db import BigKey, Json, JsonOrNull, UtcDateTime
from soulspot_arr.domain import (
    GIVEN_UP,
    LIVE_DOWNLOADS,
    OPEN_GRABS,
    DownloadState,
    GrabState,
    network,
)
from soulspot_arr.models.base import Base, among, one_of

_LIVE = among(LIVE_DOWNLOADS)
_OPEN = among(OPEN_GRABS)
_UNRELEASED = text(f"{among(GIVEN_UP).text} AND released_at IS NULL")


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
    wanted: Mapped[dict[str, Any] | None] = mapped_column(Json)  # what the catalogue says of it
    wanted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # asked with every edition
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
    not_before: Mapped[datetime | None] = mapped_column(UtcDateTime)  # scheduled start
    rescue: Mapped[str | None] = mapped_column(String(16))  # the one further search: see Rescue
    rescue_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    transferred_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # last file arrived
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # reported, either way
    rehearsal: Mapped[dict[str, Any] | None] = mapped_column(
        JsonOrNull
    )  # what Lidarr will make of it
    import_state: Mapped[str | None] = mapped_column(String(24))  # Lidarr's word: see ImportState
    import_message: Mapped[str | None] = mapped_column(Text)  # Lidarr's reasons, or ours
    import_seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when it last said so
    import_attempts: Mapped[int] = mapped_column(SmallInteger, default=0)  # of ours to mend it
    imported_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # by Lidarr's word alone
    archived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cleaned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # leftovers removed
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    downloads: Mapped[list[Download]] = relationship(
        back_populates="grab", order_by="Download.position", passive_deletes=True
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it once
    __table_args__ = (
        CheckConstraint(one_of("status", GrabState), name="status"),
        Index("ix_grabs_rescue", "rescue"),
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
    offer_index: Mapped[int] = mapped_column(SmallInteger, default=0)  # the grab's, when added
    # Whether it counts: false for what another peer's file or another offer has replaced.
    current: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=0)
    disc: Mapped[int] = mapped_column(SmallInteger, default=0)
    source: Mapped[str] = mapped_column(String(32))
    instance: Mapped[str | None] = mapped_column(String(32))  # of the source; None: the first one
    peer: Mapped[str] = mapped_column(Text)
    locator: Mapped[str] = mapped_column(Text)  # opaque; for the source only
    remote_path: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(Big)
    seconds: Mapped[int | None] = mapped_column()
    status: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    earlier_attempts: Mapped[int] = mapped_column(SmallInteger, default=0)  # before it began anew
    not_before: Mapped[datetime | None] = mapped_column(UtcDateTime)
    claimed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    batch_key: Mapped[str | None] = mapped_column(String(36))
    transfer_ref: Mapped[str | None] = mapped_column(Text)
    spent_ref: Mapped[str | None] = mapped_column(Text)  # an attempt that is over: never again ours
    adopted: Mapped[bool] = mapped_column(default=False)  # somebody else started it: hands off
    bytes_done: Mapped[int] = mapped_column(Big, default=0)
    speed: Mapped[int] = mapped_column(Big, default=0)  # bytes/s as last seen
    place_in_queue: Mapped[int | None] = mapped_column()
    best_place: Mapped[int | None] = mapped_column()  # the lowest of this attempt
    place_asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    offline_since: Mapped[datetime | None] = mapped_column(UtcDateTime)  # its peer is not there
    missing_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    first_seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_progress_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failure_kind: Mapped[str | None] = mapped_column(String(32))
    failure_message: Mapped[str | None] = mapped_column(Text)
    placement: Mapped[str | None] = mapped_column(Text)  # folder relative to the source's root
    local_path: Mapped[str | None] = mapped_column(Text)  # exact path, when the source told it
    placed_path: Mapped[str | None] = mapped_column(Text)  # where completion put it
    verified: Mapped[dict[str, Any] | None] = mapped_column(
        JsonOrNull
    )  # its sound, as it was measured
    released_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the source has forgotten it
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    grab: Mapped[Grab] = relationship(back_populates="downloads")

    __table_args__ = (
        CheckConstraint(one_of("status", DownloadState), name="status"),
        CheckConstraint("size >= 0", name="size"),
        CheckConstraint("bytes_done >= 0", name="bytes_done"),
        # Another peer's file may stand in for one of the same path: not two of one peer.
        UniqueConstraint("grab_id", "offer_index", "peer", "remote_path"),
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
        # Transfers that are over and still known to the source: not asked for before they are not.
        Index(
            "ix_downloads_unreleased",
            "source",
            "peer",
            "remote_path",
            sqlite_where=_UNRELEASED,
            postgresql_where=_UNRELEASED,
        ),
        Index("ix_downloads_status_not_before", "status", "not_before"),
        Index("ix_downloads_batch_key", "batch_key"),
        # Holds all that the sums of the queue need: the rows themselves are not read for them.
        Index("ix_downloads_progress", "grab_id", "current", "bytes_done", "speed"),
    )


def spelled_out(
    column: ColumnElement[Any] | InstrumentedAttribute[Any], states: Collection[StrEnum]
) -> ColumnElement[bool]:
    """The same words as in `among`: for values that are bound SQLite uses no partial index."""
    return column.in_(bindparam(None, sorted(states), expanding=True, literal_execute=True))


def of_instance(name: str) -> ColumnElement[bool]:
    """Files that are asked for through this instance of a source; the first one bears its name."""
    home = network(name)
    through = Download.instance.is_(None) if name == home else Download.instance == name
    return and_(Download.source == home, through)


IS_OPEN = spelled_out(Grab.__table__.c.status, OPEN_GRABS)
IS_LIVE = spelled_out(Download.__table__.c.status, LIVE_DOWNLOADS)
