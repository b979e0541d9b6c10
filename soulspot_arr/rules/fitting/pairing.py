"""Which piece is which track of one list of tracks, and what stays without a partner.

Lengths decide what may be a pair at all, and so does a whole numbering; titles, numbers and the
order of the files decide among what they leave. A pair that only its length speaks for counts when it is no accident.
"""

from __future__ import annotations

from dataclasses import dataclass

from soulspot_arr.rules.fitting.comparison import ALIKE, Comparison, Pair, Possible
from soulspot_arr.rules.fitting.numbering import held
from soulspot_arr.rules.matching.assignment import assign

_CLOSE = 1.0  # seconds within which a number may stand for a title
_ENOUGH = 3  # pairs of right length under strange titles are no accident
_FEW = 3  # one name of so many may not be in another script than the rest
_CLEAR = 0.05  # how much more has to speak for two pairs than for the same two crossed
_ORDER = 1e-3  # what the order of the files decides among equals


@dataclass(frozen=True, slots=True)
class Pairing:
    """The pairs in the order of the pieces; places of pieces and tracks without a partner.

    `altered` are pieces that say they are another version of the track they would be.
    """

    pairs: tuple[Pair, ...]
    loose: tuple[int, ...]
    missing: tuple[int, ...]
    altered: frozenset[int] = frozenset()

    @property
    def complete(self) -> bool:
        """Whether nobody is alone."""
        return not self.loose and not self.missing


def pair(comparison: Comparison) -> Pairing:
    """The best pairs of those that may be."""
    possible, altered = comparison.possible()
    possible = held(comparison, possible)
    chosen = _assigned(comparison, possible)
    chosen = _told_apart(comparison, chosen, possible)
    chosen = _sure(chosen, len(comparison.tracks.keys))
    chosen = _in_one_script(comparison, chosen)
    loose = set(range(len(comparison.told))) - {one.piece for one in chosen}
    missing = set(range(len(comparison.tracks.keys))) - {one.track for one in chosen}
    return Pairing(
        tuple(sorted(chosen, key=lambda one: one.piece)),
        tuple(sorted(loose)),
        tuple(sorted(missing)),
        altered & loose,
    )


def _assigned(comparison: Comparison, possible: Possible) -> list[Pair]:
    """The pairs for which the most speaks together; among equals the order of the files."""
    size = max(len(comparison.told), len(comparison.tracks.keys))
    scored = []
    for (piece, track), one in possible.items():
        apart = (comparison.told[piece].turn - track) / size
        scored.append((piece, track, one.score - _ORDER * apart * apart))
    return [possible[chosen] for chosen in assign(scored, hardest=None).items()]


def _told_apart(comparison: Comparison, pairs: list[Pair], possible: Possible) -> list[Pair]:
    """Without those that might as well be crossed, for all that title, number and length say.

    Tracks that are the same may be; and where all files lie in the order of the tracks and their
    lengths fit, the order has told them, unless a title says otherwise.
    """
    turns = [comparison.told[one.piece].turn == one.track and one.gap is not None for one in pairs]
    ordered = len(pairs) >= _ENOUGH and all(turns)
    owner = {one.track: one for one in pairs}
    owned = {one.piece: one for one in pairs}
    unclear: set[Pair] = set()
    for (piece, track), crossed in possible.items():
        mine, other = owned.get(piece), owner.get(track)
        if mine is None or other is None or mine is other:
            continue
        back = possible.get((other.piece, mine.track))
        if back is None or _are_twins(comparison, mine.track, other.track):
            continue
        told = not ordered or (crossed.title or 0.0) >= ALIKE
        if told and mine.words + other.words - crossed.words - back.words < _CLEAR:
            unclear |= {mine, other}
    return [one for one in pairs if one not in unclear]


def _are_twins(comparison: Comparison, one: int, other: int) -> bool:
    """Whether two tracks are called alike and equally long."""
    keys, seconds = comparison.tracks.keys, comparison.tracks.seconds
    mine, theirs = seconds[one], seconds[other]
    if mine is None or theirs is None:
        return keys[one] == keys[other] and mine is theirs
    return keys[one] == keys[other] and abs(mine - theirs) <= _CLOSE


def _sure(pairs: list[Pair], tracks: int) -> list[Pair]:
    """Without pairs of which nothing but the length, and that perhaps by accident, is right."""
    strange = [one for one in pairs if one.strange]
    if len(strange) >= _ENOUGH and len(strange) * 2 > tracks:
        return pairs  # the whole album has its titles in another language
    others = len(pairs) - len(strange)
    doubtful = {
        one
        for one in strange
        if one.place < 1 or abs(one.gap or 0.0) > _CLOSE or others < 2 * len(strange)
    }
    return [one for one in pairs if one not in doubtful]


def _in_one_script(comparison: Comparison, pairs: list[Pair]) -> list[Pair]:
    """Without a lone name in another script than its track, unless its number tells."""
    strange = {
        one
        for one in pairs
        if one.title is None
        and one.place < 1
        and comparison.told[one.piece].titles
        and not comparison.tracks.spelt(one.track)[0].is_blind
    }
    return [one for one in pairs if one not in strange or len(strange) * _FEW > len(pairs)]
