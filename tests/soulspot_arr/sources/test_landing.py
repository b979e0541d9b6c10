"""Names on disk: what a source's host does to a remote name."""

from __future__ import annotations

import pytest

from soulspot_arr.sources.landing import (
    landed_as,
    landing_name,
    looks_like_windows,
    safe_folder,
    segments,
    stored_folder,
)


@pytest.mark.parametrize(
    ("root", "windows"),
    [
        ("/downloads", False),
        ("D:\\dl", True),
        ("c:/dl", True),
        ("\\\\nas\\music", True),
        ("", False),
        ("downloads", False),
    ],
)
def test_the_root_tells_the_host(root: str, windows: bool) -> None:
    """A drive letter or a share name means Windows."""
    assert looks_like_windows(root) is windows


@pytest.mark.parametrize(
    ("path", "windows", "name"),
    [
        ("Music\\Album\\01 - One.flac", False, "01 - One.flac"),
        ("/home/u/music/01 Ready.flac", False, "01 Ready.flac"),
        ("Music\\AC/DC\\Powerage\\01 Rock.mp3", False, "01 Rock.mp3"),
        ("song.mp3", False, "song.mp3"),
        ('x\\01 "What?".mp3', False, '01 "What?".mp3'),
        ('x\\01 "What?".mp3', True, "01 _What__.mp3"),
        ("x\\a:b|c<d>e*f.mp3", True, "a_b_c_d_e_f.mp3"),
        ("x\\tr\0ack.mp3", False, "tr_ack.mp3"),
        ("x\\tr\tack.mp3", True, "tr_ack.mp3"),
        ("x\\tr\tack.mp3", False, "tr\tack.mp3"),
        ("x\\07 Pretend .mp3", True, "07 Pretend .mp3"),
        ("x\\...", False, "..."),
        ("x\\CON", True, "CON"),
        ("x\\", False, ""),
        ("x/", False, ""),
        ("", False, ""),
    ],
)
def test_landing_name(path: str, windows: bool, name: str) -> None:
    """The last part, with what the host forbids replaced and nothing else touched."""
    assert landing_name(path, windows) == name


def test_folders_are_cleaned_part_by_part() -> None:
    """Both separators split, empty parts vanish, dots cannot climb."""
    assert safe_folder("//a\\b//c:d/../.", windows=False) == "a/b/c:d/_/_"
    assert safe_folder("a/c:d", windows=True) == "a/c_d"
    assert segments("\\\\NAS\\share/x") == ["NAS", "share", "x"]


def test_windows_drops_endings_of_folders() -> None:
    """Dots and spaces at the end of a name never reach a Windows disk; elsewhere they stay."""
    assert stored_folder("R.E.M./Green. ", windows=True) == "R.E.M/Green"
    assert stored_folder("a/...", windows=True) == "a/..."
    assert stored_folder("R.E.M./Green. ", windows=False) == "R.E.M./Green. "
    assert stored_folder("", windows=True) == ""


@pytest.mark.parametrize(
    ("name", "found", "same"),
    [
        ("01.flac", "01.flac", True),
        ("01.flac", "01_638912345678901234.flac", True),
        ("cover.front.jpg", "cover.front_638912345678901234.jpg", True),
        ("README", "README_638912345678901234", True),
        ("De\u0301but.flac", "D\u00e9but.flac", True),
        ("D\u00e9but.flac", "De\u0301but_638912345678901234.flac", True),
        ("01.flac", "01_63891234567890123.flac", False),
        ("01.flac", "01_638912345678901234.mp3", False),
        ("01.flac", "02.flac", False),
        ("01.flac", "01.flac_638912345678901234", False),
        ("01.flac", "01.fla", False),
        ("a.flac", "a", False),
    ],
)
def test_landed_as(name: str, found: str, same: bool) -> None:
    """A file is recognised in any Unicode form and with the suffix of a collision."""
    assert landed_as(name, found) is same
