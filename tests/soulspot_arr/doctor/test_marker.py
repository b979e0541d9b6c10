"""A marker file between three programs, and who may empty whose folders."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from soulspot_arr.doctor import marker
from soulspot_arr.doctor.facts import Folder
from soulspot_arr.doctor.marker import Views, look, owner_of


def views(slskd: Path, lidarr: Path) -> Views:
    """Two programs that see these folders."""
    return Views(
        slskd=lambda name: (slskd / name).exists(),
        lidarr=lambda path: (str(lidarr / path.name), (lidarr / path.name).exists()),
        elsewhere=lambda path: f"/theirs/done/{path.name}",
    )


def files(folder: Path) -> list[str]:
    """Files that lie anywhere below."""
    return [name for _, _, names in os.walk(folder) for name in names]


def test_everybody_sees_it(tmp_path: Path) -> None:
    """Written, seen, moved, seen again, and gone."""
    root, complete = tmp_path / "downloads", tmp_path / "downloads" / "soulspot" / "music"
    root.mkdir()
    folder, written_at = look(root, "/app", complete, views(root, complete))
    assert folder == Folder(
        str(root), "/app", str(complete), "", True, True, str(complete), True, None
    )
    assert written_at is not None
    assert abs(written_at - time.time()) < 10
    assert files(tmp_path) == []


def test_two_folders_are_noticed(tmp_path: Path) -> None:
    """Other programs look at other places, whatever they are called."""
    root, complete = tmp_path / "downloads", tmp_path / "done"
    root.mkdir()
    folder, _ = look(root, "/app", complete, views(tmp_path / "a", tmp_path / "b"))
    assert (folder.slskd_sees, folder.lidarr_sees) == (False, False)
    assert folder.elsewhere == (str(tmp_path), "/theirs")
    assert folder.found_at == "/theirs/done"
    assert files(tmp_path) == []


def test_nothing_is_placed_where_nothing_can_be(tmp_path: Path) -> None:
    """Then slskd is still asked, and nobody is blamed."""
    folder, written_at = look(tmp_path, "/app", None, views(tmp_path, tmp_path))
    assert (folder.slskd_sees, folder.trouble, folder.unplaced) == (True, "", "")
    assert (folder.one_disk, folder.lidarr_sees) == (None, None)
    assert written_at is not None
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ("/downloads/done/f", "/data/torrents/done/f", ("/downloads", "/data/torrents")),
        ("/downloads/done/f", "/host/downloads/done/f", ("/downloads", "/host/downloads")),
        ("/data/done/f", "/data/done/f", ("/data", "/data")),
        ("/a/b/f", "/x/f", ("/a/b", "/x")),
    ],
)
def test_two_names_of_one_folder(ours: str, theirs: str, expected: tuple[str, str]) -> None:
    """As short as they can be, and never the root."""
    assert marker._pair(ours, theirs) == expected


def test_two_disks_are_noticed(tmp_path: Path, other_disk: Path) -> None:
    """A rename across them fails, as a move of a finished file would."""
    folder, _ = look(tmp_path, "/app", other_disk / "done", views(tmp_path, other_disk / "done"))
    assert folder.one_disk is False
    assert folder.trouble == ""
    assert folder.lidarr_sees is True
    assert files(tmp_path) + files(other_disk) == []


@pytest.mark.parametrize("where", ["root", "complete"])
def test_what_cannot_be_written_says_why(tmp_path: Path, where: str) -> None:
    """A file in the way stands for any reason."""
    (tmp_path / "file").touch()
    root = tmp_path / "file" if where == "root" else tmp_path
    complete = tmp_path / "file" / "done"
    folder, _ = look(root, "/app", complete, views(tmp_path, complete))
    assert (bool(folder.trouble), bool(folder.unplaced)) == (where == "root", where != "root")
    assert folder.lidarr_sees is None
    assert files(tmp_path) == ["file"]


@pytest.fixture
def as_somebody(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Tests run as root, who may do everything: play somebody who may not."""

    def play(locked: str) -> None:
        real = os.access
        monkeypatch.setattr(
            os, "access", lambda path, mode: Path(path).name != locked and real(path, mode)
        )

    return play


def test_folders_that_cannot_be_emptied_are_found(
    tmp_path: Path, as_somebody: Callable[[str], None]
) -> None:
    """However deep; nothing is changed to find out."""
    (tmp_path / "a" / "closed").mkdir(parents=True)
    (tmp_path / "b").mkdir()
    as_somebody("closed")
    owner = owner_of(tmp_path, {"PUID": "7"})
    assert owner.locked == (str(tmp_path / "a" / "closed"),)
    assert owner.locked_user == os.geteuid()
    assert (owner.user, owner.folder_user) == (os.geteuid(), tmp_path.stat().st_uid)
    assert owner.wished == {"PUID": "7"}


def test_a_large_folder_is_not_read_to_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, as_somebody: Callable[[str], None]
) -> None:
    """A person waits for the answer."""
    monkeypatch.setattr(marker, "_LOOKED_AT", 3)
    for number in range(9):
        (tmp_path / f"{number}").mkdir()
    as_somebody("8")
    assert owner_of(tmp_path, {}).locked == ()


def test_a_folder_that_is_not_there_is_no_news(tmp_path: Path) -> None:
    """Another check says so."""
    assert owner_of(tmp_path / "gone", {}).locked == ()
    assert owner_of(None, {}).folder_user is None


def test_the_umask_is_read_and_not_set(tmp_path: Path) -> None:
    """It is the process's own."""
    before = os.umask(0o027)
    try:
        assert owner_of(None, {}).umask == 0o027
    finally:
        os.umask(before)
