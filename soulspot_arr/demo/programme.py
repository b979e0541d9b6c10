"""What is played: the albums Lidarr's library is waiting for, and why each of them is interesting.

These are the catalogue's facts, as MusicBrainz would give them to Lidarr; who shares which of
these records, and in what state, is the simulated network's business.
"""

from __future__ import annotations

from soulspot_arr.demo.library import simple_album

HARBOUR_LIGHTS = simple_album(
    "Marlow Finch",
    "Harbour Lights",
    2014,
    (
        ("Low Tide", 38),
        ("Lantern Street", 23),
        ("Salt and Paper", 22),
        ("The Ferryman's Daughter", 31),
        ("Harbour Lights", 25),
        ("Knots", 24),
        ("Winter Moorings", 37),
        ("All the Boats Are Home", 36),
    ),
    profile="Lossless",
)
NORTHBOUND = simple_album(
    "Kestrel & Vane",
    "Northbound",
    2011,
    (
        ("Departure Board", 22),
        ("Sleeper Train", 40),
        ("Frost on the Points", 20),
        ("Signal Box", 22),
        ("Halfway House", 22),
        ("Dining Car", 41),
    ),
    (
        ("Border Crossing", 32),
        ("Moorland", 45),
        ("Last Café Before the Sea", 23),
        ("Lighthouse Keeper", 43),
        ("Northbound", 22),
        ("Terminus", 29),
    ),
    profile="Standard",
)
LUMIERE = simple_album(
    "Édith Valmont",
    "Lumière d'Août",
    2008,
    (
        ("Première Chaleur", 28),
        ("Rue des Écoles", 44),
        ("Lumière d'Août", 28),
        ("Où Dorment les Abeilles", 39),
        ("Été Indien", 24),
        ("La Fenêtre", 29),
        ("Encore une Fois", 40),
    ),
    profile="Any",
)
CARTOGRAPHY = simple_album(
    "The Paper Lanterns",
    "Slow Cartography",
    2019,
    (
        ("Contour", 43),
        ("Here Be Dragons", 25),
        ("Meridian", 35),
        ("Unmapped", 27),
        ("Paper Rivers", 27),
        ("Scale 1:1", 20),
        ("Legend", 43),
        ("The Edge of the Page", 40),
        ("Fold", 45),
    ),
    profile="Lossless",
)

ACTS = (
    (
        HARBOUR_LIGHTS,
        "Many people share this record: some only a part of it, some behind a very long queue, and "
        "the fastest two will never send a byte. SoulSpot replaces such a peer inside the same "
        "download, before Lidarr hears of it. The profile allows lossless files only.",
    ),
    (
        NORTHBOUND,
        "Two discs, in a different folder habit at every peer. This time the profile asks for "
        "MP3, so Lidarr itself turns the lossless copy down. There is not one tag in these files: "
        "as they are, Lidarr would refuse them for ever. They are heard, recognised and tagged "
        "before it is told of them.",
    ),
    (
        LUMIERE,
        "Accents: Lidarr writes é as one character, the peer with the lossless copy as two, as "
        "macOS does. The profile allows every quality; Lidarr prefers lossless.",
    ),
)

FAULTS = (
    (
        CARTOGRAPHY,
        "Three people share this record without loss. In the middle of the fourth track the fastest "
        "of them switches the computer off and does not come back. What has arrived is kept, and only "
        "what is missing is asked of somebody else, inside the same download.",
    ),
)
