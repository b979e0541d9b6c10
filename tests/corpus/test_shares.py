"""Labels follow from the truth, and verdicts too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest

from tests.corpus.catalogue import Target, parse
from tests.corpus.media import Rip, raw
from tests.corpus.records import record
from tests.corpus.shares import Label, Music, Peer, Shelf, World, holds, label, shelve
from tests.corpus.verdict import Pick, Verdict, judge, named_right

TEXT = """@ A | B | 2000 | album
One | 3:00
Two | 4:00
Three | 5:00
Four | 6:00
* bonus | US | 2001
+ Five | 2:00
"""


def target(*, any_edition: bool = True, chosen: int = 0) -> Target:
    """Four songs, and an edition with a fifth."""
    found = parse(TEXT, stratum="mainstream", name="x.txt")[0]
    editions = tuple(
        replace(edition, monitored=place == chosen)
        for place, edition in enumerate(found.wanted.editions)
    )
    wanted = replace(found.wanted, any_edition=any_edition, editions=editions)
    return replace(found, wanted=wanted)


def keys_of(wanted: Target, words: Sequence[str]) -> list[str]:
    """Truth by short words: "1" is the first recording, "live1" its live version, "x" a stranger."""
    own = [track.recording_id for track in wanted.wanted.editions[1].tracks]
    return [
        own[int(word) - 1]
        if word.isdigit()
        else f"version:live:{word}"
        if word.startswith("live")
        else word
        for word in words
    ]


@pytest.mark.parametrize(
    ("any_edition", "words", "expected"),
    [
        (True, "1 2 3 4", Label.EXACT),
        (True, "4 2 3 1", Label.EXACT),
        (True, "1 2 3 4 5", Label.EXACT),
        (False, "1 2 3 4", Label.EXACT),
        (False, "1 2 3 4 5", Label.SUPERSET),
        (True, "1 2 3 4 other:9", Label.SUPERSET),
        (True, "1 1 2 3 4", Label.SUPERSET),
        (True, "1 2 3", Label.SUBSET),
        (True, "1 2 3 live4", Label.SUBSET),
        (True, "1 2 3 other:4", Label.SUBSET),
        (True, "image:whole", Label.SUBSET),
        (True, "live1 live2 live3 live4", Label.WRONG_VERSION),
        (True, "live1 live2 other:3 other:4", Label.WRONG_VERSION),
        (True, "1 2 other:3 other:4", Label.WRONG_ALBUM),
        (True, "other:1", Label.WRONG_ALBUM),
    ],
)
def test_the_label_follows_from_the_truth(any_edition: bool, words: str, expected: Label) -> None:
    """Nobody writes it by hand."""
    wanted = target(any_edition=any_edition)
    truth = {str(place): key for place, key in enumerate(keys_of(wanted, words.split()))}
    assert label(wanted, truth) is expected


def test_an_edition_that_would_not_be_imported_is_another_one() -> None:
    """With the flag off, Lidarr takes the monitored edition alone."""
    wanted = target(any_edition=False, chosen=1)
    truth = {str(place): key for place, key in enumerate(keys_of(wanted, ["1", "2", "3", "4"]))}
    assert label(wanted, truth) is Label.OTHER_EDITION


def world(wanted: Target, words: Sequence[str], *, locked: bool = False) -> tuple[World, Pick]:
    """A world of one shelf, and the pick of all its files."""
    files = [
        Music(
            replace(raw(f"A\\B\\{n:02d}.flac", 180, Rip("FLAC", 850), Random(n)), locked=locked),
            key,
        )
        for n, key in enumerate(keys_of(wanted, words), 1)
    ]
    shelf = shelve(wanted, Peer("somebody"), files, kind="test")
    pick = Pick(tuple(("somebody", path) for path in shelf.truth))
    return World(wanted, (shelf,), shelf.folders), pick


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("1 2 3 4", Verdict.RIGHT),
        ("1 2 3 4 5", Verdict.RIGHT),
        ("1 2 3", Verdict.UNFIT),
        ("1 1 2 3 4", Verdict.UNFIT),
        ("1 2 3 other:4", Verdict.UNFIT),
        ("1 2 live3 live4", Verdict.WRONG),
        ("1 2 other:3 other:4", Verdict.WRONG),
        ("live1 live2 live3 live4", Verdict.WRONG),
        ("image:whole", Verdict.UNFIT),
        ("", Verdict.WRONG),
    ],
)
def test_a_pick_is_judged_by_its_recordings(words: str, expected: Verdict) -> None:
    """Half of strange recordings make a wrong album; anything else amiss makes it unfit."""
    found, pick = world(target(), words.split())
    assert judge(found, pick) is expected


def test_what_cannot_be_fetched_is_not_right() -> None:
    """Locked files are shown and not given."""
    found, pick = world(target(), ["1", "2", "3", "4"], locked=True)
    assert judge(found, pick) is Verdict.UNFIT
    assert not found.acceptable
    assert not holds(target(), found.shelves[0])


def test_a_file_that_is_no_music_counts_as_strange() -> None:
    """Such as what a Mac leaves beside every song."""
    found, pick = world(target(), ["1", "2", "3", "4"])
    more = replace(pick, files=(*pick.files, ("somebody", "A\\B\\._01.flac")))
    assert judge(found, more) is Verdict.UNFIT


def test_the_named_edition_has_to_be_the_one_that_lies_there() -> None:
    """Saying "bonus edition" of four songs is wrong although the files are right."""
    wanted = target()
    found, pick = world(wanted, ["1", "2", "3", "4"])
    first, bonus = wanted.wanted.editions
    assert named_right(found, replace(pick, edition=first))
    assert not named_right(found, replace(pick, edition=bonus))
    assert not named_right(found, pick)


def test_equal_paths_are_kept_apart() -> None:
    """A disk cannot hold two files of one name; the truth about both has to stay."""
    wanted = target()
    songs = record(wanted).songs
    same = [Music(raw("A\\x.mp3", 9, Rip("MP3", 320), Random(1)), song.key) for song in songs]
    shelf: Shelf = shelve(wanted, Peer("p"), same, kind="test")
    assert sorted(shelf.truth) == ["A\\x (1).mp3", "A\\x (2).mp3", "A\\x (3).mp3", "A\\x.mp3"]
    assert len(shelf.files) == len(songs)
