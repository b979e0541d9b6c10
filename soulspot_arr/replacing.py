"""Writes what takes the place of lost files: single files of other peers, or another offer.

Who that is was found by `rules/substitution.py`. All in the caller's transaction, under the lock of
the grab; one file of one peer stays one row, however often it comes and goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from soulspot_arr import ledger
from soulspot_arr.domain import (
    LIVE_DOWNLOADS,
    OPEN_DOWNLOADS,
    DownloadState,
    EventRecord,
    FailureKind,
    Offer,
    OfferFile,
)
from soulspot_arr.models import Download, Grab
from soulspot_arr.rules import lifecycle, offers, sentences
from soulspot_arr.rules.substitution import Rotation, StandIns

D = DownloadState


def substitute(
    session: Session, grab: Grab, rows: Sequence[Download], found: StandIns, *, at: datetime
) -> None:
    """Single files come from other peers; the others go on as if nothing had happened."""
    for place, (offer, file) in sorted(found.files.items()):
        _replace(session, grab, rows[place], (offer, file), at=at)


def rotate(
    session: Session,
    grab: Grab,
    rows: Sequence[Download],
    found: Rotation,
    *,
    mixed: bool,
    at: datetime,
) -> EventRecord:
    """Another offer takes over; returns what is told of it. What it has in common stays.

    When an album may be `mixed`, a file that the new peer was asked for already, in place of one
    that was lost, keeps its place in that peer's queue.
    """
    why = reason(first_lost(rows))
    offer = offers.from_json(grab.offers)[found.index]
    kept = {place: rows[index] for place, index in found.kept.items()}
    if mixed:
        kept |= _under_way(rows, offer, kept)
    for row in rows:
        if row in kept.values():
            continue
        if row.status in OPEN_DOWNLOADS:
            ledger.move_download(session, row, D.CANCELLED, None, at=at, speed=0)
        row.current = False
    for place, row in kept.items():
        row.position, row.disc = place, offer.files[place].disc
    here = sum(row.status == D.COMPLETED for row in kept.values())
    grab.offer_index, grab.peer, grab.source = found.index, offer.peer, offer.source
    if not here:
        grab.started_at = None
    grab.note = None
    for place, file in enumerate(offer.files):
        if place not in kept:
            _wait_for(session, grab, (offer, file), at=at, position=place, disc=file.disc)
    stays = f" {here} of {len(offer.files)} files are here already." if here else ""
    return EventRecord(
        "grab.offer_changed",
        f"{why} Trying {offer.peer} instead.{stays}",
        "warning",
        {"peer": offer.peer, "kept": here},
    )


def _under_way(
    rows: Sequence[Download], offer: Offer, kept: dict[int, Download]
) -> dict[int, Download]:
    """Files of this offer that its peer was asked for already, by their places in it."""
    asked = {
        (row.source, row.peer, row.remote_path): row for row in rows if row.status in LIVE_DOWNLOADS
    }
    found = {
        place: asked[offer.source, offer.peer, file.path]
        for place, file in enumerate(offer.files)
        if place not in kept and (offer.source, offer.peer, file.path) in asked
    }
    # Where its files lie follows from the disc they were asked for.
    return {place: row for place, row in found.items() if row.disc == offer.files[place].disc}


def _replace(
    session: Session, grab: Grab, old: Download, new: tuple[Offer, OfferFile], *, at: datetime
) -> None:
    offer, file = new
    if old.status in OPEN_DOWNLOADS:  # it leaves with a sibling that was lost
        ledger.move_download(session, old, D.CANCELLED, None, at=at, current=False)
    else:
        old.current = False
    row = _wait_for(session, grab, new, at=at, position=old.position, disc=old.disc)
    why = sentences.failure(
        old.failure_kind, old.failure_message, peer=old.peer, path=old.remote_path
    )
    event = EventRecord(
        "download.substituted",
        f"{why} {offer.peer} is asked for it.",
        "warning",
        {"path": file.path, "peer": offer.peer, "instead_of": old.peer, "kind": old.failure_kind},
    )
    ledger.record(session, event, at=at, grab_id=grab.id, download_id=row.id)


def _wait_for(
    session: Session, grab: Grab, new: tuple[Offer, OfferFile], *, at: datetime, **columns: Any
) -> Download:
    """The row of this very file when it was left before it was tried out, or else a new one."""
    offer, file = new
    row = session.scalar(
        select(Download).where(
            Download.grab_id == grab.id,
            Download.offer_index == grab.offer_index,
            Download.peer == offer.peer,
            Download.remote_path == file.path,
        )
    )
    if row is None:
        row = ledger.new_file(grab, offer, file, at=at, **columns)
        session.add(row)
        session.flush()
    else:
        fresh = lifecycle.afresh(row)
        ledger.move_download(session, row, D.WAITING, None, at=at, **fresh, current=True, **columns)
    return row


def first_lost(rows: Sequence[Download]) -> Download | None:
    """The file that tells why something has to change."""
    return next((row for row in rows if row.status in lifecycle.LOST), None)


def reason(lost: Download | None) -> str:
    """Why the files that a grab has are not enough; a sentence for people."""
    if lost is None:  # some arrived, the others were cancelled one by one
        return "Some files were cancelled; Lidarr takes whole albums only."
    return sentences.failure(
        lost.failure_kind or (FailureKind.BLOCKED if lost.status == D.BLOCKLISTED else None),
        lost.failure_message,
        peer=lost.peer,
        path=lost.remote_path,
    )
