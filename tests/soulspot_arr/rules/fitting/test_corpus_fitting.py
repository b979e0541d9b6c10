"""The corpus of folders: each is recognised for what its sound is, or refused."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from soulspot_arr.rules.fitting import Piece, Plan, Refusal, plan
from soulspot_arr.rules.rehearsal import FileTags
from tests.corpus_import.corpus import folders
from tests.corpus_import.folders import Folder
from tests.corpus_import.habits import HABITS

LEAST = 0.98
UNHELPED = frozenset({"one-broken", "incomplete", "concert"})
"""Habits whose folders hold no whole edition."""


def pieces_of(folder: Folder) -> list[Piece]:
    """The files of a folder as they come from a peer, decoded."""
    above = f"@@music\\{folder.album.artist}\\{folder.album.album}\\"
    return [
        Piece(at, tags, above + tags.path.replace("/", "\\"), tags.seconds or None)
        for at, tags in enumerate(folder.tags)
    ]


@cache
def _found(folder_id: str) -> Plan | Refusal:
    """The plan for a folder; without the files that the first answer calls spare."""
    folder = next(one for one in folders() if one.id == folder_id)
    pieces = pieces_of(folder)
    found = plan(pieces, folder.album, folder.circumstances, tags=True)
    if isinstance(found, Refusal) and found.spare:
        rest = [one for one in pieces if one.key not in found.spare]
        return plan(rest, folder.album, folder.circumstances, tags=True)
    return found


def _is_right(folder: Folder, found: Plan) -> bool:
    """Whether every piece is the track it really is, of the edition it really is."""
    truth = [folder.files[one.key].truth for one in found.placed]
    return found.edition == folder.edition and [one.track for one in found.placed] == truth


@pytest.mark.parametrize("habit", HABITS)
def test_of_every_habit(habit: str) -> None:
    """Sound folders get a plan, the others a reason."""
    for folder in folders():
        if folder.habit != habit:
            continue
        found = _found(folder.id)
        if folder.sound:
            assert isinstance(found, Plan), (folder.id, found.reason)
            assert _is_right(folder, found), folder.id
            assert all(one.proven for one in found.placed)
        else:
            assert isinstance(found, Refusal), folder.id


def test_how_many_are_helped() -> None:
    """Of those whose sound is right nearly all; of the others not one, and none wrongly."""
    sound = [folder for folder in folders() if folder.sound]
    plans = [one for one in sound if isinstance(_found(one.id), Plan)]
    assert len(plans) >= LEAST * len(sound)
    wrong = [
        folder.id
        for folder in folders()
        if isinstance(found := _found(folder.id), Plan) and not _is_right(folder, found)
    ]
    assert not wrong


def test_habits_that_nothing_helps() -> None:
    """A file that cannot be read is named; a concert and a lack are those of the whole."""
    for folder in folders():
        if folder.habit in UNHELPED:
            found = _found(folder.id)
            assert isinstance(found, Refusal)
            if folder.habit == "one-broken":
                broken = {at for at, file in enumerate(folder.files) if file.truth is None}
                assert found.blamed == broken, folder.id
            else:
                assert not found.blamed, folder.id


@pytest.mark.parametrize("habit", ["careful", "untagged", "compilation", "disc-folders"])
def test_one_file_of_another_version(habit: str) -> None:
    """Whichever file is longer than its track, it alone is to blame."""
    for at, folder in enumerate(one for one in folders() if one.habit == habit):
        pieces = pieces_of(folder)
        wrong = pieces[at % len(pieces)]
        seconds = (wrong.seconds or 0.0) + 25
        tags = replace(wrong.tags, seconds=seconds)
        pieces[at % len(pieces)] = replace(wrong, tags=tags, seconds=seconds)
        found = plan(pieces, folder.album, folder.circumstances, tags=True)
        assert isinstance(found, Refusal)
        assert found.blamed == (frozenset({wrong.key}) if len(pieces) >= 3 else frozenset())


def test_an_album_of_unknown_lengths() -> None:
    """Names and numbers find the tracks; nothing is proven."""
    for folder in folders():
        if folder.habit != "untagged":
            continue
        editions = tuple(
            replace(one, tracks=tuple(replace(track, seconds=None) for track in one.tracks))
            for one in folder.album.editions
        )
        unknown = replace(folder.album, editions=editions)
        found = plan(pieces_of(folder), unknown, folder.circumstances, tags=True)
        assert isinstance(found, Plan), folder.id
        assert not any(one.proven for one in found.placed)
        truth = [file.truth for file in folder.files]
        assert [(one.track.disc, one.track.number) for one in found.placed] == [
            (track.disc, track.number) for track in truth if track is not None
        ]


def test_nothing_is_read_that_is_not_there() -> None:
    """A folder of nothing but broken files is refused as a whole."""
    folder = next(one for one in folders() if one.habit == "careful")
    pieces = [replace(one, tags=FileTags(one.tags.path), seconds=None) for one in pieces_of(folder)]
    found = plan(pieces, folder.album, folder.circumstances, tags=True)
    assert isinstance(found, Refusal)
    assert not found.blamed
    assert "cannot be read" in found.reason
