"""Lidarr's distance: the penalties of contract §9.5 and the sensitivity table that follows."""

from __future__ import annotations

import itertools
from dataclasses import replace
from random import Random

import pytest

from soulspot_arr.demo.distance import (
    FileTags,
    assign,
    levenshtein,
    match_edition,
    text_penalty,
    track_penalty,
)
from soulspot_arr.demo.library import Album, Edition, WantedTrack, simple_album

TITLES = ("Breed", "Lithium", "Polly", "Drain You", "Lounge Act", "Stay Away", "On a Plain")


def nirvana(tracks: int) -> Album:
    """An album of distinct track titles, two hundred seconds each."""
    rows = tuple((f"{TITLES[n % 7]} {'x' * (n // 7)}".strip(), 200.0) for n in range(tracks))
    album = simple_album("Nirvana", "Nevermind", 1991, rows)
    edition = replace(album.editions[0], countries=("United States",))
    return replace(album, editions=(edition,))


def files_of(album: Album, /, **changes: object) -> list[FileTags]:
    """Perfect tags for the album, with some fields changed in every file."""
    tags = [
        FileTags(
            f"/j/{track.number}.flac",
            title=track.title,
            album=album.title,
            artist=album.artist,
            number=track.number,
            disc=track.disc,
            year=album.year,
            seconds=track.seconds,
        )
        for track in album.editions[0].tracks
    ]
    return [replace(entry, **changes) for entry in tags]  # type: ignore[arg-type]


def distance(album: Album, files: list[FileTags]) -> float:
    """The album distance to the first edition."""
    return match_edition(files, album, album.editions[0], this_year=2026).distance


def test_9_5_perfect_tags_are_at_distance_zero() -> None:
    """Nothing to complain about."""
    album = nirvana(10)
    assert distance(album, files_of(album)) == 0


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"album": "Nevermind (Deluxe Edition)"}, (0.17, 0.11, 0.06)),
        ({"artist": "Various Artists"}, (0.25, 0.16, 0.09)),
        ({"artist": ""}, (0.29, 0.18, 0.11)),
        ({"album": "Nevermind (Deluxe Edition)", "artist": "Various Artists"}, (0.41, 0.26, 0.15)),
    ],
)
def test_9_5_sensitivity_table(changes: dict[str, str], expected: tuple[float, ...]) -> None:
    """The contract's own arithmetic for 1, 4 and 10 tracks, within its rounding."""
    for count, wanted in zip((1, 4, 10), expected, strict=True):
        album = nirvana(count)
        assert distance(album, files_of(album, **changes)) == pytest.approx(wanted, abs=0.02)


def test_9_5_a_missing_title_tag_alone_rejects_a_track() -> None:
    """Weight 3 of 6: exactly one half, above the limit of 0.40."""
    track = WantedTrack("Polly", 200, 3)
    assert track_penalty(FileTags("f", number=3, seconds=200), track, 3) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("seconds", "penalty"), [(200, 0), (210, 0), (190, 0), (225, 0.5), (240, 1), (400, 1), (0, 1)]
)
def test_9_5_track_length_is_free_up_to_ten_seconds(seconds: float, penalty: float) -> None:
    """Then it grows to a full penalty at forty seconds."""
    tags = FileTags("f", title="Polly", seconds=seconds)
    assert track_penalty(tags, WantedTrack("Polly", 200, 0), 0) == pytest.approx(penalty * 2 / 5)


@pytest.mark.parametrize(
    ("title", "alike"),
    [
        ("Polly", True),
        ("POLLY!", True),
        ("Polly (feat. Someone)", True),
        ("Polly ft. Someone", True),
        ("Polly (2011 Remastered)", True),
        ("Polly [Deluxe Version]", True),
        ("Pólly", True),
        ("Polly (Live)", False),
        ("", False),
    ],
)
def test_9_5_titles_are_cleaned_before_comparing(title: str, *, alike: bool) -> None:
    """Guests and pressings are removed, accents and punctuation do not count."""
    tags = FileTags("f", title=title, seconds=200)
    assert (track_penalty(tags, WantedTrack("Polly", 200, 0), 0) == 0) is alike


