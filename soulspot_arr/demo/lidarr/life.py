"""One running Lidarr: everything built and connected, its commands, its clock.

A restart ends a life and begins another on the same store; what only lived in memory is gone.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from soulspot_arr.demo.faults import LidarrFault
from soulspot_arr.demo.lidarr.bookkeeping import Bookkeeping
from soulspot_arr.demo.lidarr.clients import BackOff, newznab
from soulspot_arr.demo.lidarr.commands import (
    Command,
    CommandFailed,
    CommandQueue,
    Unsuccessful,
)
from soulspot_arr.demo.lidarr.core import INDEXER, Core
from soulspot_arr.demo.lidarr.grabbing import Grabber, NotGrabbed
from soulspot_arr.demo.lidarr.handling import Handling
from soulspot_arr.demo.lidarr.importing import Importer
from soulspot_arr.demo.lidarr.library import SeveralArtists
from soulspot_arr.demo.lidarr.manual_import import ManualImport
from soulspot_arr.demo.lidarr.records import Album
from soulspot_arr.demo.lidarr.tracking import Tracker
from soulspot_arr.demo.lidarr.webhooks import Webhooks
from soulspot_arr.rules.lidarr.parser import read_back

TICK, REFRESH, DEBOUNCE = 30.0, 60.0, 5.0
"""Seconds: how often the scheduler looks, how old a poll must be, how long an event waits (§4)."""


class Life:
    """The rooms of one process."""

    def __init__(self, core: Core, killed: Callable[[], None] = lambda: None) -> None:
        """`killed` is told when the process does not survive one of its commands."""
        self.core = core
        self.webhooks = Webhooks(core)
        self.back_off = BackOff(core)
        self.books = Bookkeeping(core, self.webhooks)
        self.tracker = Tracker(core, self.books)
        self.importer = Importer(core, self.books, self.webhooks)
        self.grabber = Grabber(core, self.books, self.tracker)
        self.handling = Handling(
            core, self.books, self.tracker, self.importer, self.back_off, self._search_again
        )
        self.manual = ManualImport(core, self.tracker, self.importer, self.handling)
        self.commands = CommandQueue(core.store, self._execute, killed)
        self._clock = threading.Thread(target=self._tick, name="lidarr-clock", daemon=True)
        self._wake = threading.Event()
        self._stopped = False
        self._due: float | None = None
        core.hasten = self._hasten

    def start(self) -> None:
        """Begin to work and to poll; nothing happens by itself in a manual life."""
        if not self.core.options.manual:
            self.commands.start()
            self._clock.start()

    def stop(self) -> None:
        """End it; what runs is waited for."""
        self._stopped = True
        self._wake.set()
        self.commands.stop()
        if self._clock.is_alive():
            self._clock.join(5.0)

    def refresh(self) -> None:
        """A poll and the processing that follows, here and now."""
        self.commands.push("RefreshMonitoredDownloads", trigger="scheduled", priority="high")
        self.commands.run_waiting()

    # -- clock -----------------------------------------------------------------------------------

    def _hasten(self) -> None:
        """A refresh soon; every further event puts it off again."""
        self._due = time.monotonic() + DEBOUNCE / self.core.options.time_scale
        self._wake.set()

    def _tick(self) -> None:
        scale = self.core.options.time_scale
        last, look = float("-inf"), 0.0
        while not self._stopped:
            at = time.monotonic()
            due = self._due is not None and at >= self._due
            if due or (at >= look and at - last > REFRESH / scale):
                self.commands.push(
                    "RefreshMonitoredDownloads", trigger="scheduled", priority="high"
                )
                self._due, last = (None, last) if due else (self._due, at)
            if at >= look:
                look = at + TICK / scale
            until = min(look, self._due) if self._due is not None else look
            self._wake.wait(max(until - time.monotonic(), 0.001))
            self._wake.clear()

    # -- commands --------------------------------------------------------------------------------

    def _execute(self, command: Command) -> None:
        body, library = command.body, self.core.library
        if command.name == "RefreshMonitoredDownloads":
            self.handling.poll()
            self.commands.push("ProcessMonitoredDownloads", trigger="unspecified", priority="high")
        elif command.name == "ProcessMonitoredDownloads":
            self.handling.process()
        elif command.name == "DownloadedAlbumsScan":
            self._scan(command)
        elif command.name == "ManualImport":
            self.manual.execute(body)
        elif command.name == "AlbumSearch":
            self._search(body.get("albumIds") or ())
        elif command.name == "ArtistSearch":
            self._search([one.id for one in library.albums_of(int(body.get("artistId") or 0))])
        elif command.name in ("MissingAlbumSearch", "CutoffUnmetAlbumSearch"):
            wanted = int(body.get("artistId") or 0)
            self._search([one.id for one in self.missing() if wanted in (0, one.artist_id)])
        elif command.name == "RssSync":
            self._rss()

    def _scan(self, command: Command) -> None:
        path = str(command.body.get("path") or "")
        if not path:
            raise CommandFailed("A path must be provided (Parameter 'path')")
        disk = self.core.disk
        if not disk.is_folder(path) and not disk.is_file(path):
            self.core.note(f"folder/file specified for import scan [{path}] doesn't exist")
            raise Unsuccessful
        mode = str(command.body.get("importMode") or "auto").lower()
        download_id = str(command.body.get("downloadClientId") or "")
        tracked = self.tracker.find(download_id) if download_id else None
        if tracked is None:
            results = self.importer.process_path(path, mode=mode)
        elif tracked.binding is None:
            raise CommandFailed("Object reference not set to an instance of an object.")
        else:
            origin = (str(tracked.client.body["name"]), download_id)
            results = self.importer.process_path(
                path, mode=mode, artist=tracked.artist, origin=origin
            )
            self.handling.verify(tracked, results)
        if not any(one.imported for one in results):
            raise Unsuccessful

    def missing(self) -> list[Album]:
        """Monitored albums of which a track is missing."""
        library = self.core.library
        found = []
        for album in library.albums:
            release = library.monitored(album.id)
            tracks = library.tracks_of(release.id) if release else []
            if album.monitored and any(track.file_id == 0 for track in tracks):
                found.append(album)
        return found

    def _search_again(self, album_ids: Sequence[int]) -> None:
        self.commands.push("AlbumSearch", {"albumIds": list(album_ids)}, trigger="unspecified")

    def _search(self, album_ids: Sequence[int]) -> None:
        for number in album_ids:
            album = self.core.library.albums.get(int(number))
            if album is not None:
                self.grabber.grab_best(album)

    def _rss(self) -> None:
        """The newest releases of every indexer against what is missing; one grab for an album."""
        missing = {album.id: album for album in self.missing()}
        for indexer in self.core.of_providers(INDEXER):
            if not indexer.body["enableRss"]:
                continue
            try:
                releases = newznab(self.core, indexer).recent()
            except LidarrFault as fault:
                self.core.note(f"indexer {indexer.body['name']} failed: {fault}")
                continue
            for release in releases:
                album = self._wanted(release.title)
                if album is None or album.id not in missing:
                    continue
                [offered] = self.grabber.judge(indexer, album, [release])
                if not offered.decision.approved:
                    continue
                try:
                    self.grabber.grab(offered, source="Rss")
                    del missing[album.id]
                except NotGrabbed as error:
                    self.core.note(f"not grabbed: {error}")

    def _wanted(self, title: str) -> Album | None:
        parsed = read_back(title)
        try:
            binding = self.tracker.map(parsed) if parsed is not None else None
        except SeveralArtists:
            return None
        return binding.albums[0] if binding is not None and len(binding.albums) == 1 else None
