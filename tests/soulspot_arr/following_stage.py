"""Our service and a Lidarr double that knows it as download client and tells it by webhook."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import select, update

from soulspot_arr.config import Config
from soulspot_arr.demo.lidarr.core import DoubleOptions
from soulspot_arr.demo.lidarr.double import LidarrDouble
from soulspot_arr.domain import GrabState
from soulspot_arr.following import Follower
from soulspot_arr.models import Event, Grab
from soulspot_arr.services import Services, build
from tests.fakes.clock import FakeClock
from tests.fakes.fake_source import FakeSource
from tests.fakes.serving import serving
from tests.soulspot_arr.demo.lidarr.stage import SONGS, TITLE, artist, filled, write_songs
from tests.soulspot_arr.rows import new_grab

Json = dict[str, Any]
KEY = "a-lidarr-key"
OURS = "test-key-0123456789abcdef"
NZO_ID = "SABnzbd_nzo_000000000001"


class Stage:
    """With `manual` nothing happens by itself: `lidarr_looks` is Lidarr's minute, `follow` is ours."""

    def __init__(
        self, folder: Path, services: Services, url: str, clock: FakeClock, *, manual: bool
    ) -> None:
        self.folder, self.services, self.url, self.clock = folder, services, url, clock
        self.library = folder / "library"
        options = DoubleOptions(
            self.library,
            api_key=KEY,
            manual=manual,
            time_scale=100.0 if manual else 1.0,
            data_dir=folder / "lidarr",
        )
        self.double = LidarrDouble(options)
        self.double.start()
        self.woken: list[str] = []
        services.waker.connect(self.woken.append)
        services.settings.patch({"lidarr.url": self.double.url, "lidarr.api_key": KEY})
        self.control("artist", **artist())
        self._add("downloadclient", "SoulSpot Arr", self._client(), enable=True)

    def close(self) -> None:
        """End the double."""
        self.double.stop()

    @property
    def follower(self) -> Follower:
        """The job."""
        return self.services.follower

    # -- Lidarr ----------------------------------------------------------------------------------

    def api(self, method: str, path: str, body: object = None, /, **query: Any) -> Any:
        """One request to Lidarr that must work."""
        found = requests.request(
            method,
            f"{self.double.url}/api/v1/{path}",
            json=body,
            params=query,
            headers={"X-Api-Key": KEY},
            timeout=20,
        )
        assert found.status_code < 300, found.text
        return found.json()

    def control(self, path: str, /, **body: Any) -> None:
        """A switch of the double."""
        found = requests.post(f"{self.double.url}/__sim__/{path}", json=body, timeout=20)
        assert found.status_code < 300, found.text

    def add_webhook(self) -> None:
        """Connect, as our `connect` sets it up."""
        fields = {"url": f"{self.url}/hooks/lidarr", "username": "lidarr", "password": OURS}
        events = ("onGrab", "onReleaseImport", "onUpgrade", "onImportFailure", "onDownloadFailure")
        self._add("notification", "SoulSpot Arr", fields, **dict.fromkeys(events, True))

    def _client(self) -> Json:
        port = int(self.url.rpartition(":")[2])
        return {
            "host": "127.0.0.1",
            "port": port,
            "urlBase": "/sabnzbd",
            "apiKey": OURS,
            "musicCategory": "music",
        }

    def _add(self, kind: str, name: str, fields: Json, **more: object) -> None:
        forms = self.api("GET", f"{kind}/schema")
        form = next(form for form in forms if form["implementation"] in {"Sabnzbd", "Webhook"})
        self.api("POST", kind, filled(form, fields) | {"name": name, **more}, forceSave="true")

    def lidarr_looks(self) -> None:
        """A poll and the processing that follows."""
        self.double.life.refresh()

    def lidarr_works(self) -> None:
        """What we have ordered is carried out."""
        self.double.life.commands.run_waiting()

    def lidarr_queue(self) -> list[str]:
        """The states in Lidarr's queue."""
        rows = self.api("GET", "queue", pageSize=100, includeUnknownArtistItems="true")["records"]
        return [row["trackedDownloadState"] for row in rows]

    def lidarr_history(self, nzo_id: str = NZO_ID) -> list[str]:
        """What it remembers, oldest first."""
        rows = self.api("GET", "history", downloadId=nzo_id, pageSize=100)["records"]
        return [row["eventType"] for row in sorted(rows, key=lambda row: row["id"])]

    def orders(self, name: str = "ManualImport") -> list[Json]:
        """The commands of this name."""
        return [row for row in self.api("GET", "command") if row["name"] == name]

    # -- ours ------------------------------------------------------------------------------------

    def completed(
        self, *, number: int = 1, rehearsed: bool = True, tags: Mapping[str, str] | None = None
    ) -> Path:
        """A finished grab of the three songs, as Lidarr had grabbed it; its folder."""
        folder = self.folder / "complete" / "music" / f"album {number}"
        write_songs(folder, **(tags or {}))
        now = self.clock()
        with self.services.db.write() as session:
            grab = new_grab(session, number=number, count=len(SONGS), status=GrabState.COMPLETED)
            grab.title, grab.storage_path = TITLE, str(folder)
            grab.completed_at = grab.created_at = grab.updated_at = now
            grab.rehearsal = self.rehearsal(folder) if rehearsed else None
            nzo_id = grab.nzo_id
        self.control("grabbed", downloadId=nzo_id, title=TITLE, albumId=1, size=1000)
        return folder

    def rehearsal(self, folder: Path) -> Json:
        """As the rehearsal writes it down when it has accepted an edition."""
        [album] = self.api("GET", "album")
        [release] = album["releases"]
        tracks = self.api("GET", "track", albumReleaseId=release["id"])
        files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.wav"))
        return {
            "album_id": album["foreignAlbumId"],
            "edition": release["foreignReleaseId"],
            "distance": 0.01,
            "worst": 0.02,
            "files": {
                name: {
                    "disc": 1,
                    "number": track["absoluteTrackNumber"],
                    "recording_id": track["foreignRecordingId"],
                    "track_id": track["foreignTrackId"],
                    "proven": True,
                }
                for name, track in zip(files, tracks, strict=True)
            },
        }

    def follow(self) -> int:
        """One run of the job."""
        return self.follower.run()

    def grab(self, number: int = 1) -> Grab:
        """The row as it is now."""
        with self.services.db.read() as session:
            query = select(Grab).where(Grab.nzo_id == f"SABnzbd_nzo_{number:012}")
            return session.scalars(query).one()

    def change(self, **columns: Any) -> None:
        """Change columns of every grab."""
        with self.services.db.write() as session:
            session.execute(update(Grab).values(**columns))

    def told(self) -> list[str]:
        """The events about imports, oldest first."""
        with self.services.db.read() as session:
            kinds = session.scalars(select(Event.kind).order_by(Event.id))
            return [kind for kind in kinds if kind.startswith(("import.", "grab.imp", "grab.rem"))]

    def taken(self) -> list[str]:
        """Names of the files in Lidarr's library."""
        return sorted(path.name for path in self.library.rglob("*.wav"))


@contextmanager
def open_stage(folder: Path, url: str, clock: FakeClock, *, manual: bool = True) -> Iterator[Stage]:
    """Both sides, over real HTTP; with `manual` off Lidarr lives at its own pace."""
    environ = {"SOULSPOT_AUTH_API_KEY": OURS, "SOULSPOT_CATALOGUE_MUSICBRAINZ": "false"}
    config = Config.load(environ, {"data_dir": folder / "data", "database_url": url})
    root = folder / "slskd"
    root.mkdir()
    services = build(config, source=FakeSource(root=root, now=clock), clock=clock)
    (folder / "complete" / "music").mkdir(parents=True)
    services.settings.patch({"paths.complete_dir": str(folder / "complete")})
    services.paths.remember_root(str(root))
    try:
        with serving(services) as address:
            stage = Stage(folder, services, address, clock, manual=manual)
            try:
                yield stage
            finally:
                stage.close()
    finally:
        services.close()
