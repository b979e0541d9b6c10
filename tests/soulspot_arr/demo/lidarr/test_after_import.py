"""What Lidarr moves, deletes and leaves after an import (contract lidarr §9.7), and troubles there."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from tests.fakes.threads import until
from tests.soulspot_arr.demo.lidarr.stage import SONGS, Json, Stage, artist, release, write_songs

NZO = "SABnzbd_nzo_1"


def finish(stage: Stage, folder: Path, nzo_id: str = NZO) -> None:
    """A grabbed download of this folder, polled once."""
    stage.grabbed(nzo_id)
    stage.sabnzbd.done(nzo_id, folder)
    stage.refresh()


def test_covers_and_logs_go_with_the_folder(stage: Stage) -> None:
    """Nothing but audio keeps a folder (step 2)."""
    folder = stage.downloads / "job"
    write_songs(folder)
    (folder / "cover.jpg").write_bytes(b"x")
    (folder / "rip.log").write_text("fine")
    finish(stage, folder)
    assert not folder.exists()
    assert not (stage.library / "Radiohead" / "cover.jpg").exists()


def test_a_large_archive_keeps_the_folder_from_step_two(stage: Stage) -> None:
    """More than 10 MB of .rar stays when the client's own removal is off."""
    [client] = stage.get("downloadclient")
    body = client | {"removeCompletedDownloads": False}
    assert stage.call("PUT", f"downloadclient/{client['id']}", body).status_code == 202
    folder = stage.downloads / "job"
    write_songs(folder)
    (folder / "scans.rar").write_bytes(bytes(10 * 1024 * 1024 + 1))
    finish(stage, folder)
    assert [path.name for path in folder.iterdir()] == ["scans.rar"]
    assert stage.state(NZO) == "imported"
    assert stage.sabnzbd.deletions() == []


def test_the_removal_deletes_leftover_audio_as_well(stage: Stage) -> None:
    """Step 3 asks nothing: what is below the reported path is gone."""
    folder = stage.downloads / "job"
    write_songs(folder)
    extras = folder / "extras"
    write_songs(extras, [("Bonus", 9.0)])
    finish(stage, folder)
    assert stage.state(NZO) == "imported"
    assert not folder.exists()


def test_a_refused_folder_stays_as_it_was(stage: Stage) -> None:
    """Nothing is deleted and nothing removed from the client."""
    folder = stage.downloads / "job"
    files = write_songs(folder, SONGS[:2])
    finish(stage, folder)
    assert all(path.exists() for path in files)
    assert stage.sabnzbd.deletions() == []


def test_files_that_are_there_make_room(stage: Stage) -> None:
    """The album's old files are deleted first, and the row says so."""
    folder = stage.downloads / "job"
    write_songs(folder)
    finish(stage, folder)
    again = stage.downloads / "again"
    write_songs(again)
    finish(stage, again, "SABnzbd_nzo_2")
    assert stage.state("SABnzbd_nzo_2") == "imported"
    assert len(list((stage.library / "Radiohead").iterdir())) == 3
    events = [row["eventType"] for row in stage.get("history", pageSize=100)["records"]]
    assert events.count("trackFileDeleted") == 3


def test_renaming_follows_the_configuration(stage: Stage) -> None:
    """With Rename Tracks the album gets its folder; off, all lie in the artist's."""
    page = stage.get("config/naming") | {"renameTracks": True}
    stage.call("PUT", "config/naming", page)
    folder = stage.downloads / "job"
    write_songs(folder)
    finish(stage, folder)
    album = stage.library / "Radiohead" / "OK Computer (1997)"
    assert sorted(path.name for path in album.iterdir()) == [
        f"Radiohead - OK Computer - {at:02d} - {song[0]}.wav" for at, song in enumerate(SONGS, 1)
    ]


def test_the_found_release_becomes_the_monitored_one(bare: Stage) -> None:
    """Any release ok: the nearest one is taken and monitored from then on."""
    bonus = (*SONGS, ("Bonus", 30.0))
    bare.control("artist", **artist(release(bonus, monitored=True), release()))
    bare.add_client()
    folder = bare.downloads / "job"
    write_songs(folder)
    finish(bare, folder)
    [album] = bare.get("album")
    assert [(one["trackCount"], one["monitored"]) for one in album["releases"]] == [
        (4, False),
        (3, True),
    ]
    assert album["statistics"]["percentOfTracks"] == 100.0


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        ("denied", "Failed to import track, Permissions error"),
        ("full", "Failed to import track"),
        ("root", "Failed to import track, Root folder missing."),
    ],
)
def test_troubles_of_the_disk_fail_the_import_for_good(
    stage: Stage, trouble: str, reason: str
) -> None:
    """Each one counts as "file not imported": importFailed (§9.6)."""
    folder = stage.downloads / "job"
    files = write_songs(folder)
    disk: dict[str, Json] = {
        "denied": {"denied": [str(folder)]},
        "full": {"full": True},
        "root": {"hidden": [str(stage.library)]},
    }
    stage.control("disk", **disk[trouble])
    finish(stage, folder)
    assert stage.state(NZO) == "importFailed"
    assert stage.queued()[0]["statusMessages"][1]["messages"] == [reason]
    assert all(path.exists() for path in files)


