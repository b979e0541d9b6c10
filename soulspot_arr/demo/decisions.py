"""Lidarr's decision engine, reduced to the rows that a Soulseek source can meet or miss.

Pure: the clock comes in as an argument. Each verdict carries all its reasons in words, and ranking
follows the same comparisons in the same order (contract lidarr §8).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from soulspot_arr.demo.feed import FoundRelease
from soulspot_arr.demo.library import Album
from soulspot_arr.rules.lidarr.parser import read_back, same_artist, search_accepts
from soulspot_arr.rules.lidarr.quality import quality_of

_MIB = 1024 * 1024
_BYTES_PER_KILOBIT = 128
_SAMPLE_LIMIT = 20 * _MIB
_NEAR = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class QualityRow:
    """One row of Lidarr's quality definitions; kbit/s, None meaning unlimited."""

    group: int
    maximum: int | None
    preferred: int


@dataclass(frozen=True, slots=True)
class BlocklistRow:
    """One blocklisted release as Lidarr's database keeps it: whole-second publish time."""

    artist: str
    title: str
    published: datetime
    size: int
    indexer: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Everything outside the release that a verdict depends on."""

    now: datetime
    indexer: str = "SoulSpot"
    blocklist: tuple[BlocklistRow, ...] = ()
    queued_qualities: tuple[str, ...] = ()
    retention_days: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict on one release for one searched album."""

    release: FoundRelease
    quality: str
    rejections: tuple[str, ...]

    @property
    def approved(self) -> bool:
        """Whether Lidarr would grab it."""
        return not self.rejections


# Groups are Lidarr's quality groups; within one group nothing is better (contract lidarr §8.1).
QUALITIES = {
    "Unknown": QualityRow(1, 350, 195),
    "MP3-8": QualityRow(2, 10, 5),
    "MP3-16": QualityRow(2, 20, 15),
    "MP3-24": QualityRow(2, 30, 25),
    "MP3-32": QualityRow(2, 40, 35),
    "MP3-40": QualityRow(2, 45, 40),
    "MP3-48": QualityRow(2, 55, 50),
    "MP3-56": QualityRow(2, 65, 60),
    "MP3-64": QualityRow(2, 75, 70),
    "MP3-80": QualityRow(2, 95, 90),
    "MP3-96": QualityRow(3, 110, 95),
    "MP3-112": QualityRow(3, 125, 95),
    "MP3-128": QualityRow(3, 140, 95),
    "OGG Vorbis Q5": QualityRow(3, 175, 95),
    "MP3-160": QualityRow(3, 175, 95),
    "MP3-192": QualityRow(4, 210, 95),
    "OGG Vorbis Q6": QualityRow(4, 210, 95),
    "AAC-192": QualityRow(4, 210, 95),
    "WMA": QualityRow(4, 350, 195),
    "MP3-224": QualityRow(4, 245, 95),
    "OGG Vorbis Q7": QualityRow(5, 245, 95),
    "MP3-VBR-V2": QualityRow(5, 280, 95),
    "MP3-256": QualityRow(5, 280, 95),
    "OGG Vorbis Q8": QualityRow(5, 280, 95),
    "AAC-256": QualityRow(5, 280, 95),
    "MP3-VBR-V0": QualityRow(6, 350, 195),
    "AAC-VBR": QualityRow(6, 350, 195),
    "MP3-320": QualityRow(6, 350, 195),
    "OGG Vorbis Q9": QualityRow(6, 350, 195),
    "AAC-320": QualityRow(6, 350, 195),
    "OGG Vorbis Q10": QualityRow(6, 550, 295),
    "FLAC": QualityRow(7, None, 895),
    "ALAC": QualityRow(7, None, 895),
    "APE": QualityRow(7, None, 895),
    "WavPack": QualityRow(7, None, 895),
    "FLAC 24bit": QualityRow(7, None, 895),
    "ALAC 24bit": QualityRow(7, None, 895),
    "WAV": QualityRow(8, None, 895),
}
# Default profiles allow whole groups, and their cutoff is a group too.
PROFILES = {
    "Any": (frozenset(range(1, 8)), 1),
    "Lossless": (frozenset({7}), 7),
    "Standard": (frozenset({4, 5, 6}), 4),
}


def decide(release: FoundRelease, album: Album, around: Surroundings) -> Decision:
    """Judge one release found by a search for `album`."""
    quality = _known(quality_of(release.title))
    reasons = (
        *_matching(release.title, album),
        *_quality_reasons(quality, album),
        *_size_reasons(release, album, quality),
        *_age_reasons(release, around),
        *_queue_reasons(quality, album, around),
        *_blocklist_reasons(release, album, around),
    )
    return Decision(release, quality, reasons)


