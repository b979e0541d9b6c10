"""The library folder as it is in the end: which files lie where, and what is written in them.

Tags are read from the disk as Lidarr reads them, with nothing of the service's own code; nothing is
changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from soulspot_arr.demo.lidarr.tags import AUDIO_ENDINGS, LocalFile, read_file

DIFFERENT = "different"


def shelves(library: Path) -> list[tuple[Path, list[LocalFile]]]:
    """Every folder of the library that holds music, relative to it, with its files in order."""
    found = sorted(path for path in library.rglob("*") if path.suffix.lower() in AUDIO_ENDINGS)
    return [
        (
            folder.relative_to(library),
            [read_file(str(path), path.stat().st_size) for path in paths],
        )
        for folder, paths in groupby(found, key=lambda path: path.parent)
    ]


def common(values: Sequence[object]) -> str:
    """What all of them say, or that they say different things; empty when they say nothing."""
    several = {str(value or "") for value in values}
    return several.pop() if len(several) == 1 else DIFFERENT
