"""Where files land: the rules of contract slskd §6, table by table."""

from __future__ import annotations

import pytest

from soulspot_arr.sources.landing import landing_name
from soulspot_arr.sources.slskd_wire import Abilities

AIRBAG = "@@ibxqd\\Music\\Radiohead\\OK Computer (1997) [FLAC]\\01 - Airbag.flac"


LINUX = Abilities(root="/downloads")
WINDOWS = Abilities(root="D:\\dl")


def lands(able: Abilities, path: str, **known: str) -> str:
    """Folder and name below the root."""
    folder = able.placement(path, **known)
    name = landing_name(path, able.windows)
    return f"{folder}/{name}" if folder else name


@pytest.mark.parametrize(
    ("able", "path", "expected"),
    [
        pytest.param(LINUX, AIRBAG, "OK Computer (1997) [FLAC]/01 - Airbag.flac", id="1"),
        pytest.param(LINUX, "Music\\Pink Floyd\\The Wall\\CD1\\01 In the Flesh.flac", "CD1/01 In the Flesh.flac", id="2"),
        pytest.param(LINUX, "C:\\Users\\bob\\Music\\Back in Black\\01 Hells Bells.mp3", "Back in Black/01 Hells Bells.mp3", id="3"),
        pytest.param(LINUX, "\\\\NAS\\share\\Albums\\Kind of Blue\\01 So What.flac", "Kind of Blue/01 So What.flac", id="4"),
        pytest.param(LINUX, "/home/u/music/Geogaddi/01 Ready Lets Go.flac", "Geogaddi/01 Ready Lets Go.flac", id="5"),
        pytest.param(LINUX, "@@abcde\\song.mp3", "song.mp3", id="6"),
        pytest.param(LINUX, "@@abcd\\song.mp3", "@@abcd/song.mp3", id="7"),
        pytest.param(LINUX, "C:\\song.mp3", "song.mp3", id="8-linux"),
        pytest.param(WINDOWS, "C:\\song.mp3", "C_/song.mp3", id="8-windows"),
        pytest.param(LINUX, "song.mp3", "song.mp3", id="9"),
        pytest.param(LINUX, 'Music\\Vol: 2 "Live" <mix>*\\01 What?.mp3', 'Vol: 2 "Live" <mix>*/01 What?.mp3', id="10-linux"),
        pytest.param(WINDOWS, 'Music\\Vol: 2 "Live" <mix>*\\01 What?.mp3', "Vol_ 2 _Live_ _mix__/01 What_.mp3", id="10-windows"),
        pytest.param(LINUX, "Music\\R.E.M.\\Green. \\07 Pretend .mp3", "Green. /07 Pretend .mp3", id="11-linux"),
        pytest.param(WINDOWS, "Music\\R.E.M.\\Green. \\07 Pretend .mp3", "Green/07 Pretend .mp3", id="11-windows"),
        pytest.param(LINUX, "Music\\AC/DC\\Powerage\\01 Rock.mp3", "Powerage/01 Rock.mp3", id="12"),
        pytest.param(LINUX, "music\\Bjo\u0308rk\\De\u0301but\\01.flac", "De\u0301but/01.flac", id="13"),
        pytest.param(LINUX, "Music\\Al\0bum\\tr\0ack.mp3", "Al_bum/tr_ack.mp3", id="14"),
        pytest.param(LINUX, "Music\\...And Justice\\...\\01.mp3", ".../01.mp3", id="15"),
        pytest.param(LINUX, "D: Music\\01.mp3", " Music/01.mp3", id="24"),
        pytest.param(LINUX, "@@abcde\\@@fghij\\song.mp3", "song.mp3", id="root-in-a-root"),
        pytest.param(LINUX, "Music\\@@fghij\\song.mp3", "@@fghij/song.mp3", id="marker-further-down"),
        pytest.param(LINUX, "C:\\@@abcde\\song.mp3", "song.mp3", id="drive-and-marker"),
    ],
)  # fmt: skip
def test_I01_the_default_pattern(able: Abilities, path: str, expected: str) -> None:
    """The rows of contract slskd §6.5: the immediate parent, without a share's root."""
    assert lands(able, path) == expected


