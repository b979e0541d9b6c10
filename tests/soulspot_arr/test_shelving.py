"""Files moved into a library folder: nothing there is overwritten, and every stop can be gone on from."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from soulspot_arr import disk
from soulspot_arr.errors import DiskFull
from soulspot_arr.rules.shelving import ShelfTags
from soulspot_arr.shelving import NOTE, begun, shelve

TEMPLATE = "{album_artist}/{album} ({year})/{disc_track} {title}"
TITLES = ("One", "Two", "Three")
ALBUM = "Cello/Undertow (1994)"


class Killed(BaseException):
    """The process ends here."""


class Stage:
    """A grab of three files on two discs, and a library."""

    def __init__(self, root: Path) -> None:
        self.job = root / "job"
        self.library = root / "library"
        self.library.mkdir()
        self.files: dict[Path, ShelfTags] = {}
        for number, title in enumerate(TITLES, start=1):
            disc = 1 if number < 3 else 2
            path = self.job / f"CD{disc}" / f"{title}.flac"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"sound of {title}")
            self.files[path] = ShelfTags(
                title, "Cello", "Undertow", "Cello", 1994, number, disc, discs=2
            )

    def shelve(self) -> list[str]:
        """The new paths, as below the library."""
        found = shelve(self.files, self.library, TEMPLATE)
        return [str(path.relative_to(self.library)) for path in found]

    @property
    def shelved(self) -> dict[str, str]:
        """What lies in the library, by path."""
        return {
            str(path.relative_to(self.library)): path.read_text()
            for path in sorted(self.library.rglob("*"))
            if path.is_file()
        }


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A stage on one disk."""
    return Stage(tmp_path)


PLACES = [f"{ALBUM}/1-01 One.flac", f"{ALBUM}/1-02 Two.flac", f"{ALBUM}/2-03 Three.flac"]
WHOLE = {place: f"sound of {title}" for place, title in zip(PLACES, TITLES, strict=True)}


def other_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every move a copy, as between two disks."""
    monkeypatch.setattr(disk, "_renamed", lambda source, target: False)


def test_files_move_to_where_the_template_says(stage: Stage) -> None:
    """In the order of the files; nothing is left where they were."""
    assert stage.shelve() == PLACES
    assert stage.shelved == WHOLE
    assert not any(path.exists() for path in stage.files)


def test_to_another_disk(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Copied whole, and no unfinished copy is left."""
    other_disk(monkeypatch)
    assert stage.shelve() == PLACES
    assert stage.shelved == WHOLE


def test_what_lies_there_is_never_overwritten(stage: Stage) -> None:
    """Not a file, not a folder, not a link that leads nowhere."""
    folder = stage.library / ALBUM
    folder.mkdir(parents=True)
    (folder / "1-01 One.flac").write_text("somebody's own")
    (folder / "1-01 One (2).flac").mkdir()
    (folder / "1-02 Two.flac").symlink_to("nowhere")
    assert stage.shelve() == [
        f"{ALBUM}/1-01 One (3).flac",
        f"{ALBUM}/1-02 Two (2).flac",
        f"{ALBUM}/2-03 Three.flac",
    ]
    assert (folder / "1-01 One.flac").read_text() == "somebody's own"
    assert (folder / "1-02 Two.flac").is_symlink()


def test_equal_names_within_a_grab(stage: Stage) -> None:
    """They are told apart by a number, also where only their case differs."""
    stage.files = {
        path: ShelfTags(title, album_artist="Cello", album="Undertow", year=1994)
        for path, title in zip(stage.files, ("Same", "SAME", "Other"), strict=True)
    }
    assert stage.shelve() == [
        f"{ALBUM}/Same.flac",
        f"{ALBUM}/SAME (2).flac",
        f"{ALBUM}/Other.flac",
    ]


def test_nothing_to_do(stage: Stage) -> None:
    """No files, no note."""
    assert shelve({}, stage.library, TEMPLATE) == []
    assert stage.shelved == {}


