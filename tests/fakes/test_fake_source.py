"""The fake source does what tests of the workshops will ask of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from soulspot_arr.domain import (
    BatchRequest,
    FailureKind,
    OfferFile,
    RawFile,
    TransferRef,
    TransferState,
)
from soulspot_arr.errors import SourceRefused, SourceThrottled, SourceUnavailable
from soulspot_arr.sources import DownloadSource, SearchLimits
from tests.fakes.fake_source import FakeSource

LIMITS = SearchLimits(seconds=1)
ONE, TWO = "Music\\Album\\01.flac", "Music\\Album\\02.flac"


def ask(*paths: str, peer: str = "bob", key: str = "k1") -> BatchRequest:
    """Ten bytes of each."""
    files = tuple(OfferFile(path, path, 10) for path in paths or (ONE, TWO))
    return BatchRequest(key, peer, files, "soulspot/x")


def test_it_is_a_download_source() -> None:
    """The type checker and the tests agree."""
    source: DownloadSource = FakeSource("other")
    assert source.name == "other"


def test_sharing_joins_folders() -> None:
    """Names or whole files, with hints for the folder."""
    fake = FakeSource()
    fake.share("bob", "Music\\Album", "01.flac")
    fake.share("bob", "Music\\Album", RawFile(TWO, TWO, 7, locked=True), queue_length=3)
    [folder] = fake.search_raw("album", limits=LIMITS)
    assert [(item.path, item.size, item.locked) for item in folder.files] == [
        (ONE, 1_000, False),
        (TWO, 7, True),
    ]
    assert (folder.queue_length, folder.free_slot) == (3, True)
    assert fake.searches == ["album"]


def test_a_search_gives_matching_files_of_peers_online() -> None:
    """Every word has to be in the path."""
    fake = FakeSource()
    fake.share("bob", "Music\\Album", "01.flac", "02.flac")
    [folder] = fake.search_raw("ALBUM 01", limits=LIMITS)
    assert [item.path for item in folder.files] == [ONE]
    fake.take_offline("bob")
    assert fake.search_raw("album", limits=LIMITS) == []
    fake.take_offline("bob", back=True)
    assert len(fake.search_raw("album", limits=LIMITS)) == 1


def test_nothing_happens_by_itself() -> None:
    """Without `auto` a poll only looks."""
    fake = FakeSource()
    fake.download_raw(ask())
    for _ in range(3):
        states = {item.state for item in fake.poll_raw().transfers}
        assert states == {TransferState.QUEUED}
    assert fake.polls == 3
    assert [request.key for request in fake.requests] == ["k1"]


def test_a_transfer_goes_where_the_test_says(tmp_path: Path) -> None:
    """Start, queue, succeed; success writes the file with its contents."""
    fake = FakeSource(root=tmp_path)
    fake.contents(ONE, b"0123456789")
    fake.download_raw(ask())
    fake.start(ONE, bytes_done=4)
    assert (fake.of(ONE).state, fake.of(ONE).bytes_done) == (TransferState.ACTIVE, 4)
    fake.queue(ONE, place=7)
    assert (fake.of(ONE).state, fake.of(ONE).place_in_queue) == (TransferState.QUEUED, 7)
    fake.succeed(ONE)
    fake.succeed(TWO, write=False)
    assert (fake.of(ONE).state, fake.of(ONE).bytes_done) == (TransferState.SUCCEEDED, 10)
    assert (tmp_path / "soulspot/x/01.flac").read_bytes() == b"0123456789"
    assert not (tmp_path / "soulspot/x/02.flac").exists()


def test_failures(tmp_path: Path) -> None:
    """Given up, not moved, and no longer known."""
    fake = FakeSource(root=tmp_path)
    fake.download_raw(ask())
    fake.fail(ONE, FailureKind.STALLED, "Inactivity")
    assert (fake.of(ONE).state, fake.of(ONE).failure) == (TransferState.FAILED, FailureKind.STALLED)
    fake.break_move(TWO)
    assert (fake.of(TWO).state, fake.of(TWO).failure) == (
        TransferState.SUCCEEDED,
        FailureKind.DISK_FULL,
    )
    fake.vanish(ONE)
    assert [item.path for item in fake.poll_raw().transfers] == [TWO]
    with pytest.raises(KeyError):
        fake.of(ONE)


def test_the_same_path_of_two_peers() -> None:
    """The peer tells them apart; without one the latest is meant."""
    fake = FakeSource()
    fake.download_raw(ask(ONE))
    fake.download_raw(ask(ONE, peer="eve", key="k2"))
    fake.start(ONE, peer="bob")
    assert fake.of(ONE, "bob").state is TransferState.ACTIVE
    assert fake.of(ONE).peer == "eve"
    assert fake.of(ONE).state is TransferState.QUEUED


def test_step_moves_everything_to_its_end() -> None:
    """Queued, active, over; stuck ones and those of absent peers stay."""
    fake = FakeSource()
    fake.download_raw(ask("a\\1", "a\\2", "a\\3"))
    fake.download_raw(ask("a\\4", peer="eve", key="k2"))
    fake.stick("bob", "a\\2")
    fake.will_fail("bob", "a\\3", FailureKind.REJECTED, "File not shared.")
    fake.take_offline("eve")
    fake.step()
    fake.step()
    assert [fake.of(f"a\\{n}").state for n in (1, 2, 3, 4)] == [
        TransferState.SUCCEEDED,
        TransferState.QUEUED,
        TransferState.FAILED,
        TransferState.QUEUED,
    ]
    assert fake.of("a\\3").message == "File not shared."


def test_requests_are_refused() -> None:
    """A whole peer, or one file of it."""
    fake = FakeSource()
    fake.refuse("bob", TWO, kind=FailureKind.PEER_BUSY, message="Too many files")
    receipt = fake.download_raw(ask())
    assert [item.path for item in receipt.accepted] == [ONE]
    [refused] = receipt.refused
    assert (refused.path, refused.kind) == (TWO, FailureKind.PEER_BUSY)
    fake.refuse("eve", kind=FailureKind.REJECTED)
    with pytest.raises(SourceRefused) as caught:
        fake.download_raw(ask(peer="eve", key="k2"))
    assert caught.value.kind == "rejected"


def test_errors_come_in_order_and_end() -> None:
    """The next calls of one name raise; others do not."""
    fake = FakeSource()
    busy = SourceThrottled("busy", source="slskd", retry_after=1)
    fake.break_next("download", busy, times=2)
    for _ in range(2):
        with pytest.raises(SourceThrottled):
            fake.download_raw(ask())
        fake.poll_raw()
    assert fake.download_raw(ask()).accepted
    fake.down = True
    with pytest.raises(SourceUnavailable):
        fake.poll_raw()
    assert fake.check_connection().code == "unreachable"


def test_a_restart_changes_references_and_loses_batches() -> None:
    """As slskd's own restart does; what had ended stays."""
    fake = FakeSource()
    fake.download_raw(ask())
    fake.succeed(TWO)
    before = fake.of(ONE)
    fake.restart()
    after = fake.of(ONE)
    assert before.ref != after.ref
    assert (after.batch_key, after.placement) == (None, "Album")
    assert (fake.of(TWO).batch_key, fake.of(TWO).placement) == ("k1", "soulspot/x")


def test_cancelling_is_written_down() -> None:
    """Live ones fail as cancelled; forgotten ones are gone."""
    fake = FakeSource()
    first, second = (
        TransferRef("bob", item.ref or "") for item in fake.download_raw(ask()).accepted
    )
    fake.cancel_raw([first])
    assert fake.of(ONE).failure is FailureKind.CANCELLED_AT_SOURCE
    fake.cancel_raw([second], forget=True)
    assert [item.path for item in fake.poll_raw().transfers] == [ONE]
    assert (fake.cancelled, fake.forgotten) == ([first], [second])


def test_calls_can_be_watched() -> None:
    """A test may let time pass, or look at the database, inside a call."""
    fake = FakeSource()
    calls: list[str] = []
    fake.on_call = calls.append
    fake.search_raw("x", limits=LIMITS)
    fake.foreign_searches(datetime.now(UTC), seconds=2)
    fake.download_raw(ask())
    fake.poll_raw()
    fake.cancel_raw([])
    fake.check_connection()
    assert calls == ["search", "foreign", "download", "poll", "cancel", "check"]
