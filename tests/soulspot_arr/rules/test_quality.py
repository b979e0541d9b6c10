"""Measuring files, the words that may be promised, and the two orders."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soulspot_arr.domain import Quality, RawFile
from soulspot_arr.rules.quality import measure, rank_of, token, utility
from soulspot_arr.rules.titles import QUALITY_OF_TOKEN


def audio(name: str = "01.mp3", size: int = 8_000_000, **attributes: object) -> RawFile:
    """One shared file."""
    return RawFile("id", f"Music\\Album\\{name}", size, **attributes)  # type: ignore[arg-type]


def sized(kbps: Sequence[float], ext: str = "mp3", seconds: int = 200) -> list[RawFile]:
    """Files that tell their length and nothing else."""
    return [
        audio(f"{n}.{ext}", int(k * seconds * 125), seconds=seconds) for n, k in enumerate(kbps)
    ]


def pictured(kbps: float, picture: int, lengths: Sequence[int]) -> list[RawFile]:
    """Files of one constant rate that all hold the same picture, and tell no rate."""
    return [
        audio(f"{n}.mp3", int(kbps * seconds * 125) + picture, seconds=seconds)
        for n, seconds in enumerate(lengths)
    ]


LENGTHS = (181, 204, 243, 302, 256)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        # lossless
        ([audio("1.flac")], "FLAC"),
        ([audio("1.FLAC", bit_depth=16, sample_rate=44100)], "FLAC"),
        ([audio("1.flac", bit_depth=24, sample_rate=96000)], "FLAC 24bit"),
        ([audio("1.flac", bit_depth=20)], "FLAC"),  # only exactly 24 is imported so
        ([audio("1.flac", bit_depth=32)], "FLAC"),
        ([audio("1.flac", bit_depth=24), audio("2.flac", bit_depth=16)], "FLAC"),
        ([audio("1.flac", sample_rate=96000)], "FLAC 24bit"),
        ([audio("[FLAC 24-96]\\1.flac")], "FLAC 24bit"),
        ([audio("[24bit]\\1.flac")], "FLAC 24bit"),
        ([audio("24 Hours\\1.flac")], "FLAC"),
        ([audio("[24-96]\\1.flac", bit_depth=16)], "FLAC"),  # what is measured beats the name
        ([audio("1.m4a", bit_depth=16, sample_rate=44100)], "ALAC"),
        ([audio("1.m4a", bit_depth=24)], "ALAC 24bit"),
        ([audio("1.m4a", 30_000_000, seconds=240)], "ALAC"),
        ([audio("1.wav")], "WAV"),
        ([audio("1.ape")], "APE"),
        ([audio("1.wv")], "WavPack"),
        ([audio("1.aiff")], None),
        # MP3, reported
        ([audio(bitrate=320)], "MP3 320"),
        ([audio(bitrate=319), audio(bitrate=321)], "MP3 320"),
        ([audio(bitrate=192, vbr=False)], "MP3 192"),
        ([audio(bitrate=224)], None),
        ([audio(bitrate=112)], None),
        ([audio(bitrate=64)], None),
        ([audio(bitrate=245)], "MP3 VBR V0"),
        ([audio(bitrate=190, vbr=True)], "MP3 VBR V0"),
        ([audio(bitrate=256, vbr=True), audio(bitrate=256, vbr=True)], "MP3 VBR V0"),
        ([audio(bitrate=b) for b in (231, 256, 247, 260, 239)], "MP3 VBR V0"),
        ([audio(bitrate=320, vbr=True), audio(bitrate=320, vbr=True)], "MP3 320"),  # the highest
        ([audio(bitrate=320_000)] * 2, "MP3 320"),  # bits instead of thousands of them
        # MP3, computed beside large pictures
        (pictured(320, 900_000, LENGTHS), "MP3 320"),
        (pictured(192, 900_000, LENGTHS), "MP3 192"),
        (pictured(256, 1_500_000, LENGTHS), "MP3 256"),
        (pictured(192, 5_000_000, LENGTHS), "MP3 192"),  # though none reads below 320
        (pictured(209, 0, LENGTHS), "MP3 VBR V0"),
        (pictured(230, 500_000, (200, 201, 200, 199)), "MP3 VBR V0"),  # too much alike to tell
        ([audio(bitrate=320)] * 9 + [audio(bitrate=256)], "MP3 320"),
        ([audio(bitrate=320), audio(bitrate=128)], "MP3 128"),  # promise the lesser one
        ([audio(bitrate=320)] * 3 + [audio()], "MP3 320"),
        # MP3, from size and length
        (sized([320] * 5), "MP3 320"),
        (sized([324, 331, 322, 338, 326]), "MP3 320"),  # artwork in the files
        (sized([129, 131, 128.5]), "MP3 128"),
        (sized([245, 262, 231, 258, 270]), "MP3 VBR V0"),
        (sized([226, 227, 228]), None),
        ([audio()], None),
        ([audio(seconds=0)], None),
        ([audio(bitrate=0, seconds=200, size=8_000_000)], "MP3 320"),
        # the rest
        ([audio("1.m4a", bitrate=256)], "AAC 256"),
        ([audio("1.m4a", bitrate=257), audio("2.m4a", bitrate=255)], "AAC 256"),
        ([audio("1.m4a", bitrate=280)], "AAC"),
        ([audio("1.m4a")], None),
        ([audio("1.ogg", bitrate=192)], "OGG 192"),
        ([audio("1.oga", bitrate=187), audio("2.oga", bitrate=199)], "OGG 192"),
        ([audio("1.ogg", bitrate=400)], None),
        ([audio("1.ogg")], None),
        ([audio("1.opus", bitrate=128)], None),
        ([audio("1.opus", bitrate=130)], "Opus 160"),
        ([audio("1.opus", bitrate=160)], "Opus 160"),
        ([audio("1.opus", bitrate=190)], "Opus 192"),
        ([audio("1.opus", bitrate=205)], "Opus 224"),
        ([audio("1.opus", bitrate=256)], "Opus 256"),
        ([audio("1.opus", bitrate=300)], "Opus 320"),
        ([audio("1.opus", bitrate=510)], "Opus 500"),
        ([audio("1.wma")], "WMA"),
    ],
)
def test_token(files: list[RawFile], words: str | None) -> None:
    """The words are those that import will confirm, or none at all."""
    quality = measure(files)
    assert quality is not None
    assert token(quality) == words


@pytest.mark.parametrize(
    "files",
    [
        [],
        [audio("1.flac"), audio("2.mp3")],
        [audio("1.mp2")],
        [audio("1.aac")],
        [audio("cover.jpg")],
        [audio("1.m4a", bitrate=256), audio("2.m4a", bit_depth=16)],
    ],
)
def test_what_is_mixed_or_foreign_has_no_quality(files: list[RawFile]) -> None:
    """Nothing is promised for files that do not belong together or are not imported."""
    assert measure(files) is None


@settings(deadline=None)
@given(
    st.sampled_from(
        ["FLAC", "MP3", "AAC", "OGG", "OPUS", "ALAC", "WAV", "WMA", "APE", "WV", "AIFF"]
    ),
    st.none() | st.integers(-5, 3000),
    st.booleans(),
    st.none() | st.sampled_from([0, 16, 20, 24, 32]),
)
def test_every_token_can_be_read_back(
    codec: str, bitrate: int | None, vbr: bool, depth: int | None
) -> None:
    """No token leaves this room that the title builder does not know."""
    words = token(Quality(codec, bitrate=bitrate, vbr=vbr, bit_depth=depth))
    assert words is None or words in QUALITY_OF_TOKEN


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (Quality("FLAC", bit_depth=24), Quality("FLAC", bit_depth=16)),
        (Quality("FLAC"), Quality("APE")),
        (Quality("WAV"), Quality("OGG", 500)),
        (Quality("APE"), Quality("MP3", 320)),
        (Quality("MP3", 320), Quality("MP3", 245, vbr=True)),
        (Quality("MP3", 245, vbr=True), Quality("MP3", 256)),
        (Quality("AAC", 256), Quality("MP3", 256)),
        (Quality("MP3", 192), Quality("MP3", 128)),
        (Quality("MP3", 128), Quality("MP3")),
    ],
)
def test_rank(better: Quality, worse: Quality) -> None:
    """Lossless before lossy, more before less."""
    assert rank_of(better) > rank_of(worse)


MB = 1_000_000


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ((True, 50, MB), (False, 0, 10 * MB)),
        ((True, 0, MB), (True, 10, MB)),
        ((False, 0, MB), (False, 40, 3 * MB)),
        ((True, 0, 5 * MB), (True, 0, MB)),
        ((True, 0, 0), (True, 0, 1000)),  # nobody knows is better than known to be slow
        ((True, 0, 5 * MB), (True, 0, 0)),
    ],
)
def test_utility_order(better: tuple[bool, int, int], worse: tuple[bool, int, int]) -> None:
    """A free slot first, then a short queue, then the speed."""

    def of(slot: bool, queue: int, speed: int) -> float:
        return utility(free_slot=slot, queue_length=queue, speed=speed, size=300 * MB)

    assert of(*better) > of(*worse)


@settings(deadline=None)
@given(st.booleans(), st.integers(), st.integers(), st.integers())
def test_utility_is_a_share(slot: bool, queue: int, speed: int, size: int) -> None:
    """Whatever a peer claims, the number stays within 0 and 1."""
    assert 0 <= utility(free_slot=slot, queue_length=queue, speed=speed, size=size) <= 1


def lossless(kbps: float, depth: int, rate: int, *, seconds: int | None = 240) -> list[RawFile]:
    """An album of FLAC files that need so many kbit/s."""
    size = int(kbps * 240 * 125)
    return [
        audio(f"{n}.flac", size, bit_depth=depth, sample_rate=rate, seconds=seconds)
        for n in range(10)
    ]


@pytest.mark.parametrize(
    ("files", "suspected"),
    [
        (lossless(900, 16, 44_100), False),
        (lossless(420, 16, 44_100), False),  # a quiet mono record
        (lossless(200, 16, 44_100), True),
        (lossless(1500, 24, 44_100), False),
        (lossless(800, 24, 44_100), True),  # 16 bits padded to 24
        (lossless(2600, 24, 96_000), False),
        (lossless(1300, 24, 96_000), True),  # 44.1 kHz made to 96
        (lossless(3200, 24, 192_000), False),
        (lossless(1400, 24, 192_000), True),
        (lossless(800, 24, 44_100, seconds=None), False),  # nobody knows
        (lossless(800, 24, 44_100)[:0], False),
    ],
)
def test_lossless_that_is_too_small_is_suspected(files: list[RawFile], suspected: bool) -> None:
    """Bits per second against what the claimed depth and rate would hold."""
    found = measure(files)
    assert bool(found and found.doubt) is suspected


def test_suspected_files_rank_below_honest_ones_of_fewer_bits() -> None:
    """Padded 24 bits come after 16 real ones, and keep the token that import will assign."""
    honest, hollow = measure(lossless(900, 16, 44_100)), measure(lossless(800, 24, 44_100))
    assert honest is not None
    assert hollow is not None
    assert rank_of(hollow) < rank_of(honest)
    assert token(hollow) == "FLAC 24bit"
    assert hollow.doubt == "only 38% of what 24 bits at 44.1 kHz hold: padded or upsampled?"
