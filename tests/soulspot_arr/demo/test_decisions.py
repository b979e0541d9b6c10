"""The reduced decision engine: reasons in words, the blocklist, and who wins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from soulspot_arr.demo.decisions import (
    BlocklistRow,
    Surroundings,
    age_rank,
    decide,
    decide_all,
    is_blocklisted,
)
from soulspot_arr.demo.feed import FoundRelease
from soulspot_arr.demo.library import Album, simple_album

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
MIB = 1024 * 1024
AROUND = Surroundings(NOW)


def album(profile: str = "Any", *, seconds: float = 2700) -> Album:
    """OK Computer as one long track."""
    return simple_album("Radiohead", "OK Computer", 1997, (("x", seconds),), profile=profile)


def release(
    title: str = "(FLAC) Radiohead - OK Computer - 1997-slsk00000001",
    *,
    size: int = 100 * MIB,
    age: timedelta = timedelta(days=3),
    guid: str = "1",
) -> FoundRelease:
    """A search result of this age."""
    return FoundRelease(title, guid, NOW - age, "http://h/1", size)


@pytest.mark.parametrize(
    ("title", "reason"),
    [
        ("(FLAC) Radiohead - OK Computer - 1997-slsk00000001", None),
        ("(FLAC) Radiohead - Kid A - 2000-slsk00000001", "Album wasn't requested: Kid A"),
        ("(FLAC) Muse - OK Computer - 1997-slsk00000001", "Unknown artist: Muse"),
        ("(FLAC) slskd selftest", "Unable to parse release"),
        ("Radiohead Discography 1993-2016 FLAC", "Discography"),
    ],
)
def test_8_1_matching(title: str, reason: str | None) -> None:
    """Artist and album must read back as the searched ones."""
    rejections = decide(release(title), album(), AROUND).rejections
    assert (rejections == ()) if reason is None else any(reason in text for text in rejections)


@pytest.mark.parametrize(
    ("token", "any_ok", "lossless_ok", "standard_ok"),
    [
        ("FLAC", True, True, False),
        ("FLAC 24bit", True, True, False),
        ("MP3 320", True, False, True),
        ("MP3 192", True, False, True),
        ("MP3 VBR V0", True, False, True),
        ("AAC 256", True, False, True),
        ("MP3 128", True, False, False),
        ("MP3 V0", True, False, False),
        ("WAV", False, False, False),
    ],
)
def test_8_1_quality_profiles(
    token: str, *, any_ok: bool, lossless_ok: bool, standard_ok: bool
) -> None:
    """Default profiles allow whole quality groups; a title of unknown quality only fits Any."""
    found = release(f"({token}) Radiohead - OK Computer - 1997-slsk00000001", size=MIB)
    fits = [
        decide(found, album(profile), AROUND).approved
        for profile in ("Any", "Lossless", "Standard")
    ]
    assert fits == [any_ok, lossless_ok, standard_ok]


@pytest.mark.parametrize(
    ("token", "size", "ok"),
    [
        ("MP3 320", 350 * 128 * 2700, True),
        ("MP3 320", 350 * 128 * 2700 + 1, False),
        ("MP3 128", 140 * 128 * 2700 + 1, False),
        ("FLAC", 4000 * MIB, True),
        ("MP3 320", 0, True),
    ],
)
def test_8_1_acceptable_size(token: str, size: int, *, ok: bool) -> None:
    """kbit/s times 128 bytes times the album's seconds; lossless and size 0 pass."""
    found = release(f"({token}) Radiohead - OK Computer - 1997-slsk00000001", size=size)
    assert decide(found, album(), AROUND).approved is ok


def test_8_1_an_album_without_duration_rejects_every_sized_release() -> None:
    """Even lossless ones; only size 0 escapes."""
    assert not decide(release(), album(seconds=0), AROUND).approved
    assert decide(release(size=0), album(seconds=0), AROUND).approved


@pytest.mark.parametrize(("size", "ok"), [(20 * MIB - 1, False), (20 * MIB, True)])
def test_8_1_small_samples_are_refused(size: int, *, ok: bool) -> None:
    """The word counts anywhere in the title, below twenty MiB."""
    found = release("(FLAC) Radiohead - OK Computer - 1997, sampler-slsk00000001", size=size)
    assert decide(found, album(), AROUND).approved is ok


def test_8_1_retention_counts_whole_days() -> None:
    """Older than the configured days is refused; zero switches it off."""
    old = release(age=timedelta(days=31))
    assert decide(old, album(), Surroundings(NOW, retention_days=0)).approved
    assert decide(old, album(), Surroundings(NOW, retention_days=31)).approved
    assert not decide(old, album(), Surroundings(NOW, retention_days=30)).approved


