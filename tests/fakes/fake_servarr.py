"""The settings API of Lidarr and Prowlarr over real HTTP, built after their sources.

Providers (`/downloadclient`, `/indexer`, `/notification`) are kept with their forms; keys and
passwords are never shown again but kept when the mask comes back; names are unique; an enabled
provider is tested when it is saved, and mere warnings block unless `forceSave` is given. What a
Test says is up to `judge`.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable
from typing import Any

from tests.fakes.http_double import Asked, HttpDouble, Reply

Json = dict[str, Any]
KEY = "servarr-key-0123456789abcdef"
MASK = "********"
_SECRET = {"apiKey", "password"}
_PROVIDERS = ("downloadclient", "indexer", "notification")


def form(name: str, implementation: str, own: Json, fields: Json) -> Json:
    """An empty form as `/schema` gives it: null values are left out."""
    listed = [
        {"name": key} | ({} if value is None else {"value": value}) for key, value in fields.items()
    ]
    return {
        "name": name,
        "implementationName": implementation,
        "implementation": implementation,
        "configContract": f"{implementation}Settings",
        "infoLink": "https://wiki.example/supported",
        "tags": [],
        "presets": [],
        "fields": listed,
        **own,
    }


_SAB: Json = {
    "host": "localhost", "port": 8080, "useSsl": False, "urlBase": None, "apiKey": None,
    "username": None, "password": None,
}  # fmt: skip
_NEWZNAB: Json = {"baseUrl": None, "apiPath": "/api", "apiKey": None}
LIDARR_FORMS: dict[str, list[Json]] = {
    "downloadclient": [
        form("", "Nzbget", {"enable": False, "priority": 0}, {"host": "localhost", "port": 6789}),
        form(
            "",
            "Sabnzbd",
            {
                "enable": False,
                "protocol": "usenet",
                "priority": 0,
                "removeCompletedDownloads": False,
                "removeFailedDownloads": False,
            },
            _SAB
            | {"musicCategory": "music", "recentMusicPriority": -100, "olderMusicPriority": -100},
        ),
    ],
    "indexer": [
        form(
            "",
            "Newznab",
            {
                "enableRss": False,
                "enableAutomaticSearch": False,
                "enableInteractiveSearch": False,
                "supportsRss": True,
                "supportsSearch": True,
                "protocol": "usenet",
                "priority": 25,
                "downloadClientId": 0,
            },
            _NEWZNAB
            | {
                "categories": [3000, 3010, 3030, 3040],
                "earlyReleaseLimit": None,
                "additionalParameters": None,
            },
        )
    ],
    "notification": [
        form(
            "",
            "Webhook",
            {
                "onGrab": False,
                "onReleaseImport": False,
                "onUpgrade": False,
                "onRename": False,
                "onHealthIssue": False,
                "onDownloadFailure": False,
                "onImportFailure": False,
                "onTrackRetag": False,
            },
            {"url": None, "method": 1, "username": None, "password": None, "headers": []},
        )
    ],
}
PROWLARR_FORMS: dict[str, list[Json]] = {
    "downloadclient": [
        form(
            "",
            "Sabnzbd",
            {"enable": False, "protocol": "usenet", "priority": 0, "categories": []},
            _SAB | {"category": "prowlarr", "priority": -100},
        )
    ],
    "indexer": [
        form(name, "Newznab", own, _NEWZNAB | {"baseUrl": url, "vipExpiration": ""})
        for name, url in (("abNZB", "https://abnzb.com"), ("Generic Newznab", None))
        for own in (
            {
                "enable": False,
                "redirect": True,
                "priority": 25,
                "appProfileId": 0,
                "downloadClientId": 0,
            },
        )
    ],
    "notification": [],
}


def failure(words: str, *, field: str = "", warning: bool = False) -> Json:
    """One line of a validation that failed."""
    return {"propertyName": field, "errorMessage": words, "severity": "error", "isWarning": warning}


class FakeServarr(HttpDouble):
    """A Lidarr, or with `name` and `forms` a Prowlarr."""

    def __init__(self, name: str = "Lidarr", version: str = "2.14.5.4836") -> None:
        super().__init__()
        self.name = name
        self.version = version
        self.forms = LIDARR_FORMS if name == "Lidarr" else PROWLARR_FORMS
        self.base = ""
        self.key = KEY
        self.kept: dict[str, list[Json]] = {kind: [] for kind in _PROVIDERS}
        self.judge: Callable[[str, Json], Iterable[Json]] = lambda kind, row: ()
        self.health: list[Json] = []
        self.sees: Callable[[str], bool] = lambda path: False  # files on its disk
        self.folders: dict[str, list[str]] = {}
        self.mappings: list[Json] = []
        self.writes: list[str] = []
        self._number = 0

    # -- for tests ---------------------------------------------------------------------------------

    def keep(self, kind: str, implementation: str, name: str, **values: object) -> Json:
        """An entry that somebody made by hand; fields are named as they are."""
        blank = next(row for row in self.forms[kind] if row["implementation"] == implementation)
        row = copy.deepcopy(blank) | {"name": name, "id": self._next()}
        names = {entry["name"] for entry in row["fields"]}
        for key, value in values.items():
            if key in names:
                _field(row, key)["value"] = value
            else:
                row[key] = value
        self.kept[kind].append(row)
        return row

    def value(self, kind: str, name: str, key: str) -> Any:
        """What is really kept in a field or beside the form."""
        row = next(row for row in self.kept[kind] if row["name"] == name)
        return row[key] if key in row else _field(row, key).get("value")

    def names(self, kind: str) -> list[str]:
        """Names of entries in the order in which they were made."""
        return [row["name"] for row in self.kept[kind]]

    # -- answering ---------------------------------------------------------------------------------

    def reply(self, asked: Asked) -> Reply:
        """Route a request."""
        if self.base and not asked.path.startswith(f"{self.base}/"):
            return Reply(307, b"", headers={"Location": f"{self.base}{asked.path}"})
        path = asked.path.removeprefix(self.base)
        if not path.startswith("/api/v1/"):
            return Reply(200, b"<!doctype html><title>Lidarr</title>", "text/html")
        if asked.headers.get("X-Api-Key") != self.key:
            return _json({"error": "Unauthorized"}, 401)
        return self._routed(asked, path.removeprefix("/api/v1"))

    def _routed(self, asked: Asked, path: str) -> Reply:
        first, _, rest = path.strip("/").partition("/")
        if first in _PROVIDERS:
            if asked.method != "GET" and rest not in {"test", "testall"}:
                self.writes.append(f"{asked.method} {path}")
            return self._provider(asked, first, rest)
        fixed: dict[str, Any] = {
            "/system/status": {"appName": self.name, "version": self.version},
            "/health": self.health,
            "/command": {"id": 1, "status": "queued"},
            "/appprofile": [{"id": 3, "name": "Standard"}],
            "/remotepathmapping": self.mappings,
        }
        if path == "/filesystem/type":
            return _json({"type": "file" if self.sees(asked.query["path"]) else "folder"})
        if path == "/filesystem":
            listed = self.folders.get(asked.query["path"], [])
            return _json({"directories": [{"type": "folder", "path": each} for each in listed]})
        if path in fixed:
            return _json(fixed[path], 201 if asked.method == "POST" else 200)
        return _json({"message": "NotFound"}, 404)

    def _provider(self, asked: Asked, kind: str, rest: str) -> Reply:
        if asked.method == "GET":
            if rest == "schema":
                return _json(self.forms[kind])
            return _json([_masked(row) for row in self.kept[kind]])
        if asked.method == "DELETE":
            known = [row for row in self.kept[kind] if str(row["id"]) == rest]
            if not known:
                return _json({"message": "NotFound"}, 404)
            self.kept[kind].remove(known[0])
            return _json({})
        row = self._read(kind, asked, rest)
        complaints = self._complaints(kind, row, forced=asked.query.get("forceSave") == "true")
        if complaints:
            return _json(complaints, 400)
        if rest == "test":
            return _json("{}")
        return self._save(kind, asked, row)

    def _read(self, kind: str, asked: Asked, rest: str) -> Json:
        row: Json = json.loads(asked.body)
        number = int(rest) if rest.isdecimal() else int(row.get("id") or 0)
        before = next((old for old in self.kept[kind] if old["id"] == number), None)
        for entry in row["fields"]:
            if entry["name"] in _SECRET and entry.get("value") == MASK and before is not None:
                entry["value"] = _field(before, entry["name"]).get("value")
        return row | {"id": number}

    def _complaints(self, kind: str, row: Json, *, forced: bool) -> list[Json]:
        same = [old for old in self.kept[kind] if old["name"].lower() == row["name"].lower()]
        if any(old["id"] != row["id"] for old in same):
            return [failure("Should be unique", field="Name")]
        clients = {client["id"] for client in self.kept["downloadclient"]}
        if row.get("downloadClientId", 0) not in {0, *clients}:
            return [failure("Download client does not exist", field="DownloadClientId")]
        if kind == "indexer" and "redirect" in row and not row["redirect"]:
            return [failure("Redirect must be enabled for Usenet indexers", field="Redirect")]
        found = list(self.judge(kind, row))
        return [each for each in found if not (forced and each["isWarning"])]

    def _save(self, kind: str, asked: Asked, row: Json) -> Reply:
        if asked.method == "POST":
            row["id"] = self._next()
            self.kept[kind].append(row)
            return _json(_masked(row), 201)
        for at, old in enumerate(self.kept[kind]):
            if old["id"] == row["id"]:
                self.kept[kind][at] = row
                return _json(_masked(row), 202)
        return _json({"message": "NotFound"}, 404)

    def _next(self) -> int:
        self._number += 1
        return self._number


def _field(row: Json, name: str) -> Json:
    found: Json = next(entry for entry in row["fields"] if entry["name"] == name)
    return found


def _masked(row: Json) -> Json:
    shown = copy.deepcopy(row)
    for entry in shown["fields"]:
        if entry["name"] in _SECRET and entry.get("value"):
            entry["value"] = MASK
        if entry.get("value") is None:
            entry.pop("value", None)
    return shown


def _json(body: object, status: int = 200) -> Reply:
    return Reply(status, json.dumps(body).encode())
