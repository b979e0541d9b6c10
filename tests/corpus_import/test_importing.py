"""The whole rendered corpus on its way into a library: what we promise of it, and nothing wrong.

Real files, our own reading, fitting and tagging, and a double of Lidarr that really imports.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import pytest

from soulspot_arr.rules.fitting import Refusal
from soulspot_arr.rules.rehearsal import rehearse
from tests.agreement.opinions import Double
from tests.corpus_import.corpus import PER_HABIT, folders
from tests.corpus_import.folders import Folder
from tests.corpus_import.habits import HABITS
from tests.corpus_import.importing import Outcome, complete, pieces, tried
from tests.corpus_import.rendering import render

OURS = 0.98
FEW = 2
WRONG_AUDIO = "concert"
_MEMORY = Path("/dev/shm")  # what a disk takes to be sure is not asked here


def _outcome(folder: Folder, tagger: str) -> Outcome:
    with _scratch() as scratch:
        return tried(folder, tagger, scratch)


@contextmanager
def _scratch() -> Iterator[Path]:
    place = _MEMORY if _MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="soulspot-", dir=place) as scratch:
        yield Path(scratch)


def _of(habit: str) -> Iterator[Folder]:
    return (folder for folder in folders() if folder.habit == habit)


@pytest.mark.parametrize("habit", HABITS)
def test_ours(habit: str) -> None:
    """Sound folders come in as the edition they are, track by track; all others are refused."""
    missed, told = [], 0
    for folder in _of(habit):
        found = _outcome(folder, "ours")
        assert not found.wrong, (folder.id, found)
        assert found.whole == (not found.refused), (folder.id, found)  # never a refusal of Lidarr's
        if folder.sound and not found.whole:
            missed.append(f"{folder.id}: {found}")
        if found.whole:
            assert folder.edition is not None
            assert found.edition == folder.edition.id
        told += bool(found.refused) and found.refused.endswith(".")
    sound = sum(folder.sound for folder in _of(habit))
    assert len(missed) <= sound * (1 - OURS), missed
    assert told == PER_HABIT - sound + len(missed)


@pytest.mark.parametrize("tagger", ["raw", "soularr"])
def test_wrong_audio_is_what_lidarr_would_take(tagger: str) -> None:
    """The right words over another performance: others' ways bring it in, so ours is put to a test."""
    for folder in islice(_of(WRONG_AUDIO), FEW):
        assert len(_outcome(folder, tagger).wrong) == len(folder.files)
        assert _outcome(folder, "ours").refused


@pytest.mark.parametrize("habit", HABITS)
def test_what_was_foretold_comes_true(habit: str) -> None:
    """The rehearsal of tags yet to be written, of those in the files then, and the double: one."""
    folder = next(_of(habit))
    with _scratch() as home:
        render(home, folder.tags)
        found = complete(home, folder)
        if isinstance(found, Refusal):
            assert not folder.sound
            return
        foretold = found.plan.verdict
        read = [piece.tags for piece in pieces(home, folder)]
        again = rehearse(read, folder.album, folder.circumstances)
        assert (again.distance, again.worst) == pytest.approx((foretold.distance, foretold.worst))
        (said,) = Double(folder.album, folder.circumstances).reads(home)
    assert not said.reasons
    assert said.edition == found.plan.edition.id
    assert (said.distance, said.worst) == pytest.approx((foretold.distance, foretold.worst))
