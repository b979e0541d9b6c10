"""Quality profiles: which formats are offered to Lidarr at all, and in which order.

Lidarr's own profile stays the judge of a grab; ours keeps what nobody here wants out of its sight.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from soulspot_arr.domain import Quality, Rejection
from soulspot_arr.rules.spelling import words

_MIB = 1024 * 1024

HIRES, LOSSLESS, HIGH, MIDDLE, LOW = "hi-res", "lossless", "high", "middle", "low"
"""Classes of formats: lossless beyond 16 bits, lossless, and lossy by what they sound like."""

_LOSSY_FLOORS: dict[str, tuple[int, int]] = {
    # kbit/s from which a codec counts as HIGH and as MIDDLE
    "MP3": (256, 160),
    "AAC": (224, 128),
    "OGG": (224, 128),
    "OPUS": (160, 96),
    "WMA": (320, 192),
}
_VARIABLE_MP3 = (190, 130)  # V0 … V2 average less than a constant file that sounds the same


@dataclass(frozen=True, slots=True)
class Profile:
    """What is offered: classes of formats best first, and limits.

    `least` and `most` are kbit/s of lossy files (0: no limit), `largest` is MiB for each minute of
    music (0: no limit). An offer whose path holds an excluded word, or which an excluded peer
    shares, is not shown.
    """

    name: str
    classes: tuple[str, ...]
    least: int = 0
    most: int = 0
    largest: float = 0.0
    excluded_words: frozenset[str] = frozenset()
    excluded_peers: frozenset[str] = frozenset()

    def without(self, *, excluded_words: Collection[str], peers: Collection[str]) -> Profile:
        """The same profile with what this installation excludes."""
        return replace(
            self,
            excluded_words=self.excluded_words | {" ".join(words(text)) for text in excluded_words},
            excluded_peers=self.excluded_peers | {peer.casefold() for peer in peers},
        )

    def place(self, quality: Quality) -> int:
        """How much this profile likes a format: the last class is 1, a class left out 0."""
        found = class_of(quality)
        return len(self.classes) - self.classes.index(found) if found in self.classes else 0

    def objections(
        self, quality: Quality, *, peer: str, folders: Collection[str], size: int, seconds: float
    ) -> tuple[Rejection, ...]:
        """Every reason of this profile against an offer; `seconds` 0 when nobody knows them."""
        return tuple(
            Rejection(f"{reason} (profile {self.name})")
            for reason in (
                *self._against_format(quality, size, seconds),
                *self._against_origin(peer, folders),
            )
        )

    def _against_format(self, quality: Quality, size: int, seconds: float) -> Iterator[str]:
        rate = quality.bitrate
        if not self.place(quality):
            yield f"{class_of(quality)} formats are not wanted"
        elif not quality.lossless and rate is not None:
            if rate < self.least:
                yield f"{rate} kbit/s is below {self.least}"
            if self.most and rate > self.most:
                yield f"{rate} kbit/s is above {self.most}"
        if self.largest and seconds > 0:
            dense = size / _MIB / (seconds / 60)
            if dense > self.largest:
                yield f"{dense:.0f} MiB a minute is above {self.largest:g}"

    def _against_origin(self, peer: str, folders: Collection[str]) -> Iterator[str]:
        if peer.casefold() in self.excluded_peers:
            yield f"{peer} is excluded"
        if self.excluded_words:
            text = f" {' '.join(word for folder in folders for word in words(folder))} "
            for banned in sorted(self.excluded_words):
                if banned and f" {banned} " in text:
                    yield f'the path holds "{banned}"'


def class_of(quality: Quality) -> str:
    """The class of a measured format; 24 bits that are doubted count as what they are made from."""
    if quality.lossless:
        return HIRES if (quality.bit_depth or 16) > 16 and not quality.doubt else LOSSLESS
    high, middle = _LOSSY_FLOORS.get(quality.codec, (320, 192))
    if quality.codec == "MP3" and quality.vbr:
        high, middle = _VARIABLE_MP3
    rate = quality.bitrate or 0
    return HIGH if rate >= high else MIDDLE if rate >= middle else LOW


PROFILES: dict[str, Profile] = {
    profile.name: profile
    for profile in (
        Profile("audiophile", (HIRES, LOSSLESS)),
        Profile("balanced", (LOSSLESS, HIRES, HIGH, MIDDLE), least=128),
        Profile("space_saver", (HIGH, MIDDLE), least=96, most=330, largest=3.0),
        Profile("any", (HIRES, LOSSLESS, HIGH, MIDDLE, LOW)),
    )
}
"""The built-in profiles by name; `any` leaves everything to Lidarr."""
