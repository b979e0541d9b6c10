"""What goes into fitting and what comes out of it. Values only."""

from __future__ import annotations

from dataclasses import dataclass

from soulspot_arr.rules.rehearsal import FileTags, Verdict
from soulspot_arr.wanted import Edition, WantedTrack


@dataclass(frozen=True, slots=True)
class Piece:
    """One file of the job.

    `key` is its row: what comes back refers to it. `tags` are as read now, their path is the one
    below the job's folder. `name` is the peer's own path, where number and title may stand when
    the tags lack them. `seconds` is the length of the decoded sound, None when it was not measured.
    """

    key: int
    tags: FileTags
    name: str
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Placed:
    """A piece, the track it is, and where it has to lie below the job's folder.

    `proven` tells that the sound is that track's: both lengths are known and agree. `path` is the
    one it has already unless Lidarr would not see one album in those folders.
    """

    key: int
    track: WantedTrack
    proven: bool
    path: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Lidarr will take the files like this; `placed` is in the order of the pieces.

    `as_is` tells that the tags they have now are enough. Otherwise those that `written` foretells
    have to be in every file, whether a file alone would need them or not. `verdict` is that of the
    rehearsal with paths and tags as they will be.
    """

    edition: Edition
    placed: tuple[Placed, ...]
    as_is: bool
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the files cannot be that album, in a sentence for a person.

    `blamed` are the single files that are wrong in an album that otherwise fits; when it is empty
    the whole offer is not this album. `spare` are files beside a complete edition: without them,
    and with nothing in their stead, it fits.
    """

    reason: str
    blamed: frozenset[int] = frozenset()
    spare: frozenset[int] = frozenset()