def test_a_path_that_lidarr_does_not_see_stays_pending(stage: Stage) -> None:
    """The folder is there for us and not for Lidarr: pending, every run anew."""
    folder = stage.downloads / "job"
    write_songs(folder)
    stage.control("disk", hidden=[str(stage.downloads)])
    finish(stage, folder)
    assert stage.state(NZO) == "importPending"
    sources = [row["source"] for row in stage.get("health")]
    assert "RemotePathMappingCheck" in sources
    stage.control("disk", hidden=[])
    stage.refresh()
    assert stage.state(NZO) == "imported"


def test_a_remote_path_mapping_leads_to_the_folder(stage: Stage) -> None:
    """The reported path is mapped by host and leading segments (§3.4)."""
    mapping = {
        "host": "127.0.0.1",
        "remotePath": "/elsewhere",
        "localPath": str(stage.downloads),
    }
    assert stage.call("POST", "remotepathmapping", mapping).status_code == 201
    write_songs(stage.downloads / "job")
    finish(stage, Path("/elsewhere/job"))
    assert stage.state(NZO) == "imported"


def test_a_folder_that_must_not_be_deleted_leaves_importing(stage: Stage) -> None:
    """The files are in, the emptied folder is protected: the state hangs until a restart."""
    folder = stage.downloads / "job"
    write_songs(folder)

    class Protected(type(stage.double.life.core.disk)):  # type: ignore[misc]
        """Files may leave, the folder may not."""

        def delete_tree(self, path: str) -> None:
            """Refused."""
            raise PermissionError(13, "Access to the path is denied", path)

    stage.double.life.core.disk = Protected()
    finish(stage, folder)
    assert stage.state(NZO) == "importing"
    stage.refresh()
    assert stage.state(NZO) == "importing"
    stage.double.restart()
    stage.refresh()
    assert stage.state(NZO) == "imported"


def test_no_space_for_the_next_file(stage: Stage) -> None:
    """The margin of free space is looked at before anything moves (§9.6)."""
    page = stage.get("config/mediamanagement") | {"minimumFreeSpaceWhenImporting": 10**9}
    stage.call("PUT", "config/mediamanagement", page)
    folder = stage.downloads / "job"
    write_songs(folder)
    finish(stage, folder)
    assert stage.state(NZO) == "importFailed"
    assert stage.queued()[0]["statusMessages"][1]["messages"] == ["Not enough free space"]


def test_killed_in_the_middle_of_an_import(stage: Stage) -> None:
    """Two files are in the library, unknown to it; the rest misses them and fails for good."""
    folder = stage.downloads / "job"
    write_songs(folder)
    stage.control("disk", diesAfter=2)
    before = stage.double.life
    finish(stage, folder)

    def lives_again() -> bool:
        try:
            return stage.double.life is not before and stage.get("queue") is not None
        except requests.ConnectionError:
            return False

    until(lives_again, seconds=20)
    assert len(list((stage.library / "Radiohead").iterdir())) == 2
    assert stage.get("trackfile", albumId=1) == []
    orphans = [one["name"] for one in stage.get("command") if one["status"] == "orphaned"]
    assert orphans == ["ProcessMonitoredDownloads"]
    stage.refresh()
    assert stage.state(NZO) == "importFailed"


def test_an_unseen_folder_is_not_deleted_with_the_download(stage: Stage) -> None:
    """Removed from the client although its folder cannot be touched (§3.6)."""
    folder = stage.downloads / "job"
    write_songs(folder)
    stage.control("disk", hidden=[str(stage.downloads)])
    finish(stage, folder)
    [row] = stage.queued()
    assert stage.call("DELETE", f"queue/{row['id']}").status_code == 200
    assert folder.exists()
    assert stage.sabnzbd.deletions() == [f"history:{NZO}:1"]
