"""What is done to an album before Lidarr is told: heard, fitted, tagged, rehearsed, refused."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import pytest

from soulspot_arr import audio, disk
from soulspot_arr.catalogue import codec
from soulspot_arr.domain import FailureKind, GrabState, Offer, OfferFile
from soulspot_arr.rules import offers
from tests.soulspot_arr.undertow import (
    ALBUM,
    EDITION,
    FOLDER,
    LENGTHS,
    TITLES,
    Killed,
    names,
    nobody_answers,
    sound,
    stored,
    told,
    track,
)
from tests.soulspot_arr.workshop import Bench


@pytest.fixture
def stage(bench: Bench) -> Bench:
    """A bench whose catalogue knows the album."""
    bench.catalogue.albums.append(ALBUM)
    return bench


# -- the good way ----------------------------------------------------------------------------------


def test_untagged_files_get_the_tags_that_lidarr_reads(stage: Bench) -> None:
    """Names, numbers and ids of the edition they are, and not a byte of sound is changed."""
    files = names()
    nzo_id = stage.arrived(files, folder=FOLDER)
    before = {}
    for name, data in files.items():
        (stage.root.parent / name).write_bytes(data)
        before[name] = audio.fingerprint(stage.root.parent / name)
    assert stage.completion.run() == 1
    found = stored(stage, nzo_id)
    assert {path.name: audio.fingerprint(path) for path in found} == before
    for number, path in enumerate(found, start=1):
        tags = audio.read_tags(path)
        assert (tags.title, tags.track, tags.disc) == (TITLES[number - 1], number, 1)
        assert (tags.album, tags.album_artist, tags.year) == ("Undertow", "Cello", 1994)
        assert (tags.release_id, tags.recording_id) == ("edition-1", f"recording-{number}")
    noted = stage.grab(nzo_id).rehearsal
    assert noted is not None
    assert (noted["edition"], noted["tagged"]) == ("edition-1", 3)
    assert noted["distance"] <= 0.15
    assert noted["files"][found[0].name]["track_id"] == "track-1"
    (words,) = told(stage, "grab.rehearsed")
    assert words.startswith("Rehearsed: Lidarr will take it as Undertow [US, 1994, 3 tracks]")


def test_on_both_databases(both: Bench) -> None:
    """What was measured and foreseen is kept alike."""
    both.catalogue.albums.append(ALBUM)
    nzo_id = both.arrived(names(), folder=FOLDER)
    assert both.prover.run() == 3
    assert both.prover.run() == 0
    assert both.completion.run() == 1
    grab = both.grab(nzo_id)
    assert grab.rehearsal is not None
    assert [row.verified["codec"] for row in both.files(nzo_id) if row.verified] == ["FLAC"] * 3


def test_the_album_is_asked_for_once_and_kept(stage: Bench) -> None:
    """The search kept one edition; all of them are asked for before the last file is here."""
    nzo_id = stage.arrived(names(), folder=FOLDER)
    assert stage.albums.run() == 1
    assert stage.albums.run() == 0
    asked = len(stage.catalogue.asked)
    assert stage.completion.run() == 1
    assert len(stage.catalogue.asked) == asked
    assert stage.grab(nzo_id).wanted_at is not None


def test_good_tags_are_left_alone(stage: Bench) -> None:
    """`when_needed` touches nothing that Lidarr does not stumble over."""
    files = {
        f"{number:02d}.flac": sound(
            seconds,
            artist="Cello",
            albumartist="Cello",
            album="Undertow",
            title=TITLES[number - 1],
            tracknumber=str(number),
            date="1994",
        )
        for number, seconds in enumerate(LENGTHS, start=1)
    }
    nzo_id = stage.arrived(files, folder=FOLDER)
    assert stage.completion.run() == 1
    assert {path.name: path.read_bytes() for path in stored(stage, nzo_id)} == files
    assert "Tags written" not in told(stage, "grab.rehearsed")[0]


@pytest.mark.parametrize(("mode", "written"), [("always", True), ("never", False)])
def test_when_tags_are_written(stage: Bench, mode: str, written: bool) -> None:
    """By setting: always, also where it is not needed, or never."""
    stage.settings.patch({"completion.tags": mode})
    files = {
        f"{number:02d}.flac": sound(
            seconds,
            artist="Cello",
            album="Undertow",
            title=TITLES[number - 1],
            tracknumber=str(number),
        )
        for number, seconds in enumerate(LENGTHS, start=1)
    }
    nzo_id = stage.arrived(files, folder=FOLDER)
    assert stage.completion.run() == 1
    tags = [audio.read_tags(path) for path in stored(stage, nzo_id)]
    assert [one.release_id for one in tags] == (["edition-1"] * 3 if written else [None] * 3)


def test_another_edition_is_found_by_its_sound(stage: Bench) -> None:
    """Whatever the search took the folder for: the files are the longer edition, and become it."""
    bonus = replace(EDITION, id="edition-2", monitored=False)
    bonus = replace(bonus, tracks=(*EDITION.tracks, track(4, 31, "Bonus")))
    stage.catalogue.albums[:] = [replace(ALBUM, editions=(EDITION, bonus))]
    files = {**names(), "04 - Bonus.flac": sound(31, seed=4)}
    nzo_id = stage.arrived(files, folder=FOLDER)
    assert stage.completion.run() == 1
    noted = stage.grab(nzo_id).rehearsal
    assert noted is not None
    assert noted["edition"] == "edition-2"


# -- refusals --------------------------------------------------------------------------------------


def test_a_track_in_another_version_comes_from_somebody_else(stage: Bench) -> None:
    """The right title on the wrong sound: that one file goes back, the others stay."""
    nzo_id = stage.arrived(names((5, 19, 20)), folder=FOLDER)
    right = sound(12, seed=9)
    paths = [f"{FOLDER}\\{name}" for name in names()]
    sizes = [len(data) for data in names().values()]
    sizes[1] = len(right)
    files = tuple(
        OfferFile(path, path, size, seconds=length)
        for path, size, length in zip(paths, sizes, LENGTHS, strict=True)
    )
    with stage.db.write() as session:
        grab = session.merge(stage.grab(nzo_id))
        grab.offers = [*grab.offers, *offers.to_json([Offer("slskd", "ben", files)])]
    assert stage.completion.run() == 0
    assert stage.grab(nzo_id).status == GrabState.DOWNLOADING
    rows = {row.position: row for row in stage.files(nzo_id)}
    assert [rows[at].status for at in sorted(rows)].count("waiting") >= 1
    gone = [row for row in stage.files(nzo_id, 0) if not row.current]
    assert [row.failure_kind for row in gone] == [FailureKind.NOT_IMPORTABLE]
    assert "0:19" in str(gone[0].failure_message)
    assert "0:12" in str(gone[0].failure_message)


def test_another_album_fails_with_the_reason(stage: Bench) -> None:
    """When nobody has it as it should be, nothing is reported, nothing is left over."""
    nzo_id = stage.arrived(names((40, 50, 60)), folder=FOLDER)
    assert stage.completion.run() == 0
    grab = stage.grab(nzo_id)
    assert grab.status == GrabState.FAILED
    assert grab.failure_kind == FailureKind.NOT_IMPORTABLE
    assert grab.failure_message
    assert len(stage.events("grab.refused")) == 1
    stage.cleanup.run()
    assert [path for path in stage.root.rglob("*.flac") if path.is_file()] == []


def test_nobody_is_blamed_for_another_edition(stage: Bench) -> None:
    """A good file of another pressing speaks against no peer."""
    stage.arrived(names((40, 50, 60)), folder=FOLDER)
    stage.completion.run()
    assert not stage.events("peer.blocked")


def test_without_tags_and_with_never_it_is_refused(stage: Bench) -> None:
    """Lidarr rejects what has no titles in its tags (contract lidarr §9.5)."""
    stage.settings.patch({"completion.tags": "never"})
    nzo_id = stage.arrived(names(), folder=FOLDER)
    assert stage.completion.run() == 0
    assert stage.grab(nzo_id).status == GrabState.FAILED


def test_without_a_rehearsal_it_is_reported_all_the_same(stage: Bench) -> None:
    """A person may want Lidarr to say no by itself; it is told beforehand."""
    stage.settings.patch({"completion.rehearse": False})
    nzo_id = stage.arrived(names((40, 50, 60)), folder=FOLDER)
    assert stage.completion.run() == 1
    assert stage.grab(nzo_id).rehearsal is None
    assert told(stage, "grab.unrehearsed")[0].startswith("Lidarr may refuse it: ")


def test_an_album_that_nobody_knows_is_reported_unrehearsed(bench: Bench) -> None:
    """Without any tracks to compare with there is nothing to foretell."""
    bench.arrived(names(), folder=FOLDER)
    assert bench.completion.run() == 1
    assert len(told(bench, "grab.unrehearsed")) == 1


def test_a_silent_catalogue_is_waited_for_and_not_for_ever(stage: Bench) -> None:
    """As long as a restart takes, and no longer."""
    stage.catalogue.albums[:] = []
    nobody_answers(stage)
    nzo_id = stage.arrived(names(), folder=FOLDER)
    assert stage.completion.run() == 0
    assert stage.grab(nzo_id).note == "Waiting for the catalogue to answer."
    stage.clock.advance(119)
    assert stage.completion.run() == 0
    stage.clock.advance(2)
    assert stage.completion.run() == 1


def test_lidarr_may_mean_another_album_of_that_name(stage: Bench) -> None:
    """What it told after the grab counts more than what the search believed."""
    other = replace(
        ALBUM, album_id="album-2", editions=(replace(EDITION, id="edition-9"),), year=2001
    )
    nzo_id = stage.arrived(names(), folder=FOLDER)
    assert stage.albums.run() == 1
    stage.catalogue.albums.append(other)
    with stage.db.write() as session:
        session.merge(stage.grab(nzo_id)).album_id = "album-2"
    assert stage.completion.run() == 1
    noted = stage.grab(nzo_id).rehearsal
    assert noted is not None
    assert noted["edition"] == "edition-9"


def test_files_beside_the_album_are_left_out(stage: Bench) -> None:
    """A hidden copy beside a complete edition costs nobody the album."""
    files = {**names(), "00 - Interview.flac": sound(44, seed=7)}
    nzo_id = stage.arrived(files, folder=FOLDER)
    assert stage.completion.run() == 1
    assert [path.name for path in stored(stage, nzo_id)] == sorted(names())
    grab = stage.grab(nzo_id)
    assert grab.file_count == 3
    assert grab.total_bytes == sum(map(len, names().values()))
    assert len(told(stage, "grab.left_out")) == 1


# -- as they land ----------------------------------------------------------------------------------


def _on_its_way(stage: Bench, files: dict[str, bytes]) -> tuple[str, list[str]]:
    """A grab whose first file has landed and whose others have not."""
    paths = [f"{FOLDER}\\{name}" for name in files]
    listed = tuple(
        OfferFile(path, path, len(data)) for path, data in zip(paths, files.values(), strict=True)
    )
    nzo_id = stage.asked(Offer("slskd", "anna", listed))
    for path, data in zip(paths, files.values(), strict=True):
        stage.source.contents(path, data)
    stage.source.succeed(paths[0], peer="anna", write=True)
    stage.calm()
    stage.look()
    return nzo_id, paths


def test_files_are_heard_as_they_land(stage: Bench) -> None:
    """So nothing is left to hear when the last one has come; none is heard twice."""
    nzo_id, paths = _on_its_way(stage, names())
    assert "prove" in stage.wakes
    assert stage.prover.run() == 1
    assert stage.prover.run() == 0
    facts = stage.files(nzo_id)[0].verified
    assert facts is not None
    assert facts["codec"] == "FLAC"
    assert facts["seconds"] == pytest.approx(5, abs=0.1)
    for path in paths[1:]:
        stage.source.succeed(path, peer="anna", write=True)
    stage.calm()
    stage.look()
    assert stage.prover.run() == 2
    assert stage.completion.run() == 1


def test_a_bad_file_goes_back_before_the_others_are_here(stage: Bench) -> None:
    """Nobody waits for an album that is spoilt already."""
    files = names()
    first = next(iter(files))
    nzo_id, _ = _on_its_way(stage, files | {first: b"nothing at all" * 99})
    stage.prover.run()
    (broken,) = [row for row in stage.files(nzo_id, 0) if row.failure_kind]
    assert broken.failure_kind == FailureKind.CORRUPT
    assert broken.verified is None


def test_what_was_offered_has_to_come(stage: Bench) -> None:
    """24 bits were promised, 16 came (codec, bit depth and bitrate as offered)."""
    nzo_id = stage.arrived(names(), folder=FOLDER, quality="FLAC 24bit")
    assert stage.completion.run() == 0
    kinds = {row.failure_kind for row in stage.files(nzo_id, 0)}
    assert FailureKind.INVALID_FORMAT in kinds


# -- interruptions ---------------------------------------------------------------------------------


@pytest.mark.parametrize("at", range(7))
def test_killed_while_tagging(stage: Bench, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    """Before or after any replacement the next run ends with whole, tagged files, each once."""
    nzo_id = stage.arrived(names(), folder=FOLDER)
    real, steps = os.replace, iter(range(100))

    def replace_or_die(source: Path, target: Path) -> None:
        if next(steps) == at:
            raise Killed
        real(source, target)
        if next(steps) == at:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", replace_or_die)
        with pytest.raises(Killed):
            stage.completion.run()
    again = Bench(stage.db, stage.clock, stage.root)
    again.catalogue.albums.append(ALBUM)
    assert again.completion.run() == 1
    assert [path.name for path in stored(again, nzo_id)] == sorted(names())
    assert [audio.read_tags(path).title for path in stored(again, nzo_id)] == list(TITLES)


def test_names_from_the_search_do_not_end_the_wait(stage: Bench) -> None:
    """A search that nobody answered in time leaves names without tracks: those rehearse nothing."""
    stage.catalogue.albums[:] = []
    nobody_answers(stage)
    nzo_id = stage.arrived(names((5, 19, 20)), folder=FOLDER)
    with stage.db.write() as session:
        session.merge(stage.grab(nzo_id)).wanted = codec.to_json(replace(ALBUM, editions=()))
    assert stage.completion.run() == 0
    assert stage.grab(nzo_id).status == GrabState.PROCESSING
    stage.catalogue.albums.append(ALBUM)
    stage.clock.advance(30)
    assert stage.completion.run() == 0
    assert stage.grab(nzo_id).status == GrabState.FAILED, "one track is another version"


def test_a_lidarr_that_never_answered_is_not_waited_for(stage: Bench) -> None:
    """W05, W07: a wrong address or key of its API disturbs no import."""
    stage.catalogue.albums[:] = []
    stage.catalogue.settled = False
    stage.arrived(names(), folder=FOLDER)
    assert stage.completion.run() == 1


def test_what_took_the_place_of_a_file_is_no_peers_fault(
    stage: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link where our file was: it waits, nothing is thrown away, nobody is blamed."""
    nzo_id = stage.arrived(names(), folder=FOLDER)
    tidy = disk.remove_others

    def swap(folder: Path, keep: Collection[Path]) -> None:
        tidy(folder, keep)
        path = min(keep)
        path.rename(stage.root.parent / "aside.flac")
        path.symlink_to(stage.root.parent / "aside.flac")

    monkeypatch.setattr(disk, "remove_others", swap)
    assert stage.completion.run() == 0
    assert "is no file any more" in str(stage.grab(nzo_id).note)
    assert stage.states(nzo_id) == ["completed"] * 3
