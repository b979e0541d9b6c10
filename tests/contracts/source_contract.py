"""The behaviour every download source owes to the core, as tests over a bench.

A source is tested by a class that inherits `SourceContract` and provides the fixture `bench`: the
source itself with a hand on the world behind it. The words of the contract: `soulspot_arr.sources`.
"""

from __future__ import annotations

import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from soulspot_arr.domain import (
    BatchRequest,
    FailureKind,
    OfferFile,
    Receipt,
    Transfer,
    TransferRef,
    TransferState,
)
from soulspot_arr.errors import SourceAuth, SourceRefused, SourceUnavailable
from soulspot_arr.sources import DownloadSource, SearchLimits
from soulspot_arr.sources.landing import landing_name

PEER = "peer / one"
FOLDER = "@@qhzvx\\Music\\Marlow Finch\\Harbour Lights [FLAC]"
SONGS = ("01 - Low Tide.flac", "02 - Knots.flac")
SIZES = (20_011, 20_022)
PATHS = tuple(f"{FOLDER}\\{song}" for song in SONGS)
ENDED = frozenset({TransferState.SUCCEEDED, TransferState.FAILED})


class SourceBench(ABC):
    """A source and the world behind it. Outcomes: serve, never, reject, busy, flaky."""

    source: DownloadSource
    root: Path | None = None  # where its files really land, when that can be seen
    destinations = True  # it puts a batch where it was asked to
    tries_again = True  # it mends a broken connection by itself
    limits = SearchLimits(seconds=30, enough_peers=60, dry_after=1)

    @abstractmethod
    def share(self, peer: str, path: str, size: int, *, locked: bool = False) -> None:
        """Let a peer share one file; the peer appears with its first one."""

    @abstractmethod
    def script(self, peer: str, path: str, outcome: str) -> None:
        """What will happen to transfers of this file."""

    @abstractmethod
    def take_offline(self, peer: str) -> None:
        """The peer leaves."""

    @abstractmethod
    def cut(self) -> None:
        """Nothing answers any more."""

    @abstractmethod
    def mend(self) -> None:
        """Everything answers again."""

    @abstractmethod
    def lock_out(self) -> None:
        """The source's credentials are no longer accepted."""

    @abstractmethod
    def foreign_search(self) -> None:
        """Somebody else searches through the same service."""


def request(*paths: str, peer: str = PEER, key: str | None = None) -> BatchRequest:
    """Ask for files of the standard album."""
    sizes = dict(zip(PATHS, SIZES, strict=True))
    files = tuple(OfferFile(path, path, sizes.get(path, 20_000)) for path in paths or PATHS)
    return BatchRequest(key or str(uuid.uuid4()), peer, files, "soulspot/nzo_1/CD1")


def until(
    bench: SourceBench, wanted: Callable[[dict[str, Transfer]], bool], seconds: float = 60
) -> dict[str, Transfer]:
    """Poll until the newest transfers by path look as wanted."""
    give_up = time.monotonic() + seconds
    while True:
        snapshot = bench.source.poll_raw()
        found: dict[str, Transfer] = {}
        for item in snapshot.transfers:
            rival = found.get(item.path)
            if rival is None or (item.since or snapshot.at) >= (rival.since or snapshot.at):
                found[item.path] = item
        if wanted(found):
            return found
        assert time.monotonic() < give_up, f"not in time: {found}"
        time.sleep(0.05)


def ended(path: str) -> Callable[[dict[str, Transfer]], bool]:
    """Whether the transfer of a path is over."""
    return lambda found: path in found and found[path].state in ENDED


def refs(receipt: Receipt, peer: str = PEER) -> list[TransferRef]:
    """The references of what was accepted."""
    return [TransferRef(peer, item.ref) for item in receipt.accepted if item.ref]


