"""What the service tells of itself over its REST API: whether it is ready, and what it just did.

Lidarr never asks for either. The demo does, to begin at the right moment and to show what Lidarr
does not hear of, and in the end a download as a whole. It only reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from soulspot_arr.demo.wire import open_session

OFFER_CHANGED = "grab.offer_changed"
SUBSTITUTED = "download.substituted"
STARTED = "grab.started"
REHEARSED = "grab.rehearsed"
_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class News:
    """One event of the service: its stable kind, its sentence for people, and what it is about.

    `peer` is whom it concerns, `tagged` the number of files that tags were written into.
    """

    kind: str
    message: str
    peer: str = ""
    tagged: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a grab: seconds since its first one, and the sentence."""

    seconds: float
    message: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """A grab from search to import: its steps, and the whole of it in a sentence."""

    steps: tuple[Step, ...]
    end: str


class RestClient:
    """Reads health, events and grabs; raises `requests.RequestException` for anything but a good answer."""

    def __init__(self, url: str, api_key: str) -> None:
        self._base = f"{url}/api/v1"
        self._session = open_session("soulspot-arr demo")
        self._session.headers["X-Api-Key"] = api_key
        self._last = 0

    def is_ready(self) -> bool:
        """Whether the first health check is over; it also makes the folders of the categories."""
        return self._get("system/health")["checked_at"] is not None

    def news(self, *kinds: str) -> list[News]:
        """The events of these kinds since the last call, oldest first."""
        rows = self._get("events", after=self._last, kind=kinds)["items"]
        self._last = max((row["id"] for row in rows), default=self._last)
        return [
            News(
                row["kind"],
                row["message"],
                str(row.get("data", {}).get("peer", "")),
                int(row.get("data", {}).get("tagged") or 0),
            )
            for row in rows
        ]

    def timeline(self, nzo_id: str) -> Timeline:
        """What became of one grab, oldest step first."""
        told = self._get(f"grabs/{nzo_id}").get("timeline") or {}
        rows = [row for row in told.get("steps") or () if row["level"] != "debug"]
        moments = [datetime.fromisoformat(row["at"]) for row in rows]
        return Timeline(
            tuple(
                Step((moment - moments[0]).total_seconds(), str(row["message"]))
                for moment, row in zip(moments, rows, strict=True)
            ),
            str(told.get("end") or ""),
        )

    def _get(self, path: str, **query: Any) -> dict[str, Any]:
        answer = self._session.get(f"{self._base}/{path}", params=query, timeout=_SECONDS)
        answer.raise_for_status()
        body: dict[str, Any] = answer.json()
        return body
