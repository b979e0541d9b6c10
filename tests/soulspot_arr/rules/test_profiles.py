"""Which formats each built-in profile offers, and why the others are refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from soulspot_arr.domain import Quality
from soulspot_arr.rules.profiles import PROFILES, Profile, class_of

FLAC = Quality("FLAC", bitrate=900, bit_depth=16, sample_rate=44_100)
FLAC24 = Quality("FLAC", bitrate=2800, bit_depth=24, sample_rate=96_000)
MP3_320, MP3_128 = Quality("MP3", bitrate=320), Quality("MP3", bitrate=128)
V0, V2 = Quality("MP3", bitrate=245, vbr=True), Quality("MP3", bitrate=180, vbr=True)
AAC, OPUS = Quality("AAC", bitrate=256), Quality("OPUS", bitrate=128)


@pytest.mark.parametrize(
    ("quality", "expected"),
    [
        (FLAC24, "hi-res"),
        (replace(FLAC24, doubt="padded?"), "lossless"),
        (FLAC, "lossless"),
        (Quality("APE", bitrate=900), "lossless"),
        (MP3_320, "high"),
        (V0, "high"),
        (V2, "middle"),
        (AAC, "high"),
        (OPUS, "middle"),
        (MP3_128, "low"),
        (Quality("MP3"), "low"),
        (Quality("XYZ", bitrate=500), "high"),
    ],
)
def test_every_format_belongs_to_a_class(quality: Quality, expected: str) -> None:
    """Lossless by depth, lossy by what its rate is worth in its codec."""
    assert class_of(quality) == expected


def _objections(profile: Profile, quality: Quality, **changes: object) -> list[str]:
    given = {"peer": "alice", "folders": ("Music", "Album"), "size": 300 * 2**20, "seconds": 2400.0}
    return [r.reason for r in profile.objections(quality, **{**given, **changes})]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "offered", "refused"),
    [
        ("audiophile", [FLAC24, FLAC], [MP3_320, V0, AAC, OPUS]),
        ("balanced", [FLAC, FLAC24, MP3_320, V0, V2, AAC], [MP3_128]),
        ("space_saver", [V0, V2, AAC, OPUS], [FLAC, FLAC24, MP3_128]),
        ("any", [FLAC24, FLAC, MP3_320, V0, V2, AAC, OPUS, MP3_128], []),
    ],
)
def test_a_profile_offers_its_classes(
    name: str, offered: list[Quality], refused: list[Quality]
) -> None:
    """At a size that fits, what is offered has no objection and what is refused has one."""
    profile = PROFILES[name]
    assert [q for q in offered if _objections(profile, q, size=80 * 2**20)] == []
    assert [q for q in refused if not _objections(profile, q, size=80 * 2**20)] == []


@pytest.mark.parametrize(
    ("name", "better", "worse"),
    [
        ("audiophile", FLAC24, FLAC),
        ("balanced", FLAC, FLAC24),
        ("balanced", FLAC24, MP3_320),
        ("space_saver", V0, OPUS),
        ("any", FLAC24, FLAC),
        ("any", FLAC, MP3_320),
    ],
)
def test_a_profile_orders_its_classes(name: str, better: Quality, worse: Quality) -> None:
    """The place of a format is higher when it is liked more, and 0 when it is left out."""
    profile = PROFILES[name]
    assert profile.place(better) > profile.place(worse) > 0
    assert PROFILES["audiophile"].place(MP3_320) == 0


def test_limits_on_rate_and_density() -> None:
    """Rates bind lossy files only; density is MiB for each minute, if the length is known."""
    narrow = Profile("narrow", ("lossless", "high", "low"), least=192, most=256, largest=5)
    assert _objections(narrow, MP3_128, size=1) == ["128 kbit/s is below 192 (profile narrow)"]
    assert _objections(narrow, MP3_320, size=1) == ["320 kbit/s is above 256 (profile narrow)"]
    assert _objections(narrow, FLAC) == ["8 MiB a minute is above 5 (profile narrow)"]
    assert _objections(narrow, FLAC, seconds=0.0) == []


def test_excluded_words_and_peers() -> None:
    """Whole words in any folder, in any case; peers by their whole name."""
    profile = PROFILES["any"].without(excluded_words=["Vinyl Rip", "DSD"], peers=["Mallory"])
    assert _objections(profile, FLAC, folders=("Music", "Album (vinyl.rip)")) == [
        'the path holds "vinyl rip" (profile any)'
    ]
    assert _objections(profile, FLAC, folders=("Vinylripper", "dsdx")) == []
    assert _objections(profile, FLAC, peer="mallory") == ["mallory is excluded (profile any)"]
    assert _objections(profile, FLAC, peer="mallory2") == []
