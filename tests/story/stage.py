"""A small Soulseek with two albums, a stock Lidarr, and the real service between them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from soulspot_arr.demo.events import Event, Grabbed, Imported, Searched
from soulspot_arr.demo.library import Album, simple_album
from soulspot_arr.demo.newznab_client import NewznabClient
from soulspot_arr.demo.sabnzbd_client import SabnzbdClient
from soulspot_arr.demo.stock_lidarr import StockLidarr
from soulspot_arr.simulator import SimOptions, Simulator
from soulspot_arr.simulator.audio import AudioSpec, tagged
from tests.fakes.service_process import ServiceProcess

SLSKD_KEY = "story-key-0123456789"

ONE_DISC = simple_album(
    "Nadia Brandt", "Glass Meridian", 2011, (("Overture", 21), ("Salt Road", 24), ("Low Tide", 19))
)
TWO_DISCS = simple_album(
    "The Lantern Choir",
    "Northern Hours",
    2004,
    (("First Light", 20), ("Harbour", 22)),
    (("Last Light", 18), ("Ferry", 23)),
)


@dataclass(slots=True)
class Stage:
    """Everything a story needs."""

    simulator: Simulator
    service: ServiceProcess
    lidarr: StockLidarr
    root: Path

    def grab(self, album: Album) -> str:
        """Search and grab as Lidarr would; returns the nzo_id."""
        found = self.lidarr.search(album)
        assert isinstance(found, Searched), found
        events = self.lidarr.grab_best(album, found.decisions)
        grabbed = [event for event in events if isinstance(event, Grabbed)]
        assert grabbed, (found, events)
        return grabbed[0].nzo_id

    def play(self, until: Callable[[list[Event]], bool], *, seconds: float = 120.0) -> list[Event]:
        """Lidarr's minutes, played fast, until something happened; returns all events."""
        seen: list[Event] = []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            seen += self.lidarr.refresh()
            if until(seen):
                return seen
            time.sleep(0.1)
        raise AssertionError(f"it did not happen; the last events were {seen[-6:]}")

    def imported(self, nzo_id: str) -> Callable[[list[Event]], bool]:
        """Whether this grab was imported."""
        return lambda seen: any(isinstance(e, Imported) and e.nzo_id == nzo_id for e in seen)

    def enqueued(self) -> list[str]:
        """Requests that asked slskd for files, as it saw them."""
        return [
            seen.path
            for seen in self.simulator.requests
            if seen.method == "POST" and "/transfers/downloads/" in seen.path
        ]


def share(simulator: Simulator, peer: str, album: Album, *, codec: str = "flac") -> None:
    """Let a peer share an album, tagged, one folder for each disc."""
    edition = album.editions[0]
    for track in edition.tracks:
        folder = f"@@mvxyz\\Music\\{album.artist}\\{album.title} ({album.year})"
        if edition.discs > 1:
            folder += f"\\CD{track.disc}"
        tags = {
            "album": album.title,
            "albumartist": album.artist,
            "artist": album.artist,
            "title": track.title,
            "tracknumber": str(track.number),
            "discnumber": str(track.disc),
            "date": str(album.year),
        }
        simulator.world.share(
            peer,
            f"{folder}\\{track.number:02d} - {track.title}.{codec}",
            AudioSpec(track.seconds, codec, tags=tagged(tags)),
        )


@contextmanager
def stage(
    root: Path,
    *,
    profile: str = "0.26.0",
    time_scale: float = 20.0,
    settings: dict[str, str] | None = None,
    library: tuple[Album, ...] = (ONE_DISC, TWO_DISCS),
) -> Iterator[Stage]:
    """Raise the curtain: a simulated slskd in this process, the service in one of its own."""
    options = SimOptions(
        api_key=SLSKD_KEY,
        data_dir=root / "slskd",
        profile=profile,
        time_scale=time_scale,
        world="empty",
    )
    with Simulator(options) as simulator:
        simulator.world.add_peer("dusty_shelf", free_slots=1, speed=8_000_000)
        service = ServiceProcess(
            root / "data", slskd_url=simulator.url, slskd_key=SLSKD_KEY, settings=settings
        )
        with service:
            lidarr = StockLidarr(
                NewznabClient(service.newznab, "/api", service.api_key, pacing=0.0),
                SabnzbdClient(service.sabnzbd, service.api_key),
                library=library,
                library_root=root / "library",
            )
            yield Stage(simulator, service, lidarr, root)
