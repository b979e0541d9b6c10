"""The tags that are foretold are those that the writer writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from soulspot_arr.audio import TagMode, read_tags, tags_of, write_tags
from soulspot_arr.audio.tags import missed
from soulspot_arr.rules.fitting import WRITABLE, written
from soulspot_arr.rules.rehearsal import FileTags
from soulspot_arr.wanted import Wanted, WantedTrack
from tests.soulspot_arr.audio.making import file_of
from tests.soulspot_arr.rules.fitting.jobs import album, edition, tracks

FULL = edition(
    (*tracks(2), WantedTrack("Coda", 2, 1, 60.0, "Viola")), year=2004, media=("CD", "Vinyl")
)
SAMPLER = album(FULL, artist="Various Artists")
POOR = album(edition(tracks(1, recording_id="", track_id=""), "", year=None), year=None)
STRANGE = FileTags(
    "01.flac",
    *("Old", "Somebody", "Somebody", "Older"),
    *(1980, 3, 4, 9, 11),
    media="Tape",
    release_id="x",
    release_group_id="x",
    recording_id="x",
    track_id="x",
    artist_id="x",
)


@pytest.mark.parametrize("proven", [True, False])
@pytest.mark.parametrize("there", [STRANGE, FileTags("01.flac")], ids=["strange", "bare"])
@pytest.mark.parametrize("wanted", [album(FULL), SAMPLER, POOR], ids=["full", "sampler", "poor"])
def test_nothing_is_missed(wanted: Wanted, there: FileTags, proven: bool) -> None:
    """Every value that the writer would prove after writing is in it."""
    of = wanted.editions[0]
    for track in of.tracks:
        found = written(there, wanted, of, track, proven=proven)
        assert missed(found, tags_of(wanted, of, track, proven=proven)) == ()
        assert found.path == there.path
        assert proven == (found.release_id == "first") or not of.id


@pytest.mark.parametrize("kind", ["flac", "mp3", "m4a", "opus"])
@pytest.mark.parametrize("proven", [True, False])
def test_the_writer_agrees(tmp_path: Path, kind: str, proven: bool) -> None:
    """A real file, tagged for one album and then for another, reads as was foretold."""
    path = file_of(tmp_path, kind, 0.3)
    of = SAMPLER.editions[0]
    write_tags(path, tags_of(album(FULL), FULL, FULL.tracks[0], proven=True), TagMode.ALWAYS)
    before = read_tags(path)
    write_tags(path, tags_of(SAMPLER, of, of.tracks[2], proven=proven), TagMode.ALWAYS)
    found = written(before, SAMPLER, of, of.tracks[2], proven=proven)
    assert read_tags(path) == found


def test_what_is_not_known_stays() -> None:
    """A poor catalogue takes nothing away."""
    found = written(STRANGE, POOR, POOR.editions[0], POOR.editions[0].tracks[0], proven=True)
    assert (found.year, found.recording_id, found.release_id) == (1980, "x", "x")
    assert (found.title, found.album) == ("Amber Light", "Nevermind")


@pytest.mark.parametrize("name", ["01.wav", "01.ape", "01.wma", "flac"])
def test_kinds_that_are_not_tagged(name: str) -> None:
    """They keep what they have."""
    tags = FileTags(name, title="Old")
    assert written(tags, album(FULL), FULL, FULL.tracks[0], proven=True) == tags
    assert "wav" not in WRITABLE
