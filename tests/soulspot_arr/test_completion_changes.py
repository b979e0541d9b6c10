"""What changes under a grab while it is finished: settings, the clock, folders, other people's files."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from soulspot_arr import audio, disk
from soulspot_arr.catalogue import codec
from soulspot_arr.completion.gathering import places_of
from soulspot_arr.domain import GrabState, Offer, OfferFile
from soulspot_arr.models import Download
from tests.soulspot_arr.undertow import (
    ALBUM,
    EDITION,
    FOLDER,
    Killed,
    names,
    nobody_answers,
    stored,
    track,
)
from tests.soulspot_arr.workshop import Bench


@pytest.fixture
def stage(bench: Bench) -> Bench:
    """A bench whose catalogue knows the album."""
    bench.catalogue.albums.append(ALBUM)
    return bench


def killed_at(stage: Bench, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> None:
    """One run that ends when this function is called."""

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, die)
        with pytest.raises(Killed):
            stage.completion.run()


def listed(folder: Path) -> list[str]:
    """Every file below a folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


# -- settings --------------------------------------------------------------------------------------


def test_another_folder_for_finished_grabs(
    stage: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was begun in the old one is ended in the new one; no peer is blamed for it."""
    nzo_id = stage.arrived(names(), folder=FOLDER)
    killed_at(stage, monkeypatch, stage.completion, "_report")
    stage.settings.patch({"paths.complete_dir": str(tmp_path / "other")})
    assert stage.completion.run() == 1
    grab = stage.grab(nzo_id)
    assert Path(str(grab.storage_path)).is_relative_to(tmp_path / "other")
    assert len(stored(stage, nzo_id)) == 3


def test_report_mode_while_files_are_gathered_already(
    stage: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reported is where they are, not where slskd has put them."""
    nzo_id = stage.arrived(names(), folder=FOLDER)
    killed_at(stage, monkeypatch, stage.completion, "_report")
    stage.settings.patch({"completion.mode": "report"})
    assert stage.completion.run() == 1
    assert [path.name for path in stored(stage, nzo_id)] == sorted(names())


@pytest.mark.parametrize("change", ["off", "elsewhere"])
def test_the_library_is_changed_before_the_report(
    stage: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """The files follow the setting; whatever else lies in the folder of the album stays there."""
    library, other = tmp_path / "library", tmp_path / "other"
    template = "{album_artist}/{album}/{track} - {title}"
    stage.settings.patch({"library.folder": str(library), "library.template": template})
    nzo_id = stage.arrived(names(), folder=FOLDER, category="*")
    album = library / "Cello" / "Undertow"
    album.mkdir(parents=True)
    (album / "booklet.pdf").write_text("mine")
    killed_at(stage, monkeypatch, stage.completion, "_report")
    stage.settings.patch({"library.folder": "" if change == "off" else str(other)})
    assert stage.completion.run() == 1
    assert listed(library) == ["Cello/Undertow/booklet.pdf"]
    storage = Path(str(stage.grab(nzo_id).storage_path))
    assert storage.is_relative_to(other if change == "elsewhere" else stage.root)
    assert listed(storage) == sorted(names())


def test_a_library_around_the_folder_of_finished_grabs(stage: Bench) -> None:
    """Lying there for a while is not yet being shelved."""
    stage.settings.patch({"library.folder": str(stage.root.parent)})
    stage.catalogue.albums.clear()
    nobody_answers(stage)
    nzo_id = stage.arrived(names(), folder=FOLDER, category="*")
    assert stage.completion.run() == 0
    stage.catalogue.albums.append(ALBUM)
    assert stage.completion.run() == 1
    assert stage.grab(nzo_id).storage_path == str(stage.root.parent / "Cello" / "Undertow (1994)")


def test_a_place_in_the_library_that_is_taken_meanwhile(
    stage: Bench, other_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is covered, and taken up again the files are still called what their tags say."""
    stage.settings.patch({"library.folder": str(other_disk)})
    stage.arrived(names(), folder=FOLDER, category="*")
    theirs = other_disk / "Cello" / "Undertow (1994)" / "03 Shore.flac"
    real = disk.move_whole

    def meanwhile(source: Path, target: Path, *, root: Path, keep: bool = False) -> None:
        real(source, target, root=root, keep=keep)
        if target.name == "01 Current.flac":
            theirs.write_text("mine")

    with monkeypatch.context() as patch:
        patch.setattr(disk, "move_whole", meanwhile)
        assert stage.completion.run() == 0
    assert stage.completion.run() == 1
    assert theirs.read_text() == "mine"
    names_there = sorted(path.name for path in theirs.parent.iterdir())
    wanted = ["01 Current.flac", "02 Deep End.flac", "03 Shore (2).flac", "03 Shore.flac"]
    assert names_there == wanted
    assert [path for path in other_disk.iterdir() if path.name != "Cello"] == []


# -- the clock and the catalogue -------------------------------------------------------------------


def test_asked_ahead_a_silent_catalogue_is_waited_for_all_the_same(stage: Bench) -> None:
    """That nobody answered while the files were still coming is no answer."""
    stage.catalogue.albums.clear()
    nobody_answers(stage)
    nzo_id = stage.arrived(names(), folder=FOLDER)
    stage.albums.run()
    assert stage.completion.run() == 0
    assert stage.grab(nzo_id).note == "Waiting for the catalogue to answer."


def test_nothing_is_refused_for_want_of_an_answer(stage: Bench) -> None:
    """The search kept one edition, and the files are another one: who knows all of them is awaited."""
    longer = replace(EDITION, id="edition-2", tracks=(*EDITION.tracks, track(4, 31, "Bonus")))
    stage.catalogue.albums.clear()
    nobody_answers(stage)
    nzo_id = stage.arrived(names(), folder=FOLDER)
    with stage.db.write() as session:
        kept = codec.to_json(replace(ALBUM, editions=(longer,)))
        session.merge(stage.grab(nzo_id)).wanted = kept
    stage.albums.run()
    assert stage.completion.run() == 0
    assert stage.grab(nzo_id).note == "Waiting for the catalogue to answer."
    stage.catalogue.albums.append(ALBUM)
    assert stage.completion.run() == 1


def test_without_an_answer_what_the_search_kept_has_to_do(stage: Bench) -> None:
    """Where it fits nobody is waited for; where it does not, not for ever."""
    stage.catalogue.albums.clear()
    nobody_answers(stage)
    fits = stage.arrived(names(), folder=FOLDER)
    other = stage.arrived(names((40, 50, 60)), folder=f"{FOLDER} 2", title="other")
    with stage.db.write() as session:
        for nzo_id in (fits, other):
            session.merge(stage.grab(nzo_id)).wanted = codec.to_json(ALBUM)
    assert stage.completion.run() == 1
    assert stage.grab(other).status == GrabState.PROCESSING
    stage.clock.advance(121)
    stage.completion.run()
    assert stage.grab(other).status == GrabState.FAILED


def test_a_clock_that_is_set_back_does_not_keep_us_from_asking(stage: Bench) -> None:
    """An album that was unknown a moment ago is asked for again, whatever the clock says."""
    stage.catalogue.albums.clear()
    nzo_id = stage.arrived(names(), folder=FOLDER)
    stage.albums.run()
    stage.catalogue.albums.append(ALBUM)
    stage.clock.advance(-86_400)
    assert stage.albums.run() == 1
    assert stage.grab(nzo_id).wanted_at is not None


# -- files -----------------------------------------------------------------------------------------


def test_what_changes_while_it_is_heard_is_heard_again(
    stage: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was measured holds for the bytes that were there before, and for no others."""
    nzo_id = stage.arrived(names(), folder=FOLDER)
    real = audio.verify

    def meanwhile(path: Path, *how: Any) -> audio.Verification:
        verdict = real(path, *how)
        stage.calm(path.parent, seconds=9)
        return verdict

    with monkeypatch.context() as patch:
        patch.setattr(audio, "verify", meanwhile)
        stage.prover.run()
    assert [row.verified for row in stage.files(nzo_id)].count(None) > 0
    stage.prover.run()
    assert [row.verified for row in stage.files(nzo_id)].count(None) == 0


def test_a_file_that_is_still_written_is_not_condemned(stage: Bench) -> None:
    """It has its whole length at once, and its sound a moment later (contract slskd §5.10)."""
    nzo_id = stage.arrived(names(), folder=FOLDER)
    first, *_ = sorted((stage.root / "soulspot-incoming" / nzo_id / "0").iterdir())
    whole = first.read_bytes()
    first.write_bytes(bytes(len(whole)))
    now = stage.clock().timestamp()
    os.utime(first, (now, now))
    stage.prover.run()
    assert stage.completion.run() == 0
    assert stage.states(nzo_id) == ["completed"] * 3
    first.write_bytes(whole)
    stage.calm()
    assert stage.completion.run() == 1


def test_no_two_files_get_one_name(tmp_path: Path) -> None:
    """Also when the name that is to tell two apart is the name of a third."""
    files = [
        Download(id=at, position=at, disc=0, remote_path=path, placed_path=None)
        for at, path in enumerate(("M\\x.flac", "M\\002 x.flac", "M\\b\\x.flac"))
    ]
    assert len(set(places_of(files, tmp_path).values())) == 3


def test_a_link_in_place_of_our_folder_is_not_followed(
    stage: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies behind it is somebody else's."""
    nzo_id = stage.arrived(names(), folder=FOLDER)
    killed_at(stage, monkeypatch, disk, "remove_others")
    storage = Path(str(stage.grab(nzo_id).storage_path))
    theirs = tmp_path / "theirs"
    storage.rename(theirs)
    (theirs / "diary.txt").write_text("mine")
    storage.symlink_to(theirs)
    assert stage.completion.run() == 0
    assert "is a link" in str(stage.grab(nzo_id).note)
    assert (theirs / "diary.txt").read_text() == "mine"


def test_a_folder_that_has_vanished_is_fetched_again_at_once(
    stage: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not one file after the other, each with a patience of its own."""
    nzo_id = stage.arrived(names(), folder=FOLDER)
    killed_at(stage, monkeypatch, stage.completion, "_report")
    shutil.rmtree(str(stage.grab(nzo_id).storage_path))
    assert stage.completion.run() == 0
    assert "to appear" in str(stage.grab(nzo_id).note)
    stage.clock.advance(301)
    assert stage.completion.run() == 0
    assert stage.states(nzo_id) == ["waiting"] * 3
    assert {row.failure_kind for row in stage.files(nzo_id)} == {"vanished"}
    assert stage.grab(nzo_id).note is None


def test_discs_that_an_older_version_put_apart(stage: Bench) -> None:
    """Half of an album lies in the folder of a disc already: it is found there and ends as all do."""
    data = list(names().values())[:2]
    paths = [f"{FOLDER}\\CD{disc}\\01.flac" for disc in (1, 2)]
    files = [
        OfferFile(path, path, len(sound), disc)
        for disc, (path, sound) in enumerate(zip(paths, data, strict=True), start=1)
    ]
    tracks = [replace(one, disc=one.number, number=1) for one in EDITION.tracks[:2]]
    edition = replace(EDITION, tracks=tuple(tracks))
    stage.catalogue.albums[:] = [replace(ALBUM, editions=(edition,))]
    contents = dict(zip(paths, data, strict=True))
    nzo_id = stage.delivered(Offer("slskd", "anna", tuple(files)), contents)
    storage = stage.root / "soulspot" / "music" / "old"
    older = storage / "CD1" / "01.flac"
    older.parent.mkdir(parents=True)
    next(stage.root.glob("soulspot-incoming/*/0/CD1/01.flac")).rename(older)
    with stage.db.write() as session:
        session.merge(stage.grab(nzo_id)).storage_path = str(storage)
        session.merge(stage.files(nzo_id)[0]).placed_path = str(older)
    assert stage.completion.run() == 1
    assert listed(storage) == ["1-01.flac", "2-01.flac"]


def test_half_a_cover_is_never_left(stage: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cover is never worth a failure, and half of one is worth nothing."""
    stage.settings.patch({"completion.cover": "file"})
    stage.finish_with(lambda release, album: audio.Cover(b"\xff\xd8\xff" + bytes(100)))
    real = Path.write_bytes

    def full(path: Path, data: bytes) -> int:
        real(path, data[:50])
        raise OSError(28, "No space left on device")

    nzo_id = stage.arrived(names(), folder=FOLDER)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        assert stage.completion.run() == 1
    assert [path.name for path in stored(stage, nzo_id)] == sorted(names())
