"""The library folder read back from the disk."""

from __future__ import annotations

import io
from pathlib import Path

from soulspot_arr.demo import telling
from soulspot_arr.demo.library import simple_album
from soulspot_arr.demo.screen import Screen
from soulspot_arr.demo.shelf import DIFFERENT, common, shelves
from soulspot_arr.simulator.audio import AudioSpec, tagged
from tests.soulspot_arr.demo.tiny_audio import write_album, write_audio

ONE = simple_album("Radiohead", "OK Computer", 1997, (("Airbag", 28), ("Lucky", 31)))
TWO = simple_album("Nadia Brandt", "Glass", 2011, (("Sand", 20),), (("Sea", 65),))


def test_every_folder_with_music_is_a_shelf(tmp_path: Path) -> None:
    """In their order, each with its own files; what is no music is passed over."""
    write_album(tmp_path / "b", ONE)
    write_album(tmp_path / "a", TWO, discs_in_folders=True)
    (tmp_path / "b" / "cover.jpg").write_bytes(b"picture")
    found = shelves(tmp_path)
    assert [str(folder) for folder, _ in found] == ["a/CD1", "a/CD2", "b"]
    titles = [[file.tags.title for file in files] for _, files in found]
    assert titles == [["Sand"], ["Sea"], ["Airbag", "Lucky"]]
    assert shelves(tmp_path / "nowhere") == []


def test_what_files_have_in_common() -> None:
    """One value, nothing, or the word for several."""
    assert common([1997, 1997]) == "1997"
    assert common([None, ""]) == ""
    assert common(["a", "b"]) == DIFFERENT


def test_a_shelf_is_told_with_tags_names_and_ids(tmp_path: Path) -> None:
    """Tags as they are in the file, whatever the name says."""
    song = {
        "artist": "Nadia Brandt",
        "album": "Glass",
        "title": "Sand",
        "tracknumber": "1",
        "date": "2011",
        "musicbrainz_trackid": "11111111-2222-3333-4444-555555555555",
    }
    (tmp_path / "Glass").mkdir()
    content = AudioSpec(2.0, tags=tagged(song)).content()
    (tmp_path / "Glass" / "one.flac").write_bytes(content)
    write_audio(
        tmp_path / "Glass" / "two.wav",
        61,
        title="Sea",
        artist="Nadia Brandt",
        album="Sea",
        number="2",
    )
    stream = io.StringIO()
    telling.library(Screen(stream, {}), tmp_path)
    told = stream.getvalue()
    assert "✓ Glass/" in told
    assert "tags: Nadia Brandt · different · different · MusicBrainz ids in 1 of 2" in told
    assert " 1 Sand  0:02  one.flac" in told
    assert " 2 Sea   1:01  two.wav" in told
