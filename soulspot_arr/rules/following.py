"""What to do about an import that Lidarr holds up: its words in, one action out.

Lidarr decides an import once. What it has refused stays in its queue for ever, keeps further
releases of the album away, and is neither blocklisted nor searched again (contract lidarr §9.2).
Here its messages are read and the way out is chosen; who takes it is `following`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from soulspot_arr.domain import GrabState, ImportState

Row = Mapping[str, Any]

ATTEMPTS = 2
"""How often we order the import of one grab ourselves before the release is given up."""


class Action(StrEnum):
    """What follows for one grab."""

    WAIT = "wait"  # Lidarr is at it, or tries again by itself every minute
    IMPORT = "import"  # order it, file by file, with what we have proven
    REPLACE = "replace"  # out of the queue and onto the blocklist: Lidarr searches again
    SHELVE = "shelve"  # out of the queue and onto the blocklist: what is there is better
    DISMISS = "dismiss"  # out of the queue: it is in the library
    STOP = "stop"  # only a person can mend it: nothing is deleted


class Cause(StrEnum):
    """Stable name of why an import is held up; `docs/troubleshooting.md` has an entry for those that stop."""

    MATCH = "match"
    OWNED = "owned"
    IMPORTED = "imported"
    PERMISSION = "import_permission"
    ROOT_FOLDER = "import_root_folder"
    SPACE = "import_space"
    PATH = "import_path"
    TAKEN = "import_taken"
    ARTIST = "import_artist"
    RECYCLE = "import_recycle_bin"
    DISK = "import_disk"
    UNKNOWN = "unknown"


# Beginnings and parts of Lidarr's own messages, the first that fits wins: what a person has to mend
# before what speaks against the release (TrackImport/Specifications, ImportApprovedTracks,
# CompletedDownloadService, DownloadedTracksImportService).
_WORDS: tuple[tuple[str, Cause], ...] = (
    ("permissions error", Cause.PERMISSION),
    ("access to the path", Cause.PERMISSION),
    ("root folder missing", Cause.ROOT_FOLDER),
    ("is not in a root folder", Cause.ROOT_FOLDER),
    ("not enough free space", Cause.SPACE),
    ("recycle bin", Cause.RECYCLE),
    ("destination already exists", Cause.TAKEN),
    ("failed to import track", Cause.DISK),
    ("is not a valid local path", Cause.PATH),
    ("intermediate path", Cause.PATH),
    ("no files found are eligible", Cause.PATH),
    ("import path is mapped to an artist folder", Cause.PATH),
    ("file is still being unpacked", Cause.PATH),
    ("found multiple artists", Cause.ARTIST),
    ("artist name mismatch", Cause.ARTIST),
    ("unknown artist", Cause.ARTIST),
    ("album already imported", Cause.IMPORTED),
    ("not an upgrade for existing", Cause.OWNED),
    ("has fewer tracks than existing release", Cause.OWNED),
    ("contains more tracks than this file", Cause.OWNED),
    ("is not close enough", Cause.MATCH),
    ("worst track match", Cause.MATCH),
    ("no tracks matched", Cause.MATCH),
    ("couldn't find similar album", Cause.MATCH),
    ("has missing tracks", Cause.MATCH),
    ("has unmatched tracks", Cause.MATCH),
    ("album release not requested", Cause.MATCH),
    ("multiple versions of an album", Cause.MATCH),
    ("couldn't parse", Cause.MATCH),
    ("unable to parse", Cause.MATCH),
)

FIXES: Mapping[Cause, str] = {
    Cause.PERMISSION: "Let Lidarr's user write to the folder of finished grabs and to its library: "
    "the same PUID, PGID and UMASK in both containers.",
    Cause.ROOT_FOLDER: "Mount Lidarr's root folder again, or move the artist into one of its root "
    "folders.",
    Cause.SPACE: "Make room on the disk of Lidarr's library.",
    Cause.PATH: "Lidarr does not see the folder of finished grabs: mount it at the same place in "
    "both containers, or set paths.mappings or a remote path mapping in Lidarr.",
    Cause.TAKEN: "A file of that name lies in the artist's folder: turn Rename Tracks on in Lidarr, "
    "or move that file away.",
    Cause.ARTIST: "Lidarr cannot tell which artist this is: look whether the artist is in its "
    "library, and only once under that name.",
    Cause.RECYCLE: "Let Lidarr's user write to its recycle bin.",
    Cause.DISK: "Lidarr could not move a file and does not say why; its log does. Often the disk of "
    "its library is full or read-only.",
}
"""What a person does about each cause that stops."""

_STATES: Mapping[str, ImportState] = {
    "importPending": ImportState.PENDING,
    "importing": ImportState.IMPORTING,
    "imported": ImportState.IMPORTED,
    "importBlocked": ImportState.BLOCKED,
    "importFailed": ImportState.FAILED,
}


@dataclass(frozen=True, slots=True)
class QueueItem:
    """One download in Lidarr's queue, which has a row for each of its albums."""

    id: int  # of one of the rows: any of them stands for the whole download
    nzo_id: str
    state: ImportState | None  # None while Lidarr thinks that it is still being fetched
    messages: tuple[str, ...] = ()
    output_path: str = ""  # as Lidarr sees it


