"""Which editions Lidarr compares with the files at all (contract lidarr §9.5, CandidateService.cs).

The artist is given, he is the grabbed album's; the album is not: any of his may be found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from soulspot_arr.rules.rehearsal.distance import Candidate, Particulars, most_common
from soulspot_arr.rules.rehearsal.likeness import album_likenesses
from soulspot_arr.rules.rehearsal.tags import FileTags, filled
from soulspot_arr.wanted import Edition, Wanted

_LIKE = 0.7  # an album title more alike than this makes a candidate
_GAP = 0.4  # and so does the next one after it, unless it is so much less alike
_MOST_HEARD = 10  # editions that fingerprints may add


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What Lidarr decides by besides the files and the album.

    `year` is the present one. `root` is the job's folder as Lidarr sees it. `others` are the other
    albums of the artist in Lidarr, any of which the files may be taken for. `particulars` belong to
    editions by their id and stand in for what the editions say of themselves.
    """

    year: int
    root: str = ""
    others: tuple[Wanted, ...] = ()
    particulars: Mapping[str, Particulars] = field(default_factory=dict)


class Shelf:
    """Everything Lidarr has by the artist; the first album is the one that was grabbed."""

    def __init__(self, album: Wanted, circumstances: Circumstances) -> None:
        self._albums = (album, *circumstances.others)
        self._particulars = circumstances.particulars

    def by_tags(self, files: Sequence[FileTags]) -> list[Candidate]:
        """The one edition whose id all files carry, else those of albums with a title like theirs.

        Of equally near editions the first is taken: those with as many tracks come first.
        """
        ids = {file.release_id for file in files}
        if len(ids) == 1:
            known = [one for one in self._all() if one.edition.id and one.edition.id in ids]
            if known:
                return known[:1]
        tag = most_common(file.album for file in files)
        if tag is None or not filled(tag):
            return []
        return [one for album in self._titled(tag) for one in self._editions(album, len(files))]

    def by_sound(self, files: Sequence[FileTags]) -> list[Candidate]:
        """The editions that hold the recordings the files were heard to be.

        An integer division of Lidarr's asks for as many of them as there are files.
        """
        heard = {recording for file in files for recording in file.heard or ()}
        scored = []
        for one in self._all():
            own = {track.recording_id for track in one.edition.tracks if track.recording_id}
            if share := len(own & heard) // len(files):
                scored.append((abs(len(one.edition.tracks) - len(files)), -share, one))
        scored.sort(key=lambda row: row[:2])
        return [one for _, _, one in scored[:_MOST_HEARD]]

    def _all(self) -> Iterator[Candidate]:
        for album in self._albums:
            yield from self._editions(album, 0)

    def _editions(self, album: Wanted, files: int) -> list[Candidate]:
        nearest = sorted(album.editions, key=lambda edition: abs(files - len(edition.tracks)))
        return [Candidate(album, edition, self._of(edition)) for edition in nearest]

    def _of(self, edition: Edition) -> Particulars:
        own = Particulars(edition.media, edition.labels)
        return self._particulars.get(edition.id, own)

    def _titled(self, tag: str) -> Iterable[Wanted]:
        """The albums with a title like the tag, by any of the comparisons, the likest first."""
        found: dict[int, Wanted] = {}
        scores = [album_likenesses(album.album, tag) for album in self._albums]
        for comparison in zip(*scores, strict=True):
            for place in _front(comparison):
                found[place] = self._albums[place]
        return found.values()


def _front(scores: Sequence[float]) -> Iterator[int]:
    """The places of the scores that are high, and of the one that follows them closely."""
    order = sorted(range(len(scores)), key=lambda place: -scores[place])
    before: float | None = None
    for place in order:
        score = scores[place]
        if before is not None and before - score >= _GAP:
            return
        if score <= _LIKE and (before is None or before <= _LIKE):
            return
        yield place
        before = score
