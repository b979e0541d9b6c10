"""The generated audio: valid, tagged, exactly as long and as large as announced, and fast."""

from __future__ import annotations

import array
import io
from typing import Any

import av
import mutagen
import pytest

from soulspot_arr.simulator import flac
from soulspot_arr.simulator.audio import AudioSpec, extra, payload_for, tagged
from tests.soulspot_arr.simulator.flac_reader import decode

TAGS = tagged({"artist": "Édith", "album": "Août", "title": "Été", "tracknumber": "3"})


@pytest.mark.parametrize(
    "spec",
    [
        AudioSpec(1.3, tags=TAGS, seed=7),
        AudioSpec(0.5, rate=96000, bits=24),
        AudioSpec(4096 * 3 / 44100, rate=44100),
        AudioSpec(0.2, rate=48000, bits=16),
    ],
)
def test_flac_frames_decode_to_what_the_header_says(spec: AudioSpec) -> None:
    """CRCs, frame numbers, sample counts, sizes and the MD5 of the audio."""
    content = spec.content()
    found = decode(content)
    assert (found.rate, found.channels, found.bits) == (spec.rate, 2, spec.bits)
    assert found.total == found.decoded == round(spec.seconds * spec.rate)
    assert found.md5 == found.decoded_md5
    assert found.frame_sizes == found.announced_sizes
    assert len(content) == spec.size


@pytest.mark.parametrize("frames", [1, 127, 128, 129, 2047, 2049])
def test_flac_sizes_follow_the_length_of_frame_numbers(frames: int) -> None:
    """Exact on both sides of every step of the coded number."""
    for samples in (frames * flac.BLOCK, frames * flac.BLOCK + 1):
        made = flac.build(samples, 44100, bits=16, tags=(), seed=1)
        assert flac.size(samples, bits=16, tags=()) == len(made)


@pytest.mark.parametrize(
    ("spec", "bitrate"),
    [
        (AudioSpec(10, "mp3", bitrate=320, tags=TAGS), 320),
        (AudioSpec(10, "mp3", bitrate=256), 256),
        (AudioSpec(10, "mp3", bitrate=192, rate=48000), 192),
        (AudioSpec(10, "mp3", bitrate=128), 128),
        (AudioSpec(40, "mp3", vbr=True, seed=5), 245),
    ],
)
def test_mp3_files(spec: AudioSpec, bitrate: int) -> None:
    """mutagen reads length, rate and bit rate; the size is the announced one."""
    content = spec.content()
    info: Any = mutagen.File(io.BytesIO(content)).info
    assert info.length == pytest.approx(spec.seconds, abs=0.05)
    assert info.sample_rate == spec.rate
    assert info.bitrate / 1000 == pytest.approx(bitrate, rel=0.02)
    assert len(content) == spec.size
    assert info.sketchy is False


def test_every_mp3_frame_follows_the_last_one() -> None:
    """Walking by header alone reaches the exact end."""
    rates = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
    for spec in (AudioSpec(3, "mp3", bitrate=320), AudioSpec(3, "mp3", vbr=True)):
        data, at, frames = spec.content(), 0, 0
        while at < len(data):
            assert data[at : at + 2] == b"\xff\xfb"
            bitrate, padding = rates[data[at + 2] >> 4], data[at + 2] >> 1 & 1
            at += 144_000 * bitrate // 44_100 + padding
            frames += 1
        assert at == len(data)
        assert frames == round(3 * 44_100 / 1152) + 1


@pytest.mark.parametrize("codec", ["flac", "mp3"])
def test_tags_are_readable_and_may_be_absent(codec: str) -> None:
    """Through mutagen's easy interface."""
    file = mutagen.File(io.BytesIO(AudioSpec(1, codec, tags=TAGS).content()), easy=True)
    assert {key: file[key] for key in ("artist", "album", "title", "tracknumber")} == {
        "artist": ["Édith"],
        "album": ["Août"],
        "title": ["Été"],
        "tracknumber": ["3"],
    }
    bare = mutagen.File(io.BytesIO(AudioSpec(1, codec).content()))
    assert not bare.tags


