"""Lidarr's queue and history through its own API, and the orders that get a stuck import going.

Facts: contract lidarr §11.1, §11.3. It reads and sends; what is to be done is decided elsewhere.
Every failure is a `LidarrError`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from soulspot_arr.lidarr import Lidarr
from soulspot_arr.rules import following
from soulspot_arr.rules.following import Past, QueueItem

Row = dict[str, Any]

_PAGE = 1000
_MOST_PAGES = 50
_PREVIEW = 120.0  # seconds: it reads the tags of every file, and may take fingerprints
_REMOVAL = 60.0  # it deletes the folder, and calls us
_BLOCKED = frozenset({"DownloadClientStatusCheck", "DownloadClientCheck"})


class LidarrQueue:
    """Lidarr's activity, as far as it is about downloads of ours."""

    def __init__(self, lidarr: Lidarr) -> None:
        self._lidarr = lidarr

    @property
    def answering(self) -> bool:
        """Whether asking is worth a try."""
        return self._lidarr.answering

    def items(self, nzo_ids: Collection[str]) -> dict[str, QueueItem]:
        """These downloads, as far as they are in the queue, which is read as a whole."""
        rows: list[Row] = []
        for page in range(1, _MOST_PAGES + 1):
            asked = {"page": page, "pageSize": _PAGE, "includeUnknownArtistItems": "true"}
            found = self._lidarr.ask("GET", f"/queue?{urlencode(asked)}")
            records = _rows(found)
            rows += records
            total = found.get("totalRecords") if isinstance(found, dict) else None
            if not records or not isinstance(total, int) or len(rows) >= total:
                break
        return following.read_queue(rows, nzo_ids)

    def past(self, nzo_id: str) -> Past:
        """What the history says of one download, of its last grab."""
        asked = {"downloadId": nzo_id, "pageSize": _PAGE, "sortKey": "date"}
        found = _rows(self._lidarr.ask("GET", f"/history?{urlencode(asked)}"))
        mine = [row for row in found if row.get("downloadId") == nzo_id]
        tracks = {row.get("trackId") for row in mine if row.get("eventType") == "trackFileImported"}
        return Past(frozenset(str(row.get("eventType")) for row in mine), len(tracks))

    # -- importing by order ----------------------------------------------------------------------

    def preview(self, nzo_id: str) -> list[Row]:
        """What lies in the folder of a download, and what Lidarr makes of it."""
        asked = {"downloadId": nzo_id, "filterExistingFiles": "false"}
        path = f"/manualimport?{urlencode(asked)}"
        return _rows(self._lidarr.ask("GET", path, patience=_PREVIEW))

    def order(self, item: QueueItem, rehearsal: Mapping[str, Any] | None) -> list[Row] | None:
        """Every file that lies there with its track; None when one of them is not known."""
        preview = self.preview(item.nzo_id)
        if rehearsal and rehearsal.get("album_id"):
            album = self._lidarr.album(str(rehearsal["album_id"]))
            release = following.release_of(album, rehearsal) if album else None
            if album is not None and release is not None:
                ordered = following.order_from_rehearsal(
                    preview,
                    item,
                    rehearsal=rehearsal,
                    album=album,
                    tracks=self._lidarr.tracks(release),
                )
                if ordered is not None:
                    return ordered
        return following.order_from_preview(preview, item)

    def importing(self) -> bool:
        """Whether Lidarr has a manual import under way; one that is lost in a restart is not."""
        return any(
            row.get("name") == "ManualImport" and row.get("status") in {"queued", "started"}
            for row in _rows(self._lidarr.ask("GET", "/command"))
        )

    def start_import(self, files: Sequence[Row], *, replace: bool) -> None:
        """Import these files as named; `replace` clears the album's present files away first."""
        body = {
            "name": "ManualImport",
            "files": list(files),
            "importMode": "auto",
            "replaceExistingFiles": replace,
        }
        self._lidarr.ask("POST", "/command", body)

    def remove(self, item: QueueItem, *, blocklist: bool, search: bool) -> None:
        """Out of the queue and out of our history; with `blocklist` never again this release.

        One that has gone meanwhile is fine with everybody: LidarrError with status 404.
        """
        asked = {
            "removeFromClient": "true",
            "blocklist": str(blocklist).lower(),
            "skipRedownload": str(not search).lower(),
        }
        self._lidarr.ask("DELETE", f"/queue/{item.id}?{urlencode(asked)}", patience=_REMOVAL)

    # -- its surroundings ------------------------------------------------------------------------

    def client_blocked(self) -> bool:
        """Whether it leaves a download client alone because of an outage (contract §4)."""
        found = _rows(self._lidarr.ask("GET", "/health"))
        return any(row.get("source") in _BLOCKED for row in found)

    def lift_backoff(self) -> None:
        """Have it test its clients, which ends that at once for those that answer."""
        self._lidarr.forget_backoff()

    def has_room(self, size: int) -> bool:
        """Whether a root folder can be reached that holds so many bytes more."""
        for row in _rows(self._lidarr.ask("GET", "/rootfolder")):
            free = row.get("freeSpace")
            if row.get("accessible") is not False and not (isinstance(free, int) and free <= size):
                return True
        return False

    def refresh(self) -> None:
        """Make it look at its download clients."""
        self._lidarr.refresh_downloads()


def _rows(found: object) -> list[Row]:
    rows = found.get("records") if isinstance(found, dict) else found
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
