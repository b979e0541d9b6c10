"""Where a file goes in a library folder: from a template and what is known of the file. Pure.

Templates are checked where settings are (`specs`): one that came through there cannot lead out of
the folder, and what tags say never does, for it is put into single names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import PurePosixPath

from soulspot_arr.rules.naming import safe_component
from soulspot_arr.specs import OF_ONE_FILE, TEMPLATE_FIELD

_LONGEST_NAME = 240  # bytes; " (2)" and the ending of an unfinished copy come on top
_LONGEST_ENDING = 10
_NOTHING = "\0"  # stands for what is unknown until the template is tidied
_EMPTY_BRACKETS = re.compile(r"[(\[][\s\0]*\0[\s\0]*[)\]]")
_SIGNS = r"[\s\-\u2013_.,]*"
_AT_END = re.compile(rf"{_SIGNS}\0(?=[\s\0]*(?:[)\]]|\Z))")
_WITH_SIGNS = re.compile(rf"\0{_SIGNS}")
_BLANKS = re.compile(r"\s{2,}")


@dataclass(frozen=True, slots=True)
class ShelfTags:
    """What is known of one file; empty texts and zeros are unknown.

    `disc` and `track` count from 1, `discs` is how many the album has; `quality` is a word such as
    "FLAC".
    """

    title: str = ""
    artist: str = ""
    album: str = ""
    album_artist: str = ""
    year: int = 0
    track: int = 0
    disc: int = 0
    discs: int = 0
    quality: str = ""


def shelf_path(template: str, tags: ShelfTags, *, name: str) -> str:
    """Path of a file below the library folder; `name` is the present one and gives the ending.

    Without a title the present name stands in. What is unknown goes with the brackets and signs
    that are for it; a folder of which nothing is left is left out.
    """
    suffix = PurePosixPath(name).suffix
    ending = suffix if len(suffix) <= _LONGEST_ENDING else ""
    values = _values(tags, present=name.removesuffix(ending))
    *folders, last = template.split("/")
    names = [_filled(folder, values) for folder in folders]
    tells = any(values[field] for field in TEMPLATE_FIELD.findall(last) if field in OF_ONE_FILE)
    # A name that all files of the album would share is none.
    stem = _filled(last, values) if tells else values["title"]
    kept = [safe_component(folder, _LONGEST_NAME) for folder in names if folder]
    return "/".join((*kept, safe_component(stem + ending, _LONGEST_NAME)))


def spellings(path: str) -> Iterator[str]:
    """The path, and then the ones to take where it is taken: "… (2)", "… (3)" without an end."""
    yield path
    pure = PurePosixPath(path)
    for number in count(2):
        yield str(pure.with_name(f"{pure.stem} ({number}){pure.suffix}"))


def _values(tags: ShelfTags, *, present: str) -> dict[str, str]:
    several = tags.discs > 1 or tags.disc > 1
    track = f"{tags.track:02}" if tags.track > 0 else ""
    disc = str(tags.disc) if tags.disc > 0 else ""
    album_artist = _text(tags.album_artist) or _text(tags.artist) or "Unknown Artist"
    return {
        "artist": _text(tags.artist) or album_artist,
        "album_artist": album_artist,
        "album": _text(tags.album) or "Unknown Album",
        "year": str(tags.year) if tags.year > 0 else "",
        "title": _text(tags.title) or present,
        "track": track,
        "disc": disc,
        "disc_track": f"{disc}-{track}" if several and disc and track else track,
        "quality": _text(tags.quality),
    }


def _text(value: str) -> str:
    return value.replace(_NOTHING, "").strip()


def _filled(part: str, values: Mapping[str, str]) -> str:
    """One name of the template with its values.

    It is tidied before they are put in: a title may be nothing but brackets and signs.
    """
    marked = TEMPLATE_FIELD.sub(
        lambda field: field[0] if values[field[1]] else _NOTHING, part.strip()
    )
    if _NOTHING in marked:
        for pattern in (_EMPTY_BRACKETS, _AT_END, _WITH_SIGNS):
            marked = pattern.sub("", marked)
        marked = _BLANKS.sub(" ", marked).strip()
    return TEMPLATE_FIELD.sub(lambda field: values[field[1]], marked)
