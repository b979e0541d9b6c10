"""Tracked downloads: what Lidarr remembers of each id, and how a poll changes it.

States live in memory and are seeded from the download history, so a restart keeps final ones and
forgets the rest (contract lidarr §3.5, §9.2). Nothing is imported or removed here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from soulspot_arr.demo.download_items import DownloadItem, ItemStatus, path_kind
from soulspot_arr.demo.lidarr import records
from soulspot_arr.demo.lidarr.bookkeeping import Bookkeeping
from soulspot_arr.demo.lidarr.core import Core
from soulspot_arr.demo.lidarr.library import SeveralArtists
from soulspot_arr.demo.lidarr.records import Album, Artist, Happening, Provider
from soulspot_arr.demo.lidarr.tables import Row
from soulspot_arr.rules.lidarr.parser import ReadBack, read_back, search_accepts


class State(StrEnum):
    """`trackedDownloadState` of the queue."""

    DOWNLOADING = "downloading"
    FAILED_PENDING = "downloadFailedPending"
    DOWNLOAD_FAILED = "downloadFailed"
    IMPORT_BLOCKED = "importBlocked"
    IMPORT_PENDING = "importPending"
    IMPORTING = "importing"
    IMPORT_FAILED = "importFailed"
    IMPORTED = "imported"
    IGNORED = "ignored"


_FROM_HISTORY = {
    records.IMPORT_INCOMPLETE: State.IMPORT_FAILED,
    records.DOWNLOAD_IMPORTED: State.IMPORTED,
    records.DOWNLOAD_FAILED: State.DOWNLOAD_FAILED,
    records.IGNORED: State.IGNORED,
}
OPEN = frozenset({State.DOWNLOADING, State.IMPORT_BLOCKED})
OVER = frozenset({State.IMPORTED, State.DOWNLOAD_FAILED, State.IGNORED})


@dataclass(frozen=True, slots=True)
class Binding:
    """What a title was mapped to; artist and albums may be missing although it was parsed."""

    artist: Artist | None
    albums: tuple[Album, ...]
    quality: str


@dataclass(slots=True, eq=False)
class Tracked:
    """One download in the cache."""

    item: DownloadItem
    client: Provider
    state: State = State.DOWNLOADING
    binding: Binding | None = None
    status: str = "ok"
    messages: list[Row] = field(default_factory=list)
    indexer: str | None = None
    added: str | None = None
    trackable: bool = True
    removed: bool = False

    def warn(self, *messages: str) -> None:
        """One complaint about the download as a whole."""
        self.complain([{"title": self.item.title, "messages": list(messages)}])

    def complain(self, messages: list[Row]) -> None:
        """Replace all complaints."""
        self.status = "warning"
        self.messages = messages

    @property
    def albums(self) -> tuple[Album, ...]:
        """The albums it is bound to."""
        return self.binding.albums if self.binding is not None else ()

    @property
    def artist(self) -> Artist | None:
        """The artist it is bound to."""
        return self.binding.artist if self.binding is not None else None


class Tracker:
    """The cache of tracked downloads."""

    def __init__(self, core: Core, books: Bookkeeping) -> None:
        self._core = core
        self._books = books
        self._cache: dict[str, Tracked] = {}

    def find(self, download_id: str) -> Tracked | None:
        """The download with this id."""
        return self._cache.get(download_id)

    def all(self) -> list[Tracked]:
        """Every download in the cache, tracked or not."""
        return list(self._cache.values())

    def stop(self, download_id: str) -> None:
        """Forget a download; a later poll may bring it back."""
        self._cache.pop(download_id, None)

    def see(self, client: Provider, items: Iterable[DownloadItem]) -> list[Tracked]:
        """Take one client's poll in; what is still to be tracked."""
        found = []
        for item in items:
            tracked = self._track(client, item)
            if tracked.state in OPEN:
                self._check_failed(tracked)
                try:
                    self._check_completed(tracked)
                except SeveralArtists as error:
                    # The check breaks off, so the state stays what it was.
                    self._core.note(f"couldn't process tracked download {item.title}: {error}")
            if self._is_trackable(tracked):
                found.append(tracked)
        return found

    def keep_only(self, seen: Iterable[Tracked]) -> None:
        """After all clients: what none of them listed (or what is over) leaves the queue."""
        ids = {tracked.item.nzo_id for tracked in seen}
        for tracked in self.all():
            if tracked.item.nzo_id not in ids:
                tracked.trackable = False

    def queue(self) -> list[Tracked]:
        """What the queue shows."""
        return [one for one in self.all() if one.trackable and self._is_trackable(one)]

    # -- one download ----------------------------------------------------------------------------

    def _track(self, client: Provider, item: DownloadItem) -> Tracked:
        known = self._cache.get(item.nzo_id)
        if known is not None and known.state is not State.DOWNLOADING:
            # A new item carries no "removed" mark: what is still listed is removed again (§3.6).
            known.item, known.trackable, known.removed = item, True, False
            return known
        tracked = self._cache[item.nzo_id] = Tracked(item, client)
        try:
            self._bind(tracked)
        except SeveralArtists as error:
            tracked.warn(f"Unable to import automatically, found multiple artists: {error}")
        return tracked

    def _bind(self, tracked: Tracked) -> None:
        item = tracked.item
        rows = self._books.rows_of(item.nzo_id)
        parsed = read_back(item.title)
        if parsed is not None:
            tracked.binding = self.map(parsed)
        last = self._books.last_state(item.nzo_id)
        if last is not None:
            tracked.state = _FROM_HISTORY.get(last.event, State.DOWNLOADING)
            if last.messages:
                tracked.complain(last.messages)
        grabs = [row for row in rows if row.event == records.GRABBED]
        if grabs:
            tracked.indexer = grabs[0].data.get("indexer")
            tracked.added = grabs[0].date
        if rows and (tracked.artist is None or not tracked.albums):
            tracked.binding = self._from_history(rows[0], grabs) or tracked.binding

    def map(self, parsed: ReadBack) -> Binding:
        """A parsed title against the library; SeveralArtists when the name is not unique."""
        library = self._core.library
        artist = library.artist_by_name(parsed.artist)
        if artist is None:
            return Binding(None, (), parsed.quality)
        if parsed.discography:
            return Binding(artist, tuple(library.albums_of(artist.id)), parsed.quality)
        album = library.album_by_title(artist.id, parsed.album)
        return Binding(artist, (album,) if album is not None else (), parsed.quality)

    def _from_history(self, newest: Happening, grabs: list[Happening]) -> Binding | None:
        """By the ids of the grab, if the title that was grabbed makes sense at all."""
        library = self._core.library
        artist, album = library.artists.get(newest.artist_id), library.albums.get(newest.album_id)
        parsed = read_back(newest.source_title)
        if parsed is None:
            known = artist is not None and album is not None
            if not known or not search_accepts(newest.source_title, artist.name, album.title):  # type: ignore[union-attr]
                return None
        albums = (library.albums.get(one) for one in dict.fromkeys(row.album_id for row in grabs))
        quality = parsed.quality if parsed is not None else newest.quality
        return Binding(artist, tuple(one for one in albums if one is not None), quality)

    def _check_failed(self, tracked: Tracked) -> None:
        if not (tracked.item.encrypted or tracked.item.status is ItemStatus.FAILED):
            return
        if not self._books.rows_of(tracked.item.nzo_id, records.GRABBED):
            tracked.warn("Download wasn't grabbed by Lidarr, skipping")
            return
        tracked.state = State.FAILED_PENDING

    def _check_completed(self, tracked: Tracked) -> None:
        if tracked.item.status is not ItemStatus.COMPLETED or tracked.state not in OPEN:
            return
        rows = self._books.rows_of(tracked.item.nzo_id)
        if not rows and not (tracked.item.category or "").strip():
            tracked.warn("Download wasn't grabbed by Lidarr and not in a category, Skipping.")
            return
        if not valid_path(tracked):
            return
        if self._artist_of(tracked.item.title) is None and (
            not rows or self._core.library.artists.get(rows[0].artist_id) is None
        ):
            tracked.warn(
                "Artist name mismatch, automatic import is not possible. Check the download "
                "troubleshooting entry on the wiki for common causes."
            )
            tracked.state = State.IMPORT_BLOCKED
            return
        tracked.state = State.IMPORT_PENDING

    def _artist_of(self, title: str) -> Artist | None:
        parsed = read_back(title)
        return self._core.library.artist_by_name(parsed.artist if parsed else title)

    def _is_trackable(self, tracked: Tracked) -> bool:
        if tracked.state in OVER:
            return False
        handled = self._core.config("downloadclient")["enableCompletedDownloadHandling"]
        return bool(handled) or tracked.item.status is not ItemStatus.COMPLETED


def valid_path(tracked: Tracked) -> bool:
    """Whether the reported path is one of this system; complains when it is not."""
    path = tracked.item.output_path
    if not path:
        tracked.warn("Download doesn't contain intermediate path, Skipping.")
        return False
    if path_kind(path) != "unix":
        tracked.warn(f"[{path}] is not a valid local path. You may need a Remote Path Mapping.")
        return False
    return True
