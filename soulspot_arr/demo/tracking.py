"""Lidarr's tracked downloads: one state per id, and what a poll may change about it.

No I/O. A final state is remembered per id for ever, which is why an id must never be used twice
(contract lidarr §3.5, §5.5).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from soulspot_arr.demo.decisions import Decision
from soulspot_arr.demo.download_items import DownloadItem, ItemStatus, path_kind
from soulspot_arr.demo.events import FINAL_STATES, TrackedState
from soulspot_arr.demo.library import Album
from soulspot_arr.rules.lidarr.parser import (
    read_back,
    same_album,
    same_artist,
    search_accepts,
)
from soulspot_arr.rules.lidarr.text import clean_name

# What is done or given up leaves the activity page at the next poll.
_NO_LONGER_TRACKED = frozenset({TrackedState.IMPORTED, TrackedState.DOWNLOAD_FAILED})


@dataclass(frozen=True, slots=True)
class Grab:
    """A grab history row."""

    nzo_id: str
    album: Album
    decision: Decision


@dataclass(slots=True)
class TrackedDownload:
    """One download in Lidarr's cache."""

    item: DownloadItem
    state: TrackedState
    grab: Grab | None
    album: Album | None
    trackable: bool = True
    removed: bool = False
    messages: tuple[str, ...] = ()


@dataclass(slots=True)
class Tracker:
    """The cache of tracked downloads and the histories it is seeded from."""

    library: Sequence[Album]
    grabs: dict[str, Grab] = field(default_factory=dict)
    final: dict[str, TrackedState] = field(default_factory=dict)
    downloads: dict[str, TrackedDownload] = field(default_factory=dict)

    def see(self, items: Iterable[DownloadItem]) -> list[str]:
        """Take one poll in; returns the ids that were tracked before and are gone now."""
        seen: set[str] = set()
        for item in items:
            seen.add(item.nzo_id)
            download = self._track(item)
            self._advance(download)
            download.trackable = download.state not in _NO_LONGER_TRACKED
        gone: list[str] = []
        for nzo_id, download in self.downloads.items():
            if nzo_id in seen or not download.trackable:
                continue
            download.trackable = False
            if download.state not in _NO_LONGER_TRACKED:
                gone.append(nzo_id)
        return gone

    def settle(self, download: TrackedDownload, state: TrackedState) -> None:
        """Put a download into a state and remember it when it is final."""
        download.state = state
        if state in FINAL_STATES:
            self.final[download.item.nzo_id] = state

    def active_qualities(self, album: Album) -> tuple[str, ...]:
        """Qualities of everything of this album in Lidarr's queue, stuck imports included."""
        return tuple(
            download.grab.decision.quality
            for download in self.downloads.values()
            if download.trackable
            and download.state not in _NO_LONGER_TRACKED
            and download.grab is not None
            and download.album == album
            and download.state is not TrackedState.FAILED_PENDING
        )

    def forget_memory(self) -> None:
        """A restart of Lidarr: the cache is lost, both histories stay."""
        self.downloads.clear()

    def _track(self, item: DownloadItem) -> TrackedDownload:
        known = self.downloads.get(item.nzo_id)
        if known is not None and known.state is not TrackedState.DOWNLOADING:
            # The new item object carries no "already removed" mark (contract lidarr §3.6).
            known.item, known.removed = item, False
            return known
        grab = self.grabs.get(item.nzo_id)
        state = self.final.get(item.nzo_id, TrackedState.DOWNLOADING)
        download = TrackedDownload(item, state, grab, bind(item.title, grab, self.library))
        self.downloads[item.nzo_id] = download
        return download

    def _advance(self, download: TrackedDownload) -> None:
        # After Completed was believed, a later Failed is ignored (contract lidarr §3.5).
        if download.state not in (TrackedState.DOWNLOADING, TrackedState.IMPORT_BLOCKED):
            return
        item = download.item
        if item.encrypted or item.status is ItemStatus.FAILED:
            if download.grab is None:
                download.messages = ("Download wasn't grabbed by Lidarr, skipping",)
            else:
                download.state = TrackedState.FAILED_PENDING
        elif item.status is ItemStatus.COMPLETED:
            self._complete(download)

    def _complete(self, download: TrackedDownload) -> None:
        path = download.item.output_path
        if not path:
            download.messages = ("Download doesn't contain intermediate path, Skipping.",)
        elif path_kind(path) != "unix":
            download.messages = (f"[{path}] is not a valid local path.",)
        elif download.grab is None and find_artist(download.item.title, self.library) is None:
            download.messages = ("Artist name mismatch, automatic import is not possible.",)
            download.state = TrackedState.IMPORT_BLOCKED
        else:
            download.messages = ()
            download.state = TrackedState.IMPORT_PENDING


def bind(title: str, grab: Grab | None, library: Sequence[Album]) -> Album | None:
    """The album a download belongs to: by its title, else by the ids recorded at grab time."""
    parsed = read_back(title)
    if parsed is not None:
        named = _albums_of(parsed.artist, library)
        if len({entry.artist for entry in named}) > 1:
            # Two artists with one clean name: mapping raises and no other way is tried.
            return None
        albums = [entry for entry in named if same_album(parsed.album, entry.title)]
        if len(albums) == 1:
            return albums[0]
    if grab is None:
        return None
    grabbed = grab.decision.release.title
    readable = read_back(grabbed) is not None or search_accepts(
        grabbed, grab.album.artist, grab.album.title
    )
    return grab.album if readable else None


def find_artist(title: str, library: Iterable[Album]) -> str | None:
    """The library artist a title names; None when it does not parse or nobody fits."""
    parsed = read_back(title)
    if parsed is None:
        return None
    return next((entry.artist for entry in _albums_of(parsed.artist, library)), None)


def _albums_of(read: str, library: Iterable[Album]) -> list[Album]:
    """Everything by the artists a parsed name may mean: the clean name first, then without "the"."""
    albums = list(library)
    clean = clean_name(read)
    exact = [entry for entry in albums if clean and clean_name(entry.artist) == clean]
    return exact or [entry for entry in albums if same_artist(read, entry.artist)]
