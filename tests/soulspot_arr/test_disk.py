"""Files on disk: find, prove, move, remove; never anything outside."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from soulspot_arr import disk
from soulspot_arr.errors import DiskFull, OutsideRoot

NFC, NFD = "caf\u00e9.flac", "cafe\u0301.flac"


def make(path: Path, size: int = 10, *, at: float = 1_000.0) -> Path:
    """A file of so many bytes, written at this POSIX time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    os.utime(path, (at, at))
    return path


# -- finding ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("there", "name", "found"),
    [
        ({"a.flac": 10}, "a.flac", "a.flac"),
        ({"a.flac": 9}, "a.flac", None),
        ({}, "a.flac", None),
        ({NFD: 10}, NFC, NFD),
        ({NFC: 10}, NFD, NFC),
        ({"a_638912345678901234.flac": 10}, "a.flac", "a_638912345678901234.flac"),
        ({"a_6389123456789.flac": 10}, "a.flac", None),
        ({"a.flac": 9, "a_638912345678901234.flac": 10}, "a.flac", "a_638912345678901234.flac"),
        ({"README_638912345678901234": 10}, "README", "README_638912345678901234"),
        ({"b.flac": 10}, "a.flac", None),
        ({"a.flac": 10}, "A.flac", None),
    ],
)
def test_find_landed(tmp_path: Path, there: dict[str, int], name: str, found: str | None) -> None:
    """The exact size decides; spelling and slskd's suffix are forgiven (slskd §6.2)."""
    for entry, size in there.items():
        make(tmp_path / entry, size)
    result = disk.find_landed(tmp_path, name, 10)
    assert result == (tmp_path / found if found else None)


def test_find_landed_takes_the_newest(tmp_path: Path) -> None:
    """Of several whole ones the last written is ours."""
    make(tmp_path / "a.flac", at=1_000)
    newest = make(tmp_path / "a_638912345678901234.flac", at=2_000)
    assert disk.find_landed(tmp_path, "a.flac", 10) == newest
    written = newest.stat().st_mtime
    assert disk.find_landed(tmp_path, "a.flac", 10, since=written) == newest
    assert disk.find_landed(tmp_path, "a.flac", 10, since=written + 1) is None


@pytest.mark.parametrize("name", ["nul\0.flac", "x" * 300])
def test_find_landed_survives_impossible_names(tmp_path: Path, name: str) -> None:
    """Names that no disk can hold are simply not there."""
    assert disk.find_landed(tmp_path, name, 10) is None
    assert disk.find_landed(tmp_path / name, "a", 10) is None


def test_folders_and_broken_links_are_not_files(tmp_path: Path) -> None:
    """Only a file counts."""
    (tmp_path / "a.flac").mkdir()
    (tmp_path / "b.flac").symlink_to(tmp_path / "nowhere")
    assert disk.find_landed(tmp_path, "a.flac", 0) is None
    assert disk.find_landed(tmp_path, "b.flac", 0) is None


@pytest.mark.parametrize(
    ("age", "quiet"), [(0, False), (0.9, False), (1, True), (100, True), (-30, False), (-100, True)]
)
def test_is_quiet(tmp_path: Path, age: float, quiet: bool) -> None:
    """Quiet after a second; a date far in the future counts as a wrong clock."""
    found = make(tmp_path / "a", at=1_000_000.0)
    assert disk.is_quiet(found, now=1_000_000.0 + age) is quiet


@pytest.mark.parametrize(
    "number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EIO, errno.ESTALE]
)
def test_every_system_error_is_ours(number: int) -> None:
    """No peer is to blame for a full, read-only, forbidden or failing disk."""

    def fail() -> None:
        with disk.told("write"):
            raise OSError(number, os.strerror(number), "/some/file")

    with pytest.raises(DiskFull, match=r"Cannot write: .*/some/file"):
        fail()


# -- moving ----------------------------------------------------------------------------------------


def test_move_whole_makes_folders_and_replaces(tmp_path: Path) -> None:
    """Parents come into being; a half file of an earlier run is replaced."""
    make(tmp_path / "done/x/a", 3)
    disk.move_whole(make(tmp_path / "in/a", 10), tmp_path / "done/x/a", root=tmp_path / "done")
    assert (tmp_path / "done/x/a").stat().st_size == 10
    assert not (tmp_path / "in/a").exists()


