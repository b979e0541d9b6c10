"""What either side says about the same files, brought into one form that can be compared.

The double gets tags as its own reader would have found them; nothing of what one side says is taken
from the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from soulspot_arr.demo.lidarr import tags as double_tags
from soulspot_arr.demo.lidarr.countries import country
from soulspot_arr.demo.lidarr.disk import Disk
from soulspot_arr.demo.lidarr.identification import Identified, Overrides, identify
from soulspot_arr.demo.lidarr.library import Library
from soulspot_arr.demo.lidarr.likeness import track_title
from soulspot_arr.demo.lidarr.tables import Store
from soulspot_arr.demo.lidarr.tags import LocalFile, read_file
from soulspot_arr.demo.lidarr.verdicts import Circumstances as Around
from soulspot_arr.demo.lidarr.verdicts import Verdict, judge
from soulspot_arr.rules.rehearsal import Circumstances, FileTags, Judged, rehearse
from soulspot_arr.rules.rehearsal.grouping import eligible
from soulspot_arr.wanted import Wanted
from tests.corpus_import.stocking import ROOT, stock

SAME = 1e-9  # distances nearer than this are one


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one group of files was taken for.

    `files` are their paths in order, `places` the disc and number of each file's track. `distance`
    and `worst` are 1 for a group that is like no album. `reasons` are the beginnings of Lidarr's
    messages; empty when it is imported.
    """

    files: tuple[str, ...]
    edition: str
    distance: float
    worst: float
    reasons: frozenset[str]
    places: tuple[tuple[str, int, int], ...]

    def like(self, other: Opinion) -> bool:
        """Whether both would do the same for the same reason, by the same numbers."""
        near = abs(self.distance - other.distance) < SAME and abs(self.worst - other.worst) < SAME
        mine = (self.files, self.edition, self.reasons)
        return near and mine == (other.files, other.edition, other.reasons)


# -- the rehearsal ---------------------------------------------------------------------------------


def rehearsed(
    files: Sequence[FileTags], album: Wanted, circumstances: Circumstances
) -> list[Opinion]:
    """What the rehearsal says, group by group."""
    now = replace(circumstances, year=datetime.now(UTC).year)  # the double lives in the present
    return [_rehearsed(one) for one in rehearse(files, album, now).groups]


def _rehearsed(one: Judged) -> Opinion:
    match = one.match
    pairs = match.pairing.pairs if match else ()
    return Opinion(
        tuple(sorted(file.path for file in one.files)),
        match.candidate.edition.id if match else "",
        match.distance.value if match else 1.0,
        match.worst if match else 1.0,
        frozenset(rejection.reason.value for rejection in one.rejections),
        tuple(sorted((pair.file.path, pair.track.disc, pair.track.number) for pair in pairs)),
    )


# -- the double ------------------------------------------------------------------------------------

_BEGINNINGS = (
    "Couldn't find similar album",
    "Album match is not close enough",
    "No tracks matched",
    "Worst track match",
    "Has unmatched tracks",
    "Has missing tracks",
    "Album release not requested",
    "Multiple versions of an album not supported",
    "File is still being unpacked",
)


class Double:
    """The double with one album, and the others of its artist, in its library."""

    def __init__(self, album: Wanted, circumstances: Circumstances) -> None:
        self._store = Store()
        self._artist = stock(self._store, album, circumstances)
        self._library = Library(self._store)
        self._store.close()  # what it holds is in memory by now, and nothing is changed

    def says(self, files: Sequence[FileTags], root: str) -> list[Opinion]:
        """What it says to the files of a job, group by group."""
        looked_at = [
            LocalFile(f"{root}/{file.path}", 1, translated(file))
            for file in files
            if eligible(file.path)
        ]
        return self._judged(looked_at, root)

    def reads(self, home: Path) -> list[Opinion]:
        """What it says to the files that lie in a folder."""
        found = [
            read_file(str(path), path.stat().st_size) for path in Disk().audio_files(str(home))
        ]
        return self._judged(found, str(home))

    def _judged(self, looked_at: Sequence[LocalFile], root: str) -> list[Opinion]:
        overrides = Overrides(artist=self._artist)
        groups = identify(self._library, looked_at, overrides)
        verdicts = iter(judge(groups, overrides, Around(self._library, [], [ROOT])))
        return [_doubled(one, [next(verdicts) for _ in one.files], root) for one in groups]


def _doubled(one: Identified, verdicts: Iterable[Verdict], root: str) -> Opinion:
    found = [_beginning(reason) for verdict in verdicts for reason in verdict.rejections]
    pairs = one.mapping.pairs
    return Opinion(
        tuple(sorted(file.path.removeprefix(f"{root}/") for file in one.files)),
        one.release.foreign_id if one.release else "",
        one.distance.value if one.release else 1.0,
        max((distance.value for _, _, distance in pairs), default=1.0),
        frozenset(found),
        tuple(
            sorted(
                (file.path.removeprefix(f"{root}/"), track.medium, track.number)
                for file, track, _ in pairs
            )
        ),
    )


def _beginning(reason: str) -> str:
    return next((known for known in _BEGINNINGS if reason.startswith(known)), reason)


def translated(file: FileTags) -> double_tags.FileTags:
    """The same tags as the double's reader would have found them."""
    return double_tags.FileTags(
        title=file.title,
        clean_title=None if file.title is None else track_title(file.title),
        album=file.album,
        artist=file.by,
        number=file.track,
        disc=file.disc,
        discs=file.discs,
        year=file.year,
        seconds=file.seconds,
        label=file.label,
        country=country(file.country),
        comment=file.comment,
        album_id=file.release_group_id,
        release_id=file.release_id,
        recording_id=file.recording_id,
    )
