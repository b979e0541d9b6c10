"""The records that exist in the demo world. Names and lengths only.

Lengths are shortened to well under a minute so that a demonstration of a whole album is quick.
Most artists are invented; the last four are facts about real records.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Track:
    """One track; `seconds` is a whole number."""

    disc: int
    number: int
    title: str
    seconds: int


@dataclass(frozen=True, slots=True)
class Album:
    """One album with its discs' titles in order."""

    artist: str
    title: str
    year: int
    discs: tuple[tuple[str, ...], ...]

    @property
    def tracks(self) -> list[Track]:
        """All tracks, disc by disc; a title always has the same length."""
        return [
            Track(disc, number, title, self._seconds(title))
            for disc, titles in enumerate(self.discs, start=1)
            for number, title in enumerate(titles, start=1)
        ]

    def _seconds(self, title: str) -> int:
        return 20 + zlib.crc32(f"{self.artist}/{self.title}/{title}".encode()) % 26


HARBOUR = Album(
    "Marlow Finch",
    "Harbour Lights",
    2014,
    (
        (
            "Low Tide",
            "Lantern Street",
            "Salt and Paper",
            "The Ferryman's Daughter",
            "Harbour Lights",
            "Knots",
            "Winter Moorings",
            "All the Boats Are Home",
        ),
    ),
)
CARTOGRAPHY = Album(
    "The Paper Lanterns",
    "Slow Cartography",
    2019,
    (
        (
            "Contour",
            "Here Be Dragons",
            "Meridian",
            "Unmapped",
            "Paper Rivers",
            "Scale 1:1",
            "Legend",
            "The Edge of the Page",
            "Fold",
        ),
    ),
)
VALMONT = Album(
    "Édith Valmont",
    "Lumière d'Août",
    2008,
    (
        (
            "Première Chaleur",
            "Rue des Écoles",
            "Lumière d'Août",
            "Où Dorment les Abeilles",
            "Été Indien",
            "La Fenêtre",
            "Encore une Fois",
        ),
    ),
)
NORTHBOUND = Album(
    "Kestrel & Vane",
    "Northbound",
    2011,
    (
        (
            "Departure Board",
            "Sleeper Train",
            "Frost on the Points",
            "Signal Box",
            "Halfway House",
            "Dining Car",
        ),
        (
            "Border Crossing",
            "Moorland",
            "Last Café Before the Sea",
            "Lighthouse Keeper",
            "Northbound",
            "Terminus",
        ),
    ),
)
STATIC = Album(
    "Ossian Reed",
    "Static Gardens",
    2021,
    (("Seedling", "Wire and Ivy", "Static Gardens", "Perennial"),),
)
BASEMENT = Album(
    "Various Artists",
    "Leith Basement Tapes, Vol. 2",
    2003,
    (
        (
            "Marlow Finch - Demo in C",
            "Cold Kettle - Stairwell",
            "The Paper Lanterns - First Sketch",
            "Juno Abara - Twelve Keys",
            "Ossian Reed - Hum",
        ),
    ),
)
OK_COMPUTER = Album(
    "Radiohead",
    "OK Computer",
    1997,
    (
        (
            "Airbag",
            "Paranoid Android",
            "Subterranean Homesick Alien",
            "Exit Music (For a Film)",
            "Let Down",
            "Karma Police",
            "Fitter Happier",
            "Electioneering",
            "Climbing Up the Walls",
            "No Surprises",
            "Lucky",
            "The Tourist",
        ),
    ),
)
THE_WALL = Album(
    "Pink Floyd",
    "The Wall",
    1979,
    (
        (
            "In the Flesh?",
            "The Thin Ice",
            "Another Brick in the Wall, Part 1",
            "The Happiest Days of Our Lives",
            "Another Brick in the Wall, Part 2",
            "Mother",
        ),
        (
            "Hey You",
            "Is There Anybody Out There?",
            "Nobody Home",
            "Vera",
            "Bring the Boys Back Home",
            "Comfortably Numb",
        ),
    ),
)
KIND_OF_BLUE = Album(
    "Miles Davis",
    "Kind of Blue",
    1959,
    (
        (
            "So What",
            "Freddie Freeloader",
            "Blue in Green",
            "All Blues",
            "Flamenco Sketches",
        ),
    ),
)
BACK_IN_BLACK = Album(
    "AC/DC",
    "Back in Black",
    1980,
    (
        (
            "Hells Bells",
            "Shoot to Thrill",
            "What Do You Do for Money Honey",
            "Given the Dog a Bone",
            "Let Me Put My Love Into You",
            "Back in Black",
            "You Shook Me All Night Long",
            "Have a Drink on Me",
            "Shake a Leg",
            "Rock and Roll Ain't Noise Pollution",
        ),
    ),
)

ALBUMS = (
    HARBOUR,
    CARTOGRAPHY,
    VALMONT,
    NORTHBOUND,
    STATIC,
    BASEMENT,
    OK_COMPUTER,
    THE_WALL,
    KIND_OF_BLUE,
    BACK_IN_BLACK,
)
