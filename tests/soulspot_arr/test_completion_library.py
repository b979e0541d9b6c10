"""Albums that no Lidarr takes, and covers: into the library of a person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from mutagen.flac import FLAC

from soulspot_arr import audio, disk
from soulspot_arr.domain import GrabState
from soulspot_arr.models import Grab
from tests.soulspot_arr.undertow import ALBUM, FOLDER, Killed, names, stored
from tests.soulspot_arr.workshop import Bench


@pytest.fixture
def stage(bench: Bench) -> Bench:
    """A bench whose catalogue knows the album."""
    bench.catalogue.albums.append(ALBUM)
    return bench


# -- the library of a person -----------------------------------------------------------------------


@pytest.fixture
def library(stage: Bench, other_disk: Path) -> Path:
    """A library folder on another disk, for grabs without a category."""
    stage.settings.patch({"library.folder": str(other_disk)})
    return other_disk


WHERE = [
    "Cello/Undertow (1994)/01 Current.flac",
    "Cello/Undertow (1994)/02 Deep End.flac",
    "Cello/Undertow (1994)/03 Shore.flac",
]


def listed(folder: Path) -> list[str]:
    """Every file below a folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_grab_of_nobody_goes_into_the_library(stage: Bench, library: Path) -> None:
    """Renamed by the template; the folder it came from is gone, and the new one is reported."""
    nzo_id = stage.arrived(names(), folder=FOLDER, category="*")
    assert stage.completion.run() == 1
    assert listed(library) == WHERE
    assert stage.grab(nzo_id).storage_path == str(library / "Cello" / "Undertow (1994)")
    stage.cleanup.run()
    assert listed(stage.root) == []


def test_what_lidarr_wants_stays_where_it_is_told(stage: Bench, library: Path) -> None:
    """The category tells whose it is."""
    nzo_id = stage.arrived(names(), folder=FOLDER, category="music")
    assert stage.completion.run() == 1
    assert listed(library) == []
    assert len(stored(stage, nzo_id)) == 3


@pytest.mark.parametrize("at", range(6))
def test_killed_on_the_way_into_the_library(
    stage: Bench, library: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """Whatever was moved by then: each file is there once, and once only."""
    nzo_id = stage.arrived(names(), folder=FOLDER, category="*")
    steps = iter(range(100))
    move, tidy = disk.move_whole, disk.remove_tree

    def move_or_die(source: Path, target: Path, *, root: Path, keep: bool = False) -> None:
        if root == library and next(steps) == at:
            raise Killed
        move(source, target, root=root, keep=keep)

    def tidy_or_die(path: Path, *, root: Path) -> None:
        if next(steps) >= min(at, 3):
            raise Killed
        tidy(path, root=root)

    with monkeypatch.context() as patch:
        patch.setattr(disk, "move_whole", move_or_die)
        patch.setattr(disk, "remove_tree", tidy_or_die)
        with pytest.raises(Killed):
            stage.completion.run()
    again = Bench(stage.db, stage.clock, stage.root)
    again.catalogue.albums.append(ALBUM)
    assert again.completion.run() == 1
    assert listed(library) == WHERE
    assert again.grab(nzo_id).status == GrabState.COMPLETED
    with again.db.read() as session:
        assert session.get(Grab, again.grab(nzo_id).id) is not None


# -- covers ----------------------------------------------------------------------------------------

JPEG = b"\xff\xd8\xff\xe0" + bytes(200)


def with_cover(stage: Bench, *, how: str) -> list[tuple[str, str]]:
    """The bench with an archive that has a cover; what it is asked for."""
    asked: list[tuple[str, str]] = []

    def find(release: str, album: str) -> audio.Cover:
        asked.append((release, album))
        return audio.Cover(JPEG)

    stage.settings.patch({"completion.cover": how})
    stage.finish_with(find)
    return asked


def test_a_cover_is_embedded_where_none_is(stage: Bench) -> None:
    """Asked once for the album, put into each file that is tagged."""
    asked = with_cover(stage, how="embed")
    nzo_id = stage.arrived(names(), folder=FOLDER)
    assert stage.completion.run() == 1
    assert asked == [("edition-1", "album-1")]
    for path in stored(stage, nzo_id):
        flac: Any = FLAC
        (picture,) = flac(path).pictures
        assert picture.data == JPEG


def test_a_cover_lies_beside_the_files(stage: Bench, library: Path) -> None:
    """It goes into the library with them."""
    with_cover(stage, how="file")
    stage.arrived(names(), folder=FOLDER, category="*")
    assert stage.completion.run() == 1
    assert listed(library) == [*WHERE, "Cello/Undertow (1994)/cover.jpg"]
