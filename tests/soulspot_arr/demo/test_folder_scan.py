"""Which files Lidarr sees in a folder, and which of them it takes for one release."""

from __future__ import annotations

from pathlib import Path

import pytest

from soulspot_arr.demo.distance import FileTags
from soulspot_arr.demo.folder_scan import (
    audio_files,
    empty_reason,
    group_files,
    is_unpacking,
    looks_like_one_release,
    worth_keeping,
)


def tags(path: str, album: str = "A", artist: str = "X", **more: str) -> FileTags:
    """Tags of a file that belongs to album A by X unless told otherwise."""
    return FileTags(path, album=album, artist=artist, album_id=more.get("album_id", ""))


def test_9_3_eligible_files_are_found_recursively(tmp_path: Path) -> None:
    """Extensions in any case count; junk, hidden folders and extras do not."""
    for name in (
        "1.FLAC",
        "sub/2.mp3",
        "sub/deep/3.opus",
        "cover.jpg",
        "4.aac",
        "5.dsf",
        "album.cue",
        "Extras/6.mp3",
        ".hidden/7.mp3",
        "@eaDir/8.mp3",
        "._9.mp3",
        "10.mp3.partial~",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = [str(path.relative_to(tmp_path)) for path in audio_files(tmp_path)]
    assert found == ["1.FLAC", "sub/2.mp3", "sub/deep/3.opus"]


@pytest.mark.parametrize(
    ("name", "reason"), [("a.exe", "executable"), ("a.rar", "archive"), ("a.jpg", "")]
)
def test_9_3_reasons_for_folders_without_audio(tmp_path: Path, name: str, reason: str) -> None:
    """Programs and archives get a sentence of their own."""
    (tmp_path / name).touch()
    assert reason in empty_reason(tmp_path)
    assert bool(reason) == bool(empty_reason(tmp_path))


def test_9_3_an_unpacking_ancestor_blocks_every_file() -> None:
    """The whole path above the file counts, its own name does not."""
    assert is_unpacking(Path("/d/_UNPACK_job/cd1/1.mp3"))
    assert not is_unpacking(Path("/d/job/_UNPACK_1.mp3"))


def test_9_7_what_keeps_a_folder_alive(tmp_path: Path) -> None:
    """Remaining audio or a large rar does; covers and small rars do not."""
    (tmp_path / "cover.jpg").touch()
    (tmp_path / "small.rar").touch()
    assert not worth_keeping(tmp_path)
    with (tmp_path / "large.rar").open("wb") as large:
        large.truncate(11 * 1024 * 1024)
    assert worth_keeping(tmp_path)


@pytest.mark.parametrize(
    ("folders", "sizes"),
    [
        (["/j", "/j"], [2]),
        (["/j/CD1", "/j/CD2"], [2]),
        (["/j/Disc 1", "/j/Disc 2", "/j/Disc 10"], [3]),
        (["/j/disk-1", "/j/disk-2"], [2]),
        (["/j/CD1 - Live", "/j/CD2 - Studio"], [1, 1]),
        (["/j/CD1", "/j/CD2 - Bonus"], [1, 1]),
        (["/j", "/j/CD1", "/j/CD2"], [1, 2]),
        (["/j/A", "/j/B"], [1, 1]),
    ],
)
def test_9_4_disc_folders_are_grouped(folders: list[str], sizes: list[int]) -> None:
    """Only folders that continue the prefix with digits alone are merged."""
    files = [tags(f"{folder}/{number}.mp3") for number, folder in enumerate(folders)]
    assert [len(group) for group in group_files(files)] == sizes


@pytest.mark.parametrize(
    ("files", "one"),
    [
        ([tags("1"), tags("2")], True),
        ([tags("1", "Album One"), tags("2", "Other")], False),
        ([tags("1", "Nevermind (Deluxe)"), tags("2", "Nevermind (Delux)")], True),
        ([tags(str(n)) for n in range(3)] + [tags("3", "B")], False),
        ([tags(str(n)) for n in range(7)] + [tags("7", "B")], True),
        ([tags("1", artist="A"), tags("2", artist="B"), tags("3", artist="B")], False),
        ([tags(str(n), artist=f"artist {n * 77}") for n in range(6)], True),
        ([tags("1", artist="Various"), tags("2", artist="Various")], True),
        ([tags("1", album_id="x"), tags("2", album_id="y")], False),
        ([tags("1", album_id="x"), tags("2")], True),
    ],
)
def test_9_4_tags_must_agree(files: list[FileTags], *, one: bool) -> None:
    """Album and artist tags need a clear majority; various artists are let through."""
    assert looks_like_one_release(files) is one


def test_9_4_a_mixed_folder_is_split_by_album_tag() -> None:
    """Two albums in one folder become two releases."""
    files = [tags(f"/j/{n}", "First") for n in range(2)] + [
        tags(f"/j/x{n}", "Second") for n in (1, 2)
    ]
    assert [{file.album for file in group} for group in group_files(files)] == [
        {"First"},
        {"Second"},
    ]
