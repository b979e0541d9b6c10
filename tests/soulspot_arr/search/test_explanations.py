"""Why an answer is what it is: kept with the question, bounded, merged, shown."""

from __future__ import annotations

import dataclasses

import pytest
from sqlalchemy import delete, select

from soulspot_arr.catalogue import codec
from soulspot_arr.models import LessonRow, QuestionRow, SearchRow
from soulspot_arr.wanted import Edition, Provider, WantedTrack
from tests.soulspot_arr.search.scene import (
    ASKED,
    SECONDS,
    TRACKS,
    UNDERTOW,
    dig,
    files,
    latest,
    make_search,
    share,
)
from tests.soulspot_arr.workshop import Bench


def test_every_question_is_explained(both: Bench) -> None:
    """Texts, counts, verdicts with three numbers, features, the map from file to track, reasons."""
    share(both, "anna")
    share(both, "ben", longer=30)
    share(both, "cleo", "Elsewhere\\Undertow Film Festival", only=(1, 2))
    search = make_search(both, UNDERTOW)
    search.find(ASKED)
    why = latest(search)
    assert (why.artist, why.album, why.provider) == ("Cello Ghosts", "Undertow", "lidarr")
    assert (why.phase, why.outcome) == ("finished", "sure")
    assert why.wanted is not None
    assert why.wanted["editions"][0]["tracks"] == len(TRACKS)
    (line,) = why.rungs
    assert (line["kind"], line["text"], line["outcome"]) == (
        "plain",
        "cello ghosts undertow",
        "answered",
    )
    assert why.counts["searches"] == 1
    assert why.counts["offered"] == 1
    best = why.offers[0]
    assert (best["peer"], best["verdict"], best["files"]) == ("anna", "offered", len(TRACKS))
    assert best["identity"] > 0.9
    assert best["quality"] > 0
    assert 0 < best["utility"] <= 1
    assert best["edition"]["id"] == UNDERTOW.editions[0].id
    assert [pair["track"] for pair in best["map"]] == list(TRACKS)
    assert [pair["gap"] for pair in best["map"]] == [0.0] * len(TRACKS)
    assert {feature["name"] for feature in best["features"]} >= {"coverage", "titles", "lengths"}
    assert best["reasons"]
    assert [offer["verdict"] for offer in why.offers[1:]] == ["refused"] * (len(why.offers) - 1)
    with both.db.read() as session:
        assert session.scalars(select(SearchRow.question_id)).all() == [why.id]


@pytest.mark.parametrize("provider", [Provider.LIDARR, Provider.MUSICBRAINZ])
def test_a_grab_knows_the_album_it_was_found_for(both: Bench, provider: Provider) -> None:
    """Names and tracks always; which album of the library it is, only from Lidarr itself."""
    share(both, "anna")
    search = make_search(both, dataclasses.replace(UNDERTOW, provider=provider))
    (found,) = search.find(ASKED)
    nzo_id = both.add(*found.offers, release_key=found.key, title=found.title)
    grab = both.grab(nzo_id)
    kept = codec.from_json(grab.wanted)
    assert kept is not None
    assert [track.title for track in kept.editions[0].tracks] == list(TRACKS)
    bound = (grab.album_id, grab.artist_id, grab.library_id)
    known = (UNDERTOW.album_id, UNDERTOW.artist_id, UNDERTOW.library_id)
    assert bound == (known if provider is Provider.LIDARR else (None, None, None))


def test_names_alone_are_never_sure(bench: Bench) -> None:
    """As good as names can be, but nobody knows the tracks; no further text is asked for it."""
    share(bench, "anna")
    search = make_search(bench)
    assert len(search.find(ASKED)) == 1
    why = latest(search)
    assert (why.outcome, why.provider, len(why.rungs)) == ("found", "none", 1)
    assert why.offers[0]["identity"] < 0.9


def test_texts_that_another_process_asks_are_not_called_unanswered(bench: Bench) -> None:
    """The year makes it another question, but the texts are the same."""
    share(bench, "anna")
    assert len(make_search(bench, UNDERTOW).find(ASKED)) == 1
    other = make_search(bench, UNDERTOW, search__rungs=1)  # with a memory of its own
    assert other.find(dataclasses.replace(ASKED, year=1994)) == []
    assert latest(other).outcome == "skipped"


def test_a_kept_answer_is_no_new_question(bench: Bench) -> None:
    """Its explanation is that of the search it came from."""
    share(bench, "anna")
    search = make_search(bench, UNDERTOW)
    search.find(ASKED)
    search.find(ASKED)
    (question,) = search.questions.page()
    assert search.ask(ASKED) == question.id
    with bench.db.write() as session:
        row = session.get(QuestionRow, question.id)
        session.delete(row)
    assert search.ask(ASKED) > question.id


def test_old_explanations_are_deleted(both: Bench) -> None:
    """After `retention.searches` days; what was learned about artists lives longer."""
    share(both, "anna")
    search = make_search(both, UNDERTOW)
    search.find(ASKED)
    both.clock.advance(7 * 86_400 - 60)
    search.prune()
    assert len(search.questions.page()) == 1
    both.clock.advance(120)
    search.prune()
    assert search.questions.page() == []
    with both.db.read() as session:
        assert session.get(LessonRow, "cello ghosts") is not None
    both.clock.advance(83 * 86_400)
    search.prune()
    with both.db.read() as session:
        assert session.get(LessonRow, "cello ghosts") is None


def test_a_question_that_is_gone_takes_no_more_words(bench: Bench) -> None:
    """Its digging may end after it was deleted."""
    search = make_search(bench, UNDERTOW, search__rungs=1)
    search.find(ASKED)
    with bench.db.write() as session:
        session.execute(delete(QuestionRow))
    dig(bench, search)
    assert search.questions.page() == []


def test_explanations_of_long_albums_are_bounded(bench: Bench) -> None:
    """Three hundred tracks and a hundred peers do not fill the database."""
    many = tuple(
        WantedTrack(f"Part {number} of {name}", number=number, seconds=float(100 + number))
        for number, name in enumerate(("Amber", "Birch", "Cobalt") * 100, start=1)
    )
    wanted = dataclasses.replace(
        UNDERTOW, editions=(Edition("x" * 36, "Undertow", many, year=1994),)
    )
    folder = "Music\\Cello Ghosts\\Cello Ghosts - Undertow (1994)"
    for peer in range(100):
        raws = [
            dataclasses.replace(
                files(folder)[0],
                path=f"{folder}\\{track.number:03d} - {track.title}.flac",
                seconds=int(track.seconds or 0),
            )
            for track in many
        ]
        bench.source.share(f"peer{peer}", folder, *raws)
    search = make_search(bench, wanted)
    assert search.find(ASKED)
    why = latest(search)
    assert len(why.offers) == 50
    assert sum(len(offer["map"]) for offer in why.offers) <= 400
    assert sum(entry["count"] for entry in why.others) == 50


def test_seconds_are_those_of_the_files() -> None:
    """The scene itself is sound: the lengths of the files are those of the tracks."""
    assert [file.seconds for file in files("x")] == list(SECONDS)
