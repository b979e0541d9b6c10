"""Tracked downloads: every row of the contract's state table and of what happens after an import."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soulspot_arr.demo.lidarr.stage import SONGS, TITLE, Stage, artist, write_songs

NZO = "SABnzbd_nzo_1"


def finish(stage: Stage, songs: int = 3, **tags: str) -> Path:
    """A grabbed download whose folder holds this many songs; polled once."""
    folder = stage.downloads / "job"
    write_songs(folder, SONGS[:songs], **tags)
    stage.grabbed(NZO)
    stage.sabnzbd.done(NZO, folder)
    stage.refresh()
    return folder


def test_a_complete_folder_is_imported_and_removed(stage: Stage) -> None:
    """All files in: imported, moved, folder gone, one deletion with archive=1 (§9.2, §9.7)."""
    folder = finish(stage)
    assert stage.state(NZO) == "imported"
    assert not folder.exists()
    assert sorted(path.name for path in (stage.library / "Radiohead").iterdir()) == [
        f"{at:02d} {song[0]}.wav" for at, song in enumerate(SONGS, start=1)
    ]
    assert stage.sabnzbd.deletions() == [f"history:{NZO}:1"]
    assert stage.queued() == []
    assert stage.events(NZO) == ["grabbed", *["trackFileImported"] * 3, "downloadImported"]


def test_downloading_is_only_shown(stage: Stage) -> None:
    """Nothing is done with a download under way."""
    stage.grabbed(NZO)
    stage.sabnzbd.loading(NZO)
    stage.refresh()
    [row] = stage.queued()
    assert (row["downloadId"], row["trackedDownloadState"], row["status"]) == (
        NZO,
        "downloading",
        "downloading",
    )
    assert row["timeleft"] == "00:01:00"
    assert (row["albumId"], row["trackedDownloadStatus"]) == (1, "ok")


def test_a_missing_track_is_final(stage: Stage) -> None:
    """importFailed: not tried again, not after a restart, and no blocklist (§9.2)."""
    folder = finish(stage, 2)
    assert stage.state(NZO) == "importFailed"
    [row] = stage.queued()
    assert row["statusMessages"][1]["title"] == "01 Airbag.wav"
    assert "Has missing tracks" in row["statusMessages"][1]["messages"]
    write_songs(folder)
    stage.refresh()
    assert stage.state(NZO) == "importFailed"
    stage.double.restart()
    stage.refresh()
    assert stage.state(NZO) == "importFailed"
    assert stage.queued()[0]["statusMessages"] == row["statusMessages"]
    assert stage.get("blocklist")["totalRecords"] == 0
    assert stage.events(NZO) == ["grabbed", "albumImportIncomplete"]


@pytest.mark.parametrize("empty", [True, False])
def test_no_folder_and_an_empty_folder_stay_pending(stage: Stage, empty: bool) -> None:
    """Tried at every run until there is something (§9.2, second row)."""
    folder = stage.downloads / "job"
    if empty:
        folder.mkdir()
    stage.grabbed(NZO)
    stage.sabnzbd.done(NZO, folder)
    stage.refresh()
    [row] = stage.queued()
    assert row["trackedDownloadState"] == "importPending"
    assert row["statusMessages"][0]["messages"] == [
        f"No files found are eligible for import in {folder}"
    ]
    write_songs(folder)
    stage.refresh()
    assert stage.state(NZO) == "imported"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("setup.exe", "Caution: Found executable file"),
        ("album.rar", "Found archive file, might need to be extracted"),
    ],
)
def test_one_reason_for_the_folder_stays_pending(stage: Stage, name: str, reason: str) -> None:
    """Executables and archives without audio (§9.2, third row)."""
    folder = stage.downloads / "job"
    folder.mkdir()
    (folder / name).write_bytes(b"x")
    stage.grabbed(NZO)
    stage.sabnzbd.done(NZO, folder)
    stage.refresh()
    [row] = stage.queued()
    assert (row["trackedDownloadState"], row["statusMessages"][0]["title"]) == (
        "importPending",
        reason,
    )


def test_an_artist_folder_is_never_imported(stage: Stage) -> None:
    """The reported path is a library artist's own (§9.3)."""
    home = stage.library / "Radiohead"
    write_songs(home)
    stage.grabbed(NZO)
    stage.sabnzbd.done(NZO, home)
    stage.refresh()
    assert stage.queued()[0]["statusMessages"][0]["title"] == (
        "Import path is mapped to an artist folder"
    )


def test_an_unknown_artist_blocks_and_may_still_fail(stage: Stage) -> None:
    """importBlocked is looked at again at each poll; without a grab a failure only warns (§3.5)."""
    title = "(FLAC) Nobody - Nothing - 2001-slsk00000001"
    folder = stage.downloads / "job"
    write_songs(folder)
    stage.sabnzbd.done(NZO, folder, title)
    stage.refresh()
    assert stage.state(NZO) == "importBlocked"
    stage.sabnzbd.history[0] |= {"status": "Failed", "fail_message": "gone"}
    stage.refresh()
    [row] = stage.queued()
    assert row["trackedDownloadState"] == "importBlocked"
    assert row["statusMessages"][0]["messages"] == ["Download wasn't grabbed by Lidarr, skipping"]
    stage.grabbed(NZO, title=title)
    stage.refresh()
    assert stage.state(NZO) == "downloadFailed"


