"""What a person sees in Lidarr's pages: against the simulated one, which answers as stock Lidarr."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from soulspot_arr.demo.events import (
    Choice,
    DownloadFailed,
    Event,
    Grabbed,
    GrabRefused,
    Imported,
    ImportStuck,
    Progress,
)
from soulspot_arr.demo.library import simple_album
from soulspot_arr.demo.lidarr_window import LidarrWindow, NotInLibrary
from tests.soulspot_arr.demo.sabnzbd_shapes import config
from tests.soulspot_arr.demo.scripted import Scripted, as_json
from tests.soulspot_arr.demo.small_service import SmallService
from tests.soulspot_arr.demo.tiny_audio import write_album
from tests.story.lidarr import StoryLidarr, enter, story_lidarr

ALBUM = simple_album("Radiohead", "OK Computer", 1997, (("Airbag", 28), ("Lucky", 31)))
LIVE = simple_album("Radiohead", "OK Computer", 2001, (("Airbag", 30),), disambiguation="live")
FIRST = "(FLAC) Radiohead - OK Computer - 1997-slsk00000001"
SECOND = "(FLAC) Radiohead - OK Computer - 1997-slsk00000002"
FOREIGN = "(FLAC) Muse - Showbiz - 1999-slsk00000003"


@pytest.fixture
def service(server: Scripted, tmp_path: Path) -> SmallService:
    """A service with sound Test buttons and three releases, one of them of somebody else."""
    (tmp_path / "complete" / "music").mkdir(parents=True)
    body: dict[str, Any] = config(complete_dir=str(tmp_path / "complete"))
    server.on(as_json({"version": "4.5.1"}), mode="version")
    server.on(as_json(body), mode="get_config")
    return SmallService(server, [FIRST, SECOND, FOREIGN])


@pytest.fixture
def lidarr(service: SmallService, tmp_path: Path) -> Iterator[StoryLidarr]:
    """A Lidarr that wants two albums of one name and uses that service."""
    with story_lidarr(tmp_path / "library", ALBUM, LIVE) as opened:
        enter(opened.double, service.server.url, "key")
        yield opened


def others(events: list[Event]) -> list[type[Event]]:
    """Kinds of the events without progress."""
    return [type(event) for event in events if not isinstance(event, Progress)]


def test_choices_carry_lidarrs_verdict(lidarr: StoryLidarr) -> None:
    """Approved ones first, the reasons with the others."""
    found = lidarr.window.search(ALBUM)
    assert [choice.title for choice in found if choice.approved] == [FIRST, SECOND]
    (refused,) = [choice for choice in found if not choice.approved]
    assert (refused.title, refused.rejections) == (FOREIGN, ("Unknown artist: Muse",))
    assert (found[0].quality, found[0].size) == ("FLAC", 2000)


def test_albums_of_one_name_are_told_apart(lidarr: StoryLidarr) -> None:
    """By their disambiguation; what is not there is said."""
    window = lidarr.window
    assert window.number_of(ALBUM) != window.number_of(LIVE)
    with pytest.raises(NotInLibrary, match="Kid A"):
        window.number_of(simple_album("Radiohead", "Kid A", 2000, (("Idioteque", 20),)))


def test_a_grab_is_known_by_its_id_and_told_once(
    lidarr: StoryLidarr, service: SmallService
) -> None:
    """The id comes from Lidarr's history; a later look does not tell it again."""
    (event,) = lidarr.window.grab_best(lidarr.window.search(ALBUM))
    assert event == Grabbed("SABnzbd_nzo_1", FIRST)
    events = lidarr.refresh()
    assert others(events) == []
    (progress,) = events
    assert isinstance(progress, Progress)
    assert (progress.nzo_id, progress.title) == ("SABnzbd_nzo_1", FIRST)
    assert 0 < progress.size_left <= progress.size


@pytest.mark.parametrize("status", [404, 410, 500])
def test_5_4_a_dead_link_lets_the_next_candidate_through(
    lidarr: StoryLidarr, service: SmallService, status: int
) -> None:
    """The refusal is told, and nothing is blocklisted by it."""
    service.nzb_status["0"] = status
    events = lidarr.window.grab_best(lidarr.window.search(ALBUM))
    assert [type(event) for event in events] == [GrabRefused, Grabbed]
    assert lidarr.window.blocklist() == []


