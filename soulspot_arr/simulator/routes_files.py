"""`/files` (contract slskd §8): listing and deletion by Base64 path, real folders behind it."""

from __future__ import annotations

import base64
import binascii
import shutil
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from soulspot_arr.simulator.application import Application
from soulspot_arr.simulator.web import Refused, Reply, Request, Router, empty, reply_json
from soulspot_arr.simulator.wire import Json, date


class FileRoutes:
    """Handlers of the file endpoints for both roots."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def register(self, router: Router) -> None:
        """Add the routes below `/api/v0`."""
        for root in ("downloads", "incomplete"):
            router.add("GET", f"files/{root}/directories", self._list)
            router.add("GET", f"files/{root}/directories/{{base64}}", self._list)
            router.add("DELETE", f"files/{root}/directories/{{base64}}", self._delete_directory)
            router.add("DELETE", f"files/{root}/files/{{base64}}", self._delete_file)

    def _root(self, request: Request) -> Path:
        files = self._app.attempts.files
        below = request.path.lower().partition("/files/")[2]
        return files.downloads if below.startswith("downloads") else files.incomplete

    def _path(self, request: Request) -> Path:
        root = self._root(request).resolve()
        given = request.params.get("base64")
        if given is None:
            return root
        try:
            text = base64.b64decode(given, validate=True).decode()
        except (binascii.Error, ValueError) as error:
            raise Refused(500, "The input is not a valid Base-64 string") from error
        path = (root / text.replace("\\", "/")).resolve()
        if path != root and root not in path.parents:
            raise Refused(500, "Only application-controlled directories can be accessed")
        return path

    def _list(self, request: Request) -> Reply:
        path = self._path(request)
        if not path.is_dir():
            raise Refused(404)
        found = path.rglob("*") if request.flag("recursive") else path.iterdir()
        body = _directory(path, "")
        entries = sorted(found)
        body["files"] = _files(path, entries)
        body["directories"] = [
            _directory(item, item.relative_to(path).as_posix()) for item in entries if item.is_dir()
        ]
        return reply_json(body)

    def _allow(self) -> None:
        if not self._app.process.options.flag("remoteFileManagement"):
            raise Refused(403)

    def _delete_directory(self, request: Request) -> Reply:
        self._allow()
        path = self._path(request)
        if path == self._root(request).resolve():
            raise Refused(500, "The root directory can not be deleted")
        if not path.is_dir():
            raise Refused(404)
        shutil.rmtree(path)
        return empty(204)

    def _delete_file(self, request: Request) -> Reply:
        self._allow()
        path = self._path(request)
        if not path.parent.is_dir():
            raise Refused(500, f"Could not find a part of the path '{path}'.")
        path.unlink(missing_ok=True)
        return empty(204)


def _stamp(seconds: float) -> str | None:
    return date(datetime.fromtimestamp(seconds, UTC))


def _directory(path: Path, name: str) -> dict[str, Json]:
    about = path.stat()
    return {
        "name": path.name,
        "fullName": name,
        "attributes": "Directory",
        "createdAt": _stamp(about.st_ctime),
        "modifiedAt": _stamp(about.st_mtime),
    }


def _files(root: Path, entries: Iterable[Path]) -> list[Json]:
    files: list[Json] = []
    for path in entries:
        if path.is_file():
            about = path.stat()
            files.append(
                {
                    "name": path.name,
                    "fullName": path.relative_to(root).as_posix(),
                    "length": about.st_size,
                    "attributes": "Normal",
                    "createdAt": _stamp(about.st_ctime),
                    "modifiedAt": _stamp(about.st_mtime),
                }
            )
    return files
