"""Which file Lidarr takes for which track of an edition: the pairs that cost the least together.

As many pairs as the smaller side allows are made, however bad; that a pair is too bad is judged
elsewhere (contract lidarr §9.5, Identification/IdentificationService.cs: MapReleaseTracks).
"""

from __future__ import annotations

from collections.abc import Sequence

from soulspot_arr.rules.matching.assignment import assign
from soulspot_arr.rules.rehearsal.distance import Pair, Pairing, running_numbers, track_distance
from soulspot_arr.rules.rehearsal.likeness import bare, plain_title
from soulspot_arr.rules.rehearsal.tags import FileTags
from soulspot_arr.wanted import WantedTrack

# No distance is above 1. Any pair then scores more than none, so nobody stays alone who need not.
_WORTH = 2.0


def pair(files: Sequence[FileTags], tracks: Sequence[WantedTrack]) -> Pairing:
    """Pair the files of one release with the tracks of one edition."""
    running = running_numbers(tracks)
    straight = _without_distance(files, tracks, running)
    if straight:
        return Pairing(straight, unmatched=(), missing=())
    distances = [
        [
            track_distance(file, track, running=number)
            for track, number in zip(tracks, running, strict=True)
        ]
        for file in files
    ]
    chosen = _cheapest([[distance.value for distance in row] for row in distances])
    pairs = tuple(
        Pair(files[row], tracks[column], distances[row][column])
        for row, column in sorted(chosen.items())
    )
    taken = set(chosen.values())
    return Pairing(
        pairs,
        unmatched=tuple(file for row, file in enumerate(files) if row not in chosen),
        missing=tuple(track for column, track in enumerate(tracks) if column not in taken),
    )


def _without_distance(
    files: Sequence[FileTags], tracks: Sequence[WantedTrack], running: Sequence[int]
) -> tuple[Pair, ...]:
    """The pairs when every file agrees with a track in everything, else none: no pairs cost less.

    A box with hundreds of tracks is mostly well tagged, and comparing all with all takes long.
    """
    if len(files) != len(tracks):
        return ()
    titled: dict[str, list[int]] = {}
    for column, track in enumerate(tracks):
        titled.setdefault(bare(track.title), []).append(column)
    pairs = []
    for file in files:
        for column in titled.get(bare(plain_title(file.title or "")), ()):
            distance = track_distance(file, tracks[column], running=running[column])
            if not distance.value:
                titled[bare(tracks[column].title)].remove(column)
                pairs.append(Pair(file, tracks[column], distance))
                break
        else:
            return ()
    return tuple(pairs)


def _cheapest(costs: list[list[float]]) -> dict[int, int]:
    """The column of each row, so that the costs of all pairs add up to the least."""
    if not costs or not costs[0]:
        return {}
    if len(costs) > len(costs[0]):
        turned = _cheapest([list(column) for column in zip(*costs, strict=True)])
        return {row: column for column, row in turned.items()}
    # Mostly every row has a cheapest column that nobody else wants: nothing can cost less.
    wishes = [row.index(min(row)) for row in costs]
    if len(set(wishes)) == len(wishes):
        return dict(enumerate(wishes))
    return assign(
        [
            (row, column, _WORTH - cost)
            for row, line in enumerate(costs)
            for column, cost in enumerate(line)
        ],
        hardest=None,
    )
