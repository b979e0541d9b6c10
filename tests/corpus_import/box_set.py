"""A box of twenty discs, the largest thing people ask for: three hundred tracks, hardly tagged."""

from __future__ import annotations

from dataclasses import replace

from soulspot_arr.rules.rehearsal import Circumstances, FileTags
from soulspot_arr.wanted import Edition, Wanted, WantedTrack
from tests.corpus.catalogue import chance, made_id
from tests.corpus_import.folders import YEAR, File, Folder, file_name, tagged

DISCS = 20
TRACKS = 15


def _edition(name: str, discs: int) -> Edition:
    tracks = tuple(
        WantedTrack(
            f"Movement {disc}.{number}" if number % 5 else "Allegro",
            disc,
            number,
            90.0 + 300 * chance("box", str(disc), str(number)),
            recording_id=made_id("box", str(disc), str(number)),
            track_id=made_id("box", name, str(disc), str(number)),
        )
        for disc in range(1, discs + 1)
        for number in range(1, TRACKS + 1)
    )
    return Edition(
        made_id("box", name),
        "The Complete Recordings",
        tracks,
        disambiguation=name,
        country="Europe",
        year=1998,
        monitored=name == "box",
        media=("CD",) * discs,
        labels=("Teldec",),
    )


def box_set(*, tagged_by_hand: bool) -> Folder:
    """The box in folders by disc, by hand or without a single tag; a smaller one is an edition too."""
    editions = (_edition("box", DISCS), _edition("smaller box", DISCS - 2))
    album = Wanted(
        "Somebody",
        "The Complete Recordings",
        1998,
        artist_id=made_id("box", "artist"),
        album_id=made_id("box", "album"),
        editions=editions,
    )
    files = []
    for track in editions[0].tracks:
        tags = tagged(album, editions[0], track, kind="flac")
        tags = replace(tags, path=f"CD{track.disc:02}/{file_name(track, 'flac')}")
        if not tagged_by_hand:
            tags = FileTags(tags.path, seconds=tags.seconds)
        files.append(File(tags, track))
    name = "tagged" if tagged_by_hand else "untagged"
    around = Circumstances(YEAR, root="/downloads/job")
    return Folder(f"box/{name}", "box", album, around, tuple(files), editions[0])
