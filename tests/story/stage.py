"""A small Soulseek with two albums, a Lidarr that imports, and the real service between them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from soulspot_arr.demo.library import Album, simple_album
from soulspot_arr.simulator import SimOptions, Simulator
from soulspot_arr.simulator.audio import AudioSpec, tagged
from tests.fakes.service_process import ServiceProcess
from tests.story.lidarr import StoryLidarr, story_lidarr

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
    lidarr: StoryLidarr
    root: Path

    def grab(self, album: Album) -> str:
        """Search and grab as Lidarr would; returns the nzo_id."""
        return self.lidarr.grab(self.lidarr.offers(album))

    def enqueued(self) -> list[str]:
        """Requests that asked slskd for files, as it saw them."""
        return [
            seen.path
            for seen in self.simulator.requests
            if seen.method == "POST" and "/transfers/downloads/" in seen.path
        ]


def share(
    simulator: Simulator, peer: str, album: Album, *, codec: str = "flac", tags: bool = True
) -> None:
    """Let a peer share an album, tagged if nothing else is said, one folder for each disc."""
    edition = album.editions[0]
    for seed, track in enumerate(edition.tracks, start=1):
        folder = f"@@mvxyz\\Music\\{album.artist}\\{album.title} ({album.year})"
        if edition.discs > 1:
            folder += f"\\CD{track.disc}"
        written = {
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
            AudioSpec(track.seconds, codec, tags=tagged(written) if tags else (), seed=seed),
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
    with Simulator(options) as simulator, story_lidarr(root / "library", *library) as lidarr:
        simulator.world.add_peer("dusty_shelf", free_slots=1, speed=8_000_000)
        service = ServiceProcess(
            root / "data",
            slskd_url=simulator.url,
            slskd_key=SLSKD_KEY,
            settings=lidarr.settings | (settings or {}),
        )
        with service:
            lidarr.connect(service)
            yield Stage(simulator, service, lidarr, root)
