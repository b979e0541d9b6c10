"""What several programs make of a folder's tags before Lidarr sees it, for comparison.

Only `ours` knows which audio is which track; a folder whose audio is no whole edition it leaves
alone, because it would not be reported as completed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from soulspot_arr.rules.rehearsal import FileTags
from tests.corpus_import.folders import Folder, file_name, identified

Tagger = Callable[[Folder], tuple[FileTags, ...]]


def raw(folder: Folder) -> tuple[FileTags, ...]:
    """Nothing is written."""
    return folder.tags


def soularr(folder: Folder) -> tuple[FileTags, ...]:
    """Album artist, album and disc from Lidarr; nothing about tracks, no ids (peers §2.1)."""
    return tuple(
        replace(
            tags,
            album_artist=folder.album.artist,
            album=folder.album.album,
            disc=file.truth.disc if file.truth else max(tags.disc, 1),
        )
        for tags, file in zip(folder.tags, folder.files, strict=True)
    )


def ours(folder: Folder) -> tuple[FileTags, ...]:
    """The proven tracks of the edition and nothing else, with all of its words and ids."""
    edition = folder.edition
    if edition is None:
        return folder.tags
    wanted = folder.album
    found = []
    for file in folder.files:
        track = file.truth
        if track is None:
            continue
        path = file_name(track, file.tags.path.rpartition(".")[2])
        tags = FileTags(
            f"Disc {track.disc}/{path}" if edition.discs > 1 else path,
            title=track.title,
            artist=track.artist or wanted.artist,
            album_artist=wanted.artist,
            album=wanted.album,
            year=wanted.year or 0,
            disc=track.disc,
            discs=edition.discs,
            track=track.number,
            tracks=sum(other.disc == track.disc for other in edition.tracks),
            seconds=file.tags.seconds,
        )
        particulars = folder.circumstances.particulars[edition.id]
        found.append(identified(tags, wanted, edition, track, particulars))
    return tuple(found)


TAGGERS: Mapping[str, Tagger] = {"raw": raw, "soularr": soularr, "ours": ours}
"""Every tagger by its name."""
