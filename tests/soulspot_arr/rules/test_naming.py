"""Keys, dates, safe names and path arithmetic."""

from __future__ import annotations

import math
import posixpath
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soulspot_arr.rules.naming import (
    contained,
    disc_folder,
    file_name,
    publish_date,
    release_key,
    remap,
    safe_component,
)

EPOCH = datetime(2024, 5, 17, 13, 37, 42, 123456, tzinfo=UTC)
ANY_TEXT = st.text(st.characters(), max_size=300)
PATH_TEXT = st.lists(
    st.sampled_from(["..", ".", "a", "b", "", "a ", "...", "\\", "/", "C:", "\0", ".. ", "a/b"]),
    max_size=8,
).map("/".join)


# -- keys and dates --------------------------------------------------------------------------------


def test_key_names_one_album_of_one_peer() -> None:
    """The same folder in the same quality has the same 64 hex digits for ever."""
    key = release_key("slskd", "bob", "Music\\Album", "FLAC")
    assert key == "d1f223f85f18d2667892e5088c46427015b197193c8f4b5e474d134342b2cb28"


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (("s", "p", "ab", "c"), ("s", "p", "a", "bc")),
        (("s", "pa", "b", "t"), ("s", "p", "ab", "t")),
        (("s", "p", "r", "t", "a", "b"), ("s", "p", "r", "t", "a\0b")),
        (("s", "p", "r", "t", "a", "b"), ("s", "p", "r", "t", "b", "a")),
        (("s", "p", "r", "1:a"), ("s", "p", "r", "1", "a")),
        (("s", "p", "r", "t"), ("s", "p", "r", "t", "")),
        (("sp", "", "a", "t"), ("s", "p", "a", "t")),
        (("s", "p", "r", "FLAC"), ("s", "p", "r", "MP3 320")),
    ],
)
def test_key_is_unambiguous(left: tuple[str, ...], right: tuple[str, ...]) -> None:
    """Different offers never share the bytes that are hashed."""
    assert release_key(*left) != release_key(*right)


def test_key_takes_any_text() -> None:
    """Peers send names that are no valid Unicode; they still get a key."""
    assert len(release_key("slskd", "\ud800", "\udcff\0", "日本")) == 64


@settings(deadline=None)
@given(st.text(), st.datetimes(datetime(1990, 1, 1), datetime(2200, 1, 1)))
def test_publish_date_lies_in_one_age_bucket(key: str, naive: datetime) -> None:
    """Whole seconds, more than eight and less than nine days before the epoch, for ever the same."""
    epoch = naive.replace(tzinfo=UTC)
    date = publish_date(key, epoch)
    assert date.microsecond == 0
    assert date == publish_date(key, epoch)
    assert timedelta(days=8) < epoch - date <= timedelta(days=9, seconds=1)


def test_all_dates_share_the_bucket_that_lidarr_computes() -> None:
    """Lidarr's own arithmetic (whole days, rounded logarithm) gives one value for every key."""
    ages = [(EPOCH - publish_date(str(n), EPOCH)).days for n in range(500)]
    assert min(ages) > 7
    assert {round(math.log10(age)) for age in ages} == {1}


def test_publish_dates_differ() -> None:
    """Two hundred offers of one answer practically never share a second."""
    dates = {publish_date(release_key("s", "p", str(n), "FLAC"), EPOCH) for n in range(200)}
    assert len(dates) >= 198


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("M\\A\\01.flac", "01.flac"),
        ("M/A/01.flac", "01.flac"),
        ("M\\A/01.flac", "01.flac"),
        ("M/A\\01.flac", "01.flac"),
        ("01.flac", "01.flac"),
        ("M\\A\\", ""),
        ("", ""),
    ],
)
def test_file_name(path: str, name: str) -> None:
    """Peers write either slash, or both."""
    assert file_name(path) == name


# -- names -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("01 - Airbag.flac", "01 - Airbag.flac"),
        ("AC/DC", "AC-DC"),
        ('Vol: 2 "Live" <mix>*', "Vol- 2 'Live' (mix)_"),
        ("What?", "What_"),
        ("a\\b|c", "a-b-c"),
        ("Green. ", "Green"),
        ("Pretend .", "Pretend"),
        ("...And Justice", "_...And Justice"),
        (".mp3", "_.mp3"),
        ("", "_"),
        (".", "_"),
        ("..", "_"),
        ("   ", "_"),
        ("\0", "_"),
        ("CON", "CON_"),
        ("nul.flac", "nul_.flac"),
        ("COM1.mp3", "COM1_.mp3"),
        ("Console", "Console"),
        ("Extras", "Extras_"),
        ("_UNPACK_Album", "UNPACK_Album"),
        ("__FAILED_x", "FAILED_x"),
        ("De\u0301but", "D\u00e9but"),
        ("\U0001f600 smile", "smile"),
        ("\ufa6c", "_"),
        ("a\u202eb", "ab"),
        ("tab\there", "tab here"),
        ("日本語", "日本語"),
    ],
)
def test_safe_component(name: str, safe: str) -> None:
    """Readable substitutes for everything that a disk, SMB or Lidarr would refuse or skip."""
    assert safe_component(name) == safe


