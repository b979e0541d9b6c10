"""What follows from Lidarr's words: every message that its sources hold, and every way out."""

from __future__ import annotations

from typing import Any

import pytest

from soulspot_arr.domain import GrabState, ImportState
from soulspot_arr.rules import following
from soulspot_arr.rules.following import ATTEMPTS, FIXES, Action, Cause, Past, QueueItem

FAILED, BLOCKED = ImportState.FAILED, ImportState.BLOCKED


def item(*messages: str, state: ImportState | None = FAILED, path: str = "/done/x") -> QueueItem:
    """One download of Lidarr's queue."""
    return QueueItem(7, "id", state, messages, path)


MESSAGES = [
    ("Failed to import track, Permissions error", Cause.PERMISSION),
    ("Failed to import track, Root folder missing.", Cause.ROOT_FOLDER),
    ("Destination folder /music/X is not in a Root Folder", Cause.ROOT_FOLDER),
    ("Destination artist folder /music/X is not in a Root Folder", Cause.ROOT_FOLDER),
    ("Not enough free space", Cause.SPACE),
    ("Failed to import track, Destination already exists.", Cause.TAKEN),
    (
        "Failed to import track, unable to move existing file to the Recycle Bin.",
        Cause.RECYCLE,
    ),
    ("Failed to import track", Cause.DISK),
    (r"[C:\\x] is not a valid local path. You may need a Remote Path Mapping.", Cause.PATH),
    ("Download doesn't contain intermediate path, Skipping.", Cause.PATH),
    ("No files found are eligible for import in /done/x", Cause.PATH),
    ("Import path is mapped to an artist folder", Cause.PATH),
    ("File is still being unpacked", Cause.PATH),
    ("Unable to import automatically, found multiple artists: A, B", Cause.ARTIST),
    ("Artist name mismatch, automatic import is not possible. Check the wiki.", Cause.ARTIST),
    ("Unknown Artist", Cause.ARTIST),
    ("Album already imported at 1/2/2026", Cause.IMPORTED),
    ("Not an upgrade for existing album file(s)", Cause.OWNED),
    ("Not an upgrade for existing track file(s). New Quality is MP3-320", Cause.OWNED),
    ("Has fewer tracks than existing release", Cause.OWNED),
    ("Track file on disk contains more tracks than this file contains", Cause.OWNED),
    ("Album match is not close enough: 71.2% vs 80% [album]", Cause.MATCH),
    ("Track match is not close enough: 50,0 % vs 60 %", Cause.MATCH),
    ("Worst track match: 50.0% vs 60%", Cause.MATCH),
    ("No tracks matched", Cause.MATCH),
    ("Couldn't find similar album for [x]", Cause.MATCH),
    ("Has missing tracks", Cause.MATCH),
    ("Has unmatched tracks", Cause.MATCH),
    ("Album release not requested", Cause.MATCH),
    ("Multiple versions of an album not supported", Cause.MATCH),
    ("Couldn't parse track from: x", Cause.MATCH),
    ("Couldn't parse album from: x", Cause.MATCH),
    ("Unable to parse download, automatic import is not possible.", Cause.MATCH),
    ("Unable to parse albums from title", Cause.MATCH),
    ("Unexpected error processing file", Cause.UNKNOWN),
    ("A sentence of tomorrow", Cause.UNKNOWN),
]


@pytest.mark.parametrize(("message", "cause"), MESSAGES)
def test_every_message_of_lidarr_has_its_cause(message: str, cause: Cause) -> None:
    """In whatever case, beside the headline that says nothing."""
    headline = "One or more tracks expected in this release were not imported or missing from it"
    assert following.cause_of([headline, message]) is cause
    assert following.cause_of([message.upper()]) is cause


