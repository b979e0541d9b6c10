"""Parsing what slskd sends: search answers and options."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from soulspot_arr.domain import RawFile, RawFolder
from soulspot_arr.sources.slskd_wire import (
    abilities,
    as_flag,
    as_int,
    as_time,
    has_batches,
    parse_version,
    raw_folders,
)

# -- scalars ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (3, 3),
        (3.9, 3),
        ("320", 320),
        (" 44100 ", 44100),
        ("9007199254740993", 9007199254740993),
        ("3.5", 3),
        (-1, -1),
        (True, None),
        (None, None),
        ("many", None),
        ("\u00b2", None),
        (float("nan"), None),
        (float("inf"), None),
        (2**70, None),
        ([], None),
        ({}, None),
    ],
)
def test_as_int(value: object, number: int | None) -> None:
    """Numbers come in any dress, and rubbish is not a number."""
    assert as_int(value) == number


@pytest.mark.parametrize(
    ("value", "flag"),
    [
        (True, True),
        (False, False),
        (1, True),
        (0, False),
        ("true", True),
        ("False", False),
        (7, None),
        ("perhaps", None),
        (None, None),
        ([], None),
        (1.0, None),
    ],
)
def test_as_flag(value: object, flag: bool | None) -> None:
    """Yes and no in any dress."""
    assert as_flag(value) is flag


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-08-22T18:10:00.1234567Z", datetime(2026, 8, 22, 18, 10, 0, 123456, UTC)),
        ("2026-08-22T18:10:00.1234567", datetime(2026, 8, 22, 18, 10, 0, 123456, UTC)),
        ("2026-08-22T18:10:00.2", datetime(2026, 8, 22, 18, 10, 0, 200000, UTC)),
        ("2026-08-22T18:10:00", datetime(2026, 8, 22, 18, 10, tzinfo=UTC)),
        ("2026-08-22T20:10:00+02:00", datetime(2026, 8, 22, 18, 10, tzinfo=UTC)),
        ("0001-01-01T00:00:00+02:00", None),
        ("yesterday", None),
        ("", None),
        (12, None),
        (None, None),
    ],
)
def test_as_time(text: object, moment: datetime | None) -> None:
    """Dates without `Z` are UTC as well; up to seven fractional digits."""
    assert as_time(text) == moment


# -- search answers --------------------------------------------------------------------------------


def answer(peer: str = "peer one", **fields: Any) -> dict[str, Any]:
    """One peer's answer."""
    return {
        "username": peer,
        "hasFreeUploadSlot": True,
        "uploadSpeed": 1843200,
        "queueLength": 0,
        "files": [],
        "lockedFiles": [],
        **fields,
    }


def file(name: str, size: object = 1000, **fields: Any) -> dict[str, Any]:
    """One file of an answer."""
    return {"filename": name, "size": size, "code": 1, "isLocked": False, **fields}


def test_a_recorded_answer() -> None:
    """The sample of the contract, attribute by attribute."""
    folder = "@@abcde\\Music\\Artist\\Album [FLAC]"
    flac = file(f"{folder}\\01 - One.flac", 31457280, bitDepth=16, sampleRate=44100, length=245)
    cover = file(f"{folder}\\cover.jpg", 204800, extension="")
    assert raw_folders([answer(files=[flac, cover])]) == [
        RawFolder(
            peer="peer one",
            path=folder,
            free_slot=True,
            speed=1843200,
            queue_length=0,
            files=(
                RawFile(
                    locator=f"{folder}\\01 - One.flac",
                    path=f"{folder}\\01 - One.flac",
                    size=31457280,
                    sample_rate=44100,
                    bit_depth=16,
                    seconds=245,
                ),
                RawFile(f"{folder}\\cover.jpg", f"{folder}\\cover.jpg", 204800),
            ),
        )
    ]


