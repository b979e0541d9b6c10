"""Files that only their numbers name: what the numbers settle, and when they do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from soulspot_arr.rules.fitting import Piece
from soulspot_arr.wanted import Wanted, WantedTrack
from tests.soulspot_arr.rules.fitting.jobs import (
    SONGS,
    album,
    bare,
    edition,
    job,
    lasting,
    named,
    numbers,
    planned,
    refused,
    tracks,
)

RING = (180.0, 230.0, 205.4, 250.0, 210.4, 208.0, 270.0, 290.0)
WRONG, WRONG_SECONDS = 2, 209.5
"""A file as long as track 5, whose own is as long as track 6, whose own is as long as track 3."""


def _lasting(seconds: Sequence[float]) -> tuple[WantedTrack, ...]:
    return tuple(
        replace(track, seconds=length)
        for track, length in zip(tracks(len(seconds)), seconds, strict=True)
    )


def _called(wanted: Wanted, names: Sequence[str]) -> list[Piece]:
    """The files of the album as long as its tracks, with these names and no tags."""
    exact = [lasting(one, (one.seconds or 0.4) - 0.4) for one in bare(job(wanted))]
    return [named(one, name) for one, name in zip(exact, names, strict=True)]


def _ring(names: Sequence[str]) -> tuple[Wanted, list[Piece]]:
    wanted = album(edition(_lasting(RING)))
    pieces = _called(wanted, names)
    pieces[WRONG] = lasting(pieces[WRONG], WRONG_SECONDS)
    return wanted, pieces


@pytest.mark.parametrize(
    "pattern",
    ["Track{:02}.flac", "{:02}.flac", "{:02} песня {}.flac", "{:02} Ganz anders {}.flac"],
    ids=["word", "number", "script", "language"],
)
def test_no_ring_of_lengths(pattern: str) -> None:
    """One wrong take and two right files could change places: the wrong one is blamed."""
    wanted, pieces = _ring([pattern.format(n, n) for n in range(1, 9)])
    assert refused(pieces, wanted).blamed == {10 + WRONG}


def test_what_is_said_of_a_number() -> None:
    """The file stands beside the track of its number, not beside the one it is as long as."""
    wanted, pieces = _ring([f"{n:02}.flac" for n in range(1, 9)])
    found = refused(pieces, wanted)
    assert "is 3:30 long, the track “Cedar Smoke” 3:25: another version." in found.reason


def test_numbers_of_tags() -> None:
    """They hold as those of names do."""
    wanted, pieces = _ring([f"{name}.flac" for name in "qzkbxmwj"])
    pieces = [
        replace(one, tags=replace(one.tags, track=n, disc=1)) for n, one in enumerate(pieces, 1)
    ]
    assert refused(pieces, wanted).blamed == {10 + WRONG}


@pytest.mark.parametrize(
    "names",
    [
        [f"{1 + n // 4}-{1 + n % 4:02}.flac" for n in range(8)],
        [f"{n:02}.flac" for n in range(1, 9)],
    ],
    ids=["by disc", "through"],
)
def test_numbers_of_two_discs(names: list[str]) -> None:
    """Anew on each disc, or counted on."""
    discs = tuple(
        replace(track, disc=1 + n // 4, number=1 + n % 4) for n, track in enumerate(_lasting(RING))
    )
    wanted = album(edition(discs))
    pieces = _called(wanted, names)
    assert numbers(planned(pieces, wanted)) == [(1 + n // 4, 1 + n % 4) for n in range(8)]
    pieces[WRONG] = lasting(pieces[WRONG], WRONG_SECONDS)
    assert refused(pieces, wanted).blamed == {10 + WRONG}


def test_two_that_changed_places() -> None:
    """Few lengths contradict: it is the files that are doubted, not the numbering."""
    wanted = album(edition(tracks()))
    pieces = _called(wanted, [f"{n:02}.flac" for n in (2, 1, 3, 4, 5, 6)])
    assert refused(pieces, wanted).blamed == {10, 11}


def test_a_numbering_of_another_order() -> None:
    """Nearly all lengths contradict it, and each fits one track alone: the lengths are right."""
    wanted = album(edition(tracks()))
    pieces = _called(wanted, [f"{n:02}.flac" for n in range(6, 0, -1)])
    assert numbers(planned(pieces, wanted)) == [(1, n) for n in range(1, 7)]


def test_lengths_that_do_not_tell_every_track() -> None:
    """Two tracks are as good as equally long: another order cannot be found by lengths."""
    close = (180.0, 202.5, 200.0, 230.0, 250.0, 270.0)
    wanted = album(edition(_lasting(close)))
    pieces = _called(wanted, [f"{n:02}.flac" for n in range(6, 0, -1)])
    pieces[1] = lasting(pieces[1], 204.0)
    pieces[2] = lasting(pieces[2], 198.5)
    found = refused(pieces, wanted)
    assert not found.blamed
    assert "another version" in found.reason


def test_titles_go_before_numbers() -> None:
    """A numbering by alphabet, or two numbers alone that were mistaken, under right titles."""
    wanted = album(edition(tracks()))
    for order in ((6, 5, 4, 3, 2, 1), (2, 1, 3, 4, 5, 6)):
        names = [f"{n:02} {title}.flac" for n, title in zip(order, SONGS, strict=False)]
        assert numbers(planned(_called(wanted, names), wanted)) == [(1, n) for n in range(1, 7)]


def test_a_file_too_many_is_no_substitute() -> None:
    """It is as long as the track whose own file is wrong, but has a number behind the last."""
    wanted, pieces = _ring([f"{n:02}.flac" for n in range(1, 9)])
    hidden = replace(lasting(named(pieces[0], "09.flac"), RING[WRONG]), key=99)
    found = refused([*pieces, hidden], wanted)
    assert found.blamed == {10 + WRONG, 99}
    assert not found.spare


def test_a_longer_edition_explains_nothing() -> None:
    """Its tracks leave more room for chance; the file is wrong in it as well."""
    wanted, pieces = _ring([f"{n:02}.flac" for n in range(1, 9)])
    longer = edition(_lasting((*RING, 310.0)), "longer", monitored=False)
    both = replace(wanted, editions=(*wanted.editions, longer))
    assert refused(pieces, both).blamed == {10 + WRONG}