@pytest.mark.parametrize(
    ("first", "second", "cause"),
    [
        ("Has missing tracks", "Failed to import track, Permissions error", Cause.PERMISSION),
        ("Album match is not close enough: 1%", "Not an upgrade for existing", Cause.OWNED),
        ("Not an upgrade for existing", "Not enough free space", Cause.SPACE),
    ],
)
def test_what_a_person_has_to_mend_comes_first(first: str, second: str, cause: Cause) -> None:
    """And an import by order must not replace what is better."""
    assert following.cause_of([first, second]) is cause
    assert following.cause_of([second, first]) is cause


ROWS = [
    # message, state, known, attempts, action
    ("Has missing tracks", FAILED, True, 0, Action.IMPORT),
    ("Has missing tracks", FAILED, True, ATTEMPTS - 1, Action.IMPORT),
    ("Has missing tracks", FAILED, True, ATTEMPTS, Action.REPLACE),
    ("Has missing tracks", FAILED, False, 0, Action.REPLACE),
    ("Unable to parse download", BLOCKED, True, 0, Action.IMPORT),
    ("Unable to parse download", BLOCKED, False, 0, Action.REPLACE),
    ("found multiple artists: A", BLOCKED, True, 0, Action.IMPORT),
    ("found multiple artists: A", BLOCKED, False, 0, Action.STOP),
    ("found multiple artists: A", BLOCKED, True, ATTEMPTS, Action.STOP),
    ("Permissions error", FAILED, True, 0, Action.STOP),
    ("Permissions error", FAILED, False, ATTEMPTS, Action.STOP),
    ("Not an upgrade for existing", FAILED, True, 0, Action.SHELVE),
    ("Not an upgrade for existing", FAILED, False, 0, Action.SHELVE),
    ("Album already imported at", FAILED, True, 0, Action.DISMISS),
    ("words of tomorrow", FAILED, True, 0, Action.IMPORT),
    ("words of tomorrow", FAILED, False, 0, Action.REPLACE),
    ("No files found are eligible", ImportState.PENDING, True, 0, Action.WAIT),
    ("Has missing tracks", ImportState.PENDING, False, 0, Action.WAIT),
    ("", ImportState.IMPORTING, True, 0, Action.WAIT),
]


@pytest.mark.parametrize(("message", "state", "known", "attempts", "action"), ROWS)
def test_each_row_of_the_table(
    message: str, state: ImportState, known: bool, attempts: int, action: Action
) -> None:
    """State, cause, what we know and how often we tried lead to one action."""
    judged = following.judge(item(message, state=state), known=known, attempts=attempts)
    assert judged.action is action


@pytest.mark.parametrize("cause", list(FIXES))
def test_whatever_stops_names_its_mending(cause: Cause) -> None:
    """A reason and what to do about it stand in one message."""
    message = next(words for words, found in MESSAGES if found is cause)
    judged = following.judge(item(message), known=False, attempts=0)
    assert judged.action is Action.STOP
    assert judged.message.startswith(message)
    assert judged.message.endswith(FIXES[cause])


def test_many_reasons_are_cut_to_a_few() -> None:
    """Twenty files with twenty reasons are no sentence for a person."""
    judged = following.judge(
        item("One or more tracks expected …", *(f"Reason {n}" for n in range(20))),
        known=False,
        attempts=0,
    )
    assert judged.words == "Reason 0. Reason 1. Reason 2. (and 17 more)"


# -- reading -----------------------------------------------------------------------------------------


def queue_row(**changes: object) -> dict[str, Any]:
    """A row as Lidarr answers it (contract lidarr §11.3)."""
    row: dict[str, Any] = {
        "id": 5,
        "downloadId": "id",
        "albumId": 1,
        "trackedDownloadStatus": "warning",
        "trackedDownloadState": "importFailed",
        "statusMessages": [
            {"title": "One or more tracks expected", "messages": []},
            {"title": "01.flac", "messages": ["Has missing tracks"]},
            {"title": "02.flac", "messages": ["Has missing tracks", " Has  unmatched tracks "]},
        ],
        "outputPath": "/done/x",
    }
    return row | changes


