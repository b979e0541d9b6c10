"""Climbing while Lidarr waits: adaptive, learned, never the same text twice, in time."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence

import pytest
from sqlalchemy import select

from soulspot_arr.catalogue import codec
from soulspot_arr.domain import Query, RawFolder
from soulspot_arr.errors import SourceUnavailable
from soulspot_arr.models import LessonRow, ReleaseRow, SearchRow
from soulspot_arr.sources import SearchLimits
from tests.soulspot_arr.search.scene import (
    ASKED,
    TRACKS,
    UNDERTOW,
    files,
    latest,
    make_search,
    share,
)
from tests.soulspot_arr.workshop import Bench


def rows(bench: Bench) -> list[SearchRow]:
    """All searches, in their order."""
    with bench.db.read() as session:
        return list(session.scalars(select(SearchRow).order_by(SearchRow.id)))


# -- the album, as the catalogue knows it ----------------------------------------------------------


def test_names_editions_and_ids_come_from_the_catalogue(both: Bench) -> None:
    """Lidarr appends a disambiguation to its question; the title goes without (lidarr §6.3)."""
    noted = dataclasses.replace(UNDERTOW, disambiguation="Harbour Sessions")
    share(both, "anna")
    search = make_search(both, noted)
    (found,) = search.find(Query("Cello Ghosts", "Undertow Harbour Sessions"))
    assert (found.artist, found.album, found.year) == ("Cello Ghosts", "Undertow", 1994)
    assert both.source.searches == ["cello ghosts undertow"]
    with both.db.read() as session:
        row = session.get(ReleaseRow, found.key)
    assert row is not None
    kept = codec.from_json(row.wanted)
    assert kept is not None
    assert (kept.album_id, kept.library_id) == (UNDERTOW.album_id, 17)
    assert [edition.id for edition in kept.editions] == [UNDERTOW.editions[0].id]


def test_only_the_files_of_the_edition_are_offered(bench: Bench) -> None:
    """A bonus track stays where it is."""
    folder = "Music\\Cello Ghosts\\Cello Ghosts - Undertow (1994)"
    share(bench, "anna", folder)
    bonus = dataclasses.replace(
        files(folder)[0], path=f"{folder}\\08 - Hidden Demo.flac", seconds=77, size=9_000_000
    )
    bench.source.share("anna", folder, bonus)
    (found,) = make_search(bench, UNDERTOW).find(ASKED)
    assert len(found.offers[0].files) == len(TRACKS)
    assert bonus.path not in [file.path for file in found.offers[0].files]


def test_another_recording_is_not_offered_and_explained(bench: Bench) -> None:
    """Every track is half a minute longer: a live version?"""
    share(bench, "anna", longer=30)
    search = make_search(bench, UNDERTOW)
    assert search.find(ASKED) == []
    (offer,) = latest(search).offers
    assert offer["verdict"] == "refused"
    assert any("live version?" in reason for reason in offer["reasons"])


# -- which text ------------------------------------------------------------------------------------


def test_silence_of_the_network_is_got_round_and_learned(both: Bench) -> None:
    """A filtered name: the star finds it; the next album of the artist begins with the star."""
    share(both, "anna")
    share(both, "anna", "Music\\Cello Ghosts\\Cello Ghosts - Breakwater (1999)")
    both.source.silence("cello ghosts")
    search = make_search(both, UNDERTOW, search__rungs=4)
    assert len(search.find(ASKED)) == 1
    kinds = [row.kind for row in rows(both)]
    assert kinds[0] == "plain"
    assert rows(both)[-1].found == 1
    with both.db.read() as session:
        lesson = session.get(LessonRow, "cello ghosts")
    assert lesson is not None
    assert lesson.filtered
    assert lesson.worked == [kinds[-1]]
    both.clock.advance(3_600)
    other = dataclasses.replace(UNDERTOW, album="Breakwater", year=1999)
    again = make_search(both, other)
    assert len(again.find(Query("Cello Ghosts", "Breakwater"))) == 1
    assert rows(both)[len(kinds)].kind == kinds[-1]
    assert len(rows(both)) == len(kinds) + 1


def test_a_name_that_answers_again_is_filtered_no_more(bench: Bench) -> None:
    """Lists of the server change."""
    with bench.db.write() as session:
        session.add(
            LessonRow(artist="cello ghosts", worked=[], filtered=True, updated_at=bench.clock())
        )
    share(bench, "anna", "Music\\Cello Ghosts\\Cello Ghosts - Undertow (1994)", only=(1, 2))
    make_search(bench, UNDERTOW, search__rungs=10, search__lookups=0).find(ASKED)
    with bench.db.read() as session:
        lesson = session.get(LessonRow, "cello ghosts")
    assert lesson is not None
    assert not lesson.filtered


def test_no_text_is_asked_twice_in_ten_minutes(both: Bench) -> None:
    """What was heard a moment ago is used instead; another process leaves the text out."""
    share(both, "anna", longer=30)
    search = make_search(both, UNDERTOW, search__rungs=3, search__dig=0)
    search.find(ASKED)
    asked = list(both.source.searches)
    assert len(asked) == 3
    both.clock.advance(599)
    again = Query("Cello Ghosts", "Undertow", 1994)  # another question with the same texts
    other = make_search(both, UNDERTOW)
    assert other.find(again) == []
    assert {line["outcome"] for line in latest(other).rungs} == {"skipped"}
    assert search.find(again) == []
    assert {line["outcome"] for line in latest(search).rungs} == {"remembered"}
    assert both.source.searches == asked
    both.clock.advance(21_601)
    other.find(again)
    assert both.source.searches == asked * 2


def test_a_text_that_failed_may_be_asked_again(bench: Bench) -> None:
    """It did not reach the network."""
    share(bench, "anna")
    search = make_search(bench, UNDERTOW)
    bench.source.break_next("search", SourceUnavailable("down", source="slskd"))
    assert search.find(ASKED) == []
    assert len(search.find(ASKED)) == 1


# -- when to stop ----------------------------------------------------------------------------------


def test_the_first_sure_lossless_offer_is_enough(bench: Bench) -> None:
    """Each further text costs one of few searches."""
    share(bench, "anna")
    make_search(bench, UNDERTOW).find(ASKED)
    assert bench.source.searches == ["cello ghosts undertow"]


@pytest.mark.parametrize(("profile", "searches"), [("any", 3), ("space_saver", 1)])
def test_acceptable_is_what_the_profile_likes_best(
    bench: Bench, profile: str, searches: int
) -> None:
    """A sure MP3 ends the climb only where MP3 is wanted."""
    share(bench, "anna", kind="mp3")
    found = make_search(bench, UNDERTOW, search__rungs=3, quality__profile=profile).find(ASKED)
    assert [release.quality for release in found] == ["MP3 320"]
    assert len(bench.source.searches) == searches


def test_what_the_profile_refuses_is_not_offered(bench: Bench) -> None:
    """Excluded formats, words and peers; the explanation says which."""
    share(bench, "anna")
    share(bench, "ben", kind="mp3")
    share(bench, "cleo", "Music\\Karaoke Box\\Cello Ghosts - Undertow (1994)", kind="mp3")
    search = make_search(
        bench,
        UNDERTOW,
        quality__profile="space_saver",
        quality__excluded_words=["karaoke box"],
        quality__excluded_peers=["BEN"],
    )
    assert search.find(ASKED) == []
    reasons = {
        offer["peer"]: offer["reasons"][0]
        for offer in latest(search).offers
        if offer["verdict"] == "refused"
    }
    assert "lossless formats are not wanted" in reasons["anna"]
    assert "ben is excluded" in reasons["ben"]
    assert reasons["cleo"]


def test_qualities_come_in_the_order_of_the_profile(bench: Bench) -> None:
    """`balanced` wants CD quality before what is beyond it."""
    share(bench, "anna")
    deep = [
        dataclasses.replace(file, bit_depth=24, sample_rate=96_000, size=file.size * 3)
        for file in files("Hi-Res\\Cello Ghosts - Undertow (1994) [24-96]")
    ]
    bench.source.share("ben", "Hi-Res\\Cello Ghosts - Undertow (1994) [24-96]", *deep)
    order = {}
    for profile in ("any", "balanced"):
        bench.clock.advance(3_600)
        search = make_search(bench, UNDERTOW, quality__profile=profile)
        order[profile] = [found.quality for found in search.find(ASKED)]
    assert order == {"any": ["FLAC 24bit", "FLAC"], "balanced": ["FLAC", "FLAC 24bit"]}


def test_something_acceptable_is_answered_early(bench: Bench) -> None:
    """Not sure, but there: Lidarr has it after `search.first_answer`, the rest is dug for."""
    share(bench, "ben", "Music\\Cello Ghosts - Undertow EP")
    given: list[float] = []
    real = bench.source.search_raw

    def slow(text: str, *, limits: SearchLimits) -> Sequence[RawFolder]:
        given.append(limits.seconds)
        time.sleep(0.3)
        return real(text, limits=limits)

    bench.source.search_raw = slow  # type: ignore[method-assign]
    search = make_search(bench, search__first_answer=4.2, search__budget=60.0)
    assert len(search.find(ASKED)) == 1
    assert len(given) == 1
    assert given[0] <= 4.2
    question = latest(search)
    assert (question.phase, question.outcome) == ("digging", "found")


# -- folders that the answer shows only in part ----------------------------------------------------


def test_a_folder_shown_in_part_is_looked_up(bench: Bench) -> None:
    """Two of seven tracks came back: the peer is asked for the rest, and only what it unlocks."""
    folder = "Music\\Cello Ghosts\\Cello Ghosts - Undertow (1994)"
    share(bench, "anna", folder)
    real = bench.source.search_raw

    def capped(text: str, *, limits: SearchLimits) -> Sequence[RawFolder]:
        return [
            dataclasses.replace(found, files=found.files[:2]) for found in real(text, limits=limits)
        ]

    bench.source.search_raw = capped  # type: ignore[method-assign]
    search = make_search(bench, UNDERTOW)
    (found,) = search.find(ASKED)
    assert len(found.offers[0].files) == len(TRACKS)
    assert bench.source.looked_up == [("anna", folder)]
    assert len(bench.source.searches) == 1
    assert latest(search).rungs[-1]["kind"] == "lookup"


def test_a_track_leads_to_its_album(both: Bench) -> None:
    """The folder names neither artist nor album: a rare title finds it (peers §3.5, 6)."""
    share(both, "anna", "Sorted\\07")
    both.source.silence("undertow")  # or the title track would be found by the album's name
    search = make_search(both, UNDERTOW, search__rungs=10)
    (found,) = search.find(ASKED)
    assert len(found.offers[0].files) == len(TRACKS)
    assert rows(both)[-1].kind in {"track", "track_titles"}
    assert both.source.looked_up == [("anna", "Sorted\\07")]


@pytest.mark.parametrize("lookups", [0, 2])
def test_lookups_are_few(bench: Bench, lookups: int) -> None:
    """Each is a request to a peer; `search.lookups` of them at most."""
    for number in range(5):
        folder = f"Music\\Cello Ghosts\\Cello Ghosts - Undertow (1994) {number}"
        share(bench, f"peer{number}", folder, only=(1, 2, 3))
    make_search(bench, UNDERTOW, search__lookups=lookups).find(ASKED)
    assert len(bench.source.looked_up) == lookups


def test_a_peer_that_lists_nothing_changes_nothing(bench: Bench) -> None:
    """Offline, silent or broken: the search goes on."""
    share(bench, "anna", only=(1, 2, 3))
    bench.source.break_next("folder", SourceUnavailable("silent", source="slskd"))
    assert make_search(bench, UNDERTOW).find(ASKED) == []
    assert len(bench.source.searches) > 1


def test_locked_files_stay_locked(bench: Bench) -> None:
    """A list does not tell which files are locked; the search did."""
    folder = "Music\\Cello Ghosts\\Cello Ghosts - Undertow (1994)"
    bench.source.share(
        "anna",
        folder,
        *(
            dataclasses.replace(file, locked=file.path.endswith("Harbour.flac"))
            for file in files(folder)
        ),
    )
    assert make_search(bench, UNDERTOW).find(ASKED) == []
