"""The decoder's process: what it tells, what it survives, and the two programs that can do it."""

from __future__ import annotations

import io
import json
import math
import os
import signal
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from soulspot_arr.audio import (
    Expected,
    Finding,
    Strictness,
    decoder,
    decoding,
    decoding_child,
    verify,
)
from soulspot_arr.audio.decoding import Decoder, Sound
from soulspot_arr.audio.values import Container
from soulspot_arr.simulator.audio import AudioSpec
from tests.soulspot_arr.audio.making import encoded, file_of, put

Capture = pytest.CaptureFixture[str]
SOUND = Sound(Container.FLAC, 2.0, 44_100, 2, 16)

# An ffmpeg that takes the same words, decodes by PyAV and writes what was asked for.
FFMPEG = """#!{python}
import sys
import av
words = sys.argv[1:]
form, wide = words[words.index("-f") + 1], "s32le" in words
assert words[words.index("-i") + 1] == "file:/dev/stdin", words
out = av.AudioResampler(format="s32" if wide else "s16", layout="stereo")
with av.open("/dev/stdin", format=form) as reader:
    for packet in reader.demux(audio=0):
        try:
            frames = packet.decode()
        except ValueError as error:
            print(error, file=sys.stderr)
            continue
        for frame in frames:
            for ready in out.resample(frame):
                sys.stdout.buffer.write(bytes(ready.planes[0])[: ready.samples * (8 if wide else 4)])
"""


@pytest.fixture
def ffmpeg(tmp_path: Path) -> Decoder:
    """A decoder that runs the double."""
    program = tmp_path / "ffmpeg"
    program.write_text(FFMPEG.format(python=sys.executable))
    program.chmod(0o755)
    return Decoder(ffmpeg=str(program))


@pytest.mark.parametrize("kind", ["flac", "mp3", "m4a", "opus"])
def test_ffmpeg_will_do(tmp_path: Path, ffmpeg: Decoder, kind: str) -> None:
    """Where PyAV is not installed and ffmpeg is on the PATH."""
    found = verify(file_of(tmp_path, kind), Expected(seconds=2.0), find_decoder=lambda: ffmpeg)
    assert found.ok, found.reason
    assert found.facts is not None
    assert (found.facts.decoded, found.facts.proven) == (True, kind == "flac")
    assert found.facts.heard == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("bits", [16, 24])
