"""The events table and the webhooks fed from it (contract slskd §7).

Rows are written at most once; webhooks are real HTTP POSTs from a thread of their own, because a
receiver's slowness must not stop the simulation.
"""

from __future__ import annotations

import ssl
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from soulspot_arr.simulator.clock import Script, Signal, Wait
from soulspot_arr.simulator.process import Process
from soulspot_arr.simulator.store import Document
from soulspot_arr.simulator.wire import EMPTY_GUID, Json, date, encode

_KIND = "event"
TYPES = (
    "DownloadFileComplete",
    "DownloadDirectoryComplete",
    "UploadFileComplete",
    "PrivateMessageReceived",
    "RoomMessageReceived",
    "SoulseekClientConnected",
    "SoulseekClientDisconnected",
    "Noop",
)


@dataclass(slots=True)
class _Post:
    """One delivery: what the receiver said, and the signal that it is over."""

    done: Signal
    accepted: bool = False


class Events:
    """Raise and list events."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._rows: list[Document] = process.store.load(_KIND) if process.profile.events else []

    def raise_event(
        self, kind: str, body: dict[str, Json], at: datetime | None = None
    ) -> Document | None:
        """Insert a row with timestamp `at` (now) and start its webhooks; None before 0.22."""
        profile = self._process.profile
        if not profile.events:
            return None
        stamp = date(at or self._process.clock.wall())
        data = encode({"version": 0, **body}, ascii_only=True).decode()
        row: Document = {
            "timestamp": stamp,
            "type": kind,
            "data": data,
            "id": self._process.new_id(),
        }
        self._rows.append(row)
        self._process.store.put(_KIND, str(row["id"]), row)
        self._call_webhooks(row, {"version": 0, **body})
        return row

    def page(self, offset: int, limit: int) -> tuple[list[Json], int]:
        """Newest first by timestamp, which is not the order of insertion; and the total."""
        ordered = sorted(self._rows, key=lambda row: str(row["timestamp"]), reverse=True)
        return list(ordered[offset : offset + limit]), len(ordered)

    def sample(self, kind: str, message: str) -> Document | None:
        """What `POST /events/{type}` raises: recognisable by all-zero ids."""
        transfer: dict[str, Json] = {
            "id": EMPTY_GUID,
            "username": "sample",
            "direction": "Download",
            "filename": "sample.mp3",
            "size": 0,
            "state": "Completed, Succeeded",
            "requestedAt": date(self._process.clock.wall(), zone=False),
        }
        bodies: dict[str, dict[str, Json]] = {
            "DownloadFileComplete": {
                "localFilename": "/sample.mp3",
                "remoteFilename": "sample.mp3",
                "transfer": transfer,
            },
            "DownloadDirectoryComplete": {
                "localDirectoryName": "/sample",
                "remoteDirectoryName": "sample",
                "username": "sample",
            },
        }
        return self.raise_event(kind, bodies.get(kind, {"message": message}))

    def _call_webhooks(self, row: Document, body: dict[str, Json]) -> None:
        for hook in self._process.options.mapping("integrations.webhooks").values():
            if isinstance(hook, dict) and _wants(hook, str(row["type"])):
                full = {
                    "type": row["type"],
                    **body,
                    "id": row["id"],
                    "timestamp": row["timestamp"],
                }
                self._process.run(self._deliver(hook, encode(full, ascii_only=True)))

    def _deliver(self, hook: dict[str, Json], body: bytes) -> Script[None]:
        retry = cast("dict[str, Json]", hook.get("retry") or {})
        attempts = int(cast(int, retry.get("attempts", 1)))
        for number in range(attempts):
            post = _Post(Signal(self._process.clock))
            self._post(hook, body, post)
            yield Wait(post.done)
            if post.accepted:
                return
            if number + 1 < attempts:
                # Waits of 0-1, 1-2, 3-4 … seconds, capped at 30 (contract slskd §7.2).
                yield min(2**number - 1, 30) + self._process.random.random()

    def _post(self, hook: dict[str, Json], body: bytes, post: _Post) -> None:
        call = cast("dict[str, Json]", hook.get("call") or {})
        seconds = float(cast(float, hook.get("timeout", 5000))) / 1000 / self._process.clock.scale

        def work() -> None:
            accepted = _send(call, body, max(seconds, 0.05))
            with self._process.clock.turn():
                post.accepted = accepted
                post.done.fire()

        threading.Thread(target=work, name="sim-webhook", daemon=True).start()


def _wants(hook: dict[str, Json], kind: str) -> bool:
    wanted = hook.get("on")
    names = [str(item).lower() for item in wanted] if isinstance(wanted, list) else []
    return kind.lower() in names or "any" in names


def _send(call: dict[str, Json], body: bytes, timeout: float) -> bool:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    for header in cast("list[dict[str, str]]", call.get("headers") or []):
        headers[header["name"]] = header["value"]
    request = urllib.request.Request(  # noqa: S310 - the url is the operator's own configuration
        str(call.get("url")), data=body, headers=headers, method="POST"
    )
    context = ssl.create_default_context()
    try:
        with urllib.request.urlopen(request, timeout=timeout, context=context) as reply:  # noqa: S310
            return 200 <= int(reply.status) < 300
    except (urllib.error.URLError, OSError):
        return False
