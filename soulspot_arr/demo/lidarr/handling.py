"""Completed and failed download handling: imports, failures, removals, and what follows.

It turns import results into states (contract lidarr §9.2), failures into a blocklist row and a new
search (§3.5), and calls the download client to remove what is done (§3.6).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from soulspot_arr.demo.download_items import ItemStatus
from soulspot_arr.demo.faults import LidarrFault
from soulspot_arr.demo.lidarr import records
from soulspot_arr.demo.lidarr.bookkeeping import Bookkeeping
from soulspot_arr.demo.lidarr.clients import BackOff, enabled_clients, sabnzbd
from soulspot_arr.demo.lidarr.core import Core
from soulspot_arr.demo.lidarr.importing import Importer, ImportResult
from soulspot_arr.demo.lidarr.records import Happening
from soulspot_arr.demo.lidarr.tables import Row
from soulspot_arr.demo.lidarr.tracking import State, Tracked, Tracker, valid_path

_INCOMPLETE = (
    "One or more tracks expected in this release were not imported or missing from the release"
)


class Handling:
    """The two halves of a minute: the poll, and the processing that follows it."""

    def __init__(
        self,
        core: Core,
        books: Bookkeeping,
        tracker: Tracker,
        importer: Importer,
        back_off: BackOff,
        search: Callable[[Sequence[int]], None],
    ) -> None:
        self._core = core
        self._books = books
        self._tracker = tracker
        self._importer = importer
        self._back_off = back_off
        self._search = search

    # -- RefreshMonitoredDownloads ---------------------------------------------------------------

    def poll(self) -> None:
        """Ask every client that is enabled and not in back-off; a failed poll untracks its items."""
        seen: list[Tracked] = []
        for client in enabled_clients(self._core):
            if self._back_off.blocked(client.id):
                continue
            try:
                items = sabnzbd(self._core, client).items()
                self._back_off.succeeded(client.id)
            except LidarrFault as fault:
                self._back_off.failed(client.id)
                name = client.body["name"]
                self._core.note(f"unable to retrieve queue and history items from {name}: {fault}")
                continue
            seen += self._tracker.see(client, items)
        self._tracker.keep_only(seen)

    # -- ProcessMonitoredDownloads ---------------------------------------------------------------

    def process(self) -> None:
        """Failures, imports and removals that are due."""
        handled = self._core.config("downloadclient")["enableCompletedDownloadHandling"]
        for tracked in self._tracker.all():
            if not tracked.trackable:
                continue
            try:
                if tracked.state is State.FAILED_PENDING:
                    self.fail(tracked)
                elif handled and tracked.state is State.IMPORT_PENDING:
                    self._import(tracked)
            except OSError as error:
                # Whatever breaks in the middle leaves the state as it is, "importing" for instance.
                self._core.note(f"failed to process download {tracked.item.title}: {error}")
        for tracked in self._tracker.all():
            if tracked.state is State.IMPORTED and not tracked.removed:
                self._remove(tracked, "removeCompletedDownloads")

    # -- imports ---------------------------------------------------------------------------------

    def _import(self, tracked: Tracked) -> None:
        if not valid_path(tracked):
            return
        if tracked.binding is None:
            tracked.warn("Unable to parse download, automatic import is not possible.")
            tracked.state = State.IMPORT_BLOCKED
            return
        tracked.state = State.IMPORTING
        path = tracked.item.output_path
        origin = (str(tracked.client.body["name"]), tracked.item.nzo_id)
        results = self._importer.process_path(path, artist=tracked.artist, origin=origin)
        if self.verify(tracked, results):
            return
        tracked.state = State.IMPORT_PENDING
        if not results:
            tracked.warn(f"No files found are eligible for import in {path}")
            return
        if len(results) == 1 and results[0].verdict is None:
            tracked.complain([{"title": results[0].errors[0], "messages": []}])
            return
        self._settle_incomplete(tracked, results)

    def _settle_incomplete(self, tracked: Tracked, results: Sequence[ImportResult]) -> None:
        messages: list[Row] = [{"title": _INCOMPLETE, "messages": []}]
        outside = [one for one in results if not one.imported and one.verdict is not None]
        if any(not one.imported for one in results):
            outside.sort(key=lambda one: one.verdict.file.path if one.verdict else "")
            for one in outside:
                assert one.verdict is not None
                name = PurePosixPath(one.verdict.file.path).name
                messages.append({"title": name, "messages": list(one.errors)})
            tracked.state = State.IMPORT_FAILED
            tracked.complain(messages)
            self._books.incomplete(
                tracked.albums, tracked.item.title, tracked.item.nzo_id, messages
            )
            return
        tracked.complain(messages)
        tracked.state = State.IMPORT_BLOCKED

    def verify(self, tracked: Tracked, results: Sequence[ImportResult]) -> bool:
        """Whether the download counts as imported now; then it is completed and removed."""
        imported = [one for one in results if one.imported]
        complete = (
            bool(results and len(imported) == len(results))
            or len(imported) >= self.expected(tracked)
            or self._imported_in_history(tracked)
        )
        if complete:
            self.complete(tracked)
        return complete

    def expected(self, tracked: Tracked) -> int:
        """How many tracks the monitored releases of its albums have, one at least."""
        library = self._core.library
        releases = (library.monitored(album.id) for album in tracked.albums)
        return max(
            1,
            sum(len(library.tracks_of(release.id)) for release in releases if release is not None),
        )

    def _imported_in_history(self, tracked: Tracked) -> bool:
        rows = self._books.rows_of(tracked.item.nzo_id)
        if not rows:
            return False
        for album in tracked.albums:
            last = next((row for row in rows if row.album_id == album.id), None)
            if last is None or last.event not in (
                records.DOWNLOAD_IMPORTED,
                records.TRACK_IMPORTED,
            ):
                return False
        return True

    def complete(self, tracked: Tracked) -> None:
        """Everything is in: history, then removal from the client."""
        tracked.state = State.IMPORTED
        self._books.completed(tracked.albums, tracked.item.title, tracked.item.nzo_id)
        if not tracked.removed and tracked.item.status is not ItemStatus.DOWNLOADING:
            self._remove(tracked, "removeCompletedDownloads")

    # -- failures --------------------------------------------------------------------------------

    def fail(self, tracked: Tracked) -> None:
        """A failed download becomes a blocklist row, a removal and a new search."""
        grabs = self._books.rows_of(tracked.item.nzo_id, records.GRABBED)
        if not grabs:
            return
        reason = "Failed download detected"
        if tracked.item.encrypted:
            reason = "Encrypted download detected"
        elif tracked.item.message.strip():
            reason = tracked.item.message
        tracked.state = State.DOWNLOAD_FAILED
        self._failed(grabs, reason, tracked, skip_search=False)

    def mark_failed(self, tracked: Tracked, *, skip_search: bool) -> None:
        """A person blocklists what is in the queue; nothing happens without a grab."""
        grabs = self._books.rows_of(tracked.item.nzo_id, records.GRABBED)
        if grabs:
            self._failed(grabs, "Manually marked as failed", tracked, skip_search=skip_search)

    def mark_row_failed(self, row: Happening) -> None:
        """A person marks a grab of the history as failed."""
        grabs = self._books.rows_of(row.download_id, records.GRABBED) or [row]
        self._failed(grabs, "Manually marked as failed", None, skip_search=False)

    def _failed(
        self,
        grabs: Sequence[Happening],
        message: str,
        tracked: Tracked | None,
        *,
        skip_search: bool,
    ) -> None:
        self._books.failed(grabs, message, tracked=tracked is not None)
        if tracked is not None and not tracked.removed:
            self._remove(tracked, "removeFailedDownloads")
        settings = self._core.config("downloadclient")
        interactive = grabs[0].data.get("releaseSource") == "InteractiveSearch"
        if skip_search or not settings["autoRedownloadFailed"]:
            return
        if interactive and not settings["autoRedownloadFailedFromInteractiveSearch"]:
            return
        # The new search is guaranteed to come last (contract lidarr §3.5).
        self._search(list(dict.fromkeys(row.album_id for row in grabs)))

    # -- removal ---------------------------------------------------------------------------------

    def _remove(self, tracked: Tracked, permission: str) -> None:
        if not tracked.client.body.get(permission):
            return
        try:
            self.remove_from_client(tracked)
        except LidarrFault as fault:
            self._core.note(f"couldn't remove item {tracked.item.title}: {fault}")
            return
        tracked.removed = True

    def remove_from_client(self, tracked: Tracked) -> None:
        """R4, then R7 or folder and R8 (contract lidarr §3.6); LidarrFault when it fails."""
        item = tracked.item
        # A folder that Lidarr cannot delete costs a warning; the client is told all the same.
        if self._core.disk.protected(item.output_path):
            self._core.note(f"error while trying to delete data from {item.output_path}")
            item = replace(item, output_path="")
        sabnzbd(self._core, tracked.client).remove(item)