def test_a_queue_is_read_for_our_ids_only() -> None:
    """A row for each album is one download; reasons are told once; others are left out."""
    rows = [queue_row(), queue_row(id=6, albumId=2), queue_row(downloadId="other")]
    found = following.read_queue(rows, ["id", "missing"])
    assert list(found) == ["id"]
    assert found["id"].state is ImportState.FAILED
    assert found["id"].output_path == "/done/x"
    assert found["id"].messages == (
        "One or more tracks expected",
        "Has missing tracks",
        "Has unmatched tracks",
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"statusMessages": None},
        {"statusMessages": "text"},
        {"statusMessages": [None, 7, {"title": None, "messages": "x"}, {"messages": [1]}]},
        {"trackedDownloadState": None, "outputPath": None},
        {"trackedDownloadState": "stateOfTomorrow"},
        {"id": "5"},
        {"downloadId": None},
    ],
)
def test_odd_rows_break_nothing(changes: dict[str, object]) -> None:
    """Another version, or a proxy that plays it."""
    found = following.read_queue([queue_row(**changes)], ["id"])
    assert all(each.nzo_id == "id" for each in found.values())


@pytest.mark.parametrize(
    ("past", "files", "imported"),
    [
        (Past(frozenset({"grabbed"})), 3, False),
        (Past(frozenset({"grabbed", "downloadImported"})), 3, True),
        (Past(frozenset({"trackFileImported"}), tracks=2), 3, False),
        (Past(frozenset({"trackFileImported"}), tracks=3), 3, True),
        (Past(frozenset(), tracks=0), 0, False),
    ],
)
def test_the_history_says_when_all_is_in(past: Past, files: int, imported: bool) -> None:
    """Its one word, or every track."""
    assert past.imported(files) is imported


@pytest.mark.parametrize(
    ("state", "emptied", "to", "concluded"),
    [
        (None, True, GrabState.IMPORTED, True),
        (None, False, GrabState.REMOVED, False),
        ("pending", True, GrabState.IMPORTED, True),
        ("failed", True, GrabState.IMPORTED, True),
        ("failed", False, GrabState.REMOVED, False),
        ("imported", False, GrabState.IMPORTED, False),
        ("gone", True, GrabState.REMOVED, False),
    ],
)
def test_what_a_deletion_means(
    state: str | None, emptied: bool, to: GrabState, concluded: bool
) -> None:
    """Lidarr's word decides; without one the folder does, and it is said to be a conclusion."""
    end = following.end_of(state, emptied=emptied)
    assert (end.to, end.concluded) == (to, concluded)


# -- naming the tracks -------------------------------------------------------------------------------

ALBUM = {"id": 1, "artistId": 9, "releases": [{"id": 40, "foreignReleaseId": "other"}]}
ALBUM["releases"] += [{"id": 41, "foreignReleaseId": "edition"}]  # type: ignore[operator]
TRACKS = [
    {
        "id": 100 + n,
        "foreignTrackId": f"t{n}",
        "foreignRecordingId": f"r{n}",
        "mediumNumber": 1 + n // 3,
        "absoluteTrackNumber": 1 + n % 3,
    }
    for n in range(6)
]


def entry(n: int, **changes: object) -> dict[str, object]:
    """A file of the rehearsal."""
    names: dict[str, object] = {
        "track_id": f"t{n}",
        "recording_id": f"r{n}",
        "disc": 1 + n // 3,
        "number": 1 + n % 3,
        "proven": True,
    }
    return names | changes


def ordered(
    entries: dict[str, dict[str, object]], *paths: str, folder: str = "/done/x"
) -> list[dict[str, Any]] | None:
    """What would be ordered for these files."""
    preview = [{"path": path, "quality": {"q": 1}, "indexerFlags": 0} for path in paths]
    return following.order_from_rehearsal(
        preview,
        item(path=folder),
        rehearsal={"edition": "edition", "files": entries},
        album=ALBUM,
        tracks=TRACKS,
    )