# -- killed on the way -----------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["os.replace", "os.fsync", "pathlib.Path.unlink"])
@pytest.mark.parametrize("copied", [False, True], ids=["one disk", "two disks"])
@pytest.mark.parametrize("moment", range(1, 6))
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_anywhere_it_ends_the_same(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, call: str, copied: bool, moment: int, after: bool
) -> None:
    """Before or after each step on the disk: run again every file is whole in its place, once."""
    foreign = stage.library / ALBUM / "1-02 Two.flac"
    foreign.parent.mkdir(parents=True)
    foreign.write_text("somebody's own")
    if copied:
        other_disk(monkeypatch)
    owner, name = (os, call[3:]) if call.startswith("os.") else (Path, "unlink")
    real = getattr(owner, name)
    calls = []

    def deadly(*args: object, **named: object) -> object:
        calls.append(args)
        if len(calls) == moment and not after:
            raise Killed
        found = real(*args, **named)
        if len(calls) == moment:
            raise Killed
        return found

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, deadly)
        try:
            stage.shelve()
        except Killed:
            assert len(calls) == moment
    places = [place.replace("Two", "Two (2)") for place in PLACES]
    assert stage.shelve() == places
    assert stage.shelve() == places  # nobody wrote down that it had ended
    sounds = dict(zip(places, WHOLE.values(), strict=True))
    assert stage.shelved == sounds | {PLACES[1]: "somebody's own"}
    assert not any(path.exists() for path in stage.files)


def test_a_place_that_was_taken_since(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planned, stopped, and another grab of the album came first: it keeps its name."""
    with monkeypatch.context() as patch:
        patch.setattr(disk, "_renamed", _killed)
        with pytest.raises(Killed):
            stage.shelve()
    taken = stage.library / PLACES[0]
    taken.parent.mkdir(parents=True, exist_ok=True)
    taken.write_text("another grab's")
    assert stage.shelve()[0] == f"{ALBUM}/1-01 One (2).flac"
    assert taken.read_text() == "another grab's"
    assert stage.shelve()[0] == f"{ALBUM}/1-01 One (2).flac"


def _killed(*args: object) -> bool:
    raise Killed


def test_what_was_begun_is_known_from_the_folder_of_the_grab(stage: Stage) -> None:
    """Also where all files lie on one disc, and only until the folder goes."""
    assert begun(stage.job) == {}
    second = stage.job / "CD2" / "Three.flac"
    places = shelve({second: stage.files[second]}, stage.library, TEMPLATE)
    assert begun(stage.job) == {second: places[0]}
    assert begun(stage.job / "gone") == {}


def test_another_folder_since(stage: Stage, tmp_path: Path) -> None:
    """What was moved stays, the rest goes where the setting says now."""
    first, *rest = stage.files
    one = stage.library / PLACES[0]
    one.parent.mkdir(parents=True)
    first.replace(one)
    note = {
        str(path.relative_to(stage.job)): str(stage.library / place)
        for path, place in zip(stage.files, PLACES, strict=True)
    }
    (stage.job / NOTE).write_text(json.dumps(note))
    found = shelve(stage.files, tmp_path / "new", TEMPLATE)
    assert found == [one, *(tmp_path / "new" / place for place in PLACES[1:])]
    assert not any(path.exists() for path in rest)


@pytest.mark.parametrize("note", ["", "{", "[]", "null", '{"CD1/One.flac": 5}', '{"x": "/y"}'])
def test_a_damaged_note_is_none(stage: Stage, note: str) -> None:
    """The files are where they were, so they are planned anew."""
    (stage.job / NOTE).write_text(note)
    assert stage.shelve() == PLACES


def test_a_note_never_leads_outside(stage: Stage, tmp_path: Path) -> None:
    """Whoever wrote it."""
    outside = tmp_path / "outside.flac"
    (stage.job / NOTE).write_text(json.dumps({"CD1/One.flac": str(outside)}))
    assert stage.shelve() == PLACES
    assert not outside.exists()


# -- trouble ---------------------------------------------------------------------------------------


def test_a_file_that_vanished(stage: Stage) -> None:
    """It is said with its name; the others are not lost."""
    (stage.job / "CD1" / "Two.flac").unlink()
    with pytest.raises(DiskFull, match=r"Two\.flac"):
        stage.shelve()
    there = set(stage.shelved.values()) | {
        path.read_text() for path in stage.files if path.exists()
    }
    assert there == {"sound of One", "sound of Three"}


def test_a_file_in_the_place_of_a_folder(stage: Stage) -> None:
    """Nothing can be put there: a clear reason, nothing moved."""
    (stage.library / "Cello").write_text("not a folder")
    with pytest.raises(DiskFull, match="Cello"):
        stage.shelve()
    assert all(path.exists() for path in stage.files)


def test_a_grab_that_is_gone(stage: Stage) -> None:
    """The folder vanished with everything in it."""
    for path in stage.files:
        path.unlink()
        if not any(path.parent.iterdir()):
            path.parent.rmdir()
    stage.job.rmdir()
    with pytest.raises(DiskFull, match="No such file"):
        stage.shelve()
    assert stage.shelved == {}
