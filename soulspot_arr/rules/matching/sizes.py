"""What sizes say where a peer tells no lengths.

Files of one constant bitrate are as long as they are large, so their sizes prove or refute the
lengths of the tracks. Sizes of other files only show whether two peers have the same recording.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from soulspot_arr.domain import RawFile

_FEWEST = 3  # files; one unknown is taken out of their sizes
_COVER = 2 * 1024**2  # bytes that a picture in every file may take
_RATES = frozenset({64, 80, 96, 112, 128, 160, 192, 224, 256, 320})
_ALIKE = 0.02  # of a share of the whole: two rips of one recording


def gaps_by_size(
    files: Sequence[RawFile], seconds: Sequence[float | None]
) -> tuple[float, ...] | None:
    """How much longer each file is than its track, seconds, give or take tags and pictures.

    Only for MP3 files of one constant rate, because others are not as long as they are large;
    None for anything else.
    """
    rates = {file.bitrate for file in files}
    known = [length for length in seconds if length is not None]
    if len(rates) != 1 or len(files) < _FEWEST or len(known) < len(files):
        return None
    rate = rates.pop()
    if rate not in _RATES or any(file.vbr or file.size <= 0 for file in files):
        return None
    if any(file.path[-4:].lower() != ".mp3" for file in files):
        return None
    gaps = [file.size / (rate * 125) - length for file, length in zip(files, known, strict=True)]
    # What every file has in common is a picture, not music.
    shift = min(max(median(gaps), 0.0), _COVER / (rate * 125))
    return tuple(gap - shift for gap in gaps)


def shares(sizes: Sequence[int]) -> tuple[float, ...]:
    """Each file's share of the whole; empty when a size makes no sense or there are too few."""
    if len(sizes) < _FEWEST or min(sizes) <= 0:
        return ()
    total = sum(sizes)
    return tuple(size / total for size in sizes)


def same_shares(one: Sequence[float], other: Sequence[float]) -> bool:
    """Whether two offers divide their bytes alike, file by file."""
    return len(one) == len(other) and all(
        abs(mine - theirs) <= _ALIKE * mine for mine, theirs in zip(one, other, strict=True)
    )