@pytest.mark.parametrize(
    ("profile", "queued", "ok"),
    [
        ("Any", "MP3-128", False),
        ("Lossless", "FLAC", False),
        ("Lossless", "MP3-320", True),
        ("Standard", "MP3-192", False),
    ],
)
def test_8_1_an_album_in_the_queue_blocks_further_grabs(
    profile: str, queued: str, *, ok: bool
) -> None:
    """What meets the cutoff blocks; below it only something better is taken."""
    title = "(FLAC) Radiohead - OK Computer - 1997-slsk00000001"
    if profile == "Standard":
        title = title.replace("FLAC", "MP3 320")
    around = Surroundings(NOW, queued_qualities=(queued,))
    assert decide(release(title), album(profile), around).approved is ok


def row(title: str, **changes: object) -> BlocklistRow:
    """A blocklist row of the three-day-old release with some fields changed."""
    values: dict[str, object] = {
        "artist": "Radiohead",
        "title": title,
        "published": NOW - timedelta(days=3),
        "size": 100 * MIB,
        "indexer": "SoulSpot",
    }
    return BlocklistRow(**(values | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "blocked"),
    [
        ({}, True),
        ({"title": "x (flac) RADIOHEAD - ok computer - 1997-slsk00000001 y"}, True),
        ({"title": "(FLAC) Radiohead - OK Computer - 1997-slsk00000002"}, False),
        ({"artist": "Muse"}, False),
        ({"size": 1}, True),
        ({"published": NOW - timedelta(days=3, seconds=1)}, False),
        ({"published": NOW - timedelta(days=3, seconds=90), "indexer": "Other"}, True),
        ({"published": NOW - timedelta(days=3, seconds=121), "indexer": "Other"}, False),
        (
            {
                "published": NOW - timedelta(days=3, seconds=90),
                "indexer": "Other",
                "size": 103 * MIB,
            },
            False,
        ),
    ],
)
def test_8_2_what_identifies_a_blocklisted_release(
    changes: dict[str, object], *, blocked: bool
) -> None:
    """Title containment and the exact second; another indexer is compared loosely."""
    found = release()
    rows = [row(found.title, **changes) if "title" not in changes else row(**changes)]  # type: ignore[arg-type]
    assert is_blocklisted(found, rows, artist="Radiohead", indexer="SoulSpot") is blocked
    around = Surroundings(NOW, blocklist=tuple(rows))
    assert decide(found, album(), around).approved is not blocked


@pytest.mark.parametrize(("title", "blocked"), [("a_b", True), ("a%c", True), ("a.b", False)])
def test_8_2_underscore_and_percent_are_wildcards(title: str, *, blocked: bool) -> None:
    """Which is why a title should contain neither."""
    found = release(title)
    assert is_blocklisted(found, [row("aXb c")], artist="Radiohead", indexer="SoulSpot") is blocked


@pytest.mark.parametrize(
    ("age", "rank"),
    [
        (timedelta(minutes=59), 1000),
        (timedelta(hours=1), 100),
        (timedelta(hours=24), 100),
        (timedelta(hours=25), 10),
        (timedelta(days=7, hours=23), 10),
        (timedelta(days=8), -1),
        (timedelta(days=400), -3),
    ],
)
def test_8_3_age_buckets(age: timedelta, rank: float) -> None:
    """Younger is better, in buckets."""
    assert age_rank(NOW - age, NOW) == rank


def test_8_3_ranking_order() -> None:
    """Quality group, then revision, then age bucket, then size, then feed order."""
    base = "Radiohead - OK Computer - 1997"
    best_size = 895 * 128 * 2700
    found = [
        release(f"(MP3 320) {base}-slsk00000001", guid="mp3", age=timedelta(minutes=1), size=MIB),
        release(f"(FLAC) {base}-slsk00000002", guid="far", size=best_size + 450 * MIB),
        release(f"(FLAC) {base}-slsk00000003", guid="near", size=best_size + 20 * MIB),
        release(f"(FLAC 24bit) {base}-slsk00000004", guid="near2", size=best_size + 30 * MIB),
        release(f"(FLAC) {base}-slsk00000005", guid="old", age=timedelta(days=60), size=best_size),
        release(f"(FLAC) {base} proper-slsk00000006", guid="proper", size=MIB),
        release("(FLAC) Muse - OK Computer - 1997-slsk00000007", guid="rejected"),
    ]
    order = [entry.release.guid for entry in decide_all(found, album(), AROUND)]
    assert order == ["proper", "near", "near2", "far", "old", "mp3", "rejected"]
