"""Family I: where files end up (the table of contract slskd §6.5)."""

from __future__ import annotations

import json
import os
import re
import unicodedata

import pytest

from tests.soulspot_arr.simulator.conftest import Make
from tests.soulspot_arr.simulator.rig import Rig

AIRBAG = "@@ibxqd\\Music\\Radiohead\\OK Computer (1997) [FLAC]\\01 - Airbag.flac"
DEBUT = unicodedata.normalize("NFD", "Début")
BJORK = unicodedata.normalize("NFD", "Björk")

DEFAULT = [
    (1, AIRBAG, "OK Computer (1997) [FLAC]/01 - Airbag.flac"),
    (2, "Music\\Pink Floyd\\The Wall\\CD1\\01 In the Flesh.flac", "CD1/01 In the Flesh.flac"),
    (
        3,
        "C:\\Users\\bob\\Music\\Back in Black\\01 Hells Bells.mp3",
        "Back in Black/01 Hells Bells.mp3",
    ),
    (4, "\\\\NAS\\share\\Albums\\Kind of Blue\\01 So What.flac", "Kind of Blue/01 So What.flac"),
    (5, "/home/u/music/Geogaddi/01 Ready Lets Go.flac", "Geogaddi/01 Ready Lets Go.flac"),
    (6, "@@abcde\\song.mp3", "song.mp3"),
    (7, "@@abcd\\song.mp3", "@@abcd/song.mp3"),
    (8, "C:\\song.mp3", "song.mp3"),
    (9, "song.mp3", "song.mp3"),
    (10, 'Music\\Vol: 2 "Live" <mix>*\\01 What?.mp3', 'Vol: 2 "Live" <mix>*/01 What?.mp3'),
    (11, "Music\\R.E.M.\\Green. \\07 Pretend .mp3", "Green. /07 Pretend .mp3"),
    (12, "Music\\AC/DC\\Powerage\\01 Rock.mp3", "Powerage/01 Rock.mp3"),
    (13, f"music\\{BJORK}\\{DEBUT}\\01.flac", f"{DEBUT}/01.flac"),
    (14, "Music\\Al\0bum\\tr\0ack.mp3", "Al_bum/tr_ack.mp3"),
    (15, "Music\\...And Justice\\...\\01.mp3", ".../01.mp3"),
    (24, "D: Music\\01.mp3", " Music/01.mp3"),
]
OLD = [
    (1, AIRBAG, "OK Computer (1997) [FLAC]/01 - Airbag.flac"),
    (6, "@@abcde\\song.mp3", "@@abcde/song.mp3"),
    (8, "C:\\song.mp3", "C:/song.mp3"),
    (9, "song.mp3", "song.mp3"),
]
WINDOWS = [
    (1, AIRBAG, "OK Computer (1997) [FLAC]\\01 - Airbag.flac"),
    (8, "C:\\song.mp3", "C_\\song.mp3"),
    (10, 'Music\\Vol: 2 "Live" <mix>*\\01 What?.mp3', "Vol_ 2 _Live_ _mix__\\01 What_.mp3"),
    (14, "Music\\Al\x1fbum\\track.mp3", "Al_bum\\track.mp3"),
]


def land(rig: Rig, remote: str, **body: object) -> str:
    """Download one file; the path its event reports."""
    if "anna" not in rig.world.peers:
        rig.peer("anna")
    rig.world.share("anna", remote, 100)
    rig.world.script("anna", remote, "instant", times=1)
    if "0.26" in rig.get("application/version").json():
        rig.grab("anna", remote, size=100, **body)
    else:
        rig.post("transfers/downloads/anna", [{"filename": remote, "size": 100}])
    rig.advance(1)
    row = rig.events("DownloadFileComplete")[-1]
    return str(json.loads(row["data"])["localFilename"])


@pytest.mark.parametrize(
    ("row", "remote", "expected"), DEFAULT, ids=[f"row{r[0]}" for r in DEFAULT]
)
def test_I01_the_default_pattern(rig: Rig, row: int, remote: str, expected: str) -> None:
    """Immediate parent without root, sanitised for Linux."""
    shown = land(rig, remote)
    assert shown == f"{rig.sim.downloads_dir}/{expected}", row
    assert (rig.sim.downloads_dir / expected).stat().st_size == 100


