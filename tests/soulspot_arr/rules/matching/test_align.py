"""Which file is which track: pair scores, their gates, every way to name files, duplicates."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soulspot_arr.domain import RawFolder
from soulspot_arr.rules.matching.align import Alignment, align, pair_score
from soulspot_arr.rules.matching.grouping import group
from soulspot_arr.rules.matching.roster import Roster
from soulspot_arr.rules.matching.tracklist import tracklists
from soulspot_arr.rules.spelling import words
from soulspot_arr.wanted import Wanted
from tests.soulspot_arr.rules.albums import OK_COMPUTER, RADIOHEAD, Row, album, edition, shared

PATH = r"Music\Radiohead\OK Computer"
NAMES = (words("Radiohead"), words("OK Computer"))


def aligned(wanted: Wanted, folder: RawFolder, *, hopeless: bool = False) -> Alignment:
    """The folder beside the first edition."""
    (candidate,) = group([folder])
    return align(Roster(candidate, NAMES), tracklists(wanted)[0], hopeless=hopeless)


def mapping(found: Alignment) -> list[tuple[int, int]]:
    """Track and file of every pair."""
    return [(pair.track, pair.file) for pair in found.pairs]


@pytest.mark.parametrize(
    ("title", "gap", "place", "score"),
    [
        (1.0, 0.0, 1.0, 1.0),
        (1.0, -3.0, 1.0, 1.0),
        (1.0, 9.0, 1.0, 0.825),
        (1.0, 10.1, 1.0, 0.0),  # known lengths have to agree
        (0.5, 0.0, 1.0, 0.75),
        (1.0, None, 0.0, 0.8),
        (1.0, None, 1.0, 1.0),
        (None, 0.0, 1.0, 1.0),
        (None, 0.0, 0.0, 0.65),
        (None, None, 1.0, 0.6),
        (None, None, 0.5, 0.0),
        (None, 11.0, 1.0, 0.0),
    ],
)
def test_pair_score(title: float | None, gap: float | None, place: float, score: float) -> None:
    """The weights of peers §3.4, step 5, with and without titles and lengths."""
    assert pair_score(title, gap, place) == pytest.approx(score)


@pytest.mark.parametrize(
    "pattern",
    [
        "{n:02d} - {title}.flac",
        "{n}. {title}.flac",
        "{n:02d}-{title}.flac",
        "1-{n:02d} {title}.flac",
        "1{n:02d} {title}.flac",
        "A{n} {title}.flac",
        "{title}.flac",
        "{n:02d} - Radiohead - {title}.flac",
        "Radiohead - {n:02d} - {title}.flac",
        "Radiohead - OK Computer - {n:02d} - {title}.flac",
        "Radiohead - {title}.flac",
        "{title} - Radiohead.flac",
        "{n:02d}-radiohead-{title}-grp.flac",
        "{n:02d} {title} (2017 Remaster).flac",
        "{n:02d} {title} [320kbps].flac",
        "{n:02d}.flac",
        "Track {n:02d}.flac",
        "Radiohead_-_{n:02d}_-_{title}.flac",
    ],
)
def test_every_habit_of_naming_is_understood(pattern: str) -> None:
    """Whatever stands around the title, each track finds its file."""
    found = aligned(RADIOHEAD, shared(PATH, OK_COMPUTER, pattern))
    assert found.complete
    assert mapping(found) == [(at, at) for at in range(12)] or "{n" not in pattern
    assert (found.extras, found.strayed) == (0, ())


@pytest.mark.parametrize("lengths", [True, False])
def test_the_order_of_the_files_does_not_matter(*, lengths: bool) -> None:
    """Titles find their tracks under any number."""
    rows = list(OK_COMPUTER)
    random.Random(3).shuffle(rows)
    found = aligned(RADIOHEAD, shared(PATH, rows, lengths=lengths))
    assert found.complete
    titles = [row[0] for row in OK_COMPUTER]
    assert [rows[file][0] for _, file in mapping(found)] == titles


def test_blind_names_need_length_or_number() -> None:
    """Without titles the lengths decide, then the numbers."""
    assert aligned(RADIOHEAD, shared(PATH, OK_COMPUTER, "{n:02d}.flac")).complete
    silent = aligned(RADIOHEAD, shared(PATH, OK_COMPUTER, "{n:02d}.flac", lengths=False))
    assert silent.complete
    assert all(pair.title is None and pair.gap is None for pair in silent.pairs)


@pytest.mark.parametrize(
    "rows",
    [
        [("Airbga", 284.0), *OK_COMPUTER[1:]],
        [("Exit Music", 264.0) if row[0].startswith("Exit") else row for row in OK_COMPUTER],
        [(row[0][:18], row[1]) for row in OK_COMPUTER],
        [(f"{row[0]} feat. Somebody", row[1]) for row in OK_COMPUTER],
    ],
)
def test_spelling_mistakes_and_cut_names(rows: list[Row]) -> None:
    """What is left after the equal titles is compared letter by letter."""
    assert aligned(RADIOHEAD, shared(PATH, rows)).complete


def test_equal_titles_are_told_apart_by_length_and_number() -> None:
    """Two tracks of one name."""
    rows: list[Row] = [("Intro", 60.0), ("Song", 200.0), ("Intro", 95.0)]
    wanted = album("Somebody", "Some Album", rows)
    assert mapping(aligned(wanted, shared(PATH, rows))) == [(0, 0), (1, 1), (2, 2)]
    silent = aligned(wanted, shared(PATH, rows, lengths=False))
    assert mapping(silent) == [(0, 0), (1, 1), (2, 2)]


def test_classical_movements_are_told_by_disc_number_and_length() -> None:
    """Names of low entropy: every disc has its "I. Allegro"."""
    rows: list[Row] = [("I. Allegro", 420.0), ("II. Adagio", 510.0), ("III. Allegro", 300.0)]
    later: list[Row] = [("I. Allegro", 470.0), ("II. Adagio", 590.0), ("III. Allegro", 260.0)]
    wanted = album("Somebody", "Sonatas", edition(rows, later))
    first, second = shared(rf"{PATH}\CD1", rows), shared(rf"{PATH}\CD2", later)
    (candidate,) = group([first, second])
    found = align(Roster(candidate, NAMES), tracklists(wanted)[0])
    assert mapping(found) == [(at, at) for at in range(6)]


def test_another_length_is_another_recording() -> None:
    """The title agrees and the length does not: no pair, but a reason."""
    found = aligned(RADIOHEAD, shared(PATH, OK_COMPUTER, longer=25))
    assert (found.pairs, len(found.missing), len(found.strayed)) == ((), 12, 12)
    assert all(20 < (pair.gap or 0) < 30 for pair in found.strayed)


def test_what_is_neither_a_track_nor_a_copy_is_extra() -> None:
    """Bonus tracks count, second copies do not."""
    rows = [*OK_COMPUTER, ("Pearly", 214.0), ("Lull", 148.0)]
    assert aligned(RADIOHEAD, shared(PATH, rows)).extras == 2
    twice = [*OK_COMPUTER, ("Airbag (1)", 284.0)]
    assert aligned(RADIOHEAD, shared(PATH, twice, "{title}.flac")).extras == 0


def test_of_two_copies_the_one_that_can_be_fetched_is_taken() -> None:
    """A locked or empty copy comes behind."""
    good, locked = shared(PATH, OK_COMPUTER), shared(PATH, OK_COMPUTER[:1], "x {title}.flac")
    both = RawFolder(
        "ann", PATH, (*(file for file in shared(PATH, OK_COMPUTER, "{n:02d} {title}.flac",
                                                locked=True).files[:1]), *good.files)
    )  # fmt: skip
    (candidate,) = group([both])
    found = align(Roster(candidate, NAMES), tracklists(RADIOHEAD)[0])
    assert not candidate.files[found.pairs[0].file].raw.locked
    assert locked.files


def test_files_that_claim_another_album_come_behind() -> None:
    """In a heap of albums the live "Airbag" is not the one that is wanted."""
    rows = [*OK_COMPUTER[:3]]
    wanted = album("Radiohead", "OK Computer", rows)
    right = shared(PATH, rows, "Radiohead - OK Computer - {n:02d} - {title}.flac")
    other = shared(PATH, rows, "Radiohead - A Live Album - {n:02d} - {title}.flac")
    loose = shared(PATH, rows[:1], "{title}.flac")
    heap = RawFolder("ann", PATH, (*other.files, *right.files, *loose.files))
    (candidate,) = group([heap])
    found = align(Roster(candidate, NAMES), tracklists(wanted)[0])
    assert all(candidate.files[pair.file].of != "A Live Album" for pair in found.pairs)


def test_a_lone_name_in_another_script_is_another_song() -> None:
    """One Cyrillic title in a folder of English ones is no translation."""
    rows = [("Джим", 383.0) if row[0].startswith("Paranoid") else row for row in OK_COMPUTER]
    found = aligned(RADIOHEAD, shared(PATH, rows))
    assert [pair.title for pair in found.pairs if pair.track == 1] == [0.0]


def test_a_whole_album_in_another_script_is_a_translation() -> None:
    """Then lengths and numbers decide, as they do without any titles."""
    rows = [(f"песня {chr(1072 + at)}", row[1]) for at, row in enumerate(OK_COMPUTER)]
    found = aligned(RADIOHEAD, shared(PATH, rows))
    assert found.complete
    assert {pair.title for pair in found.pairs} == {None}


def test_untitled_tracks_are_blind_as_well() -> None:
    """MusicBrainz calls them [untitled]; whatever the file is called, its length decides."""
    wanted = album("Sigur Rós", "( )", [(f"[untitled #{n}]", 300.0 + 20 * n) for n in range(1, 9)])
    rows = [(f"Vaka {chr(64 + n)}", 300.0 + 20 * n) for n in range(1, 9)]
    found = aligned(wanted, shared(r"Music\Sigur Ros\( )", rows))
    assert found.complete
    assert {pair.title for pair in found.pairs} == {None}


def test_a_title_that_is_a_number_is_given_back() -> None:
    """ "99 Problems" looks like track 99 called "Problems"."""
    wanted = album("Jay-Z", "Singles", [("99 Problems", 235.0)])
    assert aligned(wanted, shared(PATH, [("99 Problems", 235.0)], "{title}.flac")).complete


@pytest.mark.parametrize(
    "files",
    [
        ["Radiohead 01 Airbag (Remaster)", "02 Paranoid Android", "Lucky Radiohead"],
        ["OK Computer - Airbag", "Radiohead Paranoid Android (2017 Remaster)", "x Lucky"],
        ["1 Airbag", "Paranoid Android OK Computer", "Radiohead OK Computer Lucky"],
    ],
)
def test_names_without_any_order(files: list[str]) -> None:
    """Every file named in another way."""
    rows = [row for row in OK_COMPUTER if row[0] in {"Airbag", "Paranoid Android", "Lucky"}]
    folder = shared(
        PATH, [(name, row[1]) for name, row in zip(files, rows, strict=True)], "{title}.mp3"
    )
    found = aligned(album("Radiohead", "OK Computer", rows), folder)
    assert mapping(found) == [(at, pair.file) for at, pair in enumerate(found.pairs)]
    assert found.complete


def test_artists_in_front_that_the_catalogue_does_not_know() -> None:
    """Lidarr names no artists of single tracks; the dash tells where the title begins."""
    rows = [(f"Hit {chr(64 + n)}", 180.0 + 9 * n) for n in range(1, 9)]
    wanted = album("Various Artists", "Now 96", rows)
    folder = shared(r"Music\VA - Now 96", rows, "{n:02d} - Star No{n} - {title}.mp3")
    assert aligned(wanted, folder).complete
    turned = shared(r"Music\VA - Now 96", rows, "{n:02d} - {title} - Star No{n}.mp3")
    assert aligned(wanted, turned).complete


def test_a_few_seconds_more_are_no_rival() -> None:
    """Neither equal enough to be settled at once nor far enough to be another recording."""
    rows = [OK_COMPUTER[1], ("Airbag", 290.0), *OK_COMPUTER[2:], ("Bonus", 30.0)]
    assert aligned(RADIOHEAD, shared(PATH, rows)).complete


def test_a_track_that_nothing_comes_near() -> None:
    """No file of its title, none of its length."""
    rows = [("Nothing Like It", 30.0), *OK_COMPUTER[1:]]
    found = aligned(RADIOHEAD, shared(PATH, rows))
    assert (found.missing, found.strayed, found.extras) == ((0,), (), 1)


def test_long_shared_beginnings_end_somewhere() -> None:
    """Nine words and more before each title are cut at the ninth."""
    front = "one two three four five six seven eight nine"
    folder = shared(PATH, [(f"{front} {title}", s) for title, s in OK_COMPUTER])
    assert aligned(RADIOHEAD, folder).complete


def test_hopeless_ones_are_only_looked_up() -> None:
    """No letter by letter comparison where nothing can fit."""
    rows = [("Airbga", 284.0), *OK_COMPUTER[1:6]]
    found = aligned(RADIOHEAD, shared(PATH, rows), hopeless=True)
    assert [pair.track for pair in found.pairs] == [1, 2, 3, 4, 5]


def test_lists_of_equal_tracks_are_one() -> None:
    """Two pressings with the same tracks share a list, another mix has its own."""
    wanted = album(
        "Radiohead", "OK Computer",
        edition(OK_COMPUTER, id="a"), edition(OK_COMPUTER, id="b"),
        edition([(title, (seconds or 0) + 5) for title, seconds in OK_COMPUTER], id="c"),
        edition([], id="empty"),
    )  # fmt: skip
    lists = tracklists(wanted)
    assert [[one.id for one in found.editions] for found in lists] == [["a", "b"], ["c"]]


def test_numbers_that_do_not_start_at_one_still_place() -> None:
    """An edition whose only disc begins with track 0 is found by its own numbers."""
    first = edition([("Hidden", 100.0), ("Song", 200.0)])
    moved = tuple(
        track.__class__(track.title, 1, number, track.seconds)
        for number, track in enumerate(first.tracks)
    )
    (found,) = tracklists(album("A", "B", edition(id="x", tracks=moved)))
    assert found.places[0, 0] == (0,)


def test_forty_thousand_files_are_bounded() -> None:
    """Nothing is compared letter by letter, and no name is read twice, in a heap of that size."""
    rows = [(f"Song {n}", 100.0 + n % 300) for n in range(6_000)]
    (candidate,) = group([shared(r"Music\All", rows, "{n:05d} {title}.flac")])
    roster = Roster(candidate, NAMES)
    found = align(roster, tracklists(RADIOHEAD)[0])
    assert found.pairs == ()
    assert len(list(roster.forms(0))) == 1


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.tuples(st.text(st.characters(), max_size=8), st.sampled_from([None, 0.0, 60.0, 65.0])),
        max_size=7,
    ),
    st.lists(
        st.tuples(st.text(st.characters(), max_size=8), st.sampled_from([None, -3.0, 60.0, 71.0])),
        max_size=7,
    ),
)
def test_any_titles_and_lengths(wanted: list[Row], found: list[Row]) -> None:
    """Each track and each file at most once, whatever they are called."""
    folders = group([shared(PATH, [(title.replace("\\", ""), s) for title, s in found])])
    for candidate in folders:
        for tracks in tracklists(album("A", "B", wanted)):
            result = align(Roster(candidate, NAMES), tracks)
            files = [pair.file for pair in result.pairs]
            assert len(set(files)) == len(files)
            assert len(result.pairs) + len(result.missing) == len(tracks.keys)
