"""Lidarr for the chaos run: hands albums over, takes finished files, deletes entries. Never gives up."""

from __future__ import annotations

import io
import shutil
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import requests

from arr_compat import nzb
from tests.chaos.network import Album
from tests.fakes.service_process import ServiceProcess

SECRET = "chaos-secret-0123456789abcdef"


class Lidarr:
    """A client of the SABnzbd API that outlives the service.

    `imported` counts how often the files of an album were taken, `failed` holds the reasons.
    """

    def __init__(self, service: ServiceProcess, library: Path) -> None:
        self.imported: Counter[str] = Counter()
        self.failed: dict[str, str] = {}
        self.told_failed_after_completed: list[str] = []
        self.wrong: list[str] = []
        self.ids: dict[str, set[str]] = {}
        self.lost_polls = 0
        self._service = service
        self._library = library
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._live, daemon=True)

    def __enter__(self) -> Lidarr:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(60)

    def grab(self, album: Album) -> None:
        """Upload the album as often as it takes; looks first whether an answer was only lost."""
        sealed = nzb.SealedGrab(
            title=album.title,
            release_key=f"{album.number:064x}",
            artist=album.artist,
            album=album.name,
            year=2001,
            quality="FLAC",
            score=1000,
            offers=album.offers,
        )
        document = nzb.seal(sealed, SECRET.encode())
        while album.title not in self.ids:
            try:
                if not self._is_known(album.title):
                    self._upload(album, document)
            except (requests.RequestException, ValueError):
                self._stop.wait(0.1)

    def _upload(self, album: Album, document: bytes) -> None:
        answer = self._ask("POST", {"mode": "addfile", "cat": "music"}, document)
        if answer.get("status"):
            self.ids.setdefault(album.title, set()).update(answer["nzo_ids"])

    def _is_known(self, title: str) -> bool:
        slots = [
            *self._ask("GET", {"mode": "queue", "limit": "0"})["queue"]["slots"],
            *self._ask("GET", {"mode": "history", "limit": "500"})["history"]["slots"],
        ]
        for slot in slots:
            if title == slot.get("filename", slot.get("name")):
                self.ids.setdefault(title, set()).add(slot["nzo_id"])
        return title in self.ids

    # -- polling -----------------------------------------------------------------------------------

    def _live(self) -> None:
        while not self._stop.wait(0.3):
            try:
                history = self._ask("GET", {"mode": "history", "limit": "60"})["history"]
                for slot in history["slots"]:
                    self._deal_with(slot)
            except (requests.RequestException, ValueError, KeyError):
                self.lost_polls += 1

    def _deal_with(self, slot: dict[str, Any]) -> None:
        title = slot["name"]
        if slot["status"] == "Failed":
            if self.imported[title]:
                self.told_failed_after_completed.append(title)
            self.failed[title] = slot["fail_message"]
        elif slot["status"] == "Completed":
            self._import(title, Path(slot["storage"]))
        else:
            return
        query = {"mode": "history", "name": "delete", "value": slot["nzo_id"]}
        self._ask("GET", query | {"del_files": "1", "archive": "1"})

    def _import(self, title: str, storage: Path) -> None:
        files = sorted(storage.rglob("*.flac"))
        if not files and self.imported[title]:
            return  # taken already; the service was killed before it heard of it
        if len(files) != 3:
            self.wrong.append(f"{title}: {len(files)} files in {storage}")
        target = self._library / f"{title} {self.imported[title]}"
        target.mkdir(parents=True)
        for file in files:
            shutil.move(file, target / file.name)
        self.imported[title] += 1

    def _ask(
        self, method: str, query: dict[str, str], document: bytes | None = None
    ) -> dict[str, Any]:
        answer = requests.request(
            method,
            f"{self._service.sabnzbd}/api",
            params={**query, "output": "json", "apikey": self._service.api_key},
            files={"name": ("x.nzb", io.BytesIO(document))} if document else None,
            timeout=20,
        )
        answer.raise_for_status()
        body: dict[str, Any] = answer.json()
        return body
