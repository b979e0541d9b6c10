"""Cheap looks at a candidate before anything of it is taken apart.

Nine of ten folders of an answer are something else, and show it by their number of files, their
lengths, or by not holding a single word of the album. A look may let pass what is wrong; it must
not turn away what could be right.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from anyascii import anyascii

from soulspot_arr.rules.matching.align import FARTHEST
from soulspot_arr.rules.matching.candidates import Candidate
from soulspot_arr.rules.matching.sought import Words
from soulspot_arr.rules.matching.tracklist import Tracklist
from soulspot_arr.rules.spelling import normalise, without_accents

_HEARD = 0.6  # of the tracks whose longest word has to stand in some file name
_SHORT = 4  # letters; shorter words are found anywhere


def lengths_of(candidate: Candidate) -> list[int]:
    """The known lengths of its files in order of size, seconds."""
    return sorted([raw.seconds for raw in candidate.raws if raw.seconds and raw.seconds > 0])


def reach(tracks: Tracklist, count: int, lengths: Sequence[float]) -> tuple[int, float]:
    """How many tracks could have a file of their length among `count` files.

    The second value is how many seconds such pairs are apart on average.
    """
    size = len(tracks.keys)
    if not tracks.lengths or not lengths:
        return min(size, count), FARTHEST
    wanted, last = tracks.lengths, len(lengths)
    at = beside = reached = 0
    apart = 0.0
    while at < size and beside < last:
        gap = lengths[beside] - wanted[at]
        if gap > FARTHEST:
            at += 1
        elif gap < -FARTHEST:
            beside += 1
        else:
            reached += 1
            apart += abs(gap)
            at += 1
            beside += 1
    return min(reached + count - last, size), apart / (reached or 1)


def mentions(candidate: Candidate, albums: Sequence[Words]) -> bool:
    """Whether the path holds half of the words of one of these names."""
    text = " ".join(candidate.folders[-3:] or candidate.claims or ()).lower()
    if text.isascii():
        return _holds_half(text.replace("'", ""), albums)
    plain = normalise(text)
    if _holds_half(plain, albums):
        return True
    return _holds_half(f"{plain} {normalise(anyascii(text))}", albums)


def _holds_half(text: str, albums: Sequence[Words]) -> bool:
    for album in albums:
        needed = (len(album) + 1) // 2
        for word in album:
            if word in text:
                needed -= 1
                if needed == 0:
                    return True
    return False


def hears(text: str, tracks: Tracklist, count: int) -> bool:
    """Whether the names of `count` files hold most of the titles' longest words they could hold."""
    size = len(tracks.signs)
    left = size - ceil(_HEARD * min(size, count))  # words that may be missed
    for word in tracks.signs:
        if word not in text and len(word) >= _SHORT and word.isascii():
            if left == 0:
                return False
            left -= 1
    return True


def names_of(candidate: Candidate) -> str:
    """The names of its files as `hears` listens to them."""
    text = candidate.text.lower()
    return text if text.isascii() else without_accents(text)