def test_C24_locked_files_come_from_their_own_list() -> None:
    """`isLocked` is always false: the array decides."""
    [folder] = raw_folders([answer(files=[file("a\\1.mp3")], lockedFiles=[file("a\\2.mp3")])])
    assert [(item.path, item.locked) for item in folder.files] == [
        ("a\\1.mp3", False),
        ("a\\2.mp3", True),
    ]


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ({"bitRate": 320, "isVariableBitRate": True}, (320, None, None, None, True)),
        ({"bitRate": "320", "length": 245.7}, (320, None, None, 245, None)),
        ({"bitRate": -1, "sampleRate": 0, "bitDepth": -16}, (None, None, None, None, None)),
        ({"length": None, "isVariableBitRate": "yes"}, (None, None, None, None, None)),
        ({"sampleRate": 96000.0, "bitDepth": 24}, (None, 96000, 24, None, None)),
        ({"length": [], "bitRate": {}}, (None, None, None, None, None)),
        ({"length": 2**32 - 1, "bitRate": 2**31 - 1}, (2**31 - 1, None, None, None, None)),
        ({"sampleRate": 2**31, "bitDepth": 10**30}, (None, None, None, None, None)),
    ],
)
def test_C25_attributes_are_hints(raw: dict[str, Any], clean: tuple[object, ...]) -> None:
    """Missing, negative, float and textual attributes never break an answer."""
    [folder] = raw_folders([answer(files=[file("a\\1.mp3", **raw)])])
    [item] = folder.files
    assert (item.bitrate, item.sample_rate, item.bit_depth, item.seconds, item.vbr) == clean


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        ("@@abcde\\Music\\Album\\01.flac", "@@abcde\\Music\\Album"),
        ("/home/u/music/Geogaddi/01.flac", "/home/u/music/Geogaddi"),
        ("Music\\AC/DC\\Powerage\\01 Rock.mp3", "Music\\AC/DC\\Powerage"),
        ("Music\\Powerage/01 Rock.mp3", "Music\\Powerage"),
        ("song.mp3", ""),
        ("\\song.mp3", ""),
        ("music\\Bjo\u0308rk\\De\u0301but\\01.flac", "music\\Bjo\u0308rk\\De\u0301but"),
    ],
)
def test_C26_names_are_verbatim(path: str, folder: str) -> None:
    """Paths stay byte for byte; either separator ends a folder."""
    [found] = raw_folders([answer(files=[file(path)])])
    assert (found.path, found.files[0].path, found.files[0].locator) == (folder, path, path)


def test_a_peer_that_answers_twice_is_merged() -> None:
    """Files are joined without doubles, hints taken from the better answer."""
    first = answer(files=[file("a\\1.mp3"), file("b\\1.mp3")], queueLength=7, uploadSpeed=5)
    second = answer(files=[file("a\\1.mp3"), file("a\\2.mp3")], queueLength=3, uploadSpeed=9)
    found = {folder.path: folder for folder in raw_folders([first, second])}
    assert [item.path for item in found["a"].files] == ["a\\1.mp3", "a\\2.mp3"]
    assert (found["a"].queue_length, found["a"].speed) == (3, 9)
    assert (found["b"].queue_length, found["b"].speed) == (7, 5)


def test_same_folder_name_of_two_peers_stays_two() -> None:
    """Folders belong to a peer."""
    found = raw_folders(
        [answer("p", files=[file("a\\1.mp3")]), answer("q", files=[file("a\\1.mp3")])]
    )
    assert [folder.peer for folder in found] == ["p", "q"]


@pytest.mark.parametrize(
    "broken",
    [
        None,
        "text",
        7,
        [],
        {},
        answer(username=""),
        answer(username="  "),
        answer(username=5),
        answer(files=None, lockedFiles=None),
        answer(files="x"),
        answer(files=[None, 5, "x", []]),
        answer(files=[file("")]),
        answer(files=[file("a\\")]),
        answer(files=[file("a\\1.mp3", -1)]),
        answer(files=[file("a\\1.mp3", None)]),
        answer(files=[file("a\\1.mp3", "big")]),
        answer(files=[{"size": 5}]),
        answer(files=[file("a\\\ud800.mp3")]),
        answer(files=[file("a\\\0.mp3")]),
        answer(files=[file("a\\b.mp3", size=2**50 + 1)]),
        answer(username="b\0b", files=[file("a\\b.mp3")]),
    ],
)
def test_rubbish_is_dropped_without_noise(broken: object) -> None:
    """What cannot be asked for does not exist; its neighbours stay."""
    good = answer("good", files=[file("x\\1.mp3")])
    assert [folder.peer for folder in raw_folders([broken, good])] == ["good"]


