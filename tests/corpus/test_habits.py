"""How records are laid out on disks."""

from __future__ import annotations

import random
import re
from dataclasses import replace

import pytest

from tests.corpus.habits import Habit, Needs, habit, lay_out
from tests.corpus.media import Lengths, Rip, raw, rip
from tests.corpus.mutations import Hand
from tests.corpus.records import Record, Song, numbered

FLAC = Rip("FLAC", 850)
TITLES = ("Airbag", "Paranoid Android", "Subterranean Homesick Alien", "Let Down")


def an_album(discs: int = 1, by: str = "") -> Record:
    """Four songs, on one disc or on two."""
    songs = [Song(f"k{n}", title, 240, by and f"{by} {n}") for n, title in enumerate(TITLES)]
    places = [1, 1, 2, 2] if discs == 2 else None
    return Record("Radiohead", "OK Computer", 1997, numbered(songs, discs=places))


@pytest.mark.parametrize(
    ("how", "last"),
    [
        (
            Habit("@@abcde\\Music\\", "{artist}\\{year} - {album}", "{nn} - {title}"),
            "@@abcde\\Music\\Radiohead\\1997 - OK Computer\\04 - Let Down.flac",
        ),
        (
            Habit("/mnt/data/", "{artist} - {album} ({year}) [{tag}]", "{n}. {title}"),
            "/mnt/data/Radiohead - OK Computer (1997) [FLAC]/4. Let Down.flac",
        ),
        (
            Habit("Music\\{initial}\\", "{artist}\\{album}", "Track {nn}"),
            "Music\\R\\Radiohead\\OK Computer\\Track 04.flac",
        ),
        (
            Habit("", "{album}", "{artist} - {album} - {nn} - {title}", hand=Hand(case="lower")),
            "ok computer\\radiohead - ok computer - 04 - let down.flac",
        ),
        (
            Habit("", "{album}", "{nn} {title}", discs="sides"),
            "OK Computer\\B2 Let Down.flac",
        ),
        (
            Habit("", "{album}", "{nn} {title}", discs="number", disc="{d}-{nn}"),
            "OK Computer\\1-04 Let Down.flac",
        ),
    ],
)
def test_a_record_lies_where_its_owner_puts_it(how: Habit, last: str) -> None:
    """A row for each kind of place."""
    assert lay_out(an_album(), how, FLAC)[-1].path == last


@pytest.mark.parametrize(
    ("discs", "disc", "last"),
    [
        ("child", "CD{d}", "OK Computer\\CD2\\02 Let Down.flac"),
        ("child", "Disc {d} - {sub}", "OK Computer\\Disc 2\\02 Let Down.flac"),
        ("suffix", " (Disc {d})", "OK Computer (Disc 2)\\02 Let Down.flac"),
        ("number", "{d}{nn}", "OK Computer\\202 Let Down.flac"),
        ("running", "", "OK Computer\\04 Let Down.flac"),
    ],
)
def test_discs_are_told_by_folder_or_by_number(discs: str, disc: str, last: str) -> None:
    """Or not at all, when tracks are numbered through."""
    how = Habit("", "{album}", "{nn} {title}", discs=discs, disc=disc)
    assert lay_out(an_album(discs=2), how, FLAC)[-1].path == last


def test_a_disc_carries_its_name_where_it_has_one() -> None:
    """As boxes do."""
    named = replace(an_album(discs=2), discs=("One", "Two: More"))
    how = Habit("", "{album}", "{nn} {title}", disc="Disc {d} - {sub}")
    assert (
        lay_out(named, how, FLAC)[-1].path == "OK Computer\\Disc 2 - Two - More\\02 Let Down.flac"
    )


def test_a_record_without_a_year_leaves_no_hole() -> None:
    """Empty brackets are nobody's habit."""
    for seed in range(200):
        rng = random.Random(seed)
        told = rip(rng)
        how = habit(rng, told, Needs())
        path = lay_out(replace(an_album(), year=None), how, told)[0].path
        assert not re.search(r"\(\)|\[\]| {2}|\\ ?-", path), path


def test_every_habit_leaves_a_listener_enough_to_go_by() -> None:
    """Titles, or else artist and album in the path and lengths beside blind names."""
    plain = Hand(apostrophe="'")
    for seed in range(600):
        rng = random.Random(seed)
        told = rip(rng)
        how = replace(habit(rng, told, Needs()), hand=plain)
        path = lay_out(an_album(), how, told)[1].path
        assert "OK Computer" in path
        if how.blind:
            assert "Radiohead" in path
            assert told.lengths is Lengths.TOLD
        else:
            assert "Paranoid Android" in path


@pytest.mark.parametrize(("needs", "word"), [("artist", "Radiohead"), ("titles", "Paranoid")])
def test_what_is_needed_is_told(needs: str, word: str) -> None:
    """Decoys that nothing else would give away ask for it."""
    for seed in range(300):
        rng = random.Random(seed)
        told = rip(rng)
        demand = Needs(artist=True) if needs == "artist" else Needs(titles=True)
        how = replace(habit(rng, told, demand), hand=Hand())
        assert word in lay_out(an_album(), how, told)[1].path


def test_compilations_name_the_artist_of_each_song_in_most_habits() -> None:
    """And none of them calls the whole by one of its artists."""
    named = 0
    for seed in range(300):
        rng = random.Random(seed)
        told = rip(rng)
        how = replace(habit(rng, told, Needs(various=True)), hand=Hand())
        path = lay_out(an_album(by="Singer"), how, told)[1].path
        named += "Singer 1" in path
        assert "OK Computer" in path
    assert 150 < named < 290


def test_sizes_agree_with_codec_and_length() -> None:
    """A bitrate can be derived from what a peer shows (peers report §3.2)."""
    file = raw("a.mp3", 200, Rip("MP3", 320), random.Random(1))
    assert abs(file.size * 8 / 200 / 1000 - 320) < 25
    assert (file.bitrate, file.seconds, file.bit_depth) == (320, 200, None)
    flac = raw("a.flac", 200, FLAC, random.Random(1))
    assert (flac.bitrate, flac.seconds, flac.bit_depth, flac.sample_rate) == (None, 200, 16, 44_100)


def test_lengths_are_missing_or_wrong_as_often_as_said() -> None:
    """About one share in ten tells none."""
    drawn = [rip(random.Random(seed)).lengths for seed in range(3000)]
    vinyl = {
        raw("a", 200, replace(FLAC, lengths=Lengths.VINYL), random.Random(n)).seconds
        for n in range(300)
    }
    patchy = {
        raw("a", 200, replace(FLAC, lengths=Lengths.PATCHY), random.Random(n)).seconds
        for n in range(50)
    }
    assert all(each is not None and 193 <= each <= 206 for each in vinyl)
    assert patchy == {None, 200}
    assert 0.08 < sum(each in {Lengths.MISSING, Lengths.ZERO} for each in drawn) / 3000 < 0.12
    assert rip(random.Random(5), told=True).lengths not in {Lengths.MISSING, Lengths.ZERO}
    assert raw("a", 200.4, replace(FLAC, lengths=Lengths.ZERO), random.Random(1)).seconds == 0
    assert raw("a", 200.4, replace(FLAC, lengths=Lengths.MISSING), random.Random(1)).seconds is None
    off = raw("a", 200.4, replace(FLAC, lengths=Lengths.OFF), random.Random(1)).seconds
    assert off is not None
    assert 198 <= off <= 202
