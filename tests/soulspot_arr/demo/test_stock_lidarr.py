"""Stock Lidarr as a whole, against a very small service: grabs, failures, imports, removals."""

from __future__ import annotations

from pathlib import Path

import pytest

from soulspot_arr.demo.events import (
    DownloadFailed,
    Event,
    Grabbed,
    GrabSkipped,
    Imported,
    ImportStuck,
    PollFailed,
    Progress,
    RemovalFailed,
    Removed,
    Searched,
    SearchFailed,
    TrackedState,
    Untracked,
)
from soulspot_arr.demo.library import simple_album
from soulspot_arr.demo.newznab_client import NewznabClient
from soulspot_arr.demo.sabnzbd_client import SabnzbdClient
from soulspot_arr.demo.stock_lidarr import Preferences, StockLidarr
from tests.soulspot_arr.demo.scripted import Answer, Scripted, as_xml
from tests.soulspot_arr.demo.small_service import SmallService
from tests.soulspot_arr.demo.tiny_audio import write_album

ALBUM = simple_album("Radiohead", "OK Computer", 1997, (("Airbag", 28), ("Lucky", 31)))
FIRST = "(FLAC) Radiohead - OK Computer - 1997-slsk00000001"
SECOND = "(FLAC) Radiohead - OK Computer - 1997-slsk00000002"


@pytest.fixture
def service(server: Scripted) -> SmallService:
    """A service with two candidates for the album."""
    return SmallService(server, [FIRST, SECOND])


@pytest.fixture
def lidarr(server: Scripted, service: SmallService, tmp_path: Path) -> StockLidarr:
    """A Lidarr that wants the album."""
    return StockLidarr(
        NewznabClient(f"{server.url}/newznab", api_key="K", pacing=0),
        SabnzbdClient(f"{server.url}/sabnzbd", "K"),
        library=[ALBUM],
        library_root=tmp_path / "library",
        preferences=Preferences(nzb_retry_pause=0),
    )


def grab_first(lidarr: StockLidarr) -> str:
    """Search and grab; returns the id."""
    found = lidarr.search(ALBUM)
    assert isinstance(found, Searched)
    (event,) = lidarr.grab_best(ALBUM, found.decisions)
    assert isinstance(event, Grabbed)
    return event.nzo_id


def kinds(events: list[Event]) -> list[type[Event]]:
    """The classes of the events, progress left out."""
    return [type(event) for event in events if not isinstance(event, Progress)]


def test_an_album_travels_from_search_to_library(
    lidarr: StockLidarr, service: SmallService, tmp_path: Path
) -> None:
    """Search, grab, poll, import, removal: the whole ride."""
    nzo_id = grab_first(lidarr)
    (progress,) = lidarr.refresh()
    assert isinstance(progress, Progress)
    assert (progress.title, progress.state) == (FIRST, TrackedState.DOWNLOADING)
    job = tmp_path / "job"
    write_album(job, ALBUM)
    service.finish(nzo_id, storage=str(job))
    events = lidarr.refresh()
    assert kinds(events) == [Imported, Removed]
    assert service.history == []
    assert len(list((tmp_path / "library").rglob("*.wav"))) == 2
    assert kinds(lidarr.refresh()) == []


def test_3_5_a_failure_blocklists_removes_and_then_searches_again(
    lidarr: StockLidarr, service: SmallService
) -> None:
    """The new search is last, and the other candidate is grabbed."""
    nzo_id = grab_first(lidarr)
    lidarr.refresh()
    service.finish(nzo_id, status="Failed", fail_message="peer went offline")
    events = lidarr.refresh()
    assert kinds(events) == [DownloadFailed, Removed, Searched, Grabbed]
    failed = next(event for event in events if isinstance(event, DownloadFailed))
    assert (failed.reason, failed.title) == ("peer went offline", FIRST)
    searched = next(event for event in events if isinstance(event, Searched))
    reasons = {entry.release.title: entry.rejections for entry in searched.decisions}
    assert reasons == {SECOND: (), FIRST: ("Release is blocklisted",)}
    deletes = [query for query in service.server.queries() if "name=delete" in query]
    assert ["archive=0" in query for query in deletes] == [True]


def test_9_2_a_bad_import_is_terminal_and_blocks_further_grabs(
    lidarr: StockLidarr, service: SmallService, tmp_path: Path
) -> None:
    """importFailed is never tried again; the album counts as queued."""
    nzo_id = grab_first(lidarr)
    job = tmp_path / "job"
    first, _ = write_album(job, ALBUM)
    first.unlink()
    service.finish(nzo_id, storage=str(job))
    (stuck,) = (event for event in lidarr.refresh() if isinstance(event, ImportStuck))
    assert stuck.state is TrackedState.IMPORT_FAILED
    write_album(job, ALBUM)
    assert kinds(lidarr.refresh()) == []
    found = lidarr.search(ALBUM)
    assert isinstance(found, Searched)
    assert all("queue" in entry.rejections[0] for entry in found.decisions)


