"""Lidarr's own API, optional: start imports at once, lift its back-off, read what it knows of albums.

Facts: contract lidarr §11. Nothing here is needed to work; every failure is a `LidarrError`.
What is read comes back as Lidarr wrote it: `catalogue` makes sense of it.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import requests
import urllib3

from soulspot_arr.errors import LidarrError
from soulspot_arr.settings import Settings

log = logging.getLogger(__name__)

TIMEOUT = (5.0, 15.0)
DEADLINE = 20.0  # seconds for one answer as a whole: a trickle must not hold a search
ALBUMS_FRESH = 600.0
FAILURE_FRESH = 60.0
GRABBED = 1  # event type in Lidarr's history (contract §11.3)

# A library of 20,000 albums is 200 MB of JSON, nearly all of it covers, links and releases.
_KEPT_OF_ALBUM = ("id", "title", "disambiguation", "foreignAlbumId", "releaseDate")
_KEPT_OF_ARTIST = ("artistName", "foreignArtistId")

Row = dict[str, Any]


class Lidarr:
    """A small client; settings are read at each call, so a change takes effect at once."""

    def __init__(self, settings: Settings, *, pause: Callable[[float], None] = time.sleep) -> None:
        self._settings = settings
        self._pause = pause
        self._session = requests.Session()
        # A proxy or .netrc of the environment must not come between two neighbours.
        self._session.trust_env = False
        self._lock = threading.Lock()
        self._albums: tuple[float, str, list[Row]] = (float("-inf"), "", [])
        self._silent: tuple[float, tuple[str, str]] = (float("-inf"), ("", ""))
        self._refused: tuple[str, str] | None = None

    @property
    def configured(self) -> bool:
        """Whether address and key are there."""
        return all(self._account)

    @property
    def missing(self) -> str:
        """The setting that is missing when only one of the two is there; else empty."""
        url, key = self._account
        if bool(url) == bool(key):
            return ""
        return "lidarr.api_key" if url else "lidarr.url"

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

    # -- what it knows ---------------------------------------------------------------------------

    @property
    def answering(self) -> bool:
        """Whether reading is worth a try: set up, and not silent within the last minute."""
        at, account = self._silent
        recent = account == self._account and time.monotonic() - at < FAILURE_FRESH
        return self._usable and not recent

    def albums(self, *, age: float = ALBUMS_FRESH, patience: float | None = None) -> list[Row]:
        """The names and ids of every album of the library; empty when not configured.

        A list that is younger than `age` seconds is given again, the same object. After a failure
        Lidarr is left alone for a minute: searches are waiting for this answer.
        """
        if not self._usable:
            return []
        url, _ = self._account
        if not self._lock.acquire(timeout=patience or DEADLINE):
            raise LidarrError("Lidarr is still listing its albums.")
        try:
            read_at, known_url, albums = self._albums
            if known_url == url and time.monotonic() - read_at < age:
                return albums
            found = self._read("/album", patience=patience)
            albums = [_slim(entry) for entry in found]
            self._albums = (time.monotonic(), url, albums)
            return albums
        finally:
            self._lock.release()

    def album(self, album_id: str) -> Row | None:
        """One album by its MusicBrainz id, with all its releases; None when it is not there."""
        found = self._read(f"/album?{urlencode({'foreignAlbumId': album_id})}")
        return next((entry for entry in found if entry.get("foreignAlbumId") == album_id), None)

    def tracks(self, release: int) -> list[Row]:
        """The tracks of one release by Lidarr's number of it.

        By album it lists those of the monitored release only, so each release is a request.
        """
        return self._read(f"/track?{urlencode({'albumReleaseId': release})}", loud=True)

    def grabs_of(self, download_id: str) -> list[Row]:
        """What its history says was grabbed under this id: a row for each album."""
        asked = {
            "downloadId": download_id,
            "eventType": GRABBED,
            "includeAlbum": "true",
            "includeArtist": "true",
            "pageSize": 100,
        }
        return self._read(f"/history?{urlencode(asked)}", loud=True)

    def _read(self, path: str, *, patience: float | None = None, loud: bool = False) -> list[Row]:
        """The objects of a list; after a failure Lidarr is left alone for a minute.

        `loud` tells that an error status concerns this one request and not Lidarr as a whole.
        """
        if not self.answering:
            raise LidarrError("Lidarr did not answer a moment ago.")
        try:
            found = self._call("GET", path, patience=patience)
        except LidarrError as error:
            if not (loud and "status" in error.data):
                self._silent = (time.monotonic(), self._account)
            raise
        found = found.get("records") if isinstance(found, dict) else found
        return (
            [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []
        )

    def _call(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        accept: set[int] | None = None,
        patience: float | None = None,
    ) -> Any:
        base, key = account = self._account
        try:
            url = f"{base}/api/v1{path}"
            status, content = self._exchange(method, url, key, body, patience=patience)
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
            raise LidarrError(f"Lidarr answered {status} to {path}.", status=status)
        try:
            return json.loads(content) if content else {}
        except (ValueError, RecursionError) as error:
            raise LidarrError("This address does not answer like Lidarr.") from error

    def _exchange(
        self,
        method: str,
        url: str,
        key: str,
        body: dict[str, Any] | None,
        *,
        patience: float | None,
    ) -> tuple[int, bytes]:
        """Status and body of one request; redirects are not followed, they would take the key along."""
        limit = time.monotonic() + (patience or DEADLINE)
        parts: list[bytes] = []
        with self._session.request(
            method,
            url,
            json=body,
            headers={"X-Api-Key": key},
            timeout=(TIMEOUT[0], patience) if patience else TIMEOUT,
            stream=True,
            allow_redirects=False,
        ) as answer:
            while part := answer.raw.read1(1 << 20, decode_content=True):
                parts.append(part)
                if time.monotonic() > limit:
                    raise requests.exceptions.ReadTimeout("the answer came too slowly")
            return answer.status_code, b"".join(parts)


def _slim(album: Row) -> Row:
    """What it takes to know an album again."""
    kept = {name: album[name] for name in _KEPT_OF_ALBUM if name in album}
    owner = album.get("artist")
    if isinstance(owner, dict):
        kept["artist"] = {name: owner[name] for name in _KEPT_OF_ARTIST if name in owner}
    return kept
