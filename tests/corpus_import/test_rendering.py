"""Rendered folders: what was written is what is read, by us and by Lidarr's double."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path

import pytest

from soulspot_arr import audio
from soulspot_arr.demo.lidarr import tags as double
from soulspot_arr.rules.rehearsal import FileTags
from tests.agreement.opinions import translated
from tests.corpus_import.corpus import folders
from tests.corpus_import.folders import Folder
from tests.corpus_import.habits import HABITS
from tests.corpus_import.rendering import render

EACH = 3
LENGTHS = 0.15  # seconds; sound comes in frames


def _readable(tags: FileTags) -> FileTags:
    """What Lidarr finds of the tags in a file of that kind."""
    if tags.path.endswith(".m4a"):
        return replace(tags, label=None)  # Picard writes it where Lidarr does not look
    return tags


def _differences(said: dict[str, object], read: dict[str, object]) -> Iterator[str]:
    for name, value in said.items():
        found = read[name]
        if isinstance(value, float) and isinstance(found, float):
            same = abs(value - found) <= LENGTHS
        else:
            same = (value or None) == (found or None)
        if not same:
            yield f"{name}: {value!r}, {found!r}"


def _sample(habit: str) -> Iterator[Folder]:
    return islice((one for one in folders() if one.habit == habit), EACH)


@pytest.mark.parametrize("habit", HABITS)
def test_both_read_what_was_written(tmp_path: Path, habit: str) -> None:
    """Every field of every file, as the values of the corpus say it."""
    wrong = []
    for number, folder in enumerate(_sample(habit)):
        home = tmp_path / str(number)
        render(home, folder.tags)
        for tags in map(_readable, folder.tags):
            ours = asdict(audio.read_tags(home / tags.path, below=home))
            wrong += [f"{folder.id} (ours) {one}" for one in _differences(asdict(tags), ours)]
            said = asdict(translated(tags)) | {"quality": ""}
            theirs = asdict(double.read_tags(str(home / tags.path))) | {"quality": ""}
            wrong += [f"{folder.id} (double) {one}" for one in _differences(said, theirs)]
    assert not wrong, "\n".join(wrong[:20])


def test_only_what_is_readable_sounds(tmp_path: Path) -> None:
    """A file that no program can open is there too, and stays silent about itself."""
    folder = next(one for one in folders() if one.habit == "one-broken")
    render(tmp_path, folder.tags)
    broken = next(tags for tags in folder.tags if tags == FileTags(tags.path))
    assert not audio.verify(tmp_path / broken.path, audio.Expected()).ok
