"""Guests and marks of a pressing that stand in the title on one side only."""

from __future__ import annotations

from dataclasses import replace

import pytest

from soulspot_arr.rules.fitting import Piece, Plan, plan
from soulspot_arr.wanted import Wanted
from tests.soulspot_arr.rules.fitting.jobs import (
    album,
    around,
    bare,
    edition,
    job,
    numbers,
    planned,
    refused,
    tracks,
)

ADDED = (
    " (feat. Somebody Else)",
    " feat. Somebody Else",
    " (with 50 Cent)",
    " [Remastered 2009]",
    " - 2011 Remaster",
)
SHORT, LONGER = "Go", "A Rather Long Title of a Song"


def _decorated(title: str, added: str, *, heard: bool) -> Wanted:
    """The album whose third track is so called; its lengths are known when it was `heard`."""
    found = [replace(track, seconds=track.seconds if heard else None) for track in tracks()]
    found[2] = replace(found[2], title=title + added)
    return album(edition(found))


def _files_of(wanted: Wanted, title: str) -> list[Piece]:
    """Its files; the title of the third is another."""
    pieces = job(wanted)
    path = f"03 - {title}.flac"
    tags = replace(pieces[2].tags, path=path, title=title)
    pieces[2] = replace(pieces[2], tags=tags, name=f"Nirvana\\{path}")
    return pieces


@pytest.mark.parametrize("added", ADDED)
@pytest.mark.parametrize("title", [SHORT, LONGER])
def test_only_the_catalogue_names_them(title: str, added: str) -> None:
    """The recording's id outweighs what Lidarr cuts off the title: proven files are taken."""
    wanted = _decorated(title, added, heard=True)
    for pieces in (_files_of(wanted, title), bare(_files_of(wanted, title))):
        found = planned(pieces, wanted)
        assert numbers(found) == [(1, n) for n in range(1, 7)]
        assert found.placed[2].proven
        assert found.verdict.safe


@pytest.mark.parametrize("added", ADDED)
@pytest.mark.parametrize("title", [SHORT, LONGER])
@pytest.mark.parametrize("heard", [True, False])
def test_only_the_file_names_them(title: str, added: str, heard: bool) -> None:
    """Whether the sound proves it or not, it is the track."""
    wanted = _decorated(title, "", heard=heard)
    for pieces in (_files_of(wanted, title + added), bare(_files_of(wanted, title + added))):
        found = planned(pieces, wanted)
        assert numbers(found) == [(1, n) for n in range(1, 7)]
        assert found.verdict.safe


@pytest.mark.parametrize("added", ADDED)
@pytest.mark.parametrize("title", [SHORT, LONGER])
def test_no_sound_that_proves_it(title: str, added: str) -> None:
    """A short title then is lost where Lidarr cuts most of it off; nothing else is refused."""
    wanted = _decorated(title, added, heard=False)
    cut = "feat." in added or "[" in added
    for pieces in (_files_of(wanted, title), bare(_files_of(wanted, title))):
        if title == SHORT and cut:
            assert refused(pieces, wanted).reason.startswith("Lidarr would refuse the files")
        else:
            assert isinstance(plan(pieces, wanted, around(wanted), tags=True), Plan)
