"""What a maker of decoys knows: the target, the catalogue, and its lot."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from tests.corpus.catalogue import Target
from tests.corpus.library import Library
from tests.corpus.records import Record, Song, record


@dataclass(frozen=True, slots=True)
class Scene:
    """What a maker of decoys knows: the target, the catalogue, and its lot."""

    target: Target
    library: Library
    rng: random.Random

    @property
    def is_live(self) -> bool:
        """Whether the target itself is a live album."""
        return "live" in self.target.wanted.styles or self.target.stratum == "live"

    def own(self) -> Record:
        """The target as it is spelled out first."""
        return record(self.target)

    def strangers(self, count: int) -> list[Song]:
        """Songs that have nothing to do with the target."""
        songs = list(self.library.recast(self.target, self.rng).songs)
        while len(songs) < count:
            songs += self.library.recast(self.target, self.rng).songs
        self.rng.shuffle(songs)
        return songs[:count]


Maker = Callable[[Scene], Record | None]
