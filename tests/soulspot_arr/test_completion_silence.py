"""Files without a sound: found where the others sound, and no fault where silence is the track."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from soulspot_arr.db import Database
from soulspot_arr.domain import FailureKind, GrabState
from tests.fakes.clock import FakeClock
from tests.soulspot_arr.audio import making
from tests.soulspot_arr.undertow import ALBUM, EDITION, FOLDER, LENGTHS, TITLES, sound
from tests.soulspot_arr.workshop import Bench


def album(*silent: int) -> dict[str, bytes]:
    """The album, with these tracks silent."""
    files = {}
    for number, seconds in enumerate(LENGTHS, start=1):
        name = f"{number:02d} - {TITLES[number - 1]}.flac"
        if number in silent:
            files[name] = making.encoded("flac", seconds, quiet=True)
        else:
            files[name] = sound(seconds, seed=number)
    return files


@pytest.fixture
def stage(sqlite_database: Database, clock: FakeClock, tmp_path: Path) -> Bench:
    """A bench that listens to every frame."""
    bench = Bench(
        sqlite_database, clock, tmp_path / "root", pins={"SOULSPOT_QUEUE_RESCUE": "false"}
    )
    bench.catalogue.albums.append(ALBUM)
    return bench


def test_one_silent_file_among_others_goes_back(stage: Bench) -> None:
    """It has the right length and holds nothing."""
    nzo_id = stage.arrived(album(2), folder=FOLDER)
    assert stage.completion.run() == 0
    (gone,) = [row for row in stage.files(nzo_id, 0) if row.failure_kind]
    assert gone.failure_kind == FailureKind.NOT_IMPORTABLE
    assert gone.failure_message == "02 - Deep End.flac is silent from beginning to end."


def test_silence_may_be_the_track(stage: Bench) -> None:
    """Then it is what was wanted."""
    tracks = [replace(one, title="[silence]") if one.number == 2 else one for one in EDITION.tracks]
    edition = replace(EDITION, tracks=tuple(tracks))
    stage.catalogue.albums[:] = [replace(ALBUM, editions=(edition,))]
    stage.arrived(album(2), folder=FOLDER)
    assert stage.completion.run() == 1


def test_an_album_that_is_all_silence_is_not_judged_by_it(stage: Bench) -> None:
    """There are such records; lengths and tracks have to do."""
    nzo_id = stage.arrived(album(1, 2, 3), folder=FOLDER)
    assert stage.completion.run() == 1
    assert stage.grab(nzo_id).status == GrabState.COMPLETED


def test_by_setting_silence_is_let_through(stage: Bench) -> None:
    """A person may know better."""
    stage.settings.patch({"completion.silence": False})
    stage.arrived(album(2), folder=FOLDER)
    assert stage.completion.run() == 1
