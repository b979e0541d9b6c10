"""What Lidarr writes down and tells when something happens to a download.

One method per event: rows of both histories first, then the webhooks (contract lidarr §11.3,
§11.6). It decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from soulspot_arr.demo.feed import FoundRelease
from soulspot_arr.demo.lidarr import records
from soulspot_arr.demo.lidarr.core import Core
from soulspot_arr.demo.lidarr.records import Album, DownloadRow, Happening, Track, TrackFile, now
from soulspot_arr.demo.lidarr.tables import Row
from soulspot_arr.demo.lidarr.webhooks import CLIENT_TYPE, Webhooks


class Bookkeeping:
    """The event handlers that keep records."""

    def __init__(self, core: Core, webhooks: Webhooks) -> None:
        self._core = core
        self._webhooks = webhooks

    def rows_of(self, download_id: str, event: str | None = None) -> list[Happening]:
        """What the history says about a download, the newest first."""
        rows = [
            row
            for row in self._core.history
            if row.download_id == download_id and event in (None, row.event)
        ]
        return sorted(rows, key=lambda row: (row.date, row.id), reverse=True)

    def last_state(self, download_id: str) -> DownloadRow | None:
        """The last word of the download history that stands for a state."""
        rows = [row for row in self._core.downloads if row.download_id == download_id]
        kept = [row for row in rows if row.event != records.TRACK_IMPORTED]
        return max(kept, key=lambda row: (row.date, row.id), default=None)

    def grabbed(
        self,
        albums: Sequence[Album],
        release: FoundRelease,
        download_id: str,
        *,
        quality: str,
        indexer: str,
        client: str,
        source: str = "UserInvokedSearch",
    ) -> list[Happening]:
        """A release went to the download client; the webhook follows at once."""
        published = release.published.strftime("%Y-%m-%dT%H:%M:%SZ")
        data = {
            "indexer": indexer,
            "releaseGroup": release.title.rpartition("-")[2],
            "publishedDate": published,
            "downloadClient": CLIENT_TYPE,
            "size": str(release.size),
            "downloadUrl": release.url,
            "guid": release.guid,
            "protocol": "1",
            "downloadForced": "False",
            "customFormatScore": "0",
            "releaseSource": source,
            "indexerFlags": "0",
        }
        rows = [
            self._happened(
                records.GRABBED, album, release.title, download_id, quality=quality, data=data
            )
            for album in albums
        ]
        self._remember(records.GRABBED, download_id)
        self._webhooks.grab(rows, client)
        self._core.hasten()
        return rows

    def track_imported(
        self,
        album: Album,
        track: Track,
        file: TrackFile,
        dropped: str,
        origin: tuple[str, str] | None,
    ) -> None:
        """One file is in the library."""
        row = self._happened(
            records.TRACK_IMPORTED,
            album,
            dropped.rpartition("/")[2].rpartition(".")[0],
            origin[1] if origin else "",
            quality=file.quality,
            data={
                "fileId": str(file.id),
                "droppedPath": dropped,
                "importedPath": file.path,
                "downloadClient": origin[0] if origin else "",
                "size": str(file.size),
            },
        )
        row.track_id = track.id
        self._core.history.save(row)
        if origin:
            self._remember(records.TRACK_IMPORTED, origin[1])
        self._core.hasten()

    def files_deleted(self, album: Album, files: Iterable[TrackFile]) -> None:
        """Files of the library made room for better ones."""
        for file in files:
            data = {"reason": "Upgrade", "size": str(file.size)}
            self._happened(
                records.FILE_DELETED, album, file.path, "", quality=file.quality, data=data
            )

    def incomplete(
        self, albums: Sequence[Album], title: str, download_id: str, messages: list[Row]
    ) -> None:
        """An import failed for good."""
        for album in albums:
            self._happened(records.IMPORT_INCOMPLETE, album, title, download_id)
        self._remember(records.IMPORT_INCOMPLETE, download_id, messages)
        artist = self._core.library.artist_of(albums[0]) if albums else None
        self._webhooks.import_failed(artist)

    def completed(self, albums: Sequence[Album], title: str, download_id: str) -> None:
        """Everything of a download is in the library."""
        for album in albums:
            self._happened(records.DOWNLOAD_IMPORTED, album, title, download_id)
        self._remember(records.DOWNLOAD_IMPORTED, download_id)

    def failed(self, grabs: Sequence[Happening], message: str, *, tracked: bool) -> None:
        """A download failed: a blocklist row, history rows and, if it is tracked, the webhook."""
        first = grabs[0]
        self._core.blocklist.add(
            records.Blocked(
                artist_id=first.artist_id,
                album_ids=list(dict.fromkeys(row.album_id for row in grabs)),
                title=first.source_title,
                quality=first.quality,
                published=first.data.get("publishedDate", ""),
                size=int(first.data.get("size") or 0),
                indexer=first.data.get("indexer", ""),
                message=message,
                date=now(),
            )
        )
        rows = []
        for grab in grabs:
            album = self._core.library.albums.get(grab.album_id)
            if album is None:
                continue
            data = {**grab.data, "message": message}
            rows.append(
                self._happened(
                    records.DOWNLOAD_FAILED,
                    album,
                    grab.source_title,
                    grab.download_id,
                    quality=grab.quality,
                    data=data,
                )
            )
        if tracked and rows:
            self._remember(records.DOWNLOAD_FAILED, first.download_id)
            self._webhooks.failed(rows[0], self._core.library.artists.get(first.artist_id))

    def ignored(self, albums: Sequence[Album], title: str, download_id: str) -> None:
        """A person took a download out of the queue and nothing else."""
        for album in albums:
            self._happened(records.IGNORED, album, title, download_id)
        self._remember(records.IGNORED, download_id)

    def _remember(self, event: str, download_id: str, messages: list[Row] | None = None) -> None:
        self._core.downloads.add(
            DownloadRow(event, download_id, date=now(), messages=messages or [])
        )

    def _happened(
        self,
        event: str,
        album: Album,
        title: str,
        download_id: str,
        *,
        quality: str = "Unknown",
        data: dict[str, str] | None = None,
    ) -> Happening:
        return self._core.history.add(
            Happening(
                event,
                album.artist_id,
                album.id,
                title,
                download_id,
                quality=quality,
                date=now(),
                data=dict(data or {}),
            )
        )