def test_content_is_the_same_every_time_and_differs_by_seed() -> None:
    """Deterministic, but not one file for all."""
    one, two = AudioSpec(2, seed=1), AudioSpec(2, seed=2)
    assert one.content() == AudioSpec(2, seed=1).content()
    assert one.content() != two.content()
    assert AudioSpec(2, "mp3", seed=1).content() != AudioSpec(2, "mp3", seed=2).content()


def test_tracks_of_an_album_sound_different_without_being_told() -> None:
    """Tags alone are enough to tell two tracks of one length apart, by their audio too."""
    for codec in ("flac", "mp3"):
        one, two = (
            AudioSpec(2, codec, tags=tagged({"title": title})) for title in ("Weir", "Lock")
        )
        assert one.size == two.size
        assert one.content()[-40_000:] != two.content()[-40_000:]


@pytest.mark.parametrize(
    "spec",
    [
        AudioSpec(2),
        AudioSpec(2, rate=96000, bits=24),
        AudioSpec(2, "mp3", bitrate=320, seed=9),
        AudioSpec(2, "mp3", bitrate=192, rate=48000),
        AudioSpec(2, "mp3", bitrate=32),
        AudioSpec(2, "mp3", vbr=True, seed=3),
    ],
    ids=lambda spec: f"{spec.codec} {spec.bits} bit {spec.bitrate} {spec.rate}",
)
def test_a_decoder_hears_something_from_beginning_to_end(spec: AudioSpec) -> None:
    """Soft but far above silence, never clipped, as long as announced, and without an error."""
    quietest, loudest, seconds = heard(spec.content())
    assert quietest > 0.001
    assert loudest < 0.5
    assert seconds == pytest.approx(spec.seconds, abs=0.05)


def heard(content: bytes) -> tuple[float, float, float]:
    """Peaks of the quietest and of the loudest tenth of a second, and the length in seconds."""
    with av.open(io.BytesIO(content), mode="r") as container:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=8000)
        frames = [part for frame in container.decode(audio=0) for part in resampler.resample(frame)]
        frames += resampler.resample(None)
    samples = array.array("h")
    for frame in frames:
        samples.frombytes(bytes(frame.planes[0])[: 2 * frame.samples])
    peaks = [max(map(abs, samples[at : at + 800])) for at in range(0, len(samples) - 800, 800)]
    return min(peaks) / 32768, max(peaks) / 32768, len(samples) / 8000


def test_realistic_bit_rates() -> None:
    """About 700 and 2300 kbit/s."""
    assert AudioSpec(60).size * 8 / 60_000 == pytest.approx(706, abs=10)
    assert AudioSpec(60, rate=96000, bits=24).size * 8 / 60_000 == pytest.approx(2310, abs=20)


def test_sizes_are_known_without_making_the_audio() -> None:
    """A year of music would fill any memory."""
    assert AudioSpec(365 * 86_400).size > 10**12


def test_companions_and_literal_bytes() -> None:
    """Sizes come from names; pictures begin like pictures."""
    cover = extra("Music\\Album\\cover.jpg")
    assert cover.size == len(cover.content()) == extra("Music\\Album\\cover.jpg").size
    assert cover.content().startswith(b"\xff\xd8\xff")
    assert payload_for(b"abc", "x").content() == b"abc"
    assert len(payload_for(5000, "x").content()) == 5000
    assert extra("a.cue").size < 10_000


def test_hires_is_read_by_mutagen() -> None:
    """Attributes as announced."""
    spec = AudioSpec(2, rate=96000, bits=24)
    info: Any = mutagen.File(io.BytesIO(spec.content())).info
    assert (info.bits_per_sample, info.sample_rate, info.length) == (24, 96000, 2.0)
    assert spec.attributes() == {"bitDepth": 24, "sampleRate": 96000, "length": 2}
