"""One life of the double: its tables, its settings, its disk; what every other room of it shares.

A restart throws it away and builds a new one on the same store. It does nothing by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from soulspot_arr.demo.download_items import PathMapping
from soulspot_arr.demo.lidarr.arguments import VERSION
from soulspot_arr.demo.lidarr.disk import Disk
from soulspot_arr.demo.lidarr.library import Library
from soulspot_arr.demo.lidarr.records import Blocked, DownloadRow, Happening, Provider, Setting
from soulspot_arr.demo.lidarr.tables import Row, Store, Table
from soulspot_arr.demo.newznab_client import NewznabClient

INDEXER, CLIENT, NOTIFICATION, IMPORT_LIST = (
    "indexer",
    "downloadclient",
    "notification",
    "importlist",
)
MAPPING, ROOT_FOLDER, TAG = "remotepathmapping", "rootfolder", "tag"

CONFIG_DEFAULTS: dict[str, Row] = {
    "downloadclient": {
        "downloadClientWorkingFolders": "_UNPACK_|_FAILED_",
        "enableCompletedDownloadHandling": True,
        "autoRedownloadFailed": True,
        "autoRedownloadFailedFromInteractiveSearch": True,
    },
    "mediamanagement": {
        "autoUnmonitorPreviouslyDownloadedTracks": False,
        "recycleBin": "",
        "recycleBinCleanupDays": 7,
        "downloadPropersAndRepacks": "preferAndUpgrade",
        "createEmptyArtistFolders": False,
        "deleteEmptyFolders": False,
        "fileDate": "none",
        "watchLibraryForChanges": True,
        "rescanAfterRefresh": "always",
        "allowFingerprinting": "newFiles",
        "setPermissionsLinux": False,
        "chmodFolder": "755",
        "chownGroup": "",
        "skipFreeSpaceCheckWhenImporting": False,
        "minimumFreeSpaceWhenImporting": 100,
        "copyUsingHardlinks": True,
        "importExtraFiles": False,
        "extraFileExtensions": "srt",
    },
    "indexer": {"minimumAge": 0, "maximumSize": 0, "retention": 0, "rssSyncInterval": 15},
    "naming": {
        "renameTracks": False,
        "replaceIllegalCharacters": True,
        "colonReplacementFormat": "smart",
        "standardTrackFormat": "{Album Title} ({Release Year})/"
        "{Artist Name} - {Album Title} - {track:00} - {Track Title}",
        "multiDiscTrackFormat": "{Album Title} ({Release Year})/{Medium Format} {medium:00}/"
        "{Artist Name} - {Album Title} - {track:00} - {Track Title}",
        "artistFolderFormat": "{Artist Name}",
    },
    "metadataprovider": {"metadataSource": "", "writeAudioTags": "no", "scrubAudioTags": False},
    "host": {
        "port": 8686,
        "urlBase": "",
        "instanceName": "Lidarr",
        "authenticationMethod": "forms",
    },
    "ui": {"firstDayOfWeek": 0, "theme": "auto", "uiLanguage": 1},
}


@dataclass(frozen=True, slots=True)
class DoubleOptions:
    """How a double is set up. `root_folder` is the library; `data_dir` None forgets at the end.

    `time_scale` 10 waits a tenth of Lidarr's intervals. `manual` starts no clock and no threads for
    commands: whoever holds the object calls `refresh`. `rename` switches Rename Tracks on, which is
    off in a fresh Lidarr.
    """

    root_folder: Path
    host: str = "127.0.0.1"
    port: int = 0
    api_key: str = "simulated-lidarr-key"
    url_base: str = ""
    data_dir: Path | None = None
    version: str = VERSION
    time_scale: float = 1.0
    manual: bool = False
    rename: bool = False


@dataclass(slots=True)
class Moods:
    """What can be switched over the control routes and outlives a restart."""

    disk: Disk = field(default_factory=Disk)
    version: str = ""
    api_key: str = ""


class Core:
    """Everything that is kept, and the few questions that all rooms ask about it."""

    def __init__(self, store: Store, options: DoubleOptions, moods: Moods) -> None:
        self.store = store
        self.options = options
        self.moods = moods
        self.disk = moods.disk
        self.library = Library(store)
        self.history = Table(store, "history", Happening)
        self.downloads = Table(store, "download", DownloadRow)
        self.blocklist = Table(store, "blocklist", Blocked)
        # Every family counts for itself: a client and an indexer may both be number 1.
        self.providers = {
            kind: Table(store, f"provider/{kind}", Provider)
            for kind in (INDEXER, CLIENT, NOTIFICATION, IMPORT_LIST)
        }
        self.settings = {
            kind: Table(store, f"setting/{kind}", Setting)
            for kind in (MAPPING, ROOT_FOLDER, TAG, *(f"config/{name}" for name in CONFIG_DEFAULTS))
        }
        self.log: list[str] = []
        self.indexers: dict[str, NewznabClient] = {}
        """Clients by the settings they were made from."""
        self.hasten: Callable[[], None] = lambda: None
        """Asks for a refresh in five seconds; set by whoever owns the clock."""
        self._first_start()

    def _first_start(self) -> None:
        if not self.of_kind(ROOT_FOLDER):
            root = str(self.options.root_folder)
            self.settings[ROOT_FOLDER].add(Setting(ROOT_FOLDER, {"name": "Music", "path": root}))
        for name, page in CONFIG_DEFAULTS.items():
            if not self.of_kind(f"config/{name}"):
                self.settings[f"config/{name}"].add(Setting(f"config/{name}", dict(page)))
                if name == "naming" and self.options.rename:
                    self.config(name)["renameTracks"] = True

    def of_kind(self, kind: str) -> list[Setting]:
        """Tags, mappings, root folders or one page of the configuration."""
        return list(self.settings[kind])

    def config(self, name: str) -> Row:
        """One page of the configuration."""
        return self.of_kind(f"config/{name}")[0].body

    def of_providers(self, kind: str) -> list[Provider]:
        """All indexers, download clients, notifications or import lists."""
        return list(self.providers[kind])

    def client(self, number: int | None) -> Provider | None:
        """The download client of this number."""
        return self.providers[CLIENT].get(number)

    @property
    def root_folders(self) -> list[str]:
        """Paths of the root folders."""
        return [str(setting.body["path"]) for setting in self.of_kind(ROOT_FOLDER)]

    @property
    def mappings(self) -> list[PathMapping]:
        """Remote path mappings in the order in which they are tried."""
        return [
            PathMapping(
                str(one.body["host"]), str(one.body["remotePath"]), str(one.body["localPath"])
            )
            for one in self.of_kind(MAPPING)
        ]

    @property
    def version(self) -> str:
        """What this Lidarr says it is."""
        return self.moods.version or self.options.version

    def note(self, line: str) -> None:
        """A line of the log, kept for whoever asks over the control routes."""
        self.log.append(line)
        del self.log[:-1000]
