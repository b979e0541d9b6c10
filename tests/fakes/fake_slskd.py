"""slskd's searches over real HTTP: every text gets the same answers, which may be of any kind."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tests.fakes.http_double import Asked, HttpDouble, Reply

Json = dict[str, Any]


def answer(peer: str, *files: object, **changes: object) -> Json:
    """What one peer answers (contract slskd §3.4)."""
    found: Json = {
        "username": peer,
        "token": 1,
        "hasFreeUploadSlot": True,
        "uploadSpeed": 1_000_000,
        "queueLength": 0,
        "fileCount": len(files),
        "files": list(files),
        "lockedFileCount": 0,
        "lockedFiles": [],
    }
    return found | changes


def shared(path: str, seconds: int | None = 200, **changes: object) -> Json:
    """One file as a well-behaved peer tells of it."""
    found: Json = {
        "filename": path,
        "size": (seconds or 200) * 110_000,
        "code": 1,
        "extension": "",
        "isLocked": False,
        "bitDepth": 16,
        "sampleRate": 44_100,
        "length": seconds,
    }
    return found | changes


class FakeSlskd(HttpDouble):
    """Ends every search at once and hands these answers out."""

    def __init__(self, answers: Sequence[object] = ()) -> None:
        super().__init__()
        self.answers = list(answers)

    def reply(self, asked: Asked) -> Reply:
        """Answer what a search takes."""
        if asked.path.endswith("/responses"):
            return _json(self.answers)
        if asked.path.endswith("/searches") and asked.method == "GET":
            return _json([])  # nobody else searches
        if asked.method in {"PUT", "DELETE"}:
            return Reply(204, b"")
        if "/searches" in asked.path:
            return _json(
                {
                    "id": asked.path.rpartition("/")[2],
                    "state": "Completed, TimedOut",
                    "isComplete": True,
                    "endedAt": "2026-08-22T18:10:00Z",
                    "responseCount": len(self.answers),
                }
            )
        return _json([])


def _json(found: object) -> Reply:
    return Reply(200, json.dumps(found).encode())