@pytest.mark.parametrize(("number", "right"), [(2, True), (12, True), (3, False), (0, True)])
def test_9_5_both_ways_of_counting_tracks_are_right(number: int, *, right: bool) -> None:
    """Per-disc and running numbers pass; no number at all is not compared."""
    tags = FileTags("f", title="Polly", number=number, seconds=200)
    track = WantedTrack("Polly", 200, 2, disc=2)
    assert (track_penalty(tags, track, 12) == 0) is right


def test_9_5_recording_ids_weigh_heavily() -> None:
    """A wrong recording id outweighs everything else of a perfect track."""
    tags = FileTags("f", title="Polly", seconds=200, recording_id="other")
    assert track_penalty(tags, WantedTrack("Polly", 200, 0, recording_id="mine"), 0) > 0.6


def test_9_5_missing_and_unmatched_tracks_are_listed() -> None:
    """One file too few and one too many are both named."""
    album = nirvana(4)
    files = [*files_of(album)[:3], FileTags("/j/bonus.flac", title="Endless", seconds=900)]
    match = match_edition(files[:3], album, album.editions[0], this_year=2026)
    assert [track.title for track in match.missing] == ["Drain You"]
    five = [*files_of(album), files[-1]]
    match = match_edition(five, album, album.editions[0], this_year=2026)
    assert [tags.path for tags in match.unmatched] == ["/j/bonus.flac"]


@pytest.mark.parametrize(
    ("countries", "tag", "penalty"),
    [
        (("United States",), "", 0.0),
        (("United Kingdom",), "", 0.25),
        (("[Worldwide]",), "", 0.75),
        (("Japan",), "", 1.0),
        ((), "", 1.0),
        (("Japan",), "Japan", 0.0),
        (("Japan",), "Europe", 1.0),
    ],
)
def test_9_5_country_preference(countries: tuple[str, ...], tag: str, penalty: float) -> None:
    """Without a tag the order US, GB, Europe, Worldwide decides; weight 0.5 of 10.5."""
    album = nirvana(1)
    edition = Edition(album.editions[0].tracks, year=1991, countries=countries)
    files = files_of(album, country=tag)
    found = match_edition(files, album, edition, this_year=2026).distance
    assert found == pytest.approx(0.5 * penalty / 10.5)


def test_9_5_disc_counts_cost_one_penalty_per_disc() -> None:
    """Three tagged discs against one are two full penalties."""
    album = nirvana(1)
    assert distance(album, files_of(album, disc_total=3)) == pytest.approx(2 / 11.5)


@pytest.mark.parametrize(
    ("left", "right", "edits"),
    [("", "", 0), ("a", "", 1), ("kitten", "sitting", 3), ("flaw", "lawn", 2)],
)
def test_levenshtein_counts_edits(left: str, right: str, edits: int) -> None:
    """Insertions, deletions and substitutions cost one each."""
    assert levenshtein(left, right) == levenshtein(right, left) == edits


@pytest.mark.parametrize(("value", "target", "penalty"), [("", "x", 1), ("", "", 0), ("x", "", 1)])
def test_9_5_empty_texts(value: str, target: str, penalty: float) -> None:
    """A missing tag is a full penalty, two missing ones are none."""
    assert text_penalty(value, target) == penalty


def test_pairing_is_optimal_for_every_shape() -> None:
    """Against all permutations, for square and rectangular tables."""
    random = Random(5)
    for height, width in itertools.product(range(1, 5), repeat=2):
        costs = [[random.random() for _ in range(width)] for _ in range(height)]
        found = sum(costs[row][column] for row, column in assign(costs))
        size = min(height, width)
        best = min(
            sum(costs[row][column] for row, column in zip(rows, columns, strict=True))
            for rows in itertools.permutations(range(height), size)
            for columns in itertools.permutations(range(width), size)
        )
        assert found == pytest.approx(best)
