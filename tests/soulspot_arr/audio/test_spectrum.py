"""Fake lossless: cliffs where lossy encoders cut, and everything that has none."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from soulspot_arr.audio import Expected, FakeLossless, Finding, Strictness, verify
from soulspot_arr.audio.spectrum import cutoff
from soulspot_arr.domain import FailureKind
from tests.soulspot_arr.audio.making import decoded, encode, noise, put

BANDS = 102
REPORT = Strictness(fake_lossless=FakeLossless.REPORT)


def flat_until(hertz: float, *, rate: int = 44_100, floor: float = -110.0) -> list[float]:
    """A spectrum that is flat up to a frequency and then nothing."""
    width = rate / 2 / BANDS
    return [-40.0 if place * width < hertz else floor for place in range(BANDS)]


@pytest.mark.parametrize(
    ("bands", "rate", "edge"),
    [
        (flat_until(16_000), 44_100, 16_000),
        (flat_until(18_600), 44_100, 18_600),
        (flat_until(20_500), 44_100, None),  # as masters for CD are cut
        (flat_until(30_000), 44_100, None),
        (flat_until(8_000), 44_100, None),  # an old recording
        (flat_until(16_000, floor=-55.0), 44_100, None),  # no cliff
        (flat_until(22_050, rate=96_000), 96_000, 22_050),
        (flat_until(40_000, rate=96_000), 96_000, None),
        ([-40 - place * 0.8 for place in range(BANDS)], 44_100, None),  # a gentle slope
        ([-120.0] * BANDS, 44_100, None),
        ([], 44_100, None),
        (flat_until(16_000), 0, None),
    ],
)
def test_cutoff(bands: list[float], rate: int, edge: float | None) -> None:
    """Only a cliff between 10 kHz and where masters are cut anyway says anything."""
    found = cutoff(bands, rate)
    assert found == (None if edge is None else pytest.approx(edge, abs=700))


@cache
def from_mp3(bitrate: str) -> bytes:
    """A FLAC of what an MP3 left over."""
    return encode("flac", decoded(encode("mp3", noise(3.0), options={"b": bitrate})))


@pytest.mark.parametrize(("bitrate", "edge"), [("128k", 16_500), ("192k", 18_900)])
def test_an_mp3_in_a_flac_is_suspected(tmp_path: Path, bitrate: str, edge: int) -> None:
    """Decoded and encoded again: the cut stays in it."""
    path = put(tmp_path, "a.flac", from_mp3(bitrate))
    found = verify(path, Expected(), REPORT)
    assert found.ok
    assert found.facts is not None
    assert found.facts.cutoff == pytest.approx(edge, abs=900)
    assert "looks made from a lossy one: nothing above 1" in found.doubts[0]


def test_a_suspicion_may_be_enough(tmp_path: Path) -> None:
    """By setting it refuses the file; without asking there is none."""
    path = put(tmp_path, "a.flac", from_mp3("128k"))
    refused = verify(path, Expected(), Strictness(fake_lossless=FakeLossless.REJECT))
    assert (refused.finding, refused.kind) == (
        Finding.FAKE_LOSSLESS,
        FailureKind.INVALID_FORMAT,
    )
    assert verify(path, Expected()).doubts == ()


def test_genuine_noise_is_not_suspected(tmp_path: Path) -> None:
    """It reaches up to half the rate."""
    path = put(tmp_path, "a.flac", encode("flac", noise(3.0)))
    found = verify(path, Expected(), Strictness(fake_lossless=FakeLossless.REJECT))
    assert found.ok, found.reason
    assert found.facts is not None
    assert found.facts.cutoff is None


def test_a_raised_rate_is_suspected(tmp_path: Path) -> None:
    """96 kHz with nothing above what a CD can hold."""
    import av

    raised = av.AudioResampler(format="s16", layout="stereo", rate=96_000)
    pcm = noise(2.5)
    frame = av.AudioFrame(format="s16", layout="stereo", samples=len(pcm) // 4)
    frame.planes[0].update(pcm.ljust(frame.planes[0].buffer_size, b"\0"))
    frame.sample_rate = 44_100
    parts = [bytes(one.planes[0])[: one.samples * 4] for one in raised.resample(frame)]
    path = put(tmp_path, "a.flac", encode("flac", b"".join(parts), rate=96_000))
    found = verify(path, Expected(), REPORT)
    assert "looks raised from a lower rate" in found.doubts[0]


def test_padded_bits_are_suspected(tmp_path: Path) -> None:
    """24 bits of which eight are always zero."""
    path = put(tmp_path, "a.flac", encode("flac", noise(2.0), form="s32"))
    found = verify(path, Expected(bit_depth=24), REPORT)
    assert found.ok, found.reason
    assert found.doubts == ("a.flac has 24 bits of which only 16 are used.",)


def test_lossy_files_are_not_asked(tmp_path: Path) -> None:
    """An MP3 is what it is."""
    path = put(tmp_path, "a.mp3", encode("mp3", noise(1.0)))
    found = verify(path, Expected(), Strictness(fake_lossless=FakeLossless.REJECT))
    assert found.ok
    assert found.facts is not None
    assert found.facts.cutoff is None
