"""Quality and revision words in release titles (contract lidarr §7.4)."""

import pytest

from soulspot_arr.rules.lidarr.quality import Revision, quality_of, revision_of


@pytest.mark.parametrize(
    ("token", "quality"),
    [
        ("FLAC", "FLAC"),
        *((token, "FLAC 24bit") for token in ("FLAC 24bit", "FLAC 24-bit", "flac24", "FLAC 24-96", "FLAC 24-192", "TR24", "WEBFLAC 24 bit")),
        ("ALAC", "ALAC"),
        ("ALAC 24bit", "ALAC 24bit"),
        *((f"MP3 {rate}", f"MP3-{rate}") for rate in (320, 256, 192, 160, 128, 96)),
        *((f"MP3 {rate}", "Unknown") for rate in (224, 112, 64, 500)),
        ("MP3 320kbps", "MP3-320"),
        ("MP3 VBR V0", "MP3-VBR-V0"),
        ("MP3 VBR V2", "MP3-VBR-V2"),
        *((token, "Unknown") for token in ("MP3 V0", "V0", "MP3 VBR", "MP3", "MP2 320", "MP1")),
        *((f"AAC {rate}", f"AAC-{rate}") for rate in (192, 256, 320)),
        *((token, "AAC-VBR") for token in ("AAC", "M4A", "AAC 160")),
        ("AAC iTunes Plus", "AAC-256"),
        *((f"OGG {rate}", f"OGG Vorbis Q{level}") for level, rate in enumerate((160, 192, 224, 256, 320, 500), start=5)),
        *((f"OGG Q{level}", f"OGG Vorbis Q{level}") for level in range(5, 11)),
        *((f"Opus {rate}", f"OGG Vorbis Q{level}") for level, rate in enumerate((160, 192, 224, 256, 320, 500), start=5)),
        *((token, "Unknown") for token in ("OGG", "Vorbis", "Opus", "Opus 128")),
        ("WAV", "WAV"),
        ("PCM", "WAV"),
        ("WMA", "WMA"),
        ("APE", "APE"),
        ("WavPack", "WavPack"),
        ("WV", "WavPack"),
        *((rate, f"MP3-{rate}") for rate in ("192", "256", "320")),
        *((rate, "Unknown") for rate in ("96", "128", "160", "224", "500")),
        ("WEB", "MP3-320"),
        ("Vinyl", "Unknown"),
    ],
)  # fmt: skip
def test_quality_token(token: str, quality: str) -> None:
    """A token in front of the names gives this quality."""
    assert quality_of(f"({token}) Artist - Album - 2001-slsk3f9a2c11") == quality


@pytest.mark.parametrize(
    ("title", "quality"),
    [
        ("Artist - Opus 160 - 2001", "Unknown"),  # Opus counts in brackets only: no codec word
        ("Artist - Opus 320 - 2001", "MP3-320"),
        ("Artist - Ape - 2001", "Unknown"),
        ("Monkey's Audio something", "APE"),
        ("(FLAC) Planet Ape - Album (x)", "APE"),
        ("(FLAC) Planet Ape - Album", "FLAC"),
        ("WAV then FLAC", "WAV"),
        ("MP3 96 of 320", "MP3-96"),
        ("Live(at 320)x MP3", "MP3-320"),
        ("snake_case_FLAC_name", "FLAC"),
        ("FLACON", "Unknown"),
        ("web of lies", "MP3-320"),
        ("cobweb", "Unknown"),
        ("track.ape", "APE"),
        ("song MP3.flac", "FLAC"),
        ("(MPEG Version 1 Audio, Layer 3 vbr V0)", "MP3-VBR-V0"),
        ("(Opus Version 1 Audio 160)", "OGG Vorbis Q5"),
        ("e\u0301FLAC", "Unknown"),
        ("²FLAC", "FLAC"),
        ("", "Unknown"),
    ],
)
def test_quality_position(title: str, quality: str) -> None:
    """The left-most words win, as words in .NET's sense, and an ending is the last resort."""
    assert quality_of(title) == quality


@pytest.mark.parametrize(
    ("title", "revision"),
    [
        ("plain", Revision()),
        ("a proper job", Revision(2)),
        ("improper", Revision()),
        ("REPACK", Revision(2, 0, True)),
        ("rerip", Revision(2, 0, True)),
        ("repack2", Revision(3, 0, True)),
        ("Repackaged", Revision()),
        ("REAL REAL", Revision(1, 2)),
        ("Real real", Revision()),
        ("SUR_REAL", Revision()),
        ("Blink 182 v3 x", Revision(3)),
        ("Blink 182 v3", Revision()),
        ("Blink 182 v3 proper", Revision(4)),
        ("[v2]", Revision(2)),
        ("MP3 V2 x", Revision()),
        ("AMP3 v2 x", Revision(2)),
        ("7v٢ x", None),
    ],
)
def test_revision(title: str, revision: Revision | None) -> None:
    """Side effects of words that mark better editions."""
    assert revision_of(title) == revision