@pytest.mark.parametrize("name", ["a.flac", "ü" * 123 + ".flac", "日" * 82 + ".flac"])
def test_move_across_disks(tmp_path: Path, other_disk: Path, name: str) -> None:
    """Another disk means a copy beside the target first, also for the longest names."""
    source = make(tmp_path / "a", 3_000_000)
    disk.move_whole(source, other_disk / "x" / name, root=other_disk)
    assert [entry.name for entry in (other_disk / "x").iterdir()] == [name]
    assert (other_disk / "x" / name).stat().st_size == 3_000_000
    assert not source.exists()


def test_move_to_a_full_disk_keeps_the_original(tmp_path: Path, other_disk: Path) -> None:
    """The kernel's own "no space left": nothing under the final name, nothing lost."""
    source = make(tmp_path / "a", 100_000)
    (other_disk / f"b{disk.PARTIAL}").symlink_to("/dev/full")
    with pytest.raises(DiskFull, match=r"No space left on device\."):
        disk.move_whole(source, other_disk / "b", root=other_disk)
    assert source.stat().st_size == 100_000
    assert list(other_disk.iterdir()) == []  # nor does half a file keep the disk full


@pytest.mark.parametrize("target", ["../out", "/etc/passwd.new", "x/../../out", ""])
def test_move_outside_is_refused(tmp_path: Path, target: str) -> None:
    """The target has to lie below its root, whatever it is called."""
    source = make(tmp_path / "a")
    root = tmp_path / "root"
    root.mkdir()
    with pytest.raises(OutsideRoot):
        disk.move_whole(source, root / target, root=root)
    assert source.exists()


# -- removing --------------------------------------------------------------------------------------


def test_remove_tree(tmp_path: Path) -> None:
    """A folder of ours goes with all it holds; twice is fine; a file goes too."""
    make(tmp_path / "a/b/c")
    disk.remove_tree(tmp_path / "a", root=tmp_path)
    disk.remove_tree(tmp_path / "a", root=tmp_path)
    make(tmp_path / "file")
    disk.remove_tree(tmp_path / "file", root=tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", [".", "../other", "in/../../other", "/etc"])
def test_remove_tree_refuses_what_is_not_below(tmp_path: Path, path: str) -> None:
    """The root itself and everything beside it stay."""
    keep = make(tmp_path / "other/keep")
    root = tmp_path / "root"
    root.mkdir()
    with pytest.raises(OutsideRoot):
        disk.remove_tree(root / path if path != "." else root, root=root)
    assert keep.exists()
    assert root.exists()


def test_links_are_never_followed(tmp_path: Path) -> None:
    """Neither a folder that is a link nor links inside it lead to a deletion elsewhere."""
    keep = make(tmp_path / "other/keep")
    root = tmp_path / "root"
    make(root / "a/file")
    (root / "a/link").symlink_to(keep.parent)
    (root / "b").symlink_to(keep.parent)
    with pytest.raises(OutsideRoot):
        disk.remove_tree(root / "b", root=root)
    disk.remove_others(root / "a", {root / "a/file"})
    assert (root / "a/file").exists()
    disk.remove_tree(root / "a", root=root)
    assert keep.exists()
    assert not (root / "a").exists()


def test_remove_empty_spares_anything_filled(tmp_path: Path) -> None:
    """Only empty folders go, missing ones do not matter."""
    (tmp_path / "empty").mkdir()
    make(tmp_path / "full/file")
    disk.remove_empty([tmp_path / "empty", tmp_path / "full", tmp_path / "missing"])
    assert [entry.name for entry in tmp_path.iterdir()] == ["full"]


# -- asking ----------------------------------------------------------------------------------------


def test_free_bytes_asks_the_nearest_parent(tmp_path: Path) -> None:
    """A folder that is still to be made lies on its parent's disk."""
    free, total = disk.free_bytes(tmp_path / "not" / "yet")
    assert 0 < free <= total


def test_can_write(tmp_path: Path) -> None:
    """A folder is made on the way and left without a trace; a file in the way is a reason."""
    assert disk.can_write(tmp_path / "new") is None
    assert list((tmp_path / "new").iterdir()) == []
    make(tmp_path / "file")
    assert disk.can_write(tmp_path / "file")


def test_what_a_killed_process_has_left_of_the_test_of_a_folder_goes_with_the_next_one(
    tmp_path: Path,
) -> None:
    """Nothing stays in a folder of the person."""
    (tmp_path / ".soulspot-write-test").touch()
    assert disk.can_write(tmp_path) is None
    assert list(tmp_path.iterdir()) == []
