"""One song in every family of files: the same fields come out, and the quality of the stream."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mutagen
import pytest
from mutagen.id3 import TALB, TDRC, TIT2, TPE1, TPE2, TPOS, TRCK, TXXX, UFID

from soulspot_arr.demo.lidarr.tags import FileTags, read_tags
from tests.soulspot_arr.audio.making import file_of, frame

_VORBIS = {
    "title": "Lucky",
    "album": "OK Computer",
    "artist": "Somebody",
    "albumartist": "Radiohead",
    "tracknumber": "11",
    "tracktotal": "12",
    "discnumber": "2",
    "disctotal": "3",
    "date": "1997-06-16",
    "releasecountry": "JP",
    "musicbrainz_albumcomment": "blue",
    "musicbrainz_albumid": "release",
    "musicbrainz_releasegroupid": "album",
    "musicbrainz_trackid": "recording",
}
_ITUNES = {
    "MusicBrainz Album Release Country": "JP",
    "MusicBrainz Album Comment": "blue",
    "MusicBrainz Album Id": "release",
    "MusicBrainz Release Group Id": "album",
    "MusicBrainz Track Id": "recording",
}
_FRAMES = (
    (TIT2, "Lucky"),
    (TALB, "OK Computer"),
    (TPE1, "Somebody"),
    (TPE2, "Radiohead"),
    (TRCK, "11/12"),
    (TPOS, "2/3"),
    (TDRC, "1997-06-16"),
)


def _as_comments(audio: Any) -> None:
    audio.update(_VORBIS)


def _as_atoms(audio: Any) -> None:
    audio.update(
        {
            "\xa9nam": ["Lucky"],
            "\xa9alb": ["OK Computer"],
            "\xa9ART": ["Somebody"],
            "aART": ["Radiohead"],
            "trkn": [(11, 12)],
            "disk": [(2, 3)],
            "\xa9day": ["1997-06-16"],
            **{f"----:com.apple.iTunes:{name}": value.encode() for name, value in _ITUNES.items()},
        }
    )


def _as_frames(audio: Any) -> None:
    if audio.tags is None:
        audio.add_tags()
    for kind, text in _FRAMES:
        audio.tags.add(frame(kind, encoding=3, text=[text]))
    for name, text in _ITUNES.items():
        if name != "MusicBrainz Track Id":
            audio.tags.add(frame(TXXX, encoding=3, desc=name, text=[text]))
    audio.tags.add(frame(UFID, owner="http://musicbrainz.org", data=b"recording"))


@pytest.mark.parametrize(
    ("kind", "write", "quality"),
    [
        ("flac", _as_comments, "FLAC"),
        # Neither at one of the bitrates that Lidarr knows by name.
        ("ogg", _as_comments, "Unknown"),
        ("opus", _as_comments, "Unknown"),
        ("m4a", _as_atoms, "AAC-VBR"),
        ("alac.m4a", _as_atoms, "ALAC"),
        ("mp3", _as_frames, "MP3-128"),
        ("wav", _as_frames, "WAV"),
        ("aiff", _as_frames, "Unknown"),
    ],
)
def test_every_family_says_the_same(tmp_path: Path, kind: str, write: Any, quality: str) -> None:
    """Where Picard writes each field is where it is read (contract lidarr §9.5)."""
    path = file_of(tmp_path, kind)
    audio: Any = mutagen.File(path)
    write(audio)
    audio.save()
    found = read_tags(str(path))
    assert found.seconds == pytest.approx(2.0, abs=0.2)
    assert found == FileTags(
        title="Lucky",
        clean_title="Lucky",
        album="OK Computer",
        artist="Radiohead",
        number=11,
        disc=2,
        discs=3,
        year=1997,
        seconds=found.seconds,
        country="Japan",
        comment="blue",
        album_id="album",
        release_id="release",
        recording_id="recording",
        quality=quality,
    )


@pytest.mark.parametrize(("kind", "quality"), [("wma", "WMA"), ("wv", "WavPack")])
def test_families_that_we_never_tag(tmp_path: Path, kind: str, quality: str) -> None:
    """Read all the same, with no field filled."""
    found = read_tags(str(file_of(tmp_path, kind)))
    assert found == FileTags(seconds=found.seconds, quality=quality)
    assert found.seconds == pytest.approx(2.0, abs=0.2)
