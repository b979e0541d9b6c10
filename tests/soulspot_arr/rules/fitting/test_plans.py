"""What the files of a job are, and what is done with them."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from soulspot_arr.wanted import WantedTrack
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

ONE = album(edition(tracks()))


def test_well_tagged_files_are_left_alone() -> None:
    """What Lidarr takes already needs nothing; every sound is proven."""
    found = planned(job(ONE), ONE)
    assert found.as_is
    assert found.edition is ONE.editions[0]
    assert [one.key for one in found.placed] == [10, 11, 12, 13, 14, 15]
    assert numbers(found) == [(1, n) for n in range(1, 7)]
    assert all(one.proven for one in found.placed)
    assert [one.path for one in found.placed] == [one.tags.path for one in job(ONE)]
    assert found.verdict.safe


def test_files_without_tags_get_them() -> None:
    """Number and title stand in the names; the verdict is that of the tags to come."""
    found = planned(bare(job(ONE)), ONE)
    assert not found.as_is
    assert numbers(found) == [(1, n) for n in range(1, 7)]
    assert all(one.proven for one in found.placed)
    assert found.verdict.safe
    (group,) = found.verdict.groups
    assert {file.release_id for file in group.files} == {"first"}


def test_without_the_right_to_write_nothing_is_promised() -> None:
    """Files that only other tags would help are refused, with the distance."""
    assert "0.0 %" in refused(bare(job(ONE)), ONE, tags=False).reason
    assert planned(job(ONE), ONE, tags=False).as_is


def test_a_yes_without_a_margin_is_none() -> None:
    """Lidarr would take it today; its catalogue may differ from ours tomorrow."""
    doubtful = job(ONE, album="Neverwind 2", year=2015, album_artist="Nirvana String Orchestra")
    found = refused(doubtful, ONE, tags=False)
    assert "too little to rely on" in found.reason
    assert "83.7 %" in found.reason
    assert not planned(doubtful, ONE).as_is


def test_the_order_of_the_pieces_is_kept() -> None:
    """Whatever it is, what comes back follows it."""
    pieces = bare(job(ONE))
    random.Random(3).shuffle(pieces)
    found = planned(pieces, ONE)
    assert [one.key for one in found.placed] == [one.key for one in pieces]
    assert numbers(found) == [(1, one.key - 9) for one in pieces]


@pytest.mark.parametrize(
    "names",
    [
        [f"{n:02}.flac" for n in range(1, 7)],
        [f"Track {n}.flac" for n in range(1, 7)],
        [f"{n:02} песня.flac" for n in range(1, 7)],
        [f"{n:02} Ein ganz anderes Lied {n}.flac" for n in range(1, 7)],
        [f"{title}.flac" for title in SONGS[:6]],
        [f"Nirvana - Nevermind - {n:02} - {title}.flac" for n, title in enumerate(SONGS[:6], 1)],
        [f"A{n} {title}.flac" for n, title in enumerate(SONGS[:6], 1)],
        [f"{n:02}.flac" for n in (1, 2, 3, 5, 6, 9)],
    ],
    ids=["numbers", "words", "script", "language", "titles", "full", "sides", "gaps"],
)
def test_names_of_any_kind(names: list[str]) -> None:
    """Titles where they can be read, else numbers, lengths and the order of the files."""
    pieces = [named(one, name) for one, name in zip(bare(job(ONE)), names, strict=True)]
    found = planned(pieces, ONE)
    assert numbers(found) == [(1, n) for n in range(1, 7)]
    assert all(one.proven for one in found.placed)


def test_swapped_tags_are_set_right() -> None:
    """The sound tells that two files bear each other's tags."""
    pieces = job(ONE)
    one, other = pieces[1].tags, pieces[4].tags
    pieces[1] = replace(pieces[1], tags=replace(one, title=other.title, track=other.track))
    pieces[4] = replace(pieces[4], tags=replace(other, title=one.title, track=one.track))
    found = planned(pieces, ONE)
    assert not found.as_is
    assert numbers(found) == [(1, n) for n in range(1, 7)]


def test_lengths_alike_under_swapped_titles() -> None:
    """Names and numbers outvote the titles; where no tag can be written Lidarr's view holds."""
    close = [replace(track, seconds=200.0 + n % 2) for n, track in enumerate(tracks())]
    wanted = album(edition(close))
    pieces = job(wanted)
    one, other = pieces[0].tags, pieces[1].tags
    pieces[0] = replace(pieces[0], tags=replace(one, title=other.title))
    pieces[1] = replace(pieces[1], tags=replace(other, title=one.title))
    found = planned(pieces, wanted)
    assert not found.as_is
    assert numbers(found) == [(1, n) for n in range(1, 7)]
    waves = [named(one, one.tags.path.replace("flac", "wav")) for one in pieces]
    assert numbers(planned(waves, wanted))[:2] == [(1, 2), (1, 1)]
    assert planned(waves, wanted).as_is