def test_safe_component_keeps_the_extension() -> None:
    """A long name is cut between characters and stays the same kind of file."""
    name = safe_component("ä" * 300 + ".flac")
    assert name.endswith(".flac")
    assert 245 <= len(name.encode()) <= 251
    assert len(safe_component("日" * 300, 100).encode()) == 99


@settings(deadline=None)
@given(ANY_TEXT, st.integers(16, 300))
def test_safe_component_is_always_safe(name: str, limit: int) -> None:
    """Whatever comes in: short enough, encodable, no forbidden sign, no special meaning."""
    safe = safe_component(name, limit)
    assert 0 < len(safe.encode()) <= limit
    assert safe not in (".", "..")
    assert not set(safe) & set('/\\<>:"|?*\0\n\t')
    assert safe == safe.strip(" ").rstrip(".")
    assert not safe.startswith(".")
    assert not safe.upper().startswith(("_UNPACK_", "_FAILED_"))
    assert safe.partition(".")[0].rstrip().upper() not in ("CON", "NUL", "AUX", "PRN", "COM1")
    assert max(safe) <= "\uffff"


@settings(deadline=None)
@given(ANY_TEXT)
def test_safe_component_is_stable(name: str) -> None:
    """A safe name is left alone."""
    assert safe_component(safe_component(name)) == safe_component(name)


# -- paths -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "mappings", "ours"),
    [
        ("/downloads/a/b", [("/downloads", "/data/slskd")], "/data/slskd/a/b"),
        ("/downloads/a/b", [("/downloads/", "/data/slskd/")], "/data/slskd/a/b"),
        ("/downloads", [("/downloads/", "/data/")], "/data"),
        ("/downloads2/a", [("/downloads", "/data")], "/downloads2/a"),
        ("/a/b/c", [("/a/b", "/x"), ("/a", "/y")], "/x/c"),
        ("/a/b/c", [("/a", "/y"), ("/a/b", "/x")], "/y/b/c"),
        ("/a/c", [("/", "/mnt")], "/mnt/a/c"),
        ("/a/c", [("/a", "/")], "/c"),
        ("a/c", [("/a", "/x")], "a/c"),
        (r"C:\dl\x\y", [("c:/DL", "/data")], "/data/x/y"),
        (r"C:\dl\x\y", [("C:\\dl\\", "/data")], "/data/x/y"),
        (r"\\nas\share\x", [(r"\\nas\share", "/mnt/nas")], "/mnt/nas/x"),
        ("/dl/x/y", [("/dl", r"D:\music")], r"D:\music\x/y"),
        (r"/dl/a\b.flac", [("/dl", "/data")], r"/data/a\b.flac"),
        ("/Downloads/a", [("/downloads", "/x")], "/Downloads/a"),
        ("/a", [("", "/x"), ("/a", "")], "/a"),
        ("", [("/a", "/b")], ""),
    ],
)
def test_remap(path: str, mappings: list[tuple[str, str]], ours: str) -> None:
    """The first mapping that has the whole leading segments; else nothing changes."""
    assert remap(path, mappings) == ours


@pytest.mark.parametrize(
    ("root", "path", "inside"),
    [
        ("/data", "/data/a", True),
        ("/data/", "/data//a/./b", True),
        ("/", "/a", True),
        ("/data", "/data/...", True),
        (r"C:\dl", r"C:\dl\a", True),
        (r"C:\dl", "C:/dl/a", True),
        (r"\\nas\x", r"\\nas\x\a", True),
        ("data", "data/a", True),
        ("/data", "/data", False),
        ("/data", "/data/", False),
        ("/data", "/database/a", False),
        ("/data", "/data/../etc", False),
        ("/data", "/data/a/../b", False),
        ("/data", "/data/a\\..\\..\\b", False),
        ("/data/..", "/data/../a", False),
        ("/data", "data/a", False),
        ("/data", "/Data/a", False),
        ("/a\\b", "/a/b/c", False),
        (r"C:\dl", r"D:\dl\a", False),
        (r"C:\dl", r"C:\dl\.. \a", False),
        (r"C:\dl", r"C:\dl\D:\a", False),
        (r"\dl", r"\\dl\a", False),
        ("/data", "/data/a\0", False),
        ("", "/a", False),
        (".", "a", False),
    ],
)
def test_contained(root: str, path: str, *, inside: bool) -> None:
    """Below the root by text alone, under either reading of a backslash."""
    assert contained(root, path) is inside


@settings(deadline=None)
@given(PATH_TEXT, PATH_TEXT)
def test_contained_is_never_true_outside(root: str, path: str) -> None:
    """Where it says inside, the standard library's own resolution agrees."""
    root, path = "/" + root, "/" + path
    if contained(root, path):
        top, full = posixpath.normpath(root), posixpath.normpath(path)
        assert full != top
        assert posixpath.commonpath([top.replace("//", "/"), full.replace("//", "/")]) == (
            top.replace("//", "/")
        )


@pytest.mark.parametrize(("disc", "folder"), [(0, ""), (1, "CD1"), (12, "CD12"), (-1, "")])
def test_disc_folder(disc: int, folder: str) -> None:
    """Only this spelling is joined by Lidarr."""
    assert disc_folder(disc) == folder
