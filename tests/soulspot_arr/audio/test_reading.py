"""Reading tags as Lidarr does: which of several names counts, and what odd values become."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mutagen
import pytest
from mutagen.id3 import TALB, TIT2, TPE1, TRCK, TSOA, TSOT, TXXX

from soulspot_arr.audio import read_tags
from soulspot_arr.audio.reading import unsigned
from soulspot_arr.rules.rehearsal import FileTags
from tests.soulspot_arr.audio.making import KINDS, encoded, file_of, put


def tagged(path: Path, **values: Any) -> Path:
    """The file with these tags, as its own family names them."""
    opened: Any = mutagen.File
    audio = opened(path)
    if audio.tags is None:
        audio.add_tags()
    for name, value in values.items():
        audio.tags[name.replace("__", " ").replace("_slash_", "/")] = value
    audio.save()
    return path


def framed(path: Path, *frames: tuple[Any, dict[str, Any]]) -> Path:
    """The MP3 with these frames."""
    opened: Any = mutagen.File
    audio = opened(path)
    for kind, values in frames:
        audio.tags.add(kind(encoding=3, **values))
    audio.save()
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_tells_its_length(tmp_path: Path, kind: str) -> None:
    """Tags or not."""
    assert read_tags(file_of(tmp_path, kind)).seconds == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"ALBUM__ARTIST": "B"}, {"album_artist": "B"}),
        ({"ENSEMBLE": "C"}, {"album_artist": "C"}),
        ({"ALBUMARTIST": ["A", "X"], "ENSEMBLE": "C"}, {"album_artist": "A"}),
        ({"ARTIST": ["A", "B"]}, {"artist": "A"}),
        ({"TRACKNUMBER": "03/12"}, {"track": 3, "tracks": 12}),
        ({"TRACKNUMBER": "3/12", "TRACKTOTAL": "14"}, {"track": 3, "tracks": 14}),
        ({"TRACKNUMBER": "A1"}, {"track": 0}),
        ({"DISCNUMBER": "2", "DISCTOTAL": "2"}, {"disc": 2, "discs": 2}),
        ({"DISCNUMBER": "1", "TOTALDISCS": "2"}, {"disc": 1, "discs": 0}),
        ({"DATE": "1991-09-24"}, {"year": 1991}),
        ({"DATE": "199"}, {"year": 199}),
        ({"DATE": "Sept 91"}, {"year": 0}),
        ({"YEAR": "1991"}, {"year": 0}),
        ({"LABEL": "DGC", "ORGANIZATION": "X"}, {"label": "DGC"}),
        ({"ORGANIZATION": "X"}, {"label": None}),
        ({"LABEL": ["DGC", "Sub Pop"]}, {"label": None}),
        ({"RELEASECOUNTRY": "US"}, {"country": "US"}),
        ({"MUSICBRAINZ_ALBUMCOMMENT": "deluxe"}, {"comment": "deluxe"}),
        ({"MUSICBRAINZ_RELEASETRACKID": ["a", "b"]}, {"track_id": None}),
        ({"MUSICBRAINZ_ALBUMID": ["a", "b"]}, {"release_id": "a"}),
        ({"TITLESORT": "Sorted"}, {"title": "Sorted"}),
        ({"TITLE": "", "TITLESORT": "Sorted"}, {"title": ""}),
    ],
)
def test_xiph_comments(tmp_path: Path, values: dict[str, Any], expected: dict[str, Any]) -> None:
    """The names TagLib looks for, and no others."""
    found = read_tags(tagged(file_of(tmp_path, "flac"), **values))
    assert {name: getattr(found, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        ([(TIT2, {"text": ["A", "B"]})], {"title": "A; B"}),
        ([(TPE1, {"text": ["A", "B"]})], {"artist": "A"}),
        ([(TRCK, {"text": ["7/9"]})], {"track": 7, "tracks": 9}),
        ([(TALB, {"text": ["A"]}), (TSOA, {"text": ["B"]})], {"album": "A"}),
        ([(TSOT, {"text": ["B"]})], {"title": "B"}),
        ([(TXXX, {"desc": "MUSICBRAINZ album ID", "text": ["x"]})], {"release_id": "x"}),
        ([(TXXX, {"desc": "MusicBrainz Album Comment", "text": ["x", "y"]})], {"comment": None}),
    ],
)
def test_id3_frames(tmp_path: Path, frames: list[Any], expected: dict[str, Any]) -> None:
    """Several texts, user frames in any capitals."""
    found = read_tags(framed(file_of(tmp_path, "mp3"), *frames))
    assert {name: getattr(found, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"©nam": "A; B"}, {"title": "A"}),
        ({"trkn": [(3, 12)], "disk": [(1, 0)]}, {"track": 3, "tracks": 12, "disc": 1, "discs": 0}),
        ({"©day": "1991-09-24T07:00:00Z"}, {"year": 1991}),
        ({"aART": "A", "©ART": "B"}, {"album_artist": "A", "artist": "B"}),
    ],
)
def test_mp4_atoms(tmp_path: Path, values: dict[str, Any], expected: dict[str, Any]) -> None:
    """A semicolon ends a text there."""
    found = read_tags(tagged(file_of(tmp_path, "m4a"), **values))
    assert {name: getattr(found, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("wma", {"Title": "T", "WM_slash_AlbumTitle": "A", "WM_slash_TrackNumber": "3"}),
        ("wv", {"Title": "T", "Album": "A", "Track": "3/12"}),
    ],
)
def test_kinds_that_are_only_read(tmp_path: Path, kind: str, values: dict[str, str]) -> None:
    """Lidarr imports them by their tags as well."""
    found = read_tags(tagged(file_of(tmp_path, kind), **values))
    assert (found.title, found.album, found.track) == ("T", "A", 3)


@pytest.mark.parametrize("kind", ["wav", "aiff"])
def test_id3_inside_of_chunks(tmp_path: Path, kind: str) -> None:
    """WAV and AIFF carry ID3 in a chunk."""
    path = file_of(tmp_path, kind)
    opened: Any = mutagen.File
    audio = opened(path)
    audio.add_tags()
    frame: Any = TIT2
    audio.tags.add(frame(encoding=3, text=["T"]))
    audio.save()
    assert read_tags(path).title == "T"


def test_the_path_is_told_below_a_folder(tmp_path: Path) -> None:
    """With slashes, as the rehearsal wants it."""
    (tmp_path / "CD1").mkdir()
    path = file_of(tmp_path / "CD1", "flac")
    assert read_tags(path, below=tmp_path).path == "CD1/01 Song.flac"


@pytest.mark.parametrize("data", [b"", b"text" * 99, b"fLaC", b"ID3\4\0\0\0\0\0\0"])
def test_a_broken_file_has_no_tags(tmp_path: Path, data: bytes) -> None:
    """As for Lidarr: nothing but its name is left."""
    assert read_tags(put(tmp_path, "a.flac", data)) == FileTags("a.flac")


def test_a_renamed_file_has_no_tags(tmp_path: Path) -> None:
    """TagLib opens by the ending."""
    path = tagged(file_of(tmp_path, "flac"), TITLE="T")
    assert read_tags(put(tmp_path, "a.mp3", path.read_bytes())) == FileTags("a.mp3")
    assert read_tags(tmp_path / "gone.flac") == FileTags("gone.flac")
    assert read_tags(put(tmp_path, "b.ogg", encoded("opus"))).seconds == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize(
    ("text", "number"),
    [("3", 3), (" 03 ", 3), ("+3", 3), ("-3", 0), ("", 0), ("3a", 0), ("٣", 0), ("99999999999", 0)],
)
def test_numbers_are_read_as_dotnet_does(text: str, number: int) -> None:
    """Blanks and a plus are forgiven, nothing else is."""
    assert unsigned(text) == number
