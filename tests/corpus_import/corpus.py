"""The folders themselves: for each habit the albums that suit it, drawn by hashing."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import islice

from tests.corpus.catalogue import Target, chance, targets
from tests.corpus_import.folders import Folder, dressed
from tests.corpus_import.habits import HABITS, album_of

PER_HABIT = 16
"""Folders of each habit, where there are as many albums that suit it."""


def made(habit: str, target: Target) -> Folder | None:
    """The folder that a habit makes of an album; None when they do not go together."""
    wanted, circumstances = dressed(target)
    found = HABITS[habit](album_of(wanted, circumstances))
    if found is None:
        return None
    return Folder(
        f"{habit}/{target.id}",
        habit,
        wanted,
        circumstances,
        found.files,
        found.edition,
        found.imports,
    )


@cache
def folders() -> tuple[Folder, ...]:
    """All of them, more than three hundred, in a fixed order."""
    return tuple(folder for habit in HABITS for folder in islice(_suiting(habit), PER_HABIT))


def _suiting(habit: str) -> Iterator[Folder]:
    order = sorted(targets(), key=lambda target: chance(habit, target.id, "drawn"))
    return (folder for target in order if (folder := made(habit, target)) is not None)