@dataclass(frozen=True, slots=True)
class Judgement:
    """The action, and why: a cause with a stable name, Lidarr's words, what a person can do."""

    action: Action
    cause: Cause
    words: str
    fix: str = ""

    @property
    def message(self) -> str:
        """What is kept and shown."""
        return f"{self.words} {self.fix}".strip()


@dataclass(frozen=True, slots=True)
class Past:
    """What Lidarr's history says of one download."""

    kinds: frozenset[str] = frozenset()
    tracks: int = 0  # that were imported one by one

    def imported(self, files: int) -> bool:
        """Whether the whole of it came in, by Lidarr's word."""
        return "downloadImported" in self.kinds or 0 < files <= self.tracks

    @property
    def dropped(self) -> bool:
        """Whether somebody has given it up there."""
        return bool(self.kinds & {"downloadIgnored", "downloadFailed"})


def read_queue(rows: Iterable[Row], wanted: Iterable[str]) -> dict[str, QueueItem]:
    """The downloads with these ids; everything else in the queue is nobody's business here."""
    ids = set(wanted)
    found: dict[str, QueueItem] = {}
    for row in rows:
        nzo_id, number = row.get("downloadId"), row.get("id")
        if not (isinstance(nzo_id, str) and nzo_id in ids) or not isinstance(number, int):
            continue
        path = row.get("outputPath")
        found[nzo_id] = QueueItem(
            number,
            nzo_id,
            _STATES.get(str(row.get("trackedDownloadState") or "")),
            _messages(row),
            path if isinstance(path, str) else "",
        )
    return found


def _messages(row: Row) -> tuple[str, ...]:
    """Titles are file names or reasons, the messages below them always reasons."""
    found: list[str] = []
    told = row.get("statusMessages")
    for entry in told if isinstance(told, list) else ():
        if not isinstance(entry, Mapping):
            continue
        below = entry.get("messages")
        below = [each for each in below if isinstance(each, str)] if isinstance(below, list) else []
        title = entry.get("title")
        found += below or ([title] if isinstance(title, str) else [])
    error = row.get("errorMessage")
    found += [error] if isinstance(error, str) and error else []
    return tuple(dict.fromkeys(" ".join(each.split()) for each in found if each.strip()))


def cause_of(messages: Sequence[str]) -> Cause:
    """The first row of the table that one of the messages fits."""
    told = [message.casefold() for message in messages]
    for words, cause in _WORDS:
        if any(words in message for message in told):
            return cause
    return Cause.UNKNOWN


def judge(item: QueueItem, *, known: bool, attempts: int) -> Judgement:
    """What follows from what Lidarr says; `known` tells that we can name the track of every file.

    A release is given up only for what speaks against it: a path or a permission would meet the
    next one as well, and an artist that Lidarr cannot tell stays as unclear.
    """
    cause = cause_of(item.messages)
    words = _summary(item.messages)
    if item.state not in {ImportState.FAILED, ImportState.BLOCKED}:
        return Judgement(Action.WAIT, cause, words if item.messages else "", FIXES.get(cause, ""))
    if known and attempts < ATTEMPTS and cause not in _SETTLED and cause not in _HINDERED:
        return Judgement(Action.IMPORT, cause, words)
    if cause in FIXES:
        return Judgement(Action.STOP, cause, words, FIXES[cause])
    return Judgement(_SETTLED.get(cause, Action.REPLACE), cause, words)


_SETTLED: Mapping[Cause, Action] = {
    Cause.IMPORTED: Action.DISMISS,
    # The title promised more than the audio holds: without the blocklist it is grabbed again.
    Cause.OWNED: Action.SHELVE,
}
# What would hinder our order as well; which artist it is, on the other hand, our order says.
_HINDERED = frozenset(FIXES) - {Cause.ARTIST}


def _summary(messages: Sequence[str]) -> str:
    """The reasons without the headline that says nothing; a few of many."""
    told = [each for each in messages if not each.startswith("One or more tracks expected")]
    told = told or list(messages)
    shown = [each if each.endswith((".", "!")) else f"{each}." for each in told[:3]]
    more = len(told) - len(shown)
    return " ".join([*shown, f"(and {more} more)"] if more > 0 else shown)


# -- deleted from our history ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class End:
    """How a grab leaves the history; `concluded` says that nothing but its empty folder tells so."""

    to: GrabState
    words: str
    concluded: bool = False

    @property
    def event(self) -> str:
        """The kind of event that tells it."""
        return "grab.imported" if self.to is GrabState.IMPORTED else "grab.removed"


