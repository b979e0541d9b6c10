"""Where the files of an album have to lie so that Lidarr sees one album in their folders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from soulspot_arr.rules.rehearsal import FileTags
from soulspot_arr.wanted import WantedTrack


def by_disc(
    files: Sequence[FileTags], tracks: Sequence[WantedTrack], *, several: bool
) -> list[FileTags]:
    """The files in one folder, or in one per disc, never two under one name."""
    found: list[FileTags] = []
    taken: set[str] = set()
    for file, track in zip(files, tracks, strict=True):
        name = file.path.rpartition("/")[2]
        # "disc" goes before "cd" wherever it stands in the path: below /mnt/disk1 folders called
        # CD1 and CD2 stay apart (contract lidarr §9.4).
        folder = f"Disc {track.disc}/" if several else ""
        number = 0
        path = folder + name
        while path.casefold() in taken:
            number += 1
            path = f"{folder}{track.number:02}.{number} {name}"
        taken.add(path.casefold())
        found.append(replace(file, path=path))
    return found
