"""What holds for any job: order does not matter, and no sound is ever contradicted."""

from __future__ import annotations

import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from soulspot_arr.rules.fitting import Piece, Plan, plan
from soulspot_arr.rules.rehearsal import FileTags
from soulspot_arr.wanted import Wanted
from tests.soulspot_arr.rules.fitting.jobs import PEER, SONGS, album, around, edition, job, tracks

SOME = settings(max_examples=60, deadline=None)
_lengths = st.one_of(st.none(), st.floats(20, 700), st.sampled_from([200.0, 201.0, 203.5]))
_titles = st.sampled_from([*SONGS, "Amber Light (Live)", "песня", "", "Track 3"])


@st.composite
def _albums(draw: st.DrawFn) -> Wanted:
    """Albums with one to three editions of tracks that may resemble each other."""
    editions = []
    for name in ("first", "second", "third")[: draw(st.integers(1, 3))]:
        made = [
            replace(track, title=draw(_titles) or track.title, seconds=draw(_lengths))
            for track in tracks(draw(st.integers(1, 5)))
        ]
        editions.append(edition(made, name, monitored=name == "first"))
    return album(*editions, any_edition=draw(st.booleans()))


@st.composite
def _pieces(draw: st.DrawFn, wanted: Wanted) -> list[Piece]:
    """Files near one of the editions, each of them a little or entirely off."""
    near = draw(st.sampled_from(wanted.editions))
    found = []
    for key, track in enumerate(near.tracks):
        seconds = draw(st.one_of(st.just(track.seconds), _lengths))
        title = draw(st.one_of(st.just(track.title), _titles))
        number = draw(st.sampled_from([track.number, track.number, 0, 2]))
        name = f"{number:02} {title}.flac" if number else f"{title}{key}.flac"
        tags = FileTags(f"{key}/{name}" if draw(st.booleans()) else f"{key} {name}")
        if draw(st.booleans()):
            tags = replace(tags, title=title, artist=wanted.artist, album=wanted.album)
            tags = replace(tags, track=number, seconds=seconds or 0.0)
        found.append(Piece(key, tags, f"{PEER}\\{name}", draw(st.sampled_from([seconds, None]))))
    return found


_jobs = _albums().flatmap(lambda wanted: st.tuples(st.just(wanted), _pieces(wanted)))


@SOME
@given(_jobs, st.booleans())
def test_no_plan_contradicts_the_sound(given_: tuple[Wanted, list[Piece]], tags: bool) -> None:
    """Every track has one file, and no length that is known is another one."""
    wanted, pieces = given_
    found = plan(pieces, wanted, around(wanted), tags=tags)
    if not isinstance(found, Plan):
        assert found.reason.endswith(".")
        assert found.blamed <= {one.key for one in pieces}
        return
    assert found.edition in tuple(wanted.eligible())
    assert [one.key for one in found.placed] == [one.key for one in pieces]
    assert sorted(one.track.number for one in found.placed) == [
        track.number for track in found.edition.tracks
    ]
    assert len({one.path.casefold() for one in found.placed}) == len(pieces)
    assert found.verdict.safe
    assert found.as_is or tags
    for one, piece in zip(found.placed, pieces, strict=True):
        if piece.seconds is None or one.track.seconds is None:
            assert not one.proven
        else:
            off = abs(piece.seconds - one.track.seconds)
            assert off <= (5 if one.track.seconds > 600 else 3)
            assert one.proven


@SOME
@given(st.integers(2, 10), st.booleans(), st.randoms(use_true_random=False))
def test_any_order_is_the_same(count: int, bare: bool, dice: random.Random) -> None:
    """Files are what they are, in whatever order they are told."""
    wanted = album(edition(tracks(count)))
    pieces = job(wanted)
    if bare:
        pieces = [
            replace(one, tags=FileTags(one.tags.path, seconds=one.tags.seconds)) for one in pieces
        ]
    found = plan(pieces, wanted, around(wanted), tags=True)
    assert isinstance(found, Plan)
    dice.shuffle(pieces)
    again = plan(pieces, wanted, around(wanted), tags=True)
    assert isinstance(again, Plan)
    assert set(again.placed) == set(found.placed)
    assert (again.edition, again.as_is) == (found.edition, found.as_is)
