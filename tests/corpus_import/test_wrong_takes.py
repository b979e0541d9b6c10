"""Other takes under the right titles, so near in length that Lidarr would not notice any of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from soulspot_arr.rules.fitting import Piece, Plan, Refusal, plan
from soulspot_arr.rules.rehearsal import rehearse
from tests.corpus.catalogue import chance
from tests.corpus_import.corpus import folders
from tests.corpus_import.folders import Folder

TAKEN_BY_LIDARR = ("picard", "careful", "compilation")
REFUSED_BY_LIDARR = ("untagged", "titles-only", "numbered")
FEWEST = 4


def _folders(habits: tuple[str, ...]) -> Iterator[Folder]:
    for folder in folders():
        known = all(file.truth and file.truth.seconds for file in folder.files)
        if folder.habit in habits and len(folder.files) >= FEWEST and known:
            yield folder


def _other_takes(folder: Folder, places: set[int]) -> list[Piece]:
    """The folder with other takes in some places, five to ten seconds longer or shorter."""
    found = []
    for place, file in enumerate(folder.files):
        tags = file.tags
        if place in places and file.truth and file.truth.seconds:
            off = 5.2 + 4.3 * chance(folder.id, str(place), "take")
            off = -off if chance(folder.id, str(place), "shorter") < 0.5 else off
            tags = replace(tags, seconds=max(1.0, file.truth.seconds + off))
        name = "\\".join(("@@share", "music", *tags.path.split("/")))
        found.append(Piece(place, tags, name, tags.seconds))
    return found


@pytest.mark.parametrize("habit", TAKEN_BY_LIDARR + REFUSED_BY_LIDARR)
def test_one_among_the_right_ones(habit: str) -> None:
    """It alone is blamed, so that it alone is fetched anew."""
    tried = 0
    for folder in _folders((habit,)):
        wrong = int(chance(folder.id, "wrong") * len(folder.files))
        pieces = _other_takes(folder, {wrong})
        found = plan(pieces, folder.album, folder.circumstances, tags=True)
        assert isinstance(found, Refusal), (folder.id, found)
        assert found.blamed == {wrong}, (folder.id, found)
        tried += 1
    assert tried > FEWEST


@pytest.mark.parametrize("habit", TAKEN_BY_LIDARR + REFUSED_BY_LIDARR)
@pytest.mark.parametrize("tags", [True, False])
def test_all_of_them(habit: str, tags: bool) -> None:
    """Nobody is to blame alone: the folder is another version, whatever may be written."""
    for folder in _folders((habit,)):
        pieces = _other_takes(folder, set(range(len(folder.files))))
        found = plan(pieces, folder.album, folder.circumstances, tags=tags)
        assert not isinstance(found, Plan), folder.id
        assert not found.spare


@pytest.mark.parametrize("habit", TAKEN_BY_LIDARR)
def test_lidarr_would_take_them(habit: str) -> None:
    """Ten seconds are nothing to it: nobody but us stands between them and the library."""
    for folder in _folders((habit,)):
        pieces = _other_takes(folder, set(range(len(folder.files))))
        tags = [piece.tags for piece in pieces]
        assert rehearse(tags, folder.album, folder.circumstances).accepted, folder.id
