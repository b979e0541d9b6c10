"""What each file of a job says about itself: by its tags, by the peer's name for it, by its length.

Both sources are read as matching reads the names of a folder. Which track a file is, is not asked
here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from soulspot_arr.domain import RawFile
from soulspot_arr.rules.discs import disc_of_folder
from soulspot_arr.rules.fitting.values import Piece
from soulspot_arr.rules.matching.candidates import Candidate, CandidateFile
from soulspot_arr.rules.matching.editions import Target
from soulspot_arr.rules.matching.roster import Roster
from soulspot_arr.rules.matching.track_titles import Spelt, spell
from soulspot_arr.rules.matching.tracklist import Place
from soulspot_arr.rules.reading import SEPARATORS
from soulspot_arr.rules.rehearsal import FileTags
from soulspot_arr.rules.tracks import read_track, settle, split_extension

_UNNUMBERED = 10_000  # behind every number


class Length(NamedTuple):
    """Seconds of a file; `measured` when the sound was decoded and not only announced."""

    seconds: float
    measured: bool


@dataclass(frozen=True, slots=True)
class Statement:
    """What one piece says. `keys` are spellings under which a title may be looked up.

    `titles` are all readings that say anything, `first` those of its tag or, without one, of its
    name. `turn` is its place in the order of the files, counted from 0.
    """

    piece: Piece
    keys: tuple[str, ...]
    titles: tuple[Spelt, ...]
    first: tuple[Spelt, ...]
    places: frozenset[Place]
    length: Length | None
    turn: int = 0
    readable: bool = True

    @property
    def name(self) -> str:
        """What a person calls the file."""
        return _parts(self.piece)[-1]


_NOTHING = CandidateFile(RawFile("", "", 0))


@dataclass(slots=True)
class _Row:
    """One piece while both of its sources are read."""

    folder: tuple[str, ...]
    stem: str
    named: CandidateFile = _NOTHING
    tagged: CandidateFile = _NOTHING
    order: tuple[int, int, str] = field(default=(0, 0, ""))


def statements(pieces: Sequence[Piece], target: Target) -> list[Statement]:
    """One statement per piece, in the order of the pieces."""
    rows = [_row(piece) for piece in pieces]
    _read_names(rows)
    for row, piece in zip(rows, pieces, strict=True):
        _read_tags(row, piece)
    names = _roster([row.named for row in rows], target)
    tags = _roster([row.tagged for row in rows], target)
    order = sorted(range(len(rows)), key=lambda at: (rows[at].order, at))
    turns = {at: turn for turn, at in enumerate(order)}
    return [_statement(piece, at, (tags, names), turns[at]) for at, piece in enumerate(pieces)]


def _statement(piece: Piece, at: int, rosters: tuple[Roster, Roster], turn: int) -> Statement:
    tags, names = rosters
    told = [tuple(map(spell, roster.told(at))) for roster in rosters]
    keys = [key for roster in rosters for key in roster.forms(at) if key]
    return Statement(
        piece,
        keys=tuple(dict.fromkeys(keys)),
        titles=tuple(dict.fromkeys((*told[0], *told[1]))),
        first=told[0] or told[1],
        places=frozenset(
            place for place in (tags.places[at], names.places[at]) if place is not None
        ),
        length=_length(piece),
        turn=turn,
        readable=piece.seconds is not None or piece.tags != FileTags(piece.tags.path),
    )


def _length(piece: Piece) -> Length | None:
    if piece.seconds is not None and piece.seconds > 0:
        return Length(piece.seconds, measured=True)
    announced = piece.tags.seconds
    return Length(announced, measured=False) if announced > 0 else None


def _parts(piece: Piece) -> tuple[str, ...]:
    parts = [part for part in SEPARATORS.split(piece.name or piece.tags.path) if part]
    return tuple(parts) or ("",)


def _row(piece: Piece) -> _Row:
    *folder, name = _parts(piece)
    return _Row(tuple(folder), split_extension(name)[0])


def _read_names(rows: Sequence[_Row]) -> None:
    """The names of each folder together: a single one can mislead."""
    folders: dict[tuple[str, ...], list[_Row]] = {}
    for row in rows:
        folders.setdefault(row.folder, []).append(row)
    for folder, here in folders.items():
        disc = disc_of_folder(folder[-1], folder[-2] if len(folder) > 1 else "") if folder else 0
        names = settle([read_track(row.stem) for row in here])
        for row, name in zip(here, names, strict=True):
            row.named = CandidateFile(
                _raw(row), disc or name.disc, name.track, name.title, name.by, name.of
            )


def _read_tags(row: _Row, piece: Piece) -> None:
    tags = piece.tags
    named = row.named
    inside = disc_of_folder(tags.folder.rpartition("/")[2]) if tags.folder else 0
    disc = named.disc or inside or tags.disc
    row.named = named._replace(disc=disc)
    row.tagged = CandidateFile(_raw(row), tags.disc or disc, tags.track or None, tags.title or "")
    number = tags.track or named.track or _UNNUMBERED
    row.order = (disc, number, row.stem.casefold())


def _raw(row: _Row) -> RawFile:
    return RawFile("", "\\".join((*row.folder, row.stem)), 0)


def _roster(files: Sequence[CandidateFile], target: Target) -> Roster:
    folder = SEPARATORS.split(files[0].raw.path)[:-1]
    name = folder[-1] if folder else ""
    candidate = Candidate("", "\\".join(folder), name, (), tuple(folder), held=tuple(files))
    return Roster(candidate, target.names)
