"""From a target to its world: 10 to 60 shelves as the network would show them.

Everything is drawn from `random.Random(target id)`: the same target gives the same world on every
machine and for ever. About one world in twelve holds no acceptable shelf.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from soulspot_arr.domain import RawFolder
from tests.corpus import decoys, versions
from tests.corpus.catalogue import Target, targets
from tests.corpus.gems import gem
from tests.corpus.hard_cases import cases
from tests.corpus.hard_cases import shelves as written
from tests.corpus.library import Library
from tests.corpus.rubbish import rubbish
from tests.corpus.scene import Maker, Scene
from tests.corpus.shares import Shelf, World
from tests.corpus.stage import ANY_WAY, Stage, Way

LEAST, MOST = 10, 60  # shelves in one world
HOPELESS = 0.08  # of the targets have no acceptable shelf
_POPULAR = {"mainstream": 8, "selftitled": 6, "various": 4, "soundtracks": 4, "live": 4}

_TITLES = Way(titles=True)
_TELLING = Way(told=True, artist=True, titles=True)
Decoy = tuple[float, str, Maker, Way]
_DECOYS: tuple[Decoy, ...] = (
    (5, "other album", decoys.other_album, _TITLES),
    (3, "best of", decoys.best_of, _TITLES),
    (2, "concert", versions.live_named, ANY_WAY),
    (1, "concert, hinted", versions.live_hinted, Way(told=True)),
    (0.3, "played again, unnamed", versions.live_unnamed, _TELLING),
    (3, "other version", versions.other_version, _TITLES),
    (2, "cover", versions.cover, _TELLING),
    (2, "same title", decoys.same_title, Way(artist=True, titles=True)),
    (0.7, "misfiled", decoys.misfiled, _TITLES),
    (2, "other volume", decoys.volume, _TITLES),
    (2, "single", decoys.single_of, _TITLES),
    (2, "album of the song", decoys.album_of, _TITLES),
    (5, "incomplete", decoys.incomplete, Way(artist=True)),
    (1.5, "one wrong song", decoys.one_wrong, _TELLING),
    (1, "cut otherwise", decoys.split, _TELLING),
    (1, "unknown edition", decoys.unknown_edition, _TELLING),
    (2, "ineligible edition", decoys.ineligible, ANY_WAY),
    (2, "one disc", decoys.one_disc, Way(artist=True)),
)
_MORE: dict[str, tuple[Decoy, ...]] = {
    "classical": ((9, "other performance", versions.performance, _TELLING),),
    "soundtracks": ((5, "other soundtrack", decoys.other_soundtrack, _TITLES),),
    "volumes": ((6, "other volume", decoys.volume, _TITLES),),
    "various": ((5, "other volume", decoys.volume, _TITLES),),
    "selftitled": ((6, "other album", decoys.other_album, _TITLES),),
    "live": (
        (2, "concert", versions.live_named, ANY_WAY),
        (5, "studio", versions.studio, Way(told=True)),
    ),
    "epsingle": (
        (5, "album of the song", decoys.album_of, _TITLES),
        (4, "single", decoys.single_of, _TITLES),
    ),
}
_NEVER = {  # Beethoven does not play at Glastonbury, and nobody pays tribute to various artists
    "classical": {"concert", "concert, hinted", "other version", "cover"},
    "various": {"cover"},
}
_COPIED = 0.15  # of the shelves were fetched from another peer of the same world


def world(target: Target, library: Library) -> World:
    """The world of one target."""
    rng = random.Random(target.id)
    stage = Stage(Scene(target, library, rng))
    shelves: list[Shelf] = []
    by_hand = cases().get(target.id)
    good = 0 if by_hand else _good_count(target, rng)
    if by_hand:
        shelves += written(by_hand, rng)
    for _ in range(good):
        shelves += gem(stage)
        if rng.random() < _COPIED:
            shelves.append(stage.copy(rng.choice(shelves)))
    wrong = rng.randrange(7, 16) + rng.randrange(0, 1 + good)
    while wrong > 0:
        shelf = _decoy(stage)
        if shelf:
            shelves.append(shelf)
            wrong -= 1
            if rng.random() < _COPIED:
                shelves.append(stage.copy(shelf))
    few = max(rng.randrange(2, 7), LEAST - len(shelves))
    shelves += [rubbish(stage) for _ in range(few)]
    del shelves[MOST:]
    return World(target, tuple(shelves), _shuffled(shelves, rng))


def _good_count(target: Target, rng: random.Random) -> int:
    if rng.random() < HOPELESS:
        return 0
    mean = _POPULAR.get(target.stratum, 3)
    return 1 + min(20, int(rng.expovariate(1 / mean)))


def _decoy(stage: Stage) -> Shelf | None:
    stratum = stage.target.stratum
    never = _NEVER.get(stratum, set())
    table = [each for each in (*_DECOYS, *_MORE.get(stratum, ())) if each[1] not in never]
    _, kind, make, way = stage.rng.choices(table, [weight for weight, *_ in table])[0]
    record = make(stage.scene)
    return stage.put(record, kind, way) if record and record.songs else None


def _shuffled(shelves: Sequence[Shelf], rng: random.Random) -> tuple[RawFolder, ...]:
    """Answers arrive in no order (contract slskd §3.6)."""
    folders = []
    for shelf in shelves:
        for folder in shelf.folders:
            files = list(folder.files)
            rng.shuffle(files)
            folders.append(replace(folder, files=tuple(files)))
    rng.shuffle(folders)
    return tuple(folders)


def worlds(chosen: Sequence[Target] | None = None) -> list[World]:
    """The worlds of some targets, or of all of them."""
    library = Library(targets())
    return [world(target, library) for target in (targets() if chosen is None else chosen)]