def test_lengths_that_nobody_knows_prove_nothing() -> None:
    """Neither those of the catalogue nor those of the files; names may still be written."""
    unknown = album(edition(tracks(seconds=None)))
    found = planned(bare(job(unknown)), unknown)
    assert numbers(found) == [(1, n) for n in range(1, 7)]
    assert not any(one.proven for one in found.placed)
    (group,) = found.verdict.groups
    assert {file.release_id for file in group.files} == {None}
    unheard = [replace(one, seconds=None) for one in bare(job(ONE))]
    assert not any(one.proven for one in planned(unheard, ONE).placed)


def test_some_lengths_prove_some_tracks() -> None:
    """One unknown length leaves the others proven."""
    known = list(tracks())
    known[2] = replace(known[2], seconds=None)
    found = planned(bare(job(album(edition(known)))), album(edition(known)))
    assert [one.proven for one in found.placed] == [True, True, False, True, True, True]


@pytest.mark.parametrize(
    ("seconds", "off", "fits"),
    [(200.0, 2.9, True), (200.0, 3.1, False), (700.0, 4.9, True), (700.0, 5.1, False)],
)
def test_how_far_lengths_may_differ(seconds: float, off: float, fits: bool) -> None:
    """Three seconds, five for what is longer than ten minutes."""
    wanted = album(edition((*tracks(3), WantedTrack("Outro", 1, 4, seconds))))
    pieces = job(wanted)
    for sign in (-1, 1):
        pieces[3] = lasting(pieces[3], seconds + sign * off)
        if fits:
            assert all(one.proven for one in planned(pieces, wanted).placed)
        else:
            assert refused(pieces, wanted).blamed == {13}


# -- which edition ---------------------------------------------------------------------------------


def test_the_edition_with_these_tracks() -> None:
    """More files than the chosen one has: it is another one, if Lidarr may take it."""
    first = edition(tracks(5))
    longer = edition(tracks(7), "longer", monitored=False)
    wanted = album(first, longer)
    found = planned(bare(job(wanted, longer)), wanted)
    assert found.edition is longer
    assert refused(job(wanted, longer), replace(wanted, any_edition=False)).blamed == {15, 16}


def test_the_chosen_edition_before_others() -> None:
    """Several fit: the chosen one, and else the one with the nearer titles."""
    plain = edition(tracks(), "plain", monitored=False, country="Japan")
    named_else = tuple(
        replace(track, title=f"{track.title} (remastered)") for track in plain.tracks
    )
    other = edition(named_else, "other", monitored=False)
    pieces = bare(job(album(plain)))
    assert planned(pieces, album(other, plain)).edition is plain
    chosen = replace(other, monitored=True)
    assert planned(pieces, album(plain, chosen)).edition is chosen


def test_of_equal_titles_the_nearer_lengths() -> None:
    """Two masterings that differ by two seconds a track."""
    slower = edition(
        [replace(track, seconds=(track.seconds or 0) + 2) for track in tracks()], "slower"
    )
    wanted = album(replace(slower, monitored=False), edition(tracks(), monitored=False))
    assert planned(bare(job(wanted, wanted.editions[1])), wanted).edition.id == "first"
    assert planned(bare(job(wanted, wanted.editions[0])), wanted).edition.id == "slower"


def test_ids_of_an_edition_that_does_not_fit() -> None:
    """The tags say one edition, the sound another: the sound is right."""
    longer = edition(tracks(7), "longer", monitored=False)
    wanted = album(edition(tracks(6)), longer)
    pieces = job(wanted, release_id="longer")
    found = planned(pieces, wanted)
    assert found.edition.id == "first"
    assert not found.as_is


def test_an_edition_without_tracks_is_none() -> None:
    """What Lidarr has chosen may have no list of tracks yet."""
    empty = edition((), "empty", monitored=True)
    rest = edition(tracks(), monitored=False)
    assert planned(job(album(rest)), album(empty, rest)).edition is rest
    unknown = album(empty, rest, any_edition=False)
    assert "nobody knows" in refused(job(album(rest)), unknown).reason


def test_the_edition_that_lidarr_would_choose() -> None:
    """Without ids it takes the nearer one of two that have the same titles: so do we."""
    chosen = edition(tracks(seconds=None), "chosen", country="Japan")
    other = edition(tracks(seconds=None), "other", monitored=False)
    wanted = album(chosen, other)
    found = planned(bare(job(wanted)), wanted)
    assert found.edition is other
    assert not found.as_is


def test_editions_that_differ_by_less_than_a_second() -> None:
    """Their lists are compared as one; at the limit each length counts."""
    near = edition(tracks(3, seconds=201.49), "near", monitored=False)
    far = edition(tracks(3, seconds=200.51), "far", monitored=True)
    wanted = album(near, far)
    pieces = [lasting(one, 204.4) for one in bare(job(wanted))]
    assert planned(pieces, wanted).edition is near


# -- folders and discs -----------------------------------------------------------------------------


