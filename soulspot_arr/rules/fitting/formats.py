"""Of copies in several formats the one that stays: whole, and the best of those that are whole.

File by file the nearer length would decide, and leave an album half FLAC and half MP3. Whether the
files of a format are the album is not decided here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from soulspot_arr.domain import Quality
from soulspot_arr.rules.fitting.future import WRITABLE
from soulspot_arr.rules.fitting.values import Piece, Plan, Refusal
from soulspot_arr.rules.tracks import IMPORTABLE

Best = Callable[[Sequence[Piece]], Plan | Refusal]
"""What can be done with some of the pieces."""

_USUAL = tuple(IMPORTABLE)


def in_one_format(pieces: Sequence[Piece], best: Best) -> Refusal | None:
    """That all pieces but those of one format are spare; None when no format is whole by itself."""
    kinds = Counter(map(_kind, pieces))
    if len(kinds) < 2:
        return None
    for kind in sorted(kinds, key=lambda one: (*_worth(one), -kinds[one], _order(one))):
        kept = [piece for piece in pieces if _kind(piece) == kind]
        found = best(kept)
        if isinstance(found, Refusal) and found.spare:
            kept = [piece for piece in kept if piece.key not in found.spare]
            found = best(kept)
        if isinstance(found, Plan):
            return _left_out(kind, pieces, kept)
    return None


def _left_out(kind: str, pieces: Sequence[Piece], kept: Sequence[Piece]) -> Refusal:
    spare = frozenset(piece.key for piece in pieces) - {piece.key for piece in kept}
    others = "the other file" if len(spare) == 1 else f"the {len(spare)} other files"
    return Refusal(f"All tracks are there as {kind.upper()} without {others}.", spare=spare)


def _kind(piece: Piece) -> str:
    return piece.tags.path.rpartition(".")[2].lower()


def _worth(kind: str) -> tuple[bool, bool]:
    """Lossless before lossy, then what can be tagged before what cannot."""
    return not Quality(IMPORTABLE.get(kind, "")).lossless, kind not in WRITABLE


def _order(kind: str) -> int:
    return _USUAL.index(kind) if kind in IMPORTABLE else len(_USUAL)
