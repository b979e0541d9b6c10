"""The acts as a person sees them: a small service, and a Lidarr that lives fast and really imports."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from soulspot_arr.demo import acts as acts_module
from soulspot_arr.demo.acts import Acts, Tempo
from soulspot_arr.demo.library import simple_album
from soulspot_arr.demo.lidarr.core import DoubleOptions
from soulspot_arr.demo.lidarr.double import LidarrDouble
from soulspot_arr.demo.lidarr.seeding import artists_of
from soulspot_arr.demo.programme import ACTS
from soulspot_arr.demo.screen import Screen
from soulspot_arr.demo.stage import StageFailure
from soulspot_arr.simulator import albums
from tests.soulspot_arr.demo.sabnzbd_shapes import config
from tests.soulspot_arr.demo.scripted import Scripted, as_json
from tests.soulspot_arr.demo.small_service import SmallService
from tests.soulspot_arr.demo.tiny_audio import write_album
from tests.story.lidarr import enter

ALBUM = simple_album("Radiohead", "OK Computer", 1997, (("Airbag", 28), ("Lucky", 31)))
FIRST = "(FLAC) Radiohead - OK Computer - 1997-slsk00000001"
SECOND = "(FLAC) Radiohead - OK Computer - 1997-slsk00000002"
HURRY = Tempo(poll=0.01, patience=20)
SOON = 3  # polls


@dataclass
class SmallPlace:
    """A place with the scripted server as service and a Lidarr whose minute lasts an instant."""

    service_url: str
    root: Path
    lidarr: LidarrDouble
    api_key: str = "key-of-the-demo"
    afterwards: Callable[[], None] = lambda: None

    @property
    def lidarr_url(self) -> str:
        """Where Lidarr listens."""
        return self.lidarr.url

    @property
    def lidarr_key(self) -> str:
        """What it wants to be shown."""
        return self.lidarr.api_key

    @property
    def library_root(self) -> Path:
        """Where albums go."""
        return self.root / "library"

    @property
    def service_log(self) -> Path:
        """Nobody writes it."""
        return self.root / "service.log"

    def soulspot(self, *arguments: str) -> str:
        """Set up what our command would set up."""
        assert arguments[:2] == ("connect", "lidarr")
        enter(self.lidarr, self.service_url, self.api_key)
        self.afterwards()
        return "Lidarr is connected."

    def check(self) -> None:
        """Nothing ever ends here."""


@dataclass
class Show:
    """A show that is ready to begin."""

    service: SmallService
    place: SmallPlace
    stream: io.StringIO
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def play(self, tempo: Tempo = HURRY) -> str:
        """Play everything and return what was on the screen."""
        acts = Acts(Screen(self.stream, {}), self.place, tempo, [(ALBUM, "Why it matters.")])
        acts.play()
        acts.summary(1.5)
        return self.stream.getvalue()

    def then(self, *scenes: Callable[[str], None]) -> None:
        """With each download play a scene, given its id, once it has been polled a few times."""
        seen: dict[str, int] = {}

        def on_poll(_: int) -> None:
            with self._lock:  # Lidarr and the show ask at the same time
                for slot in list(self.service.queue):
                    nzo_id = str(slot["nzo_id"])
                    seen[nzo_id] = seen.get(nzo_id, 0) + 1
                    number = int(nzo_id.rpartition("_")[2])
                    if seen[nzo_id] == SOON and number <= len(scenes):
                        scenes[number - 1](nzo_id)

        self.service.on_poll = on_poll

    def deliver(self, nzo_id: str) -> None:
        """The download is complete."""
        folder = self.place.root / "complete" / "music" / nzo_id
        write_album(folder, ALBUM)
        self.service.finish(nzo_id, storage=str(folder))

    def fail(self, nzo_id: str) -> None:
        """The download has failed."""
        self.service.finish(nzo_id, status="Failed", fail_message="peer went offline")


@pytest.fixture
def lidarr(tmp_path: Path) -> Iterator[LidarrDouble]:
    """A Lidarr that wants the album, and renames what it imports."""
    options = DoubleOptions(tmp_path / "library", time_scale=600.0, rename=True)
    with LidarrDouble(options) as double:
        for spec in artists_of([ALBUM]):
            double.life.core.library.add_artist(spec, str(tmp_path / "library"))
        yield double


@pytest.fixture
def show(server: Scripted, lidarr: LidarrDouble, tmp_path: Path) -> Show:
    """A service with sound Test buttons, two candidates, and a download that ends soon."""
    (tmp_path / "complete" / "music").mkdir(parents=True)
    body: dict[str, Any] = config(complete_dir=str(tmp_path / "complete"))
    body["config"]["categories"].append({"name": "prowlarr", "dir": "music"})
    server.on(as_json({"version": "4.5.1"}), mode="version")
    server.on(as_json(body), mode="get_config")
    service = SmallService(server, [FIRST, SECOND, "(FLAC) Muse - Showbiz - 1999-slsk00000003"])
    show = Show(service, SmallPlace(server.url, tmp_path, lidarr), io.StringIO())
    show.then(show.deliver)
    return show


def test_the_whole_show_is_told(show: Show) -> None:
    """The set-up, green ticks, the table with reasons, the import, the library and the summary."""
    text = show.play()
    for sentence in (
        "$ soulspot-arr connect lidarr --url http://127.0.0.1:",
        "Lidarr is connected.",
        "✓ Lidarr: indexer SoulSpot",
        "✓ Lidarr: download client SoulSpot",
        "✓ Prowlarr: indexer (Generic Newznab)",
        "✓ Prowlarr: download client (SABnzbd)",
        "3 releases found, 2 approved, best first:",
        "└ Unknown artist: Muse",
        "SABnzbd_nzo_1",
        "✓ Lidarr imports 2 tracks.",
        "Radiohead/OK Computer (1997)  (2 files)",
        "queue and history are empty again",
        "tags: Radiohead · OK Computer · 1997",
        " 1 Airbag  0:28  Radiohead - OK Computer - 01 - Airbag.wav",
        " 2 Lucky   0:31  Radiohead - OK Computer - 02 - Lucky.wav",
        "1 album, 2 tracks, in the library after 2 s.",
    ):
        assert sentence in text
    own = (str(show.place.root), "connect lidarr --url")
    assert max(len(row) for row in text.splitlines() if not any(o in row for o in own)) <= 80
    assert show.place.lidarr_key not in text


def test_the_whole_way_of_the_first_download_is_told(show: Show) -> None:
    """As the service remembers it; what is for developers only is left out."""
    steps = [
        {"at": "2026-01-02T03:04:05Z", "level": "info", "message": "Lidarr asked for the album."},
        {"at": "2026-01-02T03:04:06Z", "level": "debug", "message": "Row 17 was claimed."},
        {"at": "2026-01-02T03:04:17.5Z", "level": "info", "message": "Everything has arrived."},
    ]
    show.service.grabs["SABnzbd_nzo_1"] = {"timeline": {"steps": steps, "end": "It was quick."}}
    text = show.play()
    assert "── The whole way of SABnzbd_nzo_1 ─" in text
    assert "  0.0 s  Lidarr asked for the album." in text
    assert " 12.5 s  Everything has arrived." in text
    assert "✓ It was quick." in text
    assert "Row 17" not in text


def test_a_failed_download_is_replaced_before_the_eyes(show: Show) -> None:
    """Blocklisted, searched again by Lidarr itself, imported from the second candidate."""
    show.then(show.fail, show.deliver)
    text = show.play()
    assert "The download failed: peer went offline" in text
    assert "SABnzbd_nzo_2" in text
    assert "1 failed download blocklisted and replaced" in text
    assert text.count("Lidarr imports 2 tracks.") == 1


def test_a_replaced_peer_is_told_where_it_happens(show: Show) -> None:
    """Each of the service's sentences once, before what follows from it, and in the summary."""

    def replace_then_deliver(nzo_id: str) -> None:
        show.service.happen("grab.offer_changed", "anna went offline. Trying bert instead.")
        show.service.happen("grab.started", "bert is sending.")
        show.deliver(nzo_id)

    show.then(replace_then_deliver)
    text = show.play()
    told = [
        "• anna went offline. Trying bert instead.",
        "Still SABnzbd_nzo_1: Lidarr does not hear of it.",
        "• bert is sending.",
        "Lidarr imports 2 tracks.",
        "1 failing peer replaced inside a download",
    ]
    assert [text.count(sentence) for sentence in told] == [1] * len(told)
    assert sorted(told, key=text.index) == told


