"""Ids and covers: wrong ids go wherever they stand, and a cover is put where none is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import mutagen
import pytest
from mutagen.apev2 import APEv2
from mutagen.flac import FLAC, Picture
from mutagen.id3 import ID3, TALB, TCON, TDRC, TIT2, TPE1, TPE2, TXXX, UFID
from mutagen.mp4 import MP4, MP4FreeForm

from soulspot_arr.audio import Cover, TagMode, TrackTags, fingerprint, read_tags, write_tags
from tests.soulspot_arr.audio.making import TAGGED, TAGS, file_of, frame, raw

DASH = "----:com.apple.iTunes:"
WRONG = "99999999-0000-4000-8000-000000000009"
STRIP = TrackTags(title="Song", release_id="", release_group_id="", recording_id="", track_id="")


def _wrong_mp3(path: Path) -> None:
    found = raw(ID3, path)
    for name in ("MusicBrainz Album Id", "MUSICBRAINZ ALBUM ID", "musicbrainz release track id"):
        found.add(frame(TXXX, encoding=3, desc=name, text=[WRONG]))
    found.add(frame(UFID, owner="http://musicbrainz.org", data=WRONG.encode()))
    found.save(path)
    reader: Any = APEv2
    ape = reader()
    ape["MUSICBRAINZ_ALBUMID"] = WRONG
    ape["MusicBrainz_TrackId"] = WRONG
    ape["Mood"] = "calm"
    ape.save(path)


def _wrong_xiph(path: Path) -> None:
    opened: Any = mutagen.File
    audio = opened(path)
    if audio.tags is None:
        audio.add_tags()
    for name in ("albumid", "trackid", "releasetrackid", "releasegroupid"):
        audio.tags["MusicBrainz_" + name] = [WRONG, WRONG]
    audio.save()


def _wrong_mp4(path: Path) -> None:
    audio = raw(MP4, path)
    free: Any = MP4FreeForm
    for name in ("MusicBrainz Album Id", "MUSICBRAINZ TRACK ID", "MusicBrainz Release Track Id"):
        audio.tags[DASH + name] = [free(WRONG.encode())]
    audio.save()


@pytest.mark.parametrize(
    ("kind", "spoil"),
    [
        ("mp3", _wrong_mp3),
        ("flac", _wrong_xiph),
        ("ogg", _wrong_xiph),
        ("opus", _wrong_xiph),
        ("m4a", _wrong_mp4),
    ],
)
@pytest.mark.parametrize("tags", [STRIP, TAGS], ids=["stripped", "replaced"])
def test_wrong_ids_go(
    tmp_path: Path, kind: str, spoil: Callable[[Path], None], tags: TrackTags
) -> None:
    """In whatever capitals and however often they are there; also in an APE tag at the end."""
    path = file_of(tmp_path, kind)
    spoil(path)
    sound = fingerprint(path)
    assert read_tags(path).release_id
    assert write_tags(path, tags).changed
    assert WRONG.encode() not in path.read_bytes()
    found = read_tags(path)
    assert (found.release_id or "") == tags.release_id
    assert (found.recording_id or "") == tags.recording_id
    assert (found.track_id or "") == tags.track_id
    assert fingerprint(path) == sound


def test_unknown_ids_stay(tmp_path: Path) -> None:
    """What is neither proven nor disproven is left alone."""
    path = file_of(tmp_path, "flac")
    _wrong_xiph(path)
    write_tags(path, TrackTags(title="Song"))
    assert read_tags(path).release_id == WRONG


def test_the_ape_tag_keeps_the_rest(tmp_path: Path) -> None:
    """Only the ids go out of it."""
    path = file_of(tmp_path, "mp3")
    _wrong_mp3(path)
    write_tags(path, TAGS)
    assert dict(raw(APEv2, path)).keys() == {"Mood"}


def test_an_id3_tag_before_a_flac_says_the_same(tmp_path: Path) -> None:
    """Lidarr reads media, date and the track's id from it when it is there (AudioTag.cs)."""
    path = file_of(tmp_path, "flac")
    made: Any = ID3
    head = made()
    for kind, text in ((TIT2, "Old"), (TDRC, "1999"), (TALB, "Old"), (TCON, "Rock")):
        head.add(frame(kind, encoding=3, text=[text]))
    head.add(frame(TXXX, encoding=3, desc="MusicBrainz Release Track Id", text=[WRONG]))
    head.save(path)
    sound = fingerprint(path)
    assert write_tags(path, TAGS).changed
    found = read_tags(path)
    assert (found.title, found.track_id, found.media) == (TAGS.title, TAGS.track_id, "CD")
    assert str(raw(ID3, path)["TCON"].text[0]) == "Rock"
    assert raw(FLAC, path).tags["title"] == [TAGS.title]
    assert fingerprint(path) == sound


def test_an_old_id3_tag_splits_names_at_slashes(tmp_path: Path) -> None:
    """Lidarr reads AC/DC as AC from version 2.3, and whole from 2.4 (TagLib)."""
    path = file_of(tmp_path, "mp3")
    found = raw(ID3, path)
    for kind, text in ((TPE1, "AC/DC"), (TPE2, "AC/DC"), (TIT2, "One/Two")):
        found.add(frame(kind, encoding=3, text=[text]))
    found.save(path, v2_version=3)
    there = read_tags(path)
    assert (there.artist, there.album_artist, there.title) == ("AC", "AC", "One/Two")
    done = write_tags(path, TrackTags(title="One/Two", artist="AC/DC", album_artist="AC/DC"))
    assert done.fields == ("album_artist",)
    assert read_tags(path).album_artist == "AC/DC"


def test_a_day_is_not_replaced_by_its_year(tmp_path: Path) -> None:
    """Who knows more keeps it; another year is written."""
    path = file_of(tmp_path, "flac")
    write_tags(path, TAGS)
    write_tags(path, TrackTags(title="Song", date="1980"), TagMode.ALWAYS)
    assert raw(FLAC, path).tags["date"] == ["1980-07-25"]
    write_tags(path, TrackTags(title="Song", date="1981"), TagMode.ALWAYS)
    assert raw(FLAC, path).tags["date"] == ["1981"]


# -- covers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", TAGGED)
@pytest.mark.parametrize("head", [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"], ids=["jpeg", "png"])
def test_a_cover_is_embedded(tmp_path: Path, kind: str, head: bytes) -> None:
    """Into a file that has none; once."""
    path = file_of(tmp_path, kind)
    sound = fingerprint(path)
    data = head + b"picture" * 1000
    write_tags(path, TAGS, cover=Cover(data))
    write_tags(path, TAGS, TagMode.ALWAYS, cover=Cover(data + b"another"))
    assert _covers(path) == [data]
    assert fingerprint(path) == sound


def _covers(path: Path) -> list[bytes]:
    opened: Any = mutagen.File
    audio = opened(path)
    if path.suffix == ".mp3":
        return [one.data for one in audio.tags.getall("APIC")]
    if path.suffix == ".m4a":
        return [bytes(one) for one in audio.tags["covr"]]
    if path.suffix == ".flac":
        return [one.data for one in audio.pictures]
    import base64

    made: Any = Picture
    return [made(base64.b64decode(text)).data for text in audio.tags["metadata_block_picture"]]