def decide_all(
    releases: Iterable[FoundRelease], album: Album, around: Surroundings
) -> tuple[Decision, ...]:
    """All verdicts, the approved ones first and in the order Lidarr would try them."""
    decisions = [decide(release, album, around) for release in releases]
    approved = [decision for decision in decisions if decision.approved]
    # Stable: where Lidarr sees no difference the order of the feed decides.
    approved.sort(key=lambda decision: _rank(decision, album, around.now), reverse=True)
    return (*approved, *(decision for decision in decisions if not decision.approved))


def is_blocklisted(
    release: FoundRelease, rows: Iterable[BlocklistRow], *, artist: str, indexer: str
) -> bool:
    """Whether Lidarr would recognise the release as one that failed before (§8.2)."""
    pattern = _like(release.title)
    for row in rows:
        if row.artist != artist or not pattern.search(row.title):
            continue
        if row.published == release.published:
            return True
        near = abs(row.published - release.published) <= _NEAR
        if row.indexer != indexer and near and abs(row.size - release.size) <= 2 * _MIB:
            return True
    return False


def age_rank(published: datetime, now: datetime) -> float:
    """Lidarr's age buckets for Usenet releases; larger is preferred."""
    age = now - published
    if age < timedelta(hours=1):
        return 1000
    if age <= timedelta(hours=24):
        return 100
    if age.days <= 7:
        return 10
    return -round(math.log10(age.days))


def _known(quality: str) -> str:
    return quality if quality in QUALITIES else "Unknown"


def _matching(title: str, album: Album) -> Iterable[str]:
    if search_accepts(title, album.artist, album.title):
        return
    parsed = read_back(title)
    if parsed is None:
        yield "Unable to parse release"
    elif parsed.discography:
        yield "Discography releases are not wanted by an album search"
    elif not same_artist(parsed.artist, album.artist):
        yield f"Unknown artist: {parsed.artist}"
    else:
        yield f"Album wasn't requested: {parsed.album}"


def _quality_reasons(quality: str, album: Album) -> Iterable[str]:
    if QUALITIES[quality].group not in PROFILES[album.profile][0]:
        yield f"{quality} is not wanted in profile {album.profile}"


def _size_reasons(release: FoundRelease, album: Album, quality: str) -> Iterable[str]:
    if "sample" in release.title.lower() and release.size < _SAMPLE_LIMIT:
        yield "Sample"
    if release.size == 0:
        return
    seconds = max((edition.seconds for edition in album.wanted_editions), default=0)
    if seconds == 0:
        yield "Album duration is 0, unable to validate size until it is available"
        return
    maximum = QUALITIES[quality].maximum
    if maximum is not None and release.size > maximum * _BYTES_PER_KILOBIT * seconds:
        limit = maximum * _BYTES_PER_KILOBIT * seconds / _MIB
        yield f"{release.size / _MIB:.1f} MB is larger than maximum allowed {limit:.1f} MB"


def _age_reasons(release: FoundRelease, around: Surroundings) -> Iterable[str]:
    days = (around.now - release.published).days
    if 0 < around.retention_days < days:
        yield f"Older than configured retention ({days} days)"


def _queue_reasons(quality: str, album: Album, around: Surroundings) -> Iterable[str]:
    cutoff = PROFILES[album.profile][1]
    for queued in around.queued_qualities:
        group = QUALITIES[_known(queued)].group
        if group >= cutoff:
            yield f"Quality for release in queue already meets cutoff: {queued}"
        elif QUALITIES[quality].group <= group:
            yield f"Quality for release in queue is of equal or higher preference: {queued}"


def _blocklist_reasons(release: FoundRelease, album: Album, around: Surroundings) -> Iterable[str]:
    rows = around.blocklist
    if is_blocklisted(release, rows, artist=album.artist, indexer=around.indexer):
        yield "Release is blocklisted"


def _rank(decision: Decision, album: Album, now: datetime) -> tuple[float, ...]:
    row = QUALITIES[decision.quality]
    seconds = max((edition.seconds for edition in album.wanted_editions), default=0)
    preferred = row.preferred * _BYTES_PER_KILOBIT * seconds
    step = 100 * _MIB
    distance = -abs((decision.release.size - preferred) // step * step)
    parsed = read_back(decision.release.title)
    revision = (parsed.revision, parsed.real) if parsed is not None else (1, 0)
    return (row.group, *revision, age_rank(decision.release.published, now), distance)


def _like(text: str) -> re.Pattern[str]:
    """SQL's LIKE '%text%': `%` and `_` of the text stay wildcards, ASCII case is ignored."""
    pieces = {"%": ".*", "_": "."}
    pattern = "".join(pieces.get(char, re.escape(char)) for char in text)
    return re.compile(pattern, re.ASCII | re.IGNORECASE | re.DOTALL)
