"""A crowd for measuring speed: hundreds of peers who all answer one question."""

from __future__ import annotations

import random
from dataclasses import replace

from soulspot_arr.domain import RawFolder
from tests.corpus.catalogue import Target
from tests.corpus.gems import discography, plain_copy
from tests.corpus.library import Library
from tests.corpus.scene import Scene
from tests.corpus.stage import Stage


def crowd(target: Target, library: Library, *, peers: int, files: int) -> list[RawFolder]:
    """Folders of exactly so many peers with exactly so many files, the same on every machine.

    Every peer has the album, most of them among other albums of the artist.
    """
    rng = random.Random(f"crowd {target.id}")
    stage = Stage(Scene(target, library, rng))
    each = files // peers
    folders: list[RawFolder] = []
    for number in range(peers):
        quota = each + (files % peers if number == 0 else 0)
        folders += _one(stage, quota)
    rng.shuffle(folders)
    return folders


def _one(stage: Stage, quota: int) -> list[RawFolder]:
    """One peer with exactly so many files: album after album until the number is reached."""
    kept: dict[str, RawFolder] = {}
    name = ""
    while quota > 0:
        make = plain_copy if not kept and stage.rng.random() < 0.3 else discography
        for folder in (folder for shelf in make(stage) for folder in shelf.folders):
            name = name or folder.peer
            if folder.path not in kept and quota > 0:
                files = folder.files[:quota]
                quota -= len(files)
                kept[folder.path] = replace(folder, peer=name, files=files)
    return list(kept.values())
