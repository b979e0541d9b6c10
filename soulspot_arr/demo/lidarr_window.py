"""Lidarr as a person has it open in a browser: searches, grabs, and what its pages say.

It speaks Lidarr's own API (contract lidarr §11) and nothing else, so it works with any Lidarr, the
simulated one included. It decides nothing: what Lidarr does is Lidarr's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import requests

from soulspot_arr.demo.events import (
    Choice,
    DownloadFailed,
    Event,
    Grabbed,
    GrabRefused,
    Imported,
    ImportStuck,
    Progress,
)
from soulspot_arr.demo.library import Album
from soulspot_arr.demo.sabnzbd_client import TestFinding
from soulspot_arr.demo.wire import REQUEST_SECONDS, open_session

Row = dict[str, Any]

_GRABBED, _TRACK_IMPORTED = 1, 3
_BUTTONS = (
    ("indexer", "indexer"),
    ("downloadclient", "download client"),
    ("notification", "webhook"),
)
_SPAN = re.compile(r"(?:(\d+)\.)?(\d+):(\d+):(\d+)")
_MANY = 500


class NotInLibrary(LookupError):
    """Lidarr has no album of this name."""


class LidarrWindow:
    """One Lidarr; raises `requests.RequestException` when it does not answer as it should."""

    def __init__(self, url: str, api_key: str) -> None:
        self._base = f"{url.rstrip('/')}/api/v1"
        self._session = open_session("soulspot-arr demo")
        self._session.headers["X-Api-Key"] = api_key
        self._told = 0  # number of the last row of the history that was looked at
        self._known: set[str] = set()  # ids of grabs that were told
        self._complaints: dict[str, tuple[str, ...]] = {}

    # -- settings --------------------------------------------------------------------------------

    def test_buttons(self) -> dict[str, list[TestFinding]]:
        """The Test button of everything that is set up; an empty list is a green tick."""
        return {
            f"{name} {row['name']}": self._test(kind, row)
            for kind, name in _BUTTONS
            for row in self._get(kind)
        }

    def _test(self, kind: str, row: Row) -> list[TestFinding]:
        answer = self._ask("POST", f"{kind}/test", row)
        if answer.status_code == 400:
            return [
                TestFinding(
                    str(found.get("propertyName") or ""),
                    str(found.get("errorMessage") or ""),
                    bool(found.get("isWarning")),
                )
                for found in answer.json()
            ]
        answer.raise_for_status()
        return []

    def health(self) -> list[str]:
        """The sentences of its health page."""
        return [str(row["message"]) for row in self._get("health")]

    # -- searching and grabbing ------------------------------------------------------------------

    def search(self, album: Album) -> tuple[Choice, ...]:
        """An interactive search: every release with Lidarr's verdict, the best first."""
        rows = self._get("release", albumId=self.number_of(album))
        return tuple(
            Choice(
                title=str(row["title"]),
                quality=str(row["quality"]["quality"]["name"]),
                size=int(row["size"]),
                rejections=tuple(map(str, row.get("rejections") or ())),
                guid=str(row["guid"]),
                indexer_id=int(row["indexerId"]),
            )
            for row in rows
        )

    def number_of(self, album: Album) -> int:
        """Lidarr's number of an album; NotInLibrary when it is not there."""
        for artist in self._get("artist"):
            if artist["artistName"] != album.artist:
                continue
            for row in self._get("album", artistId=artist["id"]):
                alike = row["title"] == album.title
                if alike and (row.get("disambiguation") or "") == album.disambiguation:
                    return int(row["id"])
        raise NotInLibrary(f"{album.artist}: {album.title}")

    def grab_best(self, choices: Sequence[Choice]) -> list[Event]:
        """Try the approved releases in order until one is taken."""
        events: list[Event] = []
        for choice in choices:
            if not choice.approved:
                continue
            event = self.grab(choice)
            events.append(event)
            if isinstance(event, Grabbed):
                break
        return events

    def grab(self, choice: Choice) -> Grabbed | GrabRefused:
        """Press the button beside one release."""
        body = {"guid": choice.guid, "indexerId": choice.indexer_id}
        answer = self._ask("POST", "release", body)
        if answer.status_code >= 400:
            return GrabRefused(choice.title, _message(answer))
        # The answer names no download; its history does.
        for row in self._newest(eventType=_GRABBED):
            if row["sourceTitle"] == choice.title and row["downloadId"] not in self._known:
                self._known.add(row["downloadId"])
                return Grabbed(str(row["downloadId"]), choice.title)
        return GrabRefused(choice.title, "Lidarr keeps no record of it")

    # -- watching --------------------------------------------------------------------------------

    def look(self) -> list[Event]:
        """What is new since the last look, and how far everything in the queue is."""
        return [*self._queue_events(), *self._history_events()]

    def queued(self) -> list[Row]:
        """The rows of the queue."""
        page = self._get("queue", pageSize=_MANY, includeUnknownArtistItems="true")
        rows: list[Row] = page["records"]
        return rows

    def blocklist(self) -> list[str]:
        """Titles on the blocklist."""
        return [
            str(row["sourceTitle"]) for row in self._get("blocklist", pageSize=_MANY)["records"]
        ]

    def _queue_events(self) -> Iterator[Event]:
        # A download of several albums has a row for each of them.
        for nzo_id, row in {str(row["downloadId"]): row for row in self.queued()}.items():
            yield Progress(
                nzo_id,
                str(row["title"]),
                str(row["status"]),
                int(row["size"]),
                int(row["sizeleft"]),
                _seconds(row.get("timeleft")),
            )
            state = str(row["trackedDownloadState"])
            messages = tuple(_sentences(row.get("statusMessages") or ()))
            if messages and self._complaints.get(nzo_id) != (state, *messages):
                self._complaints[nzo_id] = (state, *messages)
                yield ImportStuck(nzo_id, state, messages)

    def _history_events(self) -> Iterator[Event]:
        rows = [row for row in self._newest() if row["id"] > self._told]
        for row in sorted(rows, key=lambda row: int(row["id"])):
            self._told = int(row["id"])
            nzo_id, title = str(row.get("downloadId") or ""), str(row["sourceTitle"])
            kind = row["eventType"]
            if kind == "grabbed" and nzo_id not in self._known:
                self._known.add(nzo_id)
                yield Grabbed(nzo_id, title)
            elif kind == "downloadFailed":
                yield DownloadFailed(nzo_id, title, str(row["data"].get("message") or ""))
            elif kind == "downloadImported":
                yield Imported(nzo_id, title, self._files_of(nzo_id))

    def _files_of(self, nzo_id: str) -> tuple[Path, ...]:
        rows = self._newest(downloadId=nzo_id, eventType=_TRACK_IMPORTED)
        return tuple(sorted(Path(row["data"]["importedPath"]) for row in rows))

    def _newest(self, **query: object) -> list[Row]:
        """Rows of the history, the newest first."""
        order = {"pageSize": _MANY, "sortKey": "date", "sortDirection": "descending"}
        rows: list[Row] = self._get("history", **order, **query)["records"]
        return rows

    # -- talking ---------------------------------------------------------------------------------

    def _get(self, path: str, **query: object) -> Any:
        answer = self._ask("GET", path, **query)
        answer.raise_for_status()
        return answer.json()

    def _ask(
        self, method: str, path: str, body: object = None, **query: object
    ) -> requests.Response:
        return self._session.request(
            method,
            f"{self._base}/{path}",
            json=body,
            params={name: str(value) for name, value in query.items()},
            timeout=REQUEST_SECONDS,
        )


def _message(answer: requests.Response) -> str:
    try:
        body = answer.json()
    except ValueError:
        body = None
    told = body.get("message") if isinstance(body, dict) else None
    return str(told or f"HTTP {answer.status_code}")


def _sentences(complaints: Sequence[Row]) -> Iterator[str]:
    """The title of a complaint only where nothing follows it: it names the file or the download."""
    for complaint in complaints:
        messages = [str(one) for one in complaint.get("messages") or ()]
        title = str(complaint.get("title") or "")
        yield from (f"{title}: {message}" for message in messages)
        if title and not messages:
            yield title


def _seconds(span: object) -> int:
    """`[days.]hh:mm:ss` as seconds; 0 when there is none."""
    found = _SPAN.match(str(span or ""))
    if found is None:
        return 0
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return days * 86_400 + hours * 3600 + minutes * 60 + seconds