def test_what_was_never_offered_cannot_be_grabbed(lidarr: StoryLidarr) -> None:
    """Lidarr's own sentence is the reason."""
    event = lidarr.window.grab(Choice(FIRST, "FLAC", 1, (), "unheard of", 1))
    assert isinstance(event, GrabRefused)
    assert "cache" in event.reason


def test_an_import_is_told_with_its_files(
    lidarr: StoryLidarr, service: SmallService, tmp_path: Path
) -> None:
    """Once, and they are where it says."""
    nzo_id = lidarr.grab(lidarr.offers(ALBUM))
    write_album(tmp_path / "job", ALBUM)
    service.finish(nzo_id, storage=str(tmp_path / "job"))
    (event,) = [event for event in lidarr.refresh() if isinstance(event, Imported)]
    assert (event.nzo_id, len(event.files)) == (nzo_id, 2)
    assert all(path.is_file() for path in event.files)
    assert lidarr.refresh() == []
    assert service.history == []


def test_3_6_a_refused_removal_is_repeated(
    lidarr: StoryLidarr, service: SmallService, tmp_path: Path
) -> None:
    """An imported item that is still listed is deleted again with every poll."""
    nzo_id = lidarr.grab(lidarr.offers(ALBUM))
    write_album(tmp_path / "job", ALBUM)
    service.finish(nzo_id, storage=str(tmp_path / "job"))
    service.refuse_deletes = True
    assert Imported in others(lidarr.refresh())
    lidarr.refresh()
    assert [slot["nzo_id"] for slot in service.history] == [nzo_id]
    service.refuse_deletes = False
    lidarr.refresh()
    assert service.history == []


def test_3_5_a_failure_is_followed_by_the_next_grab(
    lidarr: StoryLidarr, service: SmallService
) -> None:
    """Both are told in their order, and the failed one is on the blocklist."""
    nzo_id = lidarr.grab(lidarr.offers(ALBUM))
    service.finish(nzo_id, status="Failed", fail_message="peer went offline")
    events = [event for event in lidarr.refresh() if not isinstance(event, Progress)]
    assert events == [
        DownloadFailed(nzo_id, FIRST, "peer went offline"),
        Grabbed("SABnzbd_nzo_2", SECOND),
    ]
    assert lidarr.window.blocklist() == [FIRST]


def test_a_complaint_is_told_when_it_is_new(
    lidarr: StoryLidarr, service: SmallService, tmp_path: Path
) -> None:
    """Not at every look; another one is told again."""
    nzo_id = lidarr.grab(lidarr.offers(ALBUM))
    job = tmp_path / "job"
    service.finish(nzo_id, storage=str(job))
    (stuck,) = [event for event in lidarr.refresh() if isinstance(event, ImportStuck)]
    assert stuck.state == "importPending"
    assert "No files found are eligible" in stuck.messages[0]
    assert others(lidarr.refresh()) == []
    write_album(job, ALBUM)[0].unlink()
    (stuck,) = [event for event in lidarr.refresh() if isinstance(event, ImportStuck)]
    assert stuck.state == "importFailed"
    assert any("Has missing tracks" in message for message in stuck.messages)


def test_buttons_and_health(lidarr: StoryLidarr, service: SmallService) -> None:
    """Green is an empty list; what is wrong has its field."""
    green: dict[str, list[object]] = {"indexer SoulSpot": [], "download client SoulSpot": []}
    assert lidarr.window.test_buttons() == green
    assert lidarr.window.health() == []
    service.server.on(as_json({"version": "unknown"}), mode="version")
    (finding,) = lidarr.window.test_buttons()["download client SoulSpot"]
    assert (finding.field, finding.message, finding.is_warning) == (
        "Version",
        "Unknown Version: unknown",
        False,
    )


def test_a_wrong_key_is_an_error(lidarr: StoryLidarr) -> None:
    """Not an empty page."""
    with pytest.raises(requests.HTTPError, match="401"):
        LidarrWindow(lidarr.double.url, "wrong").look()
