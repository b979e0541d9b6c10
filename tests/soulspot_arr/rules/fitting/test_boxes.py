"""Twenty discs with three hundred tracks: exact, and quick enough to be done beside a download."""

from __future__ import annotations

import random
from dataclasses import replace
from time import perf_counter

import pytest

from soulspot_arr.rules.fitting import Piece
from soulspot_arr.wanted import Wanted, WantedTrack
from tests.soulspot_arr.rules.fitting.jobs import (
    PEER,
    album,
    bare,
    edition,
    named,
    planned,
    tagged,
)

DISCS, PER_DISC = 20, 15
SECONDS = 2.0  # several times what it takes, on a machine with other things to do
_FORMS = ("Sonata", "Prelude", "Fugue", "Waltz", "Étude")
_TEMPI = ("Allegro", "Adagio", "Presto", "Largo")


def _box() -> Wanted:
    dice = random.Random(4)
    found = [
        WantedTrack(
            f"{dice.choice(_FORMS)} no. {dice.randint(1, 60)}: {dice.choice(_TEMPI)}",
            disc,
            number,
            dice.uniform(60, 500),
            recording_id=f"rec-{disc}-{number}",
            track_id=f"track-{disc}-{number}",
        )
        for disc in range(1, DISCS + 1)
        for number in range(1, PER_DISC + 1)
    ]
    return album(edition(found), album="Complete Works")


BOX = _box()


def _pieces() -> list[Piece]:
    found = []
    for key, track in enumerate(BOX.editions[0].tracks):
        name = f"{track.number:02} {track.title.replace(':', '')}.flac"
        tags = tagged(BOX, BOX.editions[0], track, path=f"CD{track.disc}/{name}")
        found.append(Piece(key, tags, f"{PEER}\\CD{track.disc}\\{name}", tags.seconds))
    random.Random(5).shuffle(found)
    return found


def _numbered() -> list[Piece]:
    tracks = BOX.editions[0].tracks
    return [
        named(one, f"CD{tracks[one.key].disc}\\{tracks[one.key].number:02}.flac")
        for one in bare(_pieces())
    ]


@pytest.mark.parametrize(
    "pieces", [_pieces(), bare(_pieces()), _numbered()], ids=["tagged", "bare", "numbered"]
)
def test_a_box(pieces: list[Piece]) -> None:
    """Every file is its track, however little it says."""
    began = perf_counter()
    found = planned(pieces, BOX)
    assert perf_counter() - began < SECONDS
    tracks = BOX.editions[0].tracks
    assert [one.track for one in found.placed] == [tracks[one.key] for one in found.placed]
    assert all(one.proven for one in found.placed)


def test_a_box_of_unknown_lengths() -> None:
    """Titles, found by looking them up, and folders."""
    unknown = [replace(track, seconds=None) for track in BOX.editions[0].tracks]
    wanted = replace(BOX, editions=(replace(BOX.editions[0], tracks=tuple(unknown)),))
    began = perf_counter()
    found = planned(bare(_pieces()), wanted)
    assert perf_counter() - began < SECONDS
    assert [one.track for one in found.placed] == [unknown[one.key] for one in found.placed]
    assert not any(one.proven for one in found.placed)
