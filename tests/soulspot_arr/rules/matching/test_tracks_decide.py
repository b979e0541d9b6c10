"""The whole way with a list of tracks: what is fetched, what is missing, and anything odd."""

from __future__ import annotations

from dataclasses import replace

import pytest

from soulspot_arr.domain import Query, RawFile, RawFolder
from soulspot_arr.rules.matching import SURE, appraise, group, select
from soulspot_arr.wanted import Wanted
from tests.soulspot_arr.rules.albums import (
    B_SIDES,
    OK_COMPUTER,
    PATH,
    RADIOHEAD,
    Row,
    album,
    edition,
    judged,
    names,
    shared,
    songs,
    verdict,
)

DELUXE = edition(
    OK_COMPUTER, B_SIDES, id="deluxe", title="OK Computer", disambiguation="deluxe", year=2009
)
JAPAN = edition([*OK_COMPUTER, ("Bonus", 200.0)], id="japan", title="OK Computer", country="JP")
BOTH = replace(RADIOHEAD, editions=(*RADIOHEAD.editions, DELUXE, JAPAN))


def test_the_right_album_is_automatic() -> None:
    """Sure, explained, and mapped file by file."""
    found = verdict(RADIOHEAD, shared(PATH, OK_COMPUTER))
    assert found.automatic
    assert found.enough
    assert found.decision.identity > 0.99
    assert found.edition is RADIOHEAD.editions[0]
    assert found.alignment is not None
    assert [pair.file for pair in found.alignment.pairs] == list(range(12))
    assert found.features is not None
    assert found.reasons[0] == "12 of 12 tracks agree in title and length"
    assert (found.artist, found.album, found.year) == ("Radiohead", "OK Computer", 1997)


# -- what is fetched -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        (r"Music\Radiohead\Discography", "Radiohead - {title}.flac"),
        (r"Music\Radiohead", "{title}.flac"),
        (r"Downloads\complete", "Radiohead - {title}.flac"),
    ],
)
def test_exactly_the_album_comes_out_of_a_heap(path: str, pattern: str) -> None:
    """Extras stay where they are, and the offer is one of its own."""
    heap = shared(path, [*songs(26), *OK_COMPUTER, *songs(9, word="Other")], pattern)
    found = verdict(RADIOHEAD, heap)
    assert found.decision.accepted
    assert found.decision.identity >= SURE
    assert len(names(found)) == 12
    assert [name.rpartition(" - ")[2] for name in names(found)] == [
        f"{title}.flac" for title, _ in OK_COMPUTER
    ]
    assert found.candidate.part == ("ok computer 12",)
    assert found.candidate.locked == 0
    assert "35 other files are left where they are" in found.reasons


def test_albums_told_apart_by_their_file_names() -> None:
    """Where each file names its album, the right one is a candidate of its own."""
    right = shared(r"Music\Heap", OK_COMPUTER, "Radiohead - OK Computer - {n:02d} - {title}.flac")
    other = shared(r"Music\Heap", songs(9), "Radiohead - Kid A - {n:02d} - {title}.flac")
    found = judged(RADIOHEAD, RawFolder("ann", r"Music\Heap", (*right.files, *other.files)))
    assert sorted(item.automatic for item in found) == [False, True]


def test_a_bonus_edition_gives_the_edition_that_fits_best() -> None:
    """All of it where Lidarr takes any edition, the plain one out of it where it does not."""
    both = [shared(rf"{PATH}\CD1", OK_COMPUTER), shared(rf"{PATH}\CD2", B_SIDES)]
    whole = verdict(BOTH, *both)
    assert whole.edition is DELUXE
    assert len(names(whole)) == 16
    chosen = verdict(replace(BOTH, any_edition=False), *both)
    assert chosen.edition is not None
    assert (chosen.edition.id, len(names(chosen))) == ("plain", 12)
    assert chosen.decision.accepted


def test_an_unknown_bonus_track_is_left_behind() -> None:
    """No edition has it."""
    found = verdict(BOTH, shared(PATH, [*OK_COMPUTER, ("Interview", 900.0)]))
    assert found.edition is not None
    assert (found.edition.id, len(names(found))) == ("plain", 12)
    assert found.automatic


