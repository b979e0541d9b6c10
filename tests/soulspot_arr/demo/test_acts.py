"""The acts as a person sees them, played against a very small service over HTTP."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from soulspot_arr.demo.acts import Acts, Tempo
from soulspot_arr.demo.library import simple_album
from soulspot_arr.demo.programme import ACTS
from soulspot_arr.demo.screen import Screen
from soulspot_arr.demo.stage import StageFailure
from soulspot_arr.simulator import albums
from tests.soulspot_arr.demo.sabnzbd_shapes import config
from tests.soulspot_arr.demo.scripted import Scripted, as_json, as_xml
from tests.soulspot_arr.demo.small_service import SmallService
from tests.soulspot_arr.demo.tiny_audio import write_album

ALBUM = simple_album("Radiohead", "OK Computer", 1997, (("Airbag", 28), ("Lucky", 31)))
FIRST = "(FLAC) Radiohead - OK Computer - 1997-slsk00000001"
SECOND = "(FLAC) Radiohead - OK Computer - 1997-slsk00000002"
HURRY = Tempo(pacing=0, poll=0.01, patience=5)


@dataclass
class QuietPlace:
    """A place whose service is the scripted server."""

    service_url: str
    root: Path
    api_key: str = "key-of-the-demo"

    @property
    def library_root(self) -> Path:
        """Where albums go."""
        return self.root / "library"

    @property
    def service_log(self) -> Path:
        """Nobody writes it."""
        return self.root / "service.log"

    def check(self) -> None:
        """Nothing ever ends here."""


@dataclass
class Show:
    """A show that is ready to begin."""

    service: SmallService
    place: QuietPlace
    stream: io.StringIO

    def play(self, tempo: Tempo = HURRY) -> str:
        """Play everything and return what was on the screen."""
        acts = Acts(Screen(self.stream, {}), self.place, tempo, [(ALBUM, "Why it matters.")])
        acts.play()
        acts.summary(1.5)
        return self.stream.getvalue()


@pytest.fixture
def show(server: Scripted, tmp_path: Path) -> Show:
    """A service with sound Test buttons, two candidates, and a download that ends at poll four."""
    (tmp_path / "complete" / "music").mkdir(parents=True)
    body: dict[str, Any] = config(complete_dir=str(tmp_path / "complete"))
    body["config"]["categories"].append({"name": "prowlarr", "dir": "music"})
    server.on(as_json({"version": "4.5.1"}), mode="version")
    server.on(as_json(body), mode="get_config")
    service = SmallService(server, [FIRST, SECOND, "(FLAC) Muse - Showbiz - 1999-slsk00000003"])
    job = tmp_path / "complete" / "music" / "job"

    def finish(poll: int) -> None:
        if poll == 4:
            write_album(job, ALBUM)
            service.finish("SABnzbd_nzo_1", storage=str(job))

    service.on_poll = finish
    return Show(service, QuietPlace(server.url, tmp_path), io.StringIO())


def test_the_whole_show_is_told(show: Show) -> None:
    """Four green ticks, the table with reasons, the import, the files and the summary."""
    text = show.play()
    for sentence in (
        "✓ Lidarr: indexer (Newznab)",
        "✓ Lidarr: download client (SABnzbd)",
        "✓ Prowlarr: indexer (Generic Newznab)",
        "✓ Prowlarr: download client (SABnzbd)",
        "3 releases found, 2 approved, best first:",
        "└ Unknown artist: Muse",
        "SABnzbd_nzo_1",
        "Lidarr imports 2 tracks",
        "Radiohead/OK Computer (1997)",
        "01 - Airbag.wav",
        "queue and history are empty again",
        "1 album, 2 tracks, in the library after 2 s.",
    ):
        assert sentence in text
    assert max(len(line) for line in text.splitlines() if str(show.place.root) not in line) <= 80


def test_a_failed_download_is_replaced_before_the_eyes(show: Show, tmp_path: Path) -> None:
    """Blocklisted, searched again, imported from the second candidate."""

    def fail_then_finish(poll: int) -> None:
        if poll == 2:
            show.service.finish("SABnzbd_nzo_1", status="Failed", fail_message="peer went offline")
        if poll == 6:
            write_album(tmp_path / "job", ALBUM)
            show.service.finish("SABnzbd_nzo_2", storage=str(tmp_path / "job"))

    show.service.on_poll = fail_then_finish
    text = show.play()
    assert "The download failed: peer went offline" in text
    assert "└ Release is blocklisted" in text
    assert "1 failed download blocklisted and replaced" in text


def test_a_replaced_peer_is_told_where_it_happens(show: Show, tmp_path: Path) -> None:
    """Each of the service's sentences once, before what follows from it, and in the summary."""

    def replace_then_finish(poll: int) -> None:
        if poll == 2:
            show.service.happen("grab.offer_changed", "anna went offline. Trying bert instead.")
        if poll == 3:
            show.service.happen("grab.started", "bert is sending.")
        if poll == 5:
            write_album(tmp_path / "job", ALBUM)
            show.service.finish("SABnzbd_nzo_1", storage=str(tmp_path / "job"))

    show.service.on_poll = replace_then_finish
    text = show.play()
    told = [
        "• anna went offline. Trying bert instead.",
        "Still SABnzbd_nzo_1: Lidarr does not hear of it.",
        "• bert is sending.",
        "completed    ",
        "Lidarr imports 2 tracks (match",
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
    show.service.server.on(as_json({"version": "unknown"}), mode="version")
    with pytest.raises(StageFailure, match="Test button is red"):
        show.play()
    assert "error Version: Unknown Version" in show.stream.getvalue()


def test_nothing_to_grab_ends_the_show(show: Show) -> None:
    """The table tells why."""
    show.service.titles[:] = ["(FLAC) Muse - Showbiz - 1999-slsk00000003"]
    with pytest.raises(StageFailure, match="nothing it would take"):
        show.play()
    assert "Unknown artist" in show.stream.getvalue()


def test_a_failing_search_ends_the_show(show: Show) -> None:
    """An error document for searches with an artist."""
    show.service.server.on(
        as_xml('<error code="900" description="out of order"/>'), artist="Radiohead"
    )
    with pytest.raises(StageFailure, match="search failed"):
        show.play()
    assert "out of order" in show.stream.getvalue()


def test_failure_without_alternative_ends_the_show(show: Show) -> None:
    """The last candidate failed too."""
    show.service.titles[:] = [FIRST]
    show.service.on_poll = lambda poll: (
        show.service.finish("SABnzbd_nzo_1", status="Failed", fail_message="gone")
        if poll == 2
        else None
    )
    with pytest.raises(StageFailure, match="no other release"):
        show.play()


def test_a_terminal_import_failure_ends_the_show(show: Show, tmp_path: Path) -> None:
    """An incomplete folder: the missing track is named."""

    def incomplete(poll: int) -> None:
        if poll == 2:
            first, _ = write_album(tmp_path / "job", ALBUM)
            first.unlink()
            show.service.finish("SABnzbd_nzo_1", storage=str(tmp_path / "job"))

    show.service.on_poll = incomplete
    with pytest.raises(StageFailure, match="importFailed"):
        show.play()
    assert "missing tracks: Airbag" in show.stream.getvalue()


def test_a_vanished_download_ends_the_show(show: Show) -> None:
    """Neither failed nor finished."""
    show.service.on_poll = lambda poll: show.service.queue.clear() if poll == 2 else None
    with pytest.raises(StageFailure, match="vanished"):
        show.play()


def test_patience_is_limited(show: Show) -> None:
    """A download that never moves is given up with a reason."""
    show.service.on_poll = lambda _: None
    with pytest.raises(StageFailure, match="nothing came of it"):
        show.play(Tempo(pacing=0, poll=0.01, patience=0.1))


def test_lost_polls_are_told_and_limited(show: Show) -> None:
    """A broken slot loses every poll."""

    def spoil(_: int) -> None:
        for slot in show.service.queue:
            slot["timeleft"] = "soon"

    show.service.on_poll = spoil
    with pytest.raises(StageFailure, match="lost every poll"):
        show.play()
    assert "timeleft = 'soon'" in show.stream.getvalue()


def test_tempo_follows_the_speed_of_the_network() -> None:
    """Calm is Lidarr-like, fast is quick, patience never drops below two minutes."""
    calm, fast = Tempo.for_scale(1), Tempo.for_scale(20)
    assert (calm.pacing, calm.poll) == (2.0, 1.0)
    assert (fast.pacing, fast.poll, fast.patience) == (0.2, 0.25, 120.0)


@pytest.mark.parametrize("album", [album for album, _ in ACTS], ids=lambda album: album.title)
def test_the_programme_fits_the_simulated_network(album: Any) -> None:
    """What Lidarr waits for is what the demo world's peers really have, to the second."""
    (shared,) = [record for record in albums.ALBUMS if record.title == album.title]
    assert (shared.artist, shared.year) == (album.artist, album.year)
    tracks = [(track.disc, track.number, track.title, track.seconds) for track in shared.tracks]
    (edition,) = album.editions
    assert tracks == [(t.disc, t.number, t.title, t.seconds) for t in edition.tracks]