@pytest.mark.parametrize(
    ("pattern", "known", "expected"),
    [
        pytest.param("${SOURCE_DIRECTORY}", {"destination": "Radiohead/OK Computer (1997)/CD1"}, "Radiohead/OK Computer (1997)/CD1", id="20"),
        pytest.param("${SOURCE_DIRECTORY}", {"destination": "Radiohead\\OK Computer (1997)\\CD1"}, "Radiohead/OK Computer (1997)/CD1", id="20-backslash"),
        pytest.param("{}", {"destination": "X"}, "", id="21"),
        pytest.param("{}", {}, "", id="I02"),
        pytest.param("${SOURCE_USERNAME}/${SOURCE_PATH}", {"peer": "bob"}, "bob/Music/Radiohead/OK Computer (1997) [FLAC]", id="22"),
        pytest.param("slsk/${source_directory}-${NOPE}", {}, "slsk/OK Computer (1997) [FLAC]-${NOPE}", id="23"),
        pytest.param("${SOURCE_DIRECTORY}", {"batch_id": "b1"}, "OK Computer (1997) [FLAC]", id="25"),
        pytest.param("${BATCH_ID}/${SOURCE_DIRECTORY}", {"batch_id": "b1"}, "b1/OK Computer (1997) [FLAC]", id="batch-id"),
        pytest.param("${BATCH_ID}/${BATCH_EXTERNAL_ID}", {}, "unknown_batch_id/unknown_batch_external_id", id="no-batch"),
        pytest.param("${SEARCH_ID}-${SEARCH_TEXT}", {}, "unknown_search_id-unknown_search_text", id="no-search"),
        pytest.param("${SOURCE_USERNAME}", {"peer": "a/b\\c"}, "a_b_c", id="user-with-slashes"),
        pytest.param("x//${SOURCE_USERNAME}\\y", {"peer": ".."}, "x/_/y", id="user-of-dots"),
        pytest.param("${SOURCE_DIRECTORY}", {"destination": "  "}, "OK Computer (1997) [FLAC]", id="blank-destination"),
        pytest.param("${SOURCE_DIRECTORY}", {"destination": "${BATCH_ID}"}, "${BATCH_ID}", id="destination-is-verbatim"),
    ],
)  # fmt: skip
def test_I01_patterns_and_destinations(pattern: str, known: dict[str, str], expected: str) -> None:
    """Tokens in any case, unknown ones literal; a destination wins except over `{}`."""
    assert Abilities(root="/downloads", pattern=pattern).placement(AIRBAG, **known) == expected


def test_a_token_inside_a_value_is_not_expanded() -> None:
    """Patterns are filled in one pass."""
    able = Abilities(root="/downloads", pattern="${SOURCE_USERNAME}/${SOURCE_DIRECTORY}")
    assert able.placement("a\\b\\c.mp3", peer="${SOURCE_DIRECTORY}") == "${SOURCE_DIRECTORY}/b"


@pytest.mark.parametrize(
    ("root", "path", "expected"),
    [
        ("/downloads", AIRBAG, "OK Computer (1997) [FLAC]/01 - Airbag.flac"),
        ("/downloads", "@@abcde\\song.mp3", "@@abcde/song.mp3"),
        ("/downloads", "C:\\song.mp3", "C:/song.mp3"),
        ("D:\\dl", "C:\\song.mp3", "C_/song.mp3"),
        ("/downloads", "song.mp3", "song.mp3"),
        ("/downloads", "\\song.mp3", "song.mp3"),
        ("/downloads", "Music\\AC/DC\\01.mp3", "DC/01.mp3"),
    ],
)
def test_older_versions_use_the_parent_alone(root: str, path: str, expected: str) -> None:
    """Up to 0.25.1: no pattern, no destination, no root removed (contract slskd §6.6)."""
    able = Abilities(root=root, batches=False, pattern="{}")
    assert lands(able, path, destination="X") == expected
