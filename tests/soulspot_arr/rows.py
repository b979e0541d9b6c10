"""Rows as the workshops would leave them, for tests of the memory floor."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from soulspot_arr.domain import DownloadState, GrabState, Offer, OfferFile
from soulspot_arr.models import Download, Grab
from soulspot_arr.rules import offers
from tests.fakes.clock import NOON


def offer(peer: str, count: int = 2, size: int = 1000) -> Offer:
    """An album of so many files as this peer shares it."""
    paths = [f"@@music\\Artist\\Album\\0{n} - Song.flac" for n in range(1, count + 1)]
    files = (OfferFile(locator=path, path=path, size=size, seconds=200) for path in paths)
    return Offer("slskd", peer, tuple(files))


def new_grab(
    session: Session, *peers: str, number: int = 1, count: int = 2, **columns: Any
) -> Grab:
    """A queued grab of these peers' offers, without downloads."""
    all_offers = [offer(peer, count) for peer in peers or ("anna",)]
    values: dict[str, Any] = {
        "nzo_id": f"SABnzbd_nzo_{number:012}",
        "source": "slskd",
        "peer": all_offers[0].peer,
        "release_key": "0" * 64,
        "title": "Artist-Album-2001-FLAC",
        "category": "music",
        "status": GrabState.QUEUED,
        "total_bytes": all_offers[0].size,
        "file_count": count,
        "offers": offers.to_json(all_offers),
        "created_at": NOON,
        "updated_at": NOON,
        **columns,
    }
    grab = Grab(**values)
    session.add(grab)
    session.flush()
    return grab


def new_download(
    session: Session, grab: Grab, status: DownloadState = DownloadState.WAITING, **columns: Any
) -> Download:
    """One file of a grab in a state."""
    position = columns.pop("position", 0)
    values: dict[str, Any] = {
        "grab_id": grab.id,
        "offer_index": grab.offer_index,
        "position": position,
        "source": "slskd",
        "peer": grab.peer,
        "locator": f"file {position}",
        "remote_path": f"@@music\\Album\\{position}.flac",
        "size": 1000,
        "status": status,
        "created_at": NOON,
        "updated_at": NOON,
        **columns,
    }
    download = Download(**values)
    session.add(download)
    session.flush()
    return download
