"""The state machine of contract lidarr §3.5: what each sight of an item may change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from soulspot_arr.demo.decisions import Decision
from soulspot_arr.demo.download_items import DownloadItem, ItemStatus
from soulspot_arr.demo.events import TrackedState
from soulspot_arr.demo.feed import FoundRelease
from soulspot_arr.demo.library import Album, simple_album
from soulspot_arr.demo.tracking import Grab, Tracker, bind

TITLE = "(FLAC) Radiohead - OK Computer - 1997-slsk00000001"
ALBUM = simple_album("Radiohead", "OK Computer", 1997, (("Airbag", 280),))
OTHER = simple_album("Radiohead", "Kid A", 2000, (("Kid A", 280),))
STUCK = (TrackedState.IMPORT_PENDING, TrackedState.IMPORT_FAILED, TrackedState.IMPORTED)


def grab(title: str = TITLE, album: Album = ALBUM) -> Grab:
    """A grab history row."""
    release = FoundRelease(title, "g", datetime(2026, 1, 1, tzinfo=UTC), "http://h/1", 1)
    return Grab("id", album, Decision(release, "FLAC", ()))


def item(
    status: ItemStatus, *, path: str = "/d/job", title: str = TITLE, encrypted: bool = False
) -> DownloadItem:
    """A download as a poll sees it."""
    return DownloadItem(
        "id", title, "music", status, 10, 0, timedelta(), True, path, "why", encrypted=encrypted
    )


def tracker(*, grabbed: bool = True) -> Tracker:
    """A tracker whose history knows the grab."""
    return Tracker((ALBUM, OTHER), {"id": grab()} if grabbed else {})


def state_after(subject: Tracker, *items: DownloadItem) -> TrackedState:
    """The state once these sights were taken in, one poll each."""
    for entry in items:
        subject.see([entry])
    return subject.downloads["id"].state


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (ItemStatus.QUEUED, TrackedState.DOWNLOADING),
        (ItemStatus.DOWNLOADING, TrackedState.DOWNLOADING),
        (ItemStatus.PAUSED, TrackedState.DOWNLOADING),
        (ItemStatus.WARNING, TrackedState.DOWNLOADING),
        (ItemStatus.FAILED, TrackedState.FAILED_PENDING),
        (ItemStatus.COMPLETED, TrackedState.IMPORT_PENDING),
    ],
)
def test_3_5_first_sight(status: ItemStatus, state: TrackedState) -> None:
    """Only failed and completed items move a fresh download."""
    assert state_after(tracker(), item(status)) is state


def test_3_5_an_encrypted_item_is_a_failure() -> None:
    """Whatever its status says."""
    sight = item(ItemStatus.DOWNLOADING, encrypted=True)
    assert state_after(tracker(), sight) is TrackedState.FAILED_PENDING


def test_3_5_failed_after_completed_is_ignored() -> None:
    """Completed is a promise; a later Failed has no effect."""
    sights = item(ItemStatus.COMPLETED), item(ItemStatus.FAILED)
    assert state_after(tracker(), *sights) is TrackedState.IMPORT_PENDING


@pytest.mark.parametrize("state", STUCK)
def test_3_5_failed_is_ignored_in_every_import_state(state: TrackedState) -> None:
    """Pending, failed and finished imports do not listen any more."""
    subject = tracker()
    subject.see([item(ItemStatus.COMPLETED)])
    subject.settle(subject.downloads["id"], state)
    assert state_after(subject, item(ItemStatus.FAILED)) is state


def test_3_5_import_blocked_still_reacts() -> None:
    """An unknown artist blocks; a later Failed or a usable title gets through."""
    subject = tracker(grabbed=False)
    unknown = item(ItemStatus.COMPLETED, title="(FLAC) Muse - Showbiz - 1999-slsk00000002")
    assert state_after(subject, unknown) is TrackedState.IMPORT_BLOCKED
    assert state_after(subject, item(ItemStatus.COMPLETED)) is TrackedState.IMPORT_PENDING
    blocked = tracker(grabbed=False)
    blocked.see([unknown])
    blocked.grabs["id"] = blocked.downloads["id"].grab = grab()
    assert state_after(blocked, item(ItemStatus.FAILED)) is TrackedState.FAILED_PENDING


def test_3_5_a_failure_that_was_not_grabbed_here_is_only_a_warning() -> None:
    """No blocklist, no search, just a text."""
    subject = tracker(grabbed=False)
    assert state_after(subject, item(ItemStatus.FAILED)) is TrackedState.DOWNLOADING
    assert "wasn't grabbed" in subject.downloads["id"].messages[0]


@pytest.mark.parametrize("path", ["", "C:\\d\\job", "job"])
def test_3_4_unusable_paths_never_become_pending(path: str) -> None:
    """Without a Unix path the import does not start."""
    sight = item(ItemStatus.COMPLETED, path=path)
    assert state_after(tracker(), sight) is TrackedState.DOWNLOADING


def test_3_5_an_absent_id_is_neither_failure_nor_success() -> None:
    """It is reported once as gone, and tracked again when it returns."""
    subject = tracker()
    subject.see([item(ItemStatus.DOWNLOADING)])
    assert subject.see([]) == ["id"]
    assert subject.see([]) == []
    subject.see([item(ItemStatus.DOWNLOADING)])
    assert subject.downloads["id"].trackable


@pytest.mark.parametrize(
    "final", [TrackedState.IMPORTED, TrackedState.IMPORT_FAILED, TrackedState.DOWNLOAD_FAILED]
)
def test_5_5_a_reused_id_keeps_its_final_state(final: TrackedState) -> None:
    """A new job under an old id is never imported, not even after a restart of Lidarr."""
    subject = tracker()
    subject.see([item(ItemStatus.DOWNLOADING)])
    subject.settle(subject.downloads["id"], final)
    assert state_after(subject, item(ItemStatus.COMPLETED)) is final
    subject.forget_memory()
    assert state_after(subject, item(ItemStatus.COMPLETED)) is final


def test_3_5_a_restart_forgets_a_pending_import_but_finds_it_again() -> None:
    """Only final states are in the history."""
    subject = tracker()
    subject.see([item(ItemStatus.COMPLETED)])
    subject.forget_memory()
    assert state_after(subject, item(ItemStatus.FAILED)) is TrackedState.FAILED_PENDING


@pytest.mark.parametrize(
    ("title", "grabbed", "expected"),
    [
        (TITLE, None, ALBUM),
        ("(FLAC) Radiohead - Kid A - 2000-slsk00000009", grab(), OTHER),
        ("AC+DC upload name", grab(), ALBUM),
        ("no hyphen at all", None, None),
        ("(FLAC) Radiohead - Unknown Record - 2000-slsk00000009", grab(), ALBUM),
        ("nothing", grab("nothing either"), None),
    ],
)
def test_3_5_binding_prefers_the_title_then_the_grab(
    title: str, grabbed: Grab | None, expected: Album | None
) -> None:
    """A title that names a library album wins even over the grab history."""
    assert bind(title, grabbed, (ALBUM, OTHER)) == expected


def test_3_5_two_artists_with_one_clean_name_leave_no_binding() -> None:
    """Mapping raises and the grab history is not consulted."""
    twin = simple_album("Radio Head", "OK Computer", 1997, (("x", 1),))
    assert bind(TITLE, grab(), (ALBUM, twin)) is None


def test_8_1_stuck_imports_count_as_queued() -> None:
    """Import failures keep blocking further grabs, failed and finished downloads do not."""
    subject = tracker()
    subject.see([item(ItemStatus.COMPLETED)])
    download = subject.downloads["id"]
    for state, blocking in [
        (TrackedState.IMPORT_FAILED, True),
        (TrackedState.IMPORT_BLOCKED, True),
        (TrackedState.DOWNLOAD_FAILED, False),
        (TrackedState.IMPORTED, False),
    ]:
        download.state = state
        assert (subject.active_qualities(ALBUM) == ("FLAC",)) is blocking
