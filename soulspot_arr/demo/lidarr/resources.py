"""How Lidarr's API shows its rows: artists, albums, tracks, queue, history, blocklist.

Reads only. Names and types are those of the resources of API v1 (contract lidarr §11); what is
null is left out by the server.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

from soulspot_arr.demo.download_items import DownloadItem
from soulspot_arr.demo.lidarr.core import Core
from soulspot_arr.demo.lidarr.records import (
    Album,
    Artist,
    Blocked,
    Happening,
    Release,
    Track,
    TrackFile,
)
from soulspot_arr.demo.lidarr.tables import Row
from soulspot_arr.demo.lidarr.tags import LocalFile
from soulspot_arr.demo.lidarr.tracking import Tracked
from soulspot_arr.rules.lidarr.text import clean_name

# In the order of their numbers.
_QUALITIES = """
Unknown|MP3-192|MP3-VBR-V0|MP3-256|MP3-320|MP3-160|FLAC|ALAC|MP3-VBR-V2|AAC-192|AAC-256|AAC-320
|AAC-VBR|WAV|OGG Vorbis Q10|OGG Vorbis Q9|OGG Vorbis Q8|OGG Vorbis Q7|OGG Vorbis Q6|OGG Vorbis Q5
|WMA|FLAC 24bit|MP3-128|MP3-96|MP3-80|MP3-64|MP3-56|MP3-48|MP3-40|MP3-32|MP3-24|MP3-16|MP3-8
|MP3-112|MP3-224|APE|WavPack|ALAC 24bit
"""
_NUMBERS = {name.strip(): number for number, name in enumerate(_QUALITIES.split("|"))}


class Resources:
    """Rows as JSON objects."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def quality(self, name: str) -> Row:
        """A quality with its revision."""
        return {
            "quality": {"id": _NUMBERS.get(name, 0), "name": name},
            "revision": {"version": 1, "real": 0, "isRepack": False},
        }

    def artist(self, artist: Artist) -> Row:
        """An artist."""
        albums = self._core.library.albums_of(artist.id)
        return {
            "artistMetadataId": artist.id,
            "status": "continuing",
            "ended": False,
            "artistName": artist.name,
            "foreignArtistId": artist.foreign_id,
            "cleanName": clean_name(artist.name),
            "sortName": artist.name.lower(),
            "disambiguation": "",
            "path": artist.path,
            "rootFolderPath": artist.path.rpartition("/")[0] + "/",
            "qualityProfileId": 1,
            "metadataProfileId": 1,
            "monitored": artist.monitored,
            "monitorNewItems": "all",
            "tags": artist.tags,
            "genres": [],
            "images": [],
            "links": [],
            "statistics": {"albumCount": len(albums), **self._statistics(albums)},
            "id": artist.id,
        }

    def album(self, album: Album, *, artist: bool = True) -> Row:
        """An album with its releases but without tracks."""
        library = self._core.library
        current = library.monitored(album.id)
        owner = library.artist_of(album)
        return {
            "title": album.title,
            "disambiguation": album.disambiguation,
            "overview": "",
            "artistId": album.artist_id,
            "foreignAlbumId": album.foreign_id,
            "monitored": album.monitored,
            "anyReleaseOk": album.any_release_ok,
            "profileId": 1,
            "duration": self._duration(current),
            "albumType": album.album_type,
            "secondaryTypes": [],
            "mediumCount": len(current.media) if current else 0,
            "ratings": {"votes": 0, "value": 0},
            "releaseDate": f"{album.release_date}T00:00:00Z" if album.release_date else None,
            "releases": [self.release(one) for one in library.releases_of(album.id)],
            "genres": [],
            "media": current.media if current else [],
            "artist": self.artist(owner) if artist else None,
            "images": [],
            "links": [],
            "statistics": self._statistics([album]),
            "grabbed": False,
            "id": album.id,
        }

    def release(self, release: Release) -> Row:
        """One pressing."""
        return {
            "id": release.id,
            "albumId": release.album_id,
            "foreignReleaseId": release.foreign_id,
            "title": release.title,
            "status": "Official",
            "duration": self._duration(release),
            "trackCount": len(self._core.library.tracks_of(release.id)),
            "media": release.media,
            "mediumCount": len(release.media),
            "disambiguation": release.disambiguation,
            "country": release.countries,
            "label": release.labels,
            "format": str(release.media[0]["mediumFormat"]) if release.media else "",
            "monitored": release.monitored,
        }

    def track(self, track: Track, *, artist: bool = False) -> Row:
        """A track; the number counts within its medium."""
        album = self._core.library.album_of_track(track)
        owner = self._core.library.artist_of(album)
        return {
            "artistId": album.artist_id,
            "foreignTrackId": track.foreign_id,
            "foreignRecordingId": track.recording_id,
            "trackFileId": track.file_id,
            "albumId": album.id,
            "explicit": False,
            "absoluteTrackNumber": track.number,
            "trackNumber": str(track.number),
            "title": track.title,
            "duration": track.duration,
            "mediumNumber": track.medium,
            "hasFile": track.file_id > 0,
            "ratings": {"votes": 0, "value": 0},
            "artist": self.artist(owner) if artist else None,
            "id": track.id,
        }

    def track_file(self, file: TrackFile) -> Row:
        """A file of the library."""
        album = self._core.library.albums.get(file.album_id)
        return {
            "artistId": album.artist_id if album else 0,
            "albumId": file.album_id,
            "path": file.path,
            "size": file.size,
            "dateAdded": file.added,
            "quality": self.quality(file.quality),
            "qualityWeight": 1,
            "qualityCutoffNotMet": False,
            "id": file.id,
        }

    def tags(self, file: LocalFile) -> Row:
        """What was read out of a file."""
        tags = file.tags
        return {
            "title": tags.title,
            "cleanTitle": tags.clean_title,
            "artistTitle": tags.artist,
            "albumTitle": tags.album,
            "discNumber": tags.disc,
            "discCount": tags.discs,
            "year": tags.year,
            "label": tags.label,
            "trackNumbers": [tags.number],
            "duration": _span(timedelta(seconds=tags.seconds)),
            "releaseMBId": tags.release_id,
            "albumMBId": tags.album_id,
            "recordingMBId": tags.recording_id,
            "disambiguation": tags.comment,
            "quality": self.quality(tags.quality),
        }

    # -- queue, history, blocklist ---------------------------------------------------------------

    def queue(self, tracked: Tracked, *, artist: bool = False, album: bool = False) -> list[Row]:
        """One row for each album of a download, one without album when it has none."""
        albums: tuple[Album | None, ...] = tracked.albums or (None,)
        return [self._queue_row(tracked, one, artist, album) for one in albums]

    def _queue_row(self, tracked: Tracked, album: Album | None, artist: bool, albums: bool) -> Row:
        item, owner = tracked.item, tracked.artist
        release = self._core.library.monitored(album.id) if album else None
        tracks = self._core.library.tracks_of(release.id) if release else []
        quality = tracked.binding.quality if tracked.binding else "Unknown"
        left = item.remaining_time
        return {
            "artistId": owner.id if owner else None,
            "albumId": album.id if album else None,
            "artist": self.artist(owner) if artist and owner else None,
            "album": self.album(album) if albums and album else None,
            "quality": self.quality(quality),
            "customFormats": [],
            "customFormatScore": 0,
            "size": item.size,
            "title": item.title,
            "sizeleft": item.remaining_size,
            "timeleft": None if left is None else _span(left),
            "estimatedCompletionTime": None if left is None else _iso(datetime.now(UTC) + left),
            "added": tracked.added,
            "status": item.status.value,
            "trackedDownloadStatus": tracked.status,
            "trackedDownloadState": tracked.state.value,
            "statusMessages": tracked.messages,
            "errorMessage": item.message if item.in_history else None,
            "downloadId": item.nzo_id,
            "protocol": "usenet",
            "downloadClient": tracked.client.body["name"],
            "downloadClientHasPostImportCategory": False,
            "indexer": tracked.indexer,
            "outputPath": item.output_path or None,
            "trackFileCount": len(tracks),
            "trackHasFileCount": sum(1 for track in tracks if track.file_id),
            "downloadForced": False,
            "id": queue_id(tracked, item, album),
        }

    def history(self, row: Happening, *, artist: bool, album: bool, track: bool) -> Row:
        """A row of the history."""
        library = self._core.library
        owner, record = library.artists.get(row.artist_id), library.albums.get(row.album_id)
        song = library.tracks.get(row.track_id)
        return {
            "albumId": row.album_id,
            "artistId": row.artist_id,
            "trackId": row.track_id,
            "sourceTitle": row.source_title,
            "quality": self.quality(row.quality),
            "customFormats": [],
            "customFormatScore": 0,
            "qualityCutoffNotMet": False,
            "date": row.date,
            "downloadId": row.download_id or None,
            "eventType": row.event,
            "data": row.data,
            "album": self.album(record) if album and record else None,
            "artist": self.artist(owner) if artist and owner else None,
            "track": self.track(song) if track and song else None,
            "id": row.id,
        }

    def blocked(self, row: Blocked) -> Row:
        """A row of the blocklist."""
        owner = self._core.library.artists.get(row.artist_id)
        return {
            "artistId": row.artist_id,
            "albumIds": row.album_ids,
            "sourceTitle": row.title,
            "quality": self.quality(row.quality),
            "customFormats": [],
            "date": row.date,
            "protocol": "usenet",
            "indexer": row.indexer,
            "message": row.message,
            "artist": self.artist(owner) if owner else None,
            "id": row.id,
        }

    # -- sums ------------------------------------------------------------------------------------

    def _duration(self, release: Release | None) -> int:
        tracks = self._core.library.tracks_of(release.id) if release else []
        return sum(track.duration for track in tracks)

    def _statistics(self, albums: list[Album]) -> Row:
        library = self._core.library
        releases = [library.monitored(album.id) for album in albums]
        tracks = [track for one in releases if one for track in library.tracks_of(one.id)]
        files = [file for album in albums for file in library.files_of(album.id)]
        owned = sum(1 for track in tracks if track.file_id)
        return {
            "trackFileCount": owned,
            "trackCount": len(tracks),
            "totalTrackCount": len(tracks),
            "sizeOnDisk": sum(file.size for file in files),
            "percentOfTracks": 100.0 * owned / len(tracks) if tracks else 0,
        }


def queue_id(tracked: Tracked, item: DownloadItem, album: Album | None) -> int:
    """The number of a queue row: the same as long as client, download and album are."""
    text = f"trackedDownload-{tracked.client.id}-{item.nzo_id}-album{album.id if album else 0}"
    return int.from_bytes(hashlib.sha1(text.encode(), usedforsecurity=False).digest()[:4]) >> 1


def _span(time: timedelta) -> str:
    hours, rest = divmod(int(time.total_seconds()), 3600)
    return f"{hours:02d}:{rest // 60:02d}:{rest % 60:02d}"


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
