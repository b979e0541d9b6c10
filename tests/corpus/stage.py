"""The stage on which a world is built: people met so far, and how they put up a shelf."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tests.corpus.calling import as_called
from tests.corpus.catalogue import Target
from tests.corpus.clutter import besides, peer_name
from tests.corpus.habits import Habit, Needs, Placed, habit, lay_out
from tests.corpus.media import Lengths, Rip, raw, rip
from tests.corpus.mutations import is_latin
from tests.corpus.records import Record
from tests.corpus.scene import Scene
from tests.corpus.shares import Music, Peer, Shelf, in_folders, shelve


@dataclass(frozen=True, slots=True)
class Way:
    """What a shelf has to tell so that a listener can see what it is."""

    told: bool = False  # lengths
    artist: bool = False  # in the path
    titles: bool = False  # in the file names


ANY_WAY = Way()


@dataclass(slots=True)
class Stage:
    """Where a world is built."""

    scene: Scene
    taken: set[str] = field(default_factory=set)

    @property
    def target(self) -> Target:
        """The album all this is about."""
        return self.scene.target

    @property
    def rng(self) -> random.Random:
        """The lot of this world."""
        return self.scene.rng

    def peer(self) -> Peer:
        """Somebody new."""
        name = peer_name(self.rng)
        while name in self.taken:
            name = peer_name(self.rng)
        self.taken.add(name)
        free = self.rng.random() < 0.6
        return Peer(
            name=name,
            free_slot=free,
            speed=int(self.rng.lognormvariate(13.5, 1.2)),
            queue_length=0 if free else int(self.rng.expovariate(0.05)),
        )

    def drawn(self, record: Record, way: Way) -> tuple[Habit, Rip]:
        """A habit and a format that suit the record."""
        told = rip(self.rng, told=way.told)
        needs = Needs(
            various=record.various,
            discs=record.disc_count,
            foreign=not is_latin(record.artist + record.album),
            artist=way.artist,
            titles=way.titles,
        )
        return habit(self.rng, told, needs), told

    def put(self, record: Record, kind: str, way: Way = ANY_WAY, *, noise: bool = False) -> Shelf:
        """A shelf of this record at somebody new."""
        how, told = self.drawn(record, way)
        return self.place(record, kind, how, told, noise=noise)

    def place(
        self,
        record: Record,
        kind: str,
        how: Habit,
        told: Rip,
        *,
        peer: Peer | None = None,
        noise: bool = False,
    ) -> Shelf:
        """A shelf of this record in a known habit."""
        placed = self.lay(record, how, told)
        return shelve(
            self.target,
            peer or self.peer(),
            self.ripped(placed, told),
            kind=kind,
            noise=noise,
            besides=besides(placed, record.album, self.rng),
        )

    def lay(self, record: Record, how: Habit, told: Rip) -> list[Placed]:
        """The record's songs at their places, under names that people know them by."""
        shown = told.lengths not in {Lengths.MISSING, Lengths.ZERO, Lengths.PATCHY}
        return lay_out(as_called(record, self.target, self.rng, told=shown), how, told)

    def copy(self, shelf: Shelf) -> Shelf:
        """The same files at somebody new, who fetched them into a folder of his own."""
        peer = self.peer()
        root = self.rng.choice(("@@{}\\", "Music\\", "Shares\\{}\\", "D:\\mp3\\", "complete\\"))
        root = root.format("".join(self.rng.choices("bcdfghklmnprst", k=5)))
        parts = [re.split(r"[\\/]", folder.path) for folder in shelf.folders]
        # The last two parts of the shortest folder tell artist and album; a download keeps them.
        kept = max(0, min(len(part) for part in parts) - 2)
        moved = {}
        for file in shelf.files:
            moved[file.path] = root + "\\".join(re.split(r"[\\/]", file.path)[kept:])
        files = [
            replace(file, path=moved[file.path], locator=moved[file.path]) for file in shelf.files
        ]
        return replace(
            shelf,
            peer=peer.name,
            folders=in_folders(peer, files),
            truth={moved[path]: key for path, key in shelf.truth.items()},
        )

    def ripped(self, placed: Sequence[Placed], told: Rip) -> list[Music]:
        """Files of this format."""
        return [
            Music(raw(each.path, each.song.seconds, told, self.rng), each.song.key)
            for each in placed
        ]