def test_one_track_in_two_copies_gives_one() -> None:
    """Whichever of them can be fetched."""
    twice = shared(PATH, OK_COMPUTER[:1], "{title} (1).flac")
    folder = shared(PATH, OK_COMPUTER, "{title}.flac")
    found = verdict(RADIOHEAD, RawFolder("ann", PATH, (*folder.files, *twice.files)))
    assert len(names(found)) == 12
    assert found.automatic


def test_formats_side_by_side_are_two_offers() -> None:
    """Each of them whole."""
    flac, mp3 = shared(PATH, OK_COMPUTER), shared(PATH, OK_COMPUTER, "{n:02d} - {title}.mp3")
    found = judged(RADIOHEAD, RawFolder("ann", PATH, (*flac.files, *mp3.files)))
    assert [(item.token, item.automatic) for item in found] == [("FLAC", True), ("MP3 320", True)]


@pytest.mark.parametrize("locked", [True, False])
def test_flaws_are_those_of_the_chosen_files(*, locked: bool) -> None:
    """A locked bonus track does not matter, a locked track does."""
    folder = shared(PATH, [*OK_COMPUTER, ("Bonus", 100.0)])
    at = 3 if locked else 12
    files = [replace(file, locked=number == at) for number, file in enumerate(folder.files)]
    found = verdict(RADIOHEAD, RawFolder("ann", PATH, tuple(files)))
    assert found.decision.accepted is not locked
    if locked:
        assert found.reasons == ("1 of 12 files are locked by the peer",)


def test_holes_in_the_numbers_do_not_matter_when_nothing_is_missing() -> None:
    """Numbers 3 to 14 of a longer record."""
    files = shared(PATH, [("x", 1.0), ("y", 2.0), *OK_COMPUTER]).files[2:]
    assert verdict(RADIOHEAD, RawFolder("ann", PATH, files)).automatic


# -- what is missing -------------------------------------------------------------------------------


def test_missing_tracks_are_named() -> None:
    """The answer may have been a sample, so this can change."""
    found = verdict(RADIOHEAD, shared(PATH, OK_COMPUTER[:10]))
    (reason,) = found.decision.rejections
    assert reason.reason == '2 of 12 tracks missing: "Lucky", "The Tourist"'
    assert not reason.permanent
    assert not found.automatic
    many = verdict(RADIOHEAD, shared(PATH, OK_COMPUTER[:3]))
    assert many.reasons[0].startswith('9 of 12 tracks missing: "Exit Music (For a Film)", "Let')
    assert many.reasons[0].endswith("and 4 more")


def test_only_an_edition_lidarr_does_not_want() -> None:
    """Waiting will not change that."""
    wanted = replace(
        BOTH,
        any_edition=False,
        editions=tuple(replace(one, monitored=one.id == "deluxe") for one in BOTH.editions),
    )
    found = verdict(wanted, shared(PATH, OK_COMPUTER))
    (reason,) = found.decision.rejections
    assert reason.permanent
    assert reason.reason == (
        'only fits another edition: "OK Computer" (GB, 1997, 12 tracks); '
        'Lidarr wants "OK Computer" (deluxe, 2009, 16 tracks)'
    )


def test_the_chosen_edition_and_the_year_break_ties() -> None:
    """Of two editions with the same tracks."""
    again = replace(RADIOHEAD.editions[0], id="again", year=2016, monitored=False)
    wanted = replace(RADIOHEAD, editions=(again, *RADIOHEAD.editions))
    found = verdict(wanted, shared(PATH, OK_COMPUTER))
    assert found.edition is not None
    assert found.edition.id == "plain"
    unchosen = replace(
        wanted, editions=tuple(replace(one, monitored=False) for one in wanted.editions)
    )
    later = verdict(unchosen, shared(rf"{PATH} (2016)", OK_COMPUTER))
    assert later.edition is not None
    assert later.edition.id == "again"


def test_many_editions_are_tried_the_likeliest_first() -> None:
    """Among twenty pressings with other lengths the closest is chosen, also when only that counts."""
    shifted = [
        edition(
            [(title, (seconds or 0) + n * 0.9) for title, seconds in OK_COMPUTER],
            id=f"e{n}", title="OK Computer", monitored=n == 6,
        )
        for n in range(-9, 10)
    ]  # fmt: skip
    wanted = album("Radiohead", "OK Computer", *shifted)
    found = verdict(wanted, shared(PATH, OK_COMPUTER))
    assert found.edition is not None
    assert found.edition.id in {"e0", "e-1"}
    only = verdict(replace(wanted, any_edition=False), shared(PATH, OK_COMPUTER, longer=-1))
    assert only.edition is not None
    assert only.edition.id == "e6"
    assert (
        "12 of 12 tracks differ by up to 7 s: another master or another recording?" in only.reasons
    )