class SourceContract:
    """Inherit, and provide `bench`."""

    @pytest.fixture
    def album(self, bench: SourceBench) -> SourceBench:
        """A bench whose standard peer shares the standard album."""
        for path, size in zip(PATHS, SIZES, strict=True):
            bench.share(PEER, path, size)
        return bench

    # -- who it is -----------------------------------------------------------------------------

    def test_it_names_itself_and_its_settings(self, bench: SourceBench) -> None:
        """A stable key, a label for people, settings of its own group."""
        source = bench.source
        assert source.name == source.name.lower().strip() != ""
        assert source.label
        assert all(spec.key.startswith(f"{source.name}.") for spec in source.settings)
        assert source.is_configured()

    def test_a_check_says_it_is_there(self, bench: SourceBench) -> None:
        """With version and root."""
        status = bench.source.check_connection()
        assert status.ok, status
        assert status.version
        assert status.root
        assert status.detail

    def test_a_check_never_raises(self, bench: SourceBench) -> None:
        """An outage is an answer, with a way out; and it ends."""
        bench.cut()
        status = bench.source.check_connection()
        assert not status.ok
        assert status.code == "unreachable"
        assert status.fix
        bench.mend()
        assert bench.source.check_connection().ok

    def test_a_lock_out_is_told(self, bench: SourceBench) -> None:
        """Wrong credentials are not an outage."""
        bench.lock_out()
        status = bench.source.check_connection()
        assert (status.ok, status.code) == (False, "auth")

    # -- searching -----------------------------------------------------------------------------

    def test_a_search_is_raw(self, album: SourceBench) -> None:
        """Every file of the answer, byte for byte, companions and locked ones too."""
        album.share(PEER, f"{FOLDER}\\cover.jpg", 777)
        album.share(PEER, f"{FOLDER}\\03 - Secret.flac", 999, locked=True)
        found = album.source.search_raw("Marlow Finch Harbour Lights", limits=album.limits)
        [folder] = found
        assert (folder.peer, folder.path) == (PEER, FOLDER)
        assert {(item.path, item.size, item.locked) for item in folder.files} == {
            (PATHS[0], SIZES[0], False),
            (PATHS[1], SIZES[1], False),
            (f"{FOLDER}\\cover.jpg", 777, False),
            (f"{FOLDER}\\03 - Secret.flac", 999, True),
        }
        assert all(item.locator for item in folder.files)

    def test_folders_are_kept_apart(self, album: SourceBench) -> None:
        """One entry per peer and directory, with both kinds of separators."""
        album.share("second", PATHS[0], SIZES[0])
        album.share("second", "/home/x/Marlow Finch/Harbour Lights/CD1/01.flac", 5_000)
        found = album.source.search_raw("Marlow Harbour", limits=album.limits)
        assert {(folder.peer, folder.path) for folder in found} == {
            (PEER, FOLDER),
            ("second", FOLDER),
            ("second", "/home/x/Marlow Finch/Harbour Lights/CD1"),
        }

    def test_nothing_found_is_nothing(self, album: SourceBench) -> None:
        """No answer is no error."""
        assert list(album.source.search_raw("Nobody Ever Played", limits=album.limits)) == []

    def test_a_search_ends_by_its_limit(self, album: SourceBench) -> None:
        """However short."""
        started = time.monotonic()
        album.source.search_raw("Marlow Finch", limits=SearchLimits(seconds=1.5))
        assert time.monotonic() - started < 20

    def test_a_folder_is_listed_by_its_peer(self, album: SourceBench) -> None:
        """All of it, with the paths that a search shows, and nothing from below it."""
        album.share(PEER, f"{FOLDER}\\Scans\\front.jpg", 777)
        album.share("second", "/home/x/Marlow Finch/CD1/01.flac", 5_000)
        found = album.source.folder_raw(PEER, FOLDER, seconds=5)
        assert found is not None
        assert (found.peer, found.path) == (PEER, FOLDER)
        assert {(item.path, item.size) for item in found.files} == set(
            zip(PATHS, SIZES, strict=True)
        )
        assert all(item.locator for item in found.files)
        other = album.source.folder_raw("second", "/home/x/Marlow Finch/CD1", seconds=5)
        assert other is not None
        assert [item.path for item in other.files] == ["/home/x/Marlow Finch/CD1/01.flac"]

    def test_a_folder_that_nobody_lists(self, album: SourceBench) -> None:
        """Unknown, of an unknown peer, of one that is offline: none of them is an error."""
        assert album.source.folder_raw(PEER, "Music\\Elsewhere", seconds=5) is None
        assert album.source.folder_raw("nobody", FOLDER, seconds=5) is None
        album.take_offline(PEER)
        assert album.source.folder_raw(PEER, FOLDER, seconds=5) is None

    def test_a_folder_during_an_outage(self, album: SourceBench) -> None:
        """That is no answer of the peer."""
        album.cut()
        with pytest.raises(SourceUnavailable):
            album.source.folder_raw(PEER, FOLDER, seconds=5)

    def test_foreign_searches_are_those_of_others(self, album: SourceBench) -> None:
        """Ours do not count twice."""
        since = datetime.now(UTC) - timedelta(hours=1)
        album.source.search_raw("Marlow Finch", limits=album.limits)
        assert list(album.source.foreign_searches(since, seconds=5)) == []
        album.foreign_search()
        [moment] = album.source.foreign_searches(since, seconds=5)
        assert moment.tzinfo is not None
        later = datetime.now(UTC) + timedelta(hours=1)
        assert list(album.source.foreign_searches(later, seconds=5)) == []

    # -- asking for files ----------------------------------------------------------------------

    def test_a_receipt_tells_every_file(self, album: SourceBench) -> None:
        """Reference and placement of each, in the order asked."""
        receipt = album.source.download_raw(request())
        assert [item.path for item in receipt.accepted] == list(PATHS)
        assert receipt.refused == ()
        assert all(item.ref for item in receipt.accepted)
        folder = "soulspot/nzo_1/CD1" if album.destinations else "Harbour Lights [FLAC]"
        assert {item.placement for item in receipt.accepted} == {folder}

    def test_the_same_key_is_the_same_request(self, album: SourceBench) -> None:
        """Sent twice, recorded once."""
        for path in PATHS:
            album.script(PEER, path, "never")
        asked = request()
        first = album.source.download_raw(asked)
        second = album.source.download_raw(asked)
        assert refs(first) == refs(second)
        listed = [item.path for item in album.source.poll_raw().transfers]
        assert sorted(listed) == sorted(PATHS)

    def test_a_running_file_is_accepted_again(self, album: SourceBench) -> None:
        """Another request for what already runs is answered with what runs."""
        album.script(PEER, PATHS[0], "never")
        first = album.source.download_raw(request(PATHS[0]))
        second = album.source.download_raw(request(PATHS[0]))
        assert refs(first) == refs(second)

    def test_a_peer_that_left_is_refused(self, album: SourceBench) -> None:
        """As the peer's absence, not as ours."""
        album.take_offline(PEER)
        with pytest.raises(SourceRefused) as caught:
            album.source.download_raw(request())
        assert caught.value.kind == FailureKind.PEER_OFFLINE
        assert album.source.poll_raw().transfers == ()

    @pytest.mark.parametrize("path", ["Music\\..\\x.flac", "Music/./x.flac", "Mu\0sic\\x.flac"])
    def test_climbing_paths_are_refused(self, path: str, album: SourceBench) -> None:
        """Whatever a peer calls its files."""
        with pytest.raises(SourceRefused) as caught:
            album.source.download_raw(request(path))
        assert caught.value.kind == FailureKind.REJECTED

    # -- watching ------------------------------------------------------------------------------

    def test_a_file_arrives_where_it_was_placed(self, album: SourceBench) -> None:
        """From request to disk; receipt, snapshot and disk agree."""
        receipt = album.source.download_raw(request())
        found = until(album, lambda now: all(ended(path)(now) for path in PATHS))
        for accepted, size in zip(receipt.accepted, SIZES, strict=True):
            item = found[accepted.path]
            assert (item.state, item.failure) == (TransferState.SUCCEEDED, None)
            assert (item.peer, item.ref) == (PEER, accepted.ref)
            assert (item.size, item.bytes_done) == (size, size)
            assert item.placement == accepted.placement
            assert item.since is not None
            assert item.since.tzinfo is not None
            assert item.batch_key == receipt.batch_key
            self._is_there(album, item)

    @staticmethod
    def _is_there(bench: SourceBench, item: Transfer) -> None:
        if bench.root is None:
            return
        path = bench.root / (item.placement or "") / landing_name(item.path)
        give_up = time.monotonic() + 30
        while not (path.exists() and path.stat().st_size == item.size):
            assert time.monotonic() < give_up, f"{path} is missing"
            time.sleep(0.02)

    def test_a_waiting_file_stays_queued(self, album: SourceBench) -> None:
        """Nothing moves, nothing fails."""
        album.script(PEER, PATHS[0], "never")
        album.source.download_raw(request(PATHS[0]))
        for _ in range(5):
            [item] = album.source.poll_raw().transfers
            assert (item.state, item.failure, item.bytes_done) == (TransferState.QUEUED, None, 0)
            time.sleep(0.05)

    @pytest.mark.parametrize(
        ("outcome", "kind"),
        [("reject", FailureKind.FILE_NOT_FOUND), ("busy", FailureKind.PEER_BUSY)],
    )
    def test_a_refusal_is_final(self, outcome: str, kind: FailureKind, album: SourceBench) -> None:
        """With its kind and the peer's words; the sibling is not touched."""
        album.script(PEER, PATHS[0], outcome)
        album.source.download_raw(request())
        found = until(album, lambda now: all(ended(path)(now) for path in PATHS))
        item = found[PATHS[0]]
        assert (item.state, item.failure) == (TransferState.FAILED, kind)
        assert item.message
        assert found[PATHS[1]].state is TransferState.SUCCEEDED

    def test_failed_means_given_up(self, album: SourceBench) -> None:
        """What the source mends by itself is never shown as failed."""
        album.script(PEER, PATHS[0], "flaky")
        album.source.download_raw(request(PATHS[0]))
        states = set()

        def watch(now: dict[str, Transfer]) -> bool:
            states.add(now[PATHS[0]].state)
            return ended(PATHS[0])(now)

        last = until(album, watch)[PATHS[0]]
        if album.tries_again:
            assert last.state is TransferState.SUCCEEDED
            assert TransferState.FAILED not in states
        else:
            assert last.state is TransferState.FAILED
            assert last.failure in {FailureKind.BROKEN, FailureKind.NETWORK}

    def test_a_snapshot_is_dated(self, bench: SourceBench) -> None:
        """Aware UTC, even when it is empty."""
        snapshot = bench.source.poll_raw()
        assert snapshot.transfers == ()
        assert abs(datetime.now(UTC) - snapshot.at) < timedelta(seconds=60)

    # -- cancelling ----------------------------------------------------------------------------

    def test_a_cancelled_file_ends(self, album: SourceBench) -> None:
        """Only that one; doing it again is fine."""
        for path in PATHS:
            album.script(PEER, path, "never")
        receipt = album.source.download_raw(request())
        first = refs(receipt)[:1]
        for _ in range(2):
            album.source.cancel_raw(first)
        found = until(album, lambda now: PATHS[0] not in now or now[PATHS[0]].state in ENDED)
        if PATHS[0] in found:
            assert found[PATHS[0]].state is TransferState.FAILED
        assert found[PATHS[1]].state is TransferState.QUEUED

    @pytest.mark.parametrize("outcome", ["never", "serve"])
    def test_a_forgotten_file_is_gone(self, outcome: str, album: SourceBench) -> None:
        """Running or ended, it is listed no more; others stay."""
        for path in PATHS:
            album.script(PEER, path, outcome)
        receipt = album.source.download_raw(request())
        if outcome == "serve":
            until(album, lambda now: all(ended(path)(now) for path in PATHS))
        for _ in range(2):
            album.source.cancel_raw(refs(receipt)[:1], forget=True)
        assert [item.path for item in album.source.poll_raw().transfers] == [PATHS[1]]

    def test_cancelling_the_unknown_is_fine(self, bench: SourceBench) -> None:
        """Ids that never were, and none at all."""
        bench.source.cancel_raw([])
        for forget in (False, True):
            bench.source.cancel_raw([TransferRef("nobody", str(uuid.uuid4()))], forget=forget)

    def test_a_cancelled_file_can_be_asked_for_again(self, album: SourceBench) -> None:
        """With a fresh key; the new transfer is another one."""
        album.script(PEER, PATHS[0], "never")
        first = album.source.download_raw(request(PATHS[0]))
        album.source.cancel_raw(refs(first), forget=True)
        second = album.source.download_raw(request(PATHS[0]))
        assert refs(first) != refs(second)
        assert [item.ref for item in album.source.poll_raw().transfers] == [refs(second)[0].ref]

    # -- trouble -------------------------------------------------------------------------------

    def _calls(self, bench: SourceBench) -> list[Callable[[], object]]:
        source = bench.source
        return [
            lambda: source.search_raw("Marlow Finch", limits=SearchLimits(seconds=0.5)),
            lambda: source.foreign_searches(datetime.now(UTC), seconds=5),
            lambda: source.download_raw(request()),
            source.poll_raw,
            lambda: source.cancel_raw([TransferRef(PEER, str(uuid.uuid4()))]),
        ]

    def test_an_outage_is_unavailable(self, album: SourceBench) -> None:
        """Every call says so, and works again afterwards."""
        album.cut()
        for call in self._calls(album):
            with pytest.raises(SourceUnavailable) as caught:
                call()
            assert caught.value.source == album.source.name
            assert caught.value.retryable
        album.mend()
        for call in self._calls(album):
            call()

    def test_a_lock_out_is_an_auth_error(self, album: SourceBench) -> None:
        """Trying again would not help: a person has to act."""
        album.lock_out()
        for call in self._calls(album):
            with pytest.raises(SourceAuth) as caught:
                call()
            assert not caught.value.retryable

    def test_several_threads_may_call(self, album: SourceBench) -> None:
        """Searches, polls and requests at the same time, with the right answers."""
        source = album.source
        for number in range(4):
            album.share("many", f"Shared\\{number}.flac", 1_000)
            album.script("many", f"Shared\\{number}.flac", "never")
        with ThreadPoolExecutor(8) as pool:
            searches = [
                pool.submit(source.search_raw, "Marlow Finch", limits=album.limits)
                for _ in range(2)
            ]
            receipts = [
                pool.submit(source.download_raw, request(f"Shared\\{number}.flac", peer="many"))
                for number in range(4)
            ]
            polls = [pool.submit(source.poll_raw) for _ in range(6)]
            assert all(len(search.result()) == 1 for search in searches)
            assert all(len(receipt.result().accepted) == 1 for receipt in receipts)
            assert all(len(poll.result().transfers) <= 4 for poll in polls)
        assert len(source.poll_raw().transfers) == 4
