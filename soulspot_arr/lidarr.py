"""Lidarr's own API, optional: start imports at once, lift its back-off, read what it knows of albums.

Facts: contract lidarr §11. Nothing here is needed to work; every failure is a `LidarrError`.
What is read comes back as Lidarr wrote it: `catalogue` makes sense of it.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import requests
import urllib3

from soulspot_arr.errors import LidarrError
from soulspot_arr.exchange import TimelyAdapter, deadline, entries, limited
from soulspot_arr.settings import Settings

log = logging.getLogger(__name__)

TIMEOUT = (5.0, 15.0)
DEADLINE = 20.0  # seconds for one answer as a whole: a trickle must not hold a search
ALBUMS_FRESH = 600.0
FAILURE_FRESH = 60.0
REFUSAL_FRESH = 3600.0  # the key may have been mended on Lidarr's side
LARGEST_ANSWER = 32 * 1024 * 1024
LARGEST_LIST = 512 * 1024 * 1024
GRABBED = 1  # event type in Lidarr's history (contract §11.3)

# A library of 20,000 albums is 200 MB of JSON, nearly all of it covers, links and releases.
_KEPT_OF_ALBUM = (
    "id",
    "title",
    "disambiguation",
    "foreignAlbumId",
    "releaseDate",
    "albumType",
    "secondaryTypes",
    "anyReleaseOk",
)
# Of the monitored one only.
_KEPT_OF_RELEASE = ("foreignReleaseId", "monitored")
_KEPT_OF_ARTIST = ("artistName", "foreignArtistId")

Row = dict[str, Any]

_NEVER = (float("-inf"), ("", ""))  # a moment, and the account it is about


def _whole(parts: Iterator[bytes]) -> Any:
    """A small answer at once; an empty one is an empty object."""
    content = b"".join(parts)
    return json.loads(content) if content else {}


class Lidarr:
    """A small client; settings are read at each call, so a change takes effect at once."""

    def __init__(self, settings: Settings, *, pause: Callable[[float], None] = time.sleep) -> None:
        self._settings = settings
        self._pause = pause
        self._session = requests.Session()
        # A proxy or .netrc of the environment must not come between two neighbours.
        self._session.trust_env = False
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, TimelyAdapter())
        self._lock = threading.Lock()
        self._second_look = threading.Lock()
        self._albums: tuple[float, str, list[Row]] = (float("-inf"), "", [])
        self._relisted = float("-inf")
        self._heard = float("-inf")
        self._silent = self._refused = _NEVER
        self._answered = ("", "")  # the account that has ever worked here

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
        """A key that was refused is told once and hardly shown again until it changes (W07)."""
        at, account = self._refused
        refused = account == self._account and time.monotonic() - at < REFUSAL_FRESH
        return self.configured and not refused

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
        looked before our news: then it is posted once more after it ended (contract §11.1). Nobody
        waits for that here, and news of the meantime is covered by the same second look.
        """
        if not self._usable:
            return
        command = self._post_refresh()
        if command.get("status") == "started" and self._second_look.acquire(blocking=False):
            look = threading.Thread(
                target=self._look_again, args=(command.get("id"),), name="lidarr", daemon=True
            )
            look.start()

    def _look_again(self, number: object) -> None:
        try:
            for _ in range(60):
                self._pause(0.25)
                state = self._call("GET", f"/command/{number}")
                if not isinstance(state, dict) or state.get("status") not in {"queued", "started"}:
                    break
        except LidarrError as error:
            log.info("Lidarr does not tell whether it has looked: %s", error.message)
        finally:
            self._second_look.release()  # before the command: later news starts a look of its own
        try:
            self._post_refresh()
        except LidarrError as error:
            log.info("Lidarr could not be told about a finished grab: %s", error.message)

    def _post_refresh(self) -> dict[str, Any]:
        found = self._call("POST", "/command", {"name": "RefreshMonitoredDownloads"})
        return found if isinstance(found, dict) else {}

    def forget_backoff(self) -> None:
        """A successful Test lifts the block that an outage of ours has caused (contract §4)."""
        if not self._usable:
            return
        for provider in ("downloadclient", "indexer"):
            self._call("POST", f"/{provider}/testall", accept=frozenset({400}))

    def ask(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        patience: float | None = None,
    ) -> Any:
        """The JSON of one request below /api/v1; `data["status"]` of a LidarrError when it refused.

        `patience` in seconds. An account that was refused is not shown again (W07).
        """
        if not self._usable:
            raise LidarrError("Lidarr's API is not set up, or refuses our key.")
        return self._call(method, path, body, patience=patience)

    # -- what it knows ---------------------------------------------------------------------------

    @property
    def answering(self) -> bool:
        """Whether reading is worth a try: set up, and not silent within the last minute."""
        at, account = self._silent
        recent = account == self._account and time.monotonic() - at < FAILURE_FRESH
        return self._usable and not recent

    @property
    def silent(self) -> bool:
        """Whether it has answered before, and has stopped to: not a wrong address, but an outage."""
        return self._usable and not self.answering and self._answered == self._account

    def albums(self, *, age: float = ALBUMS_FRESH, patience: float | None = None) -> list[Row]:
        """The names and flags of every album of the library; empty when not configured.

        Nobody waits who can do with an older list: it is read anew in the background, and the same
        object is given until then. Who wants a younger one waits for it, once in ten minutes. After
        a failure Lidarr is left alone for a minute: searches are waiting for this answer.
        """
        if not self._usable:
            return []
        known, url = self.listed, self._account[0]
        if self._albums[1] != url:
            if not self._lock.acquire(timeout=patience or DEADLINE):
                raise LidarrError("Lidarr is still listing its albums.")
            try:
                return self.listed if self._albums[1] == url else self._list(url, patience)
            finally:
                self._lock.release()
        if self.listed_within(age) or not self.answering:
            return known
        if age >= ALBUMS_FRESH:
            refresh = (url, patience)
            threading.Thread(target=self._relist, args=refresh, name="lidarr", daemon=True).start()
        elif time.monotonic() - self._relisted >= ALBUMS_FRESH:
            self._relist(url, patience)
        return self.listed

    @property
    def listed(self) -> list[Row]:
        """The library as it was listed last at this address; asks nobody."""
        return self._albums[2] if self._albums[1] == self._account[0] else []

    def listed_within(self, seconds: float) -> bool:
        """Whether the list is younger than that."""
        at, url, _ = self._albums
        return url == self._account[0] and time.monotonic() - at < seconds

    def unheard(self, since: float) -> None:
        """Leave it alone if it has not said a word since this moment (monotonic)."""
        if self.configured and self._heard < since:
            self._silent = (time.monotonic(), self._account)

    def _relist(self, url: str, patience: float | None) -> None:
        """Read the list anew, unless somebody is at it; an older one is there if that fails."""
        if not self._lock.acquire(blocking=False):
            return
        try:
            self._relisted = time.monotonic()
            self._list(url, patience)
        except LidarrError as error:
            log.info("the older list of albums is used: %s", error.message)
        finally:
            self._lock.release()

    def _list(self, url: str, patience: float | None) -> list[Row]:
        albums = self._read("/album", patience=patience, read=_slim_list)
        self._albums = (time.monotonic(), url, albums)
        return albums

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

    def _read(
        self,
        path: str,
        *,
        patience: float | None = None,
        loud: bool = False,
        read: Callable[[Iterator[bytes]], Any] | None = None,
    ) -> list[Row]:
        """The objects of a list; after a failure Lidarr is left alone for a minute.

        `loud` tells that an error status concerns this one request and not Lidarr as a whole.
        """
        if not self.answering:
            raise LidarrError("Lidarr did not answer a moment ago.")
        try:
            found = self._call("GET", path, patience=patience, read=read or _whole)
        except LidarrError as error:
            if not (loud and "status" in error.data):
                self._silent = (time.monotonic(), self._account)
            raise
        self._silent = _NEVER
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
        accept: frozenset[int] | None = None,
        patience: float | None = None,
        read: Callable[[Iterator[bytes]], Any] = _whole,
    ) -> Any:
        base, key = account = self._account
        try:
            with deadline(patience or DEADLINE) as until:
                answer = self._session.request(
                    method,
                    f"{base}/api/v1{path}",
                    json=body,
                    headers={"X-Api-Key": key, "Accept-Encoding": "gzip"},
                    timeout=(TIMEOUT[0], patience or TIMEOUT[1]),
                    stream=True,
                    allow_redirects=False,  # they would take the key along
                )
                with answer:
                    self._check(answer.status_code, path, accept or frozenset(), account)
                    parts = self._parts(answer)
                    largest = LARGEST_LIST if read is not _whole else LARGEST_ANSWER
                    return read(limited(parts, largest=largest, until=until))
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError):
            # Not chained: the original may quote the key.
            raise LidarrError(f"Lidarr does not answer at {base}.") from None
        except (ValueError, RecursionError):
            raise LidarrError("This address does not answer like Lidarr.") from None

    def _check(
        self, status: int, path: str, accept: frozenset[int], account: tuple[str, str]
    ) -> None:
        """Raise LidarrError for a status that is no answer."""
        self._heard = time.monotonic()
        if status == 401:
            if self._refused[1] != account:
                log.warning("Lidarr refuses the API key; its own API is not used until it works")
            self._refused = (time.monotonic(), account)
            raise LidarrError("Lidarr refuses the API key (Settings, General in Lidarr).")
        self._refused = _NEVER
        if status < 300:
            self._answered = account
        if status in range(300, 400):
            raise LidarrError(
                f"{account[0]} leads somewhere else; a login page may stand in between."
            )
        if status >= 400 and status not in accept:
            raise LidarrError(f"Lidarr answered {status} to {path}.", status=status)

    def _parts(self, answer: requests.Response) -> Iterator[bytes]:
        while part := answer.raw.read1(1 << 16, decode_content=True):
            self._heard = time.monotonic()
            yield part


def _slim_list(parts: Iterator[bytes]) -> list[Row]:
    return entries(parts, _slim)


def _slim(album: Row) -> Row:
    """What it takes to know an album again."""
    kept = {name: album[name] for name in _KEPT_OF_ALBUM if name in album}
    releases = album.get("releases")
    if isinstance(releases, list):
        kept["releases"] = [
            {name: one[name] for name in _KEPT_OF_RELEASE if name in one}
            for one in releases
            if isinstance(one, dict) and one.get("monitored") is True
        ]
    owner = album.get("artist")
    if isinstance(owner, dict):
        kept["artist"] = {name: owner[name] for name in _KEPT_OF_ARTIST if name in owner}
    return kept
