"""Which file is which track: as many pairs as can be, and none that cost less together."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soulspot_arr.rules.rehearsal import FileTags
from soulspot_arr.rules.rehearsal.distance import running_numbers, track_distance
from soulspot_arr.rules.rehearsal.pairing import pair
from soulspot_arr.wanted import WantedTrack
from tests.soulspot_arr.rules.rehearsal import folders

TITLES = st.sampled_from(["Intro", "Interlude", "Outro", "Inter", ""])
FILES = st.lists(
    st.builds(
        FileTags,
        path=st.just("x.mp3"),
        title=TITLES,
        track=st.integers(0, 4),
        seconds=st.sampled_from([0.0, 60.0, 85.0]),
    ),
    min_size=1,
    max_size=5,
)
TRACKS = st.lists(
    st.builds(
        WantedTrack,
        title=TITLES,
        number=st.integers(1, 4),
        seconds=st.sampled_from([None, 60.0, 85.0]),
    ),
    min_size=1,
    max_size=4,
)


@settings(deadline=None)
@given(FILES, TRACKS)
def test_no_other_pairing_costs_less(files: list[FileTags], tracks: list[WantedTrack]) -> None:
    """Against all that are possible."""
    running = running_numbers(tracks)
    costs = [
        [
            track_distance(file, track, running=number).value
            for track, number in zip(tracks, running, strict=True)
        ]
        for file in files
    ]
    if len(files) > len(tracks):
        costs = [list(column) for column in zip(*costs, strict=True)]
    least = min(
        sum(row[column] for row, column in zip(costs, chosen, strict=True))
        for chosen in permutations(range(len(costs[0])), len(costs))
    )
    found = pair(files, tracks)
    assert sum(one.distance.value for one in found.pairs) == pytest.approx(least)


def test_no_tracks() -> None:
    """An edition without tracks leaves every file alone."""
    file = FileTags("x.mp3")
    assert pair([file], []).unmatched == (file,)


def test_more_files_than_tracks() -> None:
    """The files that fit worst are left over; the others stay in their order."""
    wanted = folders.of(3)
    junk = FileTags("junk.mp3", title="Something", track=2, seconds=500.0)
    files = (junk, *folders.files(wanted))
    found = pair(files, wanted.editions[0].tracks)
    assert found.unmatched == (junk,)
    assert found.missing == ()
    assert [one.file for one in found.pairs] == list(files[1:])


def test_more_tracks_than_files() -> None:
    """The tracks nobody is are missing, in their order."""
    wanted = folders.of(4)
    found = pair(folders.files(wanted)[1:3], wanted.editions[0].tracks)
    assert [track.number for track in found.missing] == [1, 4]


def test_a_box_that_is_hardly_tagged() -> None:
    """Forty-five files without a number: the pairs that cost the least, not the best ones first."""
    wanted = folders.of(45)
    files = [replace(file, track=0) for file in folders.files(wanted)]
    files[7] = replace(files[7], title="Something else")
    found = pair(files, wanted.editions[0].tracks)
    assert [one.track.number for one in found.pairs] == list(range(1, 46))


def test_files_that_agree_in_everything() -> None:
    """In any order each is its own track, two of one title by their numbers."""
    twice = [replace(track, title="Silence", seconds=4.0) for track in folders.tracks(12)]
    wanted = folders.album(folders.edition(twice))
    files = folders.files(wanted)[::-1]
    found = pair(files, wanted.editions[0].tracks)
    assert [one.track.number for one in found.pairs] == list(range(12, 0, -1))
    assert not any(one.distance.value for one in found.pairs)
    assert not found.unmatched
    assert not found.missing
