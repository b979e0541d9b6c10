"""The corpus of folders: what it is made of, and what the rehearsal says to each of them."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest

from soulspot_arr.rules.rehearsal import SAFE_ALBUM, Verdict, rehearse
from tests.corpus.catalogue import targets
from tests.corpus_import.corpus import PER_HABIT, folders, made
from tests.corpus_import.folders import Folder
from tests.corpus_import.habits import HABITS
from tests.corpus_import.taggers import TAGGERS

ENOUGH = 300
OURS = 0.98
WRONG_AUDIO = "concert"


@cache
def _verdict(folder_id: str, tagger: str) -> Verdict:
    folder = _by_id()[folder_id]
    return rehearse(TAGGERS[tagger](folder), folder.album, folder.circumstances)


@cache
def _by_id() -> dict[str, Folder]:
    return {folder.id: folder for folder in folders()}


def _success(tagger: str) -> float:
    """The share of folders with right audio that Lidarr takes as the album that was grabbed."""
    sound = [folder for folder in folders() if folder.sound]
    return sum(_verdict(folder.id, tagger).as_wanted for folder in sound) / len(sound)


def test_there_are_enough() -> None:
    """Every habit has its folders, and each folder is there once."""
    assert len(folders()) >= ENOUGH
    assert len(_by_id()) == len(folders())
    assert Counter(folder.habit for folder in folders()) == dict.fromkeys(HABITS, PER_HABIT)


def test_many_albums_are_in_it() -> None:
    """Not the same few again and again, and of every size."""
    assert len({folder.album.album_id for folder in folders()}) > ENOUGH / 2
    sizes = {len(folder.files) for folder in folders()}
    assert min(sizes) <= 3
    assert max(sizes) >= 40


@pytest.mark.parametrize("habit", HABITS)
def test_the_same_on_every_machine(habit: str) -> None:
    """Made anew a folder is the same, and its files can lie beside each other on a disk."""
    by_target = {target.id: target for target in targets()}
    for folder in folders():
        if folder.habit == habit:
            assert made(habit, by_target[folder.id.removeprefix(f"{habit}/")]) == folder
            paths = [file.tags.path.casefold() for file in folder.files]
            assert len(set(paths)) == len(paths)
            assert all(len(path.encode()) < 200 and "\\" not in path for path in paths)


@pytest.mark.parametrize("folder", [one for one in folders() if one.imports is not None],
                         ids=lambda one: one.id)  # fmt: skip
def test_untouched(folder: Folder) -> None:
    """What Lidarr does with a folder as it is, where the habit alone decides that."""
    found = _verdict(folder.id, "raw")
    assert found.imports is folder.imports, [one.sentence for one in found.rejections]
    assert found.accepted is (not found.rejections)


def test_import_success() -> None:
    """Raw folders, album tags only, all that is known: each step helps, and the last is enough."""
    raw, soularr, ours = map(_success, TAGGERS)
    assert raw < soularr < ours
    assert ours >= OURS


@pytest.mark.parametrize("folder", [one for one in folders() if one.sound], ids=lambda one: one.id)
def test_our_tags(folder: Folder) -> None:
    """With our tags a whole edition is taken for itself, with something to spare."""
    found = _verdict(folder.id, "ours")
    assert found.safe, [one.sentence for one in found.rejections]
    (group,) = found.groups
    assert group.match is not None
    assert group.match.candidate.edition == folder.edition
    assert [pair.track.track_id for pair in group.match.pairing.pairs] == [
        pair.file.track_id for pair in group.match.pairing.pairs
    ]


def test_lidarr_lets_wrong_audio_through() -> None:
    """Right ids over another performance convince it; so ids are for proven tracks alone."""
    concerts = [folder for folder in folders() if folder.habit == WRONG_AUDIO]
    assert concerts
    assert all(_verdict(folder.id, "raw").accepted for folder in concerts)
    assert not any(folder.sound for folder in concerts)


def test_a_refusal_is_explained() -> None:
    """Every folder that is not imported has a reason, and a doubt where it is one."""
    for folder in folders():
        found = _verdict(folder.id, "raw")
        if not found.accepted:
            assert all(one.sentence.endswith(".") for one in found.rejections)
            assert found.rejections
        if found.distance > SAFE_ALBUM:
            assert any(group.fingerprint for group in found.groups)
            assert not found.safe
