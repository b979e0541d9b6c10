"""Odd tags: our reader and the double's find the same in them, as Lidarr's library does."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from mutagen import id3
from mutagen.flac import FLAC
from mutagen.mp4 import MP4, MP4FreeForm
from mutagen.oggvorbis import OggVorbis

from soulspot_arr import audio
from soulspot_arr.demo.lidarr import tags as double
from tests.agreement.opinions import translated
from tests.corpus_import.clips import clip

LENGTH = 3.0  # seconds
ITUNES = "----:com.apple.iTunes:"
Texts = dict[str, str | list[str]]


def _same(path: Path) -> dict[str, object]:
    """What both read, or else a failure. An empty text is as good as none here."""
    ours, theirs = (
        {name: value or None for name, value in asdict(found).items() if name != "quality"}
        for found in (translated(audio.read_tags(path)), double.read_tags(str(path)))
    )
    assert ours == theirs
    return ours


@pytest.mark.parametrize("kind", ["flac", "ogg"])
@pytest.mark.parametrize(
    ("tags", "found"),
    [
        ({"tracknumber": "03/12"}, {"number": 3}),
        ({"tracknumber": " 3 "}, {"number": 3}),
        ({"tracknumber": "+3"}, {"number": 3}),
        ({"tracknumber": "A1"}, {"number": None}),
        ({"tracknumber": "3 of 12"}, {"number": None}),
        ({"tracknumber": "-1"}, {"number": None}),
        ({"tracknumber": "٣"}, {"number": None}),
        ({"tracknumber": "99999999999"}, {"number": None}),
        ({"tracknumber": ["4", "5"]}, {"number": 4}),
        ({"discnumber": "1/2"}, {"disc": 1, "discs": 2}),
        ({"discnumber": "1/2", "disctotal": "3"}, {"disc": 1, "discs": 3}),
        ({"totaldiscs": "2"}, {"discs": None}),
        ({"date": "1999-05-01"}, {"year": 1999}),
        ({"date": "05/01/1999"}, {"year": None}),
        ({"date": ["2001", "1999"]}, {"year": 2001}),
        ({"year": "1999"}, {"year": None}),
        ({"artist": ["One", "Two"]}, {"artist": "One"}),
        ({"albumartist": "  ", "artist": "One"}, {"artist": "One"}),
        ({"album artist": "One"}, {"artist": "One"}),
        ({"ensemble": "One"}, {"artist": "One"}),
        ({"title": ["One", "Two"]}, {"title": "One"}),
        ({"title": "  "}, {"title": "  "}),
        ({"titlesort": "One"}, {"title": "One"}),
        ({"albumsort": "One"}, {"album": "One"}),
        ({"label": ["One", "Two"]}, {"label": None}),
        ({"organization": "One"}, {"label": None}),
        ({"musicbrainz_albumid": ["a", "b"]}, {"release_id": "a"}),
        ({"musicbrainz_albumcomment": ["a", "b"]}, {"comment": None}),
        ({"releasecountry": "de"}, {"country": "Germany"}),
    ],
)
def test_xiph(tmp_path: Path, kind: str, tags: Texts, found: dict[str, object]) -> None:
    """Comments of FLAC and Vorbis."""
    path = tmp_path / f"a.{kind}"
    path.write_bytes(clip(kind, LENGTH))
    reader: Any = {"flac": FLAC, "ogg": OggVorbis}[kind]
    file = reader(path)
    if file.tags is None:
        file.add_tags()
    for name, values in tags.items():
        file.tags.extend(
            (name, value) for value in ([values] if isinstance(values, str) else values)
        )
    file.save()
    assert found.items() <= _same(path).items()


def _frame(name: str, *texts: str) -> Any:
    kinds: Any = id3
    if ":" in name:
        return kinds.TXXX(encoding=3, desc=name.partition(":")[2], text=list(texts))
    return getattr(kinds, name)(encoding=3, text=list(texts))


@pytest.mark.parametrize(
    ("version", "frames", "found"),
    [
        (3, [("TPE1", "AC/DC")], {"artist": "AC"}),
        (4, [("TPE1", "AC/DC")], {"artist": "AC/DC"}),
        (3, [("TPE2", "One/Two")], {"artist": "One"}),
        (4, [("TPE1", "One", "Two")], {"artist": "One"}),
        (4, [("TPE2", " "), ("TPE1", "One")], {"artist": "One"}),
        (4, [("TIT2", "One", "Two")], {"title": "One; Two"}),
        (3, [("TIT2", "One/Two")], {"title": "One/Two"}),
        (4, [("TSOT", "One")], {"title": "One"}),
        (4, [("TALB", "One", "Two")], {"album": "One; Two"}),
        (3, [("TRCK", "3/12")], {"number": 3}),
        (4, [("TRCK", "03 / 12")], {"number": 3}),
        (4, [("TRCK", "A1")], {"number": None}),
        (4, [("TPOS", "1/2")], {"disc": 1, "discs": 2}),
        (4, [("TDRC", "1999-05-01")], {"year": 1999}),
        (4, [("TXXX:MUSICBRAINZ ALBUM ID", "a")], {"release_id": "a"}),
        (4, [("TXXX:MusicBrainz Album Comment", "a", "b")], {"comment": None}),
        (4, [("TPUB", "One", "Two")], {"label": "One; Two"}),
    ],
)
def test_id3(
    tmp_path: Path, version: int, frames: list[tuple[str, ...]], found: dict[str, object]
) -> None:
    """Frames of both versions that people use."""
    path = tmp_path / "a.mp3"
    path.write_bytes(clip("mp3", LENGTH))
    kinds: Any = id3
    tags = kinds.ID3()
    for name, *texts in frames:
        tags.add(_frame(name, *texts))
    tags.save(path, v2_version=version)
    assert found.items() <= _same(path).items()


@pytest.mark.parametrize(
    ("atoms", "found"),
    [
        ({"\xa9ART": ["One", "Two"]}, {"artist": "One"}),
        ({"aART": ["One; Two"]}, {"artist": "One"}),
        ({"\xa9alb": ["One; Two"]}, {"album": "One"}),
        ({"sonm": ["One"]}, {"title": "One"}),
        ({"trkn": [(3, 0)], "disk": [(1, 2)]}, {"number": 3, "disc": 1, "discs": 2}),
        ({"\xa9day": ["1999-05-01T00:00:00Z"]}, {"year": 1999}),
        ({f"{ITUNES}publisher": [b"One"]}, {"label": "One"}),
        ({f"{ITUNES}LABEL": [b"One"]}, {"label": None}),
        ({f"{ITUNES}MusicBrainz Album Id": [b"a", b"b"]}, {"release_id": "a"}),
    ],
)
def test_mp4(tmp_path: Path, atoms: dict[str, list[Any]], found: dict[str, object]) -> None:
    """Apple's atoms and the free ones; TagLib parts all texts at a semicolon."""
    path = tmp_path / "a.m4a"
    path.write_bytes(clip("m4a", LENGTH))
    free: Any = MP4FreeForm
    file: Any = MP4(path)  # type: ignore[no-untyped-call]
    if file.tags is None:
        file.add_tags()
    for name, values in atoms.items():
        file.tags[name] = [free(one) if isinstance(one, bytes) else one for one in values]
    file.save()
    assert found.items() <= _same(path).items()


def test_id3_in_a_flac(tmp_path: Path) -> None:
    """It fills what the comments lack, and hides their label."""
    path = tmp_path / "a.flac"
    path.write_bytes(clip("flac", LENGTH))
    kinds: Any = id3
    tags = kinds.ID3()
    tags.add(_frame("TIT2", "In front"))
    tags.add(_frame("TALB", "In front"))
    tags.save(path)
    file: Any = FLAC(path)  # type: ignore[no-untyped-call]
    file.add_tags()
    file["title"] = ["Inside"]
    file["label"] = ["Inside"]
    file.save()
    found = {"title": "Inside", "album": "In front", "label": None}
    assert found.items() <= _same(path).items()
