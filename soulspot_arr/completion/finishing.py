"""The rooms of completion, wired together once."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from soulspot_arr.catalogue import Catalogue
from soulspot_arr.completion import Completion
from soulspot_arr.completion.albums import Albums
from soulspot_arr.completion.covering import Covering, FindCover
from soulspot_arr.completion.gathering import Gathering
from soulspot_arr.completion.ground import Ground
from soulspot_arr.completion.proving import Prover
from soulspot_arr.completion.rehearsing import Rehearsing
from soulspot_arr.completion.returning import Returning
from soulspot_arr.completion.shelves import Shelves
from soulspot_arr.lidarr import Lidarr


def no_cover(*_: object) -> None:
    """A cover that nobody has."""


@dataclass(frozen=True, slots=True)
class Finishing:
    """What the scheduler runs of it."""

    completion: Completion
    prover: Prover
    albums: Albums

    @classmethod
    def build(
        cls,
        ground: Ground,
        lidarr: Lidarr,
        catalogue: Catalogue,
        *,
        find_cover: FindCover = no_cover,
        pause: Callable[[float], None] = time.sleep,
    ) -> Finishing:
        """Everything over one database."""
        returning = Returning(ground)
        prover = Prover(ground, returning)
        albums = Albums(ground, catalogue, lidarr)
        covering = Covering(ground.settings, find_cover)
        gathering = Gathering(ground)
        rehearsing = Rehearsing(
            ground, albums=albums, gathering=gathering, prover=prover, covering=covering
        )
        completion = Completion(
            *(ground, lidarr),
            gathering=gathering,
            prover=prover,
            rehearsing=rehearsing,
            shelves=Shelves(ground),
            returning=returning,
            pause=pause,
        )
        return cls(completion, prover, albums)
