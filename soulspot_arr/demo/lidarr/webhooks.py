"""Connect: what Lidarr tells others about grabs, imports and failures (contract lidarr §11.6).

Sent synchronously, once, with nulls left out; a receiver that fails is only noted.
"""

from __future__ import annotations

from collections.abc import Sequence

import requests

from soulspot_arr.demo.lidarr.clients import text_of, value_of
from soulspot_arr.demo.lidarr.core import NOTIFICATION, TAG, Core
from soulspot_arr.demo.lidarr.records import Album, Artist, Happening, Provider, Track, TrackFile
from soulspot_arr.demo.lidarr.tables import Row
from soulspot_arr.demo.wire import LIDARR_AGENT, REQUEST_SECONDS, open_session

CLIENT_TYPE = "SABnzbd"


class Webhooks:
    """The configured webhooks of one Lidarr."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._session = open_session(LIDARR_AGENT)

    def grab(self, rows: Sequence[Happening], client: str) -> None:
        """A release was handed to the download client."""
        row = rows[0]
        albums = [self._core.library.albums.get(one.album_id) for one in rows]
        body: Row = {
            "artist": self._artist(self._core.library.artists.get(row.artist_id)),
            "albums": [_album(album) for album in albums if album is not None],
            "release": {
                "quality": row.quality,
                "qualityVersion": 1,
                "releaseGroup": row.data.get("releaseGroup"),
                "releaseTitle": row.source_title,
                "indexer": row.data.get("indexer"),
                "size": int(row.data.get("size") or 0),
                "customFormatScore": 0,
                "customFormats": [],
            },
            "downloadClient": client,
            "downloadClientType": CLIENT_TYPE,
            "downloadId": row.download_id,
        }
        self._tell("Grab", "onGrab", body=body, artist_id=row.artist_id)

    def imported(
        self,
        album: Album,
        files: Sequence[tuple[TrackFile, Track]],
        replaced: Sequence[TrackFile],
        origin: tuple[str, str] | None,
    ) -> None:
        """An album came in; `origin` is client and id of the download."""
        body: Row = {
            "artist": self._artist(self._core.library.artist_of(album)),
            "album": _album(album),
            "tracks": [_track(track) for _, track in files],
            "trackFiles": [_file(file) for file, _ in files],
            "deletedFiles": [_file(file) for file in replaced] if replaced else None,
            "isUpgrade": bool(replaced),
            "downloadClient": origin[0] if origin else None,
            "downloadClientType": CLIENT_TYPE if origin else None,
            "downloadId": origin[1] if origin else None,
        }
        needs = ("onReleaseImport", "onUpgrade") if replaced else ("onReleaseImport",)
        self._tell("Download", *needs, body=body, artist_id=album.artist_id)

    def failed(self, row: Happening, artist: Artist | None) -> None:
        """A download failed. Without a tracked download Lidarr's own code breaks before this."""
        body: Row = {
            "quality": row.quality,
            "qualityVersion": 1,
            "releaseTitle": row.source_title,
            "downloadClient": row.data.get("downloadClient"),
            "downloadId": row.download_id,
        }
        if artist is not None:
            self._tell("DownloadFailure", "onDownloadFailure", body=body, artist_id=artist.id)

    def import_failed(self, artist: Artist | None) -> None:
        """An import stayed incomplete; the message names nothing."""
        body: Row = {"tracks": [], "trackFiles": [], "isUpgrade": False}
        if artist is not None:
            self._tell("ImportFailure", "onImportFailure", body=body, artist_id=artist.id)

    def test(self, provider: Provider) -> str:
        """What the Test button says; empty when the receiver was pleased."""
        body: Row = {
            "artist": {
                "id": 1,
                "name": "Test Name",
                "path": "C:\\testpath",
                "mbId": "aaaaa-aaa-aaaa-aaaaaa",
                "tags": ["test-tag"],
            },
            "albums": [{"id": 123, "title": "Test title"}],
        }
        return self._send(provider, "Test", body)

    def _tell(self, event: str, *needs: str, body: Row, artist_id: int) -> None:
        artist = self._core.library.artists.get(artist_id)
        tags = set(artist.tags if artist is not None else ())
        for provider in self._core.of_providers(NOTIFICATION):
            wanted = all(provider.body.get(need) for need in needs)
            if not wanted or (provider.body.get("tags") and not tags & set(provider.body["tags"])):
                continue
            trouble = self._send(provider, event, body)
            if trouble:
                self._core.note(f"unable to send {event} to {provider.body['name']}: {trouble}")

    def _send(self, provider: Provider, event: str, body: Row) -> str:
        login = (text_of(provider, "username"), text_of(provider, "password"))
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        extra = value_of(provider, "headers")
        headers |= {str(one["key"]): str(one["value"]) for one in extra or ()}  # type: ignore[attr-defined]
        message = {"eventType": event, "instanceName": "Lidarr", "applicationUrl": "", **body}
        try:
            answer = self._session.request(
                "PUT" if value_of(provider, "method") == 2 else "POST",
                text_of(provider, "url"),
                json=_without_nulls(message),
                headers=headers,
                auth=login if any(login) else None,
                timeout=REQUEST_SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            return f"Unable to post to webhook: {type(error).__name__}"
        status = answer.status_code
        return f"Unable to post to webhook: HTTP {status}" if status >= 400 else ""

    def _artist(self, artist: Artist | None) -> Row | None:
        if artist is None:
            return None
        labels = {tag.id: str(tag.body["label"]) for tag in self._core.of_kind(TAG)}
        return {
            "id": artist.id,
            "name": artist.name,
            "disambiguation": "",
            "path": artist.path,
            "mbId": artist.foreign_id,
            "type": "Group",
            "overview": "",
            "genres": [],
            "images": [],
            "tags": sorted(labels[tag] for tag in artist.tags if tag in labels),
        }


def _album(album: Album) -> Row:
    return {
        "id": album.id,
        "mbId": album.foreign_id,
        "title": album.title,
        "disambiguation": album.disambiguation,
        "overview": "",
        "albumType": album.album_type,
        "secondaryAlbumTypes": [],
        "releaseDate": f"{album.release_date}T00:00:00Z" if album.release_date else None,
        "genres": [],
        "images": [],
    }


def _track(track: Track) -> Row:
    number = str(track.number)
    return {"id": track.id, "title": track.title, "trackNumber": number, "qualityVersion": 0}


def _file(file: TrackFile) -> Row:
    return {
        "id": file.id,
        "path": file.path,
        "quality": file.quality,
        "qualityVersion": 1,
        "size": file.size,
        "dateAdded": file.added,
    }


def _without_nulls(body: Row) -> Row:
    return {
        key: _without_nulls(value) if isinstance(value, dict) else value
        for key, value in body.items()
        if value is not None
    }