def test_nothing_is_said_of_replacements_that_did_not_happen(show: Show) -> None:
    """The summary holds facts of this show only."""
    text = show.play()
    assert "replaced" not in text
    assert "Still SABnzbd" not in text


def test_a_red_button_ends_the_show(show: Show) -> None:
    """The finding is on the screen, the reason in the failure."""
    unknown = as_json({"version": "unknown"})
    show.place.afterwards = lambda: show.service.server.on(unknown, mode="version")
    with pytest.raises(StageFailure, match="Test button is red"):
        show.play()
    assert "error Version: Unknown Version" in show.stream.getvalue()


def test_nothing_to_grab_ends_the_show(show: Show) -> None:
    """The table tells why."""
    show.service.titles[:] = ["(FLAC) Muse - Showbiz - 1999-slsk00000003"]
    with pytest.raises(StageFailure, match="nothing it would take"):
        show.play()
    assert "Unknown artist" in show.stream.getvalue()


def test_failure_without_alternative_ends_the_show(
    show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last candidate failed too."""
    monkeypatch.setattr(acts_module, "AGAIN_SECONDS", 0.3)
    show.service.titles[:] = [FIRST]
    show.then(show.fail)
    with pytest.raises(StageFailure, match="no other release"):
        show.play()


def test_a_terminal_import_failure_ends_the_show(show: Show) -> None:
    """An incomplete folder: Lidarr's own reason is on the screen."""

    def deliver_half(nzo_id: str) -> None:
        folder = show.place.root / "complete" / "music" / nzo_id
        first, _ = write_album(folder, ALBUM)
        first.unlink()
        show.service.finish(nzo_id, storage=str(folder))

    show.then(deliver_half)
    with pytest.raises(StageFailure, match="importFailed"):
        show.play()
    assert "Has missing tracks" in show.stream.getvalue()


def test_a_vanished_download_ends_the_show(show: Show) -> None:
    """Neither failed nor finished."""
    show.then(lambda _: show.service.queue.clear())
    with pytest.raises(StageFailure, match="vanished"):
        show.play()


def test_patience_is_limited(show: Show) -> None:
    """A download that never moves is given up with a reason."""
    show.then()
    with pytest.raises(StageFailure, match="nothing came of it"):
        show.play(Tempo(poll=0.01, patience=0.2))


def test_a_download_that_no_poll_can_read_ends_the_show(show: Show) -> None:
    """A broken slot loses every poll, and Lidarr's queue with it."""

    def spoil(_: str) -> None:
        for slot in show.service.queue:
            slot["timeleft"] = "soon"

    show.then(spoil)
    with pytest.raises(StageFailure, match="vanished"):
        show.play()
    assert any("timeleft" in line for line in show.place.lidarr.life.core.log)


def test_tempo_follows_the_speed_of_the_network() -> None:
    """Looks are at least four a second, Lidarr's minute is as long, patience is two minutes or more."""
    calm, fast = Tempo.for_scale(1), Tempo.for_scale(20)
    assert (calm.poll, calm.lidarr_scale, calm.patience) == (1.0, 60.0, 1200.0)
    assert (fast.poll, fast.lidarr_scale, fast.patience) == (0.25, 240.0, 120.0)


@pytest.mark.parametrize("album", [album for album, _ in ACTS], ids=lambda album: album.title)
def test_the_programme_fits_the_simulated_network(album: Any) -> None:
    """What Lidarr waits for is what the demo world's peers really have, to the second."""
    (shared,) = [record for record in albums.ALBUMS if record.title == album.title]
    assert (shared.artist, shared.year) == (album.artist, album.year)
    tracks = [(track.disc, track.number, track.title, track.seconds) for track in shared.tracks]
    (edition,) = album.editions
    assert tracks == [(t.disc, t.number, t.title, t.seconds) for t in edition.tracks]
