"""Manual import: the preview that a person edits, and the command that believes every word of it.

The command asks no specification at all: what is named goes where it is told (contract lidarr
§11.1).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path, PurePosixPath

from soulspot_arr.demo.lidarr.commands import CommandFailed
from soulspot_arr.demo.lidarr.core import Core
from soulspot_arr.demo.lidarr.handling import Handling
from soulspot_arr.demo.lidarr.identification import Overrides
from soulspot_arr.demo.lidarr.importing import Importer, ImportResult
from soulspot_arr.demo.lidarr.library import SeveralArtists
from soulspot_arr.demo.lidarr.records import Artist, Track
from soulspot_arr.demo.lidarr.resources import Resources
from soulspot_arr.demo.lidarr.tables import Row
from soulspot_arr.demo.lidarr.tags import read_file
from soulspot_arr.demo.lidarr.tracking import Tracked, Tracker
from soulspot_arr.demo.lidarr.verdicts import Verdict
from soulspot_arr.rules.lidarr.parser import read_back


class ManualImport:
    """Both ends of `/manualimport`, and the command."""

    def __init__(
        self, core: Core, tracker: Tracker, importer: Importer, handling: Handling
    ) -> None:
        self._core = core
        self._tracker = tracker
        self._importer = importer
        self._handling = handling
        self._resources = Resources(core)

    # -- preview ---------------------------------------------------------------------------------

    def preview(
        self, folder: str, download_id: str, artist_id: int, *, replace: bool, new_only: bool
    ) -> list[Row]:
        """What lies in a folder (or in that of a download) and what Lidarr would make of it."""
        tracked = self._tracker.find(download_id) if download_id else None
        if download_id:
            if tracked is None:
                return []
            folder = tracked.item.output_path
        disk = self._core.disk
        if disk.is_file(folder):
            paths, artist = [folder], self._core.library.artists.get(artist_id)
        elif disk.is_folder(folder):
            paths = [str(path) for path in disk.audio_files(folder, every=True)]
            artist = self._artist(folder, artist_id, tracked)
        else:
            return []
        if new_only:
            known = {file.path for file in self._core.library.files}
            paths = [path for path in paths if path not in known]
        origin = (str(tracked.client.body["name"]), download_id) if tracked else None
        verdicts = self._importer.verdicts(paths, Overrides(artist=artist), origin)
        return [self._item(one, download_id, replace=replace) for one in verdicts]

    def update(self, items: Sequence[Row]) -> list[Row]:
        """The same files judged again under what a person has chosen."""
        library = self._core.library
        answers = []
        for _, members in groupby(
            sorted(items, key=lambda one: int(one.get("albumId") or 0)),
            key=lambda one: int(one.get("albumId") or 0),
        ):
            rows = list(members)
            first = rows[0]
            overrides = Overrides(
                library.artists.get(first.get("artistId")),
                library.albums.get(first.get("albumId")),
                library.releases.get(first.get("albumReleaseId")),
            )
            paths = [str(row["path"]) for row in rows]
            verdicts = {
                one.file.path: one
                for one in self._importer.verdicts(paths, overrides, None, single=True)
            }
            for row in rows:
                verdict = verdicts[str(row["path"])]
                replace = bool(row.get("replaceExistingFiles"))
                item = self._item(verdict, str(row.get("downloadId") or ""), replace=replace)
                kept = {name: row[name] for name in ("id", "quality") if row.get(name)}
                answers.append(item | kept)
        return answers

    def _artist(self, folder: str, artist_id: int, tracked: Tracked | None) -> Artist | None:
        artist = self._core.library.artists.get(artist_id)
        if artist is None:
            name = PurePosixPath(folder).name
            parsed = read_back(name)
            try:
                artist = self._core.library.artist_by_name(parsed.artist if parsed else name)
            except SeveralArtists:
                artist = None
        return artist or (tracked.artist if tracked is not None else None)

    def _item(self, verdict: Verdict, download_id: str, *, replace: bool) -> Row:
        library, path = self._core.library, verdict.file.path
        row: Row = {
            "path": path,
            "name": PurePosixPath(path).stem,
            "size": verdict.file.size,
            "albumReleaseId": verdict.release.id if verdict.release else 0,
            "tracks": [self._resources.track(verdict.track)] if verdict.track else [],
            "quality": self._resources.quality(verdict.quality),
            "qualityWeight": 1,
            "downloadId": download_id or None,
            "indexerFlags": 0,
            "rejections": [
                {"reason": reason, "type": "permanent"} for reason in verdict.rejections
            ],
            "audioTags": self._resources.tags(verdict.file),
            "additionalFile": False,
            "replaceExistingFiles": replace,
            "disableReleaseSwitching": False,
            "id": _number(path),
        }
        if verdict.album is not None:
            row["album"] = self._resources.album(verdict.album)
            row["artist"] = self._resources.artist(library.artist_of(verdict.album))
        return row

    # -- the command -----------------------------------------------------------------------------

    def execute(self, body: Row) -> None:
        """Take the named files in; CommandFailed when something named does not exist."""
        results: list[ImportResult] = []
        tracked: Tracked | None = None
        files: list[Row] = list(body.get("files") or [])
        for album_id in dict.fromkeys(int(file["albumId"]) for file in files):
            members = [file for file in files if int(file["albumId"]) == album_id]
            self._pin_release(members[0])
            verdicts = [self._believed(file) for file in members]
            download_id = next(
                (str(one["downloadId"]) for one in members if one.get("downloadId")), ""
            )
            origin = None
            if download_id:
                tracked = self._tracker.find(download_id)
                if tracked is None:
                    raise CommandFailed("Object reference not set to an instance of an object.")
                origin = (str(tracked.client.body["name"]), download_id)
            found = self._importer.take_in(
                verdicts,
                replace=bool(body.get("replaceExistingFiles")),
                mode=str(body.get("importMode") or "auto").lower(),
                origin=origin,
            )
            results += found if download_id else []
        if tracked is not None:
            self._close(tracked, results)

    def _pin_release(self, file: Row) -> None:
        album = self._core.library.albums.get(int(file["albumId"]))
        if album is not None and file.get("disableReleaseSwitching"):
            album.any_release_ok = False
            self._core.library.albums.save(album)

    def _believed(self, file: Row) -> Verdict:
        library, path = self._core.library, str(file["path"])
        album = library.albums.get(int(file["albumId"]))
        release = library.releases.get(int(file.get("albumReleaseId") or 0))
        artist = library.artists.get(int(file.get("artistId") or 0))
        tracks = [library.tracks.get(int(one)) for one in file.get("trackIds") or ()]
        if album is None or release is None or artist is None or None in tracks or not tracks:
            raise CommandFailed("Expected query to return 1 rows but returned 0")
        if not self._core.disk.is_file(path):
            raise CommandFailed(f"Could not find file '{path}'.")
        track: Track | None = tracks[0]
        quality = str(((file.get("quality") or {}).get("quality") or {}).get("name", "Unknown"))
        verdict = Verdict(
            read_file(path, Path(path).stat().st_size), album, release, track, quality
        )
        if not any(
            artist.path.startswith(one.rstrip("/") + "/") for one in self._core.root_folders
        ):
            verdict.rejections = [
                f"Destination artist folder {artist.path} is not in a Root Folder"
            ]
        return verdict

    def _close(self, tracked: Tracked, results: Sequence[ImportResult]) -> None:
        path, disk = tracked.item.output_path, self._core.disk
        if disk.is_folder(path) and not disk.worth_keeping(path):
            disk.delete_tree(path)
        imported = [one for one in results if one.imported]
        everything = bool(results) and len(imported) == len(results)
        if everything or len(imported) >= self._handling.expected(tracked):
            self._handling.complete(tracked)


def _number(path: str) -> int:
    return int.from_bytes(hashlib.sha1(path.encode(), usedforsecurity=False).digest()[:4]) >> 1
