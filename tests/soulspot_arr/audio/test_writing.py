"""Writing tags when things go wrong: the old file whole or the new one, and one clear reason."""

from __future__ import annotations

import os
import random
import resource
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from mutagen.flac import FLAC

from soulspot_arr import disk
from soulspot_arr.audio import (
    Cover,
    TagMode,
    TagsNotWritten,
    TrackTags,
    applying,
    fingerprint,
    read_tags,
    write_tags,
)
from soulspot_arr.errors import DiskFull
from soulspot_arr.simulator.audio import AudioSpec
from tests.soulspot_arr.audio.making import KINDS, TAGGED, encoded, file_of, put

TAGS = TrackTags(title="Song", artist="Cello", album="Undertow", album_artist="Cello", number=1)
LONG = TrackTags(title="x" * 200_000)


@contextmanager
def as_nobody(*folders: Path) -> Iterator[None]:
    """Root may write everywhere, so the test leaves that behind for a moment."""
    if os.geteuid() != 0:
        yield
        return
    for folder in folders:
        folder.chmod(folder.stat().st_mode | 0o055)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@contextmanager
def no_space(size: int) -> Iterator[None]:
    """No file can grow beyond so many bytes, as on a disk that fills up."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def only(folder: Path) -> list[str]:
    """The names in a folder."""
    return sorted(path.name for path in folder.iterdir())


# -- when ------------------------------------------------------------------------------------------


def test_never_is_never(tmp_path: Path) -> None:
    """Nothing is even opened."""
    done = write_tags(tmp_path / "gone.flac", TAGS, TagMode.NEVER)
    assert (done.changed, done.reason) == (False, "Tags are not to be written.")


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({}, ()),
        ({"title": "SONG!"}, ()),
        ({"title": "Ｓｏｎｇ"}, ()),
        ({"title": "Song (live)"}, ("title",)),
        ({"album": "Undertow II"}, ("album",)),
        ({"album_artist": "Viola"}, ("album_artist",)),
        ({"artist": "Viola"}, ()),  # Lidarr compares the album's artist
        ({"number": 2}, ("number",)),
        ({"disc": 1, "discs": 1}, ()),
        ({"disc": 1, "discs": 2}, ("disc",)),
        ({"date": "1999"}, ()),
        ({"release_id": "a"}, ()),  # a missing id is no obstacle
    ],
)
def test_when_needed(tmp_path: Path, change: dict[str, Any], fields: tuple[str, ...]) -> None:
    """Only over what Lidarr would stumble; `always` writes all the same."""
    path = file_of(tmp_path, "flac")
    write_tags(path, TAGS)
    before = path.read_bytes()
    values = {"title": "Song", "artist": "Cello", "album": "Undertow", "album_artist": "Cello"}
    wanted = TrackTags(**({"number": 1} | values | change))
    done = write_tags(path, wanted)
    assert (done.changed, done.fields) == (bool(fields), fields)
    assert (path.read_bytes() == before) is not bool(fields)
    assert write_tags(path, wanted, TagMode.ALWAYS).changed


def test_a_wrong_id_is_a_need(tmp_path: Path) -> None:
    """It would send Lidarr to another edition."""
    path = file_of(tmp_path, "flac")
    write_tags(path, TrackTags(title="Song", release_id="a"))
    assert not write_tags(path, TrackTags(title="Song", release_id="A")).changed
    assert write_tags(path, TrackTags(title="Song", release_id="b")).fields == ("release_id",)
    assert write_tags(path, TrackTags(title="Song", release_id="")).fields == ("release_id",)
    assert read_tags(path).release_id is None


@pytest.mark.parametrize("kind", sorted(set(KINDS) - set(TAGGED)))
def test_other_kinds_are_skipped(tmp_path: Path, kind: str) -> None:
    """With a reason, and untouched."""
    path = file_of(tmp_path, kind)
    before = path.read_bytes()
    done = write_tags(path, TAGS, TagMode.ALWAYS)
    assert not done.changed
    assert done.reason.startswith(f"01 Song.{kind} is not tagged: its kind is ")
    assert path.read_bytes() == before


def test_modes_and_links_of_the_file(tmp_path: Path) -> None:
    """The new file may be read by whom the old one could; another link to it keeps the old bytes."""
    path = file_of(tmp_path, "flac")
    path.chmod(0o640)
    os.link(path, tmp_path / "shared.flac")
    before = path.read_bytes()
    write_tags(path, TAGS)
    assert path.stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "shared.flac").read_bytes() == before
    assert path.read_bytes() != before


# -- killed ----------------------------------------------------------------------------------------

WRITER = """
import sys
from pathlib import Path
from soulspot_arr.audio import TagMode, TrackTags, write_tags
print("ready", flush=True)
for number in range(100_000):
    for path in map(Path, sys.argv[1:]):
        title = "even" * 500 if number % 2 else "odd" * 40_000
        write_tags(path, TrackTags(title=title), TagMode.ALWAYS)
