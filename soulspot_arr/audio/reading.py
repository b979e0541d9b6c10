"""Reads the tags of a file as Lidarr's TagLib does, for the rehearsal and before writing.

Which names are looked at, in which order, and what a broken value becomes follows AudioTag.cs
(contract lidarr §9.5). A file that cannot be read has no tags; nothing raises, nothing is changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from mutagen import MutagenError
from mutagen.apev2 import APEv2
from mutagen.id3 import ID3

from soulspot_arr.audio import opening
from soulspot_arr.audio.families import Family, Kind, family
from soulspot_arr.audio.values import Container, Unfit
from soulspot_arr.rules.rehearsal.tags import FileTags

# Lidarr reads these from one family only, the first of this order that is there.
_ORDER = (Kind.ID3, Kind.XIPH, Kind.APE, Kind.ASF, Kind.MP4)


def read_tags(path: Path, *, below: Path | None = None) -> FileTags:
    """The tags of one file; its `path` is told as it lies below a folder."""
    name = path.relative_to(below).as_posix() if below is not None else path.name
    try:
        with opening.opened(path) as (file, _):
            container = opening.container_of(file)
            if container is None and path.suffix.lower() in (".mp3", ".mp2"):
                container = Container.MP3
            if container is None or path.suffix.lower() not in opening.ENDINGS[container]:
                return FileTags(name)  # TagLib opens by the ending
            return tags_in(file, container, name)
    except (Unfit, MutagenError, OSError):
        return FileTags(name)


def tags_in(file: BinaryIO, container: Container, name: str) -> FileTags:
    """The tags of an open file. Raises MutagenError or OSError when it cannot be read."""
    audio = opening.understood(file, container)
    families = _families(file, container, audio.tags)
    special = next((one for kind in _ORDER for one in families if one.kind is kind), None)
    track, tracks = _numbers(families, "track", "tracks")
    disc, discs = _numbers(families, "disc", "discs")
    return FileTags(
        path=name,
        title=_first(families, "title"),
        artist=_name(families, "artist"),
        album_artist=_name(families, "album_artist"),
        album=_first(families, "album"),
        year=_year(families),
        disc=disc,
        discs=discs,
        track=track,
        tracks=tracks,
        media=special.text("media") if special else None,
        country=_first(families, "country"),
        label=_label(families, special),
        comment=special.only("comment") if special else None,
        release_id=_first(families, "release_id"),
        release_group_id=_first(families, "release_group_id"),
        recording_id=_first(families, "recording_id"),
        track_id=special.only("track_id") if special else None,
        artist_id=_first(families, "artist_id"),
        seconds=float(getattr(audio.info, "length", 0.0) or 0.0),
    )


def _families(file: BinaryIO, container: Container, main: Any) -> list[Family]:
    """Every family of tags in the file, in the order TagLib asks them."""
    found = [] if main is None else [family(main)]
    with suppress(MutagenError, OSError, *opening.STUMBLES):
        if container is Container.FLAC and opening.id3_length(file):
            found.append(family(_opened(ID3, file)))
        elif container in (Container.MP3, Container.MP2):
            found.append(family(_opened(APEv2, file)))
    return found


def _opened(reader: Any, file: BinaryIO) -> Any:
    return reader(opening.rationed(file))


def _first(families: Sequence[Family], field: str) -> str | None:
    return next((text for one in families if (text := one.text(field)) is not None), None)


def _name(families: Sequence[Family], field: str) -> str | None:
    """The first of several names; before ID3v2.4 a slash stood between them, also in AC/DC."""
    for one in families:
        names: Sequence[str] = one.texts(field)
        if one.kind is Kind.ID3 and one.version < (2, 4):
            names = [part for text in names[:1] for part in text.split("/")]
        if names:
            return names[0]
    return None


def _numbers(families: Sequence[Family], field: str, total: str) -> tuple[int, int]:
    """Number and total; "3/12" says both, and a total of its own comes first."""
    number = whole = 0
    for one in families:
        parts = (one.text(field) or "").split("/")
        number = number or unsigned(parts[0])
        told = unsigned(one.text(total) or "")
        whole = whole or told or (unsigned(parts[1]) if len(parts) > 1 else 0)
    return number, whole


def _year(families: Sequence[Family]) -> int:
    return next((year for one in families if (year := unsigned((one.text("date") or "")[:4]))), 0)


def _label(families: Sequence[Family], special: Family | None) -> str | None:
    """Xiph comments and APE name it otherwise for Lidarr than for TagLib."""
    if special is not None and special.kind in (Kind.XIPH, Kind.APE):
        return special.only("label")
    return _first(families, "publisher")


def unsigned(text: str) -> int:
    """A number as .NET reads it: blanks and a plus are forgiven, anything else is 0."""
    digits = text.strip().removeprefix("+")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 10:
        return 0
    number = int(digits)
    return number if number < 2**32 else 0
