"""Copies in several formats: one format stays, whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from soulspot_arr.rules.fitting import Piece
from soulspot_arr.wanted import WantedTrack
from tests.soulspot_arr.rules.fitting.jobs import (
    album,
    bare,
    edition,
    job,
    lasting,
    named,
    piece,
    planned,
    refused,
    tagged,
    tracks,
)

ONE = album(edition(tracks()))


def _copy(kind: str, key: int, *, nearer: int = 0) -> list[Piece]:
    """The album in a format; every second file, counted from `nearer`, is longer by half a second.

    So two copies are nearer to their tracks by turns.
    """
    return [
        replace(
            lasting(
                named(one, one.tags.path.replace(".flac", f".{kind}")),
                (one.seconds or 0.0) + 0.5 * ((at + nearer) % 2),
            ),
            key=key + at,
        )
        for at, one in enumerate(job(ONE))
    ]


def _keys(pieces: list[Piece]) -> set[int]:
    return {one.key for one in pieces}


@pytest.mark.parametrize(
    ("better", "other"),
    [("flac", "mp3"), ("wav", "m4a"), ("m4a", "wma"), ("ape", "opus"), ("flac", "wav")],
)
def test_the_better_of_two_whole_ones(better: str, other: str) -> None:
    """Lossless before lossy, then what can be tagged; never a mix, whatever their order."""
    good, rest = _copy(better, 100), _copy(other, 200, nearer=1)
    for pieces in ([*good, *rest], [*rest, *good]):
        found = refused(pieces, ONE)
        assert found.spare == _keys(rest)
        assert not found.blamed
        assert (
            found.reason == f"All tracks are there as {better.upper()} without the 6 other files."
        )
    assert planned(good, ONE)


def _without_one(pieces: list[Piece]) -> list[Piece]:
    return [*pieces[:2], *pieces[3:]]


def _with_another_take(pieces: list[Piece]) -> list[Piece]:
    return [*pieces[:2], lasting(pieces[2], 333.0), *pieces[3:]]


def _without_tags(pieces: list[Piece]) -> list[Piece]:
    return bare(pieces)


@pytest.mark.parametrize("change", [_without_one, _with_another_take])
def test_the_one_that_is_whole(change: Callable[[list[Piece]], list[Piece]]) -> None:
    """A better format in which a track is missing or wrong is left out."""
    better, whole = change(_copy("flac", 100)), _copy("mp3", 200, nearer=1)
    found = refused([*better, *whole], ONE)
    assert found.spare == _keys(better)


def test_the_one_that_lidarr_will_take() -> None:
    """Sound without tags, of a kind that cannot have any, helps nobody."""
    waves, whole = _without_tags(_copy("wav", 100)), _copy("mp3", 200, nearer=1)
    assert refused([*waves, *whole], ONE).spare == _keys(waves)


def test_the_one_with_more_files() -> None:
    """Of two equally good formats; what is beside the album in it goes as well."""
    extra = piece(299, tagged(ONE, ONE.editions[0], WantedTrack("Hidden", 1, 7, 77.0)))
    extra = named(extra, "07 - Hidden.opus")
    fewer, more = _copy("mp3", 100), [*_copy("opus", 200, nearer=1), extra]
    found = refused([*fewer, *more], ONE)
    assert found.spare == {*_keys(fewer), 299}
    assert found.reason.endswith("as OPUS without the 7 other files.")


def test_no_format_is_whole() -> None:
    """Neither has all tracks; together they do."""
    lossless, lossy = _copy("flac", 100), _copy("mp3", 200)
    pieces = [*lossless[:4], *lossy[2:]]
    found = refused(pieces, ONE)
    rest = [one for one in pieces if one.key not in found.spare]
    assert len(rest) == len(planned(rest, ONE).placed) == 6


def test_bonus_tracks_in_another_format() -> None:
    """They belong to the longer edition: one wrong file in it is no reason to drop the rest."""
    longer = edition(tracks(8), "longer", monitored=False)
    wanted = album(edition(tracks(6)), longer)
    pieces = job(wanted, longer)
    pieces[6:] = [named(one, one.tags.path.replace("flac", "mp3")) for one in pieces[6:]]
    assert planned(pieces, wanted).edition is longer
    pieces[7] = lasting(pieces[7], 20.0)
    found = refused(pieces, wanted)
    assert found.blamed == {17}
    assert not found.spare