"""


def test_killed_at_any_moment(tmp_path: Path) -> None:
    """Five times in the middle of writing: each file is the old one or the new one, whole."""
    paths = [file_of(tmp_path, kind) for kind in ("flac", "mp3", "m4a", "opus")]
    sounds = [fingerprint(path) for path in paths]
    dice = random.Random(5)
    for _ in range(5):
        command = [sys.executable, "-c", WRITER, *map(str, paths)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path.cwd()) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(dice.uniform(0.01, 0.12))
            process.send_signal(signal.SIGKILL)
        for path, sound in zip(paths, sounds, strict=True):
            assert fingerprint(path) == sound
            assert set(read_tags(path).title or "even") <= set("evnod")
    left = [name for name in only(tmp_path) if name not in {path.name for path in paths}]
    assert all(name.endswith(disk.PARTIAL) for name in left)
    for path in paths:
        write_tags(path, TAGS)
    assert only(tmp_path) == sorted(path.name for path in paths)


# -- no room ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", TAGGED)
def test_no_space_while_copying(tmp_path: Path, kind: str) -> None:
    """The copy does not fit: the old file stays, nothing is left over."""
    path = file_of(tmp_path, kind)
    before = path.read_bytes()
    with no_space(len(before) // 2), pytest.raises(DiskFull) as told:
        write_tags(path, TAGS)
    assert told.value.message == (f"Cannot write the tags of {path.name}: File too large.")
    assert path.read_bytes() == before
    assert only(tmp_path) == [path.name]


@pytest.mark.parametrize("kind", TAGGED)
def test_no_space_in_the_middle_of_tags(tmp_path: Path, kind: str) -> None:
    """The copy fits and the tags do not."""
    path = file_of(tmp_path, kind)
    before = path.read_bytes()
    with no_space(len(before) + 20_000), pytest.raises(DiskFull):
        write_tags(path, LONG)
    assert path.read_bytes() == before
    assert only(tmp_path) == [path.name]


def test_a_read_only_folder(tmp_path: Path) -> None:
    """One sentence with the remedy, and the file as it was."""
    folder = tmp_path / "album"
    folder.mkdir()
    path = file_of(folder, "flac")
    path.chmod(0o644)
    folder.chmod(0o555)
    before = path.read_bytes()
    private = [parent for parent in tmp_path.parents if not parent.stat().st_mode & 0o001]
    with as_nobody(tmp_path, *private), pytest.raises(DiskFull) as told:
        write_tags(path, TAGS)
    folder.chmod(0o755)
    assert "Permission denied" in told.value.message
    assert "needs read and write permission" in told.value.message
    assert path.read_bytes() == before
    assert only(folder) == [path.name]


# -- what a file can be ----------------------------------------------------------------------------


def test_a_vanished_file(tmp_path: Path) -> None:
    """Nobody is to blame; it may come back."""
    with pytest.raises(DiskFull, match="is not there"):
        write_tags(tmp_path / "gone.flac", TAGS)


def test_links_and_folders_are_refused(tmp_path: Path) -> None:
    """Somebody else's file behind a link is never changed."""
    real = file_of(tmp_path, "flac")
    before = real.read_bytes()
    (tmp_path / "link.flac").symlink_to(real)
    (tmp_path / "folder.flac").mkdir()
    with pytest.raises(TagsNotWritten, match="is a link"):
        write_tags(tmp_path / "link.flac", TAGS)
    with pytest.raises(TagsNotWritten, match="is not a plain file"):
        write_tags(tmp_path / "folder.flac", TAGS)
    assert real.read_bytes() == before


