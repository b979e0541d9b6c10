"""Verification: real files of every kind, and everything that a file can be instead of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from soulspot_arr.audio import (
    Expected,
    Finding,
    Strictness,
    decoder,
    verify,
)
from soulspot_arr.domain import FailureKind
from soulspot_arr.simulator.audio import AudioSpec
from tests.corpus_import.clips import clip
from tests.soulspot_arr.audio.making import KINDS, encode, encoded, file_of, noise, put

ANY = Expected()
UNHEARD = Strictness(decode=False)


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_file_passes(tmp_path: Path, kind: str) -> None:
    """Every kind is decoded to its end and measured."""
    codec = {
        "m4a": "AAC",
        "fast.m4a": "AAC",
        "alac.m4a": "ALAC",
        "ogg": "OGG",
        "aiff": "AIFF",
        "wv": "WV",
    }
    found = verify(file_of(tmp_path, kind), Expected(seconds=2.0))
    assert found.ok, found.reason
    assert found.kind is None
    assert found.doubts == ()
    assert found.facts is not None
    assert found.facts.codec == codec.get(kind, {"wma": "WMA"}.get(kind, kind.upper()))
    assert found.facts.decoded
    assert found.facts.heard == pytest.approx(2.0, abs=0.1)
    assert found.facts.sample_rate == (48_000 if kind == "opus" else 44_100)
    assert found.facts.proven is (kind == "flac")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("wma", "wv")])
@pytest.mark.parametrize("share", [0.4, 0.9])
@pytest.mark.parametrize("strictness", [Strictness(), UNHEARD], ids=["heard", "unheard"])
def test_a_truncated_file_is_found(
    tmp_path: Path, kind: str, share: float, strictness: Strictness
) -> None:
    """By what its container promises, also where nothing can decode it."""
    data = encoded(kind)
    path = put(tmp_path, f"a.{kind.rpartition('.')[2]}", data[: int(len(data) * share)])
    found = verify(path, ANY, strictness)
    assert found.finding is Finding.TRUNCATED, found.reason
    assert found.kind is FailureKind.CORRUPT


@pytest.mark.parametrize("kind", ["wma", "wv"])
def test_a_truncated_file_is_heard(tmp_path: Path, kind: str) -> None:
    """These promise nothing that is cheap to read; the decoder runs out of sound."""
    data = encoded(kind)
    found = verify(put(tmp_path, f"a.{kind}", data[: len(data) // 2]), ANY)
    assert found.finding is Finding.TRUNCATED, found.reason


@pytest.mark.parametrize("kind", ["flac", "mp3", "m4a", "ogg", "opus"])
def test_a_hole_in_the_middle_is_found(tmp_path: Path, kind: str) -> None:
    """Bytes that never arrived, as a file system fills them: the length is right, the sound not."""
    data = bytearray(encoded(kind))
    middle = len(data) // 2
    data[middle : middle + 3000] = bytes(3000)
    found = verify(put(tmp_path, f"a.{kind}", bytes(data)), ANY)
    assert found.finding in (Finding.DAMAGED, Finding.TRUNCATED), found
    assert found.kind is FailureKind.CORRUPT


def test_one_changed_bit_breaks_the_md5(tmp_path: Path) -> None:
    """FLAC says itself what its samples should be."""
    data = bytearray(encoded("flac"))
    data[len(data) // 2] ^= 0x10
    found = verify(put(tmp_path, "a.flac", bytes(data)), ANY)
    assert found.finding is Finding.DAMAGED
    assert found.facts is not None
    assert not found.facts.proven


@pytest.mark.parametrize("bits", [16, 24])
def test_the_md5_of_other_encoders_agrees(tmp_path: Path, bits: int) -> None:
    """Also one that was computed by plain hashing of samples, not by FFmpeg."""
    found = verify(put(tmp_path, "a.flac", AudioSpec(2.0, bits=bits).content()), ANY)
    assert found.ok, found.reason
    assert found.facts is not None
    assert (found.facts.proven, found.facts.bit_depth) == (True, bits)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ending", ["flac", "mp3", "m4a", "ogg", "opus", "wav"])
def test_an_ending_that_lies_is_found(tmp_path: Path, kind: str, ending: str) -> None:
    """Lidarr opens by the ending, so another one makes the file unreadable there."""
    fits = {kind.rpartition(".")[2]} | ({"ogg"} if kind == "opus" else set())
    found = verify(put(tmp_path, f"a.{ending}", encoded(kind)), ANY, UNHEARD)
    assert (found.finding is Finding.RENAMED) is (ending not in fits)
    assert found.ok or found.kind is FailureKind.INVALID_FORMAT


@pytest.mark.parametrize("kind", ["flac", "mp3", "m4a", "opus"])
def test_silence_is_found(tmp_path: Path, kind: str) -> None:
    """A file of nothing is no track, unless that is allowed."""
    found = verify(put(tmp_path, f"a.{kind}", encoded(kind, quiet=True)), ANY)
    assert found.finding is Finding.SILENT
    assert found.facts is not None
    assert found.facts.sounding == 0.0


def test_a_short_sound_in_long_silence_is_sound(tmp_path: Path) -> None:
    """Hidden tracks begin late."""
    pcm = bytes(44_100 * 4 * 30) + noise(1.5)
    assert verify(put(tmp_path, "a.flac", encode("flac", pcm)), ANY).ok


@pytest.mark.parametrize(
    ("expected", "ok"),
    [(2.0, True), (4.9, True), (5.1, False), (0.2, True), (300.0, False), (None, True)],
)
def test_the_length_is_that_of_the_track(tmp_path: Path, expected: float | None, ok: bool) -> None:
    """Three seconds are forgiven; more is another recording."""
    found = verify(file_of(tmp_path, "flac"), Expected(seconds=expected), UNHEARD)
    assert found.ok is ok
    if not ok:
        assert found.finding is Finding.WRONG_LENGTH
        assert found.kind is FailureKind.NOT_IMPORTABLE
        assert "0:02" in found.reason


@pytest.mark.parametrize(("expected", "ok"), [(604.5, True), (605.5, False), (596.5, False)])
def test_long_tracks_are_forgiven_more(tmp_path: Path, expected: float, ok: bool) -> None:
    """Five seconds over ten minutes, three below."""
    path = put(tmp_path, "a.mp3", AudioSpec(600.0, codec="mp3", bitrate=32).content())
    assert verify(path, Expected(seconds=expected), UNHEARD).ok is ok


@pytest.mark.parametrize(
    ("kind", "expected", "finding"),
    [
        ("flac", Expected(codec="FLAC", bit_depth=16, sample_rate=44_100), None),
        ("flac", Expected(bit_depth=24), Finding.OTHER_FORMAT),
        ("flac", Expected(sample_rate=96_000), Finding.OTHER_FORMAT),
        ("m4a", Expected(codec="ALAC"), Finding.OTHER_FORMAT),
        ("alac.m4a", Expected(codec="ALAC"), None),
        ("alac.m4a", Expected(codec="AAC", bitrate=256), None),
        ("mp3", Expected(codec="MP3", bitrate=128), None),
        ("mp3", Expected(codec="MP3", bitrate=320), Finding.OTHER_FORMAT),
        ("mp3", Expected(codec="MP3", bitrate=140), None),
        ("mp3", Expected(bitrate=160, vbr=True), None),
        ("mp3", Expected(bitrate=245, vbr=True), Finding.OTHER_FORMAT),
    ],
)
def test_the_format_is_what_was_offered(
    tmp_path: Path, kind: str, expected: Expected, finding: Finding | None
) -> None:
    """What is worse than offered is refused."""
    found = verify(file_of(tmp_path, kind), expected, UNHEARD)
    assert found.finding is finding, found.reason


def test_more_than_offered_is_a_doubt(tmp_path: Path) -> None:
    """A finer file than was offered is let through and told."""
    path = put(tmp_path, "a.flac", AudioSpec(2.0, bits=24).content())
    found = verify(path, Expected(bit_depth=16))
    assert found.ok
    assert found.doubts == ("a.flac has 24 bit, more than the 16 offered.",)


def test_an_mp3_without_a_header_is_measured_by_ear(tmp_path: Path) -> None:
    """Its length can only be guessed from its size, wrongly when its bitrate varies."""
    whole = AudioSpec(10.0, codec="mp3", vbr=True).content()
    bare = whole[144_000 * 224 // 44_100 :]  # the first frame is the header
    path = put(tmp_path, "a.mp3", bare)
    quiet = Strictness(reject_silence=False)
    found = verify(path, Expected(seconds=10.0, bitrate=245, vbr=True), quiet)
    assert found.ok, found.reason
    assert found.facts is not None
    assert found.facts.seconds == pytest.approx(10.0, abs=0.1)
    assert found.facts.bitrate == pytest.approx(245, abs=8)
    assert verify(path, Expected(seconds=17.0), quiet).finding is Finding.WRONG_LENGTH
    assert verify(path, Expected(bitrate=320), quiet).finding is Finding.OTHER_FORMAT


def test_without_a_decoder_the_verdict_says_so(tmp_path: Path) -> None:
    """Structure, length and format are known all the same."""
    path = file_of(tmp_path, "flac")
    found = verify(path, Expected(seconds=2.0), find_decoder=lambda: None)
    assert found.ok
    assert found.doubts == ("01 Song.flac was not decoded: only its structure is known.",)
    assert found.facts is not None
    assert not found.facts.decoded
    wrong = verify(path, Expected(seconds=9.0), find_decoder=lambda: None)
    assert wrong.finding is Finding.WRONG_LENGTH


def test_there_is_a_decoder_here() -> None:
    """The tests are set up with one, so nothing above passes for want of it."""
    assert decoder() is not None


# -- bad input -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "finding"),
    [
        (b"", Finding.EMPTY),
        (b"f", Finding.NO_AUDIO),
        (b"text " * 500, Finding.NO_AUDIO),
        (bytes(5000), Finding.NO_AUDIO),
        (b"\xff" * 5000, Finding.NO_AUDIO),
        (b"PK\3\4" + bytes(500), Finding.NO_AUDIO),
    ],
)
@pytest.mark.parametrize("ending", ["flac", "mp3", "m4a", "ogg", "opus", "wav", "ape", "wma", "wv"])
def test_what_is_no_audio_is_refused(
    tmp_path: Path, ending: str, data: bytes, finding: Finding
) -> None:
    """Under every name."""
    found = verify(put(tmp_path, f"a.{ending}", data), ANY)
    assert found.finding is finding
    assert found.kind is FailureKind.CORRUPT


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [4, 30, 60, 200])
def test_beheaded_files_are_refused(tmp_path: Path, kind: str, size: int) -> None:
    """The beginning of a file and nothing else."""
    path = put(tmp_path, f"a.{kind.rpartition('.')[2]}", encoded(kind)[:size])
    found = verify(path, ANY)
    assert found.kind is FailureKind.CORRUPT, found


def test_links_folders_and_pipes_are_not_opened(tmp_path: Path) -> None:
    """What is no plain file is refused, and nothing waits for the other end of a pipe."""
    real = file_of(tmp_path, "flac")
    (tmp_path / "link.flac").symlink_to(real)
    (tmp_path / "folder.flac").mkdir()
    os.mkfifo(tmp_path / "pipe.flac")
    for name in ("link", "folder", "pipe"):
        found = verify(tmp_path / f"{name}.flac", ANY)
        assert found.finding is Finding.NO_FILE, name
        assert found.kind is FailureKind.INVALID_FORMAT


def test_a_vanished_file_is_told(tmp_path: Path) -> None:
    """The retry rule knows what to do about it."""
    found = verify(tmp_path / "gone.flac", ANY)
    assert (found.finding, found.kind) == (Finding.MISSING, FailureKind.VANISHED)
    assert verify(tmp_path / "nul\0.flac", ANY).finding is Finding.UNREADABLE


def test_an_unreadable_file_is_ours_to_mend(tmp_path: Path) -> None:
    """No peer is to blame for our permissions."""
    path = file_of(tmp_path, "flac")
    path.chmod(0)
    root = os.geteuid() == 0
    if root:
        tmp_path.chmod(0o755)
        for parent in list(tmp_path.parents)[:3]:
            parent.chmod(0o755)
        os.seteuid(65534)
    try:
        found = verify(path, ANY)
    finally:
        if root:
            os.seteuid(0)
    assert (found.finding, found.kind) == (Finding.UNREADABLE, FailureKind.DISK_FULL)


@pytest.mark.parametrize("kind", ["flac", "mp3", "m4a", "ogg", "wav", ""])
def test_four_gigabytes_of_nothing_are_refused_quickly(tmp_path: Path, kind: str) -> None:
    """A sparse file, with a sound file at its beginning or without one."""
    path = put(tmp_path, f"a.{kind or 'flac'}", encoded(kind) if kind else b"")
    os.truncate(path, 4 * 1024**3 + 5)
    found = verify(path, Expected(seconds=2.0))
    assert not found.ok
    assert found.kind in (FailureKind.CORRUPT, FailureKind.NOT_IMPORTABLE)


@pytest.mark.parametrize("kind", ["mp3", "flac"])
@pytest.mark.parametrize(
    "junk", [b"TAG" + bytes(125), b"LYRICSBEGIN" + b"la" * 400 + b"000811LYRICS200", b"\0" * 999]
)
def test_what_follows_the_sound_is_no_damage(tmp_path: Path, kind: str, junk: bytes) -> None:
    """Old tags at the end, and the junk that some programs leave there."""
    found = verify(put(tmp_path, f"a.{kind}", encoded(kind) + junk), Expected(seconds=2.0))
    assert found.ok, found.reason


def test_an_id3_tag_before_a_flac_is_no_obstacle(tmp_path: Path) -> None:
    """Some programs put one there."""
    head = b"ID3\4\0\0\0\0\0\x0a" + b"TIT2\0\0\0\0\0\0"
    found = verify(put(tmp_path, "a.flac", head + encoded("flac")), Expected(seconds=2.0))
    assert found.ok, found.reason
    assert found.facts is not None
    assert found.facts.proven


def test_a_flac_that_ends_in_a_tiny_frame_is_whole(tmp_path: Path) -> None:
    """Digital silence takes a dozen bytes a frame, the last one too."""
    path = put(tmp_path, "a.flac", clip("flac", 5.0))
    assert verify(path, Expected(seconds=5.0), UNHEARD).ok
    path.write_bytes(clip("flac", 5.0)[:-14])
    assert verify(path, ANY, UNHEARD).finding is Finding.TRUNCATED