def test_9_2_a_missing_folder_is_tried_again_every_minute(
    lidarr: StockLidarr, service: SmallService, tmp_path: Path
) -> None:
    """importPending repeats until the folder is there."""
    nzo_id = grab_first(lidarr)
    job = tmp_path / "job"
    service.finish(nzo_id, storage=str(job))
    for _ in range(2):
        assert kinds(lidarr.refresh()) == [ImportStuck]
    write_album(job, ALBUM)
    assert kinds(lidarr.refresh()) == [Imported, Removed]


def test_3_6_a_refused_removal_is_repeated(
    lidarr: StockLidarr, service: SmallService, tmp_path: Path
) -> None:
    """An imported item that is still listed is deleted again in every run."""
    nzo_id = grab_first(lidarr)
    job = tmp_path / "job"
    write_album(job, ALBUM)
    service.finish(nzo_id, storage=str(job))
    service.refuse_deletes = True
    assert kinds(lidarr.refresh())[:2] == [Imported, RemovalFailed]
    assert kinds(lidarr.refresh()) == [RemovalFailed]
    service.refuse_deletes = False
    assert kinds(lidarr.refresh()) == [Removed]


@pytest.mark.parametrize("status", [404, 410, 500])
def test_5_4_a_dead_link_lets_the_next_candidate_through(
    lidarr: StockLidarr, service: SmallService, status: int
) -> None:
    """Nothing is blocklisted by a failed grab."""
    service.nzb_status["0"] = status
    found = lidarr.search(ALBUM)
    assert isinstance(found, Searched)
    events = lidarr.grab_best(ALBUM, found.decisions)
    assert kinds(events) == [GrabSkipped, Grabbed]
    assert lidarr.blocklist == []


def test_5_4_an_unreachable_client_parks_all_candidates(
    server: Scripted, service: SmallService, tmp_path: Path
) -> None:
    """The rest waits for the next RSS sync instead of being tried."""
    lidarr = StockLidarr(
        NewznabClient(f"{server.url}/newznab", pacing=0),
        SabnzbdClient("http://127.0.0.1:9/sabnzbd", "K"),
        library=[ALBUM],
        library_root=tmp_path,
    )
    found = lidarr.search(ALBUM)
    assert isinstance(found, Searched)
    (event,) = lidarr.grab_best(ALBUM, found.decisions)
    assert isinstance(event, GrabSkipped)
    assert event.pending


def test_3_5_a_vanished_download_is_neither_failed_nor_searched_again(
    lidarr: StockLidarr, service: SmallService
) -> None:
    """It just disappears from the activity page."""
    grab_first(lidarr)
    lidarr.refresh()
    service.queue.clear()
    assert kinds(lidarr.refresh()) == [Untracked]
    assert lidarr.blocklist == []


def test_4_a_lost_poll_changes_nothing_but_tracking(
    lidarr: StockLidarr, service: SmallService
) -> None:
    """One bad value loses the poll; the next good one continues."""
    grab_first(lidarr)
    lidarr.refresh()
    service.queue[0]["percentage"] = 50.0
    assert kinds(lidarr.refresh()) == [PollFailed]
    service.queue[0]["percentage"] = "50"
    assert [type(event) for event in lidarr.refresh()] == [Progress]


def test_6_7_a_failing_search_is_an_event(lidarr: StockLidarr, server: Scripted) -> None:
    """The reason comes along in words."""
    server.on(as_xml('<error code="100" description="no key"/>'), t="music")
    found = lidarr.search(ALBUM)
    assert isinstance(found, SearchFailed)
    assert "no key" in found.reason
    server.on(Answer(b"", 503), t="music")
    assert isinstance(lidarr.search(ALBUM), SearchFailed)


def test_5_5_an_id_used_twice_is_never_imported(
    lidarr: StockLidarr, service: SmallService, tmp_path: Path
) -> None:
    """The cached final state of the first job wins."""
    nzo_id = grab_first(lidarr)
    job = tmp_path / "job"
    write_album(job, ALBUM)
    service.finish(nzo_id, storage=str(job))
    lidarr.refresh()
    service.uploads = 0
    assert grab_first(lidarr) == nzo_id
    write_album(job, ALBUM)
    service.finish(nzo_id, storage=str(job))
    assert Imported not in kinds(lidarr.refresh())
