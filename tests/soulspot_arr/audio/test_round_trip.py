"""Tags into every format and out again: the exact frames, nothing else, and not a byte of sound."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, COMM, ID3, TCON, TXXX
from mutagen.mp4 import MP4, MP4Cover, MP4FreeForm
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis

from soulspot_arr.audio import (
    Cover,
    Expected,
    Strictness,
    TagMode,
    TrackTags,
    fingerprint,
    read_tags,
    verify,
    write_tags,
)
from tests.soulspot_arr.audio.making import (
    TAGGED,
    TAGS,
    decoded,
    encoded,
    file_of,
    frame,
    put,
    raw,
)

XIPH = {
    "title": "Für Élise",
    "artist": "AC/DC",
    "album": "Back; in Black",
    "albumartist": "AC/DC",
    "tracknumber": "3",
    "tracktotal": "12",
    "totaltracks": "12",
    "discnumber": "1",
    "disctotal": "2",
    "totaldiscs": "2",
    "date": "1980-07-25",
    "media": "CD",
    "musicbrainz_albumid": TAGS.release_id,
    "musicbrainz_releasegroupid": TAGS.release_group_id,
    "musicbrainz_trackid": TAGS.recording_id,
    "musicbrainz_releasetrackid": TAGS.track_id,
    "musicbrainz_albumartistid": TAGS.artist_id,
    "musicbrainz_artistid": TAGS.performer_id,
}
ID3_TEXTS = {
    "TIT2": "Für Élise",
    "TPE1": "AC/DC",
    "TALB": "Back; in Black",
    "TPE2": "AC/DC",
    "TRCK": "3/12",
    "TPOS": "1/2",
    "TDRC": "1980-07-25",
    "TMED": "CD",
    "TXXX:MusicBrainz Album Id": TAGS.release_id,
    "TXXX:MusicBrainz Release Group Id": TAGS.release_group_id,
    "TXXX:MusicBrainz Release Track Id": TAGS.track_id,
    "TXXX:MusicBrainz Album Artist Id": TAGS.artist_id,
    "TXXX:MusicBrainz Artist Id": TAGS.performer_id,
}
DASH = "----:com.apple.iTunes:"
LONGEST = 90_000  # letters of a title


# -- every frame by an independent reader ----------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "reader"), [("flac", FLAC), ("ogg", OggVorbis), ("opus", OggOpus)]
)
def test_xiph_comments(tmp_path: Path, kind: str, reader: Any) -> None:
    """FLAC, Vorbis and Opus have the same names, each once."""
    path = file_of(tmp_path, kind)
    before = dict(raw(reader, path).tags or {})
    write_tags(path, TAGS)
    after = {key: values for key, values in raw(reader, path).tags.items()}
    assert after == before | {key: [value] for key, value in XIPH.items()}


def test_id3_frames(tmp_path: Path) -> None:
    """Version 2.4 in UTF-8; the recording lies in a UFID frame."""
    path = file_of(tmp_path, "mp3")
    write_tags(path, TAGS)
    found = raw(ID3, path)
    assert found.version == (2, 4, 0)
    assert {name: [str(text) for text in found[name].text] for name in ID3_TEXTS} == {
        name: [text] for name, text in ID3_TEXTS.items()
    }
    assert found["UFID:http://musicbrainz.org"].data == str(TAGS.recording_id).encode()
    assert set(found) - set(ID3_TEXTS) == {"UFID:http://musicbrainz.org", "TSSE"}


@pytest.mark.parametrize("kind", ["m4a", "fast.m4a", "alac.m4a"])
def test_mp4_atoms(tmp_path: Path, kind: str) -> None:
    """Apple's own atoms and iTunes' free ones; a semicolon would end a name for Lidarr."""
    path = file_of(tmp_path, kind)
    write_tags(path, TAGS)
    found = raw(MP4, path).tags
    plain = {
        "©nam": ["Für Élise"],
        "©ART": ["AC/DC"],
        "©alb": ["Back, in Black"],
        "aART": ["AC/DC"],
        "©day": ["1980-07-25"],
        "trkn": [(3, 12)],
        "disk": [(1, 2)],
    }
    free = {
        "MEDIA": "CD",
        "MusicBrainz Album Id": TAGS.release_id,
        "MusicBrainz Release Group Id": TAGS.release_group_id,
        "MusicBrainz Track Id": TAGS.recording_id,
        "MusicBrainz Release Track Id": TAGS.track_id,
        "MusicBrainz Album Artist Id": TAGS.artist_id,
        "MusicBrainz Artist Id": TAGS.performer_id,
    }
    assert {name: found[name] for name in plain} == plain
    assert {name: [bytes(one) for one in found[DASH + name]] for name in free} == {
        name: [str(value).encode()] for name, value in free.items()
    }
    assert set(found) - set(plain) - {DASH + name for name in free} == {"©too"}


@pytest.mark.parametrize("kind", TAGGED)
def test_what_is_written_is_read_back(tmp_path: Path, kind: str) -> None:
    """Every value as Lidarr reads it, and a second time nothing is needed."""
    path = file_of(tmp_path, kind)
    sound = fingerprint(path)
    done = write_tags(path, TAGS)
    assert done.changed
    assert {"title", "album", "album_artist", "number"} <= set(done.fields)
    found = read_tags(path)
    assert (found.title, found.artist, found.album_artist) == ("Für Élise", "AC/DC", "AC/DC")
    assert found.album == ("Back, in Black" if "m4a" in kind else "Back; in Black")
    assert (found.track, found.tracks, found.disc, found.discs) == (3, 12, 1, 2)
    assert (found.year, found.media) == (1980, "CD")
    assert (found.release_id, found.release_group_id) == (TAGS.release_id, TAGS.release_group_id)
    assert (found.recording_id, found.track_id) == (TAGS.recording_id, TAGS.track_id)
    assert found.artist_id == TAGS.artist_id
    assert found.seconds == pytest.approx(2.0, abs=0.1)
    assert fingerprint(path) == sound
    again = write_tags(path, TAGS)
    assert (again.changed, again.fields) == (False, ())


@pytest.mark.parametrize("kind", TAGGED)
@pytest.mark.parametrize("length", [10, 3_000, LONGEST])
def test_no_byte_of_sound_changes(tmp_path: Path, kind: str, length: int) -> None:
    """However much room the tags take: the decoded sound is the same, and still whole."""
    path = file_of(tmp_path, kind)
    sound, heard = fingerprint(path), decoded(path.read_bytes())
    assert write_tags(path, TrackTags(title="x" * length), TagMode.ALWAYS).changed
    assert fingerprint(path) == sound
    assert decoded(path.read_bytes()) == heard
    strictness = Strictness(
        decode=length == LONGEST
    )  # the same sound: hearing it once more will do
    assert verify(path, Expected(seconds=2.0), strictness).ok
    write_tags(path, TrackTags(title="short"), TagMode.ALWAYS)
    assert fingerprint(path) == sound
    assert read_tags(path).title == "short"


def test_the_fingerprint_is_of_the_sound(tmp_path: Path) -> None:
    """Other sound has another one; of every format."""
    for kind in TAGGED:
        one = put(tmp_path, "a", encoded(kind, 0.5, seed=1))
        other = put(tmp_path, "b", encoded(kind, 0.5, seed=2))
        assert fingerprint(one) != fingerprint(other)
        damaged = bytearray(one.read_bytes())
        damaged[len(damaged) // 2] ^= 1
        assert fingerprint(put(tmp_path, "c", bytes(damaged))) != fingerprint(one)


# -- what is not ours ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["flac", "ogg", "opus"])
def test_broken_comments_stay_byte_for_byte(tmp_path: Path, kind: str) -> None:
    """Latin-1 in a place of UTF-8, a line without a name, doubles, odd capitals."""
    path = file_of(tmp_path, kind)
    readers: dict[str, Any] = {"flac": FLAC, "ogg": OggVorbis, "opus": OggOpus}
    audio = raw(readers[kind], path)
    if audio.tags is None:
        audio.add_tags()
    audio.tags.extend([("GENRE", "Krautrock"), ("GENRE", "Rock"), ("Album", "PLACE")])
    audio.save()
    odd = b"\xe4\xf6\xfc"
    path.write_bytes(
        path.read_bytes().replace(b"Krautrock", odd * 3).replace(b"PLACE", b"\xff" * 5)
    )
    if kind != "flac":  # a page is guarded by a CRC
        path.write_bytes(_with_page_crcs(path.read_bytes()))
    assert write_tags(path, TAGS).changed
    data = path.read_bytes()
    assert b"GENRE=" + odd * 3 in data
    assert b"GENRE=Rock" in data
    assert b"Album=" not in data
    assert b"ALBUM=Back; in Black" in data


def _with_page_crcs(data: bytes) -> bytes:
    from mutagen.ogg import OggPage

    reader: Any = OggPage
    file = io.BytesIO(data)
    pages = []
    while file.tell() < len(data):
        pages.append(reader(file).write())
    return b"".join(pages)


def test_other_frames_stay(tmp_path: Path) -> None:
    """Genre, comment, gain and pictures of an MP3; also from an older version of ID3."""
    path = file_of(tmp_path, "mp3")
    found = raw(ID3, path)
    found.add(frame(TCON, encoding=1, text=["Rock", "Ям"]))
    found.add(frame(COMM, encoding=0, lang="deu", desc="", text=["schön"]))
    found.add(frame(TXXX, encoding=3, desc="REPLAYGAIN_TRACK_GAIN", text=["-3.2 dB"]))
    found.add(frame(APIC, encoding=0, mime="image/png", type=3, desc="", data=b"\x89PNG" * 9))
    found.save(path, v2_version=3)
    kept = {key: raw(ID3, path)[key]._writeData() for key in _keys(path) if not _ours(key)}
    write_tags(path, TAGS, cover=Cover(b"\xff\xd8\xff" + bytes(50)))
    assert {key: raw(ID3, path)[key]._writeData() for key in kept} == kept
    assert [len(one.data) for one in raw(ID3, path).getall("APIC")] == [36]


def _keys(path: Path) -> list[str]:
    return list(raw(ID3, path))


def _ours(key: str) -> bool:
    return key in ID3_TEXTS or key.startswith("UFID")


def test_other_blocks_of_a_flac_stay(tmp_path: Path) -> None:
    """Pictures, the table of contents, other programs' blocks."""
    path = file_of(tmp_path, "flac")
    audio = raw(FLAC, path)
    made: Any = Picture
    picture = made()
    picture.data, picture.mime, picture.type = b"\xff\xd8\xff" + bytes(5000), "image/jpeg", 3
    audio.add_picture(picture)
    audio.save()
    before = [(block.code, block.write()) for block in raw(FLAC, path).metadata_blocks]
    write_tags(path, TAGS, cover=Cover(b"\xff\xd8\xff" + bytes(50)))
    after = [(block.code, block.write()) for block in raw(FLAC, path).metadata_blocks]
    kept = [one for one in before if one[0] not in (1, 4)]
    assert [one for one in after if one[0] not in (1, 4)] == kept


def test_other_atoms_stay(tmp_path: Path) -> None:
    """Genre, gain, covers and unknown atoms of an M4A."""
    path = file_of(tmp_path, "m4a")
    audio = raw(MP4, path)
    free: Any = MP4FreeForm
    cover: Any = MP4Cover
    audio.tags["©gen"] = ["Rock"]
    audio.tags[DASH + "replaygain_track_gain"] = [free(b"-3.2 dB")]
    audio.tags["covr"] = [cover(b"\x89PNG" * 9, imageformat=14)]
    audio.save()
    before = {key: value for key, value in raw(MP4, path).tags.items()}
    write_tags(path, TAGS, cover=Cover(b"\xff\xd8\xff" + bytes(50)))
    after = raw(MP4, path).tags
    assert {key: after[key] for key in before} == before
