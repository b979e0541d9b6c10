"""The rehearsal before the promise: which edition the files are, the tags they need, Lidarr's verdict.

"Completed" cannot be taken back, and a refused import is terminal in Lidarr (contract lidarr §9.2).
So the files are fitted to the editions of their album, tagged where Lidarr would stumble, and read
again as Lidarr will read them. What does not fit is refused, with the files that are to blame.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from soulspot_arr import audio, ledger
from soulspot_arr.audio import TagMode, TagsNotWritten
from soulspot_arr.completion.albums import AWAITED, Albums
from soulspot_arr.completion.covering import Covering
from soulspot_arr.completion.gathering import Gathering, NotYet
from soulspot_arr.completion.ground import Ground, Placed, held
from soulspot_arr.completion.proving import Prover
from soulspot_arr.domain import EventRecord
from soulspot_arr.errors import DiskFull
from soulspot_arr.models import Download, Grab
from soulspot_arr.rules import fitting
from soulspot_arr.rules.fitting import Piece, Plan, Refusal
from soulspot_arr.rules.rehearsal import Circumstances
from soulspot_arr.wanted import Wanted

log = logging.getLogger(__name__)

_UNKNOWN = "Nobody knows the tracks of this album: what Lidarr will say could not be rehearsed."
_SILENT_TITLES = frozenset({"[silence]", "silence", "[untitled]"})
_ABOVE_ALL = 2**63 - 1  # every id of an event is below
_HARDLY_ANY = 0.01  # share of a file that is louder than nothing


class Refused(Exception):  # not an error: how a rehearsal ends that Lidarr would not accept
    """These files (ids, each with its reason) are not what was wanted."""

    def __init__(self, reason: str, files: Mapping[int, str]) -> None:
        super().__init__(reason)
        self.reason = reason
        self.files = files


class LeftOver(Exception):  # not an error: these files are too many, and the others are the album
    """Files (ids, each with its place) that no track of the album is."""

    def __init__(self, reason: str, files: Mapping[int, Path]) -> None:
        super().__init__(reason)
        self.reason = reason
        self.files = files


@dataclass(frozen=True, slots=True)
class _Job:
    """One grab on the stage."""

    grab: Grab
    files: Placed
    folder: Path
    album: Wanted
    circumstances: Circumstances

    def pieces(self) -> list[Piece]:
        return [
            Piece(
                file.id, audio.read_tags(path, below=self.folder), file.remote_path, _seconds(file)
            )
            for file, path in self.files
        ]

    def blamed(self, refusal: Refusal) -> dict[int, str]:
        keys = refusal.blamed or {file.id for file, _ in self.files}
        return dict.fromkeys(keys, refusal.reason)


class Rehearsing:
    """Makes a folder such that Lidarr says yes, or says why it cannot be."""

    def __init__(
        self,
        ground: Ground,
        *,
        albums: Albums,
        gathering: Gathering,
        prover: Prover,
        covering: Covering,
    ) -> None:
        self._db = ground.database
        self._settings = ground.settings
        self._paths = ground.paths
        self._clock = ground.clock
        self._albums = albums
        self._gathering = gathering
        self._prover = prover
        self._covering = covering

    def rehearse(self, grab: Grab, files: Placed, folder: Path) -> Placed:
        """Tag the files and note what Lidarr will say, unless nobody knows the album.

        Returns where the files are then. Raises Refused, LeftOver, DiskFull, or NotYet while the
        catalogue is awaited.
        """
        _still_ours(files)
        album = self._albums.of(grab) if grab.album else None
        if album is None or not any(edition.tracks for edition in album.eligible()):
            self._note(grab, None, EventRecord("grab.unrehearsed", _UNKNOWN, "warning"))
            return files
        root = self._paths.reported(str(folder))
        circumstances = Circumstances(year=self._clock().year, root=root)
        job = _Job(grab, files, folder, album, circumstances)
        mode = TagMode(self._settings.get("completion.tags"))
        found = fitting.plan(job.pieces(), album, circumstances, tags=mode is not TagMode.NEVER)
        if isinstance(found, Refusal):
            self._refused(job, found)
            return files
        if self._settings.get("completion.silence"):
            _not_silent(job, found)
        job = self._moved(job, found)
        tagged = self._tag(job, found, mode)
        if tagged or not found.as_is:
            final = fitting.plan(job.pieces(), album, circumstances, tags=False)
            if isinstance(final, Refusal):
                self._refused(job, final)
                return job.files
            found = final
        self._covering.beside(album, found.edition, folder)
        self._accepted(job, found, tagged)
        return job.files

    def _refused(self, job: _Job, refusal: Refusal) -> None:
        if self._albums.undecided(job.grab):
            raise NotYet(AWAITED)
        if self._settings.get("completion.rehearse"):
            if refusal.spare:
                paths = {file.id: path for file, path in job.files if file.id in refusal.spare}
                raise LeftOver(refusal.reason, paths)
            raise Refused(refusal.reason, job.blamed(refusal))
        words = f"Lidarr may refuse it: {refusal.reason}"
        self._note(job.grab, None, EventRecord("grab.unrehearsed", words, "warning"))

    def _moved(self, job: _Job, plan: Plan) -> _Job:
        """Every file where Lidarr would see the album as one; mostly they lie there."""
        paths = {one.key: job.folder / one.path for one in plan.placed}
        for file, path in job.files:
            self._gathering.place(file, path, paths[file.id])
        return replace(job, files=[(file, paths[file.id]) for file, _ in job.files])

    def _tag(self, job: _Job, plan: Plan, mode: TagMode) -> int:
        """Write what is to be written; returns how many files were changed."""
        if mode is TagMode.NEVER:
            return 0
        if not plan.as_is:
            mode = TagMode.ALWAYS  # what was rehearsed has to be in every file
        by_id = {file.id: (file, path) for file, path in job.files}
        cover = self._covering.to_embed(job.album, plan.edition)
        changed = 0
        for placed in plan.placed:
            file, path = by_id[placed.key]
            tags = audio.tags_of(job.album, plan.edition, placed.track, proven=placed.proven)
            try:
                written = audio.write_tags(path, tags, mode, cover=cover)
            except TagsNotWritten as error:  # the rehearsal that follows knows what that means
                log.info("%s", error.message)
                continue
            if written.changed:
                self._prover.keep(file, path)
                changed += 1
        return changed

    def _accepted(self, job: _Job, plan: Plan, tagged: int) -> None:
        edition, verdict = plan.edition, plan.verdict
        by_id = {file.id: path.relative_to(job.folder).as_posix() for file, path in job.files}
        document = {
            "album_id": job.album.album_id,
            "edition": edition.id,
            "edition_title": edition.title,
            "distance": round(verdict.distance, 4),
            "worst": round(verdict.worst, 4),
            "tagged": tagged,
            "at": self._clock().isoformat(),
            "files": {
                by_id[one.key]: {
                    "title": one.track.title,
                    "disc": one.track.disc,
                    "number": one.track.number,
                    "recording_id": one.track.recording_id,
                    "track_id": one.track.track_id,
                    "proven": one.proven,
                }
                for one in plan.placed
            },
        }
        words = f"Rehearsed: Lidarr will take it as {_called(job.album, plan)}"
        words += f" (distance {verdict.distance:.2f}, worst track {verdict.worst:.2f})."
        if tagged:
            words += f" Tags written into {tagged} of {len(plan.placed)} files."
        data = {key: document[key] for key in ("edition", "distance", "worst", "tagged")}
        self._note(job.grab, document, EventRecord("grab.rehearsed", words, data=data))

    def _note(self, grab: Grab, document: dict[str, Any] | None, event: EventRecord) -> None:
        now = self._clock()
        with self._db.write() as session:
            row = held(session, grab)
            if row is not None:
                row.rehearsal = document
                last = ledger.tail(
                    session, before=_ABOVE_ALL, limit=1, grab_id=grab.id, kinds=[event.kind]
                )
                if not any(one.message == event.message for one in last):  # what follows may wait
                    ledger.record(session, event, at=now, grab_id=grab.id)


def _still_ours(files: Placed) -> None:
    """Whatever stands in the place of a file now, no peer has sent it."""
    for _, path in files:
        if path.is_symlink() or not path.is_file():
            raise DiskFull(f"{path} was there and is no file any more: somebody has replaced it.")


def _seconds(file: Download) -> float | None:
    """What was measured; a length that is only computed from the size proves nothing."""
    facts = file.verified or {}
    measured = facts.get("heard") or (facts.get("seconds") if not facts.get("guessed") else None)
    return float(measured) if measured else None


def _called(album: Wanted, plan: Plan) -> str:
    edition = plan.edition
    told = (edition.disambiguation, edition.country.strip("[]"))
    marks = [mark for mark in told if mark]
    marks += [str(edition.year)] if edition.year else []
    tracks = f"{len(edition.tracks)} track{'s' if len(edition.tracks) != 1 else ''}"
    return f"{edition.title or album.album} [{', '.join([*marks, tracks])}]"


def _not_silent(job: _Job, plan: Plan) -> None:
    """One silent file among others that sound is no music, unless its track is silence."""
    titles = {one.key: one.track.title.casefold() for one in plan.placed}
    silent = {file.id for file, _ in job.files if _is_silent(file)}
    sounding = sum(_sounds(file) for file, _ in job.files)
    guilty = {
        file.id: f"{path.name} is silent from beginning to end."
        for file, path in job.files
        if file.id in silent and titles.get(file.id) not in _SILENT_TITLES
    }
    if guilty and sounding > len(silent):
        raise Refused(next(iter(guilty.values())), guilty)


def _is_silent(file: Download) -> bool:
    facts = file.verified or {}
    share, length = facts.get("sounding"), facts.get("heard") or 0.0
    return share is not None and share < _HARDLY_ANY and share * length < 1


def _sounds(file: Download) -> bool:
    share = (file.verified or {}).get("sounding")
    return share is not None and share >= _HARDLY_ANY
