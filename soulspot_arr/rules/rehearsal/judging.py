"""Lidarr's decision about a finished download: which edition it is, and whether it is imported.

Sources: Identification/IdentificationService.cs, ImportDecisionMaker.cs and the specifications that
need nothing but files and album (contract lidarr §9.5, §9.6). Left out is what hangs on files that
the library has already: upgrades, fewer tracks than before, free space, root folders.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from soulspot_arr.rules.rehearsal import reasons
from soulspot_arr.rules.rehearsal.candidates import Circumstances, Shelf
from soulspot_arr.rules.rehearsal.distance import Candidate, Distance, Pairing, album_distance
from soulspot_arr.rules.rehearsal.file_names import complete
from soulspot_arr.rules.rehearsal.grouping import Group
from soulspot_arr.rules.rehearsal.pairing import pair
from soulspot_arr.rules.rehearsal.reasons import Rejection
from soulspot_arr.rules.rehearsal.tags import FileTags
from soulspot_arr.wanted import Wanted

ALBUM_LIMIT = 0.20
TRACK_LIMIT = 0.40
_DOUBT = 0.15  # an album further away is worth a fingerprint to Lidarr
_UNPACKING = ("_UNPACK_", "_FAILED_")  # Lidarr's setting, as it is delivered


@dataclass(frozen=True, slots=True)
class Match:
    """The best edition for the files, and how each of them fits."""

    candidate: Candidate
    distance: Distance
    pairing: Pairing

    @property
    def worst(self) -> float:
        """The distance of the worst pair; 1 when there is none."""
        return max((one.distance.value for one in self.pairing.pairs), default=1.0)

    @property
    def doubtful(self) -> bool:
        """Whether Lidarr would listen to the files before it believes it."""
        loose = self.pairing.unmatched or self.pairing.missing
        return bool(loose) or self.distance.value > _DOUBT or self.worst > TRACK_LIMIT


@dataclass(frozen=True, slots=True)
class Judged:
    """One release among the files: what Lidarr takes it for, and why it would not import it.

    `fingerprint` says that Lidarr listens to the audio if it can, which may change everything.
    """

    files: tuple[FileTags, ...]
    match: Match | None
    rejections: tuple[Rejection, ...]
    fingerprint: bool = False

    @property
    def accepted(self) -> bool:
        """Whether Lidarr imports these files."""
        return not self.rejections


def judge(groups: Sequence[Group], album: Wanted, circumstances: Circumstances) -> list[Judged]:
    """The decision on each group; of several copies of one album the largest alone is accepted."""
    shelf = Shelf(album, circumstances)
    found = [_judged(group, shelf, circumstances) for group in groups]
    taken: dict[str, int] = {}
    for place, one in sorted(enumerate(found), key=lambda item: -len(item[1].files)):
        if one.accepted and one.match:
            like = one.match.candidate.album
            key = like.album_id or like.album
            if taken.setdefault(key, place) != place:
                found[place] = replace(one, rejections=(reasons.several(),))
    # Lidarr looks at folders last: a copy that it will not touch keeps others out all the same.
    return [_by_path(one, circumstances.root) if one.accepted else one for one in found]


def _judged(group: Group, shelf: Shelf, circumstances: Circumstances) -> Judged:
    files = tuple({file.path: file for file in complete(group)}.values())
    match, fingerprint = _identified(files, shelf, circumstances.year)
    if match is None:
        tag = next((file.album for file in files if file.album), None)
        return Judged(files, None, (reasons.no_album(tag),), fingerprint)
    return Judged(files, match, tuple(_rejections(match)), fingerprint)


def _identified(files: Group, shelf: Shelf, year: int) -> tuple[Match | None, bool]:
    """The best match, and whether Lidarr needs a fingerprint for it.

    What the fingerprints said is used only then, if anybody asked for them.
    """
    silent = tuple(replace(file, heard=None) for file in files)
    tagged = shelf.by_tags(silent)
    match = _best(silent, tagged, year)
    if match is not None and not match.doubtful:
        return match, False
    if all(file.heard is None for file in files):
        return match, True
    known = {one.edition.id for one in tagged}
    heard = [one for one in shelf.by_sound(files) if one.edition.id not in known]
    return _best(files, [*tagged, *heard], year) or match, True


def _best(files: Group, candidates: Sequence[Candidate], year: int) -> Match | None:
    """The nearest candidate, the first of several; none when all are as far away as can be."""
    best: Match | None = None
    nearest = 1.0
    for candidate in candidates:
        pairing = pair(files, candidate.edition.tracks)
        distance = album_distance(files, candidate, pairing, year=year)
        if distance.value < nearest:
            best, nearest = Match(candidate, distance, pairing), distance.value
            if not nearest:
                break
    return best


def _rejections(match: Match) -> list[Rejection]:
    """What the rules for a whole release have against it, each on its own."""
    found = []
    pairing = match.pairing
    if match.distance.value > ALBUM_LIMIT:
        found.append(reasons.album_far(match.distance, ALBUM_LIMIT))
    elif not pairing.pairs:
        found.append(reasons.no_tracks())
    elif match.worst > TRACK_LIMIT:
        worst = max(pairing.pairs, key=lambda one: one.distance.value)
        found.append(reasons.track_far(worst, TRACK_LIMIT))
    if pairing.unmatched:
        found.append(reasons.unmatched(pairing.unmatched))
    elif pairing.missing:
        found.append(reasons.missing(pairing.missing))
    candidate = match.candidate
    if not candidate.edition.monitored and not candidate.album.any_edition:
        found.append(reasons.not_requested(candidate.album.album))
    return found


def _by_path(one: Judged, root: str) -> Judged:
    """With the folders above the files that have a name Lidarr stays away from."""
    folders = {part for file in one.files for part in f"{root}/{file.folder}".split("/")}
    named = sorted(folder for folder in folders if folder.startswith(_UNPACKING))
    return replace(one, rejections=tuple(map(reasons.unpacking, named)))