def reason_for(path: Path) -> str:
    """Why no tags are written."""
    try:
        return write_tags(path, TAGS).reason
    except TagsNotWritten as error:
        return error.message


@pytest.mark.parametrize("kind", TAGGED)
@pytest.mark.parametrize("size", [4, 40, 100])
def test_beheaded_files(tmp_path: Path, kind: str, size: int) -> None:
    """A clear reason, by an error or by leaving it out; never a changed file."""
    path = put(tmp_path, f"a.{kind.rpartition('.')[2]}", encoded(kind)[:size])
    before = path.read_bytes()
    assert path.name in reason_for(path)
    assert path.read_bytes() == before
    assert only(tmp_path) == [path.name]


def _mp3_with_cover(data: bytes, length: int) -> bytes:
    size = length + 10 + 14
    head = b"ID3\4\0\0" + _seven_bits(size) + b"APIC" + _seven_bits(length + 14) + b"\0\0"
    return head + b"\0image/jpeg\0\3\0" + bytes(length) + data


def _seven_bits(size: int) -> bytes:
    return bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))


def _flac_with_covers(data: bytes, length: int) -> bytes:
    info, rest = data[:42], data[42:]
    block = b"\6\xff\xff\xff" + bytes(0xFFFFFF)
    return info[:4] + b"\0" + info[5:] + block * (length // 0xFFFFFF + 1) + rest


def _m4a_with_cover(data: bytes, length: int) -> bytes:
    free = (length + 8).to_bytes(4, "big") + b"free" + bytes(length)
    return data + free


@pytest.mark.parametrize(
    ("kind", "spoil"),
    [("mp3", _mp3_with_cover), ("flac", _flac_with_covers), ("m4a", _m4a_with_cover)],
)
def test_covers_of_eighty_megabytes(
    tmp_path: Path, kind: str, spoil: Callable[[bytes, int], bytes]
) -> None:
    """Left alone, with the size as the reason."""
    path = put(tmp_path, f"a.{kind}", spoil(encoded(kind), 80_000_000))
    sound = fingerprint(path)
    assert sound == fingerprint(file_of(tmp_path, kind)) or kind == "flac"
    with pytest.raises(TagsNotWritten, match=r"carries \d\d MB beside its sound"):
        write_tags(path, TAGS)
    assert fingerprint(path) == sound
    assert not list(tmp_path.glob("*~"))
    path.unlink()  # pytest keeps the folders of the last three runs


def test_a_cover_must_be_a_small_picture(tmp_path: Path) -> None:
    """At most 4 MB of JPEG or PNG."""
    path = file_of(tmp_path, "flac")
    for data in (b"GIF89a", b"\xff\xd8\xff" + bytes(4 * 1024 * 1024)):
        with pytest.raises(TagsNotWritten, match="no JPEG or PNG"):
            write_tags(path, TAGS, cover=Cover(data))


def test_names_that_no_disk_takes_twice(tmp_path: Path) -> None:
    """The copy's name fits beside a name of the greatest length."""
    path = put(tmp_path, "ä" * 125 + ".flac", encoded("flac"))
    assert write_tags(path, TAGS).changed
    assert only(tmp_path) == [path.name]


def test_a_value_that_gets_lost_is_an_error(tmp_path: Path) -> None:
    """What Lidarr would read otherwise is not handed over as written."""
    path = file_of(tmp_path, "mp3")
    before = path.read_bytes()
    with pytest.raises(TagsNotWritten, match="did not take the tags: recording_id"):
        write_tags(path, TrackTags(title="Song", recording_id="not ascii: ä"))
    assert path.read_bytes() == before
    assert only(tmp_path) == [path.name]


@pytest.mark.parametrize("kind", TAGGED)
def test_a_changed_sound_is_never_handed_over(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the library does to one byte of it: the copy goes, the file stays."""
    path = file_of(tmp_path, kind)
    before = path.read_bytes()

    def spoil(draft: Path, *_: object) -> None:
        data = bytearray(draft.read_bytes())
        data[len(data) // 2] ^= 1
        draft.write_bytes(data)

    monkeypatch.setattr(applying, "apply", spoil)
    with pytest.raises(TagsNotWritten, match="would have changed the sound"):
        write_tags(path, TAGS)
    assert path.read_bytes() == before
    assert only(tmp_path) == [path.name]


def test_a_library_that_stumbles_is_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence, and the file as it was."""
    path = file_of(tmp_path, "flac")
    before = path.read_bytes()

    def stumble(*_: object) -> None:
        raise struct.error("argument out of range")

    monkeypatch.setattr(applying, "_flac", stumble)
    with pytest.raises(TagsNotWritten, match=r"cannot be written: argument out of range\.$"):
        write_tags(path, TAGS)
    assert path.read_bytes() == before


def test_an_mp3_without_any_tag(tmp_path: Path) -> None:
    """It gets one before its first frame."""
    path = put(tmp_path, "a.mp3", AudioSpec(2.0, codec="mp3").content())
    before = path.read_bytes()
    assert write_tags(path, TAGS).changed
    assert path.read_bytes().endswith(before)
    assert read_tags(path).title == "Song"


def test_a_flac_without_comments(tmp_path: Path) -> None:
    """It gets a block of them."""
    path = file_of(tmp_path, "flac")
    reader: Any = FLAC
    audio = reader(path)
    audio.metadata_blocks = [block for block in audio.metadata_blocks if block.code != 4]
    audio.save()
    sound = fingerprint(path)
    assert write_tags(path, TAGS).changed
    assert (read_tags(path).title, fingerprint(path)) == ("Song", sound)


def test_an_mp4_in_fragments_is_left_alone(tmp_path: Path) -> None:
    """Its tables cannot be compared."""
    data = encoded("m4a") + (16).to_bytes(4, "big") + b"moof" + bytes(8)
    path = put(tmp_path, "a.m4a", data)
    with pytest.raises(TagsNotWritten, match="it is cut into fragments"):
        write_tags(path, TAGS)
    assert path.read_bytes() == data


def test_an_album_is_tagged_with_little_more_than_copying(tmp_path: Path) -> None:
    """Twelve FLACs of 5 MB without any room for tags, beside copying and syncing the same bytes."""
    data = encoded("flac")
    filler = data[len(data) // 2 :]
    big = data + filler * (5_000_000 // len(filler))
    paths = [put(tmp_path, f"{number}.flac", big) for number in range(12)]
    for path in paths[:1]:
        reader: Any = FLAC
        reader(path).save(padding=lambda _: 0)
        big = path.read_bytes()
    for path in paths:
        path.write_bytes(big)
    os.sync()
    spent = -time.process_time()
    for path in paths:
        assert write_tags(path, TAGS).changed
    spent += time.process_time()
    copying = -time.process_time()
    for path in paths:
        disk.move_whole(path, path.with_suffix(".copy"), root=tmp_path, keep=True)
    copying += time.process_time()
    for path in tmp_path.iterdir():
        path.unlink()  # pytest keeps the folders of the last three runs
    assert spent - copying < 0.25