def test_odd_hints_have_defaults() -> None:
    """A peer without usable hints is slow, busy and queues nobody."""
    odd = answer(
        files=[file("x\\1.mp3")], hasFreeUploadSlot="perhaps", uploadSpeed=-5, queueLength=None
    )
    [folder] = raw_folders([odd])
    assert (folder.free_slot, folder.speed, folder.queue_length) == (False, 0, 0)


def test_a_full_answer_is_read_whole() -> None:
    """250 peers with 25,000 files, from bytes to folders."""
    body = json.dumps(
        [
            answer(
                f"peer {peer}",
                files=[
                    file(
                        f"@@abcde\\Müsic\\Album {n // 12}\\{n:02} - x.flac",
                        10**7,
                        length=200,
                        bitDepth=16,
                    )
                    for n in range(100)
                ],
            )
            for peer in range(250)
        ]
    ).encode()
    folders = raw_folders(json.loads(body))
    assert sum(len(folder.files) for folder in folders) == 25_000
    assert len({folder.peer for folder in folders}) == 250


# -- what this slskd can do ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("0.26.0", (0, 26, 0)),
        ("0.26.0.0", (0, 26, 0)),
        ("0.26.0.65534", (0, 26, 0)),
        ("0.26.0.65534-canary+abc", (0, 26, 0)),
        ("v0.25", (0, 25, 0)),
        ("1", (1, 0, 0)),
        ("0.0.0", None),
        ("0.0.0.0", None),
        ("", None),
        ("canary", None),
    ],
)
def test_parse_version(text: str, numbers: tuple[int, int, int] | None) -> None:
    """One to four numbers; a build from source does not know its version."""
    assert parse_version(text) == numbers


@pytest.mark.parametrize(
    ("version", "options", "expected"),
    [
        ("0.26.0", {}, True),
        ("0.27.1.0", {}, True),
        ("1.0", {}, True),
        ("0.25.1", {"transfers": {"download": {"retry": {}}}}, False),
        ("0.0.0", {"transfers": {"download": {"retry": {"attempts": 3}}}}, True),
        ("0.0.0", {"transfers": {"download": {"destination": {}}}}, True),
        ("0.0.0", {"transfers": {"download": {"slots": 5}}}, None),
        ("", {"global": {"download": {}}}, None),
    ],
)
def test_has_batches(version: str, options: dict[str, Any], expected: bool | None) -> None:
    """The version decides; without one, options that only 0.26 has."""
    assert has_batches(version, options) is expected


def test_abilities_read_both_places() -> None:
    """Download settings under `transfers`, before 0.25 under `global`."""
    new = abilities(
        "0.26.0",
        {
            "directories": {"downloads": "D:\\dl\\"},
            "transfers": {
                "download": {
                    "slots": 5,
                    "retry": {"attempts": 1},
                    "destination": {"subdirectory": "{}"},
                }
            },
            "global": {"download": {"slots": 9}},
            "retention": {"files": {"complete": 60}},
        },
        batches=True,
    )
    assert (new.root, new.attempts, new.pattern, new.slots) == ("D:\\dl", 1, "{}", 5)
    assert new.deletes_files
    assert new.windows
    old = abilities("0.23.2", {"global": {"download": {"slots": 7}}}, batches=False)
    assert (old.slots, old.attempts, old.pattern, old.deletes_files) == (
        7,
        3,
        "${SOURCE_DIRECTORY}",
        False,
    )
    assert abilities("", {"directories": None, "transfers": 5}, batches=True).root == ""