# -- beside others ---------------------------------------------------------------------------------


def test_alternates_are_of_the_same_edition() -> None:
    """A peer's copy with other tracks cannot stand in for a file."""
    wanted = replace(RADIOHEAD, editions=(*RADIOHEAD.editions, edition(songs(12), id="x")))
    folders = [shared(PATH, OK_COMPUTER, peer=peer) for peer in ("ann", "bob")]
    other = shared(PATH, songs(12), peer="eve")
    main = select(judged(wanted, *folders, other), per_quality=1)[0]
    assert [item.candidate.peer for item in main.alternates] == ["bob"]


def test_masters_of_the_same_lengths_may_replace_each_other() -> None:
    """Two lists that differ by a second are one for who fetches them."""
    later = edition([(t, (s or 0) + 1.6) for t, s in OK_COMPUTER], id="later", title="OK Computer")
    wanted = replace(RADIOHEAD, editions=(*RADIOHEAD.editions, later))
    folders = [shared(PATH, OK_COMPUTER), shared(PATH, OK_COMPUTER, longer=1.6, peer="bob")]
    found = judged(wanted, *folders)
    assert {item.edition.id for item in found if item.edition} == {"plain", "later"}
    assert len(select(found, per_quality=1)[0].alternates) == 1


# -- with names alone ------------------------------------------------------------------------------


def test_a_catalogue_without_tracks_never_makes_sure() -> None:
    """Offers are shown, as sure as names can be, and nobody takes them unseen."""
    wanted = replace(RADIOHEAD, editions=(edition([]),))
    found = verdict(wanted, shared(PATH, OK_COMPUTER))
    assert found.decision.accepted
    assert (found.decision.identity < SURE, found.enough, found.automatic) == (True, True, False)
    assert found.reasons == ("only names to go by",)
    assert (found.edition, found.alignment, found.features) == (None, None, None)
    assert (found.artist, found.album) == ("Radiohead", "OK Computer")


def test_names_alone_know_other_names_of_the_artist() -> None:
    """What the catalogue says about aliases counts."""
    wanted = album("Кино", "Группа крови", aliases=("Kino",))
    assert verdict(wanted, shared(r"Music\Kino\Группа крови", songs(9))).decision.accepted


def test_a_term_without_names_stays_a_term() -> None:
    """A catalogue that could not tell who is meant changes nothing but the confidence."""
    nobody = Wanted("", "OK Computer")
    (found,) = appraise(
        Query(term="Radiohead OK Computer"), group([shared(PATH, OK_COMPUTER)]), wanted=nobody
    )
    assert found.decision.accepted
    assert found.decision.identity < SURE


# -- anything at all -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rows",
    [
        [("Song", None)] * 12,
        [("Song", 0.0)] * 12,
        [("", None)] * 3,
        [(f"Track {n}", 0.0) for n in range(300)],
        [("Song", -5.0)],
    ],
    ids=["duplicates", "zero lengths", "no titles", "three hundred", "negative"],
)
def test_odd_track_lists(rows: list[Row]) -> None:
    """A catalogue may say anything."""
    wanted = album("Radiohead", "OK Computer", rows, [])
    found = judged(wanted, shared(PATH, OK_COMPUTER), shared(PATH, rows, peer="bob"))
    assert all(0 <= item.decision.identity <= 1 for item in found)


@pytest.mark.parametrize("size", [-1, 0])
def test_absurd_files(size: int) -> None:
    """Negative sizes and lengths are refused, not believed."""
    folder = shared(PATH, OK_COMPUTER, size=size, seconds=-7)
    found = verdict(RADIOHEAD, folder)
    assert not found.decision.accepted


def test_a_heap_of_forty_thousand_files() -> None:
    """One verdict, no file taken that is no track."""
    files = tuple(
        RawFile(f"{n}", rf"Music\All\Song {n}.flac", 1000, seconds=100 + n % 300)
        for n in range(40_000)
    )
    (found,) = judged(RADIOHEAD, RawFolder("ann", r"Music\All", files))
    assert not found.decision.accepted
    assert found.reasons == ('another album: "All"',)


def test_nothing_to_judge() -> None:
    """No candidate, no verdict."""
    assert judged(RADIOHEAD) == ()
