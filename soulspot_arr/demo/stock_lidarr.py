"""Stock Lidarr in one object: Test buttons, search, grab, poll, import, failure, removal.

It glues the two clients, the decision engine, the tracker and the importer, and answers every step
with events. It decides nothing that Lidarr would not decide, and it knows the service only by its
answers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from soulspot_arr.demo.decisions import BlocklistRow, Decision, Surroundings, decide_all
from soulspot_arr.demo.download_items import DownloadItem, ItemStatus
from soulspot_arr.demo.events import (
    DownloadFailed,
    Event,
    Grabbed,
    GrabSkipped,
    Imported,
    ImportStuck,
    PollFailed,
    Progress,
    RemovalFailed,
    Removed,
    Searched,
    SearchFailed,
    TrackedState,
    Untracked,
)
from soulspot_arr.demo.faults import ClientUnavailable, IndexerFault, LidarrFault
from soulspot_arr.demo.importer import ImportState, import_download
from soulspot_arr.demo.library import Album
from soulspot_arr.demo.newznab_client import NewznabClient
from soulspot_arr.demo.sabnzbd_client import SabnzbdClient, TestFinding
from soulspot_arr.demo.tracking import Grab, TrackedDownload, Tracker


@dataclass(frozen=True, slots=True)
class Preferences:
    """The settings of Lidarr that change what it does with us; the defaults are Lidarr's."""

    indexer_name: str = "SoulSpot"
    retention_days: int = 0
    search_again: bool = True
    remove_completed: bool = True
    remove_failed: bool = True
    nzb_retry_pause: float = 3.0


def _utc_now() -> datetime:
    return datetime.now(UTC)