def test_a_file_is_named_as_the_command_wants_it() -> None:
    """All fields of contract lidarr §11.1."""
    found = ordered({"Disc 2/01.flac": entry(3)}, "/done/x/Disc 2/01.flac")
    assert found == [
        {
            "path": "/done/x/Disc 2/01.flac",
            "artistId": 9,
            "albumId": 1,
            "albumReleaseId": 41,
            "trackIds": [103],
            "quality": {"q": 1},
            "indexerFlags": 0,
            "downloadId": "id",
            "disableReleaseSwitching": False,
        }
    ]


@pytest.mark.parametrize(
    "changes",
    [{}, {"track_id": ""}, {"track_id": "gone"}, {"track_id": "", "recording_id": ""}],
    ids=["track", "recording", "merged track", "place"],
)
def test_a_track_is_found_by_whatever_is_known(changes: dict[str, object]) -> None:
    """MusicBrainz' id of it, then of its recording, then its disc and number."""
    found = ordered({"4.flac": entry(4, **changes)}, "/done/x/4.flac")
    assert found is not None
    assert found[0]["trackIds"] == [104]


def test_a_lidarr_on_windows_writes_its_paths_differently() -> None:
    """The folder below is the same."""
    folder = "D:\\done\\x"
    found = ordered({"Disc 1/1.flac": entry(0)}, f"{folder}\\Disc 1\\1.flac", folder=folder)
    assert found is not None
    assert found[0]["trackIds"] == [100]


@pytest.mark.parametrize(
    ("entries", "paths"),
    [
        ({}, ()),
        ({"1.flac": entry(0)}, ("/done/x/1.flac", "/done/x/2.flac")),
        ({"1.flac": entry(0)}, ("/elsewhere/1.flac",)),
        ({"1.flac": entry(0, proven=False)}, ("/done/x/1.flac",)),
        ({"1.flac": {}}, ("/done/x/1.flac",)),
        ({"1.flac": entry(0), "2.flac": entry(0)}, ("/done/x/1.flac", "/done/x/2.flac")),
    ],
    ids=["nothing there", "unknown file", "elsewhere", "not proven", "no track", "twice"],
)
def test_a_mapping_with_a_gap_is_none(
    entries: dict[str, dict[str, object]], paths: tuple[str, ...]
) -> None:
    """Nothing is imported by guess: in an import by order Lidarr looks at nothing any more."""
    assert ordered(entries, *paths) is None


def test_an_edition_that_lidarr_does_not_know_is_none() -> None:
    """Its metadata may be older than MusicBrainz."""
    assert following.release_of(ALBUM, {"edition": "another"}) is None
    assert following.release_of({}, {"edition": "edition"}) is None
    assert following.release_of(ALBUM, {}) is None


def preview_row(**changes: object) -> dict[str, object]:
    """A file as `/manualimport` shows it, without anything against it."""
    row: dict[str, object] = {
        "path": "/done/x/1.flac",
        "artist": {"id": 9},
        "album": {"id": 1},
        "albumReleaseId": 41,
        "tracks": [{"id": 100}],
        "quality": {"q": 1},
        "rejections": [],
    }
    return row | changes


def test_lidarrs_own_reading_serves_when_it_has_nothing_against_it() -> None:
    """A permission that was mended: its own mapping is good enough."""
    found = following.order_from_preview([preview_row()], item())
    assert found is not None
    assert (found[0]["trackIds"], found[0]["albumReleaseId"]) == ([100], 41)


@pytest.mark.parametrize(
    "changes",
    [
        {"rejections": [{"reason": "Has missing tracks"}]},
        {"tracks": []},
        {"album": None},
        {"artist": None},
        {"albumReleaseId": 0},
        {"tracks": [{"id": None}]},
    ],
)
def test_lidarrs_doubt_is_enough_to_leave_it(changes: dict[str, object]) -> None:
    """Any file with a reason against it, or without its place."""
    assert following.order_from_preview([preview_row(), preview_row(**changes)], item()) is None
