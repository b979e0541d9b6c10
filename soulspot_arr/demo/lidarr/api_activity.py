"""`/command`, `/queue`, `/history`, `/blocklist`, `/manualimport`: what Lidarr does and has done.

Hands orders to the rooms that carry them out (contract lidarr §11.1, §11.3).
"""

from __future__ import annotations

from soulspot_arr.demo.faults import LidarrFault
from soulspot_arr.demo.lidarr.commands import COMMANDS
from soulspot_arr.demo.lidarr.life import Life
from soulspot_arr.demo.lidarr.paging import page
from soulspot_arr.demo.lidarr.records import EVENT_NUMBERS, GRABBED, Happening
from soulspot_arr.demo.lidarr.resources import Resources, queue_id
from soulspot_arr.demo.lidarr.serving import Refused, Reply, Request, Router, answer
from soulspot_arr.demo.lidarr.tables import Row
from soulspot_arr.demo.lidarr.tracking import State, Tracked


class ActivityApi:
    """Orders and reports."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self._core = life.core
        self._show = Resources(life.core)

    def register(self, router: Router) -> None:
        """Add the routes."""
        commands = self._life.commands
        router.add("GET", "command", lambda _: answer([one.as_json() for one in commands.all()]))
        router.add("POST", "command", self._start)
        router.add("GET", "command/{id}", self._command)
        router.add("DELETE", "command/{id}", self._cancel)
        router.add("GET", "queue", self._queue)
        router.add("GET", "queue/details", self._details)
        router.add("GET", "queue/status", self._status)
        router.add("DELETE", "queue/{id}", self._remove)
        router.add("DELETE", "queue/bulk", self._remove_many)
        router.add("GET", "history", self._history)
        router.add("GET", "history/since", self._since)
        router.add("GET", "history/artist", self._of_artist)
        router.add("POST", "history/failed/{id}", self._mark_failed)
        router.add("GET", "blocklist", self._blocklist)
        router.add("DELETE", "blocklist/{id}", self._unblock)
        router.add("DELETE", "blocklist/bulk", self._unblock_many)
        router.add("GET", "manualimport", self._preview)
        router.add("POST", "manualimport", self._update_preview)

    # -- commands --------------------------------------------------------------------------------

    def _start(self, request: Request) -> Reply:
        body = request.json()
        wanted = str(body.get("name") or "").lower()
        name = next((one for one in COMMANDS if one.lower() == wanted), None)
        if name is None:
            raise Refused(500, {"message": "Sequence contains no matching element"})
        priority = "high" if name == "ManualImport" else "normal"
        rest = {key: value for key, value in body.items() if key != "name"}
        command = self._life.commands.push(name, rest, priority=priority)
        # The answer is what was queued, whatever a thread has made of it since.
        return answer(command.as_json(), 201)

    def _command(self, request: Request) -> Reply:
        command = self._life.commands.get(request.id)
        if command is None:
            raise Refused(404)
        return answer(command.as_json())

    def _cancel(self, request: Request) -> Reply:
        if not self._life.commands.cancel(request.id):
            raise Refused(404)
        return answer({})

    # -- queue -----------------------------------------------------------------------------------

    def _rows(self, *, artist: bool, album: bool, unknown: bool) -> list[Row]:
        return [
            row
            for tracked in self._life.tracker.queue()
            if unknown or tracked.artist is not None
            for row in self._show.queue(tracked, artist=artist, album=album)
        ]

    def _queue(self, request: Request) -> Reply:
        rows = self._rows(
            artist=request.flag("includeArtist"),
            album=request.flag("includeAlbum"),
            unknown=request.flag("includeUnknownArtistItems"),
        )
        wanted = request.numbers("artistIds")
        if wanted:
            rows = [row for row in rows if row["artistId"] in wanted]
        return answer(page(request, rows, key="timeleft"))

    def _details(self, request: Request) -> Reply:
        rows = self._rows(
            artist=request.flag("includeArtist"),
            album=request.flag("includeAlbum", True),
            unknown=True,
        )
        artist, albums = request.number("artistId"), request.numbers("albumIds")
        if artist:
            rows = [row for row in rows if row["artistId"] == artist]
        elif albums:
            rows = [row for row in rows if row["albumId"] in albums]
        return answer(rows)

    def _status(self, _: Request) -> Reply:
        queue = self._life.tracker.queue()
        known = [one for one in queue if one.artist is not None]
        warned = [one for one in queue if one.status == "warning"]
        return answer(
            {
                "totalCount": len(queue),
                "count": len(known),
                "unknownCount": len(queue) - len(known),
                "errors": False,
                "warnings": any(one in known for one in warned),
                "unknownErrors": False,
                "unknownWarnings": any(one not in known for one in warned),
                "id": 1,
            }
        )

    def _tracked(self, number: int) -> Tracked:
        for tracked in self._life.tracker.queue():
            if number in {
                queue_id(tracked, tracked.item, album) for album in (tracked.albums or (None,))
            }:
                return tracked
        raise Refused(404)

    def _remove(self, request: Request) -> Reply:
        self._take_out(self._tracked(request.id), request)
        return answer({})

    def _remove_many(self, request: Request) -> Reply:
        numbers = [int(one) for one in request.json().get("ids") or ()]
        for tracked in {id(one): one for one in map(self._tracked, numbers)}.values():
            self._take_out(tracked, request)
        return answer({})

    def _take_out(self, tracked: Tracked, request: Request) -> None:
        """Out of the client, onto the blocklist, or merely out of sight, as the query says."""
        from_client = request.flag("removeFromClient", True)
        blocklist = request.flag("blocklist")
        handling, books = self._life.handling, self._life.books
        if from_client:
            try:
                handling.remove_from_client(tracked)
            except LidarrFault as fault:
                raise Refused(500, {"message": str(fault)}) from fault
        if blocklist:
            handling.mark_failed(tracked, skip_search=request.flag("skipRedownload"))
        hidden = not from_client and not blocklist and not request.flag("changeCategory")
        if hidden and tracked.artist is not None and tracked.albums:
            books.ignored(tracked.albums, tracked.item.title, tracked.item.nzo_id)
            tracked.state = State.IGNORED
        self._life.tracker.stop(tracked.item.nzo_id)

    # -- history and blocklist -------------------------------------------------------------------

    def _history_rows(self, request: Request, rows: list[Happening]) -> list[Row]:
        return [
            self._show.history(
                row,
                artist=request.flag("includeArtist"),
                album=request.flag("includeAlbum"),
                track=request.flag("includeTrack"),
            )
            for row in rows
        ]

    def _history(self, request: Request) -> Reply:
        download, album = request.text("downloadId"), request.number("albumId")
        events, artists = request.numbers("eventType"), request.numbers("artistIds")
        rows = [
            row
            for row in self._core.history
            if (not download or row.download_id == download)
            and (not album or row.album_id == album)
            and (not events or EVENT_NUMBERS[row.event] in events)
            and (not artists or row.artist_id in artists)
        ]
        return answer(page(request, self._history_rows(request, rows), key="date", descending=True))

    def _since(self, request: Request) -> Reply:
        wanted = request.text("eventType")
        rows = [
            row
            for row in self._core.history
            if row.date >= request.text("date")
            and wanted in ("", row.event, str(EVENT_NUMBERS[row.event]))
        ]
        return answer(self._history_rows(request, rows))

    def _of_artist(self, request: Request) -> Reply:
        artist, album = request.number("artistId"), request.number("albumId")
        rows = [
            row
            for row in self._core.history
            if row.artist_id == artist and (not album or row.album_id == album)
        ]
        return answer(self._history_rows(request, sorted(rows, key=lambda row: row.date)))

    def _mark_failed(self, request: Request) -> Reply:
        row = self._core.history.get(request.id)
        if row is None or row.event != GRABBED:
            raise Refused(404)
        self._life.handling.mark_row_failed(row)
        return answer({})

    def _blocklist(self, request: Request) -> Reply:
        rows = [self._show.blocked(row) for row in self._core.blocklist]
        return answer(page(request, rows, key="date", descending=True))

    def _unblock(self, request: Request) -> Reply:
        self._core.blocklist.delete(request.id)
        return answer({})

    def _unblock_many(self, request: Request) -> Reply:
        for number in request.json().get("ids") or ():
            self._core.blocklist.delete(int(number))
        return answer({})

    # -- manual import ---------------------------------------------------------------------------

    def _preview(self, request: Request) -> Reply:
        rows = self._life.manual.preview(
            request.text("folder"),
            request.text("downloadId"),
            request.number("artistId"),
            replace=request.flag("replaceExistingFiles", True),
            new_only=request.flag("filterExistingFiles", True),
        )
        return answer(rows)

    def _update_preview(self, request: Request) -> Reply:
        body = request.any_json()
        if not isinstance(body, list):
            raise Refused(400)
        return answer(self._life.manual.update(body), 202)
