"""The worlds: the same for ever, labelled consistently, and fair to whoever has to decide."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from random import Random

import pytest

from tests.corpus import hard_cases
from tests.corpus.catalogue import STRATA, Target, targets
from tests.corpus.crowd import crowd
from tests.corpus.library import Library, plain
from tests.corpus.shares import Label, Shelf, World, holds, label
from tests.corpus.versions import PERFORMERS
from tests.corpus.worlds import HOPELESS, MOST, world

ROOT = Path(__file__).parents[2]
# Words by which a listener knows that a share is not the studio album it resembles.
_TELLING = (
    "live karaoke acoustic demo remix instrumental recorded version tribute quartet lullaby piano"
    " slowed commentary cover plays renditions tour edit"
)
TELLING = _TELLING.split()


def sample() -> list[Target]:
    """A few targets of every stratum, spread over the catalogue."""
    chosen = []
    for stratum in STRATA:
        members = [target for target in targets() if target.stratum == stratum]
        chosen += members[:: max(1, len(members) // 6)][:6]
    return chosen


@cache
def built() -> tuple[World, ...]:
    """Their worlds."""
    library = Library(targets())
    return tuple(world(target, library) for target in sample())


def digest(found: World) -> str:
    """Everything that a rule or a judge could see of a world."""
    return hashlib.sha256(repr((found.folders, sorted(found.truth.items()))).encode()).hexdigest()


def test_a_world_is_the_same_in_every_process() -> None:
    """Whatever order sets happen to have there."""
    script = (
        "from tests.corpus.test_worlds import digest, sample\n"
        "from tests.corpus.catalogue import targets\n"
        "from tests.corpus.library import Library\n"
        "from tests.corpus.worlds import world\n"
        "library = Library(targets())\n"
        "print(*(digest(world(target, library)) for target in sample()[::8]))\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=os.environ | {"PYTHONHASHSEED": "4711", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split() == [digest(found) for found in built()[::8]]


def test_a_world_has_ten_to_sixty_shelves() -> None:
    """As many candidates as a search brings to light."""
    assert all(10 <= len(found.shelves) <= MOST == 60 for found in built())


def test_every_file_is_known_by_its_peer_and_path_alone() -> None:
    """The truth about a file is looked up by them."""
    for found in built():
        places = [(folder.peer, file.path) for folder in found.folders for file in folder.files]
        assert len(places) == len(set(places)), found.target.id
        folders = [(folder.peer, folder.path) for folder in found.folders]
        assert len(folders) == len(set(folders)), found.target.id
        assert set(found.truth) <= set(places)


def test_the_folders_of_a_world_are_those_of_its_shelves() -> None:
    """In another order, and nothing else."""
    for found in built():
        shown = {(f.peer, f.path): set(f.files) for f in found.folders}
        kept = {(f.peer, f.path): set(f.files) for s in found.shelves for f in s.folders}
        assert shown == kept


def test_labels_follow_from_the_truth() -> None:
    """For every shelf, whatever made it."""
    for found in built():
        for shelf in found.shelves:
            computed = label(found.target, shelf.truth, noise=shelf.label is Label.NOISE)
            assert computed is shelf.label, (found.target.id, shelf.kind)


def test_an_acceptable_shelf_is_complete_and_nothing_else_is() -> None:
    """An edition that would be imported, with every file to be had."""
    for found in built():
        for shelf in found.shelves:
            if holds(found.target, shelf):
                assert shelf.label in {Label.EXACT, Label.SUPERSET}


def test_some_targets_cannot_be_had() -> None:
    """They measure whether a rule knows when to be silent."""
    library = Library(targets())
    few = [target for target in targets() if target.stratum != "hardcases"][::14]
    hopeless = [target for target in few if not world(target, library).acceptable]
    assert 0 < len(hopeless) / len(few) < 2.5 * HOPELESS


def is_told(shelf: Shelf, found: World) -> bool:
    """Whether lengths give the other versions away: at least half of them are clearly off."""
    own = found.target.recordings()
    lengths = {file.path: file.seconds for file in shelf.files}
    gaps = []
    for path, key in shelf.truth.items():
        track = own.get(key.rpartition(":")[2])
        seconds = lengths[path]
        if key.startswith("version:") and track and track.seconds and seconds:
            gaps.append(abs(track.seconds - seconds) >= 5)
    return bool(gaps) and sum(gaps) * 2 >= len(gaps)


def test_other_versions_can_be_told() -> None:
    """By a word in the path, by other names, or by lengths; else the label would be unfair."""
    unfair = []
    for found in built():
        artist, album = plain(found.target.wanted.artist), plain(found.target.wanted.album)
        for shelf in found.shelves:
            if shelf.label is not Label.WRONG_VERSION or shelf.kind.startswith("by hand"):
                continue
            text = " ".join(shelf.truth).casefold()
            words = any(word in text for word in TELLING)
            named = artist not in plain(text) or album not in plain(text)
            named = named or any(plain(by.partition(",")[0]) in plain(text) for by in PERFORMERS)
            if not (words or named or is_told(shelf, found)):
                unfair.append(f"{found.target.id}: {shelf.kind}: {next(iter(shelf.truth))}")
    assert unfair == []


def test_blind_shelves_tell_their_lengths() -> None:
    """Numbers alone would leave nothing to decide by."""
    for found in built():
        for shelf in found.shelves:
            if shelf.kind in {"played again, unnamed", "blind impostor", "one wrong song"}:
                lengths = [file.seconds for file in shelf.files if file.path in shelf.truth]
                assert all(lengths), (found.target.id, shelf.kind)


@pytest.mark.parametrize("case", hard_cases.cases().values(), ids=lambda case: case.target.id)
def test_what_was_written_by_hand_is_what_was_meant(case: hard_cases.HardCase) -> None:
    """The writer's label is one of those that the truth allows."""
    shelves = hard_cases.shelves(case, Random(1))
    for shelf, written in zip(shelves, case.shares, strict=True):
        assert shelf.label in written.meant, written.where
        assert shelf.files


def test_every_hard_case_can_be_had_and_mistaken() -> None:
    """At least one good share and one that is none."""
    for case in hard_cases.cases().values():
        good = {holds(case.target, shelf) for shelf in hard_cases.shelves(case, Random(1))}
        assert good == {True, False}, case.target.id


def test_a_crowd_has_as_many_peers_and_files_as_asked_for() -> None:
    """For measuring speed."""
    target = targets()[0]
    folders = crowd(target, Library(targets()), peers=10, files=1_003)
    assert len({folder.peer for folder in folders}) == 10
    assert sum(len(folder.files) for folder in folders) == 1_003
    places = [(folder.peer, folder.path) for folder in folders]
    assert len(places) == len(set(places))