def test_a_failure_is_blocklisted_removed_and_searched_again(stage: Stage) -> None:
    """Failed while downloading: the only way to a blocklist row (§3.5)."""
    stage.grabbed(NZO)
    stage.sabnzbd.loading(NZO)
    stage.refresh()
    stage.sabnzbd.queue.clear()
    stage.sabnzbd.done(NZO, "", status="Failed", fail_message="every peer is gone")
    stage.refresh()
    assert stage.state(NZO) == "downloadFailed"
    [row] = stage.get("blocklist")["records"]
    assert (row["sourceTitle"], row["message"]) == (TITLE, "every peer is gone")
    assert stage.sabnzbd.deletions() == [f"history:{NZO}:0"]
    assert stage.events(NZO) == ["grabbed", "downloadFailed"]
    searches = [one for one in stage.get("command") if one["name"] == "AlbumSearch"]
    assert [one["body"]["albumIds"] for one in searches] == [[1]]


def test_failed_after_completed_is_ignored(stage: Stage) -> None:
    """Once Completed was believed, Failed has no effect (§3.5)."""
    stage.grabbed(NZO)
    stage.sabnzbd.done(NZO, stage.downloads / "absent")
    stage.refresh()
    stage.sabnzbd.history[0] |= {"status": "Failed", "fail_message": "changed our mind"}
    stage.refresh()
    assert stage.state(NZO) == "importPending"
    assert stage.get("blocklist")["totalRecords"] == 0


def test_the_disk_full_sentence_only_warns(stage: Stage) -> None:
    """A parked download stays in the queue as a warning (§3.2)."""
    stage.grabbed(NZO)
    sentence = "Unpacking failed, write error or disk is full?"
    stage.sabnzbd.done(NZO, "", status="Failed", fail_message=sentence)
    stage.refresh()
    [row] = stage.queued()
    assert (row["status"], row["trackedDownloadState"], row["errorMessage"]) == (
        "warning",
        "downloading",
        sentence,
    )


def test_what_disappears_is_not_a_failure(stage: Stage) -> None:
    """An id in neither list leaves the queue and nothing else happens (§3.5)."""
    stage.grabbed(NZO)
    stage.sabnzbd.loading(NZO)
    stage.refresh()
    stage.sabnzbd.queue.clear()
    stage.refresh()
    assert stage.queued() == []
    assert stage.events(NZO) == ["grabbed"]


def test_a_failed_poll_untracks_everything_until_the_next(stage: Stage) -> None:
    """One bad answer empties the queue; the next good one brings it back (§4)."""
    stage.grabbed(NZO)
    stage.sabnzbd.loading(NZO)
    stage.refresh()
    stage.sabnzbd.broken = True
    stage.refresh()
    assert stage.queued() == []
    stage.sabnzbd.broken = False
    stage.refresh()
    assert len(stage.queued()) == 1


def test_a_blocked_client_is_left_alone_until_it_is_tested(stage: Stage) -> None:
    """Back-off: no poll at all; a good testall lifts it (§4)."""
    stage.control("block", seconds=3600)
    stage.sabnzbd.log.clear()
    stage.refresh()
    assert stage.sabnzbd.log == []
    sources = [row["source"] for row in stage.get("health")]
    assert "DownloadClientStatusCheck" in sources
    assert stage.call("POST", "downloadclient/testall").status_code == 200
    stage.refresh()
    assert [asked.query["mode"] for asked in stage.sabnzbd.log][-2:] == ["queue", "history"]


def test_a_used_id_keeps_its_end(stage: Stage) -> None:
    """An id that was imported once is never imported again (§5.5)."""
    finish(stage)
    folder = stage.downloads / "again"
    write_songs(folder)
    stage.sabnzbd.done(NZO, folder)
    stage.refresh()
    assert stage.state(NZO) == "imported"
    # What is imported and still listed is removed again, folder first (§3.6).
    assert not folder.exists()
    assert stage.sabnzbd.deletions() == [f"history:{NZO}:1"] * 2


def test_two_artists_of_one_clean_name_stop_everything(stage: Stage) -> None:
    """The look-up raises at every poll: the state stays, nothing is imported (§3.5, step 4)."""
    stage.control("artist", **artist(name="Radio-head"))
    folder = finish(stage)
    assert stage.state(NZO) == "downloading"
    [row] = stage.queued()
    assert row["statusMessages"][0]["messages"] == [
        "Unable to import automatically, found multiple artists: Radiohead, Radio-head"
    ]
    assert folder.exists()
    stage.sabnzbd.history[0] |= {"status": "Failed", "fail_message": "gone"}
    stage.refresh()
    assert stage.state(NZO) == "downloadFailed"


def test_an_unreadable_title_is_bound_by_the_grab(stage: Stage) -> None:
    """Ids of the grab, when the title says nothing (§3.5, step 2)."""
    folder = stage.downloads / "job"
    write_songs(folder)
    stage.grabbed(NZO)
    stage.sabnzbd.done(NZO, folder, "no hyphen here")
    stage.refresh()
    assert stage.state(NZO) == "imported"


def test_handling_switched_off_hides_what_is_complete(stage: Stage) -> None:
    """Without Completed Download Handling nothing is imported and the queue is empty (§10)."""
    page = stage.get("config/downloadclient") | {"enableCompletedDownloadHandling": False}
    assert stage.call("PUT", "config/downloadclient/1", page).status_code == 202
    folder = finish(stage)
    assert folder.exists()
    assert stage.queued() == []