def test_F21_a_second_copy_gets_ticks(rig: Rig) -> None:
    """Eighteen digits before the extension; the first file is untouched."""
    first = land(rig, AIRBAG)
    second = land(rig, AIRBAG)
    assert re.fullmatch(re.escape(first[:-5]) + r"_\d{18}\.flac", second)
    assert os.path.getsize(first) == os.path.getsize(second) == 100


@pytest.mark.parametrize(
    ("remote", "pattern"),
    [
        ("Album\\cover.front.jpg", r"Album/cover\.front_\d{18}\.jpg"),
        ("Album\\README", r"Album/README_\d{18}"),
        ("Album\\.nomedia", r"Album_\d{18}\.nomedia"),
    ],
)
def test_I01_collision_names(rig: Rig, remote: str, pattern: str) -> None:
    """Split at the last dot; a dotfile ends one level up."""
    land(rig, remote)
    shown = land(rig, remote)
    assert re.fullmatch(re.escape(f"{rig.sim.downloads_dir}/") + pattern, shown)
    assert os.path.getsize(shown) == 100


@pytest.mark.parametrize(
    ("destination", "expected"),
    [
        ("Radiohead/OK Computer (1997)/CD1", "Radiohead/OK Computer (1997)/CD1"),
        ("Radiohead\\OK Computer (1997)\\CD1", "Radiohead/OK Computer (1997)/CD1"),
        ("a//b/", "a/b"),
        ("${SOURCE_USERNAME}", "${SOURCE_USERNAME}"),
    ],
)
def test_I01_batch_destinations(rig: Rig, destination: str, expected: str) -> None:
    """Verbatim, tokens not expanded, either slash."""
    shown = land(rig, AIRBAG, options={"destination": destination})
    assert shown == f"{rig.sim.downloads_dir}/{expected}/01 - Airbag.flac"


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("${SOURCE_USERNAME}/${SOURCE_PATH}", "anna/Music/Radiohead/OK Computer (1997) [FLAC]"),
        ("slsk/${source_directory}-${NOPE}", "slsk/OK Computer (1997) [FLAC]-${NOPE}"),
        (
            "${BATCH_EXTERNAL_ID}/${SEARCH_ID}/${SEARCH_TEXT}",
            "unknown_batch_external_id/unknown_search_id/unknown_search_text",
        ),
    ],
)
def test_I01_patterns(make: Make, pattern: str, expected: str) -> None:
    """Tokens in any case, unknown ones literal, missing values with fallbacks."""
    rig = make(options_overrides={"transfers.download.destination.subdirectory": pattern})
    assert land(rig, AIRBAG) == f"{rig.sim.downloads_dir}/{expected}/01 - Airbag.flac"


def test_I01_search_tokens_need_the_search_to_exist(make: Make) -> None:
    """At completion time."""
    pattern = {"transfers.download.destination.subdirectory": "${SEARCH_TEXT}"}
    rig = make(options_overrides=pattern)
    id_ = rig.search("low/tide and more")["id"]
    assert land(rig, AIRBAG, searchId=id_).endswith("/low_tide and more/01 - Airbag.flac")
    rig.delete(f"searches/{id_}")
    assert land(rig, "M\\b.mp3", searchId=id_).endswith("/unknown_search_text/b.mp3")


def test_I02_the_empty_pattern_beats_a_destination(make: Make) -> None:
    """`{}` puts everything into D."""
    rig = make(options_overrides={"transfers.download.destination.subdirectory": "{}"})
    shown = land(rig, AIRBAG, options={"destination": "X"})
    assert shown == f"{rig.sim.downloads_dir}/01 - Airbag.flac"


