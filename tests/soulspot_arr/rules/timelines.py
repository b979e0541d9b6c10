"""Grabs in several shapes, as the tables keep them, for tests of their timelines."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from soulspot_arr.rules.timeline_facts import (
    EventFacts,
    Facts,
    FileFacts,
    GrabFacts,
    QuestionFacts,
)
from tests.fakes.clock import NOON

MIB = 1024**2
TITLE = "(FLAC) Cello Ghosts - Undertow - 1994-slsk0123abcd"
OFFLINE = "User anna appears to be offline"
NOT_SHARED = "Transfer rejected: File not shared."


def at(seconds: float) -> datetime:
    """So many seconds after the grab."""
    return NOON + timedelta(seconds=seconds)


def grab(status: str, **columns: Any) -> GrabFacts:
    """Three files of anna, handed over at noon."""
    values: dict[str, Any] = {
        "nzo_id": "SABnzbd_nzo_0123456789ab",
        "title": TITLE,
        "status": status,
        "created_at": NOON,
        "updated_at": at(1),
        "quality": "FLAC",
        "category": "music",
        "peer": "anna",
        "artist": "Cello Ghosts",
        "album": "Undertow",
        "file_count": 3,
        "total_bytes": 90 * MIB,
        "offers": [{"peer": "anna"}, {"peer": "ben"}],
    }
    return GrabFacts(**(values | columns))


def files(status: str, peer: str = "anna", first: int = 1, **columns: Any) -> list[FileFacts]:
    """Three files of a peer in one state."""
    return [
        FileFacts(
            id=first + n,
            peer=peer,
            remote_path=f"Music\\Undertow\\0{n + 1} - Song.flac",
            status=status,
            size=30 * MIB,
            **columns,
        )
        for n in range(3)
    ]


def event(seconds: float, kind: str, message: str = "", **more: Any) -> EventFacts:
    """Something that happened so long after the grab."""
    return EventFacts(at=at(seconds), kind=kind, message=message, **more)


def of_files(
    seconds: float, kind: str, message: str = "", first: int = 1, **more: Any
) -> list[EventFacts]:
    """The same about each of three files."""
    return [event(seconds, kind, message, download_id=first + n, **more) for n in range(3)]


QUESTION = QuestionFacts(
    id=7,
    artist="Cello Ghosts",
    album="Undertow",
    year=1994,
    term="",
    outcome="sure",
    counts={"searches": 1, "peers": 9, "offered": 2},
    started_at=at(-8),
    answered_at=at(-5),
)
HEARD = {
    "codec": "FLAC", "bit_depth": 16, "sample_rate": 44_100, "bitrate": 900, "seconds": 200.0,
    "decoded": True, "proven": True, "doubts": [],
}  # fmt: skip
ODD = "the spectrum ends at 16 kHz, as after a lossy encoder"

IMPORTED = Facts(
    grab=grab(
        "imported",
        started_at=at(121),
        transferred_at=at(180),
        completed_at=at(184),
        imported_at=at(192),
        archived_at=at(193),
        rehearsal={
            "edition": "e1", "edition_title": "Undertow (UK)", "distance": 0.021, "worst": 0.08,
            "safe": True, "tagged": 3, "as_is": False, "reasons": ["2 files bore no title"],
            "at": at(183).isoformat(),
        },
    ),
    now=at(9000),
    files=[
        *files("completed", verified=HEARD)[:2],
        *files("completed", verified=HEARD | {"proven": False, "doubts": [ODD]})[2:],
    ],
    events=[
        event(0, "grab.added", "Accepted it."),
        event(1, "download.dispatched", "Asked anna for 3 of 3 files."),
        *of_files(2, "download.queued", "Waiting in the peer's queue."),
        event(121, "download.started", "Bytes are arriving.", download_id=1),
        event(121, "grab.started", "anna is sending."),
        *of_files(180, "download.completed", "The file has arrived."),
        event(180, "grab.processing", "Every file has arrived; checking them."),
        event(184, "grab.completed", "Ready for Lidarr in /downloads/soulspot/music/Undertow."),
        event(192, "import.imported", "Lidarr has imported 3 tracks."),
        event(193, "grab.imported", "Lidarr took the files."),
    ],
    question=QUESTION,
    offered_at=at(-5),
)  # fmt: skip

_LOST: dict[str, Any] = {"failure_kind": "peer_offline", "failure_message": OFFLINE}
FAILED = Facts(
    grab=grab(
        "failed",
        peer="cleo",
        offers=[{"peer": "anna"}, {"peer": "ben"}, {"peer": "cleo"}],
        completed_at=at(1500),
        failure_message="01 - Song.flac: what cleo sent cannot be played (it ends in the middle).",
    ),
    now=at(9000),
    files=[
        *files("failed", current=False, **_LOST),
        *files("failed", "ben", 4, current=False, failure_kind="file_not_found",
               failure_message=NOT_SHARED),
        *files("failed", "cleo", 7, failure_kind="corrupt",
               failure_message="it ends in the middle")[:1],
        *files("completed", "cleo", 7)[1:],
    ],
    events=[
        event(0, "grab.added", "Accepted it."),
        *of_files(1, "download.retry_scheduled", OFFLINE, level="warning"),
        *of_files(301, "download.retry_scheduled", OFFLINE, level="warning"),
        *of_files(1201, "download.failed", OFFLINE, level="warning"),
        event(1201, "grab.offer_changed", "anna could not be reached. Trying ben instead.",
              level="warning"),
        event(1202, "download.dispatched", "Asked ben for 3 of 3 files."),
        *of_files(1203, "download.failed", NOT_SHARED, 4, level="warning"),
        *of_files(1203, "download.blocked", "ben is not asked for it again.", 4, level="warning"),
        event(1203, "grab.offer_changed", "ben does not share it. Trying cleo instead.",
              level="warning"),
        event(1204, "download.dispatched", "Asked cleo for 3 of 3 files."),
        *of_files(1400, "download.completed", "The file has arrived.", 7),
        event(1400, "grab.processing", "Every file has arrived; checking them."),
        event(1500, "download.failed", "01 - Song.flac ends in the middle.", level="warning",
              download_id=7, data={"path": "Music\\Undertow\\01 - Song.flac"}),
        event(1500, "grab.failed", "What cleo sent cannot be played.", level="warning"),
    ],
)  # fmt: skip

WAITING = Facts(
    grab=grab("queued"),
    now=at(4000),
    files=files("queued", place_in_queue=14),
    events=[
        event(0, "grab.added", "Accepted it."),
        event(1, "download.dispatched", "Asked anna for 3 of 3 files."),
        *of_files(2, "download.queued", "Waiting in the peer's queue."),
    ],
)

REFUSED = Facts(
    grab=grab(
        "completed",
        transferred_at=at(60),
        completed_at=at(62),
        storage_path="/downloads/soulspot/music/Undertow",
        import_state="failed",
        import_message="Album match is not close enough: 61.2% vs 80%\nHas missing tracks",
        import_seen_at=at(75),
        import_attempts=2,
        rehearsal={"distance": 0.39, "worst": 0.5, "safe": False, "edition_title": "Undertow"},
    ),
    now=at(400),
    files=files("completed", verified=HEARD),
    question=QUESTION,
    offered_at=at(-3),
)

CANCELLED = Facts(
    grab=grab("cancelled", completed_at=at(90)),
    now=at(9000),
    files=files("cancelled"),
    events=[
        event(0, "grab.added", "Accepted it."),
        event(90, "grab.cancelled", "Cancelled through the API."),
    ],
)