class StockLidarr:
    """One Lidarr with one indexer, one download client and one library folder."""

    def __init__(
        self,
        indexer: NewznabClient,
        client: SabnzbdClient,
        *,
        library: Sequence[Album],
        library_root: Path,
        preferences: Preferences | None = None,
        clock: Callable[[], datetime] = _utc_now,
    ) -> None:
        self.indexer = indexer
        self.client = client
        self.library = tuple(library)
        self.library_root = library_root
        self.blocklist: list[BlocklistRow] = []
        self.tracker = Tracker(self.library)
        self._preferences = preferences or Preferences()
        self._clock = clock

    # -- buttons ---------------------------------------------------------------------------------

    def test_buttons(self) -> dict[str, list[TestFinding]]:
        """Both Test buttons; an empty list is a green tick."""
        return {"indexer": self.indexer.test(), "download client": self.client.test()}

    def search(self, album: Album) -> Searched | SearchFailed:
        """An album search: every result judged, the best first."""
        try:
            releases = self.indexer.search_album(
                album.artist,
                album.title,
                disambiguation=album.disambiguation,
                year=album.year,
            )
        except IndexerFault as fault:
            return SearchFailed(album, str(fault))
        return Searched(album, decide_all(releases, album, self._surroundings(album)))

    def grab_best(self, album: Album, decisions: Sequence[Decision]) -> list[Event]:
        """Try the approved candidates in order until one is accepted (contract lidarr §5.4)."""
        events: list[Event] = []
        for decision in decisions:
            if not decision.approved:
                continue
            event = self.grab(album, decision)
            events.append(event)
            if isinstance(event, Grabbed) or event.pending:
                break
        return events

    def grab(self, album: Album, decision: Decision) -> Grabbed | GrabSkipped:
        """Fetch one release's NZB and hand it to the download client."""
        try:
            nzb = self.indexer.fetch_nzb(
                decision.release.url, retry_pause=self._preferences.nzb_retry_pause
            )
            nzo_id = self.client.add(nzb, decision.release.title)
        except ClientUnavailable as fault:
            # This and every later candidate wait for the next RSS sync.
            return GrabSkipped(album, decision, str(fault), pending=True)
        except LidarrFault as fault:
            return GrabSkipped(album, decision, str(fault))
        self.tracker.grabs[nzo_id] = Grab(nzo_id, album, decision)
        return Grabbed(nzo_id, album, decision)

    # -- the minute --------------------------------------------------------------------------------

    def refresh(self) -> list[Event]:
        """What happens about once a minute: a poll, then the processing run it triggers."""
        return [*self.poll(), *self.process()]

    def poll(self) -> list[Event]:
        """R4 and R5, and what the tracker learns from them."""
        try:
            items = self.client.items()
        except LidarrFault as fault:
            for download in self.tracker.downloads.values():
                download.trackable = False
            return [PollFailed(str(fault))]
        gone = self.tracker.see(items)
        return [*map(self._progress, items), *map(Untracked, gone)]

    def process(self) -> list[Event]:
        """Imports, failures and removals that are due."""
        events: list[Event] = []
        for download in list(self.tracker.downloads.values()):
            if not download.trackable:
                continue
            if download.state is TrackedState.FAILED_PENDING:
                events += self._fail(download)
            elif download.state is TrackedState.IMPORT_PENDING:
                events += self._import(download)
        for download in list(self.tracker.downloads.values()):
            due = download.state is TrackedState.IMPORTED and not download.removed
            if due and self._preferences.remove_completed:
                events += self._remove(download)
        return events

    def _progress(self, item: DownloadItem) -> Progress:
        download = self.tracker.downloads[item.nzo_id]
        return Progress(
            nzo_id=item.nzo_id,
            title=item.title,
            status=item.status,
            size=item.size,
            remaining_size=item.remaining_size,
            remaining_time=item.remaining_time,
            state=download.state,
            message=item.message,
        )

    def _import(self, download: TrackedDownload) -> list[Event]:
        nzo_id = download.item.nzo_id
        # An item that turned Failed after Completed is still ImportPending; Lidarr goes on.
        if download.album is None:
            download.state = TrackedState.IMPORT_BLOCKED
            download.messages = ("Unable to parse download, automatic import is not possible.",)
            return [ImportStuck(nzo_id, download.state, download.messages)]
        result = import_download(
            download.item.output_path,
            download.album,
            library=self.library,
            library_root=self.library_root,
        )
        self.tracker.settle(download, TrackedState(result.state.value))
        download.messages = result.messages
        if result.state is not ImportState.IMPORTED:
            return [ImportStuck(nzo_id, download.state, result.messages)]
        events: list[Event] = [Imported(nzo_id, download.album, result.files, result.distance)]
        if (
            self._preferences.remove_completed
            and download.item.status is not ItemStatus.DOWNLOADING
        ):
            events += self._remove(download)
        return events

    def _fail(self, download: TrackedDownload) -> list[Event]:
        grab = download.grab
        assert grab is not None, "only grabbed downloads become FAILED_PENDING"
        reason = "Failed download detected"
        if download.item.encrypted:
            reason = "Encrypted download detected"
        elif download.item.message.strip():
            reason = download.item.message
        self.tracker.settle(download, TrackedState.DOWNLOAD_FAILED)
        release = grab.decision.release
        self.blocklist.append(
            BlocklistRow(
                artist=grab.album.artist,
                title=release.title,
                published=release.published.replace(microsecond=0),
                size=release.size,
                indexer=self._preferences.indexer_name,
            )
        )
        events: list[Event] = [DownloadFailed(grab.nzo_id, grab.album, release.title, reason)]
        if self._preferences.remove_failed:
            events += self._remove(download)
        # The new search is guaranteed to come last (contract lidarr §3.5).
        if self._preferences.search_again:
            found = self.search(grab.album)
            events.append(found)
            if isinstance(found, Searched):
                events += self.grab_best(grab.album, found.decisions)
        return events

    def _remove(self, download: TrackedDownload) -> list[Event]:
        try:
            self.client.remove(download.item)
        except LidarrFault as fault:
            return [RemovalFailed(download.item.nzo_id, str(fault))]
        download.removed = True
        return [Removed(download.item.nzo_id)]

    def _surroundings(self, album: Album) -> Surroundings:
        return Surroundings(
            now=self._clock(),
            indexer=self._preferences.indexer_name,
            blocklist=tuple(self.blocklist),
            queued_qualities=self.tracker.active_qualities(album),
            retention_days=self._preferences.retention_days,
        )
