"""`/config/*`, `/rootfolder`, `/remotepathmapping`, `/tag`, profiles, `/system/*`, `/filesystem`.

Settings and surroundings of this Lidarr (contract lidarr §10, §11.2).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable

from soulspot_arr.demo.decisions import PROFILES
from soulspot_arr.demo.lidarr.core import CONFIG_DEFAULTS, MAPPING, ROOT_FOLDER, TAG
from soulspot_arr.demo.lidarr.health import examine
from soulspot_arr.demo.lidarr.life import Life
from soulspot_arr.demo.lidarr.records import Setting, now
from soulspot_arr.demo.lidarr.schemas import failure
from soulspot_arr.demo.lidarr.serving import Refused, Reply, Request, Router, answer
from soulspot_arr.demo.lidarr.tables import Row


class SettingsApi:
    """Everything that a person sets in Lidarr besides providers."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self._core = life.core
        self._started = now()

    def register(self, router: Router) -> None:
        """Add the routes."""
        for name in CONFIG_DEFAULTS:
            router.add("GET", f"config/{name}", self._page(name))
            router.add("PUT", f"config/{name}", self._change_page(name))
            router.add("PUT", f"config/{name}/{{id}}", self._change_page(name))
        checks = {MAPPING: self._check_mapping, ROOT_FOLDER: self._check_root, TAG: _check_tag}
        for kind, check in checks.items():
            self._register_rows(router, kind, check)
        router.add("GET", "system/status", lambda _: answer(self._system()))
        router.add("GET", "health", lambda _: answer(examine(self._core, self._life.back_off)))
        router.add("GET", "diskspace", lambda _: answer(self._disk_space()))
        router.add("GET", "qualityprofile", lambda _: answer(_profiles()))
        router.add("GET", "metadataprofile", lambda _: answer([{"id": 1, "name": "Standard"}]))
        router.add("GET", "filesystem", self._look)
        router.add("GET", "filesystem/type", self._type)
        router.add("GET", "filesystem/mediafiles", self._media_files)

    # -- configuration ---------------------------------------------------------------------------

    def _page(self, name: str) -> Callable[[Request], Reply]:
        return lambda _: answer(self._core.config(name) | {"id": 1})

    def _change_page(self, name: str) -> Callable[[Request], Reply]:
        def change(request: Request) -> Reply:
            setting = self._core.of_kind(f"config/{name}")[0]
            known = CONFIG_DEFAULTS[name]
            sent = {key: value for key, value in request.json().items() if key in known}
            setting.body = {**setting.body, **sent}
            self._core.settings[f"config/{name}"].save(setting)
            return answer(setting.body | {"id": 1}, 202)

        return change

    # -- rows ------------------------------------------------------------------------------------

    def _register_rows(self, router: Router, kind: str, check: Callable[[Row], list[Row]]) -> None:
        table = self._core.settings[kind]

        def find(number: int) -> Setting:
            found = table.get(number)
            if found is None:
                raise Refused(404)
            return found

        def create(request: Request) -> Reply:
            body = _known(kind, request.json())
            problems = check(body)
            if problems:
                raise Refused(400, problems)
            return answer(self._shown(table.add(Setting(kind, body))), 201)

        def change(request: Request) -> Reply:
            setting, body = find(request.id), _known(kind, request.json())
            problems = check(body)
            if problems:
                raise Refused(400, problems)
            setting.body = body
            table.save(setting)
            return answer(self._shown(setting), 202)

        def delete(request: Request) -> Reply:
            table.delete(find(request.id).id)
            return answer({})

        router.add("GET", kind, lambda _: answer([self._shown(one) for one in table]))
        router.add("GET", f"{kind}/{{id}}", lambda request: answer(self._shown(find(request.id))))
        router.add("POST", kind, create)
        router.add("PUT", f"{kind}/{{id}}", change)
        router.add("DELETE", f"{kind}/{{id}}", delete)

    def _shown(self, setting: Setting) -> Row:
        row = setting.body | {"id": setting.id}
        if setting.kind != ROOT_FOLDER:
            return row
        path = str(setting.body["path"])
        seen = self._core.disk.is_folder(path)
        row |= {
            "defaultMetadataProfileId": 1,
            "defaultQualityProfileId": 1,
            "defaultMonitorOption": "all",
            "defaultNewItemMonitorOption": "all",
            "defaultTags": [],
            "accessible": seen,
        }
        if seen:
            space = shutil.disk_usage(path)
            row |= {"freeSpace": space.free, "totalSpace": space.total}
        return row

    def _check_root(self, body: Row) -> list[Row]:
        path = str(body.get("path") or "")
        if not path.startswith("/"):
            return [failure("Path", f"Invalid Path: '{path}'")]
        if path.rstrip("/") in {one.rstrip("/") for one in self._core.root_folders}:
            return [failure("Path", f"Path '{path}' is already configured as a root folder")]
        if not self._core.disk.is_folder(path):
            return [failure("Path", f"Path '{path}' does not exist")]
        if not self._core.disk.writable(path):
            return [failure("Path", f"Folder '{path}' is not writable by user 'lidarr'")]
        return []

    def _check_mapping(self, body: Row) -> list[Row]:
        problems = [
            failure(f"{part[0].upper()}{part[1:]}", "must not be empty")
            for part in ("host", "remotePath", "localPath")
            if not body.get(part)
        ]
        if problems:
            return problems
        for part in ("remotePath", "localPath"):
            path = str(body[part])
            if "/" in path and not path.endswith("/"):
                body[part] = f"{path}/"
        local = str(body["localPath"])
        if not self._core.disk.is_folder(local.rstrip("/") or "/"):
            return [failure("LocalPath", f"Path '{local}' does not exist")]
        return []

    # -- surroundings ----------------------------------------------------------------------------

    def _system(self) -> Row:
        return {
            "appName": "Lidarr",
            "instanceName": "Lidarr",
            "version": self._core.version,
            "buildTime": "2026-01-01T00:00:00Z",
            "isDebug": False,
            "isProduction": True,
            "isAdmin": False,
            "isUserInteractive": False,
            "startupPath": "/app/lidarr/bin",
            "appData": "/config",
            "osName": "ubuntu",
            "osVersion": "22.04",
            "isNetCore": True,
            "isLinux": True,
            "isOsx": False,
            "isWindows": False,
            "isDocker": True,
            "mode": "console",
            "branch": "master",
            "authentication": "forms",
            "databaseType": "sqLite",
            "databaseVersion": "3.45.1",
            "migrationVersion": 80,
            "urlBase": self._core.options.url_base,
            "runtimeVersion": "6.0.36",
            "runtimeName": "netcore",
            "startTime": self._started,
            "packageUpdateMechanism": "docker",
        }

    def _disk_space(self) -> list[Row]:
        rows = []
        for path in self._core.root_folders:
            if self._core.disk.is_folder(path):
                space = shutil.disk_usage(path)
                rows.append(
                    {"path": path, "label": "", "freeSpace": space.free, "totalSpace": space.total}
                )
        return rows

    def _look(self, request: Request) -> Reply:
        found = self._core.disk.look(
            request.text("path"),
            files=request.flag("includeFiles"),
            bare_folders=request.flag("allowFoldersWithoutTrailingSlashes"),
        )
        return answer(found)

    def _type(self, request: Request) -> Reply:
        return answer(
            {"type": "file" if self._core.disk.is_file(request.text("path")) else "folder"}
        )

    def _media_files(self, request: Request) -> Reply:
        path, disk = request.text("path"), self._core.disk
        files = disk.audio_files(path, every=True) if disk.is_folder(path) else []
        return answer([{"path": str(one), "name": one.name} for one in files])


_COLUMNS = {
    MAPPING: ("host", "remotePath", "localPath"),
    ROOT_FOLDER: ("name", "path"),
    TAG: ("label",),
}


def _known(kind: str, body: Row) -> Row:
    return {name: body.get(name, "") for name in _COLUMNS[kind]}


def _check_tag(body: Row) -> list[Row]:
    body["label"] = str(body.get("label") or "").lower()
    return [] if body["label"] else [failure("Label", "'Label' must not be empty.")]


def _profiles() -> list[Row]:
    return [
        {"id": number, "name": name, "upgradeAllowed": False}
        for number, name in enumerate(PROFILES, start=1)
    ]
