"""A Lidarr double beside a fake SABnzbd, and short ways to use it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import requests

from soulspot_arr.demo.lidarr.core import DoubleOptions
from soulspot_arr.demo.lidarr.double import LidarrDouble
from tests.fakes.http_double import Asked, HttpDouble, Reply
from tests.soulspot_arr.demo.tiny_audio import write_audio

Json = dict[str, Any]
KEY = "a-lidarr-key"
TITLE = "(WAV) Radiohead - OK Computer - 1997-slsk3f9a2c11"
SONGS = (("Airbag", 20.0, "rec-1"), ("Paranoid Android", 21.0, "rec-2"), ("Lucky", 22.0, "rec-3"))


class FakeSabnzbd(HttpDouble):
    """Queue and history as a test wrote them; deletions are carried out and remembered."""

    def __init__(self, complete: Path) -> None:
        super().__init__()
        self.complete = complete
        self.queue: list[Json] = []
        self.history: list[Json] = []
        self.broken = False

    def reply(self, asked: Asked) -> Reply:
        """One mode."""
        if self.broken:
            return Reply(500, b"{}")
        mode = asked.query.get("mode")
        if mode in ("queue", "history") and asked.query.get("name") == "delete":
            self._delete(asked.query["value"])
            return _json({"status": True})
        answers: Json = {
            "version": {"version": "4.3.3"},
            "get_config": {"config": self._config()},
            "queue": {"queue": {"paused": False, "slots": self.queue}},
            "history": {"history": {"slots": self.history}},
            "addfile": {"status": True, "nzo_ids": ["SABnzbd_nzo_added"]},
        }
        return _json(answers[str(mode)])

    def done(self, nzo_id: str, folder: Path | str, title: str = TITLE, **more: object) -> None:
        """A finished download."""
        self.queue = [slot for slot in self.queue if slot["nzo_id"] != nzo_id]
        self.history.append(
            {
                "nzo_id": nzo_id,
                "name": title,
                "category": "music",
                "status": "Completed",
                "storage": str(folder),
                "bytes": 1000,
                "download_time": 1,
                "fail_message": "",
                **more,
            }
        )

    def loading(self, nzo_id: str, title: str = TITLE) -> None:
        """A download under way."""
        slot = {"nzo_id": nzo_id, "filename": title, "cat": "music", "status": "Downloading"}
        self.queue.append({**slot, "mb": "10", "mbleft": "5", "timeleft": "0:01:00"})

    def deletions(self) -> list[str]:
        """Modes of the delete requests with their archive flag."""
        return [
            f"{asked.query['mode']}:{asked.query['value']}:{asked.query.get('archive', '-')}"
            for asked in self.log
            if asked.query.get("name") == "delete"
        ]

    def _delete(self, nzo_id: str) -> None:
        self.queue = [slot for slot in self.queue if slot["nzo_id"] != nzo_id]
        self.history = [slot for slot in self.history if slot["nzo_id"] != nzo_id]

    def _config(self) -> Json:
        category = {"name": "music", "dir": "music", "priority": -100, "pp": "", "script": ""}
        everything = {"name": "*", "dir": "", "priority": 0, "pp": "", "script": ""}
        return {
            "misc": {"complete_dir": str(self.complete), "history_retention_option": "all"},
            "categories": [everything, category],
            "servers": [],
        }


def _json(value: object) -> Reply:
    return Reply(200, json.dumps(value).encode())


def release(
    songs: Sequence[Sequence[object]] = SONGS,
    *more_media: Sequence[Sequence[object]],
    **more: object,
) -> Json:
    """A release with these songs on its media."""
    return {"media": [songs, *more_media], "country": ["United States"], **more}


def artist(*releases: Json, name: str = "Radiohead", **album: object) -> Json:
    """An artist with one album."""
    found = {
        "title": "OK Computer",
        "date": "1997-06-16",
        "releases": list(releases or (release(),)),
    }
    return {"name": name, "foreignId": f"artist-{name}", "albums": [{**found, **album}]}


class Stage:
    """One double in manual mode: nothing happens before `refresh`."""

    def __init__(self, folder: Path, sabnzbd: FakeSabnzbd, **options: Any) -> None:
        self.folder = folder
        self.downloads = sabnzbd.complete / "music"
        self.downloads.mkdir(parents=True, exist_ok=True)
        self.sabnzbd = sabnzbd
        # The pause between two requests to an indexer is what the scale shortens in manual mode.
        options = {"manual": True, "time_scale": 100.0, "data_dir": folder / "state", **options}
        self.double = LidarrDouble(DoubleOptions(folder / "library", api_key=KEY, **options))
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["X-Api-Key"] = KEY
        self.double.start()

    @property
    def library(self) -> Path:
        """The root folder."""
        return self.folder / "library"

    def call(
        self, method: str, path: str, body: object = None, /, **query: Any
    ) -> requests.Response:
        """One request below /api/v1."""
        url = f"{self.double.url}/api/v1/{path}"
        return self.session.request(method, url, json=body, params=query, timeout=20)

    def get(self, path: str, /, **query: Any) -> Any:
        """The JSON of a GET that must work."""
        found = self.call("GET", path, **query)
        assert found.status_code == 200, (found.status_code, found.text)
        return found.json()

    def control(self, path: str, /, **body: Any) -> Json:
        """A POST to the control routes that must work."""
        found = self.session.post(f"{self.double.url}/__sim__/{path}", json=body, timeout=20)
        assert found.status_code < 300, found.text
        return dict(found.json())

    def add_client(self, **changes: object) -> Json:
        """Our SABnzbd, configured as a person would."""
        [form] = self.get("downloadclient/schema")
        port = int(self.sabnzbd.url.rpartition(":")[2])
        values = {"host": "127.0.0.1", "port": port, "apiKey": "K", "musicCategory": "music"}
        body = filled(form, values) | {"name": "SoulSpot", "enable": True, **changes}
        found = self.call("POST", "downloadclient", body)
        assert found.status_code == 201, found.text
        return dict(found.json())

    def add_webhook(self, url: str, *events: str, **fields: object) -> requests.Response:
        """A Connect webhook for these events."""
        [form] = self.get("notification/schema")
        body = filled(form, {"url": url, **fields}) | {"name": "Hook"}
        return self.call("POST", "notification", body | dict.fromkeys(events, True))

    def grabbed(self, nzo_id: str, *, album: int = 1, title: str = TITLE) -> None:
        """A grab in the history."""
        self.control("grabbed", downloadId=nzo_id, title=title, albumId=album, size=1000)

    def refresh(self) -> None:
        """A poll and its processing."""
        self.double.refresh()

    def state(self, nzo_id: str) -> str:
        """The state of a tracked download."""
        tracked = self.double.life.tracker.find(nzo_id)
        assert tracked is not None
        return tracked.state.value

    def queued(self) -> list[Json]:
        """The queue."""
        rows: list[Json] = self.get("queue", includeUnknownArtistItems="true", pageSize=100)[
            "records"
        ]
        return rows

    def events(self, nzo_id: str) -> list[str]:
        """What the history says about a download, the oldest first."""
        rows = self.get("history", downloadId=nzo_id, pageSize=100)["records"]
        return [row["eventType"] for row in sorted(rows, key=lambda row: row["id"])]

    def close(self) -> None:
        """End it."""
        self.session.close()
        self.double.stop()


def filled(form: Json, values: Json) -> Json:
    """A form with values in its fields."""
    fields = [
        field | ({"value": values[field["name"]]} if field["name"] in values else {})
        for field in form["fields"]
    ]
    return {**form, "fields": fields}


def write_songs(folder: Path, songs: Sequence[Sequence[object]] = SONGS, **tags: str) -> list[Path]:
    """Tagged files of these songs; a tag given as "-" is left out."""
    written = []
    for number, song in enumerate(songs, start=1):
        values = {
            "title": str(song[0]),
            "album": "OK Computer",
            "artist": "Radiohead",
            "number": str(number),
            "disc": "1",
            "date": "1997",
            **tags,
        }
        values = {name: value for name, value in values.items() if value != "-"}
        path = folder / f"{number:02d} {song[0]}.wav"
        written.append(write_audio(path, float(str(song[1])), **values))
    return written