def end_of(state: str | None, *, emptied: bool) -> End:
    """What a deletion means, given Lidarr's last word; an empty folder alone is a guess.

    Lidarr empties the folder whenever it deletes: also what it has refused may have been imported
    by hand, and what it was about to import may have been thrown away.
    """
    if state == ImportState.IMPORTED:
        return End(GrabState.IMPORTED, "Lidarr has imported it and deleted it from the history.")
    if state == ImportState.GONE or not emptied:
        return End(GrabState.REMOVED, "Deleted from the history.")
    words = "Deleted from the history with its files gone, as after an import."
    return End(GrabState.IMPORTED, words, concluded=True)


# -- which file is which track ---------------------------------------------------------------------


def order_from_rehearsal(
    preview: Sequence[Row],
    item: QueueItem,
    *,
    rehearsal: Row,
    album: Row,
    tracks: Sequence[Row],
) -> list[dict[str, Any]] | None:
    """A file of a manual import for each file that lies there; None unless all are known.

    The rehearsal names the tracks by MusicBrainz' ids. Only files whose sound was proven count: in
    an import by order Lidarr looks at nothing any more.
    """
    release = _release(album, rehearsal.get("edition"))
    known = rehearsal.get("files")
    owner = album.get("artistId")
    if release is None or not isinstance(known, Mapping) or not isinstance(owner, int):
        return None
    ordered = []
    for row in preview:
        entry = known.get(_below(item.output_path, str(row.get("path") or "")))
        proven = isinstance(entry, Mapping) and entry.get("proven") is not False
        track = _track(tracks, entry) if isinstance(entry, Mapping) and proven else None
        if track is None:
            return None
        place = {"artistId": owner, "albumId": album.get("id"), "albumReleaseId": release}
        ordered.append(_file(row, item.nzo_id, {**place, "trackIds": [track]}))
    return _sound(ordered)


def order_from_preview(preview: Sequence[Row], item: QueueItem) -> list[dict[str, Any]] | None:
    """The same from Lidarr's own reading of the folder, when it has nothing against any file."""
    ordered = []
    for row in preview:
        artist, album, tracks = row.get("artist"), row.get("album"), row.get("tracks")
        release = row.get("albumReleaseId")
        if row.get("rejections") or not tracks or not release:
            return None
        if not (isinstance(artist, Mapping) and isinstance(album, Mapping)):
            return None
        numbers = [track.get("id") for track in tracks if isinstance(track, Mapping)]
        place = {"artistId": artist.get("id"), "albumId": album.get("id")}
        more = {"albumReleaseId": release, "trackIds": numbers}
        ordered.append(_file(row, item.nzo_id, place | more))
    return _sound(ordered)


def _file(row: Row, nzo_id: str, place: dict[str, Any]) -> dict[str, Any]:
    return {
        "path": row.get("path"),
        **place,
        "quality": row.get("quality"),
        "indexerFlags": row.get("indexerFlags") or 0,
        "downloadId": nzo_id,
        "disableReleaseSwitching": False,  # it would change the album's own setting for good
    }


def _sound(ordered: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
    """No track twice: Lidarr would import the larger file and refuse the other for ever."""
    numbers = [number for each in ordered for number in each["trackIds"]]
    sound = ordered and len(set(numbers)) == len(numbers)
    return ordered if sound and all(isinstance(number, int) for number in numbers) else None


def _release(album: Row, edition: object) -> int | None:
    releases = album.get("releases")
    for row in releases if isinstance(releases, list) else ():
        same = isinstance(row, Mapping) and edition and row.get("foreignReleaseId") == edition
        number = row.get("id") if same else None
        if isinstance(number, int):
            return number
    return None


def release_of(album: Row, rehearsal: Row) -> int | None:
    """Lidarr's number of the rehearsed edition; None when it does not know that one."""
    return _release(album, rehearsal.get("edition"))


def _track(tracks: Sequence[Row], entry: Row) -> int | None:
    """Lidarr's number of a track: by MusicBrainz' id of it, of its recording, or by its place."""
    for ours, theirs in (("track_id", "foreignTrackId"), ("recording_id", "foreignRecordingId")):
        value = entry.get(ours)
        found = [row.get("id") for row in tracks if value and row.get(theirs) == value]
        if len(found) == 1 and isinstance(found[0], int):
            return found[0]
    place = (entry.get("disc") or 1, entry.get("number"))
    found = [
        row.get("id")
        for row in tracks
        if (row.get("mediumNumber") or 1, row.get("absoluteTrackNumber")) == place
    ]
    return found[0] if len(found) == 1 and isinstance(found[0], int) else None


def _below(folder: str, path: str) -> str:
    """The path inside the folder, with `/`; empty when it lies elsewhere."""
    base, whole = folder.replace("\\", "/").rstrip("/"), path.replace("\\", "/")
    return whole[len(base) + 1 :] if base and whole.startswith(f"{base}/") else ""
