"""Where files are, as three programs see them."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from soulspot_arr.models import Download
from soulspot_arr.paths import Paths, destination
from tests.soulspot_arr.workshop import Bench


def row(**columns: object) -> Download:
    """A finished file of ten bytes, asked for a while ago."""
    asked = {"claimed_at": datetime.now(UTC) - timedelta(minutes=1)}
    return Download(**({"remote_path": "M\\A\\01.flac", "size": 10} | asked | columns))


def landed_at(root: Path, *parts: str, size: int = 10) -> Path:
    """Write a file below the download root."""
    path = root.joinpath(*parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    return path


def test_nothing_is_known_before_slskd_was_reached(bench: Bench) -> None:
    """Unknown folders are None, not a guess."""
    bench.settings.put_internal({"_source_root": ""})
    paths = Paths(bench.settings)
    assert (paths.source_root, paths.local_root, paths.complete_dir) == ("", None, None)
    assert (paths.incoming("x"), paths.placed("a", "b"), paths.free()) == (None, None, (0, 0))
    assert not paths.visible()


def test_root_is_remembered_and_settings_win(bench: Bench) -> None:
    """What slskd told last is kept; a setting overrides it."""
    paths = Paths(bench.settings)
    paths.remember_root("/downloads")
    paths.remember_root("")
    assert (paths.source_root, paths.local_root) == ("/downloads", Path("/downloads"))
    assert paths.complete_dir == Path("/downloads/soulspot")
    bench.settings.patch({"paths.local_root": "/mnt/dl", "paths.complete_dir": "/mnt/done"})
    assert (paths.local_root, paths.complete_dir) == (Path("/mnt/dl"), Path("/mnt/done"))


def test_slskd_on_windows_needs_our_own_root(bench: Bench) -> None:
    """A drive letter is no path of ours; with a root of our own everything is found."""
    paths = Paths(bench.settings)
    paths.remember_root("D:\\dl")
    assert paths.local_root is None
    bench.settings.patch({"paths.local_root": str(bench.root)})
    assert paths.ours("D:\\dl\\Album\\01.flac") == bench.root / "Album" / "01.flac"
    found = landed_at(bench.root, "A", "01_.flac")
    assert paths.landed(row(remote_path="M\\A\\01?.flac", placement="A")) == found


@pytest.mark.parametrize(
    ("pairs", "reported"),
    [
        ([], "/dl/soulspot/music/x"),
        (["/dl=/data/dl"], "/data/dl/soulspot/music/x"),
        (["/dl/soulspot/=/done"], "/done/music/x"),
        (["/d=/wrong"], "/dl/soulspot/music/x"),
        (["/other=/a", "/dl = /b "], "/b/soulspot/music/x"),
    ],
)
def test_reported(bench: Bench, pairs: list[str], reported: str) -> None:
    """Mappings replace whole leading folders; the first that fits wins."""
    bench.settings.patch({"paths.mappings": pairs})
    assert bench.paths.reported("/dl/soulspot/music/x") == reported


@pytest.mark.parametrize(
    ("disc", "folder"),
    [(0, "soulspot-incoming/nzo/2"), (1, "soulspot-incoming/nzo/2/CD1")],
)
def test_destination(disc: int, folder: str) -> None:
    """One folder for each grab, offer and disc."""
    assert destination("nzo", 2, disc) == folder


@pytest.mark.parametrize(
    "placement",
    ["../up", "a/../../up", "/etc", "..", "a\\..\\..\\up", "a/nul\0"],
)
def test_placements_outside_are_nowhere(bench: Bench, placement: str) -> None:
    """A source cannot send us out of its folder."""
    assert bench.paths.placed(placement, "01.flac") is None
    assert bench.paths.landed(row(placement=placement)) is None


@pytest.mark.parametrize("told", ["/etc/passwd", "/", "relative", "", "{root}/../x", "{root}"])
def test_told_paths_outside_are_nowhere(bench: Bench, told: str) -> None:
    """Nor can a webhook."""
    assert bench.paths.ours(told.format(root=bench.root)) is None


@pytest.mark.parametrize(
    ("placement", "remote", "parts"),
    [
        ("A", "M\\A\\01.flac", ("A", "01.flac")),
        ("A/CD1", "M\\A\\CD1\\01.flac", ("A", "CD1", "01.flac")),
        ("A\\CD1", "M\\A\\CD1\\01.flac", ("A", "CD1", "01.flac")),
        ("", "01.flac", ("01.flac",)),
        ("A", "M/A/01.flac", ("A", "01.flac")),
        ("A", "M\\A\\a\0b.flac", ("A", "a_b.flac")),
        ("A ", "M\\A \\01 .flac", ("A ", "01 .flac")),
        ("...", "M\\...\\01.flac", ("...", "01.flac")),
    ],
)
def test_landed(bench: Bench, placement: str, remote: str, parts: tuple[str, ...]) -> None:
    """Placement and name on disk lead to the file, in either slash style (slskd §6.5)."""
    found = landed_at(bench.root, *parts)
    assert bench.paths.landed(row(placement=placement, remote_path=remote)) == found


def test_landed_needs_the_exact_size(bench: Bench) -> None:
    """Shorter or longer is not it, also at the told path."""
    found = landed_at(bench.root, "A", "01.flac", size=9)
    assert bench.paths.landed(row(placement="A")) is None
    assert bench.paths.landed(row(placement="A", local_path=str(found))) is None


def test_path_that_names_no_file_is_nowhere(bench: Bench) -> None:
    """A remote path that ends in a slash names no file."""
    assert bench.paths.landed(row(placement="A", remote_path="M\\A\\")) is None


@pytest.mark.parametrize(
    ("placement", "age", "ours"),
    [
        ("A", 30 * 86_400, False),
        ("A", 3_600 + 301, False),
        ("A", 3_600 + 299, True),  # clocks of two machines may differ by five minutes
        ("A", 0, True),
        ("soulspot-incoming", 30 * 86_400, False),
        ("soulspot-incoming/nzo/0", 30 * 86_400, True),
        ("soulspot-incoming\\nzo\\0\\CD1", 30 * 86_400, True),
    ],
)
def test_file_that_was_there_before_we_asked_is_somebody_elses(
    bench: Bench, placement: str, age: int, ours: bool
) -> None:
    """In slskd's own folders only what was written after our request counts (slskd §6.3)."""
    now = datetime.now(UTC)
    found = landed_at(bench.root, *placement.replace("\\", "/").split("/"), "01.flac")
    os.utime(found, (now.timestamp() - age,) * 2)
    file = row(placement=placement, claimed_at=now - timedelta(hours=1))
    assert bench.paths.landed(file) == (found if ours else None)


def test_path_the_source_told_needs_no_date(bench: Bench) -> None:
    """What slskd names itself is the file, however old it looks."""
    found = landed_at(bench.root, "A", "01.flac")
    os.utime(found, (1_000_000_000,) * 2)
    assert bench.paths.landed(row(placement="A", local_path=str(found))) == found


def test_file_nobody_asked_for_has_not_landed(bench: Bench) -> None:
    """Before the request whatever lies there is not ours, wherever it is."""
    found = landed_at(bench.root, "soulspot-incoming", "nzo", "0", "01.flac")
    for told in (None, str(found)):
        file = row(placement="soulspot-incoming/nzo/0", local_path=told, claimed_at=None)
        assert bench.paths.landed(file) is None
