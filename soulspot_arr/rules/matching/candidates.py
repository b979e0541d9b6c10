"""What one peer shares as one album in one format, read only as far as somebody asks.

Most folders of an answer are refused by their name or their lengths alone, so names of files are
taken apart on demand. Whether a candidate is the wanted album is not asked here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import NamedTuple

from soulspot_arr.domain import Offer, OfferFile, Quality, RawFile
from soulspot_arr.rules.quality import measure
from soulspot_arr.rules.reading import PathReading, read_folder
from soulspot_arr.rules.spelling import normalise
from soulspot_arr.rules.tracks import read_track, settle

_UNNUMBERED = 10_000  # behind every number


class Shelf(NamedTuple):
    """The audio files of one remote folder by their names; `disc` is what the folder says, or 0."""

    disc: int
    files: Mapping[str, RawFile]


class CandidateFile(NamedTuple):
    """One audio file of a candidate; `disc` is 0 when there is one disc, `track` None if untold.

    `by` and `of` are the artist and the album that its own name claims.
    """

    raw: RawFile
    disc: int = 0
    track: int | None = None
    title: str = ""
    by: str = ""
    of: str = ""


@dataclass(frozen=True)
class Candidate:
    """One album of one peer in one format, not judged yet.

    `root` is the remote folder above its discs, `name` that folder's own name, `shelves` its audio
    files by remote folder. `cue` tells that a cue sheet lies there. `claims` are the artist and
    the album that every one of its file names claims, where several albums share a folder. `part`
    tells candidates of one format apart that share a root; empty where one has it for itself.
    `held` are its files where they have been chosen or read before, `lengths` what the catalogue
    says of them where the peer says nothing.
    """

    peer: str
    root: str
    name: str
    shelves: tuple[Shelf, ...]
    folders: tuple[str, ...] = ()
    free_slot: bool = False
    speed: int = 0
    queue_length: int = 0
    cue: bool = False
    claims: tuple[str, str] | None = None
    part: tuple[str, ...] = ()
    held: tuple[CandidateFile, ...] | None = None
    lengths: tuple[float, ...] = ()

    def holding(self, files: Sequence[CandidateFile], *part: str) -> Candidate:
        """The same with nothing but these files; `part` names them as an offer of their own."""
        return replace(self, shelves=(), held=tuple(files), cue=False, part=(*self.part, *part))

    @cached_property
    def raws(self) -> tuple[RawFile, ...]:
        """Its files as the peer describes them."""
        if self.held is not None:
            return tuple(file.raw for file in self.held)
        return tuple(chain.from_iterable([shelf.files.values() for shelf in self.shelves]))

    @property
    def text(self) -> str:
        """The names of all its files in one."""
        if self.held is not None:
            return " ".join([file.title for file in self.held])
        return " ".join([" ".join(shelf.files) for shelf in self.shelves])

    @cached_property
    def files(self) -> tuple[CandidateFile, ...]:
        """Its files with their places and titles, in the order of discs and numbers."""
        return self.held if self.held is not None else read_shelves(self.shelves)

    @cached_property
    def reading(self) -> PathReading:
        """What the folders say."""
        found = read_folder(tuple(part for part in self.root.split("\\") if part))
        if self.claims is None:
            return found
        artist, album = self.claims
        return PathReading(artist=artist, album=album, year=found.year, tags=found.tags)

    @cached_property
    def by(self) -> str:
        """The artist whose name stands in at least two thirds of the file names."""
        counts: dict[str, list[str]] = {}
        for file in self.files:
            if file.by:
                counts.setdefault(normalise(file.by), []).append(file.by)
        best = max(counts.values(), key=len, default=[])
        return best[0] if len(best) * 3 >= len(self.files) * 2 else ""

    @cached_property
    def quality(self) -> Quality | None:
        """What its files are; None when they are mixed or cannot be told."""
        raws = self.raws
        if self.lengths:
            raws = tuple(
                replace(raw, seconds=round(length))
                for raw, length in zip(raws, self.lengths, strict=True)
            )
        return measure(raws)

    @property
    def locked(self) -> int:
        """How many of its files the peer does not give."""
        return sum(raw.locked for raw in self.raws)

    @property
    def image(self) -> bool:
        """Whether it is a single file with a cue sheet beside it."""
        return self.cue and len(self.raws) == 1

    @property
    def size(self) -> int:
        """Bytes of all its audio files."""
        return sum(raw.size for raw in self.raws)


def read_shelves(shelves: Sequence[Shelf]) -> tuple[CandidateFile, ...]:
    """The names of files of one format taken apart, those of each folder together, in order."""
    found: list[CandidateFile] = []
    for disc_here, files in shelves:
        names = settle([read_track(name[: name.rfind(".")]) for name in files])
        found += [
            CandidateFile(raw, disc_here or disc_told, track, title, by, of)
            for raw, (title, track, disc_told, _, by, of, _) in zip(
                files.values(), names, strict=True
            )
        ]
    found.sort(key=_turn)
    last = max([file.disc for file in found], default=0)
    if last == 0:
        return tuple(found)
    if last > 1:
        return tuple([file if file.disc else file._replace(disc=1) for file in found])
    return tuple([file._replace(disc=0) if file.disc else file for file in found])


def _turn(file: CandidateFile) -> tuple[int, int, str]:
    raw, disc, track, _, _, _ = file
    return disc, _UNNUMBERED if track is None else track, raw.path


def to_offer(candidate: Candidate, source: str) -> Offer:
    """The candidate as exactly the files that would be fetched from `source`."""
    return Offer(
        source=source,
        peer=candidate.peer,
        files=tuple(
            OfferFile(
                locator=file.raw.locator,
                path=file.raw.path,
                size=file.raw.size,
                disc=file.disc,
                seconds=file.raw.seconds,
            )
            for file in candidate.files
        ),
    )