def test_I03_two_albums_with_the_same_disc_folder_merge(rig: Rig) -> None:
    """Equal names get a suffix."""
    first = land(rig, "Music\\A\\One\\CD1\\01.flac")
    second = land(rig, "Music\\B\\Two\\CD1\\01.flac")
    assert first == f"{rig.sim.downloads_dir}/CD1/01.flac"
    assert re.fullmatch(r".*/CD1/01_\d{18}\.flac", second)


@pytest.mark.parametrize(
    ("row", "remote", "expected"), WINDOWS, ids=[f"row{r[0]}" for r in WINDOWS]
)
def test_I04_windows(make: Make, row: int, remote: str, expected: str) -> None:
    """Sanitised for Windows; a drive letter in the options says so."""
    rig = make(os_profile="windows")
    root = rig.get("options").json()["directories"]["downloads"]
    assert re.match(r"[A-Z]:\\", root)
    assert land(rig, remote) == f"{root}\\{expected}", row
    assert (rig.sim.downloads_dir / expected.replace("\\", "/")).stat().st_size == 100


def test_I04_windows_drops_trailing_dots_of_folders(make: Make) -> None:
    """The system does that, not slskd."""
    rig = make(os_profile="windows")
    land(rig, "Music\\R.E.M.\\Green. \\07.mp3")
    assert (rig.sim.downloads_dir / "Green/07.mp3").is_file()


def test_I05_file_retention_deletes_finished_files(make: Make) -> None:
    """By last access, every half hour."""
    rig = make(options_overrides={"retention.files.complete": 60})
    shown = land(rig, AIRBAG)
    rig.advance(1900)
    assert os.path.exists(shown)
    rig.advance(3700)
    assert not os.path.exists(shown)


def test_F21_overwrite_replaces(make: Make) -> None:
    """The other collision strategy."""
    rig = make(options_overrides={"transfers.download.destination.exists": "overwrite"})
    assert land(rig, AIRBAG) == land(rig, AIRBAG)
    assert len(list(rig.sim.downloads_dir.rglob("*.flac"))) == 1


@pytest.mark.parametrize(("row", "remote", "expected"), OLD, ids=[f"row{r[0]}" for r in OLD])
def test_older_versions_keep_the_raw_parent(
    make: Make, row: int, remote: str, expected: str
) -> None:
    """Up to 0.25.1 roots stay and the incomplete path is short."""
    rig = make(profile="0.25.1")
    assert land(rig, remote) == f"{rig.sim.downloads_dir}/{expected}", row


def test_incomplete_files_before_0_26_collide_between_peers(make: Make) -> None:
    """`<incomplete>/<parent>/<file>`, whoever shares it."""
    rig = make(profile="0.25.1")
    rig.peer("anna", "Music\\Artist\\Album\\01.flac")
    rig.post(
        "transfers/downloads/anna", [{"filename": "Music\\Artist\\Album\\01.flac", "size": 10_000}]
    )
    rig.advance(3)
    assert (rig.sim.incomplete_dir / "Album/01.flac").is_file()


def test_the_incomplete_path_names_peer_and_remote_folder(rig: Rig) -> None:
    """Without root; only the immediate parent is removed afterwards."""
    remote = "@@abcde\\Music\\Artist\\Album\\01.flac"
    rig.peer("an/na", remote)
    rig.grab("an/na", remote)
    rig.advance(3)
    assert (rig.sim.incomplete_dir / "an_na/Music/Artist/Album/01.flac").is_file()
    rig.advance(20)
    assert not (rig.sim.incomplete_dir / "an_na/Music/Artist/Album").exists()
    assert (rig.sim.incomplete_dir / "an_na/Music/Artist").is_dir()


def test_a_name_ending_in_a_slash_errors(rig: Rig) -> None:
    """There is no file name."""
    rig.peer("anna", "Music\\Album\\")
    id_ = rig.grab("anna", "Music\\Album\\")
    rig.advance(60)
    assert rig.transfer(id_)["state"] == "Completed, Errored"


def test_permissions_mode_is_applied(make: Make) -> None:
    """chmod after the move."""
    rig = make(options_overrides={"transfers.download.destination.permissions.mode": "600"})
    assert os.stat(land(rig, AIRBAG)).st_mode & 0o777 == 0o600
