"""Transfers that a person had started before we asked: watched, never stopped or taken away."""

from __future__ import annotations

import pytest

from soulspot_arr.domain import BatchRequest, FailureKind, TransferState
from tests.soulspot_arr.workshop import Bench, flac, offer

FOLDER = "Music\\Cello\\Undertow"
ONE = f"{FOLDER}\\01.flac"
DATA = flac()


@pytest.fixture
def shared(bench: Bench) -> str:
    """A grab of a file that a person is fetching already."""
    main = offer("anna", "01.flac", size=len(DATA))
    bench.source.contents(ONE, DATA)
    bench.source.download_raw(BatchRequest("person", "anna", main.files, "Undertow"))
    return bench.asked(main)


def test_B5_cancelling_leaves_the_persons_transfer_alone(bench: Bench, shared: str) -> None:
    """Neither stopped nor removed from the list, and the grab is cleaned up all the same."""
    bench.look()
    assert bench.files(shared)[0].adopted
    bench.queue.cancel([shared])
    bench.cleanup.run()
    assert bench.source.of(ONE).state is TransferState.QUEUED
    assert (bench.source.cancelled, bench.source.forgotten) == ([], [])
    assert bench.files(shared)[0].released_at is not None
    assert bench.grab(shared).cleaned_at is not None


def test_B5_success_copies_and_leaves_the_persons_file(bench: Bench, shared: str) -> None:
    """Lidarr gets its album, the person keeps file and record."""
    bench.source.succeed(ONE)
    bench.calm()
    bench.look()
    assert bench.completion.run() == 1
    bench.cleanup.run()
    assert (bench.root / "Undertow" / "01.flac").read_bytes() == DATA
    assert bench.source.of(ONE).state is TransferState.SUCCEEDED
    assert bench.files(shared)[0].placed_path


def test_B5_a_failed_one_stays_listed_and_the_next_attempt_is_ours(
    bench: Bench, shared: str
) -> None:
    """What we start ourselves afterwards is ours to stop, and only that."""
    bench.look()
    theirs = bench.source.of(ONE).ref
    bench.source.fail(ONE, FailureKind.BROKEN)
    bench.look()
    bench.clock.advance(3_600)
    bench.dispatcher.run()
    bench.look()
    mine = bench.files(shared)[0]
    assert (mine.adopted, mine.transfer_ref != theirs) == (False, True)
    bench.queue.cancel([shared])
    bench.cleanup.run()
    assert [ref.ref for ref in bench.source.forgotten] == [mine.transfer_ref]


def test_B5_a_broken_file_of_a_person_is_not_deleted(bench: Bench, shared: str) -> None:
    """It is of no use to us, but it is not ours."""
    bench.source.contents(ONE, bytes(len(DATA)))
    bench.source.succeed(ONE)
    bench.calm()
    bench.look()
    assert bench.completion.run() == 0
    assert (bench.root / "Undertow" / "01.flac").exists()


def test_B5_a_poll_that_is_faster_than_the_receipt_changes_nothing(bench: Bench) -> None:
    """The transfer is noted as somebody else's although the file is queued already."""
    main = offer("anna", "01.flac", size=len(DATA))
    bench.source.download_raw(BatchRequest("person", "anna", main.files, "Undertow"))
    nzo_id = bench.add(main)
    bench.during("download", bench.look)
    bench.dispatcher.run()
    [row] = bench.files(nzo_id)
    assert (row.status, row.adopted) == ("queued", True)
