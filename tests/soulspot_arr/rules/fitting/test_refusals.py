"""What is refused, who is to blame, and the sentences about it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from soulspot_arr.rules.fitting import plan
from soulspot_arr.rules.rehearsal import FileTags
from soulspot_arr.wanted import WantedTrack
from tests.soulspot_arr.rules.fitting.jobs import (
    album,
    around,
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


def test_one_file_of_another_version() -> None:
    """Right title, other length: the sentence says both lengths, the file alone is to blame."""
    pieces = job(ONE)
    pieces[2] = lasting(pieces[2], 248.0)
    found = refused(pieces, ONE)
    assert found.blamed == {12}
    assert not found.spare
    assert found.reason == (
        "“03 - Cedar Smoke.flac” is 4:08 long, the track “Cedar Smoke” 3:22: another version."
    )


def test_a_third_of_the_files() -> None:
    """Two of six may be wrong in an album; three are another album."""
    pieces = job(ONE)
    for at, key in ((0, 2), (1, 3)):
        pieces[key] = lasting(pieces[key], 260.0 + 40 * at)
    assert refused(pieces, ONE).blamed == {12, 13}
    pieces[4] = lasting(pieces[4], 30.0)
    found = refused(pieces, ONE)
    assert not found.blamed
    assert found.reason.startswith("3 of 6 files are wrong: “03 - Cedar Smoke.flac” is 4:20 long")


def test_ids_do_not_make_a_concert_the_album() -> None:
    """All tags right, ids included, and every length another."""
    pieces = [lasting(one, (one.seconds or 0) + 37) for one in job(ONE, release_id="first")]
    assert plan(pieces, ONE, around(ONE), tags=False) == plan(pieces, ONE, around(ONE), tags=True)
    found = refused(pieces, ONE)
    assert not found.blamed
    assert "another version" in found.reason


def test_an_hour_is_told_as_one() -> None:
    """Lengths are told as a player shows them."""
    wanted = album(edition((*tracks(3), WantedTrack("Sleep", 1, 4, 3725.0))))
    pieces = job(wanted)
    pieces[3] = lasting(pieces[3], 3599.6)
    assert "1:00:00 long, the track “Sleep” 1:02:05" in refused(pieces, wanted).reason


@pytest.mark.parametrize("title", ["Cedar Smoke (Instrumental)", "Cedar Smoke (Sarah's Version)"])
def test_a_version_as_long_as_the_track(title: str) -> None:
    """What the file itself says it is, is not tagged over."""
    pieces = job(ONE)
    pieces[2] = replace(pieces[2], tags=replace(pieces[2].tags, title=title))
    found = refused(pieces, ONE)
    assert found.blamed == {12}
    assert "another version of “Cedar Smoke”" in found.reason


def test_another_song_that_is_as_long() -> None:
    """Neither title nor number speak for it."""
    pieces = bare(job(ONE))
    pieces[2] = named(pieces[2], "Zzz Quux Vortex.flac")
    found = refused(pieces, ONE)
    assert found.blamed == {12}
    assert found.reason == "“Zzz Quux Vortex.flac” is no track of “Nevermind”."


def test_another_song_that_is_live_as_well() -> None:
    """It is told as no track, for it is not called like one."""
    pieces = job(ONE)
    pieces[2] = named(pieces[2], "Zzz Quux Vortex.flac", title="Zzz Quux (Live)", track=0)
    assert refused(pieces, ONE).reason == "“Zzz Quux Vortex.flac” is no track of “Nevermind”."


def test_a_lone_name_in_another_script() -> None:
    """Among readable ones it is a song of its own; with the right number it is the track."""
    pieces = bare(job(ONE))
    pieces[2] = named(pieces[2], "песня.flac")
    assert refused(pieces, ONE).blamed == {12}
    pieces[2] = named(pieces[2], "03 песня.flac")
    assert planned(pieces, ONE)


def test_a_single_under_another_name() -> None:
    """One length may agree by accident."""
    wanted = album(edition(tracks(1)))
    pieces = [named(bare(job(wanted))[0], "Zzz Quux Vortex.flac")]
    assert not refused(pieces, wanted).blamed
    assert planned([named(pieces[0], "01.flac")], wanted)


def test_files_that_nothing_tells_apart() -> None:
    """No title, no number, lengths alike, not even an order: ids would be guessed."""
    close = [replace(track, seconds=200.0 + n) for n, track in enumerate(tracks())]
    wanted = album(edition(close))
    pieces = [
        named(one, f"{name}.flac")
        for one, name in zip(bare(job(wanted)), ("q", "z", "k", "b", "x", "m"), strict=True)
    ]
    assert not refused(pieces, wanted).blamed


def test_tags_against_names() -> None:
    """Tags say one track and names another, both as long: nobody can tell."""
    close = [replace(track, seconds=200.0 + 20 * (n // 2)) for n, track in enumerate(tracks())]
    wanted = album(edition(close))
    pieces = job(wanted, album=None)
    one, other = pieces[0].tags, pieces[1].tags
    pieces[0] = replace(pieces[0], tags=replace(one, title=other.title, track=2))
    pieces[1] = replace(pieces[1], tags=replace(other, title=one.title, track=1))
    found = refused(pieces, wanted)
    assert found.blamed == {10, 11}
    assert "cannot be told to be" in found.reason


def test_a_missing_track() -> None:
    """No file is to blame for one that is not there."""
    found = refused(job(ONE)[:5], ONE)
    assert found.reason == "There is no file for “1-06 Fjord Crossing”."
    assert not found.blamed
    assert not found.spare


def test_a_file_too_many() -> None:
    """It is named, and told to be left out: nothing has to come in its stead."""
    extra = piece(99, tagged(ONE, ONE.editions[0], WantedTrack("Hidden", 1, 7, 77.0)))
    found = refused([*job(ONE), extra], ONE)
    assert found.blamed == found.spare == {99}
    assert found.reason == (
        "“07 - Hidden.flac” is no track of “Nevermind”. All tracks are there without it."
    )


def test_everything_twice() -> None:
    """Two formats of one album: one of them is spare, however many files that are."""
    pieces = job(ONE)
    again = [
        replace(named(one, one.tags.path.replace(".flac", ".mp3")), key=one.key + 100)
        for one in pieces
    ]
    found = refused([*pieces, *again], ONE)
    assert not found.blamed
    assert found.spare == {one.key for one in again}
    assert "is a second copy of “Amber Light”" in found.reason
    assert planned([one for one in [*pieces, *again] if one.key not in found.spare], ONE)


def test_a_file_that_cannot_be_read() -> None:
    """There is nothing in it: neither length nor tags."""
    pieces = job(ONE)
    pieces[4] = piece(14, FileTags(pieces[4].tags.path))
    found = refused(pieces, ONE)
    assert found.blamed == {14}
    assert found.reason == "“05 - Ember Days.flac” cannot be read."


def test_of_unknown_lengths_a_number_or_a_title_has_to_tell() -> None:
    """Without lengths, a name that says neither is no track."""
    wanted = album(edition(tracks(seconds=None)))
    pieces = bare(job(wanted))
    pieces[3] = named(pieces[3], "Zzz Quux Vortex.flac")
    assert refused(pieces, wanted).blamed == {13}


def test_the_edition_with_the_fewest_faults_tells_why() -> None:
    """The files are the longer edition but for one; the chosen one would have two too many."""
    longer = edition(tracks(8), "longer", monitored=False)
    wanted = album(edition(tracks(6)), longer)
    pieces = job(wanted, longer)
    pieces[1] = lasting(pieces[1], 20.0)
    assert refused(pieces, wanted).blamed == {11}


def test_nothing_at_all() -> None:
    """No file is no album."""
    assert refused([], ONE).reason == "There is no file."
