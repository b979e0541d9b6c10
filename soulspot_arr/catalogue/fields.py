"""Reads the values of other programs' answers: each one is checked, none is trusted.

What comes out can be compared, kept in both databases and shown. Nothing here asks, decides or
raises: a value of the wrong kind is an unknown one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

LONGEST_TEXT = 500
LONGEST_ID = 64
_LARGEST = 2**31 - 1
_LONGEST_TRACK = 86_400.0  # seconds; what claims to be longer is a mistake

Row = Mapping[str, Any]


def text(value: object, *, longest: int = LONGEST_TEXT) -> str:
    """The text without blanks at its ends; empty for anything else.

    NUL and half characters are left out: PostgreSQL refuses them.
    """
    if not isinstance(value, str):
        return ""
    return value.encode("utf-8", "ignore").decode().replace("\0", "").strip()[:longest]


def identity(value: object) -> str:
    """An id of MusicBrainz; empty for what cannot be one."""
    found = text(value, longest=LONGEST_ID + 1)
    return found if len(found) <= LONGEST_ID and found.isprintable() else ""


def number(value: object) -> float | None:
    """A finite number, also one written as a text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def count(value: object) -> int | None:
    """A whole number from 1 on; None for anything else."""
    found = number(value)
    return int(found) if found is not None and 1 <= found <= _LARGEST else None


def seconds(milliseconds: object) -> float | None:
    """A length in milliseconds as seconds; None for zero (unknown) and for what no track lasts."""
    found = number(milliseconds)
    return found / 1000 if found and 0 < found / 1000 <= _LONGEST_TRACK else None


def year(date: object) -> int | None:
    """The year of a date; None when there is none (Lidarr writes year 1 for "unknown")."""
    found = text(date)[:4]
    return int(found) if found.isascii() and found.isdecimal() and found > "1000" else None


def rows(value: object) -> list[Row]:
    """The objects of a list; whatever else it holds is passed over."""
    found = value if isinstance(value, list) else []
    return [entry for entry in found if isinstance(entry, Mapping)]


def row(value: object) -> Row:
    """An object; an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def texts(value: object) -> tuple[str, ...]:
    """The texts of a list that are not empty."""
    found = value if isinstance(value, list) else []
    return tuple(kept for entry in found if (kept := text(entry)))


def others(names: Iterable[str], *known: str) -> tuple[str, ...]:
    """Each further name once, in their order, without those that are known by their spelling."""
    seen = {name.casefold() for name in known} | {""}
    kept = []
    for name in names:
        if name.casefold() not in seen:
            seen.add(name.casefold())
            kept.append(name)
    return tuple(kept)
