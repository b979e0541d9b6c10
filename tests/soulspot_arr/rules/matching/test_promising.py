"""Which folders are worth a look at their peer's own list."""

from __future__ import annotations

from dataclasses import replace

import pytest

from soulspot_arr.domain import Query, RawFile, RawFolder
from soulspot_arr.rules import matching
from soulspot_arr.rules.matching.promising import promising
from soulspot_arr.wanted import Edition, Provider, Wanted, WantedTrack

TITLES = ("Airbag", "Paranoid Android", "Exit Music", "Let Down", "Karma Police", "Electioneering")
WANTED = Wanted(
    "Radiohead",
    "OK Computer",
    editions=(
        Edition(
            "e",
            "OK Computer",
            tuple(
                WantedTrack(title, number=number, seconds=200.0 + number * 11)
                for number, title in enumerate(TITLES, 1)
            ),
        ),
    ),
    provider=Provider.LIDARR,
)
NAMES_ONLY = Wanted("Radiohead", "OK Computer")


def folder(
    path: str, *numbers: int, longer: int = 0, peer: str = "ann", slash: str = "\\"
) -> RawFolder:
    """A folder of which so many tracks are shown."""
    files = []
    for number in numbers:
        name = f"{path}{slash}{number:02d} - {TITLES[number - 1]}.flac"
        length = 200 + number * 11 + longer
        files.append(RawFile(name, name, 25_000_000, bit_depth=16, seconds=length))
    return RawFolder(peer, path, tuple(files), free_slot=True, speed=1_000_000)


def places(*folders: RawFolder, wanted: Wanted = WANTED) -> list[tuple[str, str]]:
    """What would be looked up."""
    query = Query("Radiohead", "OK Computer")
    judged = matching.appraise(query, matching.group(folders), wanted=wanted)
    return list(promising(judged, wanted))


ALBUM = "Music\\Radiohead\\OK Computer (1997)"


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (folder(ALBUM, 1, 2, 3, 4, 5), True),
        (folder(ALBUM, 5), True),
        (folder("Sorted\\1997", 5), True),
        (folder("Sorted\\1997", 5, 2), True),
        (folder("home/music/1997", 5, slash="/"), True),
        (folder(ALBUM, 1, 2, 3, 4, 5, 6), False),
        (folder("Sorted\\1997", 5, longer=9), False),
        (folder("Sorted\\1997", *range(1, 7), longer=9), False),
    ],
    ids=[
        "one track is missing",
        "one track is shown",
        "a track in a folder without a name",
        "two of them",
        "with the other separator",
        "nothing is missing",
        "another recording of a track",
        "another recording of the album",
    ],
)
def test_what_is_shown_may_say_what_the_rest_is(shown: RawFolder, expected: bool) -> None:
    """Whatever is shown agrees in title and length, and something is missing."""
    assert places(shown) == ([(shown.peer, shown.path)] if expected else [])


def test_files_of_something_else_are_not_looked_up() -> None:
    """One title of the album beside others is a compilation."""
    shown = folder("Best of 1997", 5)
    other = RawFile("x", "Best of 1997\\06 - Bitter Sweet Symphony.flac", 9_000_000, seconds=358)
    assert places(replace(shown, files=(*shown.files, other))) == []


def test_short_titles_prove_nothing() -> None:
    """ "Lucky" alone could be; "Air" is in too many names."""
    short = replace(
        WANTED,
        editions=(
            Edition(
                "e",
                "Moon Safari",
                (
                    WantedTrack("Air", number=1, seconds=200.0),
                    WantedTrack("Kelly", number=2, seconds=230.0),
                ),
            ),
        ),
    )
    shown = RawFile("x", "Stuff\\Air.mp3", 5_000_000, bitrate=320, seconds=200)
    assert places(RawFolder("ann", "Stuff", (shown,)), wanted=short) == []


def test_locked_files_are_not_looked_up() -> None:
    """The rest would be locked as well."""
    shown = folder(ALBUM, 1, 2)
    locked = tuple(replace(file, locked=True) for file in shown.files)
    assert places(replace(shown, files=locked)) == []


def test_without_tracks_a_hole_in_the_numbers_is_enough() -> None:
    """The names are right, and the answer may have been cut short."""
    assert places(folder(ALBUM, 1, 2, 4), wanted=NAMES_ONLY) == [("ann", ALBUM)]
    assert places(folder("Music\\Radiohead\\Kid A", 1, 2, 4), wanted=NAMES_ONLY) == []


def test_who_may_send_at_once_goes_first() -> None:
    """Of equal hope: a free slot, then the shorter queue."""
    busy = replace(folder(ALBUM, 1, 2, peer="busy"), free_slot=False, queue_length=90)
    next_ = replace(folder(ALBUM, 1, 2, peer="next"), free_slot=False, queue_length=1)
    free = folder(ALBUM, 1, 2, peer="free")
    assert [peer for peer, _ in places(busy, next_, free)] == ["free", "next", "busy"]
