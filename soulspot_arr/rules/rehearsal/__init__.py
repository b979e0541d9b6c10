"""The rehearsal: what Lidarr will say to a folder before it is reported as completed.

A port of Lidarr's import decision (contract lidarr §9.3 to §9.6): grouping, candidates, distances,
limits. It takes values and gives a value: reading tags, and what to do about a refusal, is for
others. "Completed" cannot be taken back, so whoever reports it asks here first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from soulspot_arr.rules.rehearsal import reasons
from soulspot_arr.rules.rehearsal.candidates import Circumstances
from soulspot_arr.rules.rehearsal.distance import (
    WEIGHTS,
    Candidate,
    Distance,
    Kind,
    Pair,
    Pairing,
    Particulars,
)
from soulspot_arr.rules.rehearsal.grouping import eligible, group
from soulspot_arr.rules.rehearsal.judging import ALBUM_LIMIT, TRACK_LIMIT, Judged, Match, judge
from soulspot_arr.rules.rehearsal.reasons import Reason, Rejection
from soulspot_arr.rules.rehearsal.tags import FileTags
from soulspot_arr.wanted import Wanted

__all__ = [
    "ALBUM_LIMIT",
    "SAFE_ALBUM",
    "SAFE_TRACK",
    "TRACK_LIMIT",
    "WEIGHTS",
    "Candidate",
    "Circumstances",
    "Distance",
    "FileTags",
    "Judged",
    "Kind",
    "Match",
    "Pair",
    "Pairing",
    "Particulars",
    "Reason",
    "Rejection",
    "Verdict",
    "rehearse",
]

SAFE_ALBUM = 0.15
SAFE_TRACK = 0.35
"""Distances up to which a yes is believed; beyond, Lidarr's catalogue may differ from ours."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What Lidarr makes of a finished download.

    `groups` are the releases it sees in the files, `passed_over` the files it does not look at.
    """

    album: Wanted
    groups: tuple[Judged, ...]
    passed_over: tuple[FileTags, ...] = ()

    @property
    def accepted(self) -> bool:
        """Whether every file that Lidarr looks at is imported."""
        return bool(self.groups) and all(one.accepted for one in self.groups)

    @property
    def imports(self) -> bool:
        """Whether Lidarr counts the download as imported (contract lidarr §9.2).

        Files that are left out do not matter to it when the others are as many as the tracks of
        the edition it has chosen.
        """
        if self.accepted:
            return True
        brought = sum(len(one.files) for one in self.groups if one.accepted)
        chosen = [len(each.tracks) for each in self.album.editions if each.monitored]
        return bool(brought and chosen) and brought >= sum(chosen)

    @property
    def as_wanted(self) -> bool:
        """Whether it imports all of it, as the album that was grabbed and as no other one."""
        return self.accepted and all(
            one.match is not None and one.match.candidate.album == self.album for one in self.groups
        )

    @property
    def safe(self) -> bool:
        """Whether it is imported as wanted, and with something to spare."""
        return self.as_wanted and self.distance <= SAFE_ALBUM and self.worst <= SAFE_TRACK

    @property
    def distance(self) -> float:
        """The greatest album distance of all groups; 1 for one that is like no album."""
        return max(
            (one.match.distance.value if one.match else 1.0 for one in self.groups), default=1.0
        )

    @property
    def worst(self) -> float:
        """The greatest distance of any file from its track; 1 when there is none."""
        return max((one.match.worst if one.match else 1.0 for one in self.groups), default=1.0)

    @property
    def rejections(self) -> tuple[Rejection, ...]:
        """All reasons against it, each once; empty when it is accepted."""
        if not self.groups:
            return (reasons.nothing(),)
        return tuple(dict.fromkeys(found for one in self.groups for found in one.rejections))


def rehearse(files: Sequence[FileTags], album: Wanted, circumstances: Circumstances) -> Verdict:
    """What Lidarr will make of these files of one job, for the album that was grabbed.

    `album` has all the editions that Lidarr knows. A fingerprint is taken into account only where
    the files bring one. Equally near editions are told apart by their order.
    """
    looked_at = [file for file in files if eligible(file.path)]
    groups = judge(group(looked_at, circumstances.root), album, circumstances)
    rest = tuple(file for file in files if not eligible(file.path))
    return Verdict(album, tuple(groups), rest)
