"""Which disc a folder holds, told by its own name and, where that is doubtful, by the one above."""

from __future__ import annotations

import pytest

from soulspot_arr.rules.discs import disc_of_folder, split_disc


@pytest.mark.parametrize(
    ("name", "disc"),
    [
        ("CD1", 1),
        ("cd 02", 2),
        ("Disc 2", 2),
        ("Disk 01", 1),
        ("CD 1 - Live", 1),
        ("Disc 1 (Studio)", 1),
        ("CD2 [FLAC]", 2),
        ("[CD3]", 3),
        ("Disc One", 1),
        ("CD II", 2),
        ("Disc 1 of 2", 1),
        ("Side A", 1),
        ("side b", 2),
        ("CD", 0),
        ("Discovery", 0),
        ("Disco 2", 0),
        ("LP1", 0),
        ("CD1984x", 0),
        ("Cd's and Tapes", 0),
        ("Digital Media 02", 2),
        ('12" Vinyl 01', 1),
        ("SHM-CD 2", 2),
        ("Hybrid SACD 1", 1),
        ("Disque 2", 2),
        ("Vinyl 24-96", 0),
        ("Vinyl 24", 0),
    ],
)
def test_disc_folders(name: str, disc: int) -> None:
    """Folders that are nothing but one disc of the album above."""
    assert disc_of_folder(name) == disc


@pytest.mark.parametrize(
    ("above", "disc"),
    [("The Wall (1979)", 2), ("Slint - Spiderland", 2), ("The Wall", 0), ("American Football", 0)],
)
def test_a_record_below_a_marked_album_is_a_disc(above: str, disc: int) -> None:
    """ "LP2" may be an album of its own, but not below what is dated or marked as one."""
    assert disc_of_folder("LP2", above) == disc


@pytest.mark.parametrize(
    ("name", "rest", "disc"),
    [
        ("Album (Disc 2)", "Album", 2),
        ("Album CD1", "Album", 1),
        ("Album - CD 2 [FLAC]", "Album [FLAC]", 2),
        ("Album [CD1]", "Album", 1),
        ("Album (Disc 1 - Dawn)", "Album", 1),
        ("Album, Disc Two", "Album", 2),
        ("Album (2CD)", "Album (2CD)", 0),
        ("CD1", "CD1", 0),
        ("Discovery", "Discovery", 0),
    ],
)
def test_split_disc(name: str, rest: str, disc: int) -> None:
    """The disc is told by a mark behind the album's name."""
    assert split_disc(name) == (rest, disc)
