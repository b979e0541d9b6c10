"""What lies beside music: names of peers, artwork, logs, hidden files; nothing here is a decoy."""

from __future__ import annotations

import random
from collections.abc import Sequence

from soulspot_arr.domain import RawFile
from tests.corpus.habits import Placed

_FIRST = (
    "vinyl",
    "dusty",
    "night",
    "mono",
    "tape",
    "acid",
    "lofi",
    "crate",
    "bass",
    "sub",
    "echo",
    "neon",
    "paper",
    "slow",
    "grey",
    "old",
    "wax",
    "deep",
    "kid",
    "mr",
)
_SECOND = (
    "digger",
    "fox",
    "hiss",
    "loop",
    "owl",
    "head",
    "wave",
    "rat",
    "archive",
    "sailor",
    "moth",
    "cat",
    "radio",
    "ghost",
    "lamp",
    "bear",
    "river",
    "void",
)
_PICTURES = ("cover.jpg", "folder.jpg", "Folder.jpg", "front.jpg", "AlbumArtSmall.jpg", "back.jpg")
_SYSTEM = ("Thumbs.db", "desktop.ini", ".DS_Store")


def peer_name(rng: random.Random) -> str:
    """A name as people choose it."""
    name = rng.choice(_FIRST) + rng.choice(("", "_", " ", "-")) + rng.choice(_SECOND)
    return name + (str(rng.randrange(1, 10_000)) if rng.random() < 0.85 else "")


def besides(placed: Sequence[Placed], album: str, rng: random.Random) -> list[RawFile]:
    """Artwork, sheets and leftovers in the folders of a record."""
    if not placed or rng.random() < 0.35:
        return []
    files = []
    folders = list(dict.fromkeys(_cut(each.path) for each in placed))
    for folder, mark in folders:
        names = rng.sample(_PICTURES, rng.randrange(1, 3))
        if rng.random() < 0.3:
            sheet = "".join(letter for letter in album if letter.isalnum() or letter == " ")
            names += [f"{sheet or 'album'}.{end}" for end in ("log", "cue", "m3u")]
        if rng.random() < 0.08:
            names.append(rng.choice(_SYSTEM))
        files += [_file(f"{folder}{mark}{name}", rng.randrange(300, 900_000)) for name in names]
    if rng.random() < 0.04:  # what a Mac leaves beside every file: audio by its name alone
        for path in dict.fromkeys(each.path for each in placed):
            folder, mark = _cut(path)
            files.append(_file(f"{folder}{mark}._{path[len(folder) + len(mark) :]}", 4_096))
    if rng.random() < 0.1:
        folder, mark = folders[0]
        files += [_file(f"{folder}{mark}Scans{mark}{n}.jpg", 2_000_000) for n in range(1, 5)]
    return files


def _cut(path: str) -> tuple[str, str]:
    place = max(path.rfind("\\"), path.rfind("/"), 0)
    return path[:place], path[place : place + 1]


def _file(path: str, size: int) -> RawFile:
    return RawFile(locator=path, path=path, size=size)