def _two_discs() -> tuple[WantedTrack, ...]:
    second = [replace(track, disc=2, title=f"{track.title} Two") for track in tracks(4)]
    return (*tracks(4), *second)


def test_folders_that_lidarr_would_not_join() -> None:
    """With names behind the number they are two releases to it: the plan has others."""
    wanted = album(edition(_two_discs()))
    pieces = [
        named(one, f"CD{1 + n // 4} - Somewhere\\{one.tags.path}")
        for n, one in enumerate(job(wanted))
    ]
    found = planned(pieces, wanted, tags=False)
    assert found.as_is
    assert found.placed[0].path == "Disc 1/01 - Amber Light.flac"
    assert found.placed[4].path == "Disc 2/01 - Amber Light Two.flac"


def test_a_disk_above_the_job() -> None:
    """Below a folder called like a disc Lidarr joins `Disc 1` and `Disc 2`, but not `CD1`."""
    wanted = album(edition(_two_discs()))
    pieces = [named(one, f"CD{1 + n // 4}\\{one.tags.path}") for n, one in enumerate(job(wanted))]
    plain = planned(pieces, wanted, tags=False)
    assert [one.path for one in plain.placed] == [one.tags.path for one in pieces]
    found = planned(pieces, wanted, tags=False, root="/mnt/disk1/downloads/job")
    assert [one.path.partition("/")[0] for one in found.placed] == ["Disc 1"] * 4 + ["Disc 2"] * 4


def test_two_files_of_one_name_get_two() -> None:
    """Moved into one folder they must not lie on each other."""
    wanted = album(edition(tracks()))
    pieces = [
        named(one, f"part {n}\\Song.flac", album=None) for n, one in enumerate(job(wanted), start=1)
    ]
    found = planned(pieces, wanted)
    paths = [one.path for one in found.placed]
    assert paths[:2] == ["Song.flac", "02.1 Song.flac"]
    assert len(set(paths)) == 6


def test_discs_that_only_the_peers_folders_tell() -> None:
    """Numbers begin anew on each disc; tags say nothing at all."""
    wanted = album(edition(_two_discs()))
    pieces = [
        replace(named(one, f"CD{1 + n // 4}\\{1 + n % 4:02}.flac"))
        for n, one in enumerate(bare(job(wanted)))
    ]
    found = planned(pieces, wanted)
    assert numbers(found) == [(disc, n) for disc in (1, 2) for n in (1, 2, 3, 4)]


# -- odd tracks ------------------------------------------------------------------------------------


def test_two_tracks_that_are_the_same() -> None:
    """Equal in title and length: the order of the files decides."""
    silence = [WantedTrack("[silence]", 1, n, 4.0, "", f"s-{n}", f"t-{n}") for n in range(4, 9)]
    wanted = album(edition((*tracks(3), *silence)))
    found = planned(bare(job(wanted)), wanted)
    assert numbers(found) == [(1, n) for n in range(1, 9)]


def test_many_artists() -> None:
    """A compilation: each track has its own."""
    mixed = [replace(track, artist=f"Band {n}") for n, track in enumerate(tracks())]
    wanted = album(
        edition(mixed), artist="Various Artists", artist_id="89ad4ac3-39f7-470e-963a-56509c546377"
    )
    assert planned(job(wanted), wanted).as_is
    names = [f"{n:02} - {one.artist} - {one.title}.flac" for n, one in enumerate(mixed, start=1)]
    pieces = [named(one, name) for one, name in zip(bare(job(wanted)), names, strict=True)]
    found = planned(pieces, wanted)
    assert numbers(found) == [(1, n) for n in range(1, 7)]
    (group,) = found.verdict.groups
    assert {file.artist for file in group.files} == {f"Band {n}" for n in range(6)}


def test_a_live_album_may_call_its_tracks_live() -> None:
    """The word is on every file and in no title of the catalogue, and the lengths agree."""
    pieces = [
        replace(one, tags=replace(one.tags, title=f"{one.tags.title} (Live)")) for one in job(ONE)
    ]
    assert numbers(planned(pieces, ONE)) == [(1, n) for n in range(1, 7)]
    single = [*job(ONE)[:5], pieces[5]]
    assert refused(single, ONE).blamed == {15}


def test_files_of_a_kind_without_tags() -> None:
    """They are taken as they are or not at all."""
    pieces = [named(one, f"{n:02}.wav") for n, one in enumerate(job(ONE), start=1)]
    assert planned(pieces, ONE).as_is
    assert "Lidarr" in refused(bare(pieces), ONE).reason


def test_another_album_of_the_artist_takes_them() -> None:
    """A single beside an album that is called the same."""
    mine = album(edition(tracks(), year=1970), year=1970)
    other = replace(ONE, album_id="album-2", editions=(edition(tracks(), "other"),))
    taken = refused(job(ONE), mine, tags=False, others=(other,))
    assert taken.reason == "Lidarr would take the files for another album, “Nevermind”."
    assert not planned(job(ONE), mine, others=(other,)).as_is
