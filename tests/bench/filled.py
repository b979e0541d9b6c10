"""A database as months of use leave it: the state that polls and the monitor are measured in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import insert

from soulspot_arr import db
from soulspot_arr.domain import DownloadState, GrabState
from soulspot_arr.models import Download, Grab


def fill(url: str, *, archived: int, waiting: int, files: int) -> None:
    """Make the database: so many archived grabs, and open ones of which every file is moving."""
    database = db.Database(url)
    db.upgrade(database)
    now = datetime.now(UTC)
    with database.write() as session:
        session.execute(
            insert(Grab), [_grab(n, now, n < archived) for n in range(archived + waiting)]
        )
    with database.write() as session:
        session.execute(
            insert(Download),
            [
                _download(grab, position, now)
                for grab in range(archived + 1, archived + waiting + 1)
                for position in range(files)
            ],
        )
    database.close()


def _grab(number: int, now: datetime, archived: bool) -> dict[str, object]:
    ended = now - timedelta(minutes=number)
    return {
        "id": number + 1,
        "nzo_id": f"SABnzbd_nzo_bench{number:07d}",
        "source": "slskd",
        "peer": f"peer{number % 97}",
        "release_key": f"{number:064x}",
        "title": f"(FLAC) Bench Artist {number} - Album {number} - 2001-slsk{number:08x}",
        "category": "music",
        "artist": f"Bench Artist {number}",
        "album": f"Album {number}",
        "quality": "FLAC",
        "score": 1000,
        "priority": 0,
        "paused": False,
        "position": number,
        "status": GrabState.IMPORTED if archived else GrabState.DOWNLOADING,
        "total_bytes": 300_000_000 + 1_000_003 * (number % 89),  # no two neighbours alike
        "file_count": 12,
        "offers": [],
        "offer_index": 0,
        "created_at": ended,
        "started_at": ended,
        "completed_at": ended if archived else None,
        "archived_at": ended if archived else None,
        "cleaned_at": ended if archived else None,
        "updated_at": ended,
        "version": 1,
    }


def _download(grab_id: int, position: int, now: datetime) -> dict[str, object]:
    path = f"Music\\Artist {grab_id}\\Album\\{position:02d} - Title.flac"
    return {
        "grab_id": grab_id,
        "offer_index": 0,
        "position": position,
        "disc": 0,
        "source": "slskd",
        "peer": f"peer{grab_id % 97}",
        "locator": path,
        "remote_path": path,
        "size": 25_000_000,
        "status": DownloadState.DOWNLOADING,
        "attempts": 0,
        "bytes_done": 1_000_000 * position,
        "speed": 100_000,
        "transfer_ref": f"ref-{grab_id}-{position}",
        "claimed_at": now,
        "first_seen_at": now,
        "last_progress_at": now,
        "created_at": now,
        "updated_at": now,
    }
