"""Files that nobody made on purpose: whatever is broken in them, there is a verdict or a reason."""

from __future__ import annotations

import io
import random
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from mutagen import MutagenError

from soulspot_arr.audio import (
    Cover,
    Expected,
    Strictness,
    TagMode,
    TagsNotWritten,
    TrackTags,
    opening,
    read_tags,
    structure,
    verify,
    write_tags,
)
from tests.soulspot_arr.audio.making import KINDS, encoded, put

TAGS = TrackTags("T", "A", "B", "A", 3, 12, 1, 2, "1991", "CD", release_id="id", track_id="")
COVER = Cover(b"\xff\xd8\xff" + b"picture" * 20)
LENGTHS = (bytes(4), b"\xff" * 4, b"\x7f\xff\xff\xff", b"\0\0\0\1")


def spoilt(data: bytes, dice: random.Random) -> bytes:
    """The file with a few bytes changed, lengths forged, bytes lost or added; headers mostly."""
    broken = bytearray(data)
    for _ in range(dice.choice((1, 1, 2, 5, 30))):
        at = dice.randrange(min(len(broken), dice.choice((64, 400, 3000, len(broken)))))
        how = dice.random()
        if how < 0.5:
            broken[at] = dice.choice((0, 255, 127, 128, dice.randrange(256)))
        elif how < 0.7:
            broken[at : at + 4] = dice.choice(LENGTHS)
        elif how < 0.85:
            del broken[at : at + dice.randrange(1, 20)]
        else:
            broken[at:at] = dice.randbytes(dice.randrange(1, 9))
    return bytes(broken)


@pytest.mark.parametrize("kind", KINDS)
def test_broken_at_random(tmp_path: Path, kind: str) -> None:
    """Forty ways each: nothing raises what it should not, and a refusal leaves the file as it was."""
    dice = random.Random(kind)
    name = f"a.{kind.rpartition('.')[2]}"
    path = put(tmp_path, name, encoded(kind, 0.3))
    write_tags(path, TAGS, cover=COVER)
    whole = path.read_bytes()
    for _ in range(40):
        before = spoilt(whole, dice)
        path.write_bytes(before)
        verdict = verify(path, Expected(), Strictness(decode=False))
        assert verdict.ok is (verdict.reason == "")
        assert read_tags(path).path == name
        try:
            changed = write_tags(path, TAGS, TagMode.ALWAYS).changed
        except TagsNotWritten:
            changed = False
        assert changed or path.read_bytes() == before
        assert [one.name for one in tmp_path.iterdir()] == [name]


ID3 = b"ID3\x04\0\0"
MANY = 20_000
NOTHING_BUT_HEADERS = {
    "tags.mp3": (ID3 + bytes(4)) * MANY,
    "tags.flac": (ID3 + bytes(4)) * MANY,
    "blocks.flac": encoded("flac", 0.3)[:42] + b"\1\0\0\0" * MANY,
    "chunks.wav": b"RIFF\xff\xff\xff\x7fWAVE" + (b"junk" + bytes(4)) * MANY,
    "boxes.m4a": b"\0\0\0\x14ftypM4A \0\0\0\0M4A " + b"\0\0\0\x08free" * MANY,
}


class Counting(io.FileIO):
    """A file that counts how often it is read."""

    reads = 0

    def read(self, size: int | None = -1, /) -> Any:
        """As any file's."""
        self.reads += 1
        return super().read(-1 if size is None else size)


@pytest.mark.parametrize("name", NOTHING_BUT_HEADERS)
def test_a_file_of_headers_alone_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Each leads to the next one for gigabytes: nobody follows them to the end."""
    monkeypatch.setattr(opening, "_MOST_READS", 1_000)
    monkeypatch.setattr(structure, "_MOST_PARTS", 1_000)
    path = put(tmp_path, name, NOTHING_BUT_HEADERS[name])
    assert not verify(path, Expected(), Strictness(decode=False)).ok
    with Counting(path) as raw:
        file: Any = raw
        container = opening.container_of(file)
        if container is not None:
            with pytest.raises(MutagenError):
                opening.understood(file, container)
            structure.shortfall(file, container, path.stat().st_size)
        assert raw.reads < 5_000


def box(name: bytes, content: int, more: bytes = b"") -> bytes:
    """The head of an MP4 box that claims so many bytes, and more of it."""
    return (8 + len(more) + content).to_bytes(4, "big") + name + more


def covers_of(size: int) -> bytes:
    """The beginning of an MP4 whose pictures claim what is behind it."""
    head = b""
    for name, more in ((b"data", b""), (b"covr", b""), (b"ilst", b""), (b"meta", bytes(4))):
        head = box(name, size + len(head), more) + head
    head = box(b"udta", size + len(head)) + head
    return b"\0\0\0\x14ftypM4A \0\0\0\0M4A " + box(b"moov", size + len(head)) + head


@pytest.mark.parametrize(
    ("name", "head"),
    [("a.m4a", covers_of(2**30)), ("a.mp3", ID3 + b"\x7f" * 4)],
    ids=["pictures", "ID3"],
)
def test_tags_of_a_gigabyte_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, head: bytes
) -> None:
    """mutagen keeps in memory what it reads: 80 MB of pictures will do, a gigabyte will not."""
    monkeypatch.setattr(opening, "LARGEST_TAGS", 2**20)
    path = put(tmp_path, name, head)
    with path.open("rb+") as file:
        file.truncate(2**30 + 1_000)
    tracemalloc.start()
    verdict = verify(path, Expected(), Strictness(decode=False))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert not verdict.ok
    assert most < 2**23
