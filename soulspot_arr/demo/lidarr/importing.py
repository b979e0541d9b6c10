"""Bringing files into the library: from a path to moved files, or to reasons why not.

The states of downloads are kept elsewhere; this room answers with one result per file (contract
lidarr §9.2, §9.3, §9.7).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from soulspot_arr.demo.lidarr.bookkeeping import Bookkeeping
from soulspot_arr.demo.lidarr.core import Core
from soulspot_arr.demo.lidarr.disk import ARCHIVE_ENDINGS, EXECUTABLE_ENDINGS
from soulspot_arr.demo.lidarr.identification import Overrides
from soulspot_arr.demo.lidarr.library import SeveralArtists
from soulspot_arr.demo.lidarr.likeness import file_name, shortened
from soulspot_arr.demo.lidarr.records import Album, Artist, Track, TrackFile, now
from soulspot_arr.demo.lidarr.tags import AUDIO_ENDINGS, LocalFile, read_file
from soulspot_arr.demo.lidarr.verdicts import Circumstances, Verdict, decide
from soulspot_arr.demo.lidarr.webhooks import Webhooks
from soulspot_arr.rules.lidarr.parser import read_back

_LONGEST_NAME = 255  # bytes


class RootFolderMissing(Exception):
    """The library is not where it should be."""


class DestinationExists(Exception):
    """A file of that name is in the library already."""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """One file (or, without `verdict`, the whole folder): in, or the reasons why not."""

    verdict: Verdict | None
    errors: tuple[str, ...] = ()
    imported: bool = False


@dataclass(slots=True)
class _Arrival:
    """What came in for one album."""

    files: list[tuple[TrackFile, Track]] = field(default_factory=list)
    replaced: list[TrackFile] = field(default_factory=list)


class Importer:
    """Reads folders, decides, moves."""

    def __init__(self, core: Core, books: Bookkeeping, webhooks: Webhooks) -> None:
        self._core = core
        self._books = books
        self._webhooks = webhooks

    # -- from a path -----------------------------------------------------------------------------

    def process_path(
        self,
        path: str,
        *,
        mode: str = "auto",
        artist: Artist | None = None,
        origin: tuple[str, str] | None = None,
    ) -> list[ImportResult]:
        """Import a folder or a file; nothing at all when Lidarr does not see it.

        `origin` is client and id of the download; OSError when the emptied folder is protected.
        """
        disk = self._core.disk
        if disk.is_folder(path):
            artist = artist or self._artist_of(PurePosixPath(path).name)
            if artist is None:
                return [ImportResult(None, ("Unknown Artist",))]
            return self._process_folder(path, artist, mode, origin)
        if disk.is_file(path):
            artist = artist or self._artist_of(PurePosixPath(path).stem)
            if artist is None:
                reason = f"Unknown Artist for file: {PurePosixPath(path).name}"
                stranger = Verdict(LocalFile(path, 0), rejections=["Unknown Artist"])
                return [ImportResult(stranger, (reason,))]
            return self._process_file(path, artist, mode, origin)
        self._core.note(f"import failed: the path {path} does not exist or is not accessible")
        return []

    def _process_folder(
        self, path: str, artist: Artist, mode: str, origin: tuple[str, str] | None
    ) -> list[ImportResult]:
        if any(one.path.rstrip("/") == path.rstrip("/") for one in self._core.library.artists):
            return [ImportResult(None, ("Import path is mapped to an artist folder",))]
        disk = self._core.disk
        verdicts = self.verdicts(
            [str(file) for file in disk.audio_files(path)], Overrides(artist=artist), origin
        )
        results = self.take_in(verdicts, replace=True, mode=mode, origin=origin)
        moved = mode != "copy" and any(result.imported for result in results)
        if moved and not disk.worth_keeping(path):
            self._delete_folder(path)
        elif not results:
            results += self._empty_folder(path)
        return results

    def _process_file(
        self, path: str, artist: Artist, mode: str, origin: tuple[str, str] | None
    ) -> list[ImportResult]:
        name = PurePosixPath(path)
        verdict = Verdict(LocalFile(path, 0))
        if name.name.startswith("._"):
            verdict.rejections = ["Invalid music file, filename starts with '._'"]
        elif name.suffix.lower() not in AUDIO_ENDINGS:
            verdict.rejections = [f"Invalid audio file, unsupported extension: '{name.suffix}'"]
        if verdict.rejections:
            return [ImportResult(verdict, tuple(verdict.rejections))]
        verdicts = self.verdicts([path], Overrides(artist=artist), origin)
        return self.take_in(verdicts, replace=True, mode=mode, origin=origin)

    def _delete_folder(self, path: str) -> None:
        try:
            self._core.disk.delete_tree(path)
        except PermissionError:
            # Lidarr expects I/O errors here, not a refusal: the whole import breaks off.
            raise
        except OSError as error:
            self._core.note(f"unable to delete folder after importing: {error}")

    def _empty_folder(self, path: str) -> Iterator[ImportResult]:
        endings = self._core.disk.endings(path)
        if endings & EXECUTABLE_ENDINGS:
            yield ImportResult(None, ("Caution: Found executable file",))
        elif endings & ARCHIVE_ENDINGS:
            yield ImportResult(None, ("Found archive file, might need to be extracted",))

    def _artist_of(self, name: str) -> Artist | None:
        parsed = read_back(name)
        try:
            return self._core.library.artist_by_name(parsed.artist if parsed else name)
        except SeveralArtists:
            return None

    # -- deciding --------------------------------------------------------------------------------

    def verdicts(
        self,
        paths: Sequence[str],
        overrides: Overrides,
        origin: tuple[str, str] | None,
        *,
        single: bool = False,
    ) -> list[Verdict]:
        """What Lidarr thinks of these files; nothing is changed."""
        files = [read_file(path, Path(path).stat().st_size) for path in paths]
        folders = str(self._core.config("downloadclient")["downloadClientWorkingFolders"])
        around = Circumstances(
            self._core.library,
            self._core.history,
            self._core.root_folders,
            tuple(folder for folder in folders.split("|") if folder),
            download_id=origin[1] if origin else None,
            free_bytes=self._free_bytes(),
        )
        return decide(files, overrides, around, single=single) if files else []

    def _free_bytes(self) -> int | None:
        """What may be written into the library; None when nobody checks."""
        page = self._core.config("mediamanagement")
        if page["skipFreeSpaceCheckWhenImporting"]:
            return None
        margin = int(page["minimumFreeSpaceWhenImporting"]) * 1024 * 1024
        free = [self._core.disk.free_bytes(root) for root in self._core.root_folders]
        known = [one for one in free if one is not None]
        return min(known) - margin if known else None

    # -- taking in -------------------------------------------------------------------------------

    def take_in(
        self,
        verdicts: Sequence[Verdict],
        *,
        replace: bool,
        mode: str = "auto",
        origin: tuple[str, str] | None = None,
    ) -> list[ImportResult]:
        """Move or copy every approved file; one result for each file."""
        arrivals = self._make_room(verdicts, replace=replace)
        approved = [one for one in verdicts if one.approved and one.track is not None]
        approved.sort(key=lambda one: (one.track.number if one.track else 0, -one.file.size))
        results: list[ImportResult] = []
        taken: set[int] = set()
        for verdict in approved:
            assert verdict.track is not None
            if verdict.track.id in taken:
                results.append(ImportResult(verdict, ("Track has already been imported",)))
                continue
            error = self._take_one(verdict, mode, arrivals)
            results.append(ImportResult(verdict, (error,) if error else (), not error))
            if not error:
                taken.add(verdict.track.id)
        self._announce(results, arrivals, origin)
        results += [
            ImportResult(one, tuple(one.rejections)) for one in verdicts if not one.approved
        ]
        return results

    def _make_room(self, verdicts: Sequence[Verdict], *, replace: bool) -> dict[int, _Arrival]:
        """Existing files out of the way, and the found release monitored."""
        arrivals: dict[int, _Arrival] = {}
        for verdict in verdicts:
            album, release = verdict.album, verdict.release
            if not verdict.approved or album is None or release is None or album.id in arrivals:
                continue
            arrivals[album.id] = arrival = _Arrival()
            if replace:
                for file in self._core.library.files_of(album.id):
                    self._remove_from_library(file)
                    arrival.replaced.append(file)
                self._books.files_deleted(album, arrival.replaced)
            self._core.library.monitor(release)
        return arrivals

    def _remove_from_library(self, file: TrackFile) -> None:
        if self._core.disk.is_file(file.path):
            self._core.disk.delete_file(file.path)
        self._core.library.forget_file(file)

    def _take_one(self, verdict: Verdict, mode: str, arrivals: dict[int, _Arrival]) -> str:
        """Move one file; the sentence Lidarr shows when that does not work."""
        assert verdict.album is not None
        assert verdict.track is not None
        arrival = arrivals[verdict.album.id]
        try:
            file = self._transfer(verdict, verdict.album, verdict.track, mode, arrival)
        except RootFolderMissing:
            return "Failed to import track, Root folder missing."
        except DestinationExists:
            return "Failed to import track, Destination already exists."
        except PermissionError:
            return "Failed to import track, Permissions error"
        except OSError as error:
            self._core.note(f"couldn't import {verdict.file.path}: {error}")
            return "Failed to import track"
        arrival.files.append((file, verdict.track))
        return ""

    def _transfer(
        self, verdict: Verdict, album: Album, track: Track, mode: str, arrival: _Arrival
    ) -> TrackFile:
        """Put one file where it belongs; the database learns of it when all are through."""
        source = verdict.file.path
        library, disk = self._core.library, self._core.disk
        artist = library.artist_of(album)
        target = self._target(artist, album, track, PurePosixPath(source))
        root = next(
            (one for one in self._core.root_folders if target.startswith(one.rstrip("/") + "/")),
            None,
        )
        if root is None or not disk.is_folder(root):
            raise RootFolderMissing(root or artist.path)
        old = library.files.get(track.file_id)
        if old is not None:
            self._remove_from_library(old)
            arrival.replaced.append(old)
        if target != source:
            if os.path.exists(target):
                raise DestinationExists(target)
            disk.make_folder(os.path.dirname(target))
            (disk.copy if mode == "copy" else disk.move)(source, target)
        return TrackFile(album.id, target, verdict.file.size, verdict.quality, added=now())

    def _target(self, artist: Artist, album: Album, track: Track, source: PurePosixPath) -> str:
        """Where a file goes. Without renaming (the default) all lie in the artist's folder."""
        if not self._core.config("naming")["renameTracks"]:
            return f"{artist.path}/{source.name}"
        release = self._core.library.monitored(album.id)
        several = release is not None and len(release.media) > 1
        folder = file_name(f"{album.title} ({album.year or 'Unknown'})")
        disc = f"/CD {track.medium:02d}" if several else ""
        name = file_name(f"{artist.name} - {album.title} - {track.number:02d} - {track.title}")
        name = shortened(name, _LONGEST_NAME - len(source.suffix))
        return f"{artist.path}/{folder}{disc}/{name}{source.suffix}"

    def _announce(
        self,
        results: Sequence[ImportResult],
        arrivals: dict[int, _Arrival],
        origin: tuple[str, str] | None,
    ) -> None:
        dropped = {
            result.verdict.track.id: result.verdict.file.path
            for result in results
            if result.imported and result.verdict is not None and result.verdict.track is not None
        }
        library = self._core.library
        for arrival in arrivals.values():
            for file, track in arrival.files:
                track.file_id = library.files.add(file).id
                library.tracks.save(track)
        for album_id, arrival in arrivals.items():
            album = library.albums.get(album_id)
            if album is None or not arrival.files:
                continue
            for file, track in arrival.files:
                self._books.track_imported(album, track, file, dropped[track.id], origin)
            self._webhooks.imported(album, arrival.files, arrival.replaced, origin)
