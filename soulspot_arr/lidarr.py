"""Lidarr's own API, optional: start imports at once, lift its back-off, learn exact names.

Facts: contract lidarr §11. Nothing here is needed to work; every failure is a `LidarrError`.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import requests
import urllib3

from soulspot_arr.errors import LidarrError
from soulspot_arr.settings import Settings

log = logging.getLogger(__name__)

TIMEOUT = (5.0, 15.0)
DEADLINE = 20.0  # seconds for one answer as a whole: a trickle must not hold a search
ALBUMS_FRESH = 600.0
FAILURE_FRESH = 60.0


class Lidarr:
    """A small client; settings are read at each call, so a change takes effect at once."""

    def __init__(self, settings: Settings, *, pause: Callable[[float], None] = time.sleep) -> None:
        self._settings = settings
        self._pause = pause
        self._session = requests.Session()
        # A proxy or .netrc of the environment must not come between two neighbours.
        self._session.trust_env = False
        self._lock = threading.Lock()
        self._albums: tuple[float, str, list[dict[str, Any]]] = (float("-inf"), "", [])
        self._failed_at = float("-inf")
        self._refused: tuple[str, str] | None = None

    @property
    def configured(self) -> bool:
        """Whether address and key are there."""
        return all(self._account)

    @property
    def _account(self) -> tuple[str, str]:
        url = str(self._settings.get("lidarr.url")).rstrip("/")
        return url, str(self._settings.get("lidarr.api_key"))

    @property
    def _usable(self) -> bool:
        """A key that was refused is told once and not shown again until it changes (W07)."""
        return self.configured and self._refused != self._account

    def status(self) -> str:
        """Lidarr's version; raises LidarrError."""
        found = self._call("GET", "/system/status")
        version = found.get("version") if isinstance(found, dict) else None
        if not isinstance(version, str):
            raise LidarrError("This address does not answer like Lidarr.")
        return version

    def refresh_downloads(self) -> None:
        """Make Lidarr look at its download clients now; it imports a second or two later.

        An identical command that is already running is returned instead of a new one, and may have
        looked before our news: then it is posted once more after it ended (contract §11.1).
        """
        if not self._usable:
            return
        command = self._post_refresh()
        if command.get("status") != "started":
            return
        for _ in range(20):
            self._pause(0.5)
            state = self._call("GET", f"/command/{command.get('id')}")
            if not isinstance(state, dict) or state.get("status") not in {"queued", "started"}:
                break
        self._post_refresh()

    def _post_refresh(self) -> dict[str, Any]:
        found = self._call("POST", "/command", {"name": "RefreshMonitoredDownloads"})
        return found if isinstance(found, dict) else {}

    def forget_backoff(self) -> None:
        """A successful Test lifts the block that an outage of ours has caused (contract §4)."""
        if not self._usable:
            return
        for provider in ("downloadclient", "indexer"):
            self._call("POST", f"/{provider}/testall", accept={400})

    def albums(self) -> list[dict[str, Any]]:
        """Every album of the library, cached for ten minutes; empty when not configured.

        After a failure Lidarr is left alone for a minute: searches are waiting for this answer.
        """
        if not self._usable:
            return []
        url, _ = self._account
        with self._lock:
            read_at, known_url, albums = self._albums
            if known_url == url and time.monotonic() - read_at < ALBUMS_FRESH:
                return albums
            if time.monotonic() - self._failed_at < FAILURE_FRESH:
                raise LidarrError("Lidarr did not answer a moment ago.")
            self._failed_at = time.monotonic()
            found = self._call("GET", "/album")
            self._failed_at = float("-inf")
            albums = (
                [entry for entry in found if isinstance(entry, dict)]
                if isinstance(found, list)
                else []
            )
            self._albums = (time.monotonic(), url, albums)
            return albums

    def _call(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        accept: set[int] | None = None,
    ) -> Any:
        base, key = account = self._account
        try:
            status, content = self._exchange(method, f"{base}/api/v1{path}", key, body)
        except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError):
            # Not chained: the original may quote the key.
            raise LidarrError(f"Lidarr does not answer at {base}.") from None
        if status == 401:
            if self._refused != account:
                log.warning("Lidarr refuses the API key; its own API is not used until it changes")
            self._refused = account
            raise LidarrError("Lidarr refuses the API key (Settings, General in Lidarr).")
        self._refused = None
        if status in range(300, 400):
            raise LidarrError(f"{base} leads somewhere else; a login page may stand in between.")
        if status >= 400 and status not in (accept or set()):
            raise LidarrError(f"Lidarr answered {status} to {path}.")
        try:
            return json.loads(content) if content else {}
        except ValueError as error:
            raise LidarrError("This address does not answer like Lidarr.") from error

    def _exchange(
        self, method: str, url: str, key: str, body: dict[str, Any] | None
    ) -> tuple[int, bytes]:
        """Status and body of one request; redirects are not followed, they would take the key along."""
        limit = time.monotonic() + DEADLINE
        parts: list[bytes] = []
        with self._session.request(
            method,
            url,
            json=body,
            headers={"X-Api-Key": key},
            timeout=TIMEOUT,
            stream=True,
            allow_redirects=False,
        ) as answer:
            while part := answer.raw.read1(1 << 20, decode_content=True):
                parts.append(part)
                if time.monotonic() > limit:
                    raise requests.exceptions.ReadTimeout("the answer came too slowly")
            return answer.status_code, b"".join(parts)