def test_ffmpeg_proves_a_flac(tmp_path: Path, ffmpeg: Decoder, bits: int) -> None:
    """Its samples are hashed as FLAC does it, or found to be others."""
    data = bytearray(AudioSpec(2.0, bits=bits).content())
    good = verify(put(tmp_path, "a.flac", bytes(data)), Expected(), find_decoder=lambda: ffmpeg)
    assert good.facts is not None
    assert good.facts.proven
    data[len(data) // 2] ^= 1
    bad = verify(put(tmp_path, "b.flac", bytes(data)), Expected(), find_decoder=lambda: ffmpeg)
    assert bad.finding is Finding.DAMAGED


def test_ffmpeg_complains_about_damage(tmp_path: Path, ffmpeg: Decoder) -> None:
    """What it writes to stderr counts as broken spots."""
    data = bytearray(encoded("m4a"))
    middle = len(data) // 2
    data[middle : middle + 3000] = bytes(3000)
    path = put(tmp_path, "a.m4a", bytes(data))
    assert verify(path, Expected(), find_decoder=lambda: ffmpeg).finding is Finding.DAMAGED


def test_junk_behind_the_sound_is_no_damage(tmp_path: Path, ffmpeg: Decoder) -> None:
    """Complaints without anything missing are none."""
    path = put(tmp_path, "a.flac", encoded("flac") + bytes(999))
    assert verify(path, Expected(), find_decoder=lambda: ffmpeg).ok


def test_a_program_that_fails(tmp_path: Path) -> None:
    """Its last words are the reason."""
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\necho no such codec >&2\nexit 3\n")
    program.chmod(0o755)
    with file_of(tmp_path, "flac").open("rb") as file:
        heard = Decoder(ffmpeg=str(program)).hear(file, 1, SOUND)
    assert heard.broken == "no such codec"


def test_a_decoder_that_hangs_is_ended(tmp_path: Path) -> None:
    """Nothing holds a worker for ever."""
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\nexec sleep 2\n")
    program.chmod(0o755)
    with file_of(tmp_path, "flac").open("rb") as file:
        heard = Decoder(ffmpeg=str(program), at_least=0.2).hear(file, 1, SOUND)
    assert heard.broken.startswith("the decoder was still busy after")


def test_a_decoder_that_crashes_is_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes nobody with it."""
    child = tmp_path / "child.py"
    child.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n")
    monkeypatch.setattr(decoding, "_CHILD", child)
    found = verify(file_of(tmp_path, "flac"), Expected())
    assert found.finding is Finding.DAMAGED
    assert found.reason == ("01 Song.flac cannot be decoded: the decoder broke down (status -9).")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_decoder_that_is_stopped_with_the_service_condemns_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    """Who ends a service ends what it has started: that says nothing about the file."""
    child = put(tmp_path, "child.py", f"import os\nos.kill(os.getpid(), {number:d})\n".encode())
    monkeypatch.setattr(decoding, "_CHILD", child)
    verdict = verify(file_of(tmp_path, "flac"), Expected(), find_decoder=Decoder)
    assert verdict.finding is Finding.UNREADABLE
    assert verdict.reason.endswith("cannot be read: the decoder was stopped.")


def test_a_playlist_is_not_followed(tmp_path: Path) -> None:
    """A decoder that guesses would open what is written in it."""
    real = file_of(tmp_path, "flac")
    text = f"ffconcat version 1.0\nfile {real}\n".encode()
    with put(tmp_path, "b.flac", text).open("rb") as file:
        heard = Decoder().hear(file, len(text), SOUND)
    assert heard.samples == 0


def test_the_best_decoder_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """PyAV first, then ffmpeg on the PATH, then none."""
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert decoder.__wrapped__() == Decoder()
    monkeypatch.setattr(decoding, "find_spec", lambda name: None)
    assert decoder.__wrapped__() == Decoder(ffmpeg=str(program))
    program.unlink()
    assert decoder.__wrapped__() is None


def test_the_file_is_read_from_its_beginning(tmp_path: Path) -> None:
    """Wherever the one who looked before left it."""
    path = file_of(tmp_path, "flac")
    with path.open("rb") as file:
        file.seek(10_000)
        file.read(5)
        heard = Decoder().hear(file, os.fstat(file.fileno()).st_size, SOUND)
    assert heard.seconds == pytest.approx(2.0)
    assert heard.errors == 0


@pytest.mark.parametrize(("kind", "form"), [("flac", "flac"), ("m4a", "mov"), ("opus", "ogg")])
def test_what_the_child_tells(
    tmp_path: Path, kind: str, form: str, monkeypatch: pytest.MonkeyPatch, capfd: Capture
) -> None:
    """Its answer in plain JSON, here without a process of its own."""
    told = {"form": form, "seconds": 2.0, "rate": 44_100, "channels": 2, "bits": 16}
    told |= {"spectrum": True, "ffmpeg": "", "patience": 60}
    monkeypatch.setattr(decoding_child, "_limit", lambda seconds: None)
    monkeypatch.setattr(sys, "argv", ["child", json.dumps(told)])
    with file_of(tmp_path, kind).open("rb") as file:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=file))
        decoding_child.main()
    answer = json.loads(capfd.readouterr().out)
    assert answer["samples"] / answer["rate"] == pytest.approx(2.0, abs=0.1)
    assert (answer["errors"], answer["sounding"]) == (0, 1.0)
    assert len(answer["bands"]) == 102


def test_what_the_child_tells_of_rubbish(monkeypatch: pytest.MonkeyPatch, capfd: Capture) -> None:
    """One word: why not."""
    told = {"form": "mov", "seconds": 2.0, "rate": 0, "channels": 2, "bits": 0}
    told |= {"spectrum": False, "ffmpeg": "", "patience": 60}
    monkeypatch.setattr(decoding_child, "_limit", lambda seconds: None)
    monkeypatch.setattr(sys, "argv", ["child", json.dumps(told)])
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"rubbish" * 99)))
    decoding_child.main()
    assert set(json.loads(capfd.readouterr().out)) == {"broken"}


def test_a_tone_is_found_in_its_bin() -> None:
    """The transform is right: 100 periods in a window are bin 100, whatever the other window is."""
    size = decoding_child.WINDOW
    tone = [math.sin(2 * math.pi * 100 * k / size) for k in range(size)]
    other = [math.sin(2 * math.pi * 700 * k / size) / 2 for k in range(size)]
    found = decoding_child.power([tone, other])
    assert max(range(len(found)), key=found.__getitem__) == 100
    assert found[700] == pytest.approx(found[100] / 4, rel=0.01)
    assert sum(found[:90]) + sum(found[110:690]) < found[100] / 1e6


def test_silence_is_measured(tmp_path: Path) -> None:
    """The share of blocks in which anything is to be heard."""
    path = put(tmp_path, "a.mp3", encoded("mp3", quiet=True))
    found = verify(path, Expected(), Strictness(reject_silence=False))
    assert found.facts is not None
    assert found.facts.sounding == 0.0
